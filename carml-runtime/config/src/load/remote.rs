//! A layer that is kept elsewhere.

use carml_diagnostic::{RawReport, Source};

/// A text of the config that is kept elsewhere, such as a key of a store. It wins over files;
/// variables win over it.
///
/// `read` is called on every load and must not block: fetch and watch elsewhere, keep the last
/// text, and call [`super::Reload::reload`] when it changes.
pub trait Remote: Send + Sync {
    /// The text as last fetched; its name, such as `etcd://host/key`, is what reports and `explain`
    /// show.
    ///
    /// # Errors
    /// One error that says why there is no text.
    fn read(&self) -> Result<Source, RawReport>;
}
