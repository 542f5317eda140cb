//! `__schema` and `__type`, written into the same counted buffer as all other fields.

use apollo_compiler::Schema;
use apollo_compiler::ast::{
    DirectiveDefinition, DirectiveList, EnumValueDefinition, FieldDefinition, InputValueDefinition, Type,
};
use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::{ExtendedType, Implementers};
use apollo_compiler::{Name, Node};

use super::{Run, Written};
use crate::plan::{Given, IncludeDeprecated, Introspection, MetaField, Object, Step, Variables};

/// State for introspection, in addition to the plan.
#[derive(Debug, Clone, Copy)]
pub struct PublicSchema<'a> {
    /// The described schema.
    pub schema: &'a Schema,
    /// The types that implement each interface.
    pub implementers: &'a HashMap<Name, Implementers>,
    /// The variables of the request.
    pub variables: &'a Variables,
}

/// An object of introspection.
#[derive(Clone, Copy)]
enum IntrospectionObject<'s> {
    Schema,
    Type(&'s ExtendedType),
    /// A list of a type.
    List(&'s Type),
    /// A non-null type: `NonNullNamed` or `NonNullList`.
    NonNull(&'s Type),
    Field(&'s FieldDefinition),
    InputValue(&'s InputValueDefinition),
    EnumValue(&'s EnumValueDefinition),
    Directive(&'s DirectiveDefinition),
}

impl Step for MetaField {}

impl<'a> Run<'a> {
    /// Writes the value of a root field about the schema.
    pub(super) fn introspection(&mut self, asked: &'a Introspection, public: PublicSchema<'a>) -> Written {
        match asked {
            Introspection::Schema(fields) => self.meta(fields, IntrospectionObject::Schema, public),
            Introspection::Type(name, fields) => {
                let name = name.value(public.variables);
                let found = name.and_then(Given::as_str);
                let found = found
                    .and_then(|it| public.schema.types.get(it))
                    .map(IntrospectionObject::Type);
                self.meta_or_null(fields, found, public)
            }
        }
    }

    fn meta_or_null(
        &mut self,
        fields: &'a Object<MetaField>,
        meta: Option<IntrospectionObject<'a>>,
        public: PublicSchema<'a>,
    ) -> Written {
        match meta {
            Some(meta) => self.meta(fields, meta, public),
            None => {
                self.null();
                Ok(())
            }
        }
    }

    fn metas(
        &mut self,
        fields: &'a Object<MetaField>,
        metas: impl Iterator<Item = IntrospectionObject<'a>>,
        public: PublicSchema<'a>,
    ) -> Written {
        self.each(metas, |run, meta| run.meta(fields, meta, public))
    }

    fn meta(
        &mut self,
        fields: &'a Object<MetaField>,
        meta: IntrospectionObject<'a>,
        public: PublicSchema<'a>,
    ) -> Written {
        self.visit(1)?;
        self.object(fields, |run, slot| {
            run.check_bytes()?;
            run.meta_field(&slot.field, meta, public)
        })
    }

    fn meta_field(
        &mut self,
        field: &'a MetaField,
        meta: IntrospectionObject<'a>,
        public: PublicSchema<'a>,
    ) -> Written {
        let schema = public.schema;
        let named = |name: &Name| schema.types.get(name).map(IntrospectionObject::Type);
        match field {
            MetaField::Name => self.text_or_null(meta.name()),
            MetaField::Description => self.text_or_null(meta.description(schema)),
            MetaField::IsDeprecated => self.boolean(meta.directives().is_some_and(is_deprecated)),
            MetaField::DeprecationReason => {
                let directive = meta.directives().and_then(|it| it.get("deprecated"));
                let reason = directive.and_then(|it| it.argument_by_name("reason", schema).ok());
                self.text_or_null(reason.and_then(|it| it.as_str()));
            }
            MetaField::Args(deprecated, fields) => {
                let arguments = match meta {
                    IntrospectionObject::Field(it) => it.arguments.as_slice(),
                    IntrospectionObject::Directive(it) => it.arguments.as_slice(),
                    _ => &[],
                };
                return self.input_values(arguments.iter(), deprecated, fields, public);
            }
            MetaField::Types(fields) => {
                return self.metas(
                    fields,
                    schema.types.values().map(IntrospectionObject::Type),
                    public,
                );
            }
            MetaField::QueryType(fields) => {
                let root = schema.schema_definition.query.as_ref();
                return self.meta_or_null(fields, root.and_then(|it| named(it)), public);
            }
            MetaField::MutationType(fields) => {
                let root = schema.schema_definition.mutation.as_ref();
                return self.meta_or_null(fields, root.and_then(|it| named(it)), public);
            }
            MetaField::SubscriptionType(fields) => {
                let root = schema.schema_definition.subscription.as_ref();
                return self.meta_or_null(fields, root.and_then(|it| named(it)), public);
            }
            MetaField::Directives(deprecated, fields) => {
                let all = deprecated.holds(public);
                let directives = schema.directive_definitions.values();
                let shown = directives.filter(|it| all || !is_deprecated(&it.directives));
                return self.metas(fields, shown.map(|it| IntrospectionObject::Directive(it)), public);
            }
            MetaField::Kind => self.text(meta.kind()),
            MetaField::SpecifiedByUrl => {
                let directive = match meta {
                    IntrospectionObject::Type(ExtendedType::Scalar(it)) => it.directives.get("specifiedBy"),
                    _ => None,
                };
                let url = directive.and_then(|it| it.specified_argument_by_name("url"));
                self.text_or_null(url.and_then(|it| it.as_str()));
            }
            MetaField::Fields(deprecated, fields) => {
                let of = match meta {
                    IntrospectionObject::Type(ExtendedType::Object(it)) => &it.fields,
                    IntrospectionObject::Type(ExtendedType::Interface(it)) => &it.fields,
                    _ => {
                        self.null();
                        return Ok(());
                    }
                };
                let all = deprecated.holds(public);
                let shown = of.values().filter(|it| all || !is_deprecated(&it.directives));
                return self.metas(fields, shown.map(|it| IntrospectionObject::Field(it)), public);
            }
            MetaField::Interfaces(fields) => {
                let of = match meta {
                    IntrospectionObject::Type(ExtendedType::Object(it)) => &it.implements_interfaces,
                    IntrospectionObject::Type(ExtendedType::Interface(it)) => &it.implements_interfaces,
                    _ => {
                        self.null();
                        return Ok(());
                    }
                };
                return self.metas(fields, of.iter().filter_map(|it| named(it)), public);
            }
            MetaField::PossibleTypes(fields) => {
                return match meta {
                    IntrospectionObject::Type(ExtendedType::Interface(it)) => {
                        let implementers = public.implementers.get(&it.name).into_iter();
                        let objects = implementers.flat_map(|it| &it.objects);
                        self.metas(fields, objects.filter_map(named), public)
                    }
                    IntrospectionObject::Type(ExtendedType::Union(it)) => {
                        self.metas(fields, it.members.iter().filter_map(|it| named(it)), public)
                    }
                    _ => self.meta_or_null(fields, None, public),
                };
            }
            MetaField::EnumValues(deprecated, fields) => {
                let IntrospectionObject::Type(ExtendedType::Enum(it)) = meta else {
                    self.null();
                    return Ok(());
                };
                let all = deprecated.holds(public);
                let shown = it
                    .values
                    .values()
                    .filter(|it| all || !is_deprecated(&it.directives));
                return self.metas(fields, shown.map(|it| IntrospectionObject::EnumValue(it)), public);
            }
            MetaField::InputFields(deprecated, fields) => {
                let IntrospectionObject::Type(ExtendedType::InputObject(it)) = meta else {
                    self.null();
                    return Ok(());
                };
                let values = it.fields.values();
                return self.input_values(values, deprecated, fields, public);
            }
            MetaField::OfType(fields) => {
                let inner = match meta {
                    IntrospectionObject::List(inner) => IntrospectionObject::of(inner, schema),
                    IntrospectionObject::NonNull(Type::NonNullNamed(name)) => named(name),
                    IntrospectionObject::NonNull(Type::NonNullList(inner)) => {
                        Some(IntrospectionObject::List(inner))
                    }
                    _ => None,
                };
                return self.meta_or_null(fields, inner, public);
            }
            MetaField::IsOneOf => match meta {
                IntrospectionObject::Type(ExtendedType::InputObject(it)) => self.boolean(it.is_one_of()),
                _ => self.null(),
            },
            MetaField::Type(fields) => {
                let of = match meta {
                    IntrospectionObject::Field(it) => IntrospectionObject::of(&it.ty, schema),
                    IntrospectionObject::InputValue(it) => IntrospectionObject::of(&it.ty, schema),
                    _ => None,
                };
                return self.meta_or_null(fields, of, public);
            }
            MetaField::DefaultValue => {
                let value = match meta {
                    IntrospectionObject::InputValue(it) => it.default_value.as_ref(),
                    _ => None,
                };
                let written = value.map(|it| it.serialize().no_indent().to_string());
                self.text_or_null(written.as_deref());
            }
            MetaField::Locations => {
                let locations = match meta {
                    IntrospectionObject::Directive(it) => Some(it.locations.iter()),
                    _ => None,
                };
                return self.each(locations.into_iter().flatten(), |run, location| {
                    run.text(location.name());
                    Ok(())
                });
            }
            MetaField::IsRepeatable => {
                self.boolean(matches!(meta, IntrospectionObject::Directive(it) if it.repeatable));
            }
        }
        Ok(())
    }

    fn input_values(
        &mut self,
        values: impl Iterator<Item = &'a Node<InputValueDefinition>>,
        deprecated: &IncludeDeprecated,
        fields: &'a Object<MetaField>,
        public: PublicSchema<'a>,
    ) -> Written {
        let all = deprecated.holds(public);
        let shown = values.filter(|it| all || !is_deprecated(&it.directives));
        self.metas(
            fields,
            shown.map(|it| IntrospectionObject::InputValue(it)),
            public,
        )
    }

    fn text_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }
}

fn is_deprecated(directives: &DirectiveList) -> bool {
    directives.has("deprecated")
}

impl IncludeDeprecated {
    fn holds(&self, public: PublicSchema) -> bool {
        let value = self.0.as_ref().and_then(|it| it.value(public.variables));
        value.and_then(Given::as_bool).unwrap_or(false)
    }
}

impl<'s> IntrospectionObject<'s> {
    /// The type that a reference names.
    fn of(ty: &'s Type, schema: &'s Schema) -> Option<Self> {
        match ty {
            Type::Named(name) => schema.types.get(name).map(IntrospectionObject::Type),
            Type::List(inner) => Some(IntrospectionObject::List(inner)),
            Type::NonNullNamed(_) | Type::NonNullList(_) => Some(IntrospectionObject::NonNull(ty)),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            IntrospectionObject::List(_) => "LIST",
            IntrospectionObject::NonNull(_) => "NON_NULL",
            IntrospectionObject::Type(ExtendedType::Scalar(_)) => "SCALAR",
            IntrospectionObject::Type(ExtendedType::Interface(_)) => "INTERFACE",
            IntrospectionObject::Type(ExtendedType::Union(_)) => "UNION",
            IntrospectionObject::Type(ExtendedType::Enum(_)) => "ENUM",
            IntrospectionObject::Type(ExtendedType::InputObject(_)) => "INPUT_OBJECT",
            _ => "OBJECT",
        }
    }

    fn name(self) -> Option<&'s str> {
        match self {
            IntrospectionObject::Schema | IntrospectionObject::List(_) | IntrospectionObject::NonNull(_) => {
                None
            }
            IntrospectionObject::Type(it) => Some(it.name().as_str()),
            IntrospectionObject::Field(it) => Some(it.name.as_str()),
            IntrospectionObject::InputValue(it) => Some(it.name.as_str()),
            IntrospectionObject::EnumValue(it) => Some(it.value.as_str()),
            IntrospectionObject::Directive(it) => Some(it.name.as_str()),
        }
    }

    fn description(self, schema: &'s Schema) -> Option<&'s str> {
        let description = match self {
            IntrospectionObject::Schema => &schema.schema_definition.description,
            IntrospectionObject::Type(it) => return it.description().map(Node::as_str),
            IntrospectionObject::List(_) | IntrospectionObject::NonNull(_) => return None,
            IntrospectionObject::Field(it) => &it.description,
            IntrospectionObject::InputValue(it) => &it.description,
            IntrospectionObject::EnumValue(it) => &it.description,
            IntrospectionObject::Directive(it) => &it.description,
        };
        description.as_deref()
    }

    fn directives(self) -> Option<&'s DirectiveList> {
        match self {
            IntrospectionObject::Field(it) => Some(&it.directives),
            IntrospectionObject::InputValue(it) => Some(&it.directives),
            IntrospectionObject::EnumValue(it) => Some(&it.directives),
            IntrospectionObject::Directive(it) => Some(&it.directives),
            _ => None,
        }
    }
}
