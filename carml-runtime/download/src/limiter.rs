//! The limit of bytes per second, over all transfers.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// How much may be sent at once after a pause.
const BURST: Duration = Duration::from_millis(100);

/// Hands out times at which bytes may flow.
#[derive(Debug)]
pub(crate) struct Limiter {
    rate: Option<u64>,
    /// When all bytes that were taken have had their time.
    free_at: Mutex<Option<Instant>>,
}

impl Limiter {
    pub(crate) fn new(rate: Option<u64>) -> Self {
        Self {
            rate,
            free_at: Mutex::new(None),
        }
    }

    /// Waits until this many bytes more are within the rate.
    pub(crate) async fn take(&self, bytes: usize) {
        let Some(rate) = self.rate else {
            return;
        };
        let takes = Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64);
        let until = {
            let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
            let earliest = Instant::now()
                .checked_sub(BURST)
                .unwrap_or_else(Instant::now);
            let from = free_at.map_or(earliest, |at| at.max(earliest));
            *free_at.insert(from + takes)
        };
        sleep_until(until).await;
    }
}
