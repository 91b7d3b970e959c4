//! `recover`: a panic in a handler ends that call with INTERNAL, and nothing else.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use tonic::Status;

use crate::status;

thread_local! {
    static GUARDED: Cell<u32> = const { Cell::new(0) };
}

struct Guarded;

impl Guarded {
    fn enter() -> Self {
        GUARDED.set(GUARDED.get() + 1);
        Self
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        GUARDED.set(GUARDED.get() - 1);
    }
}

/// Runs a poll; a panic in it becomes the status. The hook has logged it by then.
pub(crate) fn guard<T>(poll: impl FnOnce() -> T) -> Result<T, Status> {
    let _guarded = Guarded::enter();
    panic::catch_unwind(AssertUnwindSafe(poll)).map_err(|_| status::panicked())
}

/// Logs the panics of handlers. Only a hook sees where a panic came from, and it runs inside the
/// span of the call.
pub(crate) fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if GUARDED.try_with(Cell::get).unwrap_or(0) == 0 {
                return before(info);
            }
            let message = info.payload_as_str().unwrap_or("(no text)");
            let location = info.location().map(ToString::to_string);
            let stack = Backtrace::capture();
            let stack = (stack.status() == BacktraceStatus::Captured).then_some(stack);
            tracing::event!(
                target: "carml::panic",
                tracing::Level::ERROR,
                {
                "exception.message" = message,
                "code.location" = location,
                "exception.stacktrace" = stack.map(tracing::field::display),
                },
                "a handler panicked"
            );
        }));
    });
}
