//! Arguments that several fields have: pages, numbers, dates, names of what the schema has.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::bind::{Binder, Result};
use super::dated_id::{date_of_ids, plain_id};
use super::input::{Arguments, Given, InputError, Names};
use crate::ontology::{Date, Direction, Ontology, RelationId, TypeId};
use crate::report::{did_you_mean, shown, shown_as};
use crate::surface::{self, DEFAULT_PAGE};

/// Maximum length of a cursor, in characters. A longer text is not a cursor, so only this much of it is kept.
pub const LONGEST_CURSOR: usize = 8 << 10;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Returns at most this number of entries from the start.
    pub first: Option<usize>,
    /// Returns at most this number of entries from the end.
    pub last: Option<usize>,
    /// After this cursor.
    pub after: Option<String>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// An id without its date, or an empty one where it is not given.
pub(super) fn id<'b>(binder: &mut Binder<'b>, arguments: &Arguments<'b>, name: &str) -> Result<Arc<str>> {
    binder.text(plain_id(
        arguments.get(name).and_then(Given::as_str).unwrap_or_default(),
    ))
}

/// Different texts of a list that name something which the schema has, in their order. There are not more than the schema
/// has names.
pub(super) fn named<T: PartialEq>(
    binder: &mut Binder,
    list: Option<Given>,
    find: impl Fn(&Ontology, &str) -> Option<T>,
) -> Result<Option<Vec<T>>> {
    let Some(list) = list else { return Ok(None) };
    let mut all: Vec<T> = Vec::new();
    for text in list.items().into_iter().flatten().filter_map(Given::as_str) {
        binder.work(1 + all.len() / 16)?;
        if let Some(found) = find(binder.ontology, text)
            && !all.contains(&found)
        {
            binder.hold(size_of::<T>())?;
            all.push(found);
        }
    }
    Ok(Some(all))
}

/// The names of fields, each of which some type must have, each once.
pub(super) fn fields(binder: &mut Binder, list: Option<Given>) -> Result<Option<Vec<String>>> {
    let Some(list) = list else { return Ok(None) };
    let mut names: Vec<String> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    for name in list.items().into_iter().flatten().filter_map(Given::as_str) {
        binder.work(1)?;
        let base = name.strip_prefix('^').unwrap_or(name);
        if !binder.has_field(base) {
            return Err(no_field(binder, base, name).into());
        }
        // There are not more than twice as many as the schema has fields.
        if known.insert(name) {
            binder.hold(size_of::<String>() + name.len())?;
            names.push(name.to_owned());
        }
    }
    Ok(Some(names))
}

fn no_field(binder: &Binder, base: &str, name: &str) -> InputError {
    let otherwise = || "see the types' fields in the schema".to_owned();
    let hint = match binder.names {
        Names::Hidden => otherwise(),
        Names::Told => {
            let all = binder.ontology.types.iter().flat_map(|it| it.members.names());
            did_you_mean(base, all, otherwise)
        }
    };
    InputError::field(format!("no type has a field \"{}\": {hint}", shown(name)))
}

/// The date that the answer is to hold at.
pub(super) fn as_of(binder: &mut Binder, arguments: &Arguments) -> Result<Option<Date>> {
    let (date, steps) = date_of_ids(arguments, date(arguments, "asOf")?)?;
    // Fields that share a variable each look through its value.
    binder.work(steps)?;
    Ok(date)
}

/// A date that an argument gives.
pub(super) fn date(arguments: &Arguments, name: &str) -> std::result::Result<Option<Date>, InputError> {
    let Some(given) = arguments.get(name) else {
        return Ok(None);
    };
    let text = given
        .as_str()
        .map_or_else(|| shown_as(given).into(), Cow::Borrowed);
    Date::parse(&text).map(Some).map_err(|error| {
        InputError::request(format!(
            "`{name}` is \"{}\", which is not a date: {error}",
            shown(&text)
        ))
    })
}

pub(super) fn page(binder: &mut Binder, arguments: &Arguments) -> Result<Page> {
    let number = |name: &str| -> std::result::Result<Option<usize>, InputError> {
        let Some(given) = arguments.get(name) else {
            return Ok(None);
        };
        let number = given.as_i64().unwrap_or_default();
        let count = usize::try_from(number);
        count.map(Some).map_err(|_| {
            InputError::field(format!(
                "`{name}` is {number}: it is a number of entries, 0 or more"
            ))
        })
    };
    let mut cursor = |name: &str| -> Result<Option<String>> {
        let Some(text) = arguments.get(name).and_then(Given::as_str) else {
            return Ok(None);
        };
        let end = text.floor_char_boundary(LONGEST_CURSOR);
        binder.hold(end)?;
        Ok(Some(text[..end].to_owned()))
    };
    let mut page = Page {
        first: number("first")?,
        last: number("last")?,
        after: cursor("after")?,
        before: cursor("before")?,
    };
    if page.first.is_none() && page.last.is_none() {
        page.first = Some(DEFAULT_PAGE);
    }
    Ok(page)
}

pub(super) fn relations(binder: &mut Binder, arguments: &Arguments) -> Result<Option<Vec<RelationId>>> {
    named(binder, arguments.get("via"), Ontology::relation_named)
}

pub(super) fn direction(arguments: &Arguments) -> Option<Direction> {
    let given = surface::Direction::named(arguments.get("direction")?.as_str()?)?;
    Some(match given {
        surface::Direction::Out => Direction::Out,
        surface::Direction::In => Direction::In,
        surface::Direction::Both => Direction::Both,
    })
}

pub(super) fn types(binder: &mut Binder, list: Option<Given>) -> Result<Option<Vec<TypeId>>> {
    named(binder, list, Ontology::type_named)
}

/// A text that is read and not kept.
pub(super) fn looked_at<'b>(arguments: &Arguments<'b>, name: &str) -> &'b str {
    arguments.get(name).and_then(Given::as_str).unwrap_or_default()
}

/// A whole number of at least so much.
pub(super) fn number(
    arguments: &Arguments,
    name: &str,
    least: i64,
    default: usize,
    what: &str,
) -> std::result::Result<usize, InputError> {
    let Some(number) = arguments.get(name).and_then(Given::as_i64) else {
        return Ok(default);
    };
    let enough = usize::try_from(number).ok().filter(|_| number >= least);
    enough.ok_or_else(|| {
        InputError::field(format!(
            "`{name}` is {number}: it is a number of {what}, {least} or more"
        ))
    })
}
