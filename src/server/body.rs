//! The body of a request, read up to a limit of bytes, of the memory that requests share, and for as long as the sweeper lets it.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use axum::body::{Bytes, HttpBody};

use super::watch::{Phase, Watch};
use crate::budget::{Memory, Reservation};

/// The memory of shorter bodies is not counted.
const SMALL: usize = 16 << 10;

/// Why a body was not read to its end.
#[derive(Debug)]
pub(super) enum Unread {
    /// It has more bytes than it may.
    TooLong,
    /// It took too long.
    TooSlow,
    /// The memory that requests share is used up.
    Busy,
    /// It is malformed, or the client disconnected.
    Broken(String),
}

/// Reads a body. One that came in one piece is not copied; what others take beyond [`SMALL`] is reserved before it is
/// read.
pub(super) async fn read<B>(
    mut body: B,
    limit: usize,
    memory: &Arc<Memory>,
    watch: &Watch,
) -> Result<(Bytes, Option<Reservation>), Unread>
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    watch.begin_body();
    let read = whole(&mut body, limit, memory, watch).await;
    watch.enter(Phase::Busy);
    // Where it was refused, the client may still be sending.
    watch.set_unread_body(read.is_err());
    read
}

async fn whole<B>(
    body: &mut B,
    limit: usize,
    memory: &Arc<Memory>,
    watch: &Watch,
) -> Result<(Bytes, Option<Reservation>), Unread>
where
    B: HttpBody<Data = Bytes, Error: Display> + Unpin,
{
    // A length that the head names is refused before the client is asked to send.
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
    let mut whole = Gathered::default();
    whole.extend(&first, limit, memory)?;
    while let Some(bytes) = next(body, watch).await? {
        whole.extend(&bytes, limit, memory)?;
    }
    Ok(whole.end())
}

/// Bytes that are being received. What they take beyond [`SMALL`] is reserved before it is taken.
#[derive(Default)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    held: Option<Reservation>,
}

impl Gathered {
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes more bytes, up to a limit of all.
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
            // A vector that grows is there twice for a moment.
            if !held.grow_to((2 * length).next_multiple_of(SMALL)) {
                return Err(Unread::Busy);
            }
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    /// All bytes, and what is reserved for them.
    pub fn end(self) -> (Bytes, Option<Reservation>) {
        (self.bytes.into(), self.held)
    }
}

/// The next bytes of a body; nothing at its end. Trailers are skipped.
async fn next<B>(body: &mut B, watch: &Watch) -> Result<Option<Bytes>, Unread>
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
