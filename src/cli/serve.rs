use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use tokio::net::TcpListener;

use super::limits::LimitOptions;
use super::reload::{self, Reloader, Trigger};
use super::{Folders, Reporting, fail, load};
use crate::api::{Engine, Gate, Limits, Persisted};
use crate::server::{self, Live, Settings};

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
    /// Documents that clients may name instead of sending: a JSON object of ids and documents
    #[arg(long, value_name = "FILE")]
    documents: Option<PathBuf>,
    /// Answer only the documents of that file
    #[arg(long, requires = "documents")]
    documents_only: bool,
    #[command(flatten)]
    limits: LimitOptions,
    /// Compile again whenever a file of the schema or the data changes; SIGHUP does so too
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    reporting: Reporting,
}

/// `clew serve` with the name of a file.
#[derive(Debug, Args)]
pub(super) struct ServeGraph {
    /// A graph that `clew compile` wrote, as with --graph
    #[arg(value_name = "GRAPH", conflicts_with_all = ["schema", "data", "graph"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    serve: Serve,
}

impl ServeGraph {
    pub fn run(mut self) -> ExitCode {
        if self.file.is_some() {
            self.serve.folders.graph = self.file;
        }
        self.serve.run()
    }
}

impl Serve {
    pub fn run(self) -> ExitCode {
        let start = Instant::now();
        let snapshot = match load::graph(&self.folders, &self.reporting) {
            Ok(snapshot) => snapshot,
            Err(code) => return code,
        };
        let summary = load::summary(&snapshot, start.elapsed());
        let limits = Limits::from(&self.limits);
        let persisted = match &self.documents {
            None => Persisted::default(),
            Some(path) => match Persisted::read(path, self.documents_only) {
                Ok(persisted) => persisted,
                Err(error) => return fail(error),
            },
        };
        let engine = match Engine::new(Arc::new(snapshot), limits) {
            Ok(engine) => engine,
            Err(error) => return fail(error),
        };
        eprintln!("{summary}");
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(error) => return fail(format!("cannot start: {error}")),
        };
        runtime.block_on(self.listen(engine, limits, persisted))
    }

    async fn listen(self, engine: Engine, limits: Limits, persisted: Persisted) -> ExitCode {
        let listener = match TcpListener::bind(&self.listen).await {
            Ok(listener) => listener,
            Err(error) => {
                return fail(format!(
                    "cannot listen at {}: {error}; choose another with --listen ADDR:PORT",
                    self.listen
                ));
            }
        };
        load::index_in_background(&engine);
        let gate = Gate::new(self.limits.together(), engine.snapshot().counts().entities);
        let live = Arc::new(Live::new(engine, gate));
        let reloader = Reloader {
            folders: self.folders.clone(),
            reporting: self.reporting,
            limits,
            live: live.clone(),
        };
        let trigger = reloader.start();
        // Dropping the watcher ends the watch.
        let _watcher = if self.watch {
            match reload::watch(&self.folders, trigger.clone()) {
                Ok(watcher) => Some(watcher),
                Err(error) => return fail(format!("cannot watch the folders: {error}")),
            }
        } else {
            None
        };
        reload_on_hangup(trigger);
        match listener.local_addr() {
            Ok(address) => println!("listening on http://{address}"),
            Err(error) => return fail(error),
        }
        let settings = Settings {
            allow_origins: self.allow_origin,
            max_body: self.limits.max_body,
            persisted: Arc::new(persisted),
        };
        match server::serve(listener, live, settings, stopped()).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(format!("the server failed: {error}")),
        }
    }
}

/// tokio's threads. Where the system refuses one, tokio panics; that is an error like others here.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let start = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let built = std::panic::catch_unwind(start);
    std::panic::set_hook(hook);
    built.unwrap_or_else(|_| {
        let why = "the system starts no threads; see `ulimit -v` and `ulimit -u`";
        Err(std::io::Error::other(why))
    })
}

/// Pulls the trigger with every SIGHUP.
fn reload_on_hangup(trigger: Trigger) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::hangup()) {
            Ok(mut hangup) => {
                tokio::spawn(async move {
                    while hangup.recv().await.is_some() {
                        trigger.pull();
                    }
                });
            }
            Err(error) => eprintln!("clew: SIGHUP will not reload: {error}"),
        }
    }
    #[cfg(not(unix))]
    drop(trigger);
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
