//! A JSON reader that records the position of each value, keeps the digits of numbers, and finds duplicate keys.
//! `docs/decisions/json-reader.md` says why Clew does not use a library here.

use super::keys::Keys;
use super::{Batch, Entry, Item, Span, Str, Value};

/// Deeper nesting than this is refused, so that no input exhausts the stack.
const MOST_NESTED: u32 = 64;

/// Why a text is not what is read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonError {
    pub kind: Kind,
    pub message: String,
    pub at: usize,
}

/// The kind of error in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is not JSON.
    Syntax,
    /// It is not JSON, since it ends too early.
    Unfinished,
    /// A key is there twice.
    Duplicate,
    /// It is JSON, but a value is of another kind than its key takes.
    Value,
}

/// Reads a part of a batch's text.
pub(super) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    end: usize,
    depth: u32,
}

type Result<T> = std::result::Result<T, JsonError>;

impl<'a> Reader<'a> {
    /// Reads `text[at..end]`.
    pub fn new(text: &'a str, at: usize, end: usize) -> Self {
        Self {
            text: text.as_bytes(),
            at,
            end,
            depth: 0,
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(JsonError {
            kind: Kind::Syntax,
            message: message.into(),
            at: self.at,
        })
    }

    fn unfinished<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(JsonError {
            kind: Kind::Unfinished,
            message: message.into(),
            at: self.at,
        })
    }

    /// Position in the text.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next byte that is not white space.
    pub fn peek(&mut self) -> Option<u8> {
        while self.at < self.end {
            match self.text[self.at] {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                byte => return Some(byte),
            }
        }
        None
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<()> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => self.fail(format!("expected {what}")),
            None => self.unfinished(format!("expected {what}, and the line ends")),
        }
    }

    /// Nothing but white space is left.
    pub fn finish(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail("expected the end of the line"),
        }
    }

    /// Reads an object, giving each key to `entry`, which reads the value.
    pub fn object(
        &mut self,
        batch: &mut Batch,
        mut entry: impl FnMut(&mut Self, &mut Batch, Str, Span) -> Result<()>,
    ) -> Result<()> {
        self.deeper()?;
        self.expect(b'{', "an object")?;
        let mut keys = Keys::default();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                match self.peek() {
                    Some(b'"') => {}
                    None => return self.unfinished("expected a key in quotes, and the line ends"),
                    _ => return self.fail("expected a key in quotes"),
                }
                let start = self.at;
                let key = self.string(batch)?;
                let span = Span::new(start, self.at);
                if keys.add(batch, key).is_some() {
                    return Err(JsonError {
                        kind: Kind::Duplicate,
                        message: format!("duplicate key \"{}\"", batch.text(key)),
                        at: start,
                    });
                }
                self.expect(b':', "a colon after the key")?;
                entry(self, batch, key, span)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    None => return self.unfinished("expected a comma or }, and the line ends"),
                    _ => return self.fail("expected a comma or }"),
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an array, calling `item` to read each value.
    pub fn array(
        &mut self,
        batch: &mut Batch,
        mut item: impl FnMut(&mut Self, &mut Batch) -> Result<()>,
    ) -> Result<()> {
        self.deeper()?;
        self.expect(b'[', "an array")?;
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                item(self, batch)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    None => return self.unfinished("expected a comma or ], and the line ends"),
                    _ => return self.fail("expected a comma or ]"),
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MOST_NESTED {
            return self.fail(format!("nested deeper than {MOST_NESTED} levels"));
        }
        Ok(())
    }

    /// Reads any value.
    pub fn item(&mut self, batch: &mut Batch) -> Result<Item> {
        let Some(first) = self.peek() else {
            return self.unfinished("expected a value, and the line ends");
        };
        let start = self.at;
        let value = match first {
            b'"' => Value::String(self.string(batch)?),
            b'{' => {
                let mut entries = Vec::new();
                self.object(batch, |reader, batch, key, key_at| {
                    let item = reader.item(batch)?;
                    entries.push(Entry { key, key_at, item });
                    Ok(())
                })?;
                Value::Map(entries.into())
            }
            b'[' => {
                let mut items = Vec::new();
                self.array(batch, |reader, batch| {
                    items.push(reader.item(batch)?);
                    Ok(())
                })?;
                Value::List(items.into())
            }
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'n' => self.word("null", Value::Null)?,
            b'-' | b'0'..=b'9' => Value::Number(self.number()?),
            _ => return self.fail("expected a value"),
        };
        Ok(Item {
            value,
            at: Span::new(start, self.at),
        })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value> {
        if self.text[self.at..self.end].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            self.fail("expected a value")
        }
    }

    fn digits(&mut self) -> Result<()> {
        let start = self.at;
        while self.at < self.end && self.text[self.at].is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start {
            return self.fail("expected a digit");
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Str> {
        let start = self.at;
        let byte = |reader: &Self| reader.text[..reader.end].get(reader.at).copied();
        if byte(self) == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = byte(self) == Some(b'0');
        let first = self.at;
        self.digits()?;
        if leading_zero && self.at - first > 1 {
            self.at = first;
            return self.fail("a number does not begin with 0");
        }
        if byte(self) == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(byte(self), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(byte(self), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Batch::slice(start, self.at))
    }

    /// Reads a string; one without escapes is a span of the text.
    pub fn string(&mut self, batch: &mut Batch) -> Result<Str> {
        if self.peek() != Some(b'"') {
            return self.fail("expected a string");
        }
        let start = self.at + 1;
        let Some(length) = memchr::memchr2(b'"', b'\\', &self.text[start..self.end]) else {
            return self.fail("the string does not end on this line");
        };
        let stop = start + length;
        let plain = &self.text[start..stop];
        // Folding over all bytes is done several at a time; looking for the first is not.
        let smallest = plain.iter().fold(u8::MAX, |least, byte| least.min(*byte));
        if smallest < 0x20 {
            self.at = start + plain.iter().position(|byte| *byte < 0x20).unwrap_or(0);
            return self.fail("a control character in a string must be escaped");
        }
        if self.text[stop] == b'"' {
            self.at = stop + 1;
            return Ok(Batch::slice(start, stop));
        }
        self.escaped(batch, start, stop)
    }

    fn escaped(&mut self, batch: &mut Batch, start: usize, stop: usize) -> Result<Str> {
        let mut plain = self.utf8(start, stop)?.to_owned();
        self.at = stop;
        loop {
            let Some(&byte) = self.text[..self.end].get(self.at) else {
                return self.fail("the string does not end on this line");
            };
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(batch.keep(&plain));
                }
                b'\\' => {
                    self.at += 1;
                    plain.push(self.escape()?);
                }
                0..0x20 => return self.fail("a control character in a string must be escaped"),
                _ => {
                    let rest = &self.text[self.at..self.end];
                    let run = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    let run = rest[..run].iter().position(|it| *it < 0x20).unwrap_or(run);
                    plain.push_str(self.utf8(self.at, self.at + run)?);
                    self.at += run;
                }
            }
        }
    }

    fn utf8(&self, start: usize, stop: usize) -> Result<&'a str> {
        std::str::from_utf8(&self.text[start..stop]).map_err(|_| JsonError {
            kind: Kind::Syntax,
            message: "not UTF-8".to_owned(),
            at: start,
        })
    }

    fn escape(&mut self) -> Result<char> {
        let Some(&byte) = self.text[..self.end].get(self.at) else {
            return self.fail("the string does not end on this line");
        };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                let pair =
                    (0xD800..0xDC00).contains(&high) && self.text[self.at..self.end].starts_with(b"\\u");
                let code = if pair {
                    self.at += 2;
                    let low = self.hex()?;
                    if !(0xDC00..0xE000).contains(&low) {
                        return self.fail("half of a surrogate pair");
                    }
                    0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
                } else {
                    high
                };
                match char::from_u32(code) {
                    Some(char) => char,
                    None => return self.fail("half of a surrogate pair"),
                }
            }
            _ => {
                self.at -= 1;
                return self.fail("no such escape");
            }
        })
    }

    fn hex(&mut self) -> Result<u32> {
        let digits = self.text[..self.end].get(self.at..self.at + 4);
        let digits = digits.and_then(|it| std::str::from_utf8(it).ok());
        let code = digits
            .filter(|it| it.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|it| u32::from_str_radix(it, 16).ok());
        match code {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.fail("expected four hexadecimal digits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::SourceText;
    use proptest::prelude::*;

    fn to_json(batch: &Batch, value: &Value) -> serde_json::Value {
        match value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(it) => (*it).into(),
            Value::Number(it) => serde_json::from_str(batch.text(*it)).unwrap(),
            Value::String(it) => batch.text(*it).into(),
            Value::List(it) => it.iter().map(|it| to_json(batch, &it.value)).collect(),
            Value::Map(it) => {
                let entry = |it: &Entry| (batch.text(it.key).to_owned(), to_json(batch, &it.item.value));
                it.iter().map(entry).collect::<serde_json::Map<_, _>>().into()
            }
        }
    }

    fn read(text: &str) -> std::result::Result<serde_json::Value, JsonError> {
        let source = SourceText::whole("test", text);
        let mut batch = Batch::new(source.clone());
        let mut reader = Reader::new(&source.text, 0, text.len());
        let item = reader.item(&mut batch)?;
        reader.finish()?;
        Ok(to_json(&batch, &item.value))
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>()
                .prop_filter("finite", |it| it.is_finite())
                .prop_map(Into::into),
            "\\PC*".prop_map(Into::into),
            "[\\x00-\\x7f]{0,5}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map("[a-z\"\\\\]{0,3}", inner, 0..4)
                    .prop_map(|it| it.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_serde_json_writes(value in any_json()) {
            prop_assert_eq!(read(&value.to_string()).unwrap(), value.clone());
            prop_assert_eq!(read(&serde_json::to_string_pretty(&value).unwrap()).unwrap(), value);
        }

        #[test]
        fn takes_and_refuses_what_serde_json_does(text in "[\\[\\]{}\",:0-9eE+.tfnrue\\\\ -]{0,12}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match read(&text) {
                Ok(ours) => prop_assert_eq!(ours, theirs.unwrap()),
                Err(error) => prop_assert!(
                    theirs.is_err() || error.kind == Kind::Duplicate,
                    "{:?} of {}", error, text
                ),
            }
        }
    }

    #[test]
    fn a_duplicate_key_is_an_error() {
        let error = read(r#"{"a": 1, "a": 2}"#).unwrap_err();
        assert_eq!((error.at, error.message.as_str()), (9, "duplicate key \"a\""));
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(read(r#""a\u00e9\ud83d\ude00\n""#).unwrap(), "aé😀\n");
        assert!(read(r#""\ud83d""#).is_err());
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
