//! Directories.
use carml_runtime::kv::{ErrorKind, Key, Kv, ListOptions};

use crate::{
    Fixture,
    support::{everything, fresh, key, kind},
};

async fn fill(kv: &Kv, names: &[&str]) {
    for name in names {
        kv.put(key(name), name.to_string(), None).await.unwrap();
    }
}

async fn list(kv: &Kv, dir: &str) -> Vec<String> {
    let dir = Key::parse_dir(dir).unwrap();
    let page = kv.list(dir, ListOptions::default()).await.unwrap();
    assert_eq!(page.next, None);
    page.entries.iter().map(|e| e.key.to_string()).collect()
}

const FAMILY: [&str; 9] = [
    "foo",
    "foo!",
    "foo-bar/x",
    "foo/a",
    "foo/b",
    "foo/b/c",
    "foo0",
    "foobar",
    "foobar/x",
];

pub async fn siblings_are_not_below<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    fill(&kv, &FAMILY).await;
    assert_eq!(list(&kv, "foo").await, ["foo/a", "foo/b", "foo/b/c"]);
    assert_eq!(list(&kv, "foo/b").await, ["foo/b/c"]);
    assert_eq!(kv.delete_tree(key("foo")).await.unwrap(), 3);
    let left: Vec<String> = everything(&kv).await.into_iter().map(|(k, _)| k).collect();
    assert_eq!(
        left,
        ["foo", "foo!", "foo-bar/x", "foo0", "foobar", "foobar/x"]
    );
}

pub async fn delete_tree_removes_what_is_below_and_nothing_else<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    let mut names: Vec<String> = (1..=60)
        .map(|depth| format!("d/{}", vec!["x"; depth].join("/")))
        .collect();
    names.extend((0..300).map(|i| format!("d/wide/{i:03}")));
    futures_util::future::try_join_all(names.iter().map(|n| kv.put(key(n), "v", None)))
        .await
        .unwrap();
    fill(&kv, &["d", "e/x", "dd/x"]).await;
    assert_eq!(kv.delete_tree(key("d/x/x/x")).await.unwrap(), 57);
    assert!(
        kv.exists(&key("d/x/x/x")).await.unwrap(),
        "the directory's own key stays"
    );
    assert_eq!(kv.delete_tree(key("d")).await.unwrap(), 303);
    assert_eq!(kv.delete_tree(key("d")).await.unwrap(), 0);
    let left: Vec<String> = everything(&kv).await.into_iter().map(|(k, _)| k).collect();
    assert_eq!(left, ["d", "dd/x", "e/x"]);
}

pub async fn pages_are_the_whole_in_order<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    fill(&kv, &FAMILY).await;
    for limit in 1..=FAMILY.len() + 1 {
        for dir in ["", "foo", "foo/b", "none"] {
            let mut options = ListOptions {
                limit,
                ..ListOptions::default()
            };
            let (mut found, mut pages) = (Vec::new(), 0);
            loop {
                let page = kv
                    .list(Key::parse_dir(dir).unwrap(), options.clone())
                    .await
                    .unwrap();
                assert!(page.entries.len() <= limit);
                pages += 1;
                found.extend(page.entries.iter().map(|e| e.key.to_string()));
                match page.next {
                    // `next` is set only if there is another page.
                    Some(next) => {
                        assert_eq!(page.entries.len(), limit);
                        assert_eq!(Some(next.as_str()), found.last().map(String::as_str));
                        options.after = Some(next);
                    }
                    None => break,
                }
            }
            assert_eq!(found, list(&kv, dir).await, "{dir:?} by {limit}");
            assert_eq!(
                pages,
                found.len().div_ceil(limit).max(1),
                "{dir:?} by {limit}"
            );
        }
    }
    let none = ListOptions {
        limit: 0,
        ..ListOptions::default()
    };
    assert_eq!(kind(kv.list(None, none).await), ErrorKind::InvalidArgument);
}

pub async fn a_missing_directory_is_empty<F: Fixture>() {
    let (_fixture, kv) = fresh::<F>().await;
    assert!(list(&kv, "").await.is_empty());
    assert!(list(&kv, "none").await.is_empty());
    assert_eq!(kv.delete_tree(key("none")).await.unwrap(), 0);
}
