//! A WebSocket to the server: by tungstenite in tests of messages, and raw in tests of frames.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, WebSocket};

use super::{PATIENCE, Server};

pub const TRANSPORT: &str = "graphql-transport-ws";
pub const INIT: &str = r#"{"type":"connection_init"}"#;

/// A socket with a GraphQL protocol.
pub struct Socket {
    pub inner: WebSocket<MaybeTlsStream<TcpStream>>,
    /// The protocol that the server chose.
    pub spoken: String,
}

impl Socket {
    /// A socket, or the status of its refusal.
    pub fn open(server: &Server, protocol: &str, origin: Option<&str>) -> Result<Self, u16> {
        let url = format!("ws://{}/graphql", server.address);
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        if !protocol.is_empty() {
            headers.insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        match tungstenite::connect(request) {
            Ok((inner, response)) => {
                if let MaybeTlsStream::Plain(stream) = inner.get_ref() {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                }
                let spoken = response.headers().get("sec-websocket-protocol");
                let spoken = spoken.map_or("", |it| it.to_str().unwrap()).to_owned();
                Ok(Self { inner, spoken })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A socket that waits for `connection_init`.
    pub fn new(server: &Server) -> Self {
        Self::open(server, TRANSPORT, None).unwrap()
    }

    /// A socket that waits for operations.
    pub fn acknowledged(server: &Server) -> Self {
        let mut socket = Self::new(server);
        socket.send(INIT);
        assert_eq!(socket.next(), r#"{"type":"connection_ack"}"#);
        socket
    }

    pub fn send(&mut self, text: &str) {
        // The server may have closed the socket.
        let _ = self.inner.send(Message::text(text));
    }

    pub fn subscribe(&mut self, id: &str, query: &str) {
        self.send(&json!({"id": id, "type": "subscribe", "payload": {"query": query}}).to_string());
    }

    /// Sends the first frame of a message or a continuation, but not the last frame.
    pub fn send_part(&mut self, text: &str, is_first: bool) {
        let data = if is_first { Data::Text } else { Data::Continue };
        let frame = Frame::message(text.to_owned(), OpCode::Data(data), false);
        let _ = self.inner.send(Message::Frame(frame));
    }

    /// The next message, or the code and the reason with which the socket was closed.
    pub fn next(&mut self) -> String {
        loop {
            match self.inner.read() {
                Ok(Message::Text(text)) => return text.to_string(),
                Ok(Message::Close(Some(frame))) => {
                    return format!("{} {}", u16::from(frame.code), frame.reason);
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                other => return format!("{other:?}"),
            }
        }
    }

    pub fn next_json(&mut self) -> Value {
        let text = self.next();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Waits until the server has processed everything that was sent so far.
    pub fn settle(&mut self) {
        self.send(r#"{"type":"ping"}"#);
        assert_eq!(self.next(), r#"{"type":"pong"}"#);
    }
}

/// The head of a handshake, which `change` may make invalid.
pub fn handshake(address: &str, change: impl FnOnce(String) -> String) -> String {
    let lines = [
        "GET /graphql HTTP/1.1".to_owned(),
        format!("host: {address}"),
        "connection: Upgrade".to_owned(),
        "upgrade: websocket".to_owned(),
        "sec-websocket-version: 13".to_owned(),
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==".to_owned(),
        format!("sec-websocket-protocol: {TRANSPORT}"),
    ];
    change(lines.join("\r\n") + "\r\n\r\n")
}

/// A socket whose frames are written and read byte by byte.
pub struct RawSocket(pub BufReader<TcpStream>);

impl RawSocket {
    pub fn new(server: &Server) -> Self {
        Self::over(TcpStream::connect(&server.address).unwrap(), server)
    }

    /// A socket whose client buffers only a few kilobytes unless it reads.
    pub fn with_small_buffer(server: &Server) -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let address: std::net::SocketAddr = server.address.parse().unwrap();
        socket.connect(&address.into()).unwrap();
        Self::over(socket.into(), server)
    }

    fn over(mut stream: TcpStream, server: &Server) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = handshake(&server.address, |it| it);
        stream.write_all(head.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 101 "), "{line}");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        Self(reader)
    }

    /// Sends a frame: its first byte, and the payload, which is masked.
    pub fn send(&mut self, first: u8, payload: &[u8]) {
        let mask = [1, 2, 3, 4];
        let mut frame = vec![first];
        match payload.len() {
            length @ ..126 => frame.push(0x80 | length as u8),
            length @ ..65_536 => {
                frame.push(0xfe);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0xff);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(mask);
        frame.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        self.write(&frame);
    }

    pub fn write(&mut self, bytes: &[u8]) {
        // The server may have closed the socket.
        let _ = self.0.get_mut().write_all(bytes);
    }

    /// The first byte and the payload of the next frame; `None` at the end of the connection.
    pub fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).ok()?;
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).ok()?;
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.0.read_exact(&mut length).ok()?;
                u64::from_be_bytes(length)
            }
            length => u64::from(length),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[0], payload))
    }

    /// The code with which the server closes the socket. Earlier frames of other kinds are skipped.
    pub fn close_code(&mut self) -> Option<u16> {
        loop {
            let (first, payload) = self.frame()?;
            if first == 0x88 {
                return Some(u16::from_be_bytes([payload[0], payload[1]]));
            }
        }
    }
}
