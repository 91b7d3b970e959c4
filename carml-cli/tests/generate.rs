//! `carml generate`: whose fault it is decides the exit code.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, process::Command};

fn generate(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_carml"))
        .arg("generate")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (
        out.status.code().unwrap(),
        String::from_utf8(out.stdout).unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    )
}

#[test]
fn schema_and_proto_become_one_file_and_a_fault_has_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "app.json",
        r#"{"title": "App", "type": "object", "properties": {"port": {"type": "integer"}}}"#,
    );
    write("broken.json", "{");
    write(
        "greeter.proto",
        "syntax = \"proto3\";\npackage g.v1;\nmessage Hello { string name = 1; }\n",
    );
    write(
        "broken.proto",
        "syntax = \"proto3\";\nmessage Hello { strng name = 1; }\n",
    );

    let both = [
        "--schema",
        "app.json",
        "--proto",
        "greeter.proto",
        "--out",
        "out.rs",
    ];
    let (code, said, error) = generate(folder.path(), &both);
    assert_eq!((code, &*error), (0, ""));
    assert!(said.starts_with("wrote out.rs"), "{said}");
    let written = std::fs::read_to_string(folder.path().join("out.rs")).unwrap();
    assert!(written.contains("pub struct App") && written.contains("pub struct Hello"));

    for (code, why, arguments) in [
        (
            1,
            "broken.json:1",
            ["--schema", "broken.json", "--out", "out.rs"],
        ),
        (
            1,
            "broken.proto:2:17",
            ["--proto", "broken.proto", "--out", "out.rs"],
        ),
        (
            2,
            "cannot read no.json: ",
            ["--schema", "no.json", "--out", "out.rs"],
        ),
        (
            2,
            "cannot read no.proto: ",
            ["--proto", "no.proto", "--out", "out.rs"],
        ),
        (
            2,
            "cannot write no/out.rs: ",
            ["--schema", "app.json", "--out", "no/out.rs"],
        ),
        (2, "--derive", ["--derive", "Eq", "--out", "out.rs"]),
    ] {
        let (ended, _, error) = generate(folder.path(), &arguments);
        assert_eq!(ended, code, "{arguments:?}: {error}");
        assert!(error.contains(why), "{arguments:?}: {error}");
        assert!(!error.contains("error: error"), "{error}");
    }
}
