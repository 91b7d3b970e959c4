//! Secrets at every place, in configs that are broken at random.
//!
//! `CARML_SECRETS` sets how many configs each test tries, made with a new seed in each run. Without
//! it they are the same 1,000 in each run.

use std::fmt::{Debug, Display};
use std::path::Path;
use std::sync::LazyLock;

use carml_config::{Config, Error, Loaded, Loader, Reload, Schema, Section};
use carml_diagnostic::Report;
use carml_schema::SchemaIndex;
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use tempfile::TempDir;

use super::planted::{Case, Channel, Given, Secret, case};
use super::schema::{BASE_SCHEMA, FOREIGN, OWN, dotted, index, places};

fn runner(share: u32) -> TestRunner {
    let count = std::env::var("CARML_SECRETS").ok();
    let config = |count: u32| Runs {
        cases: (count / share).max(1),
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..Runs::default()
    };
    match count {
        Some(count) => TestRunner::new(config(count.parse().unwrap())),
        None => TestRunner::new_with_rng(
            config(1_000),
            TestRng::deterministic_rng(RngAlgorithm::ChaCha),
        ),
    }
}

/// A new folder whose name, made at random, has no part of the secret.
fn folder(secret: &Secret) -> TempDir {
    loop {
        let folder = tempfile::tempdir().unwrap();
        if secret.leak(&folder.path().to_string_lossy()).is_none() {
            return folder;
        }
    }
}

/// Tries a check on cases of a schema.
pub(crate) fn each(
    schema: &str,
    share: u32,
    check: impl Fn(&Path, &Case, &Given) -> Vec<(String, String)>,
) {
    let ended = runner(share).run(&case(places(schema)), |case| {
        let folder = folder(&case.secret);
        let given = case.given();
        for (name, bytes) in &given.files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        for (what, text) in check(folder.path(), &case, &given) {
            if let Some(leak) = case.secret.leak(&text) {
                let files = given.files.iter();
                let files =
                    files.map(|(name, b)| format!("{name}:\n{}", String::from_utf8_lossy(b)));
                let files = files.collect::<Vec<_>>().join("\n");
                return Err(TestCaseError::fail(format!(
                    "`{leak}` of the secret is in {what}:\n{text}\n{files}\n{:?} {:?}",
                    given.variables, given.flags
                )));
            }
        }
        Ok(())
    });
    if let Err(error) = ended {
        panic!("{error}");
    }
}

/// What was printed, by what printed it.
#[derive(Default)]
struct Printed(Vec<(String, String)>);

impl Printed {
    fn add(&mut self, what: &str, text: impl Into<String>) {
        self.0.push((what.to_owned(), text.into()));
    }

    fn debug(&mut self, what: &str, value: &impl Debug) {
        self.add(what, format!("{value:?}\n{value:#?}"));
    }

    fn shown(&mut self, what: &str, value: &(impl Display + Debug)) {
        self.add(what, value.to_string());
        self.debug(what, value);
    }

    fn report(&mut self, what: &str, report: &Report) {
        self.add(what, report.human(false) + &report.human(true));
        self.add(&format!("{what} as JSON"), report.json().to_string());
        self.add(&format!("{what} for GitHub"), report.github());
        self.debug(what, report);
    }

    fn error(&mut self, what: &str, error: &Error) {
        self.shown(what, error);
        self.report(what, error.report());
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            self.add(what, format!("{error} {error:?}"));
            source = error.source();
        }
    }

    fn outcome(&mut self, what: &str, outcome: &Result<String, Error>) {
        match outcome {
            Ok(text) => self.add(what, text.as_str()),
            Err(error) => self.error(what, error),
        }
    }

    fn loaded(&mut self, loaded: &Loaded, Case { steps, secret, .. }: &Case) {
        self.debug("a config", loaded);
        self.report("the warnings", loaded.warnings());
        self.add("explain", loaded.explain());
        self.outcome("explain chain", &loaded.explain_chain());
        self.report("the preflight", &loaded.preflight(None));
        let mut pointer = String::new();
        for n in 1..=steps.len() {
            let key = dotted(&steps[..n]);
            pointer = format!("/{}", key.replace('.', "/"));
            let text = loaded.explain_key(&key).map_err(Error::from);
            self.outcome(&format!("explain {key}"), &text);
        }
        let text = loaded.explain_key("registry.pasword").map_err(Error::from);
        self.outcome("explain of an unknown key", &text);
        self.shown("an origin", &Shown(loaded.origin(&pointer)));
        let fault = loaded.error_at(&pointer, "the service refuses it", ["change it"]);
        self.report("an error of a service", &fault);
        match loaded.typed::<Config>() {
            Ok(config) if !is_in_another_value(&config, secret) => {
                self.debug("the typed config", &config);
            }
            Ok(_) => {}
            Err(error) => self.error("the error of the type", &error),
        }
        for source in loaded.sources() {
            self.debug("a source", source);
        }
    }
}

/// Whether a secret is in the value of a key that is not secret, such as `bucket: "x, password: @"`:
/// a type knows nothing of that.
fn is_in_another_value(config: &Config, secret: &Secret) -> bool {
    static BASE: LazyLock<SchemaIndex> = LazyLock::new(|| index(BASE_SCHEMA));
    let mut pending = vec![(String::new(), serde_json::to_value(config).unwrap())];
    while let Some((at, value)) = pending.pop() {
        if BASE.is_secret(&at) || !BASE.knows(&at) {
            continue;
        }
        match value {
            Value::Object(map) => pending.extend(map.into_iter().map(|(key, value)| {
                let key = carml_diagnostic::escape_key(&key);
                (format!("{at}/{key}"), value)
            })),
            Value::Array(list) => {
                let items = list.into_iter().enumerate();
                pending.extend(items.map(|(n, value)| (format!("{at}/{n}"), value)));
            }
            Value::String(text) if secret.leak(&text).is_some() => return true,
            _ => {}
        }
    }
    false
}

/// An origin shows both of its forms.
struct Shown<T>(T);

impl<T: Display> Display for Shown<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Debug> Debug for Shown<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

fn loader(schema: &Schema, folder: &Path, given: &Given) -> Loader {
    let layers = given.layers.iter();
    let loader = layers.fold(Loader::new(schema.clone()), |loader, name| {
        loader.file(folder.join(name))
    });
    let flags = given.flags.iter();
    let held = folder.join("held").display().to_string();
    flags.fold(loader, |loader, flag| {
        // `KEY_file` is relative to the current folder, which tests share.
        loader.set(match flag.strip_suffix("=held") {
            Some(key) => format!("{key}={held}"),
            None => flag.clone(),
        })
    })
}

fn prints(schema: &Schema, folder: &Path, case: &Case, given: &Given) -> Printed {
    let mut printed = Printed::default();
    let strict = loader(schema, folder, given).env(given.variables.clone());
    for (what, loader) in [
        ("the start", strict.clone()),
        ("validate", strict.clone().placeholders_as_warnings()),
    ] {
        printed.debug("a loader", &loader);
        match loader.load() {
            Ok(loaded) => printed.loaded(&loaded, case),
            Err(error) => printed.error(what, &error),
        }
    }
    if matches!(case.channel, Channel::File | Channel::SecondFile) {
        reload(&mut printed, folder, given, strict);
    }
    printed
}

/// A config that becomes the broken one while it is in force.
fn reload(printed: &mut Printed, folder: &Path, given: &Given, loader: Loader) {
    let [.., (name, bytes)] = &given.files[..] else {
        return;
    };
    std::fs::write(folder.join(name), "{}").unwrap();
    let reload = Reload::new(loader).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
    match reload.reload() {
        Ok(change) => printed.debug("a change", &change),
        Err(error) => printed.error("a reload", &error),
    }
    printed.debug("what reloads", &reload);
}

#[test]
fn a_secret_in_a_broken_config_is_in_no_output() {
    let schema = Schema::parse("app.json", OWN).unwrap();
    each(OWN, 1, |folder, case, given| {
        prints(&schema, folder, case, given).0
    });
}

/// A section that a program adds.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read through Debug")]
struct Vault {
    pin: carml_config::Secret,
    #[serde(default)]
    keys: Vec<carml_config::Secret>,
    #[serde(default)]
    by_name: std::collections::BTreeMap<String, carml_config::Secret>,
    #[serde(default)]
    url: String,
}

impl Section for Vault {
    const NAME: &'static str = "vault";
}

#[test]
fn a_secret_in_a_section_of_a_program_is_in_no_output() {
    let schema = Schema::base().unwrap().with_section::<Vault>().unwrap();
    let text = schema.bundled().to_string();
    each(&text, 3, |folder, case, given| {
        let mut printed = prints(&schema, folder, case, given);
        let loader = loader(&schema, folder, given).env(given.variables.clone());
        if let Ok(loaded) = loader.load() {
            match loaded.section::<Vault>() {
                Ok(vault) => printed.debug("the section", &vault),
                Err(error) => printed.error("the error of the section", &error),
            }
        }
        printed.0
    });
}

#[test]
fn a_secret_of_a_schema_that_is_not_of_carml_is_in_no_output() {
    let schema = Schema::parse("app.json", FOREIGN).unwrap();
    each(FOREIGN, 3, |folder, case, given| {
        let mut printed = Printed::default();
        let loader = loader(&schema, folder, given)
            .env(given.variables.clone())
            .verbatim();
        match loader.load() {
            Ok(loaded) => printed.loaded(&loaded, case),
            Err(error) => printed.error("validate", &error),
        }
        printed.0
    });
}
