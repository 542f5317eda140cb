//! JSON Lines in the PG-JSONL convention: a node or an edge a line. Beyond the convention, an element of
//! a property may be `{"value": …, "cite": …}`, and nodes and edges may have `cite`, `rank`, `valid`.

use super::citation::{self, Defaults};
use super::json::{DUPLICATE, JsonError, Reader};
use super::{Batch, EdgeFact, EntityFact, Entry, Item, NO_STATEMENT, Span, Str, Value, ValueFact, Via};
use crate::report::{Code, Report, Reports, SourceText, did_you_mean};
use std::sync::Arc;

/// Reads the lines of a part of a file.
pub(super) fn read(source: &Arc<SourceText>, reports: &mut Reports) -> Batch {
    let mut batch = Batch::new(source.clone());
    let text = &*source.text;
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
    batch.entities.reserve(lines);
    batch.values.reserve(lines);
    let mut start = 0;
    let mut parts = Line::default();
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |it| start + it);
        let mut reader = Reader::new(text, start, end);
        if reader.peek().is_some() {
            line(&mut batch, &mut parts, &mut reader, start, end, reports);
        }
        start = end + 1;
    }
    batch
}

/// Finds the entities of a part of a file without reading what is said of them: gives the id, the type's name and
/// where the id is written. Of a part without mistakes these are the entities that [`read`] finds.
pub(super) fn ids(source: &Arc<SourceText>, mut found: impl FnMut(&str, &str, u32)) {
    let mut batch = Batch::new(source.clone());
    let text = &*source.text;
    let mut start = 0;
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |it| start + it);
        let mut reader = Reader::new(text, start, end);
        if reader.peek().is_some()
            && let Some((id, at, name)) = entity(&mut batch, &mut reader)
        {
            found(batch.text(id), batch.text(name), at.start);
        }
        start = end + 1;
    }
}

/// The id of a line's node and its type's name; reads no further than it must.
fn entity(batch: &mut Batch, reader: &mut Reader) -> Option<(Str, Span, Str)> {
    let (mut is_node, mut id, mut label) = (false, None, None);
    // Ends the reading of the line, of which what comes after is not looked at.
    let enough = || {
        Err(JsonError {
            message: String::new(),
            at: 0,
        })
    };
    let _ = reader.object(batch, |reader, batch, key, _| {
        match batch.text(key) {
            "type" => match reader.item(batch)?.value {
                Value::String(kind) if matches!(batch.text(kind), "node" | "Node") => is_node = true,
                _ => return enough(),
            },
            "id" => id = Some(name(reader, batch)?),
            "labels" if reader.peek() == Some(b'[') => reader.array(batch, |reader, batch| {
                let (name, _) = name(reader, batch)?;
                label.get_or_insert(name);
                Ok(())
            })?,
            "labels" => label = Some(name(reader, batch)?.0),
            _ => {
                reader.item(batch)?;
            }
        }
        if is_node && id.is_some() && label.is_some() {
            return enough();
        }
        Ok(())
    });
    let (id, at) = id?;
    is_node.then_some((id, at, label?))
}

/// The parts of a line; which of them it needs, its `type` says. Its lists serve line after line.
#[derive(Default)]
struct Line {
    kind: Option<Item>,
    id: Option<(Str, Span)>,
    from: Option<(Str, Span)>,
    to: Option<(Str, Span)>,
    labels: Vec<(Str, Span)>,
    /// An entry for each element of a property's list.
    properties: Vec<Entry>,
    provenance: Vec<Entry>,
}

impl Line {
    fn clear(&mut self) {
        self.labels.clear();
        self.properties.clear();
        self.provenance.clear();
        (self.kind, self.id, self.from, self.to) = (None, None, None, None);
    }
}

fn line(
    batch: &mut Batch,
    line: &mut Line,
    reader: &mut Reader,
    start: usize,
    end: usize,
    reports: &mut Reports,
) {
    line.clear();
    let mut unknown = None;
    let read = reader
        .object(batch, |reader, batch, key, key_at| {
            match batch.text(key) {
                "type" => line.kind = Some(reader.item(batch)?),
                "id" => line.id = Some(name(reader, batch)?),
                "from" => line.from = Some(name(reader, batch)?),
                "to" => line.to = Some(name(reader, batch)?),
                "labels" => {
                    if reader.peek() == Some(b'[') {
                        reader.array(batch, |reader, batch| {
                            line.labels.push(name(reader, batch)?);
                            Ok(())
                        })?;
                    } else {
                        line.labels.push(name(reader, batch)?);
                    }
                }
                "properties" => reader.object(batch, |reader, batch, key, key_at| {
                    let mut push = |item| line.properties.push(Entry { key, key_at, item });
                    if reader.peek() == Some(b'[') {
                        return reader.array(batch, |reader, batch| {
                            push(reader.item(batch)?);
                            Ok(())
                        });
                    }
                    push(reader.item(batch)?);
                    Ok(())
                })?,
                "cite" | "rank" | "valid" => {
                    let item = reader.item(batch)?;
                    line.provenance.push(Entry { key, key_at, item });
                }
                _ => {
                    unknown.get_or_insert((key, key_at));
                    reader.item(batch)?;
                }
            }
            Ok(())
        })
        .and_then(|()| reader.finish());
    if let Err(error) = read {
        reports.push(not_json(batch, error, end));
        return;
    }
    let whole = Span::new(start, end);
    if let Some((key, at)) = unknown {
        const KEYS: [&str; 9] = [
            "type",
            "id",
            "labels",
            "properties",
            "from",
            "to",
            "cite",
            "rank",
            "valid",
        ];
        let key = batch.text(key);
        let hint = did_you_mean(key, KEYS, || {
            "a line has type, labels, properties, and id (a node) or from and to (an edge)".to_owned()
        });
        let report = Report::new(Code::SHAPE, format!("a line has no \"{key}\""))
            .at(batch.place(at), "unknown")
            .hint(hint);
        reports.push(report);
    }
    let kind = match &line.kind {
        Some(Item {
            value: Value::String(kind),
            ..
        }) => Some(batch.text(*kind)),
        _ => None,
    };
    match kind {
        Some("node" | "Node") => node(batch, line, whole, reports),
        Some("edge" | "Edge" | "relationship") => edge(batch, line, whole, reports),
        _ => {
            let at = line.kind.as_ref().map_or(whole, |it| it.at);
            let report = citation::shape(batch, at, "the line is neither a node nor an edge".to_owned())
                .hint("say \"type\": \"node\" or \"type\": \"edge\"");
            reports.push(report);
        }
    }
}

fn name(reader: &mut Reader, batch: &mut Batch) -> Result<(Str, Span), JsonError> {
    let item = reader.item(batch)?;
    match item.value {
        Value::String(text) | Value::Number(text) => Ok((text, item.at)),
        other => Err(JsonError {
            message: format!("expected a string, not {}", other.kind()),
            at: item.at.start as usize,
        }),
    }
}

fn not_json(batch: &Batch, error: JsonError, end: usize) -> Report {
    let (code, message) = if error.message.starts_with(DUPLICATE) {
        (Code::DUPLICATE_KEY, error.message)
    } else {
        (
            Code::JSON_SYNTAX,
            format!("the line is not JSON: {}", error.message),
        )
    };
    let at = error.at.min(end);
    let next = batch.source.text[at..].chars().next().map_or(0, char::len_utf8);
    Report::new(code, message).at(batch.place(Span::new(at, (at + next).min(end.max(at)))), "here")
}

fn node(batch: &mut Batch, line: &mut Line, whole: Span, reports: &mut Reports) {
    let Some((id, at)) = line.id else {
        reports
            .push(citation::shape(batch, whole, "the node has no id".to_owned()).hint("add \"id\": \"…\""));
        return;
    };
    let Some((type_name, type_at)) = line.labels.first().copied() else {
        reports.push(
            citation::shape(batch, whole, "the node has no label".to_owned())
                .hint("add \"labels\": [\"<a type of the schema>\"]"),
        );
        return;
    };
    if let Some((_, at)) = line.labels.get(1) {
        reports.push(
            citation::shape(batch, *at, "the node has more than one label".to_owned())
                .hint("an entity has one type; interfaces and unions say what else it is"),
        );
    }
    let entity = batch.entities.len() as u32;
    batch.entities.push(EntityFact {
        id,
        type_name,
        at,
        type_at,
    });
    let default = own_statement(batch, &line.provenance, NO_STATEMENT, reports);
    for Entry { key, key_at, item } in line.properties.drain(..) {
        let (item, statement, own) = value_statement(batch, item, default, reports);
        batch.values.push(ValueFact {
            entity,
            key,
            key_at,
            item,
            statement,
            own,
        });
    }
}

/// `{"value": …, "cite": …}` taken apart; any other value is itself.
fn value_statement(batch: &mut Batch, item: Item, default: u32, reports: &mut Reports) -> (Item, u32, bool) {
    let is_statement = match &item.value {
        Value::Map(entries) => {
            let is_key = |entry: &Entry| matches!(batch.text(entry.key), "value" | "cite" | "rank" | "valid");
            entries.iter().all(is_key) && entries.iter().any(|it| batch.text(it.key) == "value")
        }
        _ => false,
    };
    match item.value {
        Value::Map(entries) if is_statement => {
            let statement = own_statement(batch, &entries, default, reports);
            let value = entries.into_iter().find(|it| batch.text(it.key) == "value");
            let item = value.map_or(
                Item {
                    value: Value::Null,
                    at: item.at,
                },
                |it| it.item,
            );
            (item, statement, true)
        }
        value => (Item { value, at: item.at }, default, false),
    }
}

/// The statement that some keys make, or the one that holds without them.
fn own_statement(batch: &mut Batch, entries: &[Entry], default: u32, reports: &mut Reports) -> u32 {
    let said = entries.iter().any(|it| batch.text(it.key) != "value");
    if !said {
        return default;
    }
    let fallback = batch.statements.get(default as usize).cloned();
    let statement = citation::statement(batch, entries, Defaults::default(), fallback.as_ref(), reports);
    batch.statements.push(statement);
    batch.statements.len() as u32 - 1
}

fn edge(batch: &mut Batch, line: &mut Line, whole: Span, reports: &mut Reports) {
    let (Some((from, from_at)), Some((to, to_at))) = (line.from, line.to) else {
        let missing = if line.from.is_none() { "from" } else { "to" };
        reports.push(
            citation::shape(batch, whole, format!("the edge has no \"{missing}\""))
                .hint("an edge has \"from\" and \"to\", each the id of a node"),
        );
        return;
    };
    let Some((name, via_at)) = line.labels.first().copied() else {
        reports.push(
            citation::shape(batch, whole, "the edge has no label".to_owned())
                .hint("add \"labels\": [\"<a relation of the schema>\"]"),
        );
        return;
    };
    if let Some((_, at)) = line.labels.get(1) {
        reports.push(
            citation::shape(batch, *at, "the edge has more than one label".to_owned())
                .hint("write one line for each relation"),
        );
    }
    let properties = edge_properties(&mut line.properties);
    let statement = own_statement(batch, &line.provenance, NO_STATEMENT, reports);
    batch.edges.push(EdgeFact {
        via: Via::Relation { from, from_at, name },
        via_at,
        to,
        to_at,
        properties,
        statement,
        own: statement != NO_STATEMENT,
    });
}

/// One entry for each property: the elements of a list are put together again, unless there is only one.
fn edge_properties(elements: &mut Vec<Entry>) -> Box<[Entry]> {
    let mut properties: Vec<Entry> = Vec::with_capacity(elements.len());
    let mut elements = elements.drain(..).peekable();
    while let Some(first) = elements.next() {
        let mut items = Vec::new();
        while let Some(next) = elements.next_if(|it| it.key_at == first.key_at) {
            items.push(next.item);
        }
        if items.is_empty() {
            properties.push(first);
            continue;
        }
        let end = items.last().map_or(first.item.at.end, |it| it.at.end);
        let at = Span {
            start: first.item.at.start,
            end,
        };
        items.insert(0, first.item);
        let item = Item {
            value: Value::List(items.into()),
            at,
        };
        properties.push(Entry { item, ..first });
    }
    properties.into()
}
