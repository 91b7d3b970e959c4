//! ZooKeeper: the whole suite, on one real server, and the nodes outside of the bucket.
#![allow(clippy::unwrap_used)]

use carml_runtime::kv::{
    Batch, ErrorKind, Event, Key, Kv, ListOptions, WatchStart, zookeeper::Zookeeper,
};
use carml_test_conformance::{Fixture as _, ZookeeperBucket, conformance, within};
use futures_util::StreamExt as _;

conformance!(ZookeeperBucket);

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_of_other_programs_are_keys_without_a_bucket() {
    within(async {
        let bucket = ZookeeperBucket::fresh().await;
        let options = bucket.options();
        let zookeeper = Zookeeper::connect(&options).await.unwrap();
        let top = Kv::new(zookeeper.without_bucket(), options.timeout);
        let kv = Kv::new(zookeeper, options.timeout);
        assert!(!top.exists(&key("carml")).await.unwrap());
        kv.put(key("a/b"), "1", None).await.unwrap();
        let entry = top.get(&key("carml/a/b")).await.unwrap().unwrap();
        assert_eq!(entry.value, "1");
        let mut watch = top.watch(key("carml/a/b"), WatchStart::Now).await.unwrap();
        watch.next().await.unwrap().unwrap();
        let last = kv.put(key("a/b"), "2", None).await.unwrap();
        let Batch::Events { revision, events } = watch.next().await.unwrap().unwrap() else {
            panic!("expected events");
        };
        assert_eq!(revision, last);
        assert!(matches!(&events[..], [Event::Put(entry)] if entry.value == "2"));
        let page = top.list(None, ListOptions::default()).await.unwrap();
        assert!(page.entries.iter().any(|e| e.key == key("carml/a/b")));
        top.put(key("other/k"), "v", None).await.unwrap();
        assert_eq!(top.delete_tree(key("other")).await.unwrap(), 1);

        top.close().await.unwrap();
        kv.put(key("a/b"), "3", None).await.unwrap();
        kv.close().await.unwrap();
        let closed = top.get(&key("carml/a/b")).await.unwrap_err();
        assert_eq!(closed.kind, ErrorKind::Closed);
        assert!(watch.next().await.is_none());
    })
    .await;
}
