//! From facts to a snapshot, with every fact checked.
//!
//! First the entities: their ids are sorted within each type, which gives them their numbers. Then each
//! fact goes into the bucket of its property or relation, and the buckets are checked and built side by
//! side.

mod cell;
mod columns;
mod edges;
mod entities;
mod statements;

use std::sync::Arc;

use super::{Counts, Row, Snapshot, Table};
use crate::facts::{Batch, Data, EntityFact, GraphFact, Span};
use crate::ontology::{Ontology, TypeId};
use crate::report::{Place, Reports};
use entities::Entities;

/// Where a fact stands: its batch and its position in the batch's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Origin {
    batch: u32,
    at: u32,
}

/// What all steps of building need.
struct Context<'a> {
    ontology: &'a Ontology,
    batches: &'a [Batch],
    /// For each batch, what its first statement's number is in the snapshot.
    statement_bases: Vec<u32>,
}

impl Context<'_> {
    fn batch(&self, origin: Origin) -> &Batch {
        &self.batches[origin.batch as usize]
    }

    fn entity_fact(&self, origin: Origin) -> &EntityFact {
        &self.batch(origin).entities[origin.at as usize]
    }

    fn place(&self, origin: Origin, span: Span) -> Place {
        self.batch(origin).place(span)
    }

    /// A batch's statement in the numbering of the snapshot.
    fn statement(&self, batch: u32, statement: u32) -> super::StatementNo {
        if statement == crate::facts::NO_STATEMENT {
            super::NO_STATEMENT
        } else {
            super::StatementNo(self.statement_bases[batch as usize] + statement)
        }
    }
}

/// Builds the snapshot of some facts. Reports are added to `reports`; with an error among them there is
/// no snapshot.
pub fn build(ontology: &Arc<Ontology>, data: &Data, reports: &mut Reports) -> Option<Snapshot> {
    let batches = &data.batches;
    let mut statement_bases = Vec::with_capacity(batches.len());
    let mut statements = 0u32;
    for batch in batches {
        statement_bases.push(statements);
        statements += batch.statements.len() as u32;
    }
    let context = Context {
        ontology,
        batches,
        statement_bases,
    };
    let entities = entities::number(&context, reports);
    let columns = columns::build(&context, &entities, reports);
    let relations = edges::build(&context, &entities, reports);
    let structures = statements::structures(&context, &entities, &columns, reports);
    let statements = statements::build(&context, &entities, &structures, reports);
    if reports.has_errors() {
        return None;
    }
    let mut info = GraphFact::default();
    for batch in batches {
        info.title = info.title.or_else(|| batch.graph.title.clone());
        info.description = info.description.or_else(|| batch.graph.description.clone());
        info.licence = info.licence.or_else(|| batch.graph.licence.clone());
        info.url = info.url.or_else(|| batch.graph.url.clone());
        info.examples.extend_from_slice(&batch.graph.examples);
    }
    let Entities {
        bases, ids, index, ..
    } = entities;
    let tables = ids
        .into_iter()
        .zip(columns)
        .map(|(ids, (columns, unique))| Table { ids, columns, unique });
    let mut snapshot = Snapshot {
        revision: ontology.fingerprint.rotate_left(32) ^ data.fingerprint,
        info,
        bases,
        tables: tables.collect(),
        ids: index,
        relations,
        statements,
        counts: Counts::default(),
        ontology: ontology.clone(),
    };
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
    let all = petgraph::algo::connected_components(&snapshot.view());
    let source = snapshot.ontology.source_type;
    let lonely = (0..snapshot.rows(source)).filter(|row| {
        let row = Row {
            type_id: source,
            row: *row,
        };
        snapshot.links(row).all(|(_, _, it)| it.is_empty())
    });
    all - lonely.count()
}
