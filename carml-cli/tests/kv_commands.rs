//! The commands of `carml kv`, on a file and on a served store.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{ffi::OsString, process::Command, time::Duration};

use support::{Served, ended};

/// The same commands, on either store.
struct Store(Vec<OsString>);

impl Store {
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
        command.arg("kv").args(&self.0).args(arguments);
        ended(command)
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.run(arguments);
        assert_eq!((code, error.as_str()), (0, ""), "{arguments:?}");
        out
    }

    /// Exit code 1, and this in the report.
    fn refused(&self, arguments: &[&str], why: &str) {
        let (code, _, error) = self.run(arguments);
        assert_eq!(code, 1, "{arguments:?}: {error}");
        assert!(error.contains(why), "{arguments:?}: {error}");
    }
}

fn every_command_works(store: &Store) {
    let first = store.ok(&["put", "dir/a", "hello"]);
    store.ok(&["put", "dir/b", "--", "-n"]);
    store.ok(&["put", "dirty", "x"]);
    assert_eq!(store.ok(&["get", "dir/a"]), "hello");
    assert_eq!(store.ok(&["get", "dir/b"]), "-n");
    assert_eq!(store.ok(&["get", "dir/a", "--revision"]), first);
    assert_eq!(store.ok(&["list", "dir"]), "dir/a\ndir/b\n");
    assert_eq!(store.ok(&["list"]), "dir/a\ndir/b\ndirty\n");

    store.refused(&["put", "dir/a", "x", "--expect", "0"], "not the expected");
    store.ok(&["put", "dir/a", "bye", "--expect", first.trim()]);
    store.refused(
        &["delete", "dir/a", "--expect", first.trim()],
        "not the expected",
    );
    store.refused(&["get", "nothing"], "there is no key `nothing`");
    store.refused(&["delete", "nothing"], "there is no key `nothing`");
    store.refused(&["put", "a//b", "x"], "a segment is empty");

    store.ok(&["exists", "dir/a"]);
    store.ok(&["delete", "dir/a"]);
    store.refused(&["exists", "dir/a"], "there is no key");
    assert_eq!(store.ok(&["delete-tree", "dir"]), "1\n");
    assert_eq!(store.ok(&["list"]), "dirty\n");

    let token = store.ok(&["lock", "j", "--", "sh", "-c", "echo $CARML_FENCING_TOKEN"]);
    assert!(token.trim().parse::<u64>().unwrap() > 0);
    assert_eq!(store.run(&["lock", "j", "--", "sh", "-c", "exit 7"]).0, 7);
    assert_eq!(store.run(&["lock", "j", "--", "no-such-program"]).0, 2);
}

#[cfg(any(feature = "consul", feature = "etcd", feature = "zookeeper"))]
/// The store of a config that names a server of this provider.
fn configured_store_is_read_and_written(provider: &str) {
    let server = carml_test_conformance::Server::start(&[provider]);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("carml.yml");
    let text = format!(
        "registry:\n  provider: {provider}\n  endpoints: [\"{}\"]\n",
        server.endpoints()[0]
    );
    std::fs::write(&config, text).unwrap();
    every_command_works(&Store(vec!["--config".into(), config.into()]));
}

#[cfg(feature = "etcd")]
#[test]
fn an_etcd_of_a_config_is_read_and_written() {
    configured_store_is_read_and_written("etcd");
}

#[cfg(feature = "consul")]
#[test]
fn a_consul_of_a_config_is_read_and_written() {
    configured_store_is_read_and_written("consul");
}

#[cfg(feature = "zookeeper")]
#[test]
fn a_zookeeper_of_a_config_is_read_and_written() {
    configured_store_is_read_and_written("zookeeper");
}

#[test]
fn a_file_is_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kv.redb").into();
    every_command_works(&Store(vec!["--file".into(), file]));
}

#[test]
fn a_config_of_a_service_names_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("carml.yml");
    let path = folder.path().join("kv.redb");
    let write = |registry: &str| {
        let text = format!(
            "{registry}:\n  provider: redb\n  path: {}\nshop:\n  greeting: ${{UNSET}}\n",
            path.display()
        );
        std::fs::write(&config, text).unwrap();
    };
    let store = Store(vec!["--config".into(), config.clone().into()]);
    write("registry");
    store.ok(&["put", "a", "1"]);
    assert_eq!(store.ok(&["get", "a"]), "1");
    write("registy");
    store.refused(&["get", "a"], "did you mean `registry`?");
    write("other");
    store.refused(&["get", "a"], "no section `registry`");
}

#[test]
fn a_served_store_is_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&folder.path().join("kv.redb"));
    let store = Store(vec!["--server".into(), served.url().into()]);
    every_command_works(&store);

    // One holder at a time; `--try` does not wait.
    let carml = env!("CARGO_BIN_EXE_carml");
    let within = format!("{carml} kv --server {} lock --try j -- true", served.url());
    store.refused(
        &["lock", "j", "--", "sh", "-c", &within],
        "held by another holder",
    );
}

#[test]
fn a_file_that_is_served_is_not_opened_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kv.redb");
    let _served = Served::start(&file);
    let store = Store(vec!["--file".into(), file.into()]);
    store.refused(&["get", "k"], "carml kv serve");
}

#[test]
fn an_unreachable_server_is_reported() {
    let store = Store(vec!["--server".into(), "http://127.0.0.1:1".into()]);
    let (code, _, error) = store.run(&["get", "k"]);
    assert_eq!(code, 2);
    assert!(error.contains("refused"), "{error}");
    assert!(error.contains("running at http://127.0.0.1:1?"), "{error}");

    let store = Store(vec!["--server".into(), "localhost:1".into()]);
    store.refused(&["get", "k"], "expected http://host:port");
}

#[test]
fn a_frozen_holder_loses_its_lock() {
    let folder = tempfile::tempdir().unwrap();
    let keepalive = ["interval", "timeout"].map(|key| format!("grpc.server.keepalive.{key}=200ms"));
    let keepalive = keepalive.each_ref().map(String::as_str);
    let served = Served::with(&folder.path().join("kv.redb"), &keepalive);
    let store = Store(vec!["--server".into(), served.url().into()]);
    let held = folder.path().join("held");
    // The command is not the only process of the job.
    let touch = format!("sleep 60 & echo $! > {}; wait", held.display());
    let mut holder = Command::new(env!("CARGO_BIN_EXE_carml"))
        .args([
            "kv",
            "--server",
            &served.url(),
            "lock",
            "j",
            "--",
            "sh",
            "-c",
            &touch,
        ])
        .spawn()
        .unwrap();
    let job = loop {
        match std::fs::read_to_string(&held) {
            Ok(id) if id.ends_with('\n') => break id.trim().to_owned(),
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    store.refused(
        &["lock", "--try", "j", "--", "true"],
        "held by another holder",
    );

    let stop = ["-STOP".to_owned(), holder.id().to_string()];
    assert!(Command::new("kill").args(stop).status().unwrap().success());
    // Waits until the server gives up the stopped holder.
    store.ok(&["lock", "j", "--", "true"]);

    // When it continues, it has lost the lock, and its command is ended.
    let wake = ["-CONT".to_owned(), holder.id().to_string()];
    assert!(Command::new("kill").args(wake).status().unwrap().success());
    assert_eq!(holder.wait().unwrap().code(), Some(1));
    let status = std::fs::read_to_string(format!("/proc/{job}/stat"));
    let is_gone = status.map_or(true, |status| status.contains(") Z "));
    assert!(is_gone, "a process of the job goes on without the lock");
}

#[test]
fn signals_reach_the_command_of_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&folder.path().join("kv.redb"));
    for signal in ["TERM", "INT", "HUP"] {
        let started = folder.path().join(signal);
        let script = format!(
            "trap 'exit 5' {signal}; touch {}; while :; do sleep 0.1; done",
            started.display(),
        );
        let mut holder = Command::new(env!("CARGO_BIN_EXE_carml"))
            .args(["kv", "--server", &served.url(), "lock", "j", "--"])
            .args(["sh", "-c", &script])
            .spawn()
            .unwrap();
        while !started.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let id = holder.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
        assert_eq!(holder.wait().unwrap().code(), Some(5), "{signal}");
    }
}
