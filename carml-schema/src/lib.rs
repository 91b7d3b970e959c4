//! JSON Schema documents for CarML.
//!
//! The schema compiler (`carml-codegen`) and the config crate (`carml-config`) use this crate to
//! read schemas. It is the only place that loads schema documents, resolves references, and knows
//! drafts, keywords and CarML's annotations. It knows nothing about Rust code.
//!
//! References are resolved by the resolver of the validator
//! ([`referencing`](https://docs.rs/referencing)), in one registry that the validator, the typed
//! graph and the explanations share: a `$ref` means the same to all of them.
//!
//! # Example
//!
//! ```
//! use carml_schema::{Documents, applicable, applicable::Applicable};
//! use serde_json::json;
//!
//! let schema = json!({
//!     "$schema": "https://json-schema.org/draft/2020-12/schema",
//!     "properties": {
//!         "timeout": { "$ref": "carml://schema/types.json#/$defs/duration", "default": "5s" },
//!     },
//! });
//! let documents = Documents::given("app.json", schema, &[]).unwrap();
//!
//! // Every schema that applies to the value at a pointer, the nearest first.
//! let timeout = documents.at("/timeout");
//! assert_eq!(timeout[0].node.default(), Some(&json!("5s")));
//! assert_eq!(timeout[1].node.title(), Some("Duration"));
//!
//! // The validator uses the same documents (feature `validator`).
//! # #[cfg(feature = "validator")] {
//! let validator = documents.validator(jsonschema::options).unwrap();
//! assert!(validator.is_valid(&json!({ "timeout": "1m30s" })));
//! let wrong = json!({ "timeout": "soon" });
//! let error = validator.validate(&wrong).unwrap_err();
//! let owner = documents.owner(&validator, &error).unwrap();
//! assert_eq!(owner.hint().as_deref(), Some("write it like `5s`, `1m30s`, `250ms`"));
//! # }
//!
//! let all = [Applicable::always(documents.root())];
//! assert_eq!(applicable::keys(&all), ["timeout"]);
//! ```
//!
//! # Modules
//!
//! | module | what is in it |
//! |---|---|
//! | [`Documents`] | loads a schema with what it refers to; validator, bundle for editors, bundle for generated code |
//! | [`Node`] | one schema, with a method per keyword that describes or constrains |
//! | [`applicable`] | which schemas apply to a value, its keys and its items |
//! | [`SchemaIndex`] | for every place: secrets, defaults, endpoints, middlewares |
//! | [`graph`], [`parse`] | all schemas that a root refers to, in one form for all drafts; types are generated from it |
//! | [`pattern`] | ECMA-262 patterns, and the translation of other dialects to them |
//! | [`mod@pointer`] | JSON pointers |
//! | [`capabilities`], [`middlewares`] | the sources of the generated tables of stores and middlewares |
//! | [`secret_names`] | which names of keys and variables count as secret |
//! | [`scalar`] | the syntax of durations, sizes, addresses and encoded bytes |
//! | [`extend`] | sections and middlewares that a program adds |
//! | [`own`] | CarML's own documents, `carml://schema/…` |
//!
//! # Where documents come from
//!
//! - A relative reference names the file at that path, seen from the file that refers to it.
//! - Any other reference names a file in the folder of the root document: the one with this `$id`,
//!   or else with the same file name. Collections of schemas are often kept in one folder.
//! - `carml://schema/…` and the metaschemas of all drafts are built in. Nothing is fetched.
//!
//! A document that names no draft, or an unknown one, is read as draft-07, or as draft-04 if only
//! that draft accepts it. Keywords that the draft does not have are ignored.

pub mod applicable;
pub mod capabilities;
mod complexity;
mod documents;
mod draft;
mod error;
pub mod extend;
pub mod graph;
mod index;
mod keywords;
mod literals;
mod metaschema;
pub mod middlewares;
mod node;
pub mod number;
pub mod own;
mod parse;
pub mod pattern;
pub mod pointer;
mod read;
pub mod scalar;
pub mod secret_names;
mod subschemas;
mod uri;
#[cfg(feature = "validator")]
mod validator;

pub use applicable::Applicable;
pub use documents::Documents;
pub use error::{locate_error, not_a_schema};
pub use index::{Annotated, Annotations, SchemaIndex};
pub use node::Node;
pub use parse::{Parsed, parse};
pub use read::value as read;
pub use referencing::Error as ReferenceError;
pub use scalar::{Limit, Scalar};
#[cfg(feature = "validator")]
pub use validator::{SchemaValidator, Unusable};
