//! Consul: the whole suite, on one real server.

use carml_test_conformance::{ConsulBucket, conformance};

conformance!(ConsulBucket);
