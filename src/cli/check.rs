use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::{Folders, Reporting, load, say};
use crate::graph;

/// `clew check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    folders: Folders,
    #[command(flatten)]
    reporting: Reporting,
}

impl Check {
    pub fn run(&self) -> ExitCode {
        let start = Instant::now();
        match load::graph(&self.folders, &self.reporting) {
            Ok((snapshot, _)) => {
                let taken = start.elapsed();
                load::show(&graph::lint(&snapshot), &self.reporting);
                say(load::summary(&snapshot, taken));
                ExitCode::SUCCESS
            }
            Err(code) => code,
        }
    }
}
