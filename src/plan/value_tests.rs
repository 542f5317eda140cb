//! Compiles the operators of a condition on values to tests.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::Unbound;
use super::bind::{ARC_BYTES, Binder, Result};
use super::dated_id::plain_id;
use super::input::{Given, InputError};
use super::operators::{Operators, check_operators, no_null};
use super::pattern::{LONGEST, Pattern};
use super::point::{bounds, first_wrong, near, point};
use super::scalars::{boolean, date, decimal, duration, enum_value, float, instant, int64, text, whole};
use crate::condition::{Compare, DateTest, JsonTest, ListTest, PointTest, TextTest, ValueTest, folded};
use crate::ontology::Scalar;
use crate::report::shown;
use crate::surface::Inputs;
use crate::surface::inputs::{
    DateOrder, DateSpan, Dates, Emptiness, Equality, Membership, Missing, Order, Ordered, OwnCondition,
    Pattern as TextPattern, Points, SearchedTexts, Surroundings, Unordered, Values, Words,
};

/// Bytes that a JSON value takes in a set beside what it holds: its place, a byte of its hash, and room to grow.
const HASHED_BYTES: usize = 2 * size_of::<Json>();

/// The tests of an aggregate of a kind other than texts.
pub(super) fn measure_tests<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &'b str,
    operators: Given<'b>,
) -> Result<Vec<ValueTest>> {
    if operators.is_null() {
        return Err(no_null(name).into());
    }
    check_operators(name, operators)?;
    value_tests(binder, scalar, name, Operators::Object(operators))
}

/// The comparisons of an object of operators; `kind` identifies the type of the values, because a list may be read as several types.
pub(super) fn compares<'b, T: PartialOrd + Clone + 'static>(
    binder: &mut Binder<'b>,
    operators: Operators<'b>,
    name: &str,
    kind: (Scalar, bool),
    parse: impl Fn(&mut Binder<'b>, &str, Given<'b>) -> Result<T>,
) -> Result<Vec<Compare<T>>> {
    let mut tests = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        tests.extend(match operator {
            Ordered::Equality(it) => equality(binder, it, value, (name, kind), &parse)?,
            Ordered::Order(it) => order(binder, it, value, name, &parse)?,
            // As `null_tests` has it.
            Ordered::Missing(Missing::IsNull) => None,
        });
    }
    Ok(tests)
}

/// Whether a value is one that is given; `None` where that is null, as `null_tests` has it.
pub(super) fn equality<'b, T: PartialOrd + Clone + 'static>(
    binder: &mut Binder<'b>,
    operator: Equality,
    given: Given<'b>,
    (name, kind): (&str, (Scalar, bool)),
    parse: &impl Fn(&mut Binder<'b>, &str, Given<'b>) -> Result<T>,
) -> Result<Option<Compare<T>>> {
    if given.is_null() {
        return Ok(None);
    }
    let among = |binder: &mut Binder<'b>| binder.among(given, kind, |it, value| parse(it, name, value));
    Ok(Some(match operator {
        Equality::Eq => Compare::Eq(parse(binder, name, given)?),
        Equality::Ne => Compare::Ne(parse(binder, name, given)?),
        Equality::In => Compare::In(among(binder)?),
        Equality::NotIn => Compare::NotIn(among(binder)?),
    }))
}

pub(super) fn order<'b, T>(
    binder: &mut Binder<'b>,
    operator: Order,
    given: Given<'b>,
    name: &str,
    parse: &impl Fn(&mut Binder<'b>, &str, Given<'b>) -> Result<T>,
) -> Result<Option<Compare<T>>> {
    if given.is_null() {
        return Ok(None);
    }
    let compare = match operator {
        Order::Lt => Compare::Lt,
        Order::Lte => Compare::Lte,
        Order::Gt => Compare::Gt,
        Order::Gte => Compare::Gte,
    };
    Ok(Some(compare(parse(binder, name, given)?)))
}

/// `isNull`, and `eq` and `ne` with null, which ask the same.
pub(super) fn null_tests(operators: Operators) -> Vec<ValueTest> {
    let test = |(operator, value): (&str, Given)| {
        let is_null = match Unordered::named(operator)? {
            Unordered::Missing(Missing::IsNull) => value.as_bool()?,
            Unordered::Equality(Equality::Eq) if value.is_null() => true,
            Unordered::Equality(Equality::Ne) if value.is_null() => false,
            Unordered::Equality(_) => return None,
        };
        Some(ValueTest::IsNull(is_null))
    };
    operators.iter().filter_map(test).collect()
}

/// Whether only a missing value would do.
pub(super) fn asks_for_missing(operators: Operators) -> bool {
    null_tests(operators)
        .iter()
        .any(|it| matches!(it, ValueTest::IsNull(true)))
}

pub(super) fn value_tests<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &str,
    operators: Operators<'b>,
) -> Result<Vec<ValueTest>> {
    fn tests<'b, T: PartialOrd + Clone + 'static>(
        binder: &mut Binder<'b>,
        (operators, name): (Operators<'b>, &str),
        scalar: Scalar,
        parse: impl Fn(&mut Binder<'b>, &str, Given<'b>) -> Result<T>,
        wrap: impl Fn(Compare<T>) -> ValueTest,
    ) -> Result<Vec<ValueTest>> {
        let compares = compares(binder, operators, name, (scalar, false), parse)?;
        Ok(compares.into_iter().map(wrap).collect())
    }
    let mut all = null_tests(operators);
    let given = (operators, name);
    all.extend(match scalar {
        Scalar::Id | Scalar::String | Scalar::Url | Scalar::Text => text_tests(binder, name, operators)?
            .into_iter()
            .map(ValueTest::Text)
            .collect(),
        Scalar::Int => tests(binder, given, scalar, whole, ValueTest::Int)?,
        Scalar::Int64 => tests(binder, given, scalar, int64, ValueTest::Int64)?,
        Scalar::Float => tests(binder, given, scalar, float, ValueTest::Float)?,
        Scalar::Boolean => tests(binder, given, scalar, boolean, ValueTest::Boolean)?,
        Scalar::Date => date_tests(binder, name, operators)?,
        Scalar::DateTime => tests(binder, given, scalar, instant, ValueTest::Instant)?,
        Scalar::Duration => tests(binder, given, scalar, duration, ValueTest::Duration)?,
        Scalar::Decimal => tests(binder, given, scalar, decimal, ValueTest::Decimal)?,
        Scalar::Enum(id) => tests(
            binder,
            given,
            scalar,
            |binder, name, value| enum_value(binder, id, name, value),
            ValueTest::Int,
        )?,
        Scalar::Point => point_tests(binder, name, operators)?,
        Scalar::Json | Scalar::Custom(_) => json_tests(binder, name, operators)?,
    });
    Ok(all)
}

/// Values of the schema's own scalars; values of `JSON` can only be missing.
pub(super) fn json_tests<'b>(
    binder: &mut Binder<'b>,
    name: &str,
    operators: Operators<'b>,
) -> Result<Vec<ValueTest>> {
    let mut tests = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        if value.is_null() {
            continue;
        }
        tests.push(ValueTest::Json(match operator {
            Unordered::Equality(Equality::Eq) => JsonTest::Eq(json(binder, value)?),
            Unordered::Equality(Equality::Ne) => JsonTest::Ne(json(binder, value)?),
            Unordered::Equality(Equality::In) => JsonTest::In(jsons(binder, value)?),
            Unordered::Equality(Equality::NotIn) => JsonTest::NotIn(jsons(binder, value)?),
            Unordered::Missing(Missing::IsNull) => continue,
        }));
    }
    Ok(tests)
}

/// The values of a list, each once.
pub(super) fn jsons<'b>(binder: &mut Binder<'b>, list: Given<'b>) -> Result<Arc<HashSet<Json>>> {
    let Some(items) = list.items() else {
        return Ok(Arc::default());
    };
    binder.shared((list.place(), Scalar::Json, false), items.len(), |it| {
        it.hold(ARC_BYTES)?;
        let mut values = HashSet::new();
        for item in items.clone().filter(|it| !it.is_null()) {
            it.hold(HASHED_BYTES)?;
            values.insert(json(it, item)?);
        }
        Ok(Arc::new(values))
    })
}

pub(super) fn json<'b>(binder: &mut Binder<'b>, given: Given<'b>) -> Result<Json> {
    let bytes = given.bytes();
    binder.work(1 + bytes / 64)?;
    binder.hold(bytes)?;
    Ok(given.to_json())
}

pub(super) fn list_tests<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &str,
    operators: Operators<'b>,
) -> Result<Vec<ListTest>> {
    let mut tests = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        if value.is_null() {
            continue;
        }
        tests.push(match operator {
            Values::Membership(Membership::Has) => ListTest::HasAny(equal(binder, scalar, name, value)?),
            // One test for all of them: an element is looked for among the values.
            Values::Membership(Membership::HasAny) => ListTest::HasAny(one_of(binder, scalar, name, value)?),
            Values::Membership(Membership::HasAll) => {
                let mut all = Vec::new();
                for item in value.items().into_iter().flatten() {
                    binder.work(1)?;
                    binder.hold(size_of::<ValueTest>())?;
                    all.extend(equal(binder, scalar, name, item)?);
                }
                ListTest::HasAll(all)
            }
            Values::Emptiness(Emptiness::IsEmpty) => match value.as_bool() {
                Some(it) => ListTest::IsEmpty(it),
                None => continue,
            },
        });
    }
    Ok(tests)
}

/// Whether a value is the same as another.
pub(super) fn equal<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &str,
    value: Given<'b>,
) -> Result<Vec<ValueTest>> {
    value_tests(binder, scalar, name, Operators::One(Equality::Eq.name(), value))
}

/// Whether a value is one of several.
pub(super) fn one_of<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &str,
    list: Given<'b>,
) -> Result<Vec<ValueTest>> {
    let mut tests = value_tests(binder, scalar, name, Operators::One(Equality::In.name(), list))?;
    if list.items().is_some_and(|mut it| it.any(Given::is_null)) {
        tests.push(ValueTest::IsNull(true));
    }
    Ok(tests)
}

pub(super) fn text_tests<'b>(
    binder: &mut Binder<'b>,
    name: &str,
    operators: Operators<'b>,
) -> Result<Vec<TextTest>> {
    let fold = operators
        .get(TextPattern::CaseInsensitive.name())
        .and_then(Given::as_bool)
        .unwrap_or(false);
    let parse = |binder: &mut Binder<'b>, name: &str, given: Given<'b>| {
        let mut text = text(name, given)?;
        // No property is called so: it is the entity's id, which may have a date.
        if name == OwnCondition::Id.name() {
            text = match text {
                Cow::Borrowed(id) => Cow::Borrowed(plain_id(id)),
                Cow::Owned(id) => Cow::Owned(plain_id(&id).to_owned()),
            };
        }
        match text {
            _ if fold => binder.new_text(&folded(&text)),
            Cow::Borrowed(text) => binder.text(text),
            Cow::Owned(text) => binder.new_text(&text),
        }
    };
    let wrap = if fold {
        TextTest::CompareFolded
    } else {
        TextTest::Compare
    };
    let mut tests: Vec<TextTest> = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        tests.extend(match operator {
            // All kinds of texts are read alike.
            SearchedTexts::Equality(it) => {
                equality(binder, it, value, (name, (Scalar::String, fold)), &parse)?.map(wrap)
            }
            SearchedTexts::Order(it) => order(binder, it, value, name, &parse)?.map(wrap),
            SearchedTexts::Pattern(it) => text_pattern(binder, it, name, value, fold)?,
            // As `null_tests` has it, and a test of the entity.
            SearchedTexts::Missing(Missing::IsNull) | SearchedTexts::Words(Words::Search) => None,
        });
    }
    Ok(tests)
}

pub(super) fn text_pattern<'b>(
    binder: &mut Binder<'b>,
    operator: TextPattern,
    name: &str,
    given: Given<'b>,
    fold: bool,
) -> Result<Option<TextTest>> {
    let Some(text) = given.as_str() else {
        return Ok(None);
    };
    let is_pattern = fold || matches!(operator, TextPattern::Contains | TextPattern::Matches);
    if is_pattern && text.len() > LONGEST {
        return Err(InputError::field(format!(
            "`{}` of \"{name}\" has {} bytes, and {LONGEST} are allowed: \"{}\"",
            operator.name(),
            text.len(),
            shown(text)
        ))
        .into());
    }
    Ok(Some(match operator {
        TextPattern::Contains if fold => {
            let pattern = Pattern::Contains(folded(text).into());
            TextTest::ContainsFolded(binder.pattern(pattern, name)?)
        }
        TextPattern::Contains => TextTest::Contains(binder.pattern(Pattern::Contains(text.into()), name)?),
        TextPattern::StartsWith if fold => TextTest::StartsWithFolded(binder.new_text(&folded(text))?),
        TextPattern::StartsWith => TextTest::StartsWith(binder.text(text)?),
        TextPattern::EndsWith if fold => TextTest::EndsWithFolded(binder.new_text(&folded(text))?),
        TextPattern::EndsWith => TextTest::EndsWith(binder.text(text)?),
        TextPattern::Matches => regex(binder, name, text, fold)?,
        // A boolean, which has been read.
        TextPattern::CaseInsensitive => return Ok(None),
    }))
}

pub(super) fn regex(binder: &mut Binder, name: &str, source: &str, fold: bool) -> Result<TextTest> {
    let pattern = Pattern::Regex {
        source: source.into(),
        fold,
    };
    binder.pattern(pattern, name).map(TextTest::Matches)
}

pub(super) fn date_tests<'b>(
    binder: &mut Binder<'b>,
    name: &str,
    operators: Operators<'b>,
) -> Result<Vec<ValueTest>> {
    let mut tests = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        if value.is_null() {
            continue;
        }
        let one = || date(name, value);
        let mut many = || binder.among(value, (Scalar::Date, false), |_, it| Ok(date(name, it)?.span()));
        tests.push(ValueTest::Date(match operator {
            Dates::Equality(Equality::Eq) => DateTest::Eq(one()?),
            Dates::Equality(Equality::Ne) => DateTest::Ne(one()?),
            Dates::Equality(Equality::In) => DateTest::In(many()?),
            Dates::Equality(Equality::NotIn) => DateTest::NotIn(many()?),
            Dates::DateOrder(DateOrder::Lt) => DateTest::Lt(one()?),
            Dates::DateOrder(DateOrder::Lte) => DateTest::Lte(one()?),
            Dates::DateOrder(DateOrder::Gt) => DateTest::Gt(one()?),
            Dates::DateOrder(DateOrder::Gte) => DateTest::Gte(one()?),
            Dates::DateSpan(DateSpan::Overlaps) => DateTest::Overlaps(one()?),
            Dates::DateSpan(DateSpan::Within) => DateTest::Within(one()?),
            Dates::Missing(Missing::IsNull) => continue,
        }));
    }
    Ok(tests)
}

pub(super) fn point_tests<'b>(
    binder: &mut Binder<'b>,
    name: &str,
    operators: Operators<'b>,
) -> Result<Vec<ValueTest>> {
    let mut tests = Vec::new();
    for ((step, value), meant) in operators.iter().zip(operators.meant(name)) {
        let (operator, _) = meant?;
        if value.is_null() {
            continue;
        }
        let test = point_test(binder, operator, value).map_err(|error| match (error, operators) {
            (Unbound::Input(error), Operators::Object(_)) => error.at(step).within(name).into(),
            (Unbound::Input(error), Operators::One(..)) => error.at(name).into(),
            (error, _) => error,
        });
        tests.extend(test?.map(ValueTest::Point));
    }
    Ok(tests)
}

pub(super) fn point_test<'b>(
    binder: &mut Binder<'b>,
    operator: Points,
    given: Given<'b>,
) -> Result<Option<PointTest>> {
    let mut many = || {
        let among = binder.among(given, (Scalar::Point, false), |_, it| Ok(point(it)?));
        // The position is looked for only where something is wrong.
        among.map_err(|error| match (error, first_wrong(given)) {
            (Unbound::Input(error), Some(at)) => error.at(format_args!("[{at}]")).into(),
            (error, _) => error,
        })
    };
    Ok(Some(match operator {
        Points::Equality(Equality::Eq) => PointTest::Compare(Compare::Eq(point(given)?)),
        Points::Equality(Equality::Ne) => PointTest::Compare(Compare::Ne(point(given)?)),
        Points::Equality(Equality::In) => PointTest::Compare(Compare::In(many()?)),
        Points::Equality(Equality::NotIn) => PointTest::Compare(Compare::NotIn(many()?)),
        Points::Surroundings(Surroundings::Near) => {
            let (from, kilometres) = near(given)?;
            PointTest::Near(from, kilometres)
        }
        Points::Surroundings(Surroundings::Within) => PointTest::Within(bounds(given)?),
        Points::Missing(Missing::IsNull) => return Ok(None),
    }))
}
