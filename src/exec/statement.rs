//! Statements and links: all statements and edges of an entity, whatever its type.

use super::connection::{Window, window};
use super::cursor::Cursor;
use super::entity::ViaEdge;
use super::{Failure, Run, Written};
use petgraph::visit::EdgeRef;

use crate::graph::{EdgeNo, EdgeReference, EntityNo, Key, Row, StatementNo, ValueRef};
use crate::json;
use crate::ontology::{Date, Direction, PropertyNo};
use crate::plan::{
    Call, CallNo, CitationField, LinkField, Listing, ListingEdgeField, ListingField, Object, Page, Side,
    Slot, StatementField, Step, ValidityField,
};

/// Finding an edge counts as one row for this number of edges that are examined.
const LOOKED_AT_AS_A_ROW: usize = 16;

/// In cursors, the fields of edges are numbered from here, after the fields of an entity.
const AFTER_VALUES: i64 = 1 << 32;

/// The number of one side of a relation among the sides of all relations.
fn place_of(side: Side) -> i64 {
    side.relation.index() as i64 * 2 + i64::from(side.direction == Direction::In)
}

/// Numbers the entries of a list whose cursors would otherwise be equal.
#[derive(Default)]
struct DuplicateNumbers {
    last: Option<(i64, Option<EntityNo>)>,
    count: u32,
}

impl DuplicateNumbers {
    /// The number of the next entry.
    fn number(&mut self, of: (i64, Option<EntityNo>)) -> u32 {
        self.count = if self.last == Some(of) { self.count + 1 } else { 0 };
        self.last = Some(of);
        self.count
    }
}

/// Iterates over a list; can be repeated.
pub(super) type Each<'f, 'a, T> =
    &'f dyn Fn(&mut Run<'a>, &mut dyn FnMut(&mut Run<'a>, T) -> Written) -> Written;

/// A statement about an entity.
#[derive(Clone, Copy)]
pub(super) enum EntityStatement<'a> {
    Value {
        property: PropertyNo,
        value: ValueRef<'a>,
        statement: StatementNo,
    },
    Edge {
        side: Side,
        target: EntityNo,
        edge: EdgeNo,
    },
}

/// An edge, viewed from one of its ends.
#[derive(Clone, Copy)]
pub(super) struct Link {
    from: EntityNo,
    to: EntityNo,
    side: Side,
    edge: EdgeNo,
}

impl Link {
    /// An edge in the direction in which it was walked.
    pub fn of(edge: &EdgeReference) -> Self {
        let (relation, no) = edge.id();
        Self {
            from: edge.source(),
            to: edge.target(),
            side: Side {
                relation,
                direction: edge.direction(),
            },
            edge: no,
        }
    }
}

impl<'a> Run<'a> {
    /// Writes a page of the statements about an entity.
    pub(super) fn statements(
        &mut self,
        row: Row,
        call: CallNo,
        listing: &'a Listing<StatementField>,
    ) -> Written {
        let Call::Statements(call) = self.call(call)? else {
            return Err(Failure::Null);
        };
        let wanted = |name: &str| {
            call.fields
                .as_ref()
                .is_none_or(|it| it.iter().any(|it| it == name))
        };
        let owner = self.view.number(row);
        let each = |run: &mut Self, take: &mut dyn FnMut(&mut Self, EntityStatement<'a>) -> Written| {
            run.each_said(row, &wanted, take)
        };
        let field_of = |said: &EntityStatement| match said {
            EntityStatement::Value { property, .. } => (i64::from(property.0), None),
            EntityStatement::Edge { side, target, .. } => (AFTER_VALUES + place_of(*side), Some(*target)),
        };
        self.listing(
            listing,
            &each,
            &call.page,
            (call.sequence, owner),
            &field_of,
            |run, fields, said| run.said(row, *said, fields),
        )
    }

    /// Iterates over the statements about an entity that are valid at the date, for the selected fields.
    pub(super) fn each_said(
        &mut self,
        row: Row,
        wanted: &dyn Fn(&str) -> bool,
        take: &mut dyn FnMut(&mut Self, EntityStatement<'a>) -> Written,
    ) -> Written {
        let view = self.view;
        let members = &self.ontology.entity_type(row.type_id).members;
        for (no, property) in members.properties.iter().enumerate() {
            if !wanted(&property.name) {
                continue;
            }
            let property = PropertyNo(no as u16);
            for (value, statement) in view.held_said(row, property) {
                self.work(1)?;
                let said = EntityStatement::Value {
                    property,
                    value,
                    statement,
                };
                take(self, said)?;
            }
        }
        self.each_link(row, &mut |run, link| {
            let name = run.field_name(row, link.side, link.to);
            if !wanted(&name) {
                return Ok(());
            }
            let said = EntityStatement::Edge {
                side: link.side,
                target: link.to,
                edge: link.edge,
            };
            take(run, said)
        })
    }

    /// Writes a page of an entity's edges.
    pub(super) fn links(&mut self, row: Row, call: CallNo, listing: &'a Listing<LinkField>) -> Written {
        let Call::Links(call) = self.call(call)? else {
            return Err(Failure::Null);
        };
        let is_asked = |link: &Link| {
            let over = call
                .via
                .as_ref()
                .is_none_or(|it| it.contains(&link.side.relation));
            let way = match (call.direction, link.side.direction) {
                (Direction::Both, _) | (_, Direction::Both) => true,
                (asked, there) => asked == there,
            };
            over && way
        };
        let owner = self.view.number(row);
        let each = |run: &mut Self, take: &mut dyn FnMut(&mut Self, Link) -> Written| {
            run.each_link(row, &mut |run, link| {
                if is_asked(&link) { take(run, link) } else { Ok(()) }
            })
        };
        let field_of = |link: &Link| (place_of(link.side), Some(link.to));
        self.listing(
            listing,
            &each,
            &call.page,
            (call.sequence, owner),
            &field_of,
            |run, fields, link| run.link(*link, fields),
        )
    }

    fn each_link(&mut self, row: Row, take: &mut dyn FnMut(&mut Self, Link) -> Written) -> Written {
        let from = self.view.number(row);
        for (relation, direction) in self.view.sides() {
            let side = Side { relation, direction };
            for (to, edge) in self.view.edges_said(row, relation, direction) {
                self.work(1)?;
                take(self, Link { from, to, side, edge })?;
            }
        }
        Ok(())
    }

    /// The field on this side in the schema; if there is none, the other side's with a leading `^`, as path expressions
    /// write an inverse.
    pub(super) fn field_name(&self, row: Row, side: Side, other: EntityNo) -> std::borrow::Cow<'a, str> {
        let ontology = self.ontology;
        if let Some(no) = self.view.field_no(row, side.relation, side.direction) {
            return ontology
                .entity_type(row.type_id)
                .members
                .field(no)
                .name
                .as_str()
                .into();
        }
        let there = self.view.locate(other);
        match self.view.field_no(there, side.relation, Direction::Out) {
            Some(no) => format!("^{}", ontology.entity_type(there.type_id).members.field(no).name).into(),
            None => format!("^{}", ontology.relation(side.relation).name).into(),
        }
    }

    /// Writes a page of a list that `each` visits, once to count and once for the page. The list is ordered by the
    /// results of `field_of`: a field, and the entity that its edge leads to. Only the page is kept.
    fn listing<F: Step, T: Copy>(
        &mut self,
        listing: &'a Listing<F>,
        each: Each<'_, 'a, T>,
        page: &Page,
        (sequence, owner): (u32, EntityNo),
        field_of: &dyn Fn(&T) -> (i64, Option<EntityNo>),
        write: impl Fn(&mut Self, &'a Object<F>, &T) -> Written,
    ) -> Written {
        let mut cursor = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => self.read_cursor(text, sequence, Some(owner), 1).map(Some),
        };
        let (after, before) = (cursor(&page.after)?, cursor(&page.before)?);
        let view = self.view;
        let id_of = |it: Option<EntityNo>| it.map_or("", |it| view.id(view.locate(it)));
        let (mut len, mut from, mut until) = (0, 0, 0);
        let mut alike = DuplicateNumbers::default();
        each(self, &mut |run, item| {
            len += 1;
            if after.is_some() || before.is_some() {
                let (field, target) = field_of(&item);
                let place = (field, id_of(target), alike.number((field, target)));
                let is_before = |cursor: &Option<Cursor>, past: bool| {
                    cursor.as_ref().is_some_and(|it| {
                        let ordering = place.cmp(&(it.whole(), it.id.as_str(), it.ordinal));
                        ordering.is_lt() || past && ordering.is_eq()
                    })
                };
                from += usize::from(is_before(&after, true));
                until += usize::from(is_before(&before, false));
            }
            run.visit(1)
        })?;
        let window = window(len, page, after.map(|_| from), before.map(|_| until));
        self.scope(|run| {
            let mut items: Vec<(T, u32)> = run.list_of(window.end - window.start)?;
            if window.start < window.end {
                let mut at = 0;
                let mut alike = DuplicateNumbers::default();
                each(run, &mut |run, item| {
                    let ordinal = alike.number(field_of(&item));
                    if (window.start..window.end).contains(&at) {
                        items.push((item, ordinal));
                    }
                    at += 1;
                    run.work(1)
                })?;
            }
            run.listing_page(
                listing,
                &items,
                (len, &window),
                |run, (item, ordinal)| {
                    let (field, target) = field_of(item);
                    let of = (*ordinal, id_of(target));
                    run.cursor(sequence, Some(owner), &Key::Whole(field), of);
                },
                |run, fields, (item, _)| write(run, fields, item),
            )
        })
    }

    /// Writes a page of a list of known length.
    pub(super) fn listing_page<F: Step, T>(
        &mut self,
        listing: &'a Listing<F>,
        items: &[T],
        (len, window): (usize, &Window),
        cursor: impl Fn(&mut Self, &T),
        write: impl Fn(&mut Self, &'a Object<F>, &T) -> Written,
    ) -> Written {
        self.gave(window.end - window.start);
        let item = |at: usize| &items[at - window.start];
        self.object(listing, |run, slot| match &slot.field {
            ListingField::TotalCount => {
                run.number(len);
                Ok(())
            }
            ListingField::Nodes(fields) => run.field(slot, false, |run| {
                run.elements(window, |run, at| write(run, fields, item(at)))
            }),
            ListingField::Edges(fields) => run.field(slot, false, |run| {
                run.elements(window, |run, at| {
                    run.object(fields, |run, slot| match &slot.field {
                        ListingEdgeField::Node(fields) => {
                            run.field(slot, false, |run| write(run, fields, item(at)))
                        }
                        ListingEdgeField::Cursor => {
                            cursor(run, item(at));
                            Ok(())
                        }
                    })
                })
            }),
            ListingField::PageInfo(fields) => run.page_info(fields, window, |run, at| cursor(run, item(at))),
        })
    }

    pub(super) fn elements(
        &mut self,
        window: &Window,
        mut write: impl FnMut(&mut Self, usize) -> Written,
    ) -> Written {
        self.each(window.start..window.end, |run, at| write(run, at))
    }

    pub(super) fn text(&mut self, text: &str) {
        json::text(text, &mut self.out);
    }

    pub(super) fn boolean(&mut self, it: bool) {
        self.out.extend_from_slice(if it { b"true" } else { b"false" });
    }

    pub(super) fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    pub(super) fn said(
        &mut self,
        row: Row,
        said: EntityStatement<'a>,
        fields: &'a Object<StatementField>,
    ) -> Written {
        if self.trace.is_some() {
            self.say(row, said)?;
        }
        self.object(fields, |run, slot| run.statement_field(row, said, slot))
    }

    /// Writes the statement of an edge, viewed from the end where the walk came from.
    pub(super) fn edge_statement(
        &mut self,
        fields: &'a Object<StatementField>,
        target: EntityNo,
        via: ViaEdge,
    ) -> Written {
        // The statement of a connection's edge is about the entity that has the connection. Its field is the
        // connection's, which the target's own side determines.
        let said = EntityStatement::Edge {
            side: via.side,
            target,
            edge: via.edge,
        };
        let row = self.start_of(target, via)?;
        self.object(fields, |run, slot| run.statement_field(row, said, slot))
    }

    /// The entity at the other end of an edge that led to an entity. Scans the edges of the entity.
    pub(super) fn start_of(&mut self, target: EntityNo, via: ViaEdge) -> Result<Row, Failure> {
        let back = via.side.direction.turned();
        let row = self.view.locate(target);
        let count = self.view.stored_count(row, via.side.relation, back);
        self.work(count / LOOKED_AT_AS_A_ROW)?;
        let start = self.view.other_end(row, via.side.relation, back, via.edge);
        Ok(start.map_or(row, |start| self.view.locate(start)))
    }

    /// The number of the statement.
    pub(super) fn behind(&self, said: EntityStatement) -> StatementNo {
        match said {
            EntityStatement::Value { statement, .. } => statement,
            EntityStatement::Edge { side, edge, .. } => self.view.edge_statement(side.relation, edge),
        }
    }

    fn statement_field(
        &mut self,
        row: Row,
        said: EntityStatement<'a>,
        slot: &'a Slot<StatementField>,
    ) -> Written {
        let statement = self.behind(said);
        match (&slot.field, said) {
            (StatementField::Field, EntityStatement::Value { property, .. }) => {
                let name = &self
                    .ontology
                    .entity_type(row.type_id)
                    .members
                    .property(property)
                    .name;
                self.text(name);
            }
            (StatementField::Field, EntityStatement::Edge { side, target, .. }) => {
                let name = self.field_name(row, side, target);
                self.text(&name);
            }
            (StatementField::Value, EntityStatement::Value { value, .. }) => {
                value.write_all_languages(&mut self.out);
            }
            (StatementField::Target(selection), EntityStatement::Edge { target, .. }) => {
                return self.field(slot, true, |run| run.entity(target, selection));
            }
            (StatementField::Edge, EntityStatement::Edge { side, edge, .. }) => self.edge_json(side, edge),
            (StatementField::Value | StatementField::Edge | StatementField::Target(_), _) => self.null(),
            (StatementField::Rank, _) => {
                let rank = self.view.statements().rank(statement);
                self.text(rank.api_name());
            }
            (StatementField::Valid(fields), _) => self.validity(statement, fields)?,
            (StatementField::Citations(fields), _) => {
                return self.field(slot, false, |run| run.citations(statement, fields));
            }
        }
        Ok(())
    }

    fn edge_json(&mut self, side: Side, edge: EdgeNo) {
        let Some(id) = self.ontology.relation(side.relation).edge else {
            return self.null();
        };
        let view = self.view;
        let mut object = json::Object::default();
        for (no, property) in self.ontology.edge_types[id.index()]
            .members
            .properties
            .iter()
            .enumerate()
        {
            let no = PropertyNo(no as u16);
            if view.edge_values(side.relation, edge, no).next().is_some() {
                object.key(&property.name, &mut self.out);
                view.write_edge_value(side.relation, edge, no, &[], &mut self.out);
            }
        }
        self.out.extend_from_slice(object.end());
    }

    fn validity(&mut self, statement: StatementNo, fields: &'a Object<ValidityField>) -> Written {
        let Some(validity) = self.view.statements().validity(statement) else {
            self.null();
            return Ok(());
        };
        self.object(fields, |run, slot| {
            let date = |run: &mut Self, date: Option<Date>| match date {
                Some(date) => run.text(&date.to_string()),
                None => run.null(),
            };
            match &slot.field {
                ValidityField::From => date(run, validity.from),
                ValidityField::Until => date(run, validity.until),
            }
            Ok(())
        })
    }

    fn citations(&mut self, statement: StatementNo, fields: &'a Object<CitationField>) -> Written {
        self.each(self.view.citations(statement), |run, citation| {
            run.object(fields, |run, slot| {
                let text = |json: &'a [u8]| if json.is_empty() { b"null" } else { json };
                match &slot.field {
                    CitationField::Source(selection) => {
                        return run.field(slot, false, |run| run.entity(citation.source, selection));
                    }
                    CitationField::Locator => run.out.extend_from_slice(text(citation.locator)),
                    CitationField::Note => run.out.extend_from_slice(text(citation.note)),
                }
                Ok(())
            })
        })
    }

    pub(super) fn link(&mut self, link: Link, fields: &'a Object<LinkField>) -> Written {
        let row = self.view.locate(link.from);
        if self.trace.is_some() {
            self.walk(link.from, link.to, link.side, link.edge)?;
        }
        self.object(fields, |run, slot| {
            match &slot.field {
                LinkField::From(selection) => {
                    return run.field(slot, false, |run| run.entity(link.from, selection));
                }
                LinkField::To(selection) => {
                    return run.field(slot, false, |run| run.entity(link.to, selection));
                }
                LinkField::Relation => run.text(&run.ontology.relation(link.side.relation).name),
                LinkField::Field => {
                    let name = run.field_name(row, link.side, link.to);
                    run.text(&name);
                }
                LinkField::Forward => {
                    let forward = link.side.direction != Direction::In;
                    run.boolean(forward);
                }
                LinkField::Edge => run.edge_json(link.side, link.edge),
                LinkField::Statement(fields) => {
                    let said = EntityStatement::Edge {
                        side: link.side,
                        target: link.to,
                        edge: link.edge,
                    };
                    return run.field(slot, false, |run| run.said(row, said, fields));
                }
            }
            Ok(())
        })
    }
}
