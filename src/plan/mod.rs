//! A validated operation, compiled: what to look up, expand, filter, order, count and write.
//!
//! A [`Plan`] is the result of the specification's `CollectFields`, computed ahead of time: for each concrete type the
//! merged fields in response order, with fragments, interfaces and unions resolved, keys as prepared bytes, and `@skip`
//! and `@include` evaluated. Arguments become [`Call`]s: those without variables when the plan is compiled, the others
//! by [`Plan::bind`] for each request. The plan depends on the ontology and never on the data, so it outlives a snapshot.
//! Compiling takes time linear in the operation times the concrete types of its abstract selections; equal selections
//! are shared.
//!
//! A plan is data: patterns are texts, and their compiled forms are kept elsewhere. It counts the memory that it takes.

mod aggregate;
mod arguments;
mod bind;
mod call;
mod collect;
mod compile;
mod cost;
mod dated_id;
mod describe;
mod filter;
mod graph_query;
mod input;
mod introspection;
mod line_index;
mod operators;
mod path;
mod pattern;
mod point;
mod scalars;
mod step;
mod table;
mod value_tests;

use std::borrow::Cow;
use std::sync::Arc;

pub use aggregate::{
    AggregateField, EdgeMeasure, GroupBy, GroupCall, GroupField, GroupKey, GroupKeyField, GroupMeasured,
    GroupOrderBy, GroupOrderKey, GroupStep, GroupValue, OfTypes, is_groupable,
};
pub use arguments::{LONGEST_CURSOR, Page};
pub use bind::CompileLimits;
pub use call::{
    Call, CitedCall, EntityCall, LinkCall, Lookup, NodesCall, OrderBy, OrderKey, PageCall, StatementCall,
};
pub use collect::condition_variables;
pub use compile::compile;
pub use dated_id::AS_OF;
pub use graph_query::{
    ComponentField, ComponentsCall, ConflictCall, ConflictField, NeighborhoodCall, PathCall, PathField,
    Question, RankedField, RankingCall, SearchCall, SearchEdgeField, SearchField, SimilarCall, SubgraphField,
    SuggestCall, SuggestionField, TimelineCall, TimelineField, TraversalOptions,
};
pub use input::{Given, Input, InputError, MOST_EXACT, Names, Variables};
pub use introspection::{IncludeDeprecated, Introspection, MetaField};
pub use line_index::Lines;
pub use path::{PathExpression, PathStep, Transition};
pub use pattern::{Pattern, PatternEntry, Patterns, last_line};

pub use step::Step;
pub use table::{NotFlat, Table};

use crate::json::SHORT_KEY;
pub use crate::surface::{
    DEFAULT_PAGE, ExampleQuery as ExampleField, ExternalId as ExternalIdField, Highlight as HighlightField,
    Measures as MeasureField, PageInfo as PageInfoField, PropertyInfo as PropertyField,
    RankingMethod as Ranking, SimilarityMethod as Similarity, Validity as ValidityField,
};

use crate::budget::Stop;
use crate::ontology::{Direction, Domain, Ontology, PropertyNo, RelationId, TypeId};
use bind::Binder;
use call::Template;
use path::Expressions;

/// A compiled operation.
#[derive(Debug)]
pub struct Plan {
    /// The fields of the query root.
    pub root: Object<RootField>,
    /// Whether the whole operation is marked with `@cite`.
    pub cite_all: bool,
    /// Whether `@cite` stands anywhere in it.
    pub cites: bool,
    /// Whether the operation is marked with `@explain`.
    pub explains: bool,
    calls: Calls,
    /// The patterns of the filters without variables.
    patterns: Patterns,
    /// The path expressions without variables.
    expressions: Arc<Expressions>,
    /// Whether messages may name what the schema has.
    names: Names,
    bytes: usize,
}

/// The arguments of a plan's fields.
#[derive(Debug)]
enum Calls {
    /// None uses a variable.
    Ready(Box<[Bound]>),
    Late(Box<[Template]>),
}

/// The arguments of a request.
#[derive(Debug)]
pub struct Arguments<'p> {
    /// Those of each field.
    pub calls: Cow<'p, [Bound]>,
    /// The patterns that come with the variables, if any do; their numbers come after those of the plan.
    pub patterns: Option<Box<Patterns>>,
    /// Bytes that they take beside the plan.
    pub bytes: usize,
}

/// The position of a field's arguments in the bound calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallNo(pub usize);

/// Why the arguments of a request could not be bound.
#[derive(Debug)]
pub enum Unbound {
    /// An argument's type does not have its value.
    Input(InputError),
    /// The budget was used up.
    Stop(Stop),
}

impl From<InputError> for Unbound {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<Stop> for Unbound {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// A field's bound arguments, or what is wrong with them.
pub type Bound = Arc<Result<Call, InputError>>;

impl Plan {
    /// Binds the arguments that use variables.
    ///
    /// # Errors
    /// With the first argument whose value its type does not have: the request as a whole is refused. When the time
    /// is over, or the arguments take too much memory.
    pub fn bind<'p>(
        &'p self,
        ontology: &Ontology,
        variables: &Variables,
        effort: CompileLimits,
    ) -> Result<Arguments<'p>, Unbound> {
        let templates = match &self.calls {
            Calls::Ready(bound) => {
                return Ok(Arguments {
                    calls: Cow::Borrowed(bound),
                    patterns: None,
                    bytes: 0,
                });
            }
            Calls::Late(templates) => templates,
        };
        let mut binder = Binder::new(ontology, self.names, effort).beside(&self.patterns, &self.expressions);
        let mut calls = Vec::with_capacity(templates.len());
        for template in templates {
            calls.push(template.bind(&mut binder, variables)?);
        }
        let made = binder.made();
        Ok(Arguments {
            calls: Cow::Owned(calls),
            patterns: (!made.patterns.is_empty()).then(|| Box::new(made.patterns)),
            bytes: made.bytes,
        })
    }

    /// The arguments, where none uses a variable.
    #[inline]
    pub fn ready(&self) -> Option<&[Bound]> {
        match &self.calls {
            Calls::Ready(bound) => Some(bound),
            Calls::Late(_) => None,
        }
    }

    /// The patterns that its filters test with, but for those with variables.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// The memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether messages may name what the schema has.
    pub fn names(&self) -> Names {
        self.names
    }

    /// Whether it asks what the schema has: by `__schema`, `__type`, or the types and relations of `graph`.
    pub fn asks_for_schema(&self) -> bool {
        self.root.fields().iter().any(|slot| match &slot.field {
            RootField::Introspection(_) => true,
            RootField::Graph(fields) => fields
                .fields()
                .iter()
                .any(|it| matches!(it.field, GraphField::Types(_) | GraphField::Relations(_))),
            _ => false,
        })
    }

    /// Whether it asks for nothing but what the schema has, and not for what the run took either.
    pub fn asks_only_for_schema(&self) -> bool {
        let only = |it: &RootField| matches!(it, RootField::Introspection(_));
        !self.explains && self.root.fields().iter().all(|slot| only(&slot.field))
    }

    /// Whether the rows that a run visits and the bytes that it writes say what it takes.
    pub fn is_counted(bound: &[Bound]) -> bool {
        let counted = |it: &Bound| it.as_ref().as_ref().map_or(true, Call::is_counted);
        bound.iter().all(counted)
    }

    /// Entries that all pages of the answer could have together, and candidates that filters look at:
    /// an estimate from above, before anything runs. `entities` says how many a domain has.
    pub fn cost(&self, bound: &[Bound], entities: &dyn Fn(Domain) -> u64) -> u64 {
        cost::estimate(self, bound, entities)
    }

    /// The plan as text, by the names of the schema: fields, relations, arguments, operators and values. Parts that several
    /// places share are written at each of them.
    pub fn describe(&self, ontology: &Ontology) -> String {
        describe::describe(self, ontology)
    }

    /// The largest page that is asked for.
    pub fn largest_page(bound: &[Bound]) -> usize {
        bound.iter().filter_map(cost::page_size).max().unwrap_or(0)
    }

    /// Whether any argument uses variables.
    pub fn uses_variables(&self) -> bool {
        matches!(self.calls, Calls::Late(_))
    }
}

/// What to write of an object, in response order.
#[derive(Debug)]
pub struct Object<F> {
    fields: Box<[Slot<F>]>,
    names: Box<[TypeName]>,
}

/// The name of an object's type, where `__typename` asks for it.
#[derive(Debug)]
struct TypeName {
    /// How many fields are written before it.
    before: usize,
    name: Slot<Box<[u8]>>,
}

/// Some fields of an object, and the type name that follows them.
#[derive(Debug)]
pub struct Part<'p, F> {
    /// The fields.
    pub fields: &'p [Slot<F>],
    /// The name as JSON; the last part has none.
    pub name: Option<&'p Slot<Box<[u8]>>>,
}

/// The parts of an object, in order.
#[derive(Debug)]
pub struct Parts<'p, F> {
    fields: &'p [Slot<F>],
    names: std::slice::Iter<'p, TypeName>,
    written: usize,
    is_over: bool,
}

impl<F> Object<F> {
    /// The fields, without type names.
    #[inline]
    pub fn fields(&self) -> &[Slot<F>] {
        &self.fields
    }

    /// The only field, if nothing else is to be written.
    pub fn only(&self) -> Option<&Slot<F>> {
        match (&*self.fields, &*self.names) {
            ([field], []) => Some(field),
            _ => None,
        }
    }

    /// Whether nothing is to be written.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many fields and type names are to be written.
    #[inline]
    pub fn len(&self) -> usize {
        self.fields.len() + self.names.len()
    }

    /// The type names, for a loop over the fields that writes each name after the fields before it.
    #[inline]
    pub fn type_names(&self) -> TypeNames<'_> {
        TypeNames {
            next: self.names.first().map_or(usize::MAX, |it| it.before),
            names: &self.names,
        }
    }

    /// All that is to be written. An object without type names is one part.
    #[inline]
    pub fn parts(&self) -> Parts<'_, F> {
        Parts {
            fields: &self.fields,
            names: self.names.iter(),
            written: 0,
            is_over: false,
        }
    }
}

/// The type names of an object that are not written yet. Unlike [`Parts`] it costs one comparison for each field.
#[derive(Debug)]
pub struct TypeNames<'p> {
    /// How many fields come before the next name.
    next: usize,
    names: &'p [TypeName],
}

impl<'p> TypeNames<'p> {
    /// The next name, if it comes after this number of fields.
    #[inline(always)]
    pub fn after(&mut self, fields: usize) -> Option<&'p Slot<Box<[u8]>>> {
        if fields == self.next { self.take() } else { None }
    }

    #[cold]
    #[inline(never)]
    fn take(&mut self) -> Option<&'p Slot<Box<[u8]>>> {
        let (name, rest) = self.names.split_first()?;
        self.names = rest;
        self.next = rest.first().map_or(usize::MAX, |it| it.before);
        Some(&name.name)
    }
}

impl<'p, F> Iterator for Parts<'p, F> {
    type Item = Part<'p, F>;

    #[inline]
    fn next(&mut self) -> Option<Part<'p, F>> {
        if self.is_over {
            return None;
        }
        let Some(TypeName { before, name }) = self.names.next() else {
            self.is_over = true;
            return Some(Part {
                fields: self.fields,
                name: None,
            });
        };
        let (fields, rest) = self.fields.split_at(before - self.written);
        self.fields = rest;
        self.written = *before;
        Some(Part {
            fields,
            name: Some(name),
        })
    }
}

/// One field to write.
#[derive(Debug)]
pub struct Slot<F> {
    /// A comma and the response key, ready to be written: `,"name":`. The first field's comma is
    /// overwritten with the brace.
    pub key: Box<[u8]>,
    /// As much of it as fits, to be copied in one step.
    pub short_key: [u8; SHORT_KEY],
    /// What to write.
    pub field: F,
    /// Line and column in the document.
    pub location: (u32, u32),
    /// Whether it is marked with `@cite`, or a fragment around it is.
    pub cite: bool,
}

impl<F> Slot<F> {
    /// The response key.
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.key[2..self.key.len() - 2]).unwrap_or_default()
    }
}

/// A field of the query root.
#[derive(Debug)]
pub enum RootField {
    /// One entity of a domain.
    Lookup(CallNo, Arc<Selection>),
    /// Entities by ids, in their order.
    Nodes(CallNo, Arc<Selection>),
    /// A page of a domain's entities.
    List(Domain, CallNo, Arc<Connection>),
    /// Information about the graph.
    Graph(Object<GraphField>),
    /// A question about the graph as a whole.
    Question(CallNo, Question),
    /// `__schema` or `__type`.
    Introspection(Introspection),
}

/// What to write of an entity, for each type that it may have.
#[derive(Debug)]
pub enum Selection {
    /// It has one type.
    One(TypeId, Object<EntityField>),
    /// By type; `None` for types that cannot come.
    ByType(Box<[Option<Object<EntityField>>]>),
}

/// A relation seen from one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// The relation.
    pub relation: RelationId,
    /// Which way it is walked.
    pub direction: Direction,
}

impl Side {
    /// The relation of a field, as it is seen from the field.
    pub fn of(field: &crate::ontology::RelationField) -> Self {
        Self {
            relation: field.relation,
            direction: field.direction,
        }
    }

    /// The same relation, seen from its other end.
    #[must_use]
    pub fn turned(self) -> Self {
        Self {
            direction: self.direction.turned(),
            ..self
        }
    }
}

/// A field of an entity.
#[derive(Debug)]
pub enum EntityField {
    /// The same bytes for every entity of the type.
    Constant(Box<[u8]>),
    /// The id.
    Id,
    /// `entityId`: the id without a date.
    EntityId,
    /// The label.
    Label,
    /// The number of edges.
    Degree,
    /// A property, with the call that chooses languages.
    Property(PropertyNo, Option<CallNo>),
    /// Identifiers in other systems: the property with the IRIs.
    SameAs(PropertyNo, Object<ExternalIdField>),
    /// The entity at the other end.
    ToOne(Side, Arc<Selection>),
    /// The edge to it.
    ToOneEdge(Side, Arc<Object<EdgeField>>),
    /// A page of the entities at the other ends.
    Connection(Side, CallNo, Arc<Connection>),
    /// A page of what a path expression leads to.
    Follow(CallNo, Arc<Connection>),
    /// A page of its statements.
    Statements(CallNo, Arc<Listing<StatementField>>),
    /// A page of its edges.
    Links(CallNo, Arc<Listing<LinkField>>),
    /// A page of the statements that cite it.
    Cited(CallNo, Object<CitedField>),
}

/// A field of the connection of the statements that cite a source.
#[derive(Debug)]
pub enum CitedField {
    /// The statements.
    Nodes(Object<CitedStatementField>),
    /// The statements with their places.
    Edges(Object<CitedEdgeField>),
    /// Position of the page in the list.
    PageInfo(Object<PageInfoField>),
    /// How many there are in all.
    TotalCount,
}

/// A field of `CitedEdge`.
#[derive(Debug)]
pub enum CitedEdgeField {
    /// The statement.
    Node(Object<CitedStatementField>),
    /// Its cursor.
    Cursor,
    /// The place in the source.
    Locator,
    /// A remark.
    Note,
}

/// A field of `CitedStatement`.
#[derive(Debug)]
pub enum CitedStatementField {
    /// Of whom it is said.
    Entity(Arc<Selection>),
    /// The statement.
    Statement(Object<StatementField>),
}

/// A connection of entities.
pub type Connection = Object<ConnectionField>;

/// A field of a connection of entities.
#[derive(Debug)]
pub enum ConnectionField {
    /// The entities.
    Nodes(Arc<Selection>),
    /// The edges to them.
    Edges(Object<EdgeField>),
    /// Position of the page in the list.
    PageInfo(Object<PageInfoField>),
    /// How many there are in all.
    TotalCount,
    /// Figures about all of them.
    Aggregate(Object<AggregateField>),
}

/// A field of an edge of a connection, or beside a to-one relation.
#[derive(Debug)]
pub enum EdgeField {
    /// The entity.
    Node(Arc<Selection>),
    /// Its cursor.
    Cursor,
    /// A property of the edge.
    Property(PropertyNo, Option<CallNo>),
    /// The statement behind the edge, and whether an error in it makes it null.
    Statement(Object<StatementField>, bool),
}

/// A connection of things that are not entities.
pub type Listing<F> = Object<ListingField<F>>;

/// A field of such a connection.
#[derive(Debug)]
pub enum ListingField<F> {
    /// The things.
    Nodes(Object<F>),
    /// The things, each with its cursor.
    Edges(Object<ListingEdgeField<F>>),
    /// Position of the page in the list.
    PageInfo(Object<PageInfoField>),
    /// How many there are in all.
    TotalCount,
}

/// A field of an edge of such a connection.
#[derive(Debug)]
pub enum ListingEdgeField<F> {
    /// The thing.
    Node(Object<F>),
    /// Its cursor.
    Cursor,
}

/// A field of `Statement`.
#[derive(Debug)]
pub enum StatementField {
    /// The schema's field.
    Field,
    /// The value of a property.
    Value,
    /// The entity at an edge's other end.
    Target(Arc<Selection>),
    /// The edge's properties as JSON.
    Edge,
    /// The rank.
    Rank,
    /// When it holds.
    Valid(Object<ValidityField>),
    /// Its citations.
    Citations(Object<CitationField>),
}

/// A field of `Citation`.
#[derive(Debug)]
pub enum CitationField {
    /// The source.
    Source(Arc<Selection>),
    /// The place in it.
    Locator,
    /// A remark.
    Note,
}

/// A field of `Link`.
#[derive(Debug)]
pub enum LinkField {
    /// The entity that the link is seen from.
    From(Arc<Selection>),
    /// The other one.
    To(Arc<Selection>),
    /// The relation's name.
    Relation,
    /// The schema's field on `from`'s side.
    Field,
    /// Whether the stored edge runs the same way.
    Forward,
    /// The edge's properties as JSON.
    Edge,
    /// The statement behind the edge.
    Statement(Object<StatementField>),
}

/// A field of `TypeInfo`.
#[derive(Debug)]
pub enum TypeField {
    /// Its name.
    Name,
    /// Its description in the schema.
    Description,
    /// The IRI of its RDF class.
    Class,
    /// The number of its entities.
    Count,
    /// The interfaces that it implements.
    Interfaces,
    /// Its properties.
    Properties(Object<PropertyField>),
}

/// A field of `RelationInfo`.
#[derive(Debug)]
pub enum RelationField {
    /// Its name.
    Name,
    /// The field at the start of an edge.
    Field,
    /// The field at the end of an edge.
    Inverse,
    /// Whether it is symmetric.
    Symmetric,
    /// Whether it is transitive.
    Transitive,
    /// The types at the start of its edges.
    From,
    /// The types at the end of its edges.
    To,
    /// The IRI of its RDF property.
    Class,
    /// The number of its edges.
    Count,
    /// The number of edges that an entity at the start may have.
    Cardinality,
    /// The number of edges that an entity at the end may have.
    InverseCardinality,
    /// The type of the properties of its edges.
    EdgeType,
    /// The properties of its edges.
    Properties(Object<PropertyField>),
}

/// A field of `GraphInfo`.
#[derive(Debug)]
pub enum GraphField {
    /// The title in the data.
    Title,
    /// The subject.
    Description,
    /// Under which terms it may be used.
    Licence,
    /// Address of a description.
    Url,
    /// Which data and schema it was built from.
    Revision,
    /// How many entities.
    EntityCount,
    /// How many edges.
    EdgeCount,
    /// How many statements.
    StatementCount,
    /// How many sources.
    SourceCount,
    /// How many citations.
    CitationCount,
    /// How many connected components.
    ComponentCount,
    /// The entity types.
    Types(Object<TypeField>),
    /// The relations.
    Relations(Object<RelationField>),
    /// The sources.
    Sources(CallNo, Arc<Connection>),
    /// The examples.
    Examples(Object<ExampleField>),
}
