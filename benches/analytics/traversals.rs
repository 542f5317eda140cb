//! Traversals, rankings and filters on relations of a whole graph, from request bytes to answer bytes in one process.
//!
//! `cargo bench --bench traversals -- --graph wordnet.clew [--rounds 9] [--only H9] [--answers FILE]` asks each question
//! with parameters that change in each call and prints a line of JSON for each: the median of the wall clock and of
//! the CPU time of the process, in milliseconds. `--answers` writes what was answered in the first round, which
//! `peers_traversals.py` compares with scipy and igraph.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clew::api::{Engine, Limits, Request};
use clew::graph::Snapshot;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// A question, the parameters of its calls in turn, and how many threads may answer it.
struct Question {
    name: &'static str,
    query: &'static str,
    parameters: Vec<Value>,
    threads: usize,
}

/// Synsets that other questions leave out, one in each call.
const AVOIDED: [&str; 5] = [
    "synset-02086723-n",
    "synset-03806455-n",
    "synset-02124272-n",
    "synset-02694015-n",
    "synset-07755101-n",
];

/// Roots that many synsets are below: entity, physical entity, abstraction.
const ROOTS: [&str; 3] = ["synset-00001740-n", "synset-00001930-n", "synset-00002137-n"];

/// Pairs of synsets, between which paths are searched.
const PAIRS: [[&str; 2]; 5] = [
    ["synset-02086723-n", "synset-03806455-n"],
    ["synset-02124272-n", "synset-02694015-n"],
    ["synset-07755101-n", "synset-02086723-n"],
    ["synset-03806455-n", "synset-02124272-n"],
    ["synset-02694015-n", "synset-07755101-n"],
];

const CATEGORIES: [&str; 5] = [
    "noun.animal",
    "noun.artifact",
    "noun.person",
    "noun.plant",
    "noun.act",
];

fn questions() -> Vec<Question> {
    let avoided = || AVOIDED.iter().map(|it| json!({ "avoid": [it] })).collect();
    let pairs = || {
        PAIRS
            .iter()
            .map(|[from, to]| json!({ "from": from, "to": to }))
            .collect()
    };
    let each = || AVOIDED.iter().map(|it| json!({ "id": it })).collect();
    let categories = || CATEGORIES.iter().map(|it| json!({ "category": it })).collect();
    let question = |name, query, parameters| Question {
        name,
        query,
        parameters,
        threads: 1,
    };
    vec![
        question(
            "H9",
            r#"query($id: ID!) { synset(id: $id) { follow(path: "hyponyms*", first: 0) { totalCount } } }"#,
            ROOTS.iter().map(|it| json!({ "id": it })).collect(),
        ),
        question(
            "H10 weak",
            "query($avoid: [ID!]) { components(first: 5, avoid: $avoid) { size } }",
            avoided(),
        ),
        question(
            "H10 strong",
            "query($avoid: [ID!]) { components(strong: true, first: 5, avoid: $avoid) { size } }",
            avoided(),
        ),
        Question {
            threads: 2,
            ..question(
                "H11",
                "query($avoid: [ID!]) { ranking(by: PAGE_RANK, first: 50, avoid: $avoid) { score entity { id } } }",
                avoided(),
            )
        },
        question(
            "H12 betweenness",
            "query($avoid: [ID!]) { ranking(by: BETWEENNESS, via: [REGION, SEE_ALSO, VERB_GROUP], first: 50, avoid: $avoid) { score exact entity { id } } }",
            avoided(),
        ),
        question(
            "H12 closeness",
            "query($avoid: [ID!]) { ranking(by: CLOSENESS, via: [REGION, SEE_ALSO, VERB_GROUP], first: 50, avoid: $avoid) { score exact entity { id } } }",
            avoided(),
        ),
        question(
            "H13 some",
            "query($category: String!) { synsets(first: 0, filter: {hyponyms: {some: {category: {eq: $category}}}}) { totalCount } }",
            categories(),
        ),
        question(
            "H13 every",
            "query($category: String!) { synsets(first: 0, filter: {hyponyms: {every: {category: {eq: $category}}}}) { totalCount } }",
            categories(),
        ),
        question(
            "H13 count",
            "query($least: Int!) { synsets(first: 0, filter: {hyponyms: {count: {gte: $least}}}) { totalCount } }",
            (1..6).map(|it| json!({ "least": it })).collect(),
        ),
        question(
            "path",
            "query($from: ID!, $to: ID!) { path(from: $from, to: $to, maxHops: 20) { length } }",
            pairs(),
        ),
        question(
            "weighted path",
            r#"query($from: ID!, $to: ID!) { path(from: $from, to: $to, maxHops: 50, weight: "position") { cost } }"#,
            pairs(),
        ),
        question(
            "10 paths",
            "query($from: ID!, $to: ID!) { paths(from: $from, to: $to, maxHops: 20, first: 10) { nodes { length } } }",
            pairs(),
        ),
        question(
            "neighborhood",
            "query($id: ID!) { neighborhood(of: [$id], hops: 3, first: 10) { totalCount } }",
            each(),
        ),
        question(
            "similar",
            "query($id: ID!) { similar(to: $id, first: 10) { score entity { id } } }",
            each(),
        ),
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut graph, mut answers) = (PathBuf::from("target/wordnet.clew"), None);
    let (mut rounds, mut only) = (9, String::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {}
            "--graph" => graph = value()?.into(),
            "--rounds" => rounds = value()?.parse()?,
            "--only" => only = value()?,
            "--answers" => answers = Some(std::fs::File::create(value()?)?),
            other => return Err(format!("there is no option {other}").into()),
        }
    }
    let snapshot = Arc::new(Snapshot::open(&graph)?);
    let limits = Limits {
        time: Duration::from_mins(10),
        rows: u64::MAX,
        ..Limits::default()
    };
    let engine = Engine::new(snapshot, limits)?;
    engine.index().make_columns();
    for question in questions().iter().filter(|it| it.name.starts_with(&only)) {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(question.threads)
            .build()?;
        let ask = |variables: &Value| -> Result<Vec<u8>, Box<dyn Error>> {
            let variables = RawValue::from_string(variables.to_string())?;
            let request = Request {
                query: question.query,
                operation_name: None,
                variables: Some(&variables),
            };
            let answer = pool.install(|| engine.execute(request));
            if answer.has_errors() {
                return Err(String::from_utf8_lossy(&answer.body).into());
            }
            Ok(answer.body)
        };
        let (mut wall, mut cpu) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            for variables in &question.parameters {
                let (before, start) = (cpu_time(), Instant::now());
                let answer = ask(variables)?;
                wall.push(start.elapsed().as_secs_f64() * 1e3);
                cpu.push(cpu_time().saturating_sub(before).as_secs_f64() * 1e3);
                if let (0, Some(file)) = (round, &mut answers) {
                    let answer: Value = serde_json::from_slice(&answer)?;
                    let line = json!({ "name": question.name, "variables": variables, "answer": answer });
                    writeln!(file, "{line}")?;
                }
            }
        }
        let line = json!({ "name": question.name, "ms": median(wall), "cpuMs": median(cpu) });
        println!("{line}");
    }
    Ok(())
}

/// CPU time that the process has used.
#[cfg(target_os = "linux")]
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.cast_unsigned(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

#[cfg(not(target_os = "linux"))]
fn cpu_time() -> Duration {
    Duration::ZERO
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
