//! States that are logged when they begin and when they end.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A state that lasts for a while. One line says that it begins, one that it ends, however often it
/// is met in between.
#[derive(Debug, Default)]
pub(super) struct Episode(AtomicBool);

impl Episode {
    /// The state is met: whether it begins with this.
    pub(super) fn begin(&self) -> bool {
        !self.is_on() && !self.0.swap(true, Relaxed)
    }

    /// The state is over: whether it ends with this.
    pub(super) fn end(&self) -> bool {
        self.is_on() && self.0.swap(false, Relaxed)
    }

    pub(super) fn is_on(&self) -> bool {
        self.0.load(Relaxed)
    }
}
