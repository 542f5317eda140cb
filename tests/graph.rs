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

/// Power iteration on scores that add up to 1; what ends in a dead end goes to all.
fn page_rank(nodes: &[usize], edges: &[(usize, usize)], damping: f64) -> Vec<f64> {
    let count = nodes.len() as f64;
    let mut scores = vec![1.0 / count; nodes.len()];
    for _ in 0..300 {
        let mut next = vec![(1.0 - damping) / count; nodes.len()];
        for (node, score) in nodes.iter().zip(&scores) {
            let targets: Vec<usize> = edges.iter().filter(|it| it.0 == *node).map(|it| it.1).collect();
            for (at, to) in nodes.iter().enumerate() {
                next[at] += damping
                    * score
                    * match targets.len() {
                        0 => 1.0 / count,
                        all => targets.iter().filter(|it| *it == to).count() as f64 / all as f64,
                    };
            }
        }
        scores = next;
    }
    scores
}

/// Distances from a node, and how many shortest paths there are, to each of some nodes.
fn distances(nodes: &[usize], edges: &[(usize, usize)], from: usize) -> Vec<Option<(usize, f64)>> {
    let mut found = vec![None; nodes.len()];
    let mut level: Vec<(usize, f64)> = vec![(from, 1.0)];
    for distance in 0.. {
        for (node, paths) in &level {
            let at = nodes.iter().position(|it| it == node).unwrap();
            found[at] = Some((distance, *paths));
        }
        let mut next = Vec::new();
        for (at, to) in nodes.iter().enumerate().filter(|(at, _)| found[*at].is_none()) {
            let before = level.iter().filter(|(node, _)| edges.contains(&(*node, *to)));
            let paths: f64 = before.map(|it| it.1).sum();
            if paths > 0.0 {
                next.push((nodes[at], paths));
            }
        }
        if next.is_empty() {
            break;
        }
        level = next;
    }
    found
}

fn betweenness(nodes: &[usize], edges: &[(usize, usize)]) -> Vec<f64> {
    let all: Vec<_> = nodes.iter().map(|it| distances(nodes, edges, *it)).collect();
    let count = nodes.len();
    let pairs = (count as f64 - 1.0) * (count as f64 - 2.0);
    let through = |node: usize| {
        let mut sum = 0.0;
        for from in (0..count).filter(|it| *it != node) {
            for to in (0..count).filter(|it| *it != node && *it != from) {
                if let (Some(whole), Some(first), Some(second)) =
                    (all[from][to], all[from][node], all[node][to])
                    && whole.0 == first.0 + second.0
                {
                    sum += first.1 * second.1 / whole.1;
                }
            }
        }
        if pairs > 0.0 { sum / pairs } else { 0.0 }
    };
    (0..count).map(through).collect()
}

fn closeness(nodes: &[usize], edges: &[(usize, usize)]) -> Vec<f64> {
    let score = |node: &usize| {
        let reached: Vec<usize> = distances(nodes, edges, *node)
            .into_iter()
            .flatten()
            .map(|it| it.0)
            .collect();
        let (others, sum) = (reached.len() as f64 - 1.0, reached.iter().sum::<usize>() as f64);
        if sum > 0.0 {
            others / sum * others / (nodes.len() as f64 - 1.0)
        } else {
            0.0
        }
    };
    nodes.iter().map(score).collect()
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

/// A filter on the entities at the other ends of a relation.
#[derive(Debug, Clone)]
struct Ends {
    /// Whether the relation is `next`, not `previous`.
    forwards: bool,
    quantifier: &'static str,
    of: Condition,
}

/// A filter on an entity.
#[derive(Debug, Clone)]
enum Condition {
    /// Its name is the number of an entity.
    Name(usize),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Ends(Box<Ends>),
    Count(bool, usize),
}

impl Condition {
    fn text(&self) -> String {
        let name = |forwards: bool| if forwards { "next" } else { "previous" };
        let list = |all: &[Condition]| all.iter().map(Condition::text).collect::<Vec<_>>().join(", ");
        match self {
            Condition::Name(no) => format!("{{name: {{eq: \"{no}\"}}}}"),
            Condition::All(all) => format!("{{and: [{}]}}", list(all)),
            Condition::Any(any) => format!("{{or: [{}]}}", list(any)),
            Condition::Not(not) => format!("{{not: {}}}", not.text()),
            Condition::Ends(ends) => {
                format!(
                    "{{{}: {{{}: {}}}}}",
                    name(ends.forwards),
                    ends.quantifier,
                    ends.of.text()
                )
            }
            Condition::Count(forwards, least) => {
                format!("{{{}: {{count: {{gte: {least}}}}}}}", name(*forwards))
            }
        }
    }

    fn holds(&self, model: &Model, no: usize) -> bool {
        let ends = |forwards: bool| {
            let turned = model
                .next
                .iter()
                .map(move |(a, b)| if forwards { (*a, *b) } else { (*b, *a) });
            turned.filter(move |it| it.0 == no).map(|it| it.1)
        };
        match self {
            Condition::Name(name) => *name == no,
            Condition::All(all) => all.iter().all(|it| it.holds(model, no)),
            Condition::Any(any) => any.iter().any(|it| it.holds(model, no)),
            Condition::Not(not) => !not.holds(model, no),
            Condition::Ends(it) => {
                let mut ends = ends(it.forwards);
                match it.quantifier {
                    "some" => ends.any(|end| it.of.holds(model, end)),
                    "every" => ends.all(|end| it.of.holds(model, end)),
                    _ => !ends.any(|end| it.of.holds(model, end)),
                }
            }
            Condition::Count(forwards, least) => ends(*forwards).count() >= *least,
        }
    }
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        (0_usize..12).prop_map(Condition::Name),
        (any::<bool>(), 0_usize..4).prop_map(|(forwards, least)| Condition::Count(forwards, least)),
    ];
    leaf.prop_recursive(5, 16, 3, |inner| {
        let some = prop::collection::vec(inner.clone(), 1..3);
        let ends = (
            any::<bool>(),
            prop::sample::select(vec!["some", "every", "none"]),
            inner.clone(),
        );
        prop_oneof![
            1 => some.clone().prop_map(Condition::All),
            1 => some.prop_map(Condition::Any),
            1 => inner.prop_map(|it| Condition::Not(Box::new(it))),
            4 => ends.prop_map(|(forwards, quantifier, of)| {
                Condition::Ends(Box::new(Ends { forwards, quantifier, of }))
            }),
        ]
    })
}

fn data(engine: &Engine, query: &str) -> serde_json::Value {
    let answer = engine.execute(Request {
        query,
        operation_name: None,
        variables: None,
    });
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(answer["errors"].is_null(), "{query}: {answer}");
    answer["data"].clone()
}

/// Without sets, testing would take 12 to the power of 40 steps.
#[test]
fn deeply_nested_filters_take_time_linear_in_their_depth() {
    let pairs = (0..12).flat_map(|a| (0..12).map(move |b| (a, b)));
    let model = Model {
        types: vec![true; 12],
        next: pairs.collect(),
        like: Vec::new(),
    };
    let engine = Engine::new(Arc::new(model.snapshot()), Limits::default()).unwrap();
    let nested =
        |innermost: &str| (0..40).fold(innermost.to_owned(), |it, _| format!("{{next: {{some: {it}}}}}"));
    let (none, all) = (nested("{name: {eq: \"nobody\"}}"), nested("{name: {eq: \"7\"}}"));
    let lists = format!(
        "{{ none: as(first: 0, filter: {none}) {{ totalCount }} all: as(first: 0, filter: {all}) {{ totalCount }}
            first: as(first: 1, filter: {none}) {{ nodes {{ id }} }} }}"
    );
    let answer = data(&engine, &lists);
    assert_eq!(answer["none"]["totalCount"], 0);
    assert_eq!(answer["all"]["totalCount"], 12);
    assert_eq!(answer["first"]["nodes"].as_array().unwrap().len(), 0);
    let of_one = format!(
        "{{ a(id: \"x0\") {{ none: next(filter: {none}) {{ totalCount }} all: next(filter: {all}) {{ totalCount }} }} }}"
    );
    let answer = data(&engine, &of_one);
    assert_eq!(answer["a"]["none"]["totalCount"], 0);
    assert_eq!(answer["a"]["all"]["totalCount"], 12);
}

#[test]
fn a_damping_factor_is_checked() {
    let model = Model {
        types: vec![true; 2],
        next: vec![(0, 1)],
        like: Vec::new(),
    };
    let engine = Engine::new(Arc::new(model.snapshot()), Limits::default()).unwrap();
    let message = |arguments: &str| {
        let query = format!("{{ ranking({arguments}) {{ score }} }}");
        let answer = engine.execute(Request {
            query: &query,
            operation_name: None,
            variables: None,
        });
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        answer["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    for wrong in ["1", "1.5", "-0.1", "1e300"] {
        let message = message(&format!("by: PAGE_RANK, damping: {wrong}"));
        assert!(
            message.contains("at least 0 and less than 1"),
            "{wrong}: {message}"
        );
    }
    let refused = message("by: DEGREE, damping: 0.5");
    assert!(
        refused.contains("only `PAGE_RANK` has a damping factor"),
        "{refused}"
    );
    for right in [
        "by: DEGREE",
        "by: PAGE_RANK, damping: 0",
        "by: PAGE_RANK, damping: 0.999999",
    ] {
        assert_eq!(message(right), "");
    }
}

proptest! {
    // Each case compiles an API, which takes most of the time.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn filters_on_the_ends_of_relations_hold_as_they_do_one_by_one(
        model in model(),
        conditions in prop::collection::vec(condition(), 8),
        no in 0_usize..12,
    ) {
        let engine = Engine::new(Arc::new(model.snapshot()), Limits::default()).unwrap();
        for condition in conditions {
            let filter = condition.text();
            let query = format!(
                "{{ as(first: 50, filter: {filter}) {{ totalCount nodes {{ id }} }}
                    page: as(first: 2, filter: {filter}) {{ nodes {{ id }} }}
                    ends: entity(id: \"{}\") {{ ... on Thing {{ next(first: 50, filter: {filter}) {{ nodes {{ id }} }} }} }} }}",
                id(no)
            );
            let found = data(&engine, &query);
            let expected = |listed: &mut dyn Iterator<Item = usize>| {
                let mut ids: Vec<String> = listed.filter(|it| condition.holds(&model, *it)).map(id).collect();
                ids.sort();
                ids
            };
            let ids = |list: &serde_json::Value| -> Vec<String> {
                let nodes = list["nodes"].as_array().into_iter().flatten();
                nodes.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
            };
            let mut all = expected(&mut (0..model.types.len()).filter(|it| model.types[*it]));
            prop_assert_eq!(ids(&found["as"]), all.clone(), "{}", filter);
            prop_assert_eq!(&found["as"]["totalCount"], all.len());
            all.truncate(2);
            prop_assert_eq!(ids(&found["page"]), all, "{}", filter);
            let ends = expected(&mut model.next.iter().filter(|it| it.0 == no).map(|it| it.1));
            prop_assert_eq!(ids(&found["ends"]["next"]), ends, "{}", filter);
        }
    }

    #[test]
    fn rankings_and_components_are_those_of_a_naive_reference(
        model in model(),
        avoid in 0_usize..14,
        damping in prop::sample::select(vec![0.0, 0.1, 0.5, 0.9]),
    ) {
        let avoided = (avoid < model.types.len()).then_some(avoid);
        let nodes: Vec<usize> = (0..model.types.len()).filter(|it| Some(*it) != avoided).collect();
        let is_kept = |(a, b): &&(usize, usize)| Some(*a) != avoided && Some(*b) != avoided;
        let mut directed: Vec<(usize, usize)> = model.next.iter().chain(&model.like).filter(is_kept).copied().collect();
        directed.extend(model.like.iter().filter(is_kept).filter(|(a, b)| a != b).map(|(a, b)| (*b, *a)));
        let mut both = directed.clone();
        both.extend(model.next.iter().filter(is_kept).map(|(a, b)| (*b, *a)));
        let walk = avoided.map_or(String::new(), |it| format!(", avoid: [\"{}\"]", id(it)));
        let query = format!(
            "{{ PAGE_RANK: ranking(by: PAGE_RANK, first: 50{walk}) {{ score entity {{ id }} }}
                DAMPED: ranking(by: PAGE_RANK, damping: {damping:?}, first: 50{walk}) {{ score entity {{ id }} }}
                DEGREE: ranking(by: DEGREE, first: 50{walk}) {{ score entity {{ id }} }}
                BETWEENNESS: ranking(by: BETWEENNESS, first: 50{walk}) {{ score entity {{ id }} }}
                CLOSENESS: ranking(by: CLOSENESS, first: 50{walk}) {{ score entity {{ id }} }}
                weak: components(first: 50{walk}) {{ size nodes {{ nodes {{ id }} }} }}
                strong: components(strong: true, first: 50{walk}) {{ size nodes {{ nodes {{ id }} }} }}
                two: components(strong: true, first: 2{walk}) {{ size nodes {{ nodes {{ id }} }} }}
                sizes: components(first: 50{walk}) {{ size }} }}"
        );
        let engine = Engine::new(Arc::new(model.snapshot()), Limits::default()).unwrap();
        let answer = engine.execute(Request { query: &query, operation_name: None, variables: None });
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        prop_assert_eq!(answer.get("errors"), None);
        let data = &answer["data"];
        for (name, expected) in [
            ("PAGE_RANK", page_rank(&nodes, &directed, 0.85)),
            ("DAMPED", page_rank(&nodes, &directed, damping)),
            ("DEGREE", nodes.iter().map(|no| both.iter().filter(|it| it.0 == *no).count() as f64).collect()),
            ("BETWEENNESS", betweenness(&nodes, &both)),
            ("CLOSENESS", closeness(&nodes, &both)),
        ] {
            let ranked = data[name].as_array().unwrap();
            prop_assert_eq!(ranked.len(), nodes.len());
            for (no, expected) in nodes.iter().zip(expected) {
                let found = ranked.iter().find(|it| it["entity"]["id"] == id(*no)).unwrap();
                let score = found["score"].as_f64().unwrap();
                prop_assert!((score - expected).abs() < 1e-9, "{} of {}: {}, not {}", name, id(*no), score, expected);
            }
        }
        let mut parts = petgraph::graph::Graph::<usize, ()>::new();
        let places: Vec<NodeIndex> = nodes.iter().map(|no| parts.add_node(*no)).collect();
        for (a, b) in &directed {
            let place = |no: &usize| places[nodes.iter().position(|it| it == no).unwrap()];
            parts.add_edge(place(a), place(b), ());
        }
        let ordered = |parts: Vec<Vec<NodeIndex>>, graph: &petgraph::graph::Graph<usize, ()>| {
            let mut parts: Vec<Vec<String>> = parts
                .into_iter()
                .map(|part| {
                    let mut ids: Vec<String> = part.into_iter().map(|it| id(graph[it])).collect();
                    ids.sort();
                    ids
                })
                .collect();
            parts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            parts
        };
        let listed = |name: &str| -> Vec<Vec<String>> {
            let ids = |part: &serde_json::Value| -> Vec<String> {
                let nodes = part["nodes"]["nodes"].as_array().unwrap();
                assert_eq!(part["size"], nodes.len());
                nodes.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
            };
            data[name].as_array().unwrap().iter().map(ids).collect()
        };
        let mut strong = ordered(tarjan_scc(&parts), &parts);
        prop_assert_eq!(&listed("strong"), &strong);
        strong.truncate(2);
        prop_assert_eq!(listed("two"), strong);
        for (a, b) in &both {
            let place = |no: &usize| places[nodes.iter().position(|it| it == no).unwrap()];
            parts.add_edge(place(a), place(b), ());
        }
        let weak = ordered(tarjan_scc(&parts), &parts);
        let sizes: Vec<usize> = weak.iter().map(Vec::len).collect();
        let listed_sizes: Vec<usize> =
            data["sizes"].as_array().unwrap().iter().map(|it| it["size"].as_u64().unwrap() as usize).collect();
        prop_assert_eq!(listed("weak"), weak);
        prop_assert_eq!(listed_sizes, sizes);
    }
}
