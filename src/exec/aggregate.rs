//! Figures about all entities of a list together, and about groups of them.

use std::cmp::Ordering;

use bigdecimal::BigDecimal;
use rustc_hash::FxHashMap;

use super::{Failure, Run, Written};
use crate::graph::{EntityNo, Key, Row, Values};
use crate::ontology::PropertyNo;
use crate::ontology::{Scalar, TypeId};
use crate::plan::{
    AggregateField, Call, CallNo, GroupBy, GroupCall, GroupField, GroupKey, GroupKeyField, GroupOrder,
    MeasureField, Object, OfTypes,
};

/// So many digits a mean of decimals has, as decimal128 has.
const DIGITS: u64 = 34;

/// A value where it lies.
type Place<'a> = (&'a Values, usize);

/// What the entities of a group have in common for one field.
#[derive(Clone, Copy)]
enum Common<'a> {
    Nothing,
    Type(TypeId),
    Value(Place<'a>),
    Entity(EntityNo),
}

struct Group<'a> {
    common: Vec<Common<'a>>,
    entities: Vec<EntityNo>,
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
            AggregateField::TypeName(name) => self.out.extend_from_slice(name),
            AggregateField::Count => self.number(entities.len()),
            AggregateField::Property(of_types, scalar, measures) => {
                let values = self.values_of(entities, of_types)?;
                return self.measures(&values, *scalar, measures);
            }
            AggregateField::Groups(call, group) => return self.groups(entities, *call, group),
        }
        Ok(())
    }

    /// All values that some entities have of a property.
    fn values_of(
        &mut self,
        entities: &[EntityNo],
        of_types: &OfTypes<PropertyNo>,
    ) -> Result<Vec<Place<'a>>, Failure> {
        self.visit(entities.len() as u64)?;
        let mut values = Vec::with_capacity(entities.len());
        for entity in entities {
            let row = self.snapshot.locate(*entity);
            if let Some(no) = of_types[row.type_id.index()] {
                self.places(row, no, &mut values);
            }
        }
        Ok(values)
    }

    /// The values of an entity's property, those that are there.
    fn places(&self, row: Row, no: PropertyNo, values: &mut Vec<Place<'a>>) {
        let snapshot = self.snapshot;
        let column = snapshot.column(row.type_id, no);
        if column.is_list() {
            let held = snapshot.held_values(column, row.row, self.as_of);
            let there = held.filter(|at| !column.values().is_null(*at));
            values.extend(there.map(|at| (column.values(), at)));
        } else if let Some((held, at)) = snapshot.value(row, no, self.as_of)
            && !held.is_null(at)
        {
            values.push((held, at));
        }
    }

    fn measures(
        &mut self,
        values: &[Place<'a>],
        scalar: Scalar,
        fields: &'a Object<MeasureField>,
    ) -> Written {
        let mut keys: Vec<(Key, Place)> = values
            .iter()
            .filter_map(|place| Some((place.0.key(place.1)?, *place)))
            .collect();
        let sorted =
            |it: &MeasureField| matches!(it, MeasureField::Distinct | MeasureField::Min | MeasureField::Max);
        if fields.iter().any(|it| sorted(&it.field)) {
            keys.sort_by(|a, b| a.0.compare(&b.0));
        }
        let is_decimal = scalar == Scalar::Decimal;
        self.object(fields, |run, slot| {
            match &slot.field {
                MeasureField::TypeName(name) => run.out.extend_from_slice(name),
                MeasureField::Count => run.number(values.len()),
                MeasureField::Distinct => {
                    let changes = keys
                        .windows(2)
                        .filter(|it| it[0].0.compare(&it[1].0) != Ordering::Equal);
                    run.number(changes.count() + usize::from(!keys.is_empty()));
                }
                MeasureField::Min => run.place(keys.first().map(|it| it.1)),
                MeasureField::Max => run.place(keys.last().map(|it| it.1)),
                MeasureField::Sum | MeasureField::Avg if keys.is_empty() => run.null(),
                MeasureField::Sum if is_decimal => {
                    let sum: BigDecimal = keys.iter().filter_map(|(key, _)| decimal(key)).sum();
                    run.text(&sum.to_plain_string());
                }
                MeasureField::Avg if is_decimal => {
                    let sum: BigDecimal = keys.iter().filter_map(|(key, _)| decimal(key)).sum();
                    let mean = sum / BigDecimal::from(keys.len() as u64);
                    run.text(&mean.with_prec(DIGITS).normalized().to_plain_string());
                }
                MeasureField::Sum => run.float(sum(&keys)),
                MeasureField::Avg => run.float(sum(&keys) / keys.len() as f64),
            }
            Ok(())
        })
    }

    fn place(&mut self, place: Option<Place>) {
        match place {
            Some((values, at)) => values.write(at, &[], &mut self.out),
            None => self.null(),
        }
    }

    fn groups(&mut self, entities: &[EntityNo], call: CallNo, fields: &'a Object<GroupField>) -> Written {
        let Call::Groups(call) = self.call(call)? else {
            return Err(Failure::Null);
        };
        let groups = self.grouped(entities, call)?;
        self.each(groups.iter().take(call.first), |run, group| {
            run.check_bytes()?;
            run.group(group, call, fields)
        })
    }

    /// An entity with several values of a field, or several ends of a relation, is in the group of each.
    fn grouped(&mut self, entities: &[EntityNo], call: &GroupCall) -> Result<Vec<Group<'a>>, Failure> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut by_key: FxHashMap<Vec<u8>, usize> = FxHashMap::default();
        let mut identity = Vec::new();
        for entity in entities {
            self.visit(1)?;
            let row = self.snapshot.locate(*entity);
            let mut combinations: Vec<Vec<Common<'a>>> = vec![Vec::new()];
            for key in &call.keys {
                let commons = self.commons(row, key)?;
                let longer = combinations.iter().flat_map(|it| {
                    commons.iter().map(|common| {
                        let mut combination = it.clone();
                        combination.push(*common);
                        combination
                    })
                });
                combinations = longer.collect();
                self.visit(combinations.len() as u64)?;
            }
            for common in combinations {
                identity.clear();
                for it in &common {
                    self.common_json(*it, &mut identity);
                    identity.push(b',');
                }
                let at = match by_key.get(&identity) {
                    Some(at) => *at,
                    None => {
                        by_key.insert(identity.clone(), groups.len());
                        groups.push(Group {
                            common,
                            entities: Vec::new(),
                        });
                        groups.len() - 1
                    }
                };
                groups[at].entities.push(*entity);
            }
        }
        let by_key = |a: &Group, b: &Group, turned: bool| {
            let pairs = a.common.iter().zip(&b.common);
            let mut orders = pairs.map(|(a, b)| self.compare_common(*a, *b, turned));
            orders
                .find(|it| *it != Ordering::Equal)
                .unwrap_or(Ordering::Equal)
        };
        groups.sort_by(|a, b| match call.order {
            GroupOrder::CountDesc => {
                let by_count = b.entities.len().cmp(&a.entities.len());
                by_count.then_with(|| by_key(a, b, false))
            }
            GroupOrder::CountAsc => {
                let by_count = a.entities.len().cmp(&b.entities.len());
                by_count.then_with(|| by_key(a, b, false))
            }
            GroupOrder::KeyAsc => by_key(a, b, false),
            GroupOrder::KeyDesc => by_key(a, b, true),
        });
        Ok(groups)
    }

    fn commons(&mut self, row: Row, key: &GroupKey) -> Result<Vec<Common<'a>>, Failure> {
        let mut commons: Vec<Common<'a>> = Vec::new();
        match &key.by {
            GroupBy::Type => commons.push(Common::Type(row.type_id)),
            GroupBy::Property(of_types) => {
                if let Some(no) = of_types[row.type_id.index()] {
                    let mut values = Vec::new();
                    self.places(row, no, &mut values);
                    commons.extend(values.into_iter().map(Common::Value));
                }
            }
            GroupBy::Relation(of_types) => {
                if let Some(side) = of_types[row.type_id.index()] {
                    let many = self.field_is_many(row, side);
                    let ends = self.held(row, side.relation, side.direction);
                    let ends = ends.take(if many { usize::MAX } else { 1 });
                    commons.extend(ends.map(|(entity, _)| Common::Entity(entity)));
                    self.visit(commons.len() as u64)?;
                }
            }
        }
        // Twice the same is in the group once.
        let mut seen: Vec<Vec<u8>> = Vec::new();
        commons.retain(|it| {
            let mut json = Vec::new();
            self.common_json(*it, &mut json);
            let new = !seen.contains(&json);
            if new {
                seen.push(json);
            }
            new
        });
        if commons.is_empty() {
            commons.push(Common::Nothing);
        }
        Ok(commons)
    }

    fn common_json(&self, common: Common, out: &mut Vec<u8>) {
        match common {
            Common::Nothing => out.extend_from_slice(b"null"),
            Common::Type(id) => {
                // Writing to a vector cannot fail.
                let _ = serde_json::to_writer(out, &self.ontology.entity_type(id).name);
            }
            Common::Value((values, at)) => values.write(at, &[], out),
            Common::Entity(entity) => {
                out.extend_from_slice(self.snapshot.id_json(self.snapshot.locate(entity)));
            }
        }
    }

    fn compare_common(&self, a: Common, b: Common, turned: bool) -> Ordering {
        let id = |it| self.snapshot.id(self.snapshot.locate(it));
        let order = match (a, b) {
            (Common::Nothing, Common::Nothing) => return Ordering::Equal,
            (Common::Nothing, _) => return Ordering::Greater,
            (_, Common::Nothing) => return Ordering::Less,
            (Common::Value((a, at)), Common::Value((b, bt))) => match (a.key(at), b.key(bt)) {
                (Some(a), Some(b)) => a.compare(&b),
                _ => Ordering::Equal,
            },
            (Common::Entity(a), Common::Entity(b)) => id(a).cmp(id(b)),
            (Common::Type(a), Common::Type(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        };
        if turned { order.reverse() } else { order }
    }

    fn group(&mut self, group: &Group<'a>, call: &'a GroupCall, fields: &'a Object<GroupField>) -> Written {
        self.object(fields, |run, slot| match &slot.field {
            GroupField::Key => {
                let several = group.common.len() != 1;
                let mut json = Vec::new();
                for common in &group.common {
                    if !json.is_empty() {
                        json.push(b',');
                    }
                    run.common_json(*common, &mut json);
                }
                run.out.extend_from_slice(if several { b"[" } else { b"" });
                run.out.extend_from_slice(&json);
                run.out.extend_from_slice(if several { b"]" } else { b"" });
                Ok(())
            }
            GroupField::Keys(fields) => run.field(slot, false, |run| {
                let keys = call.keys.iter().zip(&group.common);
                run.each(keys, |run, (key, common)| run.group_key(key, *common, fields))
            }),
            GroupField::Aggregate(field) => {
                run.field(slot, false, |run| run.aggregate_field(&group.entities, field))
            }
        })
    }

    fn group_key(&mut self, key: &GroupKey, common: Common, fields: &'a Object<GroupKeyField>) -> Written {
        self.object(fields, |run, slot| {
            match (&slot.field, common) {
                (GroupKeyField::TypeName(name), _) => run.out.extend_from_slice(name),
                (GroupKeyField::Field, _) => run.text(&key.name),
                (GroupKeyField::Value, Common::Entity(_)) => run.null(),
                (GroupKeyField::Value, common) => {
                    let mut json = Vec::new();
                    run.common_json(common, &mut json);
                    run.out.extend_from_slice(&json);
                }
                (GroupKeyField::Entity(selection), Common::Entity(entity)) => {
                    return run.field(slot, true, |run| run.entity(entity, selection));
                }
                (GroupKeyField::Entity(_), _) => run.null(),
            }
            Ok(())
        })
    }
}

fn decimal(key: &Key) -> Option<BigDecimal> {
    match key {
        Key::Decimal(it) => Some(it.clone()),
        _ => None,
    }
}

fn sum(keys: &[(Key, Place)]) -> f64 {
    let number = |key: &Key| match key {
        Key::Whole(it) => *it as f64,
        Key::Float(it) => *it,
        _ => 0.0,
    };
    keys.iter().map(|(key, _)| number(key)).sum()
}
