//! "Did you mean …?" for names that the schema does not have.
//!
//! The validator says what is wrong in words only, so its messages are read here; a message in other words gets no
//! suggestion. Takes time linear in the names that could be meant.

use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::{Name, Schema};

use crate::report::did_you_mean;

/// The names near to the one that a message of the validator does not know, in words.
pub(super) fn hint(schema: &Schema, message: &str) -> Option<String> {
    let near = |name: &str, candidates: &mut dyn Iterator<Item = &str>| {
        let hint = did_you_mean(name, candidates, String::new);
        (!hint.is_empty()).then_some(hint)
    };
    match message.split('`').collect::<Vec<_>>()[..] {
        ["type ", owner, " does not have a field ", name, ""] => near(name, &mut fields(schema, owner)?),
        ["field ", name, " does not exist on ", owner, ""] => match schema.types.get(owner)? {
            ExtendedType::InputObject(it) => {
                quantified(schema, it, name).or_else(|| near(name, &mut it.fields.keys().map(Name::as_str)))
            }
            _ => None,
        },
        ["value ", name, " does not exist on ", owner, ""] => match schema.types.get(owner)? {
            ExtendedType::Enum(it) => near(name, &mut it.values.keys().map(Name::as_str)),
            _ => None,
        },
        ["the argument ", name, " is not supported by ", coordinate, ""] => {
            near(name, &mut arguments(schema, coordinate)?.into_iter())
        }
        ["cannot find type ", name, " in this document"] => {
            near(name, &mut named(schema, ExtendedType::is_input_type))
        }
        [
            "type condition ",
            name,
            " of fragment ",
            _,
            " is not a type defined in the schema",
        ]
        | [
            "type condition ",
            name,
            " of inline fragment is not a type defined in the schema",
        ] => near(name, &mut named(schema, is_composite)),
        ["cannot find directive ", name, " in this document"] => {
            let name = name.strip_prefix('@').unwrap_or(name);
            near(name, &mut schema.directive_definitions.keys().map(Name::as_str))
        }
        _ => None,
    }
}

/// A filter on what a relation leads to has the target's fields one level below, also where it leads to one entity.
fn quantified(schema: &Schema, filter: &InputObjectType, name: &str) -> Option<String> {
    let some = filter.fields.get("some")?;
    let target = schema.get_input_object(some.ty.inner_named_type())?;
    let has_name = target.fields.contains_key(name);
    has_name.then(|| format!("write \"some: {{{name}: …}}\""))
}

fn is_composite(ty: &ExtendedType) -> bool {
    ty.is_object() || ty.is_interface() || ty.is_union()
}

/// The types of some kind, those of introspection left out.
fn named(schema: &Schema, is: fn(&ExtendedType) -> bool) -> impl Iterator<Item = &str> {
    let all = schema.types.iter().filter(move |(_, ty)| is(ty));
    all.map(|(name, _)| name.as_str())
        .filter(|it| !it.starts_with("__"))
}

fn fields<'s>(schema: &'s Schema, owner: &str) -> Option<Box<dyn Iterator<Item = &'s str> + 's>> {
    let fields = match schema.types.get(owner)? {
        ExtendedType::Object(it) => &it.fields,
        ExtendedType::Interface(it) => &it.fields,
        _ => return None,
    };
    Some(Box::new(fields.keys().map(Name::as_str)))
}

/// The arguments of what a coordinate such as `Query.node(id:)` or `@skip(if:)` names.
fn arguments<'s>(schema: &'s Schema, coordinate: &str) -> Option<Vec<&'s str>> {
    let (holder, _) = coordinate.split_once('(').unwrap_or((coordinate, ""));
    let arguments = match (holder.strip_prefix('@'), holder.split_once('.')) {
        (Some(directive), _) => &schema.directive_definitions.get(directive)?.arguments,
        (None, Some((owner, field))) => &schema.type_field(owner, field).ok()?.arguments,
        (None, None) => return None,
    };
    Some(arguments.iter().map(|it| it.name.as_str()).collect())
}
