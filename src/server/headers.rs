//! Security headers of pages and drawings, which forbid everything that they do not need; and headers that are lists.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

/// The console loads nothing from other hosts. Its editors create style elements and workers.
const PAGE: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'";
/// Allows a drawing no scripts, whatever its texts contain.
const DRAWING: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Adds the headers to all answers of the router.
pub(super) fn secure(response: &mut Response) {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let is_drawing = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|it| it.as_bytes().starts_with(b"image/svg+xml"));
    let policy = if is_drawing { DRAWING } else { PAGE };
    let all = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in all {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
}

/// Adds the headers to a drawing that does not come through the router.
pub(super) fn secure_drawing(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DRAWING));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    not_sniffed(response);
}

/// Stops browsers from guessing another content type.
pub(super) fn not_sniffed(response: &mut Response) {
    response.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

/// The items of a header that is a list, trimmed. Header lines that are not text are skipped.
pub(super) fn items<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).iter();
    let items = values.flat_map(|it| it.as_bytes().split(|it| *it == b','));
    let items = items.filter_map(|it| std::str::from_utf8(it).ok());
    items.map(str::trim).filter(|it| !it.is_empty())
}
