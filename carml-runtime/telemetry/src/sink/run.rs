//! From a queue to a destination: batches, failures, and what is said of them.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use rand::Rng as _;

use crate::{
    line::OWN_TARGET,
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

    #[cfg(test)]
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Says what was refused since the last time; how much.
    fn say(&mut self, name: &str) -> u64 {
        let Self { count, reason } = std::mem::take(self);
        if let Some(reason) = reason {
            tracing::warn!(target: OWN_TARGET, refused = count, reason, "{name} refused some of what was sent");
        }
        count
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

    #[cfg(feature = "http")]
    pub(super) fn lasting(reason: impl fmt::Display) -> Self {
        Self {
            reason: reason.to_string(),
            is_lasting: true,
        }
    }
}

/// Sends for ever. What is lost is counted by the queue, and said when lines are accepted again.
pub(super) async fn run<S: Sink>(queue: Arc<Queue>, mut sink: S) {
    let mut batch = Batch::default();
    let mut refused = Refused::default();
    loop {
        let mut lost = queue.take_async(&mut batch).await;
        if !S::LINGER.is_zero() {
            queue.linger(S::LINGER).await;
            lost += queue.take_more(&mut batch);
        }
        let mut backoff = MIN_BACKOFF;
        let mut is_failing = false;
        while let Err(failure) = sink.send(&mut batch, &mut refused).await {
            lost += refused.say(S::NAME);
            if !std::mem::replace(&mut is_failing, true) {
                failure.say(S::NAME);
            }
            if queue.is_closing() {
                // There is no later time.
                break;
            }
            if failure.is_lasting {
                backoff = MAX_BACKOFF;
            }
            let jitter = rand::rng().random_range(0.8..1.2);
            queue.back_off(backoff.mul_f64(jitter)).await;
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
        lost += refused.say(S::NAME);
        let name = S::NAME;
        if is_failing && batch.is_empty() {
            tracing::info!(target: OWN_TARGET, "{name} accepts what is sent again");
        }
        if lost > 0 {
            tracing::warn!(target: OWN_TARGET, lost, "{name}: some of what was to be sent is lost");
        }
    }
}

impl Failure {
    fn say(&self, name: &str) {
        let reason = &self.reason;
        if self.is_lasting {
            tracing::error!(target: OWN_TARGET, reason, "{name} accepts nothing");
        } else {
            tracing::warn!(target: OWN_TARGET, reason, "{name} cannot be reached");
        }
    }
}
