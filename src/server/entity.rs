//! `/entity/<id>`: an entity as a page for people, or the statements about it as data.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;

use super::graphql::{Caller, answer_get};
use super::log::LogData;
use super::near::near;
use super::negotiate::{self, Form, Representation};
use super::response::{busy, refuse, refuse_as};
use super::{Shared, assets};
use crate::api::{BUSY, DatedEntity};
use crate::forms::path_segment;
use crate::report::quoted_list;

/// The path of all entities.
const PATH: &str = "/entity/";

/// The parameters of an entity's address. A page has others of its own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    as_of: Option<String>,
}

/// `GET /entity/<id>`.
pub(super) async fn get(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    Extension(caller): Extension<Caller>,
) -> Response {
    let mut response = if shared.settings.persisted.allows_others() {
        represent(&shared, &uri, &headers, &caller).await
    } else {
        let message = "this server answers only documents of its manifest: ask /graphql for one of them\n";
        (StatusCode::NOT_FOUND, message).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn represent(shared: &Arc<Shared>, uri: &Uri, headers: &HeaderMap, caller: &Caller) -> Response {
    let Some(representation) = negotiate::representation(headers, shared.settings.console) else {
        return not_acceptable(shared.settings.console);
    };
    let (entity, has_own_date) = match read(uri) {
        Ok(read) => read,
        Err(message) => return refuse(StatusCode::BAD_REQUEST, Form::Json, &message),
    };
    let path = address(PATH, &entity);
    // One address for each state: the date of an id moves to the parameter.
    if has_own_date {
        return Redirect::temporary(&path).into_response();
    }
    let engine = shared.live.engine();
    let is_known = engine.has_entity(&entity.id);
    let mut response = match representation {
        Representation::Page => assets::entity(shared, &entity, is_known, uri, headers, caller).await,
        Representation::Data(form) if is_known => {
            // The IRIs in the answer are part of what its tag identifies.
            let tagged = address(engine.iris().namespace(), &entity);
            let response = answer_get(shared, entity.request(), form, &tagged, headers, caller).await;
            with_status(response)
        }
        Representation::Data(_) => unknown(shared, &entity, caller).await,
    };
    if is_known {
        let iris = engine.iris();
        let target = if iris.has_base() {
            address(iris.namespace(), &entity)
        } else {
            path
        };
        link(&mut response, &target, shared.settings.console);
    }
    response
}

/// The entity of an address, and whether the date is part of its id. The path is decoded once.
fn read(uri: &Uri) -> Result<(DatedEntity, bool), String> {
    let encoded = uri.path().strip_prefix(PATH).unwrap_or_default();
    let id = percent_decode_str(encoded).decode_utf8().map_err(|_| {
        "the id in the path is not UTF-8 after percent-decoding: encode the UTF-8 bytes of the id".to_owned()
    })?;
    let parameters: Parameters = serde_urlencoded::from_str(uri.query().unwrap_or_default())
        .map_err(|error| format!("the query string cannot be read: {error}; give `asOf` once at most"))?;
    let as_of = parameters.as_of.filter(|it| !it.is_empty());
    let entity = DatedEntity::read(&id, as_of.as_deref())?;
    let has_own_date = entity.id != id;
    Ok((entity, has_own_date))
}

/// The address of an entity in a namespace.
fn address(namespace: &str, entity: &DatedEntity) -> String {
    let id = path_segment(&entity.id);
    match &entity.as_of {
        None => format!("{namespace}{id}"),
        Some(date) => format!("{namespace}{id}?asOf={}", path_segment(date)),
    }
}

/// Gives an answer with errors a status that says so. As GraphQL over HTTP, JSON has the status 200 with errors too.
fn with_status(mut response: Response) -> Response {
    let has_errors = response
        .extensions()
        .get::<LogData>()
        .is_some_and(|it| it.code.is_some());
    if has_errors && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Links to the other representations, which have the same address.
fn link(response: &mut Response, target: &str, has_pages: bool) {
    // A base IRI may have characters that a header cannot have.
    let target = utf8_percent_encode(target, CONTROLS).to_string();
    for representation in Representation::ALL {
        if representation == Representation::Page && !has_pages {
            continue;
        }
        let media = representation.media_type();
        let value = format!("<{target}>; rel=\"alternate\"; type=\"{media}\"");
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(header::LINK, value);
        }
    }
}

fn not_acceptable(has_pages: bool) -> Response {
    let offered = Representation::ALL
        .into_iter()
        .filter(|it| has_pages || *it != Representation::Page);
    let media: Vec<&str> = offered.map(Representation::media_type).collect();
    let message = format!("an entity can be {}", media.join(", "));
    refuse(StatusCode::NOT_ACCEPTABLE, Form::Json, &message)
}

/// The answer about an id that no entity has.
async fn unknown(shared: &Shared, entity: &DatedEntity, caller: &Caller) -> Response {
    let near = match near(shared, entity, caller).await {
        Ok(near) => near,
        Err(answer) if answer.code == Some(BUSY) => return busy(Form::Json),
        // Suggestions are not essential.
        Err(_) => Vec::new(),
    };
    let ids: Vec<&str> = near.iter().map(|it| it.entity_id.as_str()).collect();
    let hint = if ids.is_empty() {
        "search for its name".to_owned()
    } else {
        format!("did you mean {}?", quoted_list(&ids, "or"))
    };
    let message = format!("there is no entity \"{}\"; {hint}", entity.id);
    refuse_as("NOT_FOUND", StatusCode::NOT_FOUND, Form::Json, &message)
}
