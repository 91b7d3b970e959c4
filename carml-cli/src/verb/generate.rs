//! `carml generate`.

use std::process::ExitCode;

use super::could_not_run;

/// Generate Rust from a JSON Schema and .proto files, as build.rs does
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> ExitCode {
    could_not_run("not built yet")
}
