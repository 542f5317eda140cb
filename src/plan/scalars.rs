//! Reads values of the scalars in arguments.

use std::borrow::Cow;

use bigdecimal::BigDecimal;
use serde_json::Value as Json;

use super::bind::{Binder, Result};
use super::input::{Given, InputError, MOST_EXACT};
use crate::ontology::{self, Date, EnumId, Instant, Int64Error, LARGEST_EXPONENT, LONGEST_DECIMAL};
use crate::report::{shown, shown_as};

pub(super) fn wrong<T>(name: &str, given: Given, expected: &str) -> Result<T> {
    let given = match given.as_str() {
        Some(text) => format!("\"{}\"", shown(text)),
        None => shown_as(given),
    };
    Err(InputError::request(format!(
        "\"{name}\" is compared with {given}, which is not {expected}"
    ))
    .into())
}

/// A text, or the digits of a number.
pub(super) fn text<'v>(name: &str, given: Given<'v>) -> Result<Cow<'v, str>> {
    match given {
        Given::Json(Json::String(text)) => Ok(text.as_str().into()),
        Given::Json(Json::Number(number)) => Ok(number.to_string().into()),
        _ => wrong(name, given, "a text"),
    }
}

pub(super) fn whole<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<i64> {
    given
        .as_i64()
        .map_or_else(|| wrong(name, given, "a whole number"), Ok)
}

/// A number, or its digits as a text. A number with a fraction or an exponent is exact up to 53 bits.
pub(super) fn int64<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<i64> {
    if let Some(text) = given.as_str() {
        return ontology::int64(text).or_else(|error| {
            let expected = match error {
                Int64Error::Other(number) => {
                    format!("the form of a whole number of 64 bits: write \"{number}\"")
                }
                Int64Error::Form | Int64Error::Range => "a whole number of 64 bits".to_owned(),
            };
            wrong(name, given, &expected)
        });
    }
    let is_exact = |it: &f64| it.fract() == 0.0 && it.abs() <= MOST_EXACT;
    let of_float = || given.as_f64().filter(is_exact).map(|it| it as i64);
    let whole = given.as_i64().or_else(of_float);
    whole.map_or_else(|| wrong(name, given, "a whole number of 64 bits"), Ok)
}

pub(super) fn float<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<f64> {
    given.as_f64().map_or_else(|| wrong(name, given, "a number"), Ok)
}

pub(super) fn boolean<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<bool> {
    given
        .as_bool()
        .map_or_else(|| wrong(name, given, "true or false"), Ok)
}

pub(super) fn date(name: &str, given: Given) -> Result<Date> {
    let text = text(name, given)?;
    let parsed = Date::parse(&text).map_err(|error| {
        InputError::request(format!(
            "\"{name}\" is compared with \"{}\", which is not a date: {error}",
            shown(&text)
        ))
    });
    Ok(parsed?)
}

pub(super) fn instant<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<i64> {
    let text = text(name, given)?;
    match Instant::parse(&text) {
        Ok(instant) => Ok(instant.microseconds()),
        Err(error) => {
            let expected = format!("a point in time such as 1996-08-27T10:00:00Z: {error}");
            wrong(name, given, &expected)
        }
    }
}

pub(super) fn duration<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<i64> {
    ontology::duration(&text(name, given)?).or_else(|error| {
        let expected = format!("a duration such as P1DT2H30M: {error}");
        wrong(name, given, &expected)
    })
}

pub(super) fn decimal<'b>(binder: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<BigDecimal> {
    let text = text(name, given)?;
    if let Ok(number) = ontology::decimal(&text) {
        binder.hold(text.len() / 2)?;
        return Ok(number);
    }
    let expected = format!(
        "a decimal number of at most {LONGEST_DECIMAL} characters and an exponent of at most {LARGEST_EXPONENT}"
    );
    wrong(name, given, &expected)
}

/// The position of an enum's value: values compare in the order of the schema.
pub(super) fn enum_value<'b>(
    binder: &mut Binder<'b>,
    id: EnumId,
    name: &str,
    given: Given<'b>,
) -> Result<i64> {
    let values = &binder.ontology.enums[id.index()].values;
    binder.work(values.len() / 16)?;
    let at = values
        .iter()
        .position(|it| Some(it.name.as_str()) == given.as_str());
    at.map_or_else(|| wrong(name, given, "a value of its enum"), |at| Ok(at as i64))
}
