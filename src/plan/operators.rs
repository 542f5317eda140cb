//! The operators of a condition, as given in a filter.

use super::Unbound;
use super::bind::Result;
use super::input::{Given, InputError};
use crate::surface::Inputs;
use crate::surface::inputs::Equality;

/// Puts a step before the place of what is wrong.
pub(super) fn within<T>(step: &str, result: Result<T>) -> Result<T> {
    result.map_err(|error| match error {
        Unbound::Input(error) => error.within(step).into(),
        Unbound::Stop(reason) => Unbound::Stop(reason),
    })
}

pub(super) fn is_empty(given: Given) -> bool {
    given.fields().is_none_or(|mut it| it.next().is_none())
}

/// Refuses a condition whose variable was not given: left out, it would let everything through.
pub(super) fn all_given(given: Given) -> Result<()> {
    match given.absent() {
        None => Ok(()),
        Some((field, variable)) => {
            let message = format!(
                "is the variable `${variable}`, which was not given: give it a value, or leave the condition out"
            );
            Err(InputError::placed(field, message).into())
        }
    }
}

pub(super) fn no_null(field: &str) -> InputError {
    InputError::placed(
        field,
        "is null, which is no condition: leave it out, or ask with `isNull`",
    )
}

pub(super) fn no_condition(field: &str) -> InputError {
    InputError::placed(
        field,
        "is empty, which is no condition: leave it out, or say what must hold",
    )
}

pub(super) fn compares_with_null(operator: &str) -> bool {
    match Equality::named(operator) {
        Some(Equality::Eq | Equality::Ne) => true,
        Some(Equality::In | Equality::NotIn) | None => false,
    }
}

/// Refuses null and an object without fields.
pub(super) fn check_not_empty(field: &str, given: Given) -> Result<()> {
    if given.is_null() {
        return Err(no_null(field).into());
    }
    within(field, all_given(given))?;
    if is_empty(given) {
        return Err(no_condition(field).into());
    }
    Ok(())
}

/// Refuses operators that are missing or null; `eq` and `ne` compare with null too.
pub(super) fn check_operators(field: &str, operators: Given) -> Result<()> {
    let checked = || {
        all_given(operators)?;
        let mut fields = operators.fields().into_iter().flatten();
        let null = fields.find(|(operator, value)| value.is_null() && !compares_with_null(operator));
        match null {
            Some((operator, _)) => Err(no_null(operator).into()),
            None => Ok(()),
        }
    };
    if is_empty(operators) {
        all_given(operators).map_or_else(
            |error| within(field, Err(error)),
            |()| Err(no_condition(field).into()),
        )
    } else {
        within(field, checked())
    }
}

/// The operators of a field: those of an object, or a single one.
#[derive(Clone, Copy)]
pub(super) enum Operators<'v> {
    Object(Given<'v>),
    One(&'static str, Given<'v>),
}

impl<'v> Operators<'v> {
    pub fn iter(self) -> impl Iterator<Item = (&'v str, Given<'v>)> {
        let (object, one) = match self {
            Operators::Object(given) => (given.fields(), None),
            Operators::One(operator, given) => (None, Some((operator, given))),
        };
        object.into_iter().flatten().chain(one)
    }

    /// Each operator with what it means to a kind of values. One that the kind does not have is refused: left out, it would
    /// let everything through.
    pub fn meant<T: Inputs>(self, property: &str) -> impl Iterator<Item = Result<(T, Given<'v>)>> {
        self.iter().map(move |(name, given)| match T::named(name) {
            Some(operator) => Ok((operator, given)),
            None => Err(InputError::field(format!("\"{property}\" has no operator `{name}`")).into()),
        })
    }

    pub fn get(self, wanted: &str) -> Option<Given<'v>> {
        match self {
            Operators::Object(given) => given.get(wanted),
            Operators::One(operator, given) => (operator == wanted).then_some(given),
        }
    }
}
