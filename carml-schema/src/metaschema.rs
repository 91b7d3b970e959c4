//! The metaschemas: whether a document is a schema.
//!
//! Metaschemas use few keywords, and those are read here. Build scripts compile this: a whole
//! validator would cost a service more than the rest of the schema compiler.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, PoisonError},
};

use carml_diagnostic::nearest;
use referencing::{Draft, Resolver, SPECIFICATIONS, uri};
use regex::Regex;
use serde_json::{Map, Value};

use crate::{number, pointer};

/// Where a document violates the metaschema of a draft: the pointer and the message.
pub(crate) fn violation(draft: Draft, document: &Value) -> Option<(String, String)> {
    let resolver = SPECIFICATIONS.resolver(uri::from_str(address(draft)).ok()?);
    let metaschema = Metaschema { draft, resolver };
    let violation = metaschema.schema(document, "").err()?;
    Some((violation.pointer, violation.message))
}

fn address(draft: Draft) -> &'static str {
    match draft {
        Draft::Draft4 => "http://json-schema.org/draft-04/schema",
        Draft::Draft6 => "http://json-schema.org/draft-06/schema",
        Draft::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
        Draft::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        _ => "http://json-schema.org/draft-07/schema",
    }
}

struct Metaschema {
    draft: Draft,
    /// Of the metaschema's root.
    resolver: Resolver<'static>,
}

struct Violation {
    pointer: String,
    message: String,
}

type Checked = Result<(), Violation>;

fn violated(at: &str, message: String) -> Checked {
    Err(Violation {
        pointer: at.to_owned(),
        message,
    })
}

impl Metaschema {
    /// Checks a value that must be a schema.
    fn schema(&self, value: &Value, at: &str) -> Checked {
        self.reference("", &self.resolver, value, at)
    }

    fn reference(
        &self,
        reference: &str,
        resolver: &Resolver<'static>,
        value: &Value,
        at: &str,
    ) -> Checked {
        match resolver.lookup(reference) {
            Ok(found) => self.rule(found.contents(), found.resolver(), value, at),
            Err(error) => violated(at, error.to_string()),
        }
    }

    /// Whether a number that is written with a fraction or an exponent, or is beyond 64 bits, is an
    /// integer. In draft 4, only the last is.
    fn is_integer(&self, float: f64) -> bool {
        const BEYOND_64_BITS: f64 = 9_223_372_036_854_775_808.0;
        match self.draft {
            Draft::Draft4 => float.abs() >= BEYOND_64_BITS,
            _ => float.fract() == 0.0,
        }
    }

    /// Checks a value with a part of the metaschema.
    fn rule(&self, rule: &Value, resolver: &Resolver<'static>, value: &Value, at: &str) -> Checked {
        match rule {
            Value::Object(rule) => rule.iter().try_for_each(|(keyword, expected)| {
                let part = Part {
                    metaschema: self,
                    rule,
                    resolver,
                };
                part.keyword(keyword, expected, value, at)
            }),
            Value::Bool(false) => violated(at, "nothing is allowed here".to_owned()),
            _ => Ok(()),
        }
    }
}

/// A schema in a metaschema.
struct Part<'a> {
    metaschema: &'a Metaschema,
    rule: &'a Map<String, Value>,
    resolver: &'a Resolver<'static>,
}

impl Part<'_> {
    fn keyword(&self, keyword: &str, expected: &Value, value: &Value, at: &str) -> Checked {
        match (keyword, expected, value) {
            ("$ref", Value::String(reference), _) => {
                self.metaschema
                    .reference(reference, self.resolver, value, at)
            }
            // In a metaschema, these lead to the whole of it.
            ("$dynamicRef" | "$recursiveRef", ..) => self.metaschema.schema(value, at),
            ("type", _, _) => self.type_of(expected, value, at),
            ("enum", Value::Array(allowed), _) => one_of(allowed, value, at),
            ("allOf", Value::Array(all), _) => {
                all.iter().try_for_each(|rule| self.below(rule, value, at))
            }
            ("anyOf", Value::Array(any), _) => self.any_of(any, value, at),
            ("properties", Value::Object(known), Value::Object(map)) => {
                known.iter().try_for_each(|(key, rule)| match map.get(key) {
                    Some(value) => self.below(rule, value, &pointer::join(at, key)),
                    None => Ok(()),
                })
            }
            ("additionalProperties", rule, Value::Object(map)) => {
                let known = self.rule.get("properties").and_then(Value::as_object);
                let is_known = |key: &str| known.is_some_and(|known| known.contains_key(key));
                let mut others = map.iter().filter(|(key, _)| !is_known(key));
                others.try_for_each(|(key, value)| self.below(rule, value, &pointer::join(at, key)))
            }
            ("propertyNames", rule, Value::Object(map)) => map.keys().try_for_each(|key| {
                let name = Value::String(key.clone());
                self.below(rule, &name, &pointer::join(at, key))
            }),
            ("dependencies", Value::Object(all), Value::Object(map)) => {
                let mut present = all.iter().filter(|(key, _)| map.contains_key(*key));
                present.try_for_each(|(key, needed)| needs(key, needed, map, at))
            }
            ("items", rule, Value::Array(list)) => {
                let mut items = list.iter().enumerate();
                items.try_for_each(|(n, item)| self.below(rule, item, &format!("{at}/{n}")))
            }
            ("minItems", Value::Number(least), Value::Array(list)) => {
                let enough = least
                    .as_u64()
                    .is_none_or(|least| list.len() as u64 >= least);
                ensure(enough, at, || format!("expected at least {least} items"))
            }
            ("uniqueItems", Value::Bool(true), Value::Array(list)) => {
                let mut seen = HashSet::new();
                let again = list.iter().find(|item| !seen.insert(canonical(item)));
                ensure(again.is_none(), at, || {
                    let item = again.unwrap_or(&Value::Null);
                    format!("expected different items, found {item} twice")
                })
            }
            ("minimum", Value::Number(least), Value::Number(number)) => {
                let order = number::compare(number, least);
                let above = self.rule.get("exclusiveMinimum") == Some(&Value::Bool(true));
                let enough = if above { order.is_gt() } else { order.is_ge() };
                let least = if above {
                    format!("above {least}")
                } else {
                    format!("{least} or more")
                };
                ensure(enough, at, || format!("expected {least}, found {number}"))
            }
            ("exclusiveMinimum", Value::Number(least), Value::Number(number)) => {
                let enough = number::compare(number, least).is_gt();
                ensure(enough, at, || {
                    format!("expected more than {least}, found {number}")
                })
            }
            ("pattern", Value::String(pattern), Value::String(text)) => {
                ensure(matches(pattern, text), at, || {
                    format!("expected a match of `{pattern}`, found {value}")
                })
            }
            _ => Ok(()),
        }
    }

    fn below(&self, rule: &Value, value: &Value, at: &str) -> Checked {
        self.metaschema.rule(rule, self.resolver, value, at)
    }

    /// If no alternative accepts the value, the one that goes deepest says why.
    fn any_of(&self, any: &[Value], value: &Value, at: &str) -> Checked {
        let mut deepest: Option<Violation> = None;
        for rule in any {
            let Err(violation) = self.below(rule, value, at) else {
                return Ok(());
            };
            let length = |violation: &Violation| violation.pointer.len();
            if deepest
                .as_ref()
                .is_none_or(|found| length(&violation) > length(found))
            {
                deepest = Some(violation);
            }
        }
        deepest.map_or(Ok(()), Err)
    }

    fn type_of(&self, expected: &Value, value: &Value, at: &str) -> Checked {
        let types: Vec<&str> = match expected {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            single => single.as_str().into_iter().collect(),
        };
        let is = |name: &&str| match (*name, value) {
            ("array", Value::Array(_))
            | ("boolean", Value::Bool(_))
            | ("null", Value::Null)
            | ("number", Value::Number(_))
            | ("object", Value::Object(_))
            | ("string", Value::String(_)) => true,
            ("integer", Value::Number(number)) => match number.as_f64() {
                Some(float) if number.is_f64() => self.metaschema.is_integer(float),
                _ => true,
            },
            _ => false,
        };
        ensure(types.iter().any(is), at, || {
            format!("expected {}, found {}", types.join(" or "), kind(value))
        })
    }
}

fn ensure(holds: bool, at: &str, message: impl FnOnce() -> String) -> Checked {
    if holds {
        Ok(())
    } else {
        violated(at, message())
    }
}

fn one_of(allowed: &[Value], value: &Value, at: &str) -> Checked {
    ensure(
        allowed.iter().any(|one| number::equal(one, value)),
        at,
        || {
            let names: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
            let near = nearest(value.as_str().unwrap_or_default(), names.iter().copied());
            match near.first() {
                Some(near) => format!(
                    "expected one of {}, found {value}; did you mean `{near}`?",
                    names.join(", ")
                ),
                None => format!("expected one of {}, found {value}", names.join(", ")),
            }
        },
    )
}

fn needs(key: &str, needed: &Value, map: &Map<String, Value>, at: &str) -> Checked {
    let needed = needed
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let missing = needed.into_iter().find(|needed| !map.contains_key(*needed));
    ensure(missing.is_none(), at, || {
        format!("`{key}` needs `{}` beside it", missing.unwrap_or_default())
    })
}

/// A text that only equal values have: `1` and `1.0` are equal.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => match number::integer(number) {
            Some(integer) => integer.to_string(),
            None => number.to_string(),
        },
        Value::Array(list) => format!(
            "[{}]",
            list.iter()
                .map(|item| canonical(item) + ",")
                .collect::<String>()
        ),
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let entry = |(key, value)| format!("{key:?}:{},", canonical(value));
            format!("{{{}}}", sorted.into_iter().map(entry).collect::<String>())
        }
        other => other.to_string(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Whether a text has a match. Each pattern of the metaschemas is compiled once.
fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: Mutex<BTreeMap<String, Option<Regex>>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if !compiled.contains_key(pattern) {
        compiled.insert(pattern.to_owned(), Regex::new(pattern).ok());
    }
    let regex = compiled.get(pattern).and_then(Option::as_ref);
    regex.is_none_or(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde_json::json;

    use super::*;

    const DRAFTS: [Draft; 5] = [
        Draft::Draft4,
        Draft::Draft6,
        Draft::Draft7,
        Draft::Draft201909,
        Draft::Draft202012,
    ];

    #[test]
    fn the_place_and_what_was_expected_are_named() {
        for (document, pointer, message) in [
            (
                json!({"properties": {"a": {"type": "strin"}}}),
                "/properties/a/type",
                "expected one of array, boolean, integer, null, number, object, string, found \
                 \"strin\"; did you mean `string`?",
            ),
            (
                json!({"items": {"maxLength": -1}}),
                "/items/maxLength",
                "expected 0 or more, found -1",
            ),
            (
                json!({"required": "a"}),
                "/required",
                "expected array, found a string",
            ),
            (
                json!({"required": ["a", "a"]}),
                "/required",
                "expected different items, found \"a\" twice",
            ),
            (
                json!({"not": {"items": {"allOf": []}}}),
                "/not/items/allOf",
                "expected at least 1 items",
            ),
        ] {
            let found = violation(Draft::Draft7, &document).unwrap();
            assert_eq!(found, (pointer.to_owned(), message.to_owned()));
        }
    }

    /// The verdict of the validator that configs are checked with.
    #[test]
    fn the_validator_gives_the_same_verdict_when_schemas_are_changed_in_every_place() {
        let mut documents: Vec<Value> = crate::own::DOCUMENTS
            .iter()
            .map(|(_, text)| serde_json::from_str(text).unwrap())
            .collect();
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/schemas");
        for folder in fs::read_dir(corpus).unwrap() {
            for file in fs::read_dir(folder.unwrap().path()).unwrap() {
                let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
                documents.extend(serde_json::from_str::<Value>(&text));
            }
        }
        documents.extend(DRAFTS.iter().flat_map(|draft| documents_of(*draft)));
        assert!(documents.len() > 50);

        let others = [
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(1.0),
            json!(1.5),
            json!(1e300),
            json!("a"),
            json!("#a"),
            json!("string"),
            json!([]),
            json!([1, 1.0]),
            json!(["a", "a"]),
            json!(["a", {"type": 3}]),
            json!({}),
            json!({"a": 1}),
            json!({"a": ["b"], "items": {"type": "nothing"}}),
        ];
        let mut others = others.iter().cycle();
        let mut compared = 0;
        for draft in DRAFTS {
            let schema = json!({ "$ref": address(draft) });
            let options = jsonschema::options().with_draft(draft);
            let validator = options
                .should_validate_formats(false)
                .build(&schema)
                .unwrap();
            let mut compare = |document: &Value| {
                let ours = violation(draft, document);
                let theirs = validator.is_valid(document);
                assert_eq!(ours.is_none(), theirs, "{draft:?} {document} {ours:?}");
                compared += 1;
            };
            for document in &documents {
                compare(document);
                // One change per place, each time another one.
                for pointer in pointers(document) {
                    let mut changed = document.clone();
                    *changed.pointer_mut(&pointer).unwrap() = others.next().unwrap().clone();
                    compare(&changed);
                }
            }
        }
        assert!(compared > 10_000, "{compared}");
    }

    #[test]
    fn no_metaschema_has_an_assertion_that_is_not_read() {
        const READ: [&str; 17] = [
            "$dynamicRef",
            "$recursiveRef",
            "$ref",
            "additionalProperties",
            "allOf",
            "anyOf",
            "dependencies",
            "enum",
            "exclusiveMinimum",
            "items",
            "minItems",
            "minimum",
            "pattern",
            "properties",
            "propertyNames",
            "type",
            "uniqueItems",
        ];
        const ASSERT_NOTHING: [&str; 14] = [
            "$comment",
            "$defs",
            "$dynamicAnchor",
            "$id",
            "$recursiveAnchor",
            "$schema",
            "$vocabulary",
            "default",
            "definitions",
            "deprecated",
            "description",
            "format",
            "id",
            "title",
        ];
        let mut open: Vec<Value> = DRAFTS
            .iter()
            .flat_map(|draft| documents_of(*draft))
            .collect();
        assert!(open.len() > 15);
        while let Some(value) = open.pop() {
            let Value::Object(map) = value else { continue };
            for (keyword, value) in map {
                let keyword = keyword.as_str();
                let known = READ.contains(&keyword) || ASSERT_NOTHING.contains(&keyword);
                assert!(known, "{keyword}");
                match value {
                    Value::Object(below) if crate::keywords::is_map(keyword) => {
                        open.extend(below.into_iter().map(|(_, schema)| schema));
                    }
                    Value::Array(below) if crate::keywords::is_schema(keyword) => {
                        open.extend(below);
                    }
                    below if crate::keywords::is_schema(keyword) => open.push(below),
                    _ => {}
                }
            }
        }
    }

    /// The metaschema of a draft, and those that it is made of.
    fn documents_of(draft: Draft) -> Vec<Value> {
        let resolver = SPECIFICATIONS.resolver(uri::from_str(address(draft)).unwrap());
        let root = resolver.lookup("").unwrap().contents();
        let parts = root
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let parts = parts.filter_map(|part| part.get("$ref")?.as_str());
        let parts = parts.map(|part| resolver.lookup(part).unwrap().contents());
        std::iter::once(root).chain(parts).cloned().collect()
    }

    /// The pointers of all values below a value.
    fn pointers(value: &Value) -> Vec<String> {
        let below: Vec<(String, &Value)> = match value {
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (pointer::join("", key), value))
                .collect(),
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(n, value)| (format!("/{n}"), value))
                .collect(),
            _ => Vec::new(),
        };
        let mut all = vec![String::new()];
        for (at, value) in below {
            all.extend(
                pointers(value)
                    .into_iter()
                    .map(|rest| format!("{at}{rest}")),
            );
        }
        all
    }
}
