//! Documents and variables that would exceed the limits, over HTTP against the real binary.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

mod common;

struct Server(common::Server);

impl Server {
    /// A debug build takes many times longer, so the deadline is extended: it must not be the limit that ends a
    /// request.
    fn of(folder: &Path, arguments: &[&str]) -> Self {
        let timeout: &[&str] = if arguments.contains(&"--timeout") {
            &[]
        } else {
            &["--timeout", "300"]
        };
        Self(common::Server::of(folder, &[timeout, arguments].concat()))
    }

    fn start(arguments: &[&str]) -> Self {
        Self::of(&common::library(), arguments)
    }

    /// A graph of things with values of every type.
    fn things(folder: &Path, arguments: &[&str]) -> Self {
        let schema = "
            type Thing {
                name: String! @search
                weight: Decimal
                about: JSON
                made: Date
                at: DateTime
                titles: [String!]!
                said: Text
                size: Int
                next: [Thing!]! @relation(name: \"NEXT\")
            }
        ";
        let mut lines = String::new();
        for no in 0..200 {
            let properties = json!({
                "name": [format!("thing number {no}")], "weight": [format!("{no}.5")], "about": {"no": no}, "made": [format!("{}", 1800 + no)],
                "at": ["1996-08-27T10:00:00Z"], "titles": ["first", "second"], "size": [no],
            });
            let node = json!({"type": "node", "id": format!("t{no}"), "labels": ["Thing"], "properties": properties});
            writeln!(lines, "{node}").unwrap();
        }
        common::write(folder, "schema/s.graphql", schema);
        common::write(folder, "data/d.jsonl", &lines);
        Self::of(folder, arguments)
    }

    fn ask(&self, query: &str, variables: &Value) -> Value {
        self.0.ask_with(query, &variables.to_string())
    }

    /// The code and the message of the first error.
    fn error(&self, query: &str, variables: &Value) -> (String, String) {
        let answer = self.ask(query, variables);
        let error = &answer["errors"][0];
        let text = |it: &Value| it.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }

    /// Sends a request. Checks that the memory of the process grows by at most the limit of a request.
    fn within_memory(&self, query: &str, variables: &Value) -> Value {
        #[cfg(target_os = "linux")]
        {
            let (answer, grown) = self.0.growth(|| self.ask(query, variables));
            assert!(
                grown <= 64 << 20,
                "{} grew it by {grown} bytes",
                &query[..query.len().min(100)]
            );
            answer
        }
        #[cfg(not(target_os = "linux"))]
        self.ask(query, variables)
    }
}

fn aliases(count: usize, field: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, no| {
        let _ = write!(all, " f{no}: {}", field(no));
        all
    })
}

fn nothing() -> Value {
    json!({})
}

#[test]
fn path_expressions_are_shared_and_their_states_are_limited() {
    let server = Server::start(&[]);
    let follow = |path: &str| {
        format!(r#"entities(first: 1) {{ nodes {{ follow(path: "{path}", first: 1) {{ totalCount }} }} }}"#)
    };
    let equal = server.within_memory(
        &format!("{{{}}}", aliases(300, |_| follow("partners{900}"))),
        &nothing(),
    );
    assert!(equal.get("errors").is_none(), "{equal}");
    let by_variable = aliases(300, |_| {
        "node(id: \"quill\") { follow(path: $p) { totalCount } }".to_owned()
    });
    let shared = server.within_memory(
        &format!("query($p: String!) {{{by_variable}}}"),
        &json!({"p": "partners{900}"}),
    );
    assert!(shared.get("errors").is_none(), "{shared}");

    let others = format!(
        "{{{}}}",
        aliases(300, |no| follow(&format!("partners{{{}}}", 600 + no)))
    );
    let answer = server.within_memory(&others, &nothing());
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("more than 10000 steps together"), "{message}");
    let (code, message) = server.error(&format!("{{{}}}", follow("partners{1001}")), &nothing());
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("a repetition is at most 1000"), "{message}");
    let long = "partners|".repeat(100_000) + "partners";
    let (code, message) = server.error(
        "query($p: String!) { node(id: \"quill\") { follow(path: $p) { totalCount } } }",
        &json!({"p": long}),
    );
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(
        message.contains("1024 are allowed") && message.len() < 400,
        "{message}"
    );
}

#[test]
fn patterns_are_weighed_and_refused_with_their_field() {
    let server = Server::start(&[]);
    let matching =
        |pattern: &str| format!(r#"entities(filter: {{label: {{matches: "{pattern}"}}}}) {{ totalCount }}"#);
    let many = format!(
        "{{{}}}",
        aliases(600, |no| matching(&format!("\\\\pL{{{}}}{no}", no % 30 + 1)))
    );
    let answer = server.within_memory(&many, &nothing());
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BYTE_LIMIT");
    let equal = server.within_memory(
        &format!("{{{}}}", aliases(600, |_| matching("\\\\pL{20}"))),
        &nothing(),
    );
    assert!(equal.get("errors").is_none(), "{equal}");

    let by_variable = "query($p: String!) { entities(filter: {label: {matches: $p}}) { totalCount } }";
    let long = "a".repeat(900_000);
    let slow = "(?i)[a-\u{10ffff}]".repeat(60);
    for (pattern, why) in [
        ("(", "unclosed group"),
        (r"\p{Foo}", "property not found"),
        (r"\pL{900}", "it compiles to more than 1048576 bytes"),
        (&slow, "its classes of characters are too many or too large"),
        (&long, "has 900000 bytes, and 1024 are allowed"),
    ] {
        let answer = server.within_memory(by_variable, &json!({"p": pattern}));
        let error = &answer["errors"][0];
        let message = error["message"].as_str().unwrap();
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(error["path"], json!(["entities"]));
        assert!(error["locations"][0]["line"].is_number(), "{answer}");
        assert!(
            message.to_lowercase().contains(why) && message.len() < 600,
            "{message}"
        );
    }
    // A pattern that is refused in one field does not affect the others.
    let mixed = format!("{{ bad: {} {} }}", matching("("), matching("Uni.*"));
    let answer = server.ask(&mixed, &nothing());
    assert_eq!(answer["data"]["bad"], Value::Null, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["bad"]), "{answer}");
    assert!(answer["data"]["entities"]["totalCount"].as_u64().unwrap() > 0);
}

#[test]
fn a_search_ignores_excess_words_and_a_filter_refuses_them() {
    let server = Server::start(&[]);
    let search = "query($q: String!, $fuzzy: Boolean) { search(query: $q, fuzzy: $fuzzy, first: 1) { ignored totalCount edges { highlights { fragments } } } }";
    let ignored = |text: &str, fuzzy: bool| {
        let answer = server.within_memory(search, &json!({"q": text, "fuzzy": fuzzy}));
        answer["data"]["search"]["ignored"]
            .as_u64()
            .unwrap_or_else(|| panic!("{answer}"))
    };
    assert_eq!(ignored("child protection", false), 0);
    assert_eq!(ignored(&"child ".repeat(40), false), 8);
    assert_eq!(ignored(&"child ".repeat(40), true), 32);
    assert_eq!(ignored(&format!("\"{}\"", "child ".repeat(100)), false), 68);
    // Only the first kilobyte is searched, but all words are counted.
    let words: Vec<String> = (0..20_000).map(|no| format!("wo{:03}", no % 1000)).collect();
    assert_eq!(ignored(&words.join(" "), true), 20_000 - 8);
    assert_eq!(ignored(&words.join(" "), false), 20_000 - 32);
    assert_eq!(ignored(&"x".repeat(500_000), true), 1);

    let filter = "query($q: String!) { entities(filter: {label: {search: $q}}) { totalCount } }";
    for (text, why) in [
        ("child ".repeat(40), "has 40 words, and 32 are allowed"),
        ("x".repeat(2000), "has 2000 bytes, and 1024 are allowed"),
    ] {
        let (code, message) = server.error(filter, &json!({"q": text}));
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains(why), "{message}");
    }
    let found = server.ask(filter, &json!({"q": "ink"}));
    assert_eq!(found["data"]["entities"]["totalCount"], 1, "{found}");
    // Each text is searched for once, and the results count as working memory.
    let many = format!(
        "{{{}}}",
        aliases(300, |no| format!(
            r#"entities(filter: {{label: {{search: "child {no}"}}}}) {{ totalCount }}"#
        ))
    );
    assert!(server.within_memory(&many, &nothing()).get("errors").is_none());
}

#[test]
fn large_values_are_shared_and_messages_repeat_little_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::things(folder.path(), &[]);
    let long = "x".repeat(900_000);
    let paths = format!(
        "query($x: ID!) {{{}}}",
        aliases(600, |_| "path(from: $x, to: \"t1\") { length }".to_owned())
    );
    let answer = server.within_memory(&paths, &json!({"x": long}));
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 600, "{}", errors[0]);
    assert!(
        errors
            .iter()
            .all(|it| it["message"].as_str().unwrap().len() < 300)
    );

    let things = |filter: &str| {
        format!(
            "query($x: {}) {{ things(filter: {{{filter}}}) {{ totalCount }} }}",
            "JSON"
        )
    };
    let one = |ty: &str, filter: &str| things(filter).replace("JSON", ty);
    for (query, what) in [
        (one("Date!", "made: {eq: $x}"), "which is not a date"),
        (one("DateTime!", "at: {eq: $x}"), "a point in time"),
        (one("Decimal!", "weight: {eq: $x}"), "a decimal number"),
        (
            "query($x: [String!]) { node(id: \"t1\") { statements(fields: $x) { totalCount } } }".to_owned(),
            "no type has a field",
        ),
        (
            "query($x: String) { things(after: $x) { totalCount } }".to_owned(),
            "is not a cursor",
        ),
        (
            "query($x: Date) { things(asOf: $x) { totalCount } }".to_owned(),
            "which is not a date",
        ),
        (
            "query($x: [ID!]!) { neighborhood(of: $x) { totalCount } }".to_owned(),
            "no entity has this id",
        ),
        (
            "query($x: [ID!]) { neighborhood(of: [\"t1\"], avoid: $x) { totalCount } }".to_owned(),
            "no entity has this id",
        ),
        (
            "query($x: ID) { timeline(of: $x) { totalCount } }".to_owned(),
            "no entity has this id",
        ),
    ] {
        let (code, message) = server.error(&query, &json!({"x": long}));
        let expected = match what {
            "is not a cursor" => "CURSOR_INVALID",
            _ => "BAD_USER_INPUT",
        };
        assert_eq!(code, expected, "{query}");
        assert!(
            message.contains(what) && message.len() < 600,
            "{query}: {message}"
        );
    }
    for number in ["1e1000000000", "1e-1000000000", &"9".repeat(900_000)] {
        let (_, message) = server.error(&one("Decimal!", "weight: {gt: $x}"), &json!({"x": number}));
        assert!(message.contains("an exponent of at most 10000"), "{message}");
    }

    // Lists are searched by hashing, not scanned.
    let ids: Vec<String> = (0..5_000).map(|no| format!("t{no}")).collect();
    let numbers: Vec<usize> = (0..5_000).collect();
    for (ty, filter, values) in [
        ("[ID!]", "id: {in: $x}", json!(ids)),
        ("[ID!]", "id: {notIn: $x}", json!(ids)),
        ("[String!]", "titles: {hasAny: $x}", json!(ids)),
        ("[Int!]", "size: {in: $x}", json!(numbers)),
        ("[String!]", "name: {in: $x, caseInsensitive: true}", json!(ids)),
    ] {
        let query = format!(
            "query($x: {ty}) {{{}}}",
            aliases(20, |_| format!("things(filter: {{{filter}}}) {{ totalCount }}"))
        );
        let answer = server.within_memory(&query, &json!({"x": values}));
        assert!(answer.get("errors").is_none(), "{filter}: {}", answer["errors"]);
        let expected = if filter.starts_with("id: {in") || filter.starts_with("size") {
            200
        } else {
            0
        };
        assert_eq!(answer["data"]["f19"]["totalCount"], expected, "{filter}");
    }
}

#[test]
fn filters_that_lie_deep_or_are_many_are_compiled_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::things(folder.path(), &[]);
    let deep = (0..20).fold(r#"{name: {contains: "x"}}"#.to_owned(), |inner, _| {
        format!("{{next: {{some: {inner}}}}}")
    });
    let answer = server.within_memory(
        &format!("{{ things(filter: {deep}) {{ totalCount }} }}"),
        &nothing(),
    );
    assert_eq!(answer["data"]["things"]["totalCount"], 0, "{answer}");
    let many: Vec<Value> = (0..5_000)
        .map(|no| json!({"name": {"contains": format!("no {no}")}}))
        .collect();
    let query = "query($x: [ThingFilter!]) { things(filter: {or: $x}) { totalCount } }";
    let answer = server.within_memory(query, &json!({"x": many}));
    assert!(
        answer["data"]["things"]["totalCount"].is_number()
            || answer["errors"][0]["extensions"]["code"] == "BYTE_LIMIT",
        "{answer}"
    );
    let tags: Vec<String> = (0..1000).map(|no| format!("x-{no}")).collect();
    let (code, message) = server.error(
        "query($x: [String!]) { things { nodes { said(lang: $x) } } }",
        &json!({"x": tags}),
    );
    assert_eq!(
        (code.as_str(), message.contains("more than 32 languages")),
        ("BAD_USER_INPUT", true),
        "{message}"
    );
    let order: Vec<Value> = (0..5_000).map(|_| json!({"name": "DESC"})).collect();
    let query = "query($x: [ThingOrder!]) { things(orderBy: $x, first: 1) { nodes { id } } }";
    let answer = server.within_memory(query, &json!({"x": order}));
    assert_eq!(answer["data"]["things"]["nodes"][0]["id"], "t99", "{answer}");
    let by: Vec<Value> = std::iter::repeat_n(json!({"size": {}}), 2000).collect();
    let query = "query($x: [ThingGroupBy!]!) { things { aggregate { groupBy(by: $x) { count } } } }";
    let (_, message) = server.error(query, &json!({"x": by}));
    assert!(message.contains("more than 16 fields"), "{message}");
}

#[test]
fn an_unpublished_schema_is_not_revealed_by_messages() {
    let server = Server::start(&["--no-introspection"]);
    for query in [
        "{ __schema { types { name } } }",
        "{ graph { types { name } } }",
        "{ graph { title relations { field } } }",
    ] {
        assert_eq!(
            server.error(query, &nothing()).0,
            "INTROSPECTION_DISABLED",
            "{query}"
        );
    }
    let counts = server.ask("{ graph { title entityCount } }", &nothing());
    assert!(counts["data"]["graph"]["entityCount"].as_u64().unwrap() > 0);
    for query in [
        r#"{ node(id: "quill") { follow(path: "partner") { totalCount } } }"#,
        r#"{ node(id: "quill") { statements(fields: ["nam"]) { totalCount } } }"#,
        r#"{ path(from: "quill", to: "quil", weight: "sharee") { length } }"#,
        r#"{ sources(filter: {licence: {search: "x"}}) { totalCount } }"#,
    ] {
        let (_, message) = server.error(query, &nothing());
        assert!(
            !message.contains("did you mean") && !message.contains("description"),
            "{query}: {message}"
        );
    }
}

#[test]
fn the_deepest_document_and_variables_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::things(folder.path(), &["--timeout", "1", "--max-depth", "1000"]);
    let nested = |open: &str, inner: &str, close: &str, levels: usize| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    let kinds = [
        ("{not:", "{name:{eq:\"x\"}}", "}"),
        ("{and:[", "{name:{eq:\"x\"}}", "]}"),
        ("{next:{some:", "{name:{eq:\"x\"}}", "}}"),
        ("{about:{eq:", "1", "}}"),
        ("[", "{}", "]"),
    ];
    for (open, inner, close) in kinds {
        // More levels than allowed, exactly as many, and fewer.
        for levels in [1000, 250, 190, 99, 97, 63, 60] {
            let filter = nested(open, inner, close, levels);
            let answer = server.ask(
                &format!("{{ things(filter: {filter}) {{ totalCount }} }}"),
                &nothing(),
            );
            assert!(
                answer["data"].is_object() || answer["errors"].is_array(),
                "{answer}"
            );
            let is_answered = open != "{not:" || answer["data"].is_object() == (levels <= 190);
            assert!(is_answered, "{levels}: {answer}");
            let json = filter
                .replace("not:", "\"not\":")
                .replace("and:", "\"and\":")
                .replace("next:", "\"next\":")
                .replace("some:", "\"some\":")
                .replace("about:", "\"about\":")
                .replace("name:", "\"name\":")
                .replace("eq:", "\"eq\":");
            let query = "query($f: ThingFilter) { things(filter: $f) { totalCount } }";
            let answer = server.0.ask_with(query, &format!("{{\"f\":{json}}}"));
            assert!(
                answer["data"].is_object() || answer["errors"].is_array(),
                "{answer}"
            );
        }
    }
    for levels in [1000, 250, 199, 198, 100, 50] {
        let query = nested("{ next { nodes ", "{ id }", "} }", levels / 2);
        let query = format!("{{ thing(id: \"t1\") {query} }}");
        let answer = server.ask(&query, &nothing());
        assert!(
            answer["data"].is_object() || answer["errors"].is_array(),
            "{answer}"
        );
    }
    let (code, message) = server.error(
        &format!(
            "{{ things(filter: {}) {{ totalCount }} }}",
            nested("{not:", "{}", "}", 201)
        ),
        &nothing(),
    );
    assert_eq!(code, "GRAPHQL_PARSE_FAILED");
    assert!(message.contains("more than 200 levels"), "{message}");
}

#[test]
fn variables_are_weighed_by_what_they_become() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::things(folder.path(), &[]);
    let nested = (0..60).fold(json!({}), |inner, _| json!({"not": inner}));
    let ask = |count: usize| {
        // The filter is read, but not executed.
        let things: String = aliases(30, |_| {
            "things(first: 200) { nodes { name about titles } }".to_owned()
        });
        let query = format!(
            "query($f: [ThingFilter!]) {{ x: things(filter: {{and: $f}}) @skip(if: true) {{ totalCount }} {things} }}"
        );
        server.within_memory(&query, &json!({"f": vec![nested.clone(); count]}))
    };
    assert!(ask(100)["data"]["f0"].is_object());
    assert_eq!(ask(1900)["errors"][0]["extensions"]["code"], "BYTE_LIMIT");
    // Text inside a string is not a value.
    let query = "query($n: String) { things(filter: {name: {eq: $n}}) { totalCount } }";
    for text in [",", "[", "{", "\\", "\"", "\\\","] {
        let answer = server.within_memory(query, &json!({"n": text.repeat(140_000)}));
        assert_eq!(answer["data"]["things"]["totalCount"], 0, "{answer}");
    }
}
