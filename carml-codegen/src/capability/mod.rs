//! `x-carml-capabilities` → Rust and a Markdown table.

mod markdown;
mod rust;
mod table;

pub use table::Error;
use table::Table;

/// Generates the module `carml_runtime::kv::capability::generated`.
pub fn rust(schema: &str) -> Result<String, Error> {
    Ok(rust::module(&Table::parse(schema)?))
}

/// Generates the table for people.
pub fn markdown(schema: &str) -> Result<String, Error> {
    Ok(markdown::table(&Table::parse(schema)?))
}
