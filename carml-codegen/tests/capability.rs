//! The checked-in table is what the schema says. `CARML_BLESS=1` rewrites it.
#![allow(clippy::unwrap_used)]

#[test]
fn checked_in_table_is_current() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let schema = std::fs::read_to_string(format!("{root}/schema/registry.json")).unwrap();
    let path = format!("{root}/carml-runtime/src/kv/capability/generated.rs");
    let code = carml_codegen::capability::rust(&schema).unwrap();
    let code = prettyplease::unparse(&syn::parse_file(&code).unwrap());
    if std::env::var_os("CARML_BLESS").is_some() {
        std::fs::write(&path, &code).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        code,
        "run: CARML_BLESS=1 cargo test -p carml-codegen --test capability"
    );
}

#[test]
fn a_cell_outside_the_table_is_refused() {
    let schema = r#"{"x-carml-capabilities":{"providers":{"p":{}},"calls":{"put":{}},"table":{"put":{"q":"process"}}}}"#;
    assert!(
        carml_codegen::capability::rust(schema)
            .unwrap_err()
            .to_string()
            .contains("put/q: no such provider")
    );
}
