//! Edges go into the adjacency of their relations, both ways.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::columns::{Rows, column, placed, shown};
use super::digest::{Gathered, Short, ShortEdges, slot, value};
use super::entities::Entities;
use super::statements::{Said, Told};
use super::{Context, Origin};
use crate::facts::{Batch, EdgeFact, Via};
use crate::graph::adjacency::Adjacency;
use crate::graph::column::Column;
use crate::graph::stored::Stored;
use crate::graph::{Edges, EntityNo, NO_STATEMENT, StatementNo};
use crate::ontology::{
    Direction, EdgeType, FieldNo, Member, Ontology, PropertyNo, Relation, RelationField, RelationId, TypeId,
};
use crate::report::{Code, Place, Report, Reports, did_you_mean};

/// An edge between numbered entities; it stands at a position among its part's edges of the same relation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    from: u32,
    to: u32,
    origin: Origin,
}

/// Numbers the edges of a part and checks their ends and properties.
pub(super) fn digest(
    ontology: &Ontology,
    entities: &Entities,
    part: u32,
    batch: &Batch,
    numbers: &[Option<EntityNo>],
    told: &Told,
    reports: &mut Reports,
) -> Vec<ShortEdges> {
    let relations = ontology.relations.iter();
    let mut all: Vec<ShortEdges> = relations.map(|_| ShortEdges::default()).collect();
    let ends = Ends::of(entities, batch);
    for (at, fact) in batch.edges.iter().enumerate() {
        let found = ends.of_edge(at);
        let Some((id, from, to)) = resolve(ontology, entities, batch, fact, numbers, found, reports) else {
            continue;
        };
        let short = &mut all[id.index()];
        let origin = Origin {
            part,
            at: short.edges.len() as u32,
        };
        let said = told.of(fact.statement, fact.own);
        if !said.is_nothing() && short.said.is_empty() {
            short.said = vec![Said::NOTHING; short.edges.len()];
        }
        if !said.is_nothing() || !short.said.is_empty() {
            short.said.push(said);
        }
        short.edges.push(Edge {
            from: from.0,
            to: to.0,
            origin,
        });
        if !fact.properties.is_empty() {
            short.with_properties.push(origin.at);
            let relation = ontology.relation(id);
            let name = || edge_name(entities, relation, from, to);
            properties(
                ontology,
                batch,
                relation,
                fact,
                (part, origin.at),
                short,
                &name,
                reports,
            );
        }
    }
    for short in &mut all {
        short.edges.shrink_to_fit();
        short.said.shrink_to_fit();
        short.properties.iter_mut().flatten().for_each(Short::shrink);
    }
    all
}

/// The entities that the edges of a part begin and end at, looked up all at once.
struct Ends {
    from: Vec<Option<EntityNo>>,
    to: Vec<Option<EntityNo>>,
}

impl Ends {
    fn of(entities: &Entities, batch: &Batch) -> Self {
        let to: Vec<&str> = batch.edges.iter().map(|it| batch.text(it.to)).collect();
        // The edges of an entity mostly stand together.
        let mut begin: Vec<&str> = Vec::new();
        let mut of_edge = Vec::with_capacity(batch.edges.len());
        for fact in &batch.edges {
            if let Via::Relation { from, .. } = &fact.via {
                let from = batch.text(*from);
                if begin.last() != Some(&from) {
                    begin.push(from);
                }
            }
            of_edge.push(begin.len());
        }
        let begin = entities.find_all(&begin);
        let from = of_edge.iter().map(|it| *begin.get(it.checked_sub(1)?)?);
        Self {
            from: from.collect(),
            to: entities.find_all(&to),
        }
    }

    fn of_edge(&self, at: usize) -> (Option<EntityNo>, Option<EntityNo>) {
        (self.from[at], self.to[at])
    }
}

/// What messages call an edge.
fn edge_name(entities: &Entities, relation: &Relation, from: EntityNo, to: EntityNo) -> String {
    format!(
        "the edge \"{}\" from \"{}\" to \"{}\"",
        relation.name,
        entities.id(from),
        entities.id(to)
    )
}

/// Adds an edge's properties to the short columns of its relation.
#[allow(clippy::too_many_arguments, reason = "all of it changes with the edge")]
fn properties(
    ontology: &Ontology,
    batch: &Batch,
    relation: &Relation,
    fact: &EdgeFact,
    (part, row): (u32, u32),
    short: &mut ShortEdges,
    name: &dyn Fn() -> String,
    reports: &mut Reports,
) {
    let edge_type = relation.edge.map(|id| &ontology.edge_types[id.index()]);
    for entry in &fact.properties {
        let key = batch.text(entry.key);
        let member = edge_type.and_then(|it| it.members.get(key));
        let (Some(edge_type), Some(Member::Property(no))) = (edge_type, member) else {
            let place = batch.place(entry.key_at);
            reports.push(unknown_property(&relation.name, key, place, edge_type));
            continue;
        };
        let property = edge_type.members.property(no);
        let column = slot(&mut short.properties, no, || Short::new(part, property, ontology));
        let items = match &entry.item.value {
            crate::facts::Value::List(items) if property.list => &**items,
            _ => std::slice::from_ref(&entry.item),
        };
        for item in items {
            value(
                ontology,
                batch,
                property,
                column,
                row,
                item,
                Said::NOTHING,
                name,
                reports,
            );
        }
    }
}

fn unknown_property(relation: &str, key: &str, place: Place, edge_type: Option<&EdgeType>) -> Report {
    let report = Report::new(
        Code::UNKNOWN_EDGE_PROPERTY,
        format!("an edge of \"{relation}\" has no property \"{key}\""),
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

/// Builds the edges of all relations.
pub(super) fn build(
    context: &Context,
    entities: &Entities,
    gathered: &mut Gathered,
    reports: &mut Reports,
) -> Vec<Edges> {
    let bases = &gathered.bases;
    let built: Vec<(Edges, Reports)> = std::mem::take(&mut gathered.edges)
        .into_par_iter()
        .zip(context.ontology.relations.par_iter())
        .map(|(mut shorts, relation)| {
            let mut edges = Vec::with_capacity(shorts.iter().map(|it| it.edges.len()).sum());
            for short in &mut shorts {
                edges.append(&mut std::mem::take(&mut short.edges));
            }
            let mut reports = Reports::default();
            let builder = Builder {
                context,
                entities,
                relation,
                bases,
                shorts,
            };
            let edges = builder.build(edges, &mut reports);
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
#[allow(clippy::too_many_arguments, reason = "all of it changes with the edge")]
fn resolve(
    ontology: &Ontology,
    entities: &Entities,
    batch: &Batch,
    fact: &EdgeFact,
    numbers: &[Option<EntityNo>],
    (from_found, to_found): (Option<EntityNo>, Option<EntityNo>),
    reports: &mut Reports,
) -> Option<(RelationId, EntityNo, EntityNo)> {
    let known = |found: Option<EntityNo>, id: &str, at: crate::facts::Span, reports: &mut Reports| {
        if found.is_none() {
            let report = Report::new(Code::UNKNOWN_ID, format!("nothing defines the id \"{id}\""))
                .at(batch.place(at), "unknown")
                .hint(entities.unknown(id));
            reports.push(report);
        }
        found
    };
    match &fact.via {
        Via::Field { entity, key } => {
            let to = known(to_found, batch.text(fact.to), fact.to_at, reports);
            let from = numbers[*entity as usize]?;
            let to = to?;
            let here = entities.locate(from).type_id;
            let members = &ontology.entity_type(here).members;
            let Some(Member::Relation(no)) = members.get(batch.text(*key)) else {
                return None; // the reader makes edges only of relation fields
            };
            let field = members.field(no);
            check_target(ontology, entities, batch, fact, field, here, to, reports)?;
            let (from, to) = match field.direction {
                Direction::In => (to, from),
                Direction::Out | Direction::Both => (from, to),
            };
            Some((field.relation, from, to))
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
            let start = known(from_found, batch.text(*from), *from_at, reports);
            let to = known(to_found, batch.text(fact.to), fact.to_at, reports);
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
            check_target(ontology, entities, batch, fact, field, here, to, reports)?;
            Some((id, start, to))
        }
    }
}

/// The other end must be of a type that the field ends in, and that has it in turn.
#[allow(clippy::too_many_arguments, reason = "all of it changes with the edge")]
fn check_target(
    ontology: &Ontology,
    entities: &Entities,
    batch: &Batch,
    fact: &EdgeFact,
    field: &RelationField,
    here: TypeId,
    to: EntityNo,
    reports: &mut Reports,
) -> Option<()> {
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
    bases: &'a [u32],
    /// What each part has beside the ends of its edges.
    shorts: Vec<ShortEdges>,
}

/// One end of an edge in an adjacency: where it lies, what it leads to, and which edge it is.
#[derive(Clone, Copy)]
struct Entry {
    at: u32,
    target: u32,
    edge: u32,
}

impl Builder<'_> {
    fn build(mut self, mut edges: Vec<Edge>, reports: &mut Reports) -> Edges {
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
        let in_one_type = self.in_one_type(edges.iter().map(|it| it.to));
        if in_one_type && !to_one.contains(&true) {
            // Numbers are in the order of ids then, and both ends are compared at once.
            edges.par_sort_unstable_by_key(|it| (u64::from(it.from) << 32 | u64::from(it.to), it.origin));
        } else {
            self.sort(&mut edges, &to_one);
        }
        let statements = self.statements(&edges);
        let shorts = self.short_columns(&edges);
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
            (out, self.turned(&edges))
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
        self.warn_of_twins(&out, &edges, reports);
        let columns = self.columns(shorts, &edges, reports);
        Edges {
            out,
            back,
            count: edges.len(),
            columns,
            statements,
        }
    }

    fn sort(&self, edges: &mut [Edge], to_one: &[bool]) {
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
    }

    /// Whether entities are all of one type.
    fn in_one_type(&self, entities: impl Iterator<Item = u32> + Clone) -> bool {
        let types = entities.clone().min().zip(entities.max());
        types.is_none_or(|(first, last)| self.type_no(first) == self.type_no(last))
    }

    /// The adjacency of sorted edges, seen from where they end.
    fn turned(&self, edges: &[Edge]) -> Adjacency {
        let many = !self.leads_to_one(Direction::In).contains(&true);
        if !many || !self.in_one_type(edges.iter().map(|it| it.from)) {
            let back = edges.iter().enumerate().map(|(no, edge)| Entry {
                at: edge.to,
                target: edge.from,
                edge: no as u32,
            });
            return self.rows(back.collect(), Direction::In, edges);
        }
        // Edges are in the order of where they begin, which is that of the ids, so counting how many end at each
        // entity gives every one its place.
        let entities = self.entities.bases.last().copied().unwrap_or(0) as usize;
        let mut places = vec![0_u32; entities + 1];
        for edge in edges {
            places[edge.to as usize + 1] += 1;
        }
        for at in 0..entities {
            places[at + 1] += places[at];
        }
        let ranges = self
            .entities
            .bases
            .windows(2)
            .map(|it| it[0] as usize..it[1] as usize);
        let starts = ranges.map(|range| {
            let has_any = places[range.start] != places[range.end];
            has_any.then(|| places[range.start..=range.end].to_vec().into())
        });
        let starts = starts.collect();
        let (mut targets, mut numbers) = (vec![0; edges.len()], vec![0; edges.len()]);
        for (no, edge) in edges.iter().enumerate() {
            let place = &mut places[edge.to as usize];
            targets[*place as usize] = edge.from;
            numbers[*place as usize] = no as u32;
            *place += 1;
        }
        Adjacency {
            starts,
            targets: targets.into(),
            edges: Some(numbers.into()),
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

    fn said(&self, edge: &Edge) -> Said {
        self.shorts[edge.origin.part as usize].said(edge.origin.at)
    }

    fn statement(&self, edge: &Edge) -> StatementNo {
        match self.said(edge).statement {
            crate::facts::NO_STATEMENT => NO_STATEMENT,
            no => StatementNo(self.bases[edge.origin.part as usize] + no),
        }
    }

    fn preference(&self, edge: &Edge) -> (crate::graph::Rank, u32) {
        self.said(edge).preference()
    }

    /// Where the end of an edge is written: its part is read and numbered again.
    fn place(&self, edge: &Edge) -> Option<Place> {
        let (context, part) = (self.context, edge.origin.part);
        let batch = context.batch(part)?;
        let written = &context.parts[part as usize].ids.at;
        let known = &self.entities.numbers[part as usize];
        let numbers = super::digest::numbers(known, written, &batch);
        let ends = Ends::of(self.entities, &batch);
        let is_of = |(at, fact): &(usize, &EdgeFact)| {
            let mut reports = Reports::default();
            let found = resolve(
                context.ontology,
                self.entities,
                &batch,
                fact,
                &numbers,
                ends.of_edge(*at),
                &mut reports,
            );
            found.is_some_and(|it| context.ontology.relation(it.0).name == self.relation.name)
        };
        let mut all = batch.edges.iter().enumerate().filter(is_of);
        let (_, fact) = all.nth(edge.origin.at as usize)?;
        Some(batch.place(fact.to_at))
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
    fn starts(&self, at: impl Iterator<Item = u32>) -> Vec<Option<Stored<u32>>> {
        let bases = &self.entities.bases;
        let types = bases.len() - 1;
        let mut starts: Vec<Option<Stored<u32>>> = (0..types).map(|_| None).collect();
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
            starts[type_no] = Some(rows.into());
        }
        starts
    }

    fn statements(&self, edges: &[Edge]) -> Option<Stored<StatementNo>> {
        let any = edges.iter().any(|edge| self.statement(edge) != NO_STATEMENT);
        any.then(|| edges.iter().map(|edge| self.statement(edge)).collect())
    }

    /// The short columns of each property, their rows the numbers of the edges.
    fn short_columns(&mut self, edges: &[Edge]) -> Vec<Vec<Short>> {
        let edge_type = self.edge_type();
        let count = edge_type.map_or(0, |it| it.members.properties.len());
        let mut columns: Vec<Vec<Short>> = (0..count).map(|_| Vec::new()).collect();
        if self.shorts.iter().all(|it| it.properties.is_empty()) {
            return columns;
        }
        // For each part, the numbers of its edges.
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); self.shorts.len()];
        for (row, edge) in edges.iter().enumerate() {
            let of_part = &mut rows[edge.origin.part as usize];
            let at = edge.origin.at as usize;
            if of_part.len() <= at {
                of_part.resize(at + 1, 0);
            }
            of_part[at] = row as u32;
        }
        for (part, rows) in self.shorts.iter_mut().zip(rows) {
            for (column, short) in columns.iter_mut().zip(std::mem::take(&mut part.properties)) {
                if let Some(mut short) = short {
                    for row in &mut short.rows {
                        *row = rows[*row as usize];
                    }
                    column.push(short);
                }
            }
        }
        columns
    }

    fn edge_type(&self) -> Option<&EdgeType> {
        let id = self.relation.edge?;
        Some(&self.context.ontology.edge_types[id.index()])
    }

    fn columns(&self, shorts: Vec<Vec<Short>>, edges: &[Edge], reports: &mut Reports) -> Vec<Column> {
        let Some(edge_type) = self.edge_type() else {
            return Vec::new();
        };
        let name = |row: u32| {
            let edge = &edges[row as usize];
            edge_name(
                self.entities,
                self.relation,
                EntityNo(edge.from),
                EntityNo(edge.to),
            )
        };
        let rows = Rows {
            name: &name,
            place: &|row| self.place(&edges[row as usize]),
            second: &|_| None,
        };
        let columns = shorts.into_iter().enumerate().map(|(no, shorts)| {
            let property = edge_type.members.property(PropertyNo::at(no));
            column(
                self.context.ontology,
                property,
                edges.len(),
                &shorts,
                self.bases,
                &rows,
                reports,
            )
        });
        columns.collect()
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
            let (mut missing, mut several) = (0, 0);
            for row in 0..self.entities.ids[id.index()].len() {
                let neighbours = adjacency.of(id.index(), row);
                let name = || self.entities.name(id, row as u32);
                if neighbours.is_empty()
                    && field.required
                    && shown(&mut missing, Code::MISSING_VALUE, &field.name, reports)
                {
                    let message = format!("{} has no \"{}\", which the schema requires", name(), field.name);
                    // Nothing is said of an entity whose line is broken: that is said already.
                    if let Some(place) = self.entities.place(self.context, id, row as u32) {
                        let report = Report::new(Code::MISSING_VALUE, message)
                            .at(place, "lacks it")
                            .hint(format!(
                                "add `{}: <id>`, or drop the `!` in the schema",
                                field.name
                            ));
                        reports.push(report);
                    }
                }
                let of = |at: usize| &edges[neighbours.get(at).1.0 as usize];
                if neighbours.len() > 1
                    && (0..neighbours.len()).any(|at| !self.said(of(at)).own)
                    && shown(&mut several, Code::SEVERAL_VALUES, &field.name, reports)
                {
                    let latest = (0..neighbours.len()).map(of).max_by_key(|it| it.origin);
                    let message = format!(
                        "\"{}\" of {} leads to one entity, and {} are given",
                        field.name,
                        name(),
                        neighbours.len()
                    );
                    let place = latest.and_then(|it| self.place(it));
                    let report = placed(Report::new(Code::SEVERAL_VALUES, message), place, "one too many")
                        .hint("make the field a list in the schema; or, where sources disagree, give each edge its own cite: {to: …, cite: …}");
                    reports.push(report);
                }
            }
        }
    }

    /// An edge written from both sides, most likely: parallel edges are legal, but these say the same.
    fn warn_of_twins(&self, out: &Adjacency, edges: &[Edge], reports: &mut Reports) {
        let plain = |no: u32| {
            let origin = edges[no as usize].origin;
            let with = &self.shorts[origin.part as usize].with_properties;
            with.binary_search(&origin.at).is_err()
        };
        let mut shown = 0;
        let types = out.starts.iter().zip(&self.entities.bases).enumerate();
        for (type_no, (starts, base)) in types {
            for row in 0..starts.as_ref().map_or(0, |it| it.len() - 1) {
                let neighbours = out.of(type_no, row);
                if neighbours.len() < 2 {
                    continue;
                }
                let from = base + row as u32;
                let ends = neighbours.iter().map(|(to, edge)| (to.0, edge.0));
                // A symmetric edge is met at both ends, and looked at where it is met first.
                let met = |it: &(u32, u32)| !self.relation.symmetric || it.0 >= from;
                let mut of_row: Vec<(u32, u32)> = ends.filter(|it| met(it) && plain(it.1)).collect();
                of_row.sort_unstable_by_key(|it| (it.0, edges[it.1 as usize].origin));
                for twin in of_row.windows(2).filter(|it| it[0].0 == it[1].0) {
                    self.twins(&edges[twin[0].1 as usize], &edges[twin[1].1 as usize], reports);
                    shown += 1;
                    if shown == MOST_TWINS {
                        return;
                    }
                }
            }
        }
    }

    fn twins(&self, first: &Edge, second: &Edge, reports: &mut Reports) {
        let message = format!(
            "the edge \"{}\" between \"{}\" and \"{}\" stands twice",
            self.relation.name,
            self.entities.id(EntityNo(second.from)),
            self.entities.id(EntityNo(second.to))
        );
        let report = placed(
            Report::new(Code::EDGE_TWICE, message),
            self.place(second),
            "again here",
        );
        let report = report
            .also(self.place(first), "first here")
            .hint("write an edge once, from either side; both are kept as parallel edges");
        reports.push(report);
    }
}

/// So many edges that stand twice are shown of a relation.
const MOST_TWINS: usize = 10;
