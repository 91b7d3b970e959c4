//! Objects of the store.

use carml_download::{CacheSource, Downloads, ErrorKind, Request};
use carml_store::{Key, PutOptions, Store, StoreOptions, memory::Memory};

use crate::support::{TestCache, content, sha256};

async fn put(store: &Store, key: &str, content: &[u8]) {
    let key = Key::parse(key).expect("a key");
    let put = store
        .put(&key, content.to_vec(), PutOptions::default())
        .await;
    put.expect("an object");
}

#[tokio::test]
async fn an_object_is_kept_until_it_changes() {
    let store = Store::new(Memory::new(), &StoreOptions::default()).expect("a store");
    let cache = TestCache::new();
    let downloads = Downloads::with_store(&cache.options, store.clone()).expect("a cache");
    let fetch = |url: &str| downloads.fetch(Request::new(url));
    put(&store, "models/a b.bin", &content(100_000, 1)).await;
    let url = "store:models/a%20b.bin";
    let first = fetch(url).await.expect("the object");
    assert_eq!(first.sha256, sha256(&content(100_000, 1)));
    let second = fetch(url).await.expect("the object");
    assert_eq!((second.source, second.received), (CacheSource::Cache, 0));
    put(&store, "models/a b.bin", &content(100_000, 2)).await;
    let third = fetch(url).await.expect("the new object");
    assert_eq!(third.sha256, sha256(&content(100_000, 2)));
    let error = fetch("store:missing").await.expect_err("missing");
    assert_eq!(error.kind, ErrorKind::NotFound);
    for url in [
        "store://models/a",
        "store:a?b",
        "store:a/../../b//c",
        "store:",
    ] {
        let error = fetch(url).await.expect_err(url);
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{url}: {error}");
    }
    cache.assert_clean();
}

#[tokio::test]
async fn without_a_store_there_are_no_objects() {
    let cache = TestCache::new();
    let error = cache.open().fetch(Request::new("store:models/a")).await;
    assert_eq!(error.expect_err("no store").kind, ErrorKind::Refused);
}
