//! Index of substrings of a column: which three consecutive bytes occur in which block of rows.
//!
//! ```text
//! block       32 rows
//! gram        three consecutive bytes, as up to 16 bits of their hash; a short column has fewer grams
//! postings    for each gram the blocks that contain it, as differences of 1 to 5 bytes
//! ```
//!
//! A text can only be in the blocks that contain all its grams. Rows of these blocks are still tested, so two grams
//! with the same hash cost only time. Building takes time linear in the bytes of the column. The postings take about a
//! quarter of these bytes, and the starts of the grams at most two bytes for each of them, plus 512.

use std::ops::Range;

use super::Snapshot;
use super::column::Values;
use super::strings::Strings;
use crate::ontology::{PropertyNo, TypeId};

/// Rows per block.
const BLOCK: usize = 32;
/// Number of grams of a long column, and the least number.
const GRAMS: usize = 1 << 16;
const FEWEST_GRAMS: usize = 1 << 6;
/// Maximum number of a text's grams that are looked up: the rarest ones.
const LOOKED_AT: usize = 6;

/// The grams of a column of texts.
#[derive(Debug)]
pub struct Trigrams {
    /// Bits that are removed from a hash of 32 bits.
    shift: u32,
    /// The start of each gram's postings, and a final end.
    starts: Vec<usize>,
    postings: Vec<u8>,
    rows: usize,
}

fn gram(bytes: &[u8], shift: u32) -> usize {
    let packed = bytes
        .iter()
        .fold(0_u32, |packed, byte| packed << 8 | u32::from(*byte));
    (packed.wrapping_mul(0x9E37_79B1) >> shift) as usize
}

/// Adds a number with a variable length: seven bits in each byte, the last one marked.
fn put(number: u32, out: &mut Vec<u8>) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest as u8 & 0x7f);
        rest >>= 7;
    }
    out.push(rest as u8 | 0x80);
}

/// Bytes of the texts of a column.
fn bytes_of(strings: &Strings) -> usize {
    let Some(last) = strings.len().checked_sub(1) else {
        return 0;
    };
    strings.located(last).1.end - strings.located(0).1.start
}

impl Snapshot {
    /// Indexes the texts of a property; `None` if it has no texts, or lists of them.
    pub fn trigrams(&self, type_id: TypeId, property: PropertyNo) -> Option<Trigrams> {
        let column = self.column(type_id, property);
        match column.values() {
            Values::Text(strings) if !column.is_list() => Some(Trigrams::of(strings)),
            _ => None,
        }
    }
}

impl Trigrams {
    /// Indexes a column.
    fn of(strings: &Strings) -> Self {
        let rows = strings.len();
        // Each gram has a start, so a table for all hashes would be larger than most columns.
        let grams = (bytes_of(strings) / 8)
            .next_power_of_two()
            .clamp(FEWEST_GRAMS, GRAMS);
        let shift = 32 - grams.trailing_zeros();
        // For each gram its postings, and one more than the number of its last block.
        let mut lists: Vec<(u32, Vec<u8>)> = vec![(0, Vec::new()); grams];
        let mut seen = vec![0_u64; grams / 64];
        for block in 0..rows.div_ceil(BLOCK) {
            let range = block * BLOCK..((block + 1) * BLOCK).min(rows);
            let (arena, first) = strings.located(range.start);
            let (_, last) = strings.located(range.end - 1);
            for bytes in arena[first.start..last.end].windows(3) {
                let gram = gram(bytes, shift);
                seen[gram / 64] |= 1 << (gram % 64);
            }
            for (no, word) in seen.iter_mut().enumerate() {
                while *word != 0 {
                    let (next, places) = &mut lists[no * 64 + word.trailing_zeros() as usize];
                    put(block as u32 - *next, places);
                    *next = block as u32 + 1;
                    *word &= *word - 1;
                }
            }
        }
        let mut index = Self {
            shift,
            starts: Vec::with_capacity(grams + 1),
            postings: Vec::with_capacity(lists.iter().map(|it| it.1.len()).sum()),
            rows,
        };
        for (_, list) in lists {
            index.starts.push(index.postings.len());
            index.postings.extend(list);
        }
        index.starts.push(index.postings.len());
        index
    }

    fn list(&self, gram: usize) -> &[u8] {
        &self.postings[self.starts[gram]..self.starts[gram + 1]]
    }

    /// The blocks that contain a gram, in order.
    fn blocks(&self, gram: usize) -> impl Iterator<Item = u32> {
        let (mut next, mut number, mut shift) = (0, 0_u32, 0);
        self.list(gram).iter().filter_map(move |byte| {
            number |= u32::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return None;
            }
            let block = next + number;
            (next, number, shift) = (block + 1, 0, 0);
            Some(block)
        })
    }

    /// The rows that can contain a text, as ranges in order; `None` if the text is too short, or has bytes that JSON
    /// escapes.
    pub fn rows_with(&self, text: &[u8]) -> Option<Vec<Range<usize>>> {
        let is_escaped = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
        if text.len() < 3 || text.iter().any(is_escaped) {
            return None;
        }
        let mut grams: Vec<usize> = text.windows(3).map(|it| gram(it, self.shift)).collect();
        grams.sort_unstable_by_key(|it| (self.list(*it).len(), *it));
        grams.dedup();
        let mut rarest = grams.into_iter().take(LOOKED_AT);
        let mut blocks: Vec<u32> = self.blocks(rarest.next()?).collect();
        for gram in rarest {
            let mut others = self.blocks(gram).peekable();
            blocks.retain(|block| {
                while others.next_if(|it| it < block).is_some() {}
                others.peek() == Some(block)
            });
        }
        let ranges = blocks.into_iter().map(|block| {
            let start = block as usize * BLOCK;
            start..(start + BLOCK).min(self.rows)
        });
        Some(ranges.collect())
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.postings.len() + self.starts.len() * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_row_with_the_text_is_left_out(
            rows in prop::collection::vec(prop::option::of("[abc\"é]{0,12}"), 0..600),
            text in "[abcé]{1,5}",
        ) {
            let strings = Strings::from_texts(rows.iter().map(Option::as_deref));
            let ranges = Trigrams::of(&strings).rows_with(text.as_bytes());
            prop_assert_eq!(ranges.is_none(), text.len() < 3);
            if let Some(ranges) = ranges {
                prop_assert!(ranges.is_sorted_by(|a, b| a.end <= b.start));
                for (no, row) in rows.iter().enumerate() {
                    let has = row.as_ref().is_some_and(|it| it.contains(&text));
                    prop_assert!(!has || ranges.iter().any(|it| it.contains(&no)));
                }
            }
        }
    }

    #[test]
    fn a_rare_text_is_looked_for_in_few_rows() {
        let texts = (0..10_000).map(|no| if no == 7777 { "a violin" } else { "something else" });
        let grams = Trigrams::of(&Strings::from_texts(texts.map(Some)));
        let ranges = grams.rows_with(b"violin").unwrap();
        assert!(matches!(
            *ranges,
            [Range {
                start: 7776,
                end: 7808
            }]
        ));
        assert!(grams.rows_with(b"viola da gamba").unwrap().is_empty());
    }
}
