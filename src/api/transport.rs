//! The engine as async-graphql's `Executor`, which async-graphql-axum's transports call: multipart and
//! WebSocket. Plain HTTP does not go this way, so that an answer's bytes are not parsed again.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_graphql::futures_util::stream::{self, BoxStream, StreamExt};
use async_graphql::{Data, ErrorExtensionValues, Executor, PathSegment, Pos, Response, ServerError, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::asked::{Asked, Parts};
use super::dispatch::Serving;
use super::engine::Engine;
use super::gate::Gate;
use super::persisted::Persisted;

/// An engine that may be replaced while it serves.
#[derive(Debug, Clone)]
pub struct Transport {
    engine: Arc<ArcSwap<Engine>>,
    persisted: Arc<Persisted>,
    gate: Arc<Gate>,
}

impl Transport {
    /// Serves an engine and the documents that may be named.
    pub fn new(engine: Arc<ArcSwap<Engine>>, persisted: Arc<Persisted>, gate: Arc<Gate>) -> Self {
        Self {
            engine,
            persisted,
            gate,
        }
    }

    fn serving(&self) -> Serving {
        Serving {
            engine: self.engine.load_full(),
            persisted: self.persisted.clone(),
            gate: self.gate.clone(),
        }
    }
}

/// A response as it is written, read again.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<WrittenError>,
}

#[derive(Deserialize)]
struct WrittenError {
    message: String,
    #[serde(default)]
    locations: Vec<WrittenLocation>,
    #[serde(default)]
    path: Vec<PathSegment>,
    extensions: WrittenExtensions,
}

#[derive(Deserialize)]
struct WrittenLocation {
    line: usize,
    column: usize,
}

#[derive(Deserialize)]
struct WrittenExtensions {
    code: String,
}

impl Executor for Transport {
    async fn execute(&self, request: async_graphql::Request) -> Response {
        let variables = serde_json::to_string(&request.variables).ok();
        let asked = Asked::Parts(Parts {
            query: Some(request.query),
            operation_name: request.operation_name,
            variables: variables.and_then(|it| RawValue::from_string(it).ok()),
            ..Parts::default()
        });
        let answer = self.serving().answer(asked, None, None).await;
        match serde_json::from_slice::<Written>(&answer.body) {
            Ok(written) => response(written),
            Err(error) => Response::from_errors(vec![ServerError::new(error.to_string(), None)]),
        }
    }

    fn execute_stream(
        &self,
        request: async_graphql::Request,
        _: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let transport = self.clone();
        stream::once(async move { transport.execute(request).await }).boxed()
    }
}

fn response(written: Written) -> Response {
    let mut response = Response::new(written.data);
    response.errors = written
        .errors
        .into_iter()
        .map(|it| {
            let mut error = ServerError::new(it.message, None);
            error.locations = it
                .locations
                .iter()
                .map(|at| Pos {
                    line: at.line,
                    column: at.column,
                })
                .collect();
            error.path = it.path;
            let mut extensions = ErrorExtensionValues::default();
            extensions.set("code", it.extensions.code);
            error.extensions = Some(extensions);
            error
        })
        .collect();
    response
}
