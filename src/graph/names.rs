//! The names of entities, for indexes of them: labels, ids where there is no label, and aliases.
//!
//! [`Snapshot::names`] gives the names of all dates. A [`View`] determines whether an entity has one of them.

use super::{Row, Snapshot, View};
use crate::ontology::PropertyNo;

/// Identifies one of the names of an entity, in 32 bits.
///
/// ```text
/// bit 31   whether it is an alias
/// 24..31   the index of the text in the value
/// 0..24    the index of the value
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameNo(u32);

const ALIAS: u32 = 1 << 31;
const VALUE_BITS: u32 = 24;
/// Maximum number of values of a property, and of texts of a value, that count as names.
const MOST_VALUES: usize = (1 << VALUE_BITS) - 1;
const MOST_TEXTS: usize = (1 << 7) - 1;

impl NameNo {
    /// The id, which is the label if there is no other.
    const ID: Self = Self(ALIAS - 1);

    fn of(is_alias: bool, value: usize, text: usize) -> Self {
        let alias = if is_alias { ALIAS } else { 0 };
        Self(alias | (text as u32) << VALUE_BITS | value as u32)
    }

    fn value(self) -> usize {
        self.0 as usize & MOST_VALUES
    }

    fn text(self) -> usize {
        (self.0 & !ALIAS) as usize >> VALUE_BITS
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
            let said = self.column(row.type_id, property).each_said(row.row);
            for (no, (values, at, statement)) in said.take(MOST_VALUES).enumerate() {
                has_label |= !is_alias && self.statements.validity(statement).is_none();
                values.each_text(at, &mut |text_no, text| {
                    if text_no < MOST_TEXTS {
                        take(NameNo::of(is_alias, no, text_no), text);
                    }
                });
            }
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
            let (values, at, _) = self.column(row.type_id, property).said(row.row, no.value())?;
            values.nth_text(at, no.text())
        });
        text.unwrap_or_default()
    }

    /// The IRIs of an entity in other systems, at any date.
    pub fn same_as(&self, row: Row) -> impl Iterator<Item = &str> {
        let property = self.entity_type(row).same_as;
        let said = property.map(|it| self.column(row.type_id, it).each_said(row.row));
        let said = said.into_iter().flatten();
        said.filter_map(|(values, at, _)| values.text(at))
    }
}

impl<'a> View<'a> {
    /// The text of a name, if the entity has it: an alias that is valid at the date, or the label at the date.
    pub fn name(self, row: Row, no: NameNo) -> Option<Name<'a>> {
        let label = self.snapshot().holder(row, false);
        if no == NameNo::ID {
            let value = label.and_then(|it| self.value(row, it));
            let is_label = value.is_none_or(|(values, at)| values.is_null(at));
            return is_label.then(|| Name {
                text: self.id(row),
                property: None,
            });
        }
        let property = self.snapshot().holder(row, no.is_alias())?;
        let column = self.column(row.type_id, property);
        let (values, at, statement) = column.said(row.row, no.value())?;
        let is_had = if column.is_list() {
            self.holds(statement)
        } else {
            let shown = self.value(row, property);
            shown.is_some_and(|(shown, place)| std::ptr::eq(shown, values) && place == at)
        };
        is_had.then_some(Name {
            text: values.nth_text(at, no.text())?,
            property: Some(property),
        })
    }

    /// The label of an entity, in all its languages.
    pub fn labels(self, row: Row) -> Vec<&'a str> {
        let label = self.entity_type(row).label;
        let value = label.and_then(|it| self.value(row, it));
        let mut labels: Vec<&str> = Vec::new();
        if let Some((values, at)) = value {
            labels.extend(values.texts(at).into_iter().map(|it| it.1));
        }
        if labels.is_empty() {
            labels.push(self.id(row));
        }
        labels
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
