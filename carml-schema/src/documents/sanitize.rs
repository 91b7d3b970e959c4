//! References and names that are not URIs.

use referencing::uri;
use serde_json::Value;

use crate::{keywords, uri::encode};

/// What a reference that is not a URI is replaced with, percent-encoded behind this.
pub(crate) const UNRESOLVED: &str = "carml://unresolved/";

/// Removes what the resolver cannot read, so that the rest of the document can still be used.
pub(crate) fn sanitize(document: &mut Value) {
    let readable = |text: &str| {
        let base = uri::from_str(super::MEMORY);
        base.is_ok_and(|base| uri::resolve_against(&base.borrow(), text).is_ok())
    };
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        let map = match value {
            Value::Array(list) => {
                open.extend(list);
                continue;
            }
            Value::Object(map) => map,
            _ => continue,
        };
        for keyword in keywords::REFERENCES {
            if let Some(Value::String(text)) = map.get_mut(keyword)
                && !text.starts_with('#')
                && !readable(text)
            {
                *text = format!("{UNRESOLVED}{}", encode(text));
            }
        }
        for keyword in ["$id", "id", "$schema"] {
            let text = map.get(keyword).and_then(Value::as_str);
            if text.is_some_and(|text| !text.starts_with('#') && !readable(text)) {
                map.remove(keyword);
            }
        }
        let schemas = map.iter_mut().filter(|(key, _)| !keywords::is_data(key));
        open.extend(schemas.map(|(_, value)| value));
    }
}
