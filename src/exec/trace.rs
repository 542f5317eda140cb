//! What a run is asked to tell beside the answer: where each value comes from, and what each step took.
//!
//! Only runs that are asked for it keep a trace; all others pay one branch for an object and one for an element.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::json;

use super::visited::Subgraph;
use super::{Run, Segment};
use crate::graph::{EdgeNo, NO_STATEMENT, Row, StatementNo};
use crate::ontology::{PropertyNo, RelationId};

/// What is noted while a run goes on.
#[derive(Debug, Default)]
pub(super) struct Trace<'a> {
    path: Vec<Segment>,
    /// Whether what is being written is to be cited.
    citing: bool,
    /// Places in the answer, each with the statement behind its value.
    cited: Vec<(Vec<Segment>, StatementNo)>,
    /// The fields that are under way.
    open: Vec<Open>,
    /// The steps in the order of their first run, where they are asked for.
    steps: Option<Steps>,
    /// What the run comes by, where that is asked for.
    pub visited: Option<Subgraph<'a>>,
}

/// A field that is under way: what was before it, and when its step began.
#[derive(Debug)]
struct Open {
    citing: bool,
    begun: Option<(Instant, u64, usize)>,
}

#[derive(Debug, Default)]
struct Steps {
    order: Vec<Took>,
    known: HashMap<Vec<String>, usize>,
    /// The steps that are under way.
    open: Vec<usize>,
}

/// What all runs of one step took together.
#[derive(Debug)]
struct Took {
    path: Vec<String>,
    step: &'static str,
    rows_in: u64,
    rows_out: u64,
    looked_at: u64,
    bytes: usize,
    nanoseconds: u128,
}

impl Trace<'_> {
    pub fn new(cite: bool, explain: bool, visit: bool) -> Self {
        Self {
            citing: cite,
            steps: explain.then(Steps::default),
            visited: visit.then(Subgraph::default),
            ..Self::default()
        }
    }

    /// Begins an element of a list.
    #[cold]
    #[inline(never)]
    pub fn enter(&mut self, index: usize) {
        self.path.push(Segment::Index(index));
    }

    /// Ends an element.
    #[cold]
    #[inline(never)]
    pub fn leave(&mut self) {
        self.path.pop();
    }

    /// Forgets the places below the one that is being written, because it is null now.
    pub fn forget(&mut self) {
        let here = &self.path;
        self.cited.retain(|(path, _)| !path.starts_with(here));
    }
}

impl Run<'_> {
    /// Begins a field.
    #[cold]
    #[inline(never)]
    pub(super) fn enter_field(&mut self, key: &str, cite: bool, step: Option<&'static str>) {
        let Some(trace) = &mut self.trace else { return };
        let citing = trace.citing;
        trace.citing |= cite;
        trace.path.push(Segment::Key(key.to_owned()));
        let begun = step.and_then(|step| self.begin(step));
        if let Some(trace) = &mut self.trace {
            trace.open.push(Open { citing, begun });
        }
    }

    /// Ends a field.
    #[cold]
    #[inline(never)]
    pub(super) fn leave_field(&mut self) {
        let Some(trace) = &mut self.trace else { return };
        trace.path.pop();
        if let Some(open) = trace.open.pop() {
            trace.citing = open.citing;
            if let Some((start, rows, bytes)) = open.begun {
                self.end(start, rows, bytes);
            }
        }
    }

    fn begin(&mut self, step: &'static str) -> Option<(Instant, u64, usize)> {
        let trace = self.trace.as_mut()?;
        let steps = trace.steps.as_mut()?;
        let keys = trace.path.iter().filter_map(|it| match it {
            Segment::Key(key) => Some(key.clone()),
            Segment::Index(_) => None,
        });
        let path: Vec<String> = keys.collect();
        let at = *steps.known.entry(path.clone()).or_insert_with(|| {
            steps.order.push(Took {
                path,
                step,
                rows_in: 0,
                rows_out: 0,
                looked_at: 0,
                bytes: 0,
                nanoseconds: 0,
            });
            steps.order.len() - 1
        });
        steps.open.push(at);
        Some((Instant::now(), self.rows, self.out.len()))
    }

    fn end(&mut self, start: Instant, rows: u64, bytes: usize) {
        let (now_rows, now_bytes) = (self.rows, self.out.len());
        let Some(steps) = self.trace.as_mut().and_then(|it| it.steps.as_mut()) else {
            return;
        };
        let Some(at) = steps.open.pop() else { return };
        let took = &mut steps.order[at];
        took.rows_in += 1;
        took.looked_at += now_rows - rows;
        took.bytes += now_bytes.saturating_sub(bytes);
        took.nanoseconds += start.elapsed().as_nanos();
    }

    /// Notes how many entries a step gave.
    #[inline]
    pub(super) fn gave(&mut self, rows: usize) {
        if let Some(trace) = &mut self.trace
            && let Some(steps) = &mut trace.steps
            && let Some(at) = steps.open.last()
        {
            steps.order[*at].rows_out += rows as u64;
        }
    }

    /// Notes that what is being written rests on an edge.
    #[inline]
    pub(super) fn cite_edge(&mut self, relation: RelationId, edge: EdgeNo) {
        if self.trace.is_some() {
            self.cite(self.snapshot.edge_statement(relation, edge), None);
        }
    }

    /// Notes the statement behind what is being written, or behind an element of it.
    pub(super) fn cite(&mut self, statement: StatementNo, element: Option<usize>) {
        let Some(trace) = &mut self.trace else { return };
        if !trace.citing || statement == NO_STATEMENT {
            return;
        }
        if self.snapshot.statements().citations(statement).len() == 0 {
            return;
        }
        let mut path = trace.path.clone();
        path.extend(element.map(Segment::Index));
        trace.cited.push((path, statement));
    }

    /// Notes the statements behind a property that is being written.
    #[cold]
    pub(super) fn cite_property(&mut self, row: Row, no: PropertyNo) {
        let snapshot = self.snapshot;
        let column = snapshot.column(row.type_id, no);
        if column.is_list() {
            let held = snapshot.held_values(column, row.row, self.as_of);
            for (index, at) in held.enumerate() {
                self.cite(column.statement(at), Some(index));
                self.tell(row, no, column.values(), at, column.statement(at));
            }
            return;
        }
        let Some((values, at)) = snapshot.value(row, no, self.as_of) else {
            return;
        };
        if values.is_null(at) {
            return;
        }
        let said = column.said(row.row);
        let given = said
            .iter()
            .find(|(it, place, _)| std::ptr::eq(*it, values) && *place == at);
        let statement = given.map_or(NO_STATEMENT, |(_, _, statement)| *statement);
        self.cite(statement, None);
        self.tell(row, no, values, at, statement);
    }

    /// What was noted, as the answer's `extensions`.
    pub(super) fn told(&self, cite: bool) -> Option<serde_json::Value> {
        let trace = self.trace.as_ref()?;
        let mut told = serde_json::Map::new();
        if cite {
            let all = trace
                .cited
                .iter()
                .map(|(path, statement)| json!({"path": path, "citations": self.citations_json(*statement)}));
            told.insert("citations".to_owned(), all.collect());
        }
        if let Some(steps) = &trace.steps {
            let all = steps.order.iter().map(|it| {
                json!({
                    "path": it.path,
                    "step": it.step,
                    "rowsIn": it.rows_in,
                    "rowsOut": it.rows_out,
                    "rowsLookedAt": it.looked_at,
                    "bytes": it.bytes,
                    "microseconds": it.nanoseconds as f64 / 1000.0,
                })
            });
            told.insert("plan".to_owned(), all.collect());
        }
        Some(told.into())
    }

    fn citations_json(&self, statement: StatementNo) -> serde_json::Value {
        let snapshot = self.snapshot;
        let raw = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).unwrap_or_default();
        let members = &self.ontology.entity_type(self.ontology.source_type).members;
        let all = snapshot.statements().citations(statement).map(|citation| {
            let row = snapshot.locate(citation.source);
            let property = |name: &str| match members.get(name) {
                Some(crate::ontology::Member::Property(no)) => {
                    snapshot.column(row.type_id, no).values().text(row.row)
                }
                _ => None,
            };
            json!({
                "source": {"id": snapshot.id(row), "title": property("title"), "url": property("url")},
                "locator": raw(citation.locator),
                "note": raw(citation.note),
            })
        });
        all.collect()
    }
}
