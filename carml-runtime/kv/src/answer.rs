//! Futures of calls.

use std::{future::Future, pin::Pin};

use crate::Error;

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The result of a call.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;
