//! The console: files that the build embedded, or a page that works without it.

use std::io::Read;

use async_graphql::http::GraphiQLSource;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// A file of the console, compressed with gzip.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// `GET /`.
pub(super) async fn index(headers: HeaderMap) -> Response {
    match find("index.html") {
        Some(asset) => send(asset, &headers, false),
        None => fallback(),
    }
}

/// `GET /…`: the files that the page asks for.
pub(super) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match find(&path) {
        // Vite names files below assets/ by their content.
        Some(asset) => send(asset, &headers, path.starts_with("assets/")),
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

fn send(asset: &Asset, headers: &HeaderMap, forever: bool) -> Response {
    let cache = if forever {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.contains("gzip"));
    let common = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, cache),
        (header::VARY, "accept-encoding"),
    ];
    if takes_gzip {
        return (common, [(header::CONTENT_ENCODING, "gzip")], asset.gzip).into_response();
    }
    let mut plain = Vec::new();
    match flate2::read::GzDecoder::new(asset.gzip).read_to_end(&mut plain) {
        Ok(_) => (common, plain).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// async-graphql's own GraphiQL page, which loads its parts from the network, and how to get the full one.
fn fallback() -> Response {
    const NOTE: &str = "<body><p style=\"margin:0;padding:.6em 1em;font:14px system-ui;background:#fff4d6;color:#433\">\
        This is the small page: it loads GraphiQL from the network. For the full one, which needs no network, \
        install Node 20 or newer with npm and build Clew again. The API is at <a href=\"/graphql\">/graphql</a>, \
        its schema at <a href=\"/schema.graphql\">/schema.graphql</a>.</p>";
    let page = GraphiQLSource::build()
        .endpoint("/graphql")
        .title("Clew")
        .finish();
    Html(page.replacen("<body>", NOTE, 1)).into_response()
}
