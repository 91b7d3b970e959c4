//! Compiles JSON Schemas and, without `protoc`, `.proto` files to the Rust that a CarML service includes.
//!
//! In `build.rs`:
//!
//! ```no_run
//! # fn main() -> Result<(), carml_codegen::Error> {
//! carml_codegen::Builder::new()
//!     .schema("schema/app.json")
//!     .proto("proto/greeter/v1/greeter.proto")
//!     .include("proto")
//!     .generate()
//! # }
//! ```
//!
//! and in the crate: `carml_runtime::include_generated!();`.

mod builder;
mod emit;
mod error;
mod ir;
mod lower;
mod names;
mod options;
pub mod proto;
pub mod schema;

pub use builder::Builder;
pub use error::Error;

pub mod capability;
pub mod middleware;
