//! The checked-in table is what the schema says. `CARML_BLESS=1` rewrites it.
#![allow(clippy::unwrap_used)]

#[test]
fn checked_in_table_is_current() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let schema = std::fs::read_to_string(format!("{root}/schema/registry.json")).unwrap();
    let path = format!("{root}/carml-runtime/src/kv/capability/generated.rs");
    let code = carml_codegen::capability::rust(&schema).unwrap();
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

const SMALL: &str = r#"{"x-carml-capabilities":{
    "providers":{"shelf":{"title":"Shelf"}},
    "calls":{"put":{"title":"Put"},"lease":{"title":"Lease","trait":"Leases"},"watch_tree":{}},
    "table":{"put":{"shelf":"process"},"lease":{"shelf":"cluster"}}}}"#;

#[test]
fn a_backend_is_held_to_its_cells_the_empty_ones_too() {
    let code = carml_codegen::capability::rust(SMALL).unwrap();
    let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let cells =
        "\"shelf\", $backend, has Put as_put; has Leases as_lease; lacks WatchTree as_watch_tree;";
    assert!(code.contains(cells), "{code}");
}

#[test]
fn the_table_for_people_shows_what_is_missing() {
    let table = "| Call | Shelf |\n|---|:---:|\n| Put | process |\n| Lease | cluster |\n| watch_tree | – |\n";
    assert_eq!(carml_codegen::capability::markdown(SMALL).unwrap(), table);
}
