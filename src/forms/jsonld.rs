//! JSON-LD. The context maps the names of the schema to IRIs, so the document reads like an answer in JSON.

use std::collections::{HashMap, HashSet};
use std::io::Write;

use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple, vocab::rdf, vocab::rdfs, vocab::xsd};
use serde_json::{Map, Value, json};

use super::body::{Body, FormError};
use super::iris::EntityIris;
use super::rdf::{PROV, Triples, VOCABULARY, names, prefixes};
use crate::exec::Subgraph;
use crate::graph::View;
use crate::json::List;

/// The common kind of all objects of a property, which the context states once.
#[derive(Clone, PartialEq)]
enum Kind {
    /// All objects are nodes.
    Node,
    /// All objects are literals of this datatype.
    Typed(NamedNode),
    /// Objects are of several kinds.
    Mixed,
}

/// Bytes that a value takes in a node, in addition to its text.
const VALUE: usize = 192;

/// Writes nodes one by one. The context precedes them and lists the names that the document uses, so the triples are
/// read twice.
pub(super) fn write(
    view: View,
    subgraph: &Subgraph,
    iris: &EntityIris,
    body: &mut Body,
) -> Result<(), FormError> {
    let triples = Triples::of(view, subgraph, iris, body)?;
    let context = Context::new(view, prefixes(view, subgraph, iris), &triples, body)?;
    let mut written = Nodes {
        body,
        context: &context,
        node: None,
        held: 0,
        list: List::default(),
    };
    written.raw(b"{\"@context\":")?;
    written.json(&context.json)?;
    written.raw(b",\"@graph\":")?;
    triples.each(&mut |triple| written.add(triple))?;
    written.end_node()?;
    let end = std::mem::take(&mut written.list).end();
    written.raw(end)?;
    written.raw(b"}")
}

/// The nodes of a document that is being written.
struct Nodes<'w, 'b> {
    body: &'w mut Body<'b>,
    context: &'w Context,
    /// The subject of the current triples, and the members of its node so far.
    node: Option<(NamedOrBlankNode, Map<String, Value>)>,
    /// Bytes that this node takes.
    held: usize,
    /// The list that the nodes are in.
    list: List,
}

impl Nodes<'_, '_> {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), FormError> {
        self.body
            .write_all(bytes)
            .map_err(|error| self.body.failed(error))
    }

    fn json(&mut self, value: &impl serde::Serialize) -> Result<(), FormError> {
        serde_json::to_writer(&mut *self.body, value).map_err(|error| self.body.failed(error))
    }

    fn add(&mut self, triple: Triple) -> Result<(), FormError> {
        self.body.check()?;
        if self.node.as_ref().is_some_and(|it| it.0 != triple.subject) {
            self.end_node()?;
        }
        let (key, value) = self.context.entry(&triple);
        let bytes = VALUE
            + match &triple.object {
                Term::NamedNode(iri) => iri.as_str().len(),
                Term::BlankNode(blank) => blank.as_str().len(),
                Term::Literal(literal) => literal.value().len(),
            };
        self.held += bytes;
        self.body.hold(bytes)?;
        let (_, node) = self.node.get_or_insert_with(|| {
            let mut node = Map::new();
            let id = self.context.compact_node(&triple.subject);
            node.insert("@id".to_owned(), id.into());
            (triple.subject, node)
        });
        match node.get_mut(&key) {
            None => {
                node.insert(key, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
        Ok(())
    }

    fn end_node(&mut self) -> Result<(), FormError> {
        let Some((_, node)) = self.node.take() else {
            return Ok(());
        };
        let before = self.list.before_next();
        self.raw(&[before])?;
        self.json(&node)?;
        self.body.release(std::mem::take(&mut self.held));
        Ok(())
    }
}

/// The names of a document.
struct Context {
    json: Map<String, Value>,
    prefixes: Vec<(String, String)>,
    /// Names of classes and properties.
    terms: HashMap<NamedNode, String>,
    kinds: HashMap<NamedNode, Kind>,
}

impl Context {
    fn new(
        view: View,
        mut prefixes: Vec<(String, String)>,
        triples: &Triples,
        body: &mut Body,
    ) -> Result<Self, FormError> {
        // A processor accepts a term as a prefix only if its IRI ends in one of these characters.
        let is_prefix = |iri: &str| iri.ends_with([':', '/', '?', '#', '[', ']', '@']);
        prefixes.retain(|it| is_prefix(&it.1));
        let mut context = Self {
            json: Map::new(),
            prefixes,
            terms: HashMap::new(),
            kinds: HashMap::new(),
        };
        for (name, iri) in &context.prefixes {
            context.json.insert(name.clone(), iri.as_str().into());
        }
        let mut classes: HashSet<NamedNode> = HashSet::new();
        // In the order of their first triples.
        let mut predicates: Vec<NamedNode> = Vec::new();
        triples.each(&mut |triple| {
            body.check()?;
            if triple.predicate == rdf::TYPE
                && let Term::NamedNode(class) = &triple.object
                && !classes.contains(class)
            {
                classes.insert(class.clone());
            }
            let kind = kind(&triple.object);
            match context.kinds.get_mut(&triple.predicate) {
                None => {
                    predicates.push(triple.predicate.clone());
                    context.kinds.insert(triple.predicate, kind);
                }
                Some(known) if *known != kind => *known = Kind::Mixed,
                Some(_) => {}
            }
            Ok(())
        })?;
        let mut names = names(view);
        names.push((rdfs::LABEL.into_owned(), "label".to_owned()));
        for (iri, name) in names {
            context.name(&classes, iri, name);
        }
        for predicate in predicates {
            let iri = predicate.as_str();
            let local = iri.strip_prefix(VOCABULARY).or_else(|| iri.strip_prefix(PROV));
            if let Some(local) = local.map(str::to_owned) {
                context.name(&classes, predicate, local);
            }
        }
        Ok(context)
    }

    /// Gives an IRI a name, if the document uses the IRI and neither has another meaning.
    fn name(&mut self, classes: &HashSet<NamedNode>, iri: NamedNode, name: String) {
        let kind = self.kinds.get(&iri);
        let used = kind.is_some() || classes.contains(&iri);
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

    /// An IRI, shortened with a prefix if one fits.
    fn compact(&self, iri: &str) -> String {
        let fits = |(name, namespace): &(String, String)| {
            let local = iri.strip_prefix(namespace.as_str())?;
            // Two slashes after the colon would make it an absolute IRI.
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

    /// The key and the value that express a triple in the node of its subject.
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

/// A node as an object; only its IRI if the context declares that the property has nodes.
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
