//! Entity tags of answers over GET, and conditional requests (RFC 9110, section 13).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{ETag, HeaderMapExt, IfNoneMatch};

use super::negotiate::Form;
use crate::api::{Encoding, RawRequest, RequestHandler};

/// The tags of the answer to a URL. They stay the same as long as the revision and the named document do.
pub(super) struct Tags {
    revision: u64,
    asked: u64,
    form: char,
}

impl Tags {
    /// The tags, unless no document is named or the answer is sent as an event.
    pub fn of(serving: &RequestHandler, asked: &RawRequest, form: Form, query: &str) -> Option<Self> {
        if form == Form::Events {
            return None;
        }
        let document = asked.document_hash(&serving.persisted)?;
        Some(Self {
            revision: serving.engine.snapshot().revision(),
            asked: xxhash_rust::xxh3::xxh3_64_with_seed(query.as_bytes(), document),
            form: form.short(),
        })
    }

    /// The tag of the answer in an encoding.
    pub fn tag(&self, encoding: Option<Encoding>) -> String {
        let Self {
            revision,
            asked,
            form,
        } = self;
        let encoding = encoding.map_or("", Encoding::name);
        format!("\"{revision:016x}-{asked:016x}-{form}{encoding}\"")
    }

    /// The tag of an answer that the client has and that is still valid. An answer is only compressed if this makes it
    /// shorter, so with an encoding two tags are possible.
    pub fn held(&self, headers: &HeaderMap, encoding: Option<Encoding>) -> Option<String> {
        let possible = [encoding, None].map(|it| self.tag(it));
        let held = headers.typed_get::<IfNoneMatch>()?;
        // Whether there is any answer is only known after the run.
        if held == IfNoneMatch::any() {
            return None;
        }
        let is_held = |tag: &ETag| !held.precondition_passes(tag);
        possible
            .into_iter()
            .find(|it| it.parse().is_ok_and(|tag| is_held(&tag)))
    }
}

/// Whether the client has any valid answer to the request.
pub(super) fn holds_any(headers: &HeaderMap) -> bool {
    headers.typed_get() == Some(IfNoneMatch::any())
}

/// The response to a client that has the current answer.
pub(super) fn not_modified(tag: &str) -> Response {
    tagged(StatusCode::NOT_MODIFIED.into_response(), tag)
}

/// A response that clients may cache. They must revalidate it before each use.
pub(super) fn tagged(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, no-cache"),
    );
    response
}
