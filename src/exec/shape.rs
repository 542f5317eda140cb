//! Plain values and what they lead to: where they lie is looked up once for an answer, not once for each entity.
//!
//! A [`Shape`] is a selection whose values are written as they lie (no date, no trace, no filter, no order), resolved
//! against the graph: columns, adjacencies and the numbers of types are found, and keys are ready to be copied.
//! What has anything else goes the usual way, whole. It bought W3, 64 lists and 131 labels, 31,270 → 42,280 requests/s
//! (medians of five rounds in turns), after looking up the columns of a single page had bought W4 7,640 → 8,850.

use super::room::{Full, Room, STEP, fill};
use super::{Failure, Run, Written};
use crate::budget::Stop;
use crate::graph::{Column, EntityNo, Targets, Texts, Values};
use crate::ontology::TypeId;
use crate::plan::{
    Call, Connection, ConnectionField, EdgeField, EntityField, Object, Page, SHORT_KEY, Selection, Slot,
};

/// So many entities before it is written, what is written of one is fetched from memory.
const AHEAD: usize = 4;

/// Where one in so many of the entities of a part of the graph is written, the processor sees the next ones coming itself.
const NEAR: usize = 16;

/// Maximum number of fields of a shape. A plan shares selections, but a shape has one for each path to it, so a short
/// document could otherwise have a shape of unbounded size.
const MOST_FIELDS: usize = 2000;

/// Fields that are looked up in the time of a row.
const FIELDS_A_ROW: usize = 8;

/// What to write of entities.
pub(super) enum Shape<'a> {
    /// They have one type, whose first entity has this number.
    One(u32, Fields<'a>),
    /// By type; nothing of types of which nothing is asked for.
    ByType(Vec<Fields<'a>>),
}

/// What to write of the entities of one type. Most fields are texts with short keys: those that come before any other
/// are written in a loop that asks nothing but where they lie.
#[derive(Default)]
pub(super) struct Fields<'a> {
    texts: Vec<TextField<'a>>,
    others: Vec<Field<'a>>,
}

struct TextField<'a> {
    key: [u8; SHORT_KEY],
    key_len: usize,
    text: Text<'a>,
}

/// One field: its key and where its values lie.
struct Field<'a> {
    key: Key<'a>,
    value: Value<'a>,
}

/// A brace or a comma and a response key, ready to be written.
enum Key<'a> {
    Short([u8; SHORT_KEY], usize),
    Long(u8, &'a [u8]),
}

/// A text, or where there is none another.
struct Text<'a> {
    texts: Texts<'a>,
    others: Option<Texts<'a>>,
}

enum Value<'a> {
    /// The same for all.
    Constant(&'a [u8]),
    Text(Text<'a>),
    Column(&'a Column),
    /// The entity that an edge leads to, if there is one.
    One(Targets<'a>, Shape<'a>),
    /// The first so many that edges lead to.
    Page(Targets<'a>, usize, Vec<Part<'a>>),
}

/// A field of a connection.
struct Part<'a> {
    key: Key<'a>,
    what: What<'a>,
}

enum What<'a> {
    TypeName(&'a [u8]),
    TotalCount,
    Nodes(Shape<'a>),
    /// Edges of which only the node is asked for, under its key.
    Edges(Key<'a>, Shape<'a>),
}

/// Why an entity was not written.
enum Halt {
    Full,
    Stop(Failure),
}

impl From<Full> for Halt {
    fn from(_: Full) -> Self {
        Halt::Full
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Halt::Stop(failure)
    }
}

type Filled<'b> = Result<Room<'b>, Halt>;

impl<'a> Key<'a> {
    /// The key of an object's field that comes after so many others.
    fn of<F>(slot: &'a Slot<F>, before: usize) -> Self {
        let begin = if before == 0 { b'{' } else { b',' };
        if slot.key.len() > SHORT_KEY {
            return Key::Long(begin, &slot.key[1..]);
        }
        let mut short = slot.short_key;
        short[0] = begin;
        Key::Short(short, slot.key.len())
    }

    #[inline(always)]
    fn write<'b>(&self, room: Room<'b>) -> Result<Room<'b>, Full> {
        match self {
            Key::Short(bytes, len) => room.step(bytes, *len),
            Key::Long(begin, bytes) => room.byte(*begin)?.bytes(bytes),
        }
    }
}

impl Text<'_> {
    #[inline(always)]
    fn write<'b>(&self, row: usize, room: Room<'b>) -> Result<Room<'b>, Full> {
        match self.texts.begin(row) {
            (_, 0) => self.write_other(row, room),
            (bytes, len) => room.first(bytes, len),
        }
    }

    #[cold]
    fn write_other<'b>(&self, row: usize, room: Room<'b>) -> Result<Room<'b>, Full> {
        match self.others.map(|it| it.begin(row)) {
            None | Some((_, 0)) => room.bytes(b"null"),
            Some((bytes, len)) => room.first(bytes, len),
        }
    }
}

impl<'a> Fields<'a> {
    fn len(&self) -> usize {
        self.texts.len() + self.others.len()
    }

    /// Has the processor fetch from memory the values of a row, or before that the places where they lie.
    #[inline(always)]
    fn fetch<const PLACES: bool>(&self, row: usize) {
        let text = |it: &Text| {
            if PLACES {
                it.texts.fetch_place(row);
            } else {
                it.texts.fetch(row);
            }
        };
        self.texts.iter().for_each(|it| text(&it.text));
        for field in &self.others {
            match &field.value {
                Value::Text(it) => text(it),
                Value::One(targets, _) | Value::Page(targets, ..) if PLACES => targets.fetch_place(row),
                Value::One(targets, _) | Value::Page(targets, ..) => targets.fetch(row),
                Value::Constant(_) | Value::Column(_) => {}
            }
        }
    }

    fn push(&mut self, key: Key<'a>, value: Value<'a>) {
        match (key, value) {
            (Key::Short(key, key_len), Value::Text(text)) if self.others.is_empty() => {
                self.texts.push(TextField { key, key_len, text });
            }
            (key, value) => self.others.push(Field { key, value }),
        }
    }
}

/// Whether a list is long enough, and its entities far enough from each other, that the processor does not see by itself
/// which will be next.
#[inline(always)]
fn are_scattered(entities: &[u32]) -> bool {
    match entities {
        [first, _, .., last] => (last.abs_diff(*first) as usize) > NEAR * entities.len(),
        _ => false,
    }
}

/// Whether a selection goes on to lists of others: only then does it pay to look up where its values lie for one entity.
pub(super) fn leads_on(selection: &Selection) -> bool {
    match selection {
        Selection::One(_, fields) => fields
            .iter()
            .any(|it| matches!(it.field, EntityField::Connection(..))),
        Selection::ByType(_) => false,
    }
}

impl<'a> Run<'a> {
    /// The shape of a selection, if it has one that is not too large.
    pub(super) fn shape(&mut self, selection: &'a Selection) -> Result<Option<Shape<'a>>, Failure> {
        if !self.plain {
            return Ok(None);
        }
        let mut left = MOST_FIELDS;
        let shape = self.shape_within(selection, &mut left);
        self.work((MOST_FIELDS - left) / FIELDS_A_ROW)?;
        Ok(shape)
    }

    fn shape_within(&self, selection: &'a Selection, left: &mut usize) -> Option<Shape<'a>> {
        match selection {
            Selection::One(id, slots) => Some(Shape::One(
                self.view.range(*id).start,
                self.fields(*id, slots, left)?,
            )),
            Selection::ByType(by_type) => {
                *left = left.checked_sub(by_type.len())?;
                let types = self.ontology.type_ids().zip(by_type);
                let shapes = types.map(|(id, slots)| match slots {
                    Some(slots) => self.fields(id, slots, left),
                    None => Some(Fields::default()),
                });
                Some(Shape::ByType(shapes.collect::<Option<_>>()?))
            }
        }
    }

    fn fields(
        &self,
        type_id: TypeId,
        slots: &'a Object<EntityField>,
        left: &mut usize,
    ) -> Option<Fields<'a>> {
        *left = left.checked_sub(slots.len())?;
        let view = self.view;
        let mut fields = Fields {
            texts: Vec::with_capacity(slots.len()),
            others: Vec::new(),
        };
        let text = |texts, others| Value::Text(Text { texts, others });
        for slot in slots {
            let value = match &slot.field {
                EntityField::Constant(bytes) => Value::Constant(bytes),
                EntityField::Id => text(view.ids(type_id).texts()?, None),
                EntityField::Property(no, None) => {
                    let column = view.column(type_id, *no);
                    match column.values() {
                        Values::Text(strings) if !column.is_list() => text(strings.texts()?, None),
                        _ => Value::Column(column),
                    }
                }
                EntityField::Label => {
                    let ids = view.ids(type_id).texts()?;
                    match self.ontology.entity_type(type_id).label {
                        None => text(ids, None),
                        Some(no) => match view.column(type_id, no).values() {
                            Values::Text(strings) => text(strings.texts()?, Some(ids)),
                            _ => return None,
                        },
                    }
                }
                EntityField::ToOne(side, selection) => {
                    let targets = view.targets(type_id, side.relation, side.direction);
                    Value::One(targets, self.shape_within(selection, left)?)
                }
                EntityField::Connection(side, call, connection) => {
                    let Ok(Call::Page(call)) = &*self.bound[call.0] else {
                        return None;
                    };
                    let Page {
                        first,
                        last: None,
                        after: None,
                        before: None,
                    } = call.page
                    else {
                        return None;
                    };
                    if call.filter.is_some() || !call.order.is_empty() || call.depth.is_some() {
                        return None;
                    }
                    let targets = view.targets(type_id, side.relation, side.direction);
                    Value::Page(
                        targets,
                        first.unwrap_or(usize::MAX),
                        self.parts(connection, left)?,
                    )
                }
                _ => return None,
            };
            fields.push(Key::of(slot, fields.len()), value);
        }
        Some(fields)
    }

    fn parts(&self, connection: &'a Connection, left: &mut usize) -> Option<Vec<Part<'a>>> {
        let mut parts = Vec::with_capacity(connection.len());
        for slot in connection {
            let what = match &slot.field {
                ConnectionField::TypeName(name) => What::TypeName(name),
                ConnectionField::TotalCount => What::TotalCount,
                ConnectionField::Nodes(selection) => What::Nodes(self.shape_within(selection, left)?),
                ConnectionField::Edges(edges) => match &**edges {
                    [node] => match &node.field {
                        EdgeField::Node(selection) => {
                            What::Edges(Key::of(node, 0), self.shape_within(selection, left)?)
                        }
                        _ => return None,
                    },
                    _ => return None,
                },
                ConnectionField::PageInfo(_) | ConnectionField::Aggregate(_) => return None,
            };
            parts.push(Part {
                key: Key::of(slot, parts.len()),
                what,
            });
        }
        Some(parts)
    }

    /// Writes an entity as [`Run::entity`] would.
    pub(super) fn shaped(&mut self, shape: &Shape<'a>, entity: EntityNo) -> Written {
        self.visit(1)?;
        self.filled(|run, room| run.entity_into(shape, entity.0, room))
    }

    /// Writes a list of entities.
    pub(super) fn shaped_list(&mut self, shape: &Shape<'a>, entities: &[u32]) -> Written {
        self.filled(|run, room| {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has what the function needs.
                #[allow(unsafe_code)]
                return unsafe { run.list_in_wide_steps(shape, entities, room) };
            }
            run.list_into(shape, entities, room)
        })
    }

    /// Writes a list as [`Run::list_into`] does, and copies 32 bytes at once. With the loop for texts and shorter
    /// keys it bought 1,000 rows 33.5 → 20.8 µs; `docs/decisions/wide-steps.md`.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn list_in_wide_steps<'b>(&mut self, shape: &Shape<'a>, entities: &[u32], room: Room<'b>) -> Filled<'b> {
        self.list_into(shape, entities, room)
    }

    /// Lets something be written behind what is written; again with more room where there is too little.
    fn filled(&mut self, write: impl for<'b> Fn(&mut Self, Room<'b>) -> Filled<'b>) -> Written {
        let rows = self.rows;
        let mut out = std::mem::take(&mut self.out);
        // A last step may be longer than what it adds.
        let limit = (self.budget.bytes + STEP).saturating_sub(out.len());
        let mut most = limit.min((self.room + STEP).saturating_sub(out.len()));
        let written = loop {
            match fill(&mut out, most, |room| write(self, room)) {
                Ok(()) => break Ok(()),
                Err(Halt::Stop(failure)) => break Err(failure),
                Err(Halt::Full) if out.spare_capacity_mut().len().min(most) >= limit => {
                    break Err(Failure::Stop(Stop::Bytes));
                }
                Err(Halt::Full) => {
                    let had = out.spare_capacity_mut().len().min(most);
                    self.out = out;
                    // The part that did not fit is written again, so the room doubles.
                    most = self.more_room(had.saturating_mul(2))?.min(limit);
                    out = std::mem::take(&mut self.out);
                    self.rows = rows;
                }
            }
        };
        self.out = out;
        written?;
        self.check_bytes()
    }

    /// Reserves memory for `bytes` of the answer that are not written yet, and makes the buffer long enough; gives the
    /// bytes that may be written.
    #[cold]
    fn more_room(&mut self, bytes: usize) -> Result<usize, Failure> {
        let bytes = bytes.max(1024);
        let end = self.out.len().saturating_add(bytes).min(self.budget.bytes);
        self.expected = self.expected.max(end);
        let free = self.out.capacity() - self.out.len();
        if free < bytes {
            self.grow(bytes - free);
        }
        self.account()?;
        Ok(bytes)
    }

    /// An entity's row in its type, and what to write of it.
    #[inline(always)]
    fn row<'s>(&self, shape: &'s Shape<'a>, entity: u32) -> (usize, &'s Fields<'a>) {
        match shape {
            Shape::One(base, fields) => ((entity - base) as usize, fields),
            Shape::ByType(by_type) => {
                let row = self.view.locate(EntityNo(entity));
                (row.row, &by_type[row.type_id.index()])
            }
        }
    }

    #[inline(always)]
    fn entity_into<'b>(&mut self, shape: &Shape<'a>, entity: u32, mut room: Room<'b>) -> Filled<'b> {
        let (row, fields) = self.row(shape, entity);
        if fields.len() == 0 {
            return Ok(room.bytes(b"{}")?);
        }
        for field in &fields.texts {
            room = room.step(&field.key, field.key_len)?;
            room = field.text.write(row, room)?;
        }
        for field in &fields.others {
            room = field.key.write(room)?;
            room = match &field.value {
                Value::Constant(bytes) => room.bytes(bytes)?,
                Value::Text(text) => text.write(row, room)?,
                Value::Column(column) => self.column_into(column, row, room)?,
                Value::One(targets, shape) => match targets.of(row).first() {
                    Some(target) => self.one_into(shape, *target, room)?,
                    None => room.bytes(b"null")?,
                },
                Value::Page(targets, first, parts) => self.page_into(parts, targets.of(row), *first, room)?,
            };
        }
        Ok(room.byte(b'}')?)
    }

    #[inline(never)]
    fn one_into<'b>(&mut self, shape: &Shape<'a>, entity: u32, room: Room<'b>) -> Filled<'b> {
        self.visit(1)?;
        self.entity_into(shape, entity, room)
    }

    #[inline(never)]
    fn column_into<'b>(&mut self, column: &Column, row: usize, room: Room<'b>) -> Filled<'b> {
        // The answer itself is elsewhere meanwhile.
        self.out.clear();
        column.write(row, &[], &mut self.out);
        Ok(room.bytes(&self.out)?)
    }

    #[inline(never)]
    fn page_into<'b>(
        &mut self,
        parts: &[Part<'a>],
        targets: &[u32],
        first: usize,
        mut room: Room<'b>,
    ) -> Filled<'b> {
        if parts.is_empty() {
            return Ok(room.bytes(b"{}")?);
        }
        let page = &targets[..first.min(targets.len())];
        for part in parts {
            room = part.key.write(room)?;
            room = match &part.what {
                What::TypeName(name) => room.bytes(name)?,
                What::TotalCount => room.bytes(itoa::Buffer::new().format(targets.len()).as_bytes())?,
                What::Nodes(shape) => self.list_into(shape, page, room)?,
                What::Edges(node, shape) => {
                    self.visit(page.len() as u64)?;
                    let scattered = self.ahead && are_scattered(page);
                    room = room.byte(b'[')?;
                    for (no, target) in page.iter().enumerate() {
                        if scattered {
                            self.fetch(shape, page, no);
                        }
                        if no > 0 {
                            room = room.byte(b',')?;
                        }
                        room = node.write(room)?;
                        room = self.entity_into(shape, *target, room)?.byte(b'}')?;
                    }
                    room.byte(b']')?
                }
            };
        }
        Ok(room.byte(b'}')?)
    }

    /// Has the processor fetch from memory, while one of a list is written, the values of a later one, and of one still later
    /// where its values lie; before the first, of all until there.
    #[inline(never)]
    fn fetch(&self, shape: &Shape<'a>, entities: &[u32], no: usize) {
        let upto = |ahead: usize| {
            let from = if no == 0 { 0 } else { no + ahead };
            let entities = entities.iter().take(no + ahead + 1).skip(from);
            entities.map(|it| self.row(shape, *it))
        };
        upto(2 * AHEAD).for_each(|(row, fields)| fields.fetch::<true>(row));
        upto(AHEAD).for_each(|(row, fields)| fields.fetch::<false>(row));
    }

    /// Writes a list as [`Run::list_into`] does, of entities that are far from each other, which are fetched before. In a
    /// graph of a million entities it bought the neighbours of a hub 50–68 → 20–33 µs; `docs/decisions/fetching-ahead.md`.
    // A loop of its own, and out of the way: asked about in the other, it cost lists that need no fetching 5 to 10 %.
    #[cold]
    fn scattered_into<'b>(&mut self, shape: &Shape<'a>, entities: &[u32], mut room: Room<'b>) -> Filled<'b> {
        let mut before = b'[';
        for (no, entity) in entities.iter().enumerate() {
            self.fetch(shape, entities, no);
            room = room.byte(before)?;
            before = b',';
            room = self.entity_into(shape, *entity, room)?;
        }
        Ok(room.byte(b']')?)
    }

    #[inline(always)]
    fn list_into<'b>(&mut self, shape: &Shape<'a>, entities: &[u32], mut room: Room<'b>) -> Filled<'b> {
        self.visit(entities.len() as u64)?;
        if self.ahead && are_scattered(entities) {
            return self.scattered_into(shape, entities, room);
        }
        room = room.byte(b'[')?;
        for (no, entity) in entities.iter().enumerate() {
            if no > 0 {
                room = room.byte(b',')?;
            }
            room = self.entity_into(shape, *entity, room)?;
        }
        Ok(room.byte(b']')?)
    }
}
