//! JSON Schema documents for CarML: what a schema says, for the compiler of types and for the
//! explanations of configs alike.
//!
//! [`parse`] reads a schema file and the local files that it refers to into a [`graph::Graph`], in
//! which references are edges and every keyword has one form, whatever the draft.

mod anchor;
mod documents;
mod error;
pub mod graph;
mod metaschema;
pub mod own;
mod parse;
mod subschemas;
mod uri;

pub use error::Error;
pub use parse::{Parsed, parse};
