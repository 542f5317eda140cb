//! The tables of the API's own types, compared with the schema, the plans and the reserved names.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema};
use clew::api::{Api, Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::graph;
use clew::ontology::{self, BuiltIn, Scalar};
use clew::report::{Reports, SourceText};
use clew::surface::{self, Fields};

mod common;

fn compiles(sdl: &str) -> bool {
    ontology::compile(&[SourceText::whole("s.graphql", sdl)]).is_ok()
}

/// The graph of `tests/queries`, whose schema has all features of schemas.
fn library() -> (Engine, Schema) {
    engine(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/queries/graph"))
}

/// A graph without entities, whose type has a single value and a list of each scalar.
fn all_scalars() -> (Engine, Schema) {
    let own = ["ID", "String", "Int", "Float", "Boolean", "Kind", "Colour"];
    let added = Scalar::ADDED.map(|(name, _)| name);
    let names = own.into_iter().chain(added);
    let fields: Vec<String> = names
        .map(|it| {
            let search = if matches!(it, "String" | "Text") {
                "@search"
            } else {
                ""
            };
            format!("one{it}: {it} {search} many{it}: [{it}!]")
        })
        .collect();
    let sdl = format!(
        "enum Kind {{ ALPHA BETA }} scalar Colour type Item {{ {} }}",
        fields.join(" ")
    );
    engine(common::graph(&sdl, "").path())
}

fn engine(folder: &Path) -> (Engine, Schema) {
    let ontology = Arc::new(ontology::load(&folder.join("schema")).unwrap());
    let mut reports = Reports::default();
    let files = Files::find(&folder.join("data"), &mut reports);
    let snapshot = graph::build(&ontology, &files, &Progress::default(), &mut reports).unwrap();
    let engine = Engine::new(Arc::new(snapshot), Limits::default()).unwrap();
    let schema = Schema::parse_and_validate(engine.api().sdl(), "schema.graphql").unwrap();
    (engine, schema.into_inner())
}

/// A value of an input type, or a second, different one.
fn value(schema: &Schema, ty: &apollo_compiler::ast::Type, other: bool) -> String {
    let name = ty.inner_named_type();
    let value = match &schema.types[name] {
        ExtendedType::Enum(it) => {
            let names: Vec<_> = it.values.keys().take(2).collect();
            let name = if other { names.last() } else { names.first() };
            name.unwrap().to_string()
        }
        ExtendedType::InputObject(it) => {
            // Orders and lookups have exactly one field.
            let fields = it
                .fields
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "and" | "or" | "not"));
            let is_given =
                |(at, it): &(usize, (_, &Node<InputValueDefinition>))| *at == 0 || it.1.is_required();
            let fields = fields.enumerate().filter(is_given);
            let fields = fields.map(|(_, (name, it))| format!("{name}: {}", value(schema, &it.ty, other)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        _ => match (name.as_str(), other) {
            ("Int", false) => "3".to_owned(),
            ("Int", true) => "7".to_owned(),
            ("Float", false) => "0.5".to_owned(),
            ("Float", true) => "1.5".to_owned(),
            ("Boolean", _) => other.to_string(),
            ("Date", false) => "\"1996\"".to_owned(),
            ("Date", true) => "\"2001-02\"".to_owned(),
            ("DateTime", false) => "\"1996-08-27T10:00:00Z\"".to_owned(),
            ("DateTime", true) => "\"1997-08-27T10:00:00Z\"".to_owned(),
            ("Int64", false) => "\"3\"".to_owned(),
            ("Int64", true) => "-7".to_owned(),
            ("Duration", false) => "\"PT1H\"".to_owned(),
            ("Duration", true) => "\"P1DT0.5S\"".to_owned(),
            ("Decimal", false) => "\"1.5\"".to_owned(),
            ("Decimal", true) => "\"2.5\"".to_owned(),
            ("Point", false) => "{lat: 48.2, lon: 16.4}".to_owned(),
            ("Point", true) => "{lat: -48.2, lon: 16.4}".to_owned(),
            (_, false) => "\"branches\"".to_owned(),
            (_, true) => "\"partners\"".to_owned(),
        },
    };
    if ty.is_list() { format!("[{value}]") } else { value }
}

fn required(schema: &Schema, arguments: &[Node<InputValueDefinition>], but: Option<&str>) -> Vec<String> {
    // A lookup needs an id or a unique value.
    let is_needed = |it: &&Node<InputValueDefinition>| {
        (it.is_required() || it.name == "id") && Some(it.name.as_str()) != but
    };
    let needed = arguments.iter().filter(is_needed);
    needed
        .map(|it| format!("{}: {}", it.name, value(schema, &it.ty, false)))
        .collect()
}

/// A field with arguments, and with a selection if its type has fields.
fn asked(schema: &Schema, field: &FieldDefinition, arguments: &[String], selection: Option<&str>) -> String {
    let arguments = if arguments.is_empty() {
        String::new()
    } else {
        format!("({})", arguments.join(", "))
    };
    let is_leaf = schema.types[field.ty.inner_named_type()].is_leaf();
    let selection = selection
        .filter(|_| !is_leaf)
        .map_or_else(String::new, |it| format!(" {{ {it} }}"));
    format!("{}{arguments}{selection}", field.name)
}

/// For each object and interface, the query around one of its fields.
fn places(schema: &Schema) -> BTreeMap<String, (String, String)> {
    let mut places = BTreeMap::from([("Query".to_owned(), ("{ ".to_owned(), " }".to_owned()))]);
    let mut left = VecDeque::from(["Query".to_owned()]);
    while let Some(name) = left.pop_front() {
        let (before, after) = places[&name].clone();
        let mut found: Vec<(String, String, String)> = Vec::new();
        for field in fields(schema, &name) {
            let arguments = required(schema, &field.arguments, None);
            let inner = asked(schema, field, &arguments, Some("@"));
            let target = field.ty.inner_named_type().to_string();
            if let Some((head, tail)) = inner.split_once('@') {
                found.push((target, format!("{before}{head}"), format!("{tail}{after}")));
            }
        }
        let implementers = schema.implementers_map();
        let members: Vec<String> = match &schema.types[name.as_str()] {
            ExtendedType::Interface(_) => {
                let all = implementers.get(name.as_str());
                all.into_iter()
                    .flat_map(|it| it.iter().map(ToString::to_string))
                    .collect()
            }
            ExtendedType::Union(it) => it.members.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        for member in members {
            found.push((
                member.clone(),
                format!("{before}... on {member} {{ "),
                format!(" }}{after}"),
            ));
        }
        for (name, before, after) in found {
            if !places.contains_key(&name) {
                places.insert(name.clone(), (before, after));
                left.push_back(name);
            }
        }
    }
    places
}

fn fields<'s>(schema: &'s Schema, name: &str) -> Vec<&'s FieldDefinition> {
    match &schema.types[name] {
        ExtendedType::Object(it) => it.fields.values().map(|it| &**it).collect(),
        ExtendedType::Interface(it) => it.fields.values().map(|it| &**it).collect(),
        _ => Vec::new(),
    }
}

fn plan(engine: &Engine, query: &str) -> String {
    let plan = engine.plan(Request {
        query,
        operation_name: None,
        variables: None,
    });
    plan.unwrap_or_else(|answer| panic!("{query}: {}", String::from_utf8_lossy(&answer.body)))
}

#[test]
fn every_field_has_a_meaning_and_every_argument_changes_it() {
    let (engine, schema) = library();
    let places = places(&schema);
    let objects = schema
        .types
        .values()
        .filter(|it| it.is_object() && !it.is_built_in());
    let (mut of_fields, mut of_arguments) = (0, 0);
    let mut same = Vec::new();
    for definition in objects {
        let name = definition.name().as_str();
        let (before, after) = places
            .get(name)
            .unwrap_or_else(|| panic!("nothing leads to {name}"));
        let query = |field: &str| format!("{before}{field}{after}");
        for field in fields(&schema, name) {
            let needed = required(&schema, &field.arguments, None);
            let usual = plan(
                &engine,
                &query(&asked(&schema, field, &needed, Some("__typename"))),
            );
            of_fields += 1;
            let empty = plan(&engine, &query("__typename"));
            assert_ne!(usual, empty, "{name}.{} is in the plan", field.name);
            for argument in &field.arguments {
                let [one, other] = [false, true].map(|it| value(&schema, &argument.ty, it));
                // An enum may have a single value.
                if one == other {
                    continue;
                }
                let changes = |value: &String| {
                    let mut arguments = required(&schema, &field.arguments, Some(&argument.name));
                    arguments.push(format!("{}: {value}", argument.name));
                    let asked = asked(&schema, field, &arguments, Some("__typename"));
                    plan(&engine, &query(&asked)) != usual
                };
                of_arguments += 1;
                // One of them may be the default.
                if ![other, one].iter().any(changes) {
                    same.push(format!("{name}.{}({})", field.name, argument.name));
                }
            }
        }
    }
    assert!(same.is_empty(), "the plan does not have {same:#?}");
    assert!(
        of_fields > 500 && of_arguments > 500,
        "{of_fields} fields, {of_arguments} arguments"
    );
}

#[test]
fn every_operator_of_a_filter_is_in_the_plan() {
    let operators = operators_in_the_plan(library());
    assert!(operators >= 90, "{operators} operators");
    let operators = operators_in_the_plan(all_scalars());
    assert!(operators >= 100, "{operators} operators");
}

/// Sends queries with each operator of the schema and two values, and counts the operators.
fn operators_in_the_plan((engine, schema): (Engine, Schema)) -> usize {
    let places = places(&schema);
    // For each filter, an argument that takes it.
    let mut filters: BTreeMap<String, String> = BTreeMap::new();
    for (name, (before, after)) in &places {
        for field in fields(&schema, name) {
            for argument in field.arguments.iter().filter(|it| it.name == "filter") {
                let mut arguments = required(&schema, &field.arguments, None);
                arguments.push("filter: @".to_owned());
                let inner = asked(&schema, field, &arguments, Some("__typename"));
                let ty = argument.ty.inner_named_type().to_string();
                filters
                    .entry(ty)
                    .or_insert_with(|| format!("{before}{inner}{after}"));
            }
        }
    }
    let mut left: VecDeque<String> = filters.keys().cloned().collect();
    let mut operators = 0;
    while let Some(name) = left.pop_front() {
        let ExtendedType::InputObject(filter) = &schema.types[name.as_str()] else {
            panic!("{name} is no input type");
        };
        let query = filters[&name].clone();
        for (field, definition) in &filter.fields {
            let ty = definition.ty.inner_named_type();
            // `caseInsensitive` alone is not a condition.
            let mut beside = match field.as_str() {
                "caseInsensitive" => "contains: \"a\", ".to_owned(),
                _ => String::new(),
            };
            for (other, definition) in &filter.fields {
                if other != field && definition.is_required() {
                    let value = value(&schema, &definition.ty, false);
                    beside.extend([other.as_str(), ": ", &value, ", "]);
                }
            }
            if schema.types[ty].is_input_object() {
                let inner = if definition.ty.is_list() { "[@]" } else { "@" };
                let inner = query.replace('@', &format!("{{{beside}{field}: {inner}}}"));
                if !filters.contains_key(ty.as_str()) {
                    filters.insert(ty.to_string(), inner);
                    left.push_back(ty.to_string());
                }
                continue;
            }
            let [one, other] = [false, true].map(|it| {
                let value = value(&schema, &definition.ty, it);
                plan(
                    &engine,
                    &query.replace('@', &format!("{{{beside}{field}: {value}}}")),
                )
            });
            assert!(!one.contains("fails:"), "{name}.{field}: {one}");
            assert_ne!(one, other, "{name}.{field} is in the plan");
            operators += 1;
        }
    }
    operators
}

#[test]
fn no_schema_can_use_a_name_of_the_api() {
    let sdl = "type Zebra { stripes: Int }";
    let ontology = ontology::compile(&[SourceText::whole("s.graphql", sdl)]).unwrap();
    let api = Api::new(&ontology).unwrap();
    let schema = Schema::parse_and_validate(api.sdl(), "schema.graphql").unwrap();
    let own = schema
        .types
        .keys()
        .filter(|it| !it.starts_with("Zebra") && !it.starts_with("__"));
    let mut count = 0;
    for name in own {
        let also = format!("type Zebra {{ stripes: Int }} type {name} {{ other: Int }}");
        assert!(!compiles(&also), "{name} can be a type of a schema");
        count += 1;
    }
    assert!(count > 50, "{count} types");
    for (_, row) in surface::Query::ALL {
        let taken = format!("type Zebra @entity(plural: \"{}\") {{ stripes: Int }}", row.name);
        assert!(!compiles(&taken), "{} can be a root field", row.name);
    }
    for (_, row) in surface::Entity::ALL {
        let taken = format!("type Zebra {{ stripes: Int {}: Boolean }}", row.name);
        // A declared field replaces a built-in one.
        let is_free = BuiltIn::named(row.name).is_some();
        assert_eq!(compiles(&taken), is_free, "{} as a field", row.name);
    }
    for (_, row) in surface::Edge::ALL {
        let taken = format!(
            "type Zebra {{ herd: [Zebra!]! @relation(name: \"H\", edge: \"Near\") }} type Near @edge {{ {}: Int }}",
            row.name
        );
        assert!(!compiles(&taken), "{} can be a property of an edge", row.name);
    }
    assert!(compiles(sdl));
}
