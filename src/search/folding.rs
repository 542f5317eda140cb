//! Texts without regard to case and accents, character by character, so that a beginning is known while it is typed.

use std::cmp::Ordering;
use std::ops::Range;

use icu_casemap::CaseMapper;
use smallvec::SmallVec;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use super::diacritics::{is_accent, is_invisible};

/// Maximum number of folded characters by which texts are compared.
pub(super) const LONGEST: usize = 256;

/// Letters that Unicode does not decompose, and signs that are typed in several ways.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ŧ' => "t",
        '‘' | '’' | 'ʼ' | 'ʻ' | '′' => "'",
        '“' | '”' => "\"",
        '‐' | '–' | '—' | '−' => "-",
        _ => return None,
    })
}

/// The folded characters of a text, each with the place in the text that it comes from. Signs before the first letter or digit
/// are left out, as are accents, invisible characters and white space at both ends. Runs of white space are one space.
///
/// Texts that are equal for Unicode, or differ only in case, have the same characters.
#[derive(Debug, Clone)]
pub(super) struct Folded<'t> {
    text: &'t str,
    at: usize,
    /// The folded form of the last character and its marks, in reverse, each with the end of its part.
    rest: SmallVec<[(char, usize); 4]>,
    /// Start of this part.
    from: usize,
    was_space: bool,
}

impl<'t> Folded<'t> {
    pub fn of(text: &'t str) -> Self {
        Self::begun(text.trim_end())
    }

    /// The same for a text that may continue: white space at its end counts, as it ends a word.
    pub fn begun(text: &'t str) -> Self {
        let is_begin = |it: char| it.is_alphanumeric() && !is_combining_mark(it);
        // A name that has no letter keeps its signs.
        let at = text
            .find(is_begin)
            .unwrap_or_else(|| text.len() - text.trim_start().len());
        Self {
            text,
            at,
            rest: SmallVec::new(),
            from: at,
            was_space: false,
        }
    }

    /// The folded characters alone, up to [`LONGEST`].
    pub fn letters(text: &'t str) -> impl Iterator<Item = char> {
        Self::of(text).map(|it| it.0).take(LONGEST)
    }

    /// Start of the text that counts.
    pub fn start(&self) -> usize {
        self.at
    }

    /// Folds the character that ends at `end`, and its marks.
    fn fold(&mut self, end: usize) {
        let case = CaseMapper::new();
        for part in self.text[self.from..self.at].nfkd() {
            let end = if canonical_combining_class(part) == 0 {
                end
            } else {
                self.at
            };
            // The case first: a mark below Greek letters is a letter as a capital.
            let small = case.simple_fold(part);
            if is_accent(small) || is_invisible(small) {
                continue;
            }
            match plain(small) {
                Some(letters) => self.rest.extend(letters.chars().map(|it| (it, end))),
                None => self.rest.push((small, end)),
            }
        }
        self.rest.reverse();
    }
}

/// The length of the marks at the beginning of a text whose order does not matter.
fn marks(text: &str) -> usize {
    let is_mark = |it: &char| canonical_combining_class(*it) != 0;
    text.chars().take_while(is_mark).map(char::len_utf8).sum()
}

impl Iterator for Folded<'_> {
    type Item = (char, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((letter, end)) = self.rest.pop() {
                let is_space = letter.is_whitespace();
                if is_space && self.was_space {
                    continue;
                }
                self.was_space = is_space;
                let letter = if is_space { ' ' } else { letter };
                return Some((letter, self.from..end));
            }
            let letter = self.text[self.at..].chars().next()?;
            self.from = self.at;
            let end = self.at + letter.len_utf8();
            self.at = end;
            if letter.is_ascii() && self.text.as_bytes().get(self.at).is_none_or(u8::is_ascii) {
                self.rest.push((letter.to_ascii_lowercase(), end));
            } else {
                self.at += marks(&self.text[end..]);
                self.fold(end);
            }
        }
    }
}

/// How the beginning of a text compares with folded characters: equal if it begins with them.
pub(super) fn compare_beginning(text: &str, beginning: &[char]) -> Ordering {
    let mut letters = Folded::letters(text);
    for expected in beginning {
        match letters.next() {
            None => return Ordering::Less,
            Some(letter) if letter != *expected => return letter.cmp(expected),
            Some(_) => {}
        }
    }
    Ordering::Equal
}

/// How two texts compare.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    Folded::letters(a).cmp(Folded::letters(b))
}

/// The part of a text that some folded characters are, which it begins with. Accents belong to the letter before them.
pub(super) fn matched(text: &str, beginning: &[char]) -> Range<usize> {
    let mut letters = Folded::of(text);
    let start = letters.start();
    let Some((_, from)) = letters.by_ref().take(beginning.len()).last() else {
        return start..start;
    };
    let marks = text[from.end..].chars().take_while(|it| is_accent(*it));
    start..from.end + marks.map(char::len_utf8).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        Folded::letters(text).collect()
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        for (text, expected) in [
            ("Élan VITAL", "elan vital"),
            ("e\u{301}lan", "elan"),
            ("Łódź  Straße", "lodz strasse"),
            ("«Ærø»", "aero»"),
            ("Σίσυφος", "σισυφοσ"),
            ("İstanbul", "istanbul"),
            ("O’Brien – ﬁne", "o'brien - fine"),
            ("ℌello ①", "hello 1"),
            ("東京", "東京"),
            ("!!!", "!!!"),
            ("  a\t\n b", "a b"),
            ("a b \t", "a b"),
            (" !! ", "!!"),
            ("  ", ""),
            ("", ""),
            ("\u{301}", ""),
            // The iota below a letter is one beside a capital.
            ("\u{1fb3}\u{3b2}", "\u{3b1}\u{3b9}\u{3b2}"),
            ("\u{1fbc}\u{3b2}", "\u{3b1}\u{3b9}\u{3b2}"),
            ("\u{391}\u{399}\u{392}", "\u{3b1}\u{3b9}\u{3b2}"),
            // Points of Hebrew and Arabic are left out, vowel signs of Devanagari and Thai are not.
            ("\u{5e9}\u{5b8}\u{5c1}\u{5dc}", "\u{5e9}\u{5dc}"),
            ("\u{639}\u{64e}\u{631}", "\u{639}\u{631}"),
            (
                "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}",
                "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}",
            ),
            ("\u{e01}\u{e33}", "\u{e01}\u{e4d}\u{e32}"),
            ("\u{958}", "\u{915}\u{93c}"),
            ("\u{200f}\u{5e9}\u{200e}\u{5dc}\u{200f}", "\u{5e9}\u{5dc}"),
            ("co\u{ad}operate", "cooperate"),
        ] {
            assert_eq!(folded(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_order_of_marks_does_not_matter() {
        // A vowel below and a tone above, in the order of Unicode and in the other.
        let [ordered, other] = ["\u{e01}\u{e38}\u{e48}", "\u{e01}\u{e48}\u{e38}"];
        assert_eq!(folded(ordered), folded(other));
        assert_eq!(folded(ordered), ordered);
        let beginning: Vec<char> = Folded::letters("\u{e01}\u{e38}").collect();
        assert_eq!(matched(other, &beginning), 0..other.len());
    }

    #[test]
    fn a_letter_and_its_other_cases_are_the_same() {
        // All but ideographs and syllables of Hangul and Tangut, which have no case.
        let letters = ('\u{80}'..'\u{3400}').chain('\u{a000}'..'\u{ac00}');
        let letters = letters
            .chain('\u{f900}'..'\u{17000}')
            .chain('\u{1d000}'..'\u{20000}');
        for letter in letters {
            let own = format!("a{letter}a");
            let expected = folded(&own);
            for other in [
                own.to_lowercase(),
                own.to_uppercase(),
                crate::condition::folded(&own).into_owned(),
                own.nfc().collect(),
                own.nfd().collect(),
            ] {
                assert_eq!(folded(&other), expected, "{own:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_matched_part_is_that_of_the_text() {
        for (text, typed, expected) in [
            ("Straße", "stras", "Straß"),
            ("«Élan» vital", "elan", "Élan"),
            ("e\u{301}lan", "e", "e\u{301}"),
            ("한국", "하", "한"),
            ("Ann", "", ""),
            // A vowel sign that is not typed is not part of it, an accent is.
            ("\u{939}\u{93f}\u{928}", "\u{939}", "\u{939}"),
            ("\u{5e9}\u{5c1}\u{5dc}", "\u{5e9}", "\u{5e9}\u{5c1}"),
            ("\u{1fb3}\u{3b2}", "\u{3b1}", "\u{1fb3}"),
        ] {
            let beginning: Vec<char> = Folded::letters(typed).collect();
            assert_eq!(&text[matched(text, &beginning)], expected, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn a_text_begins_with_each_of_its_beginnings(text in "\\PC{0,20}", length in 0..24_usize) {
            let beginning: Vec<char> = Folded::letters(&text).take(length).collect();
            prop_assert_eq!(compare_beginning(&text, &beginning), Ordering::Equal);
            let part = matched(&text, &beginning);
            prop_assert!(text.get(part).is_some());
        }

        #[test]
        fn beginnings_compare_as_texts_do(text in "[a-cA-Cé ]{0,6}", other in "[a-cA-Cé ]{0,4}") {
            let beginning: Vec<char> = Folded::letters(&other).collect();
            let ordering = compare_beginning(&text, &beginning);
            if ordering == Ordering::Equal {
                prop_assert!(folded(&text).starts_with(&folded(&other)));
            } else {
                prop_assert_eq!(ordering, compare(&text, &other));
            }
        }

        #[test]
        fn folding_again_changes_nothing(text in "[\\p{L}\\p{N}][\\p{L}\\p{N} ]{0,12}") {
            let once = folded(&text);
            if once.starts_with(|it: char| it.is_alphanumeric() && !is_combining_mark(it)) {
                // A letter at the end may become white space and a mark.
                prop_assert_eq!(folded(&once), once.trim_end());
            }
        }
    }
}
