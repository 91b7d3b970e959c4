//! TLS of CarML servers: certificates from files, as the section `grpc.server.tls` names them.
//!
//! - [`Server`]: a server's certificates, followed as their files change.
//! - [`check`]: what a start would refuse of the files that a config names.
//! - [`ClientCertificate`]: whom a client's certificate names.
//!
//! The files are read as a whole, by one function, at start, in checks and for each change:
//! `read`, with `files` for their bytes and `certificate` for what is in one.

mod certificate;
mod client;
mod files;
mod read;
mod refusal;
mod server;

use carml_config::{Config, Loaded};
use carml_diagnostic::Report;

pub use client::ClientCertificate;
pub use refusal::Refusals;
/// The library that speaks TLS.
pub use rustls;
pub use server::Server;

/// The errors of the files that a config names, each at its key.
pub fn check(loaded: &Loaded) -> Report {
    let config: Result<Config, _> = loaded.typed();
    let config = config.ok().and_then(|config| config.grpc.server.tls);
    let refusals = config.and_then(|config| Server::open(&config).err());
    refusals.map_or_else(Report::new, |refusals| refusals.report(loaded))
}
