//! Config: from `carml.yml` to checked, typed values.
//!
//! [`Schema`] defines what is allowed. [`Loader`] merges the layers (schema defaults, files, remote
//! sources, variables, `--set`), expands `${…}` in files, and checks the result. [`Loaded`] is a
//! valid config that knows the origin of every value. [`Reload`] reads the config again while a
//! service runs.
//!
//! ```
//! use carml_config::{Config, Loader, Schema};
//! use carml_diagnostic::{Format, Source};
//!
//! let text = "registry:\n  timeout: ${TIMEOUT:-7s}\n";
//! let loader = Loader::new(Schema::base()?)
//!     .source(Source::new("carml.yml", text, Format::Yaml))
//!     .env([("CARML__APP__NAME", "shop")])
//!     .set("grpc.server.listen=127.0.0.1:0");
//! let loaded = loader.load()?;
//! let config: Config = loaded.typed()?;
//! assert_eq!(config.grpc.server.listen.to_string(), "127.0.0.1:0");
//! assert_eq!(loaded.value()["registry"]["timeout"], "7s");
//! assert_eq!(loaded.origin("/app/name").to_string(), "variable CARML__APP__NAME");
//! assert_eq!(loaded.origin("/registry/timeout").to_string(), "carml.yml:2:12");
//!
//! // Every error is reported at once, at the layer that caused it.
//! let report = loader.set("registry.timeuot=5s").load().unwrap_err().to_string();
//! assert!(report.contains("--> --set registry.timeuot"));
//! assert!(report.contains("did you mean"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `docs/config.md` is the manual. The types of CarML's own sections (`model`) are generated from
//! `schema/*.json`.
//!
//! # Modules
//!
//! - `schema`: what is allowed; `load`: the layers and their result.
//! - `layer`: the origin of a value; `key_path`: keys as users write them.
//! - `variables`: `${…}`.
//! - `diagnose`: from the errors of the validator to diagnostics; `redact`: what a report may show.
//! - `rules`: rules that a schema cannot express; `chain`: those on middleware lists;
//!   `requirement`: the store calls that a service needs; `preflight`: folders, addresses and
//!   servers.
//! - `explain`: the effective config, a key, the reference.
//! - `types`: durations, sizes, addresses, secrets.

pub mod chain;
mod diagnose;
mod document;
mod explain;
mod features;
mod key_path;
mod layer;
mod load;
#[rustfmt::skip]
pub mod model;
mod preflight;
mod redact;
mod requirement;
mod rules;
mod schema;
#[doc(hidden)]
#[rustfmt::skip]
pub mod support;
mod types;
mod variables;

pub use layer::Origin;
pub use load::{Change, Error, Loaded, Loader, Reload, Remote};
/// ```
/// use carml_config::{Config, Loader, Schema};
///
/// let loaded = Loader::new(Schema::base()?).set("grpc.server.listen=0.0.0.0:7400").load()?;
/// let config: Config = loaded.typed()?;
/// assert_eq!(config.grpc.server.listen.to_string(), "0.0.0.0:7400");
/// // A section that the config does not have, and one that is filled with defaults.
/// assert!(config.registry.is_none());
/// assert!(!config.app.verbose);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(inline)]
pub use model::Config;
pub use requirement::{InvalidRequirement, Requirement, STORE_CALLS, StoreCall};
pub use schema::{Root, Schema, Section};
pub use support::{Integer, ObjectOr};
pub use types::{
    Base64, ByteSize, Duration, Endpoint, InvalidTarget, ListenAddress, Pem, Probe, ProbeKind,
    Secret, TargetName,
};
