//! Output that cannot be written: the pipe is closed, or the disk is full.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    fs::OpenOptions,
    process::{Command, Stdio},
};

fn run(arguments: &[&str], out: impl Into<Stdio>) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("carml.yml"), "app:\n  name: it\n").unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_carml"))
        .args(arguments)
        .current_dir(folder.path())
        .stdout(out)
        .output()
        .unwrap();
    let code = out.status.code().unwrap();
    (code, String::from_utf8(out.stderr).unwrap())
}

const COMMANDS: &[&[&str]] = &[
    &["docs"],
    &["schema"],
    &["explain"],
    &["backends"],
    &["backends", "--format", "json"],
    &["validate", "carml.yml"],
    &["validate", "--format", "json", "carml.yml"],
    &["new", "a-service"],
    &["kv", "--file", "kv.redb", "put", "k", "v"],
    &["kv", "--file", "kv.redb", "watch", "--tree"],
];

#[test]
fn a_closed_pipe_is_not_an_error() {
    for command in COMMANDS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(run(command, writer), (0, String::new()), "{command:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_reported() {
    for command in COMMANDS {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, error) = run(command, full);
        assert_eq!(code, 2, "{command:?}: {error}");
        let expected = "error: cannot write to standard output: ";
        assert!(error.starts_with(expected), "{command:?}: {error}");
    }
}
