//! The structure of a source, and whether a locator exists in it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One section as the data says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    section: String,
    #[serde(default)]
    #[allow(dead_code, reason = "the title is for readers of the data and of the API")]
    title: Option<String>,
    /// How many sentences each paragraph has.
    paragraphs: Vec<u32>,
}

/// The sections of a source with the numbers of sentences of their paragraphs.
#[derive(Debug, Default)]
pub(super) struct Structure {
    sections: BTreeMap<String, Vec<u32>>,
}

impl Structure {
    /// Reads the value of a source's `structure`.
    pub fn parse(json: &str) -> Result<Self, String> {
        let sections: Vec<Section> = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut structure = Self::default();
        for section in sections {
            if structure
                .sections
                .insert(section.section.clone(), section.paragraphs)
                .is_some()
            {
                return Err(format!("the section \"{}\" stands twice", section.section));
            }
        }
        Ok(structure)
    }

    /// Whether `section`, `section/paragraph`, `section/paragraph/sentence` or
    /// `section/paragraph/first-last` exists; else what would.
    pub fn check(&self, locator: &str) -> Result<(), String> {
        let mut parts = locator.split('/');
        let section = parts.next().unwrap_or_default();
        let Some(paragraphs) = self.sections.get(section) else {
            let names = self.sections.keys().map(String::as_str);
            return Err(crate::report::did_you_mean(section, names, || {
                let names: Vec<&str> = self.sections.keys().map(String::as_str).collect();
                format!("its sections are {}", crate::report::quoted_list(&names, "and"))
            }));
        };
        let Some(paragraph) = parts.next() else {
            return Ok(());
        };
        let sentences = number(paragraph)
            .and_then(|no| paragraphs.get(no as usize - 1))
            .ok_or_else(|| {
                format!(
                    "the section \"{section}\" has paragraphs 1 to {}",
                    paragraphs.len()
                )
            })?;
        let Some(sentence) = parts.next() else {
            return Ok(());
        };
        let (first, last) = sentence.split_once('-').unwrap_or((sentence, sentence));
        let sound = match (number(first), number(last), parts.next()) {
            (Some(first), Some(last), None) => first <= last && last <= *sentences,
            _ => false,
        };
        if sound {
            Ok(())
        } else {
            Err(format!(
                "the paragraph {section}/{paragraph} has sentences 1 to {sentences}"
            ))
        }
    }
}

/// A number from 1.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|it| *it > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_exists_is_a_place() {
        let structure = Structure::parse(r#"[{"section":"history","paragraphs":[4,1]}]"#).unwrap();
        for locator in ["history", "history/2", "history/1/4", "history/1/2-4"] {
            assert_eq!(structure.check(locator), Ok(()), "{locator}");
        }
        for locator in [
            "histroy",
            "history/3",
            "history/0",
            "history/2/2",
            "history/1/3-5",
            "history/1/2/1",
            "",
        ] {
            assert!(structure.check(locator).is_err(), "{locator}");
        }
    }
}
