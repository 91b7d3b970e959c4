//! Reads and writes of one key.
use std::collections::HashSet;

use carml_runtime::kv::{Applied, Consistency, ErrorKind, Key, MAX_VALUE};

use crate::{
    Fixture,
    support::{everything, fresh, key, kind},
};

pub async fn values_are_returned_unchanged<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    let every_byte: Vec<u8> = (0..=255).collect();
    for (name, value) in [("empty", Vec::new()), ("nul", vec![0]), ("all", every_byte)] {
        let revision = kv.put(key(name), value.clone(), None).await.unwrap();
        for consistency in [Consistency::Linearizable, Consistency::Stale] {
            let found = kv.get_with(&key(name), consistency).await.unwrap().unwrap();
            assert_eq!((&found.key, &found.value[..]), (&key(name), &value[..]));
            assert_eq!((found.revision, found.lease), (revision, None));
            assert!(kv.exists_with(&key(name), consistency).await.unwrap());
        }
    }
    kv.put(key("all"), "less", None).await.unwrap();
    assert_eq!(kv.get(&key("all")).await.unwrap().unwrap().value, "less");
    assert_eq!(kv.get(&key("none")).await.unwrap(), None);
    assert!(!kv.exists(&key("none")).await.unwrap());
}

pub async fn the_largest_value_is_accepted_and_no_larger_one<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    let largest = vec![7; MAX_VALUE];
    kv.put(key("k"), largest.clone(), None).await.unwrap();
    assert_eq!(kv.get(&key("k")).await.unwrap().unwrap().value, largest);
    let larger = vec![7; MAX_VALUE + 1];
    let e = kv.put(key("k"), larger.clone(), None).await.unwrap_err();
    assert_eq!(
        (e.kind, e.applied),
        (ErrorKind::TooLarge, Applied::No),
        "{e}"
    );
    assert_eq!(
        kind(kv.atomic_put(key("new"), larger, None, None).await),
        ErrorKind::TooLarge
    );
    assert_eq!(
        kv.get(&key("k")).await.unwrap().unwrap().value.len(),
        MAX_VALUE
    );
    assert!(!kv.exists(&key("new")).await.unwrap());
}

pub async fn keys_of_every_kind<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    let mut names = vec![
        "plain".to_owned(),
        "dots.and-dashes_/~tilde".to_owned(),
        "sp ace/%2f/a+b?c#d&e=f".to_owned(),
        "ünïcödé/日本/ﬁ".to_owned(),
        "\"quotes\"/\\back".to_owned(),
        "x".repeat(Key::MAX_BYTES),
        vec!["s"; Key::MAX_SEGMENTS].join("/"),
        "CASE".to_owned(),
        "case".to_owned(),
    ];
    for name in &names {
        kv.put(key(name), name.clone(), None).await.unwrap();
    }
    for name in &names {
        assert_eq!(
            kv.get(&key(name)).await.unwrap().unwrap().value,
            name.as_bytes()
        );
    }
    names.sort();
    let listed: Vec<String> = everything(&kv).await.into_iter().map(|(k, _)| k).collect();
    assert_eq!(listed, names, "in the order of their bytes");
    // `/a/b/` and `a/b` are one key.
    kv.put(key("/a/b/"), "1", None).await.unwrap();
    assert!(kv.exists(&key("a/b")).await.unwrap());
}

pub async fn a_delete_says_whether_the_key_existed<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    assert!(!kv.delete(key("k")).await.unwrap());
    kv.put(key("k"), "", None).await.unwrap();
    kv.put(key("k/below"), "", None).await.unwrap();
    assert!(kv.delete(key("k")).await.unwrap());
    assert!(!kv.delete(key("k")).await.unwrap());
    assert!(kv.exists(&key("k/below")).await.unwrap());
}

pub async fn revisions_rise_and_never_repeat<F: Fixture>() {
    let (fixture, mut kv) = fresh::<F>().await;
    let (mut last, mut seen) = (Default::default(), HashSet::new());
    for round in 0..if F::PERSISTENT { 3 } else { 1 } {
        for name in ["a", "b", "a"] {
            let revision = kv.put(key(name), round.to_string(), None).await.unwrap();
            assert!(revision > last && seen.insert(revision));
            last = revision;
        }
        kv.delete(key("a")).await.unwrap();
        let again = kv.atomic_put(key("a"), "again", None, None).await.unwrap();
        assert!(again > last && seen.insert(again));
        last = again;
        if F::PERSISTENT {
            kv = crate::support::reopen(&fixture, kv).await;
        }
    }
}
