//! Input objects that name a field twice: a rule of the specification (*Input Object Field Uniqueness*) that
//! apollo-compiler's validation lacks.

use std::collections::HashSet;

use apollo_compiler::Node;
use apollo_compiler::ast::{
    Argument, Definition, DirectiveList, Document, Selection, Value, VariableDefinition,
};

use super::answer::GraphqlError;
use super::limits::MOST_ERRORS;
use crate::plan::Lines;

/// An error for each duplicate field of an input object.
pub(super) fn errors(document: &Document, text: &str) -> Vec<GraphqlError> {
    let mut finder = Finder {
        text,
        lines: None,
        errors: Vec::new(),
    };
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(it) => {
                finder.variables(&it.variables);
                finder.directives(&it.directives);
                finder.selections(&it.selection_set);
            }
            Definition::FragmentDefinition(it) => {
                finder.directives(&it.directives);
                finder.selections(&it.selection_set);
            }
            _ => {}
        }
    }
    finder.errors
}

struct Finder<'a> {
    text: &'a str,
    /// Made for the first error.
    lines: Option<Lines<'a>>,
    errors: Vec<GraphqlError>,
}

impl Finder<'_> {
    fn variables(&mut self, variables: &[Node<VariableDefinition>]) {
        for variable in variables {
            if let Some(value) = &variable.default_value {
                self.value(value);
            }
            self.directives(&variable.directives);
        }
    }

    fn selections(&mut self, selections: &[Selection]) {
        for selection in selections {
            match selection {
                Selection::Field(it) => {
                    self.arguments(&it.arguments);
                    self.directives(&it.directives);
                    self.selections(it.selection_set.as_deref().unwrap_or_default());
                }
                Selection::FragmentSpread(it) => self.directives(&it.directives),
                Selection::InlineFragment(it) => {
                    self.directives(&it.directives);
                    self.selections(&it.selection_set);
                }
            }
        }
    }

    fn directives(&mut self, directives: &DirectiveList) {
        for directive in directives {
            self.arguments(&directive.arguments);
        }
    }

    fn arguments(&mut self, arguments: &[Node<Argument>]) {
        for argument in arguments {
            self.value(&argument.value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::List(items) => items.iter().for_each(|it| self.value(it)),
            Value::Object(fields) => {
                let mut seen = HashSet::with_capacity(fields.len());
                for (name, value) in fields {
                    if !seen.insert(name.as_str()) && self.errors.len() < MOST_ERRORS {
                        let message = format!("the input field \"{name}\" is given twice in one object");
                        let lines = self.lines.get_or_insert_with(|| Lines::of(self.text));
                        let location = name.location().map(|it| lines.location(it.offset()));
                        self.errors.push(
                            GraphqlError::request("GRAPHQL_VALIDATION_FAILED", message)
                                .located(location.unwrap_or_default()),
                        );
                    }
                    self.value(value);
                }
            }
            _ => {}
        }
    }
}
