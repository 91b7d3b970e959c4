//! The conformance suite on a store that is served over gRPC.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::time::Duration;

use carml_kv_service::KvClient;
use carml_runtime::kv::{Kv, capability::Call};
use carml_test_conformance::{Fixture, conformance};
use support::Served;

struct ServedFile {
    served: Served,
    _dir: tempfile::TempDir,
}

impl Fixture for ServedFile {
    const MIN_TTL: Duration = Duration::from_millis(100);
    const HISTORY: Option<usize> = Some(10_257);
    // A client cannot close the store of the server.
    const PERSISTENT: bool = false;

    async fn fresh() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let served = Served::start(&dir.path().join("kv"));
        ServedFile { served, _dir: dir }
    }
    async fn open(&self) -> Kv {
        let remote = KvClient::new(&self.served.url()).unwrap();
        Kv::new(remote, Duration::from_secs(20))
    }
    fn offers(_: &Kv, call: Call) -> bool {
        call != Call::Close
    }
}

conformance!(ServedFile);
