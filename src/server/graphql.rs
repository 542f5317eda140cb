//! `/graphql`: from HTTP to a request and from an answer to HTTP, as GraphQL-over-HTTP has it.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use tower::ServiceExt;

use super::Shared;
use super::negotiate::{Form, form};
use crate::api::{self, Answer, Engine, GraphqlError};

/// The body of a request, borrowed from its bytes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    #[serde(borrow, default)]
    query: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    operation_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
    /// Read so that its form is checked; it has no meaning here yet.
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
}

/// The query string of a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Box<str>>,
}

/// `OPTIONS /graphql`.
pub(super) async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(header::ALLOW, "GET, POST, OPTIONS")]).into_response()
}

/// `POST /graphql`.
pub(super) async fn post(State(shared): State<Shared>, request: Request) -> Response {
    let Some(form) = form(request.headers()) else {
        return not_acceptable();
    };
    if !is_json(request.headers()) {
        let given = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|it| it.to_str().ok())
            .unwrap_or("nothing");
        let message = format!("the body's content type is \"{given}\"; send application/json");
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, form, &message);
    }
    if form == Form::Multipart {
        return match shared.streaming.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body is longer than {} bytes", super::LONGEST_BODY);
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, form, &message);
        }
        Err(rejection) => return refuse(rejection.status(), form, &rejection.body_text()),
    };
    let parameters = match parse(&body) {
        Ok(parameters) => parameters,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, form, &message),
    };
    let Some(query) = &parameters.query else {
        return refuse(
            StatusCode::BAD_REQUEST,
            form,
            "the body has no `query`: send {\"query\": \"…\"}",
        );
    };
    let request = api::Request {
        query,
        operation_name: parameters.operation_name.as_deref(),
        variables: parameters.variables,
    };
    answer(shared.live.engine(), request, form).await
}

fn parse(body: &[u8]) -> Result<Parameters<'_>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    if text.trim_start().starts_with('[') {
        return Err("batches of requests are not supported: send one at a time".to_owned());
    }
    let parameters: Parameters = serde_json::from_str(text).map_err(|error| {
        let is_object = text.trim_start().starts_with('{');
        let what = if error.is_data() && is_object {
            "the body is not a GraphQL request"
        } else {
            "the body is not a JSON object"
        };
        format!("{what}: {error}")
    })?;
    for (name, raw) in [
        ("variables", parameters.variables),
        ("extensions", parameters.extensions),
    ] {
        if let Some(raw) = raw
            && !raw.get().starts_with('{')
            && raw.get() != "null"
        {
            return Err(format!("`{name}` is a JSON object or null"));
        }
    }
    Ok(parameters)
}

/// `GET /graphql`: a query in the URL, or the start of a WebSocket.
pub(super) async fn get(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    if request.headers().contains_key(header::UPGRADE) {
        return match shared.subscription.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let Some(form) = form(request.headers()) else {
        return not_acceptable();
    };
    if form == Form::Multipart {
        return match shared.streaming.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let parameters: QueryParameters = match serde_urlencoded::from_str(query.as_deref().unwrap_or_default()) {
        Ok(parameters) => parameters,
        Err(error) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                form,
                &format!("the query string cannot be read: {error}"),
            );
        }
    };
    let Some(query) = &parameters.query else {
        return refuse(
            StatusCode::BAD_REQUEST,
            form,
            "the URL has no `query`: ask /graphql?query=…",
        );
    };
    let variables = match parameters.variables.filter(|it| !it.is_empty()) {
        None => None,
        Some(json) => match RawValue::from_string(json.into()) {
            Ok(raw) if raw.get().starts_with('{') || raw.get() == "null" => Some(raw),
            _ => return refuse(StatusCode::BAD_REQUEST, form, "`variables` is a JSON object"),
        },
    };
    let request = api::Request {
        query,
        operation_name: parameters.operation_name.as_deref().filter(|it| !it.is_empty()),
        variables: variables.as_deref(),
    };
    answer(shared.live.engine(), request, form).await
}

async fn answer(engine: Arc<Engine>, request: api::Request<'_>, form: Form) -> Response {
    let prepared = match engine.prepare(request) {
        Ok(prepared) => prepared,
        Err(refused) => return respond(refused, form),
    };
    if prepared.is_short() {
        return respond(engine.run(&prepared), form);
    }
    match tokio::task::spawn_blocking(move || engine.run(&prepared)).await {
        Ok(answer) => respond(answer, form),
        Err(_) => internal(),
    }
}

fn respond(answer: Answer, form: Form) -> Response {
    let status = match form {
        Form::GraphqlResponse if !answer.executed => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    json_response(status, form, answer.body)
}

fn json_response(status: StatusCode, form: Form, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(form.content_type()),
    );
    response
}

fn refuse(status: StatusCode, form: Form, message: &str) -> Response {
    let answer = Answer::refused(&[GraphqlError::request("BAD_REQUEST", message)]);
    json_response(status, form, answer.body)
}

fn not_acceptable() -> Response {
    refuse(
        StatusCode::NOT_ACCEPTABLE,
        Form::Json,
        "the answer can be application/graphql-response+json, application/json or multipart/mixed",
    )
}

/// What is answered when something panicked: a bug, whose details stay here.
pub(super) fn internal() -> Response {
    let answer = Answer::refused(&[GraphqlError::request(
        "INTERNAL",
        "something went wrong in the server",
    )]);
    json_response(StatusCode::INTERNAL_SERVER_ERROR, Form::Json, answer.body)
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    let mut parts = content_type.split(';').map(|it| it.trim().to_ascii_lowercase());
    let media = parts.next().unwrap_or_default();
    media == "application/json"
        && parts.all(|it| {
            !it.starts_with("charset=") || it.trim_matches('"').ends_with("utf-8") || it.ends_with("utf8")
        })
}
