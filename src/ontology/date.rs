//! Dates as EDTF level 1 (ISO 8601-2): a year, a month, a season or a day, perhaps uncertain or with unspecified digits,
//! or an interval of two of them, perhaps open.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU64;

/// The longest year, in digits: days are counted in 64 bits.
const LONGEST_YEAR: usize = 12;

/// The largest year.
const LARGEST_YEAR: i64 = 999_999_999_999;

/// The longest text of a date. A longer one is not looked at.
const LONGEST: usize = 40;

/// Represents an unspecified month (`1985-XX`).
const ANY_MONTH: u8 = 31;

/// Represents an unspecified day (`1985-04-XX`).
const ANY_DAY: u8 = 63;

/// The first and the last season: spring and winter.
const SEASONS: std::ops::RangeInclusive<u8> = 21..=24;

/// Characters that mark a date as uncertain, approximate, or both.
const QUALIFIERS: [u8; 3] = *b"?~%";

/// A year, a month, a season or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    /// Unspecified digits are zeros.
    year: i64,
    /// 0 where the date says only the year; 21 to 24 for a season.
    month: u8,
    /// 0 where the date says only the month.
    day: u8,
    /// How many of the last digits of the year are unspecified.
    masked: u8,
    /// 0, or the position in [`QUALIFIERS`] and one more.
    qualifier: u8,
}

/// One end of a date:
///
/// ```text
/// bits 16 to 63   11 to 15         5 to 10       3 and 4      1 and 2     0
/// year + 2^47     month, season    day           unspecified  qualifier   1
///                 0 none, 31 XX    0 none, 63 XX digits
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct End(NonZeroU64);

/// A date with its precision, or an interval: `1996`, `1996-08`, `1996-08-27`, `199X`, `1996?`, `1996-21`, `2009/2012`, `2009/..`.
///
/// It is kept as it was written and compared by the span of days that it covers, so that `1996?` and `1996` are equal. A
/// day is counted as `year * 10000 + month * 100 + day`, which orders days and costs no calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date {
    from: End,
    until: Option<End>,
}

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not of one of the forms.
    #[error("expected a date such as 1996, 1996-08, 1996-08-27, 1996?, 199X or 2009/2012 (EDTF level 1)")]
    Form,
    /// No such month or day in the calendar.
    #[error("there is no such day in the calendar")]
    Calendar,
    /// The interval ends before it begins.
    #[error("the interval ends before it begins")]
    Backwards,
    /// The year is too long.
    #[error("a year has at most {LONGEST_YEAR} digits")]
    Year,
    /// An end of an interval with unspecified digits.
    #[error("an end of an interval has no unspecified digits, which would be EDTF level 2")]
    Unspecified,
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number of up to 18 digits; `None` where there is anything else.
fn number(digits: &[u8]) -> Option<i64> {
    let add = |sum: i64, digit: &u8| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'));
    digits.iter().try_fold(0, add)
}

fn day(year: i64, month: u8, day: u8) -> i64 {
    year * 10_000 + i64::from(month) * 100 + i64::from(day)
}

impl Point {
    fn parse(text: &[u8]) -> Result<Self, DateError> {
        let (text, qualifier) = match text {
            [rest @ .., last] if let Some(at) = QUALIFIERS.iter().position(|it| it == last) => {
                (rest, at as u8 + 1)
            }
            _ => (text, 0),
        };
        let point = match text {
            [b'Y', year @ ..] => Self::long_year(year)?,
            _ => Self::of_calendar(text)?,
        };
        Ok(Self { qualifier, ..point })
    }

    /// The text after `Y`: a year of more than four digits.
    fn long_year(text: &[u8]) -> Result<Self, DateError> {
        let (sign, digits) = signed(text);
        if digits.len() <= 4 || digits[0] == b'0' {
            return Err(DateError::Form);
        }
        if digits.len() > LONGEST_YEAR {
            let is_year = digits.iter().all(u8::is_ascii_digit);
            return Err(if is_year { DateError::Year } else { DateError::Form });
        }
        let year = number(digits).ok_or(DateError::Form)?;
        Ok(Self::of_year(sign * year))
    }

    fn of_year(year: i64) -> Self {
        Self {
            year,
            month: 0,
            day: 0,
            masked: 0,
            qualifier: 0,
        }
    }

    /// A year of four digits, and what follows it.
    fn of_calendar(text: &[u8]) -> Result<Self, DateError> {
        let (sign, text) = signed(text);
        let (digits, rest) = text.split_at_checked(4).ok_or(DateError::Form)?;
        let masked = digits.iter().rev().take_while(|it| **it == b'X').count();
        let (known, unknown) = digits.split_at(4 - masked);
        let year = number(known).ok_or(DateError::Form)? * 10_i64.pow(unknown.len() as u32);
        let is_mask = masked <= 2 && (masked == 0 || rest.is_empty());
        // There is no year -0000.
        if !is_mask || (sign < 0 && year == 0) {
            return Err(DateError::Form);
        }
        let mut point = Self {
            masked: masked as u8,
            ..Self::of_year(sign * year)
        };
        let part = |text: &[u8], any: u8| match text {
            b"XX" => Ok(any),
            _ => number(text)
                .and_then(|it| it.try_into().ok())
                .ok_or(DateError::Form),
        };
        let is_day = match rest {
            [] => return Ok(point),
            [b'-', _, _] => false,
            [b'-', _, _, b'-', _, _] => true,
            _ => return Err(DateError::Form),
        };
        point.month = part(&rest[1..3], ANY_MONTH)?;
        if is_day {
            point.day = part(&rest[4..6], ANY_DAY)?;
            if point.month == ANY_MONTH && point.day != ANY_DAY {
                return Err(DateError::Form);
            }
        }
        let exists = match (point.month, point.day) {
            (ANY_MONTH, _) | (1..=12, ANY_DAY) => true,
            (1..=12, _) if !is_day => true,
            (month @ 1..=12, day) => (1..=days_of(point.year, month)).contains(&day),
            (month, _) => !is_day && SEASONS.contains(&month),
        };
        if exists {
            Ok(point)
        } else {
            Err(DateError::Calendar)
        }
    }

    /// The first and the last year that it may mean.
    fn years(self) -> (i64, i64) {
        let others = match self.masked {
            0 => return (self.year, self.year),
            1 => 9,
            _ => 99,
        };
        match self.year {
            0.. => (self.year, self.year + others),
            _ => (self.year - others, self.year),
        }
    }

    fn first_day(self) -> i64 {
        let (year, _) = self.years();
        match (self.month, self.day) {
            (0 | ANY_MONTH, _) => day(year, 1, 1),
            (month @ 21..=24, _) => day(year, (month - 20) * 3, 1),
            (month, 0 | ANY_DAY) => day(year, month, 1),
            (month, of_month) => day(year, month, of_month),
        }
    }

    fn last_day(self) -> i64 {
        let (_, year) = self.years();
        let (year, month) = match self.month {
            0 | ANY_MONTH => (year, 12),
            // Winter ends in the next year.
            24 => (year + 1, 2),
            season @ 21..=23 => (year, (season - 20) * 3 + 2),
            month => (year, month),
        };
        match self.day {
            0 | ANY_DAY => day(year, month, days_of(year, month)),
            of_month => day(year, month, of_month),
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        let two = |number: u64| [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8];
        if self.year.unsigned_abs() > 9999 {
            out.push(b'Y');
            out.extend_from_slice(itoa::Buffer::new().format(self.year).as_bytes());
        } else {
            if self.year < 0 {
                out.push(b'-');
            }
            let year = self.year.unsigned_abs();
            out.extend_from_slice(&two(year / 100));
            out.extend_from_slice(&two(year));
            let known = out.len() - usize::from(self.masked);
            out[known..].fill(b'X');
        }
        for (part, any) in [(self.month, ANY_MONTH), (self.day, ANY_DAY)] {
            if part == any {
                out.extend_from_slice(b"-XX");
            } else if part != 0 {
                out.push(b'-');
                out.extend_from_slice(&two(part.into()));
            }
        }
        if let Some(at) = self.qualifier.checked_sub(1) {
            out.push(QUALIFIERS[usize::from(at) % QUALIFIERS.len()]);
        }
    }

    fn pack(self) -> End {
        let year = (self.year + YEAR_ZERO).cast_unsigned();
        let bits = year << 16
            | u64::from(self.month) << 11
            | u64::from(self.day) << 5
            | u64::from(self.masked) << 3
            | u64::from(self.qualifier) << 1
            | 1;
        End(NonZeroU64::new(bits).unwrap_or(End::OPEN.0))
    }
}

/// The sign of a number, and what follows it.
fn signed(text: &[u8]) -> (i64, &[u8]) {
    match text {
        [b'-', rest @ ..] => (-1, rest),
        _ => (1, text),
    }
}

/// Added to years, so that none is negative.
const YEAR_ZERO: i64 = 1 << 47;

impl End {
    /// `..`: there is no such end.
    const OPEN: Self = Self(NonZeroU64::MAX);
    /// Nothing: there is an end, which is not known.
    const UNKNOWN: Self = Self(NonZeroU64::new(u64::MAX - 2).expect("is not zero"));

    fn parse(text: &[u8]) -> Result<Self, DateError> {
        match text {
            b"" => Ok(Self::UNKNOWN),
            b".." => Ok(Self::OPEN),
            _ => {
                let point = Point::parse(text)?;
                if point.masked > 0 || point.month == ANY_MONTH || point.day == ANY_DAY {
                    return Err(DateError::Unspecified);
                }
                Ok(point.pack())
            }
        }
    }

    /// The date; `None` if it is open or unknown.
    #[inline]
    fn point(self) -> Option<Point> {
        if self == Self::OPEN || self == Self::UNKNOWN {
            return None;
        }
        let bits = self.0.get();
        Some(Point {
            year: (bits >> 16).cast_signed() - YEAR_ZERO,
            month: (bits >> 11) as u8 & 0x1f,
            day: (bits >> 5) as u8 & 0x3f,
            masked: (bits >> 3) as u8 & 3,
            qualifier: (bits >> 1) as u8 & 3,
        })
    }

    /// The first day; the first of all where none is known.
    fn first_day(self) -> i64 {
        self.point().map_or(i64::MIN, Point::first_day)
    }

    /// The last day; the last of all where none is known.
    fn last_day(self) -> i64 {
        self.point().map_or(i64::MAX, Point::last_day)
    }

    fn write(self, out: &mut Vec<u8>) {
        match self.point() {
            Some(point) => point.write(out),
            None if self == Self::OPEN => out.extend_from_slice(b".."),
            None => {}
        }
    }

    /// Whether these bits are an end: their year, month and day are ones that there are.
    fn is_sound(bits: u64) -> bool {
        let Some(end) = NonZeroU64::new(bits) else {
            return false;
        };
        Self(end).point().is_none_or(|it| {
            let is_part = match it.month {
                0 => it.day == 0,
                1..=12 => it.day <= 31 || it.day == ANY_DAY,
                ANY_MONTH => it.day == 0 || it.day == ANY_DAY,
                season => SEASONS.contains(&season) && it.day == 0,
            };
            let is_year = it.year.abs() <= LARGEST_YEAR && it.masked <= 2;
            is_part && is_year && (it.masked == 0 || it.month == 0) && bits & 1 == 1
        })
    }
}

impl Date {
    /// Reads a date.
    ///
    /// # Errors
    /// When the text is not of the form, names no day of the calendar, or runs backwards.
    ///
    /// ```
    /// use clew::ontology::Date;
    /// assert_eq!(Date::parse("1996-08?").unwrap().to_string(), "1996-08?");
    /// assert_eq!(Date::parse("199X").unwrap().span(), Date::parse("1990/1999").unwrap().span());
    /// assert!(Date::parse("1996-13").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, DateError> {
        if text.len() > LONGEST {
            return Err(DateError::Form);
        }
        let Some((from, until)) = text.split_once('/') else {
            return Ok(Self {
                from: Point::parse(text.as_bytes())?.pack(),
                until: None,
            });
        };
        let (from, until) = (End::parse(from.as_bytes())?, End::parse(until.as_bytes())?);
        if from.point().is_none() && until.point().is_none() {
            return Err(DateError::Form);
        }
        if until.last_day() < from.first_day() {
            return Err(DateError::Backwards);
        }
        Ok(Self {
            from,
            until: Some(until),
        })
    }

    /// The first day of the span. Of an interval whose start is open or unknown, the first day of all.
    pub fn first_day(self) -> i64 {
        self.from.first_day()
    }

    /// The last day of the span. Of an interval whose end is open or unknown, the last day of all.
    pub fn last_day(self) -> i64 {
        self.until.unwrap_or(self.from).last_day()
    }

    /// The first and the last day, by which dates are equal.
    #[inline]
    pub fn span(self) -> (i64, i64) {
        (self.first_day(), self.last_day())
    }

    /// The start of an interval, or the date itself; `None` where it is open or unknown.
    #[must_use]
    pub fn start(self) -> Option<Self> {
        Self::single(self.from)
    }

    /// The end of an interval, or the date itself; `None` where it is open or unknown.
    #[must_use]
    pub fn end(self) -> Option<Self> {
        Self::single(self.until.unwrap_or(self.from))
    }

    fn single(end: End) -> Option<Self> {
        end.point().map(|_| Self {
            from: end,
            until: None,
        })
    }

    /// Whether it is an interval.
    pub fn is_interval(self) -> bool {
        self.until.is_some()
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

    /// Whether this interval contains no day outside the other.
    pub fn is_within(self, other: Self) -> bool {
        other.first_day() <= self.first_day() && self.last_day() <= other.last_day()
    }

    /// The date in two numbers.
    pub fn pack(self) -> [u64; 2] {
        [self.from.0.get(), self.until.map_or(0, |it| it.0.get())]
    }

    /// A date that is no interval in one number; of an interval its start.
    pub fn pack_single(self) -> u64 {
        self.from.0.get()
    }

    /// Writes it as [`fmt::Display`] does, without the formatter's machinery.
    pub fn write(self, out: &mut Vec<u8>) {
        self.from.write(out);
        if let Some(until) = self.until {
            out.push(b'/');
            until.write(out);
        }
    }

    /// Whether these bits can be unpacked.
    pub fn is_packed([from, until]: [u64; 2]) -> bool {
        End::is_sound(from) && (until == 0 || End::is_sound(until))
    }

    /// The date that [`Date::pack`] packed.
    pub fn unpack([from, until]: [u64; 2]) -> Self {
        Self {
            from: NonZeroU64::new(from).map_or(End::OPEN, End),
            until: NonZeroU64::new(until).map(End),
        }
    }

    /// The date that [`Date::pack_single`] packed.
    pub fn unpack_single(bits: u64) -> Self {
        Self::unpack([bits, 0])
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
        (self.span(), self.pack()).cmp(&(other.span(), other.pack()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(LONGEST);
        self.write(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A date of any form, in years that jiff has.
    fn forms() -> impl Strategy<Value = String> {
        let year = || {
            (-9999_i64..=9999).prop_map(|it| match it {
                ..0 => format!("-{:04}", -it),
                _ => format!("{it:04}"),
            })
        };
        let qualifier = || prop::sample::select(vec!["", "?", "~", "%"]);
        let plain = move || {
            prop_oneof![
                year(),
                (year(), 1..=12).prop_map(|(year, month)| format!("{year}-{month:02}")),
                (year(), 21..=24).prop_map(|(year, season)| format!("{year}-{season}")),
                (year(), 1..=12, 1..=28).prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}")),
                (year(), 1..=12).prop_map(|(year, month)| format!("{year}-{month:02}-29")),
            ]
        };
        let masked = prop_oneof![
            "-?[1-9][0-9]{2}X",
            "[0-9]{2}XX",
            year().prop_map(|it| format!("{it}-XX")),
            year().prop_map(|it| format!("{it}-XX-XX")),
            (year(), 1..=12).prop_map(|(year, month)| format!("{year}-{month:02}-XX")),
        ];
        let end = move || {
            prop_oneof![
                6 => (plain(), qualifier()).prop_map(|(date, qualifier)| format!("{date}{qualifier}")),
                1 => Just("..".to_owned()),
                1 => Just(String::new()),
                1 => "Y-?[1-9][0-9]{4,11}",
            ]
        };
        prop_oneof![
            (prop_oneof![plain(), masked], qualifier())
                .prop_map(|(date, qualifier)| format!("{date}{qualifier}")),
            (end(), end()).prop_map(|(from, until)| format!("{from}/{until}")),
        ]
    }

    /// The first and the last day of a date without digits that are unspecified, as jiff counts them.
    fn judged(text: &str) -> Option<[jiff::civil::Date; 2]> {
        let text = text.trim_end_matches(['?', '~', '%']);
        let (sign, text) = text.strip_prefix('-').map_or((1, text), |it| (-1, it));
        let parts: Vec<i16> = text.split('-').map(|it| it.parse().ok()).collect::<Option<_>>()?;
        let year = sign * parts[0];
        let month = |year: i16, month: i16| jiff::civil::Date::new(year, month as i8, 1).ok();
        Some(match parts[1..] {
            [] => [month(year, 1)?, month(year, 12)?.last_of_month()],
            [24] => [month(year, 12)?, month(year.checked_add(1)?, 2)?.last_of_month()],
            [season @ 21..=23] => {
                let first = (season - 20) * 3;
                [month(year, first)?, month(year, first + 2)?.last_of_month()]
            }
            [of_year] => [month(year, of_year)?, month(year, of_year)?.last_of_month()],
            [month, day] => [jiff::civil::Date::new(year, month as i8, day as i8).ok()?; 2],
            _ => return None,
        })
    }

    proptest! {
        #[test]
        fn packing_and_writing_lose_nothing(text in forms()) {
            if let Ok(date) = Date::parse(&text) {
                prop_assert_eq!(Date::unpack(date.pack()), date);
                prop_assert!(Date::is_packed(date.pack()));
                prop_assert_eq!(date.to_string(), text);
                if let Some(start) = date.start() {
                    prop_assert_eq!(Date::unpack_single(start.pack_single()), start);
                    prop_assert_eq!(start.first_day(), date.first_day());
                }
            }
        }

        #[test]
        fn spans_are_those_of_jiff(text in forms()) {
            if let Some(days) = judged(&text) {
                let date = Date::parse(&text);
                let number = |it: jiff::civil::Date| day(it.year().into(), it.month().cast_unsigned(), it.day().cast_unsigned());
                prop_assert_eq!(date.map(Date::span), Ok((number(days[0]), number(days[1]))), "{}", text);
            }
        }

        #[test]
        fn dates_are_in_the_order_of_their_spans(a in forms(), b in forms(), c in forms()) {
            let dates: Vec<Date> = [a, b, c].iter().filter_map(|it| Date::parse(it).ok()).collect();
            if let [a, b, c] = dates[..] {
                prop_assert!(a.first_day() <= a.last_day());
                if a.span() != b.span() {
                    prop_assert_eq!(a.cmp(&b), a.span().cmp(&b.span()));
                }
                prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
                prop_assert!(a > b || b > c || a <= c, "{} {} {}", a, b, c);
                prop_assert_eq!(a.is_within(b) && b.is_within(a), a.span() == b.span());
                prop_assert_eq!(a.overlaps(b), b.overlaps(a));
                prop_assert!(!a.is_within(b) || a.overlaps(b));
                prop_assert!(!(a.last_day() < b.first_day() && a.overlaps(b)));
            }
        }

        #[test]
        fn a_qualifier_changes_nothing_but_the_text(text in forms()) {
            if let Ok(date) = Date::parse(&text) {
                let plain = text.replace(['?', '~', '%'], "");
                prop_assert_eq!(date.span(), Date::parse(&plain).unwrap().span());
            }
        }

        #[test]
        fn no_text_panics(text in "[0-9XY./?~%-]{0,20}|\\PC*") {
            if let Ok(date) = Date::parse(&text) {
                prop_assert_eq!(date.to_string(), text);
            }
        }

        #[test]
        fn no_bits_panic(bits: [u64; 2]) {
            let date = Date::unpack(bits);
            let _ = (Date::is_packed(bits), date.to_string(), date.span());
        }
    }
}
