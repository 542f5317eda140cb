//! Messages in frames (RFC 6455). Memory for a message is reserved before the message is received, and an answer is
//! sent without a copy.
//!
//! tungstenite encodes and decodes the headers of frames. Its sockets are not used: as long as they are open, they keep
//! a buffer as long as the longest message, which the shared memory of requests does not include.

use std::io::{self, Cursor};
use std::sync::Arc;

use axum::body::Bytes;
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use crate::budget::{Memory, Reservation};
use crate::server::body::{BodyBuffer, Unread};

/// Maximum number of bytes per read.
const READ: usize = 8 << 10;
/// Bytes that are written before the task yields to others of its thread.
const TURN: usize = 1 << 20;
/// Maximum payload of a control frame, in bytes.
const LONGEST_CONTROL: usize = 125;
/// Maximum length of a close reason, in bytes: a control frame without the code.
const LONGEST_REASON: usize = LONGEST_CONTROL - 2;

/// A message or control frame of a client.
#[derive(Debug)]
pub(super) enum Received {
    Text(Bytes, Option<Reservation>),
    Binary,
    Ping(Bytes),
    Pong,
    Close,
}

/// Why no more can be read from a socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadError {
    /// The connection is closed, or it failed.
    Gone,
    /// The client violates the protocol.
    Protocol(&'static str),
    /// A message is longer than the limit.
    TooLong,
    /// A text message is not UTF-8.
    NotText,
    /// The memory that requests share is used up.
    Busy,
}

/// The frame that is being read.
struct Frame {
    header: FrameHeader,
    /// The mask, rotated so that it begins with the byte for the next byte of the payload.
    mask: [u8; 4],
    /// Payload bytes that have not arrived yet.
    left: u64,
}

/// A WebSocket of a client.
pub(super) struct Socket<S> {
    stream: S,
    /// Bytes that were received but not decoded, at most [`READ`].
    input: BytesMut,
    frame: Option<Frame>,
    /// The message that is being received, and whether it is a text message.
    message: Option<(BodyBuffer, bool)>,
    control: Vec<u8>,
    /// Number of complete messages so far.
    count: u64,
    limit: usize,
    memory: Arc<Memory>,
    /// Whether the socket is being closed: messages are dropped.
    is_closing: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// A socket that accepts messages of at most `limit` bytes.
    pub fn new(stream: S, limit: usize, memory: Arc<Memory>) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            frame: None,
            message: None,
            control: Vec::new(),
            count: 0,
            limit,
            memory,
            is_closing: false,
        }
    }

    /// The next message. Nothing is lost if the future is dropped.
    pub async fn receive(&mut self) -> Result<Received, ReadError> {
        loop {
            let mut has_parts = false;
            while let Some(end) = self.advance()? {
                if let Some(received) = self.end(&end)? {
                    return Ok(received);
                }
                has_parts = true;
            }
            // A client may send many empty frames, so the task yields to others of its thread.
            if has_parts {
                tokio::task::yield_now().await;
            }
            // An incomplete frame header has at most 13 bytes.
            self.input.reserve(READ);
            let mut room = (&mut self.stream).take(READ as u64);
            match room.read_buf(&mut self.input).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Err(ReadError::Gone),
            }
        }
    }

    /// The number of the message of which only a part has arrived.
    pub fn unfinished(&self) -> Option<u64> {
        let is_begun = self.message.is_some() || self.frame.is_some() || !self.input.is_empty();
        is_begun.then_some(self.count)
    }

    /// Decodes more of the input. Returns the header of a frame that has ended; `None` at the end of the input.
    fn advance(&mut self) -> Result<Option<FrameHeader>, ReadError> {
        let Some(frame) = &mut self.frame else {
            let mut cursor = Cursor::new(&self.input[..]);
            let head = FrameHeader::parse(&mut cursor)
                .map_err(|_| ReadError::Protocol("a frame has an unknown operation code"))?;
            let Some((header, left)) = head else {
                return Ok(None);
            };
            let length = cursor.position() as usize;
            self.input.advance(length);
            self.begin(header, left)?;
            return self.advance();
        };
        let length = self
            .input
            .len()
            .min(usize::try_from(frame.left).unwrap_or(usize::MAX));
        let mut part = self.input.split_to(length);
        for bytes in part.chunks_mut(4) {
            bytes
                .iter_mut()
                .zip(frame.mask)
                .for_each(|(byte, mask)| *byte ^= mask);
        }
        frame.mask.rotate_left(length % 4);
        frame.left -= length as u64;
        let is_whole = frame.left == 0;
        if matches!(frame.header.opcode, OpCode::Control(_)) {
            self.control.extend_from_slice(&part);
        } else if let Some((message, _)) = &mut self.message
            && !self.is_closing
        {
            message
                .extend(&part, self.limit, &self.memory)
                .map_err(|unread| match unread {
                    Unread::Busy => ReadError::Busy,
                    _ => ReadError::TooLong,
                })?;
        }
        Ok(self.frame.take_if(|_| is_whole).map(|it| it.header))
    }

    /// Begins a frame, if the protocol allows it at this point.
    fn begin(&mut self, header: FrameHeader, length: u64) -> Result<(), ReadError> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(ReadError::Protocol("a frame has reserved bits"));
        }
        let Some(mask) = header.mask else {
            return Err(ReadError::Protocol("a frame is not masked"));
        };
        match header.opcode {
            OpCode::Control(_) if !header.is_final => {
                return Err(ReadError::Protocol("a control frame is in parts"));
            }
            OpCode::Control(_) if length > LONGEST_CONTROL as u64 => {
                return Err(ReadError::Protocol("a control frame is longer than 125 bytes"));
            }
            OpCode::Control(_) => self.control.clear(),
            OpCode::Data(Data::Continue) if self.message.is_none() => {
                return Err(ReadError::Protocol("a frame continues no message"));
            }
            OpCode::Data(Data::Continue) => {}
            OpCode::Data(_) if self.message.is_some() => {
                return Err(ReadError::Protocol("a message begins before another is whole"));
            }
            OpCode::Data(data) => self.message = Some((BodyBuffer::default(), data == Data::Text)),
        }
        // Refused before the payload is read.
        let received = self.message.as_ref().map_or(0, |it| it.0.len());
        if length > self.limit.saturating_sub(received) as u64
            && matches!(header.opcode, OpCode::Data(_))
            && !self.is_closing
        {
            return Err(ReadError::TooLong);
        }
        self.frame = Some(Frame {
            header,
            mask,
            left: length,
        });
        Ok(())
    }

    /// The result of a complete frame: a message, if this was its last frame.
    fn end(&mut self, header: &FrameHeader) -> Result<Option<Received>, ReadError> {
        match header.opcode {
            OpCode::Control(Control::Ping) => Ok(Some(Received::Ping(Bytes::copy_from_slice(&self.control)))),
            OpCode::Control(Control::Pong) => Ok(Some(Received::Pong)),
            OpCode::Control(_) => self.check_close().map(|()| Some(Received::Close)),
            OpCode::Data(_) if !header.is_final => Ok(None),
            OpCode::Data(_) => {
                self.count += 1;
                let Some((message, is_text)) = self.message.take() else {
                    return Ok(None);
                };
                let (bytes, held) = message.end();
                if !is_text {
                    return Ok(Some(Received::Binary));
                }
                if std::str::from_utf8(&bytes).is_err() {
                    return Err(ReadError::NotText);
                }
                Ok(Some(Received::Text(bytes, held)))
            }
        }
    }

    /// Checks the code and the reason of a close frame, which are optional.
    fn check_close(&self) -> Result<(), ReadError> {
        let Some((code, reason)) = self.control.split_first_chunk() else {
            let is_empty = self.control.is_empty();
            return is_empty
                .then_some(())
                .ok_or(ReadError::Protocol("the code of a close frame has one byte"));
        };
        if !CloseCode::from(u16::from_be_bytes(*code)).is_allowed() {
            return Err(ReadError::Protocol(
                "a close frame has a code that may not be sent",
            ));
        }
        std::str::from_utf8(reason)
            .map(drop)
            .map_err(|_| ReadError::NotText)
    }

    /// Sends a text of three pieces in one frame, and waits until the system has accepted it. The pieces are not
    /// copied.
    pub async fn send(&mut self, before: Bytes, mut body: Bytes, mut after: Bytes) -> io::Result<()> {
        let length = before.len() + body.len() + after.len();
        let head = head(OpCode::Data(Data::Text), length);
        let mut part = body.split_to(body.len().min(TURN));
        if body.is_empty() {
            let mut all = head.chain(before).chain(part).chain(after);
            self.stream.write_all_buf(&mut all).await?;
        } else {
            self.stream.write_all_buf(&mut head.chain(before)).await?;
            while !part.is_empty() {
                self.stream.write_all_buf(&mut part).await?;
                part = body.split_to(body.len().min(TURN));
                tokio::task::yield_now().await;
            }
            self.stream.write_all_buf(&mut after).await?;
        }
        self.stream.flush().await
    }

    pub async fn send_ping(&mut self) -> io::Result<()> {
        self.send_control(Control::Ping, Bytes::new()).await
    }

    pub async fn send_pong(&mut self, payload: Bytes) -> io::Result<()> {
        self.send_control(Control::Pong, payload).await
    }

    async fn send_control(&mut self, control: Control, payload: Bytes) -> io::Result<()> {
        let head = head(OpCode::Control(control), payload.len());
        self.stream.write_all_buf(&mut head.chain(payload)).await?;
        self.stream.flush().await
    }

    /// Sends the close frame with a reason, and waits until the client confirms it. Until then, the client's messages
    /// are received and dropped: closing a socket with unread bytes resets the connection, and the client may lose the
    /// reason.
    pub async fn close(&mut self, code: u16, reason: &str) {
        let mut payload = code.to_be_bytes().to_vec();
        let end = reason.floor_char_boundary(LONGEST_REASON);
        payload.extend_from_slice(&reason.as_bytes()[..end]);
        if self.send_control(Control::Close, payload.into()).await.is_err() {
            return;
        }
        self.is_closing = true;
        self.message = self.message.take().map(|it| (BodyBuffer::default(), it.1));
        while let Ok(received) = self.receive().await {
            if matches!(received, Received::Close) {
                break;
            }
        }
    }

    /// Confirms with the client's code that the client closes the socket.
    pub async fn confirm_close(&mut self) {
        let code = Bytes::copy_from_slice(&self.control[..self.control.len().min(2)]);
        let _ = self.send_control(Control::Close, code).await;
    }
}

/// The header of a frame that the server sends.
fn head(opcode: OpCode, length: usize) -> Bytes {
    let header = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    let mut head = Vec::with_capacity(10);
    // Writing to a vector cannot fail.
    let _ = header.format(length as u64, &mut head);
    head.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    const LIMIT: usize = 100_000;

    /// A frame of a client, with the header that tungstenite writes.
    fn frame(opcode: OpCode, is_final: bool, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let header = FrameHeader {
            is_final,
            opcode,
            mask: Some(mask),
            ..FrameHeader::default()
        };
        let mut frame = Vec::new();
        header.format(payload.len() as u64, &mut frame).unwrap();
        let masked = payload.iter().zip(mask.iter().cycle());
        frame.extend(masked.map(|(byte, mask)| byte ^ mask));
        frame
    }

    fn socket(stream: DuplexStream, memory: &Arc<Memory>) -> Socket<DuplexStream> {
        Socket::new(stream, LIMIT, memory.clone())
    }

    /// A message in several frames, with pings between them.
    fn sent(message: &str, cuts: &[usize], mask: [u8; 4]) -> Vec<u8> {
        let mut cuts: Vec<usize> = cuts.iter().map(|it| it % (message.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut bytes, mut begun) = (Vec::new(), 0);
        for cut in &cuts {
            let data = if bytes.is_empty() {
                Data::Text
            } else {
                Data::Continue
            };
            let part = &message.as_bytes()[begun..*cut];
            bytes.extend(frame(OpCode::Data(data), false, mask, part));
            bytes.extend(frame(OpCode::Control(Control::Ping), true, mask, b"ping"));
            begun = *cut;
        }
        let data = if cuts.is_empty() {
            Data::Text
        } else {
            Data::Continue
        };
        bytes.extend(frame(
            OpCode::Data(data),
            true,
            mask,
            &message.as_bytes()[begun..],
        ));
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn messages_are_received_whole_however_they_are_cut(
            messages in prop::collection::vec(("\\PC{0,300}", 1usize..60), 1..5),
            cuts in prop::collection::vec(any::<usize>(), 0..5),
            mask in any::<[u8; 4]>(),
            pipe in 1usize..20_000,
        ) {
            let messages: Vec<String> = messages.into_iter().map(|(text, times)| text.repeat(times)).collect();
            let bytes: Vec<u8> = messages.iter().flat_map(|it| sent(it, &cuts, mask)).collect();
            let memory = Arc::new(Memory::new(usize::MAX));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (received, pings) = runtime.block_on(async {
                let (mut client, server) = duplex(pipe);
                let mut socket = socket(server, &memory);
                let write = async {
                    client.write_all(&bytes).await.unwrap();
                    client.shutdown().await.unwrap();
                };
                let read = async {
                    let (mut texts, mut pings) = (Vec::new(), 0);
                    loop {
                        match socket.receive().await {
                            Ok(Received::Text(text, _)) => texts.push(String::from_utf8(text.to_vec()).unwrap()),
                            Ok(Received::Ping(payload)) => {
                                assert_eq!(payload, "ping");
                                pings += 1;
                            }
                            Err(ReadError::Gone) => break (texts, pings),
                            other => panic!("{other:?}"),
                        }
                    }
                };
                tokio::join!(write, read).1
            });
            prop_assert_eq!(received, messages.clone());
            prop_assert_eq!(pings, cuts.len() * messages.len());
            prop_assert_eq!(memory.used(), 0);
        }

        #[test]
        fn any_bytes_end_with_an_error(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let memory = Arc::new(Memory::new(1 << 20));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (mut client, server) = duplex(1 << 10);
                client.write_all(&bytes).await.unwrap();
                drop(client);
                let mut socket = socket(server, &memory);
                while socket.receive().await.is_ok() {}
            });
            prop_assert_eq!(memory.used(), 0);
        }
    }

    #[tokio::test]
    async fn a_message_takes_its_memory_until_it_is_dropped() {
        let memory = Arc::new(Memory::new(500_000));
        let (mut client, server) = duplex(1 << 20);
        let mut socket = socket(server, &memory);
        let message = frame(OpCode::Data(Data::Text), true, [7; 4], &vec![b'x'; LIMIT]);
        client.write_all(&message).await.unwrap();
        let Ok(Received::Text(text, held)) = socket.receive().await else {
            panic!("there is no text");
        };
        assert_eq!(text.len(), LIMIT);
        assert!(memory.used() >= LIMIT, "{}", memory.used());
        // There is no room for two more.
        client.write_all(&message).await.unwrap();
        let second = socket.receive().await;
        client.write_all(&message).await.unwrap();
        assert!(matches!(socket.receive().await, Err(ReadError::Busy)));
        drop((held, second));
        drop(socket);
        assert_eq!(memory.used(), 0);
    }

    #[tokio::test]
    async fn an_answer_of_any_length_is_one_message() {
        for length in [0, 1, 125, 126, 65_535, 65_536, TURN, TURN + 1, 3 * TURN] {
            let (client, server) = duplex(1 << 16);
            let mut socket = socket(server, &Arc::new(Memory::new(0)));
            let body = Bytes::from("x".repeat(length));
            let expected = format!("<{}>", "x".repeat(length));
            let writing = socket.send(Bytes::from_static(b"<"), body, Bytes::from_static(b">"));
            let reading = async {
                let mut client = client;
                let mut bytes =
                    vec![0; expected.len() + head(OpCode::Data(Data::Text), expected.len()).len()];
                client.read_exact(&mut bytes).await.unwrap();
                bytes
            };
            let (sent, bytes) = tokio::join!(writing, reading);
            sent.unwrap();
            let mut cursor = Cursor::new(&bytes[..]);
            let (header, announced) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert!(header.is_final && header.mask.is_none());
            assert_eq!(announced, expected.len() as u64);
            assert_eq!(&bytes[cursor.position() as usize..], expected.as_bytes());
        }
    }
}
