//! The language between the schema front end and what follows it: `schema` is what a document
//! says, [`types`] is the Rust that will say it, [`check`] is what is left for a test to say.

pub(crate) mod check;
pub(crate) mod types;

/// The schema graph of `carml_schema`.
pub(crate) mod schema {
    pub(crate) use carml_schema::graph::{
        About, Additional, Bounds, Condition, Dependent, Graph, InstanceType as Kind, Rules,
        Schema, SchemaId, Size, Union,
    };
}
