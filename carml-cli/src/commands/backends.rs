//! `carml backends`.

use std::{collections::BTreeMap, process::ExitCode};

use carml_kv::capability::{CALLS, Call, MARKDOWN, PROVIDERS, Provider, Scope, scope};

use super::output;

/// Print which calls each key/value provider supports
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
        Format::Markdown => output::print(MARKDOWN),
        Format::Text => output::print(text()),
        Format::Json => output::print(format_args!("{:#}\n", json())),
    }
}

fn text() -> String {
    let titles = PROVIDERS.iter().map(|provider| provider.title());
    let mut text = row("", titles);
    for call in CALLS {
        let scopes = PROVIDERS.iter().map(|provider| offered(*provider, *call));
        text += &row(call.title(), scopes.map(|scope| scope.unwrap_or("-")));
    }
    text
}

fn row<'a>(head: &str, cells: impl Iterator<Item = &'a str>) -> String {
    let cells: String = cells.map(|cell| format!("{cell:11}")).collect();
    format!("{head:24}{}\n", cells.trim_end())
}

fn json() -> serde_json::Value {
    let table: BTreeMap<_, BTreeMap<_, _>> = PROVIDERS
        .iter()
        .map(|provider| {
            let calls = CALLS.iter();
            let row = calls.map(|call| (call.as_str(), offered(*provider, *call)));
            (provider.as_str(), row.collect())
        })
        .collect();
    serde_json::json!(table)
}

fn offered(provider: Provider, call: Call) -> Option<&'static str> {
    scope(provider, call).map(Scope::as_str)
}
