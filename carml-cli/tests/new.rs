//! `carml new`: what is refused, and that nothing is touched then. `tests/scaffold` builds what it
//! writes.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, process::Command};

fn new(folder: &Path, path: &str) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_carml"))
        .args(["new", path])
        .current_dir(folder)
        .output()
        .unwrap();
    let code = out.status.code().unwrap();
    (code, String::from_utf8(out.stderr).unwrap())
}

#[test]
fn an_existing_or_invalid_path_is_refused_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("there")).unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    for (path, code, why) in [
        ("there", 1, "there already exists; choose another name"),
        (".", 1, "`.` cannot name a service"),
        ("..", 1, "`..` cannot name a service"),
        ("My_Service", 1, "try `my-service`"),
        ("match", 1, "try `match-service`"),
        ("registry", 1, "try `my-registry`"),
        ("9lives", 1, "`9lives` cannot name a service"),
        ("file/a-service", 2, "cannot write file/a-service"),
    ] {
        let (ended, error) = new(folder.path(), path);
        assert_eq!(ended, code, "{path}: {error}");
        assert!(error.contains(why), "{path}: {error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);

    assert_eq!(
        new(folder.path(), "deep/down/a2-service"),
        (0, String::new())
    );
    let manifest = folder.path().join("deep/down/a2-service/Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    assert!(manifest.contains("name = \"a2-service\""), "{manifest}");
}

#[test]
fn a_checkout_is_named_in_one_section_that_can_be_removed() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(new(folder.path(), "a-service"), (0, String::new()));
    let manifest = std::fs::read_to_string(folder.path().join("a-service/Cargo.toml")).unwrap();
    let (published, patch) = manifest.split_once("[patch.crates-io]\n").unwrap();

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert!(!published.contains("path ="), "{published}");
    for name in ["carml-codegen", "carml-runtime"] {
        let version = format!("\n{name} = \"{}\"\n", env!("CARGO_PKG_VERSION"));
        assert!(published.contains(&version), "{published}");
        let path = format!(
            "{name} = {{ path = {:?} }}\n",
            root.join(name).display().to_string()
        );
        assert!(patch.contains(&path), "{patch}");
    }
    assert!(!manifest.contains("{{"), "{manifest}");
}
