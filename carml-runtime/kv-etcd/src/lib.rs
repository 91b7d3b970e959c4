//! The etcd backend. Keys are `bucket/key`; locks and elections are under `bucket/~/`.
//!
//! The client library sends single requests. Choosing a server, reconnecting, retries, resuming
//! watches and the clocks of leases are here.

mod calls;
mod cluster;
mod leases;
mod namespace;
mod options;
mod places;
mod scan;
mod shared;
mod txn;
mod watch;

pub use carml_kv::client::Tls;
pub use options::Options;

use std::sync::Arc;

use carml_kv::{Error, client::Call};

use self::{cluster::Cluster, namespace::Namespace, scan::Scope, shared::Shared};

const PROVIDER: &str = "etcd";

/// A client of an etcd cluster. Cheap to clone.
#[derive(Clone)]
pub struct Etcd {
    shared: Arc<Shared>,
}

impl Etcd {
    /// Connects, logs in and reads once, within `options.timeout`. Call it inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for invalid options, `Unauthenticated` or `PermissionDenied` as the
    /// server says, `Unavailable` if no server answers.
    pub async fn connect(options: &Options) -> Result<Etcd, Error> {
        let namespace = Namespace::new(&options.bucket)?;
        let cluster = Arc::new(Cluster::new(options)?);
        let shared = Arc::new(Shared::new(cluster, namespace, options.lock_ttl));
        let etcd = Etcd { shared };
        etcd.revision(&Call::read("open"), &etcd.shared.namespace.all())
            .await?;
        if options.auto_sync {
            cluster::follow_members(&etcd.shared);
        }
        Ok(etcd)
    }

    /// The same cluster, without a bucket: keys are those of etcd, as other programs see them. It
    /// shares the connections; a close of one closes both.
    #[must_use]
    pub fn without_bucket(&self) -> Etcd {
        let cluster = Arc::clone(&self.shared.cluster);
        let shared = Shared::new(cluster, Namespace::root(), self.shared.lock_ttl);
        Etcd {
            shared: Arc::new(shared),
        }
    }

    /// The current revision; checks that the scope may be read.
    async fn revision(&self, call: &Call<'_>, scope: &Scope) -> Result<i64, Error> {
        let (_, revision) = self.scan(call, scope, Some(1), false).await?;
        Ok(revision)
    }
}
