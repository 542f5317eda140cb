//! Memory that a document takes, computed by traversing it; this bounds the caches.

use std::mem::size_of;

use apollo_compiler::ast::{Argument, Directive, DirectiveList, Value};
use apollo_compiler::executable::{
    ExecutableDocument, Field, FragmentSpread, InlineFragment, Selection, SelectionSet,
};
use apollo_compiler::{Name, Node};

/// A reference count, a location and what the allocator adds to a node.
const NODE: usize = 40;
/// A reference count and what the allocator adds to the text of a name.
const TEXT: usize = 24;
/// A document without anything in it: its maps and its source.
const DOCUMENT: usize = 2 << 10;

/// A value in a list or an object that is grown by doubling, and the key that it may have.
const ELEMENT: usize = 256;
/// The room that a list has from its first value on.
const LIST: usize = 384;
/// The room that an object has from its first field on.
const OBJECT: usize = 768;

/// Bytes that the values of a JSON text take at most, in all the representations that variables have until they are
/// bound. Takes time linear in the text.
pub(super) fn json(text: &str) -> usize {
    let text = text.as_bytes();
    let mut bytes = ELEMENT + 2 * text.len();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b',' => bytes += ELEMENT,
            b'[' => bytes += LIST,
            b'{' => bytes += OBJECT,
            // Inside of a text, they mean nothing.
            b'"' => {
                while let Some(found) = memchr::memchr2(b'"', b'\\', &text[at.min(text.len())..]) {
                    let is_end = text[at + found] == b'"';
                    at += found + if is_end { 1 } else { 2 };
                    if is_end {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    bytes
}

/// Bytes that a document takes, its text included.
pub(super) fn document(document: &ExecutableDocument, text: &str) -> usize {
    let operations = document.operations.iter().map(|it| {
        let variables = it.variables.iter().map(|variable| {
            let default = variable.default_value.as_ref().map_or(0, |it| node(it));
            // Its type is a name in up to a few nodes.
            NODE + 160 + name(&variable.name) + default + directives(&variable.directives)
        });
        NODE + 256 + variables.sum::<usize>() + directives(&it.directives) + selections(&it.selection_set)
    });
    let fragments = document
        .fragments
        .values()
        .map(|it| NODE + 256 + name(&it.name) + directives(&it.directives) + selections(&it.selection_set));
    DOCUMENT + 2 * text.len() + operations.sum::<usize>() + fragments.sum::<usize>()
}

fn selections(set: &SelectionSet) -> usize {
    let all = set.selections.iter().map(|it| match it {
        Selection::Field(field) => {
            let alias = field.alias.as_ref().map_or(0, name);
            NODE + size_of::<Field>()
                + alias
                + name(&field.name)
                + arguments(&field.arguments)
                + directives(&field.directives)
                + field.selection_set.as_ref().map_or(0, selections)
        }
        Selection::FragmentSpread(spread) => {
            NODE + size_of::<FragmentSpread>() + name(&spread.fragment_name) + directives(&spread.directives)
        }
        Selection::InlineFragment(fragment) => {
            let condition = fragment.type_condition.as_ref().map_or(0, name);
            NODE + size_of::<InlineFragment>()
                + condition
                + directives(&fragment.directives)
                + selections(&fragment.selection_set)
        }
    });
    name(&set.ty) + size_of::<Selection>() * set.selections.capacity() + all.sum::<usize>()
}

fn directives(list: &DirectiveList) -> usize {
    let all = list.iter().map(|it| {
        NODE + size_of::<Node<Directive>>()
            + size_of::<Directive>()
            + name(&it.name)
            + arguments(&it.arguments)
    });
    all.sum()
}

fn arguments(list: &[Node<Argument>]) -> usize {
    let all = list.iter().map(|it| {
        NODE + size_of::<Node<Argument>>() + size_of::<Argument>() + name(&it.name) + node(&it.value)
    });
    all.sum()
}

fn node(value: &Value) -> usize {
    NODE + size_of::<Node<Value>>() + size_of::<Value>() + inner(value)
}

fn inner(value: &Value) -> usize {
    match value {
        Value::Null | Value::Boolean(_) => 0,
        Value::Enum(it) | Value::Variable(it) => name(it),
        Value::String(it) => TEXT + it.len(),
        Value::Int(it) => TEXT + it.as_str().len(),
        Value::Float(it) => TEXT + it.as_str().len(),
        Value::List(items) => items.iter().map(|it| node(it)).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| size_of::<Name>() + name(key) + node(value))
            .sum(),
    }
}

fn name(name: &Name) -> usize {
    TEXT + name.len()
}
