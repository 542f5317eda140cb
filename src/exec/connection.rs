//! Connections: the entities of a page, and the information about the page.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use super::cursor::{Cursor, CursorValue, Writer};
use super::entity::ViaEdge;
use super::filter::Extent;
use super::{Failure, Run, Written, working_memory};
use crate::collation::Collator;
use crate::graph::{
    EdgeNo, EntityNo, Key, Listed, Members, Neighbours, Ranks, Row, SortedEntities, Subject, partition_point,
    rank,
};
use crate::json;
use crate::ontology::{Domain, Point, TypeId};
use crate::plan::{
    AggregateField, Call, CallNo, Connection, ConnectionField, EdgeField, Object, OrderBy, OrderKey, Page,
    PageCall, PageInfoField, Side, Slot,
};

/// An entity of a list and the edge that led to it, if one did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub entity: EntityNo,
    pub edge: EdgeNo,
    /// Its position in a list that has an order of its own, else 0.
    pub rank: u32,
}

impl Item {
    /// An entity without an edge.
    #[inline]
    fn alone(entity: EntityNo) -> Self {
        Self {
            entity,
            edge: EdgeNo::NONE,
            rank: 0,
        }
    }

    /// An entity and the edge that led to it.
    #[inline]
    fn over((entity, edge): (EntityNo, EdgeNo)) -> Self {
        Self {
            entity,
            edge,
            rank: 0,
        }
    }
}

/// A list before it is filtered, ordered and cut.
#[derive(Clone, Copy)]
enum Source<'a, 'f> {
    /// All entities of some types.
    Types(&'a [TypeId]),
    /// The targets of a relation from an entity.
    Neighbours(Side, Row),
    /// The targets of a relation from an entity over several edges, in the order of the walk.
    Reached(Side, &'f [Item], Row),
    /// The results of a search or a question in the order of ids, and the entity that was asked about, if any.
    Found(&'f [EntityNo], Option<Row>),
}

impl Source<'_, '_> {
    /// The entity to which the list belongs.
    fn owner(&self) -> Option<Row> {
        match self {
            Source::Types(_) => None,
            Source::Neighbours(_, row) | Source::Reached(_, _, row) => Some(*row),
            Source::Found(_, row) => *row,
        }
    }
}

/// The list that an edge or a page belongs to.
#[derive(Clone, Copy)]
pub(super) struct Within<'a, 'f> {
    source: Source<'a, 'f>,
    call: &'a PageCall,
}

/// A decoded cursor, and the entity and edge that it names, if they exist at this revision.
struct Position {
    cursor: Cursor,
    entity: Option<EntityNo>,
    /// `None` if the cursor has no edge or the edge does not exist any more; it then sorts after all edges.
    edge: EdgeNo,
    rank: u32,
}

impl Position {
    fn id(&self) -> &str {
        &self.cursor.id
    }
}

/// A list that exists already, or one that was made for this field.
enum Items<'a, 'f> {
    Listed(Listed),
    Neighbours(Neighbours<'a>),
    Reached(&'f [Item]),
    Found(&'f [EntityNo]),
    /// Those of a type in the order of a property.
    InOrder(SortedEntities<'a>),
    List(Vec<Item>),
    /// A page from a position on, of a list of some length.
    Part(usize, usize, Vec<Item>),
}

impl Items<'_, '_> {
    fn len(&self) -> usize {
        match self {
            Items::Listed(it) => it.len(),
            Items::Neighbours(it) => it.len(),
            Items::Reached(it) => it.len(),
            Items::Found(it) => it.len(),
            Items::InOrder(it) => it.len(),
            Items::List(it) => it.len(),
            Items::Part(_, len, _) => *len,
        }
    }

    /// Some of the entities.
    fn entities(&self, range: std::ops::Range<usize>) -> Cow<'_, [EntityNo]> {
        match self {
            Items::Listed(it) => Cow::Owned(range.map(|at| it.get(at)).collect()),
            Items::Neighbours(it) => Cow::Borrowed(&it.entities()[range]),
            Items::Found(it) => Cow::Borrowed(&it[range]),
            Items::Reached(it) => Cow::Owned(it[range].iter().map(|it| it.entity).collect()),
            Items::List(it) => Cow::Owned(it[range].iter().map(|it| it.entity).collect()),
            Items::InOrder(it) => Cow::Owned(range.map(|at| it.get(at)).collect()),
            Items::Part(start, _, part) => Cow::Owned(range.map(|at| part[at - start].entity).collect()),
        }
    }

    #[inline]
    fn get(&self, at: usize) -> Item {
        match self {
            Items::Listed(it) => Item::alone(it.get(at)),
            Items::Neighbours(it) => Item::over(it.get(at)),
            Items::Reached(it) => it[at],
            Items::Found(it) => Item::alone(it[at]),
            Items::List(it) => it[at],
            Items::InOrder(it) => Item::alone(it.get(at)),
            Items::Part(start, _, part) => part[at - start],
        }
    }
}

/// The error code of a cursor that is malformed or belongs to another list.
const CURSOR_INVALID: &str = "CURSOR_INVALID";

/// Entities that are compared with a cursor between two checks of the clock.
const COMPARED_AT_ONCE: usize = 512;

/// Minimum number of entities on a page of plain values for which the columns are resolved once for all.
const LEAST_ROWS: usize = 16;

/// A page of at most this many items is found by keeping the best of the list. For a longer page, the list is made and sorted.
const MOST_KEPT: usize = 1024;

/// At least this many items are kept before the best of them are chosen.
const LEAST_KEPT: usize = 64;

/// The best items of a list that were met so far: those that a page of it shows.
struct Best<'a, 'p> {
    ranks: Ranks<'a>,
    after: Option<Marked<'p>>,
    before: Option<Marked<'p>>,
    /// How many are shown.
    most: usize,
    /// Whether the last items are shown rather than the first.
    last: bool,
    /// Items that can be shown, each with its rank, which is turned round if the last ones are shown.
    kept: Vec<(u64, Item)>,
    /// Items of a greater rank are not shown.
    worst: u64,
    /// The length of the list, and the numbers of items before the cursors.
    len: usize,
    from: usize,
    until: usize,
}

/// A cursor and the rank of what it names, if the cursor holds all of it.
type Marked<'p> = (&'p Position, Option<u64>);

/// A page of a list.
pub(super) struct Window {
    pub start: usize,
    pub end: usize,
    pub has_next: bool,
    pub has_previous: bool,
}

/// Cuts a list of a length to a page whose cursors are at the given positions.
pub(super) fn window(len: usize, page: &Page, after: Option<usize>, before: Option<usize>) -> Window {
    let mut start = after.unwrap_or(0).min(len);
    let mut end = before.unwrap_or(len).clamp(start, len);
    if let Some(first) = page.first {
        end = end.min(start.saturating_add(first));
    }
    if let Some(last) = page.last {
        start = start.max(end.saturating_sub(last));
    }
    Window {
        start,
        end,
        has_next: end < len,
        has_previous: start > 0,
    }
}

/// Which properties of the whole list the answer needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ListExtent {
    Nothing,
    Length,
    /// All entities, in order.
    Entities,
}

/// The properties of a list that the answer needs in addition to the page.
struct ListNeeds {
    whole: ListExtent,
    next: bool,
    previous: bool,
}

impl ListNeeds {
    fn of(connection: &Connection) -> Self {
        let mut needs = Self {
            whole: ListExtent::Nothing,
            next: false,
            previous: false,
        };
        for slot in connection.fields() {
            match &slot.field {
                ConnectionField::TotalCount => needs.whole = needs.whole.max(ListExtent::Length),
                ConnectionField::Aggregate(_) => needs.whole = ListExtent::Entities,
                ConnectionField::PageInfo(fields) => {
                    let has = |wanted: fn(&PageInfoField) -> bool| {
                        fields.fields().iter().any(|it| wanted(&it.field))
                    };
                    needs.next |= has(|it| matches!(it, PageInfoField::HasNextPage));
                    needs.previous |= has(|it| matches!(it, PageInfoField::HasPreviousPage));
                }
                _ => {}
            }
        }
        needs
    }
}

impl<'a> Run<'a> {
    /// Writes a page of the entities of some types.
    pub(super) fn list(&mut self, domain: Domain, call: CallNo, connection: &'a Connection) -> Written {
        let types: &'a [TypeId] = self.ontology.types_of(domain);
        let call = self.page_call(call)?;
        self.connection(Source::Types(types), call, connection)
    }

    /// Writes a page of the targets of a relation.
    pub(super) fn neighbours(
        &mut self,
        row: Row,
        side: Side,
        call: CallNo,
        connection: &'a Connection,
    ) -> Written {
        let call = self.page_call(call)?;
        if let Some(depth) = call.depth {
            return self.scope(|run| {
                let found = run.closure(row, side, depth)?;
                run.connection(Source::Reached(side, &found, row), call, connection)
            });
        }
        self.connection(Source::Neighbours(side, row), call, connection)
    }

    /// Writes a page of results in the order of their ids.
    pub(super) fn found(&mut self, found: &[EntityNo], call: CallNo, connection: &'a Connection) -> Written {
        let call = self.page_call(call)?;
        self.found_page(found, None, call, connection)
    }

    /// Writes a page of results in the order of their ids; the results may depend on an entity.
    pub(super) fn found_page(
        &mut self,
        found: &[EntityNo],
        from: Option<Row>,
        call: &'a PageCall,
        connection: &'a Connection,
    ) -> Written {
        self.connection(Source::Found(found, from), call, connection)
    }

    fn page_call(&mut self, call: CallNo) -> Result<&'a PageCall, Failure> {
        match self.call(call)? {
            Call::Page(call) => {
                self.check_date(call)?;
                Ok(call)
            }
            _ => Err(Failure::Null),
        }
    }

    /// Fails a field if its filter has ids of another date than the root field's.
    #[inline]
    pub(super) fn check_date(&mut self, call: &PageCall) -> Written {
        match call.as_of {
            Some(date) if self.date != Some(date) => self.refuse(format!(
                "`filter` has ids as of {date}, which is not the date of this field: give plain ids (`entityId`)"
            )),
            _ => Ok(()),
        }
    }

    #[inline]
    fn connection(
        &mut self,
        source: Source<'a, '_>,
        call: &'a PageCall,
        connection: &'a Connection,
    ) -> Written {
        self.scope(|run| run.connection_within(source, call, connection))
    }

    fn connection_within(
        &mut self,
        source: Source<'a, '_>,
        call: &'a PageCall,
        connection: &'a Connection,
    ) -> Written {
        let side = match source {
            Source::Neighbours(side, ..) | Source::Reached(side, ..) => Some(side),
            Source::Types(_) | Source::Found(..) => None,
        };
        let mut cursor = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => self.cursor_in(source, text, call),
        };
        let (after, before) = (cursor(&call.page.after)?, cursor(&call.page.before)?);
        let (after, before) = (after.as_ref(), before.as_ref());
        let needs = ListNeeds::of(connection);
        let best = if call.order.is_empty() {
            None
        } else {
            self.best(source, call, (after, before), &needs)?
        };
        let (items, window) = match best {
            Some(best) => best,
            None => {
                let mut items = self.items(source, call, side, after, &needs)?;
                let window = match &mut items {
                    Items::List(list) if !call.order.is_empty() => {
                        self.ordered(list, call, side, (after, before), &needs)?
                    }
                    items => self.window_in(items, call, side, (after, before)),
                };
                (items, window)
            }
        };
        self.gave(window.end - window.start);
        let within = Within { source, call };
        self.object(connection, |run, slot| match &slot.field {
            ConnectionField::TotalCount => {
                run.number(items.len());
                Ok(())
            }
            ConnectionField::Aggregate(fields) => {
                run.field(slot, false, |run| run.aggregate_of(&items, side, fields))
            }
            ConnectionField::Nodes(selection) => run.field(slot, false, |run| {
                // For fewer entities, resolving the columns first costs more than it saves.
                if window.end - window.start >= LEAST_ROWS
                    && let Some(shape) = run.shape(selection)?
                {
                    run.hold((window.end - window.start) * size_of::<u32>())?;
                    return run.shaped_list(&shape, &items.entities(window.start..window.end));
                }
                let mut list = json::List::default();
                for (no, at) in (window.start..window.end).enumerate() {
                    run.out.push(list.before_next());
                    let item = items.get(at);
                    run.element(no, false, |run| {
                        if run.trace.is_some()
                            && let Some(side) = side
                        {
                            run.walk_to(item.entity, side, item.edge)?;
                        }
                        run.entity(item.entity, selection)
                    })?;
                }
                run.out.extend_from_slice(list.end());
                Ok(())
            }),
            ConnectionField::Edges(fields) => {
                run.field(slot, false, |run| run.edges(fields, &items, &window, within))
            }
            ConnectionField::PageInfo(fields) => run.page_info(fields, &window, |run, at| {
                run.cursor_of(within, items.get(at));
            }),
        })
    }

    /// Writes the aggregate of a list. Not inlined, so that the code for pages stays small.
    #[cold]
    #[inline(never)]
    fn aggregate_of(
        &mut self,
        items: &Items,
        side: Option<Side>,
        fields: &'a Object<AggregateField>,
    ) -> Written {
        match items {
            Items::Listed(all) => self.aggregate(Members::Listed(*all), None, fields),
            Items::Found(found) => self.aggregate(Members::Some(found), None, fields),
            _ => self.scope(|run| {
                let mut entities = run.list_of(items.len())?;
                for at in 0..items.len() {
                    entities.push(items.get(at).entity);
                }
                let is_of_edges = |it: &Slot<AggregateField>| matches!(it.field, AggregateField::Edge(_));
                let mut edges = None;
                if let Some(side) = side
                    && fields.fields().iter().any(is_of_edges)
                {
                    let mut list = run.list_of(items.len())?;
                    for at in 0..items.len() {
                        list.push(items.get(at).edge);
                    }
                    edges = Some((side.relation, list));
                }
                let edges = edges.as_ref().map(|(relation, list)| (*relation, &**list));
                run.aggregate(Members::Some(&entities), edges, fields)
            }),
        }
    }

    fn edges(
        &mut self,
        fields: &'a Object<EdgeField>,
        items: &Items,
        window: &Window,
        within: Within<'a, '_>,
    ) -> Written {
        let side = match within.source {
            Source::Neighbours(side, ..) | Source::Reached(side, ..) => Some(side),
            Source::Types(_) | Source::Found(..) => None,
        };
        let mut list = json::List::default();
        for (no, at) in (window.start..window.end).enumerate() {
            self.out.push(list.before_next());
            self.check_bytes()?;
            let item = items.get(at);
            let via = side.map(|side| ViaEdge {
                side,
                edge: item.edge,
            });
            self.element(no, false, |run| {
                if run.trace.is_some()
                    && let Some(side) = side
                {
                    run.walk_to(item.entity, side, item.edge)?;
                }
                run.edge(fields, item.entity, via, |run| run.cursor_of(within, item))
            })?;
        }
        self.out.extend_from_slice(list.end());
        Ok(())
    }

    /// Writes `PageInfo`; `cursor` writes the cursor of an entry.
    pub(super) fn page_info(
        &mut self,
        fields: &'a Object<PageInfoField>,
        window: &Window,
        cursor: impl Fn(&mut Self, usize),
    ) -> Written {
        self.object(fields, |run, slot| {
            let boolean = |it| if it { &b"true"[..] } else { b"false" };
            match &slot.field {
                PageInfoField::HasNextPage => run.out.extend_from_slice(boolean(window.has_next)),
                PageInfoField::HasPreviousPage => run.out.extend_from_slice(boolean(window.has_previous)),
                PageInfoField::StartCursor | PageInfoField::EndCursor if window.start == window.end => {
                    run.out.extend_from_slice(b"null");
                }
                PageInfoField::StartCursor => cursor(run, window.start),
                PageInfoField::EndCursor => cursor(run, window.end - 1),
            }
            Ok(())
        })
    }

    /// Writes the cursor of an entry of a list.
    fn cursor_of(&mut self, within: Within<'a, '_>, item: Item) {
        let Within { source, call } = within;
        let view = self.view;
        let row = view.locate(item.entity);
        let (side, ordinal) = match source {
            Source::Types(_) | Source::Found(..) => (None, 0),
            Source::Reached(side, ..) => (Some(side), item.rank),
            Source::Neighbours(side, from) => {
                let mut same = view.edges_to(from, side.relation, side.direction, view.id(row));
                let place = same.position(|it| it == item.edge);
                (Some(side), place.unwrap_or(0) as u32)
            }
        };
        let owner = source.owner().map(|it| view.id(it));
        let mut writer = Writer::new(call.sequence ^ self.date_tag(), owner, call.order.len());
        for key in &call.order {
            writer.mark(self.key(key, side, item, row).as_ref());
        }
        writer.end(ordinal, view.id(row), &mut self.out);
    }

    /// Writes the cursor of an entry of a list that is ordered by a key and then by texts.
    pub(super) fn cursor(&mut self, sequence: u32, owner: Option<EntityNo>, key: &Key, of: (u32, &str)) {
        self.cursor_with(sequence, owner, Some(key), of);
    }

    /// As [`Self::cursor`], of an entry that may have no value to be ordered by.
    pub(super) fn cursor_with(
        &mut self,
        sequence: u32,
        owner: Option<EntityNo>,
        key: Option<&Key>,
        (ordinal, id): (u32, &str),
    ) {
        let view = self.view;
        let owner = owner.map(|it| view.id(view.locate(it)));
        let mut writer = Writer::new(sequence ^ self.date_tag(), owner, 1);
        writer.mark(key);
        writer.end(ordinal, id, &mut self.out);
    }

    /// A tag for cursors that depends on the date, so that a cursor of another date is refused.
    fn date_tag(&self) -> u32 {
        let Some(date) = self.view.as_of() else { return 0 };
        let (first, last) = date.span();
        let days = [first.to_be_bytes(), last.to_be_bytes()].concat();
        xxhash_rust::xxh3::xxh3_64(&days) as u32
    }

    /// Reads a cursor of a list; a cursor of another list makes the field fail.
    pub(super) fn read_cursor(
        &mut self,
        text: &str,
        sequence: u32,
        owner: Option<EntityNo>,
        marks: usize,
    ) -> Result<Cursor, Failure> {
        let owner = owner.map(|it| self.view.id(self.view.locate(it)));
        match Cursor::read(text, sequence ^ self.date_tag(), owner, marks) {
            Ok(cursor) => Ok(cursor),
            Err(message) => self.refuse_as(CURSOR_INVALID, message),
        }
    }

    /// Reads a cursor, and finds its entity and edge.
    #[cold]
    fn cursor_in(
        &mut self,
        source: Source<'a, '_>,
        text: &str,
        call: &'a PageCall,
    ) -> Result<Option<Position>, Failure> {
        let view = self.view;
        let owner = source.owner().map(|it| view.number(it));
        let mut cursor = self.read_cursor(text, call.sequence, owner, call.order.len())?;
        let entity = view.find(&cursor.id);
        let mut side = None;
        let (mut edge, mut rank) = (EdgeNo::NONE, 0);
        match source {
            Source::Types(_) | Source::Found(_, Some(_)) => {}
            Source::Neighbours(of, from) => {
                side = Some(of);
                let mut same = view.edges_to(from, of.relation, of.direction, &cursor.id);
                edge = same.nth(cursor.ordinal as usize).unwrap_or(EdgeNo::NONE);
            }
            Source::Reached(of, found, _) => {
                side = Some(of);
                let same = found.iter().find(|it| Some(it.entity) == entity);
                (edge, rank) = same.map_or((EdgeNo::NONE, cursor.ordinal), |it| (it.edge, it.rank));
            }
            // Lists of several components differ only in their members.
            Source::Found(found, None) => {
                let id_of = |it: &EntityNo| view.id(view.locate(*it));
                let at = found.partition_point(|it| id_of(it) < cursor.id.as_str());
                if entity.is_some() && entity != found.get(at).copied() {
                    return self.refuse_as(
                        CURSOR_INVALID,
                        "the cursor belongs to another list: begin again without it".to_owned(),
                    );
                }
            }
        }
        if let Some(entity) = entity {
            let item = Item { entity, edge, rank };
            let row = view.locate(entity);
            for (key, mark) in call.order.iter().zip(&mut cursor.marks) {
                let is_known =
                    edge != EdgeNo::NONE || !matches!(key.by, OrderBy::Edge(_) | OrderBy::EdgeDistance(..));
                if is_known && matches!(mark, CursorValue::Cut(..)) {
                    mark.complete(self.key(key, side, item, row).as_ref());
                }
            }
        }
        Ok(Some(Position {
            cursor,
            entity,
            edge,
            rank,
        }))
    }

    /// The filtered list, or the existing list if there is no filter.
    fn items<'f>(
        &mut self,
        source: Source<'a, 'f>,
        call: &'a PageCall,
        side: Option<Side>,
        after: Option<&Position>,
        needs: &ListNeeds,
    ) -> Result<Items<'a, 'f>, Failure> {
        if call.filter.is_none() && call.order.is_empty() {
            match source {
                Source::Types([id]) if let Some(all) = self.view.list_of(*id) => {
                    return Ok(Items::Listed(all));
                }
                Source::Neighbours(side, row)
                    if let Some(all) = self.view.all_neighbours(row, side.relation, side.direction) =>
                {
                    return Ok(Items::Neighbours(all));
                }
                // The results already exclude entities that are not valid at the date.
                Source::Reached(_, found, _) => {
                    self.visit(found.len() as u64)?;
                    return Ok(Items::Reached(found));
                }
                Source::Found(found, _) => {
                    self.visit(found.len() as u64)?;
                    return Ok(Items::Found(found));
                }
                _ => {}
            }
        }
        if let Some(filter) = &call.filter {
            self.search_for(filter)?;
        }
        // If only the first few entities in the order of ids are needed, the scan ends after them.
        let page = &call.page;
        let stops_early = call.order.is_empty()
            && page.last.is_none()
            && page.before.is_none()
            && needs.whole == ListExtent::Nothing
            && !(needs.previous && after.is_some());
        let most = match page.first {
            Some(first) if stops_early => first.saturating_add(usize::from(needs.next)),
            _ => usize::MAX,
        };
        let skip = if stops_early { after } else { None };
        let mut list = Vec::new();
        match source {
            Source::Types([id]) if let Some(filter) = &call.filter => {
                let extent = if stops_early { Extent::Part } else { Extent::Whole };
                self.scan(filter, *id, skip.map(Position::id), extent, |run, entity| {
                    run.push(&mut list, Item::alone(entity))?;
                    Ok(list.len() < most)
                })?;
            }
            Source::Types([id]) => {
                list = self.list_of(most.min(self.view.count(*id)))?;
                for entity in self.view.entities_of(*id, skip.map(Position::id)).take(most) {
                    self.visit(1)?;
                    self.push(&mut list, Item::alone(entity))?;
                }
            }
            Source::Types(types) => {
                for entity in self.view.merged(types, skip.map(Position::id)) {
                    if list.len() >= most {
                        break;
                    }
                    self.keep(call, None, Item::alone(entity), &mut list)?;
                }
            }
            Source::Reached(_, found, _) => {
                for item in found {
                    self.keep(call, side, *item, &mut list)?;
                }
            }
            Source::Found(found, _) => {
                for entity in found {
                    self.keep(call, side, Item::alone(*entity), &mut list)?;
                }
            }
            Source::Neighbours(side, row) => {
                for neighbour in self.view.neighbours(row, side.relation, side.direction) {
                    if list.len() >= most {
                        break;
                    }
                    let item = Item::over(neighbour);
                    if skip.is_none_or(|skip| !self.precedes(&CodePoints, call, Some(side), item, skip, true))
                    {
                        self.keep(call, Some(side), item, &mut list)?;
                    }
                }
            }
        }
        Ok(Items::List(list))
    }

    /// The page of a list that is in order.
    #[inline]
    fn window_in(
        &self,
        items: &Items<'a, '_>,
        call: &PageCall,
        side: Option<Side>,
        (after, before): (Option<&Position>, Option<&Position>),
    ) -> Window {
        let place = |position: Option<&Position>, past: bool| {
            let position = position?;
            let precedes = |at| self.precedes(&CodePoints, call, side, items.get(at), position, past);
            Some(partition_point(items.len(), precedes))
        };
        let (from, until) = (place(after, true), place(before, false));
        window(items.len(), &call.page, from, until)
    }

    /// The page of an ordered list of a type, found without sorting the list: by an index, or by keeping the best of what
    /// the list has. `None` where neither is possible.
    #[inline(never)]
    fn best<'f>(
        &mut self,
        source: Source<'a, 'f>,
        call: &'a PageCall,
        (after, before): (Option<&Position>, Option<&Position>),
        needs: &ListNeeds,
    ) -> Result<Option<(Items<'a, 'f>, Window)>, Failure> {
        let (Source::Types([id]), [first, ..]) = (source, &call.order[..]) else {
            return Ok(None);
        };
        if call.collation.is_some() || needs.whole == ListExtent::Entities {
            return Ok(None);
        }
        if let Some(all) = self.in_order(*id, call) {
            let items = Items::InOrder(all);
            let window = self.window_in(&items, call, None, (after, before));
            return Ok(Some((items, window)));
        }
        let (most, last) = match (call.page.first, call.page.last) {
            (Some(most @ 1..=MOST_KEPT), None) => (most, false),
            (None, Some(most @ 1..=MOST_KEPT)) => (most, true),
            _ => return Ok(None),
        };
        let Some(ranks) = self.ranks(*id, first) else {
            return Ok(None);
        };
        let ranked = |position| -> Marked {
            let position: &Position = position;
            let mark = match &position.cursor.marks[..] {
                [CursorValue::Cut(..), ..] | [] => None,
                [mark, ..] => Some(rank(mark.key().as_ref(), first.descending, first.nulls_first)),
            };
            (position, mark)
        };
        let mut best = Best {
            ranks,
            after: after.map(ranked),
            before: before.map(ranked),
            most,
            last,
            kept: self.list_of((2 * most).max(LEAST_KEPT))?,
            worst: u64::MAX,
            len: 0,
            from: 0,
            until: 0,
        };
        match &call.filter {
            Some(filter) => {
                self.search_for(filter)?;
                self.scan(filter, *id, None, Extent::Whole, |run, entity| {
                    run.offer(call, &mut best, entity)?;
                    Ok(true)
                })?;
            }
            None => {
                for entity in self.view.entities_of(*id, None) {
                    self.visit(1)?;
                    self.offer(call, &mut best, entity)?;
                }
            }
        }
        let mut kept = std::mem::take(&mut best.kept);
        kept.sort_unstable_by(|a, b| self.compare_best(call, last, a, b));
        kept.truncate(most);
        if last {
            kept.reverse();
        }
        let mut page = self.list_of(kept.len())?;
        page.extend(kept.into_iter().map(|it| it.1));
        let (from, until) = (after.map(|_| best.from), before.map(|_| best.until));
        let window = window(best.len, &call.page, from, until);
        debug_assert_eq!(page.len(), window.end - window.start, "the page is full");
        Ok(Some((Items::Part(window.start, best.len, page), window)))
    }

    /// Puts an item among the best if it is one of them.
    #[inline]
    fn offer(&mut self, call: &PageCall, best: &mut Best<'a, '_>, entity: EntityNo) -> Written {
        let item = Item::alone(entity);
        let rank = best.ranks.of(entity);
        let precedes = |(position, mark): Marked, past: bool| match mark {
            Some(mark) if rank != mark => rank < mark,
            _ => self.precedes(&CodePoints, call, None, item, position, past),
        };
        best.len += 1;
        let is_before = best.after.is_some_and(|it| precedes(it, true));
        let is_past = best.before.is_some_and(|it| !precedes(it, false));
        best.from += usize::from(is_before);
        best.until += usize::from(!is_past);
        let rank = if best.last { !rank } else { rank };
        if is_before || is_past || rank > best.worst {
            return Ok(());
        }
        best.kept.push((rank, item));
        if best.kept.len() == best.kept.capacity() {
            self.choose(call, best)?;
        }
        Ok(())
    }

    /// Drops what is not among the best.
    #[cold]
    fn choose(&mut self, call: &PageCall, best: &mut Best) -> Written {
        self.work(best.kept.len())?;
        let last = best.last;
        let (_, worst, _) = best
            .kept
            .select_nth_unstable_by(best.most - 1, |a, b| self.compare_best(call, last, a, b));
        best.worst = worst.0;
        best.kept.truncate(best.most);
        Ok(())
    }

    /// The order of two items: by their ranks, and where these are equal by all keys.
    fn compare_best(&self, call: &PageCall, last: bool, a: &(u64, Item), b: &(u64, Item)) -> Ordering {
        a.0.cmp(&b.0).then_with(|| {
            let ordering = self.compare(&CodePoints, call, None, a.1, b.1);
            if last { ordering.reverse() } else { ordering }
        })
    }

    /// The ranks of a type's entities by a key of an order.
    fn ranks(&self, type_id: TypeId, key: &OrderKey) -> Option<Ranks<'a>> {
        let property = match &key.by {
            OrderBy::Label => None,
            OrderBy::Property(of_types) => Some(of_types[type_id.index()]?),
            _ => return None,
        };
        let direction = (key.descending, key.nulls_first);
        self.view.ranks(type_id, property, direction)
    }

    /// All entities of a type in the order that is asked for, if it is indexed.
    fn in_order(&self, type_id: TypeId, call: &PageCall) -> Option<SortedEntities<'a>> {
        let ([key], None) = (&call.order[..], &call.filter) else {
            return None;
        };
        let (property, is_label) = match &key.by {
            OrderBy::Property(of_types) => (of_types[type_id.index()]?, false),
            OrderBy::Label => (self.ontology.entity_type(type_id).label?, true),
            _ => return None,
        };
        let sorted = self.search.columns()?.sorted(type_id, property)?;
        let direction = (key.descending, key.nulls_first);
        let all = self.view.in_order(type_id, property, sorted, direction)?;
        // An entity without a label is ordered by its id.
        (!is_label || !all.has_nulls()).then_some(all)
    }

    /// Orders a list as far as its page needs, and returns the page.
    fn ordered(
        &mut self,
        list: &mut [Item],
        call: &PageCall,
        side: Option<Side>,
        positions: (Option<&Position>, Option<&Position>),
        needs: &ListNeeds,
    ) -> Result<Window, Failure> {
        match &call.collation {
            None => self.ordered_by(&CodePoints, list, call, side, positions, needs),
            Some(it) => self.ordered_by(&it.collator(), list, call, side, positions, needs),
        }
    }

    fn ordered_by(
        &mut self,
        texts: &impl Texts,
        list: &mut [Item],
        call: &PageCall,
        side: Option<Side>,
        (after, before): (Option<&Position>, Option<&Position>),
        needs: &ListNeeds,
    ) -> Result<Window, Failure> {
        let place = |position: Option<&Position>, past: bool| -> Result<Option<usize>, Failure> {
            let Some(position) = position else {
                return Ok(None);
            };
            let mut place = 0;
            for (at, item) in list.iter().enumerate() {
                if at % COMPARED_AT_ONCE == 0 {
                    self.check_clock()?;
                }
                place += usize::from(self.precedes(texts, call, side, *item, position, past));
            }
            Ok(Some(place))
        };
        let (from, until) = (place(after, true)?, place(before, false)?);
        let window = window(list.len(), &call.page, from, until);
        let wanted = if needs.whole == ListExtent::Entities {
            0..list.len()
        } else {
            window.start..window.end
        };
        if call.order.iter().any(|it| it.by.is_computed()) {
            self.sort_computed(texts, list, call, side, wanted)?;
            return Ok(window);
        }
        let compare = |a: &Item, b: &Item| self.compare(texts, call, side, *a, *b);
        working_memory::sort(list, wanted, &self.budget.clock, compare)?;
        Ok(window)
    }

    /// Orders a list by keys that are computed once for each item. Takes about 50 bytes for each of them.
    #[cold]
    fn sort_computed(
        &mut self,
        texts: &impl Texts,
        list: &mut [Item],
        call: &PageCall,
        side: Option<Side>,
        wanted: Range<usize>,
    ) -> Written {
        let width = call.order.len();
        let mut keys: Vec<Option<Key<'a>>> = self.list_of(list.len() * width)?;
        let mut items: Vec<(u32, Item)> = self.list_of(list.len())?;
        for (item, no) in list.iter().zip(0..) {
            let row = self.view.locate(item.entity);
            for key in &call.order {
                self.visit(1)?;
                let edges = match key.by.last() {
                    OrderBy::Count(sides) if key.by.is_computed() => sides[row.type_id.index()]
                        .map_or(0, |it| self.view.stored_count(row, it.relation, it.direction)),
                    OrderBy::Degree => self.view.sides().count(),
                    _ => 0,
                };
                self.work(edges / 8)?;
                let value = self.key(key, side, *item, row);
                if let Some(Key::Decimal(number)) = &value {
                    self.hold(number.digits() as usize / 2)?;
                }
                keys.push(value);
            }
            items.push((no, *item));
        }
        let of = |no: u32| &keys[no as usize * width..(no as usize + 1) * width];
        working_memory::sort(&mut items, wanted, &self.budget.clock, |(no_a, a), (no_b, b)| {
            let each = call.order.iter().zip(of(*no_a).iter().zip(of(*no_b)));
            let mut orders = each.map(|(key, (a, b))| compare_keys(texts, key, a.as_ref(), b.as_ref()));
            let by_keys = orders.find(|it| *it != Ordering::Equal);
            by_keys.unwrap_or_else(|| self.compare_places(*a, *b))
        })?;
        for (to, (_, item)) in list.iter_mut().zip(&items) {
            *to = *item;
        }
        self.free(items);
        self.free(keys);
        Ok(())
    }

    /// The order of items whose keys are equal.
    fn compare_places(&self, a: Item, b: Item) -> Ordering {
        let (row_a, row_b) = (self.view.locate(a.entity), self.view.locate(b.entity));
        let by_id = self.view.compare_ids(row_a, row_b);
        a.rank.cmp(&b.rank).then(by_id).then(a.edge.cmp(&b.edge))
    }

    /// Whether an item is before a cursor, or at it if `past`. If the cursor has only the first bytes of a text, items
    /// with the same first bytes are after it if `past`, else before it. So a page may repeat items, but never skips
    /// one.
    fn precedes(
        &self,
        texts: &impl Texts,
        call: &PageCall,
        side: Option<Side>,
        item: Item,
        position: &Position,
        past: bool,
    ) -> bool {
        let row = self.view.locate(item.entity);
        for (key, mark) in call.order.iter().zip(&position.cursor.marks) {
            let value = self.key(key, side, item, row);
            let ordering = match (mark, &value) {
                (CursorValue::Cut(begin, _), Some(Key::Text(text))) => {
                    match texts.compare_beginning(key, text, begin) {
                        Ordering::Equal => return !past,
                        ordering if key.descending => ordering.reverse(),
                        ordering => ordering,
                    }
                }
                // Any text is correct if the other side has none.
                (CursorValue::Cut(..), _) => compare_keys(texts, key, value.as_ref(), Some(&Key::Text(""))),
                (mark, _) => compare_keys(texts, key, value.as_ref(), mark.key().as_ref()),
            };
            match ordering {
                Ordering::Less => return true,
                Ordering::Greater => return false,
                Ordering::Equal => {}
            }
        }
        let by_id = match position.entity {
            Some(entity) => self.view.compare_ids(row, self.view.locate(entity)),
            None => self.view.id(row).cmp(position.id()),
        };
        let ordering = item.rank.cmp(&position.rank).then(by_id);
        match ordering.then(item.edge.cmp(&position.edge)) {
            Ordering::Less => true,
            Ordering::Equal => past,
            Ordering::Greater => false,
        }
    }

    #[inline]
    fn keep(&mut self, call: &PageCall, side: Option<Side>, item: Item, list: &mut Vec<Item>) -> Written {
        self.visit(1)?;
        let holds = match &call.filter {
            None => true,
            Some(filter) => {
                let row = self.view.locate(item.entity);
                let via = side.map(|side| (side.relation, item.edge));
                self.holds(filter, Subject { row, via })?
            }
        };
        if holds {
            self.push(list, item)?;
        }
        Ok(())
    }

    /// The order of a list: its keys, then the ids, then the edges, so that no two items are equal.
    fn compare(&self, texts: &impl Texts, call: &PageCall, side: Option<Side>, a: Item, b: Item) -> Ordering {
        let (row_a, row_b) = (self.view.locate(a.entity), self.view.locate(b.entity));
        for key in &call.order {
            let (value_a, value_b) = (self.key(key, side, a, row_a), self.key(key, side, b, row_b));
            let ordering = compare_keys(texts, key, value_a.as_ref(), value_b.as_ref());
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        self.compare_places(a, b)
    }

    #[inline]
    fn key(&self, key: &OrderKey, side: Option<Side>, item: Item, row: Row) -> Option<Key<'a>> {
        self.key_by(&key.by, side, item, row)
    }

    fn key_by(&self, by: &OrderBy, side: Option<Side>, item: Item, row: Row) -> Option<Key<'a>> {
        match by {
            OrderBy::Id => Some(Key::Text(self.view.id(row))),
            OrderBy::Label => Some(Key::Text(self.view.label(row))),
            OrderBy::Property(of_types) => {
                let no = of_types[row.type_id.index()]?;
                self.view.key(row, no)
            }
            OrderBy::Edge(no) => self.view.edge_key(side?.relation, item.edge, *no),
            OrderBy::Distance(of_types, from) => {
                let no = of_types[row.type_id.index()]?;
                distance(*from, &self.view.key(row, no)?)
            }
            OrderBy::EdgeDistance(no, from) => {
                distance(*from, &self.view.edge_key(side?.relation, item.edge, *no)?)
            }
            OrderBy::Other(is_other) => Some(Key::Whole(is_other[row.type_id.index()].into())),
            OrderBy::Degree => Some(Key::Whole(self.degree(row) as i64)),
            OrderBy::Count(sides) => {
                let side = sides[row.type_id.index()]?;
                let count = self.view.neighbour_count(row, side.relation, side.direction);
                Some(Key::Whole(count as i64))
            }
            OrderBy::Over(over, last) => {
                let mut row = row;
                for sides in over {
                    let side = sides[row.type_id.index()]?;
                    let mut ends = self.view.neighbours(row, side.relation, side.direction);
                    row = self.view.locate(ends.next()?.0);
                }
                self.key_by(last, None, Item::alone(self.view.number(row)), row)
            }
        }
    }
}

/// The distance between two points, as used to order lists.
fn distance<'a>(from: Point, key: &Key) -> Option<Key<'a>> {
    match key {
        Key::Point(point) => Some(Key::Float(from.distance(*point))),
        _ => None,
    }
}

/// The collation of texts.
trait Texts {
    /// Compares two values of a key.
    fn compare(&self, key: &OrderKey, a: &Key, b: &Key) -> Ordering;

    /// Compares a text with another of which only the first bytes are known; equal if these do not decide the order.
    fn compare_beginning(&self, key: &OrderKey, text: &str, begin: &[u8]) -> Ordering;
}

struct CodePoints;

impl Texts for CodePoints {
    #[inline]
    fn compare(&self, _: &OrderKey, a: &Key, b: &Key) -> Ordering {
        a.compare(b)
    }

    fn compare_beginning(&self, _: &OrderKey, text: &str, begin: &[u8]) -> Ordering {
        text.as_bytes()[..text.len().min(begin.len())].cmp(begin)
    }
}

impl Texts for Collator {
    fn compare(&self, key: &OrderKey, a: &Key, b: &Key) -> Ordering {
        match (key.by.last(), a, b) {
            // Ids have no language.
            (OrderBy::Id, ..) => a.compare(b),
            (_, Key::Text(a), Key::Text(b)) => Collator::compare(self, a, b),
            _ => a.compare(b),
        }
    }

    fn compare_beginning(&self, key: &OrderKey, text: &str, begin: &[u8]) -> Ordering {
        match key.by.last() {
            OrderBy::Id => CodePoints.compare_beginning(key, text, begin),
            _ => {
                let whole = begin.utf8_chunks().next().map_or("", |it| it.valid());
                Collator::compare_beginning(self, text, whole)
            }
        }
    }
}

fn compare_keys(texts: &impl Texts, key: &OrderKey, a: Option<&Key>, b: Option<&Key>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if key.descending => texts.compare(key, b, a),
        (Some(a), Some(b)) => texts.compare(key, a, b),
        (None, None) => Ordering::Equal,
        (None, Some(_)) if key.nulls_first => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) if key.nulls_first => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The algorithm of the Relay specification, step by step, on a plain list.
        #[test]
        fn a_window_is_what_relay_says(
            len in 0usize..12,
            first in prop::option::of(0usize..14),
            last in prop::option::of(0usize..14),
            after in prop::option::of(0usize..12),
            before in prop::option::of(0usize..12),
        ) {
            let (after, before) = (after.filter(|it| *it < len), before.filter(|it| *it < len));
            let mut edges: Vec<usize> = (0..len).collect();
            if let Some(after) = after {
                edges.retain(|it| *it > after);
            }
            if let Some(before) = before {
                edges.retain(|it| *it < before);
            }
            if let Some(first) = first {
                edges.truncate(first);
            }
            if let Some(last) = last {
                edges.drain(..edges.len().saturating_sub(last));
            }
            let page = Page { first, last, after: None, before: None };
            let window = window(len, &page, after.map(|it| it + 1), before);
            prop_assert_eq!((window.start..window.end).collect::<Vec<_>>(), edges);
        }
    }
}
