//! Which draft of JSON Schema a document is written in.

use referencing::Draft;
use serde_json::Value;

use crate::metaschema;

/// The draft that a document names in `$schema`. One that names none, or an unknown one, is
/// draft-07, unless only draft-04 accepts it: this is how its boolean bounds are recognized.
pub(crate) fn of(document: &Value) -> Draft {
    let named = document.get("$schema").and_then(Value::as_str);
    named.and_then(by_name).unwrap_or_else(|| {
        let legacy = has_boolean_bound(document)
            && metaschema::violation(Draft::Draft7, document).is_some()
            && metaschema::violation(Draft::Draft4, document).is_none();
        if legacy { Draft::Draft4 } else { Draft::Draft7 }
    })
}

/// The draft of a `$schema` URI, however it is written. Draft 5 changed no keyword of draft 4, and
/// draft 3 is read as far as draft 4 agrees with it.
pub(crate) fn by_name(uri: &str) -> Option<Draft> {
    let drafts = [
        ("draft-03", Draft::Draft4),
        ("draft-04", Draft::Draft4),
        ("draft-05", Draft::Draft4),
        ("draft-06", Draft::Draft6),
        ("draft-07", Draft::Draft7),
        ("2019-09", Draft::Draft201909),
        ("2020-12", Draft::Draft202012),
    ];
    let found = drafts.into_iter().find(|(name, _)| uri.contains(name));
    found.map(|(_, draft)| draft)
}

/// The keyword under which a draft keeps definitions.
pub(crate) fn definitions_keyword(draft: Draft) -> &'static str {
    match draft {
        Draft::Draft4 | Draft::Draft6 | Draft::Draft7 => "definitions",
        _ => "$defs",
    }
}

/// Up to draft 7, keywords beside a `$ref` are ignored.
pub(crate) fn reference_stands_alone(draft: Draft) -> bool {
    matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7)
}

fn has_boolean_bound(document: &Value) -> bool {
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                let bound = |key: &str| map.get(key).is_some_and(Value::is_boolean);
                if bound("exclusiveMinimum") || bound("exclusiveMaximum") {
                    return true;
                }
                open.extend(map.values());
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    false
}
