//! Points in time as RFC 3339 writes them.

use jiff::ToSpan;
use jiff::civil;

/// A point in time with its offset from UTC: `1996-08-27T10:00:00Z`, `1996-08-27T12:00:00.5+02:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    local: civil::DateTime,
    /// Minutes that the local time is ahead of UTC.
    offset: i32,
}

/// Why a text is not a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// It does not have the form.
    #[error("expected a date, T, a time and an offset")]
    Form,
    /// There is no such month, day, hour, minute or second.
    #[error("there is no such day or time of day")]
    Calendar,
    /// The offset is missing.
    #[error("the offset from UTC is missing")]
    NoOffset,
    /// The offset does not have the form or is not less than a day.
    #[error("the offset from UTC is not Z or one from -23:59 to +23:59")]
    Offset,
    /// The fraction of the second is too long.
    #[error("a second has at most nine decimal places")]
    Fraction,
    /// The second is 60.
    #[error("leap seconds are not supported")]
    LeapSecond,
}

/// The largest offset of XML Schema, in minutes.
const LARGEST_OF_XML: i32 = 14 * 60;

impl Instant {
    /// Reads a `date-time` of RFC 3339. T and Z may be small letters. Leap seconds, which neither XML Schema nor most clients
    /// know, and more than nine decimal places of a second are refused.
    ///
    /// # Errors
    /// When the text does not have this form, or there is no such day or time.
    ///
    /// ```
    /// use clew::ontology::Instant;
    /// let instant = Instant::parse("1970-01-01T02:00:00.5+02:00").unwrap();
    /// assert_eq!(instant.microseconds(), 500_000);
    /// assert!(Instant::parse("1970-01-01T02:00Z").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, InstantError> {
        let bytes = text.as_bytes();
        let (head, rest) = bytes.split_at_checked(19).ok_or(InstantError::Form)?;
        let is_form = head
            .iter()
            .zip(b"0000-00-00T00:00:00")
            .all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                form => byte.eq_ignore_ascii_case(form),
            });
        if !is_form {
            return Err(InstantError::Form);
        }
        let (nanoseconds, rest) = fraction(rest)?;
        let offset = offset(rest)?;
        let number = |at: usize, length: usize| number(&head[at..at + length]);
        if number(17, 2) == 60 {
            return Err(InstantError::LeapSecond);
        }
        let part = |at: usize| number(at, 2) as i8;
        let date = civil::Date::new(number(0, 4) as i16, part(5), part(8));
        let time = civil::Time::new(part(11), part(14), part(17), nanoseconds as i32);
        match (date, time) {
            (Ok(date), Ok(time)) => Ok(Self {
                local: date.to_datetime(time),
                offset,
            }),
            _ => Err(InstantError::Calendar),
        }
    }

    /// Microseconds since 1970 began in UTC, rounded down.
    pub fn microseconds(self) -> i64 {
        let local = self.local.duration_since(civil::date(1970, 1, 1).at(0, 0, 0, 0));
        let offset = i128::from(self.offset) * 60 * 1_000_000_000;
        (local.as_nanos() - offset).div_euclid(1000) as i64
    }

    /// The instant as `xsd:dateTime` writes it, whose offsets end at 14 hours: `text`, which it was read from, or the same in UTC.
    /// `None` where that is after the year 9999 or before the year 0.
    pub fn xml(self, text: &str) -> Option<String> {
        if self.offset.abs() <= LARGEST_OF_XML {
            return Some(text.to_ascii_uppercase());
        }
        let utc = self.local.checked_sub(i64::from(self.offset).minutes()).ok()?;
        (utc.year() >= 0).then(|| format!("{utc}Z"))
    }
}

fn number(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

/// Nanoseconds, and what comes after them.
fn fraction(rest: &[u8]) -> Result<(u32, &[u8]), InstantError> {
    let Some(after) = rest.strip_prefix(b".") else {
        return Ok((0, rest));
    };
    let count = after.iter().take_while(|it| it.is_ascii_digit()).count();
    let (digits, rest) = after.split_at(count);
    match count {
        0 => Err(InstantError::Form),
        1..=9 => Ok((number(digits) * 10_u32.pow(9 - count as u32), rest)),
        _ => Err(InstantError::Fraction),
    }
}

/// Minutes ahead of UTC.
fn offset(text: &[u8]) -> Result<i32, InstantError> {
    let (sign, digits) = match text {
        [] => return Err(InstantError::NoOffset),
        b"Z" | b"z" => return Ok(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return Err(InstantError::Form),
    };
    match digits {
        [a, b, b':', c, d] if [a, b, c, d].iter().all(|it| it.is_ascii_digit()) => {
            let (hours, minutes) = (number(&[*a, *b]), number(&[*c, *d]));
            if hours > 23 || minutes > 59 {
                return Err(InstantError::Offset);
            }
            Ok(sign * (hours * 60 + minutes) as i32)
        }
        _ => Err(InstantError::Offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn micros(text: &str) -> Result<i64, InstantError> {
        Instant::parse(text).map(Instant::microseconds)
    }

    #[test]
    fn every_instant_of_rfc_3339_is_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t00:00:01z", 1_000_000),
            ("1969-12-31T23:59:59.25Z", -750_000),
            ("1969-12-31T23:59:59.999999999Z", -1),
            ("1970-01-01T00:00:00-00:00", 0),
            ("1970-01-01T00:30:00+23:59", -84_540_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
            ("9999-12-31T23:59:59.999999999-23:59", 253_402_387_139_999_999),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
        ] {
            assert_eq!(micros(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_forms_are_refused_with_the_reason() {
        use InstantError::{Calendar, Form, Fraction, LeapSecond, NoOffset, Offset};
        for (text, expected) in [
            ("1996-08-27", Form),
            ("1996-08-27T10:00Z", Form),
            ("1996-08-27 10:00:00Z", Form),
            ("1996-08-27T10:00:00,5Z", Form),
            ("1996-08-27T10:00:00.Z", Form),
            ("+1996-08-27T10:00:00Z", Form),
            ("1996-08-27T10:00:00", NoOffset),
            ("1996-08-27T10:00:00+0200", Offset),
            ("1996-08-27T10:00:00+02", Offset),
            ("1996-08-27T10:00:00+25:00", Offset),
            ("1996-08-27T10:00:00+00:60", Offset),
            ("1996-08-27T10:00:00Z[UTC]", Form),
            ("1996-08-27T24:00:00Z", Calendar),
            ("1996-02-30T10:00:00Z", Calendar),
            ("1996-08-27T10:00:61Z", Calendar),
            ("1990-12-31T23:59:60Z", LeapSecond),
            ("1996-08-27T10:00:00.0000000001Z", Fraction),
        ] {
            assert_eq!(micros(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn xml_schema_gets_a_form_that_it_has() {
        let xml = |text| Instant::parse(text).unwrap().xml(text);
        assert_eq!(xml("1996-08-27t10:00:00.50z").unwrap(), "1996-08-27T10:00:00.50Z");
        assert_eq!(
            xml("1996-08-27T10:00:00+14:00").unwrap(),
            "1996-08-27T10:00:00+14:00"
        );
        assert_eq!(
            xml("1996-08-27T10:00:00.5+14:01").unwrap(),
            "1996-08-26T19:59:00.5Z"
        );
        assert_eq!(xml("0000-01-01T00:00:00+23:59"), None);
        assert_eq!(xml("9999-12-31T23:59:59-23:59"), None);
    }

    proptest! {
        #[test]
        fn jiff_agrees(second in -60_000_000_000_i64..250_000_000_000, nano in 0..1_000_000_000_i32, offset in -720..=720_i32) {
            let timestamp = jiff::Timestamp::new(second, nano).unwrap();
            let offset = jiff::tz::Offset::from_seconds(offset * 60).unwrap();
            let text = timestamp.display_with_offset(offset).to_string();
            let expected = timestamp.as_nanosecond().div_euclid(1000);
            let found = micros(&text).unwrap();
            prop_assert_eq!(i128::from(found), expected, "{}", text);
        }

        #[test]
        fn no_text_panics(text in "[0-9TZ:.+-]{0,40}|\\PC*") {
            let _ = Instant::parse(&text);
        }
    }
}
