//! Broken configs: exit code 1, the place, what was expected, what to do.
#![allow(clippy::unwrap_used)]

use std::process::Command;

/// Writes the text to a file, validates it: exit code and report.
fn validate(text: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    std::fs::write(&file, text).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_carml"))
        .arg("validate")
        .arg(&file)
        .output()
        .unwrap();
    (
        out.status.code().unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    )
}

#[test]
fn each_mistake_is_shown_at_its_place_with_its_fix() {
    let cases = [
        (
            "registry:\n  provder: etcd\n",
            ":2:3",
            "did you mean `provider`?",
        ),
        (
            "registry:\n  provider: etdc\n",
            ":2:13",
            "did you mean `etcd`?",
        ),
        (
            "registry:\n  timeout: 5 parsecs\n",
            ":2:12",
            "is not a unit of time",
        ),
        (
            "grpc:\n  server:\n    middleware:\n      - max_message_size: 500mbb\n",
            ":4:27",
            "`mbb` is not a unit of size",
        ),
        (
            "registry:\n  endpoints:\n    a: b\n",
            ":3:5",
            "start each item with `- `",
        ),
        (
            "registry:\n  bucket: a\n  bucket: b\n",
            ":3:3",
            "first given on line 2",
        ),
        (
            "registry:\n  provider: etcd\n   timeout: 5s\n",
            ":3:4",
            "the same indentation",
        ),
        (
            "registry:\n\tprovider: etcd\n",
            ":2:1",
            "indent with spaces",
        ),
        (
            "registry:\n  bucket: ${CARML_TEST_UNSET}\n",
            ":2:11",
            "is not set",
        ),
    ];
    for (text, place, help) in cases {
        let (code, report) = validate(text);
        assert_eq!(code, 1, "{text}");
        assert!(
            report.contains(place) && report.contains(help),
            "{text}{report}"
        );
    }
}

#[test]
fn several_mistakes_appear_in_one_run_and_no_secret_does() {
    let (code, report) =
        validate("registry:\n  password: hunter2\n  provider: etdc\n  timeout: 5\nhealht: {}\n");
    assert_eq!(code, 1);
    assert!(report.ends_with("3 errors\n"), "{report}");
    assert!(!report.contains("hunter2"), "{report}");
}
