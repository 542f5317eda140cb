//! Words of a text: without regard to case and diacritics, stemmed where the language is known.

use std::ops::Range;

use tantivy::tokenizer::{
    AsciiFoldingFilter, BoxTokenStream, Language, RemoveLongFilter, Stemmer, TextAnalyzer, Token,
    TokenStream, Tokenizer,
};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words longer than this, in bytes, are not searched for.
const LONGEST: usize = 200;

/// The analyzer of a language, given as a BCP 47 tag; one that is not known, or none, is not stemmed.
pub(super) fn analyzer(language: &str) -> TextAnalyzer {
    let plain = TextAnalyzer::builder(Words::default())
        .filter(RemoveLongFilter::limit(LONGEST))
        .filter(AsciiFoldingFilter);
    match stemmer(language) {
        Some(language) => plain.filter(Stemmer::new(language)).build(),
        None => plain.build(),
    }
}

fn stemmer(tag: &str) -> Option<Language> {
    let primary = tag
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    Some(match primary.as_str() {
        "ar" => Language::Arabic,
        "da" => Language::Danish,
        "nl" => Language::Dutch,
        "en" => Language::English,
        "fi" => Language::Finnish,
        "fr" => Language::French,
        "de" => Language::German,
        "el" => Language::Greek,
        "hu" => Language::Hungarian,
        "it" => Language::Italian,
        "no" | "nb" | "nn" => Language::Norwegian,
        "pt" => Language::Portuguese,
        "ro" => Language::Romanian,
        "ru" => Language::Russian,
        "es" => Language::Spanish,
        "sv" => Language::Swedish,
        "ta" => Language::Tamil,
        "tr" => Language::Turkish,
        _ => return None,
    })
}

/// The words of a text by an analyzer, each with its place in the text.
pub(super) fn words(analyzer: &mut TextAnalyzer, text: &str) -> Vec<(String, Range<usize>)> {
    let mut words = Vec::new();
    let mut stream: BoxTokenStream = analyzer.token_stream(text);
    stream.process(&mut |token| words.push((token.text.clone(), token.offset_from..token.offset_to)));
    words
}

/// Splits a text into runs of letters and digits; each sign of a script that has no spaces is a word.
#[derive(Debug, Clone, Default)]
struct Words {
    token: Token,
}

struct WordStream<'a> {
    text: &'a str,
    at: usize,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream {
            text,
            at: 0,
            token: &mut self.token,
        }
    }
}

/// Whether a sign is of a script that is written without spaces.
fn stands_alone(sign: char) -> bool {
    matches!(u32::from(sign), 0x2e80..=0x2fdf | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// Where the first word of a text is.
fn next_word(text: &str) -> Option<Range<usize>> {
    // Some marks count as letters; alone they are no word.
    let begin = text.find(|it: char| it.is_alphanumeric() && !is_combining_mark(it))?;
    let word = &text[begin..];
    let first = word.chars().next().unwrap_or_default();
    let goes_on = |it: char| (it.is_alphanumeric() || is_combining_mark(it)) && !stands_alone(it);
    let length = if stands_alone(first) {
        first.len_utf8()
    } else {
        word.find(|it| !goes_on(it)).unwrap_or(word.len())
    };
    Some(begin..begin + length)
}

/// The places of the words of a text, before any analyzer looks at them.
fn places(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let place = next_word(&text[at..])?;
        let place = at + place.start..at + place.end;
        at = place.end;
        Some(place)
    })
}

/// The places of the runs of letters and digits in a text. A run in a script without spaces is several words.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut places = places(text).peekable();
    std::iter::from_fn(move || {
        let mut run = places.next()?;
        while let Some(next) = places.next_if(|it| it.start == run.end) {
            run.end = next.end;
        }
        Some(run)
    })
}

/// How many words a text has.
pub(super) fn count(text: &str) -> usize {
    places(text).count()
}

/// How many words of a text can be in an index, and how many are too long for that.
pub(super) fn count_searched(text: &str) -> (usize, usize) {
    let too_long = places(text).filter(|it| it.len() >= LONGEST).count();
    (count(text) - too_long, too_long)
}

/// Where the first `words` words of a text that can be in an index end.
pub(super) fn end_of(text: &str, words: usize) -> usize {
    let searched = places(text).filter(|it| it.len() < LONGEST);
    searched.take(words).last().map_or(0, |it| it.end)
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(place) = next_word(rest) else {
            return false;
        };
        let word = &rest[place.clone()];
        let token = &mut *self.token;
        token.offset_from = self.at + place.start;
        token.offset_to = self.at + place.end;
        token.position = token.position.wrapping_add(1);
        token.text.clear();
        if word.is_ascii() {
            token.text.push_str(word);
            token.text.make_ascii_lowercase();
        } else {
            // Lower case first: some capitals become two signs by it, one of them a mark.
            let lower = word.to_lowercase();
            token
                .text
                .extend(lower.nfkd().filter(|it| !is_combining_mark(*it)));
        }
        self.at = token.offset_to;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> Vec<String> {
        words(&mut analyzer(""), text)
            .into_iter()
            .map(|it| it.0)
            .collect()
    }

    #[test]
    fn case_and_diacritics_do_not_matter() {
        assert_eq!(plain("Élan vital, ÅNGSTRÖM"), ["elan", "vital", "angstrom"]);
        assert_eq!(plain("e\u{301}lan"), ["elan"]);
        assert_eq!(plain("Straße Łódź"), ["strasse", "lodz"]);
        assert_eq!(plain("Αθήνα"), plain("ΑΘΗΝΑ"));
        assert_eq!(plain("東京 2020"), ["東", "京", "2020"]);
        assert_eq!(plain("İstanbul"), ["istanbul"]);
    }

    #[test]
    fn a_language_that_is_known_is_stemmed() {
        let words = |language, text| words(&mut analyzer(language), text).remove(0).0;
        assert_eq!(words("en-GB", "networks"), words("en", "network"));
        assert_eq!(words("fr", "Réseaux"), words("fr", "reseaux"));
        assert_ne!(words("", "networks"), words("", "network"));
    }

    proptest! {
        #[test]
        fn every_word_lies_in_its_text(text in "\\PC*") {
            for (word, place) in words(&mut analyzer(""), &text) {
                prop_assert!(text.get(place).is_some());
                prop_assert!(!word.is_empty());
            }
        }
    }
}
