//! Grouping keys: the values, types and ends of relations by which entities are grouped.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use super::column::write_float;
use super::{EntityNo, Key, Row, ValueRef, Values, View};
use crate::json;
use crate::ontology::{PropertyNo, RoundedValue, Rounding, TypeId};

/// The common property of a group's entities for one field.
#[derive(Debug, Clone, Copy)]
pub enum Common<'a> {
    /// They have no value for this field.
    Nothing,
    /// Their type.
    Type(TypeId),
    /// A value of a property.
    Value(ValueRef<'a>),
    /// The entity at the end of a relation.
    Entity(EntityNo),
    /// A rounded value of a property.
    Rounded(i64, &'a Rounding),
}

/// A [`Common`] in 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packed(u32, u32);

/// Packs grouping keys, and keeps the columns of packed values: one or two for each type.
#[derive(Debug, Default)]
pub struct KeyPacker<'a> {
    columns: Vec<&'a Values>,
    /// Each different rounded value once.
    rounded: Vec<(i64, &'a Rounding)>,
    /// The position of a rounded value, by the value and the address of its rounding.
    known: FxHashMap<(i64, usize), u32>,
}

/// Numbers of columns begin after the other packed forms.
const NO_COLUMNS: u32 = 4;

impl<'a> KeyPacker<'a> {
    /// Packs a key.
    pub fn pack(&mut self, common: Common<'a>) -> Packed {
        match common {
            Common::Nothing => Packed(0, 0),
            Common::Type(id) => Packed(1, id.index() as u32),
            Common::Entity(entity) => Packed(2, entity.0),
            Common::Value(value) => {
                let (values, at) = value.place();
                // Most values are in the same column as the previous one.
                let known = self.columns.iter().rposition(|it| std::ptr::eq(*it, values));
                let column = known.unwrap_or_else(|| {
                    self.columns.push(values);
                    self.columns.len() - 1
                });
                Packed(NO_COLUMNS + column as u32, at as u32)
            }
            Common::Rounded(number, rounding) => {
                let next = self.rounded.len() as u32;
                let key = (number, std::ptr::from_ref(rounding) as usize);
                let at = *self.known.entry(key).or_insert(next);
                if at == next {
                    self.rounded.push((number, rounding));
                }
                Packed(3, at)
            }
        }
    }

    /// Bytes that the rounded values take.
    pub fn bytes(&self) -> usize {
        self.rounded.capacity() * size_of::<(i64, &Rounding)>()
            + self.known.capacity() * (size_of::<((i64, usize), u32)>() + 1)
    }

    /// Unpacks a key.
    pub fn unpack(&self, Packed(what, at): Packed) -> Common<'a> {
        match what {
            0 => Common::Nothing,
            1 => Common::Type(TypeId::at(at as usize)),
            2 => Common::Entity(EntityNo(at)),
            3 => {
                let (number, rounding) = self.rounded[at as usize];
                Common::Rounded(number, rounding)
            }
            column => {
                let values = self.columns[(column - NO_COLUMNS) as usize];
                Common::Value(ValueRef::of((values, at as usize)))
            }
        }
    }
}

impl<'a> View<'a> {
    /// The existing values of an entity's property, which has one or a list.
    pub fn values(&self, row: Row, property: PropertyNo) -> impl Iterator<Item = ValueRef<'a>> + use<'a> {
        let column = self.column(row.type_id, property);
        let (list, single) = if column.is_list() {
            let held = self.held_values(column, row.row);
            (Some(held.map(|at| (column.values(), at))), None)
        } else {
            (None, self.value(row, property))
        };
        let all = list.into_iter().flatten().chain(single).map(ValueRef::of);
        all.filter(|it| !it.is_null())
    }

    /// Writes a text that is the same for equal keys only, however their values are written.
    pub fn write_identity(&self, common: Common, out: &mut Vec<u8>) {
        let key = match common {
            Common::Value(value) => value.key(),
            _ => None,
        };
        match key {
            None if let Common::Rounded(number, _) = common => Key::Whole(number).write_identity(out),
            // The quotes of JSON separate the text from the following key.
            None | Some(Key::Text(_)) => self.write_common(common, out),
            Some(key) => key.write_identity(out),
        }
        out.push(b',');
    }

    /// Writes the key as JSON: a value, the name of a type, an id, or null.
    pub fn write_common(&self, common: Common, out: &mut Vec<u8>) {
        match common {
            Common::Nothing => out.extend_from_slice(b"null"),
            Common::Type(id) => json::text(&self.ontology().entity_type(id).name, out),
            Common::Value(value) => value.write(&[], out),
            Common::Entity(entity) => out.extend_from_slice(self.id_json(self.locate(entity))),
            Common::Rounded(number, rounding) => match rounding.shown(number) {
                RoundedValue::Float(value) => write_float(value, out),
                RoundedValue::Json(json) => out.extend_from_slice(json.as_bytes()),
            },
        }
    }

    /// Compares two keys of a field. A missing value is last or first, even if the order is `descending`.
    pub fn compare_commons(&self, a: Common, b: Common, (descending, nulls_first): (bool, bool)) -> Ordering {
        let order = match (a, b) {
            (Common::Nothing, Common::Nothing) => return Ordering::Equal,
            (Common::Nothing, _) if nulls_first => return Ordering::Less,
            (Common::Nothing, _) => return Ordering::Greater,
            (_, Common::Nothing) if nulls_first => return Ordering::Greater,
            (_, Common::Nothing) => return Ordering::Less,
            (Common::Rounded(a, _), Common::Rounded(b, _)) => a.cmp(&b),
            (Common::Value(a), Common::Value(b)) => match (a.key(), b.key()) {
                (Some(a), Some(b)) => a.compare(&b),
                _ => Ordering::Equal,
            },
            (Common::Entity(a), Common::Entity(b)) => self.id_of(a).cmp(self.id_of(b)),
            (Common::Type(a), Common::Type(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        };
        if descending { order.reverse() } else { order }
    }
}
