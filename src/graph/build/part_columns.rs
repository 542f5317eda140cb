//! Short columns and edges: the values of a property and the edges of a relation in one part, as numbers.

use super::conversion::cell;
use super::statements::FactStatement;
use crate::facts::{Batch, GraphFact, Item, Value};
use crate::graph::column::{Cell, Values};
use crate::graph::statement::Statements;
use crate::ontology::{Ontology, Property, PropertyNo};
use crate::report::Reports;

/// The values of a property in a part.
#[derive(Debug)]
pub(super) struct Short {
    pub part: u32,
    /// The row of each value, in the order of the part.
    pub rows: Vec<u32>,
    pub values: Values,
    /// The statement of each value; empty if none has one.
    pub said: Vec<FactStatement>,
}

impl Short {
    pub fn new(part: u32, property: &Property, ontology: &Ontology) -> Self {
        Self {
            part,
            rows: Vec::new(),
            values: Values::new(property.scalar, ontology),
            said: Vec::new(),
        }
    }

    pub fn push(&mut self, row: u32, cell: Option<Cell>, said: FactStatement) {
        if !said.is_nothing() && self.said.is_empty() {
            self.said = vec![FactStatement::NOTHING; self.rows.len()];
        }
        if !self.said.is_empty() || !said.is_nothing() {
            self.said.push(said);
        }
        self.rows.push(row);
        self.values.push(cell);
    }

    /// Frees unused capacity.
    pub fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.said.shrink_to_fit();
        self.values.shrink();
    }

    pub fn said(&self, at: usize) -> FactStatement {
        self.said.get(at).copied().unwrap_or(FactStatement::NOTHING)
    }
}

/// The two ends of each edge of a part.
pub(super) type Ends = Vec<[u32; 2]>;

/// The edges of a relation in a part.
#[derive(Debug)]
pub(super) struct ShortEdges {
    pub part: u32,
    pub ends: Ends,
    /// Entities with a refused edge.
    pub refused: Vec<u32>,
    /// The statement of each edge; empty if none has one.
    pub said: Vec<FactStatement>,
    /// The edges with properties, in order.
    pub with_properties: Vec<u32>,
    /// The values of each property; their rows are positions among `ends`.
    pub properties: Vec<Option<Short>>,
}

impl ShortEdges {
    pub fn new(part: u32) -> Self {
        Self {
            part,
            ends: Ends::default(),
            refused: Vec::new(),
            said: Vec::new(),
            with_properties: Vec::new(),
            properties: Vec::new(),
        }
    }

    pub fn said(&self, at: u32) -> FactStatement {
        self.said
            .get(at as usize)
            .copied()
            .unwrap_or(FactStatement::NOTHING)
    }
}

/// Adds a value to a short column.
#[allow(clippy::too_many_arguments, reason = "all of it changes with the value")]
pub(super) fn value(
    ontology: &Ontology,
    batch: &Batch,
    property: &Property,
    short: &mut Short,
    row: u32,
    item: &Item,
    said: FactStatement,
    name: &dyn Fn() -> String,
    reports: &mut Reports,
) {
    if matches!(item.value, Value::Null) {
        // A statement without a value is reported; that the field has none need not be.
        if said.own {
            short.push(row, None, said);
        }
        return;
    }
    match cell(batch, item, property, name, ontology) {
        Ok(cell) => short.push(row, Some(cell), said),
        Err(report) => {
            reports.push(report);
            short.push(row, None, said);
        }
    }
}

/// The property of a number in an edge type or an entity type.
pub(super) fn slot(
    properties: &mut Vec<Option<Short>>,
    no: PropertyNo,
    new: impl FnOnce() -> Short,
) -> &mut Short {
    if properties.len() <= no.index() {
        properties.resize_with(no.index() + 1, || None);
    }
    properties[no.index()].get_or_insert_with(new)
}

/// All digests, grouped by their subject.
pub(super) struct DigestsBySubject {
    /// For each type and property, the short columns in the order of the parts.
    pub values: Vec<Vec<Vec<Short>>>,
    /// For each relation, the edges of the parts that have any, in the order of the parts.
    pub edges: Vec<Vec<ShortEdges>>,
    /// The statements of each part.
    pub statements: Vec<Statements>,
    /// For each part, the number in the snapshot of its first statement.
    pub bases: Vec<u32>,
    pub graph: GraphFact,
}
