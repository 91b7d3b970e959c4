//! What is checked in is what the schema says. `UPDATE=1` rewrites it.
#![allow(clippy::unwrap_used)]

mod support;

use carml_codegen::capability;

const SCHEMA: &str = "schema/registry.json";
const STORE: &str = "schema/store.json";

fn schema() -> String {
    support::read(SCHEMA)
}

#[test]
fn checked_in_table_is_current() {
    let code = capability::rust(&schema()).unwrap();
    support::assert_current("carml-runtime/kv/src/capability/generated.rs", &code);
}

#[test]
fn the_names_that_the_macros_take_are_current() {
    let code = capability::names(&schema(), &support::read(STORE)).unwrap();
    support::assert_current("carml-macros/src/service/generated.rs", &code);
}

#[test]
fn the_calls_of_the_object_store_are_current() {
    let code = capability::store_calls(&support::read(STORE)).unwrap();
    support::assert_current("carml-runtime/config/src/requirement/store_call.rs", &code);
}

#[test]
fn the_table_in_the_docs_is_current() {
    let table = capability::markdown(&schema()).unwrap();
    support::assert_table_is_current("docs/kv.md", SCHEMA, &table);
}

#[test]
fn the_table_of_the_object_store_in_the_docs_is_current() {
    let table = capability::markdown(&support::read(STORE)).unwrap();
    support::assert_table_is_current("docs/store.md", STORE, &table);
}

#[test]
fn a_cell_outside_the_table_is_refused() {
    let schema = r#"{"x-carml-capabilities":{"providers":{"p":{}},"calls":{"put":{}},"table":{"put":{"q":"process"}}}}"#;
    assert!(
        capability::rust(schema)
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
fn a_backend_must_match_its_cells_the_empty_ones_too() {
    let code = capability::rust(SMALL).unwrap();
    let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let cells =
        "\"shelf\", $backend, has Put as_put; has Leases as_lease; lacks WatchTree as_watch_tree;";
    assert!(code.contains(cells), "{code}");
}

#[test]
fn the_table_for_people_shows_what_is_missing() {
    let table = "| Call | Shelf |\n|---|:---:|\n| Put | process |\n| Lease | cluster |\n| watch_tree | – |\n";
    assert_eq!(capability::markdown(SMALL).unwrap(), table);
}
