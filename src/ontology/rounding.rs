//! Values rounded down, by which entities are grouped: dates to one of their parts, numbers to a multiple of a width.
//!
//! A rounded value is a number of 64 bits, which is ordered as the values are. Its meaning depends on the [`Rounding`].

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};

use super::{Date, Int64Form};
use crate::surface::DatePart;

/// Numbers are rounded to at most this multiple of a width, in either direction. Floats count exactly up to here.
const LARGEST: i64 = 1 << 53;

/// How values are rounded.
#[derive(Debug, Clone, PartialEq)]
pub enum Rounding {
    /// Dates, and the days of points in time in UTC, to a part.
    Part(DatePart),
    /// Whole numbers to a multiple of a number greater than 0.
    Int(i64),
    /// The same, of numbers that answers give as 64-bit integers.
    Int64(i64, Int64Form),
    /// Numbers to a multiple of a number greater than 0.
    Float(f64),
    /// Decimal numbers to a multiple of a number greater than 0.
    Decimal(BigDecimal),
}

/// The number of a day, as [`Date::span`] counts, in parts of the calendar.
fn part_of(day: i64, part: DatePart) -> i64 {
    let year = day.div_euclid(10_000);
    // The digits of a year before 1 count down: `-001X` is from -19 to -10.
    let years = |count: i64| {
        if year >= 0 {
            year / count
        } else {
            -(-year / count) - 1
        }
    };
    match part {
        DatePart::Century => years(100),
        DatePart::Decade => years(10),
        DatePart::Year => year,
        DatePart::Month => day.div_euclid(100),
        DatePart::Day => day,
    }
}

/// A part as a date that covers it.
fn part_as_date(number: i64, part: DatePart) -> String {
    let year = |year: i64| match year {
        ..=-10_000 | 10_000.. => format!("Y{year}"),
        0.. => format!("{year:04}"),
        _ => format!("-{:04}", -year),
    };
    let years = |count: i64, digits: usize| {
        // The first known digits, which have no zero before year 1, and whether they are of such a year.
        let (known, sign) = if number >= 0 {
            (number, "")
        } else {
            (-number - 1, "-")
        };
        let unknown = "X".repeat(4 - digits);
        match number {
            -1 => format!("{}/-0001", year(1 - count)),
            _ if known * count < 10_000 => format!("{sign}{known:0digits$}{unknown}"),
            0.. => format!("{}/{}", year(known * count), year((known + 1) * count - 1)),
            _ => format!("{}/{}", year(1 - (known + 1) * count), year(-known * count)),
        }
    };
    let (of_month, of_day) = (
        |number: i64| number.div_euclid(100),
        |number: i64| number.rem_euclid(100),
    );
    match part {
        DatePart::Century => years(100, 2),
        DatePart::Decade => years(10, 3),
        DatePart::Year => year(number),
        DatePart::Month => format!("{}-{:02}", year(of_month(number)), of_day(number)),
        DatePart::Day => {
            let month = of_month(number);
            format!(
                "{}-{:02}-{:02}",
                year(of_month(month)),
                of_day(month),
                of_day(number)
            )
        }
    }
}

impl Rounding {
    /// The part that has all days of a date; `None` if there is no such part.
    pub fn date(&self, date: Date) -> Option<i64> {
        let Self::Part(part) = self else { return None };
        let (first, last) = date.span();
        let number = part_of(first, *part);
        (number == part_of(last, *part)).then_some(number)
    }

    /// The part that has a point in time, given in microseconds since 1970.
    pub fn instant(&self, microseconds: i64) -> Option<i64> {
        let Self::Part(part) = self else { return None };
        let instant = jiff::Timestamp::from_microsecond(microseconds).ok()?;
        let date = instant.to_zoned(jiff::tz::TimeZone::UTC).date();
        let day = i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day());
        Some(part_of(day, *part))
    }

    /// The multiple of the width that a whole number is rounded to.
    pub fn whole(&self, value: i64) -> Option<i64> {
        match self {
            Self::Int(width) | Self::Int64(width, _) => Some(value.div_euclid(*width)),
            _ => None,
        }
    }

    /// The multiple of the width that a number is rounded to; `None` if that is too large.
    pub fn float(&self, value: f64) -> Option<i64> {
        let Self::Float(width) = self else { return None };
        let quotient = (value / width).floor();
        if quotient.abs() > LARGEST as f64 {
            return None;
        }
        let number = quotient as i64;
        // The quotient was rounded; what decides is the multiple that is shown.
        let multiple = |number: i64| number as f64 * width;
        Some(if multiple(number) > value {
            number - 1
        } else if multiple(number + 1) <= value {
            number + 1
        } else {
            number
        })
    }

    /// The multiple of the width that a decimal number is rounded to; `None` if that is too large.
    pub fn decimal(&self, value: &BigDecimal) -> Option<i64> {
        let Self::Decimal(width) = self else { return None };
        let quotient = value / width;
        if quotient.abs() > LARGEST {
            return None;
        }
        let number = quotient.with_scale_round(0, RoundingMode::Floor).to_i64()?;
        let multiple = |number: i64| BigDecimal::from(number) * width;
        Some(if multiple(number) > *value {
            number - 1
        } else if multiple(number + 1) <= *value {
            number + 1
        } else {
            number
        })
    }

    /// A rounded value as answers have it: a date that covers the part, or the multiple of the width.
    pub fn shown(&self, number: i64) -> RoundedValue {
        let multiple = |width: i64| i128::from(number) * i128::from(width);
        RoundedValue::Json(match self {
            Self::Part(part) => format!("\"{}\"", part_as_date(number, *part)),
            Self::Int(width) | Self::Int64(width, Int64Form::Number) => multiple(*width).to_string(),
            Self::Int64(width, Int64Form::String) => format!("\"{}\"", multiple(*width)),
            Self::Float(width) => return RoundedValue::Float(number as f64 * width),
            Self::Decimal(width) => {
                let multiple = BigDecimal::from(number) * width;
                format!("\"{}\"", multiple.normalized().to_plain_string())
            }
        })
    }
}

/// A rounded value.
#[derive(Debug, Clone, PartialEq)]
pub enum RoundedValue {
    /// A number.
    Float(f64),
    /// Anything else, as JSON.
    Json(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str, part: DatePart) -> Option<String> {
        let rounding = Rounding::Part(part);
        let number = rounding.date(Date::parse(text).unwrap())?;
        Some(part_as_date(number, part))
    }

    #[test]
    fn a_date_is_rounded_to_the_part_with_all_its_days() {
        use DatePart::{Century, Day, Decade, Month, Year};
        for (text, part, rounded) in [
            ("1996-08-27", Day, Some("1996-08-27")),
            ("1996-08-27", Month, Some("1996-08")),
            ("1996-08-27", Year, Some("1996")),
            ("1996-08-27", Decade, Some("199X")),
            ("1996-08-27", Century, Some("19XX")),
            ("1996-08", Day, None),
            ("1996-21", Month, None),
            ("1996-21", Year, Some("1996")),
            ("1996-24", Year, None),
            ("199X", Year, None),
            ("199X", Decade, Some("199X")),
            ("1991/1998", Decade, Some("199X")),
            ("1996/..", Century, None),
            ("0005", Decade, Some("000X")),
            ("-0005", Decade, Some("-0009/-0001")),
            ("-0044", Decade, Some("-004X")),
            ("-0044", Year, Some("-0044")),
            ("-0044-03-15", Month, Some("-0044-03")),
            ("-0044", Century, Some("-0099/-0001")),
            ("-0144", Century, Some("-01XX")),
            ("Y12345", Decade, Some("Y12340/Y12349")),
            ("Y-12345", Century, Some("Y-12399/Y-12300")),
            ("Y12345", Year, Some("Y12345")),
        ] {
            assert_eq!(date(text, part).as_deref(), rounded, "{text} {part:?}");
        }
    }

    proptest! {
        /// The text of a part is a date, and covers the days that were rounded to it.
        #[test]
        fn a_part_is_a_date_that_covers_it(year in -20_000_i64..20_000, month in 1_i64..13, day in 1_i64..29) {
            prop_assume!(year != 0);
            for part in [DatePart::Century, DatePart::Decade, DatePart::Year, DatePart::Month, DatePart::Day] {
                if year.abs() > 9_999 && matches!(part, DatePart::Month | DatePart::Day) {
                    continue;
                }
                let number = year * 10_000 + month * 100 + day;
                let text = part_as_date(part_of(number, part), part);
                let (first, last) = Date::parse(&text).unwrap().span();
                prop_assert!(first <= number && number <= last, "{number} {text}");
                prop_assert_eq!(part_of(first, part), part_of(last, part));
            }
        }

        #[test]
        fn a_number_is_not_less_than_its_multiple(value in any::<f64>(), width in 1e-3_f64..1e3) {
            if let Some(number) = Rounding::Float(width).float(value) {
                prop_assert!(number as f64 * width <= value);
                prop_assert!(value < (number + 1) as f64 * width || number.abs() == LARGEST);
            }
        }
    }
}
