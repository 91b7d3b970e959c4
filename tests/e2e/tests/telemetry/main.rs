//! Lines and spans of a service, in the real servers that they are sent to.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../process/server.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use more of it")]
mod server;

mod faults;
mod opensearch;
mod otlp;
mod seed;
mod support;
mod syslog;
mod zipkin;
