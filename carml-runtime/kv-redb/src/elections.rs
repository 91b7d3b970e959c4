//! Elections: a queue of candidates, and what the leader says.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::watch;

use super::locks::{Locks, Place};
use carml_kv::{Hold, Key, Leader};

type Announced = watch::Sender<Option<Leader>>;

struct Slot {
    announced: Arc<Announced>,
    seats: usize,
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
    pub(super) fn join(&self, key: &Key) -> Candidate {
        Candidate {
            place: self.queues.join(key.as_str()),
            seat: self.sit(key),
        }
    }
    /// Takes part; dropping the seat leaves nothing behind.
    pub(super) fn sit(&self, key: &Key) -> Seat {
        let mut slots = self.slots.lock();
        let slot = slots
            .entry(key.as_str().to_owned())
            .or_insert_with(|| Slot {
                announced: Arc::new(watch::Sender::new(None)),
                seats: 0,
            });
        slot.seats += 1;
        Seat {
            slots: self.slots.clone(),
            key: key.as_str().to_owned(),
            announced: slot.announced.clone(),
        }
    }
    /// Says something else; `false`: this token does not lead.
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

/// One who follows or stands in an election.
pub(super) struct Seat {
    slots: Arc<Slots>,
    key: String,
    announced: Arc<Announced>,
}

impl Seat {
    pub(super) fn follow(&self) -> watch::Receiver<Option<Leader>> {
        self.announced.subscribe()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get_mut(&self.key) {
            slot.seats -= 1;
            if slot.seats == 0 {
                slots.remove(&self.key);
            }
        }
    }
}

/// A candidate, then the leader.
pub(super) struct Candidate {
    seat: Seat,
    // Given up last, so that the next leader speaks after this one is silent.
    place: Place,
}

impl Candidate {
    pub(super) async fn wait(&mut self) {
        self.place.wait().await;
    }
    /// Begins to lead.
    pub(super) fn lead(self, token: u64, value: Bytes) -> Leading {
        self.place.set_token(token);
        let leader = Leader { token, value };
        self.seat.announced.send_replace(Some(leader));
        Leading(self)
    }
}

/// Leads until it is dropped.
pub(super) struct Leading(Candidate);

impl Hold for Leading {}

impl Drop for Leading {
    fn drop(&mut self) {
        self.0.seat.announced.send_replace(None);
    }
}
