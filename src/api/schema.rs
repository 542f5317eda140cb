//! The public schema: every type, field and argument that is generated from an ontology, described.
//!
//! async-graphql builds it and exports its SDL. Its resolvers are never called: plans answer.

use std::collections::BTreeSet;

use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, InputObject, InputValue, Interface, InterfaceField, Object,
    Scalar as ScalarType, Schema, SchemaBuilder, SchemaError, TypeRef, Union,
};

use crate::ontology::{
    Direction, Domain, ENTITY, GeneratedNames, InterfaceId, Members, Ontology, Property, RelationField,
    Scalar, UnionId,
};
use crate::plan::DEFAULT_PAGE;

/// What async-graphql's schema says otherwise than it is: `docs/decisions/front-end-libraries.md` says why.
#[derive(Debug, Default)]
pub(super) struct Amendments {
    /// Interfaces that implement others, which async-graphql does not export.
    pub implements: Vec<(String, Vec<String>)>,
    /// Types of fields, by type and field, whose nullability async-graphql's check would refuse.
    pub types: Vec<(String, String, String)>,
}

/// Builds the schema of an ontology, and says what must be amended in what it exports.
///
/// # Errors
/// When async-graphql finds a rule of GraphQL broken, which the ontology's own checks prevent.
pub(super) fn build(ontology: &Ontology) -> Result<(Schema, Amendments), SchemaError> {
    let mut generator = Generator {
        ontology,
        names: GeneratedNames(ontology),
        schema: Schema::build("Query", None, None),
        filters: BTreeSet::new(),
        amendments: Amendments::default(),
    };
    generator.fixed();
    generator.own_definitions();
    generator.entities();
    generator.inputs();
    generator.query();
    Ok((generator.schema.finish()?, generator.amendments))
}

struct Generator<'a> {
    ontology: &'a Ontology,
    names: GeneratedNames<'a>,
    schema: SchemaBuilder,
    /// The value filters that are used, by name.
    filters: BTreeSet<String>,
    amendments: Amendments,
}

/// A field, for an object or an interface.
struct FieldSpec {
    name: String,
    ty: TypeRef,
    description: String,
    deprecated: Option<String>,
    arguments: Vec<InputValue>,
}

impl FieldSpec {
    fn new(name: impl Into<String>, ty: TypeRef, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ty,
            description: description.into(),
            deprecated: None,
            arguments: Vec::new(),
        }
    }

    fn with(mut self, arguments: impl IntoIterator<Item = InputValue>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    fn on_object(self) -> Field {
        let mut field =
            Field::new(self.name, self.ty, |_| FieldFuture::from_value(None)).description(self.description);
        if let Some(reason) = &self.deprecated {
            field = field.deprecation(Some(reason));
        }
        self.arguments.into_iter().fold(field, Field::argument)
    }

    fn on_interface(self) -> InterfaceField {
        let mut field = InterfaceField::new(self.name, self.ty).description(self.description);
        if let Some(reason) = &self.deprecated {
            field = field.deprecation(Some(reason));
        }
        self.arguments.into_iter().fold(field, InterfaceField::argument)
    }
}

fn object(name: &str, description: impl Into<String>, fields: Vec<FieldSpec>) -> Object {
    let object = Object::new(name).description(description);
    fields
        .into_iter()
        .map(FieldSpec::on_object)
        .fold(object, Object::field)
}

fn named(name: impl Into<String>) -> TypeRef {
    TypeRef::named(name.into())
}

fn required(name: impl Into<String>) -> TypeRef {
    TypeRef::named_nn(name.into())
}

fn list(name: impl Into<String>) -> TypeRef {
    TypeRef::named_nn_list_nn(name.into())
}

/// A list argument or input field: its items are never null, itself may be left out.
fn optional_list(name: impl Into<String>) -> TypeRef {
    TypeRef::named_nn_list(name.into())
}

/// The type without its exclamation marks.
fn nullable(ty: &TypeRef) -> TypeRef {
    match ty {
        TypeRef::NonNull(inner) => nullable(inner),
        TypeRef::List(inner) => TypeRef::List(Box::new(nullable(inner))),
        TypeRef::Named(_) => ty.clone(),
    }
}

fn input(name: &str, ty: TypeRef, description: impl Into<String>) -> InputValue {
    InputValue::new(name, ty).description(description)
}

fn page_arguments() -> [InputValue; 4] {
    let first =
        format!("At most so many from the start. Where neither `first` nor `last` is given, {DEFAULT_PAGE}.");
    [
        input("first", named("Int"), first),
        input("after", named("String"), "Only what comes after this cursor."),
        input("last", named("Int"), "At most so many from the end."),
        input("before", named("String"), "Only what comes before this cursor."),
    ]
}

fn page_fields(of: &str) -> [FieldSpec; 2] {
    [
        FieldSpec::new(
            "pageInfo",
            required("PageInfo"),
            "Where this page stands in the whole list.",
        ),
        FieldSpec::new(
            "totalCount",
            required("Int"),
            format!(
                "How many {of} there are on all pages together. With a filter this looks at each candidate."
            ),
        ),
    ]
}

fn join(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [head @ .., tail] => {
            let head: Vec<String> = head.iter().map(|it| format!("`{it}`")).collect();
            format!("{} {last} `{tail}`", head.join(", "))
        }
    }
}

impl Generator<'_> {
    fn add(&mut self, ty: impl Into<async_graphql::dynamic::Type>) {
        let empty = Schema::build("Query", None, None);
        self.schema = std::mem::replace(&mut self.schema, empty).register(ty);
    }

    /// Types that every graph has.
    fn fixed(&mut self) {
        let scalar = |name: &str, description: &str| ScalarType::new(name).description(description);
        self.add(scalar("Date", "A date with its precision, or an interval of two: `1996`, `1996-08`, `1996-08-27`, `2009/2012` (EDTF level 0). Dates compare by the span of days that they cover.").specified_by_url("https://www.loc.gov/standards/datetime/"));
        self.add(
            scalar("DateTime", "A point in time, such as `1996-08-27T10:00:00Z`.")
                .specified_by_url("https://www.rfc-editor.org/rfc/rfc3339"),
        );
        self.add(scalar("URL", "An absolute URL.").specified_by_url("https://url.spec.whatwg.org/"));
        self.add(scalar(
            "Text",
            "A text that may be given in several languages; the argument `lang` of its field chooses.",
        ));
        self.add(scalar(
            "Decimal",
            "A decimal number of any precision, written as a string so that no digit is lost.",
        ));
        self.add(
            scalar("JSON", "Any JSON value.").specified_by_url("https://www.rfc-editor.org/rfc/rfc8259"),
        );
        let item = |name: &str, description: &str| EnumItem::new(name).description(description);
        self.add(
            Enum::new("Rank")
                .description("How far a statement is trusted against others about the same thing.")
                .item(item("PREFERRED", "The one to give."))
                .item(item("NORMAL", "As good as any."))
                .item(item(
                    "DEPRECATED",
                    "Known to be wrong or outdated; kept, because a source says it.",
                )),
        );
        self.add(
            Enum::new("Direction")
                .description("Which way edges are walked.")
                .item(item("OUT", "From where they begin to where they end."))
                .item(item("IN", "From where they end to where they begin."))
                .item(item("BOTH", "Either way.")),
        );
        self.add(
            Enum::new("SortOrder")
                .description("Which values come first. Missing values come last unless it says otherwise; ties are always put in the order of the ids.")
                .item(item("ASC", "Smallest first, missing values last."))
                .item(item("DESC", "Greatest first, missing values last."))
                .item(item("ASC_NULLS_FIRST", "Missing values first, then smallest first."))
                .item(item("ASC_NULLS_LAST", "Smallest first, missing values last."))
                .item(item("DESC_NULLS_FIRST", "Missing values first, then greatest first."))
                .item(item("DESC_NULLS_LAST", "Greatest first, missing values last.")),
        );
        let types = self.ontology.types.iter().fold(
            Enum::new("EntityType").description("The types of entities in this graph."),
            |all, it| {
                let item = EnumItem::new(&it.name);
                all.item(match &it.description {
                    Some(text) => item.description(text),
                    None => item,
                })
            },
        );
        self.add(types);
        if !self.ontology.relations.is_empty() {
            let relations = self.ontology.relation_ids().fold(
                Enum::new("RelationName").description("The relations of this graph."),
                |all, id| {
                    let description = self.relation_description(id);
                    all.item(EnumItem::new(&self.ontology.relation(id).name).description(description))
                },
            );
            self.add(relations);
        }
        self.add(object(
            "PageInfo",
            "Where a page stands in the whole list.",
            vec![
                FieldSpec::new(
                    "hasNextPage",
                    required("Boolean"),
                    "Whether more follow after this page.",
                ),
                FieldSpec::new(
                    "hasPreviousPage",
                    required("Boolean"),
                    "Whether some come before this page.",
                ),
                FieldSpec::new(
                    "startCursor",
                    named("String"),
                    "The cursor of the first on this page; null on an empty one.",
                ),
                FieldSpec::new(
                    "endCursor",
                    named("String"),
                    "The cursor of the last on this page; null on an empty one.",
                ),
            ],
        ));
        self.provenance();
        self.graph_info();
        let id = || {
            FieldSpec::new(
                "id",
                required("ID"),
                "The id: unique in the whole graph, stable, safe in URLs.",
            )
        };
        self.add(
            Interface::new("Node")
                .description("Anything that has an id, as Relay has it.")
                .field(id().on_interface()),
        );
    }

    fn relation_description(&self, id: crate::ontology::RelationId) -> String {
        let relation = self.ontology.relation(id);
        let first = self.ontology.type_ids().find_map(|it| {
            let no = relation.field(it, Direction::Out)?;
            Some((it, no))
        });
        let Some((start, no)) = first else {
            return String::new();
        };
        let start_type = self.ontology.entity_type(start);
        let field = start_type.members.field(no);
        let target = self.ontology.name_of(field.seen);
        let inverse = match &relation.inverse {
            Some(inverse) => format!(", seen from there as `{inverse}`"),
            None if relation.symmetric => ", the same from both sides".to_owned(),
            None => String::new(),
        };
        let text = field
            .description
            .as_ref()
            .map_or_else(String::new, |it| format!("{it}\n\n"));
        format!(
            "{text}`{}.{}` leads to {target}{inverse}.",
            field.owner, field.name
        )
    }

    fn provenance(&mut self) {
        self.add(object(
            "Citation",
            "One place in a source that says so.",
            vec![
                FieldSpec::new("source", required("Source"), "The source."),
                FieldSpec::new(
                    "locator",
                    named("String"),
                    "The place in it: a section, paragraph and sentence (`history/2/1`), a page, a URL.",
                ),
                FieldSpec::new("note", named("String"), "A remark of who entered the fact."),
            ],
        ));
        self.add(object(
            "Validity",
            "When a statement holds. An end that is not known is null.",
            vec![
                FieldSpec::new("from", named("Date"), "From when."),
                FieldSpec::new("until", named("Date"), "Until when."),
            ],
        ));
        self.add(object(
            "Statement",
            "One thing that the graph says of an entity: a value of a property, or an edge to another entity, with where it comes from.",
            vec![
                FieldSpec::new("field", required("String"), "The schema's field on this side. An edge that this side has no field for is named by the other side's, after a `^`."),
                FieldSpec::new("value", named("JSON"), "The value of a property; null for an edge."),
                FieldSpec::new("target", named("Entity"), "The entity at the other end of an edge; null for a property."),
                FieldSpec::new("edge", named("JSON"), "The edge's own properties; null where its relation has none."),
                FieldSpec::new("rank", required("Rank"), "How far it is trusted against others about the same thing."),
                FieldSpec::new("valid", named("Validity"), "When it holds; null where nothing is said of it."),
                FieldSpec::new("citations", list("Citation"), "Where it comes from; empty where no source is given."),
            ],
        ));
        let mut link = vec![
            FieldSpec::new(
                "from",
                required("Entity"),
                "The entity that the link was asked of.",
            ),
            FieldSpec::new("to", required("Entity"), "The entity at the other end."),
            FieldSpec::new("relation", required("String"), "The relation's name."),
            FieldSpec::new(
                "field",
                required("String"),
                "The schema's field on the side of `from`. Where it has none, the other side's after a `^`.",
            ),
            FieldSpec::new(
                "forward",
                required("Boolean"),
                "Whether the edge was stored this way round.",
            ),
            FieldSpec::new(
                "edge",
                named("JSON"),
                "The edge's own properties; null where its relation has none.",
            ),
        ];
        link.push(FieldSpec::new(
            "statement",
            required("Statement"),
            "The edge as a statement about `from`, with where it comes from.",
        ));
        self.add(object("Link", "An edge, seen from one of its ends.", link));
        for (name, of) in [("Statement", "statements"), ("Link", "links")] {
            let connection = format!("{name}Connection");
            let edge = format!("{name}Edge");
            let mut fields = vec![
                FieldSpec::new("nodes", list(name), format!("The {of} of this page.")),
                FieldSpec::new(
                    "edges",
                    list(edge.as_str()),
                    format!("The {of} of this page, each with its cursor."),
                ),
            ];
            fields.extend(page_fields(of));
            self.add(object(&connection, format!("A page of {of}."), fields));
            let fields = vec![
                FieldSpec::new("node", required(name), format!("One of the {of}.")),
                FieldSpec::new(
                    "cursor",
                    required("String"),
                    "Its place in the list, for `after` and `before`.",
                ),
            ];
            self.add(object(
                &edge,
                format!("One of the {of} and its place in the list."),
                fields,
            ));
        }
    }

    fn graph_info(&mut self) {
        let sources = self.list_arguments(Domain::Type(self.ontology.source_type));
        self.add(object(
            "GraphInfo",
            "What this graph is and holds.",
            vec![
                FieldSpec::new("title", named("String"), "What the graph is called."),
                FieldSpec::new("description", named("String"), "What it is about."),
                FieldSpec::new("licence", named("String"), "Under which terms its data may be used."),
                FieldSpec::new("url", named("String"), "Where it is described."),
                FieldSpec::new("revision", required("String"), "Which data and schema it was built from: the same files give the same revision. Cursors belong to one."),
                FieldSpec::new("entityCount", required("Int"), "How many entities it has, sources among them."),
                FieldSpec::new("edgeCount", required("Int"), "How many edges it has."),
                FieldSpec::new("statementCount", required("Int"), "How many statements it makes: values and edges."),
                FieldSpec::new("sourceCount", required("Int"), "How many sources it has."),
                FieldSpec::new("citationCount", required("Int"), "How many citations it has."),
                FieldSpec::new("componentCount", required("Int"), "Into how many parts it falls that no edge connects."),
                FieldSpec::new("types", list("TypeInfo"), "The types of its entities."),
                FieldSpec::new("relations", list("RelationInfo"), "Its relations."),
                FieldSpec::new("sources", required(self.names.root_connection(Domain::Type(self.ontology.source_type))), "Its sources.").with(sources),
                FieldSpec::new("examples", list("ExampleQuery"), "Queries that show what can be asked of it."),
            ],
        ));
        self.add(object(
            "ExampleQuery",
            "A query that shows what can be asked of this graph.",
            vec![
                FieldSpec::new("title", required("String"), "The question in words."),
                FieldSpec::new("query", required("String"), "The question in GraphQL."),
            ],
        ));
        self.add(object(
            "TypeInfo",
            "A type of entities.",
            vec![
                FieldSpec::new("name", required("String"), "Its name."),
                FieldSpec::new("description", named("String"), "What the schema says of it."),
                FieldSpec::new("class", named("String"), "The IRI of its RDF class."),
                FieldSpec::new(
                    "count",
                    required("Int"),
                    "How many entities of this type there are.",
                ),
            ],
        ));
        self.add(object(
            "RelationInfo",
            "A relation between entities.",
            vec![
                FieldSpec::new("name", required("String"), "Its name."),
                FieldSpec::new(
                    "field",
                    required("String"),
                    "The field that an entity at the start of an edge has.",
                ),
                FieldSpec::new(
                    "inverse",
                    named("String"),
                    "The field that an entity at the end of an edge has; null where it has none.",
                ),
                FieldSpec::new(
                    "symmetric",
                    required("Boolean"),
                    "Whether an edge holds both ways.",
                ),
                FieldSpec::new(
                    "transitive",
                    required("Boolean"),
                    "Whether it may be followed over several edges as one.",
                ),
                FieldSpec::new("from", list("String"), "The types that its edges begin at."),
                FieldSpec::new("to", list("String"), "The types that its edges end in."),
                FieldSpec::new("class", named("String"), "The IRI of its RDF property."),
                FieldSpec::new("count", required("Int"), "How many edges it has."),
            ],
        ));
    }

    /// Scalars, enums and unions of the schema.
    fn own_definitions(&mut self) {
        for scalar in &self.ontology.custom_scalars {
            let mut ty = ScalarType::new(&scalar.name).description(
                scalar
                    .description
                    .clone()
                    .unwrap_or_else(|| "A scalar of this graph's own.".to_owned()),
            );
            if let Some(url) = &scalar.specified_by {
                ty = ty.specified_by_url(url);
            }
            self.add(ty);
        }
        for it in &self.ontology.enums {
            let mut ty = Enum::new(&it.name);
            if let Some(text) = &it.description {
                ty = ty.description(text);
            }
            for value in &it.values {
                let mut item = EnumItem::new(&value.name);
                if let Some(text) = &value.description {
                    item = item.description(text);
                }
                if let Some(reason) = &value.deprecated {
                    item = item.deprecation(Some(reason));
                }
                ty = ty.item(item);
            }
            self.add(ty);
        }
        for it in &self.ontology.unions {
            let names: Vec<&str> = it
                .types
                .iter()
                .map(|id| self.ontology.entity_type(*id).name.as_str())
                .collect();
            let description = it
                .description
                .clone()
                .unwrap_or_else(|| format!("Either {}.", join(&names, "or")));
            let ty = names
                .iter()
                .fold(Union::new(&it.name).description(description), |ty, name| {
                    ty.possible_type(*name)
                });
            self.add(ty);
        }
    }

    fn domains(&self) -> Vec<Domain> {
        let interfaces =
            (0..self.ontology.interfaces.len()).map(|at| Domain::Interface(InterfaceId(at as u16)));
        interfaces
            .chain(self.ontology.type_ids().map(Domain::Type))
            .collect()
    }

    fn noun(&self, domain: Domain) -> &str {
        match domain {
            Domain::Type(id) => &self.ontology.entity_type(id).root.many,
            Domain::Interface(id) => &self.ontology.interfaces[id.index()].root.many,
            Domain::Union(_) => "entities",
        }
    }

    /// Entity types and interfaces, with their connections and edges.
    fn entities(&mut self) {
        for domain in self.domains() {
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
                    ty = ty.description(description);
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
                    let mut ty = Object::new(&name).description(description).implement("Node");
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
            "The id: unique in the whole graph, stable, safe in URLs.",
        )];
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
            let mut spec = FieldSpec::new(&field.name, ty, text)
                .with(arguments)
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

    fn list_arguments(&self, domain: Domain) -> Vec<InputValue> {
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

    /// The filters and orders of a relation whose edges have properties.
    fn edge_inputs(&mut self, field: &RelationField, id: crate::ontology::EdgeTypeId) {
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
        let order = order.field(input(
            "edge",
            named(names.edge_order(id)),
            "By the edge's own properties.",
        ));
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
    fn inputs(&mut self) {
        let unions = (0..self.ontology.unions.len()).map(|at| Domain::Union(UnionId(at as u16)));
        let domains: Vec<Domain> = self.domains().into_iter().chain(unions).collect();
        for domain in domains {
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

    fn unique_properties(&self, domain: Domain) -> Vec<&Property> {
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

    fn query(&mut self) {
        let mut fields = vec![
            FieldSpec::new("graph", required("GraphInfo"), "What this graph is and holds."),
            FieldSpec::new("node", named("Entity"), "The entity with an id, whatever its type; null where there is none.")
                .with([input("id", required("ID"), "Its id.")]),
            FieldSpec::new("nodes", TypeRef::named_list_nn("Entity"), "The entities with these ids, in the order asked for; null in the place of one that is not there.")
                .with([input("ids", list("ID"), "Their ids.")]),
        ];
        for domain in self.domains() {
            let root = match domain {
                Domain::Type(id) => &self.ontology.entity_type(id).root,
                Domain::Interface(id) => &self.ontology.interfaces[id.index()].root,
                Domain::Union(_) => continue,
            };
            let name = self.ontology.name_of(domain);
            let about = match domain {
                Domain::Type(id) => self.ontology.entity_type(id).description.clone(),
                Domain::Interface(id) => self.ontology.interfaces[id.index()].description.clone(),
                Domain::Union(_) => None,
            };
            let about = about.map_or_else(String::new, |it| format!("\n\n{it}"));
            let one = if self.unique_properties(domain).is_empty() {
                FieldSpec::new(
                    &root.one,
                    named(name),
                    format!("One {name} by its id; null where there is none.{about}"),
                )
                .with([input("id", required("ID"), "Its id.")])
            } else {
                FieldSpec::new(&root.one, named(name), format!("One {name}, by its id or by a value that only it has: exactly one of the two; null where there is none.{about}")).with([
                    input("id", named("ID"), "Its id."),
                    input("by", named(self.names.unique(domain)), "A value that only it has."),
                ])
            };
            let many = FieldSpec::new(
                &root.many,
                required(self.names.root_connection(domain)),
                format!("All {}, page by page.{about}", root.many),
            );
            fields.push(one);
            fields.push(many.with(self.list_arguments(domain)));
        }
        self.add(object(
            "Query",
            "Where every question begins: one entity by its id, or a list of those of a type.",
            fields,
        ));
    }
}

fn order_fields(mut order: InputObject, members: &Members) -> InputObject {
    for property in members
        .properties
        .iter()
        .filter(|it| it.scalar.is_ordered() && !it.list)
    {
        order = order.field(input(
            &property.name,
            named("SortOrder"),
            format!("By `{}`.", property.name),
        ));
    }
    order
}
