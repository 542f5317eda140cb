//! GraphQL over WebSocket: the rules of RFC 6455 and of the protocols that use it, against the real binary.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use common::socket::{INIT, RawSocket, Socket, TRANSPORT, handshake};
use common::{PATIENCE, Server, slow_graph, slow_query};
use rustix::process::Signal;
use serde_json::{Value, json};
use tungstenite::Message;

mod common;

const NAME: &str = "{ node(id: \"quill\") { label } }";
const METRICS: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

/// A server that runs [`slow_query`] until it is cancelled.
fn slow_server(folder: &Path, more: &[&str]) -> Server {
    let arguments = [&METRICS, &["--timeout", "600"], more].concat();
    Server::of(folder, &arguments)
}

fn subscribe(query: &str) -> String {
    json!({"id": "1", "type": "subscribe", "payload": {"query": query}}).to_string()
}

/// A message of the client, and the beginnings of the answers to it.
type Step<'a> = (String, &'a [&'a str]);
/// The first byte of a frame, and its payload.
type Frame<'a> = (u8, &'a [u8]);
/// A change to a handshake.
type Change = fn(String) -> String;

/// The client's messages, and the server's last message. The rules are quoted from the protocol.
#[test]
fn messages_are_answered_as_graphql_transport_ws_says() {
    const NEXT: &str = r#"{"id":"1","type":"next","payload":{"data":"#;
    const COMPLETE: &str = r#"{"id":"1","type":"complete"}"#;
    const ERROR: &str = r#"{"id":"1","type":"error","payload":[{"#;
    const PONG: &str = r#"{"type":"pong"}"#;
    let server = Server::start(&[]);
    let valid = subscribe(NAME);
    let invalid = subscribe("{ nothing }");
    let with = |payload: &str| format!(r#"{{"id":"1","type":"subscribe","payload":{payload}}}"#);
    let init: Step = (INIT.into(), &[r#"{"type":"connection_ack"}"#]);
    let step = |message: &str, answers: &'static [&'static str]| (message.to_owned(), answers);
    let cases: &[(&str, &[Step])] = &[
        ("an init", std::slice::from_ref(&init)),
        (
            "an init with a payload",
            &[step(
                r#"{"type":"connection_init","payload":{"a":1}}"#,
                &[r#"{"type":"connection_ack"}"#],
            )],
        ),
        (
            "an init with null",
            &[step(
                r#"{"type":"connection_init","payload":null}"#,
                &[r#"{"type":"connection_ack"}"#],
            )],
        ),
        (
            "an init with another payload",
            &[step(r#"{"type":"connection_init","payload":1}"#, &["4400 "])],
        ),
        (
            "two inits",
            &[
                init.clone(),
                step(INIT, &["4429 Too many initialisation requests"]),
            ],
        ),
        (
            "a subscribe before the init",
            &[(valid.clone(), &["4401 Unauthorized"])],
        ),
        ("a query", &[init.clone(), (valid.clone(), &[NEXT, COMPLETE])]),
        (
            "an id again after its end",
            &[
                init.clone(),
                (valid.clone(), &[NEXT, COMPLETE]),
                (valid.clone(), &[NEXT, COMPLETE]),
            ],
        ),
        (
            "an id again after its error, which no complete follows",
            &[
                init.clone(),
                (invalid.clone(), &[ERROR]),
                (invalid.clone(), &[ERROR]),
                (valid.clone(), &[NEXT, COMPLETE]),
            ],
        ),
        (
            "fields that fail are in the result",
            &[
                init.clone(),
                (
                    subscribe("{ entities(first: -1) { totalCount } }"),
                    &[r#"{"id":"1","type":"next","payload":{"errors":[{"#, COMPLETE],
                ),
            ],
        ),
        ("no JSON", &[step("x", &["4400 "])]),
        (
            "no object",
            &[step(
                "1",
                &[
                    "4400 the message is not of the protocol: invalid type: integer `1`, expected an object with `type`",
                ],
            )],
        ),
        ("a list", &[step(r#" ["ping"]"#, &["4400 the message is a list"])]),
        ("no type", &[step("{}", &["4400 "])]),
        ("a type that is a number", &[step(r#"{"type":1}"#, &["4400 "])]),
        (
            "a type of another protocol",
            &[
                init.clone(),
                step(r#"{"type":"start","id":"1"}"#, &["4400 \"start\""]),
            ],
        ),
        (
            "a type of servers",
            &[step(r#"{"type":"connection_ack"}"#, &["4400 \"connection_ack\""])],
        ),
        (
            "no id",
            &[
                init.clone(),
                step(
                    r#"{"type":"subscribe","payload":{"query":"{ __typename }"}}"#,
                    &["4400 the message has no `id`"],
                ),
            ],
        ),
        (
            "an empty id",
            &[
                init.clone(),
                step(
                    r#"{"id":"","type":"subscribe","payload":{"query":"{ __typename }"}}"#,
                    &["4400 "],
                ),
            ],
        ),
        (
            "an id that is a number",
            &[
                init.clone(),
                step(
                    r#"{"id":1,"type":"subscribe","payload":{"query":"{ __typename }"}}"#,
                    &["4400 "],
                ),
            ],
        ),
        (
            "no payload",
            &[
                init.clone(),
                step(
                    r#"{"id":"1","type":"subscribe"}"#,
                    &["4400 the message has no `payload`"],
                ),
            ],
        ),
        ("no query", &[init.clone(), (with("{}"), &["4400 "])]),
        (
            "a query that is a number",
            &[
                init.clone(),
                (with(r#"{"query":1}"#), &["4400 `query` is a number"]),
            ],
        ),
        (
            "variables that are a list",
            &[
                init.clone(),
                (
                    with(r#"{"query":"{ __typename }","variables":[]}"#),
                    &["4400 `variables` is a list"],
                ),
            ],
        ),
        (
            "extensions that are a text",
            &[
                init.clone(),
                (
                    with(r#"{"query":"{ __typename }","extensions":"x"}"#),
                    &["4400 `extensions` is a string"],
                ),
            ],
        ),
        (
            "a batch",
            &[
                init.clone(),
                (with(r#"[{"query":"{ __typename }"}]"#), &["4400 "]),
            ],
        ),
        (
            "a complete without id",
            &[init.clone(), step(r#"{"type":"complete"}"#, &["4400 "])],
        ),
        (
            "a complete of nothing",
            &[
                init.clone(),
                step(r#"{"id":"9","type":"complete"}"#, &[]),
                step(r#"{"type":"ping"}"#, &[PONG]),
            ],
        ),
        ("a ping before the init", &[step(r#"{"type":"ping"}"#, &[PONG])]),
        (
            "a ping with a payload",
            &[step(
                r#"{"type":"ping","payload":{"a":1.50}}"#,
                &[r#"{"type":"pong","payload":{"a":1.50}}"#],
            )],
        ),
        (
            "a ping with another payload",
            &[step(r#"{"type":"ping","payload":"x"}"#, &["4400 "])],
        ),
        (
            "a pong that nobody waits for",
            &[
                step(r#"{"type":"pong","payload":{}}"#, &[]),
                step(r#"{"type":"ping"}"#, &[PONG]),
            ],
        ),
    ];
    for (name, steps) in cases {
        let mut socket = Socket::new(&server);
        for (message, answers) in *steps {
            socket.send(message);
            for expected in *answers {
                let said = socket.next();
                assert!(said.starts_with(expected), "{name}: {said}");
            }
        }
    }
    let mut socket = Socket::new(&server);
    let binary = Message::binary(INIT.as_bytes().to_vec());
    socket.inner.send(binary).unwrap();
    assert!(socket.next().starts_with("4400 "), "binary messages");
}

#[test]
fn a_socket_without_connection_init_is_closed() {
    let server = Server::start(&["--header-timeout", "0.5"]);
    let mut socket = Socket::new(&server);
    assert_eq!(socket.next(), "4408 Connection initialisation timeout");
    // A ping does not replace `connection_init`.
    let mut socket = Socket::new(&server);
    let last = loop {
        socket.send(r#"{"type":"ping"}"#);
        match socket.next() {
            said if said == r#"{"type":"pong"}"# => {}
            said => break said,
        }
    };
    assert_eq!(last, "4408 Connection initialisation timeout");
}

#[test]
fn nothing_comes_after_the_client_s_complete() {
    let folder = slow_graph();
    let server = slow_server(folder.path(), &[]);
    let mut socket = Socket::acknowledged(&server);
    socket.subscribe("1", &slow_query());
    server.until_metric("clew_runs", |it| it == 1);
    socket.send(r#"{"id":"1","type":"complete"}"#);
    server.until_metric("clew_runs", |it| it == 0);
    // The id is free again, and the first message is that of the second operation.
    socket.subscribe("1", "{ __typename }");
    assert_eq!(
        socket.next(),
        r#"{"id":"1","type":"next","payload":{"data":{"__typename":"Query"}}}"#
    );
    assert_eq!(socket.next(), r#"{"id":"1","type":"complete"}"#);
}

#[test]
fn runs_end_with_their_socket() {
    let folder = slow_graph();
    let server = slow_server(folder.path(), &[]);
    let mut closed = Socket::acknowledged(&server);
    let mut dropped = Socket::acknowledged(&server);
    for socket in [&mut closed, &mut dropped] {
        socket.subscribe("1", &slow_query());
    }
    server.until_metric("clew_runs", |it| it == 2);
    closed.inner.close(None).unwrap();
    drop(dropped);
    server.until_metric("clew_runs", |it| it == 0);
    server.until_metric("clew_reserved_bytes", |it| it == 0);
    let hang_ups = |lines: &[String]| {
        lines
            .iter()
            .filter(|it| it.contains("code=CLIENT_CLOSED"))
            .count()
    };
    server.log.until(|lines| hang_ups(lines) == 2);
}

#[test]
fn an_id_names_one_operation_at_a_time() {
    let folder = slow_graph();
    let server = slow_server(folder.path(), &[]);
    let mut socket = Socket::acknowledged(&server);
    socket.subscribe("1", &slow_query());
    socket.subscribe("2", "{ __typename }");
    assert_eq!(socket.next_json()["id"], "2", "others are answered meanwhile");
    assert_eq!(socket.next_json()["type"], "complete");
    socket.subscribe("1", "{ __typename }");
    assert_eq!(socket.next(), "4409 Subscriber for 1 already exists");
    server.until_metric("clew_runs", |it| it == 0);
}

#[test]
fn a_socket_has_at_most_32_operations() {
    let folder = slow_graph();
    let server = slow_server(folder.path(), &["--max-runs", "40"]);
    let mut socket = Socket::acknowledged(&server);
    let query = slow_query();
    for no in 0..100 {
        socket.subscribe(&no.to_string(), &query);
    }
    for no in 32..100 {
        let refused = socket.next_json();
        assert_eq!(
            (&refused["id"], &refused["type"]),
            (&json!(no.to_string()), &json!("error")),
            "{refused}"
        );
        assert_eq!(
            refused["payload"][0]["extensions"]["code"], "OPERATION_LIMIT",
            "{refused}"
        );
    }
    server.until_metric("clew_runs", |it| it == 32);
    for no in 0..32 {
        socket.send(&json!({"id": no.to_string(), "type": "complete"}).to_string());
    }
    socket.subscribe("x", "{ __typename }");
    assert_eq!(socket.next_json()["type"], "next");
    server.until_metric("clew_runs", |it| it == 0);
}

#[test]
fn operations_of_a_socket_have_their_own_limits() {
    let folder = slow_graph();
    let server = Server::of(folder.path(), &["--timeout", "1", "--max-depth", "3"]);
    let mut socket = Socket::acknowledged(&server);
    socket.subscribe("slow", &slow_query());
    socket.subscribe("deep", "{ things { nodes { next { nodes { id } } } } }");
    let mut codes: Vec<Value> = Vec::new();
    while codes.len() < 2 {
        let message = socket.next_json();
        let error = match message["type"].as_str() {
            Some("error") => &message["payload"][0],
            Some("next") => &message["payload"]["errors"][0],
            _ => continue,
        };
        codes.push(error["extensions"]["code"].clone());
    }
    codes.sort_by_key(Value::to_string);
    assert_eq!(codes, ["DEPTH_LIMIT", "TIMEOUT"]);
}

#[test]
fn the_limits_of_a_body_hold_for_messages() {
    let server = Server::start(&["--max-body", "1000", "--body-timeout", "0.5"]);
    let mut socket = Socket::acknowledged(&server);
    socket.send(&format!(
        r#"{{"type":"pong","payload":{{"a":"{}"}}}}"#,
        "x".repeat(900)
    ));
    socket.settle();
    socket.send(&"x".repeat(1001));
    assert_eq!(socket.next(), "1009 the message is longer than 1000 bytes");

    let mut socket = Socket::acknowledged(&server);
    socket.send_part(&"x".repeat(600), true);
    socket.send_part(&"x".repeat(600), false);
    assert!(socket.next().starts_with("1009 "), "two frames");

    // A frame whose header declares a too large length is refused before its payload arrives.
    let mut socket = RawSocket::new(&server);
    let length = (60_u64 << 20).to_be_bytes();
    socket.write(&[&[0x81, 0xff][..], &length, &[1, 2, 3, 4]].concat());
    assert_eq!(socket.close_code(), Some(1009));

    let mut socket = Socket::acknowledged(&server);
    socket.send_part("{", true);
    assert!(socket.next().starts_with("1008 "), "a message that never ends");
    let mut socket = RawSocket::new(&server);
    socket.write(&[0x81]);
    assert_eq!(socket.close_code(), Some(1008), "a head that never ends");
    let mut socket = RawSocket::new(&server);
    let mut frames = vec![0x81, 0x80 | INIT.len() as u8, 0, 0, 0, 0];
    frames.extend(INIT.bytes());
    frames.extend([0x81, 0xe4, 0, 0, 0, 0, b'{']);
    socket.write(&frames);
    assert_eq!(
        socket.close_code(),
        Some(1008),
        "the start of a message that comes with a whole one"
    );
}

#[test]
fn messages_that_are_not_finished_take_the_memory_of_requests() {
    let server = Server::start(&["--max-memory", "4000000"]);
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..8 {
        let mut socket = Socket::acknowledged(&server);
        socket.send_part(&"x".repeat(900_000), true);
        // The answer to a ping shows whether it was read.
        let _ = socket.inner.send(Message::Ping("p".into()));
        match socket.inner.read() {
            Ok(Message::Pong(_)) => held.push(socket),
            _ => refused += 1,
        }
    }
    assert!(held.len() <= 3 && refused >= 5, "{} are held", held.len());
    drop(held);
    assert_eq!(server.ask(NAME), json!({"data": {"node": {"label": "Quill"}}}));
}

#[test]
#[cfg(target_os = "linux")]
fn sockets_keep_no_memory_of_long_messages() {
    let server = Server::start(&METRICS);
    let resident = || server.metric("clew_resident_memory_bytes");
    let text = format!(
        r#"{{"type":"pong","payload":{{"a":"{}"}}}}"#,
        "x".repeat(1_000_000)
    );
    let talk = |in_parts: bool| {
        let mut socket = Socket::acknowledged(&server);
        if in_parts {
            let (first, rest) = text.split_at(text.len() / 2);
            socket.send_part(first, true);
            let last = tungstenite::protocol::frame::coding::Data::Continue;
            let opcode = tungstenite::protocol::frame::coding::OpCode::Data(last);
            let frame = tungstenite::protocol::frame::Frame::message(rest.to_owned(), opcode, true);
            socket.inner.send(Message::Frame(frame)).unwrap();
        } else {
            socket.send(&text);
        }
        socket.settle();
        socket
    };
    let first: Vec<Socket> = (0..10).map(|no| talk(no % 2 == 0)).collect();
    let before = resident();
    let more: Vec<Socket> = (0..150).map(|no| talk(no % 2 == 0)).collect();
    let grown = resident().saturating_sub(before);
    assert!(grown < 75 << 20, "150 sockets keep {grown} bytes");
    assert_eq!(server.metric("clew_reserved_bytes"), 0);
    drop((first, more));
}

#[test]
fn a_client_that_does_not_read_is_disconnected_and_its_memory_released() {
    let arguments = [&METRICS[..], &["--write-timeout", "1"]].concat();
    let folder = common::long_texts();
    let server = Server::of(folder.path(), &arguments);
    let mut socket = Socket::acknowledged(&server);
    let aliases: Vec<String> = (0..100)
        .map(|no| format!("a{no}: entities(first: 500) {{ nodes {{ id label description }} }}"))
        .collect();
    let query = format!("{{ {} }}", aliases.join(" "));
    let length = server.ask(&query).to_string().len() as u64;
    assert!(
        32 * length > 32 << 20,
        "{length} bytes fit into the buffers of the system"
    );
    let before = server.metric("clew_reserved_bytes_max");
    for no in 0..32 {
        socket.subscribe(&no.to_string(), &query);
    }
    server.log.line("code=WRITE_TIMEOUT");
    server.until_metric("clew_reserved_bytes", |it| it == 0);
    server.until_metric("clew_runs", |it| it == 0);
    let limit = server.metric("clew_reserved_bytes_limit");
    let most = server.metric("clew_reserved_bytes_max");
    assert!(before <= most && most <= limit, "{most} of {limit}");
    // The client receives everything that was sent before, and then the close frame.
    while socket.inner.read().is_ok() {}
}

#[test]
fn a_client_that_does_not_read_occupies_no_place_for_runs() {
    let arguments = [&METRICS[..], &["--write-timeout", "600", "--max-runs", "1"]].concat();
    let folder = common::long_texts();
    let server = Server::of(folder.path(), &arguments);
    let aliases: Vec<String> = (0..100)
        .map(|no| format!("a{no}: entities(first: 500) {{ nodes {{ id label description }} }}"))
        .collect();
    let query = format!("{{ {} }}", aliases.join(" "));
    let mut socket = RawSocket::with_small_buffer(&server);
    socket.send(0x81, INIT.as_bytes());
    for id in 0..8 {
        let message = json!({"id": id.to_string(), "type": "subscribe", "payload": {"query": query}});
        socket.send(0x81, message.to_string().as_bytes());
    }
    // The first answer waits for the client. The others wait in the queue, or are refused after a second.
    server.until_metric("clew_runs_begun_total", |it| it > 0);
    server.until_metric("clew_queue", |it| it == 0);
    server.until_metric("clew_runs", |it| it == 0);
    let answer = server.ask(&query);
    assert!(answer["errors"].is_null(), "{}", answer["errors"]);
}

#[test]
fn empty_frames_of_a_message_take_no_memory() {
    let server = Server::start(&METRICS);
    let mut socket = RawSocket::new(&server);
    socket.send(0x01, b"{");
    let empty = [0x00, 0x80, 1, 2, 3, 4];
    socket.write(&empty.repeat(200_000));
    socket.send(0x89, b"are you there?");
    assert_eq!(socket.frame(), Some((0x8a, b"are you there?".to_vec())));
    assert_eq!(server.metric("clew_reserved_bytes_max"), 0);
    socket.send(0x80, b"}");
    assert_eq!(socket.close_code(), Some(4400), "the message has no type");
}

#[test]
fn sockets_are_closed_with_1001_when_the_server_ends() {
    let folder = slow_graph();
    let mut server = slow_server(folder.path(), &["--grace", "86400"]);
    let mut idle = Socket::acknowledged(&server);
    let mut busy = Socket::acknowledged(&server);
    busy.subscribe("1", &slow_query());
    server.until_metric("clew_runs", |it| it == 1);
    server.signal(Signal::TERM);
    assert_eq!(idle.next(), "1001 the server is being shut down");
    // Running operations finish, and no others start.
    busy.settle();
    busy.subscribe("2", "{ __typename }");
    busy.settle();
    busy.send(r#"{"id":"1","type":"complete"}"#);
    assert_eq!(busy.next(), "1001 the server is being shut down");
    // The client confirms the close by continuing to read.
    while idle.inner.read().is_ok() {}
    while busy.inner.read().is_ok() {}
    assert!(server.ended().success());
}

#[test]
fn clients_are_pinged_and_silent_ones_are_disconnected() {
    let server = Server::start(&["--write-timeout", "0.5"]);
    let mut alive = Socket::acknowledged(&server);
    let mut pings = 0;
    while pings < 4 {
        // The client answers pings by reading.
        if let Message::Ping(_) = alive.inner.read().unwrap() {
            pings += 1;
        }
    }
    alive.settle();
    let mut gone = RawSocket::new(&server);
    assert_eq!(gone.close_code(), Some(1001));
    let mut old = Socket::open(&server, "graphql-ws", None).unwrap();
    old.send(INIT);
    assert_eq!(old.next(), r#"{"type":"connection_ack"}"#);
    for _ in 0..3 {
        assert_eq!(old.next(), r#"{"type":"ka"}"#);
    }
}

/// Bytes of frames, and the code with which the server closes the socket.
#[test]
fn frames_are_checked_as_rfc_6455_says() {
    let server = Server::start(&[]);
    let text = 0x81;
    let cases: &[(&str, &[Frame], u16)] = &[
        ("a reserved bit", &[(0xc1, b"{}")], 1002),
        ("an unknown code of data", &[(0x83, b"")], 1002),
        ("an unknown code of control", &[(0x8b, b"")], 1002),
        ("a control frame in parts", &[(0x09, b"")], 1002),
        ("a long control frame", &[(0x89, &[0; 126])], 1002),
        ("a continuation of nothing", &[(0x80, b"")], 1002),
        ("a message in a message", &[(0x01, b"{"), (text, b"{}")], 1002),
        ("a text that is not UTF-8", &[(text, b"\xff")], 1007),
        (
            "a text that is not UTF-8, in parts",
            &[(0x01, b"\xe2\x82"), (0x80, b"x")],
            1007,
        ),
        ("an empty message", &[(text, b"")], 4400),
        ("a close with half a code", &[(0x88, &[0x03])], 1002),
        ("a close with a code of no close", &[(0x88, &[0x03, 0xed])], 1002),
        (
            "a close with a reason that is not UTF-8",
            &[(0x88, b"\x03\xe8\xff")],
            1007,
        ),
        ("a close", &[(0x88, &[0x03, 0xe8])], 1000),
        ("a close with a code of its own", &[(0x88, &[0x0f, 0xa0])], 4000),
    ];
    for (name, frames, code) in cases {
        let mut socket = RawSocket::new(&server);
        for (first, payload) in *frames {
            socket.send(*first, payload);
        }
        assert_eq!(socket.close_code(), Some(*code), "{name}");
    }
    let mut socket = RawSocket::new(&server);
    socket.write(&[0x81, 0x02, b'{', b'}']);
    assert_eq!(socket.close_code(), Some(1002), "a frame without a mask");
    // A close frame without a code is confirmed without one.
    let mut socket = RawSocket::new(&server);
    socket.send(0x88, b"");
    assert_eq!(socket.frame(), Some((0x88, Vec::new())));
    assert_eq!(socket.frame(), None, "the connection is closed");

    // Control frames may be between the frames of a message, and frames may split characters.
    let mut socket = RawSocket::new(&server);
    socket.send(0x81, INIT.as_bytes());
    assert_eq!(
        socket.frame(),
        Some((0x81, br#"{"type":"connection_ack"}"#.to_vec()))
    );
    let message = r#"{"type":"ping","payload":{"a":"é"}}"#.as_bytes();
    let middle = message.len() - 4;
    socket.send(0x01, &message[..middle]);
    socket.send(0x89, b"are you there?");
    assert_eq!(socket.frame(), Some((0x8a, b"are you there?".to_vec())));
    socket.send(0x00, b"");
    socket.send(0x80, &message[middle..]);
    let pong = r#"{"type":"pong","payload":{"a":"é"}}"#.as_bytes().to_vec();
    assert_eq!(socket.frame(), Some((0x81, pong)));
    // Bytes may arrive one by one.
    let mut socket = RawSocket::new(&server);
    let mut frame = vec![0x81, 0x80 | INIT.len() as u8, 0, 0, 0, 0];
    frame.extend(INIT.bytes());
    for byte in frame {
        socket.write(&[byte]);
    }
    assert_eq!(
        socket.frame(),
        Some((0x81, br#"{"type":"connection_ack"}"#.to_vec()))
    );
}

#[test]
fn the_handshake_is_checked_as_rfc_6455_says() {
    let server = Server::start(&[]);
    let ask = |change: Change| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = handshake(&server.address, change);
        stream.write_all(head.as_bytes()).unwrap();
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines
            .take_while(|it| !it.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    };
    // The key and its answer are the example of the RFC.
    let accepted = ask(|it| it);
    assert!(accepted.starts_with("HTTP/1.1 101 "), "{accepted}");
    for line in [
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "sec-websocket-protocol: graphql-transport-ws",
    ] {
        assert!(accepted.contains(line), "{accepted}");
    }
    let cases: [(&str, Change, &str); 6] = [
        (
            "names in other cases",
            |it| {
                it.replace("upgrade: websocket", "UPGRADE: WebSocket")
                    .replace("connection: Upgrade", "Connection: keep-alive, UPGRADE")
            },
            "HTTP/1.1 101 ",
        ),
        (
            "another version",
            |it| it.replace("version: 13", "version: 8"),
            "HTTP/1.1 426 ",
        ),
        (
            "no version",
            |it| it.replace("sec-websocket-version: 13\r\n", ""),
            "HTTP/1.1 426 ",
        ),
        (
            "no key",
            |it| it.replace("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
            "HTTP/1.1 400 ",
        ),
        (
            "a short key",
            |it| it.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhl"),
            "HTTP/1.1 400 ",
        ),
        (
            "no protocol",
            |it| it.replace("graphql-transport-ws", "soap"),
            "HTTP/1.1 400 ",
        ),
    ];
    for (name, change, expected) in cases {
        let head = ask(change);
        assert!(head.starts_with(expected), "{name}: {head}");
        let names_version = head.contains("sec-websocket-version: 13");
        assert_eq!(names_version, expected.contains("426"), "{name}: {head}");
    }
}

#[test]
fn the_negotiated_protocol_is_spoken() {
    let server = Server::start(&[]);
    for (offered, spoken, sent, answered) in [
        (TRANSPORT, TRANSPORT, "subscribe", "next"),
        ("graphql-ws", "graphql-ws", "start", "data"),
        // The client's order decides.
        ("graphql-ws, graphql-transport-ws", "graphql-ws", "start", "data"),
        ("graphql-transport-ws,graphql-ws", TRANSPORT, "subscribe", "next"),
        ("other, graphql-transport-ws", TRANSPORT, "subscribe", "next"),
        ("Graphql-Ws, graphql-transport-ws", TRANSPORT, "subscribe", "next"),
    ] {
        let mut socket = Socket::open(&server, offered, None).unwrap();
        assert_eq!(socket.spoken, spoken, "{offered}");
        socket.send(INIT);
        socket.send(&json!({"id": "1", "type": sent, "payload": {"query": NAME}}).to_string());
        let mut kinds = Vec::new();
        while kinds.last().is_none_or(|it| it != "complete") {
            kinds.push(socket.next_json()["type"].as_str().unwrap().to_owned());
        }
        assert!(kinds.iter().any(|it| it == answered), "{offered}: {kinds:?}");
    }
    for offered in ["", "other", "soap, wamp", "GRAPHQL-TRANSPORT-WS", "Graphql-Ws"] {
        assert_eq!(Socket::open(&server, offered, None).err(), Some(400), "{offered}");
    }
    let mut old = Socket::open(&server, "graphql-ws", None).unwrap();
    old.send(r#"{"type":"subscribe","id":"1","payload":{"query":"{ __typename }"}}"#);
    assert!(
        old.next().starts_with("4400 "),
        "messages of one protocol are not of the other"
    );
    let mut old = Socket::open(&server, "graphql-ws", None).unwrap();
    old.send(r#"{"type":"connection_terminate"}"#);
    assert_eq!(old.next(), "1000 ");
}

#[test]
fn pages_of_other_origins_open_no_socket() {
    let server = Server::start(&["--allow-origin", "https://app.example.org"]);
    let (_, port) = server.address.split_once(':').unwrap();
    for (origin, expected) in [
        (format!("http://{}", server.address), None),
        // A proxy may provide TLS.
        (format!("https://{}", server.address), None),
        ("https://app.example.org".to_owned(), None),
        ("https://evil.example".to_owned(), Some(403)),
        ("https://app.example.org.evil.example".to_owned(), Some(403)),
        ("null".to_owned(), Some(403)),
        ("http://127.0.0.1".to_owned(), Some(403)),
        (format!("http://127.0.0.1.evil.example:{port}"), Some(403)),
        (format!("http://127.0.0.1:{port}@evil.example"), Some(403)),
        (format!("file://127.0.0.1:{port}"), Some(403)),
    ] {
        let refused = Socket::open(&server, TRANSPORT, Some(&origin)).err();
        assert_eq!(refused, expected, "{origin}");
    }
    let open = Server::start(&["--allow-origin", "*"]);
    let any = Socket::open(&open, TRANSPORT, Some("https://evil.example"));
    assert!(any.is_ok());
}

#[test]
fn operations_are_counted_and_logged_as_requests() {
    let server = Server::start(&METRICS);
    let mut socket = Socket::acknowledged(&server);
    socket.subscribe("1", "{ nothing }");
    assert_eq!(socket.next_json()["type"], "error");
    let line = server.log.line("code=GRAPHQL_VALIDATION_FAILED");
    assert!(line.contains("status=101"), "{line}");
    let counted = "clew_errors_total{code=\"GRAPHQL_VALIDATION_FAILED\"}";
    assert_eq!(server.metric(counted), 1);
}
