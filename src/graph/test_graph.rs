//! A small graph for the tests of this module: texts with and without escapes, lists, missing values, and single and
//! multiple edges.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Snapshot, build};
use crate::facts::{Files, Progress};
use crate::ontology::{self, Direction, Member, PropertyNo, RelationId, TypeId};
use crate::report::{Reports, SourceText, Style};

const SCHEMA: &str = "
    type Person {
      name: String
      age: Int
      tags: [String!]!
      motto: Text
      home: Place @relation(name: \"HOME\", inverse: \"people\")
      knows: [Person!]! @relation(name: \"KNOWS\", inverse: \"known\")
    }
    type Place { name: String! }
";

/// `persons` people in five places; each knows those whose numbers are multiples of its own.
pub(super) fn snapshot(persons: usize) -> Snapshot {
    let mut lines = String::new();
    for no in 0..5 {
        let _ = writeln!(
            lines,
            r#"{{"type":"node","id":"place{no}","labels":["Place"],"properties":{{"name":["place \"{no}\""]}}}}"#
        );
    }
    for no in 0..persons {
        let mut properties = vec![format!(r#""tags":[{}]"#, vec![r#""tag""#; no % 4].join(","))];
        if no % 3 > 0 {
            let long = "long ".repeat(no % 60);
            properties.push(format!(r#""name":["{long}\n{no}"]"#));
        }
        if no % 5 > 0 {
            properties.push(format!(r#""age":[{no}]"#));
        }
        if no % 7 > 0 {
            properties.push(format!(r#""motto":{{"en":"motto {no}","de":"Motto {no}"}}"#));
        }
        let properties = properties.join(",");
        let _ = writeln!(
            lines,
            r#"{{"type":"node","id":"person{no}","labels":["Person"],"properties":{{{properties}}}}}"#
        );
        let mut edge = |to: String, name: &str| {
            let _ = writeln!(
                lines,
                r#"{{"type":"edge","from":"person{no}","to":"{to}","labels":["{name}"],"properties":{{}}}}"#
            );
        };
        if no % 2 > 0 {
            edge(format!("place{}", no % 5), "HOME");
        }
        for other in (2 * no..persons).step_by(no.max(1)) {
            edge(format!("person{other}"), "KNOWS");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sample.jsonl");
    std::fs::write(&file, lines).unwrap();
    let ontology = ontology::compile(&[SourceText::whole("sample", SCHEMA)]).unwrap();
    let mut reports = Reports::default();
    let files = Files::find(&file, &mut reports);
    let snapshot = build(&Arc::new(ontology), &files, &Progress::default(), &mut reports);
    snapshot.unwrap_or_else(|| {
        panic!(
            "{}",
            reports.render(Style {
                color: false,
                most: 5
            })
        )
    })
}

/// A type by its name.
pub(super) fn type_named(snapshot: &Snapshot, name: &str) -> TypeId {
    let ontology = snapshot.ontology();
    let mut ids = ontology.type_ids();
    ids.find(|it| ontology.entity_type(*it).name == name).unwrap()
}

/// A property of a type by its name.
pub(super) fn property(snapshot: &Snapshot, type_id: TypeId, name: &str) -> PropertyNo {
    match snapshot.ontology().entity_type(type_id).members.get(name) {
        Some(Member::Property(no)) => no,
        other => panic!("{name}: {other:?}"),
    }
}

/// A relation by its declared name.
pub(super) fn relation(snapshot: &Snapshot, name: &str) -> (RelationId, Direction) {
    (snapshot.ontology().relation_named(name).unwrap(), Direction::Out)
}
