//! The types of aggregates of lists and groups.

use std::collections::BTreeSet;

use async_graphql::dynamic::{InputObject, InputValue};

use super::inputs::{GROUP_OPTIONS, input_type};
use super::{FieldSpec, Generator, OF_A_TYPE, Placeholders, named, object, required};
use crate::ontology::{Domain, Member, Scalar};
use crate::plan::is_groupable;
use crate::surface::inputs::GroupOptions;
use crate::surface::{self, Fields, InputTable};

impl Generator<'_> {
    /// The aggregates of all domains.
    pub(super) fn aggregates(&mut self, domains: &[Domain]) {
        let mut scalars = BTreeSet::new();
        let options = InputTable::of::<GroupOptions>();
        self.add(input_type(GROUP_OPTIONS, options, &Placeholders(&[])));
        for domain in domains {
            if !self.meter.takes(OF_A_TYPE) {
                return;
            }
            self.aggregate_types(*domain, &mut scalars);
        }
    }

    fn aggregate_types(&mut self, domain: Domain, scalars: &mut BTreeSet<String>) {
        let ontology = self.ontology;
        let noun = self.noun(domain);
        let members = ontology.members_of(domain);
        let mut keys = InputObject::new(self.names.group_by(domain))
            .oneof()
            .description(format!("A field to group {noun} by: exactly one."));
        let option = |name: &str| InputValue::new(name, named(GROUP_OPTIONS));
        let mut has_keys = false;
        if !matches!(domain, Domain::Type(_)) && members.is_none_or(|it| it.get("entityType").is_none()) {
            keys = keys.field(option("entityType"));
            has_keys = true;
        }
        let mut measures = Vec::new();
        for name in members.iter().flat_map(|it| it.names()) {
            match members.and_then(|it| it.get(name)) {
                Some(Member::Property(no)) => {
                    let Some(property) = members.map(|it| it.property(no)) else {
                        continue;
                    };
                    if property.built_in.is_some() || !is_groupable(property.scalar) {
                        continue;
                    }
                    if surface::Aggregate::named(name).is_none() && surface::Group::named(name).is_none() {
                        let ty = self.names.measures(property.scalar);
                        if scalars.insert(ty.clone()) {
                            self.measure_type(&ty, property.scalar);
                        }
                        measures.push((name.to_owned(), ty));
                    }
                }
                Some(Member::Relation(_)) | None => {}
            }
            keys = keys.field(option(name));
            has_keys = true;
        }
        let (aggregate, group) = (self.names.aggregate(domain), self.names.group(domain));
        let group_by = self.names.group_by(domain);
        let names = Placeholders(&[
            ("aggregate", &aggregate),
            ("group", &group),
            ("group_by", &group_by),
            ("noun", &noun),
        ]);
        let measures = || {
            let each = measures
                .iter()
                .map(|(name, ty)| FieldSpec::new(name, required(ty.as_str()), None));
            each.collect::<Vec<_>>()
        };
        let mut whole = Vec::new();
        for (field, row) in surface::Aggregate::ALL {
            match field {
                surface::Aggregate::Count => {
                    whole.push(self.field(row, &names));
                    whole.extend(measures());
                }
                surface::Aggregate::GroupBy => {
                    whole.extend(has_keys.then(|| self.field(row, &names)));
                }
            }
        }
        if has_keys {
            self.add(keys);
            let mut of_group = self.table::<surface::Group>(&names);
            of_group.extend(measures());
            let description = names.text(surface::Group::DESCRIPTION);
            self.add(object(&group, description, of_group));
        }
        let description = names.text(surface::Aggregate::DESCRIPTION);
        self.add(object(&aggregate, description, whole));
    }

    fn measure_type(&mut self, name: &str, scalar: Scalar) {
        let of = match scalar {
            // An enum's values are measured by their names.
            Scalar::Enum(_) | Scalar::Text | Scalar::Id | Scalar::Url => "String",
            scalar => self.ontology.scalar_name(scalar),
        };
        let sum = match scalar {
            Scalar::Int | Scalar::Float => Some("Float"),
            // Exact, and with room for the sum of many.
            Scalar::Int64 | Scalar::Decimal => Some("Decimal"),
            Scalar::Duration => Some("Duration"),
            _ => None,
        };
        let about = match scalar {
            Scalar::Date => "Figures about dates, put in order by their first day.".to_owned(),
            Scalar::Point => "Figures about points: those of one place are equal.".to_owned(),
            Scalar::Enum(_) => "Figures about an enum's values, in the order of the schema.".to_owned(),
            _ => format!("Figures about values of type {of}."),
        };
        let names = Placeholders(&[
            ("measures", name),
            ("about", &about),
            ("value", of),
            ("sum", sum.unwrap_or_default()),
        ]);
        let rows = surface::Measures::ALL.iter().filter(|(it, _)| match it {
            surface::Measures::Sum | surface::Measures::Avg => sum.is_some(),
            surface::Measures::Min | surface::Measures::Max => scalar != Scalar::Point,
            surface::Measures::Count | surface::Measures::Distinct => true,
        });
        let fields = rows.map(|(_, row)| self.field(row, &names)).collect();
        self.add(object(name, names.text(surface::Measures::DESCRIPTION), fields));
    }
}
