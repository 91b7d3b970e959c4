//! A service that needs more of the store than the provider offers does not start.
#![allow(clippy::unwrap_used, missing_docs)]

use carml_runtime::{App, carml_service};
use carml_test_e2e::{
    config::AppConfig,
    proto::carml::test::v1::{Echo, EchoServer, Line},
};
use futures_core::Stream;
use tonic::{Status, Streaming};

/// Needs what only a cluster gives, and what any store gives.
struct Choosy;

#[carml_service(requires(watch, lock: cluster))]
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
    app.serve().await.expect_err("it is refused").to_string()
}

#[tokio::test]
async fn the_refusal_names_the_call_the_line_and_who_offers_it() {
    let report = refused("registry:\n  path: never-made.redb\n  provider: redb\n").await;
    for expected in [
        "carml.yml:3:13",
        "requires `lock` with scope `cluster`",
        "consul, etcd, zookeeper",
    ] {
        assert!(report.contains(expected), "missing {expected} in\n{report}");
    }
    assert!(!report.contains("`watch`"), "any store watches:\n{report}");
    assert!(!std::path::Path::new("never-made.redb").exists());
}

#[tokio::test]
async fn a_provider_that_would_do_is_refused_for_not_being_built() {
    let report = refused("registry:\n  provider: etcd\n  endpoints: [127.0.0.1:1]\n").await;
    assert!(report.contains("etcd"), "{report}");
    assert!(!report.contains("scope"), "{report}");
}
