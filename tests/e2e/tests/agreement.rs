//! `carml validate`, `carml check` and the start give one verdict on a middleware list.
//! `CARML_AGREEMENT` sets how many lists are tried.
#![allow(clippy::unwrap_used, missing_docs)]

use std::cell::Cell;

use carml_diagnostic::{Format, Source};
use carml_runtime::{
    App,
    config::{Loader, Schema, chain},
    testing,
};
use carml_test_e2e::{Parrot, config::AppConfig};
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The options of a custom middleware.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
struct Guard {
    /// The word.
    #[schemars(length(min = 4))]
    #[allow(dead_code)]
    word: String,
}

fn app(config: &str) -> App<AppConfig> {
    App::<AppConfig>::new()
        .config_text("carml.yml", config)
        .middleware("guard", |_, _: Guard| {
            Ok(tower::layer::util::Identity::new())
        })
        .middleware("plain", |_, (): ()| Ok(tower::layer::util::Identity::new()))
        .service(|_| Ok(Parrot))
}

fn schema() -> Schema {
    Schema::of::<AppConfig>()
        .and_then(|schema| schema.with_middleware::<Guard>(chain::Side::Server, "guard"))
        .and_then(|schema| schema.with_middleware::<()>(chain::Side::Server, "plain"))
        .unwrap()
}

/// A name alone, or with options: those that fit, those that do not, and those of other types.
fn item() -> impl Strategy<Value = Value> {
    let built_in = chain::MIDDLEWARES.iter().map(|facts| facts.name);
    let others = ["guard", "plain", "recovr", "circuit_breaker", ""];
    let names: Vec<&str> = built_in.chain(others).collect();
    let options = [
        json!("5s"),
        json!("1m30s"),
        json!("0s"),
        json!("0h0m"),
        json!("1s1m"),
        json!("99999999999999999999s"),
        json!("5"),
        json!("-1s"),
        json!("4mb"),
        json!("64 KiB"),
        json!("64  KiB"),
        json!("5 s"),
        json!("5  s"),
        json!("1m 30s"),
        json!("0b"),
        json!("0 KiB"),
        json!("18446744073709551615tib"),
        json!(5),
        json!(0),
        json!(4.5),
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!({ "word": "sesame" }),
        json!({ "word": "abc" }),
        json!({ "wrod": "sesame" }),
        json!({ "max": 8 }),
        json!({ "max": 8.0 }),
        json!({ "max": 0 }),
        json!({ "max": 4_294_967_296_u64 }),
        json!({ "max": 8, "methods": {} }),
        json!({ "max": 8, "methods": [] }),
    ];
    let alone = select(names.clone()).prop_map(Value::from);
    let with_options = (select(names), select(options.to_vec()))
        .prop_map(|(name, options)| json!({ name: options }));
    let good = select(vec![
        json!("recover"),
        json!("logging"),
        json!("tracing"),
        json!({ "logging": { "metadata": ["x-request-id"] } }),
        json!("metrics"),
        json!({ "metrics": { "exclude": [] } }),
        json!("load_shed"),
        json!({ "compression": { "send": "zstd", "min_size": "1kb" } }),
        json!({ "auth": { "bearer": ["sesame"] } }),
        json!({ "timeout": "5s" }),
        json!({ "max_message_size": "4mb" }),
        json!({ "concurrency_limit": { "max": 8 } }),
        json!({ "rate_limit": { "rate": "100/s", "burst": 10, "key": "peer" } }),
        json!({ "guard": { "word": "sesame" } }),
        json!("plain"),
    ]);
    let other = select(vec![
        json!(null),
        json!(1),
        json!({}),
        json!(["recover"]),
        json!({ "recover": null, "logging": null }),
    ]);
    prop_oneof![10 => good, 3 => alone, 4 => with_options, 1 => other]
}

#[test]
fn validate_check_and_start_agree_on_every_list() {
    let schema = schema();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let valid = Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: match std::env::var("CARML_AGREEMENT") {
            Ok(cases) => cases.parse().unwrap(),
            Err(_) => 150,
        },
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let lists = prop::collection::vec(item(), 0..5);
    let agreed = runner.run(&lists, |list| {
        let config = json!({
            "grpc": { "server": { "listen": "127.0.0.1:0", "middleware": list } },
        })
        .to_string();
        let loader =
            Loader::new(schema.clone()).source(Source::new("carml.yml", &config, Format::Yaml));
        let validate = loader.clone().placeholders_as_warnings().load();
        let check = loader.load();
        let start = runtime.block_on(testing::start(app(&config)));

        prop_assert_eq!(validate.is_ok(), check.is_ok(), "check: {:?}", check);
        prop_assert_eq!(check.is_ok(), start.is_ok(), "start: {:?}", start.err());
        match (&check, &start) {
            // The same text, at the same place.
            (Err(check), Err(start)) => prop_assert_eq!(check.to_string(), start.to_string()),
            (Ok(loaded), Ok(_)) => {
                let explained = loaded.explain_chain().unwrap();
                let is_custom = |name: &str| ["guard", "plain"].contains(&name);
                let plan = chain::plan(chain::Side::Server, &list, is_custom).unwrap();
                for (n, step) in plan.steps().iter().enumerate() {
                    let line = format!("\n  {}. {}", n + 1, step.name());
                    prop_assert!(explained.contains(&line), "{line}: {explained}");
                }
            }
            _ => {}
        }
        valid.set(valid.get() + usize::from(check.is_ok()));
        Ok(())
    });
    agreed.unwrap();
    assert!(valid.get() > 15, "only {} lists were valid", valid.get());
}
