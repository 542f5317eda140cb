//! Requests that are ready to run.

use std::sync::Arc;

use super::document::{Document, Planned};
use crate::plan::Variables;

/// A request that is ready to run on any revision with the same ontology.
#[derive(Debug)]
pub(super) struct Prepared {
    pub document: Arc<Document>,
    pub planned: Arc<Planned>,
    pub values: Arc<Variables>,
    /// Bytes that the variables take at most.
    pub variables: usize,
    /// Whether the limits on pages, and on the entries that all pages could have, apply.
    pub is_paged: bool,
}

impl Prepared {
    /// Bytes that are held while it runs: its document, which a cache need not have, and its variables.
    pub fn held(&self) -> usize {
        self.document.weight() + self.variables
    }

    /// Bytes that its document and its plans take.
    pub fn weight(&self) -> usize {
        self.document.weight()
    }

    /// Whether its document declares variables.
    pub fn has_variables(&self) -> bool {
        !self.document.operation().variables.is_empty()
    }

    /// Whether the answer depends on the schema alone, so that it is always the same.
    pub fn is_constant(&self) -> bool {
        self.planned.plan.asks_only_for_schema() && !self.has_variables()
    }
}
