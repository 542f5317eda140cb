//! From a request to an answer.

use std::borrow::Cow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::answer::{Answer, GraphqlError};
use super::coerce;
use super::compiled::Schema;
use super::document::{MATCHER_BYTES, SHORT_MATCHER_BYTES};
use super::encoding::Encoding;
use super::gate::RunPermit;
use super::limits::{Limits, MOST_ERRORS};
use super::prepared::Prepared;
use super::revision::{Revision, WORKING_BYTES};
use super::{Api, ApiError, BUSY, BUSY_MESSAGE, document, memory_size};
use crate::budget::{Budget, Clock, Stop};
use crate::exec::{self, Matchers, Outcome, PublicSchema, RunOptions};
use crate::forms::{self, EntityIris, Form, FormError};
use crate::graph::{EntitySet, Hidden, Snapshot, View};
use crate::memory::Allowance;
use crate::ontology::Ontology;
use crate::plan::{Bound, CompileLimits, Lines, Names, Plan, Table, Unbound};
use crate::report;
use crate::search::Background;

/// How long a run may take on a thread that serves others too.
const SHORT_TIME: Duration = Duration::from_millis(1);
/// Limit on the rows that it may visit there.
const SHORT_ROWS: u64 = 50_000;
/// Limit on the bytes that it may write there.
const SHORT_BYTES: usize = 1 << 20;

/// A run on a shared thread is abandoned after this time.
const LONGEST_SHORT_TIME: Duration = Duration::from_millis(3);

/// Bytes of variables that are allowed however few an answer may have.
const LEAST_VARIABLES: usize = 256 << 10;

/// Limit on the growth of the process by one request, besides the working memory per entity. With a higher
/// `--max-bytes`, the limit is twice that.
const GROWTH: usize = 64 << 20;

/// A request, as text.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The document.
    pub query: &'a str,
    /// Which of its operations.
    pub operation_name: Option<&'a str>,
    /// The values of its variables, as JSON: an object or nothing.
    pub variables: Option<&'a RawValue>,
}

/// A graph that can be asked: a revision of the data, and what depends on the schema alone and may be older.
#[derive(Debug)]
pub struct Engine {
    schema: Arc<Schema>,
    revision: Revision,
    hidden: Option<Hidden>,
    limits: Limits,
    iris: EntityIris,
}

/// How much was compiled since the process began, reloads included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompiledCounts {
    /// Public schemas that were generated.
    pub apis: u64,
    /// Documents that were parsed and validated.
    pub documents: u64,
    /// Plans that were compiled.
    pub plans: u64,
}

/// Bytes that the caches of an engine hold.
#[derive(Debug, Clone, Copy)]
pub struct CacheWeights {
    /// Documents and plans by their text.
    pub documents: u64,
    /// Requests by the bytes of their bodies. Parts of them are also counted in `documents`.
    pub bodies: u64,
    /// Compressed answers to introspection.
    pub introspection: u64,
}

/// The bound arguments of a request, and what their filters test with.
struct Ready<'p> {
    calls: Cow<'p, [Bound]>,
    /// For the constants of the plan.
    constant: &'p Matchers,
    /// For both, where variables add to them.
    own: Option<Box<Matchers>>,
    /// Bytes that all of these take, in addition to the plan.
    bytes: usize,
}

impl Ready<'_> {
    fn matchers(&self) -> &Matchers {
        self.own.as_deref().unwrap_or(self.constant)
    }
}

/// Why a request cannot run.
enum PrepareError {
    Refused(GraphqlError),
    Stop(Stop),
}

impl From<Unbound> for PrepareError {
    fn from(error: Unbound) -> Self {
        match error {
            Unbound::Input(error) => Self::Refused(error.into()),
            Unbound::Stop(stop) => Self::Stop(stop),
        }
    }
}

impl Engine {
    /// Makes the API of a snapshot.
    ///
    /// # Errors
    /// When the schema cannot be made.
    pub fn new(snapshot: Arc<Snapshot>, limits: Limits) -> Result<Self, ApiError> {
        let api = Api::new(snapshot.ontology())?;
        Ok(Self::of(snapshot, api, limits))
    }

    /// A snapshot with the API of its ontology.
    pub fn of(snapshot: Arc<Snapshot>, api: Api, limits: Limits) -> Self {
        Self {
            schema: Arc::new(Schema::new(snapshot.ontology(), api)),
            revision: Revision::new(snapshot),
            hidden: None,
            limits,
            iris: EntityIris::default(),
        }
    }

    /// The API of an ontology: this engine's if the ontology has the same content, else a new one within some memory.
    ///
    /// # Errors
    /// As [`Api::within`].
    pub fn api_of(&self, ontology: &Ontology, memory: &Allowance) -> Result<Arc<Api>, ApiError> {
        self.schema.api_of(ontology, memory)
    }

    /// An engine for another snapshot, with the API of its ontology. If the ontology has the same content as this engine's,
    /// the documents and plans are kept.
    #[must_use]
    pub fn succeeded_by(&self, snapshot: Arc<Snapshot>, api: Arc<Api>) -> Self {
        Self {
            schema: self.schema.of(snapshot.ontology(), api),
            revision: Revision::new(snapshot),
            hidden: None,
            limits: self.limits,
            iris: self.iris.clone(),
        }
    }

    /// The same engine, with other IRIs of entities.
    #[must_use]
    pub fn with_iris(self, iris: EntityIris) -> Self {
        Self { iris, ..self }
    }

    /// The IRIs of entities.
    pub fn iris(&self) -> &EntityIris {
        &self.iris
    }

    /// The sizes of the caches.
    pub fn cache_weights(&self) -> CacheWeights {
        CacheWeights {
            documents: self.schema.documents.bytes(),
            bodies: self.schema.bodies.bytes(),
            introspection: self.schema.packed.bytes(),
        }
    }

    /// Numbers of compilations so far.
    pub fn compiled(&self) -> CompiledCounts {
        let counters = &self.schema.counters;
        CompiledCounts {
            apis: counters.apis.load(Ordering::Relaxed),
            documents: counters.documents.load(Ordering::Relaxed),
            plans: counters.plans.load(Ordering::Relaxed),
        }
    }

    /// The API's schema.
    pub fn api(&self) -> &Api {
        &self.schema.api
    }

    /// The API's schema as SDL, compressed. The first call takes time linear in its length.
    pub fn sdl(&self, encoding: Encoding) -> &[u8] {
        self.schema.sdl(encoding)
    }

    /// Whether introspection is allowed.
    pub fn tells_schema(&self) -> bool {
        self.limits.introspection
    }

    /// The same graph without some entities, as a reader sees it from whom they are hidden.
    #[doc(hidden)]
    #[must_use]
    pub fn hiding(self, entities: EntitySet) -> Self {
        let hidden = Some(Hidden::of(self.snapshot(), entities));
        Self { hidden, ..self }
    }

    /// The view of the graph for readers.
    #[inline]
    pub(super) fn view(&self) -> View<'_> {
        self.snapshot().view().hiding(self.hidden.as_ref())
    }

    /// The graph.
    pub fn snapshot(&self) -> &Snapshot {
        &self.revision.snapshot
    }

    /// The text index, which is built in the background. A search before it is complete waits for it.
    pub fn index(&self) -> Arc<Background> {
        self.revision.search.clone()
    }

    /// Answers a request.
    pub fn execute(&self, request: Request) -> Answer {
        self.execute_as(None, request)
    }

    /// The plan of a request as text, before its variables are bound.
    ///
    /// # Errors
    /// With the answer, where the request is refused before it runs.
    pub fn plan(&self, request: Request) -> Result<String, Answer> {
        let prepared = self.prepare_within(request, None)?;
        Ok(prepared.planned.plan.describe(self.snapshot().ontology()))
    }

    /// Answers a request in a form; without one, in JSON.
    pub fn execute_as(&self, form: Option<Form>, request: Request) -> Answer {
        match self.prepare_within(request, None) {
            Ok(prepared) => self.answer_as(form, &prepared, None),
            Err(answer) => answer,
        }
    }

    /// Runs a request and answers it in a form; without one, in JSON.
    pub(super) fn answer_as(
        &self,
        form: Option<Form>,
        prepared: &Prepared,
        ticket: Option<&RunPermit>,
    ) -> Answer {
        match form {
            None => {
                let run = self.run(prepared, ticket);
                run.unwrap_or_else(|stop| self.given_up(stop))
            }
            Some(form) => match self.render(prepared, form, ticket) {
                Ok(body) => Answer::rendered(body),
                Err(answer) => answer,
            },
        }
    }

    /// Ends a request whose time is over.
    pub(super) fn check_time(&self, ticket: &RunPermit) -> Result<(), Stop> {
        ticket.clock(self.limits.time).check()
    }

    /// Bytes that a request may make the process grow by, beside the working memory for each entity.
    pub(super) fn growth(&self) -> usize {
        GROWTH.max(2 * self.limits.bytes)
    }

    /// Whether an operation of a document is a mutation. Takes time linear in the document.
    pub(super) fn is_mutation(&self, document: &str, operation_name: Option<&str>) -> bool {
        document::is_mutation(document, operation_name, self.limits.tokens)
    }

    /// The time that a request may take.
    #[cfg(feature = "probes")]
    pub(super) fn time(&self) -> Duration {
        self.limits.time
    }

    /// Whether messages may name what the schema has.
    fn names(&self) -> Names {
        if self.limits.introspection {
            Names::Told
        } else {
            Names::Hidden
        }
    }

    /// Whether a document was prepared before.
    pub(super) fn knows(&self, document: &str, operation_name: Option<&str>) -> bool {
        self.schema.documents.has(document, operation_name)
    }

    /// Finds or makes the plan of a request and coerces its variables; an answer if something is wrong.
    pub(super) fn prepare_within(
        &self,
        request: Request,
        ticket: Option<&RunPermit>,
    ) -> Result<Prepared, Answer> {
        let check = || match ticket.map(|it| it.clock(self.limits.time).check()) {
            Some(Err(stop)) => Err(self.given_up(stop)),
            _ => Ok(()),
        };
        check()?;
        let names = self.names();
        let schema = &*self.schema;
        let (document, is_new) = schema
            .documents
            .get(&schema.api, &self.limits, request.query, request.operation_name)
            .map_err(|errors| Answer::refused(&errors))?;
        if is_new {
            schema.counters.documents.fetch_add(1, Ordering::Relaxed);
        }
        check()?;
        let refused = |error: GraphqlError| Answer::refused(&[error]);
        let own = OnceLock::new();
        let clock = ticket.map_or_else(|| clock(&own, &self.limits), |it| it.clock(self.limits.time));
        let has_variables = !document.operation().variables.is_empty();
        let given = request.variables.filter(|_| has_variables);
        let bytes = given.map_or(0, |it| memory_size::json(it.get()));
        let values = if has_variables {
            self.check_variables(bytes).map_err(refused)?;
            if let Some(ticket) = ticket
                && !ticket.memory.grow(bytes)
            {
                return Err(self.given_up(Stop::Busy));
            }
            let given = given.map(variables);
            let given = given.transpose().map_err(refused)?.unwrap_or_default();
            let public = (&*schema.api.schema, names);
            let coerced = coerce::variables(public, document.operation(), given, &clock, MOST_ERRORS);
            match coerced.map_err(|stop| self.given_up(stop))? {
                Ok(variables) => Arc::new(variables),
                Err(mismatches) => {
                    let lines = Lines::of(request.query);
                    let located = |it: coerce::Mismatch| {
                        let location = it.offset.map(|offset| lines.location(offset));
                        let error = GraphqlError::request("BAD_USER_INPUT", it.message);
                        error.located(location.unwrap_or_default())
                    };
                    let errors: Vec<GraphqlError> = mismatches.into_iter().map(located).collect();
                    return Err(Answer::refused(&errors));
                }
            }
        } else {
            schema.no_values.clone()
        };
        check()?;
        document
            .check_conditions(request.query, &values)
            .map_err(refused)?;
        let (planned, is_new) = document
            .plan(&schema.api, self.snapshot().ontology(), &values, names, clock)
            .map_err(|error| match error {
                Unbound::Input(error) => refused(error.into()),
                Unbound::Stop(stop) => self.given_up(stop),
            })?;
        if is_new {
            schema.counters.plans.fetch_add(1, Ordering::Relaxed);
            schema
                .documents
                .keep(request.query, request.operation_name, &document);
        }
        check()?;
        Ok(Prepared {
            document,
            planned,
            values,
            variables: bytes,
            is_paged: true,
        })
    }

    /// The prepared form of an earlier body with the same bytes.
    pub(super) fn kept(&self, body: &[u8]) -> Option<Arc<Prepared>> {
        self.schema.bodies.get(body)
    }

    /// Keeps what a body was prepared to, unless it has variables: then the same bytes hardly come again.
    pub(super) fn keep(&self, body: &[u8], prepared: &Arc<Prepared>) {
        if !prepared.has_variables() {
            self.schema.bodies.insert(body, prepared);
        }
    }

    /// The answer to a request for the schema alone, where it was compressed before.
    pub(super) fn packed(&self, prepared: &Prepared, encoding: Encoding) -> Option<Answer> {
        if !prepared.is_constant() {
            return None;
        }
        let body = self.schema.packed.get(&prepared.planned, encoding)?;
        Some(Answer::packed(body.to_vec(), encoding))
    }

    /// Keeps a compressed answer, if it is to a request for the schema alone.
    pub(super) fn keep_packed(&self, prepared: &Prepared, encoding: Encoding, answer: &Answer) {
        if prepared.is_constant() && answer.is_executed() && !answer.has_errors() {
            self.schema
                .packed
                .insert(&prepared.planned, encoding, &answer.body);
        }
    }

    /// Runs a request that is expected to be short. Returns `None` if it takes longer, or if its cost is not known.
    pub(super) fn run_short(&self, prepared: &Prepared) -> Option<Answer> {
        let planned = &prepared.planned;
        if !planned.is_short() && !planned.is_unseen() {
            return None;
        }
        let limits = Limits {
            rows: SHORT_ROWS.min(self.limits.rows),
            bytes: SHORT_BYTES.min(self.limits.bytes),
            time: LONGEST_SHORT_TIME.min(self.limits.time),
            ..self.limits
        };
        let own = OnceLock::new();
        let clock = clock(&own, &limits);
        let answer = match self.bind(prepared, &clock, SHORT_MATCHER_BYTES) {
            // The cost of a plan that never ran is known only if it is counted in rows and bytes.
            Ok(bound) if planned.is_unseen() && !Plan::is_counted(&bound.calls) => None,
            Ok(bound) => self.run_bound(prepared, &bound, clock, &limits, None).ok(),
            Err(PrepareError::Refused(error)) => Some(Answer::refused(&[error])),
            Err(PrepareError::Stop(_)) => None,
        };
        if answer.is_none() {
            planned.note_long();
        }
        answer
    }

    /// Runs a request.
    fn run(&self, prepared: &Prepared, ticket: Option<&RunPermit>) -> Result<Answer, Stop> {
        let (own, limits) = (OnceLock::new(), &self.limits);
        let clock = ticket.map_or_else(|| clock(&own, limits), |it| it.clock(limits.time));
        match self.bind(prepared, &clock, MATCHER_BYTES) {
            Ok(bound) => self.run_bound(prepared, &bound, clock, limits, ticket),
            Err(PrepareError::Refused(error)) => Ok(Answer::refused(&[error])),
            Err(PrepareError::Stop(stop)) => Err(stop),
        }
    }

    #[inline]
    fn run_bound<'a>(
        &'a self,
        prepared: &'a Prepared,
        bound: &'a Ready<'a>,
        clock: Clock<'a>,
        limits: &Limits,
        ticket: Option<&'a RunPermit>,
    ) -> Result<Answer, Stop> {
        let outcome = self.outcome(prepared, bound, clock, limits, ticket, (false, false))?;
        if outcome.errors.is_empty() {
            return Ok(Answer::with_data(outcome.begun, &[]));
        }
        let errors: Vec<GraphqlError> = outcome.errors.into_iter().map(Into::into).collect();
        Ok(Answer::with_data(outcome.begun, &errors))
    }

    /// Runs a request and writes its answer in another form, which has no place for errors: where there is one,
    /// the answer says so in JSON.
    fn render(&self, prepared: &Prepared, form: Form, ticket: Option<&RunPermit>) -> Result<Vec<u8>, Answer> {
        let refused = |message: String| {
            let error = GraphqlError::request("BAD_USER_INPUT", message);
            Answer::refused(&[error])
        };
        let table = if form == Form::Csv {
            let (document, operation) = (prepared.document.document(), prepared.document.operation());
            let table = Table::of(document, operation, &prepared.values);
            Some(table.map_err(|it| refused(it.to_string()))?)
        } else {
            None
        };
        let (own, limits) = (OnceLock::new(), &self.limits);
        let clock = ticket.map_or_else(|| clock(&own, limits), |it| it.clock(limits.time));
        let bound = self
            .bind(prepared, &clock, MATCHER_BYTES)
            .map_err(|it| match it {
                PrepareError::Refused(error) => Answer::refused(&[error]),
                PrepareError::Stop(stop) => self.given_up(stop),
            })?;
        let outcome = self
            .outcome(prepared, &bound, clock, limits, ticket, (table.is_none(), true))
            .map_err(|stop| self.given_up(stop))?;
        if !outcome.errors.is_empty() {
            let errors: Vec<GraphqlError> = outcome.errors.into_iter().map(Into::into).collect();
            let mut begun = outcome.begun;
            begun.truncate(outcome.end);
            return Err(Answer::with_data(begun, &errors));
        }
        let budget = outcome.budget;
        let written = match table {
            Some(table) => forms::table(&table, outcome.data(), budget),
            None => {
                // The answer itself only said what is to be shown.
                drop(outcome.begun);
                let subgraph = outcome.subgraph.unwrap_or_default();
                forms::write(form, self.view(), &subgraph, &self.iris, budget, outcome.held)
            }
        };
        written.map_err(|it| match it {
            FormError::Refused(message) => refused(message),
            FormError::Stop(stop) => self.given_up(stop),
        })
    }

    /// Binds a request's arguments and checks them against the limits; its compiled filters may take at most `most`
    /// bytes.
    fn bind<'p>(
        &self,
        prepared: &'p Prepared,
        clock: &Clock,
        most: usize,
    ) -> Result<Ready<'p>, PrepareError> {
        let planned = &prepared.planned;
        let plan = &planned.plan;
        // Most plans have nothing to bind and were held against the limits by an earlier run.
        if let (Some(calls), Some(constant)) = (plan.ready(), planned.made_matchers())
            && planned.within_limits.is(self.revision.no)
            && constant.is_empty()
        {
            return Ok(Ready {
                constant,
                own: None,
                calls: Cow::Borrowed(calls),
                bytes: 0,
            });
        }
        let effort = CompileLimits {
            clock: *clock,
            bytes: WORKING_BYTES,
        };
        let arguments = plan.bind(self.snapshot().ontology(), &prepared.values, effort)?;
        if !planned.within_limits.is(self.revision.no) {
            self.check_introspection(plan).map_err(PrepareError::Refused)?;
            if prepared.is_paged {
                self.check(plan, &arguments.calls)
                    .map_err(PrepareError::Refused)?;
            }
            // A revision never changes, so what costs the same each time need not be estimated again.
            if !plan.uses_variables() {
                planned.within_limits.note(self.revision.no);
            }
        }
        let mut ready = Ready {
            constant: planned.matchers(clock, most).map_err(PrepareError::Stop)?,
            own: None,
            calls: arguments.calls,
            bytes: arguments.bytes,
        };
        if let Some(patterns) = &arguments.patterns {
            let own = Matchers::prepare(patterns, ready.constant, clock, most);
            let own = own.map_err(PrepareError::Stop)?;
            ready.bytes += own.bytes().saturating_sub(ready.constant.bytes());
            ready.own = Some(Box::new(own));
        }
        ready.bytes += ready.matchers().written();
        if let Some(calls) = ready.matchers().refuse(&ready.calls) {
            ready.calls = Cow::Owned(calls);
        }
        Ok(ready)
    }

    /// Runs a plan.
    #[inline]
    fn outcome<'a>(
        &'a self,
        prepared: &'a Prepared,
        bound: &'a Ready<'a>,
        clock: Clock<'a>,
        limits: &Limits,
        ticket: Option<&'a RunPermit>,
        (subgraph, plain_ids): (bool, bool),
    ) -> Result<Outcome<'a>, Stop> {
        if !Plan::is_counted(&bound.calls) {
            clock.started.get_or_init(Instant::now);
        }
        let base = bound.bytes + ticket.map_or(0, RunPermit::base);
        let growth = self.growth();
        let budget = Budget {
            bytes: limits.bytes.min(growth.saturating_sub(base)),
            working: self.revision.working.saturating_sub(bound.bytes),
            rows: limits.rows,
            memory: ticket.map(|it| &it.memory),
            base,
            clock,
        };
        let wanted = RunOptions {
            capacity: prepared.planned.expected.load(Ordering::Relaxed) + 256,
            subgraph,
            plain_ids,
            ahead: self.revision.is_large,
        };
        let public = PublicSchema {
            schema: &self.schema.api.schema,
            implementers: &self.schema.api.implementers,
            variables: &prepared.values,
        };
        let plan = &prepared.planned.plan;
        let arguments = exec::Arguments {
            calls: &bound.calls,
            matchers: bound.matchers(),
        };
        let outcome = exec::run(
            plan,
            self.view(),
            &self.revision.search,
            arguments,
            budget,
            public,
            wanted,
        )?;
        let length = outcome.begun.len();
        let is_short = length <= SHORT_BYTES
            && outcome.rows <= SHORT_ROWS
            && clock.started.get().is_none_or(|it| it.elapsed() < SHORT_TIME);
        prepared.planned.note(length, is_short);
        Ok(outcome)
    }

    /// Checks the limits that depend on the variables, before anything runs.
    fn check(&self, plan: &Plan, bound: &[Bound]) -> Result<(), GraphqlError> {
        let page = Plan::largest_page(bound);
        if page > self.limits.page {
            let message = format!(
                "a page of {page} entries is asked for, and {} are allowed: ask for pages",
                self.limits.page
            );
            return Err(GraphqlError::request("PAGE_LIMIT", message));
        }
        let cost = plan.cost(bound, &|domain| self.view().domain_len(domain) as u64);
        if cost > self.limits.cost {
            let message = format!(
                "the answer could have {cost} entries, and {} are allowed: ask for smaller pages or fewer levels",
                self.limits.cost
            );
            return Err(GraphqlError::request("COST_LIMIT", message));
        }
        Ok(())
    }

    /// The answer of a request that was given up.
    pub(super) fn given_up(&self, stop: Stop) -> Answer {
        Answer::given_up(&self.stopped(stop))
    }

    /// The error of a request that was given up.
    fn stopped(&self, stop: Stop) -> GraphqlError {
        match stop {
            Stop::Rows => {
                let message = format!(
                    "more than {} entities and edges would be visited, which is the limit: ask for less, or page",
                    self.limits.rows
                );
                GraphqlError::request("ROW_LIMIT", message)
            }
            Stop::Bytes => {
                let message = format!(
                    "the answer is longer than {} bytes, or takes more than {} bytes of working memory, which are the limits: ask for less, or page",
                    self.limits.bytes, self.revision.working
                );
                GraphqlError::request("BYTE_LIMIT", message)
            }
            Stop::Busy => GraphqlError::request(BUSY, BUSY_MESSAGE),
            Stop::Cancelled => GraphqlError::request("TIMEOUT", "the client has gone"),
            Stop::Timeout => {
                let message = format!(
                    "the answer took longer than {} s, which is the limit: ask for less, or page",
                    self.limits.time.as_secs_f64()
                );
                GraphqlError::request("TIMEOUT", message)
            }
        }
    }

    /// Refuses variables that take more bytes than an answer may have.
    fn check_variables(&self, bytes: usize) -> Result<(), GraphqlError> {
        let most = self.limits.bytes.max(LEAST_VARIABLES);
        if bytes <= most {
            return Ok(());
        }
        let message = format!(
            "the variables take up to {bytes} bytes of memory, and {most} are allowed: send them in several requests"
        );
        Err(GraphqlError::request("BYTE_LIMIT", message))
    }

    /// Refuses an operation that asks about a schema that is not published.
    fn check_introspection(&self, plan: &Plan) -> Result<(), GraphqlError> {
        if self.limits.introspection || !plan.asks_for_schema() {
            return Ok(());
        }
        let message = "this server does not publish its schema: `__schema`, `__type`, and the `types` and `relations` of `graph` are not answered";
        Err(GraphqlError::request("INTROSPECTION_DISABLED", message))
    }
}

fn clock<'a>(started: &'a OnceLock<Instant>, limits: &Limits) -> Clock<'a> {
    Clock {
        started,
        time: limits.time,
        cancelled: None,
    }
}

/// The variables of a request: an object, or null.
fn variables(raw: &RawValue) -> Result<Map<String, Value>, GraphqlError> {
    let text = raw.get();
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(variables)) => Ok(variables),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => {
            let shown = report::shown(text);
            Err(GraphqlError::request(
                "BAD_USER_INPUT",
                format!("`variables` is a JSON object, not {shown}"),
            ))
        }
        Err(error) => Err(GraphqlError::request(
            "BAD_USER_INPUT",
            unreadable(&error.to_string()),
        )),
    }
}

/// Describes the error in variables that are not valid JSON, in the words of the parser.
fn unreadable(error: &str) -> String {
    let place = error.find(" at line ").map_or("", |at| &error[at..]);
    let what = if error.starts_with("number out of range") {
        "has a number that is too large, such as 1e400: numbers go to about 1.8e308; a scalar that takes more takes it as a string"
    } else if error.starts_with("recursion limit exceeded") {
        "is nested too deeply: 127 levels are allowed"
    } else if error.contains("surrogate") || error.starts_with("unexpected end of hex escape") {
        "has half of a surrogate pair, such as \\ud83d alone: text is Unicode, send whole characters"
    } else {
        return format!("`variables` is not JSON: {error}");
    };
    format!("`variables` {what}{place}")
}
