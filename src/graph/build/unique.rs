//! Unique values: the entities of each value, and values that two entities have at the same time.
//!
//! An entity has a value on the days on which its field shows it. If an entity has several statements, these are the
//! days of a statement without the days of preferred statements. Takes O(n log n) for the n statements of values that
//! occur more than once.

use std::collections::{BTreeMap, HashMap};

use crate::graph::column::Column;
use crate::graph::ids::UniqueIndex;
use crate::graph::statement::{Rank, Statements, Validity};
use crate::graph::{NO_STATEMENT, StatementNo};

/// Ranks and validity of statements before they are merged.
#[derive(Clone, Copy)]
pub(super) struct RankedStatements<'a> {
    pub statements: &'a [Statements],
    /// For each part, the number in the snapshot of its first statement.
    pub bases: &'a [u32],
}

impl RankedStatements<'_> {
    fn find<T>(&self, no: StatementNo, ask: impl Fn(&Statements, StatementNo) -> T) -> Option<T> {
        if no == NO_STATEMENT {
            return None;
        }
        let part = self.bases.partition_point(|it| *it <= no.0).checked_sub(1)?;
        Some(ask(
            self.statements.get(part)?,
            StatementNo(no.0 - self.bases[part]),
        ))
    }

    fn validity(&self, no: StatementNo) -> Option<Validity> {
        self.find(no, Statements::validity)?
    }

    fn preference(&self, no: StatementNo) -> (Rank, i64) {
        self.find(no, Statements::preference)
            .unwrap_or((Rank::default(), Validity::latest(None)))
    }
}

/// An interval of days, counted consecutively.
type Span = (i64, i64);

const ALWAYS: Span = (i64::MIN, i64::MAX);

/// The number of a day, which is given in the form of [`Date`](crate::ontology::Date).
fn day(digits: i64) -> i64 {
    let (year, of_year) = (digits.div_euclid(10_000), digits.rem_euclid(10_000));
    let (month, day) = (of_year / 100, of_year % 100);
    // Days before a month, in years that begin in March, so that a leap day is the last.
    let before = |month: i64| {
        let (years, months) = (year + (month + 9).div_euclid(12) - 1, (month + 9).rem_euclid(12));
        years * 365 + years.div_euclid(4) - years.div_euclid(100)
            + years.div_euclid(400)
            + (months * 153 + 2) / 5
    };
    before(month) + day - 1
}

fn span(validity: Option<Validity>) -> Span {
    validity.map_or(ALWAYS, |it| {
        let from = it.from.map_or(i64::MIN, |it| day(it.first_day()));
        let until = it.until.map_or(i64::MAX, |it| day(it.last_day()));
        (from, until)
    })
}

/// Intervals without overlaps, by their first day.
#[derive(Default)]
struct Days(BTreeMap<i64, i64>);

impl Days {
    /// Adds an interval. Returns the days that are new, as intervals.
    fn add(&mut self, (from, until): Span) -> Vec<Span> {
        let mut new = Vec::new();
        let mut next = from;
        let mut whole = (from, until);
        let before = self.0.range(..from).next_back();
        let mut touched: Vec<Span> = before
            .filter(|it| *it.1 >= from)
            .map(|it| (*it.0, *it.1))
            .into_iter()
            .collect();
        touched.extend(self.0.range(from..=until.max(from)).map(|it| (*it.0, *it.1)));
        for (first, last) in touched {
            if first > next {
                new.push((next, first - 1));
            }
            next = next.max(last.saturating_add(1));
            whole = (whole.0.min(first), whole.1.max(last));
            self.0.remove(&first);
            if last == i64::MAX {
                self.0.insert(whole.0, whole.1);
                return new;
            }
        }
        if next <= until {
            new.push((next, until));
        }
        if whole.0 <= whole.1 {
            self.0.insert(whole.0, whole.1);
        }
        new
    }
}

/// The days on which a field shows each of its values.
struct ShownDays<'a> {
    column: &'a Column,
    told: RankedStatements<'a>,
    /// For rows with several statements, the days of each statement, by position.
    known: HashMap<usize, Vec<(u32, Vec<Span>)>>,
}

impl<'a> ShownDays<'a> {
    fn new(column: &'a Column, told: RankedStatements<'a>) -> Self {
        Self {
            column,
            told,
            known: HashMap::new(),
        }
    }

    /// The days on which the value at a position is shown.
    fn days(&mut self, position: u32) -> Vec<Span> {
        let (row, _, statement) = self.column.place(position);
        let others = self.column.positions_beside(row);
        if others.is_empty() {
            return vec![span(self.told.validity(statement))];
        }
        let (column, told) = (self.column, self.told);
        let of_row = self.known.entry(row).or_insert_with(|| {
            let mut all: Vec<u32> = std::iter::once(row as u32).chain(others).collect();
            let statement = |it: &u32| column.place(*it).2;
            // The sort is stable, so among equal statements the first in the files is shown.
            all.sort_by_key(|it| std::cmp::Reverse(told.preference(statement(it))));
            let mut taken = Days::default();
            let mut days: Vec<(u32, Vec<Span>)> = all
                .iter()
                .map(|it| (*it, taken.add(span(told.validity(statement(it))))))
                .collect();
            days.sort_unstable_by_key(|it| it.0);
            days
        });
        let at = of_row.binary_search_by_key(&position, |it| it.0);
        at.map_or_else(|_| Vec::new(), |at| of_row[at].1.clone())
    }
}

/// Two rows that have a value at the same time, and a position with it.
pub(super) type Pair = (usize, usize, u32);

/// Indexes the values of a column, and finds those that two entities have at the same time.
pub(super) fn index(column: &Column, told: RankedStatements) -> (UniqueIndex, Vec<Pair>) {
    let index = UniqueIndex::of(column);
    let mut showing = ShownDays::new(column, told);
    let mut pairs: Vec<Pair> = Vec::new();
    for (first, same) in index.groups() {
        let mut spans = spans(&mut showing, same);
        spans.sort_unstable();
        let mut last: Option<(i64, usize)> = None;
        for ((from, until), row) in spans {
            if let Some((end, other)) = last
                && from <= end
                && row != other
            {
                pairs.push((row.max(other), row.min(other), first));
            }
            if last.is_none_or(|(end, _)| until > end) {
                last = Some((until, row));
            }
        }
    }
    (index, in_order(pairs))
}

fn spans(showing: &mut ShownDays, positions: impl Iterator<Item = u32>) -> Vec<(Span, usize)> {
    let mut spans = Vec::new();
    for position in positions {
        let row = showing.column.place(position).0;
        spans.extend(showing.days(position).into_iter().map(|it| (it, row)));
    }
    spans
}

/// Finds the values that entities of two types have at the same time.
pub(super) fn between(
    (column, index): (&Column, &UniqueIndex),
    (other_column, other_index): (&Column, &UniqueIndex),
    told: RankedStatements,
) -> Vec<Pair> {
    let mut showing = ShownDays::new(column, told);
    let mut other_showing = ShownDays::new(other_column, told);
    let mut pairs = Vec::new();
    for first in index.firsts() {
        let Some(key) = column.unique_key(first) else {
            continue;
        };
        let Some(there) = other_index.first(other_column, &key) else {
            continue;
        };
        let here = spans(&mut showing, index.group(first)).into_iter();
        let there = spans(&mut other_showing, other_index.group(there)).into_iter();
        let mut all: Vec<(Span, bool, usize)> = here.map(|(span, row)| (span, false, row)).collect();
        all.extend(there.map(|(span, row)| (span, true, row)));
        all.sort_unstable();
        let mut last: [Option<(i64, usize)>; 2] = [None; 2];
        for ((from, until), is_other, row) in all {
            if let Some((end, opposite)) = last[usize::from(!is_other)]
                && from <= end
            {
                let (row, other) = if is_other {
                    (opposite, row)
                } else {
                    (row, opposite)
                };
                pairs.push((row, other, first));
            }
            let own = &mut last[usize::from(is_other)];
            if own.is_none_or(|(end, _)| until > end) {
                *own = Some((until, row));
            }
        }
    }
    in_order(pairs)
}

fn in_order(mut pairs: Vec<Pair>) -> Vec<Pair> {
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ontology::Date;
    use proptest::prelude::*;

    #[test]
    fn days_follow_each_other_over_ends_of_months_and_years() {
        assert_eq!(day(19_900_301) - day(19_900_228), 1);
        assert_eq!(day(19_920_301) - day(19_920_229), 1);
        assert_eq!(day(20_000_301) - day(20_000_228), 2);
        assert_eq!(day(19_000_301) - day(19_000_228), 1);
        assert_eq!(day(19_910_101) - day(19_901_231), 1);
        assert_eq!(day(101), day(131) - 30);
        let day_of = |date: &str| Date::parse(date).map(|it| day(it.first_day())).unwrap();
        assert_eq!(day_of("0000-01-01") - day_of("-0001-12-31"), 1);
        assert_eq!(day_of("-0004-03-01") - day_of("-0004-02-28"), 2);
        assert_eq!(day_of("Y10000") - day_of("9999-12-31"), 1);
    }

    proptest! {
        #[test]
        fn new_days_are_those_that_no_span_before_had(
            spans in prop::collection::vec((0_i64..20, 0_i64..8), 0..12),
        ) {
            let mut days = Days::default();
            let mut model = std::collections::BTreeSet::new();
            for (from, length) in spans {
                let new: Vec<i64> = days
                    .add((from, from + length))
                    .into_iter()
                    .flat_map(|(from, until)| from..=until)
                    .collect();
                let expected: Vec<i64> = (from..=from + length).filter(|it| model.insert(*it)).collect();
                prop_assert_eq!(new, expected);
            }
            prop_assert!(days.add(ALWAYS).iter().all(|(from, until)| from <= until));
            prop_assert!(days.add(ALWAYS).is_empty());
        }
    }
}
