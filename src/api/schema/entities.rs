//! Entity types, interfaces, unions and enums of the schema, with their connections and edges.

use async_graphql::dynamic::{
    Enum, EnumItem, InputValue, Interface, Object, Scalar as ScalarType, TypeRef, Union,
};

use super::{
    FieldSpec, Generator, OF_A_VALUE, input, join, list, named, nullable, object, optional_list,
    page_arguments, page_fields, required, sealed,
};
use crate::ontology::{Direction, Domain, ENTITY, InterfaceId, Property, RelationField, Scalar};

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

    pub(super) fn noun(&self, domain: Domain) -> &str {
        match domain {
            Domain::Type(id) => &self.ontology.entity_type(id).root.many,
            Domain::Interface(id) => &self.ontology.interfaces[id.index()].root.many,
            Domain::Union(_) => "entities",
        }
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
                        (None, ENTITY) => "Anything that the graph knows, whatever its type.".to_owned(),
                        (None, _) => format!("What {} have in common.", join(&types, "and")),
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
            self.root_types(domain);
            self.field_types(domain);
        }
    }

    /// The fields of a type or an interface.
    fn fields(&self, domain: Domain) -> Vec<FieldSpec> {
        let Some(members) = self.ontology.members_of(domain) else {
            return Vec::new();
        };
        let mut fields = vec![FieldSpec::new(
            "id",
            required("ID"),
            "The id: unique in the whole graph, stable, safe in URLs. As of a date, `<entityId>?asOf=<date>`.",
        )];
        fields.push(FieldSpec::new(
            "entityId",
            required("ID"),
            "The id as the data have it, the same at every date.",
        ));
        if members.get("label").is_none() {
            let by = match domain {
                Domain::Type(id) => match self.ontology.entity_type(id).label {
                    Some(no) => format!(
                        "What it is called: its `{}`, or its id where it has none.",
                        members.property(no).name
                    ),
                    None => "What it is called: its id.".to_owned(),
                },
                _ => "What it is called: a name or a title, or the id where it has neither.".to_owned(),
            };
            fields.push(FieldSpec::new("label", required("String"), by));
        }
        if members.get("description").is_none() {
            let text = match domain {
                Domain::Type(_) => {
                    "What is said of it in a sentence or two; entities of this type have none."
                }
                _ => "What is said of it in a sentence or two, where its type has such a field.",
            };
            fields.push(FieldSpec::new("description", named("String"), text));
        }
        fields.extend(members.properties.iter().map(|it| self.property(it)));
        for field in &members.fields {
            fields.extend(self.relation(field));
        }
        fields.push(FieldSpec::new(
            "degree",
            required("Int"),
            "How many edges it has, over all relations, either way.",
        ));
        let path = input(
            "path",
            required("String"),
            "The fields of relations to follow: `a/b` one after the other, `a|b` either, `^a` against its direction, `a*` any number of times, `a+` once or more, `a?` once or not at all, `a{2,3}` so many times, with parentheses; as the property paths of SPARQL 1.1 have it, `^` before `*`, that before `/`, that before `|`.",
        );
        let follow = FieldSpec::new(
            "follow",
            required("EntityConnection"),
            "What a path of relations leads to, each entity once, such as `partners|memberOf/partOf*`. A field that an entity does not have leads nowhere. Costs as much as there are edges on the way.",
        );
        fields.push(follow.with([path]).with(self.found_arguments()));
        let statements = FieldSpec::new(
            "statements",
            required("StatementConnection"),
            "All that the graph says of it: a statement for each value of a property and for each edge, in either direction, each with where it comes from. Where sources disagree, all are here. Costs as much as it has statements, whatever the page.",
        );
        let only = input(
            "fields",
            optional_list("String"),
            "Only statements about these fields of the schema.",
        );
        fields.push(statements.with([only]).with(page_arguments()));
        let mut arguments = Vec::new();
        if !self.ontology.relations.is_empty() {
            arguments.push(input(
                "via",
                optional_list("RelationName"),
                "Only over these relations.",
            ));
        }
        arguments.push(input(
            "direction",
            named("Direction"),
            "Only edges that run this way; both ways where it is not given.",
        ));
        let links = FieldSpec::new(
            "links",
            required("LinkConnection"),
            "All its edges, over all relations. Costs as much as it has edges, whatever the page.",
        );
        fields.push(links.with(arguments).with(page_arguments()));
        fields
    }

    fn property(&self, property: &Property) -> FieldSpec {
        let scalar = self.ontology.scalar_name(property.scalar);
        let ty = match (property.list, property.required, property.item_required) {
            (false, true, _) => required(scalar),
            (false, false, _) => named(scalar),
            (true, true, true) => list(scalar),
            (true, true, false) => TypeRef::named_list_nn(scalar),
            (true, false, true) => optional_list(scalar),
            (true, false, false) => TypeRef::named_list(scalar),
        };
        let mut description = property
            .description
            .clone()
            .unwrap_or_else(|| format!("Its `{}`.", property.name));
        if property.unique {
            description.push_str("\n\nNo two have the same.");
        }
        let mut field = FieldSpec::new(&property.name, ty, description);
        field.deprecated.clone_from(&property.deprecated);
        if property.scalar == Scalar::Text {
            let lang = input(
                "lang",
                optional_list("String"),
                "Languages, best first, as BCP 47 tags. Without it, or where none of them is there: the text without a language, else the first.",
            );
            field = field.with([lang]);
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
        if field.many {
            let arguments = [
                input(
                    "filter",
                    named(self.names.field_filter(field)),
                    "Only those that meet this.",
                ),
                input(
                    "orderBy",
                    optional_list(self.names.field_order(field)),
                    "In this order, the first key counting most; by id where it is not given.",
                ),
            ];
            let ty = required(self.names.field_connection(field));
            let depth = self.ontology.relation(field.relation).transitive.then(|| {
                input(
                    "depth",
                    named("Int"),
                    "Over up to so many edges one after the other: the nearest first, each entity once, with the edge that it was first reached by. Costs as much as there are edges on the way.",
                )
            });
            let mut spec = FieldSpec::new(&field.name, ty, text)
                .with(arguments)
                .with(depth)
                .with(page_arguments());
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
            named(self.names.field_edge(field)),
            format!(
                "The edge that `{}` follows: its own properties, and the statement with where it comes from.",
                field.name
            ),
        );
        vec![spec, edge]
    }

    /// The connection and the edge of a domain's root list.
    fn root_types(&mut self, domain: Domain) {
        let (connection, edge) = (self.names.root_connection(domain), self.names.root_edge(domain));
        let name = self.ontology.name_of(domain).to_owned();
        let noun = self.noun(domain).to_owned();
        let mut fields = vec![
            FieldSpec::new("nodes", list(&*name), format!("The {noun} of this page.")),
            FieldSpec::new(
                "edges",
                list(edge.as_str()),
                format!("The {noun} of this page, each with its cursor."),
            ),
        ];
        fields.extend(page_fields(&noun));
        fields.push(self.aggregate_field(domain));
        self.add(object(&connection, format!("A page of {noun}."), fields));
        let fields = vec![
            FieldSpec::new("node", required(&*name), "The entity."),
            FieldSpec::new(
                "cursor",
                required("String"),
                "Its place in the list, for `after` and `before`.",
            ),
        ];
        self.add(object(
            &edge,
            format!("One of the {noun} and its place in the list."),
            fields,
        ));
    }

    /// The connections and edges of the relation fields that a domain is the owner of.
    fn field_types(&mut self, domain: Domain) {
        let ontology = self.ontology;
        let owner = ontology.name_of(domain);
        let fields = ontology
            .members_of(domain)
            .map(|it| it.fields.as_slice())
            .unwrap_or_default();
        for field in fields.iter().filter(|it| it.owner == owner) {
            let target = ontology.name_of(field.seen);
            let noun = self.noun(field.seen).to_owned();
            let edge_type = ontology
                .relation(field.relation)
                .edge
                .map(|id| &ontology.edge_types[id.index()]);
            let edge_name = self.names.field_edge(field);
            let mut edge = vec![FieldSpec::new(
                "node",
                required(target),
                "The entity at the other end.",
            )];
            if field.many {
                edge.push(FieldSpec::new(
                    "cursor",
                    required("String"),
                    "Its place in the list, for `after` and `before`.",
                ));
            }
            for property in edge_type
                .map(|it| it.members.properties.as_slice())
                .unwrap_or_default()
            {
                edge.push(self.property(property));
            }
            edge.push(FieldSpec::new(
                "statement",
                required("Statement"),
                "The edge as a statement, with where it comes from.",
            ));
            let about = edge_type
                .and_then(|it| it.description.clone())
                .map_or_else(String::new, |it| format!(" {it}"));
            self.add(object(
                &edge_name,
                format!("An edge of `{owner}.{}`.{about}", field.name),
                edge,
            ));
            if field.many {
                let mut connection = vec![
                    FieldSpec::new("nodes", list(target), format!("The {noun} of this page.")),
                    FieldSpec::new(
                        "edges",
                        list(edge_name.as_str()),
                        "The edges to them: what is said of each, beside the entity itself.",
                    ),
                ];
                connection.extend(page_fields(&noun));
                connection.push(self.aggregate_field(field.seen));
                self.add(object(
                    &self.names.field_connection(field),
                    format!("A page of what `{owner}.{}` leads to.", field.name),
                    connection,
                ));
            }
            if let Some(id) = ontology.relation(field.relation).edge {
                self.edge_inputs(field, id);
            }
        }
    }

    /// The arguments of a list of entities of all types that something else has found.
    pub(super) fn found_arguments(&self) -> Vec<InputValue> {
        self.list_arguments(Domain::Interface(ENTITY))
    }

    pub(super) fn list_arguments(&self, domain: Domain) -> Vec<InputValue> {
        let mut arguments = vec![
            input(
                "filter",
                named(self.names.filter(domain)),
                "Only those that meet this. Each candidate is looked at.",
            ),
            input(
                "orderBy",
                optional_list(self.names.order(domain)),
                "In this order, the first key counting most; by id where it is not given.",
            ),
        ];
        arguments.extend(page_arguments());
        arguments
    }
}
