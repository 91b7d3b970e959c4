//! The panic hook that logs the panics of handlers.

use std::{
    panic::{self, Location},
    sync::Once,
};

use super::{Guarded, stack};

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
            let location = info.location();
            tracing::event!(
                target: "carml::panic",
                tracing::Level::ERROR,
                {
                "exception.type" = "panic",
                "exception.message" = message,
                "exception.stacktrace" = stack::capture(),
                "code.file.path" = location.map(Location::file),
                "code.line.number" = location.map(Location::line),
                },
                "a handler panicked"
            );
        }));
    });
}
