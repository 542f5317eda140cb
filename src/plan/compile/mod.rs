//! From a typed executable document to a plan.

mod aggregates;
mod graph_queries;
mod introspection;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use apollo_compiler::executable::{self, Field, Operation, SelectionSet};
use apollo_compiler::parser::FileId;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};

use super::bind::{ARC_BYTES, Binder, CompileLimits, Result};
use super::call::{Kind, Template};
use super::collect::{self, Merged, collect};
use super::input::{Input, Names, Variables};
use super::line_index::Lines;
use super::{
    Bound, CallNo, Calls, CitationField, CitedEdgeField, CitedField, CitedStatementField, Connection,
    ConnectionField, EdgeField, EntityField, GraphField, InputError, LinkField, Listing, ListingEdgeField,
    ListingField, Object, Plan, Question, RelationField, RootField, SHORT_KEY, Selection, Side, Slot,
    StatementField, TypeField, TypeName, Unbound,
};
use crate::budget::Stop;
use crate::ontology::{
    BuiltIn, Domain, ENTITY, EdgeTypeId, InterfaceId, Member, Members, Ontology, Property, Scalar, TypeId,
};
use crate::surface::{self, Fields};

/// Compiles an operation of a valid document, for given values of the variables that decide `@skip` and
/// `@include` (see [`crate::plan::condition_variables`]). `names` says whether messages may name what the schema has.
///
/// # Errors
/// Returns the first literal whose type does not allow it; validation does not check values of Clew's scalars. Also fails
/// when the time is over, or if the plan takes too much memory.
pub fn compile(
    (ontology, names): (&Ontology, Names),
    schema: &Schema,
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
    conditions: &Variables,
    effort: CompileLimits,
) -> Result<Plan> {
    let file = operation
        .selection_set
        .selections
        .first()
        .and_then(|it| match it {
            executable::Selection::Field(it) => it.name.location(),
            executable::Selection::FragmentSpread(it) => it.fragment_name.location(),
            executable::Selection::InlineFragment(it) => it.location(),
        });
    let file = file.map(|it| it.file_id());
    let text = file
        .and_then(|it| document.sources.get(&it))
        .map_or("", |it| it.source_text());
    let mut compiler = Compiler {
        lines: (file, Lines::of(text)),
        ontology,
        schema,
        document,
        conditions,
        effort,
        bytes: size_of::<Plan>(),
        work: 0,
        calls: Vec::new(),
        arguments: HashMap::new(),
        roots: roots(ontology),
        selected: Domain::Interface(ENTITY),
        selections: HashMap::new(),
        connections: HashMap::new(),
        statements: HashMap::new(),
        links: HashMap::new(),
        edges: HashMap::new(),
    };
    let root = compiler.root(&operation.selection_set)?;
    let Compiler { calls, mut bytes, .. } = compiler;
    // Equal constants of all fields are shared, so they are bound together.
    let none = Variables::new();
    let left = CompileLimits {
        bytes: effort.bytes.saturating_sub(bytes),
        ..effort
    };
    let mut binder = Binder::new(ontology, names, left);
    let mut ready: Vec<Option<Bound>> = Vec::with_capacity(calls.len());
    for template in &calls {
        let is_constant = template.is_constant();
        ready.push(
            is_constant
                .then(|| template.bind(&mut binder, &none))
                .transpose()?,
        );
    }
    let made = binder.made();
    bytes += made.bytes;
    // Most templates are not kept.
    bytes -= calls
        .iter()
        .map(|it| size_of::<Template>() + it.kind.heap_bytes())
        .sum::<usize>();
    let calls = if ready.iter().all(Option::is_some) {
        Calls::Ready(ready.into_iter().flatten().collect())
    } else {
        let late = calls.into_iter().zip(ready).map(|(template, ready)| match ready {
            // Its arguments are not needed any more.
            Some(ready) => Template {
                arguments: Arc::default(),
                ready: Some(ready),
                ..template
            },
            None => template,
        });
        let late: Box<[Template]> = late.collect();
        bytes += late_bytes(&late);
        if bytes > effort.bytes {
            return Err(Stop::Bytes.into());
        }
        Calls::Late(late)
    };
    Ok(Plan {
        root,
        cite_all: operation.directives.has(collect::CITE),
        cites: collect::cites(document, operation),
        explains: operation.directives.has(collect::EXPLAIN),
        calls,
        patterns: made.patterns,
        expressions: Arc::new(made.expressions),
        names,
        bytes,
    })
}

/// Bytes of templates that are not bound yet; the arguments of a field are shared by the types that it is compiled for.
fn late_bytes(late: &[Template]) -> usize {
    let mut known = HashSet::new();
    let arguments = late.iter().map(|it| &it.arguments);
    let arguments = arguments.filter(|it| known.insert(it.as_ptr()));
    let of = |it: &Arc<[(String, Input)]>| {
        let each = it.iter().map(|(name, input)| name.len() + input.heap_bytes());
        ARC_BYTES + size_of_val(&**it) + each.sum::<usize>()
    };
    size_of_val(late)
        + arguments.map(of).sum::<usize>()
        + late.iter().map(|it| it.kind.heap_bytes()).sum::<usize>()
}

/// Parts of a plan between two checks of the clock.
const CHECK_EVERY: usize = 1024;

/// The identity of merged selections: equal ones are compiled once.
type Key = (Domain, Option<EdgeTypeId>, Vec<usize>);

fn identity(sets: &[&SelectionSet]) -> Vec<usize> {
    sets.iter()
        .map(|it| std::ptr::from_ref::<SelectionSet>(it) as usize)
        .collect()
}

struct Compiler<'a> {
    ontology: &'a Ontology,
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    conditions: &'a Variables,
    /// The file that contains the operation, and its lines.
    lines: (Option<FileId>, Lines<'a>),
    effort: CompileLimits<'a>,
    /// Bytes of the plan so far.
    bytes: usize,
    work: usize,
    calls: Vec<Template>,
    /// The arguments of each field of the document.
    arguments: HashMap<usize, Arc<[(String, Input)]>>,
    roots: HashMap<&'a str, (Domain, bool)>,
    /// The domain of the innermost selections.
    selected: Domain,
    selections: HashMap<Key, Arc<Selection>>,
    connections: HashMap<Key, Arc<Connection>>,
    statements: HashMap<Vec<usize>, Arc<Listing<StatementField>>>,
    links: HashMap<Vec<usize>, Arc<Listing<LinkField>>>,
    edges: HashMap<Key, Arc<Object<EdgeField>>>,
}

/// The root fields made from types: which domain, and whether it is the list.
fn roots(ontology: &Ontology) -> HashMap<&str, (Domain, bool)> {
    let mut roots = HashMap::new();
    for id in ontology.type_ids() {
        let names = &ontology.entity_type(id).root;
        roots.insert(names.one.as_str(), (Domain::Type(id), false));
        roots.insert(names.many.as_str(), (Domain::Type(id), true));
    }
    for (at, interface) in ontology.interfaces.iter().enumerate() {
        let domain = Domain::Interface(InterfaceId(at as u16));
        roots.insert(interface.root.one.as_str(), (domain, false));
        roots.insert(interface.root.many.as_str(), (domain, true));
    }
    roots
}

/// The field that every type has.
const TYPE_NAME: &str = "__typename";

/// A field by its name: one of a table, or one of the schema.
enum Named<'a, T> {
    Own(T),
    Other(&'a str),
}

impl<'a> Compiler<'a> {
    fn location(&self, field: &Field) -> (u32, u32) {
        let Some(span) = field.name.location() else {
            return (0, 0);
        };
        let (file, lines) = &self.lines;
        if *file == Some(span.file_id()) {
            return lines.location(span.offset());
        }
        (0, 0)
    }

    /// Counts bytes of the plan, and checks the clock at intervals.
    fn hold(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.effort.bytes {
            return Err(Stop::Bytes.into());
        }
        self.work += 1;
        if self.work.is_multiple_of(CHECK_EVERY) {
            self.effort.clock.check()?;
        }
        Ok(())
    }

    /// A part of the plan that several places share.
    fn shared<T>(&mut self, part: T) -> Result<Arc<T>> {
        self.hold(ARC_BYTES + size_of::<T>())?;
        Ok(Arc::new(part))
    }

    fn slot<F>(&mut self, merged: &Merged, field: F) -> Result<Slot<F>> {
        let key = format!(",\"{}\":", merged.key).into_bytes();
        self.hold(size_of::<Slot<F>>() + key.len())?;
        let mut short_key = [0; SHORT_KEY];
        short_key.iter_mut().zip(&key).for_each(|(to, from)| *to = *from);
        Ok(Slot {
            key: key.into(),
            short_key,
            field,
            location: self.location(merged.first()),
            cite: merged.cite,
        })
    }

    /// `__typename` of an object, after `before` fields.
    fn type_name(&mut self, merged: &Merged, ty: &str, before: usize) -> Result<TypeName> {
        let json = format!("\"{ty}\"").into_bytes();
        self.hold(size_of::<TypeName>() + json.len())?;
        let name = self.slot(merged, json.into())?;
        Ok(TypeName { before, name })
    }

    /// The fields of an object type that is in a table of the API's own types.
    fn object<T: Fields, F>(
        &mut self,
        sets: &[&'a SelectionSet],
        mut compile: impl FnMut(&mut Self, T, &Merged<'a>) -> Result<F>,
    ) -> Result<Object<F>> {
        self.object_beside(sets, |it, field, merged| match field {
            Named::Own(field) => compile(it, field, merged),
            Named::Other(_) => Err(unknown(merged)),
        })
    }

    /// As [`Self::object`], of a type that has fields of the schema too.
    fn object_beside<T: Fields, F>(
        &mut self,
        sets: &[&'a SelectionSet],
        mut compile: impl FnMut(&mut Self, Named<'a, T>, &Merged<'a>) -> Result<F>,
    ) -> Result<Object<F>> {
        self.fields(sets, |it, name, merged| {
            let field = T::named(name).map_or(Named::Other(name), Named::Own);
            compile(it, field, merged)
        })
    }

    /// The fields of an object type that is not an entity's; a fragment on it always applies. Its `__typename` is the name
    /// of the type that the selections are on, because no interface or union has it.
    fn fields<F>(
        &mut self,
        sets: &[&'a SelectionSet],
        mut compile: impl FnMut(&mut Self, &'a str, &Merged<'a>) -> Result<F>,
    ) -> Result<Object<F>> {
        let merged = collect(self.document, sets, self.conditions, &|_| true);
        let mut fields = Vec::with_capacity(merged.len());
        let mut names = Vec::new();
        for merged in &merged {
            let name = merged.first().name.as_str();
            if name == TYPE_NAME {
                let ty = sets.first().map_or("", |it| it.ty.as_str());
                names.push(self.type_name(merged, ty, fields.len())?);
                continue;
            }
            let field = compile(self, name, merged)?;
            fields.push(self.slot(merged, field)?);
        }
        Ok(Object {
            fields: fields.into(),
            names: names.into(),
        })
    }

    fn call(&mut self, field: &Field, kind: Kind) -> Result<CallNo> {
        let place = std::ptr::from_ref(field) as usize;
        let arguments = match self.arguments.get(&place) {
            Some(known) => known.clone(),
            None => {
                let arguments = field.arguments.iter().map(|argument| {
                    let definition = field.definition.argument_by_name(&argument.name);
                    let input = match definition {
                        Some(definition) => Input::of(self.schema, &definition.ty, &argument.value),
                        None => Input::Constant(serde_json::Value::Null),
                    };
                    (argument.name.to_string(), input)
                });
                let arguments: Arc<[(String, Input)]> = arguments.collect();
                self.arguments.insert(place, arguments.clone());
                arguments
            }
        };
        self.hold(size_of::<Template>() + kind.heap_bytes())?;
        self.calls.push(Template {
            kind,
            arguments,
            location: self.location(field),
            ready: None,
        });
        Ok(CallNo(self.calls.len() - 1))
    }

    fn root(&mut self, set: &'a SelectionSet) -> Result<Object<RootField>> {
        self.object_beside(&[set], |it, field: Named<surface::Query>, merged| match field {
            Named::Own(field) => it.own_root(field, merged),
            Named::Other("__schema" | "__type") => Ok(RootField::Introspection(it.introspection(merged)?)),
            Named::Other(name) => match it.roots.get(name).copied() {
                Some((domain, true)) => {
                    let call = it.call(merged.first(), Kind::page(domain, None, name))?;
                    let connection = it.root_connection(domain, &merged.selections())?;
                    Ok(RootField::List(domain, call, connection))
                }
                Some((domain, false)) => {
                    let call = it.call(merged.first(), Kind::Entity(domain))?;
                    let selection = it.selection(domain, &merged.selections())?;
                    Ok(RootField::Lookup(call, selection))
                }
                None => Err(unknown(merged)),
            },
        })
    }

    fn own_root(&mut self, field: surface::Query, merged: &Merged<'a>) -> Result<RootField> {
        let (first, sets) = (merged.first(), merged.selections());
        let entity = Domain::Interface(ENTITY);
        // Arguments are bound in the order of the document: those of a field before those of its selections.
        Ok(match field {
            surface::Query::Graph => RootField::Graph(self.graph(&sets)?),
            surface::Query::Node => {
                RootField::Lookup(self.call(first, Kind::Node)?, self.selection(entity, &sets)?)
            }
            surface::Query::Nodes => {
                RootField::Nodes(self.call(first, Kind::Nodes)?, self.selection(entity, &sets)?)
            }
            surface::Query::Resolve => {
                RootField::Lookup(self.call(first, Kind::Resolve)?, self.selection(entity, &sets)?)
            }
            surface::Query::Suggest => {
                let call = self.call(first, Kind::Suggest)?;
                RootField::Question(call, Question::Suggest(self.suggestion(&sets)?))
            }
            surface::Query::Path => {
                let call = self.call(first, Kind::Path)?;
                RootField::Question(call, Question::Path(self.path(&sets)?))
            }
            surface::Query::Paths => {
                let call = self.call(first, Kind::Path)?;
                let listing = self.listing(&sets, Self::path)?;
                RootField::Question(call, Question::Paths(self.shared(listing)?))
            }
            surface::Query::Neighborhood => {
                let call = self.call(first, Kind::Neighborhood)?;
                RootField::Question(call, Question::Neighborhood(self.subgraph(&sets)?))
            }
            surface::Query::Ranking => {
                let call = self.call(first, Kind::Ranking)?;
                RootField::Question(call, Question::Ranked(self.ranked(&sets)?))
            }
            surface::Query::Similar => {
                let call = self.call(first, Kind::Similar)?;
                RootField::Question(call, Question::Ranked(self.ranked(&sets)?))
            }
            surface::Query::Components => {
                let call = self.call(first, Kind::Components)?;
                RootField::Question(call, Question::Components(self.component(&sets)?))
            }
            surface::Query::Search => {
                let call = self.call(first, Kind::Search)?;
                RootField::Question(call, Question::Search(self.search(&sets)?))
            }
            surface::Query::Timeline => {
                let call = self.call(first, Kind::Timeline)?;
                let listing = self.listing(&sets, Self::timeline)?;
                RootField::Question(call, Question::Timeline(self.shared(listing)?))
            }
            surface::Query::Conflicts => {
                let call = self.call(first, Kind::Conflicts)?;
                let listing = self.listing(&sets, Self::conflict)?;
                RootField::Question(call, Question::Conflicts(self.shared(listing)?))
            }
        })
    }

    /// What to write of an entity of a domain, for each of its types.
    fn selection(&mut self, domain: Domain, sets: &[&'a SelectionSet]) -> Result<Arc<Selection>> {
        let key = (domain, None, identity(sets));
        if let Some(done) = self.selections.get(&key) {
            return Ok(done.clone());
        }
        let around = std::mem::replace(&mut self.selected, domain);
        let selection = match domain {
            Domain::Type(id) => Selection::One(id, self.entity(id, sets)?),
            _ => {
                let types = &self.ontology.types;
                self.hold(types.len() * size_of::<Option<Object<EntityField>>>())?;
                let mut by_type: Vec<Option<Object<EntityField>>> = types.iter().map(|_| None).collect();
                for id in self.ontology.types_of(domain) {
                    by_type[id.index()] = Some(self.entity(*id, sets)?);
                }
                Selection::ByType(by_type.into())
            }
        };
        self.selected = around;
        let selection = self.shared(selection)?;
        self.selections.insert(key, selection.clone());
        Ok(selection)
    }

    /// Whether an entity of a type meets a fragment's type condition.
    fn applies(&self, id: TypeId, condition: &str) -> bool {
        match self.ontology.domain(condition) {
            Some(domain) => self.ontology.contains(domain, id),
            None => false,
        }
    }

    fn entity(&mut self, id: TypeId, sets: &[&'a SelectionSet]) -> Result<Object<EntityField>> {
        let merged = {
            let applies = |condition: &str| self.applies(id, condition);
            collect(self.document, sets, self.conditions, &applies)
        };
        let mut fields = Vec::with_capacity(merged.len());
        let mut names = Vec::new();
        for merged in &merged {
            if merged.first().name == TYPE_NAME {
                let ty = &self.ontology.entity_type(id).name;
                names.push(self.type_name(merged, ty, fields.len())?);
                continue;
            }
            let field = self.entity_field(id, merged)?;
            fields.push(self.slot(merged, field)?);
        }
        Ok(Object {
            fields: fields.into(),
            names: names.into(),
        })
    }

    fn entity_field(&mut self, id: TypeId, merged: &Merged<'a>) -> Result<EntityField> {
        let entity_type = self.ontology.entity_type(id);
        let field = merged.first();
        let name = field.name.as_str();
        match entity_type.members.get(name) {
            Some(Member::Property(no)) => {
                let property = entity_type.members.property(no);
                if property.built_in == Some(BuiltIn::SameAs) {
                    let fields = self.plain(&merged.selections())?;
                    return Ok(EntityField::SameAs(no, fields));
                }
                let languages = self.languages(property, field)?;
                Ok(EntityField::Property(no, languages))
            }
            Some(Member::Relation(no)) => {
                let relation = entity_type.members.field(no);
                let side = Side::of(relation);
                if !relation.many {
                    let selection = self.selection(relation.seen, &merged.selections())?;
                    return Ok(EntityField::ToOne(side, selection));
                }
                let edge = self.ontology.relation(relation.relation).edge;
                let tag = format!("{}.{}", relation.owner, relation.name);
                let call = self.call(field, Kind::page(relation.seen, edge, &tag))?;
                let connection = self.connection(relation.seen, edge, &merged.selections())?;
                Ok(EntityField::Connection(side, call, connection))
            }
            None => self.generated_field(id, merged),
        }
    }

    /// A field of an entity that its type does not declare.
    fn generated_field(&mut self, id: TypeId, merged: &Merged<'a>) -> Result<EntityField> {
        let entity_type = self.ontology.entity_type(id);
        let field = merged.first();
        let name = field.name.as_str();
        if id == self.ontology.source_type
            && let Some(surface::SourceOnly::Cited) = surface::SourceOnly::named(name)
        {
            let call = self.call(field, Kind::Cited)?;
            return Ok(EntityField::Cited(call, self.cited(&merged.selections())?));
        }
        let Some(own) = surface::Entity::named(name) else {
            return self.edge_of_one(&entity_type.members, merged);
        };
        Ok(match own {
            surface::Entity::Id => EntityField::Id,
            surface::Entity::EntityId => EntityField::EntityId,
            surface::Entity::Label => EntityField::Label,
            surface::Entity::Description => EntityField::Constant(Box::from(*b"null")),
            // The ontology says which types have them, and what holds their values.
            surface::Entity::Aliases | surface::Entity::SameAs => return Err(unknown(merged)),
            surface::Entity::Degree => EntityField::Degree,
            surface::Entity::Follow => {
                let domain = Domain::Interface(ENTITY);
                let call = self.call(field, Kind::Follow(self.selected))?;
                EntityField::Follow(call, self.root_connection(domain, &merged.selections())?)
            }
            surface::Entity::Statements => {
                let call = self.call(field, Kind::Statements)?;
                EntityField::Statements(call, self.statement_listing(&merged.selections())?)
            }
            surface::Entity::Links => {
                let call = self.call(field, Kind::Links)?;
                EntityField::Links(call, self.link_listing(&merged.selections())?)
            }
        })
    }

    /// `headquartersEdge` beside `headquarters`.
    fn edge_of_one(&mut self, members: &'a Members, merged: &Merged<'a>) -> Result<EntityField> {
        let name = merged.first().name.as_str();
        let base = name.strip_suffix("Edge").and_then(|base| members.get(base));
        let Some(Member::Relation(no)) = base else {
            return Err(unknown(merged));
        };
        let field = members.field(no);
        let side = Side::of(field);
        let edge = self.ontology.relation(field.relation).edge;
        let sets = merged.selections();
        let key = (field.seen, edge, identity(&sets));
        if let Some(done) = self.edges.get(&key) {
            return Ok(EntityField::ToOneEdge(side, done.clone()));
        }
        let fields = self.edge_fields(field.seen, edge, &sets)?;
        let fields = self.shared(fields)?;
        self.edges.insert(key, fields.clone());
        Ok(EntityField::ToOneEdge(side, fields))
    }

    /// The call that chooses the language of a text; only texts have the argument.
    fn languages(&mut self, property: &Property, field: &Field) -> Result<Option<CallNo>> {
        if property.scalar == Scalar::Text && !field.arguments.is_empty() {
            self.call(field, Kind::Languages).map(Some)
        } else {
            Ok(None)
        }
    }

    fn root_connection(&mut self, domain: Domain, sets: &[&'a SelectionSet]) -> Result<Arc<Connection>> {
        self.connection(domain, None, sets)
    }

    fn connection(
        &mut self,
        domain: Domain,
        edge: Option<EdgeTypeId>,
        sets: &[&'a SelectionSet],
    ) -> Result<Arc<Connection>> {
        let key = (domain, edge, identity(sets));
        if let Some(done) = self.connections.get(&key) {
            return Ok(done.clone());
        }
        let fields = self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::Connection::Nodes => ConnectionField::Nodes(it.selection(domain, &sets)?),
                surface::Connection::Edges => ConnectionField::Edges(it.edge_fields(domain, edge, &sets)?),
                surface::Connection::PageInfo => ConnectionField::PageInfo(it.plain(&sets)?),
                surface::Connection::TotalCount => ConnectionField::TotalCount,
                surface::Connection::Aggregate => {
                    ConnectionField::Aggregate(it.aggregate(domain, edge, &sets)?)
                }
            })
        })?;
        let connection = self.shared(fields)?;
        self.connections.insert(key, connection.clone());
        Ok(connection)
    }

    fn edge_fields(
        &mut self,
        domain: Domain,
        edge: Option<EdgeTypeId>,
        sets: &[&'a SelectionSet],
    ) -> Result<Object<EdgeField>> {
        let members = edge.map(|it| &self.ontology.edge_types[it.index()].members);
        self.object_beside(sets, |it, field, merged| match field {
            Named::Own(surface::Edge::Node) => {
                Ok(EdgeField::Node(it.selection(domain, &merged.selections())?))
            }
            Named::Own(surface::Edge::Cursor) => Ok(EdgeField::Cursor),
            Named::Own(surface::Edge::Statement) => {
                let is_nullable = edge.is_none();
                Ok(EdgeField::Statement(
                    it.statement(&merged.selections())?,
                    is_nullable,
                ))
            }
            Named::Other(name) => {
                let member = members.and_then(|members| Some((members, members.get(name)?)));
                let Some((members, Member::Property(no))) = member else {
                    return Err(unknown(merged));
                };
                let languages = it.languages(members.property(no), merged.first())?;
                Ok(EdgeField::Property(no, languages))
            }
        })
    }

    /// The fields of a type none of whose fields has fields or arguments itself: what they mean is all that is planned.
    fn plain<T: Fields>(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<T>> {
        self.object(sets, |_, field, _| Ok(field))
    }

    fn listing<F>(
        &mut self,
        sets: &[&'a SelectionSet],
        mut item: impl FnMut(&mut Self, &[&'a SelectionSet]) -> Result<Object<F>>,
    ) -> Result<Listing<F>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::Listing::Nodes => ListingField::Nodes(item(it, &sets)?),
                surface::Listing::Edges => {
                    let edges = it.object(&sets, |it, field, merged| {
                        Ok(match field {
                            surface::ListingEdge::Node => {
                                ListingEdgeField::Node(item(it, &merged.selections())?)
                            }
                            surface::ListingEdge::Cursor => ListingEdgeField::Cursor,
                        })
                    })?;
                    ListingField::Edges(edges)
                }
                surface::Listing::PageInfo => ListingField::PageInfo(it.plain(&sets)?),
                surface::Listing::TotalCount => ListingField::TotalCount,
            })
        })
    }

    fn statement_listing(&mut self, sets: &[&'a SelectionSet]) -> Result<Arc<Listing<StatementField>>> {
        let key = identity(sets);
        if let Some(done) = self.statements.get(&key) {
            return Ok(done.clone());
        }
        let listing = self.listing(sets, Self::statement)?;
        let listing = self.shared(listing)?;
        self.statements.insert(key, listing.clone());
        Ok(listing)
    }

    fn link_listing(&mut self, sets: &[&'a SelectionSet]) -> Result<Arc<Listing<LinkField>>> {
        let key = identity(sets);
        if let Some(done) = self.links.get(&key) {
            return Ok(done.clone());
        }
        let listing = self.listing(sets, Self::link)?;
        let listing = self.shared(listing)?;
        self.links.insert(key, listing.clone());
        Ok(listing)
    }

    fn statement(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<StatementField>> {
        let entity = Domain::Interface(ENTITY);
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::Statement::Field => StatementField::Field,
                surface::Statement::Value => StatementField::Value,
                surface::Statement::Target => StatementField::Target(it.selection(entity, &sets)?),
                surface::Statement::Edge => StatementField::Edge,
                surface::Statement::Rank => StatementField::Rank,
                surface::Statement::Valid => StatementField::Valid(it.plain(&sets)?),
                surface::Statement::Citations => StatementField::Citations(it.citation(&sets)?),
            })
        })
    }

    fn citation(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<CitationField>> {
        let source = Domain::Type(self.ontology.source_type);
        self.object(sets, |it, field, merged| {
            Ok(match field {
                surface::Citation::Source => {
                    CitationField::Source(it.selection(source, &merged.selections())?)
                }
                surface::Citation::Locator => CitationField::Locator,
                surface::Citation::Note => CitationField::Note,
            })
        })
    }

    fn cited(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<CitedField>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::CitedConnection::Nodes => CitedField::Nodes(it.cited_statement(&sets)?),
                surface::CitedConnection::Edges => {
                    CitedField::Edges(it.object(&sets, |it, field, merged| {
                        Ok(match field {
                            surface::CitedEdge::Node => {
                                CitedEdgeField::Node(it.cited_statement(&merged.selections())?)
                            }
                            surface::CitedEdge::Cursor => CitedEdgeField::Cursor,
                            surface::CitedEdge::Locator => CitedEdgeField::Locator,
                            surface::CitedEdge::Note => CitedEdgeField::Note,
                        })
                    })?)
                }
                surface::CitedConnection::PageInfo => CitedField::PageInfo(it.plain(&sets)?),
                surface::CitedConnection::TotalCount => CitedField::TotalCount,
            })
        })
    }

    fn cited_statement(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<CitedStatementField>> {
        let entity = Domain::Interface(ENTITY);
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::CitedStatement::Entity => CitedStatementField::Entity(it.selection(entity, &sets)?),
                surface::CitedStatement::Statement => CitedStatementField::Statement(it.statement(&sets)?),
            })
        })
    }

    fn link(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<LinkField>> {
        let entity = Domain::Interface(ENTITY);
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::Link::From => LinkField::From(it.selection(entity, &sets)?),
                surface::Link::To => LinkField::To(it.selection(entity, &sets)?),
                surface::Link::Relation => LinkField::Relation,
                surface::Link::Field => LinkField::Field,
                surface::Link::Forward => LinkField::Forward,
                surface::Link::Edge => LinkField::Edge,
                surface::Link::Statement => LinkField::Statement(it.statement(&sets)?),
            })
        })
    }

    fn type_info(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<TypeField>> {
        self.object(sets, |it, field, merged| {
            Ok(match field {
                surface::TypeInfo::Name => TypeField::Name,
                surface::TypeInfo::Description => TypeField::Description,
                surface::TypeInfo::Class => TypeField::Class,
                surface::TypeInfo::Count => TypeField::Count,
                surface::TypeInfo::Interfaces => TypeField::Interfaces,
                surface::TypeInfo::Properties => TypeField::Properties(it.plain(&merged.selections())?),
            })
        })
    }

    fn relation_info(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<RelationField>> {
        self.object(sets, |it, field, merged| {
            Ok(match field {
                surface::RelationInfo::Name => RelationField::Name,
                surface::RelationInfo::Field => RelationField::Field,
                surface::RelationInfo::Inverse => RelationField::Inverse,
                surface::RelationInfo::Symmetric => RelationField::Symmetric,
                surface::RelationInfo::Transitive => RelationField::Transitive,
                surface::RelationInfo::From => RelationField::From,
                surface::RelationInfo::To => RelationField::To,
                surface::RelationInfo::Class => RelationField::Class,
                surface::RelationInfo::Count => RelationField::Count,
                surface::RelationInfo::Cardinality => RelationField::Cardinality,
                surface::RelationInfo::InverseCardinality => RelationField::InverseCardinality,
                surface::RelationInfo::EdgeType => RelationField::EdgeType,
                surface::RelationInfo::Properties => {
                    RelationField::Properties(it.plain(&merged.selections())?)
                }
            })
        })
    }

    fn graph(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<GraphField>> {
        self.object(sets, |it, field, merged| {
            let sets = merged.selections();
            Ok(match field {
                surface::GraphInfo::Title => GraphField::Title,
                surface::GraphInfo::Description => GraphField::Description,
                surface::GraphInfo::Licence => GraphField::Licence,
                surface::GraphInfo::Url => GraphField::Url,
                surface::GraphInfo::Revision => GraphField::Revision,
                surface::GraphInfo::EntityCount => GraphField::EntityCount,
                surface::GraphInfo::EdgeCount => GraphField::EdgeCount,
                surface::GraphInfo::StatementCount => GraphField::StatementCount,
                surface::GraphInfo::SourceCount => GraphField::SourceCount,
                surface::GraphInfo::CitationCount => GraphField::CitationCount,
                surface::GraphInfo::ComponentCount => GraphField::ComponentCount,
                surface::GraphInfo::Types => GraphField::Types(it.type_info(&sets)?),
                surface::GraphInfo::Relations => GraphField::Relations(it.relation_info(&sets)?),
                surface::GraphInfo::Examples => GraphField::Examples(it.plain(&sets)?),
                surface::GraphInfo::Sources => {
                    let domain = Domain::Type(it.ontology.source_type);
                    let call = it.call(merged.first(), Kind::page(domain, None, "sources"))?;
                    GraphField::Sources(call, it.root_connection(domain, &sets)?)
                }
            })
        })
    }
}

/// The error for a field that validation let through and that nothing plans.
fn unknown(merged: &Merged) -> Unbound {
    let name = &merged.first().name;
    InputError::request(format!(
        "the field `{name}` has no meaning in a plan, which is a bug of Clew"
    ))
    .into()
}
