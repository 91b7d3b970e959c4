//! What is checked in is what the schema says. `UPDATE=1` rewrites it.
#![allow(clippy::unwrap_used)]

mod support;

use carml_codegen::{middleware, schema};

const SCHEMA: &str = "schema/grpc.json";

/// Middlewares with options of every kind. The test `options` compiles what is generated from it.
const OPTIONS: &str = "carml-codegen/tests/options/chain/schema.json";

#[test]
fn the_checked_in_facts_are_current() {
    let code = middleware::facts(&support::read(SCHEMA)).unwrap();
    support::assert_current("carml-runtime/config/src/chain/generated.rs", &code);
}

#[test]
fn the_checked_in_steps_are_current() {
    let code = middleware::steps(&support::read(SCHEMA)).unwrap();
    support::assert_current("carml-runtime/grpc/src/chain/generated.rs", &code);
}

#[test]
fn the_table_in_the_docs_is_current() {
    let table = middleware::markdown(&support::read(SCHEMA)).unwrap();
    support::assert_table_is_current("docs/middleware.md", SCHEMA, &table);
}

#[test]
fn what_the_test_of_options_compiles_is_current() {
    let mut options = schema::Options::default();
    options.scalars = "super".to_owned();
    options.support = Some("super::support".to_owned());
    options.crates.clear();
    let model = schema::compile(&support::path(OPTIONS), &options).unwrap();
    assert_eq!(model.fallbacks, []);
    let text = support::read(OPTIONS);
    for (file, code) in [
        ("model.rs", model.code),
        ("facts.rs", middleware::facts(&text).unwrap()),
        ("steps.rs", middleware::steps(&text).unwrap()),
    ] {
        support::assert_current(&OPTIONS.replace("schema.json", file), &code);
    }
}

#[test]
fn the_table_shows_options_with_their_defaults() {
    let table = middleware::markdown(&support::read(OPTIONS)).unwrap();
    for row in [
        "| `plain` | both | – | Has no options. |",
        "| `pause` | server | duration: `30s` | A scalar. |",
        "| `rate_limit` | server | `rate`, required; `burst`: `10`; `share`: `0.5`; \
         `key`: `\"all\"`; `methods`: `[]` | Numbers, an enum, and options per method. |",
        "| `message_size` | server | byte size, or `receive`; `send` | A scalar or an object. |",
        "| `trace` | both | none, or `exclude`: `[]`; `level`: `\"info\"` | Has options, or none. |",
        "| In some builds. Needs the feature `audit` of `carml-runtime`. |",
    ] {
        assert!(table.contains(row), "{row}\n{table}");
    }
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
        "properties": { "limit": { "type": "integer" } },
        "x-carml-nonzero": { "why": "refuses everything", "example": "1" }
    });
    assert_eq!(
        error(&schema(number)),
        "`limit/x-carml-nonzero`: expected a duration or a byte size"
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
    let unnamed = serde_json::json!({
        "description": "A limit.",
        "const": "limit",
        "x-carml-feature": true
    });
    assert_eq!(
        error(&schema(unnamed)),
        "`limit/x-carml-feature`: expected a string"
    );
    assert_eq!(
        error(&schema(serde_json::json!({}))),
        "`server/oneOf/0`: expected `const`, one `required` property, or a `oneOf` of both"
    );
    assert!(error(&serde_json::json!({})).contains("x-carml-middleware: server"));
}
