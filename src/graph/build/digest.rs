//! What is left of a part when its text is forgotten: short columns, edges between numbers, statements.

use std::collections::HashSet;

use rustc_hash::FxHashMap;

use super::MOST_SHOWN;
use super::cell::cell;
use super::columns::no_property;
use super::edges::{self, Ends};
use super::entities::{self, Entities};
use super::statements::{self, Said};
use crate::facts::{Batch, GraphFact, Item, Value};
use crate::graph::EntityNo;
use crate::graph::column::{Cell, Values};
use crate::graph::statement::Statements;
use crate::ontology::{Member, Ontology, Property, PropertyNo, RelationId, TypeId};
use crate::report::{Report, Reports};

/// Of a part that is one of many, up to this number of mistakes of a kind are shown.
const LEAST_SHOWN: usize = 20;

/// The values of one property that stand in one part.
#[derive(Debug)]
pub(super) struct Short {
    pub part: u32,
    /// The row of each, in the order of the part.
    pub rows: Vec<u32>,
    pub values: Values,
    /// What is said of each beside its value; empty where nothing is said of any.
    pub said: Vec<Said>,
}

impl Short {
    pub fn new(part: u32, property: &Property, ontology: &Ontology) -> Self {
        Self {
            part,
            rows: Vec::new(),
            values: Values::new(property.scalar, ontology),
            said: Vec::new(),
        }
    }

    pub fn push(&mut self, row: u32, cell: Option<Cell>, said: Said) {
        if !said.is_nothing() && self.said.is_empty() {
            self.said = vec![Said::NOTHING; self.rows.len()];
        }
        if !self.said.is_empty() || !said.is_nothing() {
            self.said.push(said);
        }
        self.rows.push(row);
        self.values.push(cell);
    }

    /// Gives back the room that was not needed.
    pub fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.said.shrink_to_fit();
        self.values.shrink();
    }

    pub fn said(&self, at: usize) -> Said {
        self.said.get(at).copied().unwrap_or(Said::NOTHING)
    }
}

/// The edges of one relation that stand in one part.
#[derive(Debug)]
pub(super) struct ShortEdges {
    pub part: u32,
    pub ends: Ends,
    /// Entities with an edge that was refused.
    pub refused: Vec<u32>,
    /// What is said of each beside its ends; empty where nothing is said of any.
    pub said: Vec<Said>,
    /// Those that have properties, in order.
    pub with_properties: Vec<u32>,
    /// The values of each property; their rows are positions among `ends`.
    pub properties: Vec<Option<Short>>,
}

impl ShortEdges {
    pub fn new(part: u32) -> Self {
        Self {
            part,
            ends: Ends::default(),
            refused: Vec::new(),
            said: Vec::new(),
            with_properties: Vec::new(),
            properties: Vec::new(),
        }
    }

    pub fn said(&self, at: u32) -> Said {
        self.said.get(at as usize).copied().unwrap_or(Said::NOTHING)
    }
}

/// A part without its text.
#[derive(Debug)]
pub(super) struct Digest {
    /// Only of the properties that have values here: there may be as many parts as types.
    values: Vec<(TypeId, PropertyNo, Short)>,
    /// Only of the relations that have edges here.
    edges: Vec<(RelationId, ShortEdges)>,
    statements: Statements,
    graph: GraphFact,
    /// Types and relations that the schema does not have, each once.
    unknown: Vec<(String, Report)>,
    reports: Reports,
}

/// Checks a part's facts and makes of them what the graph is built from. `written` is where the first reading found
/// the ids of its entities.
pub(super) fn digest(
    ontology: &Ontology,
    entities: &Entities,
    (part, written): (u32, &[u32]),
    batch: &Batch,
    mut reports: Reports,
) -> Digest {
    let mut unknown = entities::check(ontology, batch, &mut reports);
    let numbers = numbers(&entities.numbers[part as usize], written, batch);
    let said = statements::read(batch, &mut reports);
    let mut values: Vec<(TypeId, PropertyNo, Short)> = Vec::new();
    let mut columns: FxHashMap<(TypeId, PropertyNo), usize> = FxHashMap::default();
    // Where an entity belongs, and the columns of the fields of its type that were met last: in a file they come again and
    // again.
    let mut here = (u32::MAX, None);
    let mut known: Vec<(&str, usize)> = Vec::new();
    let mut known_of = None;
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
                    let name = &ontology.entity_type(row.type_id).name;
                    reports.push(no_property(batch, at, name, members, member));
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
    }
    for (_, _, short) in &mut values {
        short.shrink();
    }
    values.shrink_to_fit();
    let edges = edges::digest(
        ontology,
        entities,
        part,
        batch,
        &numbers,
        &said,
        &mut unknown,
        &mut reports,
    );
    let statements = statements::digest(ontology, entities, batch, &said, &mut reports);
    let most = (MOST_SHOWN / entities.numbers.len().max(1)).max(LEAST_SHOWN);
    reports.limit(most, &batch.source.path);
    Digest {
        values,
        edges,
        statements,
        graph: batch.graph.clone(),
        unknown,
        reports,
    }
}

/// Adds a value to a short column.
#[allow(clippy::too_many_arguments, reason = "all of it changes with the value")]
pub(super) fn value(
    ontology: &Ontology,
    batch: &Batch,
    property: &Property,
    short: &mut Short,
    row: u32,
    item: &Item,
    said: Said,
    name: &dyn Fn() -> String,
    reports: &mut Reports,
) {
    if matches!(item.value, Value::Null) {
        return;
    }
    match cell(batch, item, property, name, ontology) {
        Ok(cell) => short.push(row, Some(cell), said),
        Err(report) => {
            reports.push(report);
            short.push(row, None, said);
        }
    }
}

/// The number of each entity of a part; none of those whose type is unknown or whose id is defined twice.
pub(super) fn numbers(known: &[u32], written: &[u32], batch: &Batch) -> Vec<Option<EntityNo>> {
    let mut of_part = written.iter().zip(known).peekable();
    let all = batch.entities.iter().map(|fact| {
        // Of a part with mistakes, the first reading may have found other entities.
        while of_part.next_if(|it| *it.0 < fact.at.start).is_some() {}
        let number = of_part.next_if(|it| *it.0 == fact.at.start)?.1;
        (*number != u32::MAX).then_some(EntityNo(*number))
    });
    all.collect()
}

/// All digests, by what they are about.
pub(super) struct Gathered {
    /// For each type and property, the short columns in the order of the parts.
    pub values: Vec<Vec<Vec<Short>>>,
    /// For each relation, the edges of the parts that have any, in the order of the parts.
    pub edges: Vec<Vec<ShortEdges>>,
    /// The statements of each part.
    pub statements: Vec<Statements>,
    /// For each part, what its first statement's number is in the snapshot.
    pub bases: Vec<u32>,
    pub graph: GraphFact,
}

/// Puts the digests of all parts together.
pub(super) fn gather(digests: Vec<Digest>, ontology: &Ontology, reports: &mut Reports) -> Gathered {
    let properties = |id: crate::ontology::TypeId| {
        let count = ontology.entity_type(id).members.properties.len();
        (0..count).map(|_| Vec::new()).collect()
    };
    let mut gathered = Gathered {
        values: ontology.type_ids().map(properties).collect(),
        edges: ontology.relations.iter().map(|_| Vec::new()).collect(),
        statements: Vec::new(),
        bases: Vec::new(),
        graph: GraphFact::default(),
    };
    let mut unknown: HashSet<String> = HashSet::new();
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
        let (info, graph) = (&mut gathered.graph, digest.graph);
        info.title = info.title.take().or(graph.title);
        info.description = info.description.take().or(graph.description);
        info.licence = info.licence.take().or(graph.licence);
        info.url = info.url.take().or(graph.url);
        info.examples.extend(graph.examples);
    }
    gathered
}

/// The property of a number among an edge type's or an entity type's.
pub(super) fn slot(
    properties: &mut Vec<Option<Short>>,
    no: PropertyNo,
    new: impl FnOnce() -> Short,
) -> &mut Short {
    if properties.len() <= no.index() {
        properties.resize_with(no.index() + 1, || None);
    }
    properties[no.index()].get_or_insert_with(new)
}
