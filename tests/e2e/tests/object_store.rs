//! The object store of the section `store`, as a service gets it.
#![allow(clippy::unwrap_used, missing_docs)]

use carml_runtime::{
    App, AppError,
    download::{ErrorKind, Request},
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
async fn a_service_downloads_objects_of_the_store_of_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let cache = format!("download:\n  directory: {}\n", path("cache"));
    let objects = format!("store:\n  path: {}\n", path("objects"));
    for (yaml, expected) in [
        (format!("{cache}{objects}"), Ok(b"weights".to_vec())),
        (cache, Err(ErrorKind::Refused)),
    ] {
        let (sent, received) = tokio::sync::oneshot::channel();
        let app = App::<AppConfig>::new()
            .config_text("carml.yml", &yaml)
            .service(|context| {
                let downloads = context.downloads()?.clone();
                let store = context.store().ok().cloned();
                tokio::spawn(async move {
                    let key: Key = "models/small".parse().unwrap();
                    if let Some(store) = store {
                        let put = store.put(&key, "weights", PutOptions::default());
                        put.await.unwrap();
                    }
                    let fetched = downloads.fetch(Request::new("store:models/small")).await;
                    let _ = sent.send(fetched.map(|cached| std::fs::read(&cached.path).unwrap()));
                });
                Ok(Parrot)
            });
        let server = testing::start(app).await.unwrap();
        let fetched = received.await.unwrap();
        assert_eq!(fetched.map_err(|error| error.kind), expected);
        server.stop().await.unwrap();
    }
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
async fn a_check_does_not_open_the_cache_of_downloads() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let app = App::<AppConfig>::new()
        .config_text(
            "carml.yml",
            &format!("download:\n  directory: {}\n", cache.display()),
        )
        .service(|context| {
            context.downloads()?;
            Ok(Parrot)
        });
    app.args(["--check"]).serve().await.unwrap();
    assert!(!cache.exists());
}

#[tokio::test]
async fn a_check_does_not_open_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let objects = folder.path().join("objects");
    let yaml = format!("store:\n  path: {}\n", objects.display());
    app(&yaml).args(["--check"]).serve().await.unwrap();
    assert!(!objects.exists());
}
