//! From a queue to a destination: batches, failures, and what is said of them.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use rand::Rng as _;

use crate::{
    line::{LOCAL_TARGET, OWN_TARGET},
    queue::{Batch, Queue},
};

const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// A destination.
pub(super) trait Sink: Send {
    /// As messages name it.
    const NAME: &'static str;

    /// How long a first line waits for others, so that they are sent together.
    const LINGER: Duration;

    /// Sends what the batch has, oldest first, in as many requests as it takes, and removes it.
    /// What an error leaves in the batch was not accepted, and is sent again.
    fn send(
        &mut self,
        batch: &mut Batch,
        refused: &mut Refused,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What the destination will never accept.
#[derive(Debug, Default)]
pub(super) struct Refused {
    count: u64,
    /// Why the first was not.
    reason: Option<String>,
}

impl Refused {
    #[cfg(feature = "http")]
    pub(super) fn add(&mut self, count: usize, reason: impl FnOnce() -> String) {
        self.count += count as u64;
        self.reason.get_or_insert_with(reason);
    }

    #[cfg(all(test, feature = "elastic-search"))]
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Counts what was refused since the last time, and logs it.
    fn say(&mut self, name: &str, queue: &Queue) {
        let Self { count, reason } = std::mem::take(self);
        queue.count_dropped(count);
        if let Some(reason) = reason {
            tracing::warn!(
                target: LOCAL_TARGET,
                lost = count,
                reason,
                "{name} rejected some entries"
            );
        }
    }
}

/// Why lines wait.
#[derive(Debug)]
pub(super) struct Failure {
    reason: String,
    /// The destination will not accept them until somebody changes something.
    is_lasting: bool,
}

impl Failure {
    pub(super) fn new(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
            is_lasting: false,
        }
    }

    #[cfg(feature = "elastic-search")]
    pub(super) fn lasting(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
            is_lasting: true,
        }
    }
}

/// Sends until the process ends. What is lost is counted, and logged when lines are accepted again.
pub(super) async fn run<S: Sink>(queue: Arc<Queue>, mut sink: S) {
    let name = S::NAME;
    let mut batch = Batch::default();
    let mut refused = Refused::default();
    let mut is_failing = false;
    loop {
        let mut lost = queue.take_async(&mut batch).await;
        queue.linger(S::LINGER).await;
        lost += queue.take_more(&mut batch);
        let mut backoff = MIN_BACKOFF;
        while let Err(failure) = sink.send(&mut batch, &mut refused).await {
            refused.say(name, &queue);
            if !std::mem::replace(&mut is_failing, true) {
                failure.say(name);
            }
            if queue.is_closing() {
                // There is no later time.
                lost += batch.len() as u64;
                queue.count_dropped(batch.len() as u64);
                break;
            }
            if failure.is_lasting {
                backoff = MAX_BACKOFF;
            }
            let jitter = rand::rng().random_range(0.8..1.2);
            queue.back_off(backoff.mul_f64(jitter)).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
        refused.say(name, &queue);
        if queue.is_closing() && is_failing {
            tracing::warn!(target: LOCAL_TARGET, lost, "{name}: the entries that waited are lost");
            continue;
        }
        if std::mem::take(&mut is_failing) {
            tracing::info!(target: OWN_TARGET, "{name} is available again");
        }
        if lost > 0 {
            tracing::warn!(target: OWN_TARGET, lost, "{name}: some entries are lost");
        }
    }
}

impl Failure {
    fn say(&self, name: &str) {
        let reason = &self.reason;
        if self.is_lasting {
            tracing::error!(target: OWN_TARGET, reason, "{name} rejects all entries: trying again");
        } else {
            tracing::warn!(target: OWN_TARGET, reason, "{name} is not available: trying again");
        }
    }
}
