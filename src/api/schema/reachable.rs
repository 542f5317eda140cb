//! The types that a document can use: those that a path of fields, arguments and members leads to from the root.

use std::collections::HashSet;

use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

/// Removes all types that are not reachable by a field, argument, union or interface of a reachable type. Types that
/// implement a reachable interface are reachable. Takes time linear in the schema.
pub(in crate::api) fn leave_out_unreachable(schema: &mut Schema) {
    let implementers = schema.implementers_map();
    let mut reached: HashSet<Name> = HashSet::new();
    let mut pending: Vec<Name> = Vec::new();
    pending.extend(
        schema
            .schema_definition
            .iter_root_operations()
            .map(|(_, it)| Name::clone(it)),
    );
    for directive in schema.directive_definitions.values() {
        pending.extend(
            directive
                .arguments
                .iter()
                .map(|it| it.ty.inner_named_type().clone()),
        );
    }
    while let Some(name) = pending.pop() {
        let Some(definition) = schema.types.get(&name) else {
            continue;
        };
        if !reached.insert(name.clone()) {
            continue;
        }
        match definition {
            ExtendedType::Scalar(_) | ExtendedType::Enum(_) => {}
            ExtendedType::Object(it) => {
                pending.extend(it.implements_interfaces.iter().map(|it| Name::clone(it)));
                it.fields.values().for_each(|it| of_field(it, &mut pending));
            }
            ExtendedType::Interface(it) => {
                pending.extend(it.implements_interfaces.iter().map(|it| Name::clone(it)));
                it.fields.values().for_each(|it| of_field(it, &mut pending));
                let all = implementers.get(&name);
                pending.extend(all.into_iter().flat_map(|it| it.iter().cloned()));
            }
            ExtendedType::Union(it) => pending.extend(it.members.iter().map(|it| Name::clone(it))),
            ExtendedType::InputObject(it) => {
                pending.extend(it.fields.values().map(|it| it.ty.inner_named_type().clone()));
            }
        }
    }
    schema
        .types
        .retain(|name, it| it.is_built_in() || reached.contains(name));
}

fn of_field(field: &FieldDefinition, pending: &mut Vec<Name>) {
    pending.push(field.ty.inner_named_type().clone());
    pending.extend(field.arguments.iter().map(|it| it.ty.inner_named_type().clone()));
}
