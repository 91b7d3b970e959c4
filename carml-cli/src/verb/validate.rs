//! `carml validate`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use carml_diagnostic::{Format, Report, Source};
use carml_runtime::config::{Error, Loader, Schema};
use serde_json::Value;

use super::{FAULTY, could_not_run};

/// Check config files: every fault with its place and how to mend it
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The JSON Schema to check against; CarML's own if absent. Variables are replaced only for the latter
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
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
    let schema = match &args.schema {
        Some(path) => open_schema(path),
        None => Schema::base(),
    };
    let schema = match schema {
        Ok(schema) => schema,
        Err(report) => return could_not_run(report),
    };
    let mut all = Report::new();
    for file in &args.files {
        if !file.exists() {
            return could_not_run(format!("{}: no such file", file.display()));
        }
        let mut loader = Loader::new(schema.clone()).file(file);
        if args.schema.is_some() {
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

/// A schema, with the JSON files beside it for its references.
fn open_schema(path: &Path) -> Result<Schema, Report> {
    let source = Source::open(path)?;
    let mut siblings: Vec<(String, Value)> = Vec::new();
    if source.text().contains("$ref") {
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let file = entry.path();
            if file != path
                && Format::of(&file) == Format::Json
                && let Some(value) = Source::open(&file).ok().and_then(|s| s.read().ok())
            {
                siblings.push((entry.file_name().to_string_lossy().into_owned(), value));
            }
        }
    }
    Schema::from_source(&source, &siblings)
}
