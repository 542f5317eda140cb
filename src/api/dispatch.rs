//! Chooses the thread that prepares and runs a request: a thread that also serves other requests for a small one, a
//! thread of its own behind the [`Gate`] for a large one.
//!
//! A shared thread is held for at most a few milliseconds of CPU time. Requests are classified before they are parsed,
//! by the size of the document and of the variables. A known plan is classified before it runs, by what it took before.
//! A run that exceeds the limit is abandoned and restarted on a thread of its own.

use std::sync::Arc;
use std::time::Instant;

use super::answer::{Answer, GraphqlError};
use super::encoding::{Encoding, LONGEST_QUICK, SHORTEST};
use super::engine::{Engine, Request};
use super::gate::{Gate, RunPermit};
use super::persisted::Persisted;
use super::prepared::Prepared;
use super::request::{Parameters, RawRequest};
use crate::budget::{Reservation, Stop};
use crate::forms::Form;
use crate::memory::LARGE;

/// A request longer than this is read on a thread of its own.
const SHORT_REQUEST: usize = 64 << 10;
/// A new document that is longer than this is prepared on a thread of its own.
const SHORT_DOCUMENT: usize = 2 << 10;
/// Variables longer than this are read on a thread of their own.
const SHORT_VARIABLES: usize = 4 << 10;

/// The memory of shorter answers is not counted.
const SMALL_ANSWER: usize = 16 << 10;

/// The smallest page of the system.
const PAGE: usize = 4 << 10;

/// Bytes of memory that reading and preparing take at most for each byte of a request.
const MEMORY_PER_BYTE: usize = 16;

/// Answers requests: the current engine, the persisted documents, and the limits that all requests share.
#[derive(Debug, Clone)]
pub struct RequestHandler {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The persisted documents.
    pub persisted: Arc<Persisted>,
    /// The gate.
    pub gate: Arc<Gate>,
}

/// How a client wants an answer.
#[derive(Clone, Copy)]
struct AnswerOptions {
    form: Option<Form>,
    encoding: Option<Encoding>,
}

/// Outcome of a request on a shared thread.
enum SharedThreadOutcome {
    /// The request was answered or refused. If something was run, it is returned too.
    Answered(Answer, Option<Arc<Prepared>>),
    /// It is prepared, and its run is a long one.
    Prepared(Arc<Prepared>),
    /// It is too large to be prepared here.
    Large,
}

impl RequestHandler {
    /// Answers a request in a form; without one, in JSON. The run ends when the future is dropped. `held` is the memory
    /// that was reserved while the request was received.
    pub async fn answer(self, asked: RawRequest, form: Option<Form>, held: Option<Reservation>) -> Answer {
        self.answer_encoded(asked, form, None, held).await
    }

    /// As [`Self::answer`], and compresses the answer unless it is short.
    pub async fn answer_encoded(
        self,
        asked: RawRequest,
        form: Option<Form>,
        encoding: Option<Encoding>,
        held: Option<Reservation>,
    ) -> Answer {
        let wanted = AnswerOptions { form, encoding };
        let quick = match asked.body().and_then(|it| self.engine.kept(it)) {
            Some(prepared) => self.run_quickly(prepared, wanted),
            None if asked.len() <= SHORT_REQUEST => self.quickly(&asked, wanted),
            None => SharedThreadOutcome::Large,
        };
        let prepared = match quick {
            SharedThreadOutcome::Answered(answer, prepared) => {
                return self.encode_quick(answer, prepared, wanted).await;
            }
            SharedThreadOutcome::Prepared(prepared) => Some(prepared),
            SharedThreadOutcome::Large => None,
        };
        let bytes = asked.len().saturating_mul(MEMORY_PER_BYTE);
        let entered = self.gate.enter(Instant::now(), held, bytes).await;
        let (ticket, waiting) = match entered {
            Ok(entered) => entered,
            Err(stop) => return self.engine.given_up(stop),
        };
        let run = tokio::task::spawn_blocking(move || {
            let (answer, prepared) = match prepared {
                Some(prepared) => {
                    let answer = self.run(&asked, form, &prepared, &ticket);
                    (answer, Some(prepared))
                }
                None => self.prepare_and_run(&asked, form, &ticket),
            };
            // The run has given back what it worked with.
            let held = prepared.as_ref().map_or(0, |it| it.held());
            ticket.keep(asked.len() + held + taken(&answer.body));
            let answer = self.encode(answer, prepared.as_deref(), wanted, Some(&ticket));
            self.finish(answer, ticket)
        });
        let answer = run.await;
        drop(waiting);
        answer.unwrap_or_else(|_| Answer::refused(&[GraphqlError::internal()]))
    }

    /// Compresses an answer that was made on a shared thread: there, or if it is long, on a thread of its own. If the
    /// server is too busy for that, the answer stays as it is.
    async fn encode_quick(
        self,
        answer: Answer,
        prepared: Option<Arc<Prepared>>,
        wanted: AnswerOptions,
    ) -> Answer {
        let is_long = answer.body.len() > LONGEST_QUICK && answer.encoding.is_none();
        if wanted.encoding.is_none() || !is_long {
            let answer = self.encode(answer, prepared.as_deref(), wanted, None);
            return self.account(answer);
        }
        let bytes = taken(&answer.body);
        let Ok((ticket, waiting)) = self.gate.enter(Instant::now(), None, bytes).await else {
            return self.account(answer);
        };
        let run = tokio::task::spawn_blocking(move || {
            let answer = self.encode(answer, prepared.as_deref(), wanted, Some(&ticket));
            self.finish(answer, ticket)
        });
        let answer = run.await;
        drop(waiting);
        answer.unwrap_or_else(|_| Answer::refused(&[GraphqlError::internal()]))
    }

    /// Compresses an answer, unless it is short, gets no shorter, or there is no memory for it.
    fn encode(
        &self,
        mut answer: Answer,
        prepared: Option<&Prepared>,
        wanted: AnswerOptions,
        ticket: Option<&RunPermit>,
    ) -> Answer {
        let is_encodable = answer.encoding.is_none() && answer.body.len() > SHORTEST;
        let Some(encoding) = wanted.encoding.filter(|_| is_encodable) else {
            return answer;
        };
        let begun = ticket.map_or(0, |it| it.memory.bytes());
        let check = |bytes: usize| match ticket {
            None => Ok(()),
            Some(ticket) => {
                self.engine.check_time(ticket)?;
                let needed = begun + bytes;
                let is_allowed = needed <= self.engine.growth() && ticket.memory.grow_to(needed);
                is_allowed.then_some(()).ok_or(Stop::Busy)
            }
        };
        match encoding.compress(&answer.body, check) {
            Ok(packed) if packed.len() < answer.body.len() => {
                answer.body = packed;
                answer.encoding = Some(encoding);
                if let (Some(prepared), None) = (prepared, wanted.form) {
                    self.engine.keep_packed(prepared, encoding, &answer);
                }
                answer
            }
            Ok(_) | Err(Stop::Busy) => answer,
            Err(stop) => self.engine.given_up(stop),
        }
    }

    /// Whether a request names a mutation.
    pub async fn is_mutation(self, asked: RawRequest) -> bool {
        if asked.len() <= SHORT_DOCUMENT {
            return self.names_mutation(&asked);
        }
        let look = tokio::task::spawn_blocking(move || self.names_mutation(&asked));
        look.await.unwrap_or(false)
    }

    fn names_mutation(&self, asked: &RawRequest) -> bool {
        let Ok(parameters) = asked.read() else {
            return false;
        };
        let Ok(document) = self.persisted.find(parameters.named()) else {
            return false;
        };
        self.engine
            .is_mutation(&document, parameters.operation_name.as_deref())
    }

    /// Reserves the memory of an answer that was made without a ticket, unless it is small.
    fn account(&self, mut answer: Answer) -> Answer {
        if answer.body.len() > SMALL_ANSWER {
            answer.memory = self.gate.memory().reserve(taken(&answer.body));
            if answer.memory.is_none() {
                return self.engine.given_up(Stop::Busy);
            }
        }
        answer
    }

    fn quickly(&self, asked: &RawRequest, wanted: AnswerOptions) -> SharedThreadOutcome {
        let parameters = match asked.read() {
            Ok(parameters) => parameters,
            Err(error) => return SharedThreadOutcome::Answered(Answer::malformed(&error), None),
        };
        let variables = parameters.variables.map_or(0, |it| it.get().len());
        let document = match self.persisted.find(parameters.named()) {
            Ok(document) => document,
            Err(error) => return SharedThreadOutcome::Answered(Answer::unnamed(&error), None),
        };
        let operation = parameters.operation_name.as_deref();
        let is_small = variables <= SHORT_VARIABLES
            && (document.len() <= SHORT_DOCUMENT || self.engine.knows(&document, operation));
        if !is_small {
            return SharedThreadOutcome::Large;
        }
        match self.prepare(asked, &parameters, &document, None) {
            Ok(prepared) => self.run_quickly(prepared, wanted),
            Err(refused) => SharedThreadOutcome::Answered(refused, None),
        }
    }

    fn run_quickly(&self, prepared: Arc<Prepared>, wanted: AnswerOptions) -> SharedThreadOutcome {
        // Rendering takes more memory than the run, and the amount is not known in advance.
        if wanted.form.is_some() {
            return SharedThreadOutcome::Prepared(prepared);
        }
        if let Some(encoding) = wanted.encoding
            && let Some(answer) = self.engine.packed(&prepared, encoding)
        {
            return SharedThreadOutcome::Answered(answer, None);
        }
        match self.engine.run_short(&prepared) {
            Some(answer) => SharedThreadOutcome::Answered(answer, Some(prepared)),
            None => SharedThreadOutcome::Prepared(prepared),
        }
    }

    fn run(&self, asked: &RawRequest, form: Option<Form>, prepared: &Prepared, ticket: &RunPermit) -> Answer {
        ticket.keep(asked.len() + prepared.held());
        self.engine.answer_as(form, prepared, Some(ticket))
    }

    fn prepare_and_run(
        &self,
        asked: &RawRequest,
        form: Option<Form>,
        ticket: &RunPermit,
    ) -> (Answer, Option<Arc<Prepared>>) {
        let parameters = match asked.read() {
            Ok(parameters) => parameters,
            Err(error) => return (Answer::malformed(&error), None),
        };
        let document = match self.persisted.find(parameters.named()) {
            Ok(document) => document,
            Err(error) => return (Answer::unnamed(&error), None),
        };
        match self.prepare(asked, &parameters, &document, Some(ticket)) {
            Ok(prepared) => {
                let answer = self.run(asked, form, &prepared, ticket);
                (answer, Some(prepared))
            }
            Err(refused) => (refused, None),
        }
    }

    /// Prepares a request, and caches the result and its document.
    fn prepare(
        &self,
        asked: &RawRequest,
        parameters: &Parameters,
        document: &str,
        ticket: Option<&RunPermit>,
    ) -> Result<Arc<Prepared>, Answer> {
        let request = Request {
            query: document,
            operation_name: parameters.operation_name.as_deref(),
            variables: parameters.variables,
        };
        let mut prepared = self.engine.prepare_within(request, ticket)?;
        prepared.is_paged = asked.is_paged();
        let prepared = Arc::new(prepared);
        if parameters.is_whole()
            && let Some(body) = asked.body()
        {
            self.engine.keep(body, &prepared);
        }
        self.persisted.keep(parameters.named());
        Ok(prepared)
    }

    /// Gives up the place of a run. Its memory is kept for as long as the answer is.
    fn finish(&self, mut answer: Answer, ticket: RunPermit) -> Answer {
        #[cfg(feature = "probes")]
        self.gate.note_overrun(&ticket, self.engine.time());
        let memory = ticket.into_memory();
        let bytes = taken(&answer.body);
        if memory.grow_to(bytes) {
            memory.shrink_to(bytes);
            answer.memory = Some(memory);
            return answer;
        }
        self.engine.given_up(Stop::Busy)
    }
}

/// Bytes that a body takes. The system gives a mapped one its pages as they are written.
fn taken(body: &Vec<u8>) -> usize {
    if body.capacity() >= LARGE {
        body.len().next_multiple_of(PAGE)
    } else {
        body.capacity()
    }
}
