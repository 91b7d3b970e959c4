//! Who measures the calls of a store.

use std::time::Duration;

use crate::ErrorKind;

/// Is told of the calls of a [`Kv`](crate::Kv) that end within its deadline: all but `acquire` and
/// `campaign`, which wait for others.
pub trait Observer: Send + Sync + 'static {
    /// A call has ended, with an error of this kind if it failed.
    fn ended(&self, call: &'static str, error: Option<ErrorKind>, duration: Duration);
}
