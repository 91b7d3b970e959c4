//! Typical mistakes, each as an operator sees it: `tests/reports/NAME.yml` gives the report
//! `NAME.txt`.
//!
//! `UPDATE=1 cargo test -p carml-config --test reports` rewrites the reports: read what changed.
#![allow(clippy::unwrap_used)]

use carml_config::{Loader, Schema};
use carml_diagnostic::{Format, Source};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports")
}

/// The report of a file, checked as `carml validate` does; `NAME-….yml` against `NAME.json` if
/// there is one.
fn report(file: &Path) -> String {
    let name = file.file_name().unwrap().to_str().unwrap();
    let own = folder().join(format!("{}.json", name.split('-').next().unwrap()));
    let schema = if own.exists() {
        Schema::open(&own)
    } else {
        Schema::base()
    };
    let text = std::fs::read_to_string(file).unwrap();
    let schema = schema.unwrap();
    let carml = schema.is_carml();
    let loader = Loader::new(schema)
        .placeholders_as_warnings()
        .source(Source::new(name, text, Format::Yaml));
    let loader = if carml {
        loader.env([("REGION".to_owned(), "eu".to_owned())])
    } else {
        loader.verbatim()
    };
    let report = match loader.load() {
        Ok(loaded) => loaded.warnings().clone(),
        Err(error) => error.report().clone(),
    };
    report.human(false)
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "yml"));
    files.sort();
    files
}

#[test]
fn each_mistake_has_its_report() {
    let mut wrong = Vec::new();
    let files = files();
    assert!(files.len() >= 30);
    for file in files {
        let seen = report(&file);
        assert!(!seen.is_empty(), "{} has no error", file.display());
        let wanted = file.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&wanted, &seen).unwrap();
        }
        let known = std::fs::read_to_string(&wanted).unwrap_or_default();
        if seen != known {
            wrong.push(format!("{}:\n{seen}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_report_shows_a_secret() {
    for file in files() {
        let seen = report(&file);
        for secret in ["hunter2", "123456", "12345678"] {
            assert!(!seen.contains(secret), "{}:\n{seen}", file.display());
        }
    }
}

#[test]
fn four_mistakes_are_four_errors_each_in_its_branch() {
    let text = std::fs::read_to_string(folder().join("user-four-faults.yml")).unwrap();
    let schema = Schema::open(&folder().join("user.json")).unwrap();
    let source = Source::new("app.yml", text, Format::Yaml);
    let error = Loader::new(schema).source(source).load().unwrap_err();
    let errors: Vec<_> = error
        .report()
        .findings()
        .iter()
        .map(|f| (f.code.as_str(), f.pointer.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        errors,
        [
            ("unknown-key", "/greeter/gretting"),
            ("range", "/greeter/port"),
            ("type", "/greeter/backend/bucket"),
            ("value", "/greeter/level"),
        ]
    );
}
