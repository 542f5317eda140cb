//! Content negotiation: which form of answer a client wants, by its `Accept` header.

use axum::http::{HeaderMap, HeaderName, header};
use smallvec::SmallVec;

use super::headers;
use crate::api::Encoding;
use crate::forms;

/// A form of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/graphql-response+json`: the status shows whether the request succeeded.
    GraphqlResponse,
    /// `application/json`: status 200 for every well-formed GraphQL request.
    Json,
    /// `multipart/mixed`: the JSON as the only part.
    Multipart,
    /// `text/event-stream`: the JSON as the only event.
    Events,
    /// The part of the graph that the answer shows, or a table; errors come as JSON.
    Rendered(forms::Form),
}

impl Form {
    /// A letter for entity tags, since each form of the same answer needs another tag.
    pub fn short(self) -> char {
        match self {
            Form::GraphqlResponse => 'g',
            Form::Json => 'j',
            Form::Multipart => 'm',
            Form::Events => 'e',
            Form::Rendered(form) => form.letter(),
        }
    }

    /// The media type of a JSON body, for the response's `Content-Type`.
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

/// The JSON types, in the order of the server's preference.
const JSON: [Form; 2] = [Form::Json, Form::GraphqlResponse];

/// A range of media types.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    One(Form),
    Application,
    Any,
}

impl Range {
    fn of(media: &str) -> Option<Self> {
        if media == "*/*" {
            Some(Self::Any)
        } else if media.eq_ignore_ascii_case("application/*") {
            Some(Self::Application)
        } else {
            Form::of(media).map(Self::One)
        }
    }
}

/// The media ranges that a client accepts, in its order, with their weights. A repeated range has one entry, so a long
/// header takes linear time.
#[derive(Default)]
struct Accepted(SmallVec<[(Range, f32); 8]>);

impl Accepted {
    /// Adds a range. If it is there already, the first one counts.
    fn add(&mut self, range: Range, weight: f32) {
        if self.weight_of(range).is_none() {
            self.0.push((range, weight));
        }
    }

    fn weight_of(&self, range: Range) -> Option<f32> {
        self.0.iter().find(|it| it.0 == range).map(|it| it.1)
    }

    /// The weight of a JSON type: the weight of the most specific range that matches it.
    fn weight(&self, json: Form) -> f32 {
        let ranges = [Range::One(json), Range::Application, Range::Any];
        ranges
            .into_iter()
            .find_map(|it| self.weight_of(it))
            .unwrap_or(0.0)
    }

    /// The form that a range selects, and its weight. A form other than JSON is sent only if the range names it.
    fn form(&self, range: Range, weight: f32) -> Option<(Form, f32)> {
        match range {
            // A client that lists `multipart/mixed` first wants parts only if an answer has several, but an answer here
            // always has one.
            Range::One(Form::Multipart) if JSON.iter().any(|it| self.weight(*it) > 0.0) => None,
            Range::One(form) => Some((form, weight)),
            Range::Application | Range::Any => {
                let mut unnamed = JSON.into_iter();
                let form = unnamed.find(|it| self.weight_of(Range::One(*it)).is_none())?;
                Some((form, self.weight(form)))
            }
        }
    }
}

/// The best form for a client; `None` if it accepts none of them.
pub(super) fn form(headers: &HeaderMap) -> Option<Form> {
    let mut values = headers.get_all(header::ACCEPT).iter();
    // A fast path for the headers that most clients send.
    match (values.next(), values.next()) {
        (None, _) => return Some(Form::Json),
        (Some(only), None) if only == "*/*" || only == "application/json" => return Some(Form::Json),
        _ => {}
    }
    let mut is_empty = true;
    let mut accepted = Accepted::default();
    for (media, weight) in weighted(headers, &header::ACCEPT) {
        is_empty = false;
        if let Some(range) = Range::of(media) {
            accepted.add(range, weight);
        }
    }
    // An empty header counts as a missing one.
    if is_empty {
        return Some(Form::Json);
    }
    let mut best: Option<(Form, f32)> = None;
    for (range, weight) in &accepted.0 {
        // Among equal weights the first form counts, as clients expect.
        if let Some((form, weight)) = accepted.form(*range, *weight)
            && weight > best.map_or(0.0, |it| it.1)
        {
            best = Some((form, weight));
        }
    }
    best.map(|it| it.0)
}

/// A representation of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Representation {
    /// A page for people.
    Page,
    /// The statements about it: JSON, or a form that shows a part of the graph.
    Data(Form),
}

impl Representation {
    /// All representations, in the order of the server's preference. A table shows only one list of an answer.
    pub const ALL: [Self; 8] = [
        Self::Page,
        Self::Data(Form::Json),
        Self::Data(Form::Rendered(forms::Form::Turtle)),
        Self::Data(Form::Rendered(forms::Form::Jsonld)),
        Self::Data(Form::Rendered(forms::Form::Ntriples)),
        Self::Data(Form::Rendered(forms::Form::Graphml)),
        Self::Data(Form::Rendered(forms::Form::Dot)),
        Self::Data(Form::Rendered(forms::Form::Svg)),
    ];

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Page => "text/html",
            Self::Data(Form::Rendered(form)) => form.media_type(),
            Self::Data(_) => "application/json",
        }
    }
}

/// How exactly a media range matches a media type: 3 if it is the type, 2 if it is a range such as `text/*`, 1 if it
/// allows all types, and 0 if it does not match.
fn exactness(range: &str, media: &str) -> u8 {
    if range.eq_ignore_ascii_case(media) {
        return 3;
    }
    match range.strip_suffix("/*") {
        Some("*") => 1,
        Some(kind)
            if media
                .split('/')
                .next()
                .is_some_and(|it| it.eq_ignore_ascii_case(kind)) =>
        {
            2
        }
        _ => 0,
    }
}

/// The best representation of an entity for a client (RFC 9110, section 12.5.1); `None` if it accepts none of them.
/// Among equal weights, the client's order counts, then the server's.
pub(super) fn representation(headers: &HeaderMap, has_pages: bool) -> Option<Representation> {
    let offered = Representation::ALL
        .into_iter()
        .filter(|it| has_pages || *it != Representation::Page);
    let mut is_empty = true;
    // For each representation, the most exact range that matches it, its weight and its place in the header.
    let mut matched: SmallVec<[(Representation, u8, f32, usize); 8]> =
        offered.map(|it| (it, 0, 0.0, 0)).collect();
    for (place, (range, weight)) in weighted(headers, &header::ACCEPT).enumerate() {
        is_empty = false;
        for (representation, most, quality, at) in &mut matched {
            let exactness = exactness(range, representation.media_type());
            if exactness > *most {
                (*most, *quality, *at) = (exactness, weight, place);
            }
        }
    }
    if is_empty {
        return matched.first().map(|it| it.0);
    }
    let mut best: Option<(Representation, f32, usize)> = None;
    for (representation, _, weight, place) in matched {
        let is_better =
            best.is_none_or(|(_, most, first)| weight > most || (weight == most && place < first));
        if weight > 0.0 && is_better {
            best = Some((representation, weight, place));
        }
    }
    best.map(|it| it.0)
}

/// The best of all encodings for a client; `None` if the body is sent uncompressed.
pub(super) fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    encoding_of(headers, &Encoding::ALL)
}

/// The best of the available encodings for a client, in the order of the server's preference.
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
    // Every client supports gzip.
    let gzip = &mut weights[Encoding::Gzip.rank()];
    *gzip = gzip.or(others);
    let mut best = None;
    // A client may prefer the uncompressed body.
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
            ("application/*;q=0, */*", None),
            ("application/*;q=0, multipart/mixed", Some(Multipart)),
            ("application/*;q=0, application/json;q=0.1", Some(Json)),
            ("application/json;q=nan", None),
            ("*/*, text/event-stream;q=0.5, */*;q=0", Some(Json)),
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
    fn the_client_chooses_how_it_sees_an_entity() {
        use Representation::{Data, Page};
        const TURTLE: Option<Representation> = Some(Data(Form::Rendered(forms::Form::Turtle)));
        const JSONLD: Option<Representation> = Some(Data(Form::Rendered(forms::Form::Jsonld)));
        const JSON: Option<Representation> = Some(Data(Form::Json));
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
        let rdflib = "text/turtle;q=1, application/rdf+xml;q=0.9, application/ld+json;q=0.8, */*;q=0.1";
        for (accept, with_pages, without) in [
            ("", Some(Page), JSON),
            ("*/*", Some(Page), JSON),
            (browser, Some(Page), JSON),
            (rdflib, TURTLE, TURTLE),
            ("text/*", Some(Page), TURTLE),
            ("application/*", JSON, JSON),
            ("TEXT/TURTLE", TURTLE, TURTLE),
            ("text/turtle, text/html", TURTLE, TURTLE),
            ("text/html, text/turtle", Some(Page), TURTLE),
            ("text/turtle;q=0.5, application/ld+json;q=0.7", JSONLD, JSONLD),
            ("text/html;q=0, */*", JSON, JSON),
            ("text/html;q=0, text/*", TURTLE, TURTLE),
            ("*/*;q=0.1, application/ld+json;q=0.2", JSONLD, JSONLD),
            ("text/html", Some(Page), None),
            ("text/csv", None, None),
            ("text/turtle;q=0", None, None),
            ("*/*;q=0", None, None),
            (
                "image/*",
                Some(Data(Form::Rendered(forms::Form::Svg))),
                Some(Data(Form::Rendered(forms::Form::Svg))),
            ),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(representation(&headers, true), with_pages, "{accept}");
            assert_eq!(representation(&headers, false), without, "{accept}");
        }
        assert_eq!(representation(&HeaderMap::new(), true), Some(Page));
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
