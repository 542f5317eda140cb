//! What is made of a snapshot's columns after loading, so that groups take less time: [`Codes`] of texts with few
//! values.
//!
//! A byte for each row of a type and text property with at most 255 different values.

use rustc_hash::FxHashMap;

use super::Snapshot;
use super::coded::Codes;
use crate::ontology::{PropertyNo, TypeId};

/// Indexes of the columns of a snapshot.
#[derive(Debug, Default)]
pub struct Indexes {
    codes: FxHashMap<(TypeId, PropertyNo), Codes>,
}

impl Indexes {
    /// Makes all indexes of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let ontology = snapshot.ontology();
        let mut indexes = Self::default();
        for id in ontology.type_ids() {
            let properties = &ontology.entity_type(id).members.properties;
            for no in 0..properties.len() {
                let no = PropertyNo(no as u16);
                if let Some(codes) = snapshot.codes(id, no) {
                    indexes.codes.insert((id, no), codes);
                }
            }
        }
        indexes
    }

    /// The codes of a property's texts, where it has few.
    pub fn codes(&self, type_id: TypeId, property: PropertyNo) -> Option<&Codes> {
        self.codes.get(&(type_id, property))
    }

    /// The memory that they take, in bytes.
    pub fn bytes(&self) -> usize {
        self.codes.values().map(Codes::bytes).sum()
    }
}
