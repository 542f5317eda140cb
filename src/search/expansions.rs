//! Expansions of a word, for searches whose words are not found as they were typed: other forms of it, and for the last
//! word of a search, longer words with this prefix.
//!
//! Texts without a language are stemmed as English, since schemas and code are. Forms are looked up in the index word by
//! word, in time linear in the words that begin alike.

use std::collections::BTreeSet;

use tantivy::SegmentReader;
use tantivy::schema::Field;

use super::{SearchError, tokens};

/// Shorter words have no expansions.
const SHORTEST: usize = 3;
/// Words have no other forms if these would begin with fewer letters.
const SHORTEST_BEGINNING: usize = 2;
/// Maximum number of expansions of a word in one field: the shortest ones.
const MOST: usize = 64;
/// Words of the index between two checks of the clock.
const CHECK_EVERY: usize = 1024;

/// The expansions of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variants {
    word: String,
    /// The prefix of its other forms, and their stem. A stem can end with another letter than a form of it:
    /// "compani" is that of "company", and "hike" that of "hiking".
    stem: Option<(String, String)>,
    /// Whether longer words count that begin with it.
    is_begun: bool,
}

impl Variants {
    /// The expansions of a word in texts of a language, as produced by the analyzer of the language.
    pub fn of(word: &str, language: &str, is_begun: bool) -> Option<Self> {
        if word.chars().count() < SHORTEST {
            return None;
        }
        let stem = language.is_empty().then(|| {
            let stem = tokens::english_stem(word);
            let same = word.chars().zip(stem.chars()).take_while(|(a, b)| a == b);
            let but_the_last = stem.chars().count().saturating_sub(1);
            let beginning: String = same.map(|it| it.0).take(but_the_last).collect();
            (beginning, stem)
        });
        let is_long = |it: &str| it.chars().count() >= SHORTEST_BEGINNING;
        Some(Self {
            word: word.to_owned(),
            stem: stem.filter(|it| is_long(&it.0)),
            is_begun,
        })
    }

    /// Whether a word of a text is among them.
    pub fn accepts(&self, word: &str) -> bool {
        if self.word == word || self.is_begun && word.starts_with(&self.word) {
            return true;
        }
        let stem = self.stem.as_ref();
        stem.is_some_and(|(beginning, stem)| {
            word.starts_with(beginning.as_str()) && tokens::english_stem(word) == *stem
        })
    }

    /// The words of a field among them, except the word itself, at most `room`.
    pub fn in_field(
        &self,
        field: Field,
        segments: &[SegmentReader],
        room: usize,
        over: &dyn Fn() -> bool,
    ) -> Result<Vec<String>, SearchError> {
        let beginning = self.stem.as_ref().map_or(&self.word, |it| &it.0);
        let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
        let mut looked: usize = 0;
        for segment in segments {
            let index = segment.inverted_index(field)?;
            let range = index.terms().range().ge(beginning.as_bytes());
            let mut words = range.into_stream().map_err(tantivy::TantivyError::from)?;
            while words.advance() {
                looked += 1;
                if looked.is_multiple_of(CHECK_EVERY) && over() {
                    return Err(SearchError::Over);
                }
                let Some(word) = std::str::from_utf8(words.key())
                    .ok()
                    .filter(|it| it.starts_with(beginning.as_str()))
                else {
                    break;
                };
                if word != self.word && self.accepts(word) {
                    found.insert((word.len(), word.to_owned()));
                    if found.len() > MOST.min(room) {
                        found.pop_last();
                    }
                }
            }
        }
        Ok(found.into_iter().map(|it| it.1).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_expands_to_its_forms_and_to_longer_words() {
        let accepts = |word: &str, other: &str, is_begun| {
            Variants::of(word, "", is_begun).is_some_and(|it| it.accepts(other))
        };
        for (word, other) in [
            ("awards", "award"),
            ("award", "awards"),
            ("lobby", "lobbying"),
            ("activities", "activity"),
            ("hotels", "hotel"),
            ("company", "companies"),
            ("party", "parties"),
            ("country", "countries"),
            ("university", "universities"),
            ("try", "tries"),
            ("hike", "hiking"),
            ("write", "writing"),
            ("trade", "trading"),
            ("use", "using"),
        ] {
            assert!(accepts(word, other, false), "{word} {other}");
            assert!(accepts(other, word, false), "{other} {word}");
        }
        assert!(accepts("accor", "accorhotels", true));
        assert!(!accepts("accor", "accorhotels", false));
        assert!(!accepts("contract", "contrary", true));
        assert!(!accepts("ac", "accorhotels", true));
        assert!(!accepts("dying", "die", true));
        assert!(!accepts("try", "trial", false));
    }

    #[test]
    fn texts_with_a_language_are_stemmed_already() {
        let variants = Variants::of("hund", "de", true).unwrap();
        assert!(variants.accepts("hund") && variants.accepts("hundert"));
        assert!(!variants.accepts("hun"));
    }
}
