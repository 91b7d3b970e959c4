//! `carml cache`.

use std::process::ExitCode;

use carml_runtime::{
    config::ByteSize,
    download::{Downloads, Error},
};
use indicatif::{DecimalBytes, HumanDuration};

use super::{
    INVALID_INPUT, could_not_run,
    downloads::{Choice, Unopened},
    invalid_input, output,
};

/// List, verify and prune the cache of downloaded files
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  carml cache ls                      what is there, the least recently used first
  carml cache verify                  hash each file; remove those that are damaged
  carml cache prune                   reduce the cache to `download.cache.max_size`
  carml cache prune --max-size 10gb   reduce it to 10 GB; 0b removes all files that are not in use

Exit code 1: a file was damaged. 2: the cache cannot be read or written.")]
pub(crate) struct Args {
    #[command(flatten)]
    choice: Choice,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Print the SHA-256, the size, the time of the last use and the URLs of each file
    Ls,
    /// Hash each file, and remove those that are damaged
    Verify,
    /// Remove the least recently used files, but never one that is in use
    Prune {
        /// The size to reduce the cache to, such as 10gb [default: `download.cache.max_size`]
        #[arg(long, value_name = "SIZE", value_parser = size)]
        max_size: Option<u64>,
    },
}

pub(super) fn size(text: &str) -> Result<u64, String> {
    let size = text.parse::<ByteSize>();
    // curl and wget have no `b` at the end.
    let size = size.or_else(|error| format!("{text}b").parse().map_err(|_| error));
    size.map(ByteSize::bytes).map_err(|error| error.to_string())
}

pub(crate) fn run(args: Args) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return could_not_run(error),
    };
    let downloads = match runtime.block_on(args.choice.open(false, |_| {})) {
        Ok(downloads) => downloads,
        Err(Unopened::Config(error)) => return invalid_input(error),
        Err(Unopened::Downloads(error)) => return could_not_run(error),
        #[cfg(feature = "store")]
        Err(Unopened::Store(error)) => return could_not_run(error),
    };
    let done = match args.command {
        Command::Ls => ls(&downloads),
        Command::Verify => verify(&downloads),
        Command::Prune { max_size } => prune(&downloads, max_size),
    };
    done.unwrap_or_else(could_not_run)
}

fn ls(downloads: &Downloads) -> Result<ExitCode, Error> {
    let mut text = String::new();
    for entry in downloads.entries()? {
        let age = entry.used.elapsed().unwrap_or_default();
        let urls: Vec<String> = entry
            .urls
            .iter()
            .map(|url| url.escape_debug().to_string())
            .collect();
        text += &format!(
            "{}  {:>10}  {:>12}  {}\n",
            entry.sha256,
            DecimalBytes(entry.size).to_string(),
            HumanDuration(age).to_string(),
            urls.join(" ")
        );
    }
    Ok(output::print(text))
}

fn verify(downloads: &Downloads) -> Result<ExitCode, Error> {
    let verified = downloads.verify()?;
    for path in &verified.wrong {
        output::eprint(format_args!(
            "damaged, and removed unless it is in use: {}",
            path.display()
        ));
    }
    let printed = output::print(format_args!(
        "{} files are right, {} were damaged\n",
        verified.right,
        verified.wrong.len()
    ));
    Ok(match verified.wrong.is_empty() {
        true => printed,
        false => ExitCode::from(INVALID_INPUT),
    })
}

fn prune(downloads: &Downloads, max_size: Option<u64>) -> Result<ExitCode, Error> {
    let pruned = downloads.prune(max_size)?;
    Ok(output::print(format_args!(
        "removed {} files ({}), {} are left\n",
        pruned.files,
        DecimalBytes(pruned.bytes),
        DecimalBytes(pruned.left)
    )))
}
