//! Which entities matter most, which are alike, and into which parts the graph falls.
//!
//! The searches of petgraph serve where they fit (components). Its `page_rank` scans every edge for every node, and
//! it has neither betweenness nor closeness, so these are here: `PageRank` by power iteration, betweenness by
//! Brandes' algorithm, closeness as Wasserman and Faust have it; the scores are those of networkx.

use std::cell::Cell;
use std::collections::VecDeque;

use petgraph::Direction as Way;
use petgraph::unionfind::UnionFind;
use petgraph::visit::{
    EdgeRef, GraphBase, IntoNeighbors, IntoNeighborsDirected, IntoNodeIdentifiers, NodeCount, Visitable,
};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{CHECK_EVERY, Failure, Run};
use crate::budget::{Clock, Stop};
use crate::graph::{EntityNo, EntitySet, View};
use crate::plan::{Ranking, Similarity};

/// An entity and its score.
pub(super) struct Ranked {
    pub entity: EntityNo,
    pub score: f64,
    pub exact: bool,
}

/// A view as plain rows, for algorithms that go over all of it many times.
struct Rows {
    starts: Vec<u32>,
    targets: Vec<u32>,
    /// The entities that are not left out.
    nodes: Vec<u32>,
}

impl Rows {
    /// All edges; parallel ones once, and none from an entity to itself, where `simple`.
    fn of(run: &mut Run, view: &View, simple: bool) -> Result<Self, Failure> {
        let count = view.node_count() as u32;
        let mut rows = Self {
            starts: vec![0],
            targets: Vec::new(),
            nodes: Vec::new(),
        };
        for entity in 0..count {
            let begin = rows.targets.len();
            if !view.leaves_out(EntityNo(entity)) {
                rows.nodes.push(entity);
                let targets = view
                    .edges_of(EntityNo(entity), Way::Outgoing)
                    .map(|it| it.target().0);
                rows.targets.extend(targets);
            }
            run.visit(1 + (rows.targets.len() - begin) as u64)?;
            if simple {
                rows.targets[begin..].sort_unstable();
                let mut kept = begin;
                for at in begin..rows.targets.len() {
                    let target = rows.targets[at];
                    if target != entity && (kept == begin || rows.targets[kept - 1] != target) {
                        rows.targets[kept] = target;
                        kept += 1;
                    }
                }
                rows.targets.truncate(kept);
            }
            rows.starts.push(rows.targets.len() as u32);
        }
        Ok(rows)
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn of_node(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}

/// Ranks entities: the greatest first, equal ones in the order of their numbers.
pub(super) fn rank(
    run: &mut Run,
    view: &View,
    by: Ranking,
    wanted: &EntitySet,
    first: usize,
) -> Result<Vec<Ranked>, Failure> {
    let (scores, exact) = match by {
        Ranking::PageRank => {
            let rows = Rows::of(run, view, false)?;
            (page_rank(run, &rows)?, true)
        }
        Ranking::Degree => {
            let rows = Rows::of(run, view, false)?;
            let scores = (0..rows.len()).map(|it| rows.of_node(it as u32).len() as f64);
            (scores.collect(), true)
        }
        Ranking::Betweenness => {
            let rows = Rows::of(run, view, true)?;
            let pivots = Pivots::of(&rows);
            (betweenness(run, &rows, &pivots)?, pivots.all)
        }
        Ranking::Closeness => {
            let rows = Rows::of(run, view, true)?;
            let pivots = Pivots::of(&rows);
            (closeness(run, &rows, &pivots)?, pivots.all)
        }
    };
    let entities = wanted.iter().filter(|it| !view.leaves_out(*it));
    let ranked = entities.map(|it| (it, scores[it.0 as usize]));
    Ok(best(ranked, first, exact))
}

fn best(scored: impl Iterator<Item = (EntityNo, f64)>, first: usize, exact: bool) -> Vec<Ranked> {
    let mut all: Vec<(EntityNo, f64)> = scored.collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let ranked = all.into_iter().take(first);
    ranked
        .map(|(entity, score)| Ranked { entity, score, exact })
        .collect()
}

const DAMPING: f64 = 0.85;
/// The iteration ends when the scores of all together change by less than this for each.
const TOLERANCE: f64 = 1e-12;
const MOST_ITERATIONS: usize = 500;

/// Power iteration: a share of each score goes on over the edges, the rest, and what ends in a dead end, to all.
/// Parallel edges count as often as they are there.
fn page_rank(run: &mut Run, rows: &Rows) -> Result<Vec<f64>, Failure> {
    let count = rows.nodes.len() as f64;
    let mut scores = vec![0.0; rows.len()];
    for node in &rows.nodes {
        scores[*node as usize] = 1.0 / count;
    }
    for _ in 0..MOST_ITERATIONS {
        run.visit((rows.targets.len() + rows.nodes.len()) as u64)?;
        let mut next = vec![0.0; rows.len()];
        let mut stranded = 0.0;
        for node in &rows.nodes {
            let targets = rows.of_node(*node);
            let score = scores[*node as usize];
            if targets.is_empty() {
                stranded += score;
            } else {
                let share = DAMPING * score / targets.len() as f64;
                for target in targets {
                    next[*target as usize] += share;
                }
            }
        }
        let to_all = (1.0 - DAMPING + DAMPING * stranded) / count;
        let mut change = 0.0;
        for node in &rows.nodes {
            let node = *node as usize;
            next[node] += to_all;
            change += (next[node] - scores[node]).abs();
        }
        scores = next;
        if change < count * TOLERANCE {
            break;
        }
    }
    Ok(scores)
}

/// Beyond so many edges in all searches together, searches are made from a sample only.
const MOST_WORK: u64 = 400_000_000;

/// The entities that searches begin at.
struct Pivots {
    nodes: Vec<u32>,
    /// Whether these are all.
    all: bool,
    /// How many entities stand for one of these.
    weight: f64,
}

impl Pivots {
    fn of(rows: &Rows) -> Self {
        let search = (rows.targets.len() + rows.nodes.len()).max(1) as u64;
        let most = usize::try_from((MOST_WORK / search).max(1)).unwrap_or(usize::MAX);
        if rows.nodes.len() <= most {
            return Self {
                nodes: rows.nodes.clone(),
                all: true,
                weight: 1.0,
            };
        }
        // The same sample each time: entities in the order of a fixed mix of their numbers' bits.
        let mut nodes = rows.nodes.clone();
        nodes.sort_by_key(|it| u64::from(*it).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        nodes.truncate(most);
        Self {
            weight: rows.nodes.len() as f64 / nodes.len() as f64,
            nodes,
            all: false,
        }
    }

    /// Sums what the searches from all pivots give, on all cores, in an order that does not change.
    fn sum<S: Send>(
        &self,
        run: &mut Run,
        rows: &Rows,
        new: impl Fn() -> S + Sync,
        search: impl Fn(&mut S, u32, &Clock) -> Result<(), Stop> + Sync,
        mut add: impl FnMut(S),
    ) -> Result<(), Failure> {
        let clock = run.budget.clock;
        let search_work = (rows.targets.len() + rows.nodes.len()) as u64;
        // So many sums are held at once; each goes over a share of the pivots.
        for round in self.nodes.chunks(512) {
            let parts: Vec<Result<S, Stop>> = round
                .par_chunks(64)
                .map(|pivots| {
                    let mut sum = new();
                    for pivot in pivots {
                        search(&mut sum, *pivot, &clock)?;
                    }
                    Ok(sum)
                })
                .collect();
            run.visit(search_work * round.len() as u64 / 16)?;
            for part in parts {
                add(part.map_err(Failure::Stop)?);
            }
        }
        Ok(())
    }
}

/// Looks at the clock once in so many entities, the first time at once.
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

/// Brandes' algorithm: a search from each entity counts the shortest paths, and going back over it shares them out.
fn betweenness(run: &mut Run, rows: &Rows, pivots: &Pivots) -> Result<Vec<f64>, Failure> {
    struct Sum {
        scores: Vec<f64>,
        distance: Vec<u32>,
        paths: Vec<f64>,
        share: Vec<f64>,
        order: Vec<u32>,
    }
    const FAR: u32 = u32::MAX;
    let count = rows.len();
    let new = || Sum {
        scores: vec![0.0; count],
        distance: vec![FAR; count],
        paths: vec![0.0; count],
        share: vec![0.0; count],
        order: Vec::new(),
    };
    let search = |it: &mut Sum, from: u32, clock: &Clock| {
        it.order.clear();
        it.order.push(from);
        it.distance[from as usize] = 0;
        it.paths[from as usize] = 1.0;
        let mut at = 0;
        while at < it.order.len() {
            let node = it.order[at];
            tick(at, clock)?;
            at += 1;
            let (next, through) = (it.distance[node as usize] + 1, it.paths[node as usize]);
            for target in rows.of_node(node) {
                let target = *target as usize;
                if it.distance[target] == FAR {
                    it.distance[target] = next;
                    it.order.push(target as u32);
                }
                if it.distance[target] == next {
                    it.paths[target] += through;
                }
            }
        }
        for (back, node) in it.order.iter().rev().enumerate() {
            tick(back, clock)?;
            let at = *node as usize;
            let next = it.distance[at] + 1;
            let mut share = 0.0;
            for target in rows.of_node(*node) {
                let target = *target as usize;
                if it.distance[target] == next {
                    share += it.paths[at] / it.paths[target] * (1.0 + it.share[target]);
                }
            }
            it.share[at] = share;
            if *node != from {
                it.scores[at] += share;
            }
        }
        for node in &it.order {
            let at = *node as usize;
            it.distance[at] = FAR;
            it.paths[at] = 0.0;
            it.share[at] = 0.0;
        }
        Ok(())
    };
    let mut scores = vec![0.0; count];
    pivots.sum(run, rows, new, search, |part| {
        for (score, part) in scores.iter_mut().zip(part.scores) {
            *score += part;
        }
    })?;
    let nodes = rows.nodes.len() as f64;
    let pairs = (nodes - 1.0) * (nodes - 2.0);
    if pairs > 0.0 {
        for score in &mut scores {
            *score *= pivots.weight / pairs;
        }
    }
    Ok(scores)
}

/// How near an entity is to those that reach it: searches from these add up their distances.
fn closeness(run: &mut Run, rows: &Rows, pivots: &Pivots) -> Result<Vec<f64>, Failure> {
    struct Sum {
        distances: Vec<u64>,
        reached: Vec<u32>,
        seen: Vec<u32>,
        search: u32,
    }
    let count = rows.len();
    let new = || Sum {
        distances: vec![0; count],
        reached: vec![0; count],
        seen: vec![0; count],
        search: 0,
    };
    let search = |it: &mut Sum, from: u32, clock: &Clock| {
        it.search += 1;
        let mut at = 0;
        it.seen[from as usize] = it.search;
        let mut queue = VecDeque::from([(from, 0u64)]);
        while let Some((node, distance)) = queue.pop_front() {
            tick(at, clock)?;
            at += 1;
            it.distances[node as usize] += distance;
            it.reached[node as usize] += 1;
            for target in rows.of_node(node) {
                if it.seen[*target as usize] != it.search {
                    it.seen[*target as usize] = it.search;
                    queue.push_back((*target, distance + 1));
                }
            }
        }
        Ok(())
    };
    let (mut distances, mut reached) = (vec![0u64; count], vec![0u64; count]);
    pivots.sum(run, rows, new, search, |part| {
        for (at, (distance, times)) in part.distances.iter().zip(&part.reached).enumerate() {
            distances[at] += distance;
            reached[at] += u64::from(*times);
        }
    })?;
    let mut scores = vec![0.0; count];
    for node in &rows.nodes {
        let at = *node as usize;
        if distances[at] == 0 {
            continue;
        }
        // Those that reach it, itself not counted; of a sample, as many as it stands for.
        let itself = if pivots.all { 1.0 } else { 0.0 };
        let others = (reached[at] as f64 - itself) * pivots.weight;
        let distance = distances[at] as f64 * pivots.weight;
        let all = rows.nodes.len() as f64 - 1.0;
        scores[at] = others / distance * (others / all).min(1.0);
    }
    Ok(scores)
}

/// The entities whose neighbours are most like another's. Takes time linear in the edges within two of it.
pub(super) fn similar(
    run: &mut Run,
    view: &View,
    to: EntityNo,
    by: Similarity,
    wanted: &EntitySet,
    first: usize,
) -> Result<Vec<Ranked>, Failure> {
    let neighbours = |run: &mut Run, entity: EntityNo, way: Way| -> Result<Vec<EntityNo>, Failure> {
        let mut all: Vec<EntityNo> = view
            .edges_of(entity, way)
            .map(|it| {
                if way == Way::Outgoing {
                    it.target()
                } else {
                    it.source()
                }
            })
            .filter(|it| *it != entity)
            .collect();
        run.visit(all.len() as u64)?;
        all.sort_unstable();
        all.dedup();
        Ok(all)
    };
    let own = neighbours(run, to, Way::Outgoing)?;
    let mut scores: FxHashMap<EntityNo, f64> = FxHashMap::default();
    for shared in &own {
        let around = neighbours(run, *shared, Way::Incoming)?;
        let weight = match by {
            Similarity::Jaccard => 1.0,
            // Two at least have it as a neighbour, or it counts for none.
            Similarity::AdamicAdar => 1.0 / (around.len() as f64).ln(),
        };
        for other in around {
            if other != to && wanted.has(other) {
                *scores.entry(other).or_default() += weight;
            }
        }
    }
    if by == Similarity::Jaccard {
        let mut entities: Vec<EntityNo> = scores.keys().copied().collect();
        entities.sort_unstable();
        for entity in entities {
            let all = neighbours(run, entity, Way::Outgoing)?.len() + own.len();
            scores
                .entry(entity)
                .and_modify(|shared| *shared /= all as f64 - *shared);
        }
    }
    Ok(best(scores.into_iter(), first, true))
}

/// A view that shows nothing more once the clock says so, so that an algorithm of petgraph's comes to its end.
struct Watched<'a> {
    view: &'a View<'a>,
    clock: Clock<'a>,
    looked: Cell<u64>,
    over: Cell<bool>,
}

impl<'a> Watched<'a> {
    fn of(view: &'a View<'a>, clock: Clock<'a>) -> Self {
        Self {
            view,
            clock,
            looked: Cell::new(0),
            over: Cell::new(false),
        }
    }

    fn is_over(&self) -> bool {
        let looked = self.looked.get();
        self.looked.set(looked + 1);
        if looked.is_multiple_of(CHECK_EVERY) && self.clock.stop().is_some() {
            self.over.set(true);
        }
        self.over.get()
    }
}

impl GraphBase for Watched<'_> {
    type NodeId = EntityNo;
    type EdgeId = <View<'static> as GraphBase>::EdgeId;
}

impl Visitable for Watched<'_> {
    type Map = EntitySet;

    fn visit_map(&self) -> EntitySet {
        self.view.visit_map()
    }

    fn reset_map(&self, map: &mut EntitySet) {
        self.view.reset_map(map);
    }
}

impl<'a> IntoNeighbors for &'a Watched<'a> {
    type Neighbors = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn neighbors(self, entity: EntityNo) -> Self::Neighbors {
        self.neighbors_directed(entity, Way::Outgoing)
    }
}

impl<'a> IntoNeighborsDirected for &'a Watched<'a> {
    type NeighborsDirected = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn neighbors_directed(self, entity: EntityNo, way: Way) -> Self::NeighborsDirected {
        let all = self.view.neighbors_directed(entity, way);
        Box::new(all.take_while(|_| !self.is_over()))
    }
}

impl<'a> IntoNodeIdentifiers for &'a Watched<'a> {
    type NodeIdentifiers = Box<dyn Iterator<Item = EntityNo> + 'a>;

    fn node_identifiers(self) -> Self::NodeIdentifiers {
        Box::new(self.view.node_identifiers().take_while(|_| !self.is_over()))
    }
}

/// The components of a view: the largest first, equal ones by their first entity; each in the order of ids.
pub(super) fn components(run: &mut Run, view: &View, strong: bool) -> Result<Vec<Vec<EntityNo>>, Failure> {
    let count = view.node_count();
    run.visit(count as u64)?;
    let mut components: Vec<Vec<EntityNo>> = if strong {
        // Kosaraju's algorithm does not recurse, so that a long chain takes no stack.
        let watched = Watched::of(view, run.budget.clock);
        let components = petgraph::algo::kosaraju_scc(&watched);
        run.check_clock()?;
        components
    } else {
        let mut sets = UnionFind::<u32>::new(count);
        for entity in 0..count as u32 {
            for edge in view.edges_of(EntityNo(entity), Way::Outgoing) {
                run.visit(1)?;
                sets.union(edge.source().0, edge.target().0);
            }
        }
        let mut members: FxHashMap<u32, Vec<EntityNo>> = FxHashMap::default();
        for (entity, set) in sets.into_labeling().into_iter().enumerate() {
            members.entry(set).or_default().push(EntityNo(entity as u32));
        }
        members.into_values().collect()
    };
    components.retain(|it| !view.leaves_out(it[0]));
    let snapshot = run.snapshot;
    let id = |it: EntityNo| snapshot.id(snapshot.locate(it));
    for component in &mut components {
        component.sort_by(|a, b| id(*a).cmp(id(*b)));
    }
    components.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| id(a[0]).cmp(id(b[0]))));
    Ok(components)
}
