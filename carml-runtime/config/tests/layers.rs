//! Layers of variables and `--set`: what they mean, and where their errors are shown.
#![allow(clippy::unwrap_used)]

use carml_config::{Config, Loaded, Loader, Schema};
use carml_diagnostic::{Format, Source};

const FILE: &str = "\
grpc:
  server:
    middleware:
      - recover
registry:
  timeout: 5s
";

fn loader(file: &str, vars: &[(&str, &str)], sets: &[&str]) -> Loader {
    let schema = Schema::base().unwrap();
    let loader = Loader::new(schema)
        .source(Source::new("carml.yml", file, Format::Yaml))
        .env(vars.iter().map(|&(name, value)| (name, value)));
    sets.iter().fold(loader, |loader, set| loader.set(*set))
}

fn load(file: &str, vars: &[(&str, &str)], sets: &[&str]) -> Loaded {
    let loaded = loader(file, vars, sets).load();
    loaded.unwrap_or_else(|error| panic!("{vars:?} {sets:?}:\n{error}"))
}

/// The report of what does not load.
fn refused(file: &str, vars: &[(&str, &str)], sets: &[&str]) -> String {
    match loader(file, vars, sets).load() {
        Ok(loaded) => panic!("{vars:?} {sets:?}: {}", loaded.value()),
        Err(error) => error.to_string(),
    }
}

/// The one line of a report that says where, and how many errors there are.
fn place(report: &str) -> (String, usize) {
    let places: Vec<&str> = report
        .lines()
        .filter_map(|l| l.trim().strip_prefix("--> "))
        .collect();
    let errors = report.matches("error[").count();
    (places.join(" "), errors)
}

#[test]
fn an_error_of_a_variable_or_flag_is_shown_there() {
    for (vars, sets, at) in [
        (
            vec![("CARML__REGISTY__TIMEOUT", "5s")],
            vec![],
            "$CARML__REGISTY__TIMEOUT:1:1",
        ),
        (
            vec![("CARML__REGISTRY__TIMEUT", "5s")],
            vec![],
            "$CARML__REGISTRY__TIMEUT:1:1",
        ),
        (
            vec![("CARML__REGISTRY__TIMEOUT", "5")],
            vec![],
            "$CARML__REGISTRY__TIMEOUT:1:1",
        ),
        (
            vec![("CARML__REGISTRY", "{timeut: 5s}")],
            vec![],
            "$CARML__REGISTRY:1:2",
        ),
        (
            vec![("CARML__GRPC__SERVER__MIDDLEWARE__0", "logging")],
            vec![],
            "$CARML__GRPC__SERVER__MIDDLEWARE__0:1:1",
        ),
        (
            vec![("CARML__GRPC__SERVER__MIDDLEWARE__FIRST", "logging")],
            vec![],
            "$CARML__GRPC__SERVER__MIDDLEWARE__FIRST:1:1",
        ),
        (
            vec![("CARML__REGISTRY__TIMEOUT__X", "5s")],
            vec![],
            "$CARML__REGISTRY__TIMEOUT__X:1:1",
        ),
        (
            vec![],
            vec!["grpc.server.middleware.0=logging"],
            "--set grpc.server.middleware.0:1:1",
        ),
        (
            vec![],
            vec!["grpc.server.middleware.x=logging"],
            "--set grpc.server.middleware.x:1:1",
        ),
        (
            vec![],
            vec!["registy.timeout=5s"],
            "--set registy.timeout:1:1",
        ),
        (
            vec![],
            vec!["registry.timeout=5"],
            "--set registry.timeout:1:1",
        ),
        (
            vec![],
            vec!["registry.timeout.x=5"],
            "--set registry.timeout.x:1:1",
        ),
    ] {
        let report = refused(FILE, &vars, &sets);
        assert_eq!(place(&report), (at.to_owned(), 1), "{report}");
    }
    let report = refused(FILE, &[("CARML__REGISTY__TIMEOUT", "5s")], &[]);
    assert!(report.contains("did you mean `registry`?"), "{report}");
    let report = refused(
        FILE,
        &[("CARML__GRPC__SERVER__MIDDLEWARE__0", "logging")],
        &[],
    );
    assert!(
        report.contains("CARML__GRPC__SERVER__MIDDLEWARE__0"),
        "{report}"
    );
    // An error of the file stays there.
    let report = refused(
        "registry:\n  timeut: 5s\n",
        &[("CARML__REGISTRY__PATH", "x")],
        &[],
    );
    assert_eq!(place(&report), ("carml.yml:2:3".to_owned(), 1), "{report}");
    let report = refused("registry: 5\n", &[], &["app.name=x"]);
    assert_eq!(place(&report), ("carml.yml:1:11".to_owned(), 1), "{report}");
}

#[test]
fn variables_and_flags_are_taken_literally() {
    for text in ["a${HOME}b", "p${x}q", "p${q", "$${HOME}", "${"] {
        let path = format!("registry.path={text}");
        let loaded = load(
            FILE,
            &[("CARML__REGISTRY__USERNAME", text), ("HOME", "/root")],
            &[&path],
        );
        assert_eq!(loaded.value()["registry"]["username"], text);
        assert_eq!(loaded.value()["registry"]["path"], text);
    }
    let loaded = load(
        "app:\n  name: ${N}\n",
        &[("N", "a${HOME}b"), ("HOME", "/root")],
        &[],
    );
    assert_eq!(loaded.value()["app"]["name"], "a${HOME}b");
}

#[test]
fn the_case_of_a_variables_name_is_ignored() {
    for name in [
        "CARML__REGISTRY__TIMEOUT",
        "carml__registry__timeout",
        "Carml__Registry__Timeout",
    ] {
        let loaded = load(FILE, &[(name, "9s")], &[]);
        assert_eq!(loaded.value()["registry"]["timeout"], "9s", "{name}");
        assert_eq!(
            loaded.origin("/registry/timeout").to_string(),
            format!("variable {name}")
        );
    }
    let both = [
        ("CARML__REGISTRY__TIMEOUT", "9s"),
        ("carml__registry__timeout", "8s"),
    ];
    let report = refused(FILE, &both, &[]);
    assert_eq!(
        place(&report),
        ("$carml__registry__timeout:1:1".to_owned(), 1),
        "{report}"
    );
    assert!(report.contains("`CARML__REGISTRY__TIMEOUT`"), "{report}");
    for name in ["CARML__", "CARML__REGISTRY__", "CARML____TIMEOUT"] {
        let report = refused(FILE, &[(name, "x")], &[]);
        assert_eq!(place(&report), (format!("${name}:1:1"), 1), "{report}");
    }
    // Other names are other programs'.
    load(
        FILE,
        &[("CARML_REGISTRY__TIMEOUT", "x"), ("CARML", "x"), ("é", "x")],
        &[],
    );
}

#[test]
fn an_empty_variable_counts_as_one_that_is_not_set() {
    let names = [
        "CARML__REGISTRY__TIMEOUT",
        "CARML__NOPE",
        "REGISTRY_ENDPOINTS",
        "TRACER_ENDPOINTS",
    ];
    let loaded = load(FILE, &names.map(|name| (name, "")), &[]);
    assert_eq!(loaded.value(), load(FILE, &[], &[]).value());
    let file = "registry:\n  provider: redb\n  endpoints: [a:1]\n";
    for text in ["", ",", " , "] {
        let loaded = load(file, &[("REGISTRY_ENDPOINTS", text)], &[]);
        assert_eq!(loaded.value()["registry"]["endpoints"][0], "a:1", "{text}");
    }
    let loaded = load(file, &[("REGISTRY_ENDPOINTS", " b:2,,c:3, ")], &[]);
    assert_eq!(
        loaded.value()["registry"]["endpoints"],
        serde_json::json!(["b:2", "c:3"])
    );
    // In quotes, and with `--set`, the empty string is a value.
    let loaded = load(
        FILE,
        &[("CARML__REGISTRY__USERNAME", "''")],
        &["registry.password="],
    );
    assert_eq!(loaded.value()["registry"]["username"], "");
    assert_eq!(loaded.value()["registry"]["password"], "");
}

#[test]
fn a_list_is_set_as_a_whole() {
    let all = "[logging, recover]";
    let loaded = load(FILE, &[("CARML__GRPC__SERVER__MIDDLEWARE", all)], &[]);
    assert_eq!(loaded.value()["grpc"]["server"]["middleware"][0], "logging");
    for (vars, sets) in [
        (vec![("CARML__GRPC__SERVER__MIDDLEWARE__0", "x")], vec![]),
        (vec![], vec!["grpc.server.middleware.12=x"]),
    ] {
        let report = refused(FILE, &vars, &sets);
        assert!(
            report.contains("`grpc.server.middleware` is a list"),
            "{report}"
        );
        let whole = [
            "`CARML__GRPC__SERVER__MIDDLEWARE=[…]`",
            "`--set grpc.server.middleware=[…]`",
        ];
        assert!(whole.iter().any(|whole| report.contains(whole)), "{report}");
    }
}

#[test]
fn whole_floats_are_integers_for_validation_and_types_alike() {
    for (text, value) in [("4.0", 4), ("1e1", 10), ("4", 4), ("16.", 16)] {
        let file = format!("download:\n  parallel: {text}\n");
        let loaded = load(&file, &[], &[]);
        let typed: Config = loaded.typed().unwrap();
        assert_eq!(
            typed.download.unwrap().parallel.to_string(),
            value.to_string(),
            "{text}"
        );
        assert_eq!(
            loaded.value()["download"]["parallel"].to_string(),
            value.to_string()
        );
    }
    let loaded = load("", &[("CARML__DOWNLOAD__PARALLEL", "4.0")], &[]);
    assert!(loaded.typed::<Config>().is_ok());
    let report = refused("download:\n  parallel: 4.5\n", &[], &[]);
    assert_eq!(place(&report), ("carml.yml:2:13".to_owned(), 1), "{report}");
    let schema = r#"{"properties": {
        "i": {"type": "integer"}, "n": {"type": "number"}, "l": {"items": {"type": ["integer", "null"]}},
        "o": {"additionalProperties": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}
    }}"#;
    let loader = Loader::new(Schema::parse("s.json", schema).unwrap());
    let text = "{i: 4.0, n: 4.0, l: [1e1, -0.0, ~, 1.8e19], o: {a/b: -3.0, c: x}, x: 1.0}";
    let loaded = loader
        .clone()
        .source(Source::new("f.yml", text, Format::Yaml))
        .load()
        .unwrap();
    assert_eq!(
        loaded.value().to_string(),
        r#"{"i":4,"n":4.0,"l":[10,0,null,18000000000000000000],"o":{"a/b":-3,"c":"x"},"x":1.0}"#
    );
    let source = Source::new("f.yml", "i: 1\no: {a/b: -1e19}\n", Format::Yaml);
    let report = loader.source(source).load().unwrap_err().to_string();
    assert_eq!(place(&report), ("f.yml:2:10".to_owned(), 1), "{report}");
}

#[test]
fn keys_with_dots_are_found() {
    let schema = r#"{
        "properties": {
            "a.b": {"type": "integer"},
            "c/d": {"type": "object", "properties": {"e": {"type": "string"}}, "additionalProperties": false}
        },
        "additionalProperties": false
    }"#;
    let schema = Schema::parse("s.json", schema).unwrap();
    let source = Source::new("i.yml", "a.b: 1\nc/d: {e: y}\n", Format::Yaml);
    let loader = Loader::new(schema).source(source);
    let loaded = loader.load().unwrap();
    for (key, first) in [
        ("a.b", "a.b: 1"),
        ("c/d.e", "c/d.e: y"),
        ("/a.b", "a.b: 1"),
        ("/c~1d/e", "c/d.e: y"),
    ] {
        let text = loaded.explain_key(key).unwrap();
        assert_eq!(text.lines().next(), Some(first));
    }
    let report = loaded.explain_key("c/d.f").unwrap_err().to_string();
    assert!(report.contains("`c/d.e`"), "{report}");
    let loaded = loader.set("a.b=2").load().unwrap();
    assert_eq!(loaded.value()["a.b"], 2);
}

#[test]
fn what_names_no_file_of_a_secret_is_refused_at_its_key() {
    for (value, says) in [
        (
            "5",
            "expected a string for `password_file`, found an integer",
        ),
        ("", "expected a string for `password_file`, found null"),
        ("[a]", "expected a string for `password_file`, found a list"),
        ("\"\"", "`password_file` must not be empty"),
    ] {
        let report = refused(&format!("registry:\n  password_file: {value}\n"), &[], &[]);
        assert!(report.contains(says), "{value}:\n{report}");
        let (place, errors) = place(&report);
        assert!(place.starts_with("carml.yml:2:"), "{report}");
        assert_eq!(errors, 1, "{report}");
    }
    let report = refused("", &[], &["registry.password_file="]);
    assert!(
        report.contains("`password_file` must not be empty"),
        "{report}"
    );
}

#[test]
fn a_secrets_file_need_not_exist_if_a_higher_layer_has_the_secret() {
    let file = "registry:\n  password_file: /nowhere/password\n";
    let secret = [("CARML__REGISTRY__PASSWORD", "from-a-variable")];
    assert_eq!(
        load(file, &secret, &[]).value()["registry"]["password"],
        "from-a-variable"
    );
    let set = ["registry.password=from-a-flag"];
    assert_eq!(
        load(file, &[], &set).value()["registry"]["password"],
        "from-a-flag"
    );

    let error = refused(file, &[], &["registry.bucket=x"]);
    assert!(error.contains("carml.yml:2:"), "{error}");
    // The file of the layer that wins has to exist.
    let low = [("CARML__REGISTRY__PASSWORD", "from-a-variable")];
    let high = ["registry.password_file=/nowhere/password"];
    let error = refused("", &low, &high);
    assert!(error.contains("cannot be read"), "{error}");
}

#[derive(Debug, serde::Deserialize)]
struct Narrow {
    #[allow(dead_code)]
    registry: Registry,
    #[allow(dead_code)]
    grpc: Grpc,
}

#[derive(Debug, serde::Deserialize)]
struct Registry {
    #[allow(dead_code)]
    timeout: String,
}

#[derive(Debug, serde::Deserialize)]
struct Grpc {
    #[allow(dead_code)]
    server: Server,
}

#[derive(Debug, serde::Deserialize)]
struct Server {
    #[allow(dead_code)]
    middleware: Vec<Recover>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Recover {
    Recover,
}

#[test]
fn what_a_type_refuses_is_shown_at_its_place() {
    let file = "\
grpc:
  server:
    middleware:
      - recover
      - tracing
registry:
  timeout: 5s
";
    let error = load(file, &[], &[]).typed::<Narrow>().unwrap_err();
    assert_eq!(place(&error.to_string()), ("carml.yml:5:9".to_owned(), 1));
}
