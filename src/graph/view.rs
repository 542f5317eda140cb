//! The graph for one reader: a snapshot at a date, without the entities that are hidden from the reader.
//!
//! All results of a view are valid at its date and lead to no hidden entity, so readers check neither. Most views have
//! no date and hide nothing; for them this costs one test per list and none per value.

use unicode_normalization::UnicodeNormalization;

use super::{
    Column, Counts, EdgeNo, EntityNo, Hidden, NO_STATEMENT, Neighbours, Row, Snapshot, StatementNo,
    Statements, Values,
};
use crate::facts::GraphFact;
use crate::ontology::{
    Date, Direction, Domain, EntityType, FieldNo, Ontology, PropertyNo, RelationId, TypeId,
};

/// A snapshot at a date, without hidden entities.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    snapshot: &'a Snapshot,
    ontology: &'a Ontology,
    as_of: Option<Date>,
    pub(super) hidden: Option<&'a Hidden>,
}

impl Snapshot {
    /// The whole snapshot, at all dates.
    #[inline]
    pub fn view(&self) -> View<'_> {
        View {
            snapshot: self,
            ontology: self.ontology(),
            as_of: None,
            hidden: None,
        }
    }
}

impl<'a> View<'a> {
    /// The same view at a date, or at all dates.
    #[must_use]
    pub fn at(self, date: Option<Date>) -> Self {
        // Without any validity, all statements hold at every date.
        let as_of = date.filter(|_| self.snapshot.statements().any_validity());
        Self { as_of, ..self }
    }

    /// The same view without hidden entities.
    #[must_use]
    pub fn hiding(self, hidden: Option<&'a Hidden>) -> Self {
        Self { hidden, ..self }
    }

    /// The date of the view, if it has one.
    #[inline]
    pub fn as_of(&self) -> Option<Date> {
        self.as_of
    }

    /// Whether the whole snapshot is visible: the view has no date and hides nothing.
    #[inline]
    pub fn is_whole(&self) -> bool {
        self.as_of.is_none() && self.hidden.is_none()
    }

    /// Whether an entity is hidden.
    #[inline]
    pub fn hides(&self, entity: EntityNo) -> bool {
        self.hidden.is_some_and(|it| it.entities.has(entity))
    }

    /// The schema.
    #[inline]
    pub fn ontology(&self) -> &'a Ontology {
        self.ontology
    }

    /// The snapshot of the view.
    #[inline]
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Fingerprint of the data and the schema of the snapshot.
    pub fn revision(&self) -> u64 {
        self.snapshot.revision()
    }

    /// Metadata of the graph as a whole, from the data files.
    pub fn info(&self) -> &'a GraphFact {
        self.snapshot.info()
    }

    /// Contents of the graph.
    pub fn counts(&self) -> Counts {
        self.hidden.map_or_else(|| self.snapshot.counts(), |it| it.counts)
    }

    /// Number of entities of a type.
    pub fn count(&self, id: TypeId) -> usize {
        self.hidden
            .map_or_else(|| self.snapshot.rows(id), |it| it.rows[id.index()])
    }

    /// Number of edges of a relation.
    pub fn edge_count(&self, id: RelationId) -> usize {
        self.hidden
            .map_or_else(|| self.snapshot.edge_count(id), |it| it.edges[id.index()])
    }

    /// An entity's type and row.
    #[inline]
    pub fn locate(&self, entity: EntityNo) -> Row {
        self.snapshot.locate(entity)
    }

    /// The row of an entity whose type is known.
    #[inline]
    pub fn row_in(&self, type_id: TypeId, entity: EntityNo) -> Row {
        self.snapshot.row_in(type_id, entity)
    }

    /// The number of a type's row.
    #[inline]
    pub fn number(&self, row: Row) -> EntityNo {
        self.snapshot.number(row)
    }

    /// An entity by its id. Stored ids are in the Unicode form NFC; the given id may be in another form.
    pub fn find(&self, id: &str) -> Option<EntityNo> {
        let composed = || {
            let composed = (!id.is_ascii()).then(|| id.nfc().collect::<String>())?;
            self.snapshot.find(&composed)
        };
        let found = self.snapshot.find(id).or_else(composed);
        found.filter(|it| !self.hides(*it))
    }

    /// The entity whose `@unique` property shows a value. If several have it at different times, the one with the
    /// preferred statement.
    pub fn find_unique(&self, id: TypeId, property: PropertyNo, text: &str) -> Option<Row> {
        let mut best = None;
        for (row, (values, at), statement) in self.snapshot.with_unique(id, property, text) {
            let is_shown = self
                .value(row, property)
                .is_some_and(|(shown, place)| std::ptr::eq(shown, values) && place == at);
            if !is_shown || self.hides(self.number(row)) {
                continue;
            }
            let preference = self.statements().preference(statement);
            if best.is_none_or(|(_, before)| preference > before) {
                best = Some((row, preference));
            }
        }
        best.map(|it| it.0)
    }

    /// An entity's id.
    #[inline]
    pub fn id(&self, row: Row) -> &'a str {
        self.snapshot.id(row)
    }

    /// The id of an entity.
    #[inline]
    pub fn id_of(&self, entity: EntityNo) -> &'a str {
        self.snapshot.id(self.snapshot.locate(entity))
    }

    /// An entity's id as JSON, in its stored form.
    #[inline]
    pub fn id_json(&self, row: Row) -> &'a [u8] {
        self.snapshot.id_json(row)
    }

    /// The column of a property.
    #[inline]
    pub(super) fn column(&self, id: TypeId, property: PropertyNo) -> &'a Column {
        self.snapshot.column(id, property)
    }

    /// The numbers of the values of a list in its column.
    pub(super) fn held_values(
        &self,
        column: &'a Column,
        row: usize,
    ) -> impl Iterator<Item = usize> + Clone + use<'a> {
        self.snapshot.held_values(column, row, self.as_of)
    }

    /// The number of a single value of an entity's property; the value may be missing. `None` if no statement of it is
    /// valid at the date. A required property has a value in any case, since it must not be null.
    #[inline]
    pub(super) fn value(&self, row: Row, property: PropertyNo) -> Option<(&'a Values, usize)> {
        self.snapshot.value(row, property, self.as_of)
    }

    /// An entity's label: the text of its label property, or its id.
    pub fn label(&self, row: Row) -> &'a str {
        self.snapshot.label(row, self.as_of)
    }

    /// Writes an entity's label.
    pub fn write_label(&self, row: Row, out: &mut Vec<u8>) {
        self.snapshot.write_label(row, self.as_of, out);
    }

    /// The edges of an entity over a relation in a direction, and their targets, in the order of ids.
    ///
    /// A field with a single target shows one edge, even if it has several statements: the preferred one of those that
    /// are valid. From either end, only edges that such a field shows are visible. The default edge of a required field
    /// without a valid one is not included: see [`Self::neighbour`].
    #[inline]
    pub fn neighbours(
        &self,
        row: Row,
        relation: RelationId,
        direction: Direction,
    ) -> impl Iterator<Item = (EntityNo, EdgeNo)> + use<'a> {
        let (view, is_whole) = (*self, self.sees_all(relation));
        let stored = self.snapshot.neighbours(row, relation, direction);
        let is_one = !is_whole && self.leads_to_one(row, relation, direction);
        let shown = if is_one {
            self.edges_said(row, relation, direction).next().map(|it| it.1)
        } else {
            None
        };
        stored.iter().filter(move |(end, edge)| {
            is_whole
                || if is_one {
                    shown == Some(*edge)
                } else {
                    view.shows(relation, direction, *end, *edge)
                }
        })
    }

    /// Whether every edge of a relation is visible: the view has no date and hides nothing, and no field with a single
    /// target has several statements.
    #[inline]
    pub fn sees_all(&self, relation: RelationId) -> bool {
        self.is_whole() && !self.is_disputed(relation)
    }

    /// Whether some field of a relation with a single target has several statements.
    #[inline]
    pub fn is_disputed(&self, relation: RelationId) -> bool {
        self.snapshot.relations[relation.index()].is_disputed
    }

    /// Whether an entity's field for a relation in a direction has a single target.
    #[inline]
    fn leads_to_one(&self, row: Row, relation: RelationId, direction: Direction) -> bool {
        let no = self.field_no(row, relation, direction);
        no.is_some_and(|no| !self.entity_type(row).members.field(no).many)
    }

    /// Whether an edge is the one that a field with a single target shows: the preferred one of those that are valid.
    fn is_first(&self, row: Row, (relation, direction): (RelationId, Direction), edge: EdgeNo) -> bool {
        let first = self.edges_said(row, relation, direction).next();
        first.is_some_and(|it| it.1 == edge)
    }

    /// Whether an edge is visible from an entity whose field has many targets. It must be valid and must not lead to a
    /// hidden entity. If the field at the other end has a single target, that field must show this edge.
    pub(super) fn shows(
        &self,
        relation: RelationId,
        direction: Direction,
        end: EntityNo,
        edge: EdgeNo,
    ) -> bool {
        if self.hides(end) {
            return false;
        }
        let back = direction.turned();
        let there = self.locate(end);
        if direction != Direction::Both && self.leads_to_one(there, relation, back) {
            return self.is_first(there, (relation, back), edge);
        }
        self.edge_holds(relation, edge)
    }

    /// Whether an edge is visible from an entity, as in [`Self::neighbours`].
    pub(super) fn sees(
        &self,
        row: Row,
        (relation, direction): (RelationId, Direction),
        (end, edge): (EntityNo, EdgeNo),
    ) -> bool {
        if self.sees_all(relation) {
            return true;
        }
        if self.leads_to_one(row, relation, direction) {
            return self.is_first(row, (relation, direction), edge);
        }
        self.shows(relation, direction, end, edge)
    }

    /// All edges of an entity over a relation in a direction that are valid and lead to no hidden entity, whether or
    /// not its field shows them.
    #[inline]
    pub fn edges_said(
        &self,
        row: Row,
        relation: RelationId,
        direction: Direction,
    ) -> impl Iterator<Item = (EntityNo, EdgeNo)> + use<'a> {
        let view = *self;
        let stored = self.snapshot.neighbours(row, relation, direction);
        stored
            .iter()
            .filter(move |(end, edge)| view.is_whole() || view.holds_unhidden(relation, *end, *edge))
    }

    /// The edge that a field with a single target shows: the preferred one of those that are valid. A required field
    /// has an edge even if none is valid at the date, since it must not be null.
    #[inline]
    pub fn neighbour(
        &self,
        row: Row,
        relation: RelationId,
        direction: Direction,
    ) -> Option<(EntityNo, EdgeNo)> {
        // The edges of such a field are sorted by preference.
        let found = self.edges_said(row, relation, direction).next();
        if found.is_none() && self.as_of.is_some() && self.is_required(row, relation, direction) {
            return Self { as_of: None, ..*self }
                .edges_said(row, relation, direction)
                .next();
        }
        found
    }

    /// Whether an entity must have a neighbour.
    pub fn is_required(&self, row: Row, relation: RelationId, direction: Direction) -> bool {
        let no = self.field_no(row, relation, direction);
        no.is_some_and(|no| self.entity_type(row).members.field(no).required)
    }

    /// The edges of an entity over a relation in a direction, by position; `None` if some of them may not be visible.
    #[inline]
    pub fn all_neighbours(
        &self,
        row: Row,
        relation: RelationId,
        direction: Direction,
    ) -> Option<Neighbours<'a>> {
        self.sees_all(relation)
            .then(|| self.snapshot.neighbours(row, relation, direction))
    }

    /// Number of edges of an entity over a relation in a direction.
    #[inline]
    pub fn neighbour_count(&self, row: Row, relation: RelationId, direction: Direction) -> usize {
        if self.sees_all(relation) {
            return self.snapshot.neighbours(row, relation, direction).len();
        }
        self.neighbours(row, relation, direction).count()
    }

    /// Number of stored edges of a type's entities over a relation in a direction.
    pub fn edges_from(&self, type_id: TypeId, relation: RelationId, direction: Direction) -> usize {
        self.snapshot
            .adjacency(relation, direction)
            .edges_from(type_id.index())
    }

    /// Number of edges that have to be examined to find the visible ones.
    #[inline]
    pub fn stored_count(&self, row: Row, relation: RelationId, direction: Direction) -> usize {
        self.stored_neighbours(row, relation, direction).len()
    }

    /// The entity at the other end of an edge, valid at the date or not. Scans the entity's edges.
    pub fn other_end(
        &self,
        row: Row,
        relation: RelationId,
        direction: Direction,
        edge: EdgeNo,
    ) -> Option<EntityNo> {
        let mut all = self.stored_neighbours(row, relation, direction).iter();
        all.find(|(_, it)| *it == edge).map(|(end, _)| end)
    }

    /// The stored edges of an entity over a relation in a direction, including those that are not valid and those to
    /// hidden entities.
    #[inline(always)]
    pub(super) fn stored_neighbours(
        &self,
        row: Row,
        relation: RelationId,
        direction: Direction,
    ) -> Neighbours<'a> {
        self.snapshot.neighbours(row, relation, direction)
    }

    /// All relations of an entity's type, in each direction.
    pub fn sides(&self) -> impl Iterator<Item = (RelationId, Direction)> + use<'a> {
        let ontology = self.ontology;
        ontology.relation_ids().flat_map(|id| {
            let ways: &[Direction] = if ontology.relation(id).symmetric {
                &[Direction::Both]
            } else {
                &[Direction::Out, Direction::In]
            };
            ways.iter().map(move |way| (id, *way))
        })
    }

    /// The column of an edge property.
    pub(super) fn edge_column(&self, relation: RelationId, property: PropertyNo) -> &'a Column {
        self.snapshot.edge_column(relation, property)
    }

    /// The statement of an edge.
    pub fn edge_statement(&self, relation: RelationId, edge: EdgeNo) -> StatementNo {
        self.seen(self.snapshot.edge_statement(relation, edge))
    }

    /// The statement of a fact, unless it has only citations of hidden sources.
    #[inline]
    pub(super) fn seen(&self, statement: StatementNo) -> StatementNo {
        let is_gone = |hidden: &Hidden| {
            self.snapshot
                .statements()
                .is_only_cited_by(statement, &hidden.entities)
        };
        if self.hidden.is_some_and(is_gone) {
            return NO_STATEMENT;
        }
        statement
    }

    /// Whether an edge is valid at the date.
    #[inline]
    pub fn edge_holds(&self, relation: RelationId, edge: EdgeNo) -> bool {
        self.snapshot.edge_holds(relation, edge, self.as_of)
    }

    /// Whether an edge is valid and does not lead to a hidden entity.
    fn holds_unhidden(&self, relation: RelationId, end: EntityNo, edge: EdgeNo) -> bool {
        !self.hides(end) && self.edge_holds(relation, edge)
    }

    /// Whether a statement is valid at the date.
    #[inline]
    pub fn holds(&self, statement: StatementNo) -> bool {
        self.as_of
            .is_none_or(|date| self.snapshot.statements().holds(statement, date))
    }

    /// Ranks, validity and citations of statements.
    pub fn statements(&self) -> &'a Statements {
        self.snapshot.statements()
    }

    /// The field of an entity for a relation in a direction.
    pub fn field_no(&self, row: Row, relation: RelationId, direction: Direction) -> Option<FieldNo> {
        self.ontology.relation(relation).field(row.type_id, direction)
    }

    /// Number of entities of a domain.
    pub fn domain_len(&self, domain: Domain) -> usize {
        let types = self.ontology.types_of(domain);
        types.iter().map(|id| self.count(*id)).sum()
    }

    /// An entity's type.
    #[inline]
    pub fn entity_type(&self, row: Row) -> &'a EntityType {
        self.ontology.entity_type(row.type_id)
    }
}
