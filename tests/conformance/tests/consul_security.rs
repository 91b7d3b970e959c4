//! Consul with TLS, client certificates and ACL tokens, and servers that are not Consul.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use carml_runtime::kv::{
    Applied, ErrorKind, Kv, ListOptions, WatchStart,
    consul::{Consul, Options},
};
use carml_test_conformance::{
    Server, key,
    security::{opened, tls},
    within,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// What connecting with these options fails with; the text holds no token.
async fn refused(options: &Options) -> (ErrorKind, String) {
    let start = Instant::now();
    let error = Consul::connect(options).await.err().unwrap();
    assert!(start.elapsed() <= options.timeout, "{error}");
    let text = format!("{error} {error:?}");
    let token = options.token.as_deref().unwrap_or("no token");
    assert!(!text.contains(token), "{text}");
    assert_eq!(error.applied, Applied::No, "{error}");
    (error.kind, error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_tokens_are_checked_on_both_sides() {
    within(async {
        let server = Server::started(&["consul", "--mutual-tls", "--auth"]).await;
        let mut good = Options::new(server.endpoints());
        good.bucket = "app".to_owned();
        good.timeout = Duration::from_secs(4);
        good.token = Some(server.about()["token"].as_str().unwrap().to_owned());
        good.tls = tls(&server, "ca_pem", Some("client"));

        let kv = Kv::new(Consul::connect(&good).await.unwrap(), good.timeout);
        kv.put(key("k"), "1", None).await.unwrap();
        drop(kv.acquire(key("k")).await.unwrap());
        drop(kv.campaign(key("k"), "me").await.unwrap());
        let lease = kv.lease(Duration::from_secs(5)).await.unwrap();
        kv.put(key("leased"), "1", Some(lease.id())).await.unwrap();
        lease.revoke().await.unwrap();
        assert!(!kv.exists(&key("leased")).await.unwrap());

        let mut bucket = good.clone();
        bucket.bucket = "other".to_owned();
        let (kind, text) = refused(&bucket).await;
        assert_eq!(kind, ErrorKind::PermissionDenied, "{text}");

        let mut token = good.clone();
        token.token = Some("00000000-0000-4000-8000-00000000000f".to_owned());
        let (kind, text) = refused(&token).await;
        assert_eq!(kind, ErrorKind::Unauthenticated, "{text}");
        assert!(text.contains("does not know the token"), "{text}");

        let mut control = good.clone();
        control.token = Some("with\na line".to_owned());
        let (kind, text) = refused(&control).await;
        assert_eq!(kind, ErrorKind::InvalidArgument, "{text}");

        let mut nobody = good.clone();
        nobody.token = None;
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
        refused(&plain).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_is_said_by_each_call() {
    within(async {
        let server = Server::started(&["consul", "--auth"]).await;
        let mut options = Options::new(server.endpoints());
        // The token may write below `app/` only, and the management token everything.
        options.bucket = "app".to_owned();
        options.token = Some(server.about()["token"].as_str().unwrap().to_owned());
        let kv = Kv::new(Consul::connect(&options).await.unwrap(), options.timeout);
        kv.put(key("k"), "v", None).await.unwrap();
        let watch = kv.watch(key("k"), WatchStart::Now).await;
        drop(watch.unwrap());

        options.bucket = "other".to_owned();
        let (kind, text) = refused(&options).await;
        assert_eq!(kind, ErrorKind::PermissionDenied, "{text}");
        assert!(text.contains("write"), "{text}");
        options.token = Some(
            server.about()["management_token"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        let kv = Kv::new(Consul::connect(&options).await.unwrap(), options.timeout);
        kv.put(key("k"), "v", None).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_on_a_server_without_acls_is_an_error() {
    within(async {
        let server = Server::started(&["consul", "--nodes", "3"]).await;
        let mut options = Options::new(server.endpoints());
        options.token = Some("00000000-0000-4000-8000-00000000000f".to_owned());
        let (kind, text) = refused(&options).await;
        assert_eq!(kind, ErrorKind::Unauthenticated, "{text}");
        assert!(text.contains("no ACLs"), "{text}");
    })
    .await;
}

/// A server that answers every request with this text, or with nothing.
async fn another_server(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = client.read(&mut request).await;
                match answer {
                    Some(answer) => drop(client.write_all(answer.as_bytes()).await),
                    None => std::future::pending().await,
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_consul_is_an_error_in_time() {
    within(async {
        for (answer, expected) in [
            (None, "no answer within"),
            (
                Some("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ok>"),
                "not Consul",
            ),
            (
                Some("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
                "not Consul",
            ),
            (
                Some("HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"),
                "not Consul",
            ),
            (Some("SSH-2.0-OpenSSH_9.2\r\n"), "invalid"),
            (Some(""), "closed"),
        ] {
            let address = another_server(answer).await;
            let mut options = Options::new([address.clone()]);
            options.timeout = Duration::from_secs(2);
            let (kind, text) = refused(&options).await;
            assert_eq!(kind, ErrorKind::Unavailable, "{text}");
            assert!(text.contains(expected) && text.contains(&address), "{text}");
        }
        for endpoint in ["127.0.0.1:1", "no-such-host.invalid"] {
            let mut options = Options::new([endpoint]);
            options.timeout = Duration::from_secs(2);
            let (kind, text) = refused(&options).await;
            assert_eq!(kind, ErrorKind::Unavailable, "{text}");
            assert!(text.contains(endpoint), "{text}");
        }
        for wrong in ["ftp://127.0.0.1", "a b"] {
            let (kind, text) = refused(&Options::new([wrong])).await;
            assert_eq!(kind, ErrorKind::InvalidArgument, "{text}");
        }
        let (kind, text) = refused(&Options::new([""; 0])).await;
        assert_eq!(kind, ErrorKind::InvalidArgument, "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_of_a_config_has_its_effect() {
    within(async {
        let server = Server::started(&["consul", "--mutual-tls", "--auth"]).await;
        let about = server.about();
        let pki = |name: &str| about["pki"][name].as_str().unwrap();
        let registry = format!(
            "  provider: consul\n  endpoints: [\"{}\"]\n  token: {}\n  timeout: 20s\n  \
             certificate_file: {}\n  client_certificate_file: {}\n  client_key_file: {}\n  \
             bucket: app\n  header_timeout_per_request: 10s\n",
            server.endpoints()[0],
            about["token"].as_str().unwrap(),
            pki("ca_pem"),
            pki("client_pem"),
            pki("client_key"),
        );
        let kv = opened(&registry).await.unwrap();
        kv.put(key("k"), "v", None).await.unwrap();
        let page = kv.list(None, ListOptions::default()).await.unwrap();
        assert_eq!(page.entries.len(), 1);
        for (name, value) in [
            ("token", "wrong"),
            ("certificate_file", pki("other_ca_pem")),
            ("client_certificate_file", pki("expired_pem")),
            ("client_key_file", pki("expired_key")),
            ("bucket", "other"),
            ("endpoints", "[127.0.0.1:1]"),
            ("timeout", "1us"),
        ] {
            let line = |line: &str| match line.trim_start().starts_with(&format!("{name}:")) {
                true => format!("  {name}: {value}\n"),
                false => format!("{line}\n"),
            };
            let changed: String = registry.lines().map(line).collect();
            // Enough for a refusal, and little for a server that is not there.
            let changed = changed.replace("timeout: 20s", "timeout: 4s");
            let why = opened(&changed).await.err();
            assert!(why.is_some(), "{name} has no effect");
        }
        let silent = another_server(None).await;
        let registry = format!(
            "  provider: consul\n  endpoints: [\"{silent}\"]\n  timeout: 1s\n  \
             header_timeout_per_request: 100ms\n"
        );
        let start = Instant::now();
        let why = opened(&registry).await.unwrap_err();
        // A connection may take as long as an answer on a machine that is busy.
        assert!(why.contains(" within 100"), "{why}");
        assert!(
            start.elapsed() < Duration::from_secs(4),
            "the default of `timeout` is 5 s"
        );
    })
    .await;
}
