//! State shared by the calls, the streams and the background tasks of one client.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use carml_kv::client::{Leases, Queue, Released};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    cluster::Cluster, namespace::Namespace, options::Options, places::Occupied, watch::Followers,
};

type Turns = HashMap<(Queue, String), Weak<tokio::sync::Mutex<()>>>;

pub(crate) struct Shared {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) namespace: Namespace,
    pub(crate) leases: Leases,
    /// Of leases, by the start of their ids.
    sessions: Mutex<HashMap<u64, String>>,
    pub(crate) lock_ttl: Duration,
    pub(crate) lock_delay: Duration,
    /// The sessions of locks and elections, by the start of their ids.
    places: Mutex<HashMap<u64, Occupied>>,
    /// Those who wait for the same lock in this process, in order.
    turns: Mutex<Turns>,
    /// Until their keys are removed.
    pub(crate) released: Released,
    /// The tasks that remove them and end their sessions.
    pub(crate) cleanups: TaskTracker,
    pub(crate) followers: Followers,
    /// Guards may be dropped outside of the runtime.
    pub(crate) runtime: tokio::runtime::Handle,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(cluster: Cluster, namespace: Namespace, options: &Options) -> Shared {
        Shared::of(
            Arc::new(cluster),
            namespace,
            options.lock_ttl,
            options.lock_delay,
        )
    }

    /// The same cluster with other keys.
    pub(crate) fn with(&self, namespace: Namespace) -> Shared {
        let cluster = Arc::clone(&self.cluster);
        Shared::of(cluster, namespace, self.lock_ttl, self.lock_delay)
    }

    fn of(
        cluster: Arc<Cluster>,
        namespace: Namespace,
        lock_ttl: Duration,
        lock_delay: Duration,
    ) -> Shared {
        Shared {
            cluster,
            namespace,
            leases: Leases::default(),
            sessions: Mutex::default(),
            lock_ttl,
            lock_delay,
            places: Mutex::default(),
            turns: Mutex::default(),
            released: Released::default(),
            cleanups: TaskTracker::new(),
            followers: Followers::default(),
            runtime: tokio::runtime::Handle::current(),
        }
    }

    pub(crate) fn closed(&self) -> &CancellationToken {
        self.cluster.closed()
    }

    pub(crate) fn sessions(&self) -> MutexGuard<'_, HashMap<u64, String>> {
        lock(&self.sessions)
    }

    pub(crate) fn places(&self) -> MutexGuard<'_, HashMap<u64, Occupied>> {
        lock(&self.places)
    }

    /// What those hold in turn who wait for a lock.
    pub(crate) fn turn(&self, queue: Queue, native: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = lock(&self.turns);
        let key = (queue, native.to_owned());
        if let Some(turn) = turns.get(&key).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(key, Arc::downgrade(&turn));
        turn
    }
}
