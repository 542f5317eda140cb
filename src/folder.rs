//! The files below a folder: sub-folders and links are followed, hidden names are skipped, no folder is read twice.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::{Code, Report};

/// Why a part of a folder is not read.
#[derive(Debug)]
pub enum Problem {
    /// A folder cannot be listed.
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// Two paths lead to one folder: links that make a cycle, or a second link.
    Twice {
        /// The later path.
        path: PathBuf,
        /// The first path.
        first: PathBuf,
    },
}

impl Problem {
    /// Whether a folder as a whole cannot be listed.
    pub fn is_of(&self, folder: &Path) -> bool {
        matches!(self, Problem::Unreadable { path, .. } if path == folder)
    }

    /// The report of a problem below the folder `named`, which holds the schema or the data.
    pub fn report(&self, named: &Path, code: Code, kind: &str) -> Report {
        let (message, hint) = match self {
            Problem::Unreadable { path, error } if path == named => (
                format!("cannot read the {kind} folder \"{}\": {error}", path.display()),
                format!("name the folder with --{kind} DIR"),
            ),
            Problem::Unreadable { path, error } => (
                format!("cannot read the folder \"{}\": {error}", path.display()),
                "allow reading it, or give it a name that begins with a dot".to_owned(),
            ),
            Problem::Twice { path, first } => (
                format!(
                    "\"{}\" is the same folder as \"{}\"",
                    path.display(),
                    first.display()
                ),
                "remove the link".to_owned(),
            ),
        };
        Report::new(code, message).hint(hint)
    }
}

/// Finds the files below a folder, in the order of their paths. Calls `problem` for those that cannot be read. Takes time
/// linear in the number of names.
pub fn files(folder: &Path, problem: &mut dyn FnMut(Problem)) -> Vec<PathBuf> {
    let mut walk = Walk {
        files: Vec::new(),
        read: HashMap::new(),
        problem,
    };
    walk.folder(folder);
    walk.files.sort();
    walk.files
}

/// Whether a name begins with a dot, as those of editors' locks and of version control do.
pub fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|it| it.as_encoded_bytes().starts_with(b"."))
}

/// Whether a file is a text about the others of its folder, by its name.
pub fn is_companion(path: &Path) -> bool {
    let name = path.file_name().map(|it| it.to_string_lossy().to_uppercase());
    name.is_some_and(|it| {
        ["LICENSE", "LICENCE", "README", "COPYING", "NOTICE"]
            .iter()
            .any(|word| it.starts_with(word))
            || [".MD", ".TXT"].iter().any(|end| it.ends_with(end))
    })
}

struct Walk<'a> {
    files: Vec<PathBuf>,
    /// The folders that were read: where they really lie, and the path that led there.
    read: HashMap<PathBuf, PathBuf>,
    problem: &'a mut dyn FnMut(Problem),
}

impl Walk<'_> {
    fn folder(&mut self, path: &Path) {
        let names = std::fs::read_dir(path).and_then(|names| {
            let paths = names.map(|it| Ok(it?.path()));
            Ok((path.canonicalize()?, paths.collect::<io::Result<Vec<_>>>()?))
        });
        let (real, mut paths) = match names {
            Ok(found) => found,
            Err(error) => {
                let path = path.to_owned();
                return (self.problem)(Problem::Unreadable { path, error });
            }
        };
        if let Some(first) = self.read.get(&real) {
            let (path, first) = (path.to_owned(), first.clone());
            return (self.problem)(Problem::Twice { path, first });
        }
        self.read.insert(real, path.to_owned());
        paths.sort();
        for path in paths {
            if is_hidden(&path) {
                continue;
            }
            if path.is_dir() {
                self.folder(&path);
            } else {
                self.files.push(path);
            }
        }
    }
}
