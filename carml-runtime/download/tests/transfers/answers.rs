//! Answers that are not the file.

use std::time::{Duration, Instant};

use carml_download::{ErrorKind, Mirror, Request};

use crate::support::{Remote, Server, TestCache, content, sha256};

#[tokio::test]
async fn what_the_server_refuses_is_asked_for_once() {
    for (status, kind) in [
        ("401 Unauthorized", ErrorKind::Unauthenticated),
        ("403 Forbidden", ErrorKind::PermissionDenied),
        ("404 Not Found", ErrorKind::NotFound),
        ("410 Gone", ErrorKind::NotFound),
        ("418 Teapot", ErrorKind::Refused),
    ] {
        let server = Server::start(move |_, wire, _| wire.reply(status, &[], b"a page"));
        let cache = TestCache::new();
        let error = cache.open().fetch(Request::new(server.url("/model"))).await;
        let error = error.expect_err(status);
        assert_eq!(error.kind, kind);
        assert!(error.is_input());
        assert!(error.to_string().contains(&server.url("/model")), "{error}");
        assert!(error.to_string().contains(&status[..3]), "{error}");
        assert_eq!(server.count(), 1, "{status}");
        cache.assert_clean();
    }
}

#[tokio::test]
async fn what_may_get_better_is_asked_for_again() {
    for status in [
        "408 Request Timeout",
        "500 Error",
        "502 Bad Gateway",
        "503 Unavailable",
    ] {
        let remote = Remote::new(content(1000, 1), "a");
        let server = Server::start(move |seen, wire, n| match n {
            0 => wire.reply(status, &[], b""),
            _ => remote.answer(seen, wire, usize::MAX),
        });
        let cache = TestCache::new();
        let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
        assert_eq!(cached.expect(status).size, 1000);
        assert_eq!(server.count(), 2);
    }
}

#[tokio::test]
async fn retry_after_is_obeyed_in_seconds_and_as_a_date() {
    for headers in [
        vec![("Retry-After", "1")],
        vec![
            ("Retry-After", "Thu, 26 Nov 2026 12:00:01 GMT"),
            ("Date", "Thu, 26 Nov 2026 12:00:00 GMT"),
        ],
    ] {
        for status in ["429 Too Many Requests", "503 Service Unavailable"] {
            let remote = Remote::new(content(1000, 1), "a");
            let headers = headers.clone();
            let server = Server::start(move |seen, wire, n| match n {
                0 => wire.reply(status, &headers, b""),
                _ => remote.answer(seen, wire, usize::MAX),
            });
            let cache = TestCache::new();
            let started = Instant::now();
            let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
            assert_eq!(cached.expect(status).size, 1000);
            assert!(
                started.elapsed() >= Duration::from_secs(1),
                "{:?}",
                started.elapsed()
            );
        }
    }
}

#[tokio::test]
async fn a_wait_beyond_the_limit_fails_now_and_says_when() {
    let server = Server::start(move |_, wire, _| {
        wire.reply("429 Too Many Requests", &[("Retry-After", "3600")], b"")
    });
    let cache = TestCache::new();
    let started = Instant::now();
    let error = cache.open().fetch(Request::new(server.url("/model"))).await;
    let error = error.expect_err("throttled");
    let retry_after = Some(Duration::from_secs(3600));
    assert_eq!(error.kind, ErrorKind::Throttled { retry_after });
    assert!(error.to_string().contains("3600s"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_wrong_checksum_leaves_nothing() {
    let remote = Remote::new(content(100_000, 1), "a");
    let server = Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX));
    let cache = TestCache::new();
    let wanted = sha256(b"another file");
    let request = Request::new(server.url("/model")).sha256(&wanted);
    let error = cache.open().fetch(request).await.expect_err("wrong");
    assert_eq!(error.kind, ErrorKind::ChecksumMismatch);
    assert!(error.to_string().contains(&wanted), "{error}");
    assert_eq!(server.count(), 1, "the same bytes would come again");
    cache.assert_clean();
    assert_eq!(cache.files("blobs").len(), 0);
}

#[tokio::test]
async fn a_mirror_with_other_content_is_passed_over() {
    let wrong = Remote::new(content(100_000, 1), "a");
    let wrong = Server::start(move |seen, wire, _| wrong.answer(seen, wire, usize::MAX));
    let missing = Server::start(|_, wire, _| wire.reply("404 Not Found", &[], b""));
    let bytes = content(100_000, 2);
    let remote = Remote::new(bytes.clone(), "a");
    let right = Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX));
    let origin = Server::start(|_, wire, _| wire.reply("500 Error", &[], b""));
    let mirrors = vec![Mirror {
        url: origin.url("/models/"),
        to: vec![wrong.url("/a/"), missing.url("/b"), right.url("/c/")],
    }];
    let cache = TestCache::with(|options| options.mirrors = mirrors);
    let downloads = cache.open();
    let request = Request::new(origin.url("/models/x/y?v=1")).sha256(sha256(&bytes));
    downloads.fetch(request).await.expect("the file");
    assert_eq!(right.requests()[0].path(), "/c/x/y?v=1");
    assert_eq!((wrong.count(), missing.count(), origin.count()), (1, 1, 0));
    // Without a checksum, only the origin is right.
    let request = Request::new(origin.url("/models/z")).deadline(Duration::from_millis(500));
    downloads
        .fetch(request)
        .await
        .expect_err("the origin fails");
    assert_eq!(right.count(), 1);
    assert!(origin.count() > 0);
}

#[tokio::test]
async fn other_checksums_are_checked_beside_sha256() {
    let remote = Remote::new(b"abc".to_vec(), "a");
    let server = Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX));
    let cache = TestCache::new();
    let downloads = cache.open();
    let md5 = "900150983cd24fb0d6963f7d28e17f72";
    let right = || {
        let checksum = format!("md5:{md5}").parse().expect("a checksum");
        Request::new(server.url("/abc")).checksum(checksum)
    };
    downloads.fetch(right()).await.expect("the file");
    downloads.fetch(right()).await.expect("the cached file");
    assert_eq!(server.count(), 1, "with a checksum, the cache decides");
    let wrong = format!("{}#md5={}", server.url("/abc"), md5.replace('9', "8"));
    let error = downloads
        .fetch(Request::new(wrong))
        .await
        .expect_err("wrong");
    assert_eq!(error.kind, ErrorKind::ChecksumMismatch);
    cache.assert_clean();
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let server = Server::start(|_, wire, _| wire.reply("200 OK", &[("ETag", "\"a\"")], b""));
    let cache = TestCache::new();
    let cached = cache
        .open()
        .fetch(Request::new(server.url("/empty")))
        .await
        .expect("a file");
    assert_eq!((cached.size, &*cached.sha256), (0, &*sha256(b"")));
    cache.assert_clean();
}
