//! One engine behind every transport: the same bytes, and each rule of each protocol over raw sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, WebSocket};

/// Far longer than anything takes, so that a test that fails also ends.
const PATIENCE: Duration = Duration::from_mins(1);
const TRANSPORT: &str = "graphql-transport-ws";
const NAME: &str = "{ organization(id: \"unicef\") { name } }";

const INIT: &str = r#"{"type":"connection_init"}"#;
const LONG: &str =
    r#"{"id":"1","type":"subscribe","payload":{"query":"{ ranking(by: BETWEENNESS, first: 1) { score } }"}}"#;

/// A server of the graph in this repository, stopped when it is dropped.
struct Server {
    child: Child,
    host: String,
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
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    fn code(&self) -> Value {
        let body: Value = serde_json::from_slice(&self.body).expect("the body is JSON");
        body["errors"][0]["extensions"]["code"].clone()
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_clew"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("standard output is piped");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let host = line.trim().strip_prefix("listening on http://");
        Self {
            host: host.expect("the line with the address").to_owned(),
            child,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.host).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Sends a request and reads the answer, until the server closes the connection.
    fn send(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = format!("{line} HTTP/1.1\r\nhost: {}\r\n", self.host);
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
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).expect("the head is sent");
        stream.write_all(body).expect("the body is sent");
        read_answer(stream)
    }

    fn post(&self, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        self.send("POST /graphql", &all, body.as_bytes())
    }

    fn get(&self, query: &str, headers: &[(&str, &str)]) -> Answer {
        let encoded = percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC);
        self.send(&format!("GET /graphql?query={encoded}"), headers, b"")
    }

    fn socket(&self, protocol: &str) -> Socket {
        self.handshake(protocol, None).expect("the handshake succeeds")
    }

    fn handshake(&self, protocol: &str, origin: Option<&str>) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql", self.host)
            .into_client_request()
            .expect("a request");
        let headers = request.headers_mut();
        if !protocol.is_empty() {
            headers.insert("sec-websocket-protocol", protocol.parse().expect("a value"));
        }
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().expect("a value"));
        }
        match tungstenite::connect(request) {
            Ok((socket, response)) => {
                if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
                    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                }
                let spoken = response.headers().get("sec-websocket-protocol");
                let spoken = spoken.map(|it| it.to_str().expect("text").to_owned());
                Ok(Socket {
                    inner: socket,
                    spoken: spoken.unwrap_or_default(),
                })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_answer(stream: TcpStream) -> Answer {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status = line
        .split(' ')
        .nth(1)
        .expect("a status")
        .parse()
        .expect("a number");
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let is_chunked = headers.iter().any(|it| it.0 == "transfer-encoding");
    let mut body = Vec::new();
    if is_chunked {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a chunk's length");
            let length = usize::from_str_radix(line.trim(), 16).expect("a number");
            let mut chunk = vec![0; length + 2];
            reader.read_exact(&mut chunk).expect("a chunk");
            body.extend_from_slice(&chunk[..length]);
            if length == 0 {
                break;
            }
        }
    } else {
        reader.read_to_end(&mut body).expect("a body");
    }
    Answer {
        status,
        headers,
        body,
    }
}

struct Socket {
    inner: WebSocket<MaybeTlsStream<TcpStream>>,
    /// The protocol that the server chose.
    spoken: String,
}

impl Socket {
    fn acknowledged(mut self) -> Self {
        self.send(r#"{"type":"connection_init"}"#);
        assert_eq!(self.next(), r#"{"type":"connection_ack"}"#);
        self
    }

    fn send(&mut self, text: &str) {
        // The server may have closed the socket.
        let _ = self.inner.send(Message::text(text));
    }

    fn subscribe(&mut self, id: &str, query: &str) {
        self.send(&json!({"id": id, "type": "subscribe", "payload": {"query": query}}).to_string());
    }

    /// The next message, or the code and the reason of the end.
    fn next(&mut self) -> String {
        loop {
            match self.inner.read() {
                Ok(Message::Text(text)) => return text.to_string(),
                Ok(Message::Close(Some(frame))) => {
                    return format!("{} {}", u16::from(frame.code), frame.reason);
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                other => return format!("{other:?}"),
            }
        }
    }

    fn next_json(&mut self) -> Value {
        let text = self.next();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

fn request(query: &str) -> String {
    json!({ "query": query }).to_string()
}

#[test]
fn every_transport_sends_the_bytes_of_the_http_body() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = folder.path().join("documents.json");
    std::fs::write(&manifest, json!({"name": NAME}).to_string()).expect("a manifest");
    let server = Server::start(&["--documents", manifest.to_str().expect("a path")]);
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    let persisted = json!({"version": 1, "sha256Hash": hash});
    let bodies = [
        json!({ "query": NAME }),
        json!({"query": "query Q @cite { organization(id: \"unicef\") { name founded } }"}),
        json!({"query": "{ organization(id: \"unicef\") { name } bad: places(first: -1) { totalCount } }"}),
        json!({"query": "{ nothing }"}),
        json!({"query": "{"}),
        json!({"query": "query($id: ID!) { node(id: $id) { label } }", "variables": {"id": "the-code"}}),
        json!({"query": "query($id: ID!) { node(id: $id) { label } }"}),
        json!({"documentId": "name"}),
        json!({"documentId": "other"}),
        json!({"query": "{__typename}", "extensions": {"persistedQuery": persisted}}),
        json!({"extensions": {"persistedQuery": persisted}}),
        json!({"query": "{ __schema { types { name description fields { name } } } }"}),
    ];
    let mut socket = server.socket(TRANSPORT).acknowledged();
    let mut old = server.socket("graphql-ws");
    old.send(r#"{"type":"connection_init"}"#);
    assert_eq!(old.next(), r#"{"type":"connection_ack"}"#);
    assert_eq!(old.next(), r#"{"type":"ka"}"#);
    for body in bodies {
        let body = body.to_string();
        let expected = server.post(&body, &[]);
        assert_eq!(expected.status, 200, "{body}");
        let expected = expected.text();

        let parts = server.post(&body, &[("accept", "multipart/mixed")]);
        let open = expected.strip_suffix('}').expect("an object");
        assert_eq!(
            (parts.status, parts.text()),
            (
                200,
                &*format!(
                    "--graphql\r\nContent-Type: application/json\r\n\r\n{open},\"hasNext\":false}}\r\n--graphql--\r\n"
                )
            ),
            "{body}"
        );
        let events = server.post(&body, &[("accept", "text/event-stream")]);
        assert_eq!(
            (events.status, events.text()),
            (
                200,
                &*format!("event: next\ndata: {expected}\n\nevent: complete\ndata:\n\n")
            ),
            "{body}"
        );
        socket.send(&format!(r#"{{"id":"a\"b","type":"subscribe","payload":{body}}}"#));
        match expected
            .strip_prefix("{\"errors\":")
            .filter(|_| !expected.contains("\"data\":"))
        {
            Some(errors) => assert_eq!(
                socket.next(),
                format!(r#"{{"id":"a\"b","type":"error","payload":{errors}"#)
            ),
            None => {
                assert_eq!(
                    socket.next(),
                    format!(r#"{{"id":"a\"b","type":"next","payload":{expected}}}"#)
                );
                assert_eq!(socket.next(), r#"{"id":"a\"b","type":"complete"}"#);
            }
        }
        old.send(&format!(r#"{{"id":"1","type":"start","payload":{body}}}"#));
        assert_eq!(
            old.next(),
            format!(r#"{{"id":"1","type":"data","payload":{expected}}}"#)
        );
        assert_eq!(old.next(), r#"{"id":"1","type":"complete"}"#);
        // The same document over GET.
        let object: Value = serde_json::from_str(&body).expect("an object");
        let pairs = object
            .as_object()
            .expect("an object")
            .iter()
            .map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                format!(
                    "{name}={}",
                    percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC)
                )
            });
        let pairs: Vec<String> = pairs.collect();
        let got = server.send(&format!("GET /graphql?{}", pairs.join("&")), &[], b"");
        assert_eq!(got.text(), expected, "{body}");
    }
}

#[test]
fn what_is_no_request_is_400_on_every_transport() {
    let server = Server::start(&[]);
    for body in [
        "[{\"query\":\"{ __typename }\"}]",
        "{",
        "\"x\"",
        "{}",
        "{\"query\":1}",
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
        }
    }
}

/// Messages of a client, and what the server says last. `>` sends a message.
#[test]
fn messages_are_answered_as_graphql_transport_ws_has_it() {
    let server = Server::start(&[]);
    let cases: &[(&str, &[&str], &str)] = &[
        ("no JSON", &["x"], "4400"),
        ("no object", &["1"], "4400"),
        ("no type", &["{}"], "4400"),
        ("another type", &[r#"{"type":"start","id":"1"}"#], "4400"),
        ("a message of servers", &[r#"{"type":"connection_ack"}"#], "4400"),
        (
            "another payload",
            &[r#"{"type":"connection_init","payload":1}"#],
            "4400",
        ),
        (
            "an init with a payload",
            &[r#"{"type":"connection_init","payload":{"a":1}}"#],
            r#"{"type":"connection_ack"}"#,
        ),
        (
            "two inits",
            &[INIT, INIT],
            "4429 Too many initialisation requests",
        ),
        (
            "a subscribe before the init",
            &[r#"{"id":"1","type":"subscribe","payload":{"query":"{ __typename }"}}"#],
            "4401 Unauthorized",
        ),
        (
            "no id",
            &[
                INIT,
                r#"{"type":"subscribe","payload":{"query":"{ __typename }"}}"#,
            ],
            "4400",
        ),
        (
            "an empty id",
            &[
                INIT,
                r#"{"id":"","type":"subscribe","payload":{"query":"{ __typename }"}}"#,
            ],
            "4400",
        ),
        (
            "an id that is a number",
            &[
                INIT,
                r#"{"id":1,"type":"subscribe","payload":{"query":"{ __typename }"}}"#,
            ],
            "4400",
        ),
        ("no payload", &[INIT, r#"{"id":"1","type":"subscribe"}"#], "4400"),
        (
            "no query",
            &[INIT, r#"{"id":"1","type":"subscribe","payload":{}}"#],
            "4400",
        ),
        (
            "a query that is a number",
            &[INIT, r#"{"id":"1","type":"subscribe","payload":{"query":1}}"#],
            "4400",
        ),
        (
            "variables that are a list",
            &[
                INIT,
                r#"{"id":"1","type":"subscribe","payload":{"query":"{ __typename }","variables":[]}}"#,
            ],
            "4400",
        ),
        (
            "a batch",
            &[
                INIT,
                r#"{"id":"1","type":"subscribe","payload":[{"query":"{ __typename }"}]}"#,
            ],
            "4400",
        ),
        (
            "an id twice",
            &[INIT, LONG, LONG],
            "4409 Subscriber for 1 already exists",
        ),
        ("a complete without id", &[INIT, r#"{"type":"complete"}"#], "4400"),
        (
            "a complete of nothing",
            &[INIT, r#"{"id":"9","type":"complete"}"#, r#"{"type":"ping"}"#],
            r#"{"type":"pong"}"#,
        ),
        ("a ping", &[r#"{"type":"ping"}"#], r#"{"type":"pong"}"#),
        (
            "a ping with a payload",
            &[r#"{"type":"ping","payload":{"a":1.50}}"#],
            r#"{"type":"pong","payload":{"a":1.50}}"#,
        ),
        (
            "a pong that nobody waits for",
            &[r#"{"type":"pong"}"#, r#"{"type":"ping"}"#],
            r#"{"type":"pong"}"#,
        ),
        (
            "a request error",
            &[
                INIT,
                r#"{"id":"1","type":"subscribe","payload":{"query":"{ nothing }"}}"#,
            ],
            r#"{"id":"1","type":"error","payload":[{"#,
        ),
        (
            "an id again after its end",
            &[
                INIT,
                r#"{"id":"1","type":"subscribe","payload":{"query":"{ nothing }"}}"#,
                r#"{"id":"1","type":"subscribe","payload":{"query":"{ nothing }"}}"#,
            ],
            r#"{"id":"1","type":"error","payload":[{"#,
        ),
    ];
    for (name, messages, expected) in cases {
        let mut socket = server.socket(TRANSPORT);
        for (no, message) in messages.iter().enumerate() {
            socket.send(message);
            let is_answered =
                *message != LONG && !message.contains("\"complete\"") && !message.contains("\"pong\"");
            if no + 1 < messages.len() && is_answered {
                socket.next();
            }
        }
        let last = socket.next();
        assert!(last.starts_with(expected), "{name}: {last}");
    }
    let mut socket = server.socket(TRANSPORT);
    socket
        .inner
        .send(Message::binary(INIT.as_bytes().to_vec()))
        .expect("it is sent");
    assert!(socket.next().starts_with("4400 "), "binary messages");
}

#[test]
fn a_socket_without_connection_init_is_closed() {
    let server = Server::start(&["--header-timeout", "0.5"]);
    let mut socket = server.socket(TRANSPORT);
    assert_eq!(socket.next(), "4408 Connection initialisation timeout");
}

#[test]
fn nothing_comes_after_the_client_s_complete() {
    let server = Server::start(&[]);
    let mut socket = server.socket(TRANSPORT).acknowledged();
    // Both messages come in one piece, so the run cannot end between them.
    let long = json!({"id": "1", "type": "subscribe", "payload": {"query": NAME}}).to_string();
    socket.inner.write(Message::text(long)).expect("it is written");
    let complete = json!({"id": "1", "type": "complete"}).to_string();
    socket
        .inner
        .write(Message::text(complete))
        .expect("it is written");
    socket.inner.flush().expect("it is sent");
    socket.subscribe("2", NAME);
    let mut seen = Vec::new();
    loop {
        let message = socket.next_json();
        let is_last = message["type"] == "complete" && message["id"] == "2";
        seen.push(message);
        if is_last {
            break;
        }
    }
    assert!(seen.iter().all(|it| it["id"] == "2"), "{seen:?}");
}

#[test]
fn a_socket_has_at_most_32_operations() {
    // The only place among the long runs is taken, so operations wait.
    let server = Server::start(&["--max-runs", "1"]);
    let mut socket = server.socket(TRANSPORT).acknowledged();
    let aliases: Vec<String> = (0..40)
        .map(|no| format!("a{no}: ranking(by: BETWEENNESS) {{ score }}"))
        .collect();
    let query = format!("{{ {} }}", aliases.join(" "));
    let messages: Vec<String> = (0..40)
        .map(|no| json!({"id": no.to_string(), "type": "subscribe", "payload": {"query": query}}).to_string())
        .collect();
    for message in messages {
        socket.inner.write(Message::text(message)).expect("it is written");
    }
    socket.inner.flush().expect("it is sent");
    let mut open = 40;
    while open > 0 {
        let message = socket.next_json();
        open -= i32::from(message["type"] != "next");
        if message["type"] == "error" {
            assert_eq!(message["payload"][0]["extensions"]["code"], "OPERATION_LIMIT");
        }
    }
    // The socket is as good as new.
    socket.subscribe("x", NAME);
    assert_eq!(
        socket.next_json()["payload"]["data"]["organization"]["name"],
        "UNICEF"
    );
}

#[test]
fn the_limits_of_a_body_hold_for_messages() {
    let server = Server::start(&["--max-body", "1000", "--body-timeout", "0.5"]);
    let mut socket = server.socket(TRANSPORT).acknowledged();
    socket.send(&"x".repeat(1001));
    assert!(socket.next().starts_with("1009 "), "one frame");

    let mut socket = server.socket(TRANSPORT).acknowledged();
    let text = "x".repeat(600);
    for code in [Data::Text, Data::Continue] {
        let frame = Frame::message(text.clone(), OpCode::Data(code), false);
        socket.inner.send(Message::Frame(frame)).expect("it is sent");
    }
    assert!(socket.next().starts_with("1009 "), "two frames");

    let mut socket = server.socket(TRANSPORT).acknowledged();
    let frame = Frame::message("{", OpCode::Data(Data::Text), false);
    socket.inner.send(Message::Frame(frame)).expect("it is sent");
    assert!(socket.next().starts_with("1008 "), "a message that never ends");
}

#[test]
fn messages_that_are_not_finished_take_the_memory_of_requests() {
    let server = Server::start(&["--max-memory", "4000000"]);
    let mut sockets = Vec::new();
    let mut refused = 0;
    for _ in 0..8 {
        let mut socket = server.socket(TRANSPORT).acknowledged();
        let frame = Frame::message("x".repeat(900_000), OpCode::Data(Data::Text), false);
        let _ = socket.inner.send(Message::Frame(frame));
        // Whether it was read is known from the answer to a ping.
        let _ = socket.inner.send(Message::Ping("p".into()));
        match socket.inner.read() {
            Ok(Message::Pong(_)) => sockets.push(socket),
            _ => refused += 1,
        }
    }
    assert!(sockets.len() <= 3 && refused >= 5, "{} are held", sockets.len());
    drop(sockets);
    assert_eq!(server.post(&request(NAME), &[]).status, 200);
}

#[test]
fn the_negotiated_protocol_is_spoken() {
    let server = Server::start(&[]);
    for (offered, spoken, sent, answered) in [
        (TRANSPORT, TRANSPORT, "subscribe", "next"),
        ("graphql-ws", "graphql-ws", "start", "data"),
        ("graphql-ws, graphql-transport-ws", TRANSPORT, "subscribe", "next"),
        ("other, graphql-transport-ws", TRANSPORT, "subscribe", "next"),
    ] {
        let mut socket = server.socket(offered);
        assert_eq!(socket.spoken, spoken, "{offered}");
        socket.send(r#"{"type":"connection_init"}"#);
        socket.send(&json!({"id": "1", "type": sent, "payload": {"query": NAME}}).to_string());
        let mut kinds = Vec::new();
        while kinds.last().is_none_or(|it| it != "complete") {
            kinds.push(socket.next_json()["type"].as_str().expect("a type").to_owned());
        }
        assert!(kinds.iter().any(|it| it == answered), "{offered}: {kinds:?}");
    }
    for offered in ["", "other", "soap, wamp"] {
        assert_eq!(server.handshake(offered, None).err(), Some(400), "{offered}");
    }
}

#[test]
fn pages_of_other_origins_open_no_socket() {
    let server = Server::start(&["--allow-origin", "https://app.example.org"]);
    let (_, port) = server.host.split_once(':').expect("a port");
    for (origin, expected) in [
        (format!("http://{}", server.host), None),
        ("https://app.example.org".to_owned(), None),
        ("https://evil.example".to_owned(), Some(403)),
        ("null".to_owned(), Some(403)),
        ("http://127.0.0.1".to_owned(), Some(403)),
        (format!("http://127.0.0.1.evil.example:{port}"), Some(403)),
        (format!("http://127.0.0.1:{port}@evil.example"), Some(403)),
        (format!("file://127.0.0.1:{port}"), Some(403)),
    ] {
        let refused = server.handshake(TRANSPORT, Some(&origin)).err();
        assert_eq!(refused, expected, "{origin}");
    }
    let open = Server::start(&["--allow-origin", "*"]);
    assert_eq!(
        open.handshake(TRANSPORT, Some("https://evil.example")).err(),
        None
    );
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
    for upgrade in ["h2c", "TLS/1.0", "websocket2"] {
        let headers = [
            ("connection", "Upgrade, HTTP2-Settings, close"),
            ("upgrade", upgrade),
            ("http2-settings", "AAMAAABkAAQAAP__"),
        ];
        let got = server.get(NAME, &headers);
        assert_eq!((got.status, got.text()), (200, expected.text()), "{upgrade}");
    }
}

#[test]
fn answers_in_caches_are_told_apart() {
    let server = Server::start(&[]);
    let good = server.get(NAME, &[]);
    assert_eq!(good.header("cache-control"), Some("public, no-cache"));
    assert_eq!(good.header("vary"), Some("accept, accept-encoding"));
    let tag = good.header("etag").expect("a tag").to_owned();
    for wanted in [&*tag, "*", &format!("W/{tag}, \"x\"")] {
        let again = server.get(NAME, &[("if-none-match", wanted)]);
        assert_eq!(
            (again.status, again.header("etag")),
            (304, Some(&*tag)),
            "{wanted}"
        );
        assert_eq!(again.header("vary"), Some("accept, accept-encoding"));
    }
    for headers in [
        ("accept", "application/graphql-response+json"),
        ("accept-encoding", "gzip"),
    ] {
        let other = server.get(NAME, &[headers, ("if-none-match", &tag)]);
        assert_eq!(other.status, 200, "{headers:?}");
    }
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
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = folder.path().join("documents.json");
        std::fs::write(&manifest, json!({"a": document}).to_string()).expect("a manifest");
        let server = Server::start(&["--documents", manifest.to_str().expect("a path")]);
        let answer = server.send("GET /graphql?documentId=a", &[], b"");
        answer.header("etag").expect("a tag").to_owned()
    };
    assert_ne!(tag_of("{ __typename }"), tag_of("{ graph { title } }"));
}

#[test]
fn bodies_are_taken_as_they_are() {
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
    let allowed = answer.header("access-control-allow-headers").expect("a list");
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

fn plain(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = match encoding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
        "zstd" => zstd::stream::read::Decoder::new(bytes)
            .expect("a decoder")
            .read_to_end(&mut plain),
        _ => panic!("{encoding}"),
    };
    read.expect("it is sound");
    plain
}

#[test]
fn long_answers_are_compressed_and_short_ones_are_not() {
    let server = Server::start(&[]);
    let medium = "{ places(first: 100) { nodes { id label name description } } }".to_owned();
    let aliases: Vec<String> = (0..20)
        .map(|no| format!("a{no}: entities(first: 500) {{ nodes {{ id label description }} }}"))
        .collect();
    let long = format!("{{ {} }}", aliases.join(" "));
    for encoding in ["zstd", "br", "gzip"] {
        for query in [&medium, &long] {
            let expected = server.post(&request(query), &[]);
            assert_eq!(expected.header("content-encoding"), None);
            assert!(expected.body.len() > 1024, "{}", expected.text());
            let packed = server.post(&request(query), &[("accept-encoding", encoding)]);
            assert_eq!(packed.header("content-encoding"), Some(encoding));
            assert!(packed.body.len() < expected.body.len() / 2);
            assert_eq!(plain(encoding, &packed.body), expected.body, "{encoding}");
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
fn compressing_is_within_the_memory_of_requests() {
    // There is room for the answer, and none for an encoder of long ones.
    let server = Server::start(&["--max-memory", "5000000"]);
    let aliases: Vec<String> = (0..20)
        .map(|no| format!("a{no}: entities(first: 500) {{ nodes {{ id label description }} }}"))
        .collect();
    let query = request(&format!("{{ {} }}", aliases.join(" ")));
    assert_eq!(server.post(&query, &[]).status, 200);
    assert_eq!(server.post(&query, &[("accept-encoding", "gzip")]).status, 503);
    assert_eq!(server.post(&query, &[]).status, 200, "nothing stays reserved");
}
