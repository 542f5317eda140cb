//! Applies filters: the graph tests entities within the budget of the run.

use std::ops::Range;

use super::matchers::address;
use super::{Failure, Run, Written};
use crate::condition::{Filter, RelationTest, Test, TextTest, ValueTest};
use crate::graph::{EntityNo, EntitySet, Subject, TestContext};
use crate::ontology::TypeId;

/// How much of a type is scanned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Possibly only its first entities.
    Part,
    /// All of it.
    Whole,
    /// All of it, to make a set. These entities are not counted as visited, like others that are tested at the ends of
    /// edges.
    Set,
}

/// At least this number of ends of edges is tested one by one before the filters inside relations get sets.
const LEAST_PATIENCE: usize = 1024;

/// A set is made before a scan if the relation has at least one edge for this number of entities to be tested.
const ENTITIES_OF_AN_EDGE: usize = 4;

impl Run<'_> {
    /// Visits a type's entities that match a filter, after an id if one is given, until `take` ends the scan.
    pub(super) fn scan(
        &mut self,
        filter: &Filter,
        type_id: TypeId,
        after: Option<&str>,
        extent: Extent,
        mut take: impl FnMut(&mut Self, EntityNo) -> Result<bool, Failure>,
    ) -> Written {
        let Some(test) = &filter.by_type[type_id.index()] else {
            return Ok(());
        };
        let within = self.rows_with(test, type_id);
        if extent != Extent::Part
            && within.is_none()
            && let Some(relation) = first_relation(test)
            && self.has_many_edges(relation, type_id)
        {
            self.prepare(relation)?;
        }
        let mut scan = self.view.scan(type_id, test, within);
        if let Some(id) = after {
            scan = scan.after(id);
        }
        self.be_patient(filter);
        loop {
            let rows = scan.advance();
            if rows == 0 {
                return Ok(());
            }
            match extent {
                Extent::Part | Extent::Whole => self.visit(rows as u64)?,
                Extent::Set => self.work(rows)?,
            }
            let mut met = scan.test(&self.tests);
            self.tested()?;
            if self.tests.wants_sets() {
                self.prepare_all(filter)?;
                met = scan.test_again(&self.tests);
                self.tested()?;
            }
            for entity in met {
                if !take(self, entity)? {
                    return Ok(());
                }
            }
        }
    }

    /// Sets how many ends of edges are tested before the filters inside a filter get sets: making them takes about as long.
    fn be_patient(&mut self, filter: &Filter) {
        let address = address(filter);
        if self.tests.patient_for == address {
            return;
        }
        self.tests.patient_for = address;
        let sets = self.tests.sets.as_ref();
        let is_prepared = sets.is_some_and(|it| it.prepared.contains(&address));
        self.tests.patience.set(if is_prepared {
            usize::MAX
        } else {
            LEAST_PATIENCE.max(self.entities() / ENTITIES_OF_AN_EDGE)
        });
    }

    /// Makes the sets of all filters inside a filter. From then on, testing an entity takes time linear in its edges, while
    /// nested filters without sets take time exponential in their depth.
    #[cold]
    fn prepare_all(&mut self, filter: &Filter) -> Written {
        // The sets are made without interruption.
        self.tests.patience.set(usize::MAX);
        for test in filter.by_type.iter().flatten() {
            self.prepare(test)?;
        }
        let address = address(filter);
        self.tests.sets.get_or_insert_default().prepared.insert(address);
        Ok(())
    }

    /// Makes the sets of the filters inside the relations of a test. If the working memory does not suffice for a set, the
    /// entities are tested one by one.
    fn prepare(&mut self, test: &Test) -> Written {
        match test {
            Test::All(tests) | Test::Any(tests) => {
                for test in tests {
                    self.prepare(test)?;
                }
            }
            Test::Not(test) => self.prepare(test)?,
            Test::Relation {
                test: RelationTest::Some(filter) | RelationTest::Every(filter) | RelationTest::None(filter),
                ..
            } => {
                let bytes = self.set_bytes();
                let left = self.budget.working.saturating_sub(self.working + self.kept);
                if self.tests.met(filter).is_some() || bytes > left {
                    return Ok(());
                }
                self.keep_held(bytes)?;
                let mut met = EntitySet::of(self.view.snapshot());
                let before = (self.tests.patient_for, self.tests.patience.get());
                for type_id in self.ontology.type_ids() {
                    self.scan(filter, type_id, None, Extent::Set, |_, entity| {
                        met.add(entity);
                        Ok(true)
                    })?;
                }
                let sets = self.tests.sets.get_or_insert_default();
                sets.met.insert(address(filter), met);
                self.tests.patient_for = before.0;
                self.tests.patience.set(before.1);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a relation has many edges, compared with the entities that a filter on their ends would be tested on.
    fn has_many_edges(&self, test: &Test, type_id: TypeId) -> bool {
        let Test::Relation {
            relation,
            direction,
            test: RelationTest::Some(filter) | RelationTest::Every(filter) | RelationTest::None(filter),
            ..
        } = test
        else {
            return false;
        };
        let types = self.ontology.type_ids();
        let ends = types.filter(|it| filter.by_type[it.index()].is_some());
        let ends: usize = ends.map(|it| self.view.count(it)).sum();
        let edges = self.view.edges_from(type_id, *relation, *direction);
        edges >= ends / ENTITIES_OF_AN_EDGE
    }

    /// The rows of a type that can match a test, if the index of substrings covers one of its conditions.
    fn rows_with(&self, test: &Test, type_id: TypeId) -> Option<Vec<Range<usize>>> {
        match test {
            Test::All(tests) => tests.iter().find_map(|it| self.rows_with(it, type_id)),
            Test::Value(no, ValueTest::Text(TextTest::Contains(needle))) if self.view.as_of().is_none() => {
                let finder = self.tests.finder(*needle)?;
                self.search.grams(type_id, *no)?.rows_with(finder.needle())
            }
            _ => None,
        }
    }

    /// Ends the run if the clock stopped testing.
    #[inline]
    fn tested(&self) -> Written {
        match self.tests.stopped() {
            None => Ok(()),
            Some(stop) => Err(Failure::Stop(stop)),
        }
    }

    /// Whether the subject matches the filter.
    pub(super) fn holds(&mut self, filter: &Filter, subject: Subject) -> Result<bool, Failure> {
        self.be_patient(filter);
        let mut meets = self.view.meets(filter, subject, &self.tests);
        self.tested()?;
        if self.tests.wants_sets() {
            self.prepare_all(filter)?;
            meets = self.view.meets(filter, subject, &self.tests);
            self.tested()?;
        }
        Ok(meets)
    }
}

/// The relation test that is evaluated for every entity that is scanned, if there is one.
fn first_relation(test: &Test) -> Option<&Test> {
    match test {
        Test::All(tests) | Test::Any(tests) => first_relation(tests.first()?),
        Test::Not(test) => first_relation(test),
        Test::Relation { .. } => Some(test),
        _ => None,
    }
}
