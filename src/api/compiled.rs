//! The compiled forms of an ontology: the public schema, its SDL, and the documents, plans and request bodies that were
//! prepared for it.
//!
//! A [`Schema`] lives as long as the ontology stays the same, a [`Revision`](super::revision::Revision) as long as the data.
//! Nothing here refers to a snapshot: plans name types, properties and relations by their positions in the ontology, and
//! these are the same in every ontology of equal content.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::compressed_cache::CompressedCache;
use super::document_cache::DocumentCache;
use super::encoding::Encoding;
use super::request_cache::RequestCache;
use super::{Api, ApiError};
use crate::memory::Allowance;
use crate::ontology::{Ontology, OntologyDigest};
use crate::plan::Variables;

/// Numbers of compilations since the process began, over all schemas.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub apis: AtomicU64,
    pub documents: AtomicU64,
    pub plans: AtomicU64,
}

/// All compiled data that depends only on the ontology.
#[derive(Debug)]
pub(super) struct Schema {
    digest: OntologyDigest,
    pub api: Arc<Api>,
    pub documents: DocumentCache,
    pub bodies: RequestCache,
    pub packed: CompressedCache,
    pub counters: Arc<Counters>,
    /// The variables of requests that have none.
    pub no_values: Arc<Variables>,
    /// The SDL, compressed when it is first asked for.
    sdl: [OnceLock<Vec<u8>>; Encoding::ALL.len()],
}

impl Schema {
    /// Creates the data for an ontology's API.
    pub fn new(ontology: &Ontology, api: Api) -> Self {
        let counters = Counters {
            apis: AtomicU64::new(1),
            ..Counters::default()
        };
        Self::counted(ontology.digest(), Arc::new(api), Arc::new(counters))
    }

    /// The API of an ontology: that of this schema if the ontology has the same content, else a new one within some memory.
    ///
    /// # Errors
    /// As [`Api::within`].
    pub fn api_of(&self, ontology: &Ontology, memory: &Allowance) -> Result<Arc<Api>, ApiError> {
        if ontology.digest() == self.digest {
            return Ok(self.api.clone());
        }
        self.counters.apis.fetch_add(1, Ordering::Relaxed);
        Api::within(ontology, memory).map(Arc::new)
    }

    /// The schema of an ontology: this one if the ontology has the same content, else a new one with the given API.
    pub fn of(self: &Arc<Self>, ontology: &Ontology, api: Arc<Api>) -> Arc<Self> {
        let digest = ontology.digest();
        if digest == self.digest {
            return self.clone();
        }
        Arc::new(Self::counted(digest, api, self.counters.clone()))
    }

    fn counted(digest: OntologyDigest, api: Arc<Api>, counters: Arc<Counters>) -> Self {
        Self {
            digest,
            api,
            documents: DocumentCache::default(),
            bodies: RequestCache::default(),
            packed: CompressedCache::default(),
            counters,
            no_values: Arc::default(),
            sdl: Default::default(),
        }
    }

    /// The SDL, compressed. The first call takes time linear in its length.
    pub fn sdl(&self, encoding: Encoding) -> &[u8] {
        self.sdl[encoding.rank()].get_or_init(|| {
            let sdl = self.api.sdl().as_bytes();
            // Nothing bounds this but the schema.
            encoding.compress(sdl, |_| Ok(())).unwrap_or_default()
        })
    }
}
