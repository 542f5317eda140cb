//! Names, over HTTP: aliases and identifiers in data and answers, the entity of a reference, and suggestions for a
//! typed prefix.

mod common;

use std::sync::Arc;

use clew::facts::{Files, Progress};
use clew::graph::{self, Snapshot};
use clew::ontology;
use clew::report::{Reports, SourceText};
use common::{Server, graph as folder, run, text};
use serde_json::{Value, json};

const SCHEMA: &str = r#"
extend schema
  @prefix(name: "wd", iri: "http://www.wikidata.org/entity/")
  @prefix(name: "site", iri: "http://www.wikidata.org/")
interface Named { name: String! }
interface Marked { mark: Int }
type Writer implements Named & Marked {
  name: String!
  mark: Int
  books: [Book!]! @relation(name: "WROTE", inverse: "authors")
}
type Book implements Marked { title: Text  mark: Int }
type Place implements Named { name: String!  aliases: [String!]!  sameAs: URL }
"#;

const DATA: &str = r#"
source: diary
Source:
  diary: {title: A diary}
Writer:
  woolf:
    name: Virginia Woolf
    books: waves
    aliases:
      - Adeline Virginia Stephen
      - {value: {en: Mrs Woolf, fr: Mme Woolf}, cite: may/1, valid: 1912/1941}
    sameAs: [wd:Q40909, {value: "http://www.wikidata.org/wiki/Special:Q40909", rank: deprecated}, "urn:x:1"]
  bell: {name: Vanessa Bell, aliases: [ÉLAN, Woolf's sister]}
  "1": {name: "«Élan» 𝒜x vital"}
Book:
  waves: {title: {en: The Waves, fr: Les Vagues}, aliases: Vagues, sameAs: wd:Q1234}
  ode: {title: Straße nach Łódź, sameAs: wd:Q77}
  ode2: {title: straße nach łódź, sameAs: wd:Q77}
Place:
  london: {name: London, aliases: [Londres, Londinium], sameAs: "https://example.org/london"}
"#;

const LINES: &str = r#"{"type":"node","id":"hogarth","labels":["Place"],"properties":{"name":["Hogarth House"],"aliases":["The Press"]}}
{"type":"node","id":"orlando","labels":["Book"],"properties":{"title":["Orlando"],"aliases":[{"fr":"Orlando, une biographie"},"Orlando: A Biography"],"sameAs":["wd:Q858","https://example.org/orlando"]}}
"#;

fn served() -> (Server, tempfile::TempDir) {
    let folder = folder(SCHEMA, DATA);
    common::write(folder.path(), "data/e.jsonl", LINES);
    (Server::of(folder.path(), &[]), folder)
}

fn data(server: &Server, query: &str) -> Value {
    let answer = server.ask(query);
    assert!(answer["errors"].is_null(), "{query}: {answer}");
    answer["data"].clone()
}

#[test]
fn aliases_and_identifiers_in_data_are_in_answers() {
    let (server, folder) = served();
    let query = "{
      woolf: writer(id: \"woolf\") { aliases fr: aliases(lang: [\"fr\"]) sameAs { __typename prefix id url }
        statements(fields: [\"aliases\", \"sameAs\"]) { totalCount nodes { field value rank valid { from until } citations { locator } } } }
      then: writer(id: \"woolf\", asOf: \"1950\") { aliases }
      book(id: \"orlando\") { aliases sameAs { prefix id } }
      marked(id: \"waves\") { aliases sameAs { id } }
      place(id: \"london\") { aliases sameAs }
      source(id: \"diary\") { aliases sameAs { id } }
    }";
    let answer = data(&server, query);
    let expected = json!({
        "woolf": {
            "aliases": ["Adeline Virginia Stephen", "Mrs Woolf"],
            "fr": ["Adeline Virginia Stephen", "Mme Woolf"],
            "sameAs": [
                {"__typename": "ExternalId", "prefix": "wd", "id": "Q40909", "url": "http://www.wikidata.org/entity/Q40909"},
                {"__typename": "ExternalId", "prefix": "site", "id": "wiki/Special:Q40909", "url": "http://www.wikidata.org/wiki/Special:Q40909"},
                {"__typename": "ExternalId", "prefix": null, "id": "urn:x:1", "url": "urn:x:1"},
            ],
            "statements": {"totalCount": 5, "nodes": [
                {"field": "aliases", "value": "Adeline Virginia Stephen", "rank": "NORMAL", "valid": null, "citations": []},
                {"field": "aliases", "value": {"en": "Mrs Woolf", "fr": "Mme Woolf"}, "rank": "NORMAL", "valid": {"from": "1912", "until": "1941"}, "citations": [{"locator": "may/1"}]},
                {"field": "sameAs", "value": "http://www.wikidata.org/entity/Q40909", "rank": "NORMAL", "valid": null, "citations": []},
                {"field": "sameAs", "value": "http://www.wikidata.org/wiki/Special:Q40909", "rank": "DEPRECATED", "valid": null, "citations": []},
                {"field": "sameAs", "value": "urn:x:1", "rank": "NORMAL", "valid": null, "citations": []},
            ]},
        },
        "then": {"aliases": ["Adeline Virginia Stephen"]},
        "book": {"aliases": ["Orlando, une biographie", "Orlando: A Biography"], "sameAs": [{"prefix": "wd", "id": "Q858"}, {"prefix": null, "id": "https://example.org/orlando"}]},
        "marked": {"aliases": ["Vagues"], "sameAs": [{"id": "Q1234"}]},
        "place": {"aliases": ["Londres", "Londinium"], "sameAs": "https://example.org/london"},
        "source": {"aliases": [], "sameAs": []},
    });
    assert_eq!(answer, expected);
    // A graph from a file gives the same answers.
    let compiled = run(folder.path(), &["compile", "--out", "graph.clew"]);
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    let mapped = run(folder.path(), &["query", "--graph", "graph.clew", "-e", query]);
    let mapped: Value = serde_json::from_slice(&mapped.stdout).unwrap();
    assert_eq!(mapped["data"], expected);
}

#[test]
fn a_declared_field_takes_the_place_of_a_built_in_one() {
    let (server, _folder) = served();
    // A type of `Entity` and `Named` declares other fields; all types of `Marked` have the built-in ones.
    for (query, fails) in [
        ("{ entity(id: \"woolf\") { aliases } }", true),
        ("{ entity(id: \"woolf\") { sameAs { id } } }", true),
        ("{ named(id: \"woolf\") { aliases } }", true),
        ("{ marked(id: \"woolf\") { aliases sameAs { id } } }", false),
        (
            "{ places(filter: {aliases: {has: \"Londres\"}}) { totalCount } }",
            false,
        ),
        (
            "{ writers(filter: {aliases: {has: \"x\"}}) { totalCount } }",
            true,
        ),
    ] {
        let answer = server.ask(query);
        assert_eq!(answer["errors"].is_array(), fails, "{query}: {answer}");
    }
    // A declared field of the same type changes nothing for other types.
    let alike =
        "type A { name: String aliases: [Text!]! } type B { sameAs: Boolean } interface C { aliases: Int }";
    let ontology = ontology::compile(&[SourceText::whole("s.graphql", alike)]).unwrap();
    let sdl = clew::api::Api::new(&ontology).unwrap().sdl().to_owned();
    let fields = |name: &str| {
        let definition = sdl.split(name).nth(1).unwrap();
        let definition = definition.split("\n}").next().unwrap();
        ["  aliases", "  sameAs: [ExternalId!]!"].map(|it| definition.contains(it))
    };
    assert_eq!(fields("\ntype A implements"), [true, true]);
    assert_eq!(fields("\ntype B implements"), [true, false]);
    assert_eq!(fields("\ninterface Entity implements"), [false, false]);
}

#[test]
fn a_search_finds_aliases() {
    let (server, _folder) = served();
    let answer = data(
        &server,
        "{ a: search(query: \"stephen\") { edges { node { id } matched { field value } highlights { field fragments } } }
           b: search(query: \"mme woolf\", asOf: \"1950\") { edges { node { id } } }
           c: search(query: \"londres\") { totalCount } }",
    );
    let edges = &answer["a"]["edges"];
    assert_eq!(edges[0]["node"]["id"], "woolf");
    assert_eq!(
        edges[0]["matched"],
        json!([{"field": "aliases", "value": "Adeline Virginia Stephen"}])
    );
    assert_eq!(edges[0]["highlights"][0]["field"], "aliases");
    assert!(answer["b"]["edges"].as_array().unwrap().iter().all(|it| {
        let id = it["node"]["id"].as_str().unwrap();
        id.starts_with("woolf") || id.starts_with("bell")
    }));
    // The declared field has no `@search` in the schema.
    assert_eq!(answer["c"]["totalCount"], 0);
}

#[test]
fn rdf_has_the_properties_that_others_use() {
    let (server, _folder) = served();
    let ask = |form: &str| {
        let query = "{ book(id: \"orlando\") { aliases sameAs { url } } }";
        let body = json!({"query": query}).to_string();
        server.post(&body, &[("accept", form)])
    };
    let lines = ask("application/n-triples").body;
    for line in [
        "<urn:clew:entity:orlando> <http://www.w3.org/2004/02/skos/core#altLabel> \"Orlando, une biographie\"@fr .",
        "<urn:clew:entity:orlando> <http://www.w3.org/2004/02/skos/core#altLabel> \"Orlando: A Biography\" .",
        "<urn:clew:entity:orlando> <http://www.w3.org/2002/07/owl#sameAs> <http://www.wikidata.org/entity/Q858> .",
        "<urn:clew:entity:orlando> <http://www.w3.org/2002/07/owl#sameAs> <https://example.org/orlando> .",
    ] {
        assert!(lines.contains(line), "{line}\n{lines}");
    }
    let turtle = ask("text/turtle").body;
    assert!(turtle.contains("owl:sameAs wd:Q858"), "{turtle}");
    let linked: Value = serde_json::from_str(&ask("application/ld+json").body).unwrap();
    let node = &linked["@graph"][0];
    assert_eq!(node["sameAs"][0], "wd:Q858");
    assert_eq!(
        linked["@context"]["sameAs"],
        json!({"@id": "owl:sameAs", "@type": "@id"})
    );
    assert_eq!(linked["@context"]["aliases"], "skos:altLabel");
    assert_eq!(linked["@context"]["wd"], "http://www.wikidata.org/entity/");
}

#[test]
fn a_reference_is_an_id_an_identifier_or_a_name() {
    let (server, _folder) = served();
    for (reference, expected) in [
        ("woolf", json!("woolf")),
        ("wd:Q40909", json!("woolf")),
        ("http://www.wikidata.org/entity/Q40909", json!("woolf")),
        (" site:wiki/Special:Q40909 ", json!("woolf")),
        ("urn:x:1", json!("woolf")),
        ("https://example.org/london", json!("london")),
        ("VIRGINIA WOOLF", json!("woolf")),
        ("mme woolf", json!("woolf")),
        ("les vagues", json!("waves")),
        ("LONDINIUM", json!("london")),
        ("e\u{301}lan", json!("bell")),
        // Accents must match, and so must the whole name.
        ("elan", Value::Null),
        ("Virginia", Value::Null),
        ("wd:Q4", Value::Null),
        ("", Value::Null),
        ("woolf?asOf=1912", json!("woolf?asOf=1912")),
        ("mrs woolf?asOf=1912", json!("woolf?asOf=1912")),
        ("mrs woolf?asOf=1950", Value::Null),
    ] {
        let query = format!("{{ resolve(ref: {}) {{ id }} }}", json!(reference));
        let found = &data(&server, &query)["resolve"];
        let id = found.get("id").unwrap_or(&Value::Null);
        assert_eq!(id, &expected, "{reference}");
    }
    for reference in ["wd:Q77", "STRASSE NACH ŁÓDŹ"] {
        let query = format!(
            "{{ a: resolve(ref: {}) {{ id }} b: resolve(ref: \"bell\") {{ id }} }}",
            json!(reference)
        );
        let answer = server.ask(&query);
        assert_eq!(answer["data"], json!({"a": null, "b": {"id": "bell"}}));
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(error["path"], json!(["a"]));
        let message = error["message"].as_str().unwrap();
        let expected = format!(
            "\"{reference}\" means several entities: \"ode\" (Book), \"ode2\" (Book); give the id of one of them"
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn names_are_suggested_by_their_beginning() {
    let (server, _folder) = served();
    for (arguments, expected) in [
        ("prefix: \"lon\"", json!([["London", "name", 0, 3, "london"]])),
        (
            "prefix: \"LOND\", first: 1",
            json!([["London", "name", 0, 4, "london"]]),
        ),
        (
            "prefix: \"londi\"",
            json!([["Londinium", "aliases", 0, 5, "london"]]),
        ),
        (
            "prefix: \"strasse n\", first: 1",
            json!([["Straße nach Łódź", "title", 0, 8, "ode"]]),
        ),
        ("prefix: \"straße NACH lodz\", first: 0", json!([])),
        // A sign precedes the first letter; `𝒜` has two units in UTF-16.
        (
            "prefix: \"elan\"",
            json!([
                ["ÉLAN", "aliases", 0, 4, "bell"],
                ["«Élan» 𝒜x vital", "name", 1, 5, "1"]
            ]),
        ),
        (
            "prefix: \"élan» a\"",
            json!([["«Élan» 𝒜x vital", "name", 1, 9, "1"]]),
        ),
        (
            "prefix: \"mme\"",
            json!([["Mme Woolf", "aliases", 0, 3, "woolf"]]),
        ),
        ("prefix: \"mme\", asOf: \"1950\"", json!([])),
        (
            "prefix: \"les \"",
            json!([["Les Vagues", "title", 0, 4, "waves"]]),
        ),
        (
            "prefix: \"v\", types: [Book]",
            json!([["Vagues", "aliases", 0, 1, "waves"]]),
        ),
        (
            "prefix: \"o\", types: [Book, Place], first: 5",
            json!([["Orlando", "title", 0, 1, "orlando"]]),
        ),
        ("prefix: \"zz\"", json!([])),
    ] {
        let query = format!("{{ suggest({arguments}) {{ text field start end entity {{ entityId }} }} }}");
        let found = data(&server, &query);
        let found = found["suggest"].as_array().unwrap().iter();
        let found = found.map(|it| {
            json!([
                it["text"],
                it["field"],
                it["start"],
                it["end"],
                it["entity"]["entityId"]
            ])
        });
        assert_eq!(found.collect::<Value>(), expected, "{arguments}");
    }
    let all = data(
        &server,
        "{ suggest(prefix: \"\", first: 100) { entity { id } text } graph { entityCount } }",
    );
    assert_eq!(
        all["suggest"].as_array().unwrap().len() as u64,
        all["graph"]["entityCount"]
    );
    let negative = server.ask("{ suggest(prefix: \"a\", first: -1) { text } }");
    assert_eq!(negative["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

fn built(data: &str) -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.jsonl"), data).unwrap();
    let ontology = ontology::compile(&[SourceText::whole("s.graphql", "type Item { name: String }")]);
    let mut reports = Reports::default();
    let files = Files::find(folder.path(), &mut reports);
    graph::build(
        &Arc::new(ontology.unwrap()),
        &files,
        &Progress::default(),
        &mut reports,
    )
    .unwrap()
}

#[test]
fn only_entities_that_have_such_names_take_memory() {
    const ITEMS: usize = 10_000;
    let lines = |having: usize| {
        let line = |no: usize| {
            let mut properties = json!({"name": [format!("Item {no}")]});
            if no < having {
                properties["aliases"] = json!([format!("alias {no}")]);
                properties["sameAs"] = json!([format!("urn:x:{no}")]);
            }
            json!({"type": "node", "id": format!("i{no}"), "labels": ["Item"], "properties": properties})
                .to_string()
        };
        (0..ITEMS).map(line).collect::<Vec<_>>().join("\n")
    };
    let [none, few] = [0, 100].map(|having| built(&lines(having)).memory().total());
    assert!(few - none < 100 * 150, "{none} {few}");
}
