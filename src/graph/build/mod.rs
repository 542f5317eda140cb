//! From facts to a snapshot, with every fact checked.
//!
//! The files are gone through twice. First the entities: their ids are sorted within each type, which gives them
//! their numbers. Then all facts, part by part on all cores: each part is digested into short columns and edges
//! between numbers ([`digest`]), after which its text is forgotten. At last the short columns are put together in the
//! order of the entities, and the edges find their places by counting. What is found wrong only then is shown by reading its part again.

mod cell;
mod columns;
mod digest;
mod edges;
mod entities;
mod meant;
mod order;
mod placed;
mod short;
mod statements;
mod tags;
mod unique;

use std::sync::{Arc, Mutex, PoisonError};

use petgraph::unionfind::UnionFind;

use super::adjacency::Starts;
use super::{Counts, Row, Snapshot, Table};
use crate::facts::{Batch, Files, Part, Progress, fingerprint};
use crate::graph::statement::Statements;
use crate::memory::Allowance;
use crate::ontology::{Ontology, TypeId};
use crate::report::{Code, Place, Report, Reports};
use entities::Entities;

/// Where a fact stands: its part, and its position among the part's facts of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    part: u32,
    at: u32,
}

/// What all steps of building need.
struct Context<'a> {
    ontology: &'a Ontology,
    files: &'a Files,
    memory: &'a Allowance,
    parts: &'a [Part],
    /// The parts that were read again last, to show places in them.
    again: Mutex<Vec<(u32, Arc<Batch>)>>,
}

/// So many parts that were read again are held.
const HELD: usize = 8;
/// So many mistakes of one kind in one place of the schema are shown; the rest is counted.
const MOST_SHOWN: usize = 1000;

impl Context<'_> {
    /// A part's facts, read again. `None` where the file has changed meanwhile, which is said elsewhere.
    fn batch(&self, part: u32) -> Option<Arc<Batch>> {
        let mut held = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, batch)) = held.iter().find(|it| it.0 == part) {
            return Some(batch.clone());
        }
        let batch = self.files.again(&self.parts[part as usize], self.ontology)?;
        if held.len() == HELD {
            held.remove(0);
        }
        held.push((part, batch.clone()));
        Some(batch)
    }

    /// Where an entity is written.
    fn place(&self, origin: Origin) -> Option<Place> {
        let batch = self.batch(origin.part)?;
        let fact = batch.entities.get(self.fact_of(&batch, origin)?)?;
        Some(batch.place(fact.at).detached())
    }

    /// The position of an entity among those of its part's facts.
    fn fact_of(&self, batch: &Batch, origin: Origin) -> Option<usize> {
        let at = self.parts[origin.part as usize].ids.at[origin.at as usize];
        batch.entities.iter().position(|it| it.at.start == at)
    }
}

/// What is wrong with a query.
#[derive(Debug)]
pub struct Misfit {
    /// What is wrong.
    pub message: String,
    /// The line and the column, both from 1, where they are known.
    pub at: Option<(u32, u32)>,
}

/// Finds what is wrong with a query of the graph. What a query may ask follows from the schema, which is not known here.
pub type CheckQuery<'a> = dyn Fn(&str) -> Option<Misfit> + Sync + 'a;

/// Builds the snapshot of some facts. Reports are added to `reports`; with an error among them there is
/// no snapshot. Before each step that allocates much, the allowance of `progress` is asked; when it is passed, the build is
/// abandoned and the only report is that.
pub fn build(
    ontology: &Arc<Ontology>,
    files: &Files,
    progress: &Progress,
    reports: &mut Reports,
) -> Option<Snapshot> {
    build_and_check(ontology, files, progress, &|_| None, reports)
}

/// As [`build`], and also checks the examples of the graph.
pub fn build_and_check(
    ontology: &Arc<Ontology>,
    files: &Files,
    progress: &Progress,
    check: &CheckQuery,
    reports: &mut Reports,
) -> Option<Snapshot> {
    let checked = |reports: &mut Reports| checked(ontology, files, progress, check, reports);
    // On threads that end with it: what a thread keeps of the memory that it gave up goes with it.
    let built = match rayon::ThreadPoolBuilder::new().build() {
        Ok(threads) => threads.install(|| checked(reports)),
        // On the threads of the process where there are no more.
        Err(_) => checked(reports),
    };
    let Some(excess) = progress.memory.excess() else {
        reports.without_consequences();
        return built;
    };
    // What else was found may be wrong, since not all was read.
    let message = format!("the graph takes more memory than it may: {excess}");
    let hint = "allow more with --max-memory-total, or compile the graph with `clew compile` where there is more memory and serve the file";
    *reports = Reports(vec![Report::new(Code::MEMORY, message).hint(hint)]);
    None
}

fn checked(
    ontology: &Arc<Ontology>,
    files: &Files,
    progress: &Progress,
    check: &CheckQuery,
    reports: &mut Reports,
) -> Option<Snapshot> {
    let memory = &progress.memory;
    let mut parts = files.parts(ontology, progress);
    let entities = entities::number(ontology, files, memory, &mut parts, reports)?;
    let context = Context {
        ontology,
        files,
        memory,
        parts: &parts,
        again: Mutex::default(),
    };
    let digests = files.each(&parts, ontology, progress, reports, |no, batch, found| {
        let mut digest = digest::digest(ontology, &entities, (no as u32, &parts[no].ids.at), batch, found);
        digest.check_examples(batch, check);
        digest
    });
    if !memory.holds() {
        return None;
    }
    let mut gathered = digest::gather(digests, ontology, reports);
    let columns = columns::build(&context, &entities, &mut gathered, reports)?;
    let relations = edges::build(&context, &entities, &mut gathered, reports)?;
    let structures = statements::structures(&context, &entities, &columns, reports);
    let reserved = memory.reserve(gathered.statements.iter().map(Statements::bytes).sum())?;
    let statements = statements::build(&context, &entities, &structures, gathered.statements, reports);
    drop(reserved);
    if reports.has_errors() {
        return None;
    }
    let Entities {
        bases, ids, index, ..
    } = entities;
    let tables = ids
        .into_iter()
        .zip(columns)
        .map(|(ids, (columns, unique))| Table { ids, columns, unique });
    let mut snapshot = Snapshot {
        revision: ontology.fingerprint.rotate_left(32) ^ fingerprint(&parts),
        info: gathered.graph,
        bases,
        tables: tables.collect(),
        ids: index,
        relations,
        statements,
        counts: Counts::default(),
        ontology: ontology.clone(),
    };
    let _reserved = memory.reserve(snapshot.bases.last().map_or(0, |it| *it as usize * 5))?;
    snapshot.counts = counts(&snapshot);
    Some(snapshot)
}

fn counts(snapshot: &Snapshot) -> Counts {
    let ontology = snapshot.ontology();
    let edges: usize = snapshot.relations.iter().map(|it| it.count).sum();
    let values: usize = ontology
        .type_ids()
        .map(|id: TypeId| {
            let rows = snapshot.rows(id);
            let columns = &snapshot.tables[id.index()].columns;
            columns.iter().map(|it| it.count(rows)).sum::<usize>()
        })
        .sum();
    Counts {
        entities: snapshot.bases.last().copied().unwrap_or(0) as usize,
        edges,
        statements: values + edges,
        sources: snapshot.rows(ontology.source_type),
        citations: snapshot.statements.sources.len(),
        components: components(snapshot),
    }
}

/// Weakly connected components. A source that nothing is related to is cited, and no part of its own.
fn components(snapshot: &Snapshot) -> usize {
    let all = snapshot.bases.last().copied().unwrap_or(0) as usize;
    let mut sets = UnionFind::<u32>::new(all);
    let mut parts = all;
    // Over the rows themselves: a view's iterators take several times as long.
    for edges in &snapshot.relations {
        for (starts, base) in edges.out.starts.iter().zip(&snapshot.bases) {
            for (row, range) in starts.iter().flat_map(Starts::iter) {
                for target in &edges.out.targets[range] {
                    parts -= usize::from(sets.union(base + row, *target));
                }
            }
        }
    }
    let source = snapshot.ontology.source_type;
    let lonely = (0..snapshot.rows(source)).filter(|row| {
        let row = Row {
            type_id: source,
            row: *row,
        };
        snapshot.links(row).all(|(_, _, it)| it.is_empty())
    });
    parts - lonely.count()
}
