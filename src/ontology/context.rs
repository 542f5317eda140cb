//! The state of one compilation, and what directives say.

use std::collections::HashMap;

use apollo_compiler::ast::{Directive, DirectiveList, Value};
use apollo_compiler::parser::SourceSpan;

use super::prelude::{DATA_WORDS, FILTER_WORDS, reserved_fields};
use super::sdl::Sdl;
use super::{Domain, EdgeTypeId, Scalar};
use crate::memory::Meter;
use crate::report::{Code, Report, Reports};

/// The meaning of a name in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Value(Scalar),
    Entities(Domain),
    Edge(EdgeTypeId),
}

/// About as many bytes as a field takes with its name, its description and its report.
pub(super) const OF_A_FIELD: usize = 512;

/// The state of one compilation.
pub(super) struct Compiler<'a> {
    pub sdl: &'a Sdl,
    pub reports: Reports,
    pub kinds: HashMap<String, Kind>,
    /// Counts about what the ontology takes.
    pub meter: Meter<'a>,
}

impl Compiler<'_> {
    /// Adds a report at a node.
    pub fn report(&mut self, report: Report, at: Option<SourceSpan>, label: &str) {
        let report = match self.sdl.place(at) {
            Some(place) => report.at(place, label),
            None => report,
        };
        self.reports.push(report);
    }

    /// The meaning of a type's name; `None` if it is unknown, which was reported.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.kinds.get(name).copied()
    }

    /// Data files and filters must be able to name a field. Whether they are.
    pub fn check_field_name(&mut self, shown: &str, name: &str, at: Option<SourceSpan>) -> bool {
        let (code, why, label) = if DATA_WORDS.contains(&name) {
            let why = "has a name that data files use themselves";
            (Code::DATA_WORD, why, "a word of the data format")
        } else if FILTER_WORDS.contains(&name) {
            let why = "has a name that filters use themselves";
            (Code::UNUSABLE_NAME, why, "combines conditions in filters")
        } else {
            return true;
        };
        let report = Report::new(code, format!("{shown} {why}")).hint(format!(
            "give the field another name; reserved are {}",
            reserved_fields()
        ));
        self.report(report, at, label);
        false
    }
}

pub(super) fn is_name(text: &str) -> bool {
    apollo_compiler::Name::new(text).is_ok() && !text.starts_with("__")
}

/// A string argument of a directive.
pub(super) fn argument(directive: &Directive, name: &str) -> Option<String> {
    let value = directive.specified_argument_by_name(name)?;
    value.as_str().map(str::to_owned)
}

/// A boolean argument of a directive, false where it is not given.
pub(super) fn flag(directive: &Directive, name: &str) -> bool {
    let value = directive.specified_argument_by_name(name);
    value.and_then(|it| Value::to_bool(it)).unwrap_or(false)
}

pub(super) fn deprecated(directives: &DirectiveList) -> Option<String> {
    let directive = directives.get("deprecated")?;
    Some(argument(directive, "reason").unwrap_or_else(|| "No longer supported".to_owned()))
}
