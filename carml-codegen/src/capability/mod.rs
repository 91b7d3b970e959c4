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

/// Generates the calls of the object store: the module `carml_config::requirement::store_call`.
///
/// # Errors
///
/// See [`Error`].
pub fn store_calls(schema: &str) -> Result<String, Error> {
    Ok(rust::store_calls(&table(&documents(schema)?)?))
}

/// Generates the names that `#[carml_service(requires(…))]` takes, from the schemas of both stores:
/// the module `carml_macros::service::generated`. The macros depend on no other crate of CarML.
///
/// # Errors
///
/// See [`Error`].
pub fn names(registry: &str, store: &str) -> Result<String, Error> {
    let (registry, store) = (documents(registry)?, documents(store)?);
    Ok(rust::names(&table(&registry)?, &table(&store)?))
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
