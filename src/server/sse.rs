//! Server-Sent Events, in the distinct connections mode of the graphql-sse protocol: a `next` event with the answer,
//! then `complete`.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use futures_util::{StreamExt, stream};

use super::chunked_body::framed;
use super::{headers, response};
use crate::api::Answer;

const COMMENT: &[u8] = b":\n\n";
const NEXT: &[u8] = b"event: next\ndata: ";
const COMPLETE: &[u8] = b"\n\nevent: complete\ndata:\n\n";

/// The answer of a run, if the run ends within `keep_alive`. Otherwise a response whose events follow later. Until
/// then, it sends a comment after each `keep_alive`, so that proxies keep the connection. Dropping the response cancels
/// the run. `note` is called with an answer that comes later.
pub(super) async fn answer(
    run: impl Future<Output = Answer> + Send + 'static,
    keep_alive: Duration,
    note: impl FnOnce(&Answer) + Send + 'static,
) -> Result<Answer, Response> {
    let mut run = Box::pin(run);
    match tokio::time::timeout(keep_alive, &mut run).await {
        Ok(answer) => Ok(answer),
        Err(_) => Err(events(later(run, keep_alive, note))),
    }
}

/// The events of an answer.
pub(super) fn respond(answer: Answer) -> Response {
    events(framed(pieces(answer)))
}

fn events(body: Body) -> Response {
    let mut response = Response::new(body);
    let all = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    for (name, value) in all {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    headers::not_sniffed(&mut response);
    response
}

/// Each answer is JSON on one line, since line breaks in strings are escaped.
fn pieces(answer: Answer) -> [Bytes; 3] {
    [
        Bytes::from_static(NEXT),
        response::bytes(answer),
        Bytes::from_static(COMPLETE),
    ]
}

/// Sends comments until the run ends, then its events.
fn later(
    run: Pin<Box<dyn Future<Output = Answer> + Send>>,
    keep_alive: Duration,
    note: impl FnOnce(&Answer) + Send + 'static,
) -> Body {
    let first = stream::once(async { vec![Bytes::from_static(COMMENT)] });
    let rest = stream::unfold(Some((run, note)), move |state| async move {
        let (mut run, note) = state?;
        match tokio::time::timeout(keep_alive, &mut run).await {
            Ok(answer) => {
                note(&answer);
                Some((pieces(answer).to_vec(), None))
            }
            Err(_) => Some((vec![Bytes::from_static(COMMENT)], Some((run, note)))),
        }
    });
    let pieces = first.chain(rest).flat_map(stream::iter);
    Body::from_stream(pieces.map(Ok::<Bytes, Infallible>))
}
