//! How the chain calls a middleware without naming it.

use crate::middleware::Middleware;

/// What the chain does at one step, whichever middleware it is.
pub(super) trait Visit {
    type Output;

    fn visit<M: Middleware>(self, middleware: &M, state: &mut M::State) -> Self::Output;
}
