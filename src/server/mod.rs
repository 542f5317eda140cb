//! HTTP: routes, content negotiation, the console, health, and an orderly end.
//!
//! The hot way is `POST /graphql`: the body is read without a tree, the plan is found by its text, the
//! answer's bytes become the response's body. A run that took long the last time, or that was never seen,
//! goes to a thread of its own, so that it does not hold up others.

mod assets;
mod direct;
mod graphql;
mod live;
mod negotiate;

pub use live::Live;

use std::future::Future;
use std::sync::Arc;

use async_graphql_axum::{GraphQL, GraphQLSubscription};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use direct::Direct;
use tokio::net::TcpListener;
use tower::make;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::api::{Persisted, Serving, Transport};

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The longest request body, in bytes.
    pub max_body: usize,
    /// The documents that clients may name.
    pub persisted: Arc<Persisted>,
    /// Web pages of these origins may ask too; `*` stands for all.
    pub allow_origins: Vec<String>,
}

/// What handlers share; one count for a request, not one for each part.
struct Shared {
    live: Arc<Live>,
    settings: Settings,
    streaming: GraphQL<Transport>,
    subscription: GraphQLSubscription<Transport>,
}

impl Shared {
    /// What serves a request that begins now.
    fn serving(&self) -> Serving {
        Serving {
            engine: self.live.engine(),
            persisted: self.settings.persisted.clone(),
            gate: self.live.gate().clone(),
        }
    }
}

/// The routes of what is served.
fn routes(live: Arc<Live>, settings: Settings) -> Direct {
    let cors = cors(&settings);
    let transport = Transport::new(live.shared(), settings.persisted.clone(), live.gate().clone());
    let shared = Arc::new(Shared {
        live,
        settings,
        streaming: GraphQL::new(transport.clone()),
        subscription: GraphQLSubscription::new(transport),
    });
    let router = Router::new()
        .route(
            "/graphql",
            get(graphql::get).post(graphql::post).options(graphql::options),
        )
        .route("/schema.graphql", get(schema))
        .route("/health", get(health))
        .route("/", get(assets::index))
        .route("/{*path}", get(assets::file))
        .with_state(shared.clone())
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            graphql::internal()
        }));
    Direct {
        cors: cors.is_some(),
        router: match cors {
            Some(layer) => router.layer(layer),
            None => router,
        },
        shared,
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
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE, header::ACCEPT]);
    Some(layer)
}

/// Serves until `shutdown` comes, then finishes what is running.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    live: Arc<Live>,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, make::Shared::new(routes(live, settings)))
        .with_graceful_shutdown(shutdown)
        .await
}

async fn schema(State(shared): State<Arc<Shared>>) -> Response {
    let engine = shared.live.engine();
    if !engine.tells_schema() {
        return (StatusCode::NOT_FOUND, "this server does not tell its schema\n").into_response();
    }
    let sdl = engine.api().sdl().to_owned();
    let headers = [(header::CONTENT_TYPE, "application/graphql; charset=utf-8")];
    (headers, sdl).into_response()
}

/// How the server is, for who watches it.
#[derive(serde::Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    revision: String,
    entities: usize,
    edges: usize,
    reloads: u64,
    /// What is wrong with the newest schema or data, while the ones before still serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let engine = shared.live.engine();
    let failure = shared.live.failure();
    let counts = engine.snapshot().counts();
    let health = Health {
        status: if failure.is_some() { "stale" } else { "ok" },
        version: env!("CARGO_PKG_VERSION"),
        revision: format!("{:016x}", engine.snapshot().revision()),
        entities: counts.entities,
        edges: counts.edges,
        reloads: shared.live.reloads(),
        failure: failure.map(|it| it.as_ref().clone()),
    };
    (StatusCode::OK, axum::Json(health)).into_response()
}
