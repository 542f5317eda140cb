//! The parts into which a subgraph falls: entities that edges connect, or that reach each other along the edges.
//!
//! Weak components are found by union-find on an array, strong ones by Tarjan's algorithm with an explicit stack, since
//! recursion along a long chain would overflow the thread's stack. Both give each entity the slot of one entity of its
//! component, its representative.

use petgraph::Direction as Way;
use petgraph::visit::{NodeCount, NodeIndexable};

use super::rows::EdgeLists;
use super::{Failure, Run, Written, working_memory};
use crate::graph::{EntityNo, Place, Subgraph};

/// The components of a subgraph: the largest first, equal ones by their first entity. Only as many as requested are
/// kept.
pub(super) struct Components {
    kept: Vec<ComponentRange>,
    /// The entities, component after component, if they were requested.
    entities: Vec<EntityNo>,
}

struct ComponentRange {
    representative: u32,
    size: u32,
    /// Index of its first entity.
    begin: u32,
}

impl Components {
    /// Number of components that are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// The size of each, and its entities in the order of their ids; none if they were not requested.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[EntityNo])> {
        self.kept.iter().map(|it| {
            let range = it.begin as usize..it.begin as usize + it.size as usize;
            (it.size as usize, self.entities.get(range).unwrap_or_default())
        })
    }
}

/// The first `first` components of a subgraph. Takes at most 32 bytes for each entity and, for strong components, 4 for
/// each edge if the working memory suffices.
pub(super) fn components(
    run: &mut Run,
    subgraph: &Subgraph,
    strong: bool,
    first: usize,
    with_entities: bool,
) -> Result<Components, Failure> {
    let count = subgraph.node_count();
    for _ in 0..count {
        run.visit(1)?;
    }
    let mut labels = run.list_of(count)?;
    labels.extend(0..count as u32);
    if strong {
        label_strong(run, subgraph, &mut labels)?;
    } else {
        label_weak(run, subgraph, &mut labels)?;
    }
    let mut sizes = run.array(0_u32, count)?;
    for (slot, label) in labels.iter().enumerate() {
        run.work(1)?;
        if !subgraph.leaves_out(subgraph.from_index(slot)) {
            sizes[*label as usize] += 1;
        }
    }
    let larger = sizes.iter().filter(|it| **it > 1).count();
    // Most components have one entity; these are candidates only if there are too few larger ones.
    let least = if larger >= first { 2 } else { 1 };
    let candidates = match least {
        2 => larger,
        _ => sizes.iter().filter(|it| **it > 0).count(),
    };
    let mut order: Vec<u32> = run.list_of(candidates)?;
    order.extend((0..count as u32).filter(|it| sizes[*it as usize] >= least));
    let firsts = first_entities(run, subgraph, &labels, |label| sizes[label as usize] >= least)?;
    let view = run.view;
    let id = |it: u32| view.id_of(subgraph.from_index(it as usize));
    let first = first.min(candidates);
    working_memory::sort(&mut order, 0..first, &run.budget.clock, |a, b| {
        let (a, b) = (*a as usize, *b as usize);
        sizes[b]
            .cmp(&sizes[a])
            .then_with(|| id(firsts[a]).cmp(id(firsts[b])))
    })?;
    let mut kept = run.list_of(first)?;
    let mut begin = 0;
    for representative in &order[..first] {
        let size = sizes[*representative as usize];
        kept.push(ComponentRange {
            representative: *representative,
            size,
            begin,
        });
        begin += size;
    }
    run.free(order);
    run.free(firsts);
    run.free(sizes);
    let mut components = Components {
        kept,
        entities: Vec::new(),
    };
    if with_entities {
        components.add_entities(run, subgraph, &labels)?;
    }
    run.free(labels);
    Ok(components)
}

impl Components {
    fn add_entities(&mut self, run: &mut Run, subgraph: &Subgraph, labels: &[u32]) -> Written {
        let total = self.kept.iter().map(|it| it.size as usize).sum();
        let mut entities = run.array(EntityNo::default(), total)?;
        // Positions for the next entity of each component that is kept.
        let mut places = run.array(UNMET, labels.len())?;
        for kept in &self.kept {
            places[kept.representative as usize] = kept.begin;
        }
        for (slot, label) in labels.iter().enumerate() {
            run.work(1)?;
            let entity = subgraph.from_index(slot);
            let place = &mut places[*label as usize];
            if *place != UNMET && !subgraph.leaves_out(entity) {
                entities[*place as usize] = entity;
                *place += 1;
            }
        }
        run.free(places);
        let view = run.view;
        for kept in &self.kept {
            let members = &mut entities[kept.begin as usize..][..kept.size as usize];
            let all = 0..members.len();
            working_memory::sort(members, all, &run.budget.clock, |a, b| {
                view.id_of(*a).cmp(view.id_of(*b))
            })?;
        }
        self.entities = entities;
        Ok(())
    }
}

/// For each label that is wanted, the slot of the entity with the least id among those that have it.
fn first_entities(
    run: &mut Run,
    subgraph: &Subgraph,
    labels: &[u32],
    is_wanted: impl Fn(u32) -> bool,
) -> Result<Vec<u32>, Failure> {
    let view = run.view;
    let mut firsts = run.array(UNMET, labels.len())?;
    let mut slots = 0..0;
    for type_id in view.ontology().type_ids() {
        // The entities of a type are in the order of their ids, so the first one of each type is compared.
        slots = slots.end..slots.end + view.snapshot().rows(type_id);
        for slot in slots.clone() {
            run.work(1)?;
            let label = labels[slot];
            let first = &mut firsts[label as usize];
            let entity = subgraph.from_index(slot);
            if *first != UNMET && *first as usize >= slots.start
                || !is_wanted(label)
                || subgraph.leaves_out(entity)
            {
                continue;
            }
            if *first == UNMET || view.id_of(entity) < view.id_of(subgraph.from_index(*first as usize)) {
                *first = slot as u32;
            }
        }
    }
    Ok(firsts)
}

/// The representative of a slot's set. Halves the path to it.
#[inline]
fn representative(labels: &mut [u32], mut slot: u32) -> u32 {
    loop {
        let above = labels[slot as usize];
        if above == slot {
            return slot;
        }
        let next = labels[above as usize];
        labels[slot as usize] = next;
        slot = next;
    }
}

fn label_weak(run: &mut Run, subgraph: &Subgraph, labels: &mut [u32]) -> Written {
    subgraph.each_row(
        Way::Outgoing,
        |_| true,
        |entity, targets| {
            run.visit(targets.len() as u64)?;
            let mut own = representative(labels, entity.slot() as u32);
            for target in targets {
                let other = representative(labels, target.slot() as u32);
                // The lower slot represents both, so that all labels lead down.
                let (low, high) = (own.min(other), own.max(other));
                labels[high as usize] = low;
                own = low;
            }
            Ok::<_, Failure>(())
        },
    )?;
    for slot in 0..labels.len() {
        run.work(1)?;
        // The labels above are final.
        labels[slot] = labels[labels[slot] as usize];
    }
    Ok(())
}

/// Marks an entity that was not visited.
const UNMET: u32 = u32::MAX;

/// Marks an entity whose component is known. No entity is met later than this, so it lowers no number.
const DONE: u32 = u32::MAX - 1;

fn label_strong(run: &mut Run, subgraph: &Subgraph, labels: &mut [u32]) -> Written {
    // An entity of a type that no edge leads to is a component of its own.
    let is_reached = |it| subgraph.is_reached(it);
    let lists = EdgeLists::of(run, subgraph, Way::Outgoing, is_reached, STRONG_BYTES, |_| {})?;
    let Some(lists) = lists else {
        return tarjan(run, subgraph, labels);
    };
    strong(run, &lists, |_, component| {
        for member in component.members {
            labels[*member as usize] = component.members[0];
        }
        Ok(())
    })?;
    lists.free(run);
    Ok(())
}

/// Marks an entity of a path that leads back to one before it. `EdgeLists` have fewer slots.
const LEADS_BACK: u32 = 1 << 31;

/// A strong component that was found.
pub(super) struct Found<'m> {
    /// Its entities, by slot.
    pub members: &'m [u32],
    /// A number for each slot that only its entities have.
    numbers: &'m [u32],
    number: u32,
    /// A number for each slot, of which those of the component can be used freely.
    pub places: &'m mut [u32],
}

impl Found<'_> {
    /// Whether an entity is in the component.
    #[inline]
    pub fn has(&self, slot: u32) -> bool {
        self.numbers[slot as usize] == self.number
    }
}

/// Bytes that [`strong`] takes for each entity.
pub(super) const STRONG_BYTES: usize = 3 * size_of::<u32>();

/// Finds strong components by Pearce's variant of Tarjan's algorithm, and calls `each` with each component after those that
/// it leads to. Entities without edges are left out. Takes 12 bytes for each entity.
pub(super) fn strong(
    run: &mut Run,
    lists: &EdgeLists,
    mut each: impl FnMut(&mut Run, &mut Found) -> Written,
) -> Written {
    let count = lists.starts.len();
    // When the earliest entity was met that each is known to lead back to. Once its component is known, the number of this,
    // which is greater than all times. Entities without edges have the greatest number.
    let mut numbers = run.list_of(count)?;
    let bounds = lists.starts.iter().zip(&lists.ends);
    numbers.extend(bounds.map(|(start, end)| if start < end { UNMET } else { DONE }));
    // The edges of each that were not followed.
    let mut next = run.list_of(count)?;
    next.extend_from_slice(&lists.starts);
    // From the left, the path to the current entity, and whether each leads back to one before it. From the right, the
    // entities that were left and whose components are not known. No entity is in both.
    let mut stacks = run.array(0_u32, count)?;
    let (mut open, mut left) = (0, count);
    let (mut time, mut number) = (0, DONE);
    for root in 0..count {
        run.work(1)?;
        if numbers[root] != UNMET {
            continue;
        }
        let (mut at, mut low, mut leads_back) = (root, time, false);
        (numbers[at], time) = (time, time + 1);
        'search: loop {
            let begin = next[at] as usize;
            for (no, target) in lists.others[begin..lists.ends[at] as usize].iter().enumerate() {
                let target = *target as usize;
                let reached = numbers[target];
                // Without a branch, which the processor could not predict.
                leads_back |= reached < low;
                low = low.min(reached);
                if reached == UNMET {
                    next[at] = (begin + no) as u32 + 1;
                    numbers[at] = low;
                    stacks[open] = at as u32 | if leads_back { LEADS_BACK } else { 0 };
                    open += 1;
                    (at, low, leads_back) = (target, time, false);
                    (numbers[at], time) = (time, time + 1);
                    continue 'search;
                }
            }
            run.work((lists.ends[at] - lists.starts[at]) as usize)?;
            numbers[at] = low;
            left -= 1;
            stacks[left] = at as u32;
            if !leads_back {
                number -= 1;
                let begin = left;
                while let Some(member) = stacks.get(left)
                    && (low..number).contains(&numbers[*member as usize])
                {
                    numbers[*member as usize] = number;
                    left += 1;
                }
                let mut found = Found {
                    members: &stacks[begin..left],
                    numbers: &numbers,
                    number,
                    places: &mut next,
                };
                each(run, &mut found)?;
            }
            if open == 0 {
                break;
            }
            let reached = numbers[at];
            open -= 1;
            at = (stacks[open] & !LEADS_BACK) as usize;
            (low, leads_back) = (numbers[at], stacks[open] & LEADS_BACK != 0);
            if reached < low {
                (low, leads_back) = (reached, true);
            }
        }
    }
    run.free(numbers);
    run.free(next);
    run.free(stacks);
    Ok(())
}

/// The same without a copy of the edges: labels entities by their strong components.
fn tarjan(run: &mut Run, subgraph: &Subgraph, labels: &mut [u32]) -> Written {
    // When each was met. Until its component is known, its label is when the first entity was met that it is known to
    // lead back to.
    let mut met = run.array(UNMET, labels.len())?;
    let mut stack: Vec<u32> = Vec::new();
    let mut open: Vec<(u32, Place)> = Vec::new();
    let mut count = 0;
    for root in 0..labels.len() as u32 {
        run.work(1)?;
        if met[root as usize] != UNMET {
            continue;
        }
        let mut entered = Some(root);
        loop {
            if let Some(entity) = entered.take() {
                met[entity as usize] = count;
                labels[entity as usize] = count;
                count += 1;
                run.push(&mut stack, entity)?;
                run.push(&mut open, (entity, Place::default()))?;
            }
            let Some((entity, place)) = open.last_mut() else {
                break;
            };
            let at = *entity as usize;
            let target = subgraph.next_target(subgraph.from_index(at), place);
            run.visit(1)?;
            if let Some(target) = target {
                let target = target.slot();
                match met[target] {
                    UNMET => entered = Some(target as u32),
                    when => labels[at] = labels[at].min(when),
                }
                continue;
            }
            open.pop();
            let low = labels[at];
            if let Some((before, _)) = open.last() {
                let before = &mut labels[*before as usize];
                *before = low.min(*before);
            }
            if low == met[at] {
                while let Some(member) = stack.pop() {
                    met[member as usize] = DONE;
                    labels[member as usize] = at as u32;
                    if member as usize == at {
                        break;
                    }
                }
            }
        }
    }
    run.free(met);
    run.free(stack);
    run.free(open);
    Ok(())
}
