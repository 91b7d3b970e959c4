//! What is counted.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use carml_runtime::kv::{Applied, Error};

use super::Run;

type Count = AtomicU64;

/// In a run of this length, every fault occurs.
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Figures {
    operations: Count,
    refused: Count,
    unknown: Count,
    pub(super) kills: Count,
    pub(super) freezes: Count,
    pub(super) stops: Count,
    pub(super) cancelled: Count,
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
    pub(super) leftovers: Count,
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

    fn violations(&self) -> [(&'static str, &Count); 10] {
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
            ("leftovers of cancelled calls", &self.leftovers),
        ]
    }

    /// Whether no promise was broken, and enough was tried to say so.
    pub(super) fn are_right(&self, run: &Run) -> bool {
        let get = |count: &Count| count.load(Ordering::Relaxed);
        let tried = [&self.kills, &self.freezes, &self.stops, &self.fenced];
        let is_long = run.duration >= LONG;
        let violations = self.violations();
        violations.iter().all(|(_, count)| get(count) == 0)
            && (!is_long || tried.iter().all(|count| get(count) > 0))
    }

    pub(super) fn report(&self, run: &Run) -> String {
        let get = |count: &Count| count.load(Ordering::Relaxed);
        let mut report = format!("{} x {}:", run.target.server, run.nodes);
        let counts = [
            (run.began.elapsed().as_secs(), "seconds"),
            (get(&self.operations), "operations"),
            (get(&self.refused), "of them not applied"),
            (get(&self.unknown), "unknown"),
            (get(&self.kills), "kills"),
            (get(&self.freezes), "freezes"),
            (get(&self.stops), "holders stopped past their TTL"),
            (get(&self.cancelled), "cancelled calls"),
            (get(&self.histories), "histories"),
            (get(&self.undecided), "of them undecided"),
            (get(&self.acquired), "locks"),
            (get(&self.fenced), "fenced writes"),
            (get(&self.leases), "leases"),
            (get(&self.events), "events"),
            (get(&self.snapshots), "snapshots"),
        ];
        for (count, what) in counts {
            report.push_str(&format!(" {count} {what},"));
        }
        for (what, count) in self.violations() {
            report.push_str(&format!("\n  {}: {what}", get(count)));
        }
        report
    }
}
