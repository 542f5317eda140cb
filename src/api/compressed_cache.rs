//! Compressed answers that say what the schema has and nothing else: they are the same for as long as the schema is.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::document::Planned;
use super::encoding::Encoding;

/// Bytes that are kept, with the plans that they belong to.
const BYTES: u64 = 8 << 20;

/// A plan of an operation without variables always gives the same answer.
#[derive(Clone)]
struct Key {
    planned: Arc<Planned>,
    encoding: Encoding,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.planned, &other.planned) && self.encoding == other.encoding
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.planned).hash(state);
        self.encoding.rank().hash(state);
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<[u8]>> for Weight {
    fn weight(&self, key: &Key, body: &Arc<[u8]>) -> u64 {
        (key.planned.bytes + body.len() + 128) as u64
    }
}

/// Compressed answers by plan and encoding.
pub(super) struct CompressedCache(Cache<Key, Arc<[u8]>, Weight>);

impl Default for CompressedCache {
    fn default() -> Self {
        Self(Cache::with_weighter(64, BYTES, Weight))
    }
}

impl std::fmt::Debug for CompressedCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CompressedCache")
            .field("len", &self.0.len())
            .finish()
    }
}

impl CompressedCache {
    /// The body of an answer.
    pub fn get(&self, planned: &Arc<Planned>, encoding: Encoding) -> Option<Arc<[u8]>> {
        let planned = planned.clone();
        self.0.get(&Key { planned, encoding })
    }

    /// Keeps the body of an answer.
    pub fn insert(&self, planned: &Arc<Planned>, encoding: Encoding, body: &[u8]) {
        let planned = planned.clone();
        self.0.insert(Key { planned, encoding }, body.into());
    }

    /// Bytes of what is kept.
    pub fn bytes(&self) -> u64 {
        self.0.weight()
    }
}
