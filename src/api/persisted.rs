//! Documents that a client names instead of sending: those of a manifest, and those that it sent before.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::answer::GraphqlError;
use super::{Api, Limits};
use crate::report::{Code, Report, Reports, shown};

/// Bytes of cached documents that clients registered with a hash.
const AUTOMATIC_BYTES: u64 = 16 << 20;

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("cannot read the documents \"{0}\": {1}")]
    Unreadable(String, std::io::Error),
    /// It is not of one of the two forms.
    #[error(
        "\"{0}\" is not a manifest of documents: write {{\"<id>\": \"<document>\", …}}, or the form of Apollo's tools: {1}"
    )]
    Form(String, serde_json::Error),
}

/// A manifest: ids with their documents, or the file that Apollo's tools write.
#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    Apollo { operations: Vec<ManifestOperation> },
    Plain(HashMap<String, String>),
}

#[derive(Deserialize)]
struct ManifestOperation {
    id: String,
    body: String,
}

/// The bytes of a document, of its hash and of the cache's entry.
#[derive(Debug, Clone)]
struct Weight;

impl Weighter<String, Arc<str>> for Weight {
    fn weight(&self, hash: &String, document: &Arc<str>) -> u64 {
        (hash.len() + document.len() + 128) as u64
    }
}

/// The documents that may be named.
#[derive(Debug)]
pub struct Persisted {
    manifest: HashMap<String, Arc<str>>,
    /// Whether only those of the manifest are answered.
    only: bool,
    automatic: Cache<String, Arc<str>, Weight>,
}

impl Default for Persisted {
    fn default() -> Self {
        Self {
            manifest: HashMap::new(),
            only: false,
            automatic: Cache::with_weighter(1000, AUTOMATIC_BYTES, Weight),
        }
    }
}

/// How a request says which document it means.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// The document itself.
    pub query: Option<&'a str>,
    /// The id of one in the manifest, or `sha256:` and the hash of one that was sent before.
    pub document_id: Option<&'a str>,
    /// The hash of an automatically persisted query, in hexadecimal.
    pub sha256: Option<&'a str>,
}

/// The document that a request means.
#[derive(Debug, Clone)]
pub enum DocumentText<'a> {
    /// The request has it.
    Sent(&'a str),
    /// It was kept.
    Kept(Arc<str>),
}

impl std::ops::Deref for DocumentText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            DocumentText::Sent(document) => document,
            DocumentText::Kept(document) => document,
        }
    }
}

impl Persisted {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When the file cannot be read or is not a manifest.
    pub fn read(path: &Path, only: bool) -> Result<Self, ManifestError> {
        let shown = || path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| ManifestError::Unreadable(shown(), error))?;
        let manifest = serde_json::from_str(&text).map_err(|error| ManifestError::Form(shown(), error))?;
        let documents: HashMap<String, Arc<str>> = match manifest {
            Manifest::Apollo { operations } => {
                operations.into_iter().map(|it| (it.id, it.body.into())).collect()
            }
            Manifest::Plain(documents) => documents
                .into_iter()
                .map(|(id, body)| (id, body.into()))
                .collect(),
        };
        Ok(Self {
            manifest: documents,
            only,
            ..Self::default()
        })
    }

    /// Warns of documents of the manifest that are not operations of a graph, in the order of their ids.
    pub fn check(&self, api: &Api, limits: &Limits) -> Reports {
        let mut reports = Reports::default();
        let mut documents: Vec<(&String, &Arc<str>)> = self.manifest.iter().collect();
        documents.sort();
        for (id, document) in documents {
            let of = format!("document \"{}\"", shown(id));
            let Some((message, place)) = api.misfit(document, &of, limits) else {
                continue;
            };
            let message = format!("the {of} is not an operation of this graph: {message}");
            let mut report = Report::new(Code::BAD_QUERY, message).hint(
                "clients that name it get this error: correct it in the file of --documents, or take it out",
            );
            if let Some(place) = place {
                report = report.at(place, "here");
            }
            reports.push(report);
        }
        reports
    }

    /// Keeps a query that was sent with its hash. To be called once the query is known to be valid, so that whatever
    /// else clients send takes no memory.
    pub(super) fn keep(&self, named: Named) {
        if let (Some(query), Some(hash), None) = (named.query, named.sha256, named.document_id) {
            let hash = hash.to_ascii_lowercase();
            if self.automatic.get(&hash).is_none() {
                self.automatic.insert(hash, query.into());
            }
        }
    }

    /// Whether requests may send documents that the manifest does not have.
    pub fn allows_others(&self) -> bool {
        !self.only
    }

    /// Bytes of the queries that clients sent with their hash.
    pub fn automatic_bytes(&self) -> u64 {
        self.automatic.weight()
    }

    /// The document that a request means.
    ///
    /// # Errors
    /// When there is none of that name, when its hash is another, or when only named ones are answered.
    pub fn find<'a>(&self, named: Named<'a>) -> Result<DocumentText<'a>, GraphqlError> {
        let error = |code, message: String| Err(GraphqlError::request(code, message));
        if let Some(id) = named.document_id {
            let bare = id.strip_prefix("sha256:").unwrap_or(id);
            let known = self.manifest.get(id).or_else(|| self.manifest.get(bare)).cloned();
            return match known.or_else(|| self.automatic.get(bare).filter(|_| !self.only)) {
                Some(document) => Ok(DocumentText::Kept(document)),
                None => error(
                    "PERSISTED_DOCUMENT_NOT_FOUND",
                    format!("there is no document \"{id}\""),
                ),
            };
        }
        if self.only {
            return error(
                "PERSISTED_DOCUMENT_REQUIRED",
                "this server answers only documents of its manifest: name one with `documentId`".to_owned(),
            );
        }
        match (named.query, named.sha256) {
            (Some(query), None) => Ok(DocumentText::Sent(query)),
            (Some(query), Some(hash)) => {
                let actual = format!("{:x}", HexDigest(Sha256::digest(query.as_bytes()).as_slice()));
                if !actual.eq_ignore_ascii_case(hash) {
                    let message = format!("the query's SHA-256 is {actual}, and \"{hash}\" was given");
                    return error("PERSISTED_QUERY_HASH_MISMATCH", message);
                }
                Ok(DocumentText::Sent(query))
            }
            // The words that clients of automatically persisted queries look for.
            (None, Some(hash)) => match self.automatic.get(&hash.to_ascii_lowercase()) {
                Some(document) => Ok(DocumentText::Kept(document)),
                None => error("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound".to_owned()),
            },
            (None, None) => error(
                "BAD_REQUEST",
                "the request has neither a `query` nor a `documentId`: send {\"query\": \"…\"}".to_owned(),
            ),
        }
    }
}

/// Bytes as hexadecimal digits.
struct HexDigest<'a>(&'a [u8]);

impl std::fmt::LowerHex for HexDigest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
