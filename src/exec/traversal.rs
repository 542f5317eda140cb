//! Walks from entities: the results of a transitive relation or of a path expression, and neighborhoods.

use std::cell::Cell;

use petgraph::Direction as Way;
use petgraph::visit::EdgeRef;

use rustc_hash::FxHashSet;

use super::connection::Item;
use super::working_memory::VisitedSet;
use super::{Failure, Run, Written, working_memory};
use crate::graph::{EdgeReference, EntityNo, Row, Subgraph};
use crate::ontology::{Direction, RelationId};
use crate::plan::{PathExpression, Side, Transition, TraversalOptions};
use crate::report::{MOST_SHOWN, did_you_mean, shown};

/// In graphs with more entities than this, similar ids are not suggested.
const MOST_COMPARED: usize = 50_000;

/// Ids that are compared between two checks of the clock.
const COMPARED_AT_ONCE: usize = 512;

/// After this many errors, similar ids are no longer suggested.
const MOST_HINTS: usize = 20;

/// The neighborhood of entities.
pub(super) struct Neighborhood {
    /// The nearest first, then in the order of types and ids.
    pub entities: Vec<EntityNo>,
    /// The edges between them, each once, in its stored direction.
    pub links: Vec<EdgeReference>,
    /// Number of entities in the neighborhood, including those beyond the maximum.
    pub total: usize,
}

impl<'a> Run<'a> {
    /// The entity of an id in an argument; an error if it does not exist.
    pub(super) fn named(&mut self, argument: &str, id: &str) -> Result<EntityNo, Failure> {
        if let Some(found) = self.view.find(id) {
            return Ok(found);
        }
        let hint = self.near_ids(id)?;
        self.refuse(format!(
            "`{argument}` is \"{}\", and no entity has this id: {hint}",
            shown(id)
        ))
    }

    /// A hint with the ids that are similar to an unknown one.
    fn near_ids(&mut self, id: &str) -> Result<String, Failure> {
        let view = self.view;
        let is_compared = view.slots() <= MOST_COMPARED
            && self.errors.len() < MOST_HINTS
            && id.chars().nth(MOST_SHOWN).is_none();
        let all = is_compared.then(|| view.entities());
        // Comparing all of them would take longer than most answers.
        let stopped = Cell::new(None);
        let clock = self.budget.clock;
        let goes_on = |(no, _): &(usize, EntityNo)| {
            if no.is_multiple_of(COMPARED_AT_ONCE) && stopped.get().is_none() {
                stopped.set(clock.stop());
            }
            stopped.get().is_none()
        };
        let all = all.into_iter().flatten().enumerate();
        let ids = all.take_while(goes_on).map(|(_, it)| view.id_of(it));
        let hint = did_you_mean(id, ids, || "`search` finds entities by their names".to_owned());
        match stopped.get() {
            None => Ok(hint),
            Some(stop) => Err(Failure::Stop(stop)),
        }
    }

    /// The part of the graph that a walk visits.
    pub(super) fn subgraph(
        &mut self,
        walk: &TraversalOptions,
        direction: Direction,
    ) -> Result<Subgraph<'a>, Failure> {
        let view = self.view;
        let relations: Vec<RelationId> = match &walk.via {
            Some(via) => via.clone(),
            None => view.ontology().relation_ids().collect(),
        };
        let left_out = if walk.avoid.is_empty() && walk.avoid_types.is_empty() {
            None
        } else {
            let mut left_out = self.entity_set()?;
            for id in walk.avoid.iter() {
                left_out.add(self.named("avoid", id)?);
            }
            for id in &walk.avoid_types {
                left_out.add_type(view.snapshot(), *id);
            }
            Some(left_out)
        };
        let subgraph = view.over(&relations, walk.direction.unwrap_or(direction));
        Ok(subgraph.without(left_out))
    }

    /// The entities that a relation reaches over at most `most` edges, by breadth-first search, each once with the last
    /// edge of its path. Takes time linear in the number of edges there.
    #[cold]
    pub(super) fn closure(&mut self, row: Row, side: Side, depth: usize) -> Result<Vec<Item>, Failure> {
        // A set of visited entities only, so that the cost depends on the answer and not on the size of the graph.
        let mut seen = VisitedSet::default();
        let mut items: Vec<Item> = Vec::new();
        let mut level = 0..0;
        for hop in 0..depth {
            let begin = items.len();
            if hop == 0 {
                self.reach_from(row, side, &mut seen, &mut items)?;
            }
            for at in level {
                let row = self.view.locate(items[at].entity);
                self.reach_from(row, side, &mut seen, &mut items)?;
            }
            level = begin..items.len();
            if level.is_empty() {
                break;
            }
        }
        Ok(items)
    }

    /// Adds the entities that a relation reaches from an entity over one edge.
    fn reach_from(&mut self, row: Row, side: Side, seen: &mut VisitedSet, items: &mut Vec<Item>) -> Written {
        for (target, edge) in self.view.neighbours(row, side.relation, side.direction) {
            self.visit(1)?;
            if seen.insert(self, target)? {
                let rank = items.len() as u32;
                let item = Item {
                    entity: target,
                    edge,
                    rank,
                };
                self.push(items, item)?;
            }
        }
        Ok(())
    }

    /// The entities that a path expression reaches from an entity, each once, in the order of ids. Visits each pair of
    /// a state and an entity at most once.
    pub(super) fn follow(&mut self, row: Row, expression: &PathExpression) -> Result<Vec<EntityNo>, Failure> {
        self.hold(expression.len() * size_of::<VisitedSet>())?;
        let mut seen: Vec<VisitedSet> = Vec::with_capacity(expression.len());
        seen.resize_with(expression.len(), VisitedSet::default);
        let view = self.view;
        let mut open: Vec<(u16, EntityNo)> = Vec::new();
        let start = view.number(row);
        seen[0].insert(self, start)?;
        self.push(&mut open, (0, start))?;
        while let Some((state, entity)) = open.pop() {
            let row = view.locate(entity);
            self.work(1)?;
            for transition in expression.transitions(state) {
                match transition {
                    Transition::Free(to) => {
                        self.work(1)?;
                        if seen[usize::from(*to)].insert(self, entity)? {
                            self.push(&mut open, (*to, entity))?;
                        }
                    }
                    Transition::Step(no, to) => {
                        let step = expression.step(*no);
                        let seen = &mut seen[usize::from(*to)];
                        for side in step.sides(row.type_id) {
                            if step.ends().is_none()
                                && let Some(all) = view.all_neighbours(row, side.relation, side.direction)
                            {
                                self.visit(all.len() as u64)?;
                                for other in all.entities() {
                                    if seen.insert(self, *other)? {
                                        self.push(&mut open, (*to, *other))?;
                                    }
                                }
                                continue;
                            }
                            for (other, _) in view.neighbours(row, side.relation, side.direction) {
                                self.visit(1)?;
                                let has_field = step.ends().is_none_or(|ends| {
                                    let end = ends[view.locate(other).type_id.index()];
                                    end.is_some_and(|it| {
                                        it.relation == side.relation && it.direction != side.direction
                                            || it.direction == Direction::Both && *side == it
                                    })
                                });
                                if has_field && seen.insert(self, other)? {
                                    self.push(&mut open, (*to, other))?;
                                }
                            }
                        }
                    }
                }
            }
        }
        self.free(open);
        let mut reached = VisitedSet::default();
        let reached = match expression.ends() {
            [end] => &seen[usize::from(*end)],
            ends => {
                for end in ends {
                    for entity in seen[usize::from(*end)].iter() {
                        self.work(1)?;
                        reached.insert(self, entity)?;
                    }
                }
                &reached
            }
        };
        let mut found: Vec<EntityNo> = self.list_of(reached.len())?;
        for entity in reached.iter() {
            self.visit(1)?;
            found.push(entity);
        }
        let all = 0..found.len();
        let key = |it: &EntityNo| view.order_key(*it);
        working_memory::sort(&mut found, all.clone(), &self.budget.clock, |a, b| {
            key(a).cmp(&key(b))
        })?;
        // The entities of a type are now in the order of their ids.
        let is_of_one_type = match found[..] {
            [first, .., last] => view.locate(first).type_id == view.locate(last).type_id,
            _ => true,
        };
        if !is_of_one_type {
            let id = |it: &EntityNo| view.id_of(*it);
            working_memory::sort(&mut found, all, &self.budget.clock, |a, b| id(a).cmp(id(b)))?;
        }
        Ok(found)
    }

    /// The nearest entities within a distance of some, up to a maximum number.
    pub(super) fn surroundings(
        &mut self,
        subgraph: &Subgraph,
        of: &[EntityNo],
        hops: usize,
        first: usize,
    ) -> Result<Neighborhood, Failure> {
        let mut seen = VisitedSet::default();
        let mut entities: Vec<EntityNo> = Vec::new();
        let mut total = 0;
        let mut level: Vec<EntityNo> = Vec::new();
        for entity in of {
            if !subgraph.leaves_out(*entity) && seen.insert(self, *entity)? {
                self.push(&mut level, *entity)?;
            }
        }
        for hop in 0..=hops {
            total += level.len();
            let room = first - entities.len();
            for entity in level.iter().take(room) {
                self.push(&mut entities, *entity)?;
            }
            if hop == hops || level.is_empty() {
                break;
            }
            let mut next = Vec::new();
            for entity in &level {
                self.work(1)?;
                for edge in subgraph.edges_of(*entity, Way::Outgoing) {
                    self.visit(1)?;
                    if seen.insert(self, edge.target())? {
                        self.push(&mut next, edge.target())?;
                    }
                }
            }
            let all = 0..next.len();
            let key = |it: &EntityNo| self.view.order_key(*it);
            working_memory::sort(&mut next, all, &self.budget.clock, |a, b| key(a).cmp(&key(b)))?;
            self.free(level);
            level = next;
        }
        let links = self.links_between(subgraph, &entities)?;
        Ok(Neighborhood {
            entities,
            links,
            total,
        })
    }

    /// The edges of a subgraph between some entities, each once, in its stored direction.
    fn links_between(
        &mut self,
        subgraph: &Subgraph,
        entities: &[EntityNo],
    ) -> Result<Vec<EdgeReference>, Failure> {
        let mut kept = VisitedSet::default();
        for entity in entities {
            kept.insert(self, *entity)?;
        }
        let mut links = Vec::new();
        let mut seen = FxHashSet::default();
        for entity in entities {
            self.work(1)?;
            for edge in subgraph.edges_of(*entity, Way::Outgoing) {
                self.visit(1)?;
                if !kept.has(edge.target()) {
                    continue;
                }
                // If the subgraph follows edges in both directions, an edge is found from either end.
                self.grow_set(&mut seen)?;
                if seen.insert(edge.id()) {
                    let link = match edge.direction() {
                        Direction::Out | Direction::Both => edge,
                        Direction::In => edge.turned(),
                    };
                    self.push(&mut links, link)?;
                }
            }
        }
        Ok(links)
    }
}
