//! Reports at the places of facts.

use crate::report::{Place, Report};

/// Adds a place to a report, if the place was found.
pub(super) fn placed(report: Report, place: Option<Place>, label: &str) -> Report {
    match place {
        Some(place) => report.at(place, label),
        None => report,
    }
}
