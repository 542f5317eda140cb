//! The compiled schema: entity types, interfaces, unions, properties, relations and their inverses.
//!
//! [`load`] reads a folder of SDL with apollo-compiler, after the definitions of Clew's directives, and checks the rules
//! of Clew. Later stages check nothing again: every field is a property or a relation, every relation knows both its
//! ends, every generated name is free. Time and memory are linear in the schema.

mod compile;
mod context;
mod date;
mod decimal;
mod digest;
mod duration;
mod external_ids;
mod instant;
mod int64;
mod limits;
mod names;
mod point;
mod prelude;
mod relations;
mod rounding;
mod sdl;

pub use compile::{compile, compile_within, is_schema, load, load_within, unread};
pub use date::{Date, DateError};
pub use decimal::{DecimalError, LARGEST_EXPONENT, LONGEST_DECIMAL, decimal};
pub use digest::OntologyDigest;
pub use duration::{DurationError, duration, duration_of};
pub(crate) use external_ids::check_iri;
pub use external_ids::{ExternalError, Prefix, Prefixes};
pub use instant::{Instant, InstantError};
pub use int64::{Int64Error, int64};
pub use names::GeneratedNames;
pub use point::{Bounds, Point, PointError};
pub use rounding::{RoundedValue, Rounding};

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use crate::report::SourceText;
use crate::surface::{InputTable, inputs};

macro_rules! index {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u16);

        impl $name {
            /// The position in the ontology's list.
            pub fn index(self) -> usize {
                usize::from(self.0)
            }

            pub(crate) fn at(index: usize) -> Self {
                Self(u16::try_from(index).expect("a schema has fewer than 65,536 definitions of a kind"))
            }
        }
    )+};
}

index! {
    /// An entity type.
    TypeId;
    /// An interface; 0 is `Entity`, which every entity type implements.
    InterfaceId;
    /// A union.
    UnionId;
    /// An enum.
    EnumId;
    /// A type of edge properties.
    EdgeTypeId;
    /// A relation.
    RelationId;
    /// A property of a type, an interface or an edge type: its position there.
    PropertyNo;
    /// A relation field of a type or an interface: its position there.
    FieldNo;
}

/// The interface that every entity type implements.
pub const ENTITY: InterfaceId = InterfaceId(0);

/// A compiled schema.
#[derive(Debug)]
pub struct Ontology {
    /// The entity types in the order of the schema; `Source` is the last.
    pub types: Vec<EntityType>,
    /// The interfaces; the first is `Entity`.
    pub interfaces: Vec<Interface>,
    /// The unions.
    pub unions: Vec<Union>,
    /// The enums.
    pub enums: Vec<Enum>,
    /// The scalars that the schema itself defines.
    pub custom_scalars: Vec<CustomScalar>,
    /// The types of edge properties.
    pub edge_types: Vec<EdgeType>,
    /// The relations.
    pub relations: Vec<Relation>,
    /// Short names for the beginnings of IRIs.
    pub prefixes: Prefixes,
    /// The built-in type of sources.
    pub source_type: TypeId,
    /// The bytes of the schema files, for the revision.
    pub fingerprint: u64,
    /// The schema files.
    pub sources: Vec<Arc<SourceText>>,
    /// How answers give the values of `Int64`. The schema does not say it.
    pub int64: Int64Form,
    domains: HashMap<String, Domain>,
    /// Made when a relation is first asked for by its name.
    relations_by_name: OnceLock<HashMap<String, RelationId>>,
}

/// A possible target of a relation or condition of a selection: a type, an interface or a union.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Domain {
    /// Entities of one type.
    Type(TypeId),
    /// Entities of the types that implement an interface.
    Interface(InterfaceId),
    /// Entities of a union's member types.
    Union(UnionId),
}

/// A kind of entity.
#[derive(Debug, Hash)]
pub struct EntityType {
    /// The GraphQL name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// The IRI of its RDF class.
    pub class: Option<String>,
    /// The root fields for one and for many.
    pub root: RootFields,
    /// The property that serves as label, or the id.
    pub label: Option<PropertyNo>,
    /// The property that serves as description.
    pub description_property: Option<PropertyNo>,
    /// The property that holds its other names, if it holds texts.
    pub aliases: Option<PropertyNo>,
    /// The property that holds its identifiers elsewhere, if it holds IRIs.
    pub same_as: Option<PropertyNo>,
    /// All that it implements, `Entity` first.
    pub interfaces: Vec<InterfaceId>,
    /// Its properties and relations.
    pub members: Members,
}

/// The names of the fields that a type gets on the query root.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RootFields {
    /// One entity: `organization`.
    pub one: String,
    /// A connection: `organizations`.
    pub many: String,
}

/// The fields of a type or an interface.
#[derive(Debug, Default)]
pub struct Members {
    /// Fields that hold values, in the schema's order.
    pub properties: Vec<Property>,
    /// Fields that are relations, declared ones first, then generated inverses.
    pub fields: Vec<RelationField>,
    by_name: HashMap<String, Member>,
}

/// The meaning of a field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// A property.
    Property(PropertyNo),
    /// A relation.
    Relation(FieldNo),
}

impl Property {
    /// Whether its values may be any JSON.
    pub fn is_json(&self) -> bool {
        matches!(self.scalar, Scalar::Json | Scalar::Custom(_))
    }
}

impl Members {
    /// The meaning of a name.
    pub fn get(&self, name: &str) -> Option<Member> {
        self.by_name.get(name).copied()
    }

    /// The properties that the schema declares, without the built-in ones.
    pub fn declared(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|it| it.built_in.is_none())
    }

    /// The names of all fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let properties = self.properties.iter().map(|property| property.name.as_str());
        properties.chain(self.fields.iter().map(|field| field.name.as_str()))
    }

    /// A property by its position.
    pub fn property(&self, no: PropertyNo) -> &Property {
        &self.properties[no.index()]
    }

    /// A relation field by its position.
    pub fn field(&self, no: FieldNo) -> &RelationField {
        &self.fields[no.index()]
    }

    fn push_property(&mut self, property: Property) {
        let no = PropertyNo::at(self.properties.len());
        self.by_name.insert(property.name.clone(), Member::Property(no));
        self.properties.push(property);
    }

    fn push_field(&mut self, field: RelationField) {
        let no = FieldNo::at(self.fields.len());
        self.by_name.insert(field.name.clone(), Member::Relation(no));
        self.fields.push(field);
    }
}

/// A field that holds a value or a list of values.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one independent word of the schema"
)]
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Property {
    /// The field's name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
    /// The kind of its values.
    pub scalar: Scalar,
    /// Whether it is a list.
    pub list: bool,
    /// Whether an entity must have it; for a list, whether the list is never null.
    pub required: bool,
    /// Whether the list's type says that no value of it is null.
    pub item_required: bool,
    /// Whether it is in the full-text index.
    pub search: bool,
    /// Whether no two entities have the same value.
    pub unique: bool,
    /// Whether filters and orders on it should be fast.
    pub index: bool,
    /// Which built-in field it is, if the schema does not declare it.
    pub built_in: Option<BuiltIn>,
}

/// A field that every entity has and whose values are in the data. A declared field of its name takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// Other names of an entity.
    Aliases,
    /// Names of the entity in other systems.
    SameAs,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Aliases, Self::SameAs];

    /// The field of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The field's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aliases => "aliases",
            Self::SameAs => "sameAs",
        }
    }
}

/// The schemes that a `URL` may have. Clients turn URLs into links, so schemes that run code are left out.
pub const URL_SCHEMES: [&str; 5] = ["http", "https", "mailto", "urn", "doi"];

/// How answers give the values of `Int64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Int64Form {
    /// As strings, so that no client rounds them.
    #[default]
    String,
    /// As numbers.
    Number,
}

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// GraphQL's `ID`.
    Id,
    /// GraphQL's `String`.
    String,
    /// GraphQL's `Int`: 32 bits.
    Int,
    /// A whole number of 64 bits.
    Int64,
    /// GraphQL's `Float`.
    Float,
    /// GraphQL's `Boolean`.
    Boolean,
    /// EDTF level 1.
    Date,
    /// RFC 3339.
    DateTime,
    /// A length of time: days, hours, minutes and seconds.
    Duration,
    /// An absolute URL with one of [`URL_SCHEMES`].
    Url,
    /// Text with a language.
    Text,
    /// A number of any precision.
    Decimal,
    /// A place on Earth.
    Point,
    /// Anything that JSON can say.
    Json,
    /// A scalar of the schema's own, kept as JSON.
    Custom(u16),
    /// One of an enum's values.
    Enum(EnumId),
}

impl Scalar {
    /// The scalars that Clew adds to GraphQL's five, with their names.
    pub const ADDED: [(&'static str, Scalar); 9] = [
        ("Int64", Scalar::Int64),
        ("Date", Scalar::Date),
        ("DateTime", Scalar::DateTime),
        ("Duration", Scalar::Duration),
        ("URL", Scalar::Url),
        ("Text", Scalar::Text),
        ("Decimal", Scalar::Decimal),
        ("Point", Scalar::Point),
        ("JSON", Scalar::Json),
    ];

    /// A scalar by its GraphQL name, but for the schema's own.
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "ID" => Scalar::Id,
            "String" => Scalar::String,
            "Int" => Scalar::Int,
            "Float" => Scalar::Float,
            "Boolean" => Scalar::Boolean,
            _ => {
                let added = Self::ADDED.iter().find(|(added, _)| *added == name);
                return added.map(|(_, scalar)| *scalar);
            }
        })
    }

    /// Whether its values are texts that can be searched in.
    pub fn is_text(self) -> bool {
        matches!(self, Scalar::String | Scalar::Text | Scalar::Id | Scalar::Url)
    }

    /// The filter on one of its values.
    pub fn filter(self) -> InputTable {
        match self {
            Scalar::Id | Scalar::Url => InputTable::of::<inputs::PlainTexts>(),
            Scalar::String => InputTable::of::<inputs::SearchedTexts>(),
            Scalar::Text => InputTable::of::<inputs::TranslatedTexts>(),
            Scalar::Int
            | Scalar::Int64
            | Scalar::Float
            | Scalar::DateTime
            | Scalar::Decimal
            | Scalar::Duration => InputTable::of::<inputs::Ordered>(),
            Scalar::Date => InputTable::of::<inputs::Dates>(),
            Scalar::Point => InputTable::of::<inputs::Points>(),
            Scalar::Boolean | Scalar::Enum(_) | Scalar::Custom(_) => InputTable::of::<inputs::Unordered>(),
            Scalar::Json => InputTable::of::<inputs::AnyValue>(),
        }
    }

    /// The filter on a list of its values.
    pub fn list_filter(self) -> InputTable {
        match self {
            Scalar::Json => InputTable::of::<inputs::AnyValues>(),
            _ => InputTable::of::<inputs::Values>(),
        }
    }

    /// The kind of their sums and means; `None` if values of this kind have none.
    pub fn sum(self) -> Option<Scalar> {
        match self {
            Scalar::Int | Scalar::Float => Some(Scalar::Float),
            // Exact, and with room for the sum of many.
            Scalar::Int64 | Scalar::Decimal => Some(Scalar::Decimal),
            Scalar::Duration => Some(Scalar::Duration),
            _ => None,
        }
    }

    /// The aggregates of its values by which groups are filtered and ordered; `None` for values other than numbers and times.
    pub fn measures(self) -> Option<InputTable> {
        match self {
            Scalar::Date | Scalar::DateTime => Some(InputTable::of::<inputs::TimeMeasures>()),
            _ if self.sum().is_some() => Some(InputTable::of::<inputs::NumberMeasures>()),
            _ => None,
        }
    }

    /// How entities are grouped by its values.
    pub fn group_options(self) -> InputTable {
        match self {
            Scalar::Date | Scalar::DateTime => InputTable::of::<inputs::DateGroupOptions>(),
            Scalar::Int | Scalar::Int64 | Scalar::Float | Scalar::Decimal => {
                InputTable::of::<inputs::NumberGroupOptions>()
            }
            _ => InputTable::of::<inputs::GroupOptions>(),
        }
    }

    /// Whether its values can be put in order.
    pub fn is_ordered(self) -> bool {
        !matches!(self, Scalar::Point | Scalar::Json | Scalar::Custom(_))
    }
}

/// A field that leads to other entities.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct RelationField {
    /// The field's name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
    /// The relation.
    pub relation: RelationId,
    /// Which way it is walked.
    pub direction: Direction,
    /// The declared target.
    pub target: Domain,
    /// The target that clients see: the declared one, or that of the owning interface.
    pub seen: Domain,
    /// Whether it may lead to more than one entity.
    pub many: bool,
    /// Whether every entity must have one.
    pub required: bool,
    /// The type or interface that its generated types are named after.
    pub owner: String,
    /// Whether the schema declares it, or only names it as an inverse.
    pub declared: bool,
}

/// Which way a relation's edges are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From where they begin to where they end.
    Out,
    /// From where they end to where they begin.
    In,
    /// A symmetric relation: both are the same.
    Both,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Direction::Out => Direction::In,
            Direction::In => Direction::Out,
            Direction::Both => Direction::Both,
        }
    }
}

/// A relation between entities.
#[derive(Debug, Hash)]
pub struct Relation {
    /// Its name in the data and in the API.
    pub name: String,
    /// The field that the other side has.
    pub inverse: Option<String>,
    /// Whether an edge holds both ways.
    pub symmetric: bool,
    /// Whether it may be followed over several edges as one.
    pub transitive: bool,
    /// The type of its edges' own properties.
    pub edge: Option<EdgeTypeId>,
    /// The IRI of its RDF property.
    pub class: Option<String>,
    /// For each entity type: the field that it has at the start of an edge.
    pub out_field: Vec<Option<FieldNo>>,
    /// For each entity type: the field that it has at the end of an edge.
    pub in_field: Vec<Option<FieldNo>>,
}

impl Relation {
    /// The field that a type has for the relation, seen in a direction.
    pub fn field(&self, of: TypeId, direction: Direction) -> Option<FieldNo> {
        match direction {
            Direction::Out | Direction::Both => self.out_field[of.index()],
            Direction::In => self.in_field[of.index()],
        }
    }
}

/// Several types seen as one.
#[derive(Debug, Hash)]
pub struct Interface {
    /// The GraphQL name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// The IRI of its RDF class.
    pub class: Option<String>,
    /// The root fields for one and for many.
    pub root: RootFields,
    /// The interfaces that it implements itself.
    pub interfaces: Vec<InterfaceId>,
    /// The entity types that implement it.
    pub types: Vec<TypeId>,
    /// The fields that all of them have.
    pub members: Members,
}

/// One of several types.
#[derive(Debug, Hash)]
pub struct Union {
    /// The GraphQL name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// Its member types.
    pub types: Vec<TypeId>,
}

/// A list of allowed values.
#[derive(Debug, Hash)]
pub struct Enum {
    /// The GraphQL name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// Its values in order.
    pub values: Vec<EnumValue>,
}

/// One value of an enum.
#[derive(Debug, Hash)]
pub struct EnumValue {
    /// The GraphQL name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
}

/// A scalar of the schema's own.
#[derive(Debug, Hash)]
pub struct CustomScalar {
    /// The GraphQL name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// Address of its specification.
    pub specified_by: Option<String>,
}

/// The properties of a relation's edges.
#[derive(Debug, Hash)]
pub struct EdgeType {
    /// The GraphQL name.
    pub name: String,
    /// The description in the schema.
    pub description: Option<String>,
    /// Its properties.
    pub members: Members,
}

impl Ontology {
    /// The meaning of the name of an entity type, an interface or a union.
    pub fn domain(&self, name: &str) -> Option<Domain> {
        self.domains.get(name).copied()
    }

    /// An entity type by its name.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        match self.domain(name) {
            Some(Domain::Type(id)) => Some(id),
            _ => None,
        }
    }

    /// A relation by its name.
    pub fn relation_named(&self, name: &str) -> Option<RelationId> {
        let by_name = self.relations_by_name.get_or_init(|| {
            let ids = self.relations.iter().enumerate().rev();
            // The first of a name is the one that is found.
            ids.map(|(at, it)| (it.name.clone(), RelationId::at(at)))
                .collect()
        });
        by_name.get(name).copied()
    }

    /// The entity type of an id.
    pub fn entity_type(&self, id: TypeId) -> &EntityType {
        &self.types[id.index()]
    }

    /// The relation of an id.
    pub fn relation(&self, id: RelationId) -> &Relation {
        &self.relations[id.index()]
    }

    /// Targets of relations whose edges have properties, each with the type of the edges.
    pub fn described_ends(&self) -> BTreeSet<(Domain, EdgeTypeId)> {
        let members = self.types.iter().map(|it| &it.members);
        let members = members.chain(self.interfaces.iter().map(|it| &it.members));
        let fields = members.flat_map(|it| &it.fields);
        fields
            .filter_map(|it| Some((it.seen, self.relation(it.relation).edge?)))
            .collect()
    }

    /// Every entity type.
    pub fn type_ids(&self) -> impl DoubleEndedIterator<Item = TypeId> + use<> {
        (0..self.types.len()).map(TypeId::at)
    }

    /// Every relation.
    pub fn relation_ids(&self) -> impl DoubleEndedIterator<Item = RelationId> + use<> {
        (0..self.relations.len()).map(RelationId::at)
    }

    /// The entity types of a domain, in order.
    pub fn types_of(&self, domain: Domain) -> &[TypeId] {
        match domain {
            Domain::Type(id) => std::slice::from_ref(&self.type_singletons()[id.index()]),
            Domain::Interface(id) => &self.interfaces[id.index()].types,
            Domain::Union(id) => &self.unions[id.index()].types,
        }
    }

    /// The list of all types, each of which is also the list of itself.
    fn type_singletons(&self) -> &[TypeId] {
        &self.interfaces[ENTITY.index()].types
    }

    /// Whether a domain has a type.
    pub fn contains(&self, domain: Domain, id: TypeId) -> bool {
        match domain {
            Domain::Type(only) => only == id,
            _ => self.types_of(domain).contains(&id),
        }
    }

    /// A domain's GraphQL name.
    pub fn name_of(&self, domain: Domain) -> &str {
        match domain {
            Domain::Type(id) => &self.types[id.index()].name,
            Domain::Interface(id) => &self.interfaces[id.index()].name,
            Domain::Union(id) => &self.unions[id.index()].name,
        }
    }

    /// The members of a type or an interface; a union has none.
    pub fn members_of(&self, domain: Domain) -> Option<&Members> {
        match domain {
            Domain::Type(id) => Some(&self.types[id.index()].members),
            Domain::Interface(id) => Some(&self.interfaces[id.index()].members),
            Domain::Union(_) => None,
        }
    }

    /// The GraphQL type of a property, such as `[String!]!`.
    pub fn property_type(&self, property: &Property) -> String {
        let scalar = self.scalar_name(property.scalar);
        let required = if property.required { "!" } else { "" };
        let item = if property.item_required { "!" } else { "" };
        if property.list {
            format!("[{scalar}{item}]{required}")
        } else {
            format!("{scalar}{required}")
        }
    }

    /// A scalar's GraphQL name.
    pub fn scalar_name(&self, scalar: Scalar) -> &str {
        match scalar {
            Scalar::Id => "ID",
            Scalar::String => "String",
            Scalar::Int => "Int",
            Scalar::Int64 => "Int64",
            Scalar::Float => "Float",
            Scalar::Boolean => "Boolean",
            Scalar::Date => "Date",
            Scalar::DateTime => "DateTime",
            Scalar::Duration => "Duration",
            Scalar::Url => "URL",
            Scalar::Text => "Text",
            Scalar::Decimal => "Decimal",
            Scalar::Point => "Point",
            Scalar::Json => "JSON",
            Scalar::Custom(no) => &self.custom_scalars[usize::from(no)].name,
            Scalar::Enum(id) => &self.enums[id.index()].name,
        }
    }
}
