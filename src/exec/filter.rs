//! Whether an entity meets a filter.

use super::Run;
use crate::graph::{Column, EdgeNo, Row, Values};
use crate::ontology::RelationId;
use crate::plan::{Compare, Filter, ListTest, RelationTest, Test, TextTest, ValueTest};

/// What a filter is asked about: an entity, and the edge that led to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject {
    pub row: Row,
    pub via: Option<(RelationId, EdgeNo)>,
}

/// Where the properties of a test lie.
#[derive(Debug, Clone, Copy)]
enum Holder {
    Entity(Subject),
    Edge(RelationId, EdgeNo),
}

impl Run<'_> {
    /// Whether the subject meets the filter.
    pub(super) fn holds(&self, filter: &Filter, subject: Subject) -> bool {
        match &filter.by_type[subject.row.type_id.index()] {
            Some(test) => self.test(test, Holder::Entity(subject)),
            None => false,
        }
    }

    fn test(&self, test: &Test, holder: Holder) -> bool {
        match (test, holder) {
            (Test::All(tests), _) => tests.iter().all(|it| self.test(it, holder)),
            (Test::Any(tests), _) => tests.iter().any(|it| self.test(it, holder)),
            (Test::Not(test), _) => !self.test(test, holder),
            (Test::Value(no, test), Holder::Entity(subject)) => {
                match self.snapshot.value(subject.row, *no, self.as_of) {
                    Some((values, at)) => value(test, values, at),
                    None => matches!(test, ValueTest::IsNull(true)),
                }
            }
            (Test::Value(no, test), Holder::Edge(relation, edge)) => value(
                test,
                self.snapshot.edge_column(relation, *no).values(),
                edge.0 as usize,
            ),
            (Test::List(no, test), Holder::Entity(subject)) => self.list_test(
                test,
                self.snapshot.column(subject.row.type_id, *no),
                subject.row.row,
            ),
            (Test::List(no, test), Holder::Edge(relation, edge)) => {
                self.list_test(test, self.snapshot.edge_column(relation, *no), edge.0 as usize)
            }
            (Test::Id(test), Holder::Entity(subject)) => test.holds(self.snapshot.id(subject.row)),
            (Test::Label(test), Holder::Entity(subject)) => {
                test.holds(self.snapshot.label(subject.row, self.as_of))
            }
            (Test::Search { property, text }, Holder::Entity(subject)) => {
                self.is_found(property, text, self.snapshot.number(subject.row))
            }
            (Test::Edge(test), Holder::Entity(subject)) => match subject.via {
                Some((relation, edge)) => self.test(test, Holder::Edge(relation, edge)),
                None => false,
            },
            (
                Test::Relation {
                    relation,
                    direction,
                    edge,
                    test,
                },
                Holder::Entity(subject),
            ) => {
                let held = self.held(subject.row, *relation, *direction);
                let mut counted = held.filter(|(_, no)| {
                    edge.as_ref()
                        .is_none_or(|test| self.test(test, Holder::Edge(*relation, *no)))
                });
                let meets = |filter: &Filter, (entity, edge): (crate::graph::EntityNo, EdgeNo)| {
                    let subject = Subject {
                        row: self.snapshot.locate(entity),
                        via: Some((*relation, edge)),
                    };
                    self.holds(filter, subject)
                };
                match test {
                    RelationTest::Some(filter) => counted.any(|it| meets(filter, it)),
                    RelationTest::Every(filter) => counted.all(|it| meets(filter, it)),
                    RelationTest::None(filter) => !counted.any(|it| meets(filter, it)),
                    RelationTest::Count(compare) if edge.is_none() && self.as_of.is_none() => {
                        let neighbours = self.snapshot.neighbours(subject.row, *relation, *direction);
                        compare.holds(&(neighbours.len() as i64))
                    }
                    RelationTest::Count(compare) => compare.holds(&(counted.count() as i64)),
                }
            }
            // An edge has no id, no label, no relations: the schema has no such filter.
            (
                Test::Id(_) | Test::Label(_) | Test::Edge(_) | Test::Search { .. } | Test::Relation { .. },
                Holder::Edge(..),
            ) => false,
        }
    }

    fn list_test(&self, test: &ListTest, column: &Column, row: usize) -> bool {
        let mut held = self.snapshot.held_values(column, row, self.as_of);
        let has = |test: &ValueTest| held.clone().any(|at| value(test, column.values(), at));
        match test {
            ListTest::HasAny(tests) => tests.iter().any(has),
            ListTest::HasAll(tests) => tests.iter().all(has),
            ListTest::IsEmpty(is_empty) => held.next().is_none() == *is_empty,
        }
    }
}

fn value(test: &ValueTest, values: &Values, at: usize) -> bool {
    match test {
        ValueTest::IsNull(is_null) => values.is_null(at) == *is_null,
        ValueTest::Text(test) => text(test, values, at),
        ValueTest::Int(compare) => {
            let number = values
                .int(at)
                .map(i64::from)
                .or_else(|| values.enum_position(at).map(i64::from));
            number.is_some_and(|it| compare.holds(&it))
        }
        ValueTest::Float(compare) => values.float(at).is_some_and(|it| compare.holds(&it)),
        ValueTest::Boolean(compare) => values.boolean(at).is_some_and(|it| compare.holds(&it)),
        ValueTest::Date(test) => values.date(at).is_some_and(|it| test.holds(it)),
        ValueTest::Instant(compare) => values.instant(at).is_some_and(|it| compare.holds(&it)),
        ValueTest::Decimal(compare) => values.decimal(at).is_some_and(|it| compare.holds(&it)),
        ValueTest::Json(compare) => {
            let json = values
                .json(at)
                .and_then(|it| serde_json::from_str::<serde_json::Value>(it).ok());
            json.is_some_and(|json| match compare {
                Compare::Eq(other) => json == *other,
                Compare::Ne(other) => json != *other,
                Compare::In(others) => others.contains(&json),
                Compare::NotIn(others) => !others.contains(&json),
                Compare::Lt(_) | Compare::Lte(_) | Compare::Gt(_) | Compare::Gte(_) => false,
            })
        }
    }
}

/// A text in several languages meets a test in any of them.
fn text(test: &TextTest, values: &Values, at: usize) -> bool {
    match values {
        Values::Languages(languages) => languages.entries(at).any(|(_, text)| test.holds(text)),
        _ => values.text(at).is_some_and(|text| test.holds(text)),
    }
}
