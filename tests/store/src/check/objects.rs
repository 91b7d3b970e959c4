//! Objects, one by one.

use std::collections::BTreeMap;

use bytes::Bytes;
use carml_store::{Body, ErrorKind, GetOptions, PutOptions, Sha256};

use crate::{
    Fixture,
    support::{all, key, kind, open, pattern, read, streamed, write},
};

pub async fn content_is_returned_unchanged<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    for size in [0, 1, 70_000] {
        let content: Vec<u8> = pattern(size).concat();
        let name = key(&format!("size/{size}"));
        let put = store
            .put(&name, content.clone(), PutOptions::default())
            .await
            .unwrap();
        assert_eq!(put.size, size as u64);
        let object = store.get(&name, GetOptions::default()).await.unwrap();
        assert_eq!(object.meta.size, size as u64);
        assert_eq!(object.meta.name, name.as_str());
        assert_eq!(object.meta.etag.as_deref(), Some(put.etag.as_str()));
        assert_eq!(object.bytes(1 << 20).await.unwrap(), content);
        let meta = store.stat(&name).await.unwrap();
        assert_eq!(meta.etag.as_deref(), Some(put.etag.as_str()));
        assert!(meta.modified.is_some());
    }
}

pub async fn keys_of_every_kind<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let long = format!("{}/{}", "x".repeat(200), "y".repeat(200));
    let mut names = vec![
        "plain",
        "with space",
        "plus+plus",
        "per%20cent",
        "q?a=b&c=d",
        "hash#",
        "ünï/日本",
        "a:b",
        "quote'\"",
        "back\\slash",
        "~tilde",
        "a/b/c/d/e/f",
        "dots..",
        "..dots",
        "semi;colon",
        "*star",
        "[brackets]",
        "at@",
        "comma,",
        "!(paren)",
        "<angle>",
        long.as_str(),
    ];
    for name in &names {
        write(&store, name, name).await;
    }
    for name in &names {
        assert_eq!(read(&store, name).await.unwrap(), *name);
    }
    names.sort_unstable();
    assert_eq!(all(&store).await, names);
}

pub async fn an_overwrite_replaces_all_of_it<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let first = write(&store, "key", "a long first content").await;
    let second = write(&store, "key", "short").await;
    assert_ne!(first.etag, second.etag);
    assert_eq!(read(&open(&fixture), "key").await.unwrap(), "short");
}

pub async fn content_type_and_metadata_are_kept<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    if !store.capabilities().metadata {
        return;
    }
    let metadata = BTreeMap::from([
        ("model".to_owned(), "small, v2".to_owned()),
        ("run-id".to_owned(), "17".to_owned()),
    ]);
    let options = PutOptions {
        content_type: Some("application/json".to_owned()),
        metadata: metadata.clone(),
        ..PutOptions::default()
    };
    store.put(&key("key"), "{}", options).await.unwrap();
    let stat = store.stat(&key("key")).await.unwrap();
    let got = store
        .get(&key("key"), GetOptions::default())
        .await
        .unwrap()
        .meta;
    for meta in [stat, got] {
        assert_eq!(meta.content_type.as_deref(), Some("application/json"));
        assert_eq!(meta.metadata, metadata);
    }
    // Replaced with the content.
    write(&store, "key", "text").await;
    assert!(store.stat(&key("key")).await.unwrap().metadata.is_empty());
}

pub async fn invalid_metadata_is_refused<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let long = "x".repeat(2048);
    for (name, value) in [
        ("Upper", "x"),
        ("", "x"),
        ("carml-put", "x"),
        ("name", "line\nbreak"),
        ("name", " space"),
        ("name", long.as_str()),
    ] {
        let options = PutOptions {
            metadata: BTreeMap::from([(name.to_owned(), value.to_owned())]),
            ..PutOptions::default()
        };
        let put = store.put(&key("key"), "x", options).await;
        assert_eq!(kind(put), ErrorKind::InvalidArgument, "{name:?}");
    }
    assert!(all(&store).await.is_empty());
}

pub async fn a_missing_object_is_not_found<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    write(&store, "folder/key", "x").await;
    for name in ["missing", "folder", "folder/key/below", "folder/missing"] {
        let got = store.get(&key(name), GetOptions::default()).await;
        let error = got.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{name}");
        assert_eq!(error.what, name);
        assert_eq!(
            kind(store.stat(&key(name)).await),
            ErrorKind::NotFound,
            "{name}"
        );
    }
}

pub async fn a_delete_removes_and_repeats<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    for name in ["a/1", "a/2", "b"] {
        write(&store, name, name).await;
    }
    let gone = [key("a/1"), key("missing"), key("a"), key("a/1/below")];
    store.delete(&gone).await.unwrap();
    assert_eq!(all(&store).await, ["a/2", "b"]);
    store.delete(&gone).await.unwrap();
    store.delete(&[key("a/2"), key("b")]).await.unwrap();
    assert!(all(&store).await.is_empty());
    store.delete(&[]).await.unwrap();
    // The folder of the removed objects is no obstacle.
    write(&store, "a", "x").await;
}

pub async fn a_large_stream_of_unknown_size_is_stored<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let chunks = pattern((20 << 20) + 17);
    let mut expected = Sha256::default();
    chunks.iter().for_each(|chunk| expected.update(chunk));
    let name = key("large");
    let put = store
        .put(&name, streamed(chunks, None), PutOptions::default())
        .await
        .unwrap();
    assert_eq!(put.size, (20 << 20) + 17);
    let object = store.get(&name, GetOptions::default()).await.unwrap();
    assert_eq!(object.meta.etag.as_deref(), Some(put.etag.as_str()));
    let mut found = Sha256::default();
    found.update(&object.bytes(64 << 20).await.unwrap());
    assert_eq!(found.hex(), expected.hex());
}

pub async fn a_file_is_stored_with_its_sum<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    let content: Bytes = pattern(300_000).concat().into();
    std::fs::write(&source, &content).unwrap();
    store
        .put(&key("file"), Body::file(&source), PutOptions::default())
        .await
        .unwrap();
    let object = store
        .get(&key("file"), GetOptions::default())
        .await
        .unwrap();
    let mut sum = Sha256::default();
    sum.update(&content);
    if store.capabilities().metadata {
        assert_eq!(object.meta.sha256, Some(sum.hex()));
    }
    let target = folder.path().join("target");
    assert_eq!(object.save(&target).await.unwrap(), content.len() as u64);
    assert_eq!(std::fs::read(&target).unwrap(), content);
    let missing = Body::file(folder.path().join("missing"));
    let error = store
        .put(&key("file"), missing, PutOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.to_string().contains("missing"), "{error}");
}

pub async fn a_folder_is_stored_as_an_archive<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("b/empty")).unwrap();
    std::fs::write(folder.path().join("b/large"), pattern(2 << 20).concat()).unwrap();
    std::fs::write(folder.path().join("a"), "first").unwrap();
    let name = key("folder.tar.gz");
    let put = store.put(&name, Body::folder(folder.path()), PutOptions::default());
    let put = put.await.unwrap();
    let object = store.get(&name, GetOptions::default()).await.unwrap();
    let bytes = object.bytes(8 << 20).await.unwrap();
    assert_eq!(bytes.len() as u64, put.size);
    let again = store.put(&name, Body::folder(folder.path()), PutOptions::default());
    assert_eq!(again.await.unwrap().size, put.size);
    let object = store.get(&name, GetOptions::default()).await.unwrap();
    assert_eq!(
        object.bytes(8 << 20).await.unwrap(),
        bytes,
        "nothing changed"
    );

    let archive = folder.path().join("archive");
    std::fs::write(&archive, &bytes).unwrap();
    let out = std::process::Command::new("tar")
        .args([
            "--list",
            "--verbose",
            "--utc",
            "--gzip",
            "--numeric-owner",
            "--file",
        ])
        .arg(&archive)
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let listed = String::from_utf8(out.stdout).unwrap();
    let lines: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let names: Vec<&str> = lines.iter().map(|line| line[5]).collect();
    assert_eq!(names, ["a", "b/", "b/empty/", "b/large"], "{listed}");
    for line in &lines {
        assert_eq!((line[1], line[3]), ("0/0", "1970-01-01"), "{listed}");
    }

    let missing = Body::folder(folder.path().join("missing"));
    let error = store.put(&name, missing, PutOptions::default()).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Io);
    let object = store.get(&name, GetOptions::default()).await.unwrap();
    assert_eq!(
        object.bytes(8 << 20).await.unwrap(),
        bytes,
        "the old one stays"
    );
}
