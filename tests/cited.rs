//! `Source.cited`: what a source says, in the order of its places.

mod common;

use common::Server;
use serde_json::{Value, json};

const SCHEMA: &str = r#"
interface Named { name: String }
type Person implements Named @entity(label: "name", plural: "people") {
  name: String
  born: Date
  aka: [String!]!
  town: Town @relation(name: "TOWN", inverse: "people")
  friends: [Person!]! @relation(name: "FRIEND", symmetric: true)
}
type Town implements Named @entity(label: "name") { name: String size: Int }
"#;

/// A source with sections in another order than that of their names, one without a structure, and one that nothing cites.
const DATA: &str = r#"
Source:
  book:
    title: The book
    structure:
      - {section: preface, paragraphs: [3]}
      - {section: body, paragraphs: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]}
  notes: {title: Notes}
  unread: {title: Unread}
Town:
  ur: {name: {value: Ur, cite: "book#body/10/1"}, size: {value: 9, cite: "notes#p. 10", valid: 1990/1999}}
  ys: {name: {value: Ys, cite: "book#body/2"}}
Person:
  ann:
    name: {value: Ann, cite: "book#preface/1/1-2"}
    aka: [{value: A, cite: ["book#body/2/2", "notes#p. 9"]}, {value: Annie, cite: {source: book, note: from memory}}]
    town: [{to: ur, cite: "book#body/1/1", valid: ../1980}, {to: ys, cite: "book#body/1/2", valid: 1981/..}]
  bob:
    name: {value: Bob, cite: "book#preface/1/1"}
    born: [{value: 1950, cite: "book#body/2/2"}, {value: 1951, cite: "book#body/2/1"}]
    friends: {to: ann, cite: "book#preface/1/3"}
"#;

fn server() -> (tempfile::TempDir, Server) {
    let folder = common::graph(SCHEMA, DATA);
    let server = Server::of(folder.path(), &[]);
    (folder, server)
}

/// The place, the entity and the field of each statement that a source is cited for, and the cursors.
fn cited(server: &Server, source: &str, as_of: &str, arguments: &str) -> (Vec<String>, Vec<String>, Value) {
    let answer = server.ask(&format!(
        "{{ source(id: \"{source}\"{as_of}) {{ cited{arguments} {{
            totalCount pageInfo {{ hasNextPage hasPreviousPage }}
            edges {{ cursor locator node {{ entity {{ entityId }} statement {{ field }} }} }}
        }} }} }}"
    ));
    let list = &answer["data"]["source"]["cited"];
    let edges = list["edges"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let text = |it: &Value| it.as_str().unwrap_or("-").to_owned();
    let shown = edges.iter().map(|it| {
        let (entity, field) = (
            &it["node"]["entity"]["entityId"],
            &it["node"]["statement"]["field"],
        );
        format!("{} {}.{}", text(&it["locator"]), text(entity), text(field))
    });
    let cursors = edges.iter().map(|it| text(&it["cursor"]));
    (shown.collect(), cursors.collect(), list.clone())
}

const BOOK: [&str; 11] = [
    "- ann.aka",
    "preface/1/1 bob.name",
    "preface/1/1-2 ann.name",
    "preface/1/3 ann.friends",
    "body/1/1 ann.town",
    "body/1/2 ann.town",
    "body/2 ys.name",
    "body/2/1 bob.born",
    "body/2/2 ann.aka",
    "body/2/2 bob.born",
    "body/10/1 ur.name",
];

#[test]
fn what_a_source_says_is_in_the_order_of_its_places() {
    let (_folder, server) = server();
    let (all, _, list) = cited(&server, "book", "", "");
    assert_eq!(all, BOOK);
    assert_eq!(list["totalCount"], 11);
    let (all, ..) = cited(&server, "notes", "", "");
    assert_eq!(all, ["p. 9 ann.aka", "p. 10 ur.size"]);
    let (all, _, list) = cited(&server, "unread", "", "");
    assert_eq!((all.len(), &list["totalCount"]), (0, &json!(0)));
    let answer = server.ask(
        "{ source(id: \"book\") { cited(first: 2) { edges { note locator } nodes { statement { value target { id } edge
            citations { source { id } } } } } } }",
    );
    let expected = json!({
        "edges": [{"note": "from memory", "locator": null}, {"note": null, "locator": "preface/1/1"}],
        "nodes": [
            {"statement": {"value": "Annie", "target": null, "edge": null, "citations": [{"source": {"id": "book"}}]}},
            {"statement": {"value": "Bob", "target": null, "edge": null, "citations": [{"source": {"id": "book"}}]}},
        ],
    });
    assert_eq!(answer["data"]["source"]["cited"], expected);
}

#[test]
fn types_fields_places_and_dates_choose_among_what_a_source_says() {
    let (_folder, server) = server();
    let of = |as_of: &str, arguments: &str| cited(&server, "book", as_of, arguments).0;
    assert_eq!(of("", "(types: [Town])"), ["body/2 ys.name", "body/10/1 ur.name"]);
    assert_eq!(of("", "(fields: [\"friends\"])"), ["preface/1/3 ann.friends"]);
    assert_eq!(of("", "(fields: [\"born\"], types: [Town])"), [""; 0]);
    assert_eq!(
        of("", "(locator: \"body/2\")"),
        [
            "body/2 ys.name",
            "body/2/1 bob.born",
            "body/2/2 ann.aka",
            "body/2/2 bob.born"
        ]
    );
    assert_eq!(
        of("", "(locator: \"body/1\")"),
        ["body/1/1 ann.town", "body/1/2 ann.town"]
    );
    assert_eq!(of("", "(locator: \"preface/1/2\")"), ["preface/1/1-2 ann.name"]);
    assert_eq!(of("", "(locator: \"nowhere\")"), [""; 0]);
    let towns = |as_of: &str| of(as_of, "(fields: [\"town\"])");
    assert_eq!(towns(", asOf: \"1975\""), ["body/1/1 ann.town"]);
    assert_eq!(towns(", asOf: \"1985\""), ["body/1/2 ann.town"]);
    assert_eq!(
        cited(&server, "notes", ", asOf: \"1975\"", "").0,
        ["p. 9 ann.aka"]
    );
    let answer = server.ask("{ source(id: \"book\") { cited(fields: [\"bron\"]) { totalCount } } }");
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("\"bron\"") && message.contains("born"),
        "{message}"
    );
}

#[test]
fn pages_of_what_a_source_says_together_are_all_of_it() {
    let (folder, mut server) = server();
    for size in 1..5 {
        let (mut forward, mut after) = (Vec::new(), String::new());
        loop {
            let (page, cursors, list) = cited(&server, "book", "", &format!("(first: {size}{after})"));
            assert_eq!(list["pageInfo"]["hasPreviousPage"], !forward.is_empty());
            forward.extend(page);
            if list["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = format!(", after: \"{}\"", cursors.last().unwrap());
        }
        assert_eq!(forward, BOOK, "{size} at a time");
        let (_, cursors, _) = cited(&server, "book", "", "");
        let (page, ..) = cited(
            &server,
            "book",
            "",
            &format!("(last: {size}, before: \"{}\")", cursors[8]),
        );
        assert_eq!(page, BOOK[8 - size..8]);
    }
    // A cursor is for one list of one source at one date.
    let (_, cursors, _) = cited(&server, "book", "", "");
    for (source, as_of, arguments) in [
        ("notes", "", ""),
        ("book", ", asOf: \"1985\"", ""),
        ("book", "", "types: [Person], "),
    ] {
        let answer = server.ask(&format!(
            "{{ source(id: \"{source}\"{as_of}) {{ cited({arguments}after: \"{}\") {{ totalCount }} }} }}",
            cursors[3]
        ));
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "CURSOR_INVALID",
            "{answer}"
        );
    }
    // A page continues after a change that puts something before it and takes its own entry away.
    let changed = DATA.replace("cite: \"book#body/1/1\", ", "").replace(
        "name: {value: Ys, cite: \"book#body/2\"}",
        "name: {value: Ys, cite: \"book#preface\"}",
    );
    server.signal(rustix::process::Signal::TERM);
    server.ended();
    common::write(folder.path(), "data/d.yaml", &changed);
    let server = Server::of(folder.path(), &[]);
    let (page, ..) = cited(
        &server,
        "book",
        "",
        &format!("(first: 2, after: \"{}\")", cursors[4]),
    );
    assert_eq!(page, ["body/1/2 ann.town", "body/2/1 bob.born"]);
}

#[test]
fn long_places_are_places_too() {
    let long = |end: &str| format!("http://example.org/{}{end}", "é".repeat(300));
    let data = format!(
        "Source: {{s: {{title: S}}}}\nTown:\n  a: {{size: {{value: 1, cite: [{{source: s, locator: \"{}\"}}]}}}}\n  \
         b: {{size: {{value: 2, cite: [{{source: s, locator: \"{}\"}}]}}}}\n  c: {{size: {{value: 3, cite: [{{source: s, \
         locator: \"{}\"}}]}}}}\n",
        long("10"),
        long("9"),
        long("x")
    );
    let folder = common::graph(SCHEMA, &data);
    let server = Server::of(folder.path(), &[]);
    let entities = |arguments: &str| -> Vec<String> {
        let (shown, ..) = cited(&server, "s", "", arguments);
        shown
            .iter()
            .map(|it| it.rsplit(' ').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(entities(""), ["b.size", "a.size", "c.size"]);
    let (_, cursors, _) = cited(&server, "s", "", "");
    assert_eq!(
        entities(&format!("(after: \"{}\")", cursors[0])),
        ["a.size", "c.size"]
    );
    assert_eq!(entities(&format!("(after: \"{}\")", cursors[1])), ["c.size"]);
}

#[test]
fn no_schema_can_give_sources_another_field_of_that_name() {
    let source = |sdl: &str| clew::report::SourceText::whole("s.graphql", sdl);
    let compiles = |sdl: &str| clew::ontology::compile(&[source(sdl)]);
    for sdl in [
        "extend type Source { cited: Int }",
        "type Paper { sources: [Source!]! @relation(name: \"S\", inverse: \"cited\") }",
    ] {
        let reports = compiles(sdl).unwrap_err();
        let text = format!("{reports:?}");
        assert!(text.contains("E0115"), "{text}");
    }
    assert!(
        compiles("type Paper { cited: Int  by: [Paper!]! @relation(name: \"BY\", inverse: \"cites\") }")
            .is_ok()
    );
}

#[test]
fn a_row_limit_bounds_the_visited_statements() {
    let folder = common::graph(SCHEMA, DATA);
    let server = Server::of(folder.path(), &["--max-rows", "5"]);
    let answer = server.ask("{ source(id: \"book\") { cited(first: 1) { totalCount } } }");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "ROW_LIMIT", "{answer}");
}
