//! Figures about all entities of a list together, and about groups of them.

use std::sync::Arc;

use super::arguments::number;
use super::bind::{Binder, Result};
use super::input::{Arguments, Given, InputError};
use super::{CallNo, Object, Selection, Side};
use crate::ontology::{Domain, Member, Ontology, PropertyNo, Scalar, TypeId};
use crate::surface::inputs::GroupOption;
use crate::surface::{AggregateOrder, DEFAULT_PAGE, Measures};

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
    /// The entities in groups.
    Groups(CallNo, Arc<Object<GroupField>>),
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
    /// The field's name.
    pub name: String,
    /// The meaning of the field.
    pub by: GroupBy,
    /// Whether entities without a value make a group of their own. Otherwise they are in no group.
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
    /// In which order.
    pub order: AggregateOrder,
    /// Maximum number of groups.
    pub first: usize,
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

impl GroupCall {
    pub(super) fn read(binder: &mut Binder, domain: Domain, arguments: &Arguments) -> Result<Self> {
        let ontology = binder.ontology;
        let mut keys = Vec::new();
        let items = arguments.get("by").and_then(Given::items);
        // Validation has counted the fields of each item: there is one.
        let asked = items
            .into_iter()
            .flatten()
            .enumerate()
            .filter_map(|(at, item)| Some((at, item.fields()?.next()?)));
        for (at, (name, options)) in asked {
            if keys.len() == MOST_KEYS {
                return Err(InputError::field(format!(
                    "`by` names more than {MOST_KEYS} fields: group by fewer"
                ))
                .into());
            }
            let declared = ontology.members_of(domain).and_then(|it| it.get(name));
            let by = match declared {
                Some(Member::Relation(_)) => GroupBy::Relation(
                    ontology
                        .types
                        .iter()
                        .map(|it| match it.members.get(name) {
                            Some(Member::Relation(no)) => Some(Side::of(it.members.field(no))),
                            _ => None,
                        })
                        .collect(),
                ),
                Some(Member::Property(_)) => GroupBy::Property(properties(ontology, domain, name)),
                None => GroupBy::Type,
            };
            let held = match &by {
                GroupBy::Type => 0,
                GroupBy::Property(of_types) => size_of_val(&**of_types),
                GroupBy::Relation(of_types) => size_of_val(&**of_types),
            };
            binder.work(ontology.types.len() / 4)?;
            binder.hold(size_of::<GroupKey>() + name.len() + held)?;
            keys.push(GroupKey {
                name: name.to_owned(),
                by,
                includes_missing: includes_missing(options)
                    .map_err(|error| error.within(name).within(format!("[{at}]")).within("by"))?,
            });
        }
        if keys.is_empty() {
            return Err(InputError::field("`by` names no field: give at least one to group by").into());
        }
        keys.shrink_to_fit();
        let order = arguments.get("orderBy").and_then(Given::as_str);
        let order = order.and_then(AggregateOrder::named);
        Ok(Self {
            keys,
            order: order.unwrap_or(AggregateOrder::CountDesc),
            first: number(arguments, "first", 0, DEFAULT_PAGE, "groups")?,
        })
    }
}
