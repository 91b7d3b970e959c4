//! The ZooKeeper backend. Keys are nodes below the bucket's; locks and elections are below its child
//! `~`.
//!
//! The client library keeps one session and finds another server when one fails. Replacing a session
//! that has ended, and with it watches, locks and leases, deadlines, retries, TLS and the clocks of
//! sessions are here.

mod calls;
mod hub;
mod leases;
mod namespace;
mod nodes;
mod options;
mod places;
mod request;
mod session;
mod shared;
mod txn;
mod watch;

pub use carml_kv::client::Tls;
pub use options::Options;

use std::sync::Arc;

use carml_kv::{
    Error,
    client::{Call, Caller, Limits},
};

use self::{namespace::Namespace, session::Ensemble, shared::Shared};

const PROVIDER: &str = "zookeeper";

/// A client of a ZooKeeper ensemble. Cheap to clone.
#[derive(Clone)]
pub struct Zookeeper {
    shared: Arc<Shared>,
}

impl Zookeeper {
    /// Opens a session, and reads the bucket, within `options.timeout`. Call it inside a tokio
    /// runtime.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for invalid options, `Unauthenticated` or `PermissionDenied` as the servers
    /// say, `Unavailable` if no server answers.
    pub async fn connect(options: &Options) -> Result<Zookeeper, Error> {
        let namespace = Namespace::new(&options.bucket)?;
        let ensemble = Arc::new(Ensemble::new(options, namespace).await?);
        let limits = Limits {
            timeout: options.timeout,
            request_timeout: options.request_timeout,
        };
        let caller = Caller::new(PROVIDER, vec![ensemble], limits)?;
        let shared = Arc::new(Shared::new(caller));
        let zookeeper = Zookeeper { shared };
        zookeeper.check_access(&Call::read("open")).await?;
        Ok(zookeeper)
    }

    /// The same ensemble, without a bucket: keys are its nodes, as other programs see them. It has a
    /// session of its own, and ends with a close of this one.
    #[must_use]
    pub fn without_bucket(&self) -> Zookeeper {
        let top = self.shared.top.get_or_init(|| {
            let ensemble = self.shared.ensemble().without_bucket();
            Arc::new(Shared::new(self.shared.caller.with(Arc::new(ensemble))))
        });
        Zookeeper {
            shared: top.clone(),
        }
    }
}
