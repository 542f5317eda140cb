//! Costs of a graph: time to load, memory by part, time of answers.
//!
//! [`Shape`] generates a graph of any size, the same for the same seed. `queries` finds queries that fit any graph.
//! [`measure`] runs them in this process and gives quantiles. Only times of the same run and machine can be compared.

#![allow(clippy::cast_sign_loss, reason = "times and counts are never negative")]

mod generate;
mod queries;

use std::time::{Duration, Instant};

use serde_json::value::RawValue;

pub use generate::Shape;
pub use queries::{Question, questions};

use crate::api::{Engine, Request};

/// Durations of the answers to a question.
#[derive(Debug)]
pub struct Times {
    /// The durations, sorted.
    all: Vec<Duration>,
    /// Total size of the answers, in bytes.
    pub bytes: usize,
}

impl Times {
    /// Number of answers.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// The duration that this share of the answers did not exceed: 0.5 gives the median, 1.0 the maximum.
    pub fn quantile(&self, share: f64) -> Duration {
        let at = (self.all.len() as f64 * share).ceil() as usize;
        self.all.get(at.max(1) - 1).copied().unwrap_or_default()
    }

    /// Answers per second of one core.
    pub fn rate(&self) -> f64 {
        self.all.len() as f64 / self.all.iter().sum::<Duration>().as_secs_f64()
    }
}

/// Repeats a question for a time, with one set of variables after the other.
///
/// # Errors
/// An answer that has errors.
pub fn measure(engine: &Engine, question: &Question, time: Duration) -> Result<Times, String> {
    let ask = |variables: &RawValue| {
        let start = Instant::now();
        let answer = engine.execute(Request {
            query: &question.query,
            operation_name: None,
            variables: Some(variables),
        });
        let taken = start.elapsed();
        if answer.has_errors() {
            let body = String::from_utf8_lossy(&answer.body);
            return Err(format!("{}: {body}", question.query));
        }
        Ok((taken, answer.body.len()))
    };
    // The first runs compile the plan and fill caches.
    for variables in question.variables.iter().take(3) {
        ask(variables)?;
    }
    let mut times = Times {
        all: Vec::new(),
        bytes: 0,
    };
    let end = Instant::now() + time;
    for variables in question.variables.iter().cycle() {
        let (taken, bytes) = ask(variables)?;
        times.all.push(taken);
        times.bytes += bytes;
        if Instant::now() > end {
            break;
        }
    }
    times.all.sort_unstable();
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_times() {
        let times = Times {
            all: (1..=100).map(Duration::from_millis).collect(),
            bytes: 0,
        };
        assert_eq!(times.quantile(0.5), Duration::from_millis(50));
        assert_eq!(times.quantile(0.99), Duration::from_millis(99));
        assert_eq!(times.quantile(1.0), Duration::from_millis(100));
    }
}
