//! Texts in the form of answers: quoted and escaped, stored consecutively.
//!
//! ```text
//! arena   "UNICEF""The Body Shop""a \"quoted\" word"
//! ends            8              23                 44      (one more than there are rows)
//! plain   row 2 → a "quoted" word                           (only where the two differ: texts and ends of their own)
//! ```
//!
//! A row without a text has no bytes; an empty text has two quotes.

use std::ops::Range;

use memchr::memmem::Finder;
use prefetch_index::prefetch_index;

use super::storage::{Stored, StoredText};

/// Whether JSON escapes a byte of a text.
fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The first eight bytes of a text as a number that is ordered as they are; a shorter text is filled up with zeros.
#[inline]
pub(super) fn beginning(text: &[u8]) -> u64 {
    if let Some(begin) = text.first_chunk() {
        return u64::from_be_bytes(*begin);
    }
    let mut begin = [0; 8];
    begin[..text.len()].copy_from_slice(text);
    u64::from_be_bytes(begin)
}

/// Whether one of eight bytes is a backslash.
#[inline]
fn has_escape(bytes: u64) -> bool {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let zero_if_escape = bytes ^ (LOW * u64::from(b'\\'));
    zero_if_escape.wrapping_sub(LOW) & !zero_if_escape & LOW << 7 != 0
}

/// A column of texts.
#[derive(Debug, Default)]
pub struct Strings {
    pub(super) arena: StoredText,
    pub(super) ends: Ends,
    /// The rows whose texts differ from their output form, in order.
    pub(super) escaped_rows: Stored<u32>,
    pub(super) plain: StoredText,
    pub(super) plain_ends: Ends,
}

/// The end of each row's text; 32 bits per row until the arena needs more.
#[derive(Debug)]
pub(super) enum Ends {
    Narrow(Stored<u32>),
    Wide(Stored<u64>),
}

impl Default for Ends {
    fn default() -> Self {
        Ends::Narrow(Stored::default())
    }
}

impl Ends {
    pub(super) fn len(&self) -> usize {
        match self {
            Ends::Narrow(ends) => ends.len(),
            Ends::Wide(ends) => ends.len(),
        }
    }

    #[inline]
    pub(super) fn get(&self, row: usize) -> usize {
        match self {
            Ends::Narrow(ends) => ends[row] as usize,
            Ends::Wide(ends) => ends[row] as usize,
        }
    }

    /// How many of some rows end at an offset or before it.
    fn rows_before(&self, rows: Range<usize>, place: usize) -> usize {
        match self {
            Ends::Narrow(ends) => ends[rows].partition_point(|it| *it as usize <= place),
            Ends::Wide(ends) => ends[rows].partition_point(|it| *it as usize <= place),
        }
    }

    fn push(&mut self, end: usize) {
        match self {
            Ends::Narrow(ends) => match u32::try_from(end) {
                Ok(end) => ends.push(end),
                Err(_) => {
                    let mut wide: Vec<u64> = ends.iter().map(|it| u64::from(*it)).collect();
                    wide.push(end as u64);
                    *self = Ends::Wide(wide.into());
                }
            },
            Ends::Wide(ends) => ends.push(end as u64),
        }
    }

    fn shrink(&mut self) {
        match self {
            Ends::Narrow(ends) => ends.values().shrink_to_fit(),
            Ends::Wide(ends) => ends.values().shrink_to_fit(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Ends::Narrow(ends) => ends.bytes(),
            Ends::Wide(ends) => ends.bytes(),
        }
    }

    #[inline]
    fn range(&self, row: usize) -> Range<usize> {
        let start = row.checked_sub(1).map_or(0, |before| self.get(before));
        start..self.get(row)
    }
}

/// Size of a cache line in bytes.
const CACHE_LINE: usize = 64;
/// Bytes of a text that are prefetched.
const FETCHED: usize = 256;

/// Location of texts, resolved once for many rows.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    arena: &'a [u8],
    ends: &'a [u32],
}

impl<'a> Texts<'a> {
    /// The bytes from the start of a row's text, and its length; 0 if it has none.
    #[inline(always)]
    pub fn begin(self, row: usize) -> (&'a [u8], usize) {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]) as usize;
        (&self.arena[start..], self.ends[row] as usize - start)
    }

    /// Prefetches the bounds of a row's text.
    #[inline(always)]
    pub fn fetch_place(self, row: usize) {
        prefetch_index(self.ends, row);
    }

    /// Prefetches the start of a row's text, as far as the CPU would not prefetch it by itself.
    #[inline(always)]
    pub fn fetch(self, row: usize) {
        let (bytes, len) = self.begin(row);
        for at in (0..len.min(FETCHED)).step_by(CACHE_LINE) {
            prefetch_index(bytes, at);
        }
        prefetch_index(bytes, len.min(FETCHED));
    }
}

impl Strings {
    /// The location of the texts; `None` if their offsets need more than 32 bits.
    #[inline]
    pub fn texts(&self) -> Option<Texts<'_>> {
        match &self.ends {
            Ends::Narrow(ends) => Some(Texts {
                arena: self.arena.as_bytes(),
                ends,
            }),
            Ends::Wide(_) => None,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A column of texts.
    #[cfg(test)]
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut strings = Self::default();
        for text in texts {
            match text {
                Some(text) => strings.push(text),
                None => strings.push_null(),
            }
        }
        strings
    }

    /// Adds a row with a text.
    pub(super) fn push(&mut self, text: &str) {
        if text.bytes().any(is_escaped) {
            self.push_plain(text);
            self.arena
                .text()
                .push_str(&serde_json::Value::from(text).to_string());
        } else {
            let arena = self.arena.text();
            arena.reserve(text.len() + 2);
            arena.push('"');
            arena.push_str(text);
            arena.push('"');
        }
        self.ends.push(self.arena.len());
    }

    fn push_plain(&mut self, text: &str) {
        let row = self.len() as u32;
        self.escaped_rows.push(row);
        self.plain.text().push_str(text);
        self.plain_ends.push(self.plain.len());
    }

    /// Adds a row whose bytes are written as they are: JSON of any kind.
    pub(super) fn push_raw(&mut self, json: &str) {
        self.arena.text().push_str(json);
        self.ends.push(self.arena.len());
    }

    /// Adds a row without a text.
    pub(super) fn push_null(&mut self) {
        self.ends.push(self.arena.len());
    }

    /// Appends a row of other strings.
    pub(super) fn push_from(&mut self, from: &Strings, row: usize) {
        if let Some(text) = from.escaped_text(row) {
            self.push_plain(text);
        }
        self.arena.text().push_str(from.slice(row));
        self.ends.push(self.arena.len());
    }

    /// The bytes of all rows.
    pub(super) fn arena_len(&self) -> usize {
        self.arena.len()
    }

    /// Reserves capacity for a number of rows and bytes.
    pub(super) fn reserve(&mut self, rows: usize, bytes: usize) {
        self.arena.text().reserve_exact(bytes);
        if let Ends::Narrow(ends) = &mut self.ends
            && u32::try_from(self.arena.len() + bytes).is_ok()
        {
            ends.values().reserve_exact(rows);
        }
    }

    pub(super) fn shrink(&mut self) {
        self.arena.text().shrink_to_fit();
        self.ends.shrink();
        self.plain.text().shrink_to_fit();
        self.plain_ends.shrink();
    }

    #[inline]
    fn range(&self, row: usize) -> Range<usize> {
        self.ends.range(row)
    }

    fn slice(&self, row: usize) -> &str {
        &self.arena[self.range(row)]
    }

    /// The row's bytes in the form of answers; empty if it has no text.
    #[inline]
    pub fn json(&self, row: usize) -> &[u8] {
        // A slice of bytes, which needs no check that it begins and ends at characters.
        &self.arena.as_bytes()[self.range(row)]
    }

    /// The range of the row's bytes.
    #[inline]
    pub fn located(&self, row: usize) -> (&[u8], Range<usize>) {
        (self.arena.as_bytes(), self.range(row))
    }

    /// The row's text.
    #[inline]
    pub fn text(&self, row: usize) -> Option<&str> {
        let json = self.slice(row);
        if json.is_empty() {
            return None;
        }
        if !self.escaped_rows.is_empty()
            && let Some(text) = self.escaped_text(row)
        {
            return Some(text);
        }
        Some(&json[1..json.len() - 1])
    }

    /// The first eight bytes of the row's text as a number that is ordered as they are; a shorter text is filled up with
    /// zeros.
    #[inline]
    pub fn beginning(&self, row: usize) -> Option<u64> {
        let range = self.range(row);
        let len = range.len().checked_sub(2)?;
        let text = &self.arena.as_bytes()[range.start + 1..];
        // The bytes after the text in the arena are cut off.
        let begin = match text.first_chunk() {
            Some(begin) if len >= 8 => u64::from_be_bytes(*begin),
            Some(begin) if len > 0 => u64::from_be_bytes(*begin) >> (64 - 8 * len) << (64 - 8 * len),
            _ => beginning(&text[..len]),
        };
        // Up to the first escape, a text is written as it is.
        if has_escape(begin)
            && let Some(text) = self.escaped_text(row)
        {
            return Some(beginning(text.as_bytes()));
        }
        Some(begin)
    }

    /// The rows of a range whose text contains another, in order. The arena is searched as a whole: a needle without
    /// quotes cannot span two rows, and characters that need no escape are stored unchanged.
    pub fn containing(&self, rows: Range<usize>, needle: &Finder, mut found: impl FnMut(usize)) {
        let whole = needle.needle();
        if whole.is_empty() || whole.iter().any(|it| is_escaped(*it)) {
            let meets = |row: &usize| {
                self.text(*row)
                    .is_some_and(|it| needle.find(it.as_bytes()).is_some())
            };
            return rows.filter(meets).for_each(found);
        }
        let Some(last) = rows.end.checked_sub(1).filter(|it| rows.start <= *it) else {
            return;
        };
        let (mut at, end) = (self.range(rows.start).start, self.range(last).end);
        let mut row = rows.start;
        while let Some(place) = needle.find(&self.arena.as_bytes()[at..end]) {
            row += self.ends.rows_before(row..rows.end, at + place);
            // A match may be part of an escape sequence.
            let meets = match self.escaped_text(row) {
                Some(text) => needle.find(text.as_bytes()).is_some(),
                None => true,
            };
            if meets {
                found(row);
            }
            at = self.range(row).end;
            row += 1;
        }
    }

    fn escaped_text(&self, row: usize) -> Option<&str> {
        let at = self.escaped_rows.binary_search(&(row as u32)).ok()?;
        Some(&self.plain[self.plain_ends.range(at)])
    }

    /// The row's JSON, for columns that hold JSON.
    pub fn raw(&self, row: usize) -> Option<&str> {
        let json = self.slice(row);
        (!json.is_empty()).then_some(json)
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        let escaped = self.escaped_rows.bytes() + self.plain.bytes() + self.plain_ends.bytes();
        self.arena.bytes() + self.ends.bytes() + escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn gives_back_what_was_put_in(rows in prop::collection::vec(prop::option::of("(?s).{0,8}"), 0..20)) {
            let strings = Strings::from_texts(rows.iter().map(Option::as_deref));
            for (no, row) in rows.iter().enumerate() {
                prop_assert_eq!(strings.text(no), row.as_deref());
                prop_assert_eq!(strings.beginning(no), row.as_deref().map(|it| beginning(it.as_bytes())));
                match row {
                    Some(text) => {
                        let written: String = serde_json::from_slice(strings.json(no)).unwrap();
                        prop_assert_eq!(&written, text);
                    }
                    None => prop_assert!(strings.json(no).is_empty()),
                }
            }
        }

        #[test]
        fn finds_what_each_row_would(
            rows in prop::collection::vec(prop::option::of("[ab\"\\\\\n\u{e9}nu]{0,8}"), 0..20),
            needle in "[ab\"\\\\n\u{e9}u]{0,3}",
            (start, len) in (0_usize..20, 0_usize..20),
        ) {
            let strings = Strings::from_texts(rows.iter().map(Option::as_deref));
            let start = start.min(rows.len());
            let range = start..(start + len).min(rows.len());
            let expected: Vec<usize> = range
                .clone()
                .filter(|it| rows[*it].as_ref().is_some_and(|text| text.contains(&needle)))
                .collect();
            let mut found = Vec::new();
            strings.containing(range, &Finder::new(&needle), |row| found.push(row));
            prop_assert_eq!(found, expected);
        }
    }
}
