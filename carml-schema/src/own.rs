//! CarML's own documents.

/// The URIs of CarML's own documents begin with this.
pub const PREFIX: &str = "carml://schema/";

/// The base config.
pub const BASE: &str = "carml://schema/base.json";

macro_rules! own {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../schema/", $file)))),*]
    };
}

/// The files below [`PREFIX`], with their texts.
pub const DOCUMENTS: &[(&str, &str)] = own![
    "admin.json",
    "app.json",
    "base.json",
    "carml.json",
    "download.json",
    "grpc.json",
    "health.json",
    "logger.json",
    "registry.json",
    "store.json",
    "tracer.json",
    "types.json",
];
