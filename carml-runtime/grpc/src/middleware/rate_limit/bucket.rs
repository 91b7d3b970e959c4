//! How fast calls come, in one number.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// What fits: a call per interval, and some at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    interval: u64,
    /// How far ahead of their time calls may come.
    slack: u64,
}

impl Shape {
    /// `calls` per time, and as many at once unless `burst` says otherwise.
    pub(super) fn new(calls: u64, per: Duration, burst: Option<u64>) -> Self {
        let interval = nanos(per).div_ceil(calls).max(1);
        let burst = burst.unwrap_or(calls).max(1);
        Self {
            interval,
            slack: interval.saturating_mul(burst - 1),
        }
    }
}

/// The time of the next call, if calls came one per interval (the generic cell rate algorithm): no
/// timer fills it, and it does not matter how long it was not used.
#[derive(Debug, Default)]
pub(super) struct Bucket(AtomicU64);

impl Bucket {
    /// Takes a call that comes now. An error says how long to wait until there is room for one.
    pub(super) fn take(&self, shape: &Shape, now: Duration) -> Result<(), Duration> {
        let now = nanos(now);
        let next = |due: u64| {
            let due = due.max(now);
            (due - now <= shape.slack).then(|| due.saturating_add(shape.interval))
        };
        match self.0.fetch_update(Relaxed, Relaxed, next) {
            Ok(_) => Ok(()),
            Err(due) => Err(Duration::from_nanos(due - now - shape.slack)),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn as_many_as_the_burst_pass_at_once_and_then_one_per_interval() {
        let shape = Shape::new(10, Duration::from_secs(1), Some(3));
        let bucket = Bucket::default();
        for _ in 0..3 {
            assert_eq!(bucket.take(&shape, at(0)), Ok(()));
        }
        assert_eq!(bucket.take(&shape, at(0)), Err(at(100)));
        assert_eq!(bucket.take(&shape, at(60)), Err(at(40)));
        assert_eq!(bucket.take(&shape, at(100)), Ok(()));
        assert_eq!(bucket.take(&shape, at(100)), Err(at(100)));
        // However long nothing comes, the burst does not grow.
        for _ in 0..3 {
            assert_eq!(bucket.take(&shape, at(1_000_000)), Ok(()));
        }
        assert!(bucket.take(&shape, at(1_000_000)).is_err());
    }

    #[test]
    fn over_time_exactly_the_rate_passes() {
        let shape = Shape::new(7, Duration::from_secs(60), None);
        let bucket = Bucket::default();
        let minutes = 100;
        let passed = (0..minutes * 600).filter(|tenth| {
            let now = at(tenth * 100);
            bucket.take(&shape, now).is_ok()
        });
        let passed = passed.count() as u64;
        assert!(
            (minutes * 7..=(minutes + 1) * 7).contains(&passed),
            "{passed}"
        );
    }

    #[test]
    fn no_rate_is_too_large_or_too_small() {
        for (calls, burst) in [(u64::MAX, None), (1, Some(u64::MAX)), (u64::MAX, Some(1))] {
            let shape = Shape::new(calls, Duration::from_secs(3600), burst);
            let bucket = Bucket::default();
            assert_eq!(bucket.take(&shape, Duration::MAX), Ok(()));
        }
    }
}
