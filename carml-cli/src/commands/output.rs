//! What a command prints. A closed pipe (`carml docs | head -1`) is not an error, and a failed
//! write does not panic.

use std::{
    fmt::Display,
    io::{ErrorKind, Write as _, stderr, stdout},
    process::ExitCode,
};

use super::could_not_run;

/// Writes to standard output. An error is the exit code to end with at once.
pub(crate) fn write(bytes: &[u8]) -> Result<(), ExitCode> {
    let mut out = stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        _ => could_not_run(format_args!("cannot write to standard output: {error}")),
    })
}

/// Writes the output of a command to standard output, as its last step.
pub(crate) fn print(text: impl Display) -> ExitCode {
    let written = write(text.to_string().as_bytes());
    written.err().unwrap_or(ExitCode::SUCCESS)
}

/// Writes a line to standard error, in one piece: the log may go to the same file.
pub(crate) fn eprint(line: impl Display) {
    // If standard error cannot be written, there is nowhere to report it.
    let _ = stderr().lock().write_all(format!("{line}\n").as_bytes());
}
