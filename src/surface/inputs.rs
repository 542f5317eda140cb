//! The input types of filters and orders: their fields, in groups that several types share.
//!
//! A row is `name Meaning: "type" = "description";`. A kind is an input type: the groups that it has, in the order of the
//! schema. Its enum has a variant for each group, so that `plan` can match on all its fields without a default arm. To add
//! an operator, add a row to a group, or a new group to a kind. The type may be `{value}`, the type of the values that are
//! compared.

/// A field of an input type.
#[derive(Debug)]
pub struct InputRow {
    /// The GraphQL name.
    pub name: &'static str,
    /// The GraphQL type, perhaps with placeholders.
    pub ty: &'static str,
    /// The description, perhaps with placeholders.
    pub description: &'static str,
}

/// The fields of an input type.
pub trait Inputs: Copy + 'static {
    /// The description of the type, perhaps with placeholders.
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
    Equality: "Tests for equality." {
        eq Eq: "{value}" = "Equal to this value; `null`: the value is missing.";
        ne Ne: "{value}" = "Not equal to this value, and not missing; `null`: the value is present.";
        in In: "[{value}!]" = "Equal to one of these values.";
        notIn NotIn: "[{value}!]" = "Present and equal to none of these values.";
    }
    Order: "Tests of order." {
        lt Lt: "{value}" = "Less than this value.";
        lte Lte: "{value}" = "Less than or equal to this value.";
        gt Gt: "{value}" = "Greater than this value.";
        gte Gte: "{value}" = "Greater than or equal to this value.";
    }
    DateOrder: "Tests of the order of dates." {
        lt Lt: "{value}" = "Ends before the first day of this date.";
        lte Lte: "{value}" = "Ends on or before the last day of this date.";
        gt Gt: "{value}" = "Begins after the last day of this date.";
        gte Gte: "{value}" = "Begins on or after the first day of this date.";
    }
    DateSpan: "Tests of the days that a date covers." {
        overlaps Overlaps: "{value}" = "Has at least one day in common with this date.";
        within Within: "{value}" = "Has all its days within this date.";
    }
    Surroundings: "Tests of the position of a point." {
        near Near: "PointNear" = "Within a distance from a point.";
        within Within: "PointBounds" = "Within these bounds.";
    }
    Nearness: "A point and a distance." {
        point Point: "Point!" = "The point.";
        km Km: "Float!" = "The distance in kilometers, 0 or more.";
    }
    Sides: "Bounds of latitude and longitude." {
        south South: "Float!" = "The southern latitude, from -90 to 90 degrees.";
        west West: "Float!" = "The western longitude, from -180 to 180 degrees.";
        north North: "Float!" = "The northern latitude, from -90 to 90 degrees.";
        east East: "Float!" = "The eastern longitude, from -180 to 180 degrees.";
    }
    Missing: "Tests for a missing value." {
        isNull IsNull: "Boolean" = "Whether the value is missing.";
    }
    Words: "Full-text tests." {
        search Search: "String" = "Contains all these words, as found by `search`. Available for fields in the text index (`@search`) and the label.";
    }
    Pattern: "Tests of the characters of a text." {
        contains Contains: "String" = "Contains this text.";
        startsWith StartsWith: "String" = "Begins with this text.";
        endsWith EndsWith: "String" = "Ends with this text.";
        matches Matches: "String" = "Contains a match of this regular expression (syntax of Rust's regex crate: no look-around, linear time).";
        caseInsensitive CaseInsensitive: "Boolean" = "Whether the other operators of this object ignore case.";
    }
    Emptiness: "Tests for an empty list." {
        isEmpty IsEmpty: "Boolean" = "Whether the list is empty.";
    }
    Membership: "Tests of the values of a list." {
        has Has: "{value}" = "Contains this value.";
        hasAny HasAny: "[{value}!]" = "Contains at least one of these values.";
        hasAll HasAll: "[{value}!]" = "Contains all of these values.";
    }
    TypeEquality: "Tests of the type of an entity." {
        eq Eq: "EntityType" = "Of this type.";
        ne Ne: "EntityType" = "Not of this type.";
        in In: "[EntityType!]" = "Equal to one of these values.";
        notIn NotIn: "[EntityType!]" = "Of none of these types.";
    }
    Quantifier: "Conditions on the entities that a relation leads to." {
        some Some: "{filter}" = "At least one entity matches the filter.";
        every Every: "{filter}" = "Every entity matches the filter. Also true if there are no entities.";
        none None: "{filter}" = "No entity matches the filter.";
    }
    Number: "A condition on the number of entities." {
        count Count: "IntFilter" = "A condition on the number of entities.";
    }
    CountedEnds: "Which other ends are counted." {
        where Where: "{filter}" = "Only those that match this are counted by `count`; it does not narrow `some`, `every` and `none`.";
    }
    CountedEdges: "A condition on the edges, for relations whose edges have properties." {
        edge Edge: "{edge_filter}" = "Only edges that match this filter count for the other conditions. Without other conditions: at least one edge matches.";
    }
    Connective: "Combinations of conditions." {
        and And: "[{filter}!]" = "All of these conditions are true.";
        or Or: "[{filter}!]" = "At least one of these conditions is true.";
        not Not: "{filter}" = "This condition is false. Missing values make a condition false.";
    }
    OwnCondition: "Conditions on fields that every entity has. A field of the type with the same name replaces them." {
        id Id: "IDFilter" = "A condition on the id.";
        label Label: "StringFilter" = "A condition on the label.";
        entityType EntityType: "EntityTypeFilter" = "A condition on the type.";
    }
    EdgeCondition: "A condition on the edge to the entity, for relations whose edges have properties." {
        edge Edge: "{edge_filter}" = "A condition on the properties of the edge.";
    }
    OwnOrder: "Orders by fields that every entity has. A field of the type with the same name replaces them." {
        id Id: "SortOrder" = "Sorts by id.";
        label Label: "SortOrder" = "Sorts by label.";
        degree Degree: "SortOrder" = "Sorts by the number of edges.";
    }
    CountOrder: "An order by what a relation leads to." {
        count Count: "SortOrder" = "By the number of entities.";
    }
    DistanceOrder: "Sorts by the distance from a point." {
        distanceFrom DistanceFrom: "Point!" = "The point.";
        direction Direction: "SortOrder" = "Defaults to nearest first.";
    }
    GroupOption: "Options for grouping by a field." {
        includeMissing IncludeMissing: "Boolean" = "Whether to return a group of the items without a value. Defaults to true.";
    }
    DateOption: "How dates are grouped." {
        part Part: "DatePart" = "By the part of the calendar that has all their days, in UTC. Others, such as `199X` for years, count as missing.";
    }
    NumberOption: "How numbers are grouped." {
        width Width: "Float" = "By ranges of this width. The key is the start of a range, a multiple of the width. A whole number for whole numbers.";
    }
    GroupOwn: "Fields of every group." {
        count Count: "{count}" = "The number of items.";
    }
    GroupOwnOrder: "Orders of groups by their keys." {
        key Key: "SortOrder" = "By the key; entities by their ids.";
    }
    CountedValues: "How many values there are." {
        count Count: "{count}" = "The number of values.";
        distinct Distinct: "{count}" = "The number of different values.";
    }
    Extremes: "The ends of values in their order." {
        min Min: "{value}" = "The smallest value.";
        max Max: "{value}" = "The greatest value.";
    }
    Sums: "Sums and means of values." {
        sum Sum: "{sum}" = "Their sum.";
        avg Avg: "{sum}" = "Their mean.";
    }
    EdgeOrder: "Sorts by the edge to the entity, for relations whose edges have properties." {
        edge Edge: "{edge_order}" = "Sorts by a property of the edge.";
    }
}

kinds! {
    AnyValue: "A condition on a value of type {value}. All given fields must match." { Missing }
    Unordered: "A condition on a value of type {value}. All given fields must match." { Equality, Missing }
    Ordered: "A condition on a value of type {value}. All given fields must match." { Equality, Order, Missing }
    Dates: "A condition on a date, which covers a range of days. All given fields must match." { Equality, DateOrder, DateSpan, Missing }
    Points: "A condition on a point. All given fields must match." { Equality, Surroundings, Missing }
    PointNear: "The points within a distance from a point." { Nearness }
    PointBounds: "An area between two latitudes and two longitudes, bounds included. It crosses the antimeridian if `west` is greater than `east`." { Sides }
    PlainTexts: "A condition on a value of type {value}. All given fields must match." { Equality, Order, Missing, Pattern }
    SearchedTexts: "A condition on a value of type {value}. All given fields must match." { Equality, Order, Missing, Words, Pattern }
    TranslatedTexts: "A condition on a text, in any of its languages. All given fields must match." { Equality, Order, Missing, Words, Pattern }
    AnyValues: "A condition on a list of values of type {value}. All given fields must match." { Emptiness }
    Values: "A condition on a list of values of type {value}. All given fields must match." { Emptiness, Membership }
    EntityTypes: "A condition on the type of an entity." { TypeEquality }
    OtherEnds: "A condition on the {noun} that a relation leads to: whether `some`, `every` or `none` of them match a filter, on their `count`, or whether there is none (`isNull`).{counted}" { Quantifier, Number, CountedEnds, Missing, CountedEdges }
    PointOrder: "Sorts by the distance from a point, on a sphere with a radius of 6371.0088 km." { DistanceOrder }
    CountOrders: "Sorts by the number of entities that a relation leads to." { CountOrder }
    GroupOptions: "Options for grouping by a field; `{}` for the defaults." { GroupOption }
    DateGroupOptions: "Options for grouping by a date; `{}` for the defaults." { GroupOption, DateOption }
    NumberGroupOptions: "Options for grouping by a number; `{}` for the defaults." { GroupOption, NumberOption }
    GroupFilters: "A condition on groups. All its fields must hold." { GroupOwn }
    GroupOrders: "A key to sort groups by: exactly one field." { GroupOwn, GroupOwnOrder }
    TimeMeasures: "{about}" { CountedValues, Extremes }
    NumberMeasures: "{about}" { CountedValues, Extremes, Sums }
    Orders: "A key of an order; exactly one field." { OwnOrder, EdgeOrder }
}
