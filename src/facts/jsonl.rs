//! JSON Lines in the PG-JSONL convention: a node or an edge a line. Beyond the convention, an element of
//! a property may be `{"value": …, "cite": …}`, and nodes and edges may have `cite`, `rank`, `valid`.

use std::iter::Peekable;
use std::sync::Arc;
use std::vec::Drain;

use super::citation::{self, Defaults};
use super::json::{JsonError, Kind, Reader};
use super::jsonl_errors;
use super::{Batch, EdgeFact, EntityFact, Entry, Item, NO_STATEMENT, Span, Str, Value, ValueFact, Via};
use crate::ontology::{Member, Members, Ontology, Property};
use crate::report::{Code, Report, Reports, SourceText, Unread, near_misses, quoted_list};

/// The keys of a line.
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

/// The names that other formats use for the keys of a line.
const OTHER_NAMES: [(&str, &str); 8] = [
    ("_id", "id"),
    ("key", "id"),
    ("source", "from"),
    ("start", "from"),
    ("target", "to"),
    ("end", "to"),
    ("attributes", "properties"),
    ("props", "properties"),
];

/// The key of a line that a name most likely means.
fn key_of(name: &str) -> Option<&'static str> {
    let known = KEYS.iter().find(|it| **it == name).copied();
    let other = || Some(OTHER_NAMES.iter().find(|it| it.0 == name)?.1);
    known
        .or_else(other)
        .or_else(|| near_misses(name, KEYS).into_iter().next())
}

/// Reads the lines of a part of a file.
pub(super) fn read(source: &Arc<SourceText>, ontology: &Ontology, reports: &mut Reports) -> Batch {
    let mut batch = Batch::new(source.clone());
    let text = &*source.text;
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
    batch.entities.reserve(lines);
    batch.values.reserve(lines);
    let mut start = 0;
    let mut parts = Line::default();
    let mut broken = jsonl_errors::UnreadableLines::default();
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |it| start + it);
        let mut reader = Reader::new(text, start, end);
        if reader.peek().is_some() {
            match line(&mut batch, ontology, &mut parts, &mut reader, start, end, reports) {
                Ok(()) => broken.end(),
                Err(error) => broken.report(&batch, &error, start..end, reports),
            }
        }
        start = end + 1;
    }
    batch
}

/// Finds the entities of a part of a file without reading their facts: passes on the id, the type's name and the
/// position of the id. For a part without mistakes, these are the entities that [`read`] finds.
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
            kind: Kind::Value,
            message: String::new(),
            at: 0,
        })
    };
    let _ = reader.object(batch, |reader, batch, key, _| {
        match key_of(batch.text(key)).unwrap_or_default() {
            "type" => match reader.item(batch)?.value {
                Value::String(kind) if matches!(batch.text(kind), "node" | "Node") => is_node = true,
                _ => return enough(),
            },
            "id" => id = name(reader, batch, "id")?,
            "labels" if reader.peek() == Some(b'[') => reader.array(batch, |reader, batch| {
                if let Some((name, _)) = name(reader, batch, "labels")? {
                    label.get_or_insert(name);
                }
                Ok(())
            })?,
            "labels" => label = name(reader, batch, "labels")?.map(|it| it.0),
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
struct Line<'o> {
    /// The label of the line before, whether that is a node, and the members of its type or edges where some may be any
    /// JSON.
    members: Option<(Str, bool, Option<&'o Members>)>,
    kind: Option<Item>,
    id: Option<(Str, Span)>,
    from: Option<(Str, Span)>,
    to: Option<(Str, Span)>,
    labels: Vec<(Str, Span)>,
    /// One for each element of a property's list, or one for a list without any.
    properties: Vec<Element>,
    provenance: Vec<Entry>,
}

/// A value of a property.
struct Element {
    entry: Entry,
    /// Position of the list of which it is an element.
    list: Option<Span>,
}

impl Element {
    /// Whether it represents an empty list.
    fn is_empty_list(&self) -> bool {
        matches!(&self.entry.item.value, Value::List(items) if items.is_empty())
            && self.list == Some(self.entry.item.at)
    }
}

impl<'o> Line<'o> {
    fn clear(&mut self) {
        self.labels.clear();
        self.properties.clear();
        self.provenance.clear();
        (self.kind, self.id, self.from, self.to) = (None, None, None, None);
    }

    /// The members that a label means, if some of them may be any JSON.
    fn members(
        &mut self,
        batch: &Batch,
        label: Str,
        is_node: bool,
        find: impl FnOnce(&str) -> Option<&'o Members>,
    ) -> Option<&'o Members> {
        let name = batch.text(label);
        if let Some((known, is_of_node, members)) = self.members
            && is_of_node == is_node
            && batch.text(known) == name
        {
            return members;
        }
        let has_json = |it: &&Members| it.properties.iter().any(Property::is_json);
        let members = find(name).filter(has_json);
        self.members = Some((label, is_node, members));
        members
    }
}

fn line<'o>(
    batch: &mut Batch,
    ontology: &'o Ontology,
    line: &mut Line<'o>,
    reader: &mut Reader,
    start: usize,
    end: usize,
    reports: &mut Reports,
) -> Result<(), JsonError> {
    line.clear();
    let mut unknown = Vec::new();
    reader
        .object(batch, |reader, batch, key, key_at| {
            let written = batch.text(key);
            let word = key_of(written);
            if word != Some(written) {
                unknown.push((key, key_at));
            }
            // A misspelled key is read as the key that it means, so that nothing else seems to be missing.
            match word.unwrap_or_default() {
                "type" => line.kind = Some(reader.item(batch)?),
                "id" => line.id = name(reader, batch, "id")?,
                "from" => line.from = name(reader, batch, "from")?,
                "to" => line.to = name(reader, batch, "to")?,
                "labels" => {
                    if reader.peek() == Some(b'[') {
                        reader.array(batch, |reader, batch| {
                            line.labels.extend(name(reader, batch, "labels")?);
                            Ok(())
                        })?;
                    } else {
                        line.labels.extend(name(reader, batch, "labels")?);
                    }
                }
                "properties" if reader.peek() == Some(b'{') => {
                    reader.object(batch, |reader, batch, key, key_at| {
                        property(batch, reader, key, key_at, &mut line.properties)
                    })?;
                }
                "properties" => {
                    let item = reader.item(batch)?;
                    if item.value != Value::Null {
                        return Err(wrong("properties", "an object", &item));
                    }
                }
                known @ ("cite" | "rank" | "valid") => {
                    let item = reader.item(batch)?;
                    let key = if known == batch.text(key) {
                        key
                    } else {
                        batch.keep(known)
                    };
                    line.provenance.push(Entry { key, key_at, item });
                }
                _ => {
                    reader.item(batch)?;
                }
            }
            Ok(())
        })
        .and_then(|()| reader.finish())?;
    let whole = Span::new(start, end);
    let is_sound = unknown.is_empty();
    for (key, at) in unknown {
        let key = batch.text(key);
        let hint = match key_of(key) {
            Some(word) => format!("did you mean {}?", quoted_list(&[word], "or")),
            None => {
                "a line has type, labels, properties, and id (a node) or from and to (an edge)".to_owned()
            }
        };
        let report = Report::new(Code::SHAPE, format!("a line has no \"{key}\""))
            .at(batch.place(at), "unknown")
            .hint(hint)
            .unread(Unread::Entities);
        reports.push(report);
    }
    let kind = match &line.kind {
        Some(Item {
            value: Value::String(kind),
            ..
        }) => Some(batch.text(*kind)),
        _ => None,
    };
    let lacking = match kind {
        Some("node" | "Node") => node(batch, ontology, line, whole, reports),
        Some("edge" | "Edge" | "relationship") => edge(batch, ontology, line, whole, reports),
        _ => {
            let at = line.kind.as_ref().map_or(whole, |it| it.at);
            let report = citation::shape(batch, at, "the line is neither a node nor an edge".to_owned())
                .hint("write \"type\": \"node\" or \"type\": \"edge\"")
                .unread(Unread::Entities);
            Err(report)
        }
    };
    // A key that is not known may be what is lacking.
    reports.0.extend(lacking.err().filter(|_| is_sound));
    Ok(())
}

/// Reads the values of a property.
fn property(
    batch: &mut Batch,
    reader: &mut Reader,
    key: Str,
    key_at: Span,
    properties: &mut Vec<Element>,
) -> Result<(), JsonError> {
    let element = |item, list| Element {
        entry: Entry { key, key_at, item },
        list,
    };
    if reader.peek() != Some(b'[') {
        properties.push(element(reader.item(batch)?, None));
        return Ok(());
    }
    let (start, first) = (reader.position(), properties.len());
    reader.array(batch, |reader, batch| {
        properties.push(element(reader.item(batch)?, None));
        Ok(())
    })?;
    let list = Span::new(start, reader.position());
    if properties.len() == first {
        let value = Value::List(Box::default());
        properties.push(element(Item { value, at: list }, None));
    }
    for element in &mut properties[first..] {
        element.list = Some(list);
    }
    Ok(())
}

/// The whole list that an element and those after it are of.
fn list(first: Element, list: Span, elements: &mut Peekable<Drain<Element>>) -> Entry {
    let mut items = Vec::new();
    if !first.is_empty_list() {
        items.push(first.entry.item);
    }
    while let Some(next) = elements.next_if(|it| it.list == Some(list)) {
        items.push(next.entry.item);
    }
    let value = Value::List(items.into());
    Entry {
        item: Item { value, at: list },
        ..first.entry
    }
}

/// The property, where its values may be any JSON.
fn json<'o>(members: Option<&'o Members>, key: &str) -> Option<&'o Property> {
    match members?.get(key)? {
        Member::Property(no) => Some(members?.property(no)).filter(|it| it.is_json()),
        Member::Relation(_) => None,
    }
}

/// A text or a number under a key of the line; none where it is null.
fn name(reader: &mut Reader, batch: &mut Batch, key: &str) -> Result<Option<(Str, Span)>, JsonError> {
    let item = reader.item(batch)?;
    match item.value {
        Value::String(text) | Value::Number(text) => Ok(Some((text, item.at))),
        Value::Null => Ok(None),
        _ => Err(wrong(key, "a text", &item)),
    }
}

fn wrong(key: &str, expected: &str, item: &Item) -> JsonError {
    JsonError {
        kind: Kind::Value,
        message: format!("\"{key}\" is {expected}, not {}", item.value.kind()),
        at: item.at.start as usize,
    }
}

fn node<'o>(
    batch: &mut Batch,
    ontology: &'o Ontology,
    line: &mut Line<'o>,
    whole: Span,
    reports: &mut Reports,
) -> Result<(), Report> {
    let lacks = |what: &str, hint: &str| {
        let report = citation::shape(batch, whole, format!("the node has no {what}"));
        report.hint(hint).unread(Unread::Entities)
    };
    let Some((id, at)) = line.id else {
        return Err(lacks("id", "add \"id\": \"…\""));
    };
    let Some((type_name, type_at)) = line.labels.first().copied() else {
        return Err(lacks("label", "add \"labels\": [\"<a type of the schema>\"]"));
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
    let default = own_statement(batch, &line.provenance, NO_STATEMENT, false, reports);
    let members = line.members(batch, type_name, true, |name| {
        let id = ontology.type_named(name)?;
        Some(&ontology.entity_type(id).members)
    });
    let mut elements = line.properties.drain(..).peekable();
    while let Some(first) = elements.next() {
        let property = json(members, batch.text(first.entry.key));
        let is_element = first.list.is_some() && !first.is_empty_list();
        let entry = match first.list {
            // A JSON value may itself be a list, so only a list property is taken apart.
            Some(at) if property.is_some_and(|it| !it.list) => list(first, at, &mut elements),
            _ => own(first),
        };
        let is_json = property.is_some();
        if is_json && is_element && entry.item.value == Value::Null {
            let report = citation::shape(batch, entry.item.at, "a list has no empty element".to_owned());
            reports.push(report.hint("leave it out"));
        }
        let (item, statement, own) = value_statement(batch, entry.item, default, is_json, reports);
        batch.values.push(ValueFact {
            entity,
            key: entry.key,
            key_at: entry.key_at,
            item,
            statement,
            own,
        });
    }
    Ok(())
}

/// An element's own value. A list without elements says nothing, but its name may be a misspelled one.
fn own(element: Element) -> Entry {
    if !element.is_empty_list() {
        return element.entry;
    }
    let Entry { key, key_at, item } = element.entry;
    let item = Item {
        value: Value::Null,
        at: item.at,
    };
    Entry { key, key_at, item }
}

/// `{"value": …, "cite": …}` taken apart; any other value is itself.
fn value_statement(
    batch: &mut Batch,
    item: Item,
    default: u32,
    is_json: bool,
    reports: &mut Reports,
) -> (Item, u32, bool) {
    match item.value {
        Value::Map(entries) if citation::is_statement(batch, &entries, is_json) => {
            citation::check_statement(batch, &entries, item.at, reports);
            let statement = own_statement(batch, &entries, default, true, reports);
            (citation::value_of(batch, entries, item.at), statement, true)
        }
        value => (Item { value, at: item.at }, default, false),
    }
}

/// The statement that some keys make, or the one that holds without them.
fn own_statement(
    batch: &mut Batch,
    entries: &[Entry],
    default: u32,
    is_whole: bool,
    reports: &mut Reports,
) -> u32 {
    let said = entries.iter().any(|it| batch.text(it.key) != "value");
    if !said {
        return default;
    }
    let fallback = batch.statements.get(default as usize).cloned();
    let statement = citation::statement(
        batch,
        entries,
        Defaults::default(),
        fallback.as_ref(),
        is_whole,
        reports,
    );
    batch.statements.push(statement);
    batch.statements.len() as u32 - 1
}

fn edge<'o>(
    batch: &mut Batch,
    ontology: &'o Ontology,
    line: &mut Line<'o>,
    whole: Span,
    reports: &mut Reports,
) -> Result<(), Report> {
    let lacks = |what: &str, hint: &str| {
        let report = citation::shape(batch, whole, format!("the edge has no {what}"));
        report.hint(hint).unread(Unread::Edge)
    };
    let (Some((from, from_at)), Some((to, to_at))) = (line.from, line.to) else {
        let missing = if line.from.is_none() { "\"from\"" } else { "\"to\"" };
        return Err(lacks(
            missing,
            "an edge has \"from\" and \"to\", each the id of a node",
        ));
    };
    let Some((name, via_at)) = line.labels.first().copied() else {
        return Err(lacks("label", "add \"labels\": [\"<a relation of the schema>\"]"));
    };
    if let Some((_, at)) = line.labels.get(1) {
        reports.push(
            citation::shape(batch, *at, "the edge has more than one label".to_owned())
                .hint("write one line for each relation"),
        );
    }
    let members = line.members(batch, name, false, |name| {
        let relation = ontology.relation(ontology.relation_named(name)?);
        Some(&ontology.edge_types[relation.edge?.index()].members)
    });
    let properties = edge_properties(batch, members, &mut line.properties);
    let statement = own_statement(batch, &line.provenance, NO_STATEMENT, false, reports);
    batch.edges.push(EdgeFact {
        via: Via::Relation { from, from_at, name },
        via_at,
        to,
        to_at,
        properties,
        statement,
        own: statement != NO_STATEMENT,
    });
    Ok(())
}

/// One entry for each property: the elements of a list are put together again, unless there is only one.
fn edge_properties(batch: &Batch, members: Option<&Members>, elements: &mut Vec<Element>) -> Box<[Entry]> {
    let mut properties: Vec<Entry> = Vec::with_capacity(elements.len());
    let mut elements = elements.drain(..).peekable();
    while let Some(first) = elements.next() {
        let property = json(members, batch.text(first.entry.key));
        let is_whole = property.is_some_and(|it| !it.list);
        let is_list = elements
            .peek()
            .is_some_and(|it| it.list.is_some() && it.list == first.list);
        properties.push(match first.list {
            Some(at) if is_whole || is_list => list(first, at, &mut elements),
            _ => own(first),
        });
    }
    properties.into()
}
