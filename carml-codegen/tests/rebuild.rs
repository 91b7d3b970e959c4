//! When cargo runs a build script again, tried with cargo itself.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path, process::Command};

use carml_codegen::Builder;

/// A build script without dependencies, which would take long to build: it runs this test binary.
const BUILD_SCRIPT: &str = r#"
use std::io::Write as _;

fn main() {
    let out = std::process::Command::new(std::env::var_os("BUILDER").unwrap())
        .args(["--exact", "build_script", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    std::io::stdout().write_all(&out.stdout).unwrap();
    let mut log = std::fs::OpenOptions::new().create(true).append(true).open("runs").unwrap();
    log.write_all(b"x").unwrap();
}
"#;

#[test]
#[ignore = "cargo runs it in the folder of a package"]
fn build_script() {
    println!();
    Builder::new()
        .include("proto")
        .proto("proto/shop.proto")
        .generate()
        .unwrap();
}

/// Builds a package: how often its build script has run by then.
fn runs(package: &Path) -> usize {
    let cargo = std::env::var_os("CARGO").unwrap();
    let out = Command::new(cargo)
        .args(["check", "--offline", "--quiet", "--target-dir", "target"])
        .current_dir(package)
        .env("BUILDER", std::env::current_exe().unwrap())
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    fs::read(package.join("runs")).unwrap().len()
}

#[test]
fn a_new_proto_in_an_included_folder_makes_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    file(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nedition = \"2024\"\n[workspace]\n",
    );
    file("build.rs", BUILD_SCRIPT);
    file("src/lib.rs", "");
    file(
        "proto/shop.proto",
        "syntax = \"proto3\";\npackage shop;\nmessage Item {}\n",
    );
    assert_eq!(runs(folder.path()), 1);
    file("README.md", "Not a part of the build.\n");
    assert_eq!(runs(folder.path()), 1);
    file("proto/new.proto", "syntax = \"proto3\";\n");
    assert_eq!(runs(folder.path()), 2);
    file("proto/deep/new.proto", "syntax = \"proto3\";\n");
    assert_eq!(runs(folder.path()), 3);
    assert_eq!(runs(folder.path()), 3);
}
