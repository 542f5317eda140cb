//! How much a schema may define: positions in it are numbers of 16 bits.

use std::collections::HashSet;

use apollo_compiler::Node;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::collections::IndexMap;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use super::context::argument;
use super::names::screaming;
use super::sdl::Sdl;
use crate::report::{Code, Report, Reports};

/// The largest number of definitions of a kind, of fields of a type and of values of an enum.
const MOST: usize = 65_535;

/// Definitions of one kind.
struct Count {
    what: &'static str,
    number: usize,
    /// The first one that is too many.
    excess: Option<SourceSpan>,
}

impl Count {
    fn of(what: &'static str) -> Self {
        Self {
            what,
            number: 0,
            excess: None,
        }
    }

    fn add(&mut self, at: Option<SourceSpan>) {
        self.number += 1;
        if self.number == MOST + 1 {
            self.excess = at;
        }
    }
}

/// Reports each kind of which there is more than a schema may have; whether all fit.
pub(super) fn check(sdl: &Sdl, reports: &mut Reports) -> bool {
    let [
        mut types,
        mut interfaces,
        mut unions,
        mut enums,
        mut scalars,
        mut edges,
        mut relations,
    ] = [
        "entity types",
        "interfaces",
        "unions",
        "enums",
        "scalars",
        "edge types",
        "relations",
    ]
    .map(Count::of);
    // `Entity` is an interface too.
    interfaces.number = 1;
    let mut names = HashSet::new();
    let mut inverses = HashSet::new();
    let mut report = |what: String, number: usize, at: Option<SourceSpan>| {
        let message = format!("{what}, and at most {MOST} are possible: there are {number}");
        let report = Report::new(Code::TOO_MANY_DEFINITIONS, message)
            .hint("split the schema, or say by the value of a field what the definitions differ in");
        reports.push(match sdl.place(at) {
            Some(place) => report.at(place, "one too many"),
            None => report,
        });
    };
    let own = || {
        let types = sdl.schema.types.values();
        types.filter(|it| sdl.place(it.location()).is_some() || it.name() == "Source")
    };
    for definition in own() {
        let at = definition.name().location();
        let fields = match definition {
            ExtendedType::Object(it) => {
                if it.directives.has("edge") {
                    edges.add(at);
                } else {
                    types.add(at);
                }
                &it.fields
            }
            ExtendedType::Interface(it) => {
                interfaces.add(at);
                &it.fields
            }
            ExtendedType::Union(_) => {
                unions.add(at);
                continue;
            }
            ExtendedType::Enum(it) => {
                enums.add(at);
                if let Some(value) = it.values.values().nth(MOST) {
                    let what = format!("the enum \"{}\" has too many values", it.name);
                    report(what, it.values.len(), value.value.location());
                }
                continue;
            }
            ExtendedType::Scalar(_) => {
                scalars.add(at);
                continue;
            }
            ExtendedType::InputObject(_) => continue,
        };
        for field in fields.values() {
            let Some(directive) = field.directives.get("relation") else {
                continue;
            };
            let name = argument(directive, "name").unwrap_or_else(|| screaming(&field.name));
            if names.insert(name) {
                relations.add(directive.location());
            }
            inverses.extend(argument(directive, "inverse"));
        }
    }
    for definition in own() {
        let fields: &IndexMap<_, Node<FieldDefinition>> = match definition {
            ExtendedType::Object(it) => &it.fields,
            ExtendedType::Interface(it) => &it.fields,
            _ => continue,
        };
        // A type may get every inverse of the schema.
        let number = fields.len() + inverses.len();
        if fields.len() > 1 && number > MOST {
            let last = fields.values().last();
            let what = format!(
                "the fields of \"{}\" and the inverses of the schema are too many",
                definition.name()
            );
            report(what, number, last.and_then(|it| it.name.location()));
        }
    }
    for count in [types, interfaces, unions, enums, scalars, edges, relations] {
        if count.number > MOST {
            report(
                format!("the schema has too many {}", count.what),
                count.number,
                count.excess,
            );
        }
    }
    !reports.0.iter().any(|it| it.code == Code::TOO_MANY_DEFINITIONS)
}
