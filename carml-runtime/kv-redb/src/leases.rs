//! Deadlines of leases, in memory: after a reopen each gets its full ttl again, so a lease may end
//! late but never early.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

struct State {
    ttl: Duration,
    deadline: Instant,
    lost: CancellationToken,
}

#[derive(Default)]
pub(super) struct Leases(Mutex<HashMap<u64, State>>);

impl Leases {
    fn states(&self) -> MutexGuard<'_, HashMap<u64, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(super) fn add(&self, id: u64, ttl: Duration) {
        let state = State {
            ttl,
            deadline: Instant::now() + ttl,
            lost: CancellationToken::new(),
        };
        self.states().insert(id, state);
    }
    /// Cancelled when the lease ends; already cancelled for an unknown lease.
    pub(super) fn lost(&self, id: u64) -> CancellationToken {
        self.states().get(&id).map_or_else(
            || {
                let ended = CancellationToken::new();
                ended.cancel();
                ended
            },
            |s| s.lost.clone(),
        )
    }
    /// Restarts the ttl and returns it; `None`: the lease has ended.
    pub(super) fn renew(&self, id: u64) -> Option<Duration> {
        let now = Instant::now();
        let mut states = self.states();
        let state = states.get_mut(&id).filter(|s| s.deadline > now)?;
        state.deadline = now + state.ttl;
        Some(state.ttl)
    }
    /// 0 means no lease, and is always alive.
    pub(super) fn alive(&self, id: u64) -> bool {
        id == 0
            || self
                .states()
                .get(&id)
                .is_some_and(|s| s.deadline > Instant::now())
    }
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.states().values().map(|s| s.deadline).min()
    }
    /// The leases whose deadline has passed. Their holders are notified now; each is
    /// [removed](Self::remove) once its keys are.
    pub(super) fn expired(&self) -> Vec<u64> {
        let now = Instant::now();
        let states = self.states();
        let ended = states.iter().filter(|(_, s)| s.deadline <= now);
        ended
            .map(|(id, state)| {
                state.lost.cancel();
                *id
            })
            .collect()
    }
    pub(super) fn remove(&self, id: u64) {
        if let Some(state) = self.states().remove(&id) {
            state.lost.cancel();
        }
    }
    pub(super) fn close(&self) {
        for (_, state) in self.states().drain() {
            state.lost.cancel();
        }
    }
}
