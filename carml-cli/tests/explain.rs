//! `carml explain`, `schema` and `docs`: what is in force, and why.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

const CONFIG: &str = "\
registry:
  provider: etcd
  endpoints: [one.example]
  password: hunter2
  timeout: 7s
  username: app
";

fn carml(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_carml"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("carml.yml"), CONFIG).unwrap();
    folder
}

/// The line of a key, without the padding.
fn line(text: &str, key: &str) -> String {
    let line = text.lines().find(|l| l.trim_start().starts_with(key));
    line.unwrap_or_else(|| panic!("no `{key}` in:\n{text}"))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_value_says_where_it_came_from() {
    let folder = folder();
    let variables = [
        ("CARML__REGISTRY__BUCKET", "123"),
        ("TRACER_ENDPOINTS", "a:1, b:2"),
    ];
    let arguments = ["explain", "--set", "grpc.server.listen=127.0.0.1:0"];
    let text = stdout(&carml(folder.path(), &arguments, &variables));
    assert_eq!(line(&text, "timeout: 7s"), "timeout: 7s # carml.yml:5:12");
    assert_eq!(
        line(&text, "password:"),
        "password: \"******\" # carml.yml:4:13 (secret)"
    );
    assert_eq!(
        line(&text, "bucket:"),
        "bucket: '123' # variable CARML__REGISTRY__BUCKET"
    );
    assert_eq!(
        line(&text, "listen:"),
        "listen: 127.0.0.1:0 # --set grpc.server.listen"
    );
    assert_eq!(line(&text, "path:"), "path: carml.redb # schema default");
    assert!(
        text.contains("# variable TRACER_ENDPOINTS\n    - a:1\n    - b:2\n"),
        "{text}"
    );
    assert!(!text.contains("hunter2"));
}

#[test]
fn a_key_names_the_layer_that_set_it_and_those_below() {
    let folder = folder();
    let text = stdout(&carml(folder.path(), &["explain", "registry.timeout"], &[]));
    assert_eq!(line(&text, "registry.timeout"), "registry.timeout: 7s");
    assert_eq!(line(&text, "set by"), "set by file carml.yml:5:12");
    assert_eq!(
        line(&text, "instead of"),
        "instead of 5s from the schema's default"
    );
    assert!(text.contains("How long one call may take"));

    let arguments = [
        "explain",
        "registry.timeout",
        "--set",
        "registry.timeout=1s",
    ];
    let text = stdout(&carml(folder.path(), &arguments, &[]));
    assert_eq!(line(&text, "set by"), "set by --set registry.timeout");
    assert_eq!(
        line(&text, "instead of"),
        "instead of 7s from carml.yml:5:12"
    );

    let unknown = carml(folder.path(), &["explain", "registry.timout"], &[]);
    assert_eq!(unknown.status.code(), Some(1));
    let report = String::from_utf8(unknown.stderr).unwrap();
    assert!(
        report.contains("did you mean `registry.timeout`?"),
        "{report}"
    );
}

#[test]
fn the_chain_is_shown_with_its_implicit_limit() {
    let folder = folder();
    let text = stdout(&carml(folder.path(), &["explain", "chain"], &[]));
    assert!(text.starts_with("server, outermost first    # schema default\n  1. recover\n  2. tracing\n  3. logging\n  4. max_message_size: receive 4mib"), "{text}");
    assert!(text.contains("\nclient, outermost first"));
    let described = text.split_once("\nWhat they do:\n").unwrap().1;
    assert!(
        described.starts_with("  recover           If a handler or an inner middleware panics"),
        "{text}"
    );
    assert_eq!(
        described.matches("\n  logging  ").count(),
        1,
        "once for both chains: {text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
}

#[test]
fn a_user_defined_schema_is_explained_and_documented() {
    let folder = folder();
    std::fs::write(
        folder.path().join("app.json"),
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"AppConfig","type":"object","x-carml-defaults":"fill",
        "allOf":[{"$ref":"carml://schema/base.json"}],"unevaluatedProperties":false,
        "properties":{"greeter":{"type":"object","default":{},"additionalProperties":false,"properties":{
          "greeting":{"type":"string","default":"Hello","description":"What is said."},
          "apiToken":{"type":"string","x-carml-type":"secret"}}}}}"#,
    )
    .unwrap();
    let explain = |key: &str, variables: &[(&str, &str)]| {
        stdout(&carml(
            folder.path(),
            &["explain", key, "--schema", "app.json"],
            variables,
        ))
    };
    let text = explain("greeter.greeting", &[]);
    assert!(
        text.starts_with("greeter.greeting: Hello\n  set by      schema default\n"),
        "{text}"
    );
    let text = explain(
        "greeter.apiToken",
        &[("CARML__GREETER__APITOKEN", "hunter2")],
    );
    assert_eq!(
        line(&text, "set by"),
        "set by variable CARML__GREETER__APITOKEN"
    );
    assert!(!text.contains("hunter2"));

    let docs = stdout(&carml(
        folder.path(),
        &["docs", "--schema", "app.json"],
        &[],
    ));
    assert!(
        docs.contains("| `greeting` | string | `Hello` | What is said. |"),
        "{docs}"
    );

    let schema = stdout(&carml(
        folder.path(),
        &["schema", "--schema", "app.json"],
        &[],
    ));
    let value: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert!(
        !schema.contains("\"$ref\": \"carml:") && !schema.contains(".json#"),
        "{schema}"
    );
    std::fs::write(folder.path().join("bundled.json"), &schema).unwrap();
    let valid = carml(
        folder.path(),
        &["validate", "--schema", "bundled.json", "carml.yml"],
        &[],
    );
    assert!(valid.status.success(), "{valid:?}");
    let greeter = &value["properties"]["greeter"]["properties"];
    assert!(greeter["apiToken_file"].is_object(), "{greeter}");
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_not_an_error() {
    let folder = folder();
    let carml = env!("CARGO_BIN_EXE_carml");
    for verb in ["docs", "schema", "explain"] {
        // The end that is read is closed before anything is written.
        let pipe = format!("(sleep 0.2; {carml} {verb}; echo status $? >&2) | :");
        let out = Command::new("sh")
            .args(["-c", &pipe])
            .current_dir(folder.path())
            .output();
        let said = String::from_utf8(out.unwrap().stderr).unwrap();
        assert_eq!(said, "status 0\n", "{verb}");
    }
}

#[test]
fn a_code_is_explained_with_its_cause_an_example_and_the_fix() {
    let folder = folder();
    let text = stdout(&carml(
        folder.path(),
        &["explain", "--code", "unknown-key"],
        &[],
    ));
    for expected in [
        "A key is not known at this place",
        "Example:\n\n    registry:\n      timout: 5s\n",
        "Fix: Use the known key that the report names",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn an_unknown_code_is_refused_with_the_nearest_or_with_where_to_look() {
    let folder = folder();
    for (name, expected) in [
        ("unkown-key", "did you mean `unknown-key`?"),
        ("E0308", "`carml explain --code` lists them"),
    ] {
        let out = carml(folder.path(), &["explain", "--code", name], &[]);
        assert_eq!(out.status.code(), Some(2), "{out:?}");
        let error = String::from_utf8(out.stderr).unwrap();
        assert!(
            error.contains(&format!("`{name}` is not a code")),
            "{error}"
        );
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn every_code_is_listed() {
    let folder = folder();
    let text = stdout(&carml(folder.path(), &["explain", "--code"], &[]));
    assert_eq!(text.lines().count(), carml_diagnostic::Code::ALL.len());
    for code in carml_diagnostic::Code::ALL {
        assert!(
            text.lines().any(|line| line.starts_with(code.as_str())),
            "{code}"
        );
    }
}
