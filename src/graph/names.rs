//! The names of entities, for indexes of them: labels, ids where there is no label, and aliases.
//!
//! [`Snapshot::names`] gives the names of all dates. A [`View`] determines whether an entity has one of them.

use super::column::{MOST_TEXTS, Values};
use super::{Row, Snapshot, View};
use crate::ontology::PropertyNo;

/// Identifies one of the names of an entity, in 32 bits.
///
/// ```text
/// bit 31   whether it is an alias
/// 0..31    which of the texts of all its labels or aliases; all bits set for the id
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameNo(u32);

const ALIAS: u32 = 1 << 31;

impl NameNo {
    /// The id, which is the label if there is no other.
    const ID: Self = Self(ALIAS - 1);

    /// A column has at most [`MOST_TEXTS`], so that no text has the number of the id.
    fn of(is_alias: bool, text: usize) -> Self {
        debug_assert!(text < MOST_TEXTS);
        let alias = if is_alias { ALIAS } else { 0 };
        Self(alias | text as u32)
    }

    fn text(self) -> usize {
        (self.0 & !ALIAS) as usize
    }

    /// Whether it is an alias.
    pub fn is_alias(self) -> bool {
        self.0 & ALIAS != 0
    }
}

/// A name of an entity.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a> {
    /// The text.
    pub text: &'a str,
    /// The property with the name; `None` for an id.
    pub property: Option<PropertyNo>,
}

impl Snapshot {
    fn holder(&self, row: Row, is_alias: bool) -> Option<PropertyNo> {
        let entity_type = self.entity_type(row);
        if is_alias {
            entity_type.aliases
        } else {
            entity_type.label
        }
    }

    /// All names of an entity at any date. Takes time linear in the number of names.
    pub fn names(&self, row: Row, take: &mut dyn FnMut(NameNo, &str)) {
        let mut has_label = false;
        for is_alias in [false, true] {
            let Some(property) = self.holder(row, is_alias) else {
                continue;
            };
            let column = self.column(row.type_id, property);
            column.each_said_text(row.row, &mut |no, said| {
                has_label |= !is_alias && self.statements.validity(said.statement).is_none();
                take(NameNo::of(is_alias, no), said.text);
            });
        }
        if !has_label {
            take(NameNo::ID, self.id(row));
        }
    }

    /// The text of a name from [`Self::names`], whether or not it is valid at a certain date.
    pub fn name(&self, row: Row, no: NameNo) -> &str {
        if no == NameNo::ID {
            return self.id(row);
        }
        let text = self.holder(row, no.is_alias()).and_then(|property| {
            let column = self.column(row.type_id, property);
            column.said_text(row.row, no.text())
        });
        text.map_or("", |it| it.text)
    }

    /// The IRIs of an entity in other systems, at any date.
    pub fn same_as(&self, row: Row) -> impl Iterator<Item = &str> {
        let property = self.entity_type(row).same_as;
        let said = property.map(|it| self.column(row.type_id, it).each_said(row.row));
        let said = said.into_iter().flatten();
        said.filter_map(|(values, at, _)| values.text(at))
    }
}

/// The names of an entity in a view.
///
/// At a date they depend on all statements of its label and, if the schema has a single alias, of the alias. They are
/// found once for many comparisons.
#[derive(Debug, Clone, Copy)]
pub struct EntityNames<'a> {
    view: View<'a>,
    row: Row,
    /// Positions of the values of its label and of its alias, if they are single.
    shown: [Option<(&'a Values, usize)>; 2],
}

impl<'a> EntityNames<'a> {
    /// A name, if the entity has it: an alias that holds at the date, or what serves as label then. Takes time logarithmic
    /// in the names.
    pub fn name(&self, no: NameNo) -> Option<Name<'a>> {
        if no == NameNo::ID {
            let is_label = self.shown[0].is_none_or(|(values, at)| values.is_null(at));
            return is_label.then(|| Name {
                text: self.view.id(self.row),
                property: None,
            });
        }
        let property = self.view.snapshot().holder(self.row, no.is_alias())?;
        let column = self.view.column(self.row.type_id, property);
        let said = column.said_text(self.row.row, no.text())?;
        let is_had = if column.is_list() {
            self.view.holds(said.statement)
        } else {
            let shown = self.shown[usize::from(no.is_alias())];
            shown.is_some_and(|(shown, place)| std::ptr::eq(shown, said.values) && place == said.at)
        };
        is_had.then_some(Name {
            text: said.text,
            property: Some(property),
        })
    }

    /// Whether a text that serves as the label is as wanted. Looks at the texts of all languages.
    pub fn has_label(&self, is_wanted: impl Fn(&str) -> bool) -> bool {
        let label = self.shown[0].filter(|(values, at)| !values.is_null(*at));
        let Some((values, at)) = label else {
            return is_wanted(self.view.id(self.row));
        };
        let mut texts = values.texts_of(at..at + 1);
        texts.any(|position| values.text_at(position).is_some_and(&is_wanted))
    }
}

impl<'a> View<'a> {
    /// The names of an entity. Takes as long as [`Self::cost_of_called`] says.
    pub fn called(self, row: Row) -> EntityNames<'a> {
        let shown = [false, true].map(|is_alias| {
            let property = self.snapshot().holder(row, is_alias)?;
            let is_single = !self.is_list(row.type_id, property);
            is_single.then(|| self.value(row, property))?
        });
        EntityNames {
            view: self,
            row,
            shown,
        }
    }

    /// The number of statements that [`Self::called`] looks at and of texts that a label has: whether it is worth being kept.
    pub fn cost_of_called(self, row: Row) -> usize {
        let statements = |is_alias| {
            let property = self.snapshot().holder(row, is_alias)?;
            let column = self.column(row.type_id, property);
            let texts = if column.is_list() {
                0
            } else {
                column.values().texts_of(row.row..row.row + 1).len()
            };
            let beside = self.as_of().map_or(0, |_| column.beside(row.row));
            Some(texts.max(1) + beside)
        };
        let costs = [false, true].map(|it| statements(it).unwrap_or_default());
        costs.iter().sum()
    }

    /// Whether an IRI of another system identifies an entity at the date.
    pub fn is_same_as(self, row: Row, iri: &str) -> bool {
        let Some(property) = self.entity_type(row).same_as else {
            return false;
        };
        if self.is_list(row.type_id, property) {
            return self
                .values_of(row, property)
                .any(|(value, _)| value.text() == Some(iri));
        }
        let value = self.value_of(row, property);
        value.is_some_and(|it| it.text() == Some(iri))
    }
}
