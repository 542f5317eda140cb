//! Shows the progress of a load on a terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::facts::Progress;

/// Shows the progress of reading on a terminal.
pub(super) fn with_bar<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let bar = ProgressBar::new(0);
    let template = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}");
    if let Ok(style) = template {
        bar.set_style(style);
    }
    bar.set_message("reading");
    let done = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        // If its thread cannot be started, no progress bar is shown.
        let _ = std::thread::Builder::new().spawn_scoped(scope, || {
            let start = Instant::now();
            while !done.load(Ordering::Relaxed) {
                // A graph that loads in a moment needs no progress bar.
                if start.elapsed() > Duration::from_millis(300) {
                    let (total, read) = (
                        progress.total.load(Ordering::Relaxed),
                        progress.done.load(Ordering::Relaxed),
                    );
                    bar.set_length(total);
                    bar.set_position(read);
                    if read >= total {
                        bar.set_message("building");
                    }
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    });
    bar.finish_and_clear();
    result
}
