//! CarML's own documents.

/// The URIs of CarML's own documents begin with this.
pub const PREFIX: &str = "carml://schema/";

macro_rules! own {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../schema/", $file)))),*]
    };
}

/// The files below [`PREFIX`], with their texts.
pub const DOCUMENTS: &[(&str, &str)] = own![
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

/// The text of one of CarML's own documents, by its URI without a fragment.
pub fn text(uri: &str) -> Option<&'static str> {
    let file = uri.strip_prefix(PREFIX)?;
    let found = DOCUMENTS.iter().find(|(name, _)| *name == file);
    found.map(|(_, text)| *text)
}
