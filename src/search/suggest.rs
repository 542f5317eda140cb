//! Names by their beginnings, and entities by their names.
//!
//! [`Names`] holds a number for each label and each alias, in the order of the names without regard to case and accents. The
//! texts stay in the graph, so that a name takes 8 bytes, and an identifier of another system 8 bytes too. A beginning is
//! found by binary search.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_64;

use super::folding::{Folded, LONGEST, compare, compare_beginning, matched};
use crate::condition::folded;
use crate::graph::{EntityNames, EntityNo, Name, NameNo, Snapshot, View};
use crate::ontology::{PropertyNo, TypeId};

/// The beginning of a name, folded: as much of it as names are compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning(Box<[char]>);

impl Beginning {
    /// Maximum number of characters that a beginning has: names are compared by as many.
    pub const LONGEST: usize = LONGEST;

    /// Reads what was typed; `None` where it is longer than [`Self::LONGEST`].
    pub fn read(typed: &str) -> Option<Self> {
        let letters = Folded::begun(typed).map(|it| it.0);
        let letters: Box<[char]> = letters.take(LONGEST + 1).collect();
        (letters.len() <= LONGEST).then_some(Self(letters))
    }

    /// That of a name, as much of it as names are compared by.
    fn of(name: &str) -> Self {
        Self(Folded::letters(name).collect())
    }

    /// Bytes that it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

impl Display for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.0.iter().collect();
        write!(f, "{text:?}")
    }
}

/// A name of an entity.
#[derive(Debug, Clone, Copy)]
struct Entry {
    entity: EntityNo,
    name: NameNo,
}

/// An IRI of an entity, by a part of its hash.
#[derive(Debug, Clone, Copy)]
struct External {
    hash: u32,
    entity: EntityNo,
}

/// The names of a snapshot's entities.
#[derive(Debug)]
pub struct Names {
    entries: Vec<Entry>,
    external: Vec<External>,
    /// How long it took to make.
    pub taken: Duration,
}

/// A name that begins as it was asked for.
#[derive(Debug, Clone, Copy)]
pub struct NameMatch<'a> {
    /// Whose name it is.
    pub entity: EntityNo,
    /// The name.
    pub text: &'a str,
    /// The property that says so; none for an id.
    pub property: Option<PropertyNo>,
    /// Start and end of the matching part, in UTF-16 code units.
    pub range: (usize, usize),
}

/// The names of entities are cached if finding them visits more than this number of values.
const MOST_COST: usize = 8;

/// Names of entities with many labels, so that each label is not compared with all others.
struct NameCache<'a> {
    view: View<'a>,
    called: FxHashMap<EntityNo, EntityNames<'a>>,
}

impl<'a> NameCache<'a> {
    fn new(view: View<'a>) -> Self {
        Self {
            view,
            called: FxHashMap::default(),
        }
    }

    /// The names of an entity. Calls `visit` with the number of steps and the bytes that are kept.
    fn called<E>(
        &mut self,
        entity: EntityNo,
        visit: &mut impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<EntityNames<'a>, E> {
        let row = self.view.locate(entity);
        let cost = self.view.cost_of_called(row);
        if cost <= MOST_COST {
            return Ok(self.view.called(row));
        }
        if let Some(called) = self.called.get(&entity) {
            return Ok(*called);
        }
        // While a table grows, the old and the new one exist.
        visit(cost, 3 * (size_of::<EntityNames>() + size_of::<EntityNo>()))?;
        let called = self.view.called(row);
        self.called.insert(entity, called);
        Ok(called)
    }
}

/// The first bytes of a folded name: most names differ in them.
const KEY: usize = 16;

fn key(text: &str) -> [u8; KEY] {
    let mut key = [0; KEY];
    let mut at = 0;
    for letter in Folded::letters(text) {
        let mut bytes = [0; 4];
        let bytes = letter.encode_utf8(&mut bytes).as_bytes();
        let room = &mut key[at..];
        let some = bytes.len().min(room.len());
        room[..some].copy_from_slice(&bytes[..some]);
        at += some;
        if at == KEY {
            break;
        }
    }
    key
}

fn hash(iri: &str) -> u32 {
    xxh3_64(iri.as_bytes()) as u32
}

/// Texts that are equal but for case differ in length by less than this factor: composing a letter and folding its case
/// change its bytes at most threefold each.
const MOST_LONGER: usize = 16;

/// A name without regard to case, for an exact comparison.
fn exact(text: &str) -> String {
    let composed: String = text.trim().nfc().collect();
    folded(&composed).into_owned()
}

impl Names {
    /// Goes through all names. Takes time linear in them, and to sort them; for each 24 bytes until it is done.
    pub(super) fn build(snapshot: &Snapshot) -> Self {
        let start = Instant::now();
        let view = snapshot.view();
        let (mut keyed, mut external) = (Vec::new(), Vec::new());
        for id in snapshot.ontology().type_ids() {
            for row in snapshot.rows_of(id) {
                let entity = view.number(row);
                snapshot.names(row, &mut |name, text| {
                    keyed.push((key(text), Entry { entity, name }));
                });
                let of_row = snapshot.same_as(row).map(hash);
                external.extend(of_row.map(|hash| External { hash, entity }));
            }
        }
        let text = |it: &Entry| snapshot.name(view.locate(it.entity), it.name);
        keyed.par_sort_unstable_by(|(a, one), (b, other)| {
            let by_text = a.cmp(b).then_with(|| compare(text(one), text(other)));
            by_text
                .then_with(|| one.entity.stored().cmp(&other.entity.stored()))
                .then_with(|| one.name.cmp(&other.name))
        });
        let mut entries: Vec<Entry> = keyed.into_iter().map(|it| it.1).collect();
        // Collected in the memory of what it was made from.
        entries.shrink_to_fit();
        external.par_sort_unstable_by_key(|it| (it.hash, it.entity.stored()));
        external.shrink_to_fit();
        Self {
            entries,
            external,
            taken: start.elapsed(),
        }
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.external.capacity() * size_of::<External>()
    }

    /// The entries from the first whose name does not come before a beginning.
    fn from(&self, snapshot: &Snapshot, beginning: &[char]) -> &[Entry] {
        let is_before = |it: &Entry| {
            let text = snapshot.name(snapshot.view().locate(it.entity), it.name);
            compare_beginning(text, beginning).is_lt()
        };
        &self.entries[self.entries.partition_point(is_before)..]
    }

    /// The entities that are seen and have a name with a beginning, in the order of the names; at most `first`. Each is there
    /// once: with its label if that begins so, else with the first such alias. `visit` is called with the steps that are
    /// taken, for each name at least once, and the bytes that are kept until the end.
    ///
    /// # Errors
    /// With that of `visit`.
    pub fn suggest<'a, E>(
        &self,
        view: View<'a>,
        beginning: &Beginning,
        types: Option<&[TypeId]>,
        first: usize,
        mut visit: impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<Vec<NameMatch<'a>>, E> {
        let mut found = Vec::new();
        let mut known = FxHashSet::default();
        let mut remembered = NameCache::new(view);
        // Those whose label begins so, and those whose does not, where it has many texts.
        let mut labels: FxHashMap<EntityNo, bool> = FxHashMap::default();
        for entry in self.from(view.snapshot(), &beginning.0) {
            if found.len() == first {
                break;
            }
            let row = view.locate(entry.entity);
            let stored = view.snapshot().name(row, entry.name);
            if compare_beginning(stored, &beginning.0).is_gt() {
                break;
            }
            visit(1, 0)?;
            let is_out = view.hides(entry.entity) || types.is_some_and(|it| !it.contains(&row.type_id));
            if is_out || known.contains(&entry.entity) {
                continue;
            }
            let called = remembered.called(entry.entity, &mut visit)?;
            let Some(Name { text, property }) = called.name(entry.name) else {
                continue;
            };
            // A label takes precedence over an alias.
            let begins = || called.has_label(|it| compare_beginning(it, &beginning.0).is_eq());
            if entry.name.is_alias() {
                let texts = view.cost_of_called(row);
                let has_label = if texts <= MOST_COST {
                    begins()
                } else if let Some(has_label) = labels.get(&entry.entity) {
                    *has_label
                } else {
                    visit(texts, 3 * size_of::<(EntityNo, bool)>())?;
                    *labels.entry(entry.entity).or_insert_with(begins)
                };
                if has_label {
                    continue;
                }
            }
            known.insert(entry.entity);
            let part = matched(text, &beginning.0);
            let units = |to: usize| text[..to].encode_utf16().count();
            found.push(NameMatch {
                entity: entry.entity,
                text,
                property,
                range: (units(part.start), units(part.end)),
            });
        }
        Ok(found)
    }

    /// The entities that are seen and have exactly this name but for case, in the order of types and ids; at most `most`.
    /// `visit` is called with the steps that are taken, for each name at least once, and the bytes that are kept until the
    /// end.
    ///
    /// # Errors
    /// With that of `visit`.
    pub fn named<E>(
        &self,
        view: View,
        name: &str,
        most: usize,
        mut visit: impl FnMut(usize, usize) -> Result<(), E>,
    ) -> Result<Vec<EntityNo>, E> {
        let name = name.trim();
        let beginning = Beginning::of(name);
        let asked = exact(name);
        let mut found: Vec<EntityNo> = Vec::new();
        let mut remembered = NameCache::new(view);
        for entry in self.from(view.snapshot(), &beginning.0) {
            let row = view.locate(entry.entity);
            let stored = view.snapshot().name(row, entry.name);
            if found.len() == most || compare(stored, name).is_gt() {
                break;
            }
            let can_be_equal = stored.trim().len() <= asked.len() * MOST_LONGER;
            // Comparing eight bytes counts as a step.
            visit(1 + if can_be_equal { stored.len() / 8 } else { 0 }, 0)?;
            if !can_be_equal || view.hides(entry.entity) || found.contains(&entry.entity) {
                continue;
            }
            let name = remembered.called(entry.entity, &mut visit)?.name(entry.name);
            if name.is_some_and(|it| exact(it.text) == asked) {
                found.push(entry.entity);
            }
        }
        Ok(found)
    }

    /// The entities that are seen and for which another system has an IRI, in the order of types and ids; at most `most`.
    ///
    /// # Errors
    /// With that of `visit`.
    pub fn same_as<E>(
        &self,
        view: View,
        iri: &str,
        most: usize,
        mut visit: impl FnMut() -> Result<(), E>,
    ) -> Result<Vec<EntityNo>, E> {
        let hash = hash(iri);
        let begin = self.external.partition_point(|it| it.hash < hash);
        let mut found: Vec<EntityNo> = Vec::new();
        for it in self.external[begin..].iter().take_while(|it| it.hash == hash) {
            if found.len() == most {
                break;
            }
            visit()?;
            let row = view.locate(it.entity);
            if !view.hides(it.entity) && !found.contains(&it.entity) && view.is_same_as(row, iri) {
                found.push(it.entity);
            }
        }
        Ok(found)
    }
}
