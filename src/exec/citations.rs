//! The statements that cite a source, in the order of their places in it.

use std::borrow::Cow;

use super::connection::{Window, window};
use super::cursor::{Cursor, CursorValue};
use super::statement::EntityStatement;
use super::{Failure, Run, Written};
use crate::graph::{Cited, CitedFact, CitedFactKind, EntityNo, Key, Row, lies_in};
use crate::plan::{Call, CallNo, CitedCall, CitedEdgeField, CitedField, CitedStatementField, Object, Side};

/// Bytes of two places that are compared in the time of a row.
const COMPARED_AS_A_ROW: usize = 64;

/// A statement that cites a source: its number among all that do, and its number among those with the same place and
/// entity.
#[derive(Clone, Copy)]
struct CitingStatement {
    no: u32,
    ordinal: u32,
}

/// The statements that cite a source.
struct List<'a> {
    source: EntityNo,
    all: &'a [CitedFact],
    order: &'a Cited,
    wanted: Vec<CitingStatement>,
}

impl List<'_> {
    fn fact(&self, it: CitingStatement) -> CitedFact {
        self.all[it.no as usize]
    }
}

impl<'a> Run<'a> {
    /// Writes a page of the statements that cite a source.
    pub(super) fn cited(&mut self, source: Row, call: CallNo, fields: &'a Object<CitedField>) -> Written {
        let Call::Cited(call) = self.call(call)? else {
            return Err(Failure::Null);
        };
        self.scope(|run| {
            let list = run.citing(source, call)?;
            let window = run.citing_window(call, &list)?;
            run.gave(window.end - window.start);
            let cursor = |run: &mut Self, it: CitingStatement| {
                let fact = list.fact(it);
                let key = run.view.locator_of(fact).map(Key::Text);
                let id = run.view.id_of(run.view.cited_entity(fact));
                run.cursor_with(call.sequence, Some(list.source), key.as_ref(), (it.ordinal, id));
            };
            run.object(fields, |run, slot| match &slot.field {
                CitedField::TotalCount => {
                    run.number(list.wanted.len());
                    Ok(())
                }
                CitedField::Nodes(fields) => run.field(slot, false, |run| {
                    run.elements(&window, |run, at| {
                        run.citing_statement(list.fact(list.wanted[at]), fields)
                    })
                }),
                CitedField::Edges(fields) => run.field(slot, false, |run| {
                    run.elements(&window, |run, at| {
                        let (it, fact) = (list.wanted[at], list.fact(list.wanted[at]));
                        let text = |json: &'a [u8]| if json.is_empty() { b"null" } else { json };
                        run.object(fields, |run, slot| {
                            match &slot.field {
                                CitedEdgeField::Node(fields) => {
                                    return run.field(slot, false, |run| run.citing_statement(fact, fields));
                                }
                                CitedEdgeField::Cursor => cursor(run, it),
                                CitedEdgeField::Locator => {
                                    run.out
                                        .extend_from_slice(text(run.view.citation_of(fact).locator));
                                }
                                CitedEdgeField::Note => {
                                    run.out.extend_from_slice(text(run.view.citation_of(fact).note));
                                }
                            }
                            Ok(())
                        })
                    })
                }),
                CitedField::PageInfo(fields) => {
                    run.page_info(fields, &window, |run, at| cursor(run, list.wanted[at]))
                }
            })
        })
    }

    /// All statements that cite a source and are asked for, in order.
    fn citing(&mut self, source: Row, call: &CitedCall) -> Result<List<'a>, Failure> {
        let clock = self.budget.clock;
        let over = move || clock.stop().is_some();
        let order = match self.search.cited(&over) {
            Ok(cited) => cited,
            Err(error) => return self.search_failed(&error),
        };
        let view = self.view;
        let mut list = List {
            source: view.number(source),
            all: order.of(source),
            order,
            wanted: Vec::new(),
        };
        let mut before: Option<CitingStatement> = None;
        for (no, fact) in (0..).zip(list.all) {
            self.visit(1)?;
            if !self.is_asked_for(*fact, call)? {
                continue;
            }
            let ordinal = before.filter(|it| {
                let before = list.fact(*it);
                view.cited_entity(before) == view.cited_entity(*fact)
                    && view.locator_of(before) == view.locator_of(*fact)
            });
            let ordinal = ordinal.map_or(0, |it| it.ordinal + 1);
            before = Some(CitingStatement { no, ordinal });
            self.push(&mut list.wanted, CitingStatement { no, ordinal })?;
        }
        Ok(list)
    }

    /// Whether a fact that cites a source is asked for and is seen.
    fn is_asked_for(&mut self, fact: CitedFact, call: &CitedCall) -> Result<bool, Failure> {
        let view = self.view;
        if let Some(within) = &call.locator {
            let Some(place) = view.locator_of(fact) else {
                return Ok(false);
            };
            self.work(place.len() / COMPARED_AS_A_ROW)?;
            if !lies_in(place, within) {
                return Ok(false);
            }
        }
        let Some((row, said)) = self.said_by(fact) else {
            return Ok(false);
        };
        if call.types.as_ref().is_some_and(|it| !it.contains(&row.type_id)) {
            return Ok(false);
        }
        let Some(names) = &call.fields else {
            return Ok(true);
        };
        self.work(names.len() / 8)?;
        let name: Cow<str> = match said {
            EntityStatement::Value { property, .. } => {
                let members = &self.ontology.entity_type(row.type_id).members;
                members.property(property).name.as_str().into()
            }
            EntityStatement::Edge { side, target, .. } => self.field_name(row, side, target),
        };
        Ok(names.iter().any(|it| *it == name))
    }

    /// The statement of a fact that cites a source, and its subject; `None` if it is not visible.
    fn said_by(&self, fact: CitedFact) -> Option<(Row, EntityStatement<'a>)> {
        let (row, what) = self.view.cited_fact(fact)?;
        let said = match what {
            CitedFactKind::Value {
                property,
                value,
                statement,
            } => EntityStatement::Value {
                property,
                value,
                statement,
            },
            CitedFactKind::Edge {
                relation,
                direction,
                target,
                edge,
            } => EntityStatement::Edge {
                side: Side { relation, direction },
                target,
                edge,
            },
        };
        Some((row, said))
    }

    /// The page of the statements that cite a source.
    fn citing_window(&mut self, call: &CitedCall, list: &List<'a>) -> Result<Window, Failure> {
        let mut place = |text: &Option<String>, past: bool| -> Result<Option<usize>, Failure> {
            let Some(text) = text else { return Ok(None) };
            let mut cursor = self.read_cursor(text, call.sequence, Some(list.source), 1)?;
            self.complete_place(&mut cursor, list)?;
            // Of a long place that is not there any more only the beginning is known.
            let locator = match &cursor.marks[..] {
                [CursorValue::Text(it)] => Some(it.as_str()),
                [CursorValue::Cut(bytes, _)] => Some(bytes.utf8_chunks().next().map_or("", |it| it.valid())),
                _ => None,
            };
            let of = (cursor.id.as_str(), cursor.ordinal);
            let view = self.view;
            let mut before = 0;
            for it in &list.wanted {
                self.visit(1)?;
                self.work(locator.map_or(0, str::len) / COMPARED_AS_A_ROW)?;
                let fact = list.fact(*it);
                let ordering = list
                    .order
                    .compare(list.source, view.locator_of(fact), locator)
                    .then_with(|| (view.id_of(view.cited_entity(fact)), it.ordinal).cmp(&of));
                before += usize::from(ordering.is_lt() || past && ordering.is_eq());
            }
            Ok(Some(before))
        };
        let (after, before) = (place(&call.page.after, true)?, place(&call.page.before, false)?);
        Ok(window(list.wanted.len(), &call.page, after, before))
    }

    /// Finds the whole of a long place of which a cursor has the beginning.
    fn complete_place(&mut self, cursor: &mut Cursor, list: &List<'a>) -> Written {
        let [mark @ CursorValue::Cut(..)] = &mut cursor.marks[..] else {
            return Ok(());
        };
        for it in &list.wanted {
            self.visit(1)?;
            mark.complete(self.view.locator_of(list.fact(*it)).map(Key::Text).as_ref());
            if matches!(mark, CursorValue::Text(_)) {
                break;
            }
        }
        Ok(())
    }

    fn citing_statement(&mut self, fact: CitedFact, fields: &'a Object<CitedStatementField>) -> Written {
        let Some((row, said)) = self.said_by(fact) else {
            return Err(Failure::Null);
        };
        self.object(fields, |run, slot| match &slot.field {
            CitedStatementField::Entity(selection) => {
                let entity = run.view.number(row);
                run.field(slot, false, |run| run.entity(entity, selection))
            }
            CitedStatementField::Statement(fields) => {
                run.field(slot, false, |run| run.said(row, said, fields))
            }
        })
    }
}
