//! What servers say of themselves, through their own interfaces.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
};

use crate::Server;

/// The output of a command of `etcdctl`.
pub fn etcdctl(server: &Server, arguments: &[&str]) -> String {
    let done = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .args(["--endpoints", &server.endpoints()[0]])
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// The body of the answer to an HTTP request.
pub fn http(endpoint: &str, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n");
    let mut answer = exchange(endpoint, &[head.as_bytes(), body].concat());
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    answer.split_off(end + 4)
}

/// A four-letter word of ZooKeeper.
pub fn zookeeper(endpoint: &str, word: &str) -> String {
    String::from_utf8(exchange(endpoint, word.as_bytes())).unwrap()
}

fn exchange(endpoint: &str, request: &[u8]) -> Vec<u8> {
    let mut connection = TcpStream::connect(endpoint).unwrap();
    connection.write_all(request).unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    answer
}

/// What clients have left in a cluster: places in queues, locks, leases, watches.
pub fn leftovers(server: &Server) -> Vec<String> {
    match server.about()["server"].as_str() {
        Some("etcd") => etcd_leftovers(server),
        Some("consul") => consul_leftovers(server),
        _ => zookeeper_leftovers(server),
    }
}

fn lines(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned)
}

fn etcd_leftovers(server: &Server) -> Vec<String> {
    let keys = etcdctl(server, &["get", "--prefix", "carml/~/", "--keys-only"]);
    let leases = etcdctl(server, &["lease", "list"]);
    // The first line counts them.
    let mut found: Vec<_> = lines(&keys).chain(lines(&leases).skip(1)).collect();
    for endpoint in server.endpoints() {
        let metrics = String::from_utf8(http(&endpoint, "GET", "/metrics", b"")).unwrap();
        let watchers = lines(&metrics).find(|line| line.starts_with(WATCHERS));
        found.extend(watchers.filter(|line| !line.ends_with(" 0")));
    }
    found
}

const WATCHERS: &str = "etcd_debugging_mvcc_watcher_total ";

fn consul_leftovers(server: &Server) -> Vec<String> {
    let get = |path| String::from_utf8(http(&server.endpoints()[0], "GET", path, b"")).unwrap();
    let (keys, sessions) = (get("/v1/kv/carml/~/?keys"), get("/v1/session/list"));
    lines(&keys)
        .chain(lines(&sessions).filter(|line| line != "[]"))
        .collect()
}

fn zookeeper_leftovers(server: &Server) -> Vec<String> {
    let nodes = server.endpoints().into_iter();
    nodes
        .flat_map(|endpoint| lines(&zookeeper(&endpoint, "dump")).collect::<Vec<_>>())
        .filter(|line| line.contains("/~/"))
        .collect()
}
