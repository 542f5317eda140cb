//! Fields whose values are written as they are stored, resolved once for many entities.
//!
//! [`Fields`] are those of one type, in the order of the answer: a caller adds them one by one with their keys, and each is
//! resolved to where its values are stored. A [`Shape`] says which fields an entity has by its type. Writing them
//! (`output`) then looks up nothing but the entity's row.
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

/// What to write of entities.
#[derive(Debug)]
pub struct Shape<'a>(pub(super) ByType<'a>);

#[derive(Debug)]
pub(super) enum ByType<'a> {
    /// The entities have one type, whose first entity has this number.
    One(u32, Fields<'a>),
    /// The fields of each type.
    All(&'a Snapshot, Vec<Fields<'a>>),
}

/// What to write of the entities of one type.
#[derive(Debug)]
pub struct Fields<'a> {
    snapshot: &'a Snapshot,
    /// Whether no entity is hidden.
    is_whole: bool,
    type_id: TypeId,
    /// The texts with short keys that come before any other field: most fields are such texts, and writing them tests nothing
    /// else.
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

/// A text, or where a row has none another.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub texts: Texts<'a>,
    pub others: Option<Texts<'a>>,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    /// The same for all.
    Constant(&'a [u8]),
    Text(Text<'a>),
    Column(&'a Column),
    /// The entity that an edge leads to, if there is one.
    One(Targets<'a>, Shape<'a>),
    /// The first entities that edges lead to, at most this number.
    Page(Targets<'a>, usize, Parts<'a>),
}

/// The fields of a page of entities.
#[derive(Debug, Default)]
pub struct Parts<'a>(pub(super) Vec<Part<'a>>);

#[derive(Debug)]
pub(super) struct Part<'a> {
    pub key: Key<'a>,
    pub what: What<'a>,
}

#[derive(Debug)]
pub(super) enum What<'a> {
    Constant(&'a [u8]),
    Count,
    List(Shape<'a>),
    /// A list of objects that hold an entity each, under this key.
    Wrapped(Key<'a>, Shape<'a>),
}

impl<'a> View<'a> {
    /// Begins the fields of a type's entities; `expected` is how many there will be. `None` where
    /// values are those of a date.
    #[inline]
    pub fn fields(self, type_id: TypeId, expected: usize) -> Option<Fields<'a>> {
        self.as_of().is_none().then(|| Fields {
            snapshot: self.snapshot(),
            is_whole: self.is_whole(),
            type_id,
            texts: Vec::with_capacity(expected),
            others: Vec::new(),
        })
    }

    /// What to write of entities that may have any type, given the fields of each type in order.
    pub fn shape_by_type(self, by_type: Vec<Fields<'a>>) -> Shape<'a> {
        Shape(ByType::All(self.snapshot(), by_type))
    }
}

impl<'a> Fields<'a> {
    /// What to write of entities that all have the type of these fields.
    #[inline]
    pub fn into_shape(self) -> Shape<'a> {
        let base = self.snapshot.range(self.type_id).start;
        Shape(ByType::One(base, self))
    }

    /// How many fields there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.texts.len() + self.others.len()
    }

    /// Whether there is no field.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds JSON that is the same for all.
    #[inline]
    pub fn constant(&mut self, key: Key<'a>, json: &'a [u8]) {
        self.push(key, Value::Constant(json));
    }

    /// Adds the id. `None` where it cannot be resolved, as below.
    #[inline]
    pub fn id(&mut self, key: Key<'a>) -> Option<()> {
        let ids = self.snapshot.ids(self.type_id).texts()?;
        self.text(key, ids, None);
        Some(())
    }

    /// Adds a property, untagged where it has texts in several languages.
    #[inline]
    pub fn property(&mut self, key: Key<'a>, no: PropertyNo) -> Option<()> {
        let column = self.snapshot.column(self.type_id, no);
        match column.values() {
            Values::Text(strings) if !column.is_list() => self.text(key, strings.texts()?, None),
            _ => self.push(key, Value::Column(column)),
        }
        Some(())
    }

    /// Adds the label.
    #[inline]
    pub fn label(&mut self, key: Key<'a>) -> Option<()> {
        let ids = self.snapshot.ids(self.type_id).texts()?;
        match self.snapshot.ontology().entity_type(self.type_id).label {
            None => self.text(key, ids, None),
            Some(no) => match self.snapshot.column(self.type_id, no).values() {
                Values::Text(strings) => self.text(key, strings.texts()?, Some(ids)),
                _ => return None,
            },
        }
        Some(())
    }

    /// Adds the entity that a relation leads to, or null. `None` where it may be hidden.
    #[inline]
    pub fn one(
        &mut self,
        key: Key<'a>,
        relation: RelationId,
        direction: Direction,
        shape: Shape<'a>,
    ) -> Option<()> {
        if !self.is_whole {
            return None;
        }
        let targets = self.snapshot.targets(self.type_id, relation, direction);
        self.push(key, Value::One(targets, shape));
        Some(())
    }

    /// Adds a page of the first entities that a relation leads to, at most `first`. `None` where some may be hidden.
    #[inline]
    pub fn page(
        &mut self,
        key: Key<'a>,
        (relation, direction): (RelationId, Direction),
        first: usize,
        parts: Parts<'a>,
    ) -> Option<()> {
        if !self.is_whole {
            return None;
        }
        let targets = self.snapshot.targets(self.type_id, relation, direction);
        self.push(key, Value::Page(targets, first, parts));
        Some(())
    }

    #[inline]
    fn text(&mut self, key: Key<'a>, texts: Texts<'a>, others: Option<Texts<'a>>) {
        self.push(key, Value::Text(Text { texts, others }));
    }

    #[inline]
    fn push(&mut self, key: Key<'a>, value: Value<'a>) {
        match (key, value) {
            (Key::Short(key, key_len), Value::Text(text)) if self.others.is_empty() => {
                self.texts.push(TextField { key, key_len, text });
            }
            (key, value) => self.others.push(Field { key, value }),
        }
    }
}

impl<'a> Parts<'a> {
    /// No fields yet; `expected` is how many there will be.
    pub fn with_capacity(expected: usize) -> Self {
        Self(Vec::with_capacity(expected))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds JSON that is the same for all.
    pub fn constant(&mut self, key: Key<'a>, json: &'a [u8]) {
        self.push(key, What::Constant(json));
    }

    /// Adds the number of all entities that the page is cut from.
    pub fn count(&mut self, key: Key<'a>) {
        self.push(key, What::Count);
    }

    /// Adds the list of the page's entities.
    pub fn list(&mut self, key: Key<'a>, shape: Shape<'a>) {
        self.push(key, What::List(shape));
    }

    /// Adds a list of objects with one field each, the entity under the key `inner`.
    pub fn wrapped_list(&mut self, key: Key<'a>, inner: Key<'a>, shape: Shape<'a>) {
        self.push(key, What::Wrapped(inner, shape));
    }

    fn push(&mut self, key: Key<'a>, what: What<'a>) {
        self.0.push(Part { key, what });
    }
}

impl<'a> Shape<'a> {
    /// An entity's row in its type, and what to write of it.
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
