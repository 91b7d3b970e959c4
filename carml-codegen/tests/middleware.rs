//! What is checked in is what the schema says. `UPDATE=1` rewrites it.
#![allow(clippy::unwrap_used)]

mod support;

use carml_codegen::middleware;

const SCHEMA: &str = "schema/grpc.json";

fn schema() -> String {
    support::read(SCHEMA)
}

#[test]
fn the_checked_in_facts_are_current() {
    let code = middleware::facts(&schema()).unwrap();
    support::assert_current("carml-runtime/config/src/chain/generated.rs", &code);
}

#[test]
fn the_checked_in_steps_are_current() {
    let code = middleware::steps(&schema()).unwrap();
    support::assert_current("carml-runtime/grpc/src/chain/generated.rs", &code);
}

#[test]
fn the_table_in_the_docs_is_current() {
    let table = middleware::markdown(&schema()).unwrap();
    support::assert_table_is_current("docs/middleware.md", SCHEMA, &table);
}

fn error(schema: &serde_json::Value) -> String {
    middleware::facts(&schema.to_string())
        .unwrap_err()
        .to_string()
}

#[test]
fn an_entry_that_cannot_be_read_is_named() {
    let list = |side: &str| {
        serde_json::json!({
            "x-carml-middleware": side,
            "oneOf": [{ "$ref": "#/$defs/limit" }]
        })
    };
    let schema = |entry: serde_json::Value| {
        serde_json::json!({
            "$defs": { "s": list("server"), "c": list("client"), "limit": entry }
        })
    };
    let number = serde_json::json!({
        "description": "A limit.",
        "required": ["limit"],
        "properties": { "limit": { "type": "integer" } }
    });
    assert_eq!(
        error(&schema(number)),
        "`limit/properties`: expected a duration or a byte size"
    );
    let unknown = serde_json::json!({
        "description": "A limit.",
        "const": "limit",
        "x-carml-inside": { "middleware": "tracing", "why": "it does not work" }
    });
    assert_eq!(
        error(&schema(unknown)),
        "`limit/x-carml-inside/middleware`: expected the name of a middleware"
    );
    assert_eq!(
        error(&schema(serde_json::json!({}))),
        "`server/oneOf/0`: expected `const`, or one `required` property"
    );
    assert!(error(&serde_json::json!({})).contains("x-carml-middleware: server"));
}
