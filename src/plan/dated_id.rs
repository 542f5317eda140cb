//! Ids of entities as of a date: `<id>?asOf=<date>`. No id has a `?`.

use super::input::{Arguments, Given, InputError};
use crate::ontology::Date;
use crate::report::shown;
use crate::surface::inputs::OwnCondition;

/// The separator between an id and its date.
pub const AS_OF: &str = "?asOf=";

/// The arguments that take ids, at any field; a test compares them with the tables of `surface`.
const ID_ARGUMENTS: &[&str] = &["id", "ids", "of", "from", "to", "avoid", "ref"];

/// An id without its date, if it has one.
pub(super) fn plain_id(id: &str) -> &str {
    split(id).map_or(id, |it| it.0)
}

fn split(id: &str) -> Option<(&str, Date)> {
    let at = id.find('?')?;
    let date = id[at..].strip_prefix(AS_OF)?;
    Some((&id[..at], Date::parse(date).ok()?))
}

/// The date that a field's ids have: those of its arguments, and those that its filter compares with. Also gives the number
/// of values that were read.
///
/// # Errors
/// When they have several, or another one than `asOf`.
pub(super) fn date_of_ids(
    arguments: &Arguments,
    as_of: Option<Date>,
) -> Result<(Option<Date>, usize), InputError> {
    let mut found = DateInIds {
        date: as_of,
        is_given: as_of.is_some(),
        steps: 0,
    };
    for (name, given) in arguments.iter() {
        if ID_ARGUMENTS.contains(&name) {
            found.ids(given)?;
        } else if name == "filter" {
            found.filter(given)?;
        }
    }
    Ok((found.date, found.steps))
}

struct DateInIds {
    date: Option<Date>,
    /// Whether it is that of `asOf`.
    is_given: bool,
    /// How many values were read.
    steps: usize,
}

impl DateInIds {
    /// Looks at an id or a list of them.
    fn ids(&mut self, given: Given) -> Result<(), InputError> {
        self.steps += 1;
        if let Some(id) = given.as_str() {
            return self.id(id);
        }
        given
            .items()
            .into_iter()
            .flatten()
            .try_for_each(|it| self.ids(it))
    }

    fn id(&mut self, id: &str) -> Result<(), InputError> {
        let Some((_, date)) = split(id) else {
            return Ok(());
        };
        match self.date {
            Some(before) if before != date => {
                let id = shown(id);
                Err(InputError::field(if self.is_given {
                    format!(
                        "the id \"{id}\" is of another date than `asOf`, which is {before}: give its plain id (`entityId`), or the same date"
                    )
                } else {
                    format!(
                        "the id \"{id}\" is of another date than {before}, which another id has: give ids of one date, or `asOf` and plain ids (`entityId`)"
                    )
                }))
            }
            _ => {
                self.date = Some(date);
                Ok(())
            }
        }
    }

    /// Looks at the ids that a filter compares with, at any depth.
    fn filter(&mut self, given: Given) -> Result<(), InputError> {
        self.steps += 1;
        if let Some(fields) = given.fields() {
            for (name, given) in fields {
                if name == OwnCondition::Id.name() {
                    for (_, compared) in given.fields().into_iter().flatten() {
                        self.ids(compared)?;
                    }
                } else {
                    self.filter(given)?;
                }
            }
            return Ok(());
        }
        // Lists of values have no filters in them.
        let is_filter = |it: &Given| it.fields().is_some();
        let filters = given
            .items()
            .filter(|it| it.clone().next().as_ref().is_some_and(is_filter));
        filters.into_iter().flatten().try_for_each(|it| self.filter(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::{Entity, Fields, Query, arguments};

    #[test]
    fn every_argument_that_takes_ids_is_tested() {
        let of_query = Query::ALL.iter().flat_map(|(_, row)| row.arguments);
        let of_entities = Entity::ALL.iter().flat_map(|(_, row)| row.arguments);
        let of_lookups = [arguments::ID, arguments::ID_OR_UNIQUE];
        let all = of_query.chain(of_entities).copied().chain(of_lookups).flatten();
        let ids = all.filter(|it| it.ty.trim_matches(['[', ']', '!']) == "ID");
        // A reference is a text, since it may be a name too.
        let mut ids: Vec<&str> = ids.map(|it| it.name).chain(["ref"]).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut known = ID_ARGUMENTS.to_vec();
        known.sort_unstable();
        assert_eq!(ids, known);
    }

    #[test]
    fn a_date_is_split_off_if_it_is_one() {
        assert_eq!(plain_id("a?asOf=1992"), "a");
        assert_eq!(plain_id("a?asOf=2009/2012-05"), "a");
        assert_eq!(plain_id("a/b-c"), "a/b-c");
        assert_eq!(plain_id("a?asOf=soon"), "a?asOf=soon");
        assert_eq!(plain_id("a?date=1992"), "a?date=1992");
        assert_eq!(plain_id("?asOf=1992"), "");
    }
}
