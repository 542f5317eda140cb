//! Responses: the bytes of an answer, and errors.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::headers;
use super::log::LogData;
use super::negotiate::Form;
use crate::api::{Answer, BUSY, BUSY_MESSAGE, GraphqlError};
use crate::budget::Reservation;

/// The bytes of an answer, and their reservation until they are sent.
struct Held {
    bytes: Vec<u8>,
    _memory: Reservation,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

pub(super) fn body(answer: Answer) -> Body {
    Body::from(bytes(answer))
}

/// The bytes of an answer. Their reservation ends when the last of them is dropped.
pub(super) fn bytes(answer: Answer) -> Bytes {
    match answer.memory {
        None => Bytes::from(answer.body),
        Some(memory) => Bytes::from_owner(Held {
            bytes: answer.body,
            _memory: memory,
        }),
    }
}

/// Refuses a request because the server is busy.
pub(super) fn busy(form: Form) -> Response {
    let mut response = refuse_as(BUSY, StatusCode::SERVICE_UNAVAILABLE, form, BUSY_MESSAGE);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A response in a JSON form.
pub(super) fn json_response(status: StatusCode, form: Form, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(form.content_type()),
    );
    headers::not_sniffed(&mut response);
    response
}

/// Refuses a malformed request.
pub(super) fn refuse(status: StatusCode, form: Form, message: &str) -> Response {
    refuse_as("BAD_REQUEST", status, form, message)
}

/// Refuses a request with an error code.
pub(super) fn refuse_as(code: &'static str, status: StatusCode, form: Form, message: &str) -> Response {
    let answer = Answer::refused(&[GraphqlError::request(code, message)]);
    let mut response = json_response(status, form, Body::from(answer.body));
    response.extensions_mut().insert(LogData {
        code: Some(code),
        document: None,
    });
    response
}

/// Refuses a request whose host is malformed or not served.
pub(super) fn refuse_host(status: StatusCode, message: &str) -> Response {
    let code = if status == StatusCode::MISDIRECTED_REQUEST {
        "FOREIGN_HOST"
    } else {
        "BAD_REQUEST"
    };
    refuse_as(code, status, Form::Json, message)
}

/// The response after a panic, which is a bug. It does not reveal the details.
pub(super) fn internal() -> Response {
    let error = GraphqlError::internal();
    refuse_as(
        error.extensions.code,
        StatusCode::INTERNAL_SERVER_ERROR,
        Form::Json,
        &error.message,
    )
}
