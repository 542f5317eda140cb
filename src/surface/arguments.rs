//! Arguments, in the groups that fields share.

/// An argument of a field.
#[derive(Debug)]
pub struct Argument {
    /// The GraphQL name.
    pub name: &'static str,
    /// The GraphQL type, perhaps with placeholders.
    pub ty: &'static str,
    /// The description, perhaps with placeholders; empty if another description covers it for many fields.
    pub description: &'static str,
    /// Its value where it is not given.
    pub given: Given,
    /// In which schemas it exists.
    pub when: When,
}

/// The value of an argument that is not given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given {
    /// None: its description says what then happens.
    Nothing,
    /// A whole number.
    Int(usize),
    /// A number.
    Float(f64),
    /// A boolean.
    Boolean(bool),
    /// A value of an enum.
    Enum(&'static str),
}

/// In which schemas an argument exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// In all.
    Always,
    /// In those that have relations: an enum without values is not possible.
    HasRelations,
}

const fn argument(name: &'static str, ty: &'static str, description: &'static str) -> Argument {
    Argument {
        name,
        ty,
        description,
        given: Given::Nothing,
        when: When::Always,
    }
}

/// An argument that many fields have: the description of `Query`, or of its own type, says what it does.
const fn shared(name: &'static str, ty: &'static str) -> Argument {
    argument(name, ty, "")
}

impl Argument {
    const fn or(self, given: Given) -> Self {
        Self { given, ..self }
    }

    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

/// The id of an entity, for a lookup that has nothing else.
pub const ID: &[Argument] = &[shared("id", "ID!")];
/// A reference to an entity.
pub const REFERENCE: &[Argument] = &[argument(
    "ref",
    "String!",
    "The id, a CURIE (`wd:Q42`) or IRI from `sameAs`, the label, or an alias of an entity.",
)];
/// The ids of entities.
pub const IDS: &[Argument] = &[shared("ids", "[ID!]!")];
/// A lookup by the id or by a unique property.
pub const ID_OR_UNIQUE: &[Argument] = &[shared("id", "ID"), shared("by", "{unique}")];
/// The date that an answer holds at.
pub const AS_OF: &[Argument] = &[shared("asOf", "Date")];
/// A part of a list.
pub const PAGE: &[Argument] = &[
    shared("first", "Int"),
    shared("after", "String"),
    shared("last", "Int"),
    shared("before", "String"),
];
/// A choice of a list's entities and their order.
pub const CHOICE: &[Argument] = &[
    shared("filter", "{filter}"),
    shared("orderBy", "[{order}!]"),
    shared("collation", "String"),
];
/// A condition on entities of any type.
pub const ANY_FILTER: &[Argument] = &[shared("filter", "AnyFilter")];
/// A choice of entities of any type, and their order.
pub const ANY_CHOICE: &[Argument] = &[
    shared("filter", "AnyFilter"),
    shared("orderBy", "[AnyOrder!]"),
    shared("collation", "String"),
];
/// How far a transitive relation is followed.
pub const DEPTH: &[Argument] = &[argument(
    "depth",
    "Int",
    "Follows up to `depth` edges in sequence. Returns each entity once, nearest first, with the edge by which it was first reached. The cost grows with the number of edges on the way.",
)];
/// The languages of a text.
pub const LANGUAGES: &[Argument] = &[shared("lang", "[String!]")];
/// A path expression.
pub const EXPRESSION: &[Argument] = &[argument(
    "path",
    "String!",
    "The relation fields to follow: `a/b` in sequence, `a|b` either one, `^a` in the reverse direction, `a*` zero or more times, `a+` one or more times, `a?` zero or one time, `a{2,3}` two or three times. Parentheses group. The precedence is that of SPARQL 1.1 property paths: `^`, then `*`, then `/`, then `|`.",
)];
/// The fields that statements are about.
pub const ABOUT: &[Argument] = &[argument(
    "fields",
    "[String!]",
    "Only statements about these fields.",
)];

/// Which statements that cite a source are listed.
pub const CITING: &[Argument] = &[
    argument(
        "types",
        "[EntityType!]",
        "Only statements about entities of these types.",
    ),
    argument("fields", "[String!]", "Only statements about these fields."),
    argument(
        "locator",
        "String",
        "Only statements that cite this place, a part of it, or a range that overlaps it: `history` matches `history/2/1`, and `history/2/2` matches `history/2/1-3`.",
    ),
];

/// The relations that edges have.
pub const VIA: &[Argument] =
    &[argument("via", "[RelationName!]", "Only edges of these relations.").when(When::HasRelations)];
/// Which edges of an entity are listed.
pub const LINK_DIRECTION: &[Argument] = &[argument(
    "direction",
    "Direction",
    "Only edges in this direction. Defaults to both directions.",
)];
/// Which way edges are walked, by default both ways.
pub const EITHER_DIRECTION: &[Argument] = &[argument(
    "direction",
    "Direction",
    "Direction in which edges are followed. Defaults to both directions.",
)];
/// Which way edges are walked for a ranking.
pub const RANKING_DIRECTION: &[Argument] = &[argument(
    "direction",
    "Direction",
    "Direction in which edges are followed. Defaults to `OUT` for `PAGE_RANK` and to both directions for other methods.",
)];
/// Which way edges are walked for components.
pub const COMPONENT_DIRECTION: &[Argument] = &[argument(
    "direction",
    "Direction",
    "Direction in which edges are followed, for strong components. Defaults to `OUT`.",
)];
/// The entities that are not walked through.
pub const AVOID: &[Argument] = &[
    argument("avoid", "[ID!]", "Excludes these entities."),
    argument(
        "avoidTypes",
        "[EntityType!]",
        "Excludes all entities of these types.",
    ),
];

/// The ends of a path.
pub const ENDS: &[Argument] = &[
    argument("from", "ID!", "Id of the entity at the start."),
    argument("to", "ID!", "Id of the entity at the end."),
];
/// The length of a path.
pub const LENGTH: &[Argument] = &[
    argument("maxHops", "Int", "Maximum number of edges.").or(Given::Int(super::DEFAULT_HOPS)),
    argument(
        "weight",
        "String",
        "The edge property that is the weight of an edge, a number of 0 or more. An edge without it has the weight 1. The path with the lowest total weight is returned.",
    ),
];
/// The next entries of a list that is only read forwards.
pub const NEXT: &[Argument] = &[
    shared("first", "Int").or(Given::Int(super::DEFAULT_PAGE)),
    shared("after", "String"),
];
/// The middle and the size of a neighborhood.
pub const MIDDLE: &[Argument] = &[
    argument("of", "[ID!]!", "Ids of the entities in the center."),
    argument("hops", "Int", "Maximum distance, in edges.").or(Given::Int(1)),
];
/// The number of entities of a neighborhood.
pub const MOST_NEIGHBORS: &[Argument] = &[shared("first", "Int").or(Given::Int(super::DEFAULT_SURROUNDINGS))];
/// The number of ranked entities or components.
pub const MOST_RANKED: &[Argument] = &[shared("first", "Int").or(Given::Int(super::DEFAULT_RANKED))];
/// The method of a ranking.
pub const RANKED_BY: &[Argument] = &[argument("by", "RankingMethod!", "The method.")];
/// The parameter of `PAGE_RANK`.
pub const DAMPING: &[Argument] = &[argument(
    "damping",
    "Float",
    "Damping factor of `PAGE_RANK`, at least 0 and less than 1: the probability of following an edge instead of jumping to a random entity. An error with other methods. The nearer to 1, the longer the ranking takes.",
)
.or(Given::Float(super::DEFAULT_DAMPING))];
/// The entity that others are compared with, and the method.
pub const COMPARED: &[Argument] = &[
    argument("to", "ID!", "Id of the entity that others are compared with."),
    argument("by", "SimilarityMethod", "The method.").or(Given::Enum("JACCARD")),
];
/// The types of the entities that a ranking gives.
pub const GIVEN_TYPES: &[Argument] = &[argument(
    "types",
    "[EntityType!]",
    "Returns only entities of these types. Entities of all types count for the score.",
)];
/// The kind of components.
pub const PARTS: &[Argument] = &[
    argument(
        "strong",
        "Boolean",
        "Whether to return strongly connected components, in which every entity is reachable from every other one along the direction of the edges. Defaults to weakly connected components.",
    ),
    argument(
        "types",
        "[EntityType!]",
        "Only entities of these types, and the edges between them.",
    ),
];
/// A search.
pub const SEARCHED: &[Argument] = &[
    argument(
        "query",
        "String!",
        "The search text: words, `\"phrases in quotation marks\"`, and prefixes (`wor*`). Every text is valid.",
    ),
    argument("types", "[EntityType!]", "Only entities of these types."),
    argument(
        "fuzzy",
        "Boolean",
        "Whether to find misspelled words: with one wrong letter in words of four to seven letters, with two in longer words.",
    )
    .or(Given::Boolean(false)),
];
/// The beginning of names.
pub const BEGINNING: &[Argument] = &[
    argument(
        "prefix",
        "String!",
        "The beginning of a name, at most 256 characters. Case, accents, and characters before the first letter or digit are ignored. If no character is left, all names match.",
    ),
    argument("types", "[EntityType!]", "Only entities of these types."),
];
/// The number of suggestions.
pub const MOST_SUGGESTED: &[Argument] = &[shared("first", "Int").or(Given::Int(super::DEFAULT_SUGGESTED))];
/// The entity and the time of dated statements.
pub const PERIOD: &[Argument] = &[
    argument("of", "ID", "Id of the entity. Defaults to all entities."),
    argument(
        "from",
        "Date",
        "Only statements that do not end before this date.",
    ),
    argument(
        "until",
        "Date",
        "Only statements that begin on or before this date.",
    ),
];
/// The types and fields of disagreements.
pub const DISPUTED: &[Argument] = &[
    argument(
        "types",
        "[EntityType!]",
        "Only conflicts about entities of these types.",
    ),
    argument("fields", "[String!]", "Only conflicts about these fields."),
];
/// Groups of a list's entities.
pub const GROUPED: &[Argument] = &[
    shared("by", "[{group_by}!]!"),
    shared("having", "{group_filter}"),
    shared("orderBy", "[{group_order}!]"),
    shared("first", "Int").or(Given::Int(super::DEFAULT_PAGE)),
];
