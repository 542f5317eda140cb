//! Reloads schema and data while the server runs: on SIGHUP, and with `--watch` when a file changes.

use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::{Folders, Reporting, indexing, load, note};
use crate::api::{Engine, Limits, Persisted};
use crate::report::visible;
use crate::server::Live;

/// Scripts may send several signals in a row. A reload begins when no signal has arrived for this time.
const QUIET: Duration = Duration::from_millis(100);
/// Maximum delay of a reload if signals continue to arrive.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Requests a reload. Requests that arrive before the reload begins are merged.
#[derive(Debug, Clone)]
pub(super) struct Trigger {
    /// The channel holds one message while a reload is requested.
    asked: SyncSender<()>,
    /// Whether more signals may follow at once.
    is_signal: Arc<AtomicBool>,
}

/// The receiving end, which waits for triggers.
pub(super) struct ReloadReceiver {
    pub asked: Receiver<()>,
    is_signal: Arc<AtomicBool>,
}

pub(super) fn trigger() -> (Trigger, ReloadReceiver) {
    let (sender, receiver) = sync_channel(1);
    let is_signal = Arc::new(AtomicBool::new(false));
    let trigger = Trigger {
        asked: sender,
        is_signal: is_signal.clone(),
    };
    let triggered = ReloadReceiver {
        asked: receiver,
        is_signal,
    };
    (trigger, triggered)
}

impl Trigger {
    /// Requests a reload after a signal, which may be one of several.
    pub fn pull(&self) {
        self.is_signal.store(true, Ordering::SeqCst);
        self.changed();
    }

    /// Requests a reload after a change is complete. Returns `false` if there will be no more reloads.
    pub fn changed(&self) -> bool {
        // If the channel is full, a reload is already pending.
        !matches!(self.asked.try_send(()), Err(TrySendError::Disconnected(())))
    }
}

impl ReloadReceiver {
    /// Waits for the next reload. Returns `false` if there will be no more.
    fn wait(&self) -> bool {
        if self.asked.recv().is_err() {
            return false;
        }
        let last = Instant::now() + LONGEST_WAIT;
        while self.is_signal.load(Ordering::SeqCst) {
            let left = last.saturating_duration_since(Instant::now());
            match self.asked.recv_timeout(QUIET.min(left)) {
                Ok(()) if left.is_zero() => break,
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        self.is_signal.store(false, Ordering::SeqCst);
        true
    }
}

/// State that a reload uses.
pub(super) struct Reloader {
    pub folders: Folders,
    pub reporting: Reporting,
    pub limits: Limits,
    pub persisted: Arc<Persisted>,
    pub live: Arc<Live>,
}

impl Reloader {
    /// Starts a thread that waits for triggers.
    pub fn start(self) -> Trigger {
        let (trigger, triggered) = trigger();
        std::thread::spawn(move || {
            while triggered.wait() {
                let made = caught(|| self.compiled());
                self.serve(made);
            }
        });
        trigger
    }

    /// Compiles the new schema and data while the old ones are served; also returns a line that describes them.
    fn compiled(&self) -> Result<(Engine, String), String> {
        let start = Instant::now();
        let before = self.live.engine();
        let loaded = load::compile(&self.folders, |ontology, memory| before.api_of(ontology, memory));
        let loaded = loaded.map_err(|reports| load::drawn(&reports, &self.reporting))?;
        let summary = load::summary(&loaded.snapshot, start.elapsed());
        load::show(&loaded.warnings, &self.reporting);
        let documents = self.persisted.check(&loaded.api, &self.limits);
        load::show(&documents, &self.reporting);
        let engine = before.succeeded_by(Arc::new(loaded.snapshot), loaded.api);
        Ok((engine, summary))
    }

    /// Serves the compiled graph if it has no errors.
    fn serve(&self, made: Result<(Engine, String), String>) {
        match made {
            Ok((engine, summary)) => {
                indexing::index_in_background(&engine);
                self.live.replace(engine);
                note(format_args!("reloaded: {summary}"));
            }
            Err(failure) => {
                // The report is written line by line as it is; control characters in names and values are escaped
                // already.
                let _ = write!(std::io::stderr(), "{failure}");
                note("not reloaded: the graph from before is still served");
                self.live.keep();
            }
        }
    }
}

/// Outcome of a reload. A panic is a bug; the previous graph is served after it.
fn caught<T>(reload: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // After a panic, nothing that the reload made is used.
    catch_unwind(AssertUnwindSafe(reload)).unwrap_or_else(|panic| {
        let why = said(&*panic);
        let why = visible(why);
        Err(format!(
            "clew: the reload panicked, which is a bug of Clew: {why}\n"
        ))
    })
}

/// The message of a panic.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_before_a_reload_is_one() {
        let (trigger, triggered) = trigger();
        for _ in 0..301 {
            trigger.pull();
        }
        assert!(triggered.wait());
        assert!(triggered.asked.try_recv().is_err(), "nothing is left");
        trigger.changed();
        trigger.pull();
        assert!(triggered.wait());
        assert!(
            triggered.asked.try_recv().is_err(),
            "a change and a signal are one"
        );
        assert!(trigger.changed());
        assert!(triggered.wait());
        drop(trigger);
        assert!(!triggered.wait(), "nobody asks any more");
    }

    #[test]
    fn a_panic_fails_the_reload_and_nothing_else() {
        let failed: Result<(), String> = caught(|| panic!("row {} of 3", 4));
        assert!(failed.unwrap_err().contains("row 4 of 3"));
        assert_eq!(caught(|| Ok(1)), Ok(1));
        assert_eq!(
            caught(|| Err::<(), _>("broken".to_owned())),
            Err("broken".to_owned())
        );
    }
}
