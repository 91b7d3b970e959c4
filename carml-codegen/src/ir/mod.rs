//! The language between the schema front end and what follows it: [`schema`] is what a document
//! says, [`types`] is the Rust that will say it.

pub(crate) mod schema;
pub(crate) mod types;
