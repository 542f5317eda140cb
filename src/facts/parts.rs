//! Splits files into parts of whole lines, unpacked.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;

use super::{Batch, jsonl, yaml};
use crate::memory::Allowance;
use crate::ontology::{Ontology, TypeId};
use crate::report::{Code, Place, Report, Reports, SourceText};

/// How far loading has come, for other threads to look at, and how much memory it may take.
#[derive(Debug, Default)]
pub struct Progress {
    /// The memory that it may take. Once it is over, no more is read.
    pub memory: Allowance,
    /// Bytes to read, as they lie on disk.
    pub total: AtomicU64,
    /// Bytes read of them.
    pub done: AtomicU64,
}

/// The result of the first reading of a part: the entities in it.
#[derive(Debug)]
pub struct Part {
    /// Its file and its number there.
    pub(super) key: (usize, usize),
    pub(super) lines_before: usize,
    pub(super) lines: usize,
    /// Its bytes among those of the file, unpacked.
    pub(super) bytes: Range<u64>,
    /// Of its bytes.
    pub(super) hash: u64,
    /// The entities.
    pub ids: Ids,
    pub(super) kept: Option<(Arc<Batch>, Reports)>,
}

/// The entities of a part, in order.
#[derive(Debug, Default)]
pub struct Ids {
    texts: String,
    ends: Vec<u32>,
    types: Vec<Option<TypeId>>,
    /// Position of each id in the part.
    pub at: Vec<u32>,
}

impl Ids {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all ids.
    pub fn text_bytes(&self) -> usize {
        self.texts.len()
    }

    /// An entity's id.
    pub fn text(&self, no: usize) -> &str {
        let start = no.checked_sub(1).map_or(0, |it| self.ends[it]);
        &self.texts[start as usize..self.ends[no] as usize]
    }

    /// An entity's type; `None` where the schema has none of that name.
    pub fn type_of(&self, no: usize) -> Option<TypeId> {
        self.types[no]
    }

    fn push(&mut self, id: &str, type_id: Option<TypeId>, at: u32) {
        self.texts.push_str(id);
        self.ends.push(super::position(self.texts.len()));
        self.types.push(type_id);
        self.at.push(at);
    }

    fn shrink(&mut self) {
        self.texts.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.types.shrink_to_fit();
        self.at.shrink_to_fit();
    }

    /// Forgets all but where the ids are written.
    pub fn forget(&mut self) {
        let at = std::mem::take(&mut self.at);
        *self = Self {
            at,
            ..Self::default()
        };
    }
}

/// A part of a JSON Lines file: large enough to be worth a task, small enough to share the work.
const PART: usize = 4 << 20;

/// The longest YAML file or line, in bytes: places are counted in 32 bits.
pub(super) const MOST_AT_ONCE: u64 = 2 << 30;

/// Makes a part of a text by its number.
pub(super) type Make = dyn Fn(usize) -> String + Send + Sync;

/// The origin of facts.
pub(super) enum Source {
    File(PathBuf, Format),
    Made {
        name: String,
        parts: usize,
        /// Number of parts, from the first, that have entities.
        with_entities: usize,
        make: Box<Make>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Lines,
    Gzip,
    Zstd,
}

/// Some bytes of a file.
pub(super) fn bytes_of(path: &Path, bytes: &Range<u64>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(bytes.start))?;
    let mut text = Vec::new();
    file.take(bytes.end - bytes.start).read_to_end(&mut text)?;
    Ok(text)
}

/// A part of a file as it is read: whole lines.
pub(super) struct RawPart<'a> {
    pub key: (usize, usize),
    pub path: String,
    pub format: Format,
    /// Its first byte in the file, unpacked.
    pub start: u64,
    pub text: RawText<'a>,
}

pub(super) enum RawText<'a> {
    Read(Result<Vec<u8>, io::Error>),
    /// Is made on the thread that works on it.
    Made {
        make: &'a Make,
        no: usize,
        has_entities: bool,
    },
}

impl RawPart<'_> {
    /// Makes the text, if it is not there yet.
    pub fn made(&mut self) -> Result<&[u8], &io::Error> {
        if let RawText::Made { make, no, .. } = self.text {
            self.text = RawText::Read(Ok(make(no).into_bytes()));
        }
        match &self.text {
            RawText::Read(Ok(bytes)) => Ok(bytes),
            RawText::Read(Err(error)) => Err(error),
            RawText::Made { .. } => Ok(&[]),
        }
    }

    pub fn hash(&self) -> u64 {
        match &self.text {
            RawText::Read(Ok(bytes)) => xxhash_rust::xxh3::xxh3_64(bytes),
            RawText::Read(Err(_)) => 0,
            // The same number gives the same text.
            RawText::Made { no, .. } => *no as u64,
        }
    }

    /// About as many bytes as its facts take while it is worked on.
    pub fn facts_bytes(&self) -> usize {
        const OF_A_BYTE: usize = 4;
        match &self.text {
            RawText::Read(Ok(bytes)) => bytes.len().saturating_mul(OF_A_BYTE),
            RawText::Read(Err(_)) => 0,
            RawText::Made { .. } => PART * OF_A_BYTE,
        }
    }

    /// The entities alone, or where it is kept all facts.
    pub fn ids(mut self, ontology: &Ontology, keep: bool, memory: &Allowance) -> Part {
        let hash = self.hash();
        if let RawText::Made {
            has_entities: false, ..
        } = self.text
        {
            self.text = RawText::Read(Ok(Vec::new()));
        }
        let lines = self.made().map_or(0, |it| memchr::memchr_iter(b'\n', it).count());
        let mut part = Part {
            key: self.key,
            lines_before: 0,
            lines,
            bytes: self.start..self.start + self.made().map_or(0, |it| it.len() as u64),
            hash,
            ids: Ids::default(),
            kept: None,
        };
        // The schema may have thousands of types, and as many files may name one each.
        let mut types: FxHashMap<String, Option<TypeId>> = FxHashMap::default();
        let mut type_of = |name: &str| match types.get(name) {
            Some(id) => *id,
            None => {
                let id = ontology.type_named(name);
                types.insert(name.to_owned(), id);
                id
            }
        };
        if keep {
            let mut reports = Reports::default();
            let mut batch = self.read(0, ontology, memory, &mut reports);
            batch.shrink();
            for entity in &batch.entities {
                let (id, name) = (batch.text(entity.id), batch.text(entity.type_name));
                part.ids.push(id, type_of(name), entity.at.start);
            }
            part.kept = Some((Arc::new(batch), reports));
        } else if let Some((text, _)) = self.text() {
            jsonl::ids(&SourceText::whole("", text), |id, name, at| {
                part.ids.push(id, type_of(name), at);
            });
        }
        part.ids.shrink();
        part
    }

    /// The text, and where it is not UTF-8.
    pub fn text(mut self) -> Option<(String, Option<usize>)> {
        let _ = self.made();
        let RawText::Read(Ok(bytes)) = self.text else {
            return None;
        };
        Some(match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                // Each byte that is not UTF-8 becomes a character of three bytes.
                let most = error.as_bytes().len().min(at.saturating_add(PART));
                let bytes = &error.as_bytes()[..most];
                (String::from_utf8_lossy(bytes).into_owned(), Some(at))
            }
        })
    }

    /// All facts.
    pub fn read(
        mut self,
        lines_before: usize,
        ontology: &Ontology,
        memory: &Allowance,
        reports: &mut Reports,
    ) -> Batch {
        let (path, format) = (self.path.clone(), self.format);
        if let Err(error) = self.made() {
            reports.push(unreadable(&path, format, error));
        }
        // Of a file in UTF-16, nothing else is worth a report.
        if let RawText::Read(Ok(bytes)) = &mut self.text
            && (is_utf16(bytes) || self.start > 3 && bytes == &[0])
        {
            // The parts after the first, which are cut at bytes, need no report of their own.
            let report = Report::new(
                Code::NOT_UTF8,
                "the file is in UTF-16, and data files are in UTF-8",
            );
            let place = Place {
                source: SourceText::whole(path.clone(), String::new()),
                span: 0..0,
            };
            if self.start <= 3 {
                reports.push(
                    report
                        .at(place, "begins in UTF-16")
                        .hint("save the file as UTF-8"),
                );
            }
            bytes.clear();
        }
        let (text, broken) = self.text().unwrap_or_default();
        let source = Arc::new(SourceText {
            path,
            text,
            lines_before,
        });
        let batch = match format {
            Format::Yaml => yaml::read(&source, ontology, memory, reports),
            _ => jsonl::read(&source, ontology, reports),
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
        }
        batch
    }
}

/// Whether bytes begin as a text in UTF-16 does, with or without a byte-order mark.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..])
        || matches!(bytes, [first, 0, third, 0, ..] | [0, first, 0, third, ..] if *first != 0 && *third != 0)
}

fn too_large(format: Format) -> io::Error {
    let why = match format {
        Format::Yaml => "a YAML file is at most 2 GiB long; split it, or write it as JSON Lines",
        _ => "a line is at most 2 GiB long",
    };
    io::Error::new(io::ErrorKind::FileTooLarge, why)
}

fn unreadable(path: &str, format: Format, error: &io::Error) -> Report {
    match format {
        Format::Gzip | Format::Zstd if error.kind() != io::ErrorKind::PermissionDenied => {
            let why = match error.kind() {
                io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                    let name = if format == Format::Gzip {
                        "gzip"
                    } else {
                        "Zstandard"
                    };
                    format!("it is damaged, or not compressed with {name}")
                }
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
pub(super) struct RawParts<'a> {
    memory: &'a Allowance,
    /// Bytes of the file on disk, where it is read whole.
    whole: usize,
    reader: Option<Box<dyn Read + Send + 'a>>,
    file: usize,
    path: String,
    format: Format,
    no: usize,
    /// The first byte of the next part in the file, unpacked.
    start: u64,
    rest: Vec<u8>,
    failed: Option<io::Error>,
    /// Makes the parts, and their number, if they are generated and not read.
    made: Option<(&'a Make, usize, usize)>,
}

impl<'a> RawParts<'a> {
    pub fn open(file: usize, source: &'a Source, progress: &'a Progress) -> Self {
        let (path, format) = match source {
            Source::File(path, format) => (path, *format),
            Source::Made {
                name,
                parts,
                with_entities,
                make,
            } => {
                return Self {
                    memory: &progress.memory,
                    whole: 0,
                    reader: None,
                    file,
                    path: name.clone(),
                    format: Format::Lines,
                    no: 0,
                    start: 0,
                    rest: Vec::new(),
                    failed: None,
                    made: Some((make, *parts, *with_entities)),
                };
            }
        };
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
        let whole = match format {
            Format::Yaml => std::fs::metadata(path).map_or(0, |it| it.len()),
            _ => 0,
        };
        let opened = if whole > MOST_AT_ONCE {
            Err(too_large(format))
        } else {
            open()
        };
        let (reader, failed) = match opened {
            Ok(reader) => (Some(reader), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            memory: &progress.memory,
            whole: usize::try_from(whole).unwrap_or(usize::MAX),
            reader,
            file,
            path: path.display().to_string(),
            format,
            no: 0,
            start: 0,
            rest: Vec::new(),
            failed,
            made: None,
        }
    }

    fn part(&mut self, text: Result<Vec<u8>, io::Error>) -> RawPart<'a> {
        self.next_part(RawText::Read(text))
    }

    fn next_part(&mut self, text: RawText<'a>) -> RawPart<'a> {
        self.no += 1;
        let start = self.start;
        if let RawText::Read(Ok(bytes)) = &text {
            self.start += bytes.len() as u64;
        }
        RawPart {
            key: (self.file, self.no - 1),
            path: self.path.clone(),
            format: self.format,
            start,
            text,
        }
    }
}

impl<'a> Iterator for RawParts<'a> {
    type Item = RawPart<'a>;

    fn next(&mut self) -> Option<RawPart<'a>> {
        if let Some((make, parts, with_entities)) = self.made {
            let no = self.no;
            let text = RawText::Made {
                make,
                no,
                has_entities: no < with_entities,
            };
            return (no < parts).then(|| self.next_part(text));
        }
        if let Some(error) = self.failed.take() {
            return Some(self.part(Err(error)));
        }
        let mut text = std::mem::take(&mut self.rest);
        loop {
            let reader = self.reader.as_mut()?;
            // A line longer than a part makes a longer part; YAML is read whole.
            let want = if self.format == Format::Yaml {
                MOST_AT_ONCE + 1
            } else {
                PART as u64
            };
            let before = text.len();
            // While a line is not at its end, the text grows.
            let _reserved = self.memory.reserve(self.whole.max(text.len()))?;
            if let Err(error) = reader.by_ref().take(want).read_to_end(&mut text) {
                self.reader = None;
                return Some(self.part(Err(error)));
            }
            let is_all = text.len() == before || self.format == Format::Yaml;
            if is_all {
                self.reader = None;
            }
            if self.no == 0 && before == 0 && text.starts_with("\u{feff}".as_bytes()) {
                text.drain(..3);
                self.start = 3;
            }
            if text.len() as u64 > MOST_AT_ONCE {
                self.reader = None;
                return Some(self.part(Err(too_large(self.format))));
            }
            if is_all {
                return (!text.is_empty()).then(|| self.part(Ok(text)));
            }
            if let Some(end) = memchr::memrchr(b'\n', &text[before..]) {
                self.rest = text.split_off(before + end + 1);
                return Some(self.part(Ok(text)));
            }
        }
    }
}
