//! A section that a struct describes is checked and read like the built-in ones.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use carml_runtime::{
    App, AppError, ConfigSection,
    config::{self, Schema},
    testing,
};
use carml_test_e2e::{Parrot, config::AppConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits per guest.
#[derive(Debug, Deserialize, JsonSchema, ConfigSection)]
#[carml(section = "limits")]
struct Limits {
    /// Signatures per hour.
    #[serde(default = "ten")]
    #[schemars(range(min = 1))]
    per_hour: u32,
    /// How long a guest waits.
    #[serde(default = "second")]
    pause: config::Duration,
    /// Guests without limits.
    #[serde(default)]
    trusted: Vec<Trusted>,
}

/// A guest without limits.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Trusted {
    name: String,
    #[serde(default)]
    token: Option<config::Secret>,
}

fn ten() -> u32 {
    10
}

fn second() -> config::Duration {
    config::Duration::new(Duration::from_secs(1))
}

/// The section, as a service reads it.
async fn read(yaml: &str) -> Result<Limits, AppError> {
    let (sender, mut receiver) = tokio::sync::oneshot::channel();
    let app = App::<AppConfig>::new()
        .config_text("carml.yml", yaml)
        .section::<Limits>()
        .service(move |context| {
            let _ = sender.send(context.section::<Limits>()?);
            Ok(Parrot)
        });
    testing::start(app).await?.stop().await?;
    Ok(receiver.try_recv().unwrap())
}

#[tokio::test]
async fn values_are_read_and_defaults_filled_in() {
    let limits =
        read("limits:\n  pause: 250ms\n  trusted:\n    - name: Ada\n      token: sesame\n");
    let limits = limits.await.unwrap();
    assert_eq!(limits.per_hour, 10);
    assert_eq!(limits.pause.get(), Duration::from_millis(250));
    assert_eq!(limits.trusted[0].name, "Ada");
    assert_eq!(limits.trusted[0].token.as_ref().unwrap().expose(), "sesame");

    let absent = read("").await.unwrap();
    assert_eq!((absent.per_hour, absent.pause), (ten(), second()));
}

#[tokio::test]
async fn all_errors_are_reported_at_once_with_their_places() {
    for (yaml, expected) in [
        (
            "limits:\n  per_hour: 0\n  pause: 5 parsecs\n  per_hr: 1\n  trusted:\n    - nam: Ada\n",
            &[
                "carml.yml:2:13",
                "carml.yml:3:10",
                "carml.yml:4:3",
                "carml.yml:6:7",
                "did you mean `name`?",
            ][..],
        ),
        // A key that is present already is not suggested.
        (
            "limits:\n  per_hr: 1\n  pause: 5s\n",
            &["carml.yml:2:3", "did you mean `per_hour`?"],
        ),
    ] {
        let report = read(yaml).await.unwrap_err().to_string();
        for expected in expected {
            assert!(report.contains(expected), "missing {expected} in\n{report}");
        }
    }
}

#[test]
fn the_schema_has_the_section_with_its_docs() {
    let schema = Schema::of::<AppConfig>().unwrap();
    let reference = schema.with_section::<Limits>().unwrap().markdown();
    for expected in [
        "`per_hour`",
        "Signatures per hour.",
        "### `limits.trusted[]`",
        "1s",
    ] {
        assert!(reference.contains(expected), "{expected}: {reference}");
    }
}

#[tokio::test]
async fn a_duplicate_key_and_an_unregistered_section_are_refused() {
    #[derive(Deserialize, JsonSchema, ConfigSection)]
    #[carml(section = "echo")]
    struct Taken {}

    let app = App::<AppConfig>::new().section::<Taken>();
    let report = app.serve().await.unwrap_err().to_string();
    assert!(
        report.contains("the section `echo` already exists"),
        "{report}"
    );

    let app = App::<AppConfig>::new()
        .config_text("carml.yml", "")
        .service(|context| context.section::<Limits>().map(|_| Parrot));
    let report = app.serve().await.unwrap_err().to_string();
    assert!(report.contains("the section `limits`"), "{report}");
}
