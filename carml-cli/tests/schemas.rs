//! Schemas as they are found: `carml validate` and `carml generate` read the same of each.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

fn carml(folder: &Path, args: &[&str]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_carml"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap();
    let text = [out.stdout, out.stderr].concat();
    (out.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn validate(folder: &Path, schema: &str, document: &str) -> (i32, String) {
    carml(folder, &["validate", "--schema", schema, document])
}

/// The code, and what was reported.
fn generate(folder: &Path, schema: &str) -> (String, String) {
    let args = [
        "generate", "--schema", schema, "--root", "Root", "--out", "root.rs",
    ];
    let (code, text) = carml(folder, &args);
    assert_eq!(code, 0, "{text}");
    (fs::read_to_string(folder.join("root.rs")).unwrap(), text)
}

const TEXT: &str = r#"{"definitions": {"t": {"type": "string"}}}"#;
const BOOLEAN: &str = r#"{"definitions": {"t": {"type": "boolean"}}}"#;
const INTEGER: &str = r#"{"definitions": {"t": {"type": "integer"}}}"#;

#[test]
fn a_reference_names_the_file_at_its_path() {
    for id in [
        "",
        r#""$id": "https://example.org/s/app.json","#,
        r#""$id": "app.json","#,
    ] {
        let schema = format!(
            r##"{{{id} "type": "object", "properties": {{
                "a": {{"$ref": "../types.json#/definitions/t"}},
                "b": {{"$ref": "sub/types.json#/definitions/t"}},
                "c": {{"$ref": "types.json#/definitions/t"}}}}}}"##
        );
        let folder = folder(&[
            ("s/app.json", &schema),
            ("types.json", TEXT),
            ("s/sub/types.json", BOOLEAN),
            ("s/types.json", INTEGER),
            ("good.yml", "a: x\nb: true\nc: 1\n"),
        ]);
        let at = folder.path();
        let (code, text) = validate(at, "s/app.json", "good.yml");
        assert_eq!(code, 0, "{text}");
        let (code, _) = generate(at, "s/app.json");
        assert!(code.contains("pub a: Option<String>,"), "{code}");
        assert!(code.contains("pub b: Option<bool>,"), "{code}");
        assert!(code.contains("pub c: Option<Integer>,"), "{code}");

        // Without them, the file of that name beside the schema is not used instead.
        fs::remove_file(at.join("types.json")).unwrap();
        fs::remove_file(at.join("s/sub/types.json")).unwrap();
        let (code, text) = validate(at, "s/app.json", "good.yml");
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("there is no file `"), "{text}");
        // At the reference.
        assert!(
            text.contains("s/app.json:2:") || text.contains("s/app.json:3:"),
            "{text}"
        );
        let (code, text) = generate(at, "s/app.json");
        assert!(code.contains("pub a: Option<Value>,"), "{code}");
        assert!(
            text.contains("`../types.json#/definitions/t` is not a local file"),
            "{text}"
        );
    }
}

#[test]
fn patterns_of_other_dialects_mean_the_same_to_validation_and_types() {
    for (pattern, good, bad) in [
        (
            r"^([ -~]|\\ud83d[\\ude00-\\ude4f])*$",
            r#""hi 😀""#,
            r#""hi 🚀""#,
        ),
        (r"^[\\ud800-\\udbff][\\udc00-\\udfff]$", r#""😀""#, r#""a""#),
        (r"(?i)^yes$", r#""YES""#, r#""no""#),
        (r"^a\\Z", r#""a""#, r#""ab""#),
    ] {
        let schema = format!(r#"{{"type": "string", "pattern": "{pattern}"}}"#);
        let folder = folder(&[("s.json", &schema), ("good.json", good), ("bad.json", bad)]);
        let at = folder.path();
        let (code, text) = validate(at, "s.json", "good.json");
        assert_eq!(code, 0, "{pattern}: {text}");
        let (code, text) = validate(at, "s.json", "bad.json");
        assert_eq!(code, 1, "{pattern}: {text}");
        // As the schema has it.
        let written = pattern.replace(r"\\", r"\");
        assert!(text.contains(&format!("`{written}`")), "{pattern}: {text}");
        let (code, _) = generate(at, "s.json");
        assert!(code.contains("Regex"), "{pattern}: {code}");
    }
}

#[test]
fn patterns_of_keys_are_shown_as_the_schema_has_them() {
    let folder = folder(&[
        (
            "s.json",
            r#"{"type": "object", "patternProperties": {"^a{,3}\\Z": {"type": "integer"}}, "additionalProperties": false}"#,
        ),
        ("bad.yml", "b: 1\n"),
        ("type.yml", "'a{,3}': x\n"),
    ]);
    let (_, text) = validate(folder.path(), "s.json", "bad.yml");
    assert!(text.contains(r"`^a{,3}\Z`"), "{text}");
    let (code, text) = validate(folder.path(), "s.json", "type.yml");
    assert_eq!(code, 1);
    assert!(text.contains("type.yml:1:10"), "{text}");
}

#[test]
fn keywords_that_the_draft_does_not_have_assert_nothing() {
    let draft4 = r#"{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object",
        "properties": {"a": {"const": 1}}, "propertyNames": {"pattern": "^[a-z]$"},
        "if": {"required": ["a"]}, "then": {"required": ["c"]}}"#;
    let draft7 = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
        "dependentRequired": {"a": ["b"]}, "properties": {
        "p": {"type": "array", "prefixItems": [{"type": "string"}], "unevaluatedItems": false}}}"#;
    for (schema, document) in [
        (draft4, r#"{"a": 2, "Long": 1}"#),
        (draft7, r#"{"a": 1, "p": [1]}"#),
    ] {
        let folder = folder(&[("s.json", schema), ("good.json", document)]);
        let (code, text) = validate(folder.path(), "s.json", "good.json");
        assert_eq!(code, 0, "{text}");
        let (code, _) = generate(folder.path(), "s.json");
        assert!(!code.contains("Err("), "{code}");
        assert!(!code.contains("rule("), "{code}");
    }
}

#[test]
fn bounds_of_draft_4_are_read_where_no_draft_is_named() {
    let schema = r#"{"type": "object", "properties": {
        "n": {"type": "number", "minimum": 0, "exclusiveMinimum": true}}}"#;
    let folder = folder(&[
        ("s.json", schema),
        ("good.yml", "n: 1\n"),
        ("bad.yml", "n: 0\n"),
    ]);
    assert_eq!(validate(folder.path(), "s.json", "good.yml").0, 0);
    let (code, text) = validate(folder.path(), "s.json", "bad.yml");
    assert_eq!(code, 1);
    assert!(
        text.contains("more than 0") || text.contains("bad.yml:1:4"),
        "{text}"
    );
    let (code, _) = generate(folder.path(), "s.json");
    assert!(code.contains("pub n: Option<Number>,"), "{code}");
}

#[test]
fn integers_beyond_64_bits_and_yaml_are_read_by_both() {
    let big = r#"{"type": "object", "properties": {
        "n": {"type": "number", "maximum": 100000000000000000000000}}}"#;
    let yaml = "type: object\nproperties:\n  n: {$ref: 'types.yml#/definitions/t'}\n";
    let types = "definitions:\n  t: {type: integer}\n";
    for (name, schema) in [("big.json", big), ("app.yml", yaml)] {
        let folder = folder(&[(name, schema), ("types.yml", types), ("good.yml", "n: 3\n")]);
        let (code, text) = validate(folder.path(), name, "good.yml");
        assert_eq!(code, 0, "{text}");
        let (code, _) = generate(folder.path(), name);
        assert!(code.contains("pub n: Option<"), "{code}");
        assert!(!code.contains("Option<Value>"), "{code}");
    }
}
