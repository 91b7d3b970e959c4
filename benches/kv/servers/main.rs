//! What the backends with servers add to the raw client of each, on real servers with one node; and how
//! many round trips each call takes. Ratios are printed, never asserted: they depend on the machine too.
//!
//! `cargo bench -p carml-bench-kv --bench servers -- [etcd] [consul] [zookeeper]`: all, by default.
//! `tests/servers/install` installs the servers.
#![allow(clippy::unwrap_used)]

mod delay;
mod overhead;
mod raw;
mod round_trips;

use std::time::Duration;

use carml_runtime::kv::{
    Kv,
    consul::{self, Consul},
    etcd::{self, Etcd},
    zookeeper::{self, Zookeeper},
};
use carml_test_conformance::Server;

/// Of each call.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client of CarML, with the bucket of all benchmarks.
async fn open(provider: &str, endpoint: &str) -> Kv {
    let bucket = "bench".to_owned();
    macro_rules! connect {
        ($module:ident, $backend:ident) => {{
            let mut options = $module::Options::new([endpoint]);
            (options.timeout, options.bucket) = (TIMEOUT, bucket);
            Kv::new($backend::connect(&options).await.unwrap(), TIMEOUT)
        }};
    }
    match provider {
        "etcd" => connect!(etcd, Etcd),
        "consul" => connect!(consul, Consul),
        _ => connect!(zookeeper, Zookeeper),
    }
}

#[tokio::main]
async fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    for provider in ["etcd", "consul", "zookeeper"] {
        if !named.is_empty() && !named.iter().any(|one| one == provider) {
            continue;
        }
        let server = Server::started(&[provider]).await;
        let endpoint = &server.endpoints()[0];
        let kv = open(provider, endpoint).await;
        match provider {
            "etcd" => overhead::compare(provider, &raw::Etcd::connect(endpoint).await, &kv).await,
            "consul" => overhead::compare(provider, &raw::Consul::new(endpoint), &kv).await,
            _ => overhead::compare(provider, &raw::Zookeeper::connect(endpoint).await, &kv).await,
        }
        round_trips::count(provider, endpoint).await;
        kv.close().await.unwrap();
    }
}
