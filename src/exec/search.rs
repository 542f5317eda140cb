//! Full-text searches.

use std::time::Instant;

use super::connection::{Window, window};
use super::cursor::{Cursor, CursorValue};
use super::statement::EntityStatement;
use super::{Failure, Run, Written};
use crate::budget::Stop;
use crate::condition::Filter;
use crate::graph::{EntityNo, Key, Members, Subject, View};
use crate::plan::{HighlightField, Object, SearchCall, SearchEdgeField, SearchField, StatementField};
use crate::search::{
    Deadline, Highlighter, Hit, Index, Matched, Results, Search, SearchError, SearchLimits, SearchText,
};

impl<'a> Run<'a> {
    /// Writes a page of the results of a search.
    pub(super) fn search(&mut self, call: &'a SearchCall, fields: &'a Object<SearchField>) -> Written {
        let mut cursor = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => self.read_cursor(text, call.sequence, None, 1).map(Some),
        };
        let (after, before) = (cursor(&call.page.after)?, cursor(&call.page.before)?);
        let search = Search {
            typed: &call.typed,
            types: call.types.as_deref(),
            property: None,
        };
        let Results { found, typed } =
            self.searching(|index, view, effort| index.search(view, search, effort))?;
        let bytes = found.capacity() * size_of::<Hit>();
        self.hold(bytes)?;
        self.visit(found.len() as u64)?;
        let mut found = found;
        if let Some(filter) = &call.filter {
            self.search_for(filter)?;
            let mut kept = 0;
            for at in 0..found.len() {
                self.visit(1)?;
                let row = self.view.locate(found[at].entity);
                if self.holds(filter, Subject { row, via: None })? {
                    found.swap(kept, at);
                    kept += 1;
                }
            }
            found.truncate(kept);
        }
        let place = |cursor: Option<Cursor>, past: bool| {
            let cursor = cursor?;
            Some(found.partition_point(|it| self.is_found_before(*it, &cursor, past)))
        };
        let window = window(found.len(), &call.page, place(after, true), place(before, false));
        let written = self.found_connection(call, (&found, &typed), &window, fields);
        self.release(bytes);
        written
    }

    fn found_connection(
        &mut self,
        call: &'a SearchCall,
        (found, typed): (&[Hit], &SearchText),
        window: &Window,
        fields: &'a Object<SearchField>,
    ) -> Written {
        self.gave(window.end - window.start);
        self.object(fields, |run, slot| match &slot.field {
            SearchField::TotalCount => {
                run.number(found.len());
                Ok(())
            }
            SearchField::Ignored => {
                run.number(call.typed.ignored);
                Ok(())
            }
            SearchField::Aggregate(fields) => run.field(slot, false, |run| {
                run.scope(|run| {
                    let mut entities = run.list_of(found.len())?;
                    entities.extend(found.iter().map(|it| it.entity));
                    run.aggregate(Members::Some(&entities), None, fields)
                })
            }),
            SearchField::Nodes(selection) => run.field(slot, false, |run| {
                run.elements(window, |run, at| run.entity(found[at].entity, selection))
            }),
            SearchField::Edges(fields) => run.field(slot, false, |run| {
                run.found_edges(call, (found, typed), window, fields)
            }),
            SearchField::PageInfo(fields) => {
                run.page_info(fields, window, |run, at| run.found_cursor(call, found[at]))
            }
        })
    }

    /// Writes the cursor of a result. Results with the same score are in the order of types, then of ids.
    fn found_cursor(&mut self, call: &SearchCall, found: Hit) {
        let row = self.view.locate(found.entity);
        let key = Key::Float(f64::from(found.score));
        let of = (row.type_id.index() as u32, self.view.id(row));
        self.cursor(call.sequence, None, &key, of);
    }

    /// Whether a result is before a cursor, or at it if `past`.
    fn is_found_before(&self, found: Hit, cursor: &Cursor, past: bool) -> bool {
        let score = match cursor.marks[..] {
            [CursorValue::Float(score)] => score,
            _ => 0.0,
        };
        let row = self.view.locate(found.entity);
        let of = (row.type_id.index() as u32, self.view.id(row));
        let ordering = score
            .total_cmp(&f64::from(found.score))
            .then_with(|| of.cmp(&(cursor.ordinal, cursor.id.as_str())));
        ordering.is_lt() || past && ordering.is_eq()
    }

    fn found_edges(
        &mut self,
        call: &'a SearchCall,
        (found, typed): (&[Hit], &SearchText),
        window: &Window,
        fields: &'a Object<SearchEdgeField>,
    ) -> Written {
        let index = self.search.ready();
        let mut highlighter = index.map(|it| it.highlighter(typed));
        self.elements(window, |run, at| {
            run.check_bytes()?;
            run.object(fields, |run, slot| {
                match &slot.field {
                    SearchEdgeField::Cursor => run.found_cursor(call, found[at]),
                    SearchEdgeField::Score => run.float(f64::from(found[at].score)),
                    SearchEdgeField::Node(selection) => {
                        return run.field(slot, false, |run| run.entity(found[at].entity, selection));
                    }
                    SearchEdgeField::Highlights(fields) => {
                        let highlighter = highlighter.as_mut();
                        return run.field(slot, false, |run| {
                            run.highlights(highlighter, found[at].entity, fields)
                        });
                    }
                    SearchEdgeField::Matched(fields) => {
                        let highlighter = highlighter.as_mut();
                        return run.field(slot, false, |run| {
                            run.matched(highlighter, found[at].entity, fields)
                        });
                    }
                }
                Ok(())
            })
        })
    }

    fn highlights(
        &mut self,
        highlighter: Option<&mut Highlighter>,
        entity: EntityNo,
        fields: &'a Object<HighlightField>,
    ) -> Written {
        let highlights = match highlighter {
            None => Vec::new(),
            Some(highlighter) => {
                let clock = self.budget.clock;
                let over = move || clock.stop().is_some();
                match highlighter.highlights(self.view, entity, &over) {
                    Ok(highlights) => highlights,
                    Err(error) => return self.search_failed(&error),
                }
            }
        };
        self.visit(1)?;
        self.each(highlights.iter(), |run, highlight| {
            run.check_bytes()?;
            run.object(fields, |run, slot| {
                match &slot.field {
                    HighlightField::Field => run.text(&highlight.field),
                    HighlightField::Fragments => run.json(&highlight.fragments),
                }
                Ok(())
            })
        })
    }

    fn matched(
        &mut self,
        highlighter: Option<&mut Highlighter>,
        entity: EntityNo,
        fields: &'a Object<StatementField>,
    ) -> Written {
        let Some(highlighter) = highlighter else {
            self.out.extend_from_slice(b"[]");
            return Ok(());
        };
        let clock = self.budget.clock;
        let over = move || clock.stop().is_some();
        let matched = match highlighter.matched(self.view, entity, &over) {
            Ok(matched) => matched,
            Err(error) => return self.search_failed(&error),
        };
        let bytes = matched.capacity() * size_of::<Matched>();
        self.hold(bytes)?;
        let row = self.view.locate(entity);
        let written = self.each(matched.iter(), |run, matched| {
            run.visit(1)?;
            run.check_bytes()?;
            let said = EntityStatement::Value {
                property: matched.property,
                value: matched.value,
                statement: matched.statement,
            };
            run.said(row, said, fields)
        });
        self.release(bytes);
        written
    }

    /// Runs the text search of a filter, once for a run and a date.
    pub(super) fn search_for(&mut self, filter: &Filter) -> Written {
        let matchers = self.tests.matchers;
        for no in &filter.matchers {
            let Some((property, text)) = matchers.search(*no) else {
                continue;
            };
            let searched = &mut self.tests.sets.get_or_insert_default().searched;
            if searched.len() <= no.index() {
                searched.resize_with(no.index() + 1, || None);
            }
            if searched[no.index()].is_some() {
                continue;
            }
            self.keep_held(self.set_bytes())?;
            let set = self.searching(|index, view, effort| index.matches(view, text, property, effort))?;
            self.tests.sets.get_or_insert_default().searched[no.index()] = Some(set);
        }
        Ok(())
    }

    /// Releases the results of the filters' searches, and of filters inside relations.
    pub(super) fn forget_sets(&mut self) {
        // The filter that is tested next, perhaps the same one at another date, has no sets.
        self.tests.patient_for = 0;
        if let Some(sets) = self.tests.sets.take() {
            self.kept = self.kept.saturating_sub(sets.len() * self.set_bytes());
        }
    }

    /// Searches within the rest of the budget.
    fn searching<T>(
        &mut self,
        search: impl FnOnce(&Index, View<'a>, SearchLimits) -> Result<T, SearchError>,
    ) -> Result<T, Failure> {
        let clock = self.budget.clock;
        let over = move || clock.stop().is_some();
        let started = clock.started.get_or_init(Instant::now);
        let effort = SearchLimits {
            over: &over,
            deadline: Deadline(started.checked_add(clock.time)),
            bytes: self.budget.working.saturating_sub(self.working + self.kept),
        };
        let index = self.search.get(&over);
        match index.and_then(|index| search(index, self.view, effort)) {
            Ok(found) => Ok(found),
            Err(error) => self.search_failed(&error),
        }
    }

    pub(super) fn search_failed<T>(&mut self, error: &SearchError) -> Result<T, Failure> {
        match error {
            SearchError::Over => {
                let stop = self.budget.clock.stop().unwrap_or(Stop::Timeout);
                Err(Failure::Stop(stop))
            }
            SearchError::TooLarge => Err(Failure::Stop(Stop::Bytes)),
            SearchError::Unusable(_) => self.refuse(error.to_string()),
        }
    }
}
