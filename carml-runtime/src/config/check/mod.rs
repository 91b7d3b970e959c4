//! What the validator found, as faults that a person can mend.

mod branch;
mod keys;
mod secret;

pub(super) use secret::{conceal, sounds_secret};

use super::Loaded;
use carml_diagnostic::{Fault, Report, nearest};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

/// Adds every fault that the schema finds.
pub(super) fn validate(loaded: &Loaded, report: &mut Report) {
    for error in loaded.schema().validator().iter_errors(loaded.value()) {
        if report.is_full() {
            report.push(Fault::error("schema", ""));
        } else {
            one(loaded, &error, report);
        }
    }
    if report.is_empty() {
        report.push(loaded.aim(
            Fault::error("schema", "the document does not fit its schema"),
            "",
            true,
        ));
    }
}

fn one(loaded: &Loaded, error: &ValidationError<'_>, report: &mut Report) {
    let at = error.instance_path().as_str();
    let name = name(at);
    let found = kind_of(error.instance());
    let fault = |code, message: String| loaded.aim(Fault::error(code, message), at, false);
    let made = match error.kind() {
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            return branch::choose(loaded, error, context, report);
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known = keys::known(loaded.schema(), error);
            // A known key is left over only because its own value is wrong, which stands in the report already.
            for key in unexpected.iter().filter(|key| !known.contains(key)) {
                if report.is_full() {
                    report.push(Fault::error("unknown-key", ""));
                    continue;
                }
                let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                let fault = Fault::error(
                    "unknown-key",
                    format!("`{key}` is not a key of {}", place_name(at)),
                );
                report.push(suggest(
                    loaded.aim(fault, &pointer, true),
                    key,
                    &known,
                    "keys",
                ));
            }
            return;
        }
        Kind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            loaded
                .aim(
                    Fault::error(
                        "missing-key",
                        format!("`{key}` is missing in {}", place_name(at)),
                    ),
                    at,
                    true,
                )
                .help(format!("add `{key}: …` here"))
        }
        Kind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(one) => one.to_string(),
                TypeKind::Multiple(set) => set
                    .iter()
                    .map(|t| t.to_string())
                    .collect::<Vec<_>>()
                    .join(" or "),
            };
            let form = keys::owner(loaded.schema(), error);
            let form = form.and_then(|n| n.text("x-carml-type"));
            let wanted_word = match form {
                Some("duration") => "a duration".to_owned(),
                Some("byte-size") => "a byte size".to_owned(),
                Some("endpoint") => "an address".to_owned(),
                _ => word(&wanted),
            };
            let mut fault = fault(
                "type",
                format!("`{name}` must be {wanted_word}, not {found}"),
            )
            .label(format!("expected {wanted_word}"));
            match (wanted.as_str(), error.instance().as_ref()) {
                ("array", Value::Object(_)) => fault = fault.help("start each item with `- `"),
                ("array", Value::String(s)) => {
                    fault = fault.help(format!("write a list of one: `[{s}]`"));
                }
                ("string", Value::Number(n)) => {
                    fault = fault.help(match form {
                        Some("duration") => {
                            format!("the unit is missing: write `{n}s` for seconds")
                        }
                        Some("byte-size") => {
                            format!("the unit is missing: write `{n}mb`, or `{n}b` for bytes")
                        }
                        _ => format!("put it in quotes: `\"{n}\"`"),
                    });
                }
                ("string", Value::Bool(b)) => {
                    fault = fault.help(format!("put it in quotes: `\"{b}\"`"));
                }
                ("integer" | "number" | "boolean", Value::String(s)) if !s.is_empty() => {
                    fault = fault.help("a plain value is wanted here, without quotes");
                }
                _ => {}
            }
            fault
        }
        Kind::Enum { options } => {
            let all: Vec<String> = options
                .as_array()
                .map(|a| a.iter().map(text).collect())
                .unwrap_or_default();
            return report.push(value_fault(loaded, at, name, error.instance(), &all));
        }
        Kind::Constant { expected_value } => {
            return report.push(value_fault(
                loaded,
                at,
                name,
                error.instance(),
                &[text(expected_value)],
            ));
        }
        Kind::Pattern { pattern } => {
            return report.push(pattern_fault(loaded, error, at, name, pattern));
        }
        Kind::Format { format } => fault("format", format!("`{name}` is not a valid {format}")),
        Kind::Minimum { limit } => fault("range", format!("`{name}` must be at least {limit}")),
        Kind::Maximum { limit } => fault("range", format!("`{name}` must be at most {limit}")),
        Kind::ExclusiveMinimum { limit } => {
            fault("range", format!("`{name}` must be more than {limit}"))
        }
        Kind::ExclusiveMaximum { limit } => {
            fault("range", format!("`{name}` must be less than {limit}"))
        }
        Kind::MinLength { limit: 1 } => fault("length", format!("`{name}` must not be empty")),
        Kind::UniqueItems => {
            fault("unique", format!("`{name}` holds an item twice")).help("remove one of the two")
        }
        Kind::PropertyNames { .. } => loaded.aim(
            Fault::error(
                "key",
                format!("a key of {} does not have an allowed form", place_name(at)),
            ),
            at,
            true,
        ),
        _ => fault("schema", format!("`{name}`: {}", error.masked())),
    };
    report.push(made);
}

/// A value that is not one of those allowed.
fn value_fault(loaded: &Loaded, at: &str, name: &str, instance: &Value, all: &[String]) -> Fault {
    let shown = instance
        .as_str()
        .map_or_else(|| kind_of(instance).to_owned(), |s| format!("`{s}`"));
    let fault = loaded.aim(
        Fault::error("value", format!("`{name}` cannot be {shown}")),
        at,
        false,
    );
    suggest(fault, instance.as_str().unwrap_or_default(), all, "values")
}

fn pattern_fault(
    loaded: &Loaded,
    error: &ValidationError<'_>,
    at: &str,
    name: &str,
    pattern: &str,
) -> Fault {
    let node = keys::owner(loaded.schema(), error);
    let text = error.instance().as_str().unwrap_or_default();
    let kind = node
        .as_ref()
        .and_then(|n| n.value.get("x-carml-type"))
        .and_then(Value::as_str);
    let why = match kind {
        Some("duration") => text.parse::<super::Duration>().err(),
        Some("byte-size") => text.parse::<super::ByteSize>().err(),
        _ => None,
    };
    let title = node
        .as_ref()
        .and_then(|n| n.value.get("title"))
        .and_then(Value::as_str);
    let wanted = title.map_or_else(
        || format!("a text of the form `{pattern}`"),
        |t| format!("a {}", t.to_lowercase()),
    );
    let mut fault = loaded.aim(
        Fault::error("format", format!("`{name}` is not {wanted}")),
        at,
        false,
    );
    if let Some(why) = why {
        fault = fault.label(why);
    }
    if let Some(about) = node
        .as_ref()
        .and_then(|n| n.value.get("description"))
        .and_then(Value::as_str)
    {
        fault = fault.note(about);
    }
    if let Some(examples) = node
        .as_ref()
        .and_then(|n| n.value.get("examples"))
        .and_then(Value::as_array)
    {
        let list: Vec<String> = examples
            .iter()
            .map(|e| format!("`{}`", self::text(e)))
            .collect();
        fault = fault.help(format!("write it like {}", list.join(", ")));
    }
    fault
}

/// Adds what was near, or else what there is.
fn suggest(mut fault: Fault, word: &str, all: &[String], what: &str) -> Fault {
    let near = nearest(word, all.iter().map(String::as_str));
    if let Some(best) = near.first() {
        fault = fault.label(format!("did you mean `{best}`?"));
    }
    if !all.is_empty() && all.len() <= 20 {
        let list: Vec<String> = all.iter().map(|a| format!("`{a}`")).collect();
        fault = fault.note(format!("{what} that are known here: {}", list.join(", ")));
    } else if near.len() > 1 {
        fault = fault.note(format!("near: {}", near.join(", ")));
    }
    fault
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What a report calls the value of a pointer.
fn name(pointer: &str) -> &str {
    let named = |step: &&str| !step.is_empty() && step.parse::<usize>().is_err();
    pointer.rsplit('/').find(named).unwrap_or("the document")
}

fn place_name(pointer: &str) -> String {
    if pointer.is_empty() {
        "the top level".to_owned()
    } else {
        format!("`{}`", pointer[1..].replace('/', "."))
    }
}

fn word(kind: &str) -> String {
    kind.split(" or ")
        .map(|k| match k {
            "array" => "a list",
            "object" => "a map",
            "string" => "a text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            other => other,
        })
        .collect::<Vec<_>>()
        .join(" or ")
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
