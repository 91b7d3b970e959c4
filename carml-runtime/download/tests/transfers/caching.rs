//! What the cache has, and for how long.

use std::{fs, path::Path, time::Duration};

use carml_download::{CacheSource, Downloads, ErrorKind, Request};

use crate::support::{Remote, Server, TestCache, content, sha256};

fn file_server(length: usize) -> Server {
    Server::start(move |seen, wire, _| {
        // Each path is another file.
        let seed = seen.path().bytes().map(u64::from).sum();
        Remote::new(content(length, seed), "a").answer(seen, wire, usize::MAX)
    })
}

#[tokio::test]
async fn with_a_checksum_the_cache_needs_no_network() {
    let bytes = content(1000, 1);
    let remote = Remote::new(bytes.clone(), "a");
    let server = Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX));
    let cache = TestCache::new();
    let request = |path| Request::new(server.url(path)).sha256(sha256(&bytes));
    let first = cache.open().fetch(request("/a")).await.expect("the file");
    assert_eq!(first.source, CacheSource::Network);
    // Of another URL, and of another manager, too.
    let second = cache.open().fetch(request("/b")).await.expect("the file");
    assert_eq!(second.source, CacheSource::Cache);
    assert_eq!(second.path, first.path);
    assert_eq!(server.count(), 1);
    let forced = cache
        .open()
        .fetch(request("/a").force(true))
        .await
        .expect("the file");
    assert_eq!(forced.source, CacheSource::Network);
    assert_eq!(server.count(), 2);
    cache.assert_clean();
}

#[tokio::test]
async fn without_a_checksum_the_server_is_asked_whether_the_file_changed() {
    let server = Server::start(|seen, wire, n| {
        let version = if n < 2 { "a" } else { "b" };
        Remote::new(
            content(1000, version.len() as u64 + (n / 2) as u64),
            version,
        )
        .answer(seen, wire, usize::MAX)
    });
    let cache = TestCache::new();
    let downloads = cache.open();
    let request = || Request::new(server.url("/a"));
    let first = downloads.fetch(request()).await.expect("the file");
    let second = downloads.fetch(request()).await.expect("the same file");
    assert_eq!(
        (second.source, &second.sha256),
        (CacheSource::Cache, &first.sha256)
    );
    assert_eq!(server.requests()[1].header("if-none-match"), Some("\"a\""));
    let third = downloads.fetch(request()).await.expect("the new file");
    assert_eq!(third.source, CacheSource::Network);
    assert_ne!(third.sha256, first.sha256);
    assert!(first.path.exists(), "it is still leased");
}

#[tokio::test]
async fn a_young_file_is_not_asked_for_unless_the_clock_was_set_back() {
    let server = file_server(1000);
    let cache = TestCache::with(|options| options.revalidate = Duration::from_secs(3600));
    let downloads = cache.open();
    let request = || Request::new(server.url("/a"));
    for _ in 0..2 {
        downloads.fetch(request()).await.expect("the file");
    }
    assert_eq!(server.count(), 1);
    let record = cache.files("urls").pop().expect("a record");
    let text = fs::read_to_string(&record).expect("a record");
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    json["fetched"] = (json["fetched"].as_u64().expect("a time") + 1_000_000_000).into();
    fs::write(&record, json.to_string()).expect("a record");
    downloads.fetch(request()).await.expect("the file");
    assert_eq!(server.count(), 2, "a time of the future says nothing");
}

#[tokio::test]
async fn a_server_that_fails_leaves_the_file_of_the_cache() {
    let server = Server::start(|seen, wire, n| match n {
        0 => Remote::new(content(1000, 1), "a").answer(seen, wire, usize::MAX),
        _ => wire.reply("500 Error", &[], b""),
    });
    let mut cache = TestCache::with(|options| options.attempts = 1);
    let request = || Request::new(server.url("/a"));
    let first = cache.open().fetch(request()).await.expect("the file");
    let second = cache.open().fetch(request()).await.expect("the old file");
    assert_eq!(
        (second.source, second.path),
        (CacheSource::Stale, first.path)
    );
    cache.options.stale_if_error = false;
    let error = cache
        .open()
        .fetch(request())
        .await
        .expect_err("the server fails");
    assert_eq!(error.kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn offline_only_the_cache_is_used() {
    let server = file_server(1000);
    let mut cache = TestCache::new();
    cache
        .open()
        .fetch(Request::new(server.url("/a")))
        .await
        .expect("the file");
    cache.options.offline = true;
    let downloads = cache.open();
    let cached = downloads
        .fetch(Request::new(server.url("/a")))
        .await
        .expect("the file");
    assert_eq!(cached.source, CacheSource::Cache);
    let error = downloads
        .fetch(Request::new(server.url("/b")))
        .await
        .expect_err("not there");
    assert_eq!(error.kind, ErrorKind::Offline);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn the_least_recently_used_file_that_nobody_uses_leaves_the_cache() {
    let server = file_server(100_000);
    let cache = TestCache::with(|options| options.cache_max_size = 350_000);
    let downloads = cache.open();
    let fetch = async |path: &str| {
        let request = Request::new(server.url(path))
            .sha256(sha256(&content(100_000, path.bytes().map(u64::from).sum())));
        // Times of files are what the order is made of.
        tokio::time::sleep(Duration::from_millis(20)).await;
        downloads.fetch(request).await.expect("the file")
    };
    let leased = fetch("/a").await;
    let dropped = fetch("/b").await.path;
    let used = fetch("/c").await.path;
    fetch("/b").await;
    fetch("/c").await;
    assert_eq!(cache.files("blobs").len(), 3);
    fetch("/d").await;
    assert!(leased.path.exists(), "in use");
    assert!(!dropped.exists(), "the oldest that is not in use");
    assert!(used.exists());
    let pruned = downloads.prune(Some(0)).expect("a cache");
    assert_eq!((pruned.files, pruned.left), (2, 100_000));
    assert!(leased.path.exists());
    drop(leased);
    assert_eq!(downloads.prune(Some(0)).expect("a cache").left, 0);
    assert_eq!(cache.files("urls").len(), 0);
    cache.assert_clean();
}

#[tokio::test]
async fn a_file_that_was_changed_is_found_and_removed() {
    let server = file_server(1000);
    let cache = TestCache::new();
    let downloads = cache.open();
    let path = downloads
        .fetch(Request::new(server.url("/a")))
        .await
        .expect("a file")
        .path;
    downloads
        .fetch(Request::new(server.url("/b")))
        .await
        .expect("a file");
    fs::remove_file(&path).expect("the file");
    fs::write(&path, "something else").expect("a file");
    let verified = downloads.verify().expect("a cache");
    assert_eq!((verified.right, &verified.wrong), (1, &vec![path.clone()]));
    assert!(!path.exists());
    cache.assert_clean();
}

#[tokio::test]
async fn a_copy_is_placed_whole_and_apart_from_the_cache() {
    let server = file_server(1000);
    let cache = TestCache::new();
    let downloads = cache.open();
    let target = cache.outside().join("models/new/model.bin");
    let request = || Request::new(server.url("/a")).to(&target);
    let cached = downloads.fetch(request()).await.expect("the file");
    assert_eq!(cached.path, target);
    fs::write(&target, "edited").expect("a file of one's own");
    let again = downloads.fetch(request()).await.expect("the file");
    assert_eq!(
        sha256(&fs::read(&again.path).expect("a file")),
        again.sha256
    );
    let folder = cache.outside().join("folder");
    fs::create_dir(&folder).expect("a folder");
    let request = Request::new(server.url("/a")).to(&folder);
    let error = downloads.fetch(request).await.expect_err("a folder");
    assert_eq!(error.kind, ErrorKind::Io, "{error}");
    let left: Vec<_> = fs::read_dir(target.parent().expect("a folder"))
        .expect("it")
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    cache.assert_clean();
}

#[tokio::test]
async fn a_disk_without_room_is_reported_before_the_transfer() {
    let server = file_server(1000);
    let cache = TestCache::with(|options| options.cache_min_free = 1 << 60);
    let error = cache
        .open()
        .fetch(Request::new(server.url("/a")))
        .await
        .expect_err("no room");
    assert_eq!(error.kind, ErrorKind::NoSpace);
    assert!(!error.is_input());
    assert!(error.to_string().contains("min_free"), "{error}");
    cache.assert_clean();
}

#[test]
fn a_cache_that_cannot_be_trusted_or_created_is_refused() {
    let cache = TestCache::new();
    cache.open();
    fs::write(cache.root().join("version"), "2").expect("a file");
    let error = Downloads::open(&cache.options).expect_err("another version");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.to_string().contains("version 2"), "{error}");
    assert!(!error.to_string().contains("migrat"));
    let file = TestCache::with(|options| options.directory = "/dev/null/cache".into());
    let error = Downloads::open(&file.options).expect_err("not a folder");
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.to_string().contains("/dev/null/cache"), "{error}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let shared = TestCache::new();
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a folder");
        };
        shared.open();
        mode(&shared.root(), 0o777);
        let error = Downloads::open(&shared.options).expect_err("others may write");
        assert_eq!(error.kind, ErrorKind::Refused);
        mode(&shared.root(), 0o700);
        let mode = fs::metadata(shared.root().join("blobs"))
            .expect("a folder")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[tokio::test]
async fn a_partial_file_that_nobody_continues_is_removed_after_a_week() {
    let server = Server::start(|_, wire, _| {
        wire.head("200 OK", &[("Content-Length", "9999"), ("ETag", "\"a\"")])?;
        wire.body(&[1; 5000])
    });
    let cache = TestCache::with(|options| options.attempts = 1);
    cache
        .open()
        .fetch(Request::new(server.url("/a")))
        .await
        .expect_err("cut");
    assert_eq!(cache.files("partial").len(), 2);
    cache.open();
    assert_eq!(cache.files("partial").len(), 2);
    let old = std::time::SystemTime::now() - Duration::from_secs(8 * 24 * 3600);
    for path in cache.files("partial") {
        let file = fs::File::options().write(true).open(path).expect("a file");
        file.set_modified(old).expect("a time");
    }
    cache.open();
    assert_eq!(cache.files("partial").len(), 0);
}
