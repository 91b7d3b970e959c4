//! What the checks share.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use carml_store::{
    Body, Entry, Error, ErrorKind, GetOptions, Key, ListOptions, Mode, Put, PutOptions, Store,
    StoreOptions,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::Fixture;

/// Fails a check that hangs.
pub async fn within<T>(check: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(120);
    tokio::time::timeout(limit, check)
        .await
        .expect("the check hangs")
}

/// A handle without a prefix.
pub fn open<F: Fixture>(fixture: &F) -> Store {
    fixture.store(&StoreOptions::default())
}

/// A valid key.
pub fn key(text: &str) -> Key {
    text.parse().unwrap()
}

/// Puts with a mode.
pub async fn put(store: &Store, name: &str, text: &str, mode: Mode) -> Result<Put, Error> {
    let options = PutOptions {
        mode,
        ..PutOptions::default()
    };
    store.put(&key(name), text.to_owned(), options).await
}

/// Puts, whatever is there.
pub async fn write(store: &Store, name: &str, text: &str) -> Put {
    put(store, name, text, Mode::Overwrite).await.unwrap()
}

/// The content as text.
pub async fn read(store: &Store, name: &str) -> Result<String, Error> {
    let object = store.get(&key(name), GetOptions::default()).await?;
    let bytes = object.bytes(64 << 20).await?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// What is listed.
pub async fn list(store: &Store, prefix: &str, options: ListOptions) -> Vec<Entry> {
    store.list(prefix, options).try_collect().await.unwrap()
}

/// The names that are listed.
pub async fn names(store: &Store, prefix: &str, options: ListOptions) -> Vec<String> {
    let entries = list(store, prefix, options).await;
    entries.into_iter().map(|entry| entry.name).collect()
}

/// All names.
pub async fn all(store: &Store) -> Vec<String> {
    names(store, "", ListOptions::default()).await
}

/// The class of a failure.
pub fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.unwrap_err().kind
}

/// Bytes that differ at every place, in chunks of 64 KiB.
pub fn pattern(size: usize) -> Vec<Bytes> {
    let words = (0..size.div_ceil(8) as u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut content = Vec::with_capacity(size + 8);
    words.for_each(|word| content.extend_from_slice(&word.to_le_bytes()));
    content.truncate(size);
    let content = Bytes::from(content);
    let starts = (0..size).step_by(64 << 10);
    starts
        .map(|at| content.slice(at..size.min(at + (64 << 10))))
        .collect()
}

/// A stream of chunks.
pub fn streamed(chunks: Vec<Bytes>, size: Option<u64>) -> Body {
    Body::stream(stream::iter(chunks).map(Ok::<_, Infallible>), size)
}

/// A stream that fails after its chunks.
pub fn broken(chunks: Vec<Bytes>) -> Body {
    let chunks = stream::iter(chunks).map(Ok);
    let failure = stream::iter([Err(std::io::Error::other("the source broke"))]);
    Body::stream(chunks.chain(failure), None)
}
