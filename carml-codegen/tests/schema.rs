//! What a schema becomes.
#![allow(clippy::unwrap_used)]

use std::fs;

use carml_codegen::schema::{self, Options};

fn compile(text: &str) -> Result<schema::Module, carml_diagnostic::Report> {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("app.json");
    fs::write(&file, text).unwrap();
    schema::compile(&file, &Options::default())
}

fn code(text: &str) -> String {
    compile(text).unwrap().code
}

#[test]
fn required_keys_are_fields_and_others_are_options() {
    let code = code(
        r#"{"title": "Point", "type": "object", "additionalProperties": false,
            "properties": {"x": {"type": "integer"}, "label": {"type": "string"}}, "required": ["x"]}"#,
    );
    assert!(code.contains("deny_unknown_fields"), "{code}");
    assert!(code.contains("pub x: Integer,"), "{code}");
    assert!(code.contains("pub label: Option<String>,"), "{code}");
}

#[test]
fn a_draft_that_is_not_named_or_not_known_is_draft_7() {
    for named in [
        "",
        r#""$schema": "http://json-schema.org/schema#","#,
        r#""$schema": "https://example.test/meta","#,
    ] {
        let list = r#""properties": {"a": {"items": [{"type": "string"}]}}"#;
        compile(&format!("{{{named} {list}}}")).unwrap();
        let wrong = compile(&format!("{{{named} \"properties\": 7}}")).unwrap_err();
        assert!(wrong.to_string().contains("`/properties`"), "{wrong}");
    }
}

#[test]
fn a_pattern_of_another_language_is_not_checked_unless_it_can_be_translated() {
    let of = |pattern: &str| {
        code(&format!(
            r#"{{"type": "object", "properties": {{"a": {{"type": "string", "pattern": "{pattern}"}}}}}}"#
        ))
    };
    let left = of(r"^(a)\\1$");
    assert!(!left.contains("regex"), "{left}");
    // As validation reads it.
    let translated = of(r"^a\\Z");
    assert!(translated.contains("\"^a$\""), "{translated}");
}

#[test]
fn a_pattern_that_no_engine_reads_is_refused_with_its_place() {
    for (property, place) in [
        (
            r#"{"type": "string", "pattern": "^(a"}"#,
            "/properties/p/pattern",
        ),
        (
            r#"{"type": "object", "patternProperties": {"[": {}}}"#,
            "/properties/p/patternProperties/[",
        ),
    ] {
        let schema = format!(r#"{{"type": "object", "properties": {{"p": {property}}}}}"#);
        let error = compile(&schema).unwrap_err().to_string();
        assert!(error.contains("app.json:1:"), "{error}");
        assert!(error.contains(&format!("`{place}`")), "{error}");
        assert!(error.contains("not a regular expression"), "{error}");
    }
    // What looks like a pattern in data is not one.
    code(r#"{"const": {"pattern": "("}}"#);
}

#[test]
fn an_open_object_keeps_its_other_keys() {
    let code = code(r#"{"type": "object", "properties": {"a": {"type": "boolean"}}}"#);
    assert!(code.contains("#[serde(flatten)]"), "{code}");
}

#[test]
fn strings_and_objects_of_one_key_are_one_enum() {
    let code = code(
        r#"{"title": "Chain", "type": "array", "items": {"title": "Middleware", "oneOf": [
            {"const": "recover", "description": "Catches."},
            {"type": "object", "required": ["limit"], "additionalProperties": false,
             "properties": {"limit": {"type": "integer", "minimum": 0, "maximum": 60}}}]}}"#,
    );
    for expected in [
        "pub enum Middleware",
        "/// Catches.",
        "Recover,",
        "Limit(u8),",
        "pub type Chain = Vec<Middleware>;",
    ] {
        assert!(code.contains(expected), "missing {expected} in\n{code}");
    }
}

#[test]
fn a_recursive_type_is_boxed() {
    let code = code(
        r##"{"title": "Tree", "type": "object", "properties": {"left": {"$ref": "#"}, "all": {"type": "array", "items": {"$ref": "#"}}}}"##,
    );
    assert!(code.contains("pub left: Option<Box<Tree>>,"), "{code}");
    assert!(code.contains("pub all: Option<Vec<Tree>>,"), "{code}");
}

#[test]
fn a_service_extends_the_base_config_with_sections_of_its_own() {
    let module = compile(
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "AppConfig", "type": "object",
            "x-carml-defaults": "fill", "allOf": [{"$ref": "carml://schema/base.json"}], "unevaluatedProperties": false,
            "properties": {"greeter": {"title": "Greeter", "type": "object", "default": {}, "additionalProperties": false,
                "properties": {"greeting": {"type": "string", "default": "Hello"}}}}}"#,
    )
    .unwrap();
    assert!(module.extends_base);
    assert_eq!(module.root, "AppConfig");
    for expected in [
        "pub greeter: Greeter,",
        "pub grpc: ::carml_runtime::config::model::Grpc,",
        "pub registry: Option<::carml_runtime::config::model::Registry>,",
        "greeting: \"Hello\".to_owned(),",
    ] {
        assert!(
            module.code.contains(expected),
            "missing {expected} in\n{}",
            module.code
        );
    }
}

#[test]
fn what_has_no_type_is_a_value_and_is_reported_with_its_place() {
    let module = compile(r##"{"type": "object", "properties": {"a": {"$ref": "other.json#/x"}, "b": {"$ref": "#nowhere"}}}"##).unwrap();
    let places: Vec<&str> = module
        .fallbacks
        .iter()
        .map(|fallback| fallback.pointer.as_str())
        .collect();
    assert_eq!(places, ["app.json#/properties/a", "app.json#/properties/b"]);
    assert!(module.code.contains("Option<Value>"));
}

#[test]
fn an_object_with_too_many_properties_is_a_value() {
    let keys: Vec<String> = (0..10_001).map(|n| format!(r#""k{n}": {{}}"#)).collect();
    let text = format!(
        r#"{{"type": "object", "properties": {{{}}}}}"#,
        keys.join(",")
    );
    let module = compile(&text).unwrap();
    assert_eq!(module.fallbacks[0].reason, "it has too many properties");
    assert!(module.code.lines().count() < 100);
}

#[test]
fn what_is_not_a_schema_is_refused_with_its_place() {
    let syntax = compile("{\n  \"type\": object\n}").unwrap_err().to_string();
    assert!(syntax.contains("app.json:2:1"), "{syntax}");
    let meaning = compile(r#"{"properties": {"a": {"type": "strin"}}}"#)
        .unwrap_err()
        .to_string();
    assert!(meaning.contains("app.json:1:31"), "{meaning}");
    assert!(meaning.contains("/properties/a/type"), "{meaning}");
}

#[test]
fn hostile_schemas_end_without_a_panic() {
    let deep = format!(
        "{}{}",
        r#"{"items":"#.repeat(120),
        r#"{"type":"string"}"#.to_owned() + &"}".repeat(120)
    );
    assert!(compile(&deep).is_ok());
    let too_deep = format!("{}true{}", r#"{"not":"#.repeat(10_000), "}".repeat(10_000));
    assert!(compile(&too_deep).is_err());
    for cycle in [
        r##"{"$ref": "#"}"##,
        r##"{"allOf": [{"$ref": "#"}]}"##,
        r##"{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}"##,
        r##"{"oneOf": [{"$ref": "#"}, {"type": "string"}]}"##,
        r##"{"anyOf": [{"$ref": "#"}, {"type": "null"}]}"##,
    ] {
        compile(cycle).unwrap_or_else(|error| panic!("{cycle}: {error}"));
    }
}

#[test]
fn what_types_cannot_express_is_checked() {
    let code = code(
        r#"{"type": "object", "properties": {
            "name": {"type": "string", "minLength": 1, "pattern": "^[a-z]+$"},
            "port": {"type": "integer", "minimum": 1, "maximum": 65535},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "uniqueItems": true}},
            "anyOf": [{"required": ["name"]}, {"required": ["port"]}]}"#,
    );
    for expected in [
        "length(&v[\"name\"], 1..) && matches(&v[\"name\"], &NAME)",
        "static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(\"^[a-z]+$\").unwrap());",
        "ensure(\"`port`\", \"minimum\", number(&v[\"port\"], 1..))?;",
        "pub port: Option<u16>,",
        "has(v, \"name\") || has(v, \"port\")",
        "use regex::Regex;",
    ] {
        assert!(code.contains(expected), "missing {expected} in\n{code}");
    }
}

#[test]
fn a_module_without_patterns_needs_no_regex() {
    let code =
        code(r#"{"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}}"#);
    assert!(!code.contains("regex"), "{code}");
}

#[test]
fn look_around_is_left_to_validation() {
    let code = code(
        r#"{"type": "object", "properties": {"a": {"type": "string", "pattern": "(?<=x)y"}}}"#,
    );
    assert!(!code.contains("Regex"), "{code}");
}

#[test]
fn two_parts_of_all_of_that_describe_one_key_are_one_type() {
    let code = code(
        r#"{"title": "Both", "allOf": [
            {"type": "object", "properties": {"a": {"type": "object", "properties": {"x": {"type": "boolean"}}}}},
            {"type": "object", "properties": {"a": {"type": "object", "required": ["y"], "properties": {"y": {"type": "string"}}}}}]}"#,
    );
    assert!(code.contains("pub x: Option<bool>,"), "{code}");
    assert!(code.contains("pub y: String,"), "{code}");
}

#[test]
fn a_list_of_a_few_simple_items_is_a_tuple() {
    let code = code(
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Line", "type": "object", "required": ["from", "open"], "properties": {
            "from": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "items": false, "minItems": 2},
            "open": {"type": "array", "prefixItems": [{"type": "number"}]}}}"#,
    );
    assert!(code.contains("pub from: (Number, String),"), "{code}");
    assert!(code.contains("pub open: Vec<Value>,"), "{code}");
}

#[test]
fn a_key_that_discriminates_objects_is_a_tag() {
    let code = code(
        r#"{"title": "Shape", "oneOf": [
            {"type": "object", "required": ["kind", "r"], "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}}},
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "point"}}}]}"#,
    );
    assert!(code.contains("tag = \"kind\""), "{code}");
    assert!(code.contains("Circle("), "{code}");
}

#[test]
fn if_chooses_between_two_structs() {
    let code = code(
        r#"{"title": "Doc", "type": "object",
            "if": {"properties": {"v": {"const": 2}}, "required": ["v"]},
            "then": {"properties": {"v": {}, "new": {"type": "string"}}},
            "else": {"properties": {"v": {}, "old": {"type": "string"}}}}"#,
    );
    assert!(code.contains("pub enum Doc"), "{code}");
    assert!(code.contains("pub new: Option<String>,"), "{code}");
}

#[test]
fn properties_without_a_type_allow_values_of_other_types() {
    let code = code(
        r#"{"title": "Root", "type": "object", "properties": {"a": {"title": "Part", "properties": {"x": {"type": "string"}}}}}"#,
    );
    assert!(code.contains("pub a: Option<ObjectOr<Part>>,"), "{code}");
}

#[test]
fn keywords_beside_a_reference_are_ignored_up_to_draft_7() {
    let text = |schema: &str| {
        format!(
            r##"{{"$schema": "{schema}", "title": "Root", "type": "object", "properties": {{"a": {{"$ref": "#/$defs/text", "maxLength": 3}}}},
            "$defs": {{"text": {{"type": "string"}}}}}}"##
        )
    };
    let old = code(&text("http://json-schema.org/draft-07/schema#"));
    assert!(!old.contains("length("), "{old}");
    let new = code(&text("https://json-schema.org/draft/2020-12/schema"));
    assert!(new.contains("length(&v[\"a\"], ..=3)"), "{new}");
}

#[test]
fn the_user_chooses_additional_derives() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("app.json");
    fs::write(
        &file,
        r#"{"title": "App", "type": "object", "properties": {"a": {"type": "string"}}}"#,
    )
    .unwrap();
    let mut options = Options::default();
    options.derives.push("Eq".to_owned());
    let code = schema::compile(&file, &options).unwrap().code;
    assert!(code.contains("PartialEq, Eq"), "{code}");
}

#[test]
fn output_stays_bounded() {
    // Each level names the next one twice, behind a union.
    let mut definitions = String::new();
    for level in 0..60 {
        let next = level + 1;
        definitions.push_str(&format!(
            r##""d{level}": {{"anyOf": [{{"type": "object", "required": ["a"], "properties": {{"a": {{"$ref": "#/$defs/d{next}"}}, "b": {{"$ref": "#/$defs/d{next}"}}}}}}, {{"type": "array", "items": {{"$ref": "#/$defs/d{next}"}}}}]}},"##
        ));
    }
    let text = format!(
        r##"{{"$ref": "#/$defs/d0", "$defs": {{{definitions} "d60": {{"type": "string", "minLength": 1}}}}}}"##
    );
    let code = code(&text);
    assert!(code.lines().count() < 6_000, "{}", code.lines().count());
}

fn filled(property: &str) -> String {
    format!(
        r#"{{"x-carml-defaults": "fill", "type": "object", "properties": {{"p": {property}}}}}"#
    )
}

#[test]
fn a_default_that_is_not_valid_is_refused_with_its_place() {
    for property in [
        r#"{"type": "integer", "minimum": 0, "default": -5}"#,
        r#"{"type": "integer", "default": 18446744073709551615}"#,
        r#"{"type": "integer", "default": 1.5}"#,
        r#"{"type": "boolean", "default": "true"}"#,
        r#"{"type": "string", "pattern": "^[a-z]+$", "default": "A"}"#,
        r#"{"type": "string", "enum": ["a", "b"], "default": "c"}"#,
        r#"{"type": "array", "items": {"type": "integer"}, "default": ["x"]}"#,
        r#"{"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}, "default": {}}"#,
    ] {
        let error = compile(&filled(property)).unwrap_err().to_string();
        assert!(error.contains("app.json:1:"), "{property}: {error}");
        assert!(
            error.contains("`/properties/p/default`"),
            "{property}: {error}"
        );
    }
}

#[test]
fn a_default_that_its_scalar_type_cannot_read_is_refused_with_its_place() {
    for (ty, default) in [
        ("duration", r#""99999999999999999d""#),
        ("byte_size", r#""99999999tb""#),
        ("endpoint", r#""host:99999""#),
        ("base64", r#""not base64""#),
        ("pem", r#""not a certificate""#),
    ] {
        let reference = format!(r#"{{"$ref": "carml://schema/types.json#/$defs/{ty}"}}"#);
        let alone =
            format!(r#"{{"$ref": "carml://schema/types.json#/$defs/{ty}", "default": {default}}}"#);
        let item = format!(r#"{{"type": "array", "items": {reference}, "default": [{default}]}}"#);
        let key = format!(
            r#"{{"type": "object", "properties": {{"k": {reference}}}, "default": {{"k": {default}}}}}"#
        );
        let optional =
            format!(r#"{{"anyOf": [{reference}, {{"type": "null"}}], "default": {default}}}"#);
        for property in [alone, item, key, optional] {
            let draft = "https://json-schema.org/draft/2020-12/schema";
            let schema =
                filled(&property).replacen('{', &format!(r#"{{"$schema": "{draft}", "#), 1);
            let error = compile(&schema).unwrap_err().to_string();
            assert!(error.contains("app.json:1:"), "{property}: {error}");
            let place = "`/properties/p/default`";
            assert!(error.contains(place), "{property}: {error}");
        }
    }
}

#[test]
fn a_default_is_written_as_its_type_holds_it() {
    for (property, expected) in [
        (r#"{"type": "integer", "default": 1.0}"#, "p: 1,"),
        (
            r#"{"type": "integer", "minimum": 0, "default": 18446744073709551615}"#,
            "p: 18446744073709551615,",
        ),
        (r#"{"type": "number", "default": 2}"#, "p: 2.0,"),
        (
            r#"{"type": "array", "items": {"type": "integer"}, "default": [1.0]}"#,
            "p: vec![1],",
        ),
    ] {
        let code = code(&filled(property));
        assert!(code.contains(expected), "{property}:\n{code}");
    }
}

#[test]
fn all_invalid_defaults_are_reported_at_once() {
    let text = r#"{"x-carml-defaults": "fill", "type": "object", "properties": {
        "a": {"type": "boolean", "default": 1},
        "b": {"type": "string", "default": 2}}}"#;
    let error = compile(text).unwrap_err();
    assert_eq!(error.errors(), 2, "{error}");
}

#[test]
fn a_module_that_extends_the_base_config_uses_the_runtimes_support_code() {
    let module = compile(
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "AppConfig", "type": "object",
            "x-carml-defaults": "fill", "allOf": [{"$ref": "carml://schema/base.json"}], "unevaluatedProperties": false,
            "properties": {"greeter": {"title": "Greeter", "type": "object", "additionalProperties": false,
                "properties": {"greeting": {"type": "string", "pattern": "^[a-z]+$", "minLength": 1},
                    "times": {"type": "integer", "minimum": 0, "maximum": 9}}}}}"#,
    )
    .unwrap();
    let support = "support::{WithoutCredentials, present, present_int};";
    let import = format!("use ::carml_runtime::__private::{support}");
    assert!(module.code.contains(&import), "{}", module.code);
    // A type with text in it has a `Debug` of its own.
    let code = module.code.replace("fn fmt(", "");
    // Such documents are validated before they are read.
    for absent in ["fn ", "macro_rules", "ensure(", "Regex", "remote"] {
        assert!(!code.contains(absent), "{absent} in\n{code}");
    }
}

#[test]
fn a_name_stays_short_and_each_pattern_is_compiled_once() {
    let code = code(
        r#"{"type": "object", "properties": {
            "a": {"type": "string", "pattern": "^x$"}, "b": {"type": "string", "pattern": "^x$"}}}"#,
    );
    assert_eq!(code.matches("Regex::new(").count(), 1, "{code}");
    assert!(!code.contains("Mutex"), "{code}");
}

#[test]
fn no_character_changes_the_direction_of_the_text() {
    let text = include_str!("../../tests/corpus/schemas/text-direction/schema.json");
    let controls = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(text.contains(controls));
    let code = code(text);
    assert!(!code.contains(controls), "{code}");
}

/// A schema that extends the base config, with a section of its own.
fn extended(section: &str) -> String {
    code(&format!(
        r#"{{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "AppConfig",
            "type": "object", "x-carml-defaults": "fill",
            "allOf": [{{"$ref": "carml://schema/base.json"}}], "properties": {{"mine": {section}}}}}"#
    ))
}

#[test]
fn a_module_that_extends_the_base_config_has_the_secrets_of_the_runtime() {
    let code = extended(
        r#"{"type": "object", "properties": {
            "marked": {"type": "string", "format": "password", "default": "open"},
            "pin": {"type": "integer", "minimum": 0, "writeOnly": true},
            "api_key": {"type": "string"},
            "public_token": {"type": "string", "writeOnly": false},
            "auth": {"enum": ["basic", "none"]},
            "token_length": {"type": "string"}}}"#,
    );
    for expected in [
        "pub marked: ::carml_runtime::config::Secret,",
        "pub pin: Option<::carml_runtime::config::Secret<u64>>,",
        "pub api_key: Option<::carml_runtime::config::Secret>,",
        "pub public_token: Option<String>,",
        "pub auth: Option<Auth>,",
        "pub token_length: Option<String>,",
        "pub extra: ::carml_runtime::config::Secret<BTreeMap<String, Value>>,",
    ] {
        assert!(code.contains(expected), "missing {expected} in\n{code}");
    }
    assert!(!code.contains("struct Secret"), "{code}");
}

#[test]
fn a_section_without_secrets_shows_its_other_keys() {
    let code = extended(r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#);
    assert!(
        code.contains("pub extra: BTreeMap<String, Value>,"),
        "{code}"
    );
}

#[test]
fn a_secret_is_found_beside_a_reference_of_any_draft() {
    for draft in [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2020-12/schema",
    ] {
        let code = code(&format!(
            r##"{{"$schema": "{draft}", "type": "object", "definitions": {{"text": {{"type": "string"}}}},
                "properties": {{"a": {{"$ref": "#/definitions/text", "writeOnly": true}}}}}}"##
        ));
        assert!(code.contains("pub a: Option<Secret>,"), "{code}");
    }
}

#[test]
fn a_type_of_the_schema_that_is_called_secret_keeps_apart_from_the_type_of_secrets() {
    let schema = |key: &str| {
        format!(
            r##"{{"type": "object", "properties": {{"a": {{"$ref": "#/definitions/secret"}}, "b": {key}}},
                "definitions": {{"secret": {{"type": "object", "properties": {{"x": {{"type": "string"}}}}}}}}}}"##
        )
    };
    let with = code(&schema(r#"{"type": "string", "writeOnly": true}"#));
    assert!(!with.contains("pub struct Secret {"), "{with}");
    assert!(with.contains("pub b: Option<Secret>,"), "{with}");
    let without = code(&schema(r#"{"type": "string"}"#));
    assert!(without.contains("pub struct Secret {"), "{without}");
}

#[test]
fn a_root_that_is_secret_shows_none_of_its_values() {
    let code = code(
        r#"{"title": "Root", "type": "object", "writeOnly": true,
            "properties": {"a": {"type": "string"}}}"#,
    );
    assert!(code.contains("pub a: Option<Secret>,"), "{code}");
    assert!(code.contains("pub extra: Secret<"), "{code}");
}
