//! Hidden entities do not exist for clients: each answer on a graph with hidden entities equals that on a graph without
//! them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use clew::api::{Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::forms::Form;
use clew::graph::{self, EntitySet};
use clew::ontology::{self, Ontology};
use clew::report::{Reports, SourceText, Style};
use serde_json::{Value, json};

const SCHEMA: &str = r#"
extend schema @prefix(name: "ex", iri: "http://example.org/")
interface Named { name: String @search  knows: [Named!]! @relation(name: "KNOWS", inverse: "knownBy", edge: "Step") }
type Person implements Named @entity(label: "name", plural: "people") {
  name: String @search
  knows: [Named!]! @relation(name: "KNOWS", inverse: "knownBy", edge: "Step")
  nicks: [String!]!
  code: String @unique
  about: Text
  size: Int
  share: Float
  price: Decimal
  since: Date
  kind: Kind
  like: [Person!]! @relation(name: "LIKE", symmetric: true)
  above: [Person!]! @relation(name: "ABOVE", inverse: "below", transitive: true)
  home: Place! @relation(name: "HOME", inverse: "residents")
  boss: Person @relation(name: "BOSS", inverse: "staff")
}
type Place implements Named @entity(label: "name") {
  name: String @search
  knows: [Named!]! @relation(name: "KNOWS", inverse: "knownBy", edge: "Step")
}
type Step @edge { weight: Int }
enum Kind { ALPHA BETA GAMMA }
"#;

const PEOPLE: usize = 40;
const PLACES: usize = 8;
const SOURCES: usize = 5;

/// A number that looks random and depends only on its purpose.
fn chosen(what: &str, no: usize, below: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64(format!("{what} {no}").as_bytes()) % below
}

fn person(no: usize) -> String {
    format!("p{no:02}")
}

fn place(no: usize) -> String {
    format!("l{no:02}")
}

fn source(no: usize) -> String {
    format!("s{no:02}")
}

/// The place where a person lives, which is required.
fn home(no: usize) -> String {
    place(chosen("home", no, PLACES as u64) as usize)
}

/// The hidden entities of a round (none in the first). People who live in a hidden place are hidden too.
fn hidden(round: usize) -> BTreeSet<String> {
    let some = |kind: &str, count: usize, of: fn(usize) -> String, one_in: u64| -> Vec<String> {
        let is_hidden = |no: &usize| chosen(&format!("hides {kind} {round}"), *no, one_in) == 0;
        (0..count).filter(is_hidden).map(of).collect()
    };
    let mut hidden = BTreeSet::new();
    if round == 0 {
        return hidden;
    }
    hidden.extend(some("person", PEOPLE, person, 4));
    hidden.extend(some("place", PLACES, place, 5));
    hidden.extend(some("source", SOURCES, source, 3));
    let homeless: Vec<String> = (0..PEOPLE)
        .filter(|no| hidden.contains(&home(*no)))
        .map(person)
        .collect();
    hidden.extend(homeless);
    hidden
}

/// Source and validity of a statement, without missing sources.
fn told(what: &str, no: usize, without: &BTreeSet<String>) -> serde_json::Map<String, Value> {
    let mut told = serde_json::Map::new();
    let cited: Vec<Value> = (0..chosen(&format!("cites {what}"), no, 3) as usize)
        .map(|at| source(chosen(&format!("cited {what} {at}"), no, SOURCES as u64) as usize))
        .filter(|it| !without.contains(it))
        .map(|it| json!({"source": it, "locator": format!("part/{no}")}))
        .collect();
    if !cited.is_empty() {
        told.insert("cite".to_owned(), cited.into());
    }
    match chosen(&format!("valid {what}"), no, 4) {
        0 => told.insert("valid".to_owned(), "2001/2005".into()),
        1 => told.insert("valid".to_owned(), "2004/2009".into()),
        _ => None,
    };
    if chosen(&format!("rank {what}"), no, 4) == 0 {
        told.insert("rank".to_owned(), "preferred".into());
    }
    told
}

fn value(value: impl Into<Value>, what: &str, no: usize, without: &BTreeSet<String>) -> Value {
    let mut said = told(what, no, without);
    said.insert("value".to_owned(), value.into());
    said.into()
}

/// The data of all entities except some, in an order that does not depend on the choice.
fn data(without: &BTreeSet<String>) -> String {
    let mut lines = String::new();
    let mut node = |id: String, label: &str, properties: Value| {
        if !without.contains(&id) {
            let node = json!({"type": "node", "id": id, "labels": [label], "properties": properties});
            writeln!(lines, "{node}").unwrap();
        }
    };
    for no in 0..SOURCES {
        node(source(no), "Source", json!({"title": format!("Source {no}")}));
    }
    for no in 0..PLACES {
        let name = format!("word {} town {no}", chosen("word", no, 4));
        node(
            place(no),
            "Place",
            json!({"name": value(name, "town", no, without)}),
        );
    }
    for no in 0..PEOPLE {
        let mut said = serde_json::Map::new();
        let mut say = |field: &str, values: Vec<Value>| said.insert(field.to_owned(), values.into());
        let of = |it: Value, what: &str| value(it, what, no, without);
        if no % 5 > 0 {
            let name = format!("name {} word {}", no % 7, chosen("other word", no, 4));
            say("name", vec![of(name.into(), "name")]);
        }
        say("code", vec![format!("code {no}").into()]);
        if no % 3 == 0 {
            let alias = of(format!("Alias {}", no % 5).into(), "alias");
            say("aliases", vec![alias, format!("Nämë {}", no % 4).into()]);
        }
        if no % 2 == 0 {
            say("sameAs", vec![of(format!("ex:{}", no % 16).into(), "external")]);
        }
        say(
            "nicks",
            vec![
                of(format!("nick {}", no % 3).into(), "nick"),
                of("n".into(), "other nick"),
            ],
        );
        say(
            "about",
            vec![json!({"en": format!("about {}", no % 4), "de": format!("von {no}")})],
        );
        let mut sizes = vec![of((no as i64 % 6).into(), "size")];
        if no % 4 == 0 {
            sizes.push(of((no as i64 % 5).into(), "other size"));
        }
        if no % 4 != 1 {
            say("size", sizes);
        }
        say("share", vec![of((no as f64 % 5.0 / 4.0).into(), "share")]);
        say(
            "price",
            vec![of(format!("{}.{}0", no % 3, no % 4).into(), "price")],
        );
        say("since", vec![of(format!("19{}", 90 + no % 6).into(), "since")]);
        say(
            "kind",
            vec![of(["ALPHA", "BETA", "GAMMA"][no % 3].into(), "kind")],
        );
        node(person(no), "Person", said.into());
    }
    let mut edge = |from: String, to: String, label: &str, what: &str, no: usize| {
        if without.contains(&from) || without.contains(&to) {
            return;
        }
        let mut edge = told(what, no, without);
        if label == "HOME" {
            edge.remove("valid");
        }
        let properties = match label {
            "KNOWS" => json!({"weight": [chosen("weight", no, 4)]}),
            _ => json!({}),
        };
        for (key, value) in [
            ("type", json!("edge")),
            ("from", from.into()),
            ("to", to.into()),
            ("labels", json!([label])),
            ("properties", properties),
        ] {
            edge.insert(key.to_owned(), value);
        }
        writeln!(lines, "{}", Value::from(edge)).unwrap();
    };
    for from in 0..PEOPLE {
        edge(person(from), home(from), "HOME", "home", from);
        if from % 3 > 0 {
            let boss = chosen("boss", from, PEOPLE as u64) as usize;
            edge(person(from), person(boss), "BOSS", "boss", from);
        }
        for to in 0..PEOPLE {
            let no = from * 100 + to;
            match chosen("knows", no, 12) {
                0 => edge(person(from), person(to), "KNOWS", "knows", no),
                1 => {
                    edge(person(from), person(to), "KNOWS", "knows", no);
                    edge(person(from), person(to), "KNOWS", "knows too", no);
                }
                2 => edge(person(from), place(to % PLACES), "KNOWS", "knows of", no),
                _ => {}
            }
            if to >= from && chosen("like", no, 12) == 0 {
                edge(person(from), person(to), "LIKE", "like", no);
            }
            if to > from && chosen("above", no, 16) == 0 {
                edge(person(from), person(to), "ABOVE", "above", no);
            }
        }
    }
    lines
}

fn engine(ontology: &Arc<Ontology>, without: &BTreeSet<String>) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.jsonl"), data(without)).unwrap();
    let mut reports = Reports::default();
    let files = Files::find(folder.path(), &mut reports);
    let snapshot = graph::build(ontology, &files, &Progress::default(), &mut reports);
    let style = Style {
        color: false,
        most: 20,
    };
    let snapshot = snapshot.unwrap_or_else(|| panic!("{}", reports.render(style)));
    Engine::new(Arc::new(snapshot), Limits::default()).unwrap()
}

/// Queries that together request every root field and every field of an entity. `ID` is a visible entity, `GONE` a
/// hidden one.
const QUERIES: &[&str] = &[
    "{ named(id: \"ID\") { id label } place(id: \"l01\") { id residents { totalCount } } source(id: \"s01\") { id title } }",
    "{ graph { title entityCount edgeCount statementCount sourceCount citationCount componentCount
        types { name count properties { name count } } relations { name from to count properties { name count } } sources { totalCount nodes { id title } } } }",
    "{ person(id: \"ID\") { ...All } gone: person(id: \"GONE\") { id } node(id: \"ID\") { id label } goneToo: node(id: \"GONE\") { id }
       nodes(ids: [\"ID\", \"GONE\"]) { id label } }",
    "{ one: person(by: {code: \"code 3\"}) { id } two: person(by: {code: \"code 7\"}) { id } three: person(by: {code: \"code 22\"}) { id } }",
    "{ people(first: 100) { totalCount nodes { ...All } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    "{ people(first: 5) { totalCount nodes { id label } pageInfo { hasNextPage endCursor } } }",
    "{ people(last: 5) { nodes { id label size kind } pageInfo { hasPreviousPage } } }",
    "{ people(first: 100, asOf: \"2004\") { nodes { ...All } } places(asOf: \"2007\") { nodes { id label } } }",
    "{ people(filter: {size: {gte: 2}}, orderBy: [{size: DESC}, {name: ASC}], first: 100) { totalCount edges { cursor node { id size } } } }",
    "{ people(filter: {name: {contains: \"word 1\"}}, first: 2) { nodes { id } pageInfo { hasNextPage } } }",
    "{ people(filter: {kind: {eq: BETA}, not: {share: {lt: 0.5}}}, first: 100) { nodes { id kind share } } }",
    "{ people(filter: {or: [{boss: {some: {kind: {eq: ALPHA}}}}, {knows: {count: {gte: 6}}}]}, first: 100) { nodes { id } } }",
    "{ people(filter: {like: {none: {size: {gt: 1}}}, knownBy: {every: {label: {ne: \"p03\"}}}}, first: 100) { nodes { id } } }",
    "{ people(filter: {knows: {edge: {weight: {gte: 2}}, some: {entityType: {eq: Place}}}}, first: 100) { nodes { id } } }",
    "{ people(filter: {nicks: {hasAny: [\"nick 1\"]}, about: {startsWith: \"von 1\"}}, first: 100) { nodes { id nicks } } }",
    "{ entities(first: 100) { totalCount nodes { __typename id label } } nameds(filter: {label: {contains: \"word\"}}, first: 7) { totalCount nodes { id } } }",
    "{ entities(orderBy: [{label: DESC}], first: 9) { edges { cursor node { id } } } sources { nodes { id } } }",
    "{ people { aggregate { count size { count distinct min max sum avg } price { sum avg min } kind { distinct } nicks { count distinct }
        groupBy(by: [{kind: {}}, {home: {}}], orderBy: [{count: DESC}], first: 50) { key count size { avg } keys { field value entity { id } } }
        ends: groupBy(by: [{knows: {}}], orderBy: [{key: ASC}], first: 50) { key count } types: groupBy(by: [{size: {}}]) { key count } } } }",
    "{ entities { aggregate { groupBy(by: [{entityType: {}}]) { key count } } } }",
    "{ people(filter: {name: {search: \"word 2\"}}, first: 100) { totalCount nodes { id } } }",
    "{ path(from: \"ID\", to: \"OTHER\") { length nodes { id } steps { relation field forward from { id } to { id } edge } } }",
    "{ path(from: \"ID\", to: \"GONE\") { length } }",
    "{ paths(from: \"ID\", to: \"OTHER\", maxHops: 3, first: 100) { edges { cursor node { length nodes { id } } } } }",
    "{ paths(from: \"ID\", to: \"OTHER\", maxHops: 3, first: 20, weight: \"weight\", via: [KNOWS]) { nodes { length cost nodes { id } } } }",
    "{ path(from: \"ID\", to: \"OTHER\", via: [KNOWS], direction: OUT, asOf: \"2003\") { nodes { id } } }",
    "{ neighborhood(of: [\"ID\"], hops: 1, first: 100) { totalCount truncated nodes { id } links { relation from { id } to { id } } } }",
    "{ neighborhood(of: [\"ID\", \"OTHER\"], hops: 2, first: 20, asOf: \"2003\") { totalCount truncated nodes { id } links { from { id } to { id } } } }",
    "{ neighborhood(of: [\"GONE\"]) { totalCount } }",
    "{ degree: ranking(by: DEGREE, first: 100) { entity { id } score } pages: ranking(by: PAGE_RANK, first: 100) { entity { id } score exact } }",
    "{ between: ranking(by: BETWEENNESS, first: 100) { entity { id } score exact } near: ranking(by: CLOSENESS, first: 100) { entity { id } score } }",
    "{ ranking(by: DEGREE, first: 10, types: [Place], asOf: \"2004\", avoid: [\"OTHER\"]) { entity { id } score } }",
    "{ similar(to: \"ID\", first: 50) { entity { id } score } other: similar(to: \"OTHER\", by: ADAMIC_ADAR, first: 50) { entity { id } score } }",
    "{ components { size nodes(first: 100) { totalCount nodes { id } } } strong: components(strong: true, first: 50) { size nodes { nodes { id } } } }",
    "{ components(via: [BOSS], first: 50) { size nodes(first: 100, orderBy: [{label: DESC}]) { nodes { id } } } }",
    "{ timeline(first: 1000) { totalCount edges { cursor node { date entity { id } statement { field value target { id } } } } } }",
    "{ timeline(of: \"ID\", first: 1000) { totalCount edges { node { date statement { field value target { id } citations { source { id } locator } } } } } }",
    "{ conflicts(first: 100) { totalCount edges { cursor node { field entity { id } statements { value rank target { id } citations { source { id } locator } } } } } }",
    "{ conflicts(types: [Person], fields: [\"size\"], asOf: \"2004\") { totalCount nodes { entity { id } } } }",
    "{ person(id: \"ID\") { deep: above(depth: 9, first: 100) { totalCount edges { cursor node { id } } } follow(path: \"knows/home?|^boss\", first: 100) { totalCount nodes { id } } } }",
    "{ suggest(prefix: \"name\", first: 100) { text field start end entity { id label } } b: suggest(prefix: \"al\", first: 5, asOf: \"2004\") { text entity { id } } c: suggest(prefix: \"\", first: 30, types: [Place, Source]) { text entity { id } } }",
    "{ a: resolve(ref: \"ID\") { id } b: resolve(ref: \"GONE\") { id } c: resolve(ref: \"word 1 town 3\") { id } d: resolve(ref: \"SOURCE 2\") { id } e: resolve(ref: \"nothing\") { id } }",
    "query @cite { people(first: 30) { nodes { id name size nicks home { name } knows(first: 3) { edges { weight node { label } } } } } }",
];

/// References, most of which match several entities.
const REFERENCES: &[&str] = &[
    "ex:0",
    "ex:2",
    "http://example.org/4",
    "alias 1",
    "nämë 3",
    "name 2 word 1",
    "ex:14",
];

/// Searches: the results are the same, but not necessarily their order, since the weight of a word depends on all
/// texts.
const SEARCHES: &[&str] = &[
    "{ search(query: \"word 1\", first: 100) { totalCount nodes { id } } }",
    "{ search(query: \"name\", types: [Person], first: 100) { totalCount nodes { id } } }",
];

/// All statements of an entity.
const ALL: &str = "fragment All on Person { id label degree name nicks code aliases sameAs { prefix id url } about(lang: [\"de\"]) size share price since kind
  home { id name residents(first: 3) { totalCount nodes { id } } } homeEdge { node { id } statement { rank citations { source { id } } } } boss { id label boss { id } }
  staff { totalCount nodes { id } } like(first: 100) { totalCount edges { cursor node { id } } }
  knows(first: 100, orderBy: [{edge: {weight: DESC}}]) { totalCount edges { cursor weight node { id } statement { rank valid { from } } } }
  all: knows(first: 100) { totalCount nodes { id label } edges { cursor node { id } } }
  knownBy(first: 2) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } above { nodes { id } } below(last: 2) { nodes { id } }
  statements(first: 100) { totalCount edges { cursor node { field value edge target { id } rank valid { from until } citations { source { id title } locator } } } }
  links(first: 100) { totalCount edges { cursor node { relation field forward from { id } to { id } edge } } } }";

/// Queries that are answered in the forms for graphs and tables too.
const SHOWN: &[&str] = &[
    "{ person(id: \"ID\") { name size nicks aliases sameAs { url } home { name } boss { name } knows { nodes { name since } } like { nodes { id } } statements { nodes { field value citations { source { title } } } } } }",
    "{ people(first: 100, filter: {size: {gt: 1}}) { nodes { id name size } } }",
    "{ neighborhood(of: [\"ID\"], hops: 1) { nodes { id label } } }",
];

const FORMS: [Form; 7] = [
    Form::Turtle,
    Form::Ntriples,
    Form::Jsonld,
    Form::Graphml,
    Form::Dot,
    Form::Svg,
    Form::Csv,
];

fn answer(engine: &Engine, form: Option<Form>, query: &str) -> String {
    let request = Request {
        query,
        operation_name: None,
        variables: None,
    };
    String::from_utf8(engine.execute_as(form, request).body.clone()).unwrap()
}

/// The first difference of two answers, with its context.
fn difference(seen: &str, expected: &str) -> String {
    let at = seen
        .bytes()
        .zip(expected.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let around = |text: &str| {
        let begin = text.floor_char_boundary(at.saturating_sub(300));
        let end = text.floor_char_boundary((at + 200).min(text.len()));
        text[begin..end].to_owned()
    };
    format!("hidden:\n…{}\nwithout:\n…{}", around(seen), around(expected))
}

#[test]
fn a_graph_with_hidden_entities_answers_as_one_without_them() {
    let ontology = ontology::compile(&[SourceText::whole("schema.graphql", SCHEMA)]).unwrap();
    let ontology = Arc::new(ontology);
    let whole = engine(&ontology, &BTreeSet::new());
    let fields = answer(&whole, None, "{ __schema { queryType { fields { name } } } }");
    let fields: Value = serde_json::from_str(&fields).unwrap();
    for field in fields["data"]["__schema"]["queryType"]["fields"]
        .as_array()
        .unwrap()
    {
        let name = field["name"].as_str().unwrap();
        let asks = |query: &&str| {
            [" ", "("]
                .iter()
                .any(|it| query.contains(&format!(" {name}{it}")))
        };
        assert!(
            QUERIES.iter().chain(SEARCHES).any(asks),
            "no query asks for {name}"
        );
    }
    let mut differ = Vec::new();
    for round in 0..5 {
        let hidden = hidden(round);
        let seen: Vec<String> = (0..PEOPLE)
            .map(person)
            .filter(|it| !hidden.contains(it))
            .collect();
        let whole = engine(&ontology, &BTreeSet::new());
        let mut set = EntitySet::of(whole.snapshot());
        for id in &hidden {
            set.add(whole.snapshot().view().find(id).unwrap());
        }
        let hiding = whole.hiding(set);
        let without = engine(&ontology, &hidden);
        let [id, other] = [seen.len() / 2, seen.len() - 2].map(|at| &seen[at]);
        let gone = hidden.iter().find(|it| it.starts_with('p'));
        let gone = gone.map_or("nobody", String::as_str);
        let filled = |query: &str| {
            let query = query
                .replace("\"ID\"", &format!("\"{id}\""))
                .replace("\"OTHER\"", &format!("\"{other}\""))
                .replace("\"GONE\"", &format!("\"{gone}\""));
            if query.contains("...All") {
                query + ALL
            } else {
                query
            }
        };
        for query in QUERIES {
            let query = filled(query);
            let (seen, expected) = (answer(&hiding, None, &query), answer(&without, None, &query));
            // An entity that does not exist is an error in both answers. With other errors, the test would compare
            // nothing.
            assert!(
                !expected.contains("\"errors\"") || query.contains(gone),
                "{query}\n{expected}"
            );
            if seen != expected {
                differ.push(format!("{query}\n{}", difference(&seen, &expected)));
            }
        }
        for reference in REFERENCES {
            let query = format!("{{ resolve(ref: {reference:?}) {{ id sameAs {{ id }} }} }}");
            let (seen, expected) = (answer(&hiding, None, &query), answer(&without, None, &query));
            if seen != expected {
                differ.push(format!("{query}\n{}", difference(&seen, &expected)));
            }
        }
        for query in SEARCHES {
            let found = |engine: &Engine| {
                let answer: Value = serde_json::from_str(&answer(engine, None, query)).unwrap();
                let found = &answer["data"]["search"];
                let nodes = found["nodes"]
                    .as_array()
                    .unwrap_or_else(|| panic!("{query}: {answer}"));
                let ids: BTreeSet<String> = nodes.iter().map(|it| it["id"].to_string()).collect();
                assert!(!ids.is_empty(), "{query}");
                (found["totalCount"].clone(), ids)
            };
            let (seen, expected) = (found(&hiding), found(&without));
            if seen != expected {
                differ.push(format!("{query}\nhidden: {seen:?}\nwithout: {expected:?}"));
            }
        }
        for query in SHOWN {
            let query = filled(query);
            for form in FORMS {
                let (seen, expected) = (
                    answer(&hiding, Some(form), &query),
                    answer(&without, Some(form), &query),
                );
                if seen != expected {
                    differ.push(format!("{form:?} {query}\n{}", difference(&seen, &expected)));
                }
            }
        }
    }
    assert!(
        differ.is_empty(),
        "{} differ\n{}",
        differ.len(),
        differ.join("\n\n")
    );
}
