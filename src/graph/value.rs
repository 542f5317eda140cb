//! Values of properties for readers: a [`ValueRef`] is one value, and hides where it is stored.

use bigdecimal::BigDecimal;

use super::column::{Column, Key, Values};
use super::{Citation, EdgeNo, EntityNo, NO_STATEMENT, Row, Snapshot, StatementNo, View};
use crate::ontology::{Date, Point, PropertyNo, RelationId, TypeId};

/// A value of an entity's or an edge's property, which may be missing.
#[derive(Debug, Clone, Copy)]
pub struct ValueRef<'a> {
    values: &'a Values,
    at: usize,
}

/// Identifies a value within a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueId(usize, usize);

impl<'a> ValueRef<'a> {
    #[inline]
    pub(super) fn of((values, at): (&'a Values, usize)) -> Self {
        Self { values, at }
    }

    /// Its column, and its number in the column.
    #[inline]
    pub(super) fn place(self) -> (&'a Values, usize) {
        (self.values, self.at)
    }

    /// A number that no other value of the snapshot has.
    pub fn id(self) -> ValueId {
        ValueId(std::ptr::from_ref(self.values).addr(), self.at)
    }

    /// Whether the value is missing.
    pub fn is_null(self) -> bool {
        self.values.is_null(self.at)
    }

    /// The sort key; `None` if the value is missing.
    #[inline]
    pub fn key(self) -> Option<Key<'a>> {
        self.values.key(self.at)
    }

    /// Writes it as JSON; `null` if it is missing. `languages` chooses one text of several.
    #[inline]
    pub fn write(self, languages: &[String], out: &mut Vec<u8>) {
        self.values.write(self.at, languages, out);
    }

    /// Writes it as JSON; texts in several languages as an object.
    pub fn write_all_languages(self, out: &mut Vec<u8>) {
        let entries = match self.translations() {
            None => return self.write(&[], out),
            Some(entries) => entries.collect::<Vec<_>>(),
        };
        if let [("", text)] = entries[..] {
            return crate::json::text(text, out);
        }
        let entries = entries
            .into_iter()
            .map(|(language, text)| (language.to_owned(), text.into()));
        let object: serde_json::Map<String, serde_json::Value> = entries.collect();
        crate::json::value(&object, out);
    }

    /// Its texts, each with its language, if its property has texts in several languages.
    pub fn translations(self) -> Option<impl Iterator<Item = (&'a str, &'a str)>> {
        match self.values {
            Values::Languages(it) => Some(it.entries(self.at)),
            _ => None,
        }
    }

    /// Its texts, each with its language, or `""` without one.
    pub fn texts(self) -> Vec<(&'a str, &'a str)> {
        self.values.texts(self.at)
    }

    /// Whether this value and another of the same property can both be correct at the same time.
    pub fn is_compatible(self, other: ValueRef) -> bool {
        self.values.is_compatible(self.at, other.values, other.at)
    }

    /// Its text, if it is one; of several, the untagged one.
    pub fn text(self) -> Option<&'a str> {
        self.values.text(self.at)
    }

    /// Its integer.
    pub fn int(self) -> Option<i32> {
        self.values.int(self.at)
    }

    /// Its 64-bit integer.
    pub fn int64(self) -> Option<i64> {
        self.values.int64(self.at)
    }

    /// Its date.
    pub fn date(self) -> Option<Date> {
        self.values.date(self.at)
    }

    /// Its decimal number.
    pub fn decimal(self) -> Option<BigDecimal> {
        self.values.decimal(self.at)
    }

    /// Its point on Earth.
    pub fn point(self) -> Option<Point> {
        self.values.point(self.at)
    }
}

impl<'a> View<'a> {
    /// Whether a property has lists of values.
    #[inline]
    pub fn is_list(self, type_id: TypeId, property: PropertyNo) -> bool {
        self.snapshot().column(type_id, property).is_list()
    }

    /// Writes the single value of a property as it is stored, independent of the date. Writes nothing and returns
    /// `false` if the property has lists.
    #[inline(always)]
    pub fn write_stored(
        self,
        row: Row,
        property: PropertyNo,
        languages: &[String],
        out: &mut Vec<u8>,
    ) -> bool {
        let column = self.snapshot().column(row.type_id, property);
        if column.is_list() {
            return false;
        }
        column.values().write(row.row, languages, out);
        true
    }

    /// The single value of a property. `None` if no statement of it is valid at the date. A required property has a
    /// value in any case, since it must not be null.
    #[inline]
    pub fn value_of(self, row: Row, property: PropertyNo) -> Option<ValueRef<'a>> {
        let value = self.snapshot().value(row, property, self.as_of());
        value.map(ValueRef::of)
    }

    /// The text of the single value of a property, independent of the date.
    pub fn stored_text(self, row: Row, property: PropertyNo) -> Option<&'a str> {
        self.snapshot()
            .column(row.type_id, property)
            .values()
            .text(row.row)
    }

    /// The values of a list, each with its statement.
    pub fn values_of(
        self,
        row: Row,
        property: PropertyNo,
    ) -> impl Iterator<Item = (ValueRef<'a>, StatementNo)> + Clone {
        let snapshot = self.snapshot();
        let column = snapshot.column(row.type_id, property);
        let held = snapshot.held_values(column, row.row, self.as_of());
        held.map(move |at| {
            (
                ValueRef::of((column.values(), at)),
                self.seen(column.statement(at)),
            )
        })
    }

    /// All values of a property and their statements, valid at the date or not, the shown one first.
    pub fn each_said(
        self,
        row: Row,
        property: PropertyNo,
    ) -> impl Iterator<Item = (ValueRef<'a>, StatementNo)> {
        let said = self.snapshot().column(row.type_id, property).each_said(row.row);
        said.map(move |(values, at, statement)| (ValueRef { values, at }, self.seen(statement)))
    }

    /// The statement of an entity's value.
    pub fn statement_of(self, row: Row, property: PropertyNo, value: ValueRef) -> StatementNo {
        let mut said = self.each_said(row, property);
        let found = said.find(|(it, _)| it.id() == value.id());
        found.map_or(NO_STATEMENT, |(_, statement)| statement)
    }

    /// The citations of a statement whose sources are visible.
    pub fn citations(self, statement: StatementNo) -> impl Iterator<Item = Citation<'a>> {
        let all = self.snapshot().statements().citations(statement);
        all.filter(move |it| !self.hides(it.source))
    }

    /// The existing values of an edge's property.
    pub fn edge_values(
        self,
        relation: RelationId,
        edge: EdgeNo,
        property: PropertyNo,
    ) -> impl Iterator<Item = ValueRef<'a>> {
        let column: &'a Column = self.snapshot().edge_column(relation, property);
        let all = column
            .range(edge.0 as usize)
            .map(|at| ValueRef::of((column.values(), at)));
        all.filter(|it| !it.is_null())
    }

    /// Writes the value or the list of an edge's property.
    pub fn write_edge_value(
        self,
        relation: RelationId,
        edge: EdgeNo,
        property: PropertyNo,
        languages: &[String],
        out: &mut Vec<u8>,
    ) {
        let column = self.snapshot().edge_column(relation, property);
        column.write(edge.0 as usize, languages, out);
    }
}

impl EntityNo {
    /// The number under which an index of a snapshot stores it.
    pub fn stored(self) -> u64 {
        self.0.into()
    }
}

impl Snapshot {
    /// The entity of a number in an index of this snapshot; `None` if the snapshot has no such entity.
    pub fn entity_at(&self, stored: u64) -> Option<EntityNo> {
        let number = u32::try_from(stored).ok()?;
        ((number as usize) < self.counts().entities).then_some(EntityNo(number))
    }

    /// The entities of a type, in the order of their ids.
    pub fn rows_of(&self, type_id: TypeId) -> impl Iterator<Item = Row> + use<> {
        (0..self.rows(type_id)).map(move |row| Row { type_id, row })
    }

    /// The languages of a property's texts, `""` for texts without one.
    pub fn languages(&self, type_id: TypeId, property: PropertyNo) -> Vec<String> {
        let mut languages: Vec<String> = Vec::new();
        for values in self.column(type_id, property).all_values() {
            languages.extend_from_slice(values.languages());
        }
        languages.sort_unstable();
        languages.dedup();
        languages
    }

    /// The texts of all statements of a property, each with its language, or `""` without one.
    pub fn texts(&self, row: Row, property: PropertyNo) -> impl Iterator<Item = (&str, &str)> {
        let said = self.column(row.type_id, property).each_said(row.row);
        said.flat_map(|(values, at, _)| values.texts(at))
    }

    /// Whether some statements of a property are not shown, and whether some are valid only at certain dates. Takes
    /// time linear in the property's statements.
    pub fn varies(&self, type_id: TypeId, property: PropertyNo) -> (bool, bool) {
        let column = self.column(type_id, property);
        let holds_always = |it: StatementNo| self.statements().validity(it).is_none();
        let has_validity = self.statements().any_validity() && !column.statements().all(holds_always);
        (column.has_alternatives(), has_validity)
    }
}

impl<'a> View<'a> {
    /// The statements of a property that are valid at the date, each with its value, the shown one first.
    pub fn held_said(
        self,
        row: Row,
        property: PropertyNo,
    ) -> impl Iterator<Item = (ValueRef<'a>, StatementNo)> {
        let mut shown = None;
        if self.as_of().is_some()
            && let Some(value) = self.single(row, property)
        {
            let statement = self.statement_of(row, property, value);
            shown = Some((value, statement)).filter(|_| self.holds(statement));
        }
        let said = self.each_said(row, property);
        let others = said.filter(move |(value, statement)| {
            shown.is_none_or(|it| it.0.id() != value.id()) && self.holds(*statement)
        });
        shown.into_iter().chain(others)
    }

    /// The statements of a property that are valid at the date, each with its value. If a required property has none,
    /// its default statement.
    pub fn held_of(
        self,
        row: Row,
        property: PropertyNo,
    ) -> impl Iterator<Item = (ValueRef<'a>, StatementNo)> {
        let mut held = self.held_said(row, property).peekable();
        let mut given = None;
        if held.peek().is_none() {
            let single = self.single(row, property);
            given = single.map(|it| (it, self.statement_of(row, property, it)));
        }
        held.chain(given)
    }

    /// The single value that a property shows, if there is one.
    fn single(self, row: Row, property: PropertyNo) -> Option<ValueRef<'a>> {
        if self.is_list(row.type_id, property) {
            return None;
        }
        self.value_of(row, property).filter(|it| !it.is_null())
    }
}
