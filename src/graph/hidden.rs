//! Entities that a reader may not see, and the size of the graph without them.

use petgraph::unionfind::UnionFind;

use super::{Counts, EntitySet, Row, Snapshot};
use crate::ontology::{Direction, PropertyNo, RelationId, TypeId};

/// Entities that are hidden from a reader: for it, they, their edges and their citations do not exist.
#[derive(Debug)]
pub struct Hidden {
    pub(super) entities: EntitySet,
    pub(super) counts: Counts,
    /// Number of remaining entities of each type.
    pub(super) rows: Vec<usize>,
    /// Number of remaining edges of each relation.
    pub(super) edges: Vec<usize>,
}

impl Hidden {
    /// Counts the graph without some entities. Takes time linear in the graph. If a hidden entity is the end of a
    /// required relation, the entity at its start must be hidden too.
    pub fn of(snapshot: &Snapshot, entities: EntitySet) -> Self {
        let ontology = snapshot.ontology();
        let mut left = Left {
            snapshot,
            hidden: &entities,
            statements: 0,
            citations: 0,
            components: UnionFind::new(snapshot.counts().entities),
            parts: 0,
        };
        let rows: Vec<usize> = ontology.type_ids().map(|id| left.count_entities(id)).collect();
        let edges: Vec<usize> = ontology.relation_ids().map(|id| left.count_edges(id)).collect();
        let source = ontology.source_type;
        let lonely = left.rows_of(source).filter(|row| left.is_lonely(*row)).count();
        let counts = Counts {
            entities: rows.iter().sum(),
            edges: edges.iter().sum(),
            statements: left.statements,
            sources: rows[source.index()],
            citations: left.citations,
            components: left.parts - lonely,
        };
        Self {
            entities,
            counts,
            rows,
            edges,
        }
    }
}

/// The counts so far.
struct Left<'a> {
    snapshot: &'a Snapshot,
    hidden: &'a EntitySet,
    statements: usize,
    citations: usize,
    components: UnionFind<u32>,
    parts: usize,
}

impl<'a> Left<'a> {
    fn rows_of(&self, type_id: TypeId) -> impl Iterator<Item = Row> + use<'a> {
        let (snapshot, hidden) = (self.snapshot, self.hidden);
        let rows = (0..snapshot.rows(type_id)).map(move |row| Row { type_id, row });
        rows.filter(move |row| !hidden.has(snapshot.number(*row)))
    }

    fn count_entities(&mut self, type_id: TypeId) -> usize {
        let properties = self
            .snapshot
            .ontology()
            .entity_type(type_id)
            .members
            .properties
            .len();
        let mut count = 0;
        for row in self.rows_of(type_id) {
            count += 1;
            for no in 0..properties {
                let column = self.snapshot.column(type_id, PropertyNo(no as u16));
                for (_, _, statement) in column.each_said(row.row) {
                    self.count_statement(statement);
                }
            }
        }
        self.parts += count;
        count
    }

    fn count_edges(&mut self, relation: RelationId) -> usize {
        let snapshot = self.snapshot;
        let symmetric = snapshot.ontology().relation(relation).symmetric;
        let mut count = 0;
        for type_id in snapshot.ontology().type_ids() {
            for row in self.rows_of(type_id) {
                let from = snapshot.number(row);
                for (to, edge) in snapshot.neighbours(row, relation, Direction::Out).iter() {
                    // A symmetric edge is stored at both ends.
                    if self.hidden.has(to) || symmetric && from.0 > to.0 {
                        continue;
                    }
                    count += 1;
                    self.count_statement(snapshot.edge_statement(relation, edge));
                    self.parts -= usize::from(self.components.union(from.0, to.0));
                }
            }
        }
        count
    }

    fn count_statement(&mut self, statement: super::StatementNo) {
        self.statements += 1;
        let citations = self.snapshot.statements().citations(statement);
        self.citations += citations.filter(|it| !self.hidden.has(it.source)).count();
    }

    /// Whether an entity has no edges.
    fn is_lonely(&self, row: Row) -> bool {
        let mut links = self.snapshot.links(row);
        links.all(|(_, _, ends)| ends.iter().all(|(end, _)| self.hidden.has(end)))
    }
}
