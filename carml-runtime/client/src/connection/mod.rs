//! A connection to one instance, which a task of its own makes, watches, and makes again.
//!
//! - `endpoint`: the task; `backoff`: its pauses.
//! - `connect`: one attempt: name, TCP, TLS and HTTP/2.
//! - `drive`: a connection until its end; `keepalive`: its PINGs.
//! - `link`: what calls see of a connection, and their number; `stats`: how they ended.
//! - `health`: whether the instance says that it is healthy.

mod backoff;
mod connect;
mod drive;
mod endpoint;
mod health;
mod keepalive;
mod link;
mod stats;

pub(crate) use connect::Connector;
#[cfg(feature = "tls")]
pub(crate) use connect::{Tls, host};
pub(crate) use endpoint::{Endpoint, run};
pub(crate) use link::{Lease, Link, Waiters};
pub(crate) use stats::Stats;
