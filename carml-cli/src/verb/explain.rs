//! `carml explain`.

use std::process::ExitCode;

use super::could_not_run;

/// Print the effective config and where each value came from
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> ExitCode {
    could_not_run("not built yet")
}
