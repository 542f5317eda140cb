//! A cursor: its bytes, and as a text. A cursor that is read is written as one that is read as the same, and every page
//! after or before it is an answer.

#![no_main]

use clew::api::Request;
use clew::exec::fuzzing::{after_the_list, written_again};
use clew_fuzz::ENGINE;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const PAGE: &str = "query($cursor: String) {
    ships(orderBy: [{price: ASC}, {built: DESC}, {motto: ASC}], PART) { edges { cursor } pageInfo { hasNextPage } }
    ship(id: \"ada\") { statements(PART) { edges { cursor } } links(PART) { edges { cursor } } }
    search(query: \"a* o*\", PART) { edges { cursor } }
    timeline(PART) { edges { cursor } }
    paths(from: \"ada\", to: \"sea\", first: 2, after: $cursor) { edges { cursor } }
}";

fn ask(query: &str, cursor: &str) -> serde_json::Value {
    let variables = serde_json::json!({ "cursor": cursor }).to_string();
    let variables = serde_json::from_str(&variables).expect("it is JSON");
    clew_fuzz::check_answer(&ENGINE.execute(Request {
        query,
        operation_name: None,
        variables: Some(variables),
    }))
}

/// A cursor of each list.
static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let query = PAGE
        .replace("first: 2, after: $cursor", "first: 1")
        .replace("PART", "first: 1");
    let mut known = Vec::new();
    cursors(&ask(&query.replace("($cursor: String)", ""), ""), &mut known);
    assert_eq!(known.len(), 6, "a list has no cursor");
    known
});

/// All cursors of an answer.
fn cursors(answer: &serde_json::Value, found: &mut Vec<String>) {
    match answer {
        serde_json::Value::Object(fields) => fields.iter().for_each(|(name, value)| match value.as_str() {
            Some(cursor) if name == "cursor" => found.push(cursor.to_owned()),
            _ => cursors(value, found),
        }),
        serde_json::Value::Array(items) => items.iter().for_each(|it| cursors(it, found)),
        _ => {}
    }
}

fuzz_target!(init: { LazyLock::force(&KNOWN); }, |bytes: &[u8]| {
    let Some((marks, bytes)) = bytes.split_first() else {
        return;
    };
    if let Some((first, second)) = written_again(bytes, usize::from(*marks % 5)) {
        assert_eq!(first, second);
    }
    // The lists' own cursors, with these bytes after what says which list it is.
    let forwards = PAGE.replace("PART", "first: 2, after: $cursor");
    let backwards = PAGE.replace("PART", "last: 2, before: $cursor");
    let text = String::from_utf8_lossy(bytes).into_owned();
    let changed = KNOWN.iter().filter_map(|it| after_the_list(it, bytes));
    for cursor in changed.chain([text]) {
        ask(&forwards, &cursor);
        ask(&backwards, &cursor);
    }
});
