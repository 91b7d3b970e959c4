//! What clients in other languages need of `carml.kv.v1`: each call as it is on the wire.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use carml_kv_service::api::*;
use carml_test_conformance::within;
use support::Served;
use tempfile::TempDir;
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

type Client = KeyValueClient<Channel>;

/// A served file with a client.
fn serve() -> (TempDir, Served, Client) {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(&folder.path().join("kv.redb"));
    let client = client(&served);
    (folder, served, client)
}

fn client(served: &Served) -> Client {
    let endpoint = Endpoint::from_shared(served.url()).unwrap();
    KeyValueClient::new(endpoint.connect_lazy())
}

async fn put(client: &mut Client, key: &str, value: impl Into<Vec<u8>>) -> u64 {
    let request = PutRequest {
        key: key.to_owned(),
        value: value.into(),
        lease: 0,
    };
    client.put(request).await.unwrap().into_inner().revision
}

/// Sends bytes as the message of a call that is refused.
async fn raw(served: &Served, method: &str, message: &'static [u8]) -> Status {
    let endpoint = Endpoint::from_shared(served.url()).unwrap();
    let mut client = tonic::client::Grpc::new(endpoint.connect_lazy());
    client.ready().await.unwrap();
    let path = format!("/carml.kv.v1.KeyValue/{method}").parse().unwrap();
    let request = tonic::Request::new(message);
    let answer = client.unary(request, path, RawCodec).await;
    answer.unwrap_err()
}

/// Messages that are bytes already.
struct RawCodec;

impl tonic::codec::Codec for RawCodec {
    type Encode = &'static [u8];
    type Decode = ();
    type Encoder = RawCodec;
    type Decoder = RawCodec;

    fn encoder(&mut self) -> RawCodec {
        RawCodec
    }

    fn decoder(&mut self) -> RawCodec {
        RawCodec
    }
}

impl tonic::codec::Encoder for RawCodec {
    type Item = &'static [u8];
    type Error = Status;

    fn encode(
        &mut self,
        message: &'static [u8],
        out: &mut tonic::codec::EncodeBuf<'_>,
    ) -> Result<(), Status> {
        bytes::BufMut::put_slice(out, message);
        Ok(())
    }
}

impl tonic::codec::Decoder for RawCodec {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, _: &mut tonic::codec::DecodeBuf<'_>) -> Result<Option<()>, Status> {
        Ok(Some(()))
    }
}

/// The reason and the metadata of an error of the store.
fn info(status: &Status) -> (String, HashMap<String, String>) {
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "kv.carml");
    (info.reason, info.metadata)
}

#[track_caller]
fn is_about(status: &Status, code: Code, reason: &str, call: &str, key: Option<&str>) {
    let (found, metadata) = info(status);
    assert_eq!((status.code(), found.as_str()), (code, reason), "{status}");
    assert_eq!(metadata["call"], call);
    assert_eq!(metadata["backend"], "redb");
    assert_eq!(metadata["applied"], "no");
    assert_eq!(metadata.get("key").map(String::as_str), key);
}

#[tokio::test]
async fn each_error_names_its_call_its_key_and_the_backend() {
    within(async {
        let (_folder, served, mut client) = serve();
        let request = LeaseRevokeRequest { lease: 0 };
        let refused = client.lease_revoke(request).await.unwrap_err();
        let invalid = Code::InvalidArgument;
        is_about(&refused, invalid, "INVALID_ARGUMENT", "revoke", None);

        let request = PutRequest {
            key: "a//b".to_owned(),
            ..PutRequest::default()
        };
        let refused = client.put(request).await.unwrap_err();
        is_about(&refused, invalid, "INVALID_KEY", "put", Some("a//b"));

        let request = PutRequest {
            key: "k".to_owned(),
            value: vec![0; (512 << 10) + 1],
            lease: 0,
        };
        let refused = client.put(request).await.unwrap_err();
        is_about(&refused, invalid, "TOO_LARGE", "put", Some("k"));

        let request = GetRequest {
            key: "k".repeat(100_000),
            ..GetRequest::default()
        };
        let refused = client.get(request).await.unwrap_err();
        let (reason, metadata) = info(&refused);
        assert_eq!(
            (reason.as_str(), metadata["call"].as_str()),
            ("INVALID_KEY", "get")
        );
        assert!(metadata["key"].len() < 1_100, "it is shortened");

        let request = PutRequest {
            key: "k".to_owned(),
            value: vec![0; 5 << 20],
            lease: 0,
        };
        let refused = client.put(request).await.unwrap_err();
        is_about(&refused, invalid, "TOO_LARGE", "put", None);
        // A `bytes` field in place of the key: its bytes are no UTF-8.
        let refused = raw(&served, "Get", b"\x0a\x02\xff\xfe").await;
        is_about(&refused, invalid, "INVALID_ARGUMENT", "get", None);
        assert!(refused.message().contains("UTF-8"), "{refused}");
        let refused = raw(&served, "Take", b"").await;
        is_about(&refused, Code::Unimplemented, "UNSUPPORTED", "call", None);

        for token in ["b//c", "c", "a//"] {
            let request = ListRequest {
                directory: "a".to_owned(),
                page_token: token.to_owned(),
                ..ListRequest::default()
            };
            let refused = client.list(request).await.unwrap_err();
            is_about(&refused, invalid, "INVALID_ARGUMENT", "list", Some("a"));
        }

        let request = WatchRequest {
            key: "k".to_owned(),
            ..WatchRequest::default()
        };
        let mut watch = client.watch(request).await.unwrap().into_inner();
        assert!(watch.message().await.unwrap().is_some());
        let request = LockRequest {
            key: "l".to_owned(),
            ..LockRequest::default()
        };
        let mut lock = client.lock(request).await.unwrap().into_inner();
        assert!(lock.message().await.unwrap().is_some());
        served.signal("TERM");
        let ended = watch.message().await.unwrap_err();
        is_about(&ended, Code::Unavailable, "CLOSED", "watch", Some("k"));
        let ended = loop {
            match lock.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ended without a status"),
                Err(ended) => break ended,
            }
        };
        is_about(&ended, Code::Unavailable, "CLOSED", "lock", Some("l"));
    })
    .await;
}

#[tokio::test]
async fn a_conflict_has_the_present_revision_or_says_that_there_is_no_such_key() {
    within(async {
        let (_folder, _served, mut client) = serve();
        let expect = |revision| AtomicPutRequest {
            key: "k".to_owned(),
            expected_revision: Some(revision),
            ..AtomicPutRequest::default()
        };
        let conflict = client.atomic_put(expect(7)).await.unwrap_err();
        assert_eq!(info(&conflict).1["revision"], "0");
        let revision = put(&mut client, "k", "v").await;
        for conflict in [
            client.atomic_put(expect(revision + 1)).await.unwrap_err(),
            client
                .atomic_delete(AtomicDeleteRequest {
                    key: "k".to_owned(),
                    expected_revision: revision + 1,
                })
                .await
                .unwrap_err(),
        ] {
            let (reason, metadata) = info(&conflict);
            assert_eq!(reason, "CONFLICT");
            assert_eq!(metadata["revision"], revision.to_string());
        }
        client.atomic_put(expect(revision)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_removal_has_the_revision_that_its_events_have() {
    within(async {
        let (_folder, _served, mut client) = serve();
        for key in ["k", "d/1", "d/2"] {
            put(&mut client, key, "").await;
        }
        let last = put(&mut client, "a", "").await;
        let request = WatchTreeRequest {
            directory: String::new(),
            after_revision: Some(last),
        };
        let mut watch = client.watch_tree(request).await.unwrap().into_inner();
        let request = DeleteRequest {
            key: "k".to_owned(),
        };
        let deleted = client.delete(request.clone()).await.unwrap().into_inner();
        assert!(deleted.existed);
        let again = client.delete(request).await.unwrap().into_inner();
        assert_eq!((again.existed, again.revision), (false, deleted.revision));
        let request = DeleteTreeRequest {
            directory: "d".to_owned(),
        };
        let tree = client.delete_tree(request).await.unwrap().into_inner();
        assert_eq!(tree.removed, 2);
        let request = AtomicDeleteRequest {
            key: "a".to_owned(),
            expected_revision: last,
        };
        let atomic = client.atomic_delete(request).await.unwrap().into_inner();
        let mut seen = Vec::new();
        while seen.len() < 3 {
            let message = watch.message().await.unwrap().unwrap();
            if let Some(watch_response::Batch::Events(events)) = message.batch {
                seen.push(events.revision);
            }
        }
        assert_eq!(seen, [deleted.revision, tree.revision, atomic.revision]);
    })
    .await;
}

#[tokio::test]
async fn several_keys_are_read_by_one_call_and_keys_without_their_values() {
    within(async {
        let (_folder, _served, mut client) = serve();
        let keys: Vec<String> = (0..12).map(|n| format!("d/{n:02}")).collect();
        for key in &keys {
            put(&mut client, key, vec![7; 512 << 10]).await;
        }
        let mut wanted = keys.clone();
        wanted.insert(3, "d/missing".to_owned());
        let (mut read, mut calls) = (Vec::new(), 0);
        while !wanted.is_empty() {
            let request = GetManyRequest {
                keys: wanted,
                consistency: 0,
            };
            let response = client.get_many(request).await.unwrap().into_inner();
            read.extend(response.entries);
            wanted = response.unread_keys;
            calls += 1;
        }
        let found: Vec<&String> = read.iter().map(|entry| &entry.key).collect();
        assert_eq!(found, keys.iter().collect::<Vec<_>>());
        assert!(read.iter().all(|entry| entry.value.len() == 512 << 10));
        assert!(calls > 1, "6 MiB are more than one message");

        let request = ListRequest {
            directory: "d".to_owned(),
            keys_only: true,
            ..ListRequest::default()
        };
        let page = client.list(request).await.unwrap().into_inner();
        assert_eq!(
            (page.entries.len(), page.next_page_token.as_str()),
            (12, "")
        );
        assert!(page.entries.iter().all(|entry| entry.value.is_empty()));
        assert_eq!(page.entries[0].revision, read[0].revision);

        let request = GetManyRequest {
            keys: vec!["k".to_owned(); 1_001],
            consistency: 0,
        };
        let refused = client.get_many(request).await.unwrap_err();
        is_about(
            &refused,
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
            "get",
            None,
        );
    })
    .await;
}

fn lock(holder: &str, wait_millis: Option<u64>) -> LockRequest {
    LockRequest {
        key: "l".to_owned(),
        wait_millis,
        holder: holder.to_owned(),
    }
}

#[tokio::test]
async fn a_wait_for_a_lock_has_a_limit_that_is_not_the_deadline_of_the_call() {
    within(async {
        let (_folder, _served, mut client) = serve();
        let mut first = client
            .lock(lock("a", Some(5_000)))
            .await
            .unwrap()
            .into_inner();
        assert!(first.message().await.unwrap().is_some());
        for limit in [0, 400] {
            let start = Instant::now();
            let mut second = client
                .lock(lock("b", Some(limit)))
                .await
                .unwrap()
                .into_inner();
            let busy = second.message().await.unwrap_err();
            is_about(&busy, Code::Aborted, "BUSY", "lock", Some("l"));
            assert!(start.elapsed() >= Duration::from_millis(limit));
        }
        let campaign = |wait_millis| CampaignRequest {
            key: "l".to_owned(),
            wait_millis,
            ..CampaignRequest::default()
        };
        let mut leads = client
            .campaign(campaign(Some(5_000)))
            .await
            .unwrap()
            .into_inner();
        assert!(leads.message().await.unwrap().is_some());
        let mut other = client
            .campaign(campaign(Some(300)))
            .await
            .unwrap()
            .into_inner();
        let busy = other.message().await.unwrap_err();
        is_about(&busy, Code::Aborted, "BUSY", "election", Some("l"));
        let refused = client.campaign(campaign(Some(0))).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let refused = client.lock(lock(&"x".repeat(257), None)).await.unwrap_err();
        is_about(
            &refused,
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
            "lock",
            Some("l"),
        );
    })
    .await;
}

#[tokio::test]
async fn a_holder_is_seen_and_its_lock_can_be_broken_without_two_holders() {
    within(async {
        let (_folder, _served, mut client) = serve();
        let mut first = client.lock(lock("job 1", None)).await.unwrap().into_inner();
        let state = first.message().await.unwrap().unwrap().state;
        let Some(lock_response::State::Held(held)) = state else {
            panic!("{state:?}");
        };
        let renewal = HoldKeepAliveRequest { hold: held.hold };
        client.hold_keep_alive(renewal).await.unwrap();
        let renewed = Instant::now();
        let all = ListHoldsRequest::default();
        let holds = client
            .list_holds(all.clone())
            .await
            .unwrap()
            .into_inner()
            .holds;
        assert_eq!(holds.len(), 1);
        assert_eq!(
            (holds[0].key.as_str(), holds[0].holder.as_str()),
            ("l", "job 1")
        );
        assert_eq!(holds[0].fencing_token, held.fencing_token);
        assert!(!holds[0].leads && holds[0].ttl_millis > 5_000);

        let wrong = BreakHoldRequest {
            key: "l".to_owned(),
            fencing_token: held.fencing_token + 1,
        };
        let refused = client.break_hold(wrong).await.unwrap_err();
        is_about(
            &refused,
            Code::FailedPrecondition,
            "LOCK_LOST",
            "lock",
            Some("l"),
        );

        let request = BreakHoldRequest {
            key: "l".to_owned(),
            fencing_token: held.fencing_token,
        };
        let breaking = {
            let mut client = client.clone();
            tokio::spawn(async move { client.break_hold(request).await })
        };
        let state = first.message().await.unwrap().unwrap().state;
        assert!(
            matches!(state, Some(lock_response::State::Lost(_))),
            "{state:?}"
        );
        assert!(
            renewed.elapsed() < Duration::from_secs(5),
            "it hears of it at once"
        );
        let refused = client.hold_keep_alive(renewal).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        // Its client may not have heard of it: nobody else gets the lock before its time is over.
        let mut second = client.lock(lock("job 2", None)).await.unwrap().into_inner();
        assert!(second.message().await.unwrap().is_some());
        assert!(
            renewed.elapsed() > Duration::from_secs(9),
            "two holders at a time"
        );
        breaking.await.unwrap().unwrap();
        let holds = client.list_holds(all).await.unwrap().into_inner().holds;
        assert_eq!(holds[0].holder, "job 2");
    })
    .await;
}

#[tokio::test]
async fn a_client_can_ask_what_the_store_has() {
    let (_folder, _served, mut client) = serve();
    let request = GetCapabilitiesRequest {};
    let all = client.get_capabilities(request).await.unwrap().into_inner();
    assert_eq!(all.backend, "redb");
    assert_eq!((all.max_value_bytes, all.max_key_bytes), (512 << 10, 1_024));
    let calls: Vec<&str> = all
        .capabilities
        .iter()
        .map(|one| one.call.as_str())
        .collect();
    assert!(calls.contains(&"lock") && calls.contains(&"transaction"));
    assert!(!calls.contains(&"close"), "a client cannot close the store");
    let server = CapabilityScope::Server;
    assert!(all.capabilities.iter().all(|one| one.scope() == server));
}

/// What is resident of a process, in KiB.
#[cfg(target_os = "linux")]
fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_never_reads_does_not_cost_a_snapshot_in_memory() {
    const WATCHERS: usize = 16;
    const MIB: usize = 96;
    within(async {
        let (_folder, served, mut client) = serve();
        for n in 0..2 * MIB {
            put(&mut client, &format!("d/{n}"), vec![7; 512 << 10]).await;
        }
        // All of it is in the cache of the store afterwards.
        let request = WatchTreeRequest::default();
        let mut warm = client
            .watch_tree(request.clone())
            .await
            .unwrap()
            .into_inner();
        let mut read = 0;
        while read < 2 * MIB {
            let message = warm.message().await.unwrap().unwrap();
            if let Some(watch_response::Batch::Snapshot(part)) = message.batch {
                read += part.entries.len();
                assert_eq!(part.partial, read < 2 * MIB);
            }
        }
        drop(warm);
        let before = resident(served.id());
        let mut watches = Vec::new();
        for _ in 0..WATCHERS {
            // A connection each, as of many clients.
            let mut client = self::client(&served);
            let watch = client
                .watch_tree(request.clone())
                .await
                .unwrap()
                .into_inner();
            watches.push((client, watch));
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let more = resident(served.id()).saturating_sub(before) / 1_024;
        assert!(more < WATCHERS * 8, "{WATCHERS} watchers take {more} MiB");
        // They still get the whole of it.
        let (_client, watch) = &mut watches[0];
        let mut read = 0;
        while read < 2 * MIB {
            let message = watch.message().await.unwrap().unwrap();
            if let Some(watch_response::Batch::Snapshot(part)) = message.batch {
                read += part.entries.len();
            }
        }
    })
    .await;
}
