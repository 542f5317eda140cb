//! Tests whether an entity, an edge or a value meets a condition.

use memchr::memmem::Finder;

use super::{Codes, Column, EdgeNo, EntityNo, EntitySet, Row, Values, View};
use crate::condition::{Filter, ListTest, MatcherNo, RelationTest, Test, TextTest, ValueTest, folded};
use crate::ontology::{PropertyNo, RelationId, TypeId};

/// State of tests: compiled patterns, and a budget of steps.
pub trait TestContext {
    /// The finder of a substring.
    fn finder(&self, no: MatcherNo) -> Option<&Finder<'static>>;

    /// Whether a text matches a regular expression.
    fn is_match(&self, no: MatcherNo, text: &str) -> bool;

    /// The results of a search.
    fn found(&self, no: MatcherNo) -> Option<&EntitySet>;

    /// The codes of a property's texts, if it has few.
    fn codes(&self, type_id: TypeId, property: PropertyNo) -> Option<&Codes>;

    /// The entities that meet a filter inside a relation, if they were computed before. Such a filter does not see the
    /// edge, so its result depends only on the entity.
    fn met(&self, filter: &Filter) -> Option<&EntitySet>;

    /// Counts an edge whose end is tested because [`Self::met`] has no set.
    fn walked(&self);

    /// Counts steps.
    fn worked(&self, steps: usize);

    /// Whether testing has stopped because the budget is used up. Its results are then invalid.
    fn is_stopped(&self) -> bool;

    /// How often the budget was checked. If this increases quickly, testing a block of rows takes long.
    fn checks(&self) -> u64;
}

/// Bytes of a text that are examined in about the time of a step.
pub(super) const BYTES_OF_A_STEP: usize = 64;

/// The subject of a test: an entity, and the edge that led to it.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// The entity.
    pub row: Row,
    /// The edge.
    pub via: Option<(RelationId, EdgeNo)>,
}

/// The columns of a test.
#[derive(Debug, Clone, Copy)]
enum ColumnSet {
    Entity(Subject),
    Edge(RelationId, EdgeNo),
}

impl View<'_> {
    /// Whether an entity meets a filter.
    #[inline]
    pub fn meets(&self, filter: &Filter, subject: Subject, by: &impl TestContext) -> bool {
        Tester { view: *self, by }.meets(filter, subject)
    }
}

/// Tests entities of a view.
pub(super) struct Tester<'v, T> {
    pub view: View<'v>,
    pub by: &'v T,
}

impl<T: TestContext> Tester<'_, T> {
    fn meets(&self, filter: &Filter, subject: Subject) -> bool {
        match &filter.by_type[subject.row.type_id.index()] {
            Some(test) => self.test(test, ColumnSet::Entity(subject)),
            None => false,
        }
    }

    /// Whether a row meets a test.
    pub fn row_meets(&self, test: &Test, row: Row) -> bool {
        self.test(test, ColumnSet::Entity(Subject { row, via: None }))
    }

    fn test(&self, test: &Test, holder: ColumnSet) -> bool {
        match (test, holder) {
            (Test::All(tests), _) => {
                self.by.worked(tests.len());
                tests
                    .iter()
                    .all(|it| !self.by.is_stopped() && self.test(it, holder))
            }
            (Test::Any(tests), _) => {
                self.by.worked(tests.len());
                tests
                    .iter()
                    .any(|it| self.by.is_stopped() || self.test(it, holder))
            }
            (Test::Not(test), _) => !self.test(test, holder),
            (Test::Value(no, test), ColumnSet::Entity(subject)) => match self.view.value(subject.row, *no) {
                Some((values, at)) => self.value_meets(test, values, at),
                None => matches!(test, ValueTest::IsNull(true)),
            },
            (Test::Value(no, test), ColumnSet::Edge(relation, edge)) => {
                let values = self.view.edge_column(relation, *no).values();
                self.value_meets(test, values, edge.0 as usize)
            }
            (Test::List(no, test), ColumnSet::Entity(subject)) => {
                let column = self.view.column(subject.row.type_id, *no);
                self.list_meets(test, column, subject.row.row)
            }
            (Test::List(no, test), ColumnSet::Edge(relation, edge)) => {
                let column = self.view.edge_column(relation, *no);
                self.list_meets(test, column, edge.0 as usize)
            }
            (Test::Id(test), ColumnSet::Entity(subject)) => self.text_meets(test, self.view.id(subject.row)),
            (Test::Label(test), ColumnSet::Entity(subject)) => {
                self.text_meets(test, self.view.label(subject.row))
            }
            (Test::Search(no), ColumnSet::Entity(subject)) => {
                let found = self.by.found(*no);
                found.is_some_and(|it| it.has(self.view.number(subject.row)))
            }
            (Test::Edge(test), ColumnSet::Entity(subject)) => match subject.via {
                Some((relation, edge)) => self.test(test, ColumnSet::Edge(relation, edge)),
                None => false,
            },
            (
                Test::Relation {
                    relation,
                    direction,
                    edge,
                    test,
                },
                ColumnSet::Entity(subject),
            ) => {
                if let (RelationTest::Count(compare, None), None) = (test, edge)
                    && self.view.sees_all(*relation)
                {
                    let count = self.view.neighbour_count(subject.row, *relation, *direction);
                    return compare.holds(&(count as i64));
                }
                let neighbours = self.view.neighbours(subject.row, *relation, *direction);
                let mut counted = neighbours
                    .inspect(|_| self.by.worked(1))
                    .take_while(|_| !self.by.is_stopped())
                    .filter(|(_, no)| {
                        edge.as_ref()
                            .is_none_or(|test| self.test(test, ColumnSet::Edge(*relation, *no)))
                    });
                let meets = |filter: &Filter, (entity, edge): (EntityNo, EdgeNo)| {
                    if let Some(met) = self.by.met(filter) {
                        return met.has(entity);
                    }
                    self.by.walked();
                    let subject = Subject {
                        row: self.view.locate(entity),
                        via: Some((*relation, edge)),
                    };
                    self.meets(filter, subject)
                };
                match test {
                    RelationTest::Some(filter) => counted.any(|it| meets(filter, it)),
                    RelationTest::Every(filter) => counted.all(|it| meets(filter, it)),
                    RelationTest::None(filter) => !counted.any(|it| meets(filter, it)),
                    RelationTest::Count(compare, None) => compare.holds(&(counted.count() as i64)),
                    RelationTest::Count(compare, Some(filter)) => {
                        let narrowed = counted.filter(|it| meets(filter, *it));
                        compare.holds(&(narrowed.count() as i64))
                    }
                }
            }
            // An edge has no id, label or relations, so the schema has no such filter for it.
            (
                Test::Id(_) | Test::Label(_) | Test::Edge(_) | Test::Search(_) | Test::Relation { .. },
                ColumnSet::Edge(..),
            ) => false,
        }
    }

    fn list_meets(&self, test: &ListTest, column: &Column, row: usize) -> bool {
        let mut held = self.view.held_values(column, row);
        let has = |test: &ValueTest| {
            let mut values = held.clone().inspect(|_| self.by.worked(1));
            !self.by.is_stopped() && values.any(|at| self.value_meets(test, column.values(), at))
        };
        match test {
            ListTest::HasAny(tests) => tests.iter().any(has),
            ListTest::HasAll(tests) => tests.iter().all(has),
            ListTest::IsEmpty(is_empty) => held.next().is_none() == *is_empty,
        }
    }

    /// Whether a value meets a test.
    pub fn value_meets(&self, test: &ValueTest, values: &Values, at: usize) -> bool {
        match test {
            ValueTest::IsNull(is_null) => values.is_null(at) == *is_null,
            ValueTest::Text(test) => self.texts_meet(test, values, at),
            ValueTest::Int(compare) => {
                let number = values
                    .int(at)
                    .map(i64::from)
                    .or_else(|| values.enum_position(at).map(i64::from));
                number.is_some_and(|it| compare.holds(&it))
            }
            ValueTest::Int64(compare) => values.int64(at).is_some_and(|it| compare.holds(&it)),
            ValueTest::Float(compare) => values.float(at).is_some_and(|it| compare.holds(&it)),
            ValueTest::Boolean(compare) => values.boolean(at).is_some_and(|it| compare.holds(&it)),
            ValueTest::Date(test) => values.date(at).is_some_and(|it| test.holds(it)),
            ValueTest::Instant(compare) => values.instant(at).is_some_and(|it| compare.holds(&it)),
            ValueTest::Duration(compare) => values.duration(at).is_some_and(|it| compare.holds(&it)),
            ValueTest::Decimal(compare) => {
                self.by.worked(16);
                values.decimal(at).is_some_and(|it| compare.holds(&it))
            }
            ValueTest::Point(test) => {
                self.by.worked(1);
                values.point(at).is_some_and(|it| test.holds(it))
            }
            ValueTest::Json(test) => {
                let Some(json) = values.json(at) else { return false };
                self.by.worked(1 + json.len() / 16);
                serde_json::from_str(json).is_ok_and(|json| test.holds(&json))
            }
        }
    }

    /// A text in several languages meets a test if any language does.
    fn texts_meet(&self, test: &TextTest, values: &Values, at: usize) -> bool {
        match values {
            Values::Languages(languages) => {
                let mut texts = languages.entries(at);
                texts.any(|(_, text)| self.text_meets(test, text))
            }
            _ => values.text(at).is_some_and(|text| self.text_meets(test, text)),
        }
    }

    pub(super) fn text_meets(&self, condition: &TextTest, text: &str) -> bool {
        if self.by.is_stopped() {
            return false;
        }
        match condition {
            TextTest::Compare(compare) => compare.holds_of(text),
            TextTest::CompareFolded(compare) => {
                self.by.worked(2 + text.len() / BYTES_OF_A_STEP);
                compare.holds_of(&folded(text))
            }
            TextTest::ContainsFolded(no) => {
                self.by.worked(2 + text.len() / BYTES_OF_A_STEP);
                let finder = self.by.finder(*no);
                finder.is_some_and(|it| it.find(folded(text).as_bytes()).is_some())
            }
            TextTest::StartsWithFolded(start) => {
                self.by.worked(2 + text.len() / BYTES_OF_A_STEP);
                folded(text).starts_with(&**start)
            }
            TextTest::EndsWithFolded(end) => {
                self.by.worked(2 + text.len() / BYTES_OF_A_STEP);
                folded(text).ends_with(&**end)
            }
            TextTest::Contains(no) => {
                self.by.worked(1 + text.len() / BYTES_OF_A_STEP);
                let finder = self.by.finder(*no);
                finder.is_some_and(|it| it.find(text.as_bytes()).is_some())
            }
            TextTest::StartsWith(start) => text.starts_with(&**start),
            TextTest::EndsWith(end) => text.ends_with(&**end),
            TextTest::Matches(no) => {
                self.by.worked(4 + text.len() / BYTES_OF_A_STEP);
                self.by.is_match(*no, text)
            }
        }
    }
}
