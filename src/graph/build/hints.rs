//! The most likely meaning of a value in an unsupported form, for hints.

use crate::ontology::{Date, Instant};

/// Maximum length of a text that is examined.
const LONGEST: usize = 60;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The date that a text means, in the form of a `Date`: `27.8.1996`, `1996-8-27`, `27 August 1996`, `1990s`, `c. 1990`.
/// `None` if it is ambiguous, as `5/6/1996` is.
pub(super) fn date(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    if let Some(year) = year(text) {
        return is_date(year);
    }
    if let Some((from, until)) = interval(text) {
        return is_date(format!("{from}/{until}"));
    }
    if let Some(decade) = text.strip_suffix('s').and_then(|it| it.strip_suffix('0'))
        && decade.len() == 3
    {
        return is_date(format!("{decade}X"));
    }
    let qualifier = match text {
        _ if text.ends_with('?') => "?",
        _ if text.starts_with('~') || words(text).any(is_about) => "~",
        _ => "",
    };
    is_date(format!("{}{qualifier}", single(text)?))
}

/// A year before 1 or after 9999 that is written as a number, or a date without hyphens.
fn year(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    match digits.len() {
        1..=4 if is_number && sign == "-" => Some(format!("-{digits:0>4}")),
        8 if is_number && sign.is_empty() => {
            Some(format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
        }
        5 if is_number => Some(format!("Y{sign}{digits}")),
        _ => None,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|it: char| !it.is_alphanumeric());
    words.filter(|it| !it.is_empty())
}

/// Whether a word says that a date is approximate.
fn is_about(word: &str) -> bool {
    let words = ["c", "ca", "circa", "about", "around"];
    words.iter().any(|it| it.eq_ignore_ascii_case(word))
}

fn is_date(text: String) -> Option<String> {
    Date::parse(&text).is_ok().then_some(text)
}

/// Both ends of an interval, the earlier one first.
fn interval(text: &str) -> Option<(String, String)> {
    let is_year = |it: &str| it.len() == 4 && it.bytes().all(|it| it.is_ascii_digit());
    let parts = ["/", "–", "-", " to ", "..", "…"].iter().find_map(|it| {
        let (from, until) = text.split_once(it)?;
        let (from, until) = (from.trim(), until.trim());
        // Months and days are separated by hyphens too.
        let is_interval = *it == "/" && from.contains('-') || is_year(from) && is_year(until);
        is_interval.then_some((from, until))
    });
    let (from, until) = parts?;
    let (from, until) = (single(from)?, single(until)?);
    let ends = |it: &str| Date::parse(it).ok();
    let (first, last) = (ends(&from)?, ends(&until)?);
    Some(if last.last_day() < first.first_day() {
        (until, from)
    } else {
        (from, until)
    })
}

/// A date: up to three numbers and names of months, in an order that is not ambiguous.
fn single(text: &str) -> Option<String> {
    let (mut year, mut month, mut others) = (None, None, Vec::new());
    let separated = text.contains('.') && !text.contains('/');
    // A point in time begins with its date.
    let text = match text.split_once(['T', 't']) {
        Some((day, time)) if time.starts_with(|it: char| it.is_ascii_digit()) => day,
        _ => text,
    };
    for word in words(text) {
        if let Ok(number) = word.parse::<u32>() {
            if word.len() == 4 {
                if year.replace(number).is_some() {
                    return None;
                }
            } else if word.len() <= 2 {
                others.push((number, year.is_some()));
            } else {
                return None;
            }
        } else if let Some(no) = named_month(word) {
            month = Some(no);
        } else if !is_about(word) && !["of", "the"].iter().any(|it| it.eq_ignore_ascii_case(word)) {
            return None;
        }
    }
    let year = year?;
    let (month, day) = match (month, &others[..]) {
        (None, []) => return Some(format!("{year:04}")),
        (Some(month), []) => return Some(format!("{year:04}-{month:02}")),
        (None, [(month, _)]) => return Some(format!("{year:04}-{month:02}")),
        (Some(month), [(day, _)]) => (month, *day),
        // If the year is first, the month and the day follow.
        (None, [(month, true), (day, true)]) => (*month, *day),
        (None, [(day, false), (month, false)]) if separated || *day > 12 => (*month, *day),
        (None, [(month, false), (day, false)]) if *day > 12 => (*month, *day),
        _ => return None,
    };
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

fn named_month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let position = MONTHS
        .iter()
        .position(|it| it.starts_with(&word) && word.len() >= 3);
    (1..).nth(position?)
}

/// The number of a month and its days; `None` if the month does not exist.
pub(super) fn days(text: &str) -> Option<(&str, u32)> {
    let month = text.get(..7)?;
    (28..=31)
        .rev()
        .find(|day| Date::parse(&format!("{month}-{day}")).is_ok())
        .map(|it| (month, it))
}

/// The point in time that a text means, if it is in another form. UTC if it has no offset.
pub(super) fn instant(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    let (day, time) = text.split_once(['T', 't', ' '])?;
    let day = date(day)?;
    let time = time.trim().to_ascii_uppercase();
    let clock_end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = time.split_at(clock_end);
    let clock = match clock.trim().len() {
        5 => format!("{}:00", clock.trim()),
        _ => clock.trim().to_owned(),
    };
    let offset = match offset.strip_prefix(['+', '-']) {
        None => "Z".to_owned(),
        Some(digits) if digits.len() == 4 && !digits.contains(':') => {
            format!("{}{}:{}", &offset[..1], digits.get(..2)?, digits.get(2..)?)
        }
        Some(digits) if digits.len() == 2 => format!("{offset}:00"),
        Some(_) => offset.to_owned(),
    };
    let meant = format!("{day}T{clock}{offset}");
    Instant::parse(&meant).is_ok().then_some(meant)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_forms_are_known_and_others_are_not_guessed() {
        for (text, meant) in [
            ("27.8.1996", "1996-08-27"),
            ("1996-8-27", "1996-08-27"),
            ("1996/08/27", "1996-08-27"),
            ("08/27/1996", "1996-08-27"),
            ("27/08/1996", "1996-08-27"),
            ("27 August 1996", "1996-08-27"),
            ("Aug 27, 1996", "1996-08-27"),
            ("August 1996", "1996-08"),
            ("8/1996", "1996-08"),
            ("1996-8", "1996-08"),
            ("1990s", "199X"),
            ("1994–1996", "1994/1996"),
            ("2012/2009", "2009/2012"),
            ("c. 1990", "1990~"),
            ("27 August 1996 ?", "1996-08-27?"),
            ("~1990", "1990~"),
            ("-44", "-0044"),
            ("19960827", "1996-08-27"),
            ("12000", "Y12000"),
            ("-12000", "Y-12000"),
            ("1996-08-27T10:00:00Z", "1996-08-27"),
        ] {
            assert_eq!(date(text).as_deref(), Some(meant), "{text}");
        }
        for text in [
            "5/6/1996",
            "1996-13",
            "1996-02-30",
            "96",
            "soon",
            "",
            "1996 1997 1998",
            "27.8.96",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
        assert_eq!(days("1996-02-30"), Some(("1996-02", 29)));
        assert_eq!(days("1996-13-01"), None);
        for (text, meant) in [
            ("1996-08-27 10:00:00", "1996-08-27T10:00:00Z"),
            ("1996-08-27T10:00Z", "1996-08-27T10:00:00Z"),
            ("1996-08-27T10:00:00+0200", "1996-08-27T10:00:00+02:00"),
            ("1996-08-27T10:00:00-05", "1996-08-27T10:00:00-05:00"),
        ] {
            assert_eq!(instant(text).as_deref(), Some(meant), "{text}");
        }
        for text in [
            "1996-08-27",
            "1996-08-27T25:00:00Z",
            "noon",
            "1996-08-27T10:00:00+25:00",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_meant_is_a_date(text in "[0-9a-zA-Z./ –T:+-]{0,24}|\\PC*") {
            if let Some(meant) = date(&text) {
                prop_assert!(Date::parse(&meant).is_ok());
            }
            if let Some(meant) = instant(&text) {
                prop_assert!(Instant::parse(&meant).is_ok());
            }
            let _ = days(&text);
        }
    }
}
