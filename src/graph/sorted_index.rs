//! The rows of a type in the order of a property, for `@index`: a page in this order is found by binary search.
//!
//! ```text
//! rows     0 "dog"   1 –   2 "ant"   3 "dog"
//! sorted   2 0 3 | 1                            rows without a value come last
//! ```
//!
//! Equal values are in the order of their rows, which is that of ids. Making takes O(n log n) and 16 bytes for each row; the
//! result takes 4.

use std::cmp::Ordering;

use super::column::Values;
use super::order::rank;
use super::{EntityNo, Snapshot, View};
use crate::ontology::{PropertyNo, TypeId};

/// The rows of a type in the order of a property.
#[derive(Debug)]
pub struct Sorted {
    rows: Vec<u32>,
    /// How many rows have a value.
    valued: usize,
}

impl Snapshot {
    /// Sorts the rows of a type by a property; nothing where it has lists.
    pub(super) fn sorted(&self, type_id: TypeId, property: PropertyNo) -> Option<Sorted> {
        let column = self.column(type_id, property);
        (!column.is_list()).then(|| Sorted::of(column.values()))
    }
}

/// The order of two rows by their values, which both have.
fn compare(values: &Values, a: u32, b: u32) -> Ordering {
    match (values.key(a as usize), values.key(b as usize)) {
        (Some(a), Some(b)) => a.compare(&b),
        _ => Ordering::Equal,
    }
}

impl Sorted {
    fn of(values: &Values) -> Self {
        let all = 0..values.len() as u32;
        let is_there = |row: &u32| !values.is_null(*row as usize);
        let ranked = all
            .clone()
            .filter(is_there)
            .map(|row| (rank(values.key(row as usize).as_ref(), false, false), row));
        let mut pairs: Vec<(u64, u32)> = ranked.collect();
        pairs.sort_unstable_by(|a, b| {
            let by_value = a.0.cmp(&b.0).then_with(|| compare(values, a.1, b.1));
            by_value.then(a.1.cmp(&b.1))
        });
        let mut rows = Vec::with_capacity(values.len());
        rows.extend(pairs.into_iter().map(|it| it.1));
        let count = rows.len();
        rows.extend(all.filter(|row| !is_there(row)));
        Self { rows, valued: count }
    }

    /// The memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<u32>()
    }
}

/// All entities of a type in the order of a property, then of their ids, by position.
#[derive(Debug, Clone, Copy)]
pub struct SortedEntities<'a> {
    sorted: &'a Sorted,
    values: &'a Values,
    descending: bool,
    nulls_first: bool,
    /// The number of the type's first entity.
    base: u32,
}

impl<'a> View<'a> {
    /// All entities of a type in the order of a property, from the rows in this order; nothing where the view does not show
    /// everything as it is stored.
    pub fn in_order(
        &self,
        type_id: TypeId,
        property: PropertyNo,
        sorted: &'a Sorted,
        (descending, nulls_first): (bool, bool),
    ) -> Option<SortedEntities<'a>> {
        self.is_whole().then(|| SortedEntities {
            sorted,
            values: self.column(type_id, property).values(),
            descending,
            nulls_first,
            base: self.snapshot().range(type_id).start,
        })
    }
}

impl SortedEntities<'_> {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.sorted.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some entity has no value.
    pub fn has_nulls(&self) -> bool {
        self.sorted.valued < self.len()
    }

    /// The entity at a position. In a descending order, takes time logarithmic in the number of entities whose values equal its.
    #[inline]
    pub fn get(&self, at: usize) -> EntityNo {
        let Sorted { rows, valued } = self.sorted;
        let nulls = rows.len() - valued;
        let at = match at.checked_sub(nulls) {
            _ if !self.nulls_first => at,
            None => valued + at,
            Some(at) => at,
        };
        let row = if self.descending && at < *valued {
            self.descending_row(valued - 1 - at)
        } else {
            rows[at]
        };
        EntityNo(self.base + row)
    }

    /// The row whose place from the end is that of `at`: values descend, and the rows of equal values still ascend.
    fn descending_row(&self, at: usize) -> u32 {
        let rows = &self.sorted.rows[..self.sorted.valued];
        let is_equal = |other: usize| compare(self.values, rows[other], rows[at]) == Ordering::Equal;
        let before = reach(at, |distance| is_equal(at - distance));
        let after = reach(rows.len() - 1 - at, |distance| is_equal(at + distance));
        rows[at - before + after]
    }
}

/// The largest distance up to `most` at which a condition is true that is true up to some distance.
fn reach(most: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut known, mut step) = (0, 1);
    while known + step <= most && holds(known + step) {
        known += step;
        step *= 2;
    }
    while step > 0 {
        if known + step <= most && holds(known + step) {
            known += step;
        }
        step /= 2;
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::strings::Strings;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn positions_are_those_of_a_whole_sort(
            texts in prop::collection::vec(prop::option::of("[ab\"]{0,1}|same beginning[ab]?"), 0..40),
            descending: bool,
            nulls_first: bool,
        ) {
            let values = Values::Text(Strings::from_texts(texts.iter().map(Option::as_deref)));
            let sorted = Sorted::of(&values);
            let order = SortedEntities { sorted: &sorted, values: &values, descending, nulls_first, base: 7 };
            let mut expected: Vec<usize> = (0..texts.len()).collect();
            expected.sort_by(|a, b| {
                let (a, b) = (&texts[*a], &texts[*b]);
                let by_null = if nulls_first { b.is_none().cmp(&a.is_none()) } else { a.is_none().cmp(&b.is_none()) };
                by_null.then_with(|| if descending { b.cmp(a) } else { a.cmp(b) })
            });
            let given: Vec<usize> = (0..order.len()).map(|at| order.get(at).slot() - 7).collect();
            prop_assert_eq!(given, expected);
        }
    }
}
