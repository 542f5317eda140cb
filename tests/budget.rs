//! Limits of a request over HTTP: each kind of field and each format fails at the limit that it exceeds. No request
//! uses more memory than `docs/operations.md` states.

use std::fmt::Write as _;

use common::{Server, root, write};
use serde_json::{Value, json};

mod common;

/// A server of the small library of the queries' tests.
fn library(arguments: &[&str]) -> Server {
    Server::of(&root().join("tests/queries/graph"), arguments)
}

fn post(server: &Server, query: &str, accept: &str) -> String {
    let body = json!({ "query": query }).to_string();
    server.post(&body, &[("accept", accept)]).body
}

/// The code of the first error, if there is one.
fn code(server: &Server, query: &str, accept: &str) -> String {
    let body = post(server, query, accept);
    let json: Value = serde_json::from_str(&body).unwrap_or_default();
    let code = json["errors"][0]["extensions"]["code"].as_str();
    code.unwrap_or_default().to_owned()
}

const JSON: &str = "application/json";

const FORMS: [&str; 7] = [
    "text/turtle",
    "application/n-triples",
    "application/ld+json",
    "application/graphml+xml",
    "text/vnd.graphviz",
    "image/svg+xml",
    "text/csv",
];

/// A query for each kind of field. Its answer on the small library takes more than 300 bytes.
const LONG: [&str; 34] = [
    "{ nodes(ids: [\"readers\", \"tides\", \"a\", \"b\", \"readers\", \"tides\"]) { id label __typename degree } }",
    "{ entities(first: 30) { nodes { id } } }",
    "{ entities(first: 30) { edges { cursor } } }",
    "{ entities(first: 30, orderBy: [{ label: DESC }]) { nodes { label } } }",
    "{ entities(first: 30, filter: { label: { ne: \"x\" } }) { nodes { description } } }",
    "{ node(id: \"readers\") { links(first: 30) { nodes { to { id label degree __typename } } } } }",
    "{ node(id: \"readers\") { links(first: 30) { edges { node { edge statement { rank } } } } } }",
    "{ node(id: \"readers\") { statements(first: 30) { nodes { field } } } }",
    "{ node(id: \"readers\") { statements(first: 30) { nodes { citations { locator } } } } }",
    "{ node(id: \"readers\") { links(first: 30) { edges { cursor } } } }",
    "{ node(id: \"readers\") { follow(path: \"partners|^branchOf|prizes|books\") { nodes { id label __typename } } } }",
    "{ entities { aggregate { groupBy(by: [{entityType: {}}], first: 100) { key count label: key again: key } } } }",
    "{ entities { aggregate { groupBy(by: [{entityType: {}}], first: 100) { keys { field value } count } } } }",
    "{ search(query: \"children\") { edges { highlights { field fragments } } } }",
    "{ search(query: \"child*\", first: 50) { nodes { id label __typename degree } } }",
    "{ path(from: \"readers\", to: \"westmark\") { steps { relation from { id label } to { id label } edge field forward } nodes { id label } } }",
    "{ paths(from: \"readers\", to: \"westmark\", maxHops: 6, first: 20) { nodes { length cost } } }",
    "{ neighborhood(of: [\"tides\"], hops: 2) { nodes { id } } }",
    "{ neighborhood(of: [\"tides\"], hops: 2) { links { relation } } }",
    "{ components(via: [PARTNERED_WITH], first: 50) { size } }",
    "{ components(first: 1) { nodes(first: 50) { nodes { id } } } }",
    "{ ranking(by: PAGE_RANK, first: 50) { score } }",
    "{ similar(to: \"tides\", first: 50) { score entity { id label __typename } } }",
    "{ timeline(first: 50) { nodes { date } } }",
    "{ conflicts { nodes { entity { id label } field statements { value rank citations { locator note } } } } }",
    "{ graph { types { name count } } }",
    "{ graph { relations { name from to } } }",
    "{ graph { types { name interfaces properties { name type count } } relations { cardinality edgeType properties { name count } } } }",
    "{ graph { a: description b: description c: description d: description e: description f: description examples { query } } }",
    "query @cite { entities(first: 5) { nodes { id label description } } }",
    "query @explain { a: entities(first: 1) { nodes { id } } b: entities(first: 1) { nodes { id } } c: entities(first: 1) { nodes { id } } }",
    "{ a: path(from: \"none\", to: \"none\") { length } b: path(from: \"none\", to: \"none\") { length } c: path(from: \"none\", to: \"none\") { length } }",
    "{ entities(first: 5) { nodes { a: label b: label c: label d: label } } }",
    "{ __type(name: \"Source\") { fields { name } } }",
];

#[test]
fn every_kind_of_field_ends_at_the_limit_of_bytes() {
    let server = library(&["--max-bytes", "300"]);
    let mut wrong = Vec::new();
    for query in LONG {
        let code = code(&server, query, JSON);
        if code != "BYTE_LIMIT" {
            wrong.push((code, query));
        }
    }
    assert_eq!(wrong, []);
    let short = post(&server, "{ node(id: \"quill\") { label } }", JSON);
    assert_eq!(short, r#"{"data":{"node":{"label":"Quill"}}}"#);
}

#[test]
fn every_form_ends_at_the_limit_of_bytes() {
    let query = "{ entities(first: 3) { nodes { id } } }";
    let server = library(&["--max-bytes", "130"]);
    assert_eq!(code(&server, query, JSON), "");
    for form in FORMS {
        let expected = if form == "text/csv" { "" } else { "BYTE_LIMIT" };
        let body = post(&server, query, form);
        assert_eq!(code(&server, query, form), expected, "{form}: {body}");
    }
    // A table and the JSON answer that it is made from count together.
    let longer = "{ entities(first: 5) { nodes { id } } }";
    assert_eq!(code(&server, longer, JSON), "");
    assert_eq!(code(&server, longer, "text/csv"), "BYTE_LIMIT");
}

/// A random graph of items and their relations, from a fixed seed.
fn items(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sdl = "type Item { name: String size: Int share: Float price: Decimal since: Date tags: [String!]!\n\
        next: [Item!]! @relation(name: \"NEXT\", inverse: \"previous\", transitive: true) }";
    write(folder.path(), "schema/a.graphql", sdl);
    let mut lines = String::new();
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    for no in 0..count {
        let properties = json!({
            "name": [format!("item {no} of {count} in a name that is about as long as names of things are")],
            "size": [no % 100],
            "share": [no as f64 / 7.0],
            "price": [format!("{no}.50")],
            "since": [format!("{:04}-{:02}", 1000 + no % 1000, 1 + no % 12)],
            "tags": ["a", format!("tag {}", no % 10)],
        });
        let node =
            json!({"type": "node", "id": format!("i{no}"), "labels": ["Item"], "properties": properties});
        writeln!(lines, "{node}").unwrap();
    }
    for no in 0..count {
        let mut targets = vec![(no + 1) % count, random(count), random(count)];
        targets.sort_unstable();
        targets.dedup();
        for target in targets {
            let edge = json!({"type": "edge", "from": format!("i{no}"), "to": format!("i{target}"), "labels": ["NEXT"]});
            writeln!(lines, "{edge}").unwrap();
        }
    }
    write(folder.path(), "data/a.jsonl", &lines);
    folder
}

#[test]
fn a_drawing_whose_edges_cross_many_layers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sdl = "type Item { name: String next: [Item!]! @relation(name: \"NEXT\", inverse: \"previous\") }";
    write(folder.path(), "schema/a.graphql", sdl);
    let mut lines = String::new();
    let id = |no: usize| format!("i{no:03}");
    for no in 0..200 {
        let node = json!({"type": "node", "id": id(no), "labels": ["Item"], "properties": {}});
        writeln!(lines, "{node}").unwrap();
    }
    // A chain of items; the first one also has edges to all others.
    for no in 1..200 {
        for from in [0, no - 1].iter().take(if no == 1 { 1 } else { 2 }) {
            let edge = json!({"type": "edge", "from": id(*from), "to": id(no), "labels": ["NEXT"]});
            writeln!(lines, "{edge}").unwrap();
        }
    }
    write(folder.path(), "data/a.jsonl", &lines);
    let server = Server::of(folder.path(), &[]);
    let drawn = |count: usize| {
        let of: Vec<String> = (0..count).map(id).collect();
        let query = format!("{{ neighborhood(of: {of:?}, hops: 0, first: 1000) {{ totalCount }} }}");
        post(&server, &query, "image/svg+xml")
    };
    assert!(drawn(30).starts_with("<svg "));
    let refused = drawn(200);
    assert!(refused.contains("would cross 19701 layers"), "{refused}");
}

/// Waits until the metrics of a server meet a condition.
fn until_metrics(server: &Server, wished: impl Fn(&dyn Fn(&str) -> f64) -> bool) {
    let line = server.log.line("metrics at http://");
    let url = line
        .split_whitespace()
        .find(|it| it.starts_with("http://"))
        .unwrap();
    let begun = std::time::Instant::now();
    loop {
        let answer = common::agent().get(url).call().unwrap();
        let text = answer.into_body().read_to_string().unwrap();
        let value = |name: &str| {
            let line = text
                .lines()
                .find_map(|it| it.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{name} is not in {text}"))
                .parse()
                .unwrap()
        };
        if wished(&value) {
            return;
        }
        assert!(begun.elapsed() < common::PATIENCE, "the metrics stay {text}");
        std::thread::yield_now();
    }
}

#[test]
fn an_answer_keeps_its_reservation_until_its_client_reads_it() {
    use std::io::Write as _;
    let folder = items(2_000);
    let server = Server::of(folder.path(), &["--metrics-listen", "127.0.0.1:0"]);
    let fields: String = (0..12).fold(String::new(), |mut all, no| {
        let _ = write!(all, " a{no}: items(first: 2000) {{ nodes {{ id name tags }} }}");
        all
    });
    let body = json!({ "query": format!("{{{fields} }}") }).to_string();
    let whole = server.post(&body, &[]).body.len() as f64;
    assert!(whole > 2e6, "{whole}");
    let mut unread = Vec::new();
    for _ in 0..4 {
        let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            server.address,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        unread.push(stream);
    }
    // All runs have ended, but no answer is completely sent, because the kernel's buffers are too small.
    until_metrics(&server, |value| {
        let reserved = value("clew_reserved_bytes");
        value("clew_runs_begun_total") >= 4.0
            && value("clew_runs") == 0.0
            && reserved > 0.0
            && reserved <= 4.0 * (whole + 8192.0)
    });
    drop(unread);
    until_metrics(&server, |value| value("clew_reserved_bytes") == 0.0);
}

/// A query for each kind of field that visits the whole graph of [`items`].
const WHOLE: [&str; 25] = [
    "{ items(first: 1, orderBy: [{ name: DESC }]) { nodes { id } } }",
    "{ items(first: 10000, orderBy: [{ price: DESC }, { since: ASC }]) { nodes { id } } }",
    "{ items(first: 1, filter: { name: { contains: \"7\" } }) { totalCount nodes { id } } }",
    "{ items(first: 1, filter: { size: { gte: 1 } }, orderBy: [{ share: DESC }]) { totalCount nodes { id } } }",
    "{ items { aggregate { name { distinct } price { distinct min max sum avg } since { distinct } tags { distinct } } } }",
    "{ items(filter: { size: { gte: 1 } }) { aggregate { groupBy(by: [{name: {}}], first: 5) { key count } } } }",
    "{ items { aggregate { groupBy(by: [{size: {}}, {tags: {}}], first: 5) { key count share { distinct } } } } }",
    "{ items { aggregate { groupBy(by: [{next: {}}], first: 5) { key count } } } }",
    "{ item(id: \"i0\") { next(depth: 1000, first: 1) { totalCount nodes { id } } } }",
    "{ item(id: \"i0\") { next(depth: 1000, first: 1, orderBy: [{ name: DESC }]) { totalCount nodes { id } } } }",
    "{ item(id: \"i0\") { follow(path: \"next*\", first: 1) { totalCount } } }",
    "{ item(id: \"i0\") { follow(path: \"(next|^next){40}\", first: 1) { totalCount } } }",
    "{ path(from: \"i0\", to: \"i77\") { length } }",
    "{ paths(from: \"i0\", to: \"i77\", maxHops: 30, first: 10000) { nodes { length } } }",
    "{ neighborhood(of: [\"i0\"], hops: 30, first: 10000) { totalCount links { relation } } }",
    "{ components(first: 1) { size nodes(first: 1, orderBy: [{ label: ASC }]) { nodes { id } } } }",
    "{ components(strong: true, first: 1) { size } }",
    "{ ranking(by: PAGE_RANK, first: 10000) { score } }",
    "{ ranking(by: DEGREE, first: 10000) { score } }",
    "{ ranking(by: BETWEENNESS, first: 1) { score } }",
    "{ ranking(by: CLOSENESS, first: 1) { score } }",
    "{ similar(to: \"i0\", first: 10000) { score } }",
    "{ timeline(first: 10000) { totalCount nodes { date } } }",
    "{ conflicts(first: 1) { totalCount } }",
    "query @cite @explain { items(first: 10000) { nodes { id name tags next(first: 10) { edges { node { name tags } } } } } }",
];

#[test]
fn fields_that_visit_the_whole_graph_end_at_the_limit_of_rows() {
    let folder = items(3000);
    let server = Server::of(folder.path(), &["--max-rows", "1000"]);
    let mut wrong = Vec::new();
    for query in WHOLE {
        // These visit only a few items near one.
        if query.contains("similar(") || query.contains("path(from") {
            continue;
        }
        // No column has contradicting statements.
        let expected = if query.contains("conflicts(") {
            ""
        } else {
            "ROW_LIMIT"
        };
        let code = code(&server, query, JSON);
        if code != expected {
            wrong.push((code, query));
        }
    }
    assert_eq!(wrong, []);
    assert_eq!(code(&server, "{ item(id: \"i5\") { name } }", JSON), "");
}

#[test]
fn long_runs_end_at_the_deadline() {
    let folder = items(20_000);
    let server = Server::of(folder.path(), &["--timeout", "0.5", "--max-rows", "100000000000"]);
    for query in [
        "{ ranking(by: BETWEENNESS, first: 1) { score } }",
        "{ ranking(by: CLOSENESS, first: 1) { score } }",
        "{ items(first: 10000) { nodes { next(depth: 1000, first: 1) { totalCount } } } }",
        "{ items(first: 10000) { nodes { follow(path: \"next*\", first: 1) { totalCount } } } }",
    ] {
        assert_eq!(code(&server, query, JSON), "TIMEOUT", "{query}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_request_takes_more_memory_than_is_documented() {
    const COUNT: usize = 50_000;
    let folder = items(COUNT);
    let server = Server::of(
        folder.path(),
        &[
            "--max-bytes",
            "33554432",
            "--timeout",
            "20",
            "--max-rows",
            "3000000",
        ],
    );
    // The text index is built once for all queries.
    code(
        &server,
        "{ search(query: \"names\", first: 1) { totalCount } }",
        JSON,
    );
    let asked = |query: &str, accept: &str| {
        let (code, grown) = server.growth(|| code(&server, query, accept));
        let allowed = (64 << 20) + 32 * COUNT;
        assert!(grown <= allowed, "{grown} bytes, {code}: {query} as {accept}");
        assert!(
            ["", "BYTE_LIMIT", "ROW_LIMIT", "TIMEOUT", "BAD_USER_INPUT"].contains(&&*code),
            "{code}: {query} as {accept}"
        );
    };
    for query in WHOLE {
        asked(query, JSON);
    }
    let aliases = |field: &str, count: usize| {
        let fields = (0..count).fold(String::new(), |all, no| all + &format!(" a{no}: {field}"));
        format!("{{{fields} }}")
    };
    asked(
        &aliases("items(first: 10000) { nodes { id name tags since } }", 50),
        JSON,
    );
    asked(&aliases("items(first: 10000) { edges { cursor } }", 100), JSON);
    asked(
        &aliases("path(from: \"nobody\", to: \"nothing\") { length }", 500),
        JSON,
    );
    asked(&aliases("components(first: 1) { size }", 3), JSON);
    let shown = "{ items(first: 10000) { nodes { id name size tags since next(first: 5) { nodes { id name tags } } } } }";
    for form in FORMS {
        asked(shown, form);
        asked(
            "{ items(first: 10000) { nodes { id name size since share } } }",
            form,
        );
    }
}
