//! JSON Schema documents for CarML.
//!
//! The compiler of types (`carml-codegen`), the validation and the explanations of configs
//! (`carml-config`) all ask this crate what a schema says. It is the only place that loads schema
//! documents, resolves references, and knows drafts, keywords and CarML's annotations. It knows
//! nothing of Rust code, and of values only where an annotation marks them.
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
//! # Map of modules
//!
//! | module | what is in it |
//! |---|---|
//! | [`Documents`] | loads a schema with what it refers to; validator, bundle for editors, bundle for generated code |
//! | [`Node`] | one schema, with a method per keyword that describes or constrains |
//! | [`applicable`] | which schemas apply to a value, its keys and its items |
//! | [`SchemaIndex`] | what loading asks of every place: secrets, defaults, endpoints, middlewares |
//! | [`graph`], [`parse`] | every schema that a root reaches, without the drafts: what types are made of |
//! | [`pattern`] | patterns of ECMA-262, and those of other dialects translated to it |
//! | [`mod@pointer`] | JSON pointers |
//! | [`capabilities`], [`middlewares`] | what the tables of stores and of middlewares are generated from |
//! | [`secret_names`] | which names of keys and variables count as secret |
//! | [`scalar`] | the syntax of durations, sizes, addresses and encoded bytes |
//! | [`extend`] | sections and middlewares that a program adds |
//! | [`own`] | CarML's own documents, `carml://schema/…` |
//!
//! # Where documents come from
//!
//! - A relative reference names the file at that path, seen from the file that refers to it.
//! - An address elsewhere names a file beside the root that has it as its `$id`, else one with its
//!   last name: collections of schemas are kept in one folder like that.
//! - `carml://schema/…` and the metaschemas of all drafts are built in. Nothing is fetched.
//!
//! A document that names no draft, or an unknown one, is read as draft-07; as draft-04 if only
//! that accepts it. A keyword that the draft does not have asserts nothing.

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
