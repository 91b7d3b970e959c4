//! Layers from variables of the environment and from `--set`.

use crate::key_path;
use crate::layer::{Kind, Layer};
use crate::redact::is_name;
use crate::schema::Schema;
use carml_diagnostic::{Assignment, Diagnostic, Format, RawReport, Source, Span, escape_key};
use carml_schema::applicable::{Applicable, keys};
use carml_schema::graph::InstanceType;
use std::collections::{BTreeMap, HashMap};

/// The prefix of variables that set keys.
const PREFIX: &str = "CARML__";

/// The layers of the environment: `REGISTRY_ENDPOINTS` and `TRACER_ENDPOINTS`, then
/// `CARML__SECTION__KEY`, which wins. An empty variable counts as one that is not set.
pub(super) fn variables(
    schema: &Schema,
    vars: &BTreeMap<String, String>,
    report: &mut RawReport,
) -> Vec<Layer> {
    let given = || vars.iter().filter(|(_, text)| !text.is_empty());
    let mut layers: Vec<Layer> = given()
        .filter_map(|(name, text)| endpoints(schema, name, text))
        .collect();
    let mut seen: HashMap<String, &str> = HashMap::new();
    for (name, text) in given() {
        let Some(path) = path(name) else {
            continue;
        };
        let at = match at_name(schema, path) {
            Ok(at) => at,
            Err(problem) => {
                let error = match problem {
                    Problem::EmptyPart => Diagnostic::new(Assignment::EmptyPartOfVariable)
                        .help("write `CARML__SECTION__KEY=value` or `--set section.key=value`"),
                    Problem::Item(at) => {
                        let parts = path.split("__").take(at.matches('/').count());
                        let list = parts.collect::<Vec<_>>().join("__");
                        item(&at, true, &format!("{PREFIX}{list}"))
                    }
                };
                report.push(in_name(error, &format!("${name}")));
                continue;
            }
        };
        if let Some(first) = seen.insert(at.clone(), name) {
            let error = Diagnostic::new(Assignment::SameKey {
                variables: [first.to_owned(), name.clone()],
            });
            let error = error.pointer(&at).help("unset one of the two");
            report.push(in_name(error, &format!("${name}")));
            continue;
        }
        let kind = Kind::Variable(name.to_owned());
        layers.push(layer(schema, kind, format!("${name}"), at, text));
    }
    layers
}

/// What follows `CARML__` in a variable's name; upper and lower case do not count.
fn path(name: &str) -> Option<&str> {
    let (prefix, path) = name.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(path)
}

/// The layer of `REGISTRY_ENDPOINTS` or `TRACER_ENDPOINTS`; a list without addresses counts as one
/// that is not set.
fn endpoints(schema: &Schema, name: &str, text: &str) -> Option<Layer> {
    let at = match name {
        "REGISTRY_ENDPOINTS" => "/registry/endpoints",
        "TRACER_ENDPOINTS" => "/tracer/endpoints",
        _ => return None,
    };
    let addresses = text.split(',').map(str::trim).filter(|e| !e.is_empty());
    let list: Vec<&str> = addresses.collect();
    // Other programs use these names too: they count only for a schema that has the key.
    if list.is_empty() || schema.at(at).is_empty() || !schema.is_carml() {
        return None;
    }
    let text = serde_json::to_string(&list).ok()?;
    Some(Layer {
        source: Source::new(format!("${name}"), text, Format::Json),
        at: at.to_owned(),
        kind: Kind::Variable(name.to_owned()),
        raw: false,
    })
}

/// Why a key cannot be set from outside of a file.
enum Problem {
    /// A part of it is empty.
    EmptyPart,
    /// It names an item of the list at a pointer.
    Item(String),
}

/// The error of a variable or `--set` that names an item of the list at a pointer. `whole` is the
/// name that sets the list.
fn item(at: &str, is_variable: bool, whole: &str) -> Diagnostic {
    let error = Diagnostic::new(Assignment::Item {
        list: key_path::display(at),
        is_variable,
    });
    error
        .pointer(at)
        .help(format!("set the whole list: `{whole}=[…]`"))
}

/// An error of the name of a variable or flag; its value is not shown.
fn in_name(error: Diagnostic, name: &str) -> Diagnostic {
    let source = Source::new(name, "", Format::Yaml);
    error.at(&source, Span { start: 0, end: 0 })
}

/// The pointer that a variable's name means: a key of the schema whatever its case, else in lower
/// case.
fn at_name(schema: &Schema, path: &str) -> Result<String, Problem> {
    let mut at = String::new();
    for step in path.split("__") {
        if step.is_empty() {
            return Err(Problem::EmptyPart);
        }
        let parts = schema.at(&at);
        if names_item(&parts, step) {
            return Err(Problem::Item(at));
        }
        let known = keys(&parts);
        let same = known.iter().find(|key| **key == step);
        let other_case = || known.iter().find(|key| key.eq_ignore_ascii_case(step));
        at.push('/');
        match same.or_else(other_case) {
            Some(key) => at.push_str(&escape_key(key)),
            None => at.push_str(&escape_key(&step.to_lowercase())),
        }
    }
    Ok(at)
}

/// Whether a step is the index of an item where the schema wants a list.
fn names_item(parts: &[Applicable<'_>], step: &str) -> bool {
    let is = |kind| parts.iter().any(|part| part.node.types().contains(&kind));
    let digits = step.bytes().all(|b| b.is_ascii_digit());
    digits && is(InstanceType::Array) && !is(InstanceType::Object) && !keys(parts).contains(&step)
}

/// The layer of `key.key=value`.
pub(super) fn flag(schema: &Schema, assignment: &str) -> Result<Layer, Box<Diagnostic>> {
    let malformed =
        |problem| Box::new(Diagnostic::new(problem).help("write `--set section.key=value`"));
    // What has no `=` may be a secret: it is not repeated.
    let Some((key, text)) = assignment.split_once('=') else {
        return Err(malformed(Assignment::NoEquals));
    };
    let key = key.trim();
    if key.is_empty() || key.split('.').any(str::is_empty) {
        return Err(malformed(Assignment::EmptyPartOfFlag));
    }
    let at = key_path::pointer(key, |at| key_path::in_schema(schema, at));
    // Any other key may be a secret that an `=` has cut.
    let name = if is_name(schema, &at) {
        format!("--set {key}")
    } else {
        "--set".to_owned()
    };
    let steps = at.match_indices('/').map(|(n, _)| n);
    for (start, end) in steps.clone().zip(steps.skip(1).chain([at.len()])) {
        let above = &at[..start];
        if names_item(&schema.at(above), &at[start + 1..end]) {
            let whole = format!("--set {}", key_path::display(above));
            return Err(Box::new(in_name(item(above, false, &whole), &name)));
        }
    }
    Ok(layer(schema, Kind::Flag(key.to_owned()), name, at, text))
}

/// Where nothing but a string fits, the text is taken as it is: a password may look like a number.
fn layer(schema: &Schema, kind: Kind, name: String, at: String, text: &str) -> Layer {
    let quoted = ['"', '\'']
        .iter()
        .any(|q| text.len() > 1 && text.starts_with(*q) && text.ends_with(*q));
    let file = at
        .strip_suffix("_file")
        .is_some_and(|of| schema.shapes().is_secret(of));
    let raw = file || schema.shapes().is_text(&at) && (!quoted || schema.shapes().is_secret(&at));
    Layer {
        source: Source::new(name, text, Format::Yaml),
        at,
        kind,
        raw,
    }
}
