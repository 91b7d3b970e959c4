//! ZooKeeper: the whole suite, on one real server.

use carml_test_conformance::{ZookeeperBucket, conformance};

conformance!(ZookeeperBucket);
