use std::time::Duration;

use clap::Args;

use super::connections::seconds;
use crate::api::{GateLimits, Limits};

/// Limits of requests. The defaults are those of [`Limits`].
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits of requests")]
pub(super) struct LimitOptions {
    /// Maximum time for an answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
    /// Maximum size of a request's body, in bytes
    #[arg(long, value_name = "N", default_value_t = 1 << 20)]
    pub max_body: usize,
    /// Maximum number of tokens in a document
    #[arg(long, value_name = "N", default_value_t = Limits::default().tokens)]
    max_tokens: usize,
    /// Maximum depth of nested fields
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth)]
    max_depth: u64,
    /// Maximum number of aliases, after expanding fragments
    #[arg(long, value_name = "N", default_value_t = Limits::default().aliases)]
    max_aliases: u64,
    /// Maximum number of fields, after expanding fragments
    #[arg(long, value_name = "N", default_value_t = Limits::default().fields)]
    max_fields: u64,
    /// Maximum number of entries on a page
    #[arg(long, value_name = "N", default_value_t = Limits::default().page)]
    max_page: usize,
    /// Maximum number of entries that all pages of an answer could have together, computed before the operation runs
    #[arg(long, value_name = "N", default_value_t = Limits::default().cost)]
    max_cost: u64,
    /// Maximum number of entities and edges that an operation visits
    #[arg(long, value_name = "N", default_value_t = Limits::default().rows)]
    max_rows: u64,
    /// Maximum size of an answer, in bytes
    #[arg(long, value_name = "N", default_value_t = Limits::default().bytes)]
    max_bytes: usize,
    /// Maximum memory of all running requests together, in bytes; by default 256 MiB plus 64 bytes per entity
    #[arg(long, value_name = "N")]
    max_memory: Option<usize>,
    /// Maximum number of concurrent long runs; by default four per core. Further runs wait for up to a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    max_runs: Option<u64>,
    /// Do not publish the schema: no introspection, no /schema.graphql, no console
    #[arg(long)]
    pub no_introspection: bool,
}

impl LimitOptions {
    /// Limits of all requests together.
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
