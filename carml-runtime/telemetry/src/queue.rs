//! Lines that wait for their destination.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// What a queue holds at most, however long its lines are.
const MAX_BYTES: usize = 16 << 20;

/// What a buffer keeps for the next lines.
const MAX_KEPT: usize = 1 << 20;

/// A reader that waits for more lines has enough with this many.
const FULL_BATCH: usize = 1000;

/// How long a thread that has written lets further lines gather. To wake it costs more than to
/// write a line: under load it is woken once per pause, and not once per line. A line that comes
/// after a pause is written at once.
const PAUSE: Duration = Duration::from_millis(1);

/// Lines between the threads that log and the one that writes.
///
/// A push takes a lock for the time of a copy and never waits for the destination. A line that
/// does not fit is dropped and counted: the newest, so that what led to the overflow is kept.
pub(crate) struct Queue {
    state: Mutex<State>,
    /// For a reader that is a thread.
    filled: Condvar,
    /// For a reader that is a task.
    filled_async: Notify,
    emptied: Condvar,
    max_lines: usize,
}

#[derive(Default)]
struct State {
    waiting: Batch,
    /// Not yet reported in the log.
    lost: u64,
    /// Since the start.
    dropped: u64,
    /// The reader waits for a line.
    is_reader_idle: bool,
    /// What the reader took is not written yet.
    is_writing: bool,
    /// What waits is to be written at once: the process ends.
    is_closing: bool,
}

/// Lines in one buffer.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Each line, oldest first.
    #[cfg(any(test, feature = "tls"))]
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().scan(0, |start, end| {
            let line = &self.bytes[*start..*end];
            *start = *end;
            Some(line)
        })
    }

    /// Removes the oldest lines.
    #[cfg(any(test, feature = "tls"))]
    pub(crate) fn remove_first(&mut self, lines: usize) {
        let Some(end) = lines
            .checked_sub(1)
            .and_then(|last| self.ends.get(last).copied())
        else {
            return;
        };
        self.bytes.drain(..end);
        self.ends.drain(..lines);
        for each in &mut self.ends {
            *each -= end;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(MAX_KEPT);
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len());
    }
}

impl Queue {
    pub(crate) fn new(max_lines: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            filled_async: Notify::new(),
            emptied: Condvar::new(),
            max_lines,
        }
    }

    /// Adds a line, or counts it as lost.
    pub(crate) fn push(&self, line: &[u8]) {
        let mut state = self.state();
        let waiting = &mut state.waiting;
        if waiting.len() >= self.max_lines || waiting.bytes.len() + line.len() > MAX_BYTES {
            state.lose(1);
            return;
        }
        waiting.push(line);
        let becomes_full = waiting.len() == self.full();
        if std::mem::take(&mut state.is_reader_idle) || becomes_full {
            drop(state);
            self.filled.notify_one();
            self.filled_async.notify_one();
        }
    }

    /// How many lines end every wait for more.
    fn full(&self) -> usize {
        FULL_BATCH.min(self.max_lines)
    }

    fn is_full(&self, state: &State) -> bool {
        state.waiting.len() >= self.full()
    }

    /// Replaces the batch, which is written by now, with what waits, once there is something; how
    /// many lines were lost before that. For a thread.
    pub(crate) fn take(&self, batch: &mut Batch) -> u64 {
        let mut state = self.written();
        if !batch.is_empty() {
            let gathers = |state: &mut State| !state.is_closing && !self.is_full(state);
            let paused = self.filled.wait_timeout_while(state, PAUSE, gathers);
            state = paused.unwrap_or_else(PoisonError::into_inner).0;
        }
        while state.waiting.is_empty() {
            state.is_reader_idle = true;
            let filled = self.filled.wait(state);
            state = filled.unwrap_or_else(PoisonError::into_inner);
        }
        swap(&mut state, batch)
    }

    /// The same for a task.
    #[cfg(feature = "tls")]
    pub(crate) async fn take_async(&self, batch: &mut Batch) -> u64 {
        drop(self.written());
        loop {
            {
                let mut state = self.state();
                if !state.waiting.is_empty() {
                    return swap(&mut state, batch);
                }
                state.is_reader_idle = true;
            }
            self.filled_async.notified().await;
        }
    }

    /// Adds what waits to the batch; how many lines were lost.
    #[cfg(feature = "tls")]
    pub(crate) fn take_more(&self, batch: &mut Batch) -> u64 {
        let mut state = self.state();
        for line in state.waiting.lines() {
            batch.push(line);
        }
        state.waiting.clear();
        std::mem::take(&mut state.lost)
    }

    /// Lines that the destination refused, or that were given up.
    pub(crate) fn lose(&self, lines: u64) {
        self.state().lose(lines);
    }

    /// How many lines wait.
    pub(crate) fn len(&self) -> u64 {
        self.state().waiting.len() as u64
    }

    /// How many lines were lost since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.state().dropped
    }

    /// Counts lines that were dropped after they were taken, and are reported elsewhere.
    #[cfg(feature = "tls")]
    pub(crate) fn count_dropped(&self, lines: u64) {
        self.state().dropped += lines;
    }

    /// Whether the process ends.
    #[cfg(any(test, feature = "tls"))]
    pub(crate) fn is_closing(&self) -> bool {
        self.state().is_closing
    }

    /// Makes the reader write what it has at once: the process ends.
    pub(crate) fn close(&self) {
        self.state().is_closing = true;
        self.filled.notify_one();
        self.filled_async.notify_one();
    }

    /// Waits until everything is written, up to a point in time. Lines are taken after that too.
    pub(crate) fn wait(&self, until: Instant) {
        let mut state = self.state();
        while !state.waiting.is_empty() || state.is_writing {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let emptied = self.emptied.wait_timeout(state, left);
            state = emptied.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Resolves when many lines wait, when the process ends, or after this time.
    #[cfg(feature = "tls")]
    pub(crate) async fn linger(&self, time: Duration) {
        self.pause(time, |state| state.is_closing || self.is_full(state))
            .await;
    }

    /// Resolves when the process ends, or after this time.
    #[cfg(feature = "tls")]
    pub(crate) async fn back_off(&self, time: Duration) {
        self.pause(time, |state| state.is_closing).await;
    }

    #[cfg(feature = "tls")]
    async fn pause(&self, time: Duration, is_over: impl Fn(&State) -> bool) {
        let until = tokio::time::Instant::now() + time;
        while !is_over(&self.state()) {
            let notified = tokio::time::timeout_at(until, self.filled_async.notified()).await;
            if notified.is_err() {
                return;
            }
        }
    }

    fn written(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.is_writing = false;
        if state.waiting.is_empty() {
            self.emptied.notify_all();
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lose(&mut self, lines: u64) {
        self.lost += lines;
        self.dropped += lines;
    }
}

fn swap(state: &mut State, batch: &mut Batch) -> u64 {
    batch.clear();
    std::mem::swap(&mut state.waiting, batch);
    state.is_writing = true;
    std::mem::take(&mut state.lost)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_newest_lines_are_lost_and_counted_when_nobody_reads() {
        let queue = Queue::new(3);
        for line in ["one", "two", "three", "four", "five"] {
            queue.push(line.as_bytes());
        }
        let mut batch = Batch::default();
        assert_eq!(queue.take(&mut batch), 2);
        let lines: Vec<&[u8]> = batch.lines().collect();
        assert_eq!(lines, [&b"one"[..], b"two", b"three"]);
        queue.push(b"six");
        assert_eq!(queue.take(&mut batch), 0);
        assert_eq!(batch.bytes(), b"six");
    }

    #[test]
    fn what_was_sent_is_removed() {
        let mut batch = Batch::default();
        for line in ["one", "two", "three"] {
            batch.push(line.as_bytes());
        }
        batch.remove_first(0);
        assert_eq!(batch.len(), 3);
        batch.remove_first(2);
        assert_eq!(batch.lines().collect::<Vec<_>>(), [b"three"]);
        batch.remove_first(1);
        assert!(batch.is_empty());
    }

    #[test]
    fn long_lines_do_not_fill_the_memory() {
        let queue = Queue::new(usize::MAX);
        let line = vec![b'x'; 1 << 20];
        for _ in 0..32 {
            queue.push(&line);
        }
        assert_eq!(queue.take(&mut Batch::default()), 16);
    }

    #[test]
    fn a_thread_is_not_woken_for_each_line() {
        const LINES: usize = 500;
        let queue = Queue::new(2 * LINES);
        let begun = Instant::now();
        let batches = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let (mut batch, mut batches, mut lines) = (Batch::default(), 0, 0);
                while lines < LINES {
                    queue.take(&mut batch);
                    batches += 1;
                    lines += batch.len();
                }
                batches
            });
            for _ in 0..LINES {
                queue.push(b"line");
                std::thread::sleep(Duration::from_micros(10));
            }
            reader.join().unwrap()
        });
        assert!(batches <= begun.elapsed().as_millis() + 2, "{batches}");
    }

    #[test]
    fn a_pause_ends_when_the_process_does_and_when_many_lines_wait() {
        for closes in [true, false] {
            let queue = Queue::new(4);
            let mut batch = Batch::default();
            queue.push(b"first");
            let begun = Instant::now();
            for _ in 0..200 {
                queue.take(&mut batch);
                if closes {
                    queue.close();
                }
                for _ in 0..4 {
                    queue.push(b"next");
                }
            }
            assert!(begun.elapsed() < 200 * PAUSE, "{closes}");
        }
    }

    #[test]
    fn a_flush_ends_at_its_time_if_nobody_writes() {
        let queue = Queue::new(8);
        queue.push(b"line");
        let begun = Instant::now();
        queue.close();
        queue.wait(begun + Duration::from_millis(50));
        assert!(begun.elapsed() >= Duration::from_millis(50));
        assert!(queue.is_closing());
    }
}
