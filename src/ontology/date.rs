//! Dates as EDTF level 0 (ISO 8601-2): a year, a month, a day, or an interval of two of them.

use std::cmp::Ordering;
use std::fmt;

/// One end of a date, with its precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Point {
    year: u16,
    /// 0 where the date says only the year.
    month: u8,
    /// 0 where the date says only the month.
    day: u8,
}

/// A date with its precision, or an interval: `1996`, `1996-08`, `1996-08-27`, `2009/2012`.
///
/// It is kept as it was written and compared by the span of days that it covers. A day is counted as
/// `year * 10000 + month * 100 + day`, which orders days and costs no calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date {
    from: Point,
    until: Option<Point>,
}

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not of one of the four forms.
    #[error("expected a date such as 1996, 1996-08, 1996-08-27 or 2009/2012")]
    Form,
    /// No such month or day in the calendar.
    #[error("there is no such day in the calendar")]
    Calendar,
    /// The interval ends before it begins.
    #[error("the interval ends before it begins")]
    Backwards,
}

impl Point {
    fn parse(text: &str) -> Result<Self, DateError> {
        let bytes = text.as_bytes();
        let number = |range: std::ops::Range<usize>| -> Result<u16, DateError> {
            let digits = bytes.get(range).ok_or(DateError::Form)?;
            digits.iter().try_fold(0u16, |sum, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| sum * 10 + u16::from(digit - b'0'))
                    .ok_or(DateError::Form)
            })
        };
        let dash = |at: usize| {
            (bytes.get(at) == Some(&b'-'))
                .then_some(())
                .ok_or(DateError::Form)
        };
        let year = number(0..4)?;
        let (month, day) = match bytes.len() {
            4 => (0, 0),
            7 => {
                dash(4)?;
                (number(5..7)?, 0)
            }
            10 => {
                dash(4)?;
                dash(7)?;
                (number(5..7)?, number(8..10)?)
            }
            _ => return Err(DateError::Form),
        };
        let (month, day) = (month as u8, day as u8);
        let exists = match bytes.len() {
            4 => true,
            7 => (1..=12).contains(&month),
            _ => jiff::civil::Date::new(year as i16, month as i8, day as i8).is_ok(),
        };
        if !exists {
            return Err(DateError::Calendar);
        }
        Ok(Self { year, month, day })
    }

    fn first_day(self) -> u32 {
        u32::from(self.year) * 10_000 + u32::from(self.month.max(1)) * 100 + u32::from(self.day.max(1))
    }

    fn last_day(self) -> u32 {
        let month = if self.month == 0 { 12 } else { self.month };
        let day = if self.day == 0 { 31 } else { self.day };
        u32::from(self.year) * 10_000 + u32::from(month) * 100 + u32::from(day)
    }

    fn write(self, out: &mut Vec<u8>) {
        let two = |number: u16| [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
        out.extend_from_slice(&two(self.year / 100));
        out.extend_from_slice(&two(self.year));
        for part in [self.month, self.day] {
            if part != 0 {
                out.push(b'-');
                out.extend_from_slice(&two(u16::from(part)));
            }
        }
    }

    fn pack(self) -> u32 {
        (u32::from(self.year) << 16) | (u32::from(self.month) << 8) | u32::from(self.day)
    }

    fn unpack(bits: u32) -> Self {
        Self {
            year: (bits >> 16) as u16,
            month: (bits >> 8) as u8,
            day: bits as u8,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.month != 0 {
            write!(f, "-{:02}", self.month)?;
        }
        if self.day != 0 {
            write!(f, "-{:02}", self.day)?;
        }
        Ok(())
    }
}

/// No date has this packed form: an interval's end is never all ones.
const NO_END: u32 = u32::MAX;

impl Date {
    /// Reads a date.
    ///
    /// # Errors
    /// When the text is not of the form, names no day of the calendar, or runs backwards.
    ///
    /// ```
    /// use clew::ontology::Date;
    /// assert_eq!(Date::parse("1996-08").unwrap().to_string(), "1996-08");
    /// assert!(Date::parse("1996-13").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let Some((from, until)) = text.split_once('/') else {
            return Ok(Self {
                from: Point::parse(text)?,
                until: None,
            });
        };
        let (from, until) = (Point::parse(from)?, Point::parse(until)?);
        if until.last_day() < from.first_day() {
            return Err(DateError::Backwards);
        }
        Ok(Self {
            from,
            until: Some(until),
        })
    }

    /// The first day of the span.
    pub fn first_day(self) -> u32 {
        self.from.first_day()
    }

    /// The last day of the span.
    pub fn last_day(self) -> u32 {
        self.until.unwrap_or(self.from).last_day()
    }

    /// The first and the last day, by which dates are equal.
    #[inline]
    pub fn span(self) -> (u32, u32) {
        (self.first_day(), self.last_day())
    }

    /// The start of an interval, or the date itself.
    #[must_use]
    pub fn start(self) -> Self {
        Self {
            from: self.from,
            until: None,
        }
    }

    /// The end of an interval, or the date itself.
    #[must_use]
    pub fn end(self) -> Self {
        Self {
            from: self.until.unwrap_or(self.from),
            until: None,
        }
    }

    /// The interval between two dates, neither of which is one; `None` where it would run backwards.
    pub fn between(from: Self, until: Self) -> Option<Self> {
        let whole = Self {
            from: from.from,
            until: Some(until.until.unwrap_or(until.from)),
        };
        (whole.last_day() >= whole.first_day()).then_some(whole)
    }

    /// Whether both share a day.
    pub fn overlaps(self, other: Self) -> bool {
        self.first_day() <= other.last_day() && other.first_day() <= self.last_day()
    }

    /// Whether every day of this lies in the other.
    pub fn is_within(self, other: Self) -> bool {
        other.first_day() <= self.first_day() && self.last_day() <= other.last_day()
    }

    /// The date in 64 bits.
    pub fn pack(self) -> u64 {
        (u64::from(self.from.pack()) << 32) | u64::from(self.until.map_or(NO_END, Point::pack))
    }

    /// Writes it as [`fmt::Display`] does, without the formatter's machinery.
    pub fn write(self, out: &mut Vec<u8>) {
        self.from.write(out);
        if let Some(until) = self.until {
            out.push(b'/');
            until.write(out);
        }
    }

    /// Whether these bits can be unpacked: both ends have a year, a month and a day that there are.
    pub fn is_packed(bits: u64) -> bool {
        let is_point = |bits: u32| {
            let point = Point::unpack(bits);
            let dayless = point.month != 0 || point.day == 0;
            point.year <= 9999 && point.month <= 12 && point.day <= 31 && dayless && bits < 10_000 << 16
        };
        let until = bits as u32;
        is_point((bits >> 32) as u32) && (until == NO_END || is_point(until))
    }

    /// The date that [`Date::pack`] packed.
    pub fn unpack(bits: u64) -> Self {
        let until = bits as u32;
        Self {
            from: Point::unpack((bits >> 32) as u32),
            until: (until != NO_END).then(|| Point::unpack(until)),
        }
    }
}

impl PartialOrd for Date {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By first day, then by last day, so that a year comes before its months only where it ends later.
impl Ord for Date {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.first_day(), self.last_day(), self.pack()).cmp(&(
            other.first_day(),
            other.last_day(),
            other.pack(),
        ))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.from.fmt(f)?;
        if let Some(until) = self.until {
            write!(f, "/{until}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_four_forms_are_kept_as_written() {
        for text in [
            "1996",
            "1996-08",
            "1996-08-27",
            "2009/2012",
            "2009-02/2012-03-04",
            "0000",
        ] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "96",
            "1996-8",
            "1996/",
            "199x",
            "1996-08-27T10:00",
            "+1996",
            "19 6",
        ] {
            assert_eq!(Date::parse(text), Err(DateError::Form), "{text}");
        }
        for text in ["1996-00", "1996-13", "1997-02-29", "1996-08-32"] {
            assert_eq!(Date::parse(text), Err(DateError::Calendar), "{text}");
        }
        assert_eq!(Date::parse("2012/2009"), Err(DateError::Backwards));
    }

    #[test]
    fn spans_decide_how_dates_compare() {
        let date = |text| Date::parse(text).unwrap();
        assert!(date("2009/2012").overlaps(date("2011")));
        assert!(date("1996").overlaps(date("1996-08-27")));
        assert!(date("1996-08-27").is_within(date("1996")));
        assert!(!date("1996").is_within(date("1996-08-27")));
        assert!(date("1995-12-31") < date("1996"));
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(year in 0u16..=9999, month in 1u8..=12, day in 1u8..=28, form in 0..3) {
            let text = match form {
                0 => format!("{year:04}"),
                1 => format!("{year:04}-{month:02}"),
                _ => format!("{year:04}/{year:04}-{month:02}-{day:02}"),
            };
            let date = Date::parse(&text).unwrap();
            prop_assert_eq!(Date::unpack(date.pack()), date);
            let mut written = Vec::new();
            date.write(&mut written);
            prop_assert_eq!(String::from_utf8(written).unwrap(), text.clone());
            prop_assert_eq!(date.to_string(), text);
            prop_assert!(Date::is_packed(date.pack()));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Date::parse(&text);
        }
    }
}
