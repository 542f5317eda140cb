//! Provenance: side tables for the facts that have any.

use super::storage::Stored;
use super::strings::Strings;
use super::{EntityNo, EntitySet, StatementNo};
use crate::ontology::Date;
use crate::surface;

/// The rank of a statement among others about the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Rank {
    /// Known to be wrong or outdated.
    Deprecated,
    /// The default.
    #[default]
    Normal,
    /// Preferred to the others.
    Preferred,
}

impl Rank {
    /// The three ranks as data files write them.
    pub const NAMES: [(&'static str, Rank); 3] = [
        ("preferred", Rank::Preferred),
        ("normal", Rank::Normal),
        ("deprecated", Rank::Deprecated),
    ];

    /// The rank as a byte.
    pub(super) fn pack(self) -> u8 {
        match self {
            Rank::Deprecated => 0,
            Rank::Normal => 1,
            Rank::Preferred => 2,
        }
    }

    /// The rank of a byte from [`Rank::pack`].
    fn unpack(packed: u8) -> Self {
        match packed {
            0 => Rank::Deprecated,
            2 => Rank::Preferred,
            _ => Rank::Normal,
        }
    }

    /// The enum value of the API.
    pub fn api_name(self) -> &'static str {
        let named = match self {
            Rank::Preferred => surface::Rank::Preferred,
            Rank::Normal => surface::Rank::Normal,
            Rank::Deprecated => surface::Rank::Deprecated,
        };
        named.name()
    }
}

/// When a statement is valid, as an interval with inclusive ends. An unknown end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// The start.
    pub from: Option<Date>,
    /// The end.
    pub until: Option<Date>,
}

/// Marks an unknown end; no date has this packed form.
const OPEN: u64 = u64::MAX;

impl Validity {
    /// Whether both include a common day.
    pub fn overlaps(self, other: Self) -> bool {
        let over_before = |a: Self, b: Self| match (a.until, b.from) {
            (Some(until), Some(from)) => until.last_day() < from.first_day(),
            _ => false,
        };
        !over_before(self, other) && !over_before(other, self)
    }

    /// The last day of validity. A statement without validity sorts before all others.
    pub(super) fn latest(validity: Option<Self>) -> i64 {
        validity.map_or(i64::MIN, |it| it.until.map_or(i64::MAX, Date::last_day))
    }

    /// Both ends in 64 bits each; without validity, both are open.
    pub(super) fn pack(validity: Option<Self>) -> [u64; 2] {
        let end = |date: Option<Date>| date.map_or(OPEN, Date::pack_single);
        validity.map_or([OPEN; 2], |it| [end(it.from), end(it.until)])
    }

    /// Whether these are possible results of [`Validity::pack`].
    pub(super) fn is_packed(packed: [u64; 2]) -> bool {
        packed.iter().all(|it| *it == OPEN || Date::is_packed([*it, 0]))
    }

    /// The validity of a result of [`Validity::pack`].
    fn unpack(packed: [u64; 2]) -> Option<Self> {
        let end = |bits: u64| (bits != OPEN).then(|| Date::unpack_single(bits));
        let [from, until] = packed;
        (packed != [OPEN; 2]).then(|| Self {
            from: end(from),
            until: end(until),
        })
    }
}

/// A citation of a source.
#[derive(Debug, Clone, Copy)]
pub struct Citation<'a> {
    /// The source.
    pub source: EntityNo,
    /// The locator as JSON; empty if none is given.
    pub locator: &'a [u8],
    /// The note as JSON; empty if none is given.
    pub note: &'a [u8],
}

/// All statements that have more than a value.
#[derive(Debug, Default)]
pub struct Statements {
    /// Results of [`Rank::pack`].
    pub(super) ranks: Stored<u8>,
    /// Results of [`Validity::pack`]; empty if no statement has a validity.
    pub(super) validity: Stored<[u64; 2]>,
    pub(super) citation_ends: Stored<u32>,
    pub(super) sources: Stored<u32>,
    pub(super) locators: Strings,
    pub(super) notes: Strings,
}

impl Statements {
    /// A statement's rank.
    pub fn rank(&self, no: StatementNo) -> Rank {
        let packed = self.ranks.get(no.0 as usize);
        packed.map_or_else(Rank::default, |it| Rank::unpack(*it))
    }

    /// The validity of a statement.
    pub fn validity(&self, no: StatementNo) -> Option<Validity> {
        Validity::unpack(*self.validity.get(no.0 as usize)?)
    }

    /// Whether any statement has a validity.
    pub fn any_validity(&self) -> bool {
        !self.validity.is_empty()
    }

    /// Whether a statement is valid at a date: both share a day. A statement without validity always is.
    pub fn holds(&self, no: StatementNo, date: Date) -> bool {
        self.validity(no).is_none_or(|it| {
            let begun = it.from.is_none_or(|from| from.first_day() <= date.last_day());
            let over = it.until.is_some_and(|until| until.last_day() < date.first_day());
            begun && !over
        })
    }

    /// A statement's citations.
    pub fn citations(&self, no: StatementNo) -> impl ExactSizeIterator<Item = Citation<'_>> {
        let range = self.citation_range(no);
        (range.start as usize..range.end as usize).map(|at| self.citation(at))
    }

    /// The numbers of a statement's citations.
    pub(super) fn citation_range(&self, no: StatementNo) -> std::ops::Range<u32> {
        let no = no.0 as usize;
        let end = self.citation_ends.get(no).copied().unwrap_or(0);
        let start = match no.checked_sub(1) {
            Some(before) if no < self.citation_ends.len() => self.citation_ends[before],
            _ => 0,
        };
        start..end
    }

    /// A citation by its number.
    pub(super) fn citation(&self, at: usize) -> Citation<'_> {
        Citation {
            source: EntityNo(self.sources[at]),
            locator: self.locators.json(at),
            note: self.notes.json(at),
        }
    }

    /// Whether a statement has only citations, and neither rank nor validity.
    pub(super) fn is_only_cited_by(&self, no: StatementNo, sources: &EntitySet) -> bool {
        let mut citations = self.citations(no);
        self.rank(no) == Rank::Normal
            && self.validity(no).is_none()
            && citations.len() > 0
            && citations.all(|it| sources.has(it.source))
    }

    /// The preference among statements about the same thing; greater is better. It depends on the rank, then on the end
    /// of validity, where an open end is the latest. Callers keep the order of the files for ties.
    pub fn preference(&self, no: StatementNo) -> (Rank, i64) {
        (self.rank(no), Validity::latest(self.validity(no)))
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.ranks.bytes()
            + self.validity.bytes()
            + self.citation_ends.bytes()
            + self.sources.bytes()
            + self.locators.bytes()
            + self.notes.bytes()
    }
}
