//! Which files hold facts, and reading them on all cores.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::iter::{ParallelBridge, ParallelIterator};

use super::{Batch, jsonl, yaml};
use crate::ontology::Ontology;
use crate::report::{Code, Report, Reports, SourceText};

/// A part of a JSON Lines file: large enough to be worth a task, small enough to share the work.
const PART: usize = 4 << 20;

/// How far reading has come; other threads may look.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of all files, as they lie on disk.
    pub total: AtomicU64,
    /// Bytes read of them.
    pub done: AtomicU64,
}

/// All facts of a folder.
#[derive(Debug)]
pub struct Data {
    /// The batches in the order of the files.
    pub batches: Vec<Batch>,
    /// A hash of all bytes that were read, for the revision.
    pub fingerprint: u64,
    /// How many files there were.
    pub files: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Yaml,
    Lines,
    Gzip,
    Zstd,
}

fn format(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let is = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if is(&[".yaml", ".yml"]) {
        Some(Format::Yaml)
    } else if is(&[".jsonl", ".ndjson"]) {
        Some(Format::Lines)
    } else if is(&[".jsonl.gz", ".ndjson.gz"]) {
        Some(Format::Gzip)
    } else if is(&[".jsonl.zst", ".ndjson.zst"]) {
        Some(Format::Zstd)
    } else {
        None
    }
}

/// What reading a part gave: its file and number there, the facts, what is wrong, a hash of its bytes.
type ReadPart = ((usize, usize), Option<Batch>, Reports, u64);

/// Reads all data files below a folder, or one file.
///
/// Reports are added to `reports`; what could be read is given all the same, so that one run finds all
/// that is wrong.
pub fn read(path: &Path, ontology: &Ontology, progress: &Progress, reports: &mut Reports) -> Data {
    let mut paths = Vec::new();
    if let Err(error) = collect(path, &mut paths) {
        reports.push(
            Report::new(
                Code::DATA_UNREADABLE,
                format!("cannot read the data folder \"{}\": {error}", path.display()),
            )
            .hint("name the folder with --data DIR"),
        );
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if let Some(format) = format(&path) {
            let size = std::fs::metadata(&path).map_or(0, |it| it.len());
            progress.total.fetch_add(size, Ordering::Relaxed);
            files.push((path, format));
        } else if !is_companion(&path) {
            reports.push(
                Report::new(
                    Code::IGNORED_FILE,
                    format!(
                        "\"{}\" is neither YAML nor JSON Lines, and is not read",
                        path.display()
                    ),
                )
                .hint("data files end in .yaml, .yml, .jsonl, .jsonl.gz or .jsonl.zst"),
            );
        }
    }
    let count = files.len();
    let parts = files
        .into_iter()
        .enumerate()
        .flat_map(|(no, (path, format))| Parts::open(no, &path, format, progress));
    let mut read: Vec<ReadPart> = parts
        .par_bridge()
        .map(|part| {
            let mut reports = Reports::default();
            let order = (part.file, part.no);
            let hash = part.text.as_ref().map_or(0, |it| xxhash_rust::xxh3::xxh3_64(it));
            let batch = part.read(ontology, &mut reports);
            (order, batch, reports, hash)
        })
        .collect();
    read.sort_by_key(|it| it.0);
    let mut data = Data {
        batches: Vec::with_capacity(read.len()),
        fingerprint: 0,
        files: count,
    };
    let mut lines = (usize::MAX, 0);
    for ((file, _), batch, mut found, hash) in read {
        data.fingerprint = data
            .fingerprint
            .rotate_left(7)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ hash;
        if lines.0 != file {
            lines = (file, 0);
        }
        if let Some(mut batch) = batch {
            let count = memchr::memchr_iter(b'\n', batch.source.text.as_bytes()).count();
            shift(&mut batch, &mut found, lines.1);
            lines.1 += count;
            data.batches.push(batch);
        }
        reports.0.append(&mut found.0);
    }
    data
}

/// A part that was read apart from the others learns how many lines stand before it.
fn shift(batch: &mut Batch, reports: &mut Reports, lines: usize) {
    if lines == 0 {
        return;
    }
    let old = batch.source.clone();
    let new = Arc::new(SourceText {
        path: old.path.clone(),
        text: old.text.clone(),
        lines_before: lines,
    });
    for report in &mut reports.0 {
        let places = report
            .place
            .iter_mut()
            .chain(report.others.iter_mut().map(|it| &mut it.0));
        for place in places {
            if Arc::ptr_eq(&place.source, &old) {
                place.source = new.clone();
            }
        }
    }
    batch.source = new;
}

fn collect(path: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        paths.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|it| it.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// Files that stand beside data without being any.
fn is_companion(path: &Path) -> bool {
    let name = path.file_name().map(|it| it.to_string_lossy().to_uppercase());
    name.is_some_and(|it| {
        ["LICENSE", "LICENCE", "README", "COPYING", "NOTICE"]
            .iter()
            .any(|word| it.starts_with(word))
            || [".MD", ".TXT"].iter().any(|end| it.ends_with(end))
    })
}

/// A part of a file: whole lines.
struct Part {
    file: usize,
    no: usize,
    path: String,
    format: Format,
    text: Result<Vec<u8>, io::Error>,
}

impl Part {
    fn read(self, ontology: &Ontology, reports: &mut Reports) -> Option<Batch> {
        let bytes = match self.text {
            Ok(bytes) => bytes,
            Err(error) => {
                reports.push(unreadable(&self.path, self.format, &error));
                return None;
            }
        };
        let (text, broken) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
            }
        };
        let source = SourceText::whole(self.path, text);
        let mut batch = match self.format {
            Format::Yaml => yaml::read(&source, ontology, reports),
            _ => jsonl::read(&source, reports),
        };
        if let Some(at) = broken {
            let end = batch.source.text[at..]
                .chars()
                .next()
                .map_or(at, |it| at + it.len_utf8());
            let report = Report::new(Code::NOT_UTF8, "the file is not UTF-8 here")
                .at(
                    batch.place(super::Span::new(at, end)),
                    "these bytes are no character",
                )
                .hint("save the file as UTF-8");
            reports.push(report);
            batch.extra.shrink_to_fit();
        }
        Some(batch)
    }
}

fn unreadable(path: &str, format: Format, error: &io::Error) -> Report {
    match format {
        Format::Gzip | Format::Zstd if error.kind() != io::ErrorKind::PermissionDenied => {
            let why = match error.kind() {
                io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
                _ => error.to_string(),
            };
            Report::new(
                Code::DAMAGED_ARCHIVE,
                format!("\"{path}\" cannot be unpacked: {why}"),
            )
            .hint("copy or compress it again; nothing of a damaged file is used")
        }
        _ => Report::new(Code::DATA_UNREADABLE, format!("cannot read \"{path}\": {error}")),
    }
}

/// Counts what is read of a file on disk.
struct Counting<'a> {
    file: File,
    progress: &'a Progress,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.progress.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Cuts a file into parts at line ends.
struct Parts<'a> {
    reader: Option<Box<dyn Read + Send + 'a>>,
    file: usize,
    path: String,
    format: Format,
    no: usize,
    rest: Vec<u8>,
    failed: Option<io::Error>,
}

impl<'a> Parts<'a> {
    fn open(file: usize, path: &Path, format: Format, progress: &'a Progress) -> Self {
        let open = || -> io::Result<Box<dyn Read + Send + 'a>> {
            let counting = Counting {
                file: File::open(path)?,
                progress,
            };
            Ok(match format {
                Format::Gzip => Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(
                    1 << 18,
                    counting,
                ))),
                Format::Zstd => Box::new(zstd::Decoder::new(counting)?),
                Format::Yaml | Format::Lines => Box::new(counting),
            })
        };
        let (reader, failed) = match open() {
            Ok(reader) => (Some(reader), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            reader,
            file,
            path: path.display().to_string(),
            format,
            no: 0,
            rest: Vec::new(),
            failed,
        }
    }

    fn part(&mut self, text: Result<Vec<u8>, io::Error>) -> Part {
        self.no += 1;
        Part {
            file: self.file,
            no: self.no,
            path: self.path.clone(),
            format: self.format,
            text,
        }
    }
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        if let Some(error) = self.failed.take() {
            return Some(self.part(Err(error)));
        }
        let mut text = std::mem::take(&mut self.rest);
        loop {
            let reader = self.reader.as_mut()?;
            // A line longer than a part makes a longer part; YAML is read whole.
            let want = if self.format == Format::Yaml {
                u64::MAX
            } else {
                PART as u64
            };
            let before = text.len();
            if let Err(error) = reader.by_ref().take(want).read_to_end(&mut text) {
                self.reader = None;
                return Some(self.part(Err(error)));
            }
            if text.len() == before || self.format == Format::Yaml {
                self.reader = None;
                if text.starts_with("\u{feff}".as_bytes()) {
                    text.drain(..3);
                }
                return (!text.is_empty()).then(|| self.part(Ok(text)));
            }
            if text.len() > (1 << 31) {
                self.reader = None;
                let error = io::Error::other("a line is longer than 2 GiB");
                return Some(self.part(Err(error)));
            }
            if let Some(end) = memchr::memrchr(b'\n', &text[before..]) {
                self.rest = text.split_off(before + end + 1);
                return Some(self.part(Ok(text)));
            }
        }
    }
}
