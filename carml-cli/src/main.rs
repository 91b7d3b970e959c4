//! The `carml` command.
//!
//! Exit codes: 0 done, 1 the input is at fault, 2 the command could not run.

mod scaffold;
mod verb;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Generated-code framework for gRPC services in Rust.
#[derive(Parser)]
#[command(name = "carml", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "\
Start here:
  carml new my-service        a service that builds, tests and runs
  carml validate carml.yml    is this config right, and if not, where and how to mend it
  carml kv serve              the key/value store as a gRPC service, on one file

Exit codes: 0 done; 1 the input is at fault; 2 the command could not run.";

#[derive(Subcommand)]
enum Verb {
    New(verb::new::Args),
    Validate(verb::validate::Args),
    Check(verb::check::Args),
    Schema(verb::schema::Args),
    Explain(verb::explain::Args),
    Docs(verb::docs::Args),
    Generate(verb::generate::Args),
    #[cfg(feature = "kv")]
    Kv(verb::kv::Args),
    Backends(verb::backends::Args),
}

fn main() -> ExitCode {
    match Cli::parse().verb {
        Verb::New(args) => verb::new::run(&args),
        Verb::Validate(args) => verb::validate::run(&args),
        Verb::Check(args) => verb::check::run(&args),
        Verb::Schema(args) => verb::schema::run(&args),
        Verb::Explain(args) => verb::explain::run(&args),
        Verb::Docs(args) => verb::docs::run(&args),
        Verb::Generate(args) => verb::generate::run(&args),
        #[cfg(feature = "kv")]
        Verb::Kv(args) => verb::kv::run(args),
        Verb::Backends(args) => verb::backends::run(&args),
    }
}
