//! Data files with the real binary: the syntax that the formats allow, and the files that are read.

use std::path::Path;

use common::{run, text, write};

mod common;

const JSON_QUERY: &str = "{ places { nodes { any anys roads { edges { any anys } } } } }";
const JSON_ANSWER: &str = concat!(
    "{\"places\":{\"nodes\":[",
    "{\"any\":[\"x\"],\"anys\":[[\"x\"],{\"value\":1,\"unit\":\"m\"},[2]],",
    "\"roads\":{\"edges\":[{\"any\":[\"x\"],\"anys\":[1]},{\"any\":[],\"anys\":[]}]}},",
    "{\"any\":[],\"anys\":[],\"roads\":{\"edges\":[]}},",
    "{\"any\":[62,10],\"anys\":[],\"roads\":{\"edges\":[]}}]}}",
);

/// Valid data: the name of the file, its text, a query, and the expected answer.
const ACCEPTED: [(&str, &str, &str, &str); 8] = [
    (
        "a.yaml",
        "Place:\n  x: {name: X, at: 9999-12-31T23:59:59Z}\n  y: {name: Y, at: 1996-08-27t10:00:00.123456789-00:30}\n",
        "{ places(filter: {at: {gte: \"9999-12-31T23:59:58Z\"}}) { nodes { id at } } }",
        "{\"places\":{\"nodes\":[{\"id\":\"x\",\"at\":\"9999-12-31T23:59:59Z\"}]}}",
    ),
    (
        "a.yaml",
        "Place:\n  x: {name: 08}\n  y: {name: 0041}\n",
        "{ places { nodes { name } } }",
        "{\"places\":{\"nodes\":[{\"name\":\"08\"},{\"name\":\"0041\"}]}}",
    ),
    (
        "a.yaml",
        "Place:\n  हिन्दी: {name: X, partOf: தமிழ்}\n  தமிழ்: {name: Y}\n",
        "{ place(id: \"हिन्दी\") { partOf { id } } }",
        "{\"place\":{\"partOf\":{\"id\":\"தமிழ்\"}}}",
    ),
    (
        "a.yaml",
        "Place:\n  x: {name:\tX, any: [\"\\ud83d\\ude00: a:\tb\", 'a:\tb \\ud83d\\ude00', !!str 123, ! 4, !!int 5, +12345678901234567890, 0x1F]}\n",
        "{ place(id: \"x\") { name any } }",
        "{\"place\":{\"name\":\"X\",\"any\":[\"😀: a:\\tb\",\"a:\\tb \\\\ud83d\\\\ude00\",\"123\",\"4\",5,12345678901234567890,\"0x1F\"]}}",
    ),
    (
        "a.yaml",
        "\u{feff}Place:\r\n  x:\r\n    name: \"two\\\r\n      lines\"\r\n    any: &a {b: [1, \u{a0}]}\r\n    anys: [*a, *a]\r\n",
        "{ place(id: \"x\") { name anys } }",
        "{\"place\":{\"name\":\"twolines\",\"anys\":[{\"b\":[1,\"\u{a0}\"]},{\"b\":[1,\"\u{a0}\"]}]}}",
    ),
    (
        "a.jsonl",
        "\u{feff}{\"type\":\"node\",\"id\":\"x\",\"labels\":[\"Place\"],\"properties\":{\"name\":[\"X\"]}}\n",
        "{ place(id: \"x\") { name } }",
        "{\"place\":{\"name\":\"X\"}}",
    ),
    (
        "a.yaml",
        "Place:\n  x:\n    name: X\n    any: [x]\n    anys: [[x], {value: 1, unit: m}, {value: [2], rank: preferred}]\n    roads:\n      - {to: y, any: [x], anys: [1]}\n      - {to: z, any: []}\n  y: {name: Y, any: []}\n  z: {name: Z, any: [62, 10]}\n",
        JSON_QUERY,
        JSON_ANSWER,
    ),
    (
        "a.jsonl",
        concat!(
            "{\"type\":\"node\",\"id\":\"x\",\"labels\":[\"Place\"],\"properties\":{\"name\":[\"X\"],\"any\":[\"x\"],",
            "\"anys\":[[\"x\"],{\"value\":1,\"unit\":\"m\"},{\"value\":[2],\"rank\":\"preferred\"}]}}\n",
            "{\"type\":\"node\",\"id\":\"y\",\"labels\":[\"Place\"],\"properties\":{\"name\":[\"Y\"],\"any\":[]}}\n",
            "{\"type\":\"node\",\"id\":\"z\",\"labels\":[\"Place\"],\"properties\":{\"name\":[\"Z\"],\"any\":[62,10]}}\n",
            "{\"type\":\"edge\",\"from\":\"x\",\"to\":\"y\",\"labels\":[\"ROAD\"],\"properties\":{\"any\":[\"x\"],\"anys\":[1]}}\n",
            "{\"type\":\"edge\",\"from\":\"x\",\"to\":\"z\",\"labels\":[\"ROAD\"],\"properties\":{\"any\":[]}}\n",
        ),
        JSON_QUERY,
        JSON_ANSWER,
    ),
];

#[test]
fn all_syntax_of_the_formats_is_accepted() {
    let sdl = "type Place { name: String! at: DateTime any: JSON anys: [JSON!]! text: Text partOf: Place @relation(inverse: \"parts\") roads: [Place!]! @relation(name: \"ROAD\", edge: \"Road\") } type Road @edge { any: JSON anys: [JSON!]! }";
    for (name, data, query, expected) in ACCEPTED {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "schema/a.graphql", sdl);
        write(folder.path(), &format!("data/{name}"), data);
        let answer = run(folder.path(), &["query", "-e", query]);
        let (answer, said) = (text(&answer.stdout), text(&answer.stderr));
        assert_eq!(
            answer.trim_end(),
            format!("{{\"data\":{expected}}}"),
            "{data}\n{said}"
        );
    }
}

/// The code blocks of a page, each with its language.
fn blocks(page: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let page = std::fs::read_to_string(path).unwrap();
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut is_open = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(language) if !is_open => blocks.push((language.to_owned(), String::new())),
            Some(_) => {}
            None if is_open => {
                let (_, text) = blocks.last_mut().unwrap();
                text.extend([line, "\n"]);
            }
            None => continue,
        }
        is_open ^= line.starts_with("```");
    }
    blocks
}

#[test]
fn every_schema_in_the_documentation_can_be_served() {
    let blocks = blocks("schema.md");
    assert!(blocks.len() >= 2, "{blocks:?}");
    for (language, sdl) in blocks {
        assert_eq!(language, "graphql", "{sdl}");
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "schema/a.graphql", &sdl);
        if sdl.starts_with("extend schema") {
            write(folder.path(), "schema/b.graphql", "type Book { title: String }");
        }
        write(folder.path(), "data/a.yaml", "");
        let (code, said) = check(folder.path(), &[]);
        assert_eq!(code, 0, "{sdl}{said}");
    }
}

#[test]
fn all_data_in_the_documentation_is_one_graph() {
    let folder = tempfile::tempdir().unwrap();
    let schemas = blocks("schema.md");
    write(folder.path(), "schema/a.graphql", &schemas[0].1);
    for (no, (_, sdl)) in schemas.iter().enumerate() {
        if sdl.starts_with("extend schema") {
            write(folder.path(), &format!("schema/{no}.graphql"), sdl);
        }
    }
    let blocks = blocks("data.md");
    assert!(blocks.len() >= 5, "{blocks:?}");
    for (no, (language, data)) in blocks.iter().enumerate() {
        let ending = match language.as_str() {
            "yaml" => "yaml",
            "json" => "jsonl",
            other => panic!("there is no data in {other}"),
        };
        write(folder.path(), &format!("data/{no}.{ending}"), data);
    }
    let (code, said) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("Warning"), "{said}");
    // The page shows this for its examples.
    for (query, expected) in [
        (
            "{ writer(id: \"woolf\") { books { nodes { title } } } }",
            "{\"writer\":{\"books\":{\"nodes\":[{\"title\":\"Orlando\"},{\"title\":\"The Waves\"}]}}}",
        ),
        (
            "{ writer(id: \"joyce\") { born } graph { title } }",
            "{\"writer\":{\"born\":\"1882-02-02\"},\"graph\":{\"title\":\"My graph\"}}",
        ),
    ] {
        let answer = run(folder.path(), &["query", "-e", query]);
        assert_eq!(
            text(&answer.stdout).trim_end(),
            format!("{{\"data\":{expected}}}")
        );
    }
}

/// A folder with the folders `schema` and `data`, which have one place.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "schema/a.graphql", "type Place { name: String! }");
    write(folder.path(), "data/a.yaml", "Place:\n  x: {name: X}\n");
    folder
}

/// The output of `clew check`, and its exit code.
fn check(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let checked = run(folder, &[&["check"], arguments].concat());
    let said = text(&checked.stderr) + &text(&checked.stdout);
    (checked.status.code().unwrap(), said)
}

fn refused(folder: &Path, arguments: &[&str], messages: &[&str]) {
    let (code, said) = check(folder, arguments);
    assert_eq!(code, 1, "{said}");
    for message in messages {
        assert!(said.contains(message), "{message} is not in {said}");
    }
}

#[test]
fn a_folder_without_data_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "schema/a.graphql", "type Place { name: String! }");
    std::fs::create_dir(folder.path().join("data")).unwrap();
    write(folder.path(), "data/README.md", "# No data yet");
    let (code, said) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{said}");
    let warning = "[W0306] Warning: there is no data file in \"data\"";
    assert!(said.contains(warning) && said.contains("1 warning\n"), "{said}");
}

#[test]
fn the_graph_is_described_once() {
    let folder = place();
    write(
        folder.path(),
        "data/b.yaml",
        "graph: {title: Places, url: \"https://example.org/\"}\n",
    );
    let again = "graph:\n  licence: CC-BY-4.0\n  title: Towns\n---\ngraph: {licence: CC0-1.0}\n";
    write(folder.path(), "data/c.yaml", again);
    let several = |key: &str| format!("[E0222] Error: \"{key}\" of the graph has one value");
    let (title, licence) = (several("title"), several("licence"));
    let places = ["data/c.yaml:3:3", "data/b.yaml:1:9", "data/c.yaml:5:9"];
    refused(
        folder.path(),
        &[],
        &[&[title.as_str(), &licence, "2 errors"][..], &places].concat(),
    );
}

/// A folder whose graph has one valid and several invalid examples, and a manifest of documents.
fn asked() -> tempfile::TempDir {
    let folder = place();
    let examples = r#"graph:
  examples:
    - {title: All, query: "{ places { nodes { name } } }"}
    - title: Misspelled
      query: |
        query Names {
          places { nodes { nmae } }
        }
    - {title: In a line, query: "{ place(id: \"x\") { nam } }"}
    - title: Broken
      query: "{ places"
"#;
    write(folder.path(), "data/b.yaml", examples);
    let documents = serde_json::json!({
        "all": "query All { places { nodes { id } } } query One { place(id: \"x\") { id } }",
        "old": "query Old {\n  places { nodes { title } }\n}",
        "empty": "",
    });
    write(folder.path(), "documents.json", &documents.to_string());
    folder
}

const MISFITS: [&str; 6] = [
    "the example \"Misspelled\" is not a query of this graph: type \"Place\" does not have a field \"nmae\": did you mean \"name\"",
    "data/b.yaml:7:28",
    "the example \"In a line\" is not a query of this graph",
    "the example \"Broken\" is not a query of this graph",
    "the document \"old\" is not an operation of this graph: type \"Place\" does not have a field \"title\"",
    "the document \"empty\" is not an operation of this graph",
];

#[test]
fn examples_and_documents_that_are_no_queries_of_the_graph_are_warnings() {
    let folder = asked();
    let (code, said) = check(folder.path(), &["--documents", "documents.json"]);
    assert_eq!(code, 0, "{said}");
    for message in MISFITS.iter().chain(&["document \"old\":2:20"]) {
        assert!(said.contains(message), "{message} is not in {said}");
    }
    assert!(!said.contains("\"All\"") && !said.contains("\"all\""), "{said}");
    let (code, said) = check(folder.path(), &["--documents", "nowhere.json"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("cannot read the documents \"nowhere.json\""),
        "{said}"
    );
    let compiled = run(folder.path(), &["compile", "--out", "graph.clew"]);
    assert!(text(&compiled.stderr).contains(MISFITS[0]));
    let (code, said) = check(folder.path(), &["--graph", "graph.clew"]);
    assert_eq!(code, 0, "{said}");
    for message in [MISFITS[0], "example \"Misspelled\":2:20"] {
        assert!(said.contains(message), "{message} is not in {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_server_warns_of_examples_and_documents_too() {
    let folder = asked();
    let server = common::Server::of(folder.path(), &["--documents", "documents.json"]);
    for message in MISFITS {
        server.log.line(message);
    }
    // Whether an example is valid depends on the schema.
    common::replace(
        folder.path(),
        "schema/a.graphql",
        "type Place { name: String! title: String }",
    );
    server.signal(rustix::process::Signal::HUP);
    server.log.line("reloaded: ");
    let said = server.log.all().join("\n");
    assert_eq!(said.matches("the document \"old\"").count(), 1, "{said}");
    assert_eq!(said.matches("the document \"empty\"").count(), 2, "{said}");
}

#[test]
fn hidden_and_empty_files_are_ignored() {
    let folder = place();
    write(folder.path(), "schema/.#a.graphql", "type Broken {");
    write(folder.path(), "schema/.git/b.graphql", "type Broken {");
    write(folder.path(), "data/.a.yaml.swp", "Place: [");
    write(folder.path(), "data/.hidden/b.yaml", "Place: [");
    write(folder.path(), "data/empty.yaml", "");
    write(folder.path(), "data/comment.yaml", "# Nothing yet.\n");
    write(folder.path(), "data/empty.jsonl", "\n\n");
    let (code, said) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 entities, "), "{said}");
}

#[cfg(unix)]
#[test]
fn links_that_make_a_cycle_are_reported() {
    use std::os::unix::fs::symlink;
    for tree in ["data", "schema"] {
        let folder = place();
        std::fs::create_dir(folder.path().join(tree).join("deep")).unwrap();
        for name in ["one", "two"] {
            symlink("..", folder.path().join(tree).join("deep").join(name)).unwrap();
        }
        let first = format!("\"{tree}/deep/one\" is the same folder as \"{tree}\"");
        let second = format!("\"{tree}/deep/two\" is the same folder as \"{tree}\"");
        refused(folder.path(), &[], &[&first, &second, "2 errors"]);
    }
    let folder = place();
    symlink("loop.yaml", folder.path().join("data/loop.yaml")).unwrap();
    refused(folder.path(), &[], &["cannot read \"data/loop.yaml\": "]);
}

#[test]
fn a_named_file_of_another_kind_is_an_error() {
    let folder = place();
    write(folder.path(), "facts.json", "{}");
    refused(
        folder.path(),
        &["--data", "facts.json"],
        &["\"facts.json\" is neither YAML nor JSON Lines"],
    );
    write(folder.path(), "data/facts.json", "{}");
    let (code, said) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("W0304"), "{said}");
    refused(
        folder.path(),
        &["--data", "nowhere"],
        &["cannot read the data folder \"nowhere\""],
    );
}

#[test]
fn files_in_the_schema_folder_that_are_not_read_are_named() {
    let folder = place();
    for name in ["more.gql", "more.graphql.txt", "README.md", ".hidden"] {
        write(
            folder.path(),
            &format!("schema/{name}"),
            "type Other { name: String! }",
        );
    }
    let (code, said) = check(folder.path(), &[]);
    assert_eq!(code, 0, "{said}");
    for name in ["more.gql", "more.graphql.txt"] {
        let line = format!("[W0304] Warning: \"schema/{name}\" is not named like a schema file");
        assert!(said.contains(&line), "{said}");
    }
    assert_eq!(said.matches("W0304").count(), 2, "{said}");
    write(folder.path(), "data/wrong.yaml", "Other:\n  a: {name: A}\n");
    refused(
        folder.path(),
        &[],
        &["\"schema/more.gql\" is not named like a schema file", "E0208"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_name_is_not_utf8_is_reported() {
    use std::os::unix::ffi::OsStrExt;
    let folder = place();
    let name = std::ffi::OsStr::from_bytes(b"\xff.yaml");
    std::fs::write(folder.path().join("data").join(name), "Place: {}\n").unwrap();
    refused(folder.path(), &[], &["has a name that is not UTF-8"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = place();
    let closed = folder.path().join("data/closed");
    std::fs::create_dir(&closed).unwrap();
    let permit = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    permit(folder.path(), 0o755);
    permit(&closed, 0o000);
    let mut check = common::clew(folder.path(), &["check"]);
    if rustix::process::geteuid().is_root() {
        // The superuser may read every folder.
        check.uid(65534);
    }
    let checked = check.output();
    permit(&closed, 0o755);
    let checked = match checked {
        Ok(checked) => checked,
        // Only the superuser may read the folder of the binary.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return,
        Err(error) => panic!("{error}"),
    };
    let said = text(&checked.stderr);
    assert_eq!(checked.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot read the folder \"data/closed\": "),
        "{said}"
    );
    assert!(said.ends_with("1 error\n"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_schema_is_reported_and_not_read() {
    let folder = place();
    let pipe = folder.path().join("schema/b.graphql");
    let made = std::process::Command::new("mkfifo").arg(pipe).status().unwrap();
    assert!(made.success());
    refused(
        folder.path(),
        &[],
        &["\"schema/b.graphql\" is not a regular file"],
    );
}

#[test]
fn a_yaml_file_has_at_most_2_gib() {
    let folder = place();
    let file = std::fs::File::create(folder.path().join("data/large.yaml")).unwrap();
    // The sparse file takes no space on disk.
    file.set_len((2 << 30) + 1).unwrap();
    refused(
        folder.path(),
        &[],
        &[
            "cannot read \"data/large.yaml\": a YAML file is at most 2 GiB long; split it, or write it as JSON Lines",
        ],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn many_small_files_take_little_memory_whatever_the_schema() {
    use std::fmt::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let mut sdl = "type Place { name: String! }".to_owned();
    for no in 0..200 {
        write!(
            sdl,
            " type T{no} {{ name: String a: Int b: Date c: Float to: Place @relation(name: \"R{no}\") }}"
        )
        .unwrap();
    }
    write(folder.path(), "schema/a.graphql", &sdl);
    for no in 0..2_000 {
        let file = format!("data/{no}.yaml");
        write(folder.path(), &file, &format!("Place:\n  p{no}: {{name: P}}\n"));
    }
    // A column for each property in each part would take over 500 MB.
    let (code, said) = check(folder.path(), &["--max-memory-total", "300000000"]);
    assert_eq!(code, 0, "{said}");
}

/// Checks data with at most 60 seconds of CPU time, which is more than ten times the expected time.
#[cfg(unix)]
fn check_soon(data: &str, ending: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let sdl = "type Place { name: String! text: Text shape: JSON near: [Place!]! @relation(name: \"NEAR\") }";
    write(folder.path(), "schema/a.graphql", sdl);
    write(folder.path(), &format!("data/a.{ending}"), data);
    let checked = std::process::Command::new("sh")
        .args([
            "-c",
            "ulimit -t 60; exec \"$0\" check",
            env!("CARGO_BIN_EXE_clew"),
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let code = checked.status.code();
    let code = code.unwrap_or_else(|| panic!("the check takes too long: {}", checked.status));
    (code, text(&checked.stderr) + &text(&checked.stdout))
}

/// Text for each number of a range.
#[cfg(unix)]
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[cfg(unix)]
#[test]
fn keys_aliases_and_languages_take_linear_time() {
    let node = |id: usize, properties: &str| {
        format!(
            "{{\"type\":\"node\",\"id\":\"p{id}\",\"labels\":[\"Place\"],\"properties\":{{\"name\":\"P\",{properties}}}}}\n"
        )
    };
    let keys = |separator: &str| lines(80_000, |no| format!("\"k{no}\":1{separator}"));
    let data = [
        (
            "yaml",
            format!(
                "Place:\n{}",
                lines(80_000, |no| format!("  p{no}: {{name: P}}\n"))
            ),
        ),
        (
            "yaml",
            format!(
                "Place:\n  p: {{name: P, shape: [&a {{x: [1, 2]}}{}]}}\n",
                ", *a".repeat(50_000)
            ),
        ),
        ("jsonl", node(0, &format!("\"shape\":{{{}\"k\":1}}", keys(",")))),
        (
            "jsonl",
            lines(30_000, |no| node(no, &format!("\"text\":{{\"x-{no}\":\"T\"}}"))),
        ),
        (
            "jsonl",
            node(
                0,
                &format!(
                    "\"text\":{{{}\"en\":\"T\"}}",
                    lines(30_000, |no| format!("\"x-{no}\":\"T\","))
                ),
            ),
        ),
    ];
    for (ending, data) in data {
        let (code, said) = check_soon(&data, ending);
        assert_eq!(code, 0, "{said}");
    }
}

#[cfg(unix)]
#[test]
fn mistakes_take_linear_time() {
    let types = lines(100_000, |no| format!("T{no}: {{}}\n"));
    let (code, said) = check_soon(&types, "yaml");
    assert_eq!(code, 1, "{said}");
    let labels = lines(100_000, |no| {
        format!("{{\"type\":\"edge\",\"from\":\"a\",\"to\":\"b\",\"labels\":[\"R{no}\"]}}\n")
    });
    let (code, said) = check_soon(&labels, "jsonl");
    assert_eq!(code, 1, "{said}");
    let ids = lines(20_000, |no| format!("  p{no}: {{name: P, near: q{no}}}\n"));
    let (code, said) = check_soon(&format!("Place:\n{ids}"), "yaml");
    assert_eq!(code, 1, "{said}");
    assert!(said.ends_with("1001 errors\n"), "{}", &said[said.len() - 100..]);
}

#[test]
fn points_in_time_have_the_form_of_xml_schema_in_rdf() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "schema/a.graphql",
        "type Place { name: String! at: [DateTime!]! }",
    );
    let data = "Place:\n  x: {name: X, at: [1996-08-27t10:00:00z, 1996-08-27T10:00:00+20:00]}\n";
    write(folder.path(), "data/a.yaml", data);
    let arguments = ["query", "--as", "ntriples", "-e", "{ place(id: \"x\") { at } }"];
    let said = text(&run(folder.path(), &arguments).stdout);
    for expected in ["1996-08-27T10:00:00Z", "1996-08-26T14:00:00Z"] {
        let literal = format!("\"{expected}\"^^<http://www.w3.org/2001/XMLSchema#dateTime>");
        assert!(said.contains(&literal), "{literal} is not in {said}");
    }
}

#[cfg(unix)]
#[test]
fn reports_hold_no_commands_for_a_terminal() {
    let folder = common::graph("type Place { name: String }", "");
    let folder = folder.path();
    let forged = "\u{1b}[31m\nWARN forged\u{9b}1m\u{202e}";
    write(folder, &format!("data/{forged}.yaml"), "Thing:\n  x: {}\n");
    write(
        folder,
        "data/a.yaml",
        &format!("Place:\n  x: {{ {:?}: 1 }}\n", "na\u{1b}[31m\nWARN forged"),
    );
    write(
        folder,
        "data/b.jsonl",
        &serde_json::json!({"type": "node", "id": "y", "labels": [forged], "properties": {}}).to_string(),
    );
    write(
        folder,
        "schema/t.graphql",
        "type Other @other\u{202e}(of: \"\u{1b}[31m\") { name: String }",
    );
    let check = run(folder, &["check"]);
    let said = text(&check.stderr);
    assert_eq!(check.status.code(), Some(1), "{said}");
    std::fs::remove_file(folder.join("schema/t.graphql")).unwrap();
    let said = said + &text(&run(folder, &["check"]).stderr);
    let is_command = |it: char| it.is_control() && it != '\n' || ('\u{202a}'..='\u{202e}').contains(&it);
    assert!(!said.contains(is_command), "{said:?}");
    assert!(said.lines().all(|it| !it.starts_with("WARN")), "{said}");
    assert!(said.contains("\\u{1b}[31m\\nWARN forged"), "{said}");
}
