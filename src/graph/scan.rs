//! Finds the entities of a type that meet a condition. Columns are tested block by block, so that the kinds of the
//! column and of the test are determined once per block.

use std::ops::Range;

use super::predicate::{BYTES_OF_A_STEP, TestContext, Tester};
use super::{Codes, EntityNo, Row, Values, View};
use crate::condition::{Compare, RelationTest, Test, TextTest, ValueTest};
use crate::ontology::{Direction, PropertyNo, RelationId, TypeId};

/// At most 1024 rows are tested at once. A scan begins with one word of bits.
const LARGEST_BLOCK: usize = 1024;

/// A block of at most this number of rows is tested without counting the length of its texts.
const SHORT_BLOCK: usize = 64;

/// The ends of this number of edges are tested before the rows of a block are.
const LARGEST_COUNTED: usize = 4096;

/// The rows of a block that meet a test, as bits.
type Bits = [u64; LARGEST_BLOCK / 64];

/// Tests each of `len` rows.
#[inline(always)]
fn bits(len: usize, meets: impl Fn(usize) -> bool) -> Bits {
    let mut bits = Bits::default();
    for (no, word) in bits.iter_mut().enumerate().take(len.div_ceil(64)) {
        for bit in 0..(len - no * 64).min(64) {
            *word |= u64::from(meets(no * 64 + bit)) << bit;
        }
    }
    bits
}

/// All of `len` rows.
fn all(len: usize) -> Bits {
    let mut bits = Bits::default();
    let (whole, rest) = (len / 64, len % 64);
    bits[..whole].fill(u64::MAX);
    if rest > 0 {
        bits[whole] = (1 << rest) - 1;
    }
    bits
}

/// Finds the values that are equal to a given one, eight at a time.
fn equal<T: PartialEq + Copy>(values: &[T], wanted: T) -> Bits {
    let mut bits = Bits::default();
    for (word, values) in bits.iter_mut().zip(values.chunks(64)) {
        let mut met = [0_u8; 64];
        for (met, value) in met.iter_mut().zip(values) {
            *met = u8::from(*value == wanted);
        }
        for (no, eight) in met.as_chunks().0.iter().enumerate() {
            // The multiplication collects the lowest bits of the eight bytes in its top byte.
            let eight = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            *word |= eight << (no * 8);
        }
    }
    bits
}

/// Iterates over the entities of a type that meet a test, in the order of their ids, block by block.
pub struct Scan<'a, 't> {
    view: View<'a>,
    test: &'t Test,
    type_id: TypeId,
    /// The rows of the next blocks.
    rows: Range<usize>,
    /// The ranges of rows after them, if only some rows can meet the test.
    later: Option<std::vec::IntoIter<Range<usize>>>,
    /// Rows before this one are not scanned.
    first: usize,
    /// Maximum number of rows of a block.
    size: usize,
    /// Number of rows of the next block.
    len: usize,
    /// Number of rows of the block that was tested last.
    tested: usize,
}

/// The entities of a block that meet a test.
pub struct Block {
    bits: Bits,
    /// Number of words of the block.
    words: usize,
    /// The remaining bits of the current word.
    word: usize,
    left: u64,
    /// The number of the word's first row.
    first: u32,
}

impl Block {
    #[inline]
    fn new(first: u32, len: usize, bits: Bits) -> Self {
        Self {
            words: len.div_ceil(64),
            word: 0,
            left: bits[0],
            first,
            bits,
        }
    }
}

impl Iterator for Block {
    type Item = EntityNo;

    #[inline]
    fn next(&mut self) -> Option<EntityNo> {
        while self.left == 0 {
            self.word += 1;
            if self.word >= self.words {
                return None;
            }
            self.left = self.bits[self.word];
            self.first += 64;
        }
        let at = self.left.trailing_zeros();
        self.left &= self.left - 1;
        Some(EntityNo(self.first + at))
    }
}

impl<'a> View<'a> {
    /// Scans the entities of a type. `within` has the ranges of rows that can meet the test, in order, if known.
    pub fn scan<'t>(
        &self,
        type_id: TypeId,
        test: &'t Test,
        within: Option<Vec<Range<usize>>>,
    ) -> Scan<'a, 't> {
        Scan {
            view: *self,
            test,
            type_id,
            rows: match within {
                None => 0..self.snapshot().rows(type_id),
                Some(_) => 0..0,
            },
            later: within.map(Vec::into_iter),
            first: 0,
            size: SHORT_BLOCK,
            len: 0,
            tested: 0,
        }
    }
}

impl Scan<'_, '_> {
    /// Scans only entities whose ids are greater than one.
    #[must_use]
    pub fn after(mut self, id: &str) -> Self {
        let first = self.view.row_after(self.type_id, id);
        self.first = first;
        self.rows.start = self.rows.start.max(first);
        self
    }

    /// Advances to the next block. Returns its number of rows; 0 after the last one.
    #[inline]
    pub fn advance(&mut self) -> usize {
        while self.rows.is_empty() {
            let Some(rows) = self.later.as_mut().and_then(Iterator::next) else {
                return 0;
            };
            self.rows = rows.start.max(self.first)..rows.end;
            self.size = SHORT_BLOCK;
        }
        self.len = self.size.min(self.rows.len());
        self.len
    }

    /// Tests the last block again.
    pub fn test_again(&mut self, by: &impl TestContext) -> Block {
        self.rows.start -= self.tested;
        self.len = self.tested;
        self.test(by)
    }

    /// Tests the block.
    #[inline]
    pub fn test(&mut self, by: &impl TestContext) -> Block {
        let len = self.len;
        self.tested = len;
        let first = Row {
            type_id: self.type_id,
            row: self.rows.start,
        };
        let before = by.checks();
        let tester = Tester { view: self.view, by };
        let mut bits = tester.block(self.test, first, len, &all(len));
        let number = self.view.number(first);
        self.view.mask(number, &mut bits);
        self.rows.start += len;
        self.len = 0;
        // If testing is slow, blocks stay small, so that the clock is checked often enough.
        let is_slow = by.checks() - before > 1;
        self.size = if is_slow {
            SHORT_BLOCK
        } else {
            (self.size * 2).min(LARGEST_BLOCK)
        };
        Block::new(number.0, len, bits)
    }
}

impl View<'_> {
    /// Clears the bits of hidden entities; the first bit is that of `first`.
    #[inline]
    fn mask(&self, first: EntityNo, bits: &mut Bits) {
        let Some(hidden) = self.hidden else { return };
        for (word, begin) in bits.iter_mut().zip((first.0..).step_by(64)) {
            let mut left = *word;
            while left != 0 {
                let at = left.trailing_zeros();
                left &= left - 1;
                if hidden.entities.has(EntityNo(begin + at)) {
                    *word &= !(1 << at);
                }
            }
        }
    }
}

/// Tests some of `len` rows.
#[inline(always)]
fn bits_among(among: &Bits, len: usize, meets: impl Fn(usize) -> bool) -> Bits {
    let mut bits = Bits::default();
    for (no, word) in bits.iter_mut().enumerate().take(len.div_ceil(64)) {
        let mut left = among[no];
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            *word |= u64::from(meets(no * 64 + bit)) << bit;
        }
    }
    bits
}

impl<T: TestContext> Tester<'_, T> {
    /// Which of some of the rows from the first one meet a test. Others may be among the result.
    fn block(&self, test: &Test, first: Row, len: usize, among: &Bits) -> Bits {
        match test {
            Test::All(tests) => {
                let mut all = *among;
                for test in tests {
                    if all.iter().all(|it| *it == 0) || self.by.is_stopped() {
                        break;
                    }
                    let met = self.block(test, first, len, &all);
                    all.iter_mut().zip(met).for_each(|(a, b)| *a &= b);
                }
                all
            }
            Test::Any(tests) => {
                let mut any = Bits::default();
                let mut left = *among;
                for test in tests {
                    if self.by.is_stopped() {
                        break;
                    }
                    let met = self.block(test, first, len, &left);
                    any.iter_mut().zip(met).for_each(|(a, b)| *a |= b);
                    left.iter_mut().zip(met).for_each(|(a, b)| *a &= !b);
                }
                any
            }
            Test::Not(test) => {
                let mut not = *among;
                let met = self.block(test, first, len, among);
                not.iter_mut().zip(met).for_each(|(a, b)| *a &= !b);
                not
            }
            Test::Value(no, test) if self.view.as_of().is_none() => {
                self.by.worked(len / 8);
                if let ValueTest::Text(test) = test
                    && len > SHORT_BLOCK
                    && let Some(codes) = self.by.codes(first.type_id, *no)
                {
                    return self.coded(test, codes, (first, *no), len);
                }
                let values = self.view.column(first.type_id, *no).values();
                self.values(test, values, first.row..first.row + len)
            }
            Test::Relation {
                relation,
                direction,
                edge: None,
                test,
            } if let Some(bits) = self.relations((*relation, *direction), test, first, len) => bits,
            _ => bits_among(among, len, |at| {
                let row = Row {
                    row: first.row + at,
                    ..first
                };
                self.row_meets(test, row)
            }),
        }
    }

    /// Which rows of a column with few different texts meet a test: each of these is tested once.
    fn coded(&self, test: &TextTest, codes: &Codes, (first, no): (Row, PropertyNo), len: usize) -> Bits {
        let values = self.view.column(first.type_id, no).values();
        let mut met = [false; 256];
        let (mut count, mut last) = (0, 0);
        for (code, row) in (1..).zip(codes.firsts()) {
            if values.text(row).is_some_and(|text| self.text_meets(test, text)) {
                met[code] = true;
                (count, last) = (count + 1, code);
            }
        }
        let rows = &codes.rows()[first.row..first.row + len];
        match count {
            0 => Bits::default(),
            1 => equal(rows, last as u8),
            _ => bits(len, |at| met[usize::from(rows[at])]),
        }
    }

    /// Which rows have edges that meet a test, if that is known without testing the ends one by one.
    fn relations(
        &self,
        (relation, direction): (RelationId, Direction),
        test: &RelationTest,
        first: Row,
        len: usize,
    ) -> Option<Bits> {
        if !self.view.sees_all(relation) {
            return None;
        }
        let adjacency = self.view.snapshot().adjacency(relation, direction);
        let rows = adjacency.block(first.type_id.index(), first.row..first.row + len);
        let (met, is_met): (_, fn(usize, usize) -> bool) = match test {
            // The other ends are tested one by one.
            RelationTest::Count(_, Some(_)) => return None,
            RelationTest::Count(compare, None) => {
                self.by.worked(len / 8);
                return Some(match rows.bounds() {
                    Some(bounds) => compared(compare, len, |at| Some(i64::from(bounds[at + 1] - bounds[at]))),
                    None => compared(compare, len, |at| Some(rows.of(at).len() as i64)),
                });
            }
            RelationTest::Some(filter) => (self.by.met(filter)?, |met, _| met > 0),
            RelationTest::Every(filter) => (self.by.met(filter)?, |met, all| met == all),
            RelationTest::None(filter) => (self.by.met(filter)?, |met, _| met == 0),
        };
        let has = |target: &u32| met.has(EntityNo(*target));
        let Some(bounds) = rows.bounds() else {
            return Some(bits(len, |at| {
                let targets = rows.of(at);
                self.by.worked(targets.len() / 8);
                is_met(targets.iter().filter(|it| has(it)).count(), targets.len())
            }));
        };
        let begin = bounds[0];
        let targets = &rows.targets()[begin as usize..bounds[len] as usize];
        self.by.worked((targets.len() + len) / 8);
        let mut counts = [0_u16; LARGEST_COUNTED + 1];
        if targets.len() > LARGEST_COUNTED {
            return Some(bits(len, |at| {
                let targets = &targets[(bounds[at] - begin) as usize..(bounds[at + 1] - begin) as usize];
                is_met(targets.iter().filter(|it| has(it)).count(), targets.len())
            }));
        }
        // How many of the targets up to each one are met: the number of a row's is a difference, without a loop.
        let mut sum = 0;
        for (count, target) in counts[1..].iter_mut().zip(targets) {
            sum += u16::from(has(target));
            *count = sum;
        }
        let count = |at: usize| {
            let (start, end) = ((bounds[at] - begin) as usize, (bounds[at + 1] - begin) as usize);
            (usize::from(counts[end] - counts[start]), end - start)
        };
        Some(match test {
            RelationTest::Some(_) => bits(len, |at| count(at).0 > 0),
            RelationTest::Every(_) => bits(len, |at| {
                let (met, all) = count(at);
                met == all
            }),
            _ => bits(len, |at| count(at).0 == 0),
        })
    }

    /// Which values, one per row, meet a test.
    #[inline(always)]
    fn values(&self, test: &ValueTest, values: &Values, rows: Range<usize>) -> Bits {
        let (first, len) = (rows.start, rows.len());
        match (test, values) {
            (ValueTest::Int(Compare::Eq(wanted)), Values::Enum(column, _))
                if let (Some(values), Ok(wanted)) = (column.all(rows.clone()), (*wanted).try_into()) =>
            {
                equal(values, wanted)
            }
            (ValueTest::Int(compare), Values::Enum(column, _)) => {
                compared(compare, len, |at| column.get(first + at).map(i64::from))
            }
            (ValueTest::Int(compare), Values::Int(column)) => {
                compared(compare, len, |at| column.get(first + at).map(i64::from))
            }
            (ValueTest::Int64(compare), Values::Int64(column, _)) => {
                compared(compare, len, |at| column.get(first + at))
            }
            (ValueTest::Float(compare), Values::Float(column)) => {
                compared(compare, len, |at| column.get(first + at))
            }
            (ValueTest::Boolean(compare), Values::Boolean(column)) => {
                compared(compare, len, |at| column.get(first + at).map(|it| it != 0))
            }
            (ValueTest::Text(TextTest::Contains(needle)), Values::Text(column))
                if let Some(finder) = self.by.finder(*needle) =>
            {
                let mut met = Bits::default();
                // A short block cannot take long.
                if len > SHORT_BLOCK {
                    let end = column.located(rows.end - 1).1.end;
                    let bytes = end - column.located(rows.start).1.start;
                    self.by.worked(bytes / BYTES_OF_A_STEP);
                }
                column.containing(rows, finder, |row| {
                    let at = row - first;
                    met[at / 64] |= 1 << (at % 64);
                });
                met
            }
            _ => bits(len, |at| self.value_meets(test, values, first + at)),
        }
    }
}

/// Compares each of `len` values. The usual comparisons have loops of their own.
#[inline(always)]
fn compared<T: PartialOrd + Copy>(
    compare: &Compare<T>,
    len: usize,
    get: impl Fn(usize) -> Option<T>,
) -> Bits {
    match compare {
        Compare::Eq(other) => bits(len, |at| get(at) == Some(*other)),
        Compare::Lt(other) => bits(len, |at| get(at).is_some_and(|it| it < *other)),
        Compare::Lte(other) => bits(len, |at| get(at).is_some_and(|it| it <= *other)),
        Compare::Gt(other) => bits(len, |at| get(at).is_some_and(|it| it > *other)),
        Compare::Gte(other) => bits(len, |at| get(at).is_some_and(|it| it >= *other)),
        _ => bits(len, |at| get(at).is_some_and(|it| compare.holds(&it))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_values_are_those_that_are_compared_one_by_one(values in prop::collection::vec(0_u16..3, 0..=LARGEST_BLOCK)) {
            let expected = bits(values.len(), |at| values[at] == 1);
            prop_assert_eq!(equal(&values, 1), expected);
        }
    }
}
