//! Several processes on one cache, and processes that are killed.

#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

use std::{
    env,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use carml_download::{Downloads, Request};

use support::{Remote, Server, TestCache, content, sha256};

const SIZE: usize = 8 << 20;

/// Not a test: the process that the tests below start. Its result is its exit code.
#[tokio::test]
#[ignore = "started by the other tests"]
async fn child() {
    let directory = env::var_os("CHILD_CACHE").expect("a folder");
    let mut request = Request::new(env::var("CHILD_URL").expect("a URL"));
    if let Ok(sha256) = env::var("CHILD_SHA256") {
        request = request.sha256(sha256);
    }
    let mut options = support::options(Path::new(&directory));
    options.timeout = Duration::from_secs(20);
    let opened = Downloads::open(&options);
    if env::var_os("CHILD_DISK_IS_READ_ONLY").is_some() {
        let error = opened.expect_err("a disk that cannot be written");
        assert_eq!(error.kind, carml_download::ErrorKind::Io, "{error}");
        let text = error.to_string();
        assert!(text.contains(&*directory.to_string_lossy()), "{text}");
        return;
    }
    let downloads = opened.expect("a cache");
    let fetched = downloads.fetch(request).await;
    if env::var_os("CHILD_DISK_IS_FULL").is_some() {
        let error = fetched.expect_err("a full disk");
        assert_eq!(error.kind, carml_download::ErrorKind::NoSpace, "{error}");
        for folder in ["partial", "tmp", "blobs/sha256"] {
            let folder = Path::new(&directory).join(folder);
            let left: Vec<_> = std::fs::read_dir(folder).expect("a folder").collect();
            assert!(left.is_empty(), "{left:?}");
        }
        return;
    }
    assert_eq!(fetched.expect("the file").size, SIZE as u64);
}

fn start(cache: &TestCache, url: &str, sha256: Option<&str>) -> Child {
    command(cache, url, sha256).spawn().expect("a process")
}

fn command(cache: &TestCache, url: &str, sha256: Option<&str>) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .args(["--exact", "child", "--ignored", "--quiet"])
        .env("CHILD_CACHE", cache.root())
        .env("CHILD_URL", url)
        .stdout(Stdio::null());
    if let Some(sha256) = sha256 {
        command.env("CHILD_SHA256", sha256);
    }
    command
}

/// A server that sends the file within about this time.
fn slow_server(remote: Remote, time: Duration) -> Server {
    const PIECES: u32 = 64;
    Server::start(move |seen, wire, _| {
        if seen.header("if-none-match").is_some() {
            return remote.answer(seen, wire, 0);
        }
        let start = seen.range().map_or(0, |(start, _)| start);
        remote.answer(seen, wire, 0)?;
        for piece in remote.content[start..].chunks(SIZE / PIECES as usize) {
            thread::sleep(time / PIECES);
            wire.body(piece)?;
        }
        Ok(())
    })
}

fn wait(child: &mut Child) -> bool {
    child.wait().expect("a process").success()
}

#[test]
fn ten_processes_make_one_transfer() {
    let remote = Remote::new(content(SIZE, 1), "a");
    for hex in [None, Some(sha256(&remote.content))] {
        let server = slow_server(remote.clone(), Duration::from_secs(2));
        let cache = TestCache::new();
        let url = server.url("/model");
        let mut children: Vec<Child> = (0..10)
            .map(|_| start(&cache, &url, hex.as_deref()))
            .collect();
        for child in &mut children {
            assert!(wait(child));
        }
        let whole = |seen: &&support::Seen| seen.header("if-none-match").is_none();
        // A process that starts after the end of the transfer asks whether the file is still the
        // same one.
        assert_eq!(
            server.requests().iter().filter(whole).count(),
            1,
            "checksum: {hex:?}"
        );
        assert_eq!(server.sent(), SIZE);
        cache.assert_clean();
    }
}

#[test]
fn when_the_one_that_transfers_is_killed_another_one_continues() {
    let remote = Remote::new(content(SIZE, 2), "a");
    let server = slow_server(remote.clone(), Duration::from_secs(6));
    let cache = TestCache::new();
    let url = server.url("/model");
    let mut leader = start(&cache, &url, None);
    while server.sent() == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    let mut others: Vec<Child> = (0..5).map(|_| start(&cache, &url, None)).collect();
    // Until a part of it is in the journal.
    while server.sent() < SIZE / 2 {
        thread::sleep(Duration::from_millis(20));
    }
    leader.kill().expect("a kill");
    wait(&mut leader);
    for child in &mut others {
        assert!(wait(child));
    }
    let requests = server.requests();
    let successor = &requests[1];
    assert_eq!(successor.header("if-range"), Some("\"a\""));
    assert!(successor.range().is_some_and(|(start, _)| start > 0));
    let whole = requests
        .iter()
        .filter(|seen| seen.header("if-none-match").is_none());
    assert_eq!(whole.count(), 2);
    cache.assert_clean();
}

#[test]
fn a_kill_at_any_point_never_leaves_a_wrong_file() {
    let downloads: u64 = env::var("CARML_KILLS").map_or(12, |n| n.parse().expect("a number"));
    let mut transferred = 0;
    let mut kills = 0;
    for n in 0..downloads {
        let remote = Remote::new(content(SIZE, n), "a");
        let server = slow_server(remote.clone(), Duration::from_millis(800));
        let cache = TestCache::new();
        let hex = (n % 2 == 0).then(|| sha256(&remote.content));
        let url = server.url("/model");
        // Random, but the same in each run: through the start, the transfer and the end.
        let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        loop {
            let mut child = start(&cache, &url, hex.as_deref());
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let until = Instant::now() + Duration::from_millis(state % 2500);
            let ended = loop {
                if let Some(status) = child.try_wait().expect("a process") {
                    break Some(status);
                }
                if Instant::now() >= until {
                    break None;
                }
                thread::sleep(Duration::from_millis(2));
            };
            for blob in cache.files("blobs") {
                let bytes = std::fs::read(blob).expect("a blob");
                assert!(bytes == *remote.content, "a wrong file in place");
            }
            match ended {
                Some(status) => {
                    assert!(status.success());
                    break;
                }
                None => {
                    kills += 1;
                    child.kill().expect("a kill");
                    wait(&mut child);
                }
            }
        }
        transferred += server.sent();
        assert_eq!(cache.files("blobs").len(), 1);
        assert_eq!(cache.files("partial").len(), 0);
    }
    println!(
        "{downloads} downloads of {SIZE} bytes, {kills} kills: {transferred} bytes transferred, {:.2} \
         of what is needed",
        transferred as f64 / (downloads as usize * SIZE) as f64
    );
}

/// A library that makes a file system one without locks, as NFS without a lock daemon is.
#[cfg(target_os = "linux")]
fn without_locks(folder: &Path) -> std::path::PathBuf {
    let (source, library) = (folder.join("locks.c"), folder.join("locks.so"));
    let code = "#include <errno.h>\nint flock(int file, int how) { errno = ENOLCK; return -1; }\n";
    std::fs::write(&source, code).expect("a file");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .output()
        .expect("cc, which Rust links with");
    assert!(compiled.status.success(), "{compiled:?}");
    library
}

#[cfg(target_os = "linux")]
#[test]
fn without_locks_each_process_transfers_and_the_file_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let library = without_locks(folder.path());
    let remote = Remote::new(content(SIZE, 4), "a");
    for hex in [None, Some(sha256(&remote.content))] {
        let server = slow_server(remote.clone(), Duration::from_secs(2));
        let cache = TestCache::new();
        let url = server.url("/model");
        let start = || {
            let mut command = command(&cache, &url, hex.as_deref());
            command
                .env("LD_PRELOAD", &library)
                .spawn()
                .expect("a process")
        };
        // One is killed, and leaves its partial file to nobody.
        let mut killed = start();
        while server.sent() < SIZE / 4 {
            thread::sleep(Duration::from_millis(20));
        }
        killed.kill().expect("a kill");
        wait(&mut killed);
        let mut children: Vec<Child> = (0..3).map(|_| start()).collect();
        for child in &mut children {
            assert!(wait(child), "checksum: {hex:?}");
        }
        let whole = |seen: &&support::Seen| seen.header("if-none-match").is_none();
        let transfers = server.requests();
        let transfers: Vec<_> = transfers.iter().filter(whole).collect();
        assert_eq!(transfers.len(), 4, "nobody waits for another: {hex:?}");
        assert!(transfers.iter().all(|seen| seen.range().is_none()));
        let blobs = cache.files("blobs");
        assert_eq!(blobs.len(), 1);
        let bytes = std::fs::read(&blobs[0]).expect("a blob");
        assert!(bytes == *remote.content, "a wrong file in place");
        // With the file in the cache, nothing is transferred.
        assert!(wait(&mut start()));
        let requests = server.requests();
        assert_eq!(requests.iter().filter(whole).count(), 4);
    }
}

/// Runs the process above with a disk of its own, if this system permits that.
#[cfg(target_os = "linux")]
fn with_disk(options: &str, url: &str, cache: &TestCache, variable: &str) -> Option<bool> {
    let root = cache.root();
    std::fs::create_dir_all(&root).expect("a folder");
    let mount = format!("mount -t tmpfs -o {options} tmpfs '{}'", root.display());
    let probe = Command::new("unshare")
        .args(["-rm", "sh", "-c", &mount])
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        println!("not run: `unshare` or `mount` is not permitted");
        return None;
    }
    let program = env::current_exe().expect("this program");
    let run = format!(
        "{mount} && exec '{}' --exact child --ignored",
        program.display()
    );
    let out = Command::new("unshare")
        .args(["-rm", "sh", "-c", &run])
        .env("CHILD_CACHE", &root)
        .env("CHILD_URL", url)
        .env(variable, "1")
        .output()
        .expect("a process");
    println!("{}", String::from_utf8_lossy(&out.stdout));
    Some(out.status.success())
}

#[cfg(target_os = "linux")]
#[test]
fn a_cache_that_cannot_be_written_is_an_error_that_names_it() {
    let cache = TestCache::new();
    let url = "http://127.0.0.1:1/never-asked";
    let passed = with_disk(
        "size=4m,mode=700,ro",
        url,
        &cache,
        "CHILD_DISK_IS_READ_ONLY",
    );
    assert_ne!(passed, Some(false));
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_leaves_nothing_partial() {
    // Without a length, the disk is full in the middle.
    let bytes = content(SIZE, 3);
    let chunked = Server::start(move |_, wire, _| {
        wire.head("200 OK", &[("ETag", "\"a\"")])?;
        wire.body(&bytes)
    });
    let remote = Remote::new(content(SIZE, 3), "a");
    let known = Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX));
    for server in [&chunked, &known] {
        let cache = TestCache::new();
        let url = server.url("/model");
        let passed = with_disk("size=4m,mode=700", &url, &cache, "CHILD_DISK_IS_FULL");
        assert_ne!(passed, Some(false));
    }
}
