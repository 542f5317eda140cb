//! Whether two ontologies have the same content, wherever and however it is written.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use super::{Members, Ontology};

/// The content of an ontology as 128 bits. It differs between builds of Clew, so it is not to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OntologyDigest(u128);

impl Ontology {
    /// The digest of all that the schema says. Comments, formatting and the division into files do not count; the order of
    /// definitions and fields does, because ids are positions. Takes time linear in the schema.
    pub fn digest(&self) -> OntologyDigest {
        let Self {
            types,
            interfaces,
            unions,
            enums,
            custom_scalars,
            edge_types,
            relations,
            prefixes,
            source_type,
            // The text, and indexes of what is digested.
            fingerprint: _,
            sources: _,
            // The same for as long as a process runs.
            int64: _,
            domains: _,
            relations_by_name: _,
        } = self;
        let mut hasher = Xxh3::new();
        let content = (types, interfaces, unions, enums, custom_scalars, edge_types);
        content.hash(&mut hasher);
        (relations, prefixes, source_type).hash(&mut hasher);
        OntologyDigest(hasher.digest128())
    }
}

impl Hash for Members {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            properties,
            fields,
            by_name: _,
        } = self;
        (properties, fields).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::*;
    use crate::report::SourceText;

    fn digest(files: &[&str]) -> OntologyDigest {
        let files = files.iter().zip(0..);
        let files: Vec<_> = files
            .map(|(text, no)| SourceText::whole(format!("{no}.graphql"), *text))
            .collect();
        compile(&files).unwrap().digest()
    }

    const PERSON: &str = r#"type Person { name: String! friends: [Person!]! @relation(name: "FRIEND") }"#;
    const PLACE: &str = "\"Somewhere.\" type Place { name: String, kind: Kind } enum Kind { CITY }";

    #[test]
    fn comments_layout_and_files_do_not_count() {
        let whole = format!("# People.\n{PERSON}\n{}", PLACE.replace(' ', "\n  "));
        assert_eq!(digest(&[PERSON, PLACE]), digest(&[&whole]));
    }

    #[test]
    fn every_word_of_the_schema_counts() {
        let before = digest(&[PERSON, PLACE]);
        let prefix = r#"extend schema @prefix(name: "ex", iri: "http://example.org/")"#;
        assert_ne!(digest(&[PERSON, PLACE, prefix]), before);
        for (old, new) in [
            ("Somewhere.", "Anywhere."),
            ("name: String,", "name: String!,"),
            ("name: String,", "name: Text,"),
            ("name: String,", "name: String @search,"),
            ("name: String,", "name: String @deprecated(reason: \"old\"),"),
            ("name: String, kind: Kind", "kind: Kind, name: String"),
            ("CITY", "TOWN"),
            ("CITY", "CITY TOWN"),
            ("type Place", "type Place @entity(plural: \"locations\")"),
            (
                "type Place",
                "type Place @entity(class: \"http://example.org/Place\")",
            ),
        ] {
            let after = PLACE.replacen(old, new, 1);
            assert_ne!(after, PLACE, "{old} occurs");
            assert_ne!(digest(&[PERSON, &after]), before, "{new}");
        }
        for (old, new) in [
            ("name: \"FRIEND\"", "name: \"FRIEND\", symmetric: true"),
            ("name: \"FRIEND\"", "name: \"FRIEND\", transitive: true"),
            ("name: \"FRIEND\"", "name: \"FRIEND\", inverse: \"friendOf\""),
            ("FRIEND", "KNOWS"),
        ] {
            let after = PERSON.replacen(old, new, 1);
            assert_ne!(digest(&[&after, PLACE]), before, "{new}");
        }
    }
}
