//! The features of `carml-runtime` that config may ask for, and whether they are in this build.

const FEATURES: &[(&str, bool)] = &[
    ("auth", cfg!(feature = "auth")),
    ("compression", cfg!(feature = "compression")),
    ("consul", cfg!(feature = "consul")),
    ("download", cfg!(feature = "download")),
    ("elastic-search", cfg!(feature = "elastic-search")),
    ("etcd", cfg!(feature = "etcd")),
    ("otlp", cfg!(feature = "otlp")),
    ("redb", cfg!(feature = "redb")),
    ("reflection", cfg!(feature = "reflection")),
    ("store", cfg!(feature = "store")),
    ("store-s3", cfg!(feature = "store-s3")),
    ("syslog", cfg!(feature = "syslog")),
    ("tls", cfg!(feature = "tls")),
    ("tracing", cfg!(feature = "tracing")),
    ("zookeeper", cfg!(feature = "zookeeper")),
    ("zipkin", cfg!(feature = "zipkin")),
];

/// Whether a feature is in this build.
pub(crate) fn is_built(feature: &str) -> bool {
    FEATURES.contains(&(feature, true))
}
