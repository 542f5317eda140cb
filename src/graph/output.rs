//! Writes resolved fields of entities as JSON, into the spare capacity of a buffer.
//!
//! Takes time linear in the bytes written. Nothing is allocated per field, except the text of some values that are not
//! texts. The caller's [`Meter`] counts the entities.

use super::EntityNo;
use super::column::Column;
use super::resolver::{Fields, PageValue, Part, Shape, Text, Value};
use super::spare_capacity::{Full, SpareCapacity, fill};
use crate::json::{Key, List};

/// Number of entities between the prefetch of an entity's values and its output.
const AHEAD: usize = 4;

/// If entities are at most this far from each other, on average, the CPU prefetches them without a hint.
const NEAR: usize = 16;

/// Counts the output, and can stop it.
pub trait Meter {
    /// Reason to stop.
    type Stop;

    /// Counts entities before they are written.
    fn visit(&mut self, entities: u64) -> Result<(), Self::Stop>;

    /// Whether entities are prefetched before they are written: worthwhile if the graph is larger than the CPU's
    /// caches.
    fn fetches_ahead(&self) -> bool;

    /// A scratch buffer that nothing else uses while entities are written.
    fn scratch(&mut self) -> &mut Vec<u8>;
}

/// Why entities were not written.
#[derive(Debug, PartialEq, Eq)]
pub enum Halt<S> {
    /// They need more capacity.
    Full,
    /// The meter stopped the output.
    Stop(S),
}

impl<S> From<Full> for Halt<S> {
    fn from(_: Full) -> Self {
        Halt::Full
    }
}

type WriteResult<'b, M> = Result<SpareCapacity<'b>, Halt<<M as Meter>::Stop>>;

impl Shape<'_> {
    /// Writes an entity at the end of a buffer, into at most `most` bytes of its spare capacity. On an error, the
    /// buffer is unchanged.
    ///
    /// # Errors
    /// If there is not enough capacity, or the meter stops the output.
    #[inline]
    pub fn write<M: Meter>(
        &self,
        entity: EntityNo,
        out: &mut Vec<u8>,
        most: usize,
        meter: &mut M,
    ) -> Result<(), Halt<M::Stop>> {
        fill(out, most, |room| entity_into(self, entity.0, room, meter))
    }

    /// Writes a list of entities, in the same way as [`Self::write`].
    ///
    /// # Errors
    /// If there is not enough capacity, or the meter stops the output.
    #[inline]
    pub fn write_list<M: Meter>(
        &self,
        entities: &[EntityNo],
        out: &mut Vec<u8>,
        most: usize,
        meter: &mut M,
    ) -> Result<(), Halt<M::Stop>> {
        let entities = bytemuck::cast_slice(entities);
        fill(out, most, |room| {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU supports the instructions of the function.
                #[allow(unsafe_code, reason = "a function for some processors is called")]
                return unsafe { list_in_wide_steps(self, entities, room, meter) };
            }
            list_into(self, entities, room, meter)
        })
    }
}

/// Writes a list as [`list_into`] does, but copies 32 bytes at a time: `docs/decisions/wide-steps.md`.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn list_in_wide_steps<'b, M: Meter>(
    shape: &Shape,
    entities: &[u32],
    room: SpareCapacity<'b>,
    meter: &mut M,
) -> WriteResult<'b, M> {
    list_into(shape, entities, room, meter)
}

impl SpareCapacity<'_> {
    #[inline(always)]
    fn key(self, key: &Key) -> Result<Self, Full> {
        match key {
            Key::Short(bytes, len) => self.step(bytes, *len),
            Key::Long(begin, bytes) => self.byte(*begin)?.bytes(bytes),
        }
    }
}

impl Text<'_> {
    #[inline(always)]
    fn write<'b>(&self, row: usize, room: SpareCapacity<'b>) -> Result<SpareCapacity<'b>, Full> {
        match self.texts.begin(row) {
            (_, 0) => self.write_other(row, room),
            (bytes, len) => room.first(bytes, len),
        }
    }

    #[cold]
    fn write_other<'b>(&self, row: usize, room: SpareCapacity<'b>) -> Result<SpareCapacity<'b>, Full> {
        match self.others.map(|it| it.begin(row)) {
            None | Some((_, 0)) => room.bytes(b"null"),
            Some((bytes, len)) => room.first(bytes, len),
        }
    }
}

impl Fields<'_> {
    /// Prefetches the values of a row, or with `PLACES` only their bounds, which has to be done before.
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
}

/// Whether a list is so long, and its entities so far from each other, that the CPU does not prefetch the next ones by
/// itself.
#[inline(always)]
fn are_scattered(entities: &[u32]) -> bool {
    match entities {
        [first, _, .., last] => (last.abs_diff(*first) as usize) > NEAR * entities.len(),
        _ => false,
    }
}

#[inline(always)]
fn entity_into<'b, M: Meter>(
    shape: &Shape,
    entity: u32,
    mut room: SpareCapacity<'b>,
    meter: &mut M,
) -> WriteResult<'b, M> {
    let (row, fields) = shape.row(entity);
    if fields.is_empty() {
        return Ok(room.bytes(b"{}")?);
    }
    for field in &fields.texts {
        room = room.step(&field.key, field.key_len)?;
        room = field.text.write(row, room)?;
    }
    for field in &fields.others {
        room = room.key(&field.key)?;
        room = match &field.value {
            Value::Constant(bytes) => room.bytes(bytes)?,
            Value::Text(text) => text.write(row, room)?,
            Value::Column(column) => column_into(column, row, room, meter)?,
            Value::One(targets, shape) => match targets.of(row).first() {
                Some(target) => one_into(shape, *target, room, meter)?,
                None => room.bytes(b"null")?,
            },
            Value::Page(targets, first, parts) => page_into(parts, targets.of(row), *first, room, meter)?,
        };
    }
    Ok(room.byte(b'}')?)
}

#[inline(never)]
fn one_into<'b, M: Meter>(
    shape: &Shape,
    entity: u32,
    room: SpareCapacity<'b>,
    meter: &mut M,
) -> WriteResult<'b, M> {
    meter.visit(1).map_err(Halt::Stop)?;
    entity_into(shape, entity, room, meter)
}

#[inline(never)]
fn column_into<'b, M: Meter>(
    column: &Column,
    row: usize,
    room: SpareCapacity<'b>,
    meter: &mut M,
) -> WriteResult<'b, M> {
    let out = meter.scratch();
    out.clear();
    column.write(row, &[], out);
    Ok(room.bytes(out)?)
}

#[inline(never)]
fn page_into<'b, M: Meter>(
    parts: &[Part],
    targets: &[u32],
    first: usize,
    mut room: SpareCapacity<'b>,
    meter: &mut M,
) -> WriteResult<'b, M> {
    if parts.is_empty() {
        return Ok(room.bytes(b"{}")?);
    }
    let page = &targets[..first.min(targets.len())];
    for part in parts {
        room = room.key(&part.key)?;
        room = match &part.what {
            PageValue::Constant(json) => room.bytes(json)?,
            PageValue::Count => room.bytes(itoa::Buffer::new().format(targets.len()).as_bytes())?,
            PageValue::List(shape) => list_into(shape, page, room, meter)?,
            PageValue::Wrapped(key, shape) => {
                meter.visit(page.len() as u64).map_err(Halt::Stop)?;
                let scattered = meter.fetches_ahead() && are_scattered(page);
                room = room.byte(b'[')?;
                for (no, target) in page.iter().enumerate() {
                    if scattered {
                        fetch(shape, page, no);
                    }
                    if no > 0 {
                        room = room.byte(b',')?;
                    }
                    room = room.key(key)?;
                    room = entity_into(shape, *target, room, meter)?.byte(b'}')?;
                }
                room.byte(b']')?
            }
        };
    }
    Ok(room.byte(b'}')?)
}

/// Prefetches the values of a later entity of a list, and the bounds of the values of an even later one. Before the
/// first entity is written, does this for all entities up to there.
#[inline(never)]
fn fetch(shape: &Shape, entities: &[u32], no: usize) {
    let upto = |ahead: usize| {
        let from = if no == 0 { 0 } else { no + ahead };
        let entities = entities.iter().take(no + ahead + 1).skip(from);
        entities.map(|it| shape.row(*it))
    };
    upto(2 * AHEAD).for_each(|(row, fields)| fields.fetch::<true>(row));
    upto(AHEAD).for_each(|(row, fields)| fields.fetch::<false>(row));
}

/// Writes a list as [`list_into`] does, for entities that are far from each other, and prefetches them:
/// `docs/decisions/fetching-ahead.md`.
// A separate loop, not inlined, because a test for each entity would slow down lists that need no prefetch.
#[cold]
fn scattered_into<'b, M: Meter>(
    shape: &Shape,
    entities: &[u32],
    mut room: SpareCapacity<'b>,
    meter: &mut M,
) -> WriteResult<'b, M> {
    let mut list = List::default();
    for (no, entity) in entities.iter().enumerate() {
        fetch(shape, entities, no);
        room = room.byte(list.before_next())?;
        room = entity_into(shape, *entity, room, meter)?;
    }
    Ok(room.bytes(list.end())?)
}

#[inline(always)]
fn list_into<'b, M: Meter>(
    shape: &Shape,
    entities: &[u32],
    mut room: SpareCapacity<'b>,
    meter: &mut M,
) -> WriteResult<'b, M> {
    meter.visit(entities.len() as u64).map_err(Halt::Stop)?;
    if meter.fetches_ahead() && are_scattered(entities) {
        return scattered_into(shape, entities, room, meter);
    }
    room = room.byte(b'[')?;
    for (no, entity) in entities.iter().enumerate() {
        if no > 0 {
            room = room.byte(b',')?;
        }
        room = entity_into(shape, *entity, room, meter)?;
    }
    Ok(room.byte(b']')?)
}

#[cfg(test)]
mod tests {
    use super::super::test_graph::{property, relation, snapshot, type_named};
    use super::super::{EntitySet, Hidden, Resolved, Row, Snapshot};
    use super::*;
    use crate::json::SHORT_KEY;

    /// A meter that counts entities and stops after `most`.
    struct Counting {
        entities: u64,
        most: u64,
        ahead: bool,
        scratch: Vec<u8>,
    }

    impl Counting {
        fn new(most: u64, ahead: bool) -> Self {
            Self {
                entities: 0,
                most,
                ahead,
                scratch: Vec::new(),
            }
        }
    }

    impl Meter for Counting {
        type Stop = u64;

        fn visit(&mut self, entities: u64) -> Result<(), u64> {
            self.entities += entities;
            if self.entities > self.most {
                return Err(self.entities);
            }
            Ok(())
        }

        fn fetches_ahead(&self) -> bool {
            self.ahead
        }

        fn scratch(&mut self) -> &mut Vec<u8> {
            &mut self.scratch
        }
    }

    /// A key in the form that a plan stores.
    fn key(bytes: &'static [u8], before: usize) -> Key<'static> {
        let mut short = [0; SHORT_KEY];
        short.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Key::of(bytes, &short, before)
    }

    /// All kinds of fields of a person.
    fn shape(snapshot: &Snapshot) -> Shape<'_> {
        let view = snapshot.view();
        let (person, place) = (type_named(snapshot, "Person"), type_named(snapshot, "Place"));
        let no = |name: &str| property(snapshot, person, name);
        let (people, places) = (view.resolver(person).unwrap(), view.resolver(place).unwrap());
        let labels = || {
            let mut of_people = Fields::default();
            of_people.push(key(b",\"label\":", 0), people.label().unwrap());
            let mut of_places = Fields::default();
            let long = key(b",\"a key that is longer than a step\":", 0);
            of_places.push(long, places.id().unwrap());
            view.shape_by_type(vec![of_people, of_places])
        };
        let part = |key, what| Part { key, what };
        let parts = vec![
            part(key(b",\"count\":", 0), PageValue::Count),
            part(key(b",\"list\":", 1), PageValue::List(labels())),
            part(
                key(b",\"wrapped\":", 2),
                PageValue::Wrapped(key(b",\"node\":", 0), labels()),
            ),
        ];
        let ((home, to_home), (knows, to_known)) = (relation(snapshot, "HOME"), relation(snapshot, "KNOWS"));
        let mut fields = Fields::with_capacity(9);
        fields.push(key(b",\"id\":", 0), people.id().unwrap());
        fields.push(key(b",\"name\":", 1), people.property(no("name")).unwrap());
        fields.push(key(b",\"label\":", 2), people.label().unwrap());
        let long = key(b",\"a constant with a long key\":", 3);
        fields.push(long, Resolved::constant(b"true"));
        fields.push(key(b",\"age\":", 4), people.property(no("age")).unwrap());
        fields.push(key(b",\"tags\":", 5), people.property(no("tags")).unwrap());
        fields.push(key(b",\"motto\":", 6), people.property(no("motto")).unwrap());
        let one = people.one(home, to_home, labels()).unwrap();
        fields.push(key(b",\"home\":", 7), one);
        let page = people.page(knows, to_known, 3, parts).unwrap();
        fields.push(key(b",\"knows\":", 8), page);
        people.shape(fields)
    }

    /// The same output, made by looking up each value separately.
    fn naive(snapshot: &Snapshot, entity: EntityNo) -> serde_json::Value {
        let (view, row) = (snapshot.view(), snapshot.locate(entity));
        let value = |name: &str| {
            let mut out = Vec::new();
            let no = property(snapshot, row.type_id, name);
            if view.is_list(row.type_id, no) {
                let texts = view.values_of(row, no).map(|(it, _)| it.text().unwrap());
                return texts.collect();
            }
            view.value_of(row, no).unwrap().write(&[], &mut out);
            serde_json::from_slice::<serde_json::Value>(&out).unwrap()
        };
        let label = |entity: EntityNo| {
            let row = snapshot.locate(entity);
            if row.type_id == type_named(snapshot, "Place") {
                return serde_json::json!({"a key that is longer than a step": snapshot.id(row)});
            }
            serde_json::json!({"label": view.label(row)})
        };
        let ends = |name: &str| -> Vec<EntityNo> {
            let (relation, direction) = relation(snapshot, name);
            view.neighbours(row, relation, direction).map(|it| it.0).collect()
        };
        let knows = ends("KNOWS");
        let page = || knows.iter().take(3).map(|it| label(*it));
        serde_json::json!({
            "id": snapshot.id(row),
            "name": value("name"),
            "label": view.label(row),
            "a constant with a long key": true,
            "age": value("age"),
            "tags": value("tags"),
            "motto": value("motto"),
            "home": ends("HOME").first().map(|it| label(*it)),
            "knows": {
                "count": knows.len(),
                "list": page().collect::<Vec<_>>(),
                "wrapped": page().map(|it| serde_json::json!({"node": it})).collect::<Vec<_>>(),
            },
        })
    }

    fn people(snapshot: &Snapshot) -> Vec<EntityNo> {
        let person = type_named(snapshot, "Person");
        let rows = (0..snapshot.rows(person)).map(|row| Row { type_id: person, row });
        rows.map(|row| snapshot.number(row)).collect()
    }

    #[test]
    fn resolved_fields_are_the_values() {
        let snapshot = snapshot(70);
        let shape = shape(&snapshot);
        let entities = people(&snapshot);
        let expected = |entities: &[EntityNo]| entities.iter().map(|it| naive(&snapshot, *it)).collect();
        let check = |entities: &[EntityNo]| {
            let expected: serde_json::Value = expected(entities);
            for ahead in [false, true] {
                let mut out = Vec::with_capacity(1 << 20);
                let mut meter = Counting::new(u64::MAX, ahead);
                shape
                    .write_list(entities, &mut out, usize::MAX, &mut meter)
                    .unwrap();
                let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
                assert_eq!(read, expected);
            }
        };
        check(&entities);
        check(&[]);
        let far = [entities[69], entities[35], entities[0]];
        assert!(are_scattered(bytemuck::cast_slice(&far)));
        check(&far);
        let mut out = Vec::with_capacity(1 << 16);
        let mut meter = Counting::new(u64::MAX, false);
        shape
            .write(entities[0], &mut out, usize::MAX, &mut meter)
            .unwrap();
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, naive(&snapshot, entities[0]));
    }

    #[test]
    fn too_little_room_leaves_the_buffer_as_it_was() {
        let snapshot = snapshot(40);
        let (shape, entities) = (shape(&snapshot), people(&snapshot));
        let written = |capacity: usize, most: usize| {
            let mut out = Vec::with_capacity(5 + capacity);
            out.extend_from_slice(b"begun");
            let mut meter = Counting::new(u64::MAX, false);
            let written = shape.write_list(&entities, &mut out, most, &mut meter);
            (written, out)
        };
        let (whole, all) = written(1 << 20, usize::MAX);
        assert_eq!(whole, Ok(()));
        for room in (0..all.len()).step_by(13) {
            for (capacity, most) in [(room, usize::MAX), (1 << 20, room)] {
                match written(capacity, most) {
                    (Err(Halt::Full), out) => assert_eq!(out, b"begun"),
                    // The allocator may have given more than was asked for.
                    (Ok(()), out) => assert!(out == all && most == usize::MAX && out.capacity() >= all.len()),
                    (Err(Halt::Stop(_)), _) => panic!("nothing ends it"),
                }
            }
        }
    }

    #[test]
    fn the_meter_counts_each_entity_and_ends_writing() {
        let snapshot = snapshot(40);
        let (shape, entities) = (shape(&snapshot), people(&snapshot));
        let write = |most: u64| {
            let mut out = Vec::with_capacity(1 << 20);
            let mut meter = Counting::new(most, false);
            let written = shape.write_list(&entities, &mut out, usize::MAX, &mut meter);
            (written, meter.entities, out.len())
        };
        let ends = |it: &EntityNo| {
            let value = naive(&snapshot, *it);
            let listed = value["knows"]["list"].as_array().unwrap().len() as u64;
            2 * listed + u64::from(!value["home"].is_null())
        };
        let expected = entities.len() as u64 + entities.iter().map(ends).sum::<u64>();
        assert_eq!(write(u64::MAX).1, expected);
        assert_eq!(write(expected).0, Ok(()));
        let (written, _, len) = write(expected - 1);
        assert!(matches!(written, Err(Halt::Stop(it)) if it >= expected));
        assert_eq!(len, 0);
    }

    #[test]
    fn what_leads_to_hidden_entities_is_not_resolved() {
        let snapshot = snapshot(3);
        let person = type_named(&snapshot, "Person");
        let no = property(&snapshot, person, "name");
        let hidden = Hidden::of(&snapshot, EntitySet::of(&snapshot));
        let resolver = snapshot.view().hiding(Some(&hidden)).resolver(person).unwrap();
        let (knows, direction) = relation(&snapshot, "KNOWS");
        assert!(resolver.property(no).is_some());
        assert!(resolver.page(knows, direction, 1, Vec::new()).is_none());
        let shape = resolver.shape(Fields::default());
        assert!(resolver.one(knows, direction, shape).is_none());
    }
}
