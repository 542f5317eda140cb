//! From a typed executable document to a plan.

mod aggregates;
mod introspection;
mod questions;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use apollo_compiler::executable::{self, Field, Operation, SelectionSet};
use apollo_compiler::parser::FileId;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};

use super::bind::{ARC_BYTES, Binder, Effort, Result};
use super::call::{Kind, Template};
use super::collect::{self, Merged, collect};
use super::input::{Input, Names, Variables};
use super::lines::Lines;
use super::{
    Bound, CallNo, Calls, CitationField, Connection, ConnectionField, EdgeField, EntityField, ExampleField,
    GraphField, LinkField, Listing, ListingEdgeField, ListingField, Object, PageInfoField, Plan,
    RelationField, RootField, SHORT_KEY, Selection, Side, Slot, StatementField, TypeField, ValidityField,
};
use crate::budget::Stop;
use crate::ontology::{
    Domain, ENTITY, EdgeTypeId, GeneratedNames, InterfaceId, Member, Members, Ontology, Property, Scalar,
    TypeId,
};

/// Compiles an operation of a valid document, for given values of the variables that decide `@skip` and
/// `@include` (see [`crate::plan::condition_variables`]). `names` says whether messages may name what the schema has.
///
/// # Errors
/// With the first literal whose type does not have it, which validation cannot see in scalars that are ours. When the
/// time is over, or the plan takes too much memory.
pub fn compile(
    (ontology, names): (&Ontology, Names),
    schema: &Schema,
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
    conditions: &Variables,
    effort: Effort,
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
    let left = Effort {
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
type Key = (Domain, String, Vec<usize>);

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
    /// The file that the operation stands in, and its lines.
    lines: (Option<FileId>, Lines<'a>),
    effort: Effort<'a>,
    /// Bytes of the plan so far.
    bytes: usize,
    work: usize,
    calls: Vec<Template>,
    /// The arguments of each field of the document.
    arguments: HashMap<usize, Arc<[(String, Input)]>>,
    roots: HashMap<&'a str, (Domain, bool)>,
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

    /// `__typename` of an object that has only one.
    fn constant(&mut self, text: &str) -> Result<Box<[u8]>> {
        let json: Box<[u8]> = serde_json::Value::from(text).to_string().into_bytes().into();
        self.hold(json.len())?;
        Ok(json)
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

    /// The fields of an object type that is not an entity's; a fragment on it always applies.
    fn object<F>(
        &mut self,
        sets: &[&'a SelectionSet],
        mut compile: impl FnMut(&mut Self, &str, &Merged<'a>) -> Result<Option<F>>,
    ) -> Result<Object<F>> {
        let merged = collect(self.document, sets, self.conditions, &|_| true);
        let mut slots = Vec::with_capacity(merged.len());
        for merged in &merged {
            if let Some(field) = compile(self, merged.first().name.as_str(), merged)? {
                slots.push(self.slot(merged, field)?);
            }
        }
        Ok(slots.into())
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
        self.object(&[set], |it, name, merged| {
            let field = merged.first();
            let entity = Domain::Interface(ENTITY);
            Ok(Some(match name {
                "__typename" => RootField::TypeName(it.constant("Query")?),
                "__schema" | "__type" => RootField::Introspection(it.introspection(merged)?),
                "node" => {
                    let call = it.call(field, Kind::Node)?;
                    RootField::Lookup(call, it.selection(entity, &merged.selections())?)
                }
                "nodes" => {
                    let call = it.call(field, Kind::Nodes)?;
                    RootField::Nodes(call, it.selection(entity, &merged.selections())?)
                }
                "graph" => RootField::Graph(it.graph(&merged.selections())?),
                _ => {
                    if let Some((call, question)) = it.question(name, merged)? {
                        return Ok(Some(RootField::Question(call, question)));
                    }
                    let Some((domain, many)) = it.roots.get(name).copied() else {
                        return Ok(None);
                    };
                    if many {
                        let call = it.call(field, Kind::page(domain, None, name))?;
                        let connection = it.root_connection(domain, &merged.selections())?;
                        RootField::List(domain, call, connection)
                    } else {
                        let call = it.call(field, Kind::Entity(domain))?;
                        RootField::Lookup(call, it.selection(domain, &merged.selections())?)
                    }
                }
            }))
        })
    }

    /// What to write of an entity of a domain, for each of its types.
    fn selection(&mut self, domain: Domain, sets: &[&'a SelectionSet]) -> Result<Arc<Selection>> {
        let key = (domain, String::new(), identity(sets));
        if let Some(done) = self.selections.get(&key) {
            return Ok(done.clone());
        }
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
        let mut slots = Vec::with_capacity(merged.len());
        for merged in &merged {
            if let Some(field) = self.entity_field(id, merged)? {
                slots.push(self.slot(merged, field)?);
            }
        }
        Ok(slots.into())
    }

    fn entity_field(&mut self, id: TypeId, merged: &Merged<'a>) -> Result<Option<EntityField>> {
        let entity_type = self.ontology.entity_type(id);
        let field = merged.first();
        let name = field.name.as_str();
        Ok(Some(match entity_type.members.get(name) {
            Some(Member::Property(no)) => {
                let languages = self.languages(entity_type.members.property(no), field)?;
                EntityField::Property(no, languages)
            }
            Some(Member::Relation(no)) => {
                let relation = entity_type.members.field(no);
                let side = Side::of(relation);
                if relation.many {
                    let edge = self.ontology.relation(relation.relation).edge;
                    let tag = format!("{}.{}", relation.owner, relation.name);
                    let call = self.call(field, Kind::page(relation.seen, edge, &tag))?;
                    let stem = GeneratedNames(self.ontology);
                    let (type_name, edge_name) = (stem.field_connection(relation), stem.field_edge(relation));
                    let connection =
                        self.connection(relation.seen, edge, &type_name, &edge_name, &merged.selections())?;
                    EntityField::Connection(side, call, connection)
                } else {
                    EntityField::ToOne(side, self.selection(relation.seen, &merged.selections())?)
                }
            }
            None => match name {
                "__typename" => EntityField::Constant(self.constant(&entity_type.name)?),
                "id" => EntityField::Id,
                "entityId" => EntityField::EntityId,
                "label" => EntityField::Label,
                "description" => EntityField::Constant(Box::from(*b"null")),
                "degree" => EntityField::Degree,
                "follow" => {
                    let domain = Domain::Interface(ENTITY);
                    let call = self.call(field, Kind::Follow)?;
                    EntityField::Follow(call, self.root_connection(domain, &merged.selections())?)
                }
                "statements" => {
                    let call = self.call(field, Kind::Statements)?;
                    EntityField::Statements(call, self.statement_listing(&merged.selections())?)
                }
                "links" => {
                    let call = self.call(field, Kind::Links)?;
                    EntityField::Links(call, self.link_listing(&merged.selections())?)
                }
                _ => return self.edge_of_one(&entity_type.members, merged),
            },
        }))
    }

    /// `headquartersEdge` beside `headquarters`.
    fn edge_of_one(&mut self, members: &'a Members, merged: &Merged<'a>) -> Result<Option<EntityField>> {
        let name = merged.first().name.as_str();
        let base = name.strip_suffix("Edge").and_then(|base| members.get(base));
        let Some(Member::Relation(no)) = base else {
            return Ok(None);
        };
        let field = members.field(no);
        let side = Side::of(field);
        let type_name = GeneratedNames(self.ontology).field_edge(field);
        let sets = merged.selections();
        let key = (field.seen, type_name.clone(), identity(&sets));
        if let Some(done) = self.edges.get(&key) {
            return Ok(Some(EntityField::ToOneEdge(side, done.clone())));
        }
        let edge = self.ontology.relation(field.relation).edge;
        let fields = self.edge_fields(field.seen, edge, &type_name, &sets)?;
        let fields = self.shared(fields)?;
        self.edges.insert(key, fields.clone());
        Ok(Some(EntityField::ToOneEdge(side, fields)))
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
        let names = GeneratedNames(self.ontology);
        let (type_name, edge_name) = (names.root_connection(domain), names.root_edge(domain));
        self.connection(domain, None, &type_name, &edge_name, sets)
    }

    fn connection(
        &mut self,
        domain: Domain,
        edge: Option<EdgeTypeId>,
        type_name: &str,
        edge_name: &str,
        sets: &[&'a SelectionSet],
    ) -> Result<Arc<Connection>> {
        let key = (domain, type_name.to_owned(), identity(sets));
        if let Some(done) = self.connections.get(&key) {
            return Ok(done.clone());
        }
        let fields = self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => ConnectionField::TypeName(it.constant(type_name)?),
                "nodes" => ConnectionField::Nodes(it.selection(domain, &merged.selections())?),
                "edges" => {
                    ConnectionField::Edges(it.edge_fields(domain, edge, edge_name, &merged.selections())?)
                }
                "pageInfo" => ConnectionField::PageInfo(it.page_info(&merged.selections())?),
                "totalCount" => ConnectionField::TotalCount,
                "aggregate" => ConnectionField::Aggregate(it.aggregate(domain, &merged.selections())?),
                _ => return Ok(None),
            }))
        })?;
        let connection = self.shared(fields)?;
        self.connections.insert(key, connection.clone());
        Ok(connection)
    }

    fn edge_fields(
        &mut self,
        domain: Domain,
        edge: Option<EdgeTypeId>,
        type_name: &str,
        sets: &[&'a SelectionSet],
    ) -> Result<Object<EdgeField>> {
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => EdgeField::TypeName(it.constant(type_name)?),
                "node" => EdgeField::Node(it.selection(domain, &merged.selections())?),
                "cursor" => EdgeField::Cursor,
                "statement" => EdgeField::Statement(it.statement(&merged.selections())?),
                _ => {
                    let Some(edge) = edge else { return Ok(None) };
                    let members = &it.ontology.edge_types[edge.index()].members;
                    let Some(Member::Property(no)) = members.get(name) else {
                        return Ok(None);
                    };
                    let languages = it.languages(members.property(no), merged.first())?;
                    EdgeField::Property(no, languages)
                }
            }))
        })
    }

    fn page_info(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<PageInfoField>> {
        self.object(sets, |it, name, _| {
            Ok(Some(match name {
                "__typename" => PageInfoField::TypeName(it.constant("PageInfo")?),
                "hasNextPage" => PageInfoField::HasNextPage,
                "hasPreviousPage" => PageInfoField::HasPreviousPage,
                "startCursor" => PageInfoField::StartCursor,
                "endCursor" => PageInfoField::EndCursor,
                _ => return Ok(None),
            }))
        })
    }

    fn listing<F>(
        &mut self,
        name: &str,
        sets: &[&'a SelectionSet],
        mut item: impl FnMut(&mut Self, &[&'a SelectionSet]) -> Result<Object<F>>,
    ) -> Result<Listing<F>> {
        let (type_name, edge_name) = (format!("{name}Connection"), format!("{name}Edge"));
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => ListingField::TypeName(it.constant(&type_name)?),
                "nodes" => ListingField::Nodes(item(it, &merged.selections())?),
                "edges" => {
                    let edges = it.object(&merged.selections(), |it, name, merged| {
                        Ok(Some(match name {
                            "__typename" => ListingEdgeField::TypeName(it.constant(&edge_name)?),
                            "node" => ListingEdgeField::Node(item(it, &merged.selections())?),
                            "cursor" => ListingEdgeField::Cursor,
                            _ => return Ok(None),
                        }))
                    })?;
                    ListingField::Edges(edges)
                }
                "pageInfo" => ListingField::PageInfo(it.page_info(&merged.selections())?),
                "totalCount" => ListingField::TotalCount,
                _ => return Ok(None),
            }))
        })
    }

    fn statement_listing(&mut self, sets: &[&'a SelectionSet]) -> Result<Arc<Listing<StatementField>>> {
        let key = identity(sets);
        if let Some(done) = self.statements.get(&key) {
            return Ok(done.clone());
        }
        let listing = self.listing("Statement", sets, Self::statement)?;
        let listing = self.shared(listing)?;
        self.statements.insert(key, listing.clone());
        Ok(listing)
    }

    fn link_listing(&mut self, sets: &[&'a SelectionSet]) -> Result<Arc<Listing<LinkField>>> {
        let key = identity(sets);
        if let Some(done) = self.links.get(&key) {
            return Ok(done.clone());
        }
        let listing = self.listing("Link", sets, Self::link)?;
        let listing = self.shared(listing)?;
        self.links.insert(key, listing.clone());
        Ok(listing)
    }

    fn statement(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<StatementField>> {
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => StatementField::TypeName(it.constant("Statement")?),
                "field" => StatementField::Field,
                "value" => StatementField::Value,
                "target" => {
                    StatementField::Target(it.selection(Domain::Interface(ENTITY), &merged.selections())?)
                }
                "edge" => StatementField::Edge,
                "rank" => StatementField::Rank,
                "valid" => StatementField::Valid(it.object(&merged.selections(), |it, name, _| {
                    Ok(Some(match name {
                        "__typename" => ValidityField::TypeName(it.constant("Validity")?),
                        "from" => ValidityField::From,
                        "until" => ValidityField::Until,
                        _ => return Ok(None),
                    }))
                })?),
                "citations" => StatementField::Citations(it.citation(&merged.selections())?),
                _ => return Ok(None),
            }))
        })
    }

    fn citation(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<CitationField>> {
        let source = Domain::Type(self.ontology.source_type);
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => CitationField::TypeName(it.constant("Citation")?),
                "source" => CitationField::Source(it.selection(source, &merged.selections())?),
                "locator" => CitationField::Locator,
                "note" => CitationField::Note,
                _ => return Ok(None),
            }))
        })
    }

    fn link(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<LinkField>> {
        let entity = Domain::Interface(ENTITY);
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => LinkField::TypeName(it.constant("Link")?),
                "from" => LinkField::From(it.selection(entity, &merged.selections())?),
                "to" => LinkField::To(it.selection(entity, &merged.selections())?),
                "relation" => LinkField::Relation,
                "field" => LinkField::Field,
                "forward" => LinkField::Forward,
                "edge" => LinkField::Edge,
                "statement" => LinkField::Statement(it.statement(&merged.selections())?),
                _ => return Ok(None),
            }))
        })
    }

    fn graph(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<GraphField>> {
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => GraphField::TypeName(it.constant("GraphInfo")?),
                "title" => GraphField::Title,
                "description" => GraphField::Description,
                "licence" => GraphField::Licence,
                "url" => GraphField::Url,
                "revision" => GraphField::Revision,
                "entityCount" => GraphField::EntityCount,
                "edgeCount" => GraphField::EdgeCount,
                "statementCount" => GraphField::StatementCount,
                "sourceCount" => GraphField::SourceCount,
                "citationCount" => GraphField::CitationCount,
                "componentCount" => GraphField::ComponentCount,
                "types" => GraphField::Types(it.object(&merged.selections(), |it, name, _| {
                    Ok(Some(match name {
                        "__typename" => TypeField::TypeName(it.constant("TypeInfo")?),
                        "name" => TypeField::Name,
                        "description" => TypeField::Description,
                        "class" => TypeField::Class,
                        "count" => TypeField::Count,
                        _ => return Ok(None),
                    }))
                })?),
                "relations" => GraphField::Relations(it.object(&merged.selections(), |it, name, _| {
                    Ok(Some(match name {
                        "__typename" => RelationField::TypeName(it.constant("RelationInfo")?),
                        "name" => RelationField::Name,
                        "field" => RelationField::Field,
                        "inverse" => RelationField::Inverse,
                        "symmetric" => RelationField::Symmetric,
                        "transitive" => RelationField::Transitive,
                        "from" => RelationField::From,
                        "to" => RelationField::To,
                        "class" => RelationField::Class,
                        "count" => RelationField::Count,
                        _ => return Ok(None),
                    }))
                })?),
                "examples" => GraphField::Examples(it.object(&merged.selections(), |it, name, _| {
                    Ok(Some(match name {
                        "__typename" => ExampleField::TypeName(it.constant("ExampleQuery")?),
                        "title" => ExampleField::Title,
                        "query" => ExampleField::Query,
                        _ => return Ok(None),
                    }))
                })?),
                "sources" => {
                    let domain = Domain::Type(it.ontology.source_type);
                    let call = it.call(merged.first(), Kind::page(domain, None, "sources"))?;
                    GraphField::Sources(call, it.root_connection(domain, &merged.selections())?)
                }
                _ => return Ok(None),
            }))
        })
    }
}
