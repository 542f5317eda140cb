//! Cursors: opaque to clients; here the position of an entry in a list, as the keys of its order and the entity's id.
//!
//! A cursor contains no entity number and no index, so it stays valid after a reload.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bigdecimal::BigDecimal;
use xxhash_rust::xxh3::xxh3_64;

use crate::graph::Key;
use crate::ontology::Date;
use crate::report::shown;

/// Maximum number of bytes of a text in a cursor; a longer text is stored as these bytes and a hash. With [`TEXTS`] and
/// the longest id, a cursor is shorter than [`LONGEST_CURSOR`](crate::plan::LONGEST_CURSOR).
const LONGEST_TEXT: usize = 200;

/// Maximum number of bytes of the texts of all keys. With more than ten keys, the limit for each text is lower.
const TEXTS: usize = 2_000;

/// Version of the layout, which changes with it.
const LAYOUT: u8 = 3;

/// The value of an order's key in a cursor.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CursorValue {
    /// The entry has no value.
    Absent,
    Text(String),
    Whole(i64),
    Float(f64),
    Date(Date),
    Decimal(BigDecimal),
    /// The first bytes of a long text, and a hash of the whole text.
    Cut(Vec<u8>, u64),
}

impl CursorValue {
    /// The value for comparisons; `None` for a long text, of which only the first bytes are known.
    pub fn key(&self) -> Option<Key<'_>> {
        Some(match self {
            CursorValue::Text(it) => Key::Text(it),
            CursorValue::Whole(it) => Key::Whole(*it),
            CursorValue::Float(it) => Key::Float(*it),
            CursorValue::Date(it) => Key::Date(*it),
            CursorValue::Decimal(it) => Key::Decimal(it.clone()),
            CursorValue::Absent | CursorValue::Cut(..) => return None,
        })
    }

    /// Replaces a shortened text by the whole text, if the hash matches.
    pub fn complete(&mut self, with: Option<&Key>) {
        if let (CursorValue::Cut(begin, hash), Some(Key::Text(text))) = (&*self, with)
            && text.as_bytes().starts_with(begin)
            && xxh3_64(text.as_bytes()) == *hash
        {
            *self = CursorValue::Text((*text).to_owned());
        }
    }
}

/// A position in a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cursor {
    /// The values of the order's keys.
    pub marks: Vec<CursorValue>,
    /// Distinguishes entries with the same marks and id.
    pub ordinal: u32,
    /// The id of the entity, or another text that distinguishes entries with the same marks.
    pub id: String,
}

/// A cursor that is being written.
pub(super) struct Writer {
    bytes: Vec<u8>,
    longest_text: usize,
}

impl Writer {
    /// Begins a cursor of a list with a number of marks. `sequence` identifies the list and its order, `owner` the
    /// entity to which the list belongs.
    pub fn new(sequence: u32, owner: Option<&str>, marks: usize) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(LAYOUT);
        bytes.extend_from_slice(&sequence.to_be_bytes());
        bytes.extend_from_slice(&tag(owner).to_be_bytes());
        push_number(&mut bytes, marks as u64);
        Self {
            bytes,
            longest_text: (TEXTS / marks.max(1)).min(LONGEST_TEXT),
        }
    }

    pub fn mark(&mut self, key: Option<&Key>) {
        let bytes = &mut self.bytes;
        match key {
            // A list is ordered by the distance from a point, which is a number, and never by a point itself.
            None | Some(Key::Point(_)) => bytes.push(b'n'),
            Some(Key::Text(text)) if text.len() <= self.longest_text => {
                bytes.push(b't');
                push_bytes(bytes, text.as_bytes());
            }
            Some(Key::Text(text)) => {
                bytes.push(b'c');
                push_bytes(bytes, &text.as_bytes()[..self.longest_text]);
                bytes.extend_from_slice(&xxh3_64(text.as_bytes()).to_be_bytes());
            }
            Some(Key::Whole(it)) => {
                bytes.push(b'w');
                bytes.extend_from_slice(&it.to_be_bytes());
            }
            Some(Key::Float(it)) => {
                bytes.push(b'f');
                bytes.extend_from_slice(&it.to_bits().to_be_bytes());
            }
            Some(Key::Date(it)) => {
                bytes.push(b'd');
                for half in it.pack() {
                    bytes.extend_from_slice(&half.to_be_bytes());
                }
            }
            Some(Key::Decimal(it)) => {
                bytes.push(b'm');
                push_bytes(bytes, it.to_string().as_bytes());
            }
        }
    }

    /// Ends the cursor, and writes it as a JSON string.
    pub fn end(mut self, ordinal: u32, id: &str, out: &mut Vec<u8>) {
        push_number(&mut self.bytes, u64::from(ordinal));
        self.bytes.extend_from_slice(id.as_bytes());
        out.push(b'"');
        let start = out.len();
        out.resize(start + self.bytes.len().div_ceil(3) * 4, 0);
        // Base64 needs four characters for each group of three bytes.
        let length = URL_SAFE_NO_PAD
            .encode_slice(&self.bytes, &mut out[start..])
            .unwrap_or(0);
        out.truncate(start + length);
        out.push(b'"');
    }
}

/// Distinguishes the lists of different entities.
fn tag(owner: Option<&str>) -> u32 {
    owner.map_or(0, |it| xxh3_64(it.as_bytes()) as u32)
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn push_bytes(bytes: &mut Vec<u8>, of: &[u8]) {
    push_number(bytes, of.len() as u64);
    bytes.extend_from_slice(of);
}

/// A cursor that is being read. Each step returns `None` if bytes are missing or invalid.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn bytes(&mut self, count: usize) -> Option<&'b [u8]> {
        let (read, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(read)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn counted(&mut self) -> Option<&'b [u8]> {
        let count = usize::try_from(self.number()?).ok()?;
        self.bytes(count)
    }

    fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.counted()?).ok()
    }

    fn mark(&mut self) -> Option<CursorValue> {
        let [kind] = self.array()?;
        Some(match kind {
            b'n' => CursorValue::Absent,
            b't' => CursorValue::Text(self.text()?.to_owned()),
            b'c' => CursorValue::Cut(self.counted()?.to_vec(), u64::from_be_bytes(self.array()?)),
            b'w' => CursorValue::Whole(i64::from_be_bytes(self.array()?)),
            b'f' => CursorValue::Float(f64::from_bits(u64::from_be_bytes(self.array()?))),
            b'd' => {
                let packed = [self.array()?, self.array()?].map(u64::from_be_bytes);
                CursorValue::Date(Date::is_packed(packed).then(|| Date::unpack(packed))?)
            }
            b'm' => CursorValue::Decimal(crate::ontology::decimal(self.text()?).ok()?),
            _ => return None,
        })
    }

    fn cursor(mut self, marks: usize) -> Option<Cursor> {
        if self.number()? != marks as u64 {
            return None;
        }
        let marks = (0..marks).map(|_| self.mark()).collect::<Option<_>>()?;
        let ordinal = u32::try_from(self.number()?).ok()?;
        let id = std::str::from_utf8(self.0).ok()?.to_owned();
        Some(Cursor { marks, ordinal, id })
    }
}

impl Cursor {
    /// The number by which a list is ordered.
    pub fn whole(&self) -> i64 {
        match self.marks[..] {
            [CursorValue::Whole(it)] => it,
            _ => 0,
        }
    }

    /// Reads a cursor of a list with a number of marks.
    ///
    /// # Errors
    /// The text is not a cursor, or a cursor of another list, order, date or entity.
    pub fn read(text: &str, sequence: u32, owner: Option<&str>, marks: usize) -> Result<Self, String> {
        let shown = shown(text);
        let unreadable = || format!("\"{shown}\" is not a cursor: give one that this server returned");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable())?;
        let mut reader = Reader(&bytes);
        if reader.array() != Some([LAYOUT]) {
            return Err(unreadable());
        }
        let of = reader.array().map(u32::from_be_bytes).ok_or_else(unreadable)?;
        if of != sequence {
            return Err(format!(
                "the cursor \"{shown}\" belongs to another list, another order or another date: give one of this list, with the same `orderBy` and `asOf`"
            ));
        }
        let of = reader.array().map(u32::from_be_bytes).ok_or_else(unreadable)?;
        if of != tag(owner) {
            return Err(format!(
                "the cursor \"{shown}\" belongs to the list of another entity: begin again without it"
            ));
        }
        reader.cursor(marks).ok_or_else(unreadable)
    }
}

/// Entry point of the fuzz targets: `cargo fuzz` sets this condition.
#[cfg(fuzzing)]
pub mod fuzzing {
    use super::{Cursor, LAYOUT, URL_SAFE_NO_PAD, Writer, push_number};
    use base64::Engine;

    /// Bytes before the marks: layout, list and owner.
    const HEAD: usize = 9;

    /// Decodes bytes as the marks, the ordinal and the id of a cursor, encodes these, and decodes and encodes the
    /// result again. Returns both encoded forms; `None` if the bytes are not a cursor, or have a shortened text, which
    /// cannot be encoded again.
    ///
    /// # Panics
    /// If an encoded cursor cannot be decoded.
    pub fn written_again(bytes: &[u8], marks: usize) -> Option<(String, String)> {
        let mut cursor = vec![0; HEAD];
        cursor[0] = LAYOUT;
        push_number(&mut cursor, marks as u64);
        cursor.extend_from_slice(bytes);
        let read = |text: &str| Cursor::read(text, 0, None, marks);
        let first = written(&read(&URL_SAFE_NO_PAD.encode(cursor)).ok()?)?;
        let second = read(&first).expect("what is written can be read");
        Some((first, written(&second)?))
    }

    fn written(cursor: &Cursor) -> Option<String> {
        let mut writer = Writer::new(0, None, cursor.marks.len());
        for mark in &cursor.marks {
            let is_cut = matches!(mark, super::CursorValue::Cut(..));
            let is_long = matches!(mark, super::CursorValue::Text(text) if text.len() > writer.longest_text);
            if is_cut || is_long {
                return None;
            }
            writer.mark(mark.key().as_ref());
        }
        let mut out = Vec::new();
        writer.end(cursor.ordinal, &cursor.id, &mut out);
        let quoted = String::from_utf8(out).ok()?;
        Some(quoted.trim_matches('"').to_owned())
    }

    /// A cursor of the same list with other bytes after the header.
    pub fn after_the_list(cursor: &str, rest: &[u8]) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        Some(URL_SAFE_NO_PAD.encode([bytes.get(..HEAD)?, rest].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mark() -> impl Strategy<Value = CursorValue> {
        prop_oneof![
            Just(CursorValue::Absent),
            "\\PC{0,300}".prop_map(CursorValue::Text),
            any::<i64>().prop_map(CursorValue::Whole),
            any::<f64>().prop_map(CursorValue::Float),
            "[12][0-9]{3}[?~%]?|Y-?[1-9][0-9]{5,11}|-[1-9][0-9]{3}/(\\.\\.)?"
                .prop_filter_map("a date", |it| Date::parse(&it).ok().map(CursorValue::Date)),
            (any::<i64>(), -30_i64..30)
                .prop_map(|(digits, scale)| CursorValue::Decimal(BigDecimal::new(digits.into(), scale))),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_survives_the_way_to_the_client(
            sequence: u32,
            owner in prop::option::of("\\PC{1,20}"),
            marks in prop::collection::vec(mark(), 0..40),
            ordinal: u32,
            id in "\\PC{1,255}",
        ) {
            let mut writer = Writer::new(sequence, owner.as_deref(), marks.len());
            let longest = writer.longest_text;
            for mark in &marks {
                writer.mark(mark.key().as_ref());
            }
            let mut out = Vec::new();
            writer.end(ordinal, &id, &mut out);
            let text: String = serde_json::from_slice(&out).unwrap();
            prop_assert!(text.len() <= crate::plan::LONGEST_CURSOR);
            let mut read = Cursor::read(&text, sequence, owner.as_deref(), marks.len()).unwrap();
            prop_assert_eq!((read.ordinal, &read.id), (ordinal, &id));
            for (mark, read) in marks.iter().zip(&mut read.marks) {
                let is_long = matches!(mark, CursorValue::Text(text) if text.len() > longest);
                prop_assert_eq!(matches!(read, CursorValue::Cut(..)), is_long);
                read.complete(Some(&Key::Text("another text")));
                prop_assert_eq!(matches!(read, CursorValue::Cut(..)), is_long);
                read.complete(mark.key().as_ref());
                let (read, mark) = (read.key(), mark.key());
                let is_same = match (&read, &mark) {
                    (Some(a), Some(b)) => a.compare(b).is_eq(),
                    (a, b) => a.is_none() && b.is_none(),
                };
                prop_assert!(is_same, "{:?} {:?}", read, mark);
            }
            let other = Cursor::read(&text, !sequence, owner.as_deref(), marks.len());
            prop_assert!(other.unwrap_err().contains("another list"));
            let other = Cursor::read(&text, sequence, Some("\u{1f41e}"), marks.len());
            prop_assert!(other.unwrap_err().contains("another entity"));
        }

        #[test]
        fn no_text_panics(text in "\\PC*", bytes: Vec<u8>) {
            prop_assert!(Cursor::read(&text, 0, None, 1).is_err());
            let begun = [&[LAYOUT, 0, 0, 0, 0, 0, 0, 0, 0, 1][..], &bytes].concat();
            let _ = Cursor::read(&URL_SAFE_NO_PAD.encode(begun), 0, None, 1);
        }
    }
}
