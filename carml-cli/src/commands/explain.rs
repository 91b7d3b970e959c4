//! `carml explain`.

use std::process::ExitCode;

use carml_config::{Error, Loaded};

use super::config_args::ConfigArgs;
use super::{could_not_run, invalid_input, output};

/// Print the effective config and where each value came from
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  carml explain                     every value, and what set it
  carml explain registry.timeout    one key: its value now, what set it, type, default, meaning
  carml explain chain               the middleware chains as they will run")]
pub(crate) struct Args {
    /// A key such as `registry.timeout`, or `chain`; everything if absent
    #[arg(value_name = "KEY")]
    key: Option<String>,

    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let schema = match args.config.schema.open() {
        Ok(schema) => schema,
        Err(report) => return could_not_run(report),
    };
    let loaded = match args.config.loader(schema).lenient().load() {
        Ok(loaded) => loaded,
        Err(error @ Error::Unreadable(_)) => return could_not_run(error),
        Err(error) => return invalid_input(error),
    };
    match explain(&loaded, args.key.as_deref()) {
        Ok(text) => output::print(text),
        Err(error) => invalid_input(error),
    }
}

fn explain(loaded: &Loaded, key: Option<&str>) -> Result<String, Error> {
    match key {
        None => Ok(loaded.explain()),
        Some("chain") => loaded.explain_chain(),
        Some(key) => Ok(loaded.explain_key(key)?),
    }
}
