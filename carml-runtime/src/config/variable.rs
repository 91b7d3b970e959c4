//! `${VAR}` and `${VAR:-default}` in texts; `$${` stands for `${`.

use carml_diagnostic::{Fault, Report, Source, nearest};
use serde_json::Value;
use std::collections::BTreeMap;

/// Replaces variables in every text of a value.
pub(super) fn expand(
    value: &mut Value,
    vars: &BTreeMap<String, String>,
    source: &Source,
    report: &mut Report,
) {
    walk(value, &mut String::new(), vars, source, report);
}

fn walk(
    value: &mut Value,
    pointer: &mut String,
    vars: &BTreeMap<String, String>,
    source: &Source,
    report: &mut Report,
) {
    let length = pointer.len();
    match value {
        Value::String(text) if text.contains("${") => match substitute(text, vars) {
            Ok(whole) => *text = whole,
            Err(name) => {
                let mut fault = Fault::error(
                    "unset-variable",
                    format!("the variable `{name}` is not set"),
                )
                .pointer(pointer.as_str())
                .help(format!("set it, or give a default: `${{{name}:-default}}`"));
                if let Some(near) = nearest(&name, vars.keys().map(String::as_str)).first() {
                    fault = fault.help(format!("did you mean `{near}`?"));
                }
                if let Some(place) = source.locate(pointer) {
                    fault = fault.at(source, place.value);
                }
                report.push(fault);
            }
        },
        Value::Array(items) => {
            for (n, item) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{n}"));
                walk(item, pointer, vars, source, report);
                pointer.truncate(length);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                walk(item, pointer, vars, source, report);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// The text with its variables replaced, or the name of one that is not set.
fn substitute(text: &str, vars: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        let Some(close) = after.find('}').filter(|_| !before.ends_with('$')) else {
            out.push_str(before.strip_suffix('$').unwrap_or(before));
            out.push_str("${");
            rest = after;
            continue;
        };
        out.push_str(before);
        let (name, default) = match after[..close].split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (&after[..close], None),
        };
        match vars.get(name).map(String::as_str).or(default) {
            Some(value) => out.push_str(value),
            None => return Err(name.to_owned()),
        }
        rest = &after[close + 1..];
    }
    out.push_str(rest);
    Ok(out)
}
