//! Finds entities by their names: suggestions for a typed prefix, and the entity of a reference.

use std::fmt::Write;

use super::{Failure, Run, Written};
use crate::graph::EntityNo;
use crate::plan::{Object, SuggestCall, SuggestionField};
use crate::report::shown;
use crate::search::{NameMatch, Names};

/// Maximum number of candidates that an error about an ambiguous reference lists.
const MOST_NAMED: usize = 10;

impl<'a> Run<'a> {
    /// The index of names. Waits until it is built.
    fn names(&mut self) -> Result<&'a Names, Failure> {
        let clock = self.budget.clock;
        let over = move || clock.stop().is_some();
        match self.search.names(&over) {
            Ok(names) => Ok(names),
            Err(error) => self.search_failed(&error),
        }
    }

    /// Writes the names that begin with the requested prefix.
    pub(super) fn suggest(&mut self, call: &'a SuggestCall, fields: &'a Object<SuggestionField>) -> Written {
        let names = self.names()?;
        let view = self.view;
        let (types, first) = (call.types.as_deref(), call.first);
        // The results, and the set of entities found so far.
        let bytes = first.min(view.slots()) * 2 * (size_of::<NameMatch>() + 2 * size_of::<EntityNo>());
        self.hold(bytes)?;
        let mut kept = 0;
        let found = names.suggest(view, &call.beginning, types, first, |steps, bytes| {
            self.looked_at_name(steps, bytes, &mut kept)
        })?;
        self.release(kept);
        self.gave(found.len());
        let written = self.each(found.iter(), |run, suggested| {
            run.object(fields, |run, slot| {
                match &slot.field {
                    SuggestionField::Entity(selection) => {
                        return run.field(slot, false, |run| run.entity(suggested.entity, selection));
                    }
                    SuggestionField::Text => run.text(suggested.text),
                    SuggestionField::Field => {
                        let row = view.locate(suggested.entity);
                        let members = &view.entity_type(row).members;
                        let name = suggested.property.map(|it| members.property(it).name.as_str());
                        run.text(name.unwrap_or("id"));
                    }
                    SuggestionField::Start => run.number(suggested.range.0),
                    SuggestionField::End => run.number(suggested.range.1),
                }
                Ok(())
            })
        });
        self.release(bytes);
        written
    }

    /// Counts the steps of reading a name, and adds up the bytes that are kept.
    fn looked_at_name(&mut self, steps: usize, bytes: usize, kept: &mut usize) -> Written {
        self.visit(1)?;
        self.work(steps)?;
        if bytes > 0 {
            self.hold(bytes)?;
            *kept += bytes;
        }
        Ok(())
    }

    /// The entity that a reference identifies: by its id, else by an identifier in another system, else by its name.
    pub(super) fn resolve(&mut self, reference: &str) -> Result<Option<EntityNo>, Failure> {
        let view = self.view;
        if let Some(found) = view.find(reference) {
            return Ok(Some(found));
        }
        let names = self.names()?;
        self.work(reference.len() / 8)?;
        // One candidate more than the maximum shows whether there are more.
        let most = MOST_NAMED + 1;
        let iri = self.ontology.prefixes.expand(reference.trim());
        let mut found = names.same_as(view, &iri, most, || self.visit(1))?;
        if found.is_empty() {
            let mut kept = 0;
            found = names.named(view, reference, most, |steps, bytes| {
                self.looked_at_name(steps, bytes, &mut kept)
            })?;
            self.release(kept);
        }
        match found[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => self.refuse(self.ambiguous(reference, &found)),
        }
    }

    /// The error about a reference that several entities match.
    fn ambiguous(&self, reference: &str, found: &[EntityNo]) -> String {
        let mut message = format!("\"{}\" means several entities: ", shown(reference));
        for (no, entity) in found.iter().take(MOST_NAMED).enumerate() {
            let row = self.view.locate(*entity);
            let comma = if no == 0 { "" } else { ", " };
            let name = &self.view.entity_type(row).name;
            // Writing to a string cannot fail.
            let _ = write!(message, "{comma}\"{}\" ({name})", self.view.id(row));
        }
        if found.len() > MOST_NAMED {
            message.push_str(" and more");
        }
        message.push_str("; give the id of one of them");
        message
    }
}
