//! JSON Schema documents for CarML: what a schema says, for the compiler of types and for the
//! explanations of configs alike.
//!
//! [`parse`] reads a schema file and the local files that it refers to into a [`graph::Graph`], in
//! which references are edges and every keyword has one form, whatever the draft.

pub mod applicable;
mod complexity;
mod documents;
mod draft;
mod error;
pub mod extend;
pub mod graph;
mod index;
mod keywords;
mod metaschema;
mod node;
pub mod number;
pub mod own;
mod parse;
pub mod pattern;
pub mod pointer;
mod read;
mod scalar;
mod subschemas;
mod uri;
mod validator;

pub use applicable::Applicable;
pub use documents::Documents;
pub use error::Error;
pub use index::{Annotated, Annotations, SchemaIndex};
pub use jsonschema::ReferencingError as ReferenceError;
pub use node::Node;
pub use parse::{Parsed, parse};
pub use read::value as read;
pub use scalar::{Limit, Scalar};
pub use validator::{SchemaValidator, Unusable};
