//! Consul: a server of its own for each check, since its revisions count the writes of all buckets.
use std::time::Duration;

use carml_runtime::kv::{
    Kv,
    consul::{Consul, Options},
};

use crate::{Fixture, Server};

/// A bucket on a server with one node.
pub struct ConsulBucket {
    server: Server,
}

impl ConsulBucket {
    /// How it is opened.
    pub fn options(&self) -> Options {
        let mut options = Options::new(self.server.endpoints());
        options.timeout = Duration::from_secs(10);
        options
    }
}

impl Fixture for ConsulBucket {
    const MIN_TTL: Duration = Duration::from_secs(1);
    // Of one process only.
    const FIFO: bool = true;
    const FULL_HISTORY: bool = false;
    const JOINS_WITHIN: Duration = Duration::from_millis(100);
    const WRITES: u64 = 40;

    async fn fresh() -> Self {
        let server = tokio::task::spawn_blocking(|| Server::start(&["consul"])).await;
        ConsulBucket {
            server: server.unwrap(),
        }
    }

    async fn open(&self) -> Kv {
        let options = self.options();
        Kv::new(Consul::connect(&options).await.unwrap(), options.timeout)
    }
}
