//! The key/value layer of CarML as a gRPC service, `carml.kv.v1.KeyValue`, and a Rust client of it.
//!
//! - [`Service`] serves the store that the config names. `carml kv serve` runs it alone; a service
//!   of your own can serve it beside others.
//! - [`KvClient`] is a backend: behind a [`Kv`](carml_runtime::kv::Kv) it is used as any other
//!   store.
//! - [`api`]: the generated messages, server and client, for calls without the above.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use carml_kv_service::KvClient;
//! use carml_runtime::kv::{Error, Kv};
//!
//! # async fn example() -> Result<(), Error> {
//! let client = KvClient::new("http://127.0.0.1:50051")?;
//! let kv = Kv::new(client, Duration::from_secs(10));
//! kv.put("greeting/en".parse()?, "Hello", None).await?;
//! # Ok(())
//! # }
//! ```

carml_runtime::include_generated!();

mod capabilities;
mod chunking;
mod client;
mod convert;
mod holds;
mod page_token;
mod reads;
mod server;
mod service;
mod subject;

pub use client::KvClient;
pub use proto::carml::kv::v1 as api;
pub use service::Service;
