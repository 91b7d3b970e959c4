//! `carml check`.

#[cfg(feature = "call")]
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use carml_config::{Error, Requirement};

use super::config_args::ConfigArgs;
use super::could_not_run;
use super::report_args::{Findings, ReportArgs};
use super::requirement::requirement;

/// Check everything that a start needs, without serving: config, files, host names, servers
#[derive(clap::Args)]
#[command(after_help = "\
Reads the config as a service does (files, variables, --set), reports everything that would prevent
a start, connects to every server in the config, and prints the middleware chains. Serves nothing and
writes nothing.")]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    report: ReportArgs,

    /// A store call that the service needs, such as `lock:cluster` or `store.presign`
    #[arg(long, value_name = "CALL[:SCOPE]", value_delimiter = ',', value_parser = requirement)]
    requires: Vec<Requirement>,

    /// How long to wait for each server, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3")]
    wait: u64,

    /// Check the methods that `grpc.client` names against this file: an encoded FileDescriptorSet
    #[cfg(feature = "call")]
    #[arg(long, value_name = "FILE")]
    descriptor_set: Option<PathBuf>,

    /// Do not connect to servers: check only the config and its files
    #[arg(long)]
    offline: bool,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let schema = match args.config.schema.open() {
        Ok(schema) => schema,
        Err(report) => return could_not_run(report),
    };
    let carml = schema.is_carml();
    let loader = args.config.loader(schema);
    let mut found = Findings::default();
    let mut done = String::from("the config is ready for a start");
    let loaded = loader.and_then(|loader| {
        let calls = args.requires.iter();
        calls
            .fold(loader, |loader, call| loader.require(*call))
            .load()
    });
    #[cfg(feature = "call")]
    let descriptors = match &args.descriptor_set {
        Some(file) => match super::call::read_descriptors(file) {
            Ok(pool) => Some(pool),
            Err(error) => return could_not_run(error),
        },
        None => None,
    };
    match loaded {
        Ok(loaded) => {
            found.report.extend(loaded.warnings().clone());
            if carml {
                let wait = (!args.offline).then(|| Duration::from_secs(args.wait));
                found.report.extend(loaded.preflight(wait));
                found.report.extend(carml_tls::check(&loaded));
                #[cfg(feature = "call")]
                if let Some(pool) = &descriptors {
                    found.report.extend(methods(&loaded, pool));
                }
                match loaded.explain_chain() {
                    Ok(chain) => done = format!("{chain}\n{done}"),
                    Err(error) => found.report.extend(error.report().clone()),
                }
            }
        }
        Err(error) => {
            found.unreadable = matches!(error, Error::Unreadable(_));
            found.report.extend(error.report().clone());
        }
    }
    args.report.write(&found, &done)
}

/// The names of methods in the config of clients that these descriptors do not have.
#[cfg(feature = "call")]
fn methods(
    loaded: &carml_config::Loaded,
    pool: &prost_reflect::DescriptorPool,
) -> carml_diagnostic::Report {
    let config: carml_config::Config = match loaded.typed() {
        Ok(config) => config,
        Err(error) => return error.report().clone(),
    };
    let encoded = pool.encode_to_vec();
    let methods = carml_runtime::grpc::Methods::of([&*encoded]);
    let mut report = carml_diagnostic::Report::new();
    for (name, target) in &config.grpc.client.targets {
        for problem in carml_runtime::client::check_methods(name, target, &methods, false) {
            report.extend(loaded.error_at(&problem.pointer, problem.message, problem.help));
        }
    }
    report
}
