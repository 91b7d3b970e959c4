//! `carml validate` over several files, and `carml check`, the dry run.
#![allow(clippy::unwrap_used)]

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Exit code, and all that was printed.
fn carml(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_carml"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CARML_CONFIG_FILE")
        .output()
        .unwrap();
    let text = [out.stdout, out.stderr].concat();
    (out.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn certificates_are_read_as_a_start_reads_them() {
    let tls = "grpc:\n  server:\n    listen: 127.0.0.1:0\n    tls:\n      cert_file: a.pem\n      key_file: a.pem\n";
    let folder = folder(&[("carml.yml", tls), ("a.pem", "nothing")]);
    let (code, text) = carml(folder.path(), &["check", "--offline"]);
    assert_eq!(code, 1, "{text}");
    for expected in [
        "`a.pem` has no certificate",
        "carml.yml:5:",
        "`a.pem` has no private key",
        "carml.yml:6:",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn files_are_checked_each_by_itself_and_counted() {
    let files = [
        ("good.yml", "registry:\n  provider: redb\n"),
        ("warned.yml", "registry:\n  certificate: XXX\n"),
        ("bad.yml", "registry:\n  timeout: 5\n"),
    ];
    let folder = folder(&files);
    let run = |arguments: &[&str]| carml(folder.path(), &[&["validate"], arguments].concat());

    assert_eq!(run(&["good.yml"]), (0, "good.yml is valid\n".to_owned()));
    let (code, text) = run(&["good.yml", "warned.yml"]);
    assert!(text.contains("warning[material]") && text.contains("warning[unused-key]"));
    assert!(text.contains("2 files are valid, 2 warnings\n"), "{text}");
    assert_eq!(code, 0);
    let (code, text) = run(&["bad.yml", "warned.yml"]);
    assert!(text.ends_with("1 error, 2 warnings\n"), "{text}");
    assert_eq!(code, 1);
    let (code, text) = run(&["bad.yml", "nowhere.yml"]);
    assert!(
        text.contains("nowhere.yml cannot be read: no such file"),
        "{text}"
    );
    assert!(text.contains("expected a duration for `timeout`"), "{text}");
    assert_eq!(code, 2);
}

#[test]
fn a_provider_without_a_required_call_is_refused_with_its_line() {
    let files = [
        ("redb.yml", "registry:\n  timeout: 5s\n  provider: redb\n"),
        (
            "etcd.yml",
            "registry:\n  provider: etcd\n  endpoints: [127.0.0.1]\n",
        ),
        ("none.yml", "registry:\n  timeout: 5s\n"),
    ];
    let folder = folder(&files);
    let run =
        |file: &str, call: &str| carml(folder.path(), &["validate", file, "--requires", call]);
    let (code, text) = run("redb.yml", "lock:cluster");
    for expected in [
        "error[capability]: required: `lock` with scope `cluster`, which `redb` does not offer",
        "--> redb.yml:3:13",
        "consul, etcd, zookeeper",
    ] {
        assert!(text.contains(expected), "missing {expected} in\n{text}");
    }
    assert_eq!(code, 1);
    assert_eq!(run("redb.yml", "lock").0, 0);
    // Another file may name the provider.
    let (code, text) = run("none.yml", "lock:cluster");
    assert!(text.contains("warning[capability]"), "{text}");
    assert_eq!(code, 0);
    let (_, text) = run("etcd.yml", "lock:cluster");
    assert!(!text.contains("capability"), "{text}");
}

#[test]
fn a_provider_of_objects_without_a_required_call_is_refused_with_its_line() {
    let bucket = "store:\n  provider: s3\n  bucket: models\n  credentials: anonymous\n";
    let files = [
        ("fs.yml", "store:\n  path: objects\n  provider: fs\n"),
        ("s3.yml", bucket),
        ("none.yml", "app:\n  name: shop\n"),
    ];
    let folder = folder(&files);
    let run =
        |file: &str, call: &str| carml(folder.path(), &["validate", file, "--requires", call]);
    let (code, text) = run("fs.yml", "store.presign");
    for expected in [
        "error[capability]: required: `store.presign` with scope `process`, which `fs` does not offer",
        "--> fs.yml:3:13",
        "providers that offer it: s3",
    ] {
        assert!(text.contains(expected), "missing {expected} in\n{text}");
    }
    assert_eq!(code, 1);
    let (code, text) = run("fs.yml", "store.put,store.create:cluster");
    assert!(
        text.contains("`store.create` with scope `cluster`"),
        "{text}"
    );
    assert!(!text.contains("store.put"), "{text}");
    assert_eq!(code, 1);
    let (_, text) = run("s3.yml", "store.presign,store.create:cluster");
    assert!(!text.contains("capability"), "{text}");
    // Another file may name the provider.
    let (code, text) = run("none.yml", "store.presign");
    assert!(text.contains("warning[capability]"), "{text}");
    assert_eq!(code, 0);
}

#[test]
fn a_misspelt_requirement_is_refused_with_the_name_that_was_meant() {
    let folder = folder(&[("good.yml", "registry:\n  provider: redb\n")]);
    for command in ["validate", "check"] {
        for (written, error) in [
            (
                "watchtree",
                "`watchtree` is not a call of a store: expected one of put, get, delete, exists, \
                 watch, watch_tree, lock, list, delete_tree, atomic_put, atomic_delete, lease, \
                 transaction, election, close, store.put, store.get, store.stat, store.delete, \
                 store.list, store.create, store.replace, store.metadata, store.presign, \
                 store.uploads; did you mean `watch_tree`?",
            ),
            ("store.presing", "did you mean `store.presign`?"),
            (
                "lock:clustre",
                "unknown scope `clustre`: expected one of process, cluster; did you mean `cluster`?",
            ),
        ] {
            let arguments = [command, "good.yml", "--requires", written];
            let arguments = match command {
                "validate" => &arguments[..],
                _ => &["check", "--requires", written],
            };
            let (code, text) = carml(folder.path(), arguments);
            assert!(text.contains(error), "{text}");
            assert_eq!(code, 2);
        }
    }
}

#[test]
fn a_dry_run_tries_what_the_config_names() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = format!(
        "grpc:\n  server:\n    listen: 127.0.0.1:0\nhealth:\n  endpoints: [\"127.0.0.1:{port}\"]\n"
    );
    let folder = folder(&[("carml.yml", &text)]);

    let (code, seen) = carml(folder.path(), &["check"]);
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen.contains("server, outermost first")
            && seen.ends_with("the config is ready for a start\n"),
        "{seen}"
    );

    let dead = format!("health.endpoints=['127.0.0.1:{closed}', 'no-such-host.invalid:1']");
    let (code, seen) = carml(folder.path(), &["check", "--set", &dead]);
    assert_eq!(code, 1, "{seen}");
    assert!(
        seen.contains("does not answer")
            && seen.contains("no-such-host.invalid:1 does not resolve"),
        "{seen}"
    );
    let (code, seen) = carml(folder.path(), &["check", "--offline", "--set", &dead]);
    assert_eq!(code, 0, "{seen}");

    let taken = format!("grpc.server.listen=127.0.0.1:{port}");
    let (code, seen) = carml(folder.path(), &["check", "--set", &taken]);
    assert!(code == 1 && seen.contains("cannot listen on"), "{seen}");

    let (code, seen) = carml(
        folder.path(),
        &["check", "--set", "registry.certificate=XXX"],
    );
    assert!(code == 1 && seen.contains("error[material]"), "{seen}");
    let dead = format!("registry.endpoints=['127.0.0.1:{closed}']");
    let provider = "registry.provider=zookeeper";
    let (code, seen) = carml(folder.path(), &["check", "--set", provider, "--set", &dead]);
    let expected = match cfg!(feature = "zookeeper") {
        true => "does not answer",
        false => "is not in this build",
    };
    assert!(code == 1 && seen.contains(expected), "{seen}");
}

#[cfg(feature = "call")]
#[test]
fn names_of_methods_are_compared_with_a_file_of_descriptors() {
    let config = "grpc:\n  client:\n    targets:\n      grpc.health.v1.Health:\n        endpoints: [127.0.0.1:1]\n        \
                  method_config:\n          - name: [{ service: grpc.health.v1.Health, method: Check }]\n          \
                  - name: [{ service: grpc.health.v1.Health, method: Chekc }]\n";
    let folder = folder(&[("carml.yml", config), ("broken.bin", "no descriptors")]);
    let set = tonic_health::pb::FILE_DESCRIPTOR_SET;
    std::fs::write(folder.path().join("health.bin"), set).unwrap();
    let check = |file: &str| {
        let arguments = ["check", "--offline", "--descriptor-set", file];
        carml(folder.path(), &arguments)
    };
    let (code, text) = check("health.bin");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("carml.yml:8:"), "{text}");
    assert!(
        text.contains("no method `grpc.health.v1.Health/Chekc`"),
        "{text}"
    );
    assert!(text.contains("grpc.health.v1.Health/Check"), "{text}");
    assert!(text.contains("1 error"), "{text}");
    let (code, text) = check("broken.bin");
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("`broken.bin` is not an encoded FileDescriptorSet"),
        "{text}"
    );
}
