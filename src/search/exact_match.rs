//! Entities of which a text equals the whole search.
//!
//! The index has a word for each whole text, in one field for labels and one for the others. Finding those that equal a
//! search costs a look-up in each segment. They rank before all others: their scores are raised above the best of
//! those, so that the order of scores stays the order of the page.

use tantivy::postings::SegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, SegmentReader, Term};

use super::tokens::Whole;
use super::{Hit, Index, SearchError, SearchLimits};
use crate::graph::{EntityNo, View};

/// Which text of an entity equals the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Equal {
    /// One that is no label.
    Other,
    /// A label.
    Label,
}

/// The fields with the words of whole texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub label: Field,
    pub other: Field,
}

/// The results of which a text equals the search, by their positions in the list of results.
pub(super) type Equals = Vec<(usize, Equal)>;

/// The documents of a segment of which a text equals the search.
#[derive(Default)]
pub(super) struct Documents {
    label: Option<SegmentPostings>,
    other: Option<SegmentPostings>,
}

impl Documents {
    fn of(segment: &SegmentReader, fields: Fields, whole: &str) -> tantivy::Result<Self> {
        let postings = |field: Field| -> tantivy::Result<Option<SegmentPostings>> {
            let term = Term::from_field_text(field, whole);
            let index = segment.inverted_index(field)?;
            Ok(index.read_postings(&term, IndexRecordOption::Basic)?)
        };
        Ok(Self {
            label: postings(fields.label)?,
            other: postings(fields.other)?,
        })
    }

    /// Which text of a document equals the search. Asked for ascending documents.
    pub fn equal(&mut self, document: DocId) -> Option<Equal> {
        let has = |postings: &mut Option<SegmentPostings>| {
            postings.as_mut().is_some_and(|it| {
                let at = it.doc();
                (if at < document { it.seek(document) } else { at }) == document
            })
        };
        if has(&mut self.label) {
            return Some(Equal::Label);
        }
        has(&mut self.other).then_some(Equal::Other)
    }
}

/// Texts that are held against the search.
pub(super) struct ComparedTexts {
    words: Whole,
    whole: Option<String>,
}

impl ComparedTexts {
    pub fn new(typed: &super::SearchText) -> Self {
        let mut words = Whole::default();
        let whole = typed.whole(&mut words);
        Self { words, whole }
    }

    /// The documents of a segment that equal the search.
    pub fn documents(&self, segment: &SegmentReader, fields: Fields) -> tantivy::Result<Documents> {
        self.whole.as_deref().map_or_else(
            || Ok(Documents::default()),
            |it| Documents::of(segment, fields, it),
        )
    }

    /// Whether a text equals the search.
    pub fn is(&mut self, text: &str) -> bool {
        self.whole.is_some() && self.words.of(text) == self.whole
    }
}

/// Entities looked at between two checks of the clock.
const CHECK_EVERY: usize = 64;

impl Index {
    /// Raises the scores of what equals the search.
    pub(super) fn raise(
        &self,
        view: View,
        wanted: &mut ComparedTexts,
        found: &mut [Hit],
        equals: &Equals,
        effort: SearchLimits,
    ) -> Result<(), SearchError> {
        let best = found.iter().map(|it| it.score).fold(0.0, f32::max);
        for (no, (at, equal)) in equals.iter().enumerate() {
            if no.is_multiple_of(CHECK_EVERY) && (effort.over)() {
                return Err(SearchError::Over);
            }
            let found = &mut found[*at];
            // The index has the texts of all dates.
            let equal = match view.as_of() {
                None => Some(*equal),
                Some(_) => self.equal(view, wanted, found.entity),
            };
            // A factor of more than one keeps a small score above the best.
            found.score += match equal {
                None => 0.0,
                Some(Equal::Other) => 2.0 * best,
                Some(Equal::Label) => 4.0 * best,
            };
        }
        Ok(())
    }

    /// Which text that holds equals the search.
    fn equal(&self, view: View, wanted: &mut ComparedTexts, entity: EntityNo) -> Option<Equal> {
        let row = view.locate(entity);
        let mut equal = None;
        for property in &self.properties[row.type_id.index()] {
            let mut texts = view.held_of(row, property.no).flat_map(|it| it.0.texts());
            if texts.any(|(_, text)| wanted.is(text)) {
                equal = equal.max(Some(if property.is_label {
                    Equal::Label
                } else {
                    Equal::Other
                }));
            }
        }
        equal
    }
}
