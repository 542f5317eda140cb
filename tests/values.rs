//! Semantics of values, over HTTP against the real binary: variables, null and missing values, equality, cursors, and
//! messages.

use std::collections::BTreeSet;

use clew::ontology::{Date, duration};
use serde_json::{Value, json};

mod common;

const SCHEMA: &str = r#"
type Item {
  name: String! @search
  code: String @unique
  cost: Decimal @unique
  qty: Int
  price: Decimal
  seen: DateTime
  made: Date
  rate: Float
  kind: Kind
  next: [Item!]! @relation(name: "NEXT", inverse: "previous", edge: "Step")
}

type Step @edge {
  weight: Float
}

enum Kind {
  ALPHA
  BETA
}
"#;

const DATA: &str = r#"
Item:
  a:
    name: Straße
    code: "1"
    cost: "100.0"
    qty: 1
    price: "100.0"
    seen: "2024-01-01T10:00:00Z"
    made: "1996"
    rate: 0.0
    kind: ALPHA
    next: [{to: b, weight: 1}, {to: e, weight: 1}]
  b:
    name: STRASSE
    code: "2"
    qty: 2
    price: "1E2"
    seen: "2024-01-01T12:00:00+02:00"
    made: "1996-01-01/1996-12-31"
    rate: -0.0
    kind: BETA
    next: [{to: c, weight: 1}]
  c:
    name: strasse
    qty: 3
    price: "1e-1"
    seen: "2024-01-01T11:00:00Z"
    made: "1996-01"
    rate: 0.5
  d:
    name: other
    next: [{to: b, weight: -5}]
  e:
    name: {value: last, valid: {from: "1990"}}
    price: "0.10"
    next: [{to: d, weight: 2}]
  1:
    name: one
    kind: ALPHA
"#;

struct Server {
    served: common::Server,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let folder = common::graph(SCHEMA, DATA);
        Self {
            served: common::Server::of(folder.path(), arguments),
            _folder: folder,
        }
    }

    /// Sends a query with variables as raw JSON.
    fn ask_with(&self, query: &str, variables: &str) -> Value {
        self.served.ask_with(query, variables)
    }

    fn ask(&self, query: &str) -> Value {
        self.served.ask(query)
    }

    fn data(&self, query: &str, variables: &str) -> Value {
        let answer = self.ask_with(query, variables);
        assert!(answer.get("errors").is_none(), "{query} {variables}: {answer}");
        answer["data"].clone()
    }

    /// The first error, which must have this code.
    fn error(&self, code: &str, query: &str, variables: &str) -> Value {
        let answer = self.ask_with(query, variables);
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{query} {variables}: {answer}");
        error.clone()
    }

    /// The ids of the items that match a filter.
    fn items(&self, filter: &str) -> Vec<String> {
        let data = self.data(
            &format!("{{ items(filter: {filter}) {{ nodes {{ id }} }} }}"),
            "null",
        );
        ids(&data["items"])
    }
}

fn ids(connection: &Value) -> Vec<String> {
    let nodes = connection["nodes"].as_array().unwrap();
    nodes
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

fn message(error: &Value) -> &str {
    error["message"].as_str().unwrap()
}

#[test]
fn integers_are_ids_and_numbers_are_what_they_mean() {
    let server = Server::start(&[]);
    for variables in [r#"{"n": 1}"#, r#"{"n": 1.0}"#, r#"{"n": 1e0}"#, r#"{"n": "1"}"#] {
        let data = server.data("query($n: ID!) { node(id: $n) { id } }", variables);
        assert_eq!(data["node"]["id"], "1", "{variables}");
    }
    let nodes = "query($n: [ID!]!) { nodes(ids: $n) { id } }";
    assert_eq!(
        server.data(nodes, r#"{"n": [1, "a"]}"#)["nodes"],
        json!([{"id": "1"}, {"id": "a"}])
    );
    assert_eq!(server.data(nodes, r#"{"n": 1}"#)["nodes"], json!([{"id": "1"}]));
    let in_list = "query($n: ID!) { nodes(ids: [\"a\", $n, 1]) { id } }";
    assert_eq!(
        server.data(in_list, r#"{"n": 1}"#)["nodes"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let default = server.data("query($n: ID = 1) { node(id: $n) { id } }", "{}");
    assert_eq!(default["node"]["id"], "1");
    let path = server.data(
        "query($n: ID!) { path(from: $n, to: $n) { length } neighborhood(of: [$n]) { totalCount } }",
        r#"{"n": 1}"#,
    );
    assert_eq!(
        path,
        json!({"path": {"length": 0}, "neighborhood": {"totalCount": 1}})
    );

    let first = "query($n: Int!) { items(first: $n) { nodes { id } } }";
    for (variables, count) in [(r#"{"n": 1.0}"#, 1), (r#"{"n": 2e0}"#, 2), (r#"{"n": -0}"#, 0)] {
        assert_eq!(ids(&server.data(first, variables)["items"]).len(), count);
    }
    let error = server.error("BAD_USER_INPUT", first, r#"{"n": 1.5}"#);
    assert_eq!(
        message(&error),
        "`$n` is 1.5: an Int is a whole number of 32 bits"
    );
    assert_eq!(error["locations"], json!([{"line": 1, "column": 7}]));
    let filter = "query($f: ItemFilter) { items(filter: $f) { totalCount } }";
    let error = server.error(
        "BAD_USER_INPUT",
        filter,
        r#"{"f": {"and": [{}, {"qty": {"in": [1, 2, "3"]}}]}}"#,
    );
    assert_eq!(
        message(&error),
        "`$f.and[1].qty.in[2]` is \"3\": an Int is a whole number of 32 bits"
    );
}

#[test]
fn a_null_is_not_replaced_by_a_default() {
    let server = Server::start(&[]);
    let answer = server.ask_with(r#"query($i: ID = "a") { node(id: $i) { id } }"#, r#"{"i": null}"#);
    assert_eq!(answer["data"], json!({"node": null}));
    assert_eq!(answer["errors"][0]["path"], json!(["node"]));
    assert!(message(&answer["errors"][0]).contains("`$i`"));
    let answer = server.ask_with(
        "query($k: Kind = BETA) { items(filter: {kind: {in: [ALPHA, $k]}}) { totalCount } }",
        r#"{"k": null}"#,
    );
    assert_eq!(answer["data"], json!({"items": null}));
    assert!(message(&answer["errors"][0]).starts_with("`filter.kind.in[1]` is the variable `$k`"));
    let skip = "query($s: Boolean = false) { graph { entityCount @skip(if: $s) revision } }";
    assert!(server.data(skip, "{}")["graph"]["entityCount"].is_number());
    let error = server.error("BAD_USER_INPUT", skip, r#"{"s": null}"#);
    assert!(message(&error).contains("`$s`"), "{error}");
}

#[test]
fn an_empty_condition_is_refused() {
    let server = Server::start(&[]);
    for (filter, place) in [
        ("{name: {}}", "filter.name"),
        ("{next: {}}", "filter.next"),
        ("{not: {}}", "filter.not"),
        ("{qty: null}", "filter.qty"),
        ("{qty: {gt: null}}", "filter.qty.gt"),
        ("{qty: {in: null}}", "filter.qty.in"),
        ("{qty: {isNull: null}}", "filter.qty.isNull"),
        ("{id: {}}", "filter.id"),
        ("{not: null}", "filter.not"),
        ("{and: null}", "filter.and"),
        ("{or: null}", "filter.or"),
        ("{and: [{}, {not: {name: {}}}]}", "filter.and[1].not.name"),
        ("{next: {some: null}}", "filter.next.some"),
        ("{next: {count: {}}}", "filter.next.count"),
        ("{next: {none: {qty: {lt: null}}}}", "filter.next.none.qty.lt"),
        ("{next: {edge: {weight: {}}}}", "filter.next.edge.weight"),
    ] {
        let answer = server.ask(&format!("{{ items(filter: {filter}) {{ totalCount }} }}"));
        let error = &answer["errors"][0];
        assert_eq!(
            error["extensions"]["code"], "BAD_USER_INPUT",
            "{filter}: {answer}"
        );
        assert_eq!(error["path"], json!(["items"]));
        assert!(
            message(error).starts_with(&format!("`{place}` ")),
            "{filter}: {error}"
        );
        assert_eq!(answer["data"], json!({"items": null}));
    }
    for (filter, place) in [
        ("{qty: {gt: $v}}", "filter.qty.gt"),
        ("{or: [{qty: {gt: 0}}, {qty: {lt: $v}}]}", "filter.or[1].qty.lt"),
        ("{next: {some: {qty: {eq: $v}}}}", "filter.next.some.qty.eq"),
    ] {
        let query = format!("query($v: Int) {{ items(filter: {filter}) {{ totalCount }} }}");
        let error = server.error("BAD_USER_INPUT", &query, "{}");
        assert!(
            message(&error).starts_with(&format!("`{place}` is the variable `$v`, which was not given")),
            "{filter}: {error}"
        );
        server.data(&query, r#"{"v": 1}"#);
    }
    let whole = "query($f: IntFilter) { items(filter: {qty: $f}) { totalCount } }";
    let error = server.error("BAD_USER_INPUT", whole, "{}");
    assert!(message(&error).contains("`$f`"));
    let some = "query($f: ItemFilter) { items(filter: {next: {some: $f}}) { totalCount } }";
    server.error("BAD_USER_INPUT", some, "{}");
    // In a list within the answer, the nearest nullable field becomes null.
    let answer = server.ask(r#"{ item(id: "a") { next(filter: {name: {}}) { totalCount } } }"#);
    assert_eq!(answer["data"], json!({"item": null}));
    assert_eq!(answer["errors"][0]["path"], json!(["item", "next"]));
}

#[test]
fn null_and_empty_filters_match_everything_and_empty_lists_nothing() {
    let server = Server::start(&[]);
    let all = 6;
    for filter in ["null", "{}", "{and: []}", "{and: [{}]}", "{next: {every: {}}}"] {
        assert_eq!(server.items(filter).len(), all, "{filter}");
    }
    for filter in [
        "{or: []}",
        "{qty: {in: []}}",
        "{not: {and: []}}",
        "{id: {in: []}}",
        "{label: {in: []}}",
    ] {
        assert_eq!(server.items(filter), [] as [String; 0], "{filter}");
    }
    assert_eq!(server.items("{next: {some: {}}}"), ["a", "b", "d", "e"]);
    assert_eq!(server.items("{next: {none: {}}}"), ["1", "c"]);
    assert_eq!(server.items("{qty: {eq: null}}"), ["1", "d", "e"]);
    assert_eq!(server.items("{qty: {ne: null}}"), ["a", "b", "c"]);
    let variables =
        "query($f: ItemFilter, $o: [ItemOrder!]) { items(filter: $f, orderBy: $o) { totalCount } }";
    for given in ["{}", r#"{"f": null, "o": null}"#, r#"{"f": {}, "o": []}"#] {
        assert_eq!(server.data(variables, given)["items"]["totalCount"], all);
    }
}

/// The items by their values of a field, as found by `eq` and `in`. Groups and `distinct` must have the same number.
fn partitions(server: &Server, field: &str) -> [BTreeSet<BTreeSet<String>>; 2] {
    let data = server.data(
        &format!("{{ items(filter: {{{field}: {{isNull: false}}}}) {{ nodes {{ id {field} }} }} }}"),
        "null",
    );
    let nodes = data["items"]["nodes"].as_array().unwrap().clone();
    let by = |condition: &dyn Fn(&str) -> String| {
        let equal = |it: &Value| {
            let found = server.items(&format!("{{{field}: {}}}", condition(&it[field].to_string())));
            found.into_iter().collect()
        };
        nodes.iter().map(equal).collect::<BTreeSet<BTreeSet<String>>>()
    };
    let data = server.data(
        &format!(
            "{{ items {{ aggregate {{ groupBy(by: [{{{field}: {{}}}}]) {{ key count }} {field} {{ distinct }} }} }} }}"
        ),
        "null",
    );
    let aggregate = &data["items"]["aggregate"];
    let groups = aggregate["groupBy"].as_array().unwrap();
    let groups = groups.iter().filter(|it| !it["key"].is_null());
    let mut sizes: Vec<u64> = groups.map(|it| it["count"].as_u64().unwrap()).collect();
    sizes.sort_unstable();
    assert_eq!(aggregate[field]["distinct"], sizes.len(), "{field}: {data}");
    let (equal, among) = (
        by(&|value| format!("{{eq: {value}}}")),
        by(&|value| format!("{{in: [{value}]}}")),
    );
    let mut expected: Vec<u64> = equal.iter().map(|it| it.len() as u64).collect();
    expected.sort_unstable();
    assert_eq!(sizes, expected, "{field}: {data}");
    [equal, among]
}

#[test]
fn equal_values_are_equal_wherever_they_are_compared() {
    let server = Server::start(&[]);
    let set = |it: &[&str]| -> BTreeSet<String> { it.iter().map(|it| (*it).to_owned()).collect() };
    for (field, expected) in [
        ("price", vec![set(&["a", "b"]), set(&["c", "e"])]),
        ("seen", vec![set(&["a", "b"]), set(&["c"])]),
        ("made", vec![set(&["a", "b"]), set(&["c"])]),
        ("rate", vec![set(&["a", "b"]), set(&["c"])]),
        ("qty", vec![set(&["a"]), set(&["b"]), set(&["c"])]),
    ] {
        let expected: BTreeSet<BTreeSet<String>> = expected.into_iter().collect();
        for partition in partitions(&server, field) {
            assert_eq!(partition, expected, "{field}");
        }
        // Equal values are in the order of the ids, in ascending and in descending order.
        for direction in ["ASC", "DESC"] {
            let data = server.data(
                &format!("{{ items(orderBy: [{{{field}: {direction}}}], filter: {{{field}: {{isNull: false}}}}) {{ nodes {{ id }} }} }}"),
                "null",
            );
            let order = ids(&data["items"]);
            let place = |id: &str| order.iter().position(|it| it == id).unwrap();
            for group in &expected {
                let places: Vec<usize> = group.iter().map(|it| place(it)).collect();
                assert!(
                    places.windows(2).all(|it| it[0] + 1 == it[1]),
                    "{field} {direction}: {order:?}"
                );
            }
        }
    }
    for text in ["\"100.0\"", "\"1E2\"", "\"100\"", "100"] {
        let data = server.data(&format!("{{ item(by: {{cost: {text}}}) {{ id }} }}"), "null");
        assert_eq!(data["item"]["id"], "a", "{text}");
    }
    let data = server.data(r#"{ item(by: {code: "1"}) { id } }"#, "null");
    assert_eq!(data["item"]["id"], "a");
}

#[test]
fn texts_are_compared_with_full_case_folding() {
    let server = Server::start(&[]);
    let all = ["a", "b", "c"];
    for filter in [
        "eq: \"STRASSE\"",
        "eq: \"straße\"",
        "in: [\"Strasse\"]",
        "contains: \"RASSE\"",
        "contains: \"raß\"",
        "startsWith: \"STRASS\"",
        "endsWith: \"SSE\"",
        "matches: \"^STRA\"",
    ] {
        let found = server.items(&format!("{{name: {{{filter}, caseInsensitive: true}}}}"));
        assert_eq!(found, all, "{filter}");
    }
    assert_eq!(server.items("{name: {eq: \"STRASSE\"}}"), ["b"]);
}

#[test]
fn a_wrong_cursor_has_a_code_and_fails_only_its_list() {
    let server = Server::start(&[]);
    let page = server.data(
        r#"{ items(first: 1) { pageInfo { endCursor } } dated: items(first: 1, asOf: "2000") { pageInfo { endCursor } }
             item(id: "a") { next(first: 1) { pageInfo { endCursor } } } search(query: "other") { pageInfo { endCursor } } }"#,
        "null",
    );
    let cursor = |at: &Value| at["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let (items, next, search) = (
        cursor(&page["items"]),
        cursor(&page["item"]["next"]),
        cursor(&page["search"]),
    );
    for list in [
        "items(after: \"nonsense\") { totalCount }".to_owned(),
        format!("items(before: \"{next}\") {{ totalCount }}"),
        format!("items(orderBy: [{{qty: ASC}}], after: \"{items}\") {{ totalCount }}"),
        format!("items(asOf: \"2000\", after: \"{items}\") {{ totalCount }}"),
        format!("entities(after: \"{items}\") {{ totalCount }}"),
        format!("search(query: \"last\", after: \"{search}\") {{ totalCount }}"),
        format!("timeline(after: \"{items}\") {{ totalCount }}"),
        format!("conflicts(after: \"{items}\") {{ totalCount }}"),
        format!("paths(from: \"a\", to: \"b\", after: \"{items}\") {{ nodes {{ cost }} }}"),
    ] {
        let answer = server.ask(&format!("{{ list: {list} graph {{ entityCount }} }}"));
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "CURSOR_INVALID",
            "{list}: {answer}"
        );
        assert_eq!(answer["errors"][0]["path"], json!(["list"]));
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
        assert!(answer["data"]["list"].is_null());
        assert!(answer["data"]["graph"]["entityCount"].is_number(), "{answer}");
    }
    // The list of another entity.
    let answer = server.ask(&format!(
        r#"{{ item(id: "b") {{ next(after: "{next}") {{ totalCount }} }} }}"#
    ));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CURSOR_INVALID");
    let same = server.data(
        &format!(r#"{{ item(id: "a") {{ next(after: "{next}") {{ nodes {{ id }} }} }} }}"#),
        "null",
    );
    assert_eq!(ids(&same["item"]["next"]), ["e"]);
}

#[test]
fn errors_about_unknown_names_suggest_similar_ones() {
    let open = Server::start(&[]);
    let hidden = Server::start(&["--no-introspection"]);
    for (query, near) in [
        ("{ itms { totalCount } }", "items"),
        ("{ items { totalCont } }", "totalCount"),
        ("{ items(fist: 1) { totalCount } }", "first"),
        ("{ items(filter: {nmae: {eq: \"x\"}}) { totalCount } }", "name"),
        ("{ items(filter: {kind: {eq: ALHPA}}) { totalCount } }", "ALPHA"),
        (
            "query($f: ItmeFilter) { items(filter: $f) { totalCount } }",
            "ItemFilter",
        ),
        ("{ node(id: \"a\") { ... on Itme { id } } }", "Item"),
        ("{ node(id: \"a\") { ...F } } fragment F on Itme { id }", "Item"),
        ("{ items { totalCount @skp(if: true) } }", "skip"),
        ("{ path(from: \"a\", to: \"b\", via: [NXT]) { length } }", "NEXT"),
        (
            "{ item(id: \"a\") { follow(path: \"nxt\") { totalCount } } }",
            "next",
        ),
    ] {
        let answer = open.ask(query);
        let errors = answer["errors"].as_array().unwrap();
        let hint = format!("did you mean \"{near}\"");
        assert!(
            errors.iter().any(|it| message(it).contains(&hint)),
            "{query}: {answer}"
        );
        assert_eq!(errors.len(), 1, "{query}: {answer}");
        let answer = hidden.ask(query);
        assert!(!answer.to_string().contains("did you mean"), "{query}: {answer}");
    }
    let variable = "query($k: Kind) { items(filter: {kind: {eq: $k}}) { totalCount } }";
    let error = open.error("BAD_USER_INPUT", variable, r#"{"k": "ALHPA"}"#);
    assert!(message(&error).contains("did you mean \"ALPHA\"?"));
    let error = hidden.error("BAD_USER_INPUT", variable, r#"{"k": "ALHPA"}"#);
    assert!(!message(&error).contains("did you mean"));
}

#[test]
fn locations_count_as_javascript_does() {
    let server = Server::start(&[]);
    let column = |query: &str| server.ask(query)["errors"][0]["locations"].clone();
    for query in [
        // An invalid document, one with a syntax error, and an argument with an invalid value.
        "{ a: node(id: \"😀\") { id } nothing }",
        "{ a: node(id: \"😀\") { id } ? }",
        "{ a: node(id: \"😀\") { id } items(first: -1) { totalCount } }",
    ] {
        assert_eq!(column(query), json!([{"line": 1, "column": 28}]), "{query}");
    }
    let twice =
        column("{ a: node(id: \"😀\") { id } items(filter: {qty: {eq: 1}, qty: {eq: 2}}) { totalCount } }");
    assert_eq!(twice, json!([{"line": 1, "column": 57}]));
    let variable = server.ask_with(
        "query($a: ID = \"😀\", $n: Int!) { items(first: $n) { totalCount } node(id: $a) { id } }",
        "{}",
    );
    assert_eq!(
        variable["errors"][0]["locations"],
        json!([{"line": 1, "column": 22}])
    );
}

#[test]
fn messages_say_what_is_wrong_with_what_was_sent() {
    let server = Server::start(&[]);
    let first = "query($n: Int) { items(first: $n) { totalCount } }";
    for (variables, what) in [
        (r#"{"n": 1e400}"#.to_owned(), "a number that is too large"),
        (
            format!(r#"{{"n": {}{}}}"#, "[".repeat(200), "]".repeat(200)),
            "nested too deeply",
        ),
        (r#"{"n": "\ud83d"}"#.to_owned(), "half of a surrogate pair"),
    ] {
        let error = server.error("BAD_USER_INPUT", first, &variables);
        assert!(message(&error).contains(what), "{variables}: {error}");
    }
    let answer = server.ask(r#"{ node(id: "\ud83d") { id } }"#);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    let answer = server.ask("{ node(id: \"a\") { ...F } } fragment F on Nope { id }");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert!(message(&answer["errors"][0]).contains("Nope"), "{answer}");
    // All invalid variables are reported.
    let query = "query($a: Int, $b: Boolean!) { items(first: $a) { totalCount @skip(if: $b) nodes { id } } }";
    let answer = server.ask_with(query, r#"{"a": "x"}"#);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 2, "{answer}");
}

#[test]
fn a_negative_weight_counts_only_on_a_way() {
    let server = Server::start(&[]);
    let path = |to: &str, hops: usize| {
        server.ask(&format!(
            r#"{{ path(from: "a", to: "{to}", weight: "weight", direction: OUT, maxHops: {hops}) {{ cost }} }}"#
        ))
    };
    // The edge from d to b leads to b, but from a, two edges do not reach it.
    assert_eq!(path("b", 2)["data"]["path"]["cost"], json!(1));
    let answer = path("b", 3);
    assert!(
        message(&answer["errors"][0]).contains("from \"d\" to \"b\" has the weight -5"),
        "{answer}"
    );
}

#[test]
fn values_of_the_schemas_own_scalars_are_compared_with_lists() {
    let schema = "scalar Colour\ntype Car { colour: Colour tints: [Colour!] }";
    let data = r"
Car:
  a: {colour: red, tints: [red, {b: 1, a: 2}]}
  b: {colour: {b: 1, a: 2}, tints: [7]}
  c: {tints: []}
";
    let folder = common::graph(schema, data);
    let server = common::Server::of(folder.path(), &[]);
    let many: Vec<String> = (0..100).map(|it| it.to_string()).collect();
    let many = many.join(", ");
    let cases = [
        (r#"{colour: {eq: "red"}}"#.to_owned(), "a"),
        (r#"{colour: {in: ["red"]}}"#.to_owned(), "a"),
        ("{colour: {in: [{a: 2, b: 1}, 8]}}".to_owned(), "b"),
        ("{colour: {in: []}}".to_owned(), ""),
        (r#"{colour: {notIn: ["red", 8]}}"#.to_owned(), "b"),
        ("{colour: {notIn: []}}".to_owned(), "a b"),
        (r#"{tints: {has: "red"}}"#.to_owned(), "a"),
        ("{tints: {hasAny: [8, 7, {b: 1, a: 2}]}}".to_owned(), "a b"),
        (format!("{{tints: {{hasAny: [{many}]}}}}"), "b"),
        (r#"{tints: {hasAll: ["red", {b: 1, a: 2}]}}"#.to_owned(), "a"),
    ];
    for (filter, expected) in cases {
        let answer = server.ask(&format!("{{ cars(filter: {filter}) {{ nodes {{ id }} }} }}"));
        assert_eq!(
            ids(&answer["data"]["cars"]).join(" "),
            expected,
            "{filter}: {answer}"
        );
    }
}

const WIDE_SCHEMA: &str = r#"
type Star {
  name: String!
  serial: Int64 @unique
  mass: Int64
  parts: [Int64!]!
  next: [Star!]! @relation(name: "NEXT", edge: "Hop")
}

type Hop @edge {
  far: Int64
}
"#;

const WIDE_DATA: &str = r#"
Star:
  a:
    name: A
    serial: 9007199254740993
    mass: 9223372036854775807
    parts: [1, "9007199254740993", -9007199254740993]
    next: [{to: b, far: 4611686018427387904}, {to: c, far: 3}]
  b: {name: B, serial: "9007199254740992", mass: 9223372036854775806}
  c: {name: C, serial: -9223372036854775808, mass: -1, next: [{to: b, far: 5}]}
  d: {name: D, mass: 9223372036854775807}
  e: {name: E}
"#;

/// The same data as JSON Lines.
const WIDE_LINES: &str = r#"
{"type":"node","id":"a","labels":["Star"],"properties":{"name":"A","serial":9007199254740993,"mass":[9223372036854775807],"parts":[1,"9007199254740993",-9007199254740993]}}
{"type":"node","id":"b","labels":["Star"],"properties":{"name":"B","serial":"9007199254740992","mass":9223372036854775806}}
{"type":"node","id":"c","labels":["Star"],"properties":{"name":"C","serial":-9223372036854775808,"mass":-1}}
{"type":"node","id":"d","labels":["Star"],"properties":{"name":"D","mass":"9223372036854775807"}}
{"type":"node","id":"e","labels":["Star"],"properties":{"name":"E"}}
{"type":"edge","from":"a","to":"b","labels":["NEXT"],"properties":{"far":4611686018427387904}}
{"type":"edge","from":"a","to":"c","labels":["NEXT"],"properties":{"far":3}}
{"type":"edge","from":"c","to":"b","labels":["NEXT"],"properties":{"far":5}}
"#;

/// Servers of the same graph: from YAML, from JSON Lines, and from a compiled file.
fn wide_servers(arguments: &[&str]) -> Vec<(common::Server, tempfile::TempDir)> {
    ["yaml", "jsonl", "file"]
        .into_iter()
        .map(|from| {
            let folder = common::graph(WIDE_SCHEMA, if from == "jsonl" { "" } else { WIDE_DATA });
            if from == "jsonl" {
                common::write(folder.path(), "data/d.jsonl", WIDE_LINES);
            }
            if from == "file" {
                let compiled = common::clew(folder.path(), &["compile", "--out", "g.clew"]).output();
                assert!(compiled.unwrap().status.success());
            }
            let graph: &[&str] = if from == "file" {
                &["--graph", "g.clew"]
            } else {
                &[]
            };
            let server = common::Server::of(folder.path(), &[graph, arguments].concat());
            (server, folder)
        })
        .collect()
}

#[test]
fn whole_numbers_of_64_bits_are_exact_in_json() {
    let query = "{ stars { nodes { id serial mass parts next { edges { far statement { edge } } }
        statements(fields: [\"serial\"]) { nodes { value } } }
        aggregate { mass { count distinct min max sum avg } serial { sum } groupBy(by: [{mass: {}}], orderBy: [{key: ASC}]) { key count } } } }";
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let answers = |arguments: &[&str]| {
        let all = wide_servers(arguments);
        let all: Vec<Value> = all
            .iter()
            .map(|(server, _)| server.ask(query)["data"]["stars"].clone())
            .collect();
        assert!(all.windows(2).all(|it| it[0] == it[1]), "{all:#?}");
        all[0].clone()
    };
    let (strings, numbers) = (answers(&[]), answers(&["--int64", "number"]));
    let a = &strings["nodes"][0];
    assert_eq!(a["serial"], "9007199254740993");
    assert_eq!(a["mass"], "9223372036854775807");
    assert_eq!(a["parts"], json!(["1", "9007199254740993", "-9007199254740993"]));
    assert_eq!(a["next"]["edges"][0]["far"], "4611686018427387904");
    assert_eq!(
        a["next"]["edges"][0]["statement"]["edge"],
        json!({"far": "4611686018427387904"})
    );
    assert_eq!(a["statements"]["nodes"][0]["value"], "9007199254740993");
    let a = &numbers["nodes"][0];
    assert_eq!(a["serial"], number("9007199254740993"));
    assert_eq!(a["parts"], number("[1, 9007199254740993, -9007199254740993]"));
    assert_eq!(
        a["next"]["edges"][0]["statement"]["edge"],
        number(r#"{"far": 4611686018427387904}"#)
    );
    let aggregate = &strings["aggregate"];
    assert_eq!(
        aggregate["mass"],
        json!({
            "count": 4, "distinct": 3, "min": "-1", "max": "9223372036854775807",
            // A sum of doubles would lose digits, and one of 64 bits would overflow.
            "sum": "27670116110564327419", "avg": "6917529027641081854.75",
        })
    );
    assert_eq!(aggregate["serial"]["sum"], "-9205357638345293823");
    assert_eq!(
        aggregate["groupBy"],
        json!([
            {"key": "-1", "count": 1},
            {"key": "9223372036854775806", "count": 1},
            {"key": "9223372036854775807", "count": 2},
            {"key": null, "count": 1},
        ])
    );
    assert_eq!(numbers["aggregate"]["mass"]["min"], -1);
}

#[test]
fn whole_numbers_of_64_bits_are_compared_exactly() {
    for (server, _folder) in &wide_servers(&[]) {
        let found = |filter: &str, variables: &str| {
            let head = match filter {
                _ if filter.contains("$v") => "query($v: Int64)",
                _ if filter.contains("$l") => "query($l: [Int64!])",
                _ => "",
            };
            let query = format!("{head} {{ stars(filter: {filter}) {{ nodes {{ id }} }} }}");
            let answer = server.ask_with(&query, variables);
            assert!(answer.get("errors").is_none(), "{filter} {variables}: {answer}");
            ids(&answer["data"]["stars"])
        };
        // As a number, as a string, and as a variable of either form.
        for (operator, value, expected) in [
            ("eq", "9007199254740993", vec!["a"]),
            ("ne", "9007199254740993", vec!["b", "c"]),
            ("lt", "9007199254740993", vec!["b", "c"]),
            ("gt", "9007199254740992", vec!["a"]),
            ("gte", "9007199254740992", vec!["a", "b"]),
            ("lte", "-9223372036854775808", vec!["c"]),
            ("eq", "1", vec![]),
        ] {
            for literal in [value.to_owned(), format!("\"{value}\"")] {
                assert_eq!(
                    found(&format!("{{serial: {{{operator}: {literal}}}}}"), "{}"),
                    expected,
                    "{operator} {literal}"
                );
                let variables = format!("{{\"v\": {literal}}}");
                assert_eq!(
                    found(&format!("{{serial: {{{operator}: $v}}}}"), &variables),
                    expected,
                    "{operator} {literal}"
                );
            }
        }
        assert_eq!(
            found("{serial: {in: [\"9007199254740993\", 9007199254740992]}}", "{}"),
            ["a", "b"]
        );
        assert_eq!(
            found(
                "{serial: {notIn: $l}}",
                r#"{"l": [9007199254740993, "-9223372036854775808"]}"#
            ),
            ["b"]
        );
        assert_eq!(found("{serial: {isNull: true}}", "{}"), ["d", "e"]);
        assert_eq!(found("{parts: {has: \"-9007199254740993\"}}", "{}"), ["a"]);
        assert_eq!(
            found("{parts: {hasAny: [-9007199254740992, 2]}}", "{}"),
            [] as [&str; 0]
        );
        assert_eq!(
            found("{next: {edge: {far: {gt: 4611686018427387903}}}}", "{}"),
            ["a"]
        );
        assert_eq!(found("{mass: {eq: $v}}", r#"{"v": -1.0}"#), ["c"]);
        for text in ["9007199254740993", "\"9007199254740993\""] {
            let answer = server.ask(&format!("{{ star(by: {{serial: {text}}}) {{ id }} }}"));
            assert_eq!(answer["data"]["star"]["id"], "a", "{text}: {answer}");
        }
        for (order, expected) in [
            ("serial: ASC", ["c", "b", "a", "d", "e"]),
            ("serial: DESC_NULLS_FIRST", ["d", "e", "a", "b", "c"]),
            ("mass: DESC", ["a", "d", "b", "c", "e"]),
        ] {
            // One page after the other, so that cursors must keep all digits.
            let mut after = String::new();
            for id in expected {
                let answer = server.ask(&format!("{{ stars(orderBy: [{{{order}}}], first: 1{after}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"));
                let page = &answer["data"]["stars"];
                assert_eq!(ids(page), [id], "{order}: {answer}");
                after = format!(", after: {}", page["pageInfo"]["endCursor"]);
            }
        }
        let path = server.ask(r#"{ path(from: "a", to: "b", weight: "far", direction: OUT) { cost } }"#);
        assert_eq!(path["data"]["path"]["cost"], 8, "{path}");
        for (value, shown) in [
            ("\"x\"", "\"x\""),
            ("1.5", "1.5"),
            ("9223372036854775808", "9223372036854775808"),
            ("true", "true"),
        ] {
            let answer = server.ask_with(
                "query($v: Int64) { stars(filter: {mass: {eq: $v}}) { totalCount } }",
                &format!("{{\"v\": {value}}}"),
            );
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
            let expected =
                format!("\"mass\" is compared with {shown}, which is not a whole number of 64 bits");
            assert!(message(error).ends_with(&expected), "{answer}");
        }
    }
}

#[test]
fn whole_numbers_of_64_bits_are_exact_in_other_forms() {
    let query =
        json!({"query": "{ star(id: \"a\") { id serial mass next { edges { far node { id serial } } } } }"})
            .to_string();
    let flat = json!({"query": "{ stars(first: 3) { nodes { id serial } } }"}).to_string();
    for arguments in [&[][..], &["--int64", "number"]] {
        for (server, _folder) in &wide_servers(arguments) {
            for (form, query, expected) in [
                (
                    "text/turtle",
                    &query,
                    vec![
                        "\"9007199254740993\"^^xsd:long",
                        "\"4611686018427387904\"^^xsd:long",
                    ],
                ),
                (
                    "application/n-triples",
                    &query,
                    vec!["\"9223372036854775807\"^^<http://www.w3.org/2001/XMLSchema#long>"],
                ),
                (
                    "application/ld+json",
                    &query,
                    vec!["\"@type\":\"xsd:long\"", "\"9007199254740993\""],
                ),
                (
                    "application/graphml+xml",
                    &query,
                    vec![
                        "attr.name=\"serial\" attr.type=\"long\"",
                        ">9007199254740993<",
                        "attr.name=\"far\" attr.type=\"long\"",
                        ">4611686018427387904<",
                    ],
                ),
                (
                    "text/csv",
                    &flat,
                    vec![
                        "id,serial\r\na,9007199254740993\r\nb,9007199254740992\r\nc,-9223372036854775808\r\n",
                    ],
                ),
            ] {
                let body = server.post(query, &[("accept", form)]).body;
                for text in expected {
                    assert!(body.contains(text), "{form} has no {text}: {body}");
                }
            }
        }
    }
}

/// The lines of a table of test cases, without comments.
fn cases(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = table.lines().filter(|it| !it.is_empty() && !it.starts_with('#'));
    lines.map(|it| it.split('\t').collect())
}

#[test]
fn durations_are_those_of_xml_schema() {
    for case in cases(include_str!("values/duration.tsv")) {
        let (text, expected) = (case[0], case[1]);
        match (duration(text), expected.parse::<i64>()) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
            (Err(error), Err(_)) => assert!(error.to_string().contains(expected), "{text}: {error}"),
            (found, _) => panic!("{text}: {found:?}, and {expected} is expected"),
        }
    }
}

#[test]
fn durations_are_compared_by_their_length() {
    let schema = r#"type Trip { name: String! took: Duration @unique rests: [Duration!]! next: Trip @relation(name: "NEXT", edge: "Wait") }
type Wait @edge { lasts: Duration }"#;
    let data = r"
Trip:
  a: {name: A, took: PT60M, rests: [PT1M, PT0.5S]}
  b: {name: B, took: P1D, next: {to: a, lasts: PT90M}}
  c: {name: C, took: -PT1S, rests: [PT60S]}
  d: {name: D, took: PT1H0.000001S}
  e: {name: E}
";
    let folder = common::graph(schema, data);
    let compiled = common::run(folder.path(), &["compile", "--out", "g.clew"]);
    assert!(compiled.status.success());
    for graph in [&[][..], &["--graph", "g.clew"]] {
        let server = common::Server::of(folder.path(), graph);
        let found = |rest: &str| {
            let answer = server.ask(&format!("{{ trips({rest}) {{ nodes {{ id }} }} }}"));
            assert!(answer.get("errors").is_none(), "{rest}: {answer}");
            ids(&answer["data"]["trips"])
        };
        for (rest, expected) in [
            ("filter: {took: {eq: \"PT1H\"}}", vec!["a"]),
            ("filter: {took: {ne: \"PT1H\"}}", vec!["b", "c", "d"]),
            ("filter: {took: {in: [\"PT3600.0S\", \"PT24H\"]}}", vec!["a", "b"]),
            (
                "filter: {took: {notIn: [\"PT3600.0S\", \"PT24H\"]}}",
                vec!["c", "d"],
            ),
            ("filter: {took: {gt: \"PT1H\"}}", vec!["b", "d"]),
            ("filter: {took: {lt: \"PT0S\"}}", vec!["c"]),
            ("filter: {took: {isNull: true}}", vec!["e"]),
            ("filter: {rests: {has: \"PT60S\"}}", vec!["a", "c"]),
            ("filter: {rests: {hasAll: [\"PT1M\", \"PT0.50S\"]}}", vec!["a"]),
            ("filter: {next: {edge: {lasts: {gte: \"PT1H30M\"}}}}", vec!["b"]),
            ("orderBy: [{took: ASC}]", vec!["c", "a", "d", "b", "e"]),
            (
                "orderBy: [{took: DESC_NULLS_FIRST}]",
                vec!["e", "b", "d", "a", "c"],
            ),
        ] {
            assert_eq!(found(rest), expected, "{rest}");
        }
        let answer = server.ask(
            r#"{ trip(by: {took: "PT1H"}) { id took rests } by: trip(id: "b") { nextEdge { lasts } }
                 trips { aggregate { took { count distinct min max sum avg } rests { distinct sum } groupBy(by: [{rests: {}}], orderBy: [{key: ASC}]) { key count } } } }"#,
        );
        let data = &answer["data"];
        // Values have their original form, sums the canonical form.
        assert_eq!(
            data["trip"],
            json!({"id": "a", "took": "PT60M", "rests": ["PT1M", "PT0.5S"]}),
            "{answer}"
        );
        assert_eq!(data["by"]["nextEdge"]["lasts"], "PT90M");
        let aggregate = &data["trips"]["aggregate"];
        assert_eq!(
            aggregate["took"],
            json!({"count": 4, "distinct": 4, "min": "-PT1S", "max": "P1D", "sum": "P1DT1H59M59.000001S", "avg": "PT6H29M59.75S"})
        );
        assert_eq!(aggregate["rests"], json!({"distinct": 2, "sum": "PT2M0.5S"}));
        assert_eq!(
            aggregate["groupBy"],
            json!([{"key": "PT0.5S", "count": 1}, {"key": "PT1M", "count": 2}, {"key": null, "count": 3}])
        );
        let post = |query: &str, form: &str| {
            server
                .post(&json!({"query": query}).to_string(), &[("accept", form)])
                .body
        };
        let turtle = post("{ trip(id: \"a\") { took } }", "text/turtle");
        assert!(turtle.contains("\"PT60M\"^^xsd:dayTimeDuration"), "{turtle}");
        let graphml = post(
            "{ trip(id: \"b\") { took next { id } nextEdge { lasts } } }",
            "application/graphml+xml",
        );
        assert!(
            graphml.contains(">P1D<") && graphml.contains(">PT90M<"),
            "{graphml}"
        );
        let csv = post("{ trips { nodes { id took } } }", "text/csv");
        assert_eq!(
            csv,
            "id,took\r\na,PT60M\r\nb,P1D\r\nc,-PT1S\r\nd,PT1H0.000001S\r\ne,\r\n"
        );
        let answer = server.ask("{ trips(filter: {took: {gt: \"P1M\"}}) { totalCount } }");
        assert_eq!(
            message(&answer["errors"][0]),
            "\"took\" is compared with \"P1M\", which is not a duration such as P1DT2H30M: years and months are not of one length: give days"
        );
    }
}

/// A day of a table in the numbering of [`Date`]; `*` for an open end.
fn day_of(text: &str, open: i64) -> i64 {
    if text == "*" {
        return open;
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |it| (-1, it));
    let parts: Vec<i64> = digits.split('-').map(|it| it.parse().unwrap()).collect();
    sign * parts[0] * 10_000 + parts[1] * 100 + parts[2]
}

#[test]
fn dates_are_those_of_edtf() {
    for case in cases(include_str!("values/edtf.tsv")) {
        let (text, first, last) = (case[0], case[1], case[2]);
        match Date::parse(text) {
            Ok(date) => {
                assert_ne!(first, "error", "{text}");
                assert_eq!(
                    date.span(),
                    (day_of(first, i64::MIN), day_of(last, i64::MAX)),
                    "{text}"
                );
                assert_eq!(date.to_string(), text);
            }
            Err(error) => assert_eq!(first, "error", "{text}: {error}"),
        }
    }
}

const DATED_SCHEMA: &str = r#"
type Event {
  name: String!
  on: Date
  days: [Date!]!
  next: [Event!]! @relation(name: "NEXT", edge: "Step")
}

type Step @edge {
  on: Date
}
"#;

const DATED_DATA: &str = r"
Event:
  a: {name: A, on: 1984, days: [199X, Y-12000], next: [{to: b, on: -0044-03-15}, {to: c, valid: 1985/..}]}
  b: {name: {value: B, valid: ../1984?}, on: 1984?}
  c: {name: C, on: 1984~}
  d: {name: D, on: 1984-02}
  e: {name: E, on: 198X, days: [1985-04-XX]}
  f: {name: F, on: -0044}
  g: {name: G, on: Y17000?}
  h: {name: H, on: 1985/..}
  i: {name: I, on: /1983}
  j: {name: J, on: 1983-24}
  k: {name: K}
";

#[test]
fn dates_are_compared_by_their_days_and_kept_as_written() {
    let folder = common::graph(DATED_SCHEMA, DATED_DATA);
    let compiled = common::run(folder.path(), &["compile", "--out", "g.clew"]);
    assert!(compiled.status.success(), "{}", common::text(&compiled.stderr));
    for graph in [&[][..], &["--graph", "g.clew"]] {
        let server = common::Server::of(folder.path(), graph);
        let found = |rest: &str| {
            let answer = server.ask(&format!("{{ events({rest}) {{ nodes {{ id: entityId }} }} }}"));
            assert!(answer.get("errors").is_none(), "{rest}: {answer}");
            ids(&answer["data"]["events"])
        };
        for (rest, expected) in [
            (r#"filter: {on: {eq: "1984"}}"#, vec!["a", "b", "c"]),
            (r#"filter: {on: {eq: "1984%"}}"#, vec!["a", "b", "c"]),
            (
                r#"filter: {on: {in: ["1984-01-01/1984-12-31?", "-0044~"]}}"#,
                vec!["a", "b", "c", "f"],
            ),
            (r#"filter: {on: {eq: "1984-02-01/1984-02-29"}}"#, vec!["d"]),
            (
                r#"filter: {on: {within: "198X"}}"#,
                vec!["a", "b", "c", "d", "e", "j"],
            ),
            (r#"filter: {on: {within: "1985/"}}"#, vec!["g", "h"]),
            (
                r#"filter: {on: {overlaps: "1984-02-29"}}"#,
                vec!["a", "b", "c", "d", "e", "j"],
            ),
            (r#"filter: {on: {overlaps: "../-0044"}}"#, vec!["f", "i"]),
            (r#"filter: {on: {lt: "1984-21"}}"#, vec!["d", "f", "i", "j"]),
            (r#"filter: {on: {gt: "9999"}}"#, vec!["g"]),
            (r#"filter: {on: {gte: "1985"}}"#, vec!["g", "h"]),
            (r#"filter: {on: {lte: "0001"}}"#, vec!["f"]),
            (r#"filter: {days: {has: "1990/1999"}}"#, vec!["a"]),
            (r#"filter: {days: {hasAny: ["1985-04", "0000"]}}"#, vec!["e"]),
            (r#"filter: {next: {edge: {on: {lt: "0000"}}}}"#, vec!["a"]),
            (
                "orderBy: [{on: ASC}]",
                vec!["i", "f", "e", "j", "a", "b", "c", "d", "h", "g", "k"],
            ),
            (
                "orderBy: [{on: DESC_NULLS_FIRST}]",
                vec!["k", "g", "h", "d", "a", "b", "c", "j", "e", "f", "i"],
            ),
        ] {
            assert_eq!(found(rest), expected, "{rest}");
        }
        let mut after = String::new();
        for id in ["i", "f", "e", "j", "a", "b", "c", "d", "h", "g", "k"] {
            let answer = server.ask(&format!(
                "{{ events(orderBy: [{{on: ASC}}], first: 1{after}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
            ));
            let page = &answer["data"]["events"];
            assert_eq!(ids(page), [id], "{answer}");
            after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        }
        let answer = server.ask("{ events { nodes { on } aggregate { on { distinct min max } groupBy(by: [{on: {}}], orderBy: [{key: ASC}]) { key count } } } }");
        let events = &answer["data"]["events"];
        let shown: Vec<&Value> = events["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["on"])
            .collect();
        assert_eq!(
            json!(shown),
            json!([
                "1984", "1984?", "1984~", "1984-02", "198X", "-0044", "Y17000?", "1985/..", "/1983",
                "1983-24", null
            ])
        );
        assert_eq!(
            events["aggregate"]["on"],
            json!({"distinct": 8, "min": "/1983", "max": "Y17000?"}),
            "{answer}"
        );
        assert_eq!(
            events["aggregate"]["groupBy"][4],
            json!({"key": "1984", "count": 3}),
            "{answer}"
        );
        // Validity and `asOf`.
        for (date, next) in [
            ("1984", vec!["b"]),
            ("1984?/1986", vec!["b", "c"]),
            ("-0500", vec!["b"]),
            ("Y12000", vec!["b", "c"]),
            ("198X", vec!["b", "c"]),
        ] {
            let answer = server.ask(&format!(
                r#"{{ event(id: "b", asOf: "{date}") {{ id label }} a: event(id: "a", asOf: "{date}") {{ next {{ nodes {{ id: entityId }} }} }} }}"#
            ));
            assert_eq!(answer["data"]["event"]["id"], format!("b?asOf={date}"));
            assert_eq!(ids(&answer["data"]["a"]["next"]), next, "{date}: {answer}");
            let again = server.ask(&format!(r#"{{ node(id: "b?asOf={date}") {{ id }} }}"#));
            assert_eq!(again["data"]["node"]["id"], format!("b?asOf={date}"), "{again}");
        }
        let answer = server.ask(r#"{ event(id: "b") { statements(fields: ["name"]) { nodes { valid { from until } } } } timeline(of: "a") { nodes { date } } }"#);
        assert_eq!(
            answer["data"]["event"]["statements"]["nodes"][0]["valid"],
            json!({"from": null, "until": "1984?"})
        );
        let timeline: Vec<&Value> = answer["data"]["timeline"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["date"])
            .collect();
        assert_eq!(
            json!(timeline),
            json!(["Y-12000", "-0044-03-15", "1984", "1985", "199X"]),
            "{answer}"
        );
        let post = |query: &str, form: &str| {
            server
                .post(&json!({"query": query}).to_string(), &[("accept", form)])
                .body
        };
        let turtle = post("{ events { nodes { on } } }", "text/turtle");
        for text in [
            "\"1984\"^^xsd:gYear",
            "\"1984-02\"^^xsd:gYearMonth",
            "\"1984?\"^^<http://id.loc.gov/datatypes/edtf/EDTF>",
            "\"-0044\"^^<http",
        ] {
            assert!(turtle.contains(text), "{text}: {turtle}");
        }
        assert!(post("{ events(first: 2) { nodes { on } } }", "text/csv").ends_with("1984\r\n1984?\r\n"));
        let answer = server.ask(r#"{ events(filter: {on: {eq: "199X/2001"}}) { totalCount } }"#);
        assert!(
            message(&answer["errors"][0])
                .ends_with("an end of an interval has no unspecified digits, which would be EDTF level 2"),
            "{answer}"
        );
    }
}

#[test]
fn a_text_for_a_whole_number_of_64_bits_has_one_form() {
    let data = "Star:\n  a: {name: A, serial: 1, mass: 7, parts: [0]}\n";
    let folder = common::graph(WIDE_SCHEMA, data);
    let server = common::Server::of(folder.path(), &[]);
    for (text, meant) in [("+1", "1"), ("007", "7"), ("-0", "0"), ("00", "0"), ("-01", "-1")] {
        let given = json!(text);
        let filter = |condition: &str| format!("{{ stars(filter: {{{condition}}}) {{ totalCount }} }}");
        let variable = "query($v: Int64!) { stars(filter: {mass: {eq: $v}}) { totalCount } }";
        let list = "query($v: [Int64!]) { stars(filter: {mass: {in: $v}}) { totalCount } }";
        for (query, variables) in [
            (filter(&format!("mass: {{eq: {given}}}")), json!({})),
            (filter(&format!("mass: {{in: [1, {given}]}}")), json!({})),
            (filter(&format!("parts: {{has: {given}}}")), json!({})),
            (variable.to_owned(), json!({"v": text})),
            (list.to_owned(), json!({"v": [text]})),
            (format!("{{ star(by: {{serial: {given}}}) {{ id }} }}"), json!({})),
        ] {
            let answer = server.ask_with(&query, &variables.to_string());
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{query}: {answer}");
            let said = message(error);
            let hint = format!("write \"{meant}\"");
            assert!(
                said.contains(&given.to_string()) && said.contains(&hint),
                "{said}"
            );
        }
        for field in [format!("mass: {given}"), format!("parts: [{given}]")] {
            let folder = common::graph(WIDE_SCHEMA, &format!("Star:\n  a: {{name: A, {field}}}\n"));
            let checked = common::run(folder.path(), &["check"]);
            let said = common::text(&checked.stderr);
            assert!(!checked.status.success(), "{field}");
            let expected = format!("is an Int64, and {given} is not the form of its number");
            assert!(
                said.contains(&expected) && said.contains(&format!("write \"{meant}\"")),
                "{said}"
            );
        }
    }
    // A number is what it means, in whatever form GraphQL and JSON have it.
    for number in ["1", "1.0", "1e0", "10e-1", "\"1\""] {
        let literal = server.ask(&format!("{{ star(by: {{serial: {number}}}) {{ id }} }}"));
        assert_eq!(literal["data"]["star"]["id"], "a", "{number}: {literal}");
        let query = "query($v: Int64!) { star(by: {serial: $v}) { id } stars(filter: {serial: {eq: $v}}) { totalCount } }";
        let variable = server.ask_with(query, &format!("{{\"v\": {number}}}"));
        let expected = json!({"star": {"id": "a"}, "stars": {"totalCount": 1}});
        assert_eq!(variable["data"], expected, "{number}: {variable}");
    }
    let zero = server.ask("{ stars(filter: {parts: {has: -0}}) { totalCount } }");
    assert_eq!(zero["data"]["stars"]["totalCount"], 1, "{zero}");
    for number in ["1.5", "\"1.0\"", "true"] {
        let answer = server.ask(&format!("{{ star(by: {{serial: {number}}}) {{ id }} }}"));
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{number}: {answer}"
        );
    }
}

#[test]
fn language_tags_are_those_of_rfc_5646() {
    let schema = "type Item { texts: [Text!]! }";
    let table: Vec<_> = cases(include_str!("values/languages.tsv")).collect();
    let line = |(no, tag): (usize, &str)| {
        let properties = json!({"texts": [{tag: "x"}]});
        json!({"type": "node", "id": format!("i{no}"), "labels": ["Item"], "properties": properties})
            .to_string()
    };
    let folder = |is_wrong: bool| {
        let folder = common::graph(schema, "");
        let tags = table
            .iter()
            .enumerate()
            .filter(|(_, it)| (it[1] == "error") == is_wrong);
        let lines: Vec<String> = tags.map(|(no, it)| line((no, it[0]))).collect();
        common::write(folder.path(), "data/d.jsonl", &lines.join("\n"));
        folder
    };
    let right = folder(false);
    let server = common::Server::of(right.path(), &[]);
    let answer = server.ask("{ items(first: 1000) { nodes { id statements { nodes { value } } } } }");
    let nodes = answer["data"]["items"]["nodes"].as_array().unwrap();
    let mut found = 0;
    for (no, case) in table.iter().enumerate().filter(|(_, it)| it[1] != "error") {
        let id = format!("i{no}");
        let node = nodes.iter().find(|it| it["id"] == id.as_str()).unwrap();
        let value = &node["statements"]["nodes"][0]["value"];
        assert_eq!(value, &json!({case[1]: "x"}), "{}", case[0]);
        found += 1;
    }
    assert_eq!(found, nodes.len());
    // A tag is asked for in any letters.
    let answer = server.ask("{ items(first: 1000) { nodes { texts(lang: [\"sr-LATN-rs\"]) } } }");
    assert_eq!(answer["data"]["items"]["nodes"][0]["texts"], json!(["x"]));
    let checked = common::run(folder(true).path(), &["check", "--most", "100"]);
    let said = common::text(&checked.stderr);
    for case in table.iter().filter(|it| it[1] == "error") {
        let expected = format!("has a text in \"{}\", which is not a language tag", case[0]);
        assert!(said.contains(&expected), "{}: {said}", case[0]);
    }
}
