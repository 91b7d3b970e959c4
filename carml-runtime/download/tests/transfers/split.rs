//! Large files, by several connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use carml_download::Request;

use crate::support::{Remote, Server, TestCache, content, sha256};

const SIZE: usize = 80 << 20;
const PIECE: usize = 16 << 20;

fn remote() -> Remote {
    Remote::new(content(SIZE, 1), "a")
}

#[tokio::test]
async fn a_large_file_comes_by_several_connections() {
    let remote = remote();
    let open = Arc::<AtomicUsize>::default();
    let most = Arc::<AtomicUsize>::default();
    let (served, counted) = (remote.clone(), Arc::clone(&most));
    let server = Server::start(move |seen, wire, n| {
        // Counted while it waits: what is written then may be of a request that was given up.
        if n > 0 {
            let now = open.fetch_add(1, Ordering::SeqCst) + 1;
            counted.fetch_max(now, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(100));
            open.fetch_sub(1, Ordering::SeqCst);
        }
        served.answer(seen, wire, usize::MAX)
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    let cached = cached.expect("the file");
    assert_eq!(cached.sha256, sha256(&remote.content));
    assert_eq!(cached.received, SIZE as u64, "no byte twice");
    let most = most.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} connections");
    let requests = server.requests();
    assert!(requests[0].range().is_none());
    for seen in &requests[1..] {
        assert_eq!(seen.header("if-range"), Some("\"a\""));
        let (start, last) = seen.range().expect("a range");
        assert!(last.is_some_and(|last| last - start < PIECE));
    }
    cache.assert_clean();
}

#[tokio::test]
async fn connections_that_are_cut_continue_in_their_piece() {
    let remote = remote();
    let served = remote.clone();
    let server = Server::start(move |seen, wire, n| {
        served.answer(
            seen,
            wire,
            if n % 2 == 0 {
                3_000_000 + n * 7
            } else {
                usize::MAX
            },
        )
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    let cached = cached.expect("the file");
    assert_eq!(cached.sha256, sha256(&remote.content));
    assert_eq!(cached.received, SIZE as u64, "no byte twice");
    cache.assert_clean();
}

#[tokio::test]
async fn a_server_that_wants_fewer_connections_gets_fewer() {
    let remote = remote();
    let served = remote.clone();
    let server = Server::start(move |seen, wire, n| match n {
        0 => served.answer(seen, wire, usize::MAX),
        1..=3 => wire.reply("429 Too Many Requests", &[("Retry-After", "0")], b""),
        _ => served.answer(seen, wire, usize::MAX),
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the file").sha256, sha256(&remote.content));
    cache.assert_clean();
}

#[tokio::test]
async fn another_version_in_one_piece_means_one_stream_from_zero() {
    let old = remote();
    let new = Remote::new(content(SIZE, 2), "b");
    let wanted = sha256(&new.content);
    let server = Server::start(move |seen, wire, n| {
        let remote = if n < 3 { &old } else { &new };
        // As a server that ignores `If-Range`.
        remote.answer(&seen.without("if-range"), wire, usize::MAX)
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the new file").sha256, wanted);
    let last = server.requests().pop().expect("a request");
    assert!(last.range().is_none());
    cache.assert_clean();
}

#[tokio::test]
async fn a_wrong_checksum_after_several_connections_is_tried_with_one() {
    let wrong = remote();
    let right = Remote::new(content(SIZE, 2), "a");
    let wanted = sha256(&right.content);
    let server = Server::start(move |seen, wire, _| {
        let remote = if seen.range().is_some() {
            &wrong
        } else {
            &right
        };
        remote.answer(seen, wire, usize::MAX)
    });
    let cache = TestCache::new();
    let request = Request::new(server.url("/model")).sha256(&wanted);
    let cached = cache.open().fetch(request).await.expect("the file");
    assert_eq!(cached.sha256, wanted);
    cache.assert_clean();
}

#[tokio::test]
async fn without_a_validator_one_connection_is_used() {
    let bytes = content(SIZE, 1);
    let wanted = sha256(&bytes);
    let server = Server::start(move |_, wire, _| {
        wire.reply(
            "200 OK",
            &[("Accept-Ranges", "bytes"), ("ETag", "W/\"a\"")],
            &bytes,
        )
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the file").sha256, wanted);
    assert_eq!(server.count(), 1);
}
