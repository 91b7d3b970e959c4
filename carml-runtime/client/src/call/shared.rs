//! What all calls of a channel share.

use std::sync::{Arc, atomic::AtomicUsize};

use super::throttle::Throttle;
use crate::{counters::Counters, target::Target};

/// What all calls of a channel share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) target: Target,
    pub(super) throttle: Option<Arc<Throttle>>,
    /// What all calls keep of their requests, in bytes.
    pub(super) kept: Arc<AtomicUsize>,
    /// None if nobody asks for metrics.
    pub(super) counters: Option<Arc<Counters>>,
}
