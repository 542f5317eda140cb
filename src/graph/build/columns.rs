//! Values go into the columns of their properties.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::cell::cell;
use super::entities::Entities;
use super::{Context, Origin};
use crate::facts::{Item, Value};
use crate::graph::column::{Alternatives, Column, Values};
use crate::graph::ids::UniqueIndex;
use crate::graph::statement::Rank;
use crate::graph::{NO_STATEMENT, StatementNo};
use crate::ontology::{Date, Member, Members, Property, PropertyNo, TypeId};
use crate::report::{Code, Place, Report, Reports, did_you_mean};

/// One value on its way into a column.
pub(super) struct Fact<'a> {
    pub row: u32,
    pub batch: u32,
    pub item: &'a Item,
    pub statement: StatementNo,
    /// Whether the file says that others may contradict it.
    pub own: bool,
}

/// The columns of a type and their unique indexes.
type TypeColumns = (Vec<Column>, Vec<Option<UniqueIndex>>);

/// Builds the columns of all types.
pub(super) fn build(context: &Context, entities: &Entities, reports: &mut Reports) -> Vec<TypeColumns> {
    let ontology = context.ontology;
    let mut buckets: Vec<Vec<Vec<(u32, Origin)>>> = ontology
        .types
        .iter()
        .map(|it| vec![Vec::new(); it.members.properties.len()])
        .collect();
    for (batch_no, batch) in context.batches.iter().enumerate() {
        for (at, fact) in batch.values.iter().enumerate() {
            let Some(entity) = entities.of_batch(batch_no as u32, fact.entity) else {
                continue; // its type is unknown, or its id is defined twice: reported
            };
            let row = entities.locate(entity);
            let entity_type = ontology.entity_type(row.type_id);
            let origin = Origin {
                batch: batch_no as u32,
                at: at as u32,
            };
            match entity_type.members.get(batch.text(fact.key)) {
                Some(Member::Property(no)) => {
                    buckets[row.type_id.index()][no.index()].push((row.row as u32, origin));
                }
                other => reports.push(no_property(
                    context,
                    origin,
                    &entity_type.name,
                    &entity_type.members,
                    other,
                )),
            }
        }
    }
    let tasks: Vec<(TypeId, PropertyNo)> = ontology
        .type_ids()
        .flat_map(|id| {
            (0..ontology.entity_type(id).members.properties.len()).map(move |no| (id, PropertyNo::at(no)))
        })
        .collect();
    let built: Vec<(Column, Option<UniqueIndex>, Reports)> = tasks
        .par_iter()
        .map(|(id, no)| {
            let bucket = &buckets[id.index()][no.index()];
            property_column(context, entities, *id, *no, bucket)
        })
        .collect();
    let mut built = built.into_iter();
    let mut columns = Vec::with_capacity(ontology.types.len());
    for entity_type in &ontology.types {
        let mut of_type = TypeColumns::default();
        for (column, unique, mut found) in built.by_ref().take(entity_type.members.properties.len()) {
            of_type.0.push(column);
            of_type.1.push(unique);
            reports.0.append(&mut found.0);
        }
        columns.push(of_type);
    }
    unique_over_interfaces(context, entities, &columns, reports);
    columns
}

fn no_property(
    context: &Context,
    origin: Origin,
    type_name: &str,
    members: &Members,
    found: Option<Member>,
) -> Report {
    let batch = context.batch(origin);
    let fact = &batch.values[origin.at as usize];
    let key = batch.text(fact.key);
    let place = batch.place(fact.key_at);
    if found.is_some() {
        return Report::new(
            Code::UNKNOWN_FIELD,
            format!("\"{key}\" of \"{type_name}\" is a relation, not a property"),
        )
        .at(place, "a relation")
        .hint("in JSON Lines an edge is a line of its own: {\"type\": \"edge\", …}");
    }
    let hint = if key == "id" {
        "the id is the entity's key".to_owned()
    } else {
        did_you_mean(key, members.names(), || {
            let names: Vec<&str> = members.names().collect();
            format!("its fields are {}", crate::report::quoted_list(&names, "and"))
        })
    };
    Report::new(
        Code::UNKNOWN_FIELD,
        format!("\"{type_name}\" has no field \"{key}\""),
    )
    .at(place, "unknown")
    .hint(hint)
}

fn property_column(
    context: &Context,
    entities: &Entities,
    id: TypeId,
    no: PropertyNo,
    bucket: &[(u32, Origin)],
) -> (Column, Option<UniqueIndex>, Reports) {
    let property = context.ontology.entity_type(id).members.property(no);
    let origins = &entities.origins[id.index()];
    let mut sorted: Vec<(u32, Origin)> = bucket.to_vec();
    sorted.sort_unstable();
    let facts = sorted.iter().map(|(row, origin)| {
        let fact = &context.batch(*origin).values[origin.at as usize];
        Fact {
            row: *row,
            batch: origin.batch,
            item: &fact.item,
            statement: context.statement(origin.batch, fact.statement),
            own: fact.own,
        }
    });
    let subject = |row: u32| {
        let origin = origins[row as usize];
        let fact = context.entity_fact(origin);
        let name = format!("\"{}\"", context.batch(origin).text(fact.id));
        (name, context.place(origin, fact.at))
    };
    let mut reports = Reports::default();
    let column = column(context, property, origins.len(), facts, &subject, &mut reports);
    let unique = property.unique.then(|| {
        let mut index = UniqueIndex::default();
        for row in 0..origins.len() {
            if let Some(first) = index.insert(&column, row) {
                reports.push(not_unique(
                    property,
                    &column,
                    row as u32,
                    &subject,
                    &subject(first as u32),
                ));
            }
        }
        index
    });
    (column, unique, reports)
}

fn not_unique(
    property: &Property,
    column: &Column,
    row: u32,
    subject: &impl Fn(u32) -> (String, Place),
    other: &(String, Place),
) -> Report {
    let mut json = Vec::new();
    column.write(row as usize, &[], &mut json);
    let (name, place) = subject(row);
    let message = format!(
        "\"{}\" is unique, and {name} and {} both have {}",
        property.name,
        other.0,
        String::from_utf8_lossy(&json)
    );
    Report::new(Code::NOT_UNIQUE, message)
        .at(place, "has it too")
        .also(Some(other.1.clone()), "has it first")
        .hint("mend one of them, or take @unique from the schema")
}

/// A property that an interface says is unique is so over all its types.
fn unique_over_interfaces(
    context: &Context,
    entities: &Entities,
    columns: &[TypeColumns],
    reports: &mut Reports,
) {
    let ontology = context.ontology;
    for interface in &ontology.interfaces {
        for property in interface.members.properties.iter().filter(|it| it.unique) {
            let of = |id: TypeId| match ontology.entity_type(id).members.get(&property.name) {
                Some(Member::Property(no)) => {
                    let (columns, unique) = &columns[id.index()];
                    Some((&columns[no.index()], unique[no.index()].as_ref()?))
                }
                _ => None,
            };
            for (at, later) in interface.types.iter().enumerate() {
                for first in &interface.types[..at] {
                    let (Some((column, _)), Some((other, index))) = (of(*later), of(*first)) else {
                        continue;
                    };
                    let subject = |id: TypeId, row: u32| {
                        let origin = entities.origins[id.index()][row as usize];
                        let fact = context.entity_fact(origin);
                        (
                            format!("\"{}\"", context.batch(origin).text(fact.id)),
                            context.place(origin, fact.at),
                        )
                    };
                    for row in 0..entities.origins[later.index()].len() {
                        let key = crate::graph::ids::unique_key(column, row);
                        if let Some(there) = key.and_then(|key| index.find(other, &key)) {
                            let subject_later = |row| subject(*later, row);
                            reports.push(not_unique(
                                property,
                                column,
                                row as u32,
                                &subject_later,
                                &subject(*first, there as u32),
                            ));
                        }
                    }
                }
            }
        }
    }
}

/// Builds one column from facts in the order of their rows.
pub(super) fn column<'a>(
    context: &'a Context,
    property: &Property,
    rows: usize,
    facts: impl Iterator<Item = Fact<'a>>,
    subject: &impl Fn(u32) -> (String, Place),
    reports: &mut Reports,
) -> Column {
    let ontology = context.ontology;
    let mut building = Building {
        values: Values::new(property.scalar, ontology),
        statements: None,
        len: 0,
    };
    let mut ends = property.list.then(Vec::new);
    let mut others: Option<Alternatives> = None;
    let mut facts = facts.peekable();
    for row in 0..rows as u32 {
        let mut said = Vec::new();
        while let Some(fact) = facts.next_if(|it| it.row == row) {
            let batch = &context.batches[fact.batch as usize];
            if matches!(fact.item.value, Value::Null) {
                continue;
            }
            match cell(batch, fact.item, property, &subject(row).0, ontology) {
                Ok(cell) => said.push((Some(cell), fact)),
                Err(report) => {
                    reports.push(report);
                    said.push((None, fact));
                }
            }
        }
        if property.list {
            for (cell, fact) in said {
                building.push(cell, fact.statement);
            }
            if let Some(ends) = &mut ends {
                ends.push(building.len);
            }
            continue;
        }
        if said.is_empty() && property.required {
            let (name, place) = subject(row);
            let report = Report::new(
                Code::MISSING_VALUE,
                format!("{name} has no \"{}\", which the schema requires", property.name),
            )
            .at(place, "lacks it")
            .hint(format!(
                "add `{}: …`, or drop the `!` in the schema",
                property.name
            ));
            reports.push(report);
        }
        if let [_, second, ..] = said.as_slice()
            && said.iter().any(|(_, fact)| !fact.own)
        {
            let batch = &context.batches[second.1.batch as usize];
            let message = format!(
                "\"{}\" of {} has one value, and {} are given",
                property.name,
                subject(row).0,
                said.len()
            );
            let report = Report::new(Code::SEVERAL_VALUES, message)
                .at(batch.place(second.1.item.at), "one too many")
                .hint("make the field a list in the schema; or, where sources disagree, write each as a statement: {value: …, cite: …}");
            reports.push(report);
        }
        let Some(best) = preferred(context, &said) else {
            building.push(None, NO_STATEMENT);
            continue;
        };
        for (at, (cell, fact)) in said.into_iter().enumerate() {
            if at == best {
                building.push(cell, fact.statement);
            } else {
                let others = others.get_or_insert_with(|| Alternatives {
                    rows: Vec::new(),
                    values: Values::new(property.scalar, ontology),
                    statements: Vec::new(),
                });
                others.rows.push(row);
                others.values.push(cell);
                others.statements.push(fact.statement);
            }
        }
    }
    building.values.shrink();
    Column {
        values: building.values,
        ends,
        statements: building.statements,
        alternatives: others,
    }
}

struct Building {
    values: Values,
    statements: Option<Vec<StatementNo>>,
    len: u32,
}

impl Building {
    fn push(&mut self, cell: Option<crate::graph::column::Cell>, statement: StatementNo) {
        if statement != NO_STATEMENT && self.statements.is_none() {
            self.statements = Some(vec![NO_STATEMENT; self.len as usize]);
        }
        if let Some(statements) = &mut self.statements {
            statements.push(statement);
        }
        self.values.push(cell);
        self.len += 1;
    }
}

/// The position of the statement to give: by rank, then the latest, then the first written.
fn preferred<T>(context: &Context, said: &[(T, Fact)]) -> Option<usize> {
    let key = |at: usize| {
        let fact = &said[at].1;
        (preference(context, fact.batch, fact.statement), Reverse(at))
    };
    (0..said.len()).max_by_key(|at| key(*at))
}

/// How a statement is preferred, read from the facts since the tables are not built yet.
pub(super) fn preference(context: &Context, batch: u32, statement: StatementNo) -> (Rank, u32) {
    if statement == NO_STATEMENT {
        return (Rank::Normal, 0);
    }
    let batch_no = batch;
    let batch = &context.batches[batch_no as usize];
    let fact = &batch.statements[(statement.0 - context.statement_bases[batch_no as usize]) as usize];
    let rank = match &fact.rank {
        Some(Item {
            value: Value::String(text),
            ..
        }) => {
            let named = Rank::NAMES.iter().find(|(name, _)| *name == batch.text(*text));
            named.map_or(Rank::Normal, |(_, rank)| *rank)
        }
        _ => Rank::Normal,
    };
    let latest = fact.valid.as_ref().map_or(0, |item| {
        let validity = super::statements::validity(batch, item).unwrap_or_default();
        validity.until.map_or(u32::MAX, Date::last_day)
    });
    (rank, latest)
}
