//! `carml new`.

use std::process::ExitCode;

use super::could_not_run;

/// Make a new service that builds, tests and runs
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> ExitCode {
    could_not_run("not built yet")
}
