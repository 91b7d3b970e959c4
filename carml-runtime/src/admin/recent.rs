//! The calls of the last minute.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use carml_grpc::{Calls, MethodCalls};

/// How often the counts are kept.
const INTERVAL: Duration = Duration::from_secs(5);

/// How many of them: a minute.
const KEPT: usize = 12;

/// Counts of the last minute, oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<VecDeque<(Instant, Vec<MethodCalls>)>>);

impl Recent {
    /// Keeps the counts, without end.
    pub(super) async fn follow(self: Arc<Self>, calls: Option<Arc<Calls>>) {
        let Some(calls) = calls else {
            return;
        };
        loop {
            self.keep(Instant::now(), calls.read());
            tokio::time::sleep(INTERVAL).await;
        }
    }

    fn keep(&self, now: Instant, counts: Vec<MethodCalls>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((now, counts));
    }

    /// What has come since the oldest counts, and how long that took.
    pub(super) fn since(
        &self,
        now: Instant,
        counts: Vec<MethodCalls>,
    ) -> (Duration, Vec<MethodCalls>) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((then, before)) = kept.front() else {
            return (Duration::ZERO, counts);
        };
        let mut counts = counts;
        for (count, before) in counts.iter_mut().zip(before) {
            count.started = count.started.saturating_sub(before.started);
            count.errors = count.errors.saturating_sub(before.errors);
            count.ended = count.ended.since(&before.ended);
        }
        (now.saturating_duration_since(*then), counts)
    }
}
