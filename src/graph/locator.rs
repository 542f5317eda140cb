//! The structure of a source, and whether a locator exists in it.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::report::{did_you_mean, shown, shown_as};

/// The sections of a source with the numbers of sentences of their paragraphs.
#[derive(Debug, Default)]
pub(super) struct Structure {
    sections: BTreeMap<String, Vec<u32>>,
    /// The names of the sections in their order.
    order: Vec<String>,
}

impl Structure {
    /// Reads the value of a source's `structure`.
    ///
    /// # Errors
    /// The message, and the expected form.
    pub fn parse(json: &str) -> Result<Self, StructureError> {
        let value = serde_json::from_str(json).map_err(|_| StructureError::new("it is not JSON", FORM))?;
        let Value::Array(sections) = value else {
            return Err(StructureError::new(format!("it is {}", kind(&value)), FORM));
        };
        let mut structure = Self::default();
        for section in &sections {
            let (name, paragraphs) = read_section(section)?;
            if structure.sections.contains_key(&name) {
                let why = format!("the section \"{name}\" is there twice");
                return Err(StructureError::new(
                    why,
                    "put all paragraphs of a section into one list",
                ));
            }
            structure.order.push(name.clone());
            structure.sections.insert(name, paragraphs);
        }
        Ok(structure)
    }

    /// The places of its sections by their names.
    pub fn places(self) -> HashMap<String, usize> {
        let order = self.order.into_iter().enumerate();
        order.map(|(place, name)| (name, place)).collect()
    }

    /// Whether the section of a locator exists.
    pub fn has_section(&self, locator: &str) -> bool {
        self.sections
            .contains_key(locator.split('/').next().unwrap_or_default())
    }

    /// Checks that `section`, `section/paragraph`, `section/paragraph/sentence` or `section/paragraph/first-last`
    /// exists. If not, returns the places that do.
    pub fn check(&self, locator: &str) -> Result<(), String> {
        let mut parts = locator.split('/');
        let section = parts.next().unwrap_or_default();
        let Some(paragraphs) = self.sections.get(section) else {
            let names = self.sections.keys().map(String::as_str);
            return Err(did_you_mean(section, names, || {
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
                let count = paragraphs.len();
                match count {
                    0 => format!("the section \"{section}\" has no paragraphs: cite {section}"),
                    1 => format!("the section \"{section}\" has one paragraph: {section}/1"),
                    _ => format!("the section \"{section}\" has paragraphs 1 to {count}: {section}/1 to {section}/{count}"),
                }
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
            let place = format!("{section}/{paragraph}");
            Err(match sentences {
                0 => format!("the paragraph {place} has no sentences: cite {place}"),
                1 => format!("the paragraph {place} has one sentence: {place}/1"),
                _ => format!(
                    "the paragraph {place} has sentences 1 to {sentences}: {place}/1 to {place}/{sentences}, or several as in {place}/1-2"
                ),
            })
        }
    }
}

/// A number of at least 1.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|it| *it > 0)
}

/// Why a structure is invalid.
#[derive(Debug)]
pub(super) struct StructureError {
    /// The message.
    pub why: String,
    /// The expected form.
    pub hint: String,
}

impl StructureError {
    fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: hint.into(),
        }
    }
}

/// The form of a structure.
const FORM: &str =
    "write each as {section: history, paragraphs: [4, 3]}: the number of sentences of each paragraph";

/// The keys of a section.
const KEYS: [&str; 3] = ["section", "title", "paragraphs"];

/// The name of a section and the numbers of sentences of its paragraphs. Its title is for readers of the data.
fn read_section(section: &Value) -> Result<(String, Vec<u32>), StructureError> {
    let Value::Object(section) = section else {
        return Err(StructureError::new(
            format!("a section is {}", kind(section)),
            FORM,
        ));
    };
    if let Some(key) = section.keys().find(|it| !KEYS.contains(&it.as_str())) {
        let hint = did_you_mean(key, KEYS, || FORM.to_owned());
        return Err(StructureError::new(
            format!("a section has no \"{}\"", shown(key)),
            hint,
        ));
    }
    let name = match section.get("section") {
        Some(Value::String(name)) => name.clone(),
        Some(other) => {
            let why = format!("the name of a section is {}", kind(other));
            return Err(StructureError::new(
                why,
                format!("write it in quotes: \"{}\"", shown_as(other)),
            ));
        }
        None => {
            return Err(StructureError::new(
                "a section has no name",
                "add `section: <name>`",
            ));
        }
    };
    if let Some(other) = section.get("title").filter(|it| !it.is_string() && !it.is_null()) {
        let why = format!("the title of the section \"{}\" is {}", shown(&name), kind(other));
        return Err(StructureError::new(
            why,
            format!("write it in quotes: \"{}\"", shown_as(other)),
        ));
    }
    let of = |what: &str| format!("the section \"{}\" {what}", shown(&name));
    let paragraphs = match section.get("paragraphs") {
        Some(Value::Array(paragraphs)) => paragraphs,
        Some(other) => {
            let why = of(&format!("has {} as paragraphs", kind(other)));
            return Err(StructureError::new(
                why,
                "write a list of the numbers of sentences: [4, 3]",
            ));
        }
        None => {
            let hint = "add `paragraphs: […]`, the number of sentences of each; [] where there is not any";
            return Err(StructureError::new(of("has no paragraphs"), hint));
        }
    };
    let sentences = paragraphs.iter().map(|it| {
        let count = it.as_u64().and_then(|it| u32::try_from(it).ok());
        count.ok_or_else(|| {
            let why = of(&format!("has a paragraph of {} sentences", shown_as(it)));
            StructureError::new(why, "write the number of its sentences, as in [4, 3]")
        })
    });
    let sentences: Vec<u32> = sentences.collect::<Result<_, _>>()?;
    Ok((name, sentences))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
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
