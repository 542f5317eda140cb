//! `/entity/<id>` over HTTP: every representation of every kind of id, and the IRIs of entities.

mod common;

use std::collections::BTreeSet;

use clew::forms::path_segment;
use common::{PATIENCE, Server, graph as folder, run, text};
use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple};
use serde_json::{Value, json};

const SCHEMA: &str = r#"
type Ship @entity(label: "name") {
  name: String!
  length: Int
  iri: String
  port: Port @relation(name: "BASED_AT", inverse: "ships", edge: "Berth")
}
type Port @entity(label: "name") { name: String! }
type Berth @edge { pier: Int }
"#;

/// Ids with every kind of character that is allowed and that means something in an address.
const IDS: [&str; 8] = [
    "plain",
    "a/b",
    "100%",
    "a%2Fb",
    "räv",
    "(x)!*'$&+,;=:@",
    "a..b~_",
    "%3FasOf=2011",
];

fn data() -> String {
    let ships = IDS.iter().enumerate().map(|(no, id)| {
        format!(
            "  {}: {{name: {}, length: {{value: {no}, cite: p/{no}}}, iri: own, port: {{to: harbour, pier: {no}, valid: 2010/2012, cite: p/9}}}}\n",
            json!(id),
            json!(format!("Ship number {no}")),
        )
    });
    format!(
        "source: log\nSource:\n  log: {{title: The log}}\nPort:\n  harbour: {{name: The harbour}}\nShip:\n{}",
        ships.collect::<String>()
    )
}

fn served(options: &[&str]) -> (Server, tempfile::TempDir) {
    let folder = folder(SCHEMA, &data());
    (Server::of(folder.path(), options), folder)
}

struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> Vec<&str> {
        let of_name = self.headers.iter().filter(|it| it.0 == name);
        of_name.map(|it| it.1.as_str()).collect()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Sends a `GET`. Redirects are not followed.
fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Got {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let mut request = agent.get(server.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.call().unwrap();
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    Got {
        status: response.status().as_u16(),
        headers: headers.collect(),
        body: response.into_body().read_to_string().unwrap(),
    }
}

fn turtle(text: &str) -> Vec<Triple> {
    oxttl::TurtleParser::new()
        .for_slice(text)
        .map(|it| it.unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

fn ntriples(text: &str) -> Vec<Triple> {
    oxttl::NTriplesParser::new()
        .for_slice(text)
        .map(|it| it.unwrap())
        .collect()
}

/// The IRIs of subjects and objects in a namespace.
fn entities(triples: &[Triple], namespace: &str) -> BTreeSet<String> {
    let subjects = triples.iter().filter_map(|it| match &it.subject {
        NamedOrBlankNode::NamedNode(iri) => Some(iri.as_str().to_owned()),
        NamedOrBlankNode::BlankNode(_) => None,
    });
    let objects = triples.iter().filter_map(|it| match &it.object {
        Term::NamedNode(iri) => Some(iri.as_str().to_owned()),
        _ => None,
    });
    subjects
        .chain(objects)
        .filter(|it| it.starts_with(namespace))
        .collect()
}

#[test]
fn every_id_has_every_representation() {
    let (server, _folder) = served(&[]);
    for (no, id) in IDS.iter().enumerate() {
        let path = format!("/entity/{}", path_segment(id));
        let forms = [
            ("text/html", "text/html"),
            ("text/turtle", "text/turtle"),
            ("application/ld+json", "application/ld+json"),
            ("application/n-triples", "application/n-triples"),
            ("application/json", "application/json"),
            ("application/graphml+xml", "application/graphml+xml"),
            ("text/vnd.graphviz", "text/vnd.graphviz"),
            ("image/svg+xml", "image/svg+xml"),
            ("text/html;q=0.5, text/turtle;q=0.7", "text/turtle"),
            ("text/html, */*;q=0.8", "text/html"),
            ("*/*", "text/html"),
        ];
        for (accept, media) in forms {
            let got = get(&server, &path, &[("accept", accept)]);
            assert_eq!(got.status, 200, "{id} as {accept}: {}", got.body);
            let content_type = got.header("content-type")[0];
            assert!(
                content_type.starts_with(media),
                "{id} as {accept}: {content_type}"
            );
            assert_eq!(
                got.header("vary"),
                ["accept, accept-encoding"],
                "{id} as {accept}"
            );
            let links = got.header("link");
            let alternate = format!("<{path}>; rel=\"alternate\"; type=\"text/turtle\"");
            assert!(links.contains(&alternate.as_str()), "{id} as {accept}: {links:?}");
            assert_eq!(links.len(), 8);
        }
        let json = get(&server, &path, &[("accept", "application/json")]).json();
        let entity = &json["data"]["entity"];
        assert_eq!(entity["entityId"], *id);
        let statements = entity["statements"]["nodes"].as_array().unwrap();
        let length = statements.iter().find(|it| it["field"] == "length").unwrap();
        assert_eq!(length["value"], no);
        assert_eq!(length["citations"][0]["locator"], format!("p/{no}"));
        assert_eq!(length["citations"][0]["source"]["label"], "The log");
        let port = statements.iter().find(|it| it["field"] == "port").unwrap();
        assert_eq!(port["target"]["label"], "The harbour");
        assert_eq!(port["edge"], json!({"pier": no}));
        assert_eq!(port["valid"]["from"], "2010");

        let triples = turtle(&get(&server, &path, &[("accept", "text/turtle")]).body);
        let lines = ntriples(&get(&server, &path, &[("accept", "application/n-triples")]).body);
        assert_eq!(triples.len(), lines.len());
        let iri = NamedNode::new(format!("urn:clew:entity:{}", path_segment(id))).unwrap();
        let about = |predicate: &str| {
            let all = triples.iter();
            let own = all.filter(|it| {
                it.subject == NamedOrBlankNode::from(iri.clone()) && it.predicate.as_str() == predicate
            });
            own.map(|it| it.object.to_string()).collect::<Vec<_>>()
        };
        let label = about("http://www.w3.org/2000/01/rdf-schema#label");
        assert_eq!(label, [format!("\"Ship number {no}\"")]);
        assert_eq!(about("urn:clew:vocabulary:port"), ["<urn:clew:entity:harbour>"]);
        assert_eq!(about("urn:clew:vocabulary:length").len(), 1);
        let locators = triples
            .iter()
            .filter(|it| it.predicate.as_str() == "urn:clew:vocabulary:locator");
        let locators: BTreeSet<String> = locators.map(|it| it.object.to_string()).collect();
        assert_eq!(
            locators,
            BTreeSet::from([format!("\"p/{no}\""), "\"p/9\"".to_owned()])
        );
    }
}

#[test]
fn an_entity_is_shown_as_of_a_date() {
    let (server, _folder) = served(&[]);
    let ports = |path: &str| {
        let got = get(&server, path, &[("accept", "text/turtle")]);
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        entities(&turtle(&got.body), "urn:clew:entity:harbour").len()
    };
    assert_eq!(ports("/entity/a%2Fb"), 1);
    assert_eq!(ports("/entity/a%2Fb?asOf=2011"), 1);
    assert_eq!(ports("/entity/a%2Fb?asOf=2015"), 0);
    assert_eq!(ports("/entity/a%2Fb?asOf="), 1);
    // A slash needs no encoding in a path.
    assert_eq!(ports("/entity/a/b?asOf=2015"), 0);
    let got = get(
        &server,
        "/entity/plain?asOf=2011&field=port",
        &[("accept", "application/json")],
    );
    assert_eq!(got.json()["data"]["entity"]["id"], "plain?asOf=2011");
    assert!(got.header("link")[0].starts_with("</entity/plain?asOf=2011>;"));
    // The id of an answer as of a date leads to the address of the entity at that date.
    let moved = get(&server, "/entity/plain%3FasOf=2011", &[]);
    assert_eq!(
        (moved.status, moved.header("location")),
        (307, vec!["/entity/plain?asOf=2011"])
    );
    for (path, message) in [
        ("/entity/plain?asOf=soon", "`asOf` is \\\"soon\\\""),
        ("/entity/plain%3FasOf=2011?asOf=2012", "give one date"),
        ("/entity/plain?asOf=2011&asOf=2012", "cannot be read"),
        ("/entity/%FF", "not UTF-8"),
    ] {
        for accept in ["text/html", "text/turtle", "application/json"] {
            let got = get(&server, path, &[("accept", accept)]);
            assert_eq!(got.status, 400, "{path}: {}", got.body);
            assert!(got.body.contains(message), "{path}: {}", got.body);
        }
    }
}

#[test]
fn an_unknown_id_is_not_found_and_names_similar_ones() {
    let (server, _folder) = served(&[]);
    for accept in [
        "application/json",
        "text/turtle",
        "application/ld+json",
        "image/svg+xml",
    ] {
        let got = get(&server, "/entity/the-harbor", &[("accept", accept)]);
        assert_eq!(got.status, 404, "{}", got.body);
        assert!(got.header("content-type")[0].starts_with("application/json"));
        let error = &got.json()["errors"][0];
        assert_eq!(error["extensions"]["code"], "NOT_FOUND");
        let message = error["message"].as_str().unwrap();
        assert_eq!(
            message,
            "there is no entity \"the-harbor\"; did you mean \"harbour\"?"
        );
    }
    let page = get(&server, "/entity/the-harbor", &[("accept", "text/html")]);
    assert_eq!(page.status, 404);
    assert!(page.header("content-type")[0].starts_with("text/html"));
    // A path is decoded once: this id is "a%252Fb", and an id with another question mark is not a date.
    for path in ["/entity/a%25252Fb", "/entity/plain%3Fdate=2011", "/entity/%20"] {
        assert_eq!(
            get(&server, path, &[("accept", "text/turtle")]).status,
            404,
            "{path}"
        );
    }
    let refused = get(
        &server,
        "/entity/plain",
        &[("accept", "text/csv, text/turtle;q=0")],
    );
    assert_eq!(refused.status, 406);
    assert!(
        refused.body.contains("text/html, application/json, text/turtle"),
        "{}",
        refused.body
    );
}

#[test]
fn all_statements_are_there_whatever_the_limit_of_pages() {
    let ships: Vec<String> = (0..60)
        .map(|no| format!("  s{no}: {{name: S{no}, port: harbour}}\n"))
        .collect();
    let ships = ships.concat();
    let folder = folder(
        SCHEMA,
        &format!("Port:\n  harbour: {{name: The harbour}}\nShip:\n{ships}"),
    );
    let server = Server::of(folder.path(), &["--max-page", "10", "--max-cost", "500"]);
    let json = get(&server, "/entity/harbour", &[("accept", "application/json")]).json();
    let statements = &json["data"]["entity"]["statements"];
    assert_eq!(statements["totalCount"], 61);
    assert_eq!(statements["nodes"].as_array().unwrap().len(), 61);
    let triples = turtle(&get(&server, "/entity/harbour", &[("accept", "text/turtle")]).body);
    assert_eq!(entities(&triples, "urn:clew:entity:s").len(), 60);
    // The same document from a client has the limits of pages.
    let query = "query($id: ID!) { entity(id: $id) { statements(first: 60) { totalCount } } }";
    let answer = server.ask_with(query, r#"{"id": "harbour"}"#);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "PAGE_LIMIT");
    // The other limits always apply.
    let small = Server::of(folder.path(), &["--max-bytes", "2000"]);
    for accept in ["application/json", "text/turtle"] {
        let got = get(&small, "/entity/harbour", &[("accept", accept)]);
        assert_eq!(got.status, 422, "{}", got.body);
        assert_eq!(got.json()["errors"][0]["extensions"]["code"], "BYTE_LIMIT");
    }
}

#[test]
fn a_base_iri_makes_addresses_of_iris() {
    let base = "https://example.org/graph/";
    let (server, folder) = served(&["--base-iri", base]);
    for id in IDS {
        let path = format!("/entity/{}", path_segment(id));
        let iri = format!("{base}entity/{}", path_segment(id));
        let got = get(&server, &path, &[("accept", "text/turtle")]);
        let triples = turtle(&got.body);
        assert!(!got.body.contains("urn:clew:entity:"), "{}", got.body);
        let expected = [
            iri.clone(),
            format!("{base}entity/harbour"),
            format!("{base}entity/log"),
        ];
        assert_eq!(entities(&triples, base), BTreeSet::from(expected));
        assert!(got.header("link")[0].starts_with(&format!("<{iri}>; rel=\"alternate\"")));
        let linked = get(&server, &path, &[("accept", "application/ld+json")]).json();
        assert_eq!(linked["@context"]["entity"], format!("{base}entity/"));
        let file = get(&server, &path, &[("accept", "application/graphml+xml")]).body;
        assert!(file.contains(&format!(">{iri}</data>")), "{file}");
        assert!(!file.contains(">own</data>"), "{file}");
        let drawing = get(&server, &path, &[("accept", "text/vnd.graphviz")]).body;
        assert!(drawing.contains(&format!("URL = \"{iri}\"")), "{drawing}");
    }
    let options = [
        "query",
        "--base-iri",
        base,
        "--as",
        "ntriples",
        "-e",
        "{ ship(id: \"a/b\") { name } }",
    ];
    let printed = text(&run(folder.path(), &options).stdout);
    assert!(
        printed.contains("<https://example.org/graph/entity/a%2Fb> "),
        "{printed}"
    );
    let refused = run(
        folder.path(),
        &["serve", "--base-iri", "https://example.org/graph"],
    );
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("give an absolute IRI that ends with \"/\""));
    // Without a base, GraphML has the property of the schema.
    let (server, _folder) = served(&[]);
    let file = get(&server, "/entity/plain", &[("accept", "application/graphml+xml")]).body;
    assert!(file.contains(">own</data>"), "{file}");
}

#[test]
fn caches_ask_again() {
    let (server, _folder) = served(&[]);
    let first = get(&server, "/entity/plain", &[("accept", "text/turtle")]);
    let tag = first.header("etag")[0].to_owned();
    let again = get(
        &server,
        "/entity/plain",
        &[("accept", "text/turtle"), ("if-none-match", &tag)],
    );
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    for (path, accept) in [
        ("/entity/plain?asOf=2011", "text/turtle"),
        ("/entity/a%2Fb", "text/turtle"),
        ("/entity/plain", "application/json"),
    ] {
        let other = get(&server, path, &[("accept", accept), ("if-none-match", &tag)]);
        assert_eq!(other.status, 200, "{path} as {accept}");
    }
}

#[test]
fn a_server_that_hides_its_schema_has_no_pages() {
    let (server, folder) = served(&["--no-introspection"]);
    assert!(get(&server, "/entity/plain", &[]).header("content-type")[0].starts_with("application/json"));
    assert_eq!(
        get(&server, "/entity/plain", &[("accept", "text/html")]).status,
        406
    );
    assert_eq!(
        get(&server, "/entity/plain", &[("accept", "text/turtle")]).status,
        200
    );
    common::write(folder.path(), "documents.json", r#"{"a": "{ graph { title } }"}"#);
    let server = Server::of(
        folder.path(),
        &["--documents", "documents.json", "--documents-only"],
    );
    for accept in ["text/html", "text/turtle", "application/json"] {
        let got = get(&server, "/entity/plain", &[("accept", accept)]);
        assert_eq!(got.status, 404);
        assert!(
            got.body.contains("answers only documents of its manifest"),
            "{}",
            got.body
        );
    }
}
