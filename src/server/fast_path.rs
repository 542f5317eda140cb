//! The service that hyper calls for each request of a connection. It checks the host, and counts and logs the result.
//! It answers `POST /graphql` without the router and its layers, because these cost more than a small answer.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, Method, StatusCode, Version, header};
use axum::response::Response;
use futures_util::FutureExt;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use tower::ServiceExt;

use super::connection_state::{ConnectionState, Phase};
use super::graphql::{self, Caller};
use super::hosts::{self, AllowedHost, Refusal};
use super::log::{LogData, Moment, RequestOutcome};
use super::recorder::Record;
use super::{Shared, headers, response};
use crate::report;

/// The services of an address.
pub(super) struct AddressServices {
    /// Answers `POST /graphql` without the router, if the address serves it.
    pub shared: Option<Arc<Shared>>,
    pub router: Router,
    /// Whether other origins may send requests. Their answers need headers that a layer of the router adds.
    pub cors: bool,
    pub hosts: Arc<[AllowedHost]>,
}

/// The service of one connection.
pub(super) struct Peer {
    site: Arc<AddressServices>,
    record: Arc<Record>,
    watch: Arc<ConnectionState>,
    /// The local address of the connection.
    local: Option<IpAddr>,
    /// The last accepted `Host`: clients usually send the same value with each request.
    host: RefCell<Option<HeaderValue>>,
}

impl Peer {
    pub fn new(
        site: Arc<AddressServices>,
        record: Arc<Record>,
        watch: Arc<ConnectionState>,
        local: Option<IpAddr>,
    ) -> Self {
        Self {
            site,
            record,
            watch,
            local,
            host: RefCell::new(None),
        }
    }

    /// Whether the request names exactly one host, and that host is served.
    fn check_host(&self, request: &Request<Incoming>) -> Result<(), Response> {
        let mut named = request.headers().get_all(header::HOST).iter();
        let first = named.next();
        if let Some(first) = first
            && self.host.borrow().as_ref() == Some(first)
            && named.next().is_none()
            && request.uri().authority().is_none()
        {
            return Ok(());
        }
        if request.headers().get_all(header::HOST).iter().count() > 1 {
            return Err(response::refuse_host(
                StatusCode::BAD_REQUEST,
                "the request has more than one `Host` header: send one",
            ));
        }
        if first.is_none() && request.version() >= Version::HTTP_11 {
            return Err(response::refuse_host(
                StatusCode::BAD_REQUEST,
                "the request has no `Host` header: HTTP/1.1 needs one",
            ));
        }
        // If the target has an authority, the authority counts; but the `Host` header has to be valid too.
        let target = request.uri().authority().map(|it| it.as_str().as_bytes());
        for authority in target.into_iter().chain(first.map(HeaderValue::as_bytes)) {
            let refusal = match hosts::check(authority, &self.site.hosts, self.local) {
                Ok(()) => continue,
                Err(refusal) => refusal,
            };
            let authority = String::from_utf8_lossy(authority);
            let shown = report::shown(&authority);
            let (status, message) = match refusal {
                Refusal::Malformed => (
                    StatusCode::BAD_REQUEST,
                    format!(
                        "the host \"{shown}\" is malformed: send a name or an address, and perhaps a port"
                    ),
                ),
                Refusal::Foreign => (
                    StatusCode::MISDIRECTED_REQUEST,
                    format!(
                        "this server is not \"{shown}\": ask for it by a loopback name or its address, or start it with --allow-host"
                    ),
                ),
            };
            return Err(response::refuse_host(status, &message));
        }
        if target.is_none() {
            *self.host.borrow_mut() = first.cloned();
        }
        Ok(())
    }
}

impl hyper::service::Service<Request<Incoming>> for Peer {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let start = Moment::now();
        let watch = self.watch.clone();
        watch.enter(Phase::Busy);
        watch.set_unread_body(!request.body().is_end_stream());
        let record = self.record.clone();
        if let Err(refused) = self.check_host(&request) {
            return Box::pin(async move { Ok(finish(&record, &watch, start, refused)) });
        }
        let is_next = watch.has_answered_in_turn();
        let is_hot = request.method() == Method::POST
            && request.uri().path() == "/graphql"
            && !(self.site.cors && request.headers().contains_key(header::ORIGIN));
        if is_hot && let Some(shared) = self.site.shared.clone() {
            return Box::pin(async move {
                if is_next {
                    next_turn(&watch).await;
                }
                let answer =
                    AssertUnwindSafe(graphql::answer_to(shared, request, &watch, start)).catch_unwind();
                let answer = answer.await.unwrap_or_else(|_| response::internal());
                Ok(finish(&record, &watch, start, answer))
            });
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Caller {
            watch: watch.clone(),
            start,
        });
        let answer = self.site.router.clone().oneshot(request);
        Box::pin(async move {
            if is_next {
                next_turn(&watch).await;
            }
            let mut answer = match answer.await {
                Ok(answer) => answer,
                Err(never) => match never {},
            };
            headers::secure(&mut answer);
            Ok(finish(&record, &watch, start, answer))
        })
    }
}

/// Yields to other tasks of the thread: a client may send many requests at once, and each poll answers one.
async fn next_turn(watch: &ConnectionState) {
    let turn = watch.turn();
    watch.enter(Phase::Turn);
    poll_fn(|cx| {
        if watch.turn() == turn {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
    watch.enter(Phase::Busy);
}

/// Counts and logs an answer, and records the state of the connection after it.
fn finish(record: &Record, watch: &Arc<ConnectionState>, start: Moment, answer: Response) -> Response {
    let status = answer.status();
    let bytes = answer.body().size_hint().exact();
    watch.note_answer(status);
    let taken = start.elapsed();
    let noted = answer.extensions().get::<LogData>();
    if status.as_u16() >= 400 || noted.is_some() || record.log.is_slow(taken) {
        let code = noted.and_then(|it| it.code);
        if let Some(code) = code {
            record.counters.note_code(code);
        }
        let ended = RequestOutcome {
            status: Some(status.as_u16()),
            code,
            taken,
            bytes: answer.body().size_hint().lower(),
        };
        let document = noted.and_then(|it| it.document.clone());
        record.log.note(ended, document);
    }
    if status == StatusCode::SWITCHING_PROTOCOLS {
        watch.enter(Phase::Upgraded);
        return answer;
    }
    if bytes.is_some() {
        // The body is written in one piece, and the socket records the end.
        watch.enter(Phase::Answered);
        return answer;
    }
    answer.map(|body| {
        Body::new(Streamed {
            body,
            watch: watch.clone(),
        })
    })
}

/// The body of an answer that comes in parts: the connection is busy until the last one.
struct Streamed {
    body: Body,
    watch: Arc<ConnectionState>,
}

impl HttpBody for Streamed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        self.watch.enter(Phase::Answered);
    }
}
