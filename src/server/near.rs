//! Entities whose names are similar to an unknown id.

use serde::Deserialize;

use super::Shared;
use super::graphql::{Caller, answer_json};
use crate::api::{Answer, DatedEntity};

/// An entity by its names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Name {
    #[serde(rename = "__typename")]
    pub kind: String,
    pub entity_id: String,
    pub label: String,
}

#[derive(Deserialize)]
struct Response {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    search: Option<Search>,
    suggest: Vec<Suggestion>,
}

#[derive(Deserialize)]
struct Search {
    nodes: Vec<Name>,
}

#[derive(Deserialize)]
struct Suggestion {
    entity: Name,
}

/// Entities whose names are similar to an id, best first.
///
/// # Errors
/// With the answer, if it has no data.
pub(super) async fn near(
    shared: &Shared,
    entity: &DatedEntity,
    caller: &Caller,
) -> Result<Vec<Name>, Answer> {
    let answer = answer_json(shared, &entity.near(), caller).await;
    let Ok(Response { data }) = serde_json::from_slice(&answer.body) else {
        return Err(answer);
    };
    let found = data.search.map(|it| it.nodes).unwrap_or_default();
    if found.is_empty() {
        // Names with the same first letters are less similar than those with a similar word.
        return Ok(data.suggest.into_iter().map(|it| it.entity).collect());
    }
    Ok(found)
}
