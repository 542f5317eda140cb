//! Where a run takes place: a short one on the thread that serves others too, a long one on a thread of its own,
//! so that it holds up nobody. A long run ends when nobody waits for its answer any more.

use std::sync::Arc;

use super::answer::{Answer, GraphqlError};
use super::engine::{Engine, Request};
use crate::forms::Form;

/// Answers a request in a form; without one, in JSON. Its run ends when the future is dropped.
pub async fn answer(engine: Arc<Engine>, request: Request<'_>, form: Option<Form>) -> Answer {
    let mut prepared = match engine.prepare(request) {
        Ok(prepared) => prepared,
        Err(refused) => return refused,
    };
    // Whatever a form takes beyond the run is not known beforehand.
    if form.is_none()
        && prepared.is_short()
        && let Some(answer) = engine.run_short(&prepared)
    {
        return answer;
    }
    let waiting = prepared.while_waiting();
    let run = tokio::task::spawn_blocking(move || engine.answer_as(form, &prepared)).await;
    drop(waiting);
    run.unwrap_or_else(|_| Answer::refused(&[GraphqlError::internal()]))
}
