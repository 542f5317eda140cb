//! Filters, orders and lookups.

use async_graphql::dynamic::{InputObject, TypeRef};

use super::{Generator, OF_A_TYPE, input, named, optional_list};
use crate::ontology::{Domain, Members, Property, RelationField, Scalar, UnionId};

impl Generator<'_> {
    /// The filters and orders of a relation whose edges have properties.
    pub(super) fn edge_inputs(&mut self, field: &RelationField, id: crate::ontology::EdgeTypeId) {
        let names = self.names;
        let of = format!("`{}.{}`", field.owner, field.name);
        let filter = self.filter_input(
            &names.field_filter(field),
            field.seen,
            &format!("A condition on what {of} leads to, and on the edge to it."),
        );
        let filter = filter.field(input(
            "edge",
            named(names.edge_filter(id)),
            "On the edge's own properties.",
        ));
        self.add(filter);
        let order = self.order_input(
            &names.field_order(field),
            field.seen,
            &format!("By what {of} is put in order."),
        );
        let members = &self.ontology.edge_types[id.index()].members;
        // GraphQL has no input type without fields.
        let order = if has_order(members) {
            order.field(input(
                "edge",
                named(names.edge_order(id)),
                "By the edge's own properties.",
            ))
        } else {
            order
        };
        self.add(order);
        let quantified = self.relation_filter(&names.relation_filter(field), field.seen, &of);
        let quantified = quantified.field(input(
            "edge",
            named(names.edge_filter(id)),
            "Only edges that meet this count for the others; alone it asks for at least one.",
        ));
        self.add(quantified);
    }

    /// Filters, orders and lookups.
    pub(super) fn inputs(&mut self) {
        let unions = (0..self.ontology.unions.len()).map(|at| Domain::Union(UnionId(at as u16)));
        let domains: Vec<Domain> = self.domains().into_iter().chain(unions).collect();
        self.aggregates(&domains);
        for domain in domains {
            if !self.meter.takes(OF_A_TYPE) {
                return;
            }
            let name = self.ontology.name_of(domain).to_owned();
            let text = format!(
                "A condition on {}. All its fields must hold; a missing value meets nothing but `isNull: true`.",
                self.noun(domain)
            );
            let filter = self.filter_input(&self.names.filter(domain), domain, &text);
            self.add(filter);
            let order = self.order_input(
                &self.names.order(domain),
                domain,
                &format!(
                    "By what {} are put in order; exactly one field.",
                    self.noun(domain)
                ),
            );
            self.add(order);
            let quantified = self.relation_filter(
                &format!("{name}RelationFilter"),
                domain,
                &format!("a relation to `{name}`"),
            );
            self.add(quantified);
            self.unique_input(domain);
        }
        for (at, edge) in self.ontology.edge_types.iter().enumerate() {
            let id = crate::ontology::EdgeTypeId(at as u16);
            let name = self.names.edge_filter(id);
            let filter = InputObject::new(&name)
                .description(format!("A condition on the properties of `{}`.", edge.name));
            let filter = Self::connectives(filter, &name);
            let filter = self.member_filters(filter, &edge.members);
            self.add(filter);
            if !has_order(&edge.members) {
                continue;
            }
            let order = InputObject::new(self.names.edge_order(id))
                .oneof()
                .description(format!("By which property of `{}`; exactly one.", edge.name));
            let order = order_fields(order, &edge.members);
            self.add(order);
        }
        self.value_filters();
    }

    fn connectives(filter: InputObject, name: &str) -> InputObject {
        filter
            .field(input("and", optional_list(name), "All of these hold."))
            .field(input("or", optional_list(name), "At least one of these holds."))
            .field(input(
                "not",
                named(name),
                "This does not hold; what has no value for it does not.",
            ))
    }

    fn filter_input(&mut self, name: &str, domain: Domain, description: &str) -> InputObject {
        let ontology = self.ontology;
        let filter = Self::connectives(InputObject::new(name).description(description), name);
        self.use_filter(Scalar::Id, false);
        self.use_filter(Scalar::String, false);
        let mut filter = filter.field(input("id", named("IDFilter"), "On the id."));
        let members = ontology.members_of(domain);
        if members.is_none_or(|it| it.get("label").is_none()) {
            filter = filter.field(input("label", named("StringFilter"), "On the label."));
        }
        if !matches!(domain, Domain::Type(_)) && members.is_none_or(|it| it.get("entityType").is_none()) {
            filter = filter.field(input("entityType", named("EntityTypeFilter"), "On the type."));
        }
        match members {
            Some(members) => self.member_filters(filter, members),
            None => filter,
        }
    }

    fn member_filters(&mut self, mut filter: InputObject, members: &Members) -> InputObject {
        let is_word = |name: &str| matches!(name, "and" | "or" | "not");
        for property in members.properties.iter().filter(|it| !is_word(&it.name)) {
            self.use_filter(property.scalar, property.list);
            let ty = self.names.scalar_filter(property.scalar, property.list);
            filter = filter.field(input(
                &property.name,
                named(ty),
                format!("On `{}`.", property.name),
            ));
        }
        for field in members.fields.iter().filter(|it| !is_word(&it.name)) {
            let ty = self.names.relation_filter(field);
            filter = filter.field(input(
                &field.name,
                named(ty),
                format!("On what `{}` leads to.", field.name),
            ));
        }
        filter
    }

    fn relation_filter(&self, name: &str, target: Domain, of: &str) -> InputObject {
        let filter = self.names.filter(target);
        InputObject::new(name)
            .description(format!("A condition on the other ends of {of}."))
            .field(input("some", named(&*filter), "At least one meets this."))
            .field(input(
                "every",
                named(&*filter),
                "Each one meets this; so it is where there is none.",
            ))
            .field(input("none", named(&*filter), "None meets this."))
            .field(input("count", named("IntFilter"), "On how many there are."))
    }

    fn order_input(&self, name: &str, domain: Domain, description: &str) -> InputObject {
        let mut order = InputObject::new(name).oneof().description(description);
        order = order.field(input("id", named("SortOrder"), "By the id."));
        let members = self.ontology.members_of(domain);
        if members.is_none_or(|it| it.get("label").is_none()) {
            order = order.field(input("label", named("SortOrder"), "By the label."));
        }
        match members {
            Some(members) => order_fields(order, members),
            None => order,
        }
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
            .description(format!("A value that only one {name} has; exactly one field."));
        for property in properties {
            let ty = self.ontology.scalar_name(property.scalar);
            unique = unique.field(input(
                &property.name,
                named(ty),
                format!("Its `{}`.", property.name),
            ));
        }
        self.add(unique);
    }

    fn use_filter(&mut self, scalar: Scalar, list: bool) {
        let name = self.names.scalar_filter(scalar, list);
        if self.filters.insert(name.clone()) {
            let filter = if list {
                self.list_filter(&name, scalar)
            } else {
                self.value_filter(&name, scalar)
            };
            self.add(filter);
        }
    }

    /// Filters that are used whatever the schema says.
    fn value_filters(&mut self) {
        self.use_filter(Scalar::Int, false);
        let name = "EntityType";
        let filter = InputObject::new("EntityTypeFilter")
            .description("A condition on the type of an entity.")
            .field(input("eq", named(name), "It is this one."))
            .field(input("ne", named(name), "It is another."))
            .field(input("in", optional_list(name), "It is one of these."))
            .field(input("notIn", optional_list(name), "It is none of these."));
        self.add(filter);
    }

    fn value_filter(&self, name: &str, scalar: Scalar) -> InputObject {
        let of = self.ontology.scalar_name(scalar);
        let mut filter = InputObject::new(name).description(match scalar {
            Scalar::Date => {
                "A condition on a date, by the span of days that it covers. All its fields must hold."
                    .to_owned()
            }
            Scalar::Text => {
                "A condition on a text in any of its languages. All its fields must hold.".to_owned()
            }
            _ => format!("A condition on a value of type {of}. All its fields must hold."),
        });
        // A text is compared with plain strings, in whatever language.
        let of = if scalar == Scalar::Text { "String" } else { of };
        let mut add = |name: &str, ty: TypeRef, text: &str| {
            let empty = InputObject::new("");
            filter = std::mem::replace(&mut filter, empty).field(input(name, ty, text));
        };
        if scalar != Scalar::Json {
            add("eq", named(of), "It is this; with null: it is missing.");
            add("ne", named(of), "It is another; with null: it is there.");
            add("in", optional_list(of), "It is one of these.");
            add("notIn", optional_list(of), "It is there and none of these.");
        }
        let ordered = scalar.is_ordered() && !matches!(scalar, Scalar::Boolean | Scalar::Enum(_));
        if ordered {
            let [lt, lte, gt, gte] = match scalar {
                Scalar::Date => [
                    "It is over before this begins.",
                    "It is over no later than this is.",
                    "It begins after this is over.",
                    "It begins no earlier than this does.",
                ],
                _ => [
                    "It is less.",
                    "It is less or the same.",
                    "It is greater.",
                    "It is greater or the same.",
                ],
            };
            add("lt", named(of), lt);
            add("lte", named(of), lte);
            add("gt", named(of), gt);
            add("gte", named(of), gte);
        }
        if scalar == Scalar::Date {
            add("overlaps", named(of), "It shares a day with this.");
            add("within", named(of), "It lies in this.");
        }
        add("isNull", named("Boolean"), "Whether it is missing.");
        if matches!(scalar, Scalar::String | Scalar::Text) {
            add(
                "search",
                named("String"),
                "All these words are found in it, as `search` finds them; for fields that are in the text index (`@search`), and the label.",
            );
        }
        if scalar.is_text() {
            add("contains", named("String"), "It contains this.");
            add("startsWith", named("String"), "It begins with this.");
            add("endsWith", named("String"), "It ends with this.");
            add(
                "matches",
                named("String"),
                "It matches this regular expression, anywhere in it (the syntax of Rust's regex crate: no look-around, linear time).",
            );
            add(
                "caseInsensitive",
                named("Boolean"),
                "Whether the operators beside it take capital and small letters as the same.",
            );
        }
        filter
    }

    fn list_filter(&self, name: &str, scalar: Scalar) -> InputObject {
        let of = match scalar {
            Scalar::Text => "String",
            _ => self.ontology.scalar_name(scalar),
        };
        let filter = InputObject::new(name).description(format!(
            "A condition on a list of values of type {of}. All its fields must hold."
        ));
        let filter = filter.field(input("isEmpty", named("Boolean"), "Whether there is no value."));
        if matches!(scalar, Scalar::Json) {
            return filter;
        }
        filter
            .field(input("has", named(of), "This is among them."))
            .field(input(
                "hasAny",
                optional_list(of),
                "At least one of these is among them.",
            ))
            .field(input("hasAll", optional_list(of), "All of these are among them."))
    }
}

fn is_order(property: &Property) -> bool {
    property.scalar.is_ordered() && !property.list
}

fn has_order(members: &Members) -> bool {
    members.properties.iter().any(is_order)
}

fn order_fields(mut order: InputObject, members: &Members) -> InputObject {
    for property in members.properties.iter().filter(|it| is_order(it)) {
        order = order.field(input(
            &property.name,
            named("SortOrder"),
            format!("By `{}`.", property.name),
        ));
    }
    order
}
