//! The socket of a connection, which records reads and writes in its [`ConnectionState`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::connection_state::{ConnectionState, Order, Phase};
use super::hangup::HangUp;

/// Maximum number of bytes of a refused body that are read and discarded: about what a client sends in the time
/// allowed.
const MOST_DISCARDED: usize = 64 << 20;

/// Bytes that are written before the task yields to others of its thread.
const TURN: usize = 1 << 20;

/// A socket that records its state in a [`ConnectionState`].
pub(super) struct TrackedSocket<P> {
    stream: TcpStream,
    watch: Arc<ConnectionState>,
    /// Whether the last write had to wait.
    is_blocked: bool,
    is_shut_down: bool,
    discarded: usize,
    /// The last poll in which bytes were written, and their number.
    turn: (u32, usize),
    /// Whether the last read waits for the client, so that the read notices if the client disconnects.
    is_reading: bool,
    /// Notices that the client disconnects during a request while nothing reads from the socket.
    hang_up: Option<HangUp>,
    /// Released when the socket is closed, also after an upgrade.
    _place: P,
}

impl<P> TrackedSocket<P> {
    pub fn new(stream: TcpStream, watch: Arc<ConnectionState>, place: P) -> Self {
        Self {
            stream,
            watch,
            is_blocked: false,
            is_shut_down: false,
            discarded: 0,
            turn: (0, 0),
            is_reading: false,
            hang_up: None,
            _place: place,
        }
    }

    /// The error that ends an upgraded connection on order. Other connections are ended by their task.
    fn ended(&self) -> io::Result<()> {
        if self.watch.order() == Order::Drop {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn note_written(&mut self, cx: &Context<'_>, polled: &Poll<io::Result<usize>>) -> io::Result<()> {
        match polled {
            Poll::Ready(Ok(bytes)) => {
                self.is_blocked = false;
                self.turn.1 += bytes;
                self.watch.note_sent(*bytes);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                self.is_blocked = true;
                self.watch.note_blocked();
                if self.watch.phase() == Phase::Upgraded {
                    self.watch.wake_writer(cx.waker());
                    self.ended()?;
                }
            }
        }
        Ok(())
    }

    /// Whether enough was written in this poll that the task yields. A client may read as fast as the server writes.
    fn has_had_its_turn(&mut self, cx: &Context<'_>) -> bool {
        let turn = self.watch.turn();
        if self.turn.0 != turn {
            self.turn = (turn, 0);
        }
        // No task counts the polls of an upgraded connection.
        let is_over = self.turn.1 >= TURN && self.watch.phase() != Phase::Upgraded;
        if is_over {
            self.is_blocked = true;
            cx.waker().wake_by_ref();
        }
        is_over
    }

    /// Ready if the client has disconnected during a request and no read is pending that would notice it. A client that
    /// closes only its sending side also counts as disconnected: it gets only those answers for which the server does
    /// not have to wait.
    fn poll_hang_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.watch.phase() != Phase::Busy {
            self.hang_up = None;
            return Poll::Pending;
        }
        // A pending read notices the end, unless a body is left unread: then hyper reads no more input.
        if self.is_reading && !self.watch.has_unread_body() {
            return Poll::Pending;
        }
        if self.hang_up.is_none() {
            // Without a descriptor, the server notices a disconnect only when it sends the answer.
            self.hang_up = HangUp::of(&self.stream).ok();
        }
        match &self.hang_up {
            Some(hang_up) => hang_up.poll(cx),
            None => Poll::Pending,
        }
    }

    /// Reads and discards the client's input until the client closes its side. If the server closed the socket earlier,
    /// the system would reset the connection, and the client might lose the answer. The sweeper limits the time.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 8 << 10];
        while self.discarded < MOST_DISCARDED {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.discarded += buffer.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl<P: Unpin> AsyncRead for TrackedSocket<P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.is_reading = polled.is_pending();
        if polled.is_ready() {
            if buffer.filled().len() > before {
                self.watch.note_read();
            }
        } else if self.watch.phase() == Phase::Upgraded {
            self.watch.wake_reader(cx.waker());
            self.ended()?;
        }
        polled
    }
}

impl<P: Unpin> AsyncWrite for TrackedSocket<P> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.has_had_its_turn(cx) {
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note_written(cx, &polled)?;
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.has_had_its_turn(cx) {
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note_written(cx, &polled)?;
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        if polled.is_ready() && !self.is_blocked {
            self.watch.note_flushed();
        }
        // hyper flushes in each poll of a connection.
        if self.poll_hang_up(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut_down {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.is_shut_down = true;
            if self.watch.has_unread_body() {
                self.watch.enter(Phase::Closing);
            }
        }
        if self.watch.has_unread_body() {
            ready!(self.poll_discard(cx));
        }
        Poll::Ready(Ok(()))
    }
}
