//! Sorts the ends of edges by entity. A counting sort puts each end at its entity, and then the ends of each entity are
//! sorted.

use std::cmp::Ordering;

use rayon::prelude::*;

/// An end of an edge: its entity, the entity at the other end, and the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub at: u32,
    pub target: u32,
    pub edge: u32,
}

impl Entry {
    /// The other end of the edge.
    pub fn turned(self) -> Self {
        Self {
            at: self.target,
            target: self.at,
            edge: self.edge,
        }
    }
}

/// Entries, sorted by entity.
#[derive(Debug)]
pub(super) struct Ordered {
    /// The start of each entity's entries, followed by the end of the last one.
    pub bounds: Vec<u32>,
    pub targets: Vec<u32>,
    pub edges: Vec<u32>,
}

/// Number of entries that a thread sorts at a time.
const AT_ONCE: u32 = 1 << 16;

/// The start of each entity's entries, followed by the end of the last one; `at` gives the entity of each entry.
pub(super) fn bounds(entities: usize, at: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut bounds = vec![0_u32; entities + 1];
    for at in at {
        bounds[at as usize + 1] += 1;
    }
    for entity in 0..entities {
        bounds[entity + 1] += bounds[entity];
    }
    bounds
}

impl Ordered {
    /// Moves entries to their entities. Entries of an entity keep their order.
    pub fn of(bounds: Vec<u32>, entries: impl Iterator<Item = Entry>) -> Self {
        let count = bounds.last().copied().unwrap_or(0) as usize;
        let (mut targets, mut edges) = (vec![0; count], vec![0; count]);
        let mut next = bounds.clone();
        for entry in entries {
            let place = &mut next[entry.at as usize];
            targets[*place as usize] = entry.target;
            edges[*place as usize] = entry.edge;
            *place += 1;
        }
        Self {
            bounds,
            targets,
            edges,
        }
    }

    /// Sorts the entries of each entity. `compare` gets the entity and two pairs of a target and an edge.
    pub fn sort(&mut self, compare: impl Fn(u32, (u32, u32), (u32, u32)) -> Ordering + Sync) {
        let bounds = &self.bounds;
        let (mut targets, mut edges) = (&mut self.targets[..], &mut self.edges[..]);
        let mut tasks = Vec::new();
        let mut first = 0;
        while first + 1 < bounds.len() {
            let begin = bounds[first];
            let fitting = bounds[first + 1..].partition_point(|it| *it - begin <= AT_ONCE);
            let end = first + fitting.max(1);
            let count = (bounds[end] - begin) as usize;
            let (targets_here, edges_here);
            (targets_here, targets) = targets.split_at_mut(count);
            (edges_here, edges) = edges.split_at_mut(count);
            tasks.push((first..end, targets_here, edges_here));
            first = end;
        }
        tasks.into_par_iter().for_each(|(entities, targets, edges)| {
            let begin = bounds[entities.start];
            let mut pairs = Vec::new();
            for entity in entities {
                let here = (bounds[entity] - begin) as usize..(bounds[entity + 1] - begin) as usize;
                let (targets, edges) = (&mut targets[here.clone()], &mut edges[here]);
                let compare = |a: &(u32, u32), b: &(u32, u32)| compare(entity as u32, *a, *b);
                let given = || targets.iter().copied().zip(edges.iter().copied());
                // Files usually have the edges of an entity in order already.
                if given().is_sorted_by(|a, b| compare(a, b) != Ordering::Greater) {
                    continue;
                }
                pairs.clear();
                pairs.extend(given());
                pairs.sort_unstable_by(compare);
                for (at, (target, edge)) in pairs.iter().enumerate() {
                    (targets[at], edges[at]) = (*target, *edge);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn entries_come_as_sorting_all_of_them_would_have_them(
            ends in prop::collection::vec((0_u32..6, 0_u32..6), 0..40),
            backwards in prop::collection::vec(any::<bool>(), 6),
        ) {
            let entries: Vec<Entry> = (0..)
                .zip(&ends)
                .map(|(edge, (at, target))| Entry { at: *at, target: *target, edge })
                .collect();
            let compare = |at: u32, a: (u32, u32), b: (u32, u32)| {
                if backwards[at as usize] { b.cmp(&a) } else { a.cmp(&b) }
            };
            let bounds = bounds(6, entries.iter().map(|it| it.at));
            let mut ordered = Ordered::of(bounds, entries.iter().copied());
            ordered.sort(compare);
            let mut expected = entries;
            expected.sort_by(|a, b| {
                let within = || compare(a.at, (a.target, a.edge), (b.target, b.edge));
                a.at.cmp(&b.at).then_with(within)
            });
            let mut found = Vec::new();
            for at in 0..6_u32 {
                for place in ordered.bounds[at as usize] as usize..ordered.bounds[at as usize + 1] as usize {
                    found.push(Entry { at, target: ordered.targets[place], edge: ordered.edges[place] });
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
