//! Durations by their size, counted without a lock.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The upper bounds of the buckets in seconds, as OpenTelemetry has them for calls.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// How many durations there are of each size: two atomic additions for each.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound);
        self.counts[bucket.unwrap_or(BOUNDS.len())].fetch_add(1, Relaxed);
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Relaxed);
    }

    /// What was counted until now.
    pub fn read(&self) -> Reading {
        let mut reading = Reading::default();
        for (count, counted) in reading.counts.iter_mut().zip(&self.counts) {
            *count = counted.load(Relaxed);
        }
        reading.nanos = self.nanos.load(Relaxed);
        reading
    }
}

/// What a [`Histogram`] had counted at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    counts: [u64; BOUNDS.len() + 1],
    nanos: u64,
}

impl Reading {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum in seconds.
    pub fn sum(&self) -> f64 {
        self.nanos as f64 / 1e9
    }

    /// Each upper bound in seconds, with the count of what is below it and above the one before.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        bounds.zip(self.counts)
    }

    /// The bound in seconds that this share of them is below: an estimate within its bucket; the
    /// last bound for those beyond it. None without any.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let count = self.count();
        let rank = share * count as f64;
        let mut below = 0.0;
        let mut low = 0.0;
        for (bound, count) in self.buckets().filter(|_| count > 0) {
            let here = count as f64;
            if bound.is_infinite() {
                return Some(low);
            }
            if here > 0.0 && below + here >= rank {
                return Some(low + (bound - low) * (rank - below) / here);
            }
            below += here;
            low = bound;
        }
        None
    }

    /// With what another one has.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for (count, added) in self.counts.iter_mut().zip(other.counts) {
            *count += added;
        }
        self.nanos = self.nanos.wrapping_add(other.nanos);
        self
    }

    /// What came after an earlier one.
    #[must_use]
    pub fn since(mut self, earlier: &Self) -> Self {
        for (count, before) in self.counts.iter_mut().zip(earlier.counts) {
            *count = count.saturating_sub(before);
        }
        self.nanos = self.nanos.wrapping_sub(earlier.nanos);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: &[u64]) -> Reading {
        let histogram = Histogram::default();
        for each in millis {
            histogram.observe(Duration::from_millis(*each));
        }
        histogram.read()
    }

    #[test]
    fn a_value_is_in_the_bucket_of_the_first_bound_that_it_is_not_above() {
        let reading = of(&[5, 6, 10_000, 10_001]);
        let full: Vec<f64> = reading
            .buckets()
            .filter(|one| one.1 > 0)
            .map(|one| one.0)
            .collect();
        assert_eq!(full, [0.005, 0.01, 10.0, f64::INFINITY]);
        assert_eq!(reading.count(), 4);
        assert!((reading.sum() - 20.012).abs() < 1e-9);
    }

    #[test]
    fn a_quantile_is_between_the_bounds_of_its_bucket() {
        assert_eq!(of(&[]).quantile(0.5), None);
        let many = of(&[[3; 98].as_slice(), &[60, 60]].concat());
        let half = many.quantile(0.5).unwrap_or_default();
        assert!((0.0..=0.005).contains(&half), "{half}");
        let most = many.quantile(0.99).unwrap_or_default();
        assert!((0.05..=0.075).contains(&most), "{most}");
        assert_eq!(of(&[60_000]).quantile(0.5), Some(10.0));
    }

    #[test]
    fn readings_are_added_and_subtracted() {
        let (early, late) = (of(&[1]), of(&[1, 2, 300]));
        assert_eq!(late.since(&early), of(&[2, 300]));
        assert_eq!(early.plus(&of(&[2, 300])), late);
    }
}
