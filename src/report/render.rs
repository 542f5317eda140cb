use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use ariadne::{CharSet, Color, Config, IndexType, Label, ReportKind, Source};
use unicode_width::UnicodeWidthChar;

use super::{MOST_WHOLE, Place, Report, Reports, Severity, SourceText, is_command, visible};

/// How reports are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Colours, for a terminal.
    pub color: bool,
    /// Number of reports to show. Of the others, only the number is shown.
    pub most: usize,
}

/// Width of the part of a line that is drawn, in columns.
const MOST_COLUMNS: usize = 120;

/// Columns of a long line that are drawn from the place on, where there is as much before it.
const COLUMNS_AFTER: usize = 80;

/// A place over more lines than this is drawn as its first line.
const MOST_LINES: usize = 20;

/// Beyond this many lines the empty ones would cost more than they are worth.
const MOST_PADDING: usize = 4_000_000;

/// The most columns that ariadne draws a tab as.
const TAB: usize = 4;

/// A source's key in ariadne's cache: the path, and for a part of it its number.
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
            let mut out = format!("[{}] {kind}: {}\n", self.code, visible(&self.message));
            if let Some(hint) = &self.hint {
                let _ = writeln!(out, "  Help: {}", visible(hint));
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
            .with_index_type(IndexType::Char);
        let mut frames = Frames::of(place, self.others.iter().map(|(place, _)| place));
        let primary = frames.spans[0].clone();
        let mut builder = ariadne::Report::build(kind, primary.clone())
            .with_config(config)
            .with_code(self.code)
            .with_message(visible(&self.message))
            .with_label(
                Label::new(primary.clone())
                    .with_message(visible(&self.label))
                    .with_color(tone)
                    .with_order(order(&primary.0, &primary.0, &primary.1)),
            );
        for ((key, span), (_, label)) in frames.spans[1..].iter().zip(&self.others) {
            builder = builder.with_label(
                Label::new((key.clone(), span.clone()))
                    .with_message(visible(label))
                    .with_color(Color::Cyan)
                    .with_order(order(&primary.0, key, span)),
            );
        }
        if let Some(hint) = &self.hint {
            builder = builder.with_help(visible(hint));
        }
        let mut bytes = Vec::new();
        match builder.finish().write(&mut frames, &mut bytes) {
            Ok(()) => {
                let drawn = String::from_utf8_lossy(&bytes);
                let lines: Vec<&str> = drawn.lines().map(str::trim_end).collect();
                let mut drawn = lines.join("\n");
                for (of_window, of_file) in &frames.columns {
                    drawn = drawn.replacen(of_window, of_file, 1);
                }
                drawn
            }
            Err(error) => format!("[{}] {} ({error})", self.code, visible(&self.message)),
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

/// The part of a line around a place, and where it is in the source.
struct Window<'a> {
    source: &'a Arc<SourceText>,
    /// Bytes of the source that are drawn.
    drawn: Range<usize>,
    /// Whether the line begins before it.
    is_cut: bool,
    /// As many empty lines as are before it, so that ariadne writes the numbers of the file.
    padding: usize,
    key: Key,
}

const CUT: &str = "…";

impl<'a> Window<'a> {
    fn around(place: &'a Place, key: Key) -> Self {
        let text = &*place.source.text;
        let at = text.floor_char_boundary(place.span.start);
        let (start, end) = line(text, at);
        // Both ends are kept free for the marks of what is cut.
        let most = MOST_COLUMNS - 2;
        let (_, before) = taken(text[start..at].chars().rev(), most);
        let (_, after) = taken(text[at..end].chars(), COLUMNS_AFTER.max(most - before));
        let (bytes_before, _) = taken(text[start..at].chars().rev(), most - after);
        let (bytes_after, _) = taken(text[at..end].chars(), COLUMNS_AFTER.max(most - before));
        Self {
            source: &place.source,
            drawn: at - bytes_before..at + bytes_after,
            is_cut: at - bytes_before > start,
            padding: (place.line_column().0 - 1).min(MOST_PADDING),
            key,
        }
    }

    fn holds(&self, place: &Place) -> bool {
        Arc::ptr_eq(self.source, &place.source)
            && self.drawn.start <= place.span.start
            && place.span.end <= self.drawn.end
    }

    /// The text that shows some bytes of the source.
    fn shown(&self, bytes: Range<usize>) -> String {
        let text = &self.source.text[bytes];
        text.chars()
            .map(|it| if breaks_line(it) { ' ' } else { it })
            .collect()
    }

    fn text(&self) -> String {
        let (_, end) = line(&self.source.text, self.drawn.start);
        let mut shown = "\n".repeat(self.padding);
        if self.is_cut {
            shown.push_str(CUT);
        }
        shown.push_str(&self.shown(self.drawn.clone()));
        if self.drawn.end < end {
            shown.push_str(CUT);
        }
        shown
    }

    /// Position of a place in the text that is shown.
    fn span(&self, place: &Place) -> Range<usize> {
        let inside = |at: usize| {
            self.source
                .text
                .floor_char_boundary(at)
                .clamp(self.drawn.start, self.drawn.end)
        };
        let (start, end) = (inside(place.span.start), inside(place.span.end));
        let before = if self.is_cut { CUT.len() } else { 0 };
        let moved = self.padding + before + self.shown(self.drawn.start..start).len();
        moved..moved + self.shown(start..end.max(start)).len()
    }
}

/// The line that holds a byte, without its end.
fn line(text: &str, at: usize) -> (usize, usize) {
    let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
    let end = text[at..].find('\n').map_or(text.len(), |it| at + it);
    let is_carriage = end > at && text.as_bytes()[end - 1] == b'\r';
    (start, end - usize::from(is_carriage))
}

/// A span of bytes in characters: ariadne takes the one for the other in frames that follow the first.
fn characters(text: &str, bytes: Range<usize>) -> Range<usize> {
    let start = text[..bytes.start].chars().count();
    start..start + text[bytes].chars().count()
}

/// The characters that fit into some columns: their bytes and columns.
fn taken(characters: impl Iterator<Item = char>, most: usize) -> (usize, usize) {
    let (mut bytes, mut columns) = (0, 0);
    for character in characters {
        let wide = width(character);
        if columns + wide > most {
            break;
        }
        columns += wide;
        bytes += character.len_utf8();
    }
    (bytes, columns)
}

fn width(character: char) -> usize {
    match character {
        '\t' => TAB,
        // A combining mark takes no column, but a line of nothing else is cut too.
        _ => character.width().unwrap_or(1).max(1),
    }
}

/// Whether a terminal would do something else with a character of a line than draw it.
fn breaks_line(character: char) -> bool {
    is_command(character) && character != '\t'
}

/// Whether the lines of a place can be drawn as they are.
fn is_short(place: &Place) -> bool {
    let text = &*place.source.text;
    if place.source.lines_before > 0 || text.len() >= MOST_WHOLE {
        return false;
    }
    let (start, _) = line(text, text.floor_char_boundary(place.span.start));
    let (_, end) = line(
        text,
        text.floor_char_boundary(place.span.end.max(place.span.start)),
    );
    let mut lines = text[start..end.max(start)].split('\n');
    let fits = |line: &str| {
        let line = line.trim_end_matches('\r');
        line.len() <= MOST_COLUMNS * 4
            && line.chars().map(width).sum::<usize>() <= MOST_COLUMNS
            && !line.contains(breaks_line)
    };
    lines.by_ref().take(MOST_LINES).all(fits) && lines.next().is_none()
}

/// The texts of one report, and where its places are in them: the main one, then the others.
struct Frames {
    texts: BTreeMap<Key, Source<String>>,
    spans: Vec<(Key, Range<usize>)>,
    /// The positions that ariadne writes of windows that begin inside a line, and those in the file.
    columns: Vec<(String, String)>,
}

impl Frames {
    fn of<'a>(place: &'a Place, others: impl Iterator<Item = &'a Place>) -> Self {
        let places: Vec<&Place> = std::iter::once(place).chain(others).collect();
        let mut frames = Self {
            texts: BTreeMap::new(),
            spans: Vec::new(),
            columns: Vec::new(),
        };
        let mut windows: Vec<Window> = Vec::new();
        for place in &places {
            let path = visible(&place.source.path).into_owned();
            let mut of_source = places.iter().filter(|it| Arc::ptr_eq(&it.source, &place.source));
            if of_source.all(|it| is_short(it)) {
                let key = (path.clone(), 0);
                let text = &place.source.text;
                let start = text.floor_char_boundary(place.span.start);
                let end = text.floor_char_boundary(place.span.end).max(start);
                frames
                    .texts
                    .entry(key.clone())
                    .or_insert_with(|| Source::from(text.clone()));
                frames.spans.push((key, characters(text, start..end)));
                continue;
            }
            let known = windows.iter().position(|it| it.holds(place));
            let no = known.unwrap_or_else(|| {
                let window = Window::around(place, (path.clone(), windows.len() + 1));
                let text = Source::from(window.text());
                frames.texts.insert(window.key.clone(), text);
                windows.push(window);
                windows.len() - 1
            });
            frames.add(&windows[no], place);
        }
        frames
    }

    fn add(&mut self, window: &Window, place: &Place) {
        let (line, column) = place.line_column();
        let span = characters(&window.text(), window.span(place));
        let drawn_column = span.start - window.padding + 1;
        if drawn_column != column {
            let path = visible(&place.source.path).into_owned();
            self.columns.push((
                format!("{path}:{line}:{drawn_column} "),
                format!("{path}:{line}:{column} "),
            ));
        }
        self.spans.push((window.key.clone(), span));
    }
}

impl ariadne::Cache<Key> for &mut Frames {
    type Storage = String;

    fn fetch(&mut self, key: &Key) -> Result<&Source<String>, impl std::fmt::Debug> {
        self.texts.get(key).ok_or_else(|| format!("no text of {}", key.0))
    }

    fn display<'a>(&self, key: &'a Key) -> Option<impl std::fmt::Display + 'a> {
        Some(key.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::Code;

    fn drawn(text: &str, span: Range<usize>) -> String {
        let place = Place {
            source: SourceText::whole("a.yaml", text),
            span,
        };
        let report = Report::new(Code::SHAPE, "wrong").at(place, "here");
        report.render(false)
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let before = "x".repeat(5_000_000);
        let text = format!("first\n{before}wrong{before}\n");
        let at = 6 + before.len();
        let frame = drawn(&text, at..at + 5);
        assert!(frame.len() < 2_000, "{}", frame.len());
        assert!(frame.contains("a.yaml:2:5000001 "), "{frame}");
        assert!(frame.contains(" 2 │ …xxxx"), "{frame}");
        assert!(frame.contains("wrong"), "{frame}");
        for line in frame.lines() {
            let columns: usize = line.chars().map(width).sum();
            assert!(columns <= MOST_COLUMNS + 10, "{columns} columns: {line}");
        }
    }

    #[test]
    fn a_value_of_any_length_makes_a_short_report() {
        let long = "y".repeat(10_000_000);
        let place = Place {
            source: SourceText::whole("a.yaml", long.clone()),
            span: 0..long.len(),
        };
        let report = Report::new(Code::SHAPE, format!("\"{long}\" is wrong"));
        let report = report.at(place, format!("not {long}")).hint(long);
        assert!(report.render(false).len() < 10_000);
    }

    #[test]
    fn places_far_apart_in_a_line_have_frames_of_their_own() {
        let text = format!("one {} two", "x".repeat(500));
        let source = SourceText::whole("a.yaml", &*text);
        let place = |span| Place {
            source: source.clone(),
            span,
        };
        let report = Report::new(Code::DUPLICATE_KEY, "twice")
            .at(place(text.len() - 3..text.len()), "again")
            .also(Some(place(0..3)), "first");
        let frame = report.render(false);
        assert!(frame.contains("a.yaml:1:506 "), "{frame}");
        assert!(frame.contains("a.yaml:1:1 "), "{frame}");
        assert!(frame.contains("first") && frame.contains("again"), "{frame}");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(15),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn any_place_in_any_text_is_drawn(
            characters in proptest::collection::vec(
                prop_oneof![
                    4 => proptest::char::range('a', 'z'),
                    2 => proptest::sample::select(vec!['\n', '\r', '\t', '"', '名', 'é', '\u{301}', '\u{2028}', '\u{0}', '😀']),
                    1 => any::<char>(),
                ],
                0..400,
            ),
            repeat in 1..4_usize,
            start in 0..2_000_usize,
            length in 0..2_000_usize,
            lines_before in prop_oneof![Just(0_usize), 1..5_usize],
        ) {
            let text: String = characters.iter().collect::<String>().repeat(repeat);
            let source = Arc::new(SourceText { path: "a.yaml".into(), text, lines_before });
            let place = Place { source: source.clone(), span: start..start + length };
            let other = Place { source, span: 0..length };
            let report = Report::new(Code::SHAPE, "wrong").at(place, "here").also(Some(other), "there");
            prop_assert!(report.render(false).contains("wrong"));
        }
    }
}
