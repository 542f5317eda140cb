//! The indexes of a snapshot, which are built in the background.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::lazy_index::LazyIndex;
use super::{Index, Names, SearchError};
use crate::graph::{Cited, Indexes, Snapshot, Trigrams};
use crate::ontology::{PropertyNo, TypeId};

/// The indexes of a snapshot, as far as they are complete.
#[derive(Debug)]
pub struct Background {
    snapshot: Arc<Snapshot>,
    index: LazyIndex<Result<Index, String>>,
    names: LazyIndex<Names>,
    cited: LazyIndex<Cited>,
    grams: OnceLock<HashMap<(TypeId, PropertyNo), Trigrams>>,
    columns: OnceLock<Indexes>,
}

impl Background {
    /// The index of a snapshot. It is made at the first use, or by [`Self::make`].
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot,
            index: LazyIndex::default(),
            names: LazyIndex::default(),
            cited: LazyIndex::default(),
            grams: OnceLock::new(),
            columns: OnceLock::new(),
        }
    }

    /// Makes the index, unless another caller does, and waits until it is complete.
    ///
    /// # Errors
    /// When tantivy cannot make it, for want of memory or threads.
    pub fn make(&self) -> Result<&Index, SearchError> {
        self.get(&|| false)
    }

    /// The index; waits until it is there, or until the time is over.
    ///
    /// # Errors
    /// When tantivy cannot make it, or the time is over.
    pub fn get(&self, over: &dyn Fn() -> bool) -> Result<&Index, SearchError> {
        let build = || Index::build(&self.snapshot).map_err(|error| error.to_string());
        match self.index.get(over, build) {
            Some(Ok(index)) => Ok(index),
            Some(Err(error)) => Err(SearchError::Unusable(error.clone())),
            None => Err(SearchError::Over),
        }
    }

    /// The names of all entities; waits until they are there, or until the time is over.
    ///
    /// # Errors
    /// When the time is over.
    pub fn names(&self, over: &dyn Fn() -> bool) -> Result<&Names, SearchError> {
        let names = self.names.get(over, || Names::build(&self.snapshot));
        names.ok_or(SearchError::Over)
    }

    /// The facts that cite each source, which are found for the first caller; waits until they are there, or until the time
    /// is over.
    ///
    /// # Errors
    /// When the time is over.
    pub fn cited(&self, over: &dyn Fn() -> bool) -> Result<&Cited, SearchError> {
        let cited = self.cited.get(over, || Cited::build(&self.snapshot));
        cited.ok_or(SearchError::Over)
    }

    /// Indexes where in the `@search` fields a substring can be; gives the bytes that it takes. Filters do without it
    /// until it is there.
    pub fn make_grams(&self) -> usize {
        let ontology = self.snapshot.ontology();
        let properties = ontology.type_ids().flat_map(|id| {
            let all = ontology.entity_type(id).members.properties.iter().enumerate();
            let searched = all.filter(|(_, it)| it.search && !it.list);
            searched.map(move |(no, _)| (id, PropertyNo(no as u16)))
        });
        let properties: Vec<(TypeId, PropertyNo)> = properties.collect();
        let grams = self.grams.get_or_init(|| {
            let each = properties.par_iter().filter_map(|(id, no)| {
                let grams = self.snapshot.trigrams(*id, *no)?;
                Some(((*id, *no), grams))
            });
            each.collect()
        });
        grams.values().map(Trigrams::bytes).sum()
    }

    /// The rows of a property that can contain a substring, if the property is indexed and the index is complete.
    pub fn grams(&self, id: TypeId, property: PropertyNo) -> Option<&Trigrams> {
        self.grams.get()?.get(&(id, property))
    }

    /// Indexes columns, for groups and orders; gives the bytes that it takes. Both do without it until it is there.
    pub fn make_columns(&self) -> usize {
        self.columns.get_or_init(|| Indexes::of(&self.snapshot)).bytes()
    }

    /// The indexes of columns, if they are there.
    #[inline]
    pub fn columns(&self) -> Option<&Indexes> {
        self.columns.get()
    }

    /// The index, if it is there already.
    pub fn ready(&self) -> Option<&Index> {
        self.index.ready()?.as_ref().ok()
    }
}
