//! Compare and set.
use carml_runtime::kv::{Applied, ErrorKind, Revision};

use crate::{
    Fixture,
    support::{fresh, key, kind, reopen},
};

pub async fn a_key_is_created_once<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    let made = (0..16).map(|i| kv.atomic_put(key("k"), i.to_string(), None, None));
    let made = futures_util::future::join_all(made).await;
    assert_eq!(made.iter().filter(|m| m.is_ok()).count(), 1);
    for refused in made.into_iter().filter_map(Result::err) {
        assert_eq!(
            (refused.kind, refused.applied),
            (ErrorKind::Conflict, Applied::No)
        );
    }
}

pub async fn a_wrong_revision_changes_nothing<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    let first = kv.put(key("k"), "1", None).await.unwrap();
    let second = kv
        .atomic_put(key("k"), "2", Some(first), None)
        .await
        .unwrap();
    for wrong in [Some(first), Some(Revision(second.0 + 1)), None] {
        let answer = kv.atomic_put(key("k"), "no", wrong, None).await;
        assert_eq!(kind(answer), ErrorKind::Conflict, "{wrong:?}");
    }
    assert_eq!(
        kind(kv.atomic_delete(key("k"), first).await),
        ErrorKind::Conflict
    );
    let there = kv.get(&key("k")).await.unwrap().unwrap();
    assert_eq!((&there.value[..], there.revision), (&b"2"[..], second));
    let answer = kv.atomic_put(key("none"), "no", Some(second), None).await;
    assert_eq!(kind(answer), ErrorKind::Conflict);
    assert_eq!(
        kind(kv.atomic_delete(key("none"), second).await),
        ErrorKind::Conflict
    );
    kv.atomic_delete(key("k"), second).await.unwrap();
    assert!(!kv.exists(&key("k")).await.unwrap());
}

pub async fn an_old_revision_never_matches_again<F: Fixture>() {
    let (fixture, kv) = fresh::<F>().await;
    let before = kv.put(key("k"), "same", None).await.unwrap();
    kv.delete(key("k")).await.unwrap();
    kv.put(key("k"), "same", None).await.unwrap();
    assert_eq!(
        kind(kv.atomic_put(key("k"), "x", Some(before), None).await),
        ErrorKind::Conflict
    );
    let now = kv.get(&key("k")).await.unwrap().unwrap().revision;
    if !F::PERSISTENT {
        return;
    }
    let kv = reopen(&fixture, kv).await;
    assert_eq!(
        kind(kv.atomic_put(key("k"), "x", Some(before), None).await),
        ErrorKind::Conflict
    );
    let after = kv.atomic_put(key("k"), "x", Some(now), None).await.unwrap();
    assert!(after > now);
}

pub async fn no_increment_is_lost_among_many<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    const TASKS: u64 = 8;
    const EACH: u64 = 15;
    let tasks = (0..TASKS).map(|_| {
        let kv = kv.clone();
        tokio::spawn(async move {
            for _ in 0..EACH {
                loop {
                    let now = kv.get(&key("n")).await.unwrap();
                    let n = now.as_ref().map_or(0, |e| {
                        std::str::from_utf8(&e.value)
                            .unwrap()
                            .parse::<u64>()
                            .unwrap()
                    });
                    let expected = now.map(|e| e.revision);
                    let put = kv.atomic_put(key("n"), (n + 1).to_string(), expected, None);
                    match put.await {
                        Ok(_) => break,
                        Err(e) => assert_eq!(e.kind, ErrorKind::Conflict, "{e}"),
                    }
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let n = kv.get(&key("n")).await.unwrap().unwrap().value;
    assert_eq!(n, (TASKS * EACH).to_string());
}
