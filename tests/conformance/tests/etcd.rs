//! etcd: the whole suite, on one real server.

use carml_test_conformance::{EtcdBucket, conformance};

conformance!(EtcdBucket);
