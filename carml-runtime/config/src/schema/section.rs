//! Sections that are described by a Rust type.

use super::walk::keys;
use super::{Schema, Section};
use carml_diagnostic::{Code, Diagnostic, Report};
use serde_json::{Map, Value};
use std::collections::HashSet;

impl Schema {
    /// The same schema with a section more: its keys are checked, documented and explained as all others are.
    ///
    /// Keys that the type does not have are refused, in it and below it. Defaults of the type's fields are filled in
    /// where they are absent; the section itself may be absent if each of its keys may.
    ///
    /// # Errors
    /// If there is a key of this name already, or the section's schema does not fit.
    pub fn with_section<S: Section>(&self) -> Result<Schema, Report> {
        if keys(&self.top()).contains(&S::NAME) {
            let message = format!(
                "the section `{}` is there already; `{}` cannot be another one",
                S::NAME,
                std::any::type_name::<S>()
            );
            let fault = Diagnostic::error(Code::Section, message);
            return Err(fault.help("give the section a key of its own").into());
        }
        let mut section = schemars::schema_for!(S).to_value();
        close(&mut section);
        if let Some(map) = section.as_object_mut() {
            let bare = map.get("required").is_none();
            map.entry("$id")
                .or_insert_with(|| format!("carml://section/{}.json", S::NAME).into());
            map.entry("x-carml-defaults")
                .or_insert_with(|| "fill".into());
            if bare {
                map.entry("default").or_insert_with(|| Map::new().into());
            }
        }
        let mut root = self.0.root.clone();
        if let Some(object) = root.as_object_mut() {
            let properties = object
                .entry("properties")
                .or_insert_with(|| Map::new().into());
            if let Some(properties) = properties.as_object_mut() {
                properties.insert(S::NAME.to_owned(), section);
            }
        }
        let mut added = self.0.added.clone();
        added.sections.push(S::NAME);
        let siblings = self.0.documents.siblings();
        Schema::build(&self.0.name, root, &siblings, added).map_err(|fault| Report::from(*fault))
    }

    /// The keys of the sections that were added.
    pub(crate) fn sections(&self) -> &[&'static str] {
        &self.0.added.sections
    }
}

/// Refuses the keys that no property names, in the schema and in each of its definitions.
///
/// A definition that another schema adds keys to, as the variants of a tagged enum do, stays open: the schema
/// around it is closed.
pub(super) fn close(section: &mut Value) {
    let mut extended = HashSet::new();
    find_extended(section, false, &mut extended);
    if let Some(definitions) = section.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in definitions {
            if !extended.contains(&format!("#/$defs/{name}")) {
                close_one(definition);
            }
        }
    }
    close_one(section);
}

const COMBINING: [&str; 4] = ["$ref", "allOf", "anyOf", "oneOf"];

fn close_one(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    let keyed = map.contains_key("properties");
    let combines = COMBINING.iter().any(|keyword| map.contains_key(*keyword));
    let open = !map.contains_key("additionalProperties");
    if open && keyed {
        let keyword = if combines {
            "unevaluatedProperties"
        } else {
            "additionalProperties"
        };
        map.entry(keyword).or_insert(false.into());
    } else if let Some(Value::Array(branches)) = map.get_mut("oneOf") {
        branches.iter_mut().for_each(close_one);
    }
    for keyword in ["properties", "patternProperties"] {
        if let Some(Value::Object(below)) = map.get_mut(keyword) {
            below.values_mut().for_each(close_one);
        }
    }
    for keyword in ["items", "additionalProperties"] {
        map.get_mut(keyword).into_iter().for_each(close_one);
    }
}

/// The references that stand beside other words about the same value.
fn find_extended(schema: &Value, inside_all_of: bool, found: &mut HashSet<String>) {
    match schema {
        Value::Object(map) => {
            let beside = COMBINING[1..].iter().chain(&["properties"]);
            let extends = inside_all_of || beside.into_iter().any(|k| map.contains_key(*k));
            if let (true, Some(Value::String(reference))) = (extends, map.get("$ref")) {
                found.insert(reference.clone());
            }
            for (keyword, below) in map {
                find_extended(below, keyword == "allOf", found);
            }
        }
        Value::Array(list) => {
            for below in list {
                find_extended(below, inside_all_of, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Schema, Section};
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Own {
        shape: Shape,
        #[serde(flatten)]
        common: Common,
        inner: Option<Common>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Shape {
        Round { radius: u32 },
        Square(Square),
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Square {
        side: u32,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Common {
        name: String,
    }

    impl Section for Own {
        const NAME: &'static str = "own";
    }

    #[test]
    fn unknown_keys_are_refused_at_every_depth_and_known_ones_are_not() {
        let base = Schema::base().expect("ours");
        let schema = base.with_section::<Own>().expect("it fits");
        let fits = |own: serde_json::Value| schema.validator().is_valid(&json!({ "own": own }));
        let round = json!({ "kind": "round", "radius": 1 });
        let square = json!({ "kind": "square", "side": 1 });
        assert!(fits(json!({ "shape": round, "name": "a" })));
        assert!(fits(
            json!({ "shape": square, "name": "a", "inner": { "name": "b" } })
        ));
        let wrong = [
            json!({ "shape": round, "name": "a", "more": 1 }),
            json!({ "shape": round, "name": "a", "inner": { "name": "b", "more": 1 } }),
            json!({ "shape": { "kind": "round", "radius": 1, "more": 1 }, "name": "a" }),
            json!({ "shape": { "kind": "square", "side": 1, "more": 1 }, "name": "a" }),
        ];
        for wrong in wrong {
            assert!(!fits(wrong.clone()), "{wrong}");
        }
    }
}
