//! The documents of a schema that were compiled before, with their plans.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Equivalent, Weighter};

use super::answer::GraphqlError;
use super::document::Document;
use super::{Api, Limits};
use crate::background_drop::{DropInBackground, MemorySize};

/// The document's text and the operation's name.
type Key = (Box<str>, Option<Box<str>>);

/// A key that is not kept.
struct BorrowedKey<'a>(&'a str, Option<&'a str>);

impl Hash for BorrowedKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        self.1.hash(state);
    }
}

impl Equivalent<Key> for BorrowedKey<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.0 == &*key.0 && self.1 == key.1.as_deref()
    }
}

/// A document weighs what it and its plans take.
#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<Document>> for Weight {
    fn weight(&self, key: &Key, document: &Arc<Document>) -> u64 {
        (key.0.len() + document.weight()) as u64
    }
}

impl MemorySize for Document {
    fn bytes(&self) -> usize {
        self.weight()
    }
}

/// The documents of one schema, bounded by the memory that they take.
pub(super) struct DocumentCache {
    cache: Cache<Key, Arc<Document>, Weight, DefaultHashBuilder, DropInBackground>,
}

/// Bytes of documents and plans that are kept.
const CACHE_BYTES: u64 = 32 << 20;

impl Default for DocumentCache {
    fn default() -> Self {
        Self {
            cache: Cache::with(
                4096,
                CACHE_BYTES,
                Weight,
                DefaultHashBuilder::default(),
                DropInBackground,
            ),
        }
    }
}

impl std::fmt::Debug for DocumentCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentCache")
            .field("len", &self.cache.len())
            .finish()
    }
}

impl DocumentCache {
    /// Whether the document of a text is in the cache.
    pub fn has(&self, text: &str, operation: Option<&str>) -> bool {
        self.cache.get(&BorrowedKey(text, operation)).is_some()
    }

    /// The document of a text, and whether it was made now.
    pub fn get(
        &self,
        api: &Api,
        limits: &Limits,
        text: &str,
        operation: Option<&str>,
    ) -> Result<(Arc<Document>, bool), Vec<GraphqlError>> {
        if let Some(found) = self.cache.get(&BorrowedKey(text, operation)) {
            return Ok((found, false));
        }
        Ok((Arc::new(Document::new(api, limits, text, operation)?), true))
    }

    /// Keeps a document, or weighs it again after another plan was made of it.
    pub fn keep(&self, text: &str, operation: Option<&str>, document: &Arc<Document>) {
        let key = (text.into(), operation.map(Into::into));
        self.cache.insert(key, document.clone());
    }

    /// Bytes of all documents and plans that are kept.
    pub fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}
