//! Applies filters: the graph tests entities within the budget of the run.

use std::ops::Range;

use super::{Failure, Run, Written};
use crate::condition::{Filter, Test, TextTest, ValueTest};
use crate::graph::{EntityNo, Subject, TestContext};
use crate::ontology::TypeId;

impl Run<'_> {
    /// Visits a type's entities that match a filter, after an id if one is given, until `take` ends the scan.
    pub(super) fn scan(
        &mut self,
        filter: &Filter,
        type_id: TypeId,
        after: Option<&str>,
        mut take: impl FnMut(&mut Self, EntityNo) -> Result<bool, Failure>,
    ) -> Written {
        let Some(test) = &filter.by_type[type_id.index()] else {
            return Ok(());
        };
        let within = self.rows_with(test, type_id);
        let mut scan = self.view.scan(type_id, test, within);
        if let Some(id) = after {
            scan = scan.after(id);
        }
        loop {
            let rows = scan.advance();
            if rows == 0 {
                return Ok(());
            }
            self.visit(rows as u64)?;
            let met = scan.test(&self.tests);
            self.tested()?;
            for entity in met {
                if !take(self, entity)? {
                    return Ok(());
                }
            }
        }
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
    pub(super) fn holds(&self, filter: &Filter, subject: Subject) -> Result<bool, Failure> {
        let meets = self.view.meets(filter, subject, &self.tests);
        self.tested()?;
        Ok(meets)
    }
}
