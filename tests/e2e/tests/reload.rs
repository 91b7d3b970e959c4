//! The config is read again while the service runs.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, pin::pin, time::Duration};

use carml_runtime::{App, ConfigReload, ConfigSection, config, testing};
use carml_test_e2e::{Parrot, config::AppConfig};
use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::Deserialize;

/// A section of the app.
#[derive(Debug, Deserialize, JsonSchema, ConfigSection)]
#[carml(section = "limits")]
struct Limits {
    per_hour: u32,
}

/// Options of a middleware of the app.
#[derive(Debug, Deserialize, JsonSchema)]
struct Quota {
    #[allow(dead_code)]
    calls: u32,
}

const INTERVAL: Duration = Duration::from_millis(20);

fn yaml(per_hour: u32, calls: u32) -> String {
    format!(
        "grpc:\n  server:\n    middleware: [recover, quota: {{ calls: {calls} }}]\n\
         limits:\n  per_hour: {per_hour}\necho:\n  prefix: p{per_hour}\n"
    )
}

/// Replaces the file at once: a reload never sees half of it.
fn write(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, file).unwrap();
}

/// A running service whose config is a file, and its reload handle.
async fn start(file: &Path) -> (testing::Server, ConfigReload<AppConfig>) {
    let (sender, mut receiver) = tokio::sync::oneshot::channel();
    let app = App::<AppConfig>::new()
        .config_file(file)
        .section::<Limits>()
        .middleware("quota", |_, _: Quota| {
            Ok(tower::layer::util::Identity::new())
        })
        .service(move |context| {
            let _ = sender.send(context.reload().clone());
            Ok(Parrot)
        });
    let server = testing::start(app).await.unwrap();
    (server, receiver.try_recv().unwrap())
}

#[tokio::test]
async fn a_changed_file_that_lists_the_apps_middleware_and_section_is_put_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    write(&file, &yaml(10, 1));
    let (server, reload) = start(&file).await;
    assert_eq!(reload.section::<Limits>().unwrap().per_hour, 10);
    assert!(reload.reload().await.unwrap().keys.is_empty());

    let mut changes = pin!(reload.changes(INTERVAL));
    write(&file, &yaml(20, 2));
    let change = changes.next().await.unwrap().unwrap();
    assert!(
        change.keys.contains(&"/limits/per_hour".to_owned()),
        "{change:?}"
    );
    assert!(
        change
            .at_next_start
            .iter()
            .all(|key| key.starts_with("/grpc/server/middleware")),
        "{change:?}"
    );
    assert!(!change.at_next_start.is_empty(), "{change:?}");
    assert_eq!(reload.section::<Limits>().unwrap().per_hour, 20);
    assert_eq!(reload.config().unwrap().echo.prefix, "p20");

    server.stop().await.unwrap();
    assert!(changes.next().await.is_none(), "a drain ends the stream");
}

#[tokio::test]
async fn an_invalid_file_is_reported_once_and_the_old_config_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    write(&file, &yaml(10, 1));
    let (_server, reload) = start(&file).await;
    let mut changes = pin!(reload.changes(INTERVAL));
    for (text, place) in [
        (
            yaml(10, 1).replace("per_hour: 10", "per_hour: ten"),
            ":5:13",
        ),
        (yaml(10, 1).replace("calls: 1", "cals: 1"), ":3:36"),
        (yaml(10, 1).replace("recover", "recovr"), ":3:18"),
        // Valid by the schema: only the rules on the whole config find it.
        (
            format!("{}tracer: {{ enabled: true }}\n", yaml(10, 1)),
            ":8:20",
        ),
    ] {
        write(&file, &text);
        let error = changes.next().await.unwrap().unwrap_err().to_string();
        assert!(error.contains(place), "missing {place} in\n{error}");
        assert_eq!(reload.section::<Limits>().unwrap().per_hour, 10);
        assert_eq!(reload.current().value()["echo"]["prefix"], "p10");
    }
    let again = tokio::time::timeout(INTERVAL * 5, changes.next()).await;
    assert!(again.is_err(), "the same reason is not reported again");
}

#[tokio::test]
async fn a_section_that_the_app_does_not_have_is_refused() {
    #[derive(Debug, Deserialize, JsonSchema, ConfigSection)]
    #[carml(section = "other")]
    struct Other {}

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carml.yml");
    write(&file, &yaml(10, 1));
    let (_server, reload) = start(&file).await;
    let error = reload.section::<Other>().unwrap_err().to_string();
    assert!(error.contains("`other`"), "{error}");
    let timeout: config::Duration = Duration::from_secs(1).into();
    assert_eq!(Duration::from(timeout), Duration::from_secs(1));
}
