use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use ariadne::{CharSet, Color, Config, IndexType, Label, ReportKind, Source};

use super::{Place, Report, Reports, Severity};

/// How reports are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Colours, for a terminal.
    pub color: bool,
    /// After so many reports only their number is said.
    pub most: usize,
}

/// A source's key in ariadne's cache: the path, and for an excerpt its line.
type Key = (String, usize);

impl Reports {
    /// Draws the reports with frames of their sources, and a line that counts them.
    pub fn render(&self, style: Style) -> String {
        let mut out = String::new();
        for report in self.0.iter().take(style.most) {
            out.push_str(&report.render(style.color));
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
        if self.0.len() > style.most {
            let _ = writeln!(
                out,
                "… and {} more like these (--most shows more)",
                self.0.len() - style.most
            );
        }
        let (errors, warnings) = self.counts();
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let _ = match (errors, warnings) {
            (0, 0) => Ok(()),
            (0, w) => writeln!(out, "{w} warning{}", plural(w)),
            (e, 0) => writeln!(out, "{e} error{}", plural(e)),
            (e, w) => writeln!(out, "{e} error{}, {w} warning{}", plural(e), plural(w)),
        };
        out
    }
}

impl Report {
    fn render(&self, color: bool) -> String {
        let Some(place) = &self.place else {
            let kind = match self.severity() {
                Severity::Error => "Error",
                Severity::Warning => "Warning",
            };
            let mut out = format!("[{}] {kind}: {}\n", self.code, self.message);
            if let Some(hint) = &self.hint {
                let _ = writeln!(out, "  Help: {hint}");
            }
            return out;
        };
        let (kind, tone) = match self.severity() {
            Severity::Error => (ReportKind::Error, Color::Red),
            Severity::Warning => (ReportKind::Warning, Color::Yellow),
        };
        let config = Config::default()
            .with_color(color)
            .with_char_set(CharSet::Unicode)
            .with_index_type(IndexType::Byte);
        let mut builder = ariadne::Report::build(kind, frame(place))
            .with_config(config)
            .with_code(self.code)
            .with_message(&self.message)
            .with_label(
                Label::new(frame(place))
                    .with_message(&self.label)
                    .with_color(tone)
                    .with_order(order(&frame(place).0, &frame(place).0, &frame(place).1)),
            );
        let (primary, _) = frame(place);
        for (other, label) in &self.others {
            let (key, span) = frame(other);
            let order = order(&primary, &key, &span);
            builder = builder.with_label(
                Label::new((key, span))
                    .with_message(label)
                    .with_color(Color::Cyan)
                    .with_order(order),
            );
        }
        if let Some(hint) = &self.hint {
            builder = builder.with_help(hint);
        }
        let mut bytes = Vec::new();
        match builder.finish().write(Frames::of(self), &mut bytes) {
            Ok(()) => String::from_utf8_lossy(&bytes)
                .lines()
                .map(str::trim_end)
                .collect::<Vec<_>>()
                .join("\n"),
            Err(error) => format!("[{}] {} ({error})", self.code, self.message),
        }
    }
}

/// Places in the file of the main one are drawn together, from top to bottom; others follow.
fn order(primary: &Key, key: &Key, span: &Range<usize>) -> i32 {
    if key == primary {
        i32::try_from(span.start).unwrap_or(i32::MAX)
    } else {
        i32::MAX
    }
}

/// The text that ariadne draws from, and where the place lies in it.
///
/// Of a part of a large file only the line itself is drawn, behind as many empty lines as stand before it,
/// so that all line numbers are those of the file.
struct Excerpt {
    text: String,
    /// Where the text that is drawn begins in the source.
    start: usize,
    is_whole: bool,
}

/// Beyond so many lines the empty ones would cost more than they are worth.
const MOST_PADDING: usize = 4_000_000;

fn excerpt(place: &Place) -> Excerpt {
    let text = &*place.source.text;
    if place.source.lines_before == 0 && text.len() < 1 << 20 {
        return Excerpt {
            text: text.to_owned(),
            start: 0,
            is_whole: true,
        };
    }
    let at = place.span.start.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
    let end = text[at..].find('\n').map_or(text.len(), |it| at + it);
    let lines = (place.line_column().0 - 1).min(MOST_PADDING);
    let mut padded = "\n".repeat(lines);
    padded.push_str(&text[start..end]);
    Excerpt {
        text: padded,
        start,
        is_whole: false,
    }
}

fn frame(place: &Place) -> (Key, Range<usize>) {
    let excerpt = excerpt(place);
    let length = excerpt.text.len();
    let is_whole = excerpt.is_whole;
    let padding = excerpt.text.bytes().take_while(|it| *it == b'\n').count();
    let moved = |at: usize| {
        if is_whole {
            at
        } else {
            (at.saturating_sub(excerpt.start) + padding).min(length)
        }
    };
    let start = moved(place.span.start).min(length);
    let line = if is_whole { 0 } else { place.line_column().0 };
    let key = (place.source.path.clone(), line);
    (key, start..moved(place.span.end).clamp(start, length))
}

/// The texts of one report.
struct Frames(BTreeMap<Key, Source<String>>);

impl Frames {
    fn of(report: &Report) -> Self {
        let places = report.place.iter().chain(report.others.iter().map(|o| &o.0));
        Self(
            places
                .map(|place| (frame(place).0, Source::from(excerpt(place).text)))
                .collect(),
        )
    }
}

impl ariadne::Cache<Key> for Frames {
    type Storage = String;

    fn fetch(&mut self, key: &Key) -> Result<&Source<String>, impl std::fmt::Debug> {
        self.0.get(key).ok_or_else(|| format!("no text of {}", key.0))
    }

    fn display<'a>(&self, key: &'a Key) -> Option<impl std::fmt::Display + 'a> {
        Some(key.0.clone())
    }
}
