//! Calls of the last seconds.

use std::time::{Duration, Instant};

/// The parts of a window: the oldest one is left out at a time.
const PARTS: usize = 10;

/// How many calls there were, and how many of them were accepted.
#[derive(Debug)]
pub(crate) struct Window {
    parts: [Counts; PARTS],
    /// The part of now, and when it began.
    current: usize,
    begun: Option<Instant>,
    total: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    all: u64,
    accepted: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            parts: [Counts::default(); PARTS],
            current: 0,
            begun: None,
            total: Counts::default(),
        }
    }
}

impl Window {
    /// Counts a call, and says how many there were before it.
    pub(super) fn begin(&mut self, now: Instant, length: Duration) -> (u64, u64) {
        self.advance(now, length);
        let before = self.total;
        self.parts[self.current].all += 1;
        self.total.all += 1;
        (before.all, before.accepted)
    }

    /// A call was accepted.
    pub(super) fn accept(&mut self, now: Instant, length: Duration) {
        self.advance(now, length);
        self.parts[self.current].accepted += 1;
        self.total.accepted += 1;
    }

    /// Leaves out the parts that are too old.
    fn advance(&mut self, now: Instant, length: Duration) {
        let part = (length / PARTS as u32).max(Duration::from_nanos(1));
        let begun = *self.begun.get_or_insert(now);
        let passed = now.saturating_duration_since(begun).as_nanos() / part.as_nanos();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        if passed == 0 {
            return;
        }
        for _ in 0..passed.min(PARTS as u32) {
            self.current = (self.current + 1) % PARTS;
            let old = std::mem::take(&mut self.parts[self.current]);
            self.total.all -= old.all;
            self.total.accepted -= old.accepted;
        }
        // A part that is far later begins now.
        let next = part
            .checked_mul(passed)
            .and_then(|time| begun.checked_add(time));
        self.begun = Some(next.unwrap_or(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_leave_the_window_a_part_at_a_time() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let length = Duration::from_secs(1);
        let mut window = Window::default();
        assert_eq!(window.begin(at(0), length), (0, 0));
        window.accept(at(10), length);
        assert_eq!(window.begin(at(550), length), (1, 1));
        assert_eq!(window.begin(at(990), length), (2, 1));
        assert_eq!(window.begin(at(1001), length), (2, 0));
        assert_eq!(window.begin(at(1650), length), (2, 0));
        assert_eq!(window.begin(at(60_000), length), (0, 0));
    }
}
