//! The project's own schemas: each converts and compiles without a warning, and every verdict is
//! right but for the misses that `known.toml` explains.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use carml_test_corpus::{collection, known::Known, run};

#[test]
fn every_instance_is_kept_or_refused() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = collection::from_folders(&here.join("schemas")).unwrap();
    let disputed = run::disputed(&cases);
    assert!(
        disputed.is_empty(),
        "the validator has another verdict on {disputed:?}"
    );

    let report = run::all(cases, "own-test").unwrap();
    let file = here.join("known.toml");
    if std::env::var_os("UPDATE").is_some() {
        Known::remove_fixed(&file, &report).unwrap();
    }
    let mut wrong = report.failures();
    wrong.extend(Known::read(&file).unwrap().differences(&report));
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
