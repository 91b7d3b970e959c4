//! Where one instance is.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where one instance is. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    /// `host:port`
    Network(Arc<str>),
    /// A socket in the file system.
    Unix(Arc<Path>),
}

impl Address {
    pub(crate) fn network(text: &str) -> Self {
        Self::Network(text.into())
    }

    pub(crate) fn unix(path: &Path) -> Self {
        Self::Unix(PathBuf::from(path).into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}
