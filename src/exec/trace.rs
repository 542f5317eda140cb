//! Additional output of a run on request: the source of each value, and the cost of each step.
//!
//! Only runs with such a request keep a trace; others pay one branch per object and per element. Recorded data becomes
//! part of the answer and is counted when it is recorded.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::subgraph::Subgraph;
use super::{Run, Written};
use crate::graph::{EdgeNo, NO_STATEMENT, Row, StatementNo};
use crate::json;
use crate::ontology::{Member, PropertyNo, RelationId};

/// Bytes that a step takes in addition to its path, in memory and as JSON.
const STEP_BYTES: usize = 256;

/// Data that a run records.
#[derive(Debug, Default)]
pub(super) struct Trace<'a> {
    /// The path of the current value, as the content of a JSON list.
    path: Vec<u8>,
    /// The same path without positions in lists.
    keys: Vec<u8>,
    /// The start of each segment of the path.
    parts: Vec<Part>,
    /// Whether the current value is to be cited.
    citing: bool,
    /// Paths in the answer, as the contents of JSON lists, one after the other.
    places: Vec<u8>,
    /// The end of each path, and the statement of the value at it.
    cited: Vec<(usize, StatementNo)>,
    /// The fields that are being written.
    open: Vec<Open>,
    /// The steps in the order of their first run, if requested.
    steps: Option<Steps>,
    /// The visited part of the graph, if requested.
    pub visited: Option<Subgraph<'a>>,
}

/// State before the current part of the path, to return to.
#[derive(Debug)]
struct Part {
    path: usize,
    keys: usize,
    cited: usize,
}

/// A field that is being written: the state before it, and the start of its step.
#[derive(Debug)]
struct Open {
    citing: bool,
    begun: Option<(Instant, u64, usize)>,
}

#[derive(Debug, Default)]
struct Steps {
    order: Vec<StepTotals>,
    /// Steps by their response keys.
    known: HashMap<Arc<[u8]>, usize>,
    /// The steps that are running.
    open: Vec<usize>,
}

/// Sums over all runs of a step.
#[derive(Debug)]
struct StepTotals {
    path: Arc<[u8]>,
    step: &'static str,
    rows_in: u64,
    rows_out: u64,
    looked_at: u64,
    bytes: usize,
    nanoseconds: u128,
}

impl StepTotals {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = json::Object::default();
        object.key("path", out);
        json::list_of(&self.path, out);
        object.field("step", self.step, out);
        for (key, number) in [
            ("rowsIn", self.rows_in),
            ("rowsOut", self.rows_out),
            ("rowsLookedAt", self.looked_at),
            ("bytes", self.bytes as u64),
        ] {
            object.field(key, &number, out);
        }
        object.field("microseconds", &(self.nanoseconds as f64 / 1000.0), out);
        out.extend_from_slice(object.end());
    }
}

/// A citation in the answer, without its locator.
#[derive(Serialize)]
struct CitedSource<'a> {
    id: &'a str,
    title: Option<&'a str>,
    url: Option<&'a str>,
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

    /// Begins a segment of the path.
    fn begin_part(&mut self, part: &impl Serialize, is_key: bool) {
        self.parts.push(Part {
            path: self.path.len(),
            keys: self.keys.len(),
            cited: self.cited.len(),
        });
        if !self.path.is_empty() {
            self.path.push(b',');
        }
        let begin = self.path.len();
        json::value(part, &mut self.path);
        if is_key {
            if !self.keys.is_empty() {
                self.keys.push(b',');
            }
            self.keys.extend_from_slice(&self.path[begin..]);
        }
    }

    fn end_part(&mut self) {
        if let Some(part) = self.parts.pop() {
            self.path.truncate(part.path);
            self.keys.truncate(part.keys);
        }
    }

    /// Begins an element of a list.
    #[cold]
    #[inline(never)]
    pub fn enter(&mut self, index: usize) {
        self.begin_part(&index, false);
    }

    /// Ends an element.
    #[cold]
    #[inline(never)]
    pub fn leave(&mut self) {
        self.end_part();
    }

    /// Discards the citations inside the current value, because it is null now.
    pub fn forget(&mut self) {
        let Some(part) = self.parts.last() else { return };
        self.cited.truncate(part.cited);
        let end = self.cited.last().map_or(0, |it| it.0);
        self.places.truncate(end);
    }
}

impl Run<'_> {
    /// Begins a field.
    #[cold]
    #[inline(never)]
    pub(super) fn enter_field(&mut self, key: &str, cite: bool, step: Option<&'static str>) -> Written {
        let Some(trace) = &mut self.trace else {
            return Ok(());
        };
        let citing = trace.citing;
        trace.citing |= cite;
        trace.begin_part(&key, true);
        let begun = match step {
            Some(step) => self.begin(step)?,
            None => None,
        };
        if let Some(trace) = &mut self.trace {
            trace.open.push(Open { citing, begun });
        }
        Ok(())
    }

    /// Ends a field.
    #[cold]
    #[inline(never)]
    pub(super) fn leave_field(&mut self) {
        let Some(trace) = &mut self.trace else { return };
        trace.end_part();
        if let Some(open) = trace.open.pop() {
            trace.citing = open.citing;
            if let Some((start, rows, bytes)) = open.begun {
                self.end(start, rows, bytes);
            }
        }
    }

    fn begin(&mut self, step: &'static str) -> Result<Option<(Instant, u64, usize)>, super::Failure> {
        let mut new = 0;
        if let Some(trace) = &mut self.trace
            && let Some(steps) = &mut trace.steps
        {
            let at = match steps.known.get(&*trace.keys) {
                Some(at) => *at,
                None => {
                    let path: Arc<[u8]> = trace.keys.as_slice().into();
                    new = path.len() * 2 + STEP_BYTES;
                    steps.known.insert(path.clone(), steps.order.len());
                    steps.order.push(StepTotals {
                        path,
                        step,
                        rows_in: 0,
                        rows_out: 0,
                        looked_at: 0,
                        bytes: 0,
                        nanoseconds: 0,
                    });
                    steps.order.len() - 1
                }
            };
            steps.open.push(at);
        } else {
            return Ok(None);
        }
        if new > 0 {
            self.beside(new)?;
        }
        Ok(Some((Instant::now(), self.rows, self.out.len())))
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

    /// Records the number of entries that a step returned.
    #[inline]
    pub(super) fn gave(&mut self, rows: usize) {
        if let Some(trace) = &mut self.trace
            && let Some(steps) = &mut trace.steps
            && let Some(at) = steps.open.last()
        {
            steps.order[*at].rows_out += rows as u64;
        }
    }

    /// Records that the current value depends on an edge.
    #[inline]
    pub(super) fn cite_edge(&mut self, relation: RelationId, edge: EdgeNo) -> Written {
        if self.trace.is_some() {
            self.cite(self.view.edge_statement(relation, edge), None)?;
        }
        Ok(())
    }

    /// Records the statement of the current value, or of an element of it.
    pub(super) fn cite(&mut self, statement: StatementNo, element: Option<usize>) -> Written {
        let Some(trace) = &mut self.trace else {
            return Ok(());
        };
        if !trace.citing || statement == NO_STATEMENT {
            return Ok(());
        }
        if self.view.citations(statement).next().is_none() {
            return Ok(());
        }
        let begin = trace.places.len();
        trace.places.extend_from_slice(&trace.path);
        if let Some(element) = element {
            trace.places.push(b',');
            json::value(&element, &mut trace.places);
        }
        let end = trace.places.len();
        trace.cited.push((end, statement));
        self.beside(end - begin + size_of::<(usize, StatementNo)>())
    }

    /// Records the statements of the current property.
    #[cold]
    pub(super) fn cite_property(&mut self, row: Row, no: PropertyNo) -> Written {
        let view = self.view;
        if view.is_list(row.type_id, no) {
            for (index, (value, statement)) in view.values_of(row, no).enumerate() {
                self.work(1)?;
                self.cite(statement, Some(index))?;
                self.tell(row, no, value, statement)?;
            }
            return Ok(());
        }
        let Some(value) = view.value_of(row, no).filter(|it| !it.is_null()) else {
            return Ok(());
        };
        let statement = view.statement_of(row, no, value);
        self.cite(statement, None)?;
        self.tell(row, no, value, statement)
    }

    /// Writes the trace after the data, as the `extensions` of the answer.
    pub(super) fn write_told(&mut self, cite: bool) -> Written {
        let Some(trace) = &mut self.trace else {
            return Ok(());
        };
        // From here on, it is counted as part of the written answer.
        self.beside = self.beside.saturating_sub(trace.places.len());
        let (places, cited) = (
            std::mem::take(&mut trace.places),
            std::mem::take(&mut trace.cited),
        );
        let order = trace.steps.take().map(|it| it.order);
        self.out.extend_from_slice(b",\"extensions\":");
        let mut extensions = json::Object::default();
        if cite {
            extensions.key("citations", &mut self.out);
            let mut list = json::List::default();
            let mut begin = 0;
            for (end, statement) in &cited {
                self.out.push(list.before_next());
                let mut cited = json::Object::default();
                cited.key("path", &mut self.out);
                json::list_of(&places[begin..*end], &mut self.out);
                cited.key("citations", &mut self.out);
                self.citations_json(*statement)?;
                self.out.extend_from_slice(cited.end());
                begin = *end;
            }
            self.out.extend_from_slice(list.end());
        }
        if let Some(order) = order {
            self.beside = self.beside.saturating_sub(order.len() * STEP_BYTES);
            extensions.key("plan", &mut self.out);
            let mut list = json::List::default();
            for took in &order {
                self.out.push(list.before_next());
                took.write(&mut self.out);
                self.work(1)?;
                self.check_bytes()?;
            }
            self.out.extend_from_slice(list.end());
        }
        self.out.extend_from_slice(extensions.end());
        self.account()
    }

    fn citations_json(&mut self, statement: StatementNo) -> Written {
        let view = self.view;
        let members = &self.ontology.entity_type(self.ontology.source_type).members;
        let mut list = json::List::default();
        for citation in view.citations(statement) {
            self.out.push(list.before_next());
            let row = view.locate(citation.source);
            let property = |name: &str| match members.get(name) {
                Some(Member::Property(no)) => view.stored_text(row, no),
                _ => None,
            };
            let source = CitedSource {
                id: view.id(row),
                title: property("title"),
                url: property("url"),
            };
            let mut object = json::Object::default();
            object.field("source", &source, &mut self.out);
            for (key, value) in [("locator", citation.locator), ("note", citation.note)] {
                object.key(key, &mut self.out);
                let value = if value.is_empty() { b"null" } else { value };
                self.out.extend_from_slice(value);
            }
            self.out.extend_from_slice(object.end());
            self.work(1)?;
            self.check_bytes()?;
        }
        self.out.extend_from_slice(list.end());
        Ok(())
    }
}
