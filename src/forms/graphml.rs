//! `GraphML`: entities with their types, labels and shown values, edges with their relations and properties.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use quick_xml::Writer;
use quick_xml::events::BytesText;
use serde_json::Value;

use super::body::{Body, FormError};
use super::iris::EntityIris;
use super::value::{self, Values, field_name, for_xml, plain};
use crate::exec::{ShownEdge, Subgraph};
use crate::graph::View;

/// The data of an element by name.
type Data = BTreeMap<String, Value>;

/// The data of an entity that has its IRI, if entities have IRIs. A property of this name is then left out.
const IRI: &str = "iri";

/// Bytes that a value takes in [`Data`], in addition to its text.
const VALUE: usize = 160;

pub(super) fn write(
    view: View,
    subgraph: &Subgraph,
    iris: &EntityIris,
    body: &mut Body,
) -> Result<(), FormError> {
    let values = Values::of(subgraph, body)?;
    let (mut node_kinds, mut edge_kinds) = (Kinds::default(), Kinds::default());
    // Keys must be declared before the elements that use them, so everything is read twice and nothing is kept.
    for place in 0..subgraph.entities.len() {
        body.check()?;
        let of_entity = values.of_entity(place);
        body.hold(of_entity.len() * VALUE)?;
        note_kinds(&mut node_kinds, &node(view, subgraph, iris, place, of_entity));
        body.release(of_entity.len() * VALUE);
    }
    for walked in &subgraph.edges {
        body.check()?;
        note_kinds(&mut edge_kinds, &edge(view, walked));
    }
    let (node_keys, edge_keys) = (keys('n', node_kinds), keys('e', edge_kinds));
    let written = document(view, subgraph, iris, &values, (&node_keys, &edge_keys), body);
    written.map_err(|error| body.failed(error))
}

fn document(
    view: View,
    subgraph: &Subgraph,
    iris: &EntityIris,
    values: &Values,
    (node_keys, edge_keys): (&Keys, &Keys),
    body: &mut Body,
) -> std::io::Result<()> {
    body.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    let mut writer = Writer::new_with_indent(&mut *body, b' ', 1);
    writer
        .create_element("graphml")
        .with_attribute(("xmlns", "http://graphml.graphdrawing.org/xmlns"))
        .write_inner_content(|writer| {
            for (domain, keys) in [("node", node_keys), ("edge", edge_keys)] {
                for (name, (id, kind)) in keys {
                    writer
                        .create_element("key")
                        .with_attribute(("id", id.as_str()))
                        .with_attribute(("for", domain))
                        .with_attribute(("attr.name", name.as_str()))
                        .with_attribute(("attr.type", *kind))
                        .write_empty()?;
                }
            }
            writer
                .create_element("graph")
                .with_attribute(("edgedefault", "directed"))
                .write_inner_content(|writer| {
                    for (place, (entity, _)) in subgraph.entities.iter().enumerate() {
                        let id = view.id(view.locate(*entity));
                        let data = node(view, subgraph, iris, place, values.of_entity(place));
                        let node = writer.create_element("node").with_attribute(("id", id));
                        node.write_inner_content(|writer| write_data(writer, &data, node_keys))?;
                    }
                    for (no, walked) in subgraph.edges.iter().enumerate() {
                        let end = |entity| view.id(view.locate(entity));
                        let id = format!("e{no}");
                        let data = edge(view, walked);
                        let edge = writer
                            .create_element("edge")
                            .with_attribute(("id", id.as_str()))
                            .with_attribute(("source", end(walked.from)))
                            .with_attribute(("target", end(walked.to)));
                        edge.write_inner_content(|writer| write_data(writer, &data, edge_keys))?;
                    }
                    Ok(())
                })?;
            Ok(())
        })?;
    body.write_all(b"\n")
}

/// The data of an entity, with the values at the given positions.
fn node(view: View, subgraph: &Subgraph, iris: &EntityIris, place: usize, values: &[u32]) -> Data {
    let (entity, as_of) = subgraph.entities[place];
    let row = view.locate(entity);
    let entity_type = view.ontology().entity_type(row.type_id);
    let mut data = Data::new();
    data.insert("label".to_owned(), view.at(as_of).label(row).into());
    data.insert("type".to_owned(), entity_type.name.as_str().into());
    // Ids in a file are local to it. The IRI joins the nodes of several files.
    if iris.has_base() {
        data.insert(IRI.to_owned(), iris.iri(view.id(row)).into());
    }
    for at in values {
        let told = &subgraph.values[*at as usize];
        let property = entity_type.members.property(told.property);
        if property.name != IRI || !iris.has_base() {
            add(&mut data, &property.name, value::json(told.value));
        }
    }
    data
}

fn edge(view: View, walked: &ShownEdge) -> Data {
    let mut data = Data::new();
    data.insert("label".to_owned(), field_name(view, walked).into());
    let relation = view.ontology().relation(walked.relation);
    data.insert("relation".to_owned(), relation.name.as_str().into());
    for it in value::of_edge(view, walked) {
        add(&mut data, it.name, value::json(it.value));
    }
    data
}

/// Adds a value. Several values of a name become a list.
fn add(data: &mut Data, name: &str, value: Value) {
    match data.get_mut(name) {
        // Clew defines `label`, `type` and `relation`, so a property of such a name is left out.
        Some(_) if name == "label" || name == "type" || name == "relation" => {}
        None => {
            data.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// The type of each name.
type Kinds = HashMap<String, &'static str>;

/// The keys that declare the data: for each name, the key's id and type.
type Keys = BTreeMap<String, (String, &'static str)>;

fn note_kinds(kinds: &mut Kinds, data: &Data) {
    for (name, value) in data {
        let kind = match value {
            Value::Bool(_) => "boolean",
            Value::Number(it) if it.as_i64().is_some_and(|it| i32::try_from(it).is_ok()) => "int",
            Value::Number(it) if it.is_i64() => "long",
            Value::Number(_) => "double",
            _ => "string",
        };
        match kinds.get_mut(name) {
            None => {
                kinds.insert(name.clone(), kind);
            }
            Some(known) => {
                *known = match (*known, kind) {
                    (a, b) if a == b => a,
                    ("int" | "long", "int" | "long") => "long",
                    ("int" | "long" | "double", "int" | "long" | "double") => "double",
                    _ => "string",
                };
            }
        }
    }
}

fn keys(prefix: char, kinds: Kinds) -> Keys {
    let mut names: Vec<(String, &'static str)> = kinds.into_iter().collect();
    names.sort_unstable();
    let key = |(no, (name, kind)): (usize, (String, &'static str))| (name, (format!("{prefix}{no}"), kind));
    names.into_iter().enumerate().map(key).collect()
}

fn write_data(writer: &mut Writer<&mut Body>, data: &Data, keys: &Keys) -> std::io::Result<()> {
    for (name, value) in data {
        let Some((id, _)) = keys.get(name) else { continue };
        let text = for_xml(&plain(value));
        writer
            .create_element("data")
            .with_attribute(("key", id.as_str()))
            .write_text_content(BytesText::new(&text))?;
    }
    Ok(())
}
