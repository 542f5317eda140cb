//! Writes entities, field by field.

use super::{Failure, Run, Written};
use crate::graph::{EdgeNo, EntityNo, Key, Row};
use crate::json::List;
use crate::ontology::PropertyNo;
use crate::plan::{
    AS_OF, Call, CallNo, EdgeField, EntityField, ExternalIdField, Object, Selection, Side, Slot,
};

/// Values of a list that are written between two checks of the clock.
const LISTED_AT_ONCE: usize = 64;

/// The edge that led to an entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct ViaEdge {
    pub side: Side,
    pub edge: EdgeNo,
}

impl<'a> Run<'a> {
    /// The number of edges of an entity.
    pub(super) fn degree(&self, row: Row) -> usize {
        let sides = self.view.sides();
        sides
            .map(|(relation, direction)| self.view.neighbour_count(row, relation, direction))
            .sum()
    }

    /// Writes an entity.
    #[inline]
    pub(super) fn entity(&mut self, entity: EntityNo, selection: &'a Selection) -> Written {
        let (row, fields) = match selection {
            Selection::One(id, fields) => (self.view.row_in(*id, entity), Some(fields)),
            Selection::ByType(by_type) => {
                let row = self.view.locate(entity);
                (row, by_type[row.type_id.index()].as_ref())
            }
        };
        self.visit(1)?;
        if !self.plain {
            self.meet(row)?;
        }
        match fields {
            Some(fields) => self.object(fields, |run, slot| run.entity_field(row, slot)),
            None => {
                self.out.extend_from_slice(b"{}");
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn entity_field(&mut self, row: Row, slot: &'a Slot<EntityField>) -> Written {
        match &slot.field {
            EntityField::Property(no, None) => return self.property(row, *no, &[]),
            EntityField::Id => self.id(row),
            EntityField::EntityId => self.out.extend_from_slice(self.view.id_json(row)),
            EntityField::Label => {
                if self.trace.is_some()
                    && let Some(no) = self.ontology.entity_type(row.type_id).label
                {
                    self.cite_property(row, no)?;
                }
                self.view.write_label(row, &mut self.out);
            }
            EntityField::Constant(bytes) => self.out.extend_from_slice(bytes),
            EntityField::Property(no, Some(call)) => {
                let languages = self.languages(*call);
                // Each language may have to be looked up.
                self.work(languages.len() / 8)?;
                return self.property(row, *no, languages);
            }
            EntityField::Degree => {
                for (relation, direction) in self.view.sides() {
                    if !self.view.sees_all(relation) {
                        self.work(self.view.stored_count(row, relation, direction))?;
                    }
                }
                self.number(self.degree(row));
            }
            EntityField::SameAs(no, fields) => {
                return self.field(slot, false, |run| run.same_as(row, *no, fields));
            }
            EntityField::ToOne(side, selection) => {
                let found = self.edge_of_one(row, *side);
                if self.trace.is_some()
                    && let Some((target, edge)) = found
                {
                    self.walk(self.view.number(row), target, *side, edge)?;
                }
                let target = found.map(|(target, _)| target);
                // The build checked all required relations, so only a nullable field can become null here.
                let nullable = !self.is_required(row, *side);
                return self.field(slot, nullable, |run| run.optional(target, selection));
            }
            EntityField::ToOneEdge(side, fields) => {
                let Some((target, edge)) = self.edge_of_one(row, *side) else {
                    self.out.extend_from_slice(b"null");
                    return Ok(());
                };
                if self.trace.is_some() {
                    self.walk(self.view.number(row), target, *side, edge)?;
                }
                self.gave(1);
                let via = ViaEdge { side: *side, edge };
                return self.field(slot, true, |run| {
                    run.edge(fields, target, Some(via), |run| {
                        let id = run.view.id(run.view.locate(target));
                        run.cursor(0, None, &Key::Whole(0), (0, id));
                    })
                });
            }
            EntityField::Connection(side, call, connection) => {
                return self.field(slot, false, |run| run.neighbours(row, *side, *call, connection));
            }
            EntityField::Follow(call, connection) => {
                return self.field(slot, false, |run| {
                    let Call::Follow(expression, page) = run.call(*call)? else {
                        return Err(Failure::Null);
                    };
                    run.check_date(page)?;
                    run.scope(|run| {
                        let found = run.follow(row, expression)?;
                        run.found_page(&found, Some(row), page, connection)
                    })
                });
            }
            EntityField::Statements(call, listing) => {
                return self.field(slot, false, |run| run.statements(row, *call, listing));
            }
            EntityField::Links(call, listing) => {
                return self.field(slot, false, |run| run.links(row, *call, listing));
            }
            EntityField::Cited(call, fields) => {
                return self.field(slot, false, |run| run.cited(row, *call, fields));
            }
        }
        Ok(())
    }

    /// Writes an entity's id, with the requested date.
    #[inline]
    fn id(&mut self, row: Row) {
        self.out.extend_from_slice(self.view.id_json(row));
        if let Some(date) = self.asked {
            // The date goes before the closing quotation mark.
            self.out.pop();
            self.out.extend_from_slice(AS_OF.as_bytes());
            date.write(&mut self.out);
            self.out.push(b'"');
        }
    }

    #[inline(always)]
    fn property(&mut self, row: Row, no: PropertyNo, languages: &[String]) -> Written {
        let view = self.view;
        if self.plain && view.write_stored(row, no, languages, &mut self.out) {
            return Ok(());
        }
        if view.is_list(row.type_id, no) {
            return self.list_property(row, no, languages);
        }
        if self.trace.is_some() {
            self.cite_property(row, no)?;
        }
        match view.value_of(row, no) {
            Some(value) => value.write(languages, &mut self.out),
            None => self.null(),
        }
        Ok(())
    }

    #[inline(never)]
    fn list_property(&mut self, row: Row, no: PropertyNo, languages: &[String]) -> Written {
        if self.trace.is_some() {
            self.cite_property(row, no)?;
        }
        let mut list = List::default();
        for (no, (value, _)) in self.view.values_of(row, no).enumerate() {
            self.out.push(list.before_next());
            if no % LISTED_AT_ONCE == LISTED_AT_ONCE - 1 {
                self.work(LISTED_AT_ONCE)?;
            }
            value.write(languages, &mut self.out);
            self.check_bytes()?;
        }
        self.out.extend_from_slice(list.end());
        Ok(())
    }

    /// Writes the identifiers that other systems have for an entity.
    #[inline(never)]
    fn same_as(&mut self, row: Row, no: PropertyNo, fields: &'a Object<ExternalIdField>) -> Written {
        if self.trace.is_some() {
            self.cite_property(row, no)?;
        }
        self.each(self.view.values_of(row, no), |run, (value, _)| {
            let iri = value.text().unwrap_or_default();
            let (prefix, id) = run.ontology.prefixes.split(iri);
            run.object(fields, |run, slot| {
                match &slot.field {
                    ExternalIdField::Prefix => match prefix {
                        Some(prefix) => run.text(&prefix.name),
                        None => run.null(),
                    },
                    ExternalIdField::Id => run.text(id),
                    ExternalIdField::Url => run.text(iri),
                }
                Ok(())
            })
        })
    }

    /// The edge of a relation that leads to at most one entity. An edge of a required relation is used even if it is
    /// not valid at the date, since the field must not be null.
    #[inline]
    fn edge_of_one(&self, row: Row, side: Side) -> Option<(EntityNo, EdgeNo)> {
        self.view.neighbour(row, side.relation, side.direction)
    }

    pub(super) fn field_is_many(&self, row: Row, side: Side) -> bool {
        let no = self.view.field_no(row, side.relation, side.direction);
        no.is_none_or(|no| self.ontology.entity_type(row.type_id).members.field(no).many)
    }

    fn is_required(&self, row: Row, side: Side) -> bool {
        self.view.is_required(row, side.relation, side.direction)
    }

    fn languages(&self, call: CallNo) -> &'a [String] {
        let bound: &'a crate::plan::Bound = &self.bound[call.0];
        match &**bound {
            Ok(Call::Languages(languages)) => languages,
            _ => &[],
        }
    }

    pub(super) fn number(&mut self, number: usize) {
        self.out
            .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Writes an edge: its entity, its cursor (by `cursor`), its own properties and its statement.
    pub(super) fn edge(
        &mut self,
        fields: &'a Object<EdgeField>,
        target: EntityNo,
        via: Option<ViaEdge>,
        cursor: impl Fn(&mut Self),
    ) -> Written {
        self.object(fields, |run, slot| match (&slot.field, via) {
            (EdgeField::Node(selection), _) => run.field(slot, false, |run| run.entity(target, selection)),
            (EdgeField::Cursor, _) => {
                cursor(run);
                Ok(())
            }
            (EdgeField::Property(no, languages), Some(via)) => {
                let languages = languages.map_or(&[][..], |it| run.languages(it));
                run.cite_edge(via.side.relation, via.edge)?;
                let view = run.view;
                view.write_edge_value(via.side.relation, via.edge, *no, languages, &mut run.out);
                Ok(())
            }
            (EdgeField::Statement(fields, is_nullable), Some(via)) => {
                run.field(slot, *is_nullable, |run| run.edge_statement(fields, target, via))
            }
            // No edge leads to an entry of a root list.
            (EdgeField::Statement(..), None) => {
                run.null();
                Ok(())
            }
            (EdgeField::Property(..), None) => Err(Failure::Null),
        })
    }
}
