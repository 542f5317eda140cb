//! Values, and the properties of edges, as the other forms need them.

use serde_json::Value;

use crate::graph::{Snapshot, Values};
use crate::ontology::{Direction, PropertyNo, Scalar};

use crate::exec::Walked;

/// A value as JSON.
pub(super) fn json(values: &Values, at: usize) -> Value {
    let mut bytes = Vec::new();
    values.write(at, &[], &mut bytes);
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// A value as plain text: a text without quotes, anything else as JSON writes it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A text that XML can hold: what it cannot becomes the sign for what cannot be shown.
pub(super) fn for_xml(text: &str) -> String {
    let is_foreign = |it: char| (it < ' ' && !"\t\n\r".contains(it)) || matches!(it, '\u{fffe}' | '\u{ffff}');
    text.replace(is_foreign, "\u{fffd}")
}

/// One property of an edge that has a value.
pub(super) struct EdgeValue<'a> {
    pub name: &'a str,
    pub scalar: Scalar,
    pub values: &'a Values,
    pub at: usize,
}

/// The values of an edge's own properties.
pub(super) fn of_edge<'a>(snapshot: &'a Snapshot, walked: &Walked) -> Vec<EdgeValue<'a>> {
    let ontology = snapshot.ontology();
    let Some(id) = ontology.relation(walked.relation).edge else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (no, property) in ontology.edge_types[id.index()]
        .members
        .properties
        .iter()
        .enumerate()
    {
        let column = snapshot.edge_column(walked.relation, PropertyNo(no as u16));
        let values = column.values();
        for at in column.range(walked.edge.0 as usize) {
            if !values.is_null(at) {
                all.push(EdgeValue {
                    name: &property.name,
                    scalar: property.scalar,
                    values,
                    at,
                });
            }
        }
    }
    all
}

/// What an edge is called at its start: the schema's field there, else the relation's own name.
pub(super) fn field_name<'a>(snapshot: &'a Snapshot, walked: &Walked) -> &'a str {
    let ontology = snapshot.ontology();
    let relation = ontology.relation(walked.relation);
    let from = snapshot.locate(walked.from);
    match relation.field(from.type_id, Direction::Out) {
        Some(no) => &ontology.entity_type(from.type_id).members.field(no).name,
        None => &relation.name,
    }
}
