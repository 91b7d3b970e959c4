//! `carml validate --schema` gives the reference verdict on every file of the corpus beside the
//! repository. Long: run it with `cargo test -p carml-cli --test corpus -- --ignored`.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "needs ../shared/corpus, and a minute"]
fn every_verdict_equals_the_reference() {
    // The corpus is beside the repository, or beside a worktree's parent.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here
        .ancestors()
        .map(|a| a.join("shared/corpus"))
        .find(|c| c.is_dir())
        .unwrap();
    let manifest = std::fs::read_to_string(corpus.join("manifest.jsonl")).unwrap();
    let (mut checked, mut wrong) = (0, Vec::new());
    for line in manifest.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap();
        let mut files = vec![text("json")];
        if text("format").starts_with('y') {
            files.push(text("file"));
        }
        for file in files {
            let status = Command::new(env!("CARGO_BIN_EXE_carml"))
                .args(["validate", "--format", "json", "--schema"])
                .args([corpus.join(text("schema_file")), corpus.join(file)])
                .output()
                .unwrap()
                .status;
            checked += 1;
            if status.code() != Some(i32::from(row["valid"] == false)) {
                wrong.push(format!("{file}: {status}"));
            }
        }
    }
    assert!(checked > 0);
    assert!(
        wrong.is_empty(),
        "{} of {checked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
