//! `carml kv`.

use std::process::ExitCode;

use super::could_not_run;

/// Use a key/value store: a local file or a served one
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> ExitCode {
    could_not_run("not built yet")
}
