//! A service that requires calls that the provider does not offer does not start.
#![allow(clippy::unwrap_used, missing_docs)]

use carml_runtime::{App, carml_service};
use carml_test_e2e::{
    config::AppConfig,
    proto::carml::test::v1::{Echo, EchoServer, Line},
};
use futures_core::Stream;
use tonic::{Status, Streaming};

/// Requires of each store one call that every provider offers, and one that only some offer.
struct Choosy;

#[carml_service(requires(watch, lock: cluster, store.put, store.presign))]
impl Echo for Choosy {
    async fn say(&self, line: Line) -> Result<Line, Status> {
        Ok(line)
    }
    async fn repeat(
        &self,
        line: Line,
    ) -> Result<impl Stream<Item = Result<Line, Status>> + Send + use<>, Status> {
        Ok(futures_util::stream::iter([Ok(line)]))
    }
    async fn join(&self, _: Streaming<Line>) -> Result<Line, Status> {
        Ok(Line::default())
    }
    async fn chat(
        &self,
        lines: Streaming<Line>,
    ) -> Result<impl Stream<Item = Result<Line, Status>> + Send + use<>, Status> {
        Ok(lines)
    }
}

async fn refused(yaml: &str) -> String {
    let app = App::<AppConfig>::new()
        .config_text("carml.yml", yaml)
        .service(|_| Ok(Choosy));
    app.serve()
        .await
        .expect_err("the config is refused")
        .to_string()
}

#[tokio::test]
async fn the_report_has_the_call_the_line_and_the_providers_that_offer_it() {
    let report = refused("registry:\n  path: never-made.redb\n  provider: redb\n").await;
    for expected in [
        "carml.yml:3:13",
        "requires `lock` with scope `cluster`",
        "consul, etcd, zookeeper",
    ] {
        assert!(report.contains(expected), "missing {expected} in\n{report}");
    }
    assert!(
        !report.contains("`watch`"),
        "every store offers `watch`:\n{report}"
    );
    assert!(!std::path::Path::new("never-made.redb").exists());
}

#[tokio::test]
async fn a_provider_of_objects_is_refused_at_its_line() {
    let report = refused("store:\n  path: never-made\n  provider: fs\n").await;
    for expected in [
        "carml.yml:3:13",
        "requires `store.presign` with scope `process`, which `fs` does not offer",
        "providers that offer it: s3",
    ] {
        assert!(report.contains(expected), "missing {expected} in\n{report}");
    }
    assert!(!report.contains("store.put"), "{report}");
    assert!(!std::path::Path::new("never-made").exists());
}

#[tokio::test]
async fn a_provider_that_cannot_be_opened_is_refused() {
    let registry = "registry:\n  provider: zookeeper\n  endpoints: [127.0.0.1:1]\n";
    let store = "store: { provider: s3, bucket: models, credentials: anonymous }\n";
    let report = refused(&format!("{registry}{store}")).await;
    assert!(report.contains("zookeeper"), "{report}");
    assert!(!report.contains("scope"), "{report}");
}
