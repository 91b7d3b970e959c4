//! Several that ask for one file.

use std::{
    thread,
    time::{Duration, Instant},
};

use carml_download::{ErrorKind, Event, Request, events};

use crate::support::{Remote, Server, TestCache, content, sha256};

const SIZE: usize = 2_000_000;

/// A server that takes a moment.
fn slow_server() -> Server {
    let remote = Remote::new(content(SIZE, 1), "a");
    Server::start(move |seen, wire, _| {
        thread::sleep(Duration::from_millis(200));
        remote.answer(seen, wire, usize::MAX)
    })
}

#[tokio::test]
async fn many_tasks_that_ask_at_once_make_one_transfer() {
    for has_checksum in [false, true] {
        let server = slow_server();
        let cache = TestCache::new();
        // Two managers are as two processes.
        let managers = [cache.open(), cache.open()];
        let tasks = (0..20).map(|n| {
            let mut request = Request::new(server.url("/a"));
            if has_checksum {
                request = request.sha256(sha256(&content(SIZE, 1)));
            }
            let downloads = managers[n % 2].clone();
            tokio::spawn(async move { downloads.fetch(request).await })
        });
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            let cached = task.await.expect("a task").expect("the file");
            assert_eq!(cached.size, SIZE as u64);
        }
        assert_eq!(server.count(), 1, "checksum: {has_checksum}");
        cache.assert_clean();
    }
}

#[tokio::test]
async fn a_transfer_ends_with_the_last_who_waits_and_keeps_what_arrived() {
    let remote = Remote::new(content(SIZE, 2), "a");
    let server = Server::start(move |seen, wire, n| {
        if n > 0 {
            return remote.answer(seen, wire, usize::MAX);
        }
        remote.answer(seen, wire, SIZE / 2)?;
        wire.silence();
        Ok(())
    });
    let cache = TestCache::with(|options| options.timeout = Duration::from_secs(30));
    let downloads = cache.open();
    let request = || Request::new(server.url("/a"));
    let (first, second) = (downloads.clone(), downloads.clone());
    let (one, two) = (request(), request());
    let one = tokio::spawn(async move { first.fetch(one).await });
    let two = tokio::spawn(async move { second.fetch(two).await });
    while server.sent() < SIZE / 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    one.abort();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.count(), 1, "the other one still waits");
    two.abort();
    let _ = two.await;
    let cached = downloads.fetch(request()).await.expect("the rest");
    assert_eq!(cached.received, (SIZE - SIZE / 2) as u64);
    assert_eq!(server.count(), 2);
    cache.assert_clean();
}

#[tokio::test]
async fn a_slow_listener_slows_nothing_and_misses_progress_alone() {
    let server = slow_server();
    let cache = TestCache::new();
    let (sender, mut receiver) = events();
    // Nobody reads until the end.
    let request = Request::new(server.url("/a")).events(sender);
    cache.open().fetch(request).await.expect("the file");
    let mut seen = Vec::new();
    while let Some(event) = receiver.next().await {
        seen.push(event);
    }
    let size = Some(SIZE as u64);
    let url = server.url("/a");
    let started = Event::Started {
        url,
        size,
        resumed: 0,
    };
    let received = SIZE as u64;
    let done = Event::Done {
        size: received,
        received,
    };
    assert_eq!(seen, [started, Event::Verifying, done]);
}

#[tokio::test]
async fn a_failure_is_reported_to_the_listener() {
    let server = Server::start(|_, wire, _| wire.reply("404 Not Found", &[], b""));
    let cache = TestCache::new();
    let (sender, mut receiver) = events();
    let request = Request::new(server.url("/a")).events(sender);
    cache.open().fetch(request).await.expect_err("missing");
    let event = receiver.next().await;
    assert!(matches!(event, Some(Event::Failed { why }) if why.contains("404")));
}

#[tokio::test]
async fn the_rate_holds_for_all_transfers_together() {
    let remote = Remote::new(content(300_000, 3), "a");
    let server = Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX));
    let cache = TestCache::with(|options| options.rate_limit = Some(400_000));
    let downloads = cache.open();
    let started = Instant::now();
    let (one, two) = tokio::join!(
        downloads.fetch(Request::new(server.url("/a"))),
        downloads.fetch(Request::new(server.url("/b"))),
    );
    one.expect("a file");
    two.expect("a file");
    assert!(
        started.elapsed() >= Duration::from_millis(1300),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn waiting_for_another_process_ends_at_the_deadline() {
    let server = Server::start(|_, wire, _| {
        wire.silence();
        Ok(())
    });
    let cache = TestCache::with(|options| options.timeout = Duration::from_secs(30));
    let (first, second) = (cache.open(), cache.open());
    let request = Request::new(server.url("/a"));
    let holder = tokio::spawn(async move { first.fetch(request).await });
    while server.count() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (sender, mut receiver) = events();
    let request = Request::new(server.url("/a"))
        .deadline(Duration::from_millis(300))
        .events(sender);
    let error = second
        .fetch(request)
        .await
        .expect_err("the other one has the lock");
    assert_eq!(error.kind, ErrorKind::LockTimeout, "{error}");
    assert_eq!(receiver.next().await, Some(Event::Waiting));
    holder.abort();
}
