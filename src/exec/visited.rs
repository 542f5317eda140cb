//! What a run came by: the part of the graph that an answer shows, for forms that show it as a graph.

use std::collections::{HashMap, HashSet};

use petgraph::visit::EdgeRef;

use super::Run;
use super::entity::ViaEdge;
use super::statement::Said;
use crate::graph::{EdgeNo, EdgeReference, EntityNo, Row, StatementNo, Values};
use crate::ontology::{Date, Direction, PropertyNo, RelationId};
use crate::plan::Side;

/// The entities, values and edges of an answer, each once, in the order in which they were met.
#[derive(Debug, Default)]
pub struct Subgraph<'a> {
    /// The entities, with the date that the answer shows each at.
    pub entities: Vec<(EntityNo, Option<Date>)>,
    /// Values of their properties.
    pub values: Vec<Told<'a>>,
    /// Edges, both of whose ends are among the entities.
    pub edges: Vec<Walked>,
    met: HashMap<EntityNo, usize>,
    told: HashSet<(EntityNo, PropertyNo, *const Values, usize)>,
    walked: HashSet<(RelationId, EdgeNo)>,
}

/// A value of a property, and what says it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Whose it is.
    pub entity: EntityNo,
    /// Of what.
    pub property: PropertyNo,
    /// Where it lies.
    pub values: &'a Values,
    /// At which place there.
    pub at: usize,
    /// The statement behind it.
    pub statement: StatementNo,
}

/// An edge as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Walked {
    /// Where it starts.
    pub from: EntityNo,
    /// Where it ends.
    pub to: EntityNo,
    /// Its relation.
    pub relation: RelationId,
    /// Its number there.
    pub edge: EdgeNo,
}

impl<'a> Subgraph<'a> {
    /// The place of an entity among the entities.
    pub fn place(&self, entity: EntityNo) -> Option<usize> {
        self.met.get(&entity).copied()
    }

    fn meet(&mut self, entity: EntityNo, as_of: Option<Date>) {
        self.met.entry(entity).or_insert_with(|| {
            self.entities.push((entity, as_of));
            self.entities.len() - 1
        });
    }

    fn tell(&mut self, told: Told<'a>) {
        let place = (
            told.entity,
            told.property,
            std::ptr::from_ref(told.values),
            told.at,
        );
        if self.told.insert(place) {
            self.values.push(told);
        }
    }
}

impl<'a> Run<'a> {
    fn visited(&mut self) -> Option<&mut Subgraph<'a>> {
        self.trace.as_mut()?.visited.as_mut()
    }

    /// Notes an entity that is being written.
    #[cold]
    #[inline(never)]
    pub(super) fn meet(&mut self, row: Row) {
        let (entity, as_of) = (self.snapshot.number(row), self.as_of);
        if let Some(visited) = self.visited() {
            visited.meet(entity, as_of);
        }
    }

    /// Notes a value that is being written.
    pub(super) fn tell(
        &mut self,
        row: Row,
        property: PropertyNo,
        values: &'a Values,
        at: usize,
        statement: StatementNo,
    ) {
        let entity = self.snapshot.number(row);
        if let Some(visited) = self.visited() {
            visited.tell(Told {
                entity,
                property,
                values,
                at,
                statement,
            });
        }
    }

    /// Notes an edge that is walked: what is being written rests on it.
    #[cold]
    #[inline(never)]
    pub(super) fn walk(&mut self, from: EntityNo, to: EntityNo, side: Side, edge: EdgeNo) {
        self.cite_edge(side.relation, edge);
        self.pass(from, to, side, edge);
    }

    /// Notes the edge that led to an entity from wherever it starts.
    #[cold]
    #[inline(never)]
    pub(super) fn walk_to(&mut self, target: EntityNo, side: Side, edge: EdgeNo) {
        self.cite_edge(side.relation, edge);
        if self.visited().is_some() {
            let start = self.start_of(target, ViaEdge { side, edge });
            self.pass(self.snapshot.number(start), target, side, edge);
        }
    }

    /// Notes edges that an answer is about, whether or not they are written.
    pub(super) fn pass_all(&mut self, edges: &[EdgeReference]) {
        if self.visited().is_none() {
            return;
        }
        for edge in edges {
            let (relation, no) = edge.id();
            let direction = edge.direction();
            self.pass(edge.source(), edge.target(), Side { relation, direction }, no);
        }
    }

    fn pass(&mut self, from: EntityNo, to: EntityNo, side: Side, edge: EdgeNo) {
        let as_of = self.as_of;
        let Some(visited) = self.visited() else { return };
        if !visited.walked.insert((side.relation, edge)) {
            return;
        }
        visited.meet(from, as_of);
        visited.meet(to, as_of);
        let (from, to) = match side.direction {
            Direction::In => (to, from),
            Direction::Out | Direction::Both => (from, to),
        };
        visited.edges.push(Walked {
            from,
            to,
            relation: side.relation,
            edge,
        });
    }

    /// Notes a statement that is being written.
    pub(super) fn say(&mut self, row: Row, said: Said<'a>) {
        match said {
            Said::Value {
                property,
                values,
                at,
                statement,
            } => {
                self.cite(statement, None);
                self.meet(row);
                self.tell(row, property, values, at, statement);
            }
            Said::Edge { side, target, edge } => {
                self.walk(self.snapshot.number(row), target, side, edge);
            }
        }
    }
}
