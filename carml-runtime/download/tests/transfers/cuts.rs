//! Connections that end too soon, or say nothing.

use std::{net::TcpListener, thread, time::Duration};

use carml_download::{ErrorKind, Event, Request, events};

use crate::support::{Remote, Server, TestCache, content, sha256};

const SIZE: usize = 3_000_000;

#[tokio::test]
async fn a_transfer_that_is_cut_at_any_byte_continues_there() {
    for (seed, by_reset) in [(1u64, false), (2, true), (3, false), (4, true)] {
        let remote = Remote::new(content(SIZE, seed), "v1");
        let cuts = [1, 100_000 * seed as usize, 1_048_577, 0, 65_536];
        let served = remote.clone();
        let server = Server::start(move |seen, wire, n| {
            let limit = cuts.get(n).copied().unwrap_or(usize::MAX);
            served.answer(seen, wire, limit)?;
            if by_reset && limit != usize::MAX {
                wire.reset();
            }
            Ok(())
        });
        let cache = TestCache::new();
        let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
        let cached = cached.expect("the file");
        assert_eq!(cached.sha256, sha256(&remote.content));
        assert_eq!(cached.received, SIZE as u64, "no byte twice");
        let requests = server.requests();
        assert_eq!(requests.len(), 6);
        assert_eq!(requests[1].range(), Some((1, None)));
        assert!(
            requests[1..]
                .iter()
                .all(|seen| seen.header("if-range") == Some("\"v1\""))
        );
        cache.assert_clean();
    }
}

#[tokio::test]
async fn a_server_that_always_cuts_is_given_up_and_what_arrived_is_kept() {
    let remote = Remote::new(content(SIZE, 5), "v1");
    let server = Server::start(move |seen, wire, n| {
        // After the first million bytes, none.
        remote.answer(seen, wire, if n == 0 { 1_000_000 } else { 0 })
    });
    let cache = TestCache::with(|options| options.attempts = 2);
    let url = format!("{}?token=hidden", server.url("/model"));
    let error = cache
        .open()
        .fetch(Request::new(&url))
        .await
        .expect_err("no file");
    assert_eq!(error.kind, ErrorKind::Truncated);
    let text = error.to_string();
    assert!(text.contains(&server.url("/model")), "{text}");
    assert!(text.contains("2 attempts"), "{text}");
    assert!(!text.contains("hidden"), "{text}");
    cache.assert_right();
    assert_eq!(cache.files("blobs").len(), 0);
    let kept = cache.files("partial");
    assert_eq!(kept.len(), 2, "data and journal: {kept:?}");
}

#[tokio::test]
async fn another_manager_continues_what_was_kept() {
    let remote = Remote::new(content(SIZE, 6), "v1");
    let served = remote.clone();
    let server = Server::start(move |seen, wire, n| {
        served.answer(seen, wire, if n == 0 { 1_000_000 } else { usize::MAX })
    });
    let cache = TestCache::with(|options| options.attempts = 1);
    let request = || Request::new(server.url("/model"));
    cache.open().fetch(request()).await.expect_err("cut");
    let cached = cache.open().fetch(request()).await.expect("the rest");
    assert_eq!(cached.sha256, sha256(&remote.content));
    assert_eq!(cached.received, 2_000_000);
    cache.assert_clean();
}

#[tokio::test]
async fn without_a_validator_or_a_checksum_a_transfer_begins_at_zero() {
    let bytes = content(SIZE, 7);
    let served = bytes.clone();
    let server = Server::start(move |seen, wire, n| {
        assert!(seen.header("range").is_none());
        let length = served.len().to_string();
        wire.head(
            "200 OK",
            &[("Content-Length", &length), ("ETag", "W/\"weak\"")],
        )?;
        wire.body(&served[..if n == 0 { 1_500_000 } else { SIZE }])
    });
    let cache = TestCache::new();
    let (sender, mut receiver) = events();
    let request = Request::new(server.url("/model")).events(sender);
    let cached = cache.open().fetch(request).await.expect("the file");
    assert_eq!(cached.sha256, sha256(&bytes));
    assert_eq!(server.count(), 2);
    let mut restarts = 0;
    while let Some(event) = receiver.next().await {
        restarts += usize::from(matches!(event, Event::Restarted { .. }));
    }
    assert_eq!(restarts, 1);
    cache.assert_clean();
}

#[tokio::test]
async fn an_attempt_with_progress_does_not_count() {
    let remote = Remote::new(content(8 << 20, 8), "v1");
    let served = remote.clone();
    let server = Server::start(move |seen, wire, _| served.answer(seen, wire, (1 << 20) + 5));
    let cache = TestCache::with(|options| options.attempts = 2);
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the file").sha256, sha256(&remote.content));
    assert_eq!(server.count(), 8);
}

#[tokio::test]
async fn silence_ends_an_attempt_at_connect_head_and_body() {
    // TLS that never begins: the listener accepts by its backlog.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!(
        "https://{}/model",
        listener.local_addr().expect("an address")
    );
    let head = Server::start(|_, wire, _| {
        wire.silence();
        Ok(())
    });
    let body = Server::start(|_, wire, _| {
        wire.head("200 OK", &[("Content-Length", "100"), ("ETag", "\"a\"")])?;
        wire.body(b"some")?;
        wire.silence();
        Ok(())
    });
    let cache = TestCache::with(|options| options.attempts = 1);
    let downloads = cache.open();
    for url in [silent, head.url("/model"), body.url("/model")] {
        let started = std::time::Instant::now();
        let error = downloads.fetch(Request::new(&url)).await.expect_err(&url);
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains(&url), "{error}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{url}: {:?}",
            started.elapsed()
        );
    }
    assert_eq!(cache.files("blobs").len(), 0);
}

#[tokio::test]
async fn a_server_that_drips_is_stopped_by_the_deadline() {
    let server = Server::start(|_, wire, _| {
        wire.head("200 OK", &[("Content-Length", "100000"), ("ETag", "\"a\"")])?;
        loop {
            wire.body(b".")?;
            thread::sleep(Duration::from_millis(50));
        }
    });
    let cache = TestCache::new();
    let request = Request::new(server.url("/model")).deadline(Duration::from_millis(900));
    let error = cache.open().fetch(request).await.expect_err("too slow");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.to_string().contains("deadline of 900ms"), "{error}");
}

#[tokio::test]
async fn a_body_without_end_is_stopped_by_the_limit() {
    let server = Server::start(|_, wire, _| {
        wire.head("200 OK", &[])?;
        let bytes = vec![7; 1 << 16];
        loop {
            wire.body(&bytes)?;
        }
    });
    let cache = TestCache::with(|options| options.max_size = 5_000_000);
    let error = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(error.expect_err("too large").kind, ErrorKind::TooLarge);
    cache.assert_clean();
    assert_eq!(cache.files("blobs").len(), 0);
}

#[tokio::test]
async fn a_length_over_the_limit_is_refused_before_the_body() {
    let remote = Remote::new(content(SIZE, 9), "v1");
    let server = Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX));
    let cache = TestCache::with(|options| options.max_size = SIZE as u64 - 1);
    let error = cache.open().fetch(Request::new(server.url("/model"))).await;
    let error = error.expect_err("too large");
    assert_eq!(error.kind, ErrorKind::TooLarge);
    assert!(error.is_input());
    assert_eq!(server.count(), 1);
    cache.assert_clean();
}
