use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Slots that a thread keeps for later calls.
const MAX_FREE: usize = 256;

thread_local! {
    static FREE: RefCell<Vec<Arc<AtomicU64>>> = const { RefCell::new(Vec::new()) };
}

/// The size of a request's message that was refused: the request's body sets it, the answer reads
/// it.
///
/// The two may be polled by different tasks, so that it is shared; slots are reused, so that a call
/// allocates none.
#[derive(Debug, Default)]
pub(super) struct Refused(Option<Arc<AtomicU64>>);

impl Refused {
    /// A slot for a new call.
    pub(super) fn new() -> Self {
        let kept = FREE.try_with(|free| free.borrow_mut().pop()).ok().flatten();
        Self(Some(kept.unwrap_or_default()))
    }

    /// The same slot, for the other side of the call.
    pub(super) fn share(&self) -> Self {
        Self(self.0.clone())
    }

    pub(super) fn set(&self, size: u64) {
        if let Some(slot) = &self.0 {
            slot.store(size, Relaxed);
        }
    }

    /// The size, if a message was refused. That is never 0: no limit is below it.
    pub(super) fn get(&self) -> Option<u64> {
        let size = self.0.as_ref()?.load(Relaxed);
        (size > 0).then_some(size)
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        // The last one gives the slot back.
        let Some(mut slot) = self.0.take() else {
            return;
        };
        if let Some(size) = Arc::get_mut(&mut slot) {
            *size.get_mut() = 0;
            let _ = FREE.try_with(|free| {
                let mut free = free.borrow_mut();
                if free.len() < MAX_FREE {
                    free.push(slot);
                }
            });
        }
    }
}
