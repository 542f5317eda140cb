//! `PageRank` of a subgraph's entities.
//!
//! With `n` entities, the scores are a share of the solution of `y = 1 + d * P * y`, where `P` divides what an entity
//! has by its edges: what ends in a dead end would raise all of them alike. The strong components are solved one after the
//! other, those before which edges come first. An entity that is on no cycle follows from the entities before it. Other
//! components are solved by Gauss and Seidel's method, in alternating order.

use petgraph::Direction as Way;
use petgraph::visit::{NodeCount, NodeIndexable};

use super::components::{Found, STRONG_BYTES, strong};
use super::rows::EdgeLists;
use super::{CHECK_EVERY, Failure, Run, Written};
use crate::graph::{EntityNo, Subgraph};

/// All scores together are nearer than this to the solution.
const TOLERANCE: f64 = 5e-10;

/// An iteration changes the scores by at most the damping factor times what the one before it did. After this number of
/// iterations, divided by what the factor lacks to 1, nothing is left to change.
const ITERATIONS: f64 = 60.0;

/// The scores by slot. Parallel edges count as often as they are there. Takes 32 bytes for each entity, 4 for each edge, and
/// up to 42 for each entity and 6 for each edge of the largest component, if the working memory suffices; else 28 for each
/// entity, and more iterations are needed, which take longer.
pub(super) fn page_rank(run: &mut Run, subgraph: &Subgraph, damping: f64) -> Result<Vec<f64>, Failure> {
    let count = subgraph.node_count();
    let mut entities = 0.0;
    for slot in 0..count {
        run.visit(1)?;
        if !subgraph.leaves_out(subgraph.from_index(slot)) {
            entities += 1.0;
        }
    }
    let mut scores = run.array(1.0, count)?;
    if damping > 0.0 {
        let mut degrees = run.array(0_u32, count)?;
        let count_edges = |sources: &[EntityNo]| {
            for source in sources {
                degrees[source.slot()] += 1;
            }
        };
        let lists = EdgeLists::of(run, subgraph, Way::Incoming, |_| true, STRONG_BYTES, count_edges)?;
        match lists {
            Some(lists) => {
                solve(run, &lists, damping, &degrees, &mut scores)?;
                lists.free(run);
            }
            None => iterate_in_place(run, subgraph, damping, entities, &mut degrees, &mut scores)?,
        }
        run.free(degrees);
    }
    let kept = |slot: usize| !subgraph.leaves_out(subgraph.from_index(slot));
    let mut total = 0.0;
    for slot in (0..count).filter(|it| kept(*it)) {
        run.work(1)?;
        total += scores[slot];
    }
    for score in &mut scores {
        *score /= total;
    }
    Ok(scores)
}

/// The share of each unit of its score that an entity passes along each of its edges. The score of an entity without
/// edges is kept as if it passed everything on, although no entity receives it.
#[inline]
fn part(damping: f64, degree: u32) -> f64 {
    match degree {
        0 => 1.0,
        _ => damping / f64::from(degree),
    }
}

/// Solves component after component. `scores` are 1 before.
fn solve(run: &mut Run, lists: &EdgeLists, damping: f64, degrees: &[u32], scores: &mut [f64]) -> Written {
    // Until the end, what each hands on over each of its edges.
    let shares = scores;
    for (share, degree) in shares.iter_mut().zip(degrees) {
        run.work(1)?;
        *share = part(damping, *degree);
    }
    let mut component = Component::default();
    strong(run, lists, |run, found| {
        let [slot] = *found.members else {
            return component.solve(run, lists, found, damping, degrees, shares);
        };
        let sources = lists.get(slot as usize);
        let sum: f64 = sources.iter().map(|it| shares[*it as usize]).sum();
        // The shares of the entity itself are those of one unit.
        let loops = sources.iter().filter(|it| **it == slot).count();
        let share = &mut shares[slot as usize];
        let own = loops as f64 * *share;
        *share *= (1.0 + sum - own) / (1.0 - own);
        Ok(())
    })?;
    component.free(run);
    for (share, degree) in shares.iter_mut().zip(degrees) {
        run.work(1)?;
        *share /= part(damping, *degree);
    }
    Ok(())
}

/// A strong component of several entities, with arrays of its own: these fit into the processor's caches more often than
/// the arrays of all entities.
#[derive(Default)]
struct Component {
    /// Index of the first source of each of its entities.
    starts: Vec<u32>,
    /// Positions of sources.
    sources: Vec<u32>,
    /// The score that each entity receives from outside, plus 1.
    given: Vec<f64>,
    shares: Vec<f64>,
    /// The share of each unit that an entity passes along each edge.
    parts: Vec<f64>,
}

impl Component {
    fn solve(
        &mut self,
        run: &mut Run,
        lists: &EdgeLists,
        found: &mut Found,
        damping: f64,
        degrees: &[u32],
        shares: &mut [f64],
    ) -> Written {
        for (place, slot) in (0..).zip(found.members) {
            found.places[*slot as usize] = place;
        }
        self.starts.clear();
        self.sources.clear();
        self.given.clear();
        self.shares.clear();
        self.parts.clear();
        for slot in found.members {
            let slot = *slot as usize;
            let start = self.sources.len() as u32;
            run.push(&mut self.starts, start)?;
            let mut given = 1.0;
            let sources = lists.get(slot);
            run.work(sources.len())?;
            for source in sources {
                if found.has(*source) {
                    run.push(&mut self.sources, found.places[*source as usize])?;
                } else {
                    given += shares[*source as usize];
                }
            }
            let part = part(damping, degrees[slot]);
            run.push(&mut self.given, given)?;
            run.push(&mut self.parts, part)?;
            run.push(&mut self.shares, part * given)?;
        }
        let end = self.sources.len() as u32;
        run.push(&mut self.starts, end)?;
        // All scores together differ from the solution by at most the sum of the residuals, divided by `1 - damping`. Only
        // members of such components have residuals, at most `damping` times what the last iteration changed.
        let tolerance = TOLERANCE * found.members.len() as f64 * (1.0 - damping) / damping;
        let most = ITERATIONS / (1.0 - damping);
        for iteration in 0_u64.. {
            let change = self.iterate(run, iteration.is_multiple_of(2))?;
            if change < tolerance || iteration as f64 > most {
                break;
            }
        }
        for (slot, share) in found.members.iter().zip(&self.shares) {
            shares[*slot as usize] = *share;
        }
        Ok(())
    }

    /// Makes the shares follow from each other, forwards or backwards. Returns by how much all scores changed.
    fn iterate(&mut self, run: &mut Run, forwards: bool) -> Result<f64, Failure> {
        let count = self.shares.len();
        let mut change = 0.0;
        for begin in (0..count).step_by(CHECK_EVERY as usize) {
            let end = count.min(begin + CHECK_EVERY as usize);
            let mut visited = 0;
            for at in begin..end {
                // Changes reach some entities within an iteration, and others in the next one.
                let at = if forwards { at } else { count - 1 - at };
                let sources = &self.sources[self.starts[at] as usize..self.starts[at + 1] as usize];
                let sum: f64 = sources.iter().map(|it| self.shares[*it as usize]).sum();
                let share = (self.given[at] + sum) * self.parts[at];
                change += (share - self.shares[at]).abs() / self.parts[at];
                self.shares[at] = share;
                visited += 1 + sources.len() as u64;
            }
            run.visit(visited)?;
        }
        Ok(change)
    }

    fn free(self, run: &mut Run) {
        run.free(self.starts);
        run.free(self.sources);
        run.free(self.given);
        run.free(self.shares);
        run.free(self.parts);
    }
}

/// Iterates over the subgraph itself: each iteration goes once through its edges.
fn iterate_in_place(
    run: &mut Run,
    subgraph: &Subgraph,
    damping: f64,
    entities: f64,
    degrees: &mut [u32],
    scores: &mut Vec<f64>,
) -> Written {
    subgraph.each_row(
        Way::Outgoing,
        |_| true,
        |entity, targets| {
            run.visit(targets.len() as u64)?;
            degrees[entity.slot()] += targets.len() as u32;
            Ok::<_, Failure>(())
        },
    )?;
    let mut shares = run.list_of(scores.len())?;
    for degree in &*degrees {
        run.work(1)?;
        shares.push(match degree {
            0 => 0.0,
            _ => damping / f64::from(*degree),
        });
    }
    let tolerance = TOLERANCE * entities * (1.0 - damping) / damping;
    let mut next = run.array(0.0, scores.len())?;
    let most = ITERATIONS / (1.0 - damping);
    for iteration in 0_u64.. {
        next.fill(1.0);
        subgraph.each_row(
            Way::Incoming,
            |_| true,
            |entity, sources| {
                run.visit(sources.len() as u64)?;
                next[entity.slot()] += sources.iter().map(|it| shares[it.slot()]).sum::<f64>();
                Ok::<_, Failure>(())
            },
        )?;
        let mut change = 0.0;
        for slot in 0..next.len() {
            run.visit(1)?;
            change += (next[slot] - scores[slot]).abs();
            if degrees[slot] > 0 {
                shares[slot] = next[slot] * damping / f64::from(degrees[slot]);
            }
        }
        std::mem::swap(scores, &mut next);
        if change < tolerance || iteration as f64 > most {
            break;
        }
    }
    run.free(next);
    run.free(shares);
    Ok(())
}
