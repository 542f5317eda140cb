//! Statements and links: all that the graph says of an entity, whatever its type.

use super::connection::{Window, window};
use super::entity::ViaEdge;
use super::{Failure, Run, Written};
use petgraph::visit::EdgeRef;

use crate::graph::{EdgeNo, EdgeReference, EntityNo, NO_STATEMENT, Row, StatementNo, Values};
use crate::ontology::{Date, Direction, PropertyNo};
use crate::plan::{
    Call, CallNo, CitationField, LinkField, Listing, ListingEdgeField, ListingField, Object, Page, Side,
    Slot, StatementField, Step, ValidityField,
};

/// Edges that are examined for one of them in the time of a row.
const LOOKED_AT_AS_A_ROW: usize = 16;

/// Iterates over a list; can be repeated.
pub(super) type Each<'f, 'a, T> =
    &'f dyn Fn(&mut Run<'a>, &mut dyn FnMut(&mut Run<'a>, T) -> Written) -> Written;

/// One thing that is said of an entity.
#[derive(Clone, Copy)]
pub(super) enum Said<'a> {
    Value {
        property: PropertyNo,
        values: &'a Values,
        at: usize,
        statement: StatementNo,
    },
    Edge {
        side: Side,
        target: EntityNo,
        edge: EdgeNo,
    },
}

/// An edge as it is seen from one of its ends.
#[derive(Clone, Copy)]
pub(super) struct Link {
    from: EntityNo,
    to: EntityNo,
    side: Side,
    edge: EdgeNo,
}

impl Link {
    /// An edge as it was walked.
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
    /// Writes a page of what is said of an entity.
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
        let owner = self.snapshot.number(row);
        let each = |run: &mut Self, take: &mut dyn FnMut(&mut Self, Said<'a>) -> Written| {
            run.each_said(row, &wanted, take)
        };
        self.listing(
            listing,
            &each,
            &call.page,
            call.sequence,
            owner,
            |run, fields, said| run.said(row, *said, fields),
        )
    }

    /// Iterates over the statements about an entity that are valid at the date, for the selected fields.
    pub(super) fn each_said(
        &mut self,
        row: Row,
        wanted: &dyn Fn(&str) -> bool,
        take: &mut dyn FnMut(&mut Self, Said<'a>) -> Written,
    ) -> Written {
        let snapshot = self.snapshot;
        let statements = snapshot.statements();
        let members = &self.ontology.entity_type(row.type_id).members;
        for (no, property) in members.properties.iter().enumerate() {
            if !wanted(&property.name) {
                continue;
            }
            let property = PropertyNo(no as u16);
            for (values, at, statement) in snapshot.column(row.type_id, property).each_said(row.row) {
                self.work(1)?;
                if self.as_of.is_none_or(|date| statements.holds(statement, date)) {
                    let said = Said::Value {
                        property,
                        values,
                        at,
                        statement,
                    };
                    take(self, said)?;
                }
            }
        }
        self.each_link(row, &mut |run, link| {
            let name = run.field_name(row, link.side, link.to);
            if !wanted(&name) {
                return Ok(());
            }
            let said = Said::Edge {
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
        let owner = self.snapshot.number(row);
        let each = |run: &mut Self, take: &mut dyn FnMut(&mut Self, Link) -> Written| {
            run.each_link(row, &mut |run, link| {
                if is_asked(&link) { take(run, link) } else { Ok(()) }
            })
        };
        self.listing(
            listing,
            &each,
            &call.page,
            call.sequence,
            owner,
            |run, fields, link| run.link(*link, fields),
        )
    }

    fn each_link(&mut self, row: Row, take: &mut dyn FnMut(&mut Self, Link) -> Written) -> Written {
        let from = self.snapshot.number(row);
        for (relation, direction, _) in self.snapshot.links(row) {
            let side = Side { relation, direction };
            for (to, edge) in self.held(row, relation, direction) {
                self.work(1)?;
                take(self, Link { from, to, side, edge })?;
            }
        }
        Ok(())
    }

    /// The schema's field on this side; where the schema has none for it, the other side's after a `^`, as
    /// path expressions write an inverse.
    fn field_name(&self, row: Row, side: Side, other: EntityNo) -> std::borrow::Cow<'a, str> {
        let ontology = self.ontology;
        if let Some(no) = self.snapshot.field_no(row, side.relation, side.direction) {
            return ontology
                .entity_type(row.type_id)
                .members
                .field(no)
                .name
                .as_str()
                .into();
        }
        let there = self.snapshot.locate(other);
        match self.snapshot.field_no(there, side.relation, Direction::Out) {
            Some(no) => format!("^{}", ontology.entity_type(there.type_id).members.field(no).name).into(),
            None => format!("^{}", ontology.relation(side.relation).name).into(),
        }
    }

    /// Writes a page of a list that `each` goes through, once to count it and once for the page; a cursor is a position
    /// in it. Only the page is kept.
    pub(super) fn listing<F: Step, T>(
        &mut self,
        listing: &'a Listing<F>,
        each: Each<'_, 'a, T>,
        page: &Page,
        sequence: u32,
        owner: EntityNo,
        write: impl Fn(&mut Self, &'a Object<F>, &T) -> Written,
    ) -> Written {
        let (after, before) = self.listing_cursors(page, sequence, owner)?;
        let mut len = 0;
        each(self, &mut |run, _| {
            len += 1;
            run.visit(1)
        })?;
        let window = window(len, page, after.map(|it| it + 1), before);
        self.scope(|run| {
            let mut items = run.list_of(window.end - window.start)?;
            if window.start < window.end {
                let mut at = 0;
                each(run, &mut |run, item| {
                    if (window.start..window.end).contains(&at) {
                        items.push(item);
                    }
                    at += 1;
                    run.work(1)
                })?;
            }
            run.listing_page(listing, &items, (len, &window), sequence, owner, write)
        })
    }

    /// Writes a page of a list of known length.
    pub(super) fn listing_page<F: Step, T>(
        &mut self,
        listing: &'a Listing<F>,
        items: &[T],
        (len, window): (usize, &Window),
        sequence: u32,
        owner: EntityNo,
        write: impl Fn(&mut Self, &'a Object<F>, &T) -> Written,
    ) -> Written {
        self.gave(window.end - window.start);
        let item = |at: usize| &items[at - window.start];
        self.object(listing, |run, slot| match &slot.field {
            ListingField::TypeName(name) => {
                run.out.extend_from_slice(name);
                Ok(())
            }
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
                        ListingEdgeField::TypeName(name) => {
                            run.out.extend_from_slice(name);
                            Ok(())
                        }
                        ListingEdgeField::Node(fields) => {
                            run.field(slot, false, |run| write(run, fields, item(at)))
                        }
                        ListingEdgeField::Cursor => {
                            run.cursor(sequence, owner.0, at as u32);
                            Ok(())
                        }
                    })
                })
            }),
            ListingField::PageInfo(fields) => {
                let ends = (window.start < window.end)
                    .then(|| ((owner.0, window.start as u32), (owner.0, window.end as u32 - 1)));
                run.page_info(fields, window, ends, sequence)
            }
        })
    }

    pub(super) fn elements(
        &mut self,
        window: &Window,
        mut write: impl FnMut(&mut Self, usize) -> Written,
    ) -> Written {
        self.out.push(b'[');
        for (no, at) in (window.start..window.end).enumerate() {
            if no > 0 {
                self.out.push(b',');
            }
            self.work(1)?;
            self.check_bytes()?;
            self.element(no, false, |run| write(run, at))?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// The positions of a page's cursors.
    pub(super) fn listing_cursors(
        &mut self,
        page: &Page,
        sequence: u32,
        owner: EntityNo,
    ) -> Result<(Option<usize>, Option<usize>), Failure> {
        let after = self.listing_cursor(page.after.as_deref(), sequence, owner)?;
        let before = self.listing_cursor(page.before.as_deref(), sequence, owner)?;
        Ok((after, before))
    }

    pub(super) fn listing_cursor(
        &mut self,
        text: Option<&str>,
        sequence: u32,
        owner: EntityNo,
    ) -> Result<Option<usize>, Failure> {
        match self.read_cursor(text, sequence)? {
            Some(item) if item.entity != owner => self.foreign_cursor(),
            item => Ok(item.map(|it| it.edge as usize)),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        // Writing to a vector cannot fail.
        let _ = serde_json::to_writer(&mut self.out, text);
    }

    pub(super) fn boolean(&mut self, it: bool) {
        self.out.extend_from_slice(if it { b"true" } else { b"false" });
    }

    pub(super) fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    pub(super) fn said(&mut self, row: Row, said: Said<'a>, fields: &'a Object<StatementField>) -> Written {
        if self.trace.is_some() {
            self.say(row, said)?;
        }
        self.object(fields, |run, slot| run.statement_field(row, said, slot))
    }

    /// Writes the statement behind an edge, as it is seen from where it was walked.
    pub(super) fn edge_statement(
        &mut self,
        fields: &'a Object<StatementField>,
        target: EntityNo,
        via: ViaEdge,
    ) -> Written {
        // The statement of a connection's edge is about the entity that the connection belongs to; its
        // field is the one that led here, which the target's own side gives.
        let said = Said::Edge {
            side: via.side,
            target,
            edge: via.edge,
        };
        let row = self.start_of(target, via)?;
        self.object(fields, |run, slot| run.statement_field(row, said, slot))
    }

    /// The entity at the other end of an edge that led to an entity. Looks through the edges that the entity has there.
    pub(super) fn start_of(&mut self, target: EntityNo, via: ViaEdge) -> Result<Row, Failure> {
        let back = via.side.direction.turned();
        let row = self.snapshot.locate(target);
        let neighbours = self.snapshot.neighbours(row, via.side.relation, back);
        self.work(neighbours.len() / LOOKED_AT_AS_A_ROW)?;
        let start = neighbours.iter().find(|(_, edge)| *edge == via.edge);
        Ok(start.map_or(row, |(start, _)| self.snapshot.locate(start)))
    }

    /// The statement that says it.
    fn behind(&self, said: Said) -> StatementNo {
        match said {
            Said::Value { statement, .. } => statement,
            Said::Edge { side, edge, .. } => self.snapshot.edge_statement(side.relation, edge),
        }
    }

    fn statement_field(&mut self, row: Row, said: Said<'a>, slot: &'a Slot<StatementField>) -> Written {
        let statement = self.behind(said);
        match (&slot.field, said) {
            (StatementField::TypeName(name), _) => self.out.extend_from_slice(name),
            (StatementField::Field, Said::Value { property, .. }) => {
                let name = &self
                    .ontology
                    .entity_type(row.type_id)
                    .members
                    .property(property)
                    .name;
                self.text(name);
            }
            (StatementField::Field, Said::Edge { side, target, .. }) => {
                let name = self.field_name(row, side, target);
                self.text(&name);
            }
            (StatementField::Value, Said::Value { values, at, .. }) => self.value(values, at),
            (StatementField::Target(selection), Said::Edge { target, .. }) => {
                return self.field(slot, true, |run| run.entity(target, selection));
            }
            (StatementField::Edge, Said::Edge { side, edge, .. }) => self.edge_json(side, edge),
            (StatementField::Value | StatementField::Edge | StatementField::Target(_), _) => self.null(),
            (StatementField::Rank, _) => {
                let rank = self.snapshot.statements().rank(statement);
                self.text(rank.api_name());
            }
            (StatementField::Valid(fields), _) => self.validity(statement, fields)?,
            (StatementField::Citations(fields), _) => {
                return self.field(slot, false, |run| run.citations(statement, fields));
            }
        }
        Ok(())
    }

    /// A value as JSON; a text in several languages is an object of them.
    fn value(&mut self, values: &'a Values, at: usize) {
        match values {
            Values::Languages(languages) => {
                let entries: Vec<(&str, &str)> = languages.entries(at).collect();
                match entries.as_slice() {
                    [("", text)] => self.text(text),
                    entries => {
                        let object: serde_json::Map<String, serde_json::Value> = entries
                            .iter()
                            .map(|(language, text)| ((*language).to_owned(), (*text).into()))
                            .collect();
                        let _ = serde_json::to_writer(&mut self.out, &object);
                    }
                }
            }
            _ => values.write(at, &[], &mut self.out),
        }
    }

    fn edge_json(&mut self, side: Side, edge: EdgeNo) {
        let Some(id) = self.ontology.relation(side.relation).edge else {
            return self.null();
        };
        let start = self.out.len();
        for (no, property) in self.ontology.edge_types[id.index()]
            .members
            .properties
            .iter()
            .enumerate()
        {
            let column = self.snapshot.edge_column(side.relation, PropertyNo(no as u16));
            let range = column.range(edge.0 as usize);
            if range.clone().all(|at| column.values().is_null(at)) {
                continue;
            }
            self.out.push(b',');
            self.text(&property.name);
            self.out.push(b':');
            column.write(edge.0 as usize, &[], &mut self.out);
        }
        if self.out.len() == start {
            self.out.push(b'{');
        } else {
            self.out[start] = b'{';
        }
        self.out.push(b'}');
    }

    fn validity(&mut self, statement: StatementNo, fields: &'a Object<ValidityField>) -> Written {
        let Some(validity) = self.snapshot.statements().validity(statement) else {
            self.null();
            return Ok(());
        };
        self.object(fields, |run, slot| {
            let date = |run: &mut Self, date: Option<Date>| match date {
                Some(date) => run.text(&date.to_string()),
                None => run.null(),
            };
            match &slot.field {
                ValidityField::TypeName(name) => run.out.extend_from_slice(name),
                ValidityField::From => date(run, validity.from),
                ValidityField::Until => date(run, validity.until),
            }
            Ok(())
        })
    }

    fn citations(&mut self, statement: StatementNo, fields: &'a Object<CitationField>) -> Written {
        self.out.push(b'[');
        if statement != NO_STATEMENT {
            let snapshot = self.snapshot;
            for (no, citation) in snapshot.statements().citations(statement).enumerate() {
                if no > 0 {
                    self.out.push(b',');
                }
                self.work(1)?;
                self.element(no, false, |run| {
                    run.object(fields, |run, slot| {
                        let text = |json: &'a [u8]| if json.is_empty() { b"null" } else { json };
                        match &slot.field {
                            CitationField::TypeName(name) => run.out.extend_from_slice(name),
                            CitationField::Source(selection) => {
                                return run.field(slot, false, |run| run.entity(citation.source, selection));
                            }
                            CitationField::Locator => run.out.extend_from_slice(text(citation.locator)),
                            CitationField::Note => run.out.extend_from_slice(text(citation.note)),
                        }
                        Ok(())
                    })
                })?;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    pub(super) fn link(&mut self, link: Link, fields: &'a Object<LinkField>) -> Written {
        let row = self.snapshot.locate(link.from);
        if self.trace.is_some() {
            self.walk(link.from, link.to, link.side, link.edge)?;
        }
        self.object(fields, |run, slot| {
            match &slot.field {
                LinkField::TypeName(name) => run.out.extend_from_slice(name),
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
                    let said = Said::Edge {
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
