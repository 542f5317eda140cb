//! Bodies of requests that came before: the same bytes ask the same, so they need not be read again.
//!
//! `docs/performance.md` has the time that this saves.

use std::sync::Arc;

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Weighter};

use super::prepared::Prepared;
use crate::background_drop::{DropInBackground, MemorySize};

/// Longer bodies are read each time.
const LONGEST: usize = 16 << 10;
/// Approximate limit of the cache in bytes.
const BYTES: u64 = 16 << 20;

/// It may be all that still keeps the document, so it weighs as much.
#[derive(Clone)]
struct Weight;

impl Weighter<Box<[u8]>, Arc<Prepared>> for Weight {
    fn weight(&self, body: &Box<[u8]>, prepared: &Arc<Prepared>) -> u64 {
        (body.len() + 512 + prepared.weight()) as u64
    }
}

impl MemorySize for Prepared {
    fn bytes(&self) -> usize {
        self.weight()
    }
}

/// Requests that are ready to run, by the bytes of their bodies.
pub(super) struct RequestCache(Cache<Box<[u8]>, Arc<Prepared>, Weight, DefaultHashBuilder, DropInBackground>);

impl Default for RequestCache {
    fn default() -> Self {
        Self(Cache::with(
            4096,
            BYTES,
            Weight,
            DefaultHashBuilder::default(),
            DropInBackground,
        ))
    }
}

impl std::fmt::Debug for RequestCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestCache")
            .field("len", &self.0.len())
            .finish()
    }
}

impl RequestCache {
    /// The prepared request of a body.
    pub fn get(&self, body: &[u8]) -> Option<Arc<Prepared>> {
        self.0.get(body)
    }

    /// Bytes of what is kept.
    pub fn bytes(&self) -> u64 {
        self.0.weight()
    }

    /// Keeps what a body was prepared to.
    pub fn insert(&self, body: &[u8], prepared: &Arc<Prepared>) {
        if body.len() <= LONGEST {
            self.0.insert(body.into(), prepared.clone());
        }
    }
}
