//! Records of requests and connections: lines in the log, and counters.

use std::collections::BTreeMap;
#[cfg(feature = "probes")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::log::Log;

/// The log and the counters of a server.
#[derive(Debug)]
pub(super) struct Record {
    pub log: Log,
    pub counters: Counters,
}

impl Record {
    pub fn new(log: Log) -> Self {
        Self {
            log,
            counters: Counters::default(),
        }
    }
}

/// Counters that no other module has.
#[derive(Debug, Default)]
pub(super) struct Counters {
    codes: Mutex<BTreeMap<&'static str, u64>>,
    /// CPU time of the longest poll of a connection, in nanoseconds.
    #[cfg(feature = "probes")]
    longest_poll: AtomicU64,
}

impl Counters {
    /// Counts a request that was refused or that failed, by its error code.
    pub fn note_code(&self, code: &'static str) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        *codes.entry(code).or_default() += 1;
    }

    /// Requests that were refused or failed, by code.
    pub fn codes(&self) -> BTreeMap<&'static str, u64> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records the CPU time of a poll of a connection.
    #[cfg(feature = "probes")]
    pub fn note_poll(&self, taken: std::time::Duration) {
        self.longest_poll
            .fetch_max(taken.as_nanos() as u64, Ordering::Relaxed);
    }

    /// CPU time of the longest poll so far, in nanoseconds.
    #[cfg(feature = "probes")]
    pub fn longest_poll(&self) -> u64 {
        self.longest_poll.load(Ordering::Relaxed)
    }

    /// A future that records the CPU time of its polls.
    #[cfg(feature = "probes")]
    pub async fn measured<F: Future>(&self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| {
            let begun = crate::probes::cpu_time();
            let polled = future.as_mut().poll(cx);
            self.note_poll(crate::probes::cpu_time().saturating_sub(begun));
            polled
        })
        .await
    }
}
