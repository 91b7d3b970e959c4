//! What is checked in is what the schema says. `UPDATE=1` rewrites it.
#![allow(clippy::unwrap_used)]

use carml_codegen::middleware;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn schema() -> String {
    std::fs::read_to_string(format!("{ROOT}/schema/grpc.json")).unwrap()
}

/// Compares a file with what it should be.
fn current(path: &str, expected: &str) {
    let path = format!("{ROOT}/{path}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == expected,
        "{path} is not what the schema gives: run this test with UPDATE=1"
    );
}

#[test]
fn the_checked_in_facts_are_current() {
    let code = middleware::facts(&schema()).unwrap();
    current("carml-runtime/config/src/chain/generated.rs", &code);
}

#[test]
fn the_checked_in_steps_are_current() {
    let code = middleware::steps(&schema()).unwrap();
    current("carml-runtime/grpc/src/chain/generated.rs", &code);
}

#[test]
fn the_table_in_the_docs_is_current() {
    const PAGE: &str = "docs/middleware.md";
    let page = std::fs::read_to_string(format!("{ROOT}/{PAGE}")).unwrap();
    let (begin, end) = ("<!-- table: schema/grpc.json -->\n", "<!-- /table -->");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let table = middleware::markdown(&schema()).unwrap();
    current(PAGE, &format!("{before}{begin}{table}{end}{after}"));
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
        "`#/$defs/limit`: expected `const`, or one `required` property"
    );
    assert!(error(&serde_json::json!({})).contains("x-carml-middleware: server"));
}
