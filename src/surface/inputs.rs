//! The input types of filters and orders: their fields, in groups that several types share.
//!
//! A row is `name Meaning: "type" = "description";`. A kind is an input type: the groups that it has, in the order of the
//! schema. Its enum has a variant for each group, so that `plan` can match on all its fields without a default arm. To add
//! an operator: a row in a group, or a new group and its place in a kind. What it takes may be `{value}`, the type of the
//! values that are compared.

/// A field of an input type.
#[derive(Debug)]
pub struct InputRow {
    /// The GraphQL name.
    pub name: &'static str,
    /// The GraphQL type, perhaps with placeholders.
    pub ty: &'static str,
    /// What it asks for, perhaps with placeholders.
    pub description: &'static str,
}

/// The fields of an input type.
pub trait Inputs: Copy + 'static {
    /// What the type is, perhaps with placeholders.
    const DESCRIPTION: &'static str;
    /// Rows in the order of the schema, in groups.
    const GROUPS: &'static [&'static [InputRow]];

    /// The field of a name.
    fn named(name: &str) -> Option<Self>;
}

/// An input type as data.
#[derive(Debug, Clone, Copy)]
pub struct InputTable {
    /// As [`Inputs::DESCRIPTION`].
    pub description: &'static str,
    /// As [`Inputs::GROUPS`].
    pub groups: &'static [&'static [InputRow]],
}

impl InputTable {
    /// The table of a kind.
    pub const fn of<T: Inputs>() -> Self {
        Self {
            description: T::DESCRIPTION,
            groups: T::GROUPS,
        }
    }
}

macro_rules! groups {
    ($($group:ident: $about:literal {
        $($name:ident $field:ident: $ty:literal = $description:literal;)+
    })+) => {$(
        #[doc = $about]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $group {
            $(#[doc = $description] $field,)+
        }

        impl $group {
            /// The rows in the order of the schema.
            pub const ROWS: &'static [InputRow] = &[$(InputRow {
                name: stringify!($name),
                ty: $ty,
                description: $description,
            },)+];

            /// The GraphQL name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$field => stringify!($name),)+
                }
            }

            /// The field of a name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($name) => Some(Self::$field),)+
                    _ => None,
                }
            }
        }
    )+};
}

macro_rules! kinds {
    ($($kind:ident: $about:literal { $($group:ident),+ })+) => {$(
        #[doc = $about]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind {
            $(#[doc = "One of this group."] $group($group),)+
        }

        impl Inputs for $kind {
            const DESCRIPTION: &'static str = $about;
            const GROUPS: &'static [&'static [InputRow]] = &[$($group::ROWS),+];

            fn named(name: &str) -> Option<Self> {
                None$(.or_else(|| $group::named(name).map(Self::$group)))+
            }
        }
    )+};
}

groups! {
    Equality: "Whether a value is one that is given." {
        eq Eq: "{value}" = "It is this; with null: it is missing.";
        ne Ne: "{value}" = "It is another; with null: it is there.";
        in In: "[{value}!]" = "It is one of these.";
        notIn NotIn: "[{value}!]" = "It is there and none of these.";
    }
    Order: "How a value compares with one that is given." {
        lt Lt: "{value}" = "It is less.";
        lte Lte: "{value}" = "It is less or the same.";
        gt Gt: "{value}" = "It is greater.";
        gte Gte: "{value}" = "It is greater or the same.";
    }
    DateOrder: "Where the days of a date lie." {
        lt Lt: "{value}" = "It is over before this begins.";
        lte Lte: "{value}" = "It is over no later than this is.";
        gt Gt: "{value}" = "It begins after this is over.";
        gte Gte: "{value}" = "It begins no earlier than this does.";
    }
    DateSpan: "Which days a date covers." {
        overlaps Overlaps: "{value}" = "It shares a day with this.";
        within Within: "{value}" = "All its days are days of this.";
    }
    Surroundings: "Where on Earth a point is." {
        near Near: "PointNear" = "It is at most a distance away from a point.";
        within Within: "PointBounds" = "It is in these bounds.";
    }
    Nearness: "A point, and the distance from it." {
        point Point: "Point!" = "The point.";
        km Km: "Float!" = "The distance in kilometres, 0 or more.";
    }
    Sides: "Two parallels and two meridians." {
        south South: "Float!" = "The least latitude, from -90 to 90 degrees.";
        west West: "Float!" = "The longitude at which it begins, from -180 to 180 degrees.";
        north North: "Float!" = "The greatest latitude, from -90 to 90 degrees.";
        east East: "Float!" = "The longitude at which it ends, from -180 to 180 degrees.";
    }
    Missing: "Whether there is a value." {
        isNull IsNull: "Boolean" = "Whether it is missing.";
    }
    Words: "Which words a text has." {
        search Search: "String" = "All these words are found in it, as `search` finds them; for fields that are in the text index (`@search`), and the label.";
    }
    Pattern: "What a text looks like." {
        contains Contains: "String" = "It contains this.";
        startsWith StartsWith: "String" = "It begins with this.";
        endsWith EndsWith: "String" = "It ends with this.";
        matches Matches: "String" = "It matches this regular expression, anywhere in it (the syntax of Rust's regex crate: no look-around, linear time).";
        caseInsensitive CaseInsensitive: "Boolean" = "Whether the operators beside it take capital and small letters as the same.";
    }
    Emptiness: "Whether a list has values." {
        isEmpty IsEmpty: "Boolean" = "Whether there is no value.";
    }
    Membership: "Which values a list has." {
        has Has: "{value}" = "This is among them.";
        hasAny HasAny: "[{value}!]" = "At least one of these is among them.";
        hasAll HasAll: "[{value}!]" = "All of these are among them.";
    }
    TypeEquality: "Which type an entity has." {
        eq Eq: "EntityType" = "It is this one.";
        ne Ne: "EntityType" = "It is another.";
        in In: "[EntityType!]" = "It is one of these.";
        notIn NotIn: "[EntityType!]" = "It is not one of these.";
    }
    Quantifier: "How many of the other ends meet a condition." {
        some Some: "{filter}" = "At least one matches the filter.";
        every Every: "{filter}" = "Each one matches the filter; this also holds where there are none.";
        none None: "{filter}" = "None matches the filter.";
    }
    Number: "How many other ends there are." {
        count Count: "IntFilter" = "On how many there are.";
    }
    CountedEdges: "Which edges count, for relations whose edges have properties." {
        edge Edge: "{edge_filter}" = "Only edges that meet this count for the others; alone it asks for at least one.";
    }
    Connective: "Conditions of conditions." {
        and And: "[{filter}!]" = "All of these hold.";
        or Or: "[{filter}!]" = "At least one of these holds.";
        not Not: "{filter}" = "This does not hold; what has no value for it does not.";
    }
    OwnCondition: "Conditions on what every entity has. One that a type has itself takes the place of that of its name." {
        id Id: "IDFilter" = "On the id.";
        label Label: "StringFilter" = "On the label.";
        entityType EntityType: "EntityTypeFilter" = "On the type.";
    }
    EdgeCondition: "A condition on the edge that led to an entity, for relations whose edges have properties." {
        edge Edge: "{edge_filter}" = "On the edge's own properties.";
    }
    OwnOrder: "Orders by what every entity has. One that a type has itself takes the place of that of its name." {
        id Id: "SortOrder" = "By the id.";
        label Label: "SortOrder" = "By the label.";
    }
    DistanceOrder: "An order by the distance from a point." {
        distanceFrom DistanceFrom: "Point!" = "The point.";
        direction Direction: "SortOrder" = "The nearest first, unless it says otherwise.";
    }
    GroupOption: "How entities are grouped by a field." {
        includeMissing IncludeMissing: "Boolean" = "Whether items without a value make a group. Defaults to true.";
    }
    EdgeOrder: "An order by the edge that led to an entity, for relations whose edges have properties." {
        edge Edge: "{edge_order}" = "By the edge's own properties.";
    }
}

kinds! {
    AnyValue: "A condition on a value of type {value}. All its fields must hold." { Missing }
    Unordered: "A condition on a value of type {value}. All its fields must hold." { Equality, Missing }
    Ordered: "A condition on a value of type {value}. All its fields must hold." { Equality, Order, Missing }
    Dates: "A condition on a date, by the span of days that it covers. All its fields must hold." { Equality, DateOrder, DateSpan, Missing }
    Points: "A condition on a place on Earth. All its fields must hold." { Equality, Surroundings, Missing }
    PointNear: "All points at most a distance away from one." { Nearness }
    PointBounds: "A part of the Earth between two parallels and two meridians, borders included. It crosses the antimeridian where `west` is greater than `east`." { Sides }
    PlainTexts: "A condition on a value of type {value}. All its fields must hold." { Equality, Order, Missing, Pattern }
    SearchedTexts: "A condition on a value of type {value}. All its fields must hold." { Equality, Order, Missing, Words, Pattern }
    TranslatedTexts: "A condition on a text in any of its languages. All its fields must hold." { Equality, Order, Missing, Words, Pattern }
    AnyValues: "A condition on a list of values of type {value}. All its fields must hold." { Emptiness }
    Values: "A condition on a list of values of type {value}. All its fields must hold." { Emptiness, Membership }
    EntityTypes: "A condition on the type of an entity." { TypeEquality }
    OtherEnds: "A condition on the {noun} that a relation leads to: `some`, `every` or `none` of them match a filter, or on their number.{counted}" { Quantifier, Number, CountedEdges }
    PointOrder: "By the distance from a point, along the surface of a sphere with the radius 6371.0088 km. Costs a few sines and cosines for each comparison." { DistanceOrder }
    GroupOptions: "How entities are grouped by a field; `{}` for the defaults." { GroupOption }
    Orders: "By what entities are put in order; exactly one field." { OwnOrder, EdgeOrder }
}
