//! Files that change, and servers that are wrong about ranges.

use carml_download::{ErrorKind, Request};

use crate::support::{Remote, Server, TestCache, content, sha256};

const SIZE: usize = 2_000_000;

#[tokio::test]
async fn a_file_that_changes_in_between_is_not_mixed() {
    let old = Remote::new(content(SIZE, 1), "old");
    let new = Remote::new(content(SIZE, 2), "new");
    let wanted = sha256(&new.content);
    let server = Server::start(move |seen, wire, n| {
        if n == 0 {
            old.answer(seen, wire, 1_200_000)
        } else {
            new.answer(seen, wire, usize::MAX)
        }
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the new file").sha256, wanted);
    cache.assert_clean();
}

#[tokio::test]
async fn a_server_that_ignores_if_range_cannot_mix_two_versions() {
    let old = content(SIZE, 1);
    let new = content(SIZE, 2);
    let wanted = sha256(&new);
    let server = Server::start(move |seen, wire, n| {
        let content = if n == 0 { &old } else { &new };
        let etag = if n == 0 { "\"old\"" } else { "\"new\"" };
        match seen.range() {
            None => {
                let length = SIZE.to_string();
                wire.head("200 OK", &[("Content-Length", &length), ("ETag", etag)])?;
                wire.body(&content[..if n == 0 { 1_000_000 } else { SIZE }])
            }
            Some((start, _)) => {
                let range = format!("bytes {start}-{}/{SIZE}", SIZE - 1);
                let headers = [("Content-Range", &*range), ("ETag", etag)];
                wire.reply("206 Partial Content", &headers, &content[start..])
            }
        }
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the new file").sha256, wanted);
    cache.assert_clean();
}

#[tokio::test]
async fn a_file_that_keeps_changing_is_given_up() {
    let server = Server::start(move |seen, wire, n| {
        let remote = Remote::new(content(SIZE, n as u64), &format!("v{n}"));
        // Of 206, only for what the client asks; the version is always another one.
        remote.answer(&seen.without("if-range"), wire, 1_200_000)
    });
    let cache = TestCache::new();
    let error = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(error.expect_err("no version").kind, ErrorKind::Changed);
    assert_eq!(cache.files("blobs").len(), 0);
    cache.assert_right();
}

#[tokio::test]
async fn with_a_checksum_another_etag_of_the_same_size_stops_no_resume() {
    let bytes = content(SIZE, 3);
    let nodes = [
        Remote::new(bytes.clone(), "a"),
        Remote::new(bytes.clone(), "b"),
    ];
    let server = Server::start(move |seen, wire, n| {
        nodes[n % 2].answer(seen, wire, if n < 3 { 500_000 } else { usize::MAX })
    });
    let cache = TestCache::new();
    let request = Request::new(server.url("/model")).sha256(sha256(&bytes));
    let cached = cache.open().fetch(request).await.expect("the file");
    assert_eq!(cached.received, SIZE as u64);
    cache.assert_clean();
}

#[tokio::test]
async fn bytes_of_another_file_are_found_by_the_checksum_and_fetched_again() {
    // The first half is of another file of the same size.
    let wrong = Remote::new(content(SIZE, 4), "a");
    let right = Remote::new(content(SIZE, 5), "b");
    let wanted = sha256(&right.content);
    let server = Server::start(move |seen, wire, n| {
        if n == 0 {
            wrong.answer(seen, wire, 1_000_000)
        } else {
            right.answer(seen, wire, usize::MAX)
        }
    });
    let cache = TestCache::new();
    let request = Request::new(server.url("/model")).sha256(&wanted);
    let cached = cache.open().fetch(request).await.expect("the file");
    assert_eq!(cached.sha256, wanted);
    assert_eq!(server.count(), 3, "cut, resumed, from zero");
    cache.assert_clean();
}

#[tokio::test]
async fn a_server_that_ignores_ranges_is_not_asked_for_one_again() {
    let bytes = content(SIZE, 6);
    let wanted = sha256(&bytes);
    let server = Server::start(move |_, wire, n| {
        let length = SIZE.to_string();
        wire.head("200 OK", &[("Content-Length", &length), ("ETag", "\"a\"")])?;
        wire.body(&bytes[..if n < 2 { 1_000_000 } else { SIZE }])
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the file").sha256, wanted);
    let ranges: Vec<bool> = server
        .requests()
        .iter()
        .map(|seen| seen.range().is_some())
        .collect();
    assert_eq!(ranges, [false, true, false]);
    cache.assert_clean();
}

/// A server whose answer to a request for a range is as `answer` says: its start relative to what
/// was asked for, and the total.
async fn with_content_range(
    answer: impl Fn(usize) -> (usize, usize) + Send + Sync + 'static,
) -> (Vec<Option<(usize, Option<usize>)>>, u64) {
    let bytes = content(SIZE, 7);
    let wanted = sha256(&bytes);
    let server = Server::start(move |seen, wire, n| match seen.range() {
        Some((start, _)) if n == 1 => {
            let (from, total) = answer(start);
            let range = format!("bytes {from}-{}/{total}", total - 1);
            let headers = [("Content-Range", &*range), ("ETag", "\"a\"")];
            wire.reply(
                "206 Partial Content",
                &headers,
                &bytes[from..SIZE.min(total)],
            )
        }
        _ => {
            let remote = Remote::new(bytes.clone(), "a");
            remote.answer(seen, wire, if n == 0 { 1_000_000 } else { usize::MAX })
        }
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    let cached = cached.expect("the file");
    assert_eq!(cached.sha256, wanted);
    cache.assert_clean();
    let ranges = server
        .requests()
        .iter()
        .map(crate::support::Seen::range)
        .collect();
    (ranges, cached.received)
}

#[tokio::test]
async fn a_range_that_begins_earlier_overlaps() {
    let (ranges, received) = with_content_range(|start| (start - 1000, SIZE)).await;
    assert_eq!(ranges, [None, Some((1_000_000, None))]);
    assert_eq!(received, SIZE as u64);
}

#[tokio::test]
async fn a_range_that_begins_later_or_has_another_total_is_not_used() {
    let (ranges, _) = with_content_range(|start| (start + 1000, SIZE)).await;
    assert_eq!(ranges, [None, Some((1_000_000, None)), None]);
    let (ranges, _) = with_content_range(|start| (start, SIZE - 1)).await;
    assert_eq!(ranges, [None, Some((1_000_000, None)), None]);
}

#[tokio::test]
async fn a_range_that_is_not_satisfiable_means_from_zero() {
    let remote = Remote::new(content(SIZE, 8), "a");
    let wanted = sha256(&remote.content);
    let server = Server::start(move |seen, wire, n| match n {
        0 => remote.answer(seen, wire, 1_000_000),
        1 => wire.reply(
            "416 Range Not Satisfiable",
            &[("Content-Range", "bytes */7")],
            b"",
        ),
        _ => remote.answer(seen, wire, usize::MAX),
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the file").sha256, wanted);
    cache.assert_clean();
}

#[tokio::test]
async fn a_body_of_unknown_length_that_is_all_there_is_answered_416() {
    let bytes = content(SIZE, 9);
    let wanted = sha256(&bytes);
    let server = Server::start(move |seen, wire, _| {
        if seen.range().is_some() {
            let range = format!("bytes */{SIZE}");
            return wire.reply(
                "416 Range Not Satisfiable",
                &[("Content-Range", &range)],
                b"",
            );
        }
        // All bytes, then a chunk that never comes.
        wire.head(
            "200 OK",
            &[("Transfer-Encoding", "chunked"), ("ETag", "\"a\"")],
        )?;
        wire.body(format!("{SIZE:x}\r\n").as_bytes())?;
        wire.body(&bytes)?;
        wire.body(b"\r\n")
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the file").sha256, wanted);
    assert_eq!(server.count(), 2);
    cache.assert_clean();
}

#[tokio::test]
async fn a_body_that_is_compressed_all_the_same_is_stored_as_it_was_sent() {
    let bytes = content(SIZE, 10);
    let wanted = sha256(&bytes);
    let server = Server::start(move |seen, wire, n| {
        assert_eq!(seen.header("accept-encoding"), Some("identity"));
        assert!(seen.range().is_none(), "it cannot be continued");
        let length = SIZE.to_string();
        let headers = [
            ("Content-Length", &*length),
            ("ETag", "\"a\""),
            ("Content-Encoding", "gzip"),
        ];
        wire.head("200 OK", &headers)?;
        wire.body(&bytes[..if n == 0 { 1000 } else { SIZE }])
    });
    let cache = TestCache::new();
    let cached = cache.open().fetch(Request::new(server.url("/model"))).await;
    assert_eq!(cached.expect("the file").sha256, wanted);
    cache.assert_clean();
}
