//! One engine for every transport: the same bytes, and the rules of HTTP and of Server-Sent Events over raw sockets.
//! The rules of WebSocket are in `websocket.rs`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::Deref;

use common::socket::{INIT, Socket};
use common::{PATIENCE, graph, slow_graph, slow_query};
use serde_json::{Value, json};

mod common;

const NAME: &str = "{ node(id: \"quill\") { label } }";
const METRICS: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

/// A server that receives requests over raw sockets.
struct Server(common::Server);

impl Deref for Server {
    type Target = common::Server;

    fn deref(&self) -> &common::Server {
        &self.0
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|it| it.0 == name);
        found.map(|it| it.1.as_str())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn error(&self) -> Value {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["errors"][0].clone()
    }

    fn code(&self) -> Value {
        self.error()["extensions"]["code"].clone()
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        Self(common::Server::start(arguments))
    }

    /// Sends a request with `connection: close`, unless the headers say otherwise.
    fn begin(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> BufReader<TcpStream> {
        let mut request = format!("{line} HTTP/1.1\r\nhost: {}\r\n", self.address);
        if !headers.iter().any(|it| it.0 == "connection") {
            request.push_str("connection: close\r\n");
        }
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        if !body.is_empty() {
            request.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        request.push_str("\r\n");
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        BufReader::new(stream)
    }

    fn send(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut reader = self.begin(line, headers, body);
        let mut answer = read_head(&mut reader);
        if answer.header("transfer-encoding").is_some() {
            while let Some(chunk) = read_chunk(&mut reader) {
                answer.body.extend(chunk);
            }
        } else {
            reader.read_to_end(&mut answer.body).unwrap();
        }
        answer
    }

    fn post(&self, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        self.send("POST /graphql", &all, body.as_bytes())
    }

    /// As [`Self::post`], with a header in which each character is one byte.
    fn post_latin_1(&self, body: &str, header: &str) -> Answer {
        let mut request = format!(
            "POST /graphql HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n{header}\r\n",
            self.address
        )
        .chars()
        .map(|it| u8::try_from(it).unwrap())
        .collect::<Vec<u8>>();
        request.extend(format!("content-length: {}\r\n\r\n{body}", body.len()).bytes());
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&request).unwrap();
        let mut reader = BufReader::new(stream);
        let mut answer = read_head(&mut reader);
        reader.read_to_end(&mut answer.body).unwrap();
        answer
    }

    fn get(&self, query: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(&format!("GET /graphql?query={}", encoded(query)), headers, b"")
    }
}

fn read_head(reader: &mut impl BufRead) -> Answer {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_owned(), value.to_owned()));
    }
    Answer {
        status,
        headers,
        body: Vec::new(),
    }
}

/// The next chunk of a body; `None` after the last.
fn read_chunk(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let length = usize::from_str_radix(line.trim(), 16).unwrap();
    let mut chunk = vec![0; length + 2];
    reader.read_exact(&mut chunk).unwrap();
    chunk.truncate(length);
    (length > 0).then_some(chunk)
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn request(query: &str) -> String {
    json!({ "query": query }).to_string()
}

/// A server, and sockets to it.
struct Everywhere<'s> {
    server: &'s Server,
    socket: Socket,
    old: Socket,
}

impl<'s> Everywhere<'s> {
    fn new(server: &'s Server) -> Self {
        let mut old = Socket::open(server, "graphql-ws", None).unwrap();
        old.send(INIT);
        assert_eq!(old.next(), r#"{"type":"connection_ack"}"#);
        assert_eq!(old.next(), r#"{"type":"ka"}"#);
        Self {
            server,
            socket: Socket::acknowledged(server),
            old,
        }
    }

    /// Sends a request over every transport. Checks that all answers have the same bytes, and returns them.
    fn check(&mut self, body: &str) -> String {
        let Self { server, socket, old } = self;
        let expected = server.post(body, &[]);
        assert_eq!(expected.status, 200, "{body}");
        let expected = expected.text();

        let open = expected.strip_suffix('}').unwrap();
        let multipart = format!(
            "--graphql\r\nContent-Type: application/json\r\n\r\n{open},\"hasNext\":false}}\r\n--graphql--\r\n"
        );
        let events = format!("event: next\ndata: {expected}\n\nevent: complete\ndata:\n\n");
        let url = format!("GET /graphql?{}", in_url(body));
        for (accept, framed) in [
            ("multipart/mixed", &*multipart),
            ("text/event-stream", &events),
            ("application/json", expected),
        ] {
            let headers = [("accept", accept)];
            let posted = server.post(body, &headers);
            assert_eq!((posted.status, posted.text()), (200, framed), "{body}");
            let got = server.send(&url, &headers, b"");
            assert_eq!((got.status, got.text()), (200, framed), "{body}");
        }
        for encoding in ["zstd", "br", "gzip"] {
            let packed = server.post(body, &[("accept-encoding", encoding)]);
            let body = match packed.header("content-encoding") {
                Some(encoding) => plain(encoding, &packed.body),
                None => packed.body,
            };
            assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
        }

        socket.send(&format!(r#"{{"id":"a\"b","type":"subscribe","payload":{body}}}"#));
        let is_refused = !expected.contains("\"data\":");
        if is_refused {
            let errors = expected.strip_prefix("{\"errors\":").unwrap();
            let error = format!(r#"{{"id":"a\"b","type":"error","payload":{errors}"#);
            assert_eq!(socket.next(), error);
        } else {
            let next = format!(r#"{{"id":"a\"b","type":"next","payload":{expected}}}"#);
            assert_eq!(socket.next(), next);
            assert_eq!(socket.next(), r#"{"id":"a\"b","type":"complete"}"#);
        }
        old.send(&format!(r#"{{"id":"1","type":"start","payload":{body}}}"#));
        let data = format!(r#"{{"id":"1","type":"data","payload":{expected}}}"#);
        assert_eq!(old.next(), data);
        assert_eq!(old.next(), r#"{"id":"1","type":"complete"}"#);
        expected.to_owned()
    }
}

/// The parameters of a request in a URL.
fn in_url(body: &str) -> String {
    let object: Value = serde_json::from_str(body).unwrap();
    let pairs = object.as_object().unwrap().iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}", encoded(&text))
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[test]
fn every_transport_sends_the_bytes_of_the_http_body() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("documents.json");
    std::fs::write(&manifest, json!({"name": NAME}).to_string()).unwrap();
    let server = Server::start(&["--documents", manifest.to_str().unwrap()]);
    let mut everywhere = Everywhere::new(&server);
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    let persisted = json!({"version": 1, "sha256Hash": hash});
    for body in [
        json!({ "query": NAME }),
        json!({"query": "query Q @cite { node(id: \"quill\") { label degree } }"}),
        json!({"query": "{ node(id: \"quill\") { label } bad: entities(first: -1) { totalCount } }"}),
        json!({"query": "{ nothing }"}),
        json!({"query": "{"}),
        json!({"query": "query A { __typename } query B { graph { title } }", "operationName": "B"}),
        json!({"query": "query($id: ID!) { node(id: $id) { label } }", "variables": {"id": "tides"}}),
        json!({"query": "query($id: ID!) { node(id: $id) { label } }"}),
        json!({"query": "{ entities(after: \"x\") { totalCount } }"}),
        json!({"documentId": "name"}),
        json!({"documentId": "other"}),
        json!({"query": "{__typename}", "extensions": {"persistedQuery": persisted}}),
        json!({"extensions": {"persistedQuery": persisted}}),
        json!({"query": "{ __schema { types { name description fields { name } } } }"}),
        json!({"query": "{ entities(first: 500) { nodes { id label description } } }"}),
    ] {
        everywhere.check(&body.to_string());
    }
}

#[test]
fn numbers_and_texts_stay_as_they_are_on_every_transport() {
    let folder = graph(
        "type Item { price: Decimal ratio: Float note: String }",
        "Item:\n  a: {price: 2.50, ratio: 1.0, note: \"line\\nbreak \\u2028 😀 </script>\"}\n  b: {price: 12345678901234567890.10}\n",
    );
    let server = Server(common::Server::of(folder.path(), &[]));
    let answer = Everywhere::new(&server).check(&request("{ items { nodes { price ratio note } } }"));
    assert!(answer.contains("2.50"), "{answer}");
    assert!(answer.contains("12345678901234567890.10"), "{answer}");
}

#[test]
fn an_empty_operation_name_counts_as_missing_on_every_transport() {
    let server = Server::start(&[]);
    let body = json!({"query": "query A { __typename }", "operationName": ""}).to_string();
    let answer = Everywhere::new(&server).check(&body);
    assert_eq!(answer, r#"{"data":{"__typename":"Query"}}"#);
}

#[test]
fn a_body_that_is_not_a_request_gets_400_on_every_transport() {
    let server = Server::start(&[]);
    for (body, message) in [
        (
            r#"[{"query":"{ __typename }"}]"#,
            "batches of requests are not supported: send one at a time",
        ),
        ("{", "the body is not a JSON object: EOF"),
        ("\"x\"", "the body is not a JSON object: "),
        (
            "null",
            "the body is not a JSON object: invalid type: null, expected an object",
        ),
        ("{}", ""),
        (r#"{"query":1}"#, "`query` is a number: send a string or null"),
        (
            r#"{"query":"{ __typename }","operationName":["A"]}"#,
            "`operationName` is a list: send a string or null",
        ),
        (
            r#"{"documentId":{}}"#,
            "`documentId` is an object: send a string or null",
        ),
        (
            r#"{"query":"{ __typename }","variables":[]}"#,
            "`variables` is a list: send a JSON object or null",
        ),
        (
            r#"{"query":"{ __typename }","extensions":true}"#,
            "`extensions` is a boolean: send a JSON object or null",
        ),
    ] {
        for accept in [
            "*/*",
            "application/graphql-response+json",
            "multipart/mixed",
            "text/event-stream",
            "text/turtle",
        ] {
            let answer = server.post(body, &[("accept", accept)]);
            assert_eq!(
                (answer.status, answer.code()),
                (400, json!("BAD_REQUEST")),
                "{body} {accept}"
            );
            let said = answer.error()["message"].as_str().unwrap().to_owned();
            assert!(said.starts_with(message), "{said}");
        }
    }
}

#[test]
fn batches_are_refused_with_every_accept_header() {
    let server = Server::start(&METRICS);
    let long = request("{ entities(first: 500) { nodes { id label description } } }");
    let batch = format!("[{}]", vec![long; 200].join(","));
    for accept in ["multipart/mixed", "text/event-stream", "application/json"] {
        let answer = server.post(&batch, &[("accept", accept)]);
        assert_eq!(answer.status, 400, "{accept}");
        assert!(answer.body.len() < 1000, "{}", answer.text());
    }
    assert_eq!(server.metric("clew_runs_begun_total"), 0);
}

/// The rules of the distinct connections mode of the graphql-sse protocol.
#[test]
fn events_come_as_graphql_sse_says() {
    let server = Server::start(&[]);
    let headers = [("accept", "text/event-stream")];
    for query in [NAME, "{ nothing }", "{", "{ entities(first: -1) { totalCount } }"] {
        for answer in [
            server.post(&request(query), &headers),
            server.get(query, &headers),
        ] {
            assert_eq!(answer.status, 200, "{query}");
            assert_eq!(
                answer.header("content-type"),
                Some("text/event-stream; charset=utf-8")
            );
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("etag"), None);
            let events: Vec<&str> = answer.text().split_terminator("\n\n").collect();
            let [next, complete] = events[..] else {
                panic!("{events:?}");
            };
            let data = next.strip_prefix("event: next\ndata: ").unwrap();
            assert!(data.starts_with('{') && !data.contains('\n'), "{data}");
            // The empty data makes browsers dispatch the event.
            assert_eq!(complete, "event: complete\ndata:");
        }
    }
}

#[test]
fn events_that_come_late_are_announced_by_comments() {
    let folder = slow_graph();
    let arguments = [&METRICS[..], &["--timeout", "2", "--write-timeout", "0.6"]].concat();
    let server = Server(common::Server::of(folder.path(), &arguments));
    let headers = [
        ("accept", "text/event-stream"),
        ("content-type", "application/json"),
    ];
    let body = request(&slow_query());
    let answer = server.send("POST /graphql", &headers, body.as_bytes());
    assert_eq!(answer.status, 200);
    let events = answer.text().trim_start_matches(":\n\n");
    assert!(answer.text().starts_with(":\n\n"), "{}", answer.text());
    assert!(events.starts_with("event: next\ndata: {\"errors\":[{\"message\":\"the answer took longer"));
    assert!(events.ends_with("\n\nevent: complete\ndata:\n\n"), "{events}");

    server.until_metric("clew_errors_total{code=\"TIMEOUT\"}", |it| it == 1);

    // Closing the connection cancels the run.
    let mut reader = server.begin("POST /graphql", &headers, body.as_bytes());
    read_head(&mut reader);
    assert_eq!(read_chunk(&mut reader).unwrap(), b":\n\n");
    drop(reader);
    server.until_metric("clew_runs", |it| it == 0);
    server.until_metric("clew_reserved_bytes", |it| it == 0);
}

#[test]
fn clients_that_also_take_json_get_json() {
    let server = Server::start(&[]);
    for (accept, content_type) in [
        // Apollo iOS and Apollo Kotlin.
        (
            "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json",
            "application/graphql-response+json; charset=utf-8",
        ),
        (
            "multipart/mixed;q=1, application/json;q=0.1",
            "application/json; charset=utf-8",
        ),
        (
            "multipart/mixed, application/json;q=0",
            "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
        ),
        // urql.
        (
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
            "application/graphql-response+json; charset=utf-8",
        ),
        // graphql-sse.
        ("text/event-stream", "text/event-stream; charset=utf-8"),
        (
            "application/json;Q=0.1, application/graphql-response+json;q=0.2",
            "application/graphql-response+json; charset=utf-8",
        ),
        ("", "application/json; charset=utf-8"),
    ] {
        let answer = server.post(&request(NAME), &[("accept", accept)]);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(content_type)),
            "{accept}"
        );
        let got = server.get(NAME, &[("accept", accept)]);
        assert_eq!(got.header("content-type"), Some(content_type), "{accept}");
        let is_tagged = content_type != "text/event-stream; charset=utf-8";
        assert_eq!(got.header("etag").is_some(), is_tagged, "{accept}");
    }
    assert_eq!(
        server
            .post(&request(NAME), &[("accept", "application/json;q=0")])
            .status,
        406
    );
}

#[test]
fn unknown_upgrades_are_ignored() {
    let server = Server::start(&[]);
    let expected = server.get(NAME, &[]);
    for upgrade in ["h2c", "TLS/1.0", "websocket2", "h2c, TLS/1.0"] {
        let headers = [
            ("connection", "Upgrade, HTTP2-Settings, close"),
            ("upgrade", upgrade),
            ("http2-settings", "AAMAAABkAAQAAP__"),
        ];
        let got = server.get(NAME, &headers);
        assert_eq!((got.status, got.text()), (200, expected.text()), "{upgrade}");
        let posted = server.post(&request(NAME), &headers);
        assert_eq!(
            (posted.status, posted.text()),
            (200, expected.text()),
            "{upgrade}"
        );
    }
}

#[test]
fn answers_have_tags_for_caches() {
    const LONG: &str = "{ entities(first: 100) { nodes { id label description degree } } }";
    let server = Server::start(&[]);
    let good = server.get(LONG, &[]);
    assert_eq!(good.header("cache-control"), Some("public, no-cache"));
    assert_eq!(good.header("vary"), Some("accept, accept-encoding"));
    let tag = good.header("etag").unwrap().to_owned();
    let packed = server.get(LONG, &[("accept-encoding", "gzip")]);
    let packed_tag = packed.header("etag").unwrap().to_owned();
    assert_ne!(tag, packed_tag, "the bytes differ");
    let weak = format!("W/{tag}, \"x\"");
    for (wanted, encoding, expected) in [
        (&*tag, "identity", &tag),
        ("*", "identity", &tag),
        (&weak, "identity", &tag),
        (&packed_tag, "gzip", &packed_tag),
        // The client has the current body.
        (&tag, "gzip", &tag),
    ] {
        let headers = [("if-none-match", wanted), ("accept-encoding", encoding)];
        let again = server.get(LONG, &headers);
        assert_eq!(
            (again.status, again.header("etag")),
            (304, Some(&**expected)),
            "{wanted}"
        );
        assert_eq!(again.header("vary"), Some("accept, accept-encoding"));
        assert!(again.body.is_empty());
    }
    let two = [("if-none-match", "\"x\""), ("if-none-match", &tag)];
    assert_eq!(server.get(LONG, &two).status, 304, "two headers are one list");
    for (name, value, wanted) in [
        ("accept", "application/graphql-response+json", &tag),
        ("accept-encoding", "identity", &packed_tag),
        ("accept-encoding", "br", &packed_tag),
    ] {
        let other = server.get(LONG, &[(name, value), ("if-none-match", wanted)]);
        assert_eq!(other.status, 200, "{name}: {value}");
    }
    // A short answer has the same bytes in each encoding.
    let short = server.get(NAME, &[]);
    let tag = short.header("etag");
    assert_eq!(
        server.get(NAME, &[("accept-encoding", "zstd")]).header("etag"),
        tag
    );
    for (query, headers, status) in [
        ("{ nothing }", ("if-none-match", "*"), 200),
        (
            "{ nothing }",
            ("accept", "application/graphql-response+json"),
            400,
        ),
        ("", ("if-none-match", "*"), 200),
        ("{ nothing }", ("accept", "text/html"), 406),
        ("mutation { a }", ("accept", "application/json"), 405),
        (
            "mutation { a }",
            ("accept", "application/graphql-response+json"),
            405,
        ),
        ("mutation { a }", ("accept", "multipart/mixed"), 405),
        ("mutation { a }", ("accept", "text/event-stream"), 405),
        ("mutation { a }", ("if-none-match", "*"), 405),
    ] {
        let bad = server.get(query, &[headers]);
        assert_eq!(bad.status, status, "{query} {headers:?}");
        assert_eq!(bad.header("etag"), None);
        assert_eq!(
            bad.header("cache-control"),
            Some("no-store"),
            "{query} {headers:?}"
        );
        assert_eq!(bad.header("vary"), Some("accept, accept-encoding"));
    }
    let tag_of = |document: &str| {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("documents.json");
        std::fs::write(&manifest, json!({"a": document}).to_string()).unwrap();
        let server = Server::start(&["--documents", manifest.to_str().unwrap()]);
        let answer = server.send("GET /graphql?documentId=a", &[], b"");
        answer.header("etag").unwrap().to_owned()
    };
    assert_ne!(tag_of("{ __typename }"), tag_of("{ graph { title } }"));
}

#[test]
fn compressed_bodies_are_refused() {
    let server = Server::start(&[]);
    for (encoding, status) in [
        ("gzip", 415),
        ("br", 415),
        ("identity", 200),
        ("identity, gzip", 415),
    ] {
        let answer = server.post(&request(NAME), &[("content-encoding", encoding)]);
        assert_eq!(answer.status, status, "{encoding}");
        let wanted = (status == 415).then_some("identity");
        assert_eq!(answer.header("accept-encoding"), wanted, "{encoding}");
    }
}

#[test]
fn a_preflight_names_the_headers_that_are_allowed() {
    let server = Server::start(&[
        "--allow-origin",
        "https://app.example.org",
        "--allow-header",
        "Apollographql-Client-Name",
        "--allow-header",
        "authorization",
    ]);
    let preflight = [
        ("origin", "https://app.example.org"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let answer = server.send("OPTIONS /graphql", &preflight, b"");
    assert_eq!(answer.status, 200);
    let allowed = answer.header("access-control-allow-headers").unwrap();
    for header in [
        "content-type",
        "accept",
        "if-none-match",
        "authorization",
        "apollographql-client-name",
    ] {
        assert!(allowed.split(',').any(|it| it == header), "{header}: {allowed}");
    }
    assert_eq!(answer.header("access-control-max-age"), Some("7200"));
    let got = server.get(NAME, &preflight[..1]);
    assert!(
        got.header("access-control-expose-headers")
            .is_some_and(|it| it.contains("etag"))
    );
    assert!(got.header("etag").is_some());
}

/// A query with an answer of several chunks of 64 kB.
fn long_query() -> String {
    let aliases: Vec<String> = (0..100)
        .map(|no| format!("a{no}: entities(first: 500) {{ nodes {{ id label description }} }}"))
        .collect();
    format!("{{ {} }}", aliases.join(" "))
}

fn plain(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = match encoding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
        "zstd" => zstd::stream::read::Decoder::new(bytes)
            .unwrap()
            .read_to_end(&mut plain),
        _ => panic!("{encoding}"),
    };
    read.unwrap();
    plain
}

#[test]
fn long_answers_are_compressed_and_short_ones_are_not() {
    let server = Server::start(&[]);
    let medium = "{ entities(first: 100) { nodes { id label description degree } } }".to_owned();
    let long = long_query();
    for encoding in ["zstd", "br", "gzip"] {
        for query in [&medium, &long] {
            let expected = server.post(&request(query), &[]);
            assert_eq!(expected.header("content-encoding"), None);
            assert!(expected.body.len() > 1024, "{}", expected.text());
            let packed = server.post(&request(query), &[("accept-encoding", encoding)]);
            assert_eq!(packed.header("content-encoding"), Some(encoding));
            assert!(packed.body.len() < expected.body.len() / 2);
            assert_eq!(plain(encoding, &packed.body), expected.body, "{encoding}");
            for answer in [expected, packed] {
                assert_eq!(answer.header("vary"), Some("accept-encoding"));
            }
            // An invalid item does not affect the others.
            let mixed = server.post_latin_1(
                &request(query),
                &format!("accept-encoding: \u{e9}, x;q=2, {encoding}"),
            );
            assert_eq!(mixed.header("content-encoding"), Some(encoding));
        }
        let got = server.get(&medium, &[("accept-encoding", encoding)]);
        assert_eq!(got.header("content-encoding"), Some(encoding));
        let short = server.post(&request(NAME), &[("accept-encoding", encoding)]);
        assert_eq!(short.header("content-encoding"), None);
        let schema = server.send("GET /schema.graphql", &[], b"");
        let packed = server.send("GET /schema.graphql", &[("accept-encoding", encoding)], b"");
        assert_eq!(packed.header("content-encoding"), Some(encoding));
        assert_eq!(packed.header("vary"), Some("accept-encoding"));
        assert_eq!(plain(encoding, &packed.body), schema.body, "{encoding}");
    }
    assert!(
        server.post(&request(&long), &[]).body.len() > 64 << 10,
        "it has several chunks"
    );
}

#[test]
fn an_answer_is_sent_as_it_is_where_there_is_no_memory_to_compress_it() {
    // There is memory for the answer, but not for an encoder of long answers.
    let arguments = [&METRICS[..], &["--max-memory", "5000000"]].concat();
    let server = Server::start(&arguments);
    let query = request(&long_query());
    let plain = server.post(&query, &[]);
    let packed = server.post(&query, &[("accept-encoding", "gzip")]);
    assert_eq!((packed.status, packed.header("content-encoding")), (200, None));
    assert_eq!(packed.body, plain.body);
    server.until_metric("clew_reserved_bytes", |it| it == 0);
    let limit = server.metric("clew_reserved_bytes_limit");
    assert!(server.metric("clew_reserved_bytes_max") <= limit);
}

#[test]
fn answers_about_the_schema_are_compressed_once() {
    let server = Server::start(&METRICS);
    let introspection =
        "{ __schema { types { name description fields { name description args { name } type { name } } } } }";
    let body = request(introspection);
    let expected = server.post(&body, &[]);
    for encoding in ["zstd", "br", "gzip"] {
        let headers = [("accept-encoding", encoding)];
        let first = server.post(&body, &headers);
        let runs = server.metric("clew_runs_begun_total");
        for _ in 0..3 {
            let again = server.post(&body, &headers);
            assert_eq!(again.header("content-encoding"), Some(encoding));
            assert_eq!(again.body, first.body);
        }
        // GET uses the same plan.
        assert_eq!(server.get(introspection, &headers).body, first.body);
        assert_eq!(server.metric("clew_runs_begun_total"), runs, "nothing runs");
        assert_eq!(plain(encoding, &first.body), expected.body);
    }
    let kept = server.metric("clew_cache_bytes{cache=\"introspection\"}");
    assert!(kept > 0);
    // Answers to requests with variables, for data, or for the trace of the run are not cached.
    for body in [
        request("query @explain { __schema { types { name fields { name } } } }"),
        json!({"query": "query($d: Boolean!) { __schema { types { name fields(includeDeprecated: $d) { name } } } }", "variables": {"d": true}}).to_string(),
        request("{ graph { title } __schema { types { name fields { name } } } }"),
    ] {
        let answer = server.post(&body, &[("accept-encoding", "gzip")]);
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
    }
    // A table is cached separately from the JSON answer of the same query.
    let query = "{ __type(name: \"Query\") { fields { name description } } }";
    let csv = [("accept", "text/csv"), ("accept-encoding", "gzip")];
    let table = server.post(&request(query), &csv);
    assert_eq!(table.header("content-encoding"), Some("gzip"), "{}", table.status);
    assert_eq!(server.metric("clew_cache_bytes{cache=\"introspection\"}"), kept);
    let json = server.post(&request(query), &[("accept-encoding", "gzip")]);
    assert!(plain("gzip", &json.body).starts_with(b"{\"data\":{"));
    assert_ne!(table.body, json.body);
}

/// Texts that compress badly.
fn noise(length: usize, seed: u64) -> String {
    const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    let mut state = seed.wrapping_mul(2) | 1;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[(state >> 58) as usize])
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn compressing_is_within_the_memory_of_one_request() {
    let folder = tempfile::tempdir().unwrap();
    common::write(
        folder.path(),
        "schema/s.graphql",
        "type Item { name: String text: String }",
    );
    let item = |no: u64| {
        let (name, text) = (format!("item {}", no % 10), noise(10_000, no));
        let properties = json!({"name": [name], "text": [text]});
        json!({"type": "node", "id": format!("i{no}"), "labels": ["Item"], "properties": properties})
            .to_string()
    };
    let lines: Vec<String> = (0..1_000).map(item).collect();
    common::write(folder.path(), "data/d.jsonl", &lines.join("\n"));
    let server = Server(common::Server::of(folder.path(), &["--timeout", "120"]));
    let aliased = |field: &str, count: usize| {
        let fields: Vec<String> = (0..count)
            .map(|no| format!("a{no}: items(first: 1000) {{ nodes {{ {field} }} }}"))
            .collect();
        request(&format!("{{ {} }}", fields.join(" ")))
    };
    let mut packed = 0;
    for query in [aliased("text", 3), aliased("id name __typename", 500)] {
        for encoding in ["zstd", "br", "gzip"] {
            let headers = [("accept-encoding", encoding)];
            let (answer, grown) = server.growth(|| server.post(&query, &headers));
            assert_eq!(answer.status, 200);
            packed += usize::from(answer.header("content-encoding").is_some());
            let kilobytes = grown >> 10;
            assert!(
                kilobytes <= 64 << 10,
                "{kilobytes} kB for {encoding}, {} bytes",
                answer.body.len()
            );
        }
    }
    assert!(packed >= 3, "what repeats is compressed: {packed} of 6");
}
