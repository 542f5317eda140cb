//! The part of the graph that an answer shows, as RDF triples.
//!
//! An entity has its class, its label and the values that the answer shows; an edge is a triple from its start to its
//! end. If a fact has a source, a rank, a validity or (for an edge) properties of its own, a reified statement has
//! them, with PROV for the sources: `docs/decisions/other-forms.md`.

use std::io::{self, Write as _};

use oxrdf::{
    BlankNode, IriParseError, Literal, NamedNode, Term, Triple, vocab::rdf, vocab::rdfs, vocab::xsd,
};
use oxttl::{NTriplesSerializer, TurtleSerializer};
use percent_encoding::utf8_percent_encode;

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_128;

use super::body::{Body, FormError};
use super::iris::{EntityIris, UNRESERVED};
use super::value::{self, EdgeValue, Values, field_name, plain};
use crate::budget::Stop;
use crate::exec::{self, ShownEdge, ShownValue, Subgraph};
use crate::graph::{EntityNo, NO_STATEMENT, Rank, StatementNo, ValueRef, View, write_float};
use crate::ontology::{BuiltIn, Date, Direction, Instant, Member, Point, Prefix, Property, Scalar};

/// Namespace of classes and properties without an IRI in the schema, and of Clew's own terms about statements.
pub(super) const VOCABULARY: &str = "urn:clew:vocabulary:";
pub(super) const PROV: &str = "http://www.w3.org/ns/prov#";
const OWL: &str = "http://www.w3.org/2002/07/owl#";
const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";
const EDTF: &str = "http://id.loc.gov/datatypes/edtf/EDTF";
/// Namespace of the vocabulary of `GeoSPARQL`, and its datatype of geometries.
const GEO: &str = "http://www.opengis.net/ont/geosparql#";
const WKT: &str = "http://www.opengis.net/ont/geosparql#wktLiteral";
const JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";
/// Bytes that a source takes in a set and in a list.
const SOURCE: usize = 24;

/// A name in Clew's namespace. By convention, names of properties begin with a small letter.
fn own(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{VOCABULARY}{}", utf8_percent_encode(name, UNRESERVED)))
}

fn prov(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{PROV}{name}"))
}

/// The RDF property of a property: for a built-in one a common vocabulary's, else one in Clew's namespace.
fn predicate(property: &Property) -> NamedNode {
    match property.built_in {
        None => own(&property.name),
        Some(BuiltIn::Aliases) => NamedNode::new_unchecked(format!("{SKOS}altLabel")),
        Some(BuiltIn::SameAs) => NamedNode::new_unchecked(format!("{OWL}sameAs")),
    }
}

/// The IRI in the schema, or a name in Clew's namespace.
fn iri_or(class: Option<&String>, name: &str) -> NamedNode {
    class
        .and_then(|it| NamedNode::new(it).ok())
        .unwrap_or_else(|| own(name))
}

/// Marks a back edge of a symmetric relation in [`Block::what`], which otherwise has the place of an entity.
const BACK: u32 = 1 << 31;

/// Consecutive triples with the same subject.
#[derive(Clone, Copy)]
struct Block {
    /// Order of the subject by its first occurrence.
    subject: u32,
    /// Order of the block among those of its subject.
    no: u32,
    /// The triples of the block: all facts of the entity at this place, or one edge back to the subject.
    what: u32,
}

/// The triples of a subgraph in order: first the facts of each entity, then the statements about these facts. Triples
/// with the same subject are consecutive, as readers and writers of Turtle prefer. Triples are not kept, only the order
/// of the facts that they are made from.
pub(super) struct Triples<'a> {
    view: View<'a>,
    subgraph: &'a Subgraph<'a>,
    iris: &'a EntityIris,
    values: Values,
    /// Positions of the edges, grouped by their start, and the first position of each group.
    edges: (Vec<u32>, Vec<u32>),
    blocks: Vec<Block>,
    /// Sources that are cited but not part of the subgraph.
    sources: Vec<EntityNo>,
}

/// Up to this number of triples, comparing with each is faster than hashing.
const FEW: usize = 16;

/// The triples of one subject that were written already: an RDF graph has each once, but a list may have equal values.
#[derive(Default)]
struct Written {
    /// Hashes of 128 bits: keeping the triples would take as much memory as they have text.
    few: Vec<u128>,
    more: FxHashSet<u128>,
    text: Vec<u8>,
}

impl Written {
    /// Memory for this number of triples. While a set grows, the old and the new one exist.
    fn bytes(triples: usize) -> usize {
        3 * triples * (size_of::<u128>() + 1)
    }

    fn begin(&mut self) {
        self.few.clear();
        if !self.more.is_empty() {
            self.more = FxHashSet::default();
        }
    }

    /// Whether a triple of the subject is new.
    fn is_new(&mut self, triple: &Triple) -> bool {
        self.text.clear();
        // Writing to a vector cannot fail.
        let _ = write!(self.text, "{} {}", triple.predicate, triple.object);
        let hash = xxh3_128(&self.text);
        if self.more.is_empty() {
            if self.few.contains(&hash) {
                return false;
            }
            if self.few.len() < FEW {
                self.few.push(hash);
                return true;
            }
            self.more.extend(self.few.drain(..));
        }
        self.more.insert(hash)
    }
}

/// Receives a triple.
pub(super) type TripleSink<'t> = &'t mut dyn FnMut(Triple) -> Result<(), FormError>;

impl<'a> Triples<'a> {
    /// Finds the order of the facts. Takes up to 32 bytes for each entity, 8 for each value and 20 for each edge.
    pub fn of(
        view: View<'a>,
        subgraph: &'a Subgraph<'a>,
        iris: &'a EntityIris,
        body: &mut Body,
    ) -> Result<Self, FormError> {
        let entities = subgraph.entities.len();
        let starts = subgraph.edges.iter().map(|it| subgraph.place(it.from));
        let mut triples = Self {
            view,
            subgraph,
            iris,
            values: Values::of(subgraph, body)?,
            edges: value::by_place(entities, starts, body)?,
            blocks: Vec::new(),
            sources: Vec::new(),
        };
        triples.find_blocks(body)?;
        triples.find_sources(body)?;
        let most = triples.most_of_a_subject(body)?;
        body.hold(Written::bytes(most))?;
        Ok(triples)
    }

    /// The largest number of triples with one subject, those that are written once only among them.
    fn most_of_a_subject(&self, body: &mut Body) -> Result<usize, FormError> {
        let (mut most, mut count) = (0, 0);
        let mut before = None;
        for block in &self.blocks {
            if before.replace(block.subject) != Some(block.subject) {
                count = 0;
            }
            count += 1;
            if block.what & BACK == 0 {
                let place = block.what as usize;
                count += 1 + self.edges_from(place).len();
                for at in self.values.of_entity(place) {
                    body.check()?;
                    let value = self.subgraph.values[*at as usize].value;
                    count += value.translations().map_or(1, Iterator::count);
                }
            }
            most = most.max(count);
        }
        Ok(most)
    }

    fn find_blocks(&mut self, body: &mut Body) -> Result<(), FormError> {
        const UNMET: u32 = u32::MAX;
        let entities = self.subgraph.entities.len();
        let relation = |walked: &ShownEdge| self.view.ontology().relation(walked.relation);
        let is_back = |it: &ShownEdge| relation(it).symmetric && it.from != it.to;
        let backs = self.subgraph.edges.iter().filter(|it| is_back(it)).count();
        body.hold(entities * size_of::<u32>() + (entities + backs) * size_of::<Block>())?;
        let mut met = vec![UNMET; entities];
        let mut subjects = 0;
        let mut subject_at = |place: usize| {
            if met[place] == UNMET {
                met[place] = subjects;
                subjects += 1;
            }
            met[place]
        };
        let mut blocks = Vec::with_capacity(entities + backs);
        for place in 0..entities {
            body.check()?;
            let mut add = |subject: u32, what: u32| {
                let no = blocks.len() as u32;
                blocks.push(Block { subject, no, what });
            };
            add(subject_at(place), place as u32);
            for at in self.edges_from(place) {
                body.check()?;
                let walked = &self.subgraph.edges[*at as usize];
                if let Some(to) = self.subgraph.place(walked.to)
                    && is_back(walked)
                {
                    add(subject_at(to), BACK | *at);
                }
            }
        }
        let all = 0..blocks.len();
        exec::sort(&mut blocks, all, &body.budget().clock, |a, b| {
            (a.subject, a.no).cmp(&(b.subject, b.no))
        })?;
        self.blocks = blocks;
        Ok(())
    }

    /// A source that is only cited gets a label too.
    fn find_sources(&mut self, body: &mut Body) -> Result<(), FormError> {
        let mut sources: FxHashSet<EntityNo> = FxHashSet::default();
        let values = self.subgraph.values.iter().map(|it| it.statement);
        let edges = &self.subgraph.edges;
        let edges = edges
            .iter()
            .map(|it| self.view.edge_statement(it.relation, it.edge));
        for statement in values.chain(edges).filter(|it| *it != NO_STATEMENT) {
            body.check()?;
            for citation in self.view.citations(statement) {
                let source = citation.source;
                if self.subgraph.place(source).is_none() && sources.insert(source) {
                    body.hold(SOURCE)?;
                }
            }
        }
        self.sources = sources.into_iter().collect();
        self.sources.sort_unstable_by_key(|it| {
            let row = self.view.locate(*it);
            (row.type_id, self.view.id(row))
        });
        Ok(())
    }

    fn edges_from(&self, place: usize) -> &[u32] {
        let (order, starts) = &self.edges;
        &order[starts[place] as usize..starts[place + 1] as usize]
    }

    /// Visits all triples.
    pub fn each(&self, take: TripleSink) -> Result<(), FormError> {
        let mut written = Written::default();
        let mut before = None;
        for block in &self.blocks {
            if before.replace(block.subject) != Some(block.subject) {
                written.begin();
            }
            let mut once = |triple: Triple| {
                if written.is_new(&triple) {
                    take(triple)
                } else {
                    Ok(())
                }
            };
            let take: TripleSink = &mut once;
            if block.what & BACK == 0 {
                self.entity_block(block.what as usize, take)?;
            } else {
                let fact = self.edge(&self.subgraph.edges[(block.what ^ BACK) as usize]);
                let to = self.iri(self.subgraph.edges[(block.what ^ BACK) as usize].to);
                let Triple {
                    subject, predicate, ..
                } = fact;
                take(Triple::new(to, predicate, subject))?;
            }
        }
        for source in &self.sources {
            self.entity(*source, None, take)?;
        }
        let mut blank = 0;
        for place in 0..self.subgraph.entities.len() {
            for at in self.values.of_entity(place) {
                let told = &self.subgraph.values[*at as usize];
                if self.says_more(told.statement) {
                    self.value(told, &mut |fact| {
                        self.statement(fact, told.statement, &[], &mut blank, take)
                    })?;
                }
            }
            for at in self.edges_from(place) {
                let walked = &self.subgraph.edges[*at as usize];
                let statement = self.view.edge_statement(walked.relation, walked.edge);
                let values = value::of_edge(self.view, walked);
                if self.says_more(statement) || !values.is_empty() {
                    self.statement(self.edge(walked), statement, &values, &mut blank, take)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a statement says more than its fact: its rank, when it holds, or where it is from.
    fn says_more(&self, no: StatementNo) -> bool {
        let statements = self.view.statements();
        no != NO_STATEMENT
            && (statements.rank(no) != Rank::Normal
                || statements.validity(no).is_some()
                || self.view.citations(no).next().is_some())
    }

    fn iri(&self, entity: EntityNo) -> NamedNode {
        let id = self.view.id(self.view.locate(entity));
        NamedNode::new_unchecked(self.iris.iri(id))
    }

    /// Writes the facts of the entity at a place.
    fn entity_block(&self, place: usize, take: TripleSink) -> Result<(), FormError> {
        let (entity, as_of) = self.subgraph.entities[place];
        self.entity(entity, as_of, take)?;
        for at in self.values.of_entity(place) {
            self.value(&self.subgraph.values[*at as usize], take)?;
        }
        for at in self.edges_from(place) {
            take(self.edge(&self.subgraph.edges[*at as usize]))?;
        }
        Ok(())
    }

    fn entity(&self, entity: EntityNo, as_of: Option<Date>, take: TripleSink) -> Result<(), FormError> {
        let row = self.view.locate(entity);
        let entity_type = self.view.ontology().entity_type(row.type_id);
        let iri = self.iri(entity);
        let class = iri_or(entity_type.class.as_ref(), &entity_type.name);
        take(Triple::new(iri.clone(), rdf::TYPE.into_owned(), class))?;
        let label = Literal::new_simple_literal(self.view.at(as_of).label(row));
        take(Triple::new(iri, rdfs::LABEL.into_owned(), label))
    }

    fn value(&self, told: &ShownValue, take: TripleSink) -> Result<(), FormError> {
        let row = self.view.locate(told.entity);
        let property = self
            .view
            .ontology()
            .entity_type(row.type_id)
            .members
            .property(told.property);
        let subject = self.iri(told.entity);
        if property.built_in == Some(BuiltIn::SameAs)
            && let Some(Ok(iri)) = told.value.text().map(NamedNode::new)
        {
            return take(Triple::new(subject, predicate(property), iri));
        }
        for object in literals(told.value, property.scalar) {
            take(Triple::new(subject.clone(), predicate(property), object))?;
        }
        Ok(())
    }

    /// The triple of an edge. The reverse edge of a symmetric relation is in a block of its own.
    fn edge(&self, walked: &ShownEdge) -> Triple {
        let relation = self.view.ontology().relation(walked.relation);
        // The name of a relation in the API is that of its field, which readers of the schema know.
        let predicate = iri_or(relation.class.as_ref(), field_name(self.view, walked));
        Triple::new(self.iri(walked.from), predicate, self.iri(walked.to))
    }

    /// Writes a node for a fact, with the fact's properties.
    fn statement(
        &self,
        fact: Triple,
        no: StatementNo,
        values: &[EdgeValue],
        blank: &mut usize,
        take: TripleSink,
    ) -> Result<(), FormError> {
        let mut new = |prefix: &str| {
            *blank += 1;
            BlankNode::new_unchecked(format!("{prefix}{blank}"))
        };
        let node = new("statement");
        let mut say = |predicate: NamedNode, object: Term| take(Triple::new(node.clone(), predicate, object));
        say(rdf::TYPE.into_owned(), rdf::STATEMENT.into_owned().into())?;
        say(rdf::SUBJECT.into_owned(), fact.subject.into())?;
        say(rdf::PREDICATE.into_owned(), fact.predicate.into())?;
        say(rdf::OBJECT.into_owned(), fact.object)?;
        for value in values {
            for object in literals(value.value, value.scalar) {
                say(own(value.name), object.into())?;
            }
        }
        let statements = self.view.statements();
        match statements.rank(no) {
            Rank::Normal => {}
            rank => say(own("rank"), Literal::new_simple_literal(rank.api_name()).into())?,
        }
        if let Some(validity) = statements.validity(no) {
            for (name, date) in [("validFrom", validity.from), ("validUntil", validity.until)] {
                if let Some(date) = date {
                    say(own(name), date_literal(&date.to_string()).into())?;
                }
            }
        }
        let mut places = Vec::new();
        for citation in self.view.citations(no) {
            let place = new("citation");
            say(prov("hadPrimarySource"), self.iri(citation.source).into())?;
            say(prov("qualifiedPrimarySource"), place.clone().into())?;
            places.push(place);
        }
        for (place, citation) in places.into_iter().zip(self.view.citations(no)) {
            let mut say =
                |predicate: NamedNode, object: Term| take(Triple::new(place.clone(), predicate, object));
            say(rdf::TYPE.into_owned(), prov("PrimarySource").into())?;
            say(prov("entity"), self.iri(citation.source).into())?;
            for (name, json) in [("locator", citation.locator), ("note", citation.note)] {
                if let Ok(text) = serde_json::from_slice::<String>(json) {
                    say(own(name), Literal::new_simple_literal(text).into())?;
                }
            }
        }
        Ok(())
    }
}

/// A value as literals: one literal, or one per language for a text in several languages.
fn literals(value: ValueRef, scalar: Scalar) -> Vec<Literal> {
    if let Some(translations) = value.translations() {
        let literal = |(language, text): (&str, &str)| {
            Literal::new_language_tagged_literal(text, language)
                .unwrap_or_else(|_| Literal::new_simple_literal(text))
        };
        return translations.map(literal).collect();
    }
    let text = plain(&value::json(value));
    let typed = |datatype: NamedNode, text: String| Literal::new_typed_literal(text, datatype);
    let literal = match scalar {
        Scalar::Int => typed(xsd::INT.into_owned(), text),
        Scalar::Int64 => typed(xsd::LONG.into_owned(), text),
        Scalar::Float => typed(xsd::DOUBLE.into_owned(), text),
        Scalar::Boolean => typed(xsd::BOOLEAN.into_owned(), text),
        Scalar::Date => date_literal(&text),
        Scalar::DateTime => match Instant::parse(&text).ok().and_then(|it| it.xml(&text)) {
            Some(text) => typed(xsd::DATE_TIME.into_owned(), text),
            None => Literal::new_simple_literal(text),
        },
        Scalar::Duration => typed(xsd::DAY_TIME_DURATION.into_owned(), text),
        Scalar::Url => typed(xsd::ANY_URI.into_owned(), text),
        // A decimal in RDF has no exponent.
        Scalar::Decimal => match value.decimal() {
            Some(decimal) => typed(xsd::DECIMAL.into_owned(), decimal.to_plain_string()),
            None => Literal::new_simple_literal(text),
        },
        Scalar::Point => match value.point() {
            Some(point) => typed(NamedNode::new_unchecked(WKT), wkt(point)),
            None => Literal::new_simple_literal(text),
        },
        Scalar::Json => typed(NamedNode::new_unchecked(JSON), value::json(value).to_string()),
        Scalar::Id | Scalar::String | Scalar::Text | Scalar::Custom(_) | Scalar::Enum(_) => {
            Literal::new_simple_literal(text)
        }
    };
    vec![literal]
}

/// A point as Well-Known Text, which has the longitude first.
fn wkt(point: Point) -> String {
    let mut text = b"POINT(".to_vec();
    write_float(point.lon(), &mut text);
    text.push(b' ');
    write_float(point.lat(), &mut text);
    text.push(b')');
    String::from_utf8(text).unwrap_or_default()
}

/// A date by its precision. XML Schema has datatypes for a year, a month and a day; EDTF has one for all other dates.
/// Years of more than four digits have another notation in EDTF, and XML Schema 1.0 counts years before 1 differently.
fn date_literal(text: &str) -> Literal {
    let is_plain = text.bytes().all(|it| it.is_ascii_digit() || it == b'-')
        && !text.starts_with('-')
        && !text.starts_with("0000");
    let is_month = text.get(5..7).is_none_or(|month| month <= "12");
    let datatype = match text.len() {
        _ if !is_plain || !is_month => NamedNode::new_unchecked(EDTF),
        4 => xsd::G_YEAR.into_owned(),
        7 => xsd::G_YEAR_MONTH.into_owned(),
        10 => xsd::DATE.into_owned(),
        _ => NamedNode::new_unchecked(EDTF),
    };
    Literal::new_typed_literal(text, datatype)
}

/// Whether the schema has a field of the type `Point`.
fn has_points(view: View) -> bool {
    let ontology = view.ontology();
    let of_types = ontology.types.iter().map(|it| &it.members);
    let of_edges = ontology.edge_types.iter().map(|it| &it.members);
    let mut properties = of_types.chain(of_edges).flat_map(|it| &it.properties);
    properties.any(|it| it.scalar == Scalar::Point)
}

/// The namespaces of a graph's classes and properties, each with a prefix.
pub(super) fn prefixes(view: View, subgraph: &Subgraph, iris: &EntityIris) -> Vec<(String, String)> {
    const KNOWN: [(&str, &str); 11] = [
        ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
        ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
        ("xsd", "http://www.w3.org/2001/XMLSchema#"),
        ("prov", PROV),
        ("schema", "https://schema.org/"),
        ("owl", OWL),
        ("foaf", "http://xmlns.com/foaf/0.1/"),
        ("dcterms", "http://purl.org/dc/terms/"),
        ("skos", SKOS),
        ("ontolex", "http://www.w3.org/ns/lemon/ontolex#"),
        ("geo", GEO),
    ];
    let ontology = view.ontology();
    let types = ontology
        .type_ids()
        .filter_map(|it| ontology.entity_type(it).class.as_deref());
    let relations = ontology
        .relation_ids()
        .filter_map(|it| ontology.relation(it).class.as_deref());
    let of_values = subgraph.values.iter().filter_map(|told| {
        let row = view.locate(told.entity);
        let members = &ontology.entity_type(row.type_id).members;
        Some(match members.property(told.property).built_in? {
            BuiltIn::Aliases => SKOS,
            BuiltIn::SameAs => OWL,
        })
    });
    let mut namespaces: Vec<&str> = types
        .chain(relations)
        .filter_map(|it| Some(&it[..=it.rfind(['#', '/'])?]))
        .chain(of_values)
        .collect();
    if has_points(view) {
        namespaces.push(GEO);
    }
    namespaces.sort_unstable();
    namespaces.dedup();
    let mut prefixes = vec![
        ("entity".to_owned(), iris.namespace().to_owned()),
        ("clew".to_owned(), VOCABULARY.to_owned()),
    ];
    let always = KNOWN
        .iter()
        .take(4)
        .map(|(name, iri)| ((*name).to_owned(), (*iri).to_owned()));
    prefixes.extend(always);
    for Prefix { name, iri } in ontology.prefixes.all() {
        if prefixes.iter().all(|it| it.0 != *name && it.1 != *iri) {
            prefixes.push((name.clone(), iri.clone()));
        }
    }
    let mut unknown = 0;
    for namespace in namespaces {
        if prefixes.iter().any(|(_, iri)| iri == namespace) {
            continue;
        }
        let is_free = |name: &str| prefixes.iter().all(|it| it.0 != name);
        let known = KNOWN
            .iter()
            .find(|(name, iri)| *iri == namespace && is_free(name));
        let name = known.map_or_else(
            || {
                loop {
                    unknown += 1;
                    let name = format!("ns{unknown}");
                    if is_free(&name) {
                        break name;
                    }
                }
            },
            |(name, _)| (*name).to_owned(),
        );
        prefixes.push((name, namespace.to_owned()));
    }
    prefixes
}

pub(super) fn turtle(
    view: View,
    subgraph: &Subgraph,
    iris: &EntityIris,
    body: &mut Body,
) -> Result<(), FormError> {
    let refused = |it: IriParseError| FormError::Refused(it.to_string());
    let mut serializer = TurtleSerializer::new();
    for (name, iri) in prefixes(view, subgraph, iris) {
        serializer = serializer.with_prefix(name, iri).map_err(refused)?;
    }
    let triples = Triples::of(view, subgraph, iris, body)?;
    let mut writer = serializer.for_writer(&mut *body);
    let mut failed = None;
    let written = triples.each(&mut |triple| note(writer.serialize_triple(&triple), &mut failed));
    let finished = match written {
        Ok(()) => writer.finish().map(drop),
        Err(_) => Ok(()),
    };
    ended(written, failed.or(finished.err()), body)
}

pub(super) fn ntriples(
    view: View,
    subgraph: &Subgraph,
    iris: &EntityIris,
    body: &mut Body,
) -> Result<(), FormError> {
    let triples = Triples::of(view, subgraph, iris, body)?;
    let mut writer = NTriplesSerializer::new().for_writer(&mut *body);
    let mut failed = None;
    let written = triples.each(&mut |triple| note(writer.serialize_triple(&triple), &mut failed));
    ended(written, failed, body)
}

/// Converts the error of a writer, whose reason only the body has.
fn note(written: io::Result<()>, failed: &mut Option<io::Error>) -> Result<(), FormError> {
    written.map_err(|error| {
        *failed = Some(error);
        FormError::Stop(Stop::Bytes)
    })
}

fn ended(written: Result<(), FormError>, failed: Option<io::Error>, body: &Body) -> Result<(), FormError> {
    match failed {
        Some(error) => Err(body.failed(error)),
        None => written,
    }
}

/// The name of a class or a property in the schema, by its IRI.
pub(super) fn names(view: View) -> Vec<(NamedNode, String)> {
    let ontology = view.ontology();
    let mut names = Vec::new();
    for id in ontology.type_ids() {
        let entity_type = ontology.entity_type(id);
        names.push((
            iri_or(entity_type.class.as_ref(), &entity_type.name),
            entity_type.name.clone(),
        ));
        for member in entity_type.members.names() {
            match entity_type.members.get(member) {
                Some(Member::Property(no)) => {
                    let property = entity_type.members.property(no);
                    names.push((predicate(property), member.to_owned()));
                }
                Some(Member::Relation(no)) => {
                    let field = entity_type.members.field(no);
                    // An inverse field shows the same property in the opposite direction.
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
