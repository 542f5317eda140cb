//! What a graph costs: how fast it loads, what memory it takes by part, how long answers take.
//!
//! [`Shape`] makes a graph of any size, the same for the same seed; [`questions`] finds questions that fit any graph; [`measure`]
//! asks them in this process and gives quantiles. Times mean little on another machine; what is compared is measured in one run.

#![allow(clippy::cast_sign_loss, reason = "times and counts are never negative")]

mod generate;
mod questions;

use std::time::{Duration, Instant};

use serde_json::value::RawValue;

pub use generate::Shape;
pub use questions::{Question, questions};

use crate::api::{Engine, Request};

/// How long the answers to one question took.
#[derive(Debug)]
pub struct Times {
    /// Each, sorted.
    all: Vec<Duration>,
    /// Bytes of all answers together.
    pub bytes: usize,
}

impl Times {
    /// How many answers there were.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// How long the slowest of a share of the answers took; of 0.5 the median, of 1.0 the maximum.
    pub fn quantile(&self, share: f64) -> Duration {
        let at = (self.all.len() as f64 * share).ceil() as usize;
        self.all.get(at.max(1) - 1).copied().unwrap_or_default()
    }

    /// How many answers a second one core gave.
    pub fn rate(&self) -> f64 {
        self.all.len() as f64 / self.all.iter().sum::<Duration>().as_secs_f64()
    }
}

/// Asks a question for so long, with one set of variables after the other.
///
/// # Errors
/// The answer, when it has errors.
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
    // The first one plans.
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
