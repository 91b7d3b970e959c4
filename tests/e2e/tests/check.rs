//! `--check`: what can be made of a config without serving is made.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use carml_runtime::{App, AppError, ConfigSection};
use carml_test_e2e::{Parrot, config::AppConfig};
use schemars::JsonSchema;
use serde::Deserialize;

/// Options of a middleware of the app.
#[derive(Deserialize, JsonSchema)]
struct Guard {
    word: String,
}

/// A section without defaults.
#[derive(Debug, Deserialize, JsonSchema, ConfigSection)]
#[carml(section = "limits")]
struct Limits {
    per_hour: u32,
}

/// Both modes fail in the same way: before anything listens.
async fn failures(app: impl Fn() -> App<AppConfig>) -> [String; 2] {
    let check = app().args(["--check"]).serve().await.unwrap_err();
    let start = app().serve().await.unwrap_err();
    [check.to_string(), start.to_string()]
}

#[tokio::test]
async fn errors_of_factories_name_the_item_and_the_service_and_come_all_at_once() {
    let app = || {
        let yaml = "grpc:\n  server:\n    listen: 127.0.0.1:0\n    middleware:\n      - recover\n      - guard: { word: '' }\nlimits:\n  per_hour: 7\n";
        App::<AppConfig>::new()
            .config_text("carml.yml", yaml)
            .section::<Limits>()
            .middleware("guard", |_, guard: Guard| {
                if guard.word.is_empty() {
                    return Err("the word must not be empty".into());
                }
                Ok(tower::layer::util::Identity::new())
            })
            .service(|context| {
                let limits: Limits = context.section()?;
                if limits.per_hour % 2 == 1 {
                    return Err(context.error_at("/limits/per_hour", "the limit must be even"));
                }
                Ok(Parrot)
            })
            .service(|_| Err::<Parrot, _>(AppError::msg("no feathers")))
    };
    for report in failures(app).await {
        for expected in [
            "the middleware `guard` cannot be created: the word must not be empty",
            "carml.yml:6:9",
            "the limit must be even",
            "carml.yml:8:13",
            "the service `carml.test.v1.Echo` cannot be created: no feathers",
        ] {
            assert!(report.contains(expected), "missing {expected} in\n{report}");
        }
    }
}

#[tokio::test]
async fn a_check_makes_what_it_can_and_opens_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let yaml = format!("registry: {{ provider: redb, path: {} }}\n", path.display());
    let made = Arc::new(AtomicUsize::new(0));
    let (first, second) = (Arc::clone(&made), Arc::clone(&made));
    let app = App::<AppConfig>::new()
        .config_text("carml.yml", &yaml)
        .args(["--check"])
        .service(move |context| {
            assert!(context.is_check());
            first.fetch_add(1, Ordering::Relaxed);
            Ok(Parrot)
        })
        .service(move |context| {
            second.fetch_add(1, Ordering::Relaxed);
            context.kv()?;
            unreachable!("the store is not open");
            #[allow(unreachable_code)]
            Ok(Parrot)
        });
    app.serve().await.unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 2);
    assert!(!path.exists(), "a check leaves no file");
}

#[tokio::test]
async fn a_service_that_needs_a_store_is_refused_without_one() {
    let app = || {
        App::<AppConfig>::new()
            .config_text("carml.yml", "grpc: { server: { listen: 127.0.0.1:0 } }\n")
            .service(|context| context.kv().map(|_| Parrot))
    };
    for report in failures(app).await {
        assert!(report.contains("no section `registry`"), "{report}");
        assert!(!report.starts_with("error"), "{report}");
    }
}

#[tokio::test]
async fn an_absent_required_section_is_reported_as_missing() {
    let app = || {
        App::<AppConfig>::new()
            .config_text("carml.yml", "echo: { prefix: a }\n")
            .section::<Limits>()
            .service(|_| Ok(Parrot))
    };
    for report in failures(app).await {
        for expected in [
            "required section `limits` is missing",
            "per_hour",
            "add `limits:`",
        ] {
            assert!(report.contains(expected), "missing {expected} in\n{report}");
        }
        assert!(!report.contains("does not fit"), "{report}");
    }
}
