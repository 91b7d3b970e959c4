//! Which instance a call goes to.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::{
    address::Address,
    connection::{Lease, Link},
    settings::Policy,
};

/// A balancer.
#[derive(Debug)]
pub(super) struct Picker {
    policy: Policy,
    next: AtomicUsize,
}

impl Picker {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            // Clients that start together do not all begin with the same instance.
            next: AtomicUsize::new(rand::random_range(0..1 << 16)),
        }
    }

    /// A stream of one of these, if one has a free one: of one that was not tried if there is one.
    pub(super) fn pick(&self, ready: &[Arc<Link>], tried: &[Address]) -> Option<Lease> {
        if ready.is_empty() {
            return None;
        }
        if let (1.., 2..) = (tried.len(), ready.len()) {
            let others = ready.iter().filter(|link| !tried.contains(&link.address));
            let others: Vec<_> = others.cloned().collect();
            if let Some(lease) = self.pick(&others, &[]) {
                return Some(lease);
            }
        }
        let first = match self.policy {
            Policy::LeastRequest { choices } => least(ready, choices),
            Policy::RoundRobin => self.next.fetch_add(1, Relaxed) % ready.len(),
            Policy::PickFirst => 0,
        };
        // The next one that has a free stream.
        let (before, from) = ready.split_at(first);
        from.iter().chain(before).find_map(Link::lease)
    }
}

/// Of some at random, the one with the fewest calls.
fn least(ready: &[Arc<Link>], choices: usize) -> usize {
    if ready.len() == 1 {
        return 0;
    }
    let first = rand::random_range(0..ready.len());
    let others = (1..choices).map(|_| {
        // Two are not the same one.
        let other = rand::random_range(0..ready.len() - 1);
        if other >= first { other + 1 } else { other }
    });
    let least = others.min_by_key(|at| ready[*at].in_flight());
    match least {
        Some(least) if ready[least].in_flight() < ready[first].in_flight() => least,
        _ => first,
    }
}
