//! Which form of answer a client wants, by its `Accept` header.

use axum::http::{HeaderMap, header};

use crate::forms;

/// A form of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/graphql-response+json`: the status says how it went.
    GraphqlResponse,
    /// `application/json`: 200 for whatever is a GraphQL request.
    Json,
    /// `multipart/mixed`: an answer in parts.
    Multipart,
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
            Form::Rendered(form) => form.letter(),
        }
    }

    /// The media type of an answer with errors, as the response names it.
    pub fn content_type(self) -> &'static str {
        match self {
            Form::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Form::Json | Form::Multipart | Form::Rendered(_) => "application/json; charset=utf-8",
        }
    }
}

/// The best form for a client; `None` if it takes none of ours.
pub(super) fn form(headers: &HeaderMap) -> Option<Form> {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .peekable();
    if ranges.peek().is_none() {
        return Some(Form::Json);
    }
    let mut best: Option<(f32, Form)> = None;
    for range in ranges.flat_map(|it| it.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let form = match media.as_str() {
            "application/graphql-response+json" => Form::GraphqlResponse,
            "application/json" | "application/*" | "*/*" => Form::Json,
            "multipart/mixed" => Form::Multipart,
            media => match media.parse() {
                Ok(form) => Form::Rendered(form),
                Err(()) => continue,
            },
        };
        let quality = parts
            .find_map(|it| it.strip_prefix("q="))
            .map_or(Some(1.0), |it| it.parse().ok());
        let quality: f32 = quality.unwrap_or(0.0);
        // Of equals the first counts, as clients write them.
        if quality > 0.0 && best.is_none_or(|(other, _)| quality > other) {
            best = Some((quality, form));
        }
    }
    best.map(|(_, form)| form)
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
        assert_eq!(form(&HeaderMap::new()), Some(Form::Json));
        assert_eq!(form_of("*/*"), Some(Form::Json));
        assert_eq!(
            form_of("application/graphql-response+json, application/json;q=0.9"),
            Some(Form::GraphqlResponse)
        );
        assert_eq!(
            form_of("application/json;q=0.5, application/graphql-response+json"),
            Some(Form::GraphqlResponse)
        );
        assert_eq!(form_of("multipart/mixed"), Some(Form::Multipart));
        assert_eq!(
            form_of("text/Turtle;q=0.9, application/json;q=0.2"),
            Some(Form::Rendered(forms::Form::Turtle))
        );
        assert_eq!(form_of("text/html"), None);
        assert_eq!(form_of("application/json;q=0"), None);
    }
}
