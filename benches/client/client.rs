//! What a call costs a client, and what becomes of calls when instances fail.
//!
//! `cargo bench -p carml-bench-client` starts servers and clients as processes of their own. Nothing is
//! asserted. Two parts, which `cost` or `faults` as an argument runs alone:
//!
//! - `cost`: one instance, eight calls at a time; the clients take turns, and each number is the
//!   median of the rounds. `tonic` is a bare channel, `carml` one without middlewares; `stack` is
//!   tonic's channel inside the middlewares written by hand (those of the bench `chain`) and the JSON
//!   lines of `tracing-subscriber`, and `chain` the same middlewares and the log of CarML.
//! - `faults`: ten instances, of which one is slow, one is dead, and one is killed and started again
//!   every two seconds. `carml` has a retry policy for UNAVAILABLE; `tonic` is `balance_list`; `grpc-go`
//!   is `round_robin`, if `tests/servers/install grpc-go` was run.
#![allow(clippy::unwrap_used)]

mod cost;
mod faults;
mod numbers;
mod process;
mod server;
#[path = "../chain/stack.rs"]
mod stack;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        match &args[..] {
            ["--serve", address, delay] => server::serve(address, delay.parse().unwrap()).await,
            ["--cost", name, address] => cost::client(name, address).await,
            ["--faults", name, addresses] => faults::client(name, addresses).await,
            // `cargo bench` adds `--bench`.
            other => {
                let is_asked = |part: &str| {
                    other.contains(&part)
                        || !other.iter().any(|one| ["cost", "faults"].contains(one))
                };
                if is_asked("cost") {
                    cost::report();
                }
                if is_asked("faults") {
                    faults::report();
                }
            }
        }
    });
}
