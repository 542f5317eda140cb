//! The public GraphQL API of a graph: its schema, and the way from a request to an answer.
//!
//! async-graphql builds the schema from the ontology and exports its SDL; apollo-compiler reads that SDL
//! once, and parses and validates every operation against it; `coerce` coerces its variables; the operation is compiled into a plan
//! that is kept, so that the next request with the same text only binds its variables and runs. Nothing here
//! knows how a graph is laid out or how an answer is written.

mod answer;
mod coerce;
mod compiled;
mod compressed_cache;
mod dispatch;
mod document;
mod document_cache;
mod duplicates;
mod encoding;
mod engine;
mod entity;
mod gate;
mod limits;
mod memory_size;
mod persisted;
mod prepared;
mod request;
mod request_cache;
mod revision;
mod schema;
mod suggestions;

pub use answer::{Answer, GraphqlError, Reached};
pub use dispatch::RequestHandler;
pub use encoding::Encoding;
pub use engine::{CacheWeights, CompiledCounts, Engine, Request};
pub use entity::{DatedEntity, own_request};
pub use gate::{Gate, GateLimits, GateStats};
pub use limits::Limits;
pub use persisted::{DocumentText, ManifestError, Named, Persisted};
pub use request::{Parts, RawRequest};

pub(crate) use encoding::SHORTEST;

use apollo_compiler::ast::Type;
use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::{ExtendedType, Implementers};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};

use crate::memory::{Allowance, Excess};
use crate::ontology::Ontology;
use crate::report::{Code, Place, Report, SourceText};
use schema::SchemaCorrections;

/// The code of a request that is refused, or that ends, because too much is running.
pub const BUSY: &str = "BUSY";
/// The message of such a refusal.
pub const BUSY_MESSAGE: &str = "the server is busy: try again in a second";

/// A schema that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A rule of GraphQL is broken that the ontology's checks do not know.
    #[error("the API's schema cannot be made: {0}")]
    Rule(String),
    /// The process would hold too much memory.
    #[error("the API's schema takes more memory than it may: {0}")]
    Memory(Excess),
}

impl ApiError {
    /// The error as a report.
    pub fn report(&self) -> Report {
        match self {
            Self::Rule(_) => Report::new(Code::GRAPHQL_RULE, self.to_string()),
            Self::Memory(_) => Report::new(Code::MEMORY, self.to_string())
                .hint("allow more with --max-memory-total, or define fewer types and fields"),
        }
    }

    fn rule(error: impl std::fmt::Display) -> Self {
        Self::Rule(error.to_string())
    }
}

/// The directives of operations, which async-graphql's dynamic schema does not take.
const DIRECTIVES: &str = r#"
"Returns the sources of values in `extensions.citations`: for each value in the answer that has a source, its path and its citations; for an entity in a relation, those of the edge. Does not change `data`. On a field or fragment: only for the values in it."
directive @cite on QUERY | FIELD | FRAGMENT_DEFINITION | FRAGMENT_SPREAD | INLINE_FRAGMENT

"Returns the cost of the answer in `extensions.plan`: for each step its path, the number of runs (rows in) and results (rows out), the number of visited entities and edges, its bytes, and its time in microseconds. The values of a step include the steps below it."
directive @explain on QUERY
"#;

/// Bytes that parsing takes for each byte of the exported schema.
const PARSED_OF_A_BYTE: usize = 48;
/// Bytes that validation and writing the schema take for each byte of the exported schema.
const CHECKED_OF_A_BYTE: usize = 4;

/// The public schema of an ontology.
#[derive(Debug)]
pub struct Api {
    sdl: String,
    schema: Valid<Schema>,
    implementers: HashMap<Name, Implementers>,
}

impl Api {
    /// Makes the public schema of an ontology.
    ///
    /// # Errors
    /// When a rule of GraphQL is broken that the ontology's checks do not know.
    pub fn new(ontology: &Ontology) -> Result<Self, ApiError> {
        Self::within(ontology, &Allowance::default())
    }

    /// As [`Api::new`], with at most this memory.
    ///
    /// # Errors
    /// When there is not enough memory, and when a rule of GraphQL is broken that the ontology's checks do not know.
    pub fn within(ontology: &Ontology, memory: &Allowance) -> Result<Self, ApiError> {
        let made = Self::make(ontology, memory);
        memory
            .excess()
            .map_or(made, |excess| Err(ApiError::Memory(excess)))
    }

    fn make(ontology: &Ontology, memory: &Allowance) -> Result<Self, ApiError> {
        // Only seen where there is no excess.
        let refused = || ApiError::rule("there is not enough memory");
        let (exported, amendments) = schema::export(ontology, memory)?;
        let length = exported.len();
        let mut builder = Schema::builder().ignore_builtin_redefinitions();
        for definitions in schema::pieces(&exported) {
            let bytes = definitions.len().saturating_mul(PARSED_OF_A_BYTE);
            let _reserved = memory.reserve(bytes).ok_or_else(refused)?;
            builder = builder.parse(definitions, "schema.graphql");
        }
        drop(exported);
        let _reserved = memory
            .reserve(length.saturating_mul(CHECKED_OF_A_BYTE))
            .ok_or_else(refused)?;
        let mut schema = builder
            .parse(DIRECTIVES, "directives.graphql")
            .build()
            .map_err(|error| ApiError::rule(error.errors))?;
        amend(&mut schema, &amendments)?;
        schema::leave_out_unreachable(&mut schema);
        schema::open_texts(&mut schema);
        let schema = schema.validate().map_err(|error| ApiError::rule(error.errors))?;
        let sdl = schema.to_string();
        let implementers = schema.implementers_map();
        Ok(Self {
            sdl,
            schema,
            implementers,
        })
    }

    /// The first error of a document, if it has any, and its place in the document, which reports call `name`. Takes time
    /// linear in the document.
    pub fn misfit(&self, document: &str, name: &str, limits: &Limits) -> Option<(String, Option<Place>)> {
        let error = self.first_error(document, limits)?;
        let place = error.locations.first().map(|at| {
            let source = SourceText::whole(name, document);
            Place::of_word(source, at.line, at.column)
        });
        Some((error.message, place))
    }

    /// The first error of a document, if it has any.
    pub fn first_error(&self, document: &str, limits: &Limits) -> Option<GraphqlError> {
        let errors = document::Document::errors(self, limits, document);
        errors.into_iter().next()
    }

    /// The schema as SDL without descriptions. Each call takes time linear in the schema.
    pub fn bare_sdl(&self) -> String {
        let mut bare = Schema::clone(&self.schema);
        schema::remove_descriptions(&mut bare);
        bare.to_string()
    }

    /// The schema as SDL; the same ontology gives the same bytes.
    pub fn sdl(&self) -> &str {
        &self.sdl
    }
}

/// Puts in what async-graphql leaves out.
fn amend(schema: &mut Schema, amendments: &SchemaCorrections) -> Result<(), ApiError> {
    for (name, interfaces) in &amendments.implements {
        if let Some(ExtendedType::Interface(interface)) = schema.types.get_mut(name.as_str()) {
            let interface = interface.make_mut();
            for above in interfaces {
                let above = Name::new(above).map_err(ApiError::rule)?;
                interface.implements_interfaces.insert(Node::new(above));
            }
        }
    }
    for (name, field, ty) in &amendments.types {
        let fields = match schema.types.get_mut(name.as_str()) {
            Some(ExtendedType::Object(object)) => &mut object.make_mut().fields,
            Some(ExtendedType::Interface(interface)) => &mut interface.make_mut().fields,
            _ => continue,
        };
        if let Some(field) = fields.get_mut(field.as_str()) {
            let parsed = Type::parse(ty, "type").map_err(ApiError::rule)?;
            field.make_mut().ty = parsed;
        }
    }
    Ok(())
}
