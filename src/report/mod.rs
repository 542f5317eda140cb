//! Problems in a user's files: what is wrong, where, and what would be right.
//!
//! A [`Report`] is collected, never thrown: one run finds all that is wrong in all files. Each has a
//! stable [`Code`] that `docs/errors.md` explains, a message that names the thing, the place in the
//! source and a hint. [`Reports`] renders them with a frame of the source around each place.

mod code;
mod render;

pub use code::Code;
pub use render::Style;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write};
use std::ops::Range;
use std::sync::Arc;

/// A text that reports can point into: a whole file, or a part of a large one.
#[derive(Debug)]
pub struct SourceText {
    /// The path as the user would name it.
    pub path: String,
    /// The text, or the part of it that is at hand.
    pub text: String,
    /// How many lines of the file come before `text`.
    pub lines_before: usize,
}

impl SourceText {
    /// A whole file.
    pub fn whole(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
            lines_before: 0,
        })
    }
}

/// A span of bytes in a source text.
#[derive(Debug, Clone)]
pub struct Place {
    /// The text that contains the span.
    pub source: Arc<SourceText>,
    /// Bytes of `source.text`.
    pub span: Range<usize>,
}

/// Places in texts shorter than this keep them: they are drawn from as they are, so that places in one file share a frame.
const MOST_WHOLE: usize = 1 << 20;

/// The most bytes of lines that a place is given to keep instead of a long text.
const MOST_EXCERPT: usize = 1 << 14;

impl Place {
    /// The same place in a copy of its lines, so that it does not keep a long text in memory. `counted` is a byte of the text
    /// up to which lines were counted, and their number.
    fn excerpt(&mut self, counted: &mut (usize, usize)) {
        let text = &self.source.text;
        if text.len() < MOST_WHOLE {
            return;
        }
        let from = self.span.start.min(text.len());
        let to = self.span.end.clamp(from, text.len());
        let start = memchr::memrchr(b'\n', &text.as_bytes()[..from]).map_or(0, |it| it + 1);
        let end = memchr::memchr(b'\n', &text.as_bytes()[to..]).map_or(text.len(), |it| to + it);
        if end - start > MOST_EXCERPT {
            return;
        }
        if counted.0 > start {
            *counted = (0, 0);
        }
        counted.1 += memchr::memchr_iter(b'\n', &text.as_bytes()[counted.0..start]).count();
        counted.0 = start;
        self.source = Arc::new(SourceText {
            path: self.source.path.clone(),
            text: text[start..end].to_owned(),
            lines_before: self.source.lines_before + counted.1,
        });
        self.span = from - start..to - start;
    }

    /// The same place, which does not keep a long text in memory.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.excerpt(&mut (0, 0));
        self
    }

    /// The word at a place as GraphQL counts it: a line, and a column in units of UTF-16, both from 1.
    pub fn of_word(source: Arc<SourceText>, line: u32, column: u32) -> Self {
        let lines = source.text.split_inclusive('\n');
        let before: usize = lines.take(line.saturating_sub(1) as usize).map(str::len).sum();
        Self {
            span: word_at(&source.text, before, column),
            source,
        }
    }

    /// The line and column, both from 1; columns count characters.
    pub fn line_column(&self) -> (usize, usize) {
        let text = &self.source.text;
        let before = &text[..text.floor_char_boundary(self.span.start)];
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            self.source.lines_before + line + 1,
            before[start..].chars().count() + 1,
        )
    }
}

/// The word at a column of the line that begins at byte `line`, or the character that is there.
pub fn word_at(text: &str, line: usize, column: u32) -> Range<usize> {
    let mut units = column.saturating_sub(1) as usize;
    let mut start = line;
    for character in text[line..].chars() {
        let Some(left) = units.checked_sub(character.len_utf16()).filter(|_| units > 0) else {
            break;
        };
        units = left;
        start += character.len_utf8();
    }
    let rest = &text[start..];
    let word = rest.chars().take_while(|it| it.is_alphanumeric() || *it == '_');
    let length: usize = word.map(char::len_utf8).sum();
    let one = rest.chars().next().map_or(0, char::len_utf8);
    start..start + length.max(one)
}

/// Whether a report stops the graph from being served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is served until it is fixed.
    Error,
    /// Worth a look; the graph is served all the same.
    Warning,
}

/// The facts or definitions that are not read because of a problem, and may therefore seem to be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// Nothing.
    Nothing,
    /// An edge.
    Edge,
    /// Entities with their values and edges.
    Entities,
}

/// One problem in a user's file.
#[derive(Debug, Clone)]
pub struct Report {
    /// The stable code.
    pub code: Code,
    /// The problem, with the name of the thing.
    pub message: String,
    /// Where; `None` for a problem of the whole folder.
    pub place: Option<Place>,
    /// The text beside the position in the frame.
    pub label: String,
    /// Other places that matter, each with what it is.
    pub others: Vec<(Place, String)>,
    /// How to fix it.
    pub hint: Option<String>,
    /// Whether something is missing that a file may have which could not be read to its end.
    pub is_about_missing: bool,
    /// The facts or definitions that are not read because of it.
    pub unread: Unread,
}

impl Report {
    /// A report about one place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: capped(message.into()),
            place: None,
            label: String::new(),
            others: Vec::new(),
            hint: None,
            is_about_missing: false,
            unread: if code.leaves_unread() {
                Unread::Entities
            } else {
                Unread::Nothing
            },
        }
    }

    /// The same report, because of which something is not read.
    #[must_use]
    pub fn unread(mut self, what: Unread) -> Self {
        self.unread = self.unread.max(what);
        self
    }

    /// The same report, which does not hold if a file could not be read to its end.
    #[must_use]
    pub fn about_missing(mut self) -> Self {
        self.is_about_missing = true;
        self
    }

    /// The same report, pointing at a place with what is said there.
    #[must_use]
    pub fn at(mut self, place: Place, label: impl Into<String>) -> Self {
        self.place = Some(place);
        self.label = capped(label.into());
        self
    }

    /// The same report, pointing at one more place.
    #[must_use]
    pub fn also(mut self, place: Option<Place>, label: impl Into<String>) -> Self {
        if let Some(place) = place {
            self.others.push((place, capped(label.into())));
        }
        self
    }

    /// The same report with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(capped(hint.into()));
        self
    }

    /// Whether it stops the graph from being served.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// All reports of one run.
#[derive(Debug, Clone, Default)]
pub struct Reports(pub Vec<Report>);

impl Reports {
    /// Adds one.
    pub fn push(&mut self, report: Report) {
        self.0.push(report);
    }

    /// Keeps at most `most` reports of each code, with one that counts the others, and lets none keep the long text that all
    /// of them are about. Takes time linear in the text and the reports.
    pub fn limit(&mut self, most: usize, path: &str) {
        let mut counts: BTreeMap<(Code, bool), usize> = BTreeMap::new();
        self.0.retain(|report| {
            let kind = (report.code, report.is_about_missing);
            let count = counts.entry(kind).or_default();
            *count += 1;
            *count <= most
        });
        let mut places: Vec<&mut Place> = Vec::new();
        for report in &mut self.0 {
            places.extend(report.place.iter_mut());
            places.extend(report.others.iter_mut().map(|it| &mut it.0));
        }
        places.sort_by_key(|it| (Arc::as_ptr(&it.source), it.span.start));
        let mut counted = (0, 0);
        let mut last = None;
        for place in places {
            if last != Some(Arc::as_ptr(&place.source)) {
                counted = (0, 0);
                last = Some(Arc::as_ptr(&place.source));
            }
            place.excerpt(&mut counted);
        }
        for ((code, is_about_missing), count) in counts {
            if let Some(more) = count.checked_sub(most + 1) {
                let message = format!(
                    "{} more problems of this kind in \"{path}\" are not shown",
                    more + 1
                );
                let report = Report::new(code, message).hint("fix those that are shown, and check again");
                self.push(Report {
                    is_about_missing,
                    ..report
                });
            }
        }
    }

    /// Leaves out what is reported missing if something was not read, since it may be there. One report counts what is
    /// left out.
    pub fn without_consequences(&mut self) {
        let unread = self.0.iter().map(|it| it.unread).max();
        let Some(unread @ (Unread::Edge | Unread::Entities)) = unread else {
            return;
        };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut is_more = false;
        self.0.retain(|report| {
            let is_edge = report.code == Code::MISSING_VALUE;
            let may_be_there = report.is_about_missing && (is_edge || unread == Unread::Entities);
            if may_be_there {
                let kind = if is_edge { "required edge" } else { "reference" };
                *counts.entry(kind).or_default() += 1;
                is_more |= report.place.is_none();
            }
            !may_be_there
        });
        if counts.is_empty() {
            return;
        }
        let counts: Vec<String> = counts
            .into_iter()
            .map(|(kind, count)| format!("{count} {kind}{}", if count == 1 { "" } else { "s" }))
            .collect();
        let message = format!(
            "{}{} not checked: what is missing may be in a part of the files that could not be read",
            if is_more { "more than " } else { "" },
            counts.join(" and ")
        );
        self.push(Report::new(Code::NOT_CHECKED, message).hint("fix the other errors, and check again"));
    }

    /// Makes one report of those about one thing that is missing, wherever it is missed.
    pub fn merge_missing(&mut self) {
        let mut first: HashMap<(Code, String), usize> = HashMap::new();
        let mut merged: Vec<(Report, usize)> = Vec::with_capacity(self.0.len());
        for report in std::mem::take(&mut self.0) {
            if report.is_about_missing && report.place.is_some() {
                let key = (report.code, report.message.clone());
                if let Some(at) = first.get(&key) {
                    let (known, more) = &mut merged[*at];
                    if known.others.len() < MOST_OTHERS {
                        known
                            .others
                            .extend(report.place.map(|it| (it, "and here".to_owned())));
                    } else {
                        *more += 1;
                    }
                    continue;
                }
                first.insert(key, merged.len());
            }
            merged.push((report, 0));
        }
        let counted = |(mut report, more): (Report, usize)| {
            if more > 0 {
                report.label = format!(
                    "{}, and in {} more places",
                    report.label,
                    more + report.others.len()
                );
            }
            report
        };
        self.0 = merged.into_iter().map(counted).collect();
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|report| report.severity() == Severity::Error)
    }

    /// How many errors and how many warnings there are.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self
            .0
            .iter()
            .filter(|report| report.severity() == Severity::Error)
            .count();
        (errors, self.0.len() - errors)
    }

    /// Orders them by file, then by place, so that a run's output is the same every time. Errors of syntax come first: the
    /// others may follow from them.
    pub fn sort(&mut self) {
        self.0.sort_by_cached_key(|report| {
            let place = report.place.as_ref();
            (
                report.severity(),
                !(report.code.leaves_unread() || report.code == Code::SYNTAX),
                place.map(|place| place.source.path.clone()),
                place.map(|place| (place.source.lines_before, place.span.start)),
                report.code,
                report.message.clone(),
            )
        });
    }
}

/// The number of other places that are shown at which one thing is missed.
const MOST_OTHERS: usize = 3;

/// Messages and hints are cut after this many characters.
const MOST_SAID: usize = 1_000;

fn capped(mut text: String) -> String {
    if text.len() > MOST_SAID
        && let Some((end, _)) = text.char_indices().nth(MOST_SAID)
    {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Maximum number of characters of a given value that a message repeats.
pub const MOST_SHOWN: usize = 100;

/// A value as messages repeat it: a long one is cut, and ends with `…`.
pub fn shown(text: &str) -> Cow<'_, str> {
    shown_at_most(text, MOST_SHOWN)
}

/// As [`shown`], with at most `most` characters.
pub fn shown_at_most(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text
        .char_indices()
        .nth(most.saturating_sub(1))
        .map_or(0, |it| it.0);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// Whether a terminal or a log would do something else with a character than draw it: a new line, a command, another
/// direction of what follows.
pub fn is_command(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text of one line, with commands to terminals as escapes such as `\u{1b}`. Names and values come from files that others
/// may have written.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_command) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_command(character) {
            visible.extend(character.escape_default());
        } else {
            visible.push(character);
        }
    }
    Cow::Owned(visible)
}

/// A value that is not a text, as messages repeat it. Of a long one only the beginning is formatted.
pub fn shown_as(value: impl fmt::Display) -> String {
    let mut beginning = Beginning {
        text: String::new(),
        left: MOST_SHOWN,
    };
    if write!(beginning, "{value}").is_err() {
        beginning.text.pop();
        beginning.text.push('…');
    }
    beginning.text
}

/// Takes characters until it is full.
struct Beginning {
    text: String,
    left: usize,
}

impl Write for Beginning {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        match more.char_indices().nth(self.left) {
            None => {
                self.text.push_str(more);
                self.left -= more.chars().count();
                Ok(())
            }
            Some((end, _)) => {
                self.text.push_str(&more[..end]);
                self.left = 0;
                Err(fmt::Error)
            }
        }
    }
}

/// Rewrites the message of a GraphQL parser about a syntax error: replaces the parser's names of characters with the
/// characters. Other texts are left unchanged.
pub fn in_words(text: &str) -> String {
    const TOKENS: [(&str, &str); 14] = [
        ("R_CURLY", "\"}\""),
        ("L_CURLY", "\"{\""),
        ("R_PAREN", "\")\""),
        ("L_PAREN", "\"(\""),
        ("R_BRACK", "\"]\""),
        ("L_BRACK", "\"[\""),
        ("COLON", "\":\""),
        ("BANG", "\"!\""),
        ("EQ", "\"=\""),
        ("PIPE", "\"|\""),
        ("DOLLAR", "\"$\""),
        ("EOF", "the end of the text"),
        ("StringValue", "a text in quotes"),
        ("OperationDefinition", "an operation"),
    ];
    let Some(text) = text.strip_prefix("syntax error: ") else {
        return text.to_owned();
    };
    let text = text
        .replace('`', "\"")
        .replace(", got ", ", not ")
        .replace("Unexpected character", "there may not be the character")
        .replace(" as float suffix", " after a number with a fraction")
        .replace(" as integer suffix", " after a whole number");
    let word = |word: &str| {
        let known = TOKENS.iter().find(|it| it.0 == word.trim_end_matches(','));
        known.map_or_else(|| word.to_owned(), |it| word.replace(it.0, it.1))
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Names of at most this many characters are near each other where one letter differs, is missing or changes places.
const SHORT_NAME: usize = 5;

/// The candidates nearest to a name that was not found, best first, at most three. A name that is longer than
/// [`MOST_SHOWN`] has none: comparing takes time in proportion to both lengths.
pub fn near_misses<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if name.chars().nth(MOST_SHOWN).is_some() {
        return Vec::new();
    }
    let lower = name.to_lowercase();
    // In short names one letter is much of the whole, so the similarity of the rest is below the bound.
    let is_short = (2..=SHORT_NAME).contains(&lower.chars().count());
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower_candidate = candidate.to_lowercase();
            let score = strsim::jaro_winkler(&lower, &lower_candidate);
            let contained = lower.len() > 3 && lower_candidate.contains(&lower);
            let is_near = || {
                is_short
                    && lower_candidate.len() <= 4 * (SHORT_NAME + 1)
                    && lower_candidate.chars().nth(1).is_some()
                    && strsim::osa_distance(&lower, &lower_candidate) == 1
            };
            (score > 0.84 || contained || is_near()).then_some((score, candidate))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup();
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

/// "did you mean …?" for the nearest names, or what `otherwise` says.
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    otherwise: impl FnOnce() -> String,
) -> String {
    let near = near_misses(name, candidates);
    if near.is_empty() {
        otherwise()
    } else {
        format!("did you mean {}?", quoted_list(&near, "or"))
    }
}

/// `"a", "b" or "c"`.
pub fn quoted_list(names: &[&str], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => format!("\"{one}\""),
        [head @ .., tail] => {
            let head: Vec<String> = head.iter().map(|name| format!("\"{name}\"")).collect();
            format!("{} {last} \"{tail}\"", head.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_of_syntax_are_put_into_other_words() {
        assert_eq!(
            in_words("syntax error: expected R_CURLY, got EOF"),
            "expected \"}\", not the end of the text"
        );
        assert_eq!(in_words("no field `EQ` of EOF"), "no field `EQ` of EOF");
    }

    #[test]
    fn near_misses_find_a_typo_and_leave_strangers_out() {
        let names = ["Organization", "Person", "Place"];
        assert_eq!(near_misses("Organisation", names), ["Organization"]);
        assert!(near_misses("Quark", names).is_empty());
        let long = "Organization".repeat(10);
        assert!(near_misses(&long, [&*long]).is_empty());
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(shown("élan"), "élan");
        let whole = "é".repeat(MOST_SHOWN);
        let cut = format!("{}…", "é".repeat(MOST_SHOWN - 1));
        assert_eq!(shown(&whole), whole);
        assert_eq!(shown(&format!("{whole}a")), cut);
        assert_eq!(shown_as(12), "12");
        assert_eq!(shown_as(&whole), whole);
        assert_eq!(shown_as(format_args!("{whole}{}", 1)), cut);
        assert_eq!(shown_as(format_args!("{}{whole}", "é")), cut);
    }

    #[test]
    fn many_reports_about_a_long_text_do_not_keep_it() {
        let source = Arc::new(SourceText {
            path: "big.jsonl".into(),
            text: "a line with an é in it\n".repeat(100_000),
            lines_before: 7,
        });
        let place = |at: usize| Place {
            source: source.clone(),
            span: at..at + 4,
        };
        let line = "a line with an é in it\n".len();
        let mut reports = Reports::default();
        for no in (0..50).rev() {
            let report = Report::new(Code::WRONG_VALUE, "wrong").at(place(no * 1_000 * line + 2), "here");
            reports.push(report.also(Some(place(no * 2_000 * line + 18)), "and here"));
        }
        reports.push(Report::new(Code::BAD_DATE, "another"));
        let before: Vec<_> = reports
            .0
            .iter()
            .take(20)
            .map(|it| it.place.as_ref().unwrap().line_column())
            .collect();
        reports.limit(20, "big.jsonl");
        assert_eq!(Arc::strong_count(&source), 1, "no report keeps the text");
        let after: Vec<_> = reports
            .0
            .iter()
            .take(20)
            .map(|it| it.place.as_ref().unwrap().line_column())
            .collect();
        assert_eq!(before, after);
        let (other, _) = &reports.0[0].others[0];
        assert_eq!(other.line_column(), (98_008, 18));
        assert_eq!(&other.source.text[other.span.clone()], "in i");
        let messages: Vec<&str> = reports.0[20..].iter().map(|it| &*it.message).collect();
        let more = "30 more problems of this kind in \"big.jsonl\" are not shown";
        assert_eq!(messages, ["another", more]);
    }

    #[test]
    fn a_place_in_the_second_part_of_a_file_counts_the_lines_before() {
        let source = Arc::new(SourceText {
            path: "big.jsonl".into(),
            text: "one\ntwö x\n".into(),
            lines_before: 100,
        });
        let place = Place { source, span: 9..10 };
        assert_eq!(place.line_column(), (102, 5));
    }
}
