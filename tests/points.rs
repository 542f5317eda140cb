//! Points over HTTP against the real binary: filters, orders, groups, forms and messages. Distances and bounds are
//! compared with the results of other formulas than those of the server.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

mod common;

const SCHEMA: &str = r#"
type Place {
  name: String!
  location: Point
  seen: [Point!]!
  roads: [Place!]! @relation(name: "ROAD", inverse: "roadsHere", edge: "Road")
}
type Road @edge { middle: Point }
"#;

const DATA: &str = r"
Place:
  vienna: {name: Vienna, location: {lat: 48.2082, lon: 16.3738}, roads: [{to: graz, middle: {lat: 47.6, lon: 16}}, {to: fiji, middle: {lat: 30, lon: 100}}]}
  graz: {name: Graz, location: {lon: 15.4395, lat: 47.0707}, seen: [{lat: 1, lon: 2}, {lat: 90, lon: 3}]}
  fiji: {name: Fiji, location: {type: Point, coordinates: [180, -16.5]}}
  taveuni: {name: Taveuni, location: {lat: -16.5, lon: -180.0}}
  pole: {name: North Pole, location: {lat: 90, lon: 0}}
  other-pole: {name: The same pole, location: {value: {lat: 90, lon: 45.5}, rank: preferred}}
  south: {name: South Pole, location: {lat: -90, lon: 12}}
  null-island: {name: Null Island, location: {lat: -0.0, lon: 0}}
  nowhere: {name: Nowhere}
";

struct Server {
    served: common::Server,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(schema: &str, data: &str) -> Self {
        let folder = common::graph(schema, data);
        Self {
            served: common::Server::of(folder.path(), &[]),
            folder,
        }
    }

    fn data(&self, query: &str, variables: &Value) -> Value {
        let answer = self.served.ask_with(query, &variables.to_string());
        assert!(answer.get("errors").is_none(), "{query} {variables}: {answer}");
        answer["data"].clone()
    }

    /// The ids of the places in a list with these arguments.
    fn places(&self, arguments: &str) -> Vec<String> {
        let query = format!("{{ places(first: 1000, {arguments}) {{ nodes {{ id }} }} }}");
        let data = self.data(&query, &Value::Null);
        ids(&data["places"])
    }
}

fn ids(connection: &Value) -> Vec<String> {
    let nodes = connection["nodes"].as_array().unwrap().iter();
    nodes.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_answer_is_geojson_with_the_degrees_as_they_were_written() {
    let server = Server::start(SCHEMA, DATA);
    let data = server.data("{ places { nodes { id location seen } } }", &Value::Null);
    let point = |lon: f64, lat: f64| json!({"type": "Point", "coordinates": [lon, lat]}).to_string();
    let mut found: Vec<(String, String)> = Vec::new();
    for node in data["places"]["nodes"].as_array().unwrap() {
        found.push((
            node["id"].as_str().unwrap().to_owned(),
            node["location"].to_string(),
        ));
    }
    for (id, lon, lat) in [
        ("vienna", "16.3738", "48.2082"),
        ("fiji", "180", "-16.5"),
        ("taveuni", "-180", "-16.5"),
        ("other-pole", "45.5", "90"),
        ("null-island", "0", "0"),
    ] {
        let expected = format!("{{\"type\":\"Point\",\"coordinates\":[{lon},{lat}]}}");
        assert!(found.contains(&(id.to_owned(), expected)), "{id}: {found:?}");
    }
    let graz = data["places"]["nodes"].as_array().unwrap().iter();
    let graz = graz.clone().find(|it| it["id"] == "graz").unwrap();
    assert_eq!(
        graz["seen"].to_string().replace(".0", ""),
        format!("[{},{}]", point(2.0, 1.0), point(3.0, 90.0)).replace(".0", "")
    );
    assert_eq!(found.iter().filter(|it| it.1 == "null").count(), 1);
    // A statement, an edge and a table show the same value.
    let data = server.data(
        r#"{ place(id: "vienna") { statements(fields: ["location", "roads"]) { nodes { value edge } } roads { edges { middle node { id } } } } }"#,
        &Value::Null,
    );
    let vienna = json!({"type": "Point", "coordinates": [16.3738, 48.2082]});
    let middle = json!({"type": "Point", "coordinates": [16, 47.6]});
    assert_eq!(data["place"]["statements"]["nodes"][0]["value"], vienna);
    assert_eq!(data["place"]["roads"]["edges"][1]["middle"], middle);
    assert_eq!(data["place"]["statements"]["nodes"][2]["edge"]["middle"], middle);
}

#[test]
fn filters_know_poles_and_the_antimeridian() {
    let server = Server::start(SCHEMA, DATA);
    for (filter, expected) in [
        ("eq: {lat: 48.2082, lon: 16.3738}", &["vienna"][..]),
        (
            "eq: {type: \"Point\", coordinates: [16.3738, 48.2082]}",
            &["vienna"],
        ),
        ("eq: {lat: -16.5, lon: 180}", &["fiji", "taveuni"]),
        ("eq: {lat: 90, lon: -7}", &["other-pole", "pole"]),
        ("eq: {lat: 0, lon: -0.0}", &["null-island"]),
        (
            "in: [{lat: 0, lon: 0}, {lat: -90, lon: 0}]",
            &["null-island", "south"],
        ),
        (
            "notIn: [{lat: 0, lon: 0}, {lat: -90, lon: 0}, {lat: 90, lon: 1}, {lat: -16.5, lon: 180}]",
            &["graz", "vienna"],
        ),
        ("isNull: true", &["nowhere"]),
        ("eq: null", &["nowhere"]),
        ("near: {point: {lat: 48.2082, lon: 16.3738}, km: 0}", &["vienna"]),
        (
            "near: {point: {lat: -16.5, lon: 180}, km: 0}",
            &["fiji", "taveuni"],
        ),
        (
            "near: {point: {lat: 90, lon: 100}, km: 0}",
            &["other-pole", "pole"],
        ),
        ("near: {point: {lat: 47, lon: 16}, km: 200}", &["graz", "vienna"]),
        (
            "near: {point: {lat: -16, lon: -179}, km: 150}",
            &["fiji", "taveuni"],
        ),
        (
            "near: {point: {lat: 89, lon: -90}, km: 112}",
            &["other-pole", "pole"],
        ),
        ("near: {point: {lat: -89, lon: -90}, km: 111}", &[]),
        (
            "within: {south: -20, west: 170, north: 0, east: -170}",
            &["fiji", "taveuni"],
        ),
        (
            "within: {south: -20, west: -180, north: 0, east: -170}",
            &["fiji", "taveuni"],
        ),
        (
            "within: {south: 40, west: -10, north: 90, east: 16}",
            &["graz", "other-pole", "pole"],
        ),
        (
            "within: {south: -16.5, west: -170, north: 47.0707, east: 170}",
            &["graz", "null-island"],
        ),
        (
            "within: {south: 40, west: 0, north: 50, east: 20}, near: {point: {lat: 48, lon: 16}, km: 50}",
            &["vienna"],
        ),
    ] {
        let found = server.places(&format!("filter: {{location: {{{filter}}}}}"));
        assert_eq!(found, expected, "{filter}");
    }
    for (filter, expected) in [
        ("seen: {has: {lat: 1, lon: 2}}", &["graz"][..]),
        (
            "seen: {hasAny: [{lat: 7, lon: 7}, {lat: 90, lon: 111}]}",
            &["graz"],
        ),
        ("seen: {hasAll: [{lat: 1, lon: 2}, {lat: 1, lon: 3}]}", &[]),
        (
            "roads: {edge: {middle: {near: {point: {lat: 47.6, lon: 16}, km: 1}}}}",
            &["vienna"],
        ),
        (
            "not: {location: {within: {south: -90, west: -180, north: 89, east: 180}}}",
            &["nowhere", "other-pole", "pole"],
        ),
    ] {
        assert_eq!(
            server.places(&format!("filter: {{{filter}}}")),
            expected,
            "{filter}"
        );
    }
}

#[test]
fn variables_take_both_forms() {
    let server = Server::start(SCHEMA, DATA);
    let query = "query($p: Point!, $f: PointFilter) { near: places(filter: {location: {near: {point: $p, km: 1}}}) { nodes { id } } given: places(filter: {location: $f}) { nodes { id } } }";
    for point in [
        json!({"lat": 47.0707, "lon": 15.4395}),
        json!({"type": "Point", "coordinates": [15.4395, 47.0707]}),
    ] {
        let variables = json!({"p": point, "f": {"in": [point]}});
        let data = server.data(query, &variables);
        assert_eq!(ids(&data["near"]), ["graz"]);
        assert_eq!(ids(&data["given"]), ["graz"]);
    }
    let query = "query($lat: Float, $lon: Float = 15.4395) { places(filter: {location: {eq: {lat: $lat, lon: $lon}}}) { nodes { id } } }";
    let answer = server.served.ask_with(query, r#"{"lat": 47.0707}"#);
    // GraphQL does not define the types inside a custom scalar, so the whole value may be refused.
    if answer.get("errors").is_none() {
        assert_eq!(ids(&answer["data"]["places"]), ["graz"]);
    }
}

#[test]
fn groups_and_figures_are_by_place() {
    let server = Server::start(SCHEMA, DATA);
    let data = server.data(
        "{ places { aggregate { location { count distinct } groupBy(by: [{location: {}}], orderBy: [{key: ASC}]) { key count } seen { distinct } } } }",
        &Value::Null,
    );
    let aggregate = &data["places"]["aggregate"];
    assert_eq!(aggregate["location"], json!({"count": 8, "distinct": 6}));
    assert_eq!(aggregate["seen"], json!({"distinct": 2}));
    let groups = aggregate["groupBy"].as_array().unwrap();
    let groups: Vec<(f64, u64)> = groups
        .iter()
        .map(|it| {
            let lat = it["key"]["coordinates"][1].as_f64().unwrap_or(f64::MAX);
            (lat, it["count"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        groups,
        [
            (-90.0, 1),
            (-16.5, 2),
            (0.0, 1),
            (47.0707, 1),
            (48.2082, 1),
            (90.0, 2),
            (f64::MAX, 1)
        ]
    );
}

#[test]
fn an_invalid_point_is_refused_with_its_place() {
    let server = Server::start(SCHEMA, DATA);
    for (condition, message) in [
        (
            "eq: {lat: 91, lon: 0}",
            "`filter.location.eq` is not on Earth: the latitude 91 is not between -90 and 90",
        ),
        (
            "ne: {lat: 16.4, lon: 181}",
            "`filter.location.ne` is not on Earth: the longitude 181 is not between -180 and 180: degrees west",
        ),
        (
            "eq: {lat: 100, lon: 16.4}",
            "`filter.location.eq` is not on Earth: the latitude 100 is not between -90 and 90: perhaps latitude and longitude are the wrong way round",
        ),
        ("eq: {lat: 1}", "`filter.location.eq` lacks \"lon\""),
        (
            "eq: {lat: 1, lon: 2, alt: 3}",
            "`filter.location.eq` has a field \"alt\"",
        ),
        (
            "eq: {lat: 1, lon: \"2\"}",
            "`filter.location.eq` has as \"lon\" \"2\"",
        ),
        ("eq: \"48.2 16.4\"", "`filter.location.eq` is \"48.2 16.4\""),
        (
            "in: [{lat: 1, lon: 2}, [1, 2]]",
            "`filter.location.in[1]` is [1,2]",
        ),
        (
            "eq: {type: \"Point\", coordinates: [1, 2, 3]}",
            "`filter.location.eq` does not have two \"coordinates\"",
        ),
        (
            "eq: {type: \"Polygon\", coordinates: [1, 2]}",
            "`filter.location.eq` has the type \"Polygon\"",
        ),
        ("eq: {coordinates: [1, 2]}", "`filter.location.eq` lacks \"type\""),
        (
            "near: {point: {lat: 1, lon: 200}, km: 1}",
            "`filter.location.near.point` is not on Earth",
        ),
        (
            "near: {point: {lat: 1, lon: 2}, km: -1}",
            "`filter.location.near.km` is -1",
        ),
        (
            "within: {south: 1, west: 0, north: 0, east: 1}",
            "`filter.location.within` has `south` 1 and `north` 0",
        ),
        (
            "within: {south: 1, west: -181, north: 2, east: 1}",
            "`filter.location.within.west` is -181",
        ),
    ] {
        let query = format!("{{ places(filter: {{location: {{{condition}}}}}) {{ totalCount }} }}");
        refused(&server.served.ask(&query), message);
    }
    refused(
        &server
            .served
            .ask("{ places(filter: {and: [{}, {seen: {has: {lat: 1}}}]}) { totalCount } }"),
        "`filter.and[1].seen` lacks \"lon\"",
    );
    let order = |from: &str| {
        format!("{{ places(orderBy: [{{location: {{distanceFrom: {from}}}}}]) {{ totalCount }} }}")
    };
    refused(
        &server.served.ask(&order("{lat: 1, lng: 2}")),
        "`orderBy.location.distanceFrom` has a field \"lng\"",
    );
}

/// An answer with one error, whose message begins with a text.
fn refused(answer: &Value, message: &str) {
    let error = &answer["errors"][0];
    assert_eq!(
        error["extensions"]["code"], "BAD_USER_INPUT",
        "{message}: {answer}"
    );
    assert!(
        error["message"].as_str().unwrap().starts_with(message),
        "{message}: {answer}"
    );
    assert_eq!(error["locations"], json!([{"line": 1, "column": 3}]));
}

#[test]
fn rdf_has_well_known_text() {
    let server = Server::start(SCHEMA, DATA);
    let query = r#"{ places(filter: {id: {in: ["vienna", "graz"]}}) { nodes { location seen roads { edges { middle node { id } } } } } }"#;
    let form = |accept: &str| {
        let body = json!({"query": query}).to_string();
        let response = server
            .served
            .post(&body, &[("content-type", "application/json"), ("accept", accept)]);
        response.body
    };
    let turtle = form("text/turtle");
    assert!(
        turtle.contains("@prefix geo: <http://www.opengis.net/ont/geosparql#>"),
        "{turtle}"
    );
    for text in [
        "POINT(16.3738 48.2082)",
        "POINT(15.4395 47.0707)",
        "POINT(2 1)",
        "POINT(3 90)",
        "POINT(16 47.6)",
    ] {
        assert!(
            turtle.contains(&format!("\"{text}\"^^geo:wktLiteral")),
            "{text}: {turtle}"
        );
    }
    let json: Value = serde_json::from_str(&form("application/ld+json")).unwrap();
    assert_eq!(json["@context"]["location"]["@type"], "geo:wktLiteral", "{json}");
}

/// The distance between two points in kilometers: the angle between two vectors from the center of the Earth.
fn distance((lat, lon): (f64, f64), (other_lat, other_lon): (f64, f64)) -> f64 {
    let vector = |lat: f64, lon: f64| {
        let (lat, lon) = (lat.to_radians(), lon.to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    };
    let (a, b) = (vector(lat, lon), vector(other_lat, other_lon));
    let minor = |i: usize, j: usize| a[i] * b[j] - a[j] * b[i];
    let sine = minor(0, 1).hypot(minor(1, 2)).hypot(minor(2, 0));
    let cosine: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    sine.atan2(cosine) * 6371.0088
}

/// A number less than 1 that looks random and depends only on its purpose.
fn chosen(what: &str, no: usize) -> f64 {
    let hash = xxhash_rust::xxh3::xxh3_64(format!("{what} {no}").as_bytes());
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// A point; one in five is at a pole, on the antimeridian, or close to it.
fn random_point(what: &str, no: usize) -> (f64, f64) {
    let corner = |of: [f64; 4], part: &str| {
        let hash = xxhash_rust::xxh3::xxh3_64(format!("{what} {part} {no}").as_bytes());
        of[hash as usize % 4]
    };
    let is_corner = |part: &str| chosen(&format!("{what} {part}?"), no) < 0.2;
    let lat = if is_corner("lat") {
        corner([-90.0, 90.0, 89.9999, 0.0], "lat")
    } else {
        chosen(&format!("{what} lat"), no) * 180.0 - 90.0
    };
    let lon = if is_corner("lon") {
        corner([-180.0, 180.0, 179.9999, 0.0], "lon")
    } else {
        chosen(&format!("{what} lon"), no) * 360.0 - 180.0
    };
    (lat, lon)
}

#[test]
fn random_points_are_found_as_other_formulas_find_them() {
    const COUNT: usize = 400;
    let points: Vec<(f64, f64)> = (0..COUNT).map(|no| random_point("point", no)).collect();
    let id = |no: usize| format!("p{no:03}");
    let mut data = "Place:\n".to_owned();
    for (no, (lat, lon)) in points.iter().enumerate() {
        writeln!(
            data,
            "  {}: {{name: x, location: {{lat: {lat}, lon: {lon}}}}}",
            id(no)
        )
        .unwrap();
    }
    let server = Server::start(SCHEMA, &data);
    for round in 0..40 {
        let (lat, lon) = random_point("centre", round);
        let km = [10.0, 500.0, 5000.0, 20_000.0][round % 4] * chosen("km", round);
        let near = format!("near: {{point: {{lat: {lat}, lon: {lon}}}, km: {km}}}");
        let found: BTreeSet<String> = server
            .places(&format!("filter: {{location: {{{near}}}}}"))
            .into_iter()
            .collect();
        for (no, point) in points.iter().enumerate() {
            let expected = distance((lat, lon), *point);
            // Within a meter of the border, either answer is correct.
            if (expected - km).abs() > 0.001 {
                assert_eq!(
                    found.contains(&id(no)),
                    expected < km,
                    "{near}: {point:?} at {expected}"
                );
            }
        }
        let (other_lat, other_lon) = random_point("corner", round);
        let (south, north) = (lat.min(other_lat), lat.max(other_lat));
        let within = format!("within: {{south: {south}, west: {lon}, north: {north}, east: {other_lon}}}");
        let found: BTreeSet<String> = server
            .places(&format!("filter: {{location: {{{within}}}}}"))
            .into_iter()
            .collect();
        // Degrees east of the western border.
        let east = |to: f64| (to - lon).rem_euclid(360.0);
        let width = if lon == -180.0 && other_lon == 180.0 {
            360.0
        } else {
            east(other_lon)
        };
        for (no, (lat, lon)) in points.iter().enumerate() {
            let expected = (south..=north).contains(lat) && (lat.abs() == 90.0 || east(*lon) <= width);
            assert_eq!(found.contains(&id(no)), expected, "{within}: {lat} {lon}");
        }
    }
    for (round, direction) in ["ASC", "DESC"].iter().enumerate() {
        let (lat, lon) = random_point("origin", round);
        let order = format!(
            "orderBy: [{{location: {{distanceFrom: {{lat: {lat}, lon: {lon}}}, direction: {direction}}}}}]"
        );
        let all = server.places(&order);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), COUNT);
        let mut distances: Vec<f64> = all
            .iter()
            .map(|it| distance((lat, lon), points[it[1..].parse::<usize>().unwrap()]))
            .collect();
        if *direction == "DESC" {
            distances.reverse();
        }
        assert!(
            distances.windows(2).all(|it| it[0] <= it[1] + 0.001),
            "{order}: {distances:?}"
        );
        // Page by page.
        let mut paged = Vec::new();
        let mut after = String::new();
        while paged.len() < COUNT {
            let query = format!(
                "{{ places(first: 37, {order}{after}) {{ nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }} }}"
            );
            let data = server.data(&query, &Value::Null);
            paged.extend(ids(&data["places"]));
            after = format!(", after: {}", data["places"]["pageInfo"]["endCursor"]);
        }
        assert_eq!(paged, all);
    }
}

#[test]
fn a_snapshot_has_the_same_points() {
    let server = Server::start(SCHEMA, DATA);
    let folder = server.folder.path();
    let output = common::run(folder, &["compile", "--out", "graph.clew"]);
    assert!(output.status.success(), "{}", common::text(&output.stderr));
    let mapped = common::Server::spawn(&mut common::clew(
        folder,
        &["serve", "graph.clew", "--listen", "127.0.0.1:0"],
    ));
    for query in [
        "{ places(orderBy: [{location: {distanceFrom: {lat: 1, lon: 2}}}]) { edges { cursor node { id location seen } } } }",
        "{ places(filter: {location: {near: {point: {lat: 48, lon: 16}, km: 300}}}) { nodes { id roads { edges { middle } } } } }",
    ] {
        assert_eq!(mapped.ask(query), server.served.ask(query));
    }
}

#[test]
fn lists_are_ordered_by_distances_from_several_points() {
    let data = "Place:\n  north: {name: N, location: {lat: 90, lon: 0}}\n  south: {name: S, location: {lat: -90, lon: 0}}\n  near: {name: O, location: {lat: 1, lon: 1}}\n";
    let server = Server::start(SCHEMA, data);
    // Both poles are as far from the equator: only the second distance tells them apart.
    let from =
        |lat: i32, rest: &str| format!("{{location: {{distanceFrom: {{lat: {lat}, lon: 0}} {rest}}}}}");
    let equator = from(0, "");
    for (second, expected) in [
        (from(10, ""), ["near", "north", "south"]),
        (from(-10, ""), ["near", "south", "north"]),
        (from(-10, "direction: DESC"), ["near", "north", "south"]),
    ] {
        let found = server.places(&format!("orderBy: [{equator}, {second}]"));
        assert_eq!(found, expected, "{second}");
        let query =
            format!("{{ places(orderBy: [{equator}, {second}], first: 2) {{ pageInfo {{ endCursor }} }} }}");
        let page = server.data(&query, &Value::Null);
        let cursor = &page["places"]["pageInfo"]["endCursor"];
        let rest = server.places(&format!("orderBy: [{equator}, {second}], after: {cursor}"));
        assert_eq!(rest, &expected[2..], "{second}");
    }
    // The same place, written otherwise, decides nothing more.
    let same = vec![equator.clone(); 100].join(", ");
    assert_eq!(server.places(&format!("orderBy: [{same}]")).len(), 3);
    let many: Vec<String> = (0..9).map(|it| from(it, "")).collect();
    assert_eq!(
        server
            .places(&format!("orderBy: [{}]", many[..8].join(", ")))
            .len(),
        3
    );
    for (order, said) in [
        (many.join(", "), "more than 8 distances of \"location\""),
        (format!("{equator}, {}", from(91, "")), "not on Earth"),
    ] {
        let answer = server
            .served
            .ask(&format!("{{ places(orderBy: [{order}]) {{ totalCount }} }}"));
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert!(error["message"].as_str().unwrap().contains(said), "{answer}");
    }
}
