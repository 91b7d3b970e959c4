//! Which server is asked.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicUsize, Ordering},
};

use super::endpoint::Endpoint;

/// The servers. All requests go to one of them until it fails.
pub(super) struct Endpoints {
    list: RwLock<Arc<[Arc<Endpoint>]>>,
    current: AtomicUsize,
}

impl Endpoints {
    /// Begins at a random one, so that clients spread over the servers.
    pub(super) fn new(list: Vec<Arc<Endpoint>>) -> Endpoints {
        let first = rand::random_range(0..list.len().max(1));
        Endpoints {
            list: RwLock::new(list.into()),
            current: AtomicUsize::new(first),
        }
    }

    pub(super) fn list(&self) -> Arc<[Arc<Endpoint>]> {
        self.list
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn replace(&self, list: Vec<Arc<Endpoint>>) {
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = list.into();
    }

    pub(super) fn len(&self) -> usize {
        self.list().len()
    }

    pub(super) fn current(&self) -> Arc<Endpoint> {
        let list = self.list();
        list[self.current.load(Ordering::Relaxed) % list.len()].clone()
    }

    /// The next request goes to the next server, unless another request moved on already.
    pub(super) fn failed(&self, endpoint: &Arc<Endpoint>) {
        let list = self.list();
        let current = self.current.load(Ordering::Relaxed);
        if Arc::ptr_eq(&list[current % list.len()], endpoint) {
            let next = (current + 1) % list.len();
            let _ =
                self.current
                    .compare_exchange(current, next, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}
