//! The definitions that precede every schema: directives, scalars, the built-in types, and the reserved names.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::BuiltIn;
use crate::surface::{self, Fields, Row};

/// The SDL that a user's files are read after.
pub(super) const PRELUDE: &str = concat!(
    r#"
directive @entity(class: String, plural: String, label: String) on OBJECT | INTERFACE
directive @relation(name: String, inverse: String, symmetric: Boolean = false, transitive: Boolean = false, edge: String, class: String) on FIELD_DEFINITION
directive @edge on OBJECT
directive @search on FIELD_DEFINITION
directive @unique on FIELD_DEFINITION
directive @index on FIELD_DEFINITION
directive @prefix(name: String!, iri: String!) repeatable on SCHEMA
"#,
    "scalar Int64 scalar Date scalar DateTime scalar Duration scalar URL scalar Text scalar Decimal scalar Point scalar JSON",
    r#"
interface Node { id: ID! }
interface Entity { id: ID! }

type Query { clew: Boolean }

"Where facts come from: an article, a book, a page, a data set. Citations point into it."
type Source @entity(label: "title", class: "http://purl.org/dc/terms/BibliographicResource") {
  "What the source is called."
  title: String! @search
  "Where it can be read."
  url: URL
  "Who wrote or compiled it."
  author: String
  "Who published it."
  publisher: String
  "Under which terms it may be used."
  licence: String
  "When it was published."
  published: Date
  "When it was read for this graph."
  retrieved: Date
  "Its sections in order, each with the numbers of sentences of its paragraphs; locators are checked against it."
  structure: JSON
}
"#
);

/// Types that the API makes of each entity type, by what comes after its name.
const OF_ENTITIES: [&str; 10] = [
    "Filter",
    "Order",
    "Connection",
    "Edge",
    "RelationFilter",
    "Aggregate",
    "Group",
    "GroupBy",
    "GroupFilter",
    "GroupOrder",
];

/// Types that only Clew defines: the user's schema may neither define nor extend them. Those for scalars that a schema
/// does not use are kept free too, so that it stays valid when it uses them.
pub(super) fn reserved_types() -> &'static BTreeSet<String> {
    static TYPES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let fixed = [
            "Mutation",
            "Subscription",
            "Node",
            "EntityType",
            "RelationName",
            "EntityTypeFilter",
            "PointNear",
            "PointBounds",
            "PointOrder",
            "AnyFilter",
            "AnyOrder",
            "RelationCountOrder",
            "GroupOptions",
            "DateGroupOptions",
            "NumberGroupOptions",
            "GroupCountFilter",
            "GroupCountOrder",
            "TimeMeasuresOrder",
            "NumberMeasuresOrder",
        ];
        let named = surface::TYPES.iter().filter(|it| !it.contains('{'));
        let enums = surface::ENUMS.iter().map(|it| it.name);
        let all = fixed.into_iter().chain(named.copied()).chain(enums);
        let listings = surface::LISTINGS
            .iter()
            .flat_map(|it| [format!("{}Connection", it.name), format!("{}Edge", it.name)]);
        let of_entities = OF_ENTITIES.iter().map(|it| format!("Entity{it}"));
        let of_scalars = REDECLARABLE.iter().flat_map(|it| {
            let measures = (*it != "JSON").then(|| [format!("{it}Measures"), format!("{it}MeasuresFilter")]);
            [format!("{it}Filter")]
                .into_iter()
                .chain(measures.into_iter().flatten())
        });
        all.map(str::to_owned)
            .chain(listings)
            .chain(of_entities)
            .chain(of_scalars)
            .chain(["StringListFilter".to_owned()])
            .collect()
    });
    &TYPES
}

/// Scalars that a schema may declare again, since many tools ask for it; the declaration is dropped.
pub(super) const REDECLARABLE: &[&str] = &[
    "ID", "String", "Int", "Int64", "Float", "Boolean", "Date", "DateTime", "Duration", "URL", "Text",
    "Decimal", "Point", "JSON",
];

/// Root fields that are not made from a type.
pub(super) fn reserved_root_fields() -> impl Iterator<Item = &'static str> {
    surface::Query::ALL.iter().map(|(_, row)| row.name)
}

/// The field of a name that every entity has. A declared field of the same type takes its place, and of a [`BuiltIn`] one a
/// declared field of any type.
pub(super) fn entity_field(name: &str) -> Option<&'static Row> {
    let mut all = surface::Entity::ALL.iter().map(|(_, row)| row);
    all.find(|row| row.name == name)
}

/// The field of a name that only sources have.
pub(super) fn source_field(name: &str) -> Option<&'static Row> {
    let mut all = surface::SourceOnly::ALL.iter().map(|(_, row)| row);
    all.find(|row| row.name == name)
}

/// Fields of all filters, which combine conditions.
pub(super) const FILTER_WORDS: &[&str] = &["and", "or", "not"];

/// Words that GraphQL does not take as values of an enum. Entity types are values of the enum `EntityType`.
pub(super) const LITERALS: &[&str] = &["true", "false", "null"];

/// All names that the fields of entities cannot have, as hints list them.
pub(super) fn reserved_fields() -> String {
    let generated = surface::Entity::ALL.iter().map(|(_, row)| row.name);
    let generated = generated.filter(|it| BuiltIn::named(it).is_none());
    let words = DATA_WORDS.iter().chain(FILTER_WORDS).copied();
    generated.chain(words).collect::<Vec<_>>().join(", ")
}

/// Keys with a meaning of their own in the entries of data files.
pub(super) const DATA_WORDS: &[&str] = &["cite", "rank", "valid"];

/// Keys with a meaning of their own in the edges of data files, and fields of generated edge types.
pub(super) fn edge_words() -> Vec<&'static str> {
    let generated = surface::Edge::ALL.iter().map(|(_, row)| row.name);
    ["to"]
        .into_iter()
        .chain(DATA_WORDS.iter().copied())
        .chain(generated)
        .collect()
}
