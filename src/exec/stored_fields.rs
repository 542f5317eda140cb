//! Selections whose values are written as they are stored (no date, trace, filter or order): the graph resolves their
//! fields once for an answer and writes them itself.
//!
//! A selection with any other field has no [`Shape`]; it is written field by field.

use super::{Failure, Run, Written};
use crate::budget::Stop;
use crate::graph::{EntityNo, Fields, Halt, LAST_STEP, Meter, PageValue, Part, Resolved, Resolver, Shape};
use crate::json::Key;
use crate::plan::{Call, Connection, ConnectionField, EdgeField, EntityField, Object, Page, Selection, Slot};

/// Maximum number of fields of a shape. A plan shares selections, but a shape has one for each path to it, so a short
/// document could otherwise have a shape of unbounded size.
const MOST_FIELDS: usize = 2000;

/// Fields that are resolved in the time of a row.
const FIELDS_A_ROW: usize = 8;

/// Whether a selection contains lists of further entities: only then is it worthwhile to resolve columns for a single
/// entity.
pub(super) fn leads_on(selection: &Selection) -> bool {
    match selection {
        Selection::One(_, fields) => fields
            .fields()
            .iter()
            .any(|it| matches!(it.field, EntityField::Connection(..))),
        Selection::ByType(_) => false,
    }
}

/// The key of a field after `before` other fields.
#[inline]
fn key<F>(slot: &Slot<F>, before: usize) -> Key<'_> {
    Key::of(&slot.key, &slot.short_key, before)
}

impl Meter for Run<'_> {
    type Stop = Failure;

    #[inline(always)]
    fn visit(&mut self, entities: u64) -> Written {
        Run::visit(self, entities)
    }

    #[inline(always)]
    fn fetches_ahead(&self) -> bool {
        self.ahead
    }

    /// Placeholder while the graph writes into the buffer of the answer.
    #[inline(always)]
    fn scratch(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }
}

impl<'a> Run<'a> {
    /// The shape of a selection, if it has one that is not too large.
    pub(super) fn shape(&mut self, selection: &'a Selection) -> Result<Option<Shape<'a>>, Failure> {
        if !self.plain {
            return Ok(None);
        }
        let mut left = MOST_FIELDS;
        let shape = self.shape_within(selection, &mut left);
        self.work((MOST_FIELDS - left) / FIELDS_A_ROW)?;
        Ok(shape)
    }

    fn shape_within(&self, selection: &'a Selection, left: &mut usize) -> Option<Shape<'a>> {
        match selection {
            Selection::One(id, slots) => {
                let resolver = self.view.resolver(*id)?;
                Some(resolver.shape(self.fields(resolver, slots, left)?))
            }
            Selection::ByType(by_type) => {
                *left = left.checked_sub(by_type.len())?;
                let types = self.ontology.type_ids().zip(by_type);
                let fields = types.map(|(id, slots)| match slots {
                    Some(slots) => self.fields(self.view.resolver(id)?, slots, left),
                    None => Some(Fields::default()),
                });
                let fields = fields.collect::<Option<_>>()?;
                Some(self.view.shape_by_type(fields))
            }
        }
    }

    fn fields(
        &self,
        resolver: Resolver<'a>,
        slots: &'a Object<EntityField>,
        left: &mut usize,
    ) -> Option<Fields<'a>> {
        *left = left.checked_sub(slots.len())?;
        let mut fields = Fields::with_capacity(slots.len());
        let mut names = slots.type_names();
        for (no, slot) in slots.fields().iter().enumerate() {
            while let Some(name) = names.after(no) {
                fields.push(key(name, fields.len()), Resolved::constant(&name.field));
            }
            let value = match &slot.field {
                EntityField::Constant(bytes) => Resolved::constant(bytes),
                EntityField::Id | EntityField::EntityId => resolver.id()?,
                EntityField::Property(no, None) => resolver.property(*no)?,
                EntityField::Label => resolver.label()?,
                EntityField::ToOne(side, selection) => {
                    let shape = self.shape_within(selection, left)?;
                    resolver.one(side.relation, side.direction, shape)?
                }
                // If a field for a single target has several statements, the connection does not show all edges.
                EntityField::Connection(side, ..) if self.view.is_disputed(side.relation) => return None,
                EntityField::Connection(side, call, connection) => {
                    let Ok(Call::Page(call)) = &*self.bound[call.0] else {
                        return None;
                    };
                    let Page {
                        first,
                        last: None,
                        after: None,
                        before: None,
                    } = call.page
                    else {
                        return None;
                    };
                    if call.filter.is_some() || !call.order.is_empty() || call.depth.is_some() {
                        return None;
                    }
                    let parts = self.parts(connection, left)?;
                    let first = first.unwrap_or(usize::MAX);
                    resolver.page(side.relation, side.direction, first, parts)?
                }
                _ => return None,
            };
            fields.push(key(slot, fields.len()), value);
        }
        while let Some(name) = names.after(slots.fields().len()) {
            fields.push(key(name, fields.len()), Resolved::constant(&name.field));
        }
        Some(fields)
    }

    fn parts(&self, connection: &'a Connection, left: &mut usize) -> Option<Vec<Part<'a>>> {
        let mut parts = Vec::with_capacity(connection.len());
        let mut names = connection.type_names();
        let type_name = |name: &'a Slot<Box<[u8]>>, parts: &mut Vec<Part<'a>>| {
            parts.push(Part {
                key: key(name, parts.len()),
                what: PageValue::Constant(&name.field),
            });
        };
        for (no, slot) in connection.fields().iter().enumerate() {
            while let Some(name) = names.after(no) {
                type_name(name, &mut parts);
            }
            let what = match &slot.field {
                ConnectionField::TotalCount => PageValue::Count,
                ConnectionField::Nodes(selection) => PageValue::List(self.shape_within(selection, left)?),
                ConnectionField::Edges(edges) => match edges.only().map(|node| (node, &node.field)) {
                    Some((node, EdgeField::Node(selection))) => {
                        PageValue::Wrapped(key(node, 0), self.shape_within(selection, left)?)
                    }
                    _ => return None,
                },
                ConnectionField::PageInfo(_) | ConnectionField::Aggregate(_) => return None,
            };
            parts.push(Part {
                key: key(slot, parts.len()),
                what,
            });
        }
        while let Some(name) = names.after(connection.fields().len()) {
            type_name(name, &mut parts);
        }
        Some(parts)
    }

    /// Writes an entity as [`Run::entity`] would.
    pub(super) fn shaped(&mut self, shape: &Shape<'a>, entity: EntityNo) -> Written {
        self.visit(1)?;
        self.filled(|run, out, most| shape.write(entity, out, most, run))
    }

    /// Writes a list of entities.
    pub(super) fn shaped_list(&mut self, shape: &Shape<'a>, entities: &[EntityNo]) -> Written {
        self.filled(|run, out, most| shape.write_list(entities, out, most, run))
    }

    /// Calls a writer that appends to the answer; if the buffer is too small, calls it again with a larger one.
    fn filled(
        &mut self,
        write: impl Fn(&mut Self, &mut Vec<u8>, usize) -> Result<(), Halt<Failure>>,
    ) -> Written {
        let rows = self.rows;
        let mut out = std::mem::take(&mut self.out);
        // The writer may need more space for a last step than the step adds.
        let limit = (self.budget.bytes + LAST_STEP).saturating_sub(out.len());
        let mut most = limit.min((self.room + LAST_STEP).saturating_sub(out.len()));
        let written = loop {
            match write(self, &mut out, most) {
                Ok(()) => break Ok(()),
                Err(Halt::Stop(failure)) => break Err(failure),
                Err(Halt::Full) if (out.capacity() - out.len()).min(most) >= limit => {
                    break Err(Failure::Stop(Stop::Bytes));
                }
                Err(Halt::Full) => {
                    let had = (out.capacity() - out.len()).min(most);
                    self.out = out;
                    // The incomplete part is written again, so the capacity doubles.
                    most = self.more_room(had.saturating_mul(2))?.min(limit);
                    out = std::mem::take(&mut self.out);
                    self.rows = rows;
                }
            }
        };
        self.out = out;
        written?;
        self.check_bytes()
    }

    /// Reserves memory for `bytes` more bytes of the answer, and grows the buffer. Returns the number of bytes that may
    /// be written.
    #[cold]
    fn more_room(&mut self, bytes: usize) -> Result<usize, Failure> {
        let bytes = bytes.max(1024);
        let end = self.out.len().saturating_add(bytes).min(self.budget.bytes);
        self.expected = self.expected.max(end);
        let free = self.out.capacity() - self.out.len();
        if free < bytes {
            self.grow(bytes - free);
        }
        self.account()?;
        Ok(bytes)
    }
}
