//! Writes JSON by hand: the bytes between the elements of lists and the fields of objects, and keys as prepared bytes.
//!
//! [`List`] and [`Object`] know which byte comes next, not where it is written: a buffer may be passed on while a list is open.

/// Keys up to this many bytes, with what stands around them, are copied in one step.
pub const SHORT_KEY: usize = 16;

/// A brace or a comma and a response key, ready to be written: `,"name":`.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// The first bytes are the key, the rest is filling.
    Short([u8; SHORT_KEY], usize),
    /// The byte that begins it, and the rest.
    Long(u8, &'a [u8]),
}

impl<'a> Key<'a> {
    /// The key of an object's field that comes after `before` others. `bytes` is `,"name":`, and `short` as much of it as fits.
    #[inline]
    pub fn of(bytes: &'a [u8], short: &[u8; SHORT_KEY], before: usize) -> Self {
        let begin = if before == 0 { b'{' } else { b',' };
        if bytes.len() > SHORT_KEY {
            return Key::Long(begin, &bytes[1..]);
        }
        let mut short = *short;
        short[0] = begin;
        Key::Short(short, bytes.len())
    }
}

/// The brackets and commas of a list.
#[derive(Debug, Default)]
pub struct List {
    begun: bool,
}

impl List {
    /// The byte before the next element.
    #[inline]
    pub fn before_next(&mut self) -> u8 {
        if std::mem::replace(&mut self.begun, true) {
            b','
        } else {
            b'['
        }
    }

    /// The bytes after the last element.
    #[inline]
    pub fn end(self) -> &'static [u8] {
        if self.begun { b"]" } else { b"[]" }
    }
}

/// The braces and commas of an object.
#[derive(Debug, Default)]
pub struct Object {
    begun: bool,
}

impl Object {
    /// Writes the key of the next field.
    pub fn key(&mut self, key: &str, out: &mut Vec<u8>) {
        let begin = if std::mem::replace(&mut self.begun, true) {
            b','
        } else {
            b'{'
        };
        out.push(begin);
        text(key, out);
        out.push(b':');
    }

    /// Writes the next field.
    pub fn field(&mut self, key: &str, of: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
        self.key(key, out);
        value(of, out);
    }

    /// The bytes after the last field.
    pub fn end(self) -> &'static [u8] {
        if self.begun { b"}" } else { b"{}" }
    }
}

/// Writes a list whose elements are written already, with commas between them.
pub fn list_of(elements: &[u8], out: &mut Vec<u8>) {
    out.push(b'[');
    out.extend_from_slice(elements);
    out.push(b']');
}

/// Writes a value.
pub fn value(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    // Writing to a vector cannot fail, and every type of Clew can be serialized.
    let _ = serde_json::to_writer(out, value);
}

/// Writes a text, quoted and escaped.
pub fn text(text: &str, out: &mut Vec<u8>) {
    value(text, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    proptest! {
        #[test]
        fn what_is_written_reads_as_what_it_was(
            entries in prop::collection::btree_map("(?s).{0,20}", prop::collection::vec("(?s).{0,8}", 0..4), 0..5),
        ) {
            let mut out = Vec::new();
            let mut object = Object::default();
            for (key, texts) in &entries {
                object.key(key, &mut out);
                let mut list = List::default();
                for it in texts {
                    out.push(list.before_next());
                    text(it, &mut out);
                }
                out.extend_from_slice(list.end());
            }
            out.extend_from_slice(object.end());
            let read: Value = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(read, serde_json::to_value(&entries).unwrap());
        }

        #[test]
        fn short_and_long_keys_are_the_key(name in "[a-z]{1,20}", before in 0_usize..2) {
            let bytes = format!(",\"{name}\":").into_bytes();
            let mut short = [0; SHORT_KEY];
            let len = bytes.len().min(SHORT_KEY);
            short[..len].copy_from_slice(&bytes[..len]);
            let written = match Key::of(&bytes, &short, before) {
                Key::Short(short, len) => short[..len].to_vec(),
                Key::Long(begin, rest) => [&[begin], rest].concat(),
            };
            let begin = if before == 0 { '{' } else { ',' };
            prop_assert_eq!(written, format!("{begin}\"{name}\":").into_bytes());
        }
    }
}
