//! TLS of CarML servers and clients: certificates from files, as the sections `grpc.server.tls` and
//! `tls` of a client's target name them.
//!
//! - [`Server`]: a server's certificates, followed as their files change.
//! - [`Client`]: what a client shows, and whom it trusts, read for each connection.
//! - [`http`]: TLS to any server of HTTP 1.1.
//! - [`check`]: what a start would refuse of the files that a config names.
//! - [`ClientCertificate`]: whom a client's certificate names.
//!
//! The files are read as a whole, by one function, at start, in checks and for each change:
//! `read`, with `files` for their bytes and `certificate` for what is in one.

mod certificate;
mod client;
mod client_config;
mod files;
mod http;
mod read;
mod refusal;
mod server;

use carml_config::{Config, Loaded};
use carml_diagnostic::Report;

pub use client::ClientCertificate;
pub use client_config::Client;
pub use http::http;
pub use refusal::Refusals;
/// The library that speaks TLS.
pub use rustls;
pub use server::Server;

/// The section of the config that a server's certificates are in.
pub const SERVER: &str = "/grpc/server/tls";

/// The section of the config that the certificates of a client's target are in.
pub fn client(target: &str) -> String {
    let target = target.replace('~', "~0").replace('/', "~1");
    format!("/grpc/client/targets/{target}/tls")
}

/// The errors of the files that a config names, each at its key.
pub fn check(loaded: &Loaded) -> Report {
    let mut report = Report::new();
    let Ok(config) = loaded.typed::<Config>() else {
        return report;
    };
    let server = config.grpc.server.tls.as_ref();
    if let Some(refusals) = server.and_then(|tls| Server::open(tls).err()) {
        report.extend(refusals.report(loaded, SERVER));
    }
    for (name, target) in &config.grpc.client.targets {
        let tls = target.tls.as_ref();
        if let Some(refusals) = tls.and_then(|tls| Client::open(tls).err()) {
            report.extend(refusals.report(loaded, &client(name)));
        }
    }
    report
}
