//! Which form of answer a client wants, by its `Accept` header.

use axum::http::{HeaderMap, HeaderName, header};

use super::headers;
use crate::api::Encoding;
use crate::forms;

/// A form of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/graphql-response+json`: the status says how it went.
    GraphqlResponse,
    /// `application/json`: 200 for whatever is a GraphQL request.
    Json,
    /// `multipart/mixed`: the JSON as the only part.
    Multipart,
    /// `text/event-stream`: the JSON as the only event.
    Events,
    /// The part of the graph that the answer shows, or a table; errors come as JSON.
    Rendered(forms::Form),
}

impl Form {
    /// A letter for tags: the same question in another form has another answer.
    pub fn short(self) -> char {
        match self {
            Form::GraphqlResponse => 'g',
            Form::Json => 'j',
            Form::Multipart => 'm',
            Form::Events => 'e',
            Form::Rendered(form) => form.letter(),
        }
    }

    /// The media type of a JSON body, as the response names it.
    pub fn content_type(self) -> &'static str {
        match self {
            Form::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Form::Json | Form::Multipart | Form::Events | Form::Rendered(_) => {
                "application/json; charset=utf-8"
            }
        }
    }

    fn of(media: &str) -> Option<Self> {
        let is = |name: &str| media.eq_ignore_ascii_case(name);
        if is("application/json") {
            Some(Form::Json)
        } else if is("application/graphql-response+json") {
            Some(Form::GraphqlResponse)
        } else if is("multipart/mixed") {
            Some(Form::Multipart)
        } else if is("text/event-stream") {
            Some(Form::Events)
        } else {
            media.to_ascii_lowercase().parse().ok().map(Form::Rendered)
        }
    }
}

/// A range of media types, and its weight.
enum Range {
    One(Form),
    Application,
    Any,
}

/// The best form for a client; `None` if it takes none of ours.
///
/// `multipart/mixed` is only used where no JSON type is accepted: clients that list it first want parts only where an
/// answer has several, and it never has.
pub(super) fn form(headers: &HeaderMap) -> Option<Form> {
    let mut values = headers.get_all(header::ACCEPT).iter();
    let first = values.next();
    // What most clients send needs no list.
    match (first, values.next()) {
        (None, _) => return Some(Form::Json),
        (Some(only), None) if only == "*/*" || only == "application/json" => return Some(Form::Json),
        _ => {}
    }
    let mut ranges: Vec<(Range, f32)> = Vec::new();
    let mut is_empty = true;
    for (name, quality) in weighted(headers, &header::ACCEPT) {
        is_empty = false;
        let range = match name {
            "*/*" => Range::Any,
            name if name.eq_ignore_ascii_case("application/*") => Range::Application,
            name => match Form::of(name) {
                Some(form) => Range::One(form),
                None => continue,
            },
        };
        ranges.push((range, quality));
    }
    // An empty header says as little as none.
    if is_empty {
        return Some(Form::Json);
    }
    let named = |form: Form| {
        let same = |it: &&(Range, f32)| matches!(it.0, Range::One(other) if other == form);
        ranges.iter().find(same).map(|it| it.1)
    };
    let mut best: Option<(f32, Form)> = None;
    let mut consider = |form: Form, quality: f32| {
        // Of equals the first counts, as clients write them.
        if quality > 0.0 && best.is_none_or(|(other, _)| quality > other) {
            best = Some((quality, form));
        }
    };
    let is_multipart_needless = [Form::Json, Form::GraphqlResponse].iter().any(|form| {
        let range = |it: &(Range, f32)| match it.0 {
            Range::One(_) => false,
            Range::Application | Range::Any => it.1 > 0.0,
        };
        named(*form).map_or_else(|| ranges.iter().any(range), |quality| quality > 0.0)
    });
    for (range, quality) in &ranges {
        match range {
            Range::One(Form::Multipart) if is_multipart_needless => {}
            Range::One(form) => consider(*form, *quality),
            // What is named has its own weight, which may be 0.
            Range::Application | Range::Any => {
                let unnamed = [Form::Json, Form::GraphqlResponse]
                    .into_iter()
                    .find(|it| named(*it).is_none());
                if let Some(form) = unnamed {
                    consider(form, *quality);
                }
            }
        }
    }
    best.map(|(_, form)| form)
}

/// The best of all encodings for a client; `None` if the body stays as it is.
pub(super) fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    encoding_of(headers, &Encoding::ALL)
}

/// The best encoding for a client of those that there are, in the order of the server's preference.
pub(super) fn encoding_of(headers: &HeaderMap, offered: &[Encoding]) -> Option<Encoding> {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return None;
    }
    let mut weights = [None; Encoding::ALL.len()];
    let (mut plain, mut others) = (0.0, None);
    for (name, quality) in weighted(headers, &header::ACCEPT_ENCODING) {
        if name == "*" {
            others = Some(quality);
        } else if name.eq_ignore_ascii_case("identity") {
            plain = quality;
        } else if let Some(encoding) = Encoding::of(name) {
            weights[encoding.rank()] = Some(quality);
        }
    }
    // Every client knows gzip.
    let gzip = &mut weights[Encoding::Gzip.rank()];
    *gzip = gzip.or(others);
    let mut best = None;
    // A client may prefer the plain body.
    let mut most: f32 = plain;
    for encoding in offered {
        let quality = weights[encoding.rank()].unwrap_or(0.0);
        if quality > most || (best.is_none() && quality > 0.0 && quality == most) {
            (best, most) = (Some(*encoding), quality);
        }
    }
    best
}

/// The items of a list, without parameters, and their weights from 0 to 1. A weight that cannot be read counts as 0.
fn weighted<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = (&'h str, f32)> {
    headers::items(headers, name).map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let mut quality = 1.0;
        for part in parts {
            if let Some((key, value)) = part.split_once('=')
                && key.trim().eq_ignore_ascii_case("q")
            {
                let given = value.trim().parse().unwrap_or(0.0);
                quality = if (0.0..=1.0).contains(&given) { given } else { 0.0 };
            }
        }
        (name, quality)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form_of(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        form(&headers)
    }

    #[test]
    fn the_client_chooses() {
        use Form::{Events, GraphqlResponse, Json, Multipart};
        assert_eq!(form(&HeaderMap::new()), Some(Json));
        for (accept, expected) in [
            ("*/*", Some(Json)),
            ("", Some(Json)),
            (" , ", Some(Json)),
            ("application/*;q=0.2", Some(Json)),
            ("APPLICATION/JSON", Some(Json)),
            (
                "application/graphql-response+json, application/json;q=0.9",
                Some(GraphqlResponse),
            ),
            (
                "application/json;q=0.5, application/graphql-response+json",
                Some(GraphqlResponse),
            ),
            (
                "application/json;Q=0.5, application/graphql-response+json;Q=0.4",
                Some(Json),
            ),
            ("application/json; q = 0, */*", Some(GraphqlResponse)),
            (
                "application/json;q=0, application/graphql-response+json;q=0, */*",
                None,
            ),
            ("application/json;q=0", None),
            ("application/json;q=nan", None),
            ("application/json;q=2", None),
            ("text/html", None),
            ("text/html, */*;q=0.1", Some(Json)),
            ("multipart/mixed", Some(Multipart)),
            (
                "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json",
                Some(GraphqlResponse),
            ),
            ("multipart/mixed, application/json;q=0.1", Some(Json)),
            ("multipart/mixed, application/json;q=0", Some(Multipart)),
            ("multipart/mixed;q=0.5, */*;q=0.1", Some(Json)),
            ("text/event-stream", Some(Events)),
            ("text/event-stream, application/json", Some(Events)),
            ("application/json, text/event-stream, multipart/mixed", Some(Json)),
            ("text/event-stream;q=0.9, multipart/mixed", Some(Multipart)),
            (
                "text/Turtle;q=0.9, application/json;q=0.2",
                Some(Form::Rendered(forms::Form::Turtle)),
            ),
        ] {
            assert_eq!(form_of(accept), expected, "{accept}");
        }
    }

    #[test]
    fn the_best_encoding_is_chosen() {
        for (accept, expected) in [
            ("", None),
            ("identity", None),
            ("gzip", Some(Encoding::Gzip)),
            ("GZIP, deflate", Some(Encoding::Gzip)),
            ("gzip, deflate, br, zstd", Some(Encoding::Zstd)),
            ("gzip, br", Some(Encoding::Brotli)),
            ("gzip;q=1, zstd;q=0.5", Some(Encoding::Gzip)),
            ("gzip;q=0", None),
            ("gzip;q=0, *", None),
            ("*;q=0", None),
            ("identity, gzip", Some(Encoding::Gzip)),
            ("br, zstd;q=0.9", Some(Encoding::Brotli)),
            ("x-gzip", Some(Encoding::Gzip)),
            ("*", Some(Encoding::Gzip)),
            ("identity, gzip;q=0.5", None),
            ("compress", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(encoding(&headers), expected, "{accept}");
            let only = encoding_of(&headers, &[Encoding::Gzip]);
            assert!(only.is_some() || expected != Some(Encoding::Gzip), "{accept}");
        }
    }
}
