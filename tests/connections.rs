//! Connections to the real binary over raw sockets: how much a misbehaving client can occupy, and for how long.
//!
//! Flags set short timeouts, and the tests wait until the client sees the end of its connection. The tests wait long
//! enough for a busy machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Lines, PATIENCE, clew, root};
use rustix::process::Signal;
use serde_json::{Value, json};

mod common;

/// A server that receives requests over raw sockets.
struct Server(common::Server);

impl Deref for Server {
    type Target = common::Server;

    fn deref(&self) -> &common::Server {
        &self.0
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        Self(common::Server::start(arguments))
    }

    fn of(folder: &Path, arguments: &[&str]) -> Self {
        Self(common::Server::of(folder, arguments))
    }

    fn spawn(mut command: Command) -> Self {
        Self(common::Server::spawn(&mut command))
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// A connection on which a text was sent.
    fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    }

    /// The answer to a request on a new connection.
    fn ask(&self, request: &str) -> Answer {
        answer(&mut self.send(request))
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

fn post(body: &str) -> String {
    format!("{}{body}", head_of_post(body.len()))
}

fn head_of_post(length: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

fn query(query: &str) -> String {
    post(&json!({ "query": query }).to_string())
}

const NAME: &str = r#"{ node(id: "quill") { label } }"#;
const NAMED: &str = r#"{"data":{"node":{"label":"Quill"}}}"#;

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|it| it.split_once(": "));
        lines.find_map(|(it, value)| it.eq_ignore_ascii_case(name).then_some(value))
    }
}

/// Reads one answer; the connection may stay open.
fn answer(stream: &mut TcpStream) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        let read = stream.read(&mut byte).unwrap();
        assert_eq!(
            read,
            1,
            "the head ends early: {:?}",
            String::from_utf8_lossy(&head)
        );
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let mut answer = Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head,
        body: String::new(),
    };
    let length = answer
        .header("content-length")
        .map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    answer.body = String::from_utf8(body).unwrap();
    answer
}

/// Waits for the end of a connection, and returns what was received before it.
fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let mut part = [0; 4096];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(read) => rest.extend(&part[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the connection stays open: {error}"),
        }
    }
    String::from_utf8_lossy(&rest).into_owned()
}

/// Sends single bytes until the server closes the connection.
fn drip(stream: &TcpStream) {
    let mut stream = stream.try_clone().unwrap();
    std::thread::spawn(move || {
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
}

/// The minimal WebSocket client for a test of connections.
fn web_socket(server: &Server) -> TcpStream {
    let mut stream = server.send(
        "GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n",
    );
    assert_eq!(answer(&mut stream).status, 101);
    stream
}

/// Sends a ping and waits for the pong.
fn check_alive(stream: &mut TcpStream) {
    // A masked frame with the mask 0.
    stream.write_all(&[0x89, 0x80, 0, 0, 0, 0]).unwrap();
    let mut pong = [0; 2];
    let read = stream.read_exact(&mut pong);
    assert_eq!((read.map_err(|it| it.to_string()), pong), (Ok(()), [0x8a, 0]));
}

/// A query whose answer is longer than the kernel buffers for a client that does not read.
fn long_query() -> String {
    let fields = "id label description __typename";
    let alias = |no: usize| format!("a{no}: entities(first: 1000) {{ nodes {{ {fields} }} }}");
    let aliases: Vec<String> = (0..100).map(alias).collect();
    query(&format!("{{ {} }}", aliases.join(" ")))
}

#[test]
fn an_incomplete_head_ends_the_connection_after_the_timeout() {
    let server = Server::start(&["--header-timeout", "3"]);
    let mut nothing = server.connect();
    let mut half = server.send("POST /graphql HTTP/1.1\r\nhost: loc");
    let mut dripping = server.send("GET /");
    drip(&dripping);
    let mut second = server.send(&get("/health"));
    assert_eq!(answer(&mut second).status, 200);
    second.write_all(b"GET /hea").unwrap();
    for stream in [&mut nothing, &mut half, &mut dripping, &mut second] {
        assert_eq!(rest(stream), "");
    }
    let lines = server.log.until(|lines| {
        lines
            .iter()
            .filter(|it| it.contains("code=HEADER_TIMEOUT"))
            .count()
            == 3
    });
    assert!(lines.iter().all(|it| !it.contains("panicked")));
    assert_eq!(server.health()["status"], "ok");
}

#[test]
fn half_a_body_is_answered_with_408() {
    let server = Server::start(&["--body-timeout", "0.6"]);
    let body = json!({ "query": NAME }).to_string();
    let mut half = server.send(&format!("{}{}", head_of_post(body.len()), &body[..20]));
    let mut nothing = server.send(&head_of_post(body.len()));
    let mut dripping = server.send(&head_of_post(900_000));
    drip(&dripping);
    let mut chunked = server.send(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"que",
    );
    for stream in [&mut half, &mut nothing, &mut dripping, &mut chunked] {
        let refused = answer(stream);
        assert_eq!(refused.status, 408);
        assert_eq!(refused.header("connection"), Some("close"));
        assert_eq!(refused.json()["errors"][0]["extensions"]["code"], "BODY_TIMEOUT");
        assert_eq!(rest(stream), "");
    }
    server.log.line("status=408 code=BODY_TIMEOUT");
    assert_eq!(server.ask(&post(&body)).body, NAMED);
}

#[test]
fn an_idle_connection_is_closed_and_a_web_socket_is_not() {
    let server = Server::start(&["--idle-timeout", "0.3"]);
    let mut socket = web_socket(&server);
    // Each of these is open for the idle timeout, so the WebSocket is idle three times as long.
    for _ in 0..3 {
        let mut idle = server.send(&query(NAME));
        assert_eq!(answer(&mut idle).body, NAMED);
        assert_eq!(rest(&mut idle), "");
    }
    check_alive(&mut socket);
    let lines = server.log.all();
    assert!(
        lines.iter().all(|it| !it.contains("code=")),
        "nobody is refused: {lines:#?}"
    );
}

#[test]
fn a_connection_that_is_used_is_kept() {
    let server = Server::start(&["--idle-timeout", "20"]);
    let mut stream = server.connect();
    for _ in 0..200 {
        stream.write_all(query(NAME).as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).body, NAMED);
    }
    // Requests that arrive together are answered in their order.
    let both = format!("{}{}", query(NAME), get("/health"));
    stream.write_all(both.as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).body, NAMED);
    assert_eq!(answer(&mut stream).json()["status"], "ok");
    let many = query(NAME).repeat(200);
    stream.write_all(many.as_bytes()).unwrap();
    for _ in 0..200 {
        assert_eq!(answer(&mut stream).body, NAMED);
    }
}

#[test]
fn an_answer_that_is_not_read_ends_its_connection() {
    let folder = common::long_texts();
    let server = Server::of(folder.path(), &["--write-timeout", "2"]);
    let mut stalled = server.send(&long_query());
    server.log.line("code=WRITE_TIMEOUT");
    let got = rest(&mut stalled);
    assert!(
        got.starts_with("HTTP/1.1 200 OK"),
        "{}",
        &got[..got.len().min(200)]
    );
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
    assert!(
        body.len() < length.unwrap().parse().unwrap(),
        "all of it was sent"
    );
    // A client that reads receives the whole answer.
    let whole = server.ask(&long_query());
    assert!(whole.json()["errors"].is_null());
}

#[test]
fn a_further_connection_replaces_an_idle_one() {
    let server = Server::start(&["--max-connections", "4"]);
    let idle = || {
        let mut stream = server.send(&query(NAME));
        assert_eq!(answer(&mut stream).body, NAMED);
        stream
    };
    let mut connections: Vec<TcpStream> = (0..4).map(|_| idle()).collect();
    let mut fifth = idle();
    // One of the four was closed to make room: the others and the fifth stay open.
    let mut alive = 0;
    for stream in connections.iter_mut().chain([&mut fifth]) {
        let written = stream.write_all(query(NAME).as_bytes());
        let mut byte = [0];
        if written.is_ok() && stream.read(&mut byte).is_ok_and(|it| it == 1) {
            alive += 1;
        }
    }
    assert_eq!(alive, 4);
}

#[test]
fn a_further_connection_is_refused_if_all_are_busy() {
    let server = Server::start(&["--max-connections", "3"]);
    let body = json!({ "query": NAME }).to_string();
    let begun = format!("{}{}", head_of_post(body.len()), &body[..10]);
    let mut busy: Vec<TcpStream> = (0..3)
        .map(|_| {
            // `100 Continue` is sent after the head was read, so the connection is busy then.
            let begun = begun.replace("content-type", "expect: 100-continue\r\ncontent-type");
            let mut stream = server.send(&begun);
            assert_eq!(answer(&mut stream).status, 100);
            stream
        })
        .collect();
    let refused = server.ask(&query(NAME));
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(
        refused.body.contains("as many connections as it may"),
        "{refused:?}"
    );
    server.log.line("status=503 code=CONNECTION_LIMIT");
    for stream in &mut busy {
        stream.write_all(&body.as_bytes()[10..]).unwrap();
        assert_eq!(answer(stream).body, NAMED);
    }
    assert_eq!(server.ask(&query(NAME)).body, NAMED);
}

#[test]
fn metrics_are_served_where_clients_have_all_connections() {
    let server = Server::start(&["--max-connections", "2", "--metrics-listen", "127.0.0.1:0"]);
    let mut sockets = [(); 2].map(|()| web_socket(&server));
    assert_eq!(server.ask(&query(NAME)).status, 503);
    assert_eq!(server.metric("clew_errors_total{code=\"CONNECTION_LIMIT\"}"), 1);
    sockets.iter_mut().for_each(check_alive);
}

#[test]
fn a_client_receives_the_refusal_of_a_body_that_is_too_long() {
    let server = Server::start(&[]);
    let length = 8 << 20;
    let mut stream = server.send(&head_of_post(length));
    // A client that sends everything before it reads the answer.
    stream.write_all(&vec![b'x'; length]).unwrap();
    let refused = answer(&mut stream);
    assert_eq!(refused.status, 413);
    assert_eq!(refused.header("connection"), Some("close"));
    assert_eq!(refused.json()["errors"][0]["extensions"]["code"], "BODY_LIMIT");
    // A client that sends `Expect: 100-continue` receives the answer before it sends the body.
    let asking = head_of_post(length).replace("content-type", "expect: 100-continue\r\ncontent-type");
    assert_eq!(server.ask(&asking).status, 413);
    let mut chunked = server.send(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    for _ in 0..32 {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        chunked.write_all(chunk.as_bytes()).unwrap();
    }
    assert_eq!(answer(&mut chunked).status, 413);
    let mut others = server.send(&head_of_post(length).replace("/graphql", "/nothing"));
    others.write_all(&vec![b'x'; length]).unwrap();
    assert_eq!(answer(&mut others).status, 405);
}

#[test]
fn sigterm_ends_the_server_beside_clients_that_never_end() {
    let folder = common::long_texts();
    let mut server = Server::of(folder.path(), &["--grace", "0.5"]);
    let half_head = server.send("POST /gra");
    let half_body = server.send(&format!("{}{{", head_of_post(100)));
    let stalled = server.send(&long_query());
    let mut socket = web_socket(&server);
    let mut idle = server.send(&query(r#"{ node(id: "t1") { label } }"#));
    assert_eq!(answer(&mut idle).body, r#"{"data":{"node":{"label":"T1"}}}"#);
    server.signal(Signal::TERM);
    assert_eq!(rest(&mut idle), "", "who waits for nothing is let go at once");
    assert!(server.0.ended().success());
    let mut close = [0; 4];
    socket.read_exact(&mut close).unwrap();
    // The client does not confirm the end.
    assert_eq!((close[0], [close[2], close[3]]), (0x88, 1001_u16.to_be_bytes()));
    drop((half_head, half_body, stalled));
    server
        .log
        .line("connections are aborted at the end of --grace left=4");
}

#[test]
fn sigterm_without_clients_ends_the_server_at_once() {
    let mut server = Server::start(&["--grace", "86400"]);
    let _fresh = server.connect();
    let mut idle = server.send(&query(NAME));
    assert_eq!(answer(&mut idle).body, NAMED);
    server.signal(Signal::TERM);
    assert!(server.0.ended().success());
}

#[test]
fn a_server_without_descriptors_reports_it_and_continues_when_some_are_free() {
    let mut command = Command::new("sh");
    command.current_dir(common::library()).args([
        "-c",
        "ulimit -n 64 && exec \"$0\" serve --listen 127.0.0.1:0",
        env!("CARGO_BIN_EXE_clew"),
    ]);
    let server = Server::spawn(command);
    server.log.line("the process may open too few files");
    // All connections are busy, so none is closed to make room.
    let held: Vec<TcpStream> = (0..80)
        .map(|_| server.send(&format!("{}{{", head_of_post(100))))
        .collect();
    let line = server.log.line("cannot accept connections");
    assert!(line.contains("open files"), "{line}");
    drop(held);
    assert_eq!(server.ask(&query(NAME)).body, NAMED);
    // Idle connections are closed to make room for others.
    let _idle: Vec<TcpStream> = (0..80).map(|_| server.connect()).collect();
    assert_eq!(server.ask(&query(NAME)).body, NAMED);
}

#[test]
fn only_hosts_of_the_server_are_served() {
    let server = Server::start(&[
        "--allow-host",
        "Graph.example.org:443",
        "--allow-host",
        "10.1.2.3",
    ]);
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    let target = |target: &str, headers: &str| {
        server
            .ask(&format!("GET {target} HTTP/1.1\r\n{headers}\r\n"))
            .status
    };
    let host = |host: &str| target("/health", &format!("host: {host}\r\n"));
    for good in [
        "localhost".to_owned(),
        format!("localhost:{port}"),
        "LOCALHOST:1".to_owned(),
        "app.localhost".to_owned(),
        "localhost.".to_owned(),
        format!("127.0.0.1:{port}"),
        "127.1.2.3".to_owned(),
        "[::1]:80".to_owned(),
        "graph.example.org".to_owned(),
        "GRAPH.example.ORG:8443".to_owned(),
        "10.1.2.3:1".to_owned(),
    ] {
        assert_eq!(host(&good), 200, "{good}");
    }
    for foreign in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:80",
        "192.168.0.1",
        "0.0.0.0",
        "[2001:db8::1]",
        "graph.example.org.evil.example",
    ] {
        assert_eq!(host(foreign), 421, "{foreign}");
    }
    for nonsense in ["", "a b", "user@localhost", "localhost:x", "[::1", "localhost/"] {
        assert_eq!(host(nonsense), 400, "{nonsense}");
    }
    assert_eq!(target("/health", "host: localhost\r\nhost: localhost\r\n"), 400);
    assert_eq!(
        target("/health", "host: localhost\r\nHost: evil.example\r\n"),
        400
    );
    assert_eq!(target("/health", ""), 400);
    assert_eq!(target("http://localhost/health", "host: localhost\r\n"), 200);
    assert_eq!(target("http://evil.example/health", "host: localhost\r\n"), 421);
    assert_eq!(target("http://localhost/health", "host: evil.example\r\n"), 421);
    assert_eq!(target("http://localhost/health", ""), 400);
    // HTTP/1.0 does not require a `Host` header.
    let mut old = server.send("GET /health HTTP/1.0\r\n\r\n");
    assert_eq!(answer(&mut old).status, 200);
    // Each request is checked, also after an accepted one.
    let mut stream = server.send(&query(NAME));
    assert_eq!(answer(&mut stream).status, 200);
    stream
        .write_all(query(NAME).replace("localhost", "evil.example").as_bytes())
        .unwrap();
    let refused = answer(&mut stream);
    assert_eq!(refused.status, 421);
    assert_eq!(refused.json()["errors"][0]["extensions"]["code"], "FOREIGN_HOST");
    let message = refused.body;
    assert!(
        message.contains("evil.example") && message.contains("--allow-host"),
        "{message}"
    );
    stream
        .write_all(
            query(NAME)
                .replace("host: localhost", "host: localhost\r\nhost: localhost")
                .as_bytes(),
        )
        .unwrap();
    assert_eq!(answer(&mut stream).status, 400);
    // WebSocket handshakes are checked as well.
    let upgrade = "GET /graphql HTTP/1.1\r\nhost: evil.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_eq!(server.ask(upgrade).status, 421);
    let any = Server::start(&["--allow-host", "*"]);
    assert_eq!(
        any.ask(&get("/health").replace("localhost", "evil.example"))
            .status,
        200
    );
}

#[test]
fn an_address_that_others_can_reach_requires_public() {
    let serve = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_clew"))
            .arg("serve")
            .args(arguments)
            .current_dir(root())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let (code, said) = serve(&["--listen", listen]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(listen) && said.contains("--public"), "{said}");
        assert!(!said.contains("entities"), "nothing is loaded: {said}");
    }
    let (code, said) = serve(&["--listen", "127.0.0.1:0", "--metrics-listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--metrics-listen"), "{said}");
    let (code, said) = serve(&["--listen", "0.0.0.0:0", "--public"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--allow-host"), "{said}");
    let (code, said) = serve(&["--allow-host", "https://example.org"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is not a host name"), "{said}");
    let (code, said) = serve(&["--listen", "nonsense"]);
    assert_eq!(code, Some(1), "{said}");
    for timeout in ["0", "-1", "soon", "NaN", "1e9"] {
        let (code, said) = serve(&["--header-timeout", timeout]);
        assert_eq!(code, Some(2), "{timeout}: {said}");
    }
}

/// A folder with one place, whose name can be changed.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let sdl = "type Place { name: String! kind: Kind } enum Kind { CITY }";
        common::write(place.0.path(), "schema/a.graphql", sdl);
        place.write("Place:\n  x: {name: X0, kind: CITY}\n");
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, data: &str) {
        std::fs::create_dir_all(self.path("data")).unwrap();
        common::replace(self.0.path(), "data/a.yaml", data);
    }

    fn serve(&self) -> Command {
        clew(self.0.path(), &["serve", "--listen", "127.0.0.1:0"])
    }
}

fn name(server: &Server) -> Value {
    let answer = server.ask(&query("{ place(id: \"x\") { name } }")).json();
    answer["data"]["place"]["name"].clone()
}

#[test]
fn a_server_continues_if_nobody_reads_its_output() {
    let place = Place::new();
    let (listening, stdout) = std::io::pipe().unwrap();
    let (unread, stderr) = std::io::pipe().unwrap();
    let child = place.serve().stdout(stdout).stderr(stderr).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(listening).read_line(&mut line).unwrap();
    drop(unread);
    let server = Server(common::Server {
        child,
        address: line.trim().trim_start_matches("listening on http://").to_owned(),
        log: Lines::default(),
    });
    assert_eq!(server.ask(&query("{ nothing }")).status, 200);
    place.write("Place:\n  x: {name: X1, kind: TOWN}\n");
    server.signal(Signal::HUP);
    server.until(|it| it["status"] == "stale");
    assert_eq!(name(&server), "X0");
    place.write("Place:\n  x: {name: X2, kind: CITY}\n");
    server.signal(Signal::HUP);
    server.until(|it| it["status"] == "ok" && it["reloads"] == 1);
    assert_eq!(name(&server), "X2");
    place.write("Place:\n  x: {name: X3, kind: CITY}\n");
    server.signal(Signal::HUP);
    server.until(|it| it["reloads"] == 2);
}

#[test]
fn a_server_whose_output_is_closed_from_the_start_serves() {
    let place = Place::new();
    let (closed, stdout) = std::io::pipe().unwrap();
    drop(closed);
    let mut command = place.serve();
    command.args(["--metrics-listen", "127.0.0.1:0"]);
    let mut child = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let log = Lines::of(child.stderr.take().unwrap());
    let line = log.line("metrics at http://");
    let address = line.split('/').nth(2).unwrap().to_owned();
    let mut server = Server(common::Server { child, address, log });
    let metrics = server.ask(&get("/metrics"));
    assert!(metrics.body.contains("clew_entities 1\n"), "{metrics:?}");
    server.signal(Signal::TERM);
    assert!(server.0.ended().success());
}

#[test]
fn a_flood_of_hangups_is_few_reloads() {
    let place = Place::new();
    let server = Server::spawn(place.serve());
    let flood = "for i in 1 2 3 4 5 6 7; do for j in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 \
        21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43; do kill -HUP \"$0\"; done; done";
    let sent = Command::new("sh")
        .args(["-c", flood, &server.child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    place.write("Place:\n  x: {name: X1, kind: CITY}\n");
    server.signal(Signal::HUP);
    let deadline = Instant::now() + PATIENCE;
    while name(&server) != "X1" {
        assert!(Instant::now() < deadline, "the signal is lost");
        std::thread::yield_now();
    }
    let reloads = server.health()["reloads"].as_u64().unwrap();
    // Of 302 signals, those less than 0.1 s apart cause one reload. On a busy machine, some arrive later.
    assert!((1..=30).contains(&reloads), "{reloads} reloads");
}

#[test]
fn the_health_reports_an_error_and_the_log_explains_it() {
    let place = Place::new();
    let server = Server::spawn(place.serve());
    let health = server.health();
    assert_eq!(health["status"], "ok");
    assert!(health.get("failure").is_none());
    place.write("Place:\n  x: {name: Secret, kind: TOWN}\n");
    server.signal(Signal::HUP);
    let health = server.until(|it| it["status"] == "stale");
    let keys: Vec<&String> = health.as_object().unwrap().keys().collect();
    let expected = [
        "status", "version", "revision", "entities", "edges", "reloads", "failure",
    ];
    assert_eq!(keys, expected);
    let told = health.to_string();
    let folder = place.path("").display().to_string();
    for secret in ["Secret", "TOWN", "a.yaml", "E0220", folder.trim_end_matches('/')] {
        assert!(!told.contains(secret), "{secret} is in {told}");
    }
    server.log.line("not reloaded");
    server.log.line("[E0220] Error: ");
    let log = server.log.all().join("\n");
    assert!(log.contains("E0220") && log.contains("a.yaml"), "{log}");
    // The report has the same lines as that of `clew check`.
    let mut lines = log.lines();
    assert!(lines.any(|it| it.starts_with("[E0220] Error: ")), "{log}");
    assert!(!log.contains("\\n"), "{log}");
    std::fs::write(place.path("schema/a.graphql"), "type Place {").unwrap();
    server.signal(Signal::HUP);
    let stale = server.until(|it| it["status"] == "stale");
    assert!(!stale.to_string().contains("graphql"), "{stale}");
}

const CONSOLE: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'";

#[test]
fn every_page_has_security_headers() {
    let server = Server::start(&[]);
    let page = server.ask(&get("/"));
    assert_eq!(page.status, 200);
    let scripts = page
        .body
        .split("src=\"")
        .skip(1)
        .map(|it| it.split('"').next().unwrap());
    let mut paths: Vec<&str> = scripts.collect();
    assert!(!paths.is_empty());
    paths.extend([
        "/",
        "/search",
        "/entity/quill",
        "/graphiql",
        "/health",
        "/schema.graphql",
        "/nothing",
        "/graphql",
        "/graphql?query=%7B__typename%7D",
    ]);
    for path in paths {
        let answer = server.ask(&get(path));
        assert_eq!(answer.header("content-security-policy"), Some(CONSOLE), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    }
    let drawn = get("/graphql?query=%7Bnode(id:%22quill%22)%7Blabel%7D%7D");
    let drawn = drawn.replace("host:", "accept: image/svg+xml\r\nhost:");
    let posted = query(NAME).replace("host:", "accept: image/svg+xml\r\nhost:");
    for request in [drawn, posted] {
        let drawing = server.ask(&request);
        assert!(drawing.body.starts_with("<svg "), "{drawing:?}");
        assert_eq!(
            drawing.header("content-security-policy"),
            Some("default-src 'none'; style-src 'unsafe-inline'")
        );
        assert_eq!(drawing.header("x-content-type-options"), Some("nosniff"));
    }
    for request in [query(NAME), query("{ nothing }"), post("{")] {
        assert_eq!(
            server.ask(&request).header("x-content-type-options"),
            Some("nosniff")
        );
    }
}

#[test]
fn the_page_is_compressed_for_clients_that_take_gzip_alone() {
    let server = Server::start(&[]);
    let encoding = |lines: &str| {
        let more = format!("\r\nconnection: close\r\n{lines}\r\n");
        let page = rest(&mut server.send(&get("/").replacen("\r\n\r\n", &more, 1)));
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        let head = page.split("\r\n\r\n").next().unwrap();
        let line = head.lines().find(|it| it.starts_with("content-encoding"));
        line.map(str::to_owned)
    };
    // A binary that was built without npm has a small page, which is never compressed.
    let gzip = encoding("accept-encoding: gzip\r\n");
    assert_eq!(encoding("accept-encoding: br\r\naccept-encoding: gzip\r\n"), gzip);
    assert_eq!(encoding("accept-encoding: gzip;q=0, identity\r\n"), None);
    assert_eq!(encoding("accept-encoding: x-notgzip\r\n"), None);
    assert_eq!(encoding(""), None);
}

#[test]
fn there_is_no_console_if_it_could_not_work() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("documents.json");
    std::fs::write(&manifest, r#"{"name": "{ __typename }"}"#).unwrap();
    let manifest = manifest.to_str().unwrap();
    for arguments in [
        &["--no-introspection"][..],
        &["--documents", manifest, "--documents-only"],
    ] {
        let server = Server::start(arguments);
        let page = server.ask(&get("/"));
        assert_eq!(page.status, 404);
        assert!(page.body.contains("the console is turned off"), "{page:?}");
        assert_eq!(server.health()["status"], "ok");
    }
    let server = Server::start(&["--documents", manifest]);
    assert_eq!(server.ask(&get("/")).status, 200);
}

/// The fields of a line of the log.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let start = line
        .find(&format!(" {name}="))
        .unwrap_or_else(|| panic!("no {name}: {line}"))
        + name.len()
        + 2;
    line[start..].split(' ').next().unwrap()
}

#[test]
fn a_request_that_fails_leaves_a_line() {
    let server = Server::start(&[]);
    let wrong = server.ask(&query("{ nothing }"));
    let line = server.log.line("code=GRAPHQL_VALIDATION_FAILED");
    assert!(!line.contains('\u{1b}'), "no colors where nobody looks: {line}");
    assert_eq!(field(&line, "status"), "200");
    assert_eq!(field(&line, "bytes"), wrong.body.len().to_string());
    assert!(field(&line, "ms").parse::<u64>().is_ok());
    let hash = field(&line, "document").to_owned();
    assert_eq!(hash.len(), 16, "{line}");
    // The same document has the same hash on every transport.
    server.ask(&get("/graphql?query=%7B%20nothing%20%7D"));
    let lines = server
        .log
        .until(|lines| lines.iter().filter(|it| it.contains(&hash)).count() == 2);
    assert!(
        !lines.join("\n").contains("{ nothing }"),
        "a document may hold what is secret"
    );
    server.ask(&query("{ entities(first: -1) { totalCount } }"));
    server.log.line("code=BAD_USER_INPUT");
    server.ask(&post("[]"));
    let line = server.log.line("status=400 code=BAD_REQUEST");
    assert_eq!(field(&format!("{line} "), "document"), "");
    server.ask("GET / HTTP/1.1\r\nbad header\r\n\r\n");
    server.log.line("status=400 code=BAD_HTTP");
    server.ask(&get("/nothing"));
    server.log.line("status=404 code= ");
    let before = server.log.all().len();
    assert_eq!(server.ask(&query(NAME)).body, NAMED);
    server.ask(&post("[]"));
    let logged = |lines: &[String]| -> Vec<String> {
        let lines = lines[before..].iter().filter(|it| it.contains("code="));
        lines.cloned().collect()
    };
    let lines = server.log.until(|lines| !logged(lines).is_empty());
    assert!(
        logged(&lines)[0].contains("BAD_REQUEST"),
        "what is answered leaves none: {lines:#?}"
    );
}

#[test]
fn a_slow_request_leaves_a_line() {
    let folder = common::long_texts();
    let server = Server::of(folder.path(), &["--log-slow", "0.001"]);
    let answer = server.ask(&long_query());
    let line = server.log.line("request slow");
    assert_eq!(field(&line, "bytes"), answer.body.len().to_string());
    assert!(field(&line, "ms").parse::<u64>().unwrap() >= 1);
    assert_eq!(field(&format!("{line} "), "document").len(), 16);
}

#[test]
fn a_client_that_disconnects_before_its_answer_is_logged() {
    let folder = common::slow_graph();
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        "127.0.0.1:0",
    ];
    let mut command = clew(folder.path(), &arguments);
    // The server sends comments as long as the run takes.
    command.args(["--write-timeout", "1"]);
    let server = Server::spawn(command);
    let hang_ups = |count: usize| {
        server.log.until(|lines| {
            let lines = lines.iter().filter(|it| it.contains("code=CLIENT_CLOSED"));
            lines.count() == count
        })
    };
    let post = query(&common::slow_query());
    let mut client = server.send(&post);
    server.until_metric("clew_runs", |it| it == 1);
    client.write_all(b"G").unwrap();
    drop(client);
    hang_ups(1);
    let line = server.log.line("code=CLIENT_CLOSED");
    assert_eq!(field(&line, "status"), "0");
    assert_eq!(field(&line, "bytes"), "0");
    assert_eq!(field(&format!("{line} "), "document").len(), 16);
    let mut client = server.send(&post.replacen("\r\n", "\r\naccept: text/event-stream\r\n", 1));
    let mut head = [0; 12];
    client.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    drop(client);
    hang_ups(2);
    assert_eq!(server.metric("clew_errors_total{code=\"CLIENT_CLOSED\"}"), 2);
    // A client that closes an idle connection does not count as a disconnect.
    let mut client = server.send(&query("{ __typename }"));
    answer(&mut client);
    drop(client);
    server.ask(&self::post("[]"));
    server.log.line("code=BAD_REQUEST");
    hang_ups(2);
}

#[test]
fn a_flood_of_refusals_does_not_fill_the_log() {
    let mut server = Server::start(&[]);
    let mut stream = server.connect();
    let begun = Instant::now();
    for _ in 0..2_000 {
        stream.write_all(query("{ nothing }").as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).status, 200);
    }
    let seconds = begun.elapsed().as_secs() as usize + 2;
    server.signal(Signal::TERM);
    assert!(server.0.ended().success());
    let count = |lines: &[String]| {
        let written = lines.iter().filter(|it| it.contains("code=GRAPHQL")).count();
        let counted = lines.iter().filter(|it| it.contains("their lines are left out"));
        let left_out: usize = counted
            .map(|it| field(&format!("{it} "), "count").parse::<usize>().unwrap())
            .sum();
        (written, left_out)
    };
    let lines = server.log.until(|lines| {
        let (written, left_out) = count(lines);
        written + left_out == 2_000
    });
    let (written, _) = count(&lines);
    assert!(written <= 50 * seconds, "{written} lines in {seconds} s");
}

#[test]
fn requests_that_end_early_because_the_memory_is_used_up_are_counted() {
    let folder = common::long_texts();
    let server = Server::of(
        folder.path(),
        &["--max-memory", "700000", "--metrics-listen", "127.0.0.1:0"],
    );
    let longer = long_query().replace(
        "{ id label }",
        "{ id label partners { nodes { id label name } } }",
    );
    let longer = longer.split("\r\n\r\n").nth(1).unwrap();
    assert_eq!(server.ask(&post(longer)).status, 503);
    // The run began, but there was no memory left for its answer.
    assert_eq!(server.metric("clew_runs_begun_total"), 1);
    assert_eq!(server.metric("clew_busy_total"), 1);
}

#[test]
fn counters_are_served_to_prometheus() {
    let place = Place::new();
    let mut command = place.serve();
    command.args(["--metrics-listen", "127.0.0.1:0"]);
    let server = Server::spawn(command);
    let line = server.log.line("metrics at http://");
    let address = line.split('/').nth(2).unwrap();
    let scrape = |host: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let request = get("/metrics").replace("localhost", host);
        stream.write_all(request.as_bytes()).unwrap();
        answer(&mut stream)
    };
    let value = |name: &str| {
        let text = scrape("localhost").body;
        let line = text
            .lines()
            .find_map(|it| it.strip_prefix(name).and_then(|it| it.strip_prefix(' ')));
        line.unwrap_or_else(|| panic!("no {name}: {text}"))
            .parse::<f64>()
            .unwrap()
    };
    assert_eq!(value("clew_entities"), 1.0);
    assert_eq!(value("clew_reloads_total"), 0.0);
    let answered = value("clew_answers_total{status=\"2xx\"}");
    let mut kept = server.send(&query("{ place(id: \"x\") { name } }"));
    answer(&mut kept);
    assert!(value("clew_answers_total{status=\"2xx\"}") > answered);
    assert!(value("clew_sent_bytes_total") > 0.0);
    assert!(value("clew_connections") >= 2.0);
    assert!(value("clew_uptime_seconds") > 0.0);
    for gauge in ["clew_runs", "clew_queue", "clew_cache_bytes{cache=\"persisted\"}"] {
        assert_eq!(value(gauge), 0.0, "{gauge}");
    }
    assert!(value("clew_reserved_bytes_limit") >= value("clew_reserved_bytes_max"));
    assert!(value("clew_cache_bytes{cache=\"documents\"}") > 0.0);
    assert_eq!(server.ask(&post("[]")).status, 400);
    assert_eq!(value("clew_errors_total{code=\"BAD_REQUEST\"}"), 1.0);
    assert_eq!(value("clew_answers_total{status=\"4xx\"}"), 1.0);
    server.signal(Signal::HUP);
    server.until(|it| it["reloads"] == 1);
    assert_eq!(value("clew_reloads_total"), 1.0);
    place.write("Place:\n  x: {name: X1, kind: TOWN}\n");
    server.signal(Signal::HUP);
    server.until(|it| it["status"] == "stale");
    assert_eq!(value("clew_reload_failures_total"), 1.0);
    let text = scrape("localhost");
    assert!(
        text.header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    assert!(text.body.contains("clew_graph_info{version=\""), "{text:?}");
    if Path::new("/proc/self/status").exists() {
        assert!(value("clew_resident_memory_bytes") > 0.0);
    }
    assert_eq!(value("clew_busy_total"), 0.0);
    // Metrics check the host, and the main address does not serve metrics.
    assert_eq!(scrape("evil.example").status, 421);
    assert_eq!(server.ask(&get("/metrics")).status, 404);
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_accept_header_takes_linear_time() {
    let server = Server::start(&[]);
    let plain = query(NAME);
    server.ask(&plain);
    let most = server.cpu_time() + Duration::from_secs(1);
    for (range, count) in [
        ("*/*,", 15_800),
        ("application/*,", 4_500),
        ("*/*,application/*,application/json;q=0.2,", 1_500),
        ("text/event-stream;q=0,", 2_800),
    ] {
        let accept = format!("accept: {}application/json;q=0.1\r\n\r\n", range.repeat(count));
        let head_ended = plain.replacen("\r\n\r\n", &format!("\r\n{accept}"), 1);
        assert_eq!(server.ask(&head_ended).status, 200, "{range}");
    }
    let taken = server.cpu_time();
    assert!(taken < most, "{taken:?} is over {most:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_ends_when_its_client_disconnects_with_unread_bytes() {
    let folder = common::slow_graph();
    let mut command = clew(
        folder.path(),
        &["serve", "--listen", "127.0.0.1:0", "--timeout", "3600"],
    );
    command.args(["--metrics-listen", "127.0.0.1:0"]);
    let server = Server::spawn(command);
    let asked = query(&common::slow_query());
    let url = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", &common::slow_query())
        .finish();
    let url = get(&format!("/graphql?{url}"));
    let unread = url.replacen("\r\n\r\n", "\r\ncontent-length: 5\r\n\r\n", 1);
    for (what, sent) in [
        ("nothing more", asked.clone()),
        ("a byte", format!("{asked}G")),
        ("a request", format!("{asked}{asked}")),
        ("many requests", format!("{asked}{}", get("/health").repeat(500))),
        ("half of an unread body", format!("{unread}{{")),
        ("none of an unread body", unread.clone()),
    ] {
        let client = server.send(&sent);
        server.until_metric("clew_runs", |it| it == 1);
        drop(client);
        let most = server.cpu_time() + Duration::from_secs(10);
        while server.metric("clew_runs") > 0 {
            assert!(server.cpu_time() < most, "after {what} the run goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn requests_that_came_before_the_client_closed_its_side_are_answered() {
    let server = Server::start(&[]);
    let mut client = server.send(&get("/health").repeat(20));
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let answers = rest(&mut client);
    // The last run may still be queued when the server reads the end of the connection, which counts as a disconnect.
    assert!(answers.matches("HTTP/1.1 200 OK").count() >= 19, "{answers}");
}
