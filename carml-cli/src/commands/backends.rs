//! `carml backends`.

use std::process::ExitCode;

use carml_codegen::capability;
use carml_schema::{
    Documents,
    capabilities::{Capabilities, Entry, Reach},
    own,
};
use serde_json::{Map, Value};

use super::{could_not_run, output};

/// Print which calls each provider of the key/value store and of the object store has
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The format of the output
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
    match print(args.format) {
        Ok(text) => output::print(text),
        Err(error) => could_not_run(error),
    }
}

fn print(format: Format) -> Result<String, Box<dyn std::error::Error>> {
    let [registry, store] = [schema("registry.json"), schema("store.json")];
    if matches!(format, Format::Markdown) {
        let tables = [
            capability::markdown(registry)?,
            capability::markdown(store)?,
        ];
        return Ok(tables.join("\n"));
    }
    let registry = Documents::given("registry.json", serde_json::from_str(registry)?, &[])?;
    let store = Documents::given("store.json", serde_json::from_str(store)?, &[])?;
    let (registry, store) = (table(&registry), table(&store));
    let (Some(registry), Some(store)) = (registry, store) else {
        return Err("the built-in schema has no table".into());
    };
    Ok(match format {
        Format::Json => {
            let mut all = registry.json();
            all.insert("store".to_owned(), store.json().into());
            format!("{:#}\n", Value::from(all))
        }
        _ => format!(
            "{}\n{}",
            registry.text("Key/value store"),
            store.text("Object store")
        ),
    })
}

fn table(documents: &Documents) -> Option<Table<'_>> {
    documents.root().capabilities().map(Table)
}

/// The text of a built-in schema.
fn schema(name: &str) -> &'static str {
    let mut all = own::DOCUMENTS.iter();
    all.find(|(file, _)| *file == name)
        .map_or("null", |(_, text)| text)
}

struct Table<'a>(Capabilities<'a>);

impl Table<'_> {
    fn text(&self, title: &str) -> String {
        let titles = self.0.providers().map(|provider| provider.title());
        let mut text = row(title, titles);
        for call in self.0.calls() {
            let cells = self
                .0
                .providers()
                .map(|provider| self.offered(call, provider));
            text += &row(call.title(), cells.map(|scope| scope.unwrap_or("-")));
        }
        text
    }

    fn json(&self) -> Map<String, Value> {
        let row = |provider: Entry<'_>| {
            let calls = self.0.calls();
            let cells =
                calls.map(|call| (call.name.to_owned(), self.offered(call, provider).into()));
            Value::Object(cells.collect())
        };
        let providers = self.0.providers();
        providers
            .map(|provider| (provider.name.to_owned(), row(provider)))
            .collect()
    }

    fn offered(&self, call: Entry<'_>, provider: Entry<'_>) -> Option<&'static str> {
        self.0.reach(call.name, provider.name).map(Reach::name)
    }
}

fn row<'a>(head: &str, cells: impl Iterator<Item = &'a str>) -> String {
    let cells: String = cells.map(|cell| format!("{cell:11}")).collect();
    format!("{head:24}{}\n", cells.trim_end())
}
