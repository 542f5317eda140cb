//! Hints for texts that YAML reads as something else because they are not quoted.

use granit_parser::ErrorKind;

use crate::report::shown;

/// Characters that cannot begin a text without quotes.
const INDICATORS: [char; 3] = ['@', '%', '`'];

/// What to write instead, where the parser stopped at a text without quotes.
pub(super) fn hint(text: &str, at: usize, why: &ErrorKind) -> Option<String> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |it| it + 1);
    let line = text.get(start..)?.lines().next()?;
    let rest = line.get(at - start..)?;
    if rest.starts_with(INDICATORS) {
        let value = quoted(until_end(rest));
        let first = &rest[..1];
        return Some(format!(
            "a text that begins with \"{first}\" is written in quotes: {value}"
        ));
    }
    // In a flow mapping the parser stops at the second colon.
    let ends_flow = matches!(
        why,
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator
    );
    let is_in_flow = rest.starts_with(": ") && ends_flow;
    if is_in_flow || *why == ErrorKind::MappingValueNotAllowed {
        let entry = if is_in_flow {
            let before = &line[..at - start];
            &line[before.rfind(['{', ',', '['])? + 1..]
        } else {
            line
        };
        let (_, value) = entry.split_once(": ")?;
        // Without a colon in the text, the line is indented too deep, or the one before lacks a space.
        if !value.contains(": ") {
            return Some(
                "a key stands deeper than the one before only if that has no value: indent both alike, and write a space after each colon"
                    .to_owned(),
            );
        }
        let value = quoted(until_end(value));
        return Some(format!(
            "a text that has a colon and a space is written in quotes: {value}"
        ));
    }
    if *why == ErrorKind::UnknownAnchor {
        let value = quoted(until_end(&line[line.find('*')?..]));
        return Some(format!(
            "a text that begins with \"*\" is written in quotes: {value}"
        ));
    }
    None
}

/// A value without the end of a flow mapping and without a comment.
fn until_end(rest: &str) -> &str {
    let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
    let comment = rest.find(" #").unwrap_or(rest.len());
    rest[..end.min(comment)].trim_end()
}

fn quoted(text: &str) -> String {
    let text = shown(text);
    if text.contains(['"', '\\']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    format!("\"{text}\"")
}
