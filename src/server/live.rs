//! What is served now, and how the last attempt to serve something newer went.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;

use crate::api::{Engine, Gate};

/// The engine that serves, which may be replaced while it does. A request keeps the one that it began with.
#[derive(Debug)]
pub struct Live {
    engine: ArcSwap<Engine>,
    gate: Arc<Gate>,
    /// Whether the last attempt to replace it failed.
    is_stale: AtomicBool,
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
}

impl Live {
    /// Serves an engine.
    pub fn new(engine: Engine, gate: Gate) -> Self {
        Self {
            engine: ArcSwap::from_pointee(engine),
            gate: Arc::new(gate),
            is_stale: AtomicBool::new(false),
            reloads: AtomicU64::new(0),
            failed_reloads: AtomicU64::new(0),
        }
    }

    /// The engine that serves now.
    pub fn engine(&self) -> Arc<Engine> {
        self.engine.load_full()
    }

    /// What all requests together may take.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Serves another engine from now on.
    pub fn replace(&self, engine: Engine) {
        self.gate.fit(engine.snapshot().counts().entities);
        // Counted first: a client that sees the new graph also sees the reload.
        self.reloads.fetch_add(1, Ordering::SeqCst);
        let old = self.engine.swap(Arc::new(engine));
        crate::freeing::later(old);
        self.is_stale.store(false, Ordering::Release);
    }

    /// Keeps the old engine, because no newer one can be served. The reason is only logged: anyone can read the health.
    pub fn keep(&self) {
        self.failed_reloads.fetch_add(1, Ordering::Relaxed);
        self.is_stale.store(true, Ordering::Release);
    }

    /// Whether the newest schema or data could not be served.
    pub fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Acquire)
    }

    /// How often the engine was replaced.
    pub fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::SeqCst)
    }

    /// How often it was to be replaced and was not.
    pub fn failed_reloads(&self) -> u64 {
        self.failed_reloads.load(Ordering::Relaxed)
    }
}
