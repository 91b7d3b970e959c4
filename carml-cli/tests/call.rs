//! `carml call`, with a real server.
#![cfg(feature = "call")]
#![allow(clippy::unwrap_used)]

mod support;

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::Value;
use support::{Served, ended};

const SERVICE: &str = "carml.kv.v1.KeyValue";

/// The exit code, standard output and standard error.
fn call(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
    command.arg("call").args(arguments);
    ended(command)
}

fn served() -> (Served, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&folder.path().join("store.redb"));
    (served, folder)
}

#[test]
fn a_call_prints_its_answer_by_the_messages_that_the_server_has() {
    let (served, folder) = served();
    let method = |name: &str| format!("{}/{SERVICE}/{name}", served.address);
    let put = call(&[&method("Put"), r#"{"key": "a/b", "value": "aGVsbG8="}"#]);
    assert_eq!((put.0, &*put.2), (0, ""), "{put:?}");
    let get = call(&[&method("Get"), r#"{"key": "a/b"}"#]);
    assert_eq!(get.0, 0, "{get:?}");
    let answer: Value = serde_json::from_str(&get.1).unwrap();
    assert!(answer.to_string().contains("aGVsbG8="), "{answer}");

    // By the name that a config has.
    let config = folder.path().join("carml.yml");
    let text = format!(
        "grpc:\n  client:\n    targets:\n      {SERVICE}:\n        endpoints: [{}]\n",
        served.address
    );
    fs::write(&config, text).unwrap();
    let path = config.to_str().unwrap();
    let by_name = [
        &format!("{SERVICE}/Get"),
        r#"{"key": "a/b"}"#,
        "--config",
        path,
    ];
    assert_eq!(call(&by_name).1, get.1);
}

#[test]
fn a_stream_is_printed_as_it_comes_and_ends_at_the_timeout() {
    let (served, _folder) = served();
    let method = format!("{}/{SERVICE}/WatchTree", served.address);
    let (code, out, error) = call(&[&method, "--timeout", "1s"]);
    assert_eq!(code, 1);
    assert!(error.contains("DEADLINE_EXCEEDED"), "{error}");
    let first = serde_json::Deserializer::from_str(&out)
        .into_iter::<Value>()
        .next();
    assert!(first.unwrap().unwrap().is_object());
}

#[test]
fn requests_are_read_from_standard_input() {
    let (served, _folder) = served();
    let mut child = Command::new(env!("CARGO_BIN_EXE_carml"))
        .args(["call", &format!("{}/{SERVICE}/Exists", served.address), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"{\"key\": \"a\"}\n")
        .unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
}

#[test]
fn what_is_wrong_is_said_with_what_to_write() {
    let (served, folder) = served();
    let at = served.address;
    let service = format!("{at}/{SERVICE}");
    let nothing = folder.path().join("nothing");
    for (arguments, code, expected) in [
        (
            vec![format!("{service}/Gett")],
            1,
            "has no method `Gett`; it has `Put`, `Get`",
        ),
        (
            vec![format!("{at}/a.B/C")],
            2,
            "the server has no service `a.B`",
        ),
        (
            vec![format!("{service}/Get"), r#"{"kee": 1}"#.into()],
            1,
            "is not a `carml.kv.v1.GetRequest`",
        ),
        (
            vec![format!("{service}/Get"), "{".into()],
            1,
            "EOF while parsing",
        ),
        (
            vec![format!("{service}/Get"), "{}{}".into()],
            1,
            "`Get` takes one request, found 2",
        ),
        (
            vec![format!("{service}/Get"), r#"{"key": "a//b"}"#.into()],
            1,
            "INVALID_ARGUMENT: ",
        ),
        (
            vec![format!("127.0.0.1:1/{SERVICE}/Get")],
            2,
            "UNAVAILABLE: ",
        ),
        (
            vec!["Get".into()],
            2,
            "expected [TARGET/]pkg.Service/Method",
        ),
        (
            vec![
                "a.B/C".into(),
                "--config".into(),
                nothing.display().to_string(),
            ],
            1,
            "nothing",
        ),
        (
            vec![format!("{service}/Get"), "-H".into(), "secret value".into()],
            1,
            "expected KEY=VALUE",
        ),
        (
            vec![
                format!("{service}/Get"),
                "--descriptor-set".into(),
                nothing.display().to_string(),
            ],
            1,
            "cannot read",
        ),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = call(&arguments);
        assert_eq!(ended.0, code, "{arguments:?}: {ended:?}");
        assert!(ended.2.contains(expected), "{arguments:?}: {ended:?}");
    }
}
