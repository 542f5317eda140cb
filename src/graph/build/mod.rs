//! Builds a snapshot from facts, and checks every fact.
//!
//! The files are read twice. The first reading finds the entities: their ids are sorted within each type, which gives
//! them their numbers. The second reading takes all facts, part by part on all cores. Each part is digested into short
//! columns and edges between numbers ([`digest`]); then its text is freed. Finally, the short columns are merged in the
//! order of the entities, and a counting sort puts the edges in order. To report an error that is found only then, its
//! part is read again.

mod columns;
mod conversion;
mod digest;
mod edge_order;
mod edges;
mod entities;
mod hints;
mod language_tags;
mod located;
mod part_columns;
mod statements;
mod unique;

use std::sync::{Arc, Mutex, PoisonError};

use petgraph::unionfind::UnionFind;

use super::{Counts, Row, Snapshot, Table};
use crate::facts::{Batch, Files, Part, Progress, fingerprint};
use crate::graph::statement::Statements;
use crate::memory::Allowance;
use crate::ontology::{Ontology, TypeId};
use crate::report::{Code, Place, Report, Reports};
use entities::Entities;

/// Origin of a fact: its part, and its position among the part's facts of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    part: u32,
    at: u32,
}

/// State that all steps of the build share.
struct Context<'a> {
    ontology: &'a Ontology,
    files: &'a Files,
    memory: &'a Allowance,
    parts: &'a [Part],
    /// The parts that were last read again to show places in them.
    again: Mutex<Vec<(u32, Arc<Batch>)>>,
}

/// Maximum number of parts that are kept after they were read again.
const HELD: usize = 8;
/// Maximum number of errors of a kind that are reported for an element of the schema; the others are counted.
const MOST_SHOWN: usize = 1000;

impl Context<'_> {
    /// A part's facts, read again. `None` if the file has changed meanwhile, which is reported elsewhere.
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

    /// The place of an entity in the files.
    fn place(&self, origin: Origin) -> Option<Place> {
        let batch = self.batch(origin.part)?;
        let fact = batch.entities.get(self.fact_of(&batch, origin)?)?;
        Some(batch.place(fact.at).detached())
    }

    /// The position of an entity among the entities of its part.
    fn fact_of(&self, batch: &Batch, origin: Origin) -> Option<usize> {
        let at = self.parts[origin.part as usize].ids.at[origin.at as usize];
        batch.entities.iter().position(|it| it.at.start == at)
    }
}

/// An error in a query.
#[derive(Debug)]
pub struct QueryProblem {
    /// The message.
    pub message: String,
    /// Line and column, both counted from 1, if known.
    pub at: Option<(u32, u32)>,
}

/// Finds errors in a query of the graph. Given by the caller, because this module does not know the API.
pub type CheckQuery<'a> = dyn Fn(&str) -> Option<QueryProblem> + Sync + 'a;

/// Builds the snapshot of facts. Reports are added to `reports`; if there is an error among them, there is no snapshot.
/// Before each step that allocates much memory, the allowance of `progress` is checked. If it is exceeded, the build is
/// abandoned, and that is the only report.
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
    // The build has its own threads, because memory that a thread has freed but cached is released when the thread
    // ends.
    let built = match rayon::ThreadPoolBuilder::new().build() {
        Ok(threads) => threads.install(|| checked(reports)),
        // If no more threads can be started, the build uses those of the process.
        Err(_) => checked(reports),
    };
    let Some(excess) = progress.memory.excess() else {
        reports.without_consequences();
        reports.merge_missing();
        return built;
    };
    // Other reports may be wrong, since not all facts were read.
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

/// Weakly connected components. A source without relations is only cited, and is not counted as a component.
fn components(snapshot: &Snapshot) -> usize {
    let all = snapshot.bases.last().copied().unwrap_or(0) as usize;
    let mut sets = UnionFind::<u32>::new(all);
    let mut parts = all;
    // Uses the rows themselves, since the iterators of a view are slower.
    for edges in &snapshot.relations {
        for (type_no, starts) in edges.out.starts.iter() {
            let base = snapshot.bases[type_no];
            for (row, range) in starts.iter() {
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
