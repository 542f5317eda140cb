//! Reports at the places of facts.

use crate::report::{Place, Report};

/// A report at a place, where the place could be found.
pub(super) fn placed(report: Report, place: Option<Place>, label: &str) -> Report {
    match place {
        Some(place) => report.at(place, label),
        None => report,
    }
}
