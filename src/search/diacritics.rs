//! Marks that do not count in a search: accents and points, but not the vowel signs of scripts that write vowels by marks.

/// Whether a character is an accent or a point: a mark of Latin, Greek, Cyrillic, Hebrew, Arabic or Syriac letters, or of
/// symbols. Marks of other scripts are letters of their own: in Devanagari or Thai, most of them are vowels.
pub(super) fn is_accent(letter: char) -> bool {
    matches!(letter,
        // Combining diacritical marks, their extension and their supplement, those for symbols, and half marks.
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}'
        // Cyrillic.
        | '\u{483}'..='\u{489}' | '\u{2de0}'..='\u{2dff}' | '\u{a66f}'..='\u{a672}' | '\u{a674}'..='\u{a67d}'
        | '\u{a69e}'..='\u{a69f}'
        // Hebrew.
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{fb1e}'
        // Arabic and Syriac.
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}'
        | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{711}' | '\u{730}'..='\u{74a}' | '\u{897}'..='\u{89f}'
        | '\u{8ca}'..='\u{8e1}' | '\u{8e3}'..='\u{8ff}' | '\u{10efc}'..='\u{10eff}'
    )
}

/// Whether a character is invisible and says only how its neighbors are shown: joiners, the direction of writing, places
/// where a word may be broken, variants of a glyph.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use unicode_normalization::char::is_combining_mark;

    use super::*;

    #[test]
    fn accents_are_marks_and_vowel_signs_are_not_accents() {
        for letter in ('\0'..=char::MAX).filter(|it| is_accent(*it)) {
            // Positions that Unicode has not assigned yet are between marks.
            let is_mark = is_combining_mark(letter) || !letter.is_alphanumeric();
            assert!(is_mark, "{:x}", u32::from(letter));
        }
        for letter in ["\u{301}", "\u{308}", "\u{5b8}", "\u{64e}", "\u{651}", "\u{486}"] {
            assert!(letter.chars().all(is_accent), "{letter:?}");
        }
        // Vowel signs and others of Devanagari, Bengali, Tamil, Thai, Lao, Khmer and Myanmar; a voiced sound of kana.
        for letter in [
            "\u{93f}", "\u{902}", "\u{94d}", "\u{9bf}", "\u{bcd}", "\u{e34}", "\u{e48}", "\u{eb4}",
            "\u{17b7}", "\u{102d}", "\u{3099}",
        ] {
            assert!(
                letter.chars().all(|it| is_combining_mark(it) && !is_accent(it)),
                "{letter:?}"
            );
        }
    }
}
