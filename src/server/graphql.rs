//! `/graphql`: from HTTP to a request and from an answer to HTTP, as GraphQL-over-HTTP has it.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use serde::Deserialize;
use serde_json::value::RawValue;
use tower::ServiceExt;

use super::Shared;
use super::negotiate::{Form, form};
use crate::api::{self, Answer, Engine, GraphqlError, Named};
use crate::forms;

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
    #[serde(borrow, default)]
    document_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
}

/// What of the extensions has a meaning here.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Extensions {
    persisted_query: Option<PersistedQuery>,
}

/// An automatically persisted query.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    sha256_hash: String,
}

/// The hash of an automatically persisted query, if the extensions have one.
fn hash_of(extensions: Option<&RawValue>) -> Option<String> {
    let extensions: Extensions = serde_json::from_str(extensions?.get()).ok()?;
    extensions.persisted_query.map(|it| it.sha256_hash)
}

/// The query string of a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryParameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Box<str>>,
    document_id: Option<String>,
    extensions: Option<Box<str>>,
}

/// `OPTIONS /graphql`.
pub(super) async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(header::ALLOW, "GET, POST, OPTIONS")]).into_response()
}

/// `POST /graphql`.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    answer_to(shared, request).await
}

/// Answers a `POST /graphql`.
pub(super) async fn answer_to(shared: Arc<Shared>, request: Request) -> Response {
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
    let max_body = shared.settings.max_body;
    let (head, body) = request.into_parts();
    let body = match to_bytes(body, max_body).await {
        Ok(body) => body,
        Err(error) if is_too_long(&error) => {
            let message = format!("the body is longer than {max_body} bytes");
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, form, &message);
        }
        Err(error) => {
            let message = format!("the body cannot be read: {error}");
            return refuse(StatusCode::BAD_REQUEST, form, &message);
        }
    };
    if form == Form::Multipart {
        // async-graphql reads a body of any length, so it is given one that was read up to the limit.
        let request = Request::from_parts(head, Body::from(body));
        return match shared.streaming.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let engine = shared.live.engine();
    if let Some(answer) = api::answer_again(&engine, &body, rendering(form)).await {
        return respond(answer, form);
    }
    let parameters = match parse(&body) {
        Ok(parameters) => parameters,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, form, &message),
    };
    let hash = hash_of(parameters.extensions);
    let named = Named {
        query: parameters.query.as_deref(),
        document_id: parameters.document_id.as_deref(),
        sha256: hash.as_deref(),
    };
    let document = match shared.settings.persisted.find(named) {
        Ok(document) => document,
        Err(error) => return unnamed(error, form),
    };
    let request = api::Request {
        query: &document,
        operation_name: parameters.operation_name.as_deref(),
        variables: parameters.variables,
    };
    // What a name stands for can change.
    let is_whole = named.document_id.is_none() && named.sha256.is_none();
    let body = is_whole.then_some(&*body);
    respond(api::answer(engine, body, request, rendering(form)).await, form)
}

fn is_too_long(error: &axum::Error) -> bool {
    error.source().is_some_and(<dyn Error>::is::<LengthLimitError>)
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
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    request: Request,
) -> Response {
    if request.headers().contains_key(header::UPGRADE) {
        return match shared.subscription.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let Some(form) = form(request.headers()) else {
        return not_acceptable();
    };
    if form == Form::Multipart {
        return match shared.streaming.clone().oneshot(request).await {
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
    let object = |name: &str, json: Option<Box<str>>| match json.filter(|it| !it.is_empty()) {
        None => Ok(None),
        Some(json) => match RawValue::from_string(json.into()) {
            Ok(raw) if raw.get().starts_with('{') || raw.get() == "null" => Ok(Some(raw)),
            _ => Err(format!("`{name}` is a JSON object")),
        },
    };
    let given = object("variables", parameters.variables)
        .and_then(|it| Ok((it, object("extensions", parameters.extensions)?)));
    let (variables, extensions) = match given {
        Ok(given) => given,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, form, &message),
    };
    let hash = hash_of(extensions.as_deref());
    let named = Named {
        query: parameters.query.as_deref(),
        document_id: parameters.document_id.as_deref(),
        sha256: hash.as_deref(),
    };
    let document = match shared.settings.persisted.find(named) {
        Ok(document) => document,
        Err(error) => return unnamed(error, form),
    };
    let engine = shared.live.engine();
    let tag = tag(&engine, form, query.as_deref().unwrap_or_default());
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|it| has_tag(it, &tag))
    {
        return with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag);
    }
    let request = api::Request {
        query: &document,
        operation_name: parameters.operation_name.as_deref().filter(|it| !it.is_empty()),
        variables: variables.as_deref(),
    };
    let answer = api::answer(engine, None, request, rendering(form)).await;
    let is_good = answer.executed && !answer.has_errors;
    let response = respond(answer, form);
    if is_good {
        with_tag(response, &tag)
    } else {
        response
    }
}

/// The answer to the same URL is the same for as long as the revision is.
fn tag(engine: &Engine, form: Form, query: &str) -> String {
    let asked = xxhash_rust::xxh3::xxh3_64(query.as_bytes());
    format!(
        "\"{:016x}-{asked:016x}-{}\"",
        engine.snapshot().revision(),
        form.short()
    )
}

/// Whether an `If-None-Match` names the tag.
fn has_tag(header: &HeaderValue, tag: &str) -> bool {
    let tags = header.to_str().unwrap_or_default().split(',').map(str::trim);
    tags.map(|it| it.strip_prefix("W/").unwrap_or(it))
        .any(|it| it == tag || it == "*")
}

/// Clients may keep the answer, and ask each time whether it still holds.
fn with_tag(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, no-cache"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The answer where no document could be found for the request.
fn unnamed(error: GraphqlError, form: Form) -> Response {
    let is_malformed = error.extensions.code == "BAD_REQUEST";
    let answer = Answer::refused(&[error]);
    if is_malformed {
        json_response(StatusCode::BAD_REQUEST, form, answer.body)
    } else {
        respond(answer, form)
    }
}

/// The form that is not JSON, if it is one.
fn rendering(form: Form) -> Option<forms::Form> {
    match form {
        Form::Rendered(form) => Some(form),
        _ => None,
    }
}

fn respond(answer: Answer, form: Form) -> Response {
    let status = match form {
        Form::Rendered(form) if !answer.has_errors => return rendered(form, answer.body),
        // Whoever asked for a drawing must not take errors for one.
        Form::Rendered(_) if answer.executed => StatusCode::UNPROCESSABLE_ENTITY,
        Form::Rendered(_) => StatusCode::BAD_REQUEST,
        Form::GraphqlResponse if !answer.executed => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    json_response(status, form, answer.body)
}

/// The media types of forms name no encoding of their own.
fn rendered(form: forms::Form, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    let content_type = format!("{}; charset=utf-8", form.media_type());
    if let Ok(content_type) = HeaderValue::from_str(&content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
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
    let others: Vec<&str> = forms::Form::media_types().collect();
    let message = format!(
        "the answer can be application/graphql-response+json, application/json, multipart/mixed, {}",
        others.join(", ")
    );
    refuse(StatusCode::NOT_ACCEPTABLE, Form::Json, &message)
}

/// What is answered when something panicked: a bug, whose details stay here.
pub(super) fn internal() -> Response {
    let answer = Answer::refused(&[GraphqlError::internal()]);
    json_response(StatusCode::INTERNAL_SERVER_ERROR, Form::Json, answer.body)
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    if content_type == "application/json" {
        return true;
    }
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    media.eq_ignore_ascii_case("application/json")
        && parts.all(|it| {
            let it = it.to_ascii_lowercase();
            !it.starts_with("charset=") || it.trim_matches('"').ends_with("utf-8") || it.ends_with("utf8")
        })
}
