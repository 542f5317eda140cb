//! Words of a text: without regard to case and diacritics, stemmed where the language is known.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use icu_casemap::CaseMapper;
use tantivy::tokenizer::{
    AsciiFoldingFilter, BoxTokenStream, Language, RemoveLongFilter, Stemmer, TextAnalyzer, Token,
    TokenStream, Tokenizer,
};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::diacritics::{is_accent, is_invisible};

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

/// The stem of a word if it is English, of a word as the analyzer makes it without a language.
pub(super) fn english_stem(word: &str) -> String {
    let mut analyzer = analyzer("en");
    let mut stream = analyzer.token_stream(word);
    if stream.advance() {
        std::mem::take(&mut stream.token_mut().text)
    } else {
        word.to_owned()
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

/// The name of the analyzer that makes one word of a whole text. No language has it.
pub(super) const WHOLE: &str = "#whole";

/// Texts with more words, or bytes, are never the whole of a search.
pub(super) const MOST_WORDS: usize = 32;
pub(super) const MOST_BYTES: usize = 1024;

/// Makes one word of a whole text, the same for texts that differ only in case, diacritics and signs: a hash of its words.
#[derive(Clone)]
pub(super) struct Whole {
    words: TextAnalyzer,
    token: Token,
}

impl Default for Whole {
    fn default() -> Self {
        Self {
            words: analyzer(""),
            token: Token::default(),
        }
    }
}

impl Whole {
    /// The word of a text, unless it has no words or is too long.
    pub fn of(&mut self, text: &str) -> Option<String> {
        self.of_all([text])
    }

    /// The word of a text in several parts.
    pub fn of_all<'a>(&mut self, parts: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let mut hash = DefaultHasher::new();
        let mut count = 0;
        let mut bytes = 0;
        for part in parts {
            bytes += part.len();
            if bytes > MOST_BYTES {
                return None;
            }
            let mut stream = self.words.token_stream(part);
            while stream.advance() {
                count += 1;
                stream.token().text.hash(&mut hash);
            }
        }
        (1..=MOST_WORDS)
            .contains(&count)
            .then(|| format!("{:016x}", hash.finish()))
    }
}

impl Tokenizer for Whole {
    type TokenStream<'a> = WholeStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WholeStream<'a> {
        let word = self.of(text);
        self.token.reset();
        self.token.offset_to = text.len();
        WholeStream {
            word,
            token: &mut self.token,
        }
    }
}

pub(super) struct WholeStream<'a> {
    word: Option<String>,
    token: &'a mut Token,
}

impl TokenStream for WholeStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.word.take() else {
            return false;
        };
        self.token.text = word;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The words of a text by an analyzer, each with its place in the text.
pub(super) fn words(analyzer: &mut TextAnalyzer, text: &str) -> Vec<(String, Range<usize>)> {
    let mut words = Vec::new();
    let mut stream: BoxTokenStream = analyzer.token_stream(text);
    stream.process(&mut |token| words.push((token.text.clone(), token.offset_from..token.offset_to)));
    words
}

/// Splits a text into runs of letters and digits; each sign of a script that has no spaces is a word, and an acronym is a
/// word without its dots.
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

/// Marks that Unicode calls letters: the (semi-)voiced sound marks of half-width katakana. All others are combining marks.
const HALF_WIDTH_MARKS: [char; 2] = ['\u{ff9e}', '\u{ff9f}'];

/// Position of the first word of a text.
fn next_word(text: &str) -> Option<Range<usize>> {
    // Some marks count as letters; alone they are no word.
    let is_mark = |it| is_combining_mark(it) || HALF_WIDTH_MARKS.contains(&it);
    let begin = text.find(|it: char| it.is_alphanumeric() && !is_mark(it))?;
    let word = &text[begin..];
    let first = word.chars().next().unwrap_or_default();
    let goes_on =
        |it: char| (it.is_alphanumeric() || is_combining_mark(it) || is_invisible(it)) && !stands_alone(it);
    let length = if stands_alone(first) {
        let marks = word.chars().skip(1).take_while(|it| is_combining_mark(*it));
        first.len_utf8() + marks.map(char::len_utf8).sum::<usize>()
    } else {
        let length = word.find(|it| !goes_on(it)).unwrap_or(word.len());
        acronym(word).map_or(length, |it| it.max(length))
    };
    Some(begin..begin + length)
}

/// Longer acronyms are several words.
const LONGEST_ACRONYM: usize = 16;

/// The length of the acronym that a text begins with: at least two single letters with dots between them, as in `U.S.`
fn acronym(text: &str) -> Option<usize> {
    let mut letters = 0;
    let mut end = 0;
    let mut rest = text.chars().peekable();
    while letters < LONGEST_ACRONYM
        && let Some(letter) = rest.next_if(|it| it.is_alphabetic() && !stands_alone(*it))
    {
        if rest
            .peek()
            .is_some_and(|it| it.is_alphanumeric() || is_combining_mark(*it))
        {
            break;
        }
        letters += 1;
        end += letter.len_utf8();
        if rest.next_if_eq(&'.').is_none() {
            break;
        }
        end += 1;
    }
    (letters >= 2).then_some(end)
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

/// End of the first `words` words of a text that an index can contain.
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
            // Only an acronym has dots.
            token.text.retain(|it| it != '.');
        } else {
            // The case before the accents: a mark below Greek letters is a letter as a capital.
            let case = CaseMapper::new();
            let small = word.nfkd().map(|it| case.simple_fold(it));
            let counts = |it: &char| !is_accent(*it) && !is_invisible(*it) && *it != '.';
            token.text.extend(small.filter(counts));
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
        assert_eq!(plain("Σίσυφος"), plain("ΣΙΣΥΦΟΣ"));
        assert_eq!(plain("\u{1fb3}\u{3b2}"), plain("\u{391}\u{399}\u{392}"));
        assert_eq!(plain("\u{5e9}\u{5b8}\u{5dc}"), ["\u{5e9}\u{5dc}"]);
        assert_eq!(plain("\u{939}\u{93f}\u{928}"), ["\u{939}\u{93f}\u{928}"]);
        assert_eq!(plain("\u{304c}\u{304b}"), plain("\u{304b}\u{3099}\u{304b}"));
        assert_eq!(plain("co\u{ad}operate \u{1d4d0}"), ["cooperate", "a"]);
    }

    #[test]
    fn an_acronym_is_one_word_without_its_dots() {
        assert_eq!(plain("The U.S. and the E.U"), ["the", "us", "and", "the", "eu"]);
        assert_eq!(plain("Washington, D.C."), ["washington", "dc"]);
        assert_eq!(plain("U.S.-based É.U.A.!"), ["us", "based", "eua"]);
        assert_eq!(plain("J.R.R.Tolkien e.g.this"), ["jrr", "tolkien", "eg", "this"]);
        assert_eq!(
            plain("v1.2 1.2 A. b.cd x..y"),
            ["v1", "2", "1", "2", "a", "b", "cd", "x", "y"]
        );
        assert_eq!(
            plain(&"a.".repeat(36)),
            ["a".repeat(16), "a".repeat(16), "a".repeat(4)]
        );
        assert_eq!(words(&mut analyzer(""), "in U.S. law")[1].1, 3..7);
    }

    #[test]
    fn texts_are_the_same_but_for_case_accents_and_signs() {
        let same = |a, b| Whole::of(&mut Whole::default(), a) == Whole::of(&mut Whole::default(), b);
        assert!(same("U.S.", " us "));
        assert!(same("Élan vital!", "elan-vital"));
        assert!(!same("networks", "network"));
        assert!(!same("a bc", "ab c"));
        assert_eq!(Whole::default().of("…"), None);
        assert_eq!(Whole::default().of(&"a ".repeat(33)), None);
    }

    #[test]
    fn a_language_that_is_known_is_stemmed() {
        let words = |language, text| words(&mut analyzer(language), text).remove(0).0;
        assert_eq!(words("en-GB", "networks"), words("en", "network"));
        assert_eq!(words("fr", "Réseaux"), words("fr", "reseaux"));
        assert_ne!(words("", "networks"), words("", "network"));
    }

    #[test]
    fn no_letter_alone_is_an_empty_word() {
        let mut analyzer = analyzer("");
        for letter in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let found = words(&mut analyzer, letter.encode_utf8(&mut [0; 4]));
            assert!(found.iter().all(|(word, _)| !word.is_empty()), "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn every_word_is_within_its_text(text in "\\PC*") {
            for (word, place) in words(&mut analyzer(""), &text) {
                prop_assert!(text.get(place).is_some());
                prop_assert!(!word.is_empty());
            }
        }
    }
}
