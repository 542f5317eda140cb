//! Cursors: opaque to clients, a revision, a list and a position in it to us.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::report::shown;

/// A position in a list at a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The revision that it was made at.
    pub revision: u64,
    /// Which list in which order.
    pub sequence: u32,
    /// The entity, or the position in a listing.
    pub entity: u32,
    /// The edge that led to it.
    pub edge: u32,
}

const LENGTH: usize = 20;

impl Cursor {
    /// Writes it as a JSON string.
    pub fn write(self, out: &mut Vec<u8>) {
        let mut bytes = [0u8; LENGTH];
        bytes[..8].copy_from_slice(&self.revision.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.entity.to_be_bytes());
        bytes[16..].copy_from_slice(&self.edge.to_be_bytes());
        let mut text = [0u8; 27];
        // 20 bytes are 27 characters of base64 without padding, so the slice always fits.
        let length = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).unwrap_or(0);
        out.push(b'"');
        out.extend_from_slice(&text[..length]);
        out.push(b'"');
    }

    /// Reads a cursor that belongs to a list at a revision, or says why it does not.
    pub fn read(text: &str, revision: u64, sequence: u32) -> Result<Self, String> {
        let shown = shown(text);
        // The decoder asks for room for whole groups of three bytes.
        let mut bytes = [0; LENGTH.next_multiple_of(3)];
        URL_SAFE_NO_PAD
            .decode_slice(text, &mut bytes)
            .ok()
            .filter(|it| *it == LENGTH)
            .ok_or_else(|| format!("\"{shown}\" is not a cursor: give one that this server returned"))?;
        let part = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let cursor = Self {
            revision: (u64::from(part(0)) << 32) | u64::from(part(4)),
            sequence: part(8),
            entity: part(12),
            edge: part(16),
        };
        if cursor.revision != revision {
            return Err(format!(
                "the cursor \"{shown}\" was made at revision {:016x}, and this is revision {revision:016x}: begin again without it",
                cursor.revision
            ));
        }
        if cursor.sequence != sequence {
            return Err(format!(
                "the cursor \"{shown}\" belongs to another list, another order or another date: give one of this list, with the same `orderBy` and `asOf`"
            ));
        }
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_survives_the_way_to_the_client(revision: u64, sequence: u32, entity: u32, edge: u32) {
            let cursor = Cursor { revision, sequence, entity, edge };
            let mut out = Vec::new();
            cursor.write(&mut out);
            let text: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(Cursor::read(&text, revision, sequence), Ok(cursor));
            prop_assert!(Cursor::read(&text, !revision, sequence).unwrap_err().contains("revision"));
            prop_assert!(Cursor::read(&text, revision, !sequence).unwrap_err().contains("another list"));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            prop_assert!(Cursor::read(&text, 0, 0).is_err());
        }
    }
}
