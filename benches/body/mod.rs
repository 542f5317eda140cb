//! From the bytes of a request's body to the bytes of its answer, in process and without the transport.

use std::borrow::Cow;

use clew::api::{Engine, Request};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The body of a request, as the server reads it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    #[serde(borrow)]
    query: Cow<'a, str>,
    #[serde(borrow, default)]
    operation_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
}

/// From the bytes of a body to the bytes of an answer; empty when the body is not a request.
#[inline]
pub fn answer(engine: &Engine, body: &[u8]) -> Vec<u8> {
    let Ok(parameters) = serde_json::from_slice::<Parameters>(body) else {
        return Vec::new();
    };
    let request = Request {
        query: &parameters.query,
        operation_name: parameters.operation_name.as_deref(),
        variables: parameters.variables,
    };
    engine.execute(request).body
}
