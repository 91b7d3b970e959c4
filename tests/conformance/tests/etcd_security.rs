//! etcd with TLS, client certificates, users and passwords.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use carml_runtime::kv::{
    ErrorKind, Kv,
    etcd::{Etcd, Options},
};
use carml_test_conformance::{
    Server,
    security::{opened, tls},
    within,
};

/// What connecting with these options fails with; the text holds no password.
async fn refused(options: &Options) -> (ErrorKind, String) {
    let start = Instant::now();
    let error = Etcd::connect(options).await.err().unwrap();
    assert!(start.elapsed() <= options.timeout, "{error}");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("password!"), "{text}");
    (error.kind, error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_passwords_are_checked_on_both_sides() {
    within(async {
        let server = Server::started(&["etcd", "--mutual-tls", "--auth"]).await;
        let user = &server.about()["user"];
        let text = |name: &str| user[name].as_str().unwrap().to_owned();
        let mut good = Options::new(server.endpoints());
        good.bucket = "app".to_owned();
        good.timeout = Duration::from_secs(4);
        good.user = Some((text("username"), text("password")));
        good.tls = tls(&server, "ca_pem", Some("client"));

        let kv = Kv::new(Etcd::connect(&good).await.unwrap(), good.timeout);
        let key = || "k".parse().unwrap();
        kv.put(key(), "1", None).await.unwrap();
        // Tokens end after 5 s: the client logs in again.
        tokio::time::sleep(Duration::from_secs(7)).await;
        kv.put(key(), "2", None).await.unwrap();
        drop(kv.acquire(key()).await.unwrap());

        let mut bucket = good.clone();
        bucket.bucket = "other".to_owned();
        let (kind, text) = refused(&bucket).await;
        assert_eq!(kind, ErrorKind::PermissionDenied, "{text}");

        let mut password = good.clone();
        password.user = Some((
            user["username"].as_str().unwrap().to_owned(),
            "password!".to_owned(),
        ));
        let (kind, text) = refused(&password).await;
        assert_eq!(kind, ErrorKind::Unauthenticated, "{text}");
        assert!(text.contains("authentication failed"), "{text}");

        // etcd takes the name in the certificate for the user.
        let mut nobody = good.clone();
        nobody.user = None;
        let (kind, text) = refused(&nobody).await;
        assert_eq!(kind, ErrorKind::PermissionDenied, "{text}");

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

        let mut plain = good.clone();
        plain.tls = None;
        let (kind, text) = refused(&plain).await;
        assert_eq!(kind, ErrorKind::Unavailable, "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_refused_by_a_server_with_users() {
    within(async {
        let server = tokio::task::spawn_blocking(|| Server::start(&["etcd", "--auth"]));
        let server = server.await.unwrap();
        let (kind, text) = refused(&Options::new(server.endpoints())).await;
        assert_eq!(kind, ErrorKind::Unauthenticated, "{text}");
        assert!(text.contains("user name"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_on_a_server_without_authentication_is_an_error() {
    within(async {
        let server = tokio::task::spawn_blocking(|| Server::start(&["etcd", "--nodes", "3"]));
        let server = server.await.unwrap();
        let mut options = Options::new(server.endpoints());
        options.user = Some(("root".to_owned(), "password!".to_owned()));
        let (kind, text) = refused(&options).await;
        assert_eq!(kind, ErrorKind::Unauthenticated, "{text}");
        assert!(text.contains("not enabled"), "{text}");

        // One server is named, the cluster tells of the others.
        let open = async |auto_sync| {
            let registry = format!(
                "  provider: etcd\n  endpoints: [\"{}\"]\n  timeout: 6s\n  auto_sync: {auto_sync}\n",
                server.endpoints()[0],
            );
            opened(&registry).await.unwrap()
        };
        let (kv, alone) = (open(true).await, open(false).await);
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.kill(0);
        let deadline = Instant::now() + Duration::from_secs(20);
        while let Err(e) = kv.put("k".parse().unwrap(), "v", None).await {
            assert!(Instant::now() < deadline, "{e}");
        }
        let lost = alone.get(&"k".parse().unwrap()).await;
        assert_eq!(lost.unwrap_err().kind, ErrorKind::Unavailable);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_of_a_config_has_its_effect() {
    within(async {
        let server = Server::started(&["etcd", "--mutual-tls", "--auth"]).await;
        let about = server.about();
        let pki = |name: &str| about["pki"][name].as_str().unwrap();
        let user = |name: &str| about["user"][name].as_str().unwrap();
        let registry = format!(
            "  provider: etcd\n  endpoints: [\"{}\"]\n  username: {}\n  password: {}\n  \
             timeout: 4s\n  certificate_file: {}\n  client_certificate_file: {}\n  \
             client_key_file: {}\n  bucket: app\n  header_timeout_per_request: 2s\n  \
             auto_sync: true\n",
            server.endpoints()[0],
            user("username"),
            user("password"),
            pki("ca_pem"),
            pki("client_pem"),
            pki("client_key"),
        );
        let kv = opened(&registry).await.unwrap();
        kv.put("k".parse().unwrap(), "v", None).await.unwrap();
        for (key, value) in [
            ("password", "wrong"),
            ("username", "nobody"),
            ("certificate_file", pki("other_ca_pem")),
            ("client_certificate_file", pki("expired_pem")),
            ("client_key_file", pki("expired_key")),
            ("bucket", "other"),
            ("endpoints", "[127.0.0.1:1]"),
            ("header_timeout_per_request", "1us"),
            ("timeout", "1us"),
        ] {
            let line = |line: &str| match line.trim_start().starts_with(&format!("{key}:")) {
                true => format!("  {key}: {value}\n"),
                false => format!("{line}\n"),
            };
            let changed: String = registry.lines().map(line).collect();
            let why = opened(&changed).await.err();
            assert!(why.is_some(), "{key} has no effect");
        }
    })
    .await;
}
