//! Notices changes of the schema or the data while the server runs.
//!
//! Events of the system are only hints. After each event, and every few seconds without one, the current [`State`] of
//! the files is compared with the one that was last loaded. So events that change nothing cause no reload, such as
//! those of an editor's temporary files. Changes without events are found too, such as those on a network file system.
//! The watched folders are the given ones and all folders on the paths to them, since any part of a path may be
//! replaced: by `mv`, `ln -sfn`, or the `..data` link of Kubernetes.
//!
//! A comparison takes time linear in the number of files. Comparisons use at most a tenth of one core after events, and
//! a fiftieth without events.

mod state;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{ErrorKind, Event, EventKind, RecursiveMode, Watcher};

use self::state::{Folder, Root, State};
use super::reload::Trigger;
use super::{Folders, note};

/// Editors and copying programs write a file in several steps. A change is complete when nothing has changed for this
/// time.
const QUIET: Duration = Duration::from_millis(200);
/// Maximum delay of a reload if files continue to change.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Time between two comparisons without an event.
const POLL: Duration = Duration::from_secs(2);

/// The watched files, in their state before they were loaded.
pub(super) struct Watch {
    roots: Vec<Root>,
    loaded: State,
}

impl Watch {
    /// Reads the state of the files. Must be called before they are loaded, so that a change during the load is
    /// noticed.
    pub fn new(folders: &Folders) -> Self {
        let root = |path: &Path, is_read| Root {
            path: path.to_owned(),
            is_read,
        };
        let roots = match &folders.graph {
            Some(file) => vec![root(file, |_| true)],
            None => vec![
                root(&folders.schema, crate::ontology::is_schema),
                root(&folders.data, crate::facts::is_data),
            ],
        };
        let loaded = State::of(&roots);
        Self { roots, loaded }
    }

    /// Requests a reload after each change, on a separate thread.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn start(self, trigger: Trigger) -> io::Result<()> {
        let watching = Watching::new(self, trigger, system, POLL);
        let thread = std::thread::Builder::new().name("watch".to_owned());
        thread.spawn(|| watching.run()).map(drop)
    }
}

type Handler = Box<dyn FnMut(notify::Result<Event>) + Send>;
type Events = Box<dyn Watcher + Send>;

/// The source of events.
fn system(handler: Handler) -> notify::Result<Events> {
    Ok(Box::new(notify::recommended_watcher(handler)?))
}

struct Watching {
    roots: Vec<Root>,
    trigger: Trigger,
    /// State at the last load.
    loaded: Arc<State>,
    /// State at the last comparison.
    found: Arc<ArcSwap<State>>,
    hints: Receiver<()>,
    hint: SyncSender<()>,
    /// Whether events may be missing because a watched folder was replaced or the queue overflowed.
    is_broken: Arc<AtomicBool>,
    make: fn(Handler) -> notify::Result<Events>,
    events: Option<Events>,
    /// Folders that are registered for events.
    watched: BTreeMap<PathBuf, Folder>,
    /// Why some events are missing, as last logged.
    fault: Option<String>,
    poll: Duration,
    /// Duration of the last comparison.
    taken: Duration,
}

impl Watching {
    fn new(
        watch: Watch,
        trigger: Trigger,
        make: fn(Handler) -> notify::Result<Events>,
        poll: Duration,
    ) -> Self {
        let (hint, hints) = sync_channel(1);
        let loaded = Arc::new(watch.loaded);
        Self {
            roots: watch.roots,
            trigger,
            found: Arc::new(ArcSwap::new(loaded.clone())),
            loaded,
            hints,
            hint,
            is_broken: Arc::new(AtomicBool::new(true)),
            make,
            events: None,
            watched: BTreeMap::new(),
            fault: None,
            poll,
            taken: Duration::ZERO,
        }
    }

    /// Watches until no more reloads can be requested.
    fn run(mut self) {
        loop {
            let found = self.look();
            if !found.is_same(&self.loaded) {
                let settled = self.settled(found);
                // For example, a file that was renamed and renamed back is unchanged.
                if !settled.is_same(&self.loaded) {
                    self.loaded = settled;
                    if !self.trigger.changed() {
                        return;
                    }
                }
            }
            std::thread::sleep(self.taken * 9);
            if self.hints.recv_timeout(self.poll.max(self.taken * 50)) == Err(RecvTimeoutError::Timeout)
                && self.fault.is_some()
            {
                self.is_broken.store(true, Ordering::SeqCst);
            }
        }
    }

    /// Waits until the files stop changing.
    fn settled(&mut self, mut last: Arc<State>) -> Arc<State> {
        let start = Instant::now();
        loop {
            std::thread::sleep(QUIET.max(self.taken * 9));
            let now = self.look();
            if now.is_same(&last) || start.elapsed() >= LONGEST_WAIT {
                return now;
            }
            last = now;
        }
    }

    /// Reads the state of the files, and registers all folders for events of later changes.
    fn look(&mut self) -> Arc<State> {
        // A folder may be replaced after the state was read and before its events are registered. If folders change
        // more often, the next comparison finds them.
        for _ in 0..2 {
            let found = self.find();
            let is_broken = self.is_broken.swap(false, Ordering::SeqCst);
            if !is_broken && self.watched == found.folders {
                return found;
            }
            self.listen(&found);
        }
        self.find()
    }

    fn find(&mut self) -> Arc<State> {
        let start = Instant::now();
        let found = Arc::new(State::of(&self.roots));
        self.taken = start.elapsed();
        self.found.store(found.clone());
        found
    }

    /// Registers all folders for events, and unregisters those that were replaced. All registrations are renewed,
    /// because notify identifies folders by their paths: it loses folders that are renamed, even if they get their old
    /// names again.
    fn listen(&mut self, found: &State) {
        self.watched.clone_from(&found.folders);
        let begun = (self.make)(self.handler()).map(|mut events| {
            let fault = add(&mut *events, found.folders.keys()).err();
            (events, fault)
        });
        let fault = match begun {
            Ok((events, fault)) => {
                // If some folders cannot be watched, the others are.
                self.events = Some(events);
                fault
            }
            Err(error) => {
                self.events = None;
                Some(error)
            }
        };
        self.log(fault.as_ref().map(why));
    }

    fn log(&mut self, fault: Option<String>) {
        if fault == self.fault {
            return;
        }
        match &fault {
            Some(why) => note(format_args!(
                "clew: --watch: the system does not report all changes: {why}; all files are compared every {} s instead",
                self.poll.as_secs()
            )),
            None => note("clew: --watch: the system reports all changes again"),
        }
        self.fault = fault;
    }

    fn handler(&self) -> Handler {
        let found = self.found.clone();
        let is_broken = self.is_broken.clone();
        let hint = self.hint.clone();
        Box::new(move |event| {
            let Ok(event) = event else {
                is_broken.store(true, Ordering::SeqCst);
                let _ = hint.try_send(());
                return;
            };
            let has_written = matches!(
                event.kind,
                EventKind::Access(AccessKind::Close(AccessMode::Write))
            );
            // Reading a file is an event too, and a reload reads all files.
            if event.kind.is_access() && !has_written {
                return;
            }
            let found = found.load();
            let is_renamed = matches!(
                event.kind,
                EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
            );
            let is_folder = |path: &PathBuf| found.folders.contains_key(path);
            if event.need_rescan() || is_renamed && event.paths.iter().any(is_folder) {
                is_broken.store(true, Ordering::SeqCst);
            }
            if event.need_rescan() || event.paths.iter().any(|path| found.concerns(path)) {
                // If the channel is full, a comparison is already pending.
                let _ = hint.try_send(());
            }
        })
    }
}

/// Registers folders for events.
fn add<'a>(events: &mut dyn Watcher, folders: impl Iterator<Item = &'a PathBuf>) -> notify::Result<()> {
    let mut first_fault = Ok(());
    let mut paths = events.paths_mut();
    for folder in folders {
        match paths.add(folder, RecursiveMode::NonRecursive) {
            // The next comparison finds that the folder was removed. The load reports files that cannot be read.
            Err(error) if is_absent(&error) => {}
            Err(error) if first_fault.is_ok() => first_fault = Err(error),
            Err(_) | Ok(()) => {}
        }
    }
    paths.commit()?;
    first_fault
}

fn is_absent(error: &notify::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => matches!(error.kind(), NotFound | NotADirectory | PermissionDenied),
        _ => false,
    }
}

/// Why events are missing, and how to fix it.
fn why(error: &notify::Error) -> String {
    const EMFILE: i32 = 24;
    match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "too many folders are watched; raise the sysctl fs.inotify.max_user_watches".to_owned()
        }
        ErrorKind::Io(error) if cfg!(target_os = "linux") && error.raw_os_error() == Some(EMFILE) => format!(
            "{error}; raise the sysctl fs.inotify.max_user_instances or the limit of open files (ulimit -n)"
        ),
        _ => error.to_string(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::reload::{ReloadReceiver, trigger};
    use super::*;

    /// So long that no test can pass by polling alone.
    const NEVER: Duration = Duration::from_hours(24);
    /// Long enough for a busy machine.
    const PATIENCE: Duration = Duration::from_mins(5);

    struct Data {
        folder: tempfile::TempDir,
        triggered: ReloadReceiver,
    }

    impl Data {
        fn new(make: fn(Handler) -> notify::Result<Events>, poll: Duration) -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join("real/below")).unwrap();
            symlink("real", folder.path().join("data")).unwrap();
            let roots = vec![Root {
                path: folder.path().join("data"),
                is_read: |_| true,
            }];
            let loaded = State::of(&roots);
            let (trigger, triggered) = trigger();
            let watching = Watching::new(Watch { roots, loaded }, trigger, make, poll);
            std::thread::spawn(|| watching.run());
            let data = Self { folder, triggered };
            // The watcher may read the state before or after the events are registered.
            data.write("data/first");
            data
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// Writes a file and waits for the reload.
        fn write(&self, name: &str) {
            // Replaced in one step, since a busy machine may pause for long between two steps.
            fs::write(self.path(".new"), name).unwrap();
            fs::rename(self.path(".new"), self.path(name)).unwrap();
            self.reloads();
        }

        fn reloads(&self) {
            self.triggered.asked.recv_timeout(PATIENCE).unwrap();
        }
    }

    #[test]
    fn events_are_enough_whatever_part_of_the_path_is_replaced() {
        let data = Data::new(system, NEVER);
        data.write("real/below/a");
        fs::rename(data.path("real"), data.path("away")).unwrap();
        data.reloads();
        fs::rename(data.path("away"), data.path("real")).unwrap();
        data.reloads();
        data.write("real/below/a");
        fs::create_dir(data.path("other")).unwrap();
        symlink("other", data.path("new")).unwrap();
        fs::rename(data.path("new"), data.path("data")).unwrap();
        data.reloads();
        data.write("other/a");
        fs::remove_dir_all(data.path("other")).unwrap();
        data.reloads();
        fs::create_dir_all(data.path("other/deep/er")).unwrap();
        data.reloads();
        data.write("other/deep/er/a");
    }

    #[test]
    fn without_events_the_files_are_compared() {
        let data = Data::new(|_| Ok(Box::new(notify::NullWatcher)), Duration::from_millis(10));
        data.write("real/below/a");
        fs::remove_dir_all(data.path("real")).unwrap();
        data.reloads();
    }

    #[test]
    fn a_system_that_reports_nothing_is_replaced_by_comparing() {
        fn fails(_: Handler) -> notify::Result<Events> {
            Err(notify::Error::new(ErrorKind::MaxFilesWatch))
        }
        let data = Data::new(fails, Duration::from_millis(10));
        data.write("real/below/a");
        let error = fails(Box::new(|_| ())).err().unwrap();
        assert!(why(&error).contains("fs.inotify.max_user_watches"));
        let error = notify::Error::io(io::Error::from_raw_os_error(24));
        assert_eq!(cfg!(target_os = "linux"), why(&error).contains("ulimit -n"));
    }
}
