//! `carml generate`.

use std::{fs, path::PathBuf, process::ExitCode};

use carml_codegen::{proto, schema};

use super::{could_not_run, invalid_input, output};

/// Generate Rust from a JSON Schema and .proto files, as `build.rs` does
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  carml generate --schema app.json --out src/config.rs
  carml generate --proto proto/greeter.proto --include proto --out src/greeter.rs")]
pub(crate) struct Args {
    /// The JSON Schema file (draft-04 to 2020-12); what it refers to is read from beside it
    #[arg(long, value_name = "FILE", required_unless_present = "proto")]
    schema: Option<PathBuf>,

    /// The root type's name; the schema's title if not given
    #[arg(long, value_name = "NAME", requires = "schema")]
    root: Option<String>,

    /// A trait that every type derives beside Clone, Debug, PartialEq and serde's; may be given more than once
    #[arg(long, value_name = "TRAIT", requires = "schema")]
    derive: Vec<String>,

    /// A proto file; may be given more than once
    #[arg(long, value_name = "FILE")]
    proto: Vec<PathBuf>,

    /// Where imports of proto files are looked up
    #[arg(long, value_name = "DIR", requires = "proto")]
    include: Vec<PathBuf>,

    /// The Rust file to write
    #[arg(long, value_name = "FILE.rs")]
    out: PathBuf,

    /// How to report what was done
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match generate(args) {
        Ok(report) => match args.format {
            Format::Human => output::print(report),
            Format::Json => output::print(format_args!("{:#}\n", report.to_json())),
        },
        Err(Failure::Input(message)) => invalid_input(message),
        Err(Failure::System(message)) => could_not_run(message),
    }
}

enum Failure {
    Input(String),
    System(String),
}

/// What was done.
struct Report {
    out: PathBuf,
    lines: usize,
    schema: Option<schema::Module>,
}

impl Report {
    fn to_json(&self) -> serde_json::Value {
        let mut report = serde_json::json!({ "out": self.out, "lines": self.lines });
        if let Some(module) = &self.schema {
            report["root"] = serde_json::json!(module.root);
            report["types"] = serde_json::json!(module.types);
            report["fallbacks"] = serde_json::json!(module.fallbacks);
        }
        report
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "wrote {} ({} lines)", self.out.display(), self.lines)?;
        let Some(module) = &self.schema else {
            return Ok(());
        };
        let schema::Counts { structs, enums, .. } = module.types;
        writeln!(
            f,
            "root `{}`, {structs} structs, {enums} enums",
            module.root
        )?;
        for fallback in &module.fallbacks {
            writeln!(f, "untyped: {}: {}", fallback.pointer, fallback.reason)?;
        }
        Ok(())
    }
}

fn generate(args: &Args) -> Result<Report, Failure> {
    let mut code = String::new();
    let schema = match &args.schema {
        None => None,
        Some(file) => {
            let mut options = schema::Options::default();
            options.root.clone_from(&args.root);
            options.derives.clone_from(&args.derive);
            let module = schema::compile(file, &options).map_err(|error| match error {
                schema::Error::Schema(carml_schema::Error::Read(..)) => {
                    Failure::System(error.to_string())
                }
                _ => Failure::Input(error.to_string()),
            })?;
            code.push_str(&module.code);
            Some(module)
        }
    };
    if !args.proto.is_empty() {
        let mut options = proto::Options::default();
        options.files.clone_from(&args.proto);
        options.includes.clone_from(&args.include);
        let module = proto::compile(&options).map_err(|error| {
            // The compiler says only that such a file is nowhere below the includes.
            let unreadable = args.proto.iter().find_map(|file| {
                let error = fs::File::open(file).err()?;
                Some(format!("cannot read {}: {error}", file.display()))
            });
            unreadable.map_or_else(|| Failure::Input(error.to_string()), Failure::System)
        })?;
        code.push_str(&module.code);
    }
    fs::write(&args.out, &code).map_err(|error| {
        Failure::System(format!("cannot write {}: {error}", args.out.display()))
    })?;
    Ok(Report {
        out: args.out.clone(),
        lines: code.lines().count(),
        schema,
    })
}
