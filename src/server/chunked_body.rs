//! A response body of several pieces, sent without copying them.

use std::array;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

/// A body of several pieces, sent one after the other.
pub(super) fn framed<const N: usize>(pieces: [Bytes; N]) -> Body {
    Body::new(ChunkedBody(pieces.into_iter()))
}

/// Pieces of a body, whose length is known.
struct ChunkedBody<const N: usize>(array::IntoIter<Bytes, N>);

impl<const N: usize> HttpBody for ChunkedBody<N> {
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
