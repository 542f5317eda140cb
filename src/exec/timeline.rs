//! Dated statements in order, and fields whose statements disagree.

use super::statement::Said;
use super::{Failure, Run, Written};
use crate::graph::{EdgeNo, EntityNo, Row, StatementNo, Validity};
use crate::ontology::{Date, Direction, PropertyNo, Scalar, TypeId};
use crate::plan::{ConflictCall, ConflictField, Listing, Object, Side, TimelineCall, TimelineField};

/// A statement about an entity, with its date.
struct Dated<'a> {
    date: Date,
    row: Row,
    said: Said<'a>,
}

/// A field of an entity that several statements say different things of.
struct Disputed<'a> {
    row: Row,
    field: &'a str,
    said: Vec<Said<'a>>,
}

impl<'a> Run<'a> {
    /// Writes a page of dated statements about one entity, or about all.
    pub(super) fn timeline(
        &mut self,
        call: &'a TimelineCall,
        listing: &'a Listing<TimelineField>,
    ) -> Written {
        let of = match &call.of {
            Some(id) => Some(self.named("of", id)?),
            None => None,
        };
        let all = match of {
            Some(entity) => entity.0..entity.0 + 1,
            None => 0..self.snapshot.counts().entities as u32,
        };
        let mut dated: Vec<Dated<'a>> = Vec::new();
        for entity in all {
            let row = self.snapshot.locate(EntityNo(entity));
            let said = self.all_said(row, &|_| true);
            self.visit(said.len() as u64)?;
            for said in said {
                // Of the whole graph, an edge is told once, from its start.
                if of.is_none() && !Self::begins_at(EntityNo(entity), said) {
                    continue;
                }
                let Some(date) = self.date_of(said) else {
                    continue;
                };
                let begins = call.until.is_none_or(|it| date.first_day() <= it.last_day());
                let ends = call.from.is_none_or(|it| date.last_day() >= it.first_day());
                if begins && ends {
                    dated.push(Dated { date, row, said });
                }
            }
        }
        let snapshot = self.snapshot;
        // What is said of one entity on one date keeps its order.
        dated.sort_by(|a, b| {
            let by_date = a.date.cmp(&b.date);
            by_date.then_with(|| snapshot.id(a.row).cmp(snapshot.id(b.row)))
        });
        let owner = of.unwrap_or_default();
        self.listing(
            listing,
            &dated,
            &call.page,
            call.sequence,
            owner,
            |run, fields, dated| run.dated_statement(dated, fields),
        )
    }

    fn begins_at(entity: EntityNo, said: Said) -> bool {
        match said {
            Said::Value { .. } => true,
            Said::Edge { side, target, .. } => match side.direction {
                Direction::Out => true,
                Direction::In => false,
                Direction::Both => entity <= target,
            },
        }
    }

    /// The date that a statement is about: its value, a date among the properties of its edge, or when it holds.
    fn date_of(&self, said: Said) -> Option<Date> {
        let (own, statement) = match said {
            Said::Value {
                values,
                at,
                statement,
                ..
            } => (values.date(at), statement),
            Said::Edge { side, edge, .. } => {
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
                        let column = self.snapshot.edge_column(side.relation, PropertyNo(no as u16));
                        column.values().date(edge.0 as usize)
                    });
                let statement = self.snapshot.edge_statement(side.relation, edge);
                (dates.next(), statement)
            }
        };
        own.or_else(|| {
            let validity = self.snapshot.statements().validity(statement)?;
            match (validity.from, validity.until) {
                (Some(from), Some(until)) if from != until => Date::between(from, until),
                (from, until) => from.or(until),
            }
        })
    }

    fn dated_statement(&mut self, dated: &Dated<'a>, fields: &'a Object<TimelineField>) -> Written {
        let entity = self.snapshot.number(dated.row);
        self.object(fields, |run, slot| {
            match &slot.field {
                TimelineField::TypeName(name) => run.out.extend_from_slice(name),
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

    /// Writes a page of fields whose statements disagree.
    pub(super) fn conflicts(
        &mut self,
        call: &'a ConflictCall,
        listing: &'a Listing<ConflictField>,
    ) -> Written {
        let types: Vec<TypeId> = match &call.types {
            Some(types) => types.clone(),
            None => self.ontology.type_ids().collect(),
        };
        let mut disputed: Vec<Disputed<'a>> = Vec::new();
        for id in types {
            self.disputed(id, call, &mut disputed)?;
        }
        let snapshot = self.snapshot;
        disputed.sort_by(|a, b| snapshot.id(a.row).cmp(snapshot.id(b.row)));
        self.listing(
            listing,
            &disputed,
            &call.page,
            call.sequence,
            EntityNo::default(),
            |run, fields, disputed| run.conflict(disputed, fields),
        )
    }

    fn disputed(
        &mut self,
        id: TypeId,
        call: &ConflictCall,
        disputed: &mut Vec<Disputed<'a>>,
    ) -> Result<(), Failure> {
        let wanted = |name: &str| {
            call.fields
                .as_ref()
                .is_none_or(|it| it.iter().any(|it| it == name))
        };
        let snapshot = self.snapshot;
        let members = &self.ontology.entity_type(id).members;
        for (no, property) in members.properties.iter().enumerate() {
            let property_no = PropertyNo(no as u16);
            let column = snapshot.column(id, property_no);
            for row in column.disputed_rows().filter(|_| wanted(&property.name)) {
                self.visit(1)?;
                let row = Row { type_id: id, row };
                let mut said: Vec<_> = column.said(row.row);
                if let Some(date) = self.as_of {
                    said.retain(|(_, _, statement)| snapshot.statements().holds(*statement, date));
                }
                let json = |(values, at): (&crate::graph::Values, usize)| {
                    let mut json = Vec::new();
                    values.write(at, &[], &mut json);
                    json
                };
                let what: Vec<_> = said.iter().map(|it| (json((it.0, it.1)), it.2)).collect();
                if !self.disagree(&what) {
                    continue;
                }
                let said = said.into_iter().map(|(values, at, statement)| Said::Value {
                    property: property_no,
                    values,
                    at,
                    statement,
                });
                disputed.push(Disputed {
                    row,
                    field: &property.name,
                    said: said.collect(),
                });
            }
        }
        for field in members.fields.iter().filter(|it| !it.many && wanted(&it.name)) {
            let side = Side::of(field);
            self.visit(snapshot.rows(id) as u64)?;
            for row in 0..snapshot.rows(id) {
                let row = Row { type_id: id, row };
                if snapshot.neighbours(row, side.relation, side.direction).len() < 2 {
                    continue;
                }
                let statement = |edge| snapshot.edge_statement(side.relation, edge);
                let ends: Vec<(EntityNo, EdgeNo)> = self.held(row, side.relation, side.direction).collect();
                let what: Vec<_> = ends.iter().map(|(end, edge)| (*end, statement(*edge))).collect();
                if !self.disagree(&what) {
                    continue;
                }
                let said = ends
                    .iter()
                    .map(|&(target, edge)| Said::Edge { side, target, edge });
                disputed.push(Disputed {
                    row,
                    field: &field.name,
                    said: said.collect(),
                });
            }
        }
        Ok(())
    }

    /// Whether two statements say different things of one time; what says nothing of when always holds.
    fn disagree<T: PartialEq>(&self, said: &[(T, StatementNo)]) -> bool {
        let statements = self.snapshot.statements();
        let at_once = |a: StatementNo, b: StatementNo| {
            let (Some(a), Some(b)) = (statements.validity(a), statements.validity(b)) else {
                return true;
            };
            let over_before = |a: Validity, b: Validity| match (a.until, b.from) {
                (Some(until), Some(from)) => until.last_day() < from.first_day(),
                _ => false,
            };
            !over_before(a, b) && !over_before(b, a)
        };
        let pairs = said
            .iter()
            .enumerate()
            .flat_map(|(no, a)| said[no + 1..].iter().map(move |b| (a, b)));
        pairs.into_iter().any(|(a, b)| a.0 != b.0 && at_once(a.1, b.1))
    }

    fn conflict(&mut self, disputed: &Disputed<'a>, fields: &'a Object<ConflictField>) -> Written {
        let entity = self.snapshot.number(disputed.row);
        self.object(fields, |run, slot| {
            match &slot.field {
                ConflictField::TypeName(name) => run.out.extend_from_slice(name),
                ConflictField::Field => run.text(disputed.field),
                ConflictField::Entity(selection) => {
                    return run.field(slot, false, |run| run.entity(entity, selection));
                }
                ConflictField::Statements(fields) => {
                    return run.field(slot, false, |run| {
                        run.each(disputed.said.iter(), |run, said| {
                            run.said(disputed.row, *said, fields)
                        })
                    });
                }
            }
            Ok(())
        })
    }
}
