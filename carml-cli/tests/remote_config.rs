//! A config that is a key of a real etcd, or of the embedded store.
#![cfg(all(unix, feature = "consul", feature = "etcd"))]
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use carml_runtime::{App, ConfigReload, config::Config, kv::Kv, testing};
use carml_test_conformance::Server;
use futures_util::StreamExt as _;
use tempfile::TempDir;
use tokio::sync::mpsc;

fn carml(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
    command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Writes a key of etcd as another program would, not below a bucket.
fn put(etcd: &Server, key: &str, value: &str) {
    let mut child = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .args(["--endpoints", &etcd.endpoints()[0], "put", key])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(value.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
}

struct Setting {
    etcd: Server,
    folder: TempDir,
    address: String,
}

fn setting() -> Setting {
    let etcd = Server::start(&["etcd"]);
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("carml.yml"),
        "app:\n  name: file\n  verbose: true\n",
    )
    .unwrap();
    put(
        &etcd,
        "config/shop.yml",
        "app:\n  name: etcd\n  color: never\n",
    );
    let address = format!("etcd://{}/config/shop.yml", etcd.endpoints()[0]);
    Setting {
        etcd,
        folder,
        address,
    }
}

#[test]
fn explain_says_which_key_of_the_store_set_a_value() {
    let Setting {
        etcd,
        folder,
        address,
    } = setting();
    let explain = |key: &str, more: &[&str]| {
        let mut arguments = vec![
            "explain",
            key,
            "--config",
            "carml.yml",
            "--config",
            &address,
        ];
        arguments.extend(more);
        let done = carml(folder.path(), &arguments);
        assert!(done.status.success(), "{done:?}");
        stdout(&done)
    };
    let name = explain("app.name", &[]);
    assert!(
        name.contains(&format!("set by      {address}:2:9")),
        "{name}"
    );
    assert!(
        name.contains("instead of  file from carml.yml:2:9"),
        "{name}"
    );
    let verbose = explain("app.verbose", &[]);
    assert!(
        verbose.contains("set by      file carml.yml:3:12"),
        "{verbose}"
    );
    // Flags win over the store.
    let flag = explain("app.name", &["--set", "app.name=flag"]);
    assert!(flag.contains("set by      --set app.name"), "{flag}");

    // The servers of the section `registry`, with a key in JSON.
    put(&etcd, "config/shop.json", r#"{"app": {"name": "json"}}"#);
    let registry = format!("registry.endpoints=['{}']", etcd.endpoints()[0]);
    let done = carml(
        folder.path(),
        &[
            "explain",
            "app.name",
            "--config",
            "etcd:///config/shop.json",
            "--set",
            "registry.provider=etcd",
            "--set",
            &registry,
        ],
    );
    let name = stdout(&done);
    assert!(
        name.contains("set by      etcd:///config/shop.json:1:18"),
        "{done:?}"
    );

    // By the variable, too.
    let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
    command
        .current_dir(folder.path())
        .env("CARML_CONFIG_FILE", &address);
    let done = command.args(["explain", "app.color"]).output().unwrap();
    assert!(
        stdout(&done).contains(&format!("set by      {address}:3:10")),
        "{done:?}"
    );
}

#[test]
fn a_key_of_consul_is_a_config_too() {
    let consul = Server::start(&["consul"]);
    let folder = tempfile::tempdir().unwrap();
    let endpoint = &consul.endpoints()[0];
    let put = Command::new("curl")
        .args([
            "--silent",
            "--fail",
            "--request",
            "PUT",
            "--data",
            "app: {name: consul}",
        ])
        .arg(format!("http://{endpoint}/v1/kv/config/shop.yml"))
        .output()
        .unwrap();
    assert!(put.status.success(), "{put:?}");
    let address = format!("consul://{endpoint}/config/shop.yml");
    let done = carml(
        folder.path(),
        &["explain", "app.name", "--config", &address],
    );
    let set_by = format!("set by      {address}:1:13");
    assert!(stdout(&done).contains(&set_by), "{done:?}");
}

#[test]
fn check_reports_errors_at_their_place_in_the_store() {
    let Setting {
        etcd,
        folder,
        address,
    } = setting();
    let check = |address: &str| {
        carml(
            folder.path(),
            &[
                "check",
                "--offline",
                "--config",
                "carml.yml",
                "--config",
                address,
            ],
        )
    };
    let done = check(&address);
    assert!(done.status.success(), "{done:?}");

    put(&etcd, "config/shop.yml", "app:\n  nmae: x\n");
    let done = check(&address);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        stderr(&done).contains(&format!(" --> {address}:2:3")),
        "{done:?}"
    );

    let missing = address.replace("shop", "other");
    let done = check(&missing);
    assert_eq!(done.status.code(), Some(2));
    assert!(
        stderr(&done).contains(&format!(
            "{missing} cannot be read: the store has no such key"
        )),
        "{done:?}"
    );

    // What cannot be reached is an error of its own, and so is an address that is wrong.
    let away = check("etcd://127.0.0.1:1/config/shop.yml");
    assert_eq!(away.status.code(), Some(2));
    let said = stderr(&away);
    assert!(
        said.contains("etcd://127.0.0.1:1/config/shop.yml cannot be read"),
        "{said}"
    );
    let secret = check("etcd://me:hush@h/config");
    assert_eq!(secret.status.code(), Some(2));
    let said = stderr(&secret);
    assert!(
        said.contains("must not hold a password") && !said.contains("hush"),
        "{said}"
    );
}

/// An app whose reload handle is sent out, by a middleware that the config lists.
async fn start(names: &[&Path]) -> (testing::Server, ConfigReload<Config>, Option<Kv>) {
    let (sender, mut reloads) = mpsc::unbounded_channel();
    let mut app = App::<Config>::new().middleware("probe", move |context, ()| {
        let _ = sender.send((context.reload().clone(), context.kv().ok().cloned()));
        Ok(tower_layer::Identity::new())
    });
    for name in names {
        app = app.config_file(*name);
    }
    let server = testing::start(app).await.unwrap();
    let (reload, kv) = reloads.recv().await.unwrap();
    (server, reload, kv)
}

const PROBE: &str = "grpc:\n  server:\n    middleware: [probe]\n";

async fn name_after_a_change(reload: &ConfigReload<Config>, change: impl FnOnce()) -> String {
    // Far longer than the test: only the watch can see the change.
    let changes = reload.changes(Duration::from_secs(3_600));
    let mut changes = std::pin::pin!(changes);
    change();
    let next = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
    let change = next.unwrap().unwrap().unwrap();
    assert_eq!(change.keys, ["/app/name"]);
    reload.config().unwrap().app.name.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_sees_a_change_at_once_and_keeps_the_config_in_an_outage() {
    let Setting {
        etcd,
        folder,
        address,
    } = setting();
    put(
        &etcd,
        "config/shop.yml",
        &format!("app:\n  name: one\n{PROBE}"),
    );
    let file = folder.path().join("carml.yml");
    let (server, reload, _) = start(&[&file, Path::new(&address)]).await;
    assert_eq!(reload.config().unwrap().app.name.as_deref(), Some("one"));
    let two = format!("app:\n  name: two\n{PROBE}");
    let name = name_after_a_change(&reload, || put(&etcd, "config/shop.yml", &two)).await;
    assert_eq!(name, "two");

    // An invalid one changes nothing.
    let changes = reload.changes(Duration::from_secs(3_600));
    let mut changes = std::pin::pin!(changes);
    put(&etcd, "config/shop.yml", "app: [");
    let next = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
    let error = next.unwrap().unwrap().unwrap_err().to_string();
    assert!(error.contains(&address), "{error}");
    assert_eq!(reload.config().unwrap().app.name.as_deref(), Some("two"));

    etcd.kill(0);
    assert!(
        reload.reload().await.is_err(),
        "the invalid text is the last known one"
    );
    etcd.restart(0);
    let three = format!("app:\n  name: three\n{PROBE}");
    let name = name_after_a_change(&reload, || put(&etcd, "config/shop.yml", &three)).await;
    assert_eq!(name, "three");
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_in_the_embedded_store_is_read_before_the_store_is_opened_and_followed_after() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.redb");
    let put = |value: &str| {
        let arguments = [
            "kv",
            "--file",
            store.to_str().unwrap(),
            "put",
            "config",
            value,
        ];
        let done = carml(folder.path(), &arguments);
        assert!(done.status.success(), "{done:?}");
    };
    let file = folder.path().join("carml.yml");
    fs::write(&file, format!("registry:\n  path: {}\n", store.display())).unwrap();
    let names = [&*file, Path::new("redb:///config")];
    put(&format!("app:\n  name: one\n{PROBE}"));
    let (server, reload, kv) = start(&names).await;
    assert_eq!(reload.config().unwrap().app.name.as_deref(), Some("one"));
    let (kv, text) = (kv.unwrap(), format!("app:\n  name: two\n{PROBE}"));
    let write = async || kv.put("config".parse().unwrap(), text, None).await.unwrap();
    let (name, _) = tokio::join!(name_after_a_change(&reload, || ()), write());
    assert_eq!(name, "two");
    server.stop().await.unwrap();

    // A process that serves the store, and has its config in it.
    put("app:\n  name: three\nlogger:\n  format: json\n");
    let mut child = Command::new(env!("CARGO_BIN_EXE_carml"))
        .current_dir(folder.path())
        .env("CARML_CONFIG_FILE", "redb:///config")
        .env("CARML__REGISTRY__PATH", &store)
        .args([
            "kv",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
            "redb:///config",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(line.contains(" is served on "), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}
