//! What YAML is read as: the core schema of YAML 1.2, merge keys, tags; and where it stands.
#![allow(clippy::unwrap_used)]

use carml_diagnostic::{Format, Source};
use serde_json::{Value, json};

fn source(text: &str) -> Source {
    Source::new("f.yml", text, Format::Yaml)
}

fn read(text: &str) -> Value {
    let read = source(text).read();
    read.unwrap_or_else(|report| panic!("{text}\n{report}"))
}

/// The codes of what is wrong.
fn codes(text: &str) -> Vec<&'static str> {
    let reading = source(text).read_all();
    reading
        .report
        .faults()
        .iter()
        .map(|f| f.code.as_str())
        .collect()
}

/// Line and column of a pointer's key.
fn place(text: &str, pointer: &str) -> (usize, usize) {
    let source = source(text);
    let found = source.locate(pointer).unwrap();
    let at = source.position(found.key.unwrap_or(found.value).start);
    (at.line, at.column)
}

#[test]
fn plain_scalars_mean_what_the_core_schema_says() {
    for (text, value) in [
        ("", json!(null)),
        ("~", json!(null)),
        ("Null", json!(null)),
        ("nULL", json!("nULL")),
        ("TRUE", json!(true)),
        ("yes", json!("yes")),
        ("on", json!("on")),
        ("017", json!(17)),
        ("-008", json!(-8)),
        ("+1", json!(1)),
        ("0o17", json!(15)),
        ("0xFF", json!(255)),
        ("1_000", json!("1_000")),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("5.", json!(5.0)),
        ("1.2.3", json!("1.2.3")),
        ("2001-12-14", json!("2001-12-14")),
        ("12:30:45", json!("12:30:45")),
    ] {
        assert_eq!(
            read(&format!("a: {text}\n")),
            json!({ "a": value }),
            "{text}"
        );
    }
}

#[test]
fn keys_are_the_texts_as_they_are_written() {
    assert_eq!(
        read("1: a\n0x10: b\ntrue: c\nnull: d\n2.0: e\n? f\n: g\n? h\n"),
        json!({ "1": "a", "0x10": "b", "true": "c", "null": "d", "2.0": "e", "f": "g", "h": null })
    );
    assert_eq!(read("&k a: b\nc: *k\n"), json!({ "a": "b", "c": "a" }));
    assert_eq!(codes("? [a]\n: b\n"), ["key"]);
}

#[test]
fn what_surrounds_a_document_is_no_part_of_it() {
    for text in [
        "\u{feff}a: b\n",
        "# c\n\u{feff}a: b\n",
        "%YAML 1.2\n---\na: b\n...\n# c\n",
        "a:\tb\n",
        "a: \t b\t# c\n",
        "a: b\r\n",
        "---\r\na: b\r\n# c",
    ] {
        assert_eq!(read(text), json!({ "a": "b" }), "{text:?}");
    }
    assert_eq!(
        read("a:\tb\nc:\t-d\ne: \"f:\tg\"\nh: |\n  i:\tj\n").get("h"),
        Some(&json!("i:\tj\n"))
    );
    assert_eq!(codes("a: b\n---\nc: d\n"), ["several-documents"]);
    assert_eq!(codes("a:\tb: c\n"), ["syntax"]);
}

#[test]
fn known_tags_are_obeyed_and_others_told_of_once() {
    for (text, value) in [
        ("!!str 1", json!("1")),
        ("! 1", json!("1")),
        ("!!int '3'", json!(3)),
        ("!!float 3", json!(3.0)),
        ("!!bool 'true'", json!(true)),
        ("!!null ''", json!(null)),
        ("!!binary aGk=", json!("aGk=")),
        ("!!timestamp 2001-12-14", json!("2001-12-14")),
        ("!!set {x}", json!({ "x": null })),
        ("!!omap [x: 1]", json!([{ "x": 1 }])),
    ] {
        let text = format!("a: {text}\n");
        assert_eq!(read(&text), json!({ "a": value }), "{text}");
        assert!(codes(&text).is_empty(), "{text}");
    }
    let text = "a: !Ref x\nb: !Ref y\nc: !If [x, 5]\n";
    assert_eq!(read(text), json!({ "a": "x", "b": "y", "c": ["x", 5] }));
    assert_eq!(codes(text), ["tag", "tag"]);
    assert!(source("a: !!int x\n").read().is_err());
}

#[test]
fn merge_keys_add_what_the_map_has_not() {
    for (text, value) in [
        ("<<: {a: 1, b: 2}\nb: 3\n", json!({ "b": 3, "a": 1 })),
        ("b: 3\n<<: {a: 1, b: 2}\n", json!({ "b": 3, "a": 1 })),
        ("<<: [{a: 1}, {a: 2, b: 3}]\n", json!({ "a": 1, "b": 3 })),
        ("<<: {<<: {a: 1, b: 2}, b: 3}\n", json!({ "a": 1, "b": 3 })),
        ("<<: [{<<: {a: 1}}, {a: 2}]\n", json!({ "a": 1 })),
        ("<<: {a: {b: 1}}\na: {c: 2}\n", json!({ "a": { "c": 2 } })),
        ("<<: []\na: 1\n", json!({ "a": 1 })),
        ("!!merge <<: {a: 1}\n", json!({ "a": 1 })),
        ("'<<': {a: 1}\n", json!({ "<<": { "a": 1 } })),
        ("!!str <<: 1\n", json!({ "<<": 1 })),
        ("a: <<\n", json!({ "a": "<<" })),
    ] {
        assert_eq!(read(text), value, "{text}");
    }
    let text = "x: &x {a: 1}\ny: &y [*x, {b: 2}]\nz:\n  <<: *y\n";
    assert_eq!(read(text)["z"], json!({ "a": 1, "b": 2 }));
    for text in ["<<: a\n", "<<:\n", "<<: [a]\n", "<<: [[{a: 1}]]\n"] {
        assert_eq!(codes(text), ["merge-key"], "{text}");
    }
    assert_eq!(codes("<<: {a: 1}\n<<: {b: 1}\n"), ["duplicate-key"]);
}

#[test]
fn merged_keys_stand_where_they_are_written() {
    let text = "\
one: &one
  a: 1
  b: {c: 2}
two: &two
  <<: *one
  a: 3
three:
  <<: [*two, {d: 4}]
  e: *one
";
    assert_eq!(place(text, "/two/a"), (6, 3));
    assert_eq!(place(text, "/three/a"), (6, 3));
    assert_eq!(place(text, "/three/b/c"), (3, 7));
    assert_eq!(place(text, "/three/d"), (8, 15));
    assert_eq!(place(text, "/three/e"), (9, 3));
    assert_eq!(place(text, "/three/e/b/c"), (3, 7));
    assert!(source(text).locate("/three/x").is_none());
    assert!(source(text).decides("/three/a/x"));
    assert!(!source(text).decides("/three/x"));
}

#[test]
fn a_document_of_nothing_has_a_place_and_decides_nothing() {
    for text in ["", "# c\n", "---\n", "~\n", "null"] {
        assert!(source(text).locate("").is_some(), "{text:?}");
        assert!(!source(text).decides("/a"), "{text:?}");
    }
    assert!(source("a\n").decides("/a"));
}

#[test]
fn merges_of_merges_stay_small() {
    // Nine to the thirtieth, if each were looked at.
    let mut text = "a0: &a0 {}\n".to_owned();
    for n in 1..30 {
        let before = vec![format!("*a{}", n - 1); 9].join(", ");
        text.push_str(&format!("a{n}: &a{n} {{<<: [{before}]}}\n"));
    }
    assert_eq!(read(&text)["a29"], json!({}));
    assert!(source(&text).locate("/a29/x").is_none());
    // Each holds what the one before holds, and one key more.
    let mut text = "a0: &a0 {}\n".to_owned();
    for n in 1..5_000 {
        text.push_str(&format!("a{n}: &a{n} {{<<: *a{}, k{n}: 1}}\n", n - 1));
    }
    assert_eq!(codes(&text), ["alias-bomb"]);
    // Each is one level deeper than the one before.
    let mut text = "a0: &a0 {}\n".to_owned();
    for n in 1..5_000 {
        text.push_str(&format!("a{n}: &a{n} {{k: *a{}}}\n", n - 1));
    }
    assert_eq!(codes(&text), ["too-deep"]);
}
