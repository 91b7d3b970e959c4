//! Pauses between attempts.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// No pause until every server was tried, then full jitter: a random part of a limit that doubles
/// with each round.
#[derive(Debug)]
pub struct Backoff {
    attempts: u32,
    servers: u32,
}

impl Backoff {
    /// For this number of servers.
    pub fn new(servers: usize) -> Backoff {
        Backoff {
            attempts: 0,
            servers: u32::try_from(servers).unwrap_or(1).max(1),
        }
    }

    /// How long to wait before the next attempt.
    pub fn pause(&mut self) -> Duration {
        self.attempts = self.attempts.saturating_add(1);
        if !self.attempts.is_multiple_of(self.servers) {
            return Duration::ZERO;
        }
        rand::random_range(Duration::ZERO..=self.limit())
    }

    /// After a success.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    fn limit(&self) -> Duration {
        let rounds = self.attempts / self.servers;
        let factor = 1u32
            .checked_shl(rounds.saturating_sub(1))
            .unwrap_or(u32::MAX);
        FIRST.saturating_mul(factor).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_doubles_with_each_round_of_servers() {
        let mut backoff = Backoff::new(3);
        assert_eq!(backoff.pause(), Duration::ZERO);
        assert_eq!(backoff.pause(), Duration::ZERO);
        assert!(backoff.pause() <= FIRST);
        for expected in [100, 200, 400, 800, 1600, 2000, 2000] {
            (0..3).for_each(|_| assert!(backoff.pause() <= LONGEST));
            assert_eq!(backoff.limit(), Duration::from_millis(expected));
        }
        (0..1000).for_each(|_| assert!(backoff.pause() <= LONGEST));
    }
}
