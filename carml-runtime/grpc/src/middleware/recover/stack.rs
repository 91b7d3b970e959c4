//! The stack of a panic, for the log.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::Write as _,
    path::Path,
    thread,
};

use backtrace::Frame;

/// How much of a stack is kept: its innermost frames.
const MAX_BYTES: usize = 8 << 10;
const MAX_FRAMES: usize = 64;

/// Enough for the hook, the panic and what is kept.
const MAX_TRACED: usize = 2 * MAX_FRAMES;

/// The frames between the panic and the chain, a line each, if the environment asks for stacks:
/// `RUST_BACKTRACE=1`.
///
/// The standard library would keep the debug symbols of the whole program for later: some hundred
/// megabytes.
pub(super) fn capture() -> Option<String> {
    // It reads the variables once.
    if Backtrace::capture().status() != BacktraceStatus::Captured {
        return None;
    }
    let mut frames = Vec::with_capacity(MAX_TRACED);
    backtrace::trace(|frame| {
        frames.push(frame.clone());
        frames.len() < MAX_TRACED
    });
    // The allocator keeps what a thread has freed for the next use by that thread: each thread of
    // the runtime would keep the room for the symbols.
    let resolver = thread::Builder::new().spawn(move || resolve(&frames));
    let text = resolver.ok()?.join().ok()?;
    (!text.is_empty()).then_some(text)
}

fn resolve(frames: &[Frame]) -> String {
    let mut stack = Stack::default();
    for frame in frames {
        backtrace::resolve_frame(frame, |symbol| {
            let name = symbol.name().map(|name| format!("{name:#}"));
            let line = symbol.lineno().unwrap_or_default();
            stack.add(name.as_deref().unwrap_or("?"), symbol.filename(), line);
        });
        if stack.part == Part::Runtime {
            break;
        }
    }
    backtrace::clear_symbol_cache();
    stack.text
}

/// From the inside out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// What captures the stack.
    #[default]
    Hook,
    /// Between the panic and the hook.
    Panic,
    /// What is of interest.
    Handler,
    /// From the chain outward: the same in each stack.
    Runtime,
}

#[derive(Debug, Default)]
struct Stack {
    part: Part,
    text: String,
    frames: usize,
}

impl Stack {
    /// Adds the next frame outward. Its name may lack its path: that depends on the debug symbols.
    fn add(&mut self, name: &str, file: Option<&Path>, line: u32) {
        let is_in = |prefixes: &[&str], files: &[&str]| {
            prefixes.iter().any(|prefix| name.starts_with(prefix))
                || file.is_some_and(|file| files.iter().any(|end| file.ends_with(end)))
        };
        let is_panic = is_in(
            &["std::panicking::", "core::panicking::"],
            &["std/src/panicking.rs", "core/src/panicking.rs"],
        );
        // Shims around the panic that the compiler makes.
        let is_shim =
            name.contains("rust_begin_unwind") || name.contains("rust_end_short_backtrace");
        let is_chain = is_in(
            &["carml_grpc::", "<carml_grpc::"],
            &["middleware/recover/mod.rs"],
        );
        self.part = match self.part {
            Part::Hook if is_panic => Part::Panic,
            Part::Panic if !is_panic && !is_shim => Part::Handler,
            Part::Handler if is_chain => Part::Runtime,
            part => part,
        };
        if self.part != Part::Handler {
            return;
        }
        // Writing to a string does not fail.
        let _ = write!(self.text, "{name}");
        if let Some(file) = file {
            let _ = write!(self.text, " at {}:{line}", file.display());
        }
        self.text.push('\n');
        self.frames += 1;
        if self.frames == MAX_FRAMES || self.text.len() > MAX_BYTES {
            self.text.truncate(self.text.floor_char_boundary(MAX_BYTES));
            self.part = Part::Runtime;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_from_the_panic_to_the_guard() {
        let mut stack = Stack::default();
        for (name, file) in [
            ("backtrace::backtrace::trace", "backtrace/src/mod.rs"),
            (
                "carml_grpc::middleware::recover::stack::capture",
                "recover/stack.rs",
            ),
            ("std::panicking::panic_with_hook", "std/src/panicking.rs"),
            ("__rustc::rust_begin_unwind", ""),
            ("core::panicking::panic_fmt", "core/src/panicking.rs"),
            ("my::handler", "src/lib.rs"),
            ("std::panicking::catch_unwind", "std/src/panicking.rs"),
            ("poll", "grpc/src/middleware/recover/mod.rs"),
            ("tokio::runtime", "tokio/src/lib.rs"),
        ] {
            stack.add(name, Some(Path::new(file)), 7);
        }
        assert_eq!(
            stack.text,
            "my::handler at src/lib.rs:7\nstd::panicking::catch_unwind at std/src/panicking.rs:7\n"
        );
    }

    #[test]
    fn a_deep_stack_is_cut() {
        for name in ["f", &"é".repeat(3000)] {
            let mut stack = Stack {
                part: Part::Handler,
                ..Stack::default()
            };
            for _ in 0..200 {
                stack.add(name, None, 0);
            }
            assert!(stack.frames <= MAX_FRAMES && stack.text.len() <= MAX_BYTES);
            assert_eq!(stack.part, Part::Runtime);
        }
    }
}
