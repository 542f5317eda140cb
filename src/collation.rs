//! The order of texts in a language, by the Unicode Collation Algorithm with the tailorings of CLDR.

use std::cmp::Ordering;
use std::fmt;

use icu_collator::options::CollatorOptions;
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_locale::extensions::unicode::key;
use icu_locale::{Locale, LocaleCanonicalizer, LocaleExpander, TransformResult};

/// Bytes of a text that are compared: the time of a comparison must have a bound.
const COMPARED: usize = 1024;

/// The longest tag. Longer ones are no language that anybody writes.
const LONGEST_TAG: usize = 100;

/// A language by whose rules texts are ordered.
#[derive(Clone)]
pub struct Collation {
    tag: Box<str>,
    preferences: CollatorPreferences,
}

/// Why a tag names no collation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CollationError {
    /// Not of the form of a tag.
    #[error("is not a language tag (BCP 47)")]
    Form,
    /// CLDR does not know the language.
    #[error("is not a language that CLDR knows")]
    Language,
    /// It asks for more than an order.
    #[error("has an extension other than `-u-co-`, `-u-kn` and `-u-kf-`, or a value that it does not have")]
    Extension,
}

impl Collation {
    /// The collation of a BCP 47 tag, such as `sv` or `de-u-co-phonebk`. Capital and small letters are the same.
    ///
    /// # Errors
    /// When there is no such language, or its tag asks for something else.
    pub fn of(tag: &str) -> Result<Self, CollationError> {
        if tag.len() > LONGEST_TAG {
            return Err(CollationError::Form);
        }
        let mut locale = Locale::try_from_str(tag).map_err(|_| CollationError::Form)?;
        LocaleCanonicalizer::new_common().canonicalize(&mut locale);
        let mut likely = locale.id.clone();
        likely.script = None;
        likely.region = None;
        let is_known = locale.id.language.is_unknown()
            || LocaleExpander::new_extended().maximize(&mut likely) == TransformResult::Modified;
        if !is_known {
            return Err(CollationError::Language);
        }
        let preferences = CollatorPreferences::from(&locale);
        let extensions = &locale.extensions;
        let keywords = &extensions.unicode.keywords;
        let has = |known: bool, is_read: bool| !known || is_read;
        let are_read = has(
            keywords.contains_key(&key!("co")),
            preferences.collation_type.is_some(),
        ) && has(
            keywords.contains_key(&key!("kn")),
            preferences.numeric_ordering.is_some(),
        ) && has(
            keywords.contains_key(&key!("kf")),
            preferences.case_first.is_some(),
        );
        let is_other = |it| ![key!("co"), key!("kn"), key!("kf")].contains(it);
        let has_other = keywords.iter().any(|(it, _)| is_other(it))
            || !extensions.unicode.attributes.is_empty()
            || !extensions.transform.is_empty()
            || !extensions.private.is_empty()
            || !extensions.other.is_empty();
        if !are_read || has_other {
            return Err(CollationError::Extension);
        }
        Ok(Self {
            tag: locale.to_string().into(),
            preferences,
        })
    }

    /// The tag in its canonical form.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// A collator that compares texts. Creating it takes a few microseconds.
    pub fn collator(&self) -> Collator {
        let collator = CollatorBorrowed::try_new(self.preferences, CollatorOptions::default());
        Collator(collator.ok())
    }
}

impl fmt::Debug for Collation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Collation").field(&self.tag).finish()
    }
}

/// Compares texts.
// The data are compiled in, so there always is one; without it, texts would be in the order of their code points.
pub struct Collator(Option<CollatorBorrowed<'static>>);

impl Collator {
    /// The order of two texts, by their first 1,024 bytes. Texts that the language does not tell apart are equal.
    pub fn compare(&self, a: &str, b: &str) -> Ordering {
        let cut = |text: &str| text.floor_char_boundary(COMPARED.min(text.len()));
        let (a, b) = (&a[..cut(a)], &b[..cut(b)]);
        match &self.0 {
            Some(collator) => collator.compare(a, b),
            None => a.cmp(b),
        }
    }

    /// The order of a text and another of which only the beginning is known; equal where that does not decide it.
    pub fn compare_beginning(&self, text: &str, beginning: &str) -> Ordering {
        // Letters at the cut may belong to one that is ordered otherwise, such as the `ch` of Slovak: words are whole.
        let end = beginning.rfind(' ').map_or(beginning.len(), |it| it + 1);
        let least = &beginning[..end];
        // CLDR orders this character after all others.
        let greatest = format!("{least}\u{ffff}");
        if self.compare(text, least) == Ordering::Less {
            Ordering::Less
        } else if self.compare(text, &greatest) == Ordering::Greater {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted(tag: &str, words: &str) -> String {
        let collator = Collation::of(tag).unwrap().collator();
        let mut words: Vec<&str> = words.split(' ').collect();
        // From any order.
        words.sort_unstable();
        words.sort_by(|a, b| collator.compare(a, b));
        words.join(" ")
    }

    /// Orders that dictionaries of these languages have, and CLDR's charts.
    #[test]
    fn words_are_in_the_order_of_their_language() {
        for (tag, words) in [
            // Accents count after letters, small before capital.
            ("en", "cote coté côte côté Zoe Zoë"),
            ("fr", "cote coté côte côté été œuf zéro"),
            // In Canada the last accent counts first.
            ("fr-CA", "cote côte coté côté"),
            ("de", "Arg Ärger Ast Ofen öffnen Öl Strasse Straße Zar"),
            ("de-u-co-phonebk", "Ad Ära Af öffnen Öl Of Ofen Zar"),
            ("sv", "Andersson Zorn Åberg Ärlig Öberg"),
            ("sv", "vad wad yta över"),
            ("da", "Andersen Zimmer Æble Ørsted Ågård"),
            ("nb", "Berg Zimmer Ærlig Østby Ås"),
            ("es", "nube nunca ñandú ñoño oso"),
            ("es-u-co-trad", "cuna chico dado luz llave mano"),
            ("cs", "cena čas dům had chata ikona řeka"),
            ("sk", "cena čas hora chlieb ihla"),
            ("hu", "cukor család dió"),
            ("pl", "las Lech łan źle że"),
            ("lt", "inka ypač jonas"),
            ("et", "sild šokk zebra žanr tool"),
            ("tr", "ılık irmak ocak öfke"),
            ("hr", "cesta čaj ćud dan džep đak"),
            ("ru", "ёлка жук"),
            ("en-u-kn", "item2 item10 item100"),
            ("en", "item10 item100 item2"),
            ("en-u-kf-upper", "A a B b"),
            ("und", "a A á b"),
        ] {
            let mut shuffled: Vec<&str> = words.split(' ').collect();
            shuffled.reverse();
            assert_eq!(sorted(tag, &shuffled.join(" ")), words, "{tag}");
        }
    }

    #[test]
    fn a_tag_is_canonical_or_refused() {
        for (tag, canonical) in [
            ("fr", "fr"),
            ("FR", "fr"),
            ("deu", "de"),
            ("sv-FI", "sv-FI"),
            ("de-u-co-phonebk", "de-u-co-phonebk"),
            ("DE-AT-u-kn", "de-AT-u-kn"),
            ("und", "und"),
            ("gsw", "gsw"),
            ("zh-Hant", "zh-Hant"),
        ] {
            assert_eq!(Collation::of(tag).unwrap().tag(), canonical, "{tag}");
        }
        for (tag, error) in [
            ("", CollationError::Form),
            ("french words", CollationError::Form),
            ("f", CollationError::Form),
            ("fr_FR", CollationError::Form),
            ("fr_FR.UTF-8", CollationError::Form),
            ("xx", CollationError::Language),
            ("english", CollationError::Form),
            ("qqq", CollationError::Language),
            ("fr-u-co-nonsense", CollationError::Extension),
            ("fr-u-ca-buddhist", CollationError::Extension),
            ("fr-u-ks-level1", CollationError::Extension),
            ("fr-x-own", CollationError::Extension),
            ("fr-t-en", CollationError::Extension),
        ] {
            assert_eq!(Collation::of(tag).map(|it| it.tag).unwrap_err(), error, "{tag}");
        }
        assert_eq!(
            Collation::of(&"a-".repeat(200)).map(|it| it.tag),
            Err(CollationError::Form)
        );
    }

    #[test]
    fn a_comparison_ends_after_a_part_of_a_long_text() {
        let collator = Collation::of("fr").unwrap().collator();
        let long = "é".repeat(1_000_000);
        assert_eq!(collator.compare(&long, &format!("{long}a")), Ordering::Equal);
        assert_eq!(collator.compare(&long, "z"), Ordering::Less);
    }

    proptest! {
        #[test]
        fn a_beginning_decides_only_what_the_whole_text_does(
            tag in prop::sample::select(vec!["fr", "fr-CA", "sv", "cs", "de-u-co-phonebk", "ja", "th"]),
            text in "[aAbcChéäåzñœß ]{0,12}",
            whole in "[aAbcChéäåzñœß ]{1,12}",
            cut in 0_usize..12,
        ) {
            let collator = Collation::of(tag).unwrap().collator();
            let end = whole.char_indices().nth(cut).map_or(whole.len(), |it| it.0);
            // A cut within a word may split letters that belong together.
            let end = whole[..end].rfind(' ').map_or(0, |it| it + 1);
            let decided = collator.compare_beginning(&text, &whole[..end]);
            if decided != Ordering::Equal {
                prop_assert_eq!(decided, collator.compare(&text, &whole), "{} {:?} {:?}", tag, text, &whole[..end]);
            }
            prop_assert_eq!(collator.compare_beginning(&whole, &whole[..end]), Ordering::Equal);
        }

        #[test]
        fn no_tag_panics(tag in "\\PC{0,40}", like in "[a-z]{2,8}(-[a-zA-Z0-9]{1,8}){0,4}") {
            let _ = (Collation::of(&tag), Collation::of(&like));
        }
    }
}
