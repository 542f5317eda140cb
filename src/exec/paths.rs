//! What connects two entities: a shortest path, and simple paths in the order of their length.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use petgraph::Direction as Way;
use petgraph::visit::EdgeRef;
use rustc_hash::FxHashMap;

use super::{Failure, Run};
use crate::graph::{EdgeReference, EntityNo, View};

/// A path: its edges in walking order.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub start: EntityNo,
    pub steps: Vec<EdgeReference>,
    pub cost: f64,
}

/// What an edge counts.
pub(super) trait Weigh {
    fn weigh(&self, edge: &EdgeReference) -> f64;
}

impl<F: Fn(&EdgeReference) -> f64> Weigh for F {
    fn weigh(&self, edge: &EdgeReference) -> f64 {
        self(edge)
    }
}

/// How an entity was reached: over which edge, `None` where the search began.
type Reached = FxHashMap<EntityNo, Option<EdgeReference>>;

/// A shortest path of at most so many edges, by breadth-first search from both ends, the smaller front first.
/// Takes O(edges within half the distance of either end).
pub(super) fn shortest(
    run: &mut Run,
    view: &View,
    from: EntityNo,
    to: EntityNo,
    most: usize,
) -> Result<Option<Path>, Failure> {
    if view.leaves_out(from) || view.leaves_out(to) {
        return Ok(None);
    }
    let mut reached: [Reached; 2] = [Reached::default(), Reached::default()];
    reached[0].insert(from, None);
    reached[1].insert(to, None);
    let mut fronts = [vec![from], vec![to]];
    let mut meeting = (from == to).then_some(from);
    for _ in 0..most {
        if meeting.is_some() || fronts.iter().any(Vec::is_empty) {
            break;
        }
        let side = usize::from(fronts[1].len() < fronts[0].len());
        let way = [Way::Outgoing, Way::Incoming][side];
        let mut next = Vec::new();
        'level: for entity in std::mem::take(&mut fronts[side]) {
            for edge in view.edges_of(entity, way) {
                run.visit(1)?;
                let other = if side == 0 { edge.target() } else { edge.source() };
                if reached[side].contains_key(&other) {
                    continue;
                }
                reached[side].insert(other, Some(edge));
                // All that meet on one level make paths of one length, so the first will do.
                if reached[1 - side].contains_key(&other) {
                    meeting = Some(other);
                    break 'level;
                }
                next.push(other);
            }
        }
        fronts[side] = next;
    }
    Ok(meeting.map(|meeting| {
        let mut steps = Vec::new();
        let mut at = meeting;
        while let Some(Some(edge)) = reached[0].get(&at) {
            steps.push(*edge);
            at = edge.source();
        }
        steps.reverse();
        at = meeting;
        while let Some(Some(edge)) = reached[1].get(&at) {
            steps.push(*edge);
            at = edge.target();
        }
        Path {
            start: from,
            cost: steps.len() as f64,
            steps,
        }
    }))
}

/// So many rows a path that has not arrived yet counts for.
const KEPT: u64 = 20;

/// A path that has not arrived yet, as the edge that it ends with and the path before it.
#[derive(Clone, Copy)]
struct Partial {
    at: EntityNo,
    last: Option<(u32, EdgeReference)>,
    hops: usize,
    cost: f64,
}

/// The first of the queue is the cheapest to complete, then the one with fewer edges in all, then the one that
/// is nearest to its end, then the one that was found first.
struct Queued {
    bound: f64,
    hops_bound: usize,
    hops: usize,
    no: u32,
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_bound = other.bound.total_cmp(&self.bound);
        let by_hops = other.hops_bound.cmp(&self.hops_bound);
        by_bound
            .then(by_hops)
            .then(self.hops.cmp(&other.hops))
            .then(other.no.cmp(&self.no))
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Queued {}

/// What is still to come from an entity at least: edges, and their cost.
type Remaining = FxHashMap<EntityNo, (usize, f64)>;

/// The first `count` simple paths of at most so many edges, the cheapest first; parallel edges make paths of
/// their own.
///
/// A best-first search over paths from the start, each bounded by what is left at least, which a search back from
/// the end has found before. It looks only at beginnings that can still arrive in time, so the first paths cost
/// about their length times the degree; where many beginnings have to visit an entity twice to arrive, it
/// costs more, up to the limit of rows.
pub(super) fn simple(
    run: &mut Run,
    view: &View,
    (from, to): (EntityNo, EntityNo),
    most: usize,
    weigh: Option<&dyn Weigh>,
    count: usize,
) -> Result<Vec<Path>, Failure> {
    let mut found = Vec::new();
    if view.leaves_out(from) || view.leaves_out(to) {
        return Ok(found);
    }
    let remaining = remaining(run, view, to, most, weigh)?;
    let Some(whole) = remaining.get(&from) else {
        return Ok(found);
    };
    let mut partials = vec![Partial {
        at: from,
        last: None,
        hops: 0,
        cost: 0.0,
    }];
    let mut queue = BinaryHeap::from([Queued {
        bound: whole.1,
        hops_bound: whole.0,
        hops: 0,
        no: 0,
    }]);
    while let Some(Queued { no, .. }) = queue.pop() {
        if found.len() >= count {
            break;
        }
        let partial = partials[no as usize];
        if partial.at == to {
            found.push(whole_path(&partials, from, partial));
            continue;
        }
        for edge in view.edges_of(partial.at, Way::Outgoing) {
            run.visit(1)?;
            let at = edge.target();
            let Some((hops_left, cost_left)) = remaining.get(&at).copied() else {
                continue;
            };
            let hops = partial.hops + 1;
            if hops + hops_left > most || is_on(&partials, partial, at) {
                continue;
            }
            // What is kept counts more than what is only looked at, so that memory is bounded too.
            run.visit(KEPT)?;
            let cost = partial.cost + weigh.map_or(1.0, |it| it.weigh(&edge));
            queue.push(Queued {
                bound: cost + cost_left,
                hops_bound: hops + hops_left,
                hops,
                no: partials.len() as u32,
            });
            partials.push(Partial {
                at,
                last: Some((no, edge)),
                hops,
                cost,
            });
        }
    }
    Ok(found)
}

fn whole_path(partials: &[Partial], start: EntityNo, end: Partial) -> Path {
    let mut steps = Vec::with_capacity(end.hops);
    let mut at = end;
    while let Some((before, edge)) = at.last {
        steps.push(edge);
        at = partials[before as usize];
    }
    steps.reverse();
    Path {
        start,
        steps,
        cost: end.cost,
    }
}

/// Whether a path has been at an entity.
fn is_on(partials: &[Partial], mut path: Partial, entity: EntityNo) -> bool {
    loop {
        if path.at == entity {
            return true;
        }
        match path.last {
            Some((before, _)) => path = partials[before as usize],
            None => return false,
        }
    }
}

/// What is left at least from each entity that can reach the end within so many edges.
fn remaining(
    run: &mut Run,
    view: &View,
    to: EntityNo,
    most: usize,
    weigh: Option<&dyn Weigh>,
) -> Result<Remaining, Failure> {
    let mut remaining = Remaining::default();
    remaining.insert(to, (0, 0.0));
    let mut queue = VecDeque::from([to]);
    while let Some(entity) = queue.pop_front() {
        let hops = remaining[&entity].0 + 1;
        if hops > most {
            break;
        }
        for edge in view.edges_of(entity, Way::Incoming) {
            run.visit(1)?;
            remaining.entry(edge.source()).or_insert_with(|| {
                queue.push_back(edge.source());
                (hops, hops as f64)
            });
        }
    }
    let Some(weigh) = weigh else {
        return Ok(remaining);
    };
    for left in remaining.values_mut() {
        left.1 = f64::INFINITY;
    }
    // Dijkstra's algorithm, among those that the end is near enough to.
    let mut queue = BinaryHeap::from([Nearest(0.0, to)]);
    remaining.insert(to, (0, 0.0));
    while let Some(Nearest(cost, entity)) = queue.pop() {
        if cost > remaining[&entity].1 {
            continue;
        }
        for edge in view.edges_of(entity, Way::Incoming) {
            run.visit(1)?;
            let through = cost + weigh.weigh(&edge);
            if let Some(left) = remaining.get_mut(&edge.source())
                && through < left.1
            {
                left.1 = through;
                queue.push(Nearest(through, edge.source()));
            }
        }
    }
    Ok(remaining)
}

struct Nearest(f64, EntityNo);

impl Ord for Nearest {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.total_cmp(&self.0).then(other.1.cmp(&self.1))
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
