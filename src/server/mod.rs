//! HTTP: connections and their limits, routes, content negotiation, the console, health, metrics, and graceful
//! shutdown.
//!
//! The fast path is `POST /graphql`: the body is read without building a tree, the plan is found by the operation's
//! text, and the answer's bytes become the response's body. A run that took long the last time, or whose duration is
//! unknown, goes to a separate thread, so that it does not delay others.

mod assets;
mod body;
mod chunked_body;
mod connection_state;
mod connections;
mod current;
mod entity;
mod etag;
mod fast_path;
mod graphql;
mod hangup;
mod headers;
mod hosts;
mod log;
mod metrics;
mod multipart;
mod near;
mod negotiate;
mod recorder;
mod response;
mod small;
mod sse;
mod stream;
mod websocket;

pub use connections::Bounds;
pub use current::Live;
pub use hosts::AllowedHost;
pub use log::{Written, write_to_stderr};

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use connections::Connections;
use fast_path::AddressServices;
use log::{Document, Moment, RequestOutcome};
use recorder::Record;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::api::{Answer, Encoding, Engine, Persisted, RawRequest, RequestHandler};

/// How long a browser may cache the answer to a preflight request. Browsers shorten longer times.
const PREFLIGHT: Duration = Duration::from_hours(2);

/// Settings of the server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The longest request body, in bytes.
    pub max_body: usize,
    /// Persisted documents, which clients may name instead of sending.
    pub persisted: Arc<Persisted>,
    /// Origins whose web pages may send requests; `*` allows all.
    pub allow_origins: Vec<String>,
    /// Headers that those pages may send, in addition to those of GraphQL over HTTP.
    pub allow_headers: Vec<HeaderName>,
    /// Host names of the server, in addition to those of the machine itself.
    pub allow_hosts: Vec<AllowedHost>,
    /// Whether the console is served.
    pub console: bool,
    /// Connections and their timeouts.
    pub bounds: Bounds,
    /// Requests that take longer get a line in the log.
    pub slow: Duration,
}

/// Addresses of the server.
#[derive(Debug)]
pub struct Listeners {
    /// For clients.
    pub clients: TcpListener,
    /// For Prometheus.
    pub metrics: Option<TcpListener>,
}

/// The error code of a request whose client disconnected before it was answered.
const HANG_UP: &str = "CLIENT_CLOSED";

/// State that the handlers share, in one `Arc`, so that a request copies one pointer only.
struct Shared {
    live: Arc<Live>,
    settings: Settings,
    connections: Arc<Connections>,
}

impl Shared {
    /// The engine that serves a new request.
    fn serving(&self) -> RequestHandler {
        RequestHandler {
            engine: self.live.engine(),
            persisted: self.settings.persisted.clone(),
            gate: self.live.gate().clone(),
        }
    }

    /// Counts an answer that is part of a longer response, and logs it if it was refused, failed or slow.
    fn note(&self, answer: &Answer, status: StatusCode, asked: Option<RawRequest>, start: Moment) {
        let Record { log, counters } = &*self.connections.record;
        let taken = start.elapsed();
        if answer.code.is_none() && !log.is_slow(taken) {
            return;
        }
        if let Some(code) = answer.code {
            counters.note_code(code);
        }
        let ended = RequestOutcome {
            status: Some(status.as_u16()),
            code: answer.code,
            taken,
            bytes: answer.body.len() as u64,
        };
        let document = asked.map(|it| Document::new(it, self.settings.persisted.clone()));
        log.note(ended, document);
    }

    /// Counts and logs a request whose client disconnected before it was answered.
    fn note_hang_up(&self, asked: RawRequest, start: Moment) {
        let Record { log, counters } = &*self.connections.record;
        counters.note_code(HANG_UP);
        let ended = RequestOutcome {
            status: None,
            code: Some(HANG_UP),
            taken: start.elapsed(),
            bytes: 0,
        };
        let document = Document::new(asked, self.settings.persisted.clone());
        log.note(ended, Some(document));
    }
}

/// The routes of the server.
fn routes(live: Arc<Live>, settings: Settings, connections: Arc<Connections>) -> AddressServices {
    let cors = cors(&settings);
    let hosts = settings.allow_hosts.clone().into();
    let shared = Arc::new(Shared {
        live,
        settings,
        connections,
    });
    let router = Router::new()
        .route(
            "/graphql",
            get(graphql::get).post(graphql::post).options(graphql::options),
        )
        .route("/schema.graphql", get(schema))
        .route("/health", get(health))
        .route("/", get(assets::home))
        .route("/search", get(assets::page))
        .route("/entity/{*id}", get(entity::get))
        .route("/source/{*id}", get(assets::page))
        .route("/answer", get(assets::page))
        .route("/graphiql", get(assets::page))
        .route("/schema", get(assets::page))
        .route("/neighborhood", get(assets::page))
        .route("/{*path}", get(assets::file))
        .with_state(shared.clone())
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            response::internal()
        }));
    AddressServices {
        cors: cors.is_some(),
        hosts,
        router: match cors {
            Some(layer) => router.layer(layer),
            None => router,
        },
        shared: Some(shared),
    }
}

fn cors(settings: &Settings) -> Option<CorsLayer> {
    if settings.allow_origins.is_empty() {
        return None;
    }
    let origins = if settings.allow_origins.iter().any(|it| it == "*") {
        AllowOrigin::any()
    } else {
        let values = settings
            .allow_origins
            .iter()
            .filter_map(|it| HeaderValue::from_str(it).ok());
        AllowOrigin::list(values)
    };
    let mut allowed = vec![header::CONTENT_TYPE, header::ACCEPT, header::IF_NONE_MATCH];
    allowed.extend(settings.allow_headers.iter().cloned());
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(allowed)
        .expose_headers([header::ETAG, header::RETRY_AFTER])
        .max_age(PREFLIGHT);
    Some(layer)
}

/// Serves until `shutdown` resolves. Running requests then have [`Bounds::grace`] to finish.
pub async fn serve(
    listeners: Listeners,
    live: Arc<Live>,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) {
    let connections = Connections::new(settings.bounds, Record::new(log::Log::new(settings.slow)));
    let sweeper = tokio::spawn(connections.clone().sweep());
    let mut accepting = Vec::new();
    if let Some(listener) = listeners.metrics {
        let exported = metrics::Exported {
            connections: connections.clone(),
            live: live.clone(),
            persisted: settings.persisted.clone(),
            start: Instant::now(),
        };
        let site = AddressServices {
            shared: None,
            router: metrics::routes(exported),
            cors: false,
            hosts: settings.allow_hosts.clone().into(),
        };
        accepting.push(tokio::spawn(connections.clone().accept(listener, Arc::new(site))));
    }
    let site = Arc::new(routes(live, settings, connections.clone()));
    accepting.push(tokio::spawn(connections.clone().accept(listeners.clients, site)));
    shutdown.await;
    for task in accepting {
        task.abort();
        // The socket is closed when the task ends.
        let _ = task.await;
    }
    connections.end().await;
    sweeper.abort();
    connections.record.log.finish();
}

async fn schema(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let engine = shared.live.engine();
    if !engine.tells_schema() {
        return (StatusCode::NOT_FOUND, "this server does not publish its schema\n").into_response();
    }
    let common = [
        (header::CONTENT_TYPE, "application/graphql; charset=utf-8"),
        (header::VARY, "accept-encoding"),
    ];
    let Some(encoding) = negotiate::encoding(&headers) else {
        return (common, Bytes::from_owner(Sdl(engine, None))).into_response();
    };
    // Compressing takes too long for a thread that serves connections.
    let made = engine.clone();
    let packed = tokio::task::spawn_blocking(move || !made.sdl(encoding).is_empty()).await;
    if packed.unwrap_or(false) {
        let encoded = [(header::CONTENT_ENCODING, encoding.name())];
        return (common, encoded, Bytes::from_owner(Sdl(engine, Some(encoding)))).into_response();
    }
    (common, Bytes::from_owner(Sdl(engine, None))).into_response()
}

/// The schema of an engine, without a copy for each client.
struct Sdl(Arc<Engine>, Option<Encoding>);

impl AsRef<[u8]> for Sdl {
    fn as_ref(&self) -> &[u8] {
        match self.1 {
            None => self.0.api().sdl().as_bytes(),
            Some(encoding) => self.0.sdl(encoding),
        }
    }
}

/// The health of the server, for monitoring.
#[derive(serde::Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    revision: String,
    entities: usize,
    edges: usize,
    reloads: u64,
    /// Reports that the newest schema or data have errors and the previous ones are still served. Details are only
    /// logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'static str>,
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let engine = shared.live.engine();
    let is_stale = shared.live.is_stale();
    let counts = engine.snapshot().counts();
    let health = Health {
        status: if is_stale { "stale" } else { "ok" },
        version: env!("CARGO_PKG_VERSION"),
        revision: format!("{:016x}", engine.snapshot().revision()),
        entities: counts.entities,
        edges: counts.edges,
        reloads: shared.live.reloads(),
        failure: is_stale.then_some("the newest schema or data could not be loaded; the log says why"),
    };
    (StatusCode::OK, axum::Json(health)).into_response()
}
