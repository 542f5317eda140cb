//! What is served now, and how the last attempt to serve something newer went.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::api::{Engine, Gate};

/// The engine that serves, which may be replaced while it does. A request keeps the one that it began with.
#[derive(Debug)]
pub struct Live {
    engine: Arc<ArcSwap<Engine>>,
    gate: Arc<Gate>,
    /// What was wrong with the last attempt; `None` after one that went well.
    failure: ArcSwapOption<String>,
    reloads: AtomicU64,
}

impl Live {
    /// Serves an engine.
    pub fn new(engine: Engine, gate: Gate) -> Self {
        Self {
            engine: Arc::new(ArcSwap::from_pointee(engine)),
            gate: Arc::new(gate),
            failure: ArcSwapOption::empty(),
            reloads: AtomicU64::new(0),
        }
    }

    /// The engine that serves now.
    pub fn engine(&self) -> Arc<Engine> {
        self.engine.load_full()
    }

    /// The engine, to be looked up for each request.
    pub fn shared(&self) -> Arc<ArcSwap<Engine>> {
        self.engine.clone()
    }

    /// What all requests together may take.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Serves another engine from now on.
    pub fn replace(&self, engine: Engine) {
        self.gate.fit(engine.snapshot().counts().entities);
        self.engine.store(Arc::new(engine));
        self.failure.store(None);
        self.reloads.fetch_add(1, Ordering::Relaxed);
    }

    /// Goes on with the old engine, and keeps what was wrong with the new one.
    pub fn keep(&self, failure: String) {
        self.failure.store(Some(Arc::new(failure)));
    }

    /// What was wrong with the last attempt.
    pub fn failure(&self) -> Option<Arc<String>> {
        self.failure.load_full()
    }

    /// How often the engine was replaced.
    pub fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::Relaxed)
    }
}
