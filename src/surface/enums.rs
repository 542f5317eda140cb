//! The API's own enums.

/// A value of an enum.
#[derive(Debug)]
pub struct EnumRow {
    /// The GraphQL name.
    pub name: &'static str,
    /// The description.
    pub description: &'static str,
}

/// One of the API's own enums.
#[derive(Debug)]
pub struct EnumTable {
    /// The GraphQL name.
    pub name: &'static str,
    /// The description.
    pub description: &'static str,
    /// Its values in order.
    pub values: &'static [EnumRow],
}

macro_rules! enums {
    ($($enum:ident: $about:literal {
        $($value:ident $variant:ident = $description:literal;)+
    })+) => {
        $(
            #[doc = $about]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $enum {
                $(#[doc = $description] $variant,)+
            }

            impl $enum {
                /// The enum in the public schema.
                pub const TABLE: EnumTable = EnumTable {
                    name: stringify!($enum),
                    description: $about,
                    values: &[$(EnumRow { name: stringify!($value), description: $description },)+],
                };

                /// The GraphQL name of a value.
                pub fn name(self) -> &'static str {
                    match self {
                        $(Self::$variant => stringify!($value),)+
                    }
                }

                /// The value of a name.
                pub fn named(name: &str) -> Option<Self> {
                    match name {
                        $(stringify!($value) => Some(Self::$variant),)+
                        _ => None,
                    }
                }
            }
        )+

        /// All enums of the API's own, in the order in which the schema registers them.
        pub const ENUMS: &[EnumTable] = &[$($enum::TABLE),+];
    };
}

enums! {
    Rank: "Preference of a statement over others about the same fact." {
        PREFERRED Preferred = "Preferred over the others.";
        NORMAL Normal = "Neither preferred nor deprecated.";
        DEPRECATED Deprecated = "Known to be wrong or outdated. Kept because a source states it.";
    }
    Direction: "The direction in which edges are followed." {
        OUT Out = "From start to end.";
        IN In = "From end to start.";
        BOTH Both = "In both directions.";
    }
    SortOrder: "The order of values. Missing values are last by default. Items with equal values are sorted by id." {
        ASC Asc = "Smallest first, missing values last.";
        DESC Desc = "Greatest first, missing values last.";
        ASC_NULLS_FIRST AscNullsFirst = "Missing values first, then smallest first.";
        ASC_NULLS_LAST AscNullsLast = "Smallest first, missing values last.";
        DESC_NULLS_FIRST DescNullsFirst = "Missing values first, then greatest first.";
        DESC_NULLS_LAST DescNullsLast = "Greatest first, missing values last.";
    }
    RankingMethod: "A method to rank entities." {
        PAGE_RANK PageRank = "The probability that a random walk along the edges, which restarts from time to time (damping 0.85), is at the entity. The scores add up to 1.";
        DEGREE Degree = "The number of edges.";
        BETWEENNESS Betweenness = "The fraction of the shortest paths between other entities that pass through the entity. The cost grows with entities times edges; on a large graph, the score is estimated from a sample.";
        CLOSENESS Closeness = "The inverse of the mean distance from the entities that can reach it, scaled by their share of all entities (Wasserman and Faust). The cost grows with entities times edges; on a large graph, the score is estimated from a sample.";
    }
    SimilarityMethod: "A measure of similarity." {
        JACCARD Jaccard = "The number of common neighbors, divided by the number of neighbors of either entity.";
        ADAMIC_ADAR AdamicAdar = "The sum of 1 / ln(number of neighbors) over all common neighbors.";
    }
    Cardinality: "The number of edges of a relation that an entity may have." {
        ONE One = "Exactly one.";
        OPTIONAL Optional = "None or one.";
        MANY Many = "Any number.";
    }
    DatePart: "A part of the calendar. A date is in a part if all its days are." {
        CENTURY Century = "The years with the same first two digits, such as `19XX`.";
        DECADE Decade = "The years with the same first three digits, such as `199X`.";
        YEAR Year = "A year, such as `1996`.";
        MONTH Month = "A month of a year, such as `1996-08`.";
        DAY Day = "A day.";
    }
}

impl SortOrder {
    /// Whether the greatest values come first, and whether missing values do.
    pub fn flags(self) -> (bool, bool) {
        match self {
            SortOrder::Asc | SortOrder::AscNullsLast => (false, false),
            SortOrder::AscNullsFirst => (false, true),
            SortOrder::Desc | SortOrder::DescNullsLast => (true, false),
            SortOrder::DescNullsFirst => (true, true),
        }
    }
}
