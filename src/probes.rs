//! Measures CPU time for tests of the limits; only with the cargo feature `probes`.

use std::cell::Cell;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time that the current thread has used.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

thread_local! {
    static LAST: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Records that a run checked its clock and may continue.
pub fn checked() {
    LAST.set(cpu_time());
}

/// CPU time of the current thread since a run last passed a check. An upper bound on the time that it used after its
/// deadline.
pub fn since_last_check() -> Duration {
    cpu_time().saturating_sub(LAST.get())
}
