//! `GraphML`: entities with their types, labels and shown values, edges with their relations and properties.

use std::collections::{BTreeMap, HashMap};

use quick_xml::Writer;
use quick_xml::events::BytesText;
use serde_json::Value;

use super::value::{self, field_name, for_xml, plain};
use crate::exec::Subgraph;
use crate::graph::Snapshot;

/// The data of one element by name.
type Data = BTreeMap<String, Value>;

pub(super) fn write(snapshot: &Snapshot, subgraph: &Subgraph) -> Result<Vec<u8>, String> {
    let nodes = nodes(snapshot, subgraph);
    let edges = edges(snapshot, subgraph);
    let node_keys = keys('n', nodes.iter().map(|(_, data)| data));
    let edge_keys = keys('e', edges.iter().map(|(_, _, data)| data));
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    writer
        .create_element("graphml")
        .with_attribute(("xmlns", "http://graphml.graphdrawing.org/xmlns"))
        .write_inner_content(|writer| {
            for (domain, keys) in [("node", &node_keys), ("edge", &edge_keys)] {
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
                    for (id, data) in &nodes {
                        let node = writer.create_element("node").with_attribute(("id", *id));
                        node.write_inner_content(|writer| write_data(writer, data, &node_keys))?;
                    }
                    for (no, (from, to, data)) in edges.iter().enumerate() {
                        let id = format!("e{no}");
                        let edge = writer
                            .create_element("edge")
                            .with_attribute(("id", id.as_str()))
                            .with_attribute(("source", *from))
                            .with_attribute(("target", *to));
                        edge.write_inner_content(|writer| write_data(writer, data, &edge_keys))?;
                    }
                    Ok(())
                })?;
            Ok(())
        })
        .map_err(|it| it.to_string())?;
    let mut bytes = br#"<?xml version="1.0" encoding="UTF-8"?>"#.to_vec();
    bytes.push(b'\n');
    bytes.extend(writer.into_inner());
    bytes.push(b'\n');
    Ok(bytes)
}

fn nodes<'a>(snapshot: &'a Snapshot, subgraph: &Subgraph) -> Vec<(&'a str, Data)> {
    let mut nodes: Vec<(&str, Data)> = Vec::new();
    for (entity, as_of) in &subgraph.entities {
        let row = snapshot.locate(*entity);
        let mut data = Data::new();
        data.insert("label".to_owned(), snapshot.label(row, *as_of).into());
        let type_name = &snapshot.ontology().entity_type(row.type_id).name;
        data.insert("type".to_owned(), type_name.as_str().into());
        nodes.push((snapshot.id(row), data));
    }
    for told in &subgraph.values {
        let row = snapshot.locate(told.entity);
        let property = snapshot
            .ontology()
            .entity_type(row.type_id)
            .members
            .property(told.property);
        if let Some(place) = subgraph.place(told.entity) {
            add(
                &mut nodes[place].1,
                &property.name,
                value::json(told.values, told.at),
            );
        }
    }
    nodes
}

fn edges<'a>(snapshot: &'a Snapshot, subgraph: &Subgraph) -> Vec<(&'a str, &'a str, Data)> {
    let id = |entity| snapshot.id(snapshot.locate(entity));
    let edge = |walked| {
        let mut data = Data::new();
        data.insert("label".to_owned(), field_name(snapshot, walked).into());
        let relation = snapshot.ontology().relation(walked.relation);
        data.insert("relation".to_owned(), relation.name.as_str().into());
        for it in value::of_edge(snapshot, walked) {
            add(&mut data, it.name, value::json(it.values, it.at));
        }
        (id(walked.from), id(walked.to), data)
    };
    subgraph.edges.iter().map(edge).collect()
}

/// Adds a value; several under one name are a list.
fn add(data: &mut Data, name: &str, value: Value) {
    match data.get_mut(name) {
        // `label` and `type` are ours, and a property of that name says the same or stands aside.
        Some(_) if name == "label" || name == "type" || name == "relation" => {}
        None => {
            data.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// The keys that data is declared by: for each name its key's id and type.
fn keys<'d>(prefix: char, all: impl Iterator<Item = &'d Data>) -> BTreeMap<String, (String, &'static str)> {
    let mut types: HashMap<&str, &'static str> = HashMap::new();
    for (name, value) in all.flatten() {
        let kind = match value {
            Value::Bool(_) => "boolean",
            Value::Number(it) if it.is_i64() => "int",
            Value::Number(_) => "double",
            _ => "string",
        };
        let known = types.entry(name).or_insert(kind);
        *known = match (*known, kind) {
            (a, b) if a == b => a,
            ("int" | "double", "int" | "double") => "double",
            _ => "string",
        };
    }
    let mut names: Vec<(&str, &'static str)> = types.into_iter().collect();
    names.sort_unstable();
    let key = |(no, (name, kind)): (usize, (&str, &'static str))| {
        (name.to_owned(), (format!("{prefix}{no}"), kind))
    };
    names.into_iter().enumerate().map(key).collect()
}

fn write_data(
    writer: &mut Writer<Vec<u8>>,
    data: &Data,
    keys: &BTreeMap<String, (String, &'static str)>,
) -> std::io::Result<()> {
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
