//! Line and column of a byte offset, columns in UTF-16 code units as JavaScript's tools count them.
//!
//! Counting code units from the start of the line takes time linear in the line, and documents that programs write are one
//! long line: a plan with thousands of fields would take quadratic time. So code units are counted once, block by block.

/// Bytes of a block.
const BLOCK: usize = 256;

/// The lines of a text. Made in time linear in the text, with four bytes for each line and each `BLOCK`.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a [u8],
    /// The offset at which each line begins.
    starts: Vec<u32>,
    /// The number of code units before each block.
    before: Vec<u32>,
}

/// The UTF-16 code units of the characters that begin in some bytes of UTF-8: one of four bytes has two.
fn units(bytes: &[u8]) -> u32 {
    let of = |byte: u8| u32::from(byte & 0xC0 != 0x80) + u32::from(byte >= 0xF0);
    bytes.iter().map(|it| of(*it)).sum()
}

impl<'a> Lines<'a> {
    /// The lines of a text.
    pub fn of(text: &'a str) -> Self {
        let text = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in text.iter().enumerate() {
            // A line ends with `\n`, `\r` or both.
            if *byte == b'\n' || (*byte == b'\r' && text.get(at + 1) != Some(&b'\n')) {
                starts.push(at as u32 + 1);
            }
        }
        let mut total = 0;
        let mut before = Vec::with_capacity(text.len() / BLOCK + 1);
        for block in text.chunks(BLOCK) {
            before.push(total);
            total += units(block);
        }
        Self { text, starts, before }
    }

    /// Line and column of an offset, both from 1.
    pub fn location(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|it| *it as usize <= offset);
        let start = self.starts[line - 1] as usize;
        let column = self.units_before(offset) - self.units_before(start) + 1;
        (line as u32, column)
    }

    fn units_before(&self, offset: usize) -> u32 {
        let block = (offset / BLOCK).min(self.before.len().saturating_sub(1));
        let before = self.before.get(block).copied().unwrap_or(0);
        before + units(&self.text[block * BLOCK..offset])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn locations_are_those_of_counting(text in "([a-zé😀 ]{0,40}(\n|\r\n|\r)?){0,30}") {
            let lines = Lines::of(&text);
            let (mut line, mut column) = (1, 1);
            for (offset, char) in text.char_indices() {
                prop_assert_eq!(lines.location(offset), (line, column), "at {} of {:?}", offset, text);
                column += char.len_utf16() as u32;
                let ends = char == '\n' || (char == '\r' && !text[offset + 1..].starts_with('\n'));
                if ends {
                    (line, column) = (line + 1, 1);
                }
            }
        }
    }
}
