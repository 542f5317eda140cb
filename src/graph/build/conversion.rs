//! Converts a value of a file to a value of the property's kind.

use std::borrow::Cow;
use std::collections::HashSet;

use oxilangtag::LanguageTag;

use super::hints;
use crate::facts::{Batch, Entry, Item, Span, Value, key_meant};
use crate::graph::column::Cell;
use crate::ontology::{
    BuiltIn, Date, DateError, DecimalError, DurationError, ExternalError, Instant, Int64Error, Ontology,
    Point, PointError, Property, Scalar, URL_SCHEMES, check_iri, decimal, duration, int64,
};
use crate::report::{Code, MOST_SHOWN, Report, did_you_mean};

/// Converts a value, or explains why it is invalid. `subject` is the name in messages of the entity or edge with the
/// property.
pub(super) fn cell<'a>(
    batch: &'a Batch,
    item: &Item,
    property: &Property,
    subject: &dyn Fn() -> String,
    ontology: &Ontology,
) -> Result<Cell<'a>, Report> {
    let wrong = |code: Code, why: String| {
        Report::new(code, format!("\"{}\" of {} {why}", property.name, subject()))
            .at(batch.place(item.at), "here")
    };
    let kind = match property.built_in {
        Some(BuiltIn::SameAs) => "CURIE or an IRI",
        _ => ontology.scalar_name(property.scalar),
    };
    let mismatch = || {
        let found = match &item.value {
            Value::String(text) => format!("\"{}\"", shorten(batch.text(*text))),
            Value::Number(text) => batch.text(*text).to_owned(),
            other => other.kind().to_owned(),
        };
        let report = wrong(
            Code::WRONG_VALUE,
            format!("is {} {kind}, not {found}", article(kind)),
        );
        match (property.scalar, &item.value) {
            _ if property.built_in == Some(BuiltIn::SameAs) => report.hint(EXTERNAL),
            (Scalar::String | Scalar::Text | Scalar::Url, Value::Number(text)) => {
                report.hint(format!("write it in quotes: \"{}\"", batch.text(*text)))
            }
            (Scalar::String | Scalar::Text, Value::Bool(it)) => {
                report.hint(format!("write it in quotes: \"{it}\""))
            }
            (Scalar::Int | Scalar::Int64 | Scalar::Float | Scalar::Decimal, Value::String(text)) => {
                let text = batch.text(*text);
                let is_quoted = batch.written(item.at) != text;
                match number_meant(text) {
                    Some(number) => report.hint(format!("write {number}")),
                    None if is_quoted && property.scalar != Scalar::Int64 && text.parse::<f64>().is_ok() => {
                        report.hint("write the number without quotes")
                    }
                    None => report.hint("write digits, as in 42"),
                }
            }
            (Scalar::Boolean, Value::String(text)) => {
                let text = batch.text(*text).to_ascii_lowercase();
                report.hint(match text.as_str() {
                    "yes" | "y" | "on" | "true" | "t" => "write true",
                    "no" | "n" | "off" | "false" | "f" => "write false",
                    _ => "write true or false",
                })
            }
            (Scalar::Boolean, _) => report.hint("write true or false"),
            (Scalar::Point, value) => report.hint(match point_meant(batch, value) {
                Some(point) => format!("write {point}, if the latitude is first"),
                None => format!("write {POINT}"),
            }),
            (_, Value::Map(_)) => report.hint("write the value itself, or a statement: {value: …, cite: …}"),
            (_, Value::List(_)) => report.hint("write one value, or make the field a list in the schema"),
            (Scalar::Int | Scalar::Int64 | Scalar::Float | Scalar::Decimal, _) => {
                report.hint("write digits, as in 42")
            }
            (Scalar::Date, _) => report.hint(format!("write {DATES}")),
            (Scalar::DateTime, _) => report.hint(format!("write {INSTANT}")),
            (Scalar::Duration, _) => report.hint(DURATION),
            (Scalar::Url, _) => report.hint("write it whole, as in https://example.org/page"),
            (Scalar::Enum(id), _) => {
                let values = ontology.enums[id.index()].values.iter();
                let names: Vec<&str> = values.map(|it| it.name.as_str()).collect();
                report.hint(format!(
                    "its values are {}",
                    crate::report::quoted_list(&names, "and")
                ))
            }
            _ => report.hint("write it in quotes"),
        }
    };
    match (property.scalar, &item.value) {
        (Scalar::String, Value::String(text)) | (Scalar::Id, Value::String(text) | Value::Number(text)) => {
            Ok(Cell::Text(batch.text(*text)))
        }
        // YAML 1.1 does not read such a text as a number, so its writers leave out the quotes.
        (Scalar::String, Value::Number(text)) if has_leading_zero(batch.text(*text)) => {
            Ok(Cell::Text(batch.text(*text)))
        }
        (Scalar::Url, Value::String(text)) if property.built_in.is_some() => {
            let text = batch.text(*text);
            let iri = ontology.prefixes.expand(text);
            let wrong = |why: String| {
                let why = format!("is a CURIE or an IRI, and \"{}\" {why}", shorten(text));
                wrong(Code::BAD_URL, why)
            };
            match check_iri(&iri) {
                Ok(()) if lacks_host(text) => {
                    Err(wrong("has no host after its //".to_owned()).hint(EXTERNAL))
                }
                Ok(()) if text.ends_with(':') && !matches!(&iri, Cow::Borrowed(_)) => {
                    Err(wrong("has no id after the prefix".to_owned()).hint(EXTERNAL))
                }
                Ok(()) => Ok(Cell::Owned(iri.into_owned())),
                Err(ExternalError::Scheme(scheme)) => {
                    let names = ontology.prefixes.all().iter().map(|it| it.name.as_str());
                    let declare = || {
                        format!(
                            "declare it in the schema: extend schema @prefix(name: \"{scheme}\", iri: \"https://…\")"
                        )
                    };
                    Err(
                        wrong(format!("has the prefix \"{scheme}\", which is not declared"))
                            .hint(did_you_mean(&scheme, names, declare)),
                    )
                }
                Err(ExternalError::Form(error)) => {
                    let why = match error.rsplit_once('\'').and_then(|it| it.0.rsplit_once('\'')) {
                        Some((_, character)) => {
                            format!("has a character that an IRI may not have: \"{character}\"")
                        }
                        None if !text.contains(':') => "is neither: it has no colon".to_owned(),
                        None => "is neither".to_owned(),
                    };
                    Err(wrong(why).hint(EXTERNAL))
                }
            }
        }
        (Scalar::Url, Value::String(text)) => {
            let text = batch.text(*text);
            let is_no_url = |why: String| {
                wrong(
                    Code::BAD_URL,
                    format!("is a URL, and \"{}\" {why}", shorten(text)),
                )
            };
            match url::Url::parse(text) {
                _ if lacks_host(text) => Err(is_no_url("has no host after its //".to_owned())
                    .hint("write it whole, as in https://example.org/page")),
                Ok(_) if text.contains(|it: char| it.is_whitespace() || it.is_control()) => {
                    Err(is_no_url("has spaces or control characters".to_owned())
                        .hint("write them as in https://example.org/a%20page"))
                }
                Ok(url) if !URL_SCHEMES.contains(&url.scheme()) => {
                    let allowed = crate::report::quoted_list(&URL_SCHEMES, "and");
                    Err(
                        is_no_url(format!("has the scheme \"{}\"", shorten(url.scheme()))).hint(format!(
                            "the allowed schemes are {allowed}; use String for other values"
                        )),
                    )
                }
                Ok(_) => Ok(Cell::Text(text)),
                Err(error) => {
                    let why = match error {
                        url::ParseError::RelativeUrlWithoutBase => "has no scheme".to_owned(),
                        url::ParseError::EmptyHost => "has no host".to_owned(),
                        other => format!("is not one: {other}"),
                    };
                    Err(is_no_url(why).hint(match url_meant(text) {
                        Some(meant) => format!("write it whole: {meant}"),
                        None => "write it whole, as in https://example.org/page".to_owned(),
                    }))
                }
            }
        }
        (Scalar::Int64, Value::String(text)) if !is_whole(batch.text(*text)) => Err(mismatch()),
        (Scalar::Int64, Value::String(text))
            if let Err(Int64Error::Other(number)) = int64(batch.text(*text)) =>
        {
            let text = shorten(batch.text(*text));
            Err(wrong(
                Code::WRONG_VALUE,
                format!("is an Int64, and \"{text}\" is not the form of its number"),
            )
            .hint(format!(
                "write \"{number}\", or make the field a String to keep it as it is"
            )))
        }
        (Scalar::Int, Value::Number(text)) | (Scalar::Int64, Value::Number(text) | Value::String(text)) => {
            let text = batch.text(*text);
            let is_wide = property.scalar == Scalar::Int64;
            let range = || {
                let hint = if is_wide { INT64_RANGE } else { INT_RANGE };
                wrong(Code::NUMBER_RANGE, format!("does not fit: {}", shorten(text))).hint(hint)
            };
            match text.parse::<i64>() {
                Ok(number) if is_wide => Ok(Cell::Int64(number)),
                Ok(number) => i32::try_from(number).map(Cell::Int).map_err(|_| range()),
                Err(_) if is_whole(text) => Err(range()),
                Err(_) => {
                    let report = wrong(Code::WRONG_VALUE, format!("is a whole number, not {text}"));
                    let whole = text
                        .parse::<f64>()
                        .ok()
                        .filter(|it| it.fract() == 0.0 && it.abs() < 1e9);
                    Err(match whole {
                        Some(whole) => report.hint(format!("write {whole}, or make the field a Float")),
                        None => report.hint("make the field a Float or a Decimal, or write a whole number"),
                    })
                }
            }
        }
        (Scalar::Float, Value::Number(text)) => {
            let text = batch.text(*text);
            match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Cell::Float(number)),
                _ => Err(wrong(Code::NUMBER_RANGE, format!("does not fit: {text}"))
                    .hint("a Float goes to about 1.8e308")),
            }
        }
        (Scalar::Boolean, Value::Bool(it)) => Ok(Cell::Boolean(*it)),
        (Scalar::Date, Value::String(text) | Value::Number(text)) => {
            let text = batch.text(*text);
            Date::parse(text).map(Cell::Date).map_err(|error| {
                let hint = match (hints::date(text), hints::days(text)) {
                    (Some(date), _) if hints::instant(text).is_some() => {
                        format!("write {date}, or make the field a DateTime")
                    }
                    (Some(date), _) => format!("write {date}"),
                    (None, Some((month, days))) if error == DateError::Calendar => {
                        format!("{month} has {days} days")
                    }
                    (None, _) if error == DateError::Calendar => {
                        "months are 01 to 12, seasons 21 to 24, and days 01 to 31 at most".to_owned()
                    }
                    _ => format!("write {DATES}"),
                };
                wrong(
                    Code::BAD_DATE,
                    format!("is a date, and \"{}\" is not one: {error}", shorten(text)),
                )
                .hint(hint)
            })
        }
        (Scalar::DateTime, Value::String(text)) => {
            let text = batch.text(*text);
            match Instant::parse(text) {
                Ok(instant) => Ok(Cell::DateTime(text, instant.microseconds())),
                Err(error) => Err(wrong_instant(
                    wrong(
                        Code::BAD_DATE,
                        format!(
                            "is a point in time, and \"{}\" is not one: {error}",
                            shorten(text)
                        ),
                    ),
                    text,
                )),
            }
        }
        (Scalar::Duration, Value::String(text)) => {
            let text = batch.text(*text);
            match duration(text) {
                Ok(length) => Ok(Cell::Duration(text, length)),
                Err(error) => {
                    let code = match error {
                        DurationError::Range => Code::NUMBER_RANGE,
                        _ => Code::WRONG_VALUE,
                    };
                    let why = format!("is a duration, and \"{}\" is not one: {error}", shorten(text));
                    Err(wrong(code, why).hint(match error {
                        DurationError::Weeks => WEEKS,
                        DurationError::Months => MONTHS,
                        _ => DURATION,
                    }))
                }
            }
        }
        (Scalar::Decimal, Value::String(text) | Value::Number(text)) => {
            let text = batch.text(*text);
            match decimal(text) {
                Ok(_) => Ok(Cell::Decimal(text)),
                Err(DecimalError::Form) => Err(mismatch()),
                Err(error @ DecimalError::Range) => {
                    let why = format!("does not fit: {}", shorten(text));
                    Err(wrong(Code::NUMBER_RANGE, why).hint(error.to_string()))
                }
            }
        }
        (Scalar::Text, Value::String(text)) => {
            Ok(Cell::Languages(vec![(Cow::Borrowed(""), batch.text(*text))]))
        }
        (Scalar::Text, Value::Map(entries)) => {
            let mut texts = Vec::with_capacity(entries.len());
            let mut seen = HashSet::new();
            for entry in entries {
                let tag = batch.text(entry.key);
                let wrong = |code: Code, why: String| {
                    let message = format!("\"{}\" of {} {why}", property.name, subject());
                    Report::new(code, message).at(batch.place(entry.key_at), "here")
                };
                if let Some(key) = key_meant(tag) {
                    let why = format!("has a text in \"{tag}\", which is not a language");
                    let hint = if key == tag {
                        format!("beside `{key}`, write the text as the value: {{value: …, {key}: …}}")
                    } else {
                        format!("did you mean \"{key}\"?")
                    };
                    return Err(wrong(Code::BAD_LANGUAGE, why).hint(hint));
                }
                let Some(language) = language(tag) else {
                    let why = format!("has a text in \"{}\", which is not a language tag", shorten(tag));
                    return Err(wrong(Code::BAD_LANGUAGE, why).hint(
                        "use BCP 47 tags, such as en, pt-BR or zh-Hant; \"\" for a text without a language",
                    ));
                };
                if entries.len() > 1 && !seen.insert(language.clone()) {
                    let why = format!("has two texts in \"{}\"", shorten(&language));
                    return Err(wrong(Code::DUPLICATE_KEY, why)
                        .hint("capital and small letters of a tag are the same; keep one of the texts"));
                }
                match &entry.item.value {
                    Value::String(text) => texts.push((language, batch.text(*text))),
                    other => {
                        let message = format!(
                            "\"{}\" of {} in \"{}\" is a text, not {}",
                            property.name,
                            subject(),
                            batch.text(entry.key),
                            other.kind()
                        );
                        let report =
                            Report::new(Code::WRONG_VALUE, message).at(batch.place(entry.item.at), "here");
                        return Err(match other {
                            Value::Number(_) | Value::Bool(_) => report.hint(format!(
                                "write it in quotes: \"{}\"",
                                batch.written(entry.item.at)
                            )),
                            Value::Null => report.hint("write the text, or leave the language out"),
                            _ => report.hint("write one text for each language"),
                        });
                    }
                }
            }
            Ok(Cell::Languages(texts))
        }
        (Scalar::Enum(id), Value::String(text) | Value::Number(text)) => {
            let text = batch.text(*text);
            let values = &ontology.enums[id.index()].values;
            match values.iter().position(|it| it.name == text) {
                Some(at) => Ok(Cell::Enum(at as u16)),
                None => {
                    let names: Vec<&str> = values.iter().map(|it| it.name.as_str()).collect();
                    let all = || format!("its values are {}", crate::report::quoted_list(&names, "and"));
                    let message = format!(
                        "is {} {kind}, which has no value \"{}\"",
                        article(kind),
                        shorten(text)
                    );
                    let hint = did_you_mean(text, names.iter().copied(), all);
                    Err(wrong(Code::UNKNOWN_ENUM_VALUE, message).hint(hint))
                }
            }
        }
        (Scalar::Point, Value::Map(entries)) => {
            point(batch, item.at, entries).map(Cell::Point).map_err(|wrong| {
                let message = format!("\"{}\" of {} is a Point, {}", property.name, subject(), wrong.why);
                let report = Report::new(wrong.code, message).at(batch.place(wrong.at), "here");
                report.hint(wrong.hint.unwrap_or_else(|| format!("write {POINT}")))
            })
        }
        (Scalar::Json | Scalar::Custom(_), value) => {
            let mut json = String::new();
            write_json(batch, value, &mut json);
            Ok(Cell::Json(json))
        }
        _ => Err(mismatch()),
    }
}

/// The form of identifiers in other systems.
const EXTERNAL: &str = "write it as in wd:Q42 or http://www.wikidata.org/entity/Q42";
/// The form of dates.
const DATES: &str =
    "a date as 1996, 1996-08, 1996-08-27, 1996?, 199X or, for an interval, 2009/2012 or 2009/..";
/// The form of points in time.
const INSTANT: &str = "it as RFC 3339 has it: 1996-08-27T10:00:00Z or 1996-08-27T12:00:00.25+02:00";

/// The form of durations.
const DURATION: &str = "write days, hours, minutes and seconds, as in P1DT2H30M or PT0.5S";
const WEEKS: &str = "write seven days for a week, as in P7D";
const MONTHS: &str = "write days, as in P30D, or keep years and months in an Int";

/// The form of points.
const POINT: &str = "a point as {lat: 48.2, lon: 16.4}, in degrees";

/// Why a point is invalid.
struct PointProblem {
    code: Code,
    at: Span,
    why: String,
    /// The expected form, if it is not that of any point.
    hint: Option<String>,
}

impl PointProblem {
    fn new(at: Span, why: String) -> Self {
        Self {
            code: Code::WRONG_VALUE,
            at,
            why,
            hint: None,
        }
    }
}

/// Reads a point as `{lat, lon}`, or as `GeoJSON`.
fn point(batch: &Batch, at: Span, entries: &[Entry]) -> Result<Point, PointProblem> {
    if entries.iter().any(|it| batch.text(it.key) == "coordinates") {
        return geojson(batch, at, entries);
    }
    let (mut lat, mut lon) = (None, None);
    for entry in entries {
        match batch.text(entry.key) {
            "lat" => lat = Some(degrees(batch, "lat", &entry.item)?),
            "lon" => lon = Some(degrees(batch, "lon", &entry.item)?),
            other => {
                let why = format!("which has no \"{}\"", shorten(other));
                let mut wrong = PointProblem::new(entry.key_at, why);
                wrong.hint = match other {
                    "lng" | "long" | "longitude" => Some("write lon".to_owned()),
                    "latitude" => Some("write lat".to_owned()),
                    _ => None,
                };
                return Err(wrong);
            }
        }
    }
    match (lat, lon) {
        (Some(lat), Some(lon)) => within(lat, lon),
        (None, _) => Err(PointProblem::new(at, "and it lacks \"lat\"".to_owned())),
        (_, None) => Err(PointProblem::new(at, "and it lacks \"lon\"".to_owned())),
    }
}

/// Reads a point as `GeoJSON`, which has the longitude first.
fn geojson(batch: &Batch, at: Span, entries: &[Entry]) -> Result<Point, PointProblem> {
    const FORM: &str = "in GeoJSON a point is {type: Point, coordinates: [16.4, 48.2]}, longitude first";
    let wrong = |at: Span, why: String| {
        let mut wrong = PointProblem::new(at, why);
        wrong.hint = Some(FORM.to_owned());
        wrong
    };
    let mut has_type = false;
    let mut coordinates = None;
    for entry in entries {
        match (batch.text(entry.key), &entry.item.value) {
            ("type", Value::String(text)) if batch.text(*text) == "Point" => has_type = true,
            ("type", _) => {
                let why = format!("and its type is {}", shorten(batch.written(entry.item.at)));
                return Err(wrong(entry.item.at, why));
            }
            ("coordinates", Value::List(items)) => match &**items {
                [lon, lat] => {
                    coordinates = Some((degrees(batch, "lat", lat)?, degrees(batch, "lon", lon)?));
                }
                items => {
                    let why = format!("and it has {} coordinates, not 2", items.len());
                    return Err(wrong(entry.item.at, why));
                }
            },
            ("coordinates", other) => {
                let why = format!("and its coordinates are {}, not a list", other.kind());
                return Err(wrong(entry.item.at, why));
            }
            (other, _) => {
                let why = format!("which has no \"{}\"", shorten(other));
                return Err(wrong(entry.key_at, why));
            }
        }
    }
    match coordinates {
        Some((lat, lon)) if has_type => within(lat, lon),
        _ => Err(wrong(at, "and it lacks \"type\"".to_owned())),
    }
}

/// A number of degrees, and its place in the file.
fn degrees(batch: &Batch, name: &str, item: &Item) -> Result<(f64, Span), PointProblem> {
    let found = match &item.value {
        Value::Number(text) => match batch.text(*text).parse() {
            Ok(number) => return Ok((number, item.at)),
            Err(_) => batch.text(*text).to_owned(),
        },
        Value::String(text) => format!("\"{}\"", shorten(batch.text(*text))),
        other => other.kind().to_owned(),
    };
    let mut wrong = PointProblem::new(item.at, format!("and its \"{name}\" is {found}, not a number"));
    if let Value::String(text) = &item.value
        && batch.text(*text).parse::<f64>().is_ok_and(f64::is_finite)
    {
        wrong.hint = Some("write the number without quotes".to_owned());
    }
    Err(wrong)
}

fn within((lat, lat_at): (f64, Span), (lon, lon_at): (f64, Span)) -> Result<Point, PointProblem> {
    Point::new(lat, lon).map_err(|error| {
        let at = match error {
            PointError::Latitude(_) => lat_at,
            PointError::Longitude(_) => lon_at,
        };
        PointProblem {
            code: Code::NUMBER_RANGE,
            at,
            why: format!("and {error}"),
            hint: Some(error.hint(lat, lon)),
        }
    })
}

/// A hint for a text that is not a point in time.
fn wrong_instant(report: Report, text: &str) -> Report {
    match hints::instant(text) {
        Some(meant) if meant.ends_with('Z') && !text.ends_with(['Z', 'z']) => report.hint(format!(
            "write {meant} if it is in UTC, or its offset in place of Z"
        )),
        Some(meant) => report.hint(format!("write {meant}")),
        None if Date::parse(text).is_ok() => {
            report.hint(format!("make the field a Date, or write {INSTANT}"))
        }
        None => report.hint(format!("write {INSTANT}")),
    }
}

/// A language tag in the case of BCP 47: `pt-BR` for `PT-br`. Empty if a text has no language.
fn language(tag: &str) -> Option<Cow<'_, str>> {
    if tag.is_empty() {
        return Some(Cow::Borrowed(tag));
    }
    if tag.len() > MOST_SHOWN {
        return None;
    }
    let normal = LanguageTag::parse_and_normalize(tag).ok()?.into_inner();
    Some(if normal == tag {
        Cow::Borrowed(tag)
    } else {
        Cow::Owned(normal)
    })
}

/// Whether an address has no host: readers of URLs take the first part of its path for one.
fn lacks_host(text: &str) -> bool {
    let after = text
        .split_once("://")
        .filter(|it| matches!(it.0, "http" | "https" | "ftp"));
    after.is_some_and(|it| it.1.is_empty() || it.1.starts_with('/'))
}

/// The URL that an address without a scheme means.
fn url_meant(text: &str) -> Option<String> {
    let host = text.split('/').next()?;
    let is_host = host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && host
            .chars()
            .all(|it| it.is_alphanumeric() || matches!(it, '.' | '-'));
    let is_url = is_host && text.len() <= MOST_SHOWN && !text.contains(char::is_whitespace);
    is_url.then(|| format!("https://{text}"))
}

/// The point that two numbers mean, the latitude first: `48.2, 16.4`.
fn point_meant(batch: &Batch, value: &Value) -> Option<String> {
    let parts: Vec<&str> = match value {
        Value::String(text) => batch.text(*text).split(',').map(str::trim).collect(),
        Value::List(items) => items.iter().map(|it| batch.written(it.at)).collect(),
        _ => return None,
    };
    let [lat, lon] = parts[..] else { return None };
    let is_degrees = |it: &str| it.len() <= 20 && it.parse::<f64>().is_ok_and(f64::is_finite);
    (is_degrees(lat) && is_degrees(lon)).then(|| format!("{{lat: {lat}, lon: {lon}}}"))
}

/// A hint for a number in an unsupported form: hexadecimal, octal or binary, or with underscores.
fn number_meant(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = digits.strip_prefix(prefix) {
            let number = u64::from_str_radix(&digits.replace('_', ""), radix).ok()?;
            return Some(format!("{sign}{number}"));
        }
    }
    if let Some(number) = with_separators(text) {
        return Some(number);
    }
    let plain = text.replace('_', "");
    let starts = digits.starts_with(|it: char| it.is_ascii_digit());
    (starts && plain != text && plain.len() <= MOST_SHOWN && plain.parse::<f64>().is_ok()).then_some(plain)
}

/// A number with a decimal comma, or with separators between thousands, as many languages write them: `12,50`, `1,234.50`,
/// `1.234,50`, `1 234`. `None` where it may mean two numbers, as `1,234` does.
fn with_separators(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let is_separator = |it: char| matches!(it, ',' | '.' | ' ' | '\'' | '\u{a0}' | '\u{202f}' | '’');
    if digits.len() > MOST_SHOWN || !digits.chars().all(|it| it.is_ascii_digit() || is_separator(it)) {
        return None;
    }
    let parts: Vec<&str> = digits.split(is_separator).collect();
    let separators: Vec<char> = digits.chars().filter(|it| is_separator(*it)).collect();
    let (first, last) = (*separators.first()?, *separators.last()?);
    let is_sound =
        |whole: &[&str]| (1..=3).contains(&whole[0].len()) && whole[1..].iter().all(|it| it.len() == 3);
    let (whole, fraction) = match separators.len() {
        // Three digits after a comma may be thousands.
        1 if first == ',' && (parts[1].len() != 3 || parts[0].len() > 3 || parts[0] == "0") => {
            return (!parts[0].is_empty() && !parts[1].is_empty())
                .then(|| format!("{sign}{}.{}", parts[0], parts[1]));
        }
        1 if matches!(first, ',' | '.') => return None,
        _ if matches!(last, ',' | '.') && last != first => (&parts[..parts.len() - 1], parts.last()),
        _ if separators.iter().all(|it| *it == first) => (&parts[..], None),
        _ => return None,
    };
    if !is_sound(whole) {
        return None;
    }
    let fraction = fraction.map_or_else(String::new, |it| format!(".{it}"));
    Some(format!("{sign}{}{fraction}", whole.concat()))
}

const INT_RANGE: &str =
    "an Int has 32 bits, from -2147483648 to 2147483647; use Int64, Float or Decimal for more";
const INT64_RANGE: &str =
    "an Int64 has 64 bits, from -9223372036854775808 to 9223372036854775807; use Decimal for more";

/// Whether a text has the form of a whole number, of any size.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit())
}

pub(super) fn article(kind: &str) -> &'static str {
    if kind.starts_with(['A', 'E', 'I', 'O', 'U']) && kind != "URL" {
        "an"
    } else {
        "a"
    }
}

/// Whether digits are a code, such as 08, rather than a number.
fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && text.bytes().all(|it| it.is_ascii_digit())
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        text.to_owned()
    } else {
        text.chars().take(57).chain("…".chars()).collect()
    }
}

/// Writes a value as JSON without white space.
pub(super) fn write_json(batch: &Batch, value: &Value, out: &mut String) {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(it) => out.push_str(if *it { "true" } else { "false" }),
        Value::Number(text) => {
            // YAML allows forms of numbers that JSON does not, such as +1 and .5.
            let text = batch.text(*text);
            let text = text.strip_prefix('+').unwrap_or(text);
            match serde_json::from_str::<serde_json::Number>(text) {
                Ok(_) => out.push_str(text),
                Err(_) => match text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
                    Some(number) => out.push_str(&number.to_string()),
                    None => out.push_str(&quote(text)),
                },
            }
        }
        Value::String(text) => out.push_str(&quote(batch.text(*text))),
        Value::List(items) => {
            out.push('[');
            for (no, item) in items.iter().enumerate() {
                if no > 0 {
                    out.push(',');
                }
                write_json(batch, &item.value, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (no, entry) in entries.iter().enumerate() {
                if no > 0 {
                    out.push(',');
                }
                out.push_str(&quote(batch.text(entry.key)));
                out.push(':');
                write_json(batch, &entry.item.value, out);
            }
            out.push('}');
        }
    }
}
