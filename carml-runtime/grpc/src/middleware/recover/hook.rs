//! The panic hook that logs the panics of handlers.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic,
    sync::Once,
};

use super::Guarded;

/// Logs panics inside `recover` as events, once per process; all others go to the hook before.
///
/// Only a hook knows where a panic came from, and it runs inside the span of the call.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !Guarded::is_guarded() {
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
