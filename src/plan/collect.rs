//! The specification's `CollectFields`, ahead of time.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{DirectiveList, Value};
use apollo_compiler::executable::{Field, Fragment, Operation, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Node};

use super::input::Variables;

/// The directive that asks where values come from.
pub(super) const CITE: &str = "cite";
/// The directive that asks what the steps of a plan took.
pub(super) const EXPLAIN: &str = "explain";

/// The occurrences of one response key, in order.
pub(super) struct Merged<'a> {
    pub key: &'a str,
    pub fields: Vec<&'a Field>,
    /// Whether any of them, or a fragment around one, has `@cite`.
    pub cite: bool,
}

impl<'a> Merged<'a> {
    /// Validation has made sure that all occurrences are the same field with the same arguments.
    pub fn first(&self) -> &'a Field {
        self.fields[0]
    }

    /// The selections of all occurrences, to be merged.
    pub fn selections(&self) -> Vec<&'a SelectionSet> {
        self.fields
            .iter()
            .filter_map(|field| field.selection_set.as_ref())
            .collect()
    }
}

/// Merges the fields of some selections as they apply to an object; `applies` says of a type condition
/// whether the object meets it.
pub(super) fn collect<'a>(
    document: &'a ExecutableDocument,
    selections: &[&'a SelectionSet],
    variables: &Variables,
    applies: &impl Fn(&str) -> bool,
) -> Vec<Merged<'a>> {
    let mut collector = Collector {
        document,
        variables,
        applies,
        merged: Vec::new(),
        places: HashMap::new(),
        visited: HashSet::new(),
    };
    for selection in selections {
        collector.visit(selection, false);
    }
    collector.merged
}

struct Collector<'a, 'v, A> {
    document: &'a ExecutableDocument,
    variables: &'v Variables,
    applies: &'v A,
    merged: Vec<Merged<'a>>,
    /// Position of each key among the merged ones.
    places: HashMap<&'a str, usize>,
    visited: HashSet<&'a str>,
}

impl<'a, A: Fn(&str) -> bool> Collector<'a, '_, A> {
    fn visit(&mut self, set: &'a SelectionSet, cited: bool) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    if self.included(&field.directives) {
                        let key = field.response_name().as_str();
                        let cite = cited || field.directives.has(CITE);
                        match self.places.entry(key) {
                            Entry::Occupied(place) => {
                                let merged = &mut self.merged[*place.get()];
                                merged.fields.push(field);
                                merged.cite |= cite;
                            }
                            Entry::Vacant(place) => {
                                place.insert(self.merged.len());
                                self.merged.push(Merged {
                                    key,
                                    fields: vec![field],
                                    cite,
                                });
                            }
                        }
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let meets = fragment
                        .type_condition
                        .as_ref()
                        .is_none_or(|it| (self.applies)(it));
                    if self.included(&fragment.directives) && meets {
                        let cited = cited || fragment.directives.has(CITE);
                        self.visit(&fragment.selection_set, cited);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    if !self.included(&spread.directives) || !self.visited.insert(name) {
                        continue;
                    }
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    if (self.applies)(&fragment.selection_set.ty) {
                        let here = spread.directives.has(CITE) || fragment.directives.has(CITE);
                        self.visit(&fragment.selection_set, cited || here);
                    }
                }
            }
        }
    }

    fn included(&self, directives: &DirectiveList) -> bool {
        let says = |directive: &str| {
            let value = directives.get(directive)?.specified_argument_by_name("if")?;
            match &**value {
                Value::Boolean(it) => Some(*it),
                Value::Variable(name) => self.variables.get(name.as_str())?.as_bool(),
                _ => None,
            }
        };
        says("skip") != Some(true) && says("include") != Some(false)
    }
}

/// Whether `@cite` stands anywhere in an operation or a fragment of its document.
pub(super) fn cites(document: &ExecutableDocument, operation: &Operation) -> bool {
    fn within(set: &SelectionSet) -> bool {
        set.selections.iter().any(|selection| match selection {
            Selection::Field(it) => it.directives.has(CITE) || it.selection_set.as_ref().is_some_and(within),
            Selection::InlineFragment(it) => it.directives.has(CITE) || within(&it.selection_set),
            Selection::FragmentSpread(it) => it.directives.has(CITE),
        })
    }
    let in_fragment = |it: &Node<Fragment>| it.directives.has(CITE) || within(&it.selection_set);
    operation.directives.has(CITE)
        || within(&operation.selection_set)
        || document.fragments.values().any(in_fragment)
}

/// The variables that decide `@skip` and `@include` anywhere in the document, in order of their names.
pub fn condition_variables(document: &ExecutableDocument) -> Vec<String> {
    let mut names = Vec::new();
    for operation in document.operations.iter() {
        find(&operation.selection_set, &mut names);
    }
    for fragment in document.fragments.values() {
        find(&fragment.selection_set, &mut names);
    }
    names.sort();
    names.dedup();
    names
}

fn find(set: &SelectionSet, names: &mut Vec<String>) {
    for selection in &set.selections {
        let (directives, inner) = match selection {
            Selection::Field(it) => (&it.directives, it.selection_set.as_ref()),
            Selection::InlineFragment(it) => (&it.directives, Some(&it.selection_set)),
            Selection::FragmentSpread(it) => (&it.directives, None),
        };
        for directive in directives
            .iter()
            .filter(|it| it.name == "skip" || it.name == "include")
        {
            if let Some(Value::Variable(name)) = directive.specified_argument_by_name("if").map(|it| &**it) {
                names.push(name.to_string());
            }
        }
        if let Some(inner) = inner {
            find(inner, names);
        }
    }
}
