//! What is counted.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use carml_runtime::kv::{Applied, Error};

use super::Target;

type Count = AtomicU64;

#[derive(Debug, Default)]
pub(super) struct Figures {
    operations: Count,
    refused: Count,
    unknown: Count,
    pub(super) kills: Count,
    pub(super) freezes: Count,
    pub(super) histories: Count,
    pub(super) acquired: Count,
    pub(super) fenced: Count,
    pub(super) leases: Count,
    pub(super) events: Count,
    pub(super) snapshots: Count,
    pub(super) undecided: Count,
    // All of these have to be 0.
    pub(super) not_linearizable: Count,
    pub(super) two_holders: Count,
    pub(super) tokens_not_rising: Count,
    pub(super) fence_violations: Count,
    pub(super) early_expiries: Count,
    pub(super) events_lost: Count,
    pub(super) events_doubled: Count,
    pub(super) out_of_order: Count,
    pub(super) wrong_states: Count,
}

impl Figures {
    pub(super) fn add(count: &Count) {
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn called(&self, error: Option<&Error>) {
        Figures::add(&self.operations);
        match error.map(|error| error.applied) {
            Some(Applied::No) => Figures::add(&self.refused),
            Some(_) => Figures::add(&self.unknown),
            None => {}
        }
    }

    fn violations(&self) -> [(&'static str, &Count); 9] {
        [
            (
                "histories that are not linearizable",
                &self.not_linearizable,
            ),
            ("locks with two holders", &self.two_holders),
            ("tokens that do not rise", &self.tokens_not_rising),
            ("fenced writes of a late holder", &self.fence_violations),
            ("leases that ended before their TTL", &self.early_expiries),
            ("events lost", &self.events_lost),
            ("events doubled", &self.events_doubled),
            ("batches out of order", &self.out_of_order),
            ("wrong final states", &self.wrong_states),
        ]
    }

    pub(super) fn are_right(&self) -> bool {
        let counts = self.violations();
        counts
            .iter()
            .all(|(_, count)| count.load(Ordering::Relaxed) == 0)
    }

    pub(super) fn report(&self, target: &Target, took: Duration) -> String {
        let get = |count: &Count| count.load(Ordering::Relaxed);
        let mut report = format!(
            "{} x {}: {} s, {} operations ({} not applied, {} unknown), {} kills, {} freezes, \
             {} histories ({} undecided), {} locks, {} fenced writes, {} leases, {} events, {} \
             snapshots",
            target.server,
            target.nodes,
            took.as_secs(),
            get(&self.operations),
            get(&self.refused),
            get(&self.unknown),
            get(&self.kills),
            get(&self.freezes),
            get(&self.histories),
            get(&self.undecided),
            get(&self.acquired),
            get(&self.fenced),
            get(&self.leases),
            get(&self.events),
            get(&self.snapshots),
        );
        for (what, count) in self.violations() {
            report.push_str(&format!("\n  {}: {what}", get(count)));
        }
        report
    }
}
