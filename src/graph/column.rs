//! The values of one property of one type.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::io::Write;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use bigdecimal::BigDecimal;

use super::adjacency::Starts;
use super::statement::Statements;
use super::storage::Stored;
use super::strings::{Strings, beginning};
use super::{NO_STATEMENT, StatementNo};
use crate::json::List;
use crate::ontology::{Date, Instant, Int64Form, Ontology, Point, Scalar, decimal, duration};

/// A bit per row.
#[derive(Debug, Default)]
pub struct Bits {
    pub(super) words: Stored<u64>,
    pub(super) len: usize,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        if bit && let Some(word) = self.words.values().last_mut() {
            *word |= 1 << (self.len % 64);
        }
        self.len += 1;
    }

    fn get(&self, at: usize) -> bool {
        self.words[at / 64] >> (at % 64) & 1 == 1
    }
}

/// Values of a fixed size, and the rows that have one.
#[derive(Debug)]
pub struct Fixed<T: 'static> {
    pub(super) values: Stored<T>,
    /// `None` if every row has a value.
    pub(super) present: Option<Bits>,
}

impl<T> Default for Fixed<T> {
    fn default() -> Self {
        Self {
            values: Stored::default(),
            present: None,
        }
    }
}

impl<T: Copy + Default> Fixed<T> {
    fn push(&mut self, value: Option<T>) {
        if value.is_none() && self.present.is_none() {
            let mut bits = Bits::default();
            for _ in 0..self.values.len() {
                bits.push(true);
            }
            self.present = Some(bits);
        }
        if let Some(present) = &mut self.present {
            present.push(value.is_some());
        }
        self.values.push(value.unwrap_or_default());
    }

    /// The values of some rows, if all rows of the column have a value.
    #[inline]
    pub fn all(&self, rows: std::ops::Range<usize>) -> Option<&[T]> {
        match self.present {
            None => Some(&self.values[rows]),
            Some(_) => None,
        }
    }

    /// The value of a row.
    #[inline]
    pub fn get(&self, row: usize) -> Option<T> {
        match &self.present {
            Some(present) if !present.get(row) => None,
            _ => Some(self.values[row]),
        }
    }

    fn bytes(&self) -> usize {
        let present = self.present.as_ref().map_or(0, |it| it.words.bytes());
        self.values.bytes() + present
    }
}

/// The largest number of languages of a column, including texts without a language.
pub(super) const MOST_LANGUAGES: usize = 1 << 16;

/// The largest number of texts of a column: a name of an entity is one of those of two columns, by 32 bits.
pub(super) const MOST_TEXTS: usize = (1 << 31) - 1;

/// Up to this number of languages, a linear search is faster than hashing.
const FEW_LANGUAGES: usize = 16;

/// Texts in several languages: a range of entries for each row.
#[derive(Debug, Default)]
pub struct Languages {
    pub(super) ends: Stored<u32>,
    pub(super) tags: Stored<u16>,
    pub(super) texts: Strings,
    /// The languages of the column; 0 means no language.
    pub(super) names: Vec<String>,
    /// Index of the languages while texts are added, if there are more than a few.
    pub(super) by_name: HashMap<String, u32>,
}

impl Languages {
    fn push<L: AsRef<str>>(&mut self, entries: &[(L, &str)]) {
        for (language, text) in entries {
            let language = language.as_ref();
            let tag = self.tag(language);
            self.tags.push(tag as u16);
            self.texts.push(text);
        }
        self.ends.push(self.tags.len() as u32);
    }

    /// The index of a language, which is added if it is new.
    fn tag(&mut self, language: &str) -> usize {
        let found = if self.names.len() <= FEW_LANGUAGES {
            self.names.iter().position(|it| it == language)
        } else {
            for at in self.by_name.len()..self.names.len() {
                self.by_name.insert(self.names[at].clone(), at as u32);
            }
            self.by_name.get(language).map(|it| *it as usize)
        };
        found.unwrap_or_else(|| {
            // One language more than an index can number is kept, to show that there are too many.
            if self.names.len() <= MOST_LANGUAGES {
                self.names.push(language.to_owned());
            }
            self.names.len() - 1
        })
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        let start = row.checked_sub(1).map_or(0, |it| self.ends[it] as usize);
        start..self.ends[row] as usize
    }

    /// The row's entry in the first of the given languages that it has; otherwise the untagged one, otherwise the
    /// first.
    fn choose(&self, row: usize, languages: &[String]) -> Option<usize> {
        let mut range = self.range(row);
        let tagged = |language: &String| {
            self.range(row)
                .find(|at| self.names[usize::from(self.tags[*at])].eq_ignore_ascii_case(language))
        };
        let untagged = || {
            self.range(row)
                .find(|at| self.names[usize::from(self.tags[*at])].is_empty())
        };
        languages
            .iter()
            .find_map(tagged)
            .or_else(untagged)
            .or_else(|| range.next())
    }

    /// The texts of a row, each with its language.
    pub fn entries(&self, row: usize) -> impl Iterator<Item = (&str, &str)> {
        self.range(row).map(|at| {
            let name = self.names[usize::from(self.tags[at])].as_str();
            (name, self.texts.text(at).unwrap_or_default())
        })
    }
}

/// Values of one kind, by row.
#[derive(Debug)]
pub enum Values {
    /// `String`, `ID`, `URL`.
    Text(Strings),
    /// `Int`.
    Int(Fixed<i32>),
    /// `Int64`, and its form in answers.
    Int64(Fixed<i64>, Int64Form),
    /// `Float`.
    Float(Fixed<f64>),
    /// `Boolean`, 0 or 1.
    Boolean(Fixed<u8>),
    /// `Date`, packed.
    Date(Fixed<[u64; 2]>),
    /// `DateTime`: the original text, and microseconds since 1970.
    DateTime(Strings, Fixed<i64>),
    /// `Duration`: the original text, and microseconds.
    Duration(Strings, Fixed<i64>),
    /// `Decimal`, with the original digits.
    Decimal(Strings),
    /// An enum: the index of the value in the enum, and the names as JSON.
    Enum(Fixed<u16>, Arc<[String]>),
    /// `Text`.
    Languages(Languages),
    /// `Point`: latitude and longitude.
    Point(Fixed<[f64; 2]>),
    /// `JSON` and custom scalars of the schema.
    Json(Strings),
}

/// A valid value of a property.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Int(i32),
    Int64(i64),
    Float(f64),
    Boolean(bool),
    Date(Date),
    DateTime(&'a str, i64),
    Duration(&'a str, i64),
    Decimal(&'a str),
    Enum(u16),
    Languages(Vec<(Cow<'a, str>, &'a str)>),
    Point(Point),
    /// A text whose JSON form differs from its stored form.
    Owned(String),
    Json(String),
}

impl Values {
    pub(super) fn new(scalar: Scalar, ontology: &Ontology) -> Self {
        match scalar {
            Scalar::Id | Scalar::String | Scalar::Url => Values::Text(Strings::default()),
            Scalar::Int => Values::Int(Fixed::default()),
            Scalar::Int64 => Values::Int64(Fixed::default(), ontology.int64),
            Scalar::Float => Values::Float(Fixed::default()),
            Scalar::Boolean => Values::Boolean(Fixed::default()),
            Scalar::Date => Values::Date(Fixed::default()),
            Scalar::DateTime => Values::DateTime(Strings::default(), Fixed::default()),
            Scalar::Duration => Values::Duration(Strings::default(), Fixed::default()),
            Scalar::Decimal => Values::Decimal(Strings::default()),
            Scalar::Text => Values::Languages(Languages::default()),
            Scalar::Point => Values::Point(Fixed::default()),
            Scalar::Json | Scalar::Custom(_) => Values::Json(Strings::default()),
            Scalar::Enum(id) => {
                let values = &ontology.enums[id.index()].values;
                let names = values.iter().map(|it| format!("\"{}\"", it.name)).collect();
                Values::Enum(Fixed::default(), names)
            }
        }
    }

    /// Adds a row. The cell always has the right kind, because the builder creates it by the property's scalar.
    pub(super) fn push(&mut self, cell: Option<Cell>) {
        match (self, cell) {
            (Values::Text(it) | Values::Decimal(it), Some(Cell::Text(text) | Cell::Decimal(text))) => {
                it.push(text);
            }
            (Values::Text(it), Some(Cell::Owned(text))) => it.push(&text),
            (Values::Json(it), Some(Cell::Json(json))) => it.push_raw(&json),
            (Values::Text(it) | Values::Decimal(it) | Values::Json(it), _) => it.push_null(),
            (Values::Int(it), Some(Cell::Int(value))) => it.push(Some(value)),
            (Values::Int(it), _) => it.push(None),
            (Values::Int64(it, _), Some(Cell::Int64(value))) => it.push(Some(value)),
            (Values::Int64(it, _), _) => it.push(None),
            (Values::Float(it), Some(Cell::Float(value))) => it.push(Some(value)),
            (Values::Float(it), _) => it.push(None),
            (Values::Boolean(it), Some(Cell::Boolean(value))) => it.push(Some(value.into())),
            (Values::Boolean(it), _) => it.push(None),
            (Values::Date(it), Some(Cell::Date(value))) => it.push(Some(value.pack())),
            (Values::Date(it), _) => it.push(None),
            (Values::DateTime(texts, numbers), Some(Cell::DateTime(text, number)))
            | (Values::Duration(texts, numbers), Some(Cell::Duration(text, number))) => {
                texts.push(text);
                numbers.push(Some(number));
            }
            (Values::DateTime(texts, numbers) | Values::Duration(texts, numbers), _) => {
                texts.push_null();
                numbers.push(None);
            }
            (Values::Enum(it, _), Some(Cell::Enum(value))) => it.push(Some(value)),
            (Values::Enum(it, _), _) => it.push(None),
            (Values::Languages(it), Some(Cell::Languages(entries))) => it.push(&entries),
            (Values::Languages(it), _) => it.push::<&str>(&[]),
            (Values::Point(it), Some(Cell::Point(point))) => it.push(Some([point.lat(), point.lon()])),
            (Values::Point(it), _) => it.push(None),
        }
    }

    /// Appends a row of other values of the same kind.
    pub(super) fn push_from(&mut self, from: &Values, at: usize) {
        match (self, from) {
            (Values::Text(to), Values::Text(from))
            | (Values::Decimal(to), Values::Decimal(from))
            | (Values::Json(to), Values::Json(from)) => to.push_from(from, at),
            (Values::Int(to), Values::Int(from)) => to.push(from.get(at)),
            (Values::Int64(to, _), Values::Int64(from, _)) => to.push(from.get(at)),
            (Values::Float(to), Values::Float(from)) => to.push(from.get(at)),
            (Values::Boolean(to), Values::Boolean(from)) => to.push(from.get(at)),
            (Values::Date(to), Values::Date(from)) => to.push(from.get(at)),
            (Values::DateTime(texts, numbers), Values::DateTime(from_texts, from_numbers))
            | (Values::Duration(texts, numbers), Values::Duration(from_texts, from_numbers)) => {
                texts.push_from(from_texts, at);
                numbers.push(from_numbers.get(at));
            }
            (Values::Enum(to, _), Values::Enum(from, _)) => to.push(from.get(at)),
            (Values::Languages(to), Values::Languages(from)) => {
                to.push(&from.entries(at).collect::<Vec<_>>());
            }
            (Values::Point(to), Values::Point(from)) => to.push(from.get(at)),
            (to, _) => to.push(None),
        }
    }

    /// Reserves capacity for a number of rows of other values.
    pub(super) fn reserve<'a>(&mut self, rows: usize, from: impl Iterator<Item = &'a Values>) {
        match self {
            Values::Text(it)
            | Values::Decimal(it)
            | Values::Json(it)
            | Values::DateTime(it, _)
            | Values::Duration(it, _) => {
                let lengths = from.map(|from| match from {
                    Values::Text(from)
                    | Values::Decimal(from)
                    | Values::Json(from)
                    | Values::DateTime(from, _)
                    | Values::Duration(from, _) => from.arena_len(),
                    _ => 0,
                });
                it.reserve(rows, lengths.sum());
            }
            Values::Int(it) => it.values.values().reserve_exact(rows),
            Values::Int64(it, _) => it.values.values().reserve_exact(rows),
            Values::Float(it) => it.values.values().reserve_exact(rows),
            Values::Boolean(it) => it.values.values().reserve_exact(rows),
            Values::Date(it) => it.values.values().reserve_exact(rows),
            Values::Enum(it, _) => it.values.values().reserve_exact(rows),
            Values::Languages(it) => it.ends.values().reserve_exact(rows),
            Values::Point(it) => it.values.values().reserve_exact(rows),
        }
    }

    pub(super) fn shrink(&mut self) {
        match self {
            Values::Text(it) | Values::Decimal(it) | Values::Json(it) => it.shrink(),
            Values::DateTime(texts, instants) | Values::Duration(texts, instants) => {
                texts.shrink();
                instants.values.values().shrink_to_fit();
            }
            Values::Int(it) => it.values.values().shrink_to_fit(),
            Values::Int64(it, _) => it.values.values().shrink_to_fit(),
            Values::Float(it) => it.values.values().shrink_to_fit(),
            Values::Boolean(it) => it.values.values().shrink_to_fit(),
            Values::Date(it) => it.values.values().shrink_to_fit(),
            Values::Enum(it, _) => it.values.values().shrink_to_fit(),
            Values::Languages(it) => {
                it.texts.shrink();
                it.by_name = HashMap::new();
            }
            Values::Point(it) => it.values.values().shrink_to_fit(),
        }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        match self {
            Values::Text(it)
            | Values::Decimal(it)
            | Values::Json(it)
            | Values::DateTime(it, _)
            | Values::Duration(it, _) => it.len(),
            Values::Int(it) => it.values.len(),
            Values::Int64(it, _) => it.values.len(),
            Values::Float(it) => it.values.len(),
            Values::Boolean(it) => it.values.len(),
            Values::Date(it) => it.values.len(),
            Values::Enum(it, _) => it.values.len(),
            Values::Languages(it) => it.ends.len(),
            Values::Point(it) => it.values.len(),
        }
    }

    /// Whether a row has no value.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Values::Text(it)
            | Values::Decimal(it)
            | Values::Json(it)
            | Values::DateTime(it, _)
            | Values::Duration(it, _) => it.json(row).is_empty(),
            Values::Int(it) => it.get(row).is_none(),
            Values::Int64(it, _) => it.get(row).is_none(),
            Values::Float(it) => it.get(row).is_none(),
            Values::Boolean(it) => it.get(row).is_none(),
            Values::Date(it) => it.get(row).is_none(),
            Values::Enum(it, _) => it.get(row).is_none(),
            Values::Languages(it) => it.range(row).is_empty(),
            Values::Point(it) => it.get(row).is_none(),
        }
    }

    /// Writes a row's JSON; `null` if it has no value. `languages` chooses one text of a `Text`.
    #[inline]
    pub fn write(&self, row: usize, languages: &[String], out: &mut Vec<u8>) {
        match self {
            Values::Text(it)
            | Values::Decimal(it)
            | Values::Json(it)
            | Values::DateTime(it, _)
            | Values::Duration(it, _) => {
                let json = it.json(row);
                out.extend_from_slice(if json.is_empty() { b"null" } else { json });
            }
            Values::Int(it) => match it.get(row) {
                Some(value) => out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
                None => out.extend_from_slice(b"null"),
            },
            Values::Int64(it, form) => match it.get(row) {
                Some(value) => write_int64(value, *form, out),
                None => out.extend_from_slice(b"null"),
            },
            Values::Float(it) => match it.get(row) {
                Some(value) => write_float(value, out),
                None => out.extend_from_slice(b"null"),
            },
            Values::Boolean(it) => out.extend_from_slice(match it.get(row) {
                Some(0) => b"false",
                Some(_) => b"true",
                None => b"null",
            }),
            Values::Date(it) => match it.get(row) {
                Some(bits) => {
                    out.push(b'"');
                    Date::unpack(bits).write(out);
                    out.push(b'"');
                }
                None => out.extend_from_slice(b"null"),
            },
            Values::Enum(it, names) => out.extend_from_slice(match it.get(row) {
                Some(value) => names[usize::from(value)].as_bytes(),
                None => b"null",
            }),
            Values::Languages(it) => match it.choose(row, languages) {
                Some(at) => out.extend_from_slice(it.texts.json(at)),
                None => out.extend_from_slice(b"null"),
            },
            Values::Point(_) => match self.point(row) {
                Some(point) => write_point(point, out),
                None => out.extend_from_slice(b"null"),
            },
        }
    }

    /// A row's text, if its value is one.
    pub fn text(&self, row: usize) -> Option<&str> {
        match self {
            Values::Text(it) | Values::Decimal(it) | Values::DateTime(it, _) | Values::Duration(it, _) => {
                it.text(row)
            }
            Values::Enum(it, names) => it
                .get(row)
                .map(|value| names[usize::from(value)].trim_matches('"')),
            Values::Languages(it) => it.choose(row, &[]).and_then(|at| it.texts.text(at)),
            _ => None,
        }
    }

    /// Whether there are texts in more languages than a column can have.
    pub(super) fn has_too_many_languages(&self) -> bool {
        self.languages().len() > MOST_LANGUAGES
    }

    /// Whether there are more texts than a column can have.
    pub(super) fn has_too_many_texts(&self) -> bool {
        matches!(self, Values::Languages(it) if it.tags.len() > MOST_TEXTS)
    }

    /// The languages of the column, where an empty tag means no language.
    pub fn languages(&self) -> &[String] {
        match self {
            Values::Languages(it) => &it.names,
            _ => &[],
        }
    }

    /// The index of a row's enum value in the schema.
    pub fn enum_position(&self, row: usize) -> Option<u16> {
        match self {
            Values::Enum(it, _) => it.get(row),
            _ => None,
        }
    }

    /// A row's texts in all languages.
    pub fn texts(&self, row: usize) -> Vec<(&str, &str)> {
        match self {
            Values::Languages(it) => it.entries(row).collect(),
            _ => self.text(row).map(|text| ("", text)).into_iter().collect(),
        }
    }

    /// The positions of the texts of some rows: each of a `Text`'s languages has one, and each value of another kind.
    pub(super) fn texts_of(&self, rows: Range<usize>) -> Range<usize> {
        match self {
            Values::Languages(it) if !rows.is_empty() => {
                it.range(rows.start).start..it.range(rows.end - 1).end
            }
            Values::Languages(_) => 0..0,
            _ => rows,
        }
    }

    /// The text at one of these positions; `None` where a value has none.
    pub(super) fn text_at(&self, position: usize) -> Option<&str> {
        match self {
            Values::Languages(it) => it.texts.text(position),
            _ => self.text(position),
        }
    }

    /// The row of the text at one of these positions, in time logarithmic in the rows.
    fn row_of_text(&self, position: usize) -> usize {
        match self {
            Values::Languages(it) => it.ends.partition_point(|end| *end as usize <= position),
            _ => position,
        }
    }

    /// A row's integer.
    pub fn int(&self, row: usize) -> Option<i32> {
        match self {
            Values::Int(it) => it.get(row),
            _ => None,
        }
    }

    /// A row's 64-bit integer.
    pub fn int64(&self, row: usize) -> Option<i64> {
        match self {
            Values::Int64(it, _) => it.get(row),
            _ => None,
        }
    }

    /// A row's floating-point number.
    pub fn float(&self, row: usize) -> Option<f64> {
        match self {
            Values::Float(it) => it.get(row),
            Values::Int(it) => it.get(row).map(f64::from),
            _ => None,
        }
    }

    /// A row's boolean.
    pub fn boolean(&self, row: usize) -> Option<bool> {
        match self {
            Values::Boolean(it) => it.get(row).map(|value| value != 0),
            _ => None,
        }
    }

    /// A row's date.
    pub fn date(&self, row: usize) -> Option<Date> {
        match self {
            Values::Date(it) => it.get(row).map(Date::unpack),
            _ => None,
        }
    }

    /// A row's instant, in microseconds since 1970.
    pub fn instant(&self, row: usize) -> Option<i64> {
        match self {
            Values::DateTime(_, it) => it.get(row),
            _ => None,
        }
    }

    /// A row's duration, in microseconds.
    pub fn duration(&self, row: usize) -> Option<i64> {
        match self {
            Values::Duration(_, it) => it.get(row),
            _ => None,
        }
    }

    /// A row's decimal number.
    pub fn decimal(&self, row: usize) -> Option<BigDecimal> {
        match self {
            Values::Decimal(it) => BigDecimal::from_str(it.text(row)?).ok(),
            _ => None,
        }
    }

    /// A row's point.
    pub fn point(&self, row: usize) -> Option<Point> {
        match self {
            Values::Point(it) => {
                let [lat, lon] = it.get(row)?;
                Point::new(lat, lon).ok()
            }
            _ => None,
        }
    }

    /// A row's JSON as stored.
    pub fn json(&self, row: usize) -> Option<&str> {
        match self {
            Values::Json(it) => it.raw(row),
            _ => None,
        }
    }

    /// Whether two values can both be correct for the same subject and time: equal values, dates that share a day, or
    /// texts that do not differ in any language that both have.
    pub fn is_compatible(&self, row: usize, others: &Self, other: usize) -> bool {
        match (self, others) {
            (Values::Languages(a), Values::Languages(b)) => {
                let there: HashMap<&str, &str> = b.entries(other).collect();
                a.entries(row)
                    .all(|(language, text)| there.get(language).is_none_or(|it| *it == text))
            }
            (Values::Json(a), Values::Json(b)) => {
                let json =
                    |text: Option<&str>| -> Option<serde_json::Value> { serde_json::from_str(text?).ok() };
                a.raw(row) == b.raw(other) || json(a.raw(row)) == json(b.raw(other))
            }
            _ => match (self.key(row), others.key(other)) {
                (Some(Key::Date(a)), Some(Key::Date(b))) => a.overlaps(b),
                (Some(a), Some(b)) => a.compare(&b) == Ordering::Equal,
                _ => true,
            },
        }
    }

    /// The sort key of a row; `None` if it has no value.
    pub fn key(&self, row: usize) -> Option<Key<'_>> {
        match self {
            Values::Text(_) | Values::Languages(_) => self.text(row).map(Key::Text),
            Values::Json(it) => it.raw(row).map(Key::Text),
            Values::Int(it) => it.get(row).map(|value| Key::Whole(value.into())),
            Values::Float(it) => it.get(row).map(Key::Float),
            Values::Boolean(it) => it.get(row).map(|value| Key::Whole(value.into())),
            Values::Date(_) => self.date(row).map(Key::Date),
            Values::Int64(it, _) | Values::DateTime(_, it) | Values::Duration(_, it) => {
                it.get(row).map(Key::Whole)
            }
            Values::Decimal(_) => self.decimal(row).map(Key::Decimal),
            Values::Enum(it, _) => it.get(row).map(|value| Key::Whole(value.into())),
            Values::Point(_) => self.point(row).map(Key::Point),
        }
    }

    /// The sort key of a value that a request gives as text, in the same form as [`Self::key`]; `None` if the text is
    /// not a value of this kind.
    pub(super) fn key_of<'t>(&self, text: &'t str) -> Option<Key<'t>> {
        match self {
            Values::Text(_) | Values::Languages(_) | Values::Json(_) => Some(Key::Text(text)),
            Values::Int(_) | Values::Int64(..) => text.parse().ok().map(Key::Whole),
            Values::Float(_) => text.parse().ok().map(Key::Float),
            Values::Boolean(_) => text.parse().ok().map(|it: bool| Key::Whole(it.into())),
            Values::Date(_) => Date::parse(text).ok().map(Key::Date),
            Values::DateTime(..) => {
                let instant = Instant::parse(text).ok()?;
                Some(Key::Whole(instant.microseconds()))
            }
            Values::Duration(..) => duration(text).ok().map(Key::Whole),
            Values::Decimal(_) => decimal(text).ok().map(Key::Decimal),
            Values::Enum(..) | Values::Point(_) => None,
        }
    }

    fn strings(&self) -> usize {
        match self {
            Values::Text(it)
            | Values::Decimal(it)
            | Values::Json(it)
            | Values::DateTime(it, _)
            | Values::Duration(it, _) => it.bytes(),
            Values::Languages(it) => it.texts.bytes(),
            _ => 0,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Values::Text(it) | Values::Decimal(it) | Values::Json(it) => it.bytes(),
            Values::DateTime(texts, numbers) | Values::Duration(texts, numbers) => {
                texts.bytes() + numbers.bytes()
            }
            Values::Int(it) => it.bytes(),
            Values::Int64(it, _) => it.bytes(),
            Values::Float(it) => it.bytes(),
            Values::Boolean(it) => it.bytes(),
            Values::Date(it) => it.bytes(),
            Values::Enum(it, _) => it.bytes(),
            Values::Languages(it) => it.texts.bytes() + it.ends.bytes() + it.tags.bytes(),
            Values::Point(it) => it.bytes(),
        }
    }
}

/// Sort keys of values: texts by their code points, enums in the order of the schema, dates by their first day, points
/// from south to north. Only keys of the same kind are compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Key<'a> {
    /// A text.
    Text(&'a str),
    /// An integer, a boolean, an enum value or a time.
    Whole(i64),
    /// A number.
    Float(f64),
    /// A date.
    Date(Date),
    /// A decimal number.
    Decimal(BigDecimal),
    /// A point on Earth.
    Point(Point),
}

impl Key<'_> {
    /// Compares two keys of the same kind.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Whole(a), Key::Whole(b)) => a.cmp(b),
            (Key::Float(a), Key::Float(b)) => unsigned_zero(*a).total_cmp(&unsigned_zero(*b)),
            (Key::Date(a), Key::Date(b)) => a.span().cmp(&b.span()),
            (Key::Decimal(a), Key::Decimal(b)) => a.cmp(b),
            (Key::Point(a), Key::Point(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

impl Key<'_> {
    /// A number that is not greater than that of a greater key of the same kind. Different keys can have one number.
    pub(super) fn rank(&self) -> u64 {
        /// The sign is turned so that negative numbers come first.
        const SIGN: u64 = 1 << 63;
        match self {
            Key::Text(text) => beginning(text.as_bytes()),
            Key::Whole(it) => it.cast_unsigned() ^ SIGN,
            Key::Float(it) => match unsigned_zero(*it).to_bits() {
                bits if bits & SIGN == 0 => bits ^ SIGN,
                bits => !bits,
            },
            Key::Date(it) => it.span().0.cast_unsigned() ^ SIGN,
            Key::Decimal(_) | Key::Point(_) => 0,
        }
    }
}

impl Key<'_> {
    /// Writes a text that is the same for equal keys only, however their values are written.
    pub fn write_identity(&self, out: &mut Vec<u8>) {
        // Writing to a vector cannot fail.
        let _ = match self {
            Key::Text(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(())
            }
            Key::Whole(it) => {
                out.extend_from_slice(itoa::Buffer::new().format(*it).as_bytes());
                Ok(())
            }
            Key::Float(it) => write!(out, "{:x}", unsigned_zero(*it).to_bits()),
            Key::Date(it) => {
                let (first, last) = it.span();
                write!(out, "{first}/{last}")
            }
            Key::Decimal(it) => {
                let (digits, scale) = it.normalized().into_bigint_and_exponent();
                write!(out, "{digits}/{scale}")
            }
            Key::Point(it) => {
                let (lat, lon) = it.place();
                write!(out, "{:x}/{:x}", lat.to_bits(), lon.to_bits())
            }
        };
    }
}

/// Minus zero is zero.
fn unsigned_zero(value: f64) -> f64 {
    value + 0.0
}

/// An integer of 64 bits, in the form for answers.
fn write_int64(value: i64, form: Int64Form, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value).as_bytes();
    match form {
        Int64Form::Number => out.extend_from_slice(digits),
        Int64Form::String => {
            out.push(b'"');
            out.extend_from_slice(digits);
            out.push(b'"');
        }
    }
}

/// A point as `GeoJSON`.
fn write_point(point: Point, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"type":"Point","coordinates":["#);
    write_float(point.lon(), out);
    out.push(b',');
    write_float(point.lat(), out);
    out.extend_from_slice(b"]}");
}

/// A finite number as GraphQL requires; whole numbers have no fraction, as in JavaScript.
pub fn write_float(value: f64, out: &mut Vec<u8>) {
    if value == value.trunc() && value.abs() < 1e15 {
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    }
}

/// Additional values of rows, from statements that contradict the shown one.
#[derive(Debug)]
pub(super) struct Alternatives {
    /// The row of each value, in order.
    pub rows: Stored<u32>,
    pub values: Values,
    pub statements: Stored<StatementNo>,
}

impl Alternatives {
    /// The range of a row, in time logarithmic in the number of all.
    fn range(&self, row: usize) -> Range<usize> {
        let from = self.rows.partition_point(|it| (*it as usize) < row);
        from..self.rows.partition_point(|it| (*it as usize) <= row)
    }
}

/// The ranges of values of a list property's rows; `None` if no row has any.
#[derive(Debug)]
pub(super) struct Lists(pub Option<Starts>);

impl Lists {
    #[inline]
    fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.0.as_ref().map_or(0..0, |it| it.range(row))
    }

    fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, Starts::bytes)
    }
}

/// A text that a statement gives: itself, and the value that it is part of.
#[derive(Clone, Copy)]
pub(super) struct StatementText<'a> {
    pub values: &'a Values,
    pub at: usize,
    pub text: &'a str,
    pub statement: StatementNo,
}

/// The values of one property, for all rows of a type or all edges of a relation.
///
/// ```text
/// single   value i belongs to row i
/// list     the values of row i are those in its range
/// ```
#[derive(Debug)]
pub struct Column {
    pub(super) values: Values,
    /// The ranges of the lists' values.
    pub(super) lists: Option<Lists>,
    /// The statement of each value; `None` while no value has one.
    pub(super) statements: Option<Stored<StatementNo>>,
    pub(super) alternatives: Option<Alternatives>,
}

impl Column {
    /// The number of values that other statements of a row give.
    pub(super) fn beside(&self, row: usize) -> usize {
        self.positions_beside(row).len()
    }

    /// The values, numbered as in [`Column::range`].
    #[inline]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Whether rows have lists of values.
    pub fn is_list(&self) -> bool {
        self.lists.is_some()
    }

    /// The numbers of a row's values.
    #[inline]
    pub fn range(&self, row: usize) -> std::ops::Range<usize> {
        match &self.lists {
            None => row..row + 1,
            Some(lists) => lists.range(row),
        }
    }

    /// Writes a row's value or list.
    #[inline]
    pub fn write(&self, row: usize, languages: &[String], out: &mut Vec<u8>) {
        if self.lists.is_none() {
            return self.values.write(row, languages, out);
        }
        let mut list = List::default();
        for at in self.range(row) {
            out.push(list.before_next());
            self.values.write(at, languages, out);
        }
        out.extend_from_slice(list.end());
    }

    /// The statement of a value.
    pub fn statement(&self, value: usize) -> StatementNo {
        self.statements.as_ref().map_or(NO_STATEMENT, |it| it[value])
    }

    /// All values of a row with their numbers and statements, the shown one first.
    pub fn each_said(&self, row: usize) -> impl Iterator<Item = (&Values, usize, StatementNo)> {
        let given = self.range(row).filter(|at| !self.values.is_null(*at));
        let given = given.map(|at| (&self.values, at, self.statement(at)));
        let others = self.alternatives.iter().flat_map(move |others| {
            let range = others.range(row);
            range.map(|at| (&others.values, at, others.statements[at]))
        });
        given.chain(others)
    }

    /// The numbers of a row's given values: none where a single value is null.
    fn given(&self, row: usize) -> Range<usize> {
        if !self.is_list() && self.values.is_null(row) {
            return 0..0;
        }
        self.range(row)
    }

    /// Each text that the statements about a row give, with its number for [`Self::said_text`].
    pub(super) fn each_said_text(&self, row: usize, take: &mut dyn FnMut(usize, StatementText)) {
        let given = self.given(row).map(|at| (&self.values, at, self.statement(at)));
        let others = self.alternatives.iter().flat_map(|others| {
            let range = others.range(row);
            range.map(|at| (&others.values, at, others.statements[at]))
        });
        let mut no = 0;
        for (values, at, statement) in given.chain(others) {
            for position in values.texts_of(at..at + 1) {
                if let Some(text) = values.text_at(position) {
                    let said = StatementText {
                        values,
                        at,
                        text,
                        statement,
                    };
                    take(no, said);
                }
                no += 1;
            }
        }
    }

    /// The text at an index of all texts of [`Self::each_said`], numbered as in [`Values::texts_of`], with its value. Takes
    /// time logarithmic in the number of values of the column, since sorting by names calls this often.
    pub(super) fn said_text(&self, row: usize, no: usize) -> Option<StatementText<'_>> {
        let given = self.values.texts_of(self.given(row));
        if no < given.len() {
            let text = given.start + no;
            let at = self.values.row_of_text(text);
            return Some(StatementText {
                values: &self.values,
                at,
                text: self.values.text_at(text)?,
                statement: self.statement(at),
            });
        }
        let others = self.alternatives.as_ref()?;
        let texts = others.values.texts_of(others.range(row));
        let text = texts.start + (no - given.len());
        if text >= texts.end {
            return None;
        }
        let at = others.values.row_of_text(text);
        Some(StatementText {
            values: &others.values,
            at,
            text: others.values.text_at(text)?,
            statement: others.statements[at],
        })
    }

    /// Its values: the shown ones, then the additional ones.
    pub(super) fn all_values(&self) -> impl Iterator<Item = &Values> {
        std::iter::once(&self.values).chain(self.alternatives.iter().map(|it| &it.values))
    }

    /// Whether there are additional values.
    pub(super) fn has_alternatives(&self) -> bool {
        self.alternatives.is_some()
    }

    /// The statements of all values that have one.
    pub(super) fn statements(&self) -> impl Iterator<Item = StatementNo> + '_ {
        let given = self.statements.iter().flat_map(|it| it.iter().copied());
        let others = self
            .alternatives
            .iter()
            .flat_map(|it| it.statements.iter().copied());
        given.chain(others)
    }

    /// Number of positions of a column of single values: one for each row, then one for each additional value.
    pub(super) fn positions(&self) -> u32 {
        let others = self.alternatives.as_ref().map_or(0, |it| it.rows.len());
        (self.values.len() + others) as u32
    }

    /// The values that have a position, and its index in them.
    pub(super) fn value_of(&self, position: u32) -> (&Values, usize) {
        let at = position as usize;
        match &self.alternatives {
            Some(others) if at >= self.values.len() => (&others.values, at - self.values.len()),
            _ => (&self.values, at),
        }
    }

    /// The row, the value's number and the statement at a position.
    pub(super) fn place(&self, position: u32) -> (usize, usize, StatementNo) {
        let at = position as usize;
        match &self.alternatives {
            Some(others) if at >= self.values.len() => {
                let at = at - self.values.len();
                (others.rows[at] as usize, at, others.statements[at])
            }
            _ => (at, at, self.statement(at)),
        }
    }

    /// The positions of a row's additional values.
    pub(super) fn positions_beside(&self, row: usize) -> std::ops::Range<u32> {
        let Some(others) = &self.alternatives else {
            return 0..0;
        };
        let base = self.values.len() as u32;
        let range = others.range(row);
        base + range.start as u32..base + range.end as u32
    }

    /// The value of a row at a date: of the statements that are valid then, the preferred one.
    pub(super) fn at(&self, row: usize, date: Date, statements: &Statements) -> Option<(&Values, usize)> {
        let holding = self
            .each_said(row)
            .filter(|(_, _, statement)| statements.holds(*statement, date));
        let best = holding.reduce(|best, other| {
            let better = statements.preference(other.2) > statements.preference(best.2);
            if better { other } else { best }
        });
        best.map(|(values, at, _)| (values, at))
    }

    /// The rows that have additional values, in order.
    pub fn disputed_rows(&self) -> impl Iterator<Item = usize> {
        let rows = self.alternatives.iter().flat_map(|it| it.rows.iter());
        let mut before = None;
        rows.filter(move |row| before.replace(**row) != Some(**row))
            .map(|row| *row as usize)
    }

    /// Number of values, including additional ones.
    pub fn count(&self, rows: usize) -> usize {
        let given = match &self.lists {
            Some(_) => 0..self.values.len(),
            None => 0..rows,
        };
        let given = given.filter(|at| !self.values.is_null(*at)).count();
        given + self.alternatives.as_ref().map_or(0, |it| it.rows.len())
    }

    /// Size of its texts in bytes.
    pub fn strings(&self) -> usize {
        let others = self.alternatives.as_ref().map_or(0, |it| it.values.strings());
        self.values.strings() + others
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        let lists = self.lists.as_ref().map_or(0, Lists::bytes);
        let statements = self.statements.as_ref().map_or(0, Stored::bytes);
        let others = self.alternatives.as_ref().map_or(0, |it| {
            it.values.bytes() + it.rows.bytes() + it.statements.bytes()
        });
        self.values.bytes() + lists + statements + others
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decimals, dates and numbers of which many are equal but written differently.
    fn keys() -> impl Strategy<Value = [Key<'static>; 2]> {
        let decimal = || {
            ("-?[0-2]{1,3}(\\.[0-2]{1,2})?", -2_i64..3).prop_map(|(digits, exponent)| {
                Key::Decimal(BigDecimal::from_str(&format!("{digits}E{exponent}")).unwrap_or_default())
            })
        };
        let float = || prop::sample::select(vec![0.0, -0.0, 0.5, -0.5]).prop_map(Key::Float);
        let dates = [
            "1996",
            "1996-01/1996-12",
            "1996-01-01/1996-12-31",
            "1996-01",
            "1996-01-31",
        ];
        let date = move || {
            prop::sample::select(dates.to_vec())
                .prop_filter_map("a date", |it| Date::parse(it).ok().map(Key::Date))
        };
        let whole = || (-3_i64..3).prop_map(Key::Whole);
        let degrees = || prop::sample::select(vec![-180.0, -90.0, 0.0, 90.0, 180.0]);
        let point = move || {
            (degrees(), degrees())
                .prop_filter_map("a point", |(lat, lon)| Point::new(lat, lon).ok().map(Key::Point))
        };
        prop_oneof![
            [decimal(), decimal()],
            [float(), float()],
            [date(), date()],
            [whole(), whole()],
            [point(), point()]
        ]
    }

    /// For each row a number of texts in different languages.
    fn texts_in_languages(rows: impl Iterator<Item = usize>) -> Values {
        let mut texts = Languages::default();
        for (row, count) in rows.enumerate() {
            let entries: Vec<_> = (0..count)
                .map(|it| (format!("l{it}"), format!("{row} {it}")))
                .collect();
            let entries: Vec<_> = entries.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
            texts.push(&entries);
        }
        Values::Languages(texts)
    }

    proptest! {
        #[test]
        fn each_text_that_is_said_is_found_by_its_number(
            given in prop::collection::vec(0..4_usize, 1..5),
            rows in prop::collection::vec(0_u32..5, 0..12),
            texts in prop::collection::vec(1..4_usize, 12),
        ) {
            let mut rows: Vec<u32> = rows.into_iter().filter(|it| (*it as usize) < given.len()).collect();
            rows.sort_unstable();
            let count = rows.len();
            let column = Column {
                values: texts_in_languages(given.iter().copied()),
                lists: None,
                statements: None,
                alternatives: Some(Alternatives {
                    rows: rows.into(),
                    values: texts_in_languages(texts.into_iter().take(count)),
                    statements: (0..count).map(|it| StatementNo(it as u32)).collect(),
                }),
            };
            for row in 0..given.len() {
                let mut all = Vec::new();
                for (values, at, statement) in column.each_said(row) {
                    all.extend(values.texts(at).iter().map(|it| (it.1, at, statement)));
                }
                let found = (0..).map_while(|no| column.said_text(row, no));
                let found: Vec<_> = found.map(|it| (it.text, it.at, it.statement)).collect();
                prop_assert_eq!(&found, &all);
                let mut each = Vec::new();
                column.each_said_text(row, &mut |no, it| each.push((no, it.text.to_owned())));
                let texts = all.iter().map(|it| it.0.to_owned());
                prop_assert_eq!(each, texts.enumerate().collect::<Vec<_>>());
            }
        }

        #[test]
        fn keys_have_one_identity_where_they_are_equal([a, b] in keys()) {
            let identity = |key: &Key| {
                let mut out = Vec::new();
                key.write_identity(&mut out);
                out
            };
            let are_equal = a.compare(&b) == Ordering::Equal;
            prop_assert_eq!(identity(&a) == identity(&b), are_equal, "{:?} {:?}", a, b);
            prop_assert_eq!(a.compare(&b), b.compare(&a).reverse());
            prop_assert!(a.compare(&b) != Ordering::Less || a.rank() <= b.rank(), "{:?} {:?}", a, b);
        }
    }
}
