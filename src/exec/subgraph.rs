//! Visited part of the graph: the entities, values and edges that an answer shows, for forms that show them as a graph.

use petgraph::visit::EdgeRef;

use rustc_hash::{FxHashMap, FxHashSet};

use super::entity::ViaEdge;
use super::statement::EntityStatement;
use super::{Run, Written};
use crate::graph::{EdgeNo, EdgeReference, EntityNo, Row, StatementNo, ValueId, ValueRef};
use crate::ontology::{Date, Direction, PropertyNo, RelationId};
use crate::plan::Side;

/// The entities, values and edges of an answer, each once, in the order in which the run first visited them.
#[derive(Debug, Default)]
pub struct Subgraph<'a> {
    /// The entities, with the date at which the answer shows each.
    pub entities: Vec<(EntityNo, Option<Date>)>,
    /// Values of their properties.
    pub values: Vec<ShownValue<'a>>,
    /// Edges, both of whose ends are among the entities.
    pub edges: Vec<ShownEdge>,
    met: FxHashMap<EntityNo, u32>,
    told: FxHashSet<(EntityNo, PropertyNo, ValueId)>,
    walked: FxHashSet<(RelationId, EdgeNo)>,
}

/// Bytes that an entity, a value and an edge take, including their entries in the tables and spare capacity.
const ENTITY_BYTES: usize = 96;
const VALUE_BYTES: usize = 160;
const EDGE_BYTES: usize = 64;

/// A value of a property, and its statement.
#[derive(Debug, Clone, Copy)]
pub struct ShownValue<'a> {
    /// The entity.
    pub entity: EntityNo,
    /// The property.
    pub property: PropertyNo,
    /// The value.
    pub value: ValueRef<'a>,
    /// Its statement.
    pub statement: StatementNo,
}

/// A stored edge.
#[derive(Debug, Clone, Copy)]
pub struct ShownEdge {
    /// Its start.
    pub from: EntityNo,
    /// Its end.
    pub to: EntityNo,
    /// Its relation.
    pub relation: RelationId,
    /// Its number in the relation.
    pub edge: EdgeNo,
}

impl<'a> Subgraph<'a> {
    /// The position of an entity among the entities.
    pub fn place(&self, entity: EntityNo) -> Option<usize> {
        self.met.get(&entity).map(|it| *it as usize)
    }

    /// Adds an entity. Returns whether it is new.
    fn meet(&mut self, entity: EntityNo, as_of: Option<Date>) -> bool {
        let known = self.entities.len();
        self.met.entry(entity).or_insert_with(|| {
            self.entities.push((entity, as_of));
            known as u32
        });
        self.entities.len() > known
    }

    /// Adds a value. Returns whether it is new.
    fn tell(&mut self, told: ShownValue<'a>) -> bool {
        let is_new = self.told.insert((told.entity, told.property, told.value.id()));
        if is_new {
            self.values.push(told);
        }
        is_new
    }
}

impl<'a> Run<'a> {
    fn visited(&mut self) -> Option<&mut Subgraph<'a>> {
        self.trace.as_mut()?.visited.as_mut()
    }

    /// Adds the entity that is being written.
    #[cold]
    #[inline(never)]
    pub(super) fn meet(&mut self, row: Row) -> Written {
        let (entity, as_of) = (self.view.number(row), self.view.as_of());
        if self.visited().is_some_and(|it| it.meet(entity, as_of)) {
            self.keep_held(ENTITY_BYTES)?;
        }
        Ok(())
    }

    /// Adds the value that is being written.
    pub(super) fn tell(
        &mut self,
        row: Row,
        property: PropertyNo,
        value: ValueRef<'a>,
        statement: StatementNo,
    ) -> Written {
        let entity = self.view.number(row);
        let told = ShownValue {
            entity,
            property,
            value,
            statement,
        };
        if self.visited().is_some_and(|it| it.tell(told)) {
            self.keep_held(VALUE_BYTES)?;
        }
        Ok(())
    }

    /// Adds an edge that the current value depends on.
    #[cold]
    #[inline(never)]
    pub(super) fn walk(&mut self, from: EntityNo, to: EntityNo, side: Side, edge: EdgeNo) -> Written {
        self.cite_edge(side.relation, edge)?;
        self.pass(from, to, side, edge)
    }

    /// Adds the edge that led to an entity, in either direction.
    #[cold]
    #[inline(never)]
    pub(super) fn walk_to(&mut self, target: EntityNo, side: Side, edge: EdgeNo) -> Written {
        self.cite_edge(side.relation, edge)?;
        if self.visited().is_none() {
            return Ok(());
        }
        let start = self.start_of(target, ViaEdge { side, edge })?;
        self.pass(self.view.number(start), target, side, edge)
    }

    /// Adds the edges that an answer is about, whether or not it shows them.
    pub(super) fn pass_all(&mut self, edges: &[EdgeReference]) -> Written {
        if self.visited().is_none() {
            return Ok(());
        }
        for edge in edges {
            self.work(1)?;
            let (relation, no) = edge.id();
            let direction = edge.direction();
            self.pass(edge.source(), edge.target(), Side { relation, direction }, no)?;
        }
        Ok(())
    }

    fn pass(&mut self, from: EntityNo, to: EntityNo, side: Side, edge: EdgeNo) -> Written {
        let as_of = self.view.as_of();
        let Some(visited) = self.visited() else {
            return Ok(());
        };
        if !visited.walked.insert((side.relation, edge)) {
            return Ok(());
        }
        let met = usize::from(visited.meet(from, as_of)) + usize::from(visited.meet(to, as_of));
        let (from, to) = match side.direction {
            Direction::In => (to, from),
            Direction::Out | Direction::Both => (from, to),
        };
        visited.edges.push(ShownEdge {
            from,
            to,
            relation: side.relation,
            edge,
        });
        self.keep_held(met * ENTITY_BYTES + EDGE_BYTES)
    }

    /// Adds the statement that is being written.
    pub(super) fn say(&mut self, row: Row, said: EntityStatement<'a>) -> Written {
        match said {
            EntityStatement::Value {
                property,
                value,
                statement,
            } => {
                self.cite(statement, None)?;
                self.meet(row)?;
                self.tell(row, property, value, statement)
            }
            EntityStatement::Edge { side, target, edge } => {
                self.walk(self.view.number(row), target, side, edge)
            }
        }
    }
}
