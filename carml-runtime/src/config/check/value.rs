//! Values that are not among those allowed, and texts of another form.

use super::keys;
use super::words::{article, kind_of, name, text};
use crate::config::Loaded;
use carml_diagnostic::{Fault, nearest};
use jsonschema::ValidationError;
use serde_json::Value;

/// More names than this say nothing more.
const MOST: usize = 20;

/// A value that is not one of those allowed; `others` are kinds of values that are allowed too.
pub(super) fn not_allowed(
    loaded: &Loaded,
    at: &str,
    instance: &Value,
    all: &[String],
    others: &[String],
) -> Fault {
    let shown = match instance {
        Value::String(text) => format!("`{text}`"),
        other => kind_of(other).to_owned(),
    };
    let fault = Fault::error("value", format!("`{}` cannot be {shown}", name(at)));
    let fault = loaded.aim(fault, at, false);
    let word = instance.as_str().unwrap_or_default();
    suggest(fault, word, all, others, "values")
}

/// Adds what was near, and what there is.
pub(super) fn suggest(
    mut fault: Fault,
    word: &str,
    all: &[String],
    others: &[String],
    what: &str,
) -> Fault {
    let near = nearest(word, all.iter().map(String::as_str));
    if let Some(best) = near.first() {
        fault = fault.label(format!("did you mean `{best}`?"));
    }
    let quoted = all.iter().map(|a| format!("`{a}`"));
    let list: Vec<String> = quoted.chain(others.iter().cloned()).collect();
    if !list.is_empty() && list.len() <= MOST {
        fault.note(format!("{what} that are known here: {}", list.join(", ")))
    } else if near.len() > 1 {
        fault.note(format!("near: {}", near.join(", ")))
    } else {
        fault
    }
}

/// A text that has not the form that the schema wants.
pub(super) fn form(loaded: &Loaded, error: &ValidationError<'_>, pattern: &str) -> Fault {
    let at = error.instance_path().as_str();
    let node = keys::owner(loaded.schema(), error);
    let given = error.instance().as_str().unwrap_or_default();
    let why = match node.and_then(|n| n.text("x-carml-type")) {
        Some("duration") => given.parse::<crate::config::Duration>().err(),
        Some("byte-size") => given.parse::<crate::config::ByteSize>().err(),
        _ => None,
    };
    let title = node.and_then(|n| n.text("title"));
    let wanted = title.map_or_else(
        || format!("a text of the form `{pattern}`"),
        |title| article(&title.to_lowercase()),
    );
    let fault = Fault::error("format", format!("`{}` is not {wanted}", name(at)));
    let mut fault = loaded.aim(fault, at, false);
    if let Some(why) = why {
        fault = fault.label(why);
    }
    if let Some(about) = node.and_then(|n| n.text("description")) {
        fault = fault.note(about);
    }
    let examples = node.and_then(|n| n.value.get("examples")?.as_array());
    if let Some(examples) = examples {
        let list: Vec<String> = examples.iter().map(|e| format!("`{}`", text(e))).collect();
        fault = fault.help(format!("write it like {}", list.join(", ")));
    }
    fault
}

/// A number outside of its range.
pub(super) fn range(loaded: &Loaded, error: &ValidationError<'_>, limit: &str) -> Fault {
    let at = error.instance_path().as_str();
    let fault = Fault::error("range", format!("`{}` must be {limit}", name(at)));
    let mut fault = loaded.aim(fault, at, false);
    let node = keys::owner(loaded.schema(), error);
    let bound = |key: &str| node.and_then(|n| n.value.get(key).cloned());
    if let (Some(low), Some(high)) = (bound("minimum"), bound("maximum")) {
        fault = fault.label(format!("from {low} to {high}"));
    }
    match node.and_then(|n| n.text("description")) {
        Some(about) => fault.note(about),
        None => fault,
    }
}
