//! Parts of objects, and objects that change.

use carml_store::{ByteRange, Error, ErrorKind, GetOptions, PutOptions, Store};
use futures_util::StreamExt as _;

use crate::{
    Fixture,
    support::{key, kind, open, pattern, write},
};

async fn part(store: &Store, name: &str, range: ByteRange) -> Result<String, Error> {
    let options = GetOptions {
        range: Some(range),
        ..GetOptions::default()
    };
    let object = store.get(&key(name), options).await?;
    let length = object.range.end - object.range.start;
    let bytes = object.bytes(100).await?;
    assert_eq!(bytes.len() as u64, length);
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

pub async fn ranges_are_exact<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    write(&store, "key", "0123456789").await;
    for (range, expected) in [
        (ByteRange::Bounded(0, 1), "0"),
        (ByteRange::Bounded(3, 7), "3456"),
        (ByteRange::Bounded(7, 100), "789"),
        (ByteRange::From(0), "0123456789"),
        (ByteRange::From(9), "9"),
        (ByteRange::Last(2), "89"),
        (ByteRange::Last(100), "0123456789"),
    ] {
        assert_eq!(
            part(&store, "key", range).await.unwrap(),
            expected,
            "{range:?}"
        );
    }
}

pub async fn a_range_outside_is_refused<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    write(&store, "key", "0123456789").await;
    for range in [
        ByteRange::From(10),
        ByteRange::Bounded(10, 20),
        ByteRange::Bounded(4, 4),
        ByteRange::Bounded(5, 2),
        ByteRange::Last(0),
    ] {
        let found = part(&store, "key", range).await;
        assert_eq!(kind(found), ErrorKind::InvalidRange, "{range:?}");
    }
}

pub async fn conditions_of_a_get<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let old = write(&store, "key", "old").await.etag;
    let new = write(&store, "key", "new").await.etag;
    let get = async |if_match: Option<&str>, if_none_match: Option<&str>| {
        let options = GetOptions {
            if_match: if_match.map(str::to_owned),
            if_none_match: if_none_match.map(str::to_owned),
            ..GetOptions::default()
        };
        store
            .get(&key("key"), options)
            .await
            .map(|object| object.meta.etag)
    };
    assert_eq!(get(Some(&new), None).await.unwrap().as_ref(), Some(&new));
    assert_eq!(get(None, Some(&old)).await.unwrap().as_ref(), Some(&new));
    assert_eq!(kind(get(Some(&old), None).await), ErrorKind::Conflict);
    assert_eq!(kind(get(None, Some(&new)).await), ErrorKind::NotModified);
}

pub async fn a_replaced_object_is_never_mixed<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let size = 8 << 20;
    let old = pattern(size).concat();
    let new = vec![b'n'; size];
    store
        .put(&key("key"), old.clone(), PutOptions::default())
        .await
        .unwrap();
    let mut object = store.get(&key("key"), GetOptions::default()).await.unwrap();
    let mut read = object.stream.next().await.unwrap().unwrap().to_vec();
    store
        .put(&key("key"), new, PutOptions::default())
        .await
        .unwrap();
    while let Some(chunk) = object.stream.next().await {
        match chunk {
            Ok(chunk) => read.extend_from_slice(&chunk),
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::Changed, "{error}");
                return;
            }
        }
    }
    assert!(read == old, "two versions are mixed");
}
