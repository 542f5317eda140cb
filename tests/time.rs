//! The rule for statements and time: at a date, a graph gives the answers of a graph with only the statements that are
//! valid then.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use clew::api::{Engine, Limits, Request};
use clew::facts::{Files, Progress};
use clew::forms::Form;
use clew::graph;
use clew::memory::Allowance;
use clew::ontology::{self, Ontology};
use clew::report::{Reports, SourceText, Style};
use common::Server;
use serde_json::{Value, json};

const SCHEMA: &str = r#"
extend schema @prefix(name: "ex", iri: "http://example.org/")
interface Named { name: String @search }
type Club implements Named @entity(label: "name") {
  name: String @search
  code: String @unique
  motto: Text @search
  size: Int
  price: Decimal
  founded: Date
  kind: Kind
  open: Boolean
  tags: [String!]! @search
  town: City @relation(name: "IN", inverse: "clubs")
  parent: Club @relation(name: "PARENT", inverse: "children")
  friend: Club @relation(name: "FRIEND", symmetric: true)
  rivals: [Club!]! @relation(name: "RIVAL", symmetric: true, edge: "Rivalry")
  above: [Club!]! @relation(name: "ABOVE", inverse: "below", transitive: true)
}
type City implements Named @entity(label: "name", plural: "cities") { name: String @search  code: String @unique  size: Int }
type Rivalry @edge { weight: Int  since: Date }
enum Kind { ALPHA BETA GAMMA }
"#;

/// Numbers that look random and depend only on the seed.
struct Random(u64);

impl Random {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % count
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len() as u64) as usize]
    }
}

/// The first and the last year of validity.
type Years = (Option<u32>, Option<u32>);

/// A value or an edge.
struct Fact {
    /// An edge's line in the data file without its statement, or the entity and the field of a value.
    of: Result<Value, (usize, &'static str)>,
    value: Value,
    years: Years,
    rank: Option<&'static str>,
}

impl Fact {
    /// Whether it is valid in any of the years.
    fn holds(&self, (first, last): (u32, u32)) -> bool {
        self.years.0.is_none_or(|it| it <= last) && self.years.1.is_none_or(|it| it >= first)
    }

    /// Source, validity and rank. With a source it is a statement of its own, which others may contradict.
    fn said(&self) -> Value {
        let mut said = json!({"cite": "book"});
        match self.years {
            (None, None) => {}
            (Some(from), Some(until)) => said["valid"] = format!("{from}/{until}").into(),
            (Some(from), None) => said["valid"] = json!({"from": from.to_string()}),
            (None, Some(until)) => said["valid"] = json!({"until": until.to_string()}),
        }
        if let Some(rank) = self.rank {
            said["rank"] = rank.into();
        }
        said
    }
}

/// Random facts about a few clubs and cities.
struct Facts {
    entities: Vec<(String, &'static str)>,
    facts: Vec<Fact>,
    /// A date, and its first and last year.
    date: (String, (u32, u32)),
}

const WORDS: [&str; 6] = ["alpha", "alphas", "beta", "gamma", "gama", "delta"];

impl Facts {
    fn random(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x1234_5678_9abc_def1));
        let clubs = 2 + random.below(5) as usize;
        let cities = 1 + random.below(3) as usize;
        let mut entities: Vec<(String, &'static str)> =
            (0..clubs).map(|no| (format!("c{no}"), "Club")).collect();
        entities.extend((0..cities).map(|no| (format!("t{no}"), "City")));
        let mut facts = Facts {
            entities,
            facts: Vec::new(),
            date: (String::new(), (0, 0)),
        };
        let year = 2000 + random.below(10) as u32;
        facts.date = match random.below(4) {
            0 => (format!("{year}/{}", year + 2), (year, year + 2)),
            1 => (format!("{year}-05"), (year, year)),
            _ => (year.to_string(), (year, year)),
        };
        for no in 0..clubs + cities {
            let fields: &[&str] = if no < clubs {
                &[
                    "name", "motto", "size", "price", "founded", "kind", "open", "tags", "aliases", "sameAs",
                ]
            } else {
                &["name", "size", "aliases"]
            };
            for field in fields {
                for _ in 0..random.below(4) {
                    let value = value(&mut random, field);
                    facts.say(&mut random, (no, field), value);
                }
            }
        }
        // Each code belongs to one entity until 2004, and to one from then on.
        for code in 0..4 {
            for years in [(None, Some(2004)), (Some(2005), None)] {
                let types = if random.one_in(2) {
                    0..clubs
                } else {
                    clubs..clubs + cities
                };
                if types.is_empty() || random.one_in(4) {
                    continue;
                }
                let no = types.start + random.below(types.len() as u64) as usize;
                facts.facts.push(Fact {
                    of: Err((no, "code")),
                    value: format!("code {code}").into(),
                    years,
                    rank: rank(&mut random),
                });
            }
        }
        let mut edges = |label: &str, from: usize, to: usize, random: &mut Random| {
            let mut edge = json!({
                "type": "edge", "from": facts.entities[from].0, "to": facts.entities[to].0, "labels": [label],
            });
            if label == "RIVAL" {
                edge["properties"] =
                    json!({"weight": [random.below(3)], "since": [format!("200{}", random.below(9))]});
            }
            let fact = Fact {
                of: Ok(edge),
                value: Value::Null,
                years: years(random),
                rank: rank(random),
            };
            facts.facts.push(fact);
        };
        for from in 0..clubs {
            let club = |random: &mut Random| random.below(clubs as u64) as usize;
            for _ in 0..random.below(4) {
                let to = clubs + random.below(cities as u64) as usize;
                edges("IN", from, to, &mut random);
            }
            for label in ["PARENT", "RIVAL", "ABOVE"] {
                for _ in 0..random.below(3) {
                    let to = club(&mut random);
                    edges(label, from, to, &mut random);
                }
            }
            if random.one_in(3) {
                let to = club(&mut random);
                edges("FRIEND", from, to, &mut random);
            }
        }
        facts
    }

    fn say(&mut self, random: &mut Random, of: (usize, &'static str), value: Value) {
        self.facts.push(Fact {
            of: Err(of),
            value,
            years: years(random),
            rank: rank(random),
        });
    }

    /// The facts as a file: all of them, or those that are valid at the date.
    fn lines(&self, cut: bool) -> String {
        let mut lines = String::new();
        let holds = |it: &&Fact| !cut || it.holds(self.date.1);
        writeln!(
            lines,
            "{}",
            json!({"type": "node", "id": "book", "labels": ["Source"], "properties": {"title": "Book"}})
        )
        .unwrap();
        for (no, (id, label)) in self.entities.iter().enumerate() {
            let mut properties: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
            for fact in self.facts.iter().filter(holds) {
                if let Err((of, field)) = fact.of
                    && of == no
                {
                    let mut said = fact.said();
                    said["value"] = fact.value.clone();
                    properties.entry(field).or_default().push(said);
                }
            }
            writeln!(
                lines,
                "{}",
                json!({"type": "node", "id": id, "labels": [label], "properties": properties})
            )
            .unwrap();
        }
        for fact in self.facts.iter().filter(holds) {
            if let Ok(edge) = &fact.of {
                let mut edge = edge.clone();
                for (key, value) in fact.said().as_object().unwrap() {
                    edge[key] = value.clone();
                }
                writeln!(lines, "{edge}").unwrap();
            }
        }
        lines
    }
}

fn rank(random: &mut Random) -> Option<&'static str> {
    random.of(&[None, None, None, Some("preferred"), Some("deprecated")])
}

fn years(random: &mut Random) -> Years {
    let from = 1998 + random.below(10) as u32;
    let until = from + random.below(5) as u32;
    random.of(&[
        (None, None),
        (Some(from), Some(until)),
        (Some(from), Some(until)),
        (Some(from), None),
        (None, Some(until)),
    ])
}

fn value(random: &mut Random, field: &str) -> Value {
    let mut words = || format!("{} {}", random.of(&WORDS), random.of(&WORDS));
    match field {
        "name" | "tags" => words().into(),
        "motto" | "aliases" => json!({"en": words(), "de": words()}),
        "sameAs" => format!("ex:{}", random.below(4)).into(),
        "size" => random.below(4).into(),
        "price" => random.of(&["1.50", "1.5", "2", "10.25"]).into(),
        "founded" => random.of(&["1990", "1990-05", "1991", "1990/1992"]).into(),
        "kind" => random.of(&["ALPHA", "BETA", "GAMMA"]).into(),
        _ => random.one_in(2).into(),
    }
}

/// Queries with the placeholder `AT` for a date and further arguments. `ID` and `TO` are clubs.
const QUERIES: &[&str] = &[
    "{ club(id: \"ID\" AT) { ...All } entity(id: \"TO\" AT) { id entityId label degree } }",
    "{ clubs(first: 100 AT) { totalCount nodes { ...All } pageInfo { hasNextPage hasPreviousPage } } }",
    "{ cities(first: 100 AT) { nodes { id label name size clubs { totalCount nodes { id } } degree } } }",
    "{ entities(first: 100 AT) { totalCount nodes { __typename id label degree } } nameds(first: 3 AT) { nodes { id name } } }",
    "{ a: club(by: {code: \"code 0\"} AT) { id } b: club(by: {code: \"code 1\"} AT) { id } c: city(by: {code: \"code 2\"} AT) { id } d: city(by: {code: \"code 3\"} AT) { id } }",
    "{ clubs(filter: {name: {contains: \"alpha\"}} AT) { totalCount nodes { id } } }",
    "{ clubs(filter: {name: {isNull: true}} AT) { nodes { id } } b: clubs(filter: {size: {ne: 1}} AT) { nodes { id } } c: clubs(filter: {not: {size: {gt: 1}}} AT) { nodes { id } } }",
    "{ clubs(filter: {label: {startsWith: \"g\"}} AT) { nodes { id } } b: clubs(filter: {motto: {contains: \"beta\"}} AT) { nodes { id } } }",
    "{ clubs(filter: {or: [{founded: {overlaps: \"1990-05\"}}, {price: {gte: \"2\"}}, {open: {eq: true}}]} AT) { nodes { id } } }",
    "{ clubs(filter: {tags: {hasAny: [\"alpha beta\", \"beta gamma\", \"delta alpha\"]}} AT) { nodes { id } } b: clubs(filter: {tags: {isEmpty: true}} AT) { nodes { id } } }",
    "{ clubs(filter: {kind: {in: [ALPHA, BETA]}, code: {isNull: false}} AT) { nodes { id } } }",
    "{ clubs(filter: {town: {some: {size: {gte: 1}}}} AT) { nodes { id } } b: clubs(filter: {town: {none: {}}} AT) { nodes { id } } c: clubs(filter: {town: {count: {eq: 1}}} AT) { nodes { id } } }",
    "{ clubs(filter: {parent: {every: {size: {lt: 2}}}} AT) { nodes { id } } b: clubs(filter: {children: {count: {gte: 1}}} AT) { nodes { id } } c: clubs(filter: {friend: {some: {}}} AT) { nodes { id } } }",
    "{ cities(filter: {clubs: {some: {kind: {ne: GAMMA}}}} AT) { nodes { id } } b: cities(filter: {clubs: {count: {lt: 2}}} AT) { nodes { id } } }",
    "{ clubs(filter: {rivals: {edge: {weight: {gte: 1}}, some: {size: {gte: 0}}}} AT) { nodes { id } } b: clubs(filter: {below: {none: {name: {contains: \"a\"}}}} AT) { nodes { id } } }",
    "{ clubs(filter: {name: {search: \"alpha\"}} AT) { totalCount nodes { id } } b: clubs(filter: {motto: {search: \"alpha beta\"}} AT) { nodes { id } } c: clubs(filter: {label: {search: \"gam*\"}} AT) { nodes { id } } d: clubs(filter: {name: {search: \"\\\"alpha beta\\\"\"}} AT) { nodes { id } } }",
    "{ clubs(orderBy: [{size: DESC}, {name: ASC}], first: 3 AT) { nodes { id size } pageInfo { hasNextPage } } b: clubs(orderBy: [{founded: ASC_NULLS_FIRST}, {price: DESC}] AT) { nodes { id } } c: clubs(orderBy: [{label: DESC}, {kind: ASC}], last: 3 AT) { nodes { id } } }",
    "{ clubs AT { aggregate { count name { count distinct min max } size { count distinct min max sum avg } price { sum avg } founded { min max } tags { count distinct } motto { count }
        groupBy(by: [{kind: {}}, {town: {}}], first: 50) { key count size { avg } keys { field value entity { id label } } } other: groupBy(by: [{rivals: {}}, {parent: {}}], orderBy: [{key: ASC}], first: 50) { key count } third: groupBy(by: [{tags: {}}, {founded: {}}], first: 50) { key count } } } }",
    "{ entities AT { aggregate { count groupBy(by: [{entityType: {}}]) { key count } } } }",
    "{ club(id: \"ID\" AT) { a: follow(path: \"town\") { nodes { id } } b: follow(path: \"town/clubs|^parent\") { totalCount nodes { id label } } c: follow(path: \"(rivals|parent)*/^above?\") { nodes { id } } d: follow(path: \"^town|friend+\") { nodes { id } } } }",
    "{ city(id: \"t0\" AT) { a: follow(path: \"^town\") { nodes { id } } b: follow(path: \"clubs/parent*\", orderBy: [{entity: {label: ASC}}]) { nodes { id } } } }",
    "{ club(id: \"ID\" AT) { deep: above(depth: 5) { totalCount nodes { id } } low: below(depth: 3, filter: {size: {gte: 1}}) { nodes { id } } } }",
    "{ path(from: \"ID\", to: \"TO\" AT) { length nodes { id } steps { relation field forward from { id } to { id } statement { rank valid { from until } } } } }",
    "{ paths(from: \"ID\", to: \"TO\", maxHops: 4, first: 30 AT) { nodes { length nodes { id } } } out: paths(from: \"ID\", to: \"TO\", direction: OUT, first: 10 AT) { nodes { nodes { id } } } }",
    "{ paths(from: \"ID\", to: \"TO\", weight: \"weight\", maxHops: 3, first: 9 AT) { nodes { length cost nodes { id } } } }",
    "{ neighborhood(of: [\"ID\"], hops: 2 AT) { totalCount truncated nodes { id } links { relation field forward from { id } to { id } } } }",
    "{ degree: ranking(by: DEGREE, first: 50 AT) { entity { id } score exact } rank: ranking(by: PAGE_RANK, first: 50 AT) { entity { id } score } }",
    "{ between: ranking(by: BETWEENNESS, first: 50 AT) { entity { id } score } near: ranking(by: CLOSENESS, first: 50, direction: OUT AT) { entity { id } score } }",
    "{ similar(to: \"ID\", first: 50 AT) { entity { id } score } b: similar(to: \"TO\", by: ADAMIC_ADAR, first: 50 AT) { entity { id } score } }",
    "{ components(first: 20 AT) { size nodes(first: 50) { nodes { id } } } strong: components(strong: true, first: 20 AT) { size nodes(first: 50) { nodes { id } } } }",
    "{ timeline(first: 500 AT) { totalCount nodes { date entity { id } statement { field value target { id } rank valid { from until } } } } b: timeline(of: \"ID\", from: \"1990\", until: \"2003\", first: 500 AT) { nodes { date statement { field value } } } }",
    "{ conflicts(first: 500 AT) { totalCount nodes { field entity { id } statements { value target { id } rank valid { from until } } } } }",
    "{ suggest(prefix: \"AL\", first: 50 AT) { text field start end entity { id label aliases } } b: suggest(prefix: \"g\", first: 3, types: [City] AT) { text entity { id } } c: suggest(prefix: \"\", first: 100 AT) { text field entity { id } } }",
    "query @cite { clubs(first: 50 AT) { nodes { name aliases sameAs { id } size town { label } rivals { edges { weight node { label } } } } } }",
];

/// References, some of which match several entities.
const REFERENCES: &[&str] = &[
    "c0",
    "ex:0",
    "http://example.org/1",
    "ex:2",
    "ALPHA beta",
    "beta gamma",
    "gama alpha",
    "delta delta",
];

/// Searches, whose order depends on scores, and these on all statements.
const SEARCHES: &[&str] = &[
    "alpha",
    "alpha beta",
    "\"alpha beta\"",
    "gam*",
    "delta -gamma",
    "zeta/alpha",
    "nothing",
];

const FORMS: [Form; 7] = [
    Form::Turtle,
    Form::Ntriples,
    Form::Jsonld,
    Form::Graphml,
    Form::Dot,
    Form::Svg,
    Form::Csv,
];

/// Queries that are answered in the forms for graphs and tables.
const SHOWN: &[&str] = &[
    "{ clubs(first: 50 AT) { nodes { id name size founded } } }",
    "{ club(id: \"ID\" AT) { id entityId name tags aliases sameAs { url } town { id name } rivals { nodes { id label } } statements { nodes { field value } } } }",
    "{ neighborhood(of: [\"ID\"], hops: 2 AT) { nodes { id label } } }",
    "{ clubs(filter: {town: {some: {}}} AT) { nodes { id town { id name clubs { nodes { id } } } } } }",
];

const ALL: &str = " fragment All on Club { id entityId label degree name code motto(lang: [\"de\"]) aliases(lang: [\"de\"]) sameAs { prefix id url } size price founded kind open tags
  town { id label clubs { totalCount nodes { id } } } townEdge { node { id } statement { rank valid { from until } } } parent { id parent { id } } children { nodes { id } } friend { id friend { id } }
  rivals(first: 50, orderBy: [{edge: {weight: DESC}}]) { totalCount edges { weight since node { id label } statement { rank } } } some: rivals(filter: {size: {gte: 1}, edge: {weight: {gte: 1}}}) { nodes { id } }
  above { nodes { id } } below(last: 2) { totalCount nodes { id } }
  statements(first: 100) { totalCount nodes { field value edge target { id } rank valid { from until } citations { source { id } } } }
  links(first: 100) { totalCount nodes { relation field forward from { id } to { id } } } }";

/// An engine or a server, for queries.
trait Answers {
    fn answer(&self, query: &str, form: Option<Form>) -> String;
}

impl Answers for Engine {
    fn answer(&self, query: &str, form: Option<Form>) -> String {
        let request = Request {
            query,
            operation_name: None,
            variables: None,
        };
        String::from_utf8(self.execute_as(form, request).body.clone()).unwrap()
    }
}

impl Answers for Server {
    fn answer(&self, query: &str, form: Option<Form>) -> String {
        let body = json!({"query": query}).to_string();
        let accept = match form {
            None => "application/json",
            Some(Form::Turtle) => "text/turtle",
            Some(Form::Ntriples) => "application/n-triples",
            Some(Form::Jsonld) => "application/ld+json",
            Some(Form::Graphml) => "application/graphml+xml",
            Some(Form::Dot) => "text/vnd.graphviz",
            Some(Form::Svg) => "image/svg+xml",
            Some(Form::Csv) => "text/csv",
        };
        self.post(&body, &[("accept", accept)]).body
    }
}

/// An engine for some facts. An engine for other facts reuses its schema and plans, as a reload does.
fn engine(ontology: &Arc<Ontology>, lines: &str, before: Option<&Engine>) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("d.jsonl"), lines).unwrap();
    let mut reports = Reports::default();
    let files = Files::find(folder.path(), &mut reports);
    let snapshot = graph::build(ontology, &files, &Progress::default(), &mut reports);
    let style = Style {
        color: false,
        most: 20,
    };
    let snapshot = snapshot.unwrap_or_else(|| panic!("{}\n{lines}", reports.render(style)));
    let snapshot = Arc::new(snapshot);
    match before {
        Some(before) => {
            let api = before.api_of(ontology, &Allowance::of_process(None)).unwrap();
            before.succeeded_by(snapshot, api)
        }
        None => Engine::new(snapshot, Limits::default()).unwrap(),
    }
}

/// One in this number of graphs answers a query: 6, or `CLEW_PARTS`. `CLEW_PARTS=1` sends all queries to each graph.
static PARTS: LazyLock<u64> = LazyLock::new(|| match std::env::var("CLEW_PARTS") {
    Ok(parts) => parts.parse().expect("CLEW_PARTS is a number above 0"),
    Err(_) => 6,
});

/// Compares the answers at the date with those of the facts that are valid then, for all queries or a part of them.
fn compare(facts: &Facts, whole: &impl Answers, cut: &impl Answers, part: Option<u64>) -> Result<(), String> {
    let date = &facts.date.0;
    let mark = format!("?asOf={date}");
    let fill = |query: &str, at: &str| {
        let clubs = facts.entities.iter().filter(|it| it.1 == "Club").count();
        let query = query
            .replace("\"ID\"", "\"c0\"")
            .replace("\"TO\"", &format!("\"c{}\"", clubs - 1));
        let query = query.replace("clubs AT", if at.is_empty() { "clubs" } else { "clubs(AT)" });
        let query = query.replace(
            "entities AT",
            if at.is_empty() { "entities" } else { "entities(AT)" },
        );
        let all = if query.contains("...All") { ALL } else { "" };
        query
            .replace(" AT)", &format!(" {at})"))
            .replace("(AT)", &format!("({at})"))
            + all
    };
    let at = format!("asOf: \"{date}\"");
    let differ = |query: &str, seen: &str, expected: &str| {
        let at = seen
            .bytes()
            .zip(expected.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let around = |text: &str| {
            let begin = text.floor_char_boundary(at.saturating_sub(200));
            text[begin..text.floor_char_boundary((at + 200).min(text.len()))].to_owned()
        };
        format!(
            "{query}\nat {date}:\n…{}\ncut:\n…{}\n",
            around(seen),
            around(expected)
        )
    };
    let mut differences = String::new();
    let is_asked = |no: usize| part.is_none_or(|it| (no as u64 + it).is_multiple_of(*PARTS));
    let asked = |all: &'static [&'static str]| {
        let all = all.iter().enumerate();
        all.filter(move |(no, _)| is_asked(*no)).map(|(_, it)| *it)
    };
    for query in asked(QUERIES) {
        let asked = fill(query, &at);
        let (seen, expected) = (whole.answer(&asked, None), cut.answer(&fill(query, ""), None));
        if expected.contains("\"errors\"") {
            return Err(format!("{asked}\n{expected}"));
        }
        let seen = seen.replace(&mark, "");
        if seen != expected {
            differences += &differ(&asked, &seen, &expected);
        }
    }
    for text in asked(SEARCHES) {
        for more in ["", ", fuzzy: true", ", types: [City]"] {
            let query = format!(
                "{{ search(query: {}, first: 100{more} AT) {{ totalCount edges {{ node {{ id label }} highlights {{ field fragments }} matched {{ field value rank valid {{ from until }} }} }} }} }}",
                json!(text)
            );
            let found = |answer: String| -> Result<_, String> {
                let answer: Value = serde_json::from_str(&answer).unwrap();
                let found = &answer["data"]["search"];
                let edges = found["edges"].as_array().ok_or_else(|| answer.to_string())?;
                let edges: BTreeMap<String, Value> = edges
                    .iter()
                    .map(|it| (it["node"]["id"].to_string(), it.clone()))
                    .collect();
                Ok((found["totalCount"].clone(), edges))
            };
            let seen = found(whole.answer(&fill(&query, &at), None).replace(&mark, ""))?;
            let expected = found(cut.answer(&fill(&query, ""), None))?;
            if seen != expected {
                writeln!(differences, "{query}\nat {date}: {seen:?}\ncut: {expected:?}").unwrap();
            }
        }
    }
    for text in asked(REFERENCES) {
        let query = format!(
            "{{ resolve(ref: {} AT) {{ id label sameAs {{ prefix id url }} }} }}",
            json!(text)
        );
        let seen = whole.answer(&fill(&query, &at), None).replace(&mark, "");
        let expected = cut.answer(&fill(&query, ""), None);
        if seen != expected {
            differences += &differ(&query, &seen, &expected);
        }
    }
    for (no, query) in SHOWN.iter().enumerate() {
        for (at_form, form) in FORMS.into_iter().enumerate() {
            if !is_asked(no + at_form) {
                continue;
            }
            if form == Form::Csv && (query.contains("statements") || query.contains("clubs {")) {
                continue;
            }
            let (seen, expected) = (
                whole.answer(&fill(query, &at), Some(form)),
                cut.answer(&fill(query, ""), Some(form)),
            );
            if seen != expected {
                differences += &differ(&format!("{form:?} {query}"), &seen, &expected);
            }
        }
    }
    // Paging continues at the date of its cursor, and so does a list of an entity whose id has a date.
    let ids = |answer: &str, list: &str| -> (Vec<String>, Option<String>, String) {
        let answer: Value = serde_json::from_str(answer).unwrap();
        let list = answer["data"]
            .pointer(list)
            .unwrap_or_else(|| panic!("{answer}"))
            .clone();
        let nodes = list["nodes"].as_array().unwrap();
        let nodes = nodes
            .iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect();
        let end = list["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        (nodes, end, answer.to_string())
    };
    let mut pages = [Vec::new(), Vec::new()];
    for (no, asked) in [at.as_str(), ""].into_iter().enumerate() {
        let answers: &dyn Answers = if no == 0 { whole } else { cut };
        let mut after = String::new();
        loop {
            let query = format!(
                "{{ clubs(first: 2, orderBy: [{{size: ASC}}]{after} AT) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
            );
            let (nodes, end, _) = ids(&answers.answer(&fill(&query, asked), None), "/clubs");
            pages[no].extend(nodes.into_iter().map(|it| it.replace(&mark, "")));
            let Some(end) = end else { break };
            after = format!(", after: \"{end}\"");
        }
        let id = if no == 0 {
            format!("c0{mark}")
        } else {
            "c0".to_owned()
        };
        let mut after = String::new();
        loop {
            let query = format!(
                "{{ node(id: \"{id}\") {{ ... on Club {{ rivals(first: 1{after}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }} }} }}"
            );
            let (nodes, end, _) = ids(&answers.answer(&query, None), "/node/rivals");
            if no == 0 && nodes.iter().any(|it| !it.ends_with(&mark)) {
                return Err(format!("{query}\n{nodes:?} lack {mark}"));
            }
            pages[no].extend(nodes.into_iter().map(|it| it.replace(&mark, "")));
            let Some(end) = end else { break };
            after = format!(", after: \"{end}\"");
        }
    }
    if pages[0] != pages[1] {
        return Err(format!("pages at {date}: {:?}\ncut: {:?}", pages[0], pages[1]));
    }
    Ok(())
}

/// Compares `count` graphs, beginning with a seed.
fn compare_graphs(first: u64, count: u64) {
    let ontology = ontology::compile(&[SourceText::whole("schema.graphql", SCHEMA)]).unwrap();
    let ontology = Arc::new(ontology);
    let mut before: Option<Engine> = None;
    for seed in first..first + count {
        let facts = Facts::random(seed);
        let whole = engine(&ontology, &facts.lines(false), before.as_ref());
        let cut = engine(&ontology, &facts.lines(true), Some(&whole));
        if let Err(difference) = compare(&facts, &whole, &cut, Some(seed)) {
            panic!("graph {seed}\n{}\n{difference}", facts.lines(false));
        }
        before = Some(cut);
    }
}

#[test]
fn a_date_is_as_a_cut_graphs_1() {
    compare_graphs(0, 125);
}

#[test]
fn a_date_is_as_a_cut_graphs_2() {
    compare_graphs(125, 125);
}

#[test]
fn a_date_is_as_a_cut_graphs_3() {
    compare_graphs(250, 125);
}

#[test]
fn a_date_is_as_a_cut_graphs_4() {
    compare_graphs(375, 125);
}

#[test]
fn a_date_is_as_a_cut_over_http() {
    for seed in [501, 502, 503, 504] {
        let facts = Facts::random(seed);
        let serve = |cut| {
            let folder = tempfile::tempdir().unwrap();
            common::write(folder.path(), "schema/s.graphql", SCHEMA);
            common::write(folder.path(), "data/d.jsonl", &facts.lines(cut));
            (Server::of(folder.path(), &[]), folder)
        };
        let ((whole, _kept), (cut, _also)) = (serve(false), serve(true));
        if let Err(difference) = compare(&facts, &whole, &cut, None) {
            panic!("graph {seed}\n{}\n{difference}", facts.lines(false));
        }
    }
}

const CLUBS: &str = r#"
type Club @entity(label: "name") { name: String  code: String @unique  size: Int  founded: Date  town: Town @relation(inverse: "clubs") }
type Town @entity(label: "name") { name: String! @search  nick: Text }
"#;

/// The schema and the data of the reported cases that each test repeats.
fn clubs(data: &str) -> (Server, tempfile::TempDir) {
    let folder = common::graph(CLUBS, data);
    (Server::of(folder.path(), &[]), folder)
}

const TOWNS: &str = r"
Source:
  atlas: {title: Atlas}
Town:
  petersburg:
    name:
      - {value: Saint Petersburg, cite: atlas, valid: {from: 1991-09}}
      - {value: Petrograd, cite: atlas, valid: 1914/1923}
      - {value: Leningrad, cite: atlas, valid: 1924/1991-08}
  leningradsky: {name: Leningradsky}
  moscow: {name: Moscow}
Club:
  zenit:
    name: Zenit
    code:
      - {value: AAA, cite: atlas, valid: {from: 1950}}
      - {value: BBB, cite: atlas, valid: {until: 1949}}
    town:
      - {to: petersburg, cite: atlas, valid: {from: 1925}}
      - {to: moscow, cite: atlas, valid: {until: 1924}}
  torpedo:
    name: Torpedo
    code:
      - {value: AAA, cite: atlas, valid: {until: 1949}}
      - {value: CCC, cite: atlas, valid: {from: 1950}}
    town: {to: moscow, valid: {until: 1960}}
";

fn ids(list: &Value) -> Vec<&str> {
    let nodes = list["nodes"].as_array().unwrap_or_else(|| panic!("{list}"));
    nodes.iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[test]
fn a_search_finds_former_names_and_gives_the_matched_statement() {
    let (server, _folder) = clubs(TOWNS);
    let query = "{ search(query: \"leningrad\") { edges { node { id label } matched { field value rank valid { from until } } highlights { fragments } } } }";
    assert_eq!(
        server.ask(query)["data"]["search"]["edges"],
        json!([{
            "node": {"id": "petersburg", "label": "Saint Petersburg"},
            "matched": [{"field": "name", "value": "Leningrad", "rank": "NORMAL", "valid": {"from": "1924", "until": "1991-08"}}],
            "highlights": [{"fragments": ["<mark>Leningrad</mark>"]}],
        }])
    );
}

#[test]
fn a_search_at_a_date_finds_statements_that_were_valid_then() {
    let (server, _folder) = clubs(TOWNS);
    let found = |query: &str, date: &str| {
        let query = format!(
            "{{ search(query: \"{query}\", asOf: \"{date}\") {{ nodes {{ id: entityId }} edges {{ matched {{ value }} highlights {{ fragments }} }} }} }}"
        );
        server.ask(&query)["data"]["search"].clone()
    };
    let leningrad = found("leningrad", "1950");
    assert_eq!(ids(&leningrad), ["petersburg"]);
    assert_eq!(leningrad["edges"][0]["matched"], json!([{"value": "Leningrad"}]));
    assert_eq!(
        leningrad["edges"][0]["highlights"][0]["fragments"],
        json!(["<mark>Leningrad</mark>"])
    );
    assert!(ids(&found("petersburg", "1950")).is_empty());
    // A longer word that begins with the searched word, if no valid text has the word itself.
    assert_eq!(ids(&found("leningrad", "1920")), ["leningradsky"]);
    // If no valid text has all words, texts with any of them are found.
    assert_eq!(ids(&found("petrograd moscow", "1950")), ["moscow"]);
}

#[test]
fn searches_in_filters_see_what_the_field_shows() {
    let (server, _folder) = clubs(TOWNS);
    let found = |filter: &str, date: &str| {
        let query = format!("{{ towns(filter: {{{filter}}} {date}) {{ nodes {{ id: entityId }} }} }}");
        let answer = server.ask(&query);
        let all = ids(&answer["data"]["towns"]);
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let at = "asOf: \"1950\"";
    for field in ["name", "label"] {
        assert_eq!(
            found(&format!("{field}: {{search: \"leningrad\"}}"), at),
            ["petersburg"]
        );
        assert_eq!(
            found(&format!("{field}: {{contains: \"Leningrad\"}}"), at),
            ["leningradsky", "petersburg"]
        );
        assert!(found(&format!("{field}: {{search: \"petersburg\"}}"), at).is_empty());
        assert!(found(&format!("{field}: {{search: \"leningrad\"}}"), "").is_empty());
        assert_eq!(
            found(&format!("{field}: {{search: \"petersburg\"}}"), ""),
            ["petersburg"]
        );
    }
    // Each date in an operation has its own result.
    let both = server.ask(
        "{ a: towns(filter: {name: {search: \"leningrad\"}}) { totalCount } b: towns(filter: {name: {search: \"leningrad\"}}, asOf: \"1950\") { totalCount } c: towns(filter: {name: {search: \"leningrad\"}}) { totalCount } }",
    );
    assert_eq!(
        both["data"],
        json!({"a": {"totalCount": 0}, "b": {"totalCount": 1}, "c": {"totalCount": 0}})
    );
}

#[test]
fn a_unique_value_leads_to_its_owner_at_the_date() {
    let (server, _folder) = clubs(TOWNS);
    let at = |date: &str, code: &str| {
        let answer = server.ask(&format!(
            "{{ club(by: {{code: \"{code}\"}} {date}) {{ entityId }} }}"
        ));
        answer["data"]["club"]["entityId"].as_str().map(str::to_owned)
    };
    assert_eq!(at("asOf: \"1940\"", "AAA").as_deref(), Some("torpedo"));
    assert_eq!(at("asOf: \"1960\"", "AAA").as_deref(), Some("zenit"));
    assert_eq!(at("", "AAA").as_deref(), Some("zenit"));
    assert_eq!(at("asOf: \"1940\"", "BBB").as_deref(), Some("zenit"));
    assert_eq!(at("", "BBB"), None);
    assert_eq!(at("asOf: \"1940\"", "CCC"), None);
    // A compiled graph gives the same results.
    let (_server, folder) = clubs(TOWNS);
    let compiled = common::run(folder.path(), &["compile", "--out", "g.clew"]);
    assert!(compiled.status.success(), "{}", common::text(&compiled.stderr));
    let mapped = Server::of(folder.path(), &["--graph", "g.clew"]);
    let answer = mapped.ask("{ club(by: {code: \"AAA\"}, asOf: \"1940\") { id } }");
    assert_eq!(answer["data"]["club"]["id"], "torpedo?asOf=1940");
}

#[test]
fn two_entities_with_a_unique_value_at_one_time_are_reported() {
    let said = |club: &str| {
        let data = format!(
            "Source:\n  s: {{title: S}}\nClub:\n  a: {{code: [{{value: AAA, cite: s, valid: 1950/1960-02}}, {{value: X, cite: s, valid: {{from: 1960-03}}}}]}}\n  b: {{code: {club}}}\n"
        );
        let folder = common::graph(CLUBS, &data);
        let output = common::run(folder.path(), &["check"]);
        (
            output.status.success(),
            common::text(&output.stderr) + &common::text(&output.stdout),
        )
    };
    for overlapping in [
        "AAA",
        "{value: AAA, valid: {from: 1960-02-29}}",
        "[{value: AAA, cite: s, valid: {until: 1955}}, {value: B, cite: s, valid: {from: 1956}}]",
        "[{value: B, cite: s, valid: {from: 1958}}, {value: AAA, cite: s}]",
        "{value: X, rank: deprecated}",
    ] {
        let (passed, said) = said(overlapping);
        assert!(!passed, "{overlapping}: {said}");
        assert!(
            said.contains("E0223") && said.contains("\"a\"") && said.contains("\"b\""),
            "{said}"
        );
        assert!(said.contains("has it too"), "{said}");
    }
    for apart in [
        "{value: AAA, valid: {from: 1960-03}}",
        "{value: AAA, valid: {until: 1949-12-31}}",
        "[{value: B, cite: s, rank: preferred}, {value: AAA, cite: s}]",
        "[{value: B, cite: s, valid: {until: 1960}}, {value: AAA, cite: s, valid: {until: 1955}}, {value: X, cite: s, valid: {until: 1960-02}}]",
    ] {
        let (passed, said) = said(apart);
        assert!(passed, "{apart}: {said}");
    }
}

#[test]
fn a_value_that_is_unique_over_an_interface_has_one_owner_at_a_time() {
    let schema = "interface Coded { code: String @unique } type Club implements Coded { code: String @unique } type Town implements Coded { code: String @unique }";
    let said = |town: &str| {
        let data = format!(
            "Club:\n  a: {{code: {{value: AAA, valid: 1950/1960}}}}\nTown:\n  b: {{code: {{value: AAA, valid: {town}}}}}\n"
        );
        let folder = common::graph(schema, &data);
        let output = common::run(folder.path(), &["check"]);
        (output.status.success(), folder)
    };
    assert!(!said("{from: 1960}").0);
    assert!(!said("1955").0);
    let (passed, folder) = said("{from: 1961}");
    assert!(passed);
    let server = Server::of(folder.path(), &[]);
    let owner = |date: &str| {
        let answer = server.ask(&format!(
            "{{ coded(by: {{code: \"AAA\"}}, asOf: \"{date}\") {{ id }} }}"
        ));
        answer["data"]["coded"]["id"].as_str().map(str::to_owned)
    };
    assert_eq!(owner("1955").as_deref(), Some("a?asOf=1955"));
    assert_eq!(owner("1970").as_deref(), Some("b?asOf=1970"));
    assert_eq!(owner("1940"), None);
}

#[test]
fn filters_paths_and_groups_see_the_edge_that_the_field_shows() {
    let (server, _folder) = clubs(TOWNS);
    let query = r#"query($moscow: ID = "moscow", $at: Date) {
      some: clubs(filter: {town: {some: {id: {eq: $moscow}}}}, asOf: $at) { nodes { id: entityId } }
      none: clubs(filter: {town: {none: {}}}, asOf: $at) { nodes { id: entityId } }
      one: clubs(filter: {town: {count: {eq: 1}}}, asOf: $at) { nodes { id: entityId } }
      zenit: club(id: "zenit", asOf: $at) { town { entityId } degree follow(path: "town") { nodes { id: entityId } } statements(fields: ["town"]) { totalCount } }
      moscow: town(id: $moscow, asOf: $at) { clubs { nodes { id: entityId } } follow(path: "^town") { nodes { id: entityId } } degree }
      clubs(asOf: $at) { aggregate { groupBy(by: [{town: {}}], orderBy: [{key: ASC}]) { key count } } }
      path(from: "zenit", to: $moscow, asOf: $at) { length }
      neighborhood(of: [$moscow], asOf: $at) { nodes { id: entityId } }
    }"#;
    let answer = server.ask(query);
    let now = &answer["data"];
    assert_eq!(ids(&now["some"]), ["torpedo"], "{answer}");
    assert_eq!(ids(&now["one"]), ["torpedo", "zenit"]);
    assert!(ids(&now["none"]).is_empty());
    assert_eq!(
        now["zenit"],
        json!({"town": {"entityId": "petersburg"}, "degree": 1, "follow": {"nodes": [{"id": "petersburg"}]}, "statements": {"totalCount": 2}})
    );
    assert_eq!(
        now["moscow"],
        json!({"clubs": {"nodes": [{"id": "torpedo"}]}, "follow": {"nodes": [{"id": "torpedo"}]}, "degree": 1})
    );
    assert_eq!(
        now["clubs"]["aggregate"]["groupBy"],
        json!([{"key": "moscow", "count": 1}, {"key": "petersburg", "count": 1}])
    );
    assert_eq!(now["path"], Value::Null);
    assert_eq!(ids(&now["neighborhood"]), ["moscow", "torpedo"]);
    let answer = server.ask_with(query, r#"{"at": "1920"}"#);
    let then = &answer["data"];
    assert_eq!(ids(&then["some"]), ["torpedo", "zenit"], "{answer}");
    assert_eq!(then["path"]["length"], 1);
    assert_eq!(ids(&then["neighborhood"]), ["moscow", "torpedo", "zenit"]);
    let answer = server.ask_with(query, r#"{"at": "1970"}"#);
    assert_eq!(ids(&answer["data"]["none"]), ["torpedo"], "{answer}");
}

#[test]
fn a_required_relation_that_is_not_valid_exists_only_in_its_own_field() {
    let schema = "type Deed { of: House! @relation(inverse: \"deeds\") } type House { name: String }";
    let data = "Deed:\n  d: {of: {to: h, valid: {from: 2000}}}\nHouse:\n  h: {name: H}\n";
    let folder = common::graph(schema, data);
    let server = Server::of(folder.path(), &[]);
    let answer = server.ask(
        r#"{ deed(id: "d", asOf: "1990") { of { entityId } degree follow(path: "of") { totalCount } } house(id: "h", asOf: "1990") { deeds { totalCount } }
             deeds(filter: {of: {some: {}}}, asOf: "1990") { totalCount } path(from: "d", to: "h", asOf: "1990") { length } now: house(id: "h") { deeds { totalCount } } }"#,
    );
    assert_eq!(
        answer["data"],
        json!({
            "deed": {"of": {"entityId": "h"}, "degree": 0, "follow": {"totalCount": 0}},
            "house": {"deeds": {"totalCount": 0}},
            "deeds": {"totalCount": 0},
            "path": null,
            "now": {"deeds": {"totalCount": 1}},
        })
    );
}

#[test]
fn hyphens_slashes_dots_and_apostrophes_separate_words() {
    let data = "Town:\n  a: {name: Jean-Baptiste}\n  b: {name: Baptiste and Jean}\n  c: {name: Griffey}\n  d: {name: O'Neill}\n  e: {name: neill}\n  f: {name: version 1.2}\n";
    let (server, _folder) = clubs(data);
    let found = |query: &str| {
        let answer = server.ask_with(
            "query($q: String!) { search(query: $q) { nodes { id } } }",
            &json!({"q": query}).to_string(),
        );
        let mut found: Vec<String> = ids(&answer["data"]["search"])
            .into_iter()
            .map(str::to_owned)
            .collect();
        found.sort_unstable();
        found
    };
    assert_eq!(found("Jean-Baptiste"), ["a", "b"]);
    assert_eq!(found("\"Jean-Baptiste\""), ["a"]);
    assert_eq!(found("griffey/xyzzy"), ["c"]);
    assert_eq!(found("O'Neill"), ["d"]);
    assert_eq!(found("O’Neal Neill"), ["d", "e"]);
    assert_eq!(found("2.1"), ["f"]);
    assert_eq!(found("jean-bap*"), ["a", "b"]);
}

#[test]
fn ids_carry_the_date_and_are_understood() {
    let (server, _folder) = clubs(TOWNS);
    let answer = server.ask(
        r#"{ club(id: "zenit", asOf: "1920") { id entityId label town { id label clubs { nodes { id } edges { node { id } } } } statements { nodes { target { id } citations { source { id } } } } } }"#,
    );
    let club = &answer["data"]["club"];
    assert_eq!(club["id"], "zenit?asOf=1920", "{answer}");
    assert_eq!(club["entityId"], "zenit");
    assert_eq!(club["town"]["id"], "moscow?asOf=1920");
    assert_eq!(club["town"]["clubs"]["edges"][1]["node"]["id"], "zenit?asOf=1920");
    // In the form in which the date was given, also for a month or an interval.
    for date in ["1920-05", "1920-05-17", "1919/1921"] {
        let query = format!(
            "{{ node(id: \"zenit?asOf={date}\") {{ id entityId ... on Club {{ town {{ label }} }} }} }}"
        );
        assert_eq!(
            server.ask(&query)["data"]["node"],
            json!({"id": format!("zenit?asOf={date}"), "entityId": "zenit", "town": {"label": "Moscow"}})
        );
    }
    let query = r#"{
      nodes(ids: ["zenit?asOf=1920", "moscow", "gone?asOf=1920"]) { id }
      club(id: "zenit?asOf=1920", asOf: "1920") { id }
      path(from: "zenit?asOf=1920", to: "moscow") { nodes { id } }
      neighborhood(of: ["moscow?asOf=1920"], avoid: ["torpedo"]) { nodes { id } }
      similar(to: "zenit?asOf=1920") { entity { id } }
      timeline(of: "torpedo?asOf=1920", first: 1) { nodes { entity { id } } }
      clubs(filter: {id: {in: ["zenit?asOf=1920", "torpedo?asOf=1920"]}, town: {some: {id: {eq: "moscow?asOf=1920"}}}}) { nodes { id } }
      now: club(id: "zenit") { id town { id } }
    }"#;
    let answer = server.ask(query);
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let data = &answer["data"];
    assert_eq!(
        data["nodes"],
        json!([{"id": "zenit?asOf=1920"}, {"id": "moscow?asOf=1920"}, null])
    );
    assert_eq!(data["club"]["id"], "zenit?asOf=1920");
    assert_eq!(ids(&data["path"]), ["zenit?asOf=1920", "moscow?asOf=1920"]);
    assert_eq!(
        ids(&data["neighborhood"]),
        ["moscow?asOf=1920", "zenit?asOf=1920"]
    );
    assert_eq!(data["similar"][0]["entity"]["id"], "torpedo?asOf=1920");
    assert_eq!(data["timeline"]["nodes"][0]["entity"]["id"], "torpedo?asOf=1920");
    assert_eq!(ids(&data["clubs"]), ["torpedo?asOf=1920", "zenit?asOf=1920"]);
    assert_eq!(data["now"], json!({"id": "zenit", "town": {"id": "petersburg"}}));
}

#[test]
fn ids_of_different_dates_are_refused() {
    let (server, _folder) = clubs(TOWNS);
    for query in [
        r#"{ nodes(ids: ["zenit?asOf=1920", "torpedo?asOf=1950"]) { id } }"#,
        r#"{ path(from: "zenit?asOf=1920", to: "moscow?asOf=1921") { length } }"#,
        r#"{ path(from: "zenit?asOf=1920", to: "moscow", avoid: ["torpedo?asOf=1921"]) { length } }"#,
        r#"{ club(id: "zenit?asOf=1920", asOf: "1950") { id } }"#,
        r#"{ neighborhood(of: ["zenit?asOf=1920"], asOf: "1950") { totalCount } }"#,
        r#"{ clubs(filter: {town: {some: {id: {in: ["moscow?asOf=1920"]}}}}, asOf: "1950") { totalCount } }"#,
        r#"{ town(id: "moscow") { clubs(filter: {id: {eq: "zenit?asOf=1920"}}) { totalCount } } }"#,
        r#"{ town(id: "moscow", asOf: "1950") { follow(path: "clubs", filter: {entity: {id: {eq: "zenit?asOf=1920"}}}) { totalCount } } }"#,
    ] {
        let answer = server.ask(query);
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{query}: {answer}"
        );
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains("date") && message.contains("entityId"),
            "{message}"
        );
    }
    // No id has this form.
    assert_eq!(
        server.ask(r#"{ node(id: "zenit?asOf=soon") { id } }"#)["data"]["node"],
        Value::Null
    );
}

#[test]
fn pages_keep_their_date() {
    let (server, _folder) = clubs(TOWNS);
    let list = |query: &str| {
        let answer = server.ask(query);
        let list = answer["data"]["node"]["clubs"].clone();
        (
            list["nodes"].clone(),
            list["pageInfo"]["endCursor"].clone(),
            answer,
        )
    };
    let page = |id: &str, after: &Value| {
        list(&format!(
            "{{ node(id: \"{id}\") {{ ... on Town {{ clubs(first: 1, after: {after}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }} }} }}"
        ))
    };
    let (first, cursor, _) = page("moscow?asOf=1920", &Value::Null);
    assert_eq!(first, json!([{"id": "torpedo?asOf=1920"}]));
    let (second, _, _) = page("moscow?asOf=1920", &cursor);
    assert_eq!(second, json!([{"id": "zenit?asOf=1920"}]));
    let (_, _, answer) = page("moscow", &cursor);
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "CURSOR_INVALID",
        "{answer}"
    );
}

#[test]
fn conflicts_are_statements_that_cannot_be_true_together() {
    let data = r"
Source:
  s: {title: S}
Club:
  apart:
    size: [{value: 1, cite: s, valid: 1990/1995}, {value: 2, cite: s, valid: 2000/2004}]
  precise:
    founded: [{value: 1990, cite: s}, {value: 1990-05, cite: s}]
  same:
    size: [{value: 1, cite: s}, {value: 1, cite: s, rank: deprecated}]
  wrong:
    founded: [{value: 1990, cite: s}, {value: 1991, cite: s}]
  partly:
    size: [{value: 1, cite: s, valid: 1980}, {value: 2, cite: s, valid: 1990/1995}, {value: 3, cite: s, valid: {from: 1995}}]
  moved:
    town: [{to: x, cite: s, valid: {until: 1990}}, {to: y, cite: s, valid: {from: 1991}}]
  torn:
    town: [{to: x, cite: s}, {to: y, cite: s}]
  twice:
    town: [{to: x, cite: s}, {to: x, cite: s, valid: 1990}]
Town:
  x: {name: X, nick: [{value: {en: a}, cite: s}, {value: {de: b}, cite: s}]}
  y: {name: Y, nick: [{value: {en: a, de: b}, cite: s}, {value: {de: c}, cite: s}]}
";
    let (server, _folder) = clubs(data);
    let answer = server
        .ask("{ conflicts { totalCount nodes { entity { id } field statements { value target { id } } } } }");
    let said = |it: &Value| {
        let statements = it["statements"].as_array().unwrap().iter();
        let values: Vec<String> = statements
            .map(|it| {
                if it["value"].is_null() {
                    it["target"]["id"].to_string()
                } else {
                    it["value"].to_string()
                }
            })
            .collect();
        format!(
            "{} {}: {}",
            it["entity"]["id"].as_str().unwrap(),
            it["field"].as_str().unwrap(),
            values.join(" ")
        )
    };
    let conflicts: Vec<String> = answer["data"]["conflicts"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(said)
        .collect();
    assert_eq!(
        conflicts,
        [
            "partly size: 3 2",
            "torn town: \"x\" \"y\"",
            "wrong founded: \"1990\" \"1991\"",
            "y nick: {\"en\":\"a\",\"de\":\"b\"} {\"de\":\"c\"}",
        ],
        "{answer}"
    );
    assert_eq!(answer["data"]["conflicts"]["totalCount"], 4);
    let dated =
        server.ask("{ conflicts(asOf: \"1992\", types: [Club]) { nodes { entity { id: entityId } } } }");
    assert_eq!(ids_of(&dated["data"]["conflicts"]), ["torn", "wrong"]);
}

fn ids_of(list: &Value) -> Vec<&str> {
    let nodes = list["nodes"].as_array().unwrap_or_else(|| panic!("{list}"));
    nodes
        .iter()
        .map(|it| it["entity"]["id"].as_str().unwrap())
        .collect()
}

#[test]
fn other_forms_of_an_answer_have_plain_ids() {
    let (server, _folder) = clubs(TOWNS);
    let query = json!({"query": "{ clubs(asOf: \"1920\") { nodes { id name town { id } } } }"}).to_string();
    for form in [
        "text/turtle",
        "application/n-triples",
        "application/ld+json",
        "application/graphml+xml",
        "text/vnd.graphviz",
        "image/svg+xml",
        "text/csv",
    ] {
        let response = server.post(&query, &[("accept", form)]);
        assert_eq!(response.status, 200, "{form}: {}", response.body);
        let is_there = response.body.contains("torpedo") || response.body.contains("Torpedo");
        assert!(
            is_there && !response.body.contains("asOf"),
            "{form}: {}",
            response.body
        );
    }
}
