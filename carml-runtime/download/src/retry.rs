//! When a transfer is tried again, and after which pause.

use std::time::Duration;

use rand::Rng as _;

use crate::{Error, ErrorKind};

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// So many bytes are progress: what failed before them does not count.
const PROGRESS: u64 = 1024 * 1024;

/// The attempts at one URL.
#[derive(Clone, Debug)]
pub(crate) struct Retries {
    attempts: u32,
    max_wait: Duration,
    /// Attempts without progress.
    failed: u32,
    received: u64,
}

impl Retries {
    pub(crate) fn new(attempts: u32, max_wait: Duration) -> Self {
        Self {
            attempts,
            max_wait,
            failed: 0,
            received: 0,
        }
    }

    pub(crate) fn received(&mut self, bytes: u64) {
        self.received += bytes;
        if self.received >= PROGRESS {
            self.failed = 0;
            self.received = 0;
        }
    }

    /// The pause before the next attempt, or the error that ends the attempts.
    pub(crate) fn after(&mut self, error: Error) -> Result<Duration, Error> {
        if !error.is_transient() {
            return Err(error);
        }
        if let ErrorKind::Throttled {
            retry_after: Some(wait),
        } = error.kind
            && wait > self.max_wait
        {
            let message = format!(
                "{}; it asks to wait {wait:?}, and `retry.max_wait` is {:?}",
                error.message, self.max_wait
            );
            return Err(Error { message, ..error });
        }
        self.failed += 1;
        self.received = 0;
        if self.failed >= self.attempts {
            let message = match self.attempts {
                1 => error.message,
                attempts => format!("{} ({attempts} attempts without progress)", error.message),
            };
            return Err(Error { message, ..error });
        }
        Ok(match error.kind {
            ErrorKind::Throttled {
                retry_after: Some(wait),
            } => wait,
            _ => backoff(self.failed),
        })
    }
}

/// Full jitter: random up to a limit that doubles.
fn backoff(failed: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << (failed - 1).min(16));
    let limit = doubled.min(LONGEST_WAIT);
    rand::rng().random_range(Duration::ZERO..=limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable() -> Error {
        Error::new(ErrorKind::Unavailable, "reset")
    }

    #[test]
    fn only_attempts_without_progress_count() {
        let mut retries = Retries::new(3, Duration::from_secs(60));
        for _ in 0..10 {
            assert!(retries.after(unavailable()).is_ok());
            retries.received(PROGRESS);
        }
        assert!(retries.after(unavailable()).is_ok());
        retries.received(PROGRESS - 1);
        assert!(retries.after(unavailable()).is_ok());
        let error = retries
            .after(unavailable())
            .expect_err("the third in a row");
        assert!(error.message.contains("3 attempts"), "{error}");
    }

    #[test]
    fn a_wait_that_is_too_long_fails_at_once_and_says_so() {
        let mut retries = Retries::new(5, Duration::from_secs(60));
        let throttled = |seconds| {
            let retry_after = Some(Duration::from_secs(seconds));
            Error::new(ErrorKind::Throttled { retry_after }, "429")
        };
        assert_eq!(
            retries.after(throttled(9)).ok(),
            Some(Duration::from_secs(9))
        );
        let error = retries.after(throttled(3600)).expect_err("too long");
        assert!(error.message.contains("3600s"), "{error}");
    }

    #[test]
    fn what_cannot_get_better_is_not_tried_again() {
        let mut retries = Retries::new(5, Duration::from_secs(60));
        let error = Error::new(ErrorKind::NotFound, "404");
        assert!(retries.after(error).is_err());
    }
}
