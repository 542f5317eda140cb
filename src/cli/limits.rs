use std::time::Duration;

use clap::Args;

use super::connections::seconds;
use crate::api::{GateLimits, Limits};

/// What a request may cost. The defaults are those of [`Limits`].
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What a request may cost")]
pub(super) struct LimitOptions {
    /// How long one answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
    /// Bytes of a request's body
    #[arg(long, value_name = "N", default_value_t = 1 << 20)]
    pub max_body: usize,
    /// Tokens of the document
    #[arg(long, value_name = "N", default_value_t = Limits::default().tokens)]
    max_tokens: usize,
    /// Fields below each other
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth)]
    max_depth: u64,
    /// Aliases, fragments put in their places
    #[arg(long, value_name = "N", default_value_t = Limits::default().aliases)]
    max_aliases: u64,
    /// Fields, fragments put in their places
    #[arg(long, value_name = "N", default_value_t = Limits::default().fields)]
    max_fields: u64,
    /// Entries on one page
    #[arg(long, value_name = "N", default_value_t = Limits::default().page)]
    max_page: usize,
    /// Entries that all pages of an answer could have together, told before it runs
    #[arg(long, value_name = "N", default_value_t = Limits::default().cost)]
    max_cost: u64,
    /// Entities and edges that are looked at
    #[arg(long, value_name = "N", default_value_t = Limits::default().rows)]
    max_rows: u64,
    /// Bytes of an answer
    #[arg(long, value_name = "N", default_value_t = Limits::default().bytes)]
    max_bytes: usize,
    /// Bytes that all running requests hold together; by default 256 MiB and 64 bytes for each entity
    #[arg(long, value_name = "N")]
    max_memory: Option<usize>,
    /// Long runs at a time; by default four for each core. More wait for up to a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    max_runs: Option<u64>,
    /// Do not publish the schema: no introspection, no /schema.graphql, no console
    #[arg(long)]
    pub no_introspection: bool,
}

impl LimitOptions {
    /// What all requests together may take.
    pub fn together(&self) -> GateLimits {
        GateLimits {
            runs: self.max_runs.map(|it| it as usize),
            memory: self.max_memory,
        }
    }
}

impl From<&LimitOptions> for Limits {
    fn from(options: &LimitOptions) -> Self {
        Self {
            tokens: options.max_tokens,
            depth: options.max_depth,
            aliases: options.max_aliases,
            fields: options.max_fields,
            page: options.max_page,
            cost: options.max_cost,
            rows: options.max_rows,
            bytes: options.max_bytes,
            time: options.timeout,
            introspection: !options.no_introspection,
        }
    }
}
