//! The room behind what is written of an answer.
//!
//! A vector keeps its length in memory, where it is read and stored again for each few bytes that are added; a [`Room`]
//! is passed on by value, in registers. Short pieces are copied in steps of a fixed length: `docs/decisions/room.md`.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Up to this many bytes are copied in one step of this length: a copy of a fixed length is a few instructions, one
/// of any length is a call.
const SHORT: usize = 32;
/// The step for what is longer: most of what is not short is within it.
const MEDIUM: usize = 128;
/// Writing needs up to this many bytes of room beyond what it adds, for its last step.
pub const LAST_STEP: usize = MEDIUM;

/// There is no room for what should be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Bytes that are not written yet, of one vector only: the lifetime is that of no other room.
pub(super) struct Room<'b> {
    free: &'b mut [MaybeUninit<u8>],
    one: PhantomData<fn(&'b ()) -> &'b ()>,
}

/// Lets something be written at the end of a vector, into its spare capacity, at most `most` bytes of it. Where that
/// fails the vector is as it was.
pub(super) fn fill<E>(
    out: &mut Vec<u8>,
    most: usize,
    write: impl for<'b> FnOnce(Room<'b>) -> Result<Room<'b>, E>,
) -> Result<(), E> {
    let spare = out.spare_capacity_mut();
    let len = spare.len().min(most);
    let room = Room {
        free: &mut spare[..len],
        one: PhantomData,
    };
    let left = write(room)?.free.len();
    let end = out.len() + len - left;
    // SAFETY: a room is only made here and becomes smaller only by what is written into it, and for its lifetime it
    // cannot be taken for the room of another vector; so all bytes up to `end`, within the capacity, are written.
    #[allow(unsafe_code, reason = "a vector is filled from its spare capacity")]
    unsafe {
        out.set_len(end);
    }
    Ok(())
}

impl Room<'_> {
    /// Writes some bytes.
    #[inline(always)]
    pub fn bytes(self, bytes: &[u8]) -> Result<Self, Full> {
        let (here, free) = self.free.split_at_mut_checked(bytes.len()).ok_or(Full)?;
        here.write_copy_of_slice(bytes);
        Ok(Self { free, ..self })
    }

    /// Writes the first `len` of some bytes, of which more may be copied.
    #[inline(always)]
    pub fn first(self, bytes: &[u8], len: usize) -> Result<Self, Full> {
        if len <= SHORT
            && let Some(chunk) = bytes.first_chunk::<SHORT>()
        {
            self.step(chunk, len)
        } else if len <= MEDIUM
            && let Some(chunk) = bytes.first_chunk::<MEDIUM>()
        {
            self.step(chunk, len)
        } else {
            self.bytes(&bytes[..len])
        }
    }

    /// Writes the first `len` of some bytes, at most all, and copies all.
    #[inline(always)]
    pub fn step<const N: usize>(self, bytes: &[u8; N], len: usize) -> Result<Self, Full> {
        let here: &mut [MaybeUninit<u8>; N] = self.free.first_chunk_mut().ok_or(Full)?;
        here.write_copy_of_slice(bytes);
        // Only what was written is not free any more.
        let free = &mut self.free[len.min(N)..];
        Ok(Self { free, ..self })
    }

    /// Writes a byte.
    #[inline(always)]
    pub fn byte(self, byte: u8) -> Result<Self, Full> {
        let (here, free) = self.free.split_first_mut().ok_or(Full)?;
        here.write(byte);
        Ok(Self { free, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_there_and_nothing_else(
            begun in prop::collection::vec(any::<u8>(), 0..5),
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), 0_usize..300), 0..6),
            capacity in 0_usize..1500,
            most in 0_usize..1500,
        ) {
            let mut out = Vec::with_capacity(begun.len() + capacity);
            out.extend_from_slice(&begun);
            let mut expected = begun.clone();
            let spare = out.capacity() - out.len();
            let written = fill(&mut out, most, |mut room| {
                for (piece, len) in &pieces {
                    let len = (*len).min(piece.len());
                    room = room.first(piece, len)?.byte(b'.')?.bytes(piece)?;
                    expected.extend_from_slice(&piece[..len]);
                    expected.push(b'.');
                    expected.extend_from_slice(piece);
                }
                Ok::<_, Full>(room)
            });
            match written {
                Ok(()) => prop_assert_eq!(out, expected),
                Err(Full) => {
                    let whole: usize = pieces.iter().map(|(piece, len)| (*len).min(piece.len()) + 1 + piece.len()).sum();
                    // A short piece needs room for a whole step.
                    prop_assert!(whole + LAST_STEP > spare.min(most));
                    prop_assert_eq!(out, begun);
                }
            }
        }
    }
}
