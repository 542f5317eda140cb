//! Hints for the most common mistakes in YAML: texts that lack quotes, brackets and colons that are missing, and lines that
//! are indented differently. They look at the line where the parser stopped and at the lines before it.

use granit_parser::ErrorKind;

use crate::report::shown;

/// Characters that cannot begin a text without quotes.
const INDICATORS: [char; 3] = ['@', '%', '`'];

/// Characters that begin something else than a text, with what the parser says then.
const MARKS: [(char, ErrorKind); 4] = [
    ('&', ErrorKind::MissingAnchorOrAliasName),
    ('*', ErrorKind::MissingAnchorOrAliasName),
    ('|', ErrorKind::InvalidBlockScalarHeader),
    ('>', ErrorKind::InvalidBlockScalarHeader),
];

/// The number of lines before the error that are searched for its cause.
const MOST_LINES: usize = 100;

/// What to write instead.
pub(super) struct Hint {
    /// Position of the mistake, if the parser stopped elsewhere.
    pub at: Option<usize>,
    pub hint: String,
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "each is the last word of what may have none"
)]
impl Hint {
    fn here(hint: impl Into<String>) -> Option<Self> {
        Some(Self {
            at: None,
            hint: hint.into(),
        })
    }

    fn at(at: usize, hint: impl Into<String>) -> Option<Self> {
        Some(Self {
            at: Some(at),
            hint: hint.into(),
        })
    }
}

/// A line of a file and its first byte there.
#[derive(Clone, Copy)]
struct Line<'a> {
    start: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// The line that a byte is in.
    fn of(text: &'a str, at: usize) -> Option<Self> {
        let start = text.get(..at)?.rfind('\n').map_or(0, |it| it + 1);
        let text = text.get(start..)?.lines().next().unwrap_or_default();
        Some(Self { start, text })
    }

    /// The lines before it that have more than a comment, the last first.
    fn before(self, text: &'a str) -> impl Iterator<Item = Self> {
        let mut end = self.start;
        let lines = std::iter::from_fn(move || {
            let line = Self::of(text, end.checked_sub(1)?)?;
            end = line.start;
            Some(line)
        });
        lines
            .take(MOST_LINES)
            .filter(|it| !it.content().is_empty() && !it.content().starts_with('#'))
    }

    fn content(self) -> &'a str {
        self.text.trim()
    }

    /// Bytes before its content.
    fn indentation(self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }

    /// The first byte of its content.
    fn begin(self) -> usize {
        self.start + self.indentation()
    }
}

/// What to write where a line begins with a no-break space or the like, which editors and web pages insert.
pub(super) const PLAIN_SPACES: &str =
    "indent with plain spaces: write them again in place of no-break spaces";

/// Describes the error in words that need no knowledge of the parser.
pub(super) fn said(why: &ErrorKind) -> &'static str {
    use ErrorKind as E;
    match why {
        E::UnexpectedEofFlowSequence | E::UnexpectedEofFlowMapping | E::UnclosedFlowCollection { .. } => {
            "a bracket is not closed"
        }
        E::UnexpectedEofImplicitFlowMapping => "a bracket is not closed, or an entry is empty",
        E::MisplacedFlowCollectionEnd => "a bracket is closed that was not opened",
        E::MismatchedFlowCollectionEnd { .. } => "a bracket is closed by one of another kind",
        E::ExpectedFlowMappingSeparator => "a comma or } is missing before this",
        E::ExpectedFlowSequenceSeparator => "a comma or ] is missing before this",
        E::InvalidColonPlacement | E::FlowMappingValueAdjacentCollection => "a colon stands where it may not",
        E::MappingValueNotAllowed => "a key and a colon stand where they may not",
        E::MappingKeyNotAllowed | E::InvalidMappingValueWhitespace => "a key stands where it may not",
        E::ExpectedBlockMappingKey | E::ExpectedDocumentStart | E::InvalidIndentation => {
            "this line does not belong to what is before it"
        }
        E::ExpectedBlockSequenceEntry => "this line is not an element of the list before it",
        E::BlockSequenceEntryNotAllowed | E::InvalidBlockEntryWhitespace => "a dash stands where it may not",
        E::BlockEntryInFlowCollection | E::PlainScalarStartsWithDashFlowIndicator => {
            "a dash is written inside brackets, where lists have no dashes"
        }
        E::SimpleKeyExpected | E::InvalidSimpleKey => "this line has no colon",
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => "this line is indented with a tab",
        E::UnknownAnchor => "this alias has no anchor",
        E::MissingAnchorOrAliasName => "& or * stands without a name",
        E::UnclosedQuotedScalar => "a text in quotes does not end",
        E::InvalidQuotedScalarIndent | E::DocumentIndicatorInQuotedScalar => {
            "a text in quotes is not indented"
        }
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => {
            "something follows a text in quotes"
        }
        E::UnknownQuotedScalarEscape
        | E::InvalidQuotedScalarHexEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate
        | E::InvalidUnicodeEscape => "this escape is not one",
        E::InvalidBlockScalarHeader | E::ZeroBlockScalarIndent => {
            "| or > begins a text of several lines, and something follows it"
        }
        E::InvalidBlockScalarIndent => "a line of a text is not indented like the others",
        E::UnexpectedCharacter { .. } | E::UnexpectedEndOfPlainScalar => {
            "a text without quotes does not begin with this character"
        }
        E::CommentNotSeparated => "a comment needs a space before its #",
        E::CommentInterceptedScalar => "a comment stands within a text",
        E::BomInsideDocument => "a byte-order mark stands within the file",
        E::RecursionLimitExceeded => "lists and mappings are nested too deep",
        E::UndeclaredTagHandle
        | E::ExpectedTagBang
        | E::ExpectedTagDirectiveBang
        | E::InvalidGlobalTagCharacter
        | E::InvalidTagTerminator
        | E::MissingTagUri
        | E::UnclosedVerbatimTag
        | E::InvalidTagEscape => "this tag is not one",
        E::InvalidDirectiveTerminator
        | E::MissingDirectiveName
        | E::InvalidDirectiveName
        | E::MissingDocumentEndBeforeDirective
        | E::UnsupportedYamlMajorVersion => "this directive is not one",
        E::InvalidDocumentEnd => "something follows the end of a document",
        E::ExpectedNodeContent => "a value is missing before this",
        E::UnexpectedEof | E::UnexpectedEofBlockMapping | E::UnexpectedEofBlockSequence => {
            "the file ends too early"
        }
        _ => "this is not read as YAML",
    }
}

/// What to write instead, where the parser stopped at byte `at`.
pub(super) fn advice(text: &str, at: usize, why: &ErrorKind) -> Option<Hint> {
    let line = Line::of(text, at)?;
    let rest = line.text.get(at - line.start..)?;
    let is_other = |it: char| it.is_whitespace() && !it.is_ascii();
    let mut near = std::iter::once(line).chain(line.before(text).take(1));
    if let Some(line) = near.find(|it| it.text[..it.indentation()].contains(is_other)) {
        let at = line.start + line.text.find(is_other)?;
        return Hint::at(at, PLAIN_SPACES);
    }
    if rest.starts_with(INDICATORS)
        || MARKS
            .iter()
            .any(|(mark, it)| it == why && rest.starts_with(*mark))
    {
        let value = quoted(until_end(rest));
        let first = &rest[..1];
        return Hint::here(format!(
            "a text that begins with \"{first}\" is written in quotes: {value}"
        ));
    }
    match why {
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabNotAllowed => tab(text, line),
        ErrorKind::UnknownAnchor => {
            let value = quoted(until_end(&line.text[line.text.find('*')?..]));
            Hint::here(format!(
                "a text that begins with \"*\" is written in quotes: {value}"
            ))
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            let mark = match why {
                ErrorKind::InvalidTrailingDoubleQuotedScalar => '"',
                _ => '\'',
            };
            trailing(line, at, mark)
        }
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape => Hint::here(
            "between double quotes, \"\\\" begins an escape: write \"\\\\\" for it, or the text between single quotes",
        ),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => {
            let mark = rest.chars().next().filter(|it| matches!(it, '"' | '\''));
            let mark = mark.map_or_else(|| "a quote".to_owned(), |it| it.to_string());
            Hint::here(format!(
                "a text that begins with {mark} ends with {mark}: add it at the end of the text"
            ))
        }
        ErrorKind::SimpleKeyExpected => Hint::at(line.begin(), no_colon(line)),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::BlockSequenceEntryNotAllowed
            if is_entry_with_dash(line) && line.before(text).next().is_some_and(|it| !it.content().starts_with('-')) =>
        {
            Hint::here("ids and fields have no dashes: remove it, or write the elements of a list below their key")
        }
        ErrorKind::BlockEntryInFlowCollection => unclosed(text, line)
            .or_else(|| Hint::here("between brackets, write the elements of a list without dashes: [a, b]")),
        ErrorKind::BlockSequenceEntryNotAllowed => Hint::here(
            "write a list on the lines below its key, or in brackets: [a, b]; a text that begins with \"- \" is written in quotes",
        ),
        ErrorKind::MisplacedFlowCollectionEnd => Hint::here(
            "there is a closing bracket more than opening ones: remove it, or write the text that has it in quotes",
        ),
        ErrorKind::UnexpectedEofImplicitFlowMapping if rest.starts_with(',') => {
            Hint::here("there are two commas: remove one, or write the text that has it in quotes")
        }
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::ExpectedDocumentStart => indented(text, line).or_else(|| {
            Hint::here("indent the entries of one mapping or list alike, and what belongs to an entry deeper than it")
        }),
        ErrorKind::MappingValueNotAllowed => value_not_allowed(text, line),
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator
            if rest.starts_with(": ") =>
        {
            colon_in_flow(line, at).or_else(|| unclosed(text, line))
        }
        ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence => unclosed(text, line).or_else(|| {
            Hint::here("between brackets, entries are separated by commas; write a text that has brackets in quotes")
        }),
        _ => None,
    }
}

/// A line that is indented with a tab: the one where the parser stopped, or the next.
fn tab(text: &str, line: Line) -> Option<Hint> {
    let is_indented = |it: &Line| it.text[..it.indentation()].contains('\t');
    let after = Line::of(text, (line.start + line.text.len() + 1).min(text.len()));
    let line = [Some(line), after].into_iter().flatten().find(is_indented)?;
    let at = line.start + line.text.find('\t')?;
    Hint::at(
        at,
        "YAML is indented with spaces: write two spaces instead of each tab",
    )
}

/// A quoted text with something after it. The quotes are a part of a text, or an apostrophe ends it.
fn trailing(line: Line, at: usize, mark: char) -> Option<Hint> {
    let begins = |(at, _): &(usize, &str)| {
        let before = line.text[..*at].trim_end();
        before.is_empty() || before.ends_with([':', '-', ',', '[', '{'])
    };
    let before = line.text.get(..at - line.start)?;
    let (start, _) = before.rmatch_indices(mark).find(begins)?;
    let in_flow = before[..start].contains(['{', '[']);
    let rest = &line.text[start..];
    let value = if in_flow {
        until_end(rest)
    } else {
        rest[..rest.find(" #").unwrap_or(rest.len())].trim_end()
    };
    let inner = &value[1..];
    let close = inner.find(mark)?;
    let is_letter = |it: Option<char>| it.is_some_and(char::is_alphanumeric);
    let is_apostrophe =
        is_letter(inner[..close].chars().last()) && is_letter(inner[close + 1..].chars().next());
    let meant = if is_apostrophe {
        quoted(inner.strip_suffix(mark).unwrap_or(inner))
    } else {
        quoted(value)
    };
    Hint::at(
        line.start + start,
        format!("a text that has {mark} is written between other quotes, all of it: {meant}"),
    )
}

/// A line of a mapping without a colon and a space.
fn no_colon(line: Line) -> String {
    let content = line.content();
    let content = content[..content.find(" #").unwrap_or(content.len())].trim_end();
    let what = "a line of a mapping is a key, a colon, a space and a value";
    let parts = content.split_once(':');
    let parts = parts.or_else(|| content.split_once('=').filter(|it| !it.0.trim().is_empty()));
    let Some((key, value)) = parts.or_else(|| content.split_once(char::is_whitespace)) else {
        return format!("{what}: {}:", shown(content));
    };
    format!("{what}: {}: {}", shown(key.trim()), shown(value.trim()))
}

/// Whether a line is `- key:`, as if ids or fields were elements of a list.
fn is_entry_with_dash(line: Line) -> bool {
    let content = line.content();
    content.starts_with("- ") && (content.ends_with(':') || content.contains(": "))
}

/// Whether a line is a text alone, where an entry of a mapping or a list would be.
fn lacks_colon(line: Line) -> bool {
    let content = line.content();
    let content = content[..content.find(" #").unwrap_or(content.len())].trim_end();
    let is_other = content.starts_with(['-', '"', '\'', '{', '[', '}', ']', '&', '*', '!', '|', '>', '?']);
    !is_other && !content.contains(": ") && !content.ends_with([':', '|', '>', '}', ']', ','])
}

/// A colon where none may be: in the text before it, or the line before lacks one, or this line is indented too deep.
fn value_not_allowed(text: &str, line: Line) -> Option<Hint> {
    if let Some(before) = line.before(text).next()
        && lacks_colon(before)
        && before.indentation() <= line.indentation()
    {
        return Hint::at(before.begin(), no_colon(before));
    }
    let value = line.text.split_once(": ").map(|it| it.1);
    let Some(value) = value.filter(|it| it.contains(": ")) else {
        return Hint::here(
            "a key stands deeper than the one before only if that has no value: indent both alike, and write a space after each colon",
        );
    };
    let value = quoted(until_end(value));
    Hint::here(format!(
        "a text that has a colon and a space is written in quotes: {value}"
    ))
}

/// In a flow mapping the parser stops at the second colon of an entry.
fn colon_in_flow(line: Line, at: usize) -> Option<Hint> {
    let before = &line.text[..at - line.start];
    let entry = &line.text[before.rfind(['{', ',', '['])? + 1..];
    let (key, value) = entry.split_once(": ")?;
    let (first, rest) = value.split_once(": ")?;
    // `name: x age: 3` lacks a comma, or is a text with a colon.
    let words = first
        .rsplit_once(' ')
        .filter(|it| it.1.chars().all(char::is_alphanumeric));
    if let Some((before, word)) = words {
        return Hint::here(format!(
            "write a comma between entries: {}: {}, {word}: {}; or quotes around a text that has a colon and a space",
            shown(key.trim()),
            shown(before.trim()),
            shown(until_end(rest))
        ));
    }
    let value = quoted(until_end(value));
    Hint::here(format!(
        "a text that has a colon and a space is written in quotes: {value}"
    ))
}

/// A line that is indented otherwise than each of those that it could belong to.
fn indented(text: &str, line: Line) -> Option<Hint> {
    let own = line.indentation();
    let mut levels: Vec<usize> = Vec::new();
    for before in line.before(text) {
        let level = before.indentation();
        if levels.last().is_none_or(|last| level < *last) {
            levels.push(level);
        }
    }
    if levels.contains(&own) {
        return unclosed(text, line);
    }
    let deeper = levels.iter().rev().find(|it| **it > own)?;
    let or_less = levels.iter().find(|it| **it < own);
    let or_less = or_less.map_or_else(String::new, |it| format!("{it} or "));
    let spaces = if own == 1 {
        "1 space".to_owned()
    } else {
        format!("{own} spaces")
    };
    Hint::here(format!(
        "this line begins with {spaces}, and the lines that it could belong to with {or_less}{deeper}: indent entries of one mapping or list alike"
    ))
}

/// A bracket that is not closed, in the line or in those before it.
fn unclosed(text: &str, line: Line) -> Option<Hint> {
    let here = std::iter::once(line).chain(line.before(text));
    for (no, line) in here.enumerate() {
        let Some((open, bracket)) = open_bracket(line) else {
            // A bracket that is open before a line that closes it is not the mistake, but the parser may stop at a whole line.
            if no > 0 && line.content().ends_with(['}', ']']) {
                return None;
            }
            continue;
        };
        let rest = &line.text[open..];
        if let Some(hash) = rest.find(" #") {
            return Hint::at(
                line.start + open + hash + 1,
                "\"#\" after a space begins a comment, which takes the closing bracket with it: write the text in quotes, or close the bracket before it",
            );
        }
        let close = if bracket == '{' { '}' } else { ']' };
        return Hint::at(
            line.start + open,
            format!("the bracket {bracket} is not closed: add {close} after its last entry"),
        );
    }
    None
}

/// The last bracket of a line that is not closed in it, outside of quotes and comments.
fn open_bracket(line: Line) -> Option<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote = None;
    let mut before = ' ';
    let begins_value = |at: usize| {
        let before = line.text[..at].trim_end();
        before.is_empty() || before.ends_with([':', '-'])
    };
    for (at, character) in line.text.char_indices() {
        match (quote, character) {
            (Some(mark), it) if mark == it => quote = None,
            (None, '#') if before.is_whitespace() => break,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(character),
            // In a text without quotes, a bracket is one only within others.
            (None, '{' | '[') if !open.is_empty() || begins_value(at) => open.push((at, character)),
            (None, '}' | ']') => {
                let opening = if character == '}' { '{' } else { '[' };
                if open.last().is_some_and(|it| it.1 == opening) {
                    open.pop();
                } else if !open.is_empty() {
                    break;
                }
            }
            _ => {}
        }
        before = character;
    }
    open.pop()
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

#[cfg(test)]
mod tests {
    use granit_parser::Parser;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_gets_its_advice_without_a_panic(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "é", " ", "  ", "\n", "\t", ":", ": ", "-", "- ", "#", " #", "\"", "'", "{", "}", "[", "]", ",", "\\", "&",
                    "*", "@", "|", "😀", "\u{a0}", "\r\n", "\u{2028}",
                ]),
                0..24,
            )
        ) {
            let text = pieces.concat();
            for event in Parser::new_from_str(&text) {
                let Err(error) = event else { continue };
                let at = error.marker().byte_offset().unwrap_or_default().min(text.len());
                if let Some(Hint { at: Some(at), .. }) = advice(&text, at, error.kind()) {
                    prop_assert!(text.is_char_boundary(at));
                }
                break;
            }
        }
    }
}
