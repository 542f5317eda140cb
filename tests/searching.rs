//! The order of search results: first texts that equal the query, then texts that contain it.

mod common;

use std::collections::HashMap;

use common::Server;
use proptest::prelude::*;
use serde_json::{Value, json};

const SCHEMA: &str = r#"
type Body @entity(label: "name") {
  name: String! @search
  acronym: String @search
  names: [String!]! @search
  motto: Text @search
  note: String
}
type Paper @entity(label: "title") { title: Text! @search  about: String @search }
"#;

const DATA: &str = r"
Body:
  union: {name: Union of Nations, acronym: U.N.}
  agencies: {name: UN agencies}
  council: {name: UN council, motto: {en: The council of the UN}}
  states: {name: United States, names: [US, U.S.A.]}
  lawmakers: {name: U.S. lawmakers}
  kayak: {name: Kayak, names: [Élan-vital]}
  elan: {name: Elan vital and élan}
  renamed:
    name: [{value: Old league, valid: {until: 1950}}, {value: New league, valid: {from: 1951}}]
  leagues: {name: Leagues, motto: {en: New leagues for an old league, de: Neue Ligen}}
  silent: {name: Silent, note: UN}
  hikers: {name: Hiking company}
Paper:
  awards: {title: {en: Gold award, de: Goldpreis}, about: award for gold}
  gold: {title: Gold}
  golden: {title: Gold and gold and gold, about: Gold}
";

/// Searches of the data, some at a date, and their results in order.
const FOUND: &[(&str, &str, &[&str])] = &[
    ("UN", "", &["union", "council", "agencies"]),
    ("u.n.", "", &["union", "council", "agencies"]),
    ("\"UN\"", "", &["union", "council", "agencies"]),
    ("UN council", "", &["council"]),
    ("U.S.", "", &["states", "lawmakers"]),
    ("us", "", &["states", "lawmakers"]),
    ("USA", "", &["states"]),
    ("ELAN VITAL!", "", &["kayak", "elan"]),
    // A label that equals the search precedes another text that does.
    ("gold", "", &["gold", "golden", "awards"]),
    ("goldpreis", "", &["awards"]),
    ("old league", "", &["renamed", "leagues"]),
    ("old league", "1940", &["renamed", "leagues"]),
    ("old league", "1960", &["leagues"]),
    ("new league", "1960", &["renamed", "leagues"]),
    // Other forms of words are searched only if no entity has all words as typed.
    ("league", "", &["renamed", "leagues"]),
    ("leagues", "", &["leagues"]),
    ("agency", "", &["agencies"]),
    ("lawmaking", "", &["lawmakers"]),
    // A stem can end with a letter that the words with this stem do not have.
    ("companies", "", &["hikers"]),
    ("hike company", "", &["hikers"]),
    ("kaya", "", &["kayak"]),
    ("ka", "", &[]),
    ("kaya vital", "", &["elan", "kayak"]),
    ("vital kaya", "", &["kayak"]),
    ("\"kaya\"", "", &[]),
    ("states council", "", &["council", "states"]),
    ("lawmaker xyz", "", &["lawmakers"]),
    ("goldpr", "", &["awards"]),
    ("old leag", "1940", &["renamed", "leagues"]),
    ("old leag", "1960", &["leagues"]),
];

fn ask(server: &Server, query: &str, variables: &Value) -> Value {
    let mut answer = server.ask_with(query, &variables.to_string());
    assert!(answer["errors"].is_null(), "{query}: {answer}");
    answer["data"]["search"].take()
}

fn ids(found: &Value) -> Vec<&str> {
    let nodes = found["nodes"].as_array().unwrap();
    nodes.iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[test]
fn a_text_that_equals_the_search_comes_first() {
    let folder = common::graph(SCHEMA, DATA);
    let server = Server::of(folder.path(), &[]);
    let mut failed = Vec::new();
    for (words, date, expected) in FOUND {
        let found = ask(
            &server,
            "query($words: String!, $date: Date) { search(query: $words, asOf: $date) { nodes { id: entityId } } }",
            &json!({"words": words, "date": (!date.is_empty()).then_some(date)}),
        );
        if ids(&found) != *expected {
            failed.push(format!(
                "{words} {date}: {:?} instead of {expected:?}",
                ids(&found)
            ));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn the_statement_that_equals_the_search_is_the_first_that_matched() {
    let folder = common::graph(SCHEMA, DATA);
    let server = Server::of(folder.path(), &[]);
    let first = |words: &str| {
        let found = ask(
            &server,
            "query($words: String!) { search(query: $words, first: 1) { edges { matched { field value } highlights { field fragments } } } }",
            &json!({"words": words}),
        );
        found["edges"][0].clone()
    };
    assert_eq!(
        first("U.S."),
        json!({
            "matched": [{"field": "names", "value": "US"}],
            "highlights": [{"field": "names", "fragments": ["<mark>US</mark>"]}],
        })
    );
    assert_eq!(
        first("kaya")["highlights"],
        json!([{"field": "name", "fragments": ["<mark>Kayak</mark>"]}])
    );
    assert_eq!(
        first("agency")["matched"],
        json!([{"field": "name", "value": "UN agencies"}])
    );
    let found = first("gold");
    assert_eq!(found["matched"], json!([{"field": "title", "value": "Gold"}]));
    let found = ask(
        &server,
        "query($words: String!) { search(query: $words, first: 2) { edges { matched { field } } } }",
        &json!({"words": "gold"}),
    );
    assert_eq!(
        found["edges"][1]["matched"],
        json!([{"field": "about"}, {"field": "title"}])
    );
}

/// Allowed differences between a reference and a name: white space at the ends, and case. From an id: the Unicode form.
const REFERENCES: &[(&str, Option<&str>)] = &[
    ("trail", Some("trail")),
    ("TRAIL ", Some("trail")),
    (" trail", Some("trail")),
    ("lead", Some("trail")),
    ("lead\t", Some("trail")),
    (" Lead", Some("trail")),
    ("?! ", Some("signs")),
    ("?!", Some("signs")),
    ("cafe\u{301}-id", Some("café")),
    ("trai", None),
    ("", None),
    ("  ", None),
];

#[test]
fn references_are_compared_without_white_space_and_in_one_form() {
    let schema = "type Body @entity(label: \"name\") { name: String! }";
    let data = r#"Body: {trail-id: {name: "Trail ", aliases: [" lead"]}, signs-id: {name: " ?!"}, café-id: {name: Coffee}}"#;
    let folder = common::graph(schema, data);
    let server = Server::of(folder.path(), &[]);
    for (reference, expected) in REFERENCES {
        let query = "query($ref: String!) { resolve(ref: $ref) { id } }";
        let answer = server.ask_with(query, &json!({"ref": reference}).to_string());
        let expected = expected.map_or(Value::Null, |it| json!({"id": format!("{it}-id")}));
        assert_eq!(answer, json!({"data": {"resolve": expected}}), "{reference:?}");
    }
}

/// All statements of a label are names, including those of other dates.
#[test]
fn each_statement_of_a_label_is_found_at_its_date() {
    let schema = "type Body @entity(label: \"name\") { name: String! }";
    let statements = (0..60).map(|no| {
        let year = 1900 + no;
        format!("{{value: The same beginning {no:02}, valid: {{from: {year}-01-01, until: {year}-12-31}}}}")
    });
    let statements = statements.collect::<Vec<_>>().join(", ");
    let others = "before: {name: A body}, later: {name: Z body}";
    let folder = common::graph(
        schema,
        &format!("Body: {{{others}, many: {{name: [{statements}]}}}}"),
    );
    let server = Server::of(folder.path(), &[]);
    for no in [0, 1, 30, 58] {
        for (year, is_found) in [(1900 + no, true), (1901 + no, false)] {
            let query = format!(
                "{{ resolve(ref: \"the same beginning {no:02}\", asOf: \"{year}-06-01\") {{ entityId }} }}"
            );
            let found = &server.ask(&query)["data"]["resolve"];
            let expected = if is_found {
                json!({"entityId": "many"})
            } else {
                Value::Null
            };
            assert_eq!(*found, expected, "{query}");
        }
    }
}

/// Names of a few words, so that many are equal.
fn names() -> impl Strategy<Value = Vec<(Vec<String>, bool)>> {
    let name = prop::collection::vec("[abc]", 1..4);
    prop::collection::vec((name, any::<bool>()), 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Scores descend, equal texts are first, and pages of any size give the whole list.
    #[test]
    fn pages_of_a_search_give_the_whole(names in names(), words in prop::collection::vec("[abc]", 1..3)) {
        let mut data = String::from("Body:\n");
        let mut texts = HashMap::new();
        for (no, (name, is_label)) in names.iter().enumerate() {
            let name = name.join(" ");
            let line = if *is_label {
                format!("  e{no}: {{name: {name}}}\n")
            } else {
                format!("  e{no}: {{name: x, acronym: {name}}}\n")
            };
            data += &line;
            texts.insert(format!("e{no}"), (name, *is_label));
        }
        let folder = common::graph(SCHEMA, &data);
        let server = Server::of(folder.path(), &[]);
        let words = words.join(" ");
        let page = |first: usize, after: &Value| ask(
            &server,
            "query($words: String!, $first: Int!, $after: String) { search(query: $words, first: $first, after: $after) { edges { cursor score node { id } } } }",
            &json!({"words": words, "first": first, "after": after}),
        )["edges"].as_array().unwrap().clone();
        let whole = page(100, &Value::Null);
        let scores: Vec<f64> = whole.iter().map(|it| it["score"].as_f64().unwrap()).collect();
        prop_assert!(scores.is_sorted_by(|a, b| a >= b), "{:?}", scores);
        let classes: Vec<u8> = whole.iter().map(|it| {
            let (text, is_label) = &texts[it["node"]["id"].as_str().unwrap()];
            if *text == words { 1 + u8::from(*is_label) } else { 0 }
        }).collect();
        prop_assert!(classes.is_sorted_by(|a, b| a >= b), "{:?}", classes);
        for first in 1..4 {
            let mut paged = Vec::new();
            let mut after = Value::Null;
            loop {
                let edges = page(first, &after);
                let Some(last) = edges.last() else { break };
                after = last["cursor"].clone();
                paged.extend(edges);
            }
            prop_assert_eq!(&paged, &whole);
        }
    }
}
