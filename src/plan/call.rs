//! Arguments, bound: what a field was asked for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hasher;
use std::sync::Arc;

use super::aggregate::{GroupCall, OfTypes, properties, sides};
use super::arguments::{Page, as_of, direction, fields, id, number, page, relations, types};
use super::bind::{ARC_BYTES, Binder, Result};
use super::dated_id::plain_id;
use super::filter;
use super::graph_query::{
    ComponentsCall, ConflictCall, NeighborhoodCall, PathCall, RankingCall, SearchCall, SimilarCall,
    SuggestCall, TimelineCall,
};
use super::input::{Arguments, Given, Input, InputError, Names, Variables};
use super::operators::within;
use super::path::PathExpression;
use super::point::point;
use super::scalars::int64;
use super::{Bound, Side, Unbound};
use crate::collation::Collation;
use crate::condition::{Filter, MatcherNo};
use crate::ontology::{
    Date, Direction, Domain, ENTITY, EdgeTypeId, Member, Point, PropertyNo, RelationId, Scalar, TypeId,
};
use crate::surface::arguments::PAGE;
use crate::surface::inputs::{DistanceOrder, EdgeOrder, Orders, OwnOrder};
use crate::surface::{Inputs, SortOrder};

/// Maximum number of preferred languages of one field: each value is looked up in all of them.
const MOST_LANGUAGES: usize = 32;

/// A field's bound arguments.
#[derive(Debug)]
pub enum Call {
    /// One entity.
    Entity(EntityCall),
    /// Entities by ids.
    Nodes(NodesCall),
    /// A page of entities.
    Page(PageCall),
    /// Preferred languages, best first.
    Languages(Vec<String>),
    /// A page of statements.
    Statements(StatementCall),
    /// A page of links.
    Links(LinkCall),
    /// A page of the statements that cite a source.
    Cited(CitedCall),
    /// A page of what a path expression leads to.
    Follow(Arc<PathExpression>, PageCall),
    /// A path, or several.
    Path(PathCall),
    /// A neighborhood.
    Neighborhood(NeighborhoodCall),
    /// The entities that matter most.
    Ranking(RankingCall),
    /// The entities that are most alike.
    Similar(SimilarCall),
    /// The parts of the graph.
    Components(ComponentsCall),
    /// Groups of a list's entities.
    Groups(GroupCall),
    /// A search for text.
    Search(SearchCall),
    /// Names that begin with something.
    Suggest(SuggestCall),
    /// Dated statements.
    Timeline(TimelineCall),
    /// Fields whose statements disagree.
    Conflicts(ConflictCall),
}

impl Call {
    /// Whether the rows that a run visits for it say what it takes: nothing is filtered, ordered, searched for or
    /// computed.
    pub(super) fn is_counted(&self) -> bool {
        match self {
            Call::Entity(it) => !matches!(it.by, Lookup::Reference(_)),
            Call::Nodes(_) | Call::Languages(_) => true,
            Call::Page(it) => it.filter.is_none() && it.order.is_empty() && it.depth.is_none(),
            _ => false,
        }
    }

    /// The patterns that its filter tests with.
    pub fn matchers(&self) -> &[MatcherNo] {
        match self {
            Call::Page(it) | Call::Follow(_, it) => it.filter.as_ref().map_or(&[], |it| &it.matchers),
            Call::Search(it) => it.filter.as_ref().map_or(&[], |it| &it.matchers),
            _ => &[],
        }
    }

    /// The date that the answer is to hold at: that of `asOf`, or that of the ids.
    pub fn as_of(&self) -> Option<Date> {
        match self {
            Call::Entity(it) => it.as_of,
            Call::Nodes(it) => it.as_of,
            Call::Page(it) | Call::Follow(_, it) => it.as_of,
            Call::Path(it) => it.walk.as_of,
            Call::Neighborhood(it) => it.walk.as_of,
            Call::Ranking(it) => it.walk.as_of,
            Call::Similar(it) => it.walk.as_of,
            Call::Components(it) => it.walk.as_of,
            Call::Search(it) => it.as_of,
            Call::Suggest(it) => it.as_of,
            Call::Timeline(it) => it.as_of,
            Call::Conflicts(it) => it.as_of,
            Call::Languages(_) | Call::Statements(_) | Call::Links(_) | Call::Cited(_) | Call::Groups(_) => {
                None
            }
        }
    }
}

/// Which entities are asked for.
#[derive(Debug)]
pub struct NodesCall {
    /// Their ids.
    pub ids: Arc<[Arc<str>]>,
    /// At which date.
    pub as_of: Option<Date>,
}

/// Which entity is asked for.
#[derive(Debug)]
pub struct EntityCall {
    /// By what.
    pub by: Lookup,
    /// The types that it may have.
    pub domain: Domain,
    /// At which date.
    pub as_of: Option<Date>,
}

/// By what an entity is looked up.
#[derive(Debug)]
pub enum Lookup {
    /// Its id.
    Id(Arc<str>),
    /// A unique property: for each type that has it, which, and the value's text.
    Unique(Vec<(TypeId, PropertyNo)>, Arc<str>),
    /// An id, a CURIE, an IRI or a name.
    Reference(Arc<str>),
}

/// Which entities are asked for, in which order.
#[derive(Debug)]
pub struct PageCall {
    /// The part.
    pub page: Page,
    /// Which of them.
    pub filter: Option<Arc<Filter>>,
    /// In which order, before the ids'.
    pub order: Vec<OrderKey>,
    /// By which language texts are ordered; by code points where it is `None`.
    pub collation: Option<Collation>,
    /// Says which list in which order this is; part of its cursors.
    pub sequence: u32,
    /// At which date.
    pub as_of: Option<Date>,
    /// Maximum number of edges of a transitive relation to follow; one if it is `None`.
    pub depth: Option<usize>,
}

/// One key of an order.
#[derive(Debug)]
pub struct OrderKey {
    /// By what.
    pub by: OrderBy,
    /// Greatest first.
    pub descending: bool,
    /// Missing values first.
    pub nulls_first: bool,
}

/// A key of an order of entities.
#[derive(Debug)]
pub enum OrderBy {
    /// The id.
    Id,
    /// The label.
    Label,
    /// A property: for each type, which.
    Property(Box<[Option<PropertyNo>]>),
    /// A property of the edge that led to the entity.
    Edge(PropertyNo),
    /// The distance from a point: for each type, to which property.
    Distance(Box<[Option<PropertyNo>]>, Point),
    /// The distance from a point to a property of the edge that led to the entity.
    EdgeDistance(PropertyNo, Point),
    /// Whether the entity has another type than those that the next keys are of: for each type.
    Other(Box<[bool]>),
    /// The number of edges.
    Degree,
    /// How many entities a relation leads to.
    Count(OfTypes<Side>),
    /// A key of the entity at the end of relations to one, in sequence.
    Over(Box<[OfTypes<Side>]>, Box<OrderBy>),
}

impl OrderBy {
    /// Whether a value takes longer to find than to compare.
    pub fn is_computed(&self) -> bool {
        matches!(self, OrderBy::Degree | OrderBy::Count(_) | OrderBy::Over(..))
    }

    /// The key of the last entity.
    pub fn last(&self) -> &Self {
        match self {
            OrderBy::Over(_, last) => last,
            other => other,
        }
    }
}

/// Which statements are asked for.
#[derive(Debug)]
pub struct StatementCall {
    /// The part.
    pub page: Page,
    /// Only about these fields.
    pub fields: Option<Vec<String>>,
    /// Part of the cursors.
    pub sequence: u32,
}

/// Which links are asked for.
#[derive(Debug)]
pub struct LinkCall {
    /// The part.
    pub page: Page,
    /// Only over these relations.
    pub via: Option<Vec<RelationId>>,
    /// Only this way.
    pub direction: Direction,
    /// Part of the cursors.
    pub sequence: u32,
}

/// Which statements that cite a source are asked for.
#[derive(Debug)]
pub struct CitedCall {
    /// The part.
    pub page: Page,
    /// Only about entities of these types.
    pub types: Option<Vec<TypeId>>,
    /// Only about these fields.
    pub fields: Option<Vec<String>>,
    /// Only those that cite this place or a part of it.
    pub locator: Option<Arc<str>>,
    /// Part of the cursors.
    pub sequence: u32,
}

/// The kind of a field's arguments.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Entity(Domain),
    Node,
    Resolve,
    Nodes,
    Page {
        domain: Domain,
        edge: Option<EdgeTypeId>,
        /// Says which list it is.
        tag: String,
    },
    Languages,
    Statements,
    Links,
    Cited,
    /// From entities of a domain.
    Follow(Domain),
    Path,
    Neighborhood,
    Ranking,
    Similar,
    Components,
    Groups(Domain),
    Search,
    Suggest,
    Timeline,
    Conflicts,
}

impl Kind {
    /// Bytes that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Kind::Page { tag, .. } => tag.len(),
            _ => 0,
        }
    }

    pub fn page(domain: Domain, edge: Option<EdgeTypeId>, tag: &str) -> Self {
        Kind::Page {
            domain,
            edge,
            tag: tag.to_owned(),
        }
    }
}

/// A field's arguments before they are bound.
#[derive(Debug)]
pub(super) struct Template {
    pub kind: Kind,
    /// Shared by the types that a field is compiled for.
    pub arguments: Arc<[(String, Input)]>,
    pub location: (u32, u32),
    /// The bound arguments, if they use no variable.
    pub ready: Option<Bound>,
}

impl Template {
    /// Whether they use no variable.
    pub fn is_constant(&self) -> bool {
        self.arguments.iter().all(|(_, it)| it.is_constant())
    }

    pub fn bind<'b>(&'b self, binder: &mut Binder<'b>, variables: &'b Variables) -> Result<Bound> {
        if let Some(ready) = &self.ready {
            return Ok(ready.clone());
        }
        binder.work(16)?;
        binder.hold(ARC_BYTES + size_of::<std::result::Result<Call, InputError>>() + size_of::<Bound>())?;
        binder.matchers.clear();
        let arguments = Arguments::of(&self.arguments, variables);
        let checked = self.arguments.iter().try_for_each(|(name, it)| {
            let checked = it.check(variables);
            checked.map_err(|error| error.at(name))
        });
        let bound = match checked
            .map_err(Unbound::from)
            .and_then(|()| self.call(binder, &arguments))
        {
            Ok(call) => Ok(call),
            Err(Unbound::Stop(stop)) => return Err(stop.into()),
            Err(Unbound::Input(error)) => {
                let error = InputError {
                    location: self.location,
                    ..error.said()
                };
                if error.request {
                    return Err(error.into());
                }
                binder.work(64)?;
                binder.hold(error.message.len())?;
                Err(error)
            }
        };
        Ok(Arc::new(bound))
    }

    fn call<'b>(&'b self, binder: &mut Binder<'b>, arguments: &Arguments<'b>) -> Result<Call> {
        Ok(match &self.kind {
            Kind::Entity(domain) => Call::Entity(EntityCall {
                by: lookup(binder, *domain, arguments)?,
                domain: *domain,
                as_of: as_of(binder, arguments)?,
            }),
            Kind::Node => Call::Entity(EntityCall {
                by: Lookup::Id(id(binder, arguments, "id")?),
                domain: Domain::Interface(ENTITY),
                as_of: as_of(binder, arguments)?,
            }),
            Kind::Resolve => Call::Entity(EntityCall {
                by: Lookup::Reference(id(binder, arguments, "ref")?),
                domain: Domain::Interface(ENTITY),
                as_of: as_of(binder, arguments)?,
            }),
            Kind::Nodes => Call::Nodes(NodesCall {
                ids: binder.ids(arguments.get("ids"))?,
                as_of: as_of(binder, arguments)?,
            }),
            Kind::Languages => Call::Languages(languages(binder, arguments)?),
            Kind::Page { domain, edge, tag } => {
                Call::Page(page_call(binder, (*domain, *edge), tag, arguments)?)
            }
            Kind::Follow(domain) => {
                let path = arguments.get("path").and_then(Given::as_str).unwrap_or_default();
                let expression = binder.expression(path)?;
                let tag = format!("follow {path}");
                let page = any_page_call(binder, (*domain, &expression), &tag, arguments)?;
                Call::Follow(expression, page)
            }
            Kind::Path => {
                let sequence = asked(binder, "paths", arguments)?;
                Call::Path(PathCall::read(binder, arguments, sequence)?)
            }
            Kind::Neighborhood => Call::Neighborhood(NeighborhoodCall::read(binder, arguments)?),
            Kind::Ranking => Call::Ranking(RankingCall::read(binder, arguments)?),
            Kind::Similar => Call::Similar(SimilarCall::read(binder, arguments)?),
            Kind::Search => {
                let sequence = asked(binder, "search", arguments)?;
                Call::Search(SearchCall::read(binder, arguments, sequence)?)
            }
            Kind::Suggest => Call::Suggest(SuggestCall::read(binder, arguments)?),
            Kind::Timeline => {
                let sequence = asked(binder, "timeline", arguments)?;
                Call::Timeline(TimelineCall::read(binder, arguments, sequence)?)
            }
            Kind::Conflicts => {
                let sequence = asked(binder, "conflicts", arguments)?;
                Call::Conflicts(ConflictCall::read(binder, arguments, sequence)?)
            }
            Kind::Groups(domain) => Call::Groups(GroupCall::read(binder, *domain, arguments)?),
            Kind::Components => Call::Components(ComponentsCall::read(binder, arguments)?),
            Kind::Statements => Call::Statements(StatementCall {
                page: page(binder, arguments)?,
                fields: fields(binder, arguments.get("fields"))?,
                sequence: sequence(binder, "statements", arguments.get("fields"))?,
            }),
            Kind::Cited => Call::Cited(CitedCall {
                page: page(binder, arguments)?,
                types: types(binder, arguments.get("types"))?,
                fields: fields(binder, arguments.get("fields"))?,
                locator: match arguments.get("locator").and_then(Given::as_str) {
                    Some(locator) => Some(binder.text(locator)?),
                    None => None,
                },
                sequence: asked(binder, "cited", arguments)?,
            }),
            Kind::Links => {
                let direction = direction(arguments).unwrap_or(Direction::Both);
                Call::Links(LinkCall {
                    page: page(binder, arguments)?,
                    via: relations(binder, arguments)?,
                    direction,
                    sequence: sequence(binder, &format!("links {direction:?}"), arguments.get("via"))?,
                })
            }
        })
    }
}

/// The languages that are preferred, each once, best first.
fn languages(binder: &mut Binder, arguments: &Arguments) -> Result<Vec<String>> {
    let mut languages: Vec<String> = Vec::new();
    let given = arguments.get("lang").and_then(Given::items);
    for language in given.into_iter().flatten().filter_map(Given::as_str) {
        binder.work(1)?;
        // No value is in a language with such a name.
        let is_long = language.len() > crate::report::MOST_SHOWN;
        if is_long || languages.iter().any(|it| it.eq_ignore_ascii_case(language)) {
            continue;
        }
        if languages.len() == MOST_LANGUAGES {
            return Err(InputError::request(format!(
                "`lang` names more than {MOST_LANGUAGES} languages: give those that you would read"
            ))
            .into());
        }
        binder.hold(size_of::<String>() + language.len())?;
        languages.push(language.to_owned());
    }
    Ok(languages)
}

fn lookup<'b>(binder: &mut Binder<'b>, domain: Domain, arguments: &Arguments<'b>) -> Result<Lookup> {
    let ontology = binder.ontology;
    let id = arguments.get("id").and_then(Given::as_str);
    let by = arguments.get("by").and_then(Given::fields);
    Ok(match (id, by) {
        (Some(id), None) => Lookup::Id(binder.text(plain_id(id))?),
        (None, Some(by)) => {
            let mut fields = by.filter(|(_, value)| !value.is_null());
            let Some((name, value)) = fields.next() else {
                return Err(InputError::field("`by` names no unique field: give exactly one").into());
            };
            let is_int64 = |id: &TypeId| {
                let members = &ontology.entity_type(*id).members;
                matches!(members.get(name), Some(Member::Property(no)) if members.property(no).scalar == Scalar::Int64)
            };
            let value = match value.as_str() {
                _ if ontology.types_of(domain).iter().any(is_int64) => {
                    // A number may have a fraction of zero or an exponent.
                    let number = int64(binder, name, value)?;
                    binder.new_text(&number.to_string())?
                }
                Some(text) => binder.text(text)?,
                None => binder.new_text(&value.to_string())?,
            };
            let property = |id: &TypeId| match ontology.entity_type(*id).members.get(name) {
                Some(Member::Property(no)) => Some((*id, no)),
                _ => None,
            };
            let types = ontology.types_of(domain);
            let mut properties: Vec<(TypeId, PropertyNo)> = types.iter().filter_map(property).collect();
            properties.shrink_to_fit();
            binder.hold(size_of_val(&*properties))?;
            Lookup::Unique(properties, value)
        }
        (Some(_), Some(_)) => {
            return Err(InputError::field("both `id` and `by` are given: give exactly one of them").into());
        }
        (None, None) => {
            let name = ontology.name_of(domain);
            return Err(InputError::field(format!(
                "nothing says which {name}: give exactly one of `id` and `by`"
            ))
            .into());
        }
    })
}

fn page_call<'b>(
    binder: &mut Binder<'b>,
    (domain, edge): (Domain, Option<EdgeTypeId>),
    tag: &str,
    arguments: &Arguments<'b>,
) -> Result<PageCall> {
    let filter = match arguments.get("filter") {
        Some(given) => within("filter", filter::compile(binder, domain, edge, given))?,
        None => None,
    };
    let order = arguments.get("orderBy");
    let keys = order_keys(binder, domain, edge, order)?;
    page_of(binder, (filter, keys), tag, arguments)
}

/// A page of what a path leads to from entities of a domain, which have any type.
fn any_page_call<'b>(
    binder: &mut Binder<'b>,
    (domain, expression): (Domain, &PathExpression),
    tag: &str,
    arguments: &Arguments<'b>,
) -> Result<PageCall> {
    let order = arguments.get("orderBy");
    let given = arguments.get("filter").filter(|it| !it.is_null());
    let filter = match given {
        Some(given) => within("filter", filter::compile_any(binder, given))?,
        None => None,
    };
    let keys = any_order_keys(binder, order)?;
    if filter.is_some() || !keys.is_empty() {
        let ontology = binder.ontology;
        let from = ontology.types_of(domain);
        binder.hold(expression.len() * ontology.types.len())?;
        let reached = expression.reached(ontology, from, |steps| binder.work(steps))?;
        let named = |given: Given<'b>| given.fields().into_iter().flatten().map(|(name, _)| name);
        let of_filter = given.into_iter().flat_map(named).map(|it| ("filter", it));
        let items = order.and_then(Given::items).into_iter().flatten();
        let of_order = items.flat_map(named).map(|it| ("orderBy", it));
        for (argument, name) in of_filter.chain(of_order) {
            let Some(domain) = filter::any_domain(binder, name)? else {
                continue;
            };
            // `entity` names no type. A path that leads nowhere gives no entities.
            let names_types = domain != Domain::Interface(ENTITY);
            if names_types && !ontology.types_of(domain).iter().any(|it| reached[it.index()]) {
                return Err(not_reached(binder, argument, name, &reached).into());
            }
        }
    }
    page_of(binder, (filter, keys), tag, arguments)
}

/// Maximum number of types that a message lists.
const MOST_LISTED: usize = 10;

fn not_reached(binder: &Binder, argument: &str, name: &str, reached: &[bool]) -> InputError {
    let types = binder.ontology.types.iter().zip(reached);
    let names: Vec<&str> = types.filter(|it| *it.1).map(|it| it.0.name.as_str()).collect();
    let leads = match binder.names {
        Names::Hidden => "leave it out".to_owned(),
        Names::Told if names.is_empty() => "the path leads nowhere from here".to_owned(),
        Names::Told if names.len() > MOST_LISTED => format!("the path leads to {} other types", names.len()),
        Names::Told => format!("the path leads to {}", crate::report::quoted_list(&names, "and")),
    };
    InputError::placed(name, format!("is no type that `path` can lead to: {leads}")).within(argument)
}

/// A page with a filter and an order that have been read.
fn page_of(
    binder: &mut Binder,
    (filter, keys): (Option<Arc<Filter>>, Vec<OrderKey>),
    tag: &str,
    arguments: &Arguments,
) -> Result<PageCall> {
    let collation = collation(arguments)?;
    let depth = match arguments.get("depth") {
        Some(_) => Some(number(arguments, "depth", 1, 1, "edges")?),
        None => None,
    };
    let tag = match depth {
        Some(depth) => Cow::Owned(format!("{tag} {depth}")),
        None => Cow::Borrowed(tag),
    };
    let tag = match &collation {
        Some(collation) => Cow::Owned(format!("{tag} in {}", collation.tag())),
        None => tag,
    };
    if let Some(collation) = &collation {
        binder.hold(collation.tag().len())?;
    }
    Ok(PageCall {
        page: page(binder, arguments)?,
        filter,
        order: keys,
        collation,
        sequence: sequence(binder, &tag, arguments.get("orderBy"))?,
        as_of: as_of(binder, arguments)?,
        depth,
    })
}

/// The language by which texts are ordered.
fn collation(arguments: &Arguments) -> std::result::Result<Option<Collation>, InputError> {
    let Some(tag) = arguments.get("collation").and_then(Given::as_str) else {
        return Ok(None);
    };
    Collation::of(tag).map(Some).map_err(|error| {
        let tag = crate::report::shown(tag);
        InputError::field(format!(
            "`collation` is \"{tag}\", which {error}: give a language such as \"fr\", or its variant such as \"de-u-co-phonebk\""
        ))
    })
}

/// A longer text is hashed once.
const LONG_TEXT: usize = 1024;
/// A list with more elements is hashed once.
const LONG_LIST: usize = 32;

/// Hashes what is written into it.
struct HashWriter {
    hasher: xxhash_rust::xxh3::Xxh3,
    bytes: usize,
}

impl HashWriter {
    fn new(tag: &str) -> Self {
        let mut hashed = Self {
            hasher: xxhash_rust::xxh3::Xxh3::new(),
            bytes: 0,
        };
        hashed.add(tag.as_bytes());
        hashed
    }

    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.hasher.write(bytes);
    }

    /// Adds a value: as JSON, or where it is long by a hash of that, which is made once for all fields that use it.
    fn add_value(&mut self, binder: &mut Binder, given: Given) {
        let is_long = match given.as_str() {
            Some(text) => text.len() > LONG_TEXT,
            None => given.items().is_some_and(|it| it.len() > LONG_LIST),
        };
        if !is_long {
            return self.add_json(given);
        }
        let digest = *binder.digests.entry(given.place()).or_insert_with(|| {
            let mut hashed = HashWriter::new("");
            hashed.add_json(given);
            self.bytes += hashed.bytes;
            hashed.hasher.finish()
        });
        self.add(&digest.to_be_bytes());
    }

    fn add_json(&mut self, given: Given) {
        // Writing to a hash cannot fail.
        let _ = serde_json::to_writer(self, &given);
    }

    fn finish(self, binder: &mut Binder) -> Result<u32> {
        binder.work(self.bytes / 64)?;
        Ok(self.hasher.finish() as u32)
    }
}

impl std::io::Write for &mut HashWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Says which list a cursor belongs to that is a position in what exactly these arguments ask for.
fn asked(binder: &mut Binder, tag: &str, arguments: &Arguments) -> Result<u32> {
    let mut hashed = HashWriter::new(tag);
    let of = arguments
        .iter()
        .filter(|(name, _)| PAGE.iter().all(|it| it.name != *name));
    let mut any = false;
    for (name, value) in of {
        any = true;
        hashed.add(b" ");
        hashed.add(name.as_bytes());
        hashed.add(b":");
        hashed.add_value(binder, value);
    }
    if !any {
        hashed.add(b" ");
    }
    hashed.finish(binder)
}

/// Says which list in which order a cursor belongs to.
fn sequence(binder: &mut Binder, tag: &str, order: Option<Given>) -> Result<u32> {
    let mut hashed = HashWriter::new(tag);
    if let Some(order) = order {
        hashed.add_value(binder, order);
    }
    hashed.finish(binder)
}

/// The key of an order by a point: the distance from another point, and the direction if one is given.
fn distance<'b>(name: &str, given: Given<'b>) -> Result<Option<(Point, Option<Given<'b>>)>> {
    let wanted = DistanceOrder::DistanceFrom.name();
    let Some(from) = given.get(wanted) else {
        return Ok(None);
    };
    let placed = |error: InputError| error.at(wanted).within(name).within("orderBy");
    let direction = given.get(DistanceOrder::Direction.name());
    Ok(Some((point(from).map_err(placed)?, direction)))
}

/// Maximum number of distances of one field in an order. Three decide between any two places, but for rounding.
const MOST_DISTANCES: usize = 8;

/// Maximum number of relations to one in a key of an order.
const MOST_RELATIONS: usize = 8;

/// Maximum number of keys of an order that go over relations to one. There can be as many as paths of relations.
const MOST_KEYS_OVER: usize = 64;

/// Identifies a key of an order: whether it is of an edge, its fields, and the start of a distance.
type KeyIdentity<'b> = (bool, Cow<'b, str>, Option<[u64; 2]>);

fn key_of_distance<'b>(
    known: &HashSet<KeyIdentity<'b>>,
    is_of_edge: bool,
    name: Cow<'b, str>,
    from: Point,
) -> Result<KeyIdentity<'b>> {
    let (lat, lon) = from.place();
    // Adding zero takes the sign from zero.
    let place = [lat, lon].map(|it| (it + 0.0).to_bits());
    let is_alike = |it: &&KeyIdentity| it.0 == is_of_edge && it.1 == name && it.2.is_some();
    let alike = known.iter().filter(is_alike).count();
    let key = (is_of_edge, name, Some(place));
    if !known.contains(&key) && alike == MOST_DISTANCES {
        return Err(InputError::request(format!(
            "`orderBy` has more than {MOST_DISTANCES} distances of \"{}\": give at most as many",
            key.1
        ))
        .into());
    }
    Ok(key)
}

/// A key of an order: its identity, its kind, and its direction if one is given.
type ReadKey<'b> = (KeyIdentity<'b>, OrderBy, Option<Given<'b>>);

/// A key of an order by what an entity has, or by what relations to one lead to; `None` if there is no such key.
fn order_key<'b>(
    binder: &mut Binder,
    known: &HashSet<KeyIdentity<'b>>,
    domain: Domain,
    (name, value): (&'b str, Given<'b>),
) -> Result<Option<ReadKey<'b>>> {
    let ontology = binder.ontology;
    let (mut domain, mut name, mut value) = (domain, name, value);
    let mut over: Vec<OfTypes<Side>> = Vec::new();
    let mut path: Cow<'b, str> = Cow::Borrowed(name);
    let (key, last, direction) = loop {
        let members = ontology.members_of(domain);
        match members.and_then(|it| Some((it, it.get(name)?))) {
            Some((members, Member::Relation(no))) => {
                let field = members.field(no);
                let sides = sides(ontology, domain, name);
                binder.work(sides.len() / 4)?;
                binder.hold(size_of_val(&*sides) + size_of::<OfTypes<Side>>())?;
                let mut inner = value.fields().into_iter().flatten();
                let Some((below, direction)) = inner.find(|(_, value)| !value.is_null()) else {
                    return Ok(None);
                };
                path = Cow::Owned(format!("{path}.{below}"));
                if field.many {
                    break ((false, path, None), OrderBy::Count(sides), Some(direction));
                }
                if over.len() == MOST_RELATIONS {
                    return Err(InputError::field(format!(
                        "`orderBy` has more than {MOST_RELATIONS} relations in the key \"{}\": order by something nearer",
                        crate::report::shown(&path)
                    ))
                    .into());
                }
                over.push(sides);
                (domain, name, value) = (field.seen, below, direction);
            }
            Some((_, Member::Property(_))) => {
                let distance = distance(name, value)?;
                let key = match distance {
                    Some((from, _)) => key_of_distance(known, false, path, from)?,
                    None => (false, path, None),
                };
                if known.contains(&key) {
                    return Ok(None);
                }
                let of_types = properties(ontology, domain, name);
                binder.hold(size_of_val(&*of_types))?;
                binder.work(of_types.len() / 4)?;
                break match distance {
                    Some((from, direction)) => (key, OrderBy::Distance(of_types, from), direction),
                    None => (key, OrderBy::Property(of_types), Some(value)),
                };
            }
            None => {
                let by = match Orders::named(name) {
                    Some(Orders::OwnOrder(OwnOrder::Id)) => OrderBy::Id,
                    Some(Orders::OwnOrder(OwnOrder::Label)) => OrderBy::Label,
                    Some(Orders::OwnOrder(OwnOrder::Degree)) => OrderBy::Degree,
                    // Without edges there is no order by them.
                    Some(Orders::EdgeOrder(EdgeOrder::Edge)) | None => return Ok(None),
                };
                break ((false, path, None), by, Some(value));
            }
        }
    };
    if over.is_empty() {
        return Ok(Some((key, last, direction)));
    }
    if known.iter().filter(|it| it.1.contains('.')).count() >= MOST_KEYS_OVER {
        return Err(InputError::field(format!(
            "`orderBy` has more than {MOST_KEYS_OVER} keys over relations: give at most as many"
        ))
        .into());
    }
    binder.hold(size_of::<OrderBy>())?;
    Ok(Some((key, OrderBy::Over(over.into(), Box::new(last)), direction)))
}

/// The keys of an order, those left out that cannot decide any more: there are not more than fields to order by, or for
/// distances, [`MOST_DISTANCES`] times as many, and [`MOST_KEYS_OVER`] over relations.
fn order_keys(
    binder: &mut Binder,
    domain: Domain,
    edge: Option<EdgeTypeId>,
    list: Option<Given>,
) -> Result<Vec<OrderKey>> {
    let ontology = binder.ontology;
    let mut keys: Vec<OrderKey> = Vec::new();
    let mut known: HashSet<KeyIdentity> = HashSet::new();
    let items = list.and_then(Given::items).into_iter().flatten();
    let fields = items.filter_map(Given::fields).flatten();
    for (name, value) in fields.filter(|(_, value)| !value.is_null()) {
        binder.work(4)?;
        let declared = ontology
            .types_of(domain)
            .iter()
            .any(|id| ontology.entity_type(*id).members.get(name).is_some());
        let own = Orders::named(name).filter(|_| !declared);
        let read = match (own, edge, value.fields()) {
            (Some(Orders::EdgeOrder(EdgeOrder::Edge)), Some(id), Some(inner)) => {
                let members = &ontology.edge_types[id.index()].members;
                let mut inner = inner.filter(|(_, value)| !value.is_null());
                let Some((name, direction)) = inner.next() else {
                    continue;
                };
                let Some(Member::Property(no)) = members.get(name) else {
                    continue;
                };
                let distance = distance(name, direction)?;
                let (key, by) = match distance {
                    Some((from, _)) => {
                        let key = key_of_distance(&known, true, name.into(), from)?;
                        (key, OrderBy::EdgeDistance(no, from))
                    }
                    None => ((true, name.into(), None), OrderBy::Edge(no)),
                };
                Some((key, by, distance.map_or(Some(direction), |it| it.1)))
            }
            _ => order_key(binder, &known, domain, (name, value))?,
        };
        let Some((key, by, direction)) = read else {
            continue;
        };
        if !known.insert(key) {
            continue;
        }
        let is_last = matches!(by, OrderBy::Id);
        binder.hold(size_of::<OrderKey>())?;
        keys.push(OrderKey::of(by, direction));
        // No two entities of a list have the same id, unless several edges lead to one.
        if is_last && edge.is_none() {
            break;
        }
    }
    keys.shrink_to_fit();
    Ok(keys)
}

impl OrderKey {
    fn of(by: OrderBy, direction: Option<Given>) -> Self {
        let order = direction.and_then(Given::as_str).and_then(SortOrder::named);
        let (descending, nulls_first) = order.unwrap_or(SortOrder::Asc).flags();
        Self {
            by,
            descending,
            nulls_first,
        }
    }
}

/// The keys of an order of entities of any type: each is of a type or an interface, before whose key comes whether an entity
/// has another type.
fn any_order_keys(binder: &mut Binder, list: Option<Given>) -> Result<Vec<OrderKey>> {
    let ontology = binder.ontology;
    let mut keys = Vec::new();
    let mut known: HashMap<Domain, HashSet<KeyIdentity>> = HashMap::new();
    let items = list.and_then(Given::items).into_iter().flatten();
    let fields = items.filter_map(Given::fields).flatten();
    for (name, value) in fields.filter(|(_, value)| !value.is_null()) {
        binder.work(4)?;
        let (Some(domain), Some(mut inner)) = (filter::any_domain(binder, name)?, value.fields()) else {
            continue;
        };
        let Some(field) = inner.find(|(_, value)| !value.is_null()) else {
            continue;
        };
        let is_first = !known.contains_key(&domain);
        let known = known.entry(domain).or_default();
        let read = order_key(binder, known, domain, field);
        let Some((key, by, direction)) = within("orderBy", within(name, read))? else {
            continue;
        };
        if !known.insert(key) {
            continue;
        }
        binder.hold(2 * size_of::<OrderKey>() + ontology.types.len())?;
        if is_first {
            let is_other = ontology.type_ids().map(|it| !ontology.contains(domain, it));
            keys.push(OrderKey::of(OrderBy::Other(is_other.collect()), None));
        }
        keys.push(OrderKey::of(by, direction));
    }
    keys.shrink_to_fit();
    Ok(keys)
}
