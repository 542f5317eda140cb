//! Texts without regard to case and accents, character by character, so that a beginning is known while it is typed.

use std::cmp::Ordering;
use std::ops::Range;

use icu_casemap::CaseMapper;
use smallvec::SmallVec;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

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
/// are left out, as is white space at both ends, and runs of white space are one space.
#[derive(Debug, Clone)]
pub(super) struct Folded<'t> {
    text: &'t str,
    at: usize,
    /// What the last character became, in reverse.
    rest: SmallVec<[char; 4]>,
    from: Range<usize>,
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
            from: at..at,
            was_space: false,
        }
    }

    /// The folded characters alone, up to [`LONGEST`].
    pub fn letters(text: &'t str) -> impl Iterator<Item = char> {
        Self::of(text).map(|it| it.0).take(LONGEST)
    }

    /// Where the text begins that counts.
    pub fn start(&self) -> usize {
        self.at
    }

    fn fold(&mut self, letter: char) {
        let case = CaseMapper::new();
        for part in std::iter::once(letter)
            .nfkd()
            .filter(|it| !is_combining_mark(*it))
        {
            let small = case.simple_fold(part);
            match plain(small) {
                Some(letters) => self.rest.extend(letters.chars()),
                None => self.rest.push(small),
            }
        }
        self.rest.reverse();
    }
}

impl Iterator for Folded<'_> {
    type Item = (char, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(letter) = self.rest.pop() {
                let is_space = letter.is_whitespace();
                if is_space && self.was_space {
                    continue;
                }
                self.was_space = is_space;
                let letter = if is_space { ' ' } else { letter };
                return Some((letter, self.from.clone()));
            }
            let letter = self.text[self.at..].chars().next()?;
            self.from = self.at..self.at + letter.len_utf8();
            self.at = self.from.end;
            if letter.is_ascii() {
                self.rest.push(letter.to_ascii_lowercase());
            } else {
                self.fold(letter);
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

/// The part of a text that some folded characters are, which it begins with. Marks belong to the letter before them.
pub(super) fn matched(text: &str, beginning: &[char]) -> Range<usize> {
    let mut letters = Folded::of(text);
    let start = letters.start();
    let Some((_, from)) = letters.by_ref().take(beginning.len()).last() else {
        return start..start;
    };
    let marks = text[from.end..].chars().take_while(|it| is_combining_mark(*it));
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
        ] {
            assert_eq!(folded(text), expected);
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
            if once.starts_with(|it: char| it.is_alphanumeric()) {
                // A letter at the end may become white space and a mark.
                prop_assert_eq!(folded(&once), once.trim_end());
            }
        }
    }
}
