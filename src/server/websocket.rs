//! The protocols over WebSocket: `graphql-transport-ws` and, for old clients, `graphql-ws`.
//!
//! One task serves a socket. It reads a message, or sends the answer of an operation that has ended, and never both at
//! once: while a client does not read, nothing is read from it, and the answers that wait for it keep their
//! reservations. Operations run as requests over HTTP do, each with its own budget.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_graphql::http::ALL_WEBSOCKET_PROTOCOLS;
use async_graphql_axum::GraphQLProtocol;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use url::Url;

use super::graphql::refuse_as;
use super::log::{Document, Ended, Moment};
use super::negotiate::Form;
use super::watch::Watch;
use super::{Shared, graphql};
use crate::api::{Answer, Asked, GraphqlError, Reached};

/// Operations of one socket at a time.
const MOST_OPERATIONS: usize = 32;
/// Bytes of an operation's id.
const LONGEST_ID: usize = 1_000;
/// Bytes that are read at once.
const READ: usize = 8 << 10;
/// Shorter messages are not counted against the memory that requests share.
const SMALL: usize = 16 << 10;
/// What the body of a refused request begins with: it has errors alone.
const ERRORS: &str = r#"{"errors":"#;
/// Time between two pings of the server. A client that sent nothing since the last but one is gone.
const PING: Duration = Duration::from_secs(30);
/// How long the client has to confirm that the socket is closed.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes of a reason to close (RFC 6455, section 5.5).
const LONGEST_REASON: usize = 123;

/// The sub-protocol of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// `graphql-transport-ws`.
    Transport,
    /// `graphql-ws`.
    Old,
}

/// Whether a request asks for a WebSocket.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    has_token(headers, &header::UPGRADE, "websocket") && has_token(headers, &header::CONNECTION, "upgrade")
}

fn has_token(headers: &HeaderMap, name: &header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().map(HeaderValue::to_str);
    let mut tokens = values.filter_map(Result::ok).flat_map(|it| it.split(','));
    tokens.any(|it| it.trim().eq_ignore_ascii_case(token))
}

/// Answers the handshake of a WebSocket, and serves it.
pub(super) async fn begin(shared: Arc<Shared>, request: Request, watch: Arc<Watch>) -> Response {
    let (mut parts, _) = request.into_parts();
    if let Some(origin) = parts.headers.get(header::ORIGIN)
        && !is_allowed(origin, &parts.headers, &shared.settings.allow_origins)
    {
        let shown: String = String::from_utf8_lossy(origin.as_bytes())
            .chars()
            .take(100)
            .collect();
        let message = format!(
            "pages of \"{shown}\" may not open a WebSocket here: start the server with --allow-origin and the origin"
        );
        return refuse_as("FOREIGN_ORIGIN", StatusCode::FORBIDDEN, Form::Json, &message);
    }
    if GraphQLProtocol::from_request_parts(&mut parts, &())
        .await
        .is_err()
    {
        let message = format!(
            "the WebSocket names no protocol of this server: send `Sec-WebSocket-Protocol: {}`",
            ALL_WEBSOCKET_PROTOCOLS[0]
        );
        return graphql::refuse(StatusCode::BAD_REQUEST, Form::Json, &message);
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.protocols(ALL_WEBSOCKET_PROTOCOLS),
        Err(refused) => return refused.into_response(),
    };
    let protocol = match upgrade.selected_protocol() {
        Some(name) if name == ALL_WEBSOCKET_PROTOCOLS[0] => Protocol::Transport,
        _ => Protocol::Old,
    };
    let max_body = shared.settings.max_body;
    // What a message takes until it is whole is reserved by the socket below.
    watch.set_message_memory(shared.live.gate().memory().reserve(0));
    upgrade
        .read_buffer_size(READ)
        .write_buffer_size(0)
        .max_message_size(max_body)
        .max_frame_size(max_body)
        .on_upgrade(move |socket| async move {
            let session = Session {
                shared,
                watch,
                protocol,
                is_acknowledged: false,
                operations: Vec::new(),
            };
            session.serve(socket).await;
        })
}

/// Whether pages of an origin may open a socket: those of the same host, and those that were allowed.
fn is_allowed(origin: &HeaderValue, headers: &HeaderMap, allowed: &[String]) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if allowed
        .iter()
        .any(|it| it == "*" || it.eq_ignore_ascii_case(origin))
    {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let (Ok(origin), Some(host)) = (Url::parse(origin), host) else {
        return false;
    };
    // A proxy may speak TLS, so the scheme is the page's.
    let own = Url::parse(&format!("{}://{host}", origin.scheme()));
    matches!(origin.scheme(), "http" | "https")
        && own.is_ok_and(|own| {
            own.host_str() == origin.host_str()
                && own.port_or_known_default() == origin.port_or_known_default()
        })
}

/// Why a socket is closed.
struct Close(u16, Cow<'static, str>);

impl Close {
    fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(4400, reason.into())
    }
}

/// A message of a client.
#[derive(Deserialize)]
struct Received<'m> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'m, str>,
    #[serde(borrow, default)]
    id: Option<Cow<'m, str>>,
    #[serde(borrow, default)]
    payload: Option<&'m RawValue>,
}

/// An operation that runs; dropping it cancels the run.
struct Operation {
    id: String,
    run: Pin<Box<dyn Future<Output = Answer> + Send>>,
    /// Whether it was polled: the first poll may take some milliseconds.
    is_begun: bool,
    /// For the log.
    asked: Bytes,
    start: Moment,
}

/// An operation that has ended.
struct Done {
    id: String,
    answer: Answer,
    asked: Bytes,
    start: Moment,
}

/// One socket.
struct Session {
    shared: Arc<Shared>,
    watch: Arc<Watch>,
    protocol: Protocol,
    is_acknowledged: bool,
    operations: Vec<Operation>,
}

/// What comes next.
enum Event {
    Received(Option<Result<Message, axum::Error>>),
    Done(Done),
    Ping,
    InitTimeout,
    BodyTimeout,
}

impl Session {
    async fn serve(mut self, mut socket: WebSocket) {
        let Err(Close(code, reason)) = self.until_closed(&mut socket).await else {
            return;
        };
        self.operations.clear();
        let frame = CloseFrame {
            code,
            reason: shortened(&reason).into(),
        };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            let confirmed = async { while let Some(Ok(_)) = socket.recv().await {} };
            let _ = tokio::time::timeout(LINGER, confirmed).await;
        }
    }

    /// Serves until the client has closed the socket, or is in the wrong.
    async fn until_closed(&mut self, socket: &mut WebSocket) -> Result<(), Close> {
        let bounds = self.shared.settings.bounds;
        let init = tokio::time::sleep(bounds.header);
        tokio::pin!(init);
        let mut pings = every(PING);
        let mut looks = every(bounds.body);
        let (mut is_silent, mut unfinished) = (false, None);
        loop {
            let event = tokio::select! {
                biased;
                received = socket.recv() => Event::Received(received),
                done = ended(&mut self.operations) => Event::Done(done),
                () = &mut init, if !self.is_acknowledged => Event::InitTimeout,
                _ = pings.tick() => Event::Ping,
                _ = looks.tick() => Event::BodyTimeout,
            };
            match event {
                Event::Received(received) => {
                    is_silent = false;
                    match received {
                        None | Some(Ok(Message::Close(_))) => return Ok(()),
                        Some(Ok(Message::Text(text))) => {
                            self.watch.end_message();
                            self.receive(socket, text.into()).await?;
                        }
                        Some(Ok(Message::Binary(_))) => {
                            return Err(Close::invalid("messages are text: send JSON"));
                        }
                        // Pings of WebSocket are answered below this, also between the parts of a message.
                        Some(Ok(Message::Ping(bytes) | Message::Pong(bytes))) => {
                            self.watch.end_control(bytes.len());
                        }
                        Some(Err(error)) => return self.broken(error),
                    }
                }
                Event::Done(done) => self.answer(socket, done).await?,
                Event::InitTimeout => {
                    return Err(Close(4408, "Connection initialisation timeout".into()));
                }
                Event::Ping if is_silent => {
                    return Err(Close(1001, "the client answered no ping".into()));
                }
                Event::Ping if self.is_acknowledged => {
                    is_silent = true;
                    match self.protocol {
                        Protocol::Transport => send(socket, r#"{"type":"ping"}"#).await?,
                        Protocol::Old => {
                            send(socket, r#"{"type":"ka"}"#).await?;
                            is_silent = false;
                        }
                    }
                }
                Event::Ping => {}
                Event::BodyTimeout => {
                    let now = self.watch.message_begun();
                    if now.is_some() && now == unfinished {
                        return Err(Close(1008, "the message took too long to come".into()));
                    }
                    unfinished = now;
                }
            }
            // A client may send many messages at once; others on this thread have their turn between them.
            tokio::task::yield_now().await;
        }
    }

    /// A socket whose bytes are no messages, or that is gone.
    fn broken(&self, error: axum::Error) -> Result<(), Close> {
        use tungstenite::Error;
        let max_body = self.shared.settings.max_body;
        match error.into_inner().downcast_ref::<Error>() {
            Some(Error::Capacity(_)) => Err(Close(
                1009,
                format!("the message is longer than {max_body} bytes").into(),
            )),
            Some(Error::Utf8(_)) => Err(Close(1007, "the message is not UTF-8".into())),
            Some(Error::Io(error)) if error.kind() == std::io::ErrorKind::OutOfMemory => {
                Err(Close(1013, "the server is busy: try again in a second".into()))
            }
            Some(Error::Protocol(error))
                if !matches!(
                    error,
                    tungstenite::error::ProtocolError::ResetWithoutClosingHandshake
                ) =>
            {
                Err(Close(1002, error.to_string().into()))
            }
            _ => Ok(()),
        }
    }

    async fn receive(&mut self, socket: &mut WebSocket, text: Bytes) -> Result<(), Close> {
        let message: Received = serde_json::from_slice(&text)
            .map_err(|error| Close::invalid(format!("the message is no message of the protocol: {error}")))?;
        let is_object = message
            .payload
            .is_none_or(|it| it.get().starts_with('{') || it.get() == "null");
        match (self.protocol, &*message.kind) {
            (_, "connection_init") => {
                if self.is_acknowledged {
                    return Err(Close(4429, "Too many initialisation requests".into()));
                }
                if !is_object {
                    return Err(Close::invalid("the payload of `connection_init` is an object"));
                }
                self.is_acknowledged = true;
                send(socket, r#"{"type":"connection_ack"}"#).await?;
                if self.protocol == Protocol::Old {
                    send(socket, r#"{"type":"ka"}"#).await?;
                }
                Ok(())
            }
            (Protocol::Transport, "ping") => {
                if !is_object {
                    return Err(Close::invalid("the payload of `ping` is an object"));
                }
                match message.payload {
                    None => send(socket, r#"{"type":"pong"}"#).await,
                    Some(payload) => {
                        send(
                            socket,
                            format!(r#"{{"type":"pong","payload":{}}}"#, payload.get()),
                        )
                        .await
                    }
                }
            }
            (Protocol::Transport, "pong") if is_object => Ok(()),
            (Protocol::Transport, "pong") => Err(Close::invalid("the payload of `pong` is an object")),
            (Protocol::Transport, "subscribe") | (Protocol::Old, "start") => {
                self.subscribe(socket, &text, &message).await
            }
            (Protocol::Transport, "complete") | (Protocol::Old, "stop") => {
                let id = id(&message)?;
                // The run ends, and nothing that it wrote is sent.
                self.operations.retain(|it| it.id != id);
                Ok(())
            }
            (Protocol::Old, "connection_terminate") => Err(Close(1000, "".into())),
            (_, kind) => Err(Close::invalid(format!(
                "\"{}\" is no message of a client",
                clipped(kind)
            ))),
        }
    }

    async fn subscribe(
        &mut self,
        socket: &mut WebSocket,
        text: &Bytes,
        message: &Received<'_>,
    ) -> Result<(), Close> {
        let id = id(message)?;
        let Some(payload) = message
            .payload
            .map(RawValue::get)
            .filter(|it| it.starts_with('{'))
        else {
            return Err(Close::invalid("the payload is a request: an object with `query`"));
        };
        if !self.is_acknowledged {
            return Err(Close(4401, "Unauthorized".into()));
        }
        if self.operations.iter().any(|it| it.id == id) {
            return Err(Close(4409, format!("Subscriber for {id} already exists").into()));
        }
        let refuse = |code, message: String| Done {
            id: id.to_owned(),
            answer: Answer::refused(&[GraphqlError::request(code, message)]),
            asked: Bytes::new(),
            start: Moment::now(),
        };
        if self.operations.len() >= MOST_OPERATIONS {
            let message = format!(
                "the socket has {MOST_OPERATIONS} operations, which is the limit: wait for one, or complete it"
            );
            let done = refuse("OPERATION_LIMIT", message);
            return self.answer(socket, done).await;
        }
        let held = if text.len() > SMALL {
            let Some(held) = self.shared.live.gate().memory().reserve(text.len()) else {
                let done = refuse("BUSY", "the server is busy: try again in a second".to_owned());
                return self.answer(socket, done).await;
            };
            Some(held)
        } else {
            None
        };
        let asked = text.slice_ref(payload.as_bytes());
        let serving = self.shared.serving();
        self.operations.push(Operation {
            id: id.to_owned(),
            run: Box::pin(serving.answer(Asked::Body(asked.clone()), None, held)),
            is_begun: false,
            asked,
            start: Moment::now(),
        });
        Ok(())
    }

    /// Sends an answer. Its bytes are those of a response's body.
    async fn answer(&mut self, socket: &mut WebSocket, done: Done) -> Result<(), Close> {
        let Done { id, mut answer, .. } = done;
        self.note(&answer, done.asked, done.start);
        if answer.reached == Reached::Malformed {
            let message = serde_json::from_slice::<Refused>(&answer.body);
            let reason = message.ok().and_then(|it| it.errors.into_iter().next());
            return Err(Close::invalid(reason.map_or(String::new(), |it| it.message)));
        }
        let is_refused = answer.reached == Reached::Refused && self.protocol == Protocol::Transport;
        let kind = match self.protocol {
            _ if is_refused => "error",
            Protocol::Transport => "next",
            Protocol::Old => "data",
        };
        let id = serde_json::Value::from(id);
        let before = format!(r#"{{"id":{id},"type":"{kind}","payload":"#);
        // The vector may grow, and the frame is a copy of it.
        let needed = 2 * (answer.body.len() + before.len());
        if let Some(memory) = &answer.memory
            && !memory.grow(needed)
        {
            let error = GraphqlError::request("BUSY", "the server is busy: try again in a second");
            answer = Answer::refused(&[error]);
        }
        if is_refused {
            answer.body.splice(..ERRORS.len(), before.into_bytes());
        } else {
            answer.body.splice(..0, before.into_bytes());
            answer.body.push(b'}');
        }
        let text = Utf8Bytes::try_from(graphql::bytes(answer))
            .map_err(|_| Close(1011, "something went wrong in the server".into()))?;
        send(socket, text).await?;
        if is_refused {
            return Ok(());
        }
        send(socket, format!(r#"{{"id":{id},"type":"complete"}}"#)).await
    }

    /// Counts and logs an operation as a request.
    fn note(&self, answer: &Answer, asked: Bytes, start: Moment) {
        let connections = &self.shared.connections;
        let taken = start.elapsed();
        if answer.code.is_none() && !connections.log.is_slow(taken) {
            return;
        }
        if let Some(code) = answer.code {
            connections.metrics.note_code(code);
        }
        let ended = Ended {
            status: Some(StatusCode::SWITCHING_PROTOCOLS.as_u16()),
            code: answer.code,
            taken,
            bytes: answer.body.len() as u64,
        };
        let persisted = self.shared.settings.persisted.clone();
        let document = (!asked.is_empty()).then(|| Document::new(Asked::Body(asked), persisted));
        connections.log.note(ended, document);
    }
}

/// The errors of an answer that was refused.
#[derive(Deserialize)]
struct Refused {
    errors: Vec<RefusedError>,
}

#[derive(Deserialize)]
struct RefusedError {
    message: String,
}

/// The id that a message must have.
fn id<'m>(message: &'m Received) -> Result<&'m str, Close> {
    match message.id.as_deref() {
        Some(id) if !id.is_empty() && id.len() <= LONGEST_ID => Ok(id),
        Some("") | None => Err(Close::invalid("the message has no `id`, which is a string")),
        Some(_) => Err(Close::invalid(format!(
            "the `id` is longer than {LONGEST_ID} bytes"
        ))),
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// The next operation that ends. One operation begins in a poll: that may take some milliseconds.
async fn ended(operations: &mut Vec<Operation>) -> Done {
    poll_fn(|cx| {
        let mut has_begun = false;
        for no in 0..operations.len() {
            let operation = &mut operations[no];
            if !operation.is_begun {
                if has_begun {
                    cx.waker().wake_by_ref();
                    break;
                }
                has_begun = true;
                operation.is_begun = true;
            }
            if let Poll::Ready(answer) = operation.run.as_mut().poll(cx) {
                let Operation { id, asked, start, .. } = operations.remove(no);
                return Poll::Ready(Done {
                    id,
                    answer,
                    asked,
                    start,
                });
            }
        }
        Poll::Pending
    })
    .await
}

/// Sends a message, and waits until the system has taken it.
async fn send(socket: &mut WebSocket, text: impl Into<Utf8Bytes>) -> Result<(), Close> {
    // A client that is gone is noticed where the next message would come from.
    let _ = socket.send(Message::Text(text.into())).await;
    Ok(())
}

/// The first 40 characters of a text.
fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}

/// As much of a reason as a close frame can hold.
fn shortened(reason: &str) -> String {
    let mut end = reason.len().min(LONGEST_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason[..end].to_owned()
}
