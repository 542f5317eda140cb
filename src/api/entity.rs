//! The requests behind `/entity/<id>`: everything that the graph states about one entity, and entities with similar
//! names.
//!
//! Both are GraphQL requests, so the gate, the limits and the log treat them as any other.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::engine::Engine;
use super::request::{Parts, RawRequest};
use crate::ontology::Date;
use crate::plan::AS_OF;

/// All statements about an entity. Pages end nowhere: the answer is limited by its bytes, rows and time.
const ENTITY: &str = "query Entity($id: ID!, $asOf: Date) {
  entity(id: $id, asOf: $asOf) {
    __typename
    id
    entityId
    label
    description
    statements(first: 2147483647) {
      totalCount
      nodes {
        field
        value
        target { __typename id entityId label }
        edge
        rank
        valid { from until }
        citations { locator note source { id entityId label } }
      }
    }
  }
}
";

/// Entities whose names are similar to a text.
const NEAR: &str = "query Near($text: String!, $prefix: String!) {
  search(query: $text, fuzzy: true, first: 5) { nodes { __typename entityId label } }
  suggest(prefix: $prefix, first: 5) { entity { __typename entityId label } }
}
";

/// Characters of an unknown id that names are searched for.
const LONGEST_NEAR: usize = 100;
/// Characters that a name begins with to be similar to an unknown id.
const PREFIX: usize = 3;

/// An entity at a date, or at all dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedEntity {
    /// The id.
    pub id: String,
    /// The date, in its own notation.
    pub as_of: Option<String>,
}

impl DatedEntity {
    /// Reads an id, which may have a date as in answers, and the date that is given separately.
    ///
    /// # Errors
    /// If a date is not valid, or if there are two different ones.
    pub fn read(id: &str, as_of: Option<&str>) -> Result<Self, String> {
        let (id, own) = match id.split_once(AS_OF) {
            Some((plain, date)) => (plain, Some(date)),
            None => (id, None),
        };
        if let (Some(own), Some(given)) = (own, as_of)
            && own != given
        {
            return Err(format!(
                "the id has the date \"{own}\" and `asOf` is \"{given}\": give one date"
            ));
        }
        let as_of = own.or(as_of);
        if let Some(date) = as_of
            && let Err(error) = Date::parse(date)
        {
            return Err(format!("`asOf` is \"{date}\": {error}"));
        }
        Ok(Self {
            id: id.to_owned(),
            as_of: as_of.map(str::to_owned),
        })
    }

    /// The request for all statements about it.
    pub fn request(&self) -> RawRequest {
        RawRequest::Entity(Arc::new(Parts {
            query: Some(ENTITY.to_owned()),
            variables: Some(variables(&[
                ("id", self.id.as_str().into()),
                ("asOf", self.as_of.as_deref().map_or(Value::Null, Value::from)),
            ])),
            ..Parts::default()
        }))
    }

    /// The request for entities whose names are similar to its id.
    pub fn near(&self) -> RawRequest {
        let words: String = self
            .id
            .chars()
            .take(LONGEST_NEAR)
            .map(|it| if it.is_alphanumeric() { it } else { ' ' })
            .collect();
        let text = words.trim();
        let prefix: String = text.chars().take(PREFIX).collect();
        own_request(NEAR, &[("text", text.into()), ("prefix", prefix.into())])
    }
}

/// A request that a page of the server makes.
pub fn own_request(query: &str, of_query: &[(&str, Value)]) -> RawRequest {
    RawRequest::Parts(Arc::new(Parts {
        query: Some(query.to_owned()),
        variables: Some(variables(of_query)),
        ..Parts::default()
    }))
}

/// Variables as a JSON object.
fn variables(all: &[(&str, Value)]) -> Box<RawValue> {
    let mut json = String::from("{");
    for (name, value) in all {
        let comma = if json.len() > 1 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(json, "{comma}\"{name}\":{value}");
    }
    json.push('}');
    // The text is an object by construction.
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl Engine {
    /// Whether there is an entity with an id.
    pub fn has_entity(&self, id: &str) -> bool {
        self.view().find(id).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_in_the_id_or_beside_it() {
        let entity = |id: &str, as_of: Option<&str>| DatedEntity {
            id: id.to_owned(),
            as_of: as_of.map(str::to_owned),
        };
        for (id, as_of, expected) in [
            ("a", None, entity("a", None)),
            ("a/b%20", Some("2011"), entity("a/b%20", Some("2011"))),
            ("a?asOf=2011", None, entity("a", Some("2011"))),
            ("a?asOf=2011", Some("2011"), entity("a", Some("2011"))),
            ("a?date=2011", None, entity("a?date=2011", None)),
        ] {
            assert_eq!(DatedEntity::read(id, as_of), Ok(expected), "{id} {as_of:?}");
        }
        for (id, as_of, message) in [
            (
                "a?asOf=2011",
                Some("2012"),
                "the id has the date \"2011\" and `asOf` is \"2012\": give one date",
            ),
            ("a", Some("soon"), "`asOf` is \"soon\": "),
            ("a?asOf=", None, "`asOf` is \"\": "),
        ] {
            let error = DatedEntity::read(id, as_of).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn variables_are_json() {
        let json = variables(&[("id", "\"\\\u{202e}".into()), ("asOf", Value::Null)]);
        let value: Value = serde_json::from_str(json.get()).unwrap();
        assert_eq!(value, serde_json::json!({"id": "\"\\\u{202e}", "asOf": null}));
    }
}
