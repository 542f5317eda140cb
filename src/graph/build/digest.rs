//! The digest of a part, which remains after its text is freed: short columns, edges between numbers, statements.

use std::collections::{HashMap, HashSet};

use rustc_hash::FxHashMap;

use super::columns::{no_property, required_field_meant};
use super::edges;
use super::entities::{self, Entities};
use super::language_tags::Tags;
use super::part_columns::{DigestsBySubject, Short, ShortEdges, value};
use super::statements::{self, FactStatement};
use super::{CheckQuery, MOST_SHOWN};
use crate::facts::{Batch, GraphFact, Item, Span, Value, ValueFact};
use crate::graph::EntityNo;
use crate::graph::statement::Statements;
use crate::ontology::{Member, Ontology, PropertyNo, RelationId, TypeId};
use crate::report::{Code, Place, Report, Reports, in_words, shown, word_at};

/// Maximum number of errors of a kind that are reported for a part, if there are several parts.
const LEAST_SHOWN: usize = 20;

/// Of the elements of a list that have one mistake, this number is shown beside the first.
const MOST_ELEMENTS: usize = 3;

/// A part without its text.
#[derive(Debug)]
pub(super) struct Digest {
    /// Only for properties with values in this part, since there may be as many parts as types.
    values: Vec<(TypeId, PropertyNo, Short)>,
    /// Only for relations with edges in this part.
    edges: Vec<(RelationId, ShortEdges)>,
    statements: Statements,
    graph: GraphFact,
    /// The keys of `graph` with a single value.
    graph_keys: Vec<(String, Place)>,
    /// Positions of the queries of the examples.
    examples: Vec<Place>,
    /// Types and relations that are not in the schema, each once.
    unknown: Vec<(String, Report)>,
    reports: Reports,
}

impl Digest {
    /// Warns about examples that are not valid queries of this graph.
    pub fn check_examples(&mut self, batch: &Batch, check: &CheckQuery) {
        for (example, at) in batch.graph.examples.iter().zip(&batch.example_queries) {
            let Some(misfit) = check(&example.query) else {
                continue;
            };
            let title = shown(&example.title);
            let message = format!(
                "the example \"{title}\" is not a query of this graph: {}",
                in_words(&misfit.message)
            );
            let at = misfit
                .at
                .and_then(|it| within(batch, *at, &example.query, it))
                .unwrap_or(*at);
            let report = Report::new(Code::BAD_QUERY, message)
                .at(batch.place(at).detached(), "here")
                .hint("GraphiQL lists the examples: correct the query, or take it out");
            self.reports.push(report);
        }
    }
}

/// The place in the file of a position in a query. The lines of the query are searched one after the other in the lines
/// of the file. `None` if the file writes them differently.
fn within(batch: &Batch, at: Span, query: &str, (line, column): (u32, u32)) -> Option<Span> {
    let (written, start) = (batch.written(at), at.start as usize);
    let mut end = 0;
    let mut found = None;
    for text in query.lines().take(line as usize) {
        let begin = end + written.get(end..)?.find(text)?;
        end = begin + text.len();
        found = Some(word_at(&written[..end], begin, column));
    }
    let word = found?;
    Some(Span::new(start + word.start, start + word.end))
}

/// Checks a part's facts and makes its digest. `written` has the places where the first reading found the ids of the
/// part's entities.
pub(super) fn digest(
    ontology: &Ontology,
    entities: &Entities,
    (part, written): (u32, &[u32]),
    batch: &Batch,
    mut reports: Reports,
) -> Digest {
    let mut unknown = entities::check(ontology, batch, &mut reports);
    let numbers = entities::numbers(&entities.numbers[part as usize], written, batch);
    let said = statements::read(batch, &mut reports);
    let mut values: Vec<(TypeId, PropertyNo, Short)> = Vec::new();
    let mut columns: FxHashMap<(TypeId, PropertyNo), usize> = FxHashMap::default();
    // The row of the last entity, and the last columns of its type's fields, because the same fields recur in a file.
    let mut here = (u32::MAX, None);
    let mut known: Vec<(&str, usize)> = Vec::new();
    let mut known_of = None;
    let mut tags = Tags::default();
    let mut repeated = LastEntityNames::default();
    // The field and the code of the last value that is wrong, and its report.
    let mut wrong: Option<(Span, Code, usize)> = None;
    // Entities with a misspelled field, which is reported, and the relation that it most likely means.
    let mut misspelled: Vec<(RelationId, EntityNo)> = Vec::new();
    for (at, fact) in batch.values.iter().enumerate() {
        if here.0 != fact.entity {
            let number = numbers[fact.entity as usize];
            here = (fact.entity, number.map(|it| entities.locate(it)));
        }
        let Some(row) = here.1 else {
            continue; // its type is unknown, or its id is defined twice: reported
        };
        if known_of != Some(row.type_id) {
            known_of = Some(row.type_id);
            known.clear();
        }
        let members = &ontology.entity_type(row.type_id).members;
        let key = batch.text(fact.key);
        let column = match known.iter().find(|it| it.0 == key) {
            Some((_, column)) => *column,
            None => {
                let member = members.get(key);
                let Some(Member::Property(no)) = member else {
                    // In JSON Lines each element of a list is a value.
                    let is_first = at
                        .checked_sub(1)
                        .is_none_or(|it| batch.values[it].key_at != fact.key_at);
                    if is_first {
                        reports.push(no_property(batch, at, ontology.entity_type(row.type_id), member));
                    }
                    match member.or_else(|| required_field_meant(members, key)) {
                        Some(Member::Property(no)) => {
                            let name = &members.property(no).name;
                            let is_there = batch.values[at..]
                                .iter()
                                .take(MOST_SHOWN)
                                .take_while(|it| it.entity == fact.entity)
                                .any(|it| batch.text(it.key) == *name);
                            let column = *columns.entry((row.type_id, no)).or_insert_with(|| {
                                let short = Short::new(part, members.property(no), ontology);
                                values.push((row.type_id, no, short));
                                values.len() - 1
                            });
                            let short = &mut values[column].2;
                            let this = row.row as u32;
                            // Because it has a place in the file, it is not reported as missing.
                            if !is_there && short.rows.last() != Some(&this) {
                                short.push(this, None, FactStatement::NOTHING);
                            }
                        }
                        Some(Member::Relation(no)) => {
                            let number = numbers[fact.entity as usize];
                            let relation = members.field(no).relation;
                            misspelled.extend(number.map(|it| (relation, it)));
                        }
                        None => {}
                    }
                    continue;
                };
                let column = *columns.entry((row.type_id, no)).or_insert_with(|| {
                    let short = Short::new(part, members.property(no), ontology);
                    values.push((row.type_id, no, short));
                    values.len() - 1
                });
                known.push((key, column));
                column
            }
        };
        let (_, no, short) = &mut values[column];
        let property = members.property(*no);
        let name = || entities.name(row.type_id, row.row as u32);
        let of = said.of(fact.statement, fact.own);
        tags.see(batch, property, &fact.item);
        if property.built_in.is_some() {
            repeated.see(batch, fact, &name, &mut reports);
        } else if ontology.entity_type(row.type_id).label == Some(*no) && is_blank(batch, &fact.item) {
            reports.push(empty_label(batch, fact, &name()));
        }
        let before = reports.0.len();
        value(
            ontology,
            batch,
            property,
            short,
            row.row as u32,
            &fact.item,
            of,
            &name,
            &mut reports,
        );
        // A mistake in several elements of a list is reported once.
        let is_same = |it: &(Span, Code, usize)| {
            it.0 == fact.key_at
                && it.1 == Code::WRONG_VALUE
                && reports.0.get(before).is_some_and(|report| report.code == it.1)
        };
        if let Some((_, _, first)) = wrong.filter(is_same) {
            let report = reports.0.pop();
            let first = &mut reports.0[first];
            if first.others.len() < MOST_ELEMENTS {
                first
                    .others
                    .extend(report.and_then(|it| Some((it.place?, "nor is this".to_owned()))));
            }
        } else if let Some(report) = reports.0.get(before) {
            wrong = Some((fact.key_at, report.code, before));
        }
    }
    for (_, _, short) in &mut values {
        short.shrink();
    }
    values.shrink_to_fit();
    let mut edges = edges::digest(
        ontology,
        entities,
        part,
        batch,
        &numbers,
        &said,
        &mut tags,
        &mut unknown,
        &mut reports,
    );
    for (relation, entity) in misspelled {
        let known = edges.iter_mut().find(|it| it.0 == relation);
        if let Some((_, short)) = known {
            short.refused.push(entity.0);
        } else {
            let mut short = ShortEdges::new(part);
            short.refused.push(entity.0);
            edges.push((relation, short));
        }
    }
    unknown.append(&mut tags.found);
    let statements = statements::digest(ontology, entities, batch, &said, &mut reports);
    let most = (MOST_SHOWN / entities.numbers.len().max(1)).max(LEAST_SHOWN);
    reports.limit(most, &batch.source.path);
    Digest {
        values,
        edges,
        statements,
        graph: batch.graph.clone(),
        graph_keys: {
            let keys = batch.graph_keys.iter();
            let keys = keys.map(|(key, at)| (batch.text(*key).to_owned(), batch.place(*at).detached()));
            keys.collect()
        },
        examples: {
            let queries = batch.example_queries.iter();
            queries.map(|it| batch.place(*it).detached()).collect()
        },
        unknown,
        reports,
    }
}

/// Whether a value is a text without a character that is seen.
fn is_blank(batch: &Batch, item: &Item) -> bool {
    match &item.value {
        Value::String(text) => batch.text(*text).trim().is_empty(),
        Value::Map(entries) => !entries.is_empty() && entries.iter().all(|it| is_blank(batch, &it.item)),
        _ => false,
    }
}

fn empty_label(batch: &Batch, fact: &ValueFact, name: &str) -> Report {
    let message = format!(
        "\"{}\" of {name} is empty, and is its label",
        batch.text(fact.key)
    );
    Report::new(Code::EMPTY_LABEL, message)
        .at(batch.place(fact.item.at), "empty")
        .hint("write a name that readers see, or leave the field out if it is optional")
}

/// The aliases and identifiers of the entity that was read last.
#[derive(Default)]
struct LastEntityNames<'b> {
    of: Option<(u32, Span)>,
    seen: HashMap<&'b str, Span>,
}

impl<'b> LastEntityNames<'b> {
    /// Warns of one that is there twice.
    fn see(&mut self, batch: &'b Batch, fact: &ValueFact, name: &dyn Fn() -> String, reports: &mut Reports) {
        if self.of != Some((fact.entity, fact.key_at)) {
            self.of = Some((fact.entity, fact.key_at));
            self.seen.clear();
        }
        let text = match &fact.item.value {
            Value::String(text) => batch.text(*text),
            _ => batch.written(fact.item.at),
        };
        // One that holds at several times is written for each of them.
        if fact.own {
            return;
        }
        if let Some(first) = self.seen.insert(text, fact.item.at) {
            let key = batch.text(fact.key);
            let message = format!("\"{}\" is there twice among the {key} of {}", shown(text), name());
            let report = Report::new(Code::REPEATED, message)
                .at(batch.place(fact.item.at), "again here")
                .also(Some(batch.place(first)), "first here")
                .hint("keep one of them");
            reports.push(report);
        }
    }
}

/// Merges the digests of all parts.
pub(super) fn gather(digests: Vec<Digest>, ontology: &Ontology, reports: &mut Reports) -> DigestsBySubject {
    let properties = |id: crate::ontology::TypeId| {
        let count = ontology.entity_type(id).members.properties.len();
        (0..count).map(|_| Vec::new()).collect()
    };
    let mut gathered = DigestsBySubject {
        values: ontology.type_ids().map(properties).collect(),
        edges: ontology.relations.iter().map(|_| Vec::new()).collect(),
        statements: Vec::new(),
        bases: Vec::new(),
        graph: GraphFact::default(),
    };
    let mut unknown: HashSet<String> = HashSet::new();
    let mut graph_keys: HashMap<String, Place> = HashMap::new();
    let mut titles: HashMap<String, Place> = HashMap::new();
    let mut base = 0;
    for mut digest in digests {
        reports.0.append(&mut digest.reports.0);
        for (name, report) in digest.unknown {
            if unknown.insert(name) {
                reports.push(report);
            }
        }
        for (id, no, short) in digest.values {
            gathered.values[id.index()][no.index()].push(short);
        }
        for (id, edges) in digest.edges {
            gathered.edges[id.index()].push(edges);
        }
        gathered.bases.push(base);
        base += digest.statements.ranks.len() as u32;
        gathered.statements.push(digest.statements);
        for (key, place) in digest.graph_keys {
            match graph_keys.get(&key) {
                None => {
                    graph_keys.insert(key, place);
                }
                Some(first) => reports.push(key_twice(&key, place, first)),
            }
        }
        let (info, graph) = (&mut gathered.graph, digest.graph);
        info.title = info.title.take().or(graph.title);
        info.description = info.description.take().or(graph.description);
        info.licence = info.licence.take().or(graph.licence);
        info.url = info.url.take().or(graph.url);
        for (example, place) in graph.examples.iter().zip(digest.examples) {
            match titles.get(&example.title) {
                Some(first) => reports.push(title_twice(&example.title, place, first)),
                None => {
                    titles.insert(example.title.clone(), place);
                }
            }
        }
        info.examples.extend(graph.examples);
    }
    gathered
}

fn title_twice(title: &str, place: Place, first: &Place) -> Report {
    let message = format!("two examples have the title \"{}\"", shown(title));
    Report::new(Code::REPEATED, message)
        .at(place, "the query of the second")
        .also(Some(first.clone()), "the query of the first")
        .hint("give each a title of its own: GraphiQL lists them by their titles")
}

/// The error for a key of `graph` that occurs in more than one file or document.
fn key_twice(key: &str, place: Place, first: &Place) -> Report {
    let message = format!("\"{key}\" of the graph has one value, and more are given");
    Report::new(Code::SEVERAL_VALUES, message)
        .at(place, "again here")
        .also(Some(first.clone()), "first here")
        .hint("a graph has one `graph`, whatever the number of its files, beside which only `examples` are added up; keep one value")
}
