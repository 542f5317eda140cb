//! A GraphQL server for knowledge graphs: SDL and facts are compiled into an immutable, columnar
//! graph; an operation is compiled once into a plan; running a plan writes the answer's bytes.
//!
//! The modules are the stages, in the order of the data; `docs/architecture.md` is the map.

#[forbid(unsafe_code)]
pub mod api;
#[forbid(unsafe_code)]
mod background_drop;
#[forbid(unsafe_code)]
pub mod bench;
#[forbid(unsafe_code)]
pub mod budget;
#[forbid(unsafe_code)]
pub mod cli;
#[forbid(unsafe_code)]
pub mod collation;
#[forbid(unsafe_code)]
pub mod condition;
#[forbid(unsafe_code)]
pub mod exec;
#[forbid(unsafe_code)]
pub mod facts;
#[forbid(unsafe_code)]
mod folder;
#[forbid(unsafe_code)]
pub mod forms;
// The only module with code that the compiler does not check.
pub mod graph;
#[forbid(unsafe_code)]
pub mod json;
#[forbid(unsafe_code)]
pub mod memory;
#[forbid(unsafe_code)]
pub mod ontology;
#[forbid(unsafe_code)]
pub mod plan;
#[cfg(feature = "probes")]
#[forbid(unsafe_code)]
pub mod probes;
#[forbid(unsafe_code)]
pub mod report;
#[forbid(unsafe_code)]
pub mod search;
#[forbid(unsafe_code)]
pub mod server;
#[forbid(unsafe_code)]
pub mod surface;
