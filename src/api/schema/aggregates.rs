//! The types of figures about lists and groups.

use std::collections::BTreeSet;

use async_graphql::dynamic::{Enum, EnumItem, TypeRef};

use super::{FieldSpec, Generator, OF_A_TYPE, input, list, named, object, required};
use crate::ontology::{Domain, Member, Scalar};
use crate::plan::{DEFAULT_PAGE, GroupOrder, is_groupable};

impl Generator<'_> {
    /// The field `aggregate` of a connection of a domain's entities.
    pub(super) fn aggregate_field(&self, domain: Domain) -> FieldSpec {
        FieldSpec::new(
            "aggregate",
            required(self.names.aggregate(domain)),
            "Figures about all of them, on all pages together. Each candidate is looked at.",
        )
    }

    /// The aggregates of all domains.
    pub(super) fn aggregates(&mut self, domains: &[Domain]) {
        let item = |name: &str, description: &str| EnumItem::new(name).description(description);
        let orders = Enum::new("AggregateOrder").description("In which order groups come.");
        let orders = GroupOrder::NAMES
            .iter()
            .fold(orders, |all, (name, _, description)| {
                all.item(item(name, description))
            });
        self.add(orders);
        self.add(object(
            "AggregateKey",
            "What the entities of a group have in common for one field.",
            vec![
                FieldSpec::new(
                    "field",
                    required("String"),
                    "The field that entities were grouped by.",
                ),
                FieldSpec::new(
                    "value",
                    named("JSON"),
                    "The value of a property; null for a relation, and where there is none.",
                ),
                FieldSpec::new(
                    "entity",
                    named("Entity"),
                    "The entity that a relation leads to; null for a property, and where it leads nowhere.",
                ),
            ],
        ));
        let mut scalars = BTreeSet::new();
        for domain in domains {
            if !self.meter.takes(OF_A_TYPE) {
                return;
            }
            self.aggregate_types(*domain, &mut scalars);
        }
    }

    fn aggregate_types(&mut self, domain: Domain, scalars: &mut BTreeSet<String>) {
        let ontology = self.ontology;
        let noun = self.noun(domain).to_owned();
        let members = ontology.members_of(domain);
        let mut keys =
            Enum::new(self.names.group_key(domain)).description(format!("By what {noun} can be grouped."));
        let mut has_keys = false;
        if !matches!(domain, Domain::Type(_)) && members.is_none_or(|it| it.get("entityType").is_none()) {
            keys = keys.item(EnumItem::new("entityType").description("By the type."));
            has_keys = true;
        }
        let mut measures = Vec::new();
        for name in members.iter().flat_map(|it| it.names()) {
            let text = match members.and_then(|it| it.get(name)) {
                Some(Member::Property(no)) => {
                    let Some(property) = members.map(|it| it.property(no)) else {
                        continue;
                    };
                    if !is_groupable(property.scalar) {
                        continue;
                    }
                    if !matches!(name, "count" | "groupBy" | "key" | "keys") {
                        let ty = self.names.measures(property.scalar);
                        if scalars.insert(ty.clone()) {
                            self.measure_type(&ty, property.scalar);
                        }
                        measures.push((name.to_owned(), ty));
                    }
                    format!("By `{name}`.")
                }
                _ => format!("By what `{name}` leads to."),
            };
            // GraphQL has no enum values of these names.
            if !matches!(name, "true" | "false" | "null") {
                keys = keys.item(EnumItem::new(name).description(text));
                has_keys = true;
            }
        }
        let group = self.names.group(domain);
        let fields = |of: &str| {
            let mut fields = vec![FieldSpec::new(
                "count",
                required("Int"),
                format!("How many {of}."),
            )];
            fields.extend(measures.iter().map(|(name, ty)| {
                FieldSpec::new(
                    name,
                    required(ty.as_str()),
                    format!("Figures about their `{name}`."),
                )
            }));
            fields
        };
        let mut whole = fields("there are");
        if has_keys {
            self.add(keys);
            let by = input(
                "by",
                TypeRef::named_nn_list_nn(self.names.group_key(domain)),
                "By which fields. One that has several values for a field, or that a relation leads from to several, is in the group of each; what has none makes a group of its own.",
            );
            let order = input(
                "orderBy",
                named("AggregateOrder"),
                "In which order the groups come.",
            )
            .default_value(async_graphql::Value::Enum(async_graphql::Name::new("COUNT_DESC")));
            let first = input("first", named("Int"), "At most so many groups.").default_value(DEFAULT_PAGE);
            whole.push(
                FieldSpec::new(
                    "groupBy",
                    list(group.as_str()),
                    "In groups of what they have in common.",
                )
                .with([by, order, first]),
            );
            let mut of_group = vec![
                FieldSpec::new(
                    "key",
                    named("JSON"),
                    "What they have in common: a value, or the id of an entity; null where there is none. Where several fields are asked for, a list of them.",
                ),
                FieldSpec::new(
                    "keys",
                    list("AggregateKey"),
                    "What they have in common, one for each field that is asked for.",
                ),
            ];
            of_group.extend(fields("are in it"));
            self.add(object(
                &group,
                format!("Some {noun} with something in common."),
                of_group,
            ));
        }
        self.add(object(
            &self.names.aggregate(domain),
            format!("Figures about {noun}."),
            whole,
        ));
    }

    fn measure_type(&mut self, name: &str, scalar: Scalar) {
        let of = match scalar {
            // An enum's values are measured by their names.
            Scalar::Enum(_) | Scalar::Text | Scalar::Id | Scalar::Url => "String",
            scalar => self.ontology.scalar_name(scalar),
        };
        let mut fields = vec![
            FieldSpec::new("count", required("Int"), "How many values there are."),
            FieldSpec::new(
                "distinct",
                required("Int"),
                "How many different values there are.",
            ),
            FieldSpec::new("min", named(of), "The smallest; null where there is none."),
            FieldSpec::new("max", named(of), "The greatest; null where there is none."),
        ];
        let number = match scalar {
            Scalar::Int | Scalar::Float => Some("Float"),
            Scalar::Decimal => Some("Decimal"),
            _ => None,
        };
        if let Some(ty) = number {
            fields.push(FieldSpec::new(
                "sum",
                named(ty),
                "Their sum; null where there is none.",
            ));
            fields.push(FieldSpec::new(
                "avg",
                named(ty),
                "Their mean; null where there is none.",
            ));
        }
        let text = match scalar {
            Scalar::Date => "Figures about dates, put in order by their first day.".to_owned(),
            Scalar::Enum(_) => "Figures about an enum's values, in the order of the schema.".to_owned(),
            _ => format!("Figures about values of type {of}."),
        };
        self.add(object(name, text, fields));
    }
}
