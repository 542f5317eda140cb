//! Columns that have few values, as small numbers: entities are grouped by them without comparing values.
//!
//! ```text
//! values   "animal"  –  "plant"  "animal"
//! codes    1         0  2        1
//! ```
//!
//! Code 0 represents a missing value, and equal values have equal codes; codes say nothing about order. Enums and booleans are
//! stored as such numbers. For texts, codes are made once, in time linear in their bytes, and take a byte for each row.

use rustc_hash::FxHashMap;

use super::column::{Fixed, Values};
use super::order::Members;
use super::strings::Strings;
use super::{Snapshot, View};
use crate::ontology::{PropertyNo, TypeId};

/// The codes of a column of texts.
#[derive(Debug)]
pub struct Codes {
    rows: Vec<u8>,
    /// How many codes there are, 0 among them.
    count: usize,
    /// The first row of each code except 0.
    firsts: Vec<u32>,
}

impl Snapshot {
    /// Codes of a property; nothing where it has no single texts, or more different ones than a byte can tell apart.
    pub(super) fn codes(&self, type_id: TypeId, property: PropertyNo) -> Option<Codes> {
        let column = self.column(type_id, property);
        match column.values() {
            Values::Text(strings) if !column.is_list() => Codes::of(strings),
            _ => None,
        }
    }
}

impl Codes {
    fn of(strings: &Strings) -> Option<Self> {
        let mut known: FxHashMap<&[u8], u8> = FxHashMap::default();
        let (mut rows, mut firsts) = (Vec::new(), Vec::new());
        for row in 0..strings.len() {
            let text = strings.json(row);
            let code = match known.get(text) {
                _ if text.is_empty() => 0,
                Some(code) => *code,
                None => {
                    let code = u8::try_from(known.len() + 1).ok()?;
                    known.insert(text, code);
                    firsts.push(row as u32);
                    code
                }
            };
            rows.push(code);
        }
        rows.shrink_to_fit();
        Some(Self {
            rows,
            count: known.len() + 1,
            firsts,
        })
    }

    /// The code of each row.
    pub(super) fn rows(&self) -> &[u8] {
        &self.rows
    }

    /// A row that has each code except 0, in the order of the codes.
    pub(super) fn firsts(&self) -> impl ExactSizeIterator<Item = usize> {
        self.firsts.iter().map(|it| *it as usize)
    }

    /// The memory that they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() + self.firsts.capacity() * size_of::<u32>()
    }
}

/// The codes of a property of one type.
#[derive(Debug, Clone, Copy)]
pub struct Coded<'a> {
    rows: Rows<'a>,
    count: usize,
    /// The number of the type's first entity.
    base: u32,
}

#[derive(Debug, Clone, Copy)]
enum Rows<'a> {
    Text(&'a [u8]),
    Enum(&'a Fixed<u16>),
    Boolean(&'a Fixed<u8>),
}

impl<'a> View<'a> {
    /// The codes of what entities of a type show of a property; nothing where its values have no codes. `codes` are those
    /// of its texts.
    pub fn coded(
        &self,
        type_id: TypeId,
        property: PropertyNo,
        codes: Option<&'a Codes>,
    ) -> Option<Coded<'a>> {
        let column = self.column(type_id, property);
        // At a date, another statement than the stored one may be shown.
        if self.as_of().is_some() || column.is_list() {
            return None;
        }
        let (rows, count) = match column.values() {
            Values::Text(_) => {
                let codes = codes?;
                (Rows::Text(&codes.rows), codes.count)
            }
            Values::Enum(values, names) => (Rows::Enum(values), names.len() + 1),
            Values::Boolean(values) => (Rows::Boolean(values), 3),
            _ => return None,
        };
        let base = self.snapshot().range(type_id).start;
        Some(Coded { rows, count, base })
    }
}

/// For each of some members, `numbers` times `count` plus its code.
#[inline(always)]
fn join(numbers: &mut [u16], members: Members, base: u32, count: usize, code: impl Fn(usize) -> u16) {
    let count = count as u16;
    match members {
        Members::Listed(listed) => {
            let first = listed.range().start - base;
            for (number, row) in numbers.iter_mut().zip(first as usize..) {
                *number = number.wrapping_mul(count).wrapping_add(code(row));
            }
        }
        Members::Some(entities) => {
            for (number, entity) in numbers.iter_mut().zip(entities) {
                let row = (entity.0 - base) as usize;
                *number = number.wrapping_mul(count).wrapping_add(code(row));
            }
        }
    }
}

impl Coded<'_> {
    /// How many codes there can be, that of no value among them.
    pub fn count(self) -> usize {
        self.count
    }

    /// Multiplies the number of each of some members of the type by [`Self::count`], and adds its code. The products of
    /// the counts of all columns that are joined must be at most 2^16.
    pub fn join_to(self, numbers: &mut [u16], members: Members) {
        let (base, count) = (self.base, self.count);
        match (self.rows, members) {
            // Rows that follow each other, of a column where none is missing, take no branch.
            (Rows::Text(codes), Members::Listed(listed)) => {
                let range = listed.range();
                let codes = &codes[(range.start - base) as usize..(range.end - base) as usize];
                for (number, code) in numbers.iter_mut().zip(codes) {
                    *number = number.wrapping_mul(count as u16).wrapping_add(u16::from(*code));
                }
            }
            (Rows::Enum(values), Members::Listed(listed))
                if let Some(values) = values
                    .all((listed.range().start - base) as usize..(listed.range().end - base) as usize) =>
            {
                for (number, value) in numbers.iter_mut().zip(values) {
                    *number = number.wrapping_mul(count as u16).wrapping_add(value + 1);
                }
            }
            (Rows::Text(codes), _) => join(numbers, members, base, count, |row| codes[row].into()),
            (Rows::Enum(values), _) => join(numbers, members, base, count, |row| {
                values.get(row).map_or(0, |it| it + 1)
            }),
            (Rows::Boolean(values), _) => join(numbers, members, base, count, |row| {
                values.get(row).map_or(0, |it| u16::from(it) + 1)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_texts_have_equal_codes(
            rows in prop::collection::vec(prop::option::of("[ab\"\u{e9}]{0,2}"), 0..60),
            many in 200_usize..300,
        ) {
            let codes = Codes::of(&Strings::from_texts(rows.iter().map(Option::as_deref))).unwrap();
            for (a, row) in rows.iter().enumerate() {
                prop_assert_eq!(codes.rows[a] == 0, row.is_none());
                prop_assert!(usize::from(codes.rows[a]) < codes.count);
                for (b, other) in rows.iter().enumerate() {
                    prop_assert_eq!(codes.rows[a] == codes.rows[b], row == other);
                }
                if let Some(code) = codes.rows[a].checked_sub(1) {
                    let first = codes.firsts().nth(usize::from(code)).unwrap();
                    prop_assert_eq!(&rows[first], row);
                }
            }
            let texts: Vec<String> = (0..many).map(|it| it.to_string()).collect();
            let many_codes = Codes::of(&Strings::from_texts(texts.iter().map(|it| Some(it.as_str()))));
            prop_assert_eq!(many_codes.is_some(), many <= 255);
        }
    }
}
