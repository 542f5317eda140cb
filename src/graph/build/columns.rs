//! Merges the short columns of all parts into the columns of their properties.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::entities::Entities;
use super::located::placed;
use super::part_columns::{DigestsBySubject, Short};
use super::statements::FactStatement;
use super::unique::{self, RankedStatements};
use super::{Context, MOST_SHOWN};
use crate::facts::{Batch, Value};
use crate::graph::adjacency::Starts;
use crate::graph::column::{Alternatives, Column, Lists, MOST_LANGUAGES, MOST_TEXTS, Values};
use crate::graph::ids::UniqueIndex;
use crate::graph::storage::Stored;
use crate::graph::{NO_STATEMENT, StatementNo};
use crate::ontology::{EntityType, Member, Members, Ontology, Property, PropertyNo, TypeId};
use crate::report::{Code, Place, Report, Reports, did_you_mean, near_misses};

/// The columns of a type and their unique indexes.
type TypeColumns = (Vec<Column>, Vec<Option<UniqueIndex>>);

/// Builds the columns of all types.
pub(super) fn build(
    context: &Context,
    entities: &Entities,
    gathered: &mut DigestsBySubject,
    reports: &mut Reports,
) -> Option<Vec<TypeColumns>> {
    let ontology = context.ontology;
    let told = RankedStatements {
        statements: &gathered.statements,
        bases: &gathered.bases,
    };
    let values = std::mem::take(&mut gathered.values).into_iter().enumerate();
    let tasks: Vec<(TypeId, PropertyNo, Vec<Short>)> = values
        .flat_map(|(type_no, of_type)| {
            let of_type = of_type.into_iter().enumerate();
            of_type.map(move |(no, shorts)| (TypeId::at(type_no), PropertyNo::at(no), shorts))
        })
        .collect();
    let built: Option<Vec<(Column, Option<UniqueIndex>, Reports)>> = tasks
        .into_par_iter()
        .map(|(id, no, shorts)| {
            let rows = entities.ids[id.index()].len();
            let _reserved = context.memory.reserve(bytes(rows, &shorts))?;
            Some(property_column(context, entities, id, no, &shorts, told))
        })
        .collect();
    let mut built = built?.into_iter();
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
    unique_over_interfaces(context, entities, &columns, told, reports);
    Some(columns)
}

/// Estimate of the bytes that building a column of `rows` rows takes: for each row an end or a value and a slot of an
/// index, for each value an [`Entry`], and the values themselves.
pub(super) fn bytes(rows: usize, shorts: &[Short]) -> usize {
    const OF_A_ROW: usize = 16;
    let values = shorts
        .iter()
        .map(|it| it.rows.len() * size_of::<Entry>() + it.values.bytes());
    values.sum::<usize>().saturating_add(rows * OF_A_ROW)
}

/// The error for a value whose key is not a property of its type.
pub(super) fn no_property(
    batch: &Batch,
    at: usize,
    EntityType {
        name: type_name,
        members,
        label,
        ..
    }: &EntityType,
    found: Option<Member>,
) -> Report {
    let fact = &batch.values[at];
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
    let field_and_value = key
        .split_once([':', ' '])
        .filter(|it| members.get(it.0).is_some());
    let hint = if key == "id" {
        "the id is the entity's key".to_owned()
    } else if let Some((field, value)) = field_and_value
        && fact.item.value == Value::Null
    {
        let value = crate::report::shown(value.trim());
        format!("write a colon and a space after the field: {field}: {value}")
    } else if key == "label" {
        match label.map(|no| &members.property(no).name) {
            Some(name) => format!("the label is its \"{name}\": write {name}"),
            None => {
                "the label is its id; a type with a field \"label\", \"name\" or \"title\" has that as label"
                    .to_owned()
            }
        }
    } else {
        did_you_mean(key, members.names().chain(["cite", "rank", "valid"]), || {
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

/// The required field that a misspelled name most likely means.
pub(super) fn required_field_meant(members: &Members, key: &str) -> Option<Member> {
    let near = near_misses(key, members.names());
    let member = members.get(near.first()?)?;
    let is_required = match member {
        Member::Property(no) => members.property(no).required,
        Member::Relation(no) => members.field(no).required,
    };
    is_required.then_some(member)
}

/// Data for messages about the rows of a column.
pub(super) struct Rows<'a> {
    /// The name of a row in messages.
    pub name: &'a dyn Fn(u32) -> String,
    /// The place of a row in the files.
    pub place: &'a dyn Fn(u32) -> Option<Place>,
    /// The place of a row's first excess value: the second of the values that are not statements of their own, or the
    /// only one.
    pub second: &'a dyn Fn(u32) -> Option<Place>,
    /// Whether a required property is built in, and not declared by the schema.
    pub is_built_in: bool,
}

fn property_column(
    context: &Context,
    entities: &Entities,
    id: TypeId,
    no: PropertyNo,
    shorts: &[Short],
    told: RankedStatements,
) -> (Column, Option<UniqueIndex>, Reports) {
    let property = context.ontology.entity_type(id).members.property(no);
    let count = entities.ids[id.index()].len();
    let second = |row: u32| {
        let origin = entities.origins[id.index()][row as usize];
        let batch = context.batch(origin.part)?;
        let entity = context.fact_of(&batch, origin)? as u32;
        let is_of = |it: &&crate::facts::ValueFact| {
            it.entity == entity
                && !it.own
                && batch.text(it.key) == property.name
                && it.item.value != Value::Null
        };
        let fact = batch.values.iter().filter(is_of).take(2).last()?;
        Some(batch.place(fact.item.at).detached())
    };
    let rows = Rows {
        name: &|row| entities.name(id, row),
        place: &|row| entities.place(context, id, row),
        second: &second,
        is_built_in: id == context.ontology.source_type && property.name == "title",
    };
    let mut reports = Reports::default();
    let column = column(
        context.ontology,
        property,
        count,
        shorts,
        told.bases,
        &rows,
        &mut reports,
    );
    let unique = property.unique.then(|| {
        let (index, pairs) = unique::index(&column, told);
        report_not_unique(property, &column, pairs, (&rows, &rows), &mut reports);
        index
    });
    (column, unique, reports)
}

/// Whether to report another error about a field. The first error beyond the maximum is replaced by a report that there
/// are more.
pub(super) fn shown(found: &mut usize, code: Code, name: &str, reports: &mut Reports) -> bool {
    *found += 1;
    if *found == MOST_SHOWN + 1 {
        let message =
            format!("\"{name}\" has more mistakes of this kind than the {MOST_SHOWN} that are shown");
        reports.push(Report::new(code, message).hint("fix those, and check again"));
    }
    *found <= MOST_SHOWN
}

fn report_not_unique(
    property: &Property,
    column: &Column,
    pairs: Vec<unique::Pair>,
    (rows, others): (&Rows, &Rows),
    reports: &mut Reports,
) {
    let mut found = 0;
    for (row, other, position) in pairs {
        if shown(&mut found, Code::NOT_UNIQUE, &property.name, reports) {
            let value = column.value_of(position);
            reports.push(not_unique(
                property,
                value,
                row as u32,
                rows,
                (others, other as u32),
            ));
        }
    }
}

fn not_unique(
    property: &Property,
    (values, at): (&Values, usize),
    row: u32,
    rows: &Rows,
    (others, other): (&Rows, u32),
) -> Report {
    let mut json = Vec::new();
    values.write(at, &[], &mut json);
    let message = format!(
        "\"{}\" is unique, and {} and {} both have {}",
        property.name,
        (rows.name)(row),
        (others.name)(other),
        String::from_utf8_lossy(&json)
    );
    placed(
        Report::new(Code::NOT_UNIQUE, message),
        (rows.place)(row),
        "has it",
    )
    .also((others.place)(other), "has it too")
    .hint("correct one of them, or remove @unique from the schema")
}

/// A property that an interface declares as unique is unique over all its types.
fn unique_over_interfaces(
    context: &Context,
    entities: &Entities,
    columns: &[TypeColumns],
    told: RankedStatements,
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
                    let (Some((column, own)), Some((other, index))) = (of(*later), of(*first)) else {
                        continue;
                    };
                    let rows = Rows {
                        name: &|row| entities.name(*later, row),
                        place: &|row| entities.place(context, *later, row),
                        second: &|_| None,
                        is_built_in: false,
                    };
                    let others = Rows {
                        name: &|row| entities.name(*first, row),
                        place: &|row| entities.place(context, *first, row),
                        second: &|_| None,
                        is_built_in: false,
                    };
                    let pairs = unique::between((column, own), (other, index), told);
                    report_not_unique(property, column, pairs, (&rows, &others), reports);
                }
            }
        }
    }
}

/// A value of a short column, to be added to a column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    row: u32,
    short: u32,
    at: u32,
}

/// The values of short columns in the order of their rows; values of a row keep the order of the files.
fn entries(shorts: &[Short]) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(shorts.iter().map(|it| it.rows.len()).sum());
    for (short, column) in shorts.iter().enumerate() {
        entries.extend(column.rows.iter().enumerate().map(|(at, row)| Entry {
            row: *row,
            short: short as u32,
            at: at as u32,
        }));
    }
    if !entries.is_sorted() {
        entries.par_sort_unstable();
    }
    entries
}

/// Builds a column from all its short columns.
pub(super) fn column(
    ontology: &Ontology,
    property: &Property,
    count: usize,
    shorts: &[Short],
    bases: &[u32],
    rows: &Rows,
    reports: &mut Reports,
) -> Column {
    let entries = entries(shorts);
    let statement = |it: &Entry, said: FactStatement| match said.statement {
        crate::facts::NO_STATEMENT => NO_STATEMENT,
        no => StatementNo(bases[shorts[it.short as usize].part as usize] + no),
    };
    let said = |it: &Entry| shorts[it.short as usize].said(it.at as usize);
    let mut building = Building {
        values: Values::new(property.scalar, ontology),
        statements: None,
        len: 0,
    };
    let places = if property.list { entries.len() } else { count };
    building
        .values
        .reserve(places, shorts.iter().map(|it| &it.values));
    let push = |building: &mut Building, it: &Entry| {
        let values = &shorts[it.short as usize].values;
        building.push(Some((values, it.at as usize)), statement(it, said(it)));
    };
    // The start of each row's list, followed by the end of the last one; empty if there are no values.
    let mut bounds: Option<Vec<u32>> = property.list.then(Vec::new);
    let mut count = count;
    if let Some(bounds) = &mut bounds {
        if entries.is_empty() {
            count = 0;
        } else {
            bounds.reserve_exact(count + 1);
            bounds.push(0);
        }
    }
    let mut others: Option<Alternatives> = None;
    let (mut missing, mut several) = (0, 0);
    let mut rest = entries.as_slice();
    for row in 0..count as u32 {
        let of_row = rest.iter().take_while(|it| it.row == row).count();
        let (here, after) = rest.split_at(of_row);
        rest = after;
        if let Some(bounds) = &mut bounds {
            for it in here {
                push(&mut building, it);
            }
            bounds.push(building.len);
            continue;
        }
        match here {
            [one] => push(&mut building, one),
            [] => {
                if property.required && shown(&mut missing, Code::MISSING_VALUE, &property.name, reports) {
                    reports.0.extend(no_value(property, row, rows));
                }
                building.push(None, NO_STATEMENT);
            }
            here => {
                if here.iter().any(|it| !said(it).own)
                    && shown(&mut several, Code::SEVERAL_VALUES, &property.name, reports)
                {
                    let plain = here.iter().filter(|it| !said(it).own).count();
                    reports.push(several_values(property, row, (here.len(), plain), rows));
                }
                // By rank, then the latest validity, then the order of the files.
                let best = (0..here.len()).max_by_key(|at| (said(&here[*at]).preference(), Reverse(*at)));
                for (at, it) in here.iter().enumerate() {
                    if Some(at) == best {
                        push(&mut building, it);
                        continue;
                    }
                    let others = others.get_or_insert_with(|| Alternatives {
                        rows: Stored::default(),
                        values: Values::new(property.scalar, ontology),
                        statements: Stored::default(),
                    });
                    others.rows.push(row);
                    let values = &shorts[it.short as usize].values;
                    others.values.push_from(values, it.at as usize);
                    others.statements.push(statement(it, said(it)));
                }
            }
        }
    }
    let has_too_many = |values: &Values| values.has_too_many_languages();
    if has_too_many(&building.values)
        || others.iter().any(|it| has_too_many(&it.values))
        || shorts.iter().any(|it| has_too_many(&it.values))
    {
        let message = format!(
            "the texts of \"{}\" are in more than {MOST_LANGUAGES} languages",
            property.name
        );
        let report = Report::new(Code::TOO_MUCH, message);
        reports.push(report.hint("a column of texts can have no more; spread them over several fields"));
    }
    let has_too_many = |values: &Values| values.has_too_many_texts();
    if has_too_many(&building.values) || others.iter().any(|it| has_too_many(&it.values)) {
        let message = format!("\"{}\" has more than {MOST_TEXTS} texts", property.name);
        let report = Report::new(Code::TOO_MUCH, message);
        reports.push(report.hint("a column can have no more; spread them over several fields or types"));
    }
    building.values.shrink();
    Column {
        values: building.values,
        lists: bounds.map(|it| Lists(Starts::of(&it))),
        statements: building.statements.map(Stored::from),
        alternatives: others,
    }
}

/// The report about a missing value; `None` for an entity whose line has an error, since that is reported already.
fn no_value(property: &Property, row: u32, rows: &Rows) -> Option<Report> {
    let place = (rows.place)(row)?;
    Some(missing_value(
        property,
        &(rows.name)(row),
        place,
        rows.is_built_in,
    ))
}

/// The report about an entity or edge without a required value.
pub(super) fn missing_value(property: &Property, subject: &str, place: Place, is_built_in: bool) -> Report {
    let message = format!(
        "{subject} has no \"{}\", which the schema requires",
        property.name
    );
    Report::new(Code::MISSING_VALUE, message)
        .at(place, "lacks it")
        .hint(missing_hint(property, is_built_in))
}

/// How to add a required value, or to make it optional if the user's schema declares it as required.
fn missing_hint(property: &Property, is_built_in: bool) -> String {
    let name = &property.name;
    if is_built_in {
        return format!("add `{name}: …`, which the built-in type Source requires");
    }
    format!("add `{name}: …`, or drop the `!` in the schema")
}

/// The label at a value that is not a statement of its own, among `plain` such values.
pub(super) fn too_many(plain: usize) -> &'static str {
    if plain > 1 {
        "one too many"
    } else {
        "not a statement"
    }
}

fn several_values(property: &Property, row: u32, (count, plain): (usize, usize), rows: &Rows) -> Report {
    let message = format!(
        "\"{}\" of {} has one value, and {count} are given",
        property.name,
        (rows.name)(row)
    );
    placed(
        Report::new(Code::SEVERAL_VALUES, message),
        (rows.second)(row),
        too_many(plain),
    )
    .hint("make the field a list in the schema; or, where sources disagree, write each as a statement: {value: …, cite: …}")
}

struct Building {
    values: Values,
    statements: Option<Vec<StatementNo>>,
    len: u32,
}

impl Building {
    fn push(&mut self, value: Option<(&Values, usize)>, statement: StatementNo) {
        if statement != NO_STATEMENT && self.statements.is_none() {
            self.statements = Some(vec![NO_STATEMENT; self.len as usize]);
        }
        if let Some(statements) = &mut self.statements {
            statements.push(statement);
        }
        match value {
            Some((values, at)) => self.values.push_from(values, at),
            None => self.values.push(None),
        }
        self.len += 1;
    }
}
