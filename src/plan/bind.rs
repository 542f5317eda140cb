//! Binds arguments within a budget of bytes and time, and shares equal parts.
//!
//! A variable may be used by a thousand fields, and a filter is compiled for each type of its domain. Large texts,
//! lists, filters, path expressions and patterns are therefore made once for each address of their source, and shared.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Unbound;
use super::dated_id::plain_id;
use super::input::{Given, Names, Place};
use super::path::{Expressions, PathExpression};
use super::pattern::{Pattern, Patterns};
use crate::budget::{Clock, Stop};
use crate::condition::{Filter, MatcherNo, SortedSet, Test};
use crate::ontology::{Domain, EdgeTypeId, Ontology, Scalar};

/// Limits on compiling a plan or binding its arguments.
#[derive(Debug, Clone, Copy)]
pub struct CompileLimits<'a> {
    /// Deadline and cancellation.
    pub clock: Clock<'a>,
    /// Bytes of what is made.
    pub bytes: usize,
}

pub(super) type Result<T> = std::result::Result<T, Unbound>;

/// Steps of work between two checks of the clock.
const CHECK_EVERY: usize = 4096;

/// Longer texts and lists are shared by all that use them.
const SHARED_FROM: usize = 32;

/// Bytes of the counters of an [`Arc`].
pub(super) const ARC_BYTES: usize = 2 * size_of::<usize>();

/// Makes the calls of an operation.
pub(super) struct Binder<'b> {
    pub ontology: &'b Ontology,
    pub names: Names,
    effort: CompileLimits<'b>,
    used: usize,
    work: usize,
    /// The patterns of the filter that is being compiled.
    pub matchers: Vec<MatcherNo>,
    /// By address. Arguments are borrowed until the binder is dropped, so an address is never reused.
    texts: HashMap<(usize, usize), Arc<str>>,
    lists: HashMap<(Place, Scalar, bool), Box<dyn Any>>,
    pub filters: HashMap<(Place, Domain, Option<EdgeTypeId>), Option<Arc<Filter>>>,
    /// Filters on entities of any type.
    pub any_filters: HashMap<Place, Arc<Filter>>,
    pub edges: HashMap<(Place, EdgeTypeId), EdgeTest>,
    pub everything: Option<Arc<Filter>>,
    /// Hashes of long values.
    pub digests: HashMap<Place, u64>,
    expressions: Expressions,
    /// The patterns of the plan, where a request is bound.
    constant: Option<&'b Patterns>,
    patterns: Patterns,
    /// The names of all fields that any type has.
    fields: Option<HashSet<&'b str>>,
}

/// A condition on edges, and the patterns that it tests with.
pub(super) type EdgeTest = (Arc<Test>, Arc<[MatcherNo]>);

/// Output of a binder besides the calls.
pub(super) struct BinderOutput {
    pub bytes: usize,
    pub expressions: Expressions,
    pub patterns: Patterns,
}

impl<'b> Binder<'b> {
    /// A binder for the constants of a plan.
    pub fn new(ontology: &'b Ontology, names: Names, effort: CompileLimits<'b>) -> Self {
        Self {
            ontology,
            names,
            effort,
            used: 0,
            work: 0,
            matchers: Vec::new(),
            texts: HashMap::new(),
            lists: HashMap::new(),
            filters: HashMap::new(),
            any_filters: HashMap::new(),
            edges: HashMap::new(),
            everything: None,
            digests: HashMap::new(),
            expressions: Expressions::default(),
            constant: None,
            patterns: Patterns::default(),
            fields: None,
        }
    }

    /// A binder for a request, beside what the plan has.
    pub fn beside(mut self, patterns: &'b Patterns, expressions: &Arc<Expressions>) -> Self {
        self.constant = Some(patterns);
        self.patterns = Patterns::after(patterns);
        self.expressions = Expressions::beside(expressions);
        self
    }

    pub fn made(self) -> BinderOutput {
        BinderOutput {
            bytes: self.used + self.expressions.bytes(),
            expressions: self.expressions,
            patterns: self.patterns,
        }
    }

    /// Counts bytes before they are allocated.
    pub fn hold(&mut self, bytes: usize) -> Result<()> {
        self.used = self.used.saturating_add(bytes);
        if self.used > self.effort.bytes {
            return Err(Stop::Bytes.into());
        }
        Ok(())
    }

    /// Counts steps of work, and checks the clock at intervals.
    pub fn work(&mut self, steps: usize) -> Result<()> {
        self.work = self.work.saturating_add(steps);
        if self.work >= CHECK_EVERY {
            self.work = 0;
            self.effort.clock.check()?;
        }
        Ok(())
    }

    /// A text that was given, shared where it is long.
    pub fn text(&mut self, text: &'b str) -> Result<Arc<str>> {
        let place = (text.as_ptr() as usize, text.len());
        let is_long = text.len() > SHARED_FROM;
        if is_long && let Some(known) = self.texts.get(&place) {
            return Ok(known.clone());
        }
        let made = self.new_text(text)?;
        if is_long {
            self.texts.insert(place, made.clone());
        }
        Ok(made)
    }

    /// A text that is made of what was given.
    pub fn new_text(&mut self, text: &str) -> Result<Arc<str>> {
        self.work(1 + text.len() / 64)?;
        self.hold(ARC_BYTES + text.len())?;
        Ok(text.into())
    }

    /// The ids of a list without their dates, in its order.
    pub fn ids(&mut self, list: Option<Given<'b>>) -> Result<Arc<[Arc<str>]>> {
        let Some((list, items)) = list.and_then(|it| Some((it, it.items()?))) else {
            return Ok(Arc::default());
        };
        self.shared((list.place(), Scalar::Id, true), items.len(), |it| {
            it.hold(ARC_BYTES)?;
            let mut texts = Vec::new();
            for text in items.clone().filter_map(Given::as_str) {
                it.hold(size_of::<Arc<str>>())?;
                texts.push(it.text(plain_id(text))?);
            }
            Ok(texts.into())
        })
    }

    /// The values of a list to compare with, as values of a kind; `fold` separates texts in lower case from others.
    pub fn among<T: PartialOrd + Clone + 'static>(
        &mut self,
        list: Given<'b>,
        kind: (Scalar, bool),
        parse: impl Fn(&mut Self, Given<'b>) -> Result<T>,
    ) -> Result<SortedSet<T>> {
        let Some(items) = list.items() else {
            return Ok(SortedSet::of(Vec::new()));
        };
        self.shared((list.place(), kind.0, kind.1), items.len(), |it| {
            it.hold(ARC_BYTES)?;
            let mut values = Vec::new();
            for item in items.clone().filter(|it| !it.is_null()) {
                it.work(1)?;
                it.hold(size_of::<T>())?;
                values.push(parse(it, item)?);
            }
            // Sorting a long list takes a while.
            it.work(values.len())?;
            let among = SortedSet::of(values);
            it.work(among.count())?;
            Ok(among)
        })
    }

    /// The compiled form of a list. A long list is compiled once and shared.
    pub fn shared<T: Clone + 'static>(
        &mut self,
        key: (Place, Scalar, bool),
        len: usize,
        make: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if len < SHARED_FROM {
            return make(self);
        }
        let known = self.lists.get(&key).and_then(|it| it.downcast_ref::<T>());
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let list = make(self)?;
        self.lists.insert(key, Box::new(list.clone()));
        Ok(list)
    }

    /// The number of a pattern.
    pub fn pattern(&mut self, pattern: Pattern, property: &str) -> Result<MatcherNo> {
        let known = self.constant.and_then(|it| it.find(&pattern));
        let is_regex = matches!(pattern, Pattern::Regex { .. });
        let no = match known.or_else(|| self.patterns.find(&pattern)) {
            Some(no) => no,
            None => {
                // Parsing a regular expression takes up to some 50 µs.
                self.work(if is_regex { CHECK_EVERY / 4 } else { 1 })?;
                let (no, bytes) = self.patterns.add(pattern, property)?;
                self.hold(bytes)?;
                no
            }
        };
        self.matchers.push(no);
        Ok(no)
    }

    /// A path expression.
    pub fn expression(&mut self, text: &str) -> Result<Arc<PathExpression>> {
        self.work(1)?;
        let before = self.expressions.bytes();
        let expression = self.expressions.get(self.ontology, self.names, text)?;
        let bytes = self.expressions.bytes();
        if bytes > before {
            self.work(CHECK_EVERY / 4)?;
        }
        if self.used.saturating_add(bytes) > self.effort.bytes {
            return Err(Stop::Bytes.into());
        }
        Ok(expression)
    }

    /// Whether any type has a field of this name.
    pub fn has_field(&mut self, name: &str) -> bool {
        let ontology = self.ontology;
        let all = || ontology.types.iter().flat_map(|it| it.members.names()).collect();
        self.fields.get_or_insert_with(all).contains(name)
    }
}
