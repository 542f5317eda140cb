//! What reports say about rows of a column.

use super::MOST_SHOWN;
use super::placed::placed;
use crate::graph::column::Values;
use crate::ontology::Property;
use crate::report::{Code, Place, Report, Reports};

/// What messages need to know of the rows of a column.
pub(super) struct Rows<'a> {
    /// What a row is called.
    pub name: &'a dyn Fn(u32) -> String,
    /// Where a row is written.
    pub place: &'a dyn Fn(u32) -> Option<Place>,
    /// Where the value of a row is written that is one too many: the second of those that are no statements of their own,
    /// or the only one.
    pub second: &'a dyn Fn(u32) -> Option<Place>,
    /// Whether the schema itself does not say that a value is required.
    pub is_built_in: bool,
}

/// Whether one more mistake with a field is shown; of the first that is not, it is said that there are more.
pub(super) fn shown(found: &mut usize, code: Code, name: &str, reports: &mut Reports) -> bool {
    *found += 1;
    if *found == MOST_SHOWN + 1 {
        let message =
            format!("\"{name}\" has more mistakes of this kind than the {MOST_SHOWN} that are shown");
        reports.push(Report::new(code, message).hint("mend those, and check again"));
    }
    *found <= MOST_SHOWN
}

pub(super) fn not_unique(
    property: &Property,
    (values, at): (&Values, usize),
    row: u32,
    rows: &Rows,
    (others, other): (&Rows, u32),
) -> Report {
    let mut json = Vec::new();
    values.write(at, &[], &mut json);
    let message = format!(
        "\"{}\" is unique, and {} and {} both have {}",
        property.name,
        (rows.name)(row),
        (others.name)(other),
        String::from_utf8_lossy(&json)
    );
    placed(
        Report::new(Code::NOT_UNIQUE, message),
        (rows.place)(row),
        "has it",
    )
    .also((others.place)(other), "has it too")
    .hint("mend one of them, or take @unique from the schema")
}
