//! The public schema: every type, field and argument that is generated from an ontology, described.
//!
//! async-graphql builds it and exports its SDL. Its resolvers are never called: plans answer. The parts that do not
//! depend on the ontology come from the tables of `surface`.

mod aggregates;
mod entities;
mod fixed;
mod inputs;
mod reachable;
mod texts;

use std::collections::BTreeSet;

use async_graphql::SDLExportOptions;
use async_graphql::dynamic::{
    Field, FieldFuture, InputValue, InterfaceField, Object, Schema, SchemaBuilder, TypeRef,
};

use super::ApiError;
use crate::memory::{Allowance, Meter};
use crate::ontology::{Domain, GeneratedNames, Ontology};
use crate::surface::{self, Argument, DEFAULT_PAGE, Fields, Given, Row, When, arguments};
pub(super) use reachable::leave_out_unreachable;
use texts::sealed;
pub(super) use texts::{open as open_texts, remove_descriptions};

/// Corrections of async-graphql's schema: `docs/decisions/front-end-libraries.md` has the reasons.
#[derive(Debug, Default)]
pub(super) struct SchemaCorrections {
    /// Interfaces that implement others, which async-graphql does not export.
    pub implements: Vec<(String, Vec<String>)>,
    /// Types of fields, by type and field, whose nullability async-graphql's check would refuse.
    pub types: Vec<(String, String, String)>,
}

/// About as many bytes as the fields that each type and interface has, whatever its own, take in async-graphql's
/// definitions, with those of the types that are generated for it.
const OF_A_TYPE: usize = 48 << 10;
/// About as many bytes as a property takes there, with the filters and orders by it, beside its description.
const OF_A_PROPERTY: usize = 2 << 10;
/// About as many bytes as a relation's field takes there, with its connection, filters and orders.
const OF_A_RELATION: usize = 12 << 10;
/// About as many bytes as the aggregates of relations to a type with one type of edges take there.
const OF_AN_AGGREGATE: usize = 4 << 10;
/// About as many bytes as a value of an enum or a member of a union takes there.
const OF_A_VALUE: usize = 512;

/// The SDL of an ontology's public schema, and the corrections that it needs. If there is not enough memory, the SDL is
/// incomplete.
///
/// # Errors
/// When async-graphql finds a rule of GraphQL broken, which the ontology's own checks prevent.
pub(super) fn export(
    ontology: &Ontology,
    memory: &Allowance,
) -> Result<(String, SchemaCorrections), ApiError> {
    let mut generator = Generator {
        ontology,
        names: GeneratedNames(ontology),
        schema: Schema::build("Query", None, None),
        filters: BTreeSet::new(),
        amendments: SchemaCorrections::default(),
        meter: Meter::new(memory),
        bytes: 0,
    };
    generator.fixed();
    generator.own_definitions();
    generator.entities();
    generator.inputs();
    generator.query();
    // async-graphql's forms of the definitions take as much memory as the definitions with their text.
    let Some(_reserved) = memory.reserve(generator.bytes) else {
        return Ok((String::new(), generator.amendments));
    };
    let schema = generator.schema.finish().map_err(ApiError::rule)?;
    let options = SDLExportOptions::new().include_specified_by().use_space_ident();
    Ok((schema.sdl_with_options(options), generator.amendments))
}

/// Cuts exported SDL between definitions, so that the parser needs memory for a part of it at a time.
pub(super) fn pieces(sdl: &str) -> impl Iterator<Item = &str> {
    const LEAST: usize = 1 << 20;
    // Texts have no line ends, so this is the end of a definition.
    const END: &str = "\n}\n";
    let mut rest = sdl;
    std::iter::from_fn(move || {
        let from = rest.floor_char_boundary(LEAST.min(rest.len()));
        let end = rest[from..]
            .find(END)
            .map_or(rest.len(), |it| from + it + END.len());
        let (piece, left) = rest.split_at(end);
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}

struct Generator<'a> {
    ontology: &'a Ontology,
    names: GeneratedNames<'a>,
    schema: SchemaBuilder,
    /// The value filters that are used, by name.
    filters: BTreeSet<String>,
    amendments: SchemaCorrections,
    meter: Meter<'a>,
    /// About as many bytes as the definitions take.
    bytes: usize,
}

/// A field, for an object or an interface.
struct FieldSpec {
    name: String,
    ty: TypeRef,
    description: Option<String>,
    deprecated: Option<String>,
    arguments: Vec<InputValue>,
}

impl FieldSpec {
    fn new(name: impl Into<String>, ty: TypeRef, description: impl Into<Option<String>>) -> Self {
        Self {
            name: name.into(),
            ty,
            description: description.into(),
            deprecated: None,
            arguments: Vec::new(),
        }
    }

    fn with(mut self, arguments: impl IntoIterator<Item = InputValue>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    fn on_object(self) -> Field {
        let mut field = Field::new(self.name, self.ty, |_| FieldFuture::from_value(None));
        if let Some(text) = &self.description {
            field = field.description(sealed(text));
        }
        if let Some(reason) = &self.deprecated {
            field = field.deprecation(Some(&sealed(reason)));
        }
        self.arguments.into_iter().fold(field, Field::argument)
    }

    fn on_interface(self) -> InterfaceField {
        let mut field = InterfaceField::new(self.name, self.ty);
        if let Some(text) = &self.description {
            field = field.description(sealed(text));
        }
        if let Some(reason) = &self.deprecated {
            field = field.deprecation(Some(&sealed(reason)));
        }
        self.arguments.into_iter().fold(field, InterfaceField::argument)
    }
}

fn object(name: &str, description: impl Into<String>, fields: Vec<FieldSpec>) -> Object {
    let object = Object::new(name).description(sealed(&description.into()));
    fields
        .into_iter()
        .map(FieldSpec::on_object)
        .fold(object, Object::field)
}

/// The values of a table's placeholders.
struct Placeholders<'t>(&'t [(&'static str, &'t str)]);

impl Placeholders<'_> {
    /// A text of a table with names in the place of its placeholders.
    fn text(&self, text: &str) -> String {
        let default_page = DEFAULT_PAGE.to_string();
        let all = self.0.iter().copied().chain([("default_page", &*default_page)]);
        all.fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    fn ty(&self, text: &str) -> TypeRef {
        type_ref(&self.text(text))
    }
}

/// A type as GraphQL writes it.
fn type_ref(text: &str) -> TypeRef {
    if let Some(inner) = text.strip_suffix('!') {
        return TypeRef::NonNull(Box::new(type_ref(inner)));
    }
    match text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(inner) => TypeRef::List(Box::new(type_ref(inner))),
        None => TypeRef::named(text),
    }
}

fn named(name: impl Into<String>) -> TypeRef {
    TypeRef::named(name.into())
}

fn required(name: impl Into<String>) -> TypeRef {
    TypeRef::named_nn(name.into())
}

/// The type without its exclamation marks.
fn nullable(ty: &TypeRef) -> TypeRef {
    match ty {
        TypeRef::NonNull(inner) => nullable(inner),
        TypeRef::List(inner) => TypeRef::List(Box::new(nullable(inner))),
        TypeRef::Named(_) => ty.clone(),
    }
}

fn input(name: &str, ty: TypeRef, description: impl Into<String>) -> InputValue {
    let (value, description) = (InputValue::new(name, ty), description.into());
    if description.is_empty() {
        return value;
    }
    value.description(sealed(&description))
}

fn join(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [head @ .., tail] => {
            let head: Vec<String> = head.iter().map(|it| format!("`{it}`")).collect();
            format!("{} {last} `{tail}`", head.join(", "))
        }
    }
}

impl Generator<'_> {
    /// Counts what is generated for a type or an interface. Returns `false` if there is not enough memory.
    fn takes(&mut self, domain: Domain) -> bool {
        let of_a_text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let members = self.ontology.members_of(domain);
        let bytes = members.map_or(OF_A_TYPE, |it| {
            let properties = it.declared();
            let properties: usize = properties
                .map(|it| OF_A_PROPERTY + of_a_text(&it.description))
                .sum();
            let fields = it.fields.iter();
            let fields: usize = fields.map(|it| OF_A_RELATION + of_a_text(&it.description)).sum();
            OF_A_TYPE + properties + fields
        });
        self.takes_bytes(bytes)
    }

    fn takes_bytes(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.meter.takes(bytes)
    }

    fn add(&mut self, ty: impl Into<async_graphql::dynamic::Type>) {
        let empty = Schema::build("Query", None, None);
        self.schema = std::mem::replace(&mut self.schema, empty).register(ty);
    }

    /// Arguments of a table, those that this schema has.
    fn arguments(&self, groups: &[&[Argument]], names: &Placeholders) -> Vec<InputValue> {
        self.described_arguments(groups, names, |it| it.description)
    }

    /// As [`Self::arguments`], with descriptions of their own.
    fn described_arguments(
        &self,
        groups: &[&[Argument]],
        names: &Placeholders,
        description: impl Fn(&Argument) -> &'static str,
    ) -> Vec<InputValue> {
        let has_relations = !self.ontology.relations.is_empty();
        let exists = |it: &&Argument| it.when == When::Always || has_relations;
        let all = groups.iter().copied().flatten().filter(exists);
        let each = all.map(|it| {
            let value = input(it.name, names.ty(it.ty), names.text(description(it)));
            match it.given {
                Given::Nothing => value,
                Given::Int(number) => value.default_value(number),
                Given::Float(number) => value.default_value(number),
                Given::Boolean(boolean) => value.default_value(boolean),
                Given::Enum(name) => {
                    value.default_value(async_graphql::Value::Enum(async_graphql::Name::new(name)))
                }
            }
        });
        each.collect()
    }

    /// A field of a table.
    fn field(&self, row: &Row, names: &Placeholders) -> FieldSpec {
        FieldSpec::new(row.name, names.ty(row.ty), names.text(row.description))
            .with(self.arguments(row.arguments, names))
    }

    /// The fields of a table.
    fn table<T: Fields>(&self, names: &Placeholders) -> Vec<FieldSpec> {
        T::ALL.iter().map(|(_, row)| self.field(row, names)).collect()
    }

    /// Adds the type of a table.
    fn add_table<T: Fields>(&mut self, names: &Placeholders) {
        let fields = self.table::<T>(names);
        self.add(object(&names.text(T::TYPE), names.text(T::DESCRIPTION), fields));
    }

    fn query(&mut self) {
        let mut fields = self.table::<surface::Query>(&Placeholders(&[]));
        for domain in self.domains() {
            let root = match domain {
                Domain::Type(id) => &self.ontology.entity_type(id).root,
                Domain::Interface(id) => &self.ontology.interfaces[id.index()].root,
                Domain::Union(_) => continue,
            };
            let name = self.ontology.name_of(domain);
            let about = match domain {
                Domain::Type(id) => self.ontology.entity_type(id).description.clone(),
                Domain::Interface(id) => self.ontology.interfaces[id.index()].description.clone(),
                Domain::Union(_) => None,
            };
            let about = about.map_or_else(String::new, |it| format!("\n\n{it}"));
            let (unique, filter, order) = (
                self.names.unique(domain),
                self.names.filter(domain, None),
                self.names.order(domain, None),
            );
            let names = Placeholders(&[("unique", &unique), ("filter", &filter), ("order", &order)]);
            let (description, lookup) = if self.unique_properties(domain).is_empty() {
                let description = format!("One {name} by its `id`; null if there is none.{about}");
                (description, arguments::ID)
            } else {
                let description = format!(
                    "One {name} by its `id`, or `by` a value that only it has: exactly one of the two. Null if there is none.{about}"
                );
                (description, arguments::ID_OR_UNIQUE)
            };
            let one = FieldSpec::new(&root.one, named(name), description);
            fields.push(one.with(self.arguments(&[lookup, arguments::AS_OF], &names)));
            let many = FieldSpec::new(
                &root.many,
                named(self.names.connection(domain, None)),
                format!(
                    "All {}; null if an argument is invalid.{about}",
                    self.noun(domain)
                ),
            );
            let listed = [arguments::CHOICE, arguments::PAGE, arguments::AS_OF];
            fields.push(many.with(self.arguments(&listed, &names)));
        }
        let description = Placeholders(&[]).text(surface::Query::DESCRIPTION);
        self.add(object(surface::Query::TYPE, description, fields));
    }
}
