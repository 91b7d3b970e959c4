//! A backend that lacks calls, as the table allows: it is served, and says what it lacks.

use std::time::Duration;

use carml_runtime::kv::{Backend, Kv, capability::Call, contract::*, redb::Redb};
use carml_test_conformance::{Fixture, RedbFile, conformance};

/// No watches, locks, elections, transactions or leases.
struct Plain(Redb);

macro_rules! gives {
    ($($accessor:ident $call:ident),+) => {
        impl Backend for Plain {
            fn provider(&self) -> &'static str {
                "plain"
            }
            $(fn $accessor(&self) -> Option<&dyn $call> {
                Some(&self.0)
            })+
        }
        const GIVEN: &[Call] = &[$(Call::$call),+];
    };
}

gives! {
    as_put Put, as_get Get, as_delete Delete, as_exists Exists, as_list List,
    as_delete_tree DeleteTree, as_atomic_put AtomicPut, as_atomic_delete AtomicDelete,
    as_close Close
}

struct PlainFile(RedbFile);

impl Fixture for PlainFile {
    const MIN_TTL: Duration = RedbFile::MIN_TTL;

    async fn fresh() -> Self {
        PlainFile(RedbFile::fresh().await)
    }
    async fn open(&self) -> Kv {
        Kv::new(Plain(self.0.store()), Duration::from_secs(10))
    }
    fn offers(_: &Kv, call: Call) -> bool {
        GIVEN.contains(&call)
    }
}

conformance!(PlainFile);
