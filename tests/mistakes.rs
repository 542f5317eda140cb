//! One report for each mistake: correct data are changed in one place, in every way that a hand may slip, and there is one
//! error, with a hint, where the change is.

use std::path::Path;
use std::sync::Arc;

use clew::facts::{Files, Progress};
use clew::graph;
use clew::ontology::{self, Ontology};
use clew::report::{Report, Reports, Severity, SourceText, Style};

const SCHEMA: &str = r#"
extend schema @prefix(name: "wd", iri: "http://www.wikidata.org/entity/")
enum Colour { RED GREEN }
type Person {
  name: String!
  age: Int
  height: Float
  isAlive: Boolean
  born: Date
  seen: DateTime
  site: URL
  about: Text
  colour: Colour
  spot: Point
  tags: [String!]!
  friends: [Person!]! @relation(name: "FRIEND", edge: "Friendship")
  home: Place! @relation(name: "HOME", inverse: "residents")
}
type Friendship @edge { since: Date role: String! }
type Place { name: String! code: String @unique partOf: Place @relation(name: "PART_OF", inverse: "parts") }
"#;

const YAML: &str = r#"source: diary
cite: may
graph:
  title: People
  description: Who knows whom.
  licence: CC-BY-4.0
  url: https://example.org/about
  examples:
    - title: All people
      query: "{ people { nodes { name } } }"
Source:
  diary:
    title: A diary
    structure:
      - {section: may, title: In May, paragraphs: [2, 3]}
  letters:
    title: Letters
Person:
  anna:
    cite: may/1
    name: Anna Berg
    aliases: Annie
    sameAs: wd:Q42
    age: 42
    height: 1.7
    isAlive: true
    born: {value: 1950-01-02, cite: may/1/2, rank: preferred}
    seen: 1996-08-27T10:00:00Z
    site: https://example.org/anna
    about: {en: A painter, de: Eine Malerin}
    colour: RED
    spot: {lat: 48.2, lon: 16.4}
    tags:
      - painter
      - teacher
    friends:
      - {to: ben, role: teacher, since: 1970, valid: {from: 1970, until: 1980}}
      - to: clara
        role: pupil
        cite: {source: letters, page: 4, note: in another hand}
    home: vienna
  ben:
    name: Ben Cole
    rank: normal
    born: 1940
    home: rome
  clara:
    name: Clara Dorn
    home: {to: rome, cite: letters#3}
Place:
  vienna:
    name: Vienna
    code: VIE
    partOf: austria
  rome:
    name: Rome
    code: ROM
  austria:
    name: Austria
"#;

const LINES: &str = r#"{"type":"node","id":"diary","labels":["Source"],"properties":{"title":["A diary"]}}
{"type":"node","id":"anna","labels":["Person"],"properties":{"name":["Anna Berg"],"age":[42],"isAlive":[true],"born":[{"value":"1950-01-02","cite":"diary#may","rank":"preferred"}],"about":{"en":"A painter","de":"Eine Malerin"},"colour":"RED","tags":["painter","teacher"]},"cite":"diary","rank":"normal","valid":"1950/2010"}
{"type":"node","id":"ben","labels":["Person"],"properties":{"name":["Ben Cole"]}}
{"type":"node","id":"rome","labels":["Place"],"properties":{"name":["Rome"]}}
{"type":"edge","from":"anna","to":"ben","labels":["FRIEND"],"properties":{"role":["teacher"],"since":["1970"]},"cite":{"source":"diary","page":4},"valid":{"from":"1970","until":"1980"}}
{"type":"edge","from":"anna","to":"rome","labels":["HOME"]}
{"type":"edge","from":"ben","to":"rome","labels":["HOME"]}
"#;

fn ontology(sdl: &str) -> Arc<Ontology> {
    Arc::new(ontology::compile(&[SourceText::whole("schema.graphql", sdl)]).unwrap())
}

fn check(ontology: &Arc<Ontology>, folder: &Path, name: &str, text: &[u8]) -> Reports {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    let mut reports = Reports::default();
    let files = Files::find(&file, &mut reports);
    graph::build(ontology, &files, &Progress::default(), &mut reports);
    reports.sort();
    reports
}

fn errors(reports: &Reports) -> Vec<&Report> {
    let errors = reports.0.iter().filter(|it| it.severity() == Severity::Error);
    errors.collect()
}

fn line(report: &Report) -> usize {
    report.place.as_ref().map_or(0, |it| it.line_column().0)
}

/// The effect of a change on correct data.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    /// One error, on the line of the change.
    Here,
    /// One error, on any line: what is missed is reported where it is missed.
    Somewhere,
    /// One error on the line or one of the few after it, or none: it may be right as well.
    AtMostOne,
    /// One error on any line, or none.
    AtMostOneSomewhere,
}

struct Change {
    what: String,
    line: usize,
    text: String,
    outcome: Outcome,
}

/// A name with two letters in the wrong order.
fn misspelled(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    match letters.len() {
        0..=2 => letters.push('x'),
        _ if letters[1] == letters[2] => drop(letters.pop()),
        _ => letters.swap(1, 2),
    }
    letters.into_iter().collect()
}

/// The keys of a line, and their bytes.
fn keys(line: &str) -> Vec<std::ops::Range<usize>> {
    let mut keys = Vec::new();
    for (colon, _) in line.match_indices(':') {
        let start = line[..colon]
            .rfind(|it: char| !it.is_ascii_alphabetic())
            .map_or(0, |it| it + 1);
        let ends = line[colon + 1..].is_empty() || line[colon + 1..].starts_with(' ');
        let begins = line[..start].trim_end();
        if start < colon && ends && (begins.is_empty() || begins.ends_with(['-', ',', '{'])) {
            keys.push(start..colon);
        }
    }
    keys
}

fn changes_of_yaml() -> Vec<Change> {
    let lines: Vec<&str> = YAML.lines().collect();
    let mut made = Vec::new();
    let mut add = |what: String, no: usize, changed: &[String], until: usize, outcome: Outcome| {
        let before = lines[..no].iter().map(|it| (*it).to_owned());
        let after = lines[until..].iter().map(|it| (*it).to_owned());
        let all: Vec<String> = before.chain(changed.iter().cloned()).chain(after).collect();
        made.push(Change {
            what,
            line: no + 1,
            text: all.join("\n") + "\n",
            outcome,
        });
    };
    for (no, line) in lines.iter().enumerate() {
        let indentation = line.len() - line.trim_start().len();
        let is_id = indentation == 2 && !(3..10).contains(&no);
        let put = |range: std::ops::Range<usize>, text: &str| {
            [format!("{}{text}{}", &line[..range.start], &line[range.end..])]
        };
        for key in keys(line) {
            let name = &line[key.clone()];
            if matches!(name, "en" | "de") {
                continue;
            }
            let outcome = match name {
                // Nothing refers to it.
                "anna" => Outcome::AtMostOne,
                _ if is_id => Outcome::Somewhere,
                _ => Outcome::Here,
            };
            let changed = put(key.clone(), &misspelled(name));
            add(format!("\"{name}\" is misspelled"), no, &changed, no + 1, outcome);
            let value = key.end + 2;
            if value >= line.len() {
                continue;
            }
            // In braces a value ends at the next comma or brace, unless it is a mapping or a list itself.
            let rest = &line[value..];
            let is_inner = line[..key.start].contains('{');
            let end = match rest.chars().next() {
                Some('{') => value + rest.find('}').unwrap() + 1,
                Some('[') => value + rest.find(']').unwrap() + 1,
                _ if is_inner => value + rest.find([',', '}']).unwrap(),
                _ => line.len(),
            };
            for wrong in ["[[1]]", "{a: {b: c}}"] {
                let what = format!("\"{name}\" is {wrong}");
                add(what, no, &put(value..end, wrong), no + 1, Outcome::Here);
            }
        }
        for by in [-4, -2, -1, 1, 2, 4_i32] {
            let Ok(spaces) = usize::try_from(indentation as i32 + by) else {
                continue;
            };
            let moved = [format!("{}{}", " ".repeat(spaces), line.trim_start())];
            let what = format!("{by} spaces of indentation");
            add(what, no, &moved, no + 1, Outcome::AtMostOneSomewhere);
        }
        let is_below = |it: &&&str| it.len() - it.trim_start().len() > indentation;
        let until = no + 1 + lines[no + 1..].iter().take_while(is_below).count();
        for by in [-2, 2_i32] {
            if until == no + 1 || indentation as i32 + by < 0 {
                continue;
            }
            let moved = lines[no..until].iter().map(|it| match by {
                2 => format!("  {it}"),
                _ => it[2..].to_owned(),
            });
            let what = format!("{by} spaces of indentation with all below");
            let moved: Vec<String> = moved.collect();
            add(what, no, &moved, until, Outcome::AtMostOneSomewhere);
        }
        add(
            "the line is missing".to_owned(),
            no,
            &[],
            no + 1,
            Outcome::AtMostOneSomewhere,
        );
        for mark in [":", ": ", "{", "}", "[", "]", "\"", ",", "- "] {
            let Some(at) = line.find(mark) else { continue };
            let changed = if mark == ": " {
                put(at..at + 2, ":")
            } else {
                put(at..at + mark.len(), "")
            };
            let what = format!("a {mark:?} is missing");
            add(what, no, &changed, no + 1, Outcome::AtMostOneSomewhere);
        }
    }
    made
}

/// The paths to all values of a JSON text.
fn paths(value: &serde_json::Value, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    match value {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                path.push(key.clone());
                all.push(path.clone());
                paths(value, path, all);
                path.pop();
            }
        }
        serde_json::Value::Array(items) => {
            for (no, value) in items.iter().enumerate() {
                path.push(no.to_string());
                paths(value, path, all);
                path.pop();
            }
        }
        _ => {}
    }
}

fn changes_of_lines() -> Vec<Change> {
    let lines: Vec<&str> = LINES.lines().collect();
    let mut made = Vec::new();
    let mut add = |what: String, no: usize, changed: &str, outcome: Outcome| {
        let mut all = lines.clone();
        all[no] = changed;
        made.push(Change {
            what,
            line: no + 1,
            text: all.join("\n") + "\n",
            outcome,
        });
    };
    for (no, line) in lines.iter().enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut all = Vec::new();
        paths(&value, &mut Vec::new(), &mut all);
        for path in all {
            let (key, above) = path.split_last().unwrap();
            let above = above.iter().flat_map(|it| ["/", it]).collect::<String>();
            let change = |edit: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
                let mut changed = value.clone();
                edit(changed.pointer_mut(&above).unwrap().as_object_mut().unwrap());
                changed.to_string()
            };
            if !matches!(&**key, "en" | "de") {
                let changed = change(&|it| {
                    let value = it.remove(key).unwrap();
                    it.insert(misspelled(key), value);
                });
                add(format!("{path:?} is misspelled"), no, &changed, Outcome::Here);
            }
            let changed = change(&|it| drop(it.remove(key)));
            add(
                format!("{path:?} is missing"),
                no,
                &changed,
                Outcome::AtMostOneSomewhere,
            );
            let is_id = matches!(&**key, "id" | "from" | "to" | "labels") && above.is_empty();
            for wrong in [
                serde_json::json!([[1]]),
                serde_json::json!(true),
                serde_json::json!("zzz9"),
                serde_json::Value::Null,
            ] {
                let changed = change(&|it| drop(it.insert(key.clone(), wrong.clone())));
                let outcome = match wrong {
                    serde_json::Value::Array(_) => Outcome::Here,
                    _ if is_id => Outcome::AtMostOneSomewhere,
                    _ => Outcome::AtMostOne,
                };
                add(format!("{path:?} is {wrong}"), no, &changed, outcome);
            }
        }
        for mark in ["{", "}", "[", "]", ",", "\"", ":"] {
            for (at, _) in line.match_indices(mark).take(6) {
                let changed = format!("{}{}", &line[..at], &line[at + mark.len()..]);
                add(
                    format!("a {mark} is missing at {at}"),
                    no,
                    &changed,
                    Outcome::Here,
                );
            }
        }
        for (what, changed) in [
            ("a comma after it", format!("{line},")),
            (
                "a comma before the end",
                format!("{},}}", &line[..line.len() - 1]),
            ),
            ("single quotes", line.replace('"', "'")),
            ("a comment after it", format!("{line} // note")),
            ("two on a line", format!("{line}{line}")),
        ] {
            add(what.to_owned(), no, &changed, Outcome::Here);
        }
    }
    made
}

fn no_more_than_one_report(name: &str, base: &str, changes: &[Change], least: usize) {
    let (ontology, folder) = (ontology(SCHEMA), tempfile::tempdir().unwrap());
    let sound = check(&ontology, folder.path(), name, base.as_bytes());
    assert!(sound.0.is_empty(), "{}", drawn(&sound));
    assert!(changes.len() >= least, "{} changes", changes.len());
    let mut failed = Vec::new();
    for change in changes {
        let reports = check(&ontology, folder.path(), name, change.text.as_bytes());
        let found = errors(&reports);
        let is_near = |by: usize| {
            found
                .iter()
                .all(|it| (change.line..=change.line + by).contains(&line(it)))
        };
        let fits = match change.outcome {
            Outcome::Here => found.len() == 1 && is_near(0),
            Outcome::Somewhere => found.len() == 1,
            Outcome::AtMostOne => found.len() <= 1 && is_near(3),
            Outcome::AtMostOneSomewhere => found.len() <= 1,
        };
        let said = |it: &&Report| it.hint.is_some() && it.place.is_some();
        if !fits || !found.iter().all(said) {
            let written = change.text.lines().nth(change.line - 1).unwrap_or_default();
            failed.push(format!(
                "line {}: {}: {written}\n{}",
                change.line,
                change.what,
                drawn(&reports)
            ));
        }
    }
    let count = failed.len();
    failed.truncate(20);
    assert!(
        count == 0,
        "{count} of {} changes:\n{}",
        changes.len(),
        failed.join("\n")
    );
}

fn drawn(reports: &Reports) -> String {
    reports.render(Style {
        color: false,
        most: 10,
    })
}

#[test]
fn each_slip_in_yaml_has_one_report() {
    no_more_than_one_report("a.yaml", YAML, &changes_of_yaml(), 700);
}

#[test]
fn each_slip_in_json_lines_has_one_report() {
    no_more_than_one_report("a.jsonl", LINES, &changes_of_lines(), 500);
}

/// Data with one mistake: the code of the report, its line, and a part of the hint.
const MISTAKES: &[(&str, &str, &str, usize, &str)] = &[
    (
        "a.yaml",
        "Persn:\n  tim:\n  name: x\n",
        "E0208",
        1,
        "did you mean \"Person\"?",
    ),
    (
        "a.yaml",
        "Place:\n  tim:\n  name: x\n",
        "E0207",
        3,
        "deeper than the id \"tim\"",
    ),
    (
        "a.yaml",
        "Place:\n  tim:\nname: x\n",
        "E0207",
        3,
        "deeper than the id \"tim\"",
    ),
    (
        "a.yaml",
        "Place:\ntim:\n  name: x\nben:\n  name: y\n",
        "E0207",
        2,
        "ids below \"Place\"",
    ),
    (
        "a.yaml",
        "tim:\n  name: x\n  code: y\nben:\n  name: z\n",
        "E0208",
        1,
        "write `Place:` above it",
    ),
    (
        "a.yaml",
        "Place:\n  tim: {name: x}\n  Person:\n    ben: {name: y, home: tim}\n    ann: {name: z, home: tim}\n",
        "E0207",
        3,
        "beginning of its line",
    ),
    (
        "a.yaml",
        "Place:\n  tim: {name: x}\n  Person:\n  ben: {name: y, home: tim}\n",
        "E0207",
        3,
        "beginning of its line",
    ),
    (
        "a.yaml",
        "Person:\n  ben:\n    name: y\n    home: tim\n    tim:\n      name: x\n      code: z\n      partOf: rome\nPlace: {rome: {name: R}}\n",
        "E0207",
        5,
        "indent it",
    ),
    (
        "a.yaml",
        "Place:\n  - a1:\n      name: x\n",
        "E0207",
        2,
        "without a dash",
    ),
    (
        "a.yaml",
        "Place:\n  a1: {name: x}\n  - a2: {name: y}\n",
        "E0202",
        3,
        "no dashes",
    ),
    (
        "a.yaml",
        "Place:\n  a: {name: x code: b1}\n",
        "E0202",
        2,
        "name: x, code: b1",
    ),
    (
        "a.yaml",
        "Place:\n  a:\n    name = Tim\n",
        "E0207",
        3,
        "name: Tim",
    ),
    (
        "a.yaml",
        "Place:\n  a:\n    name: x\n    code = Tim\n",
        "E0202",
        4,
        "code: Tim",
    ),
    (
        "a.yaml",
        "Place:\n  a:\n  \u{a0} name: x\n",
        "E0202",
        3,
        "plain spaces",
    ),
    (
        "a.yaml",
        "Place:\n  a:\n    name: x\n   \u{a0}code: y\n",
        "E0202",
        4,
        "plain spaces",
    ),
    (
        "a.yaml",
        "Place:\n  a: {name: x}\nsuorce: d\nSource: {d: {title: D}}\n",
        "E0207",
        3,
        "\"source\"?",
    ),
    (
        "a.yaml",
        "Place:\n  a: {name: x, cite: d/1/2}\n  b: {name: y, cite: d/3}\nSource: {d: {title: D}}\n",
        "E0225",
        2,
        "write \"d#1/2\"",
    ),
    (
        "a.yaml",
        "Place:\n  a: {name: x, cite: may/1/2}\n  b: {name: y, cite: may/3}\n  c: {name: y, cite: page 3}\n",
        "E0225",
        2,
        "at the top of the file",
    ),
    (
        "a.yaml",
        "source: d\nPlace:\n  a: {name: x, cite: e}\nSource:\n  d: {title: D, structure: [{section: s, paragraphs: [1]}]}\n  e: {title: E}\n",
        "E0226",
        3,
        "write \"e#\"",
    ),
    (
        "a.yaml",
        "Place:\n  a: {name: x, cite: {source: d, pages: 3}}\nSource: {d: {title: D}}\n",
        "E0207",
        2,
        "\"page\"?",
    ),
    (
        "a.yaml",
        "Place:\n  a: {name: x, partOf: {to: b, valid: {from: 1990, to: 1991}}}\n  b: {name: y}\n",
        "E0228",
        2,
        "did you mean \"until\"?",
    ),
    (
        "a.yaml",
        "Place:\n  a: {name: x, valid: {from: 5.6.1996}}\n",
        "E0228",
        2,
        "write 1996-06-05",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a:\n    name: x\n    home: p\n    born:\n      - {value: 1882, cite: d}\n      - {valu: 1881, cite: d}\nSource: {d: {title: D}}\n",
        "E0207",
        8,
        "did you mean \"value\"?",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a: {name: x, home: p, height: \"12,50\"}\n",
        "E0217",
        3,
        "write 12.50",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a: {name: x, home: p, age: 1 234}\n",
        "E0217",
        3,
        "write 1234",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a: {name: x, home: p, site: example.org/x}\n",
        "E0229",
        3,
        "https://example.org/x",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a: {name: x, home: p, site: \"https:///x\"}\n",
        "E0229",
        3,
        "write it whole",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a: {name: x, home: p, spot: \"48.2, 16.4\"}\n",
        "E0217",
        3,
        "{lat: 48.2, lon: 16.4}",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a: {name: x, home: p, tags: [1, 2, 3]}\n",
        "E0217",
        3,
        "in quotes",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a: {name: x, home: {id: p}}\n",
        "E0207",
        3,
        "write `to` in place of \"id\"",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x}}\nPerson:\n  a: {name: x, home: p, about: {english-x-: y}}\n",
        "E0240",
        3,
        "BCP 47",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x, sameAs: \"wd:\"}}\n",
        "E0229",
        1,
        "wd:Q42",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x, partOf: q}, r: {name: y, partOf: q}}\n",
        "E0213",
        1,
        "define the entity",
    ),
    (
        "a.yaml",
        "Place: {p: {name: \"\"}}\n",
        "W0310",
        1,
        "a name that readers see",
    ),
    (
        "a.yaml",
        "Place: {p: {name: x, aliases: [X, Y, X]}}\n",
        "W0311",
        1,
        "keep one",
    ),
    (
        "a.yaml",
        "graph:\n  examples:\n    - {title: a, query: \"{ places { nodes { id } } }\"}\n    - {title: a, query: \"{ people { nodes { id } } }\"}\nPlace: {p: {name: x}}\n",
        "W0311",
        4,
        "a title of its own",
    ),
    (
        "a.jsonl",
        "[\n{\"type\":\"node\",\"id\":\"a\",\"labels\":[\"Place\"],\"properties\":{\"name\":\"x\"}},\n{\"type\":\"node\",\"id\":\"b\",\"labels\":[\"Place\"],\"properties\":{\"name\":\"x\"}}\n]\n",
        "E0203",
        1,
        "one line of its own",
    ),
    (
        "a.jsonl",
        "{\n  \"type\": \"node\",\n  \"id\": \"a\",\n  \"labels\": [\n    \"Place\"\n  ],\n  \"properties\": {\"name\": \"x\"}\n}\n{\n  \"type\": \"edge\"\n}\n",
        "E0203",
        1,
        "one line of its own",
    ),
    (
        "a.jsonl",
        "// first\n// second\n{\"type\":\"node\",\"id\":\"a\",\"labels\":[\"Place\"],\"properties\":{\"name\":\"x\"}}\n",
        "E0203",
        1,
        "no comments",
    ),
    (
        "a.jsonl",
        "{'type':'node','id':'a','labels':['Place']}\n{'type':'node','id':'b','labels':['Place']}\n",
        "E0203",
        1,
        "double quotes",
    ),
    (
        "a.jsonl",
        "{\"type\":\"node\",\"id\":\"a\",\"labels\":[\"Place\"],\"properties\":{\"name\":\"x\",\"code\":None}}\n",
        "E0203",
        1,
        "write null",
    ),
    (
        "a.jsonl",
        "{\"type\":\"node\",\"id\":\"a\",\"label\":\"Place\",\"properties\":{\"name\":\"x\"}}\n{\"type\":\"edge\",\"from\":\"a\",\"to\":\"a\",\"labels\":[\"PART_OF\"]}\n",
        "E0207",
        1,
        "\"labels\"?",
    ),
    (
        "a.jsonl",
        "{\"type\":\"node\",\"id\":\"a\",\"labels\":[\"Place\"],\"properties\":{\"name\":\"x\"}}\n{\"type\":\"edge\",\"source\":\"a\",\"to\":\"a\",\"labels\":[\"PART_OF\"]}\n",
        "E0207",
        2,
        "\"from\"?",
    ),
    (
        "a.jsonl",
        "{\"type\":\"node\",\"id\":\"p\",\"labels\":[\"Place\"],\"properties\":{\"name\":\"x\"}}\n{\"type\":\"node\",\"id\":\"a\",\"labels\":[\"Person\"],\"properties\":{\"name\":\"x\"}}\n{\"type\":\"edge\",\"from\":\"p\",\"to\":\"a\",\"labels\":[\"HOME\"]}\n",
        "E0215",
        3,
        "it begins at \"Person\"",
    ),
];

#[test]
fn common_mistakes_have_one_report_with_the_right_hint() {
    let (ontology, folder) = (ontology(SCHEMA), tempfile::tempdir().unwrap());
    let mut failed = Vec::new();
    for (name, text, code, at, hint) in MISTAKES {
        let reports = check(&ontology, folder.path(), name, text.as_bytes());
        std::fs::remove_file(folder.path().join(name)).unwrap();
        let found: Vec<&Report> = reports.0.iter().filter(|it| it.code.0 != "W0309").collect();
        let fits = match found[..] {
            [one] => {
                let said = one.hint.clone().unwrap_or_default();
                one.code.0 == *code && line(one) == *at && said.contains(hint)
            }
            _ => false,
        };
        if !fits {
            failed.push(format!(
                "{text}\nexpected {code} on line {at}, with {hint:?}\n{}",
                drawn(&reports)
            ));
        }
    }
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn a_file_in_utf16_is_named_as_such() {
    let (ontology, folder) = (ontology(SCHEMA), tempfile::tempdir().unwrap());
    for name in ["a.yaml", "a.jsonl"] {
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}{LINES}");
            let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let reports = check(&ontology, folder.path(), name, &bytes);
            assert_eq!(reports.0.len(), 1, "{}", drawn(&reports));
            assert!(reports.0[0].message.contains("UTF-16"), "{}", drawn(&reports));
        }
    }
}
