//! `carml new`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{could_not_run, invalid_input, output};
use crate::scaffold::{self, CrateSource, ServiceName};

/// Create a new service that builds, tests and runs
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  carml new my-service && cd my-service && cargo test && cargo run")]
pub(crate) struct Args {
    /// The folder to create; its name is the name of the service: lower-case words joined by `-`
    path: PathBuf,

    /// Take the CarML crates from this checkout instead of the registry
    #[arg(long, value_name = "DIR")]
    carml: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let name = match service_name(&args.path) {
        Ok(name) => name,
        Err(error) => return invalid_input(error),
    };
    let source = match &args.carml {
        None => CrateSource::detect(),
        Some(checkout) => match std::path::absolute(checkout) {
            Ok(path) if path.join("carml-runtime/Cargo.toml").is_file() => {
                CrateSource::Checkout(path)
            }
            _ => {
                return invalid_input(format!("{} is not a checkout of CarML", checkout.display()));
            }
        },
    };
    match scaffold::write(&args.path, &name, &source) {
        Ok(files) => {
            let path = args.path.display();
            let files: String = files.iter().map(|file| format!("  {file}\n")).collect();
            output::print(format_args!(
                "Created {} in {path}:\n{files}\n\
                 Next:\n  \
                   cd {path}\n  \
                   cargo test     # the service, called over gRPC\n  \
                   cargo run      # serves on the address in carml.yml\n",
                name.as_str(),
            ))
        }
        Err(error @ scaffold::Error::Exists(_)) => invalid_input(error),
        Err(error) => could_not_run(error),
    }
}

fn service_name(path: &Path) -> Result<ServiceName, scaffold::InvalidName> {
    // `.` and `..` have no file name: they are shown as given.
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().parse()
}
