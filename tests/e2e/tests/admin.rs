//! The admin port and the metrics, by HTTP.
#![allow(clippy::unwrap_used)]

#[cfg(unix)]
#[path = "support/pki.rs"]
mod pki;
mod support;

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use carml_runtime::{
    App, carml_service,
    client::Channel,
    config::Config,
    testing::{self, Server},
};
use carml_test_e2e::{
    Parrot,
    proto::carml::test::v1::{Echo, EchoClient, EchoServer, Line},
    slow,
};
use support::line;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A port that nothing has, for long enough.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

async fn serve(config: &str) -> (Server, SocketAddr) {
    let admin = free();
    let app = App::<Config>::new()
        .config_text("test.yml", config)
        .set(format!("admin.listen={admin}"));
    let server = testing::start(app.service(|_| Ok(Parrot))).await.unwrap();
    (server, admin)
}

/// The status, and the whole answer with its headers.
async fn request(admin: SocketAddr, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(admin).await.unwrap();
    let length = body.len();
    let request = format!("{head}\r\nhost: test\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

async fn get(admin: SocketAddr, path: &str) -> (u16, String) {
    request(admin, &format!("GET {path} HTTP/1.1"), "").await
}

/// The value of a series.
fn value(metrics: &str, series: &str) -> f64 {
    let found = metrics.lines().find_map(|line| line.strip_prefix(series));
    let found = found.unwrap_or_else(|| panic!("there is no {series} in {metrics}"));
    found.trim().parse().unwrap()
}

const CHAIN: &str =
    "grpc: { server: { middleware: [metrics, recover, tracing, logging, timeout: 5s] } }\n";

#[tokio::test]
async fn calls_are_counted_by_method_and_status() {
    let (server, admin) = serve(CHAIN).await;
    let channel = server.channel().await.unwrap();
    let mut client = EchoClient::new(channel.clone());
    for _ in 0..3 {
        client.say(line("hello", 0)).await.unwrap();
    }
    client.say(line("", 0)).await.unwrap_err();
    client.say(line("panic", 0)).await.unwrap_err();
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    for n in 0..3 {
        grpc.ready().await.unwrap();
        let path = format!("/made.up.Service{n}/Method").parse().unwrap();
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let ended = grpc.unary(tonic::Request::new(()), path, codec).await;
        assert_eq!(ended.unwrap_err().code(), tonic::Code::Unimplemented);
    }
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let all = tonic_health::pb::HealthCheckRequest::default();
    health.check(all).await.unwrap();

    let (status, metrics) = get(admin, "/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains("content-type: text/plain; version=0.0.4"),
        "{metrics}"
    );
    let say = r#"rpc_system_name="grpc",rpc_method="carml.test.v1.Echo/Say""#;
    let count = |labels: &str| {
        value(
            &metrics,
            &format!("rpc_server_call_duration_seconds_count{{{labels}}}"),
        )
    };
    assert_eq!(count(&format!(r#"{say},rpc_status_code="OK""#)), 3.0);
    assert_eq!(
        count(&format!(r#"{say},rpc_status_code="INVALID_ARGUMENT""#)),
        1.0
    );
    let internal = format!(r#"{say},rpc_status_code="INTERNAL",error_type="INTERNAL""#);
    assert_eq!(count(&internal), 1.0);
    let other = r#"rpc_system_name="grpc",rpc_method="_OTHER",rpc_status_code="UNIMPLEMENTED",error_type="UNIMPLEMENTED""#;
    assert_eq!(count(other), 3.0);
    assert!(!metrics.contains("made.up"), "{metrics}");
    // It is in the same proto files, and not served.
    assert!(!metrics.contains("carml.test.names.v1.Names"), "{metrics}");
    let started = r#"grpc_server_call_started_total{grpc_method="carml.test.v1.Echo/Say"}"#;
    assert_eq!(value(&metrics, started), 5.0);
    let health = r#"grpc_server_call_started_total{grpc_method="grpc.health.v1.Health/Check"}"#;
    assert_eq!(value(&metrics, health), 0.0, "health is excluded");
    let bucket = format!(
        r#"rpc_server_call_duration_seconds_bucket{{{say},rpc_status_code="OK",le="+Inf"}}"#
    );
    assert_eq!(value(&metrics, &bucket), 3.0);
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
    ] {
        assert!(value(&metrics, &format!("{name} ")) > 0.0, "{name}");
    }
    // What every parser of the format asks for: a type before each family, once.
    let types: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("# TYPE"))
        .collect();
    let mut once = types.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(types.len(), once.len());
    server.stop().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_end_of_the_certificate_is_a_metric_and_on_the_page() {
    let pki = pki::Pki::create();
    let (cert, key) = (pki.path("server.pem"), pki.path("server.key"));
    let tls = format!("grpc: {{ server: {{ tls: {{ cert_file: {cert}, key_file: {key} }} }} }}");
    let (server, admin) = serve(&tls).await;
    // As OpenSSL and `date` say it.
    let end = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "date -u -d \"$(openssl x509 -in {cert} -noout -enddate | cut -d= -f2)\" +%s"
        ))
        .output()
        .unwrap();
    let end: f64 = String::from_utf8(end.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let (_, metrics) = get(admin, "/metrics").await;
    let series = r#"carml_tls_expiry_seconds{certificate="server"}"#;
    assert_eq!(value(&metrics, series), end);
    let (_, page) = get(admin, "/").await;
    assert!(page.contains("valid for"), "{page}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn readiness_ends_with_the_drain_and_health_does_not() {
    let config = "grpc: { server: { shutdown: { settle: 1s } } }";
    let (server, admin) = serve(config).await;
    assert_eq!(get(admin, "/healthz").await.0, 200);
    assert_eq!(get(admin, "/readyz").await.0, 200);
    let (_, verbose) = get(admin, "/readyz?verbose").await;
    assert!(verbose.contains("server: ok"), "{verbose}");
    let stopped = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(get(admin, "/healthz").await.0, 200);
    let (status, verbose) = get(admin, "/readyz?verbose").await;
    assert_eq!(status, 503);
    assert!(verbose.contains("draining"), "{verbose}");
    stopped.await.unwrap().unwrap();
    assert!(
        TcpStream::connect(admin).await.is_err(),
        "it ends with the service"
    );
}

#[tokio::test]
async fn the_config_has_no_secrets_and_says_where_values_come_from() {
    let config = "admin: { token: a-token-of-mine }\nlogger:\n  elastic_search: { endpoints: ['http://es'], username: u, password: hunter2 }\n";
    let (server, admin) = serve(config).await;
    let (status, shown) = get(admin, "/config").await;
    assert_eq!(status, 200);
    for secret in ["a-token-of-mine", "hunter2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("test.yml:1"), "{shown}");
    let (_, page) = get(admin, "/").await;
    assert!(!page.contains("a-token-of-mine"), "{page}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_chain_and_the_page_say_what_explain_says() {
    let (server, admin) = serve(&format!("app: {{ version: 1.4.2-rc }}\n{CHAIN}")).await;
    let (status, chain) = get(admin, "/chain").await;
    assert_eq!(status, 200);
    for step in [
        "1. metrics",
        "2. recover",
        "5. timeout: 5s",
        "max_message_size: receive 4mib",
    ] {
        assert!(chain.contains(step), "{step} is not in {chain}");
    }
    let mut client = EchoClient::new(server.channel().await.unwrap());
    client.say(line("hello", 0)).await.unwrap();
    client.say(slow(100)).await.unwrap();
    let (status, page) = get(admin, "/").await;
    assert_eq!(status, 200);
    assert!(page.contains("content-security-policy: default-src 'none'; style-src 'self'"));
    assert!(chain.contains("What they do:"), "{chain}");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let docs = include_str!("../../../docs/middleware.md");
    for facts in carml_runtime::config::chain::MIDDLEWARES {
        assert!(docs.contains(facts.description), "{}", facts.name);
        let is_shown = [
            "metrics",
            "recover",
            "tracing",
            "logging",
            "timeout",
            "max_message_size",
        ]
        .contains(&facts.name);
        let name = format!("<code>{}", facts.name);
        assert_eq!(page.contains(&name), is_shown, "{}", facts.name);
        let described = words(&chain).contains(&words(facts.description));
        assert_eq!(described, is_shown, "{}", facts.name);
    }
    assert!(
        page.contains("<code>carml.test.v1.Echo/Say</code></td><td class=\"n\">2</td>"),
        "{page}"
    );
    for part in [
        "ready",
        "1.4.2-rc",
        "timeout: 5s",
        "does not register",
        "not encrypted",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert_eq!(get(admin, "/style.css").await.0, 200);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_page_is_shown_by_a_browser() {
    let config = format!("app: {{ name: parrot, version: 1.4.2 }}\n{CHAIN}");
    let (server, admin) = serve(&config).await;
    let mut client = EchoClient::new(server.channel().await.unwrap());
    for n in 0..200 {
        client.say(line("hello", n)).await.unwrap();
    }
    client.say(line("panic", 0)).await.unwrap_err();
    client.say(slow(120)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    // `UPDATE=1` replaces the image in the docs.
    let image = match std::env::var_os("UPDATE") {
        Some(_) => concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images/admin.png").into(),
        None => folder.path().join("admin.png"),
    };
    let browser = tokio::process::Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
        ])
        .args(["--window-size=1000,1180"])
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .arg(format!("--screenshot={}", image.display()))
        .arg(format!("http://{admin}/"))
        .output()
        .await
        .expect("chromium is installed: tests/servers/install chromium");
    let png = std::fs::read(&image).unwrap();
    assert!(
        png.starts_with(b"\x89PNG") && png.len() > 20_000,
        "{browser:?}"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn other_paths_methods_and_bodies_are_refused() {
    let (server, admin) = serve("app: { name: test }").await;
    assert_eq!(get(admin, "/other").await.0, 404);
    assert_eq!(get(admin, "/../etc/passwd").await.0, 404);
    for (method, path, status) in [
        ("POST", "/metrics", 405),
        ("PUT", "/config", 405),
        ("DELETE", "/log-level", 405),
        ("PUT", "/other", 404),
    ] {
        let (found, _) = request(admin, &format!("{method} {path} HTTP/1.1"), "").await;
        assert_eq!(found, status, "{method} {path}");
    }
    let long = "x".repeat(5_000);
    let (status, _) = request(admin, "PUT /log-level HTTP/1.1", &long).await;
    assert_eq!(status, 413);
    // A client that says nothing does not keep others out.
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(admin).await.unwrap());
    }
    assert_eq!(get(admin, "/healthz").await.0, 200);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_log_level_is_changed_only_with_the_token() {
    let put = |token: &str| match token {
        "" => "PUT /log-level HTTP/1.1".to_owned(),
        token => format!("PUT /log-level HTTP/1.1\r\nauthorization: Bearer {token}"),
    };
    let (server, admin) = serve("app: { name: test }").await;
    let (status, why) = request(admin, &put("guess"), "debug").await;
    assert_eq!(status, 403, "{why}");
    server.stop().await.unwrap();
    let (server, admin) = serve("admin: { token: right }").await;
    for wrong in ["", "wrong", "righ", "right2"] {
        let (status, _) = request(admin, &put(wrong), "debug").await;
        assert_eq!(status, 401, "{wrong:?}");
    }
    let (status, why) = request(admin, &put("right"), "=!=").await;
    assert_eq!(status, 400, "{why}");
    let (status, level) = request(admin, &put("right"), "carml=debug,warn").await;
    assert_eq!(status, 200, "{level}");
    let (_, level) = get(admin, "/log-level").await;
    assert!(level.contains("carml=debug"), "{level}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_reported_at_its_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!("admin:\n  listen: {}\n", taken.local_addr().unwrap());
    let app = App::<Config>::new().config_text("test.yml", &config);
    let error = testing::start(app.service(|_| Ok(Parrot)))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("test.yml:2:"), "{error}");
}

#[tokio::test]
async fn names_that_are_not_served_are_refused_at_their_place_and_in_a_check() {
    let config = "grpc:\n  server:\n    middleware:\n      - metrics: { exclude: [carml.test.v1.Ech] }\n      - logging: { metadata: [authorization] }\n";
    let app = App::<Config>::new().config_text("test.yml", config);
    let error = testing::start(app.service(|_| Ok(Parrot)))
        .await
        .unwrap_err();
    let error = error.to_string();
    assert!(error.contains("test.yml:4:30"), "{error}");
    assert!(
        error.contains("did you mean `carml.test.v1.Echo`?"),
        "{error}"
    );
    let app = App::<Config>::new()
        .config_text("test.yml", config)
        .args(["--check"]);
    let error = app.service(|_| Ok(Parrot)).serve().await.unwrap_err();
    assert!(error.to_string().contains("test.yml:4:"), "{error}");
}

/// Asks a parrot at another address for each call.
struct Front(EchoClient<Channel>);

#[carml_service]
impl Echo for Front {
    async fn say(&self, line: Line) -> Result<Line, tonic::Status> {
        let answer = self.0.clone().say(line).await?;
        Ok(answer.into_inner())
    }

    async fn repeat(
        &self,
        _line: Line,
    ) -> Result<
        impl futures_core::Stream<Item = Result<Line, tonic::Status>> + Send + use<>,
        tonic::Status,
    > {
        Ok(tokio_stream::empty())
    }

    async fn join(&self, _lines: tonic::Streaming<Line>) -> Result<Line, tonic::Status> {
        Err(tonic::Status::unimplemented("not here"))
    }

    async fn chat(
        &self,
        _lines: tonic::Streaming<Line>,
    ) -> Result<
        impl futures_core::Stream<Item = Result<Line, tonic::Status>> + Send + use<>,
        tonic::Status,
    > {
        Ok(tokio_stream::empty())
    }
}

#[tokio::test]
async fn clients_are_shown_with_their_instances_and_counted() {
    let app = App::<Config>::new().config_text("parrot.yml", "{}");
    let parrot = testing::start(app.service(|_| Ok(Parrot))).await.unwrap();
    let (admin, dead) = (free(), free());
    let config = format!(
        "grpc:\n  client:\n    middleware: [metrics, recover]\n    targets:\n      carml.test.v1.Echo:\n        \
         endpoints: ['{}', '{dead}']\n        method_config:\n          - name: [{{}}]\n            \
         retry_policy: {{ max_attempts: 2, retryable_status_codes: [INVALID_ARGUMENT] }}\n",
        parrot.address()
    );
    let app = App::<Config>::new()
        .config_text("front.yml", &config)
        .set(format!("admin.listen={admin}"));
    let app = app.service(|context| Ok(Front(context.client()?)));
    let front = testing::start(app).await.unwrap();
    let mut client = EchoClient::new(front.channel().await.unwrap());
    for _ in 0..3 {
        client.say(line("hello", 0)).await.unwrap();
    }
    client.say(line("", 0)).await.unwrap_err();
    let long = tokio::spawn({
        let mut client = client.clone();
        async move { client.say(slow(1_000)).await }
    });
    let mut clients = String::new();
    for _ in 0..100 {
        clients = get(admin, "/clients").await.1;
        if clients.contains("1 in flight") && clients.contains("last error") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let is_line = |parts: &[&str]| {
        let has = |line: &str| parts.iter().all(|part| line.contains(part));
        assert!(clients.lines().any(has), "{parts:?}: {clients}");
    };
    is_line(&["carml.test.v1.Echo", "least_request", "0 waiting"]);
    is_line(&[
        &parrot.address().to_string(),
        "READY",
        "1 in flight",
        "6 calls",
    ]);
    is_line(&[
        &dead.to_string(),
        "TRANSIENT_FAILURE",
        "0 calls",
        "last error",
        "refused",
    ]);
    let (status, page) = get(admin, "/").await;
    assert_eq!(status, 200);
    assert!(
        page.contains(&dead.to_string()) && page.contains("TRANSIENT_FAILURE"),
        "{page}"
    );
    long.await.unwrap().unwrap();

    let (_, metrics) = get(admin, "/metrics").await;
    let say = r#"rpc_system_name="grpc",rpc_method="carml.test.v1.Echo/Say""#;
    let ok = format!(r#"rpc_client_call_duration_seconds_count{{{say},rpc_status_code="OK","#);
    let count = metrics.lines().find(|line| line.starts_with(&ok)).unwrap();
    assert!(count.ends_with(" 4"), "{count}");
    assert!(
        metrics.contains(r#"error_type="INVALID_ARGUMENT""#),
        "{metrics}"
    );
    let series = |name: &str| {
        let found = metrics
            .lines()
            .find(|line| line.starts_with(&format!("{name}{{")));
        let line = found.unwrap_or_else(|| panic!("there is no {name} in {metrics}"));
        line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()
    };
    assert_eq!(series("grpc_client_attempt_started_total"), 6.0);
    assert_eq!(series("grpc_client_call_retries_total"), 1.0);
    assert!(series("grpc_client_call_retry_delay_seconds_total") > 0.0);
    assert_eq!(series("grpc_subchannel_open_connections"), 1.0);
    assert!(series("grpc_subchannel_connection_attempts_failed_total") >= 1.0);
    front.stop().await.unwrap();
    parrot.stop().await.unwrap();
}

#[tokio::test]
async fn a_service_without_clients_says_so() {
    let (_server, admin) = serve("{}").await;
    let (status, text) = get(admin, "/clients").await;
    assert_eq!(status, 200);
    assert!(text.contains("this service has no clients"), "{text}");
}
