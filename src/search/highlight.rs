//! Finds the matches of a search in the texts of an entity.

use tantivy::tokenizer::TextAnalyzer;

use super::exact_match::Equal;
use super::expansions::Variants;
use super::query::{Part, SearchText, distance};
use super::{Index, Matched, SearchError, exact_match, tokens, words_of};
use crate::graph::{EntityNo, View};

/// Pieces of one field's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight {
    /// The schema's field.
    pub field: String,
    /// Fragments of the text as HTML, with matches in `<mark>`.
    pub fragments: Vec<String>,
}

/// Maximum number of fragments per field.
const MOST_FRAGMENTS: usize = 3;
/// Bytes of context before and after a hit.
const AROUND: usize = 60;
/// Maximum number of hits in a piece.
const MOST_HITS: usize = 20;
/// Words of a text between two checks of the clock.
const CHECK_EVERY: usize = 1024;

/// Finds the fragments of texts that match a search. The patterns are prepared once for each language.
pub struct Highlighter<'a> {
    index: &'a Index,
    typed: &'a SearchText,
    whole: exact_match::ComparedTexts,
    by_language: Vec<(String, TextAnalyzer, MarkedWords)>,
}

impl Index {
    /// A highlighter for a search.
    pub fn highlighter<'a>(&'a self, typed: &'a SearchText) -> Highlighter<'a> {
        Highlighter {
            index: self,
            typed,
            whole: exact_match::ComparedTexts::new(typed),
            by_language: Vec::new(),
        }
    }
}

impl Highlighter<'_> {
    /// The pieces of an entity's texts in which the search finds something: at most `MOST_FRAGMENTS` of each property.
    ///
    /// # Errors
    /// When the time is over.
    pub fn highlights(
        &mut self,
        view: View,
        entity: EntityNo,
        over: &dyn Fn() -> bool,
    ) -> Result<Vec<Highlight>, SearchError> {
        let row = view.locate(entity);
        let members = &view.ontology().entity_type(row.type_id).members;
        let mut highlights = Vec::new();
        for property in &self.index.properties[row.type_id.index()] {
            let mut fragments = Vec::new();
            let held = view.held_of(row, property.no);
            for (language, value) in held.flat_map(|it| it.0.texts()) {
                if fragments.len() == MOST_FRAGMENTS {
                    break;
                }
                let (analyzer, wanted) = self.wanted(language);
                wanted.fragments(value, analyzer, over, &mut fragments)?;
            }
            if !fragments.is_empty() {
                highlights.push(Highlight {
                    field: members.property(property.no).name.clone(),
                    fragments,
                });
            }
        }
        Ok(highlights)
    }

    /// The statements that hold and have a word that the search finds: those that equal the search first, a label before
    /// others, then those of the best rank.
    ///
    /// # Errors
    /// When the time is over.
    pub fn matched<'v>(
        &mut self,
        view: View<'v>,
        entity: EntityNo,
        over: &dyn Fn() -> bool,
    ) -> Result<Vec<Matched<'v>>, SearchError> {
        let row = view.locate(entity);
        let mut matched = Vec::new();
        for property in &self.index.properties[row.type_id.index()] {
            for (value, statement) in view.held_of(row, property.no) {
                for (language, text) in value.texts() {
                    let (analyzer, wanted) = self.wanted(language);
                    if wanted.is_in(text, analyzer, over)? {
                        let of_whole = if property.is_label {
                            Equal::Label
                        } else {
                            Equal::Other
                        };
                        matched.push(Matched {
                            property: property.no,
                            value,
                            statement,
                            equal: self.whole.is(text).then_some(of_whole),
                        });
                        break;
                    }
                }
            }
        }
        let statements = view.statements();
        matched.sort_by_key(|it| std::cmp::Reverse((it.equal, statements.rank(it.statement))));
        Ok(matched)
    }

    fn wanted(&mut self, language: &str) -> (&mut TextAnalyzer, &MarkedWords) {
        let known = self.by_language.iter().position(|it| it.0 == language);
        let at = known.unwrap_or_else(|| {
            let mut analyzer = tokens::analyzer(language);
            let wanted = MarkedWords::of(self.typed, &mut analyzer, language);
            self.by_language.push((language.to_owned(), analyzer, wanted));
            self.by_language.len() - 1
        });
        let (_, analyzer, wanted) = &mut self.by_language[at];
        (analyzer, wanted)
    }
}

/// The words that are marked.
struct MarkedWords {
    whole: Vec<String>,
    prefixes: Vec<String>,
    variants: Vec<Variants>,
    fuzzy: bool,
}

impl MarkedWords {
    fn of(typed: &SearchText, analyzer: &mut TextAnalyzer, language: &str) -> Self {
        let mut wanted = Self {
            whole: Vec::new(),
            prefixes: Vec::new(),
            variants: Vec::new(),
            fuzzy: typed.fuzzy,
        };
        for (no, part) in typed.parts.iter().enumerate() {
            let mut words = words_of(part, analyzer);
            wanted.variants.extend(typed.variants_of(no, &words, language));
            if matches!(part, Part::Prefix(_)) {
                wanted.prefixes.extend(words.pop());
            }
            wanted.whole.extend(words);
        }
        wanted
    }

    fn has(&self, word: &str) -> bool {
        let near = |it: &String| {
            let most = usize::from(distance(it));
            // Others are too short or too long to be near.
            let may_be = word.len().abs_diff(it.len()) <= 4 * most;
            self.fuzzy && most > 0 && may_be && strsim::osa_distance(it, word) <= most
        };
        self.whole.iter().any(|it| it == word || near(it))
            || self.prefixes.iter().any(|it| word.starts_with(it.as_str()))
            || self.variants.iter().any(|it| it.accepts(word))
    }

    /// Whether a text has one of the words.
    fn is_in(
        &self,
        text: &str,
        analyzer: &mut TextAnalyzer,
        over: &dyn Fn() -> bool,
    ) -> Result<bool, SearchError> {
        let mut stream = analyzer.token_stream(text);
        let mut looked: usize = 0;
        while stream.advance() {
            looked += 1;
            if looked.is_multiple_of(CHECK_EVERY) && over() {
                return Err(SearchError::Over);
            }
            if self.has(&stream.token().text) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds the pieces of a text until there are enough.
    fn fragments(
        &self,
        value: &str,
        analyzer: &mut TextAnalyzer,
        over: &dyn Fn() -> bool,
        fragments: &mut Vec<String>,
    ) -> Result<(), SearchError> {
        let mut stream = analyzer.token_stream(value);
        let mut hits: Vec<std::ops::Range<usize>> = Vec::new();
        let mut looked: usize = 0;
        while fragments.len() < MOST_FRAGMENTS && stream.advance() {
            looked += 1;
            if looked.is_multiple_of(CHECK_EVERY) && over() {
                return Err(SearchError::Over);
            }
            let token = stream.token();
            if !self.has(&token.text) {
                continue;
            }
            // A fragment extends as long as the next hit is near.
            let goes_on = hits.last().is_none_or(|it| token.offset_from < it.end + AROUND);
            if !goes_on || hits.len() == MOST_HITS {
                fragments.push(fragment(value, &hits));
                hits.clear();
            }
            hits.push(token.offset_from..token.offset_to);
        }
        if !hits.is_empty() && fragments.len() < MOST_FRAGMENTS {
            fragments.push(fragment(value, &hits));
        }
        Ok(())
    }
}

/// A piece of a text around some hits, cut between words.
fn fragment(value: &str, hits: &[std::ops::Range<usize>]) -> String {
    let (Some(first), Some(last)) = (hits.first(), hits.last()) else {
        return String::new();
    };
    let mut begin = first.start.saturating_sub(AROUND);
    if begin > 0 {
        begin = value.ceil_char_boundary(begin);
        begin += value[begin..first.start]
            .find(char::is_whitespace)
            .map_or(0, |it| it + 1);
        begin = value.ceil_char_boundary(begin);
    }
    let mut end = value
        .floor_char_boundary((last.end + AROUND).min(value.len()))
        .max(last.end);
    if end < value.len() {
        end = value[last.end..end]
            .rfind(char::is_whitespace)
            .map_or(end, |it| last.end + it);
    }
    let mut html = String::new();
    if begin > 0 {
        html.push('…');
    }
    let mut at = begin;
    for hit in hits {
        escape(&value[at..hit.start], &mut html);
        html.push_str("<mark>");
        escape(&value[hit.clone()], &mut html);
        html.push_str("</mark>");
        at = hit.end;
    }
    escape(&value[at..end], &mut html);
    if end < value.len() {
        html.push('…');
    }
    html
}

fn escape(text: &str, html: &mut String) {
    html.push_str(&quick_xml::escape::escape(text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(typed: &str, value: &str) -> Vec<String> {
        let mut analyzer = tokens::analyzer("");
        let mut fragments = Vec::new();
        let typed = SearchText::read(typed, true);
        let wanted = MarkedWords::of(&typed, &mut analyzer, "");
        wanted
            .fragments(value, &mut analyzer, &|| false, &mut fragments)
            .unwrap();
        fragments
    }

    #[test]
    fn a_text_of_hits_alone_gives_short_pieces() {
        let fragments = marked("word", &"word ".repeat(10_000));
        assert_eq!(fragments.len(), MOST_FRAGMENTS);
        assert!(fragments.iter().all(|it| it.len() < MOST_HITS * 20 + 2 * AROUND));
    }

    #[test]
    fn looking_at_a_long_text_ends_with_the_time() {
        let typed = SearchText::read("word", false);
        let mut analyzer = tokens::analyzer("");
        let wanted = MarkedWords::of(&typed, &mut analyzer, "");
        let value = "other ".repeat(2 * CHECK_EVERY);
        let ended = wanted.fragments(&value, &mut analyzer, &|| true, &mut Vec::new());
        assert_eq!(ended, Err(SearchError::Over));
    }

    #[test]
    fn what_was_found_is_marked_and_the_rest_escaped() {
        assert_eq!(marked("élan", "a <b> Elan"), ["a &lt;b&gt; <mark>Elan</mark>"]);
        assert_eq!(marked("trafick*", "Stop trafficking"), Vec::<String>::new());
        assert_eq!(
            marked("traffickin", "Stop trafficking"),
            ["Stop <mark>trafficking</mark>"]
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(typed in "\\PC{0,20}", value in "\\PC{0,400}") {
            for fragment in marked(&typed, &value) {
                prop_assert!(fragment.contains("<mark>"));
            }
        }
    }
}
