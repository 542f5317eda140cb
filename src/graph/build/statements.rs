//! Citations, ranks and validity go into their side tables; every citation's place is looked up in its source.

use std::collections::{HashMap, HashSet};

use super::Context;
use super::columns::preference;
use super::entities::Entities;
use crate::facts::{Batch, CitationFact, Item, Span, Value};
use crate::graph::column::Column;
use crate::graph::ids::UniqueIndex;
use crate::graph::source::Structure;
use crate::graph::statement::{Rank, Statements, Validity};
use crate::graph::{EntityNo, StatementNo};
use crate::ontology::{Date, Member};
use crate::report::{Code, Report, Reports, did_you_mean};

/// The structures of all sources that have one.
pub(super) fn structures(
    context: &Context,
    entities: &Entities,
    columns: &[(Vec<Column>, Vec<Option<UniqueIndex>>)],
    reports: &mut Reports,
) -> HashMap<EntityNo, Structure> {
    let ontology = context.ontology;
    let source = ontology.source_type;
    let Some(Member::Property(no)) = ontology.entity_type(source).members.get("structure") else {
        return HashMap::new();
    };
    let column = &columns[source.index()].0[no.index()];
    let mut structures = HashMap::new();
    for (row, origin) in entities.origins[source.index()].iter().enumerate() {
        let Some(json) = column.values().json(row) else {
            continue;
        };
        match Structure::parse(json) {
            Ok(structure) => {
                let number = EntityNo(entities.bases[source.index()] + row as u32);
                structures.insert(number, structure);
            }
            Err(error) => {
                let fact = context.entity_fact(*origin);
                let id = context.batch(*origin).text(fact.id);
                let report = Report::new(Code::BAD_STRUCTURE, format!("the structure of the source \"{id}\" is not a list of sections: {error}"))
                    .at(context.place(*origin, fact.at), "this source")
                    .hint("write each as {section: history, paragraphs: [4, 3]}: the number of sentences of each paragraph");
                reports.push(report);
            }
        }
    }
    structures
}

/// Builds the tables of all statements.
pub(super) fn build(
    context: &Context,
    entities: &Entities,
    structures: &HashMap<EntityNo, Structure>,
    reports: &mut Reports,
) -> Statements {
    let mut statements = Statements::default();
    // A default citation stands for many facts; what is wrong with it is said once.
    let mut seen: Seen = Seen::new();
    for (batch_no, batch) in context.batches.iter().enumerate() {
        for (at, fact) in batch.statements.iter().enumerate() {
            let no = StatementNo(context.statement_bases[batch_no] + at as u32);
            if let Some(rank) = &fact.rank
                && first_time(&mut seen, batch_no, rank.at)
            {
                check_rank(batch, rank, reports);
            }
            statements.ranks.push(preference(context, batch_no as u32, no).0);
            let validity = fact.valid.as_ref().and_then(|item| match validity(batch, item) {
                Ok(validity) => Some(validity),
                Err(report) => {
                    if first_time(&mut seen, batch_no, item.at) {
                        reports.push(*report);
                    }
                    None
                }
            });
            statements.validity.push(validity);
            for citation in &fact.citations {
                let mut found = Reports::default();
                let source = source(context, entities, batch, citation, structures, &mut found);
                if !found.0.is_empty() && first_time(&mut seen, batch_no, citation.at) {
                    reports.0.append(&mut found.0);
                }
                let Some(source) = source else { continue };
                statements.sources.push(source.0);
                match citation.locator {
                    Some(locator) => statements.locators.push(batch.text(locator)),
                    None => statements.locators.push_null(),
                }
                match citation.note {
                    Some(note) => statements.notes.push(batch.text(note)),
                    None => statements.notes.push_null(),
                }
            }
            statements.citation_ends.push(statements.sources.len() as u32);
        }
    }
    if statements.validity.iter().all(Option::is_none) {
        statements.validity = Vec::new();
    }
    statements.locators.shrink();
    statements.notes.shrink();
    statements
}

/// Places of batches about which something was said.
type Seen = HashSet<(usize, u32, u32)>;

fn first_time(seen: &mut Seen, batch: usize, at: Span) -> bool {
    seen.insert((batch, at.start, at.end))
}

fn check_rank(batch: &Batch, item: &Item, reports: &mut Reports) {
    let written = match &item.value {
        Value::String(text) => batch.text(*text),
        _ => batch.written(item.at),
    };
    let names = Rank::NAMES.map(|(name, _)| name);
    if names.contains(&written) {
        return;
    }
    let hint = did_you_mean(written, names, || {
        "a rank is preferred, normal or deprecated".to_owned()
    });
    let report = Report::new(Code::BAD_RANK, format!("there is no rank \"{written}\""))
        .at(batch.place(item.at), "unknown")
        .hint(hint);
    reports.push(report);
}

/// Reads a validity: a date, an interval, or a mapping with `from` and `until`.
pub(super) fn validity(batch: &Batch, item: &Item) -> Result<Validity, Box<Report>> {
    let wrong = |at: Span, why: String| {
        let report = Report::new(Code::BAD_VALIDITY, why)
            .at(batch.place(at), "not a span of dates")
            .hint("write valid: 2009/2012, valid: 2011, or valid: {from: 2009} where the end is open");
        Box::new(report)
    };
    let date = |item: &Item| match &item.value {
        Value::String(text) | Value::Number(text) => {
            let text = batch.text(*text);
            Date::parse(text).map_err(|error| wrong(item.at, format!("\"{text}\" is not a date: {error}")))
        }
        other => Err(wrong(item.at, format!("a date is a text, not {}", other.kind()))),
    };
    let Value::Map(entries) = &item.value else {
        let date = date(item)?;
        return Ok(Validity {
            from: Some(date.start()),
            until: Some(date.end()),
        });
    };
    let mut validity = Validity::default();
    for entry in entries {
        match batch.text(entry.key) {
            "from" => validity.from = Some(date(&entry.item)?),
            "until" => validity.until = Some(date(&entry.item)?),
            key => return Err(wrong(entry.key_at, format!("a validity has no \"{key}\""))),
        }
    }
    match (validity.from, validity.until) {
        (None, None) => Err(wrong(
            item.at,
            "this validity has neither `from` nor `until`".to_owned(),
        )),
        (Some(from), Some(until)) if until.last_day() < from.first_day() => {
            Err(wrong(item.at, "this validity ends before it begins".to_owned()))
        }
        _ => Ok(validity),
    }
}

fn source(
    context: &Context,
    entities: &Entities,
    batch: &Batch,
    citation: &CitationFact,
    structures: &HashMap<EntityNo, Structure>,
    reports: &mut Reports,
) -> Option<EntityNo> {
    let id = batch.text(citation.source);
    let place = batch.place(citation.at);
    let Some(source) = entities.find(id) else {
        let sources = &entities.ids[context.ontology.source_type.index()];
        let ids: Vec<&str> = (0..sources.len()).filter_map(|row| sources.text(row)).collect();
        let hint = did_you_mean(id, ids.iter().copied(), || match ids.as_slice() {
            [] => "define the source: Source: … with its title".to_owned(),
            ids if ids.len() <= 8 => format!("the sources are {}", crate::report::quoted_list(ids, "and")),
            _ => "define the source, or mend the id".to_owned(),
        });
        let report = Report::new(Code::BAD_SOURCE, format!("there is no source \"{id}\""))
            .at(place, "cites it")
            .hint(hint);
        reports.push(report);
        return None;
    };
    let type_id = entities.locate(source).type_id;
    if type_id != context.ontology.source_type {
        let name = &context.ontology.entity_type(type_id).name;
        let report = Report::new(
            Code::BAD_SOURCE,
            format!("\"{id}\" is a {name}, and only a Source can be cited"),
        )
        .at(place, "cites it")
        .hint("define a Source for it");
        reports.push(report);
        return None;
    }
    if let (Some(locator), Some(structure)) = (citation.locator, structures.get(&source)) {
        let locator = batch.text(locator);
        if let Err(hint) = structure.check(locator) {
            let report = Report::new(
                Code::BAD_LOCATOR,
                format!("the source \"{id}\" has no place \"{locator}\""),
            )
            .at(place, "not in the source")
            .hint(hint);
            reports.push(report);
        }
    }
    Some(source)
}
