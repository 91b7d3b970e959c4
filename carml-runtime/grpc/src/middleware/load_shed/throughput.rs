//! How many calls end, and how fast.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Parts of the window, each with its counts.
const PARTS: u64 = 50;

/// What ended in the window, in parts that are reused.
#[derive(Debug)]
pub(super) struct Throughput {
    /// The time of one part, in nanoseconds.
    width: u64,
    parts: Vec<Part>,
}

#[derive(Debug, Default)]
struct Part {
    /// Which part since the start this is, plus 1.
    number: AtomicU64,
    calls: AtomicU64,
    /// How long they took together.
    nanos: AtomicU64,
}

impl Throughput {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            width: (nanos(window) / PARTS).max(1),
            parts: (0..PARTS).map(|_| Part::default()).collect(),
        }
    }

    /// A call has ended now, and took this long.
    pub(super) fn ended(&self, now: Duration, took: Duration) {
        let number = self.number(now);
        let part = &self.parts[index(number)];
        let before = part.number.load(Relaxed);
        if before != number
            && part
                .number
                .compare_exchange(before, number, Relaxed, Relaxed)
                .is_ok()
        {
            // What others count in between is lost, which does not matter.
            part.calls.store(0, Relaxed);
            part.nanos.store(0, Relaxed);
        }
        part.calls.fetch_add(1, Relaxed);
        part.nanos.fetch_add(nanos(took), Relaxed);
    }

    /// How many calls are worked on at once at the best throughput and the least latency of the
    /// window; none if nothing has ended in it.
    pub(super) fn served_at_once(&self, now: Duration) -> Option<u64> {
        let current = self.number(now);
        let (mut most, mut least) = (0, f64::INFINITY);
        // The current part is not over.
        for number in (current + 1).saturating_sub(PARTS).max(1)..current {
            let part = &self.parts[index(number)];
            let calls = part.calls.load(Relaxed);
            if part.number.load(Relaxed) != number || calls == 0 {
                continue;
            }
            most = most.max(calls);
            least = least.min(part.nanos.load(Relaxed) as f64 / calls as f64);
        }
        if most == 0 {
            return None;
        }
        let served = most as f64 * least / self.width as f64;
        // At least one: it has to find out when the load is over.
        Some((served.ceil() as u64).max(1))
    }

    fn number(&self, now: Duration) -> u64 {
        nanos(now) / self.width + 1
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number % PARTS).unwrap_or_default()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn the_calls_at_once_are_throughput_times_latency() {
        let throughput = Throughput::new(Duration::from_secs(5));
        assert_eq!(throughput.served_at_once(MS(0)), None);
        // 100 calls in a part of 100 ms, of 20 ms each: 20 at once.
        for _ in 0..100 {
            throughput.ended(MS(50), MS(20));
        }
        assert_eq!(
            throughput.served_at_once(MS(50)),
            None,
            "the part is not over"
        );
        assert_eq!(throughput.served_at_once(MS(150)), Some(20));
        // Later calls wait for each other: the least latency stays.
        for _ in 0..100 {
            throughput.ended(MS(150), MS(500));
        }
        assert_eq!(throughput.served_at_once(MS(250)), Some(20));
        // After the window, only what is in it counts.
        assert_eq!(throughput.served_at_once(MS(6_000)), None);
        throughput.ended(MS(6_050), MS(1));
        assert_eq!(throughput.served_at_once(MS(6_150)), Some(1));
    }
}
