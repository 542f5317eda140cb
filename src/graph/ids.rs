//! From an id, or from a unique value, to a row.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::EntityNo;
use super::column::Column;

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Ids to entity numbers. The ids themselves lie in the tables: the index keeps four bytes an entity.
#[derive(Debug, Default)]
pub(super) struct IdIndex {
    table: HashTable<u32>,
}

impl IdIndex {
    pub fn with_capacity(entities: usize) -> Self {
        Self {
            table: HashTable::with_capacity(entities),
        }
    }

    /// Adds an entity; the one that has its id already, if there is one.
    pub fn insert<'a>(&mut self, entity: EntityNo, id_of: impl Fn(EntityNo) -> &'a str) -> Option<EntityNo> {
        let id = id_of(entity);
        let entry = self.table.entry(
            hash(id),
            |other| id_of(EntityNo(*other)) == id,
            |other| hash(id_of(EntityNo(*other))),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(there) => Some(EntityNo(*there.get())),
            hashbrown::hash_table::Entry::Vacant(free) => {
                free.insert(entity.0);
                None
            }
        }
    }

    pub fn find<'a>(&self, id: &str, id_of: impl Fn(EntityNo) -> &'a str) -> Option<EntityNo> {
        let found = self.table.find(hash(id), |it| id_of(EntityNo(*it)) == id);
        found.map(|it| EntityNo(*it))
    }

    pub fn bytes(&self) -> usize {
        self.table.allocation_size()
    }
}

/// Unique values of one property to rows. A value's key is its JSON without quotes, so that all kinds of
/// values have one.
#[derive(Debug, Default)]
pub(super) struct UniqueIndex {
    table: HashTable<u32>,
}

/// The key of a row's value; `None` where it has none.
pub(super) fn unique_key(column: &Column, row: usize) -> Option<String> {
    let values = column.values();
    if values.is_null(row) {
        return None;
    }
    if let Some(text) = values.text(row) {
        return Some(text.to_owned());
    }
    let mut json = Vec::new();
    values.write(row, &[], &mut json);
    let json = String::from_utf8_lossy(&json).into_owned();
    Some(json.trim_matches('"').to_owned())
}

impl UniqueIndex {
    /// Adds a row; the one that has its value already, if there is one.
    pub fn insert(&mut self, column: &Column, row: usize) -> Option<usize> {
        let key = unique_key(column, row)?;
        let key_of = |row: &u32| unique_key(column, *row as usize).unwrap_or_default();
        let entry = self.table.entry(
            hash(&key),
            |other| key_of(other) == key,
            |other| hash(&key_of(other)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(there) => Some(*there.get() as usize),
            hashbrown::hash_table::Entry::Vacant(free) => {
                free.insert(row as u32);
                None
            }
        }
    }

    pub fn find(&self, column: &Column, text: &str) -> Option<usize> {
        let key_of = |row: &u32| unique_key(column, *row as usize).unwrap_or_default();
        let found = self.table.find(hash(text), |it| key_of(it) == text);
        found.map(|it| *it as usize)
    }

    pub fn bytes(&self) -> usize {
        self.table.allocation_size()
    }
}
