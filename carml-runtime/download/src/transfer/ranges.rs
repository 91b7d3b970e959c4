//! Sets of byte ranges.

use serde::{Deserialize, Serialize};

/// Ranges that do not touch, in order. Ends are exclusive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Adds a range; joins those that touch.
    pub(crate) fn add(&mut self, mut start: u64, mut end: u64) {
        if start >= end {
            return;
        }
        let first = self.0.partition_point(|range| range.1 < start);
        let after = self.0.partition_point(|range| range.0 <= end);
        if let Some(joined) = self.0.get(first..after).filter(|joined| !joined.is_empty()) {
            start = start.min(joined[0].0);
            end = end.max(joined[joined.len() - 1].1);
        }
        self.0.splice(first..after, [(start, end)]);
    }

    /// Where the first gap begins.
    pub(crate) fn front(&self) -> u64 {
        self.0
            .first()
            .filter(|range| range.0 == 0)
            .map_or(0, |range| range.1)
    }

    /// The number of bytes.
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    /// What is missing up to `size`.
    pub(crate) fn gaps(&self, size: u64) -> Vec<(u64, u64)> {
        let mut gaps = Vec::new();
        let mut at = 0;
        for (start, end) in self.0.iter().copied().chain([(size, size)]) {
            if at < start.min(size) {
                gaps.push((at, start.min(size)));
            }
            at = at.max(end);
        }
        gaps
    }

    /// Whether they are what `add` makes, and end at `size` at most.
    pub(crate) fn is_valid(&self, size: u64) -> bool {
        let ordered = self.0.windows(2).all(|pair| pair[0].1 < pair[1].0);
        ordered
            && self
                .0
                .iter()
                .all(|(start, end)| start < end && *end <= size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_are_a_set_of_bytes(pairs in prop::collection::vec((0u64..40, 0u64..40), 0..12)) {
            let mut ranges = Ranges::default();
            let mut bytes = [false; 40];
            for (start, end) in pairs {
                ranges.add(start, end);
                (start..end).for_each(|n| bytes[n as usize] = true);
            }
            prop_assert!(ranges.is_valid(40));
            prop_assert_eq!(ranges.len(), bytes.iter().filter(|b| **b).count() as u64);
            let front = bytes.iter().take_while(|b| **b).count() as u64;
            prop_assert_eq!(ranges.front(), front);
            let mut missing = [true; 40];
            for (start, end) in ranges.gaps(40) {
                (start..end).for_each(|n| missing[n as usize] = false);
            }
            prop_assert_eq!(missing, bytes);
        }
    }
}
