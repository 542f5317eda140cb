//! Values and properties of edges, in representations for the other forms.

use serde_json::Value;

use super::body::Body;
use crate::budget::Stop;
use crate::exec::{ShownEdge, Subgraph};
use crate::graph::{ValueRef, View};
use crate::ontology::{Direction, PropertyNo, Scalar};

/// A value as JSON.
pub(super) fn json(value: ValueRef) -> Value {
    // A file has a type for `Int64`, so the form of such values in answers does not apply.
    if let Some(number) = value.int64() {
        return number.into();
    }
    let mut bytes = Vec::new();
    value.write(&[], &mut bytes);
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// A value as plain text: texts without quotes, other values as in JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Replaces characters that XML does not allow by U+FFFD.
pub(super) fn for_xml(text: &str) -> String {
    let is_foreign = |it: char| (it < ' ' && !"\t\n\r".contains(it)) || matches!(it, '\u{fffe}' | '\u{ffff}');
    text.replace(is_foreign, "\u{fffd}")
}

/// The shown values of each entity of a subgraph, in the order in which the run visited them.
pub(super) struct Values {
    /// Positions of the values, grouped by entity.
    order: Vec<u32>,
    /// The first position of each entity's group, and the end of the last one.
    starts: Vec<u32>,
}

impl Values {
    /// Takes 4 bytes for each value and each entity.
    pub fn of(subgraph: &Subgraph, body: &mut Body) -> Result<Self, Stop> {
        let places = subgraph.values.iter().map(|it| subgraph.place(it.entity));
        let (order, starts) = by_place(subgraph.entities.len(), places, body)?;
        Ok(Self { order, starts })
    }

    /// The positions of an entity's values.
    pub fn of_entity(&self, place: usize) -> &[u32] {
        &self.order[self.starts[place] as usize..self.starts[place + 1] as usize]
    }
}

/// Groups positions by the places of their entities; within a group their order stays the same. Returns them and the
/// start of each group, followed by the end of the last one. Positions without a place are left out.
pub(super) fn by_place(
    entities: usize,
    places: impl ExactSizeIterator<Item = Option<usize>> + Clone,
    body: &mut Body,
) -> Result<(Vec<u32>, Vec<u32>), Stop> {
    body.hold((places.len() + entities + 2) * size_of::<u32>())?;
    let mut starts = vec![0_u32; entities + 2];
    for place in places.clone().flatten() {
        body.check()?;
        starts[place + 2] += 1;
    }
    for at in 2..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut order = vec![0_u32; starts[entities + 1] as usize];
    for (at, place) in places.enumerate() {
        body.check()?;
        if let Some(place) = place {
            let next = &mut starts[place + 1];
            order[*next as usize] = at as u32;
            *next += 1;
        }
    }
    Ok((order, starts))
}

/// A property of an edge, with its value.
pub(super) struct EdgeValue<'a> {
    pub name: &'a str,
    pub scalar: Scalar,
    pub value: ValueRef<'a>,
}

/// The values of an edge's own properties.
pub(super) fn of_edge<'a>(view: View<'a>, walked: &ShownEdge) -> Vec<EdgeValue<'a>> {
    let ontology = view.ontology();
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
        let values = view.edge_values(walked.relation, walked.edge, PropertyNo(no as u16));
        all.extend(values.map(|value| EdgeValue {
            name: &property.name,
            scalar: property.scalar,
            value,
        }));
    }
    all
}

/// The name of an edge at its start: the schema's field there, else the relation's own name.
pub(super) fn field_name<'a>(view: View<'a>, walked: &ShownEdge) -> &'a str {
    let ontology = view.ontology();
    let relation = ontology.relation(walked.relation);
    let from = view.locate(walked.from);
    match relation.field(from.type_id, Direction::Out) {
        Some(no) => &ontology.entity_type(from.type_id).members.field(no).name,
        None => &relation.name,
    }
}
