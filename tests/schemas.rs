//! `clew serve` serves every schema that `clew check` accepts. Schemas with any names and texts either get an API or
//! are refused with reports, without a panic.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use clew::api::{Api, Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::graph;
use clew::ontology::{self, BuiltIn, Ontology, Property};
use clew::report::{Code, Reports, SourceText, Style};
use common::{Server, clew};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

mod common;

const PLAIN: Style = Style {
    color: false,
    most: 100,
};

fn compile(schema: &str) -> Result<Ontology, Reports> {
    ontology::compile(&[SourceText::whole("schema.graphql", schema)])
}

/// An engine without data.
fn engine(ontology: Ontology) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let mut reports = Reports::default();
    let files = Files::find(folder.path(), &mut reports);
    let snapshot = graph::build(&Arc::new(ontology), &files, &Progress::default(), &mut reports);
    let snapshot = snapshot.unwrap_or_else(|| panic!("{}", reports.render(PLAIN)));
    Engine::new(Arc::new(snapshot), Limits::default()).unwrap()
}

fn answer(engine: &Engine, query: &str) -> String {
    let answer = engine.execute(Request {
        query,
        operation_name: None,
        variables: None,
    });
    String::from_utf8(answer.body).unwrap()
}

/// Names with a meaning in GraphQL, in data files or in the generated schema.
const ODD_NAMES: &[&str] = &[
    "id",
    "label",
    "description",
    "degree",
    "statements",
    "links",
    "follow",
    "similar",
    "cite",
    "rank",
    "valid",
    "and",
    "or",
    "not",
    "true",
    "false",
    "null",
    "edge",
    "edges",
    "node",
    "nodes",
    "cursor",
    "statement",
    "count",
    "groupBy",
    "key",
    "keys",
    "entityType",
    "entity",
    "entities",
    "aggregate",
    "some",
    "every",
    "none",
    "to",
    "from",
    "type",
    "query",
    "on",
    "fragment",
    "input",
    "extend",
    "eq",
    "isNull",
    "filter",
    "by",
    "_",
    "__typename",
    "oneEdge",
    "twoEdge",
    "pageInfo",
    "totalCount",
    "One",
    "lang",
];

const PLAIN_NAMES: &[&str] = &["one", "two", "three", "four", "name", "title", "born", "home"];

/// Names of types, likewise.
const ODD_TYPES: &[&str] = &[
    "a",
    "AEdge",
    "AFilter",
    "AConnection",
    "AOneConnection",
    "AOneEdge",
    "AGroup",
    "AGroupBy",
    "AXConnection",
    "ARelationFilter",
    "BFilter",
    "BOrder",
    "BUnique",
    "EFilter",
    "EListFilter",
    "EMeasures",
    "SFilter",
    "SMeasures",
    "XFilter",
    "Entity",
    "entity",
    "entities",
    "Node",
    "node",
    "Source",
    "SourceFilter",
    "Query",
    "German",
    "Series",
    "He",
    "true",
    "null",
    "Date",
    "DateListFilter",
    "IntListFilter",
    "IDListFilter",
    "Path",
    "graph",
    "search",
    "Conflict",
    "RelationName",
    "EntityType",
    "SortOrder",
    "__A",
    "_",
    "JSON",
    "Subgraph",
    "Highlight",
    "URLMeasures",
    "JSONMeasures",
];

fn pick(
    plain: &'static [&'static str],
    odd: &'static [&'static str],
) -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        30 => proptest::sample::select(plain),
        1 => proptest::sample::select(odd),
    ]
    .prop_map(str::to_owned)
}

/// A text with the characters that have a meaning in SDL.
fn text() -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec![
        '"', '\\', '\n', '\r', '\t', ' ', '%', '#', '{', '}', '\u{0}', '\u{7}', '\u{7f}', '\u{85}',
        '\u{feff}', '\u{2028}', '\u{ffff}', '😀', 'é', 'n', 'u',
    ]);
    let character = prop_oneof![3 => special, 1 => any::<char>()];
    proptest::collection::vec(character, 0..12).prop_map(|it| it.into_iter().collect())
}

/// A text as a string of GraphQL.
fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            it if it < ' ' || it == '\u{7f}' => write!(out, "\\u{:04X}", it as u32).unwrap(),
            it => out.push(it),
        }
    }
    out + "\""
}

fn description() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        1 => text().prop_map(|it| literal(&it) + " "),
        1 => text().prop_map(|it| {
            // The end of a block string is not part of it.
            let inner = it.replace("\"\"\"", "\\\"\"\"").replace('\0', "");
            let inner = inner.trim_end_matches(['"', '\\']).to_owned();
            format!("\"\"\"{inner}\n\"\"\" ")
        }),
    ]
}

fn deprecated() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        1 => text().prop_map(|it| format!(" @deprecated(reason: {})", literal(&it))),
    ]
}

fn wrapped(ty: &str, no: u8) -> String {
    match no {
        0 => ty.to_owned(),
        1 => format!("{ty}!"),
        2 => format!("[{ty}!]!"),
        3 => format!("[{ty}]"),
        4 => format!("[{ty}!]"),
        _ => format!("[{ty}]!"),
    }
}

/// A field: its name, and the text after it.
fn value_field() -> impl Strategy<Value = (String, String)> {
    let scalars = proptest::sample::select(vec![
        "ID", "String", "Int", "Float", "Boolean", "Date", "DateTime", "URL", "Text", "Decimal", "JSON", "E",
        "S",
    ]);
    let directive = prop_oneof![
        40 => Just(""),
        1 => Just(" @search"),
        1 => Just(" @unique"),
        1 => Just(" @index"),
        1 => Just(" @unique @index"),
    ];
    (
        description(),
        pick(PLAIN_NAMES, ODD_NAMES),
        scalars,
        0..6_u8,
        directive,
        deprecated(),
    )
        .prop_map(|(description, name, scalar, wrap, directive, deprecated)| {
            let rest = format!("{}{directive}{deprecated}", wrapped(scalar, wrap));
            (name.clone(), format!("{description}{name}: {rest}"))
        })
}

fn relation_field() -> impl Strategy<Value = (String, String)> {
    let targets = proptest::sample::select(vec!["A", "B", "I", "U", "Entity"]);
    let inverses = proptest::sample::select(vec!["back", "parts", "of", "inverse"]);
    let inverse = prop_oneof![
        3 => Just(None),
        2 => inverses.prop_map(|it| Some(it.to_owned())),
        1 => proptest::sample::select(ODD_NAMES).prop_map(|it| Some(it.to_owned())),
    ];
    let name = prop_oneof![
        8 => Just(None),
        1 => proptest::sample::select(ODD_NAMES).prop_map(|it| Some(it.to_owned())),
    ];
    (
        description(),
        pick(PLAIN_NAMES, ODD_NAMES),
        targets,
        0..3_u8,
        (
            name,
            inverse,
            proptest::bool::weighted(0.3),
            [0.03, 0.03, 0.1].map(proptest::bool::weighted),
        ),
        deprecated(),
    )
        .prop_map(|(description, field, target, wrap, arguments, deprecated)| {
            let (name, inverse, edge, [transitive, symmetric, class]) = arguments;
            let mut given: Vec<String> = Vec::new();
            given.extend(name.map(|it| format!("name: \"{it}\"")));
            given.extend(inverse.map(|it| format!("inverse: \"{it}\"")));
            given.extend(edge.then(|| "edge: \"X\"".to_owned()));
            given.extend(symmetric.then(|| "symmetric: true".to_owned()));
            given.extend(class.then(|| "class: \"https://example.org/r\"".to_owned()));
            given.extend(transitive.then(|| "transitive: true".to_owned()));
            let given = match given.as_slice() {
                [] => String::new(),
                all => format!("({})", all.join(", ")),
            };
            let ty = wrapped(target, wrap);
            let text = format!("{description}{field}: {ty} @relation{given}{deprecated}");
            (field, text)
        })
}

fn field() -> impl Strategy<Value = (String, String)> {
    prop_oneof![2 => value_field(), 1 => relation_field()]
}

/// Fields of different names.
fn fields(of: Vec<(String, String)>) -> String {
    let mut seen = std::collections::HashSet::new();
    let lines = of.into_iter().filter(|(name, _)| seen.insert(name.clone()));
    let lines: Vec<String> = lines.map(|(_, text)| format!("  {text}")).collect();
    lines.join("\n") + "\n"
}

/// The texts around a type's name and its own fields, and whether the type implements the interface.
fn entity_type() -> impl Strategy<Value = EntityType> {
    let entity = prop_oneof![
        6 => Just(String::new()),
        1 => pick(&["many", "all"], ODD_NAMES).prop_map(|it| format!(" @entity(plural: \"{it}\")")),
        1 => Just(" @entity(class: \"https://example.org/C\")".to_owned()),
        1 => pick(PLAIN_NAMES, ODD_NAMES).prop_map(|it| format!(" @entity(label: \"{it}\")")),
    ];
    (
        description(),
        entity,
        proptest::collection::vec(field(), 1..6),
        proptest::bool::weighted(0.3),
    )
        .prop_map(|(description, entity, own, implements)| EntityType {
            description,
            entity,
            own,
            implements,
        })
}

#[derive(Debug)]
struct EntityType {
    description: String,
    entity: String,
    own: Vec<(String, String)>,
    implements: bool,
}

impl EntityType {
    fn render(self, name: &str, shared: &[(String, String)]) -> String {
        let (implements, shared) = if self.implements {
            (" implements I", shared)
        } else {
            ("", &[][..])
        };
        let all = fields(shared.iter().cloned().chain(self.own).collect());
        let (description, entity) = (self.description, self.entity);
        format!("{description}type {name}{implements}{entity} {{\n{all}}}\n")
    }
}

/// A schema of two types, an interface, a union, an enum, a scalar, an edge type, and one definition of any name.
fn schema() -> impl Strategy<Value = String> {
    let values = proptest::collection::vec(
        (
            description(),
            pick(&["ALPHA", "BETA", "GAMMA"], ODD_NAMES),
            deprecated(),
        )
            .prop_map(|(description, name, deprecated)| {
                (name.clone(), format!("{description}{name}{deprecated}"))
            }),
        1..4,
    );
    let odd = prop_oneof![
        3 => Just(String::new()),
        1 => (proptest::sample::select(ODD_TYPES), 0..7_u8).prop_map(|(name, kind)| match kind {
            0 => format!("type {name} {{ own: String }}\n"),
            1 => format!("interface {name} {{ own: String }}\n"),
            2 => format!("union {name} = A\n"),
            3 => format!("enum {name} {{ ONE }}\n"),
            4 => format!("scalar {name}\n"),
            5 => format!("type {name} @edge {{ own: String }}\n"),
            _ => format!("extend type {name} @edge\n"),
        }),
        1 => Just("extend type Source { shelf: Int }\n".to_owned()),
    ];
    (
        (entity_type(), entity_type(), proptest::collection::vec(field(), 1..3)),
        (description(), description(), description(), description()),
        values,
        proptest::collection::vec(value_field(), 1..4),
        text(),
        odd,
    )
        .prop_map(|((a, b, shared), (of_i, of_u, of_e, of_x), values, edge, url, odd)| {
            let (a, b) = (a.render("A", &shared), b.render("B", &shared));
            let shared = fields(shared);
            format!(
                "{a}{b}{of_i}interface I {{\n{shared}}}\n{of_u}union U = A | B\n{of_e}enum E {{\n{}}}\nscalar S @specifiedBy(url: {})\n{of_x}type X @edge {{\n{}}}\n{odd}",
                fields(values),
                literal(&url),
                fields(edge),
            )
        })
}

/// The texts of the user's schema reach clients unchanged.
fn texts_survive(ontology: &Ontology, api: &Api) {
    let schema = apollo_compiler::Schema::parse_and_validate(api.sdl(), "api.graphql")
        .unwrap_or_else(|error| panic!("the API's schema is not valid: {}", error.errors));
    let of = |name: &str| {
        schema
            .types
            .get(name)
            .and_then(|it| it.description())
            .map(ToString::to_string)
    };
    for it in &ontology.types {
        if it.description.is_some() {
            assert_eq!(of(&it.name), it.description, "description of {}", it.name);
        }
        let object = schema.get_object(&it.name).unwrap();
        for property in &it.members.properties {
            let field = &object.fields[property.name.as_str()];
            let reason = field.directives.get("deprecated").map(|it| {
                let reason = it.specified_argument_by_name("reason");
                reason
                    .and_then(|it| it.as_str())
                    .unwrap_or("No longer supported")
                    .to_owned()
            });
            assert_eq!(reason, property.deprecated, "reason of {}", property.name);
            if let (Some(text), false) = (&property.description, property.unique) {
                let shown = field.description.as_ref().map(ToString::to_string);
                assert_eq!(shown.as_ref(), Some(text), "description of {}", property.name);
            }
        }
    }
    for it in &ontology.enums {
        // An enum that no field has is left out.
        let Some(definition) = schema.get_enum(&it.name) else {
            continue;
        };
        assert_eq!(of(&it.name), it.description, "description of {}", it.name);
        for value in &it.values {
            let shown = &definition.values[value.name.as_str()];
            let text = shown.description.as_ref().map(ToString::to_string);
            assert_eq!(text, value.description, "description of {}", value.name);
        }
    }
}

/// Every field with values can be queried.
fn fields_answer(ontology: Ontology) {
    let mut queries = Vec::new();
    for it in &ontology.types {
        let selected = |it: &Property| match it.built_in {
            Some(BuiltIn::SameAs) => format!("{} {{ prefix id url }}", it.name),
            _ => it.name.clone(),
        };
        let names: Vec<String> = it.members.properties.iter().map(selected).collect();
        let many = &it.root.many;
        queries.push(format!(
            "{{ {many} {{ totalCount nodes {{ id {} }} }} }}",
            names.join(" ")
        ));
        for property in it
            .members
            .properties
            .iter()
            .filter(|it| it.scalar.is_ordered() && !it.list && it.built_in.is_none())
        {
            let name = &property.name;
            queries.push(format!(
                "{{ {many}(orderBy: [{{{name}: ASC}}], filter: {{{name}: {{isNull: false}}}}) {{ totalCount }} }}"
            ));
        }
    }
    let engine = engine(ontology);
    for query in queries {
        let answer = answer(&engine, &query);
        assert!(!answer.contains("\"errors\""), "{query}: {answer}");
    }
}

#[test]
fn a_schema_is_served_or_refused_with_reports() {
    let config = Config {
        cases: 250,
        rng_seed: RngSeed::Fixed(15),
        failure_persistence: None,
        ..Config::default()
    };
    let accepted = std::cell::Cell::new(0);
    let codes = std::cell::RefCell::new(std::collections::BTreeMap::<Code, usize>::new());
    let result = TestRunner::new(config).run(&schema(), |schema| {
        match compile(&schema) {
            Ok(ontology) => {
                accepted.set(accepted.get() + 1);
                let api = Api::new(&ontology).unwrap_or_else(|error| panic!("{error}\n{schema}"));
                texts_survive(&ontology, &api);
                fields_answer(ontology);
            }
            Err(reports) => {
                prop_assert!(reports.has_errors(), "{schema}");
                prop_assert!(!reports.render(PLAIN).is_empty());
                for report in &reports.0 {
                    *codes.borrow_mut().entry(report.code).or_default() += 1;
                }
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (accepted, codes) = (accepted.get(), codes.into_inner());
    assert!(
        accepted >= 60,
        "only {accepted} were accepted; refused for {codes:?}"
    );
    assert!(codes.len() >= 8, "refused only for {codes:?}");
}

/// The report with which a schema is refused.
fn refused(schema: &str) -> Vec<Code> {
    let reports = compile(schema).map(|_| ()).expect_err("it is refused");
    reports.0.iter().map(|it| it.code).collect()
}

#[test]
fn more_definitions_than_numbers_are_reported() {
    let many = |of: &dyn Fn(usize) -> String| {
        let all: String = (0..65_536).map(of).collect();
        format!("type A {{ name: String }}\n{all}")
    };
    let enums = many(&|no| format!("enum E{no} {{ V }}\n"));
    assert_eq!(refused(&enums), [Code::TOO_MANY_DEFINITIONS]);
    let values = format!(
        "enum E {{ {} }}",
        many(&|no| format!("V{no} ")).split_once('\n').unwrap().1
    );
    let values = format!("type A {{ e: E }}\n{values}");
    assert_eq!(refused(&values), [Code::TOO_MANY_DEFINITIONS]);
    let fields = format!(
        "type A {{ {} }}",
        many(&|no| format!("f{no}: Int ")).split_once('\n').unwrap().1
    );
    assert_eq!(refused(&fields), [Code::TOO_MANY_DEFINITIONS]);
}

#[test]
fn fields_named_like_literals_work() {
    let schema = "type A { true: String @unique false: Int null: Boolean others: [A!]! @relation(inverse: \"false_\") }";
    fields_answer(compile(schema).unwrap());
}

#[test]
fn files_without_definitions_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.graphql", "");
    write("b.graphql", "type Place { name: String! }");
    write("c.graphql", "\u{feff}# nothing yet\n\n  , # still\n");
    let ontology = ontology::load(folder.path()).unwrap_or_else(|it| panic!("{}", it.render(PLAIN)));
    assert_eq!(ontology.types[0].name, "Place");
    write("b.graphql", "# nothing");
    let reports = ontology::load(folder.path()).map(|_| ()).unwrap_err();
    assert_eq!(reports.0[0].code, Code::NO_ENTITY_TYPE);
}

/// The answer of a server to a query, or its output if it does not start.
fn served(folder: &Path, query: &str) -> Result<String, String> {
    let server = Server::try_spawn(&mut clew(folder, &["serve", "--listen", "127.0.0.1:0"]))?;
    let body = serde_json::json!({ "query": query }).to_string();
    Ok(server.post(&body, &[]).body)
}

/// Valid schemas, with a query for each.
const SCHEMAS: &[(&str, Option<&str>)] = &[
    (
        "type Place { \"The old one.\" old: String @deprecated(reason: \"Say \\\"new\\\" \\\\ instead\") \"Ends in \\\"\" new: String }",
        Some(
            "{ __type(name: \"Place\") { fields(includeDeprecated: true) { description deprecationReason } } }",
        ),
    ),
    (
        "\"\"\"Three quotes: \\\"\"\" end.\"\"\" type Place { name: String }",
        Some("{ __type(name: \"Place\") { description } }"),
    ),
    (
        "type Place { true: String @index false: Int null: Boolean }",
        Some(
            "{ places(filter: {true: {eq: \"yes\"}}, orderBy: [{false: ASC}]) { nodes { true false null } } }",
        ),
    ),
    (
        "type Man { name: String } type German { name: String } interface I { name: String }",
        Some("{ men { totalCount } germans { totalCount } is { totalCount } }"),
    ),
    ("type Place { in: Place @relation(inverse: \"degree\") }", None),
    (
        "type Place { in: Place @relation(inverse: \"statements\") }",
        None,
    ),
    ("type Place { in: Place @relation(inverse: \"label\") }", None),
    ("type Place { or: String }", None),
    ("type Place { state: State } enum State { true }", None),
    ("type null { name: String }", None),
    ("extend type Source @edge", None),
];

#[test]
fn every_schema_that_check_accepts_is_served() {
    for (schema, query) in SCHEMAS {
        let folder = tempfile::tempdir().unwrap();
        for part in ["schema", "data"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
        }
        std::fs::write(folder.path().join("schema/a.graphql"), schema).unwrap();
        let check = clew(folder.path(), &["check"]).output().unwrap();
        let check_said = String::from_utf8_lossy(&check.stderr);
        let compile = clew(folder.path(), &["compile", "--out", "a.clew"])
            .output()
            .unwrap();
        assert_eq!(check.status.code(), compile.status.code(), "{schema}");
        match query {
            Some(query) => {
                assert!(check.status.success(), "{schema}: {check_said}");
                let answer = served(folder.path(), query).unwrap_or_else(|said| panic!("{schema}: {said}"));
                assert!(!answer.contains("\"errors\""), "{schema}: {answer}");
            }
            None => {
                assert_eq!(check.status.code(), Some(1), "{schema}");
                assert!(check_said.contains("[E01"), "{schema}: {check_said}");
                assert!(!check_said.contains("panicked"), "{schema}: {check_said}");
                let said = served(folder.path(), "{ __typename }").expect_err(schema);
                assert_eq!(said, check_said, "{schema}");
                assert_eq!(said, String::from_utf8_lossy(&compile.stderr), "{schema}");
            }
        }
    }
}

/// The reports of data files for a schema.
fn loaded(schema: &str, file: &str, data: &str) -> Result<Engine, Reports> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), data).unwrap();
    let mut reports = Reports::default();
    let files = Files::find(folder.path(), &mut reports);
    let ontology = Arc::new(compile(schema).unwrap());
    match graph::build(&ontology, &files, &Progress::default(), &mut reports) {
        Some(snapshot) => Ok(Engine::new(Arc::new(snapshot), Limits::default()).unwrap()),
        None => Err(reports),
    }
}

#[test]
fn languages_differ_in_more_than_capital_letters() {
    let data =
        "Place:\n  rome: {name: {EN: Rome, it: Roma, PT-br: Roma, \"\": ROMA}}\n  oslo: {name: {en: Oslo}}\n";
    let engine = loaded("type Place { name: Text! }", "a.yaml", data).unwrap();
    let name = |lang: &str| {
        answer(
            &engine,
            &format!("{{ place(id: \"rome\") {{ name(lang: {lang}) }} }}"),
        )
    };
    let rome = r#"{"data":{"place":{"name":"Rome"}}}"#;
    assert_eq!(name("[\"en\"]"), rome);
    assert_eq!(name("[\"eN\", \"EN\"]"), rome);
    assert_eq!(name("[\"pt-BR\"]"), r#"{"data":{"place":{"name":"Roma"}}}"#);
    assert_eq!(name("[\"fi\"]"), r#"{"data":{"place":{"name":"ROMA"}}}"#);
    let value = answer(
        &engine,
        "{ place(id: \"rome\") { statements { nodes { value } } } }",
    );
    assert!(
        value.contains(r#"{"en":"Rome","it":"Roma","pt-BR":"Roma","":"ROMA"}"#),
        "{value}"
    );
}

#[test]
fn more_languages_than_a_column_can_have_are_reported() {
    let mut data = String::new();
    let letter = |no: usize| char::from(b'a' + (no % 26) as u8);
    for no in 0..=65_536_usize {
        let tag: String = [no / 456_976, no / 17_576, no / 676, no / 26, no]
            .map(letter)
            .iter()
            .collect();
        writeln!(
            data,
            r#"{{"type":"node","id":"p{no}","labels":["Place"],"properties":{{"name":[{{"en-x-{tag}":"x"}}]}}}}"#
        )
        .unwrap();
    }
    let schema = "type Place { name: Text! }";
    let reports = loaded(schema, "a.jsonl", &data).map(|_| ()).unwrap_err();
    let codes: Vec<Code> = reports.0.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Code::TOO_MUCH], "{}", reports.render(PLAIN));
    let one_less = data.split_once('\n').unwrap().1;
    assert!(loaded(schema, "a.jsonl", one_less).is_ok());
}
