//! Reads files into facts: entities, values and edges, each with its position in a file and its source.
//!
//! [`Files`] takes a folder (or one file) of YAML and JSON Lines, plain or compressed, and produces [`Batch`]es. A YAML
//! file is one batch. A JSON Lines file is split at line ends into parts of a few megabytes, which all cores read
//! independently, so no large file is in memory as a whole. Texts without escapes are not copied: a [`Str`] is a span
//! of the batch's text. `graph` checks the facts against the schema. Reading takes time linear in the bytes, and memory
//! for the parts that are being read plus about 20 bytes per entity.

mod citation;
mod files;
mod json;
mod jsonl;
mod jsonl_errors;
mod keys;
mod parts;
mod yaml;
mod yaml_hints;
mod yaml_tree;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use citation::key_meant;
pub use files::{Files, fingerprint, is_data};
pub use parts::{Ids, Part, Progress};

use crate::report::{Place, Reports, SourceText};

/// A text in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Str {
    start: u32,
    length: u32,
}

/// Position in a batch: a range of bytes of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

/// A value as the file says it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, in the digits of the file.
    Number(Str),
    /// A text.
    String(Str),
    /// A list.
    List(Box<[Item]>),
    /// A mapping.
    Map(Box<[Entry]>),
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The value.
    pub value: Value,
    /// Where.
    pub at: Span,
}

/// One entry of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Str,
    /// Position of the key.
    pub key_at: Span,
    /// The value.
    pub item: Item,
}

/// An entity is said to exist.
#[derive(Debug)]
pub struct EntityFact {
    /// Its id.
    pub id: Str,
    /// Its type's name.
    pub type_name: Str,
    /// Where.
    pub at: Span,
    /// Position of the type's name.
    pub type_at: Span,
}

/// An entity is said to have a value.
#[derive(Debug)]
pub struct ValueFact {
    /// The entity's position in the batch.
    pub entity: u32,
    /// The field.
    pub key: Str,
    /// Position of the field's name.
    pub key_at: Span,
    /// The value.
    pub item: Item,
    /// The position of its statement in the batch, or [`NO_STATEMENT`].
    pub statement: u32,
    /// Whether the value is written as a statement of its own, which others may contradict.
    pub own: bool,
}

/// No statement goes with a fact.
pub const NO_STATEMENT: u32 = u32::MAX;

/// One end and the kind of an edge.
#[derive(Debug)]
pub enum Via {
    /// From the entity at this position of the batch, over one of its fields.
    Field {
        /// The entity's position in the batch.
        entity: u32,
        /// The field.
        key: Str,
    },
    /// From an id, over a relation.
    Relation {
        /// The id that the edge begins at.
        from: Str,
        /// Position of the start.
        from_at: Span,
        /// The relation's name.
        name: Str,
    },
}

/// Two entities are said to be related.
#[derive(Debug)]
pub struct EdgeFact {
    /// The start of the edge, and its relation.
    pub via: Via,
    /// Position of the field or the relation.
    pub via_at: Span,
    /// The id that it ends in.
    pub to: Str,
    /// Position of the end.
    pub to_at: Span,
    /// The edge's own properties.
    pub properties: Box<[Entry]>,
    /// The position of its statement in the batch, or [`NO_STATEMENT`].
    pub statement: u32,
    /// Whether the edge is written as a statement of its own, which others may contradict.
    pub own: bool,
}

/// Provenance of a fact: its sources, its rank and its validity.
#[derive(Debug, Clone, Default)]
pub struct StatementFact {
    /// The citations.
    pub citations: Vec<CitationFact>,
    /// Its rank, as the file says it.
    pub rank: Option<Item>,
    /// When it holds, as the file says it.
    pub valid: Option<Item>,
}

/// A place in a source.
#[derive(Debug, Clone)]
pub struct CitationFact {
    /// The source's id.
    pub source: Str,
    /// The place in it.
    pub locator: Option<Str>,
    /// Whether the file gives the locator alone, for its default source.
    pub is_bare: bool,
    /// Whether the source is the file's default one.
    pub is_default: bool,
    /// Whether it is a text without `#` in a file without a default source, so that it is read as the source alone.
    pub lacks_default: bool,
    /// A remark.
    pub note: Option<Str>,
    /// Where.
    pub at: Span,
}

/// Information about the graph as a whole, from a data file.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct GraphFact {
    /// Its title.
    pub title: Option<String>,
    /// Its subject.
    pub description: Option<String>,
    /// Under which terms it may be used.
    pub licence: Option<String>,
    /// Address of a description.
    pub url: Option<String>,
    /// Queries that show what can be asked of it.
    pub examples: Vec<Example>,
}

/// A query that shows what can be asked of a graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The question in words.
    pub title: String,
    /// The question in GraphQL.
    pub query: String,
}

/// The facts of a file, or of a part of it.
#[derive(Debug)]
pub struct Batch {
    /// The text that they are written in.
    pub source: Arc<SourceText>,
    /// Texts that the file writes with escapes, as they are meant.
    extra: String,
    /// Entities.
    pub entities: Vec<EntityFact>,
    /// Types under which no entity stands, and where they are written.
    pub empty_types: Vec<(Str, Span)>,
    /// Values.
    pub values: Vec<ValueFact>,
    /// Edges.
    pub edges: Vec<EdgeFact>,
    /// Edges that are not read, since what is written is not one, which is reported: the position of their entity, and the
    /// field.
    pub refused: Vec<(u32, Str)>,
    /// Statements that the others refer to.
    pub statements: Vec<StatementFact>,
    /// The ids of the default sources, one for each document, and where they are written.
    pub default_sources: Vec<(Str, Span)>,
    /// Information about the graph.
    pub graph: GraphFact,
    /// The keys of `graph` that have one value, as often as they are written.
    pub graph_keys: Vec<(Str, Span)>,
    /// Positions of the examples' queries.
    pub example_queries: Vec<Span>,
}

impl Batch {
    fn new(source: Arc<SourceText>) -> Self {
        Self {
            source,
            extra: String::new(),
            entities: Vec::new(),
            empty_types: Vec::new(),
            values: Vec::new(),
            edges: Vec::new(),
            refused: Vec::new(),
            statements: Vec::new(),
            default_sources: Vec::new(),
            graph: GraphFact::default(),
            graph_keys: Vec::new(),
            example_queries: Vec::new(),
        }
    }

    /// The same batch with its final line numbers, once the number of lines before it in its file is known. The positions
    /// of its reports move with it.
    fn shifted(self: Arc<Self>, lines_before: usize, mut reports: Reports) -> (Arc<Self>, Reports) {
        let old = self.source.clone();
        let new = Arc::new(SourceText {
            path: old.path.clone(),
            text: old.text.clone(),
            lines_before,
        });
        for report in &mut reports.0 {
            let others = report.others.iter_mut().map(|it| &mut it.0);
            for place in report.place.iter_mut().chain(others) {
                if Arc::ptr_eq(&place.source, &old) {
                    place.source = new.clone();
                }
            }
        }
        let batch = match Arc::try_unwrap(self) {
            Ok(batch) => Batch { source: new, ..batch },
            Err(shared) => return (shared, reports),
        };
        (Arc::new(batch), reports)
    }

    /// Gives back the room that was not needed: there may be many small batches.
    fn shrink(&mut self) {
        self.extra.shrink_to_fit();
        self.entities.shrink_to_fit();
        self.values.shrink_to_fit();
        self.edges.shrink_to_fit();
        self.statements.shrink_to_fit();
    }

    /// The text of a [`Str`].
    #[inline]
    pub fn text(&self, str: Str) -> &str {
        let (start, length) = (str.start as usize, str.length as usize);
        match start.checked_sub(self.source.text.len()) {
            None => &self.source.text[start..start + length],
            Some(start) => &self.extra[start..start + length],
        }
    }

    /// The place of a span.
    pub fn place(&self, span: Span) -> Place {
        Place {
            source: self.source.clone(),
            span: span.start as usize..span.end as usize,
        }
    }

    /// The text at a span.
    pub fn written(&self, span: Span) -> &str {
        let range = span.start as usize..span.end as usize;
        self.source.text.get(range).unwrap_or_default()
    }

    /// Keeps a text that differs from the bytes in the file, for example because of escapes.
    fn keep(&mut self, text: &str) -> Str {
        let start = self.source.text.len() + self.extra.len();
        self.extra.push_str(text);
        Str {
            start: position(start),
            length: position(text.len()),
        }
    }

    /// The texts and spans are counted in 32 bits, so a batch's text is kept below 2 GiB.
    fn slice(start: usize, end: usize) -> Str {
        Str {
            start: position(start),
            length: position(end - start),
        }
    }
}

fn position(at: usize) -> u32 {
    u32::try_from(at).expect("a batch is cut before 4 GiB")
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: position(start),
            end: position(end),
        }
    }
}

impl Value {
    /// The kind of the value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
