//! Retry throttling of gRFC A6, per target.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire},
};

use carml_config::model::RetryThrottling;

/// Thousandths of a token.
const TOKEN: u64 = 1000;

/// The tokens of a target.
#[derive(Debug)]
pub(crate) struct Throttle {
    max: u64,
    ratio: u64,
    tokens: AtomicU64,
}

impl Throttle {
    pub(super) fn new(config: &RetryThrottling) -> Self {
        let max = config.max_tokens * TOKEN;
        Self {
            max,
            // At least one: the schema has the bounds.
            ratio: (config.token_ratio * TOKEN as f64) as u64,
            tokens: AtomicU64::new(max),
        }
    }

    /// A call failed in a way that could be retried. Whether it may be.
    pub(super) fn failure(&self) -> bool {
        let less = |tokens: u64| Some(tokens.saturating_sub(TOKEN));
        let before = self.tokens.fetch_update(AcqRel, Acquire, less);
        let left = before.unwrap_or_else(|same| same).saturating_sub(TOKEN);
        left > self.max / 2
    }

    /// Whether calls may be sent again.
    pub(super) fn allows(&self) -> bool {
        self.tokens.load(Acquire) > self.max / 2
    }

    pub(super) fn success(&self) {
        let more = |tokens: u64| (tokens < self.max).then(|| (tokens + self.ratio).min(self.max));
        // An error says that it is full.
        let _ = self.tokens.fetch_update(AcqRel, Acquire, more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_stop_at_half_of_the_tokens_and_come_back_with_successes() {
        let throttle = Throttle::new(&RetryThrottling {
            max_tokens: 4,
            token_ratio: 0.5,
        });
        assert!(throttle.failure(), "3 of 4 are left");
        assert!(!throttle.failure(), "2 of 4 are not more than half");
        for _ in 0..5 {
            assert!(!throttle.failure());
        }
        for _ in 0..5 {
            throttle.success();
        }
        assert!(!throttle.failure(), "2.5 - 1 are left");
        for _ in 0..100 {
            throttle.success();
        }
        assert!(throttle.failure(), "never more than 4");
        assert!(!throttle.failure());
    }
}
