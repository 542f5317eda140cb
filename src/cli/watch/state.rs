//! The state of the files that a load would read, and of the names on the paths to them.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::hash::Hash;
use std::io;
use std::path::{Component, Path, PathBuf};

use xxhash_rust::xxh3::Xxh3Default;

use crate::folder::is_hidden;

/// Maximum number of links on the path to a file, as on Linux.
const MOST_LINKS: usize = 40;

/// A folder or a file to be loaded.
#[derive(Debug, Clone)]
pub(super) struct Root {
    pub path: PathBuf,
    /// Whether a load would read a file of this name in the folder.
    pub is_read: fn(&Path) -> bool,
}

/// Why a folder is watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Folder {
    /// Its inode number. A folder that was created again under the same path has another one.
    identity: (u64, u64),
    /// Whether its files are loaded. In other folders, only certain names matter: a part of a path, or a linked file.
    has_files: bool,
}

/// The state of the files below some roots at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Sum of the hashes of all files to be read: their paths, sizes, times and inode numbers. If neither this nor
    /// `files` changes, a load would read the same data again.
    content: u128,
    files: usize,
    /// The folders to watch, by their paths without links.
    pub folders: BTreeMap<PathBuf, Folder>,
    /// Paths without links of all names on the paths to the roots and to linked files.
    names: HashSet<PathBuf>,
}

impl State {
    /// Reads the state of all names below the roots. Reads folders and links, but no files.
    pub fn of(roots: &[Root]) -> Self {
        let mut state = Self::default();
        for root in roots {
            let mut walk = Walk {
                state: &mut state,
                is_read: root.is_read,
                folders: HashSet::new(),
            };
            walk.root(&root.path);
        }
        state
    }

    /// Whether a load would read the same files.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.content, self.files) == (other.content, other.files)
    }

    /// Whether an event for a path may change the state.
    pub fn concerns(&self, path: &Path) -> bool {
        let folder = path.parent().and_then(|it| self.folders.get(it));
        let is_among_files = folder.is_some_and(|it| it.has_files) && !is_hidden(path);
        is_among_files || self.names.contains(path) || self.folders.contains_key(path)
    }

    fn add(&mut self, path: &Path, seen: impl Hash) {
        let mut hash = Xxh3Default::new();
        path.hash(&mut hash);
        seen.hash(&mut hash);
        self.content = self.content.wrapping_add(hash.digest128());
        self.files += 1;
    }
}

struct Walk<'a> {
    state: &'a mut State,
    is_read: fn(&Path) -> bool,
    /// The folders that were visited, by their paths without links, since links may make cycles.
    folders: HashSet<PathBuf>,
}

impl Walk<'_> {
    fn root(&mut self, path: &Path) {
        let found = std::env::current_dir().and_then(|start| {
            let end = self.follow(start, path)?;
            Ok((end.metadata()?, end))
        });
        match found {
            Ok((it, end)) if it.is_dir() => self.folder(path, &end),
            Ok((it, _)) => self.state.add(path, seen(&it)),
            Err(error) => self.state.add(path, error.kind()),
        }
    }

    /// Resolves a path name by name from a folder, and records each name, since any of them may be replaced. Returns
    /// the path without links.
    fn follow(&mut self, start: PathBuf, path: &Path) -> io::Result<PathBuf> {
        let mut here = start;
        let mut links = 0;
        let mut rest = parts(path);
        while let Some(part) = rest.pop_front() {
            match Path::new(&part).components().next() {
                Some(Component::ParentDir) => {
                    here.pop();
                }
                Some(Component::Normal(_)) => {
                    let next = here.join(&part);
                    self.watch(&here, false);
                    self.state.names.insert(next.clone());
                    if !next.symlink_metadata()?.is_symlink() {
                        here = next;
                        continue;
                    }
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(io::Error::other("too many links"));
                    }
                    let mut target = parts(&next.read_link()?);
                    target.append(&mut rest);
                    rest = target;
                }
                // The root of a file system replaces the path before it.
                Some(Component::RootDir | Component::Prefix(_)) => here.push(&part),
                Some(Component::CurDir) | None => {}
            }
        }
        Ok(here)
    }

    /// Adds the files of a folder: `shown` is its path as a load reads it, `path` the same without links.
    fn folder(&mut self, shown: &Path, path: &Path) {
        if !self.folders.insert(path.to_owned()) {
            // The load reports this error.
            return self.state.add(shown, ());
        }
        self.watch(path, true);
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.state.add(shown, error.kind()),
        };
        for entry in entries {
            match entry {
                Ok(entry) if is_hidden(Path::new(&entry.file_name())) => {}
                Ok(entry) => self.entry(shown, path, &entry),
                Err(error) => self.state.add(shown, error.kind()),
            }
        }
    }

    fn entry(&mut self, shown: &Path, folder: &Path, entry: &fs::DirEntry) {
        let name = PathBuf::from(entry.file_name());
        let is_read = (self.is_read)(&name);
        let is_link = entry.file_type().is_ok_and(|it| it.is_symlink());
        let end = if is_link {
            self.follow(folder.to_owned(), &name)
        } else {
            Ok(folder.join(&name))
        };
        let found = end.and_then(|end| Ok((end.metadata()?, end)));
        match found {
            Ok((it, end)) if it.is_dir() => self.folder(&shown.join(name), &end),
            // A load refuses pipes and devices whatever their names.
            Ok((it, _)) if is_read || !it.is_file() => self.state.add(&shown.join(name), seen(&it)),
            Err(error) if is_read => self.state.add(&shown.join(name), error.kind()),
            Ok(_) | Err(_) => {}
        }
    }

    fn watch(&mut self, folder: &Path, has_files: bool) {
        if let Some(known) = self.state.folders.get_mut(folder) {
            known.has_files |= has_files;
        } else if let Ok(it) = folder.metadata() {
            let identity = identity(&it);
            let watched = Folder { identity, has_files };
            self.state.folders.insert(folder.to_owned(), watched);
        }
    }
}

/// The components of a path.
fn parts(path: &Path) -> VecDeque<OsString> {
    path.components().map(|it| it.as_os_str().to_owned()).collect()
}

/// Metadata that differs after a file was written or replaced. It includes the time when the inode changed, since
/// programs that copy files set the time when the content changed.
#[cfg(unix)]
fn seen(file: &Metadata) -> impl Hash + use<> {
    use std::os::unix::fs::MetadataExt;
    let written = (file.mtime(), file.mtime_nsec());
    let changed = (file.ctime(), file.ctime_nsec());
    (identity(file), file.mode(), file.size(), written, changed)
}

#[cfg(not(unix))]
fn seen(file: &Metadata) -> impl Hash + use<> {
    (file.is_file(), file.len(), file.modified().ok())
}

#[cfg(unix)]
fn identity(file: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn is_yaml(name: &Path) -> bool {
        name.extension().is_some_and(|it| it == "yaml")
    }

    struct Data(tempfile::TempDir);

    impl Data {
        fn new() -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            fs::create_dir(folder.path("data")).unwrap();
            folder.write("data/a.yaml");
            folder
        }

        /// A path without links.
        fn path(&self, name: &str) -> PathBuf {
            self.0.path().canonicalize().unwrap().join(name)
        }

        fn write(&self, name: &str) {
            fs::write(self.path(name), name).unwrap();
        }

        fn state(&self) -> State {
            State::of(&[Root {
                path: self.path("data"),
                is_read: is_yaml,
            }])
        }
    }

    #[test]
    fn files_that_are_not_read_change_nothing() {
        let data = Data::new();
        let before = data.state();
        symlink("ben@host.1234:1", data.path("data/.#a.yaml")).unwrap();
        for name in ["4913", "a.yaml~", "#a.yaml#", ".a.yaml.swp", ".b.yaml", "sedYxQ1"] {
            data.write(&format!("data/{name}"));
        }
        fs::create_dir_all(data.path("data/.git/refs")).unwrap();
        data.write("data/.git/refs/a.yaml");
        fs::read(data.path("data/a.yaml")).unwrap();
        assert_eq!(data.state(), before);
        fs::create_dir(data.path("data/empty")).unwrap();
        assert!(data.state().is_same(&before), "an empty folder");
        assert_ne!(data.state(), before, "but one to watch");
    }

    #[test]
    fn each_change_of_a_file_is_seen() {
        let data = Data::new();
        let mut states = vec![data.state()];
        data.write("data/b.yaml");
        states.push(data.state());
        fs::rename(data.path("data/b.yaml"), data.path("data/c.yaml")).unwrap();
        states.push(data.state());
        data.write("data/new");
        fs::rename(data.path("data/new"), data.path("data/c.yaml")).unwrap();
        states.push(data.state());
        fs::write(data.path("data/a.yaml"), "longer than before").unwrap();
        states.push(data.state());
        symlink("nothing", data.path("data/d.yaml")).unwrap();
        states.push(data.state());
        fs::remove_dir_all(data.path("data")).unwrap();
        states.push(data.state());
        for (no, state) in states.iter().enumerate() {
            let same = states.iter().filter(|it| it.is_same(state)).count();
            assert_eq!(same, 1, "state {no}");
        }
    }

    #[test]
    fn names_on_the_way_matter_and_their_neighbors_do_not() {
        let data = Data::new();
        fs::create_dir_all(data.path("data/..1")).unwrap();
        data.write("data/..1/b.yaml");
        symlink("..1", data.path("data/..data")).unwrap();
        symlink("..data/b.yaml", data.path("data/b.yaml")).unwrap();
        let state = data.state();
        assert_eq!(state.files, 2);
        for name in [
            "data",
            "data/a.yaml",
            "data/new",
            "data/..data",
            "data/..1/b.yaml",
        ] {
            assert!(state.concerns(&data.path(name)), "{name}");
        }
        for name in ["other", "data/.a.yaml.swp", "data/..1/c.yaml", "data/..2"] {
            assert!(!state.concerns(&data.path(name)), "{name}");
        }
        assert!(state.folders.contains_key(data.path("data").parent().unwrap()));
        for name in ["data", "data/..1"] {
            let path = data.path(name);
            assert!(state.folders.contains_key(&path), "{name}");
        }
    }

    #[test]
    fn links_that_make_cycles_end() {
        let data = Data::new();
        symlink(".", data.path("data/one")).unwrap();
        symlink("..", data.path("data/two")).unwrap();
        symlink("self.yaml", data.path("data/self.yaml")).unwrap();
        let state = data.state();
        assert_eq!(
            state.files, 4,
            "the file, the link to itself, and two paths to the folder"
        );
        assert!(state.is_same(&data.state()));
    }
}
