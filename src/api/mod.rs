//! The public GraphQL API of a graph: its schema, and the way from a request to an answer.
//!
//! async-graphql builds the schema from the ontology and exports its SDL; apollo-compiler reads that SDL
//! once, and parses and validates every operation against it; `coerce` coerces its variables; the operation is compiled into a plan
//! that is kept, so that the next request with the same text only binds its variables and runs. Nothing here
//! knows how a graph is laid out or how an answer is written.

mod answer;
mod asked;
mod bodies;
mod coerce;
mod compiled;
mod dispatch;
mod documents;
mod duplicates;
mod encoding;
mod engine;
mod gate;
mod limits;
mod packed;
mod persisted;
mod prepared;
mod revision;
mod schema;
mod suggestions;
mod weight;

pub use answer::{Answer, GraphqlError, Reached};
pub use asked::{Asked, Parts};
pub use dispatch::Serving;
pub use encoding::Encoding;
pub use engine::{CacheWeights, CompiledCounts, Engine, Request};
pub use gate::{Gate, GateLimits, GateStats};
pub use limits::Limits;
pub use persisted::{Found, ManifestError, Named, Persisted};

pub(crate) use encoding::SHORTEST;

use apollo_compiler::ast::Type;
use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::{ExtendedType, Implementers};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};
use async_graphql::SDLExportOptions;

use crate::ontology::Ontology;
use schema::Amendments;

/// The code of a request that is refused, or that ends, because too much is running.
pub const BUSY: &str = "BUSY";
/// The message of such a refusal.
pub const BUSY_MESSAGE: &str = "the server is busy: try again in a second";

/// A schema that cannot be made: a rule of GraphQL that the ontology's checks let through.
#[derive(Debug, thiserror::Error)]
#[error("the API's schema cannot be made: {0}")]
pub struct ApiError(String);

/// The directives of operations, which async-graphql's dynamic schema does not take.
const DIRECTIVES: &str = r#"
"Asks where values come from: `extensions.citations` names, for each place in the answer that rests on a statement with a source, its path and its citations; for an edge, the edge's. The data stay as they are. On a field or a fragment: of what it holds."
directive @cite on QUERY | FIELD | FRAGMENT_DEFINITION | FRAGMENT_SPREAD | INLINE_FRAGMENT

"Asks what answering takes: `extensions.plan` lists the steps, each with its path, how often it ran (rows in), how many entries it gave (rows out), how many entities and edges were looked at in it, its bytes, and its time in microseconds, what lies below it included."
directive @explain on QUERY
"#;

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
        let (dynamic, amendments) = schema::build(ontology).map_err(|error| ApiError(error.to_string()))?;
        let options = SDLExportOptions::new().include_specified_by().use_space_ident();
        let exported = dynamic.sdl_with_options(options);
        let mut schema = Schema::builder()
            .ignore_builtin_redefinitions()
            .parse(exported, "schema.graphql")
            .parse(DIRECTIVES, "directives.graphql")
            .build()
            .map_err(|error| ApiError(error.errors.to_string()))?;
        amend(&mut schema, &amendments)?;
        schema::open_texts(&mut schema);
        let schema = schema
            .validate()
            .map_err(|error| ApiError(error.errors.to_string()))?;
        let sdl = schema.to_string();
        let implementers = schema.implementers_map();
        Ok(Self {
            sdl,
            schema,
            implementers,
        })
    }

    /// The schema as SDL; the same ontology gives the same bytes.
    pub fn sdl(&self) -> &str {
        &self.sdl
    }
}

/// Puts in what async-graphql leaves out.
fn amend(schema: &mut Schema, amendments: &Amendments) -> Result<(), ApiError> {
    for (name, interfaces) in &amendments.implements {
        if let Some(ExtendedType::Interface(interface)) = schema.types.get_mut(name.as_str()) {
            let interface = interface.make_mut();
            for above in interfaces {
                let above = Name::new(above).map_err(|error| ApiError(error.to_string()))?;
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
            let parsed = Type::parse(ty, "type").map_err(|error| ApiError(error.to_string()))?;
            field.make_mut().ty = parsed;
        }
    }
    Ok(())
}
