//! The commands of `carml store`, on a folder and on a bucket.
#![cfg(feature = "store")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

struct Ended {
    code: i32,
    out: Vec<u8>,
    error: String,
}

struct Store {
    arguments: Vec<String>,
    folder: tempfile::TempDir,
}

impl Store {
    fn new(arguments: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            arguments: arguments(folder.path()),
            folder,
        }
    }

    fn of_folder() -> Self {
        Self::new(|folder| {
            let objects = folder.join("objects").display().to_string();
            vec!["--path".to_owned(), objects]
        })
    }

    fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut child = Command::new(env!("CARGO_BIN_EXE_carml"))
            .arg("store")
            .args(&self.arguments)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let ended = child.wait_with_output().unwrap();
        Ended {
            code: ended.status.code().unwrap(),
            out: ended.stdout,
            error: String::from_utf8(ended.stderr).unwrap(),
        }
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let ended = self.run_with(arguments, b"");
        assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{arguments:?}");
        String::from_utf8(ended.out).unwrap()
    }

    /// An exit code, and this in the report.
    fn fails(&self, code: i32, arguments: &[&str], why: &str) {
        let ended = self.run_with(arguments, b"");
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.error);
        assert!(ended.error.contains(why), "{arguments:?}: {}", ended.error);
    }

    fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }
}

fn every_command_works(store: &Store) {
    store.write("source.bin", b"0123456789");
    let etag = store.ok(&[
        "put",
        "source.bin",
        "models/a.bin",
        "--type",
        "text/plain",
        "--meta",
        "run=17",
    ]);
    // Files.
    store.ok(&["get", "models/a.bin"]);
    assert_eq!(store.read("a.bin"), b"0123456789");
    store.ok(&["get", "models/a.bin", "copy.bin"]);
    assert_eq!(store.read("copy.bin"), b"0123456789");
    assert_eq!(store.ok(&["get", "models/a.bin", "-"]), "0123456789");
    for (range, expected) in [("0-3", "0123"), ("8-", "89"), ("-1", "9")] {
        assert_eq!(
            store.ok(&["get", "models/a.bin", "-", "--range", range]),
            expected
        );
    }
    // Standard input.
    let put = store.run_with(&["put", "-", "models/b/c"], b"from stdin");
    assert_eq!(put.code, 0, "{}", put.error);
    assert_eq!(store.ok(&["get", "models/b/c", "-"]), "from stdin");
    // What there is.
    let stat = store.ok(&["stat", "models/a.bin"]);
    for line in [
        "size: 10",
        "type: text/plain",
        "meta run: 17",
        "sha256: 84d89877f0d4041efb6bf91a16f024",
    ] {
        assert!(stat.contains(line), "{stat}");
    }
    assert!(stat.contains(&format!("etag: {}", etag.trim())), "{stat}");
    let json: serde_json::Value =
        serde_json::from_str(&store.ok(&["stat", "models/a.bin", "--json"])).unwrap();
    assert_eq!(json["metadata"]["run"], "17");
    let names = |arguments: &[&str]| -> Vec<String> {
        let lines = store.ok(arguments);
        lines
            .lines()
            .map(|line| line.split_whitespace().last().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&["ls"]), ["models/"]);
    assert_eq!(names(&["ls", "models/"]), ["models/a.bin", "models/b/"]);
    assert_eq!(names(&["ls", "-r"]), ["models/a.bin", "models/b/c"]);
    assert!(store.ok(&["ls", "-r", "--json"]).lines().count() == 2);
    // Conditions.
    store.fails(
        1,
        &["put", "source.bin", "models/a.bin", "--create"],
        "exists already",
    );
    store.fails(
        1,
        &["put", "source.bin", "models/a.bin", "--if-match", "other"],
        "expected ETag",
    );
    store.ok(&[
        "put",
        "source.bin",
        "models/a.bin",
        "--if-match",
        etag.trim(),
    ]);
    store.ok(&["put", "source.bin", "models/new", "--create"]);
    // The input is at fault.
    store.fails(1, &["get", "missing"], "there is no such object");
    store.fails(1, &["get", "a//b"], "segment is empty");
    store.fails(
        1,
        &["get", "models/a.bin", "-", "--range", "50-60"],
        "outside",
    );
    store.fails(2, &["get", "models/a.bin", "-", "--range", "x"], "expected");
    // It cannot be done.
    store.fails(2, &["put", "no-such-file", "key"], "no-such-file");
    store.fails(
        2,
        &["get", "models/a.bin", "source.bin/below"],
        "source.bin",
    );
    // Removal.
    store.ok(&["rm", "models/new", "missing"]);
    store.fails(1, &["rm", "-r", "models/"], "say --yes");
    assert_eq!(names(&["ls", "-r"]), ["models/a.bin", "models/b/c"]);
    store.ok(&["rm", "-r", "--yes", "models/"]);
    assert_eq!(store.ok(&["ls", "-r"]), "");
}

#[test]
fn every_command_works_on_a_folder() {
    let store = Store::of_folder();
    every_command_works(&store);
    store.fails(1, &["presign", "get", "key"], "does not have this call");
    store.fails(1, &["uploads"], "does not have this call");
}

#[test]
fn a_config_without_the_section_says_what_to_add() {
    let store = Store::new(|folder| {
        let config = folder.join("carml.yml");
        std::fs::write(&config, "app:\n  name: x\n").unwrap();
        vec!["--config".to_owned(), config.display().to_string()]
    });
    store.fails(1, &["ls"], "no section `store`");
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = Store::of_folder().ok(&["--help"]);
    for part in [
        "carml store put model.bin",
        "Exit codes:",
        "presign",
        "uploads",
    ] {
        assert!(help.contains(part), "{help}");
    }
}

#[cfg(feature = "store-s3")]
#[test]
fn every_command_works_on_a_bucket() {
    let server = carml_test_servers::Server::start(&["versitygw"]);
    let about = server.about().clone();
    let store = Store::new(|folder| {
        let text = |name: &str| about[name].as_str().unwrap().to_owned();
        let config = format!(
            "store:\n  provider: s3\n  endpoint: http://{}\n  bucket: {}\n  access_key: {}\n  \
             secret_key: {}\n  prefix: cli\n",
            server.endpoints()[0],
            text("bucket"),
            text("access_key"),
            text("secret_key"),
        );
        let file = folder.join("carml.yml");
        std::fs::write(&file, config).unwrap();
        vec!["--config".to_owned(), file.display().to_string()]
    });
    every_command_works(&store);
    store.write("source.bin", b"0123456789");
    store.ok(&["put", "source.bin", "key"]);
    let url = store.ok(&["presign", "get", "key", "--expires", "1m"]);
    assert!(
        url.starts_with("http://") && url.contains("X-Amz-Signature="),
        "{url}"
    );
    store.fails(1, &["presign", "get", "key", "--expires", "8d"], "7 days");
    assert_eq!(store.ok(&["uploads"]), "");
    assert_eq!(store.ok(&["uploads", "--abort", "--older-than", "1d"]), "");
    store.fails(2, &["uploads", "--abort"], "--older-than");
}

#[test]
fn a_folder_is_put_as_an_archive() {
    let store = Store::of_folder();
    std::fs::create_dir_all(store.folder.path().join("run/logs")).unwrap();
    store.write("run/result.json", b"{}");
    store.write("run/logs/1", b"line");
    let etag = store.ok(&["put", "run", "runs/17.tar.gz"]);
    assert_eq!(store.ok(&["put", "run", "runs/17.tar.gz"]), etag);
    store.ok(&["get", "runs/17.tar.gz"]);
    let unpacked = Command::new("tar")
        .args([
            "--extract",
            "--file",
            "17.tar.gz",
            "--to-stdout",
            "result.json",
            "logs/1",
        ])
        .current_dir(store.folder.path())
        .output()
        .unwrap();
    assert_eq!(unpacked.stdout, b"line{}", "{unpacked:?}");
    store.write("not-a-folder", b"");
    store.fails(2, &["put", "missing", "x"], "missing");
}
