//! Restarts of instances, one after the other, under the load of a client of grpc-go.

use std::{io::Read as _, process::Stdio, time::Duration};

use crate::{grpc_go::client, server::Server};

const ROUNDS: usize = 3;

/// `CARML_ROLLING_CALLS` sets how many calls there are at least.
fn calls() -> String {
    std::env::var("CARML_ROLLING_CALLS").unwrap_or_else(|_| "5000".to_owned())
}

#[tokio::test]
async fn rolling_restarts_of_three_instances_fail_no_call() {
    const SERVER: &str = "    middleware: [metrics, recover]\n";
    let mut instances: Vec<Option<Server>> = (0..3).map(|_| Some(Server::start(SERVER))).collect();
    let addresses: Vec<String> = instances
        .iter()
        .flatten()
        .map(|instance| instance.address().to_owned())
        .collect();
    let mut load = client()
        .args(["load", &addresses.join(","), &calls(), "8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`tests/servers/install grpc-go` was run");
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..ROUNDS {
        for (instance, address) in instances.iter_mut().zip(&addresses) {
            if let Some(before) = instance.take() {
                before.signal("TERM");
                let end = before.end().await;
                assert_eq!((end.code, &*end.stderr), (Some(0), ""));
            }
            *instance = Some(Server::listen(address, SERVER));
            // The client connects to it again, a second after it lost it.
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
    }
    drop(load.stdin.take());
    let read = tokio::task::spawn_blocking(move || {
        let (mut printed, mut errors) = (String::new(), String::new());
        let (mut stdout, mut stderr) = (load.stdout.take().unwrap(), load.stderr.take().unwrap());
        stdout.read_to_string(&mut printed).unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        load.wait().unwrap();
        (printed, errors)
    });
    let (printed, errors) = read.await.unwrap();
    println!("{} restarts: {printed}", 3 * ROUNDS);
    assert!(printed.ends_with(" calls, 0 failed\n"), "{printed}{errors}");
}
