//! The part of the graph that an answer shows, as RDF triples.
//!
//! An entity has its class, its label and the values that the answer shows; an edge is a triple from its start to its
//! end. Where a fact has a source, a rank, a validity or (for an edge) properties of its own, a reified statement
//! says so, with PROV for the sources: `docs/decisions/other-forms.md`.

use std::collections::HashMap;

use oxrdf::{
    BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple, vocab::rdf, vocab::rdfs, vocab::xsd,
};
use oxttl::{NTriplesSerializer, TurtleSerializer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::value::{self, field_name, plain};
use crate::exec::{Subgraph, Told, Walked};
use crate::graph::{EntityNo, NO_STATEMENT, Rank, Snapshot, StatementNo, Values};
use crate::ontology::{Date, Direction, Member, Scalar};

/// Entities, where their ids are all that is known of them.
pub(super) const ENTITY: &str = "urn:clew:entity:";
/// Classes and properties that the schema gives no IRI, and our own words about statements.
pub(super) const VOCABULARY: &str = "urn:clew:vocabulary:";
pub(super) const PROV: &str = "http://www.w3.org/ns/prov#";
const EDTF: &str = "http://id.loc.gov/datatypes/edtf/EDTF";
const JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";
/// What RFC 3986 leaves as it is in a part of a path.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Our own words: a vocabulary's names begin with a small letter where they are properties.
fn own(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{VOCABULARY}{}", utf8_percent_encode(name, KEPT)))
}

fn prov(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{PROV}{name}"))
}

/// The IRI that the schema gives, or one of our own.
fn iri_or(class: Option<&String>, name: &str) -> NamedNode {
    class
        .and_then(|it| NamedNode::new(it).ok())
        .unwrap_or_else(|| own(name))
}

/// Makes the triples of a subgraph.
pub(super) struct Triples<'a> {
    snapshot: &'a Snapshot,
    all: Vec<Triple>,
    statements: Vec<Triple>,
    sources: Vec<EntityNo>,
    blank: usize,
}

/// The triples of a subgraph: first what is said of each entity, then the statements about these facts.
pub(super) fn triples(snapshot: &Snapshot, subgraph: &Subgraph) -> Vec<Triple> {
    let mut triples = Triples {
        snapshot,
        all: Vec::new(),
        statements: Vec::new(),
        sources: Vec::new(),
        blank: 0,
    };
    let mut values: Vec<&Told> = subgraph.values.iter().collect();
    values.sort_by_key(|it| subgraph.place(it.entity));
    let mut edges: Vec<&Walked> = subgraph.edges.iter().collect();
    edges.sort_by_key(|it| subgraph.place(it.from));
    let (mut values, mut edges) = (values.into_iter().peekable(), edges.into_iter().peekable());
    for (entity, as_of) in &subgraph.entities {
        triples.entity(*entity, *as_of);
        while let Some(told) = values.next_if(|it| it.entity == *entity) {
            triples.value(told);
        }
        while let Some(edge) = edges.next_if(|it| it.from == *entity) {
            triples.edge(edge);
        }
    }
    // A source that is only cited is named too.
    let mut cited = std::mem::take(&mut triples.sources);
    cited.sort_unstable();
    cited.dedup();
    for source in cited {
        if subgraph.place(source).is_none() {
            triples.entity(source, None);
        }
    }
    let Triples {
        mut all, statements, ..
    } = triples;
    all.extend(statements);
    // What is said of one subject stands together, as readers and writers of Turtle like it.
    let mut places: HashMap<NamedOrBlankNode, usize> = HashMap::new();
    for triple in &all {
        let next = places.len();
        places.entry(triple.subject.clone()).or_insert(next);
    }
    all.sort_by_key(|it| places[&it.subject]);
    all
}

impl Triples<'_> {
    fn iri(&self, entity: EntityNo) -> NamedNode {
        let id = self.snapshot.id(self.snapshot.locate(entity));
        NamedNode::new_unchecked(format!("{ENTITY}{}", utf8_percent_encode(id, KEPT)))
    }

    fn entity(&mut self, entity: EntityNo, as_of: Option<Date>) {
        let row = self.snapshot.locate(entity);
        let entity_type = self.snapshot.ontology().entity_type(row.type_id);
        let iri = self.iri(entity);
        let class = iri_or(entity_type.class.as_ref(), &entity_type.name);
        self.all
            .push(Triple::new(iri.clone(), rdf::TYPE.into_owned(), class));
        let label = Literal::new_simple_literal(self.snapshot.label(row, as_of));
        self.all.push(Triple::new(iri, rdfs::LABEL.into_owned(), label));
    }

    fn value(&mut self, told: &Told) {
        let row = self.snapshot.locate(told.entity);
        let property = self
            .snapshot
            .ontology()
            .entity_type(row.type_id)
            .members
            .property(told.property);
        let subject = self.iri(told.entity);
        for object in literals(told.values, told.at, property.scalar) {
            let fact = Triple::new(subject.clone(), own(&property.name), object);
            self.all.push(fact.clone());
            if told.statement != NO_STATEMENT {
                let node = self.reify(fact);
                self.provenance(&node, told.statement);
            }
        }
    }

    fn edge(&mut self, walked: &Walked) {
        let relation = self.snapshot.ontology().relation(walked.relation);
        // A relation's name in the API is that of its field, which is what a reader of the schema knows.
        let predicate = iri_or(relation.class.as_ref(), field_name(self.snapshot, walked));
        let fact = Triple::new(self.iri(walked.from), predicate, self.iri(walked.to));
        self.all.push(fact.clone());
        if relation.symmetric && walked.from != walked.to {
            let back = Triple::new(self.iri(walked.to), fact.predicate.clone(), self.iri(walked.from));
            self.all.push(back);
        }
        let statement = self.snapshot.edge_statement(walked.relation, walked.edge);
        let values = value::of_edge(self.snapshot, walked);
        if statement == NO_STATEMENT && values.is_empty() {
            return;
        }
        let node = self.reify(fact);
        for value in values {
            for object in literals(value.values, value.at, value.scalar) {
                self.statements
                    .push(Triple::new(node.clone(), own(value.name), object));
            }
        }
        self.provenance(&node, statement);
    }

    fn blank(&mut self, prefix: &str) -> BlankNode {
        self.blank += 1;
        BlankNode::new_unchecked(format!("{prefix}{}", self.blank))
    }

    /// A node that stands for a fact.
    fn reify(&mut self, fact: Triple) -> BlankNode {
        let node = self.blank("statement");
        let mut say = |predicate: NamedNode, object: Term| {
            self.statements.push(Triple::new(node.clone(), predicate, object));
        };
        say(rdf::TYPE.into_owned(), rdf::STATEMENT.into_owned().into());
        say(rdf::SUBJECT.into_owned(), fact.subject.into());
        say(rdf::PREDICATE.into_owned(), fact.predicate.into());
        say(rdf::OBJECT.into_owned(), fact.object);
        node
    }

    fn provenance(&mut self, node: &BlankNode, no: StatementNo) {
        let statements = self.snapshot.statements();
        match statements.rank(no) {
            Rank::Normal => {}
            rank => {
                let rank = Literal::new_simple_literal(rank.api_name());
                self.statements.push(Triple::new(node.clone(), own("rank"), rank));
            }
        }
        if let Some(validity) = statements.validity(no) {
            for (name, date) in [("validFrom", validity.from), ("validUntil", validity.until)] {
                if let Some(date) = date {
                    let date = date_literal(&date.to_string());
                    self.statements.push(Triple::new(node.clone(), own(name), date));
                }
            }
        }
        for citation in statements.citations(no) {
            let source = self.iri(citation.source);
            self.sources.push(citation.source);
            let place = self.blank("citation");
            let mut say = |subject: NamedOrBlankNode, predicate: NamedNode, object: Term| {
                self.statements.push(Triple::new(subject, predicate, object));
            };
            say(
                node.clone().into(),
                prov("hadPrimarySource"),
                source.clone().into(),
            );
            say(
                node.clone().into(),
                prov("qualifiedPrimarySource"),
                place.clone().into(),
            );
            say(
                place.clone().into(),
                rdf::TYPE.into_owned(),
                prov("PrimarySource").into(),
            );
            say(place.clone().into(), prov("entity"), source.into());
            for (name, json) in [("locator", citation.locator), ("note", citation.note)] {
                if let Ok(text) = serde_json::from_slice::<String>(json) {
                    say(
                        place.clone().into(),
                        own(name),
                        Literal::new_simple_literal(text).into(),
                    );
                }
            }
        }
    }
}

/// A value as literals: one, or for a text in several languages one for each.
fn literals(values: &Values, at: usize, scalar: Scalar) -> Vec<Literal> {
    if let Values::Languages(languages) = values {
        let literal = |(language, text): (&str, &str)| {
            Literal::new_language_tagged_literal(text, language)
                .unwrap_or_else(|_| Literal::new_simple_literal(text))
        };
        return languages.entries(at).map(literal).collect();
    }
    let text = plain(&value::json(values, at));
    let typed = |datatype: NamedNode, text: String| Literal::new_typed_literal(text, datatype);
    let literal = match scalar {
        Scalar::Int => typed(xsd::INT.into_owned(), text),
        Scalar::Float => typed(xsd::DOUBLE.into_owned(), text),
        Scalar::Boolean => typed(xsd::BOOLEAN.into_owned(), text),
        Scalar::Date => date_literal(&text),
        Scalar::DateTime => typed(xsd::DATE_TIME.into_owned(), text),
        Scalar::Url => typed(xsd::ANY_URI.into_owned(), text),
        // A decimal in RDF has no exponent.
        Scalar::Decimal => match values.decimal(at) {
            Some(decimal) => typed(xsd::DECIMAL.into_owned(), decimal.to_plain_string()),
            None => Literal::new_simple_literal(text),
        },
        Scalar::Json => typed(
            NamedNode::new_unchecked(JSON),
            value::json(values, at).to_string(),
        ),
        Scalar::Id | Scalar::String | Scalar::Text | Scalar::Custom(_) | Scalar::Enum(_) => {
            Literal::new_simple_literal(text)
        }
    };
    vec![literal]
}

/// A date by its precision; an interval has no datatype in XML Schema.
fn date_literal(text: &str) -> Literal {
    let datatype = match text.len() {
        4 => xsd::G_YEAR.into_owned(),
        7 => xsd::G_YEAR_MONTH.into_owned(),
        10 => xsd::DATE.into_owned(),
        _ => NamedNode::new_unchecked(EDTF),
    };
    Literal::new_typed_literal(text, datatype)
}

/// The namespaces that the classes and properties of a graph come from, each with a short name.
pub(super) fn prefixes(snapshot: &Snapshot) -> Vec<(String, String)> {
    const KNOWN: [(&str, &str); 9] = [
        ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
        ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
        ("xsd", "http://www.w3.org/2001/XMLSchema#"),
        ("prov", PROV),
        ("schema", "https://schema.org/"),
        ("foaf", "http://xmlns.com/foaf/0.1/"),
        ("dcterms", "http://purl.org/dc/terms/"),
        ("skos", "http://www.w3.org/2004/02/skos/core#"),
        ("ontolex", "http://www.w3.org/ns/lemon/ontolex#"),
    ];
    let ontology = snapshot.ontology();
    let types = ontology
        .type_ids()
        .filter_map(|it| ontology.entity_type(it).class.as_deref());
    let relations = ontology
        .relation_ids()
        .filter_map(|it| ontology.relation(it).class.as_deref());
    let mut namespaces: Vec<&str> = types
        .chain(relations)
        .filter_map(|it| Some(&it[..=it.rfind(['#', '/'])?]))
        .collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let mut prefixes = vec![
        ("entity".to_owned(), ENTITY.to_owned()),
        ("clew".to_owned(), VOCABULARY.to_owned()),
    ];
    let always = KNOWN
        .iter()
        .take(4)
        .map(|(name, iri)| ((*name).to_owned(), (*iri).to_owned()));
    prefixes.extend(always);
    let mut unknown = 0;
    for namespace in namespaces {
        if prefixes.iter().any(|(_, iri)| iri == namespace) {
            continue;
        }
        let known = KNOWN.iter().find(|(_, iri)| *iri == namespace);
        let name = known.map_or_else(
            || {
                unknown += 1;
                format!("ns{unknown}")
            },
            |(name, _)| (*name).to_owned(),
        );
        prefixes.push((name, namespace.to_owned()));
    }
    prefixes
}

pub(super) fn turtle(snapshot: &Snapshot, subgraph: &Subgraph) -> Result<Vec<u8>, String> {
    let mut serializer = TurtleSerializer::new();
    for (name, iri) in prefixes(snapshot) {
        serializer = serializer.with_prefix(name, iri).map_err(|it| it.to_string())?;
    }
    let mut writer = serializer.for_writer(Vec::new());
    for triple in triples(snapshot, subgraph) {
        writer.serialize_triple(&triple).map_err(|it| it.to_string())?;
    }
    writer.finish().map_err(|it| it.to_string())
}

pub(super) fn ntriples(snapshot: &Snapshot, subgraph: &Subgraph) -> Result<Vec<u8>, String> {
    let mut writer = NTriplesSerializer::new().for_writer(Vec::new());
    for triple in triples(snapshot, subgraph) {
        writer.serialize_triple(&triple).map_err(|it| it.to_string())?;
    }
    Ok(writer.finish())
}

/// The name of a class or a property in a schema, by its IRI.
pub(super) fn names(snapshot: &Snapshot) -> Vec<(NamedNode, String)> {
    let ontology = snapshot.ontology();
    let mut names = Vec::new();
    for id in ontology.type_ids() {
        let entity_type = ontology.entity_type(id);
        names.push((
            iri_or(entity_type.class.as_ref(), &entity_type.name),
            entity_type.name.clone(),
        ));
        for member in entity_type.members.names() {
            match entity_type.members.get(member) {
                Some(Member::Property(_)) => names.push((own(member), member.to_owned())),
                Some(Member::Relation(no)) => {
                    let field = entity_type.members.field(no);
                    // An inverse field reads the property from its other end.
                    if field.direction != Direction::In {
                        let relation = ontology.relation(field.relation);
                        names.push((iri_or(relation.class.as_ref(), member), member.to_owned()));
                    }
                }
                None => {}
            }
        }
    }
    names
}
