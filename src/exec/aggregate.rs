//! Aggregates of all entities of a list, and of groups of them.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::num::NonZeroU64;

use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::{Failure, Run, Written, working_memory};
use crate::condition::ValueTest;
use crate::graph::{
    Coded, Common, EdgeNo, EntityNo, Key, KeyPacker, Members, Packed, Row, ShownTexts, ValueRef,
};
use crate::json;
use crate::ontology::{PropertyNo, RelationId, Rounding, Scalar, duration_of};
use crate::plan::{
    AggregateField, Call, CallNo, EdgeMeasure, GroupBy, GroupCall, GroupField, GroupKey, GroupKeyField,
    GroupOrderBy, GroupOrderKey, GroupValue, MeasureField, Object, OfTypes, Side,
};

/// Digits of a mean of decimals, as in decimal128.
const DIGITS: NonZeroU64 = NonZeroU64::new(34).expect("is not zero");

/// Entities whose values are examined at once. A multiple of three, as [`Run::grouped_by_code`] counts.
const ROWS_AT_ONCE: usize = 3 << 9;

/// Bytes of a text that are examined in about the time of a step.
const BYTES_OF_A_STEP: usize = 64;

/// This number of combinations of codes is counted even for fewer entities.
const FEW_COMBINATIONS: usize = 256;

/// More combinations of codes than this are not counted each: a joined code has 16 bits.
const MOST_COMBINATIONS: usize = 1 << 16;

/// Marks the position of a combination of codes without a group.
const NO_GROUP: u32 = u32::MAX;

/// Texts that are counted together, so that their table fits into the processor's first cache.
const TEXTS_OF_A_PART: usize = 1 << 10;

/// More parts than this would be filled more slowly: each is written to at a place of its own.
const MOST_PARTS: usize = 1 << 10;

/// Represents the hash of a missing text.
const NO_TEXT: u64 = u64::MAX;

/// Entities that are grouped between two checks of the clock.
const MEMBERS_AT_ONCE: usize = 1 << 16;

/// Entities in groups.
struct Groups<'a> {
    packing: KeyPacker<'a>,
    /// The common values of each group: one for each field to group by.
    commons: Vec<Packed>,
    /// The entities, ordered by group; none if only their numbers are requested.
    entities: Vec<EntityNo>,
    /// The position of each group's first entity, followed by the number of entities.
    starts: Vec<u32>,
    /// The groups in the requested order.
    order: Vec<u32>,
}

/// One group.
#[derive(Clone, Copy)]
struct Group<'g, 'a> {
    packing: &'g KeyPacker<'a>,
    common: &'g [Packed],
    len: usize,
    entities: &'g [EntityNo],
}

impl<'a> Group<'_, 'a> {
    fn commons(&self) -> impl ExactSizeIterator<Item = Common<'a>> {
        self.common.iter().map(|it| self.packing.unpack(*it))
    }
}

impl<'a> Groups<'a> {
    fn get(&self, no: u32, keys: usize) -> Group<'_, 'a> {
        let no = no as usize;
        let range = self.starts[no] as usize..self.starts[no + 1] as usize;
        Group {
            packing: &self.packing,
            common: &self.commons[no * keys..(no + 1) * keys],
            len: range.len(),
            entities: self.entities.get(range).unwrap_or_default(),
        }
    }
}

/// The aggregates of values that are requested, and their results.
#[derive(Default)]
struct Measures<'a> {
    wants_distinct: bool,
    wants_ends: bool,
    wants_sum: bool,
    count: usize,
    /// Minimum and maximum of values that can be ordered.
    ordered: usize,
    least: Option<(Key<'a>, ValueRef<'a>)>,
    greatest: Option<(Key<'a>, ValueRef<'a>)>,
    sum: f64,
    /// The exact sum of whole numbers: 128 bits suffice for 2^32 values of 64 bits.
    whole: i128,
    decimals: BigDecimal,
    packing: KeyPacker<'a>,
    /// All values, if distinct ones are counted.
    places: Vec<Packed>,
    distinct: usize,
}

/// The edges of a relation that led to some entities.
pub(super) type Edges<'e> = (RelationId, &'e [EdgeNo]);

impl<'a> Measures<'a> {
    /// Nothing is measured yet of what is needed.
    fn wanted<'f>(needed: impl Iterator<Item = &'f MeasureField>) -> Self {
        let mut measures = Self::default();
        for field in needed {
            match field {
                MeasureField::Count => {}
                MeasureField::Distinct => measures.wants_distinct = true,
                MeasureField::Min | MeasureField::Max => measures.wants_ends = true,
                MeasureField::Sum | MeasureField::Avg => measures.wants_sum = true,
            }
        }
        measures
    }

    /// An aggregate of values of a kind, to be compared; `None` if there is no value.
    fn get(&self, measure: MeasureField, scalar: Scalar) -> Option<Key<'a>> {
        let sum = || match scalar {
            Scalar::Int | Scalar::Float => Key::Float(self.sum),
            Scalar::Decimal => Key::Decimal(self.decimals.clone()),
            _ => Key::Decimal(BigDecimal::from(self.whole)),
        };
        match measure {
            MeasureField::Count => Some(Key::Whole(self.count as i64)),
            MeasureField::Distinct => Some(Key::Whole(self.distinct as i64)),
            MeasureField::Min => self.least.as_ref().map(|it| it.0.clone()),
            MeasureField::Max => self.greatest.as_ref().map(|it| it.0.clone()),
            MeasureField::Sum | MeasureField::Avg if self.ordered == 0 => None,
            MeasureField::Sum => Some(sum()),
            MeasureField::Avg => Some(match sum() {
                Key::Float(sum) => Key::Float(sum / self.ordered as f64),
                Key::Decimal(_) if scalar == Scalar::Duration => {
                    Key::Decimal(BigDecimal::from(mean_of(self.whole, self.ordered)))
                }
                Key::Decimal(sum) => Key::Decimal(mean(&sum, self.ordered)),
                other => other,
            }),
        }
    }

    /// As [`Self::wanted`], for what is written.
    fn of(fields: &Object<MeasureField>) -> Self {
        Self::wanted(fields.fields().iter().map(|it| &it.field))
    }
}

/// The mean of durations, rounded to a microsecond.
fn mean_of(sum: i128, count: usize) -> i128 {
    let count = count as i128;
    (sum + count / 2).div_euclid(count)
}

/// The mean of decimal numbers.
fn mean(sum: &BigDecimal, count: usize) -> BigDecimal {
    let mean = sum / BigDecimal::from(count as u64);
    // `with_prec` does not round negative numbers.
    mean.with_precision_round(DIGITS, RoundingMode::HalfEven)
}

/// A value of a group of a number of entities.
fn value_of<'a>(
    value: GroupValue,
    len: usize,
    call: &GroupCall,
    measured: &[Measures<'a>],
) -> Option<Key<'a>> {
    match value {
        GroupValue::Count => Some(Key::Whole(len as i64)),
        GroupValue::Measure(at, measure) => measured[at].get(measure, call.measured[at].scalar),
    }
}

/// Whether a value of a group meets a test.
fn holds(test: &ValueTest, value: Option<&Key>) -> bool {
    match (test, value) {
        (ValueTest::IsNull(is_null), value) => value.is_none() == *is_null,
        (ValueTest::Date(test), Some(Key::Date(date))) => test.holds(*date),
        (ValueTest::Float(test), Some(Key::Float(number))) => test.holds(number),
        (ValueTest::Decimal(test), Some(Key::Decimal(number))) => test.holds(number),
        (
            ValueTest::Int(test)
            | ValueTest::Int64(test)
            | ValueTest::Instant(test)
            | ValueTest::Duration(test),
            Some(Key::Whole(number)),
        ) => test.holds(number),
        // A sum of durations can be longer than any that is compared with it.
        (ValueTest::Duration(test), Some(Key::Decimal(micros))) => {
            let longest = if micros.sign() == Sign::Minus {
                i64::MIN
            } else {
                i64::MAX
            };
            test.holds(&micros.to_i64().unwrap_or(longest))
        }
        _ => false,
    }
}

/// The order of two values of groups.
fn compare_values(a: Option<&Key>, b: Option<&Key>, (descending, nulls_first): (bool, bool)) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.compare(a),
        (Some(a), Some(b)) => a.compare(b),
        (None, None) => Ordering::Equal,
        (None, Some(_)) if nulls_first => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) if nulls_first => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

impl<'a> Run<'a> {
    /// Writes the aggregate of some entities, and of the edges to them if that is requested.
    pub(super) fn aggregate(
        &mut self,
        entities: Members,
        edges: Option<Edges>,
        fields: &'a Object<AggregateField>,
    ) -> Written {
        self.object(fields, |run, slot| {
            run.field(slot, false, |run| {
                run.aggregate_field(entities, edges, &slot.field)
            })
        })
    }

    fn aggregate_field(
        &mut self,
        entities: Members,
        edges: Option<Edges>,
        field: &'a AggregateField,
    ) -> Written {
        match field {
            AggregateField::Count => self.number(entities.len()),
            AggregateField::Property(of_types, scalar, fields) => {
                return self.scope(|run| {
                    let measures = run.measure(entities, of_types, Measures::of(fields))?;
                    run.measures(&measures, *scalar, fields)
                });
            }
            AggregateField::Edge(fields) => {
                return self.object(fields, |run, slot| {
                    run.field(slot, false, |run| {
                        run.scope(|run| {
                            let EdgeMeasure {
                                property,
                                scalar,
                                fields,
                            } = &slot.field;
                            let measures = run.measure_edges(edges, *property, fields)?;
                            run.measures(&measures, *scalar, fields)
                        })
                    })
                });
            }
            AggregateField::Groups(call, group) => {
                return self.scope(|run| run.groups(entities, *call, group));
            }
        }
        Ok(())
    }

    /// Visits all values of a property of some entities once. Takes 8 bytes for each value if distinct ones are
    /// counted.
    fn measure(
        &mut self,
        entities: Members,
        of_types: &OfTypes<PropertyNo>,
        mut measures: Measures<'a>,
    ) -> Result<Measures<'a>, Failure> {
        if let Some(type_id) = self.view.type_of(entities)
            && let Some(no) = of_types[type_id.index()]
            && let Some(texts) = self.view.shown_texts(type_id, no)
        {
            self.measure_texts(entities, texts, &mut measures)?;
            return Ok(measures);
        }
        for entity in entities.iter() {
            self.visit(1)?;
            let row = self.view.locate(entity);
            let Some(no) = of_types[row.type_id.index()] else {
                continue;
            };
            for (at, value) in self.view.values(row, no).enumerate() {
                if at > 0 {
                    self.work(1)?;
                }
                self.add(&mut measures, value)?;
            }
        }
        self.count_distinct(&mut measures)?;
        Ok(measures)
    }

    /// Visits all values of a property of some edges once.
    fn measure_edges(
        &mut self,
        edges: Option<Edges>,
        property: PropertyNo,
        fields: &Object<MeasureField>,
    ) -> Result<Measures<'a>, Failure> {
        let mut measures = Measures::of(fields);
        if let Some((relation, edges)) = edges {
            for edge in edges {
                self.visit(1)?;
                for (at, value) in self.view.edge_values(relation, *edge, property).enumerate() {
                    if at > 0 {
                        self.work(1)?;
                    }
                    self.add(&mut measures, value)?;
                }
            }
        }
        self.count_distinct(&mut measures)?;
        Ok(measures)
    }

    /// Counts the different values that were kept for it.
    fn count_distinct(&mut self, measures: &mut Measures<'a>) -> Written {
        if measures.wants_distinct {
            let packing = &measures.packing;
            let key = |it: &Packed| match packing.unpack(*it) {
                Common::Value(value) => value.key(),
                _ => None,
            };
            let by_key = |a: &Packed, b: &Packed| match (key(a), key(b)) {
                (Some(a), Some(b)) => a.compare(&b),
                _ => Ordering::Equal,
            };
            let all = 0..measures.places.len();
            working_memory::sort(&mut measures.places, all, &self.budget.clock, |a, b| {
                by_key(a, b).then(a.cmp(b))
            })?;
            let mut distinct = usize::from(!measures.places.is_empty());
            for pair in measures.places.windows(2) {
                self.work(1)?;
                distinct += usize::from(by_key(&pair[0], &pair[1]) != Ordering::Equal);
            }
            measures.distinct = distinct;
        }
        Ok(())
    }

    /// Goes through the texts of some entities of one type. Takes up to 24 bytes for each if the different ones are counted.
    fn measure_texts(
        &mut self,
        entities: Members,
        texts: ShownTexts<'a>,
        measures: &mut Measures<'a>,
    ) -> Written {
        let mut ends: Option<[(u64, EntityNo); 2]> = None;
        for start in (0..entities.len()).step_by(ROWS_AT_ONCE) {
            let part = start..(start + ROWS_AT_ONCE).min(entities.len());
            self.visit(part.len() as u64)?;
            for position in part {
                let entity = entities.get(position);
                if texts.written(entity).is_empty() {
                    continue;
                }
                measures.count += 1;
                if measures.wants_ends {
                    let rank = texts.rank(entity);
                    let [least, greatest] = ends.get_or_insert([(rank, entity); 2]);
                    let text = |entity: EntityNo| texts.text(entity);
                    if rank < least.0 || rank == least.0 && text(entity) < text(least.1) {
                        *least = (rank, entity);
                    }
                    if rank > greatest.0 || rank == greatest.0 && text(entity) > text(greatest.1) {
                        *greatest = (rank, entity);
                    }
                }
            }
        }
        measures.ordered = measures.count;
        if measures.wants_distinct {
            measures.distinct = self.scope(|run| run.distinct_texts(entities, texts))?;
        }
        let end = |(_, entity): (u64, EntityNo)| (Key::Text(texts.text(entity)), texts.value(entity));
        if let Some([least, greatest]) = ends {
            measures.least = Some(end(least));
            measures.greatest = Some(end(greatest));
        }
        Ok(())
    }

    /// Number of different texts of some entities of one type. The texts are divided by their hashes into parts of which each
    /// fits into the processor's cache.
    fn distinct_texts(&mut self, entities: Members, texts: ShownTexts<'a>) -> Result<usize, Failure> {
        let parts = (entities.len() / TEXTS_OF_A_PART).clamp(1, MOST_PARTS);
        let part_of = |hash: u64| (((hash >> 32) * parts as u64) >> 32) as usize;
        let mut hashes: Vec<u64> = self.list_of(entities.len())?;
        // The first text of each part, one place further on: filling moves this back by one.
        let mut starts = self.array(0_u32, parts + 2)?;
        for start in (0..entities.len()).step_by(ROWS_AT_ONCE) {
            let end = (start + ROWS_AT_ONCE).min(entities.len());
            let mut bytes = 0;
            for position in start..end {
                let written = texts.written(entities.get(position));
                bytes += written.len();
                hashes.push(if written.is_empty() {
                    NO_TEXT
                } else {
                    let hash = xxhash_rust::xxh3::xxh3_64(written).min(NO_TEXT - 1);
                    starts[part_of(hash) + 2] += 1;
                    hash
                });
            }
            self.work(end - start + bytes / BYTES_OF_A_STEP)?;
        }
        for at in 2..starts.len() {
            starts[at] += starts[at - 1];
        }
        // Of each text the lower half of its hash, and the position of its entity.
        let mut divided = self.array((0_u32, 0_u32), starts[parts + 1] as usize)?;
        for (position, hash) in hashes.iter().enumerate().filter(|(_, hash)| **hash != NO_TEXT) {
            let next = &mut starts[part_of(*hash) + 1];
            divided[*next as usize] = (*hash as u32, position as u32);
            *next += 1;
        }
        self.free(hashes);
        // The different texts of a part by their hashes, with linear probing; zero is a free place.
        let mut table: Vec<u32> = Vec::new();
        let mut distinct = 0;
        for bounds in starts[..=parts].windows(2) {
            let part = &divided[bounds[0] as usize..bounds[1] as usize];
            self.work(part.len())?;
            let size = (2 * part.len()).next_power_of_two();
            if size > table.len() {
                self.hold((size - table.len()) * size_of::<u32>())?;
                table = vec![0; size];
            }
            let table = &mut table[..size];
            table.fill(0);
            for (no, (hash, position)) in (1..).zip(part) {
                let mut place = *hash as usize & (size - 1);
                loop {
                    let known = table[place];
                    if known == 0 {
                        table[place] = no;
                        distinct += 1;
                        break;
                    }
                    let (other, first) = part[known as usize - 1];
                    let written = |position: u32| texts.written(entities.get(position as usize));
                    if other == *hash && written(first) == written(*position) {
                        break;
                    }
                    place = (place + 1) & (size - 1);
                }
            }
        }
        Ok(distinct)
    }

    fn add(&mut self, measures: &mut Measures<'a>, value: ValueRef<'a>) -> Written {
        measures.count += 1;
        if !(measures.wants_distinct || measures.wants_ends || measures.wants_sum) {
            return Ok(());
        }
        let Some(key) = value.key() else {
            return Ok(());
        };
        measures.ordered += 1;
        if measures.wants_sum {
            match &key {
                Key::Whole(it) => {
                    measures.sum += *it as f64;
                    measures.whole += i128::from(*it);
                }
                Key::Float(it) => measures.sum += *it,
                Key::Decimal(it) => measures.decimals += it,
                Key::Text(_) | Key::Date(_) | Key::Point(_) => {}
            }
        }
        if measures.wants_distinct {
            let packed = measures.packing.pack(Common::Value(value));
            self.push(&mut measures.places, packed)?;
        }
        if measures.wants_ends {
            // Of equal values, the minimum is the first and the maximum the last in the list.
            let is = |end: &Option<(Key, ValueRef)>, order: Ordering| {
                end.as_ref().is_some_and(|(end, _)| key.compare(end) == order)
            };
            if measures.least.is_none() || is(&measures.least, Ordering::Less) {
                measures.least = Some((key.clone(), value));
            }
            if !is(&measures.greatest, Ordering::Less) {
                measures.greatest = Some((key, value));
            }
        }
        Ok(())
    }

    fn measures(
        &mut self,
        measures: &Measures<'a>,
        scalar: Scalar,
        fields: &'a Object<MeasureField>,
    ) -> Written {
        let is_duration = scalar == Scalar::Duration;
        let is_decimal = matches!(scalar, Scalar::Decimal | Scalar::Int64);
        let decimals = || match scalar {
            Scalar::Int64 => BigDecimal::from(measures.whole),
            _ => measures.decimals.clone(),
        };
        let count = measures.ordered;
        self.object(fields, |run, slot| {
            match &slot.field {
                MeasureField::Count => run.number(measures.count),
                MeasureField::Distinct => run.number(measures.distinct),
                MeasureField::Min => run.extreme(measures.least.as_ref().map(|it| it.1)),
                MeasureField::Max => run.extreme(measures.greatest.as_ref().map(|it| it.1)),
                MeasureField::Sum | MeasureField::Avg if count == 0 => run.null(),
                MeasureField::Sum if is_duration => run.text(&duration_of(measures.whole)),
                MeasureField::Sum if is_decimal => run.text(&decimals().to_plain_string()),
                MeasureField::Sum => run.float(measures.sum),
                MeasureField::Avg if is_duration => {
                    run.text(&duration_of(mean_of(measures.whole, count)));
                }
                MeasureField::Avg if is_decimal => {
                    run.text(&mean(&decimals(), count).normalized().to_plain_string());
                }
                MeasureField::Avg => run.float(measures.sum / count as f64),
            }
            Ok(())
        })
    }

    fn extreme(&mut self, value: Option<ValueRef>) {
        match value {
            Some(value) => value.write(&[], &mut self.out),
            None => self.null(),
        }
    }

    fn groups(&mut self, entities: Members, call: CallNo, fields: &'a Object<GroupField>) -> Written {
        let Call::Groups(call) = self.call(call)? else {
            return Err(Failure::Null);
        };
        let counts_only = call.measured.is_empty()
            && fields.fields().iter().all(
                |it| !matches!(&it.field, GroupField::Aggregate(of) if !matches!(of, AggregateField::Count)),
            );
        let mut groups = match self.coded(entities, call) {
            Some((codes, combinations)) => {
                self.grouped_by_code(entities, call, (&codes, combinations), counts_only)?
            }
            None => self.grouped(entities, call)?,
        };
        self.order(&mut groups, call)?;
        self.each(groups.order.iter().take(call.first), |run, no| {
            run.group(groups.get(*no, call.keys.len()), call, fields)
        })
    }

    /// Groups entities. An entity with several values of a field, or several ends of a relation, is in the group of
    /// each. Takes 12 bytes for each entity of each group, and about 20 bytes for each group of one field.
    fn grouped(&mut self, entities: Members, call: &'a GroupCall) -> Result<Groups<'a>, Failure> {
        let keys = call.keys.len();
        let mut packing = KeyPacker::default();
        let mut packed_bytes = 0;
        let mut commons: Vec<Packed> = Vec::new();
        // Pairs of a group and the position of an entity in it.
        let mut members: Vec<(u32, u32)> = self.list_of(entities.len())?;
        let mut table: HashTable<u32> = HashTable::new();
        let mut choices: Vec<Vec<Common<'a>>> = vec![Vec::new(); keys];
        // The groups that already contain the current entity.
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        let scratch = RefCell::new(Vec::new());
        let mut identity = Vec::new();
        for (position, entity) in entities.iter().enumerate() {
            self.visit(1)?;
            let row = self.view.locate(entity);
            let mut combinations = 1_usize;
            for (key, choices) in call.keys.iter().zip(&mut choices) {
                self.commons(row, key, choices)?;
                combinations = combinations.saturating_mul(choices.len());
                self.visit(combinations as u64)?;
            }
            seen.clear();
            for combination in 0..combinations {
                self.work(keys)?;
                let mut rest = combination;
                let begin = commons.len();
                for choices in choices.iter().rev() {
                    let packed = packing.pack(choices[rest % choices.len()]);
                    self.push(&mut commons, packed)?;
                    rest /= choices.len();
                }
                if packing.bytes() > packed_bytes {
                    self.hold(packing.bytes() - packed_bytes)?;
                    packed_bytes = packing.bytes();
                }
                commons[begin..].reverse();
                let write_all = |common: &[Packed], out: &mut Vec<u8>| {
                    for it in common {
                        self.view.write_identity(packing.unpack(*it), out);
                    }
                };
                let of_group = |no: u32| &commons[no as usize * keys..(no as usize + 1) * keys];
                identity.clear();
                write_all(&commons[begin..], &mut identity);
                let is_same = |no: &u32| {
                    let mut scratch = scratch.borrow_mut();
                    scratch.clear();
                    write_all(of_group(*no), &mut scratch);
                    *scratch == identity
                };
                let hash = FxBuildHasher.hash_one(&identity);
                let found = table.find(hash, is_same).copied();
                let no = if let Some(no) = found {
                    commons.truncate(begin);
                    no
                } else {
                    let no = (begin / keys) as u32;
                    if table.len() == table.capacity() {
                        let (now, next) = working_memory::tables::<u32>(table.capacity());
                        self.hold(next)?;
                        let rehash = |no: &u32| {
                            let mut scratch = scratch.borrow_mut();
                            scratch.clear();
                            let common = &commons[*no as usize * keys..(*no as usize + 1) * keys];
                            for it in common {
                                self.view.write_identity(packing.unpack(*it), &mut scratch);
                            }
                            FxBuildHasher.hash_one(&*scratch)
                        };
                        table.reserve(1, rehash);
                        self.release(now);
                    }
                    table.insert_unique(hash, no, |_| hash);
                    no
                };
                if combinations == 1 {
                    self.push(&mut members, (no, position as u32))?;
                } else {
                    self.grow_set(&mut seen)?;
                    if seen.insert(no) {
                        self.push(&mut members, (no, position as u32))?;
                    }
                }
            }
        }
        let count = commons.len() / keys;
        self.release(working_memory::tables::<u32>(table.capacity()).0);
        drop(table);
        // A counting sort keeps the order of entities in each group.
        let mut starts = self.array(0_u32, count + 2)?;
        for (group, _) in &members {
            starts[*group as usize + 2] += 1;
        }
        for no in 2..starts.len() {
            starts[no] += starts[no - 1];
        }
        let mut grouped = self.array(EntityNo::default(), members.len())?;
        for (at, (group, position)) in members.iter().enumerate() {
            if at % MEMBERS_AT_ONCE == 0 {
                self.check_clock()?;
            }
            let next = &mut starts[*group as usize + 1];
            grouped[*next as usize] = entities.get(*position as usize);
            *next += 1;
        }
        self.free(members);
        Ok(Groups {
            packing,
            commons,
            entities: grouped,
            starts,
            order: Vec::new(),
        })
    }

    /// The codes of the fields to group by, where all entities are of one type and all fields have few values, and how many
    /// combinations of codes there are.
    fn coded(&self, entities: Members, call: &GroupCall) -> Option<(Vec<Coded<'a>>, usize)> {
        let type_id = self.view.type_of(entities)?;
        let mut combinations = 1;
        let mut all = Vec::with_capacity(call.keys.len());
        for key in &call.keys {
            let GroupBy::Property(of_types) = &key.by else {
                return None;
            };
            if !key.over.is_empty() || key.rounding.is_some() {
                return None;
            }
            let no = of_types[type_id.index()]?;
            let codes = self.search.columns().and_then(|it| it.codes(type_id, no));
            let column = self.view.coded(type_id, no, codes)?;
            combinations *= column.count();
            if combinations > entities.len().clamp(FEW_COMBINATIONS, MOST_COMBINATIONS) {
                return None;
            }
            all.push(column);
        }
        Some((all, combinations))
    }

    /// Groups entities of one type by the codes of their values. Takes 20 bytes for each combination of codes, and, if
    /// not only the counts are asked for, 4 bytes for each entity.
    fn grouped_by_code(
        &mut self,
        entities: Members,
        call: &GroupCall,
        (codes, combinations): (&[Coded<'a>], usize),
        counts_only: bool,
    ) -> Result<Groups<'a>, Failure> {
        /// The codes of some entities, joined to one number for each.
        fn join<'n>(codes: &[Coded], part: Members, numbers: &'n mut [u16; ROWS_AT_ONCE]) -> &'n [u16] {
            let numbers = &mut numbers[..part.len()];
            numbers.fill(0);
            for coded in codes {
                coded.join_to(numbers, part);
            }
            numbers
        }
        let len = entities.len();
        let part_at = |start: usize| entities.part(start..(start + ROWS_AT_ONCE).min(len));
        let mut numbers = [0_u16; ROWS_AT_ONCE];
        // Three counts, since adding to the one that was just added to would wait for it, and the position of an entity.
        let mut tallies = self.array([0_u32; 4], combinations)?;
        for start in (0..len).step_by(ROWS_AT_ONCE) {
            let part = part_at(start);
            self.visit((part.len() * (1 + codes.len())) as u64)?;
            let joined = join(codes, part, &mut numbers);
            for (chunk, position) in joined.chunks(3).zip((start as u32..).step_by(3)) {
                for (lane, number) in chunk.iter().enumerate() {
                    let tally = &mut tallies[usize::from(*number)];
                    tally[lane] += 1;
                    tally[3] = position + lane as u32;
                }
            }
        }
        let mut packing = KeyPacker::default();
        let (mut commons, mut starts) = (Vec::new(), Vec::new());
        let mut total = 0;
        for tally in &mut tallies {
            let [a, b, c, position] = *tally;
            let count = a + b + c;
            if count == 0 {
                continue;
            }
            let row = self.view.locate(entities.get(position as usize));
            let begin = commons.len();
            let mut is_group = true;
            for key in &call.keys {
                let GroupBy::Property(of_types) = &key.by else {
                    continue;
                };
                let value = of_types[row.type_id.index()].and_then(|no| self.view.values(row, no).next());
                is_group &= value.is_some() || key.includes_missing;
                let packed = packing.pack(value.map_or(Common::Nothing, Common::Value));
                self.push(&mut commons, packed)?;
            }
            if !is_group {
                commons.truncate(begin);
                tally[0] = NO_GROUP;
                continue;
            }
            self.push(&mut starts, total)?;
            // Position of the next entity of the group.
            tally[0] = total;
            total += count;
        }
        self.push(&mut starts, total)?;
        let mut grouped = Vec::new();
        if !counts_only {
            grouped = self.array(EntityNo::default(), total as usize)?;
            for start in (0..len).step_by(ROWS_AT_ONCE) {
                self.check_clock()?;
                let part = part_at(start);
                for (number, entity) in join(codes, part, &mut numbers).iter().zip(part.iter()) {
                    let next = &mut tallies[usize::from(*number)][0];
                    if *next != NO_GROUP {
                        grouped[*next as usize] = entity;
                        *next += 1;
                    }
                }
            }
        }
        self.free(tallies);
        Ok(Groups {
            packing,
            commons,
            entities: grouped,
            starts,
            order: Vec::new(),
        })
    }

    /// Orders the groups that match, as far as they are asked for.
    fn order(&mut self, groups: &mut Groups<'a>, call: &GroupCall) -> Written {
        let keys = call.keys.len();
        let count = groups.commons.len() / keys;
        let mut order = self.list_of(count)?;
        // For each group, the values that it is ordered by. The number of entities needs none.
        let is_measured = |it: &&GroupOrderKey| matches!(it.by, GroupOrderBy::Value(GroupValue::Measure(..)));
        let width = call.order.iter().filter(is_measured).count();
        let mut values: Vec<Option<Key<'a>>> = Vec::new();
        if width == 0 && call.having.is_empty() {
            order.extend(0..count as u32);
        } else {
            self.hold(count.saturating_mul(width * size_of::<Option<Key>>()))?;
            values.reserve_exact(count * width);
            for no in 0..count as u32 {
                let group = groups.get(no, keys);
                let measured = self.scope(|run| run.measured(group, call))?;
                let of = |value: GroupValue| value_of(value, group.len, call, &measured);
                let meets = |(value, tests): &(GroupValue, Vec<ValueTest>)| {
                    let value = of(*value);
                    tests.iter().all(|it| holds(it, value.as_ref()))
                };
                let is_kept = call.having.iter().all(meets);
                if is_kept {
                    order.push(no);
                }
                for key in call.order.iter().filter(is_measured) {
                    let GroupOrderBy::Value(value) = key.by else {
                        continue;
                    };
                    let value = if is_kept { of(value) } else { None };
                    if let Some(Key::Decimal(number)) = &value {
                        self.hold(number.digits() as usize / 2)?;
                    }
                    values.push(value);
                }
            }
        }
        let compare = |a: &u32, b: &u32| {
            let mut measured = 0;
            for key in &call.order {
                let direction = (key.descending, key.nulls_first);
                let ordering = match key.by {
                    GroupOrderBy::Key => self.compare_keys(groups, keys, (*a, *b), direction),
                    GroupOrderBy::Value(GroupValue::Count) => {
                        let ordering = groups.get(*a, keys).len.cmp(&groups.get(*b, keys).len);
                        if key.descending {
                            ordering.reverse()
                        } else {
                            ordering
                        }
                    }
                    GroupOrderBy::Value(GroupValue::Measure(..)) => {
                        let at = measured;
                        measured += 1;
                        let of = |no: u32| values[no as usize * width + at].as_ref();
                        compare_values(of(*a), of(*b), direction)
                    }
                };
                if ordering != Ordering::Equal {
                    return ordering;
                }
            }
            // Keys that are equal but written differently stay in the order in which they were first found.
            self.compare_keys(groups, keys, (*a, *b), (false, false))
                .then(a.cmp(b))
        };
        let kept = order.len();
        working_memory::sort(&mut order, 0..call.first.min(kept), &self.budget.clock, compare)?;
        self.free(values);
        groups.order = order;
        Ok(())
    }

    /// Compares the keys of two groups.
    fn compare_keys(
        &self,
        groups: &Groups<'a>,
        keys: usize,
        (a, b): (u32, u32),
        direction: (bool, bool),
    ) -> Ordering {
        let (a, b) = (groups.get(a, keys), groups.get(b, keys));
        let mut orders = a
            .commons()
            .zip(b.commons())
            .map(|(a, b)| self.view.compare_commons(a, b, direction));
        orders
            .find(|it| *it != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }

    /// The aggregates of a group by which groups are filtered and ordered.
    fn measured(&mut self, group: Group<'_, 'a>, call: &GroupCall) -> Result<Vec<Measures<'a>>, Failure> {
        let mut all = Vec::with_capacity(call.measured.len());
        for measured in &call.measured {
            let wanted = Measures::wanted(measured.needed.iter());
            let measures = self.measure(Members::Some(group.entities), &measured.of_types, wanted)?;
            all.push(measures);
        }
        Ok(all)
    }

    /// The keys of an entity for one field. An entity without a key is in no group.
    fn commons(&mut self, row: Row, key: &'a GroupKey, commons: &mut Vec<Common<'a>>) -> Written {
        commons.clear();
        let mut is_missing = false;
        if key.over.is_empty() {
            is_missing = !self.commons_of(row, key, commons)? && key.includes_missing;
        } else {
            let view = self.view;
            let mut reached = Vec::new();
            self.push(&mut reached, view.number(row))?;
            for step in &key.over {
                let mut next = Vec::new();
                for entity in &reached {
                    let row = view.locate(*entity);
                    let before = next.len();
                    if let Some(side) = step.sides[row.type_id.index()] {
                        self.ends(row, side, |run, entity| run.push(&mut next, entity))?;
                    }
                    is_missing |= next.len() == before && step.includes_missing;
                }
                // Several ways can lead to one entity.
                next.sort_unstable_by_key(|it| view.order_key(*it));
                next.dedup();
                self.free(std::mem::replace(&mut reached, next));
            }
            for entity in &reached {
                let has_any = self.commons_of(view.locate(*entity), key, commons)?;
                is_missing |= !has_any && key.includes_missing;
            }
            self.free(reached);
        }
        if is_missing {
            self.push(commons, Common::Nothing)?;
        }
        Ok(())
    }

    /// Calls a function with each entity that a field of an entity leads to.
    fn ends(
        &mut self,
        row: Row,
        side: Side,
        mut take: impl FnMut(&mut Self, EntityNo) -> Written,
    ) -> Written {
        let many = self.field_is_many(row, side);
        let ends = self.view.neighbours(row, side.relation, side.direction);
        for (entity, _) in ends.take(if many { usize::MAX } else { 1 }) {
            self.visit(1)?;
            take(self, entity)?;
        }
        Ok(())
    }

    /// Adds the keys of an entity for the last field of a key. Returns whether there is one.
    fn commons_of(
        &mut self,
        row: Row,
        key: &'a GroupKey,
        commons: &mut Vec<Common<'a>>,
    ) -> Result<bool, Failure> {
        let before = commons.len();
        match &key.by {
            GroupBy::Type => self.push(commons, Common::Type(row.type_id))?,
            GroupBy::Property(of_types) => {
                if let Some(no) = of_types[row.type_id.index()] {
                    for value in self.view.values(row, no) {
                        let common = match &key.rounding {
                            None => Some(Common::Value(value)),
                            Some(rounding) => self.rounded(value, key, rounding)?,
                        };
                        if let Some(common) = common {
                            self.push(commons, common)?;
                        }
                    }
                }
            }
            GroupBy::Relation(of_types) => {
                if let Some(side) = of_types[row.type_id.index()] {
                    self.ends(row, side, |run, entity| run.push(commons, Common::Entity(entity)))?;
                }
            }
        }
        Ok(commons.len() > before)
    }

    /// A rounded value; `None` if it is in several parts of the calendar.
    fn rounded(
        &mut self,
        value: ValueRef<'a>,
        key: &GroupKey,
        rounding: &'a Rounding,
    ) -> Result<Option<Common<'a>>, Failure> {
        let number = match (value.key(), rounding) {
            (Some(Key::Date(date)), _) => {
                return Ok(rounding.date(date).map(|it| Common::Rounded(it, rounding)));
            }
            (Some(Key::Whole(micros)), Rounding::Part(_)) => {
                return Ok(rounding.instant(micros).map(|it| Common::Rounded(it, rounding)));
            }
            (Some(Key::Whole(number)), _) => rounding.whole(number),
            (Some(Key::Float(number)), _) => rounding.float(number),
            (Some(Key::Decimal(number)), _) => {
                self.work(16)?;
                rounding.decimal(&number)
            }
            _ => return Ok(None),
        };
        match number {
            Some(number) => Ok(Some(Common::Rounded(number, rounding))),
            None => {
                let mut shown = Vec::new();
                value.write(&[], &mut shown);
                self.refuse(format!(
                    "`{}` has the value {}, which is more than 2^53 times the `width`: give a greater `width`",
                    key.name,
                    String::from_utf8_lossy(&shown)
                ))
            }
        }
    }

    fn group(
        &mut self,
        group: Group<'_, 'a>,
        call: &'a GroupCall,
        fields: &'a Object<GroupField>,
    ) -> Written {
        self.object(fields, |run, slot| match &slot.field {
            GroupField::Key => {
                let is_one = group.common.len() == 1;
                let mut list = json::List::default();
                for common in group.commons() {
                    if !is_one {
                        run.out.push(list.before_next());
                    }
                    run.write_common(common);
                }
                if !is_one {
                    run.out.extend_from_slice(list.end());
                }
                Ok(())
            }
            GroupField::Keys(fields) => run.field(slot, false, |run| {
                let keys = call.keys.iter().zip(group.commons());
                run.each(keys, |run, (key, common)| run.group_key(key, common, fields))
            }),
            GroupField::Aggregate(AggregateField::Count) => {
                run.number(group.len);
                Ok(())
            }
            GroupField::Aggregate(field) => run.field(slot, false, |run| {
                run.aggregate_field(Members::Some(group.entities), None, field)
            }),
        })
    }

    fn write_common(&mut self, common: Common) {
        self.view.write_common(common, &mut self.out);
    }

    fn group_key(&mut self, key: &GroupKey, common: Common, fields: &'a Object<GroupKeyField>) -> Written {
        self.object(fields, |run, slot| {
            match (&slot.field, common) {
                (GroupKeyField::Field, _) => run.text(&key.name),
                (GroupKeyField::Value, Common::Entity(_)) => run.null(),
                (GroupKeyField::Value, common) => run.write_common(common),
                (GroupKeyField::Entity(selection), Common::Entity(entity)) => {
                    return run.field(slot, true, |run| run.entity(entity, selection));
                }
                (GroupKeyField::Entity(_), _) => run.null(),
            }
            Ok(())
        })
    }
}
