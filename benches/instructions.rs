//! W1 to W5 in process, for counting instructions.
//!
//! `benches/instructions.mjs` runs this program under callgrind, which counts only the instructions in the function of
//! the requested query: from the bytes of a request's body to the bytes of its answer, without the transport. Times
//! differ between runs and machines; counts hardly do.
//!
//! `instructions save SCHEMA DATA FILE` compiles a graph into a file. `instructions ask FILE W1 100` runs W1 100 times
//! and prints the length of one answer in bytes.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use clew::api::{Engine, Limits};
use clew::facts::{Files, Progress};
use clew::graph::{self, Snapshot};
use clew::ontology;
use clew::report::{Reports, Style};

mod body;

use body::answer;

// The server's allocator, since the instructions of allocations count too.
#[global_allocator]
static ALLOCATOR: clew::graph::Allocator = clew::graph::Allocator;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Number of answers before counting begins: the first ones parse, plan, and determine the length of the answer.
const BEFORE: usize = 3;

/// A query and the function that runs it.
type Question = (&'static str, &'static str, fn(&Engine, &[u8]) -> Vec<u8>);

/// The same as in `benches/peers/run.mjs`.
const QUESTIONS: [Question; 5] = [
    (
        "W1",
        r#"{ synset(id: "synset-02086723-n") { id label category gloss } }"#,
        w1,
    ),
    (
        "W2",
        r#"{ synset(id: "synset-02086723-n") { label hypernyms { nodes { id label gloss } } words { nodes { lemma } } } }"#,
        w2,
    ),
    (
        "W3",
        r#"{ synset(id: "synset-03806455-n") { label hyponyms(first: 1000) { nodes { label hyponyms(first: 1000) { nodes { label hyponyms(first: 1000) { nodes { label } } } } } } } }"#,
        w3,
    ),
    (
        "W4",
        "{ synsets(first: 1000, filter: { partOfSpeech: { eq: NOUN } }) { nodes { id label category gloss } } }",
        w4,
    ),
    (
        "W5",
        r#"{ synsets(first: 50, filter: { partOfSpeech: { eq: NOUN }, gloss: { contains: "violin" } }) { nodes { id label } } }"#,
        w5,
    ),
];

/// Functions that callgrind can distinguish. Each writes its own name, since the compiler may merge equal functions.
macro_rules! asked {
    ($($name:ident)*) => {$(
        #[inline(never)]
        fn $name(engine: &Engine, body: &[u8]) -> Vec<u8> {
            black_box(stringify!($name));
            answer(engine, black_box(body))
        }
    )*};
}

asked! { w1 w2 w3 w4 w5 }

fn save(schema: &str, data: &str, file: &str) -> Result<()> {
    let drawn = |reports: &Reports| {
        reports.render(Style {
            color: false,
            most: 10,
        })
    };
    let ontology = ontology::load(Path::new(schema)).map_err(|it| drawn(&it))?;
    let mut reports = Reports::default();
    let files = Files::find(Path::new(data), &mut reports);
    let snapshot = graph::build(&Arc::new(ontology), &files, &Progress::default(), &mut reports);
    snapshot.ok_or_else(|| drawn(&reports))?.save(Path::new(file))?;
    Ok(())
}

fn ask(file: &str, name: &str, times: usize) -> Result<()> {
    let question = QUESTIONS.iter().find(|it| it.0 == name);
    let (_, query, function) = question.ok_or_else(|| format!("there is no question {name}"))?;
    let engine = Engine::new(Arc::new(Snapshot::open(Path::new(file))?), Limits::default())?;
    if query.contains("contains") {
        engine.index().make_grams();
    }
    let body = serde_json::to_vec(&serde_json::json!({ "query": query }))?;
    for _ in 0..BEFORE {
        black_box(answer(&engine, black_box(&body)));
    }
    let mut bytes = 0;
    for _ in 0..times {
        let answer = function(&engine, &body);
        if !answer.starts_with(b"{\"data\":") {
            return Err(format!("{name}: {}", String::from_utf8_lossy(&answer)).into());
        }
        bytes = answer.len();
    }
    println!("{bytes}");
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["save", schema, data, file] => save(schema, data, file),
        ["ask", file, name, times] => ask(file, name, times.parse()?),
        // `cargo bench` runs all benches without arguments.
        _ => {
            println!("instructions: benches/instructions.mjs runs this");
            Ok(())
        }
    }
}
