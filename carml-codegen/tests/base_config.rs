//! The runtime's own config types are what the compiler writes from `schema/base.json`.
//!
//! `UPDATE=1 cargo test -p carml-codegen --test base_config` writes them again.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use carml_codegen::schema;

const HEAD: &str = "\
//! The base config: generated from `schema/base.json`, do not edit.
//!
//! `UPDATE=1 cargo test -p carml-codegen --test base_config` writes this file.
#![allow(missing_docs)] // variants are named as they are written

";

#[test]
fn the_checked_in_types_are_those_of_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut options = schema::Options::default();
    // The runtime is where the types live: nothing stands in for them.
    options.crates.clear();
    options.scalars = "super".to_owned();
    options.root = Some("Config".to_owned());
    let module = schema::compile(&root.join("schema/base.json"), &options).unwrap();
    assert_eq!(
        module.fallbacks,
        [],
        "every place of our own schema has a type"
    );

    let file = root.join("carml-runtime/config/src/generated.rs");
    let wanted = format!("{HEAD}{}", module.code);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &wanted).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap();
    assert!(
        found == wanted,
        "{} is not what the schema gives: run this test with UPDATE=1",
        file.display()
    );
}
