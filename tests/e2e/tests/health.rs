//! `grpc.health.v1`, and the probes of `health.endpoints`.
#![allow(clippy::unwrap_used)]

#[path = "support/pki.rs"]
mod pki;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use carml_grpc::health::pb::{HealthCheckRequest, HealthListRequest, health_client::HealthClient};
use carml_runtime::{
    App,
    config::Config,
    testing::{self, Server},
};
use carml_test_e2e::Parrot;
use pki::Pki;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const SERVING: i32 = 1;
const NOT_SERVING: i32 = 2;

/// A port that nothing has, for long enough.
async fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// A service that probes these often, and its admin port.
async fn serve(endpoints: &[String], readiness: bool) -> (Server, SocketAddr) {
    serve_within("5s", endpoints, readiness).await
}

/// The same, with this time for a probe.
async fn serve_within(
    timeout: &str,
    endpoints: &[String],
    readiness: bool,
) -> (Server, SocketAddr) {
    let admin = free().await;
    let list = endpoints.join("', '");
    let config = format!(
        "health: {{ endpoints: ['{list}'], interval: 20ms, timeout: {timeout}, readiness: {readiness} }}\n"
    );
    let app = App::<Config>::new()
        .config_text("test.yml", &config)
        .set(format!("admin.listen={admin}"));
    let server = testing::start(app.service(|_| Ok(Parrot))).await.unwrap();
    (server, admin)
}

async fn get(admin: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(admin).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// What the health of a service lists.
async fn list(server: &Server) -> HashMap<String, i32> {
    let mut client = HealthClient::new(server.channel().await.unwrap());
    let listed = client.list(HealthListRequest {}).await.unwrap();
    let statuses = listed.into_inner().statuses.into_iter();
    statuses.map(|(name, one)| (name, one.status)).collect()
}

/// A server that accepts connections, and says nothing.
async fn accepting() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    address
}

async fn until(what: &str, mut is_it: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_it().await {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A server that answers all requests with a status, which may change.
struct Web {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    requests: Arc<AtomicUsize>,
    last: Arc<std::sync::Mutex<String>>,
}

impl Web {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let web = Self {
            address: listener.local_addr().unwrap(),
            status: Arc::new(AtomicU16::new(200)),
            requests: Arc::default(),
            last: Arc::default(),
        };
        let (status, requests) = (Arc::clone(&web.status), Arc::clone(&web.requests));
        let last = Arc::clone(&web.last);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let count = stream.read(&mut request).await.unwrap_or(0);
                *last.lock().unwrap() = String::from_utf8_lossy(&request[..count]).into_owned();
                let status = status.load(Relaxed);
                let answer = format!(
                    "HTTP/1.1 {status} Status\r\nlocation: /other\r\ncontent-length: 100000\r\n\r\nx"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                requests.fetch_add(1, Relaxed);
            }
        });
        web
    }
}

#[tokio::test]
async fn list_has_the_server_and_its_services() {
    let app = App::<Config>::new().config_text("test.yml", "app: { name: test }");
    let server = testing::start(app.service(|_| Ok(Parrot))).await.unwrap();
    let listed = list(&server).await;
    let expected = ["", "carml.test.v1.Echo"].map(|name| (name.to_owned(), SERVING));
    assert_eq!(listed, HashMap::from(expected));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn endpoints_of_every_scheme_are_probed() {
    let web = Web::start().await;
    let tcp_address = accepting().await;
    let (other, _) = serve(&[format!("tcp://{tcp_address}")], false).await;
    let endpoints = [
        tcp_address.to_string(),
        format!("http://{}/ready?key=secret", web.address),
        format!("grpc://{}", other.address()),
    ];
    let (server, admin) = serve(&endpoints, false).await;
    until("all are up", async || {
        list(&server).await["carml.endpoints"] == SERVING
    })
    .await;
    let request = web.last.lock().unwrap().clone();
    assert!(
        request.starts_with("GET /ready?key=secret HTTP/1.1\r\n"),
        "{request}"
    );
    let host = format!("host: {}\r\n", web.address);
    assert!(request.to_lowercase().contains(&host), "{request}");

    // A redirect is an answer. A status of an error is not, and is not a reason to be unready.
    web.status.store(302, Relaxed);
    let before = web.requests.load(Relaxed);
    until("some probes", async || {
        web.requests.load(Relaxed) > before + 5
    })
    .await;
    assert_eq!(list(&server).await["carml.endpoints"], SERVING);
    web.status.store(503, Relaxed);
    until("one is down", async || {
        list(&server).await["carml.endpoints"] == NOT_SERVING
    })
    .await;
    let (status, verbose) = get(admin, "/readyz?verbose").await;
    assert_eq!(status, 200, "{verbose}");
    let web_line = format!(
        "endpoint http://{}/ready (not required): down: it answers with status 503",
        web.address
    );
    assert!(verbose.contains(&web_line), "{verbose}");
    assert!(!verbose.contains("secret"), "{verbose}");
    let tcp_line = format!("endpoint {tcp_address} (not required): up");
    assert!(verbose.contains(&tcp_line), "{verbose}");
    let (_, metrics) = get(admin, "/metrics").await;
    let down = format!(
        "carml_endpoint_up{{endpoint=\"http://{}/ready\"}} 0",
        web.address
    );
    let up = format!(
        "carml_endpoint_up{{endpoint=\"grpc://{}\"}} 1",
        other.address()
    );
    assert!(
        metrics.contains(&down) && metrics.contains(&up),
        "{metrics}"
    );
    let (_, page) = get(admin, "/").await;
    assert!(page.contains("down: it answers with status 503"), "{page}");

    // The health of another service counts, not that it accepts connections.
    web.status.store(200, Relaxed);
    until("all are up again", async || {
        list(&server).await["carml.endpoints"] == SERVING
    })
    .await;
    let other_address = other.address();
    other.stop().await.unwrap();
    until("the other is down", async || {
        list(&server).await["carml.endpoints"] == NOT_SERVING
    })
    .await;
    let (_, verbose) = get(admin, "/readyz?verbose").await;
    let line = format!("endpoint grpc://{other_address} (not required): down: ");
    assert!(verbose.contains(&line), "{verbose}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_service_that_reports_not_serving_is_down() {
    let gone = free().await;
    let (other, _) = serve(&[gone.to_string()], true).await;
    let (server, admin) = serve(&[format!("grpc://{}", other.address())], false).await;
    until("it is down", async || {
        let (_, verbose) = get(admin, "/readyz?verbose").await;
        verbose.contains("down: it reports NOT_SERVING")
    })
    .await;
    server.stop().await.unwrap();
    other.stop().await.unwrap();
}

#[tokio::test]
async fn readiness_follows_the_endpoints_only_if_the_config_says_so() {
    let web = Web::start().await;
    let (server, admin) = serve(&[format!("http://{}", web.address)], true).await;
    until("it is ready", async || get(admin, "/readyz").await.0 == 200).await;
    let ready = list(&server).await;
    for name in ["", "carml.test.v1.Echo", "carml.endpoints"] {
        assert_eq!(ready[name], SERVING, "{name}");
    }
    web.status.store(500, Relaxed);
    until("it is not ready", async || {
        get(admin, "/readyz").await.0 == 503
    })
    .await;
    let (_, answer) = get(admin, "/readyz").await;
    assert!(
        answer.ends_with("not ready: an endpoint is not up\n"),
        "{answer}"
    );
    let unready = list(&server).await;
    for name in ["", "carml.test.v1.Echo", "carml.endpoints"] {
        assert_eq!(unready[name], NOT_SERVING, "{name}");
    }
    web.status.store(200, Relaxed);
    until("it is ready again", async || {
        get(admin, "/readyz").await.0 == 200
    })
    .await;
    until("health says so", async || {
        list(&server).await[""] == SERVING
    })
    .await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_down_and_stops_no_drain() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            counted.fetch_add(1, Relaxed);
            open.push(stream);
        }
    });
    let endpoints = ["http", "grpc"].map(|scheme| format!("{scheme}://{address}"));
    let (server, admin) = serve_within("200ms", &endpoints, true).await;
    until("both are down", async || {
        let (_, verbose) = get(admin, "/readyz?verbose").await;
        verbose.matches("down: no answer within 200ms").count() == 2
    })
    .await;
    let began = Instant::now();
    server.stop().await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    let then = connections.load(Relaxed);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(connections.load(Relaxed), then, "the probes have ended");
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_down() {
    let certificates = Pki::create();
    let config = format!(
        "grpc: {{ server: {{ tls: {{ cert_file: '{}', key_file: '{}' }} }} }}",
        certificates.path("server.pem"),
        certificates.path("server.key")
    );
    let app = App::<Config>::new().config_text("test.yml", &config);
    let secure = testing::start(app.service(|_| Ok(Parrot))).await.unwrap();
    let (server, admin) = serve(&[format!("https://{}", secure.address())], false).await;
    until("it is down", async || {
        let (_, verbose) = get(admin, "/readyz?verbose").await;
        verbose.contains("down: ") && verbose.contains("certificate")
    })
    .await;
    server.stop().await.unwrap();
    secure.stop().await.unwrap();
}

#[tokio::test]
async fn health_ends_with_the_drain_whatever_the_probes_say() {
    let endpoint = accepting().await;
    let admin = free().await;
    let config = format!(
        "grpc: {{ server: {{ shutdown: {{ settle: 500ms }} }} }}\n\
         health: {{ endpoints: ['{endpoint}'], interval: 10ms, readiness: true }}\n"
    );
    let app = App::<Config>::new()
        .config_text("test.yml", &config)
        .set(format!("admin.listen={admin}"));
    let server = testing::start(app.service(|_| Ok(Parrot))).await.unwrap();
    let mut client = HealthClient::new(server.channel().await.unwrap());
    until("it is ready", async || get(admin, "/readyz").await.0 == 200).await;
    let stopped = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(200)).await;
    for service in ["", "carml.test.v1.Echo", "carml.endpoints"] {
        let service = service.to_owned();
        let answer = client.check(HealthCheckRequest { service }).await.unwrap();
        assert_eq!(answer.into_inner().status, NOT_SERVING);
    }
    drop(client);
    stopped.await.unwrap().unwrap();
}
