use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::{Folders, Reporting, fail, load, say};
use crate::api::{Limits, Persisted};
use crate::graph;

/// `clew check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    folders: Folders,
    /// Check these documents of clients too, as `serve --documents` reads them
    #[arg(long, value_name = "FILE")]
    documents: Option<PathBuf>,
    #[command(flatten)]
    reporting: Reporting,
}

impl Check {
    pub fn run(&self) -> ExitCode {
        let start = Instant::now();
        match load::loaded(&self.folders, &self.reporting) {
            Ok(load::Loaded {
                snapshot,
                api,
                mut warnings,
            }) => {
                let taken = start.elapsed();
                let mut places = |ids: &[&str]| load::places(&self.folders, &snapshot, ids);
                warnings.0.append(&mut graph::lint(&snapshot, &mut places).0);
                if let Some(path) = &self.documents {
                    match Persisted::read(path, false) {
                        Ok(it) => warnings.0.append(&mut it.check(&api, &Limits::default()).0),
                        Err(error) => {
                            load::show(&warnings, &self.reporting);
                            return fail(error);
                        }
                    }
                }
                load::show(&warnings, &self.reporting);
                say(load::summary(&snapshot, taken));
                ExitCode::SUCCESS
            }
            Err(code) => code,
        }
    }
}
