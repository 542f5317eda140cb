//! The public GraphQL API of a graph: its schema, and the way from a request to an answer.
//!
//! async-graphql builds the schema from the ontology and exports its SDL; apollo-compiler reads that SDL
//! once and parses, validates and coerces every operation against it; the operation is compiled into a plan
//! that is kept, so that the next request with the same text only binds its variables and runs. Nothing here
//! knows how a graph is laid out or how an answer is written.

mod answer;
mod documents;
mod engine;
mod schema;
mod transport;

pub use answer::{Answer, GraphqlError};
pub use engine::{Engine, Limits, Request};
pub use transport::Transport;

use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};
use async_graphql::SDLExportOptions;

use crate::ontology::Ontology;

/// A schema that cannot be made: a rule of GraphQL that the ontology's checks let through.
#[derive(Debug, thiserror::Error)]
#[error("the API's schema cannot be made: {0}")]
pub struct ApiError(String);

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
        let dynamic = schema::build(ontology).map_err(|error| ApiError(error.to_string()))?;
        let options = SDLExportOptions::new().include_specified_by().use_space_ident();
        let mut sdl = dynamic.sdl_with_options(options).trim().to_owned();
        sdl.push('\n');
        let schema = Schema::builder()
            .ignore_builtin_redefinitions()
            .parse(sdl.as_str(), "schema.graphql")
            .build()
            .and_then(Schema::validate)
            .map_err(|error| ApiError(error.errors.to_string()))?;
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
