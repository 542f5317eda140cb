//! Compiling, mapping and loading graphs with the real binary: the written files, and errors of writing and loading.

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Server, clew, run, text, write};
use rustix::process::Signal;

mod common;

/// A folder with the folders `schema` and `data`, which have a few places.
fn places() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "schema/a.graphql", "type Place { name: String! }");
    write(folder.path(), "data/a.yaml", "Place:\n  x: {name: X0}\n");
    folder
}

/// Files of a graph with everything that a graph can have: subfolders, several formats, citations, languages, edges.
const FILES: [(&str, &str); 6] = [
    (
        "schema/things.graphql",
        "interface Named { name: Text! @search } type Place implements Named { name: Text! code: String @unique partOf: Place @relation(inverse: \"parts\", transitive: true) }",
    ),
    (
        "schema/nested/people.graphql",
        "type Person implements Named { name: Text! born: Date home: Place @relation(edge: \"Stay\") tags: [String!]! } type Stay @edge { since: Date }",
    ),
    (
        "schema/nested/extension.graphqls",
        "extend type Source { shelf: Int }",
    ),
    (
        "data/places.yaml",
        "source: book\nSource:\n  book: {title: The Book, shelf: 3}\nPlace:\n  rome: {name: {en: Rome, it: Roma}, code: R, cite: page 3}\n  italy: {name: Italy, code: I}\n",
    ),
    (
        "data/deep/people.jsonl",
        concat!(
            "{\"type\":\"node\",\"id\":\"ann\",\"labels\":[\"Person\"],\"properties\":{\"name\":[\"Ann\"],\"tags\":[\"b\",\"a\"],\"born\":[\"1901\"]}}\n",
            "{\"type\":\"edge\",\"from\":\"ann\",\"to\":\"rome\",\"labels\":[\"HOME\"],\"properties\":{\"since\":[\"1920\"]}}\n",
        ),
    ),
    (
        "data/deep/more.yaml",
        "Place:\n  paris: {name: Paris}\nPerson:\n  ben: {name: Ben, home: {to: paris, since: 1930}, tags: [c]}\n",
    ),
];

#[test]
fn the_same_schema_and_data_give_the_same_bytes_in_any_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let long = "a-folder-with-a-long-name-that-goes-on/and-a-second-one-below-it/";
    let short = temporary.path().join("x");
    let long = temporary.path().join(long.repeat(3));
    std::fs::create_dir_all(&short).unwrap();
    std::fs::create_dir_all(&long).unwrap();
    for (name, content) in FILES {
        write(&short, name, content);
    }
    for (name, content) in FILES.iter().rev() {
        write(&long, name, content);
    }
    let compile = |folder: &Path, schema: &str, data: &str, environment: &[(&str, &str)]| {
        let arguments = [
            "compile",
            "--out",
            "graph.clew",
            "--schema",
            schema,
            "--data",
            data,
        ];
        let mut command = clew(folder, &arguments);
        let compiled = command.envs(environment.iter().copied()).output().unwrap();
        assert!(compiled.status.success(), "{}", text(&compiled.stderr));
        std::fs::read(folder.join("graph.clew")).unwrap()
    };
    let bytes = compile(&short, "schema", "data", &[("RAYON_NUM_THREADS", "1")]);
    let (schema, data) = (long.join("schema"), long.join("./data"));
    let elsewhere = [
        ("RAYON_NUM_THREADS", "5"),
        ("TZ", "Pacific/Chatham"),
        ("LC_ALL", "tr_TR.UTF-8"),
    ];
    let again = compile(
        &long,
        schema.to_str().unwrap(),
        data.to_str().unwrap(),
        &elsewhere,
    );
    assert!(bytes == again, "{} and {} bytes", bytes.len(), again.len());
    let holds = |part: &str| bytes.windows(part.len()).any(|it| it == part.as_bytes());
    assert!(holds("type Stay @edge"), "the schema's text is in the file");
    for (name, _) in FILES {
        let name = Path::new(name).file_name().unwrap().to_str().unwrap();
        assert!(!holds(name), "the file holds the name {name}");
    }
    assert!(!holds(temporary.path().to_str().unwrap()));
    let asked = "{ person(id: \"ann\") { home { name(lang: [\"it\"]) } } }";
    let answer = run(&long, &["query", "--graph", "graph.clew", "-e", asked]);
    assert!(answer.status.success(), "{}", text(&answer.stderr));
    assert_eq!(
        text(&answer.stdout),
        "{\"data\":{\"person\":{\"home\":{\"name\":\"Roma\"}}}}\n"
    );
}

/// The content of a folder, except the two folders of the graph.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|it| it != "schema" && it != "data").collect();
    names.sort();
    names
}

#[cfg(unix)]
#[test]
fn a_graph_is_compiled_beside_its_target_and_renamed() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = places();
    let folder = folder.path();
    let compile = |out: &str| {
        let compiled = run(folder, &["compile", "--out", out]);
        assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    };
    compile("graph.clew");
    let first = std::fs::read(folder.join("graph.clew")).unwrap();
    std::fs::set_permissions(folder.join("graph.clew"), std::fs::Permissions::from_mode(0o640)).unwrap();
    // A process that has opened or mapped the old file still sees the old content.
    std::fs::hard_link(folder.join("graph.clew"), folder.join("before")).unwrap();
    write(folder, "data/a.yaml", "Place:\n  x: {name: Xanadu}\n");
    compile("graph.clew");
    assert_eq!(std::fs::read(folder.join("before")).unwrap(), first);
    assert_ne!(std::fs::read(folder.join("graph.clew")).unwrap(), first);
    let mode = std::fs::metadata(folder.join("graph.clew")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o640, "permissions are kept");
    // A link is followed, whether its target exists or not.
    std::fs::create_dir(folder.join("real")).unwrap();
    symlink("../before", folder.join("real/second")).unwrap();
    symlink("real/second", folder.join("link")).unwrap();
    symlink("real/new.clew", folder.join("dangling")).unwrap();
    compile("link");
    compile("dangling");
    for (link, file) in [
        ("link", "before"),
        ("real/second", "before"),
        ("dangling", "real/new.clew"),
    ] {
        assert!(std::fs::symlink_metadata(folder.join(link)).unwrap().is_symlink());
        let bytes = std::fs::read(folder.join(file)).unwrap();
        assert!(bytes == std::fs::read(folder.join("graph.clew")).unwrap());
    }
    assert_eq!(
        names(folder),
        ["before", "dangling", "graph.clew", "link", "real"]
    );
    assert_eq!(names(&folder.join("real")), ["new.clew", "second"]);
}

#[cfg(unix)]
#[test]
fn only_a_regular_file_is_written_or_served() {
    use std::os::unix::fs::symlink;
    let folder = places();
    let folder = folder.path();
    std::fs::create_dir(folder.join("folder")).unwrap();
    let made = Command::new("mkfifo").arg(folder.join("fifo")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    symlink("fifo", folder.join("link")).unwrap();
    symlink("loop", folder.join("loop")).unwrap();
    let before = names(folder);
    for (name, kind) in [
        ("folder", "a directory"),
        ("fifo", "a FIFO"),
        ("link", "a FIFO"),
        ("socket", "a socket"),
        ("/dev/null", "a device"),
    ] {
        let said = format!("\"{name}\": it is {kind}, not a regular file");
        let refused = run(folder, &["compile", "--out", name]);
        assert_eq!(refused.status.code(), Some(1), "{name}");
        assert!(text(&refused.stderr).contains(&said), "{}", text(&refused.stderr));
        let refused = run(folder, &["query", "--graph", name, "-e", "{ __typename }"]);
        assert_eq!(refused.status.code(), Some(1), "{name}");
        assert!(text(&refused.stderr).contains(&said), "{}", text(&refused.stderr));
    }
    for name in ["loop", "no/such/folder"] {
        let refused = run(folder, &["compile", "--out", name]);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(&format!("cannot write \"{name}\": ")), "{said}");
    }
    assert_eq!(names(folder), before);
}

#[cfg(target_os = "linux")]
#[test]
#[cfg(unix)]
fn a_pipe_among_the_data_is_reported_and_not_read() {
    let folder = places();
    let made = Command::new("mkfifo")
        .arg(folder.path().join("data/b.yaml"))
        .status()
        .unwrap();
    assert!(made.success());
    let output = run(folder.path(), &["check"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("b.yaml\" is not a regular file"), "{said}");
}

#[test]
fn a_graph_file_that_shrinks_ends_the_server_with_one_line() {
    let folder = places();
    let folder = folder.path();
    let compiled = run(folder, &["compile", "--out", "graph.clew"]);
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    let mut server = Server::of(folder, &["graph.clew"]);
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(folder.join("graph.clew"))
        .unwrap();
    file.set_len(0).unwrap();
    let asked = common::agent()
        .post(server.url("/graphql"))
        .header("content-type", "application/json")
        .send(r#"{"query": "{ places { nodes { id name } } }"}"#);
    assert!(asked.is_err(), "there is nothing left to answer from");
    let status = server.ended();
    assert_eq!(status.code(), Some(74), "{status}");
    let said = server.log.to_end();
    let lines: Vec<&String> = said.iter().filter(|it| it.starts_with("clew: ")).collect();
    assert_eq!(lines.len(), 1, "{said:?}");
    assert!(lines[0].contains("the graph file was truncated"), "{said:?}");
}

/// A folder with a graph of 300,000 entities, which takes far over 60 MB to load.
#[cfg(target_os = "linux")]
fn many_people() -> tempfile::TempDir {
    use std::fmt::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let sdl = "type Person { name: String! about: String next: [Person!]! @relation(name: \"NEXT\") }";
    write(folder.path(), "schema/a.graphql", sdl);
    let mut lines = String::new();
    for no in 0..300_000 {
        let to = (no * 7 + 1) % 300_000;
        writeln!(lines, "{{\"type\":\"node\",\"id\":\"p{no}\",\"labels\":[\"Person\"],\"properties\":{{\"name\":[\"Person {no}\"],\"about\":[\"A text about person {no} that takes some room in memory\"]}}}}").unwrap();
        writeln!(
            lines,
            "{{\"type\":\"edge\",\"from\":\"p{no}\",\"to\":\"p{to}\",\"labels\":[\"NEXT\"]}}"
        )
        .unwrap();
    }
    write(folder.path(), "data/a.jsonl", &lines);
    folder
}

#[cfg(target_os = "linux")]
#[test]
fn a_load_that_takes_too_much_memory_is_abandoned_with_a_report() {
    let folder = many_people();
    let folder = folder.path();
    for command in [&["check"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let abandoned = run(folder, &[command, &["--max-memory-total", "60000000"]].concat());
        let said = text(&abandoned.stderr);
        assert_eq!(abandoned.status.code(), Some(1), "{said}");
        assert!(
            said.contains("[E0232] Error: the graph takes more memory"),
            "{said}"
        );
        assert!(said.contains("may hold 60.0 MB (--max-memory-total)"), "{said}");
        assert!(said.ends_with("1 error\n"), "nothing else is reported: {said}");
    }
    let none = run(folder, &["check", "--max-memory-total", "1"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("nothing can be loaded: the process holds"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_small_address_space_is_a_clear_failure() {
    let folder = many_people();
    for (megabytes, fits) in [(80, false), (100, false), (150, true), (200, true), (300, true)] {
        let limited = format!("ulimit -v {}; exec \"$0\" check", megabytes * 1000);
        let checked = Command::new("sh")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_clew")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = text(&checked.stderr);
        if fits && checked.status.success() {
            continue;
        }
        assert_eq!(checked.status.code(), Some(1), "{megabytes} MB: {said}");
        let lines = said.lines().filter(|it| {
            ["clew: ", "[E0232] Error: "]
                .iter()
                .any(|start| it.starts_with(start))
        });
        assert_eq!(lines.count(), 1, "{megabytes} MB: {said}");
        assert!(!said.contains("panicked"), "{megabytes} MB: {said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_reload_that_takes_too_much_memory_keeps_the_graph() {
    let (folder, many) = (places(), many_people());
    let server = Server::of(folder.path(), &["--max-memory-total", "85000000"]);
    let (schema, data) = ("schema/a.graphql", "data/a.jsonl");
    for name in [schema, data] {
        std::fs::copy(many.path().join(name), folder.path().join(name)).unwrap();
    }
    std::fs::remove_file(folder.path().join("data/a.yaml")).unwrap();
    server.signal(Signal::HUP);
    server.log.line("[E0232]");
    let body = server
        .post(r#"{"query": "{ place(id: \"x\") { name } }"}"#, &[])
        .body;
    assert_eq!(body, r#"{"data":{"place":{"name":"X0"}}}"#);
}

/// A schema of many types with references to each other.
#[cfg(target_os = "linux")]
fn many_types(count: usize) -> String {
    let types = (0..count).map(|no| {
        let to = (no * 7 + 1) % count;
        format!(
            "type T{no} {{ name: String! about: Text born: Date one: T{to} @relation(name: \"ONE_{no}\", inverse: \"ones{no}\") many: [T{to}!]! @relation(name: \"MANY_{no}\") }}\n"
        )
    });
    types.collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_schema_that_takes_too_much_memory_is_abandoned_with_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "data/a.yaml", "");
    let wrong = |at: usize| format!("type W{at} {{ {} }}", "name: Strng ".repeat(20));
    let cases = [
        // In the parser: a text that is long compared with its definitions.
        (
            50_usize,
            "schema",
            format!("type T {{ name: String }}\n{}", "# A comment.\n".repeat(200_000)),
        ),
        // While errors are reported.
        (80, "schema", (0..20_000).map(wrong).collect()),
        // While relations are resolved: each type has an element for each of them.
        (100, "schema", many_types(2_500)),
        // While the API's schema is generated.
        (100, "API's schema", many_types(600)),
    ];
    for (megabytes, what, sdl) in cases {
        write(folder, "schema/a.graphql", &sdl);
        let limit = (megabytes * 1_000_000).to_string();
        for command in ["schema", "compile"] {
            let mut arguments = vec![command, "--max-memory-total", &limit];
            if command == "compile" {
                arguments.extend(["--out", "graph.clew"]);
            }
            let abandoned = run(folder, &arguments);
            let said = text(&abandoned.stderr);
            assert_eq!(abandoned.status.code(), Some(1), "{said}");
            assert!(
                said.contains(&format!(
                    "[E0232] Error: the {what} takes more memory than it may"
                )),
                "{said}"
            );
            assert!(
                said.contains(&format!("may hold {megabytes}.0 MB (--max-memory-total)")),
                "{said}"
            );
            assert!(said.ends_with("1 error\n"), "nothing else is reported: {said}");
            assert!(!folder.join("graph.clew").exists());
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_schema_that_takes_too_much_memory_is_not_reloaded() {
    let folder = places();
    let server = Server::of(folder.path(), &["--max-memory-total", "120000000"]);
    write(folder.path(), "schema/b.graphql", &many_types(800));
    let ((), growth) = server.growth(|| {
        server.signal(Signal::HUP);
        server
            .log
            .line("[E0232] Error: the API's schema takes more memory");
        server.log.line("not reloaded");
    });
    assert!(growth < 120_000_000, "{growth}");
    let body = server
        .post(r#"{"query": "{ place(id: \"x\") { name } }"}"#, &[])
        .body;
    assert_eq!(body, r#"{"data":{"place":{"name":"X0"}}}"#);
}

#[test]
fn the_exit_code_of_a_lost_file_is_in_the_help() {
    let help = text(&run(&PathBuf::from("."), &["--help"]).stdout);
    assert!(
        help.contains(&format!("  {}  ", clew::graph::FILE_LOST)),
        "{help}"
    );
}

#[test]
fn a_schema_file_that_is_too_long_is_not_read() {
    let folder = places();
    let file = std::fs::File::create(folder.path().join("schema/z.graphql")).unwrap();
    // A sparse file takes no space on disk.
    file.set_len(16 << 30).unwrap();
    let check = run(folder.path(), &["check"]);
    let said = text(&check.stderr);
    assert_eq!(check.status.code(), Some(1), "{said}");
    assert!(said.contains("have more than 67108864 bytes"), "{said}");
}
