//! Numbers the entities.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Mutex;

use rayon::prelude::*;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::{Context, MOST_SHOWN, Origin};
use crate::facts::{Batch, Files, Part, Span};
use crate::graph::ids::IdIndex;
use crate::graph::strings::Strings;
use crate::graph::{EntityNo, Row};
use crate::memory::{Allowance, Meter};
use crate::ontology::{Domain, Ontology, TypeId};
use crate::report::{Code, Place, Report, Reports, did_you_mean, near_misses, shown};

/// The entities, sorted and numbered.
pub(super) struct Entities {
    pub bases: Vec<u32>,
    /// For each type, the ids of its rows.
    pub ids: Vec<Strings>,
    /// For each type, the place of each row's entity in the files.
    pub origins: Vec<Vec<Origin>>,
    /// For each part, the numbers of its entities; `u32::MAX` for an entity without a number.
    pub numbers: Vec<Vec<u32>>,
    pub index: IdIndex,
    /// Entities whose id is also the id of an entity of another type, which is an error.
    pub duplicates: HashSet<EntityNo>,
    /// Ids of entities whose type does not exist. The type is reported, so references to these ids are not.
    pub untyped: HashSet<String>,
}

impl Entities {
    pub fn locate(&self, entity: EntityNo) -> Row {
        let type_no = self.bases.partition_point(|base| *base <= entity.0) - 1;
        Row {
            type_id: TypeId::at(type_no),
            row: (entity.0 - self.bases[type_no]) as usize,
        }
    }

    pub fn id(&self, entity: EntityNo) -> &str {
        let row = self.locate(entity);
        self.ids[row.type_id.index()].text(row.row).unwrap_or_default()
    }

    /// Whether an entity has an id, even one whose type does not exist.
    pub fn is_untyped(&self, id: &str) -> bool {
        self.untyped.contains(id)
    }

    pub fn find(&self, id: &str) -> Option<EntityNo> {
        self.index.find(id, |entity| self.id(entity))
    }

    /// The numbers of many ids. Each step of a lookup waits for memory, so each step is done for several ids together.
    pub fn find_all(&self, ids: &[&str]) -> Vec<Option<EntityNo>> {
        const ABREAST: usize = 32;
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(ABREAST) {
            let mut likely = [None; ABREAST];
            for (likely, id) in likely.iter_mut().zip(ids) {
                *likely = self.index.likely(id);
            }
            let mut written: [&[u8]; ABREAST] = [&[]; ABREAST];
            for (written, likely) in written.iter_mut().zip(likely) {
                if let Some(entity) = likely {
                    let row = self.locate(entity);
                    *written = self.ids[row.type_id.index()].json(row.row);
                }
            }
            for ((id, likely), written) in ids.iter().zip(likely).zip(written) {
                // An id needs no escape.
                let is_it = written.len() == id.len() + 2 && written[1..=id.len()] == *id.as_bytes();
                found.push(if is_it { likely } else { self.find(id) });
            }
        }
        found
    }

    /// The name of a type's row in messages.
    pub fn name(&self, type_id: TypeId, row: u32) -> String {
        let id = self.ids[type_id.index()].text(row as usize);
        format!("\"{}\"", id.unwrap_or_default())
    }

    /// The place of a type's row in the files.
    pub fn place(&self, context: &Context, type_id: TypeId, row: u32) -> Option<Place> {
        context.place(self.origins[type_id.index()][row as usize])
    }

    /// Maximum number of a part's ids that are compared with all others to find similar ones. A comparison takes time
    /// linear in the entities, and a file may have as many unknown ids.
    pub fn comparisons(&self) -> Cell<usize> {
        let all = self
            .bases
            .last()
            .map_or(0, |it| *it as usize)
            .clamp(1, MOST_COMPARED);
        Cell::new((COMPARISONS / all / self.numbers.len().max(1)).max(1))
    }

    /// The report about an id that no entity has.
    pub fn unknown(&self, id: &str, comparisons: &Cell<usize>) -> String {
        if let Some(composed) = composed(id)
            && self.find(&composed).is_some()
        {
            return format!("write it in Unicode's form NFC, with composed characters: \"{composed}\"");
        }
        let all = self
            .ids
            .iter()
            .flat_map(|ids| (0..ids.len()).filter_map(|row| ids.text(row)));
        let near = if may_compare(comparisons) {
            let untyped = self.untyped.iter().map(String::as_str);
            near_misses(id, all.chain(untyped).take(MOST_COMPARED))
        } else {
            Vec::new()
        };
        if near.is_empty() {
            "define the entity, or correct the id".to_owned()
        } else {
            format!("did you mean {}?", crate::report::quoted_list(&near, "or"))
        }
    }
}

/// The number of ids with which an unknown id is compared.
const MOST_COMPARED: usize = 1_000_000;

/// Maximum number of comparisons of ids for hints during a load. They take a second or two.
const COMPARISONS: usize = 5_000_000;

/// Uses up one of the comparisons, if one is left.
pub(super) fn may_compare(comparisons: &Cell<usize>) -> bool {
    let left = comparisons.get();
    comparisons.set(left.saturating_sub(1));
    left > 0
}

/// Maximum length of an id, in bytes.
const LONGEST_ID: usize = 1024;

/// Why a text is not a valid id, and how to fix it.
fn wrong_id(id: &str) -> Option<(&'static str, String)> {
    // Letters, digits, and the characters that RFC 3986 allows in a path, where an id then needs no escape.
    let allowed = |char: char| {
        char.is_alphanumeric() || is_combining_mark(char) || "-._~!$&'()*+,;=:@/%".contains(char)
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = !id.is_empty() && id.len() <= LONGEST_ID;
    if fits && id.bytes().all(is_plain) {
        return None;
    }
    if !fits || !id.chars().all(allowed) {
        let hint = format!(
            "use letters, digits and - . _ ~ : / ( ) and the like, at most {LONGEST_ID} bytes, and no spaces"
        );
        return Some(("is not URL-safe", hint));
    }
    composed(id).map(|it| {
        (
            "is not in Unicode's form NFC",
            format!("write it as \"{it}\", with composed characters"),
        )
    })
}

/// An id in NFC, if it is in another form. Then ids that look the same are the same.
fn composed(id: &str) -> Option<String> {
    (!id.is_ascii() && !is_nfc(id)).then(|| id.nfc().collect())
}

/// Reports errors in the ids and types of a part's entities.
pub(super) fn check(ontology: &Ontology, batch: &Batch, reports: &mut Reports) -> Vec<(String, Report)> {
    let mut unknown: Vec<(String, Report)> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut see = |name, at| {
        let known = matches!(ontology.domain(name), Some(Domain::Type(_)));
        // One report per type is enough, since all its entities have the same error.
        if !known && unknown.len() < MOST_SHOWN && seen.insert(name) {
            unknown.push((name.to_owned(), unknown_type(ontology, batch, at, name)));
        }
    };
    for (name, at) in &batch.empty_types {
        see(batch.text(*name), *at);
    }
    let mut last = "";
    for entity in &batch.entities {
        let name = batch.text(entity.type_name);
        if name != last {
            last = name;
            see(name, entity.type_at);
        }
        let id = batch.text(entity.id);
        if let Some((why, hint)) = wrong_id(id) {
            let report = Report::new(Code::BAD_ID, format!("the id \"{}\" {why}", shown(id)))
                .at(batch.place(entity.at), "not an id")
                .hint(hint);
            reports.push(report);
        }
    }
    unknown
}

/// Sorts origins by their ids. A key of eight bytes, from where the ids begin to differ, decides most comparisons
/// without reading the text.
fn sort(origins: &mut Vec<Origin>, parts: &[Part]) {
    let id_of = |origin: &Origin| parts[origin.part as usize].ids.text(origin.at as usize);
    let order = |a: &Origin, b: &Origin| id_of(a).cmp(id_of(b)).then(a.cmp(b));
    let Some(first) = origins.first().map(id_of) else {
        return;
    };
    if origins.is_sorted_by(|a, b| order(a, b).is_le()) {
        return;
    }
    let common = |id: &str| {
        let same = id.bytes().zip(first.bytes()).take_while(|(a, b)| a == b);
        same.count()
    };
    let shared = origins.par_iter().map(|it| common(id_of(it))).min().unwrap_or(0);
    let key = |origin: &Origin| {
        let mut key = [0; 8];
        let rest = &id_of(origin).as_bytes()[shared..];
        let length = rest.len().min(8);
        key[..length].copy_from_slice(&rest[..length]);
        u64::from_be_bytes(key)
    };
    let mut keyed: Vec<(u64, Origin)> = origins.par_iter().map(|it| (key(it), *it)).collect();
    keyed.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| order(&a.1, &b.1)));
    *origins = keyed.into_iter().map(|it| it.1).collect();
}

/// Bytes that an entity takes in addition to its id while entities are sorted: two origins and a key, a number, the end
/// of its id, and slots of the index.
const OF_AN_ENTITY: usize = 52;

/// Sorts the entities of each type by id and numbers them consecutively. Frees the ids of the parts. `None` if there is
/// not enough memory.
pub(super) fn number(
    ontology: &Ontology,
    files: &Files,
    memory: &Allowance,
    parts: &mut [Part],
    reports: &mut Reports,
) -> Option<Entities> {
    let count: usize = parts.iter().map(|it| it.ids.len()).sum();
    let texts: usize = parts.iter().map(|it| it.ids.text_bytes()).sum();
    let _reserved = memory.reserve(count.saturating_mul(OF_AN_ENTITY).saturating_add(texts))?;
    let mut by_type: Vec<Vec<Origin>> = vec![Vec::new(); ontology.types.len()];
    for (no, part) in parts.iter().enumerate() {
        for at in 0..part.ids.len() {
            if let Some(id) = part.ids.type_of(at) {
                by_type[id.index()].push(Origin {
                    part: no as u32,
                    at: at as u32,
                });
            }
        }
    }
    let mut twice: Vec<(Origin, Origin, bool)> = Vec::new();
    let id_of = |origin: &Origin| parts[origin.part as usize].ids.text(origin.at as usize);
    for origins in &mut by_type {
        sort(origins, parts);
        origins.dedup_by(|later, first| {
            let same = id_of(later) == id_of(first);
            if same {
                twice.push((*later, *first, true));
            }
            same
        });
        origins.shrink_to_fit();
    }
    let ids: Vec<Strings> = by_type
        .par_iter()
        .map(|origins| {
            let mut ids = Strings::default();
            for origin in origins {
                ids.push(id_of(origin));
            }
            ids.shrink();
            ids
        })
        .collect();
    let mut bases = vec![0u32];
    let mut total = 0u64;
    for origins in &by_type {
        total += origins.len() as u64;
        bases.push(total.min(u64::from(u32::MAX)) as u32);
    }
    let numbers = parts.iter().map(|it| vec![u32::MAX; it.ids.len()]);
    let mut numbers: Vec<Vec<u32>> = numbers.collect();
    if total >= u64::from(u32::MAX) {
        reports.push(Report::new(
            Code::TOO_MUCH,
            format!("{total} entities are more than a graph can hold: 4,294,967,294"),
        ));
    }
    let untyped = untyped(memory, parts)?;
    for part in parts.iter_mut() {
        part.ids.forget();
    }
    let mut entities = Entities {
        bases,
        ids,
        origins: by_type,
        numbers: Vec::new(),
        index: IdIndex::with_capacity(total as usize),
        duplicates: HashSet::new(),
        untyped,
    };
    let mut index = std::mem::take(&mut entities.index);
    let mut duplicates = HashSet::new();
    for type_no in 0..entities.origins.len() {
        for (row, origin) in entities.origins[type_no].iter().enumerate() {
            let entity = EntityNo(entities.bases[type_no] + row as u32);
            numbers[origin.part as usize][origin.at as usize] = entity.0;
            if let Some(other) = index.insert(entity, |entity| entities.id(entity)) {
                duplicates.insert(other);
                let other = entities.locate(other);
                twice.push((*origin, entities.origins[other.type_id.index()][other.row], false));
            }
        }
    }
    entities.index = index;
    entities.duplicates = duplicates;
    entities.numbers = numbers;
    let context = Context {
        ontology,
        files,
        memory,
        parts,
        again: Mutex::default(),
    };
    for (later, first, have_one_type) in twice.iter().take(MOST_SHOWN) {
        reports
            .0
            .extend(duplicate(&context, *later, *first, *have_one_type));
    }
    if let Some(more) = twice.len().checked_sub(MOST_SHOWN + 1) {
        let message = format!("{} more ids are defined twice", more + 1);
        reports
            .push(Report::new(Code::DUPLICATE_ID, message).hint("fix those that are shown, and check again"));
    }
    Some(entities)
}

/// The ids of entities whose type does not exist. `None` if there is not enough memory.
fn untyped(memory: &Allowance, parts: &[Part]) -> Option<HashSet<String>> {
    /// Bytes that an id takes in the set, in addition to its text.
    const OF_AN_ID: usize = 64;
    let mut meter = Meter::new(memory);
    let mut untyped = HashSet::new();
    for part in parts {
        for at in (0..part.ids.len()).filter(|at| part.ids.type_of(*at).is_none()) {
            let id = part.ids.text(at);
            if !meter.takes(id.len() + OF_AN_ID) {
                return None;
            }
            untyped.insert(id.to_owned());
        }
    }
    Some(untyped)
}

fn duplicate(context: &Context, later: Origin, first: Origin, have_one_type: bool) -> Option<Report> {
    let batch = context.batch(later.part)?;
    let fact = &batch.entities[context.fact_of(&batch, later)?];
    let id = batch.text(fact.id);
    let cure = if have_one_type {
        "put what both say under one of them".to_owned()
    } else {
        let name = batch.text(fact.type_name).to_lowercase();
        format!("give one of them another id, such as \"{name}-{id}\"")
    };
    let report = Report::new(Code::DUPLICATE_ID, format!("the id \"{id}\" is defined twice"))
        .at(batch.place(fact.at).detached(), "again here")
        .also(context.place(first), "first here")
        .hint(format!(
            "ids are unique in the whole graph, whatever the type; {cure}"
        ));
    Some(report)
}

fn unknown_type(ontology: &Ontology, batch: &Batch, at: Span, name: &str) -> Report {
    let place = batch.place(at);
    let not_entity = match ontology.domain(name) {
        Some(Domain::Interface(_)) => Some("an interface"),
        Some(Domain::Union(_)) => Some("a union"),
        _ if ontology.edge_types.iter().any(|it| it.name == name) => Some("an edge type"),
        _ => None,
    };
    if let Some(kind) = not_entity {
        let types = ontology
            .domain(name)
            .map(|domain| ontology.types_of(domain))
            .unwrap_or_default();
        let names: Vec<&str> = types
            .iter()
            .map(|id| ontology.entity_type(*id).name.as_str())
            .collect();
        let hint = if names.is_empty() {
            "write properties of an edge in the same object as its `to`".to_owned()
        } else {
            format!(
                "say which of its types it is: {}",
                crate::report::quoted_list(&names, "or")
            )
        };
        return Report::new(
            Code::NOT_AN_ENTITY_TYPE,
            format!("\"{name}\" is {kind}, and an entity has a type"),
        )
        .at(place, "not an entity type")
        .hint(hint);
    }
    let names = || ontology.types.iter().map(|it| it.name.as_str());
    let hint = did_you_mean(name, names(), || {
        let names: Vec<&str> = names().collect();
        format!(
            "the schema's types are {}",
            crate::report::quoted_list(&names, "and")
        )
    });
    Report::new(
        Code::UNKNOWN_ENTITY_TYPE,
        format!("the schema has no type \"{name}\""),
    )
    .at(place, "unknown")
    .hint(hint)
}

/// The number of each entity of a part; `None` if its type is unknown or its id is defined twice.
pub(super) fn numbers(known: &[u32], written: &[u32], batch: &Batch) -> Vec<Option<EntityNo>> {
    let mut of_part = written.iter().zip(known).peekable();
    let all = batch.entities.iter().map(|fact| {
        // If a part has errors, the first reading may have found other entities.
        while of_part.next_if(|it| *it.0 < fact.at.start).is_some() {}
        let number = of_part.next_if(|it| *it.0 == fact.at.start)?.1;
        (*number != u32::MAX).then_some(EntityNo(*number))
    });
    all.collect()
}
