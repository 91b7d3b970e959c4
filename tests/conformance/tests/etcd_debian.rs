//! etcd 3.4, which Debian 12 has: the whole suite, on one real server.

use carml_test_conformance::{DebianEtcdBucket, conformance};

conformance!(DebianEtcdBucket);
