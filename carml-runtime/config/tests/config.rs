//! Loading as a library: layers, secrets in files, strictness, sections, reload.
#![allow(clippy::unwrap_used)]

use carml_config::{Config, Error, Loaded, Loader, Reload, Remote, Schema, Section, chain::Side};
use carml_diagnostic::{Diagnostic, Format, Kind, RawReport, Source, Unreadable};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::{Arc, Mutex};

fn source(text: &str) -> Source {
    Source::new("carml.yml", text, Format::Yaml)
}

fn loader(text: &str) -> Loader {
    Loader::new(Schema::base().unwrap()).source(source(text))
}

fn vars(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn codes(error: &Error) -> Vec<&str> {
    error
        .report()
        .findings()
        .iter()
        .map(|f| f.code.as_str())
        .collect()
}

fn origin(loaded: &Loaded, pointer: &str) -> String {
    loaded.origin(pointer).to_string()
}

#[test]
fn later_layers_win_and_defaults_come_first() {
    let loaded = loader("registry:\n  timeout: 1s\n  bucket: file\n")
        .env(vars(&[
            ("CARML__REGISTRY__TIMEOUT", "2s"),
            ("CARML__REGISTRY__PASSWORD", "123456"),
            ("REGISTRY_ENDPOINTS", "a:1,b:2"),
            ("CARML__REGISTRY__ENDPOINTS", "[c:3]"),
        ]))
        .set("registry.timeout=3s")
        .load()
        .unwrap();
    let at = |pointer: &str| loaded.value().pointer(pointer).unwrap().clone();
    assert_eq!(at("/registry/timeout"), "3s");
    assert_eq!(
        origin(&loaded, "/registry/timeout"),
        "--set registry.timeout"
    );
    assert_eq!(
        at("/registry/password"),
        "123456",
        "a secret is a text, whatever it looks like"
    );
    assert_eq!(
        at("/registry/endpoints/0"),
        "c:3",
        "`CARML__` wins over `REGISTRY_ENDPOINTS`"
    );
    assert_eq!(
        origin(&loaded, "/registry/endpoints"),
        "variable CARML__REGISTRY__ENDPOINTS"
    );
    assert_eq!(origin(&loaded, "/registry/bucket"), "carml.yml:3:11");
    assert_eq!(at("/registry/path"), "carml.redb");
    assert_eq!(origin(&loaded, "/registry/path"), "schema default");
    assert_eq!(origin(&loaded, "/store"), "not set");
    assert_eq!(
        loaded.typed::<Config>().unwrap().registry.unwrap().path,
        "carml.redb"
    );
}

#[test]
fn a_secret_can_be_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let held = folder.path().join("password");
    std::fs::write(&held, "hunter2\n").unwrap();
    let text = format!("registry:\n  password_file: {}\n", held.display());
    let loaded = loader(&text).load().unwrap();
    assert_eq!(
        loaded.value().pointer("/registry/password").unwrap(),
        "hunter2"
    );
    assert_eq!(origin(&loaded, "/registry/password"), "carml.yml:2:18");
    assert!(!loaded.explain().contains("hunter2"));

    let set = loader(&text).set("registry.password=other").load().unwrap();
    assert_eq!(set.value().pointer("/registry/password").unwrap(), "other");

    std::fs::remove_file(&held).unwrap();
    // redb has no password.
    let expected = ["unused-key", "secret-file"];
    assert_eq!(codes(&loader(&text).load().unwrap_err()), expected);
    let lenient = loader(&text).placeholders_as_warnings().load().unwrap();
    let warnings = lenient.warnings().findings().iter();
    let codes: Vec<_> = warnings.map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, expected);
}

#[test]
fn no_key_is_missed_that_may_be_in_an_unreadable_part_or_has_no_value_yet() {
    for (text, code) in [
        (
            "registry:\n  provider: etcd\n  timeout: 5s\n  path: [\n",
            "syntax",
        ),
        (
            "registry:\n  provider: etcd\n  endpoints: ${NO_SERVERS}\n",
            "unset-variable",
        ),
    ] {
        let error = loader(text).load().unwrap_err();
        let report = codes(&error);
        assert!(report.contains(&code), "{text}: {report:?}");
        assert!(!report.contains(&"pair"), "{text}: {report:?}");
    }
    let error = loader("registry: {provider: etcd}\n").load().unwrap_err();
    let found = codes(&error);
    assert!(found.contains(&"pair"), "{found:?}");
}

#[test]
fn what_may_be_a_placeholder_warns_or_refuses() {
    let text = "registry:\n  provider: zookeeper\n  endpoints: [zk]\n  certificate: XXX\n";
    let lenient = loader(text).placeholders_as_warnings().load().unwrap();
    let warned: Vec<_> = lenient
        .warnings()
        .findings()
        .iter()
        .map(|f| f.code.as_str())
        .collect();
    let expected: &[&str] = match cfg!(feature = "zookeeper") {
        true => &["material"],
        false => &["not-built", "material"],
    };
    assert_eq!(warned, expected);
    assert_eq!(codes(&loader(text).load().unwrap_err()), expected);

    let require = |loader: Loader| loader.require("lock:cluster".parse().unwrap());
    let redb = "registry:\n  provider: redb\n";
    assert_eq!(
        codes(&require(loader(redb)).load().unwrap_err()),
        ["capability"]
    );
    assert_eq!(
        codes(
            &require(loader(redb).placeholders_as_warnings())
                .load()
                .unwrap_err()
        ),
        ["capability"]
    );
    // Another file may name the provider.
    let unnamed = require(loader("registry:\n  bucket: a\n").placeholders_as_warnings());
    assert_eq!(unnamed.load().unwrap().warnings().warnings(), 1);
    assert!(
        loader(redb)
            .require("lock:process".parse().unwrap())
            .load()
            .is_ok()
    );
}

#[test]
fn no_error_hides_the_others_of_a_file() {
    for (text, wanted) in [
        (
            "registry:\n  bucket: ${UNSET}\n  timeout: 5\nhealht: {}\n",
            vec!["unset-variable", "type", "unknown-key"],
        ),
        (
            "registry:\n  timeout: 5\n  timeout: 6s\n  provder: redb\n",
            vec!["duplicate-key", "unknown-key"],
        ),
        ("registry:\n\tprovder: redb\n", vec!["tab", "unknown-key"]),
        (
            "registry:\n  provder: redb\n  bucket: \"a\n",
            vec!["unknown-key", "syntax"],
        ),
        (
            "tracer:\n  sample_ratio: .inf\n  enabled: 1\n",
            vec!["not-finite", "type"],
        ),
    ] {
        assert_eq!(codes(&loader(text).load().unwrap_err()), wanted, "{text}");
    }
}

#[test]
fn an_unreadable_file_and_an_invalid_one_are_different_errors() {
    let missing = Loader::new(Schema::base().unwrap())
        .file("/nowhere/carml.yml")
        .load();
    assert!(matches!(missing, Err(Error::Unreadable(_))));
    assert!(matches!(loader("a: 1\n").load(), Err(Error::Invalid(_))));
}

#[test]
fn the_effective_config_is_yaml_that_says_the_same() {
    let schema = Schema::parse("any.json", "{}").unwrap();
    let text = "list:\n  - a: 1\n    b: [1, [2, 3], {x: y}]\n  - {q: [{z: 1}, {}], r: []}\n  - [[1], []]\n\
                text: |\n  two\n  lines\n'odd: key': 'yes'\nn: ~\nf: 1.5\n'1': '01'\nt: ['# no', 'a: b', '- x', '']\n";
    let loaded = Loader::new(schema)
        .verbatim()
        .source(source(text))
        .load()
        .unwrap();
    let again = source(&loaded.explain()).read().unwrap();
    assert_eq!(&again, loaded.value(), "{}", loaded.explain());
}

/// How the shop greets.
#[derive(Debug, Deserialize, JsonSchema)]
struct Greeter {
    /// What is said.
    #[serde(default = "hello")]
    greeting: String,
    /// How often.
    #[serde(default)]
    times: u8,
}

fn hello() -> String {
    "Hello".to_owned()
}

impl Section for Greeter {
    const NAME: &'static str = "greeter";
}

#[test]
fn a_section_from_a_rust_type_joins_schema_docs_explain_and_checks() {
    let schema = Schema::base().unwrap().with_section::<Greeter>().unwrap();
    let load = |text: &str| Loader::new(schema.clone()).source(source(text)).load();

    let loaded = load("greeter:\n  times: 3\n").unwrap();
    let greeter: Greeter = loaded.section().unwrap();
    assert_eq!((greeter.greeting.as_str(), greeter.times), ("Hello", 3));
    assert_eq!(origin(&loaded, "/greeter/times"), "carml.yml:2:10");
    assert_eq!(origin(&loaded, "/greeter/greeting"), "schema default");
    let about = loaded.explain_key("greeter.greeting").unwrap();
    assert!(
        about.contains("What is said.") && about.contains("Hello"),
        "{about}"
    );

    let absent = load("{}").unwrap();
    assert_eq!(absent.section::<Greeter>().unwrap().greeting, "Hello");
    assert!(absent.explain().contains("greeting: Hello"));

    assert!(
        schema
            .markdown()
            .contains("| `greeting` | string | `Hello` | What is said. |")
    );
    assert!(schema.bundled().to_string().contains("What is said."));
    let wrong = load("greeter:\n  tims: 3\n  greeting: 5\n").unwrap_err();
    assert!(codes(&wrong).contains(&"type"), "{wrong}");
}

#[derive(Debug, Deserialize)]
struct Odd {
    #[allow(dead_code)]
    registry: Pin,
}

#[derive(Debug, Deserialize)]
struct Pin {
    #[allow(dead_code)]
    password: u32,
}

#[test]
fn no_error_and_no_debug_shows_a_secret() {
    let loader = loader("registry:\n  password: hunter2\n").set("registry.bucket=x");
    let loaded = loader.load().unwrap();
    let error = loaded.typed::<Odd>().unwrap_err();
    let report = loaded.error_at(
        "/registry/password",
        "hunter2 is too weak",
        ["not `hunter2`"],
    );
    let typed: Config = loaded.typed().unwrap();
    for text in [
        format!("{error} {error:?}"),
        format!("{report} {report:?} {} {}", report.json(), report.github()),
        format!(
            "{loaded:?} {loader:?} {typed:?} {:?}",
            Reload::new(loader.clone())
        ),
    ] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn debug_shows_no_credentials_of_addresses_in_any_text() {
    let url = "postgres://shop:hunter2@db/main";
    let text = format!(
        "app: {{name: '{url}'}}\nregistry:\n  path: '{url}'\n  \
         discovery: {{metadata: {{database: '{url}'}}}}\n"
    );
    let typed: Config = loader(&text).load().unwrap().typed().unwrap();
    for shown in [format!("{typed:?}"), format!("{typed:#?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(
            shown.matches("postgres://******@db/main").count(),
            3,
            "{shown}"
        );
    }
}

/// A service of others.
#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Payments {
    /// The key of the account.
    api_key: String,
    /// How long an `api_key` is used.
    api_key_days: u8,
}

impl Section for Payments {
    const NAME: &'static str = "payments";
}

#[test]
fn a_text_under_the_name_of_a_secret_is_not_shown_although_nothing_marks_it() {
    let schema = Schema::base().unwrap().with_section::<Payments>().unwrap();
    let yaml = "payments: {api_key: hunter2, api_key_days: 30}\n";
    let loaded = Loader::new(schema).source(source(yaml)).load().unwrap();
    let all = loaded.explain();
    for text in [
        &all,
        &loaded.explain_key("payments.api_key").unwrap(),
        &loaded.explain_key("payments").unwrap(),
    ] {
        assert!(text.contains("api_key"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(all.contains("api_key_days: 30"), "{all}");
}

/// The options of a middleware.
#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Door {
    /// Whoever sends this may enter.
    word: carml_config::Secret,
}

#[test]
fn the_secret_options_of_a_middleware_are_never_shown() {
    let schema = Schema::base()
        .unwrap()
        .with_middleware::<Door>(Side::Server, "door")
        .unwrap();
    let yaml = "grpc:\n  server:\n    middleware: [logging, door: {word: hunter2}]\n";
    let loaded = Loader::new(schema).source(source(yaml)).load().unwrap();
    let plan = loaded.chain(Side::Server).unwrap();
    assert_eq!(
        plan.to_string(),
        "logging > door > max_message_size(receive 4mib)"
    );
    for text in [
        format!("{plan:?} {loaded:?}"),
        loaded.explain_chain().unwrap(),
        loaded.explain_key("grpc.server.middleware").unwrap(),
        loaded.explain(),
    ] {
        assert!(text.contains("door") || text.contains("Loaded"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

struct Key(Mutex<String>);

impl Remote for Key {
    fn read(&self) -> Result<Source, RawReport> {
        match self.0.lock().unwrap().as_str() {
            "" => Err(Diagnostic::new(Kind::Unreadable {
                file: "etcd://store/config".to_owned(),
                reason: Unreadable::NotFound,
            })
            .into()),
            text => Ok(Source::new("etcd://store/config", text, Format::Yaml)),
        }
    }
}

#[test]
fn a_reload_swaps_a_valid_config_in_whole_and_keeps_the_old_one_otherwise() {
    let key = Arc::new(Key(Mutex::new("registry:\n  timeout: 2s\n".to_owned())));
    let set = |text: &str| text.clone_into(&mut key.0.lock().unwrap());
    let schema = Schema::base().unwrap().with_section::<Greeter>().unwrap();
    let loader = Loader::new(schema)
        .source(source("registry:\n  timeout: 1s\n"))
        .remote(key.clone());
    let reload = Reload::new(loader).unwrap();
    let first = reload.current();
    assert_eq!(
        origin(&first, "/registry/timeout"),
        "etcd://store/config:2:12"
    );
    assert!(reload.reload().unwrap().keys.is_empty());

    set("registry:\n  timeout: 3s\ngreeter:\n  times: 2\n");
    let change = reload.reload().unwrap();
    assert_eq!(change.keys, ["/registry/timeout", "/greeter/times"]);
    assert_eq!(change.at_next_start, ["/registry/timeout"]);

    for broken in ["registry:\n  timeout: 5\n", ""] {
        set(broken);
        assert!(reload.reload().is_err());
        let now = reload.current();
        assert_eq!(now.value().pointer("/registry/timeout").unwrap(), "3s");
    }
    assert_eq!(first.value().pointer("/registry/timeout").unwrap(), "2s");
}

#[tokio::test]
async fn a_changed_file_is_followed_and_a_broken_one_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    // At once: a file must not be seen half written.
    let write = |text: &str| {
        let next = folder.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(&next, &file).unwrap();
    };
    write("app:\n  name: one\n");
    let reload = Reload::new(Loader::new(Schema::base().unwrap()).file(&file)).unwrap();
    let reload = Arc::new(reload);
    let (send, mut changes) = tokio::sync::mpsc::unbounded_channel();
    let every = std::time::Duration::from_millis(5);
    let following = tokio::spawn(Arc::clone(&reload).follow(every, move |outcome| {
        let _ = send.send(outcome.map_err(|e| e.report().errors()));
    }));
    write("app:\n  nam: two\n");
    assert_eq!(changes.recv().await.unwrap(), Err(1));
    assert_eq!(
        reload.current().value().pointer("/app/name").unwrap(),
        "one"
    );
    write("app:\n  name: two\n");
    let change = changes.recv().await.unwrap().unwrap();
    assert_eq!(change.keys, ["/app/name"]);
    following.abort();
}

#[test]
fn a_variable_that_is_the_whole_value_may_give_a_number() {
    let text = "download:\n  parallel: ${N}\ntracer:\n  enabled: ${ON:-true}\n  endpoints: [h]\nregistry:\n  bucket: ${N}\n";
    let env = vars(&[("N", "4")]);
    let loaded = loader(text)
        .placeholders_as_warnings()
        .env(env.clone())
        .load()
        .unwrap();
    let at = |pointer: &str| loaded.value().pointer(pointer).unwrap().clone();
    assert_eq!(at("/download/parallel"), 4);
    assert_eq!(at("/tracer/enabled"), true);
    assert_eq!(at("/registry/bucket"), "4", "only a text fits");
    for text in ["'${N}'", "\"${N}\"", "${N}${N}", "x${N}"] {
        let text = format!("download:\n  parallel: {text}\n");
        let error = loader(&text).env(env.clone()).load().unwrap_err();
        assert_eq!(codes(&error), ["type"], "{text}");
    }
}

#[test]
fn a_variable_that_is_not_set_hides_no_other_error() {
    let text = "\
registry:
  provider: ${PROVIDER}
  timout: 5s
  endpoints: [\"${HOST}:1\", a b]
grpc:
  server:
    middleware: [\"${FIRST}\", loging]
logger: ${LOGGER}
helth: {}
";
    let error = loader(text).load().unwrap_err();
    let mut found = codes(&error);
    found.sort_unstable();
    let wanted = [
        "format",
        "unknown-key",
        "unknown-key",
        "unset-variable",
        "unset-variable",
        "unset-variable",
        "unset-variable",
        "value",
    ];
    assert_eq!(found, wanted, "{error}");
}

#[test]
fn a_merged_key_knows_where_it_is_written() {
    let text = "\
logger:
  elastic_search: &shared
    endpoints: [http://es:9200]
tracer:
  <<: *shared
";
    let loaded = loader(text).load().unwrap();
    assert_eq!(
        loaded.value().pointer("/tracer/endpoints/0").unwrap(),
        "http://es:9200"
    );
    assert_eq!(origin(&loaded, "/tracer/endpoints"), "carml.yml:3:16");
}

#[test]
fn what_the_type_of_a_duration_or_size_refuses_is_refused_at_its_line() {
    for (text, place) in [
        ("registry: { timeout: 1s1m }", "1:22"),
        (
            "grpc: { server: { keepalive: { interval: 99999999999999999999s } } }",
            "1:42",
        ),
        ("grpc: { server: { middleware: [timeout: 0s] } }", "1:41"),
        ("grpc: { server: { middleware: [timeout: 1s1m] } }", "1:41"),
        (
            "grpc: { server: { middleware: [max_message_size: 0 KiB] } }",
            "1:50",
        ),
        (
            "grpc: { client: { middleware: [max_message_size: 99999999tib] } }",
            "1:50",
        ),
    ] {
        for loader in [loader(text), loader(text).placeholders_as_warnings()] {
            let error = loader.load().unwrap_err();
            assert_eq!(error.report().errors(), 1, "{error}");
            assert!(
                error.to_string().contains(&format!("carml.yml:{place}")),
                "{text}: {error}"
            );
        }
    }
}
