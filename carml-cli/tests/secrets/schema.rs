//! Where secrets can be: every place that the owner of that rule, the schema's index, names.

use carml_schema::{Documents, SchemaIndex};

/// CarML's own schema with a section that has secrets in every form.
pub(crate) const OWN: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "AppConfig", "type": "object",
  "x-carml-defaults": "fill", "allOf": [{ "$ref": "carml://schema/base.json" }], "unevaluatedProperties": false,
  "properties": { "mine": { "type": "object", "additionalProperties": false, "properties": {
    "each": { "type": "object", "additionalProperties": { "$ref": "#/$defs/secret" } },
    "some": { "type": "object", "patternProperties": { "^k": { "$ref": "#/$defs/secret" } } },
    "list": { "type": "array", "items": { "$ref": "#/$defs/secret" } },
    "users": { "type": "array", "items": { "type": "object", "properties": { "pin": { "$ref": "#/$defs/secret" } } } },
    "form": { "type": "string", "format": "password", "pattern": "^.{4,}$" },
    "sink": { "type": "string", "writeOnly": true },
    "short": { "$ref": "#/$defs/secret", "maxLength": 3 },
    "choice": { "oneOf": [ { "type": "object", "required": ["pin"], "additionalProperties": false, "properties": { "pin": { "$ref": "#/$defs/secret" } } },
                           { "type": "integer" } ] },
    "url": { "type": "string" }, "count": { "type": "integer" } } } },
  "$defs": { "secret": { "type": "string", "x-carml-type": "secret" } }
}"##;

/// A schema that does not extend CarML's own.
pub(crate) const FOREIGN: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
  "properties": { "name": { "type": "string" }, "port": { "type": "integer" },
    "db": { "type": "object", "additionalProperties": false, "properties": {
      "password": { "type": "string", "format": "password" }, "user": { "type": "string" },
      "keys": { "type": "array", "items": { "type": "string", "writeOnly": true } } } } }
}"##;

/// A key that a schema allows and does not name.
pub(crate) const OTHER: &str = "k-other";

/// A step to a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Item,
}

/// CarML's own schema.
pub(crate) const BASE_SCHEMA: &str = r#"{ "$ref": "carml://schema/base.json" }"#;

/// What the reader of a config knows of a schema.
pub(crate) fn index(schema: &str) -> SchemaIndex {
    let schema = serde_json::from_str(schema).unwrap();
    let documents = Documents::given("app.json", schema, &[]).unwrap();
    SchemaIndex::of(&documents, false)
}

/// The steps to every secret of a schema.
pub(crate) fn places(schema: &str) -> Vec<Vec<Step>> {
    let index = index(schema);
    let mut found = Vec::new();
    walk(&index, &mut String::new(), &mut Vec::new(), &mut found);
    found
}

fn walk(index: &SchemaIndex, at: &mut String, steps: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    if index.is_secret(at) {
        found.push(steps.clone());
        return;
    }
    if !index.contains_secret(at) || steps.len() > 8 {
        return;
    }
    let named = index.keys_at(at).into_iter();
    let mut next: Vec<Step> = named.map(|key| Step::Key(key.to_owned())).collect();
    let other = index.knows(&format!("{at}/{OTHER}"));
    if other {
        next.push(Step::Key(OTHER.to_owned()));
    } else if index.knows(&format!("{at}/0")) {
        next.push(Step::Item);
    }
    for step in next {
        let length = at.len();
        match &step {
            Step::Key(key) => at.push_str(&format!("/{}", carml_diagnostic::escape_key(key))),
            Step::Item => at.push_str("/0"),
        }
        steps.push(step);
        walk(index, at, steps, found);
        steps.pop();
        at.truncate(length);
    }
}

#[test]
fn every_form_of_a_secret_is_found() {
    let found: Vec<String> = places(OWN).iter().map(|steps| dotted(steps)).collect();
    for place in [
        "registry.password",
        "registry.certificate",
        "store.secret_key",
        "mine.each.k-other",
        "mine.some.k-other",
        "mine.list.0",
        "mine.users.0.pin",
        "mine.form",
        "mine.sink",
        "mine.choice.pin",
    ] {
        assert!(found.iter().any(|f| f == place), "{place}: {found:?}");
    }
    assert!(found.iter().any(|f| f.starts_with("logger.")), "{found:?}");
}

/// The key of steps, as `--set` writes it.
pub(crate) fn dotted(steps: &[Step]) -> String {
    let names = steps.iter().map(|step| match step {
        Step::Key(key) => key,
        Step::Item => "0",
    });
    names.collect::<Vec<_>>().join(".")
}
