//! Dated statements in order, and fields with conflicting statements.

use std::cmp::Ordering;

use super::connection::{Window, window};
use super::cursor::{Cursor, CursorValue};
use super::statement::EntityStatement;
use super::{Failure, Run, Written, working_memory};
use crate::graph::{EntityNo, Key, Row};
use crate::ontology::{Date, Direction, PropertyNo, Scalar, TypeId};
use crate::plan::{ConflictCall, ConflictField, Listing, Object, Page, Side, TimelineCall, TimelineField};

/// A dated statement in 24 bytes: its date, its subject, and its position among the statements about that subject.
#[derive(Clone, Copy)]
struct Entry {
    date: Date,
    entity: EntityNo,
    place: u32,
}

/// A statement about an entity, with its date.
#[derive(Clone, Copy)]
struct DatedStatement<'a> {
    date: Date,
    row: Row,
    place: u32,
    said: EntityStatement<'a>,
}

/// A field of an entity with conflicting statements: the number of a property of its type, or after these, of a
/// relation's field.
#[derive(Clone, Copy)]
struct ConflictingField {
    entity: EntityNo,
    field: u32,
}

impl<'a> Run<'a> {
    /// Writes a page of dated statements about one entity, or about all. Takes 24 bytes for each statement, and sorts
    /// only the page.
    pub(super) fn timeline(
        &mut self,
        call: &'a TimelineCall,
        listing: &'a Listing<TimelineField>,
    ) -> Written {
        let of = match &call.of {
            Some(id) => Some(self.named("of", id)?),
            None => None,
        };
        let all = of.is_none().then(|| self.view.entities());
        let all = of.into_iter().chain(all.into_iter().flatten());
        let mut entries: Vec<Entry> = Vec::new();
        for entity in all {
            let row = self.view.locate(entity);
            self.work(1)?;
            let mut place = 0;
            self.each_said(row, &|_| true, &mut |run, said| {
                run.visit(1)?;
                place += 1;
                // In the timeline of the whole graph, an edge is listed once, at its start.
                if of.is_none() && !run.begins_at(entity, said) {
                    return Ok(());
                }
                let Some(date) = run.date_of(said) else {
                    return Ok(());
                };
                let begins = call.until.is_none_or(|it| date.first_day() <= it.last_day());
                let ends = call.from.is_none_or(|it| date.last_day() >= it.first_day());
                if begins && ends {
                    let entry = Entry {
                        date,
                        entity,
                        place: place - 1,
                    };
                    run.push(&mut entries, entry)?;
                }
                Ok(())
            })?;
        }
        let view = self.view;
        let id = |it: EntityNo| view.id(view.locate(it));
        let place_of = |it: &Entry, cursor: &Cursor| {
            let date = match cursor.marks[..] {
                [CursorValue::Date(date)] => it.date.cmp(&date),
                _ => Ordering::Equal,
            };
            date.then_with(|| id(it.entity).cmp(cursor.id.as_str()))
                .then(it.place.cmp(&cursor.ordinal))
        };
        let window = self.window_of(&entries, &call.page, (call.sequence, of), place_of)?;
        // Statements about the same entity and date keep their order.
        let wanted = window.start..window.end;
        working_memory::sort(&mut entries, wanted, &self.budget.clock, |a, b| {
            let by_date = a.date.cmp(&b.date);
            by_date
                .then_with(|| id(a.entity).cmp(id(b.entity)))
                .then(a.place.cmp(&b.place))
        })?;
        let page = self.entries(&entries[window.start..window.end])?;
        self.listing_page(
            listing,
            &page,
            (entries.len(), &window),
            |run, dated| {
                let id = run.view.id(dated.row);
                run.cursor(call.sequence, of, &Key::Date(dated.date), (dated.place, id));
            },
            |run, fields, dated| run.dated_statement(dated, fields),
        )
    }

    /// The statements of some entries. Reads the statements about each entity once.
    fn entries(&mut self, entries: &[Entry]) -> Result<Vec<DatedStatement<'a>>, Failure> {
        let mut order: Vec<u32> = self.list_of(entries.len())?;
        order.extend(0..entries.len() as u32);
        let entry = |at: u32| entries[at as usize];
        let by_place = |at: &u32| (entry(*at).entity.slot(), entry(*at).place);
        let all = 0..order.len();
        working_memory::sort(&mut order, all, &self.budget.clock, |a, b| {
            by_place(a).cmp(&by_place(b))
        })?;
        let mut dated = self.array(None, entries.len())?;
        for same in order.chunk_by(|a, b| entry(*a).entity == entry(*b).entity) {
            let mut wanted = same.iter().peekable();
            let mut place = 0;
            let row = self.view.locate(entry(same[0]).entity);
            self.each_said(row, &|_| true, &mut |_, said| {
                if let Some(at) = wanted.next_if(|at| entry(**at).place == place) {
                    let date = entry(*at).date;
                    dated[*at as usize] = Some(DatedStatement {
                        date,
                        row,
                        place,
                        said,
                    });
                }
                place += 1;
                Ok(())
            })?;
        }
        let mut page = self.list_of(entries.len())?;
        page.extend(dated.into_iter().flatten());
        Ok(page)
    }

    /// Whether an edge of a statement starts at an entity. A symmetric edge starts at the end that sorts first.
    fn begins_at(&self, entity: EntityNo, said: EntityStatement) -> bool {
        match said {
            EntityStatement::Value { .. } => true,
            EntityStatement::Edge { side, target, .. } => match side.direction {
                Direction::Out => true,
                Direction::In => false,
                Direction::Both => self.view.order_key(entity) <= self.view.order_key(target),
            },
        }
    }

    /// The date of a statement: its value, a date among the properties of its edge, or its validity.
    fn date_of(&self, said: EntityStatement) -> Option<Date> {
        let (own, statement) = match said {
            EntityStatement::Value { value, statement, .. } => (value.date(), statement),
            EntityStatement::Edge { side, edge, .. } => {
                let relation = self.ontology.relation(side.relation);
                let properties = relation
                    .edge
                    .map(|id| &self.ontology.edge_types[id.index()].members.properties);
                let mut dates = properties
                    .into_iter()
                    .flatten()
                    .enumerate()
                    .filter_map(|(no, property)| {
                        if property.scalar != Scalar::Date || property.list {
                            return None;
                        }
                        self.view.edge_date(side.relation, edge, PropertyNo(no as u16))
                    });
                let statement = self.view.edge_statement(side.relation, edge);
                (dates.next(), statement)
            }
        };
        own.or_else(|| {
            let validity = self.view.statements().validity(statement)?;
            match (validity.from, validity.until) {
                (Some(from), Some(until)) if from != until => Date::between(from, until),
                (from, until) => from.or(until),
            }
        })
    }

    fn dated_statement(&mut self, dated: &DatedStatement<'a>, fields: &'a Object<TimelineField>) -> Written {
        let entity = self.view.number(dated.row);
        self.object(fields, |run, slot| {
            match &slot.field {
                TimelineField::Date => run.text(&dated.date.to_string()),
                TimelineField::Entity(selection) => {
                    return run.field(slot, false, |run| run.entity(entity, selection));
                }
                TimelineField::Statement(fields) => {
                    return run.field(slot, false, |run| run.said(dated.row, dated.said, fields));
                }
            }
            Ok(())
        })
    }

    /// Writes a page of fields with conflicting statements. Takes 8 bytes for each field.
    pub(super) fn conflicts(
        &mut self,
        call: &'a ConflictCall,
        listing: &'a Listing<ConflictField>,
    ) -> Written {
        let mut disputed: Vec<ConflictingField> = Vec::new();
        match &call.types {
            Some(types) => {
                for id in types {
                    self.disputed(*id, call, &mut disputed)?;
                }
            }
            None => {
                for id in self.ontology.type_ids() {
                    self.disputed(id, call, &mut disputed)?;
                }
            }
        }
        let view = self.view;
        let id = |it: EntityNo| view.id(view.locate(it));
        let place_of = |it: &ConflictingField, cursor: &Cursor| {
            let by_id = id(it.entity).cmp(cursor.id.as_str());
            by_id.then(it.field.cmp(&cursor.ordinal))
        };
        let window = self.window_of(&disputed, &call.page, (call.sequence, None), place_of)?;
        let wanted = window.start..window.end;
        working_memory::sort(&mut disputed, wanted, &self.budget.clock, |a, b| {
            id(a.entity).cmp(id(b.entity)).then(a.field.cmp(&b.field))
        })?;
        self.listing_page(
            listing,
            &disputed[window.start..window.end],
            (disputed.len(), &window),
            |run, disputed| {
                let id = run.view.id(run.view.locate(disputed.entity));
                run.cursor(call.sequence, None, &Key::Whole(0), (disputed.field, id));
            },
            |run, fields, disputed| run.scope(|run| run.conflict(*disputed, fields)),
        )
    }

    /// The page of a list that is not sorted yet: a cursor's position is the number of entries before it.
    fn window_of<T>(
        &mut self,
        items: &[T],
        page: &Page,
        (sequence, owner): (u32, Option<EntityNo>),
        place_of: impl Fn(&T, &Cursor) -> Ordering,
    ) -> Result<Window, Failure> {
        let mut place = |text: &Option<String>, past: bool| -> Result<Option<usize>, Failure> {
            let Some(text) = text else { return Ok(None) };
            let cursor = self.read_cursor(text, sequence, owner, 1)?;
            let mut before = 0;
            for item in items {
                self.work(1)?;
                let ordering = place_of(item, &cursor);
                before += usize::from(ordering.is_lt() || past && ordering.is_eq());
            }
            Ok(Some(before))
        };
        let (after, before) = (place(&page.after, true)?, place(&page.before, false)?);
        Ok(window(items.len(), page, after, before))
    }

    fn disputed(&mut self, id: TypeId, call: &ConflictCall, disputed: &mut Vec<ConflictingField>) -> Written {
        let wanted = |name: &str| {
            call.fields
                .as_ref()
                .is_none_or(|it| it.iter().any(|it| it == name))
        };
        let view = self.view;
        let members = &self.ontology.entity_type(id).members;
        for (no, property) in members.properties.iter().enumerate() {
            if !wanted(&property.name) {
                continue;
            }
            for row in view.disputed(id, PropertyNo(no as u16)) {
                self.visit(1)?;
                let is_disputed = self.scope(|run| {
                    let said = run.said_of(row, no)?;
                    run.disagree(&said)
                })?;
                if is_disputed {
                    let entity = view.number(row);
                    self.push(
                        disputed,
                        ConflictingField {
                            entity,
                            field: no as u32,
                        },
                    )?;
                }
            }
        }
        let fields = (members.properties.len()..).zip(&members.fields);
        for (no, field) in fields.filter(|(_, it)| !it.many && wanted(&it.name)) {
            let side = Side::of(field);
            for entity in view.entities_of(id, None) {
                self.visit(1)?;
                let row = view.row_in(id, entity);
                if view
                    .edges_said(row, side.relation, side.direction)
                    .nth(1)
                    .is_none()
                {
                    continue;
                }
                let is_disputed = self.scope(|run| {
                    let said = run.said_of(row, no)?;
                    run.disagree(&said)
                })?;
                if is_disputed {
                    let entity = view.number(row);
                    self.push(
                        disputed,
                        ConflictingField {
                            entity,
                            field: no as u32,
                        },
                    )?;
                }
            }
        }
        Ok(())
    }

    /// The statements about a property or, numbered after the properties, about a relation's field.
    fn said_of(&mut self, row: Row, field: usize) -> Result<Vec<EntityStatement<'a>>, Failure> {
        let view = self.view;
        let members = &self.ontology.entity_type(row.type_id).members;
        let mut said = Vec::new();
        if field < members.properties.len() {
            let property = PropertyNo(field as u16);
            for (value, statement) in view.held_said(row, property) {
                self.work(1)?;
                self.push(
                    &mut said,
                    EntityStatement::Value {
                        property,
                        value,
                        statement,
                    },
                )?;
            }
        } else {
            let side = Side::of(&members.fields[field - members.properties.len()]);
            for (target, edge) in self.view.edges_said(row, side.relation, side.direction) {
                self.work(1)?;
                self.push(&mut said, EntityStatement::Edge { side, target, edge })?;
            }
        }
        Ok(said)
    }

    /// Whether two of the statements about a field contradict each other.
    fn disagree(&mut self, said: &[EntityStatement]) -> Result<bool, Failure> {
        for (no, a) in said.iter().enumerate() {
            let others = &said[no + 1..];
            self.work(others.len())?;
            if others.iter().any(|b| self.contradict(*a, *b)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The statements about a field that contradict another of them.
    fn contradictory(&mut self, said: &[EntityStatement<'a>]) -> Result<Vec<EntityStatement<'a>>, Failure> {
        let mut contradictory = self.list_of(said.len())?;
        for (no, a) in said.iter().enumerate() {
            self.work(said.len())?;
            let mut others = said.iter().enumerate();
            if others.any(|(other, b)| other != no && self.contradict(*a, *b)) {
                contradictory.push(*a);
            }
        }
        Ok(contradictory)
    }

    /// Whether two statements about a field contradict each other: their values differ and their validities overlap. A
    /// statement without validity holds at all times.
    fn contradict(&self, a: EntityStatement, b: EntityStatement) -> bool {
        let differ = match (a, b) {
            (EntityStatement::Value { value, .. }, EntityStatement::Value { value: other, .. }) => {
                !value.is_compatible(other)
            }
            (EntityStatement::Edge { target, .. }, EntityStatement::Edge { target: other, .. }) => {
                target != other
            }
            _ => false,
        };
        let statements = self.view.statements();
        let validity = |it: EntityStatement| statements.validity(self.behind(it));
        differ
            && match (validity(a), validity(b)) {
                (Some(a), Some(b)) => a.overlaps(b),
                _ => true,
            }
    }

    fn conflict(&mut self, disputed: ConflictingField, fields: &'a Object<ConflictField>) -> Written {
        let (entity, field) = (disputed.entity, disputed.field as usize);
        let row = self.view.locate(entity);
        let members = &self.ontology.entity_type(row.type_id).members;
        let name = match members.properties.get(field) {
            Some(property) => &property.name,
            None => &members.fields[field - members.properties.len()].name,
        };
        self.object(fields, |run, slot| {
            match &slot.field {
                ConflictField::Field => run.text(name),
                ConflictField::Entity(selection) => {
                    return run.field(slot, false, |run| run.entity(entity, selection));
                }
                ConflictField::Statements(fields) => {
                    return run.field(slot, false, |run| {
                        let said = run.said_of(row, field)?;
                        let said = run.contradictory(&said)?;
                        run.each(said.iter(), |run, said| run.said(row, *said, fields))
                    });
                }
            }
            Ok(())
        })
    }
}
