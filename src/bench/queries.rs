//! Queries that fit any graph: they use its largest type and its longest relation.

use std::cmp::Reverse;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::graph::{Row, Snapshot};
use crate::ontology::{Domain, EntityType, Property, RelationField, Scalar, TypeId};

/// A query, to be repeated with one set of variables after the other.
#[derive(Debug)]
pub struct Question {
    /// Its subject, in a few words.
    pub name: &'static str,
    /// The operation.
    pub query: String,
    /// Objects of variables, at least one.
    pub variables: Vec<Box<RawValue>>,
}

/// Maximum number of sets of variables for each query.
const DRAWN: u64 = 4096;

/// Number of entities with the most edges that are asked for their neighbors.
const HUBS: usize = 256;

/// Number of letters of a name for which suggestions are requested.
const TYPED: usize = 3;

/// The queries that a graph allows. The same graph gives the same queries.
pub fn questions(snapshot: &Snapshot, with_search: bool) -> Vec<Question> {
    let ontology = snapshot.ontology();
    let Some(largest) = ontology.type_ids().max_by_key(|id| snapshot.view().count(*id)) else {
        return Vec::new();
    };
    let view = snapshot.view();
    let Some(all) = view.list_of(largest).filter(|it| !it.is_empty()) else {
        return Vec::new();
    };
    let rows = all.len() as u64;
    let entity_type = ontology.entity_type(largest);
    let (one, many) = (&entity_type.root.one, &entity_type.root.many);
    let plain = plain(entity_type);
    let fields: Vec<&str> = plain.iter().take(4).map(|it| it.name.as_str()).collect();
    let fields = fields.join(" ");
    // Entities that are spread over the type, the same in each run.
    let row = |no: u64| {
        let at = (no.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16) % rows;
        view.locate(all.get(at as usize))
    };
    let id = |no: u64| view.id(row(no));
    let each = |variables: &dyn Fn(u64) -> Value| -> Vec<Box<RawValue>> {
        let all = (0..DRAWN.min(rows.max(16))).map(variables);
        all.filter_map(|it| serde_json::value::to_raw_value(&it).ok())
            .collect()
    };
    let by_id = || each(&|no| json!({"id": id(no)}));
    let mut questions = vec![
        Question {
            name: "point lookup",
            query: format!("query($id: ID!) {{ {one}(id: $id) {{ id {fields} }} }}"),
            variables: by_id(),
        },
        Question {
            name: "1,000 rows",
            query: format!("{{ {many}(first: 1000) {{ nodes {{ id {fields} }} }} }}"),
            variables: each(&|_| json!({})),
        },
    ];
    if let Some(field) = longest(snapshot, largest, |_| true) {
        let name = &field.name;
        questions.push(Question {
            name: "1 hop",
            query: format!(
                "query($id: ID!) {{ {one}(id: $id) {{ label {name}(first: 10) {{ nodes {{ id label }} }} }} }}"
            ),
            variables: by_id(),
        });
    }
    let back_to_itself = |it: &RelationField| it.target == Domain::Type(largest);
    if let Some(field) = longest(snapshot, largest, back_to_itself) {
        let name = &field.name;
        questions.push(Question {
            name: "3 hops",
            query: format!(
                "query($id: ID!) {{ {one}(id: $id) {{ label {name}(first: 5) {{ nodes {{ label {name}(first: 5) {{ nodes {{ label {name}(first: 5) {{ nodes {{ label }} }} }} }} }} }} }} }}"
            ),
            variables: by_id(),
        });
    }
    let is_text = |it: &&&Property| matches!(it.scalar, Scalar::String | Scalar::Text);
    if let Some(field) = longest(snapshot, largest, back_to_itself) {
        let name = &field.name;
        let texts: Vec<&str> = plain.iter().filter(is_text).map(|it| it.name.as_str()).collect();
        let texts = texts[..texts.len().min(3)].join(" ");
        let hubs = hubs(snapshot, largest, field);
        questions.push(Question {
            name: "neighbours of a hub",
            query: format!(
                "query($id: ID!) {{ {one}(id: $id) {{ {name}(first: 1000) {{ nodes {{ id {texts} }} }} }} }}"
            ),
            variables: each(&|no| json!({"id": view.id(hubs[no as usize % hubs.len()])})),
        });
    }
    if let Some(property) = plain.iter().rfind(is_text) {
        let word = |no: u64| {
            let column = property_text(snapshot, largest, property, row(no));
            let mut words = column.split_whitespace().filter(|it| it.len() > 3);
            words.next_back().unwrap_or("abcd").to_owned()
        };
        questions.push(Question {
            name: "filter: contains",
            query: format!(
                "query($word: String!) {{ {many}(first: 50, filter: {{{}: {{contains: $word}}}}) {{ nodes {{ id label }} }} }}",
                property.name
            ),
            variables: each(&|no| json!({"word": word(no)})),
        });
    }
    questions.push(Question {
        name: "path",
        query: "query($from: ID!, $to: ID!) { path(from: $from, to: $to, maxHops: 4) { length } }".to_owned(),
        variables: each(&|no| json!({"from": id(no), "to": id(no + DRAWN)})),
    });
    if with_search {
        let word = |no: u64| {
            let label = view.label(row(no));
            label.split_whitespace().next().unwrap_or(label).to_owned()
        };
        questions.push(Question {
            name: "search",
            query: "query($text: String!) { search(query: $text, first: 10) { nodes { id label } } }"
                .to_owned(),
            variables: each(&|no| json!({"text": word(no)})),
        });
        let beginning = |no: u64| -> String { view.label(row(no)).chars().take(TYPED).collect() };
        questions.push(Question {
            name: "suggest",
            query:
                "query($prefix: String!) { suggest(prefix: $prefix) { text start end entity { id label } } }"
                    .to_owned(),
            variables: each(&|no| json!({"prefix": beginning(no)})),
        });
    }
    questions
}

/// Properties with a single value, which every client might request.
fn plain(entity_type: &EntityType) -> Vec<&Property> {
    let properties = entity_type.members.declared();
    properties
        .filter(|it| !it.list && !matches!(it.scalar, Scalar::Json | Scalar::Custom(_)))
        .collect()
}

/// The entities of a type that have the most edges of a field; at least one, since the type is not empty.
fn hubs(snapshot: &Snapshot, id: TypeId, field: &RelationField) -> Vec<Row> {
    let view = snapshot.view();
    let entities = view.entities_of(id, None);
    let mut rows: Vec<Row> = entities.map(|it| view.locate(it)).collect();
    let edges = |row: &Row| Reverse(view.neighbour_count(*row, field.relation, field.direction));
    let most = HUBS.min(rows.len());
    rows.select_nth_unstable_by_key(most - 1, edges);
    rows.truncate(most);
    rows
}

fn property_text(snapshot: &Snapshot, id: TypeId, property: &Property, row: Row) -> String {
    let members = &snapshot.ontology().entity_type(id).members;
    let Some(crate::ontology::Member::Property(no)) = members.get(&property.name) else {
        return String::new();
    };
    let text = snapshot.view().stored_text(row, no);
    text.unwrap_or_default().to_owned()
}

/// The list field of a type with the most edges.
fn longest(snapshot: &Snapshot, id: TypeId, fits: impl Fn(&RelationField) -> bool) -> Option<&RelationField> {
    let fields = snapshot.ontology().entity_type(id).members.fields.iter();
    fields
        .filter(|it| it.many && it.declared && fits(it))
        .max_by_key(|it| snapshot.view().edge_count(it.relation))
}
