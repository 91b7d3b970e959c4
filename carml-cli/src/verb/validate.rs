//! `carml validate`.

use std::path::PathBuf;
use std::process::ExitCode;

use carml_diagnostic::Report;
use carml_runtime::config::{Error, Loader};

use super::config_args::SchemaArgs;
use super::{FAULTY, could_not_run};

/// Check config files: every fault with its place and how to mend it
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    schema: SchemaArgs,
    /// How faults are written
    #[arg(long, value_enum, default_value_t = Style::Human)]
    format: Style,
    /// YAML or JSON files, each checked by itself
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Style {
    /// Excerpts for people
    Human,
    /// One JSON array
    Json,
    /// GitHub workflow annotations
    Github,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let schema = match args.schema.open() {
        Ok(schema) => schema,
        Err(report) => return could_not_run(report),
    };
    let mut all = Report::new();
    for file in &args.files {
        if !file.exists() {
            return could_not_run(format!("{}: no such file", file.display()));
        }
        let mut loader = Loader::new(schema.clone()).file(file);
        if !schema.is_carml() {
            loader = loader.plain();
        } else {
            loader = loader.env(std::env::vars().filter(|(name, _)| !name.starts_with("CARML__")));
        }
        if let Err(Error::Invalid(report)) = loader.load() {
            all.extend(report);
        }
    }
    match args.format {
        Style::Human => eprint!(
            "{}",
            all.human(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        ),
        Style::Json => println!("{}", all.json()),
        Style::Github => print!("{}", all.github()),
    }
    if all.errors() > 0 {
        if args.format == Style::Human {
            eprintln!("{} faults", all.errors());
        }
        return ExitCode::from(FAULTY);
    }
    if args.format == Style::Human {
        println!("{} files are valid", args.files.len());
    }
    ExitCode::SUCCESS
}
