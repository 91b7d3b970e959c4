//! The `carml` command.
//!
//! Exit codes: 0 success, 1 the input is invalid, 2 the command could not run.

mod commands;
mod scaffold;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Create, check and call gRPC services in Rust, and use their stores
#[derive(Parser)]
#[command(name = "carml", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Start here:
  carml new my-service        a service that builds, tests and runs
  carml validate carml.yml    check a config; print each error and how to fix it
  carml kv serve              the key/value store as a gRPC service, on one file

Exit codes: 0 success; 1 the input is invalid; 2 the command could not run.";

#[derive(Subcommand)]
enum Command {
    New(commands::new::Args),
    Validate(commands::validate::Args),
    Check(commands::check::Args),
    Schema(commands::schema::Args),
    Explain(commands::explain::Args),
    Docs(commands::docs::Args),
    Generate(commands::generate::Args),
    #[cfg(feature = "kv")]
    Kv(commands::kv::Args),
    #[cfg(feature = "kv")]
    Services(commands::services::Args),
    #[cfg(feature = "store")]
    Store(commands::store::Args),
    #[cfg(feature = "download")]
    Download(commands::download::Args),
    #[cfg(feature = "download")]
    Cache(commands::cache::Args),
    #[cfg(feature = "call")]
    Call(commands::call::Args),
    Backends(commands::backends::Args),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::New(args) => commands::new::run(&args),
        Command::Validate(args) => commands::validate::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Docs(args) => commands::docs::run(&args),
        Command::Generate(args) => commands::generate::run(&args),
        #[cfg(feature = "kv")]
        Command::Kv(args) => commands::kv::run(args),
        #[cfg(feature = "kv")]
        Command::Services(args) => commands::services::run(args),
        #[cfg(feature = "store")]
        Command::Store(args) => commands::store::run(args),
        #[cfg(feature = "download")]
        Command::Download(args) => commands::download::run(args),
        #[cfg(feature = "download")]
        Command::Cache(args) => commands::cache::run(args),
        #[cfg(feature = "call")]
        Command::Call(args) => commands::call::run(&args),
        Command::Backends(args) => commands::backends::run(&args),
    }
}
