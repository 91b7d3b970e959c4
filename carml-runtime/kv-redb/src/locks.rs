//! Locks: fair queues in memory. They end with the process, which also holds the file.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as Fair, OwnedMutexGuard};

use carml_kv::LockHandle;

#[derive(Default)]
struct Slot {
    fair: Arc<Fair<()>>,
    waiting: usize,
    token: Option<u64>,
}

#[derive(Default)]
pub(super) struct Locks(Mutex<HashMap<String, Slot>>);

impl Locks {
    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Whether the lock is held with this token.
    pub(super) fn held(&self, key: &str, token: u64) -> bool {
        self.slots()
            .get(key)
            .is_some_and(|s| s.token == Some(token))
    }
    pub(super) fn count(&self) -> usize {
        self.slots().len()
    }
    /// Joins the queue of a key; dropping the entry leaves it.
    pub(super) fn join(self: &Arc<Self>, key: &str) -> QueueEntry {
        let mut slots = self.slots();
        let slot = slots.entry(key.to_owned()).or_default();
        slot.waiting += 1;
        QueueEntry {
            locks: self.clone(),
            key: key.to_owned(),
            fair: slot.fair.clone(),
            held: None,
        }
    }
}

/// An entry in the queue, then the lock itself.
pub(super) struct QueueEntry {
    locks: Arc<Locks>,
    key: String,
    fair: Arc<Fair<()>>,
    held: Option<OwnedMutexGuard<()>>,
}

impl QueueEntry {
    pub(super) async fn wait(&mut self) {
        self.held = Some(self.fair.clone().lock_owned().await);
    }
    pub(super) fn take(&mut self) -> bool {
        self.held = self.fair.clone().try_lock_owned().ok();
        self.held.is_some()
    }
    pub(super) fn set_token(&self, token: u64) {
        if let Some(slot) = self.locks.slots().get_mut(&self.key) {
            slot.token = Some(token);
        }
    }
}

/// No clock ends it: the holder and the lock are in one process.
impl LockHandle for QueueEntry {}

impl Drop for QueueEntry {
    fn drop(&mut self) {
        let mut slots = self.locks.slots();
        if let Some(slot) = slots.get_mut(&self.key) {
            slot.waiting -= 1;
            if self.held.is_some() {
                slot.token = None;
            }
            if slot.waiting == 0 {
                slots.remove(&self.key);
            }
        }
    }
}
