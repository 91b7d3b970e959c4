//! Registration and discovery on the embedded store.
#![allow(clippy::unwrap_used)]

use std::{sync::Arc, time::Duration};

use carml_discovery::{
    Directory, Freshness, Instance, InstanceWatch, KvDirectory, NamingFormat, Registrar,
    RegistrationState, Resolver,
};
use carml_kv::{Key, Kv};
use carml_kv_redb::Redb;

const SERVICE: &str = "shop.v1.Orders";
const TTL: Duration = Duration::from_secs(5);

struct Store {
    kv: Kv,
    directory: Arc<dyn Directory>,
    _folder: tempfile::TempDir,
}

fn store(prefix: Option<&str>) -> Store {
    let folder = tempfile::tempdir().unwrap();
    let redb = Redb::open(folder.path().join("store.redb"), "carml").unwrap();
    let kv = Kv::new(redb, Duration::from_secs(5));
    let prefix = prefix.map(|prefix| prefix.parse().unwrap());
    Store {
        directory: Arc::new(KvDirectory::new(kv.clone(), prefix, NamingFormat)),
        kv,
        _folder: folder,
    }
}

impl Store {
    fn register(&self, services: &[&str], instance: Instance) -> Registrar {
        let services = services.iter().map(|service| (*service).to_owned());
        Registrar::start(self.directory.clone(), services.collect(), instance, TTL)
    }

    fn watch(&self, service: &str) -> InstanceWatch {
        Resolver::new(self.directory.clone()).watch(service)
    }
}

async fn addresses(watch: &mut InstanceWatch, expected: &[&str]) {
    let wait = async {
        loop {
            let found = watch.changed().await.unwrap();
            let found: Vec<_> = found.instances.iter().map(|i| i.address.clone()).collect();
            if found == expected {
                return;
            }
        }
    };
    let arrived = tokio::time::timeout(Duration::from_secs(10), wait).await;
    arrived.unwrap_or_else(|_| panic!("{:?}, expected {expected:?}", watch.current()));
}

async fn state(registrar: &Registrar, expected: fn(&RegistrationState) -> bool) {
    let mut states = registrar.state();
    let wait = states.wait_for(expected);
    let arrived = tokio::time::timeout(Duration::from_secs(10), wait).await;
    drop(arrived.unwrap().unwrap());
}

fn entry(address: &str) -> Key {
    format!("{SERVICE}/{address}").parse().unwrap()
}

#[tokio::test]
async fn an_instance_is_found_until_it_is_stopped() {
    let store = store(None);
    let mut watch = store.watch(SERVICE);
    let first = watch.changed().await.unwrap();
    assert_eq!(
        (first.instances.len(), first.freshness),
        (0, Freshness::Current)
    );

    let one = Instance::new("10.0.0.1:1").with_metadata([("zone", "a")]);
    let one = store.register(&[SERVICE, "shop.v1.Carts"], one);
    addresses(&mut watch, &["10.0.0.1:1"]).await;
    assert_eq!(watch.current().instances[0].metadata("zone"), Some("a"));
    let two = store.register(&[SERVICE], Instance::new("10.0.0.2:1"));
    addresses(&mut watch, &["10.0.0.1:1", "10.0.0.2:1"]).await;

    let all = store.directory.list().await.unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|i| (&*i.service, &*i.instance.address))
        .collect();
    let expected = [
        ("shop.v1.Carts", "10.0.0.1:1"),
        (SERVICE, "10.0.0.1:1"),
        (SERVICE, "10.0.0.2:1"),
    ];
    assert_eq!(all, expected);

    state(&one, |state| *state == RegistrationState::Registered).await;
    one.stop().await;
    addresses(&mut watch, &["10.0.0.2:1"]).await;
    two.stop().await;
    addresses(&mut watch, &[]).await;
    assert_eq!(store.directory.list().await.unwrap(), []);
}

#[tokio::test]
async fn an_entry_that_is_removed_is_written_again() {
    let store = store(None);
    let mut watch = store.watch(SERVICE);
    let registrar = store.register(&[SERVICE], Instance::new("a:1"));
    addresses(&mut watch, &["a:1"]).await;

    store.kv.delete(entry("a:1")).await.unwrap();
    addresses(&mut watch, &[]).await;
    addresses(&mut watch, &["a:1"]).await;

    // The lease of the first entry ended, and did not take the second one with it.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let present = store.kv.get(&entry("a:1")).await.unwrap().unwrap();
    store.kv.revoke(present.lease.unwrap()).await.unwrap();
    addresses(&mut watch, &[]).await;
    addresses(&mut watch, &["a:1"]).await;
    drop(registrar);
}

#[tokio::test]
async fn two_processes_with_one_address_do_not_overwrite_each_other_in_turns() {
    let store = store(None);
    let one = store.register(&[SERVICE], Instance::new("a:1"));
    state(&one, |state| *state == RegistrationState::Registered).await;
    let two = store.register(&[SERVICE], Instance::new("a:1"));
    state(&two, |state| *state == RegistrationState::Registered).await;
    let revision = async || {
        store
            .kv
            .get(&entry("a:1"))
            .await
            .unwrap()
            .map(|e| e.revision)
    };
    let taken = revision().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(revision().await, taken);

    // The second one ends: its entry goes, and the first one writes its own.
    let mut watch = store.watch(SERVICE);
    addresses(&mut watch, &["a:1"]).await;
    two.stop().await;
    addresses(&mut watch, &[]).await;
    addresses(&mut watch, &["a:1"]).await;
    one.stop().await;
}

#[tokio::test]
async fn a_process_that_crashes_is_gone_after_its_ttl() {
    let store = store(None);
    let mut watch = store.watch(SERVICE);
    let registrar = store.register(&[SERVICE], Instance::new("a:1"));
    addresses(&mut watch, &["a:1"]).await;
    let dropped = std::time::Instant::now();
    drop(registrar);
    addresses(&mut watch, &[]).await;
    let lived = dropped.elapsed();
    assert!(lived > TTL / 2 && lived < TTL * 2, "{lived:?}");
}

#[tokio::test]
async fn a_prefix_keeps_services_apart_and_other_values_are_not_instances() {
    let store = store(Some("prod/services"));
    let registrar = store.register(&[SERVICE], Instance::new("a:1"));
    let mut watch = store.watch(SERVICE);
    addresses(&mut watch, &["a:1"]).await;
    let key: Key = format!("prod/services/{SERVICE}/a:1").parse().unwrap();
    let value = store.kv.get(&key).await.unwrap().unwrap().value;
    assert_eq!(value, &br#"{"Op":0,"Addr":"a:1","Metadata":null}"#[..]);

    // A Go program may choose any key below the service, and any metadata.
    let deep: Key = format!("prod/services/{SERVICE}/go/1").parse().unwrap();
    store
        .kv
        .put(deep, r#"{"Op":0,"Addr":"b:1","Metadata":[1]}"#, None)
        .await
        .unwrap();
    addresses(&mut watch, &["a:1", "b:1"]).await;
    let other: Key = format!("prod/services/{SERVICE}/note").parse().unwrap();
    store.kv.put(other, "not an instance", None).await.unwrap();
    store
        .kv
        .put(entry("elsewhere:1"), "{}", None)
        .await
        .unwrap();
    registrar.stop().await;
    addresses(&mut watch, &["b:1"]).await;
}
