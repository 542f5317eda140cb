//! The order of entities by their ids, and by keys.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::Range;

use super::column::Values;
use super::strings::Strings;
use super::{EdgeNo, EntityNo, Key, Row, ValueRef, View};
use crate::ontology::{Date, Direction, PropertyNo, RelationId, TypeId};

/// The entities of a type in the order of their ids, without hidden ones.
#[derive(Debug, Clone)]
pub struct Entities<'a> {
    view: View<'a>,
    next: u32,
    end: u32,
}

impl Iterator for Entities<'_> {
    type Item = EntityNo;

    #[inline]
    fn next(&mut self) -> Option<EntityNo> {
        while self.next < self.end {
            let entity = EntityNo(self.next);
            self.next += 1;
            if !self.view.hides(entity) {
                return Some(entity);
            }
        }
        None
    }
}

/// The position of an entity when all are sorted by type and then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey(u32);

/// All entities of a type in the order of their ids, by position.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    first: u32,
    len: u32,
}

impl Listed {
    /// Number of entities.
    #[inline]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are no entities.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entity at a position.
    #[inline]
    pub fn get(&self, at: usize) -> EntityNo {
        EntityNo(self.first + at as u32)
    }
}

impl Listed {
    /// Their numbers.
    #[inline]
    pub(super) fn range(self) -> Range<u32> {
        self.first..self.first + self.len
    }
}

/// Some entities, by position.
#[derive(Debug, Clone, Copy)]
pub enum Members<'m> {
    /// Those that lie one after the other.
    Listed(Listed),
    /// Others.
    Some(&'m [EntityNo]),
}

impl<'m> Members<'m> {
    /// How many there are.
    #[inline]
    pub fn len(self) -> usize {
        match self {
            Members::Listed(it) => it.len(),
            Members::Some(it) => it.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The entity at a position.
    #[inline]
    pub fn get(self, at: usize) -> EntityNo {
        match self {
            Members::Listed(it) => it.get(at),
            Members::Some(it) => it[at],
        }
    }

    /// Those at some positions.
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Self {
        match self {
            Members::Listed(it) => Members::Listed(Listed {
                first: it.first + range.start as u32,
                len: range.len() as u32,
            }),
            Members::Some(it) => Members::Some(&it[range]),
        }
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = EntityNo> + use<'m> {
        (0..self.len()).map(move |at| self.get(at))
    }
}

/// Numbers that are ordered as the keys of a type's entities are, although different keys can have one number: most
/// comparisons of keys end with them.
#[derive(Debug, Clone, Copy)]
pub struct Ranks<'a> {
    by: By<'a>,
    descending: bool,
    nulls_first: bool,
    /// The number of the type's first entity.
    base: u32,
}

#[derive(Debug, Clone, Copy)]
enum By<'a> {
    /// Texts, and others where there is none.
    Texts(&'a Strings, Option<&'a Strings>),
    Values(&'a Values),
}

impl Ranks<'_> {
    /// The number of an entity of the type.
    #[inline]
    pub fn of(&self, entity: EntityNo) -> u64 {
        let row = (entity.0 - self.base) as usize;
        match self.by {
            By::Texts(texts, others) => {
                let begin = texts.beginning(row);
                let begin = begin.or_else(|| others.and_then(|it| it.beginning(row)));
                directed(begin, self.descending, self.nulls_first)
            }
            By::Values(values) => rank(values.key(row).as_ref(), self.descending, self.nulls_first),
        }
    }
}

/// The number of a key, as [`Ranks`] have it.
pub fn rank(key: Option<&Key>, descending: bool, nulls_first: bool) -> u64 {
    directed(key.map(Key::rank), descending, nulls_first)
}

#[inline]
fn directed(rank: Option<u64>, descending: bool, nulls_first: bool) -> u64 {
    match rank {
        Some(rank) if descending => !rank,
        Some(rank) => rank,
        None if nulls_first => 0,
        None => u64::MAX,
    }
}

/// The texts that entities of a type show of a property, by their numbers.
#[derive(Debug, Clone, Copy)]
pub struct ShownTexts<'a> {
    values: &'a Values,
    texts: &'a Strings,
    base: u32,
}

impl<'a> ShownTexts<'a> {
    #[inline]
    fn row(&self, entity: EntityNo) -> usize {
        (entity.0 - self.base) as usize
    }

    /// The text of an entity as it is written: equal only for equal texts, and empty where there is none.
    #[inline]
    pub fn written(&self, entity: EntityNo) -> &'a [u8] {
        self.texts.json(self.row(entity))
    }

    /// A number that is ordered as the text, although different texts can have one number.
    #[inline]
    pub fn rank(&self, entity: EntityNo) -> u64 {
        self.texts.beginning(self.row(entity)).unwrap_or_default()
    }

    /// The text of an entity.
    pub fn text(&self, entity: EntityNo) -> &'a str {
        self.texts.text(self.row(entity)).unwrap_or_default()
    }

    /// The value of an entity.
    pub fn value(&self, entity: EntityNo) -> ValueRef<'a> {
        ValueRef::of((self.values, self.row(entity)))
    }
}

/// The entities of several types in the order of their ids.
pub struct Merged<'a> {
    view: View<'a>,
    heads: Vec<Entities<'a>>,
    queue: BinaryHeap<Reverse<(&'a str, usize, OrderKey)>>,
}

impl Merged<'_> {
    fn fill(&mut self, no: usize) {
        if let Some(entity) = self.heads[no].next() {
            let key = self.view.order_key(entity);
            self.queue.push(Reverse((self.view.id_of(entity), no, key)));
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = EntityNo;

    fn next(&mut self) -> Option<EntityNo> {
        let Reverse((_, no, OrderKey(entity))) = self.queue.pop()?;
        self.fill(no);
        Some(EntityNo(entity))
    }
}

impl<'a> View<'a> {
    /// The position of an entity when all are sorted by type and then by id.
    #[inline]
    pub fn order_key(&self, entity: EntityNo) -> OrderKey {
        OrderKey(entity.0)
    }

    /// All entities, without hidden ones, sorted by type and then by id.
    pub fn entities(&self) -> Entities<'a> {
        Entities {
            view: *self,
            next: 0,
            end: self.slots() as u32,
        }
    }

    /// The upper bound of [`EntityNo::slot`], for arrays with an element for each entity.
    #[inline]
    pub fn slots(&self) -> usize {
        self.snapshot().counts.entities
    }

    /// The entity of a slot.
    #[inline]
    pub fn entity_in(&self, slot: usize) -> EntityNo {
        EntityNo(slot as u32)
    }

    /// The entities of a type in the order of their ids; with `after`, those with greater ids.
    pub fn entities_of(&self, type_id: TypeId, after: Option<&str>) -> Entities<'a> {
        let range = self.snapshot().range(type_id);
        let passed = after.map_or(0, |id| self.row_after(type_id, id));
        Entities {
            view: *self,
            next: range.start + passed as u32,
            end: range.end,
        }
    }

    /// The first row of a type whose id is greater than the given one. Takes time logarithmic in the number of
    /// entities.
    pub(super) fn row_after(&self, type_id: TypeId, id: &str) -> usize {
        match self.snapshot().find(id).map(|it| self.locate(it)) {
            Some(row) if row.type_id == type_id => row.row + 1,
            _ => {
                let ids = self.snapshot().ids(type_id);
                partition_point(ids.len(), |at| ids.text(at).unwrap_or_default() <= id)
            }
        }
    }

    /// All entities of a type in the order of their ids; `None` if some of them may be hidden.
    #[inline]
    pub fn list_of(&self, type_id: TypeId) -> Option<Listed> {
        let range = self.snapshot().range(type_id);
        self.hidden.is_none().then_some(Listed {
            first: range.start,
            len: range.end - range.start,
        })
    }

    /// The entities of several types in the order of their ids; with `after`, those with greater ids.
    pub fn merged(&self, types: &[TypeId], after: Option<&str>) -> Merged<'a> {
        let heads: Vec<Entities<'a>> = types.iter().map(|it| self.entities_of(*it, after)).collect();
        let count = heads.len();
        let mut merged = Merged {
            view: *self,
            heads,
            queue: BinaryHeap::with_capacity(count),
        };
        (0..count).for_each(|no| merged.fill(no));
        merged
    }

    /// Compares two entities by their ids.
    #[inline]
    pub fn compare_ids(&self, a: Row, b: Row) -> Ordering {
        if a.type_id == b.type_id {
            a.row.cmp(&b.row)
        } else {
            self.id(a).cmp(self.id(b))
        }
    }

    /// The type of some entities, if they have one type.
    pub fn type_of(&self, members: Members) -> Option<TypeId> {
        let first = members.get(members.len().checked_sub(1)?);
        let type_id = self.locate(first).type_id;
        let range = self.snapshot().range(type_id);
        let is_one = match members {
            Members::Listed(it) => range.start <= it.range().start && it.range().end <= range.end,
            Members::Some(entities) => {
                let is_of_type = |is: bool, entity: &EntityNo| is & range.contains(&entity.0);
                entities.iter().fold(true, is_of_type)
            }
        };
        is_one.then_some(type_id)
    }

    /// The numbers of the entities of a type in the order of a property, or of labels where none is given; nothing at a
    /// date, when other values are shown than are stored.
    pub fn ranks(
        &self,
        type_id: TypeId,
        property: Option<PropertyNo>,
        (descending, nulls_first): (bool, bool),
    ) -> Option<Ranks<'a>> {
        if self.as_of().is_some() {
            return None;
        }
        let snapshot = self.snapshot();
        let by = match property {
            Some(no) => match self.column(type_id, no).values() {
                Values::Text(texts) => By::Texts(texts, None),
                values => By::Values(values),
            },
            None => match snapshot.ontology().entity_type(type_id).label {
                None => By::Texts(snapshot.ids(type_id), None),
                Some(no) => match self.column(type_id, no).values() {
                    Values::Text(texts) => By::Texts(texts, Some(snapshot.ids(type_id))),
                    _ => return None,
                },
            },
        };
        Some(Ranks {
            by,
            descending,
            nulls_first,
            base: snapshot.range(type_id).start,
        })
    }

    /// The texts that entities of a type show of a property; nothing where it has no single texts, and at a date, when
    /// other texts can be shown than are stored.
    pub fn shown_texts(&self, type_id: TypeId, property: PropertyNo) -> Option<ShownTexts<'a>> {
        let column = self.column(type_id, property);
        match column.values() {
            values @ Values::Text(texts) if !column.is_list() && self.as_of().is_none() => Some(ShownTexts {
                values,
                texts,
                base: self.snapshot().range(type_id).start,
            }),
            _ => None,
        }
    }

    /// The sort key of an entity for a property; `None` if it has no value.
    #[inline]
    pub fn key(&self, row: Row, property: PropertyNo) -> Option<Key<'a>> {
        let (values, at) = self.value(row, property)?;
        values.key(at)
    }

    /// The sort key of an edge for a property.
    pub fn edge_key(&self, relation: RelationId, edge: EdgeNo, property: PropertyNo) -> Option<Key<'a>> {
        let values = self.edge_column(relation, property).values();
        if edge == EdgeNo::NONE {
            return None;
        }
        values.key(edge.0 as usize)
    }

    /// The number in an edge's property; `None` if it has none.
    pub fn edge_number(&self, relation: RelationId, edge: EdgeNo, property: PropertyNo) -> Option<f64> {
        match self.edge_key(relation, edge, property)? {
            Key::Whole(it) => Some(it as f64),
            Key::Float(it) => Some(it),
            Key::Decimal(it) => bigdecimal::ToPrimitive::to_f64(&it),
            Key::Text(_) | Key::Date(_) | Key::Point(_) => None,
        }
    }

    /// The date in an edge's property; `None` if it has none.
    pub fn edge_date(&self, relation: RelationId, edge: EdgeNo, property: PropertyNo) -> Option<Date> {
        match self.edge_key(relation, edge, property)? {
            Key::Date(it) => Some(it),
            _ => None,
        }
    }

    /// The entities of a type that have several values of a single-valued property.
    pub fn disputed(&self, type_id: TypeId, property: PropertyNo) -> impl Iterator<Item = Row> + use<'a> {
        let view = *self;
        let rows = self.snapshot().column(type_id, property).disputed_rows();
        let rows = rows.map(move |row| Row { type_id, row });
        rows.filter(move |row| !view.hides(view.number(*row)))
    }

    /// The edges of an entity to the entity of an id. Neighbors are sorted by their ids, so this takes time logarithmic
    /// in their number.
    pub fn edges_to<'i>(
        &self,
        row: Row,
        relation: RelationId,
        direction: Direction,
        id: &'i str,
    ) -> impl Iterator<Item = EdgeNo> + use<'a, 'i> {
        let view = *self;
        let stored = self.stored_neighbours(row, relation, direction);
        let id_of = move |at: usize| view.id_of(stored.get(at).0);
        let first = partition_point(stored.len(), |at| id_of(at) < id);
        (first..stored.len())
            .take_while(move |at| id_of(*at) == id)
            .map(move |at| stored.get(at))
            .filter(move |it| view.sees(row, (relation, direction), *it))
            .map(|(_, edge)| edge)
    }
}

/// The first position for which the predicate is false, as in [`slice::partition_point`].
pub fn partition_point(len: usize, precedes: impl Fn(usize) -> bool) -> usize {
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
