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

/// A schema, with those JSON files beside it that it refers to, by their names or by their own `$id`.
fn open_schema(path: &Path) -> Result<Schema, Report> {
    let source = Source::open(path)?;
    let mut siblings: Vec<(String, Value)> = Vec::new();
    let mut open = foreign_references(&source.read()?);
    let mut all_read = false;
    while let Some(reference) = open.pop() {
        let known = |name: &str| {
            siblings
                .iter()
                .any(|(n, v)| n == name || has_id(v, &reference))
        };
        let last = reference.rsplit('/').next().unwrap_or_default();
        if known(last) || known(&format!("{last}.json")) || all_read {
            continue;
        }
        let named = [last.to_owned(), format!("{last}.json")]
            .into_iter()
            .find_map(|name| read(&path.with_file_name(&name)).map(|value| (name, value)));
        let found: Vec<(String, Value)> = match named {
            Some(found) => vec![found],
            None => {
                all_read = true;
                beside(path)
            }
        };
        open.extend(
            found
                .iter()
                .flat_map(|(_, value)| foreign_references(value)),
        );
        siblings.extend(found);
    }
    Schema::from_source(&source, &siblings)
}

fn read(path: &Path) -> Option<Value> {
    Source::open(path).ok()?.read().ok()
}

fn has_id(value: &Value, id: &str) -> bool {
    let own = value.get("$id").or_else(|| value.get("id"));
    own.and_then(Value::as_str)
        .map(|own| own.trim_end_matches('#'))
        == Some(id)
}

/// Every JSON file in the schema's folder, with its name.
fn beside(path: &Path) -> Vec<(String, Value)> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    let names = entries.into_iter().flatten().flatten().map(|e| e.path());
    names
        .filter(|file| Format::of(file) == Format::Json)
        .filter_map(|file| Some((file.file_name()?.to_str()?.to_owned(), read(&file)?)))
        .collect()
}

/// The documents that a schema refers to, CarML's own and the metaschemas left out.
fn foreign_references(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    let file = reference.split('#').next().unwrap_or_default();
                    let ours = file.starts_with("carml://") || file.contains("json-schema.org/");
                    if !file.is_empty() && !ours && !has_id(schema, file) {
                        found.push(file.to_owned());
                    }
                }
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    found
}
