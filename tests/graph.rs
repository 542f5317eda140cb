//! The snapshot compared with simple models: all edges are present in both directions, and petgraph's algorithms give
//! the same results on the snapshot as on petgraph's own graph.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use clew::api::{Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::graph::{self, EntityNo, EntitySet, Hidden, Snapshot};
use clew::ontology::{self, Direction, Ontology, RelationId};
use clew::report::{Reports, SourceText, Style};
use petgraph::algo::{connected_components, tarjan_scc};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{IntoEdgeReferences, IntoNeighborsDirected, NodeCount};
use proptest::prelude::*;

const SCHEMA: &str = "
    interface Thing { name: String! next: [Thing!]! @relation(name: \"NEXT\", inverse: \"previous\") }
    type A implements Thing { name: String! next: [Thing!]! like: [A!]! @relation(name: \"LIKE\", symmetric: true) }
    type B implements Thing { name: String! next: [Thing!]! }
";

/// Edges between entities of the types A (`true`) and B (`false`), with numbers.
#[derive(Debug, Clone)]
struct Model {
    types: Vec<bool>,
    next: Vec<(usize, usize)>,
    like: Vec<(usize, usize)>,
}

fn model() -> impl Strategy<Value = Model> {
    prop::collection::vec(any::<bool>(), 1..12).prop_flat_map(|types| {
        let any = 0..types.len();
        let pairs = prop::collection::vec((any.clone(), any), 0..30);
        (Just(types), pairs.clone(), pairs).prop_map(|(types, next, like)| {
            let like = like.into_iter().filter(|(a, b)| types[*a] && types[*b]).collect();
            Model { types, next, like }
        })
    })
}

/// Ids whose order mixes the types.
fn id(no: usize) -> String {
    format!("{}{no}", if no.is_multiple_of(2) { "x" } else { "y" })
}

impl Model {
    fn snapshot(&self) -> Snapshot {
        let mut lines = String::new();
        for (no, is_a) in self.types.iter().enumerate() {
            let label = if *is_a { "A" } else { "B" };
            let id = id(no);
            writeln!(
                lines,
                r#"{{"type":"node","id":"{id}","labels":["{label}"],"properties":{{"name":["{no}"]}}}}"#
            )
            .unwrap();
        }
        for (name, edges) in [("NEXT", &self.next), ("LIKE", &self.like)] {
            for (from, to) in edges {
                let (from, to) = (id(*from), id(*to));
                writeln!(
                    lines,
                    r#"{{"type":"edge","from":"{from}","to":"{to}","labels":["{name}"],"properties":{{}}}}"#
                )
                .unwrap();
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("g.jsonl");
        std::fs::write(&file, lines).unwrap();
        let ontology: Arc<Ontology> = Arc::new(ontology::compile(&[SourceText::whole("s", SCHEMA)]).unwrap());
        let mut reports = Reports::default();
        let files = Files::find(&file, &mut reports);
        let snapshot = graph::build(&ontology, &files, &Progress::default(), &mut reports);
        let style = Style {
            color: false,
            most: 5,
        };
        snapshot.unwrap_or_else(|| panic!("{}", reports.render(style)))
    }

    fn plain(&self, relation: &str) -> DiGraph<usize, ()> {
        let mut graph = DiGraph::new();
        for no in 0..self.types.len() {
            graph.add_node(no);
        }
        let edges = if relation == "NEXT" {
            &self.next
        } else {
            &self.like
        };
        for (from, to) in edges {
            graph.add_edge(NodeIndex::new(*from), NodeIndex::new(*to), ());
        }
        graph
    }
}

fn relation(snapshot: &Snapshot, name: &str) -> RelationId {
    snapshot.ontology().relation_named(name).unwrap()
}

fn ids(snapshot: &Snapshot, entities: impl Iterator<Item = EntityNo>) -> Vec<String> {
    let mut ids: Vec<String> = entities.map(|it| snapshot.view().id_of(it).to_owned()).collect();
    ids.sort();
    ids
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn neighbours_are_those_that_were_put_in(model in model()) {
        let snapshot = model.snapshot();
        let plain = model.plain("NEXT");
        let next = relation(&snapshot, "NEXT");
        let subgraph = snapshot.view().over(&[next], Direction::Out);
        for no in 0..model.types.len() {
            let entity = snapshot.view().find(&id(no)).unwrap();
            for (way, direction) in [(petgraph::Outgoing, Direction::Out), (petgraph::Incoming, Direction::In)] {
                let mut expected: Vec<String> =
                    plain.neighbors_directed(NodeIndex::new(no), way).map(|it| id(it.index())).collect();
                expected.sort();
                prop_assert_eq!(ids(&snapshot, (&subgraph).neighbors_directed(entity, way)), expected.clone());
                // The rows are in the order of the ids.
                let neighbours = snapshot.view().neighbours(snapshot.view().locate(entity), next, direction);
                let rows: Vec<String> =
                    neighbours.map(|(it, _)| snapshot.view().id_of(it).to_owned()).collect();
                prop_assert_eq!(rows, expected);
            }
        }
        prop_assert_eq!((&subgraph).edge_references().count(), model.next.len());
        prop_assert_eq!(subgraph.node_count(), model.types.len());
    }

    #[test]
    fn a_symmetric_edge_is_seen_from_both_ends(model in model()) {
        let snapshot = model.snapshot();
        let like = relation(&snapshot, "LIKE");
        for no in 0..model.types.len() {
            let entity = snapshot.view().find(&id(no)).unwrap();
            let mut expected: Vec<String> = model.like.iter().filter_map(|(a, b)| match (*a == no, *b == no) {
                (true, _) => Some(id(*b)),
                (_, true) => Some(id(*a)),
                _ => None,
            }).collect();
            expected.sort();
            let neighbours = snapshot.view().neighbours(snapshot.view().locate(entity), like, Direction::Both);
            prop_assert_eq!(ids(&snapshot, neighbours.map(|it| it.0)), expected);
        }
    }

    #[test]
    fn algorithms_see_the_same_graph(model in model()) {
        let snapshot = model.snapshot();
        let plain = model.plain("NEXT");
        let subgraph = snapshot.view().over(&[relation(&snapshot, "NEXT")], Direction::Out);
        prop_assert_eq!(connected_components(&subgraph), connected_components(&plain));
        let theirs: BTreeSet<Vec<String>> = tarjan_scc(&plain).into_iter().map(|scc| {
            let mut ids: Vec<String> = scc.iter().map(|it| id(it.index())).collect();
            ids.sort();
            ids
        }).collect();
        let ours: BTreeSet<Vec<String>> =
            tarjan_scc(&subgraph).into_iter().map(|scc| ids(&snapshot, scc.into_iter())).collect();
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn a_view_shows_what_is_not_hidden(
        model in model(),
        hidden in prop::collection::btree_set(0_usize..12, 0..6),
        after in prop::option::of(0_usize..14),
    ) {
        let snapshot = model.snapshot();
        let mut set = EntitySet::of(&snapshot);
        for no in hidden.iter().filter(|it| **it < model.types.len()) {
            set.add(snapshot.view().find(&id(*no)).unwrap());
        }
        let hidden_set = Hidden::of(&snapshot, set);
        let view = snapshot.view().hiding(Some(&hidden_set));
        let next = relation(&snapshot, "NEXT");
        let after = after.map(id);
        let is_seen = |no: &usize| !hidden.contains(no);
        let type_id = |name: &str| {
            let mut all = snapshot.ontology().type_ids();
            all.find(|it| snapshot.ontology().entity_type(*it).name == name).unwrap()
        };
        let (a, b) = (type_id("A"), type_id("B"));
        let expected = |is_listed: &dyn Fn(bool) -> bool| {
            let listed = (0..model.types.len()).filter(|no| is_listed(model.types[*no]) && is_seen(no));
            let mut ids: Vec<String> = listed.map(id).filter(|it| after.as_ref().is_none_or(|after| it > after)).collect();
            ids.sort();
            ids
        };
        let listed = |all: &mut dyn Iterator<Item = EntityNo>| -> Vec<String> {
            all.map(|it| view.id_of(it).to_owned()).collect()
        };
        prop_assert_eq!(listed(&mut view.entities_of(a, after.as_deref())), expected(&|is_a| is_a));
        prop_assert_eq!(listed(&mut view.merged(&[a, b], after.as_deref())), expected(&|_| true));
        prop_assert_eq!(listed(&mut view.entities()).len(), view.counts().entities);
        prop_assert_eq!(view.count(a) + view.count(b), view.counts().entities);
        let edges = model.next.iter().filter(|(from, to)| is_seen(from) && is_seen(to));
        prop_assert_eq!(view.edge_count(next), edges.clone().count());
        let mut plain = DiGraph::<(), ()>::new();
        let nodes: Vec<Option<NodeIndex>> =
            (0..model.types.len()).map(|no| is_seen(&no).then(|| plain.add_node(()))).collect();
        for (from, to) in model.next.iter().chain(&model.like) {
            if let (Some(from), Some(to)) = (nodes[*from], nodes[*to]) {
                plain.add_edge(from, to, ());
            }
        }
        prop_assert_eq!(view.counts().components, connected_components(&plain));
        for no in (0..model.types.len()).filter(is_seen) {
            let row = view.locate(view.find(&id(no)).unwrap());
            let mut expected: Vec<String> =
                model.next.iter().filter(|(from, to)| *from == no && is_seen(to)).map(|it| id(it.1)).collect();
            expected.sort();
            let neighbours: Vec<String> =
                view.neighbours(row, next, Direction::Out).map(|it| view.id_of(it.0).to_owned()).collect();
            prop_assert_eq!(&neighbours, &expected);
            for to in 0..model.types.len() {
                let count = expected.iter().filter(|it| **it == id(to)).count();
                prop_assert_eq!(view.edges_to(row, next, Direction::Out, &id(to)).count(), count);
            }
        }
        for no in hidden {
            prop_assert!(view.find(&id(no)).is_none());
        }
    }

    #[test]
    fn every_id_is_found_and_numbered_back(model in model()) {
        let snapshot = model.snapshot();
        for no in 0..model.types.len() {
            let entity = snapshot.view().find(&id(no)).unwrap();
            let row = snapshot.view().locate(entity);
            prop_assert_eq!(snapshot.view().number(row), entity);
            prop_assert_eq!(snapshot.view().id(row), id(no));
            prop_assert_eq!(snapshot.view().label(row), no.to_string());
        }
        prop_assert_eq!(snapshot.view().find("nobody"), None);
        prop_assert_eq!(snapshot.counts().edges, model.next.len() + model.like.len());
    }

    #[test]
    fn entities_far_from_each_other_are_written_as_others_are(
        types in prop::collection::vec(any::<bool>(), 299),
        targets in prop::collection::btree_set(1_usize..300, 3..12),
        more in prop::collection::vec((1_usize..300, 1_usize..300), 0..40),
    ) {
        let types = [vec![true], types].concat();
        let next = targets.iter().map(|it| (0, *it)).chain(more).collect();
        let like = targets.iter().filter(|it| types[**it]).map(|it| (0, *it)).collect();
        let snapshot = Model { types, next, like }.snapshot();
        let engine = Engine::new(Arc::new(snapshot), Limits::default()).unwrap();
        let data = |directive: &str| {
            let lists = "like { nodes { name id } } far: like { edges { node { id name } } } next { nodes { id name __typename next { totalCount nodes { name } } } }";
            let query = format!(r#"query Q {directive} {{ a(id: "x0") {{ {lists} }} }}"#);
            let request = Request { query: &query, operation_name: None, variables: None };
            let answer: serde_json::Value = serde_json::from_slice(&engine.execute(request).body).unwrap();
            assert!(answer["errors"].is_null(), "{answer}");
            answer["data"].clone()
        };
        // If sources are requested, entities are written by separate code.
        let expected = data("@cite");
        prop_assert_eq!(data(""), expected.clone());
        let nodes = expected["a"]["next"]["nodes"].as_array().unwrap();
        prop_assert_eq!(nodes.len(), targets.len());
    }
}
