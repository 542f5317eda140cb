//! `multipart/mixed`: an answer as its only part, for clients that take nothing else.

use std::array;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use super::headers;

const CONTENT_TYPE: &str = "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=\"1.0\"";
const BEFORE: &[u8] = b"--graphql\r\nContent-Type: application/json\r\n\r\n";
const AFTER: &[u8] = b",\"hasNext\":false}\r\n--graphql--\r\n";

/// The bytes of a JSON object in a response of one part. They are neither copied nor read.
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

/// A body of several pieces, sent one after the other.
pub(super) fn framed<const N: usize>(pieces: [Bytes; N]) -> Body {
    Body::new(Pieces(pieces.into_iter()))
}

/// Pieces of a body, whose length is known.
struct Pieces<const N: usize>(array::IntoIter<Bytes, N>);

impl<const N: usize> HttpBody for Pieces<N> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|it| Ok(Frame::data(it))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        let length: usize = self.0.as_slice().iter().map(Bytes::len).sum();
        SizeHint::with_exact(length as u64)
    }
}
