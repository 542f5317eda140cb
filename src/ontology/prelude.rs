//! What stands before every schema: our directives, our scalars, the built-in types.

/// The SDL that a user's files are read after.
pub(super) const PRELUDE: &str = r#"
directive @entity(class: String, plural: String, label: String) on OBJECT | INTERFACE
directive @relation(name: String, inverse: String, symmetric: Boolean = false, transitive: Boolean = false, edge: String, class: String) on FIELD_DEFINITION
directive @edge on OBJECT
directive @search on FIELD_DEFINITION
directive @unique on FIELD_DEFINITION
directive @index on FIELD_DEFINITION

scalar Date
scalar DateTime
scalar URL
scalar Text
scalar Decimal
scalar JSON

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
"#;

/// Types that only Clew defines: the user's schema may neither define nor extend them.
/// The last lines are those of answers to come, kept free so that a schema stays valid.
pub(super) const RESERVED_TYPES: &[&str] = &[
    "Query",
    "Mutation",
    "Subscription",
    "Node",
    "Entity",
    "Statement",
    "StatementConnection",
    "StatementEdge",
    "Citation",
    "Validity",
    "Rank",
    "Link",
    "LinkConnection",
    "LinkEdge",
    "PageInfo",
    "GraphInfo",
    "TypeInfo",
    "RelationInfo",
    "ExampleQuery",
    "EntityType",
    "RelationName",
    "Direction",
    "SortOrder",
    "EntityFilter",
    "EntityOrder",
    "EntityConnection",
    "EntityEdge",
    "EntityRelationFilter",
    "IDFilter",
    "StringFilter",
    "StringListFilter",
    "IntFilter",
    "FloatFilter",
    "BooleanFilter",
    "DateFilter",
    "DateTimeFilter",
    "URLFilter",
    "TextFilter",
    "DecimalFilter",
    "JSONFilter",
    "EntityTypeFilter",
    "Path",
    "PathConnection",
    "PathEdge",
    "Subgraph",
    "SearchConnection",
    "SearchEdge",
    "Highlight",
    "RankedEntity",
    "Component",
    "RankingMethod",
    "SimilarityMethod",
    "Conflict",
    "ConflictConnection",
    "ConflictEdge",
    "TimelineEntry",
    "TimelineConnection",
    "TimelineEdge",
    "AggregateKey",
    "AggregateOrder",
    "EntityAggregate",
    "EntityGroup",
    "EntityGroupKey",
    "IDMeasures",
    "StringMeasures",
    "IntMeasures",
    "FloatMeasures",
    "BooleanMeasures",
    "DateMeasures",
    "DateTimeMeasures",
    "URLMeasures",
    "TextMeasures",
    "DecimalMeasures",
];

/// Scalars that a schema may declare again, since many tools ask for it; the declaration is dropped.
pub(super) const REDECLARABLE: &[&str] = &[
    "ID", "String", "Int", "Float", "Boolean", "Date", "DateTime", "URL", "Text", "Decimal", "JSON",
];

/// Root fields that are not made from a type, those of answers to come among them.
pub(super) const RESERVED_ROOT_FIELDS: &[&str] = &[
    "node",
    "nodes",
    "graph",
    "search",
    "path",
    "paths",
    "neighborhood",
    "ranking",
    "similar",
    "components",
    "timeline",
    "conflicts",
];

/// Fields that every entity has, with their types; a declared field of the same type takes the place.
pub(super) const ENTITY_FIELDS: &[(&str, &str)] = &[
    ("id", "ID!"),
    ("entityId", "ID!"),
    ("label", "String!"),
    ("description", "String"),
    ("degree", "Int!"),
    ("statements", "StatementConnection!"),
    ("links", "LinkConnection!"),
    ("follow", "EntityConnection!"),
];

/// Fields of all filters, which combine conditions.
pub(super) const FILTER_WORDS: &[&str] = &["and", "or", "not"];

/// Words that GraphQL does not take as values of an enum. Entity types are values of the enum `EntityType`.
pub(super) const LITERALS: &[&str] = &["true", "false", "null"];

/// All names that the fields of entities cannot have, as hints list them.
pub(super) fn reserved_fields() -> String {
    let generated = ENTITY_FIELDS.iter().map(|(name, _)| *name);
    let words = DATA_WORDS.iter().chain(FILTER_WORDS).copied();
    generated.chain(words).collect::<Vec<_>>().join(", ")
}

/// Keys with a meaning of their own in the entries of data files.
pub(super) const DATA_WORDS: &[&str] = &["cite", "rank", "valid"];

/// Keys with a meaning of their own in the edges of data files, and fields of generated edge types.
pub(super) const EDGE_WORDS: &[&str] = &["to", "cite", "rank", "valid", "node", "cursor", "statement"];
