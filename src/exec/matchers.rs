//! Compiled patterns: substring finders and regular expressions, within a budget.
//!
//! The matchers of a plan's constants are compiled once for a revision and kept with the plan. Those of variables are
//! compiled for each request and numbered after the others. All are immutable and shared. The scratch space of a
//! regular expression belongs to the run, so it never outlives the request, however many threads use the expression.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use memchr::memmem::Finder;
use regex_automata::meta::{Cache, Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::budget::{Clock, Stop};
use crate::condition::{Filter, MatcherNo};
use crate::graph::{Codes, EntitySet, TestContext};
use crate::ontology::{PropertyNo, TypeId};
use crate::plan::{Bound, InputError, Pattern, PatternEntry, Patterns, last_line};
use crate::search::Background;

/// Maximum size of one compiled regular expression, in bytes.
const MOST_OF_ONE: usize = 1 << 20;

/// Maximum size of the states that a search caches for one expression, in bytes.
const KEPT_STATES: usize = 128 << 10;

/// Bytes of a finder in addition to its text, for its skip tables.
const FINDER_BYTES: usize = 320;

/// A compiled pattern.
#[derive(Debug)]
enum Matcher {
    Contains(Box<Finder<'static>>),
    Regex(Box<Regex>),
    /// The results of a search, computed once per run, for a property and a text.
    Search(Arc<str>, Arc<str>),
    /// The pattern cannot be compiled, and fields that use it fail.
    Refused(Box<InputError>),
}

/// The matchers of an operation, by the numbers of their patterns.
#[derive(Debug, Default)]
pub struct Matchers {
    all: Vec<Arc<Matcher>>,
    bytes: usize,
    /// Maximum scratch space of one run, in bytes.
    written: usize,
    is_any_refused: bool,
}

impl Matchers {
    /// Compiles patterns, numbered after the known ones. Together they may take `limit` bytes and about as many steps.
    /// A regular expression that exceeds its own limit is refused.
    ///
    /// # Errors
    /// When the limit is exceeded or the deadline passes.
    pub fn prepare(patterns: &Patterns, known: &Self, clock: &Clock, limit: usize) -> Result<Self, Stop> {
        let mut matchers = Self {
            all: known.all.clone(),
            bytes: known.bytes,
            written: known.written,
            is_any_refused: known.is_any_refused,
        };
        let mut work = 0_usize;
        for (_, kept) in patterns.iter() {
            work = work.saturating_add(kept.work);
            if work > limit {
                return Err(Stop::Bytes);
            }
            if matches!(kept.pattern, Pattern::Regex { .. }) {
                clock.check()?;
            }
            matchers.add(kept, limit)?;
            if matchers.bytes.saturating_add(matchers.written) > limit {
                return Err(Stop::Bytes);
            }
        }
        Ok(matchers)
    }

    /// Whether no filter uses a pattern.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Maximum scratch space of a run for searches, in bytes.
    pub fn written(&self) -> usize {
        self.written
    }

    /// The calls, of which those whose patterns cannot be compiled fail.
    pub fn refuse(&self, calls: &[Bound]) -> Option<Vec<Bound>> {
        if !self.is_any_refused {
            return None;
        }
        let refused = |bound: &Bound| {
            let call = bound.as_ref().as_ref().ok()?;
            call.matchers()
                .iter()
                .find_map(|no| match &*self.all[no.index()] {
                    Matcher::Refused(error) => Some(InputError::clone(error)),
                    _ => None,
                })
        };
        let each = calls.iter().map(|bound| match refused(bound) {
            Some(error) => Arc::new(Err(error)),
            None => bound.clone(),
        });
        Some(each.collect())
    }

    /// The finder of a substring.
    #[inline]
    fn finder(&self, no: MatcherNo) -> Option<&Finder<'static>> {
        match &*self.all[no.index()] {
            Matcher::Contains(finder) => Some(finder),
            _ => None,
        }
    }

    /// The property and the text of a search.
    pub(super) fn search(&self, no: MatcherNo) -> Option<(&Arc<str>, &Arc<str>)> {
        match &*self.all[no.index()] {
            Matcher::Search(property, text) => Some((property, text)),
            _ => None,
        }
    }

    fn add(&mut self, kept: &PatternEntry, limit: usize) -> Result<(), Stop> {
        let matcher = match &kept.pattern {
            Pattern::Contains(text) => {
                self.bytes += FINDER_BYTES + text.len();
                Matcher::Contains(Box::new(Finder::new(text.as_bytes()).into_owned()))
            }
            Pattern::Search { property, text } => Matcher::Search(property.clone(), text.clone()),
            Pattern::Regex { source, fold } => {
                let left = limit.saturating_sub(self.bytes + self.written);
                match compile(source, *fold, left.min(MOST_OF_ONE)) {
                    Ok((regex, written)) => {
                        self.bytes += regex.memory_usage() + size_of::<Regex>();
                        self.written += written;
                        Matcher::Regex(Box::new(regex))
                    }
                    Err(Refused::Large) if left < MOST_OF_ONE => return Err(Stop::Bytes),
                    Err(refused) => {
                        let why = match refused {
                            Refused::Large => format!("it compiles to more than {MOST_OF_ONE} bytes"),
                            Refused::Wrong(why) => why,
                        };
                        self.is_any_refused = true;
                        Matcher::Refused(Box::new(kept.refused(&why)))
                    }
                }
            }
        };
        self.bytes += size_of::<Matcher>() + 3 * size_of::<usize>();
        self.all.push(Arc::new(matcher));
        Ok(())
    }
}

/// Why a regular expression is not compiled.
enum Refused {
    Large,
    Wrong(String),
}

/// Compiles a regular expression to at most `limit` bytes. Also returns the maximum scratch space of a search. A search
/// with cached states needs an automaton for each direction; if both do not fit, one is used, which is slower.
fn compile(source: &str, fold: bool, limit: usize) -> Result<(Regex, usize), Refused> {
    match compile_as(source, fold, limit, true) {
        Err(Refused::Large) => compile_as(source, fold, limit, false),
        compiled => compiled,
    }
}

fn compile_as(source: &str, fold: bool, limit: usize, keeps_states: bool) -> Result<(Regex, usize), Refused> {
    let config = Config::new()
        .nfa_size_limit(Some(if keeps_states { limit / 2 } else { limit }))
        .onepass_size_limit(Some(64 << 10))
        .hybrid(keeps_states)
        .hybrid_cache_capacity(KEPT_STATES)
        .which_captures(WhichCaptures::Implicit);
    let built = Regex::builder()
        .configure(config)
        .syntax(syntax::Config::new().case_insensitive(fold))
        .build(source);
    let regex = built.map_err(|error| match error.size_limit() {
        Some(_) => Refused::Large,
        None => {
            let syntax = error.syntax_error().map(ToString::to_string);
            Refused::Wrong(last_line(&syntax.unwrap_or_else(|| error.to_string())))
        }
    })?;
    // A backtracker records the visited states instead of caching them, in about as many bytes.
    let grows = if keeps_states {
        KEPT_STATES
    } else {
        2 * KEPT_STATES
    };
    let written = match regex.create_cache().memory_usage() {
        // A search for a literal needs no scratch space.
        0 => 0,
        begun => begun + grows,
    };
    if regex.memory_usage() > limit {
        return Err(Refused::Large);
    }
    Ok((regex, written))
}

/// Steps of testing between two checks of the clock.
const CHECK_EVERY: usize = 4096;

/// Sets of entities that filters need, each computed when it is first used.
#[derive(Default)]
pub(super) struct Sets {
    /// Results of searches, by the numbers of their matchers.
    pub searched: Vec<Option<EntitySet>>,
    /// The entities that meet filters inside relations, by the addresses of the filters, which outlive the run.
    pub met: FxHashMap<usize, EntitySet>,
    /// The filters whose inner filters have sets, by address.
    pub prepared: FxHashSet<usize>,
}

impl Sets {
    /// Number of sets.
    pub fn len(&self) -> usize {
        self.searched.iter().flatten().count() + self.met.len()
    }
}

/// The address of a filter, which identifies it during a run.
pub(super) fn address(filter: &Filter) -> usize {
    std::ptr::from_ref(filter).addr()
}

/// State of the tests of a run.
pub(super) struct Tests<'a> {
    pub matchers: &'a Matchers,
    clock: Clock<'a>,
    /// Scratch space of regular expressions.
    caches: RefCell<Vec<Option<Box<Cache>>>>,
    /// Results of searches and of filters inside relations.
    pub sets: Option<Box<Sets>>,
    search: Option<&'a Background>,
    /// How many more ends of edges are tested before the filters inside relations get sets.
    pub patience: Cell<usize>,
    /// The filter that this is for, by address.
    pub patient_for: usize,
    /// Steps until the next check of the clock.
    left: Cell<usize>,
    /// Number of checks of the clock.
    looks: Cell<u64>,
    /// Why testing ended early.
    stopped: Cell<Option<Stop>>,
}

impl<'a> Tests<'a> {
    pub fn new(matchers: &'a Matchers, search: Option<&'a Background>, clock: Clock<'a>) -> Self {
        Self {
            matchers,
            clock,
            search,
            caches: RefCell::default(),
            sets: None,
            patience: Cell::new(usize::MAX),
            patient_for: 0,
            left: Cell::new(CHECK_EVERY),
            looks: Cell::new(0),
            stopped: Cell::new(None),
        }
    }

    #[cold]
    fn look(&self) {
        self.left.set(CHECK_EVERY);
        self.looks.set(self.looks.get() + 1);
        if self.stopped.get().is_none() {
            self.stopped.set(self.clock.stop());
        }
    }

    /// Whether many ends of edges were tested, so that the filters inside relations should get sets. The results of the
    /// test are then invalid.
    #[inline]
    pub fn wants_sets(&self) -> bool {
        self.patience.get() == 0
    }

    /// Why testing has ended.
    #[inline]
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped.get()
    }
}

impl TestContext for Tests<'_> {
    #[inline]
    fn worked(&self, steps: usize) {
        match self.left.get().checked_sub(steps) {
            Some(left) => self.left.set(left),
            None => self.look(),
        }
    }

    #[inline]
    fn is_stopped(&self) -> bool {
        self.stopped.get().is_some() || self.wants_sets()
    }

    fn codes(&self, type_id: TypeId, property: PropertyNo) -> Option<&Codes> {
        self.search?.columns()?.codes(type_id, property)
    }

    #[inline]
    fn met(&self, filter: &Filter) -> Option<&EntitySet> {
        self.sets.as_ref()?.met.get(&address(filter))
    }

    #[inline]
    fn walked(&self) {
        self.patience.set(self.patience.get().saturating_sub(1));
    }

    fn checks(&self) -> u64 {
        self.looks.get()
    }

    #[inline]
    fn finder(&self, no: MatcherNo) -> Option<&Finder<'static>> {
        self.matchers.finder(no)
    }

    fn found(&self, no: MatcherNo) -> Option<&EntitySet> {
        self.sets.as_ref()?.searched.get(no.index())?.as_ref()
    }

    fn is_match(&self, no: MatcherNo, text: &str) -> bool {
        let Matcher::Regex(regex) = &*self.matchers.all[no.index()] else {
            return false;
        };
        let mut caches = self.caches.borrow_mut();
        if caches.len() <= no.index() {
            caches.resize_with(no.index() + 1, || None);
        }
        let cache = caches[no.index()].get_or_insert_with(|| Box::new(regex.create_cache()));
        let input = Input::new(text).anchored(Anchored::No).earliest(true);
        regex.search_half_with(cache, &input).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    use super::*;

    fn patterns(sources: impl IntoIterator<Item = String>) -> Patterns {
        Patterns::of(sources.into_iter().map(|source| Pattern::Regex {
            source: source.into(),
            fold: false,
        }))
    }

    fn prepared(sources: impl IntoIterator<Item = String>, limit: usize) -> Result<Matchers, Stop> {
        let started = OnceLock::new();
        Matchers::prepare(&patterns(sources), &Matchers::default(), &clock(&started), limit)
    }

    fn clock(started: &OnceLock<Instant>) -> Clock<'_> {
        Clock {
            started,
            time: Duration::from_hours(1),
            cancelled: None,
        }
    }

    #[test]
    fn all_regular_expressions_of_a_request_are_weighed() {
        let some = prepared([r"^\w+ \d{4}$".to_owned()], 8 << 20).unwrap();
        let started = OnceLock::new();
        let tests = Tests::new(&some, None, clock(&started));
        assert!(tests.is_match(MatcherNo(0), "anno 1996"));
        assert!(!tests.is_match(MatcherNo(0), "anno 96"));
        assert!(some.bytes() > 1000 && some.bytes() + some.written() < 1 << 20);
        let many = (1..=900).map(|no| format!(r"\pL{{{}}}", no % 30 + 1));
        assert_eq!(prepared(many, 8 << 20).err(), Some(Stop::Bytes));
    }

    #[test]
    fn one_that_is_too_large_alone_is_refused_and_the_others_are_not() {
        let matchers = prepared(
            [r"\pL{900}".to_owned(), "a".to_owned(), r"\p{Foo}".to_owned()],
            8 << 20,
        )
        .unwrap();
        assert!(
            matches!(&*matchers.all[0], Matcher::Refused(error) if error.message.contains("1048576 bytes"))
        );
        assert!(matches!(&*matchers.all[1], Matcher::Regex(_)));
        assert!(matches!(&*matchers.all[2], Matcher::Refused(error) if error.message.contains("Unicode")));
        // A scratch space is bounded by the budget of its run, so a later run with a larger budget may use more.
        assert_eq!(
            prepared([r"\pL{900}".to_owned()], 64 << 10).err(),
            Some(Stop::Bytes)
        );
    }
}
