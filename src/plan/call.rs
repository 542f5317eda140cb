//! Arguments, bound: what a field was asked for.

use std::hash::Hasher;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::aggregate::GroupCall;
use super::filter::{self, Filter};
use super::input::{Input, InputError, Variables};
use super::path::PathExpression;
use super::question::{
    self, ComponentsCall, ConflictCall, NeighborhoodCall, PathCall, RankingCall, SearchCall, SimilarCall,
    TimelineCall,
};
use super::{Bound, DEFAULT_PAGE};
use crate::ontology::{
    Date, Direction, Domain, ENTITY, EdgeTypeId, Member, Members, Ontology, PropertyNo, RelationId, TypeId,
};
use crate::report::did_you_mean;

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
    /// A page of what a path expression leads to.
    Follow(PathExpression, PageCall),
    /// A path, or several.
    Path(PathCall),
    /// Surroundings.
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
            Call::Entity(_) | Call::Nodes(_) | Call::Languages(_) => true,
            Call::Page(it) => it.filter.is_none() && it.order.is_empty() && it.depth.is_none(),
            _ => false,
        }
    }

    /// The date that the answer is to hold at.
    pub fn as_of(&self) -> Option<Date> {
        match self {
            Call::Entity(it) => it.as_of,
            Call::Nodes(it) => it.as_of,
            Call::Page(it) => it.as_of,
            Call::Path(it) => it.walk.as_of,
            Call::Neighborhood(it) => it.walk.as_of,
            Call::Ranking(it) => it.walk.as_of,
            Call::Similar(it) => it.walk.as_of,
            Call::Components(it) => it.walk.as_of,
            Call::Search(it) => it.as_of,
            Call::Timeline(it) => it.as_of,
            Call::Conflicts(it) => it.as_of,
            Call::Languages(_)
            | Call::Statements(_)
            | Call::Links(_)
            | Call::Follow(..)
            | Call::Groups(_) => None,
        }
    }
}

/// Which entities are asked for.
#[derive(Debug)]
pub struct NodesCall {
    /// Their ids.
    pub ids: Vec<String>,
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
    Id(String),
    /// A unique property: for each type that has it, which, and the value's text.
    Unique(Vec<(TypeId, PropertyNo)>, String),
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// At most so many from the start.
    pub first: Option<usize>,
    /// At most so many from the end.
    pub last: Option<usize>,
    /// After this cursor.
    pub after: Option<String>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// Which entities are asked for, in which order.
#[derive(Debug)]
pub struct PageCall {
    /// The part.
    pub page: Page,
    /// Which of them.
    pub filter: Option<Filter>,
    /// In which order, before the ids'.
    pub order: Vec<OrderKey>,
    /// Says which list in which order this is; part of its cursors.
    pub sequence: u32,
    /// At which date.
    pub as_of: Option<Date>,
    /// So many edges of a transitive relation are followed; one where it is `None`.
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

/// What entities are ordered by.
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

/// What kind of arguments a field has.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Entity(Domain),
    Node,
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
    Follow,
    Path,
    Neighborhood,
    Ranking,
    Similar,
    Components,
    Groups(Domain),
    Search,
    Timeline,
    Conflicts,
}

impl Kind {
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
    kind: Kind,
    arguments: Vec<(String, Input)>,
    location: (u32, u32),
    /// What they come to, where they use no variable.
    ready: Option<Bound>,
}

type Arguments = Map<String, Json>;

impl Template {
    pub fn new(
        ontology: &Ontology,
        kind: Kind,
        arguments: Vec<(String, Input)>,
        location: (u32, u32),
    ) -> Result<Self, InputError> {
        let constant = arguments.iter().all(|(_, it)| it.is_constant());
        let mut template = Self {
            kind,
            arguments,
            location,
            ready: None,
        };
        if constant {
            template.ready = Some(template.bind(ontology, &Variables::new())?);
        }
        Ok(template)
    }

    /// What they come to, unless that depends on variables.
    pub fn ready(&self) -> Option<Bound> {
        self.ready.clone()
    }

    pub fn bind(&self, ontology: &Ontology, variables: &Variables) -> Result<Bound, InputError> {
        if let Some(ready) = &self.ready {
            return Ok(ready.clone());
        }
        let arguments = self
            .arguments
            .iter()
            .filter_map(|(name, it)| Some((name.clone(), it.value(variables)?)));
        let arguments: Arguments = arguments.filter(|(_, it)| !it.is_null()).collect();
        let bound = self.call(ontology, &arguments).map_err(|error| InputError {
            location: self.location,
            ..error
        });
        match bound {
            Err(error) if error.request => Err(error),
            bound => Ok(Arc::new(bound)),
        }
    }

    fn call(&self, ontology: &Ontology, arguments: &Arguments) -> Result<Call, InputError> {
        let text = |name: &str| arguments.get(name).and_then(Json::as_str).map(str::to_owned);
        Ok(match &self.kind {
            Kind::Entity(domain) => Call::Entity(EntityCall {
                by: lookup(ontology, *domain, arguments)?,
                domain: *domain,
                as_of: as_of(arguments)?,
            }),
            Kind::Node => Call::Entity(EntityCall {
                by: Lookup::Id(text("id").unwrap_or_default()),
                domain: Domain::Interface(ENTITY),
                as_of: as_of(arguments)?,
            }),
            Kind::Nodes => Call::Nodes(NodesCall {
                ids: texts(arguments.get("ids")),
                as_of: as_of(arguments)?,
            }),
            Kind::Languages => Call::Languages(texts(arguments.get("lang"))),
            Kind::Page { domain, edge, tag } => {
                Call::Page(page_call(ontology, *domain, *edge, tag, arguments)?)
            }
            Kind::Follow => {
                let path = text("path").unwrap_or_default();
                let expression = PathExpression::compile(ontology, &path)?;
                let tag = format!("follow {path}");
                let page = page_call(ontology, Domain::Interface(ENTITY), None, &tag, arguments)?;
                Call::Follow(expression, page)
            }
            Kind::Path => Call::Path(PathCall::read(ontology, arguments, asked("paths", arguments))?),
            Kind::Neighborhood => Call::Neighborhood(NeighborhoodCall::read(ontology, arguments)?),
            Kind::Ranking => Call::Ranking(RankingCall::read(ontology, arguments)?),
            Kind::Similar => Call::Similar(SimilarCall::read(ontology, arguments)?),
            Kind::Search => {
                let sequence = asked("search", arguments);
                Call::Search(SearchCall::read(ontology, arguments, sequence)?)
            }
            Kind::Timeline => Call::Timeline(TimelineCall::read(arguments, asked("timeline", arguments))?),
            Kind::Conflicts => {
                let sequence = asked("conflicts", arguments);
                Call::Conflicts(ConflictCall::read(ontology, arguments, sequence)?)
            }
            Kind::Groups(domain) => Call::Groups(GroupCall::read(ontology, *domain, arguments)?),
            Kind::Components => Call::Components(ComponentsCall::read(ontology, arguments)?),
            Kind::Statements => Call::Statements(StatementCall {
                page: page(arguments)?,
                fields: fields(ontology, arguments.get("fields"))?,
                sequence: sequence("statements", arguments.get("fields")),
            }),
            Kind::Links => {
                let direction = question::direction(arguments).unwrap_or(Direction::Both);
                Call::Links(LinkCall {
                    page: page(arguments)?,
                    via: question::relations(ontology, arguments),
                    direction,
                    sequence: sequence(&format!("links {direction:?}"), arguments.get("via")),
                })
            }
        })
    }
}

pub(super) fn texts(json: Option<&Json>) -> Vec<String> {
    let items = json
        .and_then(Json::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    items.iter().filter_map(Json::as_str).map(str::to_owned).collect()
}

/// The names of fields, each of which some type must have.
pub(super) fn fields(ontology: &Ontology, json: Option<&Json>) -> Result<Option<Vec<String>>, InputError> {
    let Some(json) = json else { return Ok(None) };
    let names = texts(Some(json));
    for name in &names {
        let base = name.trim_start_matches('^');
        if !ontology.types.iter().any(|it| it.members.get(base).is_some()) {
            let all = ontology.types.iter().flat_map(|it| it.members.names());
            let hint = did_you_mean(base, all, || "see the types' fields in the schema".to_owned());
            return Err(InputError::field(format!(
                "no type has a field \"{name}\": {hint}"
            )));
        }
    }
    Ok(Some(names))
}

fn lookup(ontology: &Ontology, domain: Domain, arguments: &Arguments) -> Result<Lookup, InputError> {
    let id = arguments.get("id").and_then(Json::as_str);
    let by = arguments.get("by").and_then(Json::as_object);
    match (id, by) {
        (Some(id), None) => Ok(Lookup::Id(id.to_owned())),
        (None, Some(by)) => {
            let mut fields = by.iter().filter(|(_, value)| !value.is_null());
            let Some((name, value)) = fields.next() else {
                return Err(InputError::field("`by` names no unique field: give exactly one"));
            };
            let value = match value {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let property = |id: &TypeId| match ontology.entity_type(*id).members.get(name) {
                Some(Member::Property(no)) => Some((*id, no)),
                _ => None,
            };
            let properties = ontology.types_of(domain).iter().filter_map(property).collect();
            Ok(Lookup::Unique(properties, value))
        }
        (Some(_), Some(_)) => Err(InputError::field(
            "both `id` and `by` are given: give exactly one of them",
        )),
        (None, None) => {
            let name = ontology.name_of(domain);
            Err(InputError::field(format!(
                "nothing says which {name}: give exactly one of `id` and `by`"
            )))
        }
    }
}

/// The date that the answer is to hold at.
pub(super) fn as_of(arguments: &Arguments) -> Result<Option<Date>, InputError> {
    date(arguments, "asOf")
}

/// A date that an argument gives.
pub(super) fn date(arguments: &Arguments, name: &str) -> Result<Option<Date>, InputError> {
    let Some(json) = arguments.get(name) else {
        return Ok(None);
    };
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    Date::parse(&text)
        .map(Some)
        .map_err(|error| InputError::request(format!("`{name}` is \"{text}\", which is not a date: {error}")))
}

fn page_call(
    ontology: &Ontology,
    domain: Domain,
    edge: Option<EdgeTypeId>,
    tag: &str,
    arguments: &Arguments,
) -> Result<PageCall, InputError> {
    let filter = match arguments.get("filter") {
        Some(json) => filter::compile(ontology, domain, edge, json)?,
        None => None,
    };
    let order = arguments.get("orderBy");
    let depth = match arguments.get("depth") {
        Some(_) => Some(question::number(arguments, "depth", 1, 1, "edges")?),
        None => None,
    };
    let tag = match depth {
        Some(depth) => format!("{tag} {depth}"),
        None => tag.to_owned(),
    };
    Ok(PageCall {
        page: page(arguments)?,
        filter,
        order: order_keys(ontology, domain, edge, order),
        sequence: sequence(&tag, order),
        as_of: as_of(arguments)?,
        depth,
    })
}

pub(super) fn page(arguments: &Arguments) -> Result<Page, InputError> {
    let number = |name: &str| -> Result<Option<usize>, InputError> {
        let Some(json) = arguments.get(name) else {
            return Ok(None);
        };
        let number = json.as_i64().unwrap_or_default();
        let count = usize::try_from(number);
        count.map(Some).map_err(|_| {
            InputError::field(format!(
                "`{name}` is {number}: it is a number of entries, 0 or more"
            ))
        })
    };
    let text = |name: &str| arguments.get(name).and_then(Json::as_str).map(str::to_owned);
    let mut page = Page {
        first: number("first")?,
        last: number("last")?,
        after: text("after"),
        before: text("before"),
    };
    if page.first.is_none() && page.last.is_none() {
        page.first = Some(DEFAULT_PAGE);
    }
    Ok(page)
}

/// Says which list a cursor belongs to that is a position in what exactly these arguments ask for.
fn asked(tag: &str, arguments: &Arguments) -> u32 {
    let of: Vec<String> = arguments
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "first" | "after" | "last" | "before"))
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    sequence(&format!("{tag} {}", of.join(" ")), None)
}

/// Says which list in which order a cursor belongs to.
fn sequence(tag: &str, order: Option<&Json>) -> u32 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.write(tag.as_bytes());
    if let Some(order) = order {
        hasher.write(order.to_string().as_bytes());
    }
    hasher.finish() as u32
}

fn order_keys(
    ontology: &Ontology,
    domain: Domain,
    edge: Option<EdgeTypeId>,
    json: Option<&Json>,
) -> Vec<OrderKey> {
    let items = json
        .and_then(Json::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut keys = Vec::new();
    for item in items.iter().filter_map(Json::as_object) {
        for (name, value) in item.iter().filter(|(_, value)| !value.is_null()) {
            let property_of = |members: &Members, name: &str| match members.get(name) {
                Some(Member::Property(no)) => Some(no),
                _ => None,
            };
            let of_types = |name: &str| -> Box<[Option<PropertyNo>]> {
                let types = ontology.types.iter().enumerate();
                let of = types.map(|(at, it)| {
                    let belongs = ontology.contains(domain, TypeId(at as u16));
                    if belongs {
                        property_of(&it.members, name)
                    } else {
                        None
                    }
                });
                of.collect()
            };
            let declared = ontology
                .types_of(domain)
                .iter()
                .any(|id| ontology.entity_type(*id).members.get(name).is_some());
            let (by, direction) = match (name.as_str(), edge, value) {
                ("edge", Some(id), Json::Object(inner)) if !declared => {
                    let members = &ontology.edge_types[id.index()].members;
                    let mut inner = inner.iter().filter(|(_, value)| !value.is_null());
                    let Some((name, direction)) = inner.next() else {
                        continue;
                    };
                    let Some(no) = property_of(members, name) else {
                        continue;
                    };
                    (OrderBy::Edge(no), direction)
                }
                ("id", ..) => (OrderBy::Id, value),
                ("label", ..) if !declared => (OrderBy::Label, value),
                _ => (OrderBy::Property(of_types(name)), value),
            };
            let direction = direction.as_str().unwrap_or("ASC");
            keys.push(OrderKey {
                by,
                descending: direction.starts_with("DESC"),
                nulls_first: direction.ends_with("NULLS_FIRST"),
            });
        }
    }
    keys
}
