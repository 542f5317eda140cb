//! Filters, orders and lookups.

use async_graphql::dynamic::{InputObject, InputValue};

use super::{Generator, OF_A_TYPE, Placeholders, input, named};
use crate::ontology::{Domain, EdgeTypeId, Members, Property, Scalar};
use crate::surface::inputs::{
    Connective, CountOrders, CountedEdges, CountedEnds, EdgeCondition, EdgeOrder, EntityTypes, Missing,
    Number, OtherEnds, OwnCondition, OwnOrder, PointBounds, PointNear, PointOrder, Quantifier,
};
use crate::surface::{InputRow, InputTable, Inputs};

impl Generator<'_> {
    /// The filters and orders of relations to a domain whose edges have properties.
    pub(super) fn end_inputs(&mut self, domain: Domain, id: EdgeTypeId) {
        let (names, edge) = (self.names, Some(id));
        let (noun, of) = (
            self.noun(domain),
            self.ontology.edge_types[id.index()].name.as_str(),
        );
        let filter = self.filter_input(
            &names.filter(domain, edge),
            domain,
            &format!("A condition on {noun}, and on the edges to them (`{of}`)."),
        );
        let (edge_filter, edge_order) = (names.edge_filter(id), names.edge_order(id));
        let of_edges = Placeholders(&[("edge_filter", &edge_filter), ("edge_order", &edge_order)]);
        self.add(with_bare_rows(filter, EdgeCondition::ROWS, &of_edges));
        let order = self.order_input(
            &names.order(domain, edge),
            domain,
            &format!("A key to sort {noun} by, or the edges to them (`{of}`): exactly one field."),
        );
        let members = &self.ontology.edge_types[id.index()].members;
        // GraphQL has no input type without fields.
        let order = if has_order(members) {
            with_bare_rows(order, EdgeOrder::ROWS, &of_edges)
        } else {
            order
        };
        self.add(order);
        let quantified = self.relation_filter(domain, edge);
        self.add(with_bare_rows(quantified, CountedEdges::ROWS, &of_edges));
    }

    /// Filters, orders and lookups.
    pub(super) fn inputs(&mut self) {
        let domains: Vec<Domain> = self.domains().into_iter().chain(self.unions()).collect();
        self.aggregates(&domains);
        for domain in domains {
            if !self.meter.takes(OF_A_TYPE) {
                return;
            }
            let text = format!(
                "A condition on {}. All given fields must match.",
                self.noun(domain)
            );
            let filter = self.filter_input(&self.names.filter(domain, None), domain, &text);
            self.add(filter);
            let order = self.order_input(
                &self.names.order(domain, None),
                domain,
                &format!("A key to sort {} by: exactly one field.", self.noun(domain)),
            );
            self.add(order);
            let quantified = self.relation_filter(domain, None);
            self.add(quantified);
            self.unique_input(domain);
        }
        for (at, edge) in self.ontology.edge_types.iter().enumerate() {
            let id = EdgeTypeId(at as u16);
            let name = self.names.edge_filter(id);
            let filter = InputObject::new(&name)
                .description(format!("A condition on the properties of `{}`.", edge.name));
            let filter = with_bare_rows(filter, Connective::ROWS, &Placeholders(&[("filter", &name)]));
            let filter = self.member_filters(filter, &edge.members);
            self.add(filter);
            if !has_order(&edge.members) {
                continue;
            }
            let order = InputObject::new(self.names.edge_order(id))
                .oneof()
                .description(format!(
                    "A property of `{}` to sort by: exactly one field.",
                    edge.name
                ));
            let order = order_fields(order, &edge.members);
            self.add(order);
        }
        self.any_inputs();
        self.value_filters();
    }

    /// A filter and an order with a field for each type and interface.
    fn any_inputs(&mut self) {
        let mut filter = InputObject::new("AnyFilter").description(
            "A condition on entities of any type: `{place: {…}}` keeps places that match. With several fields, an entity matches any of them.",
        );
        let mut order = InputObject::new("AnyOrder").oneof().description(
            "A key to sort entities of one type by: exactly one field. Entities of other types come last.",
        );
        for domain in self.domains() {
            let root = match domain {
                Domain::Type(id) => &self.ontology.entity_type(id).root,
                Domain::Interface(id) => &self.ontology.interfaces[id.index()].root,
                Domain::Union(_) => continue,
            };
            filter = filter.field(InputValue::new(&root.one, named(self.names.filter(domain, None))));
            order = order.field(InputValue::new(&root.one, named(self.names.order(domain, None))));
        }
        self.add(filter);
        self.add(order);
    }

    fn filter_input(&mut self, name: &str, domain: Domain, description: &str) -> InputObject {
        let ontology = self.ontology;
        let filter = InputObject::new(name).description(description);
        let filter = with_bare_rows(filter, Connective::ROWS, &Placeholders(&[("filter", name)]));
        self.use_filter(Scalar::Id, false);
        self.use_filter(Scalar::String, false);
        let members = ontology.members_of(domain);
        let own = OwnCondition::ROWS.iter().filter(|it| {
            let of_one_type = matches!(domain, Domain::Type(_));
            let is_told = it.name != OwnCondition::EntityType.name() || !of_one_type;
            is_told && !is_declared(members, it)
        });
        let filter = with_bare_rows(filter, own, &Placeholders(&[]));
        match members {
            Some(members) => self.member_filters(filter, members),
            None => filter,
        }
    }

    fn member_filters(&mut self, mut filter: InputObject, members: &Members) -> InputObject {
        let is_connective = |name: &str| Connective::named(name).is_some();
        for property in members.declared().filter(|it| !is_connective(&it.name)) {
            self.use_filter(property.scalar, property.list);
            let ty = self.names.scalar_filter(property.scalar, property.list);
            filter = filter.field(InputValue::new(&property.name, named(ty)));
        }
        for field in members.fields.iter().filter(|it| !is_connective(&it.name)) {
            let edge = self.ontology.relation(field.relation).edge;
            let ty = self.names.relation_filter(field.seen, edge);
            filter = filter.field(InputValue::new(&field.name, named(ty)));
        }
        filter
    }

    fn relation_filter(&self, target: Domain, edge: Option<EdgeTypeId>) -> InputObject {
        let filter = self.names.filter(target, None);
        let counted = match edge {
            Some(_) => " Only edges that match `edge` count; `edge` alone requires one.",
            None => "",
        };
        let noun = self.noun(target);
        let names = Placeholders(&[("filter", &filter), ("noun", &noun), ("counted", counted)]);
        let name = self.names.relation_filter(target, edge);
        let quantified = InputObject::new(name).description(names.text(OtherEnds::DESCRIPTION));
        let rows = [Quantifier::ROWS, Number::ROWS, CountedEnds::ROWS, Missing::ROWS];
        let rows = rows.into_iter().flatten();
        with_bare_rows(quantified, rows, &names)
    }

    fn order_input(&self, name: &str, domain: Domain, description: &str) -> InputObject {
        let order = InputObject::new(name).oneof().description(description);
        let members = self.ontology.members_of(domain);
        let own = OwnOrder::ROWS.iter().filter(|it| !is_declared(members, it));
        let order = with_bare_rows(order, own, &Placeholders(&[]));
        let Some(members) = members else {
            return order;
        };
        let order = order_fields(order, members);
        let relations = members.fields.iter().map(|field| {
            if field.many {
                return InputValue::new(&field.name, named(COUNT_ORDER));
            }
            InputValue::new(&field.name, named(self.names.order(field.seen, None)))
        });
        relations.fold(order, InputObject::field)
    }

    pub(super) fn unique_properties(&self, domain: Domain) -> Vec<&Property> {
        let members = self.ontology.members_of(domain);
        members
            .map(|it| it.properties.iter().filter(|it| it.unique).collect())
            .unwrap_or_default()
    }

    fn unique_input(&mut self, domain: Domain) {
        let properties = self.unique_properties(domain);
        if properties.is_empty() {
            return;
        }
        let name = self.ontology.name_of(domain);
        let mut unique = InputObject::new(self.names.unique(domain))
            .oneof()
            .description(format!("A value that only one {name} has: exactly one field."));
        for property in properties {
            let ty = self.ontology.scalar_name(property.scalar);
            unique = unique.field(InputValue::new(&property.name, named(ty)));
        }
        self.add(unique);
    }

    pub(super) fn use_filter(&mut self, scalar: Scalar, list: bool) {
        let name = self.names.scalar_filter(scalar, list);
        if scalar == Scalar::Point && self.filters.insert(POINT_ORDER.to_owned()) {
            self.point_inputs();
        }
        if self.filters.insert(name.clone()) {
            let table = if list {
                scalar.list_filter()
            } else {
                scalar.filter()
            };
            // A text is compared with plain strings, in whatever language.
            let value = match scalar {
                Scalar::Text => "String",
                _ => self.ontology.scalar_name(scalar),
            };
            let names = Placeholders(&[("value", value)]);
            let filter = match scalar {
                // The filters of Clew's own scalars describe the same operators.
                Scalar::Enum(_) | Scalar::Custom(_) => {
                    let object = InputObject::new(&name).description(names.text(table.description));
                    with_bare_rows(object, table.groups.iter().copied().flatten(), &names)
                }
                _ => input_type(&name, table, &names),
            };
            self.add(filter);
        }
    }

    /// The input types for points.
    fn point_inputs(&mut self) {
        let tables = [
            ("PointNear", InputTable::of::<PointNear>()),
            ("PointBounds", InputTable::of::<PointBounds>()),
            (POINT_ORDER, InputTable::of::<PointOrder>()),
        ];
        for (name, table) in tables {
            self.add(input_type(name, table, &Placeholders(&[])));
        }
    }

    /// Filters that are used whatever the schema says.
    fn value_filters(&mut self) {
        self.use_filter(Scalar::Int, false);
        let table = InputTable::of::<CountOrders>();
        self.add(input_type(COUNT_ORDER, table, &Placeholders(&[])).oneof());
        let table = InputTable::of::<EntityTypes>();
        self.add(input_type("EntityTypeFilter", table, &Placeholders(&[])));
    }
}

/// Adds the fields of rows.
fn with_rows<'r>(
    object: InputObject,
    rows: impl IntoIterator<Item = &'r InputRow>,
    names: &Placeholders,
) -> InputObject {
    rows.into_iter().fold(object, |object, row| {
        object.field(input(row.name, names.ty(row.ty), names.text(row.description)))
    })
}

/// Adds the fields of rows without their descriptions, for rows that many types have: `Query` or the type says what they
/// mean.
pub(super) fn with_bare_rows<'r>(
    object: InputObject,
    rows: impl IntoIterator<Item = &'r InputRow>,
    names: &Placeholders,
) -> InputObject {
    rows.into_iter().fold(object, |object, row| {
        object.field(InputValue::new(row.name, names.ty(row.ty)))
    })
}

/// The input type of a table.
pub(super) fn input_type(name: &str, table: InputTable, names: &Placeholders) -> InputObject {
    let object = InputObject::new(name).description(names.text(table.description));
    with_rows(object, table.groups.iter().copied().flatten(), names)
}

/// Whether a type has a member of a row's name, which then takes its place. No type has one that is called `id`.
fn is_declared(members: Option<&Members>, row: &InputRow) -> bool {
    members.is_some_and(|it| it.get(row.name).is_some())
}

/// How entities are grouped by a field.
pub(super) const GROUP_OPTIONS: &str = "GroupOptions";

/// The order by the number of entities that a relation leads to.
const COUNT_ORDER: &str = "RelationCountOrder";

/// The order by distances.
const POINT_ORDER: &str = "PointOrder";

fn is_order(property: &Property) -> bool {
    (property.scalar.is_ordered() || property.scalar == Scalar::Point) && !property.list
}

fn has_order(members: &Members) -> bool {
    members.declared().any(is_order)
}

fn order_fields(mut order: InputObject, members: &Members) -> InputObject {
    for property in members.declared().filter(|it| is_order(it)) {
        let ty = match property.scalar {
            Scalar::Point => POINT_ORDER,
            _ => "SortOrder",
        };
        order = order.field(InputValue::new(&property.name, named(ty)));
    }
    order
}
