//! `PageRank` of a subgraph's entities.
//!
//! With `n` entities, the scores are a share of the solution of `y = 1 + d * P * y`, where `P` divides what an entity
//! has by its edges: what ends in a dead end would raise all of them alike. Solved by Gauss and Seidel's method, in
//! alternating order, over the entities that have edges in both directions; the others follow from these.

use petgraph::Direction as Way;
use petgraph::visit::{NodeCount, NodeIndexable};

use super::{CHECK_EVERY, Failure, Run};
use crate::graph::Subgraph;

const DAMPING: f64 = 0.85;
/// The iteration ends when all scores together are nearer than this to the solution.
const TOLERANCE: f64 = 5e-10;
const MOST_ITERATIONS: usize = 500;

/// The scores by slot. Parallel edges count as often as they are there. Takes 36 bytes for each entity, and 4 for each
/// edge if the working memory suffices; else an iteration takes longer, and more are needed.
pub(super) fn page_rank(run: &mut Run, subgraph: &Subgraph) -> Result<Vec<f64>, Failure> {
    let count = subgraph.node_count();
    let mut degrees = run.array(0_u32, count)?;
    let mut reached = run.entity_set()?;
    let mut edges = 0;
    subgraph.each_row(
        Way::Outgoing,
        |_| true,
        |entity, targets| {
            run.visit(targets.len() as u64)?;
            degrees[entity.slot()] += targets.len() as u32;
            edges += targets.len();
            for target in targets {
                reached.add(*target);
            }
            Ok::<_, Failure>(())
        },
    )?;
    // The share of its score that an entity passes along each edge.
    let mut shares = run.list_of(count)?;
    let mut entities = 0.0;
    for (slot, degree) in degrees.iter().enumerate() {
        run.visit(1)?;
        shares.push(match degree {
            0 => 0.0,
            _ => DAMPING / f64::from(*degree),
        });
        if !subgraph.leaves_out(subgraph.from_index(slot)) {
            entities += 1.0;
        }
    }
    // The sum of the changes of an iteration from which the rest of the way follows.
    let tolerance = TOLERANCE * entities * (1.0 - DAMPING) / DAMPING;
    // The scores; while iterating, the part of them that comes from entities without incoming edges.
    let mut scores = run.array(1.0, count)?;
    let copy = (2 * count + 2 + edges) * size_of::<u32>();
    let left = run.budget.working.saturating_sub(run.working + run.kept);
    if copy > left {
        iterate_in_place(run, subgraph, &degrees, &mut shares, &mut scores, tolerance)?;
    } else {
        // The entities that edges lead to and leave, and where the entities before them lie: as in `Rows`.
        let is_inner = |slot: usize| degrees[slot] > 0 && reached.has(subgraph.from_index(slot));
        let mut starts = run.array(0_u32, count + 2)?;
        subgraph.each_row(
            Way::Incoming,
            |_| true,
            |entity, sources| {
                run.work(sources.len())?;
                if degrees[entity.slot()] > 0 {
                    for source in sources {
                        if reached.has(*source) {
                            starts[entity.slot() + 2] += 1;
                        } else {
                            scores[entity.slot()] += shares[source.slot()];
                        }
                    }
                }
                Ok::<_, Failure>(())
            },
        )?;
        for at in 2..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut sources = run.array(0_u32, starts[count + 1] as usize)?;
        subgraph.each_row(
            Way::Incoming,
            |_| true,
            |entity, some| {
                run.work(some.len())?;
                if degrees[entity.slot()] > 0 {
                    for source in some.iter().filter(|it| reached.has(**it)) {
                        let next = &mut starts[entity.slot() + 1];
                        sources[*next as usize] = source.slot() as u32;
                        *next += 1;
                    }
                }
                Ok::<_, Failure>(())
            },
        )?;
        let mut inner = run.list_of(count)?;
        for slot in (0..count).filter(|it| is_inner(*it)) {
            run.work(1)?;
            inner.push(slot as u32);
        }
        for iteration in 0..MOST_ITERATIONS {
            let mut change = 0.0;
            for some in 0..inner.len().div_ceil(CHECK_EVERY as usize) {
                let begin = some * CHECK_EVERY as usize;
                let end = inner.len().min(begin + CHECK_EVERY as usize);
                let mut visited = 0;
                for at in begin..end {
                    // Changes reach some entities within an iteration, and others in the next one.
                    let at = if iteration.is_multiple_of(2) {
                        at
                    } else {
                        inner.len() - 1 - at
                    };
                    let slot = inner[at] as usize;
                    let before = &sources[starts[slot] as usize..starts[slot + 1] as usize];
                    let sum: f64 = before.iter().map(|it| shares[*it as usize]).sum();
                    let degree = f64::from(degrees[slot]);
                    let share = (scores[slot] + sum) * DAMPING / degree;
                    change += (share - shares[slot]).abs() * degree;
                    shares[slot] = share;
                    visited += 1 + before.len() as u64;
                }
                run.visit(visited)?;
            }
            if change < tolerance * DAMPING {
                break;
            }
        }
        run.free(inner);
        run.free(sources);
        run.free(starts);
        for (slot, score) in scores.iter_mut().enumerate() {
            if is_inner(slot) {
                *score = shares[slot] * f64::from(degrees[slot]) / DAMPING;
            }
        }
        subgraph.each_row(
            Way::Incoming,
            |_| true,
            |entity, sources| {
                run.work(sources.len())?;
                if degrees[entity.slot()] == 0 {
                    scores[entity.slot()] += sources.iter().map(|it| shares[it.slot()]).sum::<f64>();
                }
                Ok::<_, Failure>(())
            },
        )?;
    }
    run.free(shares);
    run.free(degrees);
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

/// Iterates over the subgraph itself: each iteration goes once through its edges.
fn iterate_in_place(
    run: &mut Run,
    subgraph: &Subgraph,
    degrees: &[u32],
    shares: &mut [f64],
    scores: &mut Vec<f64>,
    tolerance: f64,
) -> Result<(), Failure> {
    let mut next = run.array(0.0, scores.len())?;
    for _ in 0..MOST_ITERATIONS {
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
                shares[slot] = next[slot] * DAMPING / f64::from(degrees[slot]);
            }
        }
        std::mem::swap(scores, &mut next);
        if change < tolerance {
            break;
        }
    }
    run.free(next);
    Ok(())
}
