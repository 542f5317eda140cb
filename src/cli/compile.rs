use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::{Folders, Reporting, fail, load, say};

/// `clew compile`.
#[derive(Debug, Args)]
pub(super) struct Compile {
    /// The file to write. A server that uses an older file of that name keeps it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    folders: Folders,
    #[command(flatten)]
    reporting: Reporting,
}

impl Compile {
    pub fn run(&self) -> ExitCode {
        let start = Instant::now();
        let snapshot = match load::graph(&self.folders, &self.reporting) {
            // A graph without a valid API is not written, because `serve` could not serve it.
            Ok((snapshot, _)) => snapshot,
            Err(code) => return code,
        };
        let taken = start.elapsed();
        // The file is written first, because the reader of standard output may have closed it.
        match snapshot.save(&self.out) {
            Ok(bytes) => {
                say(load::summary(&snapshot, taken));
                say(format_args!(
                    "wrote \"{}\", {:.1} MB",
                    self.out.display(),
                    bytes as f64 / 1e6
                ));
                ExitCode::SUCCESS
            }
            Err(error) => fail(format!("cannot write \"{}\": {error}", self.out.display())),
        }
    }
}
