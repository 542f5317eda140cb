//! Built-in types and fields of the API: names, types, arguments, descriptions and meaning.
//!
//! There is one table for each type, including the input types of filters and orders. `api` writes the public schema from
//! the tables, `plan` compiles a selection or a filter by matching on the fields of a table, and `ontology` reserves
//! their names. A new field does not compile until `plan` implements it.
//!
//! Texts may have placeholders for names that depend on a schema, such as `{item}` for the type of a connection's
//! entities. Fields that come from a schema, such as the properties of an entity, are in no table.

pub mod arguments;
mod enums;
pub mod inputs;
mod objects;

pub use arguments::{Argument, Given, When};
pub use enums::{
    Cardinality, DatePart, Direction, ENUMS, EnumRow, EnumTable, Rank, RankingMethod, SimilarityMethod,
    SortOrder,
};
pub use inputs::{InputRow, InputTable, Inputs};
pub use objects::*;

/// Number of entries of a page where neither `first` nor `last` is given.
pub const DEFAULT_PAGE: usize = 50;
/// The damping factor of `PAGE_RANK` where none is given.
pub const DEFAULT_DAMPING: f64 = 0.85;
/// Maximum length of a path where `maxHops` is not given.
pub const DEFAULT_HOPS: usize = 6;
/// Number of entities of a neighborhood where `first` is not given.
pub const DEFAULT_SURROUNDINGS: usize = 200;
/// Number of ranked entities, or components, where `first` is not given.
pub const DEFAULT_RANKED: usize = 20;
/// Number of suggestions where `first` is not given.
pub const DEFAULT_SUGGESTED: usize = 10;

/// A field of one of the API's own types.
#[derive(Debug)]
pub struct Row {
    /// The GraphQL name.
    pub name: &'static str,
    /// The GraphQL type, perhaps with placeholders.
    pub ty: &'static str,
    /// The description, perhaps with placeholders.
    pub description: &'static str,
    /// Its arguments, in groups that several fields share.
    pub arguments: &'static [&'static [Argument]],
}

/// The fields of one of the API's own types.
pub trait Fields: Copy + 'static {
    /// The GraphQL name of the type, perhaps with placeholders.
    const TYPE: &'static str;
    /// The description of the type, perhaps with placeholders.
    const DESCRIPTION: &'static str;
    /// All fields in the order of the schema, each with its row.
    const ALL: &'static [(Self, Row)];

    /// The field of a name.
    fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, row)| row.name == name);
        found.map(|(field, _)| *field)
    }
}
