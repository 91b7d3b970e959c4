//! Elections: a queue of candidates, and the value that the leader published.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::watch;

use super::locks::{Locks, QueueEntry};
use carml_kv::{Key, Leader, LockHandle};

type Announced = watch::Sender<Option<Leader>>;

struct Slot {
    announced: Arc<Announced>,
    participants: usize,
}

#[derive(Default)]
struct Slots(Mutex<HashMap<String, Slot>>);

impl Slots {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
pub(super) struct Elections {
    queues: Arc<Locks>,
    slots: Arc<Slots>,
}

impl Elections {
    /// Whether the leader has this token.
    pub(super) fn held(&self, key: &str, token: u64) -> bool {
        self.queues.held(key, token)
    }
    pub(super) fn count(&self) -> usize {
        self.queues.count() + self.slots.lock().len()
    }
    pub(super) fn campaign(&self, key: &Key) -> Candidate {
        Candidate {
            queued: self.queues.join(key.as_str()),
            participant: self.join(key),
        }
    }
    /// Takes part as a follower. Dropping the last participant removes the election.
    pub(super) fn join(&self, key: &Key) -> Participant {
        let mut slots = self.slots.lock();
        let slot = slots
            .entry(key.as_str().to_owned())
            .or_insert_with(|| Slot {
                announced: Arc::new(watch::Sender::new(None)),
                participants: 0,
            });
        slot.participants += 1;
        Participant {
            slots: self.slots.clone(),
            key: key.as_str().to_owned(),
            announced: slot.announced.clone(),
        }
    }
    /// Replaces the published value; `false`: this token does not lead.
    pub(super) fn proclaim(&self, key: &Key, token: u64, value: Bytes) -> bool {
        let slots = self.slots.lock();
        slots.get(key.as_str()).is_some_and(|slot| {
            slot.announced.send_if_modified(|leader| match leader {
                Some(leader) if leader.token == token => {
                    leader.value = value;
                    true
                }
                _ => false,
            })
        })
    }
}

/// A follower or a candidate of an election.
pub(super) struct Participant {
    slots: Arc<Slots>,
    key: String,
    announced: Arc<Announced>,
}

impl Participant {
    pub(super) fn follow(&self) -> watch::Receiver<Option<Leader>> {
        self.announced.subscribe()
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get_mut(&self.key) {
            slot.participants -= 1;
            if slot.participants == 0 {
                slots.remove(&self.key);
            }
        }
    }
}

/// A candidate, then the leader.
pub(super) struct Candidate {
    participant: Participant,
    // Dropped last, so that the next leader publishes after this one is cleared.
    queued: QueueEntry,
}

impl Candidate {
    pub(super) async fn wait(&mut self) {
        self.queued.wait().await;
    }
    /// Becomes the leader and publishes `value`.
    pub(super) fn lead(self, token: u64, value: Bytes) -> Leading {
        self.queued.set_token(token);
        let leader = Leader { token, value };
        self.participant.announced.send_replace(Some(leader));
        Leading(self)
    }
}

/// Leads until it is dropped.
pub(super) struct Leading(Candidate);

impl LockHandle for Leading {}

impl Drop for Leading {
    fn drop(&mut self) {
        self.0.participant.announced.send_replace(None);
    }
}
