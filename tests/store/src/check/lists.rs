//! Lists.

use carml_store::{EntryKind, ErrorKind, GetOptions, ListOptions, PutOptions, StoreOptions};
use futures_util::{StreamExt as _, stream};

use crate::{
    Fixture,
    support::{all, key, kind, list, names, open, read, write},
};

pub async fn names_are_in_order_and_complete<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    assert!(all(&store).await.is_empty());
    // `-` and `.` are before `/`, `0` is after it.
    let expected = ["a-b", "a.b", "a/b", "a0", "b/c/d", "b/e", "c"];
    for name in expected.iter().rev() {
        write(&store, name, name).await;
    }
    assert_eq!(all(&store).await, expected);
    for entry in list(&store, "", ListOptions::default()).await {
        assert_eq!(entry.key.as_ref(), Some(&key(&entry.name)));
        let EntryKind::Object { size, modified, .. } = entry.kind else {
            panic!("{entry:?}");
        };
        assert_eq!(size, entry.name.len() as u64);
        assert!(modified.is_some());
    }
}

pub async fn a_prefix_is_a_text<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    for name in ["mod", "model/a", "models/b", "models/c/d", "other"] {
        write(&store, name, name).await;
    }
    for (prefix, expected) in [
        ("mod", vec!["mod", "model/a", "models/b", "models/c/d"]),
        ("model", vec!["model/a", "models/b", "models/c/d"]),
        ("models/", vec!["models/b", "models/c/d"]),
        ("models/c", vec!["models/c/d"]),
        ("models/c/d", vec!["models/c/d"]),
        ("models/c/d/", vec![]),
        ("missing/", vec![]),
        ("x", vec![]),
    ] {
        assert_eq!(
            names(&store, prefix, ListOptions::default()).await,
            expected,
            "{prefix}"
        );
    }
}

pub async fn folders_are_listed_once<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    for name in ["a", "f/1", "f/2", "f/g/3", "fo", "z/1"] {
        write(&store, name, name).await;
    }
    let options = || ListOptions {
        delimiter: true,
        ..ListOptions::default()
    };
    assert_eq!(names(&store, "", options()).await, ["a", "f/", "fo", "z/"]);
    assert_eq!(names(&store, "f", options()).await, ["f/", "fo"]);
    assert_eq!(names(&store, "f/", options()).await, ["f/1", "f/2", "f/g/"]);
    let entries = list(&store, "f/", options()).await;
    assert_eq!(entries[2].kind, EntryKind::Folder);
    assert_eq!(entries[2].key, None);
}

pub async fn a_list_continues_after_a_name<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    for name in ["a", "b/1", "b/2", "b/3", "c"] {
        write(&store, name, name).await;
    }
    let after = |name: &str, limit| ListOptions {
        after: Some(name.to_owned()),
        limit,
        ..ListOptions::default()
    };
    assert_eq!(
        names(&store, "", after("b/1", None)).await,
        ["b/2", "b/3", "c"]
    );
    assert_eq!(names(&store, "", after("b/1", Some(1))).await, ["b/2"]);
    assert_eq!(
        names(&store, "", after("b", None)).await,
        ["b/1", "b/2", "b/3", "c"]
    );
    assert_eq!(names(&store, "b/", after("b/2", None)).await, ["b/3"]);
    assert!(names(&store, "", after("c", None)).await.is_empty());
    let folders = ListOptions {
        delimiter: true,
        ..after("b/", None)
    };
    assert_eq!(names(&store, "", folders).await, ["c"]);
}

pub async fn many_objects_are_listed_in_pages<F: Fixture>() {
    let fixture = F::new().await;
    let store = open(&fixture);
    let expected: Vec<String> = (0..1100).map(|n| format!("many/{n:04}")).collect();
    let puts = stream::iter(&expected).map(|name| write(&store, name, ""));
    puts.buffer_unordered(16).for_each(|_| async {}).await;
    assert_eq!(all(&store).await, expected);
    let keys: Vec<_> = expected.iter().map(|name| key(name)).collect();
    store.delete(&keys).await.unwrap();
    assert!(all(&store).await.is_empty());
}

pub async fn nothing_outside_of_the_prefix_is_seen<F: Fixture>() {
    let fixture = F::new().await;
    let whole = open(&fixture);
    let options = |prefix: &str| StoreOptions {
        prefix: prefix.to_owned(),
        ..StoreOptions::default()
    };
    let tenant = fixture.store(&options("tenants/one"));
    write(&whole, "tenants/one-more/x", "x").await;
    write(&whole, "other", "x").await;
    write(&tenant, "folder/key", "content").await;
    assert_eq!(all(&tenant).await, ["folder/key"]);
    assert_eq!(
        read(&whole, "tenants/one/folder/key").await.unwrap(),
        "content"
    );
    assert_eq!(
        fixture
            .store(&options("/tenants/one/"))
            .stat(&key("folder/key"))
            .await
            .unwrap()
            .name,
        "folder/key"
    );
    let missing = tenant
        .get(&key("other"), GetOptions::default())
        .await
        .unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
    assert_eq!(missing.what, "other");
    let after = ListOptions {
        after: Some("folder/key".to_owned()),
        ..ListOptions::default()
    };
    assert!(names(&tenant, "", after).await.is_empty());
    tenant
        .delete(&[key("other"), key("folder/key")])
        .await
        .unwrap();
    assert_eq!(all(&whole).await, ["other", "tenants/one-more/x"]);
    // With the prefix, a key may be too long.
    let long = key(&"x".repeat(200)[..]);
    let deep = fixture.store(&options(&vec!["p".repeat(200); 5].join("/")));
    let put = deep.put(&long, "", PutOptions::default()).await;
    assert_eq!(kind(put), ErrorKind::InvalidKey);
}
