//! `multipart/mixed`: an answer as the only part, for clients that accept no other form.

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::chunked_body::framed;
use super::headers;

const CONTENT_TYPE: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"";
const BEFORE: &[u8] = b"--graphql\r\nContent-Type: application/json\r\n\r\n";
const AFTER: &[u8] = b",\"hasNext\":false}\r\n--graphql--\r\n";

/// A response whose only part is a JSON object. Its bytes are neither copied nor parsed.
pub(super) fn respond(json: &Bytes) -> Response {
    let inner = json.slice(..json.len().saturating_sub(1));
    let mut response = Response::new(framed([
        Bytes::from_static(BEFORE),
        inner,
        Bytes::from_static(AFTER),
    ]));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    headers::not_sniffed(&mut response);
    response
}
