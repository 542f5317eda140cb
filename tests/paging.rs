//! Paging continues at a cursor after data were inserted and deleted: no entry is repeated or skipped.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use clew::api::{Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::graph;
use clew::ontology::{self, Ontology};
use clew::report::{Reports, SourceText, Style};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;

const SCHEMA: &str = r#"
interface Named { name: String @search }
type Item implements Named {
  name: String @search
  size: Int
  share: Float
  price: Decimal
  since: Date
  at: DateTime
  on: Boolean
  kind: Kind
  spot: Point
  next: [Named!]! @relation(name: "NEXT", inverse: "previous", edge: "Step")
  above: [Item!]! @relation(name: "ABOVE", inverse: "below", transitive: true)
}
type Thing implements Named { name: String @search }
type Step @edge { weight: Int note: String spot: Point }
enum Kind { ALPHA BETA GAMMA }
"#;

/// Number of possible entities of each type.
const MOST: usize = 24;

/// A number that looks random and depends only on its purpose.
fn chosen(what: &str, no: usize, below: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64(format!("{what} {no}").as_bytes()) % below
}

/// A name. Some items have none, some share one, and some have long names that differ only at their end.
fn name(no: usize) -> Option<String> {
    match chosen("name", no, 4) {
        0 => None,
        1 => Some(format!("word {}", chosen("shared", no, 3))),
        2 => Some(format!("{} {}", "word and ".repeat(40), chosen("end", no, 8))),
        _ => Some(format!("word {no}")),
    }
}

/// One of a few places, several of them on the antimeridian or at a pole.
fn spot(what: &str, no: usize) -> Value {
    let lat = [-90, -10, 0, 10, 90][chosen(what, no, 5) as usize];
    let lon = [-180, -90, 0, 90, 180][chosen(what, no + 1, 5) as usize];
    serde_json::json!({"lat": lat, "lon": lon})
}

/// The data file of some items and things. The values of each do not depend on which others exist.
fn data(present: &BTreeSet<usize>) -> String {
    let mut lines = String::new();
    let id = |no: usize| {
        if no < MOST {
            format!("i{no:02}")
        } else {
            format!("t{no:02}")
        }
    };
    for no in present {
        let mut fields = serde_json::Map::new();
        let mut field = |name: &str, value: Value| fields.insert(name.to_owned(), Value::from(vec![value]));
        if let Some(name) = name(*no) {
            field("name", name.into());
        }
        if *no < MOST {
            if chosen("has size", *no, 4) > 0 {
                field("size", (chosen("size", *no, 5) as i64 - 2).into());
            }
            field("share", (chosen("share", *no, 5) as f64 / 4.0).into());
            field(
                "price",
                format!("{}.{}0", chosen("price", *no, 3), chosen("cents", *no, 3)).into(),
            );
            field("since", format!("19{:02}", 90 + chosen("since", *no, 4)).into());
            field(
                "at",
                format!("2024-01-0{}T10:00:00Z", 1 + chosen("at", *no, 4)).into(),
            );
            field("on", (chosen("on", *no, 2) == 0).into());
            field(
                "kind",
                ["ALPHA", "BETA", "GAMMA"][chosen("kind", *no, 3) as usize].into(),
            );
        }
        if *no < MOST && chosen("has spot", *no, 4) > 0 {
            fields.insert("spot".to_owned(), spot("spot", *no));
        }
        let label = if *no < MOST { "Item" } else { "Thing" };
        let node =
            serde_json::json!({"type": "node", "id": id(*no), "labels": [label], "properties": fields});
        writeln!(lines, "{node}").unwrap();
    }
    for from in present.iter().filter(|it| **it < MOST) {
        for to in present {
            // Some pairs have two edges.
            let count = match chosen("edge", from * 100 + to, 6) {
                0 | 1 => 1,
                2 => 2,
                _ if *from == 0 => 1,
                _ => 0,
            };
            for edge in 0..count {
                let weight = chosen("weight", from * 1000 + to * 10 + edge, 4);
                let edge = serde_json::json!({
                    "type": "edge", "from": id(*from), "to": id(*to), "labels": ["NEXT"],
                    "properties": {"weight": [weight], "note": [format!("{edge} of {from}")],
                        "spot": spot("edge spot", from * 100 + to)},
                });
                writeln!(lines, "{edge}").unwrap();
            }
            if *to < MOST && to > from && chosen("above", from * 100 + to, 5) == 0 {
                let edge = serde_json::json!({
                    "type": "edge", "from": id(*from), "to": id(*to), "labels": ["ABOVE"], "properties": {},
                });
                writeln!(lines, "{edge}").unwrap();
            }
        }
    }
    lines
}

fn engine(ontology: &Arc<Ontology>, present: &BTreeSet<usize>) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.jsonl"), data(present)).unwrap();
    let mut reports = Reports::default();
    let files = Files::find(folder.path(), &mut reports);
    let snapshot = graph::build(ontology, &files, &Progress::default(), &mut reports);
    let style = Style {
        color: false,
        most: 100,
    };
    let snapshot = snapshot.unwrap_or_else(|| panic!("{}", reports.render(style)));
    Engine::new(Arc::new(snapshot), Limits::default()).unwrap()
}

/// The value at a path of an answer without errors.
fn asked(engine: &Engine, query: &str, path: &[&str]) -> Value {
    let answer = engine.execute(Request {
        query,
        operation_name: None,
        variables: None,
    });
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(answer.get("errors").is_none(), "{query}: {answer}");
    path.iter().fold(&answer["data"], |at, name| &at[*name]).clone()
}

/// A list: the text of its query before and after the arguments of the page, and its path in the answer.
struct List {
    before: &'static str,
    after: &'static str,
    path: &'static [&'static str],
    /// Whether the order depends on texts that a cursor stores only in part, so that entries may be repeated.
    may_repeat: bool,
}

const fn list(before: &'static str, after: &'static str, path: &'static [&'static str]) -> List {
    List {
        before,
        after,
        path,
        may_repeat: false,
    }
}

const NODE: &str = ") { edges { cursor node { id } } } }";
const STEP: &str = ") { edges { cursor weight note node { id } } } } }";

const LISTS: &[List] = &[
    list("{ items(", NODE, &["items", "edges"]),
    list("{ items(filter: {size: {gte: 0}}, ", NODE, &["items", "edges"]),
    list("{ nameds(", NODE, &["nameds", "edges"]),
    list(
        "{ entities(filter: {label: {contains: \"1\"}}, ",
        NODE,
        &["entities", "edges"],
    ),
    list("{ items(orderBy: [{size: ASC}], ", NODE, &["items", "edges"]),
    list(
        "{ items(orderBy: [{size: DESC_NULLS_FIRST}, {share: DESC}], ",
        NODE,
        &["items", "edges"],
    ),
    list(
        "{ items(orderBy: [{price: DESC}, {kind: ASC}], ",
        NODE,
        &["items", "edges"],
    ),
    list("{ items(orderBy: [{since: DESC}], ", NODE, &["items", "edges"]),
    list(
        "{ items(orderBy: [{on: DESC}, {at: ASC}], ",
        NODE,
        &["items", "edges"],
    ),
    list(
        "{ items(orderBy: [{spot: {distanceFrom: {lat: 12.5, lon: 170}}}], ",
        NODE,
        &["items", "edges"],
    ),
    list(
        "{ items(orderBy: [{spot: {distanceFrom: {lat: -3, lon: 0.1}, direction: DESC_NULLS_FIRST}}, {size: ASC}], ",
        NODE,
        &["items", "edges"],
    ),
    list("{ items(orderBy: [{id: DESC}], ", NODE, &["items", "edges"]),
    List {
        may_repeat: true,
        ..list("{ nameds(orderBy: [{name: ASC}], ", NODE, &["nameds", "edges"])
    },
    List {
        may_repeat: true,
        ..list(
            "{ items(orderBy: [{name: DESC_NULLS_FIRST}, {size: ASC}], ",
            NODE,
            &["items", "edges"],
        )
    },
    List {
        may_repeat: true,
        ..list("{ items(orderBy: [{label: DESC}], ", NODE, &["items", "edges"])
    },
    List {
        may_repeat: true,
        ..list(
            "{ items(orderBy: [{name: ASC}, {size: DESC}], collation: \"fr\", ",
            NODE,
            &["items", "edges"],
        )
    },
    List {
        may_repeat: true,
        ..list(
            "{ nameds(orderBy: [{label: DESC}], collation: \"sv\", ",
            NODE,
            &["nameds", "edges"],
        )
    },
    list(
        "{ item(id: \"i00\") { next(orderBy: [{edge: {note: DESC}}, {id: ASC}], collation: \"en-u-kn\", ",
        STEP,
        &["item", "next", "edges"],
    ),
    list("{ item(id: \"i00\") { next(", STEP, &["item", "next", "edges"]),
    list(
        "{ item(id: \"i00\") { next(filter: {name: {isNull: false}}, ",
        STEP,
        &["item", "next", "edges"],
    ),
    list(
        "{ item(id: \"i00\") { next(orderBy: [{edge: {weight: DESC}}], ",
        STEP,
        &["item", "next", "edges"],
    ),
    list(
        "{ item(id: \"i00\") { next(orderBy: [{edge: {spot: {distanceFrom: {lat: 1, lon: 91}}}}], ",
        STEP,
        &["item", "next", "edges"],
    ),
    list(
        "{ item(id: \"i00\") { previous(orderBy: [{size: DESC}], ",
        STEP,
        &["item", "previous", "edges"],
    ),
    list(
        "{ item(id: \"i00\") { follow(path: \"next/next\", ",
        ") { edges { cursor node { id } } } } }",
        &["item", "follow", "edges"],
    ),
    list(
        "{ item(id: \"i00\") { links(",
        ") { edges { cursor node { relation forward edge to { id } } } } } }",
        &["item", "links", "edges"],
    ),
    list(
        "{ item(id: \"i00\") { statements(",
        ") { edges { cursor node { field value target { id } edge } } } } }",
        &["item", "statements", "edges"],
    ),
    list(
        "{ timeline(",
        ") { edges { cursor node { date entity { id } statement { field value } } } } }",
        &["timeline", "edges"],
    ),
];

/// The entries of a page, and their cursors.
fn page(engine: &Engine, list: &List, arguments: &str) -> (Vec<String>, Vec<String>) {
    let query = format!("{}{arguments}{}", list.before, list.after);
    let edges = asked(engine, &query, list.path);
    let edges = edges.as_array().unwrap_or_else(|| panic!("{query}: {edges}"));
    let cursor = |it: &Value| it["cursor"].as_str().unwrap().to_owned();
    let entry = |it: &Value| {
        let mut entry = it.clone();
        entry.as_object_mut().unwrap().remove("cursor");
        entry.to_string()
    };
    (
        edges.iter().map(entry).collect(),
        edges.iter().map(cursor).collect(),
    )
}

#[test]
fn a_page_continues_after_changes() {
    let ontology = ontology::compile(&[SourceText::whole("schema.graphql", SCHEMA)]).unwrap();
    let ontology = Arc::new(ontology);
    let config = Config {
        cases: 16,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..Config::default()
    };
    let some = || prop::collection::btree_set(1..2 * MOST, MOST / 2..2 * MOST);
    let given = (some(), some(), 0_usize..100, 0..LISTS.len());
    let outcome = TestRunner::new(config).run(&given, |(mut old, mut new, place, begin)| {
        // The owner of the lists is never deleted.
        old.insert(0);
        new.insert(0);
        let both: BTreeSet<usize> = old.union(&new).copied().collect();
        let [old, new, both] = [&old, &new, &both].map(|it| engine(&ontology, it));
        for step in 0..LISTS.len() {
            let list = &LISTS[(begin + step) % LISTS.len()];
            let (entries, cursors) = page(&old, list, "first: 1000");
            if entries.is_empty() {
                continue;
            }
            let at = (place + step) % entries.len();
            let (cursor, entry) = (&cursors[at], &entries[at]);
            let (order, _) = page(&both, list, "first: 1000");
            let (now, now_cursors) = page(&new, list, "first: 1000");
            let rank = |it: &String| {
                let rank = order.iter().position(|other| other == it);
                rank.unwrap_or_else(|| panic!("{it} is not among all of {}", list.before))
            };
            let past: Vec<String> = now.iter().filter(|it| rank(it) > rank(entry)).cloned().collect();
            let (after, _) = page(&new, list, &format!("first: 1000, after: \"{cursor}\""));
            let earlier: Vec<String> = now.iter().filter(|it| rank(it) < rank(entry)).cloned().collect();
            let (before, _) = page(&new, list, &format!("last: 1000, before: \"{cursor}\""));
            if list.may_repeat && !now.contains(entry) {
                prop_assert!(after.ends_with(&past), "{}: {after:?} {past:?}", list.before);
                prop_assert!(
                    before.starts_with(&earlier),
                    "{}: {before:?} {earlier:?}",
                    list.before
                );
            } else {
                prop_assert_eq!(after, past, "{} after {}", list.before, entry);
                prop_assert_eq!(before, earlier, "{} before {}", list.before, entry);
            }
            // Entries that still exist have the same cursor.
            if let Some(at) = now.iter().position(|it| it == entry)
                && !list.before.starts_with("{ timeline")
            {
                prop_assert_eq!(&now_cursors[at], cursor, "{}", list.before);
            }
        }
        Ok(())
    });
    outcome.unwrap();
}

/// Lists in an order of their own.
const OWN_ORDER: &[List] = &[
    list(
        "{ item(id: \"i01\") { above(depth: 9, ",
        ") { edges { cursor node { id } } } } }",
        &["item", "above", "edges"],
    ),
    list("{ search(query: \"word\", ", NODE, &["search", "edges"]),
    list(
        "{ paths(from: \"i01\", to: \"i03\", maxHops: 4, ",
        ") { edges { cursor node { length nodes { id } } } } }",
        &["paths", "edges"],
    ),
    list(
        "{ conflicts(",
        ") { edges { cursor node { field } } } }",
        &["conflicts", "edges"],
    ),
];

#[test]
fn pages_of_any_list_together_are_the_list() {
    let ontology = ontology::compile(&[SourceText::whole("schema.graphql", SCHEMA)]).unwrap();
    let ontology = Arc::new(ontology);
    let all: BTreeSet<usize> = (0..2 * MOST).collect();
    let less: BTreeSet<usize> = (0..2 * MOST).filter(|it| it % 5 != 4).collect();
    let (all, less) = (engine(&ontology, &all), engine(&ontology, &less));
    for list in LISTS.iter().chain(OWN_ORDER) {
        let (whole, cursors) = page(&all, list, "first: 200");
        let mut pages: Vec<String> = Vec::new();
        let mut after = String::new();
        loop {
            let (part, cursors) = page(&all, list, &format!("first: 7{after}"));
            let Some(last) = cursors.last() else { break };
            after = format!(", after: \"{last}\"");
            pages.extend(part);
            if pages.len() >= 200 {
                break;
            }
        }
        pages.truncate(200);
        assert_eq!(pages, whole, "{}", list.before);
        // An old cursor is no error.
        for cursor in &cursors {
            page(&less, list, &format!("first: 7, after: \"{cursor}\""));
        }
    }
}
