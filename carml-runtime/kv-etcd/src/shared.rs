//! State shared by the calls, the streams and the background tasks of one client.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use carml_kv::client::{Leases, Released};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{cluster::Cluster, namespace::Namespace};

pub(crate) struct Shared {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) namespace: Namespace,
    pub(crate) leases: Leases,
    pub(crate) lock_ttl: Duration,
    /// The leases of the places in queues that are still to be revoked.
    places: Mutex<HashSet<u64>>,
    /// Until their leases are revoked.
    pub(crate) released: Released,
    /// The tasks that revoke the leases.
    pub(crate) cleanups: TaskTracker,
    /// Guards may be dropped outside of the runtime.
    pub(crate) runtime: tokio::runtime::Handle,
}

impl Shared {
    pub(crate) fn new(cluster: Arc<Cluster>, namespace: Namespace, lock_ttl: Duration) -> Shared {
        Shared {
            cluster,
            namespace,
            leases: Leases::default(),
            lock_ttl,
            places: Mutex::default(),
            released: Released::default(),
            cleanups: TaskTracker::new(),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    pub(crate) fn closed(&self) -> &CancellationToken {
        self.cluster.closed()
    }

    pub(crate) fn places(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
