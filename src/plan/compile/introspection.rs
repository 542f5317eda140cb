//! Selections of the introspection system.

use apollo_compiler::executable::{Field, SelectionSet};

use super::{Compiler, Input, Merged, Result, unknown};
use crate::plan::Object;
use crate::plan::introspection::{IncludeDeprecated, Introspection, MetaField};

impl<'a> Compiler<'a> {
    /// `__schema` or `__type`.
    pub(super) fn introspection(&mut self, merged: &Merged<'a>) -> Result<Introspection> {
        let fields = self.meta(&merged.selections())?;
        let field = merged.first();
        Ok(if field.name == "__schema" {
            Introspection::Schema(fields)
        } else {
            let name = self.argument(field, "name")?;
            let name = name.unwrap_or(Input::Constant(serde_json::Value::Null));
            Introspection::Type(name, fields)
        })
    }

    fn argument(&mut self, field: &Field, name: &str) -> Result<Option<Input>> {
        let given = field.specified_argument_by_name(name);
        let definition = field.definition.argument_by_name(name);
        let (Some(given), Some(definition)) = (given, definition) else {
            return Ok(None);
        };
        let input = Input::of(self.schema, &definition.ty, given);
        self.hold(input.heap_bytes())?;
        Ok(Some(input))
    }

    fn meta(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<MetaField>> {
        self.fields(sets, |it, name, merged| {
            let deprecated = |it: &mut Self| -> Result<IncludeDeprecated> {
                Ok(IncludeDeprecated(
                    it.argument(merged.first(), "includeDeprecated")?,
                ))
            };
            let sets = merged.selections();
            Ok(match name {
                "name" => MetaField::Name,
                "description" => MetaField::Description,
                "isDeprecated" => MetaField::IsDeprecated,
                "deprecationReason" => MetaField::DeprecationReason,
                "args" => MetaField::Args(deprecated(it)?, it.meta(&sets)?),
                "types" => MetaField::Types(it.meta(&sets)?),
                "queryType" => MetaField::QueryType(it.meta(&sets)?),
                "mutationType" => MetaField::MutationType(it.meta(&sets)?),
                "subscriptionType" => MetaField::SubscriptionType(it.meta(&sets)?),
                "directives" => MetaField::Directives(deprecated(it)?, it.meta(&sets)?),
                "kind" => MetaField::Kind,
                "specifiedByURL" => MetaField::SpecifiedByUrl,
                "fields" => MetaField::Fields(deprecated(it)?, it.meta(&sets)?),
                "interfaces" => MetaField::Interfaces(it.meta(&sets)?),
                "possibleTypes" => MetaField::PossibleTypes(it.meta(&sets)?),
                "enumValues" => MetaField::EnumValues(deprecated(it)?, it.meta(&sets)?),
                "inputFields" => MetaField::InputFields(deprecated(it)?, it.meta(&sets)?),
                "ofType" => MetaField::OfType(it.meta(&sets)?),
                "isOneOf" => MetaField::IsOneOf,
                "type" => MetaField::Type(it.meta(&sets)?),
                "defaultValue" => MetaField::DefaultValue,
                "locations" => MetaField::Locations,
                "isRepeatable" => MetaField::IsRepeatable,
                _ => return Err(unknown(merged)),
            })
        })
    }
}
