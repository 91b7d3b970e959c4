//! `x-carml-capabilities` → Rust and a Markdown table.

mod markdown;
mod rust;

use carml_schema::{
    Documents, ReferenceError,
    capabilities::{Capabilities, CapabilityError},
};

/// Why a schema has no valid table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON.
    #[error("the schema is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A reference of the schema is not a URI.
    #[error("the schema cannot be resolved: {0}")]
    Reference(#[from] ReferenceError),
    /// The annotation is not a table.
    #[error(transparent)]
    Capabilities(#[from] CapabilityError),
}

/// Generates the module `carml_runtime::kv::capability::generated`.
///
/// # Errors
///
/// See [`Error`].
pub fn rust(schema: &str) -> Result<String, Error> {
    Ok(rust::module(&table(&documents(schema)?)?))
}

/// Generates the names that `#[carml_service(requires(…))]` takes: the module
/// `carml_macros::service::generated`. The macros depend on no other crate of CarML.
///
/// # Errors
///
/// See [`Error`].
pub fn names(schema: &str) -> Result<String, Error> {
    Ok(rust::names(&table(&documents(schema)?)?))
}

/// Generates the table for people.
///
/// # Errors
///
/// See [`Error`].
pub fn markdown(schema: &str) -> Result<String, Error> {
    Ok(markdown::table(&table(&documents(schema)?)?))
}

fn documents(schema: &str) -> Result<Documents, Error> {
    let schema = serde_json::from_str(schema)?;
    Ok(Documents::given("registry.json", schema, &[])?)
}

fn table(documents: &Documents) -> Result<Capabilities<'_>, Error> {
    let table = documents.root().capabilities();
    let table = table.ok_or(CapabilityError::Shape("providers"))?;
    table.verify()?;
    Ok(table)
}
