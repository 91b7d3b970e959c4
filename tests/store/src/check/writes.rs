//! Conditional and failed writes.

use bytes::Bytes;
use carml_store::{Applied, ErrorKind, Mode, PutOptions, StoreOptions};
use futures_util::{FutureExt as _, StreamExt as _, future::join_all, stream};

use crate::{
    Fixture,
    support::{all, broken, key, kind, open, pattern, put, read, streamed, write},
};

pub async fn an_object_is_created_once<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    put(&store, "key", "first", Mode::Create).await.unwrap();
    let error = put(&store, "key", "second", Mode::Create)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(error.applied, Applied::No);
    assert_eq!(read(&store, "key").await.unwrap(), "first");
    store.delete(&[key("key")]).await.unwrap();
    put(&store, "key", "third", Mode::Create).await.unwrap();
    // A large one too.
    let large = || streamed(pattern(12 << 20), None);
    let create = || PutOptions {
        mode: Mode::Create,
        ..PutOptions::default()
    };
    store.put(&key("large"), large(), create()).await.unwrap();
    let again = store.put(&key("large"), large(), create()).await;
    assert_eq!(kind(again), ErrorKind::AlreadyExists);
}

pub async fn one_of_many_creators_wins<F: Fixture>() {
    let fixture = F::new().await;
    let stores: Vec<_> = (0..8).map(|_| open(&fixture)).collect();
    let creators = stores.iter().enumerate().map(|(n, store)| async move {
        let text = n.to_string();
        put(store, "folder/key", &text, Mode::Create)
            .await
            .map(|_| text)
    });
    let (won, lost): (Vec<_>, Vec<_>) = join_all(creators)
        .await
        .into_iter()
        .partition(Result::is_ok);
    assert_eq!(won.len(), 1, "{won:?}");
    assert!(
        lost.into_iter()
            .all(|lost| kind(lost) == ErrorKind::AlreadyExists)
    );
    let winner = won.into_iter().next().unwrap().unwrap();
    assert_eq!(read(&stores[0], "folder/key").await.unwrap(), winner);
}

pub async fn only_the_expected_object_is_replaced<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let first = write(&store, "key", "first").await.etag;
    let second = put(&store, "key", "second", Mode::Match(first.clone()))
        .await
        .unwrap()
        .etag;
    let error = put(&store, "key", "third", Mode::Match(first.clone()))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert_eq!(error.applied, Applied::No);
    assert_eq!(read(&store, "key").await.unwrap(), "second");
    let missing = put(&store, "missing", "x", Mode::Match(second)).await;
    assert_eq!(kind(missing), ErrorKind::Conflict);
    assert_eq!(all(&store).await, ["key"]);
}

pub async fn of_many_increments_none_is_lost<F: Fixture>() {
    let fixture = F::new().await;
    write(&open(&fixture), "counter", "0").await;
    let count = async |store: carml_store::Store| {
        for _ in 0..5 {
            loop {
                let etag = store.stat(&key("counter")).await.unwrap().etag.unwrap();
                let options = carml_store::GetOptions {
                    if_match: Some(etag.clone()),
                    ..Default::default()
                };
                let Ok(object) = store.get(&key("counter"), options).await else {
                    continue;
                };
                let Ok(bytes) = object.bytes(100).await else {
                    continue;
                };
                let number: u32 = std::str::from_utf8(&bytes).unwrap().parse().unwrap();
                let next = (number + 1).to_string();
                match put(&store, "counter", &next, Mode::Match(etag)).await {
                    Ok(_) => break,
                    Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
                }
            }
        }
    };
    join_all((0..4).map(|_| count(open(&fixture)))).await;
    assert_eq!(read(&open(&fixture), "counter").await.unwrap(), "20");
}

pub async fn a_failed_stream_leaves_the_old_object<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    write(&store, "key", "old").await;
    for chunks in [pattern(100), pattern(12 << 20)] {
        for name in ["key", "new"] {
            let body = broken(chunks.clone());
            let error = store
                .put(&key(name), body, PutOptions::default())
                .await
                .unwrap_err();
            assert_eq!(error.kind, ErrorKind::Io);
            assert_eq!(error.applied, Applied::No);
            assert!(error.to_string().contains("the source broke"), "{error}");
        }
    }
    assert_eq!(read(&store, "key").await.unwrap(), "old");
    assert_eq!(all(&store).await, ["key"]);
}

pub async fn a_dropped_put_leaves_nothing<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    for size in [100, 12 << 20] {
        let chunks = stream::iter(pattern(size)).map(Ok::<Bytes, std::io::Error>);
        let endless = chunks.chain(stream::pending());
        let body = carml_store::Body::stream(endless, None);
        let dropped = key("dropped");
        let put = store.put(&dropped, body, PutOptions::default());
        let limit = std::time::Duration::from_millis(500);
        assert!(tokio::time::timeout(limit, put).await.is_err());
    }
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(all(&store).await.is_empty());
    // At once.
    let never = key("never");
    let put = store.put(&never, "x", PutOptions::default());
    drop(put.map(|_| ()));
    assert!(all(&store).await.is_empty());
}

pub async fn a_stream_of_another_size_is_refused<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    for (announced, expected) in [
        (999, ErrorKind::InvalidArgument),
        (1001, ErrorKind::Truncated),
    ] {
        let body = streamed(pattern(1000), Some(announced));
        let put = store.put(&key("key"), body, PutOptions::default()).await;
        assert_eq!(kind(put), expected);
    }
    assert!(all(&store).await.is_empty());
}

pub async fn a_limit_of_the_size_holds<F: Fixture>() {
    let fixture = F::new().await;
    let store = fixture.store(&StoreOptions {
        max_size: Some(1000),
        ..StoreOptions::default()
    });
    let options = PutOptions::default;
    store
        .put(&key("fits"), pattern(1000).concat(), options())
        .await
        .unwrap();
    let known = store
        .put(&key("over"), pattern(1001).concat(), options())
        .await;
    assert_eq!(kind(known), ErrorKind::TooLarge);
    let unknown = store
        .put(&key("over"), streamed(pattern(1001), None), options())
        .await;
    assert_eq!(kind(unknown), ErrorKind::TooLarge);
    assert_eq!(all(&store).await, ["fits"]);
}
