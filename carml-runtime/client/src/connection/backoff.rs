//! The pauses between attempts, as gRPC's connection-backoff.md has them.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const MAX: Duration = Duration::from_secs(120);
const MULTIPLIER: f64 = 1.6;
const JITTER: std::ops::Range<f64> = 0.8..1.2;

/// How long after the beginning of one attempt the next one begins.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    /// After a success.
    pub(super) fn reset(&mut self) {
        self.0 = FIRST;
    }

    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0.mul_f64(rand::random_range(JITTER));
        self.0 = self.0.mul_f64(MULTIPLIER).min(MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_two_minutes_and_are_reset() {
        let mut backoff = Backoff::new();
        let mut expected: f64 = 1.0;
        for _ in 0..20 {
            let pause = backoff.next().as_secs_f64();
            assert!(
                (expected * 0.8..=expected * 1.2).contains(&pause),
                "{pause}"
            );
            expected = (expected * 1.6).min(120.0);
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(1200));
    }
}
