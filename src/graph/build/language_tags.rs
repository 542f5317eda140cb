//! Language tags that are valid in BCP 47 but that clients do not use.

use std::collections::HashSet;

use icu_locale::{LanguageIdentifier, Locale, LocaleCanonicalizer, TransformResult};

use super::MOST_SHOWN;
use crate::facts::{Batch, Item, Span, Value, key_meant};
use crate::ontology::{Property, Scalar};
use crate::report::{Code, Report, shown};

/// Languages that CLDR replaces by the macrolanguage that is usually meant. Their tags are registered.
const REGISTERED: [&str; 30] = [
    "als", "arb", "azj", "cmn", "cwd", "ekk", "esk", "fat", "fuc", "gug", "ike", "khk", "kmr", "knc", "kng",
    "lvs", "npi", "ojg", "ory", "pbu", "pes", "plt", "quz", "src", "swh", "tzm", "uzn", "ydd", "zlm", "zsm",
];

/// The language tags of a part, and warnings about them, grouped by their subject.
#[derive(Default)]
pub(super) struct Tags<'b> {
    seen: HashSet<&'b str>,
    pub found: Vec<(String, Report)>,
}

impl<'b> Tags<'b> {
    /// Checks the tags of a value if it is a text in several languages.
    pub fn see(&mut self, batch: &'b Batch, property: &Property, item: &Item) {
        if property.scalar != Scalar::Text {
            return;
        }
        let Value::Map(entries) = &item.value else {
            return;
        };
        for entry in entries {
            let tag = batch.text(entry.key);
            if self.found.len() < MOST_SHOWN
                && self.seen.insert(tag)
                && key_meant(tag).is_none()
                // Text that is no tag at all is an error.
                && oxilangtag::LanguageTag::parse(tag).is_ok()
                && let Some(hint) = meant(tag)
            {
                let report = warning(batch, tag, entry.key_at, &hint);
                self.found.push((format!("language {tag}"), report));
            }
        }
    }
}

fn warning(batch: &Batch, tag: &str, at: Span, hint: &str) -> Report {
    let message = format!("the language tag \"{}\" is not registered", shown(tag));
    Report::new(Code::LANGUAGE_TAG, message)
        .at(batch.place(at).detached(), "here")
        .hint(format!(
            "{hint}; clients that ask for a language name its registered tag"
        ))
}

/// A suggestion for a tag whose language or region is not registered.
fn meant(tag: &str) -> Option<String> {
    let language = tag.split('-').next()?.to_ascii_lowercase();
    // Subtags of these lengths are reserved, and none is registered.
    if (4..=8).contains(&language.len()) && language.bytes().all(|it| it.is_ascii_alphabetic()) {
        return Some("languages have two or three letters, such as en or gsw".to_owned());
    }
    let written: LanguageIdentifier = tag.parse().ok()?;
    let is_long = language.len() == 3 && !REGISTERED.contains(&language.as_str());
    let is_britain = written.region.is_some_and(|it| it.as_str() == "UK");
    if !is_long && !is_britain {
        return None;
    }
    let mut canonical = Locale::from(written);
    let changed = LocaleCanonicalizer::new_common().canonicalize(&mut canonical);
    let is_shorter = canonical.id.language.as_str().len() == 2;
    (changed == TransformResult::Modified && (is_shorter || is_britain)).then(|| format!("write {canonical}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_has_no_warning() {
        for tag in [
            "",
            "en",
            "de",
            "pt-BR",
            "zh-Hant",
            "gsw",
            "cmn",
            "arb",
            "nb",
            "no",
            "x-own",
            "i-klingon",
            "en-GB",
            "und",
            "mul",
        ] {
            assert_eq!(meant(tag), None, "{tag}");
        }
        for (tag, right) in [
            ("deu", "de"),
            ("ger", "de"),
            ("eng-GB", "en-GB"),
            ("FRA", "fr"),
            ("en-UK", "en-GB"),
            ("zho-Hant", "zh-Hant"),
        ] {
            assert_eq!(meant(tag).as_deref(), Some(&*format!("write {right}")), "{tag}");
        }
        assert!(meant("english").is_some_and(|it| it.contains("two or three letters")));
    }
}
