//! `/graphql`: turns HTTP into requests and answers into HTTP, as the GraphQL-over-HTTP specification requires.

use std::fmt::Display;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::body::{self, Unread};
use super::connection_state::{ConnectionState, Order};
use super::etag::{self, Tags};
use super::log::{Document, LogData, Moment};
use super::negotiate::{self, Form, form};
use super::response::{body, busy, bytes, json_response, refuse, refuse_as};
use super::{Shared, headers, multipart, sse, websocket};
use crate::api::{Answer, BUSY, Encoding, Parts, RawRequest, Reached, RequestHandler, SHORTEST};
use crate::budget::Reservation;
use crate::forms;

/// Number of comments sent within the write timeout to keep a connection open while the client waits for an event.
const KEEP_ALIVES: u32 = 3;

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

/// State for handlers behind the router, in addition to the client's request.
#[derive(Clone)]
pub(super) struct Caller {
    pub watch: Arc<ConnectionState>,
    pub start: Moment,
}

/// `OPTIONS /graphql`.
pub(super) async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(header::ALLOW, "GET, POST, OPTIONS")]).into_response()
}

/// `POST /graphql`.
pub(super) async fn post(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    answer_to(shared, request, &caller.watch, caller.start).await
}

/// Answers a `POST /graphql`.
pub(super) async fn answer_to<B>(
    shared: Arc<Shared>,
    request: Request<B>,
    watch: &Arc<ConnectionState>,
    start: Moment,
) -> Response
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
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
    if let Some(encoding) = foreign_encoding(request.headers()) {
        let message = format!("the body's content encoding is \"{encoding}\"; send it without one");
        let mut response = refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, form, &message);
        // RFC 9110, section 15.5.16.
        let identity = HeaderValue::from_static("identity");
        response.headers_mut().insert(header::ACCEPT_ENCODING, identity);
        return response;
    }
    let max_body = shared.settings.max_body;
    let (parts, body) = request.into_parts();
    let (body, held) = match body::read(body, max_body, shared.live.gate().memory(), watch).await {
        Ok(read) => read,
        Err(unread) => return unread_body(unread, max_body, form),
    };
    let asked = RawRequest::Body(body);
    let wanted = ResponseOptions {
        shared: &shared,
        form,
        encoding: encoding(&parts.headers, form),
        watch,
        start,
    };
    match answer(wanted, shared.serving(), &asked, held).await {
        Ok(answer) => with_document(respond(answer, form), &shared, start, asked),
        Err(later) => later,
    }
}

/// The form in which a client wants its answer, and when it asked.
#[derive(Clone, Copy)]
struct ResponseOptions<'s> {
    shared: &'s Arc<Shared>,
    form: Form,
    encoding: Option<Encoding>,
    watch: &'s Arc<ConnectionState>,
    start: Moment,
}

/// A request that is being answered. If it is dropped, its client has disconnected, and the log says so.
struct PendingRequest<'a> {
    shared: &'a Shared,
    watch: &'a ConnectionState,
    asked: &'a RawRequest,
    start: Moment,
}

impl PendingRequest<'_> {
    /// Waits for the answer of a run.
    async fn answer(self, run: impl Future<Output = Answer>) -> Answer {
        let answer = run.await;
        std::mem::forget(self);
        answer
    }
}

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        // If the server closed the connection, the sweeper logs why. A panic gets an answer.
        if self.watch.order() != Order::Drop && !std::thread::panicking() {
            self.shared.note_hang_up(self.asked.clone(), self.start);
        }
    }
}

/// The answer to a request, or a response whose body gets the answer later.
async fn answer(
    wanted: ResponseOptions<'_>,
    serving: RequestHandler,
    asked: &RawRequest,
    held: Option<Reservation>,
) -> Result<Answer, Response> {
    let ResponseOptions {
        shared,
        form,
        encoding,
        watch,
        start,
    } = wanted;
    if form != Form::Events {
        let awaited = PendingRequest {
            shared,
            watch,
            asked,
            start,
        };
        let run = serving.answer_encoded(asked.clone(), rendering(form), encoding, held);
        return Ok(awaited.answer(run).await);
    }
    let keep_alive = shared.settings.bounds.write / KEEP_ALIVES;
    let run = {
        let (shared, watch, asked) = (shared.clone(), watch.clone(), asked.clone());
        async move {
            let awaited = PendingRequest {
                shared: &shared,
                watch: &watch,
                asked: &asked,
                start,
            };
            let run = serving.answer(asked.clone(), None, held);
            awaited.answer(run).await
        }
    };
    let (shared, asked) = (shared.clone(), asked.clone());
    sse::answer(run, keep_alive, move |answer| {
        shared.note(answer, StatusCode::OK, Some(asked), start);
    })
    .await
}

/// The answer to a request of the server's own, in JSON.
pub(super) async fn answer_json(shared: &Shared, asked: &RawRequest, caller: &Caller) -> Answer {
    let awaited = PendingRequest {
        shared,
        watch: &caller.watch,
        asked,
        start: caller.start,
    };
    awaited
        .answer(shared.serving().answer(asked.clone(), None, None))
        .await
}

/// The content encoding of an answer.
fn encoding(headers: &HeaderMap, form: Form) -> Option<Encoding> {
    negotiate::encoding(headers).filter(|_| is_encodable(form))
}

/// Whether answers in a form may be compressed. Parts and events are framed, and sent as they are.
fn is_encodable(form: Form) -> bool {
    match form {
        Form::Multipart | Form::Events => false,
        Form::GraphqlResponse | Form::Json | Form::Rendered(_) => true,
    }
}

/// The content encoding of a request's body, if it has one.
fn foreign_encoding(headers: &HeaderMap) -> Option<String> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let foreign = encodings.find(|it| !it.as_bytes().eq_ignore_ascii_case(b"identity"))?;
    Some(String::from_utf8_lossy(foreign.as_bytes()).into_owned())
}

/// The answer to a request whose body was not read to its end. The connection is closed, since the rest of the body
/// would be read as another request.
fn unread_body(unread: Unread, max_body: usize, form: Form) -> Response {
    let mut response = match unread {
        Unread::TooLong => refuse_as(
            "BODY_LIMIT",
            StatusCode::PAYLOAD_TOO_LARGE,
            form,
            &format!("the body is longer than {max_body} bytes"),
        ),
        Unread::TooSlow => refuse_as(
            "BODY_TIMEOUT",
            StatusCode::REQUEST_TIMEOUT,
            form,
            "the body took too long to come: send it at once, and faster than 1 kB a second",
        ),
        Unread::Busy => busy(form),
        Unread::Broken(error) => refuse(
            StatusCode::BAD_REQUEST,
            form,
            &format!("the body cannot be read: {error}"),
        ),
    };
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Adds the document of a request to its answer, if a line will be logged for it.
fn with_document(mut response: Response, shared: &Shared, start: Moment, asked: RawRequest) -> Response {
    let code = response.extensions().get::<LogData>().map(|it| it.code);
    if code.is_some() || shared.connections.record.log.is_slow(start.elapsed()) {
        response.extensions_mut().insert(LogData {
            code: code.unwrap_or_default(),
            document: Some(Document::new(asked, shared.settings.persisted.clone())),
        });
    }
    response
}

/// `GET /graphql`: a query in the URL, or the start of a WebSocket.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    if websocket::is_upgrade(&request) {
        return websocket::begin(shared, request, caller.watch).await;
    }
    let mut response = answer_url(&shared, query.as_deref().unwrap_or_default(), &headers, &caller).await;
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Answers a query in the URL.
async fn answer_url(shared: &Arc<Shared>, query: &str, headers: &HeaderMap, caller: &Caller) -> Response {
    let Some(form) = form(headers) else {
        return not_acceptable();
    };
    match parts(query) {
        Ok(parts) => {
            let asked = RawRequest::Parts(Arc::new(parts));
            answer_get(shared, asked, form, query, headers, caller).await
        }
        Err(message) => refuse(StatusCode::BAD_REQUEST, form, &message),
    }
}

/// Answers a `GET`. `address` distinguishes the answers of the same document.
pub(super) async fn answer_get(
    shared: &Arc<Shared>,
    asked: RawRequest,
    form: Form,
    address: &str,
    headers: &HeaderMap,
    caller: &Caller,
) -> Response {
    let serving = shared.serving();
    let encoding = encoding(headers, form);
    let tags = Tags::of(&serving, &asked, form, address);
    if let Some(tag) = tags.as_ref().and_then(|it| it.held(headers, encoding)) {
        return etag::not_modified(&tag);
    }
    let start = caller.start;
    let wanted = ResponseOptions {
        shared,
        form,
        encoding,
        watch: &caller.watch,
        start,
    };
    let answer = match answer(wanted, serving.clone(), &asked, None).await {
        Ok(answer) => answer,
        Err(later) => return later,
    };
    if answer.reached == Reached::Refused && serving.is_mutation(asked.clone()).await {
        return no_mutation(form);
    }
    let is_good = answer.is_executed() && !answer.has_errors();
    let tag = tags.filter(|_| is_good).map(|it| it.tag(answer.encoding));
    match tag {
        Some(tag) if etag::holds_any(headers) => etag::not_modified(&tag),
        Some(tag) => etag::tagged(with_document(respond(answer, form), shared, start, asked), &tag),
        None => with_document(respond(answer, form), shared, start, asked),
    }
}

/// The parameters of a request in a URL.
fn parts(query: &str) -> Result<Parts, String> {
    let given: QueryParameters = serde_urlencoded::from_str(query)
        .map_err(|error| format!("the query string cannot be read: {error}"))?;
    Ok(Parts {
        query: given.query,
        operation_name: given.operation_name,
        variables: json("variables", given.variables)?,
        document_id: given.document_id,
        extensions: json("extensions", given.extensions)?,
    })
}

/// Parses JSON in a URL. An empty text counts as missing.
fn json(name: &str, text: Option<Box<str>>) -> Result<Option<Box<RawValue>>, String> {
    let text = text.filter(|it| !it.is_empty());
    let json = text.map(|it| RawValue::from_string(it.into())).transpose();
    json.map_err(|error| format!("`{name}` is not JSON: {error}"))
}

/// Refuses a mutation in a URL, since caches and crawlers may repeat it.
fn no_mutation(form: Form) -> Response {
    let message = "a mutation cannot be sent with GET, and this server has none: send a query";
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, form, message);
    let allowed = HeaderValue::from_static("POST");
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

/// The form, if it is not JSON.
fn rendering(form: Form) -> Option<forms::Form> {
    match form {
        Form::Rendered(form) => Some(form),
        _ => None,
    }
}

fn respond(answer: Answer, form: Form) -> Response {
    let (code, encoding) = (answer.code, answer.encoding);
    let may_be_encoded = is_encodable(form) && answer.body.len() > SHORTEST;
    let mut response = match (answer.reached, form) {
        // A server that is busy and a malformed request have a JSON body and their own status in each form.
        _ if code == Some(BUSY) => return busy(form),
        (Reached::Malformed, _) => json_response(StatusCode::BAD_REQUEST, form, body(answer)),
        (_, Form::Events) => sse::respond(answer),
        (_, Form::Multipart) => multipart::respond(&bytes(answer)),
        (_, Form::Rendered(form)) if !answer.has_errors() => rendered(form, body(answer)),
        // The status must not be 200, so that a client that asked for a drawing does not store errors as one.
        (Reached::Executed, Form::Rendered(_)) => {
            json_response(StatusCode::UNPROCESSABLE_ENTITY, form, body(answer))
        }
        (Reached::Refused, Form::Rendered(_) | Form::GraphqlResponse) => {
            json_response(StatusCode::BAD_REQUEST, form, body(answer))
        }
        _ => json_response(StatusCode::OK, form, body(answer)),
    };
    if let Some(encoding) = encoding {
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_ENCODING,
            HeaderValue::from_static(encoding.name()),
        );
    }
    if encoding.is_some() || may_be_encoded {
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if code.is_some() {
        response.extensions_mut().insert(LogData { code, document: None });
    }
    response
}

/// Some media types of forms have no default character encoding, so it is always named.
fn rendered(form: forms::Form, body: Body) -> Response {
    let mut response = Response::new(body);
    let content_type = format!("{}; charset=utf-8", form.media_type());
    if let Ok(content_type) = HeaderValue::from_str(&content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    if form == forms::Form::Svg {
        headers::secure_drawing(&mut response);
    } else {
        headers::not_sniffed(&mut response);
    }
    response
}

fn not_acceptable() -> Response {
    let others: Vec<&str> = forms::Form::media_types().collect();
    let message = format!(
        "the answer can be application/graphql-response+json, application/json, multipart/mixed, text/event-stream, {}",
        others.join(", ")
    );
    refuse(StatusCode::NOT_ACCEPTABLE, Form::Json, &message)
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
