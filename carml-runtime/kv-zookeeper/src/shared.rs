//! State shared by the calls, the streams and the background tasks of one client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use carml_kv::client::{Caller, Leases, Released};
use tokio_util::task::TaskTracker;

use crate::{hub::Hub, leases::Owner, session::Ensemble};

pub(crate) struct Shared {
    /// Its only server is the ensemble.
    pub(crate) caller: Caller<Ensemble>,
    pub(crate) hub: Hub,
    pub(crate) leases: Leases,
    /// The sessions of the leases.
    owners: Mutex<HashMap<u64, Arc<Owner>>>,
    /// The locks that were released, until the servers know it.
    pub(crate) released: Released,
    /// The client without a bucket, if there is one.
    pub(crate) top: OnceLock<Arc<Shared>>,
    /// The tasks that leave queues.
    pub(crate) cleanups: TaskTracker,
    /// Guards may be dropped outside of the runtime.
    pub(crate) runtime: tokio::runtime::Handle,
}

impl Shared {
    pub(crate) fn new(caller: Caller<Ensemble>) -> Shared {
        Shared {
            caller,
            hub: Hub::default(),
            leases: Leases::default(),
            owners: Mutex::default(),
            released: Released::default(),
            top: OnceLock::new(),
            cleanups: TaskTracker::new(),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    pub(crate) fn ensemble(&self) -> Arc<Ensemble> {
        self.caller.endpoints.current()
    }

    pub(crate) fn owners(&self) -> MutexGuard<'_, HashMap<u64, Arc<Owner>>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
