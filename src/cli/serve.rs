use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use clap::Args;
use tokio::net::TcpListener;

use super::{Folders, Reporting, fail, load};
use crate::api::{Engine, Limits};
use crate::server::{self, Settings};

/// `clew serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    folders: Folders,
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8000")]
    listen: String,
    /// Let web pages of this origin ask too, such as <https://app.example.org>; * for all. May be repeated
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// How long one answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    #[command(flatten)]
    reporting: Reporting,
}

impl Serve {
    pub fn run(self) -> ExitCode {
        let start = Instant::now();
        let snapshot = match load::graph(&self.folders, &self.reporting) {
            Ok(snapshot) => snapshot,
            Err(code) => return code,
        };
        let summary = load::summary(&snapshot, start.elapsed());
        let limits = Limits {
            time: Duration::from_secs(self.timeout),
        };
        let engine = match Engine::new(Arc::new(snapshot), limits) {
            Ok(engine) => engine,
            Err(error) => return fail(error),
        };
        eprintln!("{summary}");
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return fail(format!("cannot start: {error}")),
        };
        runtime.block_on(self.listen(engine))
    }

    async fn listen(self, engine: Engine) -> ExitCode {
        let listener = match TcpListener::bind(&self.listen).await {
            Ok(listener) => listener,
            Err(error) => {
                return fail(format!(
                    "cannot listen at {}: {error}; choose another with --listen ADDR:PORT",
                    self.listen
                ));
            }
        };
        match listener.local_addr() {
            Ok(address) => println!("listening on http://{address}"),
            Err(error) => return fail(error),
        }
        let engine = Arc::new(ArcSwap::from_pointee(engine));
        let settings = Settings {
            allow_origins: self.allow_origin,
        };
        match server::serve(listener, engine, &settings, stopped()).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(format!("the server failed: {error}")),
        }
    }
}

/// Comes with Ctrl-C or SIGTERM.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = interrupt.await;
    }
}
