//! Provider `s3`: the whole suite, on a real server, and what is particular to S3.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use carml_store::{
    Body, ErrorKind, GetOptions, ListOptions, PresignMethod, Presigned, PutOptions, Store,
    StoreOptions,
};
use carml_store_s3::{Credentials, Options, S3};
use carml_test_store::{
    Fixture as _, S3Bucket, conformance, options, server,
    support::{all, key, kind, list, open, pattern, read, write},
};
use futures_util::{StreamExt as _, stream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

conformance!(S3Bucket);

async fn own_options() -> Options {
    let server = tokio::task::spawn_blocking(server).await.unwrap();
    options(server, &server.endpoints().remove(0))
}

fn store(options: Options) -> Store {
    Store::new(S3::new(options).unwrap(), &StoreOptions::default()).unwrap()
}

/// A request as any HTTP client sends it, without credentials.
async fn request(presigned: &Presigned, body: &str) -> String {
    let (method, url) = (presigned.method, &presigned.url);
    assert!(presigned.headers.is_empty(), "{:?}", presigned.headers);
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut server = TcpStream::connect(host).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    server.write_all(head.as_bytes()).await.unwrap();
    server.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_presigned_address_gets_and_puts_until_it_expires() {
    let bucket = S3Bucket::new().await;
    let store = open(&bucket);
    let minute = Duration::from_secs(60);
    let put = store
        .presign(PresignMethod::Put, &key("a b"), minute)
        .await
        .unwrap();
    let answer = request(&put, "content").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(read(&store, "a b").await.unwrap(), "content");
    let get = store
        .presign(PresignMethod::Get, &key("a b"), minute)
        .await
        .unwrap();
    let answer = request(&get, "").await;
    assert!(answer.ends_with("content"), "{answer}");
    let second = Duration::from_secs(1);
    let get = store
        .presign(PresignMethod::Get, &key("a b"), second)
        .await
        .unwrap();
    tokio::time::sleep(second * 3).await;
    let answer = request(&get, "").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn refused_credentials_say_which_keys_of_the_config_to_check() {
    for (access_key, secret_key) in [("unknown", "x"), ("test-access-key", "wrong-secret")] {
        let store = store(Options {
            credentials: Credentials::Keys {
                access_key: access_key.to_owned(),
                secret_key: secret_key.to_owned(),
                session_token: None,
            },
            ..own_options().await
        });
        let put = store
            .put(&key("key"), "x", PutOptions::default())
            .await
            .unwrap_err();
        assert_eq!(put.kind, ErrorKind::Unauthenticated, "{put}");
        assert!(put.to_string().contains("store.access_key"), "{put}");
        assert!(
            !format!("{put:?}").contains(secret_key) || secret_key == "x",
            "{put:?}"
        );
    }
    let anonymous = store(Options {
        credentials: Credentials::Anonymous,
        ..own_options().await
    });
    let got = anonymous.get(&key("key"), GetOptions::default()).await;
    assert!(matches!(
        kind(got),
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated
    ));
}

#[tokio::test]
async fn a_missing_bucket_and_a_missing_server_are_errors_that_say_so() {
    let missing = store(Options {
        bucket: "no-such-bucket".to_owned(),
        ..own_options().await
    });
    let error = missing
        .put(&key("key"), "x", PutOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.to_string().contains("store.bucket"), "{error}");
    let nobody = store(Options {
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        ..own_options().await
    });
    let error = nobody
        .put(&key("key"), "x", PutOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(error.applied, carml_store::Applied::No);
    let text = error.to_string();
    assert!(text.contains("there is no connection"), "{text}");
}

#[tokio::test]
async fn a_key_that_would_become_another_is_refused() {
    let bucket = S3Bucket::new().await;
    let store = open(&bucket);
    let put = store.put(&key("key "), "x", PutOptions::default()).await;
    assert_eq!(kind(put), ErrorKind::InvalidKey);
    assert!(all(&store).await.is_empty());
}

#[tokio::test]
async fn uploads_that_a_process_left_are_listed_and_aborted() {
    let bucket = S3Bucket::new().await;
    let store = open(&bucket);
    let chunks = stream::iter(pattern(12 << 20)).map(Ok::<_, std::io::Error>);
    let body = Body::stream(chunks.chain(stream::pending()), None);
    let name = key("left over");
    let mut put = Box::pin(store.put(&name, body, PutOptions::default()));
    assert!(
        tokio::time::timeout(Duration::from_secs(2), &mut put)
            .await
            .is_err()
    );
    // As a process that is killed: nobody is there to abort it.
    std::mem::forget(put);
    let uploads = store.uploads().await.unwrap();
    assert_eq!(uploads.len(), 1);
    assert_eq!(uploads[0].name, "left over");
    assert!(uploads[0].started.is_some());
    assert!(
        store
            .abort_uploads(Duration::from_secs(3600))
            .await
            .unwrap()
            .is_empty()
    );
    let aborted = store.abort_uploads(Duration::ZERO).await.unwrap();
    assert_eq!(aborted, uploads);
    assert!(store.uploads().await.unwrap().is_empty());
}

#[tokio::test]
async fn names_of_other_programs_are_listed_and_do_not_hide_the_rest() {
    let bucket = S3Bucket::new().await;
    let store = open(&bucket);
    write(&store, "a", "x").await;
    write(&store, "z", "x").await;
    let about = server().about();
    let folder = std::path::Path::new(about["data"].as_str().unwrap())
        .join(about["bucket"].as_str().unwrap())
        .join(bucket.prefix());
    std::fs::write(folder.join("tab\there"), "").unwrap();
    let entries = list(&store, "", ListOptions::default()).await;
    let listed: Vec<_> = entries
        .iter()
        .map(|e| (e.name.as_str(), e.key.is_some()))
        .collect();
    assert_eq!(listed, [("a", true), ("tab\there", false), ("z", true)]);
}
