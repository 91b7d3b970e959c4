//! The schema front and the compiler: no text makes them panic or hang, and what they write is
//! Rust.
#![allow(clippy::unwrap_used)]

mod common;

use std::{cell::RefCell, fs};

use carml_codegen::schema::{Options, compile};
use common::{fuzz, mutated, seeds};
use proptest::prelude::*;
use serde_json::{Value, json};

const FRAGMENTS: &[&str] = &[
    "\"$ref\": \"#\"",
    "\"$ref\": \"#/properties\",",
    "\"$ref\": \"x.json\",",
    "\"#/$defs/a\"",
    "\"type\": ",
    "[\"null\", \"integer\"]",
    "\"allOf\": [{}],",
    "\"oneOf\": [],",
    "\"anyOf\": [true, false],",
    "\"not\": {},",
    "\"enum\": [],",
    "\"const\": null,",
    "\"properties\": {",
    "\"pattern\": \"(\",",
    "\"pattern\": \"^\\\\d+$\",",
    "\"title\": \"\",",
    "\"title\": \"fn\",",
    "\"minimum\": 1e400,",
    "\"maximum\": -1,",
    "\"items\": [",
    "{}",
    "{",
    "}",
    "[",
    "]",
    ",",
    "true",
    "null",
    "-0.0",
    "\"\"",
    "\"default\": {},",
];

#[test]
fn no_text_makes_the_compiler_panic() {
    check_all(&mutated(seeds("schema.json"), FRAGMENTS));
}

#[test]
fn schemas_made_of_any_keywords_give_rust() {
    check_all(&document());
}

fn check_all(inputs: &impl Strategy<Value = String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = RefCell::new(folder.path().join("schema.json"));
    fuzz(inputs, |text| {
        let file = file.borrow();
        fs::write(&*file, &text).unwrap();
        if let Ok(module) = compile(&file, &Options::default()) {
            let parsed = syn::parse_file(&module.code);
            prop_assert!(parsed.is_ok(), "{:?} in {}", parsed.err(), module.code);
            let again = compile(&file, &Options::default()).map(|module| module.code);
            prop_assert_eq!(again.ok(), Some(module.code), "other code the second time");
        }
        Ok(())
    });
}

/// Valid JSON with keywords where keywords go, in any combination.
fn document() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec!["a", "A", "type", "fn", "1", "", "a-b", "a_b", "self"]);
    let values = prop::sample::select(vec![
        json!(null),
        json!(1),
        json!(1.0),
        json!("a"),
        json!("A"),
        json!(""),
        json!(true),
        json!([1]),
        json!({"a": 1}),
        json!(18_446_744_073_709_551_615_u64),
        json!(-3),
    ]);
    let types = prop::sample::select(vec![
        json!("object"),
        json!("array"),
        json!("string"),
        json!("integer"),
        json!("number"),
        json!("null"),
        json!(["string", "null"]),
        json!(["integer", "object"]),
    ]);
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        types.prop_map(|of| json!({ "type": of })),
        values.clone().prop_map(|value| json!({ "const": value })),
        prop::collection::hash_set(values.clone().prop_map(|v| v.to_string()), 1..4).prop_map(
            |values| {
                let values = values
                    .iter()
                    .map(|text| serde_json::from_str(text).unwrap());
                json!({ "enum": values.collect::<Vec<Value>>() })
            }
        ),
        prop::sample::select(vec![
            "#",
            "#/$defs/a",
            "#/properties/a",
            "#/allOf/0",
            "#/$defs/none"
        ])
        .prop_map(|to| json!({ "$ref": to })),
        (any::<i64>(), any::<i64>())
            .prop_map(|(a, b)| json!({"type": "integer", "minimum": a, "maximum": b})),
        "[a-z^$(.*+?\\[\\]{}0-9|)]{0,8}"
            .prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
    ];
    let schema = leaf.prop_recursive(5, 48, 5, move |inner| {
        let map = prop::collection::btree_map(names.clone(), inner.clone(), 0..4);
        let list = prop::collection::vec(inner.clone(), 1..4);
        let required = prop::collection::hash_set(names.clone(), 0..3);
        prop_oneof![
            (map.clone(), required, any::<Option<bool>>()).prop_map(|(of, required, more)| {
                let mut schema = json!({"type": "object", "properties": of, "required": required});
                if let Some(more) = more {
                    schema["additionalProperties"] = more.into();
                }
                schema
            }),
            (
                prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]),
                list
            )
                .prop_map(|(keyword, of)| json!({ keyword: of })),
            (
                prop::sample::select(vec![
                    "not",
                    "items",
                    "additionalProperties",
                    "propertyNames",
                    "contains",
                    "if",
                    "unevaluatedProperties",
                    "then",
                ]),
                inner.clone()
            )
                .prop_map(|(keyword, of)| json!({ keyword: of })),
            (map, inner.clone()).prop_map(|(defs, of)| json!({"$defs": defs, "allOf": [of]})),
            (inner, values.clone()).prop_map(|(mut of, default)| {
                if let Some(of) = of.as_object_mut() {
                    of.insert("default".to_owned(), default);
                    of.insert("title".to_owned(), "Result".into());
                }
                of
            }),
        ]
    });
    schema.prop_map(|schema| schema.to_string())
}
