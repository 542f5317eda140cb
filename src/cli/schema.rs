use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Reporting, fail, load, say};
use crate::api::Api;

/// `clew schema`.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The folder with the schema: all .graphql files below it
    #[arg(long, value_name = "DIR", default_value = "schema")]
    schema: PathBuf,
    /// Taken so that all commands have it; the API follows from the schema alone
    #[arg(long, value_name = "DIR", hide = true)]
    #[allow(dead_code, reason = "the same options are given to every command")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reporting: Reporting,
}

impl Schema {
    pub fn run(&self) -> ExitCode {
        let ontology = match load::schema(&self.schema, &self.reporting) {
            Ok(ontology) => ontology,
            Err(code) => return code,
        };
        match Api::new(&ontology) {
            Ok(api) => {
                say(api.sdl().trim_end());
                ExitCode::SUCCESS
            }
            Err(error) => fail(error),
        }
    }
}
