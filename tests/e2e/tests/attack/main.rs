//! Clients that mean harm. The process lives, other clients are served meanwhile, and afterwards
//! memory and descriptors are what they were.
//!
//! `CARML_ATTACK_SECONDS=1000` is how long all attacks take together; 20 unless it is set.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod attacks;
mod raw;
#[path = "../process/server.rs"]
#[allow(dead_code)]
mod server;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use carml_test_e2e::{line, proto::carml::test::v1::EchoClient};
use server::Server;
use tonic::transport::Channel;

const LIMITS: &str = "
    middleware: [recover, max_message_size: 500mb]
    handshake_timeout: 1s
    message_budget: 64mib
";

/// What a server may hold of itself after an attack: its pools and tables do not shrink.
const KEPT_BYTES: u64 = 4 << 20;

/// How long each attack takes.
fn duration() -> Duration {
    const ATTACKS: u32 = 10;
    let all = std::env::var("CARML_ATTACK_SECONDS").map_or(20, |text| text.parse().unwrap());
    Duration::from_secs(all) / ATTACKS
}

/// What the process takes of the system's memory. An allocator does not give all of it back.
fn resident_bytes(server: &Server) -> u64 {
    let pages = std::fs::read_to_string(server.proc("statm")).unwrap();
    let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// What the server itself holds.
#[derive(Debug)]
struct Held {
    bytes: u64,
    descriptors: usize,
}

async fn held(server: &Server, client: &mut EchoClient<Channel>) -> Held {
    let bytes = client.say(line("live bytes", 0)).await.unwrap();
    Held {
        bytes: bytes.into_inner().count.into(),
        descriptors: std::fs::read_dir(server.proc("fd")).unwrap().count(),
    }
}

/// Runs an attack against a server, while another client calls it.
async fn survives<F>(limits: &str, max_growth: u64, attack: impl FnOnce(SocketAddr, Instant) -> F)
where
    F: Future<Output = ()>,
{
    let mut server = Server::start(limits);
    let address = server.address().parse().unwrap();
    let mut client = server.echo().await;
    let resident = resident_bytes(&server);
    let before = held(&server, &mut client).await;

    let (is_over, calls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let others = {
        let (is_over, calls) = (Arc::clone(&is_over), Arc::clone(&calls));
        tokio::spawn(async move {
            while !is_over.load(Relaxed) {
                let mut request = tonic::Request::new(line("other", 0));
                request.set_timeout(Duration::from_secs(10));
                client.say(request).await.expect("other clients are served");
                calls.fetch_add(1, Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            client
        })
    };
    attack(address, Instant::now() + duration()).await;
    let growth = resident_bytes(&server).saturating_sub(resident);
    is_over.store(true, Relaxed);
    let mut client = others.await.unwrap();
    assert!(calls.load(Relaxed) > 0);
    assert!(server.runs(), "the process lives");
    assert!(growth < max_growth, "grown by {growth} bytes");

    let patience = Instant::now() + Duration::from_secs(15);
    loop {
        let after = held(&server, &mut client).await;
        let is_back =
            after.descriptors <= before.descriptors && after.bytes < before.bytes + KEPT_BYTES;
        if is_back {
            break;
        }
        assert!(
            Instant::now() < patience,
            "before {before:?}, after {after:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    client.say(line("still here", 0)).await.unwrap();
    // Whatever is left of the attack does not delay the end.
    server.signal("TERM");
    let end = server.end().await;
    assert_eq!((end.code, &*end.stderr), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_never_become_http2() {
    survives(LIMITS, 64 << 20, attacks::no_preface).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_frames() {
    survives(LIMITS, 64 << 20, attacks::random_frames).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_reset_at_once() {
    survives(LIMITS, 128 << 20, attacks::rapid_reset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_control_frames() {
    survives(LIMITS, 128 << 20, attacks::floods).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_without_end() {
    survives(LIMITS, 64 << 20, attacks::endless_headers).await;
}

/// tonic would reserve 500 MB for each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_declared_and_not_sent() {
    survives(LIMITS, 512 << 20, attacks::declared_lengths).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_in_tiny_frames() {
    survives(LIMITS, 256 << 20, attacks::tiny_frames).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_half_messages_than_the_budget_has_room_for() {
    survives(LIMITS, 384 << 20, attacks::half_messages).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_not_read() {
    survives(LIMITS, 256 << 20, attacks::unread_answers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_descriptors() {
    let server = Server::start_with_descriptors("    middleware: [recover]\n", 60);
    let address: SocketAddr = server.address().parse().unwrap();
    let mut client = server.echo().await;
    client.say(line("hello", 0)).await.unwrap();
    let until = Instant::now() + duration();
    let ticks = || {
        let stat = std::fs::read_to_string(server.proc("stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split(' ').collect();
        let ticks = |at: usize| fields[at].parse::<u64>().unwrap();
        ticks(12) + ticks(13)
    };
    let before = ticks();
    let mut connections = Vec::new();
    while Instant::now() < until {
        while connections.len() < 100 {
            connections.push(tokio::net::TcpStream::connect(address).await.unwrap());
        }
        client.say(line("still served", 0)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // A hundredth of a second each: a busy loop would take most of the time.
    let busy = ticks() - before;
    assert!(
        Duration::from_millis(busy * 10) < duration() / 4 + Duration::from_millis(200),
        "{busy} ticks"
    );
    server.line(|line| is(line, "connections cannot be accepted"));
    drop(connections);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        if let Ok(Ok(mut other)) = tokio::time::timeout(
            Duration::from_secs(1),
            EchoClient::connect(format!("http://{address}")),
        )
        .await
        {
            other.say(line("accepted again", 0)).await.unwrap();
            break;
        }
    }
    let mut lines = 0;
    server.line(|line| {
        lines += u32::from(is(line, "connections cannot be accepted"));
        is(line, "connections are accepted again")
    });
    assert_eq!(lines, 0, "one line says that it begins");
}

fn is(line: &serde_json::Value, message: &str) -> bool {
    let text = line["message"].as_str().unwrap_or_default();
    text.contains(message)
}
