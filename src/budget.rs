//! Limits of a request: bytes, rows, time and working memory.
//!
//! A request has one [`Budget`] from its first byte to the last byte of its answer. Each stage counts its use, and ends
//! with a [`Stop`] when a limit is reached. [`Memory`] limits all requests together: a request reserves bytes before it
//! uses them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Why a request ended early: which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// More entities and edges would be visited than the limit allows.
    Rows,
    /// The answer, or the memory that it takes to make it, exceeds the limit.
    Bytes,
    /// The deadline passed.
    Timeout,
    /// The client disconnected.
    Cancelled,
    /// All running requests together have reserved the memory that they may use.
    Busy,
}

/// Deadline and cancellation flag of a request.
#[derive(Debug, Clone, Copy)]
pub struct Clock<'a> {
    /// When the request started; if not set, the time when the clock is first read. A short run never reads the clock,
    /// because that takes as long as finding an entity.
    pub started: &'a OnceLock<Instant>,
    /// Time from `started` to the deadline.
    pub time: Duration,
    /// Set when the client no longer needs the answer.
    pub cancelled: Option<&'a AtomicBool>,
}

impl Clock<'_> {
    /// Whether the request has to end now, and the reason.
    pub fn stop(&self) -> Option<Stop> {
        self.elapsed().err()
    }

    /// Time since the request started.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn elapsed(&self) -> Result<Duration, Stop> {
        if self.cancelled.is_some_and(|it| it.load(Ordering::Relaxed)) {
            return Err(Stop::Cancelled);
        }
        let elapsed = self.started.get_or_init(Instant::now).elapsed();
        if elapsed > self.time {
            return Err(Stop::Timeout);
        }
        #[cfg(feature = "probes")]
        crate::probes::checked();
        Ok(elapsed)
    }

    /// Ends the request if its deadline has passed.
    ///
    /// # Errors
    /// [`Stop::Timeout`] after the deadline, [`Stop::Cancelled`] after the client disconnected.
    pub fn check(&self) -> Result<(), Stop> {
        self.elapsed().map(drop)
    }
}

/// The limits of one run.
#[derive(Debug, Clone, Copy)]
pub struct Budget<'a> {
    /// Size of the answer in bytes, including its errors and extensions.
    pub bytes: usize,
    /// Bytes of working memory in addition to the answer: sorted rows, scores, groups, sets of visited entities.
    pub working: usize,
    /// Entities and edges visited.
    pub rows: u64,
    /// Deadline and cancellation.
    pub clock: Clock<'a>,
    /// The request's reservation of the shared memory; `None` for a run that is too small to be counted.
    pub memory: Option<&'a Reservation>,
    /// Bytes that are reserved for the prepared request, such as its bound arguments.
    pub base: usize,
}

/// Memory that all running requests share, counted by reservations.
#[derive(Debug)]
pub struct Memory {
    limit: AtomicUsize,
    used: AtomicUsize,
    most: AtomicUsize,
}

impl Memory {
    /// A pool of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: AtomicUsize::new(limit),
            used: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    /// Reserves bytes; `None` if fewer are left.
    pub fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        let reservation = Reservation {
            memory: self.clone(),
            bytes: AtomicUsize::new(0),
        };
        reservation.grow(bytes).then_some(reservation)
    }

    /// Maximum number of bytes that may be reserved.
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Changes the limit. Existing reservations stay valid.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Number of bytes that are reserved now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The largest number of bytes that were reserved at the same time.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

/// Reserved bytes, which are released when this is dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: Arc<Memory>,
    bytes: AtomicUsize,
}

impl Reservation {
    /// Reserves `bytes` more bytes. Returns `false` and changes nothing if fewer are left.
    pub fn grow(&self, bytes: usize) -> bool {
        let memory = &self.memory;
        let before = memory.used.fetch_add(bytes, Ordering::Relaxed);
        let after = before.saturating_add(bytes);
        if after > memory.limit() {
            memory.used.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        memory.most.fetch_max(after, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Raises the reservation to `bytes` bytes. Returns `false` and changes nothing if too few are left.
    pub fn grow_to(&self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes());
        more == 0 || self.grow(more)
    }

    /// Lowers the reservation to at most `bytes` bytes.
    pub fn shrink_to(&self, bytes: usize) {
        let before = self.bytes.fetch_min(bytes, Ordering::Relaxed);
        self.memory
            .used
            .fetch_sub(before.saturating_sub(bytes), Ordering::Relaxed);
    }

    /// Number of bytes reserved here.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_never_exceed_the_pool_and_are_given_back() {
        let memory = Arc::new(Memory::new(100));
        let first = memory.reserve(60).expect("the pool is empty");
        assert!(memory.reserve(41).is_none());
        let second = memory.reserve(40).expect("40 are left");
        assert!(!first.grow(1));
        drop(second);
        assert!(first.grow(40));
        first.shrink_to(10);
        assert_eq!((memory.used(), memory.most()), (10, 100));
        drop(first);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn a_clock_stops_at_its_deadline_or_when_cancelled() {
        let started = OnceLock::new();
        let cancelled = AtomicBool::new(false);
        let mut clock = Clock {
            started: &started,
            time: Duration::from_hours(1),
            cancelled: Some(&cancelled),
        };
        assert_eq!(clock.stop(), None);
        cancelled.store(true, Ordering::Relaxed);
        assert_eq!(clock.check(), Err(Stop::Cancelled));
        clock.cancelled = None;
        clock.time = Duration::ZERO;
        assert_eq!(clock.stop(), Some(Stop::Timeout));
    }
}
