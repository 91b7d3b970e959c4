//! Registration in real servers, by a process that is killed and drained, while the server is killed,
//! frozen and restarted; and together with programs that do not use CarML.
#![cfg(all(unix, feature = "consul", feature = "etcd"))]
#![allow(clippy::unwrap_used)]

mod consul;
mod etcd;
mod harness;
#[cfg(feature = "zookeeper")]
mod zookeeper;
