//! How a statement says where it comes from: citations, rank and validity, in both formats.

use super::{Batch, CitationFact, Entry, Item, Span, StatementFact, Str, Value};
use crate::report::{Code, Report, Reports, did_you_mean, near_misses};

/// The defaults that a file sets for its statements.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Defaults {
    /// The source that a citation without one points into.
    pub source: Option<Str>,
    /// Whether the file names it in a form that is reported: what a short citation points into is not known.
    pub is_broken: bool,
    /// Whether the file's format has a default source.
    pub may_be_named: bool,
}

/// The keys of a statement.
const WORDS: [&str; 4] = ["value", "cite", "rank", "valid"];

const KEYS: [&str; 7] = [
    "source",
    "locator",
    "section",
    "paragraph",
    "sentence",
    "page",
    "url",
];

/// Whether a mapping is a statement: `{value: …, cite: …}`. A value of a `JSON` field may be any mapping, so there it is one
/// only if it has no other keys. Elsewhere it is also one if its value is missing or all its keys are nearly right.
pub(super) fn is_statement(batch: &Batch, entries: &[Entry], is_json: bool) -> bool {
    let is_word = |it: &Entry| WORDS.contains(&batch.text(it.key));
    if entries.iter().any(|it| batch.text(it.key) == "value") {
        return !is_json || entries.iter().all(is_word);
    }
    !is_json && !entries.is_empty() && entries.iter().all(|it| word_of(batch.text(it.key)).is_some())
}

/// The key of a statement that a name means, even if the name is misspelled.
fn word_of(name: &str) -> Option<&'static str> {
    let known = WORDS.into_iter().find(|it| *it == name);
    known.or_else(|| key_meant(name))
}

/// The value of a statement.
pub(super) fn value_of(batch: &Batch, entries: Box<[Entry]>, at: Span) -> Item {
    let position =
        |is_value: &dyn Fn(&str) -> bool| entries.iter().position(|it| is_value(batch.text(it.key)));
    let found = position(&|it| it == "value").or_else(|| position(&|it| word_of(it) == Some("value")));
    let value = found.and_then(|no| entries.into_iter().nth(no));
    value.map_or(
        Item {
            value: Value::Null,
            at,
        },
        |it| it.item,
    )
}

/// The key of a statement that is written as the language of a text. A language with more than three letters is not
/// registered; of the others, only `val` is treated as a key.
pub fn key_meant(tag: &str) -> Option<&'static str> {
    if tag == "val" {
        return Some("value");
    }
    let is_word = (4..=8).contains(&tag.len()) && tag.bytes().all(|it| it.is_ascii_alphabetic());
    is_word
        .then(|| near_misses(tag, WORDS).into_iter().next())
        .flatten()
}

/// Reports the keys that a statement does not have, and a value that is missing.
pub(super) fn check_statement(batch: &Batch, entries: &[Entry], at: Span, reports: &mut Reports) {
    const NO_VALUE: &str = "write the value, or take the statement out";
    for entry in entries {
        let word = batch.text(entry.key);
        if word == "value" && entry.item.value == Value::Null {
            let report = shape(batch, entry.key_at, "this statement has no value".to_owned());
            reports.push(report.hint(NO_VALUE));
        } else if !WORDS.contains(&word) {
            let hint = match word_of(word) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => did_you_mean(word, WORDS, || {
                    "a statement has value, cite, rank and valid".to_owned()
                }),
            };
            reports.push(shape(batch, entry.key_at, format!("a statement has no \"{word}\"")).hint(hint));
        }
    }
    if entries
        .iter()
        .all(|it| word_of(batch.text(it.key)) != Some("value"))
    {
        let report = shape(batch, at, "this statement has no value".to_owned());
        reports.push(report.hint("add `value: …`"));
    }
}

/// Reads the keys of a statement besides its value. The keys of an entity or an edge are among other keys, so for them
/// `is_whole` is false.
pub(super) fn statement(
    batch: &mut Batch,
    entries: &[Entry],
    defaults: Defaults,
    fallback: Option<&StatementFact>,
    is_whole: bool,
    reports: &mut Reports,
) -> StatementFact {
    let mut statement = StatementFact::default();
    let mut cited = false;
    for entry in entries {
        // A misspelled key is reported, and read as the key that it means.
        let key = batch.text(entry.key);
        let key = if is_whole {
            word_of(key).unwrap_or_default()
        } else {
            key
        };
        match key {
            "cite" => {
                cited = true;
                statement.citations = citations(batch, &entry.item, defaults, reports);
            }
            "rank" => statement.rank = Some(entry.item.clone()),
            "valid" => statement.valid = Some(entry.item.clone()),
            _ => {}
        }
    }
    if let Some(fallback) = fallback {
        if !cited {
            statement.citations.clone_from(&fallback.citations);
        }
        statement.rank = statement.rank.or_else(|| fallback.rank.clone());
        statement.valid = statement.valid.or_else(|| fallback.valid.clone());
    }
    statement
}

/// Reads one citation or a list of them.
pub(super) fn citations(
    batch: &mut Batch,
    item: &Item,
    defaults: Defaults,
    reports: &mut Reports,
) -> Vec<CitationFact> {
    match &item.value {
        Value::Null => Vec::new(),
        Value::List(items) => {
            let items = items.iter();
            items
                .filter_map(|item| citation(batch, item, defaults, reports))
                .collect()
        }
        _ => citation(batch, item, defaults, reports).into_iter().collect(),
    }
}

fn citation(
    batch: &mut Batch,
    item: &Item,
    defaults: Defaults,
    reports: &mut Reports,
) -> Option<CitationFact> {
    match &item.value {
        Value::String(text) if text.length == 0 => {
            let report = shape(batch, item.at, "this citation is empty".to_owned());
            reports.push(report.hint("name a source or a place in it, or write `cite: []` for no citation"));
            None
        }
        Value::String(text) | Value::Number(text) => {
            let written = batch.text(*text);
            // The source that the locator belongs to is unknown; there is a report about that.
            if defaults.is_broken && (!written.contains('#') || written.starts_with('#')) {
                return None;
            }
            Some(short(batch, *text, item.at, defaults))
        }
        Value::Map(entries) => long(batch, entries, item.at, defaults, reports),
        other => {
            let what = format!("a citation is a text or a mapping, not {}", other.kind());
            let hint = "write cite: <source>#<place>, or a list of such texts";
            reports.push(shape(batch, item.at, what).hint(hint));
            None
        }
    }
}

/// `source#locator`, or the source alone; where the file has a default source, the locator alone.
fn short(batch: &Batch, text: Str, at: Span, defaults: Defaults) -> CitationFact {
    let written = batch.text(text);
    let mut is_bare = false;
    let is_default;
    let (source, locator) = match (written.find('#'), defaults.source) {
        (Some(hash), default) => {
            let hash = hash as u32;
            let source = Str {
                start: text.start,
                length: hash,
            };
            let locator = Str {
                start: text.start + hash + 1,
                length: text.length - hash - 1,
            };
            is_default = hash == 0 && default.is_some();
            let source = if hash == 0 {
                default.unwrap_or(source)
            } else {
                source
            };
            (source, Some(locator))
        }
        (None, Some(source)) if source != text && batch.text(source) != written => {
            is_bare = true;
            is_default = true;
            (source, Some(text))
        }
        (None, default) => {
            is_default = default.is_some_and(|it| batch.text(it) == written);
            (text, None)
        }
    };
    CitationFact {
        source,
        locator: locator.filter(|it| it.length > 0),
        is_bare,
        is_default,
        lacks_default: defaults.may_be_named && defaults.source.is_none() && !written.contains('#'),
        note: None,
        at,
    }
}

fn long(
    batch: &mut Batch,
    entries: &[Entry],
    at: Span,
    defaults: Defaults,
    reports: &mut Reports,
) -> Option<CitationFact> {
    let mut source = defaults.source;
    let mut is_default = true;
    let mut locator = None;
    let mut note = None;
    let mut parts: [Option<Str>; 3] = [None; 3];
    let mut sound = true;
    for entry in entries {
        let key = batch.text(entry.key);
        if !KEYS.contains(&key) && key != "note" {
            let hint = match key {
                "to" | "from" | "start" | "end" => {
                    "write a range of places as one locator: `locator: …`".to_owned()
                }
                "id" => "did you mean \"source\"?".to_owned(),
                "place" | "at" | "chapter" => "did you mean \"locator\"?".to_owned(),
                "comment" | "text" | "quote" => "did you mean \"note\"?".to_owned(),
                _ => did_you_mean(key, KEYS.into_iter().chain(["note"]), || {
                    "a citation has source, locator (or section, paragraph, sentence, page, url) and note"
                        .to_owned()
                }),
            };
            let report = Report::new(Code::SHAPE, format!("a citation has no \"{key}\""))
                .at(batch.place(entry.key_at), "unknown")
                .hint(hint);
            reports.push(report);
            sound = false;
        }
    }
    if !sound {
        return None;
    }
    // The first key that gives a place in the source.
    let mut located: Option<&Entry> = None;
    for entry in entries {
        if matches!(batch.text(entry.key), "locator" | "url" | "page" | "section") {
            if let Some(first) = located {
                let (first, key) = (batch.text(first.key), batch.text(entry.key));
                let what = format!("a citation gives one place, and this has \"{first}\" and \"{key}\"");
                let report = shape(batch, entry.key_at, what);
                reports.push(
                    report.hint("keep one of them, or write each as a citation of its own: cite: [{…}, {…}]"),
                );
                sound = false;
            }
            located = located.or(Some(entry));
        }
        let text = match entry.item.value {
            Value::String(text) | Value::Number(text) => text,
            ref other => {
                let what = format!(
                    "\"{}\" of a citation is a text, not {}",
                    batch.text(entry.key),
                    other.kind()
                );
                let hint = match other {
                    Value::List(_) => {
                        "write one text; several citations are a list of citations: cite: [{…}, {…}]"
                    }
                    Value::Null => "write the text, or leave the key out",
                    _ => "write it in quotes",
                };
                reports.push(shape(batch, entry.item.at, what).hint(hint));
                sound = false;
                continue;
            }
        };
        match batch.text(entry.key) {
            "source" => (source, is_default) = (Some(text), false),
            "locator" | "url" => locator = Some(text),
            "note" => note = Some(text),
            "section" => parts[0] = Some(text),
            "paragraph" => parts[1] = Some(text),
            "sentence" => parts[2] = Some(text),
            "page" => {
                let page = format!("page {}", batch.text(text));
                locator = Some(batch.keep(&page));
            }
            _ => {}
        }
    }
    for (no, (whole, part)) in [("section", "paragraph"), ("paragraph", "sentence")]
        .into_iter()
        .enumerate()
    {
        if sound && parts[no].is_none() && parts[no + 1].is_some() {
            let entry = entries.iter().find(|it| batch.text(it.key) == part);
            let what = format!("this citation has a {part} without a {whole}");
            let report = shape(batch, entry.map_or(at, |it| it.key_at), what);
            reports.push(report.hint(format!("add `{whole}: …`")));
            sound = false;
        }
    }
    if sound && is_default && source.is_some() && entries.iter().all(|it| batch.text(it.key) == "note") {
        let report = shape(
            batch,
            at,
            "this citation gives neither a source nor a place".to_owned(),
        );
        reports.push(report.hint("add `locator: …` for a place in the default source, or `source: …`"));
        sound = false;
    }
    if parts.iter().any(Option::is_some) {
        let path: Vec<&str> = parts.iter().map_while(|it| it.map(|it| batch.text(it))).collect();
        let path = path.join("/");
        locator = Some(batch.keep(&path));
    }
    if !sound || defaults.is_broken && source.is_none() {
        return None;
    }
    let Some(source) = source else {
        reports.push(
            shape(batch, at, "this citation names no source".to_owned())
                .hint("add `source: <id of a Source>`, or set a default `source:` at the top of the file"),
        );
        return None;
    };
    Some(CitationFact {
        source,
        locator,
        is_bare: false,
        is_default,
        lacks_default: false,
        note,
        at,
    })
}

/// A report about a part that does not have the form of facts.
pub(super) fn shape(batch: &Batch, at: Span, message: String) -> Report {
    Report::new(Code::SHAPE, message).at(batch.place(at), "here")
}
