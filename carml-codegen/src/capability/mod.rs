//! `x-carml-capabilities` → Rust and a Markdown table.
use std::fmt::Write as _;

use heck::ToUpperCamelCase as _;
use serde_json::{Map, Value};

/// Why a schema gives no table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON.
    #[error("the schema is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The annotation is missing or lacks a part.
    #[error("x-carml-capabilities: expected an object at `{0}`")]
    Shape(&'static str),
    /// A cell names something that does not exist.
    #[error("x-carml-capabilities/table/{0}: {1}")]
    Cell(String, &'static str),
}

/// Generates the module `carml_runtime::kv::capability::generated`.
pub fn rust(schema: &str) -> Result<String, Error> {
    let root: Value = serde_json::from_str(schema)?;
    let part = |name: &'static str| -> Result<&Map<String, Value>, Error> {
        root["x-carml-capabilities"][name]
            .as_object()
            .ok_or(Error::Shape(name))
    };
    let (providers, calls, table) = (part("providers")?, part("calls")?, part("table")?);
    let mut out =
        String::from("// Generated from schema/registry.json; do not edit.\nuse super::Scope;\n");
    for (name, doc, entries) in [
        ("Provider", "A store behind the key/value layer.", providers),
        ("Call", "A call of the key/value contract.", calls),
    ] {
        enumeration(&mut out, name, doc, entries);
    }
    out.push_str("impl Provider {\n    /// The port of its servers, where it has servers.\n    pub fn default_port(self) -> Option<u16> {\n        match self {\n");
    for (name, entry) in providers {
        let port = entry["default_port"]
            .as_u64()
            .map_or("None".to_owned(), |p| format!("Some({p})"));
        let _ = writeln!(
            out,
            "            Provider::{} => {port},",
            name.to_upper_camel_case()
        );
    }
    out.push_str("        }\n    }\n}\n/// How far a provider's call reaches; `None`: the provider lacks it.\npub fn scope(provider: Provider, call: Call) -> Option<Scope> {\n    match (call, provider) {\n");
    for (call, row) in table {
        if !calls.contains_key(call) {
            return Err(Error::Cell(call.clone(), "no such call"));
        }
        for (provider, cell) in row.as_object().ok_or(Error::Shape("table"))? {
            let at = || format!("{call}/{provider}");
            if !providers.contains_key(provider) {
                return Err(Error::Cell(at(), "no such provider"));
            }
            let scope = match cell.as_str() {
                Some("process") => "Process",
                Some("cluster") => "Cluster",
                _ => return Err(Error::Cell(at(), "expected `process` or `cluster`")),
            };
            let _ = writeln!(
                out,
                "        (Call::{}, Provider::{}) => Some(Scope::{scope}),",
                call.to_upper_camel_case(),
                provider.to_upper_camel_case()
            );
        }
    }
    out.push_str("        #[allow(unreachable_patterns)]\n        _ => None,\n    }\n}\n");
    let _ = writeln!(
        out,
        "/// The table as Markdown.\npub const MARKDOWN: &str = {:?};",
        markdown(providers, calls, table)
    );
    Ok(out)
}

fn enumeration(out: &mut String, name: &str, doc: &str, entries: &Map<String, Value>) {
    let list = format!("{}S", name.to_uppercase());
    let _ = writeln!(
        out,
        "/// {doc}\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n#[non_exhaustive]\npub enum {name} {{"
    );
    for (key, entry) in entries {
        let doc = entry["description"]
            .as_str()
            .or(entry["title"].as_str())
            .unwrap_or(key);
        let _ = writeln!(out, "    /// {doc}\n    {},", key.to_upper_camel_case());
    }
    let _ = writeln!(
        out,
        "}}\n/// All of them, in the table's order.\npub const {list}: &[{name}] = &["
    );
    for key in entries.keys() {
        let _ = writeln!(out, "    {name}::{},", key.to_upper_camel_case());
    }
    let _ = writeln!(out, "];\nimpl {name} {{");
    for (method, doc, field) in [
        ("as_str", "The name in the config.", None),
        ("title", "The name for people.", Some("title")),
    ] {
        let _ = writeln!(
            out,
            "    /// {doc}\n    pub fn {method}(self) -> &'static str {{\n        match self {{"
        );
        for (key, entry) in entries {
            let text = field.and_then(|f| entry[f].as_str()).unwrap_or(key);
            let _ = writeln!(
                out,
                "            {name}::{} => {text:?},",
                key.to_upper_camel_case()
            );
        }
        out.push_str("        }\n    }\n");
    }
    let _ = writeln!(
        out,
        "    /// The inverse of [`as_str`](Self::as_str).\n    pub fn parse(text: &str) -> Option<{name}> {{\n        {list}.iter().copied().find(|one| one.as_str() == text)\n    }}\n}}"
    );
}

fn markdown(
    providers: &Map<String, Value>,
    calls: &Map<String, Value>,
    table: &Map<String, Value>,
) -> String {
    let titles: Vec<&str> = providers
        .iter()
        .map(|(k, v)| v["title"].as_str().unwrap_or(k))
        .collect();
    let mut out = format!(
        "| Call | {} |\n|---|{}\n",
        titles.join(" | "),
        ":---:|".repeat(titles.len())
    );
    for (call, entry) in calls {
        let cells: Vec<&str> = providers
            .keys()
            .map(|p| {
                table
                    .get(call)
                    .and_then(|row| row[p].as_str())
                    .unwrap_or("–")
            })
            .collect();
        let _ = writeln!(
            out,
            "| {} | {} |",
            entry["title"].as_str().unwrap_or(call),
            cells.join(" | ")
        );
    }
    out
}
