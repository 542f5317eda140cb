//! JSON-LD whose context gives the schema's names their IRIs, so that the document reads like an answer.

use std::collections::HashMap;

use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple, vocab::rdf, vocab::rdfs, vocab::xsd};
use serde_json::{Map, Value, json};

use super::rdf::{PROV, VOCABULARY, names, prefixes, triples};
use crate::exec::Subgraph;
use crate::graph::Snapshot;

/// What all objects of a property have in common, so that they need not say it each time.
#[derive(Clone, PartialEq)]
enum Kind {
    /// They are nodes.
    Node,
    /// They are literals of a datatype.
    Typed(NamedNode),
    /// They are of several kinds.
    Mixed,
}

pub(super) fn write(snapshot: &Snapshot, subgraph: &Subgraph) -> Vec<u8> {
    let triples = triples(snapshot, subgraph);
    let context = Context::new(snapshot, &triples);
    let mut nodes: Vec<Map<String, Value>> = Vec::new();
    let mut places: HashMap<&NamedOrBlankNode, usize> = HashMap::new();
    for triple in &triples {
        let place = *places.entry(&triple.subject).or_insert_with(|| {
            let mut node = Map::new();
            node.insert("@id".to_owned(), context.compact_node(&triple.subject).into());
            nodes.push(node);
            nodes.len() - 1
        });
        let (key, value) = context.entry(triple);
        let node = &mut nodes[place];
        match node.get_mut(&key) {
            None => {
                node.insert(key, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    json!({"@context": context.json, "@graph": nodes})
        .to_string()
        .into_bytes()
}

/// The names of a document.
struct Context {
    json: Map<String, Value>,
    prefixes: Vec<(String, String)>,
    /// What classes and properties are called.
    terms: HashMap<NamedNode, String>,
    kinds: HashMap<NamedNode, Kind>,
}

impl Context {
    fn new(snapshot: &Snapshot, triples: &[Triple]) -> Self {
        let mut context = Self {
            json: Map::new(),
            prefixes: prefixes(snapshot),
            terms: HashMap::new(),
            kinds: HashMap::new(),
        };
        for (name, iri) in &context.prefixes {
            context.json.insert(name.clone(), iri.as_str().into());
        }
        for triple in triples {
            let kind = kind(&triple.object);
            let known = context
                .kinds
                .entry(triple.predicate.clone())
                .or_insert_with(|| kind.clone());
            if *known != kind {
                *known = Kind::Mixed;
            }
        }
        let mut names = names(snapshot);
        names.push((rdfs::LABEL.into_owned(), "label".to_owned()));
        for (iri, name) in names {
            context.name(triples, iri, name);
        }
        for triple in triples {
            let iri = triple.predicate.as_str();
            let local = iri.strip_prefix(VOCABULARY).or_else(|| iri.strip_prefix(PROV));
            if let Some(local) = local {
                context.name(triples, triple.predicate.clone(), local.to_owned());
            }
        }
        context
    }

    /// Gives an IRI a name, if the document uses it and neither has another meaning.
    fn name(&mut self, triples: &[Triple], iri: NamedNode, name: String) {
        let is_class = |it: &Triple| {
            it.predicate == rdf::TYPE && matches!(&it.object, Term::NamedNode(class) if *class == iri)
        };
        let kind = self.kinds.get(&iri);
        let used = kind.is_some() || triples.iter().any(is_class);
        if !used || self.terms.contains_key(&iri) || self.json.contains_key(&name) {
            return;
        }
        let id = self.compact(iri.as_str());
        let definition = match kind {
            Some(Kind::Node) => json!({"@id": id, "@type": "@id"}),
            Some(Kind::Typed(datatype)) if *datatype != xsd::STRING => {
                json!({"@id": id, "@type": self.compact(datatype.as_str())})
            }
            _ => json!(id),
        };
        self.json.insert(name.clone(), definition);
        self.terms.insert(iri, name);
    }

    /// An IRI with a prefix where one fits.
    fn compact(&self, iri: &str) -> String {
        let fits = |(name, namespace): &(String, String)| {
            let local = iri.strip_prefix(namespace.as_str())?;
            // After the colon, two slashes would make it an absolute IRI again.
            (!local.starts_with("//")).then(|| format!("{name}:{local}"))
        };
        self.prefixes
            .iter()
            .find_map(fits)
            .unwrap_or_else(|| iri.to_owned())
    }

    fn compact_node(&self, node: &NamedOrBlankNode) -> String {
        match node {
            NamedOrBlankNode::NamedNode(iri) => self.compact(iri.as_str()),
            NamedOrBlankNode::BlankNode(blank) => blank.to_string(),
        }
    }

    /// The key and the value that say a triple of its subject.
    fn entry(&self, triple: &Triple) -> (String, Value) {
        if triple.predicate == rdf::TYPE {
            let class = match &triple.object {
                Term::NamedNode(class) => match self.terms.get(class) {
                    Some(term) => term.clone(),
                    None => self.compact(class.as_str()),
                },
                other => other.to_string(),
            };
            return ("@type".to_owned(), class.into());
        }
        let (key, defined) = match self.terms.get(&triple.predicate) {
            Some(term) => (term.clone(), self.kinds.get(&triple.predicate)),
            None => (self.compact(triple.predicate.as_str()), None),
        };
        let value = match &triple.object {
            Term::NamedNode(iri) => node(self.compact(iri.as_str()), defined),
            Term::BlankNode(blank) => node(blank.to_string(), defined),
            Term::Literal(literal) => match literal.language() {
                Some(language) => json!({"@value": literal.value(), "@language": language}),
                None if literal.datatype() == xsd::STRING => literal.value().into(),
                None if matches!(defined, Some(Kind::Typed(_))) => literal.value().into(),
                None => json!({
                    "@value": literal.value(),
                    "@type": self.compact(literal.datatype().as_str()),
                }),
            },
        };
        (key, value)
    }
}

/// A node as an object, which the context may already say that it is.
fn node(id: String, defined: Option<&Kind>) -> Value {
    match defined {
        Some(Kind::Node) => id.into(),
        _ => json!({"@id": id}),
    }
}

fn kind(object: &Term) -> Kind {
    match object {
        Term::NamedNode(_) | Term::BlankNode(_) => Kind::Node,
        Term::Literal(literal) if literal.language().is_some() => Kind::Mixed,
        Term::Literal(literal) => Kind::Typed(literal.datatype().into_owned()),
    }
}
