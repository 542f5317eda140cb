//! Searches for text.

use super::connection::{Window, window};
use super::{Failure, Run, Written};
use crate::graph::{EntityNo, EntitySet};
use crate::plan::{HighlightField, Object, SearchCall, SearchEdgeField, SearchField};
use crate::search::{Found, Search, SearchError};

impl<'a> Run<'a> {
    /// Writes a page of what a search finds.
    pub(super) fn search(&mut self, call: &'a SearchCall, fields: &'a Object<SearchField>) -> Written {
        let after = self.found_cursor(call.page.after.as_deref(), call.sequence)?;
        let before = self.found_cursor(call.page.before.as_deref(), call.sequence)?;
        let search = Search {
            text: &call.text,
            fuzzy: call.fuzzy,
            types: call.types.as_deref(),
            property: None,
        };
        let clock = self.budget.clock;
        let over = move || clock.stop().is_some();
        let found = match self
            .search
            .get(&over)
            .and_then(|index| index.search(search, &over))
        {
            Ok(found) => found,
            Err(SearchError::Over) => return self.check_clock(),
            Err(error) => return self.refuse(error.to_string()),
        };
        self.visit(found.len() as u64)?;
        let window = window(found.len(), &call.page, after.map(|it| it + 1), before);
        self.gave(window.end - window.start);
        self.object(fields, |run, slot| match &slot.field {
            SearchField::TypeName(name) => {
                run.out.extend_from_slice(name);
                Ok(())
            }
            SearchField::TotalCount => {
                run.number(found.len());
                Ok(())
            }
            SearchField::Nodes(selection) => run.field(slot, false, |run| {
                run.elements(&window, |run, at| run.entity(found[at].entity, selection))
            }),
            SearchField::Edges(fields) => {
                run.field(slot, false, |run| run.found_edges(call, &found, &window, fields))
            }
            SearchField::PageInfo(fields) => {
                let end = |at: usize| (found[at].entity.0, at as u32);
                let ends = (window.start < window.end).then(|| (end(window.start), end(window.end - 1)));
                run.page_info(fields, &window, ends, call.sequence)
            }
        })
    }

    /// A cursor is the place of an entity among what is found.
    fn found_cursor(&mut self, text: Option<&str>, sequence: u32) -> Result<Option<usize>, Failure> {
        let cursor = self.read_cursor(text, sequence)?;
        Ok(cursor.map(|it| it.edge as usize))
    }

    fn found_edges(
        &mut self,
        call: &'a SearchCall,
        found: &[Found],
        window: &Window,
        fields: &'a Object<SearchEdgeField>,
    ) -> Written {
        self.elements(window, |run, at| {
            run.object(fields, |run, slot| {
                match &slot.field {
                    SearchEdgeField::TypeName(name) => run.out.extend_from_slice(name),
                    SearchEdgeField::Cursor => run.cursor(call.sequence, found[at].entity.0, at as u32),
                    SearchEdgeField::Score => run.float(f64::from(found[at].score)),
                    SearchEdgeField::Node(selection) => {
                        return run.field(slot, false, |run| run.entity(found[at].entity, selection));
                    }
                    SearchEdgeField::Highlights(fields) => {
                        return run.field(slot, false, |run| run.highlights(call, found[at].entity, fields));
                    }
                }
                Ok(())
            })
        })
    }

    fn highlights(
        &mut self,
        call: &SearchCall,
        entity: EntityNo,
        fields: &'a Object<HighlightField>,
    ) -> Written {
        let index = self.search.ready();
        let highlights = index.map(|it| it.highlights(self.snapshot, entity, &call.text, call.fuzzy));
        self.each(highlights.iter().flatten(), |run, highlight| {
            run.object(fields, |run, slot| {
                match &slot.field {
                    HighlightField::TypeName(name) => run.out.extend_from_slice(name),
                    HighlightField::Field => run.text(&highlight.field),
                    HighlightField::Fragments => run.json(&highlight.fragments),
                }
                Ok(())
            })
        })
    }

    /// Whether a filter's search finds an entity: it is made once for a request.
    pub(super) fn is_found(&self, property: &str, text: &str, entity: EntityNo) -> bool {
        let mut known = self.searched.borrow_mut();
        if let Some((_, _, set)) = known.iter().find(|(of, it, _)| of == property && it == text) {
            return set.has(entity);
        }
        let clock = self.budget.clock;
        let over = move || clock.stop().is_some();
        let index = self.search.get(&over);
        let found = index.and_then(|index| index.matches(self.snapshot, text, property, &over));
        let set = found.unwrap_or_else(|error| {
            let _ = self.search_failed.set(error);
            EntitySet::default()
        });
        let is_found = set.has(entity);
        known.push((property.to_owned(), text.to_owned(), set));
        is_found
    }
}
