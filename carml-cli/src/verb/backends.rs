//! `carml backends`.

use std::process::ExitCode;

use carml_runtime::kv::capability::{CALLS, MARKDOWN, PROVIDERS, scope};

/// Print the table of key/value backends and what each can do
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match args.format {
        Format::Markdown => print!("{MARKDOWN}"),
        Format::Text => {
            print!("{:24}", "");
            PROVIDERS.iter().for_each(|p| print!("{:11}", p.title()));
            println!();
            for call in CALLS {
                print!("{:24}", call.title());
                for provider in PROVIDERS {
                    print!("{:11}", scope(*provider, *call).map_or("-", |s| s.as_str()));
                }
                println!();
            }
        }
        Format::Json => {
            let row = |p| {
                CALLS.iter().map(move |c| {
                    (
                        c.as_str(),
                        scope(p, *c).map(carml_runtime::kv::capability::Scope::as_str),
                    )
                })
            };
            let table: std::collections::BTreeMap<_, std::collections::BTreeMap<_, _>> = PROVIDERS
                .iter()
                .map(|p| (p.as_str(), row(*p).collect()))
                .collect();
            println!("{:#}", serde_json::json!(table));
        }
    }
    ExitCode::SUCCESS
}
