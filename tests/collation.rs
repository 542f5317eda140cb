//! Orders of texts in a language, over HTTP against the real binary.

use serde_json::Value;

mod common;

const SCHEMA: &str = r#"
type Word {
  name: String!
  title: Text
  place: Int
  link: URL
  next: [Word!]! @relation(name: "NEXT", inverse: "previous", edge: "Step")
}
type Step @edge { note: String }
"#;

/// Words in the order of their languages, as in dictionaries and the charts of CLDR.
const ORDERS: &[(&str, &[&str])] = &[
    ("fr", &["cote", "coté", "côte", "côté", "été", "œuf", "zéro"]),
    ("fr-CA", &["cote", "côte", "coté", "côté"]),
    ("sv", &["Andersson", "Zorn", "Åberg", "Ärlig", "Öberg"]),
    ("da", &["Andersen", "Zimmer", "Æble", "Ørsted", "Ågård"]),
    ("de", &["Arg", "Ärger", "Ast", "Ofen", "öffnen", "Öl", "Zar"]),
    (
        "de-u-co-phonebk",
        &["Ad", "Ära", "Af", "öffnen", "Öl", "Of", "Ofen"],
    ),
    ("es", &["nube", "nunca", "ñandú", "ñoño", "oso"]),
    ("es-u-co-trad", &["cuna", "chico", "dado", "luz", "llave", "mano"]),
    ("cs", &["cena", "čas", "dům", "had", "chata", "ikona", "řeka"]),
    ("tr", &["ılık", "irmak", "ocak", "öfke"]),
    ("EN-u-kn", &["item2", "item10", "item100"]),
    ("und", &["a", "A", "á", "b"]),
];

/// A graph with a word for each element. In the file, the words are in the order of their code points.
fn server(words: &[&str]) -> (common::Server, tempfile::TempDir) {
    let mut sorted = words.to_vec();
    sorted.sort_unstable();
    let entry = |(no, it): (usize, &&str)| {
        format!(
            "  w{no:02}: {{name: \"{it}\", title: {{\"\": \"{it}\", en: x}}, place: {}, next: [{{to: w00, note: \"{it}\"}}]}}\n",
            no % 2
        )
    };
    let data: String = sorted.iter().enumerate().map(entry).collect();
    let folder = common::graph(SCHEMA, &format!("Word:\n{data}"));
    (common::Server::of(folder.path(), &[]), folder)
}

fn data(server: &common::Server, query: &str) -> Value {
    let answer = server.ask(query);
    assert!(answer.get("errors").is_none(), "{query}: {answer}");
    answer["data"].clone()
}

fn names(nodes: &Value) -> Vec<&str> {
    let nodes = nodes.as_array().unwrap().iter();
    nodes.map(|it| it["name"].as_str().unwrap()).collect()
}

#[test]
fn texts_of_all_kinds_are_in_the_order_of_a_language() {
    for (tag, words) in ORDERS {
        let (server, _folder) = server(words);
        let turned: Vec<&str> = words.iter().rev().copied().collect();
        let from = "previous: word(id: \"w00\") { previous(orderBy: [{edge: {note: ASC}}],";
        let data = data(
            &server,
            &format!(
                "{{ name: words(orderBy: [{{name: ASC}}], collation: \"{tag}\") {{ nodes {{ name }} }}
                    turned: words(orderBy: [{{name: DESC}}], collation: \"{tag}\") {{ nodes {{ name }} }}
                    title: words(orderBy: [{{title: ASC}}], collation: \"{tag}\") {{ nodes {{ name }} }}
                    label: words(orderBy: [{{label: ASC}}], collation: \"{tag}\") {{ nodes {{ name }} }}
                    entities: entities(orderBy: [{{label: ASC}}], collation: \"{tag}\") {{ nodes {{ ... on Word {{ name }} }} }}
                    {from} collation: \"{tag}\") {{ nodes {{ name }} }} }} }}"
            ),
        );
        for list in ["name", "title", "label", "entities"] {
            assert_eq!(names(&data[list]["nodes"]), *words, "{tag} {list}");
        }
        assert_eq!(names(&data["previous"]["previous"]["nodes"]), *words, "{tag}");
        assert_eq!(names(&data["turned"]["nodes"]), turned, "{tag}");
    }
}

#[test]
fn pages_continue_and_ids_and_numbers_keep_their_order() {
    for (tag, words) in ORDERS {
        let (server, _folder) = server(words);
        for arguments in [
            format!("orderBy: [{{name: ASC}}], collation: \"{tag}\""),
            format!("orderBy: [{{place: DESC}}, {{name: DESC}}], collation: \"{tag}\""),
        ] {
            let query = |page: &str| {
                format!(
                    "{{ words({arguments}, {page}) {{ nodes {{ name }} pageInfo {{ endCursor startCursor hasNextPage }} }} }}"
                )
            };
            let whole = data(&server, &query("first: 100"));
            let whole = names(&whole["words"]["nodes"]);
            let (mut there, mut back) = (Vec::new(), Vec::new());
            let mut after = String::new();
            for _ in 0..whole.len().div_ceil(2) {
                let page = data(&server, &query(&format!("first: 2{after}")));
                there.extend(names(&page["words"]["nodes"]).into_iter().map(str::to_owned));
                after = format!(", after: {}", page["words"]["pageInfo"]["endCursor"]);
            }
            assert_eq!(there, whole, "{arguments}");
            let mut before = String::new();
            for _ in 0..whole.len().div_ceil(2) {
                let page = data(&server, &query(&format!("last: 2{before}")));
                let part = names(&page["words"]["nodes"]);
                back.splice(0..0, part.into_iter().map(str::to_owned));
                before = format!(", before: {}", page["words"]["pageInfo"]["startCursor"]);
            }
            assert_eq!(back, whole, "{arguments}");
        }
        let by_id = "words(orderBy: [{id: ASC}]";
        let both = data(
            &server,
            &format!(
                "{{ a: {by_id}) {{ nodes {{ name }} }} b: {by_id}, collation: \"{tag}\") {{ nodes {{ name }} }} }}"
            ),
        );
        assert_eq!(both["a"], both["b"], "{tag}");
    }
}

#[test]
fn texts_that_a_language_does_not_tell_apart_are_in_the_order_of_ids() {
    // The same letter in two forms of Unicode.
    let words = ["e\u{301}a", "\u{e9}a"];
    let (server, _folder) = server(&words);
    let query = |direction: &str, page: &str| {
        format!(
            "{{ words(orderBy: [{{name: {direction}}}], collation: \"fr\"{page}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
        )
    };
    for direction in ["ASC", "DESC"] {
        let all = data(&server, &query(direction, ""));
        assert_eq!(all["words"]["nodes"][0]["id"], "w00", "{direction}");
        let first = data(&server, &query(direction, ", first: 1"));
        let after = format!(", after: {}", first["words"]["pageInfo"]["endCursor"]);
        let second = data(&server, &query(direction, &after));
        assert_eq!(
            second["words"]["nodes"].as_array().unwrap().len(),
            1,
            "{direction}"
        );
        assert_eq!(second["words"]["nodes"][0]["id"], "w01", "{direction}");
    }
}

#[test]
fn an_unknown_collation_is_refused() {
    let (server, _folder) = server(&["a", "b"]);
    let ask = |tag: &str, cursor: &str| {
        server.ask(&format!(
            "{{ words(orderBy: [{{name: ASC}}], collation: \"{tag}\", first: 1{cursor}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
        ))
    };
    for (tag, what) in [
        ("xx", "is not a language that CLDR knows"),
        ("english", "is not a language tag"),
        ("fr_FR", "is not a language tag"),
        ("", "is not a language tag"),
        ("de-u-co-nonsense", "has an extension other than"),
        ("de-x-own", "has an extension other than"),
    ] {
        let answer = ask(tag, "");
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{tag}: {answer}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("`collation` is \"{tag}\"")),
            "{answer}"
        );
        assert!(message.contains(what), "{answer}");
        assert_eq!(error["path"], serde_json::json!(["words"]));
    }
    // A cursor is valid only for its collation.
    let french = ask("fr", "");
    let cursor = format!(", after: {}", french["data"]["words"]["pageInfo"]["endCursor"]);
    assert_eq!(ask("FR", &cursor)["data"]["words"]["nodes"][0]["id"], "w01");
    let answer = ask("sv", &cursor);
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "CURSOR_INVALID",
        "{answer}"
    );
    let query = "query($c: String) { words(orderBy: [{name: ASC}], collation: $c) { totalCount } }";
    for (variables, is_error) in [
        (r#"{"c": "de"}"#, false),
        (r#"{"c": null}"#, false),
        (r#"{"c": "xx"}"#, true),
    ] {
        let answer = server.ask_with(query, variables);
        assert_eq!(answer.get("errors").is_some(), is_error, "{variables}: {answer}");
    }
}
