//! The console: the files that the build embedded, or a small page if the build had no npm.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::{Shared, negotiate};
use crate::api::Encoding;

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
pub(super) async fn home(state: State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> Response {
    let asked = uri.query().unwrap_or_default();
    let has_query = asked.split('&').any(|it| it.starts_with("query="));
    if has_query && state.settings.console {
        return Redirect::temporary(&format!("/graphiql?{asked}")).into_response();
    }
    page(state, headers).await
}

/// `GET` of a page of the console. All are one file, whose script reads the address.
pub(super) async fn page(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if !shared.settings.console {
        let message = "the console is turned off: this server does not publish its schema, or answers only documents \
            that it knows; the API is at /graphql\n";
        return (StatusCode::NOT_FOUND, message).into_response();
    }
    match find("index.html") {
        Some(asset) => send(asset, &headers, false).await,
        None => Html(include_str!("small.html")).into_response(),
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
        None if path == "small.js" && shared.settings.console && ASSETS.is_empty() => {
            let headers = [
                (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (headers, include_str!("small.js")).into_response()
        }
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
