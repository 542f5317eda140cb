//! Edges go into the adjacency of their relations, both ways.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::columns::{Fact, column, preference};
use super::entities::Entities;
use super::{Context, Origin};
use crate::facts::Via;
use crate::graph::adjacency::Adjacency;
use crate::graph::statement::Rank;
use crate::graph::{Edges, EntityNo, NO_STATEMENT, StatementNo};
use crate::ontology::{
    Direction, EdgeType, FieldNo, Member, PropertyNo, Relation, RelationField, RelationId, TypeId,
};
use crate::report::{Code, Place, Report, Reports, did_you_mean};

/// An edge between numbered entities.
#[derive(Debug, Clone, Copy)]
struct Edge {
    from: u32,
    to: u32,
    origin: Origin,
}

/// Builds the edges of all relations.
pub(super) fn build(context: &Context, entities: &Entities, reports: &mut Reports) -> Vec<Edges> {
    let ontology = context.ontology;
    let read: Vec<(Vec<Vec<Edge>>, Reports)> = (0..context.batches.len())
        .into_par_iter()
        .map(|batch| {
            let mut reports = Reports::default();
            let mut buckets = vec![Vec::new(); ontology.relations.len()];
            for at in 0..context.batches[batch].edges.len() {
                let origin = Origin {
                    batch: batch as u32,
                    at: at as u32,
                };
                if let Some((relation, edge)) = resolve(context, entities, origin, &mut reports) {
                    buckets[relation.index()].push(edge);
                }
            }
            (buckets, reports)
        })
        .collect();
    let mut buckets: Vec<Vec<Edge>> = vec![Vec::new(); ontology.relations.len()];
    for (read, mut found) in read {
        reports.0.append(&mut found.0);
        for (bucket, mut edges) in buckets.iter_mut().zip(read) {
            bucket.append(&mut edges);
        }
    }
    let built: Vec<(Edges, Reports)> = buckets
        .into_par_iter()
        .zip(ontology.relations.par_iter())
        .map(|(bucket, relation)| {
            let mut reports = Reports::default();
            let builder = Builder {
                context,
                entities,
                relation,
            };
            let edges = builder.build(bucket, &mut reports);
            (edges, reports)
        })
        .collect();
    let mut relations = Vec::with_capacity(built.len());
    for (edges, mut found) in built {
        reports.0.append(&mut found.0);
        relations.push(edges);
    }
    relations
}

/// Finds what an edge's names stand for and checks its ends.
fn resolve(
    context: &Context,
    entities: &Entities,
    origin: Origin,
    reports: &mut Reports,
) -> Option<(RelationId, Edge)> {
    let ontology = context.ontology;
    let batch = context.batch(origin);
    let fact = &batch.edges[origin.at as usize];
    let find = |id: &str, place: Place, reports: &mut Reports| {
        let found = entities.find(id);
        if found.is_none() {
            let report = Report::new(Code::UNKNOWN_ID, format!("nothing defines the id \"{id}\""))
                .at(place, "unknown")
                .hint(entities.unknown(id));
            reports.push(report);
        }
        found
    };
    match &fact.via {
        Via::Field { entity, key } => {
            let to = find(batch.text(fact.to), batch.place(fact.to_at), reports);
            let from = entities.of_batch(origin.batch, *entity)?;
            let to = to?;
            let here = entities.locate(from).type_id;
            let members = &ontology.entity_type(here).members;
            let Some(Member::Relation(no)) = members.get(batch.text(*key)) else {
                return None; // the reader makes edges only of relation fields
            };
            let field = members.field(no);
            check_target(context, entities, origin, field, here, to, reports)?;
            let (from, to) = match field.direction {
                Direction::In => (to, from),
                Direction::Out | Direction::Both => (from, to),
            };
            let edge = Edge {
                from: from.0,
                to: to.0,
                origin,
            };
            Some((field.relation, edge))
        }
        Via::Relation { from, from_at, name } => {
            let name = batch.text(*name);
            let Some(id) = ontology.relation_named(name) else {
                let names = || ontology.relations.iter().map(|it| it.name.as_str());
                let hint = did_you_mean(name, names(), || {
                    let names: Vec<&str> = names().collect();
                    format!(
                        "the schema's relations are {}",
                        crate::report::quoted_list(&names, "and")
                    )
                });
                let report = Report::new(
                    Code::UNKNOWN_RELATION,
                    format!("the schema has no relation \"{name}\""),
                )
                .at(batch.place(fact.via_at), "unknown")
                .hint(hint);
                reports.push(report);
                return None;
            };
            let start = find(batch.text(*from), batch.place(*from_at), reports);
            let to = find(batch.text(fact.to), batch.place(fact.to_at), reports);
            let (start, to) = (start?, to?);
            let here = entities.locate(start).type_id;
            let relation = ontology.relation(id);
            let Some(no) = relation.field(here, Direction::Out) else {
                let begins = ontology
                    .type_ids()
                    .filter(|it| relation.out_field[it.index()].is_some());
                let begins: Vec<&str> = begins.map(|it| ontology.entity_type(it).name.as_str()).collect();
                let message = format!(
                    "the relation \"{name}\" does not begin at a {}, which \"{}\" is",
                    ontology.entity_type(here).name,
                    batch.text(*from)
                );
                let report = Report::new(Code::WRONG_START, message)
                    .at(batch.place(*from_at), "cannot begin here")
                    .hint(format!(
                        "it begins at {}",
                        crate::report::quoted_list(&begins, "or")
                    ));
                reports.push(report);
                return None;
            };
            let field = ontology.entity_type(here).members.field(no);
            check_target(context, entities, origin, field, here, to, reports)?;
            let edge = Edge {
                from: start.0,
                to: to.0,
                origin,
            };
            Some((id, edge))
        }
    }
}

/// The other end must be of a type that the field ends in, and that has it in turn.
fn check_target(
    context: &Context,
    entities: &Entities,
    origin: Origin,
    field: &RelationField,
    here: TypeId,
    to: EntityNo,
    reports: &mut Reports,
) -> Option<()> {
    let ontology = context.ontology;
    let there = entities.locate(to).type_id;
    let relation = ontology.relation(field.relation);
    let fits_back = match field.direction {
        Direction::In => relation.field(there, Direction::Out).is_some_and(|no: FieldNo| {
            let forward = ontology.entity_type(there).members.field(no);
            ontology.contains(forward.target, here)
        }),
        Direction::Out | Direction::Both => true,
    };
    if ontology.contains(field.target, there) && fits_back {
        return Some(());
    }
    let batch = context.batch(origin);
    let fact = &batch.edges[origin.at as usize];
    let types = ontology.types_of(field.target);
    let names: Vec<&str> = types
        .iter()
        .map(|id| ontology.entity_type(*id).name.as_str())
        .collect();
    let message = format!(
        "\"{}\" of \"{}\" leads to {}, and \"{}\" is a {}",
        field.name,
        ontology.entity_type(here).name,
        ontology.name_of(field.target),
        batch.text(fact.to),
        ontology.entity_type(there).name
    );
    let report = Report::new(Code::WRONG_TARGET, message)
        .at(batch.place(fact.to_at), "of a wrong type")
        .hint(format!(
            "it must be a {}",
            crate::report::quoted_list(&names, "or")
        ));
    reports.push(report);
    None
}

/// Builds one relation.
struct Builder<'a> {
    context: &'a Context<'a>,
    entities: &'a Entities,
    relation: &'a Relation,
}

/// One end of an edge in an adjacency: where it lies, what it leads to, and which edge it is.
#[derive(Clone, Copy)]
struct Entry {
    at: u32,
    target: u32,
    edge: u32,
}

impl Builder<'_> {
    fn build(&self, mut edges: Vec<Edge>, reports: &mut Reports) -> Edges {
        if edges.len() > (u32::MAX / 2) as usize {
            let message = format!(
                "the relation \"{}\" has {} edges, more than a relation can hold",
                self.relation.name,
                edges.len()
            );
            reports.push(Report::new(Code::TOO_MUCH, message));
            edges.clear();
        }
        // Where a field leads to one entity and sources disagree, the preferred edge comes first.
        let to_one = self.leads_to_one(if self.relation.symmetric {
            Direction::Both
        } else {
            Direction::Out
        });
        edges.par_sort_unstable_by(|a, b| {
            let by_preference = || {
                if to_one[self.type_no(a.from)] {
                    Reverse(self.preference(a)).cmp(&Reverse(self.preference(b)))
                } else {
                    self.compare_ids(a.to, b.to)
                }
            };
            a.from
                .cmp(&b.from)
                .then_with(by_preference)
                .then(a.origin.cmp(&b.origin))
        });
        let statements = self.statements(&edges);
        let columns = self.columns(&edges, reports);
        let (out, back) = if self.relation.symmetric {
            let both = edges.iter().enumerate().flat_map(|(no, edge)| {
                let there = Entry {
                    at: edge.from,
                    target: edge.to,
                    edge: no as u32,
                };
                let back = Entry {
                    at: edge.to,
                    target: edge.from,
                    edge: no as u32,
                };
                // An edge to itself is there once.
                [Some(there), (edge.from != edge.to).then_some(back)]
                    .into_iter()
                    .flatten()
            });
            let out = self.rows(both.collect(), Direction::Both, &edges);
            (out, Adjacency::default())
        } else {
            let out = Adjacency {
                starts: self.starts(edges.iter().map(|it| it.from)),
                targets: edges.iter().map(|it| it.to).collect(),
                edges: None,
            };
            let back = edges.iter().enumerate().map(|(no, edge)| Entry {
                at: edge.to,
                target: edge.from,
                edge: no as u32,
            });
            (out, self.rows(back.collect(), Direction::In, &edges))
        };
        let ways: &[Direction] = if self.relation.symmetric {
            &[Direction::Both]
        } else {
            &[Direction::Out, Direction::In]
        };
        for way in ways {
            let adjacency = if *way == Direction::In { &back } else { &out };
            self.check_cardinality(*way, adjacency, &edges, reports);
        }
        self.warn_of_twins(&edges, reports);
        Edges {
            out,
            back,
            count: edges.len(),
            columns,
            statements,
        }
    }

    fn field(&self, id: TypeId, direction: Direction) -> Option<&RelationField> {
        let no = self.relation.field(id, direction)?;
        Some(self.context.ontology.entity_type(id).members.field(no))
    }

    /// For each type, whether its field leads to one entity.
    fn leads_to_one(&self, direction: Direction) -> Vec<bool> {
        let types = self.context.ontology.type_ids();
        types
            .map(|id| self.field(id, direction).is_some_and(|field| !field.many))
            .collect()
    }

    fn type_no(&self, entity: u32) -> usize {
        self.entities.locate(EntityNo(entity)).type_id.index()
    }

    fn fact(&self, edge: &Edge) -> &crate::facts::EdgeFact {
        &self.context.batch(edge.origin).edges[edge.origin.at as usize]
    }

    fn statement(&self, edge: &Edge) -> StatementNo {
        self.context
            .statement(edge.origin.batch, self.fact(edge).statement)
    }

    fn preference(&self, edge: &Edge) -> (Rank, u32) {
        preference(self.context, edge.origin.batch, self.statement(edge))
    }

    /// Numbers of one type are in the order of their ids already.
    fn compare_ids(&self, a: u32, b: u32) -> std::cmp::Ordering {
        let type_of = |it| self.entities.locate(EntityNo(it)).type_id;
        if self.context.ontology.types.len() > 1 && type_of(a) != type_of(b) {
            self.entities.id(EntityNo(a)).cmp(self.entities.id(EntityNo(b)))
        } else {
            a.cmp(&b)
        }
    }

    /// An adjacency of entries in any order.
    fn rows(&self, mut entries: Vec<Entry>, direction: Direction, edges: &[Edge]) -> Adjacency {
        let to_one = self.leads_to_one(direction);
        entries.par_sort_unstable_by(|a, b| {
            let then = || {
                if to_one[self.type_no(a.at)] {
                    let preference = |it: &Entry| Reverse(self.preference(&edges[it.edge as usize]));
                    preference(a).cmp(&preference(b))
                } else {
                    self.compare_ids(a.target, b.target)
                }
            };
            a.at.cmp(&b.at).then_with(then).then(a.edge.cmp(&b.edge))
        });
        Adjacency {
            starts: self.starts(entries.iter().map(|it| it.at)),
            targets: entries.iter().map(|it| it.target).collect(),
            edges: Some(entries.iter().map(|it| it.edge).collect()),
        }
    }

    /// Where each row's entries begin, for each type that has any; `at` comes in order.
    fn starts(&self, at: impl Iterator<Item = u32>) -> Vec<Option<Vec<u32>>> {
        let bases = &self.entities.bases;
        let types = bases.len() - 1;
        let mut starts: Vec<Option<Vec<u32>>> = vec![None; types];
        let mut at = at.peekable();
        let mut position = 0u32;
        for type_no in 0..types {
            let (base, end) = (bases[type_no], bases[type_no + 1]);
            if at.peek().is_none_or(|it| *it >= end) {
                continue;
            }
            let mut rows = Vec::with_capacity((end - base) as usize + 1);
            for entity in base..end {
                rows.push(position);
                while at.next_if_eq(&entity).is_some() {
                    position += 1;
                }
            }
            rows.push(position);
            starts[type_no] = Some(rows);
        }
        starts
    }

    fn statements(&self, edges: &[Edge]) -> Option<Vec<StatementNo>> {
        let any = edges.iter().any(|edge| self.statement(edge) != NO_STATEMENT);
        any.then(|| edges.iter().map(|edge| self.statement(edge)).collect())
    }

    fn columns(&self, edges: &[Edge], reports: &mut Reports) -> Vec<crate::graph::column::Column> {
        let ontology = self.context.ontology;
        let edge_type: Option<&EdgeType> = self.relation.edge.map(|id| &ontology.edge_types[id.index()]);
        let count = edge_type.map_or(0, |it| it.members.properties.len());
        let mut buckets: Vec<Vec<(u32, u32)>> = vec![Vec::new(); count];
        for (row, edge) in edges.iter().enumerate() {
            let batch = self.context.batch(edge.origin);
            for (at, entry) in self.fact(edge).properties.iter().enumerate() {
                let key = batch.text(entry.key);
                let member = edge_type.and_then(|it| it.members.get(key));
                let Some(Member::Property(no)) = member else {
                    reports.push(self.unknown_property(key, batch.place(entry.key_at), edge_type));
                    continue;
                };
                buckets[no.index()].push((row as u32, at as u32));
            }
        }
        let subject = |row: u32| {
            let edge = &edges[row as usize];
            let ends = (
                self.entities.id(EntityNo(edge.from)),
                self.entities.id(EntityNo(edge.to)),
            );
            let name = format!(
                "the edge \"{}\" from \"{}\" to \"{}\"",
                self.relation.name, ends.0, ends.1
            );
            (name, self.context.place(edge.origin, self.fact(edge).to_at))
        };
        let mut columns = Vec::with_capacity(count);
        for (no, bucket) in buckets.iter().enumerate() {
            let Some(edge_type) = edge_type else { break };
            let property = edge_type.members.property(PropertyNo::at(no));
            let facts = bucket.iter().flat_map(|(row, at)| {
                let edge = &edges[*row as usize];
                let item = &self.fact(edge).properties[*at as usize].item;
                let items = match &item.value {
                    crate::facts::Value::List(items) if property.list => &**items,
                    _ => std::slice::from_ref(item),
                };
                items.iter().map(|item| Fact {
                    row: *row,
                    batch: edge.origin.batch,
                    item,
                    statement: NO_STATEMENT,
                    own: false,
                })
            });
            columns.push(column(
                self.context,
                property,
                edges.len(),
                facts,
                &subject,
                reports,
            ));
        }
        columns
    }

    fn unknown_property(&self, key: &str, place: Place, edge_type: Option<&EdgeType>) -> Report {
        let name = &self.relation.name;
        let report = Report::new(
            Code::UNKNOWN_EDGE_PROPERTY,
            format!("an edge of \"{name}\" has no property \"{key}\""),
        )
        .at(place, "unknown");
        match edge_type {
            None => report.hint("the relation has no edge type: add one to it with @relation(edge: \"…\")"),
            Some(it) => report.hint(did_you_mean(key, it.members.names(), || {
                let names: Vec<&str> = it.members.names().collect();
                format!("its properties are {}", crate::report::quoted_list(&names, "and"))
            })),
        }
    }

    /// A field that leads to one entity has one, or several that are statements of their own; a required
    /// one has at least one.
    fn check_cardinality(
        &self,
        way: Direction,
        adjacency: &Adjacency,
        edges: &[Edge],
        reports: &mut Reports,
    ) {
        let ontology = self.context.ontology;
        for id in ontology.type_ids() {
            let Some(field) = self.field(id, way) else {
                continue;
            };
            if field.many {
                continue;
            }
            for (row, origin) in self.entities.origins[id.index()].iter().enumerate() {
                let neighbours = adjacency.of(id.index(), row);
                let name = || {
                    let fact = self.context.entity_fact(*origin);
                    self.context.batch(*origin).text(fact.id)
                };
                if neighbours.is_empty() && field.required {
                    let place = self.context.place(*origin, self.context.entity_fact(*origin).at);
                    let report = Report::new(
                        Code::MISSING_VALUE,
                        format!(
                            "\"{}\" has no \"{}\", which the schema requires",
                            name(),
                            field.name
                        ),
                    )
                    .at(place, "lacks it")
                    .hint(format!(
                        "add `{}: <id>`, or drop the `!` in the schema",
                        field.name
                    ));
                    reports.push(report);
                }
                let of = |at: usize| &edges[neighbours.get(at).1.0 as usize];
                if neighbours.len() > 1 && (0..neighbours.len()).any(|at| !self.fact(of(at)).own) {
                    let latest = (0..neighbours.len()).map(of).max_by_key(|it| it.origin);
                    let Some(latest) = latest else { continue };
                    let place = self.context.place(latest.origin, self.fact(latest).to_at);
                    let message = format!(
                        "\"{}\" of \"{}\" leads to one entity, and {} are given",
                        field.name,
                        name(),
                        neighbours.len()
                    );
                    let report = Report::new(Code::SEVERAL_VALUES, message)
                        .at(place, "one too many")
                        .hint("make the field a list in the schema; or, where sources disagree, give each edge its own cite: {to: …, cite: …}");
                    reports.push(report);
                }
            }
        }
    }

    /// An edge written from both sides, most likely: parallel edges are legal, but these say the same.
    fn warn_of_twins(&self, edges: &[Edge], reports: &mut Reports) {
        let plain = |edge: &Edge| self.fact(edge).properties.is_empty();
        let ends = |edge: &Edge| {
            if self.relation.symmetric {
                (edge.from.min(edge.to), edge.from.max(edge.to))
            } else {
                (edge.from, edge.to)
            }
        };
        let mut sorted: Vec<&Edge> = edges.iter().filter(|it| plain(it)).collect();
        sorted.sort_by_key(|it| (ends(it), it.origin));
        let twins = sorted.windows(2).filter(|it| ends(it[0]) == ends(it[1]));
        for (no, twin) in twins.enumerate() {
            if no == 10 {
                break;
            }
            let (first, second) = (twin[0], twin[1]);
            let message = format!(
                "the edge \"{}\" between \"{}\" and \"{}\" stands twice",
                self.relation.name,
                self.entities.id(EntityNo(second.from)),
                self.entities.id(EntityNo(second.to))
            );
            let report = Report::new(Code::EDGE_TWICE, message)
                .at(
                    self.context.place(second.origin, self.fact(second).to_at),
                    "again here",
                )
                .also(
                    Some(self.context.place(first.origin, self.fact(first).to_at)),
                    "first here",
                )
                .hint("write an edge once, from either side; both are kept as parallel edges");
            reports.push(report);
        }
    }
}
