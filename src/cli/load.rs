//! Loads a graph, with reports on standard error.

use std::borrow::Borrow;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Once};
use std::time::Duration;

use indicatif::HumanCount;

use super::huge_pages::HugePages;
use super::progress::with_bar;
use super::{Folders, Reporting};
use crate::api::{Api, ApiError, Limits};
use crate::facts::{Files, Progress};
use crate::graph::{self, FileError, QueryProblem, Snapshot};
use crate::memory::Allowance;
use crate::ontology::{self, Ontology};
use crate::report::{Code, Place, Report, Reports, Style, shown};

/// Shows reports on standard error.
pub(super) fn show(reports: &Reports, reporting: &Reporting) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let style = Style {
        color,
        most: reporting.most,
    };
    let _ = write!(std::io::stderr(), "{}", reports.render(style));
}

/// Formats reports as text without colors.
pub(super) fn drawn(reports: &Reports, reporting: &Reporting) -> String {
    reports.render(Style {
        color: false,
        most: reporting.most,
    })
}

/// Compiles only the schema, and generates the API's schema.
pub(super) fn schema(
    folder: &Path,
    max_memory_total: Option<u64>,
    reporting: &Reporting,
) -> Result<Api, ExitCode> {
    let compiled = memory(max_memory_total).and_then(|memory| {
        let ontology = ontology::load_within(folder, &memory)?;
        api(&ontology, &memory)
    });
    compiled.map_err(|reports| {
        show(&reports, reporting);
        ExitCode::from(1)
    })
}

/// A graph that can be served, with the result of `make_api`.
pub(super) struct Loaded<A> {
    pub snapshot: Snapshot,
    pub api: A,
    pub warnings: Reports,
}

/// Compiles schema and data, or maps a compiled file. Shows warnings; errors end the command.
pub(super) fn graph(folders: &Folders, reporting: &Reporting) -> Result<(Snapshot, Api), ExitCode> {
    let loaded = loaded(folders, reporting)?;
    show(&loaded.warnings, reporting);
    Ok((loaded.snapshot, loaded.api))
}

/// As [`graph`], but leaves the warnings to be shown with others.
pub(super) fn loaded(folders: &Folders, reporting: &Reporting) -> Result<Loaded<Api>, ExitCode> {
    compile(folders, Api::within).map_err(|reports| {
        show(&reports, reporting);
        ExitCode::from(1)
    })
}

/// Compiles schema and data, or maps a compiled file, and generates the API's schema. All commands call this function,
/// so they accept the same graphs. A reload with an unchanged schema keeps the API.
///
/// # Errors
/// All errors of the schema and the data.
pub(super) fn compile<A: Borrow<Api> + Sync>(
    folders: &Folders,
    make_api: impl FnOnce(&Ontology, &Allowance) -> Result<A, ApiError>,
) -> Result<Loaded<A>, Reports> {
    let progress = progress(folders)?;
    let memory = &progress.memory;
    let api_of =
        |ontology: &Ontology| make_api(ontology, memory).map_err(|error| Reports(vec![error.report()]));
    if let Some(path) = &folders.graph {
        let snapshot = {
            let _huge_pages = HugePages::allowed();
            Snapshot::open_within(path, memory, folders.int64.into())
        };
        let snapshot = snapshot.map_err(|error| {
            let code = match error {
                FileError::Memory(_) => Code::MEMORY,
                _ => Code::DATA_UNREADABLE,
            };
            let message = format!("cannot serve \"{}\": {error}", path.display());
            Reports(vec![Report::new(code, message)])
        })?;
        let api = api_of(snapshot.ontology())?;
        return Ok(Loaded {
            warnings: examples(&snapshot, api.borrow()),
            snapshot,
            api,
        });
    }
    let mut reports = ontology::unread(&folders.schema);
    let mut ontology = ontology::load_within(&folders.schema, memory).map_err(|mut errors| {
        errors.0.extend(reports.0.iter().cloned());
        errors
    })?;
    ontology.int64 = folders.int64.into();
    let ontology = Arc::new(ontology);
    // Before the data is loaded, since loading needs the memory that this frees.
    let api = api_of(&ontology)?;
    let _huge_pages = HugePages::allowed();
    let snapshot = with_bar(&progress, || {
        let files = Files::find(&folders.data, &mut reports);
        let check = |query: &str| misfit(api.borrow(), query);
        graph::build_and_check(&ontology, &files, &progress, &check, &mut reports)
    });
    reports.sort();
    match snapshot {
        Some(snapshot) => Ok(Loaded {
            snapshot,
            api,
            warnings: reports,
        }),
        None => Err(reports),
    }
}

/// The first error of an example query that the data of a graph contain.
fn misfit(api: &Api, query: &str) -> Option<QueryProblem> {
    let error = api.first_error(query, &Limits::default())?;
    Some(QueryProblem {
        at: error.locations.first().map(|it| (it.line, it.column)),
        message: error.message,
    })
}

/// Warns about invalid example queries of a compiled graph, whose file may be from another version of Clew.
fn examples(snapshot: &Snapshot, api: &Api) -> Reports {
    let mut reports = Reports::default();
    for example in &snapshot.info().examples {
        let of = format!("example \"{}\"", shown(&example.title));
        if let Some((message, place)) = api.misfit(&example.query, &of, &Limits::default()) {
            let message = format!("the {of} is not a query of this graph: {message}");
            let report =
                Report::new(Code::BAD_QUERY, message).hint("compile the graph with a corrected example");
            reports.push(match place {
                Some(place) => report.at(place, "here"),
                None => report,
            });
        }
    }
    reports
}

/// Positions of entities in files; `None` for a compiled graph, and if there is not enough memory to read the files
/// again.
pub(super) fn places(folders: &Folders, snapshot: &Snapshot, ids: &[&str]) -> Vec<Place> {
    let Ok(progress) = progress(folders) else {
        return Vec::new();
    };
    if folders.graph.is_some() {
        return Vec::new();
    }
    let files = Files::find(&folders.data, &mut Reports::default());
    let places = files.places(ids, snapshot.ontology(), &progress);
    if progress.memory.is_passed() {
        Vec::new()
    } else {
        places
    }
}

/// Generates the API's schema.
///
/// # Errors
/// When it cannot be generated.
pub(super) fn api(ontology: &Ontology, memory: &Allowance) -> Result<Api, Reports> {
    Api::within(ontology, memory).map_err(|error| Reports(vec![error.report()]))
}

/// The memory that a load may use.
///
/// # Errors
/// When the process already uses more than that.
fn memory(most: Option<u64>) -> Result<Allowance, Reports> {
    let memory = Allowance::of_process(most);
    if !memory.holds()
        && let Some(excess) = memory.excess()
    {
        let message = format!("nothing can be loaded: {excess}");
        return Err(Reports(vec![Report::new(Code::MEMORY, message)]));
    }
    Ok(memory)
}

/// Prepares a load: its allowance of memory and its threads.
///
/// # Errors
/// When the process already holds more memory than it may.
pub(super) fn progress(folders: &Folders) -> Result<Progress, Reports> {
    static THREADS: Once = Once::new();
    let progress = Progress {
        memory: memory(folders.max_memory_total)?,
        ..Progress::default()
    };
    // If rayon started its threads on first use, a failure would panic. Threads that did start may run out of memory at
    // any moment, which ends the process with one line, so this error has the same form.
    THREADS.call_once(|| {
        if let Err(error) = rayon::ThreadPoolBuilder::new().build_global() {
            let line = format!("clew: the system starts no threads: {error}; allow the process more memory and threads (see `ulimit -v` and `ulimit -u`)\n");
            graph::exit_with(line.as_bytes(), 1);
        }
    });
    Ok(progress)
}

/// A line that describes a loaded graph.
pub(super) fn summary(snapshot: &Snapshot, taken: Duration) -> String {
    let counts = snapshot.counts();
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    let process = resident().map_or_else(String::new, |it| {
        format!(", {:.0} MB in the process", megabytes(it))
    });
    format!(
        "{} entities, {} edges, {} statements, {} sources; loaded in {:.2} s, {:.1} MB in the graph{process}",
        grouped(counts.entities),
        grouped(counts.edges),
        grouped(counts.statements),
        grouped(counts.sources),
        taken.as_secs_f64(),
        megabytes(snapshot.memory().total()),
    )
}

/// A number with separators between thousands.
pub(super) fn grouped(number: usize) -> HumanCount {
    HumanCount(number as u64)
}

/// The memory that the process holds, if the system reports it.
fn resident() -> Option<usize> {
    status("VmRSS:")
}

/// A value in bytes from the system's status of the process.
pub(super) fn status(name: &str) -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|it| it.starts_with(name))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
