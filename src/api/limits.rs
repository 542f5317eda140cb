//! Limits on the cost of a request, and the parts of the cost that its document alone determines.

use std::collections::HashMap;
use std::time::Duration;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};

use super::answer::GraphqlError;

/// Errors of one document that are reported.
pub(super) const MOST_ERRORS: usize = 20;

/// Limits on the cost of a request. Each limit has its own error code; `docs/operations.md` lists them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Tokens of the document.
    pub tokens: usize,
    /// Fields below each other, fragments followed.
    pub depth: u64,
    /// Aliases, fragments followed.
    pub aliases: u64,
    /// Fields, fragments followed.
    pub fields: u64,
    /// Entries on one page, ids in one `nodes`.
    pub page: usize,
    /// Entries that all pages could have together, and candidates that filters look at.
    pub cost: u64,
    /// Number of visited entities and edges.
    pub rows: u64,
    /// Bytes of the answer.
    pub bytes: usize,
    /// How long a run may take.
    pub time: Duration,
    /// Whether operations may ask about the schema, and the schema is served.
    pub introspection: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 20_000,
            depth: 50,
            aliases: 2_000,
            fields: 50_000,
            page: 10_000,
            cost: 10_000_000_000,
            rows: 100_000_000,
            bytes: 32 << 20,
            time: Duration::from_secs(30),
            introspection: true,
        }
    }
}

/// Levels of fields below `__schema` and `__type`. Introspection queries of tools nest `ofType` up to ten times.
const INTROSPECTION_DEPTH: u64 = 30;
/// Fields below `__schema` and `__type`, with fragments expanded.
const INTROSPECTION_FIELDS: u64 = 2_000;

/// The size of an operation with its fragments put in their places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    depth: u64,
    aliases: u64,
    fields: u64,
    /// The same of what is asked about the schema.
    meta_depth: u64,
    meta_fields: u64,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            aliases: self.aliases.saturating_add(other.aliases),
            fields: self.fields.saturating_add(other.fields),
            meta_depth: self.meta_depth.max(other.meta_depth),
            meta_fields: self.meta_fields.saturating_add(other.meta_fields),
        }
    }

    /// The size of a field, with that of its selections.
    fn of_field(field: &Field, inner: Self) -> Self {
        let aliases = inner.aliases.saturating_add(field.alias.is_some().into());
        let (depth, fields) = (inner.depth + 1, inner.fields.saturating_add(1));
        if matches!(field.name.as_str(), "__schema" | "__type") {
            return Self {
                aliases,
                meta_depth: depth,
                meta_fields: fields,
                ..Self::default()
            };
        }
        Self {
            depth,
            aliases,
            fields,
            ..inner
        }
    }
}

impl Limits {
    /// Checks an operation against the limits before it is planned. Takes time linear in the document, regardless of how
    /// often its fragments are spread.
    pub(super) fn check(&self, document: &ExecutableDocument, operation: &Operation) -> Vec<GraphqlError> {
        let size = measure(document, &operation.selection_set, &mut HashMap::new());
        let over = [
            ("DEPTH_LIMIT", "is nested", size.depth, self.depth, "levels deep"),
            ("ALIAS_LIMIT", "has", size.aliases, self.aliases, "aliases"),
            (
                "FIELD_LIMIT",
                "has",
                size.fields,
                self.fields,
                "fields, its fragments put in their places,",
            ),
            (
                "DEPTH_LIMIT",
                "asks about the schema",
                size.meta_depth,
                INTROSPECTION_DEPTH,
                "levels deep",
            ),
            (
                "FIELD_LIMIT",
                "asks about the schema with",
                size.meta_fields,
                INTROSPECTION_FIELDS,
                "fields",
            ),
        ];
        over.into_iter()
            .filter(|(_, _, size, limit, _)| size > limit)
            .map(|(code, verb, size, limit, what)| {
                GraphqlError::request(
                    code,
                    format!(
                        "the operation {verb} {size} {what} and {limit} are allowed: ask for less at once"
                    ),
                )
            })
            .collect()
    }
}

fn measure<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    fragments: &mut HashMap<&'a str, Size>,
) -> Size {
    let mut total = Size::default();
    for selection in &set.selections {
        let size = match selection {
            Selection::Field(field) => {
                let inner = field
                    .selection_set
                    .as_ref()
                    .map(|it| measure(document, it, fragments));
                Size::of_field(field, inner.unwrap_or_default())
            }
            Selection::InlineFragment(it) => measure(document, &it.selection_set, fragments),
            Selection::FragmentSpread(it) => {
                let name = it.fragment_name.as_str();
                match (fragments.get(name), document.fragments.get(name)) {
                    (Some(known), _) => *known,
                    (None, Some(fragment)) => {
                        let size = measure(document, &fragment.selection_set, fragments);
                        fragments.insert(name, size);
                        size
                    }
                    (None, None) => Size::default(),
                }
            }
        };
        total = total.beside(size);
    }
    total
}
