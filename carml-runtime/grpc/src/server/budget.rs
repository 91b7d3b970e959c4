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

/// The limit, and what is taken of it.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    taken: AtomicU64,
    exhausted: Episode,
}

/// What one call has taken. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
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

    /// The share of a new call; none if there is no more.
    pub(super) fn share(self: &Arc<Self>) -> Option<Share> {
        let mut share = Share {
            budget: Arc::clone(self),
            taken: 0,
        };
        share.take(PER_CALL).then_some(share)
    }

    /// What all calls may take together.
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    fn take(&self, bytes: u64, is_small: bool) -> bool {
        let limit = match is_small {
            true => self.limit,
            false => self.limit / 4 * 3,
        };
        let before = self.taken.fetch_add(bytes, Relaxed);
        if before.saturating_add(bytes) > limit {
            self.taken.fetch_sub(bytes, Relaxed);
            if self.exhausted.begin() {
                tracing::warn!(
                    "requests take all of grpc.server.message_budget, {} bytes: some are refused",
                    self.limit
                );
            }
            return false;
        }
        // Well below the limit, so that a load near it is not logged over and over.
        if self.exhausted.is_on() && before < self.limit / 2 && self.exhausted.end() {
            tracing::info!("requests are within grpc.server.message_budget again");
        }
        true
    }
}

impl Share {
    /// What all calls may take together.
    pub(super) fn limit(&self) -> u64 {
        self.budget.limit()
    }

    /// Takes more; whether there is as much.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        let is_small = self.taken + bytes <= SMALL;
        let has_room = self.budget.take(bytes, is_small);
        if has_room {
            self.taken += bytes;
        }
        has_room
    }

    /// Gives back what was taken before.
    pub(super) fn give_back(&mut self, bytes: u64) {
        self.taken -= bytes;
        self.budget.taken.fetch_sub(bytes, Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.taken, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_large_share_leaves_room_for_small_ones() {
        let budget = Budget::new(8 << 20);
        let mut large = budget.share().unwrap();
        let rest = 6 * (1 << 20) - PER_CALL;
        assert!(!large.take(rest + 1));
        assert!(large.take(rest));
        let mut small = budget.share().unwrap();
        assert!(small.take(SMALL - PER_CALL));
        assert!(!small.take(1));
    }

    #[test]
    fn a_share_is_refused_over_the_limit_and_given_back_when_it_is_dropped() {
        let budget = Budget::new(3 * PER_CALL);
        let mut first = budget.share().unwrap();
        assert!(first.take(PER_CALL));
        let second = budget.share().unwrap();
        assert!(budget.share().is_none());
        assert!(!first.take(1));
        first.give_back(10);
        assert!(first.take(10));
        drop(second);
        assert!(budget.share().is_some());
        drop(first);
        assert_eq!(budget.taken.load(Relaxed), 0);
    }
}
