//! Everything about one key.

use super::facts::Facts;
use super::inline;
use super::yaml;
use crate::Loaded;
use crate::key_path;
use crate::layer::Origin;
use crate::redact::Knowledge;
use carml_diagnostic::{
    Diagnostic, Kind, RawReport, did_you_mean, escape_key, nearest, unescape_key,
};
use carml_schema::applicable::{self, Applicable, keys};
use serde_json::Value;
use std::fmt::Write as _;

pub(super) fn write(loaded: &Loaded, key: &str) -> Result<String, RawReport> {
    let known_key =
        |at: &str| key_path::in_schema(loaded.schema(), at) || loaded.value().pointer(at).is_some();
    let pointer = key_path::pointer(key, known_key);
    let parts = known(loaded, &pointer, key)?;
    let facts = Facts::of(&parts);
    let mut out = String::new();
    let scalar = |value: &Value| !value.is_object() && !value.is_array();
    let given = loaded.value().pointer(&pointer);
    let knowledge = Knowledge::of(loaded.schema());
    let glued = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| knowledge.holds_secret_key(text))
    };
    let secret = loaded.schema().shapes().is_secret(&pointer)
        || given.is_some_and(scalar) && knowledge.is_hidden(&pointer)
        || given.is_some_and(glued);
    let value = given;
    let name = key_path::display(&pointer);
    match value {
        None => match pointer[1..]
            .split_once('/')
            .map(|(first, _)| unescape_key(first))
        {
            Some(section) if loaded.value().get(&*section).is_none() => {
                writeln!(out, "{name} is not set: there is no section `{section}`")
            }
            _ => writeln!(out, "{name} is not set"),
        },
        Some(_) if secret => writeln!(out, "{name}: \"{}\"", yaml::HIDDEN),
        Some(Value::Object(_) | Value::Array(_)) => writeln!(out, "{name}:"),
        Some(value) => writeln!(out, "{name}: {}", inline::value(value)),
    }
    .ok();
    let mut row = |what: &str, text: &str| writeln!(out, "  {what:12}{text}").ok();
    if value.is_some() && (secret || !value.is_some_and(Value::is_object)) {
        row("set by", &set_by(loaded, &pointer));
        for over in overridden(loaded, &pointer, secret, &facts) {
            row("instead of", &over);
        }
    }
    let mut kind = facts.kind.clone();
    if facts.secret {
        kind.push_str(&format!(
            ": never shown; `{name}_file` may name a file that holds it"
        ));
    }
    row("type", &kind);
    if let Some(default) = &facts.default {
        row("default", &inline::value(default));
    }
    for constraint in &facts.constraints {
        row("must be", constraint);
    }
    if !facts.examples.is_empty() {
        row("examples", &facts.examples.join(", "));
    }
    if facts.deprecated {
        row("deprecated", "do not use it in a new config");
    }
    if let Some(about) = &facts.description {
        let _ = write!(out, "\n{about}\n");
    }
    if let Some((title, Some(about))) = &facts.form {
        let _ = write!(out, "\n{title}: {about}\n");
    }
    if !facts.allowed.is_empty() {
        out.push_str("\nAllowed values:\n");
        table(&mut out, &facts.allowed);
    }
    let items = applicable::closure(applicable::items(&parts));
    let items = Facts::of(&items).allowed;
    if !items.is_empty() {
        out.push_str("\nItems:\n");
        table(&mut out, &items);
    }
    let below = keys(&parts);
    if !below.is_empty() && facts.allowed.is_empty() {
        out.push_str("\nKeys:\n");
        let rows: Vec<(String, Option<String>)> = below
            .iter()
            .map(|key| {
                let at = format!("{pointer}/{}", escape_key(key));
                let facts = Facts::of(&loaded.schema().at(&at));
                ((*key).to_owned(), facts.description)
            })
            .collect();
        table(&mut out, &rows);
    }
    if let Some(value @ (Value::Object(_) | Value::Array(_))) = value.filter(|_| !secret) {
        let _ = write!(out, "\nNow:\n{}", yaml::write(loaded, value, &pointer));
    }
    Ok(out)
}

fn table(out: &mut String, rows: &[(String, Option<String>)]) {
    let width = rows.iter().map(|r| r.0.chars().count()).max().unwrap_or(0);
    for (name, about) in rows {
        let line = format!("  {name:width$}  {}", about.as_deref().unwrap_or(""));
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// The layer and the place that set the value.
fn set_by(loaded: &Loaded, pointer: &str) -> String {
    let layer = match loaded.origin(pointer) {
        Origin::Unset | Origin::Default => return loaded.origin_text(pointer),
        // The name of a key in a store says what it is.
        Origin::Place(source, _) if source.name().contains("://") => "",
        Origin::Place(..) => "file ",
        Origin::Variable(_) | Origin::Flag(_) => "",
    };
    format!("{layer}{}", loaded.origin_text(pointer))
}

/// The lower layers that set it too, highest first.
fn overridden(loaded: &Loaded, pointer: &str, secret: bool, facts: &Facts) -> Vec<String> {
    let mut found = Vec::new();
    let mut given = loaded
        .layers()
        .iter()
        .rev()
        .filter_map(|layer| Some((layer, layer.place(pointer, false)?)));
    given.next();
    for (layer, span) in given {
        let text = layer.source.text();
        let was = text.get(span.start..span.end).unwrap_or_default();
        let was =
            if secret || was.contains('\n') || loaded.schema().shapes().contains_secret(pointer) {
                String::new()
            } else {
                format!("{was} from ")
            };
        found.push(format!("{was}{}", layer.origin(span)));
    }
    if let (Some(default), true) = (
        &facts.default,
        !matches!(loaded.origin(pointer), Origin::Default | Origin::Unset),
    ) {
        found.push(format!(
            "{} from the schema's default",
            inline::value(default)
        ));
    }
    found
}

/// What the schema says about a key; if it does not know the key, an error that names the nearest
/// one.
fn known<'a>(
    loaded: &'a Loaded,
    pointer: &str,
    key: &str,
) -> Result<Vec<Applicable<'a>>, RawReport> {
    let schema = loaded.schema();
    let parts = schema.at(pointer);
    let open = parts.iter().all(|part| part.node.is_false());
    if !(parts.is_empty() || open) || loaded.value().pointer(pointer).is_some() {
        return Ok(parts);
    }
    let mut above = String::new();
    for step in pointer.split('/').skip(1) {
        let here = schema.at(&above);
        let at = format!("{above}/{step}");
        if schema.at(&at).iter().any(|part| !part.node.is_false()) {
            above = at;
            continue;
        }
        let names = keys(&here);
        let name = |key: &str| key_path::display(&format!("{above}/{}", escape_key(key)));
        let mut fault = Diagnostic::new(Kind::NoSuchKey {
            key: key.to_owned(),
        });
        if let Some(near) = nearest(&unescape_key(step), names.iter().copied()).first() {
            fault = fault.help(did_you_mean(&name(near)));
        }
        if !names.is_empty() {
            let all: Vec<String> = names.iter().map(|n| format!("`{}`", name(n))).collect();
            fault = fault.note(format!("known keys: {}", all.join(", ")));
        }
        return Err(fault.into());
    }
    Ok(parts)
}
