//! Reads the body of a request, within a limit of bytes, the memory that requests share, and the sweeper's timeout.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use axum::body::{Bytes, HttpBody};

use super::connection_state::{ConnectionState, Phase};
use crate::budget::{Memory, Reservation};

/// Bodies up to this length are not counted against the shared memory.
const SMALL: usize = 16 << 10;

/// Why a body was not read to its end.
#[derive(Debug)]
pub(super) enum Unread {
    /// The body is longer than the limit.
    TooLong,
    /// It took too long.
    TooSlow,
    /// The memory that requests share is used up.
    Busy,
    /// It is malformed, or the client disconnected.
    Broken(String),
}

/// Reads a body. A body that arrives in one piece is not copied. Longer bodies reserve the bytes beyond [`SMALL`]
/// before reading them.
pub(super) async fn read<B>(
    mut body: B,
    limit: usize,
    memory: &Arc<Memory>,
    watch: &ConnectionState,
) -> Result<(Bytes, Option<Reservation>), Unread>
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    watch.begin_body();
    let read = whole(&mut body, limit, memory, watch).await;
    watch.enter(Phase::Busy);
    // The client may still be sending a refused body.
    watch.set_unread_body(read.is_err());
    read
}

async fn whole<B>(
    body: &mut B,
    limit: usize,
    memory: &Arc<Memory>,
    watch: &ConnectionState,
) -> Result<(Bytes, Option<Reservation>), Unread>
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    // A declared length that is too large is refused before the client is asked to send the body.
    if body.size_hint().lower() > limit as u64 {
        return Err(Unread::TooLong);
    }
    let Some(first) = next(body, watch).await? else {
        return Ok((Bytes::new(), None));
    };
    if first.len() > limit {
        return Err(Unread::TooLong);
    }
    if body.is_end_stream() {
        return Ok((first, None));
    }
    let mut whole = BodyBuffer::default();
    whole.extend(&first, limit, memory)?;
    while let Some(bytes) = next(body, watch).await? {
        whole.extend(&bytes, limit, memory)?;
    }
    Ok(whole.end())
}

/// Bytes that are being received. Those beyond [`SMALL`] are reserved before they are allocated.
#[derive(Default)]
pub(super) struct BodyBuffer {
    bytes: Vec<u8>,
    held: Option<Reservation>,
}

impl BodyBuffer {
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends bytes, up to a limit of the total.
    ///
    /// # Errors
    /// [`Unread::TooLong`] over the limit, [`Unread::Busy`] if the memory is used up.
    pub fn extend(&mut self, more: &[u8], limit: usize, memory: &Arc<Memory>) -> Result<(), Unread> {
        let length = self.bytes.len() + more.len();
        if length > limit {
            return Err(Unread::TooLong);
        }
        if length > SMALL {
            let held = match &mut self.held {
                Some(held) => held,
                None => self.held.insert(memory.reserve(0).ok_or(Unread::Busy)?),
            };
            // While a vector grows, the old and the new buffer both exist.
            if !held.grow_to((2 * length).next_multiple_of(SMALL)) {
                return Err(Unread::Busy);
            }
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    /// All bytes, and their reservation.
    pub fn end(self) -> (Bytes, Option<Reservation>) {
        (self.bytes.into(), self.held)
    }
}

/// The next bytes of a body; `None` at its end. Trailers are skipped.
async fn next<B>(body: &mut B, watch: &ConnectionState) -> Result<Option<Bytes>, Unread>
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    loop {
        let frame = poll_fn(|cx| match Pin::new(&mut *body).poll_frame(cx) {
            Poll::Pending if watch.is_late() => Poll::Ready(Err(Unread::TooSlow)),
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(Ok(None)),
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Ok(Some(frame))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Err(Unread::Broken(error.to_string()))),
        });
        let Some(frame) = frame.await? else {
            return Ok(None);
        };
        if let Ok(bytes) = frame.into_data()
            && !bytes.is_empty()
        {
            watch.note_body(bytes.len());
            return Ok(Some(bytes));
        }
    }
}
