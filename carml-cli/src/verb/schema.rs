//! `carml schema`.

use std::process::ExitCode;

use super::could_not_run;

/// Print the config schema, self-contained, for editors and validators
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> ExitCode {
    could_not_run("not built yet")
}
