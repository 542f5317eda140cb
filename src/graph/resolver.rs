//! Fields whose values are written as they are stored. They are resolved once for many entities.
//!
//! [`Fields`] are the fields of one type, in the order of the answer. A [`Resolver`] finds where the values of each
//! field are stored, and the caller adds the fields one by one with their keys. A [`Shape`] has the fields of each
//! type. Writing (`output`) then needs only the entity's row.
//!
//! ```text
//! Shape                      Fields of Person              in the answer
//! Person ─▶ Fields ──────▶   ,"name":   texts of a column  {"name":"Ada",
//! Place  ─▶ Fields           ,"born":   one target ─▶ Shape  "born":{"label":"London"},
//!                            ,"knows":  a page of targets    "knows":{"nodes":[…]}}
//! ```

use super::adjacency::Targets;
use super::column::{Column, Values};
use super::strings::Texts;
use super::{EntityNo, Snapshot, View};
use crate::json::{Key, SHORT_KEY};
use crate::ontology::{Direction, PropertyNo, RelationId, TypeId};

/// The fields to write of entities of any type.
#[derive(Debug)]
pub struct Shape<'a>(pub(super) ByType<'a>);

#[derive(Debug)]
pub(super) enum ByType<'a> {
    /// All entities have one type, whose first entity has this number.
    One(u32, Fields<'a>),
    /// The fields of each type.
    All(&'a Snapshot, Vec<Fields<'a>>),
}

/// The fields to write of the entities of one type.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    /// The texts with short keys before any other field. Most fields are such texts, and they are written without a
    /// test.
    pub(super) texts: Vec<TextField<'a>>,
    pub(super) others: Vec<Field<'a>>,
}

#[derive(Debug)]
pub(super) struct TextField<'a> {
    pub key: [u8; SHORT_KEY],
    pub key_len: usize,
    pub text: Text<'a>,
}

/// A field: its key and where its values are stored.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub key: Key<'a>,
    pub value: Value<'a>,
}

/// A text, with another as the default of rows without one.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub texts: Texts<'a>,
    pub others: Option<Texts<'a>>,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    /// The same value for all entities.
    Constant(&'a [u8]),
    Text(Text<'a>),
    Column(&'a Column),
    /// The target of an edge, if there is one.
    One(Targets<'a>, Shape<'a>),
    /// The first targets of edges, at most this number.
    Page(Targets<'a>, usize, Vec<Part<'a>>),
}

/// A field of a page of entities.
#[derive(Debug)]
pub struct Part<'a> {
    /// Its key.
    pub key: Key<'a>,
    /// Its value.
    pub what: PageValue<'a>,
}

/// The value of a field of a page.
#[derive(Debug)]
pub enum PageValue<'a> {
    /// JSON that is the same for all pages.
    Constant(&'a [u8]),
    /// The total number of entities in the list.
    Count,
    /// The list of the page's entities.
    List(Shape<'a>),
    /// A list of objects with a single field of this key, which has the entity.
    Wrapped(Key<'a>, Shape<'a>),
}

/// The place where the values of a field are stored.
#[derive(Debug)]
pub struct Resolved<'a>(Value<'a>);

/// Finds where the fields of a type's entities are stored.
#[derive(Debug, Clone, Copy)]
pub struct Resolver<'a> {
    snapshot: &'a Snapshot,
    type_id: TypeId,
    /// Whether no entity is hidden.
    is_whole: bool,
}

impl<'a> View<'a> {
    /// A resolver for a type; `None` for a view at a date.
    #[inline]
    pub fn resolver(self, type_id: TypeId) -> Option<Resolver<'a>> {
        self.as_of().is_none().then(|| Resolver {
            snapshot: self.snapshot(),
            type_id,
            is_whole: self.is_whole(),
        })
    }

    /// The shape of entities of any type, from the fields of each type in order.
    pub fn shape_by_type(self, by_type: Vec<Fields<'a>>) -> Shape<'a> {
        Shape(ByType::All(self.snapshot(), by_type))
    }
}

/// Returns `None` if a field cannot be resolved. Entities are then written one by one.
impl<'a> Resolver<'a> {
    /// The id.
    #[inline]
    pub fn id(self) -> Option<Resolved<'a>> {
        let ids = self.snapshot.ids(self.type_id).texts()?;
        Some(Resolved::text(ids, None))
    }

    /// A property. Of texts in several languages, it is the untagged one.
    #[inline]
    pub fn property(self, no: PropertyNo) -> Option<Resolved<'a>> {
        let column = self.snapshot.column(self.type_id, no);
        Some(match column.values() {
            Values::Text(strings) if !column.is_list() => Resolved::text(strings.texts()?, None),
            _ => Resolved(Value::Column(column)),
        })
    }

    /// The label.
    #[inline]
    pub fn label(self) -> Option<Resolved<'a>> {
        let ids = self.snapshot.ids(self.type_id).texts()?;
        match self.snapshot.ontology().entity_type(self.type_id).label {
            None => Some(Resolved::text(ids, None)),
            Some(no) => match self.snapshot.column(self.type_id, no).values() {
                Values::Text(strings) => Some(Resolved::text(strings.texts()?, Some(ids))),
                _ => None,
            },
        }
    }

    /// The target of a relation, or null.
    #[inline]
    pub fn one(self, relation: RelationId, direction: Direction, shape: Shape<'a>) -> Option<Resolved<'a>> {
        let targets = self.targets(relation, direction)?;
        Some(Resolved(Value::One(targets, shape)))
    }

    /// A page of the first `first` targets of a relation.
    #[inline]
    pub fn page(
        self,
        relation: RelationId,
        direction: Direction,
        first: usize,
        parts: Vec<Part<'a>>,
    ) -> Option<Resolved<'a>> {
        let targets = self.targets(relation, direction)?;
        Some(Resolved(Value::Page(targets, first, parts)))
    }

    /// The shape of entities that all have this type.
    #[inline]
    pub fn shape(self, fields: Fields<'a>) -> Shape<'a> {
        Shape(ByType::One(self.snapshot.range(self.type_id).start, fields))
    }

    /// `None` if some of the entities may be hidden.
    #[inline]
    fn targets(self, relation: RelationId, direction: Direction) -> Option<Targets<'a>> {
        self.is_whole
            .then(|| self.snapshot.targets(self.type_id, relation, direction))
    }
}

impl<'a> Resolved<'a> {
    /// JSON that is the same for all entities.
    #[inline]
    pub fn constant(json: &'a [u8]) -> Self {
        Self(Value::Constant(json))
    }

    #[inline]
    fn text(texts: Texts<'a>, others: Option<Texts<'a>>) -> Self {
        Self(Value::Text(Text { texts, others }))
    }
}

impl<'a> Fields<'a> {
    /// No fields yet, with some capacity.
    #[inline]
    pub fn with_capacity(expected: usize) -> Self {
        Self {
            texts: Vec::with_capacity(expected),
            others: Vec::new(),
        }
    }

    /// Number of fields.
    #[inline]
    pub fn len(&self) -> usize {
        self.texts.len() + self.others.len()
    }

    /// Whether there are no fields.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a field.
    #[inline(always)]
    pub fn push(&mut self, key: Key<'a>, value: Resolved<'a>) {
        match (key, value.0) {
            (Key::Short(key, key_len), Value::Text(text)) if self.others.is_empty() => {
                self.texts.push(TextField { key, key_len, text });
            }
            (key, value) => {
                if self.others.is_empty() {
                    // Allocated once, because growing takes longer than writing a field.
                    let left = self.texts.capacity() - self.texts.len();
                    self.others = Vec::with_capacity(left.max(1));
                }
                self.others.push(Field { key, value });
            }
        }
    }
}

impl<'a> Shape<'a> {
    /// An entity's row, and the fields to write of it.
    #[inline(always)]
    pub(super) fn row(&self, entity: u32) -> (usize, &Fields<'a>) {
        match &self.0 {
            ByType::One(base, fields) => ((entity - base) as usize, fields),
            ByType::All(snapshot, by_type) => {
                let row = snapshot.locate(EntityNo(entity));
                (row.row, &by_type[row.type_id.index()])
            }
        }
    }
}
