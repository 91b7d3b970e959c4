//! Provider `s3` on a real server, behind a proxy that plays faults.
//!
//! After each fault: the result is right or an error that says why, no object has other bytes than
//! those that were put, and no upload is left.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use carml_store::{
    Applied, Error, ErrorKind, Event, Events, GetOptions, Mode, Object, Put, PutOptions, Store,
    StoreOptions,
};
use carml_store_s3::S3;
use carml_test_store::{
    S3Bucket, options,
    proxy::{Fault, Proxy, answer, hook, refusal},
    server,
    support::{all, key, kind, pattern, put, read, streamed, within, write},
};
use futures_util::{StreamExt as _, stream};

/// Three parts, the last a small one.
const LARGE: usize = (10 << 20) + 1000;

/// The same prefix of the bucket, with and without the proxy.
struct Place {
    proxy: Proxy,
    faulty: Store,
    direct: Store,
}

impl Place {
    async fn new() -> Self {
        let server = tokio::task::spawn_blocking(server).await.unwrap();
        let endpoint = server.endpoints().remove(0);
        let proxy = Proxy::start(endpoint.clone()).await;
        let prefix = StoreOptions {
            prefix: format!("faults-{}", S3Bucket::unused_prefix()),
            ..StoreOptions::default()
        };
        let store = |endpoint: &str, timeout| {
            let options = carml_store_s3::Options {
                timeout,
                ..options(server, endpoint)
            };
            Store::new(S3::new(options).unwrap(), &prefix).unwrap()
        };
        Self {
            faulty: store(&proxy.address(), Duration::from_secs(1)),
            direct: store(&endpoint, Duration::from_secs(10)),
            proxy,
        }
    }

    async fn put_large(&self, mode: Mode) -> Result<Put, Error> {
        let options = PutOptions {
            mode,
            ..PutOptions::default()
        };
        let body = streamed(pattern(LARGE), Some(LARGE as u64));
        within(self.faulty.put(&key("large"), body, options)).await
    }

    /// The large object is whole, and nothing is left of the upload.
    async fn is_whole(&self) {
        let object = self
            .direct
            .get(&key("large"), GetOptions::default())
            .await
            .unwrap();
        assert!(object.bytes(LARGE).await.unwrap() == pattern(LARGE).concat());
        self.has_no_uploads().await;
    }

    /// There is no object, and nothing is left of the upload.
    async fn is_empty(&self) {
        assert!(all(&self.direct).await.is_empty());
        self.has_no_uploads().await;
    }

    async fn has_no_uploads(&self) {
        let uploads = self.direct.uploads().await.unwrap();
        assert!(uploads.is_empty(), "{uploads:?}");
    }

    async fn get(&self) -> Result<Object, Error> {
        within(self.faulty.get(&key("large"), GetOptions::default())).await
    }
}

async fn collected(object: Object) -> Result<Bytes, Error> {
    within(object.bytes(2 * LARGE)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_fails_once_is_sent_again() {
    for fault in [
        Fault::CutRequest(100_000),
        Fault::LoseAnswer,
        Fault::Silence,
        Fault::Answer(refusal("503 Service Unavailable", "SlowDown", &[])),
        Fault::Answer(refusal("500 Internal Server Error", "InternalError", &[])),
    ] {
        let place = Place::new().await;
        place.proxy.play("partNumber=2", 1, fault);
        place.put_large(Mode::Overwrite).await.unwrap();
        assert_eq!(place.proxy.count("partNumber=2"), 2);
        place.is_whole().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_fails_for_good_leaves_nothing() {
    for (fault, expected) in [
        (Fault::CutRequest(100_000), ErrorKind::Unavailable),
        (
            Fault::Answer(refusal("503 Service Unavailable", "SlowDown", &[])),
            ErrorKind::Throttled,
        ),
        (
            Fault::Answer(refusal("403 Forbidden", "AccessDenied", &[])),
            ErrorKind::PermissionDenied,
        ),
    ] {
        let place = Place::new().await;
        place.proxy.play("partNumber=2", 100, fault);
        let error = place.put_large(Mode::Overwrite).await.unwrap_err();
        assert_eq!(
            (error.kind, error.applied),
            (expected, Applied::No),
            "{error}"
        );
        place.is_empty().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_without_its_answer_is_resolved() {
    let empty = || answer("200 OK", &[], "");
    let error = || refusal("200 OK", "InternalError", &[]);
    for fault in [
        Fault::LoseAnswer,
        Fault::CutAnswer(10),
        Fault::Answer(empty()),
        Fault::AnswerInstead(empty()),
        Fault::Answer(error()),
        Fault::AnswerInstead(error()),
    ] {
        for mode in [Mode::Overwrite, Mode::Create] {
            let place = Place::new().await;
            place.proxy.play("?uploadId=", 1, fault.clone());
            place.put_large(mode).await.unwrap();
            place.is_whole().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_that_fails_for_good_leaves_nothing() {
    let place = Place::new().await;
    let refused = refusal("200 OK", "InternalError", &[]);
    place.proxy.play("?uploadId=", 4, Fault::Answer(refused));
    let error = place.put_large(Mode::Overwrite).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Indeterminate, "{error}");
    assert_eq!(error.applied, Applied::Maybe);
    place.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_not_a_lost_race() {
    for mode in [Mode::Create, Mode::Overwrite] {
        let place = Place::new().await;
        place.proxy.play("PUT ", 1, Fault::LoseAnswer);
        put(&place.faulty, "key", "mine", mode).await.unwrap();
        assert_eq!(place.proxy.count("PUT "), 2);
        assert_eq!(read(&place.direct, "key").await.unwrap(), "mine");
    }
    let place = Place::new().await;
    let old = write(&place.direct, "key", "old").await.etag;
    place.proxy.play("PUT ", 1, Fault::LoseAnswer);
    put(&place.faulty, "key", "new", Mode::Match(old))
        .await
        .unwrap();
    assert_eq!(read(&place.direct, "key").await.unwrap(), "new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_race_is_one_also_after_a_lost_answer() {
    let place = Place::new().await;
    write(&place.direct, "key", "theirs").await;
    place.proxy.play("PUT ", 1, Fault::LoseAnswer);
    let error = put(&place.faulty, "key", "mine", Mode::Create)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(read(&place.direct, "key").await.unwrap(), "theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_with_another_conditional_write_is_tried_again() {
    let place = Place::new().await;
    let conflict = refusal("409 Conflict", "ConditionalRequestConflict", &[]);
    place.proxy.play("PUT ", 1, Fault::Answer(conflict));
    put(&place.faulty, "key", "mine", Mode::Create)
        .await
        .unwrap();
    assert_eq!(read(&place.direct, "key").await.unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_is_never_answered_may_have_been_applied() {
    let place = Place::new().await;
    place.proxy.play("PUT ", 100, Fault::Silence);
    let error = within(put(&place.faulty, "key", "x", Mode::Overwrite))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Indeterminate, "{error}");
    assert_eq!(error.applied, Applied::Maybe);
    // Each was applied, and no answer arrived: the object says so.
    let place = Place::new().await;
    place.proxy.play("PUT ", 100, Fault::LoseAnswer);
    put(&place.faulty, "key", "x", Mode::Overwrite)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_put_aborts_its_upload() {
    let place = Place::new().await;
    let chunks = stream::iter(pattern(LARGE)).map(Ok::<_, std::io::Error>);
    let body = carml_store::Body::stream(chunks.chain(stream::pending()), None);
    let name = key("large");
    let put = place.faulty.put(&name, body, PutOptions::default());
    assert!(
        tokio::time::timeout(Duration::from_secs(2), put)
            .await
            .is_err()
    );
    assert!(place.proxy.count("uploads") > 0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    place.is_empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_answer_is_resumed_where_it_ended() {
    for fault in [
        Fault::CutAnswer(3 << 20),
        Fault::Stall(3 << 20),
        Fault::CutAnswer(0),
    ] {
        let place = Place::new().await;
        place.put_large(Mode::Overwrite).await.unwrap();
        place.proxy.play("GET ", 2, fault);
        let object = place.get().await.unwrap();
        assert!(collected(object).await.unwrap() == pattern(LARGE).concat());
        assert_eq!(place.proxy.count("GET "), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_answer_of_a_replaced_object_is_an_error() {
    for removed in [false, true] {
        let place = Place::new().await;
        place.put_large(Mode::Overwrite).await.unwrap();
        let other = place.direct.clone();
        let change = hook(move || {
            let other = other.clone();
            async move {
                if removed {
                    other.delete(&[key("large")]).await.unwrap();
                } else {
                    let body = vec![b'n'; LARGE];
                    other
                        .put(&key("large"), body, PutOptions::default())
                        .await
                        .unwrap();
                }
            }
        });
        place
            .proxy
            .play("GET ", 1, Fault::CutAnswerAnd(3 << 20, change));
        let object = place.get().await.unwrap();
        assert_eq!(
            kind(collected(object).await),
            ErrorKind::Changed,
            "{removed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_replaced_before_its_first_byte_is_read_as_the_new_one() {
    let place = Place::new().await;
    write(&place.direct, "key", "old").await;
    let other = place.direct.clone();
    let change = hook(move || {
        let other = other.clone();
        async move {
            write(&other, "key", "the new one").await;
        }
    });
    place.proxy.play("GET ", 1, Fault::Before(change));
    assert_eq!(read(&place.faulty, "key").await.unwrap(), "the new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ignores_the_range_is_an_error_and_not_repeated_bytes() {
    let place = Place::new().await;
    place.put_large(Mode::Overwrite).await.unwrap();
    place.proxy.play("GET ", 1, Fault::CutAnswer(3 << 20));
    let whole = String::from_utf8(vec![b'x'; LARGE]).unwrap();
    place
        .proxy
        .play("GET ", 1, Fault::Answer(answer("200 OK", &[], &whole)));
    let object = place.get().await.unwrap();
    let error = collected(object).await.unwrap_err();
    assert!(error.to_string().contains("ignored the range"), "{error}");
    // Another range than the one that was asked for.
    place.proxy.play("GET ", 1, Fault::CutAnswer(3 << 20));
    let range = format!("Content-Range: bytes 0-{}/{LARGE}", LARGE - 1);
    let wrong = answer("206 Partial Content", &[&range], &whole);
    place.proxy.play("GET ", 1, Fault::Answer(wrong));
    let object = place.get().await.unwrap();
    let error = collected(object).await.unwrap_err();
    assert!(error.to_string().contains("ignored the range"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_etag_nothing_is_resumed() {
    let place = Place::new().await;
    place.put_large(Mode::Overwrite).await.unwrap();
    let length = format!("Content-Length: {LARGE}");
    let head = format!("HTTP/1.1 200 OK\r\n{length}\r\nConnection: close\r\n\r\n");
    place
        .proxy
        .play("HEAD ", 1, Fault::Answer(head.into_bytes()));
    place.proxy.play("GET ", 1, Fault::CutAnswer(3 << 20));
    let object = place.get().await.unwrap();
    assert_eq!(object.meta.etag, None);
    assert_eq!(kind(collected(object).await), ErrorKind::Truncated);
    assert_eq!(place.proxy.count("GET "), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_obeyed_and_told() {
    let place = Place::new().await;
    let busy = refusal("503 Service Unavailable", "SlowDown", &["Retry-After: 2"]);
    place.proxy.play("PUT ", 1, Fault::Answer(busy));
    let (events, mut listener) = Events::new();
    let options = PutOptions {
        events,
        ..PutOptions::default()
    };
    let start = Instant::now();
    place.faulty.put(&key("key"), "x", options).await.unwrap();
    assert!(
        start.elapsed() >= Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    let mut pauses = Vec::new();
    while let Some(event) = listener.next().await {
        if let Event::Retry { after, .. } = event {
            pauses.push(after);
        }
    }
    assert_eq!(pauses, [Duration::from_secs(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_is_too_long_fails_at_once_and_says_when() {
    let place = Place::new().await;
    let busy = refusal(
        "503 Service Unavailable",
        "SlowDown",
        &["Retry-After: 3600"],
    );
    place.proxy.play("PUT ", 100, Fault::Answer(busy));
    let start = Instant::now();
    let error = put(&place.faulty, "key", "x", Mode::Overwrite)
        .await
        .unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(
        (error.kind, error.applied),
        (ErrorKind::Throttled, Applied::No)
    );
    assert!(error.to_string().contains("3600s"), "{error}");
    assert_eq!(place.proxy.count("PUT "), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_stats_are_repeated() {
    let place = Place::new().await;
    write(&place.direct, "key", "x").await;
    for fault in [Fault::LoseAnswer, Fault::CutAnswer(20), Fault::Silence] {
        place.proxy.play("list-type=2", 1, fault.clone());
        assert_eq!(all(&place.faulty).await, ["key"]);
        place.proxy.play("HEAD ", 1, Fault::LoseAnswer);
        place.faulty.stat(&key("key")).await.unwrap();
    }
    place.proxy.play("DELETE ", 1, Fault::LoseAnswer);
    place.proxy.play("?delete", 1, Fault::LoseAnswer);
    place
        .faulty
        .delete(&[key("key"), key("other")])
        .await
        .unwrap();
    assert!(all(&place.direct).await.is_empty());
}
