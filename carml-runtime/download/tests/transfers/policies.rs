//! What may be downloaded from where, and with which credentials.

use std::fs;

use carml_download::{
    ChecksumPolicy, Credential, CredentialSecret, Downloads, ErrorKind, Options, Proxy, Request,
};

use crate::support::{Remote, Server, TestCache, content, sha256};

fn file_server() -> Server {
    let remote = Remote::new(content(1000, 1), "a");
    Server::start(move |seen, wire, _| remote.answer(seen, wire, usize::MAX))
}

fn redirect_to(target: String) -> Server {
    Server::start(move |_, wire, _| wire.reply("302 Found", &[("Location", &target)], b""))
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_host() {
    let target = file_server();
    let start = redirect_to(target.url("/file"));
    let credential = |url: &str, secret| Credential {
        url: url.to_owned(),
        secret,
    };
    let header = CredentialSecret::Header {
        name: "private-token".into(),
        value: "s3cret".into(),
    };
    let cache = TestCache::with(|options| {
        options.credentials = vec![
            credential(&start.url("/"), CredentialSecret::Token("short".into())),
            credential(&start.url("/models/"), header),
        ];
    });
    let downloads = cache.open();
    downloads
        .fetch(Request::new(start.url("/models/a")))
        .await
        .expect("the file");
    let sent = &start.requests()[0];
    assert_eq!(
        sent.header("private-token"),
        Some("s3cret"),
        "the longest prefix"
    );
    assert_eq!(sent.header("authorization"), None);
    let followed = &target.requests()[0];
    for name in ["private-token", "authorization", "cookie", "referer"] {
        assert_eq!(followed.header(name), None, "{name}");
    }
    downloads
        .fetch(Request::new(start.url("/other")))
        .await
        .expect("the file");
    assert_eq!(
        start.requests()[1].header("authorization"),
        Some("Bearer short")
    );
    assert!(!format!("{:?}", cache.options).contains("s3cret"));
}

#[tokio::test]
async fn user_information_of_the_url_goes_to_its_host_alone() {
    let target = file_server();
    let start = redirect_to(target.url("/file"));
    let cache = TestCache::new();
    let url = format!("http://me:s3cret@127.0.0.1:{}/a", start.port());
    let cached = cache
        .open()
        .fetch(Request::new(url))
        .await
        .expect("the file");
    assert_eq!(
        start.requests()[0].header("authorization"),
        Some("Basic bWU6czNjcmV0")
    );
    assert_eq!(target.requests()[0].header("authorization"), None);
    drop(cached);
    for record in cache.files("urls") {
        let text = fs::read_to_string(record).expect("a record");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test]
async fn redirects_are_limited_and_checked() {
    let cache = TestCache::with(|options| options.redirects = 3);
    let downloads = cache.open();
    let looping = Server::start(|_, wire, _| {
        wire.reply("302 Found", &[("Location", "/again?token=s3cret")], b"")
    });
    let error = downloads
        .fetch(Request::new(looping.url("/a")))
        .await
        .expect_err("a loop");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(looping.count(), 4);
    for target in [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "store:key",
        "http://[",
        "",
    ] {
        let server = redirect_to(target.to_owned());
        let error = downloads
            .fetch(Request::new(server.url("/a")))
            .await
            .expect_err(target);
        assert_eq!(error.kind, ErrorKind::Refused, "{target:?}: {error}");
        if !target.is_empty() {
            assert_eq!(server.count(), 1, "{target:?}");
        }
    }
    cache.assert_clean();
}

#[tokio::test]
async fn the_allow_list_holds_for_each_hop() {
    let secret = file_server();
    let start = redirect_to(secret.url("/internal"));
    let cache = TestCache::with(|options| options.allow = vec![start.url("/")]);
    let downloads = cache.open();
    let error = downloads
        .fetch(Request::new(start.url("/a")))
        .await
        .expect_err("another host");
    assert_eq!(error.kind, ErrorKind::Refused);
    let error = downloads
        .fetch(Request::new(secret.url("/a")))
        .await
        .expect_err("another host");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(secret.count(), 0);
}

#[tokio::test]
async fn a_remote_caller_cannot_reach_inside() {
    let inside = file_server();
    let cache = TestCache::new();
    let downloads = cache.open();
    let hex = sha256(&content(1000, 1));
    let port = inside.port();
    for url in [
        inside.url("/a"),
        format!("http://localhost:{port}/a"),
        format!("http://2130706433:{port}/a"),
        format!("http://[::ffff:127.0.0.1]:{port}/a"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "store:models/a".to_owned(),
    ] {
        let error = downloads
            .fetch(Request::untrusted(&url).sha256(&hex))
            .await
            .expect_err(&url);
        assert_eq!(error.kind, ErrorKind::Refused, "{url}: {error}");
    }
    assert_eq!(inside.count(), 0);
    let error = downloads
        .fetch(Request::untrusted("https://example.org/a"))
        .await;
    let error = error.expect_err("no checksum");
    assert!(error.to_string().contains("checksum"), "{error}");
    let closed = TestCache::with(|options| options.private_addresses = false);
    let error = closed
        .open()
        .fetch(Request::new(format!("http://localhost:{port}/a")))
        .await;
    assert_eq!(error.expect_err("private").kind, ErrorKind::Refused);
    assert_eq!(inside.count(), 0);
}

#[tokio::test]
async fn a_private_target_is_refused_though_a_proxy_would_connect() {
    let proxy = file_server();
    let cache = TestCache::with(|options| options.proxy = Proxy::Url(proxy.url("/")));
    let downloads = cache.open();
    let url = "http://localhost:9/a";
    let hex = sha256(&content(1000, 1));
    let error = downloads.fetch(Request::untrusted(url).sha256(&hex)).await;
    assert_eq!(error.expect_err("private").kind, ErrorKind::Refused);
    assert_eq!(proxy.count(), 0);
    // A trusted one goes by the proxy.
    downloads
        .fetch(Request::new(url).sha256(&hex))
        .await
        .expect("the file");
    assert_eq!(proxy.requests()[0].path(), url);
}

#[tokio::test]
async fn a_checksum_is_needed_where_content_can_be_changed_on_the_way() {
    let cache = TestCache::new();
    let downloads = cache.open();
    let md5 = "http://example.org/a#md5=900150983cd24fb0d6963f7d28e17f72";
    for url in ["http://example.org/a", md5] {
        let error = downloads.fetch(Request::new(url)).await.expect_err(url);
        assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    }
    let strict = TestCache::with(|options| options.checksum = ChecksumPolicy::Required);
    let server = file_server();
    let error = strict
        .open()
        .fetch(Request::new(server.url("/a")))
        .await
        .expect_err("none");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_file_of_this_machine_is_for_the_command_line() {
    let cache = TestCache::new();
    let downloads = cache.open();
    let path = cache.outside().join("model.bin");
    fs::write(&path, "weights").expect("a file");
    let url = format!("file://{}", path.display());
    let error = downloads
        .fetch(Request::new(&url))
        .await
        .expect_err("not listed");
    assert_eq!(error.kind, ErrorKind::Refused);
    let cached = downloads
        .fetch(Request::command_line(&url))
        .await
        .expect("the file");
    assert_eq!(cached.sha256, sha256(b"weights"));
    fs::write(&path, "other weights").expect("a file");
    let cached = downloads
        .fetch(Request::command_line(&url))
        .await
        .expect("the new file");
    assert_eq!(cached.sha256, sha256(b"other weights"));
    for (url, kind) in [
        (
            format!("file://{}", cache.outside().display()),
            ErrorKind::Refused,
        ),
        (format!("{url}.missing"), ErrorKind::NotFound),
        ("file:///dev/zero".to_owned(), ErrorKind::Refused),
    ] {
        let error = downloads
            .fetch(Request::command_line(&url))
            .await
            .expect_err(&url);
        assert_eq!(error.kind, kind, "{url}: {error}");
    }
    cache.assert_clean();
}

#[test]
fn options_that_are_invalid_are_named() {
    type Change = fn(&mut Options);
    let cases: [(&str, Change); 5] = [
        ("allow", |options| {
            options.allow = vec!["example.org".into()];
        }),
        ("mirrors", |options| {
            options.mirrors = vec![carml_download::Mirror {
                url: "https://a.org/".into(),
                to: vec!["nowhere".into()],
            }];
        }),
        ("proxy", |options| {
            options.proxy = Proxy::Url("nonsense".into());
        }),
        ("certificate", |options| {
            let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
            options.certificate = Some(pem.into());
        }),
        ("credentials", |options| {
            options.credentials = vec![Credential {
                url: "https://a.org/".into(),
                secret: CredentialSecret::Token("s3cret\n".into()),
            }];
        }),
    ];
    for (key, change) in cases {
        let cache = TestCache::with(change);
        let error = Downloads::open(&cache.options).expect_err(key);
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
        assert!(error.to_string().contains(key), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
