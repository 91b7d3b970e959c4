//! etcd: a server of its own for each check, since its revisions count the writes of all buckets.
use std::time::Duration;

use carml_runtime::kv::{
    Kv,
    etcd::{Etcd, Options},
};

use crate::{Fixture, Server};

/// A bucket on a server with one node, of a current release.
pub type EtcdBucket = Bucket<false>;

/// The same, of the release that Debian 12 has.
pub type DebianEtcdBucket = Bucket<true>;

pub struct Bucket<const DEBIAN: bool> {
    server: Server,
}

impl<const DEBIAN: bool> Bucket<DEBIAN> {
    /// How it is opened.
    pub fn options(&self) -> Options {
        let mut options = Options::new(self.server.endpoints());
        options.timeout = Duration::from_secs(10);
        options
    }
}

impl<const DEBIAN: bool> Fixture for Bucket<DEBIAN> {
    const MIN_TTL: Duration = Duration::from_secs(2);
    const BACKLOG: Option<usize> = Some(3_000);
    // A server looks for watches to catch up every 100 ms.
    const WRITES: u64 = 40;
    // Two writes, each to the disk.
    const JOINS_WITHIN: Duration = Duration::from_millis(400);

    async fn fresh() -> Self {
        let arguments: &[_] = if DEBIAN {
            &["etcd", "--debian"]
        } else {
            &["etcd"]
        };
        Bucket {
            server: Server::started(arguments).await,
        }
    }

    async fn open(&self) -> Kv {
        let options = self.options();
        Kv::new(Etcd::connect(&options).await.unwrap(), options.timeout)
    }
}
