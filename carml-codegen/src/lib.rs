//! Compiles JSON Schemas and `.proto` files to the Rust code that a CarML service includes. It
//! needs no `protoc` and no network access.
//!
//! # In a build script
//!
//! ```toml
//! [build-dependencies]
//! carml-codegen = "0.1"
//! ```
//!
//! `build.rs`:
//!
//! ```no_run
//! fn main() -> Result<(), carml_codegen::Error> {
//!     carml_codegen::Builder::new()
//!         .schema("schema/app.json")
//!         .proto("proto/greeter/v1/greeter.proto")
//!         .include("proto")
//!         .generate()
//! }
//! ```
//!
//! In the crate, write `carml_runtime::include_generated!();`. The types of the config are in the
//! module `config`, and those of a proto package in the modules of its name. Cargo runs the script
//! again when one of its input files changes; the output is written only if it differs.
//!
//! # Without a build script
//!
//! [`schema::compile`] and [`proto::compile`] return the code as text; `carml generate` writes it
//! to a file. The module of a schema that does not extend CarML's base config needs `serde` and
//! `serde_json` only, and `regex` if it checks patterns:
//!
//! ```no_run
//! use carml_codegen::schema;
//!
//! let options = schema::Options::default();
//! let module = schema::compile("schema/app.json".as_ref(), &options)?;
//! for fallback in &module.fallbacks {
//!     eprintln!("untyped: {}: {}", fallback.pointer, fallback.reason);
//! }
//! std::fs::write("src/config.rs", &module.code)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! | module | what it does |
//! |---|---|
//! | [`Builder`] | the API of build scripts |
//! | [`schema`] | JSON Schema to types |
//! | [`proto`] | `.proto` files to messages and services |
//! | [`capability`] | the table of the calls that each provider of a store has |
//! | [`middleware`] | the dispatch of the built-in middlewares |
//!
//! Internally, `carml-schema` reads schemas into a graph, `lower` chooses the types that express it
//! (`ir`), and `emit` writes them. `docs/schema-compiler.md` describes which schema becomes which
//! type.

mod builder;
pub mod capability;
mod emit;
mod error;
mod ir;
mod lower;
pub mod middleware;
mod names;
mod options;
pub mod proto;
pub mod schema;

pub use builder::Builder;
pub use error::Error;
