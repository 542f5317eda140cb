//! Queries over many rows, in process and on one thread, from the bytes of a request's body to the bytes of its answer.
//!
//! `benches/analytics/run.py` runs this program beside `DuckDB`. `analytics GRAPH.clew` reads questions from the standard
//! input, one JSON object a line: `{"query": …, "variables": [{…}, …], "calls": 20}`. Each call takes the next of the
//! variables. It answers each with a line: `{"nanoseconds": […], "answers": […]}`, with an answer for each of the
//! variables.

use std::error::Error;
use std::hint::black_box;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use clew::api::{Engine, Limits};
use clew::graph::Snapshot;
use serde::Deserialize;
use serde_json::{Value, json};

#[path = "../body/mod.rs"]
mod body;

// The server's own, since what an allocation costs counts too.
#[global_allocator]
static ALLOCATOR: clew::graph::Allocator = clew::graph::Allocator;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Deserialize)]
struct Question {
    query: String,
    variables: Vec<Value>,
    calls: usize,
}

fn ask(engine: &Engine, question: &Question) -> Result<Value> {
    let body = |variables: &Value| json!({ "query": question.query, "variables": variables }).to_string();
    let bodies: Vec<String> = question.variables.iter().map(body).collect();
    let mut answers = Vec::new();
    for body in &bodies {
        let answer = body::answer(engine, body.as_bytes());
        answers.push(serde_json::from_slice::<Value>(&answer)?);
    }
    let mut nanoseconds = Vec::new();
    for body in bodies.iter().cycle().take(question.calls) {
        let start = Instant::now();
        black_box(body::answer(engine, black_box(body.as_bytes())));
        nanoseconds.push(start.elapsed().as_nanos() as u64);
    }
    Ok(json!({ "nanoseconds": nanoseconds, "answers": answers }))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let [file] = &arguments[..] else {
        // `cargo bench` runs all benches without arguments.
        println!("analytics: benches/analytics/run.py runs this");
        return Ok(());
    };
    let engine = Engine::new(Arc::new(Snapshot::open(Path::new(file))?), Limits::default())?;
    engine.index().make_columns();
    engine.index().make_grams();
    for line in stdin().lines() {
        let answer = ask(&engine, &serde_json::from_str(&line?)?)?;
        let mut out = stdout().lock();
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
