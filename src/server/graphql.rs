//! `/graphql`: from HTTP to a request and from an answer to HTTP, as GraphQL-over-HTTP has it.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use tower::ServiceExt;

use super::Shared;
use super::negotiate::{Form, form};
use crate::api::{Answer, Asked, Engine, GraphqlError, Parts, Reached};
use crate::budget::Reservation;
use crate::forms;

/// The code of a request that is refused because too much is running.
const BUSY: &str = "BUSY";

/// The memory of shorter bodies is not counted.
const SMALL_BODY: usize = 16 << 10;

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
    let (parts, body) = request.into_parts();
    let (body, held) = match receive(&shared, body).await {
        Ok(received) => received,
        Err(Unreceived::TooLong) => {
            let message = format!("the body is longer than {} bytes", shared.settings.max_body);
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, form, &message);
        }
        Err(Unreceived::Busy) => return busy(form),
        Err(Unreceived::Broken(error)) => {
            let message = format!("the body cannot be read: {error}");
            return refuse(StatusCode::BAD_REQUEST, form, &message);
        }
    };
    if form == Form::Multipart {
        // async-graphql reads a body of any length, so it is given one that was read up to the limit.
        let request = Request::from_parts(parts, Body::from(body));
        return match shared.streaming.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
    }
    let serving = shared.serving();
    respond(
        serving.answer(Asked::Body(body), rendering(form), held).await,
        form,
    )
}

/// Why a body was not received.
enum Unreceived {
    TooLong,
    Busy,
    Broken(axum::Error),
}

/// Reads a body. What it takes beyond [`SMALL_BODY`] is reserved in the shared memory before it is read.
async fn receive(shared: &Shared, mut body: Body) -> Result<(Bytes, Option<Reservation>), Unreceived> {
    let most = shared.settings.max_body;
    let too_long = |it: usize| it > most;
    if body.size_hint().lower() > most as u64 {
        return Err(Unreceived::TooLong);
    }
    let mut first = Bytes::new();
    let mut all: Vec<u8> = Vec::new();
    let mut held: Option<Reservation> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Unreceived::Broken)?;
        let Ok(part) = frame.into_data() else { continue };
        if all.is_empty() && first.is_empty() {
            // Most bodies are one part, which is taken as it is.
            if too_long(part.len()) {
                return Err(Unreceived::TooLong);
            }
            first = part;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        let len = all.len() + part.len();
        if too_long(len) {
            return Err(Unreceived::TooLong);
        }
        if len > SMALL_BODY {
            let memory = shared.live.gate().memory();
            let held = match &mut held {
                Some(held) => held,
                None => held.insert(memory.reserve(0).ok_or(Unreceived::Busy)?),
            };
            // A vector that grows is there twice for a moment.
            if !held.grow_to((2 * len).next_multiple_of(SMALL_BODY)) {
                return Err(Unreceived::Busy);
            }
        }
        all.extend_from_slice(&part);
    }
    let body = if all.is_empty() { first } else { Bytes::from(all) };
    Ok((body, held))
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
    let serving = shared.serving();
    let tag = tag(&serving.engine, form, query.as_deref().unwrap_or_default());
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|it| has_tag(it, &tag))
    {
        return with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag);
    }
    let asked = Asked::Parts(Parts {
        query: parameters.query,
        operation_name: parameters.operation_name.filter(|it| !it.is_empty()),
        variables,
        document_id: parameters.document_id,
        extensions,
    });
    let answer = serving.answer(asked, rendering(form), None).await;
    let is_good = answer.is_executed() && !answer.has_errors();
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

/// The form that is not JSON, if it is one.
fn rendering(form: Form) -> Option<forms::Form> {
    match form {
        Form::Rendered(form) => Some(form),
        _ => None,
    }
}

fn respond(answer: Answer, form: Form) -> Response {
    let status = match (answer.reached, form) {
        _ if answer.code == Some(BUSY) => return busy(form),
        (Reached::Malformed, _) => StatusCode::BAD_REQUEST,
        (_, Form::Rendered(form)) if !answer.has_errors() => return rendered(form, body(answer)),
        // Whoever asked for a drawing must not take errors for one.
        (Reached::Executed, Form::Rendered(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (Reached::Refused, Form::Rendered(_) | Form::GraphqlResponse) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    json_response(status, form, body(answer))
}

/// The bytes of an answer, and what is reserved for them until they are sent.
struct Held {
    bytes: Vec<u8>,
    _memory: Reservation,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn body(answer: Answer) -> Body {
    match answer.memory {
        None => Body::from(answer.body),
        Some(memory) => Body::from(Bytes::from_owner(Held {
            bytes: answer.body,
            _memory: memory,
        })),
    }
}

/// Refuses a request for now.
fn busy(form: Form) -> Response {
    let message = "the server is busy: try again in a second";
    let answer = Answer::refused(&[GraphqlError::request(BUSY, message)]);
    let mut response = json_response(StatusCode::SERVICE_UNAVAILABLE, form, Body::from(answer.body));
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The media types of forms name no encoding of their own.
fn rendered(form: forms::Form, body: Body) -> Response {
    let mut response = Response::new(body);
    let content_type = format!("{}; charset=utf-8", form.media_type());
    if let Ok(content_type) = HeaderValue::from_str(&content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
}

fn json_response(status: StatusCode, form: Form, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(form.content_type()),
    );
    response
}

fn refuse(status: StatusCode, form: Form, message: &str) -> Response {
    let answer = Answer::refused(&[GraphqlError::request("BAD_REQUEST", message)]);
    json_response(status, form, Body::from(answer.body))
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
    json_response(
        StatusCode::INTERNAL_SERVER_ERROR,
        Form::Json,
        Body::from(answer.body),
    )
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
