#![allow(clippy::cast_sign_loss, reason = "rates are never negative")]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::Args;

use super::{Folders, Reporting, fail, load, say};
use crate::api::{Api, Engine, Limits};
use crate::bench::{self, Shape};
use crate::graph::{self, Snapshot};
use crate::ontology;
use crate::report::Reports;

/// `clew bench`.
#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Generate a graph with these numbers of entities and edges instead of loading one: entities=10M,edges=100M,seed=7
    #[arg(long, value_name = "SHAPE", conflicts_with_all = ["schema", "data", "graph"])]
    generate: Option<Shape>,
    /// How long each query is repeated, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Build no indexes of texts and substrings, and do not measure searches
    #[arg(long)]
    no_search: bool,
    #[command(flatten)]
    folders: Folders,
    #[command(flatten)]
    reporting: Reporting,
}

fn seconds(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("\"{text}\" is no number"))?;
    if (0.01..=3600.0).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{number} is not from 0.01 to 3600"))
    }
}

impl Bench {
    pub fn run(&self) -> ExitCode {
        let loaded = match self.generate {
            Some(shape) => self.make(shape),
            None => self.load(),
        };
        let (snapshot, api, lines) = match loaded {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        say(lines);
        say(memory(&snapshot));
        let engine = Engine::of(Arc::new(snapshot), api, Limits::default());
        match self.ask(&engine) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(error),
        }
    }

    fn load(&self) -> Result<(Snapshot, Api, String), ExitCode> {
        let start = Instant::now();
        let (snapshot, api) = load::graph(&self.folders, &self.reporting)?;
        let taken = start.elapsed();
        let summary = load::summary(&snapshot, taken);
        let counts = snapshot.counts();
        let rate = (counts.entities + counts.edges) as f64 / taken.as_secs_f64();
        let most = peak();
        let line = format!(
            "{summary}{most}; {} entities and edges/s",
            load::grouped(rate as usize)
        );
        Ok((snapshot, api, line))
    }

    /// Generates a graph and loads it as if it were read from files.
    fn make(&self, shape: Shape) -> Result<(Snapshot, Api, String), ExitCode> {
        let mut reports = Reports::default();
        let progress = load::progress(&self.folders).map_err(|reports| {
            load::show(&reports, &self.reporting);
            ExitCode::from(1)
        })?;
        let compiled = ontology::compile_within(&[Shape::schema()], &progress.memory).and_then(|ontology| {
            let api = load::api(&ontology, &progress.memory)?;
            Ok((ontology, api))
        });
        let (ontology, api) = compiled.map_err(|reports| {
            load::show(&reports, &self.reporting);
            ExitCode::from(1)
        })?;
        let start = Instant::now();
        let (files, made) = shape.files();
        let snapshot = graph::build(&Arc::new(ontology), &files, &progress, &mut reports);
        let taken = start.elapsed();
        let Some(snapshot) = snapshot else {
            load::show(&reports, &self.reporting);
            return Err(ExitCode::from(1));
        };
        let cores = rayon::current_num_threads();
        let making = Duration::from_nanos(made.load(Ordering::Relaxed)).as_secs_f64() / cores as f64;
        let loading = taken.as_secs_f64() - making;
        let rate = shape.lines() as f64 / loading;
        let line = format!(
            "{}{}; {making:.1} s of it made the lines; the rest is {} lines/s on {cores} cores, {} a core",
            load::summary(&snapshot, taken),
            peak(),
            load::grouped(rate as usize),
            load::grouped((rate / cores as f64) as usize),
        );
        Ok((snapshot, api, line))
    }

    fn ask(&self, engine: &Engine) -> Result<(), String> {
        let time = Duration::from_secs_f64(self.seconds);
        let (mut index, mut names) = (None, None);
        let start = Instant::now();
        let bytes = engine.index().make_columns();
        say(format_args!(
            "column indexes: {:.2} s, {:.1} MB",
            start.elapsed().as_secs_f64(),
            bytes as f64 / 1e6
        ));
        if !self.no_search {
            let start = Instant::now();
            let bytes = engine.index().make_grams();
            say(format_args!(
                "substring index: {:.2} s, {:.1} MB",
                start.elapsed().as_secs_f64(),
                bytes as f64 / 1e6
            ));
        }
        say(
            "| question | answers/s on one core | p50 µs | p90 µs | p99 µs | at most µs | bytes of an answer |",
        );
        say("| --- | --- | --- | --- | --- | --- | --- |");
        for question in bench::questions(engine.snapshot(), !self.no_search) {
            if question.name == "search" {
                let background = engine.index();
                let made = background.make().map_err(|error| error.to_string())?;
                index = Some((made.taken, made.bytes));
            }
            if question.name == "suggest" {
                let background = engine.index();
                let made = background.names(&|| false).map_err(|error| error.to_string())?;
                names = Some((made.taken, made.bytes()));
            }
            let times = bench::measure(engine, &question, time)?;
            let quantiles = [0.5, 0.9, 0.99, 1.0].map(|it| {
                let micros = times.quantile(it).as_secs_f64() * 1e6;
                format!("{micros:.1}")
            });
            say(format_args!(
                "| {} | {} | {} | {} |",
                question.name,
                load::grouped(times.rate() as usize),
                quantiles.join(" | "),
                load::grouped(times.bytes / times.count().max(1)),
            ));
        }
        for (name, made) in [("text index", index), ("name index", names)] {
            if let Some((taken, bytes)) = made {
                say(format_args!(
                    "{name}: {:.2} s, {:.1} MB",
                    taken.as_secs_f64(),
                    bytes as f64 / 1e6
                ));
            }
        }
        Ok(())
    }
}

/// The peak memory of the process so far.
fn peak() -> String {
    load::status("VmHWM:").map_or_else(String::new, |it| format!(", {:.0} MB at most", it as f64 / 1e6))
}

/// Memory of the graph by part.
fn memory(snapshot: &Snapshot) -> String {
    let memory = snapshot.memory();
    let parts = [
        ("ids", memory.ids),
        ("indexes", memory.indexes),
        ("strings", memory.strings),
        ("columns", memory.columns),
        ("adjacency", memory.adjacency),
        ("statements", memory.statements),
    ];
    let shown = parts.map(|(name, bytes)| format!("{name} {:.1} MB", bytes as f64 / 1e6));
    format!("memory: {}", shown.join(", "))
}
