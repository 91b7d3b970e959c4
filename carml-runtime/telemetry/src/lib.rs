//! Log lines, log hooks and span export of CarML services.
//!
//! [`init`] installs the process's subscriber. An event becomes one JSON line once (`line`), in
//! buffers that are reused, and is put into one bounded queue per destination (`queue`). Threads of
//! their own write: `stdout` to standard output, `sink` to the hooks that the config lists and to
//! the collector of spans. So a destination that is slow, or down, costs lines, which are counted,
//! and never a call. [`metrics`] is what the process counts, [`set_log_level`] changes what is
//! logged.
//!
//! # Features
//!
//! - `syslog`, `elastic-search`: log hooks.
//! - `zipkin`, `otlp`: the tracer's providers.

mod app_name;
mod decision;
mod hooks;
#[cfg(feature = "http")]
mod http;
mod init;
mod level;
mod line;
pub mod metrics;
mod queue;
mod sink;
mod stdout;
#[cfg(feature = "tls")]
mod tls;

pub use app_name::app_name;
pub use decision::Decision;
pub use hooks::{Hook, hooks};
pub use init::{Error, flush, init, json_layer};
pub use level::{log_level, set_log_level};
