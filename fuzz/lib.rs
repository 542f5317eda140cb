//! Shared by several fuzz targets: the graph that they query, and the invariants of reports and answers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use clew::api::{Answer, Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::graph::{self, Snapshot};
use clew::memory::Allowance;
use clew::ontology;
use clew::report::{Place, Reports, Style};

/// The graph in `graph/`, whose schema has a value of each kind.
pub fn library() -> Snapshot {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("graph");
    let ontology = Arc::new(ontology::load(&folder.join("schema")).expect("the schema is valid"));
    let mut reports = Reports::default();
    let files = Files::find(&folder.join("data"), &mut reports);
    graph::build(&ontology, &files, &Progress::default(), &mut reports).expect("the data are valid")
}

/// An engine whose requests end long before a fuzzer's timeout.
pub fn engine(snapshot: Snapshot) -> Engine {
    let limits = Limits {
        time: Duration::from_secs(2),
        ..Limits::default()
    };
    Engine::new(Arc::new(snapshot), limits).expect("the API can be made")
}

/// A file in memory, where the system has such a folder.
pub fn scratch_file(name: &str) -> PathBuf {
    let shared = Path::new("/dev/shm");
    let folder = if shared.is_dir() {
        shared.to_owned()
    } else {
        std::env::temp_dir()
    };
    // Targets that run at the same time have other files.
    let folder = folder.join(format!("clew-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder.join(name)
}

/// Queries for every graph: all lists with filters and orders, each kind of question, and citations.
const QUESTIONS: &[&str] = &[
    include_str!("questions/lists.graphql"),
    include_str!("questions/whole.graphql"),
];

/// The engine of [`library`].
pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let engine = engine(library());
    for answer in answers(&engine) {
        assert!(answer.code.is_none(), "{}", String::from_utf8_lossy(&answer.body));
    }
    engine
});

/// An engine for another snapshot.
fn engine_of(snapshot: Snapshot) -> Engine {
    let api = ENGINE.api_of(snapshot.ontology(), &Allowance::default());
    ENGINE.succeeded_by(Arc::new(snapshot), api.expect("the API can be made"))
}

fn answers(engine: &Engine) -> Vec<Answer> {
    let ask = |query: &&str| {
        engine.execute(Request {
            query,
            operation_name: None,
            variables: None,
        })
    };
    QUESTIONS.iter().map(ask).collect()
}

/// Asks the questions of a snapshot whose file may be forged: any answer will do.
pub fn ask(snapshot: Snapshot) {
    answers(&engine_of(snapshot));
}

/// Loads a file as data of the graph's schema and checks the reports. A graph that loads must be the same when it is loaded
/// again, and when it is saved and opened, and must answer queries.
pub fn load(file: &Path) {
    let ontology = ENGINE.snapshot().shared_ontology();
    let build = || {
        let mut reports = Reports::default();
        let files = Files::find(file, &mut reports);
        let snapshot = graph::build(&ontology, &files, &Progress::default(), &mut reports);
        (snapshot, reports)
    };
    let (snapshot, mut reports) = build();
    reports.sort();
    check_reports(&reports);
    assert_eq!(snapshot.is_none(), reports.has_errors());
    let Some(snapshot) = snapshot else { return };
    let again = build().0.expect("it loads again");
    assert_eq!(snapshot.revision(), again.revision());
    drop(again);
    let saved = file.with_extension("clew");
    snapshot.save(&saved).expect("it can be saved");
    let opened = Snapshot::open(&saved).expect("what was saved can be opened");
    let (built, opened) = (answers(&engine_of(snapshot)), answers(&engine_of(opened)));
    for (built, opened) in built.iter().zip(&opened) {
        assert_eq!(check_answer(built), check_answer(opened));
    }
}

/// Checks that reports point into their texts, and that they can be drawn.
pub fn check_reports(reports: &Reports) {
    for report in &reports.0 {
        assert!(!report.message.is_empty(), "{report:?}");
        let others = report.others.iter().map(|(place, _)| place);
        report.place.iter().chain(others).for_each(check_place);
    }
    for color in [false, true] {
        let drawn = reports.render(Style { color, most: 20 });
        let is_command = |it: char| it.is_control() && !matches!(it, '\n' | '\t' | '\u{1b}');
        assert!(!drawn.contains(is_command), "{drawn:?}");
        assert!(color || !drawn.contains('\u{1b}'), "{drawn:?}");
    }
}

fn check_place(place: &Place) {
    let text = &place.source.text;
    let written = text.get(place.span.clone());
    assert!(written.is_some(), "{:?} of {} bytes", place.span, text.len());
    let (line, column) = place.line_column();
    assert!(line > 0 && column > 0);
}

/// Checks that an answer is JSON, and returns it.
pub fn check_answer(answer: &Answer) -> serde_json::Value {
    let read = serde_json::from_slice(&answer.body);
    read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&answer.body)))
}
