//! Lengths of time as `xsd:dayTimeDuration` writes them: days, hours, minutes and seconds.

use std::fmt::Write;

/// Why a text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It does not have the form.
    #[error("expected P, days, T, hours, minutes and seconds, as in P1DT2H30M")]
    Form,
    /// It has years or months.
    #[error("years and months are not of one length: give days")]
    Months,
    /// It has weeks.
    #[error("weeks are not part of an xsd:dayTimeDuration: give days")]
    Weeks,
    /// The fraction of the second is too long.
    #[error("a second has at most six decimal places")]
    Fraction,
    /// It is too long.
    #[error("a duration has at most 106751991 days")]
    Range,
}

/// The parts in their order, each with its length in microseconds. The first is before the T.
const PARTS: [(u8, i128); 4] = [
    (b'D', 86_400_000_000),
    (b'H', 3_600_000_000),
    (b'M', 60_000_000),
    (b'S', SECOND),
];

const SECOND: i128 = 1_000_000;

/// Maximum length of a text in bytes. Longer texts are refused unread.
const LONGEST: usize = 100;

/// Reads a duration: its length in microseconds.
///
/// # Errors
/// When the text does not have the form, has years, months or weeks, or is too long.
///
/// ```
/// use clew::ontology::{DurationError, duration};
/// assert_eq!(duration("PT1.5S"), Ok(1_500_000));
/// assert_eq!(duration("PT60M"), duration("PT1H"));
/// assert_eq!(duration("P1M"), Err(DurationError::Months));
/// ```
pub fn duration(text: &str) -> Result<i64, DurationError> {
    if text.len() > LONGEST {
        return Err(DurationError::Form);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut rest = rest.strip_prefix('P').ok_or(DurationError::Form)?.as_bytes();
    let mut parts = &PARTS[..1];
    let mut total: i128 = 0;
    // Whether a part must follow, as after P and after T, and whether the T has come.
    let (mut is_begun, mut is_time) = (true, false);
    while !rest.is_empty() {
        if let [b'T', after @ ..] = rest
            && !is_time
        {
            (rest, parts, is_begun, is_time) = (after, &PARTS[1..], true, true);
            continue;
        }
        let (whole, after) = digits(rest)?;
        let (fraction, after) = match after {
            [b'.', after @ ..] => digits(after).map(|(fraction, after)| (Some(fraction), after))?,
            _ => (None, after),
        };
        let (unit, after) = after.split_first().ok_or(DurationError::Form)?;
        let at = parts.iter().position(|it| it.0 == *unit);
        let Some(at) = at else {
            return Err(match unit {
                b'Y' => DurationError::Months,
                b'M' if !is_time => DurationError::Months,
                b'W' => DurationError::Weeks,
                _ => DurationError::Form,
            });
        };
        let length = parts[at].1;
        let number = number(whole)?;
        total = number
            .checked_mul(length)
            .and_then(|it| it.checked_add(total))
            .ok_or(DurationError::Range)?;
        match fraction {
            None => {}
            Some(_) if *unit != b'S' => return Err(DurationError::Form),
            Some(digits) if digits.len() > 6 => return Err(DurationError::Fraction),
            Some(digits) => total += self::number(digits)? * 10_i128.pow(6 - digits.len() as u32),
        }
        (rest, parts, is_begun) = (after, &parts[at + 1..], false);
    }
    if is_begun {
        return Err(DurationError::Form);
    }
    i64::try_from(sign * total).map_err(|_| DurationError::Range)
}

/// At least one digit, and what follows.
fn digits(text: &[u8]) -> Result<(&[u8], &[u8]), DurationError> {
    let count = text.iter().take_while(|it| it.is_ascii_digit()).count();
    if count == 0 {
        return Err(DurationError::Form);
    }
    Ok(text.split_at(count))
}

fn number(digits: &[u8]) -> Result<i128, DurationError> {
    let add = |sum: i128, digit: &u8| sum.checked_mul(10)?.checked_add(i128::from(digit - b'0'));
    digits.iter().try_fold(0, add).ok_or(DurationError::Range)
}

/// A number of microseconds in the canonical form: each part in its bounds, and none that is 0.
///
/// ```
/// use clew::ontology::duration_of;
/// assert_eq!(duration_of(-90_061_500_000), "-P1DT1H1M1.5S");
/// assert_eq!(duration_of(0), "PT0S");
/// ```
pub fn duration_of(microseconds: i128) -> String {
    let mut out = String::from(if microseconds < 0 { "-P" } else { "P" });
    let mut left = microseconds.unsigned_abs();
    // Writing to a string cannot fail.
    for (unit, length) in PARTS
        .iter()
        .take(3)
        .map(|(unit, length)| (*unit, length.unsigned_abs()))
    {
        let count = left / length;
        left %= length;
        if count > 0 {
            if unit != b'D' && !out.contains('T') {
                out.push('T');
            }
            let _ = write!(out, "{count}{}", char::from(unit));
        }
    }
    if left > 0 || microseconds == 0 {
        if !out.contains('T') {
            out.push('T');
        }
        let (seconds, fraction) = (left / SECOND.unsigned_abs(), left % SECOND.unsigned_abs());
        let fraction = format!(".{fraction:06}");
        let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
        let _ = write!(out, "{seconds}{fraction}S");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_canonical_form_is_read_as_it_was_written(microseconds: i64) {
            let text = duration_of(microseconds.into());
            prop_assert_eq!(duration(&text), Ok(microseconds), "{}", text);
        }

        #[test]
        fn jiff_agrees(days in 0_u32..1000, hours in 0_u32..100, minutes in 0_u32..100, seconds in 0_u32..100, micros in 0_u32..1_000_000, minus: bool) {
            let sign = if minus { "-" } else { "" };
            let text = format!("{sign}P{days}DT{hours}H{minutes}M{seconds}.{micros:06}S");
            let span: jiff::Span = text.parse().unwrap();
            let length = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).unwrap();
            prop_assert_eq!(duration(&text).map(i128::from), Ok(length.as_micros()), "{}", text);
        }

        #[test]
        fn no_text_panics(text in "-?P[0-9DTHMSYW.]{0,30}|\\PC*") {
            let _ = duration(&text);
        }
    }
}
