//! `carml explain`.

use std::process::ExitCode;

use carml_config::{Error, Loaded};
use carml_diagnostic::{Code, did_you_mean, nearest};

use super::config_args::ConfigArgs;
use super::{could_not_run, invalid_input, output};

/// Print the effective config and where each value came from
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  carml explain                     every value and its origin
  carml explain registry.timeout    one key: its value, origin, type, default and meaning
  carml explain chain               the middleware chains as they will run
  carml explain --code unknown-key  what a code in a report means, and how to fix it")]
pub(crate) struct Args {
    /// A key such as `registry.timeout`, or `chain`; everything if absent
    #[arg(value_name = "KEY")]
    key: Option<String>,

    /// Print the cause of a code in a report, such as `unknown-key`, with an example and the fix;
    /// without CODE, list all codes
    #[arg(long, value_name = "CODE", num_args = 0..=1, conflicts_with = "key")]
    code: Option<Option<String>>,

    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match &args.code {
        None => {}
        Some(None) => return output::print(all_codes()),
        Some(Some(name)) => {
            return match Code::from_name(name) {
                Some(code) => output::print(code.explanation()),
                None => could_not_run(unknown_code(name)),
            };
        }
    }
    let schema = match args.config.schema.open() {
        Ok(schema) => schema,
        Err(report) => return could_not_run(report),
    };
    let loader = args.config.loader(schema);
    let loaded = match loader.and_then(|loader| loader.placeholders_as_warnings().load()) {
        Ok(loaded) => loaded,
        Err(error @ Error::Unreadable(_)) => return could_not_run(error),
        Err(error) => return invalid_input(error),
    };
    match explain(&loaded, args.key.as_deref()) {
        Ok(text) => output::print(text),
        Err(error) => invalid_input(error),
    }
}

/// A line per code, with its cause.
fn all_codes() -> String {
    let width = Code::ALL.iter().map(|code| code.as_str().len()).max();
    let width = width.unwrap_or_default();
    let lines = Code::ALL.iter().map(|code| {
        let cause = code.explanation().cause;
        format!("{:width$}  {cause}\n", code.as_str())
    });
    lines.collect()
}

fn unknown_code(name: &str) -> String {
    let all = Code::ALL.iter().map(|code| code.as_str());
    match nearest(name, all).first() {
        Some(near) => format!("`{name}` is not a code: {}", did_you_mean(near)),
        None => format!("`{name}` is not a code: `carml explain --code` lists them"),
    }
}

fn explain(loaded: &Loaded, key: Option<&str>) -> Result<String, Error> {
    match key {
        None => Ok(loaded.explain()),
        Some("chain") => loaded.explain_chain(),
        Some(key) => Ok(loaded.explain_key(key)?),
    }
}
