//! The YAML and JSON front: no text makes it panic or hang, and what it reads is what `serde_yaml`
//! reads.
#![allow(clippy::unwrap_used)]

mod common;

use carml_diagnostic::{Format, Public, RawReport, Source};
use common::{fuzz, mutated, seeds};
use proptest::prelude::*;
use serde_json::Value;

const FRAGMENTS: &[&str] = &[
    "- ",
    ": ",
    "\n",
    "\n  ",
    "\t",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!x ",
    "|\n  a\n",
    ">-\n b\n",
    "'",
    "\"",
    "\\u12",
    "{",
    "}",
    "[",
    "]",
    ",",
    "#",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "? ",
    "~",
    ".nan",
    "-.inf",
    "1e999",
    "0x1F",
    "0o17",
    "1_000",
    "99999999999999999999",
    "\u{feff}",
    "\u{0}",
    "\u{85}",
    "日本",
    "null",
    "yes",
    "\r\n",
    "@",
    "`",
    "\"\\ud83d\\ude00\"",
    "\\ude00",
    "\\q",
    "%YAML 2.0\n",
    "a:1\n",
    "[\n]",
    "{ # c\n}",
    "\u{1}",
    "\u{7f}",
];

const SEEDS: &[&str] = &[
    "a: &x\n  b: [1, 2.5, 'three']\n  c: {d: e}\nf: *x\n",
    "- |\n  text\n  more\n- >-\n  folded\n  text\n- \"quoted \\u00e4\"\n",
    "# comment\nservers:\n  - name: a\n    port: 80\n  - name: b\n    port: 0x50\n",
    "base: &base {a: 1}\nnext:\n  <<: *base\n  b: 2\n",
    "a: &a {x: 1}\nb: &b {<<: *a}\nc: {<<: [*a, *b], y: !t 2}\n",
    "? key\n: value\n? [1, 2]\n: list\n",
    "&k a: &t b\n*t : *k\n? *k : x\n",
    "a: [\n  # x\n]\nb: {\n}\nc: \"\\ud83d\\ude00\"\nd: |\n  [ '\ne: '[ '' \"'\n",
];

#[test]
fn no_text_makes_the_reader_panic() {
    let mut all = seeds(".json");
    all.extend(SEEDS.iter().map(|&seed| seed.to_owned()));
    let formats = prop::sample::select(vec![Format::Yaml, Format::Json]);
    fuzz(&(mutated(all, FRAGMENTS), formats), |(text, format)| {
        let source = Source::new("f", &text, format);
        match source.read() {
            Ok(value) => {
                // Whatever was read has a place.
                let mut pointers = Vec::new();
                collect(&value, String::new(), &mut pointers);
                for pointer in pointers {
                    let found = source.locate(&pointer);
                    let end = found.map(|f| f.value.end.max(f.key.map_or(0, |k| k.end)));
                    prop_assert!(end.is_some_and(|end| end <= text.len()), "{}", pointer);
                }
            }
            Err(report) => {
                prop_assert!(!report.is_empty(), "refused without a fault");
                let report = report.redact(&Public);
                prop_assert!(!report.human(false).is_empty());
                report.json();
                report.github();
            }
        }
        Ok(())
    });
}

/// The pointers of a value, the first hundred of them.
fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    if pointers.len() > 100 {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = carml_diagnostic::escape_key(key);
                collect(value, format!("{at}/{key}"), pointers);
            }
        }
        Value::Array(items) => {
            for (n, value) in items.iter().enumerate() {
                collect(value, format!("{at}/{n}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(at);
}

#[test]
fn what_is_read_is_what_serde_yaml_reads() {
    fuzz(&document(), |value| {
        let text = serde_yaml::to_string(&value).unwrap();
        let mut theirs: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        let merged = merge(&mut theirs);
        let ours = Source::new("f.yml", &text, Format::Yaml).read();
        for (refused, code) in [
            (merged.is_err(), "merge-key"),
            (has_infinite(&value), "not-finite"),
        ] {
            if refused {
                let report = ours.err();
                let report = report.as_ref().map(RawReport::diagnostics);
                let found = report.is_some_and(|all| all.iter().any(|d| d.code().as_str() == code));
                prop_assert!(found, "not refused as {}: {}", code, text);
                return Ok(());
            }
        }
        let ours =
            ours.map_err(|report| TestCaseError::fail(report.redact(&Public).human(false)))?;
        prop_assert_eq!(ours, serde_json::to_value(theirs).unwrap(), "{}", text);
        Ok(())
    });
}

/// Whether a string is a number beyond the range of `f64`, which serde_yaml writes without quotes.
fn has_infinite(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.values().any(has_infinite),
        Value::Array(items) => items.iter().any(has_infinite),
        Value::String(text) => is_infinite(text),
        _ => false,
    }
}

fn is_infinite(text: &str) -> bool {
    let digits = text.starts_with(|first: char| "+-.0123456789".contains(first));
    digits && text.contains(['e', 'E']) && text.parse().is_ok_and(f64::is_infinite)
}

#[test]
fn what_both_read_is_the_same() {
    fuzz(
        &mutated(SEEDS.iter().map(|&s| s.to_owned()).collect(), FRAGMENTS),
        |text| {
            // Tags, anchors, merge keys, tabs, YAML 1.1's line breaks and spaces at the end are
            // read differently on purpose.
            if text.contains(['!', '&', '*', '<', '\t', '\r', '\u{85}', '\u{feff}'])
                || text.ends_with(' ')
            {
                return Ok(());
            }
            let ours = Source::new("f.yml", &text, Format::Yaml).read();
            let theirs = serde_yaml::from_str::<serde_yaml::Value>(&text);
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                prop_assert!(same(&ours, &theirs), "{}\n{}\n{:?}", text, ours, theirs);
            }
            Ok(())
        },
    );
}

/// Whether two values are the same, but for scalars that are not strings to both.
fn same(ours: &Value, theirs: &serde_yaml::Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), serde_yaml::Value::Mapping(theirs)) => {
            let strings = theirs.keys().all(serde_yaml::Value::is_string);
            let found = |(key, value): (&String, &Value)| {
                theirs
                    .get(key.as_str())
                    .is_some_and(|theirs| same(value, theirs))
            };
            !strings || ours.len() == theirs.len() && ours.iter().all(found)
        }
        (Value::Array(ours), serde_yaml::Value::Sequence(theirs)) => {
            let mut pairs = ours.iter().zip(theirs);
            ours.len() == theirs.len() && pairs.all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::String(ours), serde_yaml::Value::String(theirs)) => ours == theirs,
        (Value::Object(_) | Value::Array(_), _) => false,
        (_, theirs) => !theirs.is_mapping() && !theirs.is_sequence(),
    }
}

/// Joins what merge keys name, the innermost first.
fn merge(value: &mut serde_yaml::Value) -> Result<(), serde_yaml::Error> {
    match value {
        serde_yaml::Value::Sequence(items) => items.iter_mut().try_for_each(merge)?,
        serde_yaml::Value::Mapping(map) => map.values_mut().try_for_each(merge)?,
        _ => {}
    }
    value.apply_merge()
}

/// Documents with texts that YAML could take for something else.
fn document() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~äß日\n\t]{0,12}",
        prop::sample::select(FRAGMENTS).prop_map(str::to_owned),
        Just("<<".to_owned()),
        "[0-9.eE+_x:-]{1,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}
