//! `carml docs`.

use std::process::ExitCode;

use super::config_args::SchemaArgs;
use super::{could_not_run, output};

/// Print the reference of all config keys as Markdown
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    schema: SchemaArgs,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match args.schema.open() {
        Ok(schema) => output::print(schema.markdown()),
        Err(report) => could_not_run(report),
    }
}
