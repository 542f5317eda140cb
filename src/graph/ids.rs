//! Indexes from ids and from unique values to rows.

use xxhash_rust::xxh3::xxh3_64;

use super::EntityNo;
use super::column::{Column, Key, Values};
use super::storage::Stored;

/// Marks an empty slot.
const FREE: u32 = u32::MAX;

/// A hash table from texts to numbers, in two flat arrays. A number is stored in the first free slot from the slot of
/// its text's hash.
///
/// ```text
/// numbers   7  ·  ·  3  9  ·  ·  1        a power of two, at most three quarters of it used
/// tags      a1       0c e7       42       eight more bits of the hash, so that few texts are compared
/// ```
///
/// The texts are stored elsewhere. hashbrown is not used because the layout of its table is not specified, so it could
/// not be stored in a file.
#[derive(Debug, Default)]
pub(super) struct HashSlots {
    pub numbers: Stored<u32>,
    pub tags: Stored<u8>,
}

impl HashSlots {
    /// A table with capacity for a number of entries.
    fn with_capacity(count: usize) -> Self {
        let slots = (count * 4).div_ceil(3).next_power_of_two().max(4);
        Self {
            numbers: vec![FREE; slots].into(),
            tags: vec![0; slots].into(),
        }
    }

    /// The slot of a text, or the free slot where it would be stored.
    fn slot(&self, text: &str, is_it: impl Fn(u32) -> bool) -> usize {
        let hash = xxh3_64(text.as_bytes());
        let (numbers, tags) = (&*self.numbers, &*self.tags);
        let mask = numbers.len() - 1;
        let mut at = hash as usize & mask;
        while numbers[at] != FREE && !(tags[at] == tag(hash) && is_it(numbers[at])) {
            at = (at + 1) & mask;
        }
        at
    }

    fn find(&self, text: &str, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        if self.numbers.is_empty() {
            return None;
        }
        let number = self.numbers[self.slot(text, is_it)];
        (number != FREE).then_some(number)
    }

    /// Adds a number. Returns the number that has the same text, if there is one.
    fn insert(&mut self, text: &str, number: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let at = self.slot(text, is_it);
        let there = self.numbers[at];
        if there != FREE {
            return Some(there);
        }
        self.numbers.values()[at] = number;
        self.tags.values()[at] = tag(xxh3_64(text.as_bytes()));
        None
    }

    /// Whether all numbers are less than a count, and a slot is free, which ends every search.
    pub fn is_sound(&self, count: usize) -> bool {
        let slots = self.numbers.len();
        let is_free = |it: &u32| *it == FREE;
        let fits = |it: &u32| is_free(it) || (*it as usize) < count;
        slots == self.tags.len()
            && (slots == 0 || slots.is_power_of_two() && self.numbers.iter().any(is_free))
            && self.numbers.iter().all(fits)
    }

    fn bytes(&self) -> usize {
        self.numbers.bytes() + self.tags.bytes()
    }
}

/// The bits of a hash that do not determine the slot.
fn tag(hash: u64) -> u8 {
    (hash >> 56) as u8
}

/// Index from ids to entity numbers. The ids themselves are in the tables of the types.
#[derive(Debug, Default)]
pub(super) struct IdIndex {
    pub slots: HashSlots,
}

impl IdIndex {
    pub fn with_capacity(entities: usize) -> Self {
        Self {
            slots: HashSlots::with_capacity(entities),
        }
    }

    /// Adds an entity. Returns the entity that has the same id, if there is one.
    pub fn insert<'a>(&mut self, entity: EntityNo, id_of: impl Fn(EntityNo) -> &'a str) -> Option<EntityNo> {
        let id = id_of(entity);
        let there = self
            .slots
            .insert(id, entity.0, |other| id_of(EntityNo(other)) == id);
        there.map(EntityNo)
    }

    /// The entity that most likely has an id, without comparing the ids themselves.
    pub fn likely(&self, id: &str) -> Option<EntityNo> {
        self.slots.find(id, |_| true).map(EntityNo)
    }

    pub fn find<'a>(&self, id: &str, id_of: impl Fn(EntityNo) -> &'a str) -> Option<EntityNo> {
        let found = self.slots.find(id, |it| id_of(EntityNo(it)) == id);
        found.map(EntityNo)
    }

    pub fn bytes(&self) -> usize {
        self.slots.bytes()
    }
}

/// Index from the unique values of a property to positions of statements in its column. A shown value has the position
/// of its row; additional values have the positions after all rows, in the order of the column.
///
/// A value may occur in several statements: of one entity, or of different entities at different times. The table has
/// only the position of the first one. `more` has a pair for each other one: the first position and its own, sorted.
#[derive(Debug, Default)]
pub(super) struct UniqueIndex {
    pub slots: HashSlots,
    pub more: Stored<[u32; 2]>,
}

/// A key as text. The key of an enum value is its name, which requests use.
fn text_of(values: &Values, key: &Key, row: Option<usize>) -> String {
    let mut text = Vec::new();
    match (values, row) {
        (Values::Enum(..), Some(row)) => values.write(row, &[], &mut text),
        _ => key.write_identity(&mut text),
    }
    let text = String::from_utf8_lossy(&text);
    match values {
        Values::Enum(..) => text.trim_matches('"').to_owned(),
        _ => text.into_owned(),
    }
}

impl Column {
    /// The key of the value at a position, if there is one. Equal values have the same key, however they are written.
    pub(super) fn unique_key(&self, position: u32) -> Option<String> {
        let (values, at) = self.value_of(position);
        let key = values.key(at)?;
        Some(text_of(values, &key, Some(at)))
    }
}

impl UniqueIndex {
    /// Indexes all statements of a column. Takes time linear in their number.
    pub fn of(column: &Column) -> Self {
        let positions = column.positions();
        let mut slots = HashSlots::with_capacity(positions as usize);
        let mut more = Vec::new();
        let key_of = |it: u32| column.unique_key(it).unwrap_or_default();
        for position in 0..positions {
            let Some(key) = column.unique_key(position) else {
                continue;
            };
            if let Some(first) = slots.insert(&key, position, |other| key_of(other) == key) {
                more.push([first, position]);
            }
        }
        more.sort_unstable();
        Self {
            slots,
            more: more.into(),
        }
    }

    /// The first position with a key.
    pub fn first(&self, column: &Column, key: &str) -> Option<u32> {
        let key_of = |it: u32| column.unique_key(it).unwrap_or_default();
        self.slots.find(key, |it| key_of(it) == key)
    }

    /// All positions with the same value as a first one.
    pub fn group(&self, first: u32) -> impl Iterator<Item = u32> + '_ {
        let begin = self.more.partition_point(|it| it[0] < first);
        let others = self.more[begin..].iter().take_while(move |it| it[0] == first);
        std::iter::once(first).chain(others.map(|it| it[1]))
    }

    /// The first position of each value.
    pub fn firsts(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.numbers.iter().copied().filter(|it| *it != FREE)
    }

    /// The first position of each value that occurs more than once, with all its positions.
    pub fn groups(&self) -> impl Iterator<Item = (u32, impl Iterator<Item = u32> + '_)> + '_ {
        let same = self.more.chunk_by(|a, b| a[0] == b[0]);
        same.map(|it| {
            (
                it[0][0],
                std::iter::once(it[0][0]).chain(it.iter().map(|it| it[1])),
            )
        })
    }

    /// The positions of a value that a request gives as text.
    pub fn find<'s>(&'s self, column: &Column, text: &str) -> impl Iterator<Item = u32> + use<'s> {
        let values = column.values();
        let key = match values {
            Values::Enum(..) => Some(text.to_owned()),
            _ => values.key_of(text).map(|key| text_of(values, &key, None)),
        };
        let first = key.and_then(|key| self.first(column, &key));
        first.into_iter().flat_map(|first| self.group(first))
    }

    /// Whether all its positions are less than a count.
    pub fn is_sound(&self, count: usize) -> bool {
        self.slots.is_sound(count) && self.more.iter().flatten().all(|it| (*it as usize) < count)
    }

    pub fn bytes(&self) -> usize {
        self.slots.bytes() + self.more.bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_map_does(ids in prop::collection::vec("[ab]{0,4}", 0..40), asked in "[ab]{0,4}") {
            let mut index = IdIndex::with_capacity(ids.len());
            let mut model: HashMap<&str, u32> = HashMap::new();
            for (no, id) in ids.iter().enumerate() {
                let there = index.insert(EntityNo(no as u32), |it| &ids[it.0 as usize]);
                prop_assert_eq!(there.map(|it| it.0), model.get(id.as_str()).copied());
                model.entry(id).or_insert(no as u32);
            }
            let found = index.find(&asked, |it| &ids[it.0 as usize]);
            prop_assert_eq!(found.map(|it| it.0), model.get(asked.as_str()).copied());
        }
    }
}
