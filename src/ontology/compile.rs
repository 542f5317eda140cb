//! From a schema to an ontology: what each definition is, the properties, and then the relations.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveList, FieldDefinition, Type};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use super::context::{Compiler, Kind, OF_A_FIELD, argument, deprecated, is_name};
use super::names::{GeneratedNames, root_fields};
use super::prelude::{
    FILTER_WORDS, LITERALS, edge_words, entity_field, reserved_fields, reserved_root_fields, reserved_types,
    source_field,
};
use super::sdl;
use super::{
    BuiltIn, CustomScalar, Domain, ENTITY, EdgeType, EdgeTypeId, EntityType, Enum, EnumId, EnumValue,
    Int64Form, Interface, InterfaceId, Member, Members, Ontology, Property, RelationField, RootFields,
    Scalar, TypeId, Union, UnionId, external_ids, limits, relations,
};
use crate::folder;
use crate::memory::{Allowance, Meter};
use crate::report::{Code, Place, Report, Reports, SourceText};
use crate::surface::Row;

/// Reads and compiles all `.graphql` and `.graphqls` files below a folder.
///
/// # Errors
/// With all that is wrong in all files.
pub fn load(folder: &Path) -> Result<Ontology, Reports> {
    load_within(folder, &Allowance::default())
}

/// As [`load`], with at most this memory.
///
/// # Errors
/// With all that is wrong in all files, or with one report where there is not enough memory.
pub fn load_within(folder: &Path, memory: &Allowance) -> Result<Ontology, Reports> {
    let mut reports = Reports::default();
    let files = read_files(folder, &mut reports);
    if reports.has_errors() {
        return Err(reports);
    }
    compile_within(&files, memory)
}

/// Whether a file of this name in the schema folder is read.
pub fn is_schema(name: &Path) -> bool {
    name.extension()
        .is_some_and(|it| it == "graphql" || it == "graphqls")
}

/// Warns of files in the schema folder that are not read because of their names.
pub fn unread(folder: &Path) -> Reports {
    let mut reports = Reports::default();
    for path in folder::files(folder, &mut |_| ()) {
        let name = path.file_name().map(|it| it.to_string_lossy().to_lowercase());
        let is_sdl = name.is_some_and(|it| it.contains(".graphql.") || it.contains(".gql."));
        if !is_schema(&path) && (is_sdl || !folder::is_companion(&path)) {
            let message = format!(
                "\"{}\" is not named like a schema file, and is not read",
                path.display()
            );
            let hint = "schema files end in .graphql or .graphqls; keep other files elsewhere";
            reports.push(Report::new(Code::IGNORED_FILE, message).hint(hint));
        }
    }
    reports
}

/// Maximum length of all files of a schema, in bytes.
const LARGEST: usize = 64 << 20;

/// The first bytes of a file, at most `most`.
fn read_at_most(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(most as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read_files(folder: &Path, reports: &mut Reports) -> Vec<Arc<SourceText>> {
    let mut is_folder = true;
    let mut paths = folder::files(folder, &mut |problem| {
        is_folder &= !problem.is_of(folder);
        reports.push(problem.report(folder, Code::SCHEMA_UNREADABLE, "schema"));
    });
    if !is_folder {
        return Vec::new();
    }
    paths.retain(|path| is_schema(path));
    if paths.is_empty() {
        reports.push(
            Report::new(
                Code::SCHEMA_UNREADABLE,
                format!("there is no .graphql file in \"{}\"", folder.display()),
            )
            .hint("put the types of the graph into files that end in .graphql or .graphqls"),
        );
    }
    let mut files = Vec::new();
    let mut left = LARGEST;
    for path in paths {
        let shown = path.display().to_string();
        // Reading a pipe or a device may never end.
        if path.exists() && !path.is_file() {
            let message = format!("\"{shown}\" is not a regular file");
            let hint = "remove it from the schema folder, or give it a name that begins with a dot";
            reports.push(Report::new(Code::SCHEMA_UNREADABLE, message).hint(hint));
            continue;
        }
        let read = read_at_most(&path, left + 1);
        if read.as_ref().is_ok_and(|it| it.len() > left) {
            let message = format!("the files of the schema have more than {LARGEST} bytes, with \"{shown}\"");
            let hint = "a schema of thousands of types has a few megabytes: remove what is not a schema";
            reports.push(Report::new(Code::SCHEMA_UNREADABLE, message).hint(hint));
            break;
        }
        left -= read.as_ref().map_or(0, Vec::len);
        match read.map(String::from_utf8) {
            Ok(Ok(text)) => files.push(SourceText::whole(shown, text)),
            Ok(Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let end = text[at..].chars().next().map_or(at, |it| at + it.len_utf8());
                let is_utf16 = at == 0 && matches!(error.as_bytes(), [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
                let place = Place {
                    source: SourceText::whole(shown, if is_utf16 { String::new() } else { text }),
                    span: if is_utf16 { 0..0 } else { at..end },
                };
                let report = Report::new(Code::SCHEMA_UNREADABLE, "the file is not UTF-8 here");
                reports.push(
                    report
                        .at(place, "these bytes are no character")
                        .hint("save the file as UTF-8"),
                );
            }
            Err(error) => reports.push(Report::new(
                Code::SCHEMA_UNREADABLE,
                format!("cannot read \"{shown}\": {error}"),
            )),
        }
    }
    files
}

/// Compiles the texts of a schema.
///
/// # Errors
/// With all that is wrong in all of them.
pub fn compile(files: &[Arc<SourceText>]) -> Result<Ontology, Reports> {
    compile_within(files, &Allowance::default())
}

/// As [`compile`], with at most this memory.
///
/// # Errors
/// With all that is wrong in all of them, or with one report where there is not enough memory.
pub fn compile_within(files: &[Arc<SourceText>], memory: &Allowance) -> Result<Ontology, Reports> {
    let compiled = checked(files, memory);
    let Some(excess) = memory.excess() else {
        return compiled;
    };
    // The other reports may be wrong, since the schema was not read to its end.
    let message = format!("the schema takes more memory than it may: {excess}");
    let hint = "allow more with --max-memory-total, or split the schema";
    Err(Reports(vec![Report::new(Code::MEMORY, message).hint(hint)]))
}

fn checked(files: &[Arc<SourceText>], memory: &Allowance) -> Result<Ontology, Reports> {
    let mut reports = Reports::default();
    let sdl = sdl::read(files, memory, &mut reports);
    if memory.is_passed() || !limits::check(&sdl, &mut reports) {
        reports.sort();
        return Err(reports);
    }
    let mut compiler = Compiler {
        sdl: &sdl,
        reports,
        kinds: HashMap::new(),
        meter: Meter::new(memory),
    };
    let mut ontology = compiler.definitions();
    ontology.fingerprint = fingerprint(files);
    ontology.sources = files.to_vec();
    if !memory.is_passed() {
        relations::link(&mut compiler, &mut ontology);
    }
    if memory.holds() {
        compiler.check_generated(&ontology);
    }
    let mut reports = compiler.reports;
    if reports.0.is_empty() {
        external_ids::add_built_in(&mut ontology);
        return Ok(ontology);
    }
    reports.sort();
    reports
        .0
        .dedup_by(|a, b| a.code == b.code && a.message == b.message && same_place(a, b));
    Err(reports)
}

fn same_place(a: &Report, b: &Report) -> bool {
    let key = |report: &Report| {
        let place = report.place.as_ref()?;
        Some((place.source.path.clone(), place.span.clone()))
    };
    key(a) == key(b)
}

/// Stable over runs and versions: it names revisions and is part of cursors.
fn fingerprint(files: &[Arc<SourceText>]) -> u64 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for file in files {
        file.text.hash(&mut hasher);
    }
    hasher.finish()
}

/// About as many bytes as a generated name takes while names are compared.
const OF_A_GENERATED_NAME: usize = 256;

/// A type's or interface's parts that both have.
struct Outline<'a> {
    name: &'a str,
    directives: &'a DirectiveList,
    fields: &'a apollo_compiler::collections::IndexMap<apollo_compiler::Name, Node<FieldDefinition>>,
}

impl Compiler<'_> {
    fn definitions(&mut self) -> Ontology {
        let sdl = self.sdl;
        let mut ontology = Ontology {
            types: Vec::new(),
            interfaces: vec![entity_interface()],
            unions: Vec::new(),
            enums: Vec::new(),
            custom_scalars: Vec::new(),
            edge_types: Vec::new(),
            relations: Vec::new(),
            prefixes: self.prefixes(),
            source_type: TypeId(0),
            fingerprint: 0,
            sources: Vec::new(),
            int64: Int64Form::default(),
            relations_by_name: OnceLock::new(),
            domains: HashMap::new(),
        };
        for (name, scalar) in Scalar::ADDED {
            self.kinds.insert(name.to_owned(), Kind::Value(scalar));
        }
        for name in ["ID", "String", "Int", "Float", "Boolean"] {
            if let Some(scalar) = Scalar::by_name(name) {
                self.kinds.insert(name.to_owned(), Kind::Value(scalar));
            }
        }
        for name in ["Entity", "Node"] {
            self.kinds
                .insert(name.to_owned(), Kind::Entities(Domain::Interface(ENTITY)));
        }
        // Names first, so that the order of definitions does not matter.
        let mut own: Vec<&ExtendedType> = sdl
            .schema
            .types
            .values()
            .filter(|it| !it.is_built_in() && (sdl.place(it.location()).is_some() || it.name() == "Source"))
            .collect();
        own.sort_by_key(|it| it.name() == "Source");
        let (mut types, mut interfaces, mut unions, mut enums, mut scalars, mut edges) = (0, 1, 0, 0, 0, 0);
        let next = |count: &mut usize| {
            *count += 1;
            *count - 1
        };
        for definition in &own {
            let kind = match definition {
                ExtendedType::Object(it) if is_edge(it) => Kind::Edge(EdgeTypeId::at(next(&mut edges))),
                ExtendedType::Object(_) => Kind::Entities(Domain::Type(TypeId::at(next(&mut types)))),
                ExtendedType::Interface(_) => {
                    Kind::Entities(Domain::Interface(InterfaceId::at(next(&mut interfaces))))
                }
                ExtendedType::Union(_) => Kind::Entities(Domain::Union(UnionId::at(next(&mut unions)))),
                ExtendedType::Enum(_) => Kind::Value(Scalar::Enum(EnumId::at(next(&mut enums)))),
                ExtendedType::Scalar(_) => Kind::Value(Scalar::Custom(next(&mut scalars) as u16)),
                ExtendedType::InputObject(_) => continue,
            };
            self.kinds.insert(definition.name().to_string(), kind);
        }
        for (name, kind) in &self.kinds {
            if let Kind::Entities(domain) = kind {
                ontology.domains.insert(name.clone(), *domain);
            }
        }
        for definition in &own {
            self.definition(definition, &mut ontology);
        }
        ontology.source_type = TypeId::at(ontology.types.len() - 1);
        ontology.interfaces[ENTITY.index()].types = ontology.type_ids().collect();
        for id in ontology.type_ids() {
            for interface in ontology.types[id.index()].interfaces.clone() {
                let types = &mut ontology.interfaces[interface.index()].types;
                if !types.contains(&id) {
                    types.push(id);
                }
            }
        }
        if ontology.types.len() == 1 && !self.reports.has_errors() {
            self.reports.push(
                Report::new(Code::NO_ENTITY_TYPE, "the schema has no entity type")
                    .hint("define at least one: `type Person { name: String! }`"),
            );
        }
        ontology
    }

    fn definition(&mut self, definition: &ExtendedType, ontology: &mut Ontology) {
        let text = |it: &Option<Node<str>>| it.as_ref().map(|text| text.as_str().to_owned());
        match definition {
            ExtendedType::Object(it) if is_edge(it) => {
                if let Some(entity) = it.directives.get("entity") {
                    let report = Report::new(
                        Code::DIRECTIVE_PLACE,
                        format!("\"{}\" is an edge type, and @entity is for entities", it.name),
                    )
                    .hint("keep one of @edge and @entity");
                    self.report(report, entity.location(), "not allowed together with @edge");
                }
                if let Some(interface) = it.implements_interfaces.first() {
                    let report = Report::new(
                        Code::EDGE_AS_ENTITY,
                        format!("the edge type \"{}\" implements \"{interface}\"", it.name),
                    )
                    .hint("interfaces are for entities; leave `implements` out");
                    self.report(report, interface.location(), "an interface of entities");
                }
                let members = self.edge_members(&it.name, it.fields.values());
                ontology.edge_types.push(EdgeType {
                    name: it.name.to_string(),
                    description: text(&it.description),
                    members,
                });
            }
            ExtendedType::Object(it) => {
                if let Some(edge) = it.directives.get("edge") {
                    let report = Report::new(
                        Code::DIRECTIVE_PLACE,
                        format!(
                            "\"{}\" is an entity type, and @edge is for properties of edges",
                            it.name
                        ),
                    )
                    .hint("leave @edge out; a type of your own can hold the properties of edges");
                    self.report(report, edge.location(), "citations point into sources");
                }
                self.check_type_name(&it.name);
                let outline = Outline {
                    name: &it.name,
                    directives: &it.directives,
                    fields: &it.fields,
                };
                let members = self.members(&outline);
                let inherited = it.implements_interfaces.iter().filter_map(|name| {
                    let interface = self.sdl.schema.get_interface(name)?;
                    interface.directives.get("entity")
                });
                let inherited: Vec<Node<Directive>> = inherited.cloned().collect();
                let label = self.label(&outline, &members, &inherited);
                let description_property = match members.get("description") {
                    Some(Member::Property(no)) => Some(no),
                    _ => None,
                };
                let mut interfaces = vec![ENTITY];
                interfaces.extend(self.interface_ids(it.implements_interfaces.iter()));
                ontology.types.push(EntityType {
                    name: it.name.to_string(),
                    description: text(&it.description),
                    class: self.class(&it.directives, "entity"),
                    root: self.root(&it.name, &it.directives),
                    label,
                    description_property,
                    aliases: None,
                    same_as: None,
                    interfaces,
                    members,
                });
            }
            ExtendedType::Interface(it) => {
                let outline = Outline {
                    name: &it.name,
                    directives: &it.directives,
                    fields: &it.fields,
                };
                let members = self.members(&outline);
                self.label(&outline, &members, &[]);
                ontology.interfaces.push(Interface {
                    name: it.name.to_string(),
                    description: text(&it.description),
                    class: self.class(&it.directives, "entity"),
                    root: self.root(&it.name, &it.directives),
                    interfaces: self.interface_ids(it.implements_interfaces.iter()),
                    types: Vec::new(),
                    members,
                });
            }
            ExtendedType::Union(it) => {
                let mut types = Vec::new();
                for member in &it.members {
                    match self.kind(member) {
                        Some(Kind::Entities(Domain::Type(id))) => types.push(id),
                        Some(Kind::Edge(_)) => {
                            let report = Report::new(
                                Code::EDGE_AS_ENTITY,
                                format!(
                                    "the edge type \"{member}\" is a member of the union \"{}\"",
                                    it.name
                                ),
                            )
                            .hint("a union holds entity types");
                            self.report(report, member.location(), "an edge type");
                        }
                        _ => {}
                    }
                }
                types.sort();
                ontology.unions.push(Union {
                    name: it.name.to_string(),
                    description: text(&it.description),
                    types,
                });
            }
            ExtendedType::Enum(it) => {
                let values = it.values.values().map(|value| EnumValue {
                    name: value.value.to_string(),
                    description: text(&value.description),
                    deprecated: deprecated(&value.directives),
                });
                ontology.enums.push(Enum {
                    name: it.name.to_string(),
                    description: text(&it.description),
                    values: values.collect(),
                });
            }
            ExtendedType::Scalar(it) => ontology.custom_scalars.push(CustomScalar {
                name: it.name.to_string(),
                description: text(&it.description),
                specified_by: it
                    .directives
                    .get("specifiedBy")
                    .and_then(|directive| argument(directive, "url")),
            }),
            ExtendedType::InputObject(_) => {}
        }
    }

    fn interface_ids<'n>(
        &self,
        names: impl Iterator<Item = &'n Node<apollo_compiler::Name>>,
    ) -> Vec<InterfaceId> {
        let ids = names.filter_map(|name| match self.kind(name) {
            Some(Kind::Entities(Domain::Interface(id))) if id != ENTITY => Some(id),
            _ => None,
        });
        ids.collect()
    }

    fn root(&mut self, name: &str, directives: &DirectiveList) -> RootFields {
        let directive = directives.get("entity");
        let plural = directive.and_then(|it| argument(it, "plural"));
        let fields = root_fields(name, plural.as_deref());
        let at = directive
            .filter(|_| plural.is_some())
            .map_or_else(|| self.type_location(name), Node::location);
        if !is_name(&fields.many) {
            let report = Report::new(
                Code::PLURAL,
                format!(
                    "the plural \"{}\" of \"{name}\" is not a GraphQL name",
                    fields.many
                ),
            )
            .hint("use letters, digits and underscores, beginning with a letter");
            self.report(report, at, "not a name");
        } else if fields.many == fields.one {
            let report = Report::new(
                Code::PLURAL,
                format!(
                    "the plural of \"{name}\" is \"{}\", which is its singular too",
                    fields.many
                ),
            )
            .hint(format!("say another: @entity(plural: \"all{name}\")"));
            self.report(report, at, "one root field cannot give one and many");
        }
        fields
    }

    fn type_location(&self, name: &str) -> Option<SourceSpan> {
        self.sdl.schema.types.get(name)?.name().location()
    }

    fn label(
        &mut self,
        outline: &Outline,
        members: &Members,
        inherited: &[Node<Directive>],
    ) -> Option<super::PropertyNo> {
        let mut directives = outline.directives.get("entity").into_iter().chain(inherited);
        let explicit = directives.find_map(|it| Some((argument(it, "label")?, it.clone())));
        let text_property = |name: &str| match members.get(name) {
            Some(Member::Property(no)) => {
                let property = members.property(no);
                let textual = property.scalar.is_text() && !property.list;
                textual.then_some(no)
            }
            _ => None,
        };
        if let Some((name, directive)) = explicit {
            let found = text_property(&name);
            if found.is_none() {
                let candidates = members
                    .properties
                    .iter()
                    .filter(|it| it.scalar.is_text() && !it.list);
                let candidates: Vec<&str> = candidates.map(|it| it.name.as_str()).collect();
                let report = Report::new(
                    Code::LABEL,
                    format!(
                        "the label \"{name}\" of \"{}\" is not a text property of it",
                        outline.name
                    ),
                )
                .hint(if candidates.is_empty() {
                    "give the type a property of type String, or leave `label` out: the id then serves"
                        .to_owned()
                } else {
                    format!(
                        "its text properties are {}",
                        crate::report::quoted_list(&candidates, "and")
                    )
                });
                self.report(report, directive.location(), "names no text property");
            }
            return found;
        }
        ["label", "name", "title"].into_iter().find_map(text_property)
    }

    fn members(&mut self, outline: &Outline) -> Members {
        let mut members = Members::default();
        for field in outline.fields.values() {
            if !self.meter.takes(OF_A_FIELD) {
                break;
            }
            let at = field.location();
            self.check_arguments(outline.name, field);
            let shown = format!("\"{}.{}\"", outline.name, field.name);
            self.check_field_name(&shown, &field.name, field.name.location());
            match self.kind(field.ty.inner_named_type()) {
                Some(Kind::Value(scalar)) => {
                    if let Some(directive) = field.directives.get("relation") {
                        let report = Report::new(
                            Code::RELATION_TO_VALUE,
                            format!(
                                "\"{}.{}\" is a {}, and a relation ends in entities",
                                outline.name, field.name, field.ty
                            ),
                        )
                        .hint("leave @relation out, or give the field an entity type");
                        self.report(report, directive.location(), "not a relation");
                    }
                    if !self.takes_generated_place(outline.name, field) {
                        continue;
                    }
                    if field.name == "id" {
                        continue;
                    }
                    if let Some(property) = self.property(outline.name, field, scalar) {
                        members.push_property(property);
                    }
                }
                Some(Kind::Edge(_)) => {
                    let report = Report::new(
                        Code::EDGE_AS_ENTITY,
                        format!(
                            "\"{}.{}\" ends in the edge type \"{}\"",
                            outline.name,
                            field.name,
                            field.ty.inner_named_type()
                        ),
                    )
                    .hint("name the type that the edge leads to, and the edge type in @relation(edge: …)");
                    self.report(report, at, "an edge type is not an entity");
                }
                // Relations come later, when all types are known.
                Some(Kind::Entities(_)) => {
                    self.takes_generated_place(outline.name, field);
                    self.value_directives_on_relation(outline.name, field);
                    if is_nested(&field.ty) {
                        self.nested_list(outline.name, field);
                    }
                }
                None => {}
            }
        }
        members
    }

    /// Entity types are values of the enum `EntityType`.
    fn check_type_name(&mut self, name: &apollo_compiler::Name) {
        if LITERALS.contains(&name.as_str()) {
            let report = Report::new(Code::UNUSABLE_NAME, format!("\"{name}\" cannot be an entity type"))
                .hint("clients name types in an enum, and GraphQL's enums have no true, false or null; give it another name");
            self.report(report, name.location(), "a word of GraphQL");
        }
    }

    fn value_directives_on_relation(&mut self, owner: &str, field: &Node<FieldDefinition>) {
        for (name, code) in [
            ("search", Code::SEARCH_NOT_TEXT),
            ("unique", Code::INDEX_NOT_SCALAR),
            ("index", Code::INDEX_NOT_SCALAR),
        ] {
            if let Some(directive) = field.directives.get(name) {
                let report = Report::new(
                    code,
                    format!("@{name} on \"{owner}.{}\", which is a relation", field.name),
                )
                .hint("it is for fields that hold values");
                self.report(report, directive.location(), "a relation has no value");
            }
        }
    }

    fn edge_members<'f>(
        &mut self,
        name: &str,
        fields: impl Iterator<Item = &'f Node<FieldDefinition>>,
    ) -> Members {
        let mut members = Members::default();
        let edge_words = edge_words();
        for field in fields {
            if !self.meter.takes(OF_A_FIELD) {
                break;
            }
            self.check_arguments(name, field);
            if FILTER_WORDS.contains(&field.name.as_str()) {
                let report = Report::new(
                    Code::UNUSABLE_NAME,
                    format!("\"{name}.{}\" has a name that filters use themselves", field.name),
                )
                .hint(format!(
                    "give the field another name; reserved are {}, {}",
                    edge_words.join(", "),
                    FILTER_WORDS.join(", ")
                ));
                self.report(report, field.name.location(), "combines conditions in filters");
            }
            if edge_words.contains(&field.name.as_str()) {
                let report = Report::new(
                    Code::DATA_WORD,
                    format!("\"{name}.{}\" has a name that edges use themselves", field.name),
                )
                .hint(format!(
                    "{} are taken; give the field another name",
                    crate::report::quoted_list(&edge_words, "and")
                ));
                self.report(report, field.name.location(), "taken");
            }
            match self.kind(field.ty.inner_named_type()) {
                Some(Kind::Value(scalar)) => {
                    if let Some(property) = self.property(name, field, scalar) {
                        members.push_property(property);
                    }
                }
                Some(_) => {
                    let report = Report::new(
                        Code::EDGE_FIELD,
                        format!("\"{name}.{}\" of an edge type leads to entities", field.name),
                    )
                    .hint("an edge holds values; make a type of its own for what has relations");
                    self.report(report, field.location(), "not a value");
                }
                None => {}
            }
        }
        members
    }

    fn check_arguments(&mut self, owner: &str, field: &FieldDefinition) {
        if let Some(argument) = field.arguments.first() {
            let report = Report::new(
                Code::FIELD_ARGUMENTS,
                format!("\"{owner}.{}\" has arguments", field.name),
            )
            .hint("arguments are generated from the field's type; leave them out");
            self.report(report, argument.location(), "no place for arguments");
        }
    }

    fn nested_list(&mut self, owner: &str, field: &FieldDefinition) {
        let report = Report::new(
            Code::NESTED_LIST,
            format!("\"{owner}.{}\" is a list of lists: {}", field.name, field.ty),
        )
        .hint("use one list, or the scalar JSON");
        self.report(report, field.ty.inner_named_type().location(), "too deep");
    }

    /// Whether a field may be declared in addition to the generated ones.
    fn takes_generated_place(&mut self, owner: &str, field: &FieldDefinition) -> bool {
        if BuiltIn::named(&field.name).is_some() {
            return true;
        }
        let of_sources = (owner == "Source").then(|| source_field(&field.name)).flatten();
        if let Some(Row { name, ty, .. }) = of_sources {
            let message = format!(
                "\"{owner}.{name}\" is {}, and Clew generates `{name}: {ty}`",
                field.ty
            );
            let report = Report::new(Code::GENERATED_FIELD, message)
                .hint("every source gets this field; give yours another name");
            self.report(report, field.name.location(), "taken");
            return false;
        }
        let Some(Row { name, ty, .. }) = entity_field(&field.name) else {
            return true;
        };
        let declared = field.ty.to_string();
        let fits = declared == *ty || (*name == "description" && declared == "String!");
        if fits && matches!(*name, "id" | "label" | "description") {
            return true;
        }
        let hint = if matches!(*name, "id" | "label" | "description") {
            format!("declare it as {ty}, or give it another name")
        } else {
            format!(
                "every entity gets this field; give yours another name. Reserved are {}",
                reserved_fields()
            )
        };
        let report = Report::new(
            Code::GENERATED_FIELD,
            format!("\"{owner}.{name}\" is {declared}, and Clew generates `{name}: {ty}`"),
        )
        .hint(hint);
        self.report(report, field.name.location(), "taken");
        false
    }

    fn property(&mut self, owner: &str, field: &Node<FieldDefinition>, scalar: Scalar) -> Option<Property> {
        if is_nested(&field.ty) {
            self.nested_list(owner, field);
            return None;
        }
        let (list, item_required) = match &field.ty {
            Type::List(item) | Type::NonNullList(item) => (true, item.is_non_null()),
            _ => (false, false),
        };
        let search = field.directives.get("search");
        if let Some(directive) = search
            && !matches!(scalar, Scalar::String | Scalar::Text)
        {
            let report = Report::new(
                Code::SEARCH_NOT_TEXT,
                format!("@search on \"{owner}.{}\", which is {}", field.name, field.ty),
            )
            .hint("it is for fields of type String or Text");
            self.report(report, directive.location(), "not text");
        }
        let mut flag = |name: &str| {
            let Some(directive) = field.directives.get(name) else {
                return false;
            };
            if list || !scalar.is_ordered() || scalar == Scalar::Text {
                let report = Report::new(Code::INDEX_NOT_SCALAR, format!("@{name} on \"{owner}.{}\", which is {}", field.name, field.ty))
                    .hint("it is for single values that have an order: not for lists, Text, Point, JSON or scalars of your own");
                self.report(report, directive.location(), "no single ordered value");
            }
            true
        };
        let (unique, index) = (flag("unique"), flag("index"));
        Some(Property {
            name: field.name.to_string(),
            description: field.description.as_ref().map(|it| it.as_str().to_owned()),
            deprecated: deprecated(&field.directives),
            scalar,
            list,
            required: field.ty.is_non_null(),
            item_required,
            search: search.is_some(),
            unique,
            index,
            built_in: None,
        })
    }

    /// All generated names are free and different.
    fn check_generated(&mut self, ontology: &Ontology) {
        let names = GeneratedNames(ontology);
        let mut types: BTreeMap<String, String> = BTreeMap::new();
        for name in self.kinds.keys() {
            types.insert(name.clone(), format!("the type \"{name}\""));
        }
        for name in reserved_types() {
            types.insert(name.clone(), format!("Clew's own \"{name}\""));
        }
        let mut clashes: BTreeSet<(String, String, String, String)> = BTreeSet::new();
        let mut claim = |name: String, what: String, owner: &str| {
            if let Some(other) = types.insert(name.clone(), what.clone())
                && other != what
            {
                clashes.insert((name, other, what, owner.to_owned()));
            }
        };
        let mut domains: Vec<Domain> = ontology.type_ids().map(Domain::Type).collect();
        domains.extend((1..ontology.interfaces.len()).map(|at| Domain::Interface(InterfaceId::at(at))));
        let unions = (0..ontology.unions.len()).map(|at| Domain::Union(UnionId::at(at)));
        for domain in domains.iter().copied().chain(unions) {
            let owner = ontology.name_of(domain);
            let mut generated = Vec::from(names.of_lists(domain, None));
            generated.extend([
                names.aggregate(domain, None),
                names.group(domain),
                names.group_by(domain),
                names.group_filter(domain),
                names.group_order(domain),
            ]);
            if !matches!(domain, Domain::Union(_)) {
                generated.push(names.unique(domain));
            }
            for name in generated {
                claim(name, format!("what is generated for the type \"{owner}\""), owner);
            }
        }
        let scalars = (0..ontology.custom_scalars.len()).map(|at| Scalar::Custom(at as u16));
        let enums = (0..ontology.enums.len()).map(|at| Scalar::Enum(EnumId::at(at)));
        let fixed = ["ID", "String", "Int", "Float", "Boolean"].map(Scalar::by_name);
        let fixed = fixed.into_iter().flatten();
        let added = Scalar::ADDED.iter().map(|(_, scalar)| *scalar);
        for scalar in fixed.chain(added).chain(scalars).chain(enums) {
            let name = ontology.scalar_name(scalar);
            let generated = [
                names.scalar_filter(scalar, false),
                names.scalar_filter(scalar, true),
                names.measures(scalar),
            ];
            let is_own = matches!(scalar, Scalar::Enum(_) | Scalar::Custom(_));
            for generated in generated {
                if !is_own && reserved_types().contains(&generated) {
                    continue;
                }
                claim(
                    generated,
                    match scalar {
                        Scalar::Enum(_) => format!("what is generated for the enum \"{name}\""),
                        _ => format!("what is generated for the scalar \"{name}\""),
                    },
                    name,
                );
            }
        }
        for (at, edge) in ontology.edge_types.iter().enumerate() {
            let id = EdgeTypeId::at(at);
            for name in [
                names.edge_filter(id),
                names.edge_order(id),
                names.edge_aggregate(id),
            ] {
                claim(
                    name,
                    format!("what is generated for the type \"{}\"", edge.name),
                    &edge.name,
                );
            }
        }
        for (domain, edge) in ontology.described_ends() {
            if !self.meter.takes(6 * OF_A_GENERATED_NAME) {
                return;
            }
            let (owner, of) = (ontology.name_of(domain), &ontology.edge_types[edge.index()].name);
            let aggregate = names.aggregate(domain, Some(edge));
            for name in names.of_lists(domain, Some(edge)).into_iter().chain([aggregate]) {
                let what = format!("what is generated for relations to \"{owner}\" with the edge \"{of}\"");
                claim(name, what, owner);
            }
        }
        // Two owners clash in many names at once, which is one mistake.
        let mut by_owners: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (name, one, other, owner) in clashes {
            by_owners.entry((one, other, owner)).or_default().push(name);
        }
        for ((one, other, owner), names) in by_owners {
            let clashing = match &*names {
                [name] => format!("the name \"{name}\" is"),
                [first, second] => format!("the names \"{first}\" and \"{second}\" are"),
                [first, rest @ ..] => format!("the names \"{first}\" and {} more are", rest.len()),
                [] => continue,
            };
            let report = Report::new(
                Code::GENERATED_CLASH,
                format!("{clashing} needed twice: for {one} and for {other}"),
            )
            .hint("give one of them another name");
            let at = names.iter().find_map(|it| self.type_location(it));
            let at = at.or_else(|| self.type_location(&owner));
            self.report(report, at, "clashes");
        }
        self.check_root(ontology, &domains);
        self.check_edge_fields(ontology, &domains);
    }

    fn check_root(&mut self, ontology: &Ontology, domains: &[Domain]) {
        let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
        for name in reserved_root_fields() {
            taken.insert(name, "Clew itself");
        }
        taken.insert("entity", "Clew itself");
        taken.insert("entities", "Clew itself");
        for domain in domains {
            let name = ontology.name_of(*domain);
            let root = match domain {
                Domain::Type(id) => &ontology.types[id.index()].root,
                Domain::Interface(id) => &ontology.interfaces[id.index()].root,
                Domain::Union(_) => continue,
            };
            if root.one == root.many {
                continue; // reported with the plural
            }
            for field in [&root.one, &root.many] {
                if let Some(other) = taken.insert(field, name) {
                    let report = Report::new(
                        Code::GENERATED_CLASH,
                        format!("the root field \"{field}\" of \"{name}\" is taken by {other}"),
                    )
                    .hint("say another plural with @entity(plural: \"…\"), or give the type another name");
                    let at = self.type_location(name);
                    self.report(report, at, "its root field is taken");
                }
            }
        }
    }

    /// A filter on a relation whose edges have properties has the field `edge` beside those of the other end.
    fn check_edge_filter(&mut self, ontology: &Ontology, domain: Domain, field: &RelationField) {
        let has_edge = ontology
            .members_of(field.seen)
            .is_some_and(|it| it.get("edge").is_some());
        if !has_edge || ontology.relation(field.relation).edge.is_none() {
            return;
        }
        let (owner, seen) = (ontology.name_of(domain), ontology.name_of(field.seen));
        let message = format!(
            "\"{owner}.{}\" leads to \"{seen}\", whose field \"edge\" has the name of a filter on edges",
            field.name
        );
        let report = Report::new(Code::GENERATED_CLASH, message).hint(format!(
            "give \"{seen}.edge\" another name, or leave `edge` out of the relation"
        ));
        let at = self.type_location(owner);
        self.report(report, at, "its filters would have \"edge\" twice");
    }

    fn check_edge_fields(&mut self, ontology: &Ontology, domains: &[Domain]) {
        let names = GeneratedNames(ontology);
        for domain in domains {
            let Some(members) = ontology.members_of(*domain) else {
                continue;
            };
            for field in &members.fields {
                self.check_edge_filter(ontology, *domain, field);
            }
            let to_one = members.fields.iter().filter(|field: &&RelationField| !field.many);
            for field in to_one {
                let edge = names.to_one_edge(field);
                if members.get(&edge).is_some() {
                    let owner = ontology.name_of(*domain);
                    let report = Report::new(
                        Code::GENERATED_CLASH,
                        format!(
                            "\"{owner}.{edge}\" is generated for the edge of \"{}\"",
                            field.name
                        ),
                    )
                    .hint("give your field another name");
                    let at = self.type_location(owner);
                    self.report(report, at, "has both");
                }
            }
        }
    }
}

/// Citations point into sources, so `Source` is an entity type whatever its directives are.
fn is_edge(ty: &apollo_compiler::schema::ObjectType) -> bool {
    ty.directives.has("edge") && ty.name != "Source"
}

/// `Entity` is no definition of the user's; its generated fields are the API's to know.
fn entity_interface() -> Interface {
    Interface {
        name: "Entity".to_owned(),
        description: None,
        class: None,
        root: RootFields {
            one: "entity".to_owned(),
            many: "entities".to_owned(),
        },
        interfaces: Vec::new(),
        types: Vec::new(),
        members: Members::default(),
    }
}

fn is_nested(ty: &Type) -> bool {
    match ty {
        Type::List(item) | Type::NonNullList(item) => item.is_list(),
        _ => false,
    }
}
