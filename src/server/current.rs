//! The engine in use, and the result of the last reload.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;

use crate::api::{Engine, Gate};

/// The engine in use, which can be replaced at any time. A running request keeps the engine with which it began.
#[derive(Debug)]
pub struct Live {
    engine: ArcSwap<Engine>,
    gate: Arc<Gate>,
    /// Whether the last attempt to replace the engine failed.
    is_stale: AtomicBool,
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
}

impl Live {
    /// Starts with an engine.
    pub fn new(engine: Engine, gate: Gate) -> Self {
        Self {
            engine: ArcSwap::from_pointee(engine),
            gate: Arc::new(gate),
            is_stale: AtomicBool::new(false),
            reloads: AtomicU64::new(0),
            failed_reloads: AtomicU64::new(0),
        }
    }

    /// The current engine.
    pub fn engine(&self) -> Arc<Engine> {
        self.engine.load_full()
    }

    /// The gate, which limits the memory and the long runs of all requests together.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Replaces the engine.
    pub fn replace(&self, engine: Engine) {
        self.gate.fit(engine.snapshot().counts().entities);
        // The reload is counted first, so that a client that sees the new graph also sees the reload.
        self.reloads.fetch_add(1, Ordering::SeqCst);
        let old = self.engine.swap(Arc::new(engine));
        crate::background_drop::later(old);
        self.is_stale.store(false, Ordering::Release);
    }

    /// Keeps the old engine because a reload failed. The reason is only logged, because anyone can read `/health`.
    pub fn keep(&self) {
        self.failed_reloads.fetch_add(1, Ordering::Relaxed);
        self.is_stale.store(true, Ordering::Release);
    }

    /// Whether the last reload failed.
    pub fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Acquire)
    }

    /// Number of successful reloads.
    pub fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::SeqCst)
    }

    /// Number of failed reloads.
    pub fn failed_reloads(&self) -> u64 {
        self.failed_reloads.load(Ordering::Relaxed)
    }
}
