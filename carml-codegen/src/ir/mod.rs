//! The language between the schema front end and what follows it: [`schema`] is what a document
//! says, [`types`] is the Rust that will say it, [`check`] is what is left for a test to say.

pub(crate) mod check;
pub(crate) mod schema;
pub(crate) mod types;
