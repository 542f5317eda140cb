//! The content of the ECPAT graph: its consistency, and the results of typical searches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use clew::api::{Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::graph;
use clew::ontology;
use clew::report::{Reports, Style};
use serde_json::{Value, json};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn ecpat() -> Engine {
    let ontology = Arc::new(ontology::load(&root().join("schema")).unwrap());
    let mut reports = Reports::default();
    let files = Files::find(&root().join("data"), &mut reports);
    let snapshot = graph::build(&ontology, &files, &Progress::default(), &mut reports);
    let style = Style {
        color: false,
        most: 100,
    };
    let snapshot = snapshot.unwrap_or_else(|| panic!("{}", reports.render(style)));
    Engine::new(Arc::new(snapshot), Limits::default()).unwrap()
}

fn ask(engine: &Engine, query: &str, variables: &Value) -> Value {
    let variables = serde_json::value::to_raw_value(variables).unwrap();
    let answer = engine.execute(Request {
        query,
        operation_name: None,
        variables: Some(&variables),
    });
    let mut answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(answer["errors"].is_null(), "{query}: {answer}");
    answer["data"].take()
}

fn nodes(list: &Value) -> &Vec<Value> {
    list["nodes"].as_array().unwrap()
}

#[test]
fn labels_are_unique_and_in_sentence_case() {
    let data = ask(
        &ecpat(),
        "{ entities(first: 1000) { nodes { id label } } }",
        &json!({}),
    );
    let mut labels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in nodes(&data["entities"]) {
        let label = node["label"].as_str().unwrap();
        labels
            .entry(label)
            .or_default()
            .push(node["id"].as_str().unwrap());
    }
    for (label, ids) in labels {
        assert_eq!(ids.len(), 1, "{label} is the label of {ids:?}");
        let first = label.chars().next().unwrap();
        assert!(first.is_uppercase() || first.is_numeric(), "{label}");
        assert!(
            !label.ends_with('.') || label == "Washington, D.C." || label.ends_with("U.S."),
            "{label}"
        );
    }
}

/// Every value and edge has a place in the article. A citation of more than a sentence needs a reason.
#[test]
fn every_statement_has_a_place_in_the_article() {
    let data = ask(
        &ecpat(),
        "{ entities(first: 1000, filter: { entityType: { ne: Source } }) { nodes { id statements(first: 1000) { nodes { field value target { id } citations { locator note } } } } } }",
        &json!({}),
    );
    let mut count = 0;
    let mut wide = BTreeSet::new();
    for node in nodes(&data["entities"]) {
        for statement in nodes(&node["statements"]) {
            let citations = statement["citations"].as_array().unwrap();
            assert!(!citations.is_empty(), "{}: {statement}", node["id"]);
            for citation in citations {
                let locator = citation["locator"].as_str().unwrap();
                // A line of a list or of the infobox is a whole paragraph.
                let least = if locator.starts_with("infobox") || locator.starts_with("awards") {
                    2
                } else {
                    3
                };
                if locator.split('/').count() < least {
                    wide.insert(locator.to_owned());
                }
            }
            count += 1;
        }
    }
    assert!(count > 600, "{count} statements");
    // The titles of the infobox and of two sections have no sentences.
    let titles = ["infobox", "sesta-fosta", "the-code"].map(str::to_owned);
    assert_eq!(wide, BTreeSet::from(titles));
}

#[test]
fn every_response_answers_criticism_and_every_issue_has_its_place() {
    let data = ask(
        &ecpat(),
        r"{
          claims(filter: { kind: { eq: RESPONSE } }) { nodes { id answers { nodes { id kind } } } }
          issues { nodes { id broader(depth: 9) { nodes { id } } addressedBy { totalCount } narrower { totalCount } } }
        }",
        &json!({}),
    );
    for response in nodes(&data["claims"]) {
        assert!(!nodes(&response["answers"]).is_empty(), "{response}");
    }
    let general = [
        "child-sexual-abuse-material",
        "sale-of-children",
        "sexual-abuse-of-children",
        "sexual-exploitation-of-children",
        "trafficking",
        "violations-of-child-rights",
    ];
    for issue in nodes(&data["issues"]) {
        let broader = nodes(&issue["broader"]);
        let is_general = general.contains(&issue["id"].as_str().unwrap());
        assert_eq!(broader.is_empty(), is_general, "{issue}");
        let used = &issue["addressedBy"]["totalCount"] != 0 || &issue["narrower"]["totalCount"] != 0;
        assert!(used, "{issue}");
    }
}

#[test]
fn claims_have_the_claimants_and_objections_of_their_sentences() {
    let data = ask(
        &ecpat(),
        r#"{
          alleged: claim(id: "sesta-endangers-sex-workers") { claimedBy { totalCount } }
          answer: claim(id: "figure-is-conservative") { contradictedBy { totalCount } supportedBy { nodes { id } } }
        }"#,
        &json!({}),
    );
    assert_eq!(
        data,
        json!({
            "alleged": {"claimedBy": {"totalCount": 0}},
            "answer": {"contradictedBy": {"totalCount": 3}, "supportedBy": {"nodes": [{"id": "runaway-incidents"}]}},
        })
    );
}

#[test]
fn statements_that_are_not_valid_at_the_date_are_left_out() {
    let engine = ecpat();
    let query = r#"query($date: Date!) {
      code: codeOfConduct(id: "the-code", asOf: $date) { hosts { totalCount } developedBy { totalCount } members { nodes { ... on Entity { id } } } signings { totalCount } }
      ecpat: organization(id: "ecpat-international", asOf: $date) { campaigns { nodes { id } } partners { nodes { id } } awards { totalCount } }
      alaux: person(id: "christophe-alaux", asOf: $date) { positions { totalCount } responsibleFor { totalCount } }
    }"#;
    let at = |date: &str| ask(&engine, query, &json!({ "date": date }));
    // Facts without dates in the article are valid at any date.
    let undated = json!([{"id": "accorhotels?asOf=1990"}, {"id": "the-code-members?asOf=1990"}]);
    let early = at("1990");
    assert_eq!(
        early["code"],
        json!({
            "hosts": {"totalCount": 1},
            "developedBy": {"totalCount": 0},
            "members": {"nodes": undated},
            "signings": {"totalCount": 0},
        })
    );
    assert_eq!(early["ecpat"]["awards"]["totalCount"], 0);
    let ids = |list: &Value| -> Vec<String> {
        let id = |it: &Value| it["id"].as_str().unwrap().to_owned();
        nodes(list).iter().map(id).collect()
    };
    assert_eq!(
        ids(&early["ecpat"]["campaigns"]),
        ["campaign-against-sex-tourism?asOf=1990"]
    );
    let between = at("2011");
    assert_eq!(
        ids(&between["ecpat"]["campaigns"]),
        ["stop-sex-trafficking-campaign?asOf=2011"]
    );
    let then = at("2016");
    assert_eq!(
        then["alaux"],
        json!({"positions": {"totalCount": 1}, "responsibleFor": {"totalCount": 3}})
    );
    assert_eq!(nodes(&then["code"]["members"]).len(), 3);
    let late = at("2024");
    assert_eq!(
        late["alaux"],
        json!({"positions": {"totalCount": 0}, "responsibleFor": {"totalCount": 0}})
    );
    let partners = ids(&late["ecpat"]["partners"]);
    let former = |id: &String| id == "unicef?asOf=2024" || id == "the-body-shop?asOf=2024";
    assert!(!partners.iter().any(former), "{partners:?}");
    assert_eq!(late["code"]["hosts"]["totalCount"], 1);
    assert_eq!(late["code"]["developedBy"]["totalCount"], 3);
}

#[test]
fn searches_find_the_expected_entities() {
    let engine = ecpat();
    let table = std::fs::read_to_string(root().join("tests/searches.tsv")).unwrap();
    let mut failed = Vec::new();
    let mut count = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (words, ids) = line.split_once('\t').expect("words, a tab and ids");
        let data = ask(
            &engine,
            "query($words: String!) { search(query: $words, first: 1) { nodes { id } } }",
            &json!({ "words": words }),
        );
        let found: Vec<&str> = nodes(&data["search"])
            .iter()
            .map(|it| it["id"].as_str().unwrap())
            .collect();
        if !ids.split(' ').any(|id| found.contains(&id)) {
            failed.push(format!("{words}: {found:?} instead of {ids}"));
        }
        count += 1;
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(count >= 50, "{count} searches");
}
