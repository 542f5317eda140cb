//! The types of aggregates of lists and groups.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::dynamic::{InputObject, InputValue};

use super::inputs::{GROUP_OPTIONS, input_type, with_bare_rows};
use super::{FieldSpec, Generator, OF_A_TYPE, OF_AN_AGGREGATE, Placeholders, named, object, required};
use crate::ontology::{Domain, EdgeTypeId, Member, Members, Property, Scalar};
use crate::plan::is_groupable;
use crate::surface::inputs::{GroupFilters, GroupOption, GroupOptions, GroupOrders};
use crate::surface::{self, Fields, InputTable};

/// A property whose values are aggregated: its name and the type of its aggregates.
type Measured = (String, String);

impl Generator<'_> {
    /// The aggregates of all domains, and of edges.
    pub(super) fn aggregates(&mut self, domains: &[Domain]) {
        let mut scalars = BTreeSet::new();
        let options = InputTable::of::<GroupOptions>();
        self.add(input_type(GROUP_OPTIONS, options, &Placeholders(&[])));
        let mut ends: BTreeMap<Domain, Vec<EdgeTypeId>> = BTreeMap::new();
        for (domain, edge) in self.ontology.described_ends() {
            if self.measures_edges(edge) {
                ends.entry(domain).or_default().push(edge);
            }
        }
        for domain in domains {
            let edges = ends.get(domain).map_or(&[][..], Vec::as_slice);
            if !self.meter.takes(OF_A_TYPE + edges.len() * OF_AN_AGGREGATE) {
                return;
            }
            self.aggregate_types(*domain, edges, &mut scalars);
        }
        for (at, edge) in self.ontology.edge_types.iter().enumerate() {
            let measured = self.measured(&edge.members, |_| true, &mut scalars);
            if measured.is_empty() {
                continue;
            }
            let name = self.names.edge_aggregate(EdgeTypeId::at(at));
            let description = format!("Aggregates of the properties of `{}`.", edge.name);
            self.add(object(&name, description, measure_fields(&measured)));
        }
    }

    /// Whether edges of a type have a property whose values are aggregated.
    pub(super) fn measures_edges(&self, id: EdgeTypeId) -> bool {
        let members = &self.ontology.edge_types[id.index()].members;
        members.declared().any(|it| is_groupable(it.scalar))
    }

    /// The properties whose values are aggregated, but for those whose names something else has.
    fn measured(
        &mut self,
        members: &Members,
        is_free: impl Fn(&str) -> bool,
        scalars: &mut BTreeSet<String>,
    ) -> Vec<Measured> {
        let mut measured = Vec::new();
        for property in members.declared() {
            if !is_groupable(property.scalar) || !is_free(&property.name) {
                continue;
            }
            let ty = self.names.measures(property.scalar);
            if scalars.insert(ty.clone()) {
                self.measure_type(&ty, property.scalar);
            }
            measured.push((property.name.clone(), ty));
        }
        measured
    }

    /// The fields to group a domain's entities by, each with the type of its options; `None` if there is none.
    fn group_keys(&mut self, domain: Domain) -> Option<InputObject> {
        let noun = self.noun(domain);
        let description = format!(
            "By what {noun} are grouped: exactly one field. Below a relation, one field for what its {noun} have, or `{{}}` for themselves."
        );
        let mut keys = InputObject::new(self.names.group_by(domain)).description(description);
        let members = self.ontology.members_of(domain);
        let is_free = |name: &str| members.is_none_or(|it| it.get(name).is_none());
        let mut fields = Vec::new();
        if !matches!(domain, Domain::Type(_)) && is_free("entityType") {
            fields.push(("entityType".to_owned(), GROUP_OPTIONS.to_owned()));
        }
        for name in members.iter().flat_map(|it| it.names()) {
            let Some((members, member)) = members.and_then(|it| Some((it, it.get(name)?))) else {
                continue;
            };
            let ty = match member {
                Member::Property(no) => {
                    let property = members.property(no);
                    if property.built_in.is_some() || !is_groupable(property.scalar) {
                        continue;
                    }
                    self.options_of(property.scalar)
                }
                Member::Relation(no) => {
                    let seen = members.field(no).seen;
                    if self.has_group_keys(seen) {
                        self.names.group_by(seen)
                    } else {
                        GROUP_OPTIONS.to_owned()
                    }
                }
            };
            fields.push((name.to_owned(), ty));
        }
        let has_keys = !fields.is_empty();
        let add = |keys: InputObject, (name, ty)| keys.field(InputValue::new(name, named(ty)));
        keys = fields.into_iter().fold(keys, add);
        if is_free(GroupOption::IncludeMissing.name()) {
            keys = with_bare_rows(keys, GroupOption::ROWS, &Placeholders(&[]));
        }
        has_keys.then_some(keys)
    }

    fn has_group_keys(&self, domain: Domain) -> bool {
        let is_groupable = |it: &Property| it.built_in.is_none() && is_groupable(it.scalar);
        !matches!(domain, Domain::Type(_))
            || self
                .ontology
                .members_of(domain)
                .is_some_and(|it| !it.fields.is_empty() || it.properties.iter().any(is_groupable))
    }

    /// The type of the options of a property to group by.
    fn options_of(&mut self, scalar: Scalar) -> String {
        let name = match scalar {
            Scalar::Date | Scalar::DateTime => "DateGroupOptions",
            Scalar::Int | Scalar::Int64 | Scalar::Float | Scalar::Decimal => "NumberGroupOptions",
            _ => GROUP_OPTIONS,
        };
        if self.filters.insert(name.to_owned()) {
            self.add(input_type(name, scalar.group_options(), &Placeholders(&[])));
        }
        name.to_owned()
    }

    /// The types of `having` and `orderBy` for groups of a domain's entities.
    fn group_inputs(&mut self, domain: Domain, measured: &[Measured]) -> (String, String) {
        let members = self.ontology.members_of(domain);
        let measured: Vec<(&str, Scalar)> = measured
            .iter()
            .filter_map(|(name, _)| match members?.get(name)? {
                Member::Property(no) => Some((name.as_str(), members?.property(no).scalar)),
                Member::Relation(_) => None,
            })
            .filter(|(_, scalar)| scalar.measures().is_some())
            .collect();
        let (filter, order) = if measured.is_empty() {
            ("GroupCountFilter".to_owned(), "GroupCountOrder".to_owned())
        } else {
            (self.names.group_filter(domain), self.names.group_order(domain))
        };
        if !measured.is_empty() || self.filters.insert(filter.clone()) {
            self.use_filter(Scalar::Int, false);
            let names = Placeholders(&[("count", "IntFilter")]);
            let mut filters = input_type(&filter, InputTable::of::<GroupFilters>(), &names);
            let names = Placeholders(&[("count", "SortOrder")]);
            let mut orders = input_type(&order, InputTable::of::<GroupOrders>(), &names).oneof();
            for (name, scalar) in measured {
                let (filter, order) = self.measure_inputs(scalar);
                filters = filters.field(InputValue::new(name, named(filter)));
                orders = orders.field(InputValue::new(name, named(order)));
            }
            self.add(filters);
            self.add(orders);
        }
        (filter, order)
    }

    /// The types of conditions on aggregates of values of a kind, and of orders by them.
    fn measure_inputs(&mut self, scalar: Scalar) -> (String, &'static str) {
        let filter = self.names.measures_filter(scalar);
        let order = match scalar.sum() {
            Some(_) => "NumberMeasuresOrder",
            None => "TimeMeasuresOrder",
        };
        let Some(table) = scalar.measures() else {
            return (filter, order);
        };
        if self.filters.insert(filter.clone()) {
            let sum = scalar.sum().unwrap_or(scalar);
            self.use_filter(scalar, false);
            self.use_filter(sum, false);
            let (value, sum) = (
                self.names.scalar_filter(scalar, false),
                self.names.scalar_filter(sum, false),
            );
            let about = "A condition on aggregates of values. All its fields must hold.";
            let names = Placeholders(&[
                ("about", about),
                ("count", "IntFilter"),
                ("value", &value),
                ("sum", &sum),
            ]);
            self.add(input_type(&filter, table, &names));
        }
        if self.filters.insert(order.to_owned()) {
            let names = Placeholders(&[
                ("about", "An aggregate to sort groups by: exactly one field."),
                ("count", "SortOrder"),
                ("value", "SortOrder"),
                ("sum", "SortOrder"),
            ]);
            self.add(input_type(order, table, &names).oneof());
        }
        (filter, order)
    }

    fn aggregate_types(&mut self, domain: Domain, edges: &[EdgeTypeId], scalars: &mut BTreeSet<String>) {
        let ontology = self.ontology;
        let noun = self.noun(domain);
        let members = ontology.members_of(domain);
        let keys = self.group_keys(domain);
        // Only aggregates of relations have `edge`, and no type that they lead to has a field of that name.
        let is_free = |name: &str| {
            let own = surface::Aggregate::named(name).filter(|it| *it != surface::Aggregate::Edge);
            own.is_none() && surface::Group::named(name).is_none()
        };
        let measured = members.map_or_else(Vec::new, |it| self.measured(it, is_free, scalars));
        let (group, group_by) = (self.names.group(domain), self.names.group_by(domain));
        let (group_filter, group_order) = match &keys {
            Some(_) => self.group_inputs(domain, &measured),
            None => Default::default(),
        };
        for edge in std::iter::once(None).chain(edges.iter().copied().map(Some)) {
            let aggregate = self.names.aggregate(domain, edge);
            let edge_aggregate = edge.map(|it| self.names.edge_aggregate(it));
            let names = Placeholders(&[
                ("aggregate", &aggregate),
                ("edge_aggregate", edge_aggregate.as_deref().unwrap_or_default()),
                ("group", &group),
                ("group_by", &group_by),
                ("group_filter", &group_filter),
                ("group_order", &group_order),
                ("noun", &noun),
            ]);
            let mut whole = Vec::new();
            for (field, row) in surface::Aggregate::ALL {
                let has = match field {
                    surface::Aggregate::Count => true,
                    surface::Aggregate::Edge => edge.is_some(),
                    surface::Aggregate::GroupBy => keys.is_some(),
                };
                whole.extend(has.then(|| self.field(row, &names)));
                if *field == surface::Aggregate::Count {
                    whole.extend(measure_fields(&measured));
                }
            }
            let description = names.text(surface::Aggregate::DESCRIPTION);
            self.add(object(&aggregate, description, whole));
        }
        if let Some(keys) = keys {
            self.add(keys);
            let names = Placeholders(&[("group", &group), ("noun", &noun)]);
            let mut of_group = self.table::<surface::Group>(&names);
            of_group.extend(measure_fields(&measured));
            let description = names.text(surface::Group::DESCRIPTION);
            self.add(object(&group, description, of_group));
        }
    }

    fn measure_type(&mut self, name: &str, scalar: Scalar) {
        let of = match scalar {
            // An enum's values are measured by their names.
            Scalar::Enum(_) | Scalar::Text | Scalar::Id | Scalar::Url => "String",
            scalar => self.ontology.scalar_name(scalar),
        };
        let sum = scalar.sum().map(|it| self.ontology.scalar_name(it));
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

fn measure_fields(measured: &[Measured]) -> Vec<FieldSpec> {
    let each = measured.iter();
    each.map(|(name, ty)| FieldSpec::new(name, required(ty.as_str()), None))
        .collect()
}
