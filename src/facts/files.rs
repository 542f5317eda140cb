//! Finds the files with facts and reads them on all cores: first the entities, so that references can be resolved to
//! numbers at once, then all facts.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::Batch;
use super::parts::{Format, Part, Progress, RawPart, RawParts, RawText, Source, bytes_of};
use crate::folder;
use crate::ontology::Ontology;
use crate::report::{Code, Place, Report, Reports};

/// Files up to this size in total are read once and kept. Larger ones are read twice, so that they are never in memory
/// as a whole.
const KEPT: u64 = 16 << 20;

/// The data files of a graph, read part by part, as often as needed.
pub struct Files {
    sources: Vec<Source>,
    keep: bool,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files")
            .field("sources", &self.sources.len())
            .finish_non_exhaustive()
    }
}

fn format(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
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

/// Whether a file of this name in the data folder is read.
pub fn is_data(name: &Path) -> bool {
    format(name).is_some()
}

impl Files {
    /// Finds the data files below a folder, or takes one file. Problems are added to `reports`.
    pub fn find(path: &Path, reports: &mut Reports) -> Self {
        let is_named = std::fs::metadata(path).is_ok_and(|it| !it.is_dir());
        let paths = if is_named {
            vec![path.to_owned()]
        } else {
            folder::files(path, &mut |problem| {
                reports.push(problem.report(path, Code::DATA_UNREADABLE, "data"));
            })
        };
        let mut sources = Vec::new();
        let mut bytes = 0;
        for path in paths {
            match source(&path, is_named) {
                Ok(Some(format)) => {
                    let size = std::fs::metadata(&path).map_or(0, |it| it.len());
                    bytes += match format {
                        Format::Yaml | Format::Lines => size,
                        // About what they unpack to.
                        Format::Gzip | Format::Zstd => size * 8,
                    };
                    sources.push(Source::File(path, format));
                }
                Ok(None) => {}
                Err(report) => reports.push(*report),
            }
        }
        if sources.is_empty() && !reports.has_errors() {
            let message = format!("there is no data file in \"{}\"", path.display());
            let hint = format!("put facts into files there, or name another folder with --data DIR; {ENDS}");
            reports.push(Report::new(Code::NO_DATA, message).hint(hint));
        }
        Self {
            sources,
            keep: bytes <= KEPT,
        }
    }

    /// JSON Lines that are generated part by part and never in memory as a whole. Only the first `with_entities` parts have
    /// entities.
    pub fn made(
        name: &str,
        parts: usize,
        with_entities: usize,
        make: impl Fn(usize) -> String + Send + Sync + 'static,
    ) -> Self {
        let (name, make) = (name.to_owned(), Box::new(make));
        Self {
            sources: vec![Source::Made {
                name,
                parts,
                with_entities,
                make,
            }],
            keep: false,
        }
    }

    /// The same files, read once where `keep`, and twice otherwise.
    #[must_use]
    pub fn keep(self, keep: bool) -> Self {
        Self { keep, ..self }
    }

    /// Reads the files for the first time, on all cores, and finds the entities in them.
    pub fn parts(&self, ontology: &Ontology, progress: &Progress) -> Vec<Part> {
        for source in &self.sources {
            if let Source::File(path, format) = source {
                let size = std::fs::metadata(path).map_or(0, |it| it.len());
                let times = if self.keeps(*format) { 1 } else { 2 };
                progress.total.fetch_add(size * times, Ordering::Relaxed);
            }
        }
        let mut parts: Vec<Part> = self
            .raw(progress, |_| true)
            .par_bridge()
            .filter_map(|raw| {
                let keep = self.keeps(raw.format);
                let _reserved = progress
                    .memory
                    .reserve(if keep { raw.facts_bytes() } else { 0 })?;
                Some(raw.ids(ontology, keep, &progress.memory))
            })
            .collect();
        parts.sort_by_key(|it| it.key);
        let (mut file, mut lines) = (usize::MAX, 0);
        for part in &mut parts {
            if part.key.0 != file {
                (file, lines) = (part.key.0, 0);
            }
            part.lines_before = lines;
            lines += part.lines;
            if lines > part.lines
                && let Some((batch, reports)) = part.kept.take()
            {
                part.kept = Some(batch.shifted(part.lines_before, reports));
            }
        }
        parts
    }

    /// Reads all facts on all cores and gives each part's to `work`, with its number and what is wrong with it.
    /// Returns the results in order.
    pub fn each<T: Send>(
        &self,
        parts: &[Part],
        ontology: &Ontology,
        progress: &Progress,
        reports: &mut Reports,
        work: impl Fn(usize, &Batch, Reports) -> T + Sync,
    ) -> Vec<T> {
        let memory = &progress.memory;
        let kept = parts.par_iter().enumerate().filter_map(|(no, part)| {
            let (batch, reports) = part.kept.as_ref()?;
            let _reserved = memory.reserve(batch.source.text.len())?;
            Some((no, work(no, batch, reports.clone())))
        });
        let mut done: Vec<(usize, T)> = kept.collect();
        let changed = Mutex::new(BTreeSet::new());
        let again = self
            .raw(progress, |format| !self.keeps(format))
            .par_bridge()
            .filter_map(|raw| {
                let no = parts.binary_search_by_key(&raw.key, |it| it.key);
                let Some(no) = no.ok().filter(|no| parts[*no].hash == raw.hash()) else {
                    let mut changed = changed.lock().unwrap_or_else(PoisonError::into_inner);
                    changed.insert(raw.path);
                    return None;
                };
                let _reserved = memory.reserve(raw.facts_bytes())?;
                let mut reports = Reports::default();
                let batch = raw.read(parts[no].lines_before, ontology, memory, &mut reports);
                Some((no, work(no, &batch, reports)))
            });
        done.extend(again.collect::<Vec<_>>());
        for path in changed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let message = format!("\"{path}\" was written to while it was read");
            reports.push(Report::new(Code::DATA_UNREADABLE, message).hint("try again"));
        }
        done.sort_by_key(|it| it.0);
        done.into_iter().map(|it| it.1).collect()
    }

    /// Reads one part again, to show places in it; `None` where it is not there any more as it was.
    pub fn again(&self, part: &Part, ontology: &Ontology) -> Option<Arc<Batch>> {
        if let Some((batch, _)) = &part.kept {
            return Some(batch.clone());
        }
        let (file, no) = part.key;
        let progress = Progress::default();
        let raw = match &self.sources[file] {
            Source::File(path, Format::Lines) => RawPart {
                key: part.key,
                path: path.display().to_string(),
                format: Format::Lines,
                start: part.bytes.start,
                text: RawText::Read(bytes_of(path, &part.bytes)),
            },
            source => RawParts::open(file, source, &progress).nth(no)?,
        };
        (raw.hash() == part.hash).then(|| {
            Arc::new(raw.read(
                part.lines_before,
                ontology,
                &progress.memory,
                &mut Reports::default(),
            ))
        })
    }

    /// Positions of the entities with some ids, in the order of the files. Reads all files.
    pub fn places(&self, ids: &[&str], ontology: &Ontology, progress: &Progress) -> Vec<Place> {
        let mut places = Vec::new();
        for part in self.parts(ontology, progress) {
            let found: Vec<u32> = (0..part.ids.len())
                .filter(|at| ids.contains(&part.ids.text(*at)))
                .map(|at| part.ids.at[at])
                .collect();
            if found.is_empty() {
                continue;
            }
            let Some(batch) = self.again(&part, ontology) else {
                continue;
            };
            let facts = batch.entities.iter().filter(|it| found.contains(&it.at.start));
            places.extend(facts.map(|it| batch.place(it.at).detached()));
        }
        places
    }

    fn keeps(&self, format: Format) -> bool {
        self.keep || format == Format::Yaml
    }

    fn raw<'a>(
        &'a self,
        progress: &'a Progress,
        which: impl Fn(Format) -> bool + Send + 'a,
    ) -> impl Iterator<Item = RawPart<'a>> + Send {
        let chosen = self
            .sources
            .iter()
            .enumerate()
            .filter(move |(_, source)| match source {
                Source::File(_, format) => which(*format),
                Source::Made { .. } => which(Format::Lines),
            });
        chosen.flat_map(|(no, source)| RawParts::open(no, source, progress))
    }
}

/// A hash of all that was read, for the revision.
pub fn fingerprint(parts: &[Part]) -> u64 {
    parts.iter().fold(0, |hash: u64, part| {
        hash.rotate_left(7).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ part.hash
    })
}

const ENDS: &str =
    "data files end in .yaml, .yml, .jsonl, .ndjson, .jsonl.gz, .ndjson.gz, .jsonl.zst or .ndjson.zst";

/// The format of a file; `None` for a file that may be in the folder without being data.
fn source(path: &Path, is_named: bool) -> Result<Option<Format>, Box<Report>> {
    let refused = |code, why: &str, hint: &str| {
        let message = format!("\"{}\" {why}", path.display());
        Err(Box::new(Report::new(code, message).hint(hint)))
    };
    // Reading a pipe or a device may never end.
    if path.exists() && !path.is_file() {
        let hint = "remove it from the data folder, or give it a name that begins with a dot";
        return refused(Code::DATA_UNREADABLE, "is not a regular file", hint);
    }
    let format = format(path);
    let is_utf8 = path.file_name().is_some_and(|it| it.to_str().is_some());
    match format {
        Some(_) if !is_utf8 => refused(Code::DATA_UNREADABLE, "has a name that is not UTF-8", "rename it"),
        Some(format) => Ok(Some(format)),
        None if is_named => refused(Code::DATA_UNREADABLE, "is neither YAML nor JSON Lines", ENDS),
        None if folder::is_companion(path) => Ok(None),
        None => refused(
            Code::IGNORED_FILE,
            "is neither YAML nor JSON Lines, and is not read",
            ENDS,
        ),
    }
}
