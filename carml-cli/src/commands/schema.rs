//! `carml schema`.

use std::process::ExitCode;

use super::config_args::SchemaArgs;
use super::{could_not_run, output};

/// Print the config schema as one self-contained file, for editors
#[derive(clap::Args)]
#[command(after_help = "\
For completion in an editor with yaml-language-server, write the schema to a file and begin
carml.yml with:
  # yaml-language-server: $schema=carml.schema.json")]
pub(crate) struct Args {
    #[command(flatten)]
    schema: SchemaArgs,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match args.schema.open() {
        Ok(schema) => output::print(format_args!("{:#}\n", schema.bundled())),
        Err(report) => could_not_run(report),
    }
}
