//! Which server is asked.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicUsize, Ordering},
};

/// The servers. All requests go to one of them until it fails.
#[derive(Debug)]
pub struct Endpoints<S> {
    list: RwLock<Arc<[Arc<S>]>>,
    current: AtomicUsize,
}

impl<S> Endpoints<S> {
    /// Begins at a random one, so that clients spread over the servers.
    pub fn new(list: Vec<Arc<S>>) -> Endpoints<S> {
        let first = rand::random_range(0..list.len().max(1));
        Endpoints {
            list: RwLock::new(list.into()),
            current: AtomicUsize::new(first),
        }
    }

    /// All of them.
    pub fn list(&self) -> Arc<[Arc<S>]> {
        self.list
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Uses others from now on.
    pub fn replace(&self, list: Vec<Arc<S>>) {
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = list.into();
    }

    /// The one that is asked next.
    pub fn current(&self) -> Arc<S> {
        let list = self.list();
        list[self.current.load(Ordering::Relaxed) % list.len()].clone()
    }

    /// The next request goes to the next server, unless another request moved on already.
    pub fn failed(&self, endpoint: &Arc<S>) {
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
