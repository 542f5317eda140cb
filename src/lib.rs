//! A GraphQL server for knowledge graphs: SDL and facts are compiled into an immutable, columnar
//! graph; an operation is compiled once into a plan; running a plan writes the answer's bytes.
//!
//! The modules are the stages, in the order of the data; `docs/architecture.md` is the map.

pub mod api;
pub mod bench;
pub mod budget;
pub mod cli;
pub mod condition;
pub mod exec;
pub mod facts;
mod folder;
pub mod forms;
pub mod graph;
pub mod json;
pub mod memory;
pub mod ontology;
pub mod plan;
#[cfg(feature = "probes")]
pub mod probes;
pub mod report;
pub mod search;
pub mod server;
