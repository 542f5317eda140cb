//! Groups, aggregates and ordered pages are those of a plain reference, before and after the columns are indexed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use clew::api::{Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::graph;
use clew::ontology;
use clew::report::{Reports, SourceText};
use proptest::prelude::*;
use serde_json::{Value, json};

const SCHEMA: &str = r#"
type Item @entity(label: "name") {
  name: String
  topic: String
  note: String @index
  title: String! @index
  size: Int @index
  share: Float
  since: Date @index
  price: Decimal
  kind: Kind @index
  on: Boolean
}
type Other { topic: String }
enum Kind { GAMMA ALPHA BETA }
"#;

const KINDS: [&str; 3] = ["GAMMA", "ALPHA", "BETA"];

/// Values of one item; those that can be compared are in the order of the fields' values.
#[derive(Debug, Clone)]
struct Item {
    name: Option<String>,
    topic: Option<String>,
    title: String,
    size: Option<i32>,
    share: Option<i32>,
    since: Option<u32>,
    price: Option<i32>,
    kind: Option<usize>,
    on: Option<bool>,
}

fn id(no: usize) -> String {
    format!("item{no:04}")
}

/// Texts that often share a beginning of eight bytes or more, and some that JSON writes otherwise.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab\"\\\\\n\u{e9}]{0,3}",
        "beginni[\"n]g[ab]{0,2}",
        Just("beginnin".to_owned()),
    ]
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = (
        prop::option::weighted(0.8, text()),
        prop::option::weighted(0.9, "topic [a-c\"]"),
        text(),
        prop::option::weighted(0.8, -3..3_i32),
        (
            prop::option::of(-3..3_i32),
            prop::option::of(1_u32..4),
            prop::option::of(-3..3_i32),
        ),
        prop::option::weighted(0.9, 0..KINDS.len()),
        prop::option::weighted(0.9, any::<bool>()),
    );
    let item = item.prop_map(
        |(name, topic, title, size, (share, since, price), kind, on)| Item {
            name,
            topic,
            title,
            size,
            share,
            since,
            price,
            kind,
            on,
        },
    );
    prop::collection::vec(item, 1..150)
}

fn engine(items: &[Item]) -> Engine {
    let mut lines = String::new();
    for (no, item) in items.iter().enumerate() {
        let values = json!({
            "name": item.name, "note": item.name, "topic": item.topic, "title": item.title, "size": item.size,
            "share": item.share.map(|it| f64::from(it) / 2.0),
            "since": item.since.map(|it| format!("199{it}")),
            "price": item.price.map(|it| format!("{it}.50")),
            "kind": item.kind.map(|it| KINDS[it]), "on": item.on,
        });
        let Value::Object(values) = values else {
            unreachable!()
        };
        let values: serde_json::Map<String, Value> = values
            .into_iter()
            .filter(|it| !it.1.is_null())
            .map(|(name, value)| (name, json!([value])))
            .collect();
        let line = json!({"type": "node", "id": id(no), "labels": ["Item"], "properties": values});
        writeln!(lines, "{line}").unwrap();
    }
    writeln!(
        lines,
        r#"{{"type":"node","id":"other","labels":["Other"],"properties":{{"topic":["topic a"]}}}}"#
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.jsonl"), lines).unwrap();
    let ontology = Arc::new(ontology::compile(&[SourceText::whole("s", SCHEMA)]).unwrap());
    let mut reports = Reports::default();
    let files = Files::find(folder.path(), &mut reports);
    let snapshot = graph::build(&ontology, &files, &Progress::default(), &mut reports).unwrap();
    Engine::new(Arc::new(snapshot), Limits::default()).unwrap()
}

fn asked(engine: &Engine, query: &str, variables: &Value) -> Value {
    let variables = serde_json::value::to_raw_value(variables).unwrap();
    let answer = engine.execute(Request {
        query,
        operation_name: None,
        variables: Some(&variables),
    });
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(answer.get("errors").is_none(), "{query}: {answer}");
    answer["data"].clone()
}

/// A key of an order: `None` is no value, and equal keys are equal values.
type Key = Option<(i64, String)>;

/// The key of a field, in the order of its values.
fn key(field: &str, no: usize, item: &Item) -> Key {
    let number = |it: i64| (it, String::new());
    match field {
        // An item without a name is ordered by its id.
        "label" => Some((0, item.name.clone().unwrap_or_else(|| id(no)))),
        "name" | "note" => item.name.clone().map(|it| (0, it)),
        "topic" => item.topic.clone().map(|it| (0, it)),
        "title" => Some((0, item.title.clone())),
        "size" => item.size.map(|it| number(it.into())),
        "share" => item.share.map(|it| number(it.into())),
        "since" => item.since.map(|it| number(it.into())),
        // -2.50 comes before -1.50, and -0.50 is written for no number here.
        "price" => item.price.map(|it| {
            number(if it < 0 {
                i64::from(it) * 10 - 5
            } else {
                i64::from(it) * 10 + 5
            })
        }),
        "kind" => item.kind.map(|it| number(it as i64)),
        "on" => item.on.map(|it| number(it.into())),
        _ => unreachable!("{field}"),
    }
}

const FIELDS: [&str; 11] = [
    "label", "name", "note", "topic", "title", "size", "share", "since", "price", "kind", "on",
];

/// Everything in an order.
fn sorted(items: &[Item], field: &str, direction: &str, only: Option<usize>) -> Vec<usize> {
    let kept = |no: &usize| only.is_none() || items[*no].kind == only;
    let mut all: Vec<usize> = (0..items.len()).filter(kept).collect();
    let nulls_first = direction.ends_with("FIRST");
    all.sort_by(|a, b| {
        let (a, b) = (key(field, *a, &items[*a]), key(field, *b, &items[*b]));
        let by_null = a.is_none().cmp(&b.is_none());
        let by_null = if nulls_first { by_null.reverse() } else { by_null };
        by_null.then_with(|| {
            if direction.starts_with("DESC") {
                b.cmp(&a)
            } else {
                a.cmp(&b)
            }
        })
    });
    all
}

fn check_pages(engine: &Engine, items: &[Item], size: usize) {
    let query = |field: &str, direction: &str, forward: bool, with_filter: bool| {
        let filter = if with_filter {
            "filter: {kind: {eq: ALPHA}}, "
        } else {
            ""
        };
        let (count, cursor) = if forward {
            ("first", "after")
        } else {
            ("last", "before")
        };
        format!(
            "query($size: Int!, $cursor: String) {{ items({filter}{count}: $size, {cursor}: $cursor, orderBy: [{{{field}: {direction}}}]) {{
               nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        )
    };
    let directions = [
        "ASC_NULLS_LAST",
        "ASC_NULLS_FIRST",
        "DESC_NULLS_LAST",
        "DESC_NULLS_FIRST",
    ];
    for (at, field) in FIELDS.iter().enumerate() {
        for with_filter in [false, true] {
            let direction = directions[(at + items.len() + usize::from(with_filter)) % 4];
            let expected = sorted(items, field, direction, with_filter.then_some(1));
            for forward in [true, false] {
                let query = query(field, direction, forward, with_filter);
                let mut cursor = Value::Null;
                let mut left = &expected[..];
                loop {
                    let page =
                        asked(engine, &query, &json!({"size": size, "cursor": cursor}))["items"].clone();
                    let part = if forward {
                        let (part, rest) = left.split_at(size.min(left.len()));
                        left = rest;
                        part
                    } else {
                        let (rest, part) = left.split_at(left.len().saturating_sub(size));
                        left = rest;
                        part
                    };
                    let ids: Vec<Value> = part.iter().map(|it| json!({"id": id(*it)})).collect();
                    assert_eq!(page["nodes"], Value::Array(ids), "{query} {cursor}");
                    let has_more = if forward { "hasNextPage" } else { "hasPreviousPage" };
                    assert_eq!(
                        page["pageInfo"][has_more],
                        json!(!left.is_empty()),
                        "{query} {cursor}"
                    );
                    let had_before = if forward { "hasPreviousPage" } else { "hasNextPage" };
                    assert_eq!(
                        page["pageInfo"][had_before],
                        json!(!cursor.is_null()),
                        "{query} {cursor}"
                    );
                    if left.is_empty() {
                        break;
                    }
                    cursor = page["pageInfo"][if forward { "endCursor" } else { "startCursor" }].clone();
                }
            }
        }
    }
}

/// A value of a field in an answer.
fn shown(field: &str, item: &Item) -> Value {
    match field {
        "topic" => json!(item.topic),
        "kind" => json!(item.kind.map(|it| KINDS[it])),
        "on" => json!(item.on),
        "size" => json!(item.size),
        _ => unreachable!("{field}"),
    }
}

/// The least, the greatest and the number of different texts, and how many there are.
fn measured<'t>(texts: impl Iterator<Item = &'t String> + Clone) -> Value {
    let mut different: Vec<&String> = texts.clone().collect();
    different.sort();
    different.dedup();
    json!({"count": texts.count(), "min": different.first(), "max": different.last(), "distinct": different.len()})
}

fn check_groups(engine: &Engine, items: &[Item]) {
    let sets: [&[&str]; 6] = [
        &["topic"],
        &["kind"],
        &["on"],
        &["size"],
        &["topic", "kind"],
        &["on", "kind", "topic"],
    ];
    for fields in sets {
        for (filter, with_missing) in [("", true), ("", false), ("(filter: {kind: {eq: ALPHA}})", true)] {
            let mut groups: BTreeMap<Vec<(bool, Key)>, Vec<&Item>> = BTreeMap::new();
            let kept = items
                .iter()
                .enumerate()
                .filter(|it| filter.is_empty() || it.1.kind == Some(1));
            for (no, item) in kept {
                // No value comes last.
                let keys = fields.iter().map(|field| key(field, no, item));
                let keys: Vec<(bool, Key)> = keys.map(|it| (it.is_none(), it)).collect();
                if with_missing || keys.iter().all(|it| it.1.is_some()) {
                    groups.entry(keys).or_default().push(item);
                }
            }
            let mut expected: Vec<&Vec<&Item>> = groups.values().collect();
            expected.sort_by_key(|it| std::cmp::Reverse(it.len()));
            let key_of = |item: &Item| match fields {
                [field] => shown(field, item),
                _ => fields.iter().map(|field| shown(field, item)).collect(),
            };
            let counts: Vec<Value> = expected
                .iter()
                .map(|it| json!({"key": key_of(it[0]), "count": it.len()}))
                .collect();
            let options = if with_missing {
                "{}"
            } else {
                "{includeMissing: false}"
            };
            let by: Vec<String> = fields
                .iter()
                .map(|field| format!("{{{field}: {options}}}"))
                .collect();
            let by = by.join(", ");
            let query = format!(
                "{{ items{filter} {{ aggregate {{ groupBy(by: [{by}], first: 100) {{ key count }} }} }} }}"
            );
            assert_eq!(
                asked(engine, &query, &json!({}))["items"]["aggregate"]["groupBy"],
                json!(counts),
                "{query}"
            );

            let query = format!(
                "{{ items{filter} {{ aggregate {{ groupBy(by: [{by}], first: 100) {{ count title {{ count min max distinct }} name {{ count min max distinct }} }} }} }} }}"
            );
            let figures: Vec<Value> = expected
                .iter()
                .map(|it| {
                    json!({
                        "count": it.len(),
                        "title": measured(it.iter().map(|it| &it.title)),
                        "name": measured(it.iter().filter_map(|it| it.name.as_ref())),
                    })
                })
                .collect();
            assert_eq!(
                asked(engine, &query, &json!({}))["items"]["aggregate"]["groupBy"],
                json!(figures),
                "{query}"
            );
        }
    }
    let both = asked(
        engine,
        "{ entities { aggregate { groupBy(by: [{entityType: {}}], orderBy: [{key: ASC}]) { key count } } } }",
        &json!({}),
    );
    let expected = json!([{"key": "Item", "count": items.len()}, {"key": "Other", "count": 1}]);
    let groups = both["entities"]["aggregate"]["groupBy"].as_array().unwrap();
    let mut groups = groups.clone();
    groups.sort_by_key(|it| it["key"].to_string());
    assert_eq!(json!(groups), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn groups_aggregates_and_orders_are_those_of_a_plain_reference(items in items(), size in 1_usize..90) {
        let engine = engine(&items);
        for indexed in [false, true] {
            if indexed {
                prop_assert!(engine.index().make_columns() > 0);
            }
            check_pages(&engine, &items, size);
            check_groups(&engine, &items);
        }
    }
}
