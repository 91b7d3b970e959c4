//! The middleware `auth`, through clients.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "support/pki.rs"]
mod pki;
mod support;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use carml_runtime::{App, config::Config, testing};
use carml_test_e2e::{Parrot, proto::carml::test::v1::EchoClient};
use pki::Pki;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use support::{client, line, start};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tonic::{
    Code,
    transport::{Channel, ClientTlsConfig},
};

/// How a call with this `authorization` ends.
async fn call(address: SocketAddr, authorization: Option<&str>) -> (Code, String) {
    ended(client(address).await, authorization).await
}

async fn ended(mut client: EchoClient<Channel>, authorization: Option<&str>) -> (Code, String) {
    let mut request = tonic::Request::new(line("hello", 0));
    if let Some(value) = authorization {
        let value = value.parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    match client.say(request).await {
        Ok(_) => (Code::Ok, String::new()),
        Err(status) => (status.code(), status.message().to_owned()),
    }
}

/// A key that signs tokens.
struct Signer {
    key: EcdsaKeyPair,
    kid: &'static str,
}

impl Signer {
    fn new(kid: &'static str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap();
        Self { key, kid }
    }

    fn jwk(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "kid": self.kid,
            "x": part(&point[1..33]), "y": part(&point[33..]),
        })
    }

    /// A token with these claims instead of the right ones.
    fn token(&self, changes: &Value) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mut claims = json!({
            "iss": "https://issuer", "aud": ["orders"], "sub": "alice", "exp": now + 600,
        });
        for (key, value) in changes.as_object().unwrap() {
            claims[key] = value.clone();
        }
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!(
            "{}.{}",
            part(json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" })),
            part(claims)
        );
        let signature = self
            .key
            .sign(&SystemRandom::new(), message.as_bytes())
            .unwrap();
        format!(
            "Bearer {message}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(signature)
        )
    }
}

fn set(signers: &[&Signer]) -> String {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    json!({ "keys": keys }).to_string()
}

#[tokio::test]
async fn a_rate_is_that_of_each_identity() {
    let signer = Signer::new("one");
    let folder = tempfile::tempdir().unwrap();
    let jwks = folder.path().join("jwks.json");
    std::fs::write(&jwks, set(&[&signer])).unwrap();
    let jwt = json!({ "issuer": "https://issuer", "audience": "orders", "jwks": jwks });
    let open = json!([{ "name": [{ "service": "carml.test.v1.Echo", "method": "Join" }], "require": "none" }]);
    let list = json!([
        { "auth": { "jwt": jwt, "methods": open } },
        { "rate_limit": { "rate": "2/h", "key": "identity" } },
    ]);
    let (_running, address) = start(list, json!({})).await;
    for sub in ["alice", "bob"] {
        let token = signer.token(&json!({ "sub": sub }));
        for expected in [Code::Ok, Code::Ok, Code::ResourceExhausted] {
            let (code, text) = call(address, Some(&token)).await;
            assert_eq!(code, expected, "{sub}: {text}");
        }
    }
    // A call that needs no credentials counts for its peer.
    let mut client = client(address).await;
    for expected in [Code::Ok, Code::Ok, Code::ResourceExhausted] {
        let ended = client.join(tokio_stream::once(line("hello", 0))).await;
        let code = ended.map_or_else(|status| status.code(), |_| Code::Ok);
        assert_eq!(code, expected);
    }
}

#[tokio::test]
async fn a_call_needs_a_secret_that_is_listed() {
    let list = json!(["recover", { "auth": { "bearer": ["first-secret", "second-secret"] } }]);
    let plan = carml_runtime::config::chain::plan(
        carml_runtime::config::chain::Side::Server,
        list.as_array().unwrap(),
        |_| false,
    );
    let shown = plan.unwrap().to_string();
    assert!(
        shown.contains("******") && !shown.contains("secret"),
        "{shown}"
    );
    let (_running, address) = start(list, json!({})).await;
    for right in ["Bearer first-secret", "bearer second-secret"] {
        assert_eq!(call(address, Some(right)).await.0, Code::Ok, "{right}");
    }
    let (code, text) = call(address, None).await;
    assert_eq!(code, Code::Unauthenticated);
    assert!(text.contains("no credentials"), "{text}");
    for wrong in [
        "Bearer",
        "Bearer ",
        "Bearer first",
        "Bearer first-secret2",
        "Basic first-secret",
        "first-secret",
    ] {
        let (code, text) = call(address, Some(wrong)).await;
        assert_eq!(code, Code::Unauthenticated, "{wrong}");
        assert!(!text.contains("first"), "{text}");
    }
}

#[tokio::test]
async fn methods_have_rules_of_their_own_and_health_is_exempt() {
    let auth = json!({
        "bearer": ["secret"],
        "methods": [
            { "name": [{ "service": "carml.test.v1.Echo" }], "allow": ["nobody"] },
            { "name": [{ "service": "carml.test.v1.Echo", "method": "Say" }], "require": "none" },
        ],
    });
    let (_running, address) = start(json!([{ "auth": auth }]), json!({})).await;
    assert_eq!(
        call(address, None).await.0,
        Code::Ok,
        "the method wins over the service"
    );
    let mut client = client(address).await;
    let mut request = tonic::Request::new(line("hello", 1));
    let error = client.repeat(line("hello", 1)).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    let secret = "Bearer secret".parse().unwrap();
    request.metadata_mut().insert("authorization", secret);
    let error = client.repeat(request).await.unwrap_err();
    assert_eq!(error.code(), Code::PermissionDenied, "{error}");

    let app = App::<Config>::new().config_text(
        "test.yml",
        "grpc: { server: { middleware: [auth: { bearer: [s] }] } }",
    );
    let server = testing::start(app.service(|_| Ok(Parrot))).await.unwrap();
    let channel = server.channel().await.unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    let all = tonic_health::pb::HealthCheckRequest::default();
    health.check(all).await.unwrap();
    let mut reflection =
        tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(channel);
    let error = reflection
        .server_reflection_info(tokio_stream::empty())
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        Code::Unauthenticated,
        "reflection is not exempt"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_token_is_checked_against_the_keys_of_a_file() {
    let (known, unknown) = (Signer::new("known"), Signer::new("unknown"));
    let forger = Signer::new("known");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, set(&[&known])).unwrap();
    let auth = json!({
        "jwt": { "issuer": "https://issuer", "audience": "orders", "jwks": path },
        "methods": [{ "name": [{}], "allow": ["alice"] }],
    });
    let (_running, address) = start(json!([{ "auth": auth }]), json!({})).await;
    let (code, text) = call(address, Some(&known.token(&json!({})))).await;
    assert_eq!(code, Code::Ok, "{text}");
    for (token, why) in [
        (known.token(&json!({ "exp": 1_000 })), "expired"),
        (
            known.token(&json!({ "exp": null })),
            "does not say when it expires",
        ),
        (
            known.token(&json!({ "nbf": 99_999_999_999_u64 })),
            "not valid yet",
        ),
        (known.token(&json!({ "iss": "https://other" })), "issuer"),
        (known.token(&json!({ "aud": "other" })), "audience"),
        (unknown.token(&json!({})), "key is not known"),
        (forger.token(&json!({})), "signature"),
        ("Bearer eyJhbGciOiJub25lIn0.e30.".to_owned(), "algorithm"),
        ("Bearer nonsense".to_owned(), "not a JSON Web Token"),
    ] {
        let (code, text) = call(address, Some(&token)).await;
        assert_eq!(code, Code::Unauthenticated, "{why}");
        assert!(text.contains(why), "{text}");
        assert!(!text.contains(token.split('.').next().unwrap()), "{text}");
    }
    let (code, text) = call(address, Some(&known.token(&json!({ "sub": "bob" })))).await;
    assert_eq!(code, Code::PermissionDenied, "{text}");
}

/// An issuer: what its keys are now; none: it fails.
async fn issuer(keys: Arc<Mutex<Option<String>>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let keys = keys.lock().unwrap().clone();
            let _ = stream.read(&mut [0; 2_000]).await;
            let (status, body) = match keys {
                Some(keys) => ("200 OK", keys),
                None => ("503 Service Unavailable", String::new()),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn keys_of_a_url_are_fetched_in_the_background_and_again_for_a_key_that_is_new() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let keys = Arc::new(Mutex::new(None));
    let issuer = issuer(Arc::clone(&keys)).await;
    let auth = json!({ "jwt": {
        "issuer": "https://issuer", "audience": "orders", "jwks": format!("http://{issuer}/jwks"),
    } });
    let (_running, address) = start(json!([{ "auth": auth }]), json!({})).await;
    let until = async |signer: &Signer, seconds: u64| {
        for _ in 0..seconds * 10 {
            if call(address, Some(&signer.token(&json!({})))).await.0 == Code::Ok {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the keys were not fetched");
    };
    // The issuer is away.
    let (code, _) = call(address, Some(&old.token(&json!({})))).await;
    assert_eq!(code, Code::Unavailable);
    *keys.lock().unwrap() = Some(set(&[&old]));
    until(&old, 10).await;
    // It has a new key: the first token of it is refused, and makes the server look.
    let (code, _) = call(address, Some(&new.token(&json!({})))).await;
    assert_eq!(code, Code::Unauthenticated);
    *keys.lock().unwrap() = Some(set(&[&old, &new]));
    until(&new, 25).await;
    // It is away again: the keys stay.
    *keys.lock().unwrap() = None;
    let (code, _) = call(address, Some(&new.token(&json!({})))).await;
    assert_eq!(code, Code::Ok);
}

#[tokio::test]
async fn a_certificate_needs_a_name_that_is_allowed() {
    let pki = Pki::create();
    let names = carml_tls::ClientCertificate::of(&[rustls_certificate(&pki)]).unwrap();
    let name = names.uris.iter().chain(&names.dns_names).next().unwrap();
    let tls = json!({ "tls": {
        "cert_file": pki.path("server.pem"), "key_file": pki.path("server.key"),
        "client_ca_file": pki.path("ca.pem"), "client_auth": "optional",
    } });
    let with = pki
        .client()
        .identity(pki.identity("client.pem", "client.key"));
    for (allowed, tls_client, code) in [
        (name.as_str(), with.clone(), Code::Ok),
        ("spiffe://example.org/other", with, Code::PermissionDenied),
        (name.as_str(), pki.client(), Code::Unauthenticated),
    ] {
        let list = json!([{ "auth": { "mtls": { "allow": [allowed] } } }]);
        let (_running, address) = start(list, tls.clone()).await;
        let channel = connect(address, tls_client).await;
        let (found, text) = ended(EchoClient::new(channel), None).await;
        assert_eq!(found, code, "{text}");
    }
}

fn rustls_certificate(pki: &Pki) -> rustls::pki_types::CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject as _;

    let pem = pki.read("client.pem");
    rustls::pki_types::CertificateDer::from_pem_slice(&pem).unwrap()
}

async fn connect(address: SocketAddr, tls: ClientTlsConfig) -> Channel {
    let endpoint = Channel::from_shared(format!("https://{address}")).unwrap();
    endpoint.tls_config(tls).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn options_that_cannot_work_are_refused_at_their_place() {
    for (auth, at, why) in [
        ("{}", "4:15", "nothing to check"),
        (
            "{ jwt: { issuer: i, audience: a, jwks: 'http://issuer.example.org/keys' } }",
            "4:",
            "https",
        ),
        (
            "{ jwt: { issuer: i, audience: a, jwks: /no/such/file } }",
            "4:",
            "cannot be read",
        ),
        (
            "{ bearer: [s], methods: [{ name: [{ service: carml.test.v1.Ech }] }] }",
            "4:",
            "carml.test.v1.Echo",
        ),
        (
            "{ bearer: [s], methods: [{ name: [{ service: carml.test.v1.Echo, method: Sey }] }] }",
            "4:",
            "Say",
        ),
        (
            "{ bearer: [s], methods: [{ name: [{ method: Say }] }] }",
            "4:",
            "`service` is missing",
        ),
        (
            "{ bearer: [s], methods: [{ name: [{}], require: mtls }] }",
            "4:",
            "does not have",
        ),
        (
            "{ bearer: [s], methods: [{ name: [{}, {}] }] }",
            "4:",
            "another entry",
        ),
    ] {
        let config = format!("grpc:\n  server:\n    middleware:\n      - auth: {auth}\n");
        let app = App::<Config>::new()
            .config_text("test.yml", &config)
            .args(["--check"]);
        let error = app
            .service(|_| Ok(Parrot))
            .serve()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(&format!("test.yml:{at}")), "{auth}: {error}");
        assert!(error.contains(why), "{auth}: {error}");
    }
}
