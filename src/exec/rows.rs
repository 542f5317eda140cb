//! A subgraph as arrays, for algorithms that search it many times.

use petgraph::Direction as Way;
use petgraph::visit::{EdgeRef, NodeCount, NodeIndexable};

use super::{Failure, Run};
use crate::graph::{EntityNo, Subgraph};
use crate::ontology::TypeId;

/// A subgraph for algorithms that visit all of it many times: a copy in arrays, or the slower subgraph itself if the
/// working memory does not suffice for a copy.
///
/// The nodes of a copy are the entities that have an edge, numbered in the order of their slots. Without a copy, each
/// slot is a node.
pub(super) struct Rows<'v> {
    subgraph: &'v Subgraph<'v>,
    /// Whether parallel edges count once, and loops not at all.
    simple: bool,
    copy: Option<Copied>,
    pub edges: usize,
    /// Number of entities that are not left out, with or without edges.
    pub entities: usize,
    /// Number of these that have an edge; without a copy, with or without edges.
    pub linked: usize,
    /// Longest list of targets, for `scratch`.
    longest: usize,
}

struct Copied {
    /// The slot of each node.
    slots: Vec<u32>,
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl<'v> Rows<'v> {
    /// Makes a copy, which takes 4 bytes for each edge and 8 for each node, if this leaves `others` bytes of working
    /// memory for each node. While it is made, it takes another 4 bytes for each entity.
    pub fn of(
        run: &mut Run,
        subgraph: &'v Subgraph<'v>,
        simple: bool,
        others: usize,
    ) -> Result<Self, Failure> {
        let count = subgraph.node_count();
        let mut degrees = run.array(0_u32, count)?;
        let mut linked = run.entity_set()?;
        let (mut edges, mut longest) = (0, 0);
        subgraph.each_row(
            Way::Outgoing,
            |_| true,
            |entity, targets| {
                run.visit(targets.len() as u64)?;
                let degree = &mut degrees[entity.slot()];
                *degree += targets.len() as u32;
                longest = longest.max(*degree as usize);
                edges += targets.len();
                linked.add(entity);
                for target in targets {
                    linked.add(*target);
                }
                Ok::<_, Failure>(())
            },
        )?;
        let (mut entities, mut nodes) = (0, 0);
        for slot in 0..count {
            run.visit(1)?;
            let entity = subgraph.from_index(slot);
            entities += usize::from(!subgraph.leaves_out(entity));
            nodes += usize::from(linked.has(entity));
        }
        let mut rows = Self {
            subgraph,
            simple,
            copy: None,
            edges,
            entities,
            linked: nodes,
            longest,
        };
        let copy = (2 * nodes + 2 + edges) * size_of::<u32>();
        let left = run.budget.working.saturating_sub(run.working + run.kept);
        if copy.saturating_add(nodes * others) > left {
            rows.linked = entities;
            run.free(degrees);
            drop(linked);
            run.release(run.set_bytes());
            return Ok(rows);
        }
        let mut slots = run.list_of(nodes)?;
        // The index of the first target of each node, two places further on: filling moves this back by one.
        let mut starts = run.list_of(nodes + 2)?;
        starts.extend([0, 0]);
        let mut end = 0;
        for entity in linked.iter() {
            run.work(1)?;
            let slot = entity.slot();
            end += degrees[slot];
            // From here on, `degrees` has the number of each entity's node.
            degrees[slot] = slots.len() as u32;
            slots.push(slot as u32);
            starts.push(end);
        }
        let numbers = degrees;
        let mut targets = run.array(0_u32, edges)?;
        subgraph.each_row(
            Way::Outgoing,
            |_| true,
            |entity, some| {
                run.work(some.len())?;
                let next = &mut starts[numbers[entity.slot()] as usize + 1];
                let begin = *next as usize;
                *next += some.len() as u32;
                for (target, entity) in targets[begin..].iter_mut().zip(some) {
                    *target = numbers[entity.slot()];
                }
                Ok::<_, Failure>(())
            },
        )?;
        starts.pop();
        if simple {
            let mut kept = 0;
            for node in 0..nodes {
                run.work(1)?;
                let range = starts[node] as usize..starts[node + 1] as usize;
                starts[node] = kept as u32;
                let count = simplify(&mut targets[range.clone()], node as u32);
                targets.copy_within(range.start..range.start + count, kept);
                kept += count;
            }
            starts[nodes] = kept as u32;
            targets.truncate(kept);
        }
        run.free(numbers);
        drop(linked);
        run.release(run.set_bytes());
        rows.edges = targets.len();
        rows.copy = Some(Copied {
            slots,
            starts,
            targets,
        });
        Ok(rows)
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        match &self.copy {
            Some(copy) => copy.slots.len(),
            None => self.subgraph.node_count(),
        }
    }

    /// The slot of a node's entity.
    pub fn slot(&self, node: u32) -> usize {
        match &self.copy {
            Some(copy) => copy.slots[node as usize] as usize,
            None => node as usize,
        }
    }

    /// The nodes whose entities are not left out.
    pub fn nodes(&self) -> impl Iterator<Item = u32> {
        let is_copied = self.copy.is_some();
        let is_left_out = |slot: u32| self.subgraph.leaves_out(self.subgraph.from_index(slot as usize));
        (0..self.len() as u32).filter(move |it| is_copied || !is_left_out(*it))
    }

    /// Bytes of the list that [`Self::each`] needs.
    pub fn scratch_bytes(&self) -> usize {
        match self.copy {
            Some(_) => 0,
            None => self.longest.next_power_of_two() * size_of::<u32>(),
        }
    }

    /// Calls `take` with each target of a node.
    #[inline]
    pub fn each(&self, node: u32, scratch: &mut Vec<u32>, mut take: impl FnMut(usize)) {
        if let Some(copy) = &self.copy {
            let node = node as usize;
            let targets = &copy.targets[copy.starts[node] as usize..copy.starts[node + 1] as usize];
            return targets.iter().for_each(|it| take(*it as usize));
        }
        let entity = self.subgraph.from_index(node as usize);
        let targets = self.subgraph.edges_of(entity, Way::Outgoing);
        let targets = targets.map(|it| it.target().slot() as u32);
        if !self.simple {
            return targets.for_each(|it| take(it as usize));
        }
        // The targets of an entity are kept, to count parallel edges once.
        scratch.clear();
        scratch.extend(targets);
        let kept = simplify(scratch, node);
        scratch[..kept].iter().for_each(|it| take(*it as usize));
    }
}

/// For each slot, the slots at the other ends of its edges.
pub(super) struct EdgeLists {
    /// First and last index for each slot. Between two lists there may be gaps.
    pub starts: Vec<u32>,
    pub ends: Vec<u32>,
    pub others: Vec<u32>,
}

impl EdgeLists {
    /// Copies the edges of a subgraph in a direction, of types that `of_type` selects. Takes 8 bytes for each entity and 4
    /// for each edge. `None` if this does not leave `others` bytes of working memory for each entity, or if a slot has more
    /// than 31 bits. `each` gets the other ends of each entity's edges.
    pub fn of(
        run: &mut Run,
        subgraph: &Subgraph,
        way: Way,
        of_type: impl Fn(TypeId) -> bool + Copy,
        others: usize,
        mut each: impl FnMut(&[EntityNo]),
    ) -> Result<Option<Self>, Failure> {
        let count = subgraph.node_count();
        let mut starts = run.array(0_u32, count)?;
        let mut edges = 0;
        subgraph.each_count(way, of_type, |entity, count| {
            run.work(1)?;
            starts[entity.slot()] += count as u32;
            edges += count;
            Ok::<_, Failure>(())
        })?;
        let needed = edges * size_of::<u32>() + count * (size_of::<u32>() + others);
        if count >> 31 != 0 || needed > run.budget.working.saturating_sub(run.working + run.kept) {
            run.free(starts);
            return Ok(None);
        }
        let mut ends = run.list_of(count)?;
        let mut begin = 0;
        for start in &mut starts {
            begin += std::mem::replace(start, begin);
            ends.push(*start);
        }
        let mut lists = Self {
            starts,
            ends,
            others: run.array(0_u32, edges)?,
        };
        subgraph.each_row(way, of_type, |entity, some| {
            run.visit(some.len() as u64)?;
            each(some);
            let end = &mut lists.ends[entity.slot()];
            for (other, entity) in lists.others[*end as usize..].iter_mut().zip(some) {
                *other = entity.slot() as u32;
            }
            *end += some.len() as u32;
            Ok::<_, Failure>(())
        })?;
        Ok(Some(lists))
    }

    /// The slots at the other ends of a slot's edges.
    #[inline]
    pub fn get(&self, slot: usize) -> &[u32] {
        &self.others[self.starts[slot] as usize..self.ends[slot] as usize]
    }

    /// Frees the lists and releases their memory.
    pub fn free(self, run: &mut Run) {
        run.free(self.starts);
        run.free(self.ends);
        run.free(self.others);
    }
}

/// Sorts targets, and moves each distinct one except the entity itself to the front. Returns their number.
fn simplify(targets: &mut [u32], entity: u32) -> usize {
    targets.sort_unstable();
    let mut kept = 0;
    for at in 0..targets.len() {
        let target = targets[at];
        if target != entity && (kept == 0 || targets[kept - 1] != target) {
            targets[kept] = target;
            kept += 1;
        }
    }
    kept
}
