//! The object store of the section `store`, as a service gets it.
#![allow(clippy::unwrap_used, missing_docs)]

use carml_runtime::{
    App, AppError,
    store::{Key, PutOptions},
    testing,
};
use carml_test_e2e::{Parrot, config::AppConfig};

fn app(yaml: &str) -> App<AppConfig> {
    App::new()
        .config_text("carml.yml", yaml)
        .service(|context| {
            let store = context.store()?.clone();
            tokio::spawn(async move {
                let key: Key = "started".parse().unwrap();
                store.put(&key, "x", PutOptions::default()).await.unwrap();
            });
            Ok(Parrot)
        })
}

#[tokio::test]
async fn a_service_gets_the_store_of_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let objects = folder.path().join("objects");
    let server = testing::start(app(&format!("store:\n  path: {}\n", objects.display())));
    let server = server.await.unwrap();
    while !objects.join("started").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_shown_at_its_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let yaml = format!("store:\n  path: {}/below\n", file.path().display());
    let error = testing::start(app(&yaml)).await.err().unwrap();
    assert!(matches!(error, AppError::ObjectStore { .. }), "{error:?}");
    let report = error.to_string();
    assert!(report.contains("carml.yml:2:"), "{report}");
    assert!(report.contains("cannot open the object store"), "{report}");
}

#[tokio::test]
async fn a_config_without_the_section_is_an_error_of_the_factory() {
    let error = testing::start(app("{}")).await.err().unwrap();
    assert!(error.to_string().contains("no section `store`"), "{error}");
}

#[tokio::test]
async fn a_check_does_not_open_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let objects = folder.path().join("objects");
    let yaml = format!("store:\n  path: {}\n", objects.display());
    app(&yaml).args(["--check"]).serve().await.unwrap();
    assert!(!objects.exists());
}
