//! Rankings of entities, similar entities, and components.
//!
//! Components use petgraph's union-find. petgraph's strongly connected components allocate a list for each one, its
//! `page_rank` scans every edge for every node, and it has neither betweenness nor closeness. Therefore these are
//! implemented here: `PageRank` by power iteration, betweenness by Brandes' algorithm, and closeness as defined by
//! Wasserman and Faust. Scores are equal to those of networkx.

use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use petgraph::Direction as Way;
use petgraph::unionfind::UnionFind;
use petgraph::visit::{EdgeRef, NodeCount, NodeIndexable};
use rayon::prelude::*;

use super::working::{self, Marks};
use super::{CHECK_EVERY, Failure, Run};
use crate::budget::{Clock, Stop};
use crate::graph::{EntityNo, EntitySet, OrderKey, Place, Subgraph};
use crate::plan::{Ranking, Similarity};

/// An entity and its score.
pub(super) struct Ranked {
    pub entity: EntityNo,
    pub score: f64,
    pub exact: bool,
}

/// A subgraph for algorithms that visit all of it many times: a copy in arrays, or the slower subgraph itself if the
/// working memory does not suffice for a copy.
struct Rows<'v> {
    subgraph: &'v Subgraph<'v>,
    /// Whether parallel edges count once, and loops not at all.
    simple: bool,
    copy: Option<Copied>,
    edges: usize,
    /// Number of entities that are not left out.
    nodes: usize,
}

struct Copied {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl<'v> Rows<'v> {
    /// Makes a copy, which takes 4 bytes for each entity and edge, if this leaves `others` bytes of working memory.
    fn of(run: &mut Run, subgraph: &'v Subgraph<'v>, simple: bool, others: usize) -> Result<Self, Failure> {
        let count = subgraph.node_count();
        let mut rows = Self {
            subgraph,
            simple,
            copy: None,
            edges: 0,
            nodes: 0,
        };
        let mut most = 0;
        for entity in (0..count).map(|it| subgraph.from_index(it)) {
            let edges = subgraph.edges_of(entity, Way::Outgoing).count();
            run.visit(1 + edges as u64)?;
            rows.edges += edges;
            rows.nodes += usize::from(!subgraph.leaves_out(entity));
            most = most.max(edges);
        }
        let copy = (count + 1 + rows.edges) * size_of::<u32>();
        let left = run.budget.working.saturating_sub(run.working + run.kept);
        if copy.saturating_add(others) > left {
            // The targets of one entity are kept, to count parallel edges once.
            run.hold(most * size_of::<u32>() * LANES)?;
            return Ok(rows);
        }
        let mut starts = run.list_of(count + 1)?;
        let mut targets = run.list_of(rows.edges)?;
        starts.push(0);
        for slot in 0..count {
            run.work(1)?;
            let begin = targets.len();
            for edge in subgraph.edges_of(subgraph.from_index(slot), Way::Outgoing) {
                run.work(1)?;
                targets.push(edge.target().slot() as u32);
            }
            if simple {
                let kept = simplify(&mut targets[begin..], slot as u32);
                targets.truncate(begin + kept);
            }
            starts.push(targets.len() as u32);
        }
        rows.edges = targets.len();
        rows.copy = Some(Copied { starts, targets });
        Ok(rows)
    }

    /// Number of entities, including those that are left out.
    fn len(&self) -> usize {
        self.subgraph.node_count()
    }

    /// The slots of the entities that are not left out.
    fn nodes(&self) -> impl Iterator<Item = u32> {
        let is_left_out = |slot: u32| self.subgraph.leaves_out(self.subgraph.from_index(slot as usize));
        (0..self.len() as u32).filter(move |it| !is_left_out(*it))
    }

    /// Visits the targets of an entity.
    #[inline]
    fn each(&self, node: u32, scratch: &mut Vec<u32>, mut take: impl FnMut(usize)) {
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
        scratch.clear();
        scratch.extend(targets);
        let kept = simplify(scratch, node);
        scratch[..kept].iter().for_each(|it| take(*it as usize));
    }

    /// Number of targets of an entity.
    fn degree(&self, node: u32, scratch: &mut Vec<u32>) -> usize {
        let mut degree = 0;
        self.each(node, scratch, |_| degree += 1);
        degree
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

/// Ranks entities: the highest score first, equal scores in the order of types and ids.
pub(super) fn rank(
    run: &mut Run,
    subgraph: &Subgraph,
    by: Ranking,
    wanted: &EntitySet,
    first: usize,
) -> Result<Vec<Ranked>, Failure> {
    let count = subgraph.node_count();
    let (scores, exact) = match by {
        Ranking::PageRank => {
            let rows = Rows::of(run, subgraph, false, 2 * count * size_of::<f64>())?;
            (page_rank(run, &rows)?, true)
        }
        Ranking::Degree => {
            let mut scores = run.array(0.0, count)?;
            for (slot, score) in scores.iter_mut().enumerate() {
                let entity = subgraph.from_index(slot);
                let degree = subgraph.edges_of(entity, Way::Outgoing).count();
                run.visit(1 + degree as u64)?;
                *score = degree as f64;
            }
            (scores, true)
        }
        Ranking::Betweenness => {
            let rows = Rows::of(run, subgraph, true, count * Between::BYTES)?;
            let pivots = Pivots::of(run, &rows)?;
            (betweenness(run, &rows, &pivots)?, pivots.all)
        }
        Ranking::Closeness => {
            let rows = Rows::of(run, subgraph, true, count * Near::BYTES)?;
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
) -> Result<Vec<Ranked>, Failure> {
    let kept = first.min(run.entities());
    run.hold(kept.saturating_mul(size_of::<Scored>() + size_of::<Ranked>()))?;
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
    ranked.extend(sorted.map(|Scored(score, _, entity)| Ranked { entity, score, exact }));
    Ok(ranked)
}

const DAMPING: f64 = 0.85;
/// The iteration ends when the total change of the scores is less than this per entity.
const TOLERANCE: f64 = 1e-12;
const MOST_ITERATIONS: usize = 500;

/// Power iteration: a fixed fraction of each score is passed on over the edges. The rest, and the scores of entities
/// without targets, are distributed to all. Parallel edges count separately.
fn page_rank(run: &mut Run, rows: &Rows) -> Result<Vec<f64>, Failure> {
    let clock = run.budget.clock;
    let mut scratch = Vec::new();
    let count = rows.nodes as f64;
    let mut scores = run.array(0.0, rows.len())?;
    let mut next = run.array(0.0, rows.len())?;
    for node in rows.nodes() {
        scores[node as usize] = 1.0 / count;
    }
    for _ in 0..MOST_ITERATIONS {
        run.visit((rows.edges + rows.nodes) as u64)?;
        next.fill(0.0);
        let mut stranded = 0.0;
        for node in rows.nodes() {
            tick(node as usize, &clock)?;
            let score = scores[node as usize];
            let degree = rows.degree(node, &mut scratch);
            if degree == 0 {
                stranded += score;
            } else {
                let share = DAMPING * score / degree as f64;
                rows.each(node, &mut scratch, |target| next[target] += share);
            }
        }
        let to_all = (1.0 - DAMPING + DAMPING * stranded) / count;
        let mut change = 0.0;
        for node in rows.nodes() {
            let node = node as usize;
            next[node] += to_all;
            change += (next[node] - scores[node]).abs();
        }
        std::mem::swap(&mut scores, &mut next);
        if change < count * TOLERANCE {
            break;
        }
    }
    run.free(next);
    Ok(scores)
}

/// If searches from all entities together would visit more edges than this, only a sample of the entities is used.
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
        let search = (rows.edges + rows.nodes).max(1) as u64;
        let most = usize::try_from((MOST_WORK / search).max(1)).unwrap_or(usize::MAX);
        let mut nodes = run.list_of(most.min(rows.nodes))?;
        if rows.nodes <= most {
            nodes.extend(rows.nodes());
            return Ok(Self {
                nodes,
                all: true,
                weight: 1.0,
            });
        }
        // The sample is reproducible: entities in the order of a fixed hash of their numbers.
        let mix = |node: u32| {
            u64::from(node)
                .wrapping_add(1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        };
        run.hold(most * size_of::<(u64, u32)>())?;
        let mut sample: BinaryHeap<(u64, u32)> = BinaryHeap::with_capacity(most);
        for node in rows.nodes() {
            run.work(1)?;
            let mixed = (mix(node), node);
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
            weight: rows.nodes as f64 / nodes.len() as f64,
            nodes,
            all: false,
        })
    }

    /// Searches from all pivots, in lanes. Returns the sums of each lane in a fixed order.
    fn search<S: Send>(
        &self,
        run: &mut Run,
        rows: &Rows,
        bytes: usize,
        new: impl Fn() -> S + Sync,
        search: impl Fn(&mut S, u32, &Clock) -> Result<(), Stop> + Sync,
    ) -> Result<Vec<S>, Failure> {
        let clock = run.budget.clock;
        let search_work = (rows.edges + rows.nodes) as u64;
        let left = run.budget.working.saturating_sub(run.working + run.kept);
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
    let count = rows.len();
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
    let sums = pivots.search(run, rows, count * Between::BYTES, new, search)?;
    let mut sums = sums.into_iter().map(|it| it.scores);
    let mut scores = sums.next().unwrap_or_default();
    for part in sums {
        for (score, part) in scores.iter_mut().zip(part) {
            *score += part;
        }
    }
    let nodes = rows.nodes as f64;
    let pairs = (nodes - 1.0) * (nodes - 2.0);
    if pairs > 0.0 {
        for score in &mut scores {
            *score *= pivots.weight / pairs;
        }
    }
    Ok(scores)
}

/// State of a lane that computes closeness.
struct Near {
    distances: Vec<u64>,
    reached: Vec<u32>,
    seen: Vec<bool>,
    /// The entities in the order in which they were reached.
    order: Vec<u32>,
    scratch: Vec<u32>,
}

impl Near {
    /// Bytes per entity.
    const BYTES: usize = size_of::<u64>() + 2 * size_of::<u32>() + size_of::<bool>();
}

/// Closeness of entities to those that reach them: searches from these add up their distances. Takes 17 bytes for each
/// entity in each lane.
fn closeness(run: &mut Run, rows: &Rows, pivots: &Pivots) -> Result<Vec<f64>, Failure> {
    let count = rows.len();
    let new = || Near {
        distances: vec![0; count],
        reached: vec![0; count],
        seen: vec![false; count],
        order: Vec::with_capacity(count),
        scratch: Vec::new(),
    };
    let search = |it: &mut Near, from: u32, clock: &Clock| {
        let Near {
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
    let sums = pivots.search(run, rows, count * Near::BYTES, new, search)?;
    let mut scores = run.array(0.0, count)?;
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
        let all = rows.nodes as f64 - 1.0;
        scores[at] = others / distance * (others / all).min(1.0);
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
    working::sort(&mut all, whole, &run.budget.clock, |a, b| key(a).cmp(&key(b)))?;
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
) -> Result<Vec<Ranked>, Failure> {
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

/// The components of a subgraph: the largest first, equal ones by their first entity. Only as many as requested are
/// sorted.
pub(super) struct Components {
    /// The entities, ordered by component.
    entities: Vec<EntityNo>,
    /// The position of each component's first entity, followed by the number of entities.
    starts: Vec<u32>,
    order: Vec<u32>,
}

impl Components {
    /// Number of components.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The entities of each component in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &[EntityNo]> {
        self.order.iter().map(|no| {
            let no = *no as usize;
            &self.entities[self.starts[no] as usize..self.starts[no + 1] as usize]
        })
    }
}

/// The components of a subgraph, of which the first `first` are sorted. Takes at most 28 bytes for each entity.
pub(super) fn components(
    run: &mut Run,
    subgraph: &Subgraph,
    strong: bool,
    first: usize,
) -> Result<Components, Failure> {
    let count = subgraph.node_count();
    for _ in 0..count {
        run.visit(1)?;
    }
    // The component of each entity.
    let labels = if strong {
        strong_labels(run, subgraph)?
    } else {
        run.hold(count * (size_of::<u32>() + size_of::<u8>()))?;
        let mut sets = UnionFind::<u32>::new(count);
        for slot in 0..count {
            for edge in subgraph.edges_of(subgraph.from_index(slot), Way::Outgoing) {
                run.visit(1)?;
                sets.union(edge.source().slot() as u32, edge.target().slot() as u32);
            }
        }
        run.release(count * size_of::<u8>());
        sets.into_labeling()
    };
    let clock = run.budget.clock;
    // The number of entities of each label, then the start of each group, shifted by one so that filling moves it back.
    let mut begins = run.array(0_u32, count + 2)?;
    for entity in (0..count).filter(|it| !subgraph.leaves_out(subgraph.from_index(*it))) {
        tick(entity, &clock)?;
        begins[labels[entity] as usize + 2] += 1;
    }
    for label in 2..begins.len() {
        begins[label] += begins[label - 1];
    }
    let kept = begins.last().copied().unwrap_or(0) as usize;
    let mut entities = run.array(EntityNo::default(), kept)?;
    for entity in (0..count).filter(|it| !subgraph.leaves_out(subgraph.from_index(*it))) {
        tick(entity, &clock)?;
        let next = &mut begins[labels[entity] as usize + 1];
        entities[*next as usize] = subgraph.from_index(entity);
        *next += 1;
    }
    run.free(labels);
    // Labels without entities are not components.
    begins.dedup();
    let starts = begins;
    let components = starts.len() - 1;
    let view = run.view;
    let id = |it: EntityNo| view.id(view.locate(it));
    let mut firsts = run.array(EntityNo::default(), components)?;
    for (no, bounds) in starts.windows(2).enumerate() {
        let members = &entities[bounds[0] as usize..bounds[1] as usize];
        let mut least = members[0];
        for member in &members[1..] {
            run.work(1)?;
            if id(*member) < id(least) {
                least = *member;
            }
        }
        firsts[no] = least;
    }
    let mut order = run.list_of(components)?;
    order.extend(0..components as u32);
    let len = |no: u32| starts[no as usize + 1] - starts[no as usize];
    let first = first.min(components);
    working::sort(&mut order, 0..first, &clock, |a, b| {
        let by_len = len(*b).cmp(&len(*a));
        by_len.then_with(|| id(firsts[*a as usize]).cmp(id(firsts[*b as usize])))
    })?;
    for no in &order[..first] {
        let no = *no as usize;
        let members = &mut entities[starts[no] as usize..starts[no + 1] as usize];
        let all = 0..members.len();
        working::sort(members, all, &clock, |a, b| id(*a).cmp(id(*b)))?;
    }
    run.free(firsts);
    Ok(Components {
        entities,
        starts,
        order,
    })
}

/// Marks an entity that was not visited.
const UNMET: u32 = u32::MAX;

/// Marks an entity whose component is known.
const DONE: u32 = u32::MAX - 1;

/// Tarjan's algorithm with an explicit stack, since recursion along a long chain would overflow the thread's stack.
/// Gives each entity the number of its strongly connected component.
fn strong_labels(run: &mut Run, subgraph: &Subgraph) -> Result<Vec<u32>, Failure> {
    /// An entity whose edges are being visited.
    struct Open {
        /// Its slot.
        entity: u32,
        place: Place,
    }
    let count = subgraph.node_count();
    // The number of each entity's visit; `DONE` if its component is known, which is then in `low`.
    let mut met = run.array(UNMET, count)?;
    let mut low = run.array(0_u32, count)?;
    let mut stack: Vec<u32> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let (mut count_met, mut components) = (0, 0);
    for root in 0..count as u32 {
        let mut next = (met[root as usize] == UNMET).then_some(root);
        loop {
            if let Some(entity) = next.take() {
                met[entity as usize] = count_met;
                low[entity as usize] = count_met;
                count_met += 1;
                run.push(&mut stack, entity)?;
                let place = Place::default();
                run.push(&mut open, Open { entity, place })?;
            }
            let Some(Open { entity, place }) = open.last_mut() else {
                break;
            };
            let at = *entity as usize;
            let flow = match subgraph.next_target(subgraph.from_index(at), place) {
                Some(target) => ControlFlow::Continue(target.slot() as u32),
                None => ControlFlow::Break(()),
            };
            run.visit(1)?;
            match flow {
                ControlFlow::Continue(target) => match met[target as usize] {
                    UNMET => next = Some(target),
                    DONE => {}
                    when => low[at] = low[at].min(when),
                },
                ControlFlow::Break(()) => {
                    open.pop();
                    if let Some(before) = open.last() {
                        let before = before.entity as usize;
                        low[before] = low[before].min(low[at]);
                    }
                    if low[at] == met[at] {
                        while let Some(member) = stack.pop() {
                            met[member as usize] = DONE;
                            low[member as usize] = components;
                            if member as usize == at {
                                break;
                            }
                        }
                        components += 1;
                    }
                }
            }
        }
    }
    run.free(met);
    run.free(stack);
    run.free(open);
    Ok(low)
}
