//! Lines of a file of JSON Lines that cannot be read: what is wrong with them, and what to write instead.

use std::ops::Range;

use super::json::{JsonError, Kind};
use super::{Batch, Span};
use crate::report::{Code, Report, Reports, Unread};

/// Lines that cannot be read, one after the other.
#[derive(Default)]
pub(super) struct UnreadableLines {
    /// The report of the first of them, its hint, and how many lines follow it.
    open: Option<(usize, &'static str, usize)>,
    /// Whether lines are parts of a list or of an object over several lines.
    is_whole: bool,
}

impl UnreadableLines {
    /// Reports a line, unless it and those before it have one mistake, such as an object over many lines.
    pub fn report(&mut self, batch: &Batch, error: &JsonError, line: Range<usize>, reports: &mut Reports) {
        let hint = advice(&batch.source.text, error, &line);
        let written = batch.source.text[line.clone()].trim();
        // The end of a list around all lines.
        if self.is_whole && self.open.is_none() && matches!(written, "]" | "],") {
            return;
        }
        self.is_whole |= hint == Some(WHOLE);
        if let Some((report, of_first, more)) = &mut self.open
            && error.kind != Kind::Value
            && error.kind != Kind::Duplicate
            && (*of_first == WHOLE || hint == Some(*of_first))
        {
            *more += 1;
            let plural = if *more == 1 { "" } else { "s" };
            reports.0[*report].label = format!("here, and in {more} line{plural} after it");
            return;
        }
        self.open = hint
            .filter(|_| error.kind != Kind::Value)
            .map(|it| (reports.0.len(), it, 0));
        reports.push(of_line(batch, error, line.end, hint));
    }

    /// Notes that a line could be read.
    pub fn end(&mut self) {
        self.open = None;
    }
}

fn of_line(batch: &Batch, error: &JsonError, end: usize, hint: Option<&str>) -> Report {
    let (code, message) = match error.kind {
        Kind::Duplicate => (Code::DUPLICATE_KEY, error.message.clone()),
        Kind::Value => (Code::SHAPE, error.message.clone()),
        Kind::Syntax | Kind::Unfinished => (
            Code::JSON_SYNTAX,
            format!("the line is not JSON: {}", error.message),
        ),
    };
    let at = error.at.min(end);
    let next = batch.source.text[at..].chars().next().map_or(0, char::len_utf8);
    let place = batch.place(Span::new(at, (at + next).min(end.max(at))));
    let report = Report::new(code, message)
        .at(place, "here")
        .unread(Unread::Entities);
    match hint {
        Some(hint) => report.hint(hint),
        None => report,
    }
}

const WHOLE: &str = "write each node and each edge on one line of its own, whole, without a list around them; `jq -c . FILE` does so";

/// What to write instead.
fn advice(text: &str, error: &JsonError, line: &Range<usize>) -> Option<&'static str> {
    let written = text[line.clone()].trim();
    let before = text[line.start..error.at.clamp(line.start, line.end)].trim_end();
    let rest = text[error.at.clamp(line.start, line.end)..line.end].trim();
    match error.kind {
        Kind::Value if error.message.contains("an object") => {
            return Some("write {\"name\": [\"…\"]}: the values by the names of their fields");
        }
        Kind::Value if error.message.contains("\"labels\"") => {
            return Some("write \"labels\": [\"…\"], with the name of a type or of a relation");
        }
        Kind::Value => return Some("write the id of one node, in quotes"),
        Kind::Duplicate => return Some("put what both say under one of them; several values are a list"),
        Kind::Unfinished if matches!(written, "{" | "[" | "[{") || written.ends_with([',', '{', '[']) => {
            return Some(WHOLE);
        }
        Kind::Unfinished => return Some("close what is open at the end of the line: a quote, ] or }"),
        Kind::Syntax => {}
    }
    if written.starts_with(['[', ']']) && !before.contains('{') {
        return Some(WHOLE);
    }
    if written.starts_with("//") || written.starts_with("/*") || written.starts_with('#') {
        return Some("JSON has no comments: remove the line");
    }
    Some(match rest.chars().next()? {
        '\'' => "write keys and texts in double quotes",
        '}' | ']' if before.ends_with(',') => "remove the comma before it",
        ',' if error.message.contains("the end of the line") => {
            "remove the comma: lines are not separated by commas"
        }
        '{' if error.message.contains("the end of the line") => {
            "write each node and each edge on a line of its own"
        }
        '/' => "JSON has no comments: remove it",
        '"' if error.message.contains("does not end") => "end the text with a double quote on its line",
        '"' | '[' | '{' if error.message.contains("a colon") => "write a colon between a key and its value",
        '}' | ']' => "a bracket does not fit: [ is closed by ], and { by }",
        ':' => "keys are only allowed in objects, between { and }",
        '"' if error.message.contains("a comma") => {
            "write a comma before it, or end the text before it with one quote"
        }
        _ if rest.starts_with("None") => "write null, or leave the property out",
        _ if rest.starts_with("NaN") || rest.starts_with("Infinity") => {
            "JSON has no such number: leave the property out, or write a text"
        }
        _ if rest.starts_with("True") || rest.starts_with("False") => "write true or false, in small letters",
        it if it.is_alphabetic() || it == '_' => "write keys and texts between double quotes",
        '"' if error.message.contains("expected an object") => "begin the line with {",
        _ => return None,
    })
}
