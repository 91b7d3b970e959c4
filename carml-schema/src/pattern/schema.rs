//! The patterns of a whole schema.

use std::collections::BTreeMap;

use serde_json::Value;

use super::portable;

/// Makes the patterns of a schema portable, and notes each as the schema has it.
pub(crate) fn make_portable(schema: &mut Value, written: &mut BTreeMap<String, String>) {
    match schema {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| make_portable(item, written)),
        Value::Object(keywords) => {
            for (keyword, value) in keywords.iter_mut() {
                match (keyword.as_str(), &mut *value) {
                    (keyword, _) if crate::keywords::is_data(keyword) => {}
                    ("pattern", Value::String(pattern)) => {
                        if let Some(portable) = portable(pattern) {
                            written.insert(portable.clone(), pattern.clone());
                            *pattern = portable;
                        }
                    }
                    ("patternProperties", Value::Object(patterns)) => {
                        let keys = patterns
                            .keys()
                            .filter_map(|key| Some((key.clone(), portable(key)?)));
                        let keys: Vec<_> = keys.collect();
                        for (old, new) in keys {
                            if let (Some(schema), false) =
                                (patterns.remove(&old), patterns.contains_key(&new))
                            {
                                patterns.insert(new.clone(), schema);
                                written.insert(new, old);
                            }
                        }
                        patterns
                            .values_mut()
                            .for_each(|below| make_portable(below, written));
                    }
                    (_, value) => make_portable(value, written),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_are_made_portable_and_data_is_not() {
        let mut schema = json!({
            "properties": { "pattern": { "pattern": "[\\w-.]" } },
            "patternProperties": { "^{a}": {} },
            "enum": [{ "pattern": "[\\w-.]" }],
        });
        let mut written = BTreeMap::new();
        make_portable(&mut schema, &mut written);
        let fixed = json!({
            "properties": { "pattern": { "pattern": "[\\w\\-.]" } },
            "patternProperties": { "^\\{a\\}": {} },
            "enum": [{ "pattern": "[\\w-.]" }],
        });
        assert_eq!(schema, fixed);
        assert_eq!(written[r"[\w\-.]"], r"[\w-.]");
    }
}
