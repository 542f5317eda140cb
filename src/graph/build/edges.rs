//! Adds edges to the adjacency of their relations, in both directions.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::HashSet;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::columns::{Rows, column, missing_value, required_field_meant, shown, too_many};
use super::conversion::article;
use super::edge_order::{self, Entry, Ordered};
use super::entities::{self, Entities};
use super::language_tags::Tags;
use super::located::placed;
use super::part_columns::{DigestsBySubject, Ends, Short, ShortEdges, slot, value};
use super::statements::{FactStatement, PartStatements};
use super::{Context, MOST_SHOWN};
use crate::facts::{Batch, EdgeFact, Via};
use crate::graph::adjacency::{Adjacency, Starts, StartsOfTypes};
use crate::graph::column::Column;
use crate::graph::storage::Stored;
use crate::graph::{Edges, EntityNo, NO_STATEMENT, StatementNo};
use crate::ontology::{
    Direction, EdgeType, FieldNo, Member, Ontology, PropertyNo, Relation, RelationField, RelationId, TypeId,
};
use crate::report::{Code, Place, Report, Reports, Unread, did_you_mean, near_misses};

/// Numbers the edges of a part, and checks their ends and properties.
#[allow(clippy::too_many_arguments, reason = "what is wrong goes to two places")]
pub(super) fn digest<'b>(
    ontology: &Ontology,
    entities: &Entities,
    part: u32,
    batch: &'b Batch,
    numbers: &[Option<EntityNo>],
    told: &PartStatements,
    tags: &mut Tags<'b>,
    unknown: &mut Vec<(String, Report)>,
    reports: &mut Reports,
) -> Vec<(RelationId, ShortEdges)> {
    let comparisons = entities.comparisons();
    let mut unnamed: HashSet<&str> = HashSet::new();
    let mut all: Vec<(RelationId, ShortEdges)> = Vec::new();
    let mut places: FxHashMap<RelationId, usize> = FxHashMap::default();
    let ends = EdgeEnds::of(entities, batch);
    for (at, fact) in batch.edges.iter().enumerate() {
        let found = ends.of_edge(at);
        if let Via::Relation { name, .. } = &fact.via {
            let name = batch.text(*name);
            if ontology.relation_named(name).is_none() {
                // One report per relation is enough, as for types.
                if unnamed.len() < MOST_SHOWN && unnamed.insert(name) {
                    let report =
                        unknown_relation(ontology, name, batch.place(fact.via_at)).unread(Unread::Edge);
                    unknown.push((format!("relation {name}"), report));
                }
                continue;
            }
        }
        let resolved = resolve(
            ontology,
            entities,
            batch,
            fact,
            numbers,
            found,
            &comparisons,
            reports,
        );
        let mut short_of = |id: RelationId| {
            *places.entry(id).or_insert_with(|| {
                all.push((id, ShortEdges::new(part)));
                all.len() - 1
            })
        };
        let Some((id, from, to)) = resolved else {
            if let Some((id, refused)) = refused(ontology, entities, batch, fact, numbers, found) {
                let place = short_of(id);
                all[place].1.refused.extend(refused);
            }
            if let Some(id) = relation_of(ontology, batch, fact) {
                check_properties(ontology, batch, ontology.relation(id), fact, part, reports);
            }
            continue;
        };
        let place = short_of(id);
        let short = &mut all[place].1;
        let at = short.ends.len() as u32;
        let said = told.of(fact.statement, fact.own);
        if !said.is_nothing() && short.said.is_empty() {
            short.said = vec![FactStatement::NOTHING; short.ends.len()];
        }
        if !said.is_nothing() || !short.said.is_empty() {
            short.said.push(said);
        }
        short.ends.push([from.0, to.0]);
        if !fact.properties.is_empty() {
            let null = crate::facts::Value::Null;
            if fact.properties.iter().any(|it| it.item.value != null) {
                short.with_properties.push(at);
            }
            let relation = ontology.relation(id);
            let name = || edge_name(entities, relation, from, to);
            properties(
                ontology,
                batch,
                relation,
                fact,
                (part, at),
                short,
                &name,
                tags,
                reports,
            );
        }
    }
    for (entity, key) in &batch.refused {
        let Some(from) = numbers[*entity as usize] else {
            continue;
        };
        let members = &ontology.entity_type(entities.locate(from).type_id).members;
        if let Some(Member::Relation(no)) = members.get(batch.text(*key)) {
            let id = members.field(no).relation;
            let place = *places.entry(id).or_insert_with(|| {
                all.push((id, ShortEdges::new(part)));
                all.len() - 1
            });
            all[place].1.refused.push(from.0);
        }
    }
    for (_, short) in &mut all {
        short.ends.shrink_to_fit();
        short.said.shrink_to_fit();
        short.properties.iter_mut().flatten().for_each(Short::shrink);
    }
    all.shrink_to_fit();
    all
}

/// The entities at the ends of a part's edges, looked up together.
struct EdgeEnds {
    from: Vec<Option<EntityNo>>,
    to: Vec<Option<EntityNo>>,
}

impl EdgeEnds {
    fn of(entities: &Entities, batch: &Batch) -> Self {
        let to: Vec<&str> = batch.edges.iter().map(|it| batch.text(it.to)).collect();
        // Edges of the same entity are usually adjacent.
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

/// The name of an edge in messages.
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
fn properties<'b>(
    ontology: &Ontology,
    batch: &'b Batch,
    relation: &Relation,
    fact: &'b EdgeFact,
    (part, row): (u32, u32),
    short: &mut ShortEdges,
    name: &dyn Fn() -> String,
    tags: &mut Tags<'b>,
    reports: &mut Reports,
) {
    let edge_type = relation.edge.map(|id| &ontology.edge_types[id.index()]);
    for entry in &fact.properties {
        let key = batch.text(entry.key);
        let member = edge_type.and_then(|it| it.members.get(key));
        let (Some(edge_type), Some(Member::Property(no))) = (edge_type, member) else {
            let place = batch.place(entry.key_at);
            reports.push(unknown_property(&relation.name, key, place, edge_type));
            let meant = edge_type.and_then(|it| Some((it, required_field_meant(&it.members, key)?)));
            if let Some((edge_type, Member::Property(no))) = meant {
                let property = edge_type.members.property(no);
                let is_there = fact
                    .properties
                    .iter()
                    .any(|it| batch.text(it.key) == property.name);
                if !is_there {
                    // Without a value but with a place, it is not reported as missing.
                    let column = slot(&mut short.properties, no, || Short::new(part, property, ontology));
                    column.push(row, None, FactStatement::NOTHING);
                }
            }
            continue;
        };
        if entry.item.value == crate::facts::Value::Null {
            continue;
        }
        let property = edge_type.members.property(no);
        let column = slot(&mut short.properties, no, || Short::new(part, property, ontology));
        let items = match &entry.item.value {
            crate::facts::Value::List(items) if property.list => &**items,
            _ => std::slice::from_ref(&entry.item),
        };
        for item in items {
            tags.see(batch, property, item);
            value(
                ontology,
                batch,
                property,
                column,
                row,
                item,
                FactStatement::NOTHING,
                name,
                reports,
            );
        }
    }
}

/// Reports errors in the properties of a refused edge.
fn check_properties(
    ontology: &Ontology,
    batch: &Batch,
    relation: &Relation,
    fact: &EdgeFact,
    part: u32,
    reports: &mut Reports,
) {
    let from = match &fact.via {
        Via::Field { entity, .. } => batch.entities[*entity as usize].id,
        Via::Relation { from, .. } => *from,
    };
    let name = || {
        let (from, to) = (batch.text(from), batch.text(fact.to));
        format!("the edge \"{}\" from \"{from}\" to \"{to}\"", relation.name)
    };
    let mut short = ShortEdges::new(part);
    properties(
        ontology,
        batch,
        relation,
        fact,
        (part, 0),
        &mut short,
        &name,
        &mut Tags::default(),
        reports,
    );
    let Some(edge) = relation.edge else { return };
    for (no, property) in ontology.edge_types[edge.index()]
        .members
        .properties
        .iter()
        .enumerate()
    {
        let is_missing = short.properties.get(no).is_none_or(Option::is_none);
        if property.required && !property.list && is_missing {
            reports.push(missing_value(property, &name(), batch.place(fact.to_at), false));
        }
    }
}

fn unknown_property(relation: &str, key: &str, place: Place, edge_type: Option<&EdgeType>) -> Report {
    let report = Report::new(
        Code::UNKNOWN_EDGE_PROPERTY,
        format!("an edge of \"{relation}\" has no property \"{key}\""),
    )
    .at(place, "unknown");
    let of_edges = near_misses(key, ["to", "cite", "rank", "valid"]);
    match edge_type {
        _ if edge_type.is_none_or(|it| near_misses(key, it.members.names()).is_empty())
            && !of_edges.is_empty() =>
        {
            report.hint(format!(
                "did you mean {}?",
                crate::report::quoted_list(&of_edges, "or")
            ))
        }
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
    gathered: &mut DigestsBySubject,
    reports: &mut Reports,
) -> Option<Vec<Edges>> {
    let bases = &gathered.bases;
    let built: Option<Vec<(Edges, Reports)>> = std::mem::take(&mut gathered.edges)
        .into_par_iter()
        .zip(context.ontology.relations.par_iter())
        .map(|(mut shorts, relation)| {
            let ends: Vec<Ends> = shorts.iter_mut().map(|it| std::mem::take(&mut it.ends)).collect();
            let _reserved = context.memory.reserve(bytes(entities, &ends, &shorts))?;
            let mut reports = Reports::default();
            let builder = Builder {
                context,
                entities,
                relation,
                bases,
                refused: {
                    let mut all: Vec<u32> = shorts
                        .iter_mut()
                        .flat_map(|it| std::mem::take(&mut it.refused))
                        .collect();
                    all.sort_unstable();
                    all
                },
                any_said: shorts.iter().any(|it| !it.said.is_empty()),
                shorts,
                firsts: Vec::new(),
                places: Vec::new(),
            };
            let edges = builder.build(ends, &mut reports);
            Some((edges, reports))
        })
        .collect();
    let built = built?;
    let mut relations = Vec::with_capacity(built.len());
    for (edges, mut found) in built {
        reports.0.append(&mut found.0);
        relations.push(edges);
    }
    Some(relations)
}

/// Estimate of the bytes that sorting the edges of a relation takes: for each entity the start of its edges, two at a
/// time and one for each direction; for each edge its place, and its target and number in each direction.
fn bytes(entities: &Entities, ends: &[Ends], shorts: &[ShortEdges]) -> usize {
    const OF_AN_ENTITY: usize = 12;
    const OF_AN_EDGE: usize = 24;
    let edges: usize = ends.iter().map(Vec::len).sum();
    if edges == 0 {
        return 0;
    }
    let entities = entities.bases.last().copied().unwrap_or(0) as usize;
    let properties = shorts.iter().flat_map(|it| it.properties.iter().flatten());
    let properties: usize = properties
        .map(|it| super::columns::bytes(0, std::slice::from_ref(it)))
        .sum();
    entities * OF_AN_ENTITY + edges * OF_AN_EDGE + properties
}

/// Finds the relation and the ends of an edge by their names, and checks the ends.
#[allow(clippy::too_many_arguments, reason = "all of it changes with the edge")]
fn resolve(
    ontology: &Ontology,
    entities: &Entities,
    batch: &Batch,
    fact: &EdgeFact,
    numbers: &[Option<EntityNo>],
    (from_found, to_found): (Option<EntityNo>, Option<EntityNo>),
    comparisons: &Cell<usize>,
    reports: &mut Reports,
) -> Option<(RelationId, EntityNo, EntityNo)> {
    let known = |found: Option<EntityNo>, id: &str, at: crate::facts::Span, reports: &mut Reports| {
        if found.is_none() && !entities.is_untyped(id) {
            let report = Report::new(Code::UNKNOWN_ID, format!("nothing defines the id \"{id}\""))
                .at(batch.place(at), "unknown")
                .hint(entities.unknown(id, comparisons))
                .about_missing();
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
            let id = ontology.relation_named(name)?;
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
                    "the relation \"{name}\" does not begin at {} {}, which \"{}\" is",
                    article(&ontology.entity_type(here).name),
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

/// The relation of an edge, by the names in the file alone.
fn relation_of(ontology: &Ontology, batch: &Batch, fact: &EdgeFact) -> Option<RelationId> {
    match &fact.via {
        Via::Field { entity, key } => {
            let name = batch.text(batch.entities[*entity as usize].type_name);
            let members = &ontology.entity_type(ontology.type_named(name)?).members;
            match members.get(batch.text(*key))? {
                Member::Relation(no) => Some(members.field(no).relation),
                Member::Property(_) => None,
            }
        }
        Via::Relation { name, .. } => ontology.relation_named(batch.text(*name)),
    }
}

/// The relation of a refused edge, and the entities without it. If it is not known which they are, it may be all.
fn refused(
    ontology: &Ontology,
    entities: &Entities,
    batch: &Batch,
    fact: &EdgeFact,
    numbers: &[Option<EntityNo>],
    (from, to): (Option<EntityNo>, Option<EntityNo>),
) -> Option<(RelationId, [u32; 2])> {
    match &fact.via {
        Via::Field { entity, key } => {
            let from = numbers[*entity as usize]?;
            let members = &ontology.entity_type(entities.locate(from).type_id).members;
            let Some(Member::Relation(no)) = members.get(batch.text(*key)) else {
                return None;
            };
            let field = members.field(no);
            let other = match field.direction {
                Direction::In if to.is_none() => ANY,
                _ => from.0,
            };
            Some((field.relation, [from.0, other]))
        }
        Via::Relation { name, .. } => {
            let id = ontology.relation_named(batch.text(*name))?;
            let begins = |it: EntityNo| {
                ontology
                    .relation(id)
                    .field(entities.locate(it).type_id, Direction::Out)
            };
            let from = from.filter(|it| begins(*it).is_some()).map_or(ANY, |it| it.0);
            Some((id, [from, to.map_or(from, |it| it.0)]))
        }
    }
}

/// Represents an unknown entity that lacks an edge.
const ANY: u32 = u32::MAX;

fn unknown_relation(ontology: &Ontology, name: &str, place: Place) -> Report {
    let names = || ontology.relations.iter().map(|it| it.name.as_str());
    let hint = did_you_mean(name, names(), || {
        let names: Vec<&str> = names().collect();
        format!(
            "the schema's relations are {}",
            crate::report::quoted_list(&names, "and")
        )
    });
    Report::new(
        Code::UNKNOWN_RELATION,
        format!("the schema has no relation \"{name}\""),
    )
    .at(place, "unknown")
    .hint(hint)
}

/// The other end must have a type that the field allows and that has the relation too.
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
    // Another entity with this id may have the right type. The duplicate id is reported.
    if entities.duplicates.contains(&to) {
        return None;
    }
    let types = ontology.types_of(field.target);
    let names: Vec<&str> = types
        .iter()
        .map(|id| ontology.entity_type(*id).name.as_str())
        .collect();
    let message = format!(
        "\"{}\" of \"{}\" leads to {}, and \"{}\" is {} {}",
        field.name,
        ontology.entity_type(here).name,
        ontology.name_of(field.target),
        batch.text(fact.to),
        article(&ontology.entity_type(there).name),
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

/// Builds one relation. An edge has two numbers: its place, which is its number in the order of the files, and its
/// number in the snapshot.
struct Builder<'a> {
    context: &'a Context<'a>,
    entities: &'a Entities,
    relation: &'a Relation,
    bases: &'a [u32],
    /// The digests of the parts, without the ends of the edges.
    shorts: Vec<ShortEdges>,
    /// Entities with a refused edge, in order. The refusal is reported, so a missing edge is not.
    refused: Vec<u32>,
    /// Whether any edge has a statement. Usually none has, and then the places of edges need not be looked up.
    any_said: bool,
    /// For each part, the place of its first edge.
    firsts: Vec<u32>,
    /// For each edge of the snapshot, its place.
    places: Vec<u32>,
}

impl Builder<'_> {
    fn build(mut self, mut ends: Vec<Ends>, reports: &mut Reports) -> Edges {
        let count: usize = ends.iter().map(Vec::len).sum();
        if count > (u32::MAX / 2) as usize {
            let message = format!(
                "the relation \"{}\" has {count} edges, more than a relation can hold",
                self.relation.name,
            );
            reports.push(Report::new(Code::TOO_MUCH, message));
            ends.clear();
        }
        let mut first = 0;
        for of_part in &ends {
            self.firsts.push(first);
            first += of_part.len() as u32;
        }
        // A relation without edges needs no array for entities; a schema may have hundreds of such relations.
        let entities = match first {
            0 => 0,
            _ => self.entities.bases.last().copied().unwrap_or(0) as usize,
        };
        let symmetric = self.relation.symmetric;
        let bounds = edge_order::bounds(entities, ends.iter().flatten().map(|it| it[0]));
        // The ends of each part are freed as soon as they are added.
        let entries = (0..).zip(ends.into_iter().flatten());
        let entries = entries.map(|(edge, [at, target])| Entry { at, target, edge });
        let mut ordered = Ordered::of(bounds, entries);
        let forward = if symmetric {
            Direction::Both
        } else {
            Direction::Out
        };
        self.sort(&mut ordered, forward, |edge| edge);
        self.places = std::mem::take(&mut ordered.edges);
        let forward = Adjacency {
            starts: self.starts(&ordered.bounds),
            targets: ordered.targets.into(),
            edges: None,
        };
        let (out, back) = if symmetric {
            let both = || {
                self.entries(&forward).flat_map(|it| {
                    // An edge from an entity to itself is stored once.
                    let back = (it.at != it.target).then(|| it.turned());
                    std::iter::once(it).chain(back)
                })
            };
            let bounds = edge_order::bounds(entities, both().map(|it| it.at));
            let out = self.adjacency(Ordered::of(bounds, both()), Direction::Both);
            (Some(out), Adjacency::default())
        } else {
            let turned = || self.entries(&forward).map(Entry::turned);
            let bounds = edge_order::bounds(entities, turned().map(|it| it.at));
            (None, self.adjacency(Ordered::of(bounds, turned()), Direction::In))
        };
        let mut reported = HashSet::new();
        if let Some(both) = &out {
            self.check_cardinality(Direction::Both, both, &mut reported, reports);
        } else {
            self.check_cardinality(Direction::Out, &forward, &mut reported, reports);
            self.check_cardinality(Direction::In, &back, &mut reported, reports);
        }
        let statements = self.statements();
        let shorts = self.short_columns();
        let columns = self.columns(shorts, &forward, reports);
        self.warn_of_twins(
            out.as_ref().unwrap_or(&forward),
            &forward,
            (&columns, &reported),
            reports,
        );
        Edges {
            count: self.places.len(),
            out: out.unwrap_or(forward),
            back,
            columns,
            statements,
            is_disputed: false,
        }
        .checked(self.context.ontology, self.relation)
    }

    /// Sorts the entries of each entity by the ids of their targets. If its field has a single target and sources
    /// disagree, the preferred edge is first. `place` gives the place of an edge.
    fn sort(&self, ordered: &mut Ordered, direction: Direction, place: impl Fn(u32) -> u32 + Sync) {
        let to_one = self.leads_to_one(direction);
        let types = ordered.targets.iter().min().zip(ordered.targets.iter().max());
        let in_one_type = types.is_none_or(|(first, last)| self.type_no(*first) == self.type_no(*last));
        if in_one_type && !to_one.contains(&true) {
            // Then numbers are in the order of ids.
            return ordered.sort(|_, a, b| a.cmp(&b));
        }
        ordered.sort(|at, a, b| {
            let by = if to_one[self.type_no(at)] {
                let preference = |edge| Reverse(self.said(place(edge)).preference());
                preference(a.1).cmp(&preference(b.1))
            } else {
                self.compare_ids(a.0, b.0)
            };
            by.then(a.1.cmp(&b.1))
        });
    }

    /// An adjacency of the snapshot's edges.
    fn adjacency(&self, mut ordered: Ordered, direction: Direction) -> Adjacency {
        self.sort(&mut ordered, direction, |edge| self.places[edge as usize]);
        Adjacency {
            starts: self.starts(&ordered.bounds),
            targets: ordered.targets.into(),
            edges: Some(ordered.edges.into()),
        }
    }

    /// The starts of the rows' entries, for each type that has any.
    fn starts(&self, bounds: &[u32]) -> StartsOfTypes {
        let types = self.entities.bases.windows(2);
        StartsOfTypes::of(types.map(|it| Starts::of(bounds.get(it[0] as usize..=it[1] as usize)?)))
    }

    /// The starts of the edges, in the order of their numbers.
    fn entries<'b>(&'b self, forward: &'b Adjacency) -> impl Iterator<Item = Entry> + 'b {
        forward.starts.iter().flat_map(move |(type_no, starts)| {
            let base = self.entities.bases[type_no];
            starts.iter().flat_map(move |(row, range)| {
                range.map(move |edge| Entry {
                    at: base + row,
                    target: forward.targets[edge],
                    edge: edge as u32,
                })
            })
        })
    }

    /// The two ends of an edge.
    fn ends(&self, forward: &Adjacency, edge: u32) -> (EntityNo, EntityNo) {
        let of_type =
            |(type_no, starts): (usize, &Starts)| Some(self.entities.bases[type_no] + starts.row_at(edge)?);
        let from = forward.starts.iter().find_map(of_type);
        (
            EntityNo(from.unwrap_or_default()),
            EntityNo(forward.targets[edge as usize]),
        )
    }

    /// The short edges that contain an edge, by its place, and its position in them.
    fn short(&self, place: u32) -> (&ShortEdges, u32) {
        let no = self.firsts.partition_point(|it| *it <= place) - 1;
        (&self.shorts[no], place - self.firsts[no])
    }

    fn field(&self, id: TypeId, direction: Direction) -> Option<&RelationField> {
        let no = self.relation.field(id, direction)?;
        Some(self.context.ontology.entity_type(id).members.field(no))
    }

    /// For each type, whether its field has a single target.
    fn leads_to_one(&self, direction: Direction) -> Vec<bool> {
        let types = self.context.ontology.type_ids();
        types
            .map(|id| self.field(id, direction).is_some_and(|field| !field.many))
            .collect()
    }

    fn type_no(&self, entity: u32) -> usize {
        self.entities.locate(EntityNo(entity)).type_id.index()
    }

    /// The statement of an edge, by its place.
    fn said(&self, place: u32) -> FactStatement {
        if !self.any_said {
            return FactStatement::NOTHING;
        }
        let (short, at) = self.short(place);
        short.said(at)
    }

    /// The place of an edge's end in the files. Its part is read and numbered again.
    fn place(&self, edge: u32) -> Option<Place> {
        let (short, at) = self.short(self.places[edge as usize]);
        let (part, context) = (short.part, self.context);
        let batch = context.batch(part)?;
        let written = &context.parts[part as usize].ids.at;
        let known = &self.entities.numbers[part as usize];
        let numbers = entities::numbers(known, written, &batch);
        let ends = EdgeEnds::of(self.entities, &batch);
        let is_of = |(at, fact): &(usize, &EdgeFact)| {
            let mut reports = Reports::default();
            let found = resolve(
                context.ontology,
                self.entities,
                &batch,
                fact,
                &numbers,
                ends.of_edge(*at),
                &Cell::new(0),
                &mut reports,
            );
            found.is_some_and(|it| context.ontology.relation(it.0).name == self.relation.name)
        };
        let mut all = batch.edges.iter().enumerate().filter(is_of);
        let (_, fact) = all.nth(at as usize)?;
        Some(batch.place(fact.to_at).detached())
    }

    /// Numbers of the same type are in the order of ids already.
    fn compare_ids(&self, a: u32, b: u32) -> std::cmp::Ordering {
        let type_of = |it| self.entities.locate(EntityNo(it)).type_id;
        if self.context.ontology.types.len() > 1 && type_of(a) != type_of(b) {
            self.entities.id(EntityNo(a)).cmp(self.entities.id(EntityNo(b)))
        } else {
            a.cmp(&b)
        }
    }

    fn statements(&self) -> Option<Stored<StatementNo>> {
        if !self.any_said {
            return None;
        }
        let statement = |place: &u32| {
            let (short, at) = self.short(*place);
            match short.said(at).statement {
                crate::facts::NO_STATEMENT => NO_STATEMENT,
                no => StatementNo(self.bases[short.part as usize] + no),
            }
        };
        let statements: Vec<StatementNo> = self.places.iter().map(statement).collect();
        let any = statements.iter().any(|it| *it != NO_STATEMENT);
        any.then(|| statements.into())
    }

    /// The short columns of each property, with the numbers of the edges as their rows.
    fn short_columns(&mut self) -> Vec<Vec<Short>> {
        let edge_type = self.edge_type();
        let count = edge_type.map_or(0, |it| it.members.properties.len());
        let mut columns: Vec<Vec<Short>> = (0..count).map(|_| Vec::new()).collect();
        if self.shorts.iter().all(|it| it.properties.is_empty()) {
            return columns;
        }
        // For each place, the number of its edge.
        let mut numbers = vec![0; self.places.len()];
        for (edge, place) in (0..).zip(&self.places) {
            numbers[*place as usize] = edge;
        }
        for (part, first) in self.shorts.iter_mut().zip(&self.firsts) {
            for (column, short) in columns.iter_mut().zip(std::mem::take(&mut part.properties)) {
                if let Some(mut short) = short {
                    for row in &mut short.rows {
                        *row = numbers[(*first + *row) as usize];
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

    fn columns(&self, shorts: Vec<Vec<Short>>, forward: &Adjacency, reports: &mut Reports) -> Vec<Column> {
        let Some(edge_type) = self.edge_type() else {
            return Vec::new();
        };
        let name = |row: u32| {
            let (from, to) = self.ends(forward, row);
            edge_name(self.entities, self.relation, from, to)
        };
        let rows = Rows {
            name: &name,
            place: &|row| self.place(row),
            second: &|_| None,
            is_built_in: false,
        };
        let columns = shorts.into_iter().enumerate().map(|(no, shorts)| {
            let property = edge_type.members.property(PropertyNo::at(no));
            column(
                self.context.ontology,
                property,
                self.places.len(),
                &shorts,
                self.bases,
                &rows,
                reports,
            )
        });
        columns.collect()
    }

    /// Checks that a field with a single target has one edge, or several that are statements of their own, and that a
    /// required field has at least one. Edges that are reported as duplicates are added to `reported`.
    fn check_cardinality(
        &self,
        way: Direction,
        adjacency: &Adjacency,
        reported: &mut HashSet<u32>,
        reports: &mut Reports,
    ) {
        let ontology = self.context.ontology;
        let some_lack = self.refused.last() == Some(&ANY);
        for id in ontology.type_ids() {
            let Some(field) = self.field(id, way) else {
                continue;
            };
            if field.many {
                continue;
            }
            let (mut missing, mut several) = (0, 0);
            let mut lacking = Reports::default();
            for row in 0..self.entities.ids[id.index()].len() {
                let neighbours = adjacency.of(id.index(), row);
                let name = || self.entities.name(id, row as u32);
                if neighbours.is_empty()
                    && field.required
                    && !some_lack
                    && self
                        .refused
                        .binary_search(&(self.entities.bases[id.index()] + row as u32))
                        .is_err()
                    && shown(&mut missing, Code::MISSING_VALUE, &field.name, &mut lacking)
                {
                    let message = format!("{} has no \"{}\", which the schema requires", name(), field.name);
                    // The line of such an entity has an error of its own, so no missing edge is reported.
                    if let Some(place) = self.entities.place(self.context, id, row as u32) {
                        let report = Report::new(Code::MISSING_VALUE, message)
                            .at(place, "lacks it")
                            .hint(format!(
                                "add `{}: <id>`, or drop the `!` in the schema",
                                field.name
                            ));
                        lacking.push(report);
                    }
                }
                let place_of = |at: usize| self.places[neighbours.get(at).1.0 as usize];
                if neighbours.len() > 1
                    && (0..neighbours.len()).any(|at| !self.said(place_of(at)).own)
                    && shown(&mut several, Code::SEVERAL_VALUES, &field.name, reports)
                {
                    let (target, edge) = neighbours.get(0);
                    if neighbours.iter().all(|it| it.0 == target) {
                        let mut edges: Vec<u32> = neighbours.iter().map(|it| it.1.0).collect();
                        edges.sort_unstable_by_key(|it| self.places[*it as usize]);
                        reported.extend(&edges);
                        let message = format!(
                            "\"{}\" of {} leads to one entity, and the edge to \"{}\" is written {} times",
                            field.name,
                            name(),
                            self.entities.id(target),
                            edges.len()
                        );
                        let second = self.place(*edges.get(1).unwrap_or(&edge.0));
                        let report = placed(Report::new(Code::SEVERAL_VALUES, message), second, "again here");
                        let report = report
                            .also(self.place(edges[0]), "first here")
                            .hint("write an edge once, from either side");
                        reports.push(report);
                        continue;
                    }
                    // Edges that are statements of their own may contradict each other.
                    let is_plain = |edge: &u32| !self.said(self.places[*edge as usize]).own;
                    let plain: Vec<u32> = neighbours.iter().map(|it| it.1.0).filter(is_plain).collect();
                    let latest = plain.iter().max_by_key(|it| self.places[**it as usize]);
                    let message = format!(
                        "\"{}\" of {} leads to one entity, and {} are given",
                        field.name,
                        name(),
                        neighbours.len()
                    );
                    let place = latest.and_then(|it| self.place(*it));
                    let label = too_many(plain.len());
                    let report = placed(Report::new(Code::SEVERAL_VALUES, message), place, label)
                        .hint("make the field a list in the schema; or, where sources disagree, give each edge its own cite: {to: …, cite: …}");
                    reports.push(report);
                }
            }
            reports.0.extend(lacking.0.into_iter().map(Report::about_missing));
        }
    }

    /// Warns about edges that were probably written from both ends: parallel edges are allowed, but these have the same
    /// properties. Edges in `reported` are skipped.
    fn warn_of_twins(
        &self,
        out: &Adjacency,
        forward: &Adjacency,
        (columns, reported): (&[Column], &HashSet<u32>),
        reports: &mut Reports,
    ) {
        let mut found = 0;
        for (type_no, starts) in out.starts.iter() {
            let base = self.entities.bases[type_no];
            for (row, _) in starts.iter() {
                let neighbours = out.of(type_no, row as usize);
                // If the targets are strictly ascending, there are no parallel edges.
                let targets = || neighbours.iter().map(|it| it.0);
                if targets().is_sorted_by(|a, b| a.0 < b.0) {
                    continue;
                }
                let from = base + row;
                let ends = neighbours.iter().map(|(to, edge)| (to.0, edge.0));
                // A symmetric edge is found at both ends, and checked at the first.
                let met = |it: &(u32, u32)| !self.relation.symmetric || it.0 >= from;
                let ends = ends.filter(|it| met(it) && !reported.contains(&it.1));
                let mut of_row: Vec<(u32, Vec<u8>, u32)> = ends
                    .map(|(to, edge)| (to, self.written_properties(columns, edge), edge))
                    .collect();
                of_row.sort_unstable_by(|a, b| {
                    let place = |edge: u32| self.places[edge as usize];
                    (a.0, &a.1, place(a.2)).cmp(&(b.0, &b.1, place(b.2)))
                });
                let twins = of_row
                    .windows(2)
                    .filter(|it| it[0].0 == it[1].0 && it[0].1 == it[1].1);
                for twin in twins {
                    found += 1;
                    if found <= MOST_TWINS {
                        self.twins(twin[0].2, twin[1].2, forward, reports);
                    }
                }
            }
        }
        if found > MOST_TWINS {
            let message = format!(
                "{} more edges of \"{}\" stand twice",
                found - MOST_TWINS,
                self.relation.name
            );
            reports.push(Report::new(Code::EDGE_TWICE, message).hint(self.cure_of_twins()));
        }
    }

    /// The properties of an edge as bytes, for comparisons.
    fn written_properties(&self, columns: &[Column], edge: u32) -> Vec<u8> {
        let mut written = Vec::new();
        let (short, at) = self.short(self.places[edge as usize]);
        if short.with_properties.binary_search(&at).is_err() {
            return written;
        }
        for column in columns {
            for at in column.range(edge as usize) {
                let values = column.values();
                if values.languages().is_empty() {
                    values.write(at, &[], &mut written);
                } else {
                    for (language, text) in values.texts(at) {
                        written.extend_from_slice(language.as_bytes());
                        written.push(b':');
                        written.extend_from_slice(text.as_bytes());
                        written.push(0);
                    }
                }
                written.push(b',');
            }
            written.push(b';');
        }
        written
    }

    fn cure_of_twins(&self) -> &'static str {
        if self.relation.symmetric {
            "write an edge once: the relation is symmetric, so it holds both ways; both are kept as parallel edges"
        } else {
            "write an edge once, from either side; both are kept as parallel edges"
        }
    }

    fn twins(&self, first: u32, second: u32, forward: &Adjacency, reports: &mut Reports) {
        let (from, to) = self.ends(forward, second);
        let message = format!(
            "the edge \"{}\" between \"{}\" and \"{}\" is given twice",
            self.relation.name,
            self.entities.id(from),
            self.entities.id(to)
        );
        let report = placed(
            Report::new(Code::EDGE_TWICE, message),
            self.place(second),
            "again here",
        );
        let report = report
            .also(self.place(first), "first here")
            .hint(self.cure_of_twins());
        reports.push(report);
    }
}

/// Maximum number of duplicate edges that are reported for a relation.
const MOST_TWINS: usize = 10;
