//! Folders of inputs, each with its expected outcome in a file beside it. Each file is a test.
//!
//! `INSTA_UPDATE=always cargo test --test files` writes missing snapshots. Read them before you commit them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clew::api::{Api, Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::graph::{self, Snapshot};
use clew::ontology::{self, Ontology};
use clew::report::{Code, Reports, Style};

const PLAIN: Style = Style {
    color: false,
    most: 100,
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a test for each file of a folder, and reports all that fail.
fn for_each(folder: &str, wanted: impl Fn(&Path) -> bool, test: impl Fn(&Path)) -> usize {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| wanted(it))
        .collect();
    files.sort();
    let failed: Vec<String> = files
        .iter()
        .filter(|file| catch_unwind(AssertUnwindSafe(|| test(file))).is_err())
        .map(|file| file.display().to_string())
        .collect();
    assert!(failed.is_empty(), "these differ: {failed:#?}");
    files.len()
}

/// Compares with the snapshot beside the file.
fn expect(folder: &str, name: &str, actual: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, actual));
}

fn stem(file: &Path) -> String {
    let name = file.file_name().unwrap().to_str().unwrap();
    name.split('.').next().unwrap().to_owned()
}

fn ends_with<'a>(ends: &'a [&'a str]) -> impl Fn(&Path) -> bool + 'a {
    move |file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        ends.iter().any(|end| name.ends_with(end))
    }
}

/// Replaces the paths of files in reports, so that a snapshot does not depend on the path of the repository.
fn without_root(text: &str) -> String {
    text.replace(&format!("{}/", root().display()), "")
}

#[test]
fn every_mistake_in_a_schema_is_explained() {
    let folder = "tests/schema_errors";
    let mut codes = std::collections::BTreeSet::new();
    let collected = std::cell::RefCell::new(&mut codes);
    let count = for_each(folder, ends_with(&[".graphql"]), |file| {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        let source = clew::report::SourceText::whole(name, text);
        let reports = ontology::compile(&[source]).expect_err("the file has a mistake");
        assert!(reports.has_errors());
        for report in &reports.0 {
            assert!(
                report.place.is_some() || report.code == Code::NO_ENTITY_TYPE,
                "{} has no place",
                report.message
            );
            collected.borrow_mut().insert(report.code);
        }
        expect(folder, &stem(file), &reports.render(PLAIN));
    });
    assert!(count >= 30, "{count} files");
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .map(|(code, _)| code)
        .filter(|code| code.0.starts_with("E01") && !codes.contains(code))
        .filter(|code| {
            ![
                Code::GRAPHQL_RULE,
                Code::SCHEMA_UNREADABLE,
                Code::TOO_MANY_DEFINITIONS,
            ]
            .contains(code)
        })
        .collect();
    assert!(missing.is_empty(), "no file shows {missing:?}");
}

fn read(ontology: &Arc<Ontology>, data: &Path) -> (Option<Snapshot>, Reports) {
    read_as(ontology, data, None)
}

/// Reads small files once and large ones twice, or all files as requested.
fn read_as(ontology: &Arc<Ontology>, data: &Path, keep: Option<bool>) -> (Option<Snapshot>, Reports) {
    let mut reports = Reports::default();
    let mut files = Files::find(data, &mut reports);
    if let Some(keep) = keep {
        files = files.keep(keep);
    }
    let snapshot = graph::build(ontology, &files, &Progress::default(), &mut reports);
    reports.sort();
    (snapshot, reports)
}

#[test]
fn every_mistake_in_data_is_explained() {
    let folder = "tests/data_errors";
    let schema = std::fs::read_to_string(root().join(folder).join("schema.graphql")).unwrap();
    let source = clew::report::SourceText::whole("schema.graphql", schema);
    let ontology = Arc::new(ontology::compile(&[source]).unwrap());
    let mut codes = std::collections::BTreeSet::new();
    let collected = std::cell::RefCell::new(&mut codes);
    let count = for_each(folder, ends_with(&[".yaml", ".jsonl", ".zst", ".gz"]), |file| {
        let (snapshot, reports) = read(&ontology, file);
        assert!(!reports.0.is_empty(), "the file has a mistake");
        assert_eq!(
            snapshot.is_some(),
            !reports.has_errors(),
            "nothing is served of a graph with errors"
        );
        collected.borrow_mut().extend(reports.0.iter().map(|it| it.code));
        let rendered = without_root(&reports.render(PLAIN));
        expect(folder, &stem(file), &rendered);
        let (_, twice) = read_as(&ontology, file, Some(false));
        let twice = without_root(&twice.render(PLAIN));
        assert_eq!(
            twice, rendered,
            "it is said the same of files that are read twice"
        );
    });
    assert!(count >= 25, "{count} files");
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .map(|(code, _)| code)
        .filter(|code| code.0.starts_with("E02") && !codes.contains(code))
        .filter(|code| ![Code::DATA_UNREADABLE, Code::TOO_MUCH, Code::MEMORY].contains(code))
        .collect();
    assert!(missing.is_empty(), "no file shows {missing:?}");
}

#[test]
fn references_to_what_could_not_be_read_are_not_reported() {
    let sdl =
        "type A { name: String! b: B @relation } type B { name: String! a: A! @relation(name: \"HAS\") }";
    let ontology = Arc::new(ontology::compile(&[clew::report::SourceText::whole("s.graphql", sdl)]).unwrap());
    let first = "A:\n  a1: {name: x, b: b1}\n  a2: {name: x, cite: log}\nB:\n  b2: {name: x}\n";
    let second = "B:\n  b1: {name: \"x}";
    for (second, codes) in [
        (second.as_bytes(), vec!["E0202", "W0309"]),
        (b"B:\n  b1: {name: \xff}\n", vec!["E0205", "W0309"]),
        (b"A:\n  a3: {name: 1}\n", vec!["E0213", "E0217", "E0221", "E0225"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), first).unwrap();
        std::fs::write(folder.path().join("b.yaml"), second).unwrap();
        let (_, reports) = read(&ontology, folder.path());
        let mut found: Vec<&str> = reports.0.iter().map(|it| it.code.0).collect();
        if codes.len() > 2 {
            found.sort_unstable();
        } else {
            let message = &reports.0[1].message;
            assert!(message.contains(" not checked: "), "{message}");
        }
        assert_eq!(found, codes, "{}", reports.render(PLAIN));
    }
}

#[test]
fn one_bad_line_in_a_million_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    let mut text = String::new();
    for no in 1..=1_000_000 {
        use std::fmt::Write as _;
        let age = if no == 777_777 { "\"old\"" } else { "3" };
        writeln!(text, r#"{{"type":"node","id":"p{no}","labels":["Person"],"properties":{{"name":["P"],"age":[{age}]}}}}"#).unwrap();
    }
    std::fs::write(&file, text).unwrap();
    let schema = "type Person { name: String! age: Int }";
    let ontology =
        Arc::new(ontology::compile(&[clew::report::SourceText::whole("s.graphql", schema)]).unwrap());
    let (snapshot, reports) = read(&ontology, &file);
    assert!(snapshot.is_none());
    assert_eq!(reports.0.len(), 1);
    let place = reports.0[0].place.as_ref().unwrap();
    assert_eq!(place.line_column().0, 777_777);
    assert!(
        reports.render(PLAIN).contains("777777 │"),
        "{}",
        reports.render(PLAIN)
    );
}

#[test]
fn a_place_in_a_later_part_of_a_file_is_found_again() {
    use std::fmt::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    let mut text = "\u{feff}".to_owned();
    for no in 1..=150_000 {
        let properties = if no % 70_000 == 0 {
            ""
        } else {
            "\"name\":[\"A name\"]"
        };
        writeln!(
            text,
            r#"{{"type":"node","id":"p{no}","labels":["Person"],"properties":{{{properties}}}}}"#
        )
        .unwrap();
    }
    assert!(text.len() > 9 << 20, "the file has three parts");
    std::fs::write(&file, text).unwrap();
    let sdl = clew::report::SourceText::whole("s.graphql", "type Person { name: String! }");
    let ontology = Arc::new(ontology::compile(&[sdl]).unwrap());
    for keep in [true, false] {
        let (_, reports) = read_as(&ontology, &file, Some(keep));
        let lines = reports
            .0
            .iter()
            .map(|it| it.place.as_ref().unwrap().line_column());
        assert_eq!(lines.collect::<Vec<_>>(), [(70_000, 21), (140_000, 21)]);
    }
}

/// The engine of the graph in these folders.
fn engine(schema: &str, data: &str, limits: Limits) -> Engine {
    let ontology = Arc::new(ontology::load(&root().join(schema)).unwrap());
    let (snapshot, reports) = read(&ontology, &root().join(data));
    let snapshot = snapshot.unwrap_or_else(|| panic!("{}", reports.render(PLAIN)));
    Engine::new(Arc::new(snapshot), limits).unwrap()
}

fn ecpat() -> Engine {
    ecpat_within(Limits::default())
}

fn ecpat_within(limits: Limits) -> Engine {
    engine("schema", "data", limits)
}

/// A small graph that demonstrates the features of queries.
fn library() -> Engine {
    let folder = "tests/queries/graph";
    engine(
        &format!("{folder}/schema"),
        &format!("{folder}/data"),
        Limits::default(),
    )
}

/// The folders of queries, each with its graph: features of queries, and the content of ECPAT's graph.
fn folders() -> [(&'static str, Engine); 2] {
    [("tests/queries", library()), ("tests/ecpat", ecpat())]
}

/// The variables of a query, which are in a comment at its start: `# variables: {"id": "unicef"}`.
fn variables(text: &str) -> Option<Box<serde_json::value::RawValue>> {
    let json = text.lines().find_map(|line| line.strip_prefix("# variables: "))?;
    Some(serde_json::value::RawValue::from_string(json.to_owned()).unwrap())
}

#[test]
fn every_query_has_its_answer() {
    let mut count = 0;
    for (folder, engine) in folders() {
        count += for_each(folder, ends_with(&[".graphql"]), |file| {
            let query = std::fs::read_to_string(file).unwrap();
            let variables = variables(&query);
            let request = Request {
                query: &query,
                operation_name: None,
                variables: variables.as_deref(),
            };
            let plan = engine.plan(request);
            let answer = engine.execute(request);
            let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            let fails = query.contains("# fails: ");
            assert_eq!(
                answer.has_errors(),
                fails,
                "{}",
                String::from_utf8_lossy(&answer.body)
            );
            expect(folder, &stem(file), &serde_json::to_string_pretty(&json).unwrap());
            // Values that differ between runs must not be in the plan's text.
            match plan {
                Ok(plan) => expect(folder, &format!("{}.plan", stem(file)), &plan),
                Err(refused) => assert_eq!(refused.body, answer.body, "a refused request has no plan"),
            }
        });
    }
    assert!(count >= 60, "{count} files");
}

/// The SDL without descriptions, which only the snapshot of the small schema shows.
fn bare(sdl: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in sdl.lines() {
        let quotes = line.matches("\"\"\"").count();
        if quotes % 2 == 1 {
            inside = !inside;
        }
        if quotes == 0 && !inside {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[test]
fn the_schema_of_the_api_is_this() {
    let ontology = ontology::load(&root().join("schema")).unwrap();
    let api = Api::new(&ontology).unwrap();
    expect("tests/sdl", "ecpat", &bare(api.sdl()));
    let again = Api::new(&ontology::load(&root().join("schema")).unwrap()).unwrap();
    assert_eq!(api.sdl(), again.sdl(), "the same folder gives the same bytes");
    let text = std::fs::read_to_string(root().join("tests/sdl/small.graphql")).unwrap();
    let source = clew::report::SourceText::whole("small.graphql", text);
    let small = Api::new(&ontology::compile(&[source]).unwrap()).unwrap();
    expect("tests/sdl", "small", small.sdl());
}

/// A name in backquotes in a text, or in one of several.
fn says<'t>(texts: impl IntoIterator<Item = Option<&'t str>>, name: &str) -> bool {
    let quoted = format!("`{name}`");
    texts.into_iter().flatten().any(|it| it.contains(&quoted))
}

/// Shared fields and arguments are described once: in the interface `Entity`, in the type of a field or an argument, or in
/// `Query`.
#[test]
fn everything_in_the_schema_of_the_api_is_described() {
    use apollo_compiler::Node;
    use apollo_compiler::schema::ExtendedType;
    let api = Api::new(&ontology::load(&root().join("schema")).unwrap()).unwrap();
    let schema = apollo_compiler::Schema::parse_and_validate(api.sdl(), "schema.graphql").unwrap();
    let mut bare = Vec::new();
    let text = |it: &Option<Node<str>>| it.as_ref().map(|it| it.trim().to_owned());
    let of_type = |name: &str| schema.types[name].description().map(|it| it.trim().to_owned());
    let query = of_type("Query");
    let entity = &schema.get_interface("Entity").unwrap().fields;
    for (name, definition) in &schema.types {
        if definition.is_built_in() || name.starts_with("__") {
            continue;
        }
        if of_type(name).is_none_or(|it| it.is_empty()) {
            bare.push(name.to_string());
        }
        let fields = match definition {
            ExtendedType::Object(it) => &it.fields,
            ExtendedType::Interface(it) => &it.fields,
            ExtendedType::Enum(it) => {
                let values = it.values.values().filter(|it| it.description.is_none());
                bare.extend(values.map(|it| format!("{name}.{}", it.value)));
                continue;
            }
            ExtendedType::InputObject(it) if name == "StringFilter" || name == "DateFilter" => {
                let fields = it.fields.values().filter(|it| it.description.is_none());
                bare.extend(fields.map(|it| format!("{name}.{}", it.name)));
                continue;
            }
            _ => continue,
        };
        for field in fields.values() {
            let own = text(&field.description);
            let inherited = entity.get(&field.name).filter(|_| name != "Entity");
            let result = &schema.types[field.ty.inner_named_type()];
            let is_described = own.is_some()
                || inherited.is_some_and(|it| it.description.is_some())
                || name != "Query" && !result.is_built_in() && result.description().is_some();
            if !is_described {
                bare.push(format!("{name}.{}", field.name));
            }
            for argument in &field.arguments {
                let ty = argument.ty.inner_named_type();
                let result = of_type(field.ty.inner_named_type());
                let texts = [query.as_deref(), own.as_deref(), result.as_deref()];
                let is_described = argument.description.is_some()
                    || inherited.is_some_and(|it| it.argument_by_name(&argument.name).is_some())
                    || !schema.types[ty].is_built_in() && ty != "RelationName"
                    || says(texts, &argument.name);
                if !is_described {
                    bare.push(format!("{name}.{}({})", field.name, argument.name));
                }
            }
        }
    }
    assert!(bare.is_empty(), "without description: {bare:#?}");
}

#[test]
fn a_type_may_be_stricter_than_its_interface() {
    let schema = "interface Named { name: String tags: [String] home: Place @relation(name: \"HOME\") }
        interface Titled implements Named { name: String tags: [String] home: Place title: String! }
        type Person implements Named & Titled { name: String! tags: [String!]! home: Place! title: String! description: String! }
        type Place { name: String! }";
    let ontology = ontology::compile(&[clew::report::SourceText::whole("s.graphql", schema)]).unwrap();
    let sdl = Api::new(&ontology).unwrap().sdl().to_owned();
    for line in [
        "interface Titled implements Node & Entity & Named {",
        "type Person implements Node & Entity & Named & Titled {",
        "  home: Place!",
        "  tags: [String!]!",
        "  description: String!",
    ] {
        assert!(sdl.lines().any(|it| it == line), "no line {line} in {sdl}");
    }
}

#[test]
fn the_schemas_of_the_examples_compile_without_their_data() {
    for example in ["wordnet", "browser-compat"] {
        let ontology = ontology::load(&root().join("examples").join(example).join("schema")).unwrap();
        Api::new(&ontology).unwrap();
    }
}

#[test]
fn the_ecpat_graph_has_nothing_to_warn_of() {
    let engine = ecpat();
    let reports = graph::lint(engine.snapshot(), &mut |_| Vec::new());
    assert!(reports.0.is_empty(), "{}", reports.render(PLAIN));
    let counts = engine.snapshot().counts();
    assert!(counts.entities >= 100 && counts.statements >= 300, "{counts:?}");
}

#[test]
fn every_example_of_the_graph_has_an_answer() {
    let engine = ecpat();
    let examples = &engine.snapshot().view().info().examples;
    assert!(examples.len() >= 12, "{} examples", examples.len());
    for example in examples {
        let answer = engine.execute(Request {
            query: &example.query,
            operation_name: None,
            variables: None,
        });
        let body = String::from_utf8_lossy(&answer.body);
        assert!(!answer.has_errors(), "{}: {body}", example.title);
        assert!(body.len() > 150, "{}: {body}", example.title);
    }
}

#[test]
fn every_code_is_in_the_documentation() {
    let docs = std::fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let missing: Vec<&str> = Code::ALL
        .iter()
        .map(|(code, _)| code.0)
        .filter(|code| !docs.contains(&format!("### {code}")))
        .collect();
    assert!(missing.is_empty(), "docs/errors.md lacks {missing:?}");
}

#[test]
fn citations_and_explanations_do_not_change_the_data() {
    let data = |engine: &Engine, query: &str, text: &str| {
        let variables = variables(text);
        let answer = engine.execute(Request {
            query,
            operation_name: None,
            variables: variables.as_deref(),
        });
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        // The value is read as raw JSON, so that a difference in its bytes is visible.
        let raw: std::collections::HashMap<String, Box<serde_json::value::RawValue>> =
            serde_json::from_slice(&answer.body).unwrap();
        (raw.get("data").map(|it| it.get().to_owned()), json)
    };
    let check = |engine: &Engine, file: &Path| {
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let query = lines.collect::<Vec<_>>().join("\n");
        let Some(body) = query.strip_prefix('{') else {
            return;
        };
        let (plain, _) = data(engine, &query, &text);
        let (cited, told) = data(engine, &format!("query @cite {{{body}"), &text);
        assert_eq!(plain, cited);
        if plain.as_deref().is_some_and(|it| it != "null") {
            assert!(told["extensions"]["citations"].is_array(), "{told}");
        }
        let (explained, told) = data(engine, &format!("query @explain {{{body}"), &text);
        assert_eq!(plain, explained);
        for step in told["extensions"]["plan"].as_array().into_iter().flatten() {
            assert!(
                step["rowsIn"].as_u64().unwrap() > 0 && step["microseconds"].is_number(),
                "{step}"
            );
        }
    };
    let mut count = 0;
    for (folder, engine) in folders() {
        count += for_each(folder, ends_with(&[".graphql"]), |file| check(&engine, file));
    }
    assert!(count >= 40, "{count} files");
}

#[test]
fn all_slow_steps_check_the_clock() {
    let limits = Limits {
        time: std::time::Duration::ZERO,
        ..Limits::default()
    };
    let engine = ecpat_within(limits);
    engine.index().make().unwrap();
    for query in [
        "{ components(strong: true, first: 1) { size } }",
        "{ ranking(by: BETWEENNESS, first: 1) { score } }",
        "{ ranking(by: CLOSENESS, first: 1) { score } }",
        "{ search(query: \"children\") { totalCount } }",
        "{ entities(filter: {label: {search: \"children\"}}) { totalCount } }",
    ] {
        let answer = engine.execute(Request {
            query,
            operation_name: None,
            variables: None,
        });
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "TIMEOUT",
            "{query}: {answer}"
        );
    }
}

#[test]
fn a_graph_is_the_same_however_often_its_files_are_read() {
    let ontology = Arc::new(ontology::load(&root().join("schema")).unwrap());
    let of = |keep| {
        let (snapshot, _) = read_as(&ontology, &root().join("data"), Some(keep));
        snapshot.unwrap()
    };
    let (once, twice) = (of(true), of(false));
    assert_eq!(once.revision(), twice.revision());
    assert_eq!(format!("{once:?}"), format!("{twice:?}"));
}

/// A graph, written by `clew compile`.
fn compiled(engine: &Engine) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.clew");
    let bytes = engine.snapshot().save(&file).unwrap();
    assert_eq!(bytes, std::fs::metadata(&file).unwrap().len());
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
    (folder, file)
}

/// The answers to all queries of the small graph, including errors.
fn answers(engine: &Engine) -> Vec<String> {
    let mut files: Vec<_> = std::fs::read_dir(root().join("tests/queries"))
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "graphql"))
        .collect();
    files.sort();
    let answer = |path: &std::path::PathBuf| {
        let query = std::fs::read_to_string(path).unwrap();
        let variables = variables(&query);
        let answer = engine.execute(Request {
            query: &query,
            operation_name: None,
            variables: variables.as_deref(),
        });
        String::from_utf8(answer.body).unwrap()
    };
    files.iter().map(answer).collect()
}

#[test]
fn a_graph_from_a_file_answers_as_it_did_before() {
    let before = library();
    let (_folder, file) = compiled(&before);
    let after = Engine::new(Arc::new(Snapshot::open(&file).unwrap()), Limits::default()).unwrap();
    assert_eq!(after.snapshot().revision(), before.snapshot().revision());
    assert_eq!(after.snapshot().counts(), before.snapshot().counts());
    // The time of a step differs in each run.
    let told = |engine: &Engine| -> Vec<String> {
        let all = answers(engine).into_iter();
        all.filter(|it| !it.contains("\"microseconds\"")).collect()
    };
    let expected = told(&before);
    assert!(expected.len() >= 50, "{} answers", expected.len());
    for (given, expected) in told(&after).iter().zip(&expected) {
        assert_eq!(given, expected);
    }
    // Again, from a graph that was mapped and written again.
    let again = file.with_extension("again");
    after.snapshot().save(&again).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&again).unwrap());
}

/// The same pseudorandom numbers each time.
fn random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 1).unwrap()
}

#[test]
fn a_damaged_file_is_refused() {
    let (_folder, file) = compiled(&ecpat());
    let whole = std::fs::read(&file).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        Snapshot::open(&file)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(open(&whole), Ok(()));
    let mut state = 7;
    for _ in 0..300 {
        let mut bytes = whole.clone();
        let at = random(&mut state) % bytes.len();
        bytes[at] ^= 1 << (random(&mut state) % 8);
        assert!(open(&bytes).is_err(), "byte {at} changed");
        let cut = random(&mut state) % whole.len();
        assert!(open(&whole[..cut]).is_err(), "cut at {cut}");
    }
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        open(&changed).unwrap_err()
    };
    let length = |more: isize| whole.len().checked_add_signed(more).unwrap().to_string();
    insta::assert_snapshot!(
        [
            with(0, b"SQLite f"),
            with(8, &1_u32.to_le_bytes()),
            with(8, &7_u32.to_le_bytes()),
            with(12, &0x0102_0304_u32.to_be_bytes()),
            with(100, b"\0"),
            open(&whole[..whole.len() - 1]).unwrap_err(),
            open(&[&whole[..], b"x"].concat()).unwrap_err(),
            open(b"").unwrap_err(),
        ]
        .join("\n")
        // The graph may grow.
        .replace(&length(-1), "N - 1")
        .replace(&length(1), "N + 1")
        .replace(&length(0), "N")
    );
}

/// Corrects the checksums of a changed file, as an attacker would.
fn seal(bytes: &mut [u8]) {
    let number = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let usized = |number: u64| usize::try_from(number).unwrap();
    let table = usized(number(bytes, 24));
    for section in (table..bytes.len()).step_by(32) {
        let (start, length) = (usized(number(bytes, section)), usized(number(bytes, section + 8)));
        let sum = xxhash_rust::xxh3::xxh3_64(&bytes[start..start + length]);
        bytes[section + 24..section + 32].copy_from_slice(&sum.to_le_bytes());
    }
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes[table..]);
    bytes[40..48].copy_from_slice(&sum.to_le_bytes());
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes[..56]);
    bytes[56..64].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn a_forged_file_is_refused_or_answers() {
    let (_folder, file) = compiled(&ecpat());
    let whole = std::fs::read(&file).unwrap();
    let mut sealed = whole.clone();
    seal(&mut sealed);
    assert!(sealed == whole, "the seals are as they were written");
    let table = usize::try_from(u64::from_le_bytes(whole[24..32].try_into().unwrap())).unwrap();
    let mut state = 11;
    let (mut refused, mut answered) = (0, 0);
    for _ in 0..60 {
        let mut bytes = whole.clone();
        let at = 64 + random(&mut state) % (table - 64);
        bytes[at] = random(&mut state).to_le_bytes()[0] % 128;
        seal(&mut bytes);
        std::fs::write(&file, &bytes).unwrap();
        match Snapshot::open(&file) {
            Err(_) => refused += 1,
            Ok(snapshot) => {
                let engine = Engine::new(Arc::new(snapshot), Limits::default()).unwrap();
                let ask = |query: &str| {
                    let request = Request {
                        query,
                        operation_name: None,
                        variables: None,
                    };
                    assert!(!engine.execute(request).body.is_empty());
                };
                ask(
                    "{ entities(first: 2000) { nodes { id label links(first: 100) { nodes { relation to { id label } } } } } }",
                );
                ask("{ components { size } search(query: \"children\") { totalCount } }");
                answered += 1;
            }
        }
    }
    assert!(
        refused > 5 && answered > 5,
        "{refused} refused, {answered} answered"
    );
}

#[test]
fn a_substring_is_found_with_its_index_as_without() {
    let shape: clew::bench::Shape = "entities=5k,edges=1k,seed=3".parse().unwrap();
    let ontology = Arc::new(ontology::compile(&[clew::bench::Shape::schema()]).unwrap());
    let (files, _) = shape.files();
    let snapshot = graph::build(&ontology, &files, &Progress::default(), &mut Reports::default());
    let engine = Engine::new(Arc::new(snapshot.unwrap()), Limits::default()).unwrap();
    let query = "query($text: String!, $after: String) { people(first: 7, after: $after, filter: {born: {gt: \"1950\"}, about: {contains: $text}}) { totalCount nodes { id } pageInfo { endCursor } } works(filter: {or: [{abstract: {contains: $text}}, {title: {contains: $text}}]}) { totalCount } }";
    let ask = |text: &str| {
        let mut answers = Vec::new();
        let mut after = serde_json::Value::Null;
        for _ in 0..3 {
            let variables = serde_json::json!({"text": text, "after": after});
            let variables = serde_json::value::to_raw_value(&variables).unwrap();
            let answer = engine.execute(Request {
                query,
                operation_name: None,
                variables: Some(&variables),
            });
            let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert!(answer["errors"].is_null(), "{answer}");
            after = answer["data"]["people"]["pageInfo"]["endCursor"].clone();
            answers.push(answer);
        }
        answers
    };
    // Parts of existing words, of every length.
    let texts = [
        "", "a", "el", "sar", "kisda", "o t", "an an", "nowhere", "lilalilo", "\"x",
    ];
    let without: Vec<_> = texts.iter().map(|text| ask(text)).collect();
    assert!(without[3][0]["data"]["people"]["totalCount"].as_u64().unwrap() > 7);
    assert!(engine.index().make_grams() > 0);
    for (text, without) in texts.iter().zip(&without) {
        assert_eq!(&ask(text), without, "{text}");
    }
}

#[test]
fn mistakes_of_one_kind_are_shown_up_to_a_number() {
    let schema = "type Person { name: String! age: Int best: Person! @relation(name: \"BEST\") }";
    let source = clew::report::SourceText::whole("s.graphql", schema);
    let ontology = Arc::new(ontology::compile(&[source]).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    let line = |no: usize| format!("{{\"type\":\"node\",\"id\":\"p{no}\",\"labels\":[\"Person\"]}}\n");
    std::fs::write(&file, (0..1100).map(line).collect::<String>()).unwrap();
    let (_, reports) = read_as(&ontology, &file, Some(false));
    // A thousand for the name, a thousand for the relation, and a report about further ones for each.
    assert_eq!(reports.counts(), (2002, 0));
    for name in ["name", "best"] {
        let more = format!("\"{name}\" has more mistakes of this kind than the 1000 that are shown");
        assert_eq!(
            reports.0.iter().filter(|it| it.message == more).count(),
            1,
            "{name}"
        );
    }
}

#[test]
fn a_file_that_changes_between_its_readings_is_not_served() {
    let source = clew::report::SourceText::whole("s.graphql", "type Person { name: String }");
    let ontology = ontology::compile(&[source]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    std::fs::write(
        &file,
        "{\"type\":\"node\",\"id\":\"a\",\"labels\":[\"Person\"]}\n",
    )
    .unwrap();
    let mut reports = Reports::default();
    let files = Files::find(&file, &mut reports).keep(false);
    let parts = files.parts(&ontology, &Progress::default());
    let each = |reports: &mut Reports| {
        files.each(&parts, &ontology, &Progress::default(), reports, |_, batch, _| {
            batch.entities.len()
        })
    };
    assert_eq!(each(&mut reports), [1]);
    assert!(!reports.has_errors());
    std::fs::write(
        &file,
        "{\"type\":\"node\",\"id\":\"b\",\"labels\":[\"Person\"]}\n",
    )
    .unwrap();
    assert!(each(&mut reports).is_empty());
    assert!(reports.has_errors());
    assert!(reports.0[0].message.contains("was written to while it was read"));
    assert!(files.again(&parts[0], &ontology).is_none());
}
