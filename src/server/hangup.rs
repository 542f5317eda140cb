//! Notices that a client disconnects while nobody reads from its socket.
//!
//! hyper notices the end of a connection only by reading, and it does not read while it holds bytes of the next request
//! or while a body is left unread. Therefore the socket is registered with the runtime a second time. That registration
//! waits for the next event without reading, and the event says whether the client closed its side.

use std::io;
#[cfg(unix)]
use std::os::fd::AsFd;
use std::task::{Context, Poll};

#[cfg(unix)]
use futures_util::FutureExt;
#[cfg(unix)]
use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;

/// The second registration of a socket. It takes a file descriptor.
pub(super) struct HangUp {
    #[cfg(unix)]
    socket: TcpStream,
}

#[cfg(unix)]
impl HangUp {
    /// Registers a socket.
    ///
    /// # Errors
    /// If no descriptors are left.
    pub fn of(stream: &TcpStream) -> io::Result<Self> {
        let socket = stream.as_fd().try_clone_to_owned()?;
        let socket = TcpStream::from_std(socket.into())?;
        Ok(Self { socket })
    }

    /// Ready when the client has closed its side, even if bytes that it sent before are unread.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        while std::task::ready!(self.socket.poll_read_ready(cx)).is_ok() {
            let seen = self.socket.ready(Interest::READABLE).now_or_never();
            if seen.and_then(Result::ok).is_some_and(Ready::is_read_closed) {
                break;
            }
            // Nothing is read: this only marks the event as seen, so that the next call waits for the next event.
            let again = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
            let _ = self.socket.try_io(Interest::READABLE, again);
        }
        Poll::Ready(())
    }
}

#[cfg(not(unix))]
impl HangUp {
    /// Other systems report no such events.
    ///
    /// # Errors
    /// Always.
    pub fn of(_: &TcpStream) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never ready.
    pub fn poll(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
