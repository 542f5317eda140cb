//! IRIs of entities.

use std::str::FromStr;
use std::sync::Arc;

use oxrdf::NamedNode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Namespace of entities without `--base-iri`.
const UNNAMED: &str = "urn:clew:entity:";

/// The characters that RFC 3986 lists as unreserved. All others are percent-encoded.
pub(super) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A name as one segment of a path: every character that RFC 3986 does not list as unreserved is percent-encoded.
pub fn path_segment(name: &str) -> String {
    utf8_percent_encode(name, UNRESERVED).to_string()
}

/// Makes the IRIs of entities: a namespace, and the id of the entity as one segment of a path.
#[derive(Debug, Clone)]
pub struct EntityIris {
    namespace: Arc<str>,
    has_base: bool,
}

impl Default for EntityIris {
    fn default() -> Self {
        Self {
            namespace: UNNAMED.into(),
            has_base: false,
        }
    }
}

impl EntityIris {
    /// The namespace: the IRI of an entity begins with it.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether the IRIs are addresses of the server, because it was given its base IRI.
    pub fn has_base(&self) -> bool {
        self.has_base
    }

    /// The IRI of an entity.
    pub fn iri(&self, id: &str) -> String {
        format!("{}{}", self.namespace, utf8_percent_encode(id, UNRESERVED))
    }
}

/// Why a text is not a base IRI.
#[derive(Debug, thiserror::Error)]
#[error("it {why}; give an absolute IRI that ends with \"/\", such as https://graph.example.org/")]
pub struct BaseError {
    why: String,
}

impl FromStr for EntityIris {
    type Err = BaseError;

    /// Reads the base IRI of a server, below which entities have their addresses.
    fn from_str(base: &str) -> Result<Self, BaseError> {
        let wrong = |why: &str| Err(BaseError { why: why.to_owned() });
        if let Err(error) = NamedNode::new(base) {
            return Err(BaseError {
                why: format!("is not an absolute IRI ({error})"),
            });
        }
        if base.contains('#') {
            return wrong("has a fragment");
        }
        if base.contains('?') {
            return wrong("has a query");
        }
        if !base.ends_with('/') {
            return wrong("does not end with \"/\"");
        }
        Ok(Self {
            namespace: format!("{base}entity/").into(),
            has_base: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_base_is_absolute_and_ends_with_a_slash() {
        for (base, why) in [
            ("", "not an absolute IRI"),
            ("graph.example.org/", "not an absolute IRI"),
            ("/graph/", "not an absolute IRI"),
            ("https://exa mple.org/", "not an absolute IRI"),
            ("https://example.org", "does not end with"),
            ("https://example.org/graph", "does not end with"),
            ("https://example.org/?graph=/", "has a query"),
            ("https://example.org/#/", "has a fragment"),
        ] {
            let error = base.parse::<EntityIris>().unwrap_err().to_string();
            assert!(error.contains(why), "{base}: {error}");
        }
        for base in [
            "https://example.org/",
            "http://localhost:8000/a/b/",
            "https://räksmörgås.example/",
        ] {
            let iris: EntityIris = base.parse().unwrap();
            assert_eq!(
                iris.iri("a/b%c?d é"),
                format!("{base}entity/a%2Fb%25c%3Fd%20%C3%A9")
            );
        }
        assert_eq!(EntityIris::default().iri("a~b"), "urn:clew:entity:a~b");
    }

    proptest! {
        #[test]
        fn a_segment_is_decoded_once_to_the_name(name in "\\PC{1,20}") {
            let segment = path_segment(&name);
            let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
            prop_assert!(segment.bytes().all(is_unreserved));
            let decoded = percent_encoding::percent_decode_str(&segment).decode_utf8();
            prop_assert_eq!(decoded.unwrap(), name.as_str());
            let iri = EntityIris::default().iri(&name);
            prop_assert!(NamedNode::new(iri).is_ok());
        }
    }
}
