//! How each backend is run.

use std::time::Duration;

use carml_kv_service::KvClient;
use carml_runtime::kv::{Kv, consul, etcd, zookeeper};
use futures_util::future::BoxFuture;

use super::cluster::Cluster;
use crate::{ServedFile, Server};

const TIMEOUT: Duration = Duration::from_secs(2);

/// Longer than a freeze and the pause between two renewals.
const ETCD_TTL: Duration = Duration::from_secs(12);

/// The programs of this crate, which only its tests know.
#[derive(Clone, Copy)]
pub struct Programs {
    /// The path of `kv-holder`.
    pub holder: &'static str,
    /// The path of `kv-server`.
    pub server: &'static str,
}

/// How one backend is run.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of the server.
    pub server: &'static str,
    /// Starts this number of nodes.
    pub start: fn(usize, &Programs) -> Box<dyn Cluster>,
    /// Connects to servers.
    pub open: fn(Vec<String>) -> BoxFuture<'static, Kv>,
    /// Whether a watch delivers every change.
    pub full_history: bool,
    /// The TTL of leases.
    pub ttl: Duration,
}

/// All backends.
pub const TARGETS: [Target; 4] = [ETCD, CONSUL, ZOOKEEPER, REDB];

/// etcd. A leader that was frozen for longer than a TTL ends leases that were renewed at the next one.
pub const ETCD: Target = Target {
    server: "etcd",
    start: |nodes, _| serve("etcd", nodes),
    open: |endpoints| {
        Box::pin(async move {
            let mut options = etcd::Options::new(endpoints);
            (options.timeout, options.lock_ttl) = (TIMEOUT, ETCD_TTL);
            Kv::new(etcd::Etcd::connect(&options).await.unwrap(), TIMEOUT)
        })
    },
    full_history: true,
    ttl: ETCD_TTL,
};

/// Consul.
pub const CONSUL: Target = Target {
    server: "consul",
    start: |nodes, _| serve("consul", nodes),
    open: |endpoints| {
        Box::pin(async move {
            let mut options = consul::Options::new(endpoints);
            (options.timeout, options.lock_ttl) = (TIMEOUT, Duration::from_secs(3));
            options.lock_delay = Duration::from_secs(4);
            Kv::new(consul::Consul::connect(&options).await.unwrap(), TIMEOUT)
        })
    },
    full_history: false,
    ttl: Duration::from_secs(10),
};

/// ZooKeeper.
pub const ZOOKEEPER: Target = Target {
    server: "zookeeper",
    start: |nodes, _| serve("zookeeper", nodes),
    open: |endpoints| {
        Box::pin(async move {
            let mut options = zookeeper::Options::new(endpoints);
            (options.timeout, options.lock_ttl) = (TIMEOUT, Duration::from_secs(4));
            let zookeeper = zookeeper::Zookeeper::connect(&options).await.unwrap();
            Kv::new(zookeeper, TIMEOUT)
        })
    },
    full_history: false,
    ttl: Duration::from_secs(4),
};

/// redb, in a process that serves it: its clients survive the process.
pub const REDB: Target = Target {
    server: "redb",
    start: |_, programs| Box::new(ServedFile::start(programs.server)),
    open: |endpoints| {
        Box::pin(async move {
            let client = KvClient::new(&format!("http://{}", endpoints[0])).unwrap();
            Kv::new(client, TIMEOUT)
        })
    },
    full_history: true,
    ttl: Duration::from_secs(3),
};

fn serve(server: &str, nodes: usize) -> Box<dyn Cluster> {
    Box::new(match nodes {
        1 => Server::start(&[server]),
        _ => Server::start(&[server, "--nodes", "3"]),
    })
}
