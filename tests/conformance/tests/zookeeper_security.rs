//! ZooKeeper with TLS, client certificates, users and passwords.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use carml_runtime::kv::{
    ErrorKind, Kv, WatchStart,
    zookeeper::{Options, Zookeeper},
};
use carml_test_conformance::{
    Server,
    security::{opened, tls},
    within,
};
use futures_util::StreamExt as _;

fn user(name: &str, password: &str) -> Option<(String, String)> {
    Some((name.to_owned(), password.to_owned()))
}

async fn open(options: &Options) -> Kv {
    Kv::new(Zookeeper::connect(options).await.unwrap(), options.timeout)
}

/// What connecting with these options fails with; the text holds no password.
async fn refused(options: &Options) -> (ErrorKind, String) {
    let start = Instant::now();
    let error = Zookeeper::connect(options).await.err().unwrap();
    assert!(start.elapsed() <= options.timeout, "{error}");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("password!"), "{text}");
    (error.kind, error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_checked_on_both_sides() {
    within(async {
        let server = Server::started(&["zookeeper", "--mutual-tls"]).await;
        let mut good = Options::new(server.endpoints());
        good.timeout = Duration::from_secs(4);
        good.tls = tls(&server, "ca_pem", Some("client"));

        let kv = open(&good).await;
        let key = || "k".parse().unwrap();
        let mut watch = kv.watch(key(), WatchStart::Now).await.unwrap();
        kv.put(key(), vec![7; 500 << 10], None).await.unwrap();
        assert_eq!(
            kv.get(&key()).await.unwrap().unwrap().value.len(),
            500 << 10
        );
        watch.next().await.unwrap().unwrap();
        watch.next().await.unwrap().unwrap();
        let lease = kv.lease(Duration::from_secs(5)).await.unwrap();
        kv.put("leased".parse().unwrap(), "v", Some(lease.id()))
            .await
            .unwrap();
        drop(kv.acquire(key()).await.unwrap());

        let mut foreign = good.clone();
        foreign.tls = tls(&server, "other_ca_pem", Some("client"));
        let (kind, text) = refused(&foreign).await;
        assert_eq!(kind, ErrorKind::Unavailable, "{text}");
        assert!(text.contains("UnknownIssuer"), "{text}");

        for identity in [None, Some("expired")] {
            let mut stranger = good.clone();
            stranger.tls = tls(&server, "ca_pem", identity);
            let (kind, text) = refused(&stranger).await;
            assert_eq!(kind, ErrorKind::Unavailable, "{identity:?}: {text}");
        }

        let mut broken = good.clone();
        broken.tls.as_mut().unwrap().authority = Some(b"no certificate".to_vec());
        let (kind, text) = refused(&broken).await;
        assert_eq!(kind, ErrorKind::InvalidArgument, "{text}");

        let mut system = good.clone();
        system.tls.as_mut().unwrap().authority = None;
        let (kind, text) = refused(&system).await;
        assert_eq!(kind, ErrorKind::InvalidArgument, "{text}");
        assert!(text.contains("`certificate`"), "{text}");

        let mut plain = good.clone();
        plain.tls = None;
        let (kind, text) = refused(&plain).await;
        assert_eq!(kind, ErrorKind::Unavailable, "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_belongs_to_the_user_that_made_it() {
    within(async {
        let server = Server::started(&["zookeeper", "--tls", "--auth"]).await;
        let mut good = Options::new(server.endpoints());
        good.timeout = Duration::from_secs(4);
        good.tls = tls(&server, "ca_pem", None);
        good.user = user("app", "password!");
        let kv = open(&good).await;
        let key = || "a/b".parse().unwrap();
        kv.put(key(), "v", None).await.unwrap();
        // The same user, from elsewhere.
        assert!(open(&good).await.exists(&key()).await.unwrap());

        for other in [user("app", "wrong"), user("other", "password!"), None] {
            let mut options = good.clone();
            options.user = other;
            let (kind, text) = refused(&options).await;
            assert_eq!(kind, ErrorKind::PermissionDenied, "{text}");
            assert!(text.contains("the password"), "{text}");
        }
        let mut colon = good.clone();
        colon.user = user("a:b", "password!");
        let (kind, text) = refused(&colon).await;
        assert_eq!(kind, ErrorKind::InvalidArgument, "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_of_a_config_has_its_effect() {
    within(async {
        let server = Server::started(&["zookeeper", "--mutual-tls"]).await;
        let about = server.about();
        let pki = |name: &str| about["pki"][name].as_str().unwrap();
        let registry = |user: &str| {
            format!(
                "  provider: zookeeper\n  endpoints: [\"{}\"]\n  {user}timeout: 4s\n  \
                 certificate_file: {}\n  client_certificate_file: {}\n  client_key_file: {}\n  \
                 bucket: app\n  header_timeout_per_request: 2s\n",
                server.endpoints()[0],
                pki("ca_pem"),
                pki("client_pem"),
                pki("client_key"),
            )
        };
        let name = || "k".parse().unwrap();
        let text = registry("");
        let kv = opened(&text).await.unwrap();
        kv.put(name(), "v", None).await.unwrap();
        let changed = |key: &str, value: &str| -> String {
            let line = |line: &str| match line.trim_start().starts_with(&format!("{key}:")) {
                true => format!("  {key}: {value}\n"),
                false => format!("{line}\n"),
            };
            text.lines().map(line).collect()
        };
        for (key, value) in [
            ("certificate_file", pki("other_ca_pem")),
            ("client_certificate_file", pki("expired_pem")),
            ("client_key_file", pki("expired_key")),
            ("endpoints", "[127.0.0.1:1]"),
            ("header_timeout_per_request", "1us"),
            ("timeout", "1us"),
        ] {
            let why = opened(&changed(key, value)).await.err();
            assert!(why.is_some(), "{key} has no effect");
        }
        let other = opened(&changed("bucket", "other")).await.unwrap();
        assert!(
            !other.exists(&name()).await.unwrap(),
            "bucket has no effect"
        );
        // The bucket is open, since nobody logged in when it was made; a name is still checked.
        let colon = "username: \"a:b\"\n  password: c\n  ";
        let why = opened(&registry(colon)).await.err().unwrap();
        assert!(why.contains("`username`"), "{why}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_user_of_a_config_decides_who_may_use_a_bucket() {
    within(async {
        let server = Server::started(&["zookeeper"]).await;
        let registry = |user: &str| {
            let endpoint = &server.endpoints()[0];
            format!("  provider: zookeeper\n  endpoints: [\"{endpoint}\"]\n{user}")
        };
        let kv = opened(&registry("  username: app\n  password: right\n")).await;
        kv.unwrap()
            .put("k".parse().unwrap(), "v", None)
            .await
            .unwrap();
        for (key, user) in [
            ("username", "  username: other\n  password: right\n"),
            ("password", "  username: app\n  password: wrong\n"),
            ("both", ""),
        ] {
            let why = opened(&registry(user)).await.err();
            let why = why.unwrap_or_else(|| panic!("{key} has no effect"));
            assert!(why.contains("the password"), "{key}: {why}");
        }
        let same = opened(&registry("  username: app\n  password: right\n")).await;
        assert!(same.unwrap().exists(&"k".parse().unwrap()).await.unwrap());
    })
    .await;
}
