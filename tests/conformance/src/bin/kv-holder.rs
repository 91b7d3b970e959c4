//! Holds a lock, and prints until when and what it wrote with its token: `kv-holder SERVER ENDPOINT...`.
#![allow(clippy::unwrap_used)]

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut args = std::env::args().skip(1);
    let server = args.next().unwrap();
    carml_test_conformance::fault_run::hold(&server, args.collect()).await;
}
