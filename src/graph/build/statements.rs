//! Adds citations, ranks and validity to their side tables, and looks up the place of every citation in its source.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::entities::{Entities, may_compare};
use super::hints;
use super::located::placed;
use super::{Context, Origin};
use crate::facts::{Batch, CitationFact, Item, NO_STATEMENT, Span, Str, Value};
use crate::graph::EntityNo;
use crate::graph::column::Column;
use crate::graph::ids::UniqueIndex;
use crate::graph::locator::Structure;
use crate::graph::statement::{Rank, Statements, Validity};
use crate::graph::storage::Stored;
use crate::ontology::{Date, Member, Ontology};
use crate::report::{Code, Place, Report, Reports, did_you_mean, shown};

/// Statement of a fact, as far as the build needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FactStatement {
    /// The statement's number in its part.
    pub statement: u32,
    /// Whether the file marks it as a statement of its own, which others may contradict.
    pub own: bool,
    rank: Rank,
    latest: i64,
}

impl FactStatement {
    pub const NOTHING: Self = Self {
        statement: NO_STATEMENT,
        own: false,
        rank: Rank::Normal,
        latest: i64::MIN,
    };

    pub fn is_nothing(&self) -> bool {
        *self == Self::NOTHING
    }

    /// The preference among statements about the same thing, greater is better, as in [`Statements::preference`].
    pub fn preference(&self) -> (Rank, i64) {
        (self.rank, self.latest)
    }
}

/// Ranks and validity of a part's statements.
pub(super) struct PartStatements {
    ranks: Vec<Rank>,
    validity: Vec<Option<Validity>>,
}

impl PartStatements {
    /// The statement of a fact, by its number in the part.
    pub fn of(&self, statement: u32, own: bool) -> FactStatement {
        if statement == NO_STATEMENT {
            return FactStatement {
                own,
                ..FactStatement::NOTHING
            };
        }
        let validity = self.validity[statement as usize];
        FactStatement {
            statement,
            own,
            rank: self.ranks[statement as usize],
            latest: Validity::latest(validity),
        }
    }
}

/// Reads the ranks and the validity of a part's statements.
pub(super) fn read(batch: &Batch, reports: &mut Reports) -> PartStatements {
    // A default applies to many facts, so an error in it is reported once.
    let mut seen: ReportedPlaces = ReportedPlaces::new();
    let mut told = PartStatements {
        ranks: Vec::with_capacity(batch.statements.len()),
        validity: Vec::with_capacity(batch.statements.len()),
    };
    for fact in &batch.statements {
        let rank = fact.rank.as_ref().and_then(|item| {
            let found = rank(batch, item);
            if found.is_none() && first_time(&mut seen, item.at) {
                reports.push(no_rank(batch, item));
            }
            found
        });
        told.ranks.push(rank.unwrap_or(Rank::Normal));
        let validity = fact.valid.as_ref().and_then(|item| match validity(batch, item) {
            Ok(validity) => Some(validity),
            Err(report) => {
                if first_time(&mut seen, item.at) {
                    reports.push(*report);
                }
                None
            }
        });
        told.validity.push(validity);
    }
    told
}

/// Finds the sources of a part's statements. Cited places can only be checked when all sources are known.
pub(super) fn digest(
    ontology: &Ontology,
    entities: &Entities,
    batch: &Batch,
    told: &PartStatements,
    reports: &mut Reports,
) -> Statements {
    let mut statements = Statements {
        ranks: told.ranks.iter().map(|it| it.pack()).collect(),
        validity: told.validity.iter().map(|it| Validity::pack(*it)).collect(),
        ..Statements::default()
    };
    let mut seen: ReportedPlaces = ReportedPlaces::new();
    let comparisons = entities.comparisons();
    // The report of the first place in a source that is not named, and the sections of such places.
    let mut unnamed: Option<usize> = None;
    let sections = sections_without_source(batch);
    for (id, at) in &batch.default_sources {
        if let Err(report) = source(ontology, entities, batch, (*id, *at), &comparisons) {
            reports.0.extend(report.map(|it| *it));
        }
    }
    for fact in &batch.statements {
        for citation in &fact.citations {
            match source(ontology, entities, batch, cited(citation), &comparisons) {
                Ok(source) => {
                    if let Some(id) = cites_a_source(ontology, entities, batch, citation)
                        && first_time(&mut seen, citation.at)
                    {
                        reports.push(no_locator(batch, citation, id));
                    }
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
                // An error in a default source is reported where the default is declared.
                Err(Some(report)) if !citation.is_default && first_time(&mut seen, citation.at) => {
                    let id = batch.text(citation.source);
                    let is_place = citation.lacks_default && sections.contains(section_of(id));
                    match unnamed {
                        Some(first) if is_place => another_place(&mut reports.0[first], report.place),
                        _ => {
                            if is_place {
                                unnamed = Some(reports.0.len());
                            }
                            let names_one = source_and_place(ontology, entities, id).is_some();
                            reports.push(if is_place && !names_one {
                                place_without_source(*report, id)
                            } else {
                                *report
                            });
                        }
                    }
                }
                Err(_) => {}
            }
        }
        statements.citation_ends.push(statements.sources.len() as u32);
    }
    statements
}

/// The sections of texts such as `may/1` that are cited in a file without a default source, where they are read as sources.
fn sections_without_source(batch: &Batch) -> HashSet<&str> {
    let citations = batch.statements.iter().flat_map(|it| &it.citations);
    let lacking = citations
        .filter(|it| it.lacks_default)
        .map(|it| batch.text(it.source));
    lacking.filter(|it| is_place(it)).map(section_of).collect()
}

fn section_of(locator: &str) -> &str {
    locator.split('/').next().unwrap_or(locator)
}

/// Whether a text looks like a place in a source.
fn is_place(text: &str) -> bool {
    let is_number = |it: &str| it.starts_with(|it: char| it.is_ascii_digit());
    let after = |start: &str| {
        text.strip_prefix(start)
            .is_some_and(|it| is_number(it.trim_start()))
    };
    text.split_once('/').is_some_and(|it| is_number(it.1)) || after("page ") || after("p.") || is_number(text)
}

fn place_without_source(report: Report, id: &str) -> Report {
    let hint = format!(
        "if it is a place in a source, name that: cite: <source>#{}, or `source: <source>` at the top of the file",
        shown(id)
    );
    report.hint(hint)
}

/// Shows one more place at which a report holds.
fn another_place(report: &mut Report, place: Option<Place>) {
    /// The number of places that are shown beside the first.
    const MOST: usize = 3;
    if report.others.len() < MOST {
        report.others.extend(place.map(|it| (it, "and here".to_owned())));
    }
}

/// The id of a source that was written as a locator, perhaps with a place in it.
fn cites_a_source<'b>(
    ontology: &Ontology,
    entities: &Entities,
    batch: &'b Batch,
    citation: &CitationFact,
) -> Option<(&'b str, Option<&'b str>)> {
    let text = batch.text(citation.locator.filter(|_| citation.is_bare)?);
    let is_source = |it: EntityNo| entities.locate(it).type_id == ontology.source_type;
    if entities.find(text).is_some_and(is_source) {
        return Some((text, None));
    }
    source_and_place(ontology, entities, text).map(|(source, place)| (source, Some(place)))
}

fn no_locator(batch: &Batch, citation: &CitationFact, (id, place): (&str, Option<&str>)) -> Report {
    let default = batch.text(citation.source);
    let locator = citation.locator.map_or(id, |it| batch.text(it));
    let message = match place {
        None => format!("\"{id}\" is read as a place in the source \"{default}\", and is itself a source"),
        Some(_) => {
            format!(
                "\"{locator}\" is read as a place in the source \"{default}\", and \"{id}\" is itself a source"
            )
        }
    };
    let place = place.unwrap_or_default();
    Report::new(Code::LOCATOR_IS_SOURCE, message)
        .at(batch.place(citation.at), "a locator")
        .hint(format!(
            "write \"{id}#{place}\" to cite that source, or \"{default}#{locator}\" for the place"
        ))
}

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
            Err(wrong) => {
                let id = entities.name(source, row as u32);
                let message = format!(
                    "the structure of the source {id} is not a list of sections: {}",
                    wrong.why
                );
                let report = Report::new(Code::BAD_STRUCTURE, message).hint(wrong.hint);
                let place = place_of_value(context, *origin, "structure");
                reports.push(placed(
                    report,
                    place.or_else(|| context.place(*origin)),
                    "this structure",
                ));
            }
        }
    }
    structures
}

/// The place of the first value of an entity's field.
fn place_of_value(context: &Context, origin: Origin, field: &str) -> Option<Place> {
    let batch = context.batch(origin.part)?;
    let entity = context.fact_of(&batch, origin)? as u32;
    let mut values = batch.values.iter();
    let fact = values.find(|it| it.entity == entity && batch.text(it.key) == field)?;
    Some(batch.place(fact.item.at).detached())
}

/// Merges the statements of all parts, and looks up the places that they cite.
pub(super) fn build(
    context: &Context,
    entities: &Entities,
    structures: &HashMap<EntityNo, Structure>,
    parts: Vec<Statements>,
    reports: &mut Reports,
) -> Statements {
    let mut all = Statements::default();
    // For each source and section that it does not have, the report.
    let mut lacking: HashMap<(u32, String), usize> = HashMap::new();
    // Unknown locators in a source. Each implies that the id is one of a source.
    let mut wrong: HashSet<(String, usize, usize)> = HashSet::new();
    for (no, part) in parts.into_iter().enumerate() {
        let mut seen: ReportedPlaces = ReportedPlaces::new();
        for (at, source) in part.sources.iter().enumerate() {
            if let Some(structure) = structures.get(&EntityNo(*source))
                && let Some(locator) = part.locators.text(at)
                && let Err(hint) = structure.check(locator)
            {
                let citation = citation(context, entities, no as u32, at);
                if citation.as_ref().is_some_and(|it| !first_time(&mut seen, it.1)) {
                    continue;
                }
                let place = citation.map(|it| it.0);
                let id = entities.id(EntityNo(*source));
                let is_source = |it: EntityNo| entities.locate(it).type_id == context.ontology.source_type;
                let cited = if entities.find(locator).is_some_and(is_source) {
                    Some((locator, ""))
                } else {
                    source_and_place(context.ontology, entities, locator)
                };
                if let Some(place) = place.as_ref().filter(|_| cited.is_some()) {
                    let (line, column) = place.line_column();
                    wrong.insert((place.source.path.clone(), line, column));
                }
                let what = if structure.has_section(locator) {
                    locator
                } else {
                    section_of(locator)
                };
                match lacking.get(&(*source, what.to_owned())) {
                    Some(first) => another_place(&mut reports.0[*first], place),
                    None => {
                        lacking.insert((*source, what.to_owned()), reports.0.len());
                        let message = format!("the source \"{id}\" has no place \"{}\"", shown(locator));
                        let report = Report::new(Code::BAD_LOCATOR, message);
                        let hint = match cited {
                            Some((other, place)) => {
                                format!(
                                    "\"{other}\" is itself a source: write \"{other}#{place}\" to cite it"
                                )
                            }
                            None => hint,
                        };
                        reports.push(placed(report, place, "not in the source").hint(hint));
                    }
                }
            }
            all.locators.push_from(&part.locators, at);
            all.notes.push_from(&part.notes, at);
        }
        let before = all.sources.len() as u32;
        all.sources.values().extend_from_slice(&part.sources);
        all.ranks.values().extend_from_slice(&part.ranks);
        all.validity.values().extend_from_slice(&part.validity);
        let ends = part.citation_ends.iter().map(|it| before + it);
        all.citation_ends.values().extend(ends);
    }
    if !wrong.is_empty() {
        reports.0.retain(|it| {
            let of = |place: &Place| {
                let (line, column) = place.line_column();
                (place.source.path.clone(), line, column)
            };
            it.code != Code::LOCATOR_IS_SOURCE || !it.place.as_ref().is_some_and(|it| wrong.contains(&of(it)))
        });
    }
    if all.validity.iter().all(|it| *it == Validity::pack(None)) {
        all.validity = Stored::default();
    }
    all.locators.shrink();
    all.notes.shrink();
    all
}

/// The place of a citation: the one with the given number among those of its part with a known source.
fn citation(
    context: &Context,
    entities: &Entities,
    part: u32,
    at: usize,
) -> Option<(crate::report::Place, Span)> {
    let batch = context.batch(part)?;
    let all = batch.statements.iter().flat_map(|it| &it.citations);
    let is_known =
        |it: &&CitationFact| source(context.ontology, entities, &batch, cited(it), &Cell::new(0)).is_ok();
    let mut known = all.filter(is_known);
    let citation = known.nth(at)?;
    Some((batch.place(citation.at).detached(), citation.at))
}

/// Places of a part for which a report exists.
type ReportedPlaces = HashSet<(u32, u32)>;

fn first_time(seen: &mut ReportedPlaces, at: Span) -> bool {
    seen.insert((at.start, at.end))
}

fn written<'a>(batch: &'a Batch, item: &Item) -> &'a str {
    match &item.value {
        Value::String(text) => batch.text(*text),
        _ => batch.written(item.at),
    }
}

fn rank(batch: &Batch, item: &Item) -> Option<Rank> {
    let written = written(batch, item);
    let named = Rank::NAMES.iter().find(|(name, _)| *name == written);
    named.map(|(_, rank)| *rank)
}

fn no_rank(batch: &Batch, item: &Item) -> Report {
    let written = written(batch, item);
    let names = Rank::NAMES.map(|(name, _)| name);
    let hint = did_you_mean(written, names, || {
        "a rank is preferred, normal or deprecated".to_owned()
    });
    Report::new(Code::BAD_RANK, format!("there is no rank \"{written}\""))
        .at(batch.place(item.at), "unknown")
        .hint(hint)
}

/// Reads a validity: a date, an interval, or a mapping with `from` and `until`.
pub(super) fn validity(batch: &Batch, item: &Item) -> Result<Validity, Box<Report>> {
    const HINT: &str = "write valid: 2009/2012, valid: 2011, or valid: {from: 2009} where the end is open";
    let hinted = |at: Span, why: String, hint: String| {
        let report = Report::new(Code::BAD_VALIDITY, why)
            .at(batch.place(at), "not a span of dates")
            .hint(hint);
        Box::new(report)
    };
    let wrong = |at: Span, why: String| hinted(at, why, HINT.to_owned());
    let date = |item: &Item| match &item.value {
        Value::String(text) | Value::Number(text) => {
            let text = batch.text(*text);
            Date::parse(text).map_err(|error| {
                let why = format!("\"{}\" is not a date: {error}", shown(text));
                match hints::date(text) {
                    Some(date) => hinted(item.at, why, format!("write {date}")),
                    None => wrong(item.at, why),
                }
            })
        }
        other => Err(wrong(item.at, format!("a date is a text, not {}", other.kind()))),
    };
    let end = |item: &Item| match date(item)? {
        date if date.is_interval() => {
            let why = format!("\"{date}\" is an interval, and an end is one date");
            Err(wrong(item.at, why))
        }
        date => Ok(date),
    };
    let Value::Map(entries) = &item.value else {
        let date = date(item)?;
        return Ok(Validity {
            from: date.start(),
            until: date.end(),
        });
    };
    let mut validity = Validity::default();
    for entry in entries {
        match batch.text(entry.key) {
            "from" => validity.from = Some(end(&entry.item)?),
            "until" => validity.until = Some(end(&entry.item)?),
            key => {
                let hint = match key {
                    "to" | "till" | "end" | "through" | "before" => "did you mean \"until\"?".to_owned(),
                    "since" | "start" | "begin" | "after" => "did you mean \"from\"?".to_owned(),
                    _ => did_you_mean(key, ["from", "until"], || {
                        "a validity has from and until".to_owned()
                    }),
                };
                return Err(hinted(entry.key_at, format!("a validity has no \"{key}\""), hint));
            }
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

/// If a source is unknown and there are at most this many sources, all are listed.
const MOST_NAMED: usize = 8;

/// The id of a citation's source, and the place of the citation.
fn cited(citation: &CitationFact) -> (Str, Span) {
    (citation.source, citation.at)
}

/// A source and a place in it, if a text without `#` names both: `letters/12`, `letters: 12`.
fn source_and_place<'t>(
    ontology: &Ontology,
    entities: &Entities,
    text: &'t str,
) -> Option<(&'t str, &'t str)> {
    let ends = text.match_indices(['/', ':', ' ', ',', '|', '@']);
    // A source may itself have a slash in its id.
    ends.take(MOST_NAMED).find_map(|(at, _)| {
        let found = entities.find(&text[..at])?;
        let place = text[at + 1..].trim_start_matches(['/', ':', ' ', ',']);
        let is_source = entities.locate(found).type_id == ontology.source_type;
        (is_source && !place.is_empty()).then_some((&text[..at], place))
    })
}

/// The source of an id, or the error. There is no error if its type does not exist, since that is reported.
fn source(
    ontology: &Ontology,
    entities: &Entities,
    batch: &Batch,
    (id, at): (Str, Span),
    comparisons: &Cell<usize>,
) -> Result<EntityNo, Option<Box<Report>>> {
    let id = batch.text(id);
    let Some(source) = entities.find(id) else {
        if entities.is_untyped(id) {
            return Err(None);
        }
        let sources = &entities.ids[ontology.source_type.index()];
        let ids = (0..sources.len()).filter_map(|row| sources.text(row));
        let ids: Vec<&str> = if may_compare(comparisons) {
            ids.collect()
        } else {
            ids.take(MOST_NAMED + 1).collect()
        };
        if let Some((source, place)) = source_and_place(ontology, entities, id) {
            let report = Report::new(Code::BAD_SOURCE, format!("there is no source \"{id}\""))
                .at(batch.place(at), "cites it")
                .hint(format!(
                    "write \"{source}#{place}\" for a place in the source \"{source}\""
                ))
                .about_missing();
            return Err(Some(Box::new(report)));
        }
        let hint = did_you_mean(id, ids.iter().copied(), || match ids.as_slice() {
            [] => "define the source: Source: … with its title".to_owned(),
            ids if ids.len() <= MOST_NAMED => {
                format!("the sources are {}", crate::report::quoted_list(ids, "and"))
            }
            _ => "define the source, or correct the id".to_owned(),
        });
        let report = Report::new(Code::BAD_SOURCE, format!("there is no source \"{id}\""))
            .at(batch.place(at), "cites it")
            .hint(hint)
            .about_missing();
        return Err(Some(Box::new(report)));
    };
    let type_id = entities.locate(source).type_id;
    if type_id != ontology.source_type {
        let name = &ontology.entity_type(type_id).name;
        let report = Report::new(
            Code::BAD_SOURCE,
            format!("\"{id}\" is a {name}, and only a Source can be cited"),
        )
        .at(batch.place(at), "cites it")
        .hint("define a Source for it");
        return Err(Some(Box::new(report)));
    }
    Ok(source)
}
