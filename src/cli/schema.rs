use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Reporting, load, say};

/// `clew schema`.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The folder with the schema: all .graphql files below it
    #[arg(long, value_name = "DIR", default_value = "schema")]
    schema: PathBuf,
    /// Accepted because all commands have it, but ignored: the API depends on the schema alone
    #[arg(long, value_name = "DIR", hide = true)]
    #[allow(dead_code, reason = "the same options are given to every command")]
    data: Option<PathBuf>,
    /// Leave out all descriptions, for tools that do not use them
    #[arg(long)]
    no_descriptions: bool,
    /// Maximum memory of the process, in bytes; by default the limit of the cgroup, else 90 % of the machine's memory
    #[arg(long, value_name = "N")]
    max_memory_total: Option<u64>,
    #[command(flatten)]
    reporting: Reporting,
}

impl Schema {
    pub fn run(&self) -> ExitCode {
        match load::schema(&self.schema, self.max_memory_total, &self.reporting) {
            Ok(api) => {
                if self.no_descriptions {
                    say(api.bare_sdl().trim_end());
                } else {
                    say(api.sdl().trim_end());
                }
                ExitCode::SUCCESS
            }
            Err(code) => code,
        }
    }
}
