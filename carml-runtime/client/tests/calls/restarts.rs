//! Rolling restarts under load.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use carml_client::Channel;
use carml_discovery::MemoryDirectory;
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::support::{Backend, SERVICE, call, discovered, stream, until_ok};

/// At least this many calls: `CARML_CALLS=100000`.
fn least() -> usize {
    let calls = env::var("CARML_CALLS")
        .ok()
        .and_then(|calls| calls.parse().ok());
    calls.unwrap_or(2_000)
}

#[derive(Debug)]
struct Failed {
    is_stream: bool,
    status: Status,
}

/// Calls until it is told to end.
async fn load(channel: Channel, is_over: Arc<AtomicBool>, count: Arc<AtomicUsize>) -> Vec<Failed> {
    let mut failed = Vec::new();
    while !is_over.load(SeqCst) {
        let n = count.fetch_add(1, SeqCst);
        let ended = match n % 10 {
            0 => stream(&channel, "stream:5").await.1,
            1 => call(&channel, "sleep:5").await.map(drop),
            _ => call(&channel, "").await.map(drop),
        };
        failed.extend(ended.err().map(|status| Failed {
            is_stream: n.is_multiple_of(10),
            status,
        }));
    }
    failed
}

/// Restarts three instances in turn, until there were enough calls and three rounds.
async fn failures(target: Value, is_kill: bool) -> (usize, Vec<Failed>) {
    let directory = MemoryDirectory::default();
    let mut backends = Vec::new();
    for _ in 0..3 {
        backends.push(Backend::start().await);
    }
    let register = |backends: &[Backend]| {
        let addresses: Vec<_> = backends.iter().map(|backend| &*backend.address).collect();
        directory.set(SERVICE, &addresses);
    };
    register(&backends);
    let channel = discovered(&directory, target);
    until_ok(&channel, Duration::from_secs(5)).await;
    let (is_over, count) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let loads: Vec<_> = (0..16)
        .map(|_| load(channel.clone(), Arc::clone(&is_over), Arc::clone(&count)))
        .map(tokio::spawn)
        .collect();
    let mut restarts = 0;
    while restarts < 9 || count.load(SeqCst) < least() {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let old = backends.remove(0);
        match is_kill {
            // The registry learns of it later.
            true => old.kill().await,
            false => {
                register(&backends);
                old.drain().await;
            }
        }
        backends.push(Backend::start().await);
        register(&backends);
        restarts += 1;
    }
    is_over.store(true, SeqCst);
    let mut failed = Vec::new();
    for load in loads {
        failed.extend(load.await.expect("no panic"));
    }
    (count.load(SeqCst), failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restarts_fail_no_call() {
    let (calls, failed) = failures(json!({}), false).await;
    assert!(
        failed.is_empty(),
        "{} of {calls} failed: {:?}",
        failed.len(),
        failed[0]
    );
    println!("0 of {calls} calls failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_fail_no_call_that_may_be_retried() {
    let policy = json!({ "method_config": [{
        "name": [{ "service": SERVICE, "method": "Check" }],
        "retry_policy": { "max_attempts": 5, "initial_backoff": "20ms",
            "retryable_status_codes": ["UNAVAILABLE"] } }] });
    let (calls, failed) = failures(policy, true).await;
    // The policy is not one for streams.
    let checks: Vec<_> = failed.iter().filter(|failed| !failed.is_stream).collect();
    let streams = failed.iter().filter(|failed| failed.is_stream);
    assert!(
        streams
            .clone()
            .all(|failed| failed.status.code() == Code::Unavailable)
    );
    assert!(
        checks.is_empty(),
        "{} of {calls} failed: {:?}",
        checks.len(),
        checks[0]
    );
}
