//! The body of an answer in another form, counted against the request's budget as it is written.

use std::io;

use crate::budget::{Budget, Stop};
use crate::exec;

/// Why a form was not written.
#[derive(Debug, PartialEq, Eq)]
pub enum FormError {
    /// The form cannot show the answer: the reason and how to avoid it.
    Refused(String),
    /// The budget is used up.
    Stop(Stop),
}

impl From<Stop> for FormError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Number of bytes that are reserved at a time.
const RESERVED_AT_ONCE: usize = 256 << 10;

/// Writes or items between two checks of the clock.
const CHECK_EVERY: u32 = 256;

/// The bytes written so far, and the working memory used in addition.
pub(super) struct Body<'a> {
    bytes: Vec<u8>,
    budget: Budget<'a>,
    held: usize,
    looked: u32,
    /// Why writing ended, since an [`io::Error`] cannot hold a [`Stop`].
    stop: Option<Stop>,
}

impl<'a> Body<'a> {
    /// An empty body, in addition to `held` bytes of working memory.
    pub fn new(budget: Budget<'a>, held: usize) -> Self {
        Self {
            bytes: Vec::new(),
            budget,
            held,
            looked: 0,
            stop: None,
        }
    }

    /// Counts working memory before it is allocated.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Stop> {
        self.held = self.held.saturating_add(bytes);
        if self.held > self.budget.working {
            return Err(Stop::Bytes);
        }
        self.reserve()
    }

    /// Releases working memory.
    pub fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
    }

    /// Checks the clock, once in [`CHECK_EVERY`] calls. Must be called for each item.
    pub fn check(&mut self) -> Result<(), Stop> {
        self.looked += 1;
        if self.looked.is_multiple_of(CHECK_EVERY) {
            self.budget.clock.check()?;
        }
        Ok(())
    }

    /// The budget of the body.
    pub fn budget(&self) -> &Budget<'a> {
        &self.budget
    }

    /// Converts an error of a writer.
    pub fn failed(&self, error: impl std::fmt::Display) -> FormError {
        match self.stop {
            Some(stop) => stop.into(),
            None => FormError::Refused(error.to_string()),
        }
    }

    /// The written bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.check()?;
        if self.bytes.len() + bytes.len() > self.budget.bytes {
            return Err(Stop::Bytes);
        }
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            self.grow(bytes.len())?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    #[cold]
    fn grow(&mut self, bytes: usize) -> Result<(), Stop> {
        let (len, capacity) = (self.bytes.len(), self.bytes.capacity());
        let longer = capacity.saturating_add(bytes.max(capacity).max(1024));
        let longer = exec::capacity_within(self.budget.bytes, longer);
        self.hold_grown(longer)?;
        self.bytes.reserve_exact(longer - len);
        Ok(())
    }

    fn reserve(&mut self) -> Result<(), Stop> {
        self.hold_grown(self.bytes.capacity())
    }

    /// Reserves the working memory and a buffer of a capacity. While a buffer grows, the old and the new one exist.
    fn hold_grown(&mut self, capacity: usize) -> Result<(), Stop> {
        let Some(memory) = self.budget.memory else {
            return Ok(());
        };
        let needed = self.budget.base + capacity.saturating_mul(3) / 2 + self.held;
        if memory.grow_to(needed.next_multiple_of(RESERVED_AT_ONCE)) {
            Ok(())
        } else {
            Err(Stop::Busy)
        }
    }
}

impl io::Write for Body<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.add(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(stop) => {
                self.stop = Some(stop);
                Err(io::Error::from(io::ErrorKind::OutOfMemory))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Clock, Memory};
    use std::io::Write;
    use std::sync::{Arc, OnceLock};
    use std::time::Duration;

    #[test]
    fn a_body_ends_at_its_limits() {
        let started = OnceLock::new();
        let memory = Arc::new(Memory::new(1 << 20));
        let reservation = memory.reserve(0).unwrap();
        let mut budget = Budget {
            bytes: 5000,
            working: 100,
            rows: 0,
            clock: Clock {
                started: &started,
                time: Duration::from_hours(1),
                cancelled: None,
            },
            memory: None,
            base: 0,
        };
        let written = |budget: Budget, len: usize| {
            let mut body = Body::new(budget, 0);
            match body.write_all(&vec![0; len]) {
                Ok(()) => Ok(body.into_bytes().len()),
                Err(error) => Err(body.failed(error)),
            }
        };
        assert_eq!(written(budget, 5000), Ok(5000));
        assert_eq!(written(budget, 5001), Err(Stop::Bytes.into()));
        let mut body = Body::new(budget, 60);
        assert_eq!(body.hold(40), Ok(()));
        assert_eq!(body.hold(1), Err(Stop::Bytes));
        budget.bytes = 2 << 20;
        budget.memory = Some(&reservation);
        assert_eq!(written(budget, 1 << 20), Err(Stop::Busy.into()));
        budget.clock.time = Duration::ZERO;
        let mut body = Body::new(budget, 0);
        assert!((0..=CHECK_EVERY).any(|_| body.check() == Err(Stop::Timeout)));
    }
}
