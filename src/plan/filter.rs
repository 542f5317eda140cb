//! Filters, resolved: every property and relation is a position, every value is of its kind.
//!
//! A missing value meets no operator but `isNull: true` and `eq: null`; `not` turns any filter round, so
//! `not: {x: {eq: 1}}` also lets through what has no `x`.

use std::str::FromStr;

use bigdecimal::BigDecimal;
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value as Json};

use super::input::InputError;
use crate::ontology::{
    Date, Direction, Domain, EdgeTypeId, EnumId, Member, Members, Ontology, PropertyNo, RelationField,
    RelationId, Scalar, TypeId,
};
use crate::report::quoted_list;

type Result<T> = std::result::Result<T, InputError>;

/// A filter on the entities of a domain.
#[derive(Debug)]
pub struct Filter {
    /// For each type; `None` for those that are not of the domain.
    pub by_type: Box<[Option<Test>]>,
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
    Search {
        /// Its name.
        property: String,
        /// What is searched for.
        text: String,
    },
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
        edge: Option<Box<Test>>,
        /// What must hold of the entities that they lead to.
        test: RelationTest,
    },
    /// On the edge that led to the entity.
    Edge(Box<Test>),
}

/// What must hold of the entities at the other ends.
#[derive(Debug)]
pub enum RelationTest {
    /// For at least one.
    Some(Filter),
    /// For each one.
    Every(Filter),
    /// For none.
    None(Filter),
    /// For their number.
    Count(Compare<i64>),
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
    /// On a number.
    Float(Compare<f64>),
    /// On a boolean.
    Boolean(Compare<bool>),
    /// On a date.
    Date(DateTest),
    /// On a point in time, in microseconds since 1970.
    Instant(Compare<i64>),
    /// On a decimal number.
    Decimal(Compare<BigDecimal>),
    /// On JSON.
    Json(Compare<Json>),
}

/// A comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Compare<T> {
    /// The same.
    Eq(T),
    /// Another.
    Ne(T),
    /// One of these.
    In(Vec<T>),
    /// None of these.
    NotIn(Vec<T>),
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
            Compare::In(others) => others.contains(value),
            Compare::NotIn(others) => !others.contains(value),
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
    /// One of these spans.
    In(Vec<Date>),
    /// None of these spans.
    NotIn(Vec<Date>),
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
    /// Lies in it.
    Within(Date),
}

impl DateTest {
    /// Whether a date meets it.
    pub fn holds(&self, value: Date) -> bool {
        let same =
            |other: &Date| value.first_day() == other.first_day() && value.last_day() == other.last_day();
        match self {
            DateTest::Eq(other) => same(other),
            DateTest::Ne(other) => !same(other),
            DateTest::In(others) => others.iter().any(same),
            DateTest::NotIn(others) => !others.iter().any(same),
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
    Compare(Compare<String>),
    /// By code points of lower-case letters.
    CompareFolded(Compare<String>),
    /// Contains a text.
    Contains(Box<Finder<'static>>),
    /// Begins with a text.
    StartsWith(String),
    /// Ends with a text.
    EndsWith(String),
    /// A regular expression, which also stands for the three above without regard to case.
    Matches(Box<Regex>),
}

impl TextTest {
    /// Whether a text meets it.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            TextTest::Compare(compare) => compare_text(compare, text),
            TextTest::CompareFolded(compare) => compare_text(compare, &text.to_lowercase()),
            TextTest::Contains(finder) => finder.find(text.as_bytes()).is_some(),
            TextTest::StartsWith(start) => text.starts_with(start.as_str()),
            TextTest::EndsWith(end) => text.ends_with(end.as_str()),
            TextTest::Matches(regex) => regex.is_match(text),
        }
    }
}

fn compare_text(compare: &Compare<String>, text: &str) -> bool {
    match compare {
        Compare::Eq(other) => text == other,
        Compare::Ne(other) => text != other,
        Compare::In(others) => others.iter().any(|it| it == text),
        Compare::NotIn(others) => others.iter().all(|it| it != text),
        Compare::Lt(other) => text < other.as_str(),
        Compare::Lte(other) => text <= other.as_str(),
        Compare::Gt(other) => text > other.as_str(),
        Compare::Gte(other) => text >= other.as_str(),
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

/// Where a filter stands.
#[derive(Clone, Copy)]
struct Scope<'a> {
    ontology: &'a Ontology,
    members: &'a Members,
    type_id: Option<TypeId>,
    /// The edge type of the relation that led here, where its filter may be asked.
    edge: Option<EdgeTypeId>,
}

/// Compiles a filter on a domain's entities, reached over a relation or not.
pub(super) fn compile(
    ontology: &Ontology,
    domain: Domain,
    edge: Option<EdgeTypeId>,
    json: &Json,
) -> Result<Option<Filter>> {
    let Json::Object(fields) = json else {
        return Ok(None);
    };
    if fields.is_empty() {
        return Ok(None);
    }
    let mut by_type: Vec<Option<Test>> = ontology.types.iter().map(|_| None).collect();
    for id in ontology.types_of(domain) {
        let scope = Scope {
            ontology,
            members: &ontology.entity_type(*id).members,
            type_id: Some(*id),
            edge,
        };
        by_type[id.index()] = Some(scope.object(fields)?);
    }
    Ok(Some(Filter {
        by_type: by_type.into(),
    }))
}

/// Compiles a filter on the edges of a type.
fn compile_edge(ontology: &Ontology, id: EdgeTypeId, json: &Json) -> Result<Option<Box<Test>>> {
    let Json::Object(fields) = json else {
        return Ok(None);
    };
    let scope = Scope {
        ontology,
        members: &ontology.edge_types[id.index()].members,
        type_id: None,
        edge: None,
    };
    Ok(Some(Box::new(scope.object(fields)?)))
}

impl Scope<'_> {
    fn object(self, fields: &Map<String, Json>) -> Result<Test> {
        let mut tests = Vec::new();
        for (name, value) in fields {
            if value.is_null() {
                continue;
            }
            match (name.as_str(), value) {
                ("and", Json::Array(items)) => tests.extend(self.items(items)?),
                ("or", Json::Array(items)) => tests.push(Test::Any(self.items(items)?)),
                ("not", Json::Object(fields)) => tests.push(Test::Not(Box::new(self.object(fields)?))),
                ("edge", _) if self.edge.is_some() && self.members.get("edge").is_none() => {
                    if let Some(id) = self.edge
                        && let Some(test) = compile_edge(self.ontology, id, value)?
                    {
                        tests.push(Test::Edge(test));
                    }
                }
                _ => self.field(name, value, &mut tests)?,
            }
        }
        Ok(Test::All(tests))
    }

    fn items(self, items: &[Json]) -> Result<Vec<Test>> {
        let objects = items.iter().filter_map(Json::as_object);
        objects.map(|fields| self.object(fields)).collect()
    }

    fn field(self, name: &str, value: &Json, tests: &mut Vec<Test>) -> Result<()> {
        let Json::Object(operators) = value else {
            return Ok(());
        };
        match self.members.get(name) {
            Some(Member::Property(no)) => {
                let property = self.members.property(no);
                if let Some(text) = operators.get("search").and_then(Json::as_str) {
                    let is_label = self.label().is_some_and(|it| it == name);
                    if !(property.search || is_label) {
                        return Err(self.not_searched(name));
                    }
                    tests.push(Test::Search {
                        property: name.to_owned(),
                        text: text.to_owned(),
                    });
                }
                if property.list {
                    for test in list_tests(self.ontology, property.scalar, name, operators)? {
                        tests.push(Test::List(no, test));
                    }
                } else {
                    for test in value_tests(self.ontology, property.scalar, name, operators)? {
                        tests.push(Test::Value(no, test));
                    }
                }
            }
            Some(Member::Relation(no)) => self.relation(self.members.field(no), operators, tests)?,
            // These are never missing.
            None if matches!(name, "id" | "label") && asks_for_missing(operators) => {
                tests.push(Test::Any(Vec::new()));
            }
            None if name == "id" && self.type_id.is_some() => {
                tests.extend(text_tests(name, operators)?.into_iter().map(Test::Id));
            }
            None if name == "label" && self.type_id.is_some() => {
                if let Some(text) = operators.get("search").and_then(Json::as_str) {
                    tests.push(match self.label() {
                        Some(property) => Test::Search {
                            property: property.to_owned(),
                            text: text.to_owned(),
                        },
                        None => Test::Any(Vec::new()),
                    });
                }
                tests.extend(text_tests(name, operators)?.into_iter().map(Test::Label));
            }
            None if name == "entityType" => tests.push(self.entity_type(operators)),
            // An interface's field that this type lacks cannot be: a type has all fields of its interfaces.
            None => tests.push(Test::Any(Vec::new())),
        }
        Ok(())
    }

    /// The property that serves as label.
    fn label(&self) -> Option<&str> {
        let entity_type = self.ontology.entity_type(self.type_id?);
        let no = entity_type.label?;
        Some(&entity_type.members.property(no).name)
    }

    fn not_searched(&self, name: &str) -> InputError {
        let searched = self.members.properties.iter().filter(|it| it.search);
        let names: Vec<&str> = searched.map(|it| it.name.as_str()).collect();
        let instead = match names.as_slice() {
            [] => "use `contains` or `matches`".to_owned(),
            names => {
                let are = if names.len() == 1 { "is" } else { "are" };
                format!(
                    "{} {are}; or use `contains` or `matches`",
                    quoted_list(names, "and")
                )
            }
        };
        InputError::field(format!(
            "`search` on \"{name}\", which is not in the text index (the schema does not say @search): {instead}"
        ))
    }

    /// The type is known when the filter is compiled, so the test is a constant.
    fn entity_type(self, operators: &Map<String, Json>) -> Test {
        let name = self.type_id.map(|id| self.ontology.entity_type(id).name.as_str());
        let is = |json: &Json| json.as_str() == name;
        let among = |json: &Json| json.as_array().is_some_and(|it| it.iter().any(is));
        let holds = operators
            .iter()
            .all(|(operator, value)| match (operator.as_str(), value) {
                // A type is never missing.
                ("eq", Json::Null) => false,
                (_, Json::Null) => true,
                ("eq", _) => is(value),
                ("ne", _) => !is(value),
                ("in", _) => among(value),
                _ => !among(value),
            });
        if holds {
            Test::All(Vec::new())
        } else {
            Test::Any(Vec::new())
        }
    }

    fn relation(
        self,
        field: &RelationField,
        operators: &Map<String, Json>,
        tests: &mut Vec<Test>,
    ) -> Result<()> {
        let relation = self.ontology.relation(field.relation);
        let edge_json = operators.get("edge").filter(|it| !it.is_null());
        let edge = |json: &Json| match relation.edge {
            Some(id) => compile_edge(self.ontology, id, json),
            None => Ok(None),
        };
        let mut quantified = false;
        for (operator, value) in operators {
            if value.is_null() || operator == "edge" {
                continue;
            }
            quantified = true;
            let filter = || -> Result<Filter> {
                let compiled = compile(self.ontology, field.seen, None, value)?;
                Ok(compiled.unwrap_or_else(|| everything(self.ontology)))
            };
            let test = match operator.as_str() {
                "some" => RelationTest::Some(filter()?),
                "every" => RelationTest::Every(filter()?),
                "none" => RelationTest::None(filter()?),
                _ => {
                    let Json::Object(operators) = value else { continue };
                    // A number of edges is never missing.
                    if null_tests(operators)
                        .iter()
                        .any(|it| matches!(it, ValueTest::IsNull(true)))
                    {
                        tests.push(Test::Any(Vec::new()));
                    }
                    for test in compares(operators, &field.name, whole)? {
                        let Some(test) = test else { continue };
                        tests.push(Test::Relation {
                            relation: field.relation,
                            direction: field.direction,
                            edge: edge_json.map(edge).transpose()?.flatten(),
                            test: RelationTest::Count(test),
                        });
                    }
                    continue;
                }
            };
            tests.push(Test::Relation {
                relation: field.relation,
                direction: field.direction,
                edge: edge_json.map(edge).transpose()?.flatten(),
                test,
            });
        }
        if !quantified && let Some(json) = edge_json {
            tests.push(Test::Relation {
                relation: field.relation,
                direction: field.direction,
                edge: edge(json)?,
                test: RelationTest::Some(everything(self.ontology)),
            });
        }
        Ok(())
    }
}

fn everything(ontology: &Ontology) -> Filter {
    Filter {
        by_type: ontology
            .types
            .iter()
            .map(|_| Some(Test::All(Vec::new())))
            .collect(),
    }
}

/// The comparisons of an object of operators; `None` stands for an operator that is not a comparison.
fn compares<T>(
    operators: &Map<String, Json>,
    name: &str,
    parse: impl Fn(&str, &Json) -> Result<T>,
) -> Result<Vec<Option<Compare<T>>>> {
    let mut tests = Vec::new();
    for (operator, value) in operators {
        let one = || parse(name, value);
        let many = || -> Result<Vec<T>> {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            items
                .iter()
                .filter(|it| !it.is_null())
                .map(|it| parse(name, it))
                .collect()
        };
        if value.is_null() {
            continue;
        }
        tests.push(Some(match operator.as_str() {
            "eq" => Compare::Eq(one()?),
            "ne" => Compare::Ne(one()?),
            "in" => Compare::In(many()?),
            "notIn" => Compare::NotIn(many()?),
            "lt" => Compare::Lt(one()?),
            "lte" => Compare::Lte(one()?),
            "gt" => Compare::Gt(one()?),
            "gte" => Compare::Gte(one()?),
            _ => continue,
        }));
    }
    Ok(tests)
}

/// `isNull`, and `eq` and `ne` with null, which ask the same.
fn null_tests(operators: &Map<String, Json>) -> Vec<ValueTest> {
    let test = |(operator, value): (&String, &Json)| match (operator.as_str(), value) {
        ("isNull", Json::Bool(it)) => Some(ValueTest::IsNull(*it)),
        ("eq", Json::Null) => Some(ValueTest::IsNull(true)),
        ("ne", Json::Null) => Some(ValueTest::IsNull(false)),
        _ => None,
    };
    operators.iter().filter_map(test).collect()
}

/// Whether only a missing value would do.
fn asks_for_missing(operators: &Map<String, Json>) -> bool {
    null_tests(operators)
        .iter()
        .any(|it| matches!(it, ValueTest::IsNull(true)))
}

fn value_tests(
    ontology: &Ontology,
    scalar: Scalar,
    name: &str,
    operators: &Map<String, Json>,
) -> Result<Vec<ValueTest>> {
    fn tests<T>(
        operators: &Map<String, Json>,
        name: &str,
        parse: impl Fn(&str, &Json) -> Result<T>,
        wrap: impl Fn(Compare<T>) -> ValueTest,
    ) -> Result<Vec<ValueTest>> {
        let compares = compares(operators, name, parse)?;
        Ok(compares.into_iter().flatten().map(wrap).collect())
    }
    let mut all = null_tests(operators);
    all.extend(match scalar {
        Scalar::Id | Scalar::String | Scalar::Url | Scalar::Text => text_tests(name, operators)?
            .into_iter()
            .map(ValueTest::Text)
            .collect(),
        Scalar::Int => tests(operators, name, whole, ValueTest::Int)?,
        Scalar::Float => tests(operators, name, float, ValueTest::Float)?,
        Scalar::Boolean => tests(operators, name, boolean, ValueTest::Boolean)?,
        Scalar::Date => date_tests(name, operators)?,
        Scalar::DateTime => tests(operators, name, instant, ValueTest::Instant)?,
        Scalar::Decimal => tests(operators, name, decimal, ValueTest::Decimal)?,
        Scalar::Enum(id) => tests(
            operators,
            name,
            |name, json| enum_value(ontology, id, name, json),
            ValueTest::Int,
        )?,
        Scalar::Json | Scalar::Custom(_) => {
            tests(operators, name, |_, json| Ok(json.clone()), ValueTest::Json)?
        }
    });
    Ok(all)
}

fn list_tests(
    ontology: &Ontology,
    scalar: Scalar,
    name: &str,
    operators: &Map<String, Json>,
) -> Result<Vec<ListTest>> {
    let equal = |value: &Json| -> Result<Vec<ValueTest>> {
        let operators = Map::from_iter([("eq".to_owned(), value.clone())]);
        value_tests(ontology, scalar, name, &operators)
    };
    let mut tests = Vec::new();
    for (operator, value) in operators {
        let items = || -> Result<Vec<ValueTest>> {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let tests: Result<Vec<Vec<ValueTest>>> = items.iter().map(equal).collect();
            Ok(tests?.into_iter().flatten().collect())
        };
        tests.push(match (operator.as_str(), value) {
            (_, Json::Null) => continue,
            ("has", _) => ListTest::HasAny(equal(value)?),
            ("hasAny", _) => ListTest::HasAny(items()?),
            ("hasAll", _) => ListTest::HasAll(items()?),
            ("isEmpty", Json::Bool(it)) => ListTest::IsEmpty(*it),
            _ => continue,
        });
    }
    Ok(tests)
}

/// The longest regular expression, compiled, in bytes.
const REGEX_LIMIT: usize = 1 << 20;

fn text_tests(name: &str, operators: &Map<String, Json>) -> Result<Vec<TextTest>> {
    let fold = operators
        .get("caseInsensitive")
        .and_then(Json::as_bool)
        .unwrap_or(false);
    let parse = |name: &str, json: &Json| {
        let text = text(name, json)?;
        Ok(if fold { text.to_lowercase() } else { text })
    };
    let wrap = if fold {
        TextTest::CompareFolded
    } else {
        TextTest::Compare
    };
    let mut tests: Vec<TextTest> = compares(operators, name, parse)?
        .into_iter()
        .flatten()
        .map(wrap)
        .collect();
    let regex = |pattern: &str| {
        let built = RegexBuilder::new(pattern)
            .case_insensitive(fold)
            .size_limit(REGEX_LIMIT)
            .build();
        built.map(|it| TextTest::Matches(Box::new(it))).map_err(|error| {
            let why = match error {
                regex::Error::CompiledTooBig(limit) => format!("it compiles to more than {limit} bytes"),
                other => other
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned(),
            };
            InputError::field(format!(
                "`matches` of \"{name}\" is not a regular expression: \"{pattern}\": {why}"
            ))
        })
    };
    for (operator, value) in operators {
        let Some(text) = value.as_str() else { continue };
        tests.push(match operator.as_str() {
            "contains" if fold => regex(&regex::escape(text))?,
            "startsWith" if fold => regex(&format!("^(?:{})", regex::escape(text)))?,
            "endsWith" if fold => regex(&format!("(?:{})$", regex::escape(text)))?,
            "contains" => TextTest::Contains(Box::new(Finder::new(text).into_owned())),
            "startsWith" => TextTest::StartsWith(text.to_owned()),
            "endsWith" => TextTest::EndsWith(text.to_owned()),
            "matches" => regex(text)?,
            _ => continue,
        });
    }
    Ok(tests)
}

fn date_tests(name: &str, operators: &Map<String, Json>) -> Result<Vec<ValueTest>> {
    let mut tests = Vec::new();
    for (operator, value) in operators {
        if value.is_null() {
            continue;
        }
        let one = || date(name, value);
        let many = || -> Result<Vec<Date>> {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            items
                .iter()
                .filter(|it| !it.is_null())
                .map(|it| date(name, it))
                .collect()
        };
        tests.push(ValueTest::Date(match operator.as_str() {
            "eq" => DateTest::Eq(one()?),
            "ne" => DateTest::Ne(one()?),
            "in" => DateTest::In(many()?),
            "notIn" => DateTest::NotIn(many()?),
            "lt" => DateTest::Lt(one()?),
            "lte" => DateTest::Lte(one()?),
            "gt" => DateTest::Gt(one()?),
            "gte" => DateTest::Gte(one()?),
            "overlaps" => DateTest::Overlaps(one()?),
            "within" => DateTest::Within(one()?),
            _ => continue,
        }));
    }
    Ok(tests)
}

fn wrong<T>(name: &str, json: &Json, expected: &str) -> Result<T> {
    Err(InputError::request(format!(
        "\"{name}\" is compared with {json}, which is not {expected}"
    )))
}

fn text(name: &str, json: &Json) -> Result<String> {
    match json {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        _ => wrong(name, json, "a text"),
    }
}

fn whole(name: &str, json: &Json) -> Result<i64> {
    json.as_i64()
        .map_or_else(|| wrong(name, json, "a whole number"), Ok)
}

fn float(name: &str, json: &Json) -> Result<f64> {
    json.as_f64().map_or_else(|| wrong(name, json, "a number"), Ok)
}

fn boolean(name: &str, json: &Json) -> Result<bool> {
    json.as_bool()
        .map_or_else(|| wrong(name, json, "true or false"), Ok)
}

pub(super) fn date(name: &str, json: &Json) -> Result<Date> {
    let text = text(name, json)?;
    Date::parse(&text).map_err(|error| {
        InputError::request(format!(
            "\"{name}\" is compared with \"{text}\", which is not a date: {error}"
        ))
    })
}

fn instant(name: &str, json: &Json) -> Result<i64> {
    let text = text(name, json)?;
    match jiff::Timestamp::from_str(&text) {
        Ok(instant) => Ok(instant.as_microsecond()),
        Err(_) => wrong(name, json, "a point in time such as 1996-08-27T10:00:00Z"),
    }
}

fn decimal(name: &str, json: &Json) -> Result<BigDecimal> {
    let text = text(name, json)?;
    BigDecimal::from_str(&text).map_or_else(|_| wrong(name, json, "a decimal number"), Ok)
}

/// The position of an enum's value: values compare in the order of the schema.
fn enum_value(ontology: &Ontology, id: EnumId, name: &str, json: &Json) -> Result<i64> {
    let values = &ontology.enums[id.index()].values;
    let at = values
        .iter()
        .position(|it| Some(it.name.as_str()) == json.as_str());
    at.map_or_else(|| wrong(name, json, "a value of its enum"), |at| Ok(at as i64))
}
