//! Limits the number of concurrent long runs and the memory that all requests hold together.
//!
//! One gate serves all engines of a server, so that a reload does not double the limits. Short runs bypass it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::budget::{Memory, Reservation, Stop};

/// Bytes for each entity of the graph that the shared memory has by default beside its fixed part.
const BYTES_PER_ENTITY: usize = 64;

/// Runs that wait for their turn.
const LONGEST_QUEUE: usize = 64;

/// Time that a run waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Bytes reserved for a long run before it begins.
const RESERVED_TO_BEGIN: usize = 256 << 10;

/// Limits on all requests together.
#[derive(Debug, Clone, Copy, Default)]
pub struct GateLimits {
    /// Long runs at a time; four for each core if it is `None`.
    pub runs: Option<usize>,
    /// Bytes that all requests hold together; 256 MiB and 64 bytes for each entity if it is `None`.
    pub memory: Option<usize>,
}

/// The gate that long runs go through.
#[derive(Debug)]
pub struct Gate {
    limits: GateLimits,
    memory: Arc<Memory>,
    most: usize,
    runs: Arc<Semaphore>,
    waiting: AtomicUsize,
    begun: AtomicU64,
    #[cfg(feature = "probes")]
    overrun: AtomicU64,
}

/// The gate's counters, for metrics.
#[derive(Debug, Clone, Copy)]
pub struct GateStats {
    /// Long runs that take place now.
    pub running: usize,
    /// Requests that wait for their turn.
    pub waiting: usize,
    /// Long runs since the start.
    pub begun: u64,
    /// Bytes that requests hold now.
    pub reserved: usize,
    /// Bytes that they may hold together.
    pub memory: usize,
    /// The largest number of bytes that they held at one time.
    pub most_reserved: usize,
    /// The most CPU time that a run took after its deadline or after its client disconnected.
    #[cfg(feature = "probes")]
    pub overrun: Duration,
}

/// One long request: its place among the runs, its clock and its memory.
#[derive(Debug)]
pub struct RunPermit {
    /// When it was received.
    pub(super) started: OnceLock<Instant>,
    /// Set when the client no longer waits for the answer.
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) memory: Reservation,
    _place: OwnedSemaphorePermit,
}

/// Somebody who waits for an answer; dropping this cancels the run.
#[derive(Debug)]
pub(super) struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Gate {
    /// A gate for a graph of `entities` entities.
    pub fn new(limits: GateLimits, entities: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let most = limits.runs.unwrap_or(4 * cores).max(1);
        let gate = Self {
            limits,
            memory: Arc::new(Memory::new(0)),
            most,
            runs: Arc::new(Semaphore::new(most)),
            waiting: AtomicUsize::new(0),
            begun: AtomicU64::new(0),
            #[cfg(feature = "probes")]
            overrun: AtomicU64::new(0),
        };
        gate.fit(entities);
        gate
    }

    /// Sets the shared memory for a graph of `entities` entities, unless the limit was configured.
    pub fn fit(&self, entities: usize) {
        let usual = (256 << 20) + entities.saturating_mul(BYTES_PER_ENTITY);
        self.memory.set_limit(self.limits.memory.unwrap_or(usual));
    }

    /// The memory that requests share.
    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// Waits for a place among the long runs.
    ///
    /// # Errors
    /// [`Stop::Busy`] when too many wait already, when no place became free in time, or when the memory is used up.
    pub(super) async fn enter(
        &self,
        received: Instant,
        held: Option<Reservation>,
        bytes: usize,
    ) -> Result<(RunPermit, CancelOnDrop), Stop> {
        let bytes = bytes + RESERVED_TO_BEGIN;
        let memory = match held {
            Some(held) => held.grow(bytes).then_some(held),
            None => self.memory.reserve(bytes),
        };
        let memory = memory.ok_or(Stop::Busy)?;
        let place = match self.runs.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.queue().await?,
        };
        self.begun.fetch_add(1, Ordering::Relaxed);
        let cancelled = Arc::new(AtomicBool::new(false));
        let waiting = CancelOnDrop(cancelled.clone());
        let ticket = RunPermit {
            started: OnceLock::from(received),
            cancelled,
            memory,
            _place: place,
        };
        Ok((ticket, waiting))
    }

    async fn queue(&self) -> Result<OwnedSemaphorePermit, Stop> {
        struct Place<'a>(&'a AtomicUsize);
        impl Drop for Place<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        // Given back when the client leaves the queue, too.
        let _place = Place(&self.waiting);
        if before >= LONGEST_QUEUE {
            return Err(Stop::Busy);
        }
        match tokio::time::timeout(LONGEST_WAIT, self.runs.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Stop::Busy),
        }
    }

    /// The gate's counters.
    pub fn stats(&self) -> GateStats {
        GateStats {
            running: self.most - self.runs.available_permits().min(self.most),
            waiting: self.waiting.load(Ordering::Relaxed),
            begun: self.begun.load(Ordering::Relaxed),
            reserved: self.memory.used(),
            memory: self.memory.limit(),
            most_reserved: self.memory.most(),
            #[cfg(feature = "probes")]
            overrun: Duration::from_nanos(self.overrun.load(Ordering::Relaxed)),
        }
    }

    /// Notes how much CPU time a run took after it should have ended.
    #[cfg(feature = "probes")]
    pub(super) fn note_overrun(&self, ticket: &RunPermit, time: Duration) {
        let clock = ticket.clock(time);
        if clock.stop().is_some() {
            let overrun = crate::probes::since_last_check();
            self.overrun
                .fetch_max(overrun.as_nanos() as u64, Ordering::Relaxed);
        }
    }
}

impl RunPermit {
    /// The deadline and the cancellation of the request.
    pub(super) fn clock(&self, time: Duration) -> crate::budget::Clock<'_> {
        crate::budget::Clock {
            started: &self.started,
            time,
            cancelled: Some(&self.cancelled),
        }
    }

    /// Bytes that are reserved beside what every run begins with.
    pub(super) fn base(&self) -> usize {
        self.memory.bytes().saturating_sub(RESERVED_TO_BEGIN)
    }

    /// Gives back what only reading and preparing took; `bytes` are held on.
    pub(super) fn keep(&self, bytes: usize) {
        self.memory.shrink_to(bytes.saturating_add(RESERVED_TO_BEGIN));
    }

    /// Gives up the place among the runs and keeps the memory for as long as the answer is being sent.
    pub(super) fn into_memory(self) -> Reservation {
        self.memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(runs: usize, memory: usize) -> Gate {
        let limits = GateLimits {
            runs: Some(runs),
            memory: Some(memory),
        };
        Gate::new(limits, 0)
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_waits_for_a_place_and_is_refused_after_a_second() {
        let gate = Arc::new(gate(1, 10 << 20));
        let first = gate
            .enter(Instant::now(), None, 0)
            .await
            .expect("a place is free");
        let begin = tokio::time::Instant::now();
        let refused = gate.enter(Instant::now(), None, 0).await;
        assert_eq!(refused.err(), Some(Stop::Busy));
        assert_eq!(begin.elapsed(), LONGEST_WAIT);
        let stats = gate.stats();
        assert_eq!((stats.running, stats.waiting, stats.begun), (1, 0, 1));
        let other = gate.clone();
        let next = tokio::spawn(async move { other.enter(Instant::now(), None, 0).await.is_ok() });
        tokio::task::yield_now().await;
        drop(first);
        assert!(next.await.expect("the task ends"));
    }

    #[tokio::test]
    async fn a_full_queue_and_a_full_memory_refuse_at_once() {
        let gate = gate(1, (LONGEST_QUEUE + 8) * RESERVED_TO_BEGIN);
        let _first = gate
            .enter(Instant::now(), None, 0)
            .await
            .expect("a place is free");
        gate.waiting.store(LONGEST_QUEUE, Ordering::Relaxed);
        assert_eq!(gate.enter(Instant::now(), None, 0).await.err(), Some(Stop::Busy));
        gate.waiting.store(0, Ordering::Relaxed);
        let all = gate.memory().limit();
        assert_eq!(
            gate.enter(Instant::now(), None, all).await.err(),
            Some(Stop::Busy)
        );
    }
}
