//! Figures about all entities of a list together, and about groups of them.

use std::sync::Arc;

use super::arguments::number;
use super::bind::{Binder, Result};
use super::input::{Arguments, Given, InputError, MOST_EXACT};
use super::operators::{all_given, check_not_empty, within};
use super::value_tests::measure_tests;
use super::{CallNo, Object, Selection, Side, Unbound};
use crate::condition::ValueTest;
use crate::ontology::{
    self, Domain, Int64Form, Member, Members, Ontology, PropertyNo, Rounding, Scalar, TypeId,
};
use crate::surface::inputs::{
    CountedValues, DateOption, Extremes, GroupFilters, GroupOption, GroupOrders, GroupOwn, GroupOwnOrder,
    NumberMeasures, NumberOption, Sums,
};
use crate::surface::{DEFAULT_PAGE, DatePart, Inputs, Measures, SortOrder};

/// Maximum number of fields to group by. An entity with several values of each field is in a group for every
/// combination of them.
const MOST_KEYS: usize = 16;

/// For each type, a property of one name.
pub type OfTypes<T> = Box<[Option<T>]>;

/// A field of an aggregate.
#[derive(Debug)]
pub enum AggregateField {
    /// How many entities there are.
    Count,
    /// Figures about a property.
    Property(OfTypes<PropertyNo>, Scalar, Object<Measures>),
    /// Figures about properties of the edges that lead to the entities.
    Edge(Object<EdgeMeasure>),
    /// The entities in groups.
    Groups(CallNo, Arc<Object<GroupField>>),
}

/// A property of edges whose values are aggregated.
#[derive(Debug)]
pub struct EdgeMeasure {
    /// Which.
    pub property: PropertyNo,
    /// The kind of its values.
    pub scalar: Scalar,
    /// The aggregates that are asked for.
    pub fields: Object<Measures>,
}

/// A field of a group.
#[derive(Debug)]
pub enum GroupField {
    /// The common value of its entities, or a list if there are several.
    Key,
    /// The common values of its entities, one for each field.
    Keys(Object<GroupKeyField>),
    /// A field of every aggregate.
    Aggregate(AggregateField),
}

/// A field of `GroupKey`.
#[derive(Debug)]
pub enum GroupKeyField {
    /// The field that entities were grouped by.
    Field,
    /// The value of a property.
    Value,
    /// The entity that a relation leads to.
    Entity(Arc<Selection>),
}

/// By what entities are grouped.
#[derive(Debug)]
pub struct GroupKey {
    /// The fields' names, with points between them.
    pub name: String,
    /// The relations that lead to what has the last field.
    pub over: Vec<GroupStep>,
    /// The meaning of the last field.
    pub by: GroupBy,
    /// How its values are rounded, if they are.
    pub rounding: Option<Rounding>,
    /// Whether entities without a value make a group of their own. Otherwise they are in no group.
    pub includes_missing: bool,
}

/// A relation on the way to what entities are grouped by.
#[derive(Debug)]
pub struct GroupStep {
    /// The relation of each type.
    pub sides: OfTypes<Side>,
    /// Whether what leads nowhere counts as without a value. Otherwise it is in no group.
    pub includes_missing: bool,
}

/// The meaning of a field to group by.
#[derive(Debug)]
pub enum GroupBy {
    /// The type.
    Type,
    /// A property.
    Property(OfTypes<PropertyNo>),
    /// The entities that a relation leads to.
    Relation(OfTypes<Side>),
}

/// Which groups are asked for.
#[derive(Debug)]
pub struct GroupCall {
    /// By what.
    pub keys: Vec<GroupKey>,
    /// The properties whose values decide about groups, each once.
    pub measured: Vec<GroupMeasured>,
    /// Conditions on a group.
    pub having: Vec<(GroupValue, Vec<ValueTest>)>,
    /// In which order; equal groups by their keys.
    pub order: Vec<GroupOrderKey>,
    /// Maximum number of groups.
    pub first: usize,
}

/// A property of which groups have aggregates.
#[derive(Debug)]
pub struct GroupMeasured {
    /// Its name.
    pub name: String,
    /// Which it is, for each type.
    pub of_types: OfTypes<PropertyNo>,
    /// The kind of its values.
    pub scalar: Scalar,
    /// The aggregates that are needed.
    pub needed: Vec<Measures>,
}

/// A number or a time that a group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupValue {
    /// How many entities it has.
    Count,
    /// An aggregate of a property, which is given by its position.
    Measure(usize, Measures),
}

/// By what groups are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupOrderBy {
    /// The key.
    Key,
    /// A value.
    Value(GroupValue),
}

/// One key of an order of groups.
#[derive(Debug, Clone, Copy)]
pub struct GroupOrderKey {
    /// By what.
    pub by: GroupOrderBy,
    /// Greatest first.
    pub descending: bool,
    /// Missing values first.
    pub nulls_first: bool,
}

/// Whether entities can be grouped by values of a kind.
pub fn is_groupable(scalar: Scalar) -> bool {
    !matches!(scalar, Scalar::Json | Scalar::Custom(_))
}

/// The property of a name, for each type of a domain.
pub(super) fn properties(ontology: &Ontology, domain: Domain, name: &str) -> OfTypes<PropertyNo> {
    let types = ontology.types.iter().enumerate();
    let of = types.map(|(at, it)| match it.members.get(name) {
        Some(Member::Property(no)) if ontology.contains(domain, TypeId(at as u16)) => Some(no),
        _ => None,
    });
    of.collect()
}

/// Whether what has no value makes a group, which is so unless it is refused.
fn includes_missing(options: Given) -> std::result::Result<bool, InputError> {
    let name = GroupOption::IncludeMissing.name();
    let Some(given) = options.get(name) else {
        return Ok(true);
    };
    given
        .as_bool()
        .ok_or_else(|| InputError::placed(name, "is null: give true or false, or leave it out"))
}

/// How the values of a property are rounded.
fn rounding(
    scalar: Scalar,
    int64: Int64Form,
    options: Given,
) -> std::result::Result<Option<Rounding>, InputError> {
    let (part, width) = (DateOption::Part.name(), NumberOption::Width.name());
    if let Some(given) = options.get(part) {
        let part_named = given.as_str().and_then(DatePart::named);
        let missing = || InputError::placed(part, "is null: give a part such as YEAR, or leave it out");
        return Ok(Some(Rounding::Part(part_named.ok_or_else(missing)?)));
    }
    let Some(given) = options.get(width) else {
        return Ok(None);
    };
    let wrong = |expected: &str| {
        InputError::placed(
            width,
            format!("is {}, and must be {expected}", crate::report::shown_as(given)),
        )
    };
    let positive = given.as_f64().filter(|it| it.is_finite() && *it > 0.0);
    let whole = || {
        let whole = positive.filter(|it| it.fract() == 0.0 && *it <= MOST_EXACT);
        let width = whole.ok_or_else(|| wrong("a whole number from 1 to 2^53, since the values are whole"));
        width.map(|it| it as i64)
    };
    Ok(Some(match scalar {
        Scalar::Int => Rounding::Int(whole()?),
        Scalar::Int64 => Rounding::Int64(whole()?, int64),
        _ => {
            let width = positive.ok_or_else(|| wrong("a number greater than 0"))?;
            // The shortest digits of the number, as they were given.
            let decimal = || ontology::decimal(&width.to_string()).map_err(|_| wrong("a smaller number"));
            match scalar {
                Scalar::Decimal => Rounding::Decimal(decimal()?),
                _ => Rounding::Float(width),
            }
        }
    }))
}

/// The only field that an object names, besides its options.
fn only<'b>(
    members: Option<&Members>,
    given: Given<'b>,
) -> std::result::Result<Option<(&'b str, Given<'b>)>, InputError> {
    let is_option = |name: &str| {
        let declared = members.is_some_and(|it| it.get(name).is_some());
        !declared && GroupOption::named(name).is_some()
    };
    let mut fields = given.fields().into_iter().flatten();
    let mut named = fields.by_ref().filter(|(name, _)| !is_option(name));
    match (named.next(), named.next()) {
        (Some((first, _)), Some((second, _))) => Err(InputError::field(format!(
            "names both `{first}` and `{second}`: give an item of `by` for each"
        ))),
        (only, _) => Ok(only),
    }
}

/// The side of a relation's field in each type of a domain.
pub(super) fn sides(ontology: &Ontology, domain: Domain, name: &str) -> OfTypes<Side> {
    let types = ontology.types.iter().enumerate();
    let of = types.map(|(at, it)| match it.members.get(name) {
        Some(Member::Relation(no)) if ontology.contains(domain, TypeId(at as u16)) => {
            Some(Side::of(it.members.field(no)))
        }
        _ => None,
    });
    of.collect()
}

impl GroupKey {
    fn read(binder: &mut Binder, domain: Domain, item: Given) -> Result<Self> {
        let ontology = binder.ontology;
        let (mut domain, mut given) = (domain, item);
        let mut key = Self {
            name: String::new(),
            over: Vec::new(),
            by: GroupBy::Type,
            rounding: None,
            includes_missing: true,
        };
        let placed = |key: &Self, error: InputError| match key.name.as_str() {
            "" => Unbound::from(error),
            name => error.at(name).into(),
        };
        loop {
            let members = ontology.members_of(domain);
            let at_end = only(members, given).map_err(|error| placed(&key, error))?;
            let Some((name, options)) = at_end else {
                // The entities that the last relation leads to, or nothing was named.
                let Some(step) = key.over.pop() else {
                    return Err(InputError::field("names no field: give exactly one to group by").into());
                };
                key.by = GroupBy::Relation(step.sides);
                key.includes_missing = step.includes_missing;
                return Ok(key);
            };
            binder.work(ontology.types.len() / 4)?;
            if !key.name.is_empty() {
                key.name.push('.');
            }
            key.name.push_str(name);
            let includes_missing = if options.is_null() {
                return Err(placed(
                    &key,
                    InputError::field("is null: give `{}` for the defaults"),
                ));
            } else {
                includes_missing(options).map_err(|error| placed(&key, error))?
            };
            match members.and_then(|it| Some((it, it.get(name)?))) {
                Some((members, Member::Relation(no))) => {
                    let sides = sides(ontology, domain, name);
                    binder.hold(size_of::<GroupStep>() + name.len() + size_of_val(&*sides))?;
                    key.over.push(GroupStep {
                        sides,
                        includes_missing,
                    });
                    (domain, given) = (members.field(no).seen, options);
                    continue;
                }
                Some((members, Member::Property(no))) => {
                    let of_types = properties(ontology, domain, name);
                    binder.hold(name.len() + size_of_val(&*of_types))?;
                    key.by = GroupBy::Property(of_types);
                    key.rounding = rounding(members.property(no).scalar, ontology.int64, options)
                        .map_err(|error| placed(&key, error))?;
                }
                None => key.by = GroupBy::Type,
            }
            key.includes_missing = includes_missing;
            return Ok(key);
        }
    }
}

/// Reads what groups are filtered and ordered by.
struct Values<'o> {
    ontology: &'o Ontology,
    domain: Domain,
    measured: Vec<GroupMeasured>,
}

impl Values<'_> {
    /// The value of an aggregate of a property, and its kind.
    fn measure(
        &mut self,
        binder: &mut Binder,
        name: &str,
        measure: NumberMeasures,
    ) -> Result<Option<(GroupValue, Scalar)>> {
        let members = self.ontology.members_of(self.domain);
        let scalar = members.and_then(|it| match it.get(name)? {
            Member::Property(no) => Some(it.property(no).scalar),
            Member::Relation(_) => None,
        });
        let Some(scalar) = scalar else {
            return Ok(None);
        };
        let (measure, kind) = match measure {
            NumberMeasures::CountedValues(CountedValues::Count) => (Measures::Count, Scalar::Int),
            NumberMeasures::CountedValues(CountedValues::Distinct) => (Measures::Distinct, Scalar::Int),
            NumberMeasures::Extremes(Extremes::Min) => (Measures::Min, scalar),
            NumberMeasures::Extremes(Extremes::Max) => (Measures::Max, scalar),
            NumberMeasures::Sums(Sums::Sum) => (Measures::Sum, scalar.sum().unwrap_or(scalar)),
            NumberMeasures::Sums(Sums::Avg) => (Measures::Avg, scalar.sum().unwrap_or(scalar)),
        };
        let known = self.measured.iter().position(|it| it.name == name);
        let at = match known {
            Some(at) => at,
            None => {
                let of_types = properties(self.ontology, self.domain, name);
                binder.work(of_types.len() / 4)?;
                binder.hold(size_of::<GroupMeasured>() + name.len() + size_of_val(&*of_types))?;
                self.measured.push(GroupMeasured {
                    name: name.to_owned(),
                    of_types,
                    scalar,
                    needed: Vec::new(),
                });
                self.measured.len() - 1
            }
        };
        let needed = &mut self.measured[at].needed;
        if !needed.contains(&measure) {
            needed.push(measure);
        }
        Ok(Some((GroupValue::Measure(at, measure), kind)))
    }

    /// Reads the conditions on a group.
    fn having<'b>(
        &mut self,
        binder: &mut Binder<'b>,
        given: Given<'b>,
    ) -> Result<Vec<(GroupValue, Vec<ValueTest>)>> {
        let mut having = Vec::new();
        all_given(given)?;
        for (name, value) in given.fields().into_iter().flatten() {
            if let Some(GroupFilters::GroupOwn(GroupOwn::Count)) = GroupFilters::named(name) {
                having.push((
                    GroupValue::Count,
                    measure_tests(binder, Scalar::Int, name, value)?,
                ));
                continue;
            }
            check_not_empty(name, value)?;
            for (measure, operators) in value.fields().into_iter().flatten() {
                let Some(named) = NumberMeasures::named(measure) else {
                    continue;
                };
                if let Some((value, kind)) = self.measure(binder, name, named)? {
                    let tests = within(name, measure_tests(binder, kind, measure, operators))?;
                    having.push((value, tests));
                }
            }
        }
        let tests: usize = having.iter().map(|it| it.1.len()).sum();
        binder.hold(
            having.len() * size_of::<(GroupValue, Vec<ValueTest>)>() + tests * size_of::<ValueTest>(),
        )?;
        Ok(having)
    }

    /// The keys of an order, each once.
    fn order(&mut self, binder: &mut Binder, list: Option<Given>) -> Result<Vec<GroupOrderKey>> {
        let mut order: Vec<GroupOrderKey> = Vec::new();
        let items = list.and_then(Given::items).into_iter().flatten();
        for (name, value) in items.filter_map(Given::fields).flatten() {
            binder.work(1 + order.len() / 16)?;
            let (by, direction) = match GroupOrders::named(name) {
                Some(GroupOrders::GroupOwn(GroupOwn::Count)) => {
                    (GroupOrderBy::Value(GroupValue::Count), value)
                }
                Some(GroupOrders::GroupOwnOrder(GroupOwnOrder::Key)) => (GroupOrderBy::Key, value),
                None => {
                    let inner = value.fields().and_then(|mut it| it.find(|(_, it)| !it.is_null()));
                    let measure = inner.and_then(|(name, it)| Some((NumberMeasures::named(name)?, it)));
                    let Some((measure, direction)) = measure else {
                        continue;
                    };
                    match self.measure(binder, name, measure)? {
                        Some((value, _)) => (GroupOrderBy::Value(value), direction),
                        None => continue,
                    }
                }
            };
            let Some(direction) = direction.as_str().and_then(SortOrder::named) else {
                continue;
            };
            // There are not more than aggregates of the type.
            if order.iter().any(|it| it.by == by) {
                continue;
            }
            binder.hold(size_of::<GroupOrderKey>())?;
            let (descending, nulls_first) = direction.flags();
            order.push(GroupOrderKey {
                by,
                descending,
                nulls_first,
            });
            // No two groups have the same key.
            if by == GroupOrderBy::Key {
                break;
            }
        }
        if order.is_empty() {
            order.push(GroupOrderKey {
                by: GroupOrderBy::Value(GroupValue::Count),
                descending: true,
                nulls_first: false,
            });
        }
        Ok(order)
    }
}

impl GroupCall {
    pub(super) fn read<'b>(
        binder: &mut Binder<'b>,
        domain: Domain,
        arguments: &Arguments<'b>,
    ) -> Result<Self> {
        let mut keys = Vec::new();
        let items = arguments.get("by").and_then(Given::items);
        for (at, item) in items.into_iter().flatten().enumerate() {
            if keys.len() == MOST_KEYS {
                return Err(InputError::field(format!(
                    "`by` names more than {MOST_KEYS} fields: group by fewer"
                ))
                .into());
            }
            binder.hold(size_of::<GroupKey>())?;
            let key = GroupKey::read(binder, domain, item);
            keys.push(key.map_err(|error| match error {
                Unbound::Input(error) => error.at(format_args!("[{at}]")).within("by").into(),
                stop @ Unbound::Stop(_) => stop,
            })?);
        }
        if keys.is_empty() {
            return Err(InputError::field("`by` names no field: give at least one to group by").into());
        }
        keys.shrink_to_fit();
        let mut values = Values {
            ontology: binder.ontology,
            domain,
            measured: Vec::new(),
        };
        let having = match arguments.get("having") {
            Some(given) => within("having", values.having(binder, given))?,
            None => Vec::new(),
        };
        let order = values.order(binder, arguments.get("orderBy"))?;
        Ok(Self {
            keys,
            measured: values.measured,
            having,
            order,
            first: number(arguments, "first", 0, DEFAULT_PAGE, "groups")?,
        })
    }
}
