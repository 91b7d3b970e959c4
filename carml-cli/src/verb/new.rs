//! `carml new`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{FAULTY, could_not_run};
use crate::scaffold::{self, CrateSource, ServiceName};

/// Make a new service that builds, tests and runs
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  carml new my-service && cd my-service && cargo test && cargo run")]
pub(crate) struct Args {
    /// Where to make it; the last part names the service: lower-case words joined by `-`
    path: PathBuf,

    /// Take the CarML crates from this checkout instead of the registry
    #[arg(long, value_name = "DIR")]
    carml: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let name = match service_name(&args.path) {
        Ok(name) => name,
        Err(error) => return faulty(error),
    };
    let source = match &args.carml {
        None => CrateSource::detect(),
        Some(checkout) => match std::path::absolute(checkout) {
            Ok(path) if path.join("carml-runtime/Cargo.toml").is_file() => {
                CrateSource::Checkout(path)
            }
            _ => return faulty(format!("{} is no checkout of CarML", checkout.display())),
        },
    };
    match scaffold::write(&args.path, &name, &source) {
        Ok(files) => {
            println!("Made {} in {}:", name.as_str(), args.path.display());
            for file in files {
                println!("  {file}");
            }
            println!("\nNext:");
            println!("  cd {}", args.path.display());
            println!("  cargo test     # the service, called over gRPC");
            println!("  cargo run      # serves on the address in carml.yml");
            ExitCode::SUCCESS
        }
        Err(error @ scaffold::Error::Exists(_)) => faulty(error),
        Err(error) => could_not_run(error),
    }
}

fn service_name(path: &Path) -> Result<ServiceName, scaffold::InvalidName> {
    path.file_name()
        .map_or_else(Default::default, |name| name.to_string_lossy().into_owned())
        .parse()
}

fn faulty(error: impl std::fmt::Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(FAULTY)
}
