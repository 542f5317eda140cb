//! The console: the files that the build embedded (`docs/decisions/embedding-the-console.md`), or small pages if the build
//! had no npm.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::graphql::Caller;
use super::{Shared, negotiate, small};
use crate::api::{DatedEntity, Encoding};

/// A file of the console, compressed with gzip.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    gzip: &'static [u8],
    /// Its uncompressed bytes, made when a client first asks for them.
    plain: OnceLock<Bytes>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// `GET /`. Links to GraphiQL that older versions made have the query in the address of `/`.
pub(super) async fn home(
    state: State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    caller: Extension<Caller>,
) -> Response {
    let asked = uri.query().unwrap_or_default();
    let has_query = asked.split('&').any(|it| it.starts_with("query="));
    if has_query && state.settings.console {
        return Redirect::temporary(&format!("/graphiql?{asked}")).into_response();
    }
    page(state, uri, headers, caller).await
}

/// The page of an entity, or of an id that no entity has.
pub(super) async fn entity(
    shared: &Shared,
    entity: &DatedEntity,
    is_known: bool,
    uri: &Uri,
    headers: &HeaderMap,
    caller: &Caller,
) -> Response {
    let Some(asset) = find("index.html") else {
        return small::entity(shared, entity, is_known, uri, caller).await;
    };
    let mut response = send(asset, headers, false).await;
    if !is_known {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// `GET` of a page of the console. All are one file, whose script reads the address.
pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    Extension(caller): Extension<Caller>,
) -> Response {
    if !shared.settings.console {
        let message = "the console is turned off: this server does not publish its schema, or answers only documents \
            that it knows; the API is at /graphql\n";
        return (StatusCode::NOT_FOUND, message).into_response();
    }
    match find("index.html") {
        Some(asset) => send(asset, &headers, false).await,
        None => small::page(&shared, &uri, &caller).await,
    }
}

/// `GET /…`: the files that the console's page loads.
pub(super) async fn file(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    match find(&path).filter(|_| shared.settings.console) {
        // Vite puts a hash of the content into the names of files in `assets/`.
        Some(asset) => send(asset, &headers, path.starts_with("assets/")).await,
        None => (
            StatusCode::NOT_FOUND,
            "there is nothing here; the API is at /graphql\n",
        )
            .into_response(),
    }
}

fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|it| it.path == path)
}

async fn send(asset: &'static Asset, headers: &HeaderMap, forever: bool) -> Response {
    let cache = if forever {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let common = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, cache),
        (header::VARY, "accept-encoding"),
    ];
    if negotiate::encoding_of(headers, &[Encoding::Gzip]).is_some() {
        return (common, [(header::CONTENT_ENCODING, "gzip")], asset.gzip).into_response();
    }
    // Compressing a large file takes too long for a thread that serves connections.
    let plain = tokio::task::spawn_blocking(|| asset.plain.get_or_init(|| unpacked(asset.gzip))).await;
    match plain {
        Ok(plain) => (common, plain.clone()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

fn unpacked(gzip: &[u8]) -> Bytes {
    let mut plain = Vec::new();
    // The build made valid gzip, and writing to a vector cannot fail.
    let _ = flate2::read::GzDecoder::new(gzip).read_to_end(&mut plain);
    plain.into()
}
