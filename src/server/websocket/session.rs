//! The session of a socket: the effect of each message, and when the socket is closed.
//!
//! One task serves a socket. It receives a message or sends an answer, but never does both at the same time. While a
//! client does not read, the task reads nothing from it, and answers that wait for the client keep their reservations.
//! Started runs are polled meanwhile, because a run that is not polled would keep its place at the gate. Each operation
//! has its own budget, as a request over HTTP has.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_graphql::http::WebSocketProtocols;
use axum::body::Bytes;
use axum::http::StatusCode;
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout};

use super::frames::{ReadError, Received, Socket};
use crate::api::{Answer, BUSY, BUSY_MESSAGE, GraphqlError, RawRequest, Reached};
use crate::budget::Reservation;
use crate::report;
use crate::server::connection_state::{ConnectionState, Order};
use crate::server::log::Moment;
use crate::server::{Shared, response};

/// Maximum number of concurrent operations of a socket.
const MOST_OPERATIONS: usize = 32;
/// Maximum length of an operation's id, in bytes.
const LONGEST_ID: usize = 1_000;
/// Number of characters of an unknown message type that a close reason repeats.
const LONGEST_ECHO: usize = 40;
/// The body of a refused request begins with this, since it has only errors.
const ERRORS: &[u8] = br#"{"errors":"#;
/// How long a client may take to confirm that the socket is closed.
const LINGER: Duration = Duration::from_secs(2);

/// Why a socket ends.
enum End {
    /// The connection is closed.
    Gone,
    /// The client closes the socket.
    Client,
    /// The server closes it, with a code and a reason.
    Close(u16, Cow<'static, str>),
}

impl End {
    /// Ends a socket after a message that violates the protocol.
    fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Close(4400, reason.into())
    }
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// A message of a client, in either protocol.
#[derive(Deserialize)]
#[serde(expecting = "an object with `type`")]
struct Message<'m> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'m, str>,
    #[serde(borrow, default)]
    id: Option<Cow<'m, str>>,
    #[serde(borrow, default)]
    payload: Option<&'m RawValue>,
}

/// A running operation. Dropping it cancels the run.
struct Operation {
    id: String,
    answer: Pin<Box<dyn Future<Output = Answer> + Send>>,
    /// Whether it was polled. The first poll may take some milliseconds.
    is_begun: bool,
    /// The request, for the log.
    asked: RawRequest,
    start: Moment,
    /// Its reserved memory, in addition to that of its request.
    _held: Reservation,
}

/// A finished operation.
struct Done {
    id: String,
    answer: Answer,
}

/// The operations of a socket, until their answers are sent.
struct Operations {
    shared: Arc<Shared>,
    running: Vec<Operation>,
    /// Answers of runs that finished while the task was sending something else.
    done: VecDeque<Done>,
}

impl Operations {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            running: Vec::new(),
            done: VecDeque::new(),
        }
    }

    fn len(&self) -> usize {
        self.running.len() + self.done.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn has(&self, id: &str) -> bool {
        self.running.iter().any(|it| it.id == id) || self.done.iter().any(|it| it.id == id)
    }

    /// Cancels a run, and drops its answer.
    fn cancel(&mut self, id: &str) {
        self.running.retain(|it| it.id != id);
        self.done.retain(|it| it.id != id);
    }

    /// The next finished operation.
    async fn ended(&mut self) -> Done {
        poll_fn(|cx| {
            if self.done.is_empty() {
                self.advance(cx, true);
                if self.done.is_empty() && self.running.iter().any(|it| !it.is_begun) {
                    cx.waker().wake_by_ref();
                }
            }
            self.done.pop_front().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Polls the started operations, and starts one more if `may_begin`. Starting may take some milliseconds.
    fn advance(&mut self, cx: &mut Context<'_>, mut may_begin: bool) {
        let mut no = 0;
        while no < self.running.len() {
            let operation = &mut self.running[no];
            if !operation.is_begun {
                // The operations after it have not started either.
                if !may_begin {
                    break;
                }
                may_begin = false;
                operation.is_begun = true;
            }
            match operation.answer.as_mut().poll(cx) {
                Poll::Pending => no += 1,
                Poll::Ready(answer) => {
                    let Operation { id, asked, start, .. } = self.running.remove(no);
                    self.shared
                        .note(&answer, StatusCode::SWITCHING_PROTOCOLS, Some(asked), start);
                    self.done.push_back(Done { id, answer });
                }
            }
        }
    }
}

/// The next event of a session.
enum Event {
    Received(Result<Received, ReadError>),
    Done(Done),
    /// The time for `connection_init` is over.
    InitTimeout,
    /// It is time for a ping.
    Ping,
    /// It is time to check whether a message takes too long.
    Look,
    /// The server is being shut down.
    Shutdown,
}

/// The state of a socket.
pub(super) struct Session {
    shared: Arc<Shared>,
    watch: Arc<ConnectionState>,
    protocol: WebSocketProtocols,
    is_acknowledged: bool,
    /// Whether the socket is closed after its last operation.
    is_ending: bool,
    operations: Operations,
    /// Whether nothing was received since the last ping.
    is_silent: bool,
    /// Number of the message that was incomplete at the last check.
    unfinished: Option<u64>,
}

impl Session {
    pub fn new(shared: Arc<Shared>, protocol: WebSocketProtocols, watch: Arc<ConnectionState>) -> Self {
        Self {
            operations: Operations::new(shared.clone()),
            shared,
            watch,
            protocol,
            is_acknowledged: false,
            is_ending: false,
            is_silent: false,
            unfinished: None,
        }
    }

    /// Serves a socket until it is closed.
    pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut self, mut socket: Socket<S>) {
        let end = match self.until_end(&mut socket).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        // If the server ended the connection, the sweeper logs why.
        let is_hang_up = matches!(end, End::Gone | End::Client) && self.watch.order() != Order::Drop;
        self.operations.done.clear();
        for operation in self.operations.running.drain(..) {
            if is_hang_up {
                self.shared.note_hang_up(operation.asked, operation.start);
            }
        }
        let _ = match end {
            End::Gone => return,
            End::Client => timeout(LINGER, socket.confirm_close()).await,
            End::Close(code, reason) => timeout(LINGER, socket.close(code, &reason)).await,
        };
    }

    async fn until_end<S>(&mut self, socket: &mut Socket<S>) -> Result<std::convert::Infallible, End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let bounds = self.shared.settings.bounds;
        let init = sleep(bounds.header);
        tokio::pin!(init);
        let mut pings = every(bounds.write);
        let mut looks = every(bounds.body);
        loop {
            let event = tokio::select! {
                received = socket.receive() => Event::Received(received),
                done = self.operations.ended() => Event::Done(done),
                () = &mut init, if !self.is_acknowledged => Event::InitTimeout,
                _ = pings.tick() => Event::Ping,
                _ = looks.tick() => Event::Look,
                () = self.watch.until_ordered(), if !self.is_ending => Event::Shutdown,
            };
            match event {
                Event::Received(received) => {
                    self.is_silent = false;
                    self.received(socket, received).await?;
                }
                Event::Done(done) => {
                    self.send_answer(socket, done).await?;
                    // While the answer was sent, nothing was read from the client, and the client may have been slow to
                    // read.
                    (self.is_silent, self.unfinished) = (false, None);
                }
                Event::InitTimeout => {
                    return Err(End::Close(4408, "Connection initialisation timeout".into()));
                }
                Event::Ping => self.ping(socket).await?,
                Event::Look => self.check_message(socket.unfinished())?,
                Event::Shutdown => self.is_ending = true,
            }
            if self.is_ending && self.operations.is_empty() {
                return Err(End::Close(1001, "the server is being shut down".into()));
            }
            // A client may send many messages at once, so the task yields to others of its thread after each.
            tokio::task::yield_now().await;
        }
    }

    /// Sends a ping. If the client has sent nothing since the last ping, the socket is closed.
    async fn ping<S: AsyncRead + AsyncWrite + Unpin>(&mut self, socket: &mut Socket<S>) -> Result<(), End> {
        if self.is_silent {
            return Err(End::Close(1001, "the client answered no ping".into()));
        }
        self.is_silent = true;
        if self.is_old() && self.is_acknowledged {
            self.say(socket, r#"{"type":"ka"}"#).await?;
        }
        self.send(socket.send_ping()).await
    }

    /// Ends a socket whose message was incomplete at the last check too.
    fn check_message(&mut self, unfinished: Option<u64>) -> Result<(), End> {
        if unfinished.is_some() && unfinished == self.unfinished {
            return Err(End::Close(
                1008,
                "the message took too long: send it at once".into(),
            ));
        }
        self.unfinished = unfinished;
        Ok(())
    }

    fn is_old(&self) -> bool {
        self.protocol == WebSocketProtocols::SubscriptionsTransportWS
    }

    async fn received<S>(
        &mut self,
        socket: &mut Socket<S>,
        received: Result<Received, ReadError>,
    ) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        Err(match received {
            Ok(Received::Text(text, held)) => return self.message(socket, text, held).await,
            Ok(Received::Ping(payload)) => return self.send(socket.send_pong(payload)).await,
            Ok(Received::Pong) => return Ok(()),
            Ok(Received::Binary) => End::invalid("messages are text: send JSON"),
            Ok(Received::Close) => End::Client,
            Err(ReadError::Gone) => End::Gone,
            Err(ReadError::Protocol(reason)) => End::Close(1002, reason.into()),
            Err(ReadError::NotText) => End::Close(1007, "the message is not UTF-8".into()),
            Err(ReadError::TooLong) => {
                let limit = self.shared.settings.max_body;
                End::Close(1009, format!("the message is longer than {limit} bytes").into())
            }
            Err(ReadError::Busy) => End::Close(1013, BUSY_MESSAGE.into()),
        })
    }

    /// Performs the action of a message.
    async fn message<S>(
        &mut self,
        socket: &mut Socket<S>,
        text: Bytes,
        held: Option<Reservation>,
    ) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if text.trim_ascii_start().starts_with(b"[") {
            return Err(End::invalid("the message is a list: send an object with `type`"));
        }
        let message: Message = serde_json::from_slice(&text)
            .map_err(|error| End::invalid(format!("the message is not of the protocol: {error}")))?;
        match (&*message.kind, self.is_old()) {
            ("connection_init", _) => {
                object(&message)?;
                self.acknowledge(socket).await
            }
            ("ping", false) => {
                let payload = object(&message)?;
                self.pong(socket, payload.map(|it| text.slice_ref(it.as_bytes())))
                    .await
            }
            ("pong", false) => object(&message).map(drop),
            ("subscribe", false) | ("start", true) => self.subscribe(socket, &text, &message, held).await,
            ("complete", false) | ("stop", true) => {
                let id = id(&message)?;
                // Cancels the run; none of its answer is sent.
                self.operations.cancel(id);
                Ok(())
            }
            ("connection_terminate", true) => Err(End::Close(1000, "".into())),
            (kind, _) => {
                let shown = report::shown_at_most(kind, LONGEST_ECHO);
                Err(End::invalid(format!("\"{shown}\" is not a message of clients")))
            }
        }
    }

    async fn acknowledge<S>(&mut self, socket: &mut Socket<S>) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.is_acknowledged {
            return Err(End::Close(4429, "Too many initialisation requests".into()));
        }
        self.is_acknowledged = true;
        self.say(socket, r#"{"type":"connection_ack"}"#).await?;
        if self.is_old() {
            self.say(socket, r#"{"type":"ka"}"#).await?;
        }
        Ok(())
    }

    /// Starts an operation. If there is no room for it, its answer is an error.
    async fn subscribe<S>(
        &mut self,
        socket: &mut Socket<S>,
        text: &Bytes,
        message: &Message<'_>,
        held: Option<Reservation>,
    ) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let id = id(message)?;
        let Some(payload) = object(message)? else {
            return Err(End::invalid(
                "the message has no `payload`: send a request with `query`",
            ));
        };
        if !self.is_acknowledged {
            return Err(End::Close(4401, "Unauthorized".into()));
        }
        if self.is_ending {
            // The socket will be closed before the answer could be sent.
            return Ok(());
        }
        if self.operations.has(id) {
            return Err(End::Close(
                4409,
                format!("Subscriber for {id} already exists").into(),
            ));
        }
        if self.operations.len() >= MOST_OPERATIONS {
            let message = format!(
                "the socket has {MOST_OPERATIONS} operations, which is the limit: wait for one, or complete it"
            );
            return self.refuse(socket, id, "OPERATION_LIMIT", message).await;
        }
        let asked = RawRequest::Body(text.slice_ref(payload.as_bytes()));
        let serving = self.shared.serving();
        // A short operation needs no reservation if the socket runs no other.
        let is_counted = !self.operations.is_empty();
        let memory = self.shared.live.gate().memory();
        let request = match held {
            None if is_counted => {
                // The capacity of a buffer is up to twice its length.
                let Some(held) = memory.reserve(2 * text.len()) else {
                    return self.refuse(socket, id, BUSY, BUSY_MESSAGE).await;
                };
                Some(held)
            }
            held => held,
        };
        let answer = serving.answer(asked.clone(), None, request);
        let answer = AssertUnwindSafe(answer).catch_unwind().map(|answer| {
            // A panic is a bug. It ends only this operation.
            answer.unwrap_or_else(|_| Answer::refused(&[GraphqlError::internal()]))
        });
        let own = if is_counted {
            size_of_val(&answer) + id.len()
        } else {
            0
        };
        let Some(held) = memory.reserve(own) else {
            return self.refuse(socket, id, BUSY, BUSY_MESSAGE).await;
        };
        self.operations.running.push(Operation {
            id: id.to_owned(),
            answer: Box::pin(answer),
            is_begun: false,
            asked,
            start: Moment::now(),
            _held: held,
        });
        Ok(())
    }

    /// Sends an error for an operation that is not started.
    async fn refuse<S>(
        &mut self,
        socket: &mut Socket<S>,
        id: &str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let answer = Answer::refused(&[GraphqlError::request(code, message)]);
        self.shared
            .note(&answer, StatusCode::SWITCHING_PROTOCOLS, None, Moment::now());
        let id = id.to_owned();
        self.send_answer(socket, Done { id, answer }).await
    }

    /// Sends the answer of an operation. Its payload has the bytes of an HTTP response's body.
    async fn send_answer<S>(&mut self, socket: &mut Socket<S>, done: Done) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Done { id, answer } = done;
        let reached = answer.reached;
        let mut body = response::bytes(answer);
        if reached == Reached::Malformed {
            return Err(End::invalid(first_message(&body)));
        }
        let is_error = reached == Reached::Refused && !self.is_old();
        let kind = match self.is_old() {
            true => "data",
            false if is_error => "error",
            false => "next",
        };
        let id = serde_json::Value::from(id);
        let before = format!(r#"{{"id":{id},"type":"{kind}","payload":"#);
        if is_error {
            // The errors, and the closing brace of the message in place of that of the body.
            body = body.slice(ERRORS.len().min(body.len())..);
            return self.send(socket.send(before.into(), body, Bytes::new())).await;
        }
        self.send(socket.send(before.into(), body, Bytes::from_static(b"}")))
            .await?;
        self.say(socket, format!(r#"{{"id":{id},"type":"complete"}}"#))
            .await
    }

    /// Answers a ping with a copy of its payload.
    async fn pong<S>(&mut self, socket: &mut Socket<S>, payload: Option<Bytes>) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(payload) = payload else {
            return self.say(socket, r#"{"type":"pong"}"#).await;
        };
        let before = Bytes::from_static(br#"{"type":"pong","payload":"#);
        self.send(socket.send(before, payload, Bytes::from_static(b"}")))
            .await
    }

    /// Sends a short message.
    async fn say<S>(&mut self, socket: &mut Socket<S>, text: impl Into<Bytes>) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.send(socket.send(text.into(), Bytes::new(), Bytes::new()))
            .await
    }

    /// Waits until a message is sent. Started operations are polled meanwhile.
    async fn send(&mut self, sending: impl Future<Output = io::Result<()>>) -> Result<(), End> {
        let mut sending = pin!(sending);
        let sent = poll_fn(|cx| {
            let sent = sending.as_mut().poll(cx);
            if sent.is_pending() {
                self.operations.advance(cx, false);
            }
            sent
        });
        Ok(sent.await?)
    }
}

/// The message of the first error of a body.
fn first_message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refused {
        errors: Vec<RefusedError>,
    }
    #[derive(Deserialize)]
    struct RefusedError {
        message: String,
    }
    let refused: Option<Refused> = serde_json::from_slice(body).ok();
    let first = refused.and_then(|it| it.errors.into_iter().next());
    first.map_or_else(String::new, |it| it.message)
}

/// The id of a message, which is required.
fn id<'m>(message: &'m Message) -> Result<&'m str, End> {
    match message.id.as_deref() {
        Some("") | None => Err(End::invalid("the message has no `id`: send a text")),
        Some(id) if id.len() > LONGEST_ID => Err(End::invalid(format!(
            "the `id` of the message is longer than {LONGEST_ID} bytes"
        ))),
        Some(id) => Ok(id),
    }
}

/// The payload of a message, which must be an object if present.
fn object<'m>(message: &Message<'m>) -> Result<Option<&'m str>, End> {
    match message.payload.map(RawValue::get) {
        Some(payload) if !payload.starts_with('{') => {
            let kind = &message.kind;
            Err(End::invalid(format!(
                "the `payload` of `{kind}` is not an object"
            )))
        }
        payload => Ok(payload),
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
