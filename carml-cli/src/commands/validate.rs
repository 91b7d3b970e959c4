//! `carml validate`.

use std::path::PathBuf;
use std::process::ExitCode;

use carml_config::{Error, Loader, Requirement, Schema};

use super::config_args::SchemaArgs;
use super::could_not_run;
use super::report_args::{Findings, ReportArgs, counted};
use super::requirement::requirement;

/// Check config files, and print every error with its place and how to fix it
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  carml validate carml.yml
  carml validate --schema schema/app.json config/*.yml
  carml validate --format github carml.yml     # annotations in a GitHub workflow

Some values can only be checked where the service runs, such as certificates and providers that may
not be in this build. Problems with them are warnings here, and errors in `carml check` and when the
service starts.")]
pub(crate) struct Args {
    #[command(flatten)]
    schema: SchemaArgs,

    #[command(flatten)]
    report: ReportArgs,

    /// A store call that the service needs, such as `lock:cluster` or `store.presign`: an error if
    /// the provider in the file lacks it
    #[arg(long, value_name = "CALL[:SCOPE]", value_delimiter = ',', value_parser = requirement)]
    requires: Vec<Requirement>,

    /// YAML or JSON files, which are checked separately
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let schema = match args.schema.open() {
        Ok(schema) => schema,
        Err(report) => return could_not_run(report),
    };
    let mut found = Findings::default();
    for file in &args.files {
        match loader(args, schema.clone(), file).load() {
            Ok(loaded) => found.report.extend(loaded.warnings().clone()),
            Err(error) => {
                found.unreadable |= matches!(error, Error::Unreadable(_));
                found.report.extend(error.report().clone());
            }
        }
    }
    let done = match &args.files[..] {
        [one] => format!("{} is valid", one.display()),
        all => format!("{} are valid", counted(all.len(), "file")),
    };
    args.report.write(&found, &done)
}

/// The file alone, with variables for its texts.
fn loader(args: &Args, schema: Schema, file: &PathBuf) -> Loader {
    let carml = schema.is_carml();
    let loader = Loader::new(schema).placeholders_as_warnings().file(file);
    if !carml {
        return loader.verbatim();
    }
    let layers = ["REGISTRY_ENDPOINTS", "TRACER_ENDPOINTS"];
    let vars = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        !name.starts_with("CARML__") && !layers.contains(&&*name)
    });
    let loader = loader.env(vars);
    args.requires
        .iter()
        .fold(loader, |l, call| l.require(*call))
}
