//! Rankings of entities, and similar entities.
//!
//! petgraph's `page_rank` scans every edge for every node, and petgraph has neither betweenness nor closeness. Therefore
//! these are implemented here: `PageRank` in `page_rank`, betweenness by Brandes' algorithm, and closeness as defined by
//! Wasserman and Faust. Scores are equal to those of networkx.

use std::collections::BinaryHeap;

use petgraph::Direction as Way;
use petgraph::visit::{EdgeRef, NodeCount};
use rayon::prelude::*;

use super::page_rank::page_rank;
use super::rows::Rows;
use super::working_memory::{self, Marks};
use super::{CHECK_EVERY, Failure, Run};
use crate::budget::{Clock, Stop};
use crate::graph::{EntityNo, EntitySet, OrderKey, Subgraph};
use crate::plan::Similarity;

/// An entity and its score.
pub(super) struct RankedEntity {
    pub entity: EntityNo,
    pub score: f64,
    pub exact: bool,
}

/// The method of a ranking.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// With a damping factor.
    PageRank(f64),
    Degree,
    Betweenness,
    Closeness,
}

/// Ranks entities: the highest score first, equal scores in the order of types and ids.
pub(super) fn rank(
    run: &mut Run,
    subgraph: &Subgraph,
    by: By,
    wanted: &EntitySet,
    first: usize,
) -> Result<Vec<RankedEntity>, Failure> {
    let count = subgraph.node_count();
    let (scores, exact) = match by {
        By::PageRank(damping) => (page_rank(run, subgraph, damping)?, true),
        By::Degree => {
            let mut scores = run.array(0.0, count)?;
            for _ in 0..count {
                run.visit(1)?;
            }
            subgraph.each_row(
                Way::Outgoing,
                |_| true,
                |entity, targets| {
                    run.visit(targets.len() as u64)?;
                    scores[entity.slot()] += targets.len() as f64;
                    Ok::<_, Failure>(())
                },
            )?;
            (scores, true)
        }
        By::Betweenness => {
            let rows = Rows::of(run, subgraph, true, Between::BYTES)?;
            let pivots = Pivots::of(run, &rows)?;
            (betweenness(run, &rows, &pivots)?, pivots.all)
        }
        By::Closeness => {
            let rows = Rows::of(run, subgraph, true, ClosenessLane::BYTES)?;
            let pivots = Pivots::of(run, &rows)?;
            (closeness(run, &rows, &pivots)?, pivots.all)
        }
    };
    let entities = wanted.iter().filter(|it| !subgraph.leaves_out(*it));
    let ranked = entities.map(|it| (it, scores[it.slot()]));
    best(run, ranked, first, exact)
}

/// A score. The highest sorts first, and equal scores sort by types and ids.
struct Scored(f64, OrderKey, EntityNo);

impl PartialEq for Scored {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scored {}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.total_cmp(&self.0).then(self.1.cmp(&other.1))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Returns the best scores, and never stores more than these.
fn best(
    run: &mut Run,
    scored: impl Iterator<Item = (EntityNo, f64)>,
    first: usize,
    exact: bool,
) -> Result<Vec<RankedEntity>, Failure> {
    let kept = first.min(run.entities());
    run.hold(kept.saturating_mul(size_of::<Scored>() + size_of::<RankedEntity>()))?;
    let mut heap: BinaryHeap<Scored> = BinaryHeap::with_capacity(kept);
    for (entity, score) in scored {
        run.work(1)?;
        let scored = Scored(score, run.view.order_key(entity), entity);
        if heap.len() < kept {
            heap.push(scored);
        } else if let Some(mut last) = heap.peek_mut()
            && scored < *last
        {
            *last = scored;
        }
    }
    let mut ranked = Vec::with_capacity(heap.len());
    let sorted = heap.into_sorted_vec().into_iter();
    ranked.extend(sorted.map(|Scored(score, _, entity)| RankedEntity { entity, score, exact }));
    Ok(ranked)
}

const MOST_WORK: u64 = 400_000_000;

/// Maximum number of lanes in which searches run in parallel, each with its own sums, as far as the working memory
/// allows. The number depends on the graph and the limits, not on the processor, so that the sums are reproducible.
const LANES: usize = 8;

/// Number of consecutive searches in a lane before the next lane continues.
const SEARCHES_AT_ONCE: usize = 64;

/// The entities where searches begin.
struct Pivots {
    nodes: Vec<u32>,
    /// Whether these are all entities.
    all: bool,
    /// Number of entities that each of these represents.
    weight: f64,
}

impl Pivots {
    fn of(run: &mut Run, rows: &Rows) -> Result<Self, Failure> {
        let search = (rows.edges + rows.linked).max(1) as u64;
        let most = usize::try_from((MOST_WORK / search).max(1)).unwrap_or(usize::MAX);
        let mut nodes = run.list_of(most.min(rows.linked))?;
        if rows.linked <= most {
            nodes.extend(rows.nodes());
            return Ok(Self {
                nodes,
                all: true,
                weight: 1.0,
            });
        }
        // The sample is reproducible: entities in the order of a fixed hash of their numbers.
        let mix = |slot: usize| (slot as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        run.hold(most * size_of::<(u64, u32)>())?;
        let mut sample: BinaryHeap<(u64, u32)> = BinaryHeap::with_capacity(most);
        for node in rows.nodes() {
            run.work(1)?;
            let mixed = (mix(rows.slot(node)), node);
            if sample.len() < most {
                sample.push(mixed);
            } else if let Some(mut last) = sample.peek_mut()
                && mixed < *last
            {
                *last = mixed;
            }
        }
        nodes.extend(sample.into_sorted_vec().into_iter().map(|(_, node)| node));
        run.release(most * size_of::<(u64, u32)>());
        Ok(Self {
            weight: rows.linked as f64 / nodes.len() as f64,
            nodes,
            all: false,
        })
    }

    /// Searches from all pivots, in lanes. Returns the sums of each lane in a fixed order. A lane takes `bytes`; what
    /// `scores` entities take is left for the result.
    fn search<S: Send>(
        &self,
        run: &mut Run,
        rows: &Rows,
        bytes: usize,
        scores: usize,
        new: impl Fn() -> S + Sync,
        search: impl Fn(&mut S, u32, &Clock) -> Result<(), Stop> + Sync,
    ) -> Result<Vec<S>, Failure> {
        let clock = run.budget.clock;
        let search_work = (rows.edges + rows.linked) as u64;
        let bytes = bytes + rows.scratch_bytes();
        let others = run.working + run.kept + scores * size_of::<f64>();
        let left = run.budget.working.saturating_sub(others);
        let needed = self.nodes.len().div_ceil(SEARCHES_AT_ONCE);
        let lanes = (left / bytes.max(1)).clamp(1, LANES).min(needed.max(1));
        run.hold(lanes * bytes)?;
        let mut sums: Vec<S> = (0..lanes).map(|_| new()).collect();
        for round in self.nodes.chunks(SEARCHES_AT_ONCE * lanes) {
            let parts = sums.par_iter_mut().zip(round.par_chunks(SEARCHES_AT_ONCE));
            parts.try_for_each(|(sum, pivots)| {
                pivots.iter().try_for_each(|pivot| search(sum, *pivot, &clock))
            })?;
            run.visit(search_work * round.len() as u64 / 16)?;
        }
        Ok(sums)
    }
}

/// Checks the clock at the first entity, and then once in a number of entities.
#[inline]
fn tick(at: usize, clock: &Clock) -> Result<(), Stop> {
    match at
        .is_multiple_of(CHECK_EVERY as usize)
        .then(|| clock.stop())
        .flatten()
    {
        Some(stop) => Err(stop),
        None => Ok(()),
    }
}

const FAR: u32 = u32::MAX;

/// State of a lane that computes betweenness.
struct Between {
    scores: Vec<f64>,
    distance: Vec<u32>,
    /// The number of shortest paths to an entity, `sigma` in Brandes' algorithm. After the backward pass,
    /// `(1 + delta) / sigma`.
    paths: Vec<f64>,
    /// The entities in the order in which they were reached.
    order: Vec<u32>,
    scratch: Vec<u32>,
}

impl Between {
    /// Bytes per entity.
    const BYTES: usize = 2 * size_of::<f64>() + 2 * size_of::<u32>();
}

/// Brandes' algorithm: a search from each entity counts the shortest paths, and a backward pass distributes them over
/// the entities. Takes 24 bytes for each entity in each lane.
fn betweenness(run: &mut Run, rows: &Rows, pivots: &Pivots) -> Result<Vec<f64>, Failure> {
    let (count, slots) = (rows.len(), run.entities());
    let new = || Between {
        scores: vec![0.0; count],
        distance: vec![FAR; count],
        paths: vec![0.0; count],
        order: Vec::with_capacity(count),
        scratch: Vec::new(),
    };
    let search = |it: &mut Between, from: u32, clock: &Clock| {
        let Between {
            scores,
            distance,
            paths,
            order,
            scratch,
        } = it;
        order.clear();
        order.push(from);
        distance[from as usize] = 0;
        paths[from as usize] = 1.0;
        let mut at = 0;
        while at < order.len() {
            let node = order[at];
            tick(at, clock)?;
            at += 1;
            let (next, through) = (distance[node as usize] + 1, paths[node as usize]);
            rows.each(node, scratch, |target| {
                if distance[target] == FAR {
                    distance[target] = next;
                    order.push(target as u32);
                }
                if distance[target] == next {
                    paths[target] += through;
                }
            });
        }
        for (back, node) in order.iter().rev().enumerate() {
            tick(back, clock)?;
            let at = *node as usize;
            let next = distance[at] + 1;
            let mut share = 0.0;
            let own = paths[at];
            rows.each(*node, scratch, |target| {
                if distance[target] == next {
                    share += own * paths[target];
                }
            });
            paths[at] = (1.0 + share) / own;
            if *node != from {
                scores[at] += share;
            }
        }
        for node in &*order {
            let at = *node as usize;
            distance[at] = FAR;
            paths[at] = 0.0;
        }
        Ok(())
    };
    let sums = pivots.search(run, rows, count * Between::BYTES, slots, new, search)?;
    let entities = rows.entities as f64;
    let pairs = (entities - 1.0) * (entities - 2.0);
    let mut scores = run.array(0.0, slots)?;
    for node in rows.nodes() {
        run.work(1)?;
        let sum: f64 = sums.iter().map(|it| it.scores[node as usize]).sum();
        if pairs > 0.0 {
            scores[rows.slot(node)] = sum * pivots.weight / pairs;
        }
    }
    Ok(scores)
}

/// State of a lane that computes closeness.
struct ClosenessLane {
    distances: Vec<u64>,
    reached: Vec<u32>,
    seen: Vec<bool>,
    /// The entities in the order in which they were reached.
    order: Vec<u32>,
    scratch: Vec<u32>,
}

impl ClosenessLane {
    /// Bytes per entity.
    const BYTES: usize = size_of::<u64>() + 2 * size_of::<u32>() + size_of::<bool>();
}

/// Closeness of entities to those that reach them: searches from these add up their distances. Takes 17 bytes for each
/// entity in each lane.
fn closeness(run: &mut Run, rows: &Rows, pivots: &Pivots) -> Result<Vec<f64>, Failure> {
    let (count, slots) = (rows.len(), run.entities());
    let new = || ClosenessLane {
        distances: vec![0; count],
        reached: vec![0; count],
        seen: vec![false; count],
        order: Vec::with_capacity(count),
        scratch: Vec::new(),
    };
    let search = |it: &mut ClosenessLane, from: u32, clock: &Clock| {
        let ClosenessLane {
            distances,
            reached,
            seen,
            order,
            scratch,
        } = it;
        order.clear();
        order.push(from);
        seen[from as usize] = true;
        let (mut at, mut level, mut distance) = (0, 1, 0);
        while at < order.len() {
            if at == level {
                (level, distance) = (order.len(), distance + 1);
            }
            let node = order[at];
            tick(at, clock)?;
            at += 1;
            distances[node as usize] += distance;
            reached[node as usize] += 1;
            rows.each(node, scratch, |target| {
                if !seen[target] {
                    seen[target] = true;
                    order.push(target as u32);
                }
            });
        }
        for node in &*order {
            seen[*node as usize] = false;
        }
        Ok(())
    };
    let sums = pivots.search(run, rows, count * ClosenessLane::BYTES, slots, new, search)?;
    let mut scores = run.array(0.0, slots)?;
    for node in rows.nodes() {
        run.work(1)?;
        let at = node as usize;
        let distance: u64 = sums.iter().map(|it| it.distances[at]).sum();
        let reached: u64 = sums.iter().map(|it| u64::from(it.reached[at])).sum();
        if distance == 0 {
            continue;
        }
        // Number of other entities that reach it, estimated if only a sample was searched from.
        let itself = if pivots.all { 1.0 } else { 0.0 };
        let others = (reached as f64 - itself) * pivots.weight;
        let distance = distance as f64 * pivots.weight;
        let all = rows.entities as f64 - 1.0;
        scores[rows.slot(node)] = others / distance * (others / all).min(1.0);
    }
    Ok(scores)
}

/// The distinct targets or sources of an entity, without itself.
fn around(run: &mut Run, subgraph: &Subgraph, entity: EntityNo, way: Way) -> Result<Vec<EntityNo>, Failure> {
    let mut all: Vec<EntityNo> = Vec::new();
    for edge in subgraph.edges_of(entity, way) {
        run.visit(1)?;
        let other = if way == Way::Outgoing {
            edge.target()
        } else {
            edge.source()
        };
        if other != entity {
            run.push(&mut all, other)?;
        }
    }
    let whole = 0..all.len();
    let key = |it: &EntityNo| run.view.order_key(*it);
    working_memory::sort(&mut all, whole, &run.budget.clock, |a, b| key(a).cmp(&key(b)))?;
    all.dedup();
    Ok(all)
}

/// The entities whose neighbors are most similar to an entity's. Takes time linear in the edges within distance two of
/// it, and at most 12 bytes for each entity there.
pub(super) fn similar(
    run: &mut Run,
    subgraph: &Subgraph,
    to: EntityNo,
    by: Similarity,
    wanted: &EntitySet,
    first: usize,
) -> Result<Vec<RankedEntity>, Failure> {
    let own = around(run, subgraph, to, Way::Outgoing)?;
    // Scores are never negative.
    let mut scores: Marks<f64> = Marks::new(-1.0);
    for shared in &own {
        let others = around(run, subgraph, *shared, Way::Incoming)?;
        let weight = match by {
            Similarity::Jaccard => 1.0,
            // With a single entity the weight is infinite, but then there is no other entity to score.
            Similarity::AdamicAdar => 1.0 / (others.len() as f64).ln(),
        };
        for other in &others {
            run.work(1)?;
            if *other != to && wanted.has(*other) {
                let score = scores.get(*other).unwrap_or_default();
                scores.set(run, *other, score + weight)?;
            }
        }
        run.free(others);
    }
    if by == Similarity::Jaccard {
        let mut entities: Vec<EntityNo> = Vec::new();
        for (entity, _) in scores.iter(run.view) {
            run.push(&mut entities, entity)?;
        }
        for entity in entities {
            let others = around(run, subgraph, entity, Way::Outgoing)?;
            let all = others.len() + own.len();
            run.free(others);
            if let Some(shared) = scores.get(entity) {
                scores.set(run, entity, shared / (all as f64 - shared))?;
            }
        }
    }
    let view = run.view;
    best(run, scores.iter(view), first, true)
}
