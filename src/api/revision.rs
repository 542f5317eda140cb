//! A revision of the data: a snapshot, its index, and the limits that follow from its size.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::graph::Snapshot;
use crate::search::Background;

/// Working memory that a request may hold, in addition to [`WORKING_PER_ENTITY`].
pub(super) const WORKING_BYTES: usize = 8 << 20;
/// Bytes of working memory for each entity of the graph, for fields that must look at every row.
const WORKING_PER_ENTITY: usize = 32;

/// A graph of at most this size, in bytes, is in the processor's caches, where prefetching only costs. Tests prefetch in small
/// graphs too.
const CACHES: usize = if cfg!(debug_assertions) { 0 } else { 64 << 20 };

/// Identifies a revision, for data that are kept with a plan and are valid for one revision only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RevisionNo(u64);

impl RevisionNo {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The last revision for which something is known; none at first.
#[derive(Debug, Default)]
pub(super) struct PerRevision(AtomicU64);

impl PerRevision {
    #[inline]
    pub fn is(&self, revision: RevisionNo) -> bool {
        self.0.load(Ordering::Relaxed) == revision.0
    }

    pub fn note(&self, revision: RevisionNo) {
        self.0.store(revision.0, Ordering::Relaxed);
    }
}

/// All data that depend on the graph's data.
#[derive(Debug)]
pub(super) struct Revision {
    pub no: RevisionNo,
    pub snapshot: Arc<Snapshot>,
    pub search: Arc<Background>,
    /// Whether the graph is larger than the processor's caches.
    pub is_large: bool,
    /// Bytes of working memory that a request may hold.
    pub working: usize,
}

impl Revision {
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            no: RevisionNo::next(),
            search: Arc::new(Background::new(snapshot.clone())),
            is_large: snapshot.memory().total() > CACHES,
            working: WORKING_BYTES + snapshot.counts().entities.saturating_mul(WORKING_PER_ENTITY),
            snapshot,
        }
    }
}
