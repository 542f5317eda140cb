//! Entity types, interfaces, unions and enums of the schema, with their connections and edges.

use async_graphql::dynamic::{Enum, EnumItem, Interface, Object, Scalar as ScalarType, Union};
use heck::ToSnakeCase;

use super::{
    FieldSpec, Generator, OF_A_VALUE, Placeholders, join, named, nullable, object, required, sealed, type_ref,
};
use crate::ontology::{
    BuiltIn, Direction, Domain, ENTITY, EdgeTypeId, InterfaceId, Member, Property, RelationField, Scalar,
    UnionId,
};
use crate::surface::{self, Argument, Fields, Row, arguments};

impl Generator<'_> {
    /// Scalars, enums and unions of the schema.
    pub(super) fn own_definitions(&mut self) {
        for scalar in &self.ontology.custom_scalars {
            let mut ty = ScalarType::new(&scalar.name).description(
                scalar
                    .description
                    .as_deref()
                    .map_or("A scalar of this graph's own.".into(), sealed),
            );
            if let Some(url) = &scalar.specified_by {
                ty = ty.specified_by_url(sealed(url));
            }
            self.add(ty);
        }
        for it in &self.ontology.enums {
            if !self.takes_bytes(it.values.len() * OF_A_VALUE) {
                return;
            }
            let mut ty = Enum::new(&it.name);
            if let Some(text) = &it.description {
                ty = ty.description(sealed(text));
            }
            for value in &it.values {
                let mut item = EnumItem::new(&value.name);
                if let Some(text) = &value.description {
                    item = item.description(sealed(text));
                }
                if let Some(reason) = &value.deprecated {
                    item = item.deprecation(Some(&sealed(reason)));
                }
                ty = ty.item(item);
            }
            self.add(ty);
        }
        for it in &self.ontology.unions {
            if !self.takes_bytes(it.types.len() * OF_A_VALUE) {
                return;
            }
            let names: Vec<&str> = it
                .types
                .iter()
                .map(|id| self.ontology.entity_type(*id).name.as_str())
                .collect();
            let description = it
                .description
                .clone()
                .unwrap_or_else(|| format!("Either {}.", join(&names, "or")));
            let ty = names.iter().fold(
                Union::new(&it.name).description(sealed(&description)),
                |ty, name| ty.possible_type(*name),
            );
            self.add(ty);
        }
    }

    pub(super) fn domains(&self) -> Vec<Domain> {
        let interfaces =
            (0..self.ontology.interfaces.len()).map(|at| Domain::Interface(InterfaceId(at as u16)));
        interfaces
            .chain(self.ontology.type_ids().map(Domain::Type))
            .collect()
    }

    pub(super) fn unions(&self) -> Vec<Domain> {
        let all = 0..self.ontology.unions.len();
        all.map(|at| Domain::Union(UnionId::at(at))).collect()
    }

    /// The entities of a domain in a description: `codes of conduct` for `codesOfConduct`.
    pub(super) fn noun(&self, domain: Domain) -> String {
        let many = match domain {
            Domain::Type(id) => &self.ontology.entity_type(id).root.many,
            Domain::Interface(id) => &self.ontology.interfaces[id.index()].root.many,
            Domain::Union(_) => return "entities".to_owned(),
        };
        many.to_snake_case().replace('_', " ")
    }

    /// Entity types and interfaces, with their connections and edges.
    pub(super) fn entities(&mut self) {
        for domain in self.domains() {
            if !self.takes(domain) {
                return;
            }
            let name = self.ontology.name_of(domain).to_owned();
            let mut fields = self.fields(domain);
            for field in &mut fields {
                // Its check of interfaces takes only equal types; what is really null is put in afterwards.
                let nullable = nullable(&field.ty);
                let ty = std::mem::replace(&mut field.ty, nullable);
                self.amendments
                    .types
                    .push((name.clone(), field.name.clone(), ty.to_string()));
            }
            match domain {
                Domain::Interface(id) => {
                    let interface = &self.ontology.interfaces[id.index()];
                    let mut above = vec!["Node".to_owned()];
                    if id != ENTITY {
                        above.push("Entity".to_owned());
                    }
                    let named = interface
                        .interfaces
                        .iter()
                        .map(|id| &self.ontology.interfaces[id.index()].name);
                    above.extend(named.cloned());
                    let mut ty = above.iter().fold(Interface::new(&name), Interface::implement);
                    self.amendments.implements.push((name.clone(), above));
                    let types: Vec<&str> = interface
                        .types
                        .iter()
                        .map(|id| self.ontology.entity_type(*id).name.as_str())
                        .collect();
                    let description = match (&interface.description, id) {
                        (Some(text), _) => text.clone(),
                        (None, ENTITY) => surface::Entity::DESCRIPTION.to_owned(),
                        (None, _) => format!("Fields that {} have in common.", join(&types, "and")),
                    };
                    ty = ty.description(sealed(&description));
                    ty = fields
                        .into_iter()
                        .map(FieldSpec::on_interface)
                        .fold(ty, Interface::field);
                    self.add(ty);
                }
                Domain::Type(id) => {
                    let entity_type = self.ontology.entity_type(id);
                    let description = entity_type
                        .description
                        .clone()
                        .unwrap_or_else(|| format!("An entity of the type {name}."));
                    let mut ty = Object::new(&name)
                        .description(sealed(&description))
                        .implement("Node");
                    for interface in &entity_type.interfaces {
                        ty = ty.implement(&self.ontology.interfaces[interface.index()].name);
                    }
                    ty = fields
                        .into_iter()
                        .map(FieldSpec::on_object)
                        .fold(ty, Object::field);
                    self.add(ty);
                }
                Domain::Union(_) => {}
            }
            self.connection_types(domain, None);
        }
        let unions = self.unions();
        for domain in unions {
            if !self.takes(domain) {
                return;
            }
            self.connection_types(domain, None);
        }
        let ends = self.ontology.described_ends();
        for (domain, edge) in ends {
            if !self.takes(domain) {
                return;
            }
            self.connection_types(domain, Some(edge));
            self.end_inputs(domain, edge);
        }
    }

    /// The fields of a type or an interface.
    fn fields(&self, domain: Domain) -> Vec<FieldSpec> {
        let Some(members) = self.ontology.members_of(domain) else {
            return Vec::new();
        };
        let label = match domain {
            Domain::Type(id) => match self.ontology.entity_type(id).label {
                Some(no) => format!("Its `{}`, or its id if it has none.", members.property(no).name),
                None => "Its id.".to_owned(),
            },
            _ => "A name or a title, or the id if it has neither.".to_owned(),
        };
        let summary = match domain {
            Domain::Type(_) => "Null: entities of this type have no description.",
            _ => "A description in a sentence or two, if its type has one.",
        };
        let all = Domain::Interface(ENTITY);
        let (filter, order) = (self.names.filter(all, None), self.names.order(all, None));
        let names = Placeholders(&[
            ("label", &label),
            ("summary", summary),
            ("filter", &filter),
            ("order", &order),
        ]);
        // A declared field takes the place of one that every entity has. Whether there is a built-in one is for the ontology
        // to say.
        let is_own = |row: &Row| match members.get(row.name) {
            Some(Member::Property(no)) => members.property(no).built_in.is_some(),
            Some(Member::Relation(_)) => false,
            None => BuiltIn::named(row.name).is_none(),
        };
        let rows = surface::Entity::ALL.iter().filter(|(_, row)| is_own(row));
        let (first, last): (Vec<_>, Vec<_>) = rows.partition(|(it, _)| match it {
            surface::Entity::Id
            | surface::Entity::EntityId
            | surface::Entity::Label
            | surface::Entity::Description
            | surface::Entity::Aliases
            | surface::Entity::SameAs => true,
            surface::Entity::Degree
            | surface::Entity::Follow
            | surface::Entity::Statements
            | surface::Entity::Links => false,
        });
        // The interface describes what all types have; a type says what its own label and description are.
        let of_rows = |rows: Vec<&(surface::Entity, Row)>| {
            let each = rows.into_iter().map(|(it, row)| {
                if domain == all || matches!(it, surface::Entity::Label | surface::Entity::Description) {
                    return self.field(row, &names);
                }
                let arguments = self.described_arguments(row.arguments, &names, |_| "");
                FieldSpec::new(row.name, names.ty(row.ty), None).with(arguments)
            });
            each.collect::<Vec<_>>()
        };
        let mut fields = of_rows(first);
        fields.extend(members.declared().map(|it| self.property(it)));
        for field in &members.fields {
            fields.extend(self.relation(field));
        }
        fields.extend(of_rows(last));
        if domain == Domain::Type(self.ontology.source_type) {
            fields.extend(self.table::<surface::SourceOnly>(&names));
        }
        fields
    }

    fn property(&self, property: &Property) -> FieldSpec {
        let ty = type_ref(&self.ontology.property_type(property));
        let mut description = property.description.clone();
        if property.unique {
            let before = description.map_or_else(String::new, |it| format!("{it}\n\n"));
            description = Some(format!("{before}No two have the same."));
        }
        let mut field = FieldSpec::new(&property.name, ty, description);
        field.deprecated.clone_from(&property.deprecated);
        if property.scalar == Scalar::Text {
            field = field.with(self.arguments(&[arguments::LANGUAGES], &Placeholders(&[])));
        }
        field
    }

    fn relation_text(&self, field: &RelationField) -> String {
        if let Some(text) = &field.description {
            return text.clone();
        }
        let relation = self.ontology.relation(field.relation);
        let other = self.ontology.types_of(field.target).iter().find_map(|id| {
            let no = relation.field(*id, Direction::Out)?;
            Some(&self.ontology.entity_type(*id).members.field(no).name)
        });
        let noun = self.noun(field.seen);
        match other {
            Some(name) if field.direction == Direction::In => {
                format!("The {noun} whose `{name}` leads here.")
            }
            _ => format!("The {noun} that it leads to."),
        }
    }

    /// A relation's field, and for one that leads to one entity the field of its edge.
    fn relation(&self, field: &RelationField) -> Vec<FieldSpec> {
        let text = self.relation_text(field);
        let target = self.ontology.name_of(field.seen);
        let edge = self.ontology.relation(field.relation).edge;
        if field.many {
            let (filter, order) = (
                self.names.filter(field.seen, edge),
                self.names.order(field.seen, edge),
            );
            let names = Placeholders(&[("filter", &filter), ("order", &order)]);
            let ty = required(self.names.connection(field.seen, edge));
            let groups: &[&[Argument]] = if self.ontology.relation(field.relation).transitive {
                &[arguments::CHOICE, arguments::DEPTH, arguments::PAGE]
            } else {
                &[arguments::CHOICE, arguments::PAGE]
            };
            let mut spec = FieldSpec::new(&field.name, ty, text).with(self.arguments(groups, &names));
            spec.deprecated.clone_from(&field.deprecated);
            return vec![spec];
        }
        let ty = if field.required {
            required(target)
        } else {
            named(target)
        };
        let mut spec = FieldSpec::new(&field.name, ty, text);
        spec.deprecated.clone_from(&field.deprecated);
        let edge = FieldSpec::new(
            self.names.to_one_edge(field),
            named(self.names.edge(field.seen, edge)),
            format!("The edge of `{}`.", field.name),
        );
        vec![spec, edge]
    }

    /// The connection and the edge of lists of a domain's entities; with a type of edges, of relations with such edges.
    fn connection_types(&mut self, domain: Domain, edge: Option<EdgeTypeId>) {
        let ontology = self.ontology;
        let edge_type = edge.map(|id| &ontology.edge_types[id.index()]);
        let aggregate = self
            .names
            .aggregate(domain, edge.filter(|it| self.measures_edges(*it)));
        let (connection, edge) = (self.names.connection(domain, edge), self.names.edge(domain, edge));
        let item = ontology.name_of(domain);
        let noun = self.noun(domain);
        let (about, statement) = match edge_type {
            None => (String::new(), "Statement"),
            Some(it) => (format!(" with the properties of `{}`", it.name), "Statement!"),
        };
        let names = Placeholders(&[
            ("connection", &connection),
            ("edge", &edge),
            ("aggregate", &aggregate),
            ("item", item),
            ("noun", &noun),
            ("about", &about),
            ("statement", statement),
        ]);
        self.add_table::<surface::Connection>(&names);
        let mut fields = Vec::new();
        for (of, row) in surface::Edge::ALL {
            if *of == surface::Edge::Statement {
                let properties = edge_type.map(|it| it.members.properties.as_slice());
                fields.extend(properties.into_iter().flatten().map(|it| self.property(it)));
            }
            fields.push(self.field(row, &names));
        }
        let mut description = names.text(surface::Edge::DESCRIPTION);
        if let Some(text) = edge_type.and_then(|it| it.description.as_ref()) {
            description = format!("{description}\n\n{text}");
        }
        self.add(object(&edge, description, fields));
    }
}
