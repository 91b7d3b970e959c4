//! etcd: a server of its own for each check, since its revisions count the writes of all buckets.
use std::time::Duration;

use carml_runtime::kv::{
    Kv,
    etcd::{Etcd, Options},
};

use crate::{Fixture, Server};

/// A bucket on a server with one node.
pub struct EtcdBucket {
    server: Server,
}

impl EtcdBucket {
    /// How it is opened.
    pub fn options(&self) -> Options {
        let mut options = Options::new(self.server.endpoints());
        options.timeout = Duration::from_secs(10);
        options
    }
}

impl Fixture for EtcdBucket {
    const MIN_TTL: Duration = Duration::from_secs(2);
    const BACKLOG: Option<usize> = Some(3_000);
    // A server looks for watches to catch up every 100 ms.
    const WRITES: u64 = 40;
    // Two writes, each to the disk.
    const JOINS_WITHIN: Duration = Duration::from_millis(400);

    async fn fresh() -> Self {
        let server = tokio::task::spawn_blocking(|| Server::start(&["etcd"])).await;
        EtcdBucket {
            server: server.unwrap(),
        }
    }

    async fn open(&self) -> Kv {
        let options = self.options();
        Kv::new(Etcd::connect(&options).await.unwrap(), options.timeout)
    }
}
