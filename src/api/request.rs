//! A request as clients send it, whatever the transport: the parameters of the GraphQL-over-HTTP specification.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::GraphqlError;
use super::persisted::{Named, Persisted};

/// A request that was received and not yet read.
#[derive(Debug, Clone)]
pub enum RawRequest {
    /// A JSON object.
    Body(Bytes),
    /// Its members, from a URL or an envelope of another protocol.
    Parts(Arc<Parts>),
    /// The server's own request for all statements about an entity, which has no pages.
    Entity(Arc<Parts>),
}

/// The members of a request.
#[derive(Debug, Default)]
pub struct Parts {
    /// The document.
    pub query: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The values of its variables: a JSON object or null.
    pub variables: Option<Box<RawValue>>,
    /// The id of a persisted document.
    pub document_id: Option<String>,
    /// Extensions of the request: a JSON object or null.
    pub extensions: Option<Box<RawValue>>,
}

/// The members of a request, borrowed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct Parameters<'a> {
    #[serde(borrow, default)]
    pub query: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub operation_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub variables: Option<&'a RawValue>,
    #[serde(borrow, default)]
    document_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
    /// The hash of an automatically persisted query.
    #[serde(skip)]
    sha256: Option<String>,
}

/// The extensions that have a meaning here.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Extensions {
    persisted_query: Option<PersistedQuery>,
}

/// An automatically persisted query.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    sha256_hash: String,
}

impl RawRequest {
    /// Bytes that were received.
    pub(crate) fn len(&self) -> usize {
        match self {
            RawRequest::Body(body) => body.len(),
            RawRequest::Parts(parts) | RawRequest::Entity(parts) => {
                let text = |it: &Option<String>| it.as_ref().map_or(0, String::len);
                let json = |it: &Option<Box<RawValue>>| it.as_ref().map_or(0, |it| it.get().len());
                text(&parts.query)
                    + text(&parts.operation_name)
                    + text(&parts.document_id)
                    + json(&parts.variables)
                    + json(&parts.extensions)
            }
        }
    }

    /// The hash of the document that is asked for, if the request can be read and its document found. Takes time linear
    /// in the request's length.
    pub(crate) fn document_hash(&self, persisted: &Persisted) -> Option<u64> {
        let parameters = self.read().ok()?;
        let document = persisted.find(parameters.named()).ok()?;
        Some(xxhash_rust::xxh3::xxh3_64(document.as_bytes()))
    }

    /// The body, where it says all of the request: the same bytes ask the same.
    pub(super) fn body(&self) -> Option<&[u8]> {
        match self {
            RawRequest::Body(body) => Some(body),
            RawRequest::Parts(_) | RawRequest::Entity(_) => None,
        }
    }

    /// Whether the limits on pages apply. Those on rows, bytes and time always do.
    pub(super) fn is_paged(&self) -> bool {
        !matches!(self, RawRequest::Entity(_))
    }

    /// Reads the request. Takes time linear in its length.
    ///
    /// # Errors
    /// When it is not a request of the specification.
    pub(super) fn read(&self) -> Result<Parameters<'_>, GraphqlError> {
        let mut parameters = match self {
            RawRequest::Body(body) => parse(body).map_err(malformed)?,
            RawRequest::Parts(parts) | RawRequest::Entity(parts) => Parameters {
                query: parts.query.as_deref().map(Cow::Borrowed),
                operation_name: parts.operation_name.as_deref().map(Cow::Borrowed),
                variables: parts.variables.as_deref(),
                document_id: parts.document_id.as_deref().map(Cow::Borrowed),
                extensions: parts.extensions.as_deref(),
                sha256: None,
            },
        };
        for (name, raw) in [
            ("variables", parameters.variables),
            ("extensions", parameters.extensions),
        ] {
            let given = raw.map_or("null", kind);
            if given != "an object" && given != "null" {
                let message = format!("`{name}` is {given}: send a JSON object or null");
                return Err(malformed(message));
            }
        }
        // No operation has an empty name: it means that none is given, as in a URL.
        parameters.operation_name = parameters.operation_name.filter(|it| !it.is_empty());
        if let Some(extensions) = parameters.extensions {
            let extensions: Extensions = serde_json::from_str(extensions.get()).unwrap_or_default();
            parameters.sha256 = extensions.persisted_query.map(|it| it.sha256_hash);
        }
        Ok(parameters)
    }
}

impl Parameters<'_> {
    /// How the request names its document.
    pub fn named(&self) -> Named<'_> {
        Named {
            query: self.query.as_deref(),
            document_id: self.document_id.as_deref(),
            sha256: self.sha256.as_deref(),
        }
    }

    /// Whether the request holds its document, instead of a name whose meaning can change.
    pub fn is_whole(&self) -> bool {
        self.document_id.is_none() && self.sha256.is_none()
    }
}

/// The error of a request that cannot be read.
pub(super) fn malformed(message: impl Into<String>) -> GraphqlError {
    GraphqlError::request("BAD_REQUEST", message)
}

fn parse(body: &[u8]) -> Result<Parameters<'_>, String> {
    let text =
        std::str::from_utf8(body).map_err(|_| "the body is not UTF-8: send JSON in UTF-8".to_owned())?;
    if text.trim_start().starts_with('[') {
        return Err("batches of requests are not supported: send one at a time".to_owned());
    }
    serde_json::from_str(text).map_err(|error| match wrong_member(text) {
        Some(message) => message,
        None if text.trim_start().starts_with('{') && error.is_data() => {
            format!("the body is not a GraphQL request: {error}")
        }
        None => format!("the body is not a JSON object: {error}"),
    })
}

/// Which member of a request has a wrong type.
fn wrong_member(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Texts<'a> {
        #[serde(borrow, default)]
        query: Option<&'a RawValue>,
        #[serde(borrow, default)]
        operation_name: Option<&'a RawValue>,
        #[serde(borrow, default)]
        document_id: Option<&'a RawValue>,
    }
    let texts: Texts = serde_json::from_str(text).ok()?;
    let members = [
        ("query", texts.query),
        ("operationName", texts.operation_name),
        ("documentId", texts.document_id),
    ];
    members.into_iter().find_map(|(name, raw)| {
        let given = kind(raw?);
        (given != "a string").then(|| format!("`{name}` is {given}: send a string or null"))
    })
}

/// The kind of a JSON value.
fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}
