//! The snapshot: an immutable, columnar graph, and the builder that makes it from facts.
//!
//! An entity is a row of its type's table. All rows are numbered consecutively, type after type, in the order of their
//! ids ([`EntityNo`]). A property is a column, a relation is two adjacency arrays, and provenance is kept in side
//! tables ([`Statements`]).
//!
//! ```text
//! number      0 1 2 3 4 | 5 6 7 | 8          bases: 0 5 8 9
//! type, row   Person    | Place | Source
//! ```
//!
//! [`build`] checks every fact against the ontology, so nothing needs to be checked at query time. It takes O(n log n)
//! for n facts (ids are sorted), on all cores. Only this module knows the layout of columns and adjacency; others use
//! its accessors. It never sees GraphQL.

mod adjacency;
mod allocator;
mod build;
mod citation_index;
mod column;
mod dictionary;
mod exit;
mod file;
mod grouping;
mod hidden;
mod ids;
mod indexes;
mod lint;
mod locator;
mod mapping;
mod names;
mod order;
mod output;
mod predicate;
mod resolver;
mod scan;
mod sorted_index;
mod spare_capacity;
mod statement;
mod storage;
mod strings;
mod subgraph;
#[cfg(test)]
mod test_graph;
mod trigrams;
mod value;
mod view;

pub use adjacency::Neighbours;
pub use allocator::Allocator;
pub use build::{CheckQuery, QueryProblem, build, build_and_check};
pub use citation_index::{Cited, CitedFact, CitedFactKind, lies_in};
pub use column::{Key, write_float};
pub use dictionary::{Coded, Codes};
pub(crate) use exit::exit_with;
pub use file::FileError;
pub use grouping::{Common, KeyPacker, Packed};
pub use hidden::Hidden;
pub use indexes::Indexes;
pub use lint::{Places, lint};
pub use mapping::FILE_LOST;
pub use names::{EntityNames, Name, NameNo};
pub use order::{Entities, Listed, Members, Merged, OrderKey, Ranks, ShownTexts, partition_point, rank};
pub use output::{Halt, Meter};
pub use predicate::{Subject, TestContext};
pub use resolver::{Fields, PageValue, Part, Resolved, Resolver, Shape};
pub use scan::{Block, Scan};
pub use sorted_index::{Sorted, SortedEntities};
pub use spare_capacity::LAST_STEP;
pub use statement::{Citation, Rank, Statements, Validity};
pub use subgraph::{EdgeReference, EntitySet, Place, Subgraph};
pub use trigrams::Trigrams;
pub use value::{ValueId, ValueRef};
pub use view::View;

use std::sync::Arc;

use crate::facts::GraphFact;
use crate::ontology::{Date, Direction, EntityType, Ontology, PropertyNo, Relation, RelationId, TypeId};
use adjacency::{Adjacency, Targets};
use column::{Column, Values};
use ids::{IdIndex, UniqueIndex};
use storage::Stored;
use strings::Strings;

/// An entity's number in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct EntityNo(u32);

impl EntityNo {
    /// Marks a missing entity.
    pub const NONE: Self = Self(u32::MAX);

    /// Its index in an array with an element for each entity of the snapshot. Slots say nothing about order.
    #[inline]
    pub fn slot(self) -> usize {
        self.0 as usize
    }
}

/// An edge's number in its relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeNo(u32);

impl EdgeNo {
    /// Marks a missing edge.
    pub const NONE: Self = Self(u32::MAX);
}

/// A statement's number, or [`NO_STATEMENT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct StatementNo(u32);

/// Marks a fact without provenance.
pub const NO_STATEMENT: StatementNo = StatementNo(u32::MAX);

/// An entity as a row of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its type.
    pub type_id: TypeId,
    /// Its row in the type's table.
    row: usize,
}

/// The entities of one type.
#[derive(Debug)]
struct Table {
    ids: Strings,
    columns: Vec<Column>,
    /// For each property, its index of unique values if it is `@unique`.
    unique: Vec<Option<UniqueIndex>>,
}

/// The edges of one relation.
#[derive(Debug)]
struct Edges {
    out: Adjacency,
    back: Adjacency,
    count: usize,
    /// The edge type's properties, with a row for each edge.
    columns: Vec<Column>,
    statements: Option<Stored<StatementNo>>,
    /// Whether a field with a single target has several statements.
    is_disputed: bool,
}

impl Edges {
    /// Determines whether a field with a single target has several statements.
    fn checked(mut self, ontology: &Ontology, relation: &Relation) -> Self {
        let ways: &[(&Adjacency, Direction)] = if relation.symmetric {
            &[(&self.out, Direction::Both)]
        } else {
            &[(&self.out, Direction::Out), (&self.back, Direction::In)]
        };
        self.is_disputed = ways.iter().any(|(adjacency, way)| {
            adjacency.starts.iter().any(|(type_no, starts)| {
                let type_id = TypeId::at(type_no);
                let field = relation.field(type_id, *way);
                let leads_to_one =
                    field.is_some_and(|no| !ontology.entity_type(type_id).members.field(no).many);
                leads_to_one && starts.iter().any(|(_, edges)| edges.len() > 1)
            })
        });
        self
    }
}

/// An immutable graph.
#[derive(Debug)]
pub struct Snapshot {
    ontology: Arc<Ontology>,
    revision: u64,
    info: GraphFact,
    bases: Vec<u32>,
    tables: Vec<Table>,
    ids: IdIndex,
    relations: Vec<Edges>,
    statements: Statements,
    counts: Counts,
}

/// Contents of a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of entities, including sources.
    pub entities: usize,
    /// Number of edges.
    pub edges: usize,
    /// Number of values and edges.
    pub statements: usize,
    /// Number of sources.
    pub sources: usize,
    /// Number of citations.
    pub citations: usize,
    /// Number of weakly connected components.
    pub components: usize,
}

/// The memory that a snapshot takes, in bytes, by part.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// Ids.
    pub ids: usize,
    /// Indexes of ids and of unique values.
    pub indexes: usize,
    /// Texts of properties.
    pub strings: usize,
    /// Other data of the columns of properties.
    pub columns: usize,
    /// Adjacency of relations.
    pub adjacency: usize,
    /// Statements and citations.
    pub statements: usize,
}

impl Memory {
    /// The sum of all parts.
    pub fn total(self) -> usize {
        self.ids + self.indexes + self.strings + self.columns + self.adjacency + self.statements
    }
}

impl Snapshot {
    /// The schema of the snapshot.
    pub fn ontology(&self) -> &Ontology {
        &self.ontology
    }

    /// The schema of the snapshot, shared.
    pub fn shared_ontology(&self) -> Arc<Ontology> {
        self.ontology.clone()
    }

    /// Fingerprint of the data and the schema; the same files give the same number.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Metadata of the graph as a whole, from the data files.
    pub fn info(&self) -> &GraphFact {
        &self.info
    }

    /// Contents of the snapshot.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Number of entities of a type.
    pub fn rows(&self, id: TypeId) -> usize {
        self.tables[id.index()].ids.len()
    }

    /// Number of edges of a relation.
    fn edge_count(&self, id: RelationId) -> usize {
        self.relations[id.index()].count
    }

    /// The numbers of a type's entities.
    fn range(&self, id: TypeId) -> std::ops::Range<u32> {
        self.bases[id.index()]..self.bases[id.index() + 1]
    }

    /// An entity's type and row.
    #[inline]
    fn locate(&self, entity: EntityNo) -> Row {
        let type_no = self.bases.partition_point(|base| *base <= entity.0) - 1;
        Row {
            type_id: TypeId::at(type_no),
            row: (entity.0 - self.bases[type_no]) as usize,
        }
    }

    /// The row of an entity whose type is known.
    #[inline]
    fn row_in(&self, type_id: TypeId, entity: EntityNo) -> Row {
        Row {
            type_id,
            row: (entity.0 - self.bases[type_id.index()]) as usize,
        }
    }

    /// The number of a type's row.
    #[inline]
    fn number(&self, row: Row) -> EntityNo {
        EntityNo(self.bases[row.type_id.index()] + row.row as u32)
    }

    /// An entity by its id.
    fn find(&self, id: &str) -> Option<EntityNo> {
        self.ids.find(id, |entity| self.id(self.locate(entity)))
    }

    /// The statements with a value of a `@unique` property: the row, the value's number, and the statement's number.
    fn with_unique<'s>(
        &'s self,
        id: TypeId,
        property: PropertyNo,
        text: &str,
    ) -> impl Iterator<Item = (Row, (&'s Values, usize), StatementNo)> + use<'s> {
        let table = &self.tables[id.index()];
        let column = &table.columns[property.index()];
        let index = table.unique[property.index()].as_ref();
        let positions = index.map(|it| it.find(column, text));
        positions.into_iter().flatten().map(move |position| {
            let (row, _, statement) = column.place(position);
            (Row { type_id: id, row }, column.value_of(position), statement)
        })
    }

    /// An entity's id.
    #[inline]
    fn id(&self, row: Row) -> &str {
        self.tables[row.type_id.index()]
            .ids
            .text(row.row)
            .unwrap_or_default()
    }

    /// An entity's id as JSON, in its stored form.
    #[inline]
    fn id_json(&self, row: Row) -> &[u8] {
        self.tables[row.type_id.index()].ids.json(row.row)
    }

    /// The ids of a type's entities.
    #[inline]
    fn ids(&self, id: TypeId) -> &Strings {
        &self.tables[id.index()].ids
    }

    /// The column of a property.
    #[inline]
    fn column(&self, id: TypeId, property: PropertyNo) -> &Column {
        &self.tables[id.index()].columns[property.index()]
    }

    /// The numbers of the values of a list in its column; at a date, those that are valid then.
    fn held_values<'a>(
        &'a self,
        column: &'a Column,
        row: usize,
        as_of: Option<Date>,
    ) -> impl Iterator<Item = usize> + Clone + 'a {
        let holds =
            move |at: &usize| as_of.is_none_or(|date| self.statements.holds(column.statement(*at), date));
        column.range(row).filter(holds)
    }

    /// The number of a single value of an entity's property; the value may be missing. With a date, the value that is
    /// valid then, and `None` if no statement is. A required property has a value in any case, since it must not be
    /// null.
    #[inline]
    fn value(&self, row: Row, property: PropertyNo, as_of: Option<Date>) -> Option<(&Values, usize)> {
        match as_of {
            None => Some((self.column(row.type_id, property).values(), row.row)),
            Some(date) => self.value_at(row, property, date),
        }
    }

    #[cold]
    fn value_at(&self, row: Row, property: PropertyNo, date: Date) -> Option<(&Values, usize)> {
        let column = self.column(row.type_id, property);
        let given = Some((column.values(), row.row));
        let held = column.at(row.row, date, &self.statements);
        if held.is_none() && self.entity_type(row).members.property(property).required {
            return given;
        }
        held
    }

    /// An entity's label: the text of its label property, or its id.
    fn label(&self, row: Row, as_of: Option<Date>) -> &str {
        let label = self.entity_type(row).label;
        let value = label.and_then(|no| self.value(row, no, as_of));
        let text = value.and_then(|(values, at)| values.text(at));
        text.unwrap_or_else(|| self.id(row))
    }

    /// Writes an entity's label.
    fn write_label(&self, row: Row, as_of: Option<Date>, out: &mut Vec<u8>) {
        if let Some(no) = self.entity_type(row).label
            && let Some((values, at)) = self.value(row, no, as_of)
            && !values.is_null(at)
        {
            return values.write(at, &[], out);
        }
        out.extend_from_slice(self.id_json(row));
    }

    fn entity_type(&self, row: Row) -> &EntityType {
        &self.ontology.types[row.type_id.index()]
    }

    /// The edges of an entity over a relation in a direction.
    #[inline(always)]
    fn neighbours(&self, row: Row, relation: RelationId, direction: Direction) -> Neighbours<'_> {
        self.adjacency(relation, direction)
            .of(row.type_id.index(), row.row)
    }

    /// The targets of a type's entities over a relation in a direction.
    fn targets(&self, type_id: TypeId, relation: RelationId, direction: Direction) -> Targets<'_> {
        self.adjacency(relation, direction).targets(type_id.index())
    }

    #[inline(always)]
    fn adjacency(&self, relation: RelationId, direction: Direction) -> &Adjacency {
        let edges = &self.relations[relation.index()];
        match direction {
            Direction::Out | Direction::Both => &edges.out,
            Direction::In => &edges.back,
        }
    }

    /// All edges of an entity: each relation of its type, in each direction.
    fn links(&self, row: Row) -> impl Iterator<Item = (RelationId, Direction, Neighbours<'_>)> {
        self.ontology.relation_ids().flat_map(move |id| {
            let ways: &[Direction] = if self.ontology.relation(id).symmetric {
                &[Direction::Both]
            } else {
                &[Direction::Out, Direction::In]
            };
            ways.iter()
                .map(move |way| (id, *way, self.neighbours(row, id, *way)))
        })
    }

    /// The column of an edge property.
    fn edge_column(&self, relation: RelationId, property: PropertyNo) -> &Column {
        &self.relations[relation.index()].columns[property.index()]
    }

    /// The statement of an edge.
    fn edge_statement(&self, relation: RelationId, edge: EdgeNo) -> StatementNo {
        let statements = &self.relations[relation.index()].statements;
        statements.as_ref().map_or(NO_STATEMENT, |it| it[edge.0 as usize])
    }

    /// Whether an edge is valid at a date, if one is given.
    #[inline]
    fn edge_holds(&self, relation: RelationId, edge: EdgeNo, as_of: Option<Date>) -> bool {
        as_of.is_none_or(|date| self.statements.holds(self.edge_statement(relation, edge), date))
    }

    /// Ranks, validity and citations of statements.
    fn statements(&self) -> &Statements {
        &self.statements
    }

    /// Size in bytes, by part.
    pub fn memory(&self) -> Memory {
        let mut memory = Memory {
            indexes: self.ids.bytes(),
            statements: self.statements.bytes(),
            ..Memory::default()
        };
        for table in &self.tables {
            memory.ids += table.ids.bytes();
            for column in &table.columns {
                memory.strings += column.strings();
                memory.columns += column.bytes() - column.strings();
            }
            memory.indexes += table
                .unique
                .iter()
                .flatten()
                .map(UniqueIndex::bytes)
                .sum::<usize>();
        }
        for edges in &self.relations {
            memory.adjacency += edges.out.bytes() + edges.back.bytes();
            for column in &edges.columns {
                memory.strings += column.strings();
                memory.columns += column.bytes() - column.strings();
            }
            memory.statements += edges.statements.as_ref().map_or(0, Stored::bytes);
        }
        memory
    }
}
