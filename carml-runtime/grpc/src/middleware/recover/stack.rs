//! The stack of a panic, for the log.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Write as _;

/// How much of a stack is kept: its innermost frames.
const MAX_BYTES: usize = 8 << 10;
const MAX_FRAMES: usize = 64;

/// What is outside of this function is the runtime, the same in each stack.
const OUTERMOST: &str = "carml_grpc::middleware::recover::";

/// The frames between the panic and `recover`, a line each, if the environment asks for stacks:
/// `RUST_BACKTRACE=1`.
///
/// The standard library would keep the debug symbols of the whole program for later: some hundred
/// megabytes.
pub(super) fn capture() -> Option<String> {
    // It reads the variables once.
    if Backtrace::capture().status() != BacktraceStatus::Captured {
        return None;
    }
    let mut stack = String::new();
    let mut frames = 0;
    let mut is_over = false;
    backtrace::trace(|frame| {
        backtrace::resolve_frame(frame, |symbol| {
            let name = symbol.name().map(|name| format!("{name:#}"));
            let name = name.as_deref().unwrap_or("?");
            if is_over || name.starts_with("backtrace::") {
                return;
            }
            if name.starts_with(OUTERMOST) {
                // It is innermost too, as the hook.
                is_over = !stack.is_empty();
                return;
            }
            if is_of_panic(name) {
                stack.clear();
                frames = 0;
                return;
            }
            frames += 1;
            // Writing to a string does not fail.
            let _ = write!(stack, "{name}");
            if let Some(file) = symbol.filename() {
                let line = symbol.lineno().unwrap_or_default();
                let _ = write!(stack, " at {}:{line}", file.display());
            }
            stack.push('\n');
            is_over |= frames == MAX_FRAMES || stack.len() > MAX_BYTES;
        });
        !is_over
    });
    backtrace::clear_symbol_cache();
    stack.truncate(stack.floor_char_boundary(MAX_BYTES));
    Some(stack)
}

/// Whether this is between the panic and the hook.
fn is_of_panic(name: &str) -> bool {
    [
        "std::panicking::",
        "core::panicking::",
        "rust_begin_unwind",
        "__rustc::rust_begin_unwind",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}
