//! Pauses of the machine that the clock of a thread's CPU time counts as work of the thread.
//!
//! `cargo bench --bench pauses -- [SECONDS]` reads that clock without doing anything else, for a minute if it is not said,
//! and prints the steps of more than 3 ms. A virtual machine that is stopped by its host has them. The longest polls that
//! `benches/limits` measures have them as well, so it measures a poll that took too long a second time.

use std::error::Error;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Shorter steps are interrupts.
const LONG: Duration = Duration::from_millis(3);

fn used() -> Result<Duration, Box<dyn Error>> {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let seconds = seconds.map_or(Ok(60), |it| it.parse())?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut pauses = Vec::new();
    let mut last = used()?;
    while Instant::now() < end {
        let now = used()?;
        let step = now.saturating_sub(last);
        if step > LONG {
            pauses.push(step);
        }
        last = now;
    }
    pauses.sort_unstable();
    let longest = pauses.iter().rev().take(5);
    let longest: Vec<String> = longest
        .map(|it| format!("{:.1}", it.as_secs_f64() * 1e3))
        .collect();
    println!(
        "{} pauses of more than {} ms in {seconds} s; the longest, in ms: {}",
        pauses.len(),
        LONG.as_millis(),
        if longest.is_empty() {
            "none".to_owned()
        } else {
            longest.join(", ")
        }
    );
    Ok(())
}
