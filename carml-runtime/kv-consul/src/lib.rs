//! The Consul backend. Keys are `bucket/key`; locks and elections are under `bucket/~/`.
//!
//! A thin client of Consul's HTTP API: every write is a transaction, so that it answers its revision
//! in one round trip; leases are sessions; watches are blocking queries, one for all watches of the
//! same keys.

mod calls;
mod catalogue;
mod cluster;
mod duration;
mod large;
mod leases;
mod namespace;
mod options;
mod pair;
mod places;
mod read;
mod shared;
mod txn;
mod watch;

pub use carml_kv::client::Tls;
pub use catalogue::Catalogue;
pub use options::Options;

use std::sync::Arc;

use carml_kv::{Error, client::Call};

use self::{cluster::Cluster, namespace::Namespace, shared::Shared};

const PROVIDER: &str = "consul";

/// A client of a Consul cluster. Cheap to clone.
#[derive(Clone)]
pub struct Consul {
    shared: Arc<Shared>,
}

impl Consul {
    /// Checks the token and reads once, within `options.timeout`. Call it inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for invalid options, `Unauthenticated` or `PermissionDenied` as the
    /// server says, `Unavailable` if no server answers.
    pub async fn connect(options: &Options) -> Result<Consul, Error> {
        let namespace = Namespace::new(&options.bucket)?;
        let cluster = Cluster::new(options)?;
        let shared = Arc::new(Shared::new(cluster, namespace, options));
        let consul = Consul { shared };
        let call = Call::read("open");
        if options.token.is_some() {
            consul.shared.cluster.check_token(&call).await?;
        }
        consul.revision(&call).await?;
        Ok(consul)
    }

    /// The same cluster, without a bucket: keys are those of Consul, as other programs see them. It
    /// shares the connections; a close of one closes both.
    #[must_use]
    pub fn without_bucket(&self) -> Consul {
        Consul {
            shared: Arc::new(self.shared.with(Namespace::root())),
        }
    }
}
