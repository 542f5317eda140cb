//! Graphviz: petgraph writes its own graph.

use std::fmt::Write as _;
use std::io::Write as _;

use petgraph::Graph;
use petgraph::dot::Dot;
use petgraph::graph::NodeIndex;

use super::body::{Body, FormError};
use super::iris::EntityIris;
use super::value::field_name;
use crate::exec::Subgraph;
use crate::graph::View;

/// Bytes that petgraph takes for a node and for an edge.
const NODE: usize = size_of::<&str>() + 8;
const EDGE: usize = size_of::<&str>() + 16;

/// The subgraph with the labels of its drawing: an entity's label, an edge's field.
pub(super) fn labelled<'a>(
    view: View<'a>,
    subgraph: &Subgraph,
    body: &mut Body,
) -> Result<Graph<&'a str, &'a str>, FormError> {
    body.hold(subgraph.entities.len() * NODE + subgraph.edges.len() * EDGE)?;
    let mut graph = Graph::with_capacity(subgraph.entities.len(), subgraph.edges.len());
    for (entity, as_of) in &subgraph.entities {
        body.check()?;
        graph.add_node(view.at(*as_of).label(view.locate(*entity)));
    }
    for walked in &subgraph.edges {
        body.check()?;
        // Both ends of an edge are entities of the subgraph, whose places are the nodes' numbers.
        if let (Some(from), Some(to)) = (subgraph.place(walked.from), subgraph.place(walked.to)) {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), field_name(view, walked));
        }
    }
    Ok(graph)
}

pub(super) fn write(
    view: View,
    subgraph: &Subgraph,
    iris: &EntityIris,
    body: &mut Body,
) -> Result<(), FormError> {
    let graph = labelled(view, subgraph, body)?;
    let edge = |_, _| String::new();
    let node = |_, (index, _): (NodeIndex, &&str)| {
        let row = view.locate(subgraph.entities[index.index()].0);
        let type_name = &view.ontology().entity_type(row.type_id).name;
        let id = view.id(row);
        let mut attributes = format!("id = \"{}\" class = \"{type_name}\"", escape(id));
        if iris.has_base() {
            // Writing to a string cannot fail.
            let _ = write!(attributes, " URL = \"{}\"", escape(&iris.iri(id)));
        }
        attributes
    };
    let dot = Dot::with_attr_getters(&graph, &[], &edge, &node);
    write!(body, "{dot}").map_err(|error| body.failed(error))
}

/// Escapes a text for a quoted string in DOT.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
