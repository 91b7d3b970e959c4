//! Whether what clients saw of one key can be explained by calls that took effect one after another,
//! each between its start and its end.
//!
//! The search is that of Wing and Gong, with Lowe's memory of the states that were visited.
//! <https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/>

use std::collections::HashSet;

/// What a client asked for. Each value is written by one call only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Reads the value.
    Get,
    /// Writes a value.
    Put(u64),
    /// Removes the value.
    Delete,
    /// Writes a value if there is this one.
    Swap(Option<u64>, u64),
}

/// What a client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The value that was read.
    Value(Option<u64>),
    /// It was written.
    Written,
    /// Whether there was a value.
    Removed(bool),
    /// Whether there was the expected value.
    Swapped(bool),
    /// It may have been applied, and may still be.
    Unknown,
}

/// A call of a client.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// What was asked.
    pub request: Request,
    /// What was told.
    pub answer: Answer,
    /// When the call began, by any clock.
    pub start: u64,
    /// When the answer came. It has no meaning without one.
    pub end: u64,
}

impl Operation {
    fn end(&self) -> u64 {
        match self.answer {
            Answer::Unknown => u64::MAX,
            _ => self.end,
        }
    }

    /// The value after the call; `None`: it does not give this answer.
    fn apply(&self, now: Option<u64>) -> Option<Option<u64>> {
        let (after, answer) = match self.request {
            Request::Get => (now, Answer::Value(now)),
            Request::Put(value) => (Some(value), Answer::Written),
            Request::Delete => (None, Answer::Removed(now.is_some())),
            Request::Swap(expected, to) if expected == now => (Some(to), Answer::Swapped(true)),
            Request::Swap(..) => (now, Answer::Swapped(false)),
        };
        (self.answer == Answer::Unknown || self.answer == answer).then_some(after)
    }
}

/// What a history shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is an order that explains it.
    Linearizable,
    /// There is none.
    Violation,
    /// There are too many orders to try them all.
    Undecided,
}

const MAX_STATES: usize = 2_000_000;

/// Judges the history of a key that had no value at first.
pub fn judge(history: &[Operation]) -> Verdict {
    let mut operations = history.to_vec();
    operations.sort_by_key(|operation| operation.start);
    let words = operations.len().div_ceil(64);
    let mut visited = HashSet::new();
    let mut stack = vec![(vec![0_u64; words], None::<u64>)];
    while let Some((done, value)) = stack.pop() {
        let is_done = |i: usize| done[i / 64] >> (i % 64) & 1 == 1;
        let left = (0..operations.len()).filter(|i| !is_done(*i));
        let left: Vec<usize> = left.collect();
        // Whatever begins after the end of another call comes after it.
        let first_end = left.iter().map(|i| operations[*i].end()).min();
        let first_end = first_end.unwrap_or(u64::MAX);
        if first_end == u64::MAX {
            return Verdict::Linearizable;
        }
        let mut next = Vec::new();
        for i in left
            .into_iter()
            .take_while(|i| operations[*i].start <= first_end)
        {
            if let Some(after) = operations[i].apply(value) {
                let mut done = done.clone();
                done[i / 64] |= 1 << (i % 64);
                if visited.insert((done.clone(), after)) {
                    next.push((operations[i].end(), (done, after)));
                }
            }
        }
        if visited.len() > MAX_STATES {
            return Verdict::Undecided;
        }
        // The call that ended first is tried first; those without an answer last.
        next.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
        stack.extend(next.into_iter().map(|(_, state)| state));
    }
    Verdict::Violation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(history: &[(Request, Answer, u64, u64)]) -> Verdict {
        let operations = history
            .iter()
            .map(|(request, answer, start, end)| Operation {
                request: *request,
                answer: *answer,
                start: *start,
                end: *end,
            });
        judge(&operations.collect::<Vec<_>>())
    }

    use Answer::{Removed, Swapped, Unknown, Value, Written};
    use Request::{Delete, Get, Put, Swap};

    #[test]
    fn calls_at_the_same_time_may_have_either_order() {
        for read in [None, Some(1), Some(2)] {
            let history = [
                (Put(1), Written, 1, 5),
                (Put(2), Written, 2, 6),
                (Get, Value(read), 3, 4),
            ];
            assert_eq!(judged(&history), Verdict::Linearizable, "{read:?}");
        }
        let history = [
            (Put(1), Written, 1, 2),
            (Swap(Some(1), 2), Swapped(true), 3, 9),
            (Swap(Some(1), 3), Swapped(false), 4, 8),
            (Delete, Removed(true), 10, 11),
            (Delete, Removed(false), 12, 13),
            (Get, Value(None), 14, 15),
        ];
        assert_eq!(judged(&history), Verdict::Linearizable);
    }

    #[test]
    fn a_call_without_an_answer_may_be_applied_late_or_never() {
        for read in [None, Some(1)] {
            let history = [(Put(1), Unknown, 1, 2), (Get, Value(read), 90, 91)];
            assert_eq!(judged(&history), Verdict::Linearizable, "{read:?}");
        }
        let twice = [
            (Put(1), Unknown, 1, 2),
            (Get, Value(Some(1)), 3, 4),
            (Put(2), Written, 5, 6),
            (Get, Value(Some(1)), 7, 8),
        ];
        assert_eq!(judged(&twice), Verdict::Violation);
    }

    #[test]
    fn wrong_histories_are_found() {
        let stale = [
            (Put(1), Written, 1, 2),
            (Put(2), Written, 3, 4),
            (Get, Value(Some(1)), 5, 6),
        ];
        let lost = [(Put(1), Written, 1, 2), (Get, Value(None), 3, 4)];
        let back = [
            (Put(1), Written, 1, 9),
            (Get, Value(Some(1)), 2, 3),
            (Get, Value(None), 4, 5),
        ];
        let both = [
            (Put(1), Written, 1, 2),
            (Swap(Some(1), 2), Swapped(true), 3, 6),
            (Swap(Some(1), 3), Swapped(true), 4, 7),
        ];
        let early = [(Get, Value(Some(1)), 1, 2), (Put(1), Unknown, 3, 4)];
        let twice = [
            (Put(1), Written, 1, 2),
            (Delete, Removed(true), 3, 6),
            (Delete, Removed(true), 4, 7),
        ];
        for wrong in [&stale[..], &lost, &back, &both, &early, &twice] {
            assert_eq!(judged(wrong), Verdict::Violation, "{wrong:?}");
        }
    }

    #[test]
    fn a_long_history_is_judged_soon() {
        // Four clients at a time, one of ten calls without an answer.
        let history = |n: u64| {
            let (start, end) = (n * 10, n * 10 + 35);
            match n % 10 {
                0 => (Put(n), Unknown, start, end),
                _ => (Put(n), Written, start, end),
            }
        };
        let mut history: Vec<_> = (0..400).map(history).collect();
        history.push((Get, Value(Some(399)), 5000, 5001));
        assert_eq!(judged(&history), Verdict::Linearizable);
    }
}
