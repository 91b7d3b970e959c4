//! One file per verb: its arguments, and a `run` that ends in an exit code.

pub(crate) mod backends;
pub(crate) mod check;
mod config_args;
pub(crate) mod docs;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod kv;
pub(crate) mod new;
mod report_args;
pub(crate) mod schema;
pub(crate) mod validate;

use std::io::Write as _;
use std::process::ExitCode;

/// The input is at fault.
pub(crate) const FAULTY: u8 = 1;
/// The command could not run.
pub(crate) const COULD_NOT_RUN: u8 = 2;

/// Prints what was asked for. Who reads it may stop early, as `head` does: that is no fault.
pub(crate) fn show(text: impl std::fmt::Display) {
    let _ = write!(std::io::stdout().lock(), "{text}");
}

/// Says why the command could not run, and gives its exit code.
pub(crate) fn could_not_run(error: impl std::fmt::Display) -> ExitCode {
    let text = error.to_string();
    let lead = if text.starts_with("error") {
        ""
    } else {
        "error: "
    };
    eprintln!("{lead}{}", text.trim_end());
    ExitCode::from(COULD_NOT_RUN)
}

/// Says what is wrong with the input, and gives its exit code.
pub(crate) fn faulty(error: impl std::fmt::Display) -> ExitCode {
    eprintln!("{}", error.to_string().trim_end());
    ExitCode::from(FAULTY)
}
