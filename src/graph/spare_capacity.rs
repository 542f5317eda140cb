//! Spare capacity of a buffer, into which an answer is written.
//!
//! A vector stores its length in memory, and each append reads and writes it. A [`SpareCapacity`] is passed by value, so it
//! stays in registers. Short pieces are copied with a fixed length: `docs/decisions/spare-capacity.md`.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Pieces up to this length are copied with exactly this length. A copy of a fixed length is a few instructions, one of
/// a variable length is a function call.
const SHORT: usize = 32;
/// Length of the copies for most longer pieces.
const MEDIUM: usize = 128;
/// Writing needs up to this number of bytes of capacity beyond the result, for its last copy.
pub const LAST_STEP: usize = MEDIUM;

/// The capacity is too small.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Unwritten bytes of a single vector: its lifetime differs from that of any other room.
pub(super) struct SpareCapacity<'b> {
    free: &'b mut [MaybeUninit<u8>],
    one: PhantomData<fn(&'b ()) -> &'b ()>,
}

/// Calls a function that writes into at most `most` bytes of a vector's spare capacity. On an error, the vector is
/// unchanged.
pub(super) fn fill<E>(
    out: &mut Vec<u8>,
    most: usize,
    write: impl for<'b> FnOnce(SpareCapacity<'b>) -> Result<SpareCapacity<'b>, E>,
) -> Result<(), E> {
    let spare = out.spare_capacity_mut();
    let len = spare.len().min(most);
    let room = SpareCapacity {
        free: &mut spare[..len],
        one: PhantomData,
    };
    let left = write(room)?.free.len();
    let end = out.len() + len - left;
    // SAFETY: rooms are created only here, and shrink only by the bytes that are written into them. The lifetime
    // prevents exchanging them with rooms of other vectors. So all bytes up to `end`, within the capacity, are written.
    #[allow(unsafe_code, reason = "a vector is filled from its spare capacity")]
    unsafe {
        out.set_len(end);
    }
    Ok(())
}

impl SpareCapacity<'_> {
    /// Writes some bytes.
    #[inline(always)]
    pub fn bytes(self, bytes: &[u8]) -> Result<Self, Full> {
        let (here, free) = self.free.split_at_mut_checked(bytes.len()).ok_or(Full)?;
        here.write_copy_of_slice(bytes);
        Ok(Self { free, ..self })
    }

    /// Writes the first `len` bytes of a slice; more of them may be copied.
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

    /// Writes the first `len` bytes of a slice, but copies all of it.
    #[inline(always)]
    pub fn step<const N: usize>(self, bytes: &[u8; N], len: usize) -> Result<Self, Full> {
        let here: &mut [MaybeUninit<u8>; N] = self.free.first_chunk_mut().ok_or(Full)?;
        here.write_copy_of_slice(bytes);
        // Only the `len` bytes are used up.
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
                    // A short piece needs capacity for a whole copy.
                    prop_assert!(whole + LAST_STEP > spare.min(most));
                    prop_assert_eq!(out, begun);
                }
            }
        }
    }
}
