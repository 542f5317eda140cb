//! Pauses of the machine that count as CPU time of a thread.
//!
//! `cargo bench --bench pauses -- [SECONDS]` reads the clock of the thread's CPU time in a loop, by default for a
//! minute, and prints steps of more than 3 ms. They occur in a virtual machine when its host stops it. The longest
//! polls in `benches/limits` contain such pauses too, so a poll that took too long is measured a second time.

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
