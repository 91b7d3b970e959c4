//! The language between the schema graph and the Rust that is written: `schema` is the content
//! of a document, [`types`] the Rust that expresses it, [`constraint`] what remains to be checked.

pub(crate) mod constraint;
pub(crate) mod type_id;
pub(crate) mod types;

/// The schema graph of `carml_schema`.
pub(crate) mod schema {
    pub(crate) use carml_schema::graph::{
        About, Additional, Bounds, Condition, Dependent, Graph, InstanceType, Rules, Schema,
        SchemaId, Size, Union,
    };
}
