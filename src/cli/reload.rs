//! Compiling again while the server serves: on SIGHUP, and with `--watch` when a file changes.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::{Folders, Reporting, load};
use crate::api::{Engine, Limits};
use crate::server::Live;

/// An editor writes a file in several steps; after the last one it is quiet for so long.
const QUIET: Duration = Duration::from_millis(200);

/// When a reload is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    /// As soon as nothing more changes.
    Quiet,
}

/// Asks for a reload; several asked for at once are one.
#[derive(Debug, Clone)]
pub(super) struct Trigger(Sender<When>);

impl Trigger {
    /// Asks for a reload at once.
    pub fn pull(&self) {
        // Nobody listens any more only while the server ends.
        let _ = self.0.send(When::Now);
    }

    /// Asks for a reload after a change, perhaps one of several.
    fn changed(&self) {
        let _ = self.0.send(When::Quiet);
    }
}

/// What a reload needs.
pub(super) struct Reloader {
    pub folders: Folders,
    pub reporting: Reporting,
    pub limits: Limits,
    pub live: Arc<Live>,
}

impl Reloader {
    /// Begins to wait for triggers, on a thread of its own.
    pub fn start(self) -> Trigger {
        let (sender, receiver) = channel();
        std::thread::spawn(move || self.wait(&receiver));
        Trigger(sender)
    }

    fn wait(&self, receiver: &Receiver<When>) {
        while let Ok(mut when) = receiver.recv() {
            while when == When::Quiet {
                match receiver.recv_timeout(QUIET) {
                    Ok(next) => when = next,
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            self.reload();
        }
    }

    /// Compiles the new schema and data beside the old, and serves them if they are sound.
    fn reload(&self) {
        let start = Instant::now();
        let compiled = load::compile(&self.folders).map_err(|reports| load::drawn(&reports, &self.reporting));
        let made = compiled.and_then(|(snapshot, warnings)| {
            let summary = load::summary(&snapshot, start.elapsed());
            let engine = Engine::new(Arc::new(snapshot), self.limits).map_err(|error| error.to_string())?;
            Ok((engine, summary, warnings))
        });
        match made {
            Ok((engine, summary, warnings)) => {
                load::show(&warnings, &self.reporting);
                load::index_in_background(&engine);
                self.live.replace(engine);
                eprintln!("reloaded: {summary}");
            }
            Err(failure) => {
                eprintln!("{failure}not reloaded: the graph from before is still served");
                self.live.keep(failure);
            }
        }
    }
}

/// Pulls the trigger whenever something below the folders changes, for as long as it is kept.
pub(super) fn watch(folders: &Folders, trigger: Trigger) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading a file is an event too, and reloading reads all of them.
        if event.is_ok_and(|it| !it.kind.is_access()) {
            trigger.changed();
        }
    })?;
    if let Some(file) = &folders.graph {
        // A new file gets the name, which is told of the folder.
        let parent = file.parent().filter(|it| !it.as_os_str().is_empty());
        let parent = parent.unwrap_or_else(|| std::path::Path::new("."));
        watcher.watch(parent, RecursiveMode::NonRecursive)?;
        return Ok(watcher);
    }
    watcher.watch(&folders.schema, RecursiveMode::Recursive)?;
    watcher.watch(&folders.data, RecursiveMode::Recursive)?;
    Ok(watcher)
}
