//! How much memory the requests in progress may take, of all connections together.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::episode::Episode;

/// What a call takes before it has received anything: its task, its headers, its read buffer.
const PER_CALL: u64 = 8192;

/// Calls that take more than this do not get the last quarter of the budget: a few clients that
/// send large messages leave room for the calls of others.
const SMALL: u64 = 65_536;

/// What each connection has beside the budget: however much others take, and for however long, a
/// client that asks for little is served. `max_connections` bounds the sum.
const OWN: u64 = 32_768;

/// The limit, and what is taken of it.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    taken: AtomicU64,
    exhausted: Episode,
}

/// What the calls of one connection have to themselves, and share with those of all others.
#[derive(Debug)]
pub(super) struct Allowance {
    budget: Arc<Budget>,
    own_taken: AtomicU64,
}

/// What one call has taken. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Share {
    allowance: Arc<Allowance>,
    /// Of what the connection has to itself.
    own: u64,
    /// Of the budget.
    taken: u64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            limit,
            taken: AtomicU64::new(0),
            exhausted: Episode::default(),
        })
    }

    /// For a new connection.
    pub(super) fn allowance(self: &Arc<Self>) -> Arc<Allowance> {
        Arc::new(Allowance {
            budget: Arc::clone(self),
            own_taken: AtomicU64::new(0),
        })
    }

    fn take(&self, bytes: u64, is_small: bool) -> bool {
        let limit = match is_small {
            true => self.limit,
            false => self.limit / 4 * 3,
        };
        let Some(before) = add_up_to(&self.taken, bytes, limit) else {
            if self.exhausted.begin() {
                tracing::warn!(
                    "requests take all of grpc.server.message_budget, {} bytes: some are refused",
                    self.limit
                );
            }
            return false;
        };
        // Well below the limit, so that a load near it is not logged over and over.
        if self.exhausted.is_on() && before < self.limit / 2 && self.exhausted.end() {
            tracing::info!("requests are within grpc.server.message_budget again");
        }
        true
    }
}

/// Adds, unless the sum is over the limit. Returns what there was before.
fn add_up_to(taken: &AtomicU64, bytes: u64, limit: u64) -> Option<u64> {
    let before = taken.fetch_add(bytes, Relaxed);
    if before.saturating_add(bytes) > limit {
        taken.fetch_sub(bytes, Relaxed);
        return None;
    }
    Some(before)
}

impl Allowance {
    /// The share of a new call; none if there is no more.
    pub(super) fn share(self: &Arc<Self>) -> Option<Share> {
        let mut share = Share {
            allowance: Arc::clone(self),
            own: 0,
            taken: 0,
        };
        share.take(PER_CALL).then_some(share)
    }

    /// What all calls may take together.
    pub(super) fn limit(&self) -> u64 {
        self.budget.limit
    }
}

impl Share {
    /// What all calls may take together.
    pub(super) fn limit(&self) -> u64 {
        self.allowance.limit()
    }

    /// Takes more; whether there is as much.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        if add_up_to(&self.allowance.own_taken, bytes, OWN).is_some() {
            self.own += bytes;
            return true;
        }
        let is_small = self.own + self.taken + bytes <= SMALL;
        let has_room = self.allowance.budget.take(bytes, is_small);
        if has_room {
            self.taken += bytes;
        }
        has_room
    }

    /// Gives back what was taken before.
    pub(super) fn give_back(&mut self, bytes: u64) {
        let own = bytes.min(self.own);
        let taken = bytes - own;
        self.own -= own;
        self.taken -= taken;
        self.allowance.own_taken.fetch_sub(own, Relaxed);
        self.allowance.budget.taken.fetch_sub(taken, Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back(self.own + self.taken);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A connection that has taken all that is its own, for as long as the second part lives.
    fn without_own(budget: &Arc<Budget>) -> (Arc<Allowance>, Share) {
        let allowance = budget.allowance();
        let mut own = allowance.share().unwrap();
        assert!(own.take(OWN - PER_CALL));
        assert_eq!(own.taken, 0);
        (allowance, own)
    }

    #[test]
    fn a_large_share_leaves_room_for_small_ones() {
        let budget = Budget::new(8 << 20);
        let (connection, _own) = without_own(&budget);
        let mut large = connection.share().unwrap();
        let rest = 6 * (1 << 20) - PER_CALL;
        assert!(!large.take(rest + 1));
        assert!(large.take(rest));
        let mut small = connection.share().unwrap();
        assert!(small.take(SMALL - PER_CALL));
        assert!(!small.take(1));
    }

    #[test]
    fn a_share_is_refused_over_the_limit_and_given_back_when_it_is_dropped() {
        let budget = Budget::new(3 * PER_CALL);
        let (connection, own) = without_own(&budget);
        let mut first = connection.share().unwrap();
        assert!(first.take(PER_CALL));
        let second = connection.share().unwrap();
        assert!(connection.share().is_none());
        assert!(!first.take(1));
        first.give_back(10);
        assert!(first.take(10));
        drop(second);
        assert!(connection.share().is_some());
        drop((first, own));
        assert_eq!(budget.taken.load(Relaxed), 0);
        assert_eq!(connection.own_taken.load(Relaxed), 0);
    }

    #[test]
    fn a_connection_has_room_for_little_whatever_others_take() {
        let budget = Budget::new(1 << 20);
        let greedy = budget.allowance();
        let all: Vec<Share> = std::iter::from_fn(|| greedy.share()).collect();
        assert_eq!(all.len() as u64, ((1 << 20) + OWN) / PER_CALL);
        for _ in 0..10 {
            let connection = budget.allowance();
            let mut share = connection.share().unwrap();
            assert!(share.take(OWN - PER_CALL));
            assert!(!share.take(1));
        }
        drop(all);
        assert_eq!(budget.taken.load(Relaxed), 0);
    }
}
