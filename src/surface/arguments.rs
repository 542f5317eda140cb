//! Arguments, in the groups that fields share.

/// An argument of a field.
#[derive(Debug)]
pub struct Argument {
    /// The GraphQL name.
    pub name: &'static str,
    /// The GraphQL type, perhaps with placeholders.
    pub ty: &'static str,
    /// What it does, perhaps with placeholders; empty if another description says it for many fields.
    pub description: &'static str,
    /// Its value where it is not given.
    pub given: Given,
    /// In which schemas it exists.
    pub when: When,
}

/// The value of an argument that is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// None: its description says what then happens.
    Nothing,
    /// A number.
    Int(usize),
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
    "Its id, a CURIE (`wd:Q42`) or an IRI among its `sameAs`, its label or one of its aliases.",
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
/// How far a transitive relation is followed.
pub const DEPTH: &[Argument] = &[argument(
    "depth",
    "Int",
    "Follows up to this number of edges one after the other: the nearest first, each entity once, with the edge that it was first reached by. Costs as much as there are edges on the way.",
)];
/// The languages of a text.
pub const LANGUAGES: &[Argument] = &[shared("lang", "[String!]")];
/// A path expression.
pub const EXPRESSION: &[Argument] = &[argument(
    "path",
    "String!",
    "The fields of relations to follow: `a/b` one after the other, `a|b` either, `^a` against its direction, `a*` any number of times, `a+` once or more, `a?` once or not at all, `a{2,3}` two or three times. Parentheses group. Precedence as in the property paths of SPARQL 1.1: `^` before `*`, that before `/`, that before `|`.",
)];
/// The fields that statements are about.
pub const ABOUT: &[Argument] = &[argument(
    "fields",
    "[String!]",
    "Only statements about these fields of the schema.",
)];

/// Which statements that cite a source are listed.
pub const CITING: &[Argument] = &[
    argument(
        "types",
        "[EntityType!]",
        "Only statements about entities of these types.",
    ),
    argument(
        "fields",
        "[String!]",
        "Only statements about these fields of the schema.",
    ),
    argument(
        "locator",
        "String",
        "Only what cites this place, a part of it, or a run of sentences that shares one with it: `history` finds `history/2/1`, and `history/2/2` finds `history/2/1-3`.",
    ),
];

/// The relations that edges have.
pub const VIA: &[Argument] =
    &[argument("via", "[RelationName!]", "Only over these relations.").when(When::HasRelations)];
/// Which edges of an entity are listed.
pub const LINK_DIRECTION: &[Argument] = &[argument(
    "direction",
    "Direction",
    "Only edges that run this way; both ways where it is not given.",
)];
/// Which way edges are walked, by default both ways.
pub const EITHER_DIRECTION: &[Argument] = &[argument(
    "direction",
    "Direction",
    "Which way edges are walked; both ways where it is not given.",
)];
/// Which way edges are walked for a ranking.
pub const RANKING_DIRECTION: &[Argument] = &[argument(
    "direction",
    "Direction",
    "Which way edges are walked. Where it is not given: from their start to their end for `PAGE_RANK`, both ways for the others.",
)];
/// Which way edges are walked for components.
pub const COMPONENT_DIRECTION: &[Argument] = &[argument(
    "direction",
    "Direction",
    "Which way edges are walked, for strong components; from their start to their end where it is not given.",
)];
/// The entities that are not walked through.
pub const AVOID: &[Argument] = &[
    argument("avoid", "[ID!]", "Past these entities."),
    argument("avoidTypes", "[EntityType!]", "Past all entities of these types."),
];

/// The ends of a path.
pub const ENDS: &[Argument] = &[
    argument("from", "ID!", "The id of the entity that it begins at."),
    argument("to", "ID!", "The id of the entity that it ends at."),
];
/// The length of a path.
pub const LENGTH: &[Argument] = &[
    argument("maxHops", "Int", "Maximum number of edges.").or(Given::Int(super::DEFAULT_HOPS)),
    argument(
        "weight",
        "String",
        "The property of edges that says what each counts, a number of 0 or more; an edge without it counts 1. The cheapest path is then the shortest.",
    ),
];
/// The next entries of a list that is only read forwards.
pub const NEXT: &[Argument] = &[
    shared("first", "Int").or(Given::Int(super::DEFAULT_PAGE)),
    shared("after", "String"),
];
/// The middle and the size of a neighborhood.
pub const MIDDLE: &[Argument] = &[
    argument("of", "[ID!]!", "The ids of the entities in the middle."),
    argument("hops", "Int", "Maximum distance, in edges.").or(Given::Int(1)),
];
/// The number of entities of a neighborhood.
pub const MOST_NEIGHBORS: &[Argument] = &[shared("first", "Int").or(Given::Int(super::DEFAULT_SURROUNDINGS))];
/// The number of ranked entities or components.
pub const MOST_RANKED: &[Argument] = &[shared("first", "Int").or(Given::Int(super::DEFAULT_RANKED))];
/// The method of a ranking.
pub const RANKED_BY: &[Argument] = &[argument("by", "RankingMethod!", "By what.")];
/// The entity that others are compared with, and the method.
pub const COMPARED: &[Argument] = &[
    argument("to", "ID!", "The id of the entity that others are compared with."),
    argument("by", "SimilarityMethod", "By what.").or(Given::Enum("JACCARD")),
];
/// The types of the entities that a ranking gives.
pub const GIVEN_TYPES: &[Argument] = &[argument(
    "types",
    "[EntityType!]",
    "Only entities of these types are given; all take part.",
)];
/// What components consist of.
pub const PARTS: &[Argument] = &[
    argument(
        "strong",
        "Boolean",
        "Whether each entity of a part must reach each other one along the edges' direction; where it is not given, they need only be connected.",
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
        "What to search for: words, `\"words one after the other\"`, the beginning of a wor*. Any text is valid.",
    ),
    argument("types", "[EntityType!]", "Only entities of these types."),
    argument(
        "fuzzy",
        "Boolean",
        "Whether words with a wrong letter are found: one in words of four to seven letters, two in longer ones.",
    )
    .or(Given::Boolean(false)),
];
/// The beginning of names.
pub const BEGINNING: &[Argument] = &[
    argument(
        "prefix",
        "String!",
        "The beginning of a name as it was typed, at most 256 characters. Case, accents and what comes before the first letter or digit do not matter. Without any character that counts, all names begin so.",
    ),
    argument("types", "[EntityType!]", "Only entities of these types."),
];
/// The number of suggestions.
pub const MOST_SUGGESTED: &[Argument] = &[shared("first", "Int").or(Given::Int(super::DEFAULT_SUGGESTED))];
/// The entity and the time of dated statements.
pub const PERIOD: &[Argument] = &[
    argument(
        "of",
        "ID",
        "The id of the entity; all entities where it is not given.",
    ),
    argument("from", "Date", "Only what is not over before this."),
    argument("until", "Date", "Only what has begun by this."),
];
/// The types and fields of disagreements.
pub const DISPUTED: &[Argument] = &[
    argument("types", "[EntityType!]", "Only about entities of these types."),
    argument("fields", "[String!]", "Only about these fields of the schema."),
];
/// Groups of a list's entities.
pub const GROUPED: &[Argument] = &[
    shared("by", "[{group_by}!]!"),
    shared("orderBy", "AggregateOrder").or(Given::Enum("COUNT_DESC")),
    shared("first", "Int").or(Given::Int(super::DEFAULT_PAGE)),
];
