//! What the attempts of one call share.

use std::sync::{Mutex, atomic::AtomicBool};

use tokio::time::Instant;

use crate::target::Tried;

/// What the attempts of one call share.
#[derive(Debug)]
pub(super) struct CallState {
    pub(super) deadline: Option<Instant>,
    pub(super) wait_for_ready: bool,
    /// The instances that had an attempt: others come first.
    pub(super) tried: Tried,
    /// An attempt was sent again because its server had not looked at it.
    pub(super) was_unprocessed: AtomicBool,
}

impl CallState {
    pub(super) fn new(deadline: Option<Instant>, wait_for_ready: bool) -> Self {
        Self {
            deadline,
            wait_for_ready,
            tried: Mutex::default(),
            was_unprocessed: AtomicBool::new(false),
        }
    }
}
