//! GraphQL over WebSocket, with the protocols `graphql-transport-ws` and, for old clients, `graphql-ws`. This file has
//! the handshake, [`frames`] reads and writes messages, and [`session`] implements the protocols.

mod frames;
mod session;

use std::sync::Arc;

use async_graphql::http::{ALL_WEBSOCKET_PROTOCOLS, WebSocketProtocols};
use async_graphql_axum::GraphQLProtocol;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper_util::rt::TokioIo;
use tungstenite::handshake::derive_accept_key;
use url::Url;

use super::Shared;
use super::connection_state::ConnectionState;
use super::headers::items;
use super::negotiate::Form;
use super::response::{refuse, refuse_as};
use crate::report;
use frames::Socket;
use session::Session;

/// The protocol version that RFC 6455 defines.
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// Whether a request asks for a WebSocket. Other protocols are ignored (RFC 9110, section 7.8).
pub(super) fn is_upgrade(request: &Request) -> bool {
    let headers = request.headers();
    request.version() >= Version::HTTP_11
        && has_token(headers, &header::UPGRADE, "websocket")
        && has_token(headers, &header::CONNECTION, "upgrade")
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    items(headers, name).any(|it| it.eq_ignore_ascii_case(token))
}

/// Answers the handshake of a WebSocket. A task of its own serves an accepted socket.
pub(super) async fn begin(shared: Arc<Shared>, request: Request, watch: Arc<ConnectionState>) -> Response {
    let (mut parts, _) = request.into_parts();
    let accepted = match accept(&mut parts, &shared).await {
        Ok(accepted) => accepted,
        Err(refused) => return refused,
    };
    let upgraded = hyper::upgrade::on(Request::from_parts(parts, Body::empty()));
    tokio::spawn(async move {
        // The client may disconnect before it has the answer.
        if let Ok(stream) = upgraded.await {
            let limit = shared.settings.max_body;
            let memory = shared.live.gate().memory().clone();
            let socket = Socket::new(TokioIo::new(stream), limit, memory);
            #[cfg(feature = "probes")]
            let record = shared.connections.record.clone();
            let session = Session::new(shared, accepted.protocol, watch).serve(socket);
            #[cfg(feature = "probes")]
            let session = record.counters.measured(session);
            session.await;
        }
    });
    accepted.response
}

struct Accepted {
    protocol: WebSocketProtocols,
    response: Response,
}

async fn accept(parts: &mut Parts, shared: &Shared) -> Result<Accepted, Response> {
    check_origin(&parts.headers, &shared.settings.allow_origins)?;
    let key = key(&parts.headers)?;
    let protocol = protocol(parts).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    headers.insert(
        header::SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(protocol.sec_websocket_protocol()),
    );
    Ok(Accepted { protocol, response })
}

/// The protocol that async-graphql-axum chooses: the first one in the client's list that it supports.
async fn protocol(parts: &mut Parts) -> Result<WebSocketProtocols, Response> {
    // async-graphql-axum ignores case, but the answer must be one of the offered names (RFC 6455, section 4.2.2).
    let offered: Vec<&str> = items(&parts.headers, &header::SEC_WEBSOCKET_PROTOCOL)
        .filter(|it| ALL_WEBSOCKET_PROTOCOLS.contains(it))
        .collect();
    if let Ok(offered) = HeaderValue::from_str(&offered.join(", ")) {
        parts.headers.insert(header::SEC_WEBSOCKET_PROTOCOL, offered);
    }
    let Ok(chosen) = GraphQLProtocol::from_request_parts(parts, &()).await else {
        let message = format!(
            "the WebSocket names no protocol of this server: send `Sec-WebSocket-Protocol: {}`",
            ALL_WEBSOCKET_PROTOCOLS[0]
        );
        return Err(refuse(StatusCode::BAD_REQUEST, Form::Json, &message));
    };
    // The type of the choice has no accessor, so it is compared with each protocol.
    let old = WebSocketProtocols::SubscriptionsTransportWS;
    let mut only_old = Request::new(()).into_parts().0;
    only_old.headers.insert(
        header::SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(old.sec_websocket_protocol()),
    );
    let is_old = GraphQLProtocol::from_request_parts(&mut only_old, &()).await == Ok(chosen);
    Ok(if is_old {
        old
    } else {
        WebSocketProtocols::GraphQLWS
    })
}

/// The answer to the key of a handshake (RFC 6455, section 4.2).
fn key(headers: &HeaderMap) -> Result<HeaderValue, Response> {
    if headers.get(header::SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
        let message = "the WebSocket has another version: send `Sec-WebSocket-Version: 13`";
        let mut response = refuse(StatusCode::UPGRADE_REQUIRED, Form::Json, message);
        let headers = response.headers_mut();
        headers.insert(header::SEC_WEBSOCKET_VERSION, VERSION);
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        return Err(response);
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    key.filter(|it| BASE64_STANDARD.decode(it).is_ok_and(|it| it.len() == 16))
        .and_then(|it| HeaderValue::from_str(&derive_accept_key(it)).ok())
        .ok_or_else(|| {
            let message = "`Sec-WebSocket-Key` is missing or malformed: send 16 bytes in Base64";
            refuse(StatusCode::BAD_REQUEST, Form::Json, message)
        })
}

/// Refuses pages of other origins, because browsers let any page open a WebSocket to any host.
fn check_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), Response> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    if is_allowed(origin, headers.get(header::HOST), allowed) {
        return Ok(());
    }
    let origin = String::from_utf8_lossy(origin.as_bytes());
    let shown = report::shown(&origin);
    let message = format!(
        "pages of \"{shown}\" may not open a WebSocket here: start the server with --allow-origin and the origin"
    );
    Err(refuse_as(
        "FOREIGN_ORIGIN",
        StatusCode::FORBIDDEN,
        Form::Json,
        &message,
    ))
}

/// Whether pages of an origin may open a socket: the server's own origin and the configured ones may.
fn is_allowed(origin: &HeaderValue, host: Option<&HeaderValue>, allowed: &[String]) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let is_listed = |it: &String| it == "*" || it.eq_ignore_ascii_case(origin);
    if allowed.iter().any(is_listed) {
        return true;
    }
    let host = host.and_then(|it| it.to_str().ok());
    let (Ok(origin), Some(host)) = (Url::parse(origin), host) else {
        return false;
    };
    // A proxy may provide TLS, so the scheme of the page is used.
    let own = Url::parse(&format!("{}://{host}", origin.scheme()));
    matches!(origin.scheme(), "http" | "https")
        && own.is_ok_and(|own| {
            own.host_str() == origin.host_str()
                && own.port_or_known_default() == origin.port_or_known_default()
        })
}
