//! Introspection in an operation: `__schema` and `__type`.
//!
//! Every type of the introspection system is an object, so its selections are merged when the plan is compiled and the
//! writer only follows them.

use super::Object;
use super::input::Input;

/// A root field that asks about the schema.
#[derive(Debug)]
pub enum Introspection {
    /// `__schema`.
    Schema(Object<MetaField>),
    /// `__type`, with its `name`.
    Type(Input, Object<MetaField>),
}

/// The argument `includeDeprecated`; a variable may decide it.
#[derive(Debug)]
pub struct IncludeDeprecated(pub Option<Input>);

/// A field of a type of the introspection system. Fields of the same name mean the same on all of these types.
#[derive(Debug)]
pub enum MetaField {
    /// `name` of a type, field, argument, enum value or directive.
    Name,
    /// `description` of any of them.
    Description,
    /// `isDeprecated`.
    IsDeprecated,
    /// `deprecationReason`.
    DeprecationReason,
    /// `args` of a field or directive.
    Args(IncludeDeprecated, Object<MetaField>),
    /// `__Schema.types`.
    Types(Object<MetaField>),
    /// `__Schema.queryType`.
    QueryType(Object<MetaField>),
    /// `__Schema.mutationType`.
    MutationType(Object<MetaField>),
    /// `__Schema.subscriptionType`.
    SubscriptionType(Object<MetaField>),
    /// `__Schema.directives`.
    Directives(IncludeDeprecated, Object<MetaField>),
    /// `__Type.kind`.
    Kind,
    /// `__Type.specifiedByURL`.
    SpecifiedByUrl,
    /// `__Type.fields`.
    Fields(IncludeDeprecated, Object<MetaField>),
    /// `__Type.interfaces`.
    Interfaces(Object<MetaField>),
    /// `__Type.possibleTypes`.
    PossibleTypes(Object<MetaField>),
    /// `__Type.enumValues`.
    EnumValues(IncludeDeprecated, Object<MetaField>),
    /// `__Type.inputFields`.
    InputFields(IncludeDeprecated, Object<MetaField>),
    /// `__Type.ofType`.
    OfType(Object<MetaField>),
    /// `__Type.isOneOf`.
    IsOneOf,
    /// `type` of a field or an input value.
    Type(Object<MetaField>),
    /// `__InputValue.defaultValue`.
    DefaultValue,
    /// `__Directive.locations`.
    Locations,
    /// `__Directive.isRepeatable`.
    IsRepeatable,
}
