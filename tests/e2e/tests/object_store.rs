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
async fn calls_and_downloads_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = free.local_addr().unwrap();
    drop(free);
    let yaml = format!(
        "admin: {{ listen: '{admin}' }}\nregistry: {{ path: '{}' }}\nstore: {{ path: '{}' }}\n\
         download: {{ directory: '{}' }}\n",
        path("kv.redb"),
        path("objects"),
        path("cache")
    );
    let (sent, done) = tokio::sync::oneshot::channel();
    let app = App::<AppConfig>::new()
        .config_text("carml.yml", &yaml)
        .service(|context| {
            let kv = context.kv()?.clone();
            let (store, downloads) = (context.store()?.clone(), context.downloads()?.clone());
            tokio::spawn(async move {
                kv.put("key".parse().unwrap(), "value", None).await.unwrap();
                let txn = kv.atomic_put("key".parse().unwrap(), "other", None, None);
                txn.await.unwrap_err();
                let key: Key = "model".parse().unwrap();
                let put = store.put(&key, "weights", PutOptions::default());
                put.await.unwrap();
                store.stat(&"missing".parse().unwrap()).await.unwrap_err();
                for _ in 0..2 {
                    let request = Request::new(
                        "store:model#sha256=9d3aa1b28f22a1e2ba3eb4d8d4bf3e9ee2ee1a2c6c7f8c52e8ec6c1ad95c5c4f",
                    );
                    let _ = downloads.fetch(request).await;
                    downloads.fetch(Request::new("store:model")).await.unwrap();
                }
                let _ = sent.send(());
            });
            Ok(Parrot)
        });
    let server = testing::start(app).await.unwrap();
    done.await.unwrap();
    let metrics = get(admin, "/metrics").await;
    for line in [
        r#"carml_kv_call_duration_seconds_count{provider="redb",call="put"} 1"#,
        r#"carml_kv_call_duration_seconds_count{provider="redb",call="atomic_put",error_type="CONFLICT"} 1"#,
        r#"carml_store_call_duration_seconds_count{provider="fs",call="put"} 1"#,
        r#"carml_store_call_duration_seconds_count{provider="fs",call="stat",error_type="NOT_FOUND"} 1"#,
        r#"carml_store_written_bytes_total{provider="fs"} 7"#,
        r#"carml_download_duration_seconds_count{source="network"} 1"#,
        r#"carml_download_duration_seconds_count{error_type="CHECKSUM_MISMATCH"} 2"#,
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line} is not in {metrics}"
        );
    }
    let received = metrics
        .lines()
        .find_map(|line| line.strip_prefix("carml_download_received_bytes_total "));
    assert!(received.unwrap().parse::<u64>().unwrap() >= 7, "{metrics}");
    server.stop().await.unwrap();
}

/// The answer of the admin port.
async fn get(admin: std::net::SocketAddr, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut stream = tokio::net::TcpStream::connect(admin).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
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
