//! The features of `carml-runtime` that config may ask for, and whether they are in this build.

const FEATURES: [(&str, bool); 6] = [
    ("consul", cfg!(feature = "consul")),
    ("etcd", cfg!(feature = "etcd")),
    ("redb", cfg!(feature = "redb")),
    ("reflection", cfg!(feature = "reflection")),
    ("tracing", cfg!(feature = "tracing")),
    ("zookeeper", cfg!(feature = "zookeeper")),
];

/// Whether a feature is in this build.
pub(crate) fn is_built(feature: &str) -> bool {
    FEATURES.contains(&(feature, true))
}
