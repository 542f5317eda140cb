//! Aggregates of all entities of a list, and of groups of them.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::hash::BuildHasher;

use bigdecimal::BigDecimal;
use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::{Failure, Run, Written, working};
use crate::graph::{Common, EntityNo, Key, Packed, Packing, Row, ValueRef};
use crate::json;
use crate::ontology::{PropertyNo, Scalar, duration_of};
use crate::plan::{
    AggregateField, Call, CallNo, GroupBy, GroupCall, GroupField, GroupKey, GroupKeyField, GroupOrder,
    MeasureField, Object, OfTypes,
};

/// Digits of a mean of decimals, as in decimal128.
const DIGITS: u64 = 34;

/// Entities that are grouped between two checks of the clock.
const MEMBERS_AT_ONCE: usize = 1 << 16;

/// Entities in groups.
struct Groups<'a> {
    packing: Packing<'a>,
    /// The common values of each group: one for each field to group by.
    commons: Vec<Packed>,
    /// The entities, ordered by group.
    entities: Vec<EntityNo>,
    /// The position of each group's first entity, followed by the number of entities.
    starts: Vec<u32>,
    /// The groups in the requested order.
    order: Vec<u32>,
}

/// One group.
#[derive(Clone, Copy)]
struct Group<'g, 'a> {
    packing: &'g Packing<'a>,
    common: &'g [Packed],
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
        Group {
            packing: &self.packing,
            common: &self.commons[no * keys..(no + 1) * keys],
            entities: &self.entities[self.starts[no] as usize..self.starts[no + 1] as usize],
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
    packing: Packing<'a>,
    /// All values, if distinct ones are counted.
    places: Vec<Packed>,
    distinct: usize,
}

impl<'a> Run<'a> {
    /// Writes the aggregate of some entities.
    pub(super) fn aggregate(&mut self, entities: &[EntityNo], fields: &'a Object<AggregateField>) -> Written {
        self.object(fields, |run, slot| {
            run.field(slot, false, |run| run.aggregate_field(entities, &slot.field))
        })
    }

    fn aggregate_field(&mut self, entities: &[EntityNo], field: &'a AggregateField) -> Written {
        match field {
            AggregateField::Count => self.number(entities.len()),
            AggregateField::Property(of_types, scalar, fields) => {
                return self.scope(|run| {
                    let measures = run.measure(entities, of_types, fields)?;
                    run.measures(&measures, *scalar, fields)
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
        entities: &[EntityNo],
        of_types: &OfTypes<PropertyNo>,
        fields: &Object<MeasureField>,
    ) -> Result<Measures<'a>, Failure> {
        let has = |wanted: fn(&MeasureField) -> bool| fields.fields().iter().any(|it| wanted(&it.field));
        let mut measures = Measures {
            wants_distinct: has(|it| matches!(it, MeasureField::Distinct)),
            wants_ends: has(|it| matches!(it, MeasureField::Min | MeasureField::Max)),
            wants_sum: has(|it| matches!(it, MeasureField::Sum | MeasureField::Avg)),
            ..Measures::default()
        };
        for entity in entities {
            self.visit(1)?;
            let row = self.view.locate(*entity);
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
            working::sort(&mut measures.places, all, &self.budget.clock, |a, b| {
                by_key(a, b).then(a.cmp(b))
            })?;
            let mut distinct = usize::from(!measures.places.is_empty());
            for pair in measures.places.windows(2) {
                self.work(1)?;
                distinct += usize::from(by_key(&pair[0], &pair[1]) != Ordering::Equal);
            }
            measures.distinct = distinct;
        }
        Ok(measures)
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
                    // Rounded to a microsecond.
                    let count = count as i128;
                    let mean = (measures.whole + count / 2).div_euclid(count);
                    run.text(&duration_of(mean));
                }
                MeasureField::Avg if is_decimal => {
                    let mean = decimals() / BigDecimal::from(count as u64);
                    run.text(&mean.with_prec(DIGITS).normalized().to_plain_string());
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

    fn groups(&mut self, entities: &[EntityNo], call: CallNo, fields: &'a Object<GroupField>) -> Written {
        let Call::Groups(call) = self.call(call)? else {
            return Err(Failure::Null);
        };
        let groups = self.grouped(entities, call)?;
        self.each(groups.order.iter().take(call.first), |run, no| {
            run.group(groups.get(*no, call.keys.len()), call, fields)
        })
    }

    /// Groups entities. An entity with several values of a field, or several ends of a relation, is in the group of
    /// each. Takes 12 bytes for each entity of each group, and about 20 bytes for each group of one field.
    fn grouped(&mut self, entities: &[EntityNo], call: &GroupCall) -> Result<Groups<'a>, Failure> {
        let keys = call.keys.len();
        let mut packing = Packing::default();
        let mut commons: Vec<Packed> = Vec::new();
        // Pairs of a group and the position of an entity in it.
        let mut members: Vec<(u32, u32)> = self.list_of(entities.len())?;
        let mut table: HashTable<u32> = HashTable::new();
        let mut choices: Vec<Vec<Common<'a>>> = vec![Vec::new(); keys];
        // The groups that already contain the current entity.
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        let scratch = RefCell::new(Vec::new());
        for (position, entity) in entities.iter().enumerate() {
            self.visit(1)?;
            let row = self.view.locate(*entity);
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
                commons[begin..].reverse();
                let write_all = |common: &[Packed], out: &mut Vec<u8>| {
                    for it in common {
                        self.view.write_identity(packing.unpack(*it), out);
                    }
                };
                let of_group = |no: u32| &commons[no as usize * keys..(no as usize + 1) * keys];
                let mut identity = Vec::new();
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
                        let (now, next) = working::tables::<u32>(table.capacity());
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
        self.release(working::tables::<u32>(table.capacity()).0);
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
            grouped[*next as usize] = entities[*position as usize];
            *next += 1;
        }
        self.free(members);
        let mut groups = Groups {
            packing,
            commons,
            entities: grouped,
            starts,
            order: self.list_of(count)?,
        };
        let mut order = std::mem::take(&mut groups.order);
        order.extend(0..count as u32);
        let by_key = |a: u32, b: u32, turned: bool| {
            let (a, b) = (groups.get(a, keys), groups.get(b, keys));
            let mut orders = a
                .commons()
                .zip(b.commons())
                .map(|(a, b)| self.view.compare_commons(a, b, turned));
            orders
                .find(|it| *it != Ordering::Equal)
                .unwrap_or(Ordering::Equal)
        };
        let len = |no: u32| groups.get(no, keys).entities.len();
        let compare = |a: &u32, b: &u32| {
            let asked = match call.order {
                GroupOrder::CountDesc => len(*b).cmp(&len(*a)).then_with(|| by_key(*a, *b, false)),
                GroupOrder::CountAsc => len(*a).cmp(&len(*b)).then_with(|| by_key(*a, *b, false)),
                GroupOrder::KeyAsc => by_key(*a, *b, false),
                GroupOrder::KeyDesc => by_key(*a, *b, true),
            };
            // Keys that are equal but written differently stay in the order in which they were first found.
            asked.then(a.cmp(b))
        };
        working::sort(&mut order, 0..call.first.min(count), &self.budget.clock, compare)?;
        groups.order = order;
        Ok(groups)
    }

    /// The keys of an entity for one field. An entity without a key is in no group.
    fn commons(&mut self, row: Row, key: &GroupKey, commons: &mut Vec<Common<'a>>) -> Written {
        commons.clear();
        match &key.by {
            GroupBy::Type => self.push(commons, Common::Type(row.type_id))?,
            GroupBy::Property(of_types) => {
                if let Some(no) = of_types[row.type_id.index()] {
                    for value in self.view.values(row, no) {
                        self.push(commons, Common::Value(value))?;
                    }
                }
            }
            GroupBy::Relation(of_types) => {
                if let Some(side) = of_types[row.type_id.index()] {
                    let many = self.field_is_many(row, side);
                    let ends = self.view.neighbours(row, side.relation, side.direction);
                    for (entity, _) in ends.take(if many { usize::MAX } else { 1 }) {
                        self.visit(1)?;
                        self.push(commons, Common::Entity(entity))?;
                    }
                }
            }
        }
        if commons.is_empty() && key.includes_missing {
            self.push(commons, Common::Nothing)?;
        }
        Ok(())
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
            GroupField::Aggregate(field) => {
                run.field(slot, false, |run| run.aggregate_field(group.entities, field))
            }
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
