//! Texts without regard to case.

use std::borrow::Cow;

use icu_casemap::CaseMapper;

/// A text with full case folding, as Unicode has it: `Straße` and `STRASSE` give the same. Takes time linear in the text.
pub fn folded(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return CaseMapper::new().fold_string(text);
    }
    if text.bytes().any(|it| it.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn capital_letters_are_the_same_as_small_ones() {
        for (a, b) in [
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("ﬃ", "FFI"),
            ("Unicef", "UNICEF"),
        ] {
            assert_eq!(folded(a), folded(b));
        }
        // Which language a text is in is not known, so that this is as for most of them.
        assert_eq!(folded("I"), "i");
    }

    proptest! {
        #[test]
        fn folding_ascii_is_as_folding_anything(text in "[ -~]{0,20}") {
            prop_assert_eq!(folded(&text), CaseMapper::new().fold_string(&text));
        }
    }
}
