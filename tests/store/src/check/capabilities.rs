//! What a provider has, and what it says of the rest.

use std::time::Duration;

use carml_store::{ErrorKind, Event, Events, GetOptions, PresignMethod, PutOptions};

use crate::{
    Fixture,
    support::{key, kind, open, pattern, streamed},
};

pub async fn what_is_not_offered_is_unsupported<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let offered = store.capabilities();
    let minute = Duration::from_secs(60);
    let presigned = store.presign(PresignMethod::Get, &key("key"), minute).await;
    if offered.presign {
        let presigned = presigned.unwrap();
        assert_eq!(presigned.method, "GET");
        assert!(!format!("{presigned:?}").contains("http"), "{presigned:?}");
    } else {
        assert_eq!(kind(presigned), ErrorKind::Unsupported);
    }
    let long = store
        .presign(PresignMethod::Get, &key("key"), minute * 60 * 24 * 8)
        .await;
    assert_eq!(kind(long), ErrorKind::InvalidArgument);
    if offered.uploads {
        assert!(store.uploads().await.unwrap().is_empty());
        assert!(
            store
                .abort_uploads(Duration::ZERO)
                .await
                .unwrap()
                .is_empty()
        );
    } else {
        assert_eq!(kind(store.uploads().await), ErrorKind::Unsupported);
        assert_eq!(
            kind(store.abort_uploads(minute).await),
            ErrorKind::Unsupported
        );
    }
}

pub async fn events_tell_of_a_transfer<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let size = 1 << 20;
    let (events, mut listener) = Events::new();
    let options = PutOptions {
        events,
        ..PutOptions::default()
    };
    let body = streamed(pattern(size as usize), Some(size));
    store.put(&key("key"), body, options).await.unwrap();
    let mut put = Vec::new();
    while let Some(event) = listener.next().await {
        put.push(event);
    }
    let (events, mut listener) = Events::new();
    let options = GetOptions {
        events,
        ..GetOptions::default()
    };
    let object = store.get(&key("key"), options).await.unwrap();
    object.bytes(size as usize).await.unwrap();
    let mut got = Vec::new();
    while let Some(event) = listener.next().await {
        got.push(event);
    }
    for events in [put, got] {
        assert_eq!(events.first(), Some(&Event::Started { size: Some(size) }));
        assert_eq!(events.last(), Some(&Event::Done { bytes: size }));
        let progress = events
            .iter()
            .filter(|event| matches!(event, Event::Progress { .. }));
        assert!((1..20).contains(&progress.count()), "{events:?}");
    }
}
