//! Conditions on entities, edges and values, as data: what a filter asks.
//!
//! A condition names properties and relations of the schema and holds values of their kinds. `plan` makes conditions of
//! the filters of a request, and `graph` tests its rows with them. Patterns that texts are matched with are referred to by
//! number: a tester compiles them.

mod fold;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use serde_json::Value as Json;

use crate::ontology::{Bounds, Date, Direction, Point, PropertyNo, RelationId};
pub use fold::folded;

/// The number of a pattern among those of an operation: first those of its plan, then those of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatcherNo(pub u32);

impl MatcherNo {
    /// Its position.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A filter on the entities of a domain.
#[derive(Debug)]
pub struct Filter {
    /// For each type; `None` for those that are not of the domain.
    pub by_type: Box<[Option<Test>]>,
    /// The patterns that it tests with, at any depth, each once and in order.
    pub matchers: Box<[MatcherNo]>,
}

/// A condition on an entity, or on an edge.
#[derive(Debug)]
pub enum Test {
    /// All of them hold.
    All(Vec<Test>),
    /// At least one of them holds.
    Any(Vec<Test>),
    /// It does not hold.
    Not(Box<Test>),
    /// On the id.
    Id(TextTest),
    /// On the label.
    Label(TextTest),
    /// On the words of a property that is in the text index.
    Search(MatcherNo),
    /// On a property with one value.
    Value(PropertyNo, ValueTest),
    /// On a property with a list of values.
    List(PropertyNo, ListTest),
    /// On the entities at the other ends of a relation.
    Relation {
        /// The relation.
        relation: RelationId,
        /// Which way it is walked.
        direction: Direction,
        /// Which edges count.
        edge: Option<Arc<Test>>,
        /// The condition on the entities that they lead to.
        test: RelationTest,
    },
    /// On the edge that led to the entity.
    Edge(Arc<Test>),
}

/// The condition on the entities at the other ends.
#[derive(Debug)]
pub enum RelationTest {
    /// For at least one.
    Some(Arc<Filter>),
    /// For each one.
    Every(Arc<Filter>),
    /// For none.
    None(Arc<Filter>),
    /// For their number, or for the number of those that match a filter.
    Count(Compare<i64>, Option<Arc<Filter>>),
}

/// A condition on one value.
#[derive(Debug)]
pub enum ValueTest {
    /// Whether it is missing.
    IsNull(bool),
    /// On a text.
    Text(TextTest),
    /// On an integer.
    Int(Compare<i64>),
    /// On an integer of 64 bits.
    Int64(Compare<i64>),
    /// On a number.
    Float(Compare<f64>),
    /// On a boolean.
    Boolean(Compare<bool>),
    /// On a date.
    Date(DateTest),
    /// On a point in time, in microseconds since 1970.
    Instant(Compare<i64>),
    /// On a length of time, in microseconds.
    Duration(Compare<i64>),
    /// On a decimal number.
    Decimal(Compare<BigDecimal>),
    /// On a place on Earth.
    Point(PointTest),
    /// On JSON.
    Json(JsonTest),
}

/// A condition on a place on Earth.
#[derive(Debug, Clone, PartialEq)]
pub enum PointTest {
    /// Whether it is a place.
    Compare(Compare<Point>),
    /// At most a number of kilometres away from a point.
    Near(Point, f64),
    /// Within these bounds.
    Within(Bounds),
}

impl PointTest {
    /// Whether a point meets it.
    pub fn holds(&self, value: Point) -> bool {
        match self {
            PointTest::Compare(compare) => compare.holds(&value),
            PointTest::Near(centre, kilometres) => {
                !centre.is_beyond(value, *kilometres) && centre.distance(value) <= *kilometres
            }
            PointTest::Within(bounds) => bounds.contains(value),
        }
    }
}

/// A condition on a JSON value.
#[derive(Debug)]
pub enum JsonTest {
    /// The same.
    Eq(Json),
    /// Another.
    Ne(Json),
    /// One of these.
    In(Arc<HashSet<Json>>),
    /// None of these.
    NotIn(Arc<HashSet<Json>>),
}

impl JsonTest {
    /// Whether a value matches it.
    pub fn holds(&self, value: &Json) -> bool {
        match self {
            JsonTest::Eq(other) => value == other,
            JsonTest::Ne(other) => value != other,
            JsonTest::In(others) => others.contains(value),
            JsonTest::NotIn(others) => !others.contains(value),
        }
    }
}

/// Values in order, each once. Finding one takes time logarithmic in their number.
#[derive(Debug, Clone, PartialEq)]
pub struct SortedSet<T>(Arc<[T]>);

impl<T> SortedSet<T> {
    /// The values in order.
    pub fn values(&self) -> &[T] {
        &self.0
    }
}

impl<T: PartialOrd> SortedSet<T> {
    /// Takes the values of a list, in any order.
    pub fn of(mut values: Vec<T>) -> Self {
        values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
        values.dedup();
        Self(values.into())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether a value is one of them.
    pub fn has(&self, value: &T) -> bool {
        self.has_by(|it| it.partial_cmp(value).unwrap_or(Ordering::Less))
    }

    /// Whether a value is one of them that each can be compared with.
    pub fn has_by(&self, compare: impl FnMut(&T) -> Ordering) -> bool {
        self.0.binary_search_by(compare).is_ok()
    }
}

/// A comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Compare<T> {
    /// The same.
    Eq(T),
    /// Another.
    Ne(T),
    /// One of these.
    In(SortedSet<T>),
    /// None of these.
    NotIn(SortedSet<T>),
    /// Less.
    Lt(T),
    /// Less or the same.
    Lte(T),
    /// Greater.
    Gt(T),
    /// Greater or the same.
    Gte(T),
}

impl<T: PartialOrd> Compare<T> {
    /// Whether a value meets it.
    pub fn holds(&self, value: &T) -> bool {
        match self {
            Compare::Eq(other) => value == other,
            Compare::Ne(other) => value != other,
            Compare::In(others) => others.has(value),
            Compare::NotIn(others) => !others.has(value),
            Compare::Lt(other) => value < other,
            Compare::Lte(other) => value <= other,
            Compare::Gt(other) => value > other,
            Compare::Gte(other) => value >= other,
        }
    }
}

/// A condition on a date, by the spans of days that dates cover.
#[derive(Debug, Clone, PartialEq)]
pub enum DateTest {
    /// The same span.
    Eq(Date),
    /// Another span.
    Ne(Date),
    /// One of these spans, by first and last day.
    In(SortedSet<(i64, i64)>),
    /// None of these spans.
    NotIn(SortedSet<(i64, i64)>),
    /// Over before it begins.
    Lt(Date),
    /// Over no later than it is.
    Lte(Date),
    /// Begins after it is over.
    Gt(Date),
    /// Begins no earlier than it does.
    Gte(Date),
    /// Both share a day.
    Overlaps(Date),
    /// Is within it.
    Within(Date),
}

impl DateTest {
    /// Whether a date meets it.
    pub fn holds(&self, value: Date) -> bool {
        match self {
            DateTest::Eq(other) => value.span() == other.span(),
            DateTest::Ne(other) => value.span() != other.span(),
            DateTest::In(others) => others.has(&value.span()),
            DateTest::NotIn(others) => !others.has(&value.span()),
            DateTest::Lt(other) => value.last_day() < other.first_day(),
            DateTest::Lte(other) => value.last_day() <= other.last_day(),
            DateTest::Gt(other) => value.first_day() > other.last_day(),
            DateTest::Gte(other) => value.first_day() >= other.first_day(),
            DateTest::Overlaps(other) => value.overlaps(*other),
            DateTest::Within(other) => value.is_within(*other),
        }
    }
}

/// A condition on a text.
#[derive(Debug)]
pub enum TextTest {
    /// By code points.
    Compare(Compare<Arc<str>>),
    /// By code points, case folded.
    CompareFolded(Compare<Arc<str>>),
    /// Contains a text.
    Contains(MatcherNo),
    /// The same, case folded.
    ContainsFolded(MatcherNo),
    /// Begins with a text.
    StartsWith(Arc<str>),
    /// The same, case folded.
    StartsWithFolded(Arc<str>),
    /// Ends with a text.
    EndsWith(Arc<str>),
    /// The same, case folded.
    EndsWithFolded(Arc<str>),
    /// A regular expression.
    Matches(MatcherNo),
}

impl Compare<Arc<str>> {
    /// Whether a text meets it.
    pub fn holds_of(&self, text: &str) -> bool {
        let among = |others: &SortedSet<Arc<str>>| others.has_by(|it| (**it).cmp(text));
        match self {
            Compare::Eq(other) => text == &**other,
            Compare::Ne(other) => text != &**other,
            Compare::In(others) => among(others),
            Compare::NotIn(others) => !among(others),
            Compare::Lt(other) => text < &**other,
            Compare::Lte(other) => text <= &**other,
            Compare::Gt(other) => text > &**other,
            Compare::Gte(other) => text >= &**other,
        }
    }
}

/// A condition on a list of values.
#[derive(Debug)]
pub enum ListTest {
    /// At least one value meets one of these.
    HasAny(Vec<ValueTest>),
    /// Each of these is met by some value.
    HasAll(Vec<ValueTest>),
    /// Whether the list is empty.
    IsEmpty(bool),
}
