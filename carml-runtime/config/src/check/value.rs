//! Values that are not among those allowed.

use super::words::{kind_of, quoted, text};
use crate::Loaded;
use carml_diagnostic::{Code, Diagnostic, nearest};
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
) -> Diagnostic {
    let (shown, word) = match instance {
        Value::String(text) => (format!("`{text}`"), text.clone()),
        other => (kind_of(other).to_owned(), text(other)),
    };
    let fault = Diagnostic::error(Code::Value, format!("{} cannot be {shown}", quoted(at)));
    let fault = loaded.aim(fault, at, false);
    if !instance.is_string() {
        let fault = list(fault, &[], all, others, "values");
        let same = !word.is_empty() && all.contains(&word);
        return if same && (instance.is_number() || instance.is_boolean()) {
            fault.help(format!("put it in quotes: `\"{word}\"`"))
        } else {
            fault
        };
    }
    suggest(fault, &word, all, others, "values")
}

/// Adds what was near, and what there is.
pub(super) fn suggest(
    fault: Diagnostic,
    word: &str,
    all: &[String],
    others: &[String],
    what: &str,
) -> Diagnostic {
    let near = nearest(word, all.iter().map(String::as_str));
    list(hint(fault, &near), &near, all, others, what)
}

/// Adds the nearest.
pub(super) fn hint(fault: Diagnostic, near: &[&str]) -> Diagnostic {
    match near.first() {
        Some(best) => fault.label(format!("did you mean `{best}`?")),
        None => fault,
    }
}

/// Adds what there is; of very much, what is near or first.
pub(super) fn list(
    fault: Diagnostic,
    near: &[&str],
    all: &[String],
    others: &[String],
    what: &str,
) -> Diagnostic {
    let all_of = |all: &[String]| -> String {
        let names = all.iter().map(|name| format!("`{name}`"));
        let whole: Vec<String> = names.chain(others.iter().cloned()).collect();
        whole.join(", ")
    };
    match all.len() + others.len() {
        0 => fault,
        1..=MOST => fault.note(format!("{what} that are known here: {}", all_of(all))),
        _ if near.len() > 1 => fault.note(format!("near: {}", near.join(", "))),
        _ if near.len() == 1 => fault,
        _ => {
            let some = all_of(&all[..all.len().min(MOST)]);
            let more = all.len().saturating_sub(MOST);
            fault.note(format!(
                "{what} that are known here: {some} and {more} more"
            ))
        }
    }
}
