//! Descriptions and reasons of the user's schema on their way through async-graphql.
//!
//! Its exporter writes a description between triple quotes as it is, and block strings lose their indentation
//! when they are read again. A text that would not survive is percent-encoded before it and decoded after it.

use std::borrow::Cow;

use apollo_compiler::Node;
use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, FieldDefinition, InputValueDefinition, Value};
use apollo_compiler::schema::ExtendedType;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b'\\');

/// The text as the exporter may write it.
pub(super) fn sealed(text: &str) -> Cow<'_, str> {
    let is_fragile = |it: char| matches!(it, '"' | '%' | '\\') || it.is_control();
    let is_indented = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    if text.is_empty() || is_indented || text.contains(is_fragile) {
        return utf8_percent_encode(text, ENCODED).collect::<String>().into();
    }
    Cow::Borrowed(text)
}

/// The text that was sealed, unless it is the same.
fn opened(sealed: &str) -> Option<String> {
    if !sealed.contains('%') {
        return None;
    }
    let text = percent_decode_str(sealed).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// Removes all descriptions from a schema.
pub(in crate::api) fn remove_descriptions(schema: &mut Schema) {
    schema.schema_definition.make_mut().description = None;
    for directive in schema.directive_definitions.values_mut() {
        let directive = directive.make_mut();
        directive.description = None;
        let arguments = directive.arguments.iter_mut();
        arguments.for_each(|it| it.make_mut().description = None);
    }
    let of_field = |field: &mut FieldDefinition| {
        field.description = None;
        let arguments = field.arguments.iter_mut();
        arguments.for_each(|it| it.make_mut().description = None);
    };
    for definition in schema.types.values_mut().filter(|it| !it.is_built_in()) {
        match definition {
            ExtendedType::Scalar(it) => it.make_mut().description = None,
            ExtendedType::Object(it) => {
                let it = it.make_mut();
                it.description = None;
                it.fields.values_mut().for_each(|it| of_field(it.make_mut()));
            }
            ExtendedType::Interface(it) => {
                let it = it.make_mut();
                it.description = None;
                it.fields.values_mut().for_each(|it| of_field(it.make_mut()));
            }
            ExtendedType::Union(it) => it.make_mut().description = None,
            ExtendedType::Enum(it) => {
                let it = it.make_mut();
                it.description = None;
                let values = it.values.values_mut();
                values.for_each(|it| it.make_mut().description = None);
            }
            ExtendedType::InputObject(it) => {
                let it = it.make_mut();
                it.description = None;
                let fields = it.fields.values_mut();
                fields.for_each(|it| it.make_mut().description = None);
            }
        }
    }
}

/// Puts all texts of a schema back that were sealed.
pub(in crate::api) fn open(schema: &mut Schema) {
    for definition in schema.types.values_mut().filter(|it| !it.is_built_in()) {
        match definition {
            ExtendedType::Scalar(it) => {
                let it = it.make_mut();
                description(&mut it.description);
                directives(it.directives.0.iter_mut());
            }
            ExtendedType::Object(it) => {
                let it = it.make_mut();
                description(&mut it.description);
                it.fields.values_mut().for_each(|it| field(it.make_mut()));
            }
            ExtendedType::Interface(it) => {
                let it = it.make_mut();
                description(&mut it.description);
                it.fields.values_mut().for_each(|it| field(it.make_mut()));
            }
            ExtendedType::Union(it) => description(&mut it.make_mut().description),
            ExtendedType::Enum(it) => {
                let it = it.make_mut();
                description(&mut it.description);
                for value in it.values.values_mut() {
                    let value = value.make_mut();
                    description(&mut value.description);
                    directives(value.directives.0.iter_mut());
                }
            }
            ExtendedType::InputObject(it) => {
                let it = it.make_mut();
                description(&mut it.description);
                it.fields.values_mut().for_each(|it| argument(it.make_mut()));
            }
        }
    }
}

fn description(text: &mut Option<Node<str>>) {
    if let Some(opened) = text.as_ref().and_then(|it| opened(it)) {
        *text = Some(Node::new_str(&opened));
    }
}

fn field(field: &mut FieldDefinition) {
    description(&mut field.description);
    directives(field.directives.0.iter_mut());
    field.arguments.iter_mut().for_each(|it| argument(it.make_mut()));
}

fn argument(argument: &mut InputValueDefinition) {
    description(&mut argument.description);
}

fn directives<'a>(all: impl Iterator<Item = &'a mut Node<Directive>>) {
    for directive in all {
        for argument in &mut directive.make_mut().arguments {
            if let Some(text) = argument.value.as_str().and_then(opened) {
                argument.make_mut().value = Node::new(Value::String(text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_is_opened_as_it_was() {
        for text in [
            "",
            "plain",
            "naïve – 名前",
            "100 %",
            "a%20b",
            "\"\"\"",
            "a\\",
            "  two\n   lines \r\n",
            "\u{0}\u{7f}\u{85}\u{feff}",
        ] {
            let sealed = sealed(text);
            assert!(!sealed.contains(['"', '\\', '\n', '\r']), "{sealed}");
            assert_eq!(opened(&sealed).as_deref().unwrap_or(&sealed), text);
        }
    }
}
