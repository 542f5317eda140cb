//! Indexes of a snapshot's columns that are built after loading, for faster groups and orders: [`Codes`] of texts with few
//! values, and [`Sorted`] rows for `@index`.
//!
//! They take a byte for each row of a type and text property with at most 255 different values, and 4 bytes for each row
//! and `@index`. They are built one after the other, which takes at most 16 bytes for each row of the largest type.

use rustc_hash::FxHashMap;

use super::Snapshot;
use super::dictionary::Codes;
use super::sorted_index::Sorted;
use crate::ontology::{PropertyNo, TypeId};

/// Indexes of the columns of a snapshot.
#[derive(Debug, Default)]
pub struct Indexes {
    codes: FxHashMap<(TypeId, PropertyNo), Codes>,
    sorted: FxHashMap<(TypeId, PropertyNo), Sorted>,
}

impl Indexes {
    /// Makes all indexes of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let ontology = snapshot.ontology();
        let mut indexes = Self::default();
        for id in ontology.type_ids() {
            let properties = &ontology.entity_type(id).members.properties;
            for (no, property) in properties.iter().enumerate() {
                let no = PropertyNo(no as u16);
                if let Some(codes) = snapshot.codes(id, no) {
                    indexes.codes.insert((id, no), codes);
                }
                if property.index
                    && let Some(sorted) = snapshot.sorted(id, no)
                {
                    indexes.sorted.insert((id, no), sorted);
                }
            }
        }
        indexes
    }

    /// The codes of a property's texts, where it has few.
    pub fn codes(&self, type_id: TypeId, property: PropertyNo) -> Option<&Codes> {
        self.codes.get(&(type_id, property))
    }

    /// The rows of a type in the order of an `@index` property.
    pub fn sorted(&self, type_id: TypeId, property: PropertyNo) -> Option<&Sorted> {
        self.sorted.get(&(type_id, property))
    }

    /// The memory that they take, in bytes.
    pub fn bytes(&self) -> usize {
        let codes: usize = self.codes.values().map(Codes::bytes).sum();
        codes + self.sorted.values().map(Sorted::bytes).sum::<usize>()
    }
}
