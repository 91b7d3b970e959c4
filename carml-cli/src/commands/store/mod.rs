//! `carml store`.

mod get;
mod list;
mod presign;
mod progress;
mod put;
mod remove;
mod stat;
mod uploads;

use std::{path::PathBuf, process::ExitCode};

use carml_config::Schema;
use carml_runtime::{
    config::Config,
    store::{Error, ErrorKind, Store, open},
};

use super::{config_args::ConfigArgs, could_not_run, invalid_input, output, registry::quoted};

/// Use an object store: a folder, or a bucket of an S3-compatible service
#[derive(clap::Args)]
#[command(after_help = "\
The section `store` of carml.yml names the store. The file is searched for as by a service.

Examples:
  carml store put model.bin models/small.bin         write an object from a file
  carml store get models/small.bin copy.bin          read it into a file
  carml store get models/small.bin - | sha256sum     or to standard output
  carml store ls models/                             the objects and folders in a folder
  carml store ls -r                                  every object
  carml store put - lock --create < /dev/null        only if there is no such object
  carml store rm -r --yes old/                       every object whose name starts with `old/`
  carml store presign get models/small.bin           a URL that anyone can use for 15 minutes
  carml store uploads --abort --older-than 1d        remove incomplete uploads of killed processes
  carml store --path ./objects ls                    a folder, without a config

Exit codes: 0 success; 1 the input is invalid, for example because an object is missing, already
exists or has another ETag; 2 the command could not run, for example without network access or disk
space.")]
pub(crate) struct Args {
    /// Read this config instead of searching for one
    #[arg(long, global = true, value_name = "FILE")]
    config: Vec<PathBuf>,

    /// Set one value over all files and variables: --set store.prefix=tests
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// Use this folder; no config is read
    #[arg(long, global = true, value_name = "FOLDER", conflicts_with_all = ["config", "set"])]
    path: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Ls(list::Args),
    Get(get::Args),
    Put(put::Args),
    Rm(remove::Args),
    Stat(stat::Args),
    Presign(presign::Args),
    Uploads(uploads::Args),
}

/// How a command ends that did not fail: with its exit code.
type Done = Result<ExitCode, Error>;

pub(crate) fn run(args: Args) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return could_not_run(error),
    };
    let config = match section(&args) {
        Ok(Some(config)) => config,
        Ok(None) => {
            return invalid_input(
                "the config has no section `store`: add `store:` with `path: objects`, or use \
                 --path FOLDER",
            );
        }
        Err(error) => return invalid_input(error),
    };
    runtime.block_on(async {
        let done = match open(&config).await {
            Ok(store) => command(args.command, &store).await,
            Err(error) => Err(error),
        };
        done.unwrap_or_else(failed)
    })
}

/// The section of the config. `None`: it has none.
fn section(args: &Args) -> Result<Option<carml_config::model::Store>, carml_config::Error> {
    let schema = Schema::base()?;
    let loader = match &args.path {
        Some(path) => {
            let path = quoted(&path.display().to_string());
            carml_config::Loader::new(schema).set(format!("store.path={path}"))
        }
        None => ConfigArgs::new(args.config.clone(), args.set.clone()).loader(schema)?,
    };
    let config: Config = loader.sections(&["app", "store"]).load()?.typed()?;
    Ok(config.store)
}

async fn command(command: Command, store: &Store) -> Done {
    match command {
        Command::Ls(args) => args.run(store).await,
        Command::Get(args) => args.run(store).await,
        Command::Put(args) => args.run(store).await,
        Command::Rm(args) => args.run(store).await,
        Command::Stat(args) => args.run(store).await,
        Command::Presign(args) => args.run(store).await,
        Command::Uploads(args) => args.run(store).await,
    }
}

/// Exit code 1 for what the caller can correct, 2 for everything else.
fn failed(error: Error) -> ExitCode {
    match error.kind {
        ErrorKind::NotFound
        | ErrorKind::AlreadyExists
        | ErrorKind::Conflict
        | ErrorKind::ChecksumMismatch
        | ErrorKind::InvalidKey
        | ErrorKind::InvalidArgument
        | ErrorKind::InvalidRange
        | ErrorKind::TooLarge
        | ErrorKind::Unsupported => invalid_input(error),
        _ => could_not_run(error),
    }
}

/// A name as a line of output has it: control characters would change the terminal.
fn escaped(name: &str) -> String {
    if name.chars().any(char::is_control) {
        return name.escape_debug().to_string();
    }
    name.to_owned()
}

/// Prints lines as the last step.
fn print(lines: &[String]) -> ExitCode {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    output::print(text)
}
