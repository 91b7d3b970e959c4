//! How the destinations of the log and of spans do.

use std::sync::{Arc, OnceLock};

use crate::{
    metrics::{Exposition, Kind},
    queue::Queue,
};

/// The queues of the process's log, with their names.
static QUEUES: OnceLock<Vec<Named>> = OnceLock::new();

/// A queue, and the destination that it is for.
pub(crate) type Named = (&'static str, Arc<Queue>);

/// A destination of log lines or spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hook {
    /// `stdout`, or its name in the config.
    pub name: &'static str,
    /// How many lines or spans wait.
    pub waiting: u64,
    /// How many were dropped since the start.
    pub dropped: u64,
}

/// Every destination that the process's log has; none if the log is not CarML's.
pub fn hooks() -> Vec<Hook> {
    let queues = QUEUES.get().into_iter().flatten();
    queues
        .map(|(name, queue)| Hook {
            name,
            waiting: queue.len(),
            dropped: queue.dropped(),
        })
        .collect()
}

/// Where lines wait when the process ends.
pub(crate) fn queues() -> impl Iterator<Item = &'static Arc<Queue>> {
    QUEUES.get().into_iter().flatten().map(|(_, queue)| queue)
}

/// Keeps the queues of the process's log.
pub(crate) fn set(queues: Vec<Named>) {
    let _ = QUEUES.set(queues);
}

/// Writes their metrics.
pub(crate) fn write(out: &mut Exposition) {
    let hooks = hooks();
    if hooks.is_empty() {
        return;
    }
    let mut waiting = out.family(
        "carml_hook_queue_length",
        Kind::Gauge,
        "Log lines or spans that wait for their destination.",
    );
    for hook in &hooks {
        waiting.value(&[("hook", hook.name)], hook.waiting as f64);
    }
    let mut dropped = out.family(
        "carml_hook_dropped_total",
        Kind::Counter,
        "Log lines or spans that were dropped.",
    );
    for hook in &hooks {
        dropped.value(&[("hook", hook.name)], hook.dropped as f64);
    }
}
