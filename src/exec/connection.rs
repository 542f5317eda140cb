//! Connections: which entities are on the page, and what is said of the page.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::cursor::Cursor;
use super::entity::ViaEdge;
use super::filter::Subject;
use super::{Failure, Run, Written, working};
use crate::graph::{EdgeNo, EntityNo, Key, Neighbours, Row};
use crate::ontology::{Domain, TypeId};
use crate::plan::{
    AggregateField, Call, CallNo, Connection, ConnectionField, EdgeField, Object, OrderBy, OrderKey, Page,
    PageCall, PageInfoField, Side,
};

/// An entity of a list and the edge that led to it; `u32::MAX` for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub entity: EntityNo,
    pub edge: u32,
    /// Its place in a list that has an order of its own; 0 where the ids' is it.
    pub rank: u32,
}

impl Item {
    /// An entity that no edge led to.
    #[inline]
    fn alone(entity: u32) -> Self {
        Self {
            entity: EntityNo(entity),
            edge: u32::MAX,
            rank: 0,
        }
    }

    /// An entity at a place of a list that has an order of its own.
    #[inline]
    fn found(rank: usize, entity: EntityNo) -> Self {
        Self {
            rank: rank as u32,
            ..Self::alone(entity.0)
        }
    }

    /// An entity and the edge that led to it.
    #[inline]
    fn over((entity, edge): (EntityNo, EdgeNo)) -> Self {
        Self {
            entity,
            edge: edge.0,
            rank: 0,
        }
    }
}

/// A list before it is filtered, ordered and cut.
#[derive(Clone, Copy)]
enum Source<'a, 'f> {
    /// All entities of some types.
    Types(&'a [TypeId]),
    /// What a relation leads to.
    Neighbours(Side, Neighbours<'a>),
    /// What a relation leads to over several edges, in an order of its own.
    Reached(Side, &'f [Item]),
    /// What was found, in an order of its own.
    Found(&'f [EntityNo]),
}

/// A list that lies ready, or one that was made.
enum Items<'a, 'f> {
    Range(u32, usize),
    Neighbours(Neighbours<'a>),
    Reached(&'f [Item]),
    Found(&'f [EntityNo]),
    List(Vec<Item>),
}

impl Items<'_, '_> {
    fn len(&self) -> usize {
        match self {
            Items::Range(_, len) => *len,
            Items::Neighbours(it) => it.len(),
            Items::Reached(it) => it.len(),
            Items::Found(it) => it.len(),
            Items::List(it) => it.len(),
        }
    }

    /// The numbers of some of the entities.
    fn numbers(&self, range: std::ops::Range<usize>) -> Cow<'_, [u32]> {
        match self {
            Items::Range(first, _) => {
                let number = |at: usize| first + at as u32;
                Cow::Owned((number(range.start)..number(range.end)).collect())
            }
            Items::Neighbours(it) => Cow::Borrowed(&it.targets()[range]),
            Items::Reached(it) => Cow::Owned(it[range].iter().map(|it| it.entity.0).collect()),
            Items::Found(it) => Cow::Owned(it[range].iter().map(|it| it.0).collect()),
            Items::List(it) => Cow::Owned(it[range].iter().map(|it| it.entity.0).collect()),
        }
    }

    #[inline]
    fn get(&self, at: usize) -> Item {
        match self {
            Items::Range(first, _) => Item::alone(first + at as u32),
            Items::Neighbours(it) => Item::over(it.get(at)),
            Items::Reached(it) => it[at],
            Items::Found(it) => Item::found(at, it[at]),
            Items::List(it) => it[at],
        }
    }
}

/// The code of a cursor that cannot be read, or that belongs to another list.
const CURSOR_INVALID: &str = "CURSOR_INVALID";

/// Entities that are compared with a cursor between two checks of the clock.
const COMPARED_AT_ONCE: usize = 512;

/// From so many entities on, the columns of a page of plain values are looked up once for all.
const LEAST_ROWS: usize = 16;

/// A page of a list.
pub(super) struct Window {
    pub start: usize,
    pub end: usize,
    pub has_next: bool,
    pub has_previous: bool,
}

/// Cuts a list of so many by a page whose cursors stand at positions.
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

/// What the answer needs of the whole list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whole {
    Nothing,
    Length,
    /// All entities, in order.
    Entities,
}

/// What the answer needs to know of a list beyond the page.
struct Needs {
    whole: Whole,
    next: bool,
    previous: bool,
}

impl Needs {
    fn of(connection: &Connection) -> Self {
        let mut needs = Self {
            whole: Whole::Nothing,
            next: false,
            previous: false,
        };
        for slot in connection {
            match &slot.field {
                ConnectionField::TotalCount => needs.whole = needs.whole.max(Whole::Length),
                ConnectionField::Aggregate(_) => needs.whole = Whole::Entities,
                ConnectionField::PageInfo(fields) => {
                    let has = |wanted: fn(&PageInfoField) -> bool| fields.iter().any(|it| wanted(&it.field));
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
    /// Writes a page of a domain's entities.
    pub(super) fn list(&mut self, domain: Domain, call: CallNo, connection: &'a Connection) -> Written {
        let types: &'a [TypeId] = self.ontology.types_of(domain);
        let call = self.page_call(call)?;
        self.connection(Source::Types(types), call, connection)
    }

    /// Writes a page of what a relation leads to.
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
                run.connection(Source::Reached(side, &found), call, connection)
            });
        }
        let neighbours = self.snapshot.neighbours(row, side.relation, side.direction);
        self.connection(Source::Neighbours(side, neighbours), call, connection)
    }

    /// Writes a page of entities that were found, which keep their order.
    pub(super) fn found(&mut self, found: &[EntityNo], call: CallNo, connection: &'a Connection) -> Written {
        let call = self.page_call(call)?;
        self.found_page(found, call, connection)
    }

    pub(super) fn found_page(
        &mut self,
        found: &[EntityNo],
        call: &'a PageCall,
        connection: &'a Connection,
    ) -> Written {
        self.connection(Source::Found(found), call, connection)
    }

    fn page_call(&mut self, call: CallNo) -> Result<&'a PageCall, Failure> {
        match self.call(call)? {
            Call::Page(call) => Ok(call),
            _ => Err(Failure::Null),
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
            Source::Neighbours(side, _) | Source::Reached(side, _) => Some(side),
            Source::Types(_) | Source::Found(_) => None,
        };
        let mut cursor = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => self.cursor_in(source, text, call.sequence),
        };
        let (after, before) = (cursor(&call.page.after)?, cursor(&call.page.before)?);
        let needs = Needs::of(connection);
        let mut items = self.items(source, call, side, after, &needs)?;
        let window = match &mut items {
            Items::List(list) if !call.order.is_empty() => {
                self.ordered(list, call, side, (after, before), &needs)?
            }
            items => {
                let position = |cursor: Option<Item>, past: bool| {
                    let cursor = cursor?;
                    let precedes = |at| self.precedes(call, side, items.get(at), cursor, past);
                    Some(partition_point(items.len(), precedes))
                };
                let (from, until) = (position(after, true), position(before, false));
                window(items.len(), &call.page, from, until)
            }
        };
        self.gave(window.end - window.start);
        self.object(connection, |run, slot| match &slot.field {
            ConnectionField::TypeName(name) => {
                run.out.extend_from_slice(name);
                Ok(())
            }
            ConnectionField::TotalCount => {
                run.number(items.len());
                Ok(())
            }
            ConnectionField::Aggregate(fields) => {
                run.field(slot, false, |run| run.aggregate_of(&items, fields))
            }
            ConnectionField::Nodes(selection) => run.field(slot, false, |run| {
                // For fewer it does not pay to look up where their values lie.
                if window.end - window.start >= LEAST_ROWS
                    && let Some(shape) = run.shape(selection)?
                {
                    run.hold((window.end - window.start) * size_of::<u32>())?;
                    return run.shaped_list(&shape, &items.numbers(window.start..window.end));
                }
                run.out.push(b'[');
                for (no, at) in (window.start..window.end).enumerate() {
                    if no > 0 {
                        run.out.push(b',');
                    }
                    let item = items.get(at);
                    run.element(no, false, |run| {
                        if run.trace.is_some()
                            && let Some(side) = side
                        {
                            run.walk_to(item.entity, side, EdgeNo(item.edge))?;
                        }
                        run.entity(item.entity, selection)
                    })?;
                }
                run.out.push(b']');
                Ok(())
            }),
            ConnectionField::Edges(fields) => run.field(slot, false, |run| {
                run.edges(fields, &items, &window, side, call.sequence)
            }),
            ConnectionField::PageInfo(fields) => {
                let ends = (window.start < window.end).then(|| {
                    let (first, last) = (items.get(window.start), items.get(window.end - 1));
                    ((first.entity.0, first.edge), (last.entity.0, last.edge))
                });
                run.page_info(fields, &window, ends, call.sequence)
            }
        })
    }

    /// Writes the aggregate of a list; kept out of the way of the pages.
    #[cold]
    #[inline(never)]
    fn aggregate_of(&mut self, items: &Items, fields: &'a Object<AggregateField>) -> Written {
        self.scope(|run| {
            let mut entities = run.list_of(items.len())?;
            for at in 0..items.len() {
                entities.push(items.get(at).entity);
            }
            run.aggregate(&entities, fields)
        })
    }

    fn edges(
        &mut self,
        fields: &'a Object<EdgeField>,
        items: &Items,
        window: &Window,
        side: Option<Side>,
        sequence: u32,
    ) -> Written {
        self.out.push(b'[');
        for (no, at) in (window.start..window.end).enumerate() {
            if no > 0 {
                self.out.push(b',');
            }
            self.check_bytes()?;
            let item = items.get(at);
            let via = side.map(|side| ViaEdge {
                side,
                edge: EdgeNo(item.edge),
            });
            self.element(no, false, |run| {
                if run.trace.is_some()
                    && let Some(side) = side
                {
                    run.walk_to(item.entity, side, EdgeNo(item.edge))?;
                }
                run.edge(fields, item.entity, via, sequence)
            })?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// Writes `PageInfo`; `ends` are the first and the last of the page.
    pub(super) fn page_info(
        &mut self,
        fields: &'a Object<PageInfoField>,
        window: &Window,
        ends: Option<((u32, u32), (u32, u32))>,
        sequence: u32,
    ) -> Written {
        self.object(fields, |run, slot| {
            let boolean = |it| if it { &b"true"[..] } else { b"false" };
            match &slot.field {
                PageInfoField::TypeName(name) => run.out.extend_from_slice(name),
                PageInfoField::HasNextPage => run.out.extend_from_slice(boolean(window.has_next)),
                PageInfoField::HasPreviousPage => run.out.extend_from_slice(boolean(window.has_previous)),
                PageInfoField::StartCursor | PageInfoField::EndCursor => match ends {
                    None => run.out.extend_from_slice(b"null"),
                    Some((first, last)) => {
                        let is_start = matches!(slot.field, PageInfoField::StartCursor);
                        let (entity, edge) = if is_start { first } else { last };
                        run.cursor(sequence, entity, edge);
                    }
                },
            }
            Ok(())
        })
    }

    pub(super) fn cursor(&mut self, sequence: u32, entity: u32, edge: u32) {
        let cursor = Cursor {
            revision: self.snapshot.revision(),
            sequence: sequence ^ self.date_tag(),
            entity,
            edge,
        };
        cursor.write(&mut self.out);
    }

    /// Tells the cursors of a list at one date from those at another.
    fn date_tag(&self) -> u32 {
        let Some(date) = self.as_of else { return 0 };
        let days = u64::from(date.first_day()) << 32 | u64::from(date.last_day());
        xxhash_rust::xxh3::xxh3_64(&days.to_be_bytes()) as u32
    }

    /// Reads a cursor of this list; one that does not fit makes the field fail.
    pub(super) fn read_cursor(&mut self, text: Option<&str>, sequence: u32) -> Result<Option<Item>, Failure> {
        let Some(text) = text else { return Ok(None) };
        let read = Cursor::read(text, self.snapshot.revision(), sequence ^ self.date_tag());
        let entities = self.snapshot.counts().entities as u32;
        match read {
            Ok(cursor) if cursor.entity < entities => {
                Ok(Some(Item::over((EntityNo(cursor.entity), EdgeNo(cursor.edge)))))
            }
            Ok(_) => self.refuse_as(
                CURSOR_INVALID,
                "the cursor names no entity of this revision: begin again without it".to_owned(),
            ),
            Err(message) => self.refuse_as(CURSOR_INVALID, message),
        }
    }

    /// Makes the field fail because a cursor was given at another entity.
    pub(super) fn foreign_cursor<T>(&mut self) -> Result<T, Failure> {
        self.refuse_as(
            CURSOR_INVALID,
            "the cursor belongs to the list of another entity: begin again without it".to_owned(),
        )
    }

    /// Reads a cursor, and finds its place in a list.
    #[cold]
    fn cursor_in(
        &mut self,
        source: Source<'a, '_>,
        text: &str,
        sequence: u32,
    ) -> Result<Option<Item>, Failure> {
        let Some(cursor) = self.read_cursor(Some(text), sequence)? else {
            return Ok(None);
        };
        let place = match source {
            Source::Types(_) => Some(cursor),
            Source::Neighbours(_, neighbours) => {
                // The ends of an entity's edges are in the order of their ids.
                let id = |entity: u32| self.snapshot.id(self.snapshot.locate(EntityNo(entity)));
                let targets = neighbours.targets();
                let first = targets.partition_point(|it| id(*it) < id(cursor.entity.0));
                let same = targets[first..].iter().take_while(|it| **it == cursor.entity.0);
                let mut places = first..first + same.count();
                let is_it = |at| Item::over(neighbours.get(at)) == cursor;
                places.any(is_it).then_some(cursor)
            }
            Source::Reached(_, found) => found
                .iter()
                .find(|it| (it.entity, it.edge) == (cursor.entity, cursor.edge))
                .copied(),
            Source::Found(found) => {
                let place = found.iter().position(|it| *it == cursor.entity);
                place.map(|at| Item::found(at, cursor.entity))
            }
        };
        match place {
            Some(item) => Ok(Some(item)),
            None => self.foreign_cursor(),
        }
    }

    /// The filtered list, or the existing list if there is no filter.
    fn items<'f>(
        &mut self,
        source: Source<'a, 'f>,
        call: &'a PageCall,
        side: Option<Side>,
        after: Option<Item>,
        needs: &Needs,
    ) -> Result<Items<'a, 'f>, Failure> {
        if call.filter.is_none() && call.order.is_empty() {
            match source {
                Source::Types([id]) => {
                    let range = self.snapshot.range(*id);
                    return Ok(Items::Range(range.start, range.len()));
                }
                Source::Neighbours(_, neighbours) if self.as_of.is_none() => {
                    return Ok(Items::Neighbours(neighbours));
                }
                // What does not hold at the date was not found either.
                Source::Reached(_, found) => {
                    self.visit(found.len() as u64)?;
                    return Ok(Items::Reached(found));
                }
                Source::Found(found) => {
                    self.visit(found.len() as u64)?;
                    return Ok(Items::Found(found));
                }
                _ => {}
            }
        }
        if let Some(filter) = &call.filter {
            self.search_for(filter)?;
        }
        // Where only the first few in the order of ids are asked for, the scan ends with them.
        let page = &call.page;
        let stops_early = call.order.is_empty()
            && page.last.is_none()
            && page.before.is_none()
            && needs.whole == Whole::Nothing
            && !(needs.previous && after.is_some());
        let most = match page.first {
            Some(first) if stops_early => first.saturating_add(usize::from(needs.next)),
            _ => usize::MAX,
        };
        let skip = if stops_early { after } else { None };
        let mut list = Vec::new();
        match source {
            Source::Types([id]) => {
                let range = self.snapshot.range(*id);
                let start = skip.map_or(range.start, |it| (it.entity.0 + 1).max(range.start));
                match &call.filter {
                    None => {
                        let end = start.saturating_add(most.min(range.len()) as u32).min(range.end);
                        list = self.list_of(end.saturating_sub(start) as usize)?;
                        for entity in start..end {
                            self.visit(1)?;
                            list.push(Item::alone(entity));
                        }
                    }
                    Some(filter) => self.scan(filter, *id, start..range.end, |run, entity| {
                        run.push(&mut list, Item::alone(entity))?;
                        Ok(list.len() < most)
                    })?,
                }
            }
            Source::Types(types) => self.merge(types, call, skip, most, &mut list)?,
            Source::Reached(_, found) => {
                for item in found {
                    self.keep(call, side, *item, &mut list)?;
                }
            }
            Source::Found(found) => {
                for (at, entity) in found.iter().enumerate() {
                    self.keep(call, side, Item::found(at, *entity), &mut list)?;
                }
            }
            Source::Neighbours(_, neighbours) => {
                for neighbour in neighbours.iter() {
                    if list.len() >= most {
                        break;
                    }
                    let item = Item::over(neighbour);
                    if skip.is_none_or(|skip| self.compare(call, side, item, skip) == Ordering::Greater) {
                        self.keep(call, side, item, &mut list)?;
                    }
                }
            }
        }
        Ok(Items::List(list))
    }

    /// Orders a list as far as its page needs it, which is what it gives.
    fn ordered(
        &self,
        list: &mut [Item],
        call: &PageCall,
        side: Option<Side>,
        (after, before): (Option<Item>, Option<Item>),
        needs: &Needs,
    ) -> Result<Window, Failure> {
        let position = |cursor: Option<Item>, past: bool| -> Result<Option<usize>, Failure> {
            let Some(cursor) = cursor else { return Ok(None) };
            let mut position = 0;
            for (at, item) in list.iter().enumerate() {
                if at % COMPARED_AT_ONCE == 0 {
                    self.check_clock()?;
                }
                position += usize::from(self.precedes(call, side, *item, cursor, past));
            }
            Ok(Some(position))
        };
        let (from, until) = (position(after, true)?, position(before, false)?);
        let window = window(list.len(), &call.page, from, until);
        let wanted = if needs.whole == Whole::Entities {
            0..list.len()
        } else {
            window.start..window.end
        };
        let compare = |a: &Item, b: &Item| self.compare(call, side, *a, *b);
        working::sort(list, wanted, &self.budget.clock, compare)?;
        Ok(window)
    }

    /// Whether an item stands before a cursor, or at it if `past`.
    fn precedes(&self, call: &PageCall, side: Option<Side>, item: Item, cursor: Item, past: bool) -> bool {
        match self.compare(call, side, item, cursor) {
            Ordering::Less => true,
            Ordering::Equal => past,
            Ordering::Greater => false,
        }
    }

    /// Goes through several types' entities in the order of their ids.
    fn merge(
        &mut self,
        types: &'a [TypeId],
        call: &'a PageCall,
        skip: Option<Item>,
        most: usize,
        list: &mut Vec<Item>,
    ) -> Written {
        let snapshot = self.snapshot;
        let id = |entity: u32| snapshot.id(snapshot.locate(EntityNo(entity)));
        let mut heads: Vec<std::ops::Range<u32>> = types.iter().map(|it| snapshot.range(*it)).collect();
        if let Some(skip) = skip {
            let skipped = id(skip.entity.0);
            for head in &mut heads {
                let base = head.start;
                let past = partition_point(head.len(), |at| id(base + at as u32) <= skipped);
                head.start += past as u32;
            }
        }
        let mut queue: std::collections::BinaryHeap<std::cmp::Reverse<(&str, usize)>> = heads
            .iter()
            .enumerate()
            .filter(|(_, head)| !head.is_empty())
            .map(|(no, head)| std::cmp::Reverse((id(head.start), no)))
            .collect();
        while let Some(std::cmp::Reverse((_, no))) = queue.pop() {
            if list.len() >= most {
                break;
            }
            let entity = heads[no].start;
            heads[no].start += 1;
            if !heads[no].is_empty() {
                queue.push(std::cmp::Reverse((id(heads[no].start), no)));
            }
            self.keep(call, None, Item::alone(entity), list)?;
        }
        Ok(())
    }

    #[inline]
    fn keep(&mut self, call: &PageCall, side: Option<Side>, item: Item, list: &mut Vec<Item>) -> Written {
        self.visit(1)?;
        if let Some(side) = side
            && !self
                .snapshot
                .edge_holds(side.relation, EdgeNo(item.edge), self.as_of)
        {
            return Ok(());
        }
        let holds = match &call.filter {
            None => true,
            Some(filter) => {
                let row = self.snapshot.locate(item.entity);
                let via = side.map(|side| (side.relation, EdgeNo(item.edge)));
                self.holds(filter, Subject { row, via })?
            }
        };
        if holds {
            self.push(list, item)?;
        }
        Ok(())
    }

    /// The order of a list: its keys, then the ids, then the edges, so that every position is its own.
    fn compare(&self, call: &PageCall, side: Option<Side>, a: Item, b: Item) -> Ordering {
        let (row_a, row_b) = (self.snapshot.locate(a.entity), self.snapshot.locate(b.entity));
        for key in &call.order {
            let ordering = compare_keys(key, self.key(key, side, a, row_a), self.key(key, side, b, row_b));
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        let by_id = if row_a.type_id == row_b.type_id {
            a.entity.cmp(&b.entity)
        } else {
            self.snapshot.id(row_a).cmp(self.snapshot.id(row_b))
        };
        a.rank.cmp(&b.rank).then(by_id).then(a.edge.cmp(&b.edge))
    }

    fn key(&self, key: &OrderKey, side: Option<Side>, item: Item, row: Row) -> Option<Key<'a>> {
        match &key.by {
            OrderBy::Id => Some(Key::Text(self.snapshot.id(row))),
            OrderBy::Label => Some(Key::Text(self.snapshot.label(row, self.as_of))),
            OrderBy::Property(of_types) => {
                let no = of_types[row.type_id.index()]?;
                let (values, at) = self.snapshot.value(row, no, self.as_of)?;
                values.key(at)
            }
            OrderBy::Edge(no) => {
                let column = self.snapshot.edge_column(side?.relation, *no);
                column.values().key(item.edge as usize)
            }
        }
    }
}

fn compare_keys(key: &OrderKey, a: Option<Key>, b: Option<Key>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if key.descending => b.compare(&a),
        (Some(a), Some(b)) => a.compare(&b),
        (None, None) => Ordering::Equal,
        (None, Some(_)) if key.nulls_first => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) if key.nulls_first => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

/// The first position for which the predicate does not hold, as [`slice::partition_point`] has it.
fn partition_point(len: usize, precedes: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if precedes(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Relay's algorithm, word for word, on a plain list.
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
