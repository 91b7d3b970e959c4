//! `${…}` in files, as an operator sees it.
#![allow(clippy::unwrap_used)]

use carml_config::{Error, Loaded, Loader, Schema};
use carml_diagnostic::{Format, Source};
use serde_json::json;

const VARS: [(&str, &str); 5] = [
    ("A", "q.redb"),
    ("EMPTY", ""),
    ("N", "9"),
    ("COMMENT", "8 # x"),
    ("LARGE", "99999999999999999999"),
];

fn load(text: &str) -> Result<Loaded, Error> {
    let schema = Schema::base().unwrap();
    let source = Source::new("carml.yml", text, Format::Yaml);
    Loader::new(schema).source(source).env(VARS).load()
}

/// What `app.name` is.
fn name(text: &str) -> String {
    let loaded = load(&format!("app:\n  name: {text}\n"));
    let loaded = loaded.unwrap_or_else(|error| panic!("{text}:\n{error}"));
    loaded.value()["app"]["name"].as_str().unwrap().to_owned()
}

/// The report of `app.name`.
fn refused(text: &str) -> String {
    match load(&format!("app:\n  name: {text}\n")) {
        Ok(loaded) => panic!("{text}: {}", loaded.value()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn defaults_follow_posix() {
    for (text, value) in [
        ("${EMPTY:-admin}", "admin"),
        ("x${EMPTY-admin}", "x"),
        ("${U:-admin}${U-x}", "adminx"),
        ("${A:-${B:-x.redb}}", "q.redb"),
        ("${B:-${C:-x.redb}}", "x.redb"),
        ("${A:-${UNSET}}", "q.redb"),
        ("${A:+yes}${EMPTY:+yes}", "yes"),
        ("'${B:-{\"a\": 1\\}}'", "{\"a\": 1}"),
        ("$${A}", "${A}"),
    ] {
        assert_eq!(name(text), value, "{text}");
    }
}

#[test]
fn what_is_not_understood_is_refused_at_its_place() {
    for (text, says) in [
        ("${ N :-4}", "expected a variable name"),
        ("${}", "expected a variable name"),
        ("${1}", "expected a variable name"),
        ("${N.x}", "unexpected characters after `${N`"),
        ("${N:=x}", "unexpected characters after `${N`"),
        ("${N", "has no `}`"),
        ("${A:-${B}", "has no `}`"),
        ("${A:-{x}}", "`{`"),
        ("${U:?must be set}", "`U` is not set or empty: must be set"),
        ("${EMPTY:?}", "`EMPTY` is not set or empty"),
        ("${U?give ${A}}", "`U` is not set: give q.redb"),
        ("${U}", "`U` is not set"),
    ] {
        let report = refused(text);
        assert!(report.contains(says), "{text}:\n{report}");
        assert!(report.contains("--> carml.yml:2:9"), "{text}:\n{report}");
        assert_eq!(report.matches("error[").count(), 1, "{text}:\n{report}");
        assert!(!report.contains(":-default}}"), "{text}:\n{report}");
    }
}

#[test]
fn a_variable_alone_may_be_a_number() {
    for (text, value) in [
        ("${N}", json!(9)),
        ("${U:-7}", json!(7)),
        ("${U:-${N}}", json!(9)),
        ("${EMPTY:-4.0}", json!(4)),
        ("&n ${N}", json!(9)),
        ("\n    ${N}", json!(9)),
    ] {
        let loaded = load(&format!("download:\n  parallel: {text}\n")).unwrap();
        assert_eq!(loaded.value()["download"]["parallel"], value, "{text}");
    }
    for text in ["\"${N}\"", "${N}${EMPTY}", "${COMMENT}"] {
        let error = load(&format!("download:\n  parallel: {text}\n")).unwrap_err();
        assert!(error.to_string().contains("--> carml.yml:2:13"), "{text}");
    }
    assert_eq!(name("${N}"), "9");
}

#[test]
fn the_fix_for_a_variable_that_gives_a_string_is_one_that_works() {
    for (text, fix) in [
        ("\n  parallel: \"${N}\"", Some("remove the quotes: `${N}`")),
        (
            " {parallel: \"${N}\"}",
            Some("write the mapping on lines of its own, and the variable without quotes"),
        ),
        ("\n  parallel: ${N}${N}", Some("use one variable alone")),
        ("\n  parallel: 1${N}", Some("use one variable alone")),
        ("\n  parallel: \"${N}${N}\"", Some("use one variable alone")),
        // No other way to write these makes them integers.
        ("\n  parallel: ${LARGE}", None),
        ("\n  parallel: ${A}", None),
    ] {
        let report = load(&format!("download:{text}\n")).unwrap_err().to_string();
        assert!(report.contains("expected an integer"), "{report}");
        match fix {
            Some(fix) => assert!(report.contains(&format!("help: {fix}")), "{report}"),
            None => assert!(!report.contains("help: "), "{report}"),
        }
    }
    let report = load("download: {parallel: ${N}}\n")
        .unwrap_err()
        .to_string();
    assert!(
        report.contains("write the mapping or list without brackets"),
        "{report}"
    );
}

#[test]
fn an_unset_variable_hides_no_other_error() {
    let text = "\
registry:
  provider: ${PROVIDER}
  timeout: 5
  bucket: [1]
grpc:
  server:
    middleware:
      - timeout: ${T}
      - loging
      - max_message_size:
          sned: ${S}
healht: ${H}
download: {parallel: 1.5}
";
    let report = load(text).unwrap_err().to_string();
    for place in [
        "2:13", "3:12", "4:11", "8:18", "9:9", "11:17", "12:1", "13:22",
    ] {
        assert!(
            report.contains(&format!("--> carml.yml:{place}")),
            "{place}:\n{report}"
        );
    }
}
