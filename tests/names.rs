//! Names, over HTTP: aliases and identifiers in data and answers, the entity of a reference, and suggestions for a
//! typed prefix.

mod common;

use std::fmt::Write as _;
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

/// All tags of two letters that are one of some first letters and any second one.
fn tags(first: &str) -> Vec<String> {
    let tags = first
        .chars()
        .flat_map(|a| ('a'..='z').map(move |b| format!("{a}{b}")));
    tags.collect()
}

#[test]
fn names_in_many_languages_are_all_found() {
    let tags = tags("abcdefgh");
    let texts = |name: &str| -> Value {
        let texts = tags.iter().map(|it| (it.clone(), json!(format!("{name} {it}"))));
        Value::Object(texts.collect())
    };
    let line = |id: &str, properties: Value| {
        json!({"type": "node", "id": id, "labels": ["Item"], "properties": properties}).to_string()
    };
    let lines = [
        line("label", json!({"name": [texts("label")]})),
        line(
            "alias",
            json!({"name": ["A"], "aliases": ["first", texts("one"), "middle", texts("other"), "last"]}),
        ),
        line(
            "dated",
            json!({"name": [
                {"value": texts("older"), "valid": "../1950"},
                {"value": texts("newer"), "valid": "1951/.."},
            ]}),
        ),
    ];
    let folder = folder("type Item { name: Text }", "");
    common::write(folder.path(), "data/d.jsonl", &lines.join("\n"));
    let server = Server::of(folder.path(), &[]);
    let mut names: Vec<(String, &str, &str)> = ["first", "middle", "last"]
        .map(|it| (it.to_owned(), "alias", "aliases"))
        .into();
    for tag in &tags {
        for (name, id, field) in [
            ("label", "label", "name"),
            ("one", "alias", "aliases"),
            ("other", "alias", "aliases"),
            ("newer", "dated", "name"),
        ] {
            names.push((format!("{name} {tag}"), id, field));
        }
    }
    for names in names.chunks(100) {
        let mut query = String::from("{");
        for (no, (name, ..)) in names.iter().enumerate() {
            let name = json!(name);
            write!(
                query,
                " s{no}: suggest(prefix: {name}) {{ text field entity {{ id }} }} r{no}: resolve(ref: {name}) {{ id }}"
            )
            .unwrap();
        }
        let found = data(&server, &format!("{query} }}"));
        for (no, (name, id, field)) in names.iter().enumerate() {
            let expected = json!([{"text": name, "field": field, "entity": {"id": id}}]);
            assert_eq!(found[format!("s{no}")], expected, "{name}");
            assert_eq!(found[format!("r{no}")], json!({"id": id}), "{name}");
        }
    }
    // The names of another date.
    let then = data(
        &server,
        "{ a: suggest(prefix: \"older hz\", asOf: \"1940\") { text } b: suggest(prefix: \"newer hz\", asOf: \"1940\") { text }
           c: suggest(prefix: \"older hz\") { text } d: resolve(ref: \"older hz?asOf=1940\") { entityId } }",
    );
    let expected = json!({"a": [{"text": "older hz"}], "b": [], "c": [], "d": {"entityId": "dated"}});
    assert_eq!(then, expected);
}

#[test]
fn many_labels_of_one_entity_are_each_found_at_their_date() {
    let labels: Vec<Value> = (0..200)
        .map(|no| {
            let year = 1700 + no;
            json!({"value": format!("name {no:03}"), "valid": format!("{year}/{year}")})
        })
        .collect();
    let line = json!({"type": "node", "id": "a", "labels": ["Item"], "properties": {"name": labels, "aliases": ["name of all", "other"]}});
    let folder = folder("type Item { name: String }", "");
    common::write(folder.path(), "data/d.jsonl", &line.to_string());
    let server = Server::of(folder.path(), &[]);
    for no in [0, 77, 199] {
        let (name, year) = (format!("name {no:03}"), 1700 + no);
        let found = data(
            &server,
            &format!(
                "{{ a: suggest(prefix: \"name\", asOf: \"{year}\") {{ text }} b: suggest(prefix: \"o\", asOf: \"{year}\") {{ text }}
                    c: resolve(ref: \"{name}?asOf={year}\") {{ entityId }} d: resolve(ref: \"{name}?asOf=1600\") {{ entityId }} }}"
            ),
        );
        let expected =
            json!({"a": [{"text": name}], "b": [{"text": "other"}], "c": {"entityId": "a"}, "d": null});
        assert_eq!(found, expected, "{year}");
    }
    // If no label is valid, the id serves as one.
    let found = data(
        &server,
        "{ a: suggest(prefix: \"a\", asOf: \"1600\") { text field } n: suggest(prefix: \"name\", asOf: \"1600\") { text } }",
    );
    assert_eq!(found["a"], json!([{"text": "a", "field": "id"}]));
    assert_eq!(found["n"], json!([{"text": "name of all"}]));
}

const SCRIPTS: &str = r#"
Book:
  hindi: {title: "हिन्दी"}
  thai: {title: "กำแพง"}
  tamil: {title: "தமிழ்"}
  greek: {title: "ᾳδης"}
  hebrew: {title: "שָׁלוֹם"}
  arabic: {title: "عَرَبِيّ"}
  dashes: {title: "---"}
  apostrophe: {title: "'"}
  quoted: {title: "'Tis"}
  long: {title: "LONG"}
"#;

#[test]
fn what_is_typed_may_be_of_any_script_or_length() {
    let long = "a".repeat(300);
    let folder = folder("type Book { title: String }", &SCRIPTS.replace("LONG", &long));
    let server = Server::of(folder.path(), &[]);
    let suggested = |typed: &str| {
        let query = format!(
            "{{ suggest(prefix: {}, first: 20) {{ start end entity {{ id }} }} }}",
            json!(typed)
        );
        let found = data(&server, &query);
        let found = found["suggest"].as_array().unwrap().iter();
        let found = found.map(|it| json!([it["entity"]["id"], it["start"], it["end"]]));
        found.collect::<Vec<_>>()
    };
    for (typed, expected) in [
        // Vowel signs are letters, as far as they are typed.
        ("ह", json!(["hindi", 0, 1])),
        ("हि", json!(["hindi", 0, 2])),
        ("हिन्दी", json!(["hindi", 0, 6])),
        ("ก", json!(["thai", 0, 1])),
        ("กำ", json!(["thai", 0, 2])),
        ("த", json!(["tamil", 0, 1])),
        ("தமிழ்", json!(["tamil", 0, 5])),
        // The iota below is a letter.
        ("α", json!(["greek", 0, 1])),
        ("ᾳ", json!(["greek", 0, 1])),
        ("ᾼ", json!(["greek", 0, 1])),
        ("ΑΙΔΗΣ", json!(["greek", 0, 4])),
        // Points are not, whatever the direction of writing.
        ("ש", json!(["hebrew", 0, 3])),
        ("שלום", json!(["hebrew", 0, 7])),
        ("\u{200f}שלום\u{200f}", json!(["hebrew", 0, 7])),
        ("عرب", json!(["arabic", 0, 6])),
        // A name of signs alone.
        ("-", json!(["dashes", 0, 1])),
        ("---", json!(["dashes", 0, 3])),
        ("\u{2013}\u{2013}", json!(["dashes", 0, 2])),
        ("'", json!(["apostrophe", 0, 1])),
        ("’t", json!(["quoted", 1, 2])),
        (&long[..256], json!(["long", 0, 256])),
    ] {
        assert_eq!(suggested(typed), [expected], "{typed}");
    }
    for typed in ["हद", "हनद", "กแ", "αδ", "----", "!", "''"] {
        assert_eq!(suggested(typed), Vec::<Value>::new(), "{typed}");
    }
    // Nothing of this counts, so that all names begin so.
    for typed in ["", "  ", "\u{301}", "\u{200f}", "\u{5b8}\u{64e}"] {
        assert_eq!(suggested(typed).len(), 10, "{typed:?}");
    }
    for length in [257, 1024] {
        let query = format!("{{ suggest(prefix: \"{}\") {{ text }} }}", "a".repeat(length));
        let answer = server.ask(&query);
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains(&length.to_string()) && message.contains("256"),
            "{message}"
        );
    }
    // A whole name may be longer; accents count in it, but not how Unicode writes it.
    for (name, id) in [
        (long.as_str(), json!({"id": "long"})),
        ("ΑΙΔΗΣ", json!({"id": "greek"})),
        ("ᾼΔΗΣ", json!({"id": "greek"})),
        ("हिन्दी", json!({"id": "hindi"})),
        ("हनद", Value::Null),
        ("αδης", Value::Null),
        ("---", json!({"id": "dashes"})),
    ] {
        let found = data(&server, &format!("{{ resolve(ref: {}) {{ id }} }}", json!(name)));
        assert_eq!(found["resolve"], id, "{name}");
    }
    // A search has the same letters.
    for (words, ids) in [
        ("हिन्दी", json!([{"id": "hindi"}])),
        ("हनद", json!([])),
        ("ΑΙΔΗΣ", json!([{"id": "greek"}])),
        ("שלום", json!([{"id": "hebrew"}])),
        ("عربي", json!([{"id": "arabic"}])),
        ("தமிழ்", json!([{"id": "tamil"}])),
    ] {
        let found = data(
            &server,
            &format!("{{ search(query: {}) {{ nodes {{ id }} }} }}", json!(words)),
        );
        assert_eq!(found["search"]["nodes"], ids, "{words}");
    }
}

#[test]
fn rdf_has_equal_values_once() {
    let schema = "type Item { name: String  dates: [Date!]!  texts: [Text!]!  next: [Item!]! @relation(name: \"NEXT\", edge: \"Step\") }
                  type Step @edge { no: Int }";
    let items = r#"
source: book
Source:
  book: {title: A book}
Item:
  a:
    name: A
    aliases: [Other, Other, {value: {en: Other}}, {value: {en: Other, fr: Autre}}, Other]
    sameAs: ["https://example.org/a", {value: "https://example.org/a", cite: p1}]
    dates: ["1984", "1984", "1984?"]
    texts: [{en: x}, x, {en: x}]
    next: [{to: b, no: 1}, {to: b, no: 2}]
  b: {name: B}
"#;
    let folder = folder(schema, items);
    let server = Server::of(folder.path(), &[]);
    let query = "{ item(id: \"a\") { aliases sameAs { url } dates texts next { nodes { name } } }
                   again: item(id: \"a\") { aliases then: aliases(lang: [\"fr\"]) } }";
    let body = json!({"query": query}).to_string();
    let ask = |form: &str| server.post(&body, &[("accept", form)]).body;
    let all = ask("application/n-triples");
    let mut lines: Vec<&str> = all.lines().collect();
    let count = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), count, "{all}");
    let of = |predicate: &str| {
        let about = |it: &&&str| it.starts_with("<urn:clew:entity:a>") && it.contains(predicate);
        lines.iter().filter(about).count()
    };
    for (predicate, expected) in [
        ("#altLabel>", 3),
        ("#sameAs>", 1),
        (":dates>", 2),
        (":texts>", 2),
        (":next>", 1),
    ] {
        assert_eq!(of(predicate), expected, "{predicate} {all}");
    }
    // Each statement is still named: that with a source, and the two edges with a property.
    assert_eq!(all.matches("22-rdf-syntax-ns#Statement>").count(), 3, "{all}");
    let turtle = ask("text/turtle");
    assert_eq!(turtle.matches("\"Other\"").count(), 2, "{turtle}");
    let linked: Value = serde_json::from_str(&ask("application/ld+json")).unwrap();
    let node = linked["@graph"].as_array().unwrap().iter();
    let node = node.clone().find(|it| it["@id"] == "entity:a").unwrap();
    assert_eq!(node["aliases"].as_array().unwrap().len(), 3, "{linked}");
    assert_eq!(node["sameAs"], "https://example.org/a", "{linked}");
}
