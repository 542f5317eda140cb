//! Paths between two entities: a shortest path, and simple paths in the order of their length.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use petgraph::Direction as Way;
use petgraph::visit::EdgeRef;

use super::working_memory::Marks;
use super::{Failure, Run, Written};
use crate::graph::{EdgeNo, EdgeReference, EntityNo, Subgraph};
use crate::ontology::{Direction, RelationId};

/// A path: its edges in walking order.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub start: EntityNo,
    pub steps: Vec<EdgeReference>,
    pub cost: f64,
}

/// The cost of an edge.
pub(super) trait Weigh {
    fn weigh(&self, edge: &EdgeReference) -> f64;
}

impl<F: Fn(&EdgeReference) -> f64> Weigh for F {
    fn weigh(&self, edge: &EdgeReference) -> f64 {
        self(edge)
    }
}

/// The predecessor of a reached entity.
type Reached = Marks<EntityNo>;

/// Marks a missing path.
const NOTHING: u32 = u32::MAX;

/// A shortest path of at most `most` edges, by breadth-first search from both ends that extends the smaller frontier.
/// Visits the edges within half the distance of each end, and takes at most 8 bytes for each entity there, in addition
/// to the frontiers.
pub(super) fn shortest(
    run: &mut Run,
    subgraph: &Subgraph,
    from: EntityNo,
    to: EntityNo,
    most: usize,
) -> Result<Option<Path>, Failure> {
    if subgraph.leaves_out(from) || subgraph.leaves_out(to) {
        return Ok(None);
    }
    let mut reached: [Reached; 2] = [Marks::new(EntityNo::NONE), Marks::new(EntityNo::NONE)];
    // Each end is its own predecessor.
    reached[0].set(run, from, from)?;
    reached[1].set(run, to, to)?;
    let mut fronts = [vec![from], vec![to]];
    let mut meeting = (from == to).then_some(from);
    for _ in 0..most {
        if meeting.is_some() || fronts.iter().any(Vec::is_empty) {
            break;
        }
        let side = usize::from(fronts[1].len() < fronts[0].len());
        let way = [Way::Outgoing, Way::Incoming][side];
        let mut next = Vec::new();
        let front = std::mem::take(&mut fronts[side]);
        'level: for entity in &front {
            run.work(1)?;
            for edge in subgraph.edges_of(*entity, way) {
                run.visit(1)?;
                let other = if side == 0 { edge.target() } else { edge.source() };
                if reached[side].get(other).is_some() {
                    continue;
                }
                reached[side].set(run, other, *entity)?;
                // All meeting points on a level have paths of the same length, so any of them is correct.
                if reached[1 - side].get(other).is_some() {
                    meeting = Some(other);
                    break 'level;
                }
                run.push(&mut next, other)?;
            }
        }
        run.free(front);
        fronts[side] = next;
    }
    let Some(meeting) = meeting else {
        return Ok(None);
    };
    let mut steps = Vec::new();
    let mut at = meeting;
    while let Some(before) = reached[0].get(at).filter(|it| *it != at) {
        if let Some(edge) = edge_between(run, subgraph, before, at, Way::Outgoing)? {
            run.push(&mut steps, edge)?;
        }
        at = before;
    }
    steps.reverse();
    at = meeting;
    while let Some(after) = reached[1].get(at).filter(|it| *it != at) {
        if let Some(edge) = edge_between(run, subgraph, after, at, Way::Incoming)? {
            run.push(&mut steps, edge)?;
        }
        at = after;
    }
    Ok(Some(Path {
        start: from,
        cost: steps.len() as f64,
        steps,
    }))
}

/// The edge that a search took between two entities: the first one.
fn edge_between(
    run: &mut Run,
    subgraph: &Subgraph,
    entity: EntityNo,
    other: EntityNo,
    way: Way,
) -> Result<Option<EdgeReference>, Failure> {
    for edge in subgraph.edges_of(entity, way) {
        run.work(1)?;
        let end = if way == Way::Outgoing {
            edge.target()
        } else {
            edge.source()
        };
        if end == other {
            return Ok(Some(edge));
        }
    }
    Ok(None)
}

/// Number of rows for which a path in progress is counted.
const KEPT: u64 = 20;

/// Entities of a path that are examined in the time of a row.
const ENTITIES_A_ROW: usize = 4;

/// An incomplete path: its last edge and the path before it.
#[derive(Clone, Copy)]
struct PartialPath {
    at: EntityNo,
    /// The path before it; [`NOTHING`] at the start.
    before: u32,
    relation: RelationId,
    direction: Direction,
    edge: EdgeNo,
    hops: u32,
    cost: f64,
}

/// The order of the queue: the cheapest path to complete, then the fewest edges in all, then the fewest edges left,
/// then the path found first.
struct QueuedPath {
    bound: f64,
    hops_bound: u32,
    hops: u32,
    no: u32,
}

impl Ord for QueuedPath {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_bound = other.bound.total_cmp(&self.bound);
        let by_hops = other.hops_bound.cmp(&self.hops_bound);
        by_bound
            .then(by_hops)
            .then(self.hops.cmp(&other.hops))
            .then(other.no.cmp(&self.no))
    }
}

impl PartialOrd for QueuedPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for QueuedPath {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for QueuedPath {}

/// Lower bounds for the rest of a path from an entity: number of edges and their cost.
struct Remaining {
    hops: Marks<u32>,
    /// `None` if edges have no weights.
    cost: Option<Marks<f64>>,
}

impl Remaining {
    fn get(&self, entity: EntityNo) -> Option<(u32, f64)> {
        let hops = self.hops.get(entity)?;
        let cost = self.cost.as_ref().map(|it| it.get(entity));
        Some((hops, cost.unwrap_or(Some(f64::from(hops)))?))
    }
}

/// The first `count` simple paths of at most `most` edges, the cheapest first. Parallel edges make different paths.
///
/// A best-first search over paths from the start. A search back from the end first computes a lower bound of the rest
/// for each entity. Only paths that can still arrive within the limits are extended, so the first paths cost about
/// their length times the degree. If many incomplete paths could only arrive by visiting an entity twice, the search
/// costs more, up to the limit of rows.
pub(super) fn simple(
    run: &mut Run,
    subgraph: &Subgraph,
    (from, to): (EntityNo, EntityNo),
    most: usize,
    weigh: Option<&dyn Weigh>,
    count: usize,
) -> Result<Vec<Path>, Failure> {
    let mut found = Vec::new();
    if subgraph.leaves_out(from) || subgraph.leaves_out(to) {
        return Ok(found);
    }
    let remaining = remaining(run, subgraph, to, most, weigh)?;
    let Some(whole) = remaining.get(from) else {
        return Ok(found);
    };
    let mut partials = Vec::new();
    let start = PartialPath {
        at: from,
        before: NOTHING,
        relation: RelationId::at(0),
        direction: Direction::Out,
        edge: EdgeNo::NONE,
        hops: 0,
        cost: 0.0,
    };
    run.push(&mut partials, start)?;
    let mut queue = BinaryHeap::from([QueuedPath {
        bound: whole.1,
        hops_bound: whole.0,
        hops: 0,
        no: 0,
    }]);
    while let Some(QueuedPath { no, .. }) = queue.pop() {
        if found.len() >= count {
            break;
        }
        let partial = partials[no as usize];
        if partial.at == to {
            let path = whole_path(run, &partials, from, partial)?;
            run.push(&mut found, path)?;
            continue;
        }
        run.work(1)?;
        for edge in subgraph.edges_of(partial.at, Way::Outgoing) {
            run.visit(1)?;
            let at = edge.target();
            let Some((hops_left, cost_left)) = remaining.get(at) else {
                continue;
            };
            let hops = partial.hops + 1;
            if (hops + hops_left) as usize > most {
                continue;
            }
            run.work(partial.hops as usize / ENTITIES_A_ROW)?;
            if is_on(&partials, partial, at) {
                continue;
            }
            // Incomplete paths count for several rows, so that the limit of rows also bounds their memory.
            run.visit(KEPT)?;
            let cost = partial.cost + weigh.map_or(1.0, |it| it.weigh(&edge));
            if queue.len() == queue.capacity() {
                grow_heap(run, &mut queue)?;
            }
            queue.push(QueuedPath {
                bound: cost + cost_left,
                hops_bound: hops + hops_left,
                hops,
                no: partials.len() as u32,
            });
            let (relation, edge_no) = edge.id();
            let longer = PartialPath {
                at,
                before: no,
                relation,
                direction: edge.direction(),
                edge: edge_no,
                hops,
                cost,
            };
            run.push(&mut partials, longer)?;
        }
    }
    Ok(found)
}

fn whole_path(
    run: &mut Run,
    partials: &[PartialPath],
    start: EntityNo,
    end: PartialPath,
) -> Result<Path, Failure> {
    let mut steps = run.list_of(end.hops as usize)?;
    let mut at = end;
    while let Some(before) = partials.get(at.before as usize) {
        steps.push(EdgeReference::new(
            before.at,
            at.at,
            (at.relation, at.edge),
            at.direction,
        ));
        at = *before;
    }
    steps.reverse();
    Ok(Path {
        start,
        steps,
        cost: end.cost,
    })
}

/// Whether a path contains an entity.
fn is_on(partials: &[PartialPath], mut path: PartialPath, entity: EntityNo) -> bool {
    loop {
        if path.at == entity {
            return true;
        }
        match partials.get(path.before as usize) {
            Some(before) => path = *before,
            None => return false,
        }
    }
}

/// An edge that `is_wanted` on a path of at most `most` edges between two entities. Visits the edges within that
/// distance of either end.
pub(super) fn on_a_way(
    run: &mut Run,
    subgraph: &Subgraph,
    (from, to): (EntityNo, EntityNo),
    most: usize,
    is_wanted: impl Fn(&EdgeReference) -> bool,
) -> Result<Option<EdgeReference>, Failure> {
    let left = hops_left(run, subgraph, to, most)?;
    let mut reached = Marks::new(u32::MAX);
    reached.set(run, from, 0)?;
    let mut front = vec![from];
    for hops in 1..=most {
        let mut next = Vec::new();
        for entity in &front {
            run.work(1)?;
            for edge in subgraph.edges_of(*entity, Way::Outgoing) {
                run.visit(1)?;
                let arrives = left
                    .get(edge.target())
                    .is_some_and(|it| hops + it as usize <= most);
                if arrives && is_wanted(&edge) {
                    return Ok(Some(edge));
                }
                if arrives && reached.get(edge.target()).is_none() {
                    reached.set(run, edge.target(), hops as u32)?;
                    run.push(&mut next, edge.target())?;
                }
            }
        }
        run.free(front);
        front = next;
        if front.is_empty() {
            break;
        }
    }
    Ok(None)
}

/// The number of edges from each entity that can reach the end within `most` edges.
fn hops_left(run: &mut Run, subgraph: &Subgraph, to: EntityNo, most: usize) -> Result<Marks<u32>, Failure> {
    let mut hops_left = Marks::new(u32::MAX);
    hops_left.set(run, to, 0)?;
    let mut front = vec![to];
    let mut hops = 0;
    while !front.is_empty() && (hops as usize) < most {
        hops += 1;
        let mut next = Vec::new();
        for entity in &front {
            run.work(1)?;
            for edge in subgraph.edges_of(*entity, Way::Incoming) {
                run.visit(1)?;
                if hops_left.get(edge.source()).is_none() {
                    hops_left.set(run, edge.source(), hops)?;
                    run.push(&mut next, edge.source())?;
                }
            }
        }
        run.free(front);
        front = next;
    }
    Ok(hops_left)
}

/// The lowest cost from each entity that can reach the end within `most` edges.
fn remaining(
    run: &mut Run,
    subgraph: &Subgraph,
    to: EntityNo,
    most: usize,
    weigh: Option<&dyn Weigh>,
) -> Result<Remaining, Failure> {
    let hops_left = hops_left(run, subgraph, to, most)?;
    let Some(weigh) = weigh else {
        return Ok(Remaining {
            hops: hops_left,
            cost: None,
        });
    };
    // Dijkstra's algorithm, restricted to entities that are near enough to the end.
    let mut cost_left = Marks::new(f64::INFINITY);
    let mut queue = BinaryHeap::from([Nearest(0.0, to)]);
    cost_left.set(run, to, 0.0)?;
    while let Some(Nearest(cost, entity)) = queue.pop() {
        run.work(1)?;
        if cost_left.get(entity).is_some_and(|it| cost > it) {
            continue;
        }
        for edge in subgraph.edges_of(entity, Way::Incoming) {
            run.visit(1)?;
            let through = cost + weigh.weigh(&edge);
            let source = edge.source();
            if hops_left.get(source).is_some() && cost_left.get(source).is_none_or(|it| through < it) {
                cost_left.set(run, source, through)?;
                if queue.len() == queue.capacity() {
                    grow_heap(run, &mut queue)?;
                }
                queue.push(Nearest(through, source));
            }
        }
    }
    Ok(Remaining {
        hops: hops_left,
        cost: Some(cost_left),
    })
}

/// Reserves capacity in a queue that is counted as working memory.
fn grow_heap<T: Ord>(run: &mut Run, queue: &mut BinaryHeap<T>) -> Written {
    let now = queue.capacity() * size_of::<T>();
    let more = (queue.capacity() / 2).max(16);
    run.hold(now + more * size_of::<T>())?;
    queue.reserve_exact(more);
    run.release(now);
    Ok(())
}

/// An entity and its cost; equal costs have no particular order.
struct Nearest(f64, EntityNo);

impl Ord for Nearest {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_cost = other.0.total_cmp(&self.0);
        by_cost.then(other.1.slot().cmp(&self.1.slot()))
    }
}

impl PartialOrd for Nearest {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Nearest {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Nearest {}
