//! `carml validate`.

use std::process::ExitCode;

use super::could_not_run;

/// Check config files: every fault with its place and how to mend it
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> ExitCode {
    could_not_run("not built yet")
}
