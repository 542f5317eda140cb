//! Where a run takes place: a short one on the thread that serves others too, a long one on a thread of its own,
//! so that it holds up nobody. A long run ends when nobody waits for its answer any more.

use std::sync::Arc;

use super::answer::{Answer, GraphqlError};
use super::engine::{Engine, Prepared, Request};
use crate::forms::Form;

/// Answers a request in a form; without one, in JSON. Its run ends when the future is dropped. Of a request that was
/// read from a body and nothing else, what it was prepared to is kept for when the same bytes come again.
pub async fn answer(
    engine: Arc<Engine>,
    body: Option<&[u8]>,
    request: Request<'_>,
    form: Option<Form>,
) -> Answer {
    match engine.prepare(request) {
        Ok(prepared) => {
            let prepared = Arc::new(prepared);
            if let Some(body) = body {
                engine.keep(body, &prepared);
            }
            run(engine, prepared, form).await
        }
        Err(refused) => refused,
    }
}

/// Answers a body whose bytes came before, without reading them; nothing for others.
pub async fn answer_again(engine: &Arc<Engine>, body: &[u8], form: Option<Form>) -> Option<Answer> {
    let prepared = engine.kept(body)?;
    Some(run(engine.clone(), prepared, form).await)
}

async fn run(engine: Arc<Engine>, prepared: Arc<Prepared>, form: Option<Form>) -> Answer {
    // Whatever a form takes beyond the run is not known beforehand.
    if form.is_none()
        && prepared.is_short()
        && let Some(answer) = engine.run_short(&prepared)
    {
        return answer;
    }
    let mut prepared = Prepared::clone(&prepared);
    let waiting = prepared.while_waiting();
    let run = tokio::task::spawn_blocking(move || engine.answer_as(form, &prepared)).await;
    drop(waiting);
    run.unwrap_or_else(|_| Answer::refused(&[GraphqlError::internal()]))
}
