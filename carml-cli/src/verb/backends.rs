//! `carml backends`.

use std::process::ExitCode;

use super::could_not_run;

/// Print the table of key/value backends and what each can do
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> ExitCode {
    could_not_run("not built yet")
}
