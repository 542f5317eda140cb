//! Graphviz: petgraph writes its own graph.

use petgraph::Graph;
use petgraph::dot::Dot;
use petgraph::graph::NodeIndex;

use super::value::field_name;
use crate::exec::Subgraph;
use crate::graph::Snapshot;

/// The subgraph with what a drawing says of it: an entity's label, an edge's field.
pub(super) fn labelled<'a>(snapshot: &'a Snapshot, subgraph: &Subgraph) -> Graph<&'a str, &'a str> {
    let mut graph = Graph::with_capacity(subgraph.entities.len(), subgraph.edges.len());
    for (entity, as_of) in &subgraph.entities {
        graph.add_node(snapshot.label(snapshot.locate(*entity), *as_of));
    }
    for walked in &subgraph.edges {
        // Both ends of an edge are among the entities, whose places are the nodes' numbers.
        if let (Some(from), Some(to)) = (subgraph.place(walked.from), subgraph.place(walked.to)) {
            graph.add_edge(
                NodeIndex::new(from),
                NodeIndex::new(to),
                field_name(snapshot, walked),
            );
        }
    }
    graph
}

pub(super) fn write(snapshot: &Snapshot, subgraph: &Subgraph) -> Vec<u8> {
    let graph = labelled(snapshot, subgraph);
    let edge = |_, _| String::new();
    let node = |_, (index, _): (NodeIndex, &&str)| {
        let row = snapshot.locate(subgraph.entities[index.index()].0);
        let type_name = &snapshot.ontology().entity_type(row.type_id).name;
        format!("id = \"{}\" class = \"{type_name}\"", escape(snapshot.id(row)))
    };
    let dot = Dot::with_attr_getters(&graph, &[], &edge, &node);
    dot.to_string().into_bytes()
}

/// A text between the quotes of DOT.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
