//! A config that is a key of a real etcd, Consul or ZooKeeper, or of the embedded store.
#![cfg(all(unix, feature = "consul", feature = "etcd", feature = "zookeeper"))]
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
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

/// Servers with a config, which another program wrote, not below a bucket; and a config file.
struct Setting {
    provider: &'static str,
    server: Server,
    folder: TempDir,
    address: String,
}

impl Setting {
    fn start(provider: &'static str) -> Setting {
        let server = Server::start(&[provider]);
        let folder = tempfile::tempdir().unwrap();
        let file = "app:\n  name: file\n  verbose: true\n";
        fs::write(folder.path().join("carml.yml"), file).unwrap();
        let address = format!("{provider}://{}/config/shop.yml", server.endpoints()[0]);
        let setting = Setting {
            provider,
            server,
            folder,
            address,
        };
        let text = format!("app:\n  name: {provider}\n  color: never\n");
        match provider {
            "zookeeper" => {
                setting.zookeeper(&["create", "/config", ""]);
                setting.zookeeper(&["create", "/config/shop.yml", &text]);
            }
            _ => setting.put("config/shop.yml", &text),
        }
        setting
    }

    /// Writes a key with a program of the provider; of ZooKeeper, one that exists.
    fn put(&self, key: &str, value: &str) {
        let endpoint = &self.server.endpoints()[0];
        match self.provider {
            "etcd" => {
                let mut etcdctl = Command::new("etcdctl");
                etcdctl.env("ETCDCTL_API", "3");
                succeeds(etcdctl.args(["--endpoints", endpoint, "put", key, value]));
            }
            "consul" => {
                let url = format!("http://{endpoint}/v1/kv/{key}");
                let mut curl = Command::new("curl");
                curl.args(["--silent", "--fail", "--request", "PUT"]);
                succeeds(curl.args(["--data-binary", value, &url]));
            }
            _ => self.zookeeper(&["set", &format!("/{key}"), value]),
        }
    }

    /// Runs a command of ZooKeeper's own client.
    fn zookeeper(&self, command: &[&str]) {
        let mut client = Command::new("/usr/share/zookeeper/bin/zkCli.sh");
        client.args(["-server", &self.server.endpoints()[0]]);
        succeeds(client.args(command));
    }

    fn explain(&self, key: &str, more: &[&str]) -> String {
        let arguments = ["explain", key, "--config", "carml.yml", "--config"];
        let arguments = [&arguments[..], &[&*self.address], more].concat();
        let done = carml(self.folder.path(), &arguments);
        assert!(done.status.success(), "{done:?}");
        stdout(&done)
    }
}

fn succeeds(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

fn check_provenance(provider: &'static str) {
    let setting = Setting::start(provider);
    let name = setting.explain("app.name", &[]);
    let set_by = format!("set by      {}:2:9", setting.address);
    assert!(name.contains(&set_by), "{name}");
    assert!(
        name.contains("instead of  file from carml.yml:2:9"),
        "{name}"
    );
    let verbose = setting.explain("app.verbose", &[]);
    assert!(
        verbose.contains("set by      file carml.yml:3:12"),
        "{verbose}"
    );
    // Flags win over the store.
    let flag = setting.explain("app.name", &["--set", "app.name=flag"]);
    assert!(flag.contains("set by      --set app.name"), "{flag}");
}

#[test]
fn explain_says_which_key_of_etcd_set_a_value() {
    check_provenance("etcd");
}

#[test]
fn explain_says_which_key_of_consul_set_a_value() {
    check_provenance("consul");
}

#[test]
fn explain_says_which_key_of_zookeeper_set_a_value() {
    check_provenance("zookeeper");
}

#[test]
fn the_address_may_leave_out_the_servers_and_be_in_a_variable() {
    let setting = Setting::start("etcd");
    let folder = setting.folder.path();
    // The servers of the section `registry`, with a key in JSON.
    setting.put("config/shop.json", r#"{"app": {"name": "json"}}"#);
    let registry = format!("registry.endpoints=['{}']", setting.server.endpoints()[0]);
    let address = "etcd:///config/shop.json";
    let arguments = ["explain", "app.name", "--config", address, "--set"];
    let arguments = [
        &arguments[..],
        &["registry.provider=etcd", "--set", &registry],
    ]
    .concat();
    let done = carml(folder, &arguments);
    let name = stdout(&done);
    assert!(
        name.contains("set by      etcd:///config/shop.json:1:18"),
        "{done:?}"
    );

    let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
    command
        .current_dir(folder)
        .env("CARML_CONFIG_FILE", &setting.address);
    let done = command.args(["explain", "app.color"]).output().unwrap();
    let set_by = format!("set by      {}:3:10", setting.address);
    assert!(stdout(&done).contains(&set_by), "{done:?}");
}

#[test]
fn check_reports_errors_at_their_place_in_the_store() {
    let setting = Setting::start("etcd");
    let address = setting.address.clone();
    let check = |address: &str| {
        let arguments = ["check", "--offline", "--config", "carml.yml", "--config"];
        carml(
            setting.folder.path(),
            &[&arguments[..], &[address]].concat(),
        )
    };
    let done = check(&address);
    assert!(done.status.success(), "{done:?}");

    setting.put("config/shop.yml", "app:\n  nmae: x\n");
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

/// A running service sees a change at once, and keeps the config in an outage.
async fn check_changes(provider: &'static str) {
    let setting = Setting::start(provider);
    let put = |name: &str| {
        let text = format!("app:\n  name: {name}\n{PROBE}");
        setting.put("config/shop.yml", &text);
    };
    put("one");
    let file = setting.folder.path().join("carml.yml");
    let (server, reload, _) = start(&[&file, Path::new(&setting.address)]).await;
    assert_eq!(reload.config().unwrap().app.name.as_deref(), Some("one"));
    assert_eq!(name_after_a_change(&reload, || put("two")).await, "two");

    // An invalid one changes nothing.
    let changes = reload.changes(Duration::from_secs(3_600));
    let mut changes = std::pin::pin!(changes);
    let mut next = async || {
        let next = tokio::time::timeout(Duration::from_secs(20), changes.next());
        next.await.expect("a change in time").unwrap()
    };
    setting.put("config/shop.yml", "app: [");
    let error = next().await.unwrap_err().to_string();
    assert!(error.contains(&setting.address), "{error}");
    assert_eq!(reload.config().unwrap().app.name.as_deref(), Some("two"));

    setting.server.kill(0);
    assert!(
        reload.reload().await.is_err(),
        "the invalid text is the last known one"
    );
    setting.server.restart(0);
    put("three");
    assert_eq!(next().await.unwrap().keys, ["/app/name"]);
    assert_eq!(reload.config().unwrap().app.name.as_deref(), Some("three"));
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_follows_a_key_of_etcd() {
    check_changes("etcd").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_follows_a_key_of_consul() {
    check_changes("consul").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_follows_a_key_of_zookeeper() {
    check_changes("zookeeper").await;
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
