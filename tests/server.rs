//! The real binary, over HTTP and on the command line, as users run it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Output;
use std::time::{Duration, Instant};

use common::{Server, agent, root, slow_graph, slow_query, text};
use rustix::process::Signal;
use serde_json::{Value, json};

mod common;

fn run(arguments: &[&str]) -> Output {
    common::run(&root(), arguments)
}

/// The status of a request that announces a body of a length. The body is not sent: the server may answer and close the
/// connection before the client has written it, and then the client would see only the closed connection.
fn status_of_length(server: &Server, length: usize, accept: &str) -> u16 {
    let host = &server.address;
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {host}\r\naccept: {accept}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap()
}

const RESPONSE_JSON: &str = "application/graphql-response+json";

#[test]
fn a_question_is_answered_by_post_and_by_get() {
    let server = Server::start(&[]);
    let expected = json!({"data": {"node": {"label": "Quill"}}});
    let query = "query One($id: ID!) { node(id: $id) { label } }";
    let body =
        json!({"query": query, "variables": {"id": "quill"}, "operationName": "One", "extensions": {}});
    let posted = server.post(&body.to_string(), &[]);
    assert_eq!((posted.status, posted.json()), (200, expected.clone()));
    assert_eq!(posted.content_type, "application/json; charset=utf-8");
    let path = format!(
        "/graphql?query={}&variables={}",
        "query(%24id%3AID!)%7Bnode(id%3A%24id)%7Blabel%7D%7D", "%7B%22id%22%3A%22quill%22%7D"
    );
    let got = server.get(&path, &[("accept", RESPONSE_JSON)]);
    assert_eq!((got.status, got.json()), (200, expected));
    assert_eq!(
        got.content_type,
        "application/graphql-response+json; charset=utf-8"
    );
}

#[test]
fn the_same_bytes_are_answered_the_same_in_every_form_and_with_every_name() {
    let server = Server::start(&[]);
    let one = json!({"query": "{ node(id: \"quill\") { id label } }"}).to_string();
    let two = json!({
        "query": "query A { node(id: \"quill\") { label } } query B { node(id: \"readers-north\") { label } }",
        "operationName": "B",
    })
    .to_string();
    let wrong = json!({"query": "{ node(id: \"quill\") { nothing } }"}).to_string();
    let with = |id: &str| {
        let query = "query($id: ID!) { node(id: $id) { id } }";
        json!({"query": query, "variables": {"id": id}}).to_string()
    };
    let rounds: Vec<Vec<(u16, String)>> = (0..3)
        .map(|_| {
            let mut answers = Vec::new();
            for accept in ["*/*", "text/csv", "text/turtle", RESPONSE_JSON] {
                for body in [
                    &one,
                    &two,
                    &wrong,
                    &with("quill"),
                    &with("readers-north"),
                    &two.replace("\"B\"", "\"A\""),
                ] {
                    let answer = server.post(body, &[("accept", accept)]);
                    answers.push((answer.status, answer.body));
                }
            }
            answers
        })
        .collect();
    assert_eq!(rounds[0], rounds[1]);
    assert_eq!(rounds[0], rounds[2]);
    let bodies: Vec<&str> = rounds[2].iter().take(7).map(|it| it.1.as_str()).collect();
    assert_eq!(bodies[0], r#"{"data":{"node":{"id":"quill","label":"Quill"}}}"#);
    assert!(bodies[1].contains("Readers in Northland"), "{}", bodies[1]);
    assert!(bodies[2].contains("GRAPHQL_VALIDATION_FAILED"), "{}", bodies[2]);
    assert_eq!(bodies[3], r#"{"data":{"node":{"id":"quill"}}}"#);
    assert_eq!(bodies[4], r#"{"data":{"node":{"id":"readers-north"}}}"#);
    assert_eq!(bodies[5], r#"{"data":{"node":{"label":"Quill"}}}"#);
    assert!(bodies[6].starts_with("node.id,node.label"), "{}", bodies[6]);
}

#[test]
fn the_status_depends_on_the_media_type() {
    let server = Server::start(&[]);
    let wrong = json!({"query": "{ nothing }"}).to_string();
    let strict = server.post(&wrong, &[("accept", RESPONSE_JSON)]);
    assert_eq!(strict.status, 400);
    assert_eq!(
        strict.json()["errors"][0]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED"
    );
    assert!(strict.json().get("data").is_none(), "nothing was executed");
    assert_eq!(server.post(&wrong, &[("accept", "application/json")]).status, 200);
    assert_eq!(server.post("{", &[("accept", "application/json")]).status, 400);
    assert_eq!(server.post("{}", &[]).status, 400);
    assert_eq!(server.post("[]", &[]).status, 400);
    assert_eq!(server.post(r#"{"query": 1}"#, &[]).status, 400);
    assert_eq!(
        server
            .post(r#"{"query": "{__typename}", "variables": [1]}"#, &[])
            .status,
        400
    );
    assert_eq!(server.post("{}", &[("content-type", "text/plain")]).status, 415);
    assert_eq!(server.post("{}", &[("accept", "text/html")]).status, 406);
    assert_eq!(server.get("/graphql", &[]).status, 400);
    assert_eq!(server.get("/nothing", &[]).status, 404);
    assert_eq!(status_of_length(&server, (1 << 20) + 1, "*/*"), 413);
}

#[test]
fn an_answer_has_the_requested_form() {
    let server = Server::start(&[]);
    let query = r#"{ society(id: "readers") { memberCount headquarters { name } } }"#;
    let asked =
        |query: &str, accept: &str| server.post(&json!({"query": query}).to_string(), &[("accept", accept)]);
    let turtle = asked(query, "text/turtle");
    assert_eq!(
        (turtle.status, turtle.content_type.as_str()),
        (200, "text/turtle; charset=utf-8")
    );
    for line in [
        "clew:memberCount \"120\"^^xsd:int",
        "schema:location entity:arden",
        "prov:hadPrimarySource entity:catalogue",
        "clew:locator \"",
    ] {
        assert!(turtle.body.contains(line), "{line}: {}", turtle.body);
    }
    let table = asked(
        "{ societies(first: 2, filter: {acronym: {isNull: false}}) { nodes { id headquarters { name } } } }",
        "application/json;q=0.1, text/csv",
    );
    assert_eq!(table.body.lines().next(), Some("id,headquarters.name"));
    assert_eq!(table.body.lines().count(), 3);
    // A drawing for a page is requested by GET, and cached like any other answer.
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let picture = server.get(
        &format!("/graphql?query={query}"),
        &[("accept", "image/avif,image/svg+xml,*/*;q=0.8")],
    );
    assert_eq!(picture.content_type, "image/svg+xml; charset=utf-8");
    assert!(picture.body.starts_with("<svg ") && picture.body.contains(">Arden</text>"));
}

#[test]
fn errors_in_other_forms_are_sent_as_json() {
    let server = Server::start(&[]);
    let asked = |query: &str, accept: &str| {
        let got = server.post(&json!({"query": query}).to_string(), &[("accept", accept)]);
        assert_eq!(got.content_type, "application/json; charset=utf-8");
        (
            got.status,
            got.json()["errors"][0]["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let cases = [
        ("{ nothing }", "image/svg+xml", 400, "does not have a field"),
        (
            "{ path(from: \"nobody\", to: \"quill\") { length } }",
            "text/turtle",
            422,
            "no entity has this id",
        ),
        (
            "{ societies { totalCount nodes { id } } }",
            "text/csv",
            400,
            "`societies.totalCount` is another field at the same level",
        ),
        (
            "{ societies { nodes { id prizes { nodes { id } } } } }",
            "text/csv",
            400,
            "`societies.nodes.prizes.nodes` is another beside `societies.nodes`",
        ),
    ];
    for (query, accept, status, says) in cases {
        let (got, message) = asked(query, accept);
        assert_eq!(got, status, "{message}");
        assert!(message.contains(says), "{message}");
    }
    let refused = server.post("{}", &[("accept", "application/pdf")]);
    assert_eq!(refused.status, 406);
    assert!(refused.body.contains("text/turtle") && refused.body.contains("image/svg+xml"));
}

#[test]
fn a_drawing_of_too_much_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (schema, data) = (folder.path().join("schema"), folder.path().join("data"));
    std::fs::create_dir(&schema).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::write(schema.join("a.graphql"), "type Thing { name: String }").unwrap();
    let line = |no: usize| {
        format!("{{\"type\":\"node\",\"id\":\"t{no}\",\"labels\":[\"Thing\"],\"properties\":{{}}}}\n")
    };
    std::fs::write(data.join("a.jsonl"), (0..1001).map(line).collect::<String>()).unwrap();
    let drawn = |first: usize| {
        let query = format!("{{ things(first: {first}) {{ nodes {{ id }} }} }}");
        let folders = [
            "--schema",
            schema.to_str().unwrap(),
            "--data",
            data.to_str().unwrap(),
        ];
        run(&[&["query", "--as", "svg", "-e", &query], &folders[..]].concat())
    };
    let whole = drawn(1000);
    assert_eq!(whole.status.code(), Some(0));
    assert_eq!(text(&whole.stdout).matches("<rect ").count(), 1000);
    let refused = drawn(1001);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stdout).contains("1001 entities and 0 edges, and a drawing may have 1000"));
}

type Meets = fn(&Value) -> bool;

#[test]
fn a_filter_over_many_rows_agrees_with_a_test_of_each_row() {
    let folder = tempfile::tempdir().unwrap();
    let (schema, data) = (folder.path().join("schema"), folder.path().join("data"));
    std::fs::create_dir(&schema).unwrap();
    std::fs::create_dir(&data).unwrap();
    let sdl = "enum Kind { A B C } type Thing { name: String text: String size: Int kind: Kind share: Float flag: Boolean tags: [String!]! }";
    std::fs::write(schema.join("a.graphql"), sdl).unwrap();
    let rows: Vec<Value> = (0..3000_i64)
        .map(|no| {
            let kind = ["A", "B", "C"][usize::try_from(no * 7 % 3).unwrap()];
            let long = "x".repeat(usize::try_from(no % 300).unwrap());
            let text = format!("{} \"quoted\"\n{}{long}", no * 37 % 101, no % 13);
            json!({"no": no, "name": (no % 5 != 0).then(|| format!("n{no}")), "size": (no % 7 != 0).then_some(no % 100), "kind": kind, "text": text, "share": no as f64 / 8.0 + 0.0625, "flag": no % 2 == 0})
        })
        .collect();
    let line = |row: &Value| {
        let mut properties = serde_json::Map::new();
        for name in ["name", "text", "size", "kind", "share", "flag"] {
            if !row[name].is_null() {
                properties.insert(name.to_owned(), json!([row[name]]));
            }
        }
        let id = format!("t{:05}", row["no"].as_i64().unwrap());
        json!({"type": "node", "id": id, "labels": ["Thing"], "properties": properties}).to_string() + "\n"
    };
    std::fs::write(data.join("a.jsonl"), rows.iter().map(line).collect::<String>()).unwrap();
    let server = Server::start(&[
        "--schema",
        schema.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
        "--max-page",
        "5000",
    ]);
    let cases: [(&str, Meets); 10] = [
        ("size: {eq: 42}", |it| it["size"] == 42),
        ("size: {gte: 50, lt: 60}", |it| {
            it["size"].as_i64().is_some_and(|it| (50..60).contains(&it))
        }),
        ("size: {isNull: true}", |it| it["size"].is_null()),
        ("not: {size: {gt: 10}}", |it| {
            it["size"].as_i64().is_none_or(|it| it <= 10)
        }),
        ("kind: {in: [A, C]}", |it| it["kind"] != "B"),
        ("or: [{kind: {eq: B}}, {flag: {eq: true}}]", |it| {
            it["kind"] == "B" || it["flag"] == true
        }),
        ("share: {lte: 12.5}", |it| it["share"].as_f64().unwrap() <= 12.5),
        ("text: {contains: \"quoted\"}, kind: {eq: A}", |it| {
            it["kind"] == "A"
        }),
        ("text: {contains: \"n1\"}", |_| false),
        ("name: {contains: \"99\"}", |it| {
            it["name"].as_str().is_some_and(|it| it.contains("99"))
        }),
    ];
    for (filter, meets) in cases {
        let fields = "id label name text a_key_that_is_longer_than_most: text size kind share flag tags __typename last: name";
        let query = format!(
            "{{ things(first: 5000, filter: {{{filter}}}) {{ totalCount nodes {{ {fields} }} edges {{ node {{ {fields} id2: id }} }} }} first: things(first: 3, filter: {{{filter}}}) {{ nodes {{ id }} }} }}"
        );
        let answer = server.ask(&query);
        let list = &answer["data"]["things"];
        let nodes = list["nodes"].as_array().unwrap();
        let id = |row: &Value| format!("t{:05}", row["no"].as_i64().unwrap());
        let expected: Vec<String> = rows.iter().filter(|it| meets(it)).map(id).collect();
        let ids: Vec<&str> = nodes.iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{filter}");
        assert_eq!(list["totalCount"], expected.len(), "{filter}");
        let first = answer["data"]["first"]["nodes"].as_array().unwrap();
        assert_eq!(
            *first,
            nodes
                .iter()
                .take(3)
                .map(|it| json!({"id": it["id"]}))
                .collect::<Vec<_>>()
        );
        // A page of plain values equals its entities written one by one.
        for (node, edge) in nodes.iter().zip(list["edges"].as_array().unwrap()) {
            let mut one = edge["node"].as_object().unwrap().clone();
            one.remove("id2");
            assert_eq!(node.as_object().unwrap(), &one);
            let row = &rows[node["id"].as_str().unwrap()[1..].parse::<usize>().unwrap()];
            for name in ["name", "text", "size", "kind", "share", "flag"] {
                assert_eq!(node[name], row[name], "{filter} {node}");
            }
        }
    }
}

#[test]
fn messages_about_bad_requests_name_the_expected_form() {
    let server = Server::start(&[]);
    let message = |body: Value| {
        let answer = server.post(&body.to_string(), &[]).json();
        answer["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    let query = "query($id: ID!) { node(id: $id) { label } }";
    assert!(message(json!({"query": query})).contains("`$id` is not given"));
    assert!(
        message(json!({"query": "query A { __typename } query B { __typename }"}))
            .contains("\"A\" and \"B\"")
    );
    let unknown = json!({"query": "query A { __typename }", "operationName": "C"});
    assert!(message(unknown).contains("no operation \"C\"; it has \"A\""));
    assert!(message(json!({"query": "mutation { x }"})).contains("mutation"));
    assert!(message(json!({"query": "{ societies(first: 99999999999) { totalCount } }"})).contains("32-bit"));
    let empty = server.ask("{ societies(filter: {founded: {gte: \"soon\"}}) { totalCount } }");
    assert!(
        empty["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("\"soon\", which is not a date")
    );
}

#[test]
fn pages_follow_each_other_whatever_the_order() {
    let server = Server::start(&[]);
    for arguments in [
        "",
        "orderBy: [{ name: DESC }]",
        "orderBy: [{ description: ASC_NULLS_FIRST }, { label: ASC }]",
        "filter: { name: { contains: \"a\" } }",
    ] {
        let all = server.ask(&format!(
            "{{ agents({arguments} first: 1000) {{ totalCount nodes {{ id }} }} }}"
        ));
        let all: Vec<Value> = all["data"]["agents"]["nodes"].as_array().unwrap().clone();
        assert!(all.len() > 8);
        let mut forward = Vec::new();
        let mut after = String::new();
        loop {
            let page = server.ask(&format!(
                "{{ agents({arguments} first: 4 {after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
            ));
            let page = &page["data"]["agents"];
            forward.extend(page["nodes"].as_array().unwrap().clone());
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = format!("after: {}", page["pageInfo"]["endCursor"]);
        }
        assert_eq!(forward, all, "forward, {arguments}");
        let mut backward: Vec<Value> = Vec::new();
        let mut before = String::new();
        loop {
            let page = server.ask(&format!(
                "{{ agents({arguments} last: 4 {before}) {{ nodes {{ id }} pageInfo {{ hasPreviousPage startCursor }} }} }}"
            ));
            let page = &page["data"]["agents"];
            let mut nodes = page["nodes"].as_array().unwrap().clone();
            nodes.append(&mut backward);
            backward = nodes;
            if page["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
            before = format!("before: {}", page["pageInfo"]["startCursor"]);
        }
        assert_eq!(backward, all, "backward, {arguments}");
    }
}

#[test]
fn a_cursor_belongs_to_one_list_and_survives_a_restart_with_other_data() {
    let cursor = {
        let server = Server::start(&[]);
        let page = server.ask("{ places(first: 2) { pageInfo { endCursor } } }");
        page["data"]["places"]["pageInfo"]["endCursor"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let server = Server::start(&[]);
    let next = server.ask(&format!(
        "{{ places(first: 1, after: \"{cursor}\") {{ nodes {{ id }} }} }}"
    ));
    assert_eq!(next["data"]["places"]["nodes"][0]["id"], "isle");
    let other = server.ask(&format!(
        "{{ writers(after: \"{cursor}\") {{ nodes {{ id }} }} }}"
    ));
    assert!(
        other["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("another list")
    );
    let order = server.ask(&format!(
        "{{ places(orderBy: [{{name: DESC}}], after: \"{cursor}\") {{ nodes {{ id }} }} }}"
    ));
    assert!(
        order["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("another order")
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("a.yaml"),
        "Place:\n  a: {name: A, kind: TOWN}\n  x: {name: X, kind: TOWN}\n",
    )
    .unwrap();
    let changed = Server::start(&["--data", folder.path().to_str().unwrap()]);
    let old = changed.ask(&format!("{{ places(after: \"{cursor}\") {{ nodes {{ id }} }} }}"));
    assert_eq!(old, json!({"data": {"places": {"nodes": [{"id": "x"}]}}}));
}

#[test]
fn the_schema_and_the_health_are_served() {
    let server = Server::start(&[]);
    let schema = server.get("/schema.graphql", &[]);
    assert_eq!(schema.status, 200);
    let printed = common::run(&common::library(), &["schema"]);
    assert!(
        schema.body == text(&printed.stdout),
        "it is not what `clew schema` prints"
    );
    let health = server.get("/health", &[]).json();
    assert_eq!(health["status"], "ok");
    assert!(health["entities"].as_u64().unwrap() > 10);
    let page = server.get("/", &[("accept", "text/html")]);
    assert_eq!(page.status, 200);
    assert!(page.content_type.starts_with("text/html") && page.body.contains("<title>Clew</title>"));
    // Each address of the console is that page, and its script reads the address.
    // A page about an unknown entity has the status of data about it.
    for path in ["/entity/woolf", "/entity/a%2Fb/c?asOf=1912"] {
        let other = server.get(path, &[("accept", "text/html")]);
        assert_eq!((other.status, &other.body), (404, &page.body), "{path}");
    }
    for path in [
        "/search?q=tides",
        "/entity/quill",
        "/neighborhood",
        "/source/catalogue?locator=1",
        "/answer?query=%7Bgraph%7Btitle%7D%7D",
        "/graphiql?query=%7Bgraph%7Btitle%7D%7D",
        "/schema",
    ] {
        let other = server.get(path, &[("accept", "text/html")]);
        assert_eq!((other.status, &other.body), (200, &page.body), "{path}");
    }
    assert_eq!(server.get("/entity/", &[]).status, 404);
}

#[test]
fn a_query_in_the_address_of_the_home_page_leads_to_graphiql() {
    let server = Server::start(&[]);
    let asked = "query=%7Bgraph%7Btitle%7D%7D&variables=%7B%7D";
    let answer = common::agent()
        .get(server.url(&format!("/?{asked}")))
        .config()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .call()
        .unwrap();
    assert_eq!(answer.status(), 307);
    assert_eq!(answer.headers()["location"], format!("/graphiql?{asked}"));
    assert_eq!(server.get("/?other=1", &[]).status, 200);
    let closed = Server::start(&["--no-introspection"]);
    for path in ["/", "/?query=%7B__typename%7D", "/graphiql", "/entity/woolf"] {
        assert_eq!(closed.get(path, &[]).status, 404, "{path}");
    }
}

#[test]
fn pages_of_other_origins_need_allow_origin() {
    let origin = [("origin", "https://app.example.org")];
    let allowed = |server: &Server| {
        let response = agent()
            .get(server.url("/health"))
            .header(origin[0].0, origin[0].1)
            .call()
            .unwrap();
        response
            .headers()
            .get("access-control-allow-origin")
            .map(|it| it.to_str().unwrap().to_owned())
    };
    assert_eq!(allowed(&Server::start(&[])), None);
    let server = Server::start(&["--allow-origin", "https://app.example.org"]);
    assert_eq!(allowed(&server).as_deref(), Some("https://app.example.org"));
}

#[test]
fn a_multipart_answer_comes_through_async_graphql() {
    let server = Server::start(&[]);
    let body = json!({"query": "{ node(id: \"quill\") { label } bad: entities(first: -1) { totalCount } }"});
    let answer = server.post(
        &body.to_string(),
        &[(
            "accept",
            "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
        )],
    );
    assert_eq!(answer.status, 200);
    assert!(answer.content_type.starts_with("multipart/mixed"));
    assert!(
        answer.body.contains("\"message\":\"`first` is -1"),
        "{}",
        answer.body
    );
}

#[test]
fn a_websocket_answers_in_the_protocol_of_graphql_ws() {
    let server = Server::start(&[]);
    let address = server.url("/graphql").replace("http://", "ws://");
    let mut request = tungstenite::client::IntoClientRequest::into_client_request(address).unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = tungstenite::connect(request).unwrap();
    let mut send = |message: Value, expected: &str| {
        socket
            .send(tungstenite::Message::text(message.to_string()))
            .unwrap();
        let answer: Value = serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap();
        assert_eq!(answer["type"], expected, "{answer}");
        answer
    };
    send(json!({"type": "connection_init"}), "connection_ack");
    let payload =
        json!({"query": "query($id: ID!) { node(id: $id) { label } }", "variables": {"id": "tides"}});
    let next = send(
        json!({"id": "1", "type": "subscribe", "payload": payload}),
        "next",
    );
    assert_eq!(
        next["payload"],
        json!({"data": {"node": {"label": "The Book of Tides"}}})
    );
}

#[test]
fn sigterm_ends_the_server_after_running_requests() {
    let mut server = Server::start(&[]);
    let address = server.address.clone();
    // A request whose body is incomplete when the server gets the signal.
    let mut stream = TcpStream::connect(&address).unwrap();
    let body = r#"{"query":"{ node(id: \"quill\") { label } }"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..10]).unwrap();
    // The server has accepted the connection once it has answered a request on a later one.
    assert_eq!(server.get("/health", &[("connection", "close")]).status, 200);
    server.signal(Signal::TERM);
    stream.write_all(&body.as_bytes()[10..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains(r#"{"data":{"node":{"label":"Quill"}}}"#),
        "{answer}"
    );
    let deadline = Instant::now() + Duration::from_secs(20);
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "the server goes on");
        std::thread::yield_now();
    };
    assert!(status.success());
}

#[test]
#[cfg(target_os = "linux")]
fn only_the_graph_is_in_huge_pages() {
    let server = Server::start(&[]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    // Older kernels do not report it.
    let huge_pages = status.lines().find_map(|it| it.strip_prefix("THP_enabled:"));
    assert!(huge_pages.is_none_or(|it| it.trim() == "0"), "{status}");
}

#[test]
fn check_reports_errors_and_exits_with_a_code() {
    let good = run(&["check"]);
    assert!(good.status.success(), "{}", text(&good.stderr));
    assert!(text(&good.stdout).contains("entities") && text(&good.stderr).is_empty());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("bad.yaml"),
        "Place:\n  x: {name: X, kind: TOWN}\n",
    )
    .unwrap();
    let bad = run(&["check", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(text(&bad.stderr).contains("E0220") && text(&bad.stdout).is_empty());
    assert!(
        !text(&bad.stderr).contains('\u{1b}'),
        "no colours where nobody looks"
    );
    let serve = run(&[
        "serve",
        "--data",
        folder.path().to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(
        serve.status.code(),
        Some(1),
        "nothing is served of a graph with errors"
    );
    assert_eq!(
        run(&["check", "--schema", "no/such/folder"]).status.code(),
        Some(1)
    );
    assert_eq!(run(&["check", "--data", "no/such/folder"]).status.code(), Some(1));
    assert_eq!(run(&["chekc"]).status.code(), Some(2));
}

#[test]
fn check_warns_about_cycles_and_isolated_entities() {
    let folder = tempfile::tempdir().unwrap();
    let data = "Place:\n  a: {name: A, kind: TOWN, partOf: b}\n  b: {name: B, kind: TOWN, partOf: a}\n  c: {name: C, kind: TOWN}\n";
    std::fs::write(folder.path().join("a.yaml"), data).unwrap();
    let output = run(&[
        "check",
        "--schema",
        "tests/queries/graph/schema",
        "--data",
        folder.path().to_str().unwrap(),
    ]);
    assert!(output.status.success(), "warnings are no errors");
    let said = text(&output.stderr);
    assert!(
        said.contains("W0301") && said.contains("\"a\" and \"b\""),
        "{said}"
    );
    assert!(
        said.contains("W0302") && said.contains("\"c\"") && said.contains("a.yaml:4:3 ]"),
        "{said}"
    );
}

#[test]
fn query_answers_without_a_server() {
    let in_library = |arguments: &[&str]| common::run(&common::library(), arguments);
    let output = in_library(&[
        "query",
        "-e",
        "query($id: ID!) { node(id: $id) { label } }",
        "--variables",
        r#"{"id": "tides"}"#,
    ]);
    assert!(output.status.success());
    assert_eq!(
        text(&output.stdout),
        "{\"data\":{\"node\":{\"label\":\"The Book of Tides\"}}}\n"
    );
    let file = in_library(&["query", "../table.graphql"]);
    assert!(file.status.success() && text(&file.stdout).contains("QUILL"));
    let failed = run(&["query", "-e", "{ nothing }"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed.stdout).contains("nothing"));
    assert_eq!(run(&["query", "no/such.graphql"]).status.code(), Some(1));
    assert_eq!(run(&["query"]).status.code(), Some(2));
}

#[test]
fn help_lists_commands_options_and_exit_codes() {
    let help = text(&run(&["--help"]).stdout);
    for word in [
        "serve",
        "check",
        "schema",
        "query",
        "--listen",
        "--data",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} is not in: {help}");
    }
}

#[test]
fn another_graph_is_served_by_two_other_folders() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write(
        "schema/a.graphql",
        "type Book { title: Text! authors: [Writer!]! @relation(inverse: \"books\") price: Decimal seen: DateTime extra: JSON }\ntype Writer { name: String! born: Date }",
    );
    write(
        "data/people/writers.yaml",
        "Writer:\n  woolf: {name: Virginia Woolf, born: 1882-01-25}\n",
    );
    write(
        "data/books.jsonl",
        concat!(
            "{\"type\":\"node\",\"id\":\"waves\",\"labels\":[\"Book\"],\"properties\":{\"title\":[{\"en\":\"The Waves\",\"fr\":\"Les Vagues\"}],\"price\":[\"9.90\"],\"seen\":[\"2020-01-01T10:00:00+02:00\"],\"extra\":{\"a\":[1,null]}}}\n",
            "{\"type\":\"edge\",\"from\":\"waves\",\"to\":\"woolf\",\"labels\":[\"AUTHORS\"],\"properties\":{}}\n"
        ),
    );
    let schema = folder.path().join("schema");
    let data = folder.path().join("data");
    let server = Server::start(&[
        "--schema",
        schema.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ]);
    let answer = server.ask("{ writers { nodes { name born books { nodes { fr: title(lang: [\"de\", \"fr\"]) title price seen extra } } } } books(filter: { price: { gt: \"9.9\" } }) { totalCount } same: books(filter: { price: { eq: 9.9 }, seen: { lt: \"2020-01-01T09:00:00Z\" } }) { totalCount } }");
    let expected = json!({"data": {
        "writers": {"nodes": [{"name": "Virginia Woolf", "born": "1882-01-25", "books": {"nodes": [
            {"fr": "Les Vagues", "title": "The Waves", "price": "9.90", "seen": "2020-01-01T10:00:00+02:00", "extra": {"a": [1, null]}}
        ]}}]},
        "books": {"totalCount": 0},
        "same": {"totalCount": 1}
    }});
    assert_eq!(answer, expected);
}

#[test]
fn every_limit_has_its_code_and_says_its_number() {
    let nested = format!(
        "{{ node(id: \"harbour\") {{ {} id {} }} }}",
        "links { nodes { to { ".repeat(20),
        "} } } ".repeat(20)
    );
    let aliases = format!(
        "{{ {} }}",
        (0..60)
            .map(|no| format!("a{no}: __typename"))
            .collect::<Vec<_>>()
            .join(" ")
    );
    // Each fragment is spread twice by the previous one: 2^20 fields from a few lines.
    let fragments: Vec<String> = (0..20)
        .map(|no| format!("fragment F{no} on Query {{ ...F{} ...F{} }}", no + 1, no + 1))
        .collect();
    let fragments = fragments.join(" ");
    let expanded = format!("{{ ...F0 }} {fragments} fragment F20 on Query {{ __typename }}");
    let wide = "{ entities(first: 100) { nodes { links(first: 100) { nodes { to { links(first: 100) { totalCount } } } } } } }";
    let cases: [(&[&str], &str, &str, &str); 9] = [
        (&["--max-tokens", "50"], &aliases, "TOKEN_LIMIT", "50 tokens"),
        (
            &["--max-depth", "20"],
            &nested,
            "DEPTH_LIMIT",
            "62 levels deep and 20",
        ),
        (
            &["--max-aliases", "50"],
            &aliases,
            "ALIAS_LIMIT",
            "60 aliases and 50",
        ),
        (&[], &expanded, "FIELD_LIMIT", "1048576 fields"),
        (
            &["--max-page", "50"],
            "query($n: Int) { entities(first: $n) { totalCount } }",
            "PAGE_LIMIT",
            "51 entries",
        ),
        (&["--max-cost", "1000"], wide, "COST_LIMIT", "1000 are allowed"),
        (&["--max-rows", "1000"], wide, "ROW_LIMIT", "1000 entities"),
        (&["--max-bytes", "1000"], wide, "BYTE_LIMIT", "1000 bytes"),
        (
            &["--max-page", "5"],
            "{ nodes(ids: [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]) { id } }",
            "PAGE_LIMIT",
            "6 entries",
        ),
    ];
    for (arguments, query, code, number) in cases {
        let server = Server::start(arguments);
        let answer = server
            .post(&json!({"query": query, "variables": {"n": 51}}).to_string(), &[])
            .json();
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{query}");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(number), "{message}");
        assert_eq!(
            server.ask("{ __typename }"),
            json!({"data": {"__typename": "Query"}}),
            "the next one is answered"
        );
    }
    let server = Server::start(&["--max-body", "100"]);
    for accept in [
        "*/*",
        "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
    ] {
        assert_eq!(status_of_length(&server, 101, accept), 413, "{accept}");
    }
}

/// The CPU time of a process on all cores, in the system's ticks.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_run_ends_when_its_client_disconnects() {
    let folder = slow_graph();
    let server = Server::of(folder.path(), &["--timeout", "600"]);
    let body = json!({"query": slow_query()}).to_string();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let process = server.child.id();
    let before = ticks(process);
    stream.write_all(head.as_bytes()).unwrap();
    while ticks(process) < before + 100 {
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(stream);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let before = ticks(process);
        std::thread::sleep(Duration::from_secs(1));
        if ticks(process) <= before + 2 {
            break;
        }
        assert!(Instant::now() < deadline, "the run goes on for nobody");
    }
    assert_eq!(
        server.ask("{ __typename }"),
        json!({"data": {"__typename": "Query"}}),
        "the next one is answered"
    );
}

#[test]
fn the_schema_is_hidden_without_introspection() {
    let server = Server::start(&["--no-introspection"]);
    let answer = server.ask("{ __schema { queryType { name } } graph { title } }");
    assert_eq!(
        answer["errors"][0]["extensions"]["code"],
        "INTROSPECTION_DISABLED"
    );
    assert_eq!(server.get("/schema.graphql", &[]).status, 404);
    assert_eq!(
        server.ask("{ __typename graph { title } }")["data"]["graph"]["title"],
        "A library"
    );
}

#[test]
fn documents_are_named_instead_of_sent() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("documents.json");
    std::fs::write(
        &manifest,
        r#"{"place": "query($id: ID!) { node(id: $id) { label } }", "sha256:abc": "{ __typename }"}"#,
    )
    .unwrap();
    let manifest = manifest.to_str().unwrap();
    let open = Server::start(&["--documents", manifest]);
    let named = |server: &Server, body: Value| server.post(&body.to_string(), &[]).json();
    let harbour = json!({"data": {"node": {"label": "Harbour"}}});
    assert_eq!(
        named(
            &open,
            json!({"documentId": "place", "variables": {"id": "harbour"}})
        ),
        harbour
    );
    assert_eq!(
        named(&open, json!({"documentId": "sha256:abc"}))["data"]["__typename"],
        "Query"
    );
    assert_eq!(
        named(&open, json!({"documentId": "nothing"}))["errors"][0]["extensions"]["code"],
        "PERSISTED_DOCUMENT_NOT_FOUND"
    );
    assert_eq!(open.ask("{ __typename }")["data"]["__typename"], "Query");
    let got = open.get(
        "/graphql?documentId=place&variables=%7B%22id%22%3A%22harbour%22%7D",
        &[],
    );
    assert_eq!(got.json(), harbour);
    let only = Server::start(&["--documents", manifest, "--documents-only"]);
    assert_eq!(
        named(
            &only,
            json!({"documentId": "place", "variables": {"id": "harbour"}})
        ),
        harbour
    );
    assert_eq!(
        only.ask("{ __typename }")["errors"][0]["extensions"]["code"],
        "PERSISTED_DOCUMENT_REQUIRED"
    );
    let streamed = [(
        "accept",
        "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"",
    )];
    let body = json!({"query": "{ __typename }"}).to_string();
    assert!(
        only.post(&body, &streamed)
            .body
            .contains("PERSISTED_DOCUMENT_REQUIRED"),
        "no way round it"
    );
    let wrong = run(&["serve", "--documents", "README.md", "--listen", "127.0.0.1:0"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        text(&wrong.stderr).contains("not a manifest"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn a_query_that_was_sent_with_its_hash_is_kept() {
    let server = Server::start(&[]);
    let query = "{__typename}";
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    let ask = |query: Option<&str>, hash: &str| {
        let mut body = json!({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}});
        if let Some(query) = query {
            body["query"] = query.into();
        }
        server.post(&body.to_string(), &[]).json()
    };
    assert_eq!(ask(None, hash)["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(
        ask(Some(query), &hash.replace('e', "f"))["errors"][0]["extensions"]["code"],
        "PERSISTED_QUERY_HASH_MISMATCH"
    );
    assert_eq!(ask(Some(query), hash)["data"]["__typename"], "Query");
    assert_eq!(ask(None, hash)["data"]["__typename"], "Query");
}

#[test]
fn a_repeated_get_costs_a_304() {
    let server = Server::start(&[]);
    let get = |path: &str, tag: Option<&str>| {
        let mut request = agent().get(server.url(path));
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let response = request.call().unwrap();
        let tag = response
            .headers()
            .get("etag")
            .map(|it| it.to_str().unwrap().to_owned());
        (response.status().as_u16(), tag)
    };
    let path = "/graphql?query=%7Bgraph%7Btitle%7D%7D";
    let (status, tag) = get(path, None);
    assert_eq!(status, 200);
    let tag = tag.expect("a tag");
    assert_eq!(get(path, Some(&tag)).0, 304);
    assert_eq!(get(path, Some("\"other\"")).0, 200);
    assert_eq!(
        get("/graphql?query=%7Bgraph%7BentityCount%7D%7D", Some(&tag)).0,
        200,
        "another question"
    );
    assert_eq!(
        get("/graphql?query=%7Bnothing%7D", None).1,
        None,
        "an error is not kept"
    );
}

/// A folder with one place, and a server that watches it.
struct Watched {
    folder: tempfile::TempDir,
    server: Server,
}

impl Watched {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sdl = "type Place { name: String! kind: Kind } enum Kind { CITY }";
        common::write(folder.path(), "schema/a.graphql", sdl);
        common::write(
            folder.path(),
            "data/a.yaml",
            "Place:\n  x: {name: X0, kind: CITY}\n",
        );
        let server = Server::of(folder.path(), arguments);
        Self { folder, server }
    }

    fn write(&self, data: &str) {
        common::replace(self.folder.path(), "data/a.yaml", data);
    }

    fn hang_up(&self) {
        self.server.signal(Signal::HUP);
    }

    fn until(&self, wished: impl Fn(&Value) -> bool) -> Value {
        self.server.until(wished)
    }

    fn name(&self) -> Value {
        self.server.ask("{ place(id: \"x\") { name } }")["data"]["place"]["name"].clone()
    }
}

#[test]
fn a_change_is_served_unless_it_has_errors() {
    let watched = Watched::start(&["--watch"]);
    assert_eq!(watched.name(), "X0");
    watched.write("Place:\n  x: {name: X1, kind: CITY}\n");
    watched.until(|it| it["reloads"] == 1);
    assert_eq!(watched.name(), "X1");
    watched.write("Place:\n  x: {name: X2, kind: TOWN}\n");
    let health = watched.until(|it| it["status"] == "stale");
    assert!(
        health["failure"].as_str().unwrap().contains("the log says why"),
        "{health}"
    );
    assert_eq!(watched.name(), "X1", "the graph from before is still served");
    watched.write("Place:\n  x: {name: X3, kind: CITY}\n");
    let health = watched.until(|it| it["status"] == "ok");
    assert!(health.get("failure").is_none());
    assert_eq!(watched.name(), "X3");
}

#[test]
fn plans_outlive_the_data_and_not_the_schema() {
    let watched = Watched::start(&["--metrics-listen", "127.0.0.1:0"]);
    let server = &watched.server;
    let compiled = || {
        let documents = server.metric("clew_documents_prepared_total");
        (documents, server.metric("clew_plans_compiled_total"))
    };
    let by_id = || {
        let query = "query($id: ID!) { place(id: $id) { name } }";
        server.ask_with(query, "{\"id\":\"x\"}")["data"]["place"]["name"].clone()
    };
    let reload = |no: u64| {
        watched.hang_up();
        watched.until(|it| it["reloads"] == no);
    };
    assert_eq!((watched.name(), by_id()), (json!("X0"), json!("X0")));
    assert_eq!(compiled(), (2, 2));
    watched.write("Place:\n  a: {name: A, kind: CITY}\n  x: {name: X1, kind: CITY}\n");
    reload(1);
    assert_eq!((watched.name(), by_id()), (json!("X1"), json!("X1")));
    assert_eq!(compiled(), (2, 2), "only the data are new");

    let schema = |text: &str| common::write(watched.folder.path(), "schema/a.graphql", text);
    schema("# Places.\ntype Place {\n  name: String!\n  kind: Kind\n}\nenum Kind { CITY }\n");
    reload(2);
    assert_eq!((watched.name(), by_id()), (json!("X1"), json!("X1")));
    assert_eq!(compiled(), (2, 2), "the schema says the same in other lines");
    assert_eq!(server.metric("clew_schemas_generated_total"), 1);

    schema("type Place { kind: Kind name: String! } enum Kind { CITY }");
    reload(3);
    assert_eq!((watched.name(), by_id()), (json!("X1"), json!("X1")));
    assert_eq!(compiled(), (4, 4), "the fields have other places");
    assert_eq!(server.metric("clew_schemas_generated_total"), 2);
    assert_eq!(server.ask("{ place(id: \"x\") { size } }")["data"], Value::Null);
    assert_eq!(compiled(), (4, 4), "an invalid document is not prepared");
}

#[test]
fn a_limit_on_costs_holds_for_the_data_that_are_served() {
    let data = |count: usize| {
        let lines = (0..count).map(|no| format!("  p{no}: {{name: P{no}, kind: CITY}}\n"));
        format!("Place:\n{}", lines.collect::<String>())
    };
    let watched = Watched::start(&["--max-cost", "50"]);
    let first = || {
        let query = "{ places(first: 1, filter: {name: {startsWith: \"P\"}}) { nodes { id } } }";
        watched.server.ask(query)
    };
    for (no, (count, is_allowed)) in (1..).zip([(10, true), (100, false), (10, true)]) {
        watched.write(&data(count));
        watched.hang_up();
        watched.until(|it| it["reloads"] == no);
        for _ in 0..2 {
            let answer = first();
            assert_eq!(answer.get("errors").is_none(), is_allowed, "{count}: {answer}");
        }
    }
}

#[test]
fn a_compiled_graph_is_served_and_replaced() {
    let watched = Watched::start(&[]);
    let file = watched.folder.path().join("graph.clew");
    let file = file.to_str().unwrap();
    let compile = || {
        let (schema, data) = (
            watched.folder.path().join("schema"),
            watched.folder.path().join("data"),
        );
        let compiled = run(&[
            "compile",
            "--out",
            file,
            "--schema",
            schema.to_str().unwrap(),
            "--data",
            data.to_str().unwrap(),
        ]);
        assert_eq!(compiled.status.code(), Some(0), "{}", text(&compiled.stderr));
        assert!(text(&compiled.stdout).contains("wrote \""));
    };
    compile();
    let server = Server::start(&[file, "--watch"]);
    let name = || server.ask("{ place(id: \"x\") { name } }")["data"]["place"]["name"].clone();
    assert_eq!(name(), "X0");
    watched.write("Place:\n  x: {name: X1, kind: CITY}\n");
    compile();
    let deadline = Instant::now() + Duration::from_secs(20);
    while name() != "X1" {
        assert!(Instant::now() < deadline, "the new file is not served");
        std::thread::yield_now();
    }
    let asked = run(&["query", "--graph", file, "-e", "{ place(id: \"x\") { name } }"]);
    assert_eq!(text(&asked.stdout), "{\"data\":{\"place\":{\"name\":\"X1\"}}}\n");
    let other = watched.folder.path().join("other");
    std::fs::write(&other, "something else").unwrap();
    let refused = run(&["serve", other.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(
        said.contains("is not a graph that `clew compile` wrote"),
        "{said}"
    );
    let both = run(&["serve", file, "--data", "data"]);
    assert_eq!(both.status.code(), Some(2), "{}", text(&both.stderr));
}

#[test]
fn a_graph_is_made_and_measured() {
    let measured = |seed: &str| {
        let shape = format!("entities=2k,edges=10k,seed={seed}");
        let said = run(&["bench", "--generate", &shape, "--seconds", "0.02"]);
        assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
        text(&said.stdout)
    };
    let said = measured("7");
    assert!(said.starts_with("2,000 entities, 10,000 edges, "), "{said}");
    for row in [
        "point lookup",
        "1 hop",
        "3 hops",
        "1,000 rows",
        "neighbours of a hub",
        "filter: contains",
        "path",
        "search",
    ] {
        let line = said.lines().find(|it| it.starts_with(&format!("| {row} |")));
        let line = line.unwrap_or_else(|| panic!("no {row}: {said}"));
        let answers = line.split(" | ").nth(1).unwrap().replace(',', "");
        assert!(answers.parse::<u64>().unwrap() > 0, "{line}");
    }
    let bytes = |said: &str, row: &str| {
        let line = said.lines().find(|it| it.starts_with(row)).unwrap().to_owned();
        line.split(" | ").last().unwrap().to_owned()
    };
    let list = "| 1,000 rows |";
    assert_eq!(bytes(&said, list), bytes(&measured("7"), list), "the same seed");
    assert_ne!(bytes(&said, list), bytes(&measured("8"), list), "another seed");
    let wrong = run(&["bench", "--generate", "entities=many"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("\"many\" is no number"),
        "{}",
        text(&wrong.stderr)
    );
    let own = run(&["bench", "--seconds", "0.02", "--no-search"]);
    assert!(
        text(&own.stdout).contains("| point lookup |"),
        "{}",
        text(&own.stderr)
    );
}

/// Stops other threads when dropped, also if this thread panics.
struct Stop<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn no_request_fails_during_reloads() {
    let watched = Watched::start(&[]);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let answered = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let name = watched.name();
                    assert!(name.as_str().is_some_and(|it| it.starts_with('X')), "{name}");
                    answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
        let _stop = Stop(&stop);
        for no in 1..=40u64 {
            watched.write(&format!("Place:\n  x: {{name: X{no}, kind: CITY}}\n"));
            watched.hang_up();
            watched.until(|it| it["reloads"] == no);
        }
    });
    assert_eq!(watched.name(), "X40");
    assert!(answered.into_inner() > 40);
}

#[test]
fn a_reader_of_an_answer_may_close_the_pipe() {
    let (closed, stdout) = std::io::pipe().unwrap();
    drop(closed);
    let mut command = common::clew(&common::library(), &["query", "-e", "{ graph { title } }"]);
    let ended = command.stdout(stdout).output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(text(&ended.stderr), "");
}

/// The code blocks of the README in a language, in order.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let blocks = readme.split(opening.as_str()).skip(1);
    blocks
        .map(|it| it.split("```").next().unwrap().to_owned())
        .collect()
}

/// An answer whose lines are joined again.
fn one_line(block: &str) -> String {
    block.lines().map(str::trim_start).collect()
}

#[test]
fn the_answers_in_the_readme_are_correct() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let check = text(&run(&["check"]).stdout);
    let counts = check.split(';').next().unwrap();
    assert!(readme.contains(counts), "the README does not say {counts}");
    let answers = blocks(&readme, "json");
    let shell = blocks(&readme, "sh");
    let asked: Vec<&String> = shell.iter().filter(|it| it.starts_with("curl")).collect();
    assert_eq!(asked.len(), 2);
    let server = Server::of(&root(), &[]);
    for (asked, answer) in asked.into_iter().zip(&answers) {
        let body = asked.split("-d '").nth(1).unwrap();
        let body = body.trim_end().trim_end_matches('\'');
        assert_eq!(server.post(body, &[]).body, one_line(answer));
    }
}

#[test]
fn the_tutorial_of_the_readme_works_to_the_letter() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("library/schema");
    let data = folder.path().join("library/data");
    std::fs::create_dir_all(&schema).unwrap();
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(schema.join("library.graphql"), &blocks(&readme, "graphql")[0]).unwrap();
    std::fs::write(data.join("library.yaml"), &blocks(&readme, "yaml")[0]).unwrap();
    let folders = [
        "--schema",
        schema.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ];
    let check = run(&[&["check"], &folders[..]].concat());
    assert!(
        check.status.success() && check.stderr.is_empty(),
        "{}",
        text(&check.stderr)
    );
    let shell = blocks(&readme, "sh");
    let asked = shell.iter().find(|it| it.contains("-e \\\n")).unwrap();
    let query = asked.split('\'').nth(1).unwrap();
    let answer = run(&[&["query", "-e", query], &folders[..]].concat());
    assert_eq!(
        text(&answer.stdout).trim_end(),
        one_line(blocks(&readme, "json").last().unwrap())
    );
}

#[test]
fn steps_are_explained_and_texts_are_found() {
    let server = Server::start(&[]);
    let answer =
        server.ask("query @explain { societies(first: 3) { nodes { partners { nodes { name } } } } }");
    let plan = answer["extensions"]["plan"].as_array().unwrap();
    assert_eq!(plan[0]["path"], json!(["societies"]));
    assert_eq!(plan[0]["rowsOut"], 3);
    assert_eq!(plan[1]["path"], json!(["societies", "nodes", "partners"]));
    assert_eq!(plan[1]["rowsIn"], 3);
    // The text index is built in the background; a search waits for it.
    let found = server.ask(r#"{ search(query: "ink press", first: 1) { nodes { id } } }"#);
    assert_eq!(found["data"]["search"]["nodes"][0]["id"], "ink-press");
    // The next page of a search continues after the previous one.
    let whole = server.ask(r#"{ search(query: "children") { totalCount edges { cursor node { id } } } }"#);
    let edges = whole["data"]["search"]["edges"].as_array().unwrap();
    assert!(edges.len() > 4);
    let cursor = edges[1]["cursor"].as_str().unwrap();
    let next = server.ask(&format!(
        r#"{{ search(query: "children", first: 2, after: "{cursor}") {{ nodes {{ id }} pageInfo {{ hasPreviousPage }} }} }}"#
    ));
    let ids = |edges: &[Value]| {
        edges
            .iter()
            .map(|it| it["node"]["id"].clone())
            .collect::<Vec<_>>()
    };
    let nodes = next["data"]["search"]["nodes"].as_array().unwrap();
    assert_eq!(
        nodes.iter().map(|it| it["id"].clone()).collect::<Vec<_>>(),
        ids(&edges[2..4])
    );
    assert_eq!(next["data"]["search"]["pageInfo"]["hasPreviousPage"], true);
    // A cursor of one search is invalid for another.
    let other = server.ask(&format!(
        r#"{{ search(query: "quill", after: "{cursor}") {{ totalCount }} }}"#
    ));
    assert!(
        other["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("belongs to another list")
    );
}
