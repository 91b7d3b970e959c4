//! Layers from variables of the environment and from `--set`.

use crate::layer::{Kind, Layer};
use crate::schema::Schema;
use carml_diagnostic::{Code, Diagnostic, Format, Source};
use carml_schema::applicable::keys;
use std::collections::BTreeMap;

/// The layers of the environment: the ancestor's names below `CARML__SECTION__KEY`.
pub(super) fn variables(schema: &Schema, vars: &BTreeMap<String, String>) -> Vec<Layer> {
    let own = |name: &&String| name.starts_with("CARML__");
    let (own, others): (Vec<_>, Vec<_>) = vars.iter().partition(|(name, _)| own(name));
    let all = others.into_iter().chain(own);
    all.filter_map(|(name, text)| variable(schema, name, text))
        .collect()
}

/// The layer of a variable.
fn variable(schema: &Schema, name: &str, text: &str) -> Option<Layer> {
    if let Some(path) = name.strip_prefix("CARML__") {
        let at = spelt(schema, path);
        return Some(layer(
            schema,
            Kind::Variable(name.to_owned()),
            format!("${name}"),
            at,
            text,
        ));
    }
    let at = match name {
        "REGISTRY_ENDPOINTS" => "/registry/endpoints",
        "TRACER_ENDPOINTS" => "/tracer/endpoints",
        _ => return None,
    };
    // These names are used by others too: they count only for a schema that has the key.
    if schema.at(at).is_empty() || !schema.is_carml() {
        return None;
    }
    let list: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|e| !e.is_empty())
        .collect();
    let text = serde_json::to_string(&list).ok()?;
    Some(Layer {
        source: Source::new(format!("${name}"), text, Format::Json),
        at: at.to_owned(),
        kind: Kind::Variable(name.to_owned()),
        raw: false,
    })
}

/// The pointer that a variable's name means: letters' case is the schema's.
fn spelt(schema: &Schema, path: &str) -> String {
    let mut at = String::new();
    for step in path.split("__") {
        let parts = schema.at(&at);
        let known = keys(&parts);
        let own = known.iter().find(|key| key.eq_ignore_ascii_case(step));
        at.push('/');
        match own {
            Some(key) => at.push_str(&carml_diagnostic::escape_key(key)),
            None => at.push_str(&step.to_lowercase()),
        }
    }
    at
}

/// The layer of `key.key=value`.
pub(super) fn flag(schema: &Schema, assignment: &str) -> Result<Layer, Box<Diagnostic>> {
    let fault = |message: &str| {
        Box::new(Diagnostic::error(Code::Set, message).help("write `--set section.key=value`"))
    };
    // What has no `=` may be a secret: it is not repeated.
    let Some((key, text)) = assignment.split_once('=') else {
        return Err(fault("a `--set` has no `=`"));
    };
    let key = key.trim();
    if key.is_empty() || key.split('.').any(str::is_empty) {
        return Err(fault(&format!(
            "`--set {key}=…`: a part of the key is empty"
        )));
    }
    let at = format!("/{}", carml_diagnostic::escape_key(key).replace('.', "/"));
    let name = format!("--set {key}");
    Ok(layer(schema, Kind::Flag(key.to_owned()), name, at, text))
}

/// Where nothing but a text fits, the text is taken as it is: a password may look like a number.
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
