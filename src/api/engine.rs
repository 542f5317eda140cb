//! From a request to an answer.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use apollo_compiler::request::coerce_variable_values;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::validation::Valid;
use serde_json::value::RawValue;

use super::answer::{Answer, GraphqlError};
use super::bodies::Bodies;
use super::documents::{Document, Documents, Planned};
use super::limits::Limits;
use super::{Api, ApiError};
use crate::budget::{Budget, Clock, Stop};
use crate::exec::{self, Outcome, Wanted};
use crate::forms::{self, Form};
use crate::graph::Snapshot;
use crate::plan::{Bound, Plan, RootField, Table, Unbound, Variables};
use crate::search::Background;

/// How long a run may take on a thread that serves others too.
const SHORT_TIME: Duration = Duration::from_millis(1);
/// What it may look at there: about so much work.
const SHORT_ROWS: u64 = 50_000;
/// What it may write there.
const SHORT_BYTES: usize = 1 << 20;

/// A graph of so many bytes is in the processor's caches, where fetching it from memory beforehand only costs. Tests go that
/// way with small ones.
const CACHES: usize = if cfg!(debug_assertions) { 0 } else { 64 << 20 };

/// What a request asks.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The document.
    pub query: &'a str,
    /// Which of its operations.
    pub operation_name: Option<&'a str>,
    /// The values of its variables, as JSON: an object or nothing.
    pub variables: Option<&'a RawValue>,
}

/// A graph that can be asked: a snapshot, its API and the plans made so far.
#[derive(Debug)]
pub struct Engine {
    api: Api,
    snapshot: Arc<Snapshot>,
    search: Arc<Background>,
    documents: Documents,
    bodies: Bodies,
    limits: Limits,
    /// Whether the graph is larger than the processor's caches.
    is_large: bool,
    /// What requests without variables have in common.
    no_values: Arc<Values>,
}

/// The values of a request's variables.
#[derive(Debug)]
struct Values {
    /// As introspection wants them.
    coerced: Valid<JsonMap>,
    /// As plans do.
    plain: Variables,
}

impl Values {
    fn of(coerced: Valid<JsonMap>) -> Arc<Self> {
        let values = coerced.iter();
        let plain = values.map(|(name, value)| (name.as_str().to_owned(), json(value)));
        Arc::new(Self {
            plain: plain.collect(),
            coerced,
        })
    }
}

/// A request that is ready to run.
#[derive(Debug, Clone)]
pub struct Prepared {
    document: Arc<Document>,
    planned: Arc<Planned>,
    values: Arc<Values>,
    cancelled: Option<Arc<AtomicBool>>,
}

/// Whoever waits for an answer: when this is dropped, its run ends.
#[derive(Debug)]
pub struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Why a request cannot run.
enum Unready {
    Refused(GraphqlError),
    Stop(Stop),
}

impl From<Unbound> for Unready {
    fn from(error: Unbound) -> Self {
        match error {
            Unbound::Input(error) => Self::Refused(error.into()),
            Unbound::Stop(stop) => Self::Stop(stop),
        }
    }
}

impl Prepared {
    /// Makes the run end when what is given back is dropped.
    pub fn while_waiting(&mut self) -> Waiting {
        let cancelled = Arc::new(AtomicBool::new(false));
        self.cancelled = Some(cancelled.clone());
        Waiting(cancelled)
    }

    /// Whether the last runs of this plan took so little that it may run on a thread that serves others too.
    pub fn is_short(&self) -> bool {
        self.planned.is_short()
    }
}

impl Engine {
    /// Makes the API of a snapshot.
    ///
    /// # Errors
    /// When the schema cannot be made.
    pub fn new(snapshot: Arc<Snapshot>, limits: Limits) -> Result<Self, ApiError> {
        Ok(Self {
            api: Api::new(snapshot.ontology())?,
            search: Arc::new(Background::new(snapshot.clone())),
            is_large: snapshot.memory().total() > CACHES,
            snapshot,
            documents: Documents::default(),
            bodies: Bodies::default(),
            limits,
            no_values: Values::of(Valid::assume_valid(JsonMap::new())),
        })
    }

    /// The API's schema.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Whether it tells its schema.
    pub fn tells_schema(&self) -> bool {
        self.limits.introspection
    }

    /// The graph.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The text index, to be made in the background; whoever searches before it is there waits for it.
    pub fn index(&self) -> Arc<Background> {
        self.search.clone()
    }

    /// Answers a request.
    pub fn execute(&self, request: Request) -> Answer {
        self.execute_as(None, request)
    }

    /// Answers a request in a form; without one, in JSON.
    pub fn execute_as(&self, form: Option<Form>, request: Request) -> Answer {
        match self.prepare(request) {
            Ok(prepared) => self.answer_as(form, &prepared),
            Err(answer) => answer,
        }
    }

    /// Runs a request and answers it in a form; without one, in JSON.
    pub fn answer_as(&self, form: Option<Form>, prepared: &Prepared) -> Answer {
        match form {
            None => self.run(prepared),
            Some(form) => match self.render(prepared, form) {
                Ok(body) => Answer::rendered(body),
                Err(answer) => answer,
            },
        }
    }

    /// Finds or makes the plan of a request and coerces its variables; an answer if something is wrong.
    pub fn prepare(&self, request: Request) -> Result<Prepared, Answer> {
        let document = self
            .documents
            .get(&self.api, &self.limits, request.query, request.operation_name)
            .map_err(|errors| Answer::refused(&errors))?;
        let refused = |error: GraphqlError| Answer::refused(&[error]);
        let given = request.variables.map(variables).transpose().map_err(refused)?;
        let values = if document.operation().variables.is_empty() {
            self.no_values.clone()
        } else {
            let given = given.unwrap_or_default();
            let coerced =
                coerce_variable_values(&self.api.schema, document.operation(), &given).map_err(|error| {
                    let located = error.to_graphql_error(&document.document().sources);
                    let mut error = GraphqlError::request("BAD_USER_INPUT", located.message);
                    for location in &located.locations {
                        error = error.located((location.line as u32, location.column as u32));
                    }
                    refused(error)
                })?;
            Values::of(coerced)
        };
        let planned = document
            .plan(&self.api, self.snapshot.ontology(), &values.plain)
            .map_err(|error| refused(error.into()))?;
        Ok(Prepared {
            document,
            planned,
            values,
            cancelled: None,
        })
    }

    /// What a body of the same bytes was prepared to before.
    pub(super) fn kept(&self, body: &[u8]) -> Option<Arc<Prepared>> {
        self.bodies.get(body)
    }

    /// Keeps what a body was prepared to, unless it has variables: then the same bytes hardly come again.
    pub(super) fn keep(&self, body: &[u8], prepared: &Arc<Prepared>) {
        if prepared.document.operation().variables.is_empty() {
            self.bodies.insert(body, prepared);
        }
    }

    /// Runs a request.
    fn run(&self, prepared: &Prepared) -> Answer {
        let run = self.run_within(prepared, &self.limits);
        run.unwrap_or_else(|stop| Answer::given_up(&self.stopped(stop)))
    }

    /// Runs a request that took little the last time; nothing where it takes more now, as other variables may
    /// make it.
    pub(super) fn run_short(&self, prepared: &Prepared) -> Option<Answer> {
        let limits = Limits {
            rows: SHORT_ROWS.min(self.limits.rows),
            bytes: SHORT_BYTES.min(self.limits.bytes),
            ..self.limits
        };
        let answer = self.run_within(prepared, &limits).ok();
        if answer.is_none() {
            prepared.planned.note_long();
        }
        answer
    }

    #[inline]
    fn run_within(&self, prepared: &Prepared, limits: &Limits) -> Result<Answer, Stop> {
        let started = OnceLock::new();
        let clock = self.clock(prepared, &started);
        let bound = match self.bind(prepared, &clock) {
            Ok(bound) => bound,
            Err(Unready::Refused(error)) => return Ok(Answer::refused(&[error])),
            Err(Unready::Stop(stop)) => return Err(stop),
        };
        let introspected = match self.introspect(prepared) {
            Ok(introspected) => introspected,
            Err(error) => return Ok(Answer::refused(&[error])),
        };
        let outcome = self.outcome(prepared, &bound, clock, &introspected, limits, false)?;
        let errors: Vec<GraphqlError> = outcome.errors.into_iter().map(Into::into).collect();
        Ok(Answer::with_data(
            outcome.begun,
            &errors,
            outcome.extensions.as_ref(),
        ))
    }

    /// Runs a request and writes its answer in another form, which has no place for errors: where there is one,
    /// the answer says so in JSON.
    fn render(&self, prepared: &Prepared, form: Form) -> Result<Vec<u8>, Answer> {
        let refused = |message: String| {
            let error = GraphqlError::request("BAD_USER_INPUT", message);
            Answer::refused(&[error])
        };
        let table = if form == Form::Csv {
            let (document, operation) = (prepared.document.document(), prepared.document.operation());
            let table = Table::of(document, operation, &prepared.values.plain);
            Some(table.map_err(|it| refused(it.to_string()))?)
        } else {
            None
        };
        let (started, limits) = (OnceLock::new(), &self.limits);
        let clock = self.clock(prepared, &started);
        let bound = self.bind(prepared, &clock).map_err(|it| match it {
            Unready::Refused(error) => Answer::refused(&[error]),
            Unready::Stop(stop) => Answer::given_up(&self.stopped(stop)),
        })?;
        let introspected = self
            .introspect(prepared)
            .map_err(|error| Answer::refused(&[error]))?;
        let outcome = self
            .outcome(prepared, &bound, clock, &introspected, limits, table.is_none())
            .map_err(|stop| Answer::given_up(&self.stopped(stop)))?;
        if !outcome.errors.is_empty() {
            let errors: Vec<GraphqlError> = outcome.errors.into_iter().map(Into::into).collect();
            return Err(Answer::with_data(outcome.begun, &errors, None));
        }
        let written = match table {
            Some(table) => forms::table(&table, outcome.data()),
            None => forms::write(form, &self.snapshot, &outcome.subgraph.unwrap_or_default()),
        };
        written.map_err(refused)
    }

    /// Binds a request's arguments and holds them against the limits.
    fn bind<'p>(&self, prepared: &'p Prepared, clock: &Clock) -> Result<Cow<'p, [Bound]>, Unready> {
        let plan = &prepared.planned.plan;
        let bound = plan.bind(self.snapshot.ontology(), &prepared.values.plain, clock)?;
        let within_limits = &prepared.planned.within_limits;
        if !within_limits.load(Ordering::Relaxed) {
            self.check(plan, &bound).map_err(Unready::Refused)?;
            // The graph of an engine never changes, so what costs the same each time need not be estimated again.
            within_limits.store(!plan.uses_variables(), Ordering::Relaxed);
        }
        Ok(bound)
    }

    fn clock<'a>(&self, prepared: &'a Prepared, started: &'a OnceLock<Instant>) -> Clock<'a> {
        Clock {
            started,
            time: self.limits.time,
            cancelled: prepared.cancelled.as_deref(),
        }
    }

    /// Runs a plan.
    #[inline]
    fn outcome<'a>(
        &'a self,
        prepared: &'a Prepared,
        bound: &'a [Bound],
        clock: Clock<'a>,
        introspected: &[(String, Box<RawValue>)],
        limits: &Limits,
        subgraph: bool,
    ) -> Result<Outcome<'a>, Stop> {
        if !Plan::is_counted(bound) {
            clock.started.get_or_init(Instant::now);
        }
        let budget = Budget {
            bytes: limits.bytes,
            working: usize::MAX,
            rows: limits.rows,
            memory: None,
            clock,
        };
        let wanted = Wanted {
            capacity: prepared.planned.longest.load(Ordering::Relaxed) + 256,
            subgraph,
            ahead: self.is_large,
        };
        let get = |key: &str| {
            let found = introspected.iter().find(|it| it.0 == key);
            found.map(|it| it.1.clone())
        };
        let plan = &prepared.planned.plan;
        let outcome = exec::run(plan, &self.snapshot, &self.search, bound, budget, &get, wanted)?;
        let length = outcome.begun.len();
        let is_short = length <= SHORT_BYTES
            && outcome.rows <= SHORT_ROWS
            && clock.started.get().is_none_or(|it| it.elapsed() < SHORT_TIME);
        prepared.planned.note(length, is_short);
        Ok(outcome)
    }

    /// What is over a limit now that the variables are known, before anything runs.
    fn check(&self, plan: &Plan, bound: &[Bound]) -> Result<(), GraphqlError> {
        let page = Plan::largest_page(bound);
        if page > self.limits.page {
            let message = format!(
                "a page of {page} entries is asked for, and {} are allowed: ask for pages",
                self.limits.page
            );
            return Err(GraphqlError::request("PAGE_LIMIT", message));
        }
        let cost = plan.cost(bound, &|domain| self.snapshot.domain_len(domain) as u64);
        if cost > self.limits.cost {
            let message = format!(
                "the answer could have {cost} entries, and {} are allowed: ask for smaller pages or fewer levels",
                self.limits.cost
            );
            return Err(GraphqlError::request("COST_LIMIT", message));
        }
        Ok(())
    }

    /// The error of a run that was given up.
    fn stopped(&self, stop: Stop) -> GraphqlError {
        match stop {
            Stop::Rows => {
                let message = format!(
                    "more than {} entities and edges would be looked at, which is the limit: ask for less, or page",
                    self.limits.rows
                );
                GraphqlError::request("ROW_LIMIT", message)
            }
            Stop::Bytes => {
                let message = format!(
                    "the answer is longer than {} bytes, which is the limit: ask for less, or page",
                    self.limits.bytes
                );
                GraphqlError::request("BYTE_LIMIT", message)
            }
            Stop::Busy => GraphqlError::request("BUSY", "the server is busy: try again in a second"),
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

    /// The values of the root fields that ask about the schema, by response key.
    fn introspect(&self, prepared: &Prepared) -> Result<Vec<(String, Box<RawValue>)>, GraphqlError> {
        let is_introspection = |field: &RootField| matches!(field, RootField::Introspection);
        if !prepared
            .planned
            .plan
            .root
            .iter()
            .any(|it| is_introspection(&it.field))
        {
            return Ok(Vec::new());
        }
        if !self.limits.introspection {
            let message = "this server does not tell its schema: `__schema` and `__type` are not answered";
            return Err(GraphqlError::request("INTROSPECTION_DISABLED", message));
        }
        let document = prepared.document.document();
        let operation = prepared.document.operation();
        let sources = &document.sources;
        let refuse = |error: apollo_compiler::request::RequestError| {
            GraphqlError::request("BAD_USER_INPUT", error.to_graphql_error(sources).message)
        };
        apollo_compiler::introspection::check_max_depth(document, operation).map_err(refuse)?;
        let response = apollo_compiler::introspection::partial_execute(
            &self.api.schema,
            &self.api.implementers,
            document,
            operation,
            &prepared.values.coerced,
        )
        .map_err(refuse)?;
        let data = response.data.unwrap_or_default();
        let raw = |(key, value): (&_, &JsonValue)| {
            let key: &serde_json_bytes::ByteString = key;
            let json = serde_json::to_string(value).ok()?;
            Some((key.as_str().to_owned(), RawValue::from_string(json).ok()?))
        };
        Ok(data.iter().filter_map(raw).collect())
    }
}

/// The variables of a request: an object, or null.
fn variables(raw: &RawValue) -> Result<JsonMap, GraphqlError> {
    match serde_json::from_str::<JsonValue>(raw.get()) {
        Ok(JsonValue::Object(variables)) => Ok(variables),
        Ok(JsonValue::Null) => Ok(JsonMap::new()),
        Ok(_) => {
            let shown: String = raw.get().chars().take(40).collect();
            Err(GraphqlError::request(
                "BAD_USER_INPUT",
                format!("`variables` is a JSON object, not {shown}"),
            ))
        }
        Err(error) => Err(GraphqlError::request(
            "BAD_USER_INPUT",
            format!("`variables` is not JSON: {error}"),
        )),
    }
}

fn json(value: &JsonValue) -> serde_json::Value {
    match value {
        JsonValue::Null => serde_json::Value::Null,
        JsonValue::Bool(it) => (*it).into(),
        JsonValue::Number(it) => serde_json::Value::Number(it.clone()),
        JsonValue::String(it) => it.as_str().into(),
        JsonValue::Array(items) => items.iter().map(json).collect(),
        JsonValue::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), json(value)));
            serde_json::Value::Object(fields.collect())
        }
    }
}
