use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::HeaderName;
use clap::Args;
use tokio::net::TcpListener;

use super::connections::{self, ConnectionOptions};
use super::limits::LimitOptions;
use super::reload::{Reloader, Trigger};
use super::watch::Watch;
use super::{Folders, Reporting, fail, indexing, load, note};
use crate::api::{Engine, Gate, Limits, Persisted};
use crate::forms::EntityIris;
use crate::server::{self, Bounds, Listeners, Live, Settings};

/// File descriptors that the server needs in addition to those of its connections: for files, event queues, and
/// connections that are being closed.
const OTHER_FILES: u64 = 192;

/// `clew serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    folders: Folders,
    /// Address to listen on; port 0 picks a free port. Addresses other than loopback ones need --public
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8000")]
    listen: String,
    /// The IRI of `/` for clients, such as <https://graph.example.org/>. In all output, the IRIs of entities are then
    /// their addresses: this IRI, `entity/` and the percent-encoded id
    #[arg(long, value_name = "IRI")]
    base_iri: Option<EntityIris>,
    /// Serve metrics for Prometheus on this address, at /metrics
    #[arg(long, value_name = "ADDR:PORT")]
    metrics_listen: Option<String>,
    /// Log requests that take at least this many seconds
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = connections::seconds)]
    log_slow: Duration,
    /// Allow web pages of this origin, such as <https://app.example.org>, to send requests; * allows all. May be
    /// repeated
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Allow those pages to send this header too, such as authorization. May be repeated
    #[arg(long, value_name = "HEADER", requires = "allow_origin", value_parser = header_name)]
    allow_header: Vec<HeaderName>,
    /// Documents that clients may name instead of sending: a JSON object that maps ids to documents
    #[arg(long, value_name = "FILE")]
    documents: Option<PathBuf>,
    /// Answer only the documents of that file, and serve no console
    #[arg(long, requires = "documents")]
    documents_only: bool,
    #[command(flatten)]
    limits: LimitOptions,
    #[command(flatten)]
    connections: ConnectionOptions,
    /// Reload 0.2 s after the last change of the schema or the data, also if folders or links are replaced; SIGHUP
    /// always reloads
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    reporting: Reporting,
}

/// `clew serve` with a graph file as its argument.
#[derive(Debug, Args)]
pub(super) struct ServeGraph {
    /// A graph that `clew compile` wrote; the same as --graph
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
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(error) => return fail(format!("cannot start: {error}")),
        };
        // Errors in the command line are reported before anything is loaded.
        let clients = runtime.block_on(self.addresses("--listen", &self.listen));
        let metrics = match &self.metrics_listen {
            None => Ok(Vec::new()),
            Some(given) => runtime.block_on(self.addresses("--metrics-listen", given)),
        };
        let (clients, metrics) = match (clients, metrics) {
            (Ok(clients), Ok(metrics)) => (clients, metrics),
            (Err(code), _) | (_, Err(code)) => return code,
        };
        let watch = self.watch.then(|| Watch::new(&self.folders));
        let (snapshot, api) = match load::graph(&self.folders, &self.reporting) {
            Ok(loaded) => loaded,
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
        load::show(&persisted.check(&api, &limits), &self.reporting);
        let iris = self.base_iri.clone().unwrap_or_default();
        let engine = Engine::of(Arc::new(snapshot), api, limits).with_iris(iris);
        note(summary);
        let _written = server::write_to_stderr();
        self.allow_files();
        let code =
            runtime.block_on(self.listen(&clients, &metrics, engine, limits, Arc::new(persisted), watch));
        // A run whose client disconnected may take a moment to notice it.
        runtime.shutdown_background();
        code
    }

    /// Resolves the addresses that a flag names, and checks that the server may listen on them.
    async fn addresses(&self, flag: &str, given: &str) -> Result<Vec<SocketAddr>, ExitCode> {
        let addresses: Vec<SocketAddr> = match tokio::net::lookup_host(given).await {
            Ok(addresses) => addresses.collect(),
            Err(error) => {
                return Err(fail(format!(
                    "{flag} \"{given}\" is not an address and a port, such as 127.0.0.1:8000: {error}"
                )));
            }
        };
        self.connections.check(flag, &addresses).map_err(|message| {
            let _ = fail(message);
            ExitCode::from(2)
        })?;
        Ok(addresses)
    }

    /// Raises the limit of open files to what the connections need, if the system allows it.
    fn allow_files(&self) {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Resource, getrlimit, setrlimit};
            let needed = Bounds::from(&self.connections).connections as u64 + OTHER_FILES;
            let mut limit = getrlimit(Resource::Nofile);
            let allowed = limit.maximum.map_or(needed, |it| it.min(needed));
            if limit.current.is_some_and(|it| it < allowed) {
                limit.current = Some(allowed);
                // A failure is reported below.
                let _ = setrlimit(Resource::Nofile, limit);
            }
            if let Some(current) = getrlimit(Resource::Nofile).current
                && current < needed
            {
                tracing::warn!(
                    files = current,
                    needed,
                    "the process may open too few files for --max-connections: raise the limit (ulimit -n) or lower the flag"
                );
            }
        }
    }

    async fn listen(
        self,
        clients: &[SocketAddr],
        metrics: &[SocketAddr],
        engine: Engine,
        limits: Limits,
        persisted: Arc<Persisted>,
        watch: Option<Watch>,
    ) -> ExitCode {
        let listener = match TcpListener::bind(clients).await {
            Ok(listener) => listener,
            Err(error) => {
                return fail(format!(
                    "cannot listen at {}: {error}; choose another with --listen ADDR:PORT",
                    self.listen
                ));
            }
        };
        let metrics = match &self.metrics_listen {
            None => None,
            Some(given) => match TcpListener::bind(metrics).await {
                Ok(listener) => Some(listener),
                Err(error) => {
                    return fail(format!(
                        "cannot listen at {given}: {error}; choose another with --metrics-listen ADDR:PORT"
                    ));
                }
            },
        };
        indexing::index_in_background(&engine);
        let gate = Gate::new(self.limits.together(), engine.snapshot().counts().entities);
        let live = Arc::new(Live::new(engine, gate));
        let reloader = Reloader {
            folders: self.folders.clone(),
            reporting: self.reporting,
            limits,
            persisted: persisted.clone(),
            live: live.clone(),
        };
        let trigger = reloader.start();
        if let Some(watch) = watch
            && let Err(error) = watch.start(trigger.clone())
        {
            return fail(format!("cannot watch the folders: {error}"));
        }
        reload_on_hangup(trigger);
        let stopped = stopped();
        if let Some(Ok(address)) = metrics.as_ref().map(TcpListener::local_addr) {
            note(format_args!("metrics at http://{address}/metrics"));
        }
        match listener.local_addr() {
            // Errors are ignored: standard output may be closed.
            Ok(address) => {
                let mut out = std::io::stdout();
                let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
            }
            Err(error) => return fail(error),
        }
        let settings = Settings {
            console: !self.limits.no_introspection && !self.documents_only,
            allow_origins: self.allow_origin,
            allow_headers: self.allow_header,
            max_body: self.limits.max_body,
            persisted,
            bounds: Bounds::from(&self.connections),
            allow_hosts: self.connections.allow_host,
            slow: self.log_slow,
        };
        let listeners = Listeners {
            clients: listener,
            metrics,
        };
        server::serve(listeners, live, settings, stopped).await;
        ExitCode::SUCCESS
    }
}

/// Stack size of the threads that answer requests, in bytes. It suffices for the deepest document and variables, also
/// in a debug build; the system provides only the pages that are used.
const STACK: usize = 8 << 20;

fn header_name(given: &str) -> Result<HeaderName, String> {
    given
        .parse()
        .map_err(|_| format!("\"{given}\" is not the name of a header: give one such as authorization"))
}

/// Builds tokio's runtime. If the system refuses a thread, tokio panics; the panic is reported as an error.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let start = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_stack_size(STACK)
            .build()
    };
    let built = std::panic::catch_unwind(start);
    std::panic::set_hook(hook);
    built.unwrap_or_else(|_| {
        let why = "the system starts no threads; see `ulimit -v` and `ulimit -u`";
        Err(std::io::Error::other(why))
    })
}

/// Requests a reload at every SIGHUP.
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
            Err(error) => note(format_args!("clew: SIGHUP will not reload: {error}")),
        }
    }
    #[cfg(not(unix))]
    drop(trigger);
}

/// Resolves on Ctrl-C or SIGTERM. The handlers are installed when this is called.
fn stopped() -> impl Future<Output = ()> + Send {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{Signal, SignalKind, signal};
        async fn comes(signal: std::io::Result<Signal>) {
            match signal {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(error) => {
                    note(format_args!(
                        "clew: a signal to end will not be waited for: {error}"
                    ));
                    std::future::pending::<()>().await;
                }
            }
        }
        let interrupt = signal(SignalKind::interrupt());
        let terminate = signal(SignalKind::terminate());
        async move {
            tokio::select! {
                () = comes(interrupt) => {}
                () = comes(terminate) => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        let _ = tokio::signal::ctrl_c().await;
    }
}
