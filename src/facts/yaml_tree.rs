//! The trees of a YAML file's documents, from the parser's events.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::citation::shape;
use super::keys::Keys;
use super::{Batch, Entry, Item, Span, Str, Value, yaml_hints};
use crate::memory::Allowance;
use crate::report::{Code, Place, Report, Reports, Unread};

/// Deeper nesting is refused. Aliases count with the nesting of their anchors.
const MOST_NESTED: usize = 64;
/// Values of a file.
const MOST_NODES: usize = 20_000_000;
/// Bytes of the copies of what has an anchor. Aliases of aliases multiply.
const MOST_COPIED: usize = 64 << 20;

/// Number of values after which the memory that is left is checked; they take about 4 MB.
const BETWEEN_LOOKS: usize = 1 << 16;

/// The message about a `- b` that is indented deeper than the `- a` before it.
const CONTINUES: &str = "this line continues the text before it, and is not an element of a list";

/// A value that is whole.
#[derive(Clone)]
struct Node {
    item: Item,
    /// Levels of lists and mappings.
    height: usize,
    /// Bytes that a copy takes.
    weight: usize,
    /// Whether it is `<<` without quotes.
    is_merge: bool,
}

/// A mapping or a list that is being read.
struct Open {
    content: Content,
    start: usize,
    anchor: usize,
    height: usize,
    weight: usize,
}

enum Content {
    List(Vec<Item>),
    Map {
        entries: Vec<Entry>,
        keys: Keys,
        key: Option<(Str, Span)>,
        /// Whether the key was reported: its value would only give more reports.
        is_reported: bool,
        /// The report of the first key that is there twice, and how many others are.
        twice: Option<(usize, usize)>,
    },
}

/// Builds the trees of all documents of the batch's text. There is none where it takes more memory than there may be.
pub(super) fn documents(
    batch: &mut Batch,
    memory: &Allowance,
    reports: &mut Reports,
) -> Result<Vec<Item>, Report> {
    let source = batch.source.clone();
    let text = &*source.text;
    let at = |marker: &Marker| marker.byte_offset().unwrap_or_default().min(text.len());
    let mut tree = Tree {
        batch,
        reports,
        open: Vec::new(),
        documents: Vec::new(),
        anchors: HashMap::new(),
        copied: 0,
    };
    let mut nodes = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let report = tree.no_yaml(text, at(error.marker()), error.kind());
            tree.cause(report)
        })?;
        let start = at(&span.start);
        let at = Span::new(start, at(&span.end).max(start));
        tree.event(event, at, span.tag_span().and_then(|it| it.byte_range()))?;
        nodes += 1;
        if nodes % BETWEEN_LOOKS == 0 && !memory.holds() {
            return Ok(Vec::new());
        }
        if nodes > MOST_NODES {
            return Err(shape(
                tree.batch,
                at,
                format!("the file has more than {MOST_NODES} values"),
            ));
        }
    }
    Ok(tree.documents)
}

struct Tree<'a> {
    batch: &'a mut Batch,
    reports: &'a mut Reports,
    open: Vec<Open>,
    documents: Vec<Item>,
    anchors: HashMap<usize, Node>,
    copied: usize,
}

impl Tree<'_> {
    fn no_yaml(&self, text: &str, at: usize, why: &granit_parser::ErrorKind) -> Report {
        let advice = yaml_hints::advice(text, at, why);
        let at = advice.as_ref().and_then(|it| it.at).unwrap_or(at);
        let next = text.get(at..).and_then(|it| it.chars().next());
        let end = next.map_or(at, |it| at + it.len_utf8());
        let report = Report::new(
            Code::YAML_SYNTAX,
            format!("the file is not YAML: {}", yaml_hints::said(why)),
        )
        .at(self.batch.place(Span::new(at, end)), "here");
        match advice {
            Some(advice) => report.hint(advice.hint),
            None => report,
        }
    }

    /// The report of a line that is not YAML because of what was reported last, or the report itself.
    fn cause(&mut self, report: Report) -> Report {
        let line = |report: &Report| report.place.as_ref().map(|it| it.line_column().0);
        let Some(at) = line(&report) else {
            return report;
        };
        let is_near = |it: &mut Report| {
            let continues = it.message == CONTINUES;
            line(it).is_some_and(|it| (at.saturating_sub(1)..=at + 1).contains(&it))
                && (continues || it.code == Code::DUPLICATE_KEY)
        };
        match self.reports.0.pop_if(is_near) {
            Some(cause) if cause.message == CONTINUES => Report {
                code: Code::YAML_SYNTAX,
                ..cause.unread(Unread::Entities)
            },
            _ => report,
        }
    }

    fn event(
        &mut self,
        event: Event,
        at: Span,
        tag_at: Option<std::ops::Range<usize>>,
    ) -> Result<(), Report> {
        let tag_at = tag_at.map_or(at, |it| Span::new(it.start, it.end));
        match event {
            Event::SequenceStart(_, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", tag_at);
                self.start(Content::List(Vec::new()), at, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", tag_at);
                let content = Content::Map {
                    entries: Vec::new(),
                    keys: Keys::default(),
                    key: None,
                    is_reported: false,
                    twice: None,
                };
                self.start(content, at, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Scalar(value, style, anchor, tag) => {
                let node = self.scalar(&value, style, tag.as_deref(), at, tag_at)?;
                self.whole(node, anchor, at)
            }
            Event::Alias(anchor) => {
                let node = self.alias(anchor, at)?;
                self.whole(node, 0, at)
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, content: Content, at: Span, anchor: usize) -> Result<(), Report> {
        self.nested(1, at)?;
        self.open.push(Open {
            content,
            start: at.start as usize,
            anchor,
            height: 1,
            weight: size_of::<Item>(),
        });
        Ok(())
    }

    /// Refuses nesting that is deeper than allowed with `levels` more.
    fn nested(&self, levels: usize, at: Span) -> Result<(), Report> {
        if self.open.len() + levels > MOST_NESTED {
            let message = format!("nested deeper than {MOST_NESTED} levels");
            return Err(shape(self.batch, at, message));
        }
        Ok(())
    }

    fn end(&mut self, at: Span) -> Result<(), Report> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let span = Span::new(open.start, (at.end as usize).max(open.start));
        let value = match open.content {
            Content::List(items) => Value::List(items.into()),
            Content::Map { entries, .. } => Value::Map(entries.into()),
        };
        let node = Node {
            item: Item { value, at: span },
            height: open.height,
            weight: open.weight,
            is_merge: false,
        };
        self.whole(node, open.anchor, at)
    }

    /// Counts a copy of something that has an anchor.
    fn copy(&mut self, weight: usize, at: Span) -> Result<(), Report> {
        self.copied = self.copied.saturating_add(weight);
        if self.copied > MOST_COPIED {
            let message = format!(
                "the file's anchors and aliases expand to more than {} MiB",
                MOST_COPIED >> 20
            );
            return Err(
                shape(self.batch, at, message).hint("write out what is used once, and split the file")
            );
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, at: Span) -> Result<Node, Report> {
        let Some(node) = self.anchors.get(&anchor) else {
            let message = format!("the anchor of \"{}\" contains this alias", self.batch.written(at));
            return Err(shape(self.batch, at, message).hint("write out what is meant"));
        };
        let (height, weight) = (node.height, node.weight);
        self.nested(height, at)?;
        self.copy(weight, at)?;
        Ok(self.anchors[&anchor].clone())
    }

    /// Puts a value that is whole where it belongs.
    fn whole(&mut self, node: Node, anchor: usize, at: Span) -> Result<(), Report> {
        if anchor != 0 {
            self.copy(node.weight, at)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node.item);
            return Ok(());
        };
        open.height = open.height.max(node.height + 1);
        open.weight += node.weight;
        match &mut open.content {
            Content::List(items) => items.push(node.item),
            Content::Map {
                entries,
                keys,
                key,
                is_reported,
                twice,
            } => match key.take() {
                None => {
                    open.weight += size_of::<Entry>() - size_of::<Item>();
                    let name = name(self.batch, &node, self.reports);
                    let known = name.and_then(|it| keys.add(self.batch, it));
                    if let (Some(before), Some(name)) = (known, name) {
                        let first = entries.get(before).map(|it| self.batch.place(it.key_at));
                        match twice {
                            // Several keys of a mapping are there twice most likely because a line between them is missing.
                            Some((report, more)) => {
                                *more += 1;
                                also_twice(
                                    self.batch,
                                    &mut self.reports.0[*report],
                                    name,
                                    node.item.at,
                                    *more,
                                );
                            }
                            None => {
                                // An id that is indented too deep has no value here, and its fields follow it.
                                let is_other = before + 1 < entries.len();
                                let id = entries.pop_if(|it| is_other && it.item.value == Value::Null);
                                *twice = Some((self.reports.0.len(), 0));
                                let report = stands_twice(self.batch, name, node.item.at, first, id.as_ref());
                                self.reports.push(report);
                            }
                        }
                    }
                    *is_reported = name.is_none() || known.is_some();
                    *key = Some((name.unwrap_or_default(), node.item.at));
                }
                Some(_) if std::mem::take(is_reported) => {}
                Some((key, key_at)) => entries.push(Entry {
                    key,
                    key_at,
                    item: node.item,
                }),
            },
        }
        Ok(())
    }

    fn tag_report(&mut self, tag: &Tag, at: Span) {
        let message = format!("the tag \"{}\" is not supported", tag.original());
        let hint =
            "of tags, !!str, !!int, !!float, !!bool, !!null, !!seq and !!map are read; leave others out";
        self.reports.push(shape(self.batch, at, message).hint(hint));
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, expected: &str, at: Span) {
        if let Some(tag) = tag
            && !is_plain(tag)
            && tag.core_suffix() != Some(expected)
        {
            self.tag_report(tag, at);
        }
    }

    /// A plain scalar says its kind by its form, as YAML's core schema has it; a quoted one is a text. A tag says it for both.
    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: Span,
        tag_at: Span,
    ) -> Result<Node, Report> {
        let held = self.batch.source.text.len() + self.batch.extra.len();
        if held + value.len() > u32::MAX as usize {
            let message = "the file's texts take more than 4 GiB".to_owned();
            return Err(shape(self.batch, at, message).hint("split the file"));
        }
        let text = if self.batch.written(at) == value {
            Batch::slice(at.start as usize, at.end as usize)
        } else {
            self.batch.keep(value)
        };
        let is_plain_text = style == ScalarStyle::Plain && tag.is_none();
        if is_plain_text && let Some(dash) = line_with_dash(self.batch.written(at)) {
            let start = at.start as usize + dash;
            let report = shape(self.batch, Span::new(start, start + 1), CONTINUES.to_owned());
            self.reports.push(
                report.hint("indent the elements of a list alike; write a text with such a line in quotes"),
            );
        }
        let value = match tag {
            None if is_plain_text => by_form(value, text),
            None => Value::String(text),
            Some(tag) => {
                let found = by_form(value, text);
                match tag.core_suffix() {
                    Some("str") => Value::String(text),
                    _ if is_plain(tag) => Value::String(text),
                    Some(kind @ ("int" | "float" | "bool" | "null")) => {
                        if !is_of(&found, value, kind) {
                            let message =
                                format!("\"{}\" is not what !!{kind} says", crate::report::shown(value));
                            self.reports
                                .push(shape(self.batch, at, message).hint("leave the tag out"));
                        }
                        found
                    }
                    _ => {
                        self.tag_report(tag, tag_at);
                        found
                    }
                }
            }
        };
        Ok(Node {
            is_merge: is_plain_text && self.batch.text(text) == "<<",
            item: Item { value, at },
            height: 0,
            weight: size_of::<Item>() + text.length as usize,
        })
    }
}

/// The dash that begins a line of a text after its first.
fn line_with_dash(written: &str) -> Option<usize> {
    if !written.contains('\n') {
        return None;
    }
    let lines = written.split_inclusive('\n');
    let mut start = 0;
    for line in lines {
        let content = line.trim_start();
        if start > 0 && content.starts_with("- ") {
            return Some(start + line.len() - content.len());
        }
        start += line.len();
    }
    None
}

/// Whether it is `!`, which makes a text of a scalar.
fn is_plain(tag: &Tag) -> bool {
    tag.original() == "!"
}

fn is_of(found: &Value, text: &str, kind: &str) -> bool {
    match (found, kind) {
        (Value::Number(_), "int") => text
            .bytes()
            .all(|it| it.is_ascii_digit() || matches!(it, b'+' | b'-')),
        (Value::Number(_), "float") | (Value::Bool(_), "bool") | (Value::Null, "null") => true,
        _ => false,
    }
}

fn by_form(value: &str, text: Str) -> Value {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(value) => Value::Number(text),
        _ => Value::String(text),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|it: char| it.is_ascii_digit() || it == '.')
        && digits.bytes().any(|it| it.is_ascii_digit())
        && text.parse::<f64>().is_ok()
}

/// A space that does not indent.
fn is_other_space(it: char) -> bool {
    it.is_whitespace() && !it.is_ascii()
}

/// A key's text; `None` if it is not one, which is reported.
fn name(batch: &Batch, node: &Node, reports: &mut Reports) -> Option<Str> {
    let at = node.item.at;
    match node.item.value {
        _ if node.is_merge => {
            let message = "merge keys (\"<<\") are not supported".to_owned();
            reports.push(shape(batch, at, message).hint("write the entries out"));
            None
        }
        Value::String(text) if batch.text(text).starts_with(is_other_space) => {
            let what = "this line begins with a space that YAML does not take for one".to_owned();
            let report = Report::new(Code::YAML_SYNTAX, what).at(batch.place(at), "here");
            reports.push(report.hint(yaml_hints::PLAIN_SPACES));
            let written = batch.text(text);
            let spaces = (written.len() - written.trim_start().len()) as u32;
            Some(Str {
                start: text.start + spaces,
                length: text.length - spaces,
            })
        }
        Value::String(text) | Value::Number(text) => Some(text),
        Value::Bool(_) | Value::Null => Some(Batch::slice(at.start as usize, at.end as usize)),
        Value::List(_) | Value::Map(_) => {
            reports.push(shape(
                batch,
                at,
                "a key is a text, not a list or a mapping".to_owned(),
            ));
            None
        }
    }
}

fn stands_twice(batch: &Batch, name: Str, at: Span, first: Option<Place>, id: Option<&Entry>) -> Report {
    let name = crate::report::shown(batch.text(name));
    let report = Report::new(Code::DUPLICATE_KEY, format!("duplicate key \"{name}\""))
        .at(batch.place(at), "again here")
        .also(first, "first here");
    match id {
        None => report.hint("put what both say under one of them"),
        Some(id) => {
            let written = crate::report::shown(batch.text(id.key));
            report
                .also(Some(batch.place(id.key_at)), "indented alike")
                .hint(format!(
                    "if \"{written}\" is an id, indent it less than its fields"
                ))
        }
    }
}

/// Adds one more duplicate key to the report of the first.
fn also_twice(batch: &Batch, report: &mut Report, name: Str, at: Span, more: usize) {
    const MOST: usize = 3;
    if more == 1 {
        report.hint = Some(
            "put what both say under one of them; if these are fields of another id, write that above them"
                .to_owned(),
        );
    }
    if more <= MOST {
        let name = crate::report::shown(batch.text(name));
        report
            .others
            .push((batch.place(at), format!("\"{name}\" is there twice too")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::SourceText;
    use proptest::prelude::*;

    /// All texts and places of a value.
    fn see(batch: &Batch, item: &Item, seen: &mut Vec<String>) {
        let source = &batch.source.text;
        assert!(source.get(item.at.start as usize..item.at.end as usize).is_some());
        match &item.value {
            Value::String(text) | Value::Number(text) => seen.push(batch.text(*text).to_owned()),
            Value::List(items) => items.iter().for_each(|it| see(batch, it, seen)),
            Value::Map(entries) => {
                for entry in entries {
                    assert!(
                        source
                            .get(entry.key_at.start as usize..entry.key_at.end as usize)
                            .is_some()
                    );
                    seen.push(batch.text(entry.key).to_owned());
                    see(batch, &entry.item, seen);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn texts(text: &str) -> Option<Vec<String>> {
        let mut batch = Batch::new(SourceText::whole("test", text));
        let (memory, mut reports) = (Allowance::default(), Reports::default());
        let documents = documents(&mut batch, &memory, &mut reports).ok()?;
        let mut seen = Vec::new();
        for document in &documents {
            see(&batch, document, &mut seen);
        }
        Some(seen)
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([-?:,\\[\\]{}#&*!|>'\"%@`\\\\ \\t\\r\\né😀a-c0-9.<]|\n|\n  |: |&a |\\*a|!!str ){0,40}") {
            let _ = texts(&text);
        }

        #[test]
        fn json_is_yaml(text in "\\PC{0,20}", other in "[a-z]{1,5}") {
            let json = serde_json::json!({ other.clone(): [text.clone(), {"x": text.clone()}] });
            prop_assert_eq!(texts(&json.to_string()), Some(vec![other, text.clone(), "x".to_owned(), text]));
        }
    }
}
