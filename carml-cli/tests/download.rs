//! `carml download` and `carml cache`.
#![cfg(feature = "download")]
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use support::ended;

const CONTENT: &[u8] = b"weights";

/// A server that has `/model.bin`, and asks for a user on `/private`.
struct Server {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                answer(stream);
            }
        });
        Self { port, requests }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn answer(stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let (status, body) = if head.starts_with("GET /model.bin") {
        ("200 OK", CONTENT)
    } else if head.starts_with("GET /private") {
        ("401 Unauthorized", &b""[..])
    } else {
        ("404 Not Found", &b""[..])
    };
    let length = body.len();
    let mut stream = stream;
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: \"a\"\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

struct Cli {
    folder: tempfile::TempDir,
}

impl Cli {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carml"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("CARML_DOWNLOAD_CACHE", self.path("cache"))
            .env("NO_PROXY", "*");
        ended(command)
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.run(arguments);
        assert_eq!((code, error.as_str()), (0, ""), "{arguments:?}");
        out
    }

    fn fails(&self, code: i32, arguments: &[&str], why: &str) -> String {
        let (found, _, error) = self.run(arguments);
        assert_eq!(found, code, "{arguments:?}: {error}");
        assert!(error.contains(why), "{arguments:?}: {error}");
        error
    }
}

#[cfg(feature = "store")]
#[test]
fn an_object_of_the_store_of_the_config_is_downloaded() {
    let cli = Cli::new();
    fs::write(cli.path("model.bin"), CONTENT).unwrap();
    fs::write(cli.path("carml.yml"), "store:\n  path: objects\n").unwrap();
    cli.ok(&["store", "put", "model.bin", "models/small.bin"]);
    let arguments = [
        "download",
        "--config",
        "carml.yml",
        "store:models/small.bin",
    ];
    let path = cli.ok(&arguments);
    assert_eq!(fs::read(path.trim_end()).unwrap(), CONTENT);
    cli.fails(
        1,
        &["download", "store:models/small.bin"],
        "section `store`",
    );
    let missing = [
        "download",
        "--config",
        "carml.yml",
        "store:models/large.bin",
    ];
    cli.fails(1, &missing, "store:models/large.bin");
}

#[test]
fn the_path_of_each_file_is_printed_and_the_second_time_it_is_the_cache() {
    let server = Server::start();
    let cli = Cli::new();
    let url = server.url("/model.bin");
    let path = cli.ok(&["download", &url]);
    assert_eq!(fs::read(path.trim_end()).unwrap(), CONTENT);
    let sha256 = path.trim_end().rsplit('/').next().unwrap();
    let checksum = format!("sha256:{sha256}");
    assert_eq!(cli.ok(&["download", "--checksum", &checksum, &url]), path);
    assert_eq!(cli.ok(&["download", "--offline", &url]), path);
    assert_eq!(
        server.count(),
        1,
        "a checksum, and --offline, need no network"
    );
    cli.ok(&["download", "--force", "--quiet", &url]);
    assert_eq!(server.count(), 2);

    let line = cli.ok(&["download", "--offline", "--json", &url]);
    let json: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(json["path"], path.trim_end());
    assert_eq!(
        (&json["source"], &json["size"]),
        (&"cache".into(), &7.into())
    );
    assert_eq!(json["sha256"], sha256);
}

#[test]
fn copies_are_placed_where_they_are_wanted() {
    let server = Server::start();
    let cli = Cli::new();
    let url = server.url("/model.bin");
    let placed = cli.ok(&["download", "-o", "here.bin", &url]);
    assert!(placed.ends_with("here.bin\n"), "{placed}");
    assert_eq!(fs::read(cli.path("here.bin")).unwrap(), CONTENT);
    let with_query = format!("{url}?v=2");
    cli.ok(&["download", "-d", "models", &with_query]);
    assert_eq!(fs::read(cli.path("models/model.bin")).unwrap(), CONTENT);
    let nameless = server.url("/..%2f..%2fx");
    cli.fails(1, &["download", "-d", "models", &nameless], "--output");
    cli.fails(1, &["download", "-o", "x", &url, &url], "for one URL");
}

#[test]
fn the_exit_code_says_whether_the_input_or_the_world_is_the_cause() {
    let server = Server::start();
    let cli = Cli::new();
    let missing = format!("{}?token=s3cret", server.url("/missing"));
    let error = cli.fails(1, &["download", &missing], "404");
    assert!(!error.contains("s3cret"), "{error}");
    cli.fails(1, &["download", &server.url("/private")], "401");
    let url = server.url("/model.bin");
    let wrong = format!("sha256:{}", "0".repeat(64));
    cli.fails(
        1,
        &["download", "--checksum", &wrong, &url],
        "expected sha256:0000",
    );
    cli.fails(1, &["download", "model.bin"], "not a URL");
    cli.fails(1, &["download", "--unpack", &url], "not an archive");
    cli.fails(
        1,
        &["download", "http://models.example.org/a"],
        "checksum is needed",
    );
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    cli.fails(
        2,
        &["download", &format!("http://{closed}/a")],
        "cannot connect",
    );
    cli.fails(
        2,
        &["download", "--offline", &server.url("/other")],
        "offline",
    );
    assert_eq!(
        cli.run(&["download", "--checksum", "sha1:00", &url]).0,
        2,
        "usage"
    );
    // One that fails does not stop the others.
    let (code, out, _) = cli.run(&["download", &missing, &url]);
    assert_eq!((code, out.lines().count()), (1, 1));
}

#[test]
fn a_config_has_the_limits_and_credentials() {
    let server = Server::start();
    let cli = Cli::new();
    fs::write(cli.path("carml.yml"), "download:\n  max_size: 3b\n").unwrap();
    let url = server.url("/model.bin");
    cli.fails(1, &["download", "--config", "carml.yml", &url], "max_size");
    // Without --config, no config is read.
    cli.ok(&["download", &url]);
    let text =
        "download:\n  credentials:\n    - { url: https://a.org/, token: s3cret, header: x }\n";
    fs::write(cli.path("carml.yml"), text).unwrap();
    let error = cli.fails(
        1,
        &["download", "--config", "carml.yml", &url],
        "carml.yml:3:",
    );
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn the_cache_is_listed_verified_and_pruned() {
    let server = Server::start();
    let cli = Cli::new();
    let url = server.url("/model.bin");
    let path = cli.ok(&["download", &url]);
    let path = path.trim_end();
    let list = cli.ok(&["cache", "ls"]);
    assert!(list.contains(&url) && list.contains("7 B"), "{list}");
    assert!(
        cli.ok(&["cache", "verify"])
            .starts_with("1 files are right")
    );
    assert!(cli.ok(&["cache", "prune"]).starts_with("removed 0 files"));
    fs::remove_file(path).unwrap();
    fs::write(path, "damaged").unwrap();
    cli.fails(1, &["cache", "verify"], path);
    cli.ok(&["download", &url]);
    assert!(
        cli.ok(&["cache", "prune", "--max-size", "0"])
            .starts_with("removed 1 files")
    );
    assert_eq!(cli.ok(&["cache", "ls"]), "");
}

#[test]
fn the_help_teaches_by_examples() {
    let cli = Cli::new();
    for command in ["download", "cache"] {
        let help = cli.ok(&[command, "--help"]);
        for part in ["Examples:", "Exit code 1:", "--cache"] {
            assert!(help.contains(part), "{command}: {part}");
        }
    }
}
