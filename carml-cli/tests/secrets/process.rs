//! The same through processes: every command in every format, and services that start.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::planted::{Case, Given};
use super::random::each;
use super::schema::{FOREIGN, OWN, dotted};

/// Runs `carml` to its end: all that it writes.
fn output(folder: &Path, given: &Given, arguments: &[&str]) -> String {
    let mut command = command(folder, given, arguments);
    let out = command.output().unwrap();
    assert!(
        matches!(out.status.code(), Some(0..=2)),
        "{arguments:?}: {out:?}"
    );
    text(&out.stdout) + &text(&out.stderr)
}

fn command(folder: &Path, given: &Given, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
    command.args(arguments).current_dir(folder).env_clear();
    // The system takes no such text.
    let variables = given.variables.iter();
    command.envs(
        variables
            .filter(|(_, value)| !value.contains('\0'))
            .cloned(),
    );
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The arguments that name the layers of a command.
fn layers(given: &Given) -> Vec<&str> {
    let files = given.layers.iter().flat_map(|name| ["--config", name]);
    let flags = given.flags.iter().filter(|flag| !flag.contains('\0'));
    files
        .chain(flags.flat_map(|flag| ["--set", flag.as_str()]))
        .collect()
}

fn commands(folder: &Path, case: &Case, given: &Given) -> Vec<(String, String)> {
    let layers = layers(given);
    let key = dotted(&case.steps);
    let mut runs: Vec<Vec<&str>> = Vec::new();
    for format in ["human", "json", "github"] {
        let mut check = vec![
            "check",
            "--offline",
            "--schema",
            "app.json",
            "--format",
            format,
        ];
        check.extend(&layers);
        runs.push(check);
        let mut validate = vec!["validate", "--schema", "app.json", "--format", format];
        validate.extend(&given.layers);
        if !given.layers.is_empty() {
            runs.push(validate);
        }
    }
    for what in [&[][..], &[key.as_str()], &["chain"]] {
        let mut explain = vec!["explain", "--schema", "app.json"];
        explain.extend(what);
        explain.extend(&layers);
        runs.push(explain);
    }
    let outputs = runs.iter().map(|run| {
        let shown = run.join(" ").replace(&case.secret.text, "@");
        (shown, output(folder, given, run))
    });
    outputs.collect()
}

#[test]
fn no_command_prints_a_secret_of_a_broken_config() {
    each(OWN, 60, |folder, case, given| {
        std::fs::write(folder.join("app.json"), OWN).unwrap();
        commands(folder, case, given)
    });
    each(FOREIGN, 300, |folder, case, given| {
        std::fs::write(folder.join("app.json"), FOREIGN).unwrap();
        commands(folder, case, given)
    });
}

/// What a service writes until it ends, or is asked to end after a while.
fn start(folder: &Path, given: &Given, level: &str) -> String {
    let mut arguments = vec!["kv", "serve"];
    // The command takes one file.
    arguments.extend(
        given
            .layers
            .last()
            .into_iter()
            .flat_map(|name| ["--config", name]),
    );
    let flags = given.flags.iter().filter(|flag| !flag.contains('\0'));
    arguments.extend(flags.flat_map(|flag| ["--set", flag.as_str()]));
    arguments.extend(["--set", "grpc.server.listen=127.0.0.1:0"]);
    let mut command = command(folder, given, &arguments);
    let log = folder.join("log");
    let file = std::fs::File::create(&log).unwrap();
    command
        .env("RUST_LOG", level)
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut text = String::new();
    let end = Instant::now() + Duration::from_secs(20);
    let mut asked = false;
    while child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
        text.clear();
        let mut bytes = Vec::new();
        std::fs::File::open(&log)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes));
        if text.contains("is served on") && !asked {
            asked = true;
            let id = child.id().to_string();
            assert!(Command::new("kill").arg(&id).status().unwrap().success());
        }
        if Instant::now() > end {
            let _ = child.kill();
        }
    }
    String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned()
}

#[test]
fn no_start_prints_or_logs_a_secret() {
    let schema = carml_config::Schema::base().unwrap().bundled().to_string();
    each(&schema, 30, |folder, _, given| {
        vec![("the start".to_owned(), start(folder, given, "trace"))]
    });
}

#[test]
fn a_service_that_starts_logs_no_secret() {
    let given = Given {
        files: Vec::new(),
        layers: vec!["carml.yml"],
        variables: vec![
            ("STORE_TOKEN".to_owned(), "qxzjvwkQXZ".to_owned()),
            (
                "CARML__STORE__SECRET_KEY".to_owned(),
                "vwkQXZqxzj".to_owned(),
            ),
        ],
        flags: vec!["registry.username=u".to_owned()],
    };
    let folder = tempfile::tempdir().unwrap();
    let config = "registry:\n  provider: redb\n  password: ${STORE_TOKEN}\n  endpoints: [h:1]\nstore: {provider: fs}\n";
    std::fs::write(folder.path().join("carml.yml"), config).unwrap();
    let text = start(folder.path(), &given, "trace");
    assert!(text.contains("is served on"), "{text}");
    for secret in ["qxzj", "vwkQ"] {
        assert!(!text.contains(secret), "{text}");
    }
}
