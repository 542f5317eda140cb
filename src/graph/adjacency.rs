//! Adjacency of a relation in one direction: compressed sparse rows.
//!
//! ```text
//! starts (of one type)   0     2  2        5        row i's edges are starts[i]..starts[i+1]
//! targets                7  9     3  7  8           entity numbers, in the order of their ids
//! edges                  0  4     1  2  3           edge numbers; none where they count up by themselves
//! ```
//!
//! If few rows of a type have edges, only these rows are stored, and are found by binary search.

use std::ops::Range;

use prefetch_index::prefetch_index;

use super::storage::Stored;
use super::{EdgeNo, EntityNo};

/// If less than one row in this number has edges, only these rows are stored. Otherwise, many small relations of large
/// types would take most of the memory.
const FEW: usize = 16;

/// The start of the edges of each row of a type, or of the values of its lists.
#[derive(Debug)]
pub(super) struct Starts {
    /// The rows that have edges, in order; `None` if every row is stored.
    pub(super) rows: Option<Stored<u32>>,
    /// The start of each stored row's edges, followed by the end of the last one.
    pub(super) bounds: Stored<u32>,
}

/// The index in `bounds` of a row, if the row can have edges.
#[inline(always)]
fn position(rows: Option<&[u32]>, row: usize) -> Option<usize> {
    match rows {
        None => Some(row),
        Some(rows) => rows.binary_search(&u32::try_from(row).ok()?).ok(),
    }
}

impl Starts {
    /// Stores the starts of all rows, followed by the end of the last one; `None` if there are no edges.
    pub(super) fn of(bounds: &[u32]) -> Option<Self> {
        let having = || (0..).zip(bounds.windows(2)).filter(|(_, it)| it[0] < it[1]);
        let count = having().count();
        if count == 0 {
            return None;
        }
        if count * FEW >= bounds.len() {
            return Some(Self {
                rows: None,
                bounds: bounds.to_vec().into(),
            });
        }
        let ends = bounds.last().copied();
        Some(Self {
            rows: Some(having().map(|(row, _)| row).collect()),
            bounds: having().map(|(_, it)| it[0]).chain(ends).collect(),
        })
    }

    /// The range of a row's edges.
    #[inline(always)]
    pub(super) fn range(&self, row: usize) -> Range<usize> {
        match position(self.rows.as_deref(), row) {
            Some(at) => self.bounds[at] as usize..self.bounds[at + 1] as usize,
            None => 0..0,
        }
    }

    /// All rows that have edges, in order, with the ranges of their edges.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Range<usize>)> {
        let rows = self.rows.as_deref();
        let ranges = (0..).zip(self.bounds.windows(2));
        let ranges = ranges.map(move |(at, it)| {
            let row = rows.map_or(at, |rows| rows[at as usize]);
            (row, it[0] as usize..it[1] as usize)
        });
        ranges.filter(|(_, range)| !range.is_empty())
    }

    /// The row that has the edge at a position, if there is one.
    pub(super) fn row_at(&self, place: u32) -> Option<u32> {
        let at = self.bounds.partition_point(|it| *it <= place);
        if at == self.bounds.len() {
            return None;
        }
        let at = at.checked_sub(1)?;
        self.rows
            .as_ref()
            .map_or(Some(at as u32), |rows| rows.get(at).copied())
    }

    pub(super) fn bytes(&self) -> usize {
        self.bounds.bytes() + self.rows.as_ref().map_or(0, Stored::bytes)
    }
}

/// The starts of each type, from the first type that has edges to the last one: a relation has edges of few types, and a
/// place for every type would take memory quadratic in the number of types.
#[derive(Debug, Default)]
pub(super) struct StartsOfTypes {
    first: usize,
    starts: Box<[Option<Starts>]>,
}

impl StartsOfTypes {
    /// Keeps the starts of all types, in their order.
    pub(super) fn of(starts: impl IntoIterator<Item = Option<Starts>>) -> Self {
        let mut starts = starts.into_iter().enumerate();
        let Some((first, begin)) = starts.find(|(_, it)| it.is_some()) else {
            return Self::default();
        };
        let mut kept = vec![begin];
        kept.extend(starts.map(|(_, it)| it));
        let length = kept.iter().rposition(Option::is_some).map_or(0, |it| it + 1);
        kept.truncate(length);
        Self {
            first,
            starts: kept.into(),
        }
    }

    /// The starts of a type that has edges.
    #[inline(always)]
    pub(super) fn get(&self, type_no: usize) -> Option<&Starts> {
        self.starts.get(type_no.wrapping_sub(self.first))?.as_ref()
    }

    /// The types that have edges, in order, with their starts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Starts)> {
        let types = (self.first..).zip(&self.starts);
        types.filter_map(|(type_no, it)| Some((type_no, it.as_ref()?)))
    }

    /// Whether no type has edges.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

/// One direction of a relation.
#[derive(Debug, Default)]
pub struct Adjacency {
    /// For each type that has edges in this direction.
    pub(super) starts: StartsOfTypes,
    pub(super) targets: Stored<u32>,
    pub(super) edges: Option<Stored<u32>>,
}

/// The edges of an entity over a relation in a direction.
#[derive(Debug, Clone, Copy)]
pub struct Neighbours<'a> {
    targets: &'a [u32],
    edges: Option<&'a [u32]>,
    first: u32,
}

/// The targets of the rows of a type, resolved once for many rows.
#[derive(Debug, Clone, Copy)]
pub struct Targets<'a> {
    rows: Option<&'a [u32]>,
    bounds: &'a [u32],
    targets: &'a [u32],
}

/// The targets of consecutive rows of a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockTargets<'a> {
    of_type: Targets<'a>,
    first: usize,
    len: usize,
}

impl<'a> BlockTargets<'a> {
    /// Index of the first target of each row, and the end of the last; `None` if only rows with edges are stored.
    #[inline]
    pub(super) fn bounds(&self) -> Option<&'a [u32]> {
        match self.of_type.rows {
            None => self.of_type.bounds.get(self.first..=self.first + self.len),
            Some(_) => None,
        }
    }

    /// The targets of all rows of the relation.
    pub(super) fn targets(&self) -> &'a [u32] {
        self.of_type.targets
    }

    /// The targets of a row of the block.
    #[inline]
    pub(super) fn of(&self, at: usize) -> &'a [u32] {
        self.of_type.of(self.first + at)
    }
}

impl<'a> Targets<'a> {
    /// The numbers of a row's targets.
    #[inline(always)]
    pub fn of(self, row: usize) -> &'a [u32] {
        let bounds = position(self.rows, row).and_then(|at| self.bounds.get(at..at + 2));
        match bounds {
            Some(bounds) => &self.targets[bounds[0] as usize..bounds[1] as usize],
            None => &[],
        }
    }

    /// Prefetches the bounds of a row.
    #[inline(always)]
    pub fn fetch_place(self, row: usize) {
        // The bounds of a few rows are close together.
        if self.rows.is_none() {
            prefetch_index(self.bounds, row);
        }
    }

    /// Prefetches a row's targets, as far as the CPU would not prefetch them by itself.
    #[inline(always)]
    pub fn fetch(self, row: usize) {
        if self.rows.is_none()
            && let Some(start) = self.bounds.get(row)
        {
            prefetch_index(self.targets, *start as usize);
        }
    }
}

impl Adjacency {
    /// The edges of all rows of a type.
    pub fn targets(&self, type_no: usize) -> Targets<'_> {
        let starts = self.starts.get(type_no);
        Targets {
            rows: starts.and_then(|it| it.rows.as_deref()),
            bounds: starts.map_or(&[], |it| &it.bounds),
            targets: &self.targets,
        }
    }

    /// The targets of consecutive rows of a type.
    #[inline]
    pub(super) fn block(&self, type_no: usize, rows: Range<usize>) -> BlockTargets<'_> {
        BlockTargets {
            of_type: self.targets(type_no),
            first: rows.start,
            len: rows.len(),
        }
    }

    /// The edges of a row of a type.
    #[inline(always)]
    pub fn of(&self, type_no: usize, row: usize) -> Neighbours<'_> {
        let Some(starts) = self.starts.get(type_no) else {
            return Neighbours {
                targets: &[],
                edges: None,
                first: 0,
            };
        };
        let range = starts.range(row);
        Neighbours {
            targets: &self.targets[range.clone()],
            edges: self.edges.as_ref().map(|it| &it[range.clone()]),
            first: range.start as u32,
        }
    }

    /// Number of edges of all rows of a type.
    pub(super) fn edges_from(&self, type_no: usize) -> usize {
        let bounds = self.starts.get(type_no).map(|it| &it.bounds);
        match bounds.map(|it| &it[..]) {
            Some([first, .., last]) => (last - first) as usize,
            _ => 0,
        }
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        let starts: usize = self.starts.iter().map(|(_, it)| it.bytes()).sum();
        starts + self.targets.bytes() + self.edges.as_ref().map_or(0, Stored::bytes)
    }
}

impl Neighbours<'_> {
    /// Number of edges.
    #[inline]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there are no edges.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The entities.
    #[inline]
    pub fn entities(&self) -> &[EntityNo] {
        bytemuck::cast_slice(self.targets)
    }

    /// The entity and the edge at a position.
    #[inline]
    pub fn get(&self, at: usize) -> (EntityNo, EdgeNo) {
        let edge = self.edges.map_or(self.first + at as u32, |it| it[at]);
        (EntityNo(self.targets[at]), EdgeNo(edge))
    }
}

impl<'a> Neighbours<'a> {
    /// All entities and edges, in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (EntityNo, EdgeNo)> + use<'a> {
        (0..self.targets.len()).map(move |at| self.get(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_rows_are_found_as_all_would_be(
            first in 0_u32..3,
            counts in prop::collection::vec(prop_oneof![40 => Just(0_u32), 1 => 1_u32..4], 0..200),
        ) {
            let mut bounds = vec![first];
            for count in &counts {
                bounds.push(bounds[bounds.len() - 1] + count);
            }
            let begin = |row: usize| bounds[row] as usize..bounds[row + 1] as usize;
            let having: Vec<usize> = (0..counts.len()).filter(|row| counts[*row] > 0).collect();
            let Some(starts) = Starts::of(&bounds) else {
                prop_assert!(having.is_empty());
                return Ok(());
            };
            prop_assert_eq!(starts.rows.is_some(), having.len() * FEW < bounds.len());
            let expected: Vec<(u32, Range<usize>)> = having.iter().map(|row| (*row as u32, begin(*row))).collect();
            prop_assert_eq!(starts.iter().collect::<Vec<_>>(), expected);
            for row in 0..counts.len() {
                prop_assert_eq!(starts.range(row).len(), begin(row).len());
                for place in begin(row) {
                    prop_assert_eq!(starts.row_at(place as u32), Some(row as u32));
                }
            }
            prop_assert_eq!(starts.row_at(bounds[counts.len()]), None);
        }
    }
}
