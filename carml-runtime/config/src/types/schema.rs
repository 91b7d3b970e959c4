//! The types' schemas, for sections that are described by a Rust type: those of
//! `schema/types.json`.

use super::{Base64, ByteSize, Duration, Endpoint, Pem, Secret};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! of_types_json {
    ($($name:ident: $definition:literal),* $(,)?) => {
        $(impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "$ref": concat!("carml://schema/types.json#/$defs/", $definition) })
            }
        })*
    };
}

of_types_json! {
    Duration: "duration",
    ByteSize: "byte_size",
    Secret: "secret",
    Endpoint: "endpoint",
    Base64: "base64",
    Pem: "pem",
}
