//! Full text: which entities a text is found in, how well, and where.
//!
//! An [`Index`] holds the words of all statements of `@search` fields, and of what serves as label, in tantivy's inverted
//! index, in memory. It is made from a snapshot in the background ([`Background`]): a search before it is there waits
//! for it. It is built on all cores, in time linear in the texts. A search takes time linear in the entities that it
//! finds, which it scores by BM25 and puts in order; equal scores in the order of the entities, so pages are stable.

mod background;
mod build;
mod diacritics;
mod exact_match;
mod expansions;
mod folding;
mod highlight;
mod lazy_index;
mod query;
mod suggest;
mod tokens;
mod verification;

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use tantivy::columnar::Column;
use tantivy::query::{
    BooleanQuery, BoostQuery, DisjunctionMaxQuery, EnableScoring, Occur, Query, TermSetQuery, Weight,
};
use tantivy::schema::Field;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{IndexReader, SegmentReader, TERMINATED, Term};

use crate::graph::{EntityNo, EntitySet, View};
use crate::ontology::{PropertyNo, TypeId};
pub use background::Background;
use exact_match::{Documents, Equal, Equals};
pub use highlight::{Highlight, Highlighter};
pub use query::{Deadline, SearchText, over_limits};
use query::{Near, Part, QueryError};
pub use suggest::{Beginning, NameMatch, Names};
pub use verification::Matched;
use verification::{Counted, Held};

/// Why a search finds nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The index could not be made or asked.
    #[error("the text index cannot be used: {0}")]
    Unusable(String),
    /// It took too long.
    #[error("the time is over")]
    Over,
    /// It would take more memory than it may.
    #[error("the search takes too much memory")]
    TooLarge,
}

impl From<QueryError> for SearchError {
    fn from(stopped: QueryError) -> Self {
        match stopped {
            QueryError::Over => Self::Over,
            QueryError::TooLarge => Self::TooLarge,
            QueryError::Failed(error) => error.into(),
        }
    }
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> Self {
        match error {
            tantivy::TantivyError::InternalError(text) if text == OVER => Self::Over,
            other => Self::Unusable(other.to_string()),
        }
    }
}

/// The message of a query when the time is over. tantivy passes it on.
const OVER: &str = "over";
/// The deadline is checked once per this number of entities.
const CHECK_EVERY: u32 = 4096;

/// One field of the index: a property by its name, in one language.
#[derive(Debug)]
struct IndexedField {
    field: Field,
    name: String,
    language: String,
}

/// A property with texts of entities.
#[derive(Debug)]
struct Property {
    no: PropertyNo,
    /// The indexed fields, by language.
    fields: HashMap<String, usize>,
    is_label: bool,
    /// Whether some statements are not shown, and whether some hold only at certain dates.
    varies: (bool, bool),
}

/// The words of a snapshot's texts.
pub struct Index {
    reader: IndexReader,
    kind: Field,
    wholes: exact_match::Fields,
    fields: Vec<IndexedField>,
    /// For each type, the properties that are searched.
    properties: Vec<Vec<Property>>,
    /// How long it took to make.
    pub taken: Duration,
    /// Size in bytes.
    pub bytes: usize,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

/// An entity that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The entity.
    pub entity: EntityNo,
    /// How well it fits, the more the better.
    pub score: f32,
}

/// The results of a search.
#[derive(Debug)]
pub struct Results<'t> {
    /// The best first.
    pub found: Vec<Hit>,
    /// How it was found: as it was typed, or with variants of its words.
    pub typed: Cow<'t, SearchText>,
}

/// A search.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The search text.
    pub typed: &'a SearchText,
    /// Only entities of these types.
    pub types: Option<&'a [TypeId]>,
    /// Only in the property of this name.
    pub property: Option<&'a str>,
}

/// Limits of a search.
#[derive(Clone, Copy)]
pub struct SearchLimits<'a> {
    /// Whether it has to end; asked now and then.
    pub over: &'a (dyn Fn() -> bool + Sync),
    /// The deadline, for code that cannot call the check.
    pub deadline: Deadline,
    /// Bytes that the list of what is found may take.
    pub bytes: usize,
}

/// Weight of matches in a label.
const LABEL_BOOST: f32 = 3.0;
/// Weight of matches in fields other than the best one.
const TIE_BREAKER: f32 = 0.1;
/// Maximum number of expansions of all words of a search together.
const MOST_VARIANTS: usize = 2048;
impl Index {
    /// The visible results, best first: those with all words as they were typed; if there are none, those with expansions of
    /// the words; if no entity has all of these, those with any of the words. Texts equal to the whole search come first.
    /// Words are found in the texts of all statements that hold. Scores rest on the statements of all dates.
    ///
    /// # Errors
    /// When tantivy fails, the time is over, or too much is found.
    pub fn search<'t>(
        &self,
        view: View,
        search: Search<'t>,
        effort: SearchLimits,
    ) -> Result<Results<'t>, SearchError> {
        let mut near = Near::new(effort.deadline);
        let asked = search.typed;
        let mut wanted = exact_match::ComparedTexts::new(asked);
        let variants = asked.with_variants();
        for occur in [Occur::Must, Occur::Should] {
            for typed in [Some(asked), variants.as_ref()].into_iter().flatten() {
                let search = Search { typed, ..search };
                let Some(query) = self.query(search, occur, &mut near, effort)? else {
                    continue;
                };
                let (mut found, equals) = self.find(view, &*query, Some(&wanted), effort)?;
                self.raise(view, &mut wanted, &mut found, &equals, effort)?;
                if view.as_of().is_some() {
                    let which = (Counted::Held, occur == Occur::Must);
                    let held = Held::new(self, typed, None, which);
                    keep(held, view, &mut found, effort)?;
                }
                if found.is_empty() {
                    continue;
                }
                let order = |it: &Hit| view.order_key(it.entity);
                found.sort_unstable_by(|a, b| {
                    let by_score = b.score.total_cmp(&a.score);
                    by_score.then_with(|| order(a).cmp(&order(b)))
                });
                let typed = if typed.variants {
                    Cow::Owned(typed.clone())
                } else {
                    Cow::Borrowed(asked)
                };
                return Ok(Results { found, typed });
            }
            if asked.parts.len() == 1 {
                break;
            }
        }
        Ok(Results {
            found: Vec::new(),
            typed: Cow::Borrowed(asked),
        })
    }

    /// All entities that are seen and have all words of a text in what a property shows.
    ///
    /// # Errors
    /// When tantivy fails, the time is over, or too much is found.
    pub fn matches(
        &self,
        view: View,
        text: &str,
        property: &str,
        effort: SearchLimits,
    ) -> Result<EntitySet, SearchError> {
        let typed = SearchText::read(text, false);
        let search = Search {
            typed: &typed,
            types: None,
            property: Some(property),
        };
        let mut near = Near::new(effort.deadline);
        let mut set = EntitySet::of(view.snapshot());
        if let Some(query) = self.query(search, Occur::Must, &mut near, effort)? {
            let mut found = self.find(view, &*query, None, effort)?.0;
            let varies = |it: &Property| it.varies.0 || it.varies.1 && view.as_of().is_some();
            if self.properties.iter().flatten().any(varies) {
                let held = Held::new(self, &typed, Some(property), (Counted::Shown, true));
                keep(held, view, &mut found, effort)?;
            }
            for found in found {
                set.add(found.entity);
            }
        }
        Ok(set)
    }

    /// Goes through the segments one by one, so that each is held against what is left of the budget. With what equals the
    /// search, entities are scored.
    fn find(
        &self,
        view: View,
        query: &dyn Query,
        wanted: Option<&exact_match::ComparedTexts>,
        effort: SearchLimits,
    ) -> Result<(Vec<Hit>, Equals), SearchError> {
        let searcher = self.reader.searcher();
        let scoring = if wanted.is_some() {
            EnableScoring::enabled_from_searcher(&searcher)
        } else {
            EnableScoring::disabled_from_searcher(&searcher)
        };
        let weight = query.weight(scoring)?;
        let mut collected = Collected::default();
        for segment in searcher.segment_readers() {
            if (effort.over)() {
                return Err(SearchError::Over);
            }
            let documents = match wanted {
                Some(wanted) => Some(wanted.documents(segment, self.wholes)?),
                None => None,
            };
            collected.collect(view, &*weight, segment, documents, effort)?;
        }
        Ok((collected.found, collected.equals))
    }

    fn query(
        &self,
        search: Search,
        occur: Occur,
        near: &mut Near,
        effort: SearchLimits,
    ) -> Result<Option<Box<dyn Query>>, SearchError> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let searcher = self.reader.searcher();
        let mut room = MOST_VARIANTS;
        for (no, part) in search.typed.parts.iter().enumerate() {
            if (effort.over)() {
                return Err(SearchError::Over);
            }
            let mut disjuncts: Vec<Box<dyn Query>> = Vec::new();
            let in_fields = self.fields.iter().enumerate();
            for (at, indexed) in
                in_fields.filter(|(_, it)| search.property.is_none_or(|name| it.name == name))
            {
                let words: Vec<String> = words_of(part, &mut tokens::analyzer(&indexed.language));
                if let Some(mut query) =
                    query::in_field(part, indexed.field, &words, search.typed.fuzzy, near)?
                {
                    if let Some(variants) = search.typed.variants_of(no, &words, &indexed.language) {
                        let segments = searcher.segment_readers();
                        let words = variants.in_field(indexed.field, segments, room, effort.over)?;
                        room -= words.len();
                        query = query::or_variants(query, indexed.field, &words);
                    }
                    let boost = if self.is_label(at) { LABEL_BOOST } else { 1.0 };
                    disjuncts.push(Box::new(BoostQuery::new(query, boost)));
                }
            }
            if !disjuncts.is_empty() {
                let best = DisjunctionMaxQuery::with_tie_breaker(disjuncts, TIE_BREAKER);
                clauses.push((occur, Box::new(best)));
            }
        }
        if clauses.is_empty() {
            return Ok(None);
        }
        let words: Box<dyn Query> = Box::new(BooleanQuery::new(clauses));
        let Some(types) = search.types else {
            return Ok(Some(words));
        };
        let terms = types
            .iter()
            .map(|it| Term::from_field_u64(self.kind, it.index() as u64));
        // The type decides whether, not how well.
        let types: Box<dyn Query> = Box::new(BoostQuery::new(Box::new(TermSetQuery::new(terms)), 0.0));
        Ok(Some(Box::new(BooleanQuery::new(vec![
            (Occur::Must, words),
            (Occur::Must, types),
        ]))))
    }

    fn is_label(&self, field: usize) -> bool {
        let all = self.properties.iter().flatten();
        all.filter(|it| it.is_label)
            .any(|it| it.fields.values().any(|at| *at == field))
    }
}

/// Keeps what is found in the texts that count.
fn keep(mut held: Held, view: View, found: &mut Vec<Hit>, effort: SearchLimits) -> Result<(), SearchError> {
    let mut failed = None;
    let mut looked: u32 = 0;
    found.retain(|it| {
        looked += 1;
        if failed.is_some() {
            return false;
        }
        if looked.is_multiple_of(CHECK_EVERY) && (effort.over)() {
            failed = Some(SearchError::Over);
            return false;
        }
        held.holds(view, it.entity, effort).unwrap_or_else(|error| {
            failed = Some(error);
            false
        })
    });
    failed.map_or(Ok(()), Err)
}

fn words_of(part: &Part, analyzer: &mut TextAnalyzer) -> Vec<String> {
    let (Part::Word(text) | Part::Prefix(text) | Part::Phrase(text)) = part;
    tokens::words(analyzer, text).into_iter().map(|it| it.0).collect()
}

/// The visible results.
#[derive(Default)]
struct Collected {
    found: Vec<Hit>,
    equals: Equals,
}

impl Collected {
    /// Collects what is found in a segment. It is scored if it is asked which documents equal the search.
    fn collect(
        &mut self,
        view: View,
        weight: &dyn Weight,
        segment: &SegmentReader,
        mut equal: Option<Documents>,
        effort: SearchLimits,
    ) -> Result<(), SearchError> {
        let entities: Column<u64> = segment.fast_fields().u64("entity")?;
        let mut documents = weight.scorer(segment, 1.0)?;
        let mut looked: u32 = 0;
        loop {
            let document = documents.doc();
            if document == TERMINATED {
                return Ok(());
            }
            if looked.is_multiple_of(CHECK_EVERY) && (effort.over)() {
                return Err(SearchError::Over);
            }
            looked += 1;
            let score = if equal.is_some() { documents.score() } else { 0.0 };
            let entity = entities
                .first(document)
                .and_then(|it| view.snapshot().entity_at(it));
            if let Some(entity) = entity.filter(|it| !view.hides(*it)) {
                let others = self.equals.capacity() * size_of::<(usize, Equal)>();
                reserve(&mut self.found, effort.bytes.saturating_sub(others))?;
                if let Some(equal) = equal.as_mut().and_then(|it| it.equal(document)) {
                    let others = self.found.capacity() * size_of::<Hit>();
                    reserve(&mut self.equals, effort.bytes.saturating_sub(others))?;
                    self.equals.push((self.found.len(), equal));
                }
                self.found.push(Hit { entity, score });
            }
            documents.advance();
        }
    }
}

/// Makes room for another item, within a number of bytes.
fn reserve<T>(list: &mut Vec<T>, bytes: usize) -> Result<(), SearchError> {
    if list.len() < list.capacity() {
        return Ok(());
    }
    // While a list grows, the old and the new one exist.
    let more = list.len().max(64);
    let needed = (2 * list.len()).saturating_add(more) * size_of::<T>();
    if needed > bytes {
        return Err(SearchError::TooLarge);
    }
    list.reserve_exact(more);
    Ok(())
}
