//! One file per command: its arguments, and a `run` that ends in an exit code.

pub(crate) mod backends;
#[cfg(feature = "download")]
pub(crate) mod cache;
#[cfg(feature = "call")]
pub(crate) mod call;
pub(crate) mod check;
mod config_args;
pub(crate) mod docs;
#[cfg(feature = "download")]
pub(crate) mod download;
#[cfg(feature = "download")]
mod downloads;
pub(crate) mod explain;
pub(crate) mod generate;
#[cfg(feature = "kv")]
pub(crate) mod kv;
pub(crate) mod new;
mod output;
#[cfg(any(feature = "download", feature = "store"))]
mod progress;
#[cfg(feature = "kv")]
mod registry;
mod report_args;
mod requirement;
pub(crate) mod schema;
#[cfg(feature = "kv")]
pub(crate) mod services;
#[cfg(feature = "store")]
pub(crate) mod store;
pub(crate) mod validate;

use std::{fmt::Display, process::ExitCode};

/// The input is invalid.
pub(crate) const INVALID_INPUT: u8 = 1;
/// The command could not run.
pub(crate) const COULD_NOT_RUN: u8 = 2;

/// Says why the command could not run, and gives its exit code.
pub(crate) fn could_not_run(error: impl Display) -> ExitCode {
    ended(error, COULD_NOT_RUN)
}

/// Says what is wrong with the input, and gives its exit code.
pub(crate) fn invalid_input(error: impl Display) -> ExitCode {
    ended(error, INVALID_INPUT)
}

fn ended(error: impl Display, code: u8) -> ExitCode {
    let text = error.to_string();
    // A report leads with it already.
    let lead = if text.starts_with("error") {
        ""
    } else {
        "error: "
    };
    output::eprint(format_args!("{lead}{}", text.trim_end()));
    ExitCode::from(code)
}
