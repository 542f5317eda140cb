//! The generated schema: its types, and the meaning of types that several fields share.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use common::{Server, clew, graph, root, text};
use serde_json::json;

mod common;

const SCHEMA: &str = r#"
interface Named { name: String! }
type Campaign implements Named {
  name: String!
  parts: [Part!]! @relation(name: "PART", inverse: "campaigns", edge: "Share")
  begun: Place @relation(name: "BEGUN", inverse: "beginnings")
  held: Place @relation(name: "HELD", edge: "Stay")
  regions: [Place!]! @relation(name: "REGION")
}
type Part implements Named {
  name: String!
  parts: [Part!]! @relation(name: "SUBPART", edge: "Share")
  at: [Spot!]! @relation(name: "AT")
}
type Place implements Named { name: String! size: Int }
union Spot = Place | Part
"How much of it."
type Share @edge { percent: Int }
type Stay @edge { days: Int }
enum Unused { ALPHA BETA }
scalar Unusual
"#;

const DATA: &str = "
Source: {s: {title: S}}
Campaign:
  c: {name: C, parts: [{to: p, percent: 40}], begun: x, held: {to: x, days: 3}, regions: [x, y]}
  d: {name: D, begun: x}
Part:
  p: {name: P, parts: [{to: q, percent: 5}], at: [x]}
  q: {name: Q}
Place:
  x: {name: X, size: 1}
  y: {name: Y}
";

fn sdl(folder: &std::path::Path, arguments: &[&str]) -> String {
    let output = clew(folder, &[&["schema"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn parsed(sdl: &str) -> Schema {
    let schema = Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
    schema.into_inner()
}

fn own_types(schema: &Schema) -> impl Iterator<Item = (&str, &ExtendedType)> {
    let all = schema.types.iter();
    all.filter(|(_, it)| !it.is_built_in())
        .map(|(name, it)| (name.as_str(), it))
}

#[test]
fn relations_share_types_by_target_and_edge_type() {
    let folder = graph(SCHEMA, DATA);
    let schema = parsed(&sdl(folder.path(), &[]));
    let object = |name: &str| schema.get_object(name).unwrap();
    let ty = |of: &str, field: &str| object(of).fields[field].ty.to_string();
    assert_eq!(ty("Campaign", "parts"), "PartShareConnection!");
    assert_eq!(ty("Part", "parts"), "PartShareConnection!");
    assert_eq!(ty("Part", "campaigns"), "CampaignShareConnection!");
    assert_eq!(ty("Campaign", "regions"), "PlaceConnection!");
    assert_eq!(ty("Query", "places"), "PlaceConnection");
    assert_eq!(ty("Part", "at"), "SpotConnection!");
    assert_eq!(ty("Place", "beginnings"), "CampaignConnection!");
    assert_eq!(ty("Campaign", "begunEdge"), "PlaceEdge");
    assert_eq!(ty("Campaign", "heldEdge"), "PlaceStayEdge");
    let argument = |field: &str, name: &str| {
        let argument = object("Campaign").fields[field].argument_by_name(name).unwrap();
        argument.ty.to_string()
    };
    assert_eq!(argument("parts", "filter"), "PartShareFilter");
    assert_eq!(argument("parts", "orderBy"), "[PartShareOrder!]");
    assert_eq!(argument("regions", "filter"), "PlaceFilter");
    assert_eq!(argument("regions", "orderBy"), "[PlaceOrder!]");
    let filter = schema.get_input_object("CampaignFilter").unwrap();
    assert_eq!(filter.fields["parts"].ty.to_string(), "PartShareRelationFilter");
    assert_eq!(filter.fields["regions"].ty.to_string(), "PlaceRelationFilter");
    assert_eq!(filter.fields["begun"].ty.to_string(), "PlaceRelationFilter");
}

#[test]
fn a_shared_type_answers_wherever_it_is() {
    let folder = graph(SCHEMA, DATA);
    let server = Server::of(folder.path(), &[]);
    let answer = server.ask(
        r#"{
          places { ...P }
          campaign(id: "c") {
            regions(filter: { size: { isNull: true } }) { ...P }
            begunEdge { ...E cursor }
            heldEdge { __typename days node { id } statement { field edge } }
            parts(filter: { edge: { percent: { gt: 10 } } }, orderBy: [{ edge: { percent: DESC } }]) { ...S }
          }
          part(id: "p") { parts { ...S } at { __typename edges { __typename statement { field } } } }
          part(id: "p") { again: parts(filter: { edge: { percent: { gt: 10 } } }) { totalCount } }
        }
        fragment P on PlaceConnection { __typename totalCount edges { ...E } }
        fragment E on PlaceEdge { __typename node { id } statement { field target { id } } }
        fragment S on PartShareConnection { __typename edges { __typename percent node { id } statement { field } } }"#,
    );
    let cursor = &answer["data"]["campaign"]["begunEdge"]["cursor"];
    assert!(cursor.as_str().is_some_and(|it| !it.is_empty()), "{answer}");
    let edge = |id: &str, statement: serde_json::Value| json!({"__typename": "PlaceEdge", "node": {"id": id}, "statement": statement});
    let share = |percent: u32, id: &str| json!({"__typename": "PartShareConnection", "edges": [{"__typename": "PartShareEdge", "percent": percent, "node": {"id": id}, "statement": {"field": "parts"}}]});
    let said = |field: &str, id: &str| json!({"field": field, "target": {"id": id}});
    let mut begun = edge("x", said("begun", "x"));
    begun["cursor"] = cursor.clone();
    assert_eq!(
        answer,
        json!({"data": {
            "places": {"__typename": "PlaceConnection", "totalCount": 2, "edges": [edge("x", json!(null)), edge("y", json!(null))]},
            "campaign": {
                "regions": {"__typename": "PlaceConnection", "totalCount": 1, "edges": [edge("y", said("regions", "y"))]},
                "begunEdge": begun,
                "heldEdge": {"__typename": "PlaceStayEdge", "days": 3, "node": {"id": "x"}, "statement": {"field": "held", "edge": {"days": 3}}},
                "parts": share(40, "p"),
            },
            "part": {
                "parts": share(5, "q"),
                "at": {"__typename": "SpotConnection", "edges": [{"__typename": "SpotEdge", "statement": {"field": "at"}}]},
                "again": {"totalCount": 0},
            },
        }})
    );
}

/// An error makes the nearest nullable field null. Whether an edge's statement is nullable depends on the edge's type.
#[test]
fn an_error_in_a_statement_goes_up_as_the_schema_says() {
    let data = "
Source: {s: {title: S}}
Campaign:
  c: {name: C, parts: [{to: p, percent: 40, cite: [s]}], regions: [{to: x, cite: [s]}], held: {to: x, days: 3, cite: [s]}}
Part:
  p: {name: P}
Place:
  x: {name: X}
";
    let folder = graph(SCHEMA, data);
    let server = Server::of(folder.path(), &[]);
    let failing = "statement { citations { source { statements(first: -1) { totalCount } } } }";
    let answer = server.ask(&format!(
        "{{ campaign(id: \"c\") {{ name regions {{ edges {{ node {{ id }} {failing} }} }} heldEdge {{ days {failing} }} }} \
           other: campaign(id: \"c\") {{ parts {{ edges {{ percent {failing} }} }} }} }}"
    ));
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(3), "{answer}");
    assert_eq!(
        answer["data"],
        json!({
            "campaign": {"name": "C", "regions": {"edges": [{"node": {"id": "x"}, "statement": null}]}, "heldEdge": null},
            "other": null,
        })
    );
}

/// The types that are reachable from the root by fields, arguments, unions and interfaces, by the SDL.
fn reachable(schema: &Schema) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut pending = vec!["Query".to_owned()];
    while let Some(name) = pending.pop() {
        if !reached.insert(name.clone()) {
            continue;
        }
        let mut follow = |name: &str| pending.push(name.to_owned());
        let fields = match &schema.types[name.as_str()] {
            ExtendedType::Object(it) => {
                it.implements_interfaces.iter().for_each(|it| follow(it));
                &it.fields
            }
            ExtendedType::Interface(it) => {
                it.implements_interfaces.iter().for_each(|it| follow(it));
                let objects = own_types(schema).filter_map(|(_, other)| other.as_object());
                let implementing =
                    objects.filter(|it| it.implements_interfaces.iter().any(|it| it.as_str() == name));
                implementing.for_each(|it| follow(&it.name));
                &it.fields
            }
            ExtendedType::Union(it) => {
                it.members.iter().for_each(|it| follow(it));
                continue;
            }
            ExtendedType::InputObject(it) => {
                let fields = it.fields.values();
                fields.for_each(|it| follow(it.ty.inner_named_type()));
                continue;
            }
            ExtendedType::Scalar(_) | ExtendedType::Enum(_) => continue,
        };
        for field in fields.values() {
            follow(field.ty.inner_named_type());
            let arguments = field.arguments.iter();
            arguments.for_each(|it| follow(it.ty.inner_named_type()));
        }
    }
    reached
}

#[test]
fn types_that_nothing_leads_to_are_left_out() {
    let folder = graph(SCHEMA, DATA);
    for folder in [folder.path(), &*root(), &*common::library()] {
        let schema = parsed(&sdl(folder, &[]));
        let reached = reachable(&schema);
        let unreachable: Vec<&str> = own_types(&schema)
            .map(|(name, _)| name)
            .filter(|it| !reached.contains(*it))
            .collect();
        assert!(unreachable.is_empty(), "{unreachable:?}");
    }
    let schema = parsed(&sdl(folder.path(), &[]));
    for absent in [
        "Unused",
        "UnusedFilter",
        "Unusual",
        "SpotFilterEdge",
        "Decimal",
        "PointFilter",
    ] {
        assert!(!schema.types.contains_key(absent), "{absent}");
    }
    for present in ["Named", "NamedConnection", "Spot", "SpotFilter", "Node", "Source"] {
        assert!(schema.types.contains_key(present), "{present}");
    }
}

#[test]
fn a_schema_without_descriptions_is_the_same_but_for_them() {
    let folder = graph(SCHEMA, DATA);
    let (full, bare) = (
        sdl(folder.path(), &[]),
        sdl(folder.path(), &["--no-descriptions"]),
    );
    assert!(
        full.contains("\"\"\"How much of it.") || full.contains("How much of it."),
        "{full}"
    );
    assert!(!bare.contains('"') || !bare.contains("\"\"\""), "{bare}");
    // A description is a block string on lines of its own.
    let mut stripped = String::new();
    let mut inside = false;
    for line in full.lines() {
        let line_of_quotes = line.trim_start().starts_with("\"\"\"");
        if inside {
            inside = !line.trim_end().ends_with("\"\"\"");
        } else if line_of_quotes {
            let rest = &line.trim()[3..];
            inside = rest.is_empty() || !rest.ends_with("\"\"\"");
        } else {
            stripped.push_str(line);
            stripped.push('\n');
        }
    }
    // Arguments without descriptions are on one line, so the definitions are compared, not the lines.
    let (stripped, bare) = (parsed(&stripped), parsed(&bare));
    assert_eq!(stripped.to_string(), bare.to_string());
}

/// Maximum size of the schema of the shipped graph. Changes that add to the schema raise the limits.
#[test]
fn the_schema_of_the_shipped_graph_stays_small() {
    let sdl = sdl(&root(), &[]);
    let types = own_types(&parsed(&sdl)).count();
    assert!(types <= 480, "{types} types");
    assert!(sdl.lines().count() <= 10_000, "{} lines", sdl.lines().count());
    assert!(sdl.len() <= 320_000, "{} bytes", sdl.len());
}
