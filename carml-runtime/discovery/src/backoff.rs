//! Pauses between attempts.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
pub(crate) const LONGEST: Duration = Duration::from_secs(5);

/// Full jitter: a random part of a limit that doubles with each attempt. Many processes that lost
/// the same directory do not come back at the same moment.
#[derive(Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    pub(crate) async fn wait(&mut self) {
        let limit = self.limit();
        self.attempts = self.attempts.saturating_add(1);
        tokio::time::sleep(rand::random_range(Duration::ZERO..=limit)).await;
    }

    /// Whether there was no pause yet since the last success.
    pub(crate) fn is_first(&self) -> bool {
        self.attempts == 0
    }

    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    fn limit(&self) -> Duration {
        let factor = 1u32.checked_shl(self.attempts).unwrap_or(u32::MAX);
        FIRST.saturating_mul(factor).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_doubles_up_to_the_longest() {
        let mut backoff = Backoff::default();
        for expected in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            assert_eq!(backoff.limit(), Duration::from_millis(expected));
            backoff.attempts += 1;
        }
        backoff.attempts = u32::MAX;
        assert_eq!(backoff.limit(), LONGEST);
        backoff.reset();
        assert_eq!(backoff.limit(), FIRST);
    }
}
