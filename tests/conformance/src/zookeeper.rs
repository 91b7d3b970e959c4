//! ZooKeeper: a server of its own for each check, since its revisions count the writes of all buckets.
use std::time::Duration;

use carml_runtime::kv::{
    Kv,
    zookeeper::{Options, Zookeeper},
};

use crate::{Fixture, Server};

/// A bucket on a server with one node.
pub struct ZookeeperBucket {
    server: Server,
}

impl ZookeeperBucket {
    /// How it is opened.
    pub fn options(&self) -> Options {
        let mut options = Options::new(self.server.endpoints());
        options.timeout = Duration::from_secs(10);
        options
    }
}

impl Fixture for ZookeeperBucket {
    const MIN_TTL: Duration = Duration::from_secs(1);
    const FULL_HISTORY: bool = false;
    const LEASES_OUTLIVE_CLIENTS: bool = false;
    const JOINS_WITHIN: Duration = Duration::from_millis(400);
    const WRITES: u64 = 40;

    async fn fresh() -> Self {
        let server = tokio::task::spawn_blocking(|| Server::start(&["zookeeper"])).await;
        ZookeeperBucket {
            server: server.unwrap(),
        }
    }

    async fn open(&self) -> Kv {
        let options = self.options();
        Kv::new(Zookeeper::connect(&options).await.unwrap(), options.timeout)
    }
}
