//! Who measures downloads.

use std::time::Duration;

use crate::{Cached, Error};

/// Is told of the downloads of a [`Downloads`](crate::Downloads).
pub trait Observer: Send + Sync + 'static {
    /// Bytes arrived.
    fn received(&self, bytes: u64);

    /// A download has ended, with a file or with an error. However many wait for it, it is one.
    fn ended(&self, result: Result<&Cached, &Error>, duration: Duration);
}
