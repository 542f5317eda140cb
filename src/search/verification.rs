//! Whether what was found is in the texts that count.
//!
//! The index holds the texts of all statements. If only some of them count, because of a date or because a field shows
//! one of several, the results are tested again: the analyzer tokenizes their texts, in time linear in them. Entities
//! whose texts are single statements without validity are not tested again.

use std::collections::HashMap;

use tantivy::tokenizer::TextAnalyzer;

use super::exact_match::Equal;
use super::query::{Matching, Progress, SearchText};
use super::{Index, SearchError, SearchLimits, tokens, words_of};
use crate::graph::{EntityNo, Row, StatementNo, ValueRef, View};

/// Which texts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Those of all statements that hold.
    Held,
    /// Those that fields show.
    Shown,
}

/// Words between two checks of the clock.
const CHECK_EVERY: usize = 1024;

/// How far each part has come in one field.
type OfField = Vec<Progress>;

/// Looks at entities that were found.
pub(super) struct Held<'i> {
    index: &'i Index,
    counted: Counted,
    /// Only the property of this name.
    property: Option<&'i str>,
    /// All parts have to be found, or any.
    all: bool,
    /// By language, the analyzer and what each part matches.
    languages: HashMap<&'i str, (TextAnalyzer, Vec<Option<Matching>>)>,
    /// Whether any field has words of each part.
    asked: Vec<bool>,
}

impl<'i> Held<'i> {
    /// Prepares to look at what is found of a query.
    pub fn new(
        index: &'i Index,
        typed: &SearchText,
        property: Option<&'i str>,
        (counted, all): (Counted, bool),
    ) -> Self {
        let mut languages = HashMap::new();
        let mut asked = vec![false; typed.parts.len()];
        for field in &index.fields {
            if property.is_some_and(|it| it != field.name) || languages.contains_key(field.language.as_str())
            {
                continue;
            }
            let mut analyzer = tokens::analyzer(&field.language);
            let mut parts = Vec::with_capacity(typed.parts.len());
            for ((no, part), asked) in typed.parts.iter().enumerate().zip(&mut asked) {
                let words = words_of(part, &mut analyzer);
                let matching = Matching::of(typed, no, words, &field.language);
                *asked |= matching.is_some();
                parts.push(matching);
            }
            languages.insert(field.language.as_str(), (analyzer, parts));
        }
        Self {
            index,
            counted,
            property,
            all,
            languages,
            asked,
        }
    }

    /// Whether some texts of an entity may not count, so that it must be tested again.
    fn is_open(&self, view: View, row: Row) -> bool {
        let properties = self.index.properties[row.type_id.index()].iter();
        let at_a_date = view.as_of().is_some();
        properties.into_iter().any(|it| {
            let (has_others, has_validity) = it.varies;
            let may_be = has_validity && at_a_date || has_others && self.counted == Counted::Shown;
            may_be && {
                let mut said = view.each_said(row, it.no);
                let others = self.counted == Counted::Shown && view.each_said(row, it.no).nth(1).is_some();
                others || said.any(|it| !view.holds(it.1))
            }
        })
    }

    /// Whether an entity that was found is found in the texts that count.
    pub fn holds(&mut self, view: View, entity: EntityNo, effort: SearchLimits) -> Result<bool, SearchError> {
        let row = view.locate(entity);
        if !self.is_open(view, row) {
            return Ok(true);
        }
        let index = self.index;
        let members = &view.ontology().entity_type(row.type_id).members;
        let mut found = vec![false; self.asked.len()];
        let mut looked = 0_usize;
        for property in &index.properties[row.type_id.index()] {
            let name = members.property(property.no).name.as_str();
            if self.property.is_some_and(|it| it != name) {
                continue;
            }
            let mut fields: HashMap<&str, OfField> = HashMap::new();
            for value in values(view, row, property.no, self.counted) {
                for (language, text) in value.texts() {
                    let Some((analyzer, parts)) = self.languages.get_mut(language) else {
                        continue;
                    };
                    if !fields.contains_key(language) {
                        let bytes = (fields.len() + 1) * parts.len() * size_of::<Progress>();
                        if bytes > effort.bytes {
                            return Err(SearchError::TooLarge);
                        }
                    }
                    let progress = fields
                        .entry(language)
                        .or_insert_with(|| vec![Progress::default(); parts.len()]);
                    progress.iter_mut().for_each(Progress::begin_text);
                    let mut stream = analyzer.token_stream(text);
                    while stream.advance() {
                        looked += 1;
                        if looked.is_multiple_of(CHECK_EVERY) && (effort.over)() {
                            return Err(SearchError::Over);
                        }
                        let token = stream.token();
                        for (part, progress) in parts.iter().zip(progress.iter_mut()) {
                            if let Some(part) = part {
                                part.take(&token.text, token.position, progress);
                            }
                        }
                    }
                }
            }
            for (language, progress) in &fields {
                let Some((_, parts)) = self.languages.get(language) else {
                    continue;
                };
                for ((part, progress), found) in parts.iter().zip(progress).zip(&mut found) {
                    *found |= part.as_ref().is_some_and(|it| it.is_found(progress));
                }
            }
        }
        let mut asked = self.asked.iter().zip(&found).filter(|(asked, _)| **asked);
        Ok(if self.all {
            asked.all(|(_, found)| *found)
        } else {
            asked.any(|(_, found)| *found)
        })
    }
}

/// The values of a property that count.
fn values(view: View<'_>, row: Row, no: crate::ontology::PropertyNo, counted: Counted) -> Vec<ValueRef<'_>> {
    match counted {
        Counted::Held => view.held_of(row, no).map(|it| it.0).collect(),
        Counted::Shown => view.values(row, no).collect(),
    }
}

/// A statement whose text has a word that was searched for.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'a> {
    /// The property.
    pub property: crate::ontology::PropertyNo,
    /// Its value.
    pub value: ValueRef<'a>,
    /// The statement.
    pub statement: StatementNo,
    /// Whether its text equals the whole search.
    pub(super) equal: Option<Equal>,
}
