//! Plain-name fragments.

use serde_json::Value;

use crate::subschemas::walk;

/// The pointer of `$anchor`, `$dynamicAnchor` or the older `$id: "#name"` in a resource; one that
/// stands in a resource below it is found if there is no other.
pub(crate) fn find_anchor(root: &Value, name: &str) -> Option<String> {
    let fragment = format!("#{name}");
    let (mut found, mut below) = (None, None);
    walk(root, true, |schema, pointer, own| {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let other = text("$id").is_some_and(|id| !id.starts_with('#'));
        let own = own && (pointer.is_empty() || !other);
        let is = |key: &str, name: &str| text(key) == Some(name);
        if is("$anchor", name)
            || is("$dynamicAnchor", name)
            || is("$id", &fragment)
            || is("id", &fragment)
        {
            let place = if own { &mut found } else { &mut below };
            place.get_or_insert_with(|| pointer.to_owned());
        }
        Some(own)
    });
    found.or(below)
}
