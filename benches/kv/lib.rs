//! What the benchmarks share: samples, and how two of them compare.

use std::time::{Duration, Instant};

/// What each of many took.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// The time since `start`.
    pub fn add(&mut self, start: Instant) {
        self.0.push(start.elapsed());
    }

    /// The time that this part of them did not exceed.
    pub fn percentile(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        self.0[(self.0.len() - 1) * percent / 100]
    }
}

/// Prints half and nearly all of two samples, and their ratios.
pub fn report(what: &str, raw: &mut Times, ours: &mut Times) {
    for percent in [50, 99] {
        let (raw, ours) = (raw.percentile(percent), ours.percentile(percent));
        let more = ours.saturating_sub(raw);
        let ratio = ours.as_secs_f64() / raw.as_secs_f64();
        println!("{what} p{percent}: raw {raw:.2?}, kv {ours:.2?}: +{more:.2?}, {ratio:.2} times");
    }
}
