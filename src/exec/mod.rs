//! Runs a plan on a view of the graph: one traversal of the plan writes the answer's bytes into one buffer.
//!
//! Nothing is allocated per field. A field fails only because of its arguments, for example a cursor of another
//! revision or a negative page. Then the nearest nullable field becomes `null`, as the specification requires, and the
//! part of its value that was already written is removed from the buffer. Work is counted against a [`Budget`]. The
//! time is linear in the rows visited and the bytes written.

mod aggregate;
mod citations;
mod components;
mod connection;
mod cursor;
mod entity;
mod filter;
mod graph_info;
mod graph_queries;
mod introspection;
mod matchers;
mod page_rank;
mod paths;
mod ranking;
mod rows;
mod search;
mod statement;
mod stored_fields;
mod subgraph;
mod suggest;
mod timeline;
mod trace;
mod traversal;
mod working_memory;

use std::time::Duration;

use crate::budget::{Budget, Stop};
use crate::graph::{EntityNo, LAST_STEP, View};
use crate::json;
use crate::ontology::{Date, Ontology};
use crate::plan::{
    Bound, Call, CallNo, InputError, Lookup, Object, Plan, Question, RootField, Selection, Slot, Step,
};
use crate::search::Background;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use cursor::fuzzing;
pub use introspection::PublicSchema;
pub use matchers::Matchers;
use matchers::Tests;
pub use subgraph::{ShownEdge, ShownValue, Subgraph};
use trace::Trace;
pub(crate) use working_memory::sort;

/// The inputs of a run, in addition to the plan.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'a> {
    /// The arguments of each field.
    pub calls: &'a [Bound],
    /// The compiled patterns of their filters.
    pub matchers: &'a Matchers,
}

/// Options of a run.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Number of bytes to reserve for the answer.
    pub capacity: usize,
    /// Whether to return the part of the graph that the answer shows.
    pub subgraph: bool,
    /// Whether ids are written without the requested date, as in other forms of the answer.
    pub plain_ids: bool,
    /// Whether to prefetch the memory of the next entities: worthwhile if the graph is larger than the CPU's caches.
    pub ahead: bool,
}

/// A segment of a path in an answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Segment {
    /// A response key.
    Key(String),
    /// A position in a list.
    Index(usize),
}

/// The error code of an invalid argument.
const BAD_USER_INPUT: &str = "BAD_USER_INPUT";

/// A field that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Its error code.
    pub code: &'static str,
    /// The given value and the expected one.
    pub message: String,
    /// The path in the answer.
    pub path: Vec<Segment>,
    /// The position in the document.
    pub location: (u32, u32),
}

/// Why a value was not written.
#[derive(Debug)]
enum Failure {
    /// An error was recorded; the nearest nullable field becomes null.
    Null,
    /// The whole run ends.
    Stop(Stop),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Failure::Stop(stop)
    }
}

impl Failure {
    /// The reason why a run ended before it wrote anything.
    fn stop(self) -> Stop {
        match self {
            Failure::Stop(stop) => stop,
            Failure::Null => Stop::Cancelled,
        }
    }
}

type Written = Result<(), Failure>;

/// The result of a run.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The answer without its closing brace and its errors: [`BEGINNING`], the value of `data`, and `extensions` if
    /// citations or a trace of the steps are requested.
    pub begun: Vec<u8>,
    /// End of the value of `data`.
    pub end: usize,
    /// Number of entities and edges visited.
    pub rows: u64,
    /// The fields that failed.
    pub errors: Vec<FieldError>,
    /// The part of the graph that the answer shows, if requested.
    pub subgraph: Option<Box<Subgraph<'a>>>,
    /// Working memory of this part, in bytes.
    pub held: usize,
    /// The limits of the run, which also apply to writing another form of the answer.
    pub budget: Budget<'a>,
}

/// The beginning of an answer without errors. It is written before the data, because inserting it later would copy the
/// answer.
pub const BEGINNING: &[u8] = b"{\"data\":";

impl Outcome<'_> {
    /// The value of `data`.
    pub fn data(&self) -> &[u8] {
        &self.begun[BEGINNING.len()..self.end]
    }
}

/// Runs a plan. `public` is the schema that introspection describes.
///
/// # Errors
/// When a limit of the budget is reached.
pub fn run<'a>(
    plan: &'a Plan,
    view: View<'a>,
    search: &'a Background,
    arguments: Arguments<'a>,
    budget: Budget<'a>,
    public: PublicSchema<'a>,
    wanted: RunOptions,
) -> Result<Outcome<'a>, Stop> {
    let traced = plan.cites || plan.explains || wanted.subgraph;
    let mut run = Run {
        view,
        search,
        tests: Tests::new(arguments.matchers, Some(search), budget.clock),
        ontology: view.ontology(),
        bound: arguments.calls,
        budget,
        rows: 0,
        check_at: FIRST_CHECK.min(budget.rows.saturating_add(1)),
        interval: FIRST_CHECK,
        checked: Duration::ZERO,
        room: budget.bytes,
        expected: 0,
        beside: 0,
        working: 0,
        kept: 0,
        working_room: 0,
        plain: !traced && view.as_of().is_none(),
        date: None,
        asked: None,
        plain_ids: wanted.plain_ids,
        ahead: wanted.ahead,
        trace: traced.then(|| Box::new(Trace::new(plan.cite_all, plan.explains, wanted.subgraph))),
        out: Vec::with_capacity(capacity_within(budget.bytes, wanted.capacity)),
        errors: Vec::new(),
    };
    run.out.extend_from_slice(BEGINNING);
    if budget.memory.is_some() {
        run.account().map_err(Failure::stop)?;
    }
    if budget.clock.cancelled.is_some() {
        // The run may have waited for a thread longer than its deadline allows.
        run.check_clock().map_err(Failure::stop)?;
    }
    match run.root(&plan.root, public) {
        Ok(()) => {}
        Err(Failure::Null) => {
            run.out.truncate(BEGINNING.len());
            run.out.extend_from_slice(b"null");
        }
        Err(Failure::Stop(stop)) => return Err(stop),
    }
    for error in &mut run.errors {
        error.path.reverse();
    }
    run.forget_sets();
    debug_assert_eq!(run.working, 0, "working memory is given back");
    let end = run.out.len();
    if plan.cites || plan.explains {
        run.write_told(plan.cites).map_err(Failure::stop)?;
    }
    let held = run.kept;
    let subgraph = run.trace.and_then(|it| it.visited).map(Box::new);
    Ok(Outcome {
        rows: run.rows,
        end,
        subgraph,
        held,
        budget,
        begun: run.out,
        errors: run.errors,
    })
}

/// Returns a capacity of at least `capacity` bytes, up to `limit`. While a buffer grows, the old and the new one exist.
/// Therefore a capacity is at most half of the limit, or the whole limit, of which only the written part uses memory.
pub(crate) fn capacity_within(limit: usize, capacity: usize) -> usize {
    let most = limit.saturating_add(LAST_STEP);
    if capacity > most / 2 { most } else { capacity }
}

/// A buffer that grows beyond this size gets a capacity for the longest answer.
const LARGE: usize = 1 << 20;

/// Capacity for the longest answer, unless the limits are higher.
const LONGEST: usize = 64 << 20;

/// Number of bytes that a run reserves at a time.
const RESERVED_AT_ONCE: usize = 256 << 10;

/// Bytes that an error takes in addition to its message and path, in memory and as JSON.
const ERROR_BYTES: usize = 192;

/// Bytes that a segment of a path takes in addition to its key.
const SEGMENT_BYTES: usize = 48;

/// Maximum number of rows between two checks of the clock.
const CHECK_EVERY: u64 = 4096;

/// Rows before the first check of the clock. The interval then doubles, as long as at most [`PACE`] passes between two
/// checks: a row may be a comparison of two numbers or a search in a long text.
const FIRST_CHECK: u64 = 64;

/// Maximum time between two checks of the clock.
const PACE: Duration = Duration::from_micros(500);

/// Bytes of working memory that are reserved at a time.
const HELD_AT_ONCE: usize = 64 << 10;

/// The state of one run.
struct Run<'a> {
    view: View<'a>,
    search: &'a Background,
    /// State of the filters' tests.
    tests: Tests<'a>,
    ontology: &'a Ontology,
    bound: &'a [Bound],
    budget: Budget<'a>,
    rows: u64,
    check_at: u64,
    /// Rows between two checks of the clock.
    interval: u64,
    /// Time since the start at the last check.
    checked: Duration,
    /// Maximum length of the answer when the current value is complete.
    expected: usize,
    /// Length of the answer at which its memory is counted again.
    room: usize,
    /// Bytes of errors and of the trace, which become part of the answer.
    beside: usize,
    /// Bytes of working memory that are held now.
    working: usize,
    /// Bytes of working memory that are held to the end of the run.
    kept: usize,
    /// Working memory at which it is counted again.
    working_room: usize,
    /// Whether values are written as they are stored, since neither a date nor a trace is requested.
    plain: bool,
    /// The date of the current root field.
    date: Option<Date>,
    /// The date that is added to ids.
    asked: Option<Date>,
    plain_ids: bool,
    /// Whether the memory of the next entities is prefetched.
    ahead: bool,
    trace: Option<Box<Trace<'a>>>,
    out: Vec<u8>,
    /// Their paths are recorded from the inside outwards, and reversed at the end.
    errors: Vec<FieldError>,
}

impl<'a> Run<'a> {
    /// Counts visited rows.
    #[inline]
    fn visit(&mut self, rows: u64) -> Written {
        self.rows += rows;
        if self.rows < self.check_at {
            return Ok(());
        }
        self.check()
    }

    #[cold]
    fn check(&mut self) -> Written {
        if self.rows > self.budget.rows {
            return Err(Failure::Stop(Stop::Rows));
        }
        let elapsed = self.budget.clock.elapsed()?;
        let passed = elapsed.saturating_sub(self.checked);
        self.checked = elapsed;
        if passed > PACE {
            self.interval = (self.interval / 2).max(1);
        } else if passed < PACE / 4 {
            self.interval = (self.interval * 2).min(CHECK_EVERY);
        }
        // Reaching the limit exactly is allowed.
        self.check_at = (self.rows + self.interval).min(self.budget.rows.saturating_add(1));
        Ok(())
    }

    /// Counts work that takes as long as examining `rows` rows, for the clock only.
    #[inline]
    fn work(&mut self, rows: usize) -> Written {
        self.check_at = self.check_at.saturating_sub(rows as u64);
        if self.rows < self.check_at {
            return Ok(());
        }
        self.check()
    }

    /// Ends the run if its deadline has passed.
    fn check_clock(&self) -> Written {
        self.budget.clock.check().map_err(Failure::Stop)
    }

    /// Ends the run if the answer is too long. Called after each field of an object and each element of a list.
    #[inline]
    fn check_bytes(&mut self) -> Written {
        if self.out.len() <= self.room {
            return Ok(());
        }
        self.account()
    }

    /// Counts bytes of errors and of the trace, which are added to the answer later.
    fn beside(&mut self, bytes: usize) -> Written {
        self.beside = self.beside.saturating_add(bytes);
        self.account()
    }

    /// Counts working memory before it is allocated. [`Self::release`] or the end of [`Self::scope`] releases it.
    #[inline]
    fn hold(&mut self, bytes: usize) -> Written {
        self.working = self.working.saturating_add(bytes);
        if self.working.saturating_add(self.kept) <= self.working_room {
            return Ok(());
        }
        self.account()
    }

    /// Releases working memory.
    #[inline]
    fn release(&mut self, bytes: usize) {
        self.working = self.working.saturating_sub(bytes);
    }

    /// Counts working memory that is held to the end of the run.
    fn keep_held(&mut self, bytes: usize) -> Written {
        self.kept = self.kept.saturating_add(bytes);
        self.hold(0)
    }

    /// Checks what the run has allocated against its limits, and reserves it in the shared memory.
    #[cold]
    fn account(&mut self) -> Written {
        let written = self.out.len().saturating_add(self.beside);
        let working = self.working.saturating_add(self.kept);
        if written > self.budget.bytes || working > self.budget.working {
            return Err(Failure::Stop(Stop::Bytes));
        }
        self.room = self.budget.bytes - self.beside;
        if self.out.capacity() > LARGE / 2 {
            // By default, the buffer could double beyond the limit.
            if self.out.capacity() - self.out.len() <= LARGE / 16 {
                self.grow(LARGE / 2);
            }
            self.room = self.room.min(self.out.capacity() - LARGE / 16);
        }
        let Some(memory) = self.budget.memory else {
            self.working_room = self.budget.working;
            return Ok(());
        };
        let working = working.next_multiple_of(HELD_AT_ONCE);
        let others = self.beside + working;
        let others = self.budget.base + others;
        let needed = self.out.len().max(self.expected) + others + RESERVED_AT_ONCE;
        if !memory.grow_to(needed.next_multiple_of(RESERVED_AT_ONCE)) {
            return Err(Failure::Stop(Stop::Busy));
        }
        self.working_room = working.min(self.budget.working);
        let left = memory.bytes().saturating_sub(others);
        self.room = self.room.min(left.max(self.out.len()));
        Ok(())
    }

    /// Makes the buffer longer by at least `bytes`, but not longer than the limit.
    ///
    /// A short buffer doubles. A buffer that exceeds [`LARGE`] gets the capacity for the longest answer at once: the
    /// system provides memory page by page as it is written, while growing by copying needs the old and the new buffer
    /// at the same time.
    #[cold]
    fn grow(&mut self, bytes: usize) {
        let (len, capacity) = (self.out.len(), self.out.capacity());
        let longer = capacity + bytes.max(capacity).max(1024);
        let longer = if longer > LARGE {
            longer.max(LONGEST)
        } else {
            longer
        };
        let longer = longer.min(self.budget.bytes.saturating_add(LAST_STEP));
        // `reserve_exact` counts from the end of the written bytes.
        self.out.reserve_exact(longer.saturating_sub(len));
    }

    /// The bound arguments of a field; invalid ones make it fail.
    fn call(&mut self, no: CallNo) -> Result<&'a Call, Failure> {
        let bound: &'a Bound = &self.bound[no.0];
        match &**bound {
            Ok(call) => Ok(call),
            Err(error) => self.fail(error),
        }
    }

    fn fail<T>(&mut self, error: &InputError) -> Result<T, Failure> {
        self.count_error(&error.message)?;
        self.errors.push(FieldError {
            code: BAD_USER_INPUT,
            message: error.message.clone(),
            path: Vec::new(),
            location: error.location,
        });
        Err(Failure::Null)
    }

    /// Makes the current field fail. The message says what was given and what was expected.
    fn refuse<T>(&mut self, message: String) -> Result<T, Failure> {
        self.refuse_as(BAD_USER_INPUT, message)
    }

    /// As [`Self::refuse`], with another error code.
    fn refuse_as<T>(&mut self, code: &'static str, message: String) -> Result<T, Failure> {
        self.count_error(&message)?;
        self.errors.push(FieldError {
            code,
            message,
            path: Vec::new(),
            location: (0, 0),
        });
        Err(Failure::Null)
    }

    /// Counts an error against the budget before it is recorded, since the number of failing fields is not limited
    /// otherwise.
    fn count_error(&mut self, message: &str) -> Written {
        self.check_clock()?;
        self.beside(message.len() + ERROR_BYTES)
    }

    /// Writes an object: each field's key, then its value.
    #[inline(always)]
    fn object<F: Step>(
        &mut self,
        fields: &'a Object<F>,
        mut value: impl FnMut(&mut Self, &'a Slot<F>) -> Written,
    ) -> Written {
        let start = self.out.len();
        // The value is written at only one place, so that it is inlined into the loop of a run without a trace.
        let traced = self.trace.is_some();
        for part in fields.parts() {
            for slot in part.fields {
                self.out.extend_from_slice(&slot.key);
                if traced {
                    self.enter_field(slot.name(), slot.cite, slot.field.step())?;
                }
                let written = value(self, slot);
                if traced {
                    self.leave_field();
                }
                written?;
                self.check_bytes()?;
            }
            if let Some(name) = part.name {
                self.out.extend_from_slice(&name.key);
                self.out.extend_from_slice(&name.field);
                self.check_bytes()?;
            }
        }
        if fields.is_empty() {
            self.out.push(b'{');
        } else {
            self.out[start] = b'{';
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Writes the value of a field, which may fail.
    #[inline(always)]
    fn field<F>(
        &mut self,
        slot: &Slot<F>,
        nullable: bool,
        write: impl FnOnce(&mut Self) -> Written,
    ) -> Written {
        self.guarded(
            || Segment::Key(slot.name().to_owned()),
            slot.location,
            nullable,
            write,
        )
    }

    /// Writes a root field's value at the date of its arguments.
    fn dated<F>(
        &mut self,
        slot: &Slot<F>,
        nullable: bool,
        call: CallNo,
        write: impl FnOnce(&mut Self) -> Written,
    ) -> Written {
        let date = self.bound[call.0].as_ref().as_ref().ok().and_then(Call::as_of);
        let (view, plain) = (self.view, self.plain);
        if date.is_none() {
            return self.field(slot, nullable, write);
        }
        // The results of searches and of filters inside relations depend on the date.
        self.forget_sets();
        self.view = view.at(date);
        self.date = date;
        self.asked = date.filter(|_| !self.plain_ids);
        self.plain = false;
        let written = self.field(slot, nullable, write);
        self.forget_sets();
        self.view = view;
        self.plain = plain;
        (self.date, self.asked) = (None, None);
        written
    }

    /// Writes an element of a list, which may fail.
    #[inline(always)]
    fn element(&mut self, index: usize, nullable: bool, write: impl FnOnce(&mut Self) -> Written) -> Written {
        if let Some(trace) = &mut self.trace {
            trace.enter(index);
        }
        let written = self.guarded(|| Segment::Index(index), (0, 0), nullable, write);
        if let Some(trace) = &mut self.trace {
            trace.leave();
        }
        written
    }

    /// Writes a value that may fail. Errors get its place added to their paths. If the value is nullable, null is written
    /// instead.
    #[inline(always)]
    fn guarded(
        &mut self,
        segment: impl Fn() -> Segment,
        location: (u32, u32),
        nullable: bool,
        write: impl FnOnce(&mut Self) -> Written,
    ) -> Written {
        let start = self.out.len();
        let noted = self.errors.len();
        let written = write(self);
        if self.errors.len() > noted {
            self.note_path(noted, &segment, location)?;
        }
        match written {
            Err(Failure::Null) if nullable => {
                self.out.truncate(start);
                self.out.extend_from_slice(b"null");
                if let Some(trace) = &mut self.trace {
                    trace.forget();
                }
                Ok(())
            }
            written => written,
        }
    }

    /// Adds a segment to the paths of the errors that the current value caused.
    #[cold]
    fn note_path(&mut self, noted: usize, segment: &dyn Fn() -> Segment, location: (u32, u32)) -> Written {
        let mut bytes = 0;
        for error in &mut self.errors[noted..] {
            if error.path.is_empty() && error.location == (0, 0) {
                error.location = location;
            }
            let segment = segment();
            bytes += match &segment {
                Segment::Key(key) => key.len() + SEGMENT_BYTES,
                Segment::Index(_) => SEGMENT_BYTES,
            };
            error.path.push(segment);
        }
        self.beside(bytes)
    }

    fn root(&mut self, fields: &'a Object<RootField>, public: PublicSchema<'a>) -> Written {
        self.object(fields, |run, slot| match &slot.field {
            RootField::Introspection(asked) => run.introspection(asked, public),
            RootField::Lookup(call, selection) => run.dated(slot, true, *call, |run| {
                let found = run.find(*call)?;
                match found {
                    Some(entity)
                        if stored_fields::leads_on(selection)
                            && let Some(shape) = run.shape(selection)? =>
                    {
                        run.shaped(&shape, entity)
                    }
                    found => run.optional(found, selection),
                }
            }),
            RootField::Nodes(call, selection) => run.dated(slot, false, *call, |run| {
                let Call::Nodes(nodes) = run.call(*call)? else {
                    return Err(Failure::Null);
                };
                let mut list = json::List::default();
                for (no, id) in nodes.ids.iter().enumerate() {
                    run.out.push(list.before_next());
                    run.work(1)?;
                    run.check_bytes()?;
                    let found = run.view.find(id);
                    run.element(no, true, |run| run.optional(found, selection))?;
                }
                run.out.extend_from_slice(list.end());
                Ok(())
            }),
            RootField::List(domain, call, connection) => {
                run.dated(slot, true, *call, |run| run.list(*domain, *call, connection))
            }
            RootField::Question(call, question) => {
                let nullable = !matches!(
                    question,
                    Question::Neighborhood(_)
                        | Question::Ranked(_)
                        | Question::Components(_)
                        | Question::Suggest(_)
                );
                run.dated(slot, nullable, *call, |run| run.question(*call, question))
            }
            RootField::Graph(fields) => run.field(slot, false, |run| run.graph(fields)),
        })
    }

    /// The entity that a lookup requests.
    fn find(&mut self, no: CallNo) -> Result<Option<EntityNo>, Failure> {
        let Call::Entity(call) = self.call(no)? else {
            return Ok(None);
        };
        let found = match &call.by {
            Lookup::Id(id) => self.view.find(id),
            Lookup::Reference(text) => self.resolve(text)?,
            Lookup::Unique(properties, value) => properties
                .iter()
                .find_map(|(id, no)| self.view.find_unique(*id, *no, value))
                .map(|row| self.view.number(row)),
        };
        Ok(found.filter(|it| self.ontology.contains(call.domain, self.view.locate(*it).type_id)))
    }

    fn optional(&mut self, entity: Option<EntityNo>, selection: &'a Selection) -> Written {
        self.gave(usize::from(entity.is_some()));
        match entity {
            Some(entity) => self.entity(entity, selection),
            None => {
                self.out.extend_from_slice(b"null");
                Ok(())
            }
        }
    }
}
