//! Who is related to whom, one way: compressed sparse rows.
//!
//! ```text
//! starts (of one type)   0     2  2        5        row i's edges are starts[i]..starts[i+1]
//! targets                7  9     3  7  8           entity numbers, in the order of their ids
//! edges                  0  4     1  2  3           edge numbers; none where they count up by themselves
//! ```

use super::stored::Stored;
use super::{EdgeNo, EntityNo};

/// One direction of a relation.
#[derive(Debug, Default)]
pub struct Adjacency {
    /// For each type that may have such edges: where each row's begin, and one more.
    pub(super) starts: Vec<Option<Stored<u32>>>,
    pub(super) targets: Stored<u32>,
    pub(super) edges: Option<Stored<u32>>,
}

/// The edges of one entity, one way, one relation.
#[derive(Debug, Clone, Copy)]
pub struct Neighbours<'a> {
    targets: &'a [u32],
    edges: Option<&'a [u32]>,
    first: u32,
}

/// The entities that the rows of one type lead to, found once for many rows.
#[derive(Debug, Clone, Copy)]
pub struct Targets<'a> {
    starts: &'a [u32],
    targets: &'a [u32],
}

impl<'a> Targets<'a> {
    /// The numbers of those that a row leads to.
    #[inline(always)]
    pub fn of(self, row: usize) -> &'a [u32] {
        match self.starts.get(row..row + 2) {
            Some(bounds) => &self.targets[bounds[0] as usize..bounds[1] as usize],
            None => &[],
        }
    }
}

impl Adjacency {
    /// The edges of all rows of a type.
    pub fn targets(&self, type_no: usize) -> Targets<'_> {
        let starts = self.starts.get(type_no).and_then(Option::as_deref);
        Targets {
            starts: starts.unwrap_or_default(),
            targets: &self.targets,
        }
    }

    /// The edges of a row of a type.
    #[inline(always)]
    pub fn of(&self, type_no: usize, row: usize) -> Neighbours<'_> {
        let Some(Some(starts)) = self.starts.get(type_no) else {
            return Neighbours {
                targets: &[],
                edges: None,
                first: 0,
            };
        };
        let (start, end) = (starts[row] as usize, starts[row + 1] as usize);
        Neighbours {
            targets: &self.targets[start..end],
            edges: self.edges.as_ref().map(|it| &it[start..end]),
            first: start as u32,
        }
    }

    /// The memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let starts: usize = self.starts.iter().flatten().map(Stored::bytes).sum();
        starts + self.targets.bytes() + self.edges.as_ref().map_or(0, Stored::bytes)
    }
}

impl Neighbours<'_> {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The numbers of the entities.
    #[inline]
    pub fn targets(&self) -> &[u32] {
        self.targets
    }

    /// The entity and the edge at a position.
    #[inline]
    pub fn get(&self, at: usize) -> (EntityNo, EdgeNo) {
        let edge = self.edges.map_or(self.first + at as u32, |it| it[at]);
        (EntityNo(self.targets[at]), EdgeNo(edge))
    }
}

impl<'a> Neighbours<'a> {
    /// All of them in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (EntityNo, EdgeNo)> + use<'a> {
        (0..self.targets.len()).map(move |at| self.get(at))
    }
}
