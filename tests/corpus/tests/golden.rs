//! Modules to be read: what twelve schemas give is kept under `golden/`, where a change of the
//! compiler shows as a change of code that people would review. Each is compiled here, held to
//! clippy, and reads and writes the instances of its schema.
//!
//! `UPDATE=1 cargo test -p carml-test-corpus --test golden` writes them again.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use carml_codegen::schema::{self, Options};
use carml_test_corpus::collection;
use serde::{Deserialize as _, Serialize, de::DeserializeOwned};
use serde_json::json;

macro_rules! golden {
    ($($module:ident $file:literal $root:ident)*) => {
        $(
            #[path = "../golden/"]
            #[deny(warnings, clippy::all)]
            // A library shows them to others.
            #[allow(unreachable_pub, missing_docs, dead_code)]
            mod $module {
                #[path = $file]
                pub(super) mod code;
                #[test]
                fn is_what_the_schema_gives_and_reads_its_instances() {
                    super::holds::<code::$root>($file);
                }
            }
        )*
    };
}

golden! {
    all_of_merge "all-of-merge.rs" Server
    api_gateway "api-gateway.rs" Gateway
    ci_pipeline "ci-pipeline.rs" Pipeline
    if_then_else "if-then-else.rs" Store
    map_of_structs "map-of-structs.rs" Hosts
    nullable "nullable.rs" Contact
    numbers_as_written "numbers-as-written.rs" Numbers
    one_of_required "one-of-required.rs" Source
    package_manifest "package-manifest.rs" Manifest
    recursion "recursion.rs" Menu
    secrets "secrets.rs" Vault
    tagged_one_of "tagged-one-of.rs" Job
}

#[test]
fn every_way_to_read_a_type_checks_it() {
    use all_of_merge::code::Server;
    let low = json!({ "debug": true, "port": 1, "name": "n" });
    // No function of the type itself hides the trait's.
    let error = Server::deserialize(&low).unwrap_err().to_string();
    assert_eq!(
        error,
        "`port` violates its schema constraint (maximum, minimum)"
    );
    assert!(serde_json::from_value::<Server>(low).is_err());
    assert!(Server::deserialize(&json!({ "debug": true, "port": 1024, "name": "n" })).is_ok());
}

#[test]
fn neither_debug_nor_an_error_shows_a_secret() {
    use secrets::code::Vault;
    for instance in [
        include_str!("../schemas/secrets/valid/all.json"),
        include_str!("../schemas/secrets/valid/others.json"),
    ] {
        let vault: Vault = serde_json::from_str(instance).unwrap();
        let shown = format!("{vault:?} {vault:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains("4711"), "{shown}");
        if vault.name.is_some() {
            assert!(shown.contains("password: Some(\"open\")"), "{shown}");
            assert!(shown.contains("name: Some(\"shown\")"), "{shown}");
        }
    }
    let error = serde_json::from_str::<Vault>(r#"{ "pin": "hunter2" }"#).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn an_integer_that_would_be_rounded_is_refused() {
    use nullable::code::Contact;
    let read = |must: &str| serde_json::from_str::<Contact>(&format!("{{\"must\": {must}}}"));
    for kept in [
        "18446744073709551615",
        "-9223372036854775808",
        "1.0",
        "1e15",
    ] {
        let contact = read(kept).unwrap();
        let back = serde_json::to_value(&contact).unwrap();
        let wanted: serde_json::Value = serde_json::from_str(kept).unwrap();
        assert_eq!(back["must"], wanted);
    }
    for rounded in [
        "18446744073709551617",
        "-9223372036854775809",
        "12345678901234567890123",
    ] {
        let error = read(rounded).unwrap_err().to_string();
        assert!(error.contains("at most 64 bits"), "{rounded}: {error}");
    }
}

fn holds<T: DeserializeOwned + Serialize>(file: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = file.trim_end_matches(".rs");
    let cases = collection::from_folders(&here.join("schemas")).unwrap();
    let case = cases.iter().find(|case| case.name == name).unwrap();

    let wanted = schema::compile(&case.schema, &Options::default()).unwrap();
    let golden = here.join("golden").join(file);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&golden, &wanted.code).unwrap();
    }
    let found = fs::read_to_string(&golden).unwrap();
    assert!(
        found == wanted.code,
        "{} is not what the schema gives: run this test with UPDATE=1 and read the difference",
        golden.display()
    );

    for instance in &case.instances {
        let text = fs::read_to_string(&instance.file).unwrap();
        let read = serde_json::from_str::<T>(&text);
        let file = instance.file.display();
        match read {
            Ok(typed) => {
                assert!(instance.valid, "{file} is read against the schema");
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(serde_json::to_value(&typed).unwrap(), value, "{file}");
            }
            Err(error) => assert!(!instance.valid, "{file} is refused: {error}"),
        }
    }
}
