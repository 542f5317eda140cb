//! The API's own enums.

/// A value of an enum.
#[derive(Debug)]
pub struct EnumRow {
    /// The GraphQL name.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// One of the API's own enums.
#[derive(Debug)]
pub struct EnumTable {
    /// The GraphQL name.
    pub name: &'static str,
    /// What it is.
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
    Rank: "How far a statement is trusted against others about the same thing." {
        PREFERRED Preferred = "The one to give.";
        NORMAL Normal = "As good as any.";
        DEPRECATED Deprecated = "Known to be wrong or outdated; kept, because a source says it.";
    }
    Direction: "Which way edges are walked." {
        OUT Out = "From where they begin to where they end.";
        IN In = "From where they end to where they begin.";
        BOTH Both = "Either way.";
    }
    SortOrder: "Which values come first. Missing values come last unless it says otherwise; ties are always put in the order of the ids." {
        ASC Asc = "Smallest first, missing values last.";
        DESC Desc = "Greatest first, missing values last.";
        ASC_NULLS_FIRST AscNullsFirst = "Missing values first, then smallest first.";
        ASC_NULLS_LAST AscNullsLast = "Smallest first, missing values last.";
        DESC_NULLS_FIRST DescNullsFirst = "Missing values first, then greatest first.";
        DESC_NULLS_LAST DescNullsLast = "Greatest first, missing values last.";
    }
    RankingMethod: "By what entities are ranked." {
        PAGE_RANK PageRank = "How likely one is to be there who follows edges at random and now and then begins again (damping 0.85; all together make 1). Edges are walked from their start to their end where `direction` is not given.";
        DEGREE Degree = "The number of edges.";
        BETWEENNESS Betweenness = "The share of the shortest paths between all others that lead through it. Costs as much as entities times edges; on a large graph it is estimated from a sample.";
        CLOSENESS Closeness = "How near it is to those from which it can be reached: the inverse of their mean distance, less where they are few (as Wasserman and Faust have it). Costs as much as entities times edges; on a large graph it is estimated from a sample.";
    }
    SimilarityMethod: "By what entities are alike." {
        JACCARD Jaccard = "The share of the neighbours of both that they have in common.";
        ADAMIC_ADAR AdamicAdar = "The neighbours that they have in common, each counting the more the fewer neighbours it has itself: the sum of 1 / ln(its neighbours).";
    }
    AggregateOrder: "In which order groups come." {
        COUNT_DESC CountDesc = "The largest first, equal ones by key.";
        COUNT_ASC CountAsc = "The smallest first, equal ones by key.";
        KEY_ASC KeyAsc = "The smallest key first, the group without one last; entities by their ids.";
        KEY_DESC KeyDesc = "The greatest key first, the group without one last; entities by their ids.";
    }
}
