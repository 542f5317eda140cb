//! Questions about the graph as a whole: paths, neighborhoods, rankings, components, timelines, conflicts.

use std::sync::Arc;

use super::arguments::{Page, as_of, date, direction, fields, id, looked_at, number, page, relations, types};
use super::bind::{Binder, Result};
use super::dated_id::plain_id;
use super::filter;
use super::input::{Arguments, Given, InputError, Names};
use super::{
    AggregateField, CallNo, Connection, LinkField, Listing, Object, PageInfoField, Selection, StatementField,
};
use crate::condition::Filter;
use crate::ontology::{Date, Direction, EdgeTypeId, Member, PropertyNo, RelationId, Scalar, TypeId};
use crate::report::{did_you_mean, quoted_list, shown};
use crate::search::{Beginning, SearchText};
use crate::surface::{
    DEFAULT_DAMPING, DEFAULT_HOPS, DEFAULT_RANKED, DEFAULT_SUGGESTED, DEFAULT_SURROUNDINGS, Highlight,
    RankingMethod, SimilarityMethod,
};

/// Which edges are walked, and past which entities.
#[derive(Debug, Clone, Default)]
pub struct TraversalOptions {
    /// Over these relations; all where it is `None`.
    pub via: Option<Vec<RelationId>>,
    /// Which way.
    pub direction: Option<Direction>,
    /// Past these entities.
    pub avoid: Arc<[Arc<str>]>,
    /// Past the entities of these types.
    pub avoid_types: Vec<TypeId>,
    /// At which date.
    pub as_of: Option<Date>,
}

/// Paths between two entities.
#[derive(Debug)]
pub struct PathCall {
    /// The start.
    pub from: Arc<str>,
    /// The end.
    pub to: Arc<str>,
    /// Which edges it may have.
    pub walk: TraversalOptions,
    /// How many edges it may have.
    pub most: usize,
    /// For each relation, the property of its edges that is their weight; `None` where edges have none.
    pub weights: Option<Box<[Option<PropertyNo>]>>,
    /// Which of them.
    pub page: Page,
    /// Part of the cursors.
    pub sequence: u32,
}

/// The neighborhood of some entities.
#[derive(Debug)]
pub struct NeighborhoodCall {
    /// Which entities.
    pub of: Arc<[Arc<str>]>,
    /// How far.
    pub hops: usize,
    /// Over which edges.
    pub walk: TraversalOptions,
    /// Maximum number of entities.
    pub first: usize,
}

/// Which entities matter most.
#[derive(Debug)]
pub struct RankingCall {
    /// By what.
    pub by: RankingMethod,
    /// The damping factor of `PageRank`.
    pub damping: f64,
    /// Only those of these types are given.
    pub types: Option<Vec<TypeId>>,
    /// Over which edges.
    pub walk: TraversalOptions,
    /// Maximum number of results.
    pub first: usize,
}

/// Which entities are like one.
#[derive(Debug)]
pub struct SimilarCall {
    /// Like which.
    pub to: Arc<str>,
    /// By what.
    pub by: SimilarityMethod,
    /// Only those of these types are given.
    pub types: Option<Vec<TypeId>>,
    /// Over which edges.
    pub walk: TraversalOptions,
    /// Maximum number of results.
    pub first: usize,
}

/// The parts of the graph.
#[derive(Debug)]
pub struct ComponentsCall {
    /// Whether each entity of a part must reach each other along the edges' direction.
    pub strong: bool,
    /// Only entities of these types, and the edges between them.
    pub types: Option<Vec<TypeId>>,
    /// Over which edges.
    pub walk: TraversalOptions,
    /// Maximum number of results.
    pub first: usize,
}

/// The result of a question about the graph.
#[derive(Debug)]
pub enum Question {
    /// A shortest path.
    Path(Object<PathField>),
    /// Paths, the shortest first.
    Paths(Arc<Listing<PathField>>),
    /// The neighborhood of entities.
    Neighborhood(Object<SubgraphField>),
    /// The entities that matter most, or are most alike.
    Ranked(Object<RankedField>),
    /// The parts that no edge connects.
    Components(Object<ComponentField>),
    /// The results of a search.
    Search(Object<SearchField>),
    /// Names that begin with something.
    Suggest(Object<SuggestionField>),
    /// Dated statements in order.
    Timeline(Arc<Listing<TimelineField>>),
    /// Fields whose statements disagree.
    Conflicts(Arc<Listing<ConflictField>>),
}

/// A field of `Path`.
#[derive(Debug)]
pub enum PathField {
    /// How many edges it has.
    Length,
    /// The sum of its edges' weights.
    Cost,
    /// The entities on it.
    Nodes(Arc<Selection>),
    /// Its edges.
    Steps(Object<LinkField>),
}

/// A field of `Subgraph`.
#[derive(Debug)]
pub enum SubgraphField {
    /// Its entities.
    Nodes(Arc<Selection>),
    /// The edges between them.
    Links(Object<LinkField>),
    /// Whether some were left out.
    Truncated,
    /// How many entities there are, those that were left out among them.
    TotalCount,
}

/// A field of `RankedEntity`.
#[derive(Debug)]
pub enum RankedField {
    /// The entity.
    Entity(Arc<Selection>),
    /// Its score.
    Score,
    /// Whether the score is exact.
    Exact,
}

/// A field of `Component`.
#[derive(Debug)]
pub enum ComponentField {
    /// How many entities it has.
    Size,
    /// Its entities.
    Nodes(CallNo, Arc<Connection>),
}

impl TraversalOptions {
    pub(super) fn read<'b>(binder: &mut Binder<'b>, arguments: &Arguments<'b>) -> Result<Self> {
        Ok(Self {
            via: relations(binder, arguments)?,
            direction: direction(arguments),
            avoid: binder.ids(arguments.get("avoid"))?,
            avoid_types: types(binder, arguments.get("avoidTypes"))?.unwrap_or_default(),
            as_of: as_of(binder, arguments)?,
        })
    }
}

impl PathCall {
    pub(super) fn read<'b>(
        binder: &mut Binder<'b>,
        arguments: &Arguments<'b>,
        sequence: u32,
    ) -> Result<Self> {
        let walk = TraversalOptions::read(binder, arguments)?;
        let weights = match arguments.get("weight").and_then(Given::as_str) {
            Some(name) => {
                let weights = weights(binder, walk.via.as_deref(), name)?;
                binder.hold(size_of_val(&*weights))?;
                Some(weights)
            }
            None => None,
        };
        Ok(Self {
            from: id(binder, arguments, "from")?,
            to: id(binder, arguments, "to")?,
            walk,
            most: number(arguments, "maxHops", 1, DEFAULT_HOPS, "edges")?,
            weights,
            page: page(binder, arguments)?,
            sequence,
        })
    }
}

/// For each relation, which property of its edges a name is; it must be a number.
fn weights(binder: &mut Binder, via: Option<&[RelationId]>, name: &str) -> Result<Box<[Option<PropertyNo>]>> {
    let ontology = binder.ontology;
    binder.work(ontology.relations.len() * (1 + via.map_or(0, <[RelationId]>::len) / 16))?;
    let walked = |id: RelationId| via.is_none_or(|via| via.contains(&id));
    let edge_type = |id: RelationId| ontology.relation(id).edge.filter(|_| walked(id));
    let property = |edge: EdgeTypeId, name: &str| match ontology.edge_types[edge.index()].members.get(name) {
        Some(Member::Property(no)) => Some(no),
        _ => None,
    };
    let is_number = |scalar: Scalar| {
        matches!(
            scalar,
            Scalar::Int | Scalar::Int64 | Scalar::Float | Scalar::Decimal
        )
    };
    let mut found = false;
    let mut weights = Vec::with_capacity(ontology.relations.len());
    for id in ontology.relation_ids() {
        let Some((edge, no)) = edge_type(id).and_then(|edge| Some((edge, property(edge, name)?))) else {
            weights.push(None);
            continue;
        };
        let edge = &ontology.edge_types[edge.index()];
        let declared = edge.members.property(no);
        if declared.list || !is_number(declared.scalar) {
            let list = if declared.list { "a list of " } else { "" };
            return Err(InputError::field(format!(
                "the weight \"{name}\" of \"{}\" is {list}{}: a weight is an Int, an Int64, a Float or a Decimal",
                edge.name,
                ontology.scalar_name(declared.scalar)
            ))
            .into());
        }
        found = true;
        weights.push(Some(no));
    }
    if !found {
        let edges = ontology.relation_ids().filter_map(edge_type);
        let mut names: Vec<&str> = edges
            .flat_map(|edge| &ontology.edge_types[edge.index()].members.properties)
            .filter(|it| !it.list && is_number(it.scalar))
            .map(|it| it.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        let none =
            "none of these relations has edges with a number; leave `weight` out, and each edge counts 1";
        let hint = match binder.names {
            _ if names.is_empty() => none.to_owned(),
            Names::Hidden => "name a number among the edges' properties".to_owned(),
            Names::Told => did_you_mean(name, names.iter().copied(), || {
                format!("the numbers of edges are {}", quoted_list(&names, "and"))
            }),
        };
        return Err(InputError::field(format!(
            "no edge of these relations has a property \"{}\": {hint}",
            shown(name)
        ))
        .into());
    }
    Ok(weights.into())
}

impl NeighborhoodCall {
    pub(super) fn read<'b>(binder: &mut Binder<'b>, arguments: &Arguments<'b>) -> Result<Self> {
        Ok(Self {
            of: binder.ids(arguments.get("of"))?,
            hops: number(arguments, "hops", 0, 1, "edges")?,
            walk: TraversalOptions::read(binder, arguments)?,
            first: number(arguments, "first", 0, DEFAULT_SURROUNDINGS, "entities")?,
        })
    }
}

impl RankingCall {
    pub(super) fn read<'b>(binder: &mut Binder<'b>, arguments: &Arguments<'b>) -> Result<Self> {
        let by = RankingMethod::named(looked_at(arguments, "by")).unwrap_or(RankingMethod::PageRank);
        Ok(Self {
            by,
            damping: damping(arguments, by)?,
            types: types(binder, arguments.get("types"))?,
            walk: TraversalOptions::read(binder, arguments)?,
            first: number(arguments, "first", 0, DEFAULT_RANKED, "entities")?,
        })
    }
}

/// The damping factor of a ranking.
fn damping(arguments: &Arguments, by: RankingMethod) -> std::result::Result<f64, InputError> {
    let Some(damping) = arguments.get("damping").and_then(Given::as_f64) else {
        return Ok(DEFAULT_DAMPING);
    };
    if by != RankingMethod::PageRank {
        return Err(InputError::field(format!(
            "`damping` is {damping}, and only `PAGE_RANK` has a damping factor: leave it out, or rank by `PAGE_RANK`"
        )));
    }
    if !(0.0..1.0).contains(&damping) {
        return Err(InputError::field(format!(
            "`damping` is {damping}: it is a number of at least 0 and less than 1, such as {DEFAULT_DAMPING}"
        )));
    }
    Ok(damping)
}

impl SimilarCall {
    pub(super) fn read<'b>(binder: &mut Binder<'b>, arguments: &Arguments<'b>) -> Result<Self> {
        let by = SimilarityMethod::named(looked_at(arguments, "by"));
        Ok(Self {
            to: id(binder, arguments, "to")?,
            by: by.unwrap_or(SimilarityMethod::Jaccard),
            types: types(binder, arguments.get("types"))?,
            walk: TraversalOptions::read(binder, arguments)?,
            first: number(arguments, "first", 0, DEFAULT_RANKED, "entities")?,
        })
    }
}

impl ComponentsCall {
    pub(super) fn read<'b>(binder: &mut Binder<'b>, arguments: &Arguments<'b>) -> Result<Self> {
        Ok(Self {
            strong: arguments.get("strong").and_then(Given::as_bool).unwrap_or(false),
            types: types(binder, arguments.get("types"))?,
            walk: TraversalOptions::read(binder, arguments)?,
            first: number(arguments, "first", 0, DEFAULT_RANKED, "components")?,
        })
    }
}

/// A search for text.
#[derive(Debug)]
pub struct SearchCall {
    /// The search text, as far as it is used.
    pub typed: SearchText,
    /// Only entities of these types.
    pub types: Option<Vec<TypeId>>,
    /// Further conditions on the results.
    pub filter: Option<Arc<Filter>>,
    /// The date that what is found is shown at.
    pub as_of: Option<Date>,
    /// The part.
    pub page: Page,
    /// Part of the cursors.
    pub sequence: u32,
}

/// Refuses a filter on types that are not searched.
fn check_types(binder: &mut Binder, types: Option<&[TypeId]>, given: Given) -> Result<()> {
    let Some(types) = types else { return Ok(()) };
    for (name, _) in given.fields().into_iter().flatten() {
        let Some(domain) = filter::any_domain(binder, name)? else {
            continue;
        };
        binder.work(types.len())?;
        if !types.iter().any(|it| binder.ontology.contains(domain, *it)) {
            let message = "is not among the `types` that are searched: leave it out, or add it to `types`";
            return Err(InputError::placed(name, message).within("filter").into());
        }
    }
    Ok(())
}

impl SearchCall {
    pub(super) fn read<'b>(
        binder: &mut Binder<'b>,
        arguments: &Arguments<'b>,
        sequence: u32,
    ) -> Result<Self> {
        let query = looked_at(arguments, "query");
        binder.work(1 + query.len() / 8)?;
        let fuzzy = arguments.get("fuzzy").and_then(Given::as_bool).unwrap_or(false);
        let query = SearchText::read(query, fuzzy);
        binder.hold(query.heap_bytes())?;
        let types = types(binder, arguments.get("types"))?;
        let filter = match arguments.get("filter").filter(|it| !it.is_null()) {
            Some(given) => {
                let filter = super::operators::within("filter", filter::compile_any(binder, given))?;
                check_types(binder, types.as_deref(), given)?;
                filter
            }
            None => None,
        };
        Ok(Self {
            typed: query,
            types,
            filter,
            as_of: as_of(binder, arguments)?,
            page: page(binder, arguments)?,
            sequence,
        })
    }
}

/// The beginning of names.
#[derive(Debug)]
pub struct SuggestCall {
    /// The prefix of the names.
    pub beginning: Beginning,
    /// Only entities of these types.
    pub types: Option<Vec<TypeId>>,
    /// The date whose names count.
    pub as_of: Option<Date>,
    /// Maximum number of suggestions.
    pub first: usize,
}

impl SuggestCall {
    pub(super) fn read<'b>(binder: &mut Binder<'b>, arguments: &Arguments<'b>) -> Result<Self> {
        let typed = looked_at(arguments, "prefix");
        binder.work(1 + typed.len() / 8)?;
        let Some(beginning) = Beginning::read(typed) else {
            return Err(InputError::field(format!(
                "\"prefix\" has {} characters: names are compared by their first {}, so give at most as many",
                typed.chars().count(),
                Beginning::LONGEST
            ))
            .into());
        };
        binder.hold(beginning.heap_bytes())?;
        Ok(Self {
            beginning,
            types: types(binder, arguments.get("types"))?,
            as_of: as_of(binder, arguments)?,
            first: number(arguments, "first", 0, DEFAULT_SUGGESTED, "entities")?,
        })
    }
}

/// A field of `Suggestion`.
#[derive(Debug)]
pub enum SuggestionField {
    /// The entity.
    Entity(Arc<Selection>),
    /// Its name.
    Text,
    /// The field that has the name.
    Field,
    /// Start of the part that matches the prefix.
    Start,
    /// End of that part.
    End,
}

/// A field of `SearchConnection`.
#[derive(Debug)]
pub enum SearchField {
    /// The entities.
    Nodes(Arc<Selection>),
    /// The entities, each with how well and where it fits.
    Edges(Object<SearchEdgeField>),
    /// Position of the page in the list.
    PageInfo(Object<PageInfoField>),
    /// How many there are in all.
    TotalCount,
    /// Aggregates of all of them.
    Aggregate(Object<AggregateField>),
    /// How many words were not searched for.
    Ignored,
}

/// A field of `SearchEdge`.
#[derive(Debug)]
pub enum SearchEdgeField {
    /// The entity.
    Node(Arc<Selection>),
    /// Its cursor.
    Cursor,
    /// How well it fits.
    Score,
    /// Where.
    Highlights(Object<Highlight>),
    /// Which statements have the words.
    Matched(Object<StatementField>),
}

/// Which dated statements are asked for.
#[derive(Debug)]
pub struct TimelineCall {
    /// About which entity; about all where it is `None`.
    pub of: Option<Arc<str>>,
    /// From when.
    pub from: Option<Date>,
    /// Only statements up to this date.
    pub until: Option<Date>,
    /// Only statements that hold at this date.
    pub as_of: Option<Date>,
    /// The part.
    pub page: Page,
    /// Part of the cursors.
    pub sequence: u32,
}

/// Which disagreements are asked for.
#[derive(Debug)]
pub struct ConflictCall {
    /// Only about entities of these types.
    pub types: Option<Vec<TypeId>>,
    /// Only about these fields.
    pub fields: Option<Vec<String>>,
    /// Only statements that hold at this date.
    pub as_of: Option<Date>,
    /// The part.
    pub page: Page,
    /// Part of the cursors.
    pub sequence: u32,
}

impl TimelineCall {
    pub(super) fn read<'b>(
        binder: &mut Binder<'b>,
        arguments: &Arguments<'b>,
        sequence: u32,
    ) -> Result<Self> {
        let (from, until) = (date(arguments, "from")?, date(arguments, "until")?);
        if let (Some(from), Some(until)) = (from, until)
            && until.last_day() < from.first_day()
        {
            return Err(InputError::field(format!(
                "`until` is {until}, before `from`, which is {from}: give them the other way round"
            ))
            .into());
        }
        Ok(Self {
            of: match arguments.get("of").and_then(Given::as_str) {
                Some(id) => Some(binder.text(plain_id(id))?),
                None => None,
            },
            from,
            until,
            as_of: as_of(binder, arguments)?,
            page: page(binder, arguments)?,
            sequence,
        })
    }
}

impl ConflictCall {
    pub(super) fn read<'b>(
        binder: &mut Binder<'b>,
        arguments: &Arguments<'b>,
        sequence: u32,
    ) -> Result<Self> {
        Ok(Self {
            types: types(binder, arguments.get("types"))?,
            fields: fields(binder, arguments.get("fields"))?,
            as_of: as_of(binder, arguments)?,
            page: page(binder, arguments)?,
            sequence,
        })
    }
}

/// A field of `TimelineEntry`, a dated statement.
#[derive(Debug)]
pub enum TimelineField {
    /// When.
    Date,
    /// Of whom it is said.
    Entity(Arc<Selection>),
    /// The statement.
    Statement(Object<StatementField>),
}

/// A field of `Conflict`, a field whose statements disagree.
#[derive(Debug)]
pub enum ConflictField {
    /// Of whom they are said.
    Entity(Arc<Selection>),
    /// About which field.
    Field,
    /// The statements.
    Statements(Object<StatementField>),
}
